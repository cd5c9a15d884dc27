//! From Hessenberg to triangular form by QR steps with one shift.

use num_complex::Complex64;

use crate::Matrix;

const ULP: f64 = f64::EPSILON;

fn size(x: Complex64) -> f64 {
    x.re.abs() + x.im.abs()
}

/// A rotation [c s; −s̄ c] that takes (a, b) to (r, 0).
#[derive(Clone, Copy)]
struct Rotation {
    c: f64,
    s: Complex64,
}

impl Rotation {
    fn of(a: Complex64, b: Complex64) -> (Self, Complex64) {
        let (na, nb) = (a.norm(), b.norm());
        if nb == 0.0 {
            return (Self { c: 1.0, s: Complex64::default() }, a);
        }
        if na == 0.0 {
            return (Self { c: 0.0, s: b.conj() / nb }, Complex64::new(nb, 0.0));
        }
        let r = na.hypot(nb);
        let phase = a / na;
        (Self { c: na / r, s: phase * (b.conj() / r) }, phase * r)
    }

    /// Rows k and k + 1, columns from `start` on.
    fn rows(self, h: &mut Matrix<Complex64>, k: usize, start: usize) {
        for j in start..h.columns() {
            let column = &mut h.column_mut(j)[k..k + 2];
            let (x, y) = (column[0], column[1]);
            column[0] = x.scale(self.c) + self.s * y;
            column[1] = y.scale(self.c) - self.s.conj() * x;
        }
    }

    /// Columns k and k + 1, rows before `end`, from the right with the adjoint.
    fn columns(self, h: &mut Matrix<Complex64>, k: usize, end: usize) {
        let m = h.rows();
        let (left, right) = h.as_mut_slice()[k * m..(k + 2) * m].split_at_mut(m);
        for (x, y) in left[..end].iter_mut().zip(&mut right[..end]) {
            let (a, b) = (*x, *y);
            *x = a.scale(self.c) + self.s.conj() * b;
            *y = b.scale(self.c) - self.s * a;
        }
    }
}

/// H becomes upper triangular and Q is multiplied by what did it; `false` when the steps do not converge.
///
/// Wilkinson's shift, exceptional ones after 10 and 20 steps, and the deflation test of Ahues and Tisseur
/// (LAPACK Working Note 122, 1997).
pub(crate) fn triangularize(h: &mut Matrix<Complex64>, q: &mut Matrix<Complex64>) -> bool {
    let n = h.rows();
    let mut end = n;
    while end > 0 {
        let mut steps = 0;
        loop {
            let start = active(h, end);
            if start > 0 {
                h[(start, start - 1)] = Complex64::default();
            }
            if start + 1 >= end {
                break;
            }
            steps += 1;
            if steps > 300 {
                return false;
            }
            sweep(h, q, (start, end), shift(h, (start, end), steps));
        }
        end = active(h, end);
    }
    for j in 0..n {
        h.column_mut(j)[j + 1..].fill(Complex64::default());
    }
    true
}

/// Where the last block that is not yet apart begins.
fn active(h: &Matrix<Complex64>, end: usize) -> usize {
    let smallest = f64::MIN_POSITIVE / ULP;
    let mut k = end - 1;
    while k > 0 {
        let below = size(h[(k, k - 1)]);
        if below <= smallest {
            break;
        }
        let (before, here) = (h[(k - 1, k - 1)], h[(k, k)]);
        let mut near = size(before) + size(here);
        if near == 0.0 {
            near += if k >= 2 { size(h[(k - 1, k - 2)]) } else { 0.0 };
            near += if k + 1 < h.rows() { size(h[(k + 1, k)]) } else { 0.0 };
        }
        if below <= ULP * near {
            let above = size(h[(k - 1, k)]);
            let (ab, ba) = (below.max(above), below.min(above));
            let gap = size(before - here);
            let (aa, bb) = (size(here).max(gap), size(here).min(gap));
            let sum = aa + ab;
            if ba * (ab / sum) <= smallest.max(ULP * (bb * (aa / sum))) {
                break;
            }
        }
        k -= 1;
    }
    k
}

/// The eigenvalue of the last block of order 2 that is nearer to the last entry.
fn shift(h: &Matrix<Complex64>, (start, end): (usize, usize), steps: usize) -> Complex64 {
    let last = end - 1;
    if steps.is_multiple_of(20) {
        return h[(last, last)] + 0.75 * h[(last, last - 1)].re.abs();
    }
    if steps.is_multiple_of(10) {
        return h[(start, start)] + 0.75 * h[(start + 1, start)].re.abs();
    }
    let t = h[(last, last)];
    let u = h[(last - 1, last)].sqrt() * h[(last, last - 1)].sqrt();
    if size(u) == 0.0 {
        return t;
    }
    let x = (h[(last - 1, last - 1)] - t).scale(0.5);
    let s = size(u).max(size(x));
    let mut y = ((x / s) * (x / s) + (u / s) * (u / s)).sqrt().scale(s);
    if x.re * y.re + x.im * y.im < 0.0 {
        y = -y;
    }
    t - u * (u / (x + y))
}

/// One QR step on the block, applied to the whole of H and to Q.
fn sweep(h: &mut Matrix<Complex64>, q: &mut Matrix<Complex64>, (start, end): (usize, usize), shift: Complex64) {
    let n = h.rows();
    for k in start..end - 1 {
        let (a, b) = if k == start { (h[(k, k)] - shift, h[(k + 1, k)]) } else { (h[(k, k - 1)], h[(k + 1, k - 1)]) };
        let (rotation, r) = Rotation::of(a, b);
        if k > start {
            h[(k, k - 1)] = r;
            h[(k + 1, k - 1)] = Complex64::default();
        }
        rotation.rows(h, k, k);
        rotation.columns(h, k, (k + 3).min(end));
        rotation.columns(q, k, n);
    }
}
