//! The Schur test for p→q norms of non-negative matrices: an upper bound that is exact at the power method's fixed
//! point.

use kappa_dense::Matrix;

use crate::arithmetic::power::Exponent;
use crate::enclosure::directed::{div_up, mul_up, times_power};
use crate::norm::{Gauge, PairSum, gauge_of, times_vector};

/// For B = |A|, p ≥ q and any x > 0 with cⱼ = xⱼ^(1−q)·(Bᵀ(Bx)^(q−1))ⱼ: ‖A‖^q ≤ ‖B‖^q ≤ ‖c‖_{p/(p−q)}, with equality
/// for B at the fixed point of the power method. By Jensen with weights bᵢⱼxⱼ/(Bx)ᵢ, then Hölder.
pub(super) fn schur_bound(b: &Matrix<f64>, p: f64, q: f64) -> f64 {
    let (m, n) = (b.rows(), b.columns());
    let x = perron(b, p, q);
    let power = Exponent::one_less(q);
    let raise = |x: f64| if q == 1.0 { (1.0, 1.0) } else { power.of_base(x) };
    let y: Vec<f64> = (0..m)
        .map(|i| {
            let mut sum = PairSum::default();
            (0..n).for_each(|j| sum.add(mul_up(b[(i, j)], x[j])));
            raise(sum.bounds().1).1
        })
        .collect();
    let mut c: Vec<f64> = (0..n)
        .map(|j| {
            let mut sum = PairSum::default();
            b.column(j).iter().zip(&y).for_each(|(b, y)| sum.add(mul_up(*b, *y)));
            div_up(sum.bounds().1, raise(x[j]).0)
        })
        .collect();
    c.sort_by(|x, y| y.total_cmp(x));
    let largest = c.first().copied().unwrap_or(0.0);
    if p == q {
        return if q == 1.0 { largest } else { Exponent::inverse_of(q).of_base(largest).1 };
    }
    if p == f64::INFINITY {
        let mut sum = PairSum::default();
        c.iter().for_each(|&c| sum.add(c));
        let sum = sum.bounds().1;
        return if q == 1.0 { sum } else { Exponent::inverse_of(q).of_base(sum).1 };
    }
    // (Σ c^s)^(1/(s·q)) with s = p/(p − q).
    let s = Exponent::harmonic(p, q).over(q);
    let mut sum = PairSum::default();
    let e = if largest > 0.0 { largest.log2().floor() as i32 } else { 0 };
    c.iter().for_each(|&c| sum.add(s.of_base(times_power(c, -e).1).1));
    let back = s.inverse().of_base(sum.bounds().1).1;
    let back = times_power(back, e).1;
    if q == 1.0 { back } else { Exponent::inverse_of(q).of_base(back).1 }
}

/// A positive vector near the fixed point of the power method for a non-negative matrix.
fn perron(b: &Matrix<f64>, p: f64, q: f64) -> Vec<f64> {
    let adjoint = b.adjoint();
    let n = b.columns();
    let mut x = vec![1.0; n];
    let mut last = 0.0;
    for _ in 0..2000 {
        let y = times_vector(b, &x);
        let size = gauge_of(Gauge::lp(q), &y);
        let w: Vec<f64> = y.iter().map(|y| if q == 1.0 { 1.0 } else { (y / size).powf(q - 1.0) }).collect();
        let z = times_vector(&adjoint, &w);
        let next: Vec<f64> = match p {
            f64::INFINITY => vec![1.0; n],
            _ if p == 1.0 => break,
            _ => z.iter().map(|z| z.powf(1.0 / (p - 1.0))).collect(),
        };
        let top = next.iter().copied().fold(0.0, f64::max);
        if !(top > 0.0 && top.is_finite()) {
            break;
        }
        // For p = q the iteration may be periodic; half a step in the exponent is not.
        let damped = |(next, x): (&f64, &f64)| (next / top * x).sqrt().max(1e-13);
        let moved: Vec<f64> = if p == q {
            next.iter().zip(&x).map(damped).collect()
        } else {
            next.iter().map(|x| (x / top).max(1e-13)).collect()
        };
        let change = moved.iter().zip(&x).map(|(a, b)| (a / b - 1.0).abs()).fold(0.0, f64::max);
        x = moved;
        if change < 1e-16 || (size - last).abs() <= 1e-16 * size && change < 1e-13 {
            break;
        }
        last = size;
    }
    x
}
