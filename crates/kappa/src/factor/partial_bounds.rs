//! What approximate triplets prove of the singular values of A.

use kappa_dense::{Matrix, Scalar, Shape};

use super::PartialSvd;
use super::partial::Work;
use crate::enclosure::directed::{add_up, mul_down, mul_up, norm_down, norm_up, sqrt_up};
use crate::error::Result;
use crate::krylov::{GolubKahanRitz as Ritz, Lanczos, narrowed, norm_of_rest, scaled};
use crate::norm::EntryNorms;
use crate::operator::{Entries, LinearOperator};
use crate::{Enclosure, Evidence, SingularValues};

/// The model of the rounding errors that no enclosure of a partial decomposition is without.
const MODEL: Evidence = Evidence::Estimate("errors of products and reflections in working precision");

/// What is known of A in addition to its triplets.
pub(crate) struct Known {
    /// ‖A‖_F, for an operator with entries.
    pub(crate) frobenius: Option<Enclosure>,
    /// A lower and an upper bound of ‖A(I − VVᴴ)‖₂, or of ‖(I − UUᴴ)A‖₂ where Aᴴ·uᵢ = σᵢ·vᵢ holds up to rounding,
    /// divided by the scale; `None` where they were not requested.
    pub(crate) rest: Option<(f64, f64, Evidence)>,
    /// The rounding errors of the products, in units of σ₁, by a model.
    pub(crate) rounding: f64,
    /// The length of the residuals A·vᵢ − σᵢuᵢ, divided by the scale, where they were computed.
    pub(crate) right: f64,
    /// Whether the Ritz values are all singular values of A.
    pub(crate) is_complete: bool,
    /// Whether the residuals reached the tolerance.
    pub(crate) has_converged: bool,
}

/// ‖A‖_F, for an operator with entries.
pub(super) fn frobenius<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized)) -> Result<Option<Enclosure>> {
    let norms = match (a.form().sparse(), a.form().dense()) {
        (Some(sparse), _) => EntryNorms::of(sparse.entries_as_column()?)?,
        (None, Some(dense)) => EntryNorms::of(dense)?,
        (None, None) => return Ok(None),
    };
    Ok(Some(norms.frobenius()))
}

/// The Frobenius norm, the rounding model and, where `rest` is given, bounds of ‖B(I − VVᴴ)‖ by Lanczos for B = A or
/// Aᴴ.
pub(super) fn known<T: Scalar>(
    a: &(impl LinearOperator<T> + ?Sized),
    frobenius: Option<Enclosure>,
    scale: f64,
    rest: Option<(&impl LinearOperator<T>, &Matrix<T::Wide>, &Lanczos)>,
) -> Result<Known> {
    let (m, n) = a.shape();
    let rest = match rest {
        Some((b, v, how)) => {
            let (lower, upper) = norm_of_rest(b, v, scale, how)?;
            Some((lower, upper, Evidence::Probability(how.failure)))
        }
        None => None,
    };
    let rounding = T::EPSILON * (4.0 + 4.0 * (m.max(n) as f64).sqrt());
    Ok(Known { frobenius, rest, rounding, right: 0.0, is_complete: false, has_converged: true })
}

/// ‖A·vᵢ − σᵢuᵢ‖ and ‖Aᴴ·uᵢ − σᵢvᵢ‖ of A/scale, with one product each; what the recurrence says of them is not used.
pub(super) fn residuals<T: Scalar>(
    a: &(impl LinearOperator<T> + ?Sized),
    ritz: &Ritz<T::Wide>,
) -> Result<Vec<[f64; 2]>> {
    let right = scaled(a.apply(&narrowed(&ritz.v))?, ritz.scale)?.as_ref().to_wide();
    let left = scaled(a.apply_adjoint(&narrowed(&ritz.u))?, ritz.scale)?.as_ref().to_wide();
    let off = |image: &Matrix<T::Wide>, vectors: &Matrix<T::Wide>, j: usize| {
        let column = image.column(j).iter().zip(vectors.column(j));
        let rest: Vec<T::Wide> = column.map(|(&x, &v)| x - v.scale(ritz.values[j])).collect();
        kappa_dense::length(&rest)
    };
    Ok((0..ritz.u.columns()).map(|j| [off(&right, &ritz.u, j), off(&left, &ritz.v, j)]).collect())
}

impl<T: Scalar<Wide = T>> PartialSvd<T> {
    /// The k largest of these triplets, and bounds for the singular values of A.
    ///
    /// In bases that begin with the triplets A is [Σ, R; 0, E] with the residuals in R, so that
    /// σᵢ(Σ) ≤ σᵢ(A) ≤ max(σᵢ(Σ), ‖E‖₂) + ‖R‖_F (Weyl), and σᵢ(A)² ≤ σᵢ(Σ)² + ‖[R; E]‖₂² with [R; E] = A(I − VVᴴ). The
    /// same holds for the adjoint.
    pub(crate) fn largest(ritz: Ritz<T>, k: usize, known: &Known, work: Work) -> Self {
        let k = k.min(ritz.values.len());
        let estimates = ritz.values[..k].to_vec();
        let first = estimates.first().copied().unwrap_or(0.0);
        let model = mul_up(first, known.rounding);
        let doubt = add_up(model, known.right);
        let residuals: Vec<f64> = ritz.residuals[..k].iter().map(|&r| add_up(r, model)).collect();
        let r = norm_up(&residuals);
        let error = known.frobenius_error(&estimates, ritz.scale);
        let next = ritz.values.get(k).copied().unwrap_or(0.0);
        let (rest, evidence) = known.rest_of(next, error);
        let rest_upper = add_up(rest, doubt);
        // Each residual is a row of A(I − VVᴴ), which bounds those that were not computed.
        let residuals = residuals.into_iter().map(|r| if r.is_finite() { r } else { rest_upper }).collect();
        let r = r.min(rest_upper);
        let enclose = |&s: &f64| {
            let by_weyl = add_up(s.max(rest_upper), r);
            let by_squares = add_up(sqrt_up(add_up(mul_up(s, s), mul_up(rest_upper, rest_upper))), doubt);
            Enclosure::new((s - doubt).max(0.0), s, by_weyl.min(by_squares), evidence)
        };
        let values = estimates.iter().map(enclose).collect();
        // A − UΣVᴴ is A(I − VVᴴ), of which products may have shown more than the next Ritz value does.
        let seen = known.rest.map_or(next, |(lower, ..)| lower.max(next)).min(rest_upper);
        let spectral_error = Enclosure::new((next - doubt).max(0.0), seen, rest_upper, evidence);
        let (u, v) = (ritz.u.first_columns(k), ritz.v.first_columns(k));
        let has_converged = known.has_converged;
        Self { u, v, estimates, values, residuals, error, spectral_error, has_converged, work }.scaled(ritz.scale)
    }

    /// The k smallest of these triplets: no more than these are the smallest singular values of A, and no less where
    /// all are known.
    ///
    /// For orthonormal V the singular values of A·V are at least the smallest of A (Cauchy), for a tall A; for a wide
    /// one the same holds for the adjoint, as A·V = U·Σ and AᴴU = V·Σ up to the residuals.
    pub(crate) fn smallest(ritz: Ritz<T>, k: usize, known: &Known, work: Work) -> Self {
        let count = ritz.values.len();
        let k = k.min(count);
        let first = ritz.values.first().copied().unwrap_or(0.0);
        let doubt = mul_up(first, known.rounding);
        let chosen: Vec<usize> = (count - k..count).rev().collect();
        let estimates: Vec<f64> = chosen.iter().map(|&i| ritz.values[i]).collect();
        let residuals: Vec<f64> = chosen.iter().map(|&i| add_up(ritz.residuals[i], doubt)).collect();
        let r = norm_up(&residuals);
        let evidence = if known.is_complete { MODEL } else { Evidence::Residual.and(MODEL) };
        let around = |&s: &f64| {
            let lower = if known.is_complete { (s - r).next_down().max(0.0) } else { 0.0 };
            Enclosure::new(lower, s, add_up(s, r), evidence)
        };
        let values = estimates.iter().map(around).collect();
        let pick = |x: &Matrix<T>| Matrix::from_fn(x.rows(), k, |i, j| x[(i, chosen[j])]);
        let spectral_error = Enclosure::new(0.0, first, f64::INFINITY, MODEL);
        let (u, v, has_converged) = (pick(&ritz.u), pick(&ritz.v), known.has_converged);
        Self { u, v, estimates, values, residuals, error: None, spectral_error, has_converged, work }.scaled(ritz.scale)
    }

    /// The triplets of A·scale, for a power of two.
    fn scaled(mut self, scale: f64) -> Self {
        self.estimates.iter_mut().chain(&mut self.residuals).for_each(|x| *x *= scale);
        self.values.iter_mut().for_each(|x| *x = x.times_exactly(scale));
        self.error = self.error.map(|x| x.times_exactly(scale));
        self.spectral_error = self.spectral_error.times_exactly(scale);
        self
    }
}

impl Known {
    /// ‖A − UΣVᴴ‖_F² = ‖A‖_F² − Σσᵢ², exactly where A·V = U·Σ; for A/scale.
    fn frobenius_error(&self, estimates: &[f64], scale: f64) -> Option<Enclosure> {
        let frobenius = self.frobenius?.times_exactly(1.0 / scale);
        let kept: f64 = estimates.iter().map(|s| s * s).sum();
        let off = mul_up(4.0 * self.rounding, mul_up(frobenius.upper(), frobenius.upper()));
        let root = |square: f64| square.max(0.0).sqrt();
        let square = frobenius.estimate() * frobenius.estimate() - kept;
        let lower = mul_down(frobenius.lower(), frobenius.lower()) - kept - off;
        let upper = add_up(mul_up(frobenius.upper(), frobenius.upper()) - kept, off);
        Some(Enclosure::new(root(lower), root(square), sqrt_up(upper.max(0.0)), MODEL))
    }

    /// The least upper bound of ‖A(I − VVᴴ)‖₂ that is known, and its evidence.
    fn rest_of(&self, next: f64, error: Option<Enclosure>) -> (f64, Evidence) {
        let bounds = [
            self.rest.map(|(_, upper, evidence)| (upper, evidence.and(MODEL))),
            error.map(|error| (error.upper(), MODEL)),
            self.is_complete.then_some((next, MODEL)),
        ];
        let least = bounds.into_iter().flatten().min_by(|x, y| x.0.total_cmp(&y.0));
        least.unwrap_or((f64::INFINITY, Evidence::Residual))
    }
}

/// The k smallest triplets from a decomposition of all entries.
pub(super) fn smallest_of_all<T: Scalar>(
    a: &(impl LinearOperator<T> + ?Sized),
    k: usize,
) -> Result<PartialSvd<T::Wide>> {
    let entries = Entries::of(a)?;
    let view = entries.view();
    let shape = (view.rows(), view.columns());
    let mut parts = kappa_dense::svd(view, Shape::Thin)?;
    let computed = parts.values.values.clone();
    // Small values are more accurate without vectors.
    parts.values = kappa_dense::singular_values(view)?;
    let rounding = parts.values.unit().max(f64::EPSILON) * (4.0 + 8.0 * (shape.0.max(shape.1) as f64).sqrt());
    let all = SingularValues::from_svd(shape, parts.values);
    let p = computed.len();
    let last = |x: &Matrix<T::Wide>| Matrix::from_fn(x.rows(), k, |i, j| x[(i, p - 1 - j)]);
    let (u, v) = (last(&parts.vectors.u), last(&parts.vectors.v));
    let estimates: Vec<f64> = (0..k).map(|j| all.get(p - 1 - j).estimate()).collect();
    let scale = crate::krylov::power_near(all.first().upper());
    let wide = view.to_wide();
    let near: Vec<f64> = estimates.iter().map(|s| s / scale).collect();
    let ritz = Ritz { scale, u, values: near, v, residuals: Vec::new() };
    let off = residuals(&wide, &ritz)?;
    let doubt = mul_up(all.first().upper(), rounding);
    let residuals = off.iter().map(|[r, l]| add_up(mul_up(r.max(*l), scale), doubt)).collect();
    let left: Vec<Enclosure> = all.iter().take(p - k).collect();
    let ends = |end: fn(&Enclosure) -> f64| left.iter().map(end).collect::<Vec<f64>>();
    let middle = kappa_dense::length(&ends(Enclosure::estimate));
    let lost = mul_up(doubt, sqrt_up(k as f64));
    let error = Enclosure::new(
        (norm_down(&ends(Enclosure::lower)) - lost).max(0.0),
        middle,
        add_up(norm_up(&ends(Enclosure::upper)), lost),
        MODEL,
    );
    let next = left.first().copied().unwrap_or(Enclosure::exact(0.0));
    let spectral_error =
        Enclosure::new((next.lower() - lost).max(0.0), next.estimate(), add_up(next.upper(), lost), MODEL);
    Ok(PartialSvd {
        u: ritz.u,
        v: ritz.v,
        values: (0..k).map(|j| all.get(p - 1 - j)).collect(),
        estimates,
        residuals,
        error: Some(error),
        spectral_error,
        has_converged: true,
        work: Work { algorithm: "a decomposition of all entries", products: 2 * k },
    })
}
