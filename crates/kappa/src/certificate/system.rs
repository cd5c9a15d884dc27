//! The solution of a square system enclosed component by component: an untrusted approximate inverse, a solution of 106
//! bits, and its residual in 106 bits with every rounding error counted.

use kappa_dense::pair::{PAIR_UNIT, Pair, PairMatrix};
use kappa_dense::{Matrix, MatrixRef, multiply};

use super::inverse::{Doubt, Equilibrated, Residual};
use super::product::{moduli, times};
use crate::enclosure::Pinned;
use crate::enclosure::directed::max_or_nan;
use crate::enclosure::directed::{SMALLEST, add_down, add_up, div_up, mul_up, times_power};
use crate::enclosure::exponent_of;
use crate::error::Result;

/// The largest order for which an inverse of 106 bits is computed if one of 53 bits does not suffice: 60n³ flops.
const PAIRED: usize = 600;
/// Steps of refinement; each gains as many digits as the approximate inverse has.
const STEPS: usize = 40;
/// Steps of the iteration for the weights.
const WEIGHTS: usize = 20;

/// The approximate inverse of A and its weights, to enclose one solution after another.
///
/// With RA = I − E and |E| ≤ G entry by entry, v > 0 and w = v − Gv > 0 show that I − G is an M-matrix, so that A is
/// nonsingular and |A⁻¹r| ≤ (I − G)⁻¹|Rr| ≤ δ + v·maxᵢ (Gδ)ᵢ/wᵢ for δ ≥ |Rr| (Rump, JCAM 242 (2013) 157–184). Whatever
/// the scaling of A, such v exist as soon as the spectral radius of G is below 1.
pub(crate) struct SystemCertificate {
    base: Residual<f64>,
    /// The second half of R, where it has 106 bits.
    low: Option<Matrix<f64>>,
    scaled: PairMatrix,
    v: Vec<f64>,
    w: Vec<f64>,
}

impl SystemCertificate {
    /// `None` where A cannot be shown to be nonsingular.
    pub(crate) fn new(a: MatrixRef<'_, f64>) -> Result<Option<Self>> {
        let equilibrated = Equilibrated::new(a);
        if let Some(base) = Residual::new(a)?
            && let Some((v, w)) = weights(&base)
        {
            let scaled = PairMatrix::from(equilibrated.scaled);
            return Ok(Some(Self { base, low: None, scaled, v, w }));
        }
        Ok(if a.rows() <= PAIRED { Self::paired(equilibrated) } else { None })
    }

    /// R of 106 bits: for κ up to about 1e28.
    fn paired(equilibrated: Equilibrated<f64>) -> Option<Self> {
        let Equilibrated { scaled, rows, columns } = equilibrated;
        let n = scaled.rows();
        let a_moduli = moduli(&scaled);
        let scaled = PairMatrix::from(scaled);
        let r = scaled.inverse()?;
        let mut rest = r.times(&scaled);
        for i in 0..n {
            let x = rest.get(i, i) - Pair::from(1.0);
            rest.set(i, i, x);
        }
        let size = |x: &PairMatrix, i, j| add_up(x.high[(i, j)].abs(), x.low[(i, j)].abs());
        let r_moduli = Matrix::from_fn(n, n, |i, j| size(&r, i, j));
        // The difference with 1 is rounded once more.
        let rest = Matrix::from_fn(n, n, |i, j| mul_up(size(&rest, i, j), 1.0 + f64::EPSILON));
        let gamma = mul_up((n + 3) as f64, PAIR_UNIT);
        let base = Residual { r: r.high, r_moduli, a_moduli, rest, gamma, rows, columns };
        let (v, w) = weights(&base)?;
        Some(Self { base, low: Some(r.low), scaled, v, w })
    }

    /// The algorithm for the inverse, in words.
    pub(crate) fn algorithm(&self) -> &'static str {
        match self.low {
            None => "approximate inverse, residual in double-double, M-matrix",
            Some(_) => "approximate inverse in double-double, residual in double-double, M-matrix",
        }
    }

    /// ‖A⁻¹‖_∞ as R has it: an estimate. With `is_real_form`, A is the real form of a complex matrix of half its order,
    /// and the norm is that of the complex inverse.
    pub(crate) fn inverse_norm(&self, is_real_form: bool) -> f64 {
        let n = if is_real_form { self.base.rows.len() / 2 } else { self.base.rows.len() };
        let entry =
            |i: usize, j: usize| times_power(self.base.r[(i, j)].abs(), -self.base.columns[i] - self.base.rows[j]).1;
        let modulus = |i: usize, j: usize| if is_real_form { entry(i, j).hypot(entry(i, n + j)) } else { entry(i, j) };
        (0..n).map(|i| (0..n).map(|j| modulus(i, j)).sum()).fold(0.0, f64::max)
    }

    /// A⁻¹B column by column.
    pub(crate) fn enclose(&self, b: &PairMatrix) -> Vec<Pinned> {
        let (n, count) = (b.rows(), b.columns());
        let exponents: Vec<i32> = (0..count).map(|k| self.exponent(b, k)).collect();
        let part = |x: f64, i: usize, k: usize| times_power(x.abs(), -self.base.rows[i] - exponents[k]).0.copysign(x);
        let scaled = PairMatrix {
            high: Matrix::from_fn(n, count, |i, k| part(b.high[(i, k)], i, k)),
            low: Matrix::from_fn(n, count, |i, k| part(b.low[(i, k)], i, k)),
        };
        let x = self.refined(&scaled);
        let rest = self.residual(&scaled, &x);
        (0..count).map(|k| self.pinned(&scaled, &x, &rest, (k, exponents[k]))).collect()
    }

    /// The exponent that brings the scaled column k near 1.
    fn exponent(&self, b: &PairMatrix, k: usize) -> i32 {
        let sizes = b.high.column(k).iter().zip(&self.base.rows).filter(|(x, _)| **x != 0.0);
        sizes.map(|(x, e)| exponent_of(*x) - e).max().unwrap_or(0)
    }

    fn residual(&self, b: &PairMatrix, x: &PairMatrix) -> PairMatrix {
        let minus = |x: &Matrix<f64>| Matrix::from_fn(x.rows(), x.columns(), |i, j| -x[(i, j)]);
        let mut rest = b.clone();
        rest.add_product(&self.scaled, &PairMatrix { high: minus(&x.high), low: minus(&x.low) });
        rest
    }

    /// x += R(b − Ax) until the correction no longer decreases. The result is untrusted.
    fn refined(&self, b: &PairMatrix) -> PairMatrix {
        let (n, count) = (b.rows(), b.columns());
        let mut x = PairMatrix::zeros(n, count);
        let mut last = f64::INFINITY;
        for _ in 0..STEPS {
            let rest = self.residual(b, &x);
            let step = match &self.low {
                None => multiply(self.base.r.as_ref(), rest.high.as_ref()).map(PairMatrix::from),
                Some(low) => Ok(PairMatrix { high: self.base.r.clone(), low: low.clone() }.times(&rest)),
            };
            let Ok(step) = step else { break };
            if !step.is_finite() {
                break;
            }
            let moved = step.high.as_slice().iter().zip(x.high.as_slice());
            let largest = moved
                .filter(|(d, _)| **d != 0.0)
                .map(|(d, x)| if *x == 0.0 { 1.0 } else { (d / x).abs() })
                .fold(0.0, f64::max);
            x = PairMatrix::from_fn(n, count, |i, k| x.get(i, k) + step.get(i, k));
            if largest < 1e-31 || largest > 0.5 * last {
                break;
            }
            last = largest;
        }
        x
    }

    fn pinned(&self, b: &PairMatrix, x: &PairMatrix, rest: &PairMatrix, (k, e): (usize, i32)) -> Pinned {
        let n = b.rows();
        let size = |x: &PairMatrix, i: usize| add_up(x.high[(i, k)].abs(), x.low[(i, k)].abs());
        let sizes: Vec<f64> = (0..n).map(|i| size(x, i)).collect();
        let largest = sizes.iter().copied().fold(1.0, max_or_nan);
        let products = times(&self.base.a_moduli, &sizes);
        let unit = mul_up((n + 3) as f64, PAIR_UNIT);
        // Underflow in scaling and in the products.
        let lost = mul_up(64.0 * (n + 1) as f64 * SMALLEST, largest);
        let error = |i: usize| add_up(mul_up(unit, add_up(size(b, i), products[i])), lost);
        let residual: Vec<f64> = (0..n).map(|i| add_up(size(rest, i), error(i))).collect();
        let delta = times(&self.base.r_moduli, &residual);
        let along = self.base.apply(&delta, Doubt::default());
        let alpha = along.iter().zip(&self.w).map(|(g, w)| div_up(*g, *w)).fold(0.0, max_or_nan);
        let mut found = Pinned::with_room(n);
        for (i, (delta, v)) in delta.iter().zip(&self.v).enumerate() {
            let radius = add_up(*delta, mul_up(alpha, *v));
            found.push(x.get(i, k), radius, e - self.base.columns[i]);
        }
        found
    }
}

/// v, and a lower bound of v − Gv > 0.
fn weights(base: &Residual<f64>) -> Option<(Vec<f64>, Vec<f64>)> {
    let mut v = vec![1.0; base.rows.len()];
    for _ in 0..WEIGHTS {
        let gv = base.apply(&v, Doubt::default());
        let w: Vec<f64> = v.iter().zip(&gv).map(|(v, g)| add_down(*v, -g)).collect();
        if w.iter().all(|w| *w > 0.0) {
            return Some((v, w));
        }
        if !gv.iter().all(|g| g.is_finite()) {
            return None;
        }
        // A step towards (I − G)⁻¹e.
        v = gv.iter().map(|g| 1.0 + g).collect();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gallery;

    fn ones(n: usize) -> PairMatrix {
        PairMatrix::from(Matrix::from_fn(n, 1, |_, _| 1.0))
    }

    #[test]
    fn a_system_is_solved_to_the_last_bit() {
        // Integers x for the second difference: xᵢ = (i + 1)(n − i)/2.
        let certificate = SystemCertificate::new(gallery::second_difference(40).as_ref()).unwrap().unwrap();
        let x = &certificate.enclose(&ones(40))[0];
        for i in 0..40 {
            let truth = ((i + 1) * (40 - i)) as f64 / 2.0;
            let found = x.enclosure(i);
            assert!(found.contains(truth) && found.width() < 1e-12, "{found:?} {truth}");
        }
    }

    /// A wrong approximate inverse widens the answer, and never moves it.
    #[test]
    fn the_inverse_is_not_believed() {
        let a = gallery::second_difference(8);
        let mut certificate = SystemCertificate::new(a.as_ref()).unwrap().unwrap();
        let r = certificate.base.r.clone();
        certificate.base.r = Matrix::from_fn(8, 8, |i, j| r[(i, j)] * (1.0 + 0.3 * ((i + j) % 3) as f64));
        let x = &certificate.enclose(&ones(8))[0];
        (0..8).for_each(|i| assert!(x.enclosure(i).contains(((i + 1) * (8 - i)) as f64 / 2.0)));
    }

    #[test]
    fn beyond_doubles_pairs_go_on() {
        // κ of the 53-bit Hilbert matrix of order 13 is about 1e18.
        let a = gallery::hilbert(13);
        let certificate = SystemCertificate::new(a.as_ref()).unwrap().unwrap();
        assert!(certificate.low.is_some());
        let x = &certificate.enclose(&ones(13))[0];
        assert!((0..13).all(|i| x.enclosure(i).width() <= 1e-9 * x.enclosure(i).upper().abs()));
        let singular = Matrix::from_fn(3, 3, |i, j| (3 * i + j) as f64);
        assert!(SystemCertificate::new(singular.as_ref()).unwrap().is_none());
    }
}
