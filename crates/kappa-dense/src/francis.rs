//! From real Hessenberg to quasi-triangular form by Francis' double-shift QR steps.

use std::ops::Range;

use rayon::prelude::*;

use crate::Matrix;
use crate::hessenberg::{PATIENCE, active};

/// Maximum number of double steps an eigenvalue.
const STEPS: usize = 300;

/// I − τ·v·vᵀ with v = (1, v₁, v₂) on three rows, or on two rows where v₂ = 0.
#[derive(Clone, Copy)]
struct Reflection {
    at: usize,
    size: usize,
    v: [f64; 3],
    tau: f64,
}

impl Reflection {
    /// The reflection that maps x to (β, 0, 0), and β.
    fn of(at: usize, x: [f64; 3], size: usize) -> (Self, f64) {
        let scale = x.iter().map(|x| x.abs()).fold(0.0, f64::max);
        let mut this = Self { at, size, v: [1.0, 0.0, 0.0], tau: 0.0 };
        if scale == 0.0 || (x[1] == 0.0 && x[2] == 0.0) {
            return (this, x[0]);
        }
        let y = x.map(|x| x / scale);
        let length = (y[0] * y[0] + y[1] * y[1] + y[2] * y[2]).sqrt();
        let beta = if y[0] > 0.0 { -length } else { length };
        this.tau = (beta - y[0]) / beta;
        this.v = [1.0, y[1] / (y[0] - beta), y[2] / (y[0] - beta)];
        (this, beta * scale)
    }

    /// Applies the reflection to the rows `at…` of a column.
    #[inline(always)]
    fn rows(&self, column: &mut [f64]) {
        let x = &mut column[self.at..self.at + self.size];
        let third = if self.size > 2 { x[2] } else { 0.0 };
        let along = self.tau * (x[0] + self.v[1] * x[1] + self.v[2] * third);
        x[0] -= along;
        x[1] -= along * self.v[1];
        if self.size > 2 {
            x[2] -= along * self.v[2];
        }
    }

    /// Applies the reflection from the right to the columns `at…`, in the given rows.
    fn columns(&self, h: &mut Matrix<f64>, rows: Range<usize>) {
        let n = h.rows();
        let (a, rest) = h.as_mut_slice()[self.at * n..].split_at_mut(n);
        let (b, rest) = rest.split_at_mut(n);
        let (a, b) = (&mut a[rows.clone()], &mut b[rows.clone()]);
        let [_, v1, v2] = self.v;
        if self.size > 2 {
            for ((x, y), z) in a.iter_mut().zip(b).zip(&mut rest[rows]) {
                let along = self.tau * (*x + v1 * *y + v2 * *z);
                *x -= along;
                *y -= along * v1;
                *z -= along * v2;
            }
        } else {
            for (x, y) in a.iter_mut().zip(b) {
                let along = self.tau * (*x + v1 * *y);
                *x -= along;
                *y -= along * v1;
            }
        }
    }
}

/// Overwrites H with its quasi-triangular form, whose blocks of order 2 have conjugate eigenvalues, and multiplies Q by
/// the transformations; `false` when the steps do not converge.
///
/// Golub and Van Loan, *Matrix Computations*, 4th ed., section 7.5; exceptional shifts after 10 and 20 steps; the
/// deflation test of Ahues and Tisseur (LAPACK Working Note 122, 1997), as for the complex form.
pub(crate) fn triangularize_real(h: &mut Matrix<f64>, q: &mut Matrix<f64>) -> bool {
    // QR is the adjoint of RᵀQᵀ, whose columns can be updated one by one.
    let mut adjoint = q.adjoint();
    let mut waiting = Waiting::default();
    let mut end = h.rows();
    let mut steps = 0;
    let negligible = f64::EPSILON * h.as_slice().iter().map(|x| x.abs()).fold(0.0, f64::max);
    while end > 0 {
        let start = active(h, end, if steps >= PATIENCE { negligible } else { 0.0 });
        if start > 0 {
            h[(start, start - 1)] = 0.0;
        }
        match end - start {
            1 => (end, steps) = (end - 1, 0),
            2 => {
                let turns = split(h, start);
                waiting.push(turns, &mut adjoint);
                (end, steps) = (end - 2, 0);
            }
            _ => {
                steps += 1;
                if steps > STEPS {
                    return false;
                }
                let chain = double_step(h, (start, end), shifts(h, end, steps));
                waiting.push(chain, &mut adjoint);
            }
        }
    }
    waiting.apply(&mut adjoint);
    *q = adjoint.adjoint();
    for j in 0..h.columns() {
        h.column_mut(j).iter_mut().skip(j + 2).for_each(|x| *x = 0.0);
    }
    true
}

/// Reflections that have not been applied to Qᵀ yet: many are applied to a column while it is in the cache.
#[derive(Default)]
struct Waiting(Vec<Reflection>);

impl Waiting {
    /// Maximum number of reflections that are kept, 48 bytes each.
    const MOST: usize = 1 << 17;

    fn push(&mut self, chain: Vec<Reflection>, adjoint: &mut Matrix<f64>) {
        self.0.extend(chain);
        if self.0.len() > Self::MOST {
            self.apply(adjoint);
        }
    }

    fn apply(&mut self, adjoint: &mut Matrix<f64>) {
        let m = adjoint.rows().max(1);
        let all = |column: &mut [f64]| self.0.iter().for_each(|r| r.rows(column));
        if self.0.len() * m < 1 << 16 {
            adjoint.as_mut_slice().chunks_exact_mut(m).for_each(all);
        } else {
            adjoint.as_mut_slice().par_chunks_exact_mut(m).for_each(all);
        }
        self.0.clear();
    }
}

/// Two shifts s₁ and s₂ as x, y and w with (λ − s₁)(λ − s₂) = (λ − x)(λ − y) − w: the eigenvalues of the last block of
/// order 2.
fn shifts(h: &Matrix<f64>, end: usize, steps: usize) -> [f64; 3] {
    let last = end - 1;
    if steps.is_multiple_of(10) {
        let s = h[(last, last - 1)].abs() + h[(last - 1, last - 2)].abs();
        let base = if steps.is_multiple_of(20) { h[(last, last)] } else { 0.0 };
        let x = base + 0.75 * s;
        return [x, x, -0.4375 * s * s];
    }
    [h[(last, last)], h[(last - 1, last - 1)], h[(last, last - 1)] * h[(last - 1, last)]]
}

/// One double step on the block, applied to the whole of H; returns its reflections.
fn double_step(h: &mut Matrix<f64>, (start, end): (usize, usize), [x, y, w]: [f64; 3]) -> Vec<Reflection> {
    let n = h.rows();
    let mut chain = Vec::with_capacity(end - start);
    // The first column of (H − s₁)(H − s₂), divided by the subdiagonal entry of its first column. It is computed from
    // differences of diagonal entries, which are exact where these are nearly equal (Wilkinson and Reinsch, Handbook
    // for Automatic Computation II, 1971, contribution II/14); differences of their squares would lose all digits.
    let (h00, h10, h11) = (h[(start, start)], h[(start + 1, start)], h[(start + 1, start + 1)]);
    let mut x =
        [((h00 - x) * (h00 - y) - w) / h10 + h[(start, start + 1)], (h11 - x) + (h00 - y), h[(start + 2, start + 1)]];
    for k in start..end - 1 {
        let size = (end - k).min(3);
        if k > start {
            x = [h[(k, k - 1)], h[(k + 1, k - 1)], if size > 2 { h[(k + 2, k - 1)] } else { 0.0 }];
        }
        let (reflection, beta) = Reflection::of(k, x, size);
        if k > start {
            h[(k, k - 1)] = beta;
            h[(k + 1, k - 1)] = 0.0;
            if size > 2 {
                h[(k + 2, k - 1)] = 0.0;
            }
        }
        (k..end).for_each(|j| reflection.rows(h.column_mut(j)));
        reflection.columns(h, 0..(k + 4).min(end));
        chain.push(reflection);
    }
    let rest = &mut h.as_mut_slice()[end * n..];
    rest.chunks_exact_mut(n).for_each(|column| chain.iter().for_each(|r| r.rows(column)));
    chain
}

/// Makes a block of order 2 triangular where its eigenvalues are real, and its diagonal entries equal where they are
/// not.
fn split(h: &mut Matrix<f64>, at: usize) -> Vec<Reflection> {
    let (a, b, c, d) = (h[(at, at)], h[(at, at + 1)], h[(at + 1, at)], h[(at + 1, at + 1)]);
    let Some((cosine, sine)) = turn(a, b, c, d) else { return Vec::new() };
    let mut done = vec![reflect(h, at, cosine, sine)];
    let p = 0.5 * (a - d);
    if p * p + b * c >= 0.0 {
        h[(at + 1, at)] = 0.0;
        return done;
    }
    let middle = 0.5 * (h[(at, at)] + h[(at + 1, at + 1)]);
    (h[(at, at)], h[(at + 1, at + 1)]) = (middle, middle);
    let (above, below) = (h[(at, at + 1)], h[(at + 1, at)]);
    if above * below >= 0.0 {
        // Conjugate by less than a rounding error: a double real eigenvalue; its zero is moved below the diagonal.
        if below.abs() > above.abs() {
            done.push(reflect(h, at, 0.0, 1.0));
        }
        h[(at + 1, at)] = 0.0;
    }
    done
}

/// H ← RHR with the reflection R = [c s; s −c] of rows and columns `at` and `at + 1`.
fn reflect(h: &mut Matrix<f64>, at: usize, cosine: f64, sine: f64) -> Reflection {
    // I − τ·v·vᵀ with τ = 1 − c and v = (1, −s/τ); the sign keeps τ ≥ 1.
    let (cosine, sine) = if cosine > 0.0 { (-cosine, -sine) } else { (cosine, sine) };
    let tau = 1.0 - cosine;
    let reflection = Reflection { at, size: 2, v: [1.0, -sine / tau, 0.0], tau };
    (at..h.columns()).for_each(|j| reflection.rows(h.column_mut(j)));
    reflection.columns(h, 0..at + 2);
    reflection
}

/// Cosine and sine of the rotation that brings [a b; c d] into standard form; `None` where it is in that form already.
fn turn(a: f64, b: f64, c: f64, d: f64) -> Option<(f64, f64)> {
    if c == 0.0 || (a == d && b * c < 0.0) {
        return None;
    }
    let p = 0.5 * (a - d);
    let discriminant = p * p + b * c;
    if discriminant >= 0.0 {
        // The eigenvector (x, c) of the eigenvalue farther from d: (A − λ)x = 0 in its second row, λ − d = p ± √(p² +
        // bc).
        let x = p + if p < 0.0 { -discriminant.sqrt() } else { discriminant.sqrt() };
        let size = x.hypot(c);
        return Some((x / size, c / size));
    }
    // tan 2φ = (d − a)/(b + c) makes the diagonal entries equal.
    let angle = 0.5 * (d - a).atan2(b + c);
    Some((angle.cos(), angle.sin()))
}

#[cfg(test)]
mod tests {
    use crate::{Matrix, eigvals, multiply, real_schur};

    fn random(n: usize, seed: u64) -> Matrix<f64> {
        crate::testing::random(n, n, seed)
    }

    /// Q is orthogonal, QTQᵀ is A, T has its standard form, and the blocks have the eigenvalues of A.
    fn check(a: &Matrix<f64>, what: &str) {
        let n = a.rows();
        let form = real_schur(a.as_ref()).unwrap();
        let product = |x: &Matrix<f64>, y: &Matrix<f64>| multiply(x.as_ref(), y.as_ref()).unwrap();
        let far = |x: &Matrix<f64>, y: &Matrix<f64>| {
            x.as_slice().iter().zip(y.as_slice()).map(|(x, y)| (x - y).abs()).fold(0.0, f64::max)
        };
        let size = a.as_slice().iter().map(|x| x * x).sum::<f64>().sqrt();
        let tolerance = 20.0 * f64::EPSILON * (n as f64).max(4.0);
        assert!(far(&product(&form.q.adjoint(), &form.q), &Matrix::identity(n)) < tolerance, "{what}: Q");
        let back = product(&product(&form.q, &form.t), &form.q.adjoint());
        assert!(far(&back, a) <= tolerance * size, "{what}: {:e}", far(&back, a) / size);
        let mut j = 0;
        while j < n {
            assert!((j + 2..n).all(|i| form.t[(i, j)] == 0.0), "{what}: column {j}");
            if j + 1 < n && form.t[(j + 1, j)] != 0.0 {
                assert!(j + 2 == n || form.t[(j + 2, j + 1)] == 0.0, "{what}: blocks meet at {j}");
                assert_eq!(form.t[(j, j)], form.t[(j + 1, j + 1)], "{what}: {j}");
                assert!(form.t[(j, j + 1)] * form.t[(j + 1, j)] < 0.0, "{what}: {j}");
                j += 1;
            }
            j += 1;
        }
        let values = eigvals(a.as_ref()).unwrap();
        let trace: f64 = values.iter().map(|x| x.re).sum();
        assert!((trace - (0..n).map(|i| form.t[(i, i)]).sum::<f64>()).abs() <= tolerance * size, "{what}: trace");
    }

    #[test]
    fn the_form_is_the_standard_one_of_the_matrix() {
        for n in [0, 1, 2, 3, 4, 5, 8, 17, 40, 90] {
            for seed in 0..6 {
                check(&random(n, seed), &format!("random {n}, {seed}"));
            }
        }
    }

    #[test]
    fn special_matrices_converge() {
        let cyclic = Matrix::from_fn(24, 24, |i, j| f64::from((i + 1) % 24 == j));
        check(&cyclic, "cyclic");
        check(&Matrix::from_fn(12, 12, |i, j| f64::from(i + 1 == j)), "nilpotent");
        check(&Matrix::from_fn(12, 12, |i, j| f64::from(j + 1 == i)), "nilpotent, below");
        check(&Matrix::from_fn(30, 30, |i, j| if i == j { 2.0 } else { f64::from(i < j) }), "defective");
        check(&Matrix::zeros(6, 6), "zero");
        check(&Matrix::from_fn(20, 20, |i, j| 1.0 / (i + j + 1) as f64), "Hilbert");
        check(&Matrix::from_fn(15, 15, |i, j| 10f64.powi(i as i32 - j as i32)), "graded");
        for seed in 0..40 {
            let off = random(20, seed);
            let near = Matrix::from_fn(20, 20, |i, j| f64::from(i == j) + 1e-8 * off[(i, j)]);
            check(&near, &format!("near the identity, {seed}"));
        }
        check(&Matrix::from_fn(8, 8, |i, j| 1e200 * ((i * 7 + j * 3) % 5) as f64), "large");
        // A double eigenvalue, conjugate by a rounding error.
        let near = [[1.0, 1e8], [-1e-16, 1.0]];
        check(&Matrix::from_fn(2, 2, |i, j| near[i][j]), "nearly defective");
    }
}
