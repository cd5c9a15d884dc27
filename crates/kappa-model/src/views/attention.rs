//! Queries, keys and values in one tensor.

use super::{Asked, Axis, Found, Part, doubt};
use crate::Role;

const QKV: [(&str, Role); 3] = [("q", Role::AttentionQ), ("k", Role::AttentionK), ("v", Role::AttentionV)];

/// The parts of a matrix.
pub(super) fn parts(asked: &Asked<'_>) -> Option<Found> {
    match asked.role {
        Role::AttentionQkv => qkv(asked),
        Role::AttentionKv => kv(asked),
        _ => None,
    }
}

/// The numbers of queries, of keys and of values.
fn sizes(asked: &Asked<'_>) -> Option<[usize; 3]> {
    let (heads, d) = (asked.config.heads?, asked.config.head_dim()?);
    let kv = asked.config.kv_heads.unwrap_or(heads) * d;
    Some([heads * d, kv, kv])
}

fn qkv(asked: &Asked<'_>) -> Option<Found> {
    let &[.., m, n] = asked.info.shape.as_slice() else { return None };
    if asked.config.kind.contains("codegen") {
        return doubt("q, k and v of CodeGen lie in four groups, which are not told apart");
    }
    if is_by_heads(asked) {
        return by_heads(asked, (m, n));
    }
    let known = sizes(asked).filter(|sizes| [m, n].contains(&sizes.iter().sum::<usize>()));
    // Without a configuration, three equal parts where the other side says so: a layer of the width of the model.
    let thirds = |whole: usize, width: usize| (whole == 3 * width).then_some([width; 3]);
    let (sizes, by_rows) = match known {
        Some(sizes) => (sizes, sizes.iter().sum::<usize>() == m),
        None => match (thirds(m, n), thirds(n, m)) {
            (Some(sizes), _) => (sizes, true),
            (_, Some(sizes)) => (sizes, false),
            _ => return doubt("q, k and v are not told apart: no config.json says the numbers of heads"),
        },
    };
    Some(blocks(&QKV, &sizes, by_rows, (m, n)))
}

/// Blocks one after the other, of rows or of columns.
pub(super) fn blocks(names: &[(&str, Role)], sizes: &[usize], by_rows: bool, (m, n): (usize, usize)) -> Found {
    let mut at = 0;
    let parts = names.iter().zip(sizes).map(|(&(name, role), &size)| {
        let span = (at, size);
        at += size;
        let (rows, columns) = if by_rows { (span, (0, n)) } else { ((0, m), span) };
        Part::block(&format!("[{name}]"), role, rows, columns, n)
    });
    let parts = parts.collect();
    let words: Vec<String> = names.iter().zip(sizes).map(|((name, _), size)| format!("{name} {size}")).collect();
    Found { words: words.join(" "), parts, doubt: None }
}

/// Whether the parts lie head by head: GPT-NeoX, BLOOM, Falcon, the first ChatGLM, InternLM 2, and GPT-BigCode with
/// several heads of keys. Files of llama.cpp have blocks.
fn is_by_heads(asked: &Asked<'_>) -> bool {
    let (name, config) = (asked.name(), asked.config);
    let is_block = config.has_blocks || config.kv_heads == Some(1);
    let is_grouped = name.contains("attention.wqkv");
    let is_bigcode = config.kind.contains("bigcode") && name.contains("c_attn");
    is_grouped || (is_bigcode || name.contains("query_key_value")) && !is_block
}

/// Heads of q, k and v one after the other, or groups of some heads of q, one of k and one of v.
fn by_heads(asked: &Asked<'_>, (m, n): (usize, usize)) -> Option<Found> {
    let Some((heads, d)) = asked.config.heads.zip(asked.config.head_dim()) else {
        return doubt("q, k and v lie head by head, and no config.json says the number of heads");
    };
    let is_grouped = asked.config.is_grouped || asked.name().contains("attention.wqkv");
    let groups = if is_grouped { asked.config.kv_heads.unwrap_or(heads) } else { heads };
    let each = heads / groups.max(1);
    if groups * (each + 2) * d != m {
        return doubt("q, k and v lie head by head, and the numbers of heads do not fit the shape");
    }
    let part = |name: &str, role: Role, first: usize, count: usize| Part {
        label: format!("[{name}]"),
        role,
        start: first * d * n,
        rows: Axis::new(&[(groups, (each + 2) * d * n), (count * d, n)]),
        columns: Axis::new(&[(n, 1)]),
    };
    let [q, k, v] = QKV;
    let parts = vec![part(q.0, q.1, 0, each), part(k.0, k.1, each, 1), part(v.0, v.1, each + 1, 1)];
    let words = format!("q {} k {} v {}, by heads", groups * each * d, groups * d, groups * d);
    Some(Found { words, parts, doubt: None })
}

/// Keys and values: halves of the rows, or, of latents, head by head.
fn kv(asked: &Asked<'_>) -> Option<Found> {
    let &[.., m, n] = asked.info.shape.as_slice() else { return None };
    let [_, k, v] = QKV;
    let (heads, nope, value) = (asked.config.heads, asked.config.nope_dim, asked.config.value_dim);
    if asked.name().contains("kv_b") {
        let Some(((heads, nope), value)) = heads.zip(nope).zip(value).filter(|((h, a), b)| h * (a + b) == m) else {
            return doubt("k and v lie head by head, and no config.json says the sizes of heads");
        };
        let part = |name: &str, role: Role, first: usize, size: usize| Part {
            label: format!("[{name}]"),
            role,
            start: first * n,
            rows: Axis::new(&[(heads, (nope + value) * n), (size, n)]),
            columns: Axis::new(&[(n, 1)]),
        };
        let parts = vec![part(k.0, k.1, 0, nope), part(v.0, v.1, nope, value)];
        return Some(Found { words: format!("k {} v {}, by heads", heads * nope, heads * value), parts, doubt: None });
    }
    m.is_multiple_of(2).then(|| blocks(&[k, v], &[m / 2; 2], true, (m, n)))
}

/// The kernels of Flax: (model, heads, size) into the heads, (heads, size, model) out of them.
pub(super) fn of_flax(asked: &Asked<'_>) -> Option<Found> {
    let &[a, b, c] = asked.info.shape.as_slice() else { return None };
    if !asked.is_kernel() {
        return None;
    }
    let (rows, columns) = match asked.role {
        Role::AttentionQ | Role::AttentionK | Role::AttentionV => (a, b * c),
        Role::AttentionO => (a * b, c),
        _ => return None,
    };
    let part = Part::block("", asked.role, (0, rows), (0, columns), columns);
    let words = if rows == a { format!("{a}×({b}·{c})") } else { format!("({a}·{b})×{c}") };
    Some(Found { words, parts: vec![part], doubt: None })
}
