//! How files are read, and the matrix or vector that a command is about.

use std::path::{Path, PathBuf};

use clap::Args;
use kappa::{AnyMatrix, AnyOperator};
use kappa_model::{LayerMatrix, Model, Opening};
use kappa_tensors::printable;
use serde::Serialize;

use crate::failure::Failure;

/// Which matrix.
#[derive(Args, Debug, Serialize)]
pub(crate) struct Input {
    /// The file, folder, or index of a sharded checkpoint; `-` reads standard input
    pub(crate) file: PathBuf,
    /// The tensor, where the file holds more than one matrix
    #[arg(long, short, value_name = "NAME")]
    pub(crate) tensor: Option<String>,
}

/// How files are read.
#[derive(Debug)]
pub(crate) struct Session {
    opening: Opening,
}

impl Session {
    pub(crate) fn new(map: bool) -> Self {
        Self { opening: Opening { map } }
    }

    /// Whether files are mapped into memory.
    pub(crate) fn map(&self) -> bool {
        self.opening.map
    }

    pub(crate) fn open(&self, path: &Path) -> Result<Model, Failure> {
        Ok(Model::open_with(path, &self.opening)?)
    }

    /// Asks the matrix that the arguments name.
    pub(crate) fn with_matrix<R>(
        &self,
        input: &Input,
        ask: impl FnOnce(&About<'_>, &AnyOperator<'_>) -> Result<R, Failure>,
    ) -> Result<R, Failure> {
        let model = self.open(&input.file)?;
        with_tensor(&model, input.tensor.as_deref(), ask)
    }

    /// Asks the only matrix of a file.
    pub(crate) fn with_file<R>(
        &self,
        path: &Path,
        ask: impl FnOnce(&About<'_>, &AnyOperator<'_>) -> Result<R, Failure>,
    ) -> Result<R, Failure> {
        with_tensor(&self.open(path)?, None, ask)
    }

    /// The named or only tensor of a file in double precision, with its name.
    pub(crate) fn matrix(&self, path: &Path, tensor: Option<&str>) -> Result<(String, AnyMatrix), Failure> {
        with_tensor(&self.open(path)?, tensor, |about, a| {
            Ok((about.name.to_owned(), a.to_matrix().map_err(|e| about.failure(&e))?))
        })
    }

    /// The numbers of a file as one column, row after row.
    pub(crate) fn column(&self, path: &Path) -> Result<AnyMatrix, Failure> {
        Ok(self.matrix(path, None)?.1.into_column())
    }

    /// A file with real numbers as one vector.
    pub(crate) fn real_vector(&self, path: &Path) -> Result<Vec<f64>, Failure> {
        Ok(real(path, self.column(path)?)?.into_vec())
    }

    /// A real matrix.
    pub(crate) fn real_matrix(&self, path: &Path, tensor: Option<&str>) -> Result<kappa::Matrix<f64>, Failure> {
        real(path, self.matrix(path, tensor)?.1)
    }
}

fn real(path: &Path, a: AnyMatrix) -> Result<kappa::Matrix<f64>, Failure> {
    match a {
        AnyMatrix::Real(a) => Ok(a),
        AnyMatrix::Complex(_) => Err(Failure::new(format!("{} holds complex numbers", file_name(path)))
            .with_hint("real numbers are needed here; give real and imaginary parts as two columns")),
    }
}

/// A file as messages name it.
pub(crate) fn file_name(path: &Path) -> String {
    match path.to_string_lossy().as_ref() {
        "-" => "standard input".into(),
        path => format!("`{}`", printable(path)),
    }
}

/// An error of a whole file: its message names the file, where it does not already.
pub(crate) fn in_file(path: &Path) -> impl Fn(kappa_model::Error) -> Failure + '_ {
    move |error| match error.kind() {
        kappa_model::ErrorKind::Question(_) => Failure::from(error).within(&file_name(path)),
        _ => Failure::from(error),
    }
}

/// Asks one tensor of an open file.
pub(crate) fn with_tensor<R>(
    model: &Model,
    tensor: Option<&str>,
    ask: impl FnOnce(&About<'_>, &AnyOperator<'_>) -> Result<R, Failure>,
) -> Result<R, Failure> {
    let (name, matrix): (String, LayerMatrix<'_>) = model.matrix(tensor)?;
    let about = About { file: model.path(), name: &name };
    ask(&about, &matrix.operator()?)
}

/// The file and the tensor that a question is about, for its errors.
#[derive(Clone, Copy, Debug)]
pub(crate) struct About<'a> {
    pub(crate) file: &'a Path,
    pub(crate) name: &'a str,
}

impl About<'_> {
    /// The error of a question about this tensor: its message names the file and the tensor.
    pub(crate) fn failure(&self, error: &kappa::Error) -> Failure {
        let inner = Failure::from(kappa_model::Error::about(self.name, error));
        inner.within(&file_name(self.file))
    }

    /// For `map_err`.
    pub(crate) fn error(&self) -> impl Fn(kappa::Error) -> Failure + '_ {
        move |error| self.failure(&error)
    }
}
