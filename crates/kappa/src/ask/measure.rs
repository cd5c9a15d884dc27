use kappa_dense::{MatrixRef, Scalar};

use super::norm::norm_of_entries;
use super::sparse::is_written_out;
use super::{Profile, Question};
use crate::Enclosure;
use crate::error::Result;
use crate::operator::{Entries, LinearOperator};

/// The answers to several questions about A, at the cost of the most expensive one.
///
/// One pass over the entries, and the singular values once if any question needs them.
///
/// # Errors
///
/// When one of the questions fails on its own.
///
/// # Examples
///
/// ```
/// # use kappa::{Matrix, Question, measure};
/// let a = Matrix::from_row_major(2, 2, vec![2.0, 0.0, 0.0, 1.0])?;
/// let answers = measure(&a, &["rank".parse()?, "cond".parse()?, "norm:nuclear".parse()?])?;
/// assert!(answers[2].contains(3.0));
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn measure<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized), questions: &[Question]) -> Result<Vec<Enclosure>> {
    if !is_written_out(a) {
        return super::sparse_measure::answers(a, questions);
    }
    let entries = Entries::of(a)?;
    let mut profile = Profile::of_entries(entries.view())?;
    if questions.iter().any(Question::needs_singular_values) {
        profile = profile.with_values(entries.view(), a.known_singular_values(), a.epsilon())?;
    }
    questions.iter().map(|question| answer(entries.view(), &profile, question)).collect()
}

/// One answer from the profile, or from another pass over the entries.
pub(super) fn answer<T: Scalar>(a: MatrixRef<'_, T>, profile: &Profile, question: &Question) -> Result<Enclosure> {
    match *question {
        Question::Norm(norm) if !norm.needs_singular_values() => norm_of_entries(a, profile, norm),
        Question::NumericalRadius => super::field::numerical_radius_of(a),
        Question::LogNorm(p) => super::field::log_norm_of(a, p),
        Question::Cond if let Some(values) = profile.singular_values() => super::refined::cond_of_values(a, values),
        _ => profile.answer(question),
    }
}
