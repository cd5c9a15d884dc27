//! Cells and columns of a table of data.

use crate::arithmetic::Decimal;

/// One cell of a table.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// A number: a decimal to the precision of two doubles.
    Number(Decimal),
    /// A category.
    Text(String),
    /// A category with its place in the order of the categories, as a factor of R or a Categorical of pandas has.
    Level(u32, String),
    /// A missing value.
    Missing,
}

/// Texts of a missing value, in small letters: those of pandas and R, `.` of SAS and Stata, and `?`.
const MISSING: [&str; 19] = [
    "", "na", "n/a", "<na>", "#na", "#n/a", "#n/a n/a", "nan", "-nan", "+nan", "null", "none", "nat", ".", "?",
    "1.#ind", "-1.#ind", "1.#qnan", "-1.#qnan",
];

impl Cell {
    /// Parses a cell: a number, a missing value (empty, `NA`, `N/A`, `#N/A`, `<NA>`, `NaN`, `null`, `None`, `.`, `?`,
    /// in small or capital letters), else a category.
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        match Decimal::parse(text) {
            Some(x) => Self::Number(x),
            None if MISSING.contains(&text.to_lowercase().as_str()) => Self::Missing,
            None => Self::Text(text.to_owned()),
        }
    }

    /// The name of the category, and its place where the categories have an order of their own.
    pub(super) fn level(&self) -> (u32, String) {
        match self {
            Self::Level(place, text) => (*place, text.clone()),
            Self::Text(text) => (0, text.clone()),
            Self::Number(x) => (0, x.label()),
            Self::Missing => (0, String::new()),
        }
    }
}

impl From<f64> for Cell {
    /// The number itself; NaN is a missing value.
    fn from(x: f64) -> Self {
        if x.is_nan() { Self::Missing } else { Self::Number(Decimal::from(x)) }
    }
}

/// A column with its name.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// The name.
    pub name: String,
    /// The cells, one for each row.
    pub cells: Vec<Cell>,
}

impl Column {
    /// Whether the column is categorical: a cell has text.
    pub(super) fn is_category(&self) -> bool {
        self.cells.iter().any(|c| matches!(c, Cell::Text(_) | Cell::Level(..)))
    }
}
