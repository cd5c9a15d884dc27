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
    /// Feed-forward: into the wide layer.
    MlpUp,
    /// Feed-forward: the gate of the wide layer.
    MlpGate,
    /// Feed-forward: out of the wide layer.
    MlpDown,
    /// A convolution, measured as its reshaped matrix.
    Conv,
    /// A recurrent layer.
    Recurrent,
    /// A normalisation's scale.
    Norm,
    /// The last layer: classes or vocabulary.
    Output,
    /// The factor of an adapter that is applied first.
    LoraA,
    /// The factor of an adapter that is applied second.
    LoraB,
    /// A matrix that is not part of a network.
    Matrix,
}

const NAMES: &[(&str, Role)] = &[
    ("linear", Role::Linear),
    ("embedding", Role::Embedding),
    ("attention-q", Role::AttentionQ),
    ("attention-k", Role::AttentionK),
    ("attention-v", Role::AttentionV),
    ("attention-o", Role::AttentionO),
    ("attention-qkv", Role::AttentionQkv),
    ("mlp-up", Role::MlpUp),
    ("mlp-gate", Role::MlpGate),
    ("mlp-down", Role::MlpDown),
    ("conv", Role::Conv),
    ("recurrent", Role::Recurrent),
    ("norm", Role::Norm),
    ("output", Role::Output),
    ("lora-a", Role::LoraA),
    ("lora-b", Role::LoraB),
    ("matrix", Role::Matrix),
];

impl Role {
    /// The role of this name, as it is displayed.
    pub fn named(name: &str) -> Option<Self> {
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, role)| *role)
    }

    /// The role of a tensor with this name and number of dimensions.
    ///
    /// The table decides. Without a match, a tensor of three or more dimensions is a convolution, and any other linear.
    pub fn of(name: &str, dimensions: usize) -> Self {
        let lower = name.to_lowercase();
        let by_name = table().iter().find(|(pattern, _)| pattern.matches(&lower)).map(|(_, role)| *role);
        match (by_name, dimensions) {
            (Some(role), _) => role,
            (None, 3..) => Self::Conv,
            _ => Self::Linear,
        }
    }
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
    Some((Pattern::new(pattern).ok()?, role))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_understood() {
        let lines = include_str!("roles.tsv").lines().filter(|l| !l.starts_with('#') && !l.is_empty()).count();
        assert_eq!(table().len(), lines);
    }

    #[test]
    fn common_families_have_their_roles() {
        for (name, dimensions, role) in [
            ("transformer.h.3.attn.c_attn.weight", 2, Role::AttentionQkv),
            ("transformer.h.3.attn.c_proj.weight", 2, Role::AttentionO),
            ("transformer.h.3.mlp.c_fc.weight", 2, Role::MlpUp),
            ("h.0.mlp.c_proj.weight", 2, Role::MlpDown),
            ("wte.weight", 2, Role::Embedding),
            ("h.0.ln_1.weight", 1, Role::Norm),
            ("model.layers.20.self_attn.q_proj.weight", 2, Role::AttentionQ),
            ("model.layers.20.self_attn.k_proj.weight", 2, Role::AttentionK),
            ("model.layers.20.self_attn.o_proj.weight", 2, Role::AttentionO),
            ("model.layers.20.self_attn.q_proj.lora_A.weight", 2, Role::LoraA),
            ("model.layers.20.self_attn.v_proj.lora_b", 2, Role::LoraB),
            ("model.layers.0.mlp.gate_proj.weight", 2, Role::MlpGate),
            ("model.layers.0.mlp.down_proj.weight", 2, Role::MlpDown),
            ("model.layers.0.input_layernorm.weight", 1, Role::Norm),
            ("model.norm.weight", 1, Role::Norm),
            ("model.embed_tokens.weight", 2, Role::Embedding),
            ("lm_head.weight", 2, Role::Output),
            ("layers.3.attn.wq", 2, Role::AttentionQ),
            ("bert.encoder.layer.0.attention.self.query.weight", 2, Role::AttentionQ),
            ("bert.encoder.layer.0.attention.output.dense.weight", 2, Role::AttentionO),
            ("bert.encoder.layer.0.intermediate.dense.weight", 2, Role::MlpUp),
            ("bert.encoder.layer.0.output.dense.weight", 2, Role::MlpDown),
            ("bert.embeddings.word_embeddings.weight", 2, Role::Embedding),
            ("blocks.0.attn.qkv.weight", 2, Role::AttentionQkv),
            ("blocks.0.attn.proj.weight", 2, Role::AttentionO),
            ("blocks.0.mlp.fc1.weight", 2, Role::MlpUp),
            ("layer1.0.conv1.weight", 4, Role::Conv),
            ("layer1.0.bn1.weight", 1, Role::Norm),
            ("layer2.0.downsample.0.weight", 4, Role::Conv),
            ("fc.weight", 2, Role::Output),
            ("features.0.weight", 4, Role::Conv),
            ("fc1.weight", 2, Role::Linear),
            ("lstm_cell.weight_hh", 2, Role::Recurrent),
            ("text_encoder:0:down", 2, Role::LoraA),
            ("anything", 2, Role::Linear),
        ] {
            assert_eq!(Role::of(name, dimensions), role, "{name}");
        }
    }
}
