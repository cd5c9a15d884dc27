//! Columns of a model before they are a matrix: values with a bound of their error, and their exact numbers.

use kappa_dense::pair::{PAIR_UNIT, Pair};

use super::cell::{Cell, Column};
use super::formula::{Factor, Function};
use super::whole::{EXACT_ROWS, Exact};
use crate::arithmetic::{Decimal, two_product};
use crate::enclosure::directed::{add_up, mul_up};
use crate::enclosure::pair_times_power_of_two;
use crate::error::{Error, Result};

/// A value with a bound of its relative error.
#[derive(Clone, Copy)]
pub(super) struct Value {
    pub(super) value: Pair,
    pub(super) doubt: f64,
}

impl Value {
    pub(super) fn times(self, other: Self) -> Self {
        if self.value.high == 0.0 || other.value.high == 0.0 {
            return Self { value: Pair::default(), doubt: 0.0 };
        }
        let value = self.value * other.value;
        let (p, e) = two_product(self.value.high, other.value.high);
        // A product that underflows has no relative error bound: NaN marks it, and the column then fails.
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
pub(super) struct Built {
    pub(super) name: String,
    pub(super) values: Vec<Value>,
    /// The numbers where the pairs are not exact; `None` where they are, or where the numbers are not known.
    pub(super) exact: Option<Vec<Exact>>,
    /// Whether its term has a combination of categories without a row.
    pub(super) has_empty_cell: bool,
    /// Whether the numbers of a column of the table are known to be equal.
    pub(super) is_constant: bool,
}

/// The exact numbers of a column, if they are needed: some pair is not exact, and all numbers are known.
fn known(values: &[Value], of: impl Fn(usize) -> Option<Exact>) -> Option<Vec<Exact>> {
    let is_needed = values.len() <= EXACT_ROWS && values.iter().any(|v| v.doubt > 0.0);
    if is_needed { (0..values.len()).map(of).collect() } else { None }
}

impl Built {
    fn new(name: String, values: Vec<Value>, exact: Option<Vec<Exact>>) -> Self {
        Self { name, values, exact, has_empty_cell: false, is_constant: false }
    }

    /// A column of zeros and ones.
    pub(super) fn indicator(name: String, is_one: impl Iterator<Item = bool>) -> Self {
        let values = is_one.map(|one| Value { value: Pair::from(f64::from(one)), doubt: 0.0 }).collect();
        Self::new(name, values, None)
    }

    /// The numbers of a column in these rows.
    pub(super) fn numbers(column: &Column, rows: &[usize]) -> Result<Self> {
        let number = |row: usize| match &column.cells[row] {
            Cell::Number(x) => Ok(x),
            Cell::Text(text) | Cell::Level(_, text) => Err(Error::syntax(format!(
                "column `{}` has the text `{text}` in row {}, where a number is needed",
                column.name,
                row + 1
            ))
            .with_hint(if Decimal::parse(&text.replace('.', "").replace(',', ".")).is_some() {
                "write decimals with a point, or say that they follow a comma, with the option `decimal`"
            } else {
                "a column with text is categorical: it has no powers or functions, and cannot be the response"
            })),
            Cell::Missing => {
                Err(Error::shape(format!("column `{}` has a missing value in row {}", column.name, row + 1)))
            }
        };
        let numbers: Vec<_> = rows.iter().map(|&row| number(row)).collect::<Result<_>>()?;
        let values: Vec<Value> = numbers.iter().map(|x| Value { value: x.value(), doubt: x.doubt() }).collect();
        let exact = known(&values, |i| Exact::of(numbers[i]));
        // Equal pairs are equal numbers where they determine them: 2.8 and 2.80.
        let first = numbers[0];
        let is_first =
            |x: &&Decimal| x.value() == first.value() && x.is_exact() == first.is_exact() && Exact::of(x).is_some();
        let is_constant = numbers.iter().all(is_first);
        Ok(Self { is_constant, ..Self::new(column.name.clone(), values, exact) })
    }

    fn exact_at(&self, i: usize) -> Option<Exact> {
        match &self.exact {
            Some(exact) => Some(exact[i].clone()),
            None if self.values[i].doubt == 0.0 => Some(Exact::of_pair(self.values[i].value)),
            None => None,
        }
    }

    /// The numbers as a factor of the formula has them: themselves, a power or a function.
    pub(super) fn mapped(self, factor: &Factor, rows: &[usize]) -> Result<Self> {
        let found = match factor {
            Factor::Power(_, k) => {
                let power = |v: &Value| (1..*k).fold(*v, |p, _| p.times(*v));
                let values: Vec<Value> = self.values.iter().map(power).collect();
                let exact = known(&values, |i| Some(self.exact_at(i)?.power(*k)));
                Self::new(self.name, values, exact)
            }
            Factor::Function(f, _) => {
                let of = |(v, row): (&Value, &usize)| {
                    apply(*f, *v).ok_or_else(|| outside(*f, &self.name, v.value.high, *row))
                };
                let values = self.values.iter().zip(rows).map(of).collect::<Result<_>>()?;
                Self::new(self.name, values, None)
            }
            _ => self,
        };
        if let Some(i) = found.values.iter().position(|v| !v.value.high.is_finite()) {
            return Err(Error::not_finite(rows[i], 0, 1)
                .with_hint(format!("`{factor}` overflows or underflows double precision in that row of the table")));
        }
        Ok(Self { name: factor.to_string(), ..found })
    }

    fn times(&self, other: &Self) -> Self {
        let values: Vec<Value> = self.values.iter().zip(&other.values).map(|(&a, &b)| a.times(b)).collect();
        let exact = known(&values, |i| Some(self.exact_at(i)?.times(&other.exact_at(i)?)));
        Self::new(format!("{}:{}", self.name, other.name), values, exact)
    }
}

pub(super) fn products(left: &[Built], right: &[Built]) -> Vec<Built> {
    left.iter().flat_map(|a| right.iter().map(move |b| a.times(b))).collect()
}

/// Bound of the relative error of the square root of a pair: a Newton step from the rounded root has an error below
/// 10u².
const ROOT_DOUBT: f64 = 7.888609052210118e-31;

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
            let moved = pair_times_power_of_two(v.value, e);
            let root = moved.sqrt();
            let is_exact = root.low == 0.0 && two_product(root.high, root.high) == (moved.high, moved.low);
            let doubt = if is_exact { v.doubt } else { add_up(v.doubt, ROOT_DOUBT) };
            Some(Value { value: pair_times_power_of_two(root, -e / 2), doubt })
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
