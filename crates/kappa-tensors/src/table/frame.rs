//! A table of data, with numbers and words in its columns.

use std::borrow::Cow;
use std::path::Path;

use super::cells::without_mark;
use super::columnar::{self, Columns};
use super::{Cells, Dialect, is_likely, is_missing, number, take_title};
use crate::bytes::Bytes;
use crate::error::{Error, Result};
use crate::number::{read, trimmed};
use crate::strangers::recognised;
use crate::{Skipped, gzip};

/// A table of data: a title for each column, and the cells.
///
/// # Examples
///
/// ```
/// use kappa_tensors::{Dialect, Entry, Frame};
///
/// let table = Frame::parse(b"city,heat\nOslo,5.5\nRome,NA\n", &Dialect::default())?;
/// assert_eq!(table.titles, ["city", "heat"]);
/// assert_eq!(table.entry(0, 1), Entry::Text("5.5".into()));
/// # Ok::<(), kappa_tensors::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    /// The titles of the columns; their numbers from 1 if there is no header.
    pub titles: Vec<String>,
    rows: Rows,
    left_out: Vec<Skipped>,
}

/// A cell of a table.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry<'a> {
    /// A text, which may be that of a number, or of a missing value.
    Text(Cow<'a, str>),
    /// A double, from a file that holds doubles.
    Double(f64),
    /// No value, from a file that says so.
    Missing,
}

#[derive(Clone, Debug, PartialEq)]
enum Rows {
    /// The cells, and the numbers of the columns that are read.
    Text { cells: Cells<'static>, columns: Vec<usize>, dialect: Dialect },
    /// The columns, all of this length.
    Columns(Vec<Vec<Entry<'static>>>, usize),
}

impl Frame {
    /// Reads a file: text with comma, semicolon, tab or blanks between cells, packed with gzip or Zstandard or not, in
    /// which lines that begin with `#` are comments; or a file of Parquet or Arrow, where this is built with the
    /// feature `parquet`.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, is no table, or has rows of different lengths.
    pub fn open(path: &Path, dialect: &Dialect) -> Result<Self> {
        let here = |error: Error| error.in_file(path);
        let mut bytes = Bytes::open(path, false)?;
        if bytes.starts_with(gzip::MAGIC) {
            bytes = gzip::unpack(&bytes).map_err(here)?;
        } else if bytes.starts_with(gzip::ZSTANDARD) {
            bytes = gzip::unpack_zstandard(&bytes).map_err(here)?;
        }
        Self::parse(&bytes, dialect).map_err(here)
    }

    /// Parses a table in memory.
    ///
    /// # Errors
    ///
    /// When the bytes are not a table, its rows have different lengths, a quote is not closed, or a limit is exceeded.
    pub fn parse(bytes: &[u8], dialect: &Dialect) -> Result<Self> {
        if let Some(kind) = columnar::kind(bytes) {
            return columns(bytes, kind, dialect);
        }
        if let Some(error) = recognised(bytes) {
            return Err(error);
        }
        let text = dialect.decoded(bytes)?;
        if !is_likely(&text) && !text.is_empty() || bytes.is_empty() {
            let why = if bytes.is_empty() { "is empty" } else { "is not text" };
            return Err(
                Error::format(why).with_hint("a table is text with one row per line, and a title for each column")
            );
        }
        Self::of_text(&text, dialect)
    }

    fn of_text(text: &[u8], dialect: &Dialect) -> Result<Self> {
        let text = without_errors(without_mark(text));
        let mut rows = Cells::read(&text, dialect.decimal)?;
        let title = if dialect.header.is_none() { take_title(&mut rows) } else { None };
        let width = rows.width()?;
        let is_word = |cell: &str| number(&dialect.cleaned(cell)).is_none() && !is_missing(cell);
        let has_header = rows.len() > 0 && dialect.header.unwrap_or_else(|| rows.row(0).any(is_word));
        let header = has_header.then(|| rows.take_first().1);
        let chosen = dialect.chosen(header.as_deref(), width)?;
        let columns = if chosen.is_empty() { (0..width).collect() } else { chosen };
        let titles = columns.iter().map(|&j| header.as_ref().map_or_else(|| (j + 1).to_string(), |all| all[j].clone()));
        let titles = titles.collect();
        let comments = rows.comments().map(|reason| Skipped { name: "a comment".into(), reason, is_broken: false });
        let rows = Rows::Text { cells: rows.into_owned(), columns, dialect: dialect.clone() };
        Ok(Self { titles, rows, left_out: title.into_iter().chain(comments).collect() })
    }

    /// What is left out, with the reasons: a first line that is a title and not a row; columns of other types than
    /// numbers and texts.
    pub fn left_out(&self) -> &[Skipped] {
        &self.left_out
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        match &self.rows {
            Rows::Text { cells, .. } => cells.len(),
            Rows::Columns(_, rows) => *rows,
        }
    }

    /// Where row `i` is: its line in a text, its number in another file, from 1.
    pub fn line(&self, i: usize) -> usize {
        match &self.rows {
            Rows::Text { cells, .. } => cells.line(i),
            Rows::Columns(..) => i + 1,
        }
    }

    /// What [`Frame::line`] counts, in words.
    pub fn line_word(&self) -> &'static str {
        match &self.rows {
            Rows::Text { .. } => "line",
            Rows::Columns(..) => "row",
        }
    }

    /// The cell in row `i` of column `j`.
    pub fn entry(&self, i: usize, j: usize) -> Entry<'_> {
        match &self.rows {
            Rows::Text { cells, columns, dialect } => Entry::Text(written(cells.cell(i, columns[j]), dialect)),
            Rows::Columns(columns, _) => columns[j][i].clone(),
        }
    }

    /// The cells of column `j` from the first row to the last.
    pub fn column(&self, j: usize) -> impl Iterator<Item = Entry<'_>> {
        (0..self.rows()).map(move |i| self.entry(i, j))
    }
}

/// A cell as this program writes numbers; a word as it is.
fn written<'a>(cell: &'a str, dialect: &Dialect) -> Cow<'a, str> {
    if let Some(number) = dialect.missing.filter(|_| is_missing(cell)) {
        return number.to_string().into();
    }
    if dialect.decimal == '.' && dialect.thousands.is_none() {
        return trimmed(cell).into();
    }
    let cleaned = dialect.cleaned(cell);
    if read(&cleaned).is_ok() { cleaned } else { trimmed(cell).into() }
}

/// The columns of a file that holds them with their types.
fn columns(bytes: &[u8], kind: &str, dialect: &Dialect) -> Result<Frame> {
    let Columns { titles, columns, rows, left_out } = columnar::read(bytes, kind)?;
    let chosen = dialect.chosen(Some(&titles), titles.len())?;
    if chosen.is_empty() {
        return Ok(Frame { titles, rows: Rows::Columns(columns, rows), left_out });
    }
    let kept = chosen.iter().map(|&j| columns[j].clone()).collect();
    let titles = chosen.iter().map(|&j| titles[j].clone()).collect();
    Ok(Frame { titles, rows: Rows::Columns(kept, rows), left_out })
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
