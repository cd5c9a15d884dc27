//! Which algorithm answers a question for an operator: a choice that is a value, so that it can be printed.

use std::fmt;

use kappa_dense::{gram_is_worth_a_try, is_small};

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
    /// Bidiagonalisation, with its ladder of fallbacks.
    Bidiagonal,
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
}

impl Plan {
    /// The plan for all singular values of a dense matrix of this shape with real entries.
    ///
    /// The choice depends on the shape alone, never on the number of threads, so that digits do not either.
    pub fn singular_values((m, n): (usize, usize)) -> Self {
        let (long, short) = (m.max(n) as f64, m.min(n) as f64);
        let cube = short * short * short;
        if m.min(n) <= 1 {
            return Self { algorithm: Algorithm::Length, flops: 2.0 * long, bytes: 0.0 };
        }
        if is_small(m, n) {
            // About eight sweeps, and 50 double operations for one in double-double.
            let flops = 8.0 * 300.0 * long * short * short;
            return Self { algorithm: Algorithm::DoubleDouble, flops, bytes: 16.0 * long * short };
        }
        if gram_is_worth_a_try(m, n) {
            let flops = long * short * short + 4.0 / 3.0 * cube;
            return Self { algorithm: Algorithm::Gram, flops, bytes: 16.0 * short * short };
        }
        let flops = 4.0 * long * short * short - 4.0 / 3.0 * cube;
        Self { algorithm: Algorithm::Bidiagonal, flops, bytes: 8.0 * long * short }
    }

    /// The plan for all singular values with every rounding error counted.
    pub fn certified_values((m, n): (usize, usize)) -> Self {
        let (long, short) = (m.max(n) as f64, m.min(n) as f64);
        if m.min(n) <= 1 {
            return Self::singular_values((m, n));
        }
        // Vectors, then A − UΣVᵀ, UᵀU and VᵀV.
        let flops = 9.0 * long * short * short + 17.0 * short * short * short;
        Self { algorithm: Algorithm::Certificate, flops, bytes: 48.0 * long * short + 24.0 * short * short }
    }

    /// The plan where the operator knows its singular values.
    pub fn known() -> Self {
        Self { algorithm: Algorithm::Known, flops: 0.0, bytes: 0.0 }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.algorithm {
            Algorithm::Known => return f.write_str("known without work"),
            Algorithm::Length => "length of a vector",
            Algorithm::DoubleDouble => "one-sided Jacobi in double-double",
            Algorithm::Gram => "Gram product and its eigenvalues",
            Algorithm::Bidiagonal => "bidiagonalisation and bisection",
            Algorithm::Certificate => "decomposition with vectors, and counted products that prove it",
        };
        write!(f, "{name}, {}flop, {}B", with_prefix(self.flops), with_prefix(self.bytes))
    }
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
