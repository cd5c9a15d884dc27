//! Factorizations other than the singular value decomposition: checked, scaled by a power of two, and put into plain parts.
//!
//! They carry no guarantee: whoever needs one multiplies them out.

use kappa_engine::Double;

use crate::blocked_qr::triangle;
use crate::cut;
use crate::decompose::Shape;
use crate::guard::{largest_entry, prepared, square, unscaled};
use crate::power::{exponent, scale_by_power};
use crate::reflections::{pivoted_reflections, reflections};
use crate::scale::{scale_entry, scaled, stack_shape, write_stack};
use crate::wide;
use crate::{Error, Matrix, MatrixRef, Scalar};

/// PA·2⁻ᵉ = LU by partial pivoting, kept to solve with.
#[derive(Clone, Debug)]
pub struct Lu<W: Scalar> {
    factors: Matrix<W>,
    rows: Vec<usize>,
    e: i32,
}

/// Factors a square matrix. ⅔n³ flops.
///
/// ```
/// # use kappa_dense::{Matrix, lu};
/// let a = Matrix::from_row_major(2, 2, vec![0.0, 2.0, 1.0, 0.0])?;
/// let x = lu(a.as_ref())?.solve(&Matrix::from_row_major(2, 1, vec![4.0, 3.0])?);
/// assert_eq!(x.as_slice(), [3.0, 2.0]);
/// # Ok::<(), kappa_dense::Error>(())
/// ```
pub fn lu<T: Scalar>(a: MatrixRef<'_, T>) -> Result<Lu<T::Wide>, Error> {
    square(a, "an LU factorization")?;
    lu_of_finite(a, largest_entry(a)?)
}

/// [`lu`] of entries that are known to be finite, the largest part of any of them being `largest`: they are not looked at again.
pub fn lu_of_finite<T: Scalar>(a: MatrixRef<'_, T>, largest: f64) -> Result<Lu<T::Wide>, Error> {
    square(a, "an LU factorization")?;
    let (factors, rows, e) = factored(a, largest);
    Ok(Lu { factors, rows, e })
}

/// The exponent of a scaling that brings the largest entry into 2^±400, and nothing small under the smallest numbers without need.
///
/// Products of two entries then stay in range. Where the entries are near 1 as they are, the copy is a plain one.
fn mild(largest: f64) -> i32 {
    let e = exponent(largest);
    e - e.clamp(-400, 400)
}

/// The factors of PA·2⁻ᵉ, the rows of A in the order of PA, and e.
fn factored<T: Scalar>(a: MatrixRef<'_, T>, largest: f64) -> (Matrix<T::Wide>, Vec<usize>, i32) {
    let e = mild(largest);
    if e > 0 && !T::IS_COMPLEX {
        // Brought down, small entries would be lost: only where something overflows as it is.
        let (factors, rows): (Matrix<T::Wide>, _) = eliminated(scaled(a, 0), || scaled(a, 0));
        if factors.as_slice().iter().all(|x| x.is_finite()) {
            return (factors, rows, 0);
        }
    }
    let (factors, rows) = eliminated(scaled(a, e), || scaled(a, e));
    (factors, rows, e)
}

/// L (unit, below) and U of PA = LU, and the rows of A in the order of PA.
///
/// The engine multiplies by the inverse of a pivot, which may be zero or below the normal numbers. What is not a number spreads from there:
/// such a matrix is brought `again`, and divided.
fn eliminated<W: Scalar<Wide = W>>(mut a: Matrix<W>, again: impl FnOnce() -> Matrix<W>) -> (Matrix<W>, Vec<usize>) {
    let (m, n) = (a.rows(), a.columns());
    let p = m.min(n);
    if p == 0 {
        return (a, (0..m).collect());
    }
    let cut = if m == n { cut::for_lu(n) } else { cut::for_factors(p) };
    let rows = wide::lu::<W>(a.as_mut_slice(), (m, n), cut);
    // A last pivot of zero divides nothing, unless rows are below it.
    let dividing = if m > n { p } else { p - 1 };
    if (0..dividing).all(|k| a[(k, k)] != W::default()) && a.as_slice().iter().all(|x| x.is_finite()) {
        return (a, rows);
    }
    let mut a = again();
    let rows = eliminate_column_by_column(&mut a);
    (a, rows)
}

/// Elimination that passes over a pivot of zero, below which there are zeros alone.
fn eliminate_column_by_column<W: Scalar<Wide = W>>(a: &mut Matrix<W>) -> Vec<usize> {
    let (m, n) = (a.rows(), a.columns());
    let size = |x: W| x.re().abs() + x.im().abs();
    let mut rows: Vec<usize> = (0..m).collect();
    for k in 0..m.min(n) {
        let pivot = (k..m).fold(k, |best, i| if size(a[(i, k)]) > size(a[(best, k)]) { i } else { best });
        if a[(pivot, k)] == W::default() {
            continue;
        }
        rows.swap(k, pivot);
        (0..n).for_each(|j| a.column_mut(j).swap(k, pivot));
        let (done, rest) = a.as_mut_slice().split_at_mut((k + 1) * m);
        let column = &mut done[k * m..];
        let divisor = column[k];
        column[k + 1..].iter_mut().for_each(|x| *x = *x / divisor);
        for other in rest.chunks_exact_mut(m) {
            let factor = other[k];
            other[k + 1..].iter_mut().zip(&column[k + 1..]).for_each(|(x, &l)| *x = *x - l * factor);
        }
    }
    rows
}

impl<W: Scalar<Wide = W>> Lu<W> {
    /// The order n.
    pub fn order(&self) -> usize {
        self.rows.len()
    }

    /// Whether a pivot is exactly zero: nothing can be solved.
    pub fn is_singular(&self) -> bool {
        (0..self.order()).any(|i| self.factors[(i, i)] == W::default())
    }

    /// det A = x·2ᵏ as (x, k) with |x| in [1/2, 2), or x = 0 and k = 0: neither overflows nor underflows.
    ///
    /// ```
    /// # use kappa_dense::{Matrix, lu};
    /// let a = Matrix::from_row_major(2, 2, vec![0.0, 2e200, 3e200, 0.0])?;
    /// let (x, k): (f64, i64) = lu(a.as_ref())?.determinant();
    /// let expected = 6f64.log2() + 400.0 * 10f64.log2();
    /// assert!(x < 0.0 && (x.abs().log2() + k as f64 - expected).abs() < 1e-12);
    /// # Ok::<(), kappa_dense::Error>(())
    /// ```
    pub fn determinant(&self) -> (W, i64) {
        let n = self.order();
        let mut power = i64::from(self.e) * n as i64;
        let mut x = W::from_parts(if is_odd(&self.rows) { -1.0 } else { 1.0 }, 0.0);
        for i in 0..n {
            x = x * self.factors[(i, i)];
            let size = x.re().abs().max(x.im().abs());
            if size == 0.0 {
                return (W::default(), 0);
            }
            let e = exponent(size);
            x = scale_entry(x, -e);
            power += i64::from(e);
        }
        (x, power)
    }

    /// L, unit lower triangular.
    pub fn l(&self) -> Matrix<W> {
        lower(&self.factors)
    }

    /// U, upper triangular.
    pub fn u(&self) -> Matrix<W> {
        unscaled(upper(&self.factors), self.e)
    }

    /// Row i of L·U is row `rows()[i]` of A.
    pub fn rows(&self) -> &[usize] {
        &self.rows
    }

    /// A⁻¹B, not finite where A is singular. 2n² flops for each column.
    pub fn solve(&self, b: &Matrix<W>) -> Matrix<W> {
        self.solved(b, false)
    }

    /// A⁻ᴴB.
    pub fn solve_adjoint(&self, b: &Matrix<W>) -> Matrix<W> {
        self.solved(b, true)
    }

    fn solved(&self, b: &Matrix<W>, adjoint: bool) -> Matrix<W> {
        assert_eq!(b.rows(), self.order(), "a right-hand side has as many rows as the matrix");
        // Every column is brought near 1, so that nothing small is rounded on the way.
        let exponents: Vec<i32> = (0..b.columns())
            .map(|j| {
                let largest = b.column(j).iter().map(|x| x.re().abs().max(x.im().abs())).fold(0.0, f64::max);
                if largest.is_finite() { exponent(largest) } else { 0 }
            })
            .collect();
        let columns_scaled = |mut x: Matrix<W>, e: &dyn Fn(i32) -> i32| {
            for (j, &own) in exponents.iter().enumerate() {
                let e = e(own);
                x.column_mut(j).iter_mut().for_each(|x| *x = scale_entry(*x, e));
            }
            x
        };
        let right = || columns_scaled(b.clone(), &|own| -own);
        let mut x = right();
        if self.order() > 0 {
            let cut = cut::for_shape(self.order(), self.order());
            wide::lu_solve::<W>(self.factors.as_slice(), &self.rows, x.as_mut_slice(), adjoint, cut);
            let is_whole = |x: &Matrix<W>| x.as_slice().iter().all(|x| x.is_finite());
            if !is_whole(&x) && is_whole(b) && !self.is_singular() {
                // The inverse of a pivot below the normal numbers is infinite, and a quotient by it need not be.
                x = self.substituted(&right(), adjoint);
            }
        }
        columns_scaled(x, &|own| own - self.e)
    }

    /// Substitution that divides, one column after the other.
    fn substituted(&self, b: &Matrix<W>, adjoint: bool) -> Matrix<W> {
        let (n, f) = (self.order(), &self.factors);
        let mut x = Matrix::zeros(n, b.columns());
        for k in 0..b.columns() {
            let mut y: Vec<W> =
                if adjoint { b.column(k).to_vec() } else { self.rows.iter().map(|&i| b[(i, k)]).collect() };
            if adjoint {
                // UᴴLᴴPx = b
                for i in 0..n {
                    let sum = (0..i).fold(y[i], |sum, j| sum - f[(j, i)].conj() * y[j]);
                    y[i] = sum / f[(i, i)].conj();
                }
                for i in (0..n).rev() {
                    y[i] = (i + 1..n).fold(y[i], |sum, j| sum - f[(j, i)].conj() * y[j]);
                }
                self.rows.iter().zip(&y).for_each(|(&i, &y)| x[(i, k)] = y);
            } else {
                for i in 0..n {
                    y[i] = (0..i).fold(y[i], |sum, j| sum - f[(i, j)] * y[j]);
                }
                for i in (0..n).rev() {
                    let sum = (i + 1..n).fold(y[i], |sum, j| sum - f[(i, j)] * y[j]);
                    y[i] = sum / f[(i, i)];
                }
                x.column_mut(k).copy_from_slice(&y);
            }
        }
        x
    }

    /// A⁻¹ about, not finite where A is singular. 4/3·n³ flops.
    pub fn inverse(&self) -> Matrix<W> {
        let n = self.order();
        let entries = wide::lu_inverse::<W>(self.factors.as_slice(), &self.rows, cut::for_shape(n, n));
        if !self.is_singular() && !entries.iter().all(|x| x.is_finite()) {
            return self.solve(&Matrix::identity(n));
        }
        unscaled(Matrix::owning(n, n, entries), -self.e)
    }
}

/// Whether an odd number of exchanges makes this order.
fn is_odd(order: &[usize]) -> bool {
    let mut seen = vec![false; order.len()];
    let mut odd = false;
    for start in 0..order.len() {
        let mut at = start;
        let mut length = 0;
        while !std::mem::replace(&mut seen[at], true) {
            at = order[at];
            length += 1;
        }
        odd ^= length > 0 && length % 2 == 0;
    }
    odd
}

/// A = L·U with its rows in another order, for any shape.
#[derive(Clone, Debug, PartialEq)]
pub struct LuParts<W: Scalar> {
    /// m×p, unit lower triangular, p = min(m, n).
    pub l: Matrix<W>,
    /// p×n, upper triangular.
    pub u: Matrix<W>,
    /// Row i of L·U is row `rows[i]` of A.
    pub rows: Vec<usize>,
}

/// The factors of an m×n matrix by partial pivoting. mn² − n³/3 flops for m ≥ n. Fails when an entry is not finite.
///
/// ```
/// # use kappa_dense::{MatrixRef, lu_parts};
/// let f = lu_parts(MatrixRef::row_major(3, 1, &[1.0, -4.0, 2.0])?)?;
/// assert_eq!((f.l.as_slice(), f.u.as_slice(), f.rows[0]), (&[1.0, -0.25, -0.5][..], &[-4.0][..], 1));
/// # Ok::<(), kappa_dense::Error>(())
/// ```
pub fn lu_parts<T: Scalar>(a: MatrixRef<'_, T>) -> Result<LuParts<T::Wide>, Error> {
    let (factors, rows, e) = factored(a, largest_entry(a)?);
    Ok(LuParts { l: lower(&factors), u: unscaled(upper(&factors), e), rows })
}

/// The unit lower triangular factor that stands below the diagonal, m×p.
fn lower<W: Scalar>(factors: &Matrix<W>) -> Matrix<W> {
    let (m, p) = (factors.rows(), factors.rows().min(factors.columns()));
    Matrix::from_fn(m, p, |i, j| match i.cmp(&j) {
        std::cmp::Ordering::Less => W::default(),
        std::cmp::Ordering::Equal => W::from_parts(1.0, 0.0),
        std::cmp::Ordering::Greater => factors[(i, j)],
    })
}

/// The upper triangular factor that stands on and above the diagonal, p×n.
fn upper<W: Scalar>(factors: &Matrix<W>) -> Matrix<W> {
    let (p, n) = (factors.rows().min(factors.columns()), factors.columns());
    Matrix::from_fn(p, n, |i, j| if i <= j { factors[(i, j)] } else { W::default() })
}

/// Q, R and the order of the columns: A[:, columns] = QR.
#[derive(Clone, Debug, PartialEq)]
pub struct QrParts<W: Scalar> {
    /// m×p with orthonormal columns, p = min(m, n); m×m in full.
    pub q: Matrix<W>,
    /// p×n, or m×n in full, upper triangular.
    pub r: Matrix<W>,
    /// Column j of QR is column `columns[j]` of A.
    pub columns: Vec<usize>,
}

/// A = QR by Householder reflections. 2mn² − ⅔n³ flops, and as many for Q.
pub fn qr<T: Scalar>(a: MatrixRef<'_, T>, shape: Shape) -> Result<QrParts<T::Wide>, Error> {
    qr_by(a, shape, false)
}

/// R alone of QR = [A·2⁻ᵉ; B], n×n, for at least as many rows as columns, and how many times it was made anew: a few thousand rows at a
/// time.
///
/// For entries near 1 in size and finite: nothing is looked at. 2mn² flops; for real entries memory for R and max(n, 1024 … 4096) rows.
/// Fails for fewer rows than columns, and where A and B have different numbers of columns.
pub fn triangle_of_stack<T, W>(a: MatrixRef<'_, T>, e: i32, b: &Matrix<W>) -> Result<(Matrix<W>, usize), Error>
where
    T: Scalar<Wide = W>,
    W: Scalar<Wide = W>,
{
    let (m, n) = stack_shape(a, b)?;
    if m < n {
        return Err(Error::shape(format!("R alone needs at least as many rows as columns, not {m}×{n}")));
    }
    if n == 0 {
        return Ok((Matrix::zeros(0, 0), 0));
    }
    let (r, rounds) = triangle::<W>((m, n), &|first, stride, to| write_stack(a, e, b, first, stride, to));
    Ok((Matrix::owning(n, n, r), rounds))
}

/// A[:, columns] = QR with |r₁₁| ≥ |r₂₂| ≥ …, the longest remaining column first (Businger and Golub, Numer. Math. 7 (1965)).
pub fn pivoted_qr<T: Scalar>(a: MatrixRef<'_, T>, shape: Shape) -> Result<QrParts<T::Wide>, Error> {
    qr_by(a, shape, true)
}

fn qr_by<T: Scalar>(a: MatrixRef<'_, T>, shape: Shape, pivoted: bool) -> Result<QrParts<T::Wide>, Error> {
    let (m, n) = (a.rows(), a.columns());
    let p = if shape == Shape::Full { m } else { m.min(n) };
    let factors = if pivoted { pivoted_reflections(a)? } else { reflections(a)? };
    let q = factors.q(p);
    let r = Matrix::from_fn(p, n, |i, j| if i < m.min(n) { factors.r_entry(i, j) } else { <T::Wide>::default() });
    Ok(QrParts { q, r, columns: factors.columns().to_vec() })
}

/// PAPᵀ = LDLᴴ of a Hermitian matrix, D with blocks of order 1 and 2 on its diagonal.
#[derive(Clone, Debug, PartialEq)]
pub struct Ldlt<W: Scalar> {
    /// Unit lower triangular.
    pub l: Matrix<W>,
    /// The diagonal of D.
    pub diagonal: Vec<f64>,
    /// What stands below it: entry i couples i and i + 1.
    pub below: Vec<W>,
    /// Row i of LDLᴴ is row `rows[i]` of A.
    pub rows: Vec<usize>,
}

/// The factorization of Bunch and Kaufman (Math. Comp. 31 (1977)) of a Hermitian matrix whose lower triangle is read. n³/3 flops.
pub fn ldlt<T: Scalar>(a: MatrixRef<'_, T>) -> Result<Ldlt<T::Wide>, Error> {
    let n = square(a, "an LDLᴴ factorization")?;
    let (mut work, e) = prepared(a)?;
    let (below, rows) = T::Wide::ldlt(work.as_mut_slice(), n, cut::for_shape(n, n));
    let diagonal = (0..n).map(|i| scale_by_power(work[(i, i)].re(), e)).collect();
    let one = <T::Wide>::from_parts(1.0, 0.0);
    let zero = <T::Wide>::default();
    let l = Matrix::from_fn(n, n, |i, j| {
        let is_inside = i == j + 1 && below.get(j).is_some_and(|&x| x != zero);
        if i == j {
            one
        } else if i < j || is_inside {
            zero
        } else {
            work[(i, j)]
        }
    });
    let scale = |x: &T::Wide| scale_entry(*x, e);
    Ok(Ldlt { l, diagonal, below: below.iter().map(scale).collect(), rows })
}

/// L with A ≈ L·Lᴴ from the lower triangle of A, in its place and with zeros above; `false` when A is not positive
/// definite to working precision, and then what is left means nothing.
///
/// The factor carries no guarantee: whoever needs one multiplies it out. n³/3 flops. Panics unless A is square.
pub fn cholesky<W: Scalar<Wide = W>>(a: &mut Matrix<W>) -> bool {
    let n = a.rows();
    assert_eq!(n, a.columns(), "a Cholesky factor needs a square matrix");
    (0..n).for_each(|j| a[(j, j)] = W::from_parts(a[(j, j)].re(), 0.0));
    let done = n == 0 || wide::cholesky::<W>(a.as_mut_slice(), n, cut::for_factors(n));
    for j in 0..n {
        a.column_mut(j)[..j].fill(W::default());
        // The engine leaves a rounding of the imaginary part there.
        a[(j, j)] = W::from_parts(a[(j, j)].re(), 0.0);
    }
    done && a.as_slice().iter().all(|x| x.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_of_singular_matrices_multiply_back() {
        let dead_column =
            |k: usize| Matrix::from_fn(70, 70, move |i, j| if j == k { 0.0 } else { ((i * 37 + j * 11) % 101) as f64 });
        let low = Matrix::from_fn(40, 40, |i, j| f64::from(i % 3 == j % 3));
        let tall = Matrix::from_fn(9, 4, |i, j| if j == 3 { 0.0 } else { (i + j) as f64 });
        for a in [Matrix::zeros(3, 3), dead_column(0), dead_column(33), dead_column(69), low, tall, Matrix::zeros(2, 5)]
        {
            let f = lu_parts(a.as_ref()).unwrap();
            let back = crate::multiply(f.l.as_ref(), f.u.as_ref()).unwrap();
            for (i, &row) in f.rows.iter().enumerate() {
                let worst = (0..a.columns()).map(|j| (back[(i, j)] - a[(row, j)]).abs()).fold(0.0, f64::max);
                assert!(worst < 1e-11, "{}×{}: {worst:e}", a.rows(), a.columns());
            }
            if a.rows() == a.columns() {
                assert!(lu(a.as_ref()).unwrap().is_singular());
                assert_eq!(lu(a.as_ref()).unwrap().determinant(), (0.0, 0));
            }
        }
    }

    #[test]
    fn tiny_pivots_and_wide_ranges_are_solved() {
        let tiny = Matrix::from_row_major(2, 2, vec![1e-309, 1.0, 0.0, 2.0]).unwrap();
        let x = lu(tiny.as_ref()).unwrap().solve(&Matrix::from_row_major(2, 1, vec![1.0, 2.0]).unwrap());
        assert_eq!(x.as_slice(), [0.0, 1.0]);
        let two = Matrix::from_row_major(2, 2, vec![1e-310, 1.0, 1e-310, 2.0]).unwrap();
        let f: LuParts<f64> = lu_parts(two.as_ref()).unwrap();
        assert!(f.l.as_slice().iter().chain(f.u.as_slice()).all(|x| x.is_finite()));
        let apart = Matrix::from_row_major(2, 2, vec![1e300, 0.0, 0.0, 1e-300]).unwrap();
        let f = lu(apart.as_ref()).unwrap();
        let (x, k): (f64, i64) = f.determinant();
        assert!((x * 2f64.powi(k as i32) - 1.0).abs() < 1e-15);
        let inverse = f.inverse();
        assert!((inverse[(0, 0)] * 1e300 - 1.0).abs() < 1e-15 && (inverse[(1, 1)] * 1e-300 - 1.0).abs() < 1e-15);
        // Each right-hand side has its own scale.
        let b = Matrix::from_row_major(2, 2, vec![1e300, 1e-300, 1e300, 1e-300]).unwrap();
        assert_eq!(lu(Matrix::<f64>::identity(2).as_ref()).unwrap().solve(&b), b);
        let large = Matrix::from_row_major(2, 2, vec![1e308, -1e308, 1e308, 1e308]).unwrap();
        let x = lu(large.as_ref()).unwrap().solve(&Matrix::from_row_major(2, 1, vec![0.0, 1e308]).unwrap());
        assert!(x.as_slice().iter().all(|x: &f64| (x - 0.5).abs() < 1e-15), "{x:?}");
    }
}
