//! (Σ|aᵢⱼ|ᵖ)^(1/p).

use kappa_dense::{MatrixRef, Scalar};

use super::induced::{vector_norm, widened};
use crate::{Enclosure, Evidence};

/// The entrywise p-norm of a finite matrix; two passes, or one for p = 1.
pub(crate) fn entrywise_value<T: Scalar>(a: MatrixRef<'_, T>, p: f64) -> Enclosure {
    vector_norm(a.rows() * a.columns(), p, || {
        (0..a.rows()).flat_map(move |i| (0..a.columns()).map(move |j| modulus(a.get(i, j))))
    })
}

/// |x|, without overflow or underflow; a relative error of at most 4 units roundoff for complex x, none for real.
pub(crate) fn modulus<T: Scalar>(x: T) -> f64 {
    if !T::IS_COMPLEX {
        return x.re().abs();
    }
    let (re, im) = (x.re().abs(), x.im().abs());
    let (large, small) = if re > im { (re, im) } else { (im, re) };
    if large == 0.0 {
        return 0.0;
    }
    let ratio = small / large;
    large * (1.0 + ratio * ratio).sqrt()
}

/// |x| with its rounding error.
pub(crate) fn modulus_enclosure<T: Scalar>(x: T) -> Enclosure {
    let size = modulus(x);
    if T::IS_COMPLEX { widened(size, size, 5, Evidence::Rounding) } else { Enclosure::exact(size) }
}
