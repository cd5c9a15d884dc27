//! One-sided Jacobi: short, accurate and slow. The reference of the tests, and the last fallback.

use crate::{Matrix, Scalar};

/// Maximum number of sweeps; ordinary matrices need 6 to 12.
const SWEEPS: usize = 80;
/// Squared norm of a column that counts as zero: below it, squares lose digits.
const ZERO: f64 = 1e-280;

/// The singular value decomposition of an m×n matrix with m ≥ n by Hestenes' one-sided Jacobi rotations: U, σ and V.
///
/// A = U·diag(σ)·Vᴴ with σ in decreasing order. Rotations from the right make the columns of A·V orthogonal (Hestenes
/// 1958; Demmel and Veselić, SIMAX 13 (1992) 1204–1245): small singular values of column-scaled matrices have
/// *relative* accuracy, which no method by bidiagonalization can promise. The entries must be finite and near 1 in
/// size; columns of norm below 1e-140 count as zero. U is m×n; its columns for σ = 0 complete the others to an
/// orthonormal set. `None` when the columns are not orthogonal after 80 sweeps. About 6·m·n² flops a sweep. Panics for
/// m < n.
///
/// # Examples
///
/// ```
/// # use kappa_dense::{Matrix, jacobi::jacobi_svd};
/// let a = Matrix::from_row_major(2, 2, vec![1.0, 1.0, 0.0, 1e-20])?;
/// let (_, values, _) = jacobi_svd(&a).unwrap();
/// assert!((values[1] / (1e-20 / 2f64.sqrt()) - 1.0).abs() < 1e-15);
/// # Ok::<(), kappa_dense::Error>(())
/// ```
pub fn jacobi_svd<T: Scalar<Wide = T>>(a: &Matrix<T>) -> Option<(Matrix<T>, Vec<f64>, Matrix<T>)> {
    let (m, n) = (a.rows(), a.columns());
    assert!(m >= n, "one-sided Jacobi needs at least as many rows as columns, not {m}×{n}");
    let mut w = a.clone();
    let mut v = Matrix::identity(n);
    let mut rotated = true;
    for _ in 0..SWEEPS {
        rotated = sweep(&mut w, &mut v);
        if !rotated {
            break;
        }
    }
    if rotated {
        return None;
    }
    Some(sorted(w, v))
}

/// One sweep over all pairs of columns; returns whether any pair was not orthogonal yet.
fn sweep<T: Scalar>(w: &mut Matrix<T>, v: &mut Matrix<T>) -> bool {
    // The rounding error of an inner product: a smaller cosine cannot be distinguished from zero.
    let threshold = f64::EPSILON / 2.0 * (w.rows() as f64).max(8.0);
    let mut rotated = false;
    for p in 0..w.columns() {
        for q in p + 1..w.columns() {
            let alpha = squared_norm(w.column(p));
            let beta = squared_norm(w.column(q));
            let gamma = inner(w.column(p), w.column(q));
            // Not by its square, which may underflow where the product of two lengths does not.
            let size = gamma.re().hypot(gamma.im());
            if alpha.min(beta) < ZERO || size <= threshold * alpha.sqrt() * beta.sqrt() {
                continue;
            }
            rotated = true;
            // The tangent of the rotation that diagonalizes [[α, |γ|], [|γ|, β]], the smaller of the two.
            let zeta = (beta - alpha) / (2.0 * size);
            let t = zeta.signum() / (zeta.abs() + (1.0 + zeta * zeta).sqrt());
            let c = 1.0 / (1.0 + t * t).sqrt();
            let phase = T::from_parts(gamma.re() / size, gamma.im() / size);
            rotate(w, p, q, c, c * t, phase);
            rotate(v, p, q, c, c * t, phase);
        }
    }
    rotated
}

fn squared_norm<T: Scalar>(x: &[T]) -> f64 {
    x.iter().map(|x| x.abs_squared()).sum()
}

/// xᴴy.
fn inner<T: Scalar>(x: &[T], y: &[T]) -> T {
    x.iter().zip(y).fold(T::default(), |sum, (&x, &y)| sum + x.conj() * y)
}

/// [xₚ, x_q] ← [c·xₚ − s·φ̄·x_q, s·φ·xₚ + c·x_q] with φ the phase of xₚᴴx_q.
fn rotate<T: Scalar>(x: &mut Matrix<T>, p: usize, q: usize, c: f64, s: f64, phase: T) {
    let m = x.rows();
    let (left, right) = x.as_mut_slice().split_at_mut(q * m);
    let (xp, xq) = (&mut left[p * m..(p + 1) * m], &mut right[..m]);
    for (a, b) in xp.iter_mut().zip(xq) {
        let (old_p, old_q) = (*a, *b);
        *a = old_p.scale(c) - (phase.conj() * old_q).scale(s);
        *b = (phase * old_p).scale(s) + old_q.scale(c);
    }
}

/// The norms of the columns as σ in decreasing order, with U normalized and V in the same order.
fn sorted<T: Scalar>(w: Matrix<T>, v: Matrix<T>) -> (Matrix<T>, Vec<f64>, Matrix<T>) {
    // Thousands of rotations change the lengths of columns of V, and with them those of A·V, by as many ε.
    let lengths: Vec<f64> = (0..v.columns()).map(|j| squared_norm(v.column(j)).sqrt()).collect();
    let norms: Vec<f64> = (0..w.columns()).map(|j| squared_norm(w.column(j)).sqrt()).collect();
    let mut order: Vec<usize> = (0..w.columns()).collect();
    let values: Vec<f64> = norms.iter().zip(&lengths).map(|(norm, length)| norm / length).collect();
    order.sort_by(|&i, &j| values[j].total_cmp(&values[i]));
    let mut u = Matrix::zeros(w.rows(), w.columns());
    for (k, &j) in order.iter().enumerate() {
        // Shorter columns were not rotated; their directions are meaningless.
        if norms[j] * norms[j] >= ZERO {
            for (to, &from) in u.column_mut(k).iter_mut().zip(w.column(j)) {
                *to = T::from_parts(from.re() / norms[j], from.im() / norms[j]);
            }
        } else {
            complete(&mut u, k);
        }
    }
    let v = Matrix::from_fn(v.rows(), v.columns(), |i, k| v[(i, order[k])].scale(1.0 / lengths[order[k]]));
    (u, order.iter().map(|&j| values[j]).collect(), v)
}

/// Sets column k to a unit vector orthogonal to the columns before it.
fn complete<T: Scalar>(u: &mut Matrix<T>, k: usize) {
    for start in 0..u.rows() {
        let mut candidate = vec![T::default(); u.rows()];
        candidate[start] = T::from_parts(1.0, 0.0);
        // Two passes of orthogonalization suffice (Kahan, Parlett).
        for _ in 0..2 {
            for j in 0..k {
                let along = inner(u.column(j), &candidate);
                for (x, &q) in candidate.iter_mut().zip(u.column(j)) {
                    *x = *x - along * q;
                }
            }
        }
        let norm = squared_norm(&candidate).sqrt();
        // At least one of the m unit vectors keeps √((m − k)/m) of its length.
        if norm * norm >= 0.5 * (u.rows() - k) as f64 / u.rows() as f64 {
            for (x, y) in u.column_mut(k).iter_mut().zip(candidate) {
                *x = y.scale(1.0 / norm);
            }
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_whose_product_squared_underflows_are_made_orthogonal() {
        // σ = 1e-90·√(3 ± √5)/√2, beside a column of length 1.
        let a = Matrix::from_row_major(3, 3, vec![1.0, 0.0, 0.0, 0.0, 1e-90, 1e-90, 0.0, 0.0, 1e-90]).unwrap();
        let (u, values, v) = jacobi_svd(&a).unwrap();
        for x in [&u, &v] {
            for (i, j) in (0..3).flat_map(|i| (0..3).map(move |j| (i, j))) {
                let expected = f64::from(i == j);
                assert!((inner(x.column(i), x.column(j)) - expected).abs() < 1e-14, "({i}, {j})");
            }
        }
        for (found, sign) in values[1..].iter().zip([1.0, -1.0]) {
            let expected = 1e-90 * ((3.0 + sign * 5f64.sqrt()) / 2.0).sqrt();
            assert!((found / expected - 1.0).abs() < 1e-14, "{found:e} beside {expected:e}");
        }
    }
}
