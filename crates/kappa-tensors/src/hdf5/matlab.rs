//! What MATLAB 7.3 keeps in HDF5: cells and arrays of structs as references to `#refs#`, and sparse matrices as groups.

use std::collections::HashMap;

use hdf5_reader::group::Group;
use hdf5_reader::{Dataset, Datatype, reference};
use num_complex::Complex64;

use super::{damaged, dtype, numbers};
use crate::error::{Error, Result};
use crate::rounded::{Tally, integers};
use crate::triplets::{List, Sparse, doubles};
use crate::{DType, Numbers, limits};

/// The group that holds the members of cells.
const MEMBERS: &str = "#refs#";

/// What MATLAB calls a dataset.
pub(super) fn class(dataset: &Dataset) -> Option<String> {
    dataset.attribute("MATLAB_class").ok()?.read_string().ok()
}

/// What a dataset of MATLAB is that holds neither numbers nor references.
pub(super) fn other(dataset: &Dataset) -> Option<String> {
    match class(dataset).as_deref() {
        Some(class @ ("char" | "function_handle")) => Some(format!("class: {class}")),
        _ if dataset.attribute("MATLAB_empty").is_ok() => Some("class: an empty matrix".into()),
        _ => None,
    }
}

/// Where the members of cells are, by their addresses.
#[derive(Default)]
pub(super) struct Members {
    pub(super) datasets: HashMap<u64, String>,
    pub(super) groups: HashMap<u64, String>,
}

impl Members {
    pub(super) fn of(root: &Group) -> Self {
        let found = root.group(MEMBERS).and_then(|group| group.members());
        let (groups, datasets) = found.unwrap_or_default();
        let path = |name: &str| format!("{MEMBERS}/{name}");
        Self {
            datasets: datasets.iter().map(|one| (one.address(), path(one.name()))).collect(),
            groups: groups.iter().map(|one| (one.address(), path(one.name()))).collect(),
        }
    }
}

/// The addresses that a dataset refers to; `None` for one of other content.
pub(super) fn references(dataset: &Dataset, offset_size: u8) -> Option<Result<Vec<u64>>> {
    let Datatype::Reference { .. } = dataset.dtype() else { return None };
    let bytes = dataset.read_raw_bytes().map_err(|e| damaged(&e));
    Some(bytes.and_then(|bytes| reference::read_object_references(&bytes, offset_size).map_err(|e| damaged(&e))))
}

/// A sparse matrix of MATLAB: the values, the rows, and the starts of the columns.
pub(super) fn sparse(group: &Group, rows: usize) -> Result<Sparse> {
    let read = |part: &str| -> Result<(DType, Vec<u8>)> {
        let dataset = group.dataset(part).map_err(|e| damaged(&e))?;
        Ok((dtype(&dataset)?, dataset.read_native_bytes().map_err(|e| damaged(&e))?))
    };
    let whole = |part: &str| -> Result<Vec<usize>> {
        match numbers(&read(part)?) {
            Numbers::F64(x) if x.iter().all(|x| (0.0..9e15).contains(x) && x.fract() == 0.0) => {
                Ok(x.iter().map(|&x| x as usize).collect())
            }
            _ => Err(Error::format(format!("has a sparse matrix whose `{part}` are no integers"))),
        }
    };
    let starts = whole("jc")?;
    // A matrix without entries has no values.
    let count = starts.last().copied().unwrap_or(0);
    let (of_row, stored) =
        if count == 0 { (Vec::new(), (DType::F64, Vec::new())) } else { (whole("ir")?, read("data")?) };
    let values = numbers(&stored);
    let columns = starts.len().saturating_sub(1);
    if starts.first() != Some(&0) || !starts.is_sorted() || of_row.len() != count || values.len() != count {
        return Err(Error::format("has a sparse matrix whose parts do not fit"));
    }
    limits::check_sparse(rows, columns, count)?;
    let value = |k: usize| match &values {
        Numbers::F32(x) => Complex64::new(f64::from(x[k]), 0.0),
        Numbers::F64(x) => Complex64::new(x[k], 0.0),
        Numbers::C32(x) => Complex64::new(f64::from(x[k].re), f64::from(x[k].im)),
        Numbers::C64(x) => x[k],
    };
    let exact: Option<Vec<i128>> = integers(stored.0, &stored.1, cfg!(target_endian = "big")).map(Iterator::collect);
    let (mut entries, mut tally) = (List::new(), Tally::default());
    for (j, ends) in starts.windows(2).enumerate() {
        for (k, &i) in of_row.iter().enumerate().take(ends[1]).skip(ends[0]) {
            if i >= rows {
                return Err(Error::format(format!("has an entry in row {} of {rows}", i + 1)));
            }
            entries.push((i, j, value(k)));
            exact.iter().for_each(|exact| tally.note_integer(&[i, j], exact[k], false));
        }
    }
    let is_complex = matches!(values, Numbers::C32(_) | Numbers::C64(_));
    Sparse::new(doubles(is_complex), (rows, columns), entries, tally)
}
