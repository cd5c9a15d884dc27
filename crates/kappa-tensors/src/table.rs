//! Tables as text: comma, semicolon, tab or blanks between cells, with or without a header.

use std::borrow::Cow;

use crate::bytes::Bytes;
use crate::cells::{Cells, without_mark};
use crate::error::{Error, Result};
use crate::{Skipped, gzip};

/// Texts of a missing value.
const MISSING: [&str; 11] = ["", "na", "n/a", "<na>", "#na", "#n/a", "#n/a n/a", "null", "none", ".", "?"];

/// Whether the bytes look like text: no control characters other than white space.
pub(crate) fn is_likely(bytes: &[u8]) -> bool {
    let start = &bytes[..bytes.len().min(4096)];
    let control = start.iter().filter(|&&b| b < 9 || (b > 13 && b < 32)).count();
    !start.is_empty() && control == 0
}

/// A table as text: a title for each column, and the cells.
///
/// # Examples
///
/// ```
/// let table = kappa_tensors::Frame::parse(b"city,heat\nOslo,5.5\nRome,NA\n")?;
/// assert_eq!(table.titles, ["city", "heat"]);
/// assert_eq!(table.column(1).collect::<Vec<_>>(), ["5.5", "NA"]);
/// # Ok::<(), kappa_tensors::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    /// The titles of the columns; their numbers from 1 if there is no header.
    pub titles: Vec<String>,
    rows: Cells<'static>,
    /// A first line that is not a row.
    title: Option<Skipped>,
}

impl Frame {
    /// Reads a file: comma, semicolon, tab or blanks between cells, packed with gzip or Zstandard or not. Lines that
    /// begin with `#` are comments.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, is not text, or has rows of different lengths.
    pub fn open(path: &std::path::Path) -> Result<Self> {
        let here = |error: Error| error.in_file(path);
        let mut bytes = Bytes::open(path, false)?;
        if bytes.starts_with(gzip::MAGIC) {
            bytes = gzip::unpack(&bytes).map_err(here)?;
        } else if bytes.starts_with(gzip::ZSTANDARD) {
            bytes = gzip::unpack_zstandard(&bytes).map_err(here)?;
        }
        if !is_likely(&bytes) {
            let why = if bytes.is_empty() { "is empty" } else { "is not text" };
            return Err(here(
                Error::format(why).with_hint("a table is text with one row per line, and a title for each column"),
            ));
        }
        Self::parse(&bytes).map_err(here)
    }

    /// Parses a table in memory.
    ///
    /// # Errors
    ///
    /// When the bytes are not a table, its rows have different lengths, a quote is not closed, or a limit is exceeded.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let bytes = without_errors(without_mark(bytes));
        let mut rows = Cells::read(&bytes, '.')?;
        let title = take_title(&mut rows);
        let width = rows.width()?;
        let has_header = rows.len() > 0 && rows.row(0).any(|c| number(c).is_none() && !is_missing(c));
        let titles = if has_header { rows.take_first().1 } else { (1..=width).map(|k| k.to_string()).collect() };
        Ok(Self { titles, rows: rows.into_owned(), title })
    }

    /// A first line that is a title and not a row.
    pub fn title(&self) -> Option<&Skipped> {
        self.title.as_ref()
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// The line number in the file of row `i`, counted from 1.
    pub fn line(&self, i: usize) -> u64 {
        self.rows.line(i) as u64
    }

    /// The cells of column `j` from the first row to the last.
    pub fn column(&self, j: usize) -> impl Iterator<Item = &str> {
        (0..self.rows.len()).map(move |i| self.rows.cell(i, j))
    }
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

/// The text with `NA` for `#N/A` and `#NA`, with which a spreadsheet marks a missing value, at the beginning of a line,
/// where `#` would make a comment of the row.
fn without_errors(bytes: &[u8]) -> Cow<'_, [u8]> {
    let marked = |line: &[u8]| {
        let length = [&b"#N/A N/A"[..], b"#N/A", b"#NA"].into_iter().find(|m| line.starts_with(m)).map(<[u8]>::len)?;
        line.get(length).is_none_or(|b| b",;\t\r".contains(b)).then_some(length)
    };
    if !bytes.split(|&b| b == b'\n').any(|line| marked(line).is_some()) {
        return bytes.into();
    }
    let kept = bytes.split(|&b| b == b'\n').map(|line| match marked(line) {
        Some(length) => [b"NA", &line[length..]].concat(),
        None => line.to_vec(),
    });
    kept.collect::<Vec<_>>().join(&b'\n').into()
}

fn number(cell: &str) -> Option<f64> {
    cell.trim().parse().ok()
}

pub(crate) fn is_missing(cell: &str) -> bool {
    MISSING.contains(&cell.trim().to_lowercase().as_str())
}
