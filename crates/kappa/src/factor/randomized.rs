use kappa_dense::{Matrix, MatrixRef, Scalar};
use rayon::prelude::*;

use super::PartialSvd;
use super::partial::Work;
use super::partial_bounds::{frobenius, known};
use crate::Enclosure;
use crate::error::{Error, Result};
use crate::krylov::{GolubKahan, GolubKahanRitz as Ritz, Lanczos, check_count, power_near};
use crate::operator::{Adjoint, Form, LinearOperator};
use crate::random::Sketch;

/// The parameters of a randomised decomposition: passed last, and usually left at their default.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RandomizedSvd {
    /// Columns of the sketch beyond the rank.
    pub oversampling: usize,
    /// Products with AᴴA after the first one. All blocks are kept, not only the last: block Krylov.
    pub steps: usize,
    /// Whether the space is built from products in single precision for a matrix of doubles. Only the last product is
    /// then computed in double precision: half the time for the same accuracy, and memory for half a copy of A.
    pub in_single: bool,
    /// The distribution of the random start matrix.
    pub sketch: Sketch,
    /// How the norm of the remainder is bounded, which narrows the enclosures of the values. `None`, the default, saves
    /// the products; the values are then bounded by ‖A‖_F alone.
    pub bound: Option<Lanczos>,
    /// The random seed. The answer depends on nothing else, and not on the number of threads.
    pub seed: u64,
}

impl Default for RandomizedSvd {
    fn default() -> Self {
        Self { oversampling: 10, steps: 2, in_single: true, sketch: Sketch::Gaussian, bound: None, seed: 0 }
    }
}

/// The k largest singular triplets from a random sketch, with error bounds from A·V = U·Σ.
///
/// Block Krylov: a sketch of k + p columns and q products with AᴴA, where all blocks are kept and orthonormalized. (k +
/// p)·(2q + 2) products with a vector, each a column of a matrix product. With the default q = 2 the Frobenius error
/// was within 0.03 % of the best possible for singular values that decay as slowly as 1/i, and within 0.07 % where the
/// space is built in single precision; [`PartialSvd::error`] gives it for this matrix, from ‖A‖_F² − Σσᵢ².
///
/// # Errors
///
/// When a product fails or is not finite, and when k = 0 or k > min(m, n).
///
/// # Examples
///
/// ```
/// # use kappa::factor::RandomizedSvd;
/// # use kappa::{Matrix, randomized_svd};
/// let a = Matrix::from_fn(200, 100, |i, j| 1.0 / (1.0 + i as f64 + j as f64));
/// let f = randomized_svd(&a, 12, &RandomizedSvd::default())?;
/// assert!(f.error().unwrap().upper() < 1e-6 * f.estimates()[0]);
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// References: Halko, Martinsson and Tropp, SIAM Rev. 53 (2011) 217–288; Musco and Musco, NIPS 28 (2015) 1396–1404.
pub fn randomized_svd<T: Scalar>(
    a: &(impl LinearOperator<T> + ?Sized),
    k: usize,
    how: &RandomizedSvd,
) -> Result<PartialSvd<T::Wide>> {
    Error::check_count("steps", how.steps, 1000)?;
    let least = check_count(k, a.shape())?;
    let columns = (k + how.oversampling).min(least);
    let is_worth_a_copy = |a: &MatrixRef<'_, T>| a.rows() * a.columns() >= LARGE;
    match a.form().dense().filter(is_worth_a_copy) {
        Some(dense) if how.in_single && T::IS_DOUBLE && !T::IS_COMPLEX => by_single(dense, k, columns, how),
        _ if !T::IS_DOUBLE => {
            let (u, scale, products) = left_vectors(a, columns, how)?;
            Asked { a, norm: frobenius(a)?, how }.by_last_product(&u, scale, products, |_| k)
        }
        _ => {
            let mut space = begin(a, columns, how)?;
            space.grow_by(how.steps + 1)?;
            Asked { a, norm: frobenius(a)?, how }.finish(&space, |_| k)
        }
    }
}

/// The left vectors of the space after all steps, in single precision, the scale, and the number of products. The last
/// product, with Aᴴ, determines the accuracy; the caller computes it with these vectors in double precision.
fn left_vectors<T: Scalar>(
    a: &(impl LinearOperator<T> + ?Sized),
    columns: usize,
    how: &RandomizedSvd,
) -> Result<(Matrix<T>, f64, usize)> {
    let mut space = begin(a, columns, how)?.for_spans();
    space.grow_by(how.steps)?;
    if !space.is_exhausted() {
        space.grow_left()?;
    }
    Ok((space.left_vectors(columns)?, space.scale(), space.products()))
}

/// The number of entries above which a copy in single precision costs less time than it saves.
const LARGE: usize = 1 << 18;

/// The space from a copy in single precision; then AᴴU = Q·R and the singular values of R, in double precision.
fn by_single<T: Scalar>(
    a: MatrixRef<'_, T>,
    k: usize,
    columns: usize,
    how: &RandomizedSvd,
) -> Result<PartialSvd<T::Wide>> {
    let (m, n) = a.shape();
    let norm = frobenius(&a)?;
    let scale = norm.map_or(1.0, |norm| power_near(norm.upper()));
    let (u, products) = {
        let entries = in_single_precision(a, 1.0 / scale);
        let copy = if a.is_row_major() {
            MatrixRef::row_major(m, n, &entries)
        } else {
            MatrixRef::column_major(m, n, &entries)
        };
        let copy = copy?;
        let (u, _, products) = left_vectors(&copy, columns, how)?;
        (u, products)
    };
    let u = Matrix::from_fn(u.rows(), u.columns(), |i, j| T::from_parts(u[(i, j)].into(), 0.0));
    Asked { a: &a, norm, how }.by_last_product(&u, scale, products, |_| k)
}

/// An operator, its Frobenius norm where it is known, and the parameters.
struct Asked<'a, A: ?Sized> {
    a: &'a A,
    norm: Option<Enclosure>,
    how: &'a RandomizedSvd,
}

impl<A: ?Sized> Asked<'_, A> {
    /// AᴴU = Q·R and the singular values of R, all in double precision where the entries are stored.
    fn by_last_product<T: Scalar>(
        &self,
        u: &Matrix<T>,
        scale: f64,
        products: usize,
        count: impl Fn(&[f64]) -> usize,
    ) -> Result<PartialSvd<T::Wide>>
    where
        A: LinearOperator<T>,
    {
        let wide_u = || u.as_ref().to_wide();
        let (norm, how) = (self.norm, self.how);
        match self.a.form() {
            Form::Dense(a) if !T::IS_DOUBLE => {
                Asked { a: &a.to_wide(), norm, how }.finished(&wide_u(), scale, products, count)
            }
            Form::Sparse(a) if !T::IS_DOUBLE => {
                Asked { a: &a.to_wide(), norm, how }.finished(&wide_u(), scale, products, count)
            }
            _ => self.finished(u, scale, products, count),
        }
    }

    fn finished<T: Scalar>(
        &self,
        u: &Matrix<T>,
        scale: f64,
        products: usize,
        count: impl Fn(&[f64]) -> usize,
    ) -> Result<PartialSvd<T::Wide>>
    where
        A: LinearOperator<T>,
    {
        let is_bounded = self.how.bound.is_some();
        let ritz = Ritz::by_right_vectors(&Adjoint(self.a), u, scale, is_bounded)?.transposed();
        self.bounded(ritz, products + u.columns() * if is_bounded { 2 } else { 1 }, count)
    }

    /// The requested triplets, with the known bounds of the remainder (I − UUᴴ)A, which is the remainder of the
    /// adjoint.
    fn bounded<T: Scalar>(
        &self,
        ritz: Ritz<T::Wide>,
        products: usize,
        count: impl Fn(&[f64]) -> usize,
    ) -> Result<PartialSvd<T::Wide>>
    where
        A: LinearOperator<T>,
    {
        let k = count(&ritz.values).min(ritz.values.len());
        let head = ritz.u.first_columns(k);
        let adjoint = Adjoint(self.a);
        let known = known(self.a, self.norm, ritz.scale, self.how.bound.as_ref().map(|how| (&adjoint, &head, how)))?;
        Ok(PartialSvd::largest(ritz, k, &known, Work { algorithm: "random sketches and block Krylov steps", products }))
    }

    /// The triplets of a space that is large enough.
    fn finish<T: Scalar>(
        &self,
        space: &GolubKahan<'_, T, A>,
        count: impl Fn(&[f64]) -> usize,
    ) -> Result<PartialSvd<T::Wide>>
    where
        A: LinearOperator<T>,
    {
        if !T::IS_DOUBLE {
            // Bases in single precision are only approximately orthonormal.
            let u = space.left_vectors(space.width())?;
            return self.by_last_product(&u, space.scale(), space.products(), count);
        }
        self.bounded(space.left_ritz()?, space.products(), count)
    }
}

/// The entries in single precision, in memory order.
fn in_single_precision<T: Scalar>(a: MatrixRef<'_, T>, factor: f64) -> Vec<f32> {
    let rows = if a.is_row_major() { a } else { a.transpose() };
    let mut entries = vec![0.0; a.rows() * a.columns()];
    entries.par_chunks_mut(rows.columns().max(1)).enumerate().for_each(|(i, to)| {
        let row = rows.contiguous_row(i).unwrap_or_default();
        to.iter_mut().zip(row).for_each(|(to, x)| *to = (x.re() * factor) as f32);
    });
    entries
}

/// As many singular triplets as are needed for ‖A − UΣVᴴ‖_F ≤ `share`·‖A‖_F, from random sketches.
///
/// The space of [`randomized_svd`] grows block by block until ‖A‖_F² − Σσᵢ² is small enough; then the smallest
/// sufficient number of triplets is kept.
///
/// # Errors
///
/// When the operator has no entries, so that ‖A‖_F is not known; when the share is not in [1e-7, 1) ([1e-3, 1) in
/// single precision), as rounding hides a smaller difference ‖A‖_F² − Σσᵢ²; and when a product fails or is not finite.
///
/// # Examples
///
/// ```
/// # use kappa::factor::{RandomizedSvd, randomized_svd_to_error};
/// # use kappa::Matrix;
/// let a = Matrix::from_fn(80, 60, |i, j| if i == j { 0.5f64.powi(i as i32) } else { 0.0 });
/// let f = randomized_svd_to_error(&a, 1e-3, &RandomizedSvd::default())?;
/// assert_eq!(f.estimates().len(), 10);
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// Reference: Yu, Gu and Li, SIAM J. Matrix Anal. Appl. 39 (2018) 1339–1359, for the error from the norms.
pub fn randomized_svd_to_error<T: Scalar>(
    a: &(impl LinearOperator<T> + ?Sized),
    share: f64,
    how: &RandomizedSvd,
) -> Result<PartialSvd<T::Wide>> {
    let (m, n) = a.shape();
    let least = if T::IS_DOUBLE { 1e-7 } else { 1e-3 };
    if !(share >= least && share < 1.0) {
        return Err(Error::syntax(format!(
            "`share` must lie in [{least:e}, 1), got {share}: rounding hides smaller ones"
        ))
        .with_hint(format!("give a share of the Frobenius norm between {least:e} and 1")));
    }
    let Some(norm) = frobenius(a)? else {
        return Err(Error::unsupported("the Frobenius norm of an operator without stored entries is not known")
            .with_hint("give a number of triplets instead"));
    };
    // In units of ‖A‖_F, so that no square overflows.
    let rest =
        |values: &[f64], scale: f64| 1.0 - values.iter().map(|s| (s * (scale / norm.estimate())).powi(2)).sum::<f64>();
    let allowed = share * share;
    let mut space = begin(a, (how.oversampling + 6).min(m.min(n)), how)?;
    while norm.upper() > 0.0 && !space.is_exhausted() {
        space.grow()?;
        if rest(&space.values()?, space.scale()) <= allowed {
            break;
        }
    }
    let scale = space.scale();
    let enough =
        |values: &[f64]| (0..=values.len()).find(|&k| rest(&values[..k], scale) <= allowed).unwrap_or(values.len());
    Asked { a, norm: Some(norm), how }.finish(&space, enough)
}

fn begin<'a, T: Scalar, A: LinearOperator<T> + ?Sized>(
    a: &'a A,
    columns: usize,
    how: &RandomizedSvd,
) -> Result<GolubKahan<'a, T, A>> {
    GolubKahan::new(a, how.sketch.matrix(a.shape().1, columns, how.seed))
}
