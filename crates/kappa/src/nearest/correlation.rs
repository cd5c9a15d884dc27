use std::collections::VecDeque;

use kappa_dense::{Matrix, Scalar};

use super::semidefinite::lifted;
use super::{Nearest, distance, half, square};
use crate::Norm;
use crate::equations::lstsq;
use crate::error::{Error, Result};
use crate::norm::length;
use crate::operator::{AnyOperator, LinearOperator, RealOrComplex, wide};

/// Options of the nearest correlation matrix: passed last, and usually left at their defaults.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AlternatingProjections {
    /// Relative tolerance, in the Frobenius norm, for the change of a step and for the difference between the two
    /// projections.
    pub tolerance: f64,
    /// Maximum number of steps.
    pub steps: usize,
    /// Number of steps that Anderson acceleration combines; 0 for plain alternating projections.
    pub memory: usize,
    /// The least eigenvalue of the result: a small positive number makes it definite.
    pub least: f64,
}

impl Default for AlternatingProjections {
    fn default() -> Self {
        Self { tolerance: 1e-12, steps: 2000, memory: 5, least: 0.0 }
    }
}

/// The correlation matrix nearest to a real symmetric A in the Frobenius norm.
///
/// min ‖A − X‖_F over the positive semidefinite X with ones on the diagonal; the minimiser is unique. A is n×n.
///
/// Alternating projections with Dykstra's correction (Higham, IMA J. Numer. Anal. 22 (2002) 329–343), with Anderson
/// acceleration (Higham and Strabić, Numer. Algorithms 72 (2016) 1021–1042). The result has ones on the diagonal
/// exactly, and eigenvalues above about −1e-15·n. About 10n³ flops for each step.
///
/// # Errors
///
/// - When the matrix is not real, square and symmetric, or an entry is not finite.
/// - When `least` is outside [0, 1].
/// - When the maximum number of steps is reached.
///
/// # Examples
///
/// ```
/// # use kappa::{Matrix, nearest};
/// // Higham's example of 1989: the nearest has 0.7607 and 0.1573.
/// let a = Matrix::from_row_major(3, 3, vec![1.0, 1.0, 0.0, 1.0, 1.0, 1.0, 0.0, 1.0, 1.0])?;
/// let c = nearest::correlation(&a, &Default::default())?;
/// assert!((c.matrix[(0, 1)] - 0.7607).abs() < 1e-4 && (c.matrix[(0, 2)] - 0.1573).abs() < 1e-4);
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn correlation<T: Scalar>(
    a: &(impl LinearOperator<T> + ?Sized),
    how: &AlternatingProjections,
) -> Result<Nearest<f64>> {
    if T::IS_COMPLEX {
        return Err(Error::unsupported("the nearest correlation matrix needs a real matrix, the matrix is complex"));
    }
    if !(how.least >= 0.0 && how.least <= 1.0) {
        let least = how.least;
        return Err(Error::argument(format!("the least eigenvalue must be between 0 and 1, got {least}")));
    }
    let wide = square(a, "correlation")?;
    let a = Matrix::from_fn(wide.rows(), wide.columns(), |i, j| wide[(i, j)].re());
    let n = a.rows();
    let largest = a.as_slice().iter().fold(0.0f64, |m, x| m.max(x.abs()));
    let symmetric = half(a.as_ref(), 1.0);
    let off = a.as_slice().iter().zip(symmetric.as_slice()).map(|(x, y)| (x - y).abs()).fold(0.0, f64::max);
    if off > 1e-8 * largest {
        return Err(Error::unsupported(format!(
            "the matrix is not symmetric: it differs from its transpose by up to {:e}",
            2.0 * off
        ))
        .with_hint("compute the nearest symmetric matrix first"));
    }
    // If acceleration fails (a singular combination of steps), the plain iteration is used.
    let (matrix, steps) = match accelerated(&symmetric, how) {
        Err(_) if how.memory > 0 => accelerated(&symmetric, &AlternatingProjections { memory: 0, ..*how })?,
        found => found?,
    };
    let matrix = unit_diagonal(&lifted(&matrix, how.least)?, true);
    debug_assert_eq!(matrix.rows(), n);
    let distance = distance(&a, &matrix, Norm::frobenius())?;
    Ok(Nearest { matrix, distance, norm: Norm::frobenius(), is_unique: Some(true), steps })
}

/// Makes the diagonal 1: by assignment, or by scaling rows and columns alike, which keeps the matrix semidefinite.
fn unit_diagonal(a: &Matrix<f64>, scaled: bool) -> Matrix<f64> {
    let n = a.rows();
    let root: Vec<f64> = (0..n).map(|i| if a[(i, i)] > 0.0 { a[(i, i)].sqrt() } else { 1.0 }).collect();
    Matrix::from_fn(n, n, |i, j| match (i == j, scaled) {
        (true, _) => 1.0,
        (false, true) => (a[(i, j)] / root[i] / root[j]).clamp(-1.0, 1.0),
        (false, false) => a[(i, j)],
    })
}

/// One step of alternating projections on the pair (Y, ΔS): R = Y − ΔS, X = P_S(R), ΔS = X − R, Y = P_U(X); and ‖X −
/// Y‖.
fn step(state: &[f64], n: usize, least: f64) -> Result<(Vec<f64>, f64)> {
    let (y, correction) = state.split_at(n * n);
    let r = Matrix::from_fn(n, n, |i, j| y[j * n + i] - correction[j * n + i]);
    let x = lifted(&half(r.as_ref(), 1.0), least)?;
    let next = unit_diagonal(&x, false);
    let change = x.as_slice().iter().zip(r.as_slice()).map(|(x, r)| x - r);
    let off: Vec<f64> = (0..n).map(|i| x[(i, i)] - 1.0).collect();
    Ok((next.as_slice().iter().copied().chain(change).collect(), length(&off)))
}

/// Anderson acceleration of the fixed-point iteration: the next state is the combination of the last ones with the
/// least residual.
fn accelerated(a: &Matrix<f64>, how: &AlternatingProjections) -> Result<(Matrix<f64>, usize)> {
    let n = a.rows();
    let mut state: Vec<f64> = a.as_slice().iter().copied().chain(std::iter::repeat_n(0.0, n * n)).collect();
    // Differences of the residuals and of the images, the latest last.
    let mut history: VecDeque<(Vec<f64>, Vec<f64>)> = VecDeque::new();
    let mut last: Option<(Vec<f64>, Vec<f64>)> = None;
    for steps in 1..=how.steps {
        let (image, apart) = step(&state, n, how.least)?;
        let rest: Vec<f64> = image.iter().zip(&state).map(|(g, x)| g - x).collect();
        // Off the diagonal Y − ΔS equals A in every step, combined or not, and ΔS is semidefinite and orthogonal to X:
        // X = Y is the only remaining optimality condition.
        let limit = how.tolerance * length(&image[..n * n]);
        if length(&rest[..n * n]) <= limit && apart <= limit {
            return Ok((Matrix::from_column_major(n, n, image[..n * n].to_vec())?, steps));
        }
        if how.memory == 0 {
            state = image;
            continue;
        }
        if let Some((old_rest, old_image)) = &last {
            let minus = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x - y).collect::<Vec<f64>>();
            history.push_back((minus(&rest, old_rest), minus(&image, old_image)));
            if history.len() > how.memory {
                history.pop_front();
            }
        }
        state = mixed(&rest, &image, &history)?;
        last = Some((rest, image));
    }
    Err(Error::no_convergence(format!(
        "the nearest correlation matrix did not converge in {} steps to the tolerance {:e}",
        how.steps, how.tolerance
    ))
    .with_hint("increase the number of steps or the tolerance"))
}

/// g − Σγⱼ·Δgⱼ with the γ that minimise ‖f − Σγⱼ·Δfⱼ‖.
fn mixed(rest: &[f64], image: &[f64], history: &VecDeque<(Vec<f64>, Vec<f64>)>) -> Result<Vec<f64>> {
    if history.is_empty() {
        return Ok(image.to_vec());
    }
    let differences = Matrix::from_fn(rest.len(), history.len(), |i, j| history[j].0[i]);
    let target = Matrix::from_column_major(rest.len(), 1, rest.to_vec())?;
    let gamma = lstsq(&differences, &target)?.into_x();
    let mut next = image.to_vec();
    for (j, (_, change)) in history.iter().enumerate() {
        next.iter_mut().zip(change).for_each(|(x, d)| *x -= gamma[(j, 0)] * d);
    }
    Ok(next)
}

impl AnyOperator<'_> {
    /// [`nearest::correlation`](crate::nearest::correlation) of this operator.
    ///
    /// # Errors
    ///
    /// As [`nearest::correlation`](crate::nearest::correlation).
    pub fn nearest_correlation(&self, how: &AlternatingProjections) -> Result<Nearest<f64>> {
        wide!(self, a => self::correlation(a, how)).map(RealOrComplex::into_inner)
    }
}
