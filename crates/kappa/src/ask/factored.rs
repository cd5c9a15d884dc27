//! The nuclear norm of a product from its factors, without multiplying them out.

use kappa_dense::{Matrix, Scalar, counted_gram};

use crate::enclosure::directed::{add_down, add_up, gamma_up, mul_up, sqrt_down};
use crate::error::{Error, Result};
use crate::operator::{AnyOperator, LinearOperator, RealOrComplex, wide_pair};
use crate::{Enclosure, Evidence, Norm, Profile};

/// ‖B·A‖_* for B m×r and A r×n, enclosed without forming the product.
///
/// From above by the variational form: ‖BA‖_* = min ½(‖U‖_F² + ‖V‖_F²) over all UVᴴ = BA, so that ‖BA‖_* ≤ ‖B‖_F·‖A‖_F
/// with the best scaling of these two factors; equal for the balanced factors of a singular value decomposition. From
/// below by ‖BA‖_F, from the two r×r Gram products. (m + n)·r² flops; every rounding error is counted.
///
/// # Errors
///
/// When the inner dimensions differ, and when an entry is not finite.
///
/// # Examples
///
/// ```
/// # use kappa::ask::nuclear_norm_of_factors;
/// # use kappa::Matrix;
/// let b = Matrix::from_row_major(3, 1, vec![1.0, 2.0, 2.0])?;
/// let a = Matrix::from_row_major(1, 2, vec![3.0, 4.0])?;
/// // Of rank one: both ends are 3·5.
/// let x = nuclear_norm_of_factors(&b, &a)?;
/// assert!(x.contains(15.0) && x.width() < 1e-12);
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// Reference: Srebro, Rennie, Jaakkola, NIPS 2004; Recht, Fazel, Parrilo, SIAM Review 52 (2010), section 2.
pub fn nuclear_norm_of_factors<T: Scalar>(b: &Matrix<T>, a: &Matrix<T>) -> Result<Enclosure> {
    if b.columns() != a.rows() {
        let ((m, r), (s, n)) = ((b.rows(), b.columns()), (a.rows(), a.columns()));
        return Err(Error::shape(format!("the inner dimensions of the factors {m}×{r} and {s}×{n} differ")));
    }
    let size = |x: &Matrix<T>| Profile::of_entries(x.as_ref())?.norm(Norm::frobenius());
    let (left, right) = (size(b)?, size(a)?);
    let upper = left.times(right);
    let lower = frobenius_from_below(b, a, left.upper(), right.upper());
    Ok(Enclosure::new(
        lower,
        upper.estimate().max(lower),
        upper.upper(),
        Evidence::Theorem("variational form of the nuclear norm"),
    ))
}

/// ‖BA‖_F² = Σᵢⱼ (BᴴB)ᵢⱼ·(AAᴴ)ᵢⱼ, whose rounding is at most a few γ times ‖B‖_F²‖A‖_F².
fn frobenius_from_below<T: Scalar>(b: &Matrix<T>, a: &Matrix<T>, left: f64, right: f64) -> f64 {
    let r = b.columns();
    if !T::IS_COMPLEX && (1e-60..1e60).contains(&left) && (1e-60..1e60).contains(&right) {
        let adjoint = a.adjoint();
        let (x, y) = (real_gram(b), real_gram(&adjoint));
        let mut sum = 0.0;
        for j in 0..r {
            for i in j..r {
                let term = x.0[(i, j)] * y.0[(i, j)];
                sum += if i == j { term } else { 2.0 * term };
            }
        }
        let gamma = gamma_up(x.1 + y.1 + r * r + 8);
        let error = mul_up(mul_up(2.0 * gamma, mul_up(left, left)), mul_up(right, right));
        return sqrt_down(add_down(sum, -add_up(error, f64::MIN_POSITIVE)).max(0.0));
    }
    0.0
}

fn real_gram<T: Scalar>(x: &Matrix<T>) -> (Matrix<f64>, usize) {
    let real = Matrix::from_fn(x.rows(), x.columns(), |i, j| x[(i, j)].re());
    let gram = counted_gram(real.as_ref(), 0);
    (gram.product, gram.depth)
}

impl AnyOperator<'_> {
    /// [`nuclear_norm_of_factors`](crate::ask::nuclear_norm_of_factors) of this operator B and the other one, A.
    ///
    /// # Errors
    ///
    /// As [`nuclear_norm_of_factors`](crate::ask::nuclear_norm_of_factors).
    pub fn nuclear_norm_of_factors(&self, other: &AnyOperator<'_>) -> Result<Enclosure> {
        wide_pair!((self, other), (b, a) => self::nuclear_norm_of_factors(&b.to_dense()?, &a.to_dense()?))
            .map(RealOrComplex::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Guarantee, LowRank, c64, norm_by};

    #[test]
    fn the_product_itself_lies_inside() {
        for (m, r, n) in [(5, 2, 4), (3, 3, 3), (2, 6, 5), (1, 1, 1)] {
            let b = Matrix::from_fn(m, r, |i, j| ((i * 5 + j * 3) % 7) as f64 - 3.0);
            let a = Matrix::from_fn(r, n, |i, j| ((i * 2 + j * 5) % 9) as f64 - 4.0);
            let x = nuclear_norm_of_factors(&b, &a).unwrap();
            let exact =
                norm_by(&LowRank::new(b.clone(), a.clone()).unwrap(), Norm::nuclear(), Guarantee::Certified).unwrap();
            assert!(x.lower() <= exact.upper() && exact.lower() <= x.upper(), "{m}×{r}×{n}: {x:?} {exact:?}");
            // Half the sum of squares is never smaller.
            let half = |x: &Matrix<f64>| 0.5 * x.as_slice().iter().map(|x| x * x).sum::<f64>();
            assert!(x.upper() <= (half(&b) + half(&a)) * (1.0 + 1e-12));
            let complex = |x: &Matrix<f64>| Matrix::from_fn(x.rows(), x.columns(), |i, j| c64::new(0.0, x[(i, j)]));
            let z = nuclear_norm_of_factors(&complex(&b), &complex(&a)).unwrap();
            assert!(z.lower() <= exact.upper() && exact.lower() <= z.upper());
        }
        assert!(nuclear_norm_of_factors(&Matrix::<f64>::zeros(2, 3), &Matrix::zeros(2, 3)).unwrap_err().is_shape());
    }
}
