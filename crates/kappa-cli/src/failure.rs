//! What a person reads when there is no answer.

use std::io::Write;

/// A message and a hint.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    hint: Option<String>,
    is_quiet: bool,
}

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None, is_quiet: false }
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The message without the hint.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// The same failure with the place where it happened in front.
    pub(crate) fn within(mut self, place: &str) -> Self {
        self.message = format!("{place}: {}", self.message);
        self
    }

    /// The reader of standard output closed it, as `head` does: no message is due.
    pub(crate) fn quiet() -> Self {
        Self { message: String::new(), hint: None, is_quiet: true }
    }

    /// Writes to standard error.
    pub(crate) fn print(&self) {
        if !self.is_quiet {
            let hint = self.hint.as_ref().map(|hint| format!("\nhint: {hint}\n")).unwrap_or_default();
            drop(write!(std::io::stderr(), "kappa: {}\n{hint}", self.message));
        }
    }
}

impl From<kappa_model::Error> for Failure {
    fn from(error: kappa_model::Error) -> Self {
        Self { message: error.to_string(), hint: error.hint().map(Into::into), is_quiet: false }
    }
}

impl From<kappa::Error> for Failure {
    fn from(error: kappa::Error) -> Self {
        Self { message: error.to_string(), hint: error.hint().map(Into::into), is_quiet: false }
    }
}
