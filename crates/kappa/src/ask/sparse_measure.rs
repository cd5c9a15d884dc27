//! Several questions about a sparse matrix, or about an operator known by its products, without a dense matrix.

use std::cell::OnceCell;

use kappa_dense::Scalar;

use super::sparse::{leading, too_large};
use super::{Question, norm, sparse_cond};
use crate::error::{Error, Result};
use crate::krylov::{End, Lanczos, norm_by_products};
use crate::norm::Norm;
use crate::operator::{Form, LinearOperator, Sparse};
use crate::{Enclosure, Evidence};

/// The answers to questions about an operator that is not stored as a dense matrix. What several of them need is
/// computed once.
///
/// A rank that would need all singular values lies between what the Frobenius norm leaves no other choice and min(m,
/// n).
pub(super) fn answers<T: Scalar>(
    a: &(impl LinearOperator<T> + ?Sized),
    questions: &[Question],
) -> Result<Vec<Enclosure>> {
    let known = Known { a: &a, frobenius: OnceCell::new(), spectral: OnceCell::new() };
    questions.iter().map(|question| known.answer(question)).collect()
}

struct Known<'a, A: ?Sized> {
    a: &'a A,
    frobenius: OnceCell<Enclosure>,
    spectral: OnceCell<Enclosure>,
}

impl<A: ?Sized> Known<'_, A> {
    fn frobenius<T: Scalar>(&self) -> Result<Enclosure>
    where
        A: LinearOperator<T>,
    {
        once(&self.frobenius, || norm(self.a, Norm::frobenius()))
    }

    /// ‖A‖₂ as closely as ratios need it.
    fn spectral<T: Scalar>(&self) -> Result<Enclosure>
    where
        A: LinearOperator<T>,
    {
        once(&self.spectral, || {
            norm_by_products(self.a, &Lanczos { tolerance: 1e-6, steps: 100, ..Lanczos::default() })
        })
    }

    fn answer<T: Scalar>(&self, question: &Question) -> Result<Enclosure>
    where
        A: LinearOperator<T>,
    {
        let (m, n) = self.a.shape();
        let most = m.min(n) as f64;
        match *question {
            Question::Norm(of) => norm(self.a, of),
            Question::SingularValue(k) if k <= m.min(n) => leading(self.a, k, End::Largest)?
                .pop()
                .ok_or_else(|| Error::shape(format!("there is no singular value number {k}"))),
            Question::SingularValue(k) => {
                let message = format!("a {m}×{n} matrix has {most} singular values, and no number {k}");
                Err(Error::shape(message))
            }
            Question::Cond => match self.a.form() {
                Form::Sparse(sparse) if !T::IS_COMPLEX => {
                    sparse_cond(&Sparse::widened(sparse), Norm::spectral()).map(|found| found.0)
                }
                _ => Err(too_large((m, n), question)),
            },
            Question::StableRank => Ok(square(self.frobenius()?.over(self.spectral()?)).between(0.0, most)),
            Question::NuclearRank => Ok(norm(self.a, Norm::nuclear())?.over(self.spectral()?).between(0.0, most)),
            Question::ParticipationRatio => {
                let fourth = norm(self.a, Norm::schatten(4.0)?)?;
                Ok(square(square(self.frobenius()?.over(fourth))).between(0.0, most))
            }
            Question::Rank(tolerance) => {
                let share = tolerance.size((m, n), self.a.epsilon(), Enclosure::exact(1.0)).upper();
                // Σσ² ≤ r·σ₁² + min(m, n)·(t·σ₁)² for r values above t·σ₁.
                let stable = square(self.frobenius()?.over(self.spectral()?));
                let least = (stable.lower() - most * share * share - 1e-9 * most).ceil().clamp(0.0, most);
                Ok(Enclosure::new(least, stable.estimate().clamp(least, most), most, stable.evidence()))
            }
            Question::StoredRank => Ok(Enclosure::new(0.0, most, most, Evidence::Theorem("at most min(m, n)"))),
            Question::EffectiveRank | Question::EnergyRank(_) => {
                let least = if self.spectral()?.upper() == 0.0 { 0.0 } else { 1.0 };
                let stable = square(self.frobenius()?.over(self.spectral()?)).estimate().clamp(least, most);
                Ok(Enclosure::new(least, stable, most, Evidence::Theorem("between 1 and the rank")))
            }
            Question::NumericalRadius | Question::LogNorm(_) => Err(too_large((m, n), question)),
        }
    }
}

/// The value of a cell, computed at the first call.
fn once(cell: &OnceCell<Enclosure>, compute: impl FnOnce() -> Result<Enclosure>) -> Result<Enclosure> {
    match cell.get() {
        Some(&known) => Ok(known),
        None => compute().inspect(|&found| {
            cell.get_or_init(|| found);
        }),
    }
}

fn square(x: Enclosure) -> Enclosure {
    x.times(x)
}

impl Enclosure {
    /// Intersects the enclosure with this interval, in which the quantity lies.
    fn between(self, least: f64, most: f64) -> Self {
        let cut = |x: f64| x.clamp(least, most);
        Self::new(cut(self.lower()), cut(self.estimate()), cut(self.upper()), self.evidence())
    }
}
