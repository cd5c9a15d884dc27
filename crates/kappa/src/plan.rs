//! Plans: the choice of an algorithm for a question, as a value that can be printed.

use std::fmt;

use kappa_dense::{Scalar, gram_is_worth_a_try, is_small};

use crate::{Guarantee, SingularValues};

/// An algorithm for singular values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Algorithm {
    /// The operator supplies its singular values.
    Known,
    /// The matrix has at most one row or column: the length of a vector.
    Length,
    /// Jacobi rotations in double-double, for a matrix so small that 106 bits cost little.
    DoubleDouble,
    /// Eigenvalues of AᴴA; bidiagonalisation when σₘᵢₙ is too small for their accuracy.
    Gram,
    /// Eigenvalues of AᴴA in double precision, for values of any size that are needed to single precision only.
    GramForSingle,
    /// Bidiagonalisation; other decompositions if it fails.
    Bidiagonal,
    /// Bidiagonalisation in two stages, both in single precision.
    SinglePrecision,
    /// A decomposition with vectors, and matrix products with counted rounding errors that prove its bounds.
    Certificate,
}

/// The algorithm chosen for an m×n matrix, with its cost.
///
/// # Examples
///
/// ```
/// # use kappa::Plan;
/// let plan = Plan::singular_values((3072, 768));
/// assert_eq!(plan.to_string(), "Gram product and its eigenvalues, 2.4 Gflop, 9.4 MB");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plan {
    /// The chosen algorithm.
    pub algorithm: Algorithm,
    /// The approximate number of floating-point operations.
    pub flops: f64,
    /// The approximate working memory in bytes, without the matrix.
    pub bytes: f64,
    /// The reason for the choice.
    pub why: &'static str,
}

impl Plan {
    /// The plan for all singular values of a dense matrix of this shape with real entries.
    ///
    /// The choice depends on the shape alone, never on the number of threads, so that the digits of the answer do not
    /// depend on the number of threads.
    pub fn singular_values((m, n): (usize, usize)) -> Self {
        let (long, short) = (m.max(n) as f64, m.min(n) as f64);
        let cube = short * short * short;
        if m.min(n) <= 1 {
            let why = "a row or column has one singular value, its length";
            return Self { algorithm: Algorithm::Length, flops: 2.0 * long, bytes: 0.0, why };
        }
        if is_small(m, n) {
            // About eight sweeps of 6mn² operations in double-double, each about 50 operations in double precision.
            let flops = 8.0 * 300.0 * long * short * short;
            let why = "small matrix: double-double takes little time";
            return Self { algorithm: Algorithm::DoubleDouble, flops, bytes: 16.0 * long * short, why };
        }
        if gram_is_worth_a_try(m, n) {
            let flops = long * short * short + 4.0 / 3.0 * cube;
            let why = "tall or wide matrix: a third of the work of bidiagonalisation, which follows if σₘᵢₙ < σ₁/256";
            return Self { algorithm: Algorithm::Gram, flops, bytes: 16.0 * short * short, why };
        }
        let flops = bidiagonal_flops(long, short);
        let why = "nearly square matrix: all values to double precision";
        Self { algorithm: Algorithm::Bidiagonal, flops, bytes: 8.0 * long * short, why }
    }

    /// The plan for all singular values of a dense matrix with entries of type `T`, where values above `floor`·σ₁ need
    /// the accuracy of single precision.
    ///
    /// # Examples
    ///
    /// ```
    /// # use kappa::plan::Algorithm;
    /// # use kappa::Plan;
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
            let why = "tall or wide matrix stored in 32 bits or fewer: the Gram product in double precision has the \
                       accuracy of single precision down to the floor";
            return Self { algorithm: Algorithm::GramForSingle, why, ..usual };
        }
        let (long, short) = (shape.0.max(shape.1) as f64, shape.0.min(shape.1) as f64);
        let why = if usual.algorithm == Algorithm::Gram {
            "stored in 32 bits or fewer: the floor is below the accuracy of a Gram product"
        } else {
            "stored in 32 bits or fewer: products in single precision take half the time"
        };
        let flops = bidiagonal_flops(long, short);
        Self { algorithm: Algorithm::SinglePrecision, flops, bytes: 4.0 * long * short, why }
    }

    /// The plan for all singular values with a guarantee: certified, every rounding error is counted.
    pub fn singular_values_by((m, n): (usize, usize), guarantee: Guarantee) -> Self {
        let (long, short) = (m.max(n) as f64, m.min(n) as f64);
        if guarantee == Guarantee::Usual || m.min(n) <= 1 {
            return Self::singular_values((m, n));
        }
        // A decomposition with vectors, then the products A − UΣVᵀ, UᵀU and VᵀV.
        let flops = 9.0 * long * short * short + 17.0 * short * short * short;
        let why = "certified bounds are requested: every rounding error is counted";
        Self { algorithm: Algorithm::Certificate, flops, bytes: 48.0 * long * short + 24.0 * short * short, why }
    }

    /// The plan for an operator that supplies its singular values.
    pub fn known() -> Self {
        Self { algorithm: Algorithm::Known, flops: 0.0, bytes: 0.0, why: "the operator supplies them" }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.algorithm {
            Algorithm::Known => return f.write_str("known without computation"),
            Algorithm::Length => "length of a vector",
            Algorithm::DoubleDouble => "one-sided Jacobi in double-double",
            Algorithm::Gram | Algorithm::GramForSingle => "Gram product and its eigenvalues",
            Algorithm::Bidiagonal => "bidiagonalisation and bisection",
            Algorithm::SinglePrecision => "bidiagonalisation in two stages in single precision",
            Algorithm::Certificate => "decomposition with vectors, and matrix products that prove its bounds",
        };
        write!(f, "{name}, {}flop, {}B", with_prefix(self.flops), with_prefix(self.bytes))
    }
}

/// The number of flops of a reduction to bidiagonal form.
fn bidiagonal_flops(long: f64, short: f64) -> f64 {
    4.0 * long * short * short - 4.0 / 3.0 * short * short * short
}

/// x with two digits and a decimal prefix: 2400000000 is "2.4 G".
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
