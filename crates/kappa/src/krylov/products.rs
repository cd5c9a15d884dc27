//! Products with one vector, and the vector operations of the iterations.

use kappa_dense::Scalar;

use crate::error::{Error, Result};
pub(super) use crate::norm::length;
use crate::operator::LinearOperator;

/// The result of an iteration: x, the estimate of ‖A‖, and the number of steps.
pub(super) struct Found<W> {
    pub(super) x: Vec<W>,
    pub(super) size: f64,
    pub(super) steps: usize,
}

/// An operator for products with one vector.
pub(super) struct Products<'a, A: ?Sized> {
    a: &'a A,
}

impl<'a, A: ?Sized> Products<'a, A> {
    pub(super) fn new(a: &'a A) -> Self {
        Self { a }
    }

    pub(super) fn apply<W: Scalar<Wide = W>>(&self, x: &[W]) -> Result<Vec<W>>
    where
        A: LinearOperator<W>,
    {
        finite(self.a.apply(&kappa_dense::Matrix::from_column_major(x.len(), 1, x.to_vec())?)?.into_vec())
    }

    pub(super) fn apply_adjoint<W: Scalar<Wide = W>>(&self, x: &[W]) -> Result<Vec<W>>
    where
        A: LinearOperator<W>,
    {
        finite(self.a.apply_adjoint(&kappa_dense::Matrix::from_column_major(x.len(), 1, x.to_vec())?)?.into_vec())
    }
}

/// The product of the operator with something finite, column by column. Fails when an entry is not finite.
pub(crate) fn finite<W: Scalar, X: AsRef<[W]>>(product: X) -> Result<X> {
    match product.as_ref().iter().position(|x| !x.is_finite()) {
        None => Ok(product),
        Some(i) => Err(Error::unsupported(format!("entry {} of a product with the operator is not finite", i + 1))
            .with_hint("the operator has entries that are not finite, or so large that products overflow: scale it")),
    }
}

/// The inner product xᴴy.
pub(crate) fn inner<W: Scalar>(x: &[W], y: &[W]) -> W {
    const LANES: usize = 8;
    let mut sums = [W::default(); LANES];
    let ((x_chunks, x_rest), (y_chunks, y_rest)) = (x.as_chunks::<LANES>(), y.as_chunks::<LANES>());
    for (x, y) in x_chunks.iter().zip(y_chunks) {
        for l in 0..LANES {
            sums[l] += x[l].conj() * y[l];
        }
    }
    let rest = x_rest.iter().zip(y_rest).fold(W::default(), |s, (&x, &y)| s + x.conj() * y);
    sums.into_iter().fold(rest, |s, x| s + x)
}

/// Adds a·x to y.
pub(super) fn add<W: Scalar>(y: &mut [W], a: W, x: &[W]) {
    y.iter_mut().zip(x).for_each(|(y, &x)| *y += a * x);
}

/// Replaces x by x/‖x‖₂ and returns ‖x‖₂; a zero vector stays.
pub(crate) fn normalize<W: Scalar>(x: &mut [W]) -> f64 {
    let size = length(x);
    if size > 0.0 {
        x.iter_mut().for_each(|x| *x = x.scale(1.0 / size));
    }
    size
}
