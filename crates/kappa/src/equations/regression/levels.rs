//! The categories of a column: which there are, their order, and the reference.

use super::cell::{Cell, Column};
use super::formula::Factor;
use crate::error::{Error, Result};

/// The levels that occur, in their order: by their place where they have one, then numbers by size, then text in
/// alphabetical order.
pub(super) fn of(labels: &[(u32, String)]) -> Vec<String> {
    let mut levels: Vec<&(u32, String)> = labels.iter().collect();
    levels.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| in_order(&a.1, &b.1)));
    levels.dedup_by(|a, b| a.1 == b.1);
    levels.into_iter().map(|(_, label)| label.clone()).collect()
}

/// The place of the reference among the levels: the first, or the one that the formula names.
pub(super) fn reference(column: &str, levels: &[String], base: Option<&str>) -> Result<usize> {
    let Some(base) = base else { return Ok(0) };
    let number = |text: &str| text.parse::<f64>().ok();
    let is_base = |level: &String| level == base || number(base).is_some() && number(level) == number(base);
    let exactly = levels.iter().position(|level| level == base);
    exactly.or_else(|| levels.iter().position(is_base)).ok_or_else(|| {
        let shown: Vec<&str> = levels.iter().map(String::as_str).take(20).collect();
        let more = if levels.len() > 20 { ", …" } else { "" };
        Error::syntax(format!("column `{column}` has no category `{base}` in the rows that are used"))
            .with_hint(format!("its categories are {}{more}", shown.join(", ")))
    })
}

/// Numbers by size, then text in alphabetical order.
fn in_order(a: &str, b: &str) -> std::cmp::Ordering {
    let number = |x: &str| x.parse::<f64>().ok().filter(|x| x.is_finite());
    match (number(a), number(b)) {
        (Some(x), Some(y)) => x.total_cmp(&y).then_with(|| a.cmp(b)),
        (x, y) => y.is_some().cmp(&x.is_some()).then_with(|| a.cmp(b)),
    }
}

pub(super) fn is_category(factor: &Factor, column: &Column) -> bool {
    matches!(factor, Factor::Category(_) | Factor::CategoryWithBase(..))
        || matches!(factor, Factor::Column(_)) && column.is_category()
}

/// A numeric column with a typing error must not silently become categorical.
pub(super) fn check_categories(column: &Column) -> Result<()> {
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

pub(super) fn find<'a>(columns: &'a [Column], name: &str) -> Result<&'a Column> {
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
