use std::fmt;

use kappa_dense::{Matrix, Scalar};

/// The reason why a question has no answer.
///
/// The message names the object and the numbers; the hint, where there is one, names the next step.
#[derive(Clone, Debug, PartialEq)]
pub struct Error {
    kind: ErrorKind,
    /// What the message is about, if that is the input as a whole: a name can stand in its place.
    subject: Option<&'static str>,
    message: String,
    hint: Option<String>,
}

/// The kind of an [`Error`]. Exit codes and Python exceptions depend on the kind, never on the text of the message.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Shapes do not match, or the question has no answer for an empty matrix.
    Shape,
    /// An entry is NaN or infinite.
    NotFinite,
    /// The question needs a nonsingular, full-rank or definite matrix, and this matrix is not.
    Singular,
    /// An argument is outside its range.
    Argument,
    /// A name or an expression cannot be parsed.
    Syntax,
    /// kappa has no algorithm for this question.
    Unsupported,
    /// A named limit was exceeded.
    Limit,
    /// Every algorithm failed to converge.
    NoConvergence,
    /// A user-defined operator failed.
    Operator,
}

/// The result of a question.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, subject: None, message: message.into(), hint: None }
    }

    /// The error that a user-defined operator returns from `apply` and `apply_adjoint`. The question passes it on to
    /// its caller.
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

    /// A matrix with `count` entries that are not finite, the first of them at (row, column), counted from 0.
    pub(crate) fn not_finite(row: usize, column: usize, count: usize) -> Self {
        let (found, row, column) = (not_finite(count), row + 1, column + 1);
        Self::new(ErrorKind::NotFinite, format!("{found} (first at row {row}, column {column})"))
            .with_subject("the matrix")
            .with_hint("rows and columns count from 1; a matrix with NaN or Inf has no norm, rank or condition number")
    }

    /// Refuses a number of things that would fill the memory.
    pub(crate) fn check_count(what: &str, count: usize, most: usize) -> Result<()> {
        if count <= most {
            return Ok(());
        }
        Err(Self::limit(format!("`{what}` must be at most {most}, got {count}"))
            .with_hint(format!("give a smaller `{what}`")))
    }

    /// Refuses a vector with an entry that is not finite.
    pub(crate) fn check_vector<T: Scalar>(x: &[T]) -> Result<()> {
        let Some(first) = x.iter().position(|x| !x.is_finite()) else { return Ok(()) };
        let found = not_finite(x.iter().filter(|x| !x.is_finite()).count());
        Err(Self::new(ErrorKind::NotFinite, format!("{found} (first at entry {})", first + 1))
            .with_subject("the vector")
            .with_hint("entries count from 1; a vector with NaN or Inf has no norm, sum or spectrum"))
    }

    /// Refuses a tolerance of an iteration that is negative or not finite.
    pub(crate) fn check_tolerance(tolerance: f64) -> Result<()> {
        if tolerance >= 0.0 && tolerance.is_finite() {
            return Ok(());
        }
        Err(Self::argument(format!("`tolerance` must be finite and ≥ 0, got {tolerance}"))
            .with_hint("a usual tolerance is 1e-10; 0 asks for what the precision of the entries allows"))
    }

    /// Refuses a matrix with an entry that is not finite.
    pub(crate) fn check_matrix<T: Scalar>(x: &Matrix<T>) -> Result<()> {
        let (entries, rows) = (x.as_slice(), x.rows());
        match entries.iter().position(|x| !x.is_finite()) {
            Some(k) => Err(Self::not_finite(k % rows, k / rows, entries.iter().filter(|x| !x.is_finite()).count())),
            None => Ok(()),
        }
    }

    /// The same error about the right-hand side of a problem.
    pub(crate) fn of_right_hand_side(self) -> Self {
        self.of("the right-hand side").with_hint(
            "rows count from 1; a right-hand side with NaN or Inf has no solution: remove that row of A and b",
        )
    }

    /// The same error about something that was made of the input; the message is its predicate.
    pub(crate) fn of(mut self, what: &str) -> Self {
        self.subject = None;
        self.message = format!("{what} {}", self.message);
        self
    }

    /// The same error about the input as a whole; the message is its predicate.
    pub(crate) fn with_subject(mut self, subject: &'static str) -> Self {
        self.subject = Some(subject);
        self
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

    /// The same error with a hint: the next step that the reader can take.
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The message about an input with this name: "`w` has 3 entries that are not finite", or "`w`: the numerical
    /// radius of a 3×2 matrix is not defined".
    pub fn named(&self, name: &str) -> String {
        let colon = if self.subject.is_some() { "" } else { ":" };
        format!("`{name}`{colon} {}", self.message)
    }

    /// The message without its subject.
    pub fn reason(&self) -> &str {
        &self.message
    }

    /// The hint, where there is one.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// The kind of the error.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Whether the question needs a nonsingular, full-rank or definite matrix, and this matrix is not.
    pub fn is_singular(&self) -> bool {
        self.kind == ErrorKind::Singular
    }

    /// Whether an argument is outside its range.
    pub fn is_argument(&self) -> bool {
        self.kind == ErrorKind::Argument
    }

    /// Whether the shapes of the arguments do not match, or the question has no answer for an empty matrix.
    pub fn is_shape(&self) -> bool {
        self.kind == ErrorKind::Shape
    }

    /// Whether an entry is NaN or infinite.
    pub fn is_not_finite(&self) -> bool {
        self.kind == ErrorKind::NotFinite
    }

    /// Whether kappa has no algorithm for this question.
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

    /// Whether a name or an expression could not be parsed.
    pub fn is_syntax(&self) -> bool {
        self.kind == ErrorKind::Syntax
    }
}

fn not_finite(count: usize) -> String {
    if count == 1 {
        "has 1 entry that is not finite".into()
    } else {
        format!("has {count} entries that are not finite")
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
        if let Some(subject) = self.subject {
            write!(f, "{subject} ")?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
