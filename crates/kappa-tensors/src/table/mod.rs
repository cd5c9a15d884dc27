//! Tables: as text with commas, semicolons, tabs or blanks between the cells, and of Parquet and Arrow.

mod cells;
mod columnar;
mod dialect;
mod frame;
pub(crate) mod matrix;

use crate::Skipped;
pub(crate) use cells::Cells;
pub use dialect::{Dialect, Encoding};
pub use frame::{Entry, Frame};

/// Texts of a missing value.
const MISSING: [&str; 11] = ["", "na", "n/a", "<na>", "#na", "#n/a", "#n/a n/a", "null", "none", ".", "?"];

/// Whether the bytes look like text: no control characters other than white space.
pub(crate) fn is_likely(bytes: &[u8]) -> bool {
    let start = &bytes[..bytes.len().min(4096)];
    let control = start.iter().filter(|&&b| b < 9 || (b > 13 && b < 32)).count();
    !start.is_empty() && control == 0
}

/// Removes a first line that is a title and not a row: it has text, and fewer cells than all other lines.
pub(crate) fn take_title(rows: &mut Cells<'_>) -> Option<Skipped> {
    if rows.len() < 2 {
        return None;
    }
    let width = rows.row_width(1);
    let is_title = rows.row_width(0) < width && rows.row(0).any(|c| number(c).is_none());
    if !is_title || (1..rows.len()).any(|i| rows.row_width(i) != width) {
        return None;
    }
    let (line, _) = rows.take_first();
    let reason = format!("a title and not a row of the table, which has {width} columns");
    Some(Skipped { name: format!("line {line}"), reason, is_broken: false })
}

fn number(cell: &str) -> Option<f64> {
    cell.trim().parse().ok()
}

pub(crate) fn is_missing(cell: &str) -> bool {
    MISSING.contains(&cell.trim().to_lowercase().as_str())
}
