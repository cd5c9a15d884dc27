//! Systems with triangular matrices.

use kappa_engine::Triangle;

use crate::cut;
use crate::guard::{prepared, square, unscaled};
use crate::power::exponent;
use crate::scale::scaled;
use crate::wide;
use crate::{Error, Matrix, MatrixRef, Scalar};

/// T⁻¹B for the triangle of a square matrix that is meant; what stands on its other side is not read.
///
/// n² flops for each column. Not finite where the diagonal has a zero. Fails for a matrix that is not square, for a B
/// of another length, and when an entry of T is not finite.
///
/// ```
/// # use kappa_dense::{Matrix, Triangle, triangular_solve};
/// let t = Matrix::from_row_major(2, 2, vec![2.0, 1.0, 0.0, 4.0])?;
/// let b = Matrix::from_row_major(2, 1, vec![4.0, 8.0])?;
/// let x = triangular_solve(t.as_ref(), Triangle { upper: true, ..Triangle::default() }, &b)?;
/// assert_eq!(x.as_slice(), [1.0, 2.0]);
/// # Ok::<(), kappa_dense::Error>(())
/// ```
pub fn triangular_solve<T: Scalar>(
    t: MatrixRef<'_, T>,
    which: Triangle,
    b: &Matrix<T::Wide>,
) -> Result<Matrix<T::Wide>, Error> {
    let t = Triangular::new(t, which)?;
    if b.rows() != t.order() {
        return Err(Error::shape(format!("a right-hand side has {} rows, and the matrix {}", b.rows(), t.order())));
    }
    Ok(t.solve(b, false))
}

/// A triangle that was read once, to be solved with again and again.
#[derive(Clone, Debug, PartialEq)]
pub struct Triangular<W: Scalar> {
    t: Matrix<W>,
    which: Triangle,
    e: i32,
}

impl<W: Scalar<Wide = W>> Triangular<W> {
    /// Fails for a matrix that is not square, and when an entry is not finite.
    pub fn new<T: Scalar<Wide = W>>(t: MatrixRef<'_, T>, which: Triangle) -> Result<Self, Error> {
        square(t, "a triangular system")?;
        let (t, e) = prepared(t)?;
        // A diagonal of ones is not scaled with the rest.
        Ok(if which.unit && e != 0 { Self { t: unscaled(t, e), which, e: 0 } } else { Self { t, which, e } })
    }

    /// A triangle of finite numbers near 1 in size, kept as it is. Panics unless it is square.
    pub fn owning(t: Matrix<W>, which: Triangle) -> Self {
        assert_eq!(t.rows(), t.columns(), "a triangular system needs a square matrix");
        Self { t, which, e: 0 }
    }

    /// The order n.
    pub fn order(&self) -> usize {
        self.t.rows()
    }

    /// Whether a diagonal entry is 0.
    pub fn is_singular(&self) -> bool {
        !self.which.unit && (0..self.order()).any(|i| self.t[(i, i)] == W::default())
    }

    /// T⁻¹B, or its adjoint's. n² flops for each column. Panics unless B has n rows.
    pub fn solve(&self, b: &Matrix<W>, adjoint: bool) -> Matrix<W> {
        assert_eq!(b.rows(), self.order(), "as many rows as the triangle");
        let which = Triangle { adjoint: self.which.adjoint != adjoint, ..self.which };
        unscaled(solve_scaled(&self.t, which, b.clone()), -self.e)
    }
}

/// T⁻¹B with B brought near 1 on the way, so that nothing small is rounded.
pub(crate) fn solve_scaled<W: Scalar<Wide = W>>(t: &Matrix<W>, which: Triangle, b: Matrix<W>) -> Matrix<W> {
    let n = t.rows();
    if n == 0 || b.columns() == 0 {
        return b;
    }
    let largest = b.as_slice().iter().map(|x| x.re().abs().max(x.im().abs())).fold(0.0, f64::max);
    let e = if largest.is_finite() { exponent(largest) } else { 0 };
    let mut x = scaled::<W, W>(b.as_ref(), e);
    let cut = cut::for_shape(n, b.columns());
    wide::triangular_solve::<W>(t.as_slice(), n, which, x.as_mut_slice(), cut);
    unscaled(x, e)
}
