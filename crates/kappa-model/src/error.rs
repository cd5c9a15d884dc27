use std::fmt;

/// Why a model could not be opened or surveyed: names the file, the tensor and the numbers, and hints at the next step.
#[derive(Clone, Debug, PartialEq)]
pub struct Error {
    kind: Kind,
    message: String,
    hint: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Source,
    Mathematics,
    Filter,
    Limit,
    Cancelled,
}

/// The result of working on a model.
pub type Result<T> = std::result::Result<T, Error>;

/// A message about a tensor: "`w` has 3 entries …", or "`w`: the numerical radius …".
fn about(name: &str, message: &str) -> String {
    let colon = if message.starts_with("has ") { "" } else { ":" };
    format!("`{}`{colon} {message}", crate::printable(name))
}

impl Error {
    fn new(kind: Kind, message: String) -> Self {
        Self { kind, message, hint: None }
    }

    pub(crate) fn filter(message: String) -> Self {
        Self::new(Kind::Filter, message)
    }

    pub(crate) fn limit(message: String) -> Self {
        Self::new(Kind::Limit, message)
    }

    pub(crate) fn cancelled() -> Self {
        Self::new(Kind::Cancelled, "was stopped before it was done".into())
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// An error of the mathematics, about a matrix with this name.
    pub fn about(name: &str, error: &kappa::Error) -> Self {
        Self { kind: Kind::Mathematics, message: about(name, &error.to_string()), hint: error.hint().map(Into::into) }
    }

    /// The next step, where there is one.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// Whether the file or folder could not be read.
    pub fn is_source(&self) -> bool {
        self.kind == Kind::Source
    }

    /// Whether a name or a filter matches nothing, or more than one thing where one is needed.
    pub fn is_filter(&self) -> bool {
        self.kind == Kind::Filter
    }

    /// Whether a limit, such as the memory ceiling, was in the way.
    pub fn is_limit(&self) -> bool {
        self.kind == Kind::Limit
    }

    /// Whether the work was stopped by the caller.
    pub fn is_cancelled(&self) -> bool {
        self.kind == Kind::Cancelled
    }
}

impl From<kappa_tensors::Error> for Error {
    fn from(error: kappa_tensors::Error) -> Self {
        Self { kind: Kind::Source, message: error.to_string(), hint: error.hint().map(Into::into) }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
