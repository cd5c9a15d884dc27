//! The guarded door: check, scale, call the engine, check the answer, fall back.

use kappa_engine::Double;

use crate::bisect::bidiagonal_singular_values;
use crate::blocked_qr::triangle;
use crate::cut::{self, Cut};
use crate::dqds::bidiagonal_values;
use crate::guard::{Checked, Guard, check};
use crate::jacobi::jacobi_svd;
use crate::pair::pair_singular_values;
use crate::power::scale_by_power;
use crate::reduce;
use crate::scale::{scaled, scaled_without_specks, write_rows_without_specks};
use crate::{Error, Matrix, MatrixRef, Real, Scalar};

/// How many singular vectors a decomposition keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Shape {
    /// U is m×p and V is n×p, p = min(m, n).
    #[default]
    Thin,
    /// U is m×m and V is n×n.
    Full,
}

/// Singular values, and which algorithm of the ladder gave them.
#[derive(Clone, Debug, PartialEq)]
pub struct Values {
    /// σ₁ ≥ σ₂ ≥ … ≥ σₚ ≥ 0.
    pub values: Vec<f64>,
    /// The algorithm that gave them, as a noun phrase for people.
    pub algorithm: &'static str,
    /// What its errors look like.
    pub accuracy: Accuracy,
}

impl Values {
    /// The ε of the precision in which they were computed.
    pub fn unit(&self) -> f64 {
        if self.accuracy == Accuracy::Single { f64::from(f32::EPSILON) } else { f64::EPSILON }
    }
}

/// What the errors of an algorithm look like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Accuracy {
    /// Each value is rounded once, and off by about 1e-30·σ₁ before that.
    Pair,
    /// A few ε·√max(m, n)·σ₁: a reduction, then bisection.
    Bisection,
    /// Several times that: divide and conquer, or Jacobi rotations in double precision.
    Rotations,
    /// A few ε·√max(m, n)·σ₁ with the ε of single precision, 2⁻²³: a reduction in two stages in single precision.
    Single,
}

/// In which precision a reduction is made.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Precision {
    /// Double, whatever the entries are stored in.
    #[default]
    Double,
    /// That of the entries: half the time and half the memory for `f32`, with errors of its size.
    Stored,
}

/// U and V of A = U·diag(σ)·Vᴴ.
#[derive(Clone, Debug, PartialEq)]
pub struct Vectors<T: Scalar> {
    /// Left singular vectors, in columns.
    pub u: Matrix<T>,
    /// Right singular vectors, in columns (not V's adjoint).
    pub v: Matrix<T>,
}

/// A singular value decomposition.
#[derive(Clone, Debug, PartialEq)]
pub struct SvdParts<T: Scalar> {
    /// The singular values.
    pub values: Values,
    /// The singular vectors.
    pub vectors: Vectors<T>,
}

const BIDIAGONAL: [&str; 2] = ["bidiagonalisation and bisection", "bidiagonalisation and dqds"];
const TWO_STAGES: &str = "bidiagonalisation in two stages and bisection";
const SINGLE: &str = "bidiagonalisation in two stages in single precision, and bisection";
const QR_BIDIAGONAL: [&str; 2] = ["QR, bidiagonalisation and bisection", "QR, bidiagonalisation and dqds"];
const DIVIDE: &str = "bidiagonalisation and divide and conquer";
const TRANSPOSED: &str = "bidiagonalisation of the adjoint";
const WHOLE: &str = "bidiagonalisation on one thread";
/// Up to this m·n², 106 bits cost no more than a few milliseconds.
const SMALL: usize = 1 << 15;
const PAIRS: &str = "one-sided Jacobi in double-double";
const JACOBI: &str = "one-sided Jacobi";
const NOTHING: &str = "nothing to compute";

/// From this ratio of rows to columns on, R of A = QR is reduced instead of A (Chan, TOMS 8 (1982) 72–83).
const QR_FIRST: f64 = 11.0 / 6.0;
/// A reduction is refused when its probes are off by more than this many ε·‖A‖_F·√max(m, n): three times the worst seen.
const OFF: f64 = 32.0;

/// Whether a matrix of this shape is small enough that its singular values are computed in 106 bits.
pub fn is_small(rows: usize, columns: usize) -> bool {
    let (long, short) = (rows.max(columns), rows.min(columns));
    long.saturating_mul(short).saturating_mul(short) <= SMALL
}

/// All singular values of A, largest first, computed in double precision.
///
/// Scales by a power of two, lets the engine reduce A to a bidiagonal matrix, bisects that, and checks the answer against
/// ‖A‖_F² = Σσᵢ²; falls back to no QR first, to one thread and at last to one-sided Jacobi. 4·m·n² − 4/3·n³ flops for m ≥ n; memory for two copies of A in double
/// precision. Fails when an entry is not finite, and when nothing converges.
///
/// ```
/// # use kappa_dense::{MatrixRef, singular_values};
/// let a = MatrixRef::row_major(2, 3, &[0.0f32, 2.0, 0.0, 0.0, 0.0, -1.0])?;
/// assert_eq!(singular_values(a)?.values, [2.0, 1.0]);
/// # Ok::<(), kappa_dense::Error>(())
/// ```
pub fn singular_values<T: Scalar>(a: MatrixRef<'_, T>) -> Result<Values, Error> {
    let Some(checked) = check(a)? else { return Ok(nothing(a.rows().min(a.columns()))) };
    let a = tall(a);
    let mut found = None;
    if is_small(a.rows(), a.columns()) {
        let values = pair_singular_values(&scaled::<T, T::Wide>(a, checked.e)).filter(|s| checked.guard.accepts(s));
        found = values.map(|values| Values { values, algorithm: PAIRS, accuracy: Accuracy::Pair });
    }
    let mut found = found
        .or_else(|| reduced(a, &checked, Finder::Bisection))
        .ok_or_else(|| Error::no_convergence(a.rows(), a.columns()))?;
    unscale(&mut found.values, checked.e);
    Ok(found)
}

/// The same for many matrices in a row: no 106 bits for small ones, and quotients and differences in place of bisection.
///
/// Off by about ε·√max(m, n)·σ₁ times a small number with the ε of the precision; a hundred times faster for an order of 32, and by a third
/// from 64 to 256.
///
/// ```
/// # use kappa_dense::{MatrixRef, Precision, singular_values_in};
/// let s = singular_values_in(MatrixRef::row_major(2, 2, &[0.0, 2.0, 1.0, 0.0])?, Precision::Double)?;
/// assert!((s.values[0] - 2.0).abs() < 1e-15 && (s.values[1] - 1.0).abs() < 1e-15);
/// # Ok::<(), kappa_dense::Error>(())
/// ```
pub fn singular_values_in<T: Scalar>(a: MatrixRef<'_, T>, precision: Precision) -> Result<Values, Error> {
    let Some(checked) = check(a)? else { return Ok(nothing(a.rows().min(a.columns()))) };
    let a = tall(a);
    let mut found = None;
    if precision == Precision::Stored && !T::IS_DOUBLE && reduce::is_bidiagonal_in_two_stages::<T>(a.columns()) {
        found = in_two_stages::<T::Part, T>(a, &checked);
    }
    let mut found = found
        .or_else(|| reduced(a, &checked, Finder::Dqds))
        .ok_or_else(|| Error::no_convergence(a.rows(), a.columns()))?;
    unscale(&mut found.values, checked.e);
    Ok(found)
}

/// Which side is up does not matter to the values; long columns suit the engine.
pub(crate) fn tall<T: Scalar>(a: MatrixRef<'_, T>) -> MatrixRef<'_, T> {
    if a.rows() < a.columns() { a.transpose() } else { a }
}

/// How the values of the bidiagonal matrix are found.
#[derive(Clone, Copy, PartialEq)]
enum Finder {
    /// To the last bit that the entries hold.
    Bisection,
    /// Faster, and several times less accurate; bisection where it fails.
    Dqds,
}

/// The values of a bidiagonal matrix that agree with what the guard knows, and how they were found.
fn bidiagonal_ladder(diagonal: &[f64], above: &[f64], guard: &Guard, finder: Finder) -> Option<(Vec<f64>, Accuracy)> {
    let quick = (finder == Finder::Dqds).then(|| bidiagonal_values(diagonal, above)).flatten();
    let quick = quick.filter(|values| guard.accepts(values)).map(|values| (values, Accuracy::Rotations));
    quick.or_else(|| {
        let values = bidiagonal_singular_values(diagonal, above, f64::EPSILON);
        guard.accepts(&values).then_some((values, Accuracy::Bisection))
    })
}

/// The name among two that goes with an accuracy.
fn named((values, accuracy): (Vec<f64>, Accuracy), [by_bisection, by_dqds]: [&'static str; 2]) -> Values {
    let algorithm = if accuracy == Accuracy::Bisection { by_bisection } else { by_dqds };
    Values { values, algorithm, accuracy }
}

/// A reduction in two stages of a real tall matrix, the products in the precision of `P`; `None` where its probes or its sum of squares
/// say that it failed.
///
/// Then bisection on all threads: at these orders it takes no longer than dqds on one, which loses hundreds of ε here and there.
fn in_two_stages<P: Real, T: Scalar>(a: MatrixRef<'_, T>, Checked { e, guard }: &Checked) -> Option<Values> {
    let (rows, columns) = (a.rows(), a.columns());
    let guard = guard.in_precision_of::<P>();
    let found = if needs_qr_first(rows, columns) {
        reduce::bidiagonal::<P, P>(triangle_of::<P, T>(a, *e).as_ref(), 0)
    } else {
        reduce::bidiagonal::<P, T>(a, *e)
    };
    if !is_trusted::<P>(&found, rows, &guard) {
        return None;
    }
    let values = bidiagonal_singular_values(&found.diagonal, &found.above, P::EPSILON);
    let (algorithm, accuracy) =
        if P::IS_DOUBLE { (TWO_STAGES, Accuracy::Bisection) } else { (SINGLE, Accuracy::Single) };
    guard.accepts(&values).then_some(Values { values, algorithm, accuracy })
}

/// Whether R of A = QR is reduced instead of a tall A.
pub(crate) fn needs_qr_first(rows: usize, columns: usize) -> bool {
    rows as f64 > QR_FIRST * columns as f64
}

/// Whether the probes of a reduction in the precision of `P` say that it succeeded.
pub(crate) fn is_trusted<P: Scalar>(found: &reduce::Bidiagonal, rows: usize, guard: &Guard) -> bool {
    found.off <= OFF * P::EPSILON * (rows as f64).sqrt() * guard.sum_of_squares.sqrt()
}

/// R of a tall A·2⁻ᵉ = QR.
fn triangle_of<W: Scalar, T: Scalar>(a: MatrixRef<'_, T>, e: i32) -> Matrix<W> {
    let (rows, columns) = (a.rows(), a.columns());
    let (r, _) =
        triangle::<W>((rows, columns), &|first, stride, to| write_rows_without_specks(a, e, first, stride, to));
    Matrix::owning(columns, columns, r)
}

/// The ladder in double precision for a tall matrix, its values still scaled.
fn reduced<T: Scalar>(a: MatrixRef<'_, T>, checked: &Checked, finder: Finder) -> Option<Values> {
    let Checked { e, guard } = checked;
    let (e, rows, columns) = (*e, a.rows(), a.columns());
    let bidiagonal = |work: &mut Matrix<T::Wide>, cut| {
        let (rows, columns) = (work.rows(), work.columns());
        let (diagonal, above) = T::Wide::bidiagonal(work.as_mut_slice(), (rows, columns), cut);
        bidiagonal_ladder(&diagonal, &above, guard, finder)
    };
    let cut = cut::for_shape(rows, columns);
    let mut found = None;
    if is_strongly_graded(a, e) {
        let by_rotations = jacobi_parts::<T::Wide>(&scaled(a, e)).map(|(_, values, _)| rotations(values, JACOBI));
        found = by_rotations.filter(|found| guard.accepts(&found.values));
    }
    if found.is_none() && reduce::is_bidiagonal_in_two_stages::<T::Wide>(columns) {
        found = in_two_stages::<f64, T>(a, checked);
    }
    if found.is_none() && needs_qr_first(rows, columns) {
        found = bidiagonal(&mut triangle_of(a, e), cut).map(|found| named(found, QR_BIDIAGONAL));
    }
    if found.is_none() {
        found = bidiagonal(&mut scaled_without_specks(a, e), cut).map(|found| named(found, BIDIAGONAL));
    }
    if found.is_none() && cut != Cut::Whole {
        found = bidiagonal(&mut scaled_without_specks(a, e), Cut::Whole).map(|found| named(found, [WHOLE; 2]));
    }
    found.or_else(|| {
        jacobi_parts::<T::Wide>(&scaled_without_specks(a, e)).map(|(_, values, _)| rotations(values, JACOBI))
    })
}

/// The singular value decomposition A = U·diag(σ)·Vᴴ, computed in double precision.
///
/// The engine's divide and conquer, with the ladder: as it is, of the adjoint, on one thread, one-sided Jacobi. About 6·m·n² + 16·n³ flops for m ≥ n and thin vectors.
/// Fails when an entry is not finite, and when nothing converges.
pub fn svd<T: Scalar>(a: MatrixRef<'_, T>, shape: Shape) -> Result<SvdParts<T::Wide>, Error> {
    let checked = check(a)?;
    let mut found = scaled_svd(a, shape, checked.as_ref())?;
    unscale(&mut found.values.values, checked.map_or(0, |checked| checked.e));
    Ok(found)
}

/// The same with the values of A·2⁻ᵉ, which neither overflow nor underflow.
pub(crate) fn scaled_svd<T: Scalar>(
    a: MatrixRef<'_, T>,
    shape: Shape,
    checked: Option<&Checked>,
) -> Result<SvdParts<T::Wide>, Error> {
    let (rows, columns) = (a.rows(), a.columns());
    let full = shape == Shape::Full;
    let Some(Checked { e, guard }) = checked else { return Ok(svd_of_zero(rows, columns, full)) };
    let e = *e;
    let work: Matrix<T::Wide> = scaled_without_specks(a, e);
    let cut = cut::for_shape(rows, columns);
    let engine = |a: &Matrix<T::Wide>, cut| {
        T::Wide::svd(a.as_slice(), (a.rows(), a.columns()), full, cut)
            .ok()
            .filter(|(_, values, _)| guard.accepts(values))
    };
    let direct = |cut, algorithm| engine(&work, cut).map(|(u, s, v)| parts(rows, columns, u, s, v, algorithm));
    let adjoint = || {
        // A = UΣVᴴ ⇔ Aᴴ = VΣUᴴ.
        engine(&work.adjoint(), cut).map(|(v, s, u)| parts(rows, columns, u, s, v, TRANSPOSED))
    };
    let jacobi = || {
        // A full basis from Jacobi's thin one would need a completion; the ladder ends before.
        let (u, values, v) = if full && rows != columns { None } else { jacobi_parts(&work) }?;
        Some(SvdParts { values: rotations(values, JACOBI), vectors: Vectors { u, v } })
    };
    let graded = if is_strongly_graded(a, e) { jacobi() } else { None };
    graded
        .or_else(|| direct(cut, DIVIDE))
        .or_else(adjoint)
        .or_else(|| direct(Cut::Whole, WHOLE))
        .or_else(jacobi)
        .ok_or_else(|| Error::no_convergence(rows, columns))
}

fn parts<W: Scalar>(
    m: usize,
    n: usize,
    u: Vec<W>,
    values: Vec<f64>,
    v: Vec<W>,
    algorithm: &'static str,
) -> SvdParts<W> {
    let matrix = |rows: usize, entries: Vec<W>| {
        let columns = entries.len().checked_div(rows).unwrap_or(0);
        Matrix::owning(rows, columns, entries)
    };
    SvdParts { values: rotations(values, algorithm), vectors: Vectors { u: matrix(m, u), v: matrix(n, v) } }
}

fn svd_of_zero<W: Scalar>(rows: usize, columns: usize, full: bool) -> SvdParts<W> {
    let size = rows.min(columns);
    let unit = |rows: usize| {
        let columns = if full { rows } else { size };
        Matrix::from_fn(rows, columns, |i, j| W::from_parts(f64::from(i == j), 0.0))
    };
    SvdParts { values: nothing(size), vectors: Vectors { u: unit(rows), v: unit(columns) } }
}

fn rotations(values: Vec<f64>, algorithm: &'static str) -> Values {
    Values { values, algorithm, accuracy: Accuracy::Rotations }
}

/// The values of the zero matrix.
fn nothing(count: usize) -> Values {
    Values { values: vec![0.0; count], algorithm: NOTHING, accuracy: Accuracy::Pair }
}

/// Jacobi on whichever side has more rows.
fn jacobi_parts<W: Scalar<Wide = W>>(a: &Matrix<W>) -> Option<(Matrix<W>, Vec<f64>, Matrix<W>)> {
    if a.rows() >= a.columns() {
        return jacobi_svd(a);
    }
    jacobi_svd(&a.adjoint()).map(|(v, values, u)| (u, values, v))
}

/// Rotations of a matrix with this m·n² or more take too long to be tried before the engine.
const ROTATED: usize = 1 << 28;

/// Whether entries differ so much in size that the engine's reflections, measured on rows graded over 1e200, lose thousands of ε, and the
/// matrix is small enough for rotations, which lose a few.
pub(crate) fn is_strongly_graded<T: Scalar>(a: MatrixRef<'_, T>, e: i32) -> bool {
    let (m, n) = (a.rows(), a.columns());
    let least = scale_by_power(1.0, (e - 200).max(-1074));
    let is_tiny = |x: T| {
        let size = x.re().abs().max(x.im().abs());
        size > 0.0 && size < least
    };
    let a = if a.is_row_major() { a } else { a.transpose() };
    let is_any_tiny = |i: usize| match a.contiguous_row(i) {
        Some(row) => row.iter().any(|&x| is_tiny(x)),
        None => (0..a.columns()).any(|j| is_tiny(a.get(i, j))),
    };
    m.saturating_mul(n).saturating_mul(m.min(n)) < ROTATED && (0..a.rows()).any(is_any_tiny)
}

pub(crate) fn unscale(values: &mut [f64], e: i32) {
    values.iter_mut().for_each(|s| *s = scale_by_power(*s, e));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::multiply;

    #[test]
    fn rows_of_very_different_sizes_keep_their_digits() {
        let mut seed = 5u64;
        let mut draw = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) as f64 / 2f64.powi(31)
        };
        let sizes: Vec<f64> = (0..300).map(|_| 1e-200f64.powf(draw())).collect();
        let a = Matrix::from_fn(300, 40, |i, _| sizes[i] * (draw() - 0.5));
        let f = svd(a.as_ref(), Shape::Thin).unwrap();
        let scaled = Matrix::from_fn(300, 40, |i, j| f.vectors.u[(i, j)] * f.values.values[j]);
        let back = multiply(scaled.as_ref(), f.vectors.v.adjoint().as_ref()).unwrap();
        let off = back.as_slice().iter().zip(a.as_slice()).map(|(x, y)| (x - y).abs()).fold(0.0, f64::max);
        assert!(off <= 100.0 * f64::EPSILON * f.values.values[0], "{:e}", off / f.values.values[0]);
        let quick = singular_values_in(a.as_ref(), Precision::Double).unwrap().values;
        for (x, y) in quick.iter().zip(&f.values.values) {
            assert!((x - y).abs() <= 100.0 * f64::EPSILON * quick[0], "{x:e} beside {y:e}");
        }
    }
}
