//! The largest singular triplets only: a two-stage reduction whose reflections are kept, and as many vectors as are
//! requested.

use crate::decompose::{is_strongly_graded, is_trusted, needs_qr_first, scaled_svd, tall, unscale};
use crate::guard::{Checked, check};
use crate::inverse_iteration::{BidiagonalVectors, bidiagonal_vectors};
use crate::power::scale_by_power;
use crate::reduce::{self, Side};
use crate::reflections::reflections;
use crate::scale::{scaled, scaled_without_specks};
use crate::{
    Accuracy, Error, Matrix, MatrixRef, Precision, Real, Scalar, Shape, Values, Vectors, adjoint_times, multiply,
};

/// A selection of the largest singular triplets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Leading {
    /// The first `n`, or all where there are fewer.
    Count(usize),
    /// Those whose singular value exceeds this.
    Above(f64),
}

impl Leading {
    /// The number of selected triplets, given all values in decreasing order.
    pub(crate) fn count(self, values: &[f64]) -> usize {
        match self {
            Self::Count(k) => k.min(values.len()),
            Self::Above(least) => values.iter().take_while(|&&s| s > least).count(),
        }
    }

    /// The same selection for A·2⁻ᵉ.
    fn scaled(self, e: i32) -> Self {
        match self {
            Self::Count(k) => Self::Count(k),
            Self::Above(least) => Self::Above(scale_by_power(least, -e)),
        }
    }
}

/// Up to 1/FEW of all vectors take less time this way than all of them by faer (measured on 2 cores).
const FEW: usize = 2;

/// Residuals above this times ε·√max(m, n)·σ₁ mean that a reduction failed: several times the worst case observed.
const LARGE: f64 = 32.0;

/// Some singular triplets, and all singular values.
#[derive(Clone, Debug, PartialEq)]
pub struct TruncatedParts<W: Scalar> {
    /// All singular values.
    pub values: Values,
    /// The first of the vectors, in columns.
    pub vectors: Vectors<W>,
    /// ‖A·v − σ·u‖ and ‖Aᴴ·u − σ·v‖ for each triplet, up to the rounding of the products.
    pub residuals: Vec<[f64; 2]>,
}

const TWO_STAGES: &str = "bidiagonalisation in two stages, bisection and inverse iteration";
const SINGLE: &str = "bidiagonalisation in two stages in single precision, bisection and inverse iteration";

/// The largest singular triplets of A: all of its singular values, and the selected vectors.
///
/// A·v = σ·u and Aᴴ·u = σ·v; the residuals of every triplet are computed, all other errors are estimates. A real matrix
/// is reduced to bidiagonal form in two stages, in double precision or in that of the entries: 4·m·n² − 4/3·n³ flops
/// for m ≥ n at the speed of products. k vectors take 8·m·n·k more, and the products for their residuals 4·m·n·k.
/// Small, complex and strongly graded matrices are decomposed completely. Memory for three copies of A in the precision
/// of the reduction, and where A is more than 11/6 as long as wide, for two copies in double precision, in which its QR
/// decomposition is computed first.
///
/// # Errors
///
/// When an entry is not finite, and when no algorithm converges.
///
/// # Examples
///
/// ```
/// # use kappa_dense::{Leading, Matrix, Precision, truncated_svd};
/// let a = Matrix::from_fn(3, 3, |i, j| if i == j { [3.0, 1.0, 2.0][i] } else { 0.0 });
/// let f = truncated_svd(a.as_ref(), Leading::Above(1.5), Precision::Double)?;
/// assert_eq!((f.values.values.len(), f.vectors.u.columns()), (3, 2));
/// # Ok::<(), kappa_dense::Error>(())
/// ```
pub fn truncated_svd<T: Scalar>(
    a: MatrixRef<'_, T>,
    leading: Leading,
    precision: Precision,
) -> Result<TruncatedParts<T::Wide>, Error> {
    let checked = check(a)?;
    let e = checked.as_ref().map_or(0, |checked| checked.e);
    let leading = leading.scaled(e);
    let by_two_stages = checked.as_ref().and_then(|checked| {
        let is_turned = a.rows() < a.columns();
        let (values, Vectors { u, v }) = in_stages(tall(a), checked, leading, precision)?;
        let vectors = if is_turned { Vectors { u: v, v: u } } else { Vectors { u, v } };
        let residuals = residuals(a, e, &values.values, &vectors).ok()?;
        // Back-transformed vectors are unchecked so far.
        let allowed = LARGE * values.unit() * values.values[0] * (1.0 + (a.rows().max(a.columns()) as f64).sqrt());
        residuals.iter().flatten().all(|&r| r <= allowed).then_some((values, vectors, residuals))
    });
    let (mut values, vectors, mut residuals) = match by_two_stages {
        Some(found) => found,
        None => {
            let (values, vectors) = of_whole(a, leading, checked.as_ref())?;
            let residuals = residuals(a, e, &values.values, &vectors)?;
            (values, vectors, residuals)
        }
    };
    unscale(&mut values.values, e);
    residuals.iter_mut().for_each(|pair| unscale(pair, e));
    Ok(TruncatedParts { values, vectors, residuals })
}

/// The complete decomposition of A·2⁻ᵉ, truncated.
fn of_whole<T: Scalar>(
    a: MatrixRef<'_, T>,
    leading: Leading,
    checked: Option<&Checked>,
) -> Result<(Values, Vectors<T::Wide>), Error> {
    let f = scaled_svd(a, Shape::Thin, checked)?;
    let k = leading.count(&f.values.values);
    Ok((f.values, Vectors { u: f.vectors.u.first_columns(k), v: f.vectors.v.first_columns(k) }))
}

/// The values of a tall A·2⁻ᵉ and the first vectors, where two stages pay and succeed.
fn in_stages<T: Scalar>(
    a: MatrixRef<'_, T>,
    checked: &Checked,
    leading: Leading,
    precision: Precision,
) -> Option<(Values, Vectors<T::Wide>)> {
    let n = a.columns();
    if is_strongly_graded(a, checked.e) || matches!(leading, Leading::Count(k) if k > n / FEW) {
        return None;
    }
    let mut found = None;
    if precision == Precision::Stored && !T::IS_DOUBLE && reduce::is_bidiagonal_in_two_stages::<T>(n) {
        found = in_precision_of::<T::Part, T>(a, checked, leading);
    }
    if found.is_none() && reduce::is_bidiagonal_in_two_stages::<T::Wide>(n) {
        found = in_precision_of::<f64, T>(a, checked, leading);
    }
    found
}

/// The same with the products of the reduction in the precision of `P`.
fn in_precision_of<P: Real, T: Scalar>(
    a: MatrixRef<'_, T>,
    checked: &Checked,
    leading: Leading,
) -> Option<(Values, Vectors<T::Wide>)> {
    let (m, e) = (a.rows(), checked.e);
    let guard = checked.guard.in_precision_of::<P>();
    let first = if needs_qr_first(m, a.columns()) {
        let work: Matrix<T::Wide> = scaled_without_specks(a, e);
        Some(reflections(work.as_ref()).ok()?)
    } else {
        None
    };
    let (found, bases) = match &first {
        Some(first) => reduce::bidiagonal_with_bases::<P, T::Wide>(first.r().as_ref(), 0),
        None => reduce::bidiagonal_with_bases::<P, T>(a, e),
    };
    if !is_trusted::<P>(&found, m, &guard) {
        return None;
    }
    let count = |values: &[f64]| Some(leading.count(values)).filter(|&k| k <= values.len() / FEW);
    let BidiagonalVectors { values, u, v } = bidiagonal_vectors(&found.diagonal, &found.above, count)?;
    if !guard.accepts(&values) {
        return None;
    }
    let times = |side, x: &Matrix<f64>| {
        let x = Matrix::from_fn(x.rows(), x.columns(), |i, j| P::from_parts(x[(i, j)], 0.0));
        bases.times(side, &x)
    };
    let widened = |x: &Matrix<P>, rows: usize| {
        let entry = |i: usize, j: usize| if i < x.rows() { x[(i, j)].re() } else { 0.0 };
        Matrix::from_fn(rows, x.columns(), |i, j| T::Wide::from_parts(entry(i, j), 0.0))
    };
    let mut u = widened(&times(Side::Left, &u), m);
    if let Some(first) = &first {
        first.apply(&mut u, false);
    }
    let v = widened(&times(Side::Right, &v), a.columns());
    let (algorithm, accuracy) =
        if P::IS_DOUBLE { (TWO_STAGES, Accuracy::Bisection) } else { (SINGLE, Accuracy::Single) };
    Some((Values { values, algorithm, accuracy }, Vectors { u, v }))
}

/// Rows that are widened and multiplied at a time.
const ROWS: usize = 512;

/// ‖A·v − σ·u‖ and ‖Aᴴ·u − σ·v‖ for the columns of U and V, of A·2⁻ᵉ.
fn residuals<T: Scalar>(
    a: MatrixRef<'_, T>,
    e: i32,
    values: &[f64],
    vectors: &Vectors<T::Wide>,
) -> Result<Vec<[f64; 2]>, Error> {
    let Vectors { u, v } = vectors;
    let (m, n, k) = (a.rows(), a.columns(), u.columns());
    let mut right = vec![0.0; k];
    let mut back = Matrix::<T::Wide>::zeros(n, k);
    for first in (0..m).step_by(ROWS) {
        let rows = first..m.min(first + ROWS);
        let slab: Matrix<T::Wide> = scaled(a.subrows(rows.clone()), e);
        let of_u = Matrix::from_fn(rows.len(), k, |i, j| u[(first + i, j)]);
        let image = multiply(slab.as_ref(), v.as_ref())?;
        (0..k).for_each(|j| right[j] += off(image.column(j), of_u.column(j), values[j]));
        let part = adjoint_times(slab.as_ref(), of_u.as_ref())?;
        back.as_mut_slice().iter_mut().zip(part.as_slice()).for_each(|(sum, &x)| *sum += x);
    }
    Ok((0..k).map(|j| [right[j], off(back.column(j), v.column(j), values[j])].map(f64::sqrt)).collect())
}

/// ‖x − σ·y‖².
fn off<W: Scalar>(x: &[W], y: &[W], value: f64) -> f64 {
    x.iter().zip(y).map(|(&x, y)| (x - y.scale(value)).abs_squared()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::singular_values;
    use crate::testing::random;

    /// A matrix with these singular values: random reflections on both sides.
    fn with_values(m: usize, n: usize, value: impl Fn(usize) -> f64) -> Matrix<f64> {
        let mut a = Matrix::from_fn(m, n, |i, j| if i == j { value(i) } else { 0.0 });
        for seed in 0..3 {
            let (v, w) = (random::<f64>(m, 1, 2 * seed), random::<f64>(n, 1, 2 * seed + 1));
            let dot = |x: &[f64], y: &[f64]| -> f64 { x.iter().zip(y).map(|(x, y)| x * y).sum() };
            let (v, w) = (v.column(0), w.column(0));
            for j in 0..n {
                let along = 2.0 * dot(v, a.column(j)) / dot(v, v);
                a.column_mut(j).iter_mut().zip(v).for_each(|(x, v)| *x -= along * v);
            }
            for i in 0..m {
                let along = 2.0 * (0..n).map(|j| a[(i, j)] * w[j]).sum::<f64>() / dot(w, w);
                (0..n).for_each(|j| a[(i, j)] -= along * w[j]);
            }
        }
        a
    }

    fn cases(m: usize, n: usize) -> Vec<(&'static str, Matrix<f64>)> {
        let a = random::<f64>(m, n, 5);
        let p = m.min(n);
        vec![
            ("zero", Matrix::zeros(m, n)),
            ("orthogonal", with_values(m, n, |_| 1.0)),
            ("falling", with_values(m, n, |i| 0.95f64.powi(i as i32))),
            ("a third of the rank", with_values(m, n, |i| if i < p / 3 { 1.0 + i as f64 } else { 0.0 })),
            ("pairs", with_values(m, n, |i| 1.0 / (1 + i / 2) as f64)),
            ("huge", with_values(m, n, |i| 1e300 / (1 + i) as f64)),
            ("tiny", with_values(m, n, |i| 1e-310 / (1 + i) as f64)),
            ("graded", Matrix::from_fn(m, n, |i, j| a[(i, j)] * 1e-200f64.powf(i as f64 / m as f64))),
            ("ones", Matrix::from_fn(m, n, |_, _| 1.0)),
            ("random", a),
        ]
    }

    /// Correct values, orthonormal vectors, and residuals that are correct and small.
    fn check<T: Scalar>(
        a: &Matrix<T>,
        leading: Leading,
        precision: Precision,
        expected: &[f64],
        what: &str,
    ) -> &'static str {
        let f = truncated_svd(a.as_ref(), leading, precision).unwrap();
        let (m, n) = (a.rows(), a.columns());
        let first = expected.first().copied().unwrap_or(0.0);
        let unit = f.values.unit();
        let slope = if f.values.accuracy == Accuracy::Rotations { 16.0 } else { 8.0 };
        let room = unit * (8.0 + slope * (m.max(n) as f64).sqrt());
        assert_eq!(f.values.values.len(), m.min(n), "{what}");
        for (x, y) in f.values.values.iter().zip(expected) {
            assert!((x - y).abs() <= room * first, "{what}: {x:e} beside {y:e} ({first:e})");
        }
        let k = f.vectors.u.columns();
        assert_eq!((k, k), (f.vectors.v.columns(), f.residuals.len()), "{what}");
        // Subnormal values are compared with a threshold before they are rounded.
        assert!(k == leading.count(&f.values.values) || first < 1e-300, "{what}: {k}");
        for x in [&f.vectors.u, &f.vectors.v] {
            let gram = adjoint_times(x.as_ref(), x.as_ref()).unwrap();
            for (i, j) in (0..k).flat_map(|i| (0..k).map(move |j| (i, j))) {
                let off = (gram[(i, j)] - T::Wide::from_parts(f64::from(i == j), 0.0)).abs_squared().sqrt();
                assert!(off <= room, "{what}: ({i}, {j}) off by {off:e}");
            }
        }
        for (j, [right, left]) in f.residuals.iter().enumerate() {
            // Numbers below the normal range have fewer digits.
            let room = room * first + 1e-320;
            assert!(*right <= room && *left <= room, "{what}: residuals {right:e} and {left:e} of triplet {j}");
        }
        f.values.algorithm
    }

    #[test]
    fn the_largest_triplets_are_those_of_the_whole() {
        for (m, n) in [(0, 0), (3, 0), (1, 1), (40, 30), (300, 280), (280, 300), (700, 300), (300, 700)] {
            // Rotations of a large graded matrix take half a minute.
            for (what, a) in cases(m, n).into_iter().filter(|(what, _)| m * n < 10_000 || *what != "graded") {
                let expected = singular_values(a.as_ref()).unwrap().values;
                let middle = expected.get(n.min(m) / 4).copied().unwrap_or(0.0);
                for leading in
                    [Leading::Count(0), Leading::Count(7), Leading::Count(m.min(n) / 2), Leading::Above(middle)]
                {
                    let case = format!("{what}, {m}×{n}, {leading:?}");
                    let algorithm = check(&a, leading, Precision::Double, &expected, &case);
                    let is_large = m.min(n) >= 280 && ["random", "orthogonal", "falling", "pairs"].contains(&what);
                    if is_large && matches!(leading, Leading::Count(7)) {
                        assert_eq!(algorithm, TWO_STAGES, "{case}");
                    }
                }
            }
        }
    }

    #[test]
    fn matrices_in_single_precision_and_complex_ones() {
        for (m, n) in [(30, 20), (320, 300), (300, 640), (900, 260)] {
            let a = random::<f32>(m, n, 3);
            let expected = singular_values(a.as_ref()).unwrap().values;
            for precision in [Precision::Stored, Precision::Double] {
                let algorithm =
                    check(&a, Leading::Count(9), precision, &expected, &format!("f32, {m}×{n}, {precision:?}"));
                if m.min(n) >= 256 {
                    assert_eq!(algorithm, if precision == Precision::Stored { SINGLE } else { TWO_STAGES });
                }
            }
        }
        let re = random::<f64>(60, 50, 1);
        let a = Matrix::from_fn(60, 50, |i, j| num_complex::Complex64::new(re[(i, j)], re[(59 - i, j)]));
        let expected = singular_values(a.as_ref()).unwrap().values;
        check(&a, Leading::Count(5), Precision::Double, &expected, "complex");
    }

    #[test]
    fn the_number_of_threads_changes_no_digit() {
        // Large enough that the sweeps of a chase, and the columns of vectors, are divided among threads.
        let a = random::<f64>(820, 800, 9);
        let with = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| truncated_svd(a.as_ref(), Leading::Count(70), Precision::Double).unwrap())
        };
        let (one, three) = (with(1), with(3));
        assert_eq!(one.values.algorithm, TWO_STAGES);
        assert_eq!(one, three);
    }

    #[test]
    fn entries_that_are_not_finite_are_named() {
        let a = Matrix::from_fn(3, 2, |i, j| if (i, j) == (2, 1) { f64::NAN } else { 1.0 });
        let error = truncated_svd(a.as_ref(), Leading::Count(1), Precision::Double).unwrap_err();
        assert!(error.to_string().contains("row 3, column 2"), "{error}");
    }
}
