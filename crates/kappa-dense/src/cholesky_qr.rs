//! QR of a few long columns by the Cholesky factor of their Gram matrix: nothing but products of matrices.

use crate::gram::lower_gram;
use crate::{Matrix, Scalar, Triangle, cholesky, multiply, triangular_solve};

/// Beyond this bound for κ the Gram matrix says too little of some column.
const LOST: f64 = 1e6;

/// Q with orthonormal columns and R with A = QR, positive on its diagonal; `None` where the columns, each brought to length 1, are nearly
/// dependent: √n·‖R⁻¹‖_F, a bound for κ that is n at least, above 10⁶.
///
/// In one pass where the square of that bound times ε is below `allowed`: then Q is orthonormal to about that, and often far better;
/// otherwise in two, to about ε (Yamamoto, Nakatsukasa, Yanagisawa and Fukaya, ETNA 44 (2015) 306–326). 3·m·n² flops for each pass, a third
/// of the time of reflections.
pub fn cholesky_qr<W: Scalar<Wide = W>>(a: &Matrix<W>, allowed: f64) -> Option<(Matrix<W>, Matrix<W>)> {
    let (q, r, condition) = pass(a)?;
    if condition > LOST {
        return None;
    }
    if condition * condition * f64::EPSILON <= allowed {
        return Some((q, r));
    }
    let (q, again, left) = pass(&q)?;
    // After a good pass the columns are orthonormal but for a few digits, and the bound is n.
    if left > 2.0 * a.columns() as f64 {
        return None;
    }
    Some((q, multiply(again.as_ref(), r.as_ref()).ok()?))
}

/// Q, R, and an upper bound for κ of R with columns of length 1, but for rounding.
fn pass<W: Scalar<Wide = W>>(a: &Matrix<W>) -> Option<(Matrix<W>, Matrix<W>, f64)> {
    let n = a.columns();
    let mut l = lower_gram(a.as_ref(), 1.0);
    if !cholesky(&mut l) {
        return None;
    }
    let r = l.adjoint();
    let upper = Triangle { upper: true, ..Triangle::default() };
    let inverse = triangular_solve(r.as_ref(), upper, &Matrix::identity(n)).ok()?;
    let lengths: Vec<f64> = (0..n).map(|j| crate::length(r.column(j))).collect();
    // R·D⁻¹ and D·R⁻¹ with D the lengths of the columns.
    let scaled = (0..n).flat_map(|j| (0..=j).map(move |i| (i, j)));
    let squares: f64 = scaled.map(|(i, j)| inverse[(i, j)].abs_squared() * lengths[i] * lengths[i]).sum();
    let condition = (n as f64 * squares).sqrt();
    let q = multiply(a.as_ref(), inverse.as_ref()).ok()?;
    (condition.is_finite() && q.as_slice().iter().all(|x| x.is_finite())).then_some((q, r, condition))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adjoint_times;
    use crate::testing::random;

    fn check<W: Scalar<Wide = W>>(a: &Matrix<W>, room: f64, what: &str) {
        let (q, r) = cholesky_qr(a, 1e-9).unwrap_or_else(|| panic!("{what}: none"));
        let gram = adjoint_times(q.as_ref(), q.as_ref()).unwrap();
        let back = multiply(q.as_ref(), r.as_ref()).unwrap();
        for j in 0..a.columns() {
            let size = crate::length(a.column(j));
            for i in 0..a.columns() {
                let off = (gram[(i, j)] - W::from_parts(f64::from(i == j), 0.0)).abs_squared().sqrt();
                assert!(off <= room, "{what}: QᵀQ off by {off:e}");
                assert!(i <= j || r[(i, j)] == W::default(), "{what}: R");
            }
            for i in 0..a.rows() {
                let off = (back[(i, j)] - a[(i, j)]).abs_squared().sqrt();
                assert!(off <= 1e-9 * size, "{what}: QR off by {off:e} of {size:e}");
            }
        }
    }

    #[test]
    fn columns_come_out_orthonormal_however_long_and_near_they_are() {
        let a = random::<f64>(300, 20, 3);
        check(&a, 1e-13, "random");
        check(&Matrix::from_fn(300, 10, |i, j| crate::c64::new(a[(i, j)], a[(i, j + 10)])), 1e-13, "complex");
        check(&Matrix::<f64>::zeros(300, 0), 0.0, "no column");
        check(&Matrix::from_fn(300, 20, |i, j| a[(i, j)] * 10f64.powi(3 * j as i32 - 30)), 1e-13, "graded");
        let near = |eps: f64| Matrix::from_fn(300, 20, |i, j| a[(i, 0)] + eps * a[(i, j)]);
        check(&near(1e-1), 1e-9, "near");
        check(&near(1e-4), 1e-13, "nearer");
        check(&random::<f64>(1, 1, 5), 1e-15, "one");
    }

    #[test]
    fn dependent_columns_are_refused() {
        let a = random::<f64>(300, 20, 3);
        assert!(cholesky_qr(&Matrix::from_fn(300, 20, |i, j| a[(i, 0)] + 1e-9 * a[(i, j)]), 1e-9).is_none());
        assert!(cholesky_qr(&Matrix::from_fn(300, 20, |i, j| a[(i, j % 19)]), 1e-9).is_none());
        assert!(cholesky_qr(&Matrix::<f64>::zeros(30, 2), 1e-9).is_none());
        assert!(cholesky_qr(&random::<f64>(3, 5, 3), 1e-9).is_none());
        assert!(cholesky_qr(&Matrix::from_fn(3, 2, |i, j| if i == j { f64::NAN } else { 1.0 }), 1e-9).is_none());
        assert!(cholesky_qr(&Matrix::from_fn(3, 2, |_, j| 1e200 * (1 + j) as f64), 1e-9).is_none());
    }
}
