//! Matrix Market exchange format: dense or sparse, general or symmetric, as text.
//!
//! Source: Boisvert, Pozo, Remington, "The Matrix Market exchange formats: initial design", NISTIR 5935 (1996). Indices
//! count from 1; the array format is column-major; symmetric files hold the lower triangle.

use num_complex::Complex64;

use crate::error::{Error, Result, printable};
use crate::number::{self, Fault, Kept, Number};
use crate::rounded::{Rounded, Tally};
use crate::source::{Triplets, no_such_tensor};
use crate::triplets::merged;
use crate::{DType, Numbers, Order, Source, Tensor, TensorInfo, limits};

pub(crate) const BANNER: &str = "%%MatrixMarket";

/// A matrix with its entries in the form of the file.
#[derive(Debug)]
pub(crate) struct MatrixMarket {
    infos: [TensorInfo; 1],
    entries: Entries,
    rounded: Option<Rounded>,
}

/// Parses a file in memory.
///
/// # Errors
///
/// When a line breaks the rules of the format, or a limit is exceeded. The message gives the line number.
pub fn parse(bytes: &[u8]) -> Result<impl Source> {
    MatrixMarket::new(bytes, "matrix")
}

#[derive(Clone, Copy, PartialEq)]
enum Field {
    Real,
    Integer,
    Unsigned,
    Complex,
    Pattern,
}

#[derive(Clone, Copy, PartialEq)]
enum Symmetry {
    General,
    Symmetric,
    SkewSymmetric,
    Hermitian,
}

struct Banner {
    is_sparse: bool,
    field: Field,
    symmetry: Symmetry,
}

impl Banner {
    fn parse(line: &str) -> Result<Self> {
        let lower = line.to_lowercase();
        let words: Vec<&str> = lower.split_whitespace().collect();
        let bad = |what: &str, word: &str, known: &str| {
            at_line(1, format!("unknown {what} `{}`; known: {known}", printable(word)))
                .with_hint("the first line reads, for example, `%%MatrixMarket matrix coordinate real general`")
        };
        let word = |k: usize| words.get(k).copied().unwrap_or("");
        if words.len() != 5 {
            return Err(at_line(1, format!("5 words expected, found {}", words.len()))
                .with_hint("the first line reads, for example, `%%MatrixMarket matrix coordinate real general`"));
        }
        if word(1) != "matrix" {
            return Err(bad("object", word(1), "matrix"));
        }
        let is_sparse = match word(2) {
            "coordinate" => true,
            "array" => false,
            other => return Err(bad("format", other, "coordinate, array")),
        };
        let field = match word(3) {
            "real" | "double" => Field::Real,
            "integer" => Field::Integer,
            // SciPy writes it for unsigned types.
            "unsigned-integer" => Field::Unsigned,
            "complex" => Field::Complex,
            "pattern" => Field::Pattern,
            other => return Err(bad("field", other, "real, integer, unsigned-integer, complex, pattern")),
        };
        let symmetry = match word(4) {
            "general" => Symmetry::General,
            "symmetric" => Symmetry::Symmetric,
            "skew-symmetric" => Symmetry::SkewSymmetric,
            "hermitian" => Symmetry::Hermitian,
            other => return Err(bad("symmetry", other, "general, symmetric, skew-symmetric, hermitian")),
        };
        if field == Field::Pattern && !is_sparse {
            return Err(at_line(1, "the format does not allow a pattern in array format")
                .with_hint("write a pattern in coordinate format"));
        }
        if symmetry == Symmetry::Hermitian && field != Field::Complex {
            return Err(at_line(1, "the format does not allow a hermitian matrix that is not complex"));
        }
        if symmetry == Symmetry::SkewSymmetric && field == Field::Pattern {
            return Err(at_line(1, "the format does not allow a skew-symmetric pattern"));
        }
        Ok(Self { is_sparse, field, symmetry })
    }
}

/// Lines with their numbers, without comments and blank lines.
struct Lines<'a> {
    lines: std::iter::Enumerate<std::str::Lines<'a>>,
}

impl<'a> Lines<'a> {
    fn next(&mut self) -> Option<(usize, &'a str)> {
        self.lines
            .by_ref()
            .map(|(k, line)| (k + 1, line.trim()))
            .find(|(_, line)| !line.is_empty() && !line.starts_with('%'))
    }
}

fn at_line(number: usize, message: impl std::fmt::Display) -> Error {
    Error::format(format!("line {number}: {message}"))
}

/// All entries in column-major order, or the stored entries.
#[derive(Debug)]
enum Entries {
    Real(Vec<f64>),
    Complex(Vec<Complex64>),
    Sparse(Vec<(usize, usize, Complex64)>),
}

impl Entries {
    fn add(&mut self, rows: usize, (i, j): (usize, usize), x: Complex64) {
        match self {
            Self::Real(entries) => entries[j * rows + i] = x.re,
            Self::Complex(entries) => entries[j * rows + i] = x,
            Self::Sparse(entries) => entries.push((i, j, x)),
        }
    }
}

impl MatrixMarket {
    pub(crate) fn new(bytes: &[u8], name: &str) -> Result<Self> {
        let text = String::from_utf8_lossy(bytes);
        let mut all = text.lines().enumerate();
        let (_, first) = all.next().unwrap_or((0, ""));
        let banner = Banner::parse(first)?;
        let mut lines = Lines { lines: all };
        let (number, line) = lines.next().ok_or_else(|| {
            let last = text.lines().count();
            Error::format(format!("is truncated: it ends after line {last}, before the line with rows and columns"))
        })?;
        let (rows, columns, count) = size(number, line, &banner)?;
        let here = |error: Error| error.at_line(number);
        limits::check_empty(&[rows, columns]).map_err(here)?;
        let entries = empty(&banner, (rows, columns, count), bytes.len()).map_err(here)?;
        let mut matrix = Filled { banner, rows, entries, tally: Tally::default() };
        if matrix.banner.is_sparse {
            sparse(&mut lines, (rows, columns, count), &mut matrix)?;
        } else {
            dense(&mut lines, rows, columns, &mut matrix)?;
        }
        if let Some((number, line)) = lines.next() {
            return Err(at_line(number, format!("`{}` follows the last entry", printable(line))));
        }
        let Filled { banner, entries, mut tally, .. } = matrix;
        let entries = match entries {
            Entries::Sparse(list) => {
                limits::check_sparse(rows, columns, list.len()).map_err(here)?;
                // Only a general matrix has duplicates.
                let is_general = banner.symmetry == Symmetry::General;
                Entries::Sparse(if is_general { merged(list, &mut tally)? } else { list })
            }
            dense => dense,
        };
        let dtype = if banner.field == Field::Complex { DType::C64 } else { DType::F64 };
        let infos = [TensorInfo { name: name.into(), dtype, shape: vec![rows, columns] }];
        Ok(Self { infos, entries, rounded: tally.finish() })
    }
}

/// Room for the entries. Their number is announced by an untrusted file: what is reserved is bounded by its size.
fn empty(banner: &Banner, (rows, columns, count): (usize, usize, usize), bytes: usize) -> Result<Entries> {
    if banner.is_sparse {
        if rows.max(columns) > limits::SPARSE_SIDE {
            let limit = limits::SPARSE_SIDE;
            return Err(Error::limit(format!("a sparse {rows}×{columns} matrix is too large"))
                .with_hint(format!("the limit is {limit} rows and {limit} columns")));
        }
        return Ok(Entries::Sparse(Vec::with_capacity(count.min(bytes / 4))));
    }
    let total = dense_size(rows, columns).ok_or_else(|| {
        Error::limit(format!("a dense {rows}×{columns} matrix is too large"))
            .with_hint(format!("the limit is {} entries", limits::DENSE_ENTRIES))
    })?;
    let announced = match banner.symmetry {
        Symmetry::General => total,
        Symmetry::SkewSymmetric => total.saturating_sub(rows) / 2,
        _ => (total + rows) / 2,
    };
    // An entry has a digit and a line feed.
    if announced > bytes / 2 + 1 {
        return Err(Error::format(format!(
            "is truncated: a {rows}×{columns} matrix has {announced} entries here, more than fit {bytes} bytes"
        ))
        .with_hint("the download or copy may have stopped early; fetch the file again"));
    }
    Ok(match banner.field {
        Field::Complex => Entries::Complex(vec![Complex64::default(); total]),
        _ => Entries::Real(vec![0.0; total]),
    })
}

/// A matrix while it is read.
struct Filled {
    banner: Banner,
    rows: usize,
    entries: Entries,
    tally: Tally,
}

impl Filled {
    /// Puts an entry at its place, and at the place that the symmetry gives it too.
    fn place(&mut self, number: usize, (i, j): (usize, usize), entry: &Entry<'_>) -> Result<()> {
        let x = entry.value();
        let is_diagonal = i == j;
        let mirror = match self.banner.symmetry {
            Symmetry::SkewSymmetric if is_diagonal && x != Complex64::default() => {
                let text = printable(entry.text);
                let message =
                    format!("the diagonal entry ({0}, {0}) of a skew-symmetric matrix is `{text}`, not 0", i + 1);
                return Err(at_line(number, message));
            }
            Symmetry::Hermitian if is_diagonal && x.im != 0.0 => {
                let text = printable(entry.text);
                let message =
                    format!("the diagonal entry ({0}, {0}) of a Hermitian matrix is not real: `{text}`", i + 1);
                return Err(at_line(number, message).with_hint(
                    "the diagonal of a Hermitian matrix has imaginary parts of 0; otherwise write `general`",
                ));
            }
            _ if is_diagonal => None,
            Symmetry::General => None,
            Symmetry::Symmetric => Some((x, 1.0)),
            Symmetry::SkewSymmetric => Some((-x, -1.0)),
            Symmetry::Hermitian => Some((x.conj(), 1.0)),
        };
        self.entries.add(self.rows, (i, j), x);
        if let Some((x, _)) = mirror {
            self.entries.add(self.rows, (j, i), x);
        }
        for number in entry.parts().filter(|number| number.kept != Kept::All) {
            let text = || entry.text.to_owned();
            match mirror {
                Some((_, sign)) => self.tally.note(&[(&[i, j], 1.0), (&[j, i], sign)], number, text),
                None => self.tally.note(&[(&[i, j], 1.0)], number, text),
            }
        }
        if entry.parts[1].is_some() {
            self.tally.forget_rest();
        }
        Ok(())
    }
}

/// rows·columns, if it is within the limit of dense matrices.
fn dense_size(rows: usize, columns: usize) -> Option<usize> {
    rows.checked_mul(columns).filter(|&n| n <= limits::DENSE_ENTRIES)
}

/// The numbers of rows, columns and entries.
fn size(number: usize, line: &str, banner: &Banner) -> Result<(usize, usize, usize)> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let expected = if banner.is_sparse { 3 } else { 2 };
    let numbers: Option<Vec<usize>> = words.iter().map(|w| w.parse().ok()).collect();
    let numbers = numbers.filter(|n| n.len() == expected).ok_or_else(|| {
        let what = if banner.is_sparse { "rows, columns and number of entries" } else { "rows and columns" };
        at_line(number, format!("{what} expected, found `{}`", printable(line)))
    })?;
    let (rows, columns) = (numbers[0], numbers[1]);
    if banner.symmetry != Symmetry::General && rows != columns {
        return Err(at_line(number, format!("a symmetric matrix must be square, got {rows}×{columns}")));
    }
    Ok((rows, columns, numbers.get(2).copied().unwrap_or(0)))
}

fn sparse(lines: &mut Lines<'_>, (rows, columns, count): (usize, usize, usize), to: &mut Filled) -> Result<()> {
    let mut seen = std::collections::HashSet::new();
    let is_general = to.banner.symmetry == Symmetry::General;
    for k in 0..count {
        let (number, line) =
            lines.next().ok_or_else(|| Error::format(format!("is truncated: {count} entries announced, {k} found")))?;
        let (first, rest) = word(line);
        let (second, rest) = word(rest);
        let index = |word: &str, limit: usize, what: &str| match word.parse::<usize>() {
            Ok(x) if (1..=limit).contains(&x) => Ok(x - 1),
            _ => {
                let word = printable(word);
                Err(at_line(number, format!("the {what} index must be between 1 and {limit}, got `{word}`")))
            }
        };
        let (i, j) = (index(first, rows, "row")?, index(second, columns, "column")?);
        if !is_general && i < j {
            let message = format!("entry ({}, {}) of a symmetric matrix is above the diagonal", i + 1, j + 1);
            return Err(at_line(number, message));
        }
        // Duplicate entries are added in a general matrix; in a symmetric one they are an error.
        if !is_general && !seen.insert((i, j)) {
            return Err(at_line(number, format!("duplicate entry ({}, {}) of a symmetric matrix", i + 1, j + 1)));
        }
        let entry = Entry::read(number, rest, to.banner.field)?;
        to.place(number, (i, j), &entry)?;
    }
    Ok(())
}

fn dense(lines: &mut Lines<'_>, rows: usize, columns: usize, to: &mut Filled) -> Result<()> {
    if rows == 0 {
        return Ok(());
    }
    for j in 0..columns {
        let first = match to.banner.symmetry {
            Symmetry::General => 0,
            Symmetry::SkewSymmetric => j + 1,
            _ => j,
        };
        for i in first..rows {
            let (number, line) = lines
                .next()
                .ok_or_else(|| Error::format(format!("is truncated: it ends before entry ({}, {})", i + 1, j + 1)))?;
            let entry = Entry::read(number, line, to.banner.field)?;
            to.place(number, (i, j), &entry)?;
        }
    }
    Ok(())
}

/// The first word, and the text behind it.
fn word(line: &str) -> (&str, &str) {
    let line = line.trim_start();
    line.split_at(line.find(char::is_whitespace).unwrap_or(line.len()))
}

/// The number or numbers at the end of a line.
struct Entry<'a> {
    text: &'a str,
    parts: [Option<Number>; 2],
}

impl<'a> Entry<'a> {
    fn read(line: usize, text: &'a str, field: Field) -> Result<Self> {
        let text = text.trim();
        let mut words = text.split_whitespace();
        let parts = match field {
            Field::Pattern => [None, None],
            Field::Complex => [Some(part(line, words.next(), field)?), Some(part(line, words.next(), field)?)],
            _ => [Some(part(line, words.next(), field)?), None],
        };
        match words.next() {
            None => Ok(Self { text, parts }),
            // Some published pattern files have values; the banner says to ignore them.
            Some(extra) if field == Field::Pattern && extra.parse::<f64>().is_ok() => Ok(Self { text, parts }),
            Some(extra) => Err(at_line(line, format!("unexpected `{}` after the entry", printable(extra)))),
        }
    }

    fn parts(&self) -> impl Iterator<Item = &Number> {
        self.parts.iter().flatten()
    }

    /// The entry; 1 in a pattern.
    fn value(&self) -> Complex64 {
        let part = |k: usize| self.parts[k].as_ref().map(|x| x.value);
        Complex64::new(part(0).unwrap_or(1.0), part(1).unwrap_or(0.0))
    }
}

fn part(line: usize, word: Option<&str>, field: Field) -> Result<Number> {
    let word = word.unwrap_or("");
    // Fortran writes exponents with D.
    let found = number::read(word).or_else(|fault| match fault {
        Fault::NotANumber => number::read(&word.replace(['d', 'D'], "e")),
        other => Err(other),
    });
    let refused = |why: &str| at_line(line, format!("`{}` {why}", printable(word)));
    let number = found.map_err(|fault| refused(&fault.to_string()).with_hint(fault.hint()))?;
    let is_whole = number.value.fract() == 0.0 && number.kept != Kept::Decimal;
    match field {
        Field::Integer | Field::Unsigned if !is_whole => {
            Err(refused("is not an integer, which the first line announces")
                .with_hint("write `real` instead of `integer` in the first line"))
        }
        Field::Unsigned if number.value < 0.0 => {
            Err(refused("is negative, and the first line announces unsigned integers")
                .with_hint("write `integer` instead of `unsigned-integer` in the first line"))
        }
        _ => Ok(number),
    }
}

impl Source for MatrixMarket {
    fn infos(&self) -> &[TensorInfo] {
        &self.infos
    }

    fn read(&self, name: &str) -> Result<Tensor<'_>> {
        if self.infos[0].name != name {
            return Err(no_such_tensor(name));
        }
        let numbers = match &self.entries {
            Entries::Real(x) => Numbers::F64((&**x).into()),
            Entries::Complex(x) => Numbers::C64((&**x).into()),
            Entries::Sparse(x) => Triplets::of(&self.infos[0], x).columns().map_err(|error| error.of_tensor(name))?,
        };
        Ok(Tensor { shape: self.infos[0].shape.clone(), order: Order::ColumnMajor, numbers })
    }

    fn rounded(&self, name: &str) -> Result<Option<Rounded>> {
        if self.infos[0].name != name {
            return Err(no_such_tensor(name));
        }
        Ok(self.rounded.clone())
    }

    fn triplets(&self, name: &str) -> Option<Triplets<'_>> {
        match &self.entries {
            Entries::Sparse(entries) if self.infos[0].name == name => Some(Triplets::of(&self.infos[0], entries)),
            _ => None,
        }
    }

    fn is_data(&self) -> bool {
        true
    }
}
