//! Columns of data, and the matrix that a formula makes of them.

use kappa_dense::pair::{PAIR_UNIT, Pair, PairMatrix};

use super::formula::{Factor, Formula, Function, Term};
use crate::arithmetic::{Decimal, two_product};
use crate::enclosure::directed::{add_up, mul_up, times_power};
use crate::error::{Error, Result};

/// One cell of a table.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// A number, as close as two doubles come.
    Number(Decimal),
    /// A category.
    Text(String),
    /// Nothing.
    Missing,
}

/// What stands for a cell without a value.
const MISSING: [&str; 7] = ["", "na", "n/a", "null", "none", ".", "?"];

impl Cell {
    /// A number where the text is one, nothing where it is empty or says so (`NA`, `.`, `?`, `null`, `nan`), else a category.
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

/// A column by name.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// The name.
    pub name: String,
    /// The cells, one for each row.
    pub cells: Vec<Cell>,
}

impl Column {
    /// Whether it is made of categories: text in any cell.
    fn is_category(&self) -> bool {
        self.cells.iter().any(|c| matches!(c, Cell::Text(_)))
    }
}

/// The matrix and the right-hand side of a linear model, with names.
#[derive(Clone, Debug)]
pub struct Design {
    /// What is explained.
    pub target: String,
    /// The columns of the matrix.
    pub names: Vec<String>,
    /// Whether the first column is the constant.
    pub has_constant: bool,
    /// The rows of the table that are used, counted from 0.
    pub rows: Vec<usize>,
    /// The rows that are left out, because a cell that is needed is missing.
    pub dropped: Vec<usize>,
    /// Categories that stand for the rest: column and reference level.
    pub references: Vec<(String, String)>,
    pub(super) matrix: PairMatrix,
    pub(super) doubts: Vec<f64>,
    pub(super) y: PairMatrix,
    pub(super) y_doubt: f64,
}

/// A value with its relative doubt.
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
        // Below the range nothing is left to be relative to: `factor` refuses what is not finite.
        if p.abs() < 1e-250 || !value.high.is_finite() {
            return Self { value: Pair::from(f64::NAN), doubt: 0.0 };
        }
        // Two doubles have a product that is a pair exactly.
        let is_plain = self.value.low == 0.0 && other.value.low == 0.0;
        let is_exact = is_plain && (value.high, value.low) == (p, e);
        let own = if is_exact { 0.0 } else { PAIR_UNIT };
        let both = add_up(add_up(self.doubt, other.doubt), mul_up(self.doubt, other.doubt));
        Self { value, doubt: add_up(both, mul_up(own, add_up(1.0, both))) }
    }
}

/// A named column of the matrix.
struct Built {
    name: String,
    values: Vec<Value>,
}

impl Design {
    /// The matrix of a formula. Powers and products are formed as pairs of doubles, so that they lose nothing that shows.
    ///
    /// Rows in which a cell that is used is missing are left out and listed. A column with text is taken as categories: one column
    /// of zeros and ones for each category but the first, in the order of the alphabet (or of the numbers), which is the reference.
    /// Fails for a column that does not exist, a target that is not made of numbers, a category where a number is needed, and
    /// where no row is left.
    pub fn new(columns: &[Column], formula: &Formula, target: Option<&str>) -> Result<Self> {
        let target = target.or(formula.target.as_deref()).ok_or_else(|| {
            Error::syntax("it is not said what is to be explained").with_hint("name a target, or write `y ~ x`")
        })?;
        let y = find(columns, target)?;
        let terms = expanded(columns, formula, target);
        let used: Vec<&Column> =
            terms.iter().flat_map(|t| &t.0).map(|f| find(columns, f.column())).collect::<Result<_>>()?;
        let count = y.cells.len();
        if let Some(other) = used.iter().find(|c| c.cells.len() != count) {
            return Err(Error::shape(format!(
                "column `{}` has {} cells, and `{target}` has {count}",
                other.name,
                other.cells.len()
            )));
        }
        let is_whole = |i: &usize| used.iter().chain([&y]).all(|c| c.cells[*i] != Cell::Missing);
        let (rows, dropped): (Vec<usize>, Vec<usize>) = (0..count).partition(is_whole);
        if rows.is_empty() {
            return Err(Error::shape(format!("none of the {count} rows has a value in every column that is used"))
                .with_hint("leave out the columns that are mostly empty"));
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
        };
        let mut built = Vec::new();
        if formula.has_constant {
            let one = Value { value: Pair::from(1.0), doubt: 0.0 };
            built.push(Built { name: "(constant)".into(), values: vec![one; design.rows.len()] });
        }
        let mut is_full = !formula.has_constant;
        for term in &terms {
            built.extend(design.term(columns, term, &mut is_full)?);
        }
        if built.is_empty() {
            return Err(Error::shape("the model has no terms").with_hint("write `y ~ 1` for the mean alone"));
        }
        let target = design.numbers(y)?;
        design.finish(built, &target);
        Ok(design)
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

    /// The columns of a product of factors.
    fn term(&mut self, columns: &[Column], term: &Term, is_full: &mut bool) -> Result<Vec<Built>> {
        let mut found: Vec<Built> = Vec::new();
        for (k, factor) in term.0.iter().enumerate() {
            let right = self.factor(columns, factor, is_full)?;
            found = if k == 0 { right } else { products(&found, &right) };
        }
        Ok(found)
    }

    fn factor(&mut self, columns: &[Column], factor: &Factor, is_full: &mut bool) -> Result<Vec<Built>> {
        let column = find(columns, factor.column())?;
        let is_category = matches!(factor, Factor::Category(_)) || column.is_category();
        if is_category && matches!(factor, Factor::Column(_) | Factor::Category(_)) {
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
            return Err(
                Error::not_finite(self.rows[i], 0, 1).with_hint(format!("`{factor}` leaves the range of doubles"))
            );
        }
        Ok(vec![Built { name: factor.to_string(), values }])
    }

    fn numbers(&self, column: &Column) -> Result<Vec<Value>> {
        let of = |&row: &usize| match &column.cells[row] {
            Cell::Number(x) => Ok(Value { value: x.value(), doubt: x.doubt() }),
            Cell::Text(text) => Err(Error::syntax(format!(
                "column `{}` has the text `{text}` in row {} where a number is needed",
                column.name,
                row + 1
            ))
            .with_hint("a column with text is taken as categories, which have no powers and cannot be a target")),
            Cell::Missing => Err(Error::shape(format!("column `{}` has no value in row {}", column.name, row + 1))),
        };
        self.rows.iter().map(of).collect()
    }

    fn categories(&mut self, column: &Column, is_full: &mut bool) -> Vec<Built> {
        let label = |row: usize| match &column.cells[row] {
            Cell::Text(text) => text.clone(),
            Cell::Number(x) => x.value().high.to_string(),
            Cell::Missing => String::new(),
        };
        let mut levels: Vec<String> = self.rows.iter().map(|&row| label(row)).collect();
        levels.sort_by(|a, b| match (a.parse::<f64>(), b.parse::<f64>()) {
            (Ok(x), Ok(y)) => x.total_cmp(&y),
            _ => a.cmp(b),
        });
        levels.dedup();
        // Without a constant the first category keeps all its levels: they add up to one.
        let skipped = usize::from(!std::mem::take(is_full));
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

fn find<'a>(columns: &'a [Column], name: &str) -> Result<&'a Column> {
    columns.iter().find(|c| c.name == name).ok_or_else(|| {
        let names: Vec<&str> = columns.iter().map(|c| c.name.as_str()).take(20).collect();
        let more = if columns.len() > 20 { ", …" } else { "" };
        Error::syntax(format!("there is no column `{name}`"))
            .with_hint(format!("the columns are {}{more}", names.join(", ")))
    })
}

/// The terms with `.` written out.
fn expanded(columns: &[Column], formula: &Formula, target: &str) -> Vec<Term> {
    let named: Vec<&str> =
        formula.terms.iter().flatten().flat_map(|t| &t.0).map(Factor::column).chain([target]).collect();
    let others = || columns.iter().filter(|c| !named.contains(&c.name.as_str()));
    let of = |term: &Option<Term>| match term {
        Some(term) => vec![term.clone()],
        None => others().map(|c| Term(vec![Factor::Column(c.name.clone())])).collect(),
    };
    formula.terms.iter().flat_map(of).collect()
}

fn products(left: &[Built], right: &[Built]) -> Vec<Built> {
    let of = |a: &Built, b: &Built| Built {
        name: format!("{}:{}", a.name, b.name),
        values: a.values.iter().zip(&b.values).map(|(&a, &b)| a.times(b)).collect(),
    };
    left.iter().flat_map(|a| right.iter().map(move |b| of(a, b))).collect()
}

/// Doubt of a root of a pair: a Newton step from the rounded root is off by less than 10u².
const ROOT_DOUBT: f64 = 7.888609052210118e-31;

/// x·2ᵉ for a pair that stays in the range.
fn scaled(x: Pair, e: i32) -> Pair {
    let part = |x: f64| times_power(x.abs(), e).0.copysign(x);
    Pair { high: part(x.high), low: part(x.low) }
}

/// The function at a value; `None` where it has none. Logarithm and exponential are the doubles that the library gives: the model
/// is that of these numbers.
fn apply(f: Function, v: Value) -> Option<Value> {
    let x = v.value.high;
    match f {
        Function::Log if x > 0.0 => Some(Value { value: Pair::from(x.ln()), doubt: 0.0 }),
        Function::Exp => Some(Value { value: Pair::from(x.exp()), doubt: 0.0 }),
        Function::Sqrt if x > 0.0 => {
            // By an even power of two into the middle of the range, where squares neither vanish nor overflow.
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
    Error::syntax(format!("{x} in row {} of `{name}` has no {what}", row + 1))
        .with_hint("leave such rows out, or take the column as it is")
}
