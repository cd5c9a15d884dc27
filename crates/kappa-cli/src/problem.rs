//! What the commands with a right-hand side share: the two files, real or complex, and how a solution is told.

use std::path::{Path, PathBuf};

use clap::Args;
use kappa::{Matrix, Scalar, c64};
use kappa_model::{WideMatrix, with_wide};
use kappa_report::{aligned, number_json};
use serde_json::{Map, Value, json};

use crate::condition::wide;
use crate::failure::Failure;
use crate::input::Style;
use crate::{ANSWERED, array, output};

/// A matrix, a right-hand side, and where the solution goes.
#[derive(Args, Debug)]
pub(crate) struct Problem {
    /// The matrix A.
    pub(crate) file: PathBuf,
    /// The right-hand side b: a vector, or a matrix with a column for each problem.
    pub(crate) rhs: PathBuf,
    /// The tensor, where the file of the matrix holds more than one.
    #[arg(long, short, value_name = "NAME")]
    pub(crate) tensor: Option<String>,
    /// Write the solution for numpy.load, instead of printing it.
    #[arg(long, short, value_name = "FILE.npy")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) style: Style,
}

impl Problem {
    pub(crate) fn map(&self) -> bool {
        !self.style.no_mmap
    }

    /// Fails before anything is computed where the solution cannot be written.
    pub(crate) fn check_output(&self) -> Result<(), Failure> {
        array::check(self.output.as_deref(), [self.file.as_path(), self.rhs.as_path()])
    }

    /// A and b, both real or both complex; a vector stands upright whichever way it lies in its file.
    pub(crate) fn read(&self) -> Result<(String, Both), Failure> {
        let (name, a) = wide(&self.file, self.tensor.as_deref(), self.map())?;
        let b = self.right(a.shape().0)?;
        Ok((name, Both::new(a, b)))
    }

    pub(crate) fn right(&self, m: usize) -> Result<WideMatrix, Failure> {
        let (_, b) = wide(&self.rhs, None, self.map())?;
        let (rows, columns) = b.shape();
        // Told by its own name, before the matrix is blamed.
        let place = with_wide!(&b, b => b.as_slice().iter().position(|x| !x.is_finite()));
        if let Some(k) = place {
            let place = format!("row {}, column {}", k % rows, k / rows);
            return Err(Failure::new(format!("`{}` has an entry that is not finite ({place})", self.rhs.display()))
                .with_hint("a right-hand side without a value has no solution: leave that row out"));
        }
        Ok(if rows != m && rows.min(columns) == 1 { b.into_vector() } else { b })
    }

    fn inputs(&self) -> Value {
        json!({ "file": self.file, "tensor": self.tensor, "rhs": self.rhs })
    }

    /// Writes or prints X, with words beside it and one JSON object instead of both.
    pub(crate) fn answer(&self, command: &str, x: &WideMatrix, told: Told) -> Result<u8, Failure> {
        array::write(self.output.as_deref(), x)?;
        if self.style.explain {
            output::words(&told.explanation);
        }
        if self.style.json {
            let mut result = told.json;
            if self.output.is_none() {
                result.insert("x".into(), entries_json(x));
            }
            return output::json(command, self.inputs(), Value::Object(result));
        }
        output::words(aligned(&told.lines, &[false, false]).trim_end());
        if self.output.is_some() { Ok(ANSWERED) } else { output::data(&told.text.unwrap_or_else(|| text(x))) }
    }
}

/// What is said beside a solution.
pub(crate) struct Told {
    pub(crate) lines: Vec<Vec<String>>,
    pub(crate) json: Map<String, Value>,
    pub(crate) explanation: String,
    /// The solution as it is printed, where its digits are not all to be shown.
    pub(crate) text: Option<String>,
}

/// A matrix and a right-hand side with entries of one type.
pub(crate) enum Both {
    Real(Matrix<f64>, Matrix<f64>),
    Complex(Matrix<c64>, Matrix<c64>),
}

impl Both {
    pub(crate) fn new(a: WideMatrix, b: WideMatrix) -> Self {
        match (a, b) {
            (WideMatrix::Real(a), WideMatrix::Real(b)) => Self::Real(a, b),
            (a, b) => Self::Complex(a.complex(), b.complex()),
        }
    }
}

/// Does the same for real and complex problems.
macro_rules! with_both {
    ($both:expr, ($a:ident, $b:ident) => $body:expr) => {
        match $both {
            Both::Real($a, $b) => $body,
            Both::Complex($a, $b) => $body,
        }
    };
}
pub(crate) use with_both;

/// One row a line, blanks between columns.
pub(crate) fn text(x: &WideMatrix) -> String {
    let number = |re: f64, im: f64, complex: bool| {
        if complex { format!("{re:?}{}{:?}i", if im < 0.0 { "-" } else { "+" }, im.abs()) } else { format!("{re:?}") }
    };
    let complex = matches!(x, WideMatrix::Complex(_));
    let rows: Vec<Vec<String>> = with_wide!(x, x => (0..x.rows())
        .map(|i| (0..x.columns()).map(|j| number(x[(i, j)].re(), x[(i, j)].im(), complex)).collect())
        .collect());
    let width = rows.first().map_or(0, Vec::len);
    aligned(&rows, &vec![true; width])
}

/// Rows of numbers; complex ones as pairs.
pub(crate) fn entries_json(x: &WideMatrix) -> Value {
    let complex = matches!(x, WideMatrix::Complex(_));
    let number = |re: f64, im: f64| {
        if complex { json!([number_json(re), number_json(im)]) } else { number_json(re) }
    };
    with_wide!(x, x => (0..x.rows())
        .map(|i| (0..x.columns()).map(|j| number(x[(i, j)].re(), x[(i, j)].im())).collect::<Vec<Value>>())
        .collect::<Vec<_>>())
    .into()
}

pub(crate) fn line(title: &str, text: impl Into<String>) -> Vec<String> {
    vec![title.to_owned(), text.into()]
}

/// A bound in three digits, rounded up.
pub(crate) fn at_most(x: f64) -> String {
    if x == 0.0 { "0".into() } else { format!("at most {:.1e}", x * 1.05) }
}

/// A size that is estimated, in two digits.
pub(crate) fn about_size(x: f64) -> String {
    if x == 0.0 { "0".into() } else { format!("about {x:.1e}") }
}

/// The keys of a JSON object.
pub(crate) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// The one column of a right-hand side.
pub(crate) fn single<T: Scalar>(b: &Matrix<T>) -> Result<&[T], Failure> {
    match b.columns() {
        1 => Ok(b.as_slice()),
        k => Err(Failure::new(format!("the right-hand side has {k} columns, and this problem takes one"))
            .with_hint("give one vector at a time")),
    }
}

/// A file with real numbers as one vector.
pub(crate) fn real_vector(path: &Path, map: bool) -> Result<Vec<f64>, Failure> {
    match wide(path, None, map)?.1.into_vector() {
        WideMatrix::Real(x) => Ok(x.into_vec()),
        WideMatrix::Complex(_) => {
            Err(Failure::new(format!("`{}` holds complex numbers where real ones are needed", path.display())))
        }
    }
}
