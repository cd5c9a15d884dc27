use kappa_dense::{Matrix, Scalar};

use super::PartialSvd;
use super::partial::Work;
use super::partial_bounds::{Known, frobenius, known, residuals, smallest_of_all};
use crate::enclosure::directed::norm_up;
use crate::error::{Error, Result};
use crate::krylov::{End, GolubKahan, GolubKahanRitz as Ritz, Lanczos, check_count};
use crate::operator::{DENSE_LIMIT, Form, LinearOperator};
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
/// length, and no entries of A. One Krylov space contains a multiple value once; what is beyond an invariant subspace,
/// and the complement of what was found, is searched from new random directions until nothing larger (or smaller)
/// appears, so that multiple values and zeros are found as often as they occur. The largest values are enclosed from
/// below by interlacing and from above by a Lanczos bound of the remainder (evidence: probability). The smallest are
/// enclosed from above alone, unless the space becomes complete: they converge slowly where they are clustered, and
/// that none below was missed is not proved. If the restarts run out, [`PartialSvd::has_converged`] is false and the
/// residuals tell how far the triplets are off. The smallest of a matrix whose decomposition takes seconds are taken
/// from that. Entries in single precision are widened, so that any tolerance can be reached.
///
/// # Errors
///
/// When a product fails or is not finite, when k = 0 or k > min(m, n), and when the tolerance is negative or not
/// finite.
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
    check_count(k, a.shape())?;
    Error::check_tolerance(how.tolerance)?;
    if how.end == End::Smallest && is_soon_decomposed(a.shape()) {
        return smallest_of_all(a, k);
    }
    match a.form() {
        Form::Dense(dense) if !T::IS_DOUBLE => by_lanczos(&dense.to_wide(), k, how),
        Form::Sparse(sparse) if !T::IS_DOUBLE => by_lanczos(&sparse.to_wide(), k, how),
        _ => by_lanczos(a, k, how),
    }
}

/// Whether all entries are decomposed within seconds: the smallest singular values of all are surer and sooner known
/// than by an iteration that converges slowly.
fn is_soon_decomposed((m, n): (usize, usize)) -> bool {
    const SIDE: usize = 1000;
    const WORK: usize = 20_000_000_000;
    m.min(n) <= SIDE && m.saturating_mul(n) <= DENSE_LIMIT && m.saturating_mul(n).saturating_mul(m.min(n)) <= WORK
}

fn by_lanczos<T: Scalar>(
    a: &(impl LinearOperator<T> + ?Sized),
    k: usize,
    how: &ThickRestart,
) -> Result<PartialSvd<T::Wide>> {
    let (ritz, ending, products) = searched(a, k, how)?;
    let work = Work { algorithm: "Lanczos with thick restarts", products };
    let Judged { ritz, right, products } = judged(a, ritz, k, how.end)?;
    let work = Work { products: work.products + products, ..work };
    let rest = how.bound.as_ref().filter(|_| how.end == End::Largest);
    let v = ritz.v.first_columns(k.min(ritz.v.columns()));
    let frobenius = if how.end == End::Largest { frobenius(a)? } else { None };
    let known = known(a, frobenius, ritz.scale, rest.map(|how| (&a, &v, how)))?;
    let (is_complete, has_converged) = (ending == Ending::Complete, ending != Ending::OutOfSteps);
    let known = Known { right, is_complete, has_converged, ..known };
    Ok(match how.end {
        End::Largest => PartialSvd::largest(ritz, k, &known, work),
        End::Smallest => PartialSvd::smallest(ritz, k, &known, work),
    })
}

/// Why the search ended.
#[derive(Clone, Copy, PartialEq)]
enum Ending {
    /// The space contains all singular values.
    Complete,
    /// The residuals reached the tolerance, and nothing was found in the complement.
    Converged,
    /// The restarts ran out.
    OutOfSteps,
}

/// The Ritz triplets of the last space, and the number of products.
fn searched<T: Scalar>(
    a: &(impl LinearOperator<T> + ?Sized),
    k: usize,
    how: &ThickRestart,
) -> Result<(Ritz<T::Wide>, Ending, usize)> {
    let (m, n) = a.shape();
    let least = m.min(n);
    let block = how.block.clamp(1, least);
    // Room for one block beyond the rank; without it an invariant subspace is not detected.
    let width = if how.width == 0 { 2 * k + 20 } else { how.width.max(k + 2 * block) }.min(least + block);
    let mut draws = Draws(how.seed ^ 0x7461_6c6c);
    let start = Matrix::from_fn(n, block, |_, _| T::from_parts(draws.normal(), draws.normal()));
    let mut space = GolubKahan::new(a, start)?;
    let (mut left, mut before) = (how.restarts, None);
    let share = how.tolerance.max(4.0 * T::EPSILON);
    loop {
        while space.width() < width && !space.is_complete() {
            if space.is_exhausted() {
                space.reopen(block, &mut draws)?;
            }
            space.grow()?;
        }
        let ritz = space.ritz()?;
        let found = Found::of(&ritz, k, how.end, share);
        let ending = match &before {
            _ if space.is_complete() => Some(Ending::Complete),
            Some(before) if found.confirms(before) => Some(Ending::Converged),
            _ if left == 0 && found.has_converged => Some(Ending::Converged),
            _ if left == 0 => Some(Ending::OutOfSteps),
            _ => None,
        };
        if let Some(ending) = ending {
            return Ok((ritz, ending, space.products()));
        }
        left -= 1;
        if found.has_converged && before.as_ref().is_none_or(|before| !found.is_same(before)) {
            // What one space missed lies in the complement of what it found.
            space.restart(&ritz, k, how.end);
            space.reopen(block, &mut draws)?;
            before = Some(found);
        } else {
            // Half of the remaining room is kept for the next triplets, so that they converge too.
            space.restart(&ritz, (k + (width - k) / 2).min(width - block), how.end);
        }
    }
}

/// The values that are wanted, and the one beyond them.
struct Found {
    wanted: Vec<f64>,
    /// The size below which a residual counts as zero.
    limit: f64,
    has_converged: bool,
    /// Whether the next value beyond is known well enough to lie beyond.
    is_next_settled: bool,
}

impl Found {
    fn of<W: Scalar>(ritz: &Ritz<W>, k: usize, end: End, share: f64) -> Self {
        let count = ritz.values.len();
        // In the order from the end that is wanted.
        let at = |i: usize| if end == End::Largest { i } else { count - 1 - i };
        let first = ritz.values.first().copied().unwrap_or(0.0);
        let limit = share * first;
        let wanted: Vec<f64> = (0..k.min(count)).map(|i| ritz.values[at(i)]).collect();
        let has_converged = count >= k && (0..k).all(|i| ritz.residuals[at(i)] <= limit);
        let rough = if end == End::Largest { limit.max(1e-5 * first) } else { limit };
        let is_next_settled = count > k && {
            let gap = (ritz.values[at(k)] - ritz.values[at(k - 1)]).abs();
            ritz.residuals[at(k)] <= rough.max(0.5 * gap)
        };
        Self { wanted, limit, has_converged, is_next_settled }
    }

    fn is_same(&self, other: &Self) -> bool {
        self.wanted.iter().zip(&other.wanted).all(|(x, y)| (x - y).abs() <= 2.0 * self.limit)
    }

    /// Whether a search of the complement found nothing that belongs to the wanted values.
    fn confirms(&self, before: &Self) -> bool {
        self.has_converged && self.is_next_settled && self.is_same(before)
    }
}

/// Triplets with residuals that were computed anew; those that are not wanted have none.
struct Judged<W: Scalar> {
    ritz: Ritz<W>,
    /// ‖AV − UΣ‖_F of the wanted ones, divided by the scale.
    right: f64,
    products: usize,
}

/// Computes the residuals of the wanted triplets.
fn judged<T: Scalar>(
    a: &(impl LinearOperator<T> + ?Sized),
    ritz: Ritz<T::Wide>,
    k: usize,
    end: End,
) -> Result<Judged<T::Wide>> {
    let count = ritz.values.len();
    let k = k.min(count);
    let from = if end == End::Largest { 0 } else { count - k };
    let pick = |x: &Matrix<T::Wide>| Matrix::from_fn(x.rows(), k, |i, j| x[(i, from + j)]);
    let (u, v) = (pick(&ritz.u), pick(&ritz.v));
    let chosen = Ritz { u, v, values: ritz.values[from..from + k].to_vec(), residuals: Vec::new(), scale: ritz.scale };
    let (chosen, products) = if T::IS_DOUBLE {
        (chosen, 2 * k)
    } else {
        // Bases in single precision are only approximately orthonormal.
        (Ritz::by_right_vectors::<T>(a, &chosen.v, ritz.scale, false)?, 3 * k)
    };
    let off = residuals(a, &chosen)?;
    let mut values = ritz.values;
    values[from..from + k].copy_from_slice(&chosen.values);
    let mut worst = vec![f64::INFINITY; count];
    off.iter().enumerate().for_each(|(j, [r, l])| worst[from + j] = r.max(*l));
    let placed = |x: &Matrix<T::Wide>| {
        Matrix::from_fn(x.rows(), count, |i, j| {
            if (from..from + k).contains(&j) { x[(i, j - from)] } else { <T::Wide>::default() }
        })
    };
    let (u, v) = (placed(&chosen.u), placed(&chosen.v));
    let right = norm_up(&off.iter().map(|[right, _]| *right).collect::<Vec<f64>>());
    Ok(Judged { ritz: Ritz { u, v, values, residuals: worst, scale: ritz.scale }, right, products })
}
