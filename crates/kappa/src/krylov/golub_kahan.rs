//! Two orthonormal bases that grow by products with A and Aᴴ, a block at a time: A·P = Q·T.
//!
//! Golub and Kahan, SIAM J. Numer. Anal. 2 (1965) 205–224, with every block made orthogonal to all before it; restarts as in Baglama and
//! Reichel, SIAM J. Sci. Comput. 27 (2005) 19–42. Nothing is assumed of T: it is QᴴAP as the products gave it.

use kappa_dense::{Matrix, MatrixRef, Precision, Scalar, Shape, adjoint_times, multiply, qr, singular_values_in, svd};

use crate::error::{Error, Result};
use crate::operator::LinearOperator;

/// A·P = Q·T and AᴴQ = P·Tᴴ + next·C, but for rounding: P is n×l, Q m×k with k ≤ l, both orthonormal; A is scaled by a power of two.
pub(crate) struct GolubKahan<'a, T: Scalar, A: ?Sized> {
    a: &'a A,
    shape: (usize, usize),
    p: Columns<T::Wide>,
    q: Columns<T::Wide>,
    /// k×l, column after column.
    t: Columns<T::Wide>,
    next: Matrix<T::Wide>,
    coupling: Matrix<T::Wide>,
    products: usize,
    /// 2ᵉ with A·2⁻ᵉ near 1, from the first product.
    scale: Option<f64>,
}

/// Columns that grow in number.
struct Columns<W> {
    rows: usize,
    entries: Vec<W>,
}

impl<W: Scalar> Columns<W> {
    fn new(rows: usize) -> Self {
        Self { rows, entries: Vec::new() }
    }

    fn count(&self) -> usize {
        if self.rows == 0 { 0 } else { self.entries.len() / self.rows }
    }

    fn view(&self) -> Result<MatrixRef<'_, W>> {
        Ok(MatrixRef::column_major(self.rows, self.count(), &self.entries)?)
    }
}

/// Singular values of T with vectors of A, the largest first.
pub(crate) struct Ritz<W: Scalar> {
    /// What values and residuals are to be multiplied with.
    pub(crate) scale: f64,
    pub(crate) u: Matrix<W>,
    pub(crate) values: Vec<f64>,
    pub(crate) v: Matrix<W>,
    /// ‖Aᴴuᵢ − σᵢvᵢ‖, while A·vᵢ = σᵢuᵢ.
    pub(crate) residuals: Vec<f64>,
}

/// Which of the values of T.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum End {
    /// The largest.
    #[default]
    Largest,
    /// The smallest.
    Smallest,
}

impl<'a, T: Scalar, A: LinearOperator<T> + ?Sized> GolubKahan<'a, T, A> {
    /// Begins with the span of these columns of length n.
    pub(crate) fn new(a: &'a A, start: &Matrix<T::Wide>) -> Result<Self> {
        let (m, n) = a.shape();
        let (_, next) = orthonormal(start.clone(), &Columns::new(n))?;
        Ok(Self {
            a,
            shape: (m, n),
            p: Columns::new(n),
            q: Columns::new(m),
            t: Columns::new(0),
            next,
            coupling: Matrix::zeros(0, 0),
            products: 0,
            scale: None,
        })
    }

    /// How many columns P has.
    pub(crate) fn width(&self) -> usize {
        self.p.count()
    }

    /// Products of A or Aᴴ with one vector so far.
    pub(crate) fn products(&self) -> usize {
        self.products
    }

    /// Whether an invariant subspace was found: it can grow no more.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.next.columns() == 0
    }

    /// One more block: T gets columns for `next`, which joins P, and rows for what of A·next was not in Q.
    pub(crate) fn grow(&mut self) -> Result<()> {
        let (before, added) = (self.q.count(), self.next.columns());
        self.products += added;
        let mut image = self.times(&self.next)?;
        if self.scale.is_none() {
            let scale = power_near(largest(&image));
            image.as_mut_slice().iter_mut().for_each(|x| *x = x.scale(1.0 / scale));
            self.scale = Some(scale);
        }
        let (along, block) = orthonormal(image, &self.q)?;
        let (along, r) = along;
        let after = before + block.columns();
        let mut t = Vec::with_capacity(after * (self.p.count() + added));
        if before > 0 {
            for column in self.t.entries.chunks_exact(before) {
                t.extend_from_slice(column);
                t.resize(t.len() + block.columns(), T::Wide::default());
            }
        } else {
            t.resize(after * self.p.count(), T::Wide::default());
        }
        for j in 0..added {
            t.extend((0..before).map(|i| along[(i, j)]));
            t.extend((0..block.columns()).map(|i| r[(i, j)]));
        }
        self.t = Columns { rows: after, entries: t };
        self.p.entries.extend_from_slice(self.next.as_slice());
        self.q.entries.extend_from_slice(block.as_slice());
        // AᴴQ − P·Tᴴ can only come from the new columns of Q.
        if block.columns() == 0 {
            self.coupling = Matrix::zeros(0, after);
            self.next = Matrix::zeros(self.shape.1, 0);
            return Ok(());
        }
        self.products += block.columns();
        let ((_, s), next) = orthonormal(self.adjoint_times(&block)?, &self.p)?;
        let fresh = s.columns();
        self.coupling = Matrix::from_fn(s.rows(), after, |i, j| match j.checked_sub(after - fresh) {
            Some(j) => s[(i, j)],
            None => T::Wide::default(),
        });
        self.next = next;
        Ok(())
    }

    /// The power of two that was taken out of A.
    pub(crate) fn scale(&self) -> f64 {
        self.scale.unwrap_or(1.0)
    }

    /// Singular values of T.
    pub(crate) fn values(&self) -> Result<Vec<f64>> {
        Ok(singular_values_in(self.t.view()?, Precision::Double)?.values)
    }

    /// Singular values of T with their vectors.
    pub(crate) fn ritz(&self) -> Result<Ritz<T::Wide>> {
        let f = svd(self.t.view()?, Shape::Thin)?;
        let u = multiply(self.q.view()?, f.vectors.u.as_ref())?;
        let v = multiply(self.p.view()?, f.vectors.v.as_ref())?;
        let rest = multiply(self.coupling.as_ref(), f.vectors.u.as_ref())?;
        let residuals = (0..rest.columns()).map(|j| kappa_dense::length(rest.column(j))).collect();
        Ok(Ritz { scale: self.scale(), u, values: f.values.values, v, residuals })
    }

    /// Keeps so many of the Ritz vectors and forgets the rest.
    pub(crate) fn restart(&mut self, ritz: &Ritz<T::Wide>, kept: usize, end: End) {
        let (m, n) = self.shape;
        let count = ritz.values.len();
        let kept = kept.min(count);
        let first = if end == End::Largest { 0 } else { count - kept };
        let columns = |x: &Matrix<T::Wide>, rows: usize| x.as_slice()[first * rows..(first + kept) * rows].to_vec();
        self.p = Columns { rows: n, entries: columns(&ritz.v, n) };
        self.q = Columns { rows: m, entries: columns(&ritz.u, m) };
        let t = Matrix::<T::Wide>::from_fn(kept, kept, |i, j| {
            T::Wide::from_parts(if i == j { ritz.values[first + j] } else { 0.0 }, 0.0)
        });
        self.t = Columns { rows: kept, entries: t.into_vec() };
    }

    fn times(&self, x: &Matrix<T::Wide>) -> Result<Matrix<T::Wide>> {
        finite(self.a.apply(&narrowed::<T>(x))?, self.scale())
    }

    fn adjoint_times(&self, x: &Matrix<T::Wide>) -> Result<Matrix<T::Wide>> {
        finite(self.a.apply_adjoint(&narrowed::<T>(x))?, self.scale())
    }
}

fn narrowed<T: Scalar>(x: &Matrix<T::Wide>) -> Matrix<T> {
    Matrix::from_fn(x.rows(), x.columns(), |i, j| T::from_parts(x[(i, j)].re(), x[(i, j)].im()))
}

fn largest<W: Scalar>(x: &Matrix<W>) -> f64 {
    x.as_slice().iter().map(|x| x.re().abs().max(x.im().abs())).fold(0.0, f64::max)
}

/// The power of two below this number; between 2⁻¹⁰⁰⁰ and 2¹⁰⁰⁰, so that its inverse is a normal number too.
fn power_near(x: f64) -> f64 {
    if x == 0.0 { 1.0 } else { 2f64.powi((x.log2().floor() as i32).clamp(-1000, 1000)) }
}

/// Y/scale, where Y is finite.
fn finite<T: Scalar>(y: Matrix<T>, scale: f64) -> Result<Matrix<T::Wide>> {
    match y.as_slice().iter().position(|y| !y.is_finite()) {
        None if scale == 1.0 => Ok(y.as_ref().to_wide()),
        None => Ok(Matrix::from_fn(y.rows(), y.columns(), |i, j| y[(i, j)].widen().scale(1.0 / scale))),
        Some(_) => Err(Error::unsupported("a product with an orthonormal block is not finite")
            .with_hint("the operator has entries that are not finite, or too large to be multiplied")),
    }
}

/// A column shorter than this share of what it was has no direction of its own left.
const GONE: f64 = 1e-13;
/// Below this share, what is left of a column is made orthogonal once more.
const SHRUNK: f64 = 1e-4;

/// (C, R) and X with block = basis·C + X·R, X orthonormal and orthogonal to the basis; columns without a direction of their own are left
/// out of X.
type Parts<W> = ((Matrix<W>, Matrix<W>), Matrix<W>);

fn orthonormal<W: Scalar<Wide = W>>(block: Matrix<W>, basis: &Columns<W>) -> Result<Parts<W>> {
    let sizes: Vec<f64> = (0..block.columns()).map(|j| kappa_dense::length(block.column(j))).collect();
    let scale = sizes.iter().copied().fold(0.0, f64::max);
    let (mut along, rest) = projected(block, basis)?;
    let f = qr(rest.as_ref(), Shape::Thin)?;
    let (mut x, mut r) = (f.q, f.r);
    let least = (0..r.rows()).map(|i| r[(i, i)].abs_squared().sqrt()).fold(f64::INFINITY, f64::min);
    if least < SHRUNK * scale {
        // What was lost in cancellation: once more, and now for columns of length 1.
        let (more, rest) = projected(x, basis)?;
        let g = qr(rest.as_ref(), Shape::Thin)?;
        let back = multiply(more.as_ref(), r.as_ref())?;
        add(&mut along, &back);
        r = multiply(g.r.as_ref(), r.as_ref())?;
        x = g.q;
        let is_kept = |i: usize| {
            let size = (i..r.columns()).map(|j| r[(i, j)].abs_squared()).sum::<f64>().sqrt();
            g.r[(i, i)].abs_squared() > 0.25 && size > GONE * scale
        };
        let kept: Vec<usize> = (0..x.columns()).filter(|&i| is_kept(i)).collect();
        x = Matrix::from_fn(x.rows(), kept.len(), |i, j| x[(i, kept[j])]);
        r = Matrix::from_fn(kept.len(), r.columns(), |i, j| r[(kept[i], j)]);
    }
    Ok(((along, r), x))
}

/// C and block − basis·C, in two rounds: once is not enough (Kahan, Parlett).
fn projected<W: Scalar<Wide = W>>(mut block: Matrix<W>, basis: &Columns<W>) -> Result<(Matrix<W>, Matrix<W>)> {
    let mut along = Matrix::zeros(basis.count(), block.columns());
    if basis.count() > 0 {
        for _ in 0..2 {
            let c = adjoint_times(basis.view()?, block.as_ref())?;
            let part = multiply(basis.view()?, c.as_ref())?;
            block.as_mut_slice().iter_mut().zip(part.as_slice()).for_each(|(x, &y)| *x = *x - y);
            add(&mut along, &c);
        }
    }
    Ok((along, block))
}

fn add<W: Scalar>(to: &mut Matrix<W>, x: &Matrix<W>) {
    to.as_mut_slice().iter_mut().zip(x.as_slice()).for_each(|(to, &x)| *to += x);
}
