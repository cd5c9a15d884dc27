use kappa_dense::{MatrixRef, Scalar};

use super::Question;
use super::refined::refined_values;
use crate::certificate::Effort;
use crate::error::{Error, Result};
use crate::factor::values_of;
use crate::norm::EntryNorms;
use crate::operator::{AnyOperator, Entries, LinearOperator, each};
use crate::values::SingularValues;
use crate::{Enclosure, Evidence, Guarantee, Norm, Plan};

/// The results of one pass over a matrix and, where requested, one set of singular values: they answer every standard
/// question at the cost of one.
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
    entries: EntryNorms,
    values: Option<SingularValues>,
}

impl Profile {
    /// Sums over the entries and singular values.
    ///
    /// # Errors
    ///
    /// When an entry is not finite, and when the iteration for the singular values does not converge.
    pub fn of<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized)) -> Result<Self> {
        let entries = Entries::of(a)?;
        Self::of_entries(entries.view())?.with_values(entries.view(), a.known_singular_values(), a.epsilon())
    }

    /// [`Profile::of`] with a guarantee: certified, every answer counts every rounding error.
    ///
    /// # Errors
    ///
    /// As [`Profile::of`]. Certified, also when the floating-point environment violates the assumptions of the proofs.
    pub fn by<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized), guarantee: Guarantee) -> Result<Self> {
        if guarantee == Guarantee::Usual {
            return Self::of(a);
        }
        crate::arithmetic::check_environment()?;
        let entries = Entries::of(a)?;
        let profile = Self::of_entries(entries.view())?;
        let values = refined_values(entries.view(), profile.entries(), Effort::SMALL)?;
        Ok(profile.with(values.stored_with(a.epsilon())))
    }

    /// Adds singular values.
    pub(super) fn with(mut self, values: SingularValues) -> Self {
        self.values = Some(values);
        self
    }

    /// Adds the singular values, computing them if they are not known.
    pub(super) fn with_values<T: Scalar>(
        self,
        a: MatrixRef<'_, T>,
        known: Option<SingularValues>,
        epsilon: f64,
    ) -> Result<Self> {
        let values = match known {
            Some(known) => known,
            None => values_of(a, &self.entries)?.stored_with(epsilon),
        };
        Ok(self.with(values))
    }

    /// The sums over the entries alone: one pass, at the speed of memory.
    ///
    /// # Errors
    ///
    /// When an entry is not finite.
    pub fn of_entries<T: Scalar>(a: MatrixRef<'_, T>) -> Result<Self> {
        Ok(Self { entries: EntryNorms::of(a)?, values: None })
    }

    /// (m, n).
    pub fn shape(&self) -> (usize, usize) {
        self.entries.shape()
    }

    /// The singular values, where they were computed.
    pub fn singular_values(&self) -> Option<&SingularValues> {
        self.values.as_ref()
    }

    /// The plan for the singular values.
    pub fn plan(&self) -> Plan {
        Plan::singular_values(self.shape())
    }

    /// The number of rows that hold only zeros.
    pub fn zero_rows(&self) -> usize {
        self.entries.zero_rows()
    }

    /// The number of columns that hold only zeros.
    pub fn zero_columns(&self) -> usize {
        self.entries.zero_columns()
    }

    /// A norm: one of the sums, or a function of the singular values.
    ///
    /// # Errors
    ///
    /// When the norm needs another pass over the entries, and when it needs singular values that were not computed.
    pub fn norm(&self, norm: Norm) -> Result<Enclosure> {
        match self.entries.norm(norm) {
            Some(found) => Ok(found),
            None if norm.gauge().is_some() => self.values()?.norm(norm),
            None => Err(Error::unsupported(format!("the norm {norm} needs another pass over the entries"))),
        }
    }

    /// ‖A‖_F²/‖A‖₂², between 1 and the rank; 0 for the zero matrix.
    ///
    /// # Errors
    ///
    /// When the singular values were not computed.
    ///
    /// Source: Rudelson and Vershynin, J. ACM 54 (2007), article 21.
    pub fn stable_rank(&self) -> Result<Enclosure> {
        let values = self.values()?;
        let first = values.first();
        if first.upper() == 0.0 {
            return Ok(Enclosure::exact(0.0));
        }
        let ratio = self.entries.frobenius().over(first);
        let square = ratio.times(ratio);
        let most = values.len() as f64;
        Ok(Enclosure::new(
            square.lower().clamp(1.0, most),
            square.estimate().clamp(1.0, most),
            square.upper().clamp(1.0, most),
            square.evidence(),
        ))
    }

    /// The answer to a question that needs no further pass over the entries.
    ///
    /// # Errors
    ///
    /// When the question needs another pass over the entries or singular values that were not computed, when the matrix
    /// has no k-th singular value, and for the condition number of an empty matrix.
    pub fn answer(&self, question: &Question) -> Result<Enclosure> {
        match *question {
            Question::Norm(norm) => self.norm(norm),
            Question::NumericalRadius | Question::LogNorm(_) => {
                Err(Error::unsupported(format!("`{question}` needs another pass over the entries")))
            }
            Question::Cond => self.values()?.cond(),
            Question::Rank(tolerance) => Ok(self.values()?.rank(tolerance)),
            Question::StoredRank => Ok(self.values()?.stored_rank()),
            Question::StableRank => self.stable_rank(),
            Question::EffectiveRank => Ok(self.values()?.effective_rank()),
            Question::NuclearRank => self.values()?.nuclear_rank(),
            Question::ParticipationRatio => self.values()?.participation_ratio(),
            Question::EnergyRank(percent) => self.values()?.energy_rank(percent / 100.0),
            Question::SingularValue(k) => {
                let values = self.values()?;
                if k == 0 || k > values.len() {
                    let (m, n) = self.shape();
                    let count = values.len();
                    return Err(Error::shape(format!(
                        "a {m}×{n} matrix has only {count} singular values: there is no number {k}"
                    )));
                }
                Ok(values.get(k - 1))
            }
        }
    }

    fn values(&self) -> Result<&SingularValues> {
        self.values.as_ref().ok_or_else(|| Error::unsupported("the singular values of this profile were not computed"))
    }

    /// The evidence of the sums over the entries.
    pub(super) fn evidence(&self) -> Evidence {
        self.entries.evidence()
    }

    pub(crate) fn max_abs_value(&self) -> f64 {
        self.entries.max_abs_value()
    }

    /// The sums over the entries.
    pub(crate) fn entries(&self) -> &EntryNorms {
        &self.entries
    }
}

impl AnyOperator<'_> {
    /// [`Profile::by`](crate::Profile::by) of this operator.
    ///
    /// # Errors
    ///
    /// As [`Profile::by`](crate::Profile::by).
    pub fn profile_by(&self, guarantee: Guarantee) -> Result<Profile> {
        each!(self, a => Profile::by(a, guarantee))
    }
}
