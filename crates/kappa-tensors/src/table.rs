//! Tables as text: comma, semicolon, tab or blanks between cells, with or without a header.

use std::borrow::Cow;

use crate::bytes::Bytes;
use crate::error::{Error, Result};
use crate::{Skipped, gzip, limits};

/// Texts of a missing value.
const MISSING: [&str; 11] = ["", "na", "n/a", "<na>", "#na", "#n/a", "#n/a n/a", "null", "none", ".", "?"];

/// Whether the bytes look like text: no control characters other than white space.
pub(crate) fn is_likely(bytes: &[u8]) -> bool {
    let start = &bytes[..bytes.len().min(4096)];
    let control = start.iter().filter(|&&b| b < 9 || (b > 13 && b < 32)).count();
    !start.is_empty() && control == 0
}

pub(crate) type Rows = Vec<(u64, Vec<String>)>;

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
    /// The line number in the file and the cells of each row.
    rows: Rows,
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
        let mut rows = rows(&without_errors(without_mark(bytes)), '.')?;
        let title = take_title(&mut rows);
        let width = width(&rows)?;
        let has_header = rows.first().is_some_and(|(_, row)| row.iter().any(|c| number(c).is_none() && !is_missing(c)));
        let titles = if has_header { rows.remove(0).1 } else { (1..=width).map(|k| k.to_string()).collect() };
        Ok(Self { titles, rows, title })
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
        self.rows[i].0
    }

    /// The cells of column `j` from the first row to the last.
    pub fn column(&self, j: usize) -> impl Iterator<Item = &str> {
        self.rows.iter().map(move |(_, row)| row[j].as_str())
    }
}

/// The number of cells of every row.
pub(crate) fn width(rows: &Rows) -> Result<usize> {
    let width = rows.first().map_or(0, |(_, row)| row.len());
    if width > limits::TABLE_COLUMNS {
        return Err(Error::limit(format!("has {width} columns; the limit is {}", limits::TABLE_COLUMNS)));
    }
    if let Some((line, row)) = rows.iter().find(|(_, row)| row.len() != width) {
        let cells = if row.len() == 1 { "1 cell".into() } else { format!("{} cells", row.len()) };
        return Err(Error::format(format!("line {line} has {cells}, the first row has {width}"))
            .with_hint("every line of a table has the same number of cells; quote cells that contain the separator"));
    }
    Ok(width)
}

/// Removes a first line that is a title and not a row: it has text, and fewer cells than all other lines.
pub(crate) fn take_title(rows: &mut Rows) -> Option<Skipped> {
    let (line, first) = rows.first()?;
    let width = rows.get(1)?.1.len();
    let is_title = first.len() < width && first.iter().any(|c| number(c).is_none());
    if !is_title || rows[1..].iter().any(|(_, row)| row.len() != width) {
        return None;
    }
    let reason = format!("a title and not a row of the table, which has {width} columns");
    let title = Skipped { name: format!("line {line}"), reason, is_broken: false };
    rows.remove(0);
    Some(title)
}

/// The text without the mark with which spreadsheets begin UTF-8, and which is no part of the first cell.
pub(crate) fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
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

/// The rows with their line numbers, of a table with this sign before decimals.
pub(crate) fn rows(bytes: &[u8], decimal: char) -> Result<Rows> {
    let bytes = without_mark(bytes);
    let is_row = |line: &&[u8]| !line.trim_ascii().is_empty() && !line.starts_with(b"#");
    let rows: Vec<&[u8]> = bytes.split(|&b| b == b'\n').filter(is_row).take(2).collect();
    let count = |line: &[u8], separator: u8| line.iter().filter(|&&b| b == separator).count();
    // As often in the next line too, rather than more often: decimal commas are not in every number.
    let rank = |&b: &u8| {
        let first = rows.first().map_or(0, |line| count(line, b));
        (first > 0 && rows.iter().all(|line| count(line, b) == first), first)
    };
    let separators = [b'\t', b',', b';'].into_iter().filter(|&b| char::from(b) != decimal);
    let separator = separators.max_by_key(rank).filter(|b| rank(b).1 > 0);
    let Some(separator) = separator else { return Ok(blank_separated(bytes)) };
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
        .comment(Some(b'#'))
        .trim(csv::Trim::All)
        .from_reader(bytes);
    let mut rows = Vec::new();
    let mut record = csv::ByteRecord::new();
    let mut lines = LineCount { bytes, at: 0, line: 1 };
    let here = |e: csv::Error| Error::format(format!("is not a table: {e}"));
    while reader.read_byte_record(&mut record).map_err(here)? {
        let line = record.position().map_or(0, |position| lines.line_of(position.byte() as usize));
        rows.push((line, record.iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect()));
    }
    // An unclosed quote makes one cell of all lines below it.
    let is_open = bytes.iter().filter(|&&b| b == b'"').count() % 2 == 1;
    if let Some((line, _)) =
        rows.last().filter(|(_, row): &&(u64, Vec<String>)| is_open && row.iter().any(|c| c.contains('\n')))
    {
        return Err(Error::format(format!("has an unclosed quote in line {line}"))
            .with_hint("a cell that begins with a quote must end with one; double the quotes inside it"));
    }
    Ok(rows)
}

/// Counts lines. The reader of records begins one at the end of the line before it where lines end with CR and LF.
struct LineCount<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u64,
}

impl LineCount<'_> {
    /// The number of the line in which the record that begins here has its first cell.
    fn line_of(&mut self, start: usize) -> u64 {
        let mut to = start;
        // Blank lines and comments before the record belong to it.
        while let Some(b'\r' | b'\n' | b'#') = self.bytes.get(to) {
            let is_comment = self.bytes[to] == b'#';
            let rest = self.bytes[to..].iter();
            to += if is_comment { rest.take_while(|&&b| b != b'\n').count() } else { 1 };
        }
        self.line += self.bytes[self.at..to].iter().filter(|&&b| b == b'\n').count() as u64;
        self.at = to;
        self.line
    }
}

fn blank_separated(bytes: &[u8]) -> Rows {
    let text = String::from_utf8_lossy(bytes);
    let lines = text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty() && !line.starts_with('#'));
    lines.map(|(line, k)| (k, line.split_whitespace().map(str::to_owned).collect())).collect()
}

fn number(cell: &str) -> Option<f64> {
    cell.trim().parse().ok()
}

pub(crate) fn is_missing(cell: &str) -> bool {
    MISSING.contains(&cell.trim().to_lowercase().as_str())
}
