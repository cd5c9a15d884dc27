use kappa_dense::{Matrix, MatrixRef, Scalar, c64};

use super::Profile;
use crate::arithmetic::check_environment;
use crate::certificate::largest_eigenvalue_up;
use crate::enclosure::directed::max_or_nan;
use crate::enclosure::directed::{
    SMALLEST, add_down, add_up, div_down, div_up, gamma_up, mul_down, mul_up, norm_down, norm_up, sqrt_down, sum_up,
};
use crate::error::{Error, Result};
use crate::krylov::{Lanczos, Stop, largest_eigenvalue};
use crate::norm::times_vector;
use crate::norm::{modulus_enclosure, vector_norm};
use crate::operator::{AnyOperator, Entries, LinearOperator, RealOrComplex, wide};
use crate::{Enclosure, Evidence};

/// The numerical radius w(A) = max |xᴴAx| over unit vectors x: the distance from 0 to the farthest point of the
/// numerical range. Always certified.
///
/// A is square; the value lies between ‖A‖₂/2 and ‖A‖₂, in the units of the entries. For each direction d the largest
/// eigenvalue of (d̄A + dAᴴ)/2 gives a supporting line of the numerical range; the polygon of these lines bounds the
/// radius from above, and the eigenvectors bound it from below. The directions are refined where the polygon reaches
/// furthest, to a relative width of about 1e-8, or 1e-4 where the numerical range is a disc. 30 to 160 certified
/// eigenvalues of order 2n (n where A is real and symmetric), about 16·n³ flops each.
///
/// # Errors
///
/// When the matrix is not square, when an entry is not finite, and when the floating-point environment violates the
/// assumptions of the proofs.
///
/// # Examples
///
/// ```
/// # use kappa::{Matrix, numerical_radius};
/// // Of the Jordan block of order n it is cos(π/(n + 1)).
/// let jordan = Matrix::from_fn(3, 3, |i, j| f64::from(j == i + 1));
/// assert!(numerical_radius(&jordan)?.contains(0.5f64.sqrt()));
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// Reference: Johnson, SINUM 15 (1978) 595–602.
pub fn numerical_radius<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized)) -> Result<Enclosure> {
    numerical_radius_of(Entries::of(a)?.view())
}

/// The logarithmic norm μ(A) = lim (‖I + hA‖ − 1)/h for h → 0+ in the p-norm of vectors, p = 1, 2 or ∞. Always
/// certified.
///
/// ‖exp(tA)‖ ≤ exp(t·μ(A)) for t ≥ 0: the certified rate at which solutions of x′ = Ax grow, or contract where it is
/// negative. μ₁ = max_j (Re aⱼⱼ + Σ_{i≠j}|aᵢⱼ|), μ_∞ the same by rows, μ₂ the largest eigenvalue of (A + Aᴴ)/2.
///
/// # Errors
///
/// When p is not 1, 2 or ∞, when the matrix is empty or not square, when an entry is not finite, and when the
/// floating-point environment violates the assumptions of the proofs.
///
/// # Examples
///
/// ```
/// # use kappa::ask::log_norm;
/// # use kappa::Matrix;
/// let a = Matrix::from_row_major(2, 2, vec![-3.0, 1.0, 2.0, -4.0])?;
/// assert!(log_norm(&a, 1.0)?.contains(-1.0) && log_norm(&a, f64::INFINITY)?.contains(-2.0));
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// Reference: Söderlind, BIT 46 (2006) 631–652.
pub fn log_norm<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized), p: f64) -> Result<Enclosure> {
    log_norm_of(Entries::of(a)?.view(), p)
}

/// The largest modulus of a square matrix with finite entries; an error for any other matrix.
fn check_square<T: Scalar>(a: MatrixRef<'_, T>, what: &str) -> Result<f64> {
    check_environment()?;
    let profile = Profile::of_entries(a)?;
    let (m, n) = (a.rows(), a.columns());
    if m != n {
        return Err(
            Error::shape(format!("the {what} of a {m}×{n} matrix is not defined")).with_hint("give a square matrix")
        );
    }
    Ok(profile.max_abs_value())
}

/// A·2⁻ᵉ in double precision as a complex matrix, with its largest entry near 1.
struct Scaled {
    a: Matrix<c64>,
    /// 2ᵉ.
    unit: f64,
}

impl Scaled {
    fn new<T: Scalar>(a: MatrixRef<'_, T>, max: f64) -> Self {
        let e = if max == 0.0 { 0.0 } else { max.log2().floor().clamp(-900.0, 900.0) };
        let factor = 2f64.powi(-(e as i32));
        let entry = |i, j| c64::new(a.get(i, j).re() * factor, a.get(i, j).im() * factor);
        Self { a: Matrix::from_fn(a.rows(), a.columns(), entry), unit: 2f64.powi(e as i32) }
    }

    /// The error of scaling and halving in the 2-norm: less than 2⁻¹⁰⁷² in each entry.
    fn lost(&self) -> f64 {
        mul_up(self.a.rows() as f64, 4.0 * SMALLEST)
    }
}

/// The number of initial angles, and the maximum number of angles.
const START: usize = 12;
const MOST: usize = 160;
/// The relative width at which refinement stops.
const CLOSE: f64 = 1e-8;

pub(super) fn numerical_radius_of<T: Scalar>(a: MatrixRef<'_, T>) -> Result<Enclosure> {
    let max = check_square(a, "numerical radius")?;
    if max == 0.0 {
        return Ok(Enclosure::exact(0.0));
    }
    let scaled = Scaled::new(a, max);
    let (lost, unit) = (scaled.lost(), scaled.unit);
    let field = Field::new(scaled.a);
    // The numerical range of a real matrix is symmetric about the real axis: half of the directions suffice.
    let turn = if T::IS_COMPLEX { 2.0 } else { 1.0 } * std::f64::consts::PI;
    let angles: Vec<f64> = (0..=START).map(|k| turn * k as f64 / START as f64).collect();
    let mut points: Vec<Point> = angles.into_iter().map(|t| field.support(t)).collect();
    let mut lower = points.iter().map(|p| p.reached).fold(0.0, f64::max);
    loop {
        let (mut upper, mut widest) = (0.0f64, 0);
        for k in 0..points.len() - 1 {
            let bound = arc(&points[k], &points[k + 1]);
            if bound.is_nan() || bound > upper {
                (upper, widest) = (bound, k);
            }
        }
        if upper <= lower * (1.0 + CLOSE) || points.len() >= MOST {
            let (low, high) = (add_down(lower, -lost).max(0.0), add_up(upper, lost));
            let ends = Enclosure::new(low, lower, high, Evidence::Rounding);
            return Ok(ends.times_exactly(unit));
        }
        let middle = field.support(0.5 * (points[widest].angle + points[widest + 1].angle));
        lower = lower.max(middle.reached);
        points.insert(widest + 1, middle);
    }
}

/// The supporting line of the numerical range in one direction.
struct Point {
    angle: f64,
    /// max Re(d̄z) over the numerical range, from above, for the direction d of length about 1.
    support: f64,
    /// |xᴴAx|/xᴴx for the eigenvector, from below.
    reached: f64,
}

/// The farthest point from 0 between two lines: at most the larger support over the cosine of half the angle between
/// them.
fn arc(p: &Point, q: &Point) -> f64 {
    let ((s, c), (t, d)) = (p.angle.sin_cos(), q.angle.sin_cos());
    // The directions are rounded: lengths and the cosine are within 4ε.
    let cosine = c * d + s * t - 8.0 * f64::EPSILON;
    let half = sqrt_down(add_down(0.5, 0.5 * cosine).max(0.0));
    let support = max_or_nan(max_or_nan(p.support, q.support), 0.0);
    if half <= 0.0 { f64::INFINITY } else { div_up(mul_up(support, 1.0 + 16.0 * f64::EPSILON), half) }
}

struct Field {
    a: Matrix<c64>,
    frobenius: f64,
}

impl Field {
    fn new(a: Matrix<c64>) -> Self {
        let parts: Vec<f64> = a.as_slice().iter().flat_map(|x| [x.re, x.im]).collect();
        Self { frobenius: norm_up(&parts), a }
    }

    fn support(&self, angle: f64) -> Point {
        let n = self.a.rows();
        let d = c64::new(angle.cos(), angle.sin());
        let h = Matrix::from_fn(n, n, |i, j| (d.conj() * self.a[(i, j)] + d * self.a[(j, i)].conj()) * 0.5);
        let top = hermitian_top(&h);
        // Each entry of H is rounded a few times: ‖δH‖ ≤ γ₁₂·‖A‖_F, plus underflow.
        let small = mul_up(n as f64, 16.0 * SMALLEST);
        let support = add_up(top.upper, add_up(mul_up(gamma_up(12), self.frobenius), small));
        Point { angle, support, reached: self.reached(&top.vector) }
    }

    /// |xᴴAx|/xᴴx from below.
    fn reached(&self, x: &[c64]) -> f64 {
        let n = x.len();
        let (mut value, mut size) = (c64::default(), 0.0);
        for j in 0..n {
            for i in 0..n {
                let term = x[i].conj() * self.a[(i, j)] * x[j];
                value += term;
                size += term.re.abs() + term.im.abs();
            }
        }
        // Two products of complex numbers, whose parts may cancel, are bounded by the moduli: √2 each, four roundings.
        let error = mul_up(gamma_up(n * n + 16), mul_up(sum_up(size, n * n), 1.0));
        let moduli: Vec<f64> = x.iter().flat_map(|x| [x.re, x.im]).collect();
        let own = mul_up(gamma_up(32), mul_up(self.frobenius, mul_up(norm_up(&moduli), norm_up(&moduli))));
        let error = add_up(error, underflow(n));
        let lower = add_down(value.re.hypot(value.im) * (1.0 - 4.0 * f64::EPSILON), -add_up(error, own)).max(0.0);
        let length = norm_up(&moduli);
        div_down(lower, mul_up(length, length))
    }
}

/// The underflow error of n² products of three numbers near 1 or below.
fn underflow(n: usize) -> f64 {
    mul_up(mul_up(n as f64, n as f64), 32.0 * SMALLEST)
}

struct Top {
    /// An upper bound of λ₁.
    upper: f64,
    vector: Vec<c64>,
}

/// The largest eigenvalue of an exactly Hermitian matrix.
fn hermitian_top(h: &Matrix<c64>) -> Top {
    let n = h.rows();
    let apply = |x: &[c64]| times_vector(h, x);
    let ritz =
        largest_eigenvalue(n, &Lanczos { tolerance: 1e-15, steps: 300, ..Lanczos::default() }, Stop::Stalled, apply);
    let is_real = h.as_slice().iter().all(|x| x.im == 0.0);
    let order = if is_real { n } else { 2 * n };
    // The lower triangle of [[B, −C], [C, B]].
    let lower = Matrix::from_fn(order, order, |i, j| match (i >= n, j >= n) {
        _ if i < j => 0.0,
        (true, false) => h[(i - n, j)].im,
        (true, true) => h[(i - n, j - n)].re,
        _ => h[(i, j)].re,
    });
    Top { upper: largest_eigenvalue_up(lower, ritz.value, 0.0), vector: ritz.vector }
}

pub(super) fn log_norm_of<T: Scalar>(a: MatrixRef<'_, T>, p: f64) -> Result<Enclosure> {
    let max = check_square(a, "logarithmic norm")?;
    let n = a.rows();
    if n == 0 {
        return Err(Error::shape("an empty matrix has no logarithmic norm"));
    }
    if p == 2.0 {
        let scaled = Scaled::new(a, max);
        return Ok(signed(symmetric_part_top(&scaled), scaled.unit));
    }
    if p != 1.0 && p != f64::INFINITY {
        return Err(Error::unsupported(format!(
            "the logarithmic norm has a closed form for p = 1, 2 and ∞ only, got {p}"
        ))
        .with_hint("use p = 1, 2 or inf"));
    }
    let line = |j: usize| {
        let others = || (0..n).filter(move |&i| i != j).map(|i| if p == 1.0 { a.get(i, j) } else { a.get(j, i) });
        Enclosure::exact(a.get(j, j).re()).plus(vector_norm(1.0, others))
    };
    Ok((0..n).map(line).reduce(crate::norm::larger).unwrap_or(Enclosure::exact(0.0)))
}

/// Times a power of two, of either sign.
fn signed(x: Enclosure, unit: f64) -> Enclosure {
    let down = |x: f64| {
        if x == 0.0 {
            0.0
        } else {
            let y = x * unit;
            if y / unit == x { y } else { y.next_down() }
        }
    };
    let up = |x: f64| -down(-x);
    Enclosure::new(down(x.lower()), x.estimate() * unit, up(x.upper()), x.evidence())
}

/// The largest eigenvalue of (A + Aᴴ)/2.
fn symmetric_part_top(scaled: &Scaled) -> Enclosure {
    let a = &scaled.a;
    let n = a.rows();
    let h = Matrix::from_fn(n, n, |i, j| (a[(i, j)] + a[(j, i)].conj()) * 0.5);
    let top = hermitian_top(&h);
    let parts: Vec<f64> = a.as_slice().iter().flat_map(|x| [x.re, x.im]).collect();
    let error = add_up(mul_up(gamma_up(4), norm_up(&parts)), scaled.lost());
    // The Rayleigh quotient of the vector from below: shifted by ‖A‖_F so that it is positive.
    let mut value = 0.0;
    let mut size = 0.0;
    for j in 0..n {
        for i in 0..n {
            let term = (top.vector[i].conj() * h[(i, j)] * top.vector[j]).re;
            value += term;
            size += modulus_enclosure(h[(i, j)]).upper()
                * modulus_enclosure(top.vector[i]).upper()
                * modulus_enclosure(top.vector[j]).upper();
        }
    }
    let rounding = add_up(mul_up(gamma_up(n * n + 24), sum_up(size, n * n + 4)), underflow(n));
    let length: Vec<f64> = top.vector.iter().flat_map(|x| [x.re, x.im]).collect();
    // The vector has length 1 up to rounding: division by its squared length S changes the value by at most |1 − 1/S|
    // of it.
    let (short, long) = (norm_down(&length), norm_up(&length));
    let (least, most) = (mul_down(short, short), mul_up(long, long));
    let drift =
        mul_up(add_up(value.abs(), rounding), div_up(add_up(most, -1.0).abs().max(add_up(1.0, -least).abs()), least));
    let lower = add_down(add_down(value, -add_up(rounding, drift)), -error);
    Enclosure::new(lower, value, add_up(top.upper, error), Evidence::Rounding)
}

impl AnyOperator<'_> {
    /// [`numerical_radius`](crate::numerical_radius) of this operator.
    ///
    /// # Errors
    ///
    /// As [`numerical_radius`](crate::numerical_radius).
    pub fn numerical_radius(&self) -> Result<Enclosure> {
        wide!(self, a => self::numerical_radius(a)).map(RealOrComplex::into_inner)
    }

    /// [`log_norm`](crate::ask::log_norm) of this operator.
    ///
    /// # Errors
    ///
    /// As [`log_norm`](crate::ask::log_norm).
    pub fn log_norm(&self, p: f64) -> Result<Enclosure> {
        wide!(self, a => self::log_norm(a, p)).map(RealOrComplex::into_inner)
    }
}
