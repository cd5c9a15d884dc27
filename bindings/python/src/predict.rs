//! The rows of the model matrix of a regression for new data.

use std::collections::HashMap;

use kappa::equations::regression::{Design, Undetermined};
use kappa_tensors::Dialect;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::columns::{Raw, RawCell, is_path, no_column, of_raw, raw_columns};
use crate::dialect;
use crate::errors::to_python;
use crate::regress::{PyRegression, Weights, formula_of, is_read};

impl PyRegression {
    /// The columns of the data and below them the new ones, so that categories have the same columns. The response of
    /// the new rows is not read.
    fn both(&self, new: &[Raw], count: usize, is_used: &dyn Fn(&str) -> bool) -> PyResult<Vec<Raw>> {
        let mut columns = Vec::new();
        for Raw(name, cells) in &self.input.columns {
            if *name == self.fit.design().target {
                let zeros = std::iter::repeat_n(RawCell::Number(0.0), count);
                columns.push(Raw(name.clone(), cells.iter().cloned().chain(zeros).collect()));
            } else if is_used(name) {
                let found = new.iter().find(|c| c.0 == *name).ok_or_else(|| no_column(name, new))?;
                let more = as_levels(name, cells, &found.1)?;
                columns.push(Raw(name.clone(), cells.iter().cloned().chain(more).collect()));
            }
        }
        Ok(columns)
    }

    /// The rows of the model matrix for new data; None for rows with a missing value.
    pub(crate) fn rows_for(&self, new: &Bound<'_, PyAny>) -> PyResult<Vec<Option<Vec<f64>>>> {
        let design = self.fit.design();
        let formula = formula_of(self.input.formula.as_deref())?;
        let weights = match &self.input.weights {
            Some(Weights::Column(name)) => Some(name.as_str()),
            _ => None,
        };
        let is_used =
            |name: &str| is_read(&formula, None, None, name) && name != design.target && Some(name) != weights;
        // A model of a constant alone reads no column: all of them count the rows.
        let has_none = !self.input.columns.iter().any(|c| is_used(&c.0));
        let counts = |name: &str| has_none || is_used(name);
        let new = {
            // A file is written as that of the fit.
            let table = if is_path(new)? { dialect::of_state(self.input.table.clone()) } else { Dialect::default() };
            raw_columns(new, &table, &counts)?
        };
        let used = || new.iter().filter(|c| counts(&c.0));
        let count = used().next().map_or(0, |c| c.1.len());
        if let Some(Raw(name, cells)) = used().find(|c| c.1.len() != count) {
            return Err(PyValueError::new_err(format!(
                "column `{name}` has {} rows, and the first has {count}",
                cells.len()
            )));
        }
        let columns = self.both(&new, count, &is_used)?;
        let before = design.rows.len() + design.dropped.len();
        let target = self.input.target.as_deref();
        let both = Design::new(&of_raw(&columns), &formula, target).map_err(to_python)?;
        let place = |wanted: &String| both.names.iter().position(|name| name == wanted);
        let is_known =
            |name: &String| design.names.contains(name) || design.undetermined.iter().any(|c| c.name == *name);
        if let Some(unknown) = both.names.iter().find(|name| !is_known(name)) {
            return Err(PyValueError::new_err(format!("`{unknown}` does not occur in the data of the fit")));
        }
        if let Some(missing) = design.names.iter().find(|name| place(name).is_none()) {
            return Err(PyValueError::new_err(format!("the new data have no column for `{missing}`")));
        }
        let order: Vec<usize> = design.names.iter().filter_map(place).collect();
        let matrix = both.matrix();
        let mut rows = vec![None; count];
        for (at, &row) in both.rows.iter().enumerate().filter(|(_, row)| **row >= before) {
            self.check_determined(&matrix, at, &place, row - before)?;
            rows[row - before] = Some(order.iter().map(|&j| matrix[(at, j)]).collect());
        }
        Ok(rows)
    }

    /// Refuses a row whose prediction needs a coefficient that the data of the fit do not determine.
    fn check_determined(
        &self,
        matrix: &kappa::Matrix<f64>,
        at: usize,
        place: &dyn Fn(&String) -> Option<usize>,
        row: usize,
    ) -> PyResult<()> {
        let value = |name: &String| place(name).map_or(0.0, |j| matrix[(at, j)]);
        let is_off = |c: &&Undetermined| {
            let sum: f64 = c.combination.iter().map(|(name, x)| x * value(name)).sum();
            (value(&c.name) - sum).abs() > 1e-9 * (1.0 + sum.abs())
        };
        match self.fit.design().undetermined.iter().find(is_off) {
            None => Ok(()),
            Some(c) => Err(PyValueError::new_err(format!(
                "row {} of the new data has no prediction: the coefficient of `{}` is not determined, as the data of \
                 the fit have no row with some combination of its categories\n\nhint: leave the row out, or fit a \
                 model without this product",
                row + 1,
                c.name
            ))),
        }
    }
}

/// New cells of a column whose cells are categories with an order: the same categories.
fn as_levels(name: &str, cells: &[RawCell], new: &[RawCell]) -> PyResult<Vec<RawCell>> {
    let known: HashMap<&str, u32> = cells
        .iter()
        .filter_map(|cell| if let RawCell::Level(place, text) = cell { Some((text.as_str(), *place)) } else { None })
        .collect();
    if known.is_empty() {
        return Ok(new.to_vec());
    }
    let of = |cell: &RawCell| match cell.label() {
        None => Ok(RawCell::Missing(None)),
        Some(text) => match known.get(text.as_str()) {
            Some(place) => Ok(RawCell::Level(*place, text)),
            None => Err(PyValueError::new_err(format!("`{name}={text}` does not occur in the data of the fit"))),
        },
    };
    new.iter().map(of).collect()
}
