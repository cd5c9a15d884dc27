//! How files are read, and the matrix or vector that a command is about.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use clap::Args;
use kappa::{AnyMatrix, AnyOperator};
use kappa_model::{Dialect, LayerMatrix, Model, Opening, Rounded, Skipped};
use kappa_report::Remark;
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

/// How files are read, and what is to be said about it.
#[derive(Debug)]
pub(crate) struct Session {
    opening: Opening,
    /// Whether bounds must hold for the numbers of the file, and not for the nearest doubles alone.
    certify: bool,
    remarks: RefCell<Vec<Remark>>,
}

/// What a command does about entries that no double holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Rounding {
    /// The answer is about the matrix of the nearest doubles. With `--certify` rounded integers are refused.
    Ignored,
    /// The bounds are widened, so that they hold for the numbers of the file.
    Allowed,
    /// As `Allowed`, for one of many tensors: the answer lists their shapes, so no remark repeats them.
    OneOfMany,
}

impl Session {
    pub(crate) fn new(opening: Opening, certify: bool) -> Self {
        Self { opening, certify, remarks: RefCell::default() }
    }

    /// How tables as text are written.
    pub(crate) fn dialect(&self) -> &Dialect {
        &self.opening.table
    }

    /// Whether files are mapped into memory.
    pub(crate) fn map(&self) -> bool {
        self.opening.map
    }

    /// What was said about the files so far.
    pub(crate) fn remarks(&self) -> Vec<Remark> {
        self.remarks.borrow().clone()
    }

    /// Whether entries of some file were rounded.
    pub(crate) fn has_rounded(&self) -> bool {
        self.remarks.borrow().iter().any(Remark::is_of_rounding)
    }

    fn say(&self, remark: Remark) {
        let mut remarks = self.remarks.borrow_mut();
        if !remarks.contains(&remark) {
            remarks.push(remark);
        }
    }

    /// Opens a file or folder, and says what of it is not read.
    pub(crate) fn open(&self, path: &Path) -> Result<Model, Failure> {
        let model = self.open_whole(path)?;
        self.say_left_out(&model, model.skipped());
        Ok(model)
    }

    /// Says what of a file or folder is not read, the first few by name.
    pub(crate) fn say_left_out(&self, model: &Model, left_out: &[Skipped]) {
        const SHOWN: usize = 3;
        for skipped in left_out.iter().take(SHOWN) {
            let text = format!("not read: `{}`: {}", printable(&skipped.name), skipped.reason);
            self.say(Remark::new("skipped", model.path(), text));
        }
        if let Some(more) = left_out.len().checked_sub(SHOWN).filter(|&more| more > 0) {
            self.say(Remark::new("skipped", model.path(), format!("not read: {more} more")));
        }
    }

    /// Opens a file or folder for a command that itself says what is not read.
    pub(crate) fn open_whole(&self, path: &Path) -> Result<Model, Failure> {
        Ok(Model::open_with(path, &self.opening)?)
    }

    /// Asks the matrix that the arguments name.
    pub(crate) fn with_matrix<R>(
        &self,
        input: &Input,
        ask: impl FnOnce(&About<'_>, &AnyOperator<'_>) -> Result<R, Failure>,
    ) -> Result<R, Failure> {
        self.with_tensor(&self.open(&input.file)?, input.tensor.as_deref(), Rounding::Ignored, ask)
    }

    /// Asks the matrix that the arguments name, about which the command allows for rounded entries.
    pub(crate) fn with_rounded<R>(
        &self,
        input: &Input,
        ask: impl FnOnce(&About<'_>, &AnyOperator<'_>) -> Result<R, Failure>,
    ) -> Result<R, Failure> {
        self.with_tensor(&self.open(&input.file)?, input.tensor.as_deref(), Rounding::Allowed, ask)
    }

    /// Asks the only matrix of a file.
    pub(crate) fn with_file<R>(
        &self,
        path: &Path,
        ask: impl FnOnce(&About<'_>, &AnyOperator<'_>) -> Result<R, Failure>,
    ) -> Result<R, Failure> {
        self.with_tensor(&self.open(path)?, None, Rounding::Ignored, ask)
    }

    /// Asks one tensor of an open file.
    pub(crate) fn with_tensor<R>(
        &self,
        model: &Model,
        tensor: Option<&str>,
        rounding: Rounding,
        ask: impl FnOnce(&About<'_>, &AnyOperator<'_>) -> Result<R, Failure>,
    ) -> Result<R, Failure> {
        let (name, matrix): (String, LayerMatrix<'_>) = model.matrix(tensor)?;
        let rounded = self.say_reading(model, &name, rounding)?;
        let is_vector = model.info(&name).is_some_and(|t| t.shape.len() == 1);
        let about = About { file: model.path(), name: &name, rounded: rounded.as_ref(), is_vector };
        ask(&about, &matrix.operator()?)
    }

    /// Says how a tensor was read, and gives what was rounded of it.
    pub(crate) fn say_reading(
        &self,
        model: &Model,
        name: &str,
        rounding: Rounding,
    ) -> Result<Option<Rounded>, Failure> {
        let mut texts = model.remarks(name).to_vec();
        if rounding != Rounding::OneOfMany || model.is_data() {
            texts.extend(model.reading(name));
        }
        texts.into_iter().for_each(|text| self.say(Remark::new("read", model.path(), text).of(name)));
        let Some(rounded) = model.rounded(name)? else { return Ok(None) };
        let is_about_doubles = self.certify && rounding == Rounding::Ignored;
        if is_about_doubles && rounded.integers > 0 {
            return Err(not_doubles(&rounded).within(&About::of(model.path(), name).place()));
        }
        let remark = Remark::rounded(model.path(), name, &rounded, is_about_doubles);
        self.say(if is_about_doubles || rounded.integers > 0 { remark } else { remark.quiet() });
        Ok(Some(rounded))
    }

    /// Says that an exact answer is about the nearest doubles.
    pub(crate) fn say_about_doubles(&self, about: &About<'_>, rounded: &Rounded) {
        let quiet = Remark::rounded(about.file, about.name, rounded, false).quiet();
        self.remarks.borrow_mut().retain(|remark| *remark != quiet);
        self.say(Remark::rounded(about.file, about.name, rounded, true));
    }

    /// The named or only tensor of a file in double precision, with its name.
    pub(crate) fn matrix(&self, path: &Path, tensor: Option<&str>) -> Result<(String, AnyMatrix), Failure> {
        self.with_tensor(&self.open(path)?, tensor, Rounding::Ignored, |about, a| {
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

/// Why nothing can be certified about integers that were rounded.
fn not_doubles(rounded: &Rounded) -> Failure {
    let (text, place, double) = (printable(&rounded.text), kappa_report::place(&rounded.first), rounded.double);
    let double = kappa_report::number_text(double);
    let message =
        format!("the integer {text} ({place}) is not a double: what holds for certain for {double} may not for it");
    Failure::new(message).with_hint(
        "without --certify the answer is about the nearest doubles; `kappa rank --exact`, `kappa cond --certify` and \
         `kappa norm --certify` allow for such integers; or divide all by a common factor",
    )
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

/// The file and the tensor that a question is about, for its errors.
#[derive(Clone, Copy, Debug)]
pub(crate) struct About<'a> {
    pub(crate) file: &'a Path,
    pub(crate) name: &'a str,
    /// The entries that no double holds.
    pub(crate) rounded: Option<&'a Rounded>,
    /// Whether the file has one dimension for it.
    pub(crate) is_vector: bool,
}

impl<'a> About<'a> {
    /// A tensor of which nothing more is asked.
    pub(crate) fn of(file: &'a Path, name: &'a str) -> Self {
        Self { file, name, rounded: None, is_vector: false }
    }
}

impl About<'_> {
    /// The error of a question about this tensor: its message names the file and the tensor.
    pub(crate) fn failure(&self, error: &kappa::Error) -> Failure {
        let inner = Failure::from(kappa_model::Error::about(self.name, error));
        inner.within(&file_name(self.file))
    }

    /// The file and the tensor, for the front of a message.
    pub(crate) fn place(&self) -> String {
        format!("{}: `{}`", file_name(self.file), printable(self.name))
    }

    /// For `map_err`.
    pub(crate) fn error(&self) -> impl Fn(kappa::Error) -> Failure + '_ {
        move |error| self.failure(&error)
    }
}
