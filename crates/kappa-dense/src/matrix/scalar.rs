//! The four types of entries that a matrix can hold.

use std::fmt::Debug;
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub};

use bytemuck::Pod;
use kappa_engine::{Double, Entry};
use num_complex::{Complex32, Complex64};

use super::MatrixRef;
use super::real_form::{RealForm, doubled};
use crate::lane::Lane;

/// An entry of a matrix: `f32`, `f64`, `c32` or `c64`. Sealed.
///
/// Every answer is computed in double precision, in [`Scalar::Wide`]: widening is exact, so the storage type costs no
/// digits.
pub trait Scalar:
    Entry
    + Pod
    + Copy
    + Default
    + Debug
    + PartialEq
    + Send
    + Sync
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + 'static
{
    /// The type in double precision that holds every value of this one: `f64` or `c64`.
    type Wide: Scalar<Wide = Self::Wide> + Double;
    /// The type of the parts: `f32` or `f64`.
    type Part: Real;
    /// The complex type with the same parts: `c32` or `c64`.
    type Complex: Scalar<Part = Self::Part, Complex = Self::Complex>;
    /// The name in signatures and files: `f32`, `f64`, `c32`, `c64`.
    const NAME: &'static str;
    /// Whether there is an imaginary part.
    const IS_COMPLEX: bool;
    /// Whether the parts are stored in double precision.
    const IS_DOUBLE: bool;

    /// The ε of the parts: 2⁻⁵² or 2⁻²³.
    const EPSILON: f64 = if Self::IS_DOUBLE { f64::EPSILON } else { f32::EPSILON as f64 };

    /// The same value in double precision; exact.
    fn widen(self) -> Self::Wide;
    /// The value nearest to `re + i·im`; the imaginary part is dropped by a real type.
    fn from_parts(re: f64, im: f64) -> Self;
    /// The real part; exact.
    fn re(self) -> f64;
    /// The imaginary part; exact, 0 for a real type.
    fn im(self) -> f64;
    /// The complex conjugate.
    fn conj(self) -> Self;

    /// A real matrix with the same singular values: see [`RealForm`].
    fn real_form(a: MatrixRef<'_, Self>) -> RealForm<'_, Self::Part>;

    /// These entries as `f32`, where that is what they are.
    #[doc(hidden)]
    fn as_f32(_: &[Self]) -> Option<&[f32]> {
        None
    }

    /// The value multiplied by a real factor, rounded once for each part.
    fn scale(self, factor: f64) -> Self {
        Self::from_parts(self.re() * factor, self.im() * factor)
    }

    /// |x|² in double precision; overflows above 1e154 and underflows below 1e-162.
    fn abs_squared(self) -> f64 {
        self.re() * self.re() + self.im() * self.im()
    }

    /// Whether both parts are finite.
    fn is_finite(self) -> bool {
        self.re().is_finite() && self.im().is_finite()
    }
}

/// A real entry: `f32` or `f64`. Sealed.
pub trait Real: Scalar + Lane {}

macro_rules! real {
    ($type:ty, $complex:ty, $name:literal, $double:literal, $as_f32:expr) => {
        impl Scalar for $type {
            fn as_f32(entries: &[Self]) -> Option<&[f32]> {
                let convert: fn(&[Self]) -> Option<&[f32]> = $as_f32;
                convert(entries)
            }
            type Wide = f64;
            type Part = $type;
            type Complex = $complex;
            const NAME: &'static str = $name;
            const IS_COMPLEX: bool = false;
            const IS_DOUBLE: bool = $double;

            fn real_form(a: MatrixRef<'_, Self>) -> RealForm<'_, Self> {
                RealForm::Stored(a)
            }
            #[inline(always)]
            fn widen(self) -> f64 {
                self.into()
            }
            #[inline(always)]
            fn from_parts(re: f64, _im: f64) -> Self {
                re as $type
            }
            #[inline(always)]
            fn re(self) -> f64 {
                self.into()
            }
            #[inline(always)]
            fn im(self) -> f64 {
                0.0
            }
            #[inline(always)]
            fn conj(self) -> Self {
                self
            }
        }
        impl Real for $type {}
    };
}

macro_rules! complex {
    ($type:ty, $part:ty, $name:literal, $double:literal) => {
        impl Scalar for $type {
            type Wide = Complex64;
            type Part = $part;
            type Complex = $type;
            const NAME: &'static str = $name;
            const IS_COMPLEX: bool = true;
            const IS_DOUBLE: bool = $double;

            fn real_form(a: MatrixRef<'_, Self>) -> RealForm<'_, $part> {
                RealForm::Doubled(doubled(a))
            }
            #[inline(always)]
            fn widen(self) -> Complex64 {
                Complex64::new(self.re.into(), self.im.into())
            }
            #[inline(always)]
            fn from_parts(re: f64, im: f64) -> Self {
                Self::new(re as $part, im as $part)
            }
            #[inline(always)]
            fn re(self) -> f64 {
                self.re.into()
            }
            #[inline(always)]
            fn im(self) -> f64 {
                self.im.into()
            }
            #[inline(always)]
            fn conj(self) -> Self {
                Self::new(self.re, -self.im)
            }
        }
    };
}

real!(f32, Complex32, "f32", false, |entries| Some(entries));
real!(f64, Complex64, "f64", true, |_| None);
complex!(Complex32, f32, "c32", false);
complex!(Complex64, f64, "c64", true);
