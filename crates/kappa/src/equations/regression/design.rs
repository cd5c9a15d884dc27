//! The design matrix that a formula makes of columns of data.

use std::collections::HashSet;

use kappa_dense::pair::{Pair, PairMatrix};

use super::build::{Built, Value, products};
use super::cell::{Cell, Column};
use super::coding::{Coding, Levels};
use super::formula::{Factor, Formula, Term};
use super::levels::{self, check_categories, find, is_category};
use super::whole::{Exact, WholeColumn};
use crate::error::{Error, Result};

/// A column whose coefficient the data do not determine, as a combination of categories has no row.
#[derive(Clone, Debug, PartialEq)]
pub struct Undetermined {
    /// The name of the column.
    pub name: String,
    /// The columns of the model of which it is a combination, with their coefficients; empty for a column of zeros.
    pub combination: Vec<(String, f64)>,
}

/// The design matrix and the response of a linear model, with names.
#[derive(Clone, Debug)]
pub struct Design {
    /// The name of the response.
    pub target: String,
    /// The names of the columns of the design matrix.
    pub names: Vec<String>,
    /// Whether the first column is the constant.
    pub has_constant: bool,
    /// The rows of the table that are used, counted from 0.
    pub rows: Vec<usize>,
    /// The rows that are left out because of a missing value in a column that is used, counted from 0.
    pub dropped: Vec<usize>,
    /// Categorical columns without their reference level: column and reference.
    pub references: Vec<(String, String)>,
    /// Columns that are left out of the model: no row has their combination of categories.
    pub undetermined: Vec<Undetermined>,
    pub(super) matrix: PairMatrix,
    pub(super) doubts: Vec<f64>,
    /// The numbers of the columns of which the pairs are rounded.
    pub(super) exact: Vec<Option<Vec<Exact>>>,
    /// Whether the term of a column has a combination of categories without a row.
    pub(super) has_empty_cell: Vec<bool>,
    pub(super) y: PairMatrix,
    pub(super) y_doubt: f64,
    pub(super) y_exact: Option<Vec<Exact>>,
    pub(super) y_is_constant: bool,
    /// The weights of the rows that are used, and a bound of their relative error.
    pub(super) weights: Option<(Vec<Pair>, f64)>,
    /// Categorical columns with their number of categories.
    pub(super) categories: Vec<(String, usize)>,
}

impl Design {
    /// The design matrix of a formula. Powers and products are pairs of doubles, so that their rounding errors are
    /// negligible.
    ///
    /// Rows with a missing value in a column that is used are left out and listed. A column with text is categorical:
    /// it becomes one column of zeros and ones for each category. The first category (numbers in their order, then text
    /// in alphabetical order) is the reference and gets no column if the sum of all columns is in the model already:
    /// through the constant, another categorical column, or in a product through the term without this factor. So `y ~
    /// g:x` has a slope for each g, and `y ~ x + g:x` differences of slopes. Terms of fewer factors come first.
    ///
    /// # Errors
    ///
    /// - When a column does not exist, or two columns have the same name.
    /// - When a column has both numbers and text, unless the formula says `C(x)`.
    /// - When the response is not numeric, or a category stands where a number is needed.
    /// - When no response is named, or two different ones are.
    /// - When no row is left, or the model has no terms.
    /// - When a function is undefined at a value, or a value overflows double precision.
    pub fn new(columns: &[Column], formula: &Formula, target: Option<&str>) -> Result<Self> {
        Self::of(columns, formula, target, None)
    }

    /// As [`Design::new`] with a column of positive weights: Σ wᵢrᵢ² is minimised. `.` in the formula excludes this
    /// column, and rows without a weight are left out.
    ///
    /// # Errors
    ///
    /// As [`Design::new`], and when a weight is not positive and finite.
    pub fn with_weights(columns: &[Column], formula: &Formula, target: Option<&str>, weights: &str) -> Result<Self> {
        Self::of(columns, formula, target, Some(weights))
    }

    fn of(columns: &[Column], formula: &Formula, target: Option<&str>, weights: Option<&str>) -> Result<Self> {
        if let (Some(one), Some(other)) = (target, &formula.target)
            && one != other
        {
            return Err(Error::syntax(format!(
                "two response variables: target `{one}` and, in the formula, `{other}`"
            ))
            .with_hint("name the response once"));
        }
        let target = target
            .or(formula.target.as_deref())
            .ok_or_else(|| Error::syntax("no response variable").with_hint("name a target, or write `y ~ x`"))?;
        let y = find(columns, target)?;
        let given = weights.map(|name| find(columns, name)).transpose()?;
        let terms = expanded(columns, formula, &[Some(target), weights]);
        let mut used: Vec<&Column> =
            terms.iter().flat_map(|t| &t.0).map(|f| find(columns, f.column())).collect::<Result<_>>()?;
        used.extend(given);
        let count = y.cells.len();
        if let Some(other) = used.iter().find(|c| c.cells.len() != count) {
            return Err(Error::shape(format!(
                "column `{}` has {} cells, column `{target}` has {count}",
                other.name,
                other.cells.len()
            )));
        }
        let is_whole = |i: &usize| used.iter().chain([&y]).all(|c| c.cells[*i] != Cell::Missing);
        let (rows, dropped): (Vec<usize>, Vec<usize>) = (0..count).partition(is_whole);
        if rows.is_empty() {
            return Err(Error::shape(format!("none of the {count} rows has a value in every column of the model"))
                .with_hint("leave out the columns with many missing values"));
        }
        let mut design = Self {
            target: target.to_owned(),
            names: Vec::new(),
            has_constant: formula.has_constant,
            rows,
            dropped,
            references: Vec::new(),
            matrix: PairMatrix::zeros(0, 0),
            doubts: Vec::new(),
            y: PairMatrix::zeros(0, 0),
            y_doubt: 0.0,
            weights: None,
            undetermined: Vec::new(),
            exact: Vec::new(),
            has_empty_cell: Vec::new(),
            y_exact: None,
            y_is_constant: false,
            categories: Vec::new(),
        };
        if let Some(column) = given {
            let weights = Built::numbers(column, &design.rows)?;
            let pairs = weights.values.iter().map(|w| w.value).collect();
            design.weights = Some((positive(&design.rows, pairs)?, worst(&weights.values)));
        }
        let mut built = Vec::new();
        if formula.has_constant {
            built.push(Built::indicator("(Intercept)".into(), design.rows.iter().map(|_| true)));
        }
        let mut coding = Coding::new(formula.has_constant);
        for term in &terms {
            built.extend(design.term(columns, term, &mut coding)?);
        }
        if built.is_empty() {
            return Err(Error::shape("the formula has no terms").with_hint("`y ~ 1` is the model of the mean alone"));
        }
        let target = Built::numbers(y, &design.rows)?;
        design.finish(built, target);
        Ok(design)
    }

    /// The matrix, a row for each row that is used and a column for each name, rounded to doubles.
    pub fn matrix(&self) -> kappa_dense::Matrix<f64> {
        self.matrix.high.clone()
    }

    fn finish(&mut self, built: Vec<Built>, target: Built) {
        let m = self.rows.len();
        self.y_doubt = worst(&target.values);
        self.y = PairMatrix::from_fn(m, 1, |i, _| target.values[i].value);
        self.y_exact = target.exact;
        self.y_is_constant = target.is_constant;
        self.doubts = built.iter().map(|b| worst(&b.values)).collect();
        self.matrix = PairMatrix::from_fn(m, built.len(), |i, j| built[j].values[i].value);
        for one in built {
            self.names.push(one.name);
            self.exact.push(one.exact);
            self.has_empty_cell.push(one.has_empty_cell);
        }
    }

    /// Column j in whole numbers, where they are known.
    pub(super) fn whole(&self, j: usize) -> Option<WholeColumn> {
        WholeColumn::new(&self.matrix, j, self.doubts[j], self.exact[j].as_deref())
    }

    /// The response in whole numbers, where they are known.
    pub(super) fn whole_y(&self) -> Option<WholeColumn> {
        WholeColumn::new(&self.y, 0, self.y_doubt, self.y_exact.as_deref())
    }

    /// Keeps these columns only.
    pub(super) fn keep(&mut self, columns: &[usize]) {
        let matrix = &self.matrix;
        self.matrix = PairMatrix::from_fn(matrix.rows(), columns.len(), |i, j| matrix.get(i, columns[j]));
        self.doubts = columns.iter().map(|&j| self.doubts[j]).collect();
        self.names = columns.iter().map(|&j| self.names[j].clone()).collect();
        self.exact = columns.iter().map(|&j| self.exact[j].take()).collect();
        self.has_empty_cell = columns.iter().map(|&j| self.has_empty_cell[j]).collect();
    }

    /// The columns that a product of factors adds to the model.
    fn term(&mut self, columns: &[Column], term: &Term, coding: &mut Coding) -> Result<Vec<Built>> {
        let is_category = |f: &Factor| Ok::<bool, Error>(is_category(f, find(columns, f.column())?));
        let kinds: Vec<bool> = term.0.iter().map(is_category).collect::<Result<_>>()?;
        let mut found = Vec::new();
        for part in coding.parts(&term.0, &kinds) {
            let mut product: Option<Vec<Built>> = None;
            for (factor, level) in term.0.iter().zip(&part).filter(|(_, level)| **level != Levels::None) {
                let right = self.factor(columns, factor, *level == Levels::All)?;
                product = Some(product.map_or_else(|| right.clone(), |left| products(&left, &right)));
            }
            found.extend(product.unwrap_or_default());
        }
        if kinds.iter().filter(|is_category| **is_category).count() > 1 {
            let has_empty_cell = self.has_empty_cell(columns, term, &kinds)?;
            found.iter_mut().for_each(|built| built.has_empty_cell = has_empty_cell);
        }
        Ok(found)
    }

    /// Whether no row has some combination of the categories of a term.
    fn has_empty_cell(&self, columns: &[Column], term: &Term, kinds: &[bool]) -> Result<bool> {
        let factors = term.0.iter().zip(kinds).filter(|(_, is_category)| **is_category);
        let of: Vec<&Column> = factors.map(|(f, _)| find(columns, f.column())).collect::<Result<_>>()?;
        let cell = |row: usize| of.iter().map(|c| c.cells[row].level().1).collect::<Vec<String>>();
        let seen: HashSet<Vec<String>> = self.rows.iter().map(|&row| cell(row)).collect();
        let mut counted: Vec<&str> = Vec::new();
        let mut cells = 1usize;
        for column in of {
            let own = || self.categories.iter().find(|(name, _)| *name == column.name);
            if let Some((name, count)) = own().filter(|(name, _)| !counted.contains(&name.as_str())) {
                counted.push(name);
                cells = cells.saturating_mul(*count);
            }
        }
        Ok(seen.len() < cells)
    }

    /// The columns of one factor; for a categorical one all levels, or all but the reference.
    fn factor(&mut self, columns: &[Column], factor: &Factor, is_full: bool) -> Result<Vec<Built>> {
        let column = find(columns, factor.column())?;
        if !is_category(factor, column) {
            return Ok(vec![Built::numbers(column, &self.rows)?.mapped(factor, &self.rows)?]);
        }
        if matches!(factor, Factor::Column(_)) {
            check_categories(column)?;
        }
        self.dummies(column, factor.base(), is_full)
    }

    /// A column of zeros and ones for each category, or for each but the reference.
    fn dummies(&mut self, column: &Column, base: Option<&str>, is_full: bool) -> Result<Vec<Built>> {
        let labels: Vec<(u32, String)> = self.rows.iter().map(|&row| column.cells[row].level()).collect();
        let mut levels = levels::of(&labels);
        let reference = levels::reference(&column.name, &levels, base)?;
        if !self.categories.iter().any(|(name, _)| *name == column.name) {
            self.categories.push((column.name.clone(), levels.len()));
        }
        if !is_full {
            let left_out = levels.remove(reference);
            if !self.references.iter().any(|(name, _)| *name == column.name) {
                self.references.push((column.name.clone(), left_out));
            }
        }
        let of = |level: &String| {
            Built::indicator(format!("{}={level}", column.name), labels.iter().map(|(_, label)| label == level))
        };
        Ok(levels.iter().map(of).collect())
    }
}

fn worst(values: &[Value]) -> f64 {
    values.iter().map(|v| v.doubt).fold(0.0, f64::max)
}

/// Checks that the weights of these rows of the table are positive and finite.
pub(super) fn positive(rows: &[usize], weights: Vec<Pair>) -> Result<Vec<Pair>> {
    match rows.iter().zip(&weights).find(|(_, w)| !(w.high > 0.0 && w.high.is_finite())) {
        Some((row, w)) => {
            Err(Error::argument(format!("weights must be positive and finite, got {} in row {}", w.high, row + 1))
                .with_hint("to leave a row out, remove it or its weight from the table"))
        }
        None => Ok(weights),
    }
}

/// The terms with `.` expanded to all columns that are not named elsewhere.
fn expanded(columns: &[Column], formula: &Formula, others: &[Option<&str>]) -> Vec<Term> {
    let named: Vec<&str> = formula
        .terms
        .iter()
        .flatten()
        .flat_map(|t| &t.0)
        .map(Factor::column)
        .chain(others.iter().copied().flatten())
        .collect();
    let others = || columns.iter().filter(|c| !named.contains(&c.name.as_str()));
    let of = |term: &Option<Term>| match term {
        Some(term) => vec![term.clone()],
        None => others().map(|c| Term(vec![Factor::Column(c.name.clone())])).collect(),
    };
    let mut terms: Vec<Term> = formula.terms.iter().flat_map(of).collect();
    terms.sort_by_key(|t| t.0.len());
    terms
}
