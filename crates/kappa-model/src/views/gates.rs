//! Gates in one tensor: of a feed-forward layer, and of a recurrent one.

use super::attention::blocks;
use super::{Asked, Found};
use crate::Role;

const LSTM: [&str; 4] = ["i", "f", "g", "o"];
const GRU: [&str; 3] = ["r", "z", "n"];
/// The order of Keras.
const GRU_OF_KERAS: [&str; 3] = ["z", "r", "n"];

/// The parts of a matrix.
pub(super) fn parts(asked: &Asked<'_>) -> Option<Found> {
    match asked.role {
        Role::Recurrent => recurrent(asked),
        Role::MlpUp => feed_forward(asked),
        _ => None,
    }
}

/// The gates of a recurrent layer are blocks of rows, in Keras of columns.
fn recurrent(asked: &Asked<'_>) -> Option<Found> {
    let &[.., m, n] = asked.info.shape.as_slice() else { return None };
    let (name, by_columns) = (asked.name(), asked.is_kernel());
    let is_gated = ["weight_ih", "weight_hh", "kernel"].iter().any(|part| name.contains(part));
    if !is_gated {
        return None;
    }
    let (whole, other) = if by_columns { (n, m) } else { (m, n) };
    // The matrix of the state says how many gates there are.
    let of_state = |shape: Vec<usize>| match shape[..] {
        [m, n] if by_columns => Some(n / m.max(1)),
        [m, n] => Some(m / n.max(1)),
        _ => None,
    };
    let is_state = name.contains("weight_hh") || name.contains("recurrent_kernel");
    let counted = if is_state {
        Some(whole / other.max(1))
    } else if by_columns {
        asked.sibling("kernel", "recurrent_kernel").and_then(of_state)
    } else {
        asked.sibling("weight_ih", "weight_hh").and_then(of_state)
    };
    let count = match () {
        () if name.contains("lstm") => 4,
        () if name.contains("gru") => 3,
        () => counted?,
    };
    let labels: &[&str] = match count {
        4 => &LSTM,
        3 if by_columns => &GRU_OF_KERAS,
        3 => &GRU,
        _ => return None,
    };
    let names: Vec<(&str, Role)> = labels.iter().map(|&label| (label, Role::Recurrent)).collect();
    whole.is_multiple_of(count).then(|| {
        let found = blocks(&names, &vec![whole / count; count], !by_columns, (m, n));
        Found { words: format!("{} of {}", labels.join(" "), whole / count), ..found }
    })
}

/// The gate and the rest of a feed-forward layer: halves of the rows, where the layer behind it is half as wide.
fn feed_forward(asked: &Asked<'_>) -> Option<Found> {
    let &[.., m, n] = asked.info.shape.as_slice() else { return None };
    let name = asked.name();
    let (gate, up) = (("gate", Role::MlpGate), ("up", Role::MlpUp));
    let (names, behind) = match () {
        () if name.contains("gate_up_proj") => ([gate, up], asked.sibling("gate_up_proj", "down_proj")?),
        () if name.contains(".w12.") => ([gate, up], asked.sibling("w12", "w3")?),
        // What passes through comes first (GEGLU of diffusers).
        () if name.contains("ff.net.0.proj") => ([up, gate], asked.sibling("net.0.proj", "net.2")?),
        () if name.contains("mlp.wi.") => ([up, gate], asked.sibling("mlp.Wi", "mlp.Wo")?),
        () => return None,
    };
    let is_half = matches!(behind[..], [_, width] if 2 * width == m);
    is_half.then(|| blocks(&names, &[m / 2; 2], true, (m, n)))
}
