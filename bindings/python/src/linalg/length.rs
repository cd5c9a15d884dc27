//! Euclidean lengths of whole arrays and of their rows.

use kappa::{c32, c64, dense};
use numpy::{PyArrayDyn, PyArrayMethods, PyUntypedArrayMethods};
use pyo3::prelude::*;
use rayon::prelude::*;

use super::stack::Entry;
use crate::compute::compute;
use crate::names::names;
use crate::types::Array;

names! { [] [length, lengths] }

/// From so many entries on, rows are worth a second thread.
const SHARED: usize = 1 << 19;

fn typed<T: Entry>(a: &Bound<'_, PyAny>) -> Option<f64> {
    let array = a.cast::<PyArrayDyn<T>>().ok()?.readonly();
    let entries = array.as_slice().ok()?;
    // Giving the lock up takes as long as a few thousand additions.
    Some(if entries.len() < 1 << 14 { dense::length(entries) } else { compute(a.py(), || dense::length(entries)) })
}

/// The length of all entries of a contiguous array of f4, f8, c8 or c16; None for anything else.
#[pyfunction]
pub(crate) fn length(a: &Array<'_>) -> Option<f64> {
    typed::<f64>(a).or_else(|| typed::<f32>(a)).or_else(|| typed::<c64>(a)).or_else(|| typed::<c32>(a))
}

fn typed_rows<'py, T: Entry>(a: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>>
where
    T::Part: Entry,
{
    let Ok(array) = a.cast::<PyArrayDyn<T>>() else { return Ok(None) };
    let [outer @ .., inner] = array.shape() else { return Ok(None) };
    let (outer, inner) = (outer.to_vec(), *inner);
    let held = array.readonly();
    let Ok(entries) = held.as_slice() else { return Ok(None) };
    if !array.is_c_contiguous() || inner == 0 {
        return Ok(None);
    }
    let lengths: Vec<f64> = compute(a.py(), || {
        if entries.len() < SHARED {
            entries.chunks_exact(inner).map(dense::length).collect()
        } else {
            entries.par_chunks_exact(inner).with_min_len(SHARED.div_ceil(4 * inner)).map(dense::length).collect()
        }
    });
    super::stack::joined::<T::Part, f64>(a.py(), &outer, &[], vec![lengths]).map(Some)
}

/// The lengths along the last dimension of a C-contiguous array of f4, f8, c8 or c16; None for anything else.
#[pyfunction]
pub(crate) fn lengths<'py>(a: &Array<'py>) -> PyResult<Option<Array<'py>>> {
    for find in [typed_rows::<f64>, typed_rows::<f32>, typed_rows::<c64>, typed_rows::<c32>] {
        if let Some(found) = find(a)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}
