use std::fmt;

/// Why a function of this crate failed: shapes do not fit, an entry is not finite, no algorithm converged, or memory is
/// full.
#[derive(Clone, Debug, PartialEq)]
pub struct Error {
    kind: Kind,
    message: String,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Shape,
    NotFinite,
    NoConvergence,
    Memory,
}

impl Error {
    pub(crate) fn shape(message: String) -> Self {
        Self { kind: Kind::Shape, message }
    }

    pub(crate) fn not_finite(row: usize, column: usize) -> Self {
        let message = format!("the entry at row {}, column {} is not finite", row + 1, column + 1);
        Self { kind: Kind::NotFinite, message }
    }

    pub(crate) fn no_convergence(rows: usize, columns: usize) -> Self {
        let message = format!("the singular value decomposition of this {rows}×{columns} matrix did not converge");
        Self { kind: Kind::NoConvergence, message }
    }

    pub(crate) fn not_triangular(order: usize) -> Self {
        let message = format!("the eigenvalue iteration for this matrix of order {order} did not converge");
        Self { kind: Kind::NoConvergence, message }
    }

    pub(crate) fn no_memory() -> Self {
        Self { kind: Kind::Memory, message: "the sparse factors do not fit into memory".into() }
    }

    /// Whether there was not enough memory.
    pub fn is_memory(&self) -> bool {
        self.kind == Kind::Memory
    }

    /// Whether the shapes of the arguments do not fit.
    pub fn is_shape(&self) -> bool {
        self.kind == Kind::Shape
    }

    /// Whether an entry was NaN or infinite.
    pub fn is_not_finite(&self) -> bool {
        self.kind == Kind::NotFinite
    }

    /// Whether no algorithm converged.
    pub fn is_no_convergence(&self) -> bool {
        self.kind == Kind::NoConvergence
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
