//! Registers of either precision: what a reflection does, it does to as many entries as fit one.

use bytemuck::Pod;
use pulp::Simd;

/// A real number of which registers hold some, side by side.
pub trait Lane: PartialOrd + Pod {
    /// A register on a machine with these instructions.
    type Register<S: Simd>: Copy;
    /// A sum of squares that says nothing beside entries near 1, and has too few digits for a reflection.
    const NOTHING: Self;

    /// How many entries a register holds.
    fn lanes<S: Simd>() -> usize;
    fn splat<S: Simd>(simd: S, x: Self) -> Self::Register<S>;
    /// a·b + c, in one rounding where that is one instruction.
    fn fused<S: Simd>(simd: S, a: Self::Register<S>, b: Self::Register<S>, c: Self::Register<S>) -> Self::Register<S>;
    fn sum<S: Simd>(simd: S, a: Self::Register<S>, b: Self::Register<S>) -> Self::Register<S>;
    fn product<S: Simd>(simd: S, a: Self::Register<S>, b: Self::Register<S>) -> Self::Register<S>;
    /// The sum of all entries of a register.
    fn total<S: Simd>(simd: S, a: Self::Register<S>) -> Self;
    /// The first entries as N registers.
    fn registers<S: Simd, const N: usize>(x: &[Self]) -> Option<&[Self::Register<S>; N]>;
    fn registers_mut<S: Simd, const N: usize>(x: &mut [Self]) -> Option<&mut [Self::Register<S>; N]>;
    /// As many registers as the entries fill.
    fn all_registers<S: Simd>(x: &[Self]) -> &[Self::Register<S>];
    fn all_registers_mut<S: Simd>(x: &mut [Self]) -> &mut [Self::Register<S>];
    /// a·b + c for one entry.
    fn fused_one<S: Simd>(a: Self, b: Self, c: Self) -> Self;
    fn root(self) -> Self;
    /// Its modulus with the sign of another number.
    fn with_sign_of(self, other: Self) -> Self;
}

/// A distance between columns of so many rows: a number of cache lines that does not bring them to the same places of
/// the cache.
pub(crate) fn padded<P>(rows: usize) -> usize {
    let line = 64 / size_of::<P>();
    let lines = rows.div_ceil(line);
    (lines + usize::from(lines.is_multiple_of(8))) * line
}

macro_rules! lane {
    ($type:ty, $nothing:literal, $registers:ident, $lanes:ident, $splat:ident, $fused:ident, $add:ident, $mul:ident, $total:ident, $as:ident, $as_mut:ident) => {
        impl Lane for $type {
            type Register<S: Simd> = S::$registers;
            const NOTHING: Self = $nothing;

            #[inline(always)]
            fn lanes<S: Simd>() -> usize {
                S::$lanes
            }
            #[inline(always)]
            fn splat<S: Simd>(simd: S, x: Self) -> S::$registers {
                simd.$splat(x)
            }
            #[inline(always)]
            fn fused<S: Simd>(simd: S, a: S::$registers, b: S::$registers, c: S::$registers) -> S::$registers {
                simd.$fused(a, b, c)
            }
            #[inline(always)]
            fn sum<S: Simd>(simd: S, a: S::$registers, b: S::$registers) -> S::$registers {
                simd.$add(a, b)
            }
            #[inline(always)]
            fn product<S: Simd>(simd: S, a: S::$registers, b: S::$registers) -> S::$registers {
                simd.$mul(a, b)
            }
            #[inline(always)]
            fn total<S: Simd>(simd: S, a: S::$registers) -> Self {
                simd.$total(a)
            }
            #[inline(always)]
            fn registers<S: Simd, const N: usize>(x: &[Self]) -> Option<&[S::$registers; N]> {
                S::$as(x).0.first_chunk()
            }
            #[inline(always)]
            fn registers_mut<S: Simd, const N: usize>(x: &mut [Self]) -> Option<&mut [S::$registers; N]> {
                S::$as_mut(x).0.first_chunk_mut()
            }
            #[inline(always)]
            fn all_registers<S: Simd>(x: &[Self]) -> &[S::$registers] {
                S::$as(x).0
            }
            #[inline(always)]
            fn all_registers_mut<S: Simd>(x: &mut [Self]) -> &mut [S::$registers] {
                S::$as_mut(x).0
            }
            #[inline(always)]
            fn fused_one<S: Simd>(a: Self, b: Self, c: Self) -> Self {
                if S::IS_SCALAR { a * b + c } else { a.mul_add(b, c) }
            }
            #[inline(always)]
            fn root(self) -> Self {
                self.sqrt()
            }
            #[inline(always)]
            fn with_sign_of(self, other: Self) -> Self {
                self.copysign(other)
            }
        }
    };
}
lane!(
    f64,
    1e-280,
    f64s,
    F64_LANES,
    splat_f64s,
    mul_add_e_f64s,
    add_f64s,
    mul_f64s,
    reduce_sum_f64s,
    as_simd_f64s,
    as_mut_simd_f64s
);
lane!(
    f32,
    1e-34,
    f32s,
    F32_LANES,
    splat_f32s,
    mul_add_e_f32s,
    add_f32s,
    mul_f32s,
    reduce_sum_f32s,
    as_simd_f32s,
    as_mut_simd_f32s
);
