//! What the configuration of a network says about its tensors.

use kappa_tensors::Metadata;
use serde_json::Value;

/// The numbers of heads and the like, where they are known.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Config {
    pub(crate) kind: String,
    pub(crate) hidden: Option<usize>,
    pub(crate) heads: Option<usize>,
    pub(crate) kv_heads: Option<usize>,
    head_dim: Option<usize>,
    /// Sizes of a head of keys without rotations, and of values, of attention with latents.
    pub(crate) nope_dim: Option<usize>,
    pub(crate) value_dim: Option<usize>,
    /// Whether the heads of Falcon are grouped.
    pub(crate) is_grouped: bool,
    /// Whether q, k and v are blocks where other models of the same names have them head by head (ChatGLM 2 and 3).
    pub(crate) has_blocks: bool,
}

/// No side and no number of heads is as large; products of three are within 64 bits.
const MOST: usize = 1 << 21;

impl Config {
    /// The configuration in a `config.json`, or in the metadata of a GGUF file.
    pub(crate) fn of(json: &Metadata) -> Self {
        // Models of several parts have that of the text inside.
        let inner = ["text_config", "llm_config", "language_config"].iter().find_map(|key| json.get(*key)?.as_object());
        let kind = json.get("model_type").or(json.get("general.architecture")).and_then(Value::as_str).unwrap_or("");
        let whole = |keys: &[&str]| -> Option<usize> {
            let of = |json: &Metadata| {
                keys.iter().find_map(|key| {
                    let value = json.get(*key).or_else(|| json.get(&format!("{kind}.{key}")))?;
                    value.as_u64().and_then(|n| usize::try_from(n).ok()).filter(|n| (1..MOST).contains(n))
                })
            };
            inner.and_then(of).or_else(|| of(json))
        };
        let is = |key: &str| json.get(key).and_then(Value::as_bool).unwrap_or(false);
        let is_single = is("multi_query") && !is("new_decoder_architecture");
        let kv_heads =
            ["num_key_value_heads", "num_kv_heads", "n_head_kv", "multi_query_group_num", "attention.head_count_kv"];
        Self {
            kind: kind.to_lowercase(),
            hidden: whole(&["hidden_size", "n_embd", "d_model", "dim", "embedding_length"]),
            heads: whole(&["num_attention_heads", "n_head", "num_heads", "n_heads", "attention.head_count"]),
            kv_heads: if is_single { Some(1) } else { whole(&kv_heads) },
            head_dim: whole(&["head_dim", "kv_channels", "attention.key_length"]),
            nope_dim: whole(&["qk_nope_head_dim"]),
            value_dim: whole(&["v_head_dim"]),
            is_grouped: is("new_decoder_architecture"),
            has_blocks: is("multi_query_attention"),
        }
    }

    /// The size of a head.
    pub(crate) fn head_dim(&self) -> Option<usize> {
        self.head_dim.or_else(|| Some(self.hidden? / self.heads?)).filter(|&d| d > 0)
    }
}
