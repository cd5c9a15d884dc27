//! The role of a layer, derived from its name by the table `roles.tsv`.

use std::fmt;
use std::sync::OnceLock;

use glob::Pattern;

/// The role of a weight in its network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// A dense layer of unknown kind.
    Linear,
    /// A table of vectors.
    Embedding,
    /// A vector that stands for a token, such as that of a class.
    Token,
    /// Attention: queries.
    AttentionQ,
    /// Attention: keys.
    AttentionK,
    /// Attention: values.
    AttentionV,
    /// Attention: output.
    AttentionO,
    /// Attention: queries, keys and values in one matrix.
    AttentionQkv,
    /// Attention: keys and values in one matrix.
    AttentionKv,
    /// Attention with latents: into those of the queries.
    AttentionQDown,
    /// Attention with latents: into those of the keys and values.
    AttentionKvDown,
    /// Feed-forward: into the wide layer.
    MlpUp,
    /// Feed-forward: the gate of the wide layer.
    MlpGate,
    /// Feed-forward: out of the wide layer.
    MlpDown,
    /// Which experts a token goes to.
    Router,
    /// A state space: into its wide layer.
    MixerIn,
    /// A state space: out of its wide layer.
    MixerOut,
    /// Scales and shifts of a normalisation from a condition.
    Modulation,
    /// A convolution.
    Conv,
    /// A recurrent layer.
    Recurrent,
    /// A normalisation's scale.
    Norm,
    /// What is added to the output of a layer.
    Bias,
    /// A vector or a number of unknown kind.
    Vector,
    /// The last layer: classes or vocabulary.
    Output,
    /// The factor of an adapter that is applied first.
    LoraA,
    /// The factor of an adapter that is applied second.
    LoraB,
    /// A factor of an adapter of entrywise products.
    LoHa,
    /// A factor of an adapter of Kronecker products.
    LoKr,
    /// A matrix that is not part of a network.
    Matrix,
}

const NAMES: &[(&str, Role)] = &[
    ("linear", Role::Linear),
    ("embedding", Role::Embedding),
    ("token", Role::Token),
    ("attention-q", Role::AttentionQ),
    ("attention-k", Role::AttentionK),
    ("attention-v", Role::AttentionV),
    ("attention-o", Role::AttentionO),
    ("attention-qkv", Role::AttentionQkv),
    ("attention-kv", Role::AttentionKv),
    ("attention-q-down", Role::AttentionQDown),
    ("attention-kv-down", Role::AttentionKvDown),
    ("mlp-up", Role::MlpUp),
    ("mlp-gate", Role::MlpGate),
    ("mlp-down", Role::MlpDown),
    ("router", Role::Router),
    ("mixer-in", Role::MixerIn),
    ("mixer-out", Role::MixerOut),
    ("modulation", Role::Modulation),
    ("conv", Role::Conv),
    ("recurrent", Role::Recurrent),
    ("norm", Role::Norm),
    ("bias", Role::Bias),
    ("vector", Role::Vector),
    ("output", Role::Output),
    ("lora-a", Role::LoraA),
    ("lora-b", Role::LoraB),
    ("loha", Role::LoHa),
    ("lokr", Role::LoKr),
    ("matrix", Role::Matrix),
];

/// What wrappers of a model write before the names of its tensors, and what adapters write inside of them.
const WRAPPERS: &[&str] = &["_orig_mod.", "module.", "base_model.model.", "params."];

impl Role {
    /// The role of this name, as it is displayed.
    pub fn named(name: &str) -> Option<Self> {
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, role)| *role)
    }

    /// The role of a tensor with this name and number of dimensions.
    ///
    /// The table decides for matrices. Without a match, a tensor of three or more dimensions is a convolution, and any
    /// other linear. Vectors are scales of normalisations, biases, or neither.
    pub fn of(name: &str, dimensions: usize) -> Self {
        let plain = plain(name);
        let by_name = || table().iter().find(|(pattern, _)| pattern.matches(&plain)).map(|(_, role)| *role);
        if dimensions < 2 {
            return vector(&plain, by_name);
        }
        // One for each expert.
        if plain.ends_with("bias") && plain.contains("expert") {
            return Self::Bias;
        }
        match (by_name(), dimensions) {
            (Some(role), _) => role,
            (None, 3..) => Self::Conv,
            _ => Self::Linear,
        }
    }
}

/// The role of a vector or a number.
fn vector(name: &str, by_name: impl Fn() -> Option<Role>) -> Role {
    let last = name.rsplit('.').next().unwrap_or(name);
    let is_norm = ["norm", "ln_", ".ln", ".bn", "_bn"].iter().any(|part| name.contains(part));
    match by_name() {
        // Adapters and tokens may be vectors.
        Some(role @ (Role::Vector | Role::Token | Role::LoraA | Role::LoraB)) => role,
        _ if last.ends_with("bias") || last == "beta" || last.starts_with("bias_") => Role::Bias,
        _ if is_norm => Role::Norm,
        Some(Role::Embedding) => Role::Vector,
        _ if matches!(last, "weight" | "gamma" | "scale") => Role::Norm,
        _ => Role::Vector,
    }
}

/// The name in the form of the table, with a point before it.
fn plain(name: &str) -> String {
    let mut plain = name.to_lowercase().replace('/', ".").replace(".base_layer", "");
    while let Some(rest) = WRAPPERS.iter().find_map(|wrapper| plain.strip_prefix(wrapper)) {
        plain = rest.to_owned();
    }
    format!(".{plain}")
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(NAMES.iter().find(|(_, role)| role == self).map_or("linear", |(name, _)| name))
    }
}

fn table() -> &'static [(Pattern, Role)] {
    static TABLE: OnceLock<Vec<(Pattern, Role)>> = OnceLock::new();
    TABLE.get_or_init(|| include_str!("roles.tsv").lines().filter_map(line).collect())
}

fn line(line: &str) -> Option<(Pattern, Role)> {
    let mut cells = line.split('\t');
    let (name, pattern) = (cells.next()?, cells.next()?);
    let role = NAMES.iter().find(|(known, _)| *known == name)?.1;
    let whole = if pattern.starts_with('*') { pattern.to_owned() } else { format!(".{pattern}") };
    Some((Pattern::new(&whole).ok()?, role))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_understood() {
        let lines = include_str!("roles.tsv").lines().filter(|l| !l.starts_with('#') && !l.is_empty()).count();
        assert_eq!(table().len(), lines);
    }

    /// Names of every family, with the number of dimensions and the role.
    const FAMILIES: &str = include_str!("role_examples.tsv");

    #[test]
    fn every_family_has_its_roles() {
        let mut count = 0;
        for line in FAMILIES.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
            let cells: Vec<&str> = line.split('\t').collect();
            let &[name, dimensions, role] = cells.as_slice() else { panic!("{line}") };
            assert_eq!(Role::of(name, dimensions.parse().unwrap()).to_string(), role, "{name}");
            count += 1;
        }
        assert!(count > 200, "{count}");
    }
}
