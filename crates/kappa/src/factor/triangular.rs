//! LU, Cholesky and LDLᴴ: factorizations of square matrices, for solving systems.

use kappa_dense::{Matrix, Scalar, c64};

use crate::error::{Error, Result};
use crate::norm::EntryNorms;
use crate::operator::{AnyMatrix, AnyOperator, Entries, LinearOperator, RealOrComplex, both, check_hermitian, wide};

/// PA = LU, for solving systems.
#[derive(Clone, Debug)]
pub struct Lu<W: Scalar>(kappa_dense::Lu<W>);

/// LU factorization with partial pivoting, PA = LU. ⅔n³ flops.
///
/// # Errors
///
/// When the matrix is not square, and when an entry is not finite. A singular matrix has factors with a zero pivot.
///
/// # Examples
///
/// ```
/// # use kappa::{Matrix, lu};
/// let f = lu(&Matrix::from_row_major(2, 2, vec![1.0f64, 2.0, 3.0, 4.0])?)?;
/// assert_eq!(f.rows(), [1, 0]);
/// assert!((f.l()[(1, 0)] - 1.0 / 3.0).abs() < 1e-15 && f.u()[(0, 0)] == 3.0);
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn lu<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized)) -> Result<Lu<T::Wide>> {
    Ok(Lu(kappa_dense::lu(Entries::of(a)?.view())?))
}

impl<W: Scalar<Wide = W>> Lu<W> {
    /// L, unit lower triangular.
    pub fn l(&self) -> Matrix<W> {
        self.0.l()
    }

    /// U, upper triangular.
    pub fn u(&self) -> Matrix<W> {
        self.0.u()
    }

    /// Row i of L·U is row `rows()[i]` of A.
    pub fn rows(&self) -> &[usize] {
        self.0.rows()
    }

    /// Whether a pivot is exactly 0.
    pub fn is_singular(&self) -> bool {
        self.0.is_singular()
    }

    /// A⁻¹B.
    ///
    /// # Errors
    ///
    /// When a pivot is 0, and when the number of rows of B differs from the order of A.
    pub fn solve(&self, b: &Matrix<W>) -> Result<Matrix<W>> {
        let n = self.0.order();
        if b.rows() != n {
            return Err(Error::shape(format!("the right-hand side has {} rows, and the matrix has {n}", b.rows())));
        }
        if self.is_singular() {
            return Err(
                Error::singular("the matrix is singular: a pivot is 0").with_hint("use `lstsq` for singular systems")
            );
        }
        Ok(self.0.solve(b))
    }

    /// max |uᵢⱼ| over the largest |aᵢⱼ|: the growth factor in the backward error bound, 2ⁿ⁻¹ at worst and below 100 in
    /// practice.
    pub fn growth(&self, largest: f64) -> f64 {
        self.u().as_slice().iter().map(|&x| crate::norm::modulus(x)).fold(0.0, f64::max) / largest
    }
}

/// L with A = LLᴴ for a Hermitian positive definite matrix. n³/3 flops.
///
/// # Errors
///
/// When the matrix is not square or not Hermitian, but for the last bits of its entries, when it is not positive
/// definite to working precision, and when an entry is not finite.
///
/// # Examples
///
/// ```
/// # use kappa::{Matrix, cholesky};
/// let l = cholesky(&Matrix::from_row_major(2, 2, vec![4.0f64, 2.0, 2.0, 10.0])?)?;
/// assert_eq!((l[(0, 0)], l[(1, 0)], l[(1, 1)]), (2.0, 1.0, 3.0));
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn cholesky<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized)) -> Result<Matrix<T::Wide>> {
    let entries = Entries::of(a)?;
    let view = entries.view();
    let allowed = ROUNDING * EntryNorms::of(view)?.max_abs_value();
    check_hermitian(view, allowed, "Cholesky factor", "take (A + Aᴴ)/2, or use `lu`, which needs no symmetry")?;
    let mut l = view.to_wide();
    if !kappa_dense::cholesky(&mut l) {
        return Err(Error::singular("the matrix is not positive definite to working precision")
            .with_hint("`ldlt` factors any Hermitian matrix, and `lu` any square one"));
    }
    Ok(l)
}

/// Entries that differ from their mirror images by less than this share of the largest were rounded, as those of a
/// computed product AAᴴ are; the lower triangle is then taken.
const ROUNDING: f64 = 4.0 * f64::EPSILON;

/// PAPᵀ = LDLᴴ: D has diagonal blocks of order 1 and 2.
#[derive(Clone, Debug, PartialEq)]
pub struct Ldlt<W: Scalar>(kappa_dense::Ldlt<W>);

/// The factorization PAPᵀ = LDLᴴ of Bunch and Kaufman for a Hermitian matrix, definite or not. n³/3 flops.
///
/// # Errors
///
/// When the matrix is not square or not Hermitian, but for the last bits of its entries, and when an entry is not
/// finite.
///
/// # Examples
///
/// ```
/// # use kappa::factor::ldlt;
/// # use kappa::Matrix;
/// // Eigenvalues 1 and −1: one positive, one negative, none zero.
/// let f = ldlt(&Matrix::from_row_major(2, 2, vec![0.0, 1.0, 1.0, 0.0])?)?;
/// assert_eq!(f.inertia(), (1, 1, 0));
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn ldlt<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized)) -> Result<Ldlt<T::Wide>> {
    let entries = Entries::of(a)?;
    let view = entries.view();
    let allowed = ROUNDING * EntryNorms::of(view)?.max_abs_value();
    check_hermitian(view, allowed, "LDLᴴ factorization", "take (A + Aᴴ)/2, or use `lu`, which needs no symmetry")?;
    Ok(Ldlt(kappa_dense::ldlt(view)?))
}

impl<W: Scalar> Ldlt<W> {
    /// L, unit lower triangular.
    pub fn l(&self) -> &Matrix<W> {
        &self.0.l
    }

    /// D, with blocks of order 1 and 2.
    pub fn d(&self) -> Matrix<W> {
        let n = self.0.diagonal.len();
        Matrix::from_fn(n, n, |i, j| match (i.abs_diff(j), i > j) {
            (0, _) => W::from_parts(self.0.diagonal[i], 0.0),
            (1, true) => self.0.below[j],
            (1, false) => self.0.below[i].conj(),
            _ => W::default(),
        })
    }

    /// Row i of LDLᴴ is row `rows()[i]` of A.
    pub fn rows(&self) -> &[usize] {
        &self.0.rows
    }

    /// The numbers of positive, negative and zero eigenvalues of the factors (Sylvester's law of inertia).
    pub fn inertia(&self) -> (usize, usize, usize) {
        let (diagonal, below) = (&self.0.diagonal, &self.0.below);
        let mut counts = (0, 0, 0);
        let mut count = |x: f64| match x {
            x if x > 0.0 => counts.0 += 1,
            x if x < 0.0 => counts.1 += 1,
            _ => counts.2 += 1,
        };
        let mut i = 0;
        while i < diagonal.len() {
            if below.get(i).is_some_and(|&b| b != W::default()) && i + 1 < diagonal.len() {
                // The pivoting chooses a block of order 2 only where its determinant is negative.
                count(1.0);
                count(-1.0);
                i += 2;
            } else {
                count(diagonal[i]);
                i += 1;
            }
        }
        counts
    }
}

impl AnyOperator<'_> {
    /// [`lu`](crate::lu) of this operator.
    ///
    /// # Errors
    ///
    /// As [`lu`](crate::lu).
    pub fn lu(&self) -> Result<RealOrComplex<Lu<f64>, Lu<c64>>> {
        wide!(self, a => self::lu(a))
    }

    /// [`cholesky`](crate::cholesky) of this operator.
    ///
    /// # Errors
    ///
    /// As [`cholesky`](crate::cholesky).
    pub fn cholesky(&self) -> Result<AnyMatrix> {
        wide!(self, a => self::cholesky(a))
    }

    /// [`ldlt`](crate::factor::ldlt) of this operator.
    ///
    /// # Errors
    ///
    /// As [`ldlt`](crate::factor::ldlt).
    pub fn ldlt(&self) -> Result<RealOrComplex<Ldlt<f64>, Ldlt<c64>>> {
        wide!(self, a => self::ldlt(a))
    }
}

/// [`Lu`] of a real or of a complex matrix.
pub type AnyLu = RealOrComplex<Lu<f64>, Lu<c64>>;

impl AnyLu {
    /// L.
    pub fn l(&self) -> AnyMatrix {
        both!(self, f => f.l().into())
    }

    /// U.
    pub fn u(&self) -> AnyMatrix {
        both!(self, f => f.u().into())
    }

    /// The order of the rows.
    pub fn rows(&self) -> &[usize] {
        both!(self, f => f.rows())
    }
}

/// [`Ldlt`] of a real or of a complex matrix.
pub type AnyLdlt = RealOrComplex<Ldlt<f64>, Ldlt<c64>>;

impl AnyLdlt {
    /// L.
    pub fn l(&self) -> AnyOperator<'_> {
        both!(self, f => f.l().into())
    }

    /// D.
    pub fn d(&self) -> AnyMatrix {
        both!(self, f => f.d().into())
    }

    /// The order of the rows.
    pub fn rows(&self) -> &[usize] {
        both!(self, f => f.rows())
    }
}
