use kappa_dense::{MatrixRef, NonFinite, Scalar, Scan, scan};

use super::certified::certified_values_of;
use super::singular_values::{length, values_of};
use super::{Entries, Question};
use crate::arithmetic::environment::evidence;
use crate::enclosure::Sums;
use crate::enclosure::directed::{SMALLEST, add_up, gamma_up, mul_down, mul_up, sqrt_up, times_power};
use crate::error::{Error, Result};
use crate::norm::{Family, widened};
use crate::operator::LinearOperator;
use crate::values::SingularValues;
use crate::{Enclosure, Evidence, Norm, Plan};

/// What one pass over a matrix and, where asked for, one set of singular values say about it: the answers to every
/// standard question, for the price of one.
///
/// ```
/// # use kappa::{Matrix, Norm, Profile};
/// let a = Matrix::from_row_major(2, 2, vec![3.0, 0.0, 4.0, 0.0])?;
/// let p = Profile::of(&a)?;
/// assert!(p.norm(Norm::frobenius())?.contains(5.0));
/// assert_eq!(p.zero_columns(), 1);
/// # Ok::<(), kappa::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Profile {
    shape: (usize, usize),
    scan: Scan,
    is_complex: bool,
    /// What sums that count their rounding errors may claim in this process.
    evidence: Evidence,
    values: Option<SingularValues>,
}

/// Up to this many entries no other thread takes part in the pass.
const ONE_THREAD: usize = 1 << 17;

impl Profile {
    /// [`Profile::of`] with certified singular values: every answer counts every rounding error.
    pub fn certified<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized)) -> Result<Self> {
        crate::arithmetic::check_environment()?;
        let entries = Entries::of(a)?;
        let profile = Self::of_entries(entries.view())?;
        let values = certified_values_of(entries.view(), &profile)?;
        Ok(profile.with(values))
    }

    /// Everything: sums and singular values. Fails when an entry is not finite.
    pub fn of<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized)) -> Result<Self> {
        let entries = Entries::of(a)?;
        Self::of_entries(entries.view())?.with_values(entries.view(), a.known_singular_values())
    }

    /// Adds singular values.
    pub(super) fn with(mut self, values: SingularValues) -> Self {
        self.values = Some(values);
        self
    }

    /// Adds the singular values, known or to be found.
    pub(super) fn with_values<T: Scalar>(self, a: MatrixRef<'_, T>, known: Option<SingularValues>) -> Result<Self> {
        let values = match known {
            Some(known) => known,
            None => values_of(a, &self)?,
        };
        Ok(self.with(values))
    }

    /// The sums alone: one pass, at the speed of memory. Fails when an entry is not finite.
    pub fn of_entries<T: Scalar>(a: MatrixRef<'_, T>) -> Result<Self> {
        let scan = scan(a);
        if let Some(NonFinite { count, row, column }) = scan.not_finite {
            return Err(Error::not_finite(row, column, count));
        }
        let evidence = evidence(a.rows() * a.columns() > ONE_THREAD);
        Ok(Self { shape: (a.rows(), a.columns()), scan, is_complex: T::IS_COMPLEX, evidence, values: None })
    }

    /// (m, n).
    pub fn shape(&self) -> (usize, usize) {
        self.shape
    }

    /// The singular values, where they were asked for.
    pub fn singular_values(&self) -> Option<&SingularValues> {
        self.values.as_ref()
    }

    /// The plan by which the singular values were to be found.
    pub fn plan(&self) -> Plan {
        Plan::singular_values(self.shape)
    }

    /// How many rows hold zeros only.
    pub fn zero_rows(&self) -> usize {
        self.scan.row_sums.iter().filter(|&&sum| sum == 0.0).count()
    }

    /// How many columns hold zeros only.
    pub fn zero_columns(&self) -> usize {
        self.scan.column_sums.iter().filter(|&&sum| sum == 0.0).count()
    }

    /// A norm: one of the sums, or a function of the singular values. Fails for a norm that needs the entries again,
    /// and for a function of singular values that were not asked for.
    pub fn norm(&self, norm: Norm) -> Result<Enclosure> {
        match norm.0 {
            Family::MaxAbs => Ok(self.max_abs()),
            Family::Schatten(2.0) => Ok(self.frobenius()),
            Family::Induced(1.0, 1.0) => Ok(self.largest(&self.scan.column_sums, self.shape.0)),
            Family::Induced(f64::INFINITY, f64::INFINITY) => Ok(self.largest(&self.scan.row_sums, self.shape.1)),
            Family::Entrywise(1.0) => Ok(self.sum_of_moduli()),
            _ if norm.gauge().is_some() => self.values()?.norm(norm),
            _ => Err(Error::unsupported(format!("{norm} needs the entries once more"))),
        }
    }

    /// ‖A‖_F²/‖A‖₂², between 1 and the rank; 0 for the zero matrix.
    ///
    /// Source: Rudelson and Vershynin, J. ACM 54 (2007), article 21.
    pub fn stable_rank(&self) -> Result<Enclosure> {
        let values = self.values()?;
        let first = values.first();
        if first.upper() == 0.0 {
            return Ok(Enclosure::exact(0.0));
        }
        let ratio = self.frobenius().over(first);
        let square = ratio.times(ratio);
        let most = values.len() as f64;
        Ok(Enclosure::new(
            square.lower().clamp(1.0, most),
            square.estimate().clamp(1.0, most),
            square.upper().clamp(1.0, most),
            square.evidence(),
        ))
    }

    /// The answer to a question that needs no further look at the entries.
    pub fn answer(&self, question: &Question) -> Result<Enclosure> {
        match *question {
            Question::Norm(norm) => self.norm(norm),
            Question::NumericalRadius | Question::LogNorm(_) => {
                Err(Error::unsupported(format!("{question} needs the entries once more")))
            }
            Question::Cond => self.values()?.cond(),
            Question::Rank(tolerance) => Ok(self.values()?.rank(tolerance)),
            Question::StableRank => self.stable_rank(),
            Question::EffectiveRank => Ok(self.values()?.effective_rank()),
            Question::NuclearRank => self.values()?.nuclear_rank(),
            Question::ParticipationRatio => self.values()?.participation_ratio(),
            Question::EnergyRank(percent) => self.values()?.energy_rank(percent / 100.0),
            Question::SingularValue(k) => {
                let values = self.values()?;
                if k == 0 || k > values.len() {
                    let (m, n) = self.shape;
                    let count = values.len();
                    return Err(Error::shape(format!(
                        "a {m}×{n} matrix has {count} singular values, and no number {k}"
                    )));
                }
                Ok(values.get(k - 1))
            }
        }
    }

    fn values(&self) -> Result<&SingularValues> {
        self.values.as_ref().ok_or_else(|| Error::unsupported("the singular values were not asked for"))
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
    pub(super) fn evidence(&self) -> Evidence {
        self.evidence
    }

    pub(crate) fn max_abs_value(&self) -> f64 {
        self.scan.max_abs
    }

    /// The one singular value of a row or column, or none.
    pub(super) fn vector_values(&self) -> SingularValues {
        length(self.shape, self.frobenius())
    }
}
