//! Householder QR of matrices that fit in the first-level cache, one reflection after the other.
//!
//! Blocks pay from about 64 columns on. Four columns are reflected together, so that the sums of one hide the latency
//! of the others. Complex panels, and panels stored in a whole matrix, use this code too: the QR of faer drops the
//! remainder of a column below 16·m·ε of its length, this one drops nothing.

use crate::Scalar;
use crate::instructions::instructions;
use crate::power::{exponent, scale_by_power};

/// Partial sums within a column.
const LANES: usize = 8;
/// A sum of squares below this may have lost digits to underflow, or its inverse overflows; entries are near 1 in size,
/// or below.
const fn small<W: Scalar>() -> f64 {
    if W::IS_DOUBLE { 1e-270 } else { 1e-60 }
}

/// Overwrites A (rows × columns) with R on and above its diagonal and the vectors vⱼ without their leading 1 below;
/// returns the τⱼ of Hⱼ = I − vⱼvⱼᴴ/τⱼ, infinite for Hⱼ = I.
///
/// Golub and Van Loan, *Matrix Computations*, 4th ed., algorithms 5.1.1 and 5.2.1. 2mn² − ⅔n³ flops.
pub(crate) fn reflect_columns<W: Scalar>(a: &mut [W], rows: usize, columns: usize) -> Vec<W> {
    instructions().dispatch(Factor { a, rows, columns })
}

/// Writes the first columns of H₁⋯Hₚ to Q, which is zero with ones on its diagonal. 2mp² − ⅔p³ flops for p columns.
pub(crate) fn form_columns<W: Scalar<Wide = W>>(a: &[W], rows: usize, tau: &[W], q: &mut [W]) {
    instructions().dispatch(Form { a, rows, tau, q });
}

struct Factor<'a, W> {
    a: &'a mut [W],
    rows: usize,
    columns: usize,
}

impl<W: Scalar> pulp::WithSimd for Factor<'_, W> {
    type Output = Vec<W>;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> Vec<W> {
        let Self { a, rows, columns } = self;
        let size = rows.min(columns);
        let mut tau = Vec::with_capacity(size);
        for j in 0..size {
            let (done, rest) = a.split_at_mut((j + 1) * rows);
            let v = &mut done[j * rows + j..];
            let t = v.split_first_mut().map_or(f64::INFINITY, |(head, tail)| reflection(head, tail, None));
            if t.is_finite() {
                reflect(&v[1..], 1.0 / t, rest, rows, j);
            }
            tau.push(W::from_parts(t, 0.0));
        }
        tau
    }
}

struct Form<'a, W> {
    a: &'a [W],
    rows: usize,
    tau: &'a [W],
    q: &'a mut [W],
}

impl<W: Scalar<Wide = W>> pulp::WithSimd for Form<'_, W> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let Self { a, rows, tau, q } = self;
        for (j, t) in tau.iter().enumerate().rev() {
            // Columns before this one are zero in the rows that it changes.
            if j * rows < q.len() && t.is_finite() {
                reflect(&a[j * rows + j + 1..(j + 1) * rows], 1.0 / t.re(), &mut q[j * rows..], rows, j);
            }
        }
    }
}

/// Overwrites x with (β, v₂, v₃, …) where Hx = βe₁, and returns τ; `below` is the sum of squares of all entries but the
/// first, if it is known.
#[inline(always)]
pub(crate) fn reflection<W: Scalar>(head: &mut W, tail: &mut [W], below: Option<f64>) -> f64 {
    let mut e = 0;
    let mut below = below.unwrap_or_else(|| squares(tail));
    if below < small::<W>() {
        // Scaled to near 1, so that no square underflows.
        let largest = tail.iter().map(|x| x.re().abs().max(x.im().abs())).fold(0.0, f64::max);
        if largest == 0.0 {
            return f64::INFINITY;
        }
        e = exponent(largest.max(head.re().abs()).max(head.im().abs())).clamp(-1000, 1000);
        let factor = scale_by_power(1.0, -e);
        for x in tail.iter_mut() {
            *x = x.scale(factor);
        }
        *head = head.scale(factor);
        below = squares(tail);
        if below == 0.0 {
            *head = head.scale(scale_by_power(1.0, e));
            return f64::INFINITY;
        }
    }
    // Not by the square of the head, which may underflow while the head itself decides the phase.
    let (before, phase) = polar(head.re(), head.im());
    let length = (before * before + below).sqrt();
    let phase = W::from_parts(phase.0, phase.1);
    // The sign that avoids cancellation: x₁ − β has the modulus |x₁| + ‖x‖.
    let sum = before + length;
    let divisor = phase.scale(sum);
    let inverse = divisor.conj().scale(1.0 / (sum * sum));
    for x in tail.iter_mut() {
        *x = *x * inverse;
    }
    *head = phase.scale(-scale_by_power(length, e));
    // (1 + Σ|vᵢ|²)/2
    0.5 * (1.0 + below / (sum * sum))
}

/// The modulus of a complex number and the parts of its phase, which has modulus 1 whatever the size of the number.
#[inline(always)]
fn polar(re: f64, im: f64) -> (f64, (f64, f64)) {
    if im == 0.0 {
        return (re.abs(), (if re < 0.0 { -1.0 } else { 1.0 }, 0.0));
    }
    // 2⁶⁰⁰ brings subnormal parts to where quotients keep all their digits.
    let up = if re.abs().max(im.abs()) < 1e-150 { 2f64.powi(600) } else { 1.0 };
    let (re, im) = (re * up, im * up);
    let size = re.hypot(im);
    (size / up, (re / size, im / size))
}

#[inline(always)]
fn squares<W: Scalar>(x: &[W]) -> f64 {
    let mut sums = [0.0; LANES];
    let mut lanes = x.chunks_exact(LANES);
    for x in &mut lanes {
        for (sum, x) in sums.iter_mut().zip(x) {
            *sum += x.abs_squared();
        }
    }
    lanes.remainder().iter().fold(sums.iter().sum(), |sum, x| sum + x.abs_squared())
}

/// c ← c − v·(vᴴc)/τ for each column, in the rows from j on; v without its leading 1.
#[inline(always)]
fn reflect<W: Scalar>(v: &[W], factor: f64, columns: &mut [W], rows: usize, j: usize) {
    let mut fours = columns.chunks_exact_mut(4 * rows);
    for four in &mut fours {
        let (a, rest) = four.split_at_mut(rows);
        let (b, rest) = rest.split_at_mut(rows);
        let (c, d) = rest.split_at_mut(rows);
        let columns = [&mut a[j..], &mut b[j..], &mut c[j..], &mut d[j..]];
        reflect_together(v, factor, columns);
    }
    for column in fours.into_remainder().chunks_exact_mut(rows) {
        reflect_together(v, factor, [&mut column[j..]]);
    }
}

#[inline(always)]
fn reflect_together<W: Scalar, const N: usize>(v: &[W], factor: f64, mut columns: [&mut [W]; N]) {
    let count = v.len() / LANES * LANES;
    let mut sums = [[W::default(); LANES]; N];
    for at in (0..count).step_by(LANES) {
        let v: &[W] = &v[at..at + LANES];
        for (sum, column) in sums.iter_mut().zip(&columns) {
            let x = &column[at + 1..at + 1 + LANES];
            for ((sum, v), x) in sum.iter_mut().zip(v).zip(x) {
                *sum += v.conj() * *x;
            }
        }
    }
    let mut along = [W::default(); N];
    for ((along, sum), column) in along.iter_mut().zip(&sums).zip(&mut columns) {
        let mut total = column[0];
        for &sum in sum {
            total += sum;
        }
        for (v, x) in v[count..].iter().zip(&column[count + 1..]) {
            total += v.conj() * *x;
        }
        *along = total.scale(factor);
        column[0] = column[0] - *along;
    }
    for (along, column) in along.iter().zip(&mut columns) {
        for (x, &v) in column[1..].iter_mut().zip(v) {
            *x = *x - *along * v;
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::draw as random;
    use crate::{Matrix, Scalar, Shape, multiply, qr};
    use num_complex::Complex64;

    /// Column by column, each relative to its own length, so that small columns are tested as strictly as large ones.
    fn check<W: Scalar<Wide = W>>(a: &Matrix<W>, what: &str) {
        let (m, n) = (a.rows(), a.columns());
        for shape in [Shape::Thin, Shape::Full] {
            let f = qr(a.as_ref(), shape).unwrap();
            let p = f.q.columns();
            let gram = multiply(f.q.adjoint().as_ref(), f.q.as_ref()).unwrap();
            let room = 8.0 * f64::EPSILON * (m as f64).max(4.0);
            for i in 0..p {
                for j in 0..p {
                    let off = gram[(i, j)] - W::from_parts(f64::from(i == j), 0.0);
                    assert!(off.re().abs() + off.im().abs() <= room, "{what} {m}×{n}: Q");
                }
            }
            let back = multiply(f.q.as_ref(), f.r.as_ref()).unwrap();
            for j in 0..n {
                let largest = |x: &[W]| x.iter().map(|x| x.re().abs().max(x.im().abs())).fold(0.0, f64::max);
                let off: Vec<W> = back.column(j).iter().zip(a.column(j)).map(|(&x, &y)| x - y).collect();
                assert!(largest(&off) <= room * largest(a.column(j)), "{what} {m}×{n}: column {j}");
                assert!((j + 1..p).all(|i| f.r[(i, j)] == W::default()), "{what} {m}×{n}: R");
            }
        }
    }

    #[test]
    fn factors_multiply_back_column_by_column() {
        let mut seed = 3;
        for (m, n) in
            [(1, 1), (1, 7), (7, 1), (2, 2), (3, 5), (5, 3), (8, 8), (9, 4), (33, 31), (31, 33), (60, 60), (90, 20)]
        {
            let a = Matrix::from_fn(m, n, |_, _| random(&mut seed));
            let z = Matrix::from_fn(m, n, |_, _| Complex64::new(random(&mut seed), random(&mut seed)));
            check(&a, "real");
            check(&z, "complex");
            let graded = |j: usize| 10f64.powi(-(((j * 37) % 280) as i32));
            check(&Matrix::from_fn(m, n, |i, j| a[(i, j)] * graded(j)), "graded");
            check(&Matrix::from_fn(m, n, |i, j| z[(i, j)].scale(graded(j))), "graded complex");
            check(&Matrix::from_fn(m, n, |i, j| if j % 2 == 0 { a[(i, j)] } else { 0.0 }), "with zero columns");
            check(&Matrix::from_fn(m, n, |i, j| if i <= j { a[(i, j)] } else { 0.0 }), "triangular");
            check(&Matrix::from_fn(m, n, |i, _| a[(i, 0)]), "of rank one");
            check(&Matrix::<f64>::zeros(m, n), "zero");
        }
    }
}
