use kappa_dense::{Matrix, Scalar};

use super::PartialSvd;
use super::partial::{Work, frobenius, known};
use crate::error::Result;
use crate::krylov::{End, GolubKahan, Lanczos, check_count};
use crate::operator::LinearOperator;
use crate::random::Draws;

/// The parameters of thick-restart Lanczos: passed last, and usually left at their default.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ThickRestart {
    /// Which end of the singular values: the largest or the smallest.
    pub end: End,
    /// The block size: vectors multiplied at a time.
    pub block: usize,
    /// The number of left and of right vectors kept before a restart; 0 stands for 2k + 20.
    pub width: usize,
    /// The maximum number of restarts.
    pub restarts: usize,
    /// Stop when every residual is below this share of the largest singular value.
    pub tolerance: f64,
    /// How the norm of the remainder is bounded, which narrows the enclosures of the values; `None` saves the products.
    pub bound: Option<Lanczos>,
    /// The random seed of the start vectors.
    pub seed: u64,
}

impl Default for ThickRestart {
    fn default() -> Self {
        let bound = Some(Lanczos { tolerance: 0.05, ..Lanczos::default() });
        Self { end: End::Largest, block: 1, width: 0, restarts: 300, tolerance: 1e-10, bound, seed: 0 }
    }
}

/// The k largest or smallest singular triplets of an operator that is known by its products.
///
/// Golub–Kahan–Lanczos with full reorthogonalization and thick restarts: memory for about 2k + 20 vectors of each
/// length, and no entries of A. The largest values are enclosed from below by interlacing and from above by a Lanczos
/// bound of the remainder (evidence: probability). The smallest converge slowly where they are clustered, and each
/// enclosure holds *some* singular value of A. If the restarts run out, the enclosures are as wide as the residuals.
///
/// # Errors
///
/// When a product fails or is not finite, and when k = 0 or k > min(m, n).
///
/// # Examples
///
/// ```
/// # use kappa::factor::ThickRestart;
/// # use kappa::{Sparse, partial_svd};
/// let a = Sparse::from_triplets((1000, 800), (0..800).map(|i| (i, i, 1.0 / (1.0 + i as f64))).collect())?;
/// let f = partial_svd(&a, 2, &ThickRestart::default())?;
/// assert!(f.values()[0].contains(1.0) && f.values()[1].contains(0.5));
/// assert!(f.values()[1].width() < 1e-9);
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// Reference: Baglama and Reichel, SIAM J. Sci. Comput. 27 (2005) 19–42.
pub fn partial_svd<T: Scalar, A: LinearOperator<T> + ?Sized>(
    a: &A,
    k: usize,
    how: &ThickRestart,
) -> Result<PartialSvd<T::Wide>> {
    let (least, n) = (check_count(k, a.shape())?, a.shape().1);
    let block = how.block.clamp(1, least);
    // Room for one block beyond the rank; without it an invariant subspace is not detected.
    let width = if how.width == 0 { 2 * k + 20 } else { how.width.max(k + 2 * block) }.min(least + block);
    let mut draws = Draws(how.seed ^ 0x7461_6c6c);
    let start = Matrix::from_fn(n, block, |_, _| T::from_parts(draws.normal(), draws.normal()));
    let mut space = GolubKahan::new(a, start)?;
    let mut left = how.restarts;
    let ritz = loop {
        while space.width() < width && !space.is_exhausted() {
            space.grow()?;
        }
        let ritz = space.ritz()?;
        let count = ritz.values.len();
        let wanted = if how.end == End::Largest { 0..k.min(count) } else { count.saturating_sub(k)..count };
        let limit = how.tolerance * ritz.values.first().copied().unwrap_or(0.0);
        let is_done = wanted.len() == k && ritz.residuals[wanted].iter().all(|&r| r <= limit);
        if is_done || space.is_exhausted() || left == 0 {
            break ritz;
        }
        left -= 1;
        // Half of the remaining room is kept for the next triplets, so that they converge too.
        space.restart(&ritz, (k + (width - k) / 2).min(width - block), how.end);
    };
    let work = Work { algorithm: "Lanczos with thick restarts", products: space.products() };
    if how.end == End::Smallest {
        let known = known(a, None, ritz.scale, None::<(&&A, _, _)>)?;
        return Ok(PartialSvd::smallest(ritz, k, &known, work));
    }
    let v = ritz.v.first_columns(k);
    let known = known(a, frobenius(a)?, ritz.scale, how.bound.as_ref().map(|how| (&a, &v, how)))?;
    Ok(PartialSvd::largest(ritz, k, &known, work))
}
