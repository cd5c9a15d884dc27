//! ‖A‖₂ enclosed with every rounding error counted.
//!
//! From below by a vector: ‖Ax‖/‖x‖ for any x. From above by one of five certificates; the plan takes the first that is
//! narrow enough, cheapest first.

use kappa_dense::{Counted, Matrix, MatrixRef, Normal, Real, Scalar, counted_gram};

use super::semidefinite::largest_eigenvalue_up;
use crate::enclosure::directed::max_or_nan;
use crate::enclosure::directed::{
    SMALLEST, add_down, add_up, div_down, div_up, gamma_up, mul_up, norm_down, norm_up, sqrt_up, sum_up, times_power,
};
use crate::krylov::{Lanczos, Stop, largest_eigenvalue};
use crate::norm::{EntryNorms, Sums};
use crate::{Enclosure, Evidence};

/// The parameters of a certificate of ‖A‖₂: passed last, and usually left at their default.
///
/// ```
/// use kappa::Matrix;
/// use kappa::certificate::{SpectralCertificate, SpectralMethod};
/// let a = Matrix::from_fn(40, 30, |i, j| ((i * 7 + j * 3) % 11) as f64 - 5.0);
/// let (tight, _) = SpectralCertificate::default().norm(&a)?;
/// let by_gram = SpectralCertificate { method: Some(SpectralMethod::GramIteration), ..Default::default() };
/// let (other, _) = by_gram.norm(&a)?;
/// assert!(tight.lower() <= other.upper() && other.lower() <= tight.upper());
/// assert_eq!(tight.evidence().to_string(), "rounding");
/// # Ok::<(), kappa::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SpectralCertificate {
    /// The sufficient relative width; 0 requests the width of the last certificate.
    pub width: f64,
    /// The only certificate to use; `None` lets the plan choose.
    pub method: Option<SpectralMethod>,
}

/// The source of an upper bound of ‖A‖₂, cheapest first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SpectralMethod {
    /// min(‖A‖_F, √(‖A‖₁‖A‖_∞)): m·n.
    Entries,
    /// The Schur test with weights on |A| (Collatz and Wielandt): about 10·m·n; exact for non-negative matrices.
    Weights,
    /// τI − AᵀA is positive definite, by a Cholesky factor and its residual: m·n² + ⅔n³ flops.
    Cholesky,
    /// ‖A‖² = ‖AᵀA‖, iterated, with the rounding errors carried back: m·n² + 12·n³ flops. Needs no initial guess.
    GramIteration,
    /// Weyl's inequality with the residual of a singular value decomposition: the decomposition and 3·m·n² flops.
    SvdResidual,
}

impl SpectralMethod {
    /// The name that `--explain` prints.
    pub fn name(self) -> &'static str {
        match self {
            Self::Entries => "sums of the entries",
            Self::Weights => "Schur test with weights on |A|",
            Self::Cholesky => "Cholesky test of τI − AᵀA",
            Self::GramIteration => "Gram iteration",
            Self::SvdResidual => "residual of a singular value decomposition",
        }
    }
}

/// Steps of the Gram iteration: the excess without rounding is at most rank^(2⁻¹³) − 1, below 0.2 %.
const GRAM_STEPS: usize = 12;
/// The relative width below which the Cholesky test cannot improve a bound by weights.
const AS_GOOD_AS_IT_GETS: f64 = 1e-12;

/// The bounds of ‖A‖₂ for a real matrix, with the method that gave the upper one.
pub(crate) fn spectral_bounds<P: Real>(
    a: MatrixRef<'_, P>,
    entries: &EntryNorms,
    how: &SpectralCertificate,
) -> (Enclosure, SpectralMethod) {
    let target = Target::new(a, entries);
    let found = target.enclose(how);
    (target.unscaled(found.0), found.1)
}

/// A·2⁻ᵉ with its largest entry near 1, and its norms from one pass over the entries.
struct Target<'a, P: Real> {
    a: MatrixRef<'a, P>,
    e: i32,
    sums: Sums,
    /// What scaling may have lost of ‖A·2⁻ᵉ‖.
    lost: f64,
    max_abs: f64,
}

impl<'a, P: Real> Target<'a, P> {
    fn new(a: MatrixRef<'a, P>, entries: &EntryNorms) -> Self {
        let e = Normal::new(a, entries.max_abs_value()).exponent();
        let sums = entries.sums_at(e);
        // The Gram product on the shorter side.
        let (a, sums) = if a.rows() < a.columns() {
            (a.transpose(), Sums { column: sums.row, row: sums.column, ..sums })
        } else {
            (a, sums)
        };
        let lost = mul_up(sqrt_up(a.rows() as f64 * a.columns() as f64), SMALLEST);
        Self { a, e, sums, lost, max_abs: entries.max_abs_value() }
    }

    fn unscaled(&self, x: Enclosure) -> Enclosure {
        let (lower, upper) = (add_down(x.lower(), -self.lost).max(0.0), add_up(x.upper(), self.lost));
        let (estimate, _) = times_power(x.estimate(), self.e);
        Enclosure::new(times_power(lower, self.e).0, estimate, times_power(upper, self.e).1, x.evidence())
    }

    fn enclose(&self, how: &SpectralCertificate) -> (Enclosure, SpectralMethod) {
        // The operator is AᵀA or AAᵀ, with the same eigenvalues; its vectors belong to one of the two sides.
        let operator = Normal::new(self.a, self.max_abs);
        let ritz = largest_eigenvalue(
            operator.order(),
            &Lanczos { tolerance: (0.01 * how.width).max(3e-14), steps: 400, ..Lanczos::default() },
            Stop::Stalled,
            |x| operator.apply(x),
        );
        let own = operator.matrix();
        let estimate = ritz.value.max(0.0).sqrt();
        let (lower, of_moduli) = growth(own, self.e, &narrowed(&ritz.vector));
        let is_enough = |upper: f64| upper <= lower * (1.0 + how.width);
        let enclose = |upper: f64| Enclosure::new(lower, estimate, upper, Evidence::Rounding);
        let only = |method| how.method.is_none_or(|m| m == method);
        let mut best = (self.sums.spectral(), SpectralMethod::Entries);
        let better = |upper: f64, method, best: &mut (f64, SpectralMethod)| {
            if upper < best.0 {
                *best = (upper, method);
            }
        };
        if how.method == Some(SpectralMethod::Entries) || is_enough(best.0) {
            return (enclose(best.0), best.1);
        }
        // ‖|A|‖ is at least ‖|A||x|‖/‖x‖: where that exceeds ‖A‖, no weights can improve the bound.
        let may_help = how.method.is_some() || of_moduli <= lower * (1.0 + how.width.max(1e-6));
        if only(SpectralMethod::Weights) && may_help {
            better(self.by_weights(own, &ritz.vector), SpectralMethod::Weights, &mut best);
            if is_enough(best.0) || best.0 <= lower * (1.0 + AS_GOOD_AS_IT_GETS) {
                return (enclose(best.0), best.1);
            }
        }
        if only(SpectralMethod::Cholesky) {
            let gram = counted_gram(self.a, self.e);
            let found = self.by_cholesky(gram, ritz.value, 0.5 * how.width);
            better(found, SpectralMethod::Cholesky, &mut best);
        }
        let is_open = how.method.is_none() && best.0 > lower * (1.0 + how.width.max(1e-6));
        if how.method == Some(SpectralMethod::GramIteration) || is_open {
            let gram = counted_gram(self.a, self.e);
            better(self.by_gram_iteration(gram), SpectralMethod::GramIteration, &mut best);
        }
        if how.method == Some(SpectralMethod::SvdResidual)
            && let Some(values) = super::singular::bounds(self.a, self.e)
            && let Some(first) = values.first()
        {
            better(first.1, SpectralMethod::SvdResidual, &mut best);
        }
        (enclose(best.0), best.1)
    }

    /// The rounding errors of the entries of AᵀA, in the 2-norm: γ·‖|A|ᵀ|A|‖ + m·n·2⁻¹⁰⁷⁴.
    fn gram_error(&self, depth: usize) -> f64 {
        let size = self.sums.spectral();
        let lost = mul_up(mul_up(self.a.rows() as f64, self.a.columns() as f64), SMALLEST);
        add_up(mul_up(gamma_up(depth), mul_up(size, size)), lost)
    }

    fn by_cholesky(&self, gram: Counted, guess: f64, slack: f64) -> f64 {
        let Counted { product, depth } = gram;
        let bound = largest_eigenvalue_up(product, guess, slack);
        sqrt_up(add_up(max_or_nan(bound, 0.0), self.gram_error(depth)))
    }

    /// Mₖ₊₁ = 2⁻ˢ·MₖᵀMₖ, so that ‖Mₖ‖² ≤ 2ˢ‖Mₖ₊₁‖ + rounding errors, evaluated backwards from the last bound (Delattre,
    /// Barthélemy, Araujo, Allauzen, ICML 2023; the rounding terms are ours).
    fn by_gram_iteration(&self, first: Counted) -> f64 {
        let n = first.product.rows();
        let mut lost = vec![self.gram_error(first.depth)];
        let mut scales = Vec::new();
        let mut m = first.product;
        let mut sums = Sums::of_symmetric(&m);
        for step in 0..GRAM_STEPS {
            // Scaled near 1 by a power of two, which loses at most n·2⁻¹⁰⁷⁴.
            let top = (0..n).map(|j| m[(j, j)]).fold(0.0, f64::max);
            let s = if top > 0.0 { top.log2().floor() as i32 } else { 0 };
            scales.push(s);
            let factor = 2f64.powi(-s);
            m.as_mut_slice().iter_mut().for_each(|x| *x *= factor);
            sums = Sums::of_symmetric(&m);
            if step + 1 == GRAM_STEPS {
                break;
            }
            mirror(&mut m);
            let next = counted_gram(m.as_ref(), 0);
            let size = sums.spectral();
            let counted = mul_up(gamma_up(next.depth), mul_up(size, size));
            lost.push(add_up(counted, mul_up(mul_up(n as f64, n as f64), SMALLEST)));
            m = next.product;
        }
        let mut bound = sums.spectral();
        for (s, lost) in scales.into_iter().zip(lost).rev() {
            let back = times_power(add_up(bound, mul_up(n as f64, SMALLEST)), s).1;
            bound = sqrt_up(add_up(back, lost));
        }
        bound
    }

    /// ‖A‖² ≤ ‖|A|‖² ≤ max_j (|A|ᵀ|A|p)ⱼ/pⱼ for any p > 0: the Schur test, exact at the Perron vector.
    fn by_weights<W: Scalar>(&self, own: MatrixRef<'_, P>, start: &[W]) -> f64 {
        let floor = 1e-12 * start.iter().map(|x| x.re().abs()).fold(0.0, f64::max);
        let mut p: Vec<f64> = start.iter().map(|x| x.re().abs().max(floor)).collect();
        let mut best = f64::INFINITY;
        for _ in 0..4 {
            let q = up_products(own, self.e, &p);
            let r = up_products(own.transpose(), self.e, &q);
            let bound = r.iter().zip(&p).map(|(r, p)| div_up(*r, *p)).fold(0.0, max_or_nan);
            let gain = best / bound;
            best = if bound < best { bound } else { best };
            if gain < 1.0 + 1e-13 {
                break;
            }
            let largest = r.iter().copied().fold(0.0, f64::max);
            p = r.iter().map(|r| (r / largest).max(1e-12)).collect();
        }
        sqrt_up(best)
    }
}

/// The real parts: the operator is real.
fn narrowed<W: Scalar>(x: &[W]) -> Vec<f64> {
    x.iter().map(|x| x.re()).collect()
}

/// Copies the lower triangle to the upper one.
fn mirror(a: &mut Matrix<f64>) {
    for j in 0..a.columns() {
        for i in j + 1..a.rows() {
            a[(j, i)] = a[(i, j)];
        }
    }
}

/// A row or column times a vector, in lanes: Σ aᵢxᵢ and Σ|aᵢ||xᵢ|, with at most n/8 + 12 rounding errors per term.
fn row_products<P: Real>(a: MatrixRef<'_, P>, i: usize, factor: f64, x: &[f64]) -> (f64, f64) {
    const LANES: usize = 8;
    let (mut sums, mut moduli) = ([0.0; LANES], [0.0; LANES]);
    let mut add = |l: usize, a: f64, x: f64| {
        let term = a * factor * x;
        sums[l] += term;
        moduli[l] += term.abs();
    };
    match a.contiguous_row(i) {
        Some(row) => {
            let ((a_chunks, a_rest), (x_chunks, x_rest)) = (row.as_chunks::<LANES>(), x.as_chunks::<LANES>());
            for (a, x) in a_chunks.iter().zip(x_chunks) {
                (0..LANES).for_each(|l| add(l, a[l].re(), x[l]));
            }
            a_rest.iter().zip(x_rest).enumerate().for_each(|(l, (a, x))| add(l, a.re(), *x));
        }
        None => x.iter().enumerate().for_each(|(j, &x)| add(j % LANES, a.get(i, j).re(), x)),
    }
    (sums.into_iter().sum(), moduli.into_iter().sum())
}

/// The number of rounding errors per term of [`row_products`].
fn row_depth(n: usize) -> usize {
    n / 8 + 12
}

/// A lower bound of ‖Ax‖/‖x‖ for A·2⁻ᵉ; and an approximation of ‖|A||x|‖/‖x‖.
pub(crate) fn growth<P: Real>(a: MatrixRef<'_, P>, e: i32, x: &[f64]) -> (f64, f64) {
    use rayon::prelude::*;
    let factor = times_power(1.0, -e).0;
    let rows: Vec<(f64, f64)> = (0..a.rows()).into_par_iter().map(|i| row_products(a, i, factor, x)).collect();
    let (y, moduli): (Vec<f64>, Vec<f64>) = rows.into_iter().unzip();
    // ‖fl(Ax) − Ax‖ ≤ γ·‖|A||x|‖, and 2⁻¹⁰⁷³ for each product that underflows.
    let depth = row_depth(x.len());
    let size = sum_up(norm_up(&moduli), depth);
    let lost = mul_up(sqrt_up(a.rows() as f64), mul_up(x.len() as f64, 2.0 * SMALLEST));
    let error = add_up(mul_up(gamma_up(depth), size), lost);
    let lower = add_down(norm_down(&y), -error).max(0.0);
    let length = norm_up(x);
    if length.is_finite() && length > 0.0 { (div_down(lower, length), size / length) } else { (0.0, f64::INFINITY) }
}

/// An upper bound of |A|p, for p ≥ 0.
fn up_products<P: Real>(a: MatrixRef<'_, P>, e: i32, p: &[f64]) -> Vec<f64> {
    use rayon::prelude::*;
    let factor = times_power(1.0, -e).0;
    let depth = row_depth(p.len());
    let lost = mul_up(p.len() as f64, 2.0 * SMALLEST);
    let row = |i| add_up(sum_up(row_products(a, i, factor, p).1, depth), lost);
    (0..a.rows()).into_par_iter().map(row).collect()
}

/// An upper bound of ‖A‖₂, for a real or a complex matrix.
pub(crate) fn spectral_norm_up<W: Scalar>(a: &Matrix<W>) -> f64 {
    let form = W::real_form(a.as_ref());
    match EntryNorms::of(form.view()) {
        Ok(entries) => spectral_bounds(form.view(), &entries, &SpectralCertificate::default()).0.upper(),
        Err(_) => f64::INFINITY,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arithmetic::Pair;
    use crate::enclosure::directed::UNIT_ROUNDOFF;

    /// A column whose square sum loses every term but the first: the largest error of 128 additions. Half of γ, or
    /// none, would put the bound below the exact value.
    #[test]
    fn half_of_gamma_would_be_wrong() {
        let g = (UNIT_ROUNDOFF * 0.999).sqrt();
        let entries: Vec<f64> = (0..128).map(|i| if i == 0 { 1.0 } else { g }).collect();
        let a = MatrixRef::column_major(128, 1, &entries).unwrap();
        let target = Target::new(a, &EntryNorms::of(a).unwrap());
        let gram = counted_gram(target.a, target.e);
        let unit = times_power(1.0, -2 * target.e).0;
        assert_eq!(gram.product[(0, 0)], unit, "the case is not the worst one");
        // The guess is untrusted: here it is the rounded value itself.
        let depth = gram.depth;
        let bound = target.by_cholesky(gram, unit, 0.0);
        let excess = |x: f64| (Pair::from(x) * Pair::from(x) - Pair::from(unit)).high / unit;
        let truth = 127.0 * g * g;
        assert!(excess(bound) >= truth, "{:e} against {truth:e}", excess(bound));
        let half = 0.5 * target.gram_error(depth) / unit;
        assert!(excess(bound) - half < truth, "half of γ would do: the case is too mild");
    }
}
