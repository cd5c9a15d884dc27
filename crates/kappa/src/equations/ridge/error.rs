//! How far a computed regularized solution is from the exact one, for the A, b and λ as they are stored.

use kappa_dense::pair::{PAIR_UNIT, PairMatrix};
use kappa_dense::{Matrix, Scalar};

use super::standard::Standard;
use crate::certificate::{Effort, moduli, normal_equations_in_many_bits, times};
use crate::enclosure::directed::{add_down, add_up, div_up, mul_down, mul_up, norm_down, norm_up};
use crate::equations::residual::{real_form, stacked, unstacked};
use crate::{Enclosure, Evidence, singular_values};

/// Evidence of a bound that rests on the singular values of a decomposition.
const VALUES: Evidence = Evidence::Estimate("the smallest singular value of a decomposition");

impl<W: Scalar<Wide = W>> Standard<W> {
    /// A solution, improved where that costs little, and a bound of ‖x − x*‖₂/‖x‖₂ for the exact solution x*.
    ///
    /// (AᴴA + λLᴴL)x* = Aᴴb. For a problem of small order this system is solved in many bits, without rounding its
    /// entries. Otherwise from the residual r of the system, in twice the precision: ‖x − x*‖ ≤ ‖r‖/σ for σ =
    /// σ_min(AᴴA + λLᴴL). ∞ where nothing is known, as for λ = 0 and a matrix without full rank.
    pub(super) fn with_error(&self, x: Vec<W>, lambda: f64) -> (Vec<W>, Enclosure) {
        if lambda == 0.0 && !self.is_of_full_rank() {
            return (x, Enclosure::new(0.0, 0.0, f64::INFINITY, VALUES));
        }
        let a = real_form(&self.a);
        let l = self.operator.as_ref().map(real_form);
        let b = Matrix::from_fn(self.b.len(), 1, |i, _| self.b[i]);
        let b = stacked(&b);
        if let Some(found) = normal_equations_in_many_bits(&a, l.as_ref(), lambda, &b, Effort::SMALL) {
            let high = Matrix::from_fn(found.value.len(), 1, |i, _| found.value[i].high);
            let radii: Vec<f64> = found.value.iter().zip(&found.radius).map(|(x, r)| add_up(x.low.abs(), *r)).collect();
            let error = relative(norm_up(&radii), high.as_slice(), Evidence::Rounding);
            return (unstacked(&high).into_vec(), error);
        }
        let column = Matrix::from_fn(x.len(), 1, |i, _| x[i]);
        let error = self.by_residual(&a, l.as_ref(), lambda, &b, &stacked(&column));
        (x, error)
    }

    /// Whether the columns of A are independent to working precision.
    fn is_of_full_rank(&self) -> bool {
        let limit = self.limit();
        self.s.len() == self.v.rows() && self.s.last().is_some_and(|s| *s > limit)
    }

    fn by_residual(
        &self,
        a: &Matrix<f64>,
        l: Option<&Matrix<f64>>,
        lambda: f64,
        b: &Matrix<f64>,
        x: &Matrix<f64>,
    ) -> Enclosure {
        let least = self.least_eigenvalue(a, l, lambda);
        let rest = normal_residual(a, l, lambda, b, x);
        relative(div_up(rest, least), x.as_slice(), VALUES)
    }

    /// A lower bound of σ_min(AᴴA + λLᴴL): λ + σₙ² without L, otherwise from the stacked matrix (A; √λL).
    fn least_eigenvalue(&self, a: &Matrix<f64>, l: Option<&Matrix<f64>>, lambda: f64) -> f64 {
        let (m, n) = (a.rows(), a.columns());
        let lowest = |a: &Matrix<f64>| match singular_values(a) {
            Ok(values) if values.len() == n => mul_down(values.last().lower(), values.last().lower()).max(0.0),
            _ => 0.0,
        };
        let Some(l) = l else { return add_down(lambda, lowest(a)) };
        let root = lambda.sqrt();
        let whole = Matrix::from_fn(m + l.rows(), n, |i, j| if i < m { a[(i, j)] } else { root * l[(i - m, j)] });
        // √λ and its products are rounded.
        mul_down(lowest(&whole), 1.0 - 4.0 * f64::EPSILON)
    }
}

fn relative(error: f64, x: &[f64], evidence: Evidence) -> Enclosure {
    let bound = if error == 0.0 { 0.0 } else { div_up(error, norm_down(x)) };
    Enclosure::new(0.0, bound.min(f64::MAX), bound, evidence)
}

/// ‖Aᵀ(b − Ax) − λLᵀLx‖₂ from above, in 106 bits.
fn normal_residual(a: &Matrix<f64>, l: Option<&Matrix<f64>>, lambda: f64, b: &Matrix<f64>, x: &Matrix<f64>) -> f64 {
    let column = |x: &Matrix<f64>| PairMatrix::from(x.clone());
    let negated = |x: &PairMatrix| {
        let minus = |x: &Matrix<f64>| Matrix::from_fn(x.rows(), x.columns(), |i, j| -x[(i, j)]);
        PairMatrix { high: minus(&x.high), low: minus(&x.low) }
    };
    let size = |x: &PairMatrix| -> Vec<f64> {
        x.high.as_slice().iter().zip(x.low.as_slice()).map(|(h, l)| add_up(h.abs(), l.abs())).collect()
    };
    let wide = PairMatrix::from(a.clone());
    let mut rest = column(b);
    rest.add_product(&wide, &negated(&column(x)));
    let mut r = PairMatrix::zeros(a.columns(), 1);
    r.add_product(&wide.transpose(), &rest);
    let lx = match l {
        None => column(x),
        Some(l) => {
            let mut lx = PairMatrix::zeros(l.rows(), 1);
            lx.add_product(&PairMatrix::from(l.clone()), &column(x));
            lx
        }
    };
    let scaled = PairMatrix::from_fn(lx.rows(), 1, |i, _| lx.get(i, 0) * kappa_dense::pair::Pair::from(-lambda));
    match l {
        None => r = PairMatrix::from_fn(r.rows(), 1, |i, _| r.get(i, 0) + scaled.get(i, 0)),
        Some(l) => r.add_product(&PairMatrix::from(l.clone()).transpose(), &scaled),
    }
    // Rounding: a few units of 2⁻¹⁰⁴ of Aᵀ(|b| + |A||x|) + λLᵀL|x|.
    let moduli_of = |x: &Matrix<f64>| -> Vec<f64> { x.as_slice().iter().map(|x| x.abs()).collect() };
    let (am, xm) = (moduli(a), moduli_of(x));
    let inner: Vec<f64> = times(&am, &xm).iter().zip(b.as_slice()).map(|(p, b)| add_up(*p, b.abs())).collect();
    let mut noise = times(&moduli(&a.adjoint()), &inner);
    let penalty = match l {
        None => xm,
        Some(l) => times(&moduli(&l.adjoint()), &times(&moduli(l), &xm)),
    };
    noise.iter_mut().zip(penalty).for_each(|(n, p)| *n = add_up(*n, mul_up(lambda, p)));
    let unit = mul_up(4.0 * (a.rows() + a.columns() + 8) as f64, PAIR_UNIT);
    let total: Vec<f64> = size(&r).iter().zip(noise).map(|(r, n)| add_up(*r, mul_up(unit, n))).collect();
    norm_up(&total)
}
