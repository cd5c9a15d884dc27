//! Orthonormal blocks beside an orthonormal basis.

use kappa_dense::{Matrix, MatrixRef, Scalar, Shape, adjoint_times, cholesky_qr, multiply, qr};

use crate::error::Result;
use crate::random::Draws;

/// A matrix to which columns are appended.
pub(super) struct Columns<W> {
    pub(super) rows: usize,
    pub(super) entries: Vec<W>,
}

impl<W: Scalar> Columns<W> {
    pub(super) fn new(rows: usize) -> Self {
        Self { rows, entries: Vec::new() }
    }

    pub(super) fn count(&self) -> usize {
        self.entries.len().checked_div(self.rows).unwrap_or(0)
    }

    pub(super) fn view(&self) -> Result<MatrixRef<'_, W>> {
        Ok(MatrixRef::column_major(self.rows, self.count(), &self.entries)?)
    }
}

/// Orthonormal random columns orthogonal to a basis.
pub(super) fn random_beside<T: Scalar>(basis: &Columns<T>, columns: usize, draws: &mut Draws) -> Result<Matrix<T>> {
    if columns == 0 {
        return Ok(Matrix::zeros(basis.rows, 0));
    }
    let start = Matrix::from_fn(basis.rows, columns, |_, _| T::from_parts(draws.normal(), draws.normal()));
    Ok(orthonormal(start, basis, SHRUNK)?.1)
}

/// A column whose length shrinks below this share in the orthogonalisation counts as linearly dependent on the basis.
const fn gone<T: Scalar>() -> f64 {
    if T::IS_DOUBLE { 1e-13 } else { 1e-6 }
}

/// A column whose length shrinks below this share in the orthogonalisation is orthogonalised once more.
pub(super) const SHRUNK: f64 = 1e-2;
/// The same share when only the span is used: in single precision the column is orthogonal to 1e-3.
pub(super) const SHRUNK_OF_A_SPAN: f64 = 1e-4;

/// (C, R) and X with block = basis·C + X·R, where X is orthonormal and orthogonal to the basis. X has no columns for
/// linearly dependent columns of the block.
pub(super) type Parts<T> = ((Matrix<T>, Matrix<T>), Matrix<T>);

pub(super) fn orthonormal<T: Scalar>(block: Matrix<T>, basis: &Columns<T>, shrunk: f64) -> Result<Parts<T>> {
    let sizes: Vec<f64> = (0..block.columns()).map(|j| kappa_dense::length(block.column(j))).collect();
    let scale = sizes.iter().copied().fold(0.0, f64::max);
    let (mut along, rest) = projected(block, basis)?;
    let (mut x, mut r) = factored(&rest)?;
    let least = (0..r.rows()).map(|i| r[(i, i)].abs_squared().sqrt()).fold(f64::INFINITY, f64::min);
    // A block of zeros has no directions at all.
    if least <= shrunk * scale {
        // Cancellation cost orthogonality: the orthogonalisation is repeated, now for columns of length 1.
        let (more, rest) = projected(x, basis)?;
        let (again, s) = factored(&rest)?;
        add(&mut along, &multiply(more.as_ref(), r.as_ref())?);
        r = multiply(s.as_ref(), r.as_ref())?;
        let is_kept = |i: usize| {
            let size = (i..r.columns()).map(|j| r[(i, j)].abs_squared()).sum::<f64>().sqrt();
            s[(i, i)].abs_squared() > 0.25 && size > gone::<T>() * scale
        };
        let kept: Vec<usize> = (0..again.columns()).filter(|&i| is_kept(i)).collect();
        x = Matrix::from_fn(again.rows(), kept.len(), |i, j| again[(i, kept[j])]);
        r = Matrix::from_fn(kept.len(), r.columns(), |i, j| r[(kept[i], j)]);
    }
    Ok(((along, r), x))
}

/// The bound of ‖QᴴQ − I‖ that is sufficient for single precision.
const ORTHONORMAL_IN_SINGLE: f64 = 1e-9;

/// The factors Q and R, computed in double precision; for entries in single precision by Cholesky QR where its
/// orthogonality is sufficient.
fn factored<T: Scalar>(a: &Matrix<T>) -> Result<(Matrix<T>, Matrix<T>)> {
    let (q, r) = if T::IS_DOUBLE { by_reflections(a) } else { by_gram_or_reflections(a, ORTHONORMAL_IN_SINGLE) }?;
    Ok((narrowed(&q), narrowed(&r)))
}

pub(super) type Factors<T> = (Matrix<<T as Scalar>::Wide>, Matrix<<T as Scalar>::Wide>);

pub(super) fn by_gram_or_reflections<T: Scalar>(a: &Matrix<T>, allowed: f64) -> Result<Factors<T>> {
    cholesky_qr(&a.as_ref().to_wide(), allowed).map_or_else(|| by_reflections(a), Ok)
}

fn by_reflections<T: Scalar>(a: &Matrix<T>) -> Result<Factors<T>> {
    let f = qr(a.as_ref(), Shape::Thin)?;
    Ok((f.q, f.r))
}

/// A column that keeps more than this share of its length needs no second round (Daniel, Gragg, Kaufman and Stewart,
/// Math. Comp. 30 (1976) 772–795).
const ENOUGH: f64 = std::f64::consts::FRAC_1_SQRT_2;

/// C and block − basis·C, with a second round when the first one shrinks a column (Kahan, Parlett).
fn projected<T: Scalar>(mut block: Matrix<T>, basis: &Columns<T>) -> Result<(Matrix<T>, Matrix<T>)> {
    let mut along = Matrix::zeros(basis.count(), block.columns());
    if basis.count() == 0 {
        return Ok((along, block));
    }
    let lengths = |block: &Matrix<T>| -> Vec<f64> {
        (0..block.columns()).map(|j| kappa_dense::length(block.column(j))).collect()
    };
    let before = lengths(&block);
    for round in 0..2 {
        let c = adjoint_times(basis.view()?, block.as_ref())?;
        let part = multiply(basis.view()?, c.as_ref())?;
        block.as_mut_slice().iter_mut().zip(part.as_slice()).for_each(|(x, &y)| *x = *x - y);
        add(&mut along, &c);
        if round == 0 && lengths(&block).iter().zip(&before).all(|(after, before)| *after > ENOUGH * before) {
            break;
        }
    }
    Ok((along, block))
}

fn add<W: Scalar>(to: &mut Matrix<W>, x: &Matrix<W>) {
    to.as_mut_slice().iter_mut().zip(x.as_slice()).for_each(|(to, &x)| *to += x);
}
pub(crate) fn narrowed<T: Scalar>(x: &Matrix<T::Wide>) -> Matrix<T> {
    Matrix::from_fn(x.rows(), x.columns(), |i, j| T::from_parts(x[(i, j)].re(), x[(i, j)].im()))
}
