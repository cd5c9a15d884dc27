//! Vector norms as values: p-norms, weighted p-norms, and the norm of a positive definite matrix.

use kappa_dense::{Matrix, Scalar};

use super::gauge::{Gauge, conjugate_bounds, norm_bounds};
use super::vector::{largest_part, modulus_ends};
use super::{conjugate, has_exact_conjugate, mixed, modulus, modulus_enclosure, vector_norm, with_modulus};
use crate::arithmetic::{dot, environment::evidence, power::Exponent};
use crate::enclosure::directed::{add_down, add_up, div_up, mul_down, mul_up, norm_up, times_power};
use crate::enclosure::{exponent_of, times_power_of_two};
use crate::error::{Error, Result};
use crate::{Enclosure, Evidence};

/// A norm of vectors of length n.
///
/// # Examples
///
/// ```
/// use kappa::VectorNorm;
/// assert!(VectorNorm::p(2.0)?.of(&[3.0, 4.0])?.contains(5.0));
/// assert_eq!(VectorNorm::p(0.0)?.of(&[3.0, 0.0, 4.0])?.estimate(), 2.0);
/// // For p < 1 it is a quasi-norm.
/// assert!(!VectorNorm::p(0.5)?.is_norm());
/// // Weights multiply |x|.
/// let w = VectorNorm::weighted(1.0, vec![1.0, 2.0])?;
/// assert_eq!(w.of(&[-1.0, -3.0])?.estimate(), 7.0);
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// Reference: Golub and Van Loan, *Matrix Computations*, 4th ed., section 2.2.
#[derive(Clone, Debug, PartialEq)]
pub struct VectorNorm(Kind);

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    /// (Σ|xᵢ|ᵖ)^(1/p); a quasi-norm for p < 1, the number of nonzero entries for p = 0.
    Power(f64),
    /// The dual of the p-norm when the conjugate exponent is not a double.
    DualPower(f64),
    /// (Σ wᵢ|xᵢ|ᵖ)^(1/p), or max wᵢ|xᵢ| for p = ∞.
    Weighted(f64, Vec<f64>),
    /// The dual of `Weighted`.
    DualWeighted(f64, Vec<f64>),
    /// √(xᵀMx), or √(xᵀM⁻¹x).
    Mahalanobis { m: Matrix<f64>, factor: Matrix<f64>, least: f64, is_inverse: bool },
}

/// The best constant between two vector norms, with a vector that attains it.
#[derive(Clone, Debug, PartialEq)]
pub struct Equivalence {
    /// The largest ratio ‖x‖/‖x‖′.
    pub value: Enclosure,
    /// A vector with this ratio.
    pub attained_by: Vec<f64>,
}

/// The maximum length of a vector that attains a constant: 128 MB.
const LONGEST: usize = 1 << 24;

impl VectorNorm {
    /// The p-norm (Σ|xᵢ|ᵖ)^(1/p) for 1 ≤ p ≤ ∞, the quasi-norm for 0 < p < 1, the number of nonzero entries for p = 0.
    ///
    /// # Errors
    ///
    /// When p < 0 or p is NaN.
    pub fn p(p: f64) -> Result<Self> {
        if p >= 0.0 {
            return Ok(Self(Kind::Power(p)));
        }
        Err(Error::syntax(format!("the exponent of a p-norm must be ≥ 0, got {p}")).with_hint("`inf` is allowed"))
    }

    /// The weighted norm (Σ wᵢ|xᵢ|ᵖ)^(1/p) for weights wᵢ > 0 and 1 ≤ p ≤ ∞; max wᵢ|xᵢ| for p = ∞.
    ///
    /// # Errors
    ///
    /// When p < 1 or p is NaN; when a weight is not finite and > 0.
    pub fn weighted(p: f64, weights: Vec<f64>) -> Result<Self> {
        if p < 1.0 || p.is_nan() {
            return Err(Error::syntax(format!("the exponent of a weighted norm must be ≥ 1, got {p}")));
        }
        if let Some(k) = weights.iter().position(|&w| !(w > 0.0 && w.is_finite())) {
            return Err(Error::syntax(format!("weight {k} must be finite and > 0, got {}", weights[k]))
                .with_hint("weights count from 0; leave out entries whose weight is 0"));
        }
        Ok(Self(Kind::Weighted(p, weights)))
    }

    /// The norm √(xᵀMx) of a symmetric positive definite M, with its Cholesky factor and a positive lower bound of its
    /// smallest eigenvalue. The caller has proved that M is positive definite.
    pub(crate) fn from_definite(m: Matrix<f64>, factor: Matrix<f64>, least: f64) -> Self {
        Self(Kind::Mahalanobis { m, factor, least, is_inverse: false })
    }

    /// Whether it is a norm. For p < 1 it is not: the triangle inequality fails.
    pub fn is_norm(&self) -> bool {
        !matches!(self.0, Kind::Power(p) if p < 1.0)
    }

    /// The norm of x. Every rounding error is counted.
    ///
    /// # Errors
    ///
    /// When an entry is not finite, or the length of x is not that of the weights or of M.
    pub fn of<T: Scalar>(&self, x: &[T]) -> Result<Enclosure> {
        Error::check_vector(x)?;
        Ok(self.enclose(x)?.with_evidence(evidence(false)))
    }

    fn enclose<T: Scalar>(&self, x: &[T]) -> Result<Enclosure> {
        match &self.0 {
            Kind::Power(0.0) => Ok(Enclosure::exact(x.iter().filter(|&&x| x != T::default()).count() as f64)),
            Kind::Power(p) if *p < 1.0 => Ok(quasi(*p, x)),
            Kind::Power(p) => Ok(vector_norm(*p, || x.iter().copied())),
            Kind::DualPower(p) => Ok(conjugate_norm(*p, x)),
            Kind::Weighted(p, weights) => {
                fits(x.len(), weights.len())?;
                Ok(weighted(*p, weights, x, false))
            }
            Kind::DualWeighted(p, weights) => {
                fits(x.len(), weights.len())?;
                Ok(weighted(*p, weights, x, true))
            }
            Kind::Mahalanobis { m, factor, least, is_inverse } => {
                fits(x.len(), m.rows())?;
                let parts = |part: fn(&T) -> f64| x.iter().map(part).collect::<Vec<f64>>();
                let form = |x: &[f64]| if *is_inverse { inverse_form(m, factor, *least, x) } else { form(m, x) };
                let (re, im) = (form(&parts(|x| x.re()))?, form(&parts(|x| x.im()))?);
                let square = re.plus(im);
                Ok(Enclosure::new(
                    square.lower().max(0.0),
                    square.estimate().max(0.0),
                    square.upper(),
                    Evidence::Rounding,
                )
                .sqrt())
            }
        }
    }

    /// The dual norm max |⟨x, y⟩| over ‖y‖ ≤ 1.
    ///
    /// # Errors
    ///
    /// When this is a quasi-norm (p < 1), which its dual norm does not determine.
    pub fn dual(&self) -> Result<Self> {
        Ok(Self(match &self.0 {
            Kind::Power(p) if *p < 1.0 => {
                return Err(
                    Error::unsupported(format!("the quasi-norm with p = {p} has no dual norm")).with_hint("use p ≥ 1")
                );
            }
            Kind::Power(p) if has_exact_conjugate(*p) => Kind::Power(conjugate(*p)),
            Kind::Power(p) => Kind::DualPower(*p),
            Kind::DualPower(p) => Kind::Power(*p),
            Kind::Weighted(p, weights) => Kind::DualWeighted(*p, weights.clone()),
            Kind::DualWeighted(p, weights) => Kind::Weighted(*p, weights.clone()),
            Kind::Mahalanobis { m, factor, least, is_inverse } => {
                Kind::Mahalanobis { m: m.clone(), factor: factor.clone(), least: *least, is_inverse: !is_inverse }
            }
        }))
    }

    /// A dual vector: a y of dual norm 1 with ⟨y, x⟩ = ‖x‖, in double precision without bounds; y = 0 for x = 0.
    ///
    /// It is a subgradient of the norm at x, and a maximiser of ⟨·, x⟩ over the unit ball of the dual norm.
    ///
    /// # Errors
    ///
    /// When this is a quasi-norm (p < 1), when an entry is not finite, or when the length of x is not that of the
    /// weights or of M.
    pub fn dual_vector<T: Scalar>(&self, x: &[T]) -> Result<Vec<T::Wide>> {
        self.dual()?;
        Error::check_vector(x)?;
        // The dual vector does not depend on the size of x, whose powers may overflow or underflow.
        let e = exponent_of(super::largest_part(x.iter().copied()));
        let wide: Vec<T::Wide> = x.iter().map(|x| times_power_of_two(x.widen(), -e)).collect();
        let x = wide.as_slice();
        let put_back = |sizes: Vec<f64>| wide.iter().zip(sizes).map(|(&x, size)| with_modulus(x, size)).collect();
        let moduli = || x.iter().map(|&x| modulus(x)).collect::<Vec<f64>>();
        match &self.0 {
            Kind::Power(p) => Ok(put_back(mixed::dual_vector(Gauge::lp(*p), &moduli()))),
            Kind::DualPower(p) => Ok(put_back(mixed::dual_vector(Gauge::lp(conjugate(*p)), &moduli()))),
            Kind::Weighted(p, weights) | Kind::DualWeighted(p, weights) => {
                fits(x.len(), weights.len())?;
                // ‖x‖ = ‖s∘x‖ₚ with scales s, so that y = s∘z for the dual vector z of s∘x in the p-norm.
                let is_dual = matches!(self.0, Kind::DualWeighted(..));
                let scale = |w: &f64| {
                    let s = if *p == f64::INFINITY { *w } else { w.powf(1.0 / p) };
                    if is_dual { 1.0 / s } else { s }
                };
                let scales: Vec<f64> = weights.iter().map(scale).collect();
                let scaled: Vec<f64> = moduli().iter().zip(&scales).map(|(x, s)| x * s).collect();
                let p = if is_dual { conjugate(*p) } else { *p };
                let y = mixed::dual_vector(Gauge::lp(p), &scaled);
                Ok(put_back(y.iter().zip(&scales).map(|(y, s)| y * s).collect()))
            }
            Kind::Mahalanobis { m, factor, is_inverse, .. } => {
                fits(x.len(), m.rows())?;
                let size = self.of(x)?.estimate();
                let image = |part: Vec<f64>| if *is_inverse { solve(factor, &part) } else { times(m, &part) };
                let (re, im) = (image(x.iter().map(|x| x.re()).collect()), image(x.iter().map(|x| x.im()).collect()));
                let scale = if size > 0.0 { 1.0 / size } else { 0.0 };
                Ok(re.iter().zip(im).map(|(re, im)| T::Wide::from_parts(re * scale, im * scale)).collect())
            }
        }
    }

    /// The largest ratio ‖x‖ₚ/‖x‖_q over vectors x of length n, and a vector that attains it, for unweighted p, q > 0.
    ///
    /// p is the exponent of this norm, q that of `other`. For p < q the constant is n^(1/p − 1/q), attained by the
    /// vector of ones; for p ≥ q it is 1, attained by a unit vector. Every rounding error is counted.
    ///
    /// # Errors
    ///
    /// When a norm is not an unweighted p-norm with p > 0, when n = 0, or when n > 2²⁴.
    ///
    /// # Examples
    ///
    /// ```
    /// # use kappa::VectorNorm;
    /// let c = VectorNorm::p(1.0)?.constant(&VectorNorm::p(2.0)?, 9)?;
    /// assert!(c.value.contains(3.0) && c.attained_by == [1.0; 9]);
    /// # Ok::<(), kappa::Error>(())
    /// ```
    pub fn constant(&self, other: &Self, n: usize) -> Result<Equivalence> {
        if n > LONGEST {
            return Err(Error::limit(format!(
                "a vector with {n} entries that attains the constant is too long to store (limit {LONGEST} entries)"
            ))
            .with_hint("use the formula: n^(1/p − 1/q) for p < q, otherwise 1"));
        }
        let (Kind::Power(p), Kind::Power(q)) = (&self.0, &other.0) else {
            return Err(Error::unsupported("the constant between two vector norms needs unweighted p-norms"));
        };
        if n == 0 || *p == 0.0 || *q == 0.0 {
            return Err(Error::unsupported(
                "the constant between two p-norms needs p, q > 0 and vectors of length ≥ 1",
            ));
        }
        if p >= q {
            let attained_by = (0..n).map(|i| f64::from(i == 0)).collect();
            return Ok(Equivalence { value: Enclosure::exact(1.0), attained_by });
        }
        // The exponent 1/p − 1/q = (q − p)/(pq) without rounding; 1/p for q = ∞.
        let value = if *q == f64::INFINITY {
            crate::arithmetic::root(n as f64, *p)
        } else {
            let (lower, upper) = Exponent::harmonic(*q, *p).inverse().of_base(n as f64);
            Enclosure::new(lower, 0.5 * (lower + upper), upper, Evidence::Rounding)
        };
        Ok(Equivalence { value, attained_by: vec![1.0; n] })
    }
}

pub(super) fn fits(found: usize, expected: usize) -> Result<()> {
    if found == expected {
        return Ok(());
    }
    Err(Error::shape(format!("the length of the vector must be {expected}, got {found}")))
}

/// (Σ|xᵢ|ᵖ)^(1/p) for 0 < p < 1.
fn quasi<T: Scalar>(p: f64, x: &[T]) -> Enclosure {
    by_moduli(x, |x| norm_bounds(Exponent::of(p), x))
}

/// The q-norm of x, where q is exactly conjugate to p.
fn conjugate_norm<T: Scalar>(p: f64, x: &[T]) -> Enclosure {
    by_moduli(x, |x| conjugate_bounds(p, x))
}

/// The enclosure of a homogeneous function of the sorted moduli that is nondecreasing in each.
fn by_moduli<T: Scalar>(x: &[T], bounds: impl Fn(&[f64]) -> (f64, f64)) -> Enclosure {
    let part = largest_part(x.iter().copied());
    let e = if part == 0.0 { 0 } else { part.log2().floor() as i32 };
    let (mut lower, mut upper): (Vec<f64>, Vec<f64>) = x.iter().map(|&x| modulus_ends(x, e)).unzip();
    lower.sort_by(|x, y| y.total_cmp(x));
    upper.sort_by(|x, y| y.total_cmp(x));
    let (lower, upper) = (times_power(bounds(&lower).0, e).0, times_power(bounds(&upper).1, e).1);
    Enclosure::new(lower, 0.5 * lower + 0.5 * upper.min(f64::MAX), upper, Evidence::Rounding)
}

/// ‖s∘x‖ₚ with sᵢ = wᵢ^(1/p), or ‖x/s‖_q for the dual norm.
fn weighted<T: Scalar>(p: f64, weights: &[f64], x: &[T], is_dual: bool) -> Enclosure {
    let term = |(x, &w): (&T, &f64)| {
        let scale = if p == f64::INFINITY { Enclosure::exact(w) } else { crate::arithmetic::root(w, p) };
        let size = modulus_enclosure(*x);
        if is_dual { size.over(scale) } else { size.times(scale) }
    };
    let terms: Vec<Enclosure> = x.iter().zip(weights).map(term).collect();
    let sorted = |end: fn(&Enclosure) -> f64| {
        let mut ends: Vec<f64> = terms.iter().map(end).collect();
        ends.sort_by(|x, y| y.total_cmp(x));
        ends
    };
    let bounds = |x: &[f64]| if is_dual { conjugate_bounds(p, x) } else { Gauge::lp(p).bounds(x) };
    let (lower, upper) = (bounds(&sorted(Enclosure::lower)).0, bounds(&sorted(Enclosure::upper)).1);
    let middle = bounds(&sorted(Enclosure::estimate));
    Enclosure::new(lower, 0.5 * middle.0 + 0.5 * middle.1.min(f64::MAX), upper, Evidence::Rounding)
}

/// xᵀMx, with every rounding error counted.
fn form(m: &Matrix<f64>, x: &[f64]) -> Result<Enclosure> {
    let mut total = Enclosure::exact(0.0);
    for (j, &xj) in x.iter().enumerate() {
        let column = dot(m.column(j), x)?.value;
        let ends = [mul_down(column.lower(), xj), mul_down(column.upper(), xj)];
        let tops = [mul_up(column.lower(), xj), mul_up(column.upper(), xj)];
        let term =
            Enclosure::new(ends[0].min(ends[1]), column.estimate() * xj, tops[0].max(tops[1]), Evidence::Rounding);
        total = total.plus(term);
    }
    Ok(total)
}

/// xᵀM⁻¹x, with every rounding error counted.
///
/// With z ≈ M⁻¹x and r = x − Mz it is 2zᵀx − zᵀMz + rᵀM⁻¹r, and the last term lies between 0 and ‖r‖²/λₘᵢₙ.
fn inverse_form(m: &Matrix<f64>, factor: &Matrix<f64>, least: f64, x: &[f64]) -> Result<Enclosure> {
    let z = solve(factor, x);
    let along = dot(&z, x)?.value;
    let own = form(m, &z)?;
    let mut residual = Vec::with_capacity(x.len());
    for (i, &xi) in x.iter().enumerate() {
        let image = dot(m.column(i), &z)?.value;
        residual.push(add_up(xi, -image.lower()).abs().max(add_down(xi, -image.upper()).abs()));
    }
    let size = norm_up(&residual);
    let rest = div_up(mul_up(size, size), least);
    Ok(Enclosure::new(
        add_down(add_down(along.lower(), along.lower()), -own.upper()),
        2.0 * along.estimate() - own.estimate(),
        add_up(add_up(add_up(along.upper(), along.upper()), -own.lower()), rest),
        Evidence::Rounding,
    ))
}

fn times(m: &Matrix<f64>, x: &[f64]) -> Vec<f64> {
    (0..m.rows()).map(|i| m.column(i).iter().zip(x).map(|(m, x)| m * x).sum()).collect()
}

/// The solution z of L·Lᵀ·z = x.
fn solve(l: &Matrix<f64>, x: &[f64]) -> Vec<f64> {
    let n = l.rows();
    let mut z = x.to_vec();
    for j in 0..n {
        z[j] /= l[(j, j)];
        for i in j + 1..n {
            z[i] -= l[(i, j)] * z[j];
        }
    }
    for j in (0..n).rev() {
        for i in j + 1..n {
            z[j] -= l[(i, j)] * z[i];
        }
        z[j] /= l[(j, j)];
    }
    z
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arithmetic::power;
    use crate::norm::holder;

    #[test]
    fn dual_vectors_attain_the_dual_norm() {
        let x = [3.0, -1.0, 0.5, 2.0];
        let m = Matrix::from_fn(4, 4, |i, j| if i == j { 4.0 + i as f64 } else { 1.0 });
        let weights = vec![1.0, 2.0, 0.25, 3.0];
        let mut norms = vec![VectorNorm::mahalanobis(m).unwrap()];
        for p in [1.0, 1.5, 2.0, 3.0, f64::INFINITY] {
            norms.push(VectorNorm::p(p).unwrap());
            norms.push(VectorNorm::weighted(p, weights.clone()).unwrap());
        }
        norms.extend(norms.clone().iter().map(|n| n.dual().unwrap()));
        for norm in norms {
            let y = norm.dual_vector(&x).unwrap();
            let (size, dual) = (norm.of(&x).unwrap(), norm.dual().unwrap().of(&y).unwrap());
            let along: f64 = x.iter().zip(&y).map(|(x, y)| x * y).sum();
            assert!((along / size.estimate() - 1.0).abs() < 1e-12, "{norm:?}: {along} against {size:?}");
            assert!((dual.estimate() - 1.0).abs() < 1e-12, "{norm:?}: {dual:?}");
            assert!(size.width() <= 1e-13 * size.upper(), "{norm:?}: {size:?}");
            // Hölder holds with equality at the dual vector.
            assert!(holder(&x, &y, &norm).unwrap().slack.upper() < 1e-12);
        }
    }

    #[test]
    fn the_quasi_norm_breaks_the_triangle_inequality_and_says_so() {
        let half = VectorNorm::p(0.5).unwrap();
        let (x, y, sum) = (half.of(&[1.0, 0.0]).unwrap(), half.of(&[0.0, 1.0]).unwrap(), half.of(&[1.0, 1.0]).unwrap());
        assert!(sum.lower() > x.plus(y).upper() && sum.contains(4.0) && !half.is_norm());
        assert!(half.dual().unwrap_err().is_unsupported());
    }

    #[test]
    fn moduli_are_taken_in_weighted_norms_of_odd_powers() {
        // Σ w·x³ without moduli would be 0 (trap V1).
        let norm = VectorNorm::weighted(3.0, vec![1.0, 1.0]).unwrap();
        assert!(norm.of(&[1.0, -1.0]).unwrap().contains(power(2.0, 1.0 / 3.0).estimate()));
    }

    #[test]
    fn equivalence_constants_are_attained_and_never_exceeded() {
        let x = [1.0, -2.0, 0.3, 5.0, 0.0];
        for (p, q) in [(1.0, 2.0), (2.0, 1.0), (1.5, f64::INFINITY), (3.0, 3.0), (0.5, 2.0)] {
            let (a, b) = (VectorNorm::p(p).unwrap(), VectorNorm::p(q).unwrap());
            let c = a.constant(&b, 5).unwrap();
            let at = a.of(&c.attained_by).unwrap().over(b.of(&c.attained_by).unwrap());
            assert!(at.lower() <= c.value.upper() && c.value.lower() <= at.upper(), "{p} {q}: {c:?} {at:?}");
            assert!(a.of(&x).unwrap().over(b.of(&x).unwrap()).lower() <= c.value.upper());
        }
    }

    #[test]
    fn wrong_arguments_are_errors() {
        assert!(VectorNorm::p(-1.0).unwrap_err().is_syntax());
        assert!(VectorNorm::weighted(2.0, vec![1.0, 0.0]).unwrap_err().is_syntax());
        assert!(VectorNorm::p(2.0).unwrap().of(&[f64::NAN]).unwrap_err().is_not_finite());
        assert!(VectorNorm::weighted(2.0, vec![1.0]).unwrap().of(&[1.0, 2.0]).unwrap_err().is_shape());
        let skew = Matrix::from_row_major(2, 2, vec![1.0, 0.5, 0.0, 1.0]).unwrap();
        assert!(VectorNorm::mahalanobis(skew).unwrap_err().hint().is_some());
    }
}
