//! The keywords that say how a table as text is written.

use kappa_tensors::{Dialect, Encoding};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::types::{Patterns, Sign};

/// The keywords as given.
pub(crate) struct Keywords<'a> {
    pub(crate) header: Option<bool>,
    pub(crate) columns: Option<Patterns>,
    pub(crate) decimal: Sign,
    pub(crate) thousands: Option<Sign>,
    pub(crate) missing: Option<f64>,
    pub(crate) encoding: &'a str,
}

impl Keywords<'_> {
    pub(crate) fn dialect(self) -> PyResult<Dialect> {
        let Self { header, columns, decimal, thousands, missing, encoding } = self;
        let encoding = match encoding {
            "utf-8" => Encoding::Utf8,
            "latin-1" => Encoding::Latin1,
            other => {
                return Err(PyValueError::new_err(format!("unknown encoding `{other}`\n\nhint: utf-8 or latin-1")));
            }
        };
        if !matches!(decimal, '.' | ',') {
            return Err(PyValueError::new_err(format!("the sign before decimals is `.` or `,`, got `{decimal}`")));
        }
        Ok(Dialect { header, columns: Patterns::all(columns), decimal, thousands, missing, encoding })
    }
}

/// A dialect as it is pickled.
pub(crate) type State = (Option<bool>, Vec<String>, char, Option<char>, Option<f64>, bool);

pub(crate) fn state(dialect: &Dialect) -> State {
    let Dialect { header, columns, decimal, thousands, missing, encoding } = dialect.clone();
    (header, columns, decimal, thousands, missing, encoding == Encoding::Latin1)
}

pub(crate) fn of_state((header, columns, decimal, thousands, missing, is_latin): State) -> Dialect {
    let encoding = if is_latin { Encoding::Latin1 } else { Encoding::Utf8 };
    Dialect { header, columns, decimal, thousands, missing, encoding }
}
