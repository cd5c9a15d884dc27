//! √Σ|xᵢ|² at the speed of memory, whatever the scale.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crate::Scalar;
use crate::instructions::instructions;
use crate::power::{exponent, scale_by_power};

/// Sums side by side: enough to hide the latency of an addition.
const LANES: usize = 32;
/// Entries that one thread adds at a time; the pieces depend on the length alone, so the digits do too.
const PIECE: usize = 1 << 15;
/// From so many entries on, waking another thread takes less time than it saves.
const SHARED: usize = 1 << 17;
/// Below this a sum of squares may have lost what underflowed.
const SMALL: f64 = 1e-270;

/// The Euclidean length of the entries: the Frobenius norm of a matrix that they fill in any order.
///
/// One pass where no square overflows or underflows, two more where one does: the result is off by about n·u relative to itself at
/// every scale. An infinite entry gives infinity, a NaN gives NaN. 2n flops.
///
/// ```
/// # use kappa_dense::length;
/// assert_eq!(length(&[3.0, -4.0]), 5.0);
/// assert_eq!(length(&[1e200; 4]), 2e200);
/// ```
pub fn length<T: Scalar>(x: &[T]) -> f64 {
    let sum = sum_of_squares(x, 1.0);
    if sum.is_finite() && sum >= SMALL {
        return sum.sqrt();
    }
    let largest = x.iter().map(|x| x.re().abs().max(x.im().abs())).fold(0.0, f64::max);
    // A sum of squares is a number unless an entry is none.
    if sum.is_nan() || largest == 0.0 || largest.is_infinite() {
        return sum.sqrt();
    }
    let e = exponent(largest).clamp(-1000, 1000);
    scale_by_power(sum_of_squares(x, scale_by_power(1.0, -e)).sqrt(), e)
}

fn sum_of_squares<T: Scalar>(x: &[T], factor: f64) -> f64 {
    let piece = |x: &[T]| instructions().dispatch(Squares(x, factor));
    if x.len() < SHARED {
        return x.chunks(PIECE).map(piece).fold(0.0, |sum, x| sum + x);
    }
    // The caller works as well: waking the others takes about as long as a piece.
    let sums: Vec<AtomicU64> = x.chunks(PIECE).map(|_| AtomicU64::new(0)).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some((k, x)) =
            Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|k| Some((k, x.chunks(PIECE).nth(k)?)))
        {
            sums[k].store(piece(x).to_bits(), Ordering::Relaxed);
        }
    };
    rayon::in_place_scope(|scope| {
        (1..rayon::current_num_threads()).for_each(|_| scope.spawn(|_| work()));
        work();
    });
    sums.into_iter().fold(0.0, |sum, x| sum + f64::from_bits(x.into_inner()))
}

struct Squares<'a, T>(&'a [T], f64);

impl<T: Scalar> pulp::WithSimd for Squares<'_, T> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> f64 {
        let Self(x, factor) = self;
        // A fused multiplication is one instruction here, and a call where the processor has none.
        let add = |square: f64, x: f64| if S::IS_SCALAR { square + x * x } else { x.mul_add(x, square) };
        let mut sums = [0.0; LANES];
        let mut lanes = x.chunks_exact(LANES);
        for x in &mut lanes {
            for (sum, x) in sums.iter_mut().zip(x) {
                *sum = add(*sum, x.re() * factor);
                if T::IS_COMPLEX {
                    *sum = add(*sum, x.im() * factor);
                }
            }
        }
        let square = |x: &T| x.scale(factor).widen().abs_squared();
        lanes.remainder().iter().map(square).sum::<f64>() + sums.iter().sum::<f64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use num_complex::{Complex32, Complex64};

    #[test]
    fn lengths_are_right_at_every_scale() {
        for n in [1usize, 2, 31, 32, 33, 1000, PIECE + 5, SHARED + 77] {
            let x: Vec<f64> = (0..n).map(|i| ((i * 7919) % 1013) as f64 - 500.0).collect();
            // Whole numbers: the sum is exact.
            let expected = x.iter().map(|x| (x * x) as u64).sum::<u64>() as f64;
            assert!((length(&x) / expected.sqrt() - 1.0).abs() < 1e-15, "{n}");
            for scale in [600, -600, 1000, -1040] {
                let y: Vec<f64> = x.iter().map(|&x| scale_by_power(x, scale)).collect();
                let back = scale_by_power(length(&y), -scale);
                assert!((back / expected.sqrt() - 1.0).abs() < 1e-12, "{n}, 2^{scale}: {back}");
            }
            let narrow: Vec<f32> = x.iter().map(|&x| x as f32).collect();
            assert!((length(&narrow) / expected.sqrt() - 1.0).abs() < 1e-15, "{n}, f32");
        }
        assert_eq!(length(&[Complex64::new(3.0, 4.0)]), 5.0);
        assert_eq!(length(&[Complex32::new(3e30, -4e30); 4]), f64::from(3e30f32).hypot(f64::from(4e30f32)) * 2.0);
        assert_eq!(length::<f64>(&[]), 0.0);
        assert_eq!(length(&[0.0, -0.0]), 0.0);
        assert_eq!(length(&[1.0, f64::INFINITY]), f64::INFINITY);
        assert!(length(&[1.0, f64::NAN]).is_nan() && length(&[f64::INFINITY, f64::NAN]).is_nan());
        assert_eq!(length(&[5e-324]), 5e-324);
    }
}
