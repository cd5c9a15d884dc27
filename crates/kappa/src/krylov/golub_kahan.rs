//! Block Golub–Kahan bidiagonalisation: two orthonormal bases that grow by products with A and Aᴴ, with A·P = Q·T.
//!
//! Golub and Kahan, SIAM J. Numer. Anal. 2 (1965) 205–224, with every block made orthogonal to all blocks before it;
//! restarts as in Baglama and Reichel, SIAM J. Sci. Comput. 27 (2005) 19–42. No structure of T is assumed: it is the
//! computed QᴴAP.

use kappa_dense::{Matrix, MatrixRef, Precision, Scalar, Shape, eigh, multiply, qr, singular_values_in, svd};

use super::orthonormal::{
    Columns, SHRUNK, SHRUNK_OF_A_SPAN, by_gram_or_reflections, narrowed, orthonormal, random_beside,
};
use super::products::finite;
use crate::enclosure::exponent_of;
use crate::error::{Error, Result};
use crate::operator::LinearOperator;
use crate::random::Draws;

/// A·P = Q·T and AᴴQ = P·Tᴴ + next·C up to rounding. P is n×l and Q is m×k with k ≤ l, both orthonormal; A is scaled by
/// a power of two.
///
/// All matrices have the precision of A. The orthonormalisation of blocks and the decomposition of T use double
/// precision.
pub(crate) struct GolubKahan<'a, T: Scalar, A: ?Sized> {
    a: &'a A,
    shape: (usize, usize),
    p: Columns<T>,
    q: Columns<T>,
    /// T, k×l, column-major.
    t: Columns<T>,
    next: Matrix<T>,
    coupling: Matrix<T>,
    products: usize,
    /// A column whose length shrinks below this share in the orthogonalisation is orthogonalised once more.
    shrunk: f64,
    /// The power 2ᵉ for which A·2⁻ᵉ has size near 1, from the first product.
    scale: Option<f64>,
}

/// Ritz values: singular values of T, largest first, with approximate singular vectors of A.
pub(crate) struct Ritz<W: Scalar> {
    /// The factor by which values and residuals are multiplied to undo the scaling of A.
    pub(crate) scale: f64,
    pub(crate) u: Matrix<W>,
    pub(crate) values: Vec<f64>,
    pub(crate) v: Matrix<W>,
    /// The residuals ‖Aᴴuᵢ − σᵢvᵢ‖, where A·vᵢ = σᵢuᵢ up to rounding.
    pub(crate) residuals: Vec<f64>,
}

impl<W: Scalar<Wide = W>> Ritz<W> {
    /// The Ritz values and vectors of the adjoint.
    pub(crate) fn transposed(self) -> Self {
        Self { u: self.v, v: self.u, ..self }
    }

    /// The Ritz values from the span of V: A·V = Q·R for an orthonormal V, and the singular values of R.
    ///
    /// Residuals are computed with `with_residuals`; otherwise they are set to ∞ (not computed).
    pub(crate) fn by_right_vectors<T: Scalar<Wide = W>>(
        a: &(impl LinearOperator<T> + ?Sized),
        v: &Matrix<impl Scalar<Wide = W>>,
        scale: f64,
        with_residuals: bool,
    ) -> Result<Self> {
        // The columns of V are orthonormal only to the precision in which they were computed.
        let (v, _) = by_gram_or_reflections(v, 0.0)?;
        let image = qr(scaled(a.apply(&narrowed::<T>(&v))?, scale)?.as_ref(), Shape::Thin)?;
        let f = svd(image.r.as_ref(), Shape::Thin)?;
        let u = multiply(image.q.as_ref(), f.vectors.u.as_ref())?;
        let v = multiply(v.as_ref(), f.vectors.v.as_ref())?;
        let values = f.values.values;
        let residuals = if with_residuals {
            let back = scaled(a.apply_adjoint(&narrowed::<T>(&u))?, scale)?;
            let of = |j: usize| -> Vec<W> {
                back.column(j).iter().zip(v.column(j)).map(|(x, &v)| x.widen() - v.scale(values[j])).collect()
            };
            (0..values.len()).map(|j| kappa_dense::length(&of(j))).collect()
        } else {
            vec![f64::INFINITY; values.len()]
        };
        Ok(Self { scale, u, values, v, residuals })
    }
}

/// Checks that an m×n operator has k ≥ 1 singular triplets; returns min(m, n).
pub(crate) fn check_count(k: usize, (m, n): (usize, usize)) -> Result<usize> {
    let least = m.min(n);
    if k == 0 || k > least {
        return Err(Error::shape(format!(
            "the number of singular triplets of a {m}×{n} operator must be from 1 to {least}, got {k}"
        )));
    }
    Ok(least)
}

/// The end of the singular spectrum that is computed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum End {
    /// The largest singular values.
    #[default]
    Largest,
    /// The smallest singular values.
    Smallest,
}

impl<'a, T: Scalar, A: LinearOperator<T> + ?Sized> GolubKahan<'a, T, A> {
    /// The bases with the span of the columns of `start`, of length n, as the next block.
    pub(crate) fn new(a: &'a A, start: Matrix<T>) -> Result<Self> {
        let (m, n) = a.shape();
        let (_, next) = orthonormal(start, &Columns::new(n), SHRUNK)?;
        Ok(Self {
            a,
            shape: (m, n),
            p: Columns::new(n),
            q: Columns::new(m),
            t: Columns::new(0),
            next,
            coupling: Matrix::zeros(0, 0),
            products: 0,
            shrunk: SHRUNK,
            scale: None,
        })
    }

    /// The same bases, for use of their span only: orthogonality to 10⁻³ is sufficient.
    pub(crate) fn for_spans(self) -> Self {
        Self { shrunk: SHRUNK_OF_A_SPAN, ..self }
    }

    /// The number of columns of P.
    pub(crate) fn width(&self) -> usize {
        self.p.count()
    }

    /// The number of products of A or Aᴴ with a vector so far.
    pub(crate) fn products(&self) -> usize {
        self.products
    }

    /// Whether the bases span an invariant subspace, so that no further block exists.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.next.columns() == 0
    }

    /// Whether one of the bases spans everything and the other all that belongs to it: T then has every singular value
    /// of A, with its multiplicity.
    pub(crate) fn is_complete(&self) -> bool {
        self.is_exhausted() && (self.p.count() >= self.shape.1 || self.q.count() >= self.shape.0)
    }

    /// Replaces the next block by random directions orthogonal to P: beyond an invariant subspace, or to search the
    /// complement of what was found anew. A single Krylov space contains each multiple value only once.
    pub(crate) fn reopen(&mut self, columns: usize, draws: &mut Draws) -> Result<()> {
        let room = self.shape.1.saturating_sub(self.p.count());
        self.next = random_beside(&self.p, columns.min(room), draws)?;
        self.coupling = Matrix::zeros(self.next.columns(), self.q.count());
        Ok(())
    }

    /// Adds one block to each basis, by a product with A and one with Aᴴ.
    pub(crate) fn grow(&mut self) -> Result<()> {
        let block = self.grow_left()?;
        self.grow_right(&block)
    }

    /// Adds up to `blocks` blocks; fewer when the bases are exhausted.
    pub(crate) fn grow_by(&mut self, blocks: usize) -> Result<()> {
        for _ in 0..blocks {
            if !self.is_exhausted() {
                self.grow()?;
            }
        }
        Ok(())
    }

    /// Appends `next` to P and the part of A·next orthogonal to Q as a new block to Q; T gets the corresponding columns
    /// and rows. Returns the new block of Q.
    ///
    /// The next block of P is computed by [`Self::grow_right`].
    pub(crate) fn grow_left(&mut self) -> Result<Matrix<T>> {
        let (before, added) = (self.q.count(), self.next.columns());
        self.products += added;
        let mut image = self.times(&self.next)?;
        if self.scale.is_none() {
            let scale = power_near(largest(&image));
            image.as_mut_slice().iter_mut().for_each(|x| *x = x.scale(1.0 / scale));
            self.scale = Some(scale);
        }
        let ((along, r), block) = orthonormal(image, &self.q, self.shrunk)?;
        let (r, block) = self.filled(r, block, added)?;
        let after = before + block.columns();
        let mut t = Vec::with_capacity(after * (self.p.count() + added));
        if before > 0 {
            for column in self.t.entries.chunks_exact(before) {
                t.extend_from_slice(column);
                t.resize(t.len() + block.columns(), T::default());
            }
        } else {
            t.resize(after * self.p.count(), T::default());
        }
        for j in 0..added {
            t.extend((0..before).map(|i| along[(i, j)]));
            t.extend((0..block.columns()).map(|i| r[(i, j)]));
        }
        self.t = Columns { rows: after, entries: t };
        self.p.entries.extend_from_slice(self.next.as_slice());
        self.q.entries.extend_from_slice(block.as_slice());
        self.coupling = Matrix::zeros(0, after);
        self.next = Matrix::zeros(self.shape.1, 0);
        Ok(block)
    }

    /// The block of Q with as many columns as that of P, where there is room: a vector that A takes into the span of Q
    /// leaves no new direction, and without one in its place a zero singular value would have no left vector.
    fn filled(&self, r: Matrix<T>, block: Matrix<T>, wanted: usize) -> Result<(Matrix<T>, Matrix<T>)> {
        let found = block.columns();
        let missing = wanted.min(self.shape.0 - self.q.count()).saturating_sub(found);
        if missing == 0 {
            return Ok((r, block));
        }
        let mut basis = self.q.entries.clone();
        basis.extend_from_slice(block.as_slice());
        let basis = Columns { rows: self.shape.0, entries: basis };
        // The numbers depend on the size of the basis alone, and so does the answer on the seed of the start alone.
        let extra = random_beside(&basis, missing, &mut Draws(0x6c65_6674 ^ basis.count() as u64))?;
        let mut entries = block.into_vec();
        entries.extend_from_slice(extra.as_slice());
        let rows = found + extra.columns();
        let r = Matrix::from_fn(rows, r.columns(), |i, j| if i < found { r[(i, j)] } else { T::default() });
        Ok((r, Matrix::from_column_major(self.shape.0, rows, entries)?))
    }

    /// Computes the next block of P from AᴴQ − P·Tᴴ, which is nonzero only for the new columns of Q.
    fn grow_right(&mut self, block: &Matrix<T>) -> Result<()> {
        if block.columns() == 0 {
            return Ok(());
        }
        self.products += block.columns();
        let after = self.q.count();
        let ((_, s), next) = orthonormal(self.adjoint_times(block)?, &self.p, self.shrunk)?;
        let fresh = s.columns();
        self.coupling = Matrix::from_fn(s.rows(), after, |i, j| match j.checked_sub(after - fresh) {
            Some(j) => s[(i, j)],
            None => T::default(),
        });
        self.next = next;
        Ok(())
    }

    /// The power of two by which A is divided.
    pub(crate) fn scale(&self) -> f64 {
        self.scale.unwrap_or(1.0)
    }

    /// The singular values of QᴴA.
    pub(crate) fn values(&self) -> Result<Vec<f64>> {
        Ok(singular_values_in(self.projected_operator().as_ref(), Precision::Double)?.values)
    }

    /// The singular values of T, with vectors and residuals.
    pub(crate) fn ritz(&self) -> Result<Ritz<T::Wide>> {
        let f = svd(self.t.view()?, Shape::Thin)?;
        let u = multiply(self.q.view()?.to_wide().as_ref(), f.vectors.u.as_ref())?;
        let v = multiply(self.p.view()?.to_wide().as_ref(), f.vectors.v.as_ref())?;
        let rest = multiply(self.coupling.as_ref().to_wide().as_ref(), f.vectors.u.as_ref())?;
        let residuals = (0..rest.columns()).map(|j| kappa_dense::length(rest.column(j))).collect();
        Ok(Ritz { scale: self.scale(), u, values: f.values.values, v, residuals })
    }

    /// The matrix [T, Cᴴ] of QᴴA = [T, Cᴴ]·[P, next]ᴴ. It is half a step ahead of T and needs no further product.
    fn projected_operator(&self) -> Matrix<T> {
        let (rows, width) = (self.q.count(), self.p.count());
        Matrix::from_fn(rows, width + self.next.columns(), |i, j| match j.checked_sub(width) {
            None => self.t.entries[i + j * rows],
            Some(j) => self.coupling[(j, i)].conj(),
        })
    }

    /// The singular values of QᴴA with vectors: Aᴴ·uᵢ = σᵢ·vᵢ. Residuals are set to ∞ (not computed).
    pub(crate) fn left_ritz(&self) -> Result<Ritz<T::Wide>> {
        let f = svd(self.projected_operator().as_ref(), Shape::Thin)?;
        let u = multiply(self.q.view()?.to_wide().as_ref(), f.vectors.u.as_ref())?;
        let mut basis = self.p.entries.clone();
        basis.extend_from_slice(self.next.as_slice());
        let columns = self.p.count() + self.next.columns();
        let basis = MatrixRef::column_major(self.shape.1, columns, &basis)?.to_wide();
        let v = multiply(basis.as_ref(), f.vectors.v.as_ref())?;
        let values = f.values.values;
        let residuals = vec![f64::INFINITY; values.len()];
        Ok(Ritz { scale: self.scale(), u, values, v, residuals })
    }

    /// The left singular vectors of the `count` largest values of QᴴA, for entries in single precision.
    ///
    /// They are eigenvectors of (QᴴA)(QᴴA)ᴴ in double precision: the error from squaring is below the rounding of the
    /// entries.
    pub(crate) fn left_vectors(&self, count: usize) -> Result<Matrix<T>> {
        let projected = self.projected_operator().as_ref().to_wide();
        let (_, vectors) = eigh(multiply(projected.as_ref(), projected.adjoint().as_ref())?.as_ref())?;
        let last = vectors.columns();
        let head = Matrix::from_fn(vectors.rows(), count.min(last), |i, j| vectors[(i, last - 1 - j)]);
        Ok(multiply(self.q.view()?, narrowed::<T>(&head).as_ref())?)
    }

    /// Restarts with `kept` Ritz vectors from this end of the spectrum; the other vectors are discarded.
    pub(crate) fn restart(&mut self, ritz: &Ritz<T::Wide>, kept: usize, end: End) {
        let (m, n) = self.shape;
        let count = ritz.values.len();
        let kept = kept.min(count);
        let first = if end == End::Largest { 0 } else { count - kept };
        let columns = |x: &Matrix<T::Wide>, rows: usize| -> Vec<T> {
            let kept = &x.as_slice()[first * rows..(first + kept) * rows];
            kept.iter().map(|x| T::from_parts(x.re(), x.im())).collect()
        };
        self.p = Columns { rows: n, entries: columns(&ritz.v, n) };
        self.q = Columns { rows: m, entries: columns(&ritz.u, m) };
        let t = Matrix::<T>::from_fn(kept, kept, |i, j| {
            T::from_parts(if i == j { ritz.values[first + j] } else { 0.0 }, 0.0)
        });
        self.t = Columns { rows: kept, entries: t.into_vec() };
    }

    fn times(&self, x: &Matrix<T>) -> Result<Matrix<T>> {
        scaled(self.a.apply(x)?, self.scale())
    }

    fn adjoint_times(&self, x: &Matrix<T>) -> Result<Matrix<T>> {
        scaled(self.a.apply_adjoint(x)?, self.scale())
    }
}

pub(super) fn largest<W: Scalar>(x: &Matrix<W>) -> f64 {
    x.as_slice().iter().map(|x| x.re().abs().max(x.im().abs())).fold(0.0, f64::max)
}

/// A power of two near x, between 2⁻¹⁰⁰⁰ and 2¹⁰⁰⁰, so that its inverse is a normal number too.
pub(crate) fn power_near(x: f64) -> f64 {
    2f64.powi(exponent_of(x).clamp(-1000, 1000))
}

/// Y/scale. Fails when an entry of Y is not finite.
pub(crate) fn scaled<T: Scalar>(mut y: Matrix<T>, scale: f64) -> Result<Matrix<T>> {
    finite::<T, _>(y.as_slice())?;
    y.as_mut_slice().iter_mut().for_each(|y| *y = y.scale(1.0 / scale));
    Ok(y)
}
