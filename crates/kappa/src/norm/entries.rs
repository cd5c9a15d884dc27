//! Norms that are sums and maxima of moduli, from one pass over the entries; every rounding error is counted.

use kappa_dense::{MatrixRef, NonFinite, Scalar, Scan, scan};

use super::{Family, Norm, Sums, widened};
use crate::arithmetic::environment::evidence;
use crate::enclosure::directed::{SMALLEST, add_up, gamma_up, mul_down, mul_up, sqrt_up, times_power};
use crate::error::{Error, Result};
use crate::{Enclosure, Evidence};

/// Sums and maxima of the moduli of a finite matrix, of its rows and of its columns.
#[derive(Clone, Debug)]
pub(crate) struct EntryNorms {
    shape: (usize, usize),
    scan: Scan,
    is_complex: bool,
    /// The evidence of sums with counted rounding errors in this process.
    evidence: Evidence,
}

/// The maximum number of entries for which the pass uses one thread only.
const ONE_THREAD: usize = 1 << 17;

impl EntryNorms {
    /// The sums from one pass, whose cost is that of reading the matrix. Fails when an entry is not finite.
    pub(crate) fn of<T: Scalar>(a: MatrixRef<'_, T>) -> Result<Self> {
        let scan = scan(a);
        if let Some(NonFinite { count, row, column }) = scan.not_finite {
            return Err(Error::not_finite(row, column, count));
        }
        let evidence = evidence(a.rows() * a.columns() > ONE_THREAD);
        Ok(Self { shape: (a.rows(), a.columns()), scan, is_complex: T::IS_COMPLEX, evidence })
    }

    /// (m, n).
    pub(crate) fn shape(&self) -> (usize, usize) {
        self.shape
    }

    /// The number of zero rows.
    pub(crate) fn zero_rows(&self) -> usize {
        self.scan.row_sums.iter().filter(|&&sum| sum == 0.0).count()
    }

    /// The number of zero columns.
    pub(crate) fn zero_columns(&self) -> usize {
        self.scan.column_sums.iter().filter(|&&sum| sum == 0.0).count()
    }

    /// The norm, where it is one of these sums or maxima.
    pub(crate) fn norm(&self, norm: Norm) -> Option<Enclosure> {
        match norm.0 {
            Family::MaxAbs => Some(self.max_abs()),
            Family::Schatten(2.0) => Some(self.frobenius()),
            Family::Induced(1.0, 1.0) => Some(self.largest(&self.scan.column_sums, self.shape.0)),
            Family::Induced(f64::INFINITY, f64::INFINITY) => Some(self.largest(&self.scan.row_sums, self.shape.1)),
            Family::Entrywise(1.0) => Some(self.sum_of_moduli()),
            _ => None,
        }
    }

    fn max_abs(&self) -> Enclosure {
        let x = self.scan.max_abs;
        let found = if self.is_complex && x > 0.0 { widened(x, x, 6, self.evidence) } else { Enclosure::exact(x) };
        found.with_evidence(self.evidence)
    }

    /// ‖A‖_F = √Σ|aᵢⱼ|². The rounding errors of the sum are counted; the root and the scaling are rounded outward.
    pub(crate) fn frobenius(&self) -> Enclosure {
        let s = self.scan.sum_of_squares;
        let (lower, upper) = self.around_sum(s, self.shape.0 * self.shape.1);
        let root = Enclosure::new(lower, s, upper, Evidence::Rounding).sqrt();
        self.unscaled(root)
    }

    /// The largest of sums of `terms` moduli each.
    fn largest(&self, sums: &[f64], terms: usize) -> Enclosure {
        let s = sums.iter().copied().fold(0.0, f64::max);
        // The bounds of a sum increase with its computed value, so that those of the largest one hold for the maximum.
        let (lower, upper) = self.around_sum(s, terms);
        self.unscaled(Enclosure::new(lower, s, upper, Evidence::Rounding))
    }

    fn sum_of_moduli(&self) -> Enclosure {
        let s: f64 = self.scan.row_sums.iter().sum();
        let (lower, upper) = self.around_sum(s, self.shape.0 * self.shape.1);
        let more = gamma_up(self.shape.0);
        let wider = Enclosure::new(
            mul_down(lower, (1.0 - more).next_down().max(0.0)).max(0.0),
            s,
            mul_up(upper, (1.0 + more).next_up()),
            Evidence::Rounding,
        );
        self.unscaled(wider)
    }

    /// Bounds of an exact sum of non-negative numbers from its computed value s. Each term passes through at most
    /// `depth` roundings of the sum and six of its own, and each of `terms` numbers may lose 2⁻¹⁰⁷⁴ to underflow.
    fn around_sum(&self, s: f64, terms: usize) -> (f64, f64) {
        if s == 0.0 && self.scan.max_abs == 0.0 {
            return (0.0, 0.0);
        }
        let gamma = gamma_up(self.scan.depth + 6);
        let lost = mul_up(terms as f64, SMALLEST);
        // s = true·(1 + δ), |δ| ≤ γ, so true lies in [s/(1 + γ), s/(1 − γ)], inside s·(1 ± 2γ) for γ ≤ 1/2.
        let lower = mul_down(s, (1.0 - 2.0 * gamma).next_down().max(0.0)).max(0.0);
        let upper = add_up(mul_up(s, (1.0 + 2.0 * gamma).next_up()), lost);
        (lower, upper)
    }

    /// Upper bounds of the Frobenius norm and of the largest column and row sum of A·2⁻ᵉ.
    pub(crate) fn sums_at(&self, e: i32) -> Sums {
        let back = |x: f64| times_power(x, self.scan.exponent - e).1;
        let of = |sums: &[f64], terms| {
            let largest = sums.iter().copied().fold(0.0, f64::max);
            back(self.around_sum(largest, terms).1)
        };
        let squares = self.around_sum(self.scan.sum_of_squares, self.shape.0 * self.shape.1).1;
        Sums {
            frobenius: back(sqrt_up(squares)),
            column: of(&self.scan.column_sums, self.shape.0),
            row: of(&self.scan.row_sums, self.shape.1),
        }
    }

    /// x·2ᵉ, where 2⁻ᵉ is the scaling of the pass.
    fn unscaled(&self, x: Enclosure) -> Enclosure {
        let e = self.scan.exponent;
        let (lower, _) = times_power(x.lower(), e);
        let (estimate_low, estimate) = times_power(x.estimate(), e);
        let (_, upper) = times_power(x.upper(), e);
        let estimate = if estimate.is_infinite() { estimate } else { estimate_low.max(lower) };
        Enclosure::new(lower, estimate, upper, x.evidence().and(self.evidence))
    }

    /// The evidence of these sums.
    pub(crate) fn evidence(&self) -> Evidence {
        self.evidence
    }

    pub(crate) fn max_abs_value(&self) -> f64 {
        self.scan.max_abs
    }
}
