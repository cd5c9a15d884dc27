use kappa_dense::{Matrix, Scalar, Vectors, c64};

use crate::enclosure::directed::{SMALLEST, add_up, max_or_nan, mul_down, mul_up, norm_down, norm_up, sqrt_up};
use crate::error::Result;
use crate::krylov::{GolubKahanRitz as Ritz, Lanczos, norm_of_rest};
use crate::norm::EntryNorms;
use crate::operator::{AnyMatrix, AnyOperator, LinearOperator, RealOrComplex, both};
use crate::{Enclosure, Evidence, LowRank, SingularValues};

/// Some singular triplets of A: one of A·vᵢ = σᵢ·uᵢ and Aᴴ·uᵢ = σᵢ·vᵢ holds up to rounding, the other up to a residual.
///
/// ```
/// # use kappa::factor::RandomizedSvd;
/// # use kappa::{Matrix, randomized_svd};
/// let a = Matrix::from_fn(60, 40, |i, j| if i == j { 0.5f64.powi(i as i32) } else { 0.0 });
/// let f = randomized_svd(&a, 3, &RandomizedSvd::default())?;
/// assert!(f.values()[0].contains(1.0) && f.values()[2].contains(0.25));
/// assert!((f.error().unwrap().estimate() - 0.25 / 3f64.sqrt()).abs() < 1e-6);
/// # Ok::<(), kappa::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct PartialSvd<T: Scalar> {
    u: Matrix<T>,
    v: Matrix<T>,
    estimates: Vec<f64>,
    values: Vec<Enclosure>,
    residuals: Vec<f64>,
    error: Option<Enclosure>,
    spectral_error: Enclosure,
    work: Work,
}

/// The algorithm that found triplets, and its cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Work {
    /// The name of the algorithm, as a noun phrase.
    pub(crate) algorithm: &'static str,
    /// Products of A or its adjoint with one vector.
    pub(crate) products: usize,
}

/// What is known of A in addition to its triplets.
pub(crate) struct Known {
    /// ‖A‖_F, for an operator with entries.
    pub(crate) frobenius: Option<Enclosure>,
    /// An upper bound of ‖A(I − VVᴴ)‖₂, or of ‖(I − UUᴴ)A‖₂ where Aᴴ·uᵢ = σᵢ·vᵢ holds up to rounding, divided by the
    /// scale; `None` where it was not requested.
    pub(crate) rest: Option<(f64, Evidence)>,
    /// The rounding errors of the products, in units of σ₁, by a model.
    pub(crate) rounding: f64,
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

/// The Frobenius norm, the rounding model and, where `rest` is given, a bound of ‖B(I − VVᴴ)‖ by Lanczos for B = A or
/// Aᴴ.
pub(super) fn known<T: Scalar>(
    a: &(impl LinearOperator<T> + ?Sized),
    frobenius: Option<Enclosure>,
    scale: f64,
    rest: Option<(&impl LinearOperator<T>, &Matrix<T::Wide>, &Lanczos)>,
) -> Result<Known> {
    let (m, n) = a.shape();
    let rest = match rest {
        Some((b, v, how)) => Some((norm_of_rest(b, v, scale, how)?.1, Evidence::Probability(how.failure))),
        None => None,
    };
    let rounding = T::EPSILON * (4.0 + 4.0 * (m.max(n) as f64).sqrt());
    Ok(Known { frobenius, rest, rounding })
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
        let residuals = ritz.residuals[..k].to_vec();
        let first = estimates.first().copied().unwrap_or(0.0);
        let doubt = mul_up(first, known.rounding);
        let r = add_up(norm_up(&residuals), doubt);
        let model = Evidence::Estimate("errors of products and reflections in working precision");
        // ‖A − UΣVᴴ‖_F² = ‖A‖_F² − Σσᵢ², exactly where A·V = U·Σ.
        let error = known.frobenius.map(|frobenius| frobenius.times_exactly(1.0 / ritz.scale)).map(|frobenius| {
            let kept: f64 = estimates.iter().map(|s| s * s).sum();
            let off = mul_up(4.0 * known.rounding, mul_up(frobenius.upper(), frobenius.upper()));
            let root = |square: f64| square.max(0.0).sqrt();
            let square = frobenius.estimate() * frobenius.estimate() - kept;
            let lower = mul_down(frobenius.lower(), frobenius.lower()) - kept - off;
            let upper = add_up(mul_up(frobenius.upper(), frobenius.upper()) - kept, off);
            Enclosure::new(root(lower), root(square), sqrt_up(upper.max(0.0)), model)
        });
        let by_frobenius = error.map(|e| (e.upper(), model));
        let (rest, evidence) = match (known.rest, by_frobenius) {
            (Some(rest), Some(other)) if rest.0 > other.0 => other,
            (Some((rest, evidence)), _) => (rest, evidence.and(model)),
            (None, Some(other)) => other,
            (None, None) => (f64::INFINITY, Evidence::Residual),
        };
        let rest_upper = add_up(rest, doubt);
        // Each residual is a row of A(I − VVᴴ).
        let residuals: Vec<f64> = residuals.into_iter().map(|r| r.min(rest_upper)).collect();
        let r = r.min(rest_upper);
        let enclose = |&s: &f64| {
            let by_weyl = add_up(s.max(rest_upper), r);
            let by_squares = add_up(sqrt_up(add_up(mul_up(s, s), mul_up(rest_upper, rest_upper))), doubt);
            Enclosure::new((s - doubt).max(0.0), s, by_weyl.min(by_squares), evidence)
        };
        let values = estimates.iter().map(enclose).collect();
        let next = ritz.values.get(k).copied().unwrap_or(0.0);
        // A − UΣVᴴ is A(I − VVᴴ).
        let spectral_error = Enclosure::new((next - doubt).max(0.0), next, rest_upper, evidence);
        let (u, v) = (ritz.u.first_columns(k), ritz.v.first_columns(k));
        Self { u, v, estimates, values, residuals, error, spectral_error, work }.scaled(ritz.scale)
    }

    /// The k smallest of these triplets: a singular value of A lies within the residual of each.
    pub(crate) fn smallest(ritz: Ritz<T>, k: usize, known: &Known, work: Work) -> Self {
        let count = ritz.values.len();
        let k = k.min(count);
        let first = ritz.values.first().copied().unwrap_or(0.0);
        let doubt = mul_up(first, known.rounding);
        let chosen: Vec<usize> = (count - k..count).rev().collect();
        let estimates: Vec<f64> = chosen.iter().map(|&i| ritz.values[i]).collect();
        let residuals: Vec<f64> = chosen.iter().map(|&i| ritz.residuals[i]).collect();
        let around = |(&s, &r): (&f64, &f64)| {
            let r = add_up(r, doubt);
            Enclosure::new((s - r).next_down().max(0.0), s, add_up(s, r), Evidence::Residual)
        };
        let values = estimates.iter().zip(&residuals).map(around).collect();
        let pick = |x: &Matrix<T>| Matrix::from_fn(x.rows(), k, |i, j| x[(i, chosen[j])]);
        let spectral_error = Enclosure::new(0.0, first, f64::INFINITY, Evidence::Residual);
        Self { u: pick(&ritz.u), v: pick(&ritz.v), estimates, values, residuals, error: None, spectral_error, work }
            .scaled(ritz.scale)
    }

    /// The largest triplets where all singular values are known, with both residuals of each: ‖A·v − σ·u‖ and
    /// ‖Aᴴ·u − σ·v‖.
    ///
    /// In bases that begin with U and V, A is [Σ + F, Sᴴ; R, E], where the columns of [F; R] and of S are as long as
    /// the residuals. So the values of Σ and those of E, together and in order, are within δ = ‖[F; R]‖ + ‖S‖ of those
    /// of A (Weyl), and eᵢ ≤ σ_{c+i} + δ for every c with Σ_c > σ_{c+i} + δ: of c + i values the least is at most
    /// σ_{c+i} + δ, and it is none of Σ. Where all of Σ lie above E, the values of E are also within √(‖[F; R]‖_F² +
    /// ‖S‖_F²) of σₖ₊₁, … together (Mirsky). A model accounts for the departure of U and V from orthonormality.
    pub(crate) fn of_known_values(
        all: &SingularValues,
        vectors: Vectors<T>,
        residuals: &[[f64; 2]],
        rounding: f64,
    ) -> Self {
        let k = residuals.len();
        let values: Vec<Enclosure> = all.iter().collect();
        let doubt = mul_up(all.first().upper(), mul_up(rounding, sqrt_up(k as f64)));
        // A residual below the smallest positive number is not zero.
        let of = |side: usize| -> Vec<f64> { residuals.iter().map(|pair| add_up(pair[side], SMALLEST)).collect() };
        let [r, s] = [0, 1].map(|side| add_up(norm_up(&of(side)), doubt));
        let (delta, both) = (add_up(r, s), norm_up(&[r, s]));
        let evidence =
            all.first().evidence().and(Evidence::Estimate("errors of products and reflections in working precision"));
        let estimates = all.estimates()[..k].to_vec();
        let rest = &values[k..];
        let (mut outside, mut c) = (Vec::with_capacity(rest.len()), 0);
        let mut is_apart = true;
        for i in 1..=rest.len() {
            // The limits decrease with i, so that c never decreases.
            let limit = |c: usize| add_up(values[c + i - 1].upper(), delta);
            c = (c..=k).rev().find(|&c| c == 0 || estimates[c - 1] > limit(c)).unwrap_or(c);
            is_apart &= i > 1 || c == k;
            outside.push(limit(c));
        }
        let ends = |end: fn(&Enclosure) -> f64| -> Vec<f64> { rest.iter().map(end).collect() };
        let by_mirsky = if is_apart { add_up(norm_up(&ends(Enclosure::upper)), both) } else { f64::INFINITY };
        let estimate = kappa_dense::length(&ends(Enclosure::estimate));
        let upper = norm_up(&[norm_up(&outside).min(by_mirsky), both]);
        let lower = norm_down(&ends(Enclosure::lower));
        let error = Enclosure::new(lower.min(estimate), estimate, upper.max(estimate), evidence);
        // ‖[F, Sᴴ; R, E]‖ ≤ ‖E‖ + ‖[F; R]‖ + ‖S‖, and no matrix of this rank comes closer than the next value (Eckart
        // and Young).
        let next = rest.first().copied().unwrap_or(Enclosure::exact(0.0));
        let largest = outside.iter().copied().fold(0.0, f64::max);
        let spectral_error =
            Enclosure::new(next.lower(), next.estimate(), add_up(largest, delta).max(next.upper()), evidence);
        Self {
            u: vectors.u,
            v: vectors.v,
            estimates,
            values: values[..k].to_vec(),
            residuals: residuals.iter().map(|&[right, left]| max_or_nan(right, left)).collect(),
            error: Some(error),
            spectral_error,
            work: Work { algorithm: all.algorithm(), products: 2 * k },
        }
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

impl<T: Scalar> PartialSvd<T> {
    /// Left singular vectors in columns, m×k.
    pub fn u(&self) -> &Matrix<T> {
        &self.u
    }

    /// Right singular vectors in columns (not Vᴴ), n×k.
    pub fn v(&self) -> &Matrix<T> {
        &self.v
    }

    /// The singular values, enclosed: the largest first, or the smallest first where the smallest were requested.
    ///
    /// For the largest, value i is the i-th singular value of A; for the smallest, *some* singular value of A lies in
    /// the enclosure.
    pub fn values(&self) -> &[Enclosure] {
        &self.values
    }

    /// The point estimates of the singular values.
    pub fn estimates(&self) -> &[f64] {
        &self.estimates
    }

    /// Upper bounds of ‖Aᴴuᵢ − σᵢvᵢ‖ or ‖A·vᵢ − σᵢuᵢ‖, whichever is not zero: a singular value of A lies within this
    /// distance of each estimate.
    ///
    /// Where no bound was requested and the product was saved, they follow from ‖A‖_F.
    pub fn residuals(&self) -> &[f64] {
        &self.residuals
    }

    /// ‖A − UΣVᴴ‖_F, where ‖A‖_F is known: for matrices with entries, dense or sparse.
    pub fn error(&self) -> Option<Enclosure> {
        self.error
    }

    /// ‖A − UΣVᴴ‖₂; it is at least the next singular value.
    pub fn spectral_error(&self) -> Enclosure {
        self.spectral_error
    }

    /// The number of products of A or its adjoint with one vector.
    pub fn products(&self) -> usize {
        self.work.products
    }

    /// The name of the algorithm, as a noun phrase.
    pub fn algorithm(&self) -> &'static str {
        self.work.algorithm
    }

    /// UΣVᴴ as a product of two factors.
    ///
    /// # Errors
    ///
    /// Never for a decomposition: its factors fit together.
    pub fn low_rank(&self) -> Result<LowRank<T>> {
        let left = Matrix::from_fn(self.u.rows(), self.u.columns(), |i, j| self.u[(i, j)].scale(self.estimates[j]));
        LowRank::new(left, self.v.adjoint())
    }
}

/// [`PartialSvd`] of a real or of a complex matrix.
pub type AnyPartialSvd = RealOrComplex<PartialSvd<f64>, PartialSvd<c64>>;

impl AnyPartialSvd {
    /// Left singular vectors in columns.
    pub fn u(&self) -> AnyOperator<'_> {
        both!(self, f => f.u().into())
    }

    /// Right singular vectors in columns.
    pub fn v(&self) -> AnyOperator<'_> {
        both!(self, f => f.v().into())
    }

    /// Vᴴ.
    pub fn vh(&self) -> AnyMatrix {
        both!(self, f => f.v().adjoint().into())
    }

    /// The singular values, enclosed.
    pub fn values(&self) -> &[Enclosure] {
        both!(self, f => f.values())
    }

    /// The point estimates of the singular values.
    pub fn estimates(&self) -> &[f64] {
        both!(self, f => f.estimates())
    }

    /// The residuals: see [`PartialSvd::residuals`].
    pub fn residuals(&self) -> &[f64] {
        both!(self, f => f.residuals())
    }

    /// ‖A − UΣVᴴ‖_F, where ‖A‖_F is known.
    pub fn error(&self) -> Option<Enclosure> {
        both!(self, f => f.error())
    }

    /// ‖A − UΣVᴴ‖₂.
    pub fn spectral_error(&self) -> Enclosure {
        both!(self, f => f.spectral_error())
    }

    /// The number of products of A or its adjoint with one vector.
    pub fn products(&self) -> usize {
        both!(self, f => f.products())
    }

    /// The name of the algorithm, as a noun phrase.
    pub fn algorithm(&self) -> &'static str {
        both!(self, f => f.algorithm())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Norm, norm, singular_values};

    /// diag(σ), m×n, with the first k unit vectors on both sides; the last of them is rotated by `angle` towards the
    /// others.
    fn turned(m: usize, n: usize, k: usize, angle: f64) -> Vectors<f64> {
        let unit = |rows: usize| {
            Matrix::from_fn(rows, k, |i, j| match (i, j + 1 == k) {
                _ if i == j => {
                    if j + 1 == k {
                        angle.cos()
                    } else {
                        1.0
                    }
                }
                (_, true) if i == k && k < m.min(n) => angle.sin(),
                _ => 0.0,
            })
        };
        Vectors { u: unit(m), v: unit(n) }
    }

    /// Checks that the enclosures of diag(σ), m×n, for these vectors hold.
    fn check(values: &[f64], (m, n): (usize, usize), vectors: Vectors<f64>, what: &str) {
        let a = Matrix::from_fn(m, n, |i, j| if i == j { values[i] } else { 0.0 });
        let k = vectors.u.columns();
        let length = |f: &dyn Fn(usize) -> f64, rows: usize| (0..rows).map(|i| f(i).powi(2)).sum::<f64>().sqrt();
        let entry = |i: usize| values.get(i).copied().unwrap_or(0.0);
        let residuals: Vec<[f64; 2]> = (0..k)
            .map(|j| {
                let (u, v) = (vectors.u.column(j), vectors.v.column(j));
                let at = |x: &[f64], i: usize| x.get(i).copied().unwrap_or(0.0);
                [
                    length(&|i| entry(i) * at(v, i) - values[j] * at(u, i), m),
                    length(&|i| entry(i) * at(u, i) - values[j] * at(v, i), n),
                ]
            })
            .collect();
        let rest = Matrix::from_fn(m, n, |i, j| {
            a[(i, j)] - (0..k).map(|l| vectors.u[(i, l)] * values[l] * vectors.v[(j, l)]).sum::<f64>()
        });
        let all = SingularValues::from_enclosures((m, n), values.iter().map(|&s| Enclosure::exact(s)).collect());
        let said = PartialSvd::of_known_values(&all, vectors, &residuals, 1e-15);
        let truths = [norm(&rest, Norm::frobenius()).unwrap(), singular_values(&rest).unwrap().first()];
        for (said, truth) in [said.error().unwrap(), said.spectral_error()].into_iter().zip(truths) {
            let case = format!("{values:?}, {m}×{n}, {k} {what}: {said:?} beside {truth:?}");
            assert!(said.lower() <= truth.upper() && truth.lower() <= said.upper(), "{case}");
        }
    }

    #[test]
    fn what_is_left_out_is_enclosed_however_bad_the_vectors_are() {
        for values in
            [[5.0, 4.0, 3.0, 2.0, 1.0], [5.0, 3.0, 3.0, 3.0, 0.0], [1.0; 5], [1e-300; 5], [9.0, 1e-8, 0.0, 0.0, 0.0]]
        {
            for shape in [(5, 5), (8, 5), (5, 7)] {
                for k in 0..=5 {
                    for angle in [0.0, 1e-9, 0.1, 0.8, std::f64::consts::FRAC_PI_2] {
                        let angle = if k < 5 { angle } else { 0.0 };
                        let vectors = turned(shape.0, shape.1, k, angle);
                        check(&values, shape, vectors, &format!("turned by {angle}"));
                    }
                }
            }
        }
    }

    #[test]
    fn a_value_that_was_passed_over_is_not_forgotten() {
        // Each vector belongs to the next value: the residuals are small, and the largest value is missing.
        let values: Vec<f64> = (0..21).map(|i| 1.0 - f64::from(i) / 20.0).collect();
        let next = |rows: usize| Matrix::from_fn(rows, 20, |i, j| f64::from(i == j + 1));
        check(&values, (21, 21), Vectors { u: next(21), v: next(21) }, "passed over");
    }

    #[test]
    fn a_residual_that_is_no_number_leaves_nothing_known() {
        let all = SingularValues::from_enclosures((3, 3), [3.0, 2.0, 1.0].map(Enclosure::exact).to_vec());
        for residuals in [[f64::NAN, 0.0], [0.0, f64::NAN]] {
            let said = PartialSvd::of_known_values(&all, turned(3, 3, 1, 0.0), &[residuals], 1e-15);
            assert_eq!(said.error().unwrap().upper(), f64::INFINITY);
            assert_eq!(said.spectral_error().upper(), f64::INFINITY);
            assert!(said.residuals()[0].is_nan());
        }
    }
}
