use std::fmt;

/// Why a model could not be opened or surveyed: the message names the file, the tensor and the numbers, the hint is the
/// next step.
#[derive(Clone, Debug, PartialEq)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    hint: Option<String>,
}

/// What kind of error an [`Error`] is.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A file cannot be read.
    Source(kappa_tensors::ErrorKind),
    /// A question has no answer.
    Question(kappa::ErrorKind),
    /// A name or a filter matches nothing, or several things where one is needed.
    Filter,
    /// A limit, such as the memory ceiling, was exceeded.
    Limit,
    /// The caller stopped the work.
    Cancelled,
}

/// The result of working on a model.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    fn new(kind: ErrorKind, message: String) -> Self {
        Self { kind, message, hint: None }
    }

    pub(crate) fn filter(message: String) -> Self {
        Self::new(ErrorKind::Filter, message)
    }

    pub(crate) fn limit(message: String) -> Self {
        Self::new(ErrorKind::Limit, message)
    }

    pub(crate) fn cancelled() -> Self {
        Self::new(ErrorKind::Cancelled, "the work was cancelled before it was complete".into())
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// An error of the mathematics, about a matrix with this name.
    pub fn about(name: &str, error: &kappa::Error) -> Self {
        Self {
            kind: ErrorKind::Question(error.kind()),
            message: error.named(&crate::printable(name)),
            hint: error.hint().map(Into::into),
        }
    }

    /// The next step, where there is one.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// What kind of error it is.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Whether the file or folder could not be read.
    pub fn is_source(&self) -> bool {
        matches!(self.kind, ErrorKind::Source(_))
    }

    /// Whether a name or a filter matches nothing, or several things where one is needed.
    pub fn is_filter(&self) -> bool {
        self.kind == ErrorKind::Filter
    }

    /// Whether a limit, such as the memory ceiling, was exceeded.
    pub fn is_limit(&self) -> bool {
        use kappa_tensors::ErrorKind as Source;
        matches!(
            self.kind,
            ErrorKind::Limit | ErrorKind::Source(Source::Limit) | ErrorKind::Question(kappa::ErrorKind::Limit)
        )
    }

    /// Whether the work was stopped by the caller.
    pub fn is_cancelled(&self) -> bool {
        self.kind == ErrorKind::Cancelled
    }
}

impl From<kappa_tensors::Error> for Error {
    fn from(error: kappa_tensors::Error) -> Self {
        Self { kind: ErrorKind::Source(error.kind()), message: error.to_string(), hint: error.hint().map(Into::into) }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
