//! What one pass over the entries says of a matrix: its norms that are sums and maxima, every rounding counted.

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
    /// What sums that count their rounding errors may claim in this process.
    evidence: Evidence,
}

/// Up to this many entries no other thread takes part in the pass.
const ONE_THREAD: usize = 1 << 17;

impl EntryNorms {
    /// One pass, at the speed of memory. Fails when an entry is not finite.
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

    /// How many rows hold zeros only.
    pub(crate) fn zero_rows(&self) -> usize {
        self.scan.row_sums.iter().filter(|&&sum| sum == 0.0).count()
    }

    /// How many columns hold zeros only.
    pub(crate) fn zero_columns(&self) -> usize {
        self.scan.column_sums.iter().filter(|&&sum| sum == 0.0).count()
    }

    /// A norm, where it is one of the sums.
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

    /// √Σ|aᵢⱼ|²: the sum's rounding errors counted, the root and the scaling stepped outward.
    pub(crate) fn frobenius(&self) -> Enclosure {
        let s = self.scan.sum_of_squares;
        let (lower, upper) = self.around_sum(s, self.shape.0 * self.shape.1);
        let root = Enclosure::new(lower, s, upper, Evidence::Rounding).sqrt();
        self.unscaled(root)
    }

    /// The largest of sums of `terms` moduli each.
    fn largest(&self, sums: &[f64], terms: usize) -> Enclosure {
        let s = sums.iter().copied().fold(0.0, f64::max);
        // Each true sum lies within the bounds around its computed value, which grow with it.
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

    /// Bounds of a sum of non-negative numbers with a chain of at most `depth` roundings, six more for each term, and
    /// at most 2⁻¹⁰⁷⁴ lost with each of `terms` numbers to underflow.
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

    /// Puts the power of two back.
    fn unscaled(&self, x: Enclosure) -> Enclosure {
        let e = self.scan.exponent;
        let (lower, _) = times_power(x.lower(), e);
        let (estimate_low, estimate) = times_power(x.estimate(), e);
        let (_, upper) = times_power(x.upper(), e);
        let estimate = if estimate.is_infinite() { estimate } else { estimate_low.max(lower) };
        Enclosure::new(lower, estimate, upper, x.evidence().and(self.evidence))
    }

    /// What its sums may claim.
    pub(crate) fn evidence(&self) -> Evidence {
        self.evidence
    }

    pub(crate) fn max_abs_value(&self) -> f64 {
        self.scan.max_abs
    }
}
