//! Which algorithm answers a question for an operator: a choice that is a value, so that it can be printed.

use std::fmt;

use kappa_dense::{Scalar, gram_is_worth_a_try, is_small};

use crate::SingularValues;

/// How singular values will be found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Algorithm {
    /// The operator knows them.
    Known,
    /// There are none, or only one: the length of a vector.
    Length,
    /// A matrix so small that 106 bits cost nothing: Jacobi rotations in double-double.
    DoubleDouble,
    /// Eigenvalues of AᴴA; where σₘᵢₙ turns out too small for that, bidiagonalisation after all.
    Gram,
    /// The same for values that need no more than single precision, however small they are.
    GramForSingle,
    /// Bidiagonalisation, with its ladder of fallbacks.
    Bidiagonal,
    /// Bidiagonalisation in two stages, both in single precision.
    SinglePrecision,
    /// A decomposition with vectors, and counted products that prove it.
    Certificate,
}

/// The algorithm chosen for an m×n matrix, with its cost.
///
/// ```
/// # use kappa::Plan;
/// let plan = Plan::singular_values((3072, 768));
/// assert_eq!(plan.to_string(), "Gram product and its eigenvalues, 2.4 Gflop, 9.4 MB");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plan {
    /// The choice.
    pub algorithm: Algorithm,
    /// Floating-point operations, about.
    pub flops: f64,
    /// Working memory in bytes beyond the matrix, about.
    pub bytes: f64,
    /// Why this one.
    pub why: &'static str,
}

impl Plan {
    /// The plan for all singular values of a dense matrix of this shape with real entries.
    ///
    /// The choice depends on the shape alone, never on the number of threads, so that digits do not either.
    pub fn singular_values((m, n): (usize, usize)) -> Self {
        let (long, short) = (m.max(n) as f64, m.min(n) as f64);
        let cube = short * short * short;
        if m.min(n) <= 1 {
            let why = "a row or column has one singular value, its length";
            return Self { algorithm: Algorithm::Length, flops: 2.0 * long, bytes: 0.0, why };
        }
        if is_small(m, n) {
            // About eight sweeps, and 50 double operations for one in double-double.
            let flops = 8.0 * 300.0 * long * short * short;
            let why = "so small that 106 bits take no time";
            return Self { algorithm: Algorithm::DoubleDouble, flops, bytes: 16.0 * long * short, why };
        }
        if gram_is_worth_a_try(m, n) {
            let flops = long * short * short + 4.0 / 3.0 * cube;
            let why = "long: a third of the work; bidiagonalisation after all where the least value is below 1/256 of the largest";
            return Self { algorithm: Algorithm::Gram, flops, bytes: 16.0 * short * short, why };
        }
        let flops = bidiagonal_flops(long, short);
        let why = "about as wide as long: all values to the precision of doubles";
        Self { algorithm: Algorithm::Bidiagonal, flops, bytes: 8.0 * long * short, why }
    }

    /// The plan for all singular values of a dense matrix of entries `T`, those above `floor`·σ₁ as accurate as single precision.
    ///
    /// ```
    /// # use kappa::{Algorithm, Plan};
    /// assert_eq!(Plan::singular_values_above::<f32>((11008, 4096), 1e-6).algorithm, Algorithm::GramForSingle);
    /// assert_eq!(Plan::singular_values_above::<f32>((11008, 4096), 1e-9).algorithm, Algorithm::SinglePrecision);
    /// assert_eq!(Plan::singular_values_above::<f64>((11008, 4096), 1e-6).algorithm, Algorithm::Gram);
    /// ```
    pub fn singular_values_above<T: Scalar>(shape: (usize, usize), floor: f64) -> Self {
        let usual = Self::singular_values(shape);
        if T::IS_DOUBLE || matches!(usual.algorithm, Algorithm::Length | Algorithm::DoubleDouble) {
            return usual;
        }
        if usual.algorithm == Algorithm::Gram && floor >= SingularValues::floor_of_gram(shape) {
            let why = "long, stored in 32 bits or fewer: in double precision the Gram product keeps the digits of single precision down \
                       to the floor";
            return Self { algorithm: Algorithm::GramForSingle, why, ..usual };
        }
        let (long, short) = (shape.0.max(shape.1) as f64, shape.0.min(shape.1) as f64);
        let why = if usual.algorithm == Algorithm::Gram {
            "stored in 32 bits or fewer, and the floor lies below what a Gram product can tell from zero"
        } else {
            "stored in 32 bits or fewer, and products in single precision take half the time"
        };
        let flops = bidiagonal_flops(long, short);
        Self { algorithm: Algorithm::SinglePrecision, flops, bytes: 4.0 * long * short, why }
    }

    /// The plan for all singular values with every rounding error counted.
    pub fn certified_values((m, n): (usize, usize)) -> Self {
        let (long, short) = (m.max(n) as f64, m.min(n) as f64);
        if m.min(n) <= 1 {
            return Self::singular_values((m, n));
        }
        // Vectors, then A − UΣVᵀ, UᵀU and VᵀV.
        let flops = 9.0 * long * short * short + 17.0 * short * short * short;
        let why = "asked for: every rounding error is counted";
        Self { algorithm: Algorithm::Certificate, flops, bytes: 48.0 * long * short + 24.0 * short * short, why }
    }

    /// The plan where the operator knows its singular values.
    pub fn known() -> Self {
        Self { algorithm: Algorithm::Known, flops: 0.0, bytes: 0.0, why: "the operator says them" }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.algorithm {
            Algorithm::Known => return f.write_str("known without work"),
            Algorithm::Length => "length of a vector",
            Algorithm::DoubleDouble => "one-sided Jacobi in double-double",
            Algorithm::Gram | Algorithm::GramForSingle => "Gram product and its eigenvalues",
            Algorithm::Bidiagonal => "bidiagonalisation and bisection",
            Algorithm::SinglePrecision => "bidiagonalisation in two stages in single precision",
            Algorithm::Certificate => "decomposition with vectors, and counted products that prove it",
        };
        write!(f, "{name}, {}flop, {}B", with_prefix(self.flops), with_prefix(self.bytes))
    }
}

/// Of a reduction to bidiagonal form.
fn bidiagonal_flops(long: f64, short: f64) -> f64 {
    4.0 * long * short * short - 4.0 / 3.0 * short * short * short
}

/// Two digits and a decimal prefix: 2400000000 is "2.4 G".
pub(crate) fn with_prefix(x: f64) -> String {
    let prefixes = ["", "k", "M", "G", "T", "P", "E"];
    let mut x = x;
    for prefix in prefixes {
        if x < 999.5 {
            return if x < 9.95 && !prefix.is_empty() {
                format!("{x:.1} {prefix}")
            } else {
                format!("{x:.0} {prefix}")
            };
        }
        x /= 1000.0;
    }
    format!("{x:.0} Z")
}
