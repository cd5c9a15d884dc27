//! Convolutions: (out, in, kernel…) in PyTorch, (kernel…, in, out) in Keras and Flax, (in, out, kernel…) transposed.

use super::{Asked, Axis, Found, Part};
use crate::Role;

/// The matrix of a kernel: from all inputs at all its positions to the outputs.
pub(super) fn parts(asked: &Asked<'_>) -> Option<Found> {
    if asked.role != Role::Conv {
        return None;
    }
    let (name, shape) = (asked.name(), &asked.info.shape);
    let joined = |sides: &[usize]| sides.iter().map(ToString::to_string).collect::<Vec<_>>().join("·");
    let product = |sides: &[usize]| sides.iter().product::<usize>();
    if asked.is_kernel() {
        let (&out, inner) = shape.split_last()?;
        let part = Part::block("", asked.role, (0, product(inner)), (0, out), out);
        return Some(Found { words: format!("conv ({})×{out}", joined(inner)), parts: vec![part], doubt: None });
    }
    let &[first, second, ref kernel @ ..] = shape.as_slice() else { return None };
    let positions = product(kernel);
    let is_transposed = ["transpose", "deconv", "upconv", "convt"].iter().any(|part| name.contains(part));
    if is_transposed {
        let part = Part {
            label: String::new(),
            role: asked.role,
            start: 0,
            rows: Axis::new(&[(second, positions)]),
            columns: Axis::new(&[(first, second * positions), (positions, 1)]),
        };
        let words = format!("transposed conv {second}×({first}·{})", joined(kernel));
        return Some(Found { words, parts: vec![part], doubt: None });
    }
    let is_depthwise = second == 1 && first > 1;
    let (label, words) = match is_depthwise {
        true => ("[dw]", format!("depthwise {first} × {positions}")),
        false => ("", format!("conv {first}×({second}·{})", joined(kernel))),
    };
    let width = second * positions;
    let part = Part::block(label, asked.role, (0, first), (0, width), width);
    Some(Found { words, parts: vec![part], doubt: None })
}
