//! Columns of data, and the design matrix that a formula makes of them.

use kappa_dense::pair::{PAIR_UNIT, Pair, PairMatrix};

use super::coding::{Coding, Levels};
use super::formula::{Factor, Formula, Function, Term};
use crate::arithmetic::{Decimal, two_product};
use crate::enclosure::directed::{add_up, mul_up, times_power};
use crate::error::{Error, Result};

/// One cell of a table.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// A number: a decimal to the precision of two doubles.
    Number(Decimal),
    /// A category.
    Text(String),
    /// A missing value.
    Missing,
}

/// Texts of a missing value.
const MISSING: [&str; 7] = ["", "na", "n/a", "null", "none", ".", "?"];

impl Cell {
    /// Parses a cell: a number, a missing value (empty, `NA`, `.`, `?`, `null`, `nan`), else a category.
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        match Decimal::parse(text) {
            Some(x) => Self::Number(x),
            None if MISSING.contains(&text.to_lowercase().as_str()) || text.eq_ignore_ascii_case("nan") => {
                Self::Missing
            }
            None => Self::Text(text.to_owned()),
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
    fn is_category(&self) -> bool {
        self.cells.iter().any(|c| matches!(c, Cell::Text(_)))
    }
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
    pub(super) matrix: PairMatrix,
    pub(super) doubts: Vec<f64>,
    pub(super) y: PairMatrix,
    pub(super) y_doubt: f64,
    /// The weights of the rows that are used.
    pub(super) weights: Option<Vec<f64>>,
}

/// A value with a bound of its relative error.
#[derive(Clone, Copy)]
struct Value {
    value: Pair,
    doubt: f64,
}

impl Value {
    fn times(self, other: Self) -> Self {
        if self.value.high == 0.0 || other.value.high == 0.0 {
            return Self { value: Pair::default(), doubt: 0.0 };
        }
        let value = self.value * other.value;
        let (p, e) = two_product(self.value.high, other.value.high);
        // A product that underflows has no relative error bound: NaN marks it, and `factor` then fails.
        if p.abs() < 1e-250 || !value.high.is_finite() {
            return Self { value: Pair::from(f64::NAN), doubt: 0.0 };
        }
        // The product of two doubles is a pair of doubles exactly.
        let is_plain = self.value.low == 0.0 && other.value.low == 0.0;
        let is_exact = is_plain && (value.high, value.low) == (p, e);
        let own = if is_exact { 0.0 } else { PAIR_UNIT };
        let both = add_up(add_up(self.doubt, other.doubt), mul_up(self.doubt, other.doubt));
        Self { value, doubt: add_up(both, mul_up(own, add_up(1.0, both))) }
    }
}

/// A named column of the matrix.
#[derive(Clone)]
struct Built {
    name: String,
    values: Vec<Value>,
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
        };
        if let Some(column) = given {
            let weights: Vec<f64> = design.numbers(column)?.iter().map(|w| w.value.high).collect();
            design.weights = Some(positive(&design.rows, weights)?);
        }
        let mut built = Vec::new();
        if formula.has_constant {
            let one = Value { value: Pair::from(1.0), doubt: 0.0 };
            built.push(Built { name: "(Intercept)".into(), values: vec![one; design.rows.len()] });
        }
        let mut coding = Coding::new(formula.has_constant);
        for term in &terms {
            built.extend(design.term(columns, term, &mut coding)?);
        }
        if built.is_empty() {
            return Err(Error::shape("the formula has no terms").with_hint("`y ~ 1` is the model of the mean alone"));
        }
        let target = design.numbers(y)?;
        design.finish(built, &target);
        Ok(design)
    }

    /// The matrix, a row for each row that is used and a column for each name, rounded to doubles.
    pub fn matrix(&self) -> kappa_dense::Matrix<f64> {
        self.matrix.high.clone()
    }

    fn finish(&mut self, built: Vec<Built>, target: &[Value]) {
        let m = self.rows.len();
        let worst = |values: &[Value]| values.iter().map(|v| v.doubt).fold(0.0, f64::max);
        self.y_doubt = worst(target);
        self.y = PairMatrix::from_fn(m, 1, |i, _| target[i].value);
        self.doubts = built.iter().map(|b| worst(&b.values)).collect();
        self.matrix = PairMatrix::from_fn(m, built.len(), |i, j| built[j].values[i].value);
        self.names = built.into_iter().map(|b| b.name).collect();
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
        Ok(found)
    }

    /// The columns of one factor; for a categorical one all levels, or all but the reference.
    fn factor(&mut self, columns: &[Column], factor: &Factor, is_full: bool) -> Result<Vec<Built>> {
        let column = find(columns, factor.column())?;
        if is_category(factor, column) {
            if matches!(factor, Factor::Column(_)) {
                check_categories(column)?;
            }
            return Ok(self.categories(column, is_full));
        }
        let numbers = self.numbers(column)?;
        let map = |f: &dyn Fn(Value) -> Result<Value>| numbers.iter().map(|&v| f(v)).collect::<Result<Vec<_>>>();
        let values = match factor {
            Factor::Power(_, k) => map(&|v| Ok((1..*k).fold(v, |p, _| p.times(v))))?,
            Factor::Function(f, _) => {
                let mut row = 0;
                let applied = numbers.iter().map(|&v| {
                    row += 1;
                    apply(*f, v).ok_or_else(|| outside(*f, &column.name, v.value.high, self.rows[row - 1]))
                });
                applied.collect::<Result<Vec<_>>>()?
            }
            _ => numbers,
        };
        if let Some(i) = values.iter().position(|v| !v.value.high.is_finite()) {
            return Err(Error::not_finite(self.rows[i], 0, 1)
                .with_hint(format!("`{factor}` overflows or underflows double precision in that row of the table")));
        }
        Ok(vec![Built { name: factor.to_string(), values }])
    }

    fn numbers(&self, column: &Column) -> Result<Vec<Value>> {
        let of = |&row: &usize| match &column.cells[row] {
            Cell::Number(x) => Ok(Value { value: x.value(), doubt: x.doubt() }),
            Cell::Text(text) => Err(Error::syntax(format!(
                "column `{}` has the text `{text}` in row {}, where a number is needed",
                column.name,
                row + 1
            ))
            .with_hint("a column with text is categorical: it has no powers or functions, and cannot be the response")),
            Cell::Missing => {
                Err(Error::shape(format!("column `{}` has a missing value in row {}", column.name, row + 1)))
            }
        };
        self.rows.iter().map(of).collect()
    }

    fn categories(&mut self, column: &Column, is_full: bool) -> Vec<Built> {
        let label = |row: usize| match &column.cells[row] {
            Cell::Text(text) => text.clone(),
            Cell::Number(x) => x.value().high.to_string(),
            Cell::Missing => String::new(),
        };
        let mut levels: Vec<String> = self.rows.iter().map(|&row| label(row)).collect();
        levels.sort_by(|a, b| in_order(a, b));
        levels.dedup();
        let skipped = usize::from(!is_full);
        if skipped == 1 && !self.references.iter().any(|(name, _)| *name == column.name) {
            self.references.push((column.name.clone(), levels[0].clone()));
        }
        let of = |level: &String| Built {
            name: format!("{}={level}", column.name),
            values: self
                .rows
                .iter()
                .map(|&row| Value { value: Pair::from(f64::from(label(row) == *level)), doubt: 0.0 })
                .collect(),
        };
        levels[skipped..].iter().map(of).collect()
    }
}

/// Numbers by size, then text in alphabetical order.
fn in_order(a: &str, b: &str) -> std::cmp::Ordering {
    let number = |x: &str| x.parse::<f64>().ok().filter(|x| x.is_finite());
    match (number(a), number(b)) {
        (Some(x), Some(y)) => x.total_cmp(&y).then_with(|| a.cmp(b)),
        (x, y) => y.is_some().cmp(&x.is_some()).then_with(|| a.cmp(b)),
    }
}

fn is_category(factor: &Factor, column: &Column) -> bool {
    matches!(factor, Factor::Category(_)) || matches!(factor, Factor::Column(_)) && column.is_category()
}

/// Checks that the weights of these rows of the table are positive and finite.
pub(super) fn positive(rows: &[usize], weights: Vec<f64>) -> Result<Vec<f64>> {
    match rows.iter().zip(&weights).find(|(_, w)| !(**w > 0.0 && w.is_finite())) {
        Some((row, w)) => {
            Err(Error::argument(format!("weights must be positive and finite, got {w} in row {}", row + 1))
                .with_hint("to leave a row out, remove it or its weight from the table"))
        }
        None => Ok(weights),
    }
}

/// A numeric column with a typing error must not silently become categorical.
fn check_categories(column: &Column) -> Result<()> {
    let text = |cell: &Cell| if let Cell::Text(text) = cell { Some(text.clone()) } else { None };
    let texts = || column.cells.iter().enumerate().filter_map(|(row, cell)| Some((row, text(cell)?)));
    let with_point = |text: &str| matches!(Cell::parse(&text.replace(',', ".")), Cell::Number(_));
    if let Some((row, text)) = texts().find(|(_, text)| text.contains(',') && with_point(text)) {
        return Err(Error::syntax(format!(
            "column `{}` has a decimal comma in row {}: `{text}`",
            column.name,
            row + 1
        ))
        .with_hint("write decimals with a point, and thousands without a separator"));
    }
    let numbers = column.cells.iter().filter(|c| matches!(c, Cell::Number(_))).count();
    match texts().next() {
        Some((row, text)) if numbers > 0 => Err(Error::syntax(format!(
            "column `{}` has {numbers} numbers and the text `{text}` in row {}",
            column.name,
            row + 1
        ))
        .with_hint(format!(
            "fix the cell, write NA for a missing value, or C({}) in the formula to treat all values as categories",
            column.name
        ))),
        _ => Ok(()),
    }
}

fn find<'a>(columns: &'a [Column], name: &str) -> Result<&'a Column> {
    if columns.iter().filter(|c| c.name == name).count() > 1 {
        return Err(Error::syntax(format!("two columns have the name `{name}`"))
            .with_hint("give each column a name of its own"));
    }
    columns.iter().find(|c| c.name == name).ok_or_else(|| {
        let names: Vec<&str> = columns.iter().map(|c| c.name.as_str()).take(20).collect();
        let more = if columns.len() > 20 { ", …" } else { "" };
        Error::syntax(format!("unknown column `{name}`"))
            .with_hint(format!("the columns are {}{more}", names.join(", ")))
    })
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

fn products(left: &[Built], right: &[Built]) -> Vec<Built> {
    let of = |a: &Built, b: &Built| Built {
        name: format!("{}:{}", a.name, b.name),
        values: a.values.iter().zip(&b.values).map(|(&a, &b)| a.times(b)).collect(),
    };
    left.iter().flat_map(|a| right.iter().map(move |b| of(a, b))).collect()
}

/// Bound of the relative error of the square root of a pair: a Newton step from the rounded root has an error below
/// 10u².
const ROOT_DOUBT: f64 = 7.888609052210118e-31;

/// x·2ᵉ for a pair that does not overflow.
fn scaled(x: Pair, e: i32) -> Pair {
    let part = |x: f64| times_power(x.abs(), e).0.copysign(x);
    Pair { high: part(x.high), low: part(x.low) }
}

/// The function at a value; `None` if it is undefined. Logarithm and exponential are rounded to doubles by the library:
/// the model is that of these rounded numbers.
fn apply(f: Function, v: Value) -> Option<Value> {
    let x = v.value.high;
    match f {
        Function::Log if x > 0.0 => Some(Value { value: Pair::from(x.ln()), doubt: 0.0 }),
        Function::Exp => Some(Value { value: Pair::from(x.exp()), doubt: 0.0 }),
        Function::Sqrt if x > 0.0 => {
            // Scaled by an even power of two, so that squares neither underflow nor overflow.
            let e = match x {
                x if x < 1e-200 => 600,
                x if x > 1e200 => -600,
                _ => 0,
            };
            let moved = scaled(v.value, e);
            let root = moved.sqrt();
            let is_exact = root.low == 0.0 && two_product(root.high, root.high) == (moved.high, moved.low);
            let doubt = if is_exact { v.doubt } else { add_up(v.doubt, ROOT_DOUBT) };
            Some(Value { value: scaled(root, -e / 2), doubt })
        }
        Function::Sqrt if x == 0.0 => Some(v),
        _ => None,
    }
}

fn outside(f: Function, name: &str, x: f64, row: usize) -> Error {
    let what = if f == Function::Log { "logarithm" } else { "square root" };
    Error::syntax(format!("the {what} of {x} is undefined: row {} of column `{name}`", row + 1))
        .with_hint("leave such rows out, or use the column without the function")
}
