//! How files are opened.

use crate::Dialect;

/// Options for opening files.
#[derive(Clone, Debug, PartialEq)]
pub struct Opening {
    /// Whether files are mapped into memory (the default) or read. If another process truncates a mapped file, the
    /// signal SIGBUS ends this process.
    pub map: bool,
    /// Whether a pickle that names classes other than those of tensors is refused; by default these are left out, and
    /// named.
    pub strict: bool,
    /// How tables as text are read.
    pub table: Dialect,
}

impl Default for Opening {
    fn default() -> Self {
        Self { map: true, strict: false, table: Dialect::default() }
    }
}
