use kappa_dense::{MatrixRef, Scalar};
use rayon::prelude::*;

use super::Profile;
use super::sparse_rank::SparseModulo;
use crate::arithmetic::modular::{Prime, primes};
use crate::arithmetic::whole_matrix::Whole;
use crate::error::{Error, Result};
use crate::operator::{AnyOperator, Entries, Form, LinearOperator, RealOrComplex, Sparse, wide};
use crate::{Enclosure, Evidence};

/// The multiplications spent on a proof: some tens of seconds.
const BUDGET: f64 = 2e10;

/// The rank of A as a matrix of exact numbers, without any tolerance: by elimination modulo primes.
///
/// An entry is m·2ᵉ with an integer m, and 2 has an inverse modulo an odd prime. The rank modulo a prime never exceeds
/// the rank, and is smaller for few primes only: one prime proves full rank. An upper bound r is proved if the rank is
/// r modulo enough primes that their product exceeds every minor of order r + 1 (Hadamard). Both ends agree if that was
/// affordable; otherwise the upper end is min(m, n), and the answer states what is proved (evidence: rounding, as no
/// number is rounded). A complex matrix is replaced by its real form. m·n·r operations for each prime.
///
/// # Errors
///
/// When an entry is not finite, and when elimination of a large sparse matrix fills more than 2²⁷ entries.
///
/// # Examples
///
/// ```
/// # use kappa::{Matrix, Tolerance, exact_rank, rank};
/// // 1/3 is rounded, so that the rows are not exactly dependent; no computation in doubles can see that.
/// let a = Matrix::from_row_major(2, 2, vec![1.0, 1.0 / 3.0, 3.0, 1.0])?;
/// assert_eq!(exact_rank(&a)?.estimate(), 2.0);
/// assert_eq!(rank(&a, Tolerance::relative(1e-15)?)?.estimate(), 1.0);
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn exact_rank<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized)) -> Result<Enclosure> {
    if let Form::Sparse(sparse) = a.form()
        && !T::IS_COMPLEX
        && !super::sparse::is_written_out(sparse)
    {
        return rank_of_sparse(sparse);
    }
    let entries = Entries::of(a)?;
    Profile::of_entries(entries.view())?;
    let form = T::real_form(entries.view());
    let factor = if form.is_doubled() { 2.0 } else { 1.0 };
    let found = rank_of(&Whole::new(form.view())?, (form.view().rows(), form.view().columns()), BUDGET)?;
    let (lower, upper) = (found.0 as f64 / factor, found.1 as f64 / factor);
    Ok(Enclosure::new(lower, lower, upper, Evidence::Rounding))
}

/// The largest number of entries to which elimination may fill a sparse matrix: 2 GiB.
const FILL: usize = 1 << 27;

/// The rank of a large sparse matrix modulo one prime is a proved lower bound. The upper bound excludes zero rows and
/// columns, and those that elimination shows to be multiples of others before any division.
fn rank_of_sparse<T: Scalar>(a: &Sparse<T>) -> Result<Enclosure> {
    a.check_finite()?;
    let most = a.structural_rank_bound();
    let (m, n) = a.shape();
    let Some(p) = primes().next() else { return Err(Error::unsupported("no prime modulus is left")) };
    let lower = SparseModulo::new(a, p).rank(FILL).ok_or_else(|| {
        Error::limit(format!("elimination of the sparse {m}×{n} matrix fills more than {FILL} entries"))
            .with_hint("reorder its rows and columns, or compute the rank of a submatrix")
    })?;
    Ok(Enclosure::new(lower as f64, lower as f64, most.max(lower) as f64, Evidence::Rounding))
}

/// The exact rank, if it takes no more than seconds to prove.
pub(crate) fn rank_within_seconds<T: Scalar>(a: MatrixRef<'_, T>) -> Option<usize> {
    let form = T::real_form(a);
    let copies = if form.is_doubled() { 2 } else { 1 };
    let (m, n) = (form.view().rows(), form.view().columns());
    let budget = 0.1 * BUDGET;
    if m as f64 * n as f64 * m.min(n) as f64 > budget {
        return None;
    }
    let (lower, upper) = rank_of(&Whole::new(form.view()).ok()?, (m, n), budget).ok()?;
    (lower == upper).then_some(lower / copies)
}

/// Whether the rank of a matrix is exactly below min(m, n); `None` if that takes more than seconds to decide.
pub(crate) fn is_exactly_singular<T: Scalar>(a: MatrixRef<'_, T>) -> Option<bool> {
    rank_within_seconds(a).map(|rank| rank < a.rows().min(a.columns()))
}

/// Proved bounds of the rank of a matrix of integers.
fn rank_of(whole: &Whole, (m, n): (usize, usize), budget: f64) -> Result<(usize, usize)> {
    let most = whole.most();
    let work = |r: usize| m as f64 * n as f64 * r.max(1) as f64;
    let mut primes = primes();
    let mut best = 0;
    // One prime nearly always gives the rank.
    if let Some(p) = primes.next() {
        best = whole.rank(p);
    }
    if best == most {
        return Ok((best, best));
    }
    loop {
        // Every minor of order best + 1 is below 2^bits; a prime has more than 30.9 bits.
        let bits = whole.minor_bits(best + 1);
        let needed = (bits / 30.9).ceil() as usize + 1;
        if needed as f64 * work(best) > budget {
            return Ok((best, most));
        }
        let batch: Vec<Prime> = primes.by_ref().take(needed).collect();
        if batch.len() < needed {
            return Ok((best, most));
        }
        let top = batch.into_par_iter().map(|p| whole.rank(p)).max().unwrap_or(0);
        if top <= best {
            return Ok((best, best));
        }
        best = top;
        if best == most {
            return Ok((best, best));
        }
    }
}

impl AnyOperator<'_> {
    /// [`exact_rank`](crate::exact_rank) of this operator.
    ///
    /// # Errors
    ///
    /// As [`exact_rank`](crate::exact_rank).
    pub fn exact_rank(&self) -> Result<Enclosure> {
        wide!(self, a => self::exact_rank(a)).map(RealOrComplex::into_inner)
    }

    /// The exact rank of A + R, where R has these entries (row, column and number, from 0; those of one place are
    /// added): the rest of integers that doubles cannot hold. A large sparse matrix is copied to a dense one.
    ///
    /// # Errors
    ///
    /// As [`exact_rank`](crate::exact_rank), and when A is complex and R is not 0.
    ///
    /// # Examples
    ///
    /// ```
    /// # use kappa::{AnyOperator, Matrix};
    /// // 2⁵³ + 1 is no double.
    /// let a = Matrix::from_row_major(2, 2, vec![2f64.powi(53), 2f64.powi(53), 1.0, 1.0])?;
    /// assert_eq!(AnyOperator::from(&a).exact_rank_with(&[(0, 0, 1.0)])?.estimate(), 2.0);
    /// assert_eq!(AnyOperator::from(&a).exact_rank()?.estimate(), 1.0);
    /// # Ok::<(), kappa::Error>(())
    /// ```
    pub fn exact_rank_with(&self, rest: &[(usize, usize, f64)]) -> Result<Enclosure> {
        if rest.is_empty() {
            return self.exact_rank();
        }
        let RealOrComplex::Real(a) = self.widened()? else {
            return Err(Error::unsupported("integers beyond 2^53 are carried in real matrices only")
                .with_hint("divide the integers by a common factor"));
        };
        let a = a.operand();
        let entries = Entries::of(&a)?;
        Profile::of_entries(entries.view())?;
        let whole = Whole::with_rest(entries.view(), rest)?;
        let (lower, upper) = rank_of(&whole, (entries.view().rows(), entries.view().columns()), BUDGET)?;
        Ok(Enclosure::new(lower as f64, lower as f64, upper as f64, Evidence::Rounding))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Matrix, gallery};

    #[test]
    fn ranks_that_are_known_are_proved() {
        for r in 0..6 {
            // A product of integer factors, scaled unevenly.
            let a = Matrix::from_fn(9, 7, |i, j| {
                let sum: f64 =
                    (0..r).map(|k| ((i * (k + 2) + k * k) % 7) as f64 * ((j * j + 3 * k * j + k) % 5) as f64).sum();
                sum * 2f64.powi(i as i32 * 30 - 100) * 2f64.powi(-(j as i32) * 40)
            });
            let found = exact_rank(&a).unwrap();
            assert_eq!(found.lower(), found.upper(), "{r}: {found:?}");
            assert!(found.lower() <= r as f64);
            // The same by another elimination: of the unscaled integer matrix.
            let b: Vec<Vec<i128>> = (0..9)
                .map(|i| {
                    (0..7)
                        .map(|j| {
                            (0..r).map(|k| (((i * (k + 2) + k * k) % 7) * ((j * j + 3 * k * j + k) % 5)) as i128).sum()
                        })
                        .collect()
                })
                .collect();
            assert_eq!(found.lower() as usize, bareiss_rank(b), "{r}");
        }
        assert_eq!(exact_rank(&gallery::hilbert(12)).unwrap().lower(), 12.0);
        assert_eq!(exact_rank(&Matrix::<f64>::zeros(3, 4)).unwrap().upper(), 0.0);
        let z =
            Matrix::from_fn(2, 2, |i, j| crate::c64::new(0.0, 1.0) * crate::c64::new((i + 1) as f64, (j * 2) as f64));
        assert_eq!(exact_rank(&z).unwrap().upper(), 2.0);
        let one = Matrix::from_fn(3, 3, |i, j| crate::c64::new(1.0, i as f64) * crate::c64::new(1.0, -(j as f64)));
        assert_eq!(exact_rank(&one).unwrap().upper(), 1.0);
        assert_eq!(is_exactly_singular(Matrix::from_fn(4, 4, |i, j| (i + j) as f64).as_ref()), Some(true));
        assert!(exact_rank(&Matrix::from_fn(1, 1, |_, _| f64::NAN)).unwrap_err().is_not_finite());
    }

    #[test]
    fn what_doubles_lose_of_integers_counts() {
        // Rows (a, b) and (2a, 2b + r) for a = 2⁵³ + 1: dependent for r = 0 alone.
        let two = 2f64.powi(53);
        for (r, rank) in [(0.0, 1.0), (1.0, 2.0), (2f64.powi(-80), 2.0)] {
            let a = Matrix::from_row_major(2, 2, vec![two, 3.0, 2.0 * two, 6.0]).unwrap();
            let rest = [(0, 0, 1.0), (1, 0, 2.0), (1, 1, r)];
            let found = AnyOperator::from(&a).exact_rank_with(&rest).unwrap();
            assert_eq!((found.lower(), found.upper()), (rank, rank), "{r}");
        }
        // A rest may cancel all of an entry, and entries of one place are added.
        let one = Matrix::from_fn(1, 1, |_, _| 5.0);
        assert_eq!(AnyOperator::from(&one).exact_rank_with(&[(0, 0, -4.0), (0, 0, -1.0)]).unwrap().upper(), 0.0);
        let z = Matrix::from_fn(1, 1, |_, _| crate::c64::new(0.0, 1.0));
        assert!(AnyOperator::from(&z).exact_rank_with(&[(0, 0, 1.0)]).unwrap_err().is_unsupported());
    }

    /// Division-free elimination; the entries stay minors.
    fn bareiss_rank(mut a: Vec<Vec<i128>>) -> usize {
        let (m, n) = (a.len(), a[0].len());
        let (mut rank, mut last) = (0, 1i128);
        for j in 0..n {
            let Some(pivot) = (rank..m).find(|&i| a[i][j] != 0) else { continue };
            a.swap(rank, pivot);
            let top = a[rank].clone();
            for row in &mut a[rank + 1..] {
                let head = row[j];
                for (x, &y) in row.iter_mut().zip(&top) {
                    *x = (*x * top[j] - head * y) / last;
                }
            }
            last = top[j];
            rank += 1;
            if rank == m {
                break;
            }
        }
        rank
    }
}
