//! Products with one vector, and what iterations do with vectors.

use kappa_dense::Scalar;

use crate::error::{Error, Result};
pub(super) use crate::norm::length;
use crate::operator::LinearOperator;

/// x, the size of A as it was seen, and steps.
pub(super) struct Found<W> {
    pub(super) x: Vec<W>,
    pub(super) size: f64,
    pub(super) steps: usize,
}

/// Products with one vector.
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

/// What an operator made of a finite vector.
fn finite<W: Scalar>(x: Vec<W>) -> Result<Vec<W>> {
    match x.iter().position(|x| !x.is_finite()) {
        None => Ok(x),
        Some(i) => Err(Error::unsupported(format!("entry {i} of a product with the operator is not finite"))
            .with_hint("the operator has an entry that is not finite, or is so large that sums overflow: scale it")),
    }
}

/// xᴴy.
pub(super) fn inner<W: Scalar>(x: &[W], y: &[W]) -> W {
    x.iter().zip(y).fold(W::default(), |sum, (&x, &y)| sum + x.conj() * y)
}

/// y += a·x.
pub(super) fn add<W: Scalar>(y: &mut [W], a: W, x: &[W]) {
    y.iter_mut().zip(x).for_each(|(y, &x)| *y += a * x);
}

/// x/|x| in the place of x, and |x|.
pub(super) fn normalize<W: Scalar>(x: &mut [W]) -> f64 {
    let size = length(x);
    if size > 0.0 {
        x.iter_mut().for_each(|x| *x = x.scale(1.0 / size));
    }
    size
}
