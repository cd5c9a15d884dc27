//! The entries of a sparse matrix as a list.

use num_complex::Complex64;

use crate::error::{Error, Result};
use crate::rounded::{Rounded, Tally};
use crate::source::Triplets;
use crate::{DType, Numbers, Order, Tensor, limits};

/// The type of the doubles that a file without types holds.
pub(crate) fn doubles(is_complex: bool) -> DType {
    if is_complex { DType::C64 } else { DType::F64 }
}

/// Row, column and value of each entry.
pub(crate) type List = Vec<(usize, usize, Complex64)>;

/// The entries with those of one place added, by columns if there are any. What the sums lose is noted.
fn merged(mut entries: List, tally: &mut Tally) -> Result<List> {
    let rises = |key: fn(&(usize, usize, Complex64)) -> (usize, usize)| {
        entries.windows(2).all(|pair| key(&pair[0]) < key(&pair[1]))
    };
    // Most files are sorted, and then nothing is to be done.
    if rises(|&(i, j, _)| (j, i)) || rises(|&(i, j, _)| (i, j)) {
        return Ok(entries);
    }
    entries.sort_by_key(|&(i, j, _)| (j, i));
    let mut merged: List = Vec::with_capacity(entries.len());
    for (i, j, x) in entries {
        match merged.last_mut().filter(|last| (last.0, last.1) == (i, j)) {
            Some(last) => {
                tally.add_places();
                last.2 = sum((i, j), last.2, x, tally)?;
            }
            None => merged.push((i, j, x)),
        }
    }
    Ok(merged)
}

fn sum(place: (usize, usize), x: Complex64, y: Complex64, tally: &mut Tally) -> Result<Complex64> {
    let (re, lost) = two_sum(x.re, y.re);
    let (im, lost_im) = two_sum(x.im, y.im);
    let is_finite = |z: Complex64| z.re.is_finite() && z.im.is_finite();
    if is_finite(x) && is_finite(y) && !is_finite(Complex64::new(re, im)) {
        let (i, j) = (place.0 + 1, place.1 + 1);
        return Err(Error::format(format!(
            "has duplicate entries at ({i}, {j}) whose sum is beyond the largest double"
        ))
        .with_hint("divide all numbers by a power of ten, and scale the answer"));
    }
    tally.note_sum(place, re, lost, || format!("{} + {}", x.re, y.re));
    if lost_im != 0.0 {
        tally.note_sum(place, im, lost_im, || format!("{} + {}", x.im, y.im));
        tally.forget_rest();
    }
    Ok(Complex64::new(re, im))
}

/// The rounded sum, and what it lost, which is a double (Knuth).
fn two_sum(x: f64, y: f64) -> (f64, f64) {
    let sum = x + y;
    let part = sum - x;
    let lost = (x - (sum - part)) + (y - part);
    (sum, if lost.is_finite() { lost } else { 0.0 })
}

/// A sparse matrix that was read: no place has two entries.
#[derive(Debug)]
pub(crate) struct Sparse {
    dtype: DType,
    shape: (usize, usize),
    entries: List,
    rounded: Option<Rounded>,
}

impl Sparse {
    /// The matrix of these entries, with those of one place added. The tally has what their doubles have lost so far.
    pub(crate) fn new(dtype: DType, shape: (usize, usize), entries: List, mut tally: Tally) -> Result<Self> {
        let entries = merged(entries, &mut tally)?;
        Ok(Self { dtype, shape, entries, rounded: tally.finish() })
    }

    /// The matrix of these entries, all at places of their own.
    pub(crate) fn of_distinct(dtype: DType, shape: (usize, usize), entries: List, tally: Tally) -> Self {
        Self { dtype, shape, entries, rounded: tally.finish() }
    }

    pub(crate) fn dtype(&self) -> DType {
        self.dtype
    }

    pub(crate) fn shape(&self) -> Vec<usize> {
        vec![self.shape.0, self.shape.1]
    }

    pub(crate) fn triplets(&self) -> Triplets<'_> {
        Triplets { shape: self.shape, entries: &self.entries, is_complex: self.dtype.is_complex() }
    }

    /// The dense matrix, if its size is within the limits and in proportion to its entries.
    pub(crate) fn read(&self) -> Result<Tensor<'static>> {
        let numbers = columns_of(&self.entries, self.shape, self.dtype.is_complex())?;
        Ok(Tensor { shape: self.shape(), order: Order::ColumnMajor, numbers })
    }

    pub(crate) fn rounded(&self) -> Option<Rounded> {
        self.rounded.clone()
    }
}

fn columns_of(
    entries: &[(usize, usize, Complex64)],
    (rows, columns): (usize, usize),
    is_complex: bool,
) -> Result<Numbers<'static>> {
    let most = entries.len().saturating_mul(limits::DENSE_AN_ENTRY).saturating_add(limits::EMPTY_SPARSE_SIDE);
    let most = most.min(limits::DENSE_ENTRIES);
    let total = rows.checked_mul(columns).filter(|&total| total <= most).ok_or_else(|| {
        Error::limit(format!("is a sparse {rows}×{columns} matrix, too large to store as a dense one"))
            .with_hint(format!("the limit is {most} entries for {} that are stored", entries.len()))
    })?;
    if is_complex {
        let mut whole = vec![Complex64::default(); total];
        entries.iter().for_each(|&(i, j, x)| whole[j * rows + i] = x);
        return Ok(Numbers::C64(whole.into()));
    }
    let mut whole = vec![0.0; total];
    entries.iter().for_each(|&(i, j, x)| whole[j * rows + i] = x.re);
    Ok(Numbers::F64(whole.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn real(entries: &[(usize, usize, f64)]) -> List {
        entries.iter().map(|&(i, j, x)| (i, j, Complex64::new(x, 0.0))).collect()
    }

    #[test]
    fn entries_of_one_place_are_added_and_what_is_lost_is_kept() {
        let mut tally = Tally::default();
        let two = 2f64.powi(53);
        let found = merged(real(&[(0, 0, two), (1, 0, 2.0), (0, 0, 1.0)]), &mut tally).unwrap();
        assert_eq!(found, real(&[(0, 0, two), (1, 0, 2.0)]));
        let rounded = tally.finish().unwrap();
        assert_eq!((rounded.count, rounded.integers, rounded.rest()), (1, 1, Some([(0, 0, 1.0)].as_slice())));
        assert!(merged(real(&[(0, 0, f64::MAX), (0, 0, f64::MAX)]), &mut Tally::default()).unwrap_err().is_format());
    }

    #[test]
    fn errors_of_one_place_add_up() {
        let mut text = String::from("%%MatrixMarket matrix coordinate real general\n1 1 100\n");
        text += &"1 1 0.1\n".repeat(100);
        let source = crate::parse::matrix_market(text.as_bytes()).unwrap();
        let rounded = crate::Source::rounded(&source, "matrix").unwrap().unwrap();
        // The double is 9.99999999999998, the sum of the file 10.
        assert!(rounded.length() >= 1.954e-14 && rounded.length() <= rounded.sum());
    }

    #[test]
    fn a_few_entries_request_no_gigabytes() {
        assert!(columns_of(&[], (1 << 14, 1 << 14), false).unwrap_err().is_limit());
        assert_eq!(
            columns_of(&real(&[(1, 1, 3.0)]), (2, 2), false).unwrap(),
            Numbers::F64(vec![0.0, 0.0, 0.0, 3.0].into())
        );
    }
}
