//! A table of numbers as a matrix. Every cell is a number, but for one line of titles and one column of row names.
//!
//! A cell that is anything else is refused, with its place: a row or column that is left out in silence gives the
//! answer about another matrix.

use num_complex::Complex64;
use rayon::prelude::*;

use super::{Cells, is_missing, take_title};
use crate::error::{Error, Result, printable};
use crate::number::{self, Fault, Kept, Number};
use crate::rounded::{Rounded, Tally};
use crate::source::no_such_tensor;
use crate::strangers::FORMATS;
use crate::triplets::doubles;
use crate::{Dialect, Numbers, Order, Source, Tensor, TensorInfo};

/// A matrix from a table.
#[derive(Debug)]
pub(crate) struct Table {
    infos: [TensorInfo; 1],
    entries: Entries,
    remarks: Vec<String>,
}

/// The entries in row-major order, and those that were rounded.
#[derive(Debug)]
struct Entries {
    numbers: Numbers<'static>,
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
        let mut rows = Cells::read(bytes, dialect.decimal)?;
        let mut remarks = Vec::new();
        let has_word = rows.len() > 0 && rows.row(0).any(|cell| is_label(cell, dialect));
        let title = if has_word && dialect.header.is_none() { take_title(&mut rows) } else { None };
        remarks.extend(title.map(|title| format!("{} is {}", title.name, title.reason)));
        let width = rows.width()?;
        let header = match dialect.header {
            None => take_header(&mut rows, dialect),
            Some(true) if rows.len() > 0 => Some(rows.take_first()),
            Some(_) => None,
        };
        remarks.extend(header.as_ref().map(|(line, cells)| titles(*line, cells)));
        if rows.len() == 0 {
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
        remarks.extend(rows.comments());
        if let Some(number) = dialect.missing.filter(|_| entries.missing > 0) {
            remarks.push(format!("missing values that are read as {number}: {}", entries.missing));
        }
        let dtype = doubles(matches!(entries.numbers, Numbers::C64(_)));
        let info = TensorInfo { name: name.into(), dtype, shape: vec![rows.len(), columns.len()] };
        Ok(Self { infos: [info], entries, remarks })
    }
}

/// Cells that a thread reads at a time. The number does not depend on that of the threads, and nor does the bound of
/// what is lost.
const CHUNK: usize = 1 << 14;

/// What some rows hold beside the real parts.
#[derive(Default)]
struct Part {
    /// The imaginary parts that are not 0, with their places.
    im: Vec<(usize, f64)>,
    tally: Tally,
    missing: usize,
}

fn entries(rows: &Cells<'_>, columns: &[usize], dialect: &Dialect) -> Result<Entries> {
    let mut re = vec![0.0; rows.len() * columns.len()];
    let height = (CHUNK / columns.len()).max(1);
    let parts: Vec<Result<Part>> = (re.par_chunks_mut(height * columns.len()).enumerate())
        .map(|(k, re)| part(rows, columns, dialect, k * height, re))
        .collect();
    let (mut im, mut tally, mut missing) = (Vec::new(), Tally::default(), 0);
    for part in parts {
        // The first cell that is refused is the first one for a reader too.
        let part = part?;
        im.extend(part.im);
        tally.join(part.tally);
        missing += part.missing;
    }
    let numbers = if im.is_empty() {
        Numbers::F64(re.into())
    } else {
        tally.forget_rest();
        let mut all: Vec<Complex64> = re.into_iter().map(|re| Complex64::new(re, 0.0)).collect();
        im.into_iter().for_each(|(place, im)| all[place].im = im);
        Numbers::C64(all.into())
    };
    Ok(Entries { numbers, rounded: tally.finish(), missing })
}

/// Reads the rows from `first` on into `re`.
fn part(rows: &Cells<'_>, columns: &[usize], dialect: &Dialect, first: usize, re: &mut [f64]) -> Result<Part> {
    let mut found = Part::default();
    for (i, line) in (first..).zip(re.chunks_exact_mut(columns.len())) {
        for (k, (&j, re)) in columns.iter().zip(line).enumerate() {
            let cell = rows.cell(i, j);
            if let Some(number) = dialect.missing.filter(|_| is_missing(cell)) {
                *re = number;
                found.missing += 1;
                continue;
            }
            let before = || j.checked_sub(1).filter(|_| dialect.thousands.is_none()).map(|j| rows.cell(i, j));
            let cleaned = dialect.cleaned(cell);
            let [x, y] = match number(&cleaned, before) {
                Err(refusal) => {
                    complex(&cleaned).ok_or_else(|| refused((rows.line(i), j + 1), cell, refusal, i == 0))?
                }
                Ok(number) => [number, ZERO],
            };
            for part in [&x, &y] {
                if !found.tally.note_more(part) {
                    found.tally.note(&[(&[i, k], 1.0)], part, || cell.to_owned());
                }
            }
            *re = x.value;
            if y.value != 0.0 {
                found.im.push((i * columns.len() + k, y.value));
            }
        }
    }
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

fn number<'a>(cell: &str, before: impl Fn() -> Option<&'a str>) -> std::result::Result<Number, Refusal> {
    let number = number::read(cell).map_err(Refusal::Number)?;
    // A separate number has no leading zeros: `1` and `000`, or `12` and `050`, may be one number.
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if cell.len() == 3
        && cell.starts_with('0')
        && digits(cell)
        && let Some(before) = before()
    {
        let start = before.trim_start_matches(['+', '-']);
        if digits(start) && start.len() <= 3 && !start.starts_with('0') {
            return Err(Refusal::Thousands(before.to_owned()));
        }
    }
    Ok(number)
}

fn refused((line, column): (usize, usize), cell: &str, refusal: Refusal, is_first: bool) -> Error {
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
fn take_header(rows: &mut Cells<'_>, dialect: &Dialect) -> Option<(usize, Vec<String>)> {
    if rows.len() == 0 {
        return None;
    }
    let is_title = |cell: &str| cell.is_empty() || is_label(cell, dialect);
    (rows.row(0).any(|cell| is_label(cell, dialect)) && rows.row(0).all(is_title)).then(|| rows.take_first())
}

/// Whether the first column names the rows: most of its cells are words or signs, as in files of word vectors, whose
/// words are also numbers. One word alone may be a typing mistake.
fn has_row_names(rows: &Cells<'_>, has_header: bool, dialect: &Dialect) -> bool {
    let is_sign = |cell: &str| !is_missing(cell) && !cell.contains(char::is_alphanumeric);
    let is_name = |i: &usize| rows.row(*i).next().is_some_and(|cell| is_label(cell, dialect) || is_sign(cell));
    let has_one = rows.len() > 0 && is_name(&0) || rows.len() > 1 && is_name(&1);
    let count = || (0..rows.len()).filter(is_name).count();
    // Between separators a number among the words is a mistake.
    let fits = |count: usize| count == rows.len() || rows.has_blanks() && 2 * count > rows.len();
    (rows.len() > 1 || has_header) && has_one && fits(count())
}

/// The most words that a remark repeats.
const SHOWN: usize = 4;

fn words<'a>(cells: impl Iterator<Item = &'a str>) -> String {
    let all: Vec<String> = cells.take(SHOWN + 1).map(|cell| format!("`{}`", printable(cell.trim()))).collect();
    let more = if all.len() > SHOWN { ", …" } else { "" };
    all[..all.len().min(SHOWN)].join(", ") + more
}

fn titles(line: usize, cells: &[String]) -> String {
    format!("line {line} holds titles and no row of the matrix: {}", words(cells.iter().map(String::as_str)))
}

fn row_names(rows: &Cells<'_>) -> String {
    let cells = (0..rows.len()).filter_map(|i| rows.row(i).next());
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
        let numbers = match &self.entries.numbers {
            Numbers::F64(x) => Numbers::F64((&**x).into()),
            Numbers::C64(x) => Numbers::C64((&**x).into()),
            other => other.clone(),
        };
        Ok(Tensor { shape: self.infos[0].shape.clone(), order: Order::RowMajor, numbers })
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
