use std::fmt;

/// Why a question has no answer: a message that names the thing and the numbers, and a hint with the next step.
#[derive(Clone, Debug, PartialEq)]
pub struct Error {
    kind: Kind,
    message: String,
    hint: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Shape,
    NotFinite,
    Unsupported,
    Limit,
    NoConvergence,
    Syntax,
}

/// The result of a question.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: None }
    }

    pub(crate) fn shape(message: impl Into<String>) -> Self {
        Self::new(Kind::Shape, message)
    }

    pub(crate) fn not_finite(row: usize, column: usize, count: usize) -> Self {
        let plural = if count == 1 { "1 entry that is" } else { &format!("{count} entries that are") };
        Self::new(Kind::NotFinite, format!("has {plural} not finite (first at row {row}, column {column})"))
            .with_hint("rows and columns count from 0; a matrix with NaN or Inf has no norm, rank or condition number")
    }

    pub(crate) fn unsupported(message: impl Into<String>) -> Self {
        Self::new(Kind::Unsupported, message)
    }

    pub(crate) fn no_convergence(message: impl Into<String>) -> Self {
        Self::new(Kind::NoConvergence, message)
    }

    pub(crate) fn limit(message: impl Into<String>) -> Self {
        Self::new(Kind::Limit, message)
    }

    pub(crate) fn syntax(message: impl Into<String>) -> Self {
        Self::new(Kind::Syntax, message)
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The next step, where there is one.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// Whether the shapes of the arguments do not fit, or the matrix is empty where that has no answer.
    pub fn is_shape(&self) -> bool {
        self.kind == Kind::Shape
    }

    /// Whether an entry was NaN or infinite.
    pub fn is_not_finite(&self) -> bool {
        self.kind == Kind::NotFinite
    }

    /// Whether kappa has no algorithm for this question yet.
    pub fn is_unsupported(&self) -> bool {
        self.kind == Kind::Unsupported
    }

    /// Whether a named limit was exceeded.
    pub fn is_limit(&self) -> bool {
        self.kind == Kind::Limit
    }

    /// Whether every algorithm failed to converge.
    pub fn is_no_convergence(&self) -> bool {
        self.kind == Kind::NoConvergence
    }

    /// Whether a name or an expression could not be read.
    pub fn is_syntax(&self) -> bool {
        self.kind == Kind::Syntax
    }
}

impl From<kappa_dense::Error> for Error {
    fn from(error: kappa_dense::Error) -> Self {
        let kind = if error.is_shape() {
            Kind::Shape
        } else if error.is_not_finite() {
            Kind::NotFinite
        } else if error.is_memory() {
            Kind::Limit
        } else {
            Kind::NoConvergence
        };
        Self::new(kind, error.to_string())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
