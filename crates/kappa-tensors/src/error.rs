use std::fmt;
use std::path::{Path, PathBuf};

/// Why a file could not be read: the message names the file, the tensor and the numbers; the hint gives the next step.
#[derive(Clone, Debug, PartialEq)]
pub struct Error {
    kind: ErrorKind,
    file: Option<PathBuf>,
    tensor: Option<String>,
    message: String,
    hint: Option<String>,
}

/// The kind of an [`Error`].
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A file, folder, shard or tensor does not exist.
    NotFound,
    /// The operating system denies access.
    Denied,
    /// Another error of the operating system.
    Io,
    /// The bytes break the rules of their format.
    Format,
    /// The file is well-formed, but not of a supported kind.
    Unsupported,
    /// A limit of [`limits`](crate::limits) was exceeded.
    Limit,
}

/// The result of reading a file.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, file: None, tensor: None, message: message.into(), hint: None }
    }

    pub(crate) fn format(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Format, message)
    }

    pub(crate) fn unsupported(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unsupported, message)
    }

    pub(crate) fn limit(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Limit, message)
    }

    pub(crate) fn missing(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::NotFound, message)
    }

    /// The error of a file that could be read only by executing it.
    pub(crate) fn pickle(what: &str) -> Self {
        Self::unsupported(format!("is a {what}, whatever its name, and kappa never runs a pickle")).with_hint(
            "convert it in an environment where you trust it: \
             `safetensors.torch.save_file(torch.load(path, weights_only=True), \"model.safetensors\")`",
        )
    }

    /// The error of a tensor whose numbers have no place in a type.
    pub fn unconvertible(name: &str, from: crate::DType, to: crate::DType) -> Self {
        Self::unsupported(format!("holds {from}, which does not become {to}"))
            .of_tensor(name)
            .with_hint("complex numbers keep both parts: leave out `--dtype`, or give f32 or f64")
    }

    pub(crate) fn io(error: &std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::NotFound => Self::new(ErrorKind::NotFound, "there is no such file or folder"),
            std::io::ErrorKind::PermissionDenied => Self::new(ErrorKind::Denied, "permission denied"),
            _ => Self::new(ErrorKind::Io, error.to_string()),
        }
    }

    pub(crate) fn in_file(mut self, path: &Path) -> Self {
        self.file.get_or_insert_with(|| path.to_path_buf());
        self
    }

    pub(crate) fn of_tensor(mut self, name: &str) -> Self {
        self.tensor.get_or_insert_with(|| name.into());
        self
    }

    /// The same error with the number of the line in front of its message.
    pub(crate) fn at_line(mut self, line: usize) -> Self {
        self.message = format!("line {line}: {}", self.message);
        self
    }

    /// The same error with a position in the file.
    pub(crate) fn at_byte(mut self, byte: usize) -> Self {
        self.message = format!("{} (at byte {byte})", self.message);
        self
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// A hint on the next step, if there is one.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// The message without the names of file and tensor.
    pub fn reason(&self) -> &str {
        &self.message
    }

    /// The kind of the error.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Whether the operating system reported an error.
    pub fn is_io(&self) -> bool {
        matches!(self.kind, ErrorKind::Io | ErrorKind::Denied)
    }

    /// Whether the bytes break the rules of their format.
    pub fn is_format(&self) -> bool {
        self.kind == ErrorKind::Format
    }

    /// Whether the file is well-formed but not of a supported kind.
    pub fn is_unsupported(&self) -> bool {
        self.kind == ErrorKind::Unsupported
    }

    /// Whether a limit was exceeded.
    pub fn is_limit(&self) -> bool {
        self.kind == ErrorKind::Limit
    }

    /// Whether a tensor or a shard does not exist.
    pub fn is_missing(&self) -> bool {
        self.kind == ErrorKind::NotFound
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            // "`a.npy` is empty", but "`a.npz`: tensor `w` is empty".
            let is_subject = self.tensor.is_none() && ["is ", "has "].iter().any(|verb| self.message.starts_with(verb));
            let colon = if is_subject { "" } else { ":" };
            match file.to_str() {
                Some("-") => write!(f, "standard input{colon} ")?,
                _ => write!(f, "`{}`{colon} ", printable(&file.display().to_string()))?,
            }
        }
        if let Some(tensor) = &self.tensor {
            write!(f, "tensor `{}` ", printable(tensor))?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// A name from a file with control characters replaced, which could otherwise write to a terminal, cut to 200
/// characters.
pub fn printable(name: &str) -> String {
    const LONGEST: usize = 200;
    let clean = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    let mut text: String = name.chars().take(LONGEST).map(clean).collect();
    if name.chars().nth(LONGEST).is_some() {
        text.push('…');
    }
    text
}
