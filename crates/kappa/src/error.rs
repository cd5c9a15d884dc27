use std::fmt;

/// Why a question has no answer: a message that names the thing and the numbers, and a hint with the next step.
#[derive(Clone, Debug, PartialEq)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    hint: Option<String>,
}

/// What kind of error an [`Error`] is: exit codes and exceptions follow from it, never from words.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Shapes do not fit, or a matrix is empty where that has no answer.
    Shape,
    /// An entry is NaN or infinite.
    NotFinite,
    /// The matrix is singular, rank deficient or not definite where the question needs the contrary.
    Singular,
    /// A number that was passed lies outside of its range.
    Argument,
    /// A name or an expression cannot be read.
    Syntax,
    /// There is no algorithm for this question.
    Unsupported,
    /// A named limit was exceeded.
    Limit,
    /// Every algorithm failed to converge.
    NoConvergence,
    /// A user's operator failed.
    Operator,
}

/// The result of a question.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: None }
    }

    /// The error of an operator of your own, for its `apply` and `apply_adjoint`; it reaches whoever asked.
    ///
    /// # Examples
    ///
    /// ```
    /// use kappa::{Error, ErrorKind, LinearOperator, Matrix, Norm, Result, norm};
    ///
    /// struct Remote;
    /// impl LinearOperator<f64> for Remote {
    ///     fn shape(&self) -> (usize, usize) {
    ///         (2, 2)
    ///     }
    ///     fn apply(&self, _: &Matrix<f64>) -> Result<Matrix<f64>> {
    ///         Err(Error::operator("the server does not answer").with_hint("is it running?"))
    ///     }
    ///     fn apply_adjoint(&self, x: &Matrix<f64>) -> Result<Matrix<f64>> {
    ///         self.apply(x)
    ///     }
    /// }
    /// let error = norm(&Remote, Norm::nuclear()).unwrap_err();
    /// assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::Operator, "the server does not answer"));
    /// ```
    pub fn operator(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Operator, message)
    }

    pub(crate) fn singular(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Singular, message)
    }

    pub(crate) fn argument(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Argument, message)
    }

    pub(crate) fn shape(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Shape, message)
    }

    pub(crate) fn not_finite(row: usize, column: usize, count: usize) -> Self {
        let plural = if count == 1 { "1 entry that is" } else { &format!("{count} entries that are") };
        Self::new(ErrorKind::NotFinite, format!("has {plural} not finite (first at row {row}, column {column})"))
            .with_hint("rows and columns count from 0; a matrix with NaN or Inf has no norm, rank or condition number")
    }

    pub(crate) fn unsupported(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unsupported, message)
    }

    pub(crate) fn no_convergence(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::NoConvergence, message)
    }

    pub(crate) fn limit(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Limit, message)
    }

    pub(crate) fn syntax(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Syntax, message)
    }

    /// The same error with the next step that its reader can take.
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The next step, where there is one.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// What kind of error it is.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Whether the matrix is singular, rank deficient or not definite where the question needs the contrary.
    pub fn is_singular(&self) -> bool {
        self.kind == ErrorKind::Singular
    }

    /// Whether a number that was passed lies outside of its range.
    pub fn is_argument(&self) -> bool {
        self.kind == ErrorKind::Argument
    }

    /// Whether the shapes of the arguments do not fit, or the matrix is empty where that has no answer.
    pub fn is_shape(&self) -> bool {
        self.kind == ErrorKind::Shape
    }

    /// Whether an entry was NaN or infinite.
    pub fn is_not_finite(&self) -> bool {
        self.kind == ErrorKind::NotFinite
    }

    /// Whether kappa has no algorithm for this question yet.
    pub fn is_unsupported(&self) -> bool {
        self.kind == ErrorKind::Unsupported
    }

    /// Whether a named limit was exceeded.
    pub fn is_limit(&self) -> bool {
        self.kind == ErrorKind::Limit
    }

    /// Whether every algorithm failed to converge.
    pub fn is_no_convergence(&self) -> bool {
        self.kind == ErrorKind::NoConvergence
    }

    /// Whether a name or an expression could not be read.
    pub fn is_syntax(&self) -> bool {
        self.kind == ErrorKind::Syntax
    }
}

impl From<kappa_dense::Error> for Error {
    fn from(error: kappa_dense::Error) -> Self {
        let kind = if error.is_shape() {
            ErrorKind::Shape
        } else if error.is_not_finite() {
            ErrorKind::NotFinite
        } else if error.is_memory() {
            ErrorKind::Limit
        } else {
            ErrorKind::NoConvergence
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
