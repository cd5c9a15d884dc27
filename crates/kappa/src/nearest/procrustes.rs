use kappa_dense::{Matrix, Scalar, multiply};

use crate::enclosure::{exponent_of, times_power_of_two};
use crate::error::{Error, Result};
use crate::norm::{largest_part, length};
use crate::operator::{AnyOperator, Entries, LinearOperator, RealOrComplex, wide_pair};
use crate::svd;

/// The transformations that an alignment may use besides rotations and reflections: passed last, and usually left at
/// its default.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Procrustes {
    /// Rotations only, without reflections: the determinant is +1 (Kabsch).
    pub rotation_only: bool,
    /// Whether the first set may be scaled (Umeyama).
    pub scaling: bool,
    /// Whether the first set may be translated.
    pub translation: bool,
    /// A weight ≥ 0 for each row; equal weights if there is none.
    pub weights: Option<Vec<f64>>,
}

/// The alignment s·A·Q + 1tᵀ ≈ B.
#[derive(Clone, Debug, PartialEq)]
pub struct Alignment {
    /// Q, orthogonal, n×n: row vectors are multiplied by it from the right.
    pub rotation: Matrix<f64>,
    /// s; 1 where scaling is not allowed.
    pub scale: f64,
    /// t; zeros where translation is not allowed.
    pub translation: Vec<f64>,
    /// s·A·Q + 1tᵀ, m×n; NaN in the rows of A that are missing.
    pub aligned: Matrix<f64>,
    /// √(Σw‖difference‖²/Σw) over the rows that both sets have.
    pub error: f64,
    /// The same before the alignment.
    pub error_before: f64,
    /// The number of rows that both sets have.
    pub rows: usize,
    /// The determinant of Q: −1 for a reflection.
    pub determinant: f64,
    /// Whether Q is the only minimiser, which the singular values of the weighted product AᵀB decide.
    pub is_unique: bool,
}

/// Aligns the rows of A with those of B by rotation, and on request by scaling and translation (Procrustes problem).
///
/// min Σwᵢ‖s·aᵢQ + t − bᵢ‖² over orthogonal Q. The rows are points; A and B are real m×n matrices. A row with a NaN in
/// either set is missing and left out. About 2mn² + 20n³ flops.
///
/// # Errors
///
/// - When the shapes differ, or a matrix is complex.
/// - When no row is left, or an entry is infinite.
/// - When a weight is negative or not finite, all weights are 0, or their number is not m.
///
/// # Examples
///
/// ```
/// # use kappa::{Matrix, nearest::{Procrustes, align}};
/// // A quarter turn, twice the size, moved by (5, 1).
/// let a = Matrix::from_row_major(3, 2, vec![0.0, 0.0, 1.0, 0.0, 0.0, 3.0])?;
/// let b = Matrix::from_row_major(3, 2, vec![5.0, 1.0, 5.0, 3.0, -1.0, 1.0])?;
/// let how = Procrustes { rotation_only: true, scaling: true, translation: true, ..Procrustes::default() };
/// let found = align(&a, &b, &how)?;
/// assert!((found.scale - 2.0).abs() < 1e-14 && found.error < 1e-14 && (found.rotation[(0, 1)] - 1.0).abs() < 1e-14);
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// Reference: Schönemann, Psychometrika 31 (1966) 1–10; Kabsch, Acta Cryst. A32 (1976) 922; Umeyama, IEEE PAMI 13
/// (1991) 376–380.
pub fn align<T: Scalar>(
    a: &(impl LinearOperator<T> + ?Sized),
    b: &(impl LinearOperator<T> + ?Sized),
    how: &Procrustes,
) -> Result<Alignment> {
    if T::IS_COMPLEX {
        return Err(Error::unsupported("only real sets of points can be aligned")
            .with_hint("give real and imaginary parts as two columns"));
    }
    if a.shape() != b.shape() {
        let ((m, n), (p, q)) = (a.shape(), b.shape());
        return Err(Error::shape(format!("the two sets of points have different shapes: {m}×{n} and {p}×{q}"))
            .with_hint("both sets need the same rows in the same order; pad the narrower one with columns of zeros"));
    }
    let real =
        |x: &Entries<'_, T>| Matrix::from_fn(x.view().rows(), x.view().columns(), |i, j| x.view().get(i, j).re());
    let (a, b) = (real(&Entries::of(a)?), real(&Entries::of(b)?));
    let weights = weights(&a, &b, how)?;
    let total: f64 = weights.iter().sum();
    let (from, to) = (centre(&a, &weights, total, how), centre(&b, &weights, total, how));
    // Scaled near 1, so that squares neither overflow nor underflow.
    let ((p, ep), (q, eq)) = (near_one(centred(&a, &weights, &from)), near_one(centred(&b, &weights, &to)));
    let product = multiply(p.adjoint().as_ref(), q.as_ref())?;
    let n = a.columns();
    let f = svd(&product)?;
    let s = f.singular_values().estimates();
    let plain = multiply(f.u().as_ref(), f.v().adjoint().as_ref())?;
    let mirrors = determinant(&plain)? < 0.0;
    let turn = how.rotation_only && mirrors;
    // The sign of the direction of the smallest singular value is changed: it costs least.
    let sign = |k: usize| if turn && k + 1 == n { -1.0 } else { 1.0 };
    let left = Matrix::from_fn(n, n, |i, k| f.u()[(i, k)] * sign(k));
    let rotation = multiply(left.as_ref(), f.v().adjoint().as_ref())?;
    let trace: f64 = (0..n).map(|k| s[k] * sign(k)).sum();
    let square: f64 = p.as_slice().iter().map(|x| x * x).sum();
    let scale = if how.scaling && square > 0.0 { times_power_of_two(trace / square, eq - ep) } else { 1.0 };
    let turned = multiply(Matrix::from_fn(1, n, |_, j| from[j]).as_ref(), rotation.as_ref())?;
    let translation: Vec<f64> = (0..n).map(|j| to[j] - scale * turned[(0, j)]).collect();
    let image = multiply(without_missing(&a).as_ref(), rotation.as_ref())?;
    let is_missing = |i: usize| (0..n).any(|j| a[(i, j)].is_nan());
    let aligned =
        Matrix::from_fn(
            a.rows(),
            n,
            |i, j| {
                if is_missing(i) { f64::NAN } else { scale * image[(i, j)] + translation[j] }
            },
        );
    let tolerance = n as f64 * f64::EPSILON * s.first().copied().unwrap_or(0.0);
    let smallest = s.last().copied().unwrap_or(0.0);
    // Rotations alone are unique if the last two singular values, the last one with its sign, do not add up to 0.
    let is_unique = match (how.rotation_only, n) {
        (_, 0) => true,
        (true, 1) => true,
        (true, n) => s[n - 2] + smallest * if mirrors { -1.0 } else { 1.0 } > tolerance,
        (false, _) => smallest > tolerance,
    };
    Ok(Alignment {
        error: apart(&aligned, &b, &weights, total),
        error_before: apart(&a, &b, &weights, total),
        rows: weights.iter().filter(|w| **w > 0.0).count(),
        determinant: if mirrors != turn { -1.0 } else { 1.0 },
        rotation,
        scale,
        translation,
        aligned,
        is_unique,
    })
}

/// The weight of each row; 0 if the row is missing in either set.
fn weights(a: &Matrix<f64>, b: &Matrix<f64>, how: &Procrustes) -> Result<Vec<f64>> {
    let (m, n) = (a.rows(), a.columns());
    for j in 0..n {
        for i in 0..m {
            if a[(i, j)].is_infinite() || b[(i, j)].is_infinite() {
                return Err(Error::not_finite(i, j, 1)
                    .with_hint("a row with a NaN is treated as missing; infinite entries are not allowed"));
            }
        }
    }
    let given = match &how.weights {
        None => vec![1.0; m],
        Some(w) if w.len() != m => {
            return Err(
                Error::shape(format!("{} weights for {m} rows", w.len())).with_hint("give one weight for each row")
            );
        }
        Some(w) => w.clone(),
    };
    if let Some(i) = given.iter().position(|w| !(*w >= 0.0 && w.is_finite())) {
        return Err(Error::argument(format!("weights must be finite and ≥ 0, got {} in row {}", given[i], i + 1))
            .with_hint("a weight of 0 excludes a row"));
    }
    let is_whole = |i: usize| (0..n).all(|j| !a[(i, j)].is_nan() && !b[(i, j)].is_nan());
    let weights: Vec<f64> = (0..m).map(|i| if is_whole(i) { given[i] } else { 0.0 }).collect();
    if weights.iter().all(|w| *w == 0.0) {
        return Err(Error::shape(format!("none of the {m} rows has values in both sets and a positive weight")));
    }
    Ok(weights)
}

fn centre(a: &Matrix<f64>, weights: &[f64], total: f64, how: &Procrustes) -> Vec<f64> {
    let mean = |j: usize| {
        let column = a.column(j).iter().zip(weights).filter(|(_, w)| **w > 0.0);
        column.map(|(x, w)| w / total * x).sum()
    };
    (0..a.columns()).map(|j| if how.translation { mean(j) } else { 0.0 }).collect()
}

/// √w·(row − centre); zeros for missing rows.
fn centred(a: &Matrix<f64>, weights: &[f64], centre: &[f64]) -> Matrix<f64> {
    Matrix::from_fn(a.rows(), a.columns(), |i, j| {
        if weights[i] > 0.0 { weights[i].sqrt() * (a[(i, j)] - centre[j]) } else { 0.0 }
    })
}

/// A·2⁻ᵉ with its largest entry near 1, and e.
fn near_one(a: Matrix<f64>) -> (Matrix<f64>, i32) {
    let largest = largest_part(a.as_slice().iter().copied());
    let e = if largest.is_finite() { exponent_of(largest) } else { 0 };
    (Matrix::from_fn(a.rows(), a.columns(), |i, j| times_power_of_two(a[(i, j)], -e)), e)
}

fn without_missing(a: &Matrix<f64>) -> Matrix<f64> {
    Matrix::from_fn(a.rows(), a.columns(), |i, j| if a[(i, j)].is_nan() { 0.0 } else { a[(i, j)] })
}

fn apart(a: &Matrix<f64>, b: &Matrix<f64>, weights: &[f64], total: f64) -> f64 {
    let rows = (0..a.rows()).filter(|&i| weights[i] > 0.0);
    let entry = |i: usize, j: usize| (weights[i] / total).sqrt() * (a[(i, j)] - b[(i, j)]);
    length(&rows.flat_map(|i| (0..a.columns()).map(move |j| entry(i, j))).collect::<Vec<f64>>())
}

/// The sign of the determinant of an orthogonal matrix.
fn determinant(q: &Matrix<f64>) -> Result<f64> {
    let f = kappa_dense::lu(q.as_ref())?;
    let u = f.u();
    let mut order = f.rows().to_vec();
    let mut sign = 1.0;
    for i in 0..order.len() {
        while order[i] != i {
            let j = order[i];
            order.swap(i, j);
            sign = -sign;
        }
    }
    Ok((0..q.rows()).fold(sign, |s, i| if u[(i, i)] < 0.0 { -s } else { s }))
}

impl AnyOperator<'_> {
    /// [`nearest::align`](crate::nearest::align) of this operator.
    ///
    /// # Errors
    ///
    /// As [`nearest::align`](crate::nearest::align).
    pub fn align(&self, other: &AnyOperator<'_>, how: &Procrustes) -> Result<Alignment> {
        wide_pair!((self, other), (a, b) => self::align(a, b, how)).map(RealOrComplex::into_inner)
    }
}
