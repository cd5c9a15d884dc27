use kappa_dense::{Matrix, Scalar};

use super::procrustes::{Alignment, Procrustes, align};
use crate::error::{Error, Result};
use crate::norm::length;

/// The consensus of several sets of points: their common mean and the alignment of each set with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Consensus {
    /// The mean of the aligned sets, row by row; NaN in rows that are missing in every set.
    pub mean: Matrix<f64>,
    /// The alignment of each set with the mean, in the order of the sets.
    pub alignments: Vec<Alignment>,
    /// The root mean square distance of the aligned sets from their mean.
    pub error: f64,
    /// The number of iterations.
    pub rounds: usize,
}

/// Maximum number of iterations.
const ROUNDS: usize = 500;

/// Generalized Procrustes analysis: aligns all sets with their common mean, which is computed along with the
/// alignments.
///
/// Minimises Σₛ‖sₛ·AₛQₛ + 1tₛᵀ − M‖² over the alignments and the mean M; scaling and translation only where `how`
/// allows them. The sets are real m×n matrices; a row with a NaN is missing in its set and counts in the others.
///
/// Each iteration aligns every set with the mean of the last one (Gower, Psychometrika 40 (1975) 33–51); if scaling is
/// allowed, the mean keeps the mean size of the sets, so that the sets do not shrink to 0. The result is a local
/// minimum: the sum of squares no longer decreases.
///
/// # Errors
///
/// As [`align`], and when there is no set.
///
/// # Examples
///
/// ```
/// # use kappa::{Matrix, nearest::{Procrustes, align_all}};
/// let a = Matrix::from_row_major(3, 2, vec![0.0, 0.0, 1.0, 0.0, 0.0, 2.0])?;
/// // The same, a quarter turn on, and half a turn on.
/// let b = Matrix::from_row_major(3, 2, vec![0.0, 0.0, 0.0, 1.0, -2.0, 0.0])?;
/// let c = Matrix::from_row_major(3, 2, vec![0.0, 0.0, -1.0, 0.0, 0.0, -2.0])?;
/// let found = align_all(&[a, b, c], &Procrustes::default())?;
/// assert!(found.error < 1e-14 && found.alignments.len() == 3);
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn align_all<T: Scalar>(sets: &[Matrix<T>], how: &Procrustes) -> Result<Consensus> {
    let Some(first) = sets.first() else {
        return Err(Error::shape("no set of points to align").with_hint("give two or more sets"));
    };
    let start = Matrix::from_fn(first.rows(), first.columns(), |i, j| first[(i, j)].re());
    let real: Vec<Matrix<f64>> =
        sets.iter().map(|s| Matrix::from_fn(s.rows(), s.columns(), |i, j| s[(i, j)].re())).collect();
    if T::IS_COMPLEX {
        return Err(Error::unsupported("only real sets of points can be aligned"));
    }
    let size = real.iter().map(|s| spread(s, how)).sum::<f64>() / real.len() as f64;
    let mut mean = start;
    let mut last = f64::INFINITY;
    let mut rounds = 0;
    loop {
        rounds += 1;
        let alignments: Vec<Alignment> = real.iter().map(|s| align(s, &mean, how)).collect::<Result<_>>()?;
        let mut next = mean_of(&alignments);
        if how.scaling {
            let factor = size / spread(&next, how);
            stretch(&mut next, if factor.is_finite() { factor } else { 1.0 }, how);
        }
        let error = distance(&alignments, &next);
        mean = next;
        if error >= last * (1.0 - 1e-12) || error <= 1e-15 * size || rounds == ROUNDS {
            return Ok(Consensus { mean, alignments, error, rounds });
        }
        last = error;
    }
}

/// The centre of the scaling: the mean of a column if translation is allowed, else 0.
fn centre(column: &[f64], how: &Procrustes) -> f64 {
    let there = || column.iter().copied().filter(|x| !x.is_nan());
    if how.translation { there().sum::<f64>() / there().count().max(1) as f64 } else { 0.0 }
}

fn stretch(a: &mut Matrix<f64>, factor: f64, how: &Procrustes) {
    for j in 0..a.columns() {
        let middle = centre(a.column(j), how);
        a.column_mut(j).iter_mut().for_each(|x| *x = middle + factor * (*x - middle));
    }
}

/// √Σx² about the centre, over the values that are not missing.
fn spread(a: &Matrix<f64>, how: &Procrustes) -> f64 {
    let of = |j: usize| {
        let middle = centre(a.column(j), how);
        a.column(j).iter().filter(|x| !x.is_nan()).map(move |x| x - middle)
    };
    length(&(0..a.columns()).flat_map(of).collect::<Vec<f64>>())
}

fn mean_of(alignments: &[Alignment]) -> Matrix<f64> {
    let shape = &alignments[0].aligned;
    Matrix::from_fn(shape.rows(), shape.columns(), |i, j| {
        let values = alignments.iter().map(|a| a.aligned[(i, j)]).filter(|x| !x.is_nan());
        let (sum, count) = values.fold((0.0, 0.0), |(sum, count), x| (sum + x, count + 1.0));
        sum / count
    })
}

fn distance(alignments: &[Alignment], mean: &Matrix<f64>) -> f64 {
    let mut squares = (0.0, 0.0);
    for a in alignments {
        for (x, y) in a.aligned.as_slice().iter().zip(mean.as_slice()).filter(|(x, y)| !x.is_nan() && !y.is_nan()) {
            squares = (squares.0 + (x - y) * (x - y), squares.1 + 1.0);
        }
    }
    // Per row, as in `align`.
    (squares.0 / (squares.1 / mean.columns().max(1) as f64)).sqrt()
}
