use kappa_dense::{Matrix, Scalar, Vectors, c64};

use crate::enclosure::directed::{SMALLEST, add_up, max_or_nan, mul_up, norm_down, norm_up, sqrt_up};
use crate::error::Result;
use crate::operator::{AnyMatrix, AnyOperator, RealOrComplex, both};
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
    pub(super) u: Matrix<T>,
    pub(super) v: Matrix<T>,
    pub(super) estimates: Vec<f64>,
    pub(super) values: Vec<Enclosure>,
    pub(super) residuals: Vec<f64>,
    pub(super) error: Option<Enclosure>,
    pub(super) spectral_error: Enclosure,
    pub(super) has_converged: bool,
    pub(super) work: Work,
}

/// The algorithm that found triplets, and its cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Work {
    /// The name of the algorithm, as a noun phrase.
    pub(crate) algorithm: &'static str,
    /// Products of A or its adjoint with one vector.
    pub(crate) products: usize,
}

impl<T: Scalar<Wide = T>> PartialSvd<T> {
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
            has_converged: true,
            work: Work { algorithm: all.algorithm(), products: 2 * k },
        }
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
    /// Value i is the i-th largest or i-th smallest singular value of A. The vectors prove one end: by
    /// interlacing, the i-th largest value from orthonormal vectors is a lower bound, the i-th smallest an upper one.
    /// The other end needs a bound of all that was not found. It is 0 for the smallest unless all singular values are
    /// known, and ∞ for the largest where neither ‖A‖_F nor products bound the rest. That *some* singular value lies
    /// within its residual of each estimate holds in any case.
    pub fn values(&self) -> &[Enclosure] {
        &self.values
    }

    /// The point estimates of the singular values.
    pub fn estimates(&self) -> &[f64] {
        &self.estimates
    }

    /// Upper bounds of ‖Aᴴuᵢ − σᵢvᵢ‖ and ‖A·vᵢ − σᵢuᵢ‖, rounding errors of the products included (by a model): a
    /// singular value of A lies within this distance of each estimate.
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

    /// Whether every residual reached the tolerance, or the precision of the entries, within the given restarts.
    pub fn has_converged(&self) -> bool {
        self.has_converged
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

    /// Whether every residual reached the tolerance.
    pub fn has_converged(&self) -> bool {
        both!(self, f => f.has_converged())
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
