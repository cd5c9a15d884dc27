//! Row sketches of matrices whose entry type is known only at run time, and the vectors of their long side.

use kappa_dense::{Matrix, Scalar, Shape, c64, multiply, qr};

use super::{RowSketch, TopRight};
use crate::Enclosure;
use crate::error::{Error, Result};
use crate::operator::{AnyMatrix, AnyOperator, Entries, Operand, RealOrComplex, both};

/// [`RowSketch`] of a real or of a complex matrix.
pub type AnyRowSketch = RealOrComplex<RowSketch<f64>, RowSketch<c64>>;

/// [`TopRight`] of a real or of a complex matrix.
pub type AnyTopRight = RealOrComplex<TopRight<f64>, TopRight<c64>>;

impl AnyRowSketch {
    /// An empty sketch of `columns` columns that keeps `capacity` rows.
    ///
    /// # Errors
    ///
    /// When `columns` or `capacity` is 0.
    pub fn new(columns: usize, capacity: usize, is_complex: bool) -> Result<Self> {
        if is_complex {
            RowSketch::new(columns, capacity).map(Self::Complex)
        } else {
            RowSketch::new(columns, capacity).map(Self::Real)
        }
    }

    /// Whether the sketch discarded nothing: then all errors are rounding errors.
    pub fn is_exact(&self) -> bool {
        both!(self, sketch => sketch.is_exact())
    }

    /// Adds a block of rows.
    ///
    /// # Errors
    ///
    /// As [`RowSketch::push`]; and when the rows are complex and the sketch is real, or the rows are real and the
    /// sketch is complex.
    pub fn push(&mut self, block: &AnyOperator<'_>) -> Result<()> {
        match self {
            Self::Real(sketch) => sketch.push_any(block),
            Self::Complex(sketch) => match block {
                AnyOperator::C32(a) => push(sketch, a),
                AnyOperator::C64(a) => push(sketch, a),
                _ => Err(Error::unsupported("a sketch of complex rows cannot take real rows")),
            },
        }
    }

    /// The k largest singular values with their right vectors.
    ///
    /// # Errors
    ///
    /// As [`RowSketch::top`].
    pub fn top(&self, k: usize) -> Result<AnyTopRight> {
        match self {
            Self::Real(sketch) => sketch.top(k).map(AnyTopRight::Real),
            Self::Complex(sketch) => sketch.top(k).map(AnyTopRight::Complex),
        }
    }
}

impl RowSketch<f64> {
    /// [`RowSketch::push`] for rows whose type is known only at run time.
    ///
    /// # Errors
    ///
    /// As [`RowSketch::push`], and when the rows are complex.
    pub fn push_any(&mut self, block: &AnyOperator<'_>) -> Result<()> {
        match block {
            AnyOperator::F32(a) => push(self, a),
            AnyOperator::F64(a) => push(self, a),
            _ => Err(Error::unsupported("a sketch of real rows cannot take complex rows")),
        }
    }
}

fn push<T: Scalar>(sketch: &mut RowSketch<T::Wide>, block: &Operand<'_, T>) -> Result<()> {
    sketch.push(Entries::of(block)?.view())
}

impl AnyTopRight {
    /// The singular values, enclosed, the largest first.
    pub fn values(&self) -> &[Enclosure] {
        both!(self, top => &top.values)
    }

    /// Right singular vectors in columns.
    pub fn v(&self) -> AnyOperator<'_> {
        both!(self, top => (&top.v).into())
    }

    /// ‖A − AVVᴴ‖_F.
    pub fn error(&self) -> Enclosure {
        both!(self, top => top.error)
    }

    /// The right singular vectors, owned.
    pub fn into_v(self) -> AnyMatrix {
        both!(self, top => top.v.into())
    }

    /// An empty image for a matrix with `rows` rows: it collects A·V block by block.
    pub fn image(&self, rows: usize) -> RowImage {
        RowImage {
            v: both!(self, top => top.v.clone().into()),
            image: both!(self, top => zeros_like(&top.v, rows).into()),
        }
    }
}

fn zeros_like<W: Scalar>(v: &Matrix<W>, rows: usize) -> Matrix<W> {
    Matrix::zeros(rows, v.columns())
}

/// A·V, built from blocks of rows of A: the way to the left singular vectors of a matrix that does not fit in memory.
#[derive(Clone, Debug)]
pub struct RowImage {
    v: AnyMatrix,
    image: AnyMatrix,
}

impl RowImage {
    /// Sets the rows that begin at row `from` to `block`·V.
    ///
    /// # Errors
    ///
    /// When the number of columns of the block differs from the number of rows of V, and when a row lies beyond the
    /// last row.
    pub fn push(&mut self, from: usize, block: &AnyOperator<'_>) -> Result<()> {
        let (rows, all) = (block.shape().0, self.image.shape().0);
        if from.saturating_add(rows) > all {
            return Err(Error::shape(format!("{rows} rows from row {from} on do not fit a matrix of {all} rows")));
        }
        match (&self.v, &mut self.image, block.to_matrix()?) {
            (AnyMatrix::Real(v), AnyMatrix::Real(image), AnyMatrix::Real(a)) => put(image, from, &a, v),
            (AnyMatrix::Complex(v), AnyMatrix::Complex(image), a) => put(image, from, &a.to_complex(), v),
            _ => Err(Error::unsupported("the rows and the singular vectors must be both real or both complex")),
        }
    }

    /// P of A = P·Σ·Vᴴ: A·V orthonormalized by Householder reflections, so that P is orthonormal even where singular
    /// values are zero.
    ///
    /// # Errors
    ///
    /// When an entry is not finite.
    pub fn into_left_vectors(self) -> Result<AnyMatrix> {
        both!(self.image, image => Ok(orthonormal(&image)?.into()))
    }
}

fn put<W: Scalar>(image: &mut Matrix<W>, from: usize, a: &Matrix<W>, v: &Matrix<W>) -> Result<()> {
    let part = multiply(a.as_ref(), v.as_ref())?;
    for j in 0..part.columns() {
        image.column_mut(j)[from..from + part.rows()].copy_from_slice(part.column(j));
    }
    Ok(())
}

fn orthonormal<W: Scalar<Wide = W>>(image: &Matrix<W>) -> Result<Matrix<W>> {
    let f = qr(image.as_ref(), Shape::Thin)?;
    let mut q = f.q;
    for j in 0..image.columns() {
        // R is diagonal up to rounding; the phase of its diagonal entry belongs to the vector.
        let r = f.r[(j, j)];
        let size = r.abs_squared().sqrt();
        if size > 0.0 && size.is_finite() {
            let phase = r.scale(1.0 / size);
            q.column_mut(j).iter_mut().for_each(|x| *x = *x * phase);
        }
    }
    Ok(q)
}
