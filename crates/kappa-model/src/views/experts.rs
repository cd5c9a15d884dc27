//! Experts in one tensor.

use super::{Asked, Axis, Found, Part};
use crate::Role;

/// The most experts of a tensor; a few bytes may announce any number.
const MOST: usize = 1 << 16;

/// Whether a tensor holds a matrix for each expert.
fn is_stacked(asked: &Asked<'_>) -> bool {
    let name = asked.name();
    let is_named = name.contains("experts.") || name.contains("_exps");
    is_named && matches!(asked.role, Role::MlpUp | Role::MlpGate | Role::MlpDown)
}

/// The matrices of the experts, and of each its gate and the rest where they are together.
pub(super) fn parts(asked: &Asked<'_>) -> Option<Found> {
    let &[count, m, n] = asked.info.shape.as_slice() else { return None };
    if !is_stacked(asked) {
        return None;
    }
    if count > MOST {
        return super::doubt("more than 65536 experts are not told apart");
    }
    let mut doubt = None;
    let split = if asked.name().contains("gate_up") { split(asked, (m, n), &mut doubt) } else { None };
    let mut parts = Vec::new();
    for expert in 0..count {
        let start = expert * m * n;
        let part = |label: String, role: Role, first: usize, rows: Axis, columns: Axis| Part {
            label,
            role,
            start: start + first,
            rows,
            columns,
        };
        let (all_rows, all_columns) = (Axis::new(&[(m, n)]), Axis::new(&[(n, 1)]));
        let names = [("gate", Role::MlpGate), ("up", Role::MlpUp)];
        match split {
            None => parts.push(part(format!("[e={expert}]"), asked.role, 0, all_rows, all_columns)),
            Some(split) => parts.extend(names.iter().enumerate().map(|(k, &(name, role))| {
                let label = format!("[e={expert}].{name}");
                match split {
                    Split::Rows => part(label, role, k * (m / 2) * n, Axis::new(&[(m / 2, n)]), all_columns.clone()),
                    Split::Columns => part(label, role, k * (n / 2), all_rows.clone(), Axis::new(&[(n / 2, 1)])),
                    Split::Pairs => part(label, role, k, all_rows.clone(), Axis::new(&[(n / 2, 2)])),
                    Split::PairsOfRows => part(label, role, k * n, Axis::new(&[(m / 2, 2 * n)]), all_columns.clone()),
                }
            })),
        }
    }
    let each = match split {
        None => format!("{count} × {m}×{n}"),
        Some(Split::Rows | Split::PairsOfRows) => format!("{count} × (gate, up) {}×{n}", m / 2),
        Some(Split::Columns | Split::Pairs) => format!("{count} × (gate, up) {m}×{}", n / 2),
    };
    Some(Found { words: each, parts, doubt })
}

/// How gate and up lie in the matrix of an expert.
#[derive(Clone, Copy)]
enum Split {
    Rows,
    Columns,
    /// Column by column in turn.
    Pairs,
    /// Row by row in turn.
    PairsOfRows,
}

fn split(asked: &Asked<'_>, (m, n): (usize, usize), doubt: &mut Option<&'static str>) -> Option<Split> {
    // The side that is not the width of the model has both; the layer behind has the width of the model too.
    let behind = asked.sibling("gate_up_proj", "down_proj");
    let inner = behind.and_then(|shape| if let [_, a, b] = shape[..] { Some([a, b]) } else { None });
    let fits = |both: usize, hidden: usize| {
        let of_layer = inner.is_none_or(|sides| sides == [both / 2, hidden] || sides == [hidden, both / 2]);
        both.is_multiple_of(2) && of_layer && asked.config.hidden.is_none_or(|known| known == hidden)
    };
    let kind = &asked.config.kind;
    let in_turn = kind.contains("gpt_oss") || asked.sibling("gate_up_proj", "gate_up_proj_bias").is_some();
    let by_columns = match (fits(n, m), fits(m, n)) {
        (true, false) => true,
        (false, true) => false,
        (true, true) if kind.contains("gpt_oss") || kind.contains("llama4") => true,
        (true, true) if kind.contains("qwen") => false,
        _ => {
            *doubt = Some("gate and up are not told apart: neither the shapes nor a config.json say where they lie");
            return None;
        }
    };
    Some(match (by_columns, in_turn) {
        (true, true) => Split::Pairs,
        (true, false) => Split::Columns,
        (false, true) => Split::PairsOfRows,
        (false, false) => Split::Rows,
    })
}
