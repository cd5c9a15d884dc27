//! The nuclear norm of a product from its factors, without multiplying them out.

use kappa_dense::{Matrix, Scalar, Shape, counted_gram, counted_product, qr};

use super::certified_norm;
use crate::enclosure::directed::{
    SMALLEST, add_down, add_up, gamma_up, mul_down, mul_up, norm_up, sqrt_down, times_power,
};
use crate::enclosure::{exponent_of, times_power_of_two};
use crate::error::{Error, Result};
use crate::operator::{AnyOperator, LinearOperator, RealOrComplex, wide_pair};
use crate::{Enclosure, Evidence, Norm, Profile};

/// ‖B·A‖_* for B m×r and A r×n, enclosed without forming the product.
///
/// From the triangular factors of B and Aᴴ, whose product of order r has the same singular values. Also from above by
/// the variational form: ‖BA‖_* = min ½(‖U‖_F² + ‖V‖_F²) over all UVᴴ = BA, so that ‖BA‖_* ≤ ‖B‖_F·‖A‖_F; and from
/// below by ‖BA‖_F. Relative width about 1e-13; 6(m + n)·r² flops; every rounding error is counted.
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
    let evidence = Evidence::Theorem("variational form of the nuclear norm");
    let bounds = Enclosure::new(lower, upper.estimate().max(lower), upper.upper(), evidence);
    Ok(match by_triangles(b, a)? {
        Some(found) if found.width() < bounds.width() => Enclosure::new(
            found.lower().max(bounds.lower()),
            found.estimate().clamp(bounds.lower(), bounds.upper()),
            found.upper().min(bounds.upper()),
            found.evidence(),
        ),
        _ => bounds,
    })
}

/// With B = Q₁R₁ + E₁ and Aᵀ = Q₂R₂ + E₂: ‖BA‖_* is ‖R₁R₂ᵀ‖_*, of order r, up to the defects of Q₁ and Q₂ and
/// ‖E₁‖_F‖A‖_F + ‖B − E₁‖_F‖E₂‖_F (Hölder's inequality). `None` where a factor Q is not orthonormal.
fn by_triangles<T: Scalar>(b: &Matrix<T>, a: &Matrix<T>) -> Result<Option<Enclosure>> {
    let r = b.columns();
    if r == 0 || b.rows() == 0 || a.columns() == 0 {
        return Ok(Some(Enclosure::exact(0.0)));
    }
    let ((b, copies, eb), (a, _, ea)) = (near_one(b), near_one(a));
    let (left, right) = (Triangular::of(&b)?, Triangular::of(&a.adjoint())?);
    let (Some(left), Some(right)) = (left, right) else { return Ok(None) };
    let inner = counted_product(left.r.as_ref(), right.r.as_ref().transpose())?;
    let side = (inner.product.rows().min(inner.product.columns()) as f64).sqrt().next_up();
    let rounding = mul_up(side, mul_up(gamma_up(inner.depth + 1), mul_up(left.size, right.size)));
    let x = certified_norm(&inner.product, Norm::nuclear())?;
    let defects = add_up(add_up(left.defect, right.defect), mul_up(left.defect, right.defect));
    let (b_size, a_size) = (norm_up(b.as_slice()), norm_up(a.as_slice()));
    let rest = add_up(mul_up(left.rest, a_size), mul_up(add_up(b_size, left.rest), right.rest));
    let below = mul_down(add_down(x.lower(), -rounding).max(0.0), (1.0 - defects).next_down().max(0.0));
    let above = mul_up(add_up(x.upper(), rounding), (1.0 + defects).next_up());
    let (lower, upper) = (add_down(below, -rest).max(0.0), add_up(above, rest));
    let back = |x: f64| times_power(x / copies, ea + eb);
    Ok(Some(Enclosure::new(back(lower).0, back(x.estimate()).0, back(upper).1, Evidence::Rounding)))
}

/// The real form, which has every singular value `copies` times, times a power of two that brings its entries near 1.
fn near_one<T: Scalar>(x: &Matrix<T>) -> (Matrix<f64>, f64, i32) {
    let form = T::real_form(x.as_ref());
    let view = form.view();
    let real = Matrix::from_fn(view.rows(), view.columns(), |i, j| view.get(i, j).re());
    let e = exponent_of(real.as_slice().iter().fold(0.0, |m: f64, x| m.max(x.abs())));
    let scaled = Matrix::from_fn(real.rows(), real.columns(), |i, j| times_power_of_two(real[(i, j)], -e));
    (scaled, if form.is_doubled() { 2.0 } else { 1.0 }, e)
}

/// X = QR + E with upper bounds of ‖R‖_F, ‖E‖_F and ‖QᵀQ − I‖_F.
struct Triangular {
    r: Matrix<f64>,
    size: f64,
    rest: f64,
    defect: f64,
}

impl Triangular {
    /// `None` where the columns of Q are not nearly orthonormal.
    fn of(x: &Matrix<f64>) -> Result<Option<Self>> {
        let f = qr(x.as_ref(), Shape::Thin)?;
        let (q_size, size) = (norm_up(f.q.as_slice()), norm_up(f.r.as_slice()));
        let product = counted_product(f.q.as_ref(), f.r.as_ref())?;
        // Scaling and products lose less than 2⁻¹⁰⁷⁰ in each entry.
        let lost = mul_up((x.rows() * x.columns()) as f64, 16.0 * SMALLEST * x.rows().max(x.columns()) as f64);
        let difference: Vec<f64> =
            x.as_slice().iter().zip(product.product.as_slice()).map(|(x, p)| (x - p).abs().next_up()).collect();
        let rounding = mul_up(gamma_up(product.depth + 1), mul_up(q_size, size));
        let rest = add_up(add_up(norm_up(&difference), rounding), lost);
        let gram = counted_product(f.q.as_ref().transpose(), f.q.as_ref())?;
        let n = gram.product.columns();
        let off = Matrix::from_fn(n, n, |i, j| (gram.product[(i, j)] - f64::from(i == j)).abs().next_up());
        let defect = add_up(norm_up(off.as_slice()), mul_up(gamma_up(gram.depth + 1), mul_up(q_size, q_size)));
        Ok((defect < 0.5).then_some(Self { r: f.r, size, rest, defect }))
    }
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
            assert!(x.width() < 1e-11 * x.upper(), "{m}×{r}×{n}: {x:?}");
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
