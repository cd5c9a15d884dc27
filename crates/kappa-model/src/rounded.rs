//! Answers about a matrix whose entries are not all doubles.
//!
//! Let A be the matrix of the file, Â the matrix of the nearest doubles, and E = A − Â, of which
//! [`Rounded`] holds bounds. A norm in which a matrix with one entry 1 and zeros elsewhere has norm 1 differs by at
//! most Σ|eᵢⱼ| between A and Â; a norm that never exceeds the Frobenius norm, and each singular value (Weyl's
//! inequality), by at most ‖E‖_F.

use kappa::{AnyOperator, Enclosure, Evidence, Guarantee, Norm, Question};
use kappa_tensors::Rounded;

/// The evidence for an answer about the nearest doubles, where no bound for the matrix of the file is known.
const NEAREST: Evidence = Evidence::Estimate("the doubles nearest to the numbers of the file");

/// The answers to questions about a matrix of which `a` has the nearest doubles: [`AnyOperator::measure_by`], with the
/// bounds of norms, singular values and the condition number widened by what was rounded. Bounds of other quantities
/// are an estimate where entries were rounded.
///
/// # Errors
///
/// As [`AnyOperator::measure_by`].
pub fn measure_rounded(
    a: &AnyOperator<'_>,
    questions: &[Question],
    guarantee: Guarantee,
    rounded: Option<&Rounded>,
) -> kappa::Result<Vec<Enclosure>> {
    let Some(rounded) = rounded else { return a.measure_by(questions, guarantee) };
    let mut asked = questions.to_vec();
    // The condition number needs the norm. The error of decimals is within the model of an estimate.
    let is_wide = rounded.integers > 0 || guarantee == Guarantee::Certified;
    if is_wide && questions.contains(&Question::Cond) {
        asked.push(Question::Norm(Norm::spectral()));
    }
    let answers = a.measure_by(&asked, guarantee)?;
    let spectral = answers.last().copied().unwrap_or(Enclosure::exact(0.0));
    let one = |(question, &x): (&Question, &Enclosure)| match question {
        Question::Cond if is_wide => widened_cond(x, spectral, Norm::spectral(), rounded),
        _ => widened(question, x, rounded),
    };
    Ok(questions.iter().zip(&answers).map(one).collect())
}

/// An answer about Â where nothing certain is known about A.
pub fn nearest(x: Enclosure) -> Enclosure {
    if x.evidence().is_certified() { x.with_evidence(NEAREST) } else { x }
}

/// An answer about Â as one about A.
pub fn widened(question: &Question, x: Enclosure, rounded: &Rounded) -> Enclosure {
    let is_signed = matches!(question, Question::LogNorm(_));
    let error = match question {
        Question::Norm(norm) => error_in(*norm, rounded),
        Question::SingularValue(_) | Question::NumericalRadius => rounded.length(),
        Question::LogNorm(_) => rounded.sum(),
        _ => return nearest(x),
    };
    widened_by(x, error, is_signed)
}

/// ‖A‖·‖A⁻¹‖ in a norm from that of Â, and the norm of Â: 1/‖A⁻¹‖ is the distance to the nearest singular matrix, which
/// changes by at most ‖E‖.
pub fn widened_cond(cond: Enclosure, norm_of: Enclosure, norm: Norm, rounded: &Rounded) -> Enclosure {
    // ‖BEC‖ ≤ ‖B‖·‖E‖_F·‖C‖ in these norms, and with Σ|eᵢⱼ| in all.
    let is_short = norm == Norm::frobenius() || norm == Norm::spectral();
    let error = if is_short { rounded.length() } else { rounded.sum() };
    let distance = widened_by(norm_of.over(cond), error, false);
    let found = widened_by(norm_of, error, false).over(distance);
    Enclosure::new(found.lower().max(1.0), cond.estimate(), found.upper(), found.evidence().and(cond.evidence()))
}

/// A bound of ‖E‖.
fn error_in(norm: Norm, rounded: &Rounded) -> f64 {
    let is_short = norm == Norm::frobenius() || norm == Norm::spectral() || norm == Norm::max_abs();
    if is_short { rounded.length() } else { rounded.sum() }
}

/// The number, which may differ by `error`.
pub fn widened_by(x: Enclosure, error: f64, is_signed: bool) -> Enclosure {
    let wide = x.plus(Enclosure::new(-error, 0.0, error, Evidence::Rounding));
    let lower = if is_signed { wide.lower() } else { wide.lower().max(0.0) };
    Enclosure::new(lower, x.estimate(), wide.upper(), x.evidence())
}

#[cfg(test)]
mod tests {
    use super::*;
    use kappa::Matrix;

    /// What was rounded of a Matrix Market file of integers.
    fn rounded(file: &str) -> Rounded {
        let source = kappa_tensors::parse::matrix_market(file.as_bytes()).unwrap();
        kappa_tensors::Source::rounded(&source, "matrix").unwrap().unwrap()
    }

    #[test]
    fn bounds_hold_for_the_matrix_of_the_file() {
        // [[2⁵³ + 1, 2⁵³], [1, 1]] has determinant 1; its nearest doubles are singular.
        let file = "%%MatrixMarket matrix array integer general\n2 2\n9007199254740993\n1\n9007199254740992\n1\n";
        let two = 2f64.powi(53);
        let a = Matrix::from_row_major(2, 2, vec![two, two, 1.0, 1.0]).unwrap();
        let norms = [Norm::frobenius(), Norm::max_abs(), Norm::max_row_sum(), Norm::spectral()];
        let mut questions: Vec<Question> = norms.map(Question::Norm).into();
        questions.extend([Question::Cond, Question::SingularValue(2), Question::Rank(kappa::Tolerance::default())]);
        for guarantee in [Guarantee::Usual, Guarantee::Certified] {
            let found = measure_rounded(&(&a).into(), &questions, guarantee, Some(&rounded(file))).unwrap();
            // max |aᵢⱼ| = 2⁵³ + 1 and the row sum 2⁵⁴ + 1 are no doubles.
            assert!(found[1].lower() <= two && found[1].upper() >= two.next_up(), "{:?}", found[1]);
            assert!(found[2].lower() <= 2.0 * two && found[2].upper() >= (2.0 * two).next_up(), "{:?}", found[2]);
            // κ = ‖A‖_F² for determinant 1, to the first digits.
            assert!(found[4].contains(1.622592768292133e32) && found[4].lower() > 1e15, "{:?}", found[4]);
            assert!(found[5].contains(7.850462293418876e-17), "{:?}", found[5]);
            assert!(!found[6].evidence().is_certified());
        }
    }
}
