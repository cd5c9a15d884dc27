//! Norms and singular values of a sparse matrix, or of an operator known by its products, without a dense matrix.

use kappa_dense::Scalar;

use super::lanczos_density::{LanczosDensity, StochasticLanczos};
use crate::error::{Error, Result};
use crate::factor::{ThickRestart, partial_svd};
use crate::krylov::{End, Lanczos, norm_by_products};
use crate::norm::{EntryNorms, Family, Norm, Outside, Structure, entrywise_value, larger, vector_norm};
use crate::operator::{DENSE_LIMIT, Form, LinearOperator, Sparse};
use crate::{Enclosure, Evidence};

/// The smaller dimension above which sparse matrices are answered by products: dense methods take longer.
pub(crate) const WRITTEN_OUT: usize = 1000;

/// Whether a question that needs all singular values converts the operator to a dense matrix: it is dense, or small.
pub(crate) fn is_written_out<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized)) -> bool {
    let (m, n) = a.shape();
    match a.form() {
        Form::Dense(_) => true,
        Form::Sparse(_) => m.min(n) <= WRITTEN_OUT && m.saturating_mul(n) <= DENSE_LIMIT,
        Form::Products => m.saturating_mul(n) <= DENSE_LIMIT,
    }
}

/// A norm of a sparse matrix from its stored entries, every rounding error counted; `None` for a norm that needs more.
pub(super) fn norm_of_stored<T: Scalar>(a: &Sparse<T>, norm: Norm) -> Result<Option<Enclosure>> {
    let entries = a.entries_as_column()?;
    a.check_finite()?;
    let norms = EntryNorms::of(entries)?;
    let found = match norm.structure() {
        Structure::Entries(p) => {
            // The sums over one column of all stored entries are the sums over the matrix.
            let of_column = match norm.0 {
                Family::Entrywise(1.0) | Family::MaxAbs | Family::Schatten(_) => norms.norm(norm),
                _ => None,
            };
            of_column.unwrap_or_else(|| entrywise_value(entries, p))
        }
        Structure::Columns(mixed) => norm.for_exact_conjugate(a.shape().0, of_lines(a, mixed.p, mixed.outside)),
        Structure::Rows(mixed) => {
            norm.for_exact_conjugate(a.shape().1, of_lines(&a.transposed(), mixed.p, mixed.outside))
        }
        Structure::Singular(_) | Structure::Hard(..) => return Ok(None),
    };
    Ok(Some(found.with_evidence(norms.evidence())))
}

fn of_lines<T: Scalar>(a: &Sparse<T>, p: f64, outside: Outside) -> Enclosure {
    let line = |j: usize| vector_norm(p, || a.column(j).map(|(_, x)| x));
    (0..a.shape().1).map(line).fold(Enclosure::exact(0.0), |best, next| match outside {
        Outside::Sum => best.plus(next),
        Outside::Largest => larger(best, next),
    })
}

/// A unitarily invariant norm of an operator that is not stored densely: spectral by Lanczos, Ky Fan by the largest
/// singular values, Schatten by quadrature from random vectors (evidence: probability). `None` where none of these
/// applies.
pub(super) fn norm_by_quadrature<T: Scalar>(
    a: &(impl LinearOperator<T> + ?Sized),
    norm: Norm,
) -> Result<Option<Enclosure>> {
    match norm.0 {
        Family::Schatten(f64::INFINITY) => {
            norm_by_products(a, &Lanczos { tolerance: 1e-12, steps: 300, ..Lanczos::default() }).map(Some)
        }
        Family::Schatten(p) if p < 4.0 * StochasticLanczos::default().steps as f64 => {
            LanczosDensity::of(a, &StochasticLanczos::default())?.schatten(p).map(Some)
        }
        Family::KyFan(k, p) => {
            let values = leading(a, k, End::Largest)?;
            let power = |x: &Enclosure| {
                crate::arithmetic::power(x.lower(), p).lower()..crate::arithmetic::power(x.upper(), p).upper()
            };
            let (mut low, mut high) = (0.0, 0.0);
            for range in values.iter().map(power) {
                low = crate::enclosure::directed::add_down(low, range.start).max(0.0);
                high = crate::enclosure::directed::add_up(high, range.end);
            }
            let evidence = values.iter().fold(Evidence::Rounding, |e, x| e.and(x.evidence()));
            let (lower, upper) = (crate::arithmetic::root(low, p).lower(), crate::arithmetic::root(high, p).upper());
            Ok(Some(Enclosure::new(lower, 0.5 * (lower + upper), upper, evidence)))
        }
        _ => Ok(None),
    }
}

/// The k largest or smallest singular values of an operator that is not stored densely.
pub(super) fn leading<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized), k: usize, end: End) -> Result<Vec<Enclosure>> {
    let found = partial_svd(&a, k, &ThickRestart { end, ..ThickRestart::default() })?;
    Ok(found.values().to_vec())
}

/// The error of a question that needs a dense matrix, for an operator that is too large for it.
pub(crate) fn too_large((m, n): (usize, usize), question: impl std::fmt::Display) -> Error {
    Error::limit(format!(
        "`{question}` of a {m}×{n} operator needs it stored as a dense matrix (limit {DENSE_LIMIT:e} entries)"
    ))
    .with_hint(
        "these need no dense matrix unless they are certified: norms, the largest and smallest singular values, cond, \
         solve, and logdet of a real matrix",
    )
}
