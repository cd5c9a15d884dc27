//! A table of numbers as a matrix. Every cell is a number, but for one line of titles and one column of row names.
//!
//! A cell that is anything else is refused, with its place: a row or column that is left out in silence gives the
//! answer about another matrix.

use crate::detect::FORMATS;
use crate::error::{Error, Result, printable};
use crate::number::{self, Fault, Kept, Number};
use crate::rounded::{Rounded, Tally};
use crate::source::no_such_tensor;
use crate::table::{Rows, is_missing, rows, take_title, width};
use crate::{DType, Dialect, Numbers, Order, Source, Tensor, TensorInfo};

/// A matrix from a table.
#[derive(Debug)]
pub(crate) struct Table {
    infos: [TensorInfo; 1],
    entries: Entries,
    remarks: Vec<String>,
}

/// The entries in column-major order, and those that were rounded.
#[derive(Debug)]
struct Entries {
    re: Vec<f64>,
    /// Imaginary parts, once one is not 0.
    im: Option<Vec<f64>>,
    rounded: Option<Rounded>,
    /// Cells for which another number stands.
    missing: usize,
}

/// Parses a file in memory.
///
/// # Errors
///
/// When the bytes are not a table, its rows have different lengths, a quote is not closed, a cell is not a number, or a
/// limit is exceeded.
pub fn parse(bytes: &[u8]) -> Result<impl Source> {
    Table::new(bytes, "table", &Dialect::default())
}

impl Table {
    pub(crate) fn new(bytes: &[u8], name: &str, dialect: &Dialect) -> Result<Self> {
        let mut rows = rows(bytes, dialect.decimal)?;
        let mut remarks = Vec::new();
        let has_word = rows.first().is_some_and(|(_, cells)| cells.iter().any(|cell| is_label(cell, dialect)));
        let title = if has_word && dialect.header.is_none() { take_title(&mut rows) } else { None };
        remarks.extend(title.map(|title| format!("{} is {}", title.name, title.reason)));
        let width = width(&rows)?;
        let header = match dialect.header {
            None => take_header(&mut rows, dialect),
            Some(true) if !rows.is_empty() => Some(rows.remove(0)),
            Some(_) => None,
        };
        remarks.extend(header.as_ref().map(|(line, cells)| titles(*line, cells)));
        if rows.is_empty() {
            return Err(Error::format("has no line of numbers").with_hint(FORMATS));
        }
        let chosen = dialect.chosen(header.as_ref().map(|(_, cells)| cells.as_slice()), width)?;
        let columns = if chosen.is_empty() {
            let has_names = has_row_names(&rows, header.is_some(), dialect);
            if has_names {
                remarks.push(row_names(&rows));
            }
            (usize::from(has_names)..width).collect()
        } else {
            remarks.push(format!("of {width} columns those are read that were chosen: {}", chosen.len()));
            chosen
        };
        if columns.is_empty() {
            return Err(Error::format(format!("has no numeric column ({})", row_names(&rows))).with_hint(FORMATS));
        }
        let entries = entries(&rows, &columns, dialect)?;
        if let Some(number) = dialect.missing.filter(|_| entries.missing > 0) {
            remarks.push(format!("missing values that are read as {number}: {}", entries.missing));
        }
        let dtype = if entries.im.is_some() { DType::C64 } else { DType::F64 };
        let info = TensorInfo { name: name.into(), dtype, shape: vec![rows.len(), columns.len()] };
        Ok(Self { infos: [info], entries, remarks })
    }
}

fn entries(rows: &Rows, columns: &[usize], dialect: &Dialect) -> Result<Entries> {
    let (count, mut tally) = (rows.len(), Tally::default());
    let mut found = Entries { re: vec![0.0; count * columns.len()], im: None, rounded: None, missing: 0 };
    // Row by row: the first cell that is refused is the first one for a reader too.
    for (i, (line, cells)) in rows.iter().enumerate() {
        for (k, &j) in columns.iter().enumerate() {
            let (cell, place) = (&cells[j], k * count + i);
            if let Some(number) = dialect.missing.filter(|_| is_missing(cell)) {
                found.re[place] = number;
                found.missing += 1;
                continue;
            }
            let before = j.checked_sub(1).filter(|_| dialect.thousands.is_none()).map(|k| cells[k].as_str());
            let cleaned = dialect.cleaned(cell);
            let parts = match number(&cleaned, before) {
                Err(refusal) => complex(&cleaned).ok_or_else(|| refused((*line, j + 1), cell, refusal, i == 0))?,
                Ok(number) => [number, ZERO],
            };
            for part in parts.iter().filter(|part| part.kept != Kept::All) {
                tally.note(&[(&[i, k], 1.0)], part, || cell.trim().to_owned());
            }
            found.re[place] = parts[0].value;
            if parts[1].value != 0.0 {
                found.im.get_or_insert_with(|| vec![0.0; count * columns.len()])[place] = parts[1].value;
                tally.forget_rest();
            }
        }
    }
    found.rounded = tally.finish();
    Ok(found)
}

const ZERO: Number = Number { value: 0.0, kept: Kept::All };

/// The parts of a complex number: 1+2i, 1-2j, (1+2j), 3i, -i.
fn complex(cell: &str) -> Option<[Number; 2]> {
    let inner = cell.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap_or(cell).trim();
    let body = inner.strip_suffix(['i', 'j', 'I', 'J'])?;
    let body = body.strip_suffix('*').unwrap_or(body);
    // The last sign that is no part of an exponent begins the imaginary part.
    let is_sign = |&(k, b): &(usize, u8)| b"+-".contains(&b) && (k == 0 || !b"eEdD".contains(&body.as_bytes()[k - 1]));
    let at = body.as_bytes().iter().copied().enumerate().rfind(is_sign).map_or(0, |(k, _)| k);
    let (re, im) = body.split_at(at);
    let read = |text: &str| number::read(text.trim()).ok();
    let im = match im.trim() {
        "" | "+" => read("1")?,
        "-" => read("-1")?,
        im => read(&im.replace(' ', ""))?,
    };
    Some([if re.trim().is_empty() { ZERO } else { read(re)? }, im])
}

/// Why a cell is refused.
enum Refusal {
    Number(Fault),
    /// It may be the end of the number in the cell before, with a separator of thousands between them.
    Thousands(String),
}

fn number(cell: &str, before: Option<&str>) -> std::result::Result<Number, Refusal> {
    let number = number::read(cell).map_err(Refusal::Number)?;
    match before {
        Some(before) if is_end_of_thousands(before, cell) => Err(Refusal::Thousands(before.trim().to_owned())),
        _ => Ok(number),
    }
}

/// Whether `1` and `000`, or `12` and `050`, may be one number: a separate number
/// has no leading zeros.
fn is_end_of_thousands(before: &str, cell: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let (before, cell) = (before.trim().trim_start_matches(['+', '-']), cell.trim());
    let is_group = cell.len() == 3 && digits(cell) && cell.starts_with('0');
    is_group && digits(before) && before.len() <= 3 && !before.starts_with('0')
}

fn refused((line, column): (u64, usize), cell: &str, refusal: Refusal, is_first: bool) -> Error {
    let place = format!("line {line}, column {column}");
    let text = printable(cell.trim());
    match refusal {
        Refusal::Thousands(before) => {
            Error::format(format!("{place}: `{before}` and `{text}` may be one number with a separator of thousands"))
                .with_hint("write 1000 for 1,000, and the cell 0 for 000")
        }
        Refusal::Number(Fault::NotANumber) if is_missing(cell) => {
            let what =
                if text.is_empty() { "the cell is empty".into() } else { format!("the value is missing: `{text}`") };
            Error::format(format!("{place}: {what}")).with_hint(
                "a matrix has a number in every place: fill the cell, delete its row or column, or give `--missing 0`",
            )
        }
        Refusal::Number(Fault::NotANumber) => {
            Error::format(format!("{place}: `{text}` is not a number")).with_hint(hint(cell, is_first))
        }
        Refusal::Number(fault) => Error::format(format!("{place}: `{text}` {fault}")).with_hint(fault.hint()),
    }
}

/// What the writer of this cell may have meant.
fn hint(cell: &str, is_first: bool) -> &'static str {
    let cell = cell.trim();
    let has_digit = cell.contains(|c: char| c.is_ascii_digit());
    let lower = cell.to_lowercase();
    match () {
        () if has_digit && cell.contains([',', ';']) => {
            "write decimals with a point, 1.5 for 1,5, and 1000 for 1,000; or say how they are written: \
             `--decimal ,` or `--thousands ,`"
        }
        () if has_digit && cell.contains(char::is_whitespace) => {
            "write numbers without separators of thousands, 1000 for 1 000"
        }
        () if lower.contains("0x") => "write the number in decimal digits",
        () if has_digit && cell.contains('/') => "write the quotient as a decimal number",
        () if number::read(&lower.replace('d', "e")).is_ok() => "write the exponent with e, 1e3 for 1d3",
        () if is_first => "correct the cell; a line of titles has no number in it: begin it with `#` to leave it out",
        () => "correct the cell, or delete its row or column: only the first column may hold names",
    }
}

/// Whether a cell is a word, and not a number with a mistake in it.
fn is_label(cell: &str, dialect: &Dialect) -> bool {
    let cell = cell.trim();
    let start = cell.trim_start_matches(|c: char| !c.is_alphanumeric() && c != '_');
    let is_word = start.starts_with(|c: char| c.is_alphabetic() || c == '_');
    is_word && !is_missing(cell) && number::read(&dialect.cleaned(cell)).is_err() && complex(cell).is_none()
}

/// Removes a first row of titles: words only, but for cells that are empty.
fn take_header(rows: &mut Rows, dialect: &Dialect) -> Option<(u64, Vec<String>)> {
    let (_, cells) = rows.first()?;
    let is_title = |cell: &String| cell.trim().is_empty() || is_label(cell, dialect);
    (cells.iter().any(|cell| is_label(cell, dialect)) && cells.iter().all(is_title)).then(|| rows.remove(0))
}

/// Whether the first column names the rows: every cell is a word. One word alone may be a typing mistake.
fn has_row_names(rows: &Rows, has_header: bool, dialect: &Dialect) -> bool {
    let is_name = |cells: &[String]| cells.first().is_some_and(|cell| is_label(cell, dialect));
    (rows.len() > 1 || has_header) && rows.iter().all(|(_, cells)| is_name(cells))
}

/// The most words that a remark repeats.
const SHOWN: usize = 4;

fn words<'a>(cells: impl Iterator<Item = &'a str>) -> String {
    let all: Vec<String> = cells.map(|cell| format!("`{}`", printable(cell.trim()))).collect();
    let more = if all.len() > SHOWN { ", …" } else { "" };
    all[..all.len().min(SHOWN)].join(", ") + more
}

fn titles(line: u64, cells: &[String]) -> String {
    format!("line {line} holds titles and no row of the matrix: {}", words(cells.iter().map(String::as_str)))
}

fn row_names(rows: &Rows) -> String {
    let cells = rows.iter().filter_map(|(_, cells)| cells.first()).map(String::as_str);
    format!("column 1 names the rows and is not part of the matrix: {}", words(cells))
}

impl Source for Table {
    fn infos(&self) -> &[TensorInfo] {
        &self.infos
    }

    fn read(&self, name: &str) -> Result<Tensor<'_>> {
        if self.infos[0].name != name {
            return Err(no_such_tensor(name));
        }
        let numbers = match &self.entries.im {
            None => Numbers::F64(self.entries.re.as_slice().into()),
            Some(im) => {
                let parts = self.entries.re.iter().zip(im);
                Numbers::C64(parts.map(|(&re, &im)| num_complex::Complex64::new(re, im)).collect())
            }
        };
        Ok(Tensor { shape: self.infos[0].shape.clone(), order: Order::ColumnMajor, numbers })
    }

    fn order(&self, _: &str) -> Order {
        Order::ColumnMajor
    }

    fn remarks(&self, _: &str) -> &[String] {
        &self.remarks
    }

    fn rounded(&self, _: &str) -> Result<Option<Rounded>> {
        Ok(self.entries.rounded.clone())
    }

    fn is_data(&self) -> bool {
        true
    }
}
