//! Matrix Market exchange format: dense or sparse, general or symmetric, as text.
//!
//! Source: Boisvert, Pozo, Remington, "The Matrix Market exchange formats: initial design", NISTIR 5935 (1996). Indices
//! count from 1; the array format is column-major; symmetric files hold the lower triangle.

use num_complex::Complex64;

use crate::error::{Error, Result, printable};
use crate::source::{Triplets, no_such_tensor};
use crate::{DType, Numbers, Order, Source, Tensor, TensorInfo, limits};

pub(crate) const BANNER: &str = "%%MatrixMarket";

/// A matrix with its entries in the form of the file.
#[derive(Debug)]
pub(crate) struct MatrixMarket {
    infos: [TensorInfo; 1],
    entries: Entries,
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
            "complex" => Field::Complex,
            "pattern" => Field::Pattern,
            other => return Err(bad("field", other, "real, integer, complex, pattern")),
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
            Self::Real(entries) => entries[j * rows + i] += x.re,
            Self::Complex(entries) => entries[j * rows + i] += x,
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
        let mut entries = if banner.is_sparse {
            if rows.max(columns) > limits::SPARSE_SIDE {
                let limit = limits::SPARSE_SIDE;
                let message = format!("line {number}: a sparse {rows}×{columns} matrix is too large");
                return Err(Error::limit(message).with_hint(format!("the limit is {limit} rows and {limit} columns")));
            }
            // The number of entries is announced by an untrusted file: the capacity is bounded by the size of the file.
            Entries::Sparse(Vec::with_capacity(count.min(bytes.len() / 4)))
        } else {
            let total = dense_size(rows, columns).ok_or_else(|| {
                let message = format!("line {number}: a dense {rows}×{columns} matrix is too large");
                Error::limit(message).with_hint(format!("the limit is {} entries", limits::DENSE_ENTRIES))
            })?;
            match banner.field {
                Field::Complex => Entries::Complex(vec![Complex64::default(); total]),
                _ => Entries::Real(vec![0.0; total]),
            }
        };
        let mut place = |number: usize, i: usize, j: usize, x: Complex64| -> Result<()> {
            entries.add(rows, (i, j), x);
            match banner.symmetry {
                Symmetry::General => {}
                Symmetry::SkewSymmetric if i == j && x != Complex64::default() => {
                    let place = format!("({}, {})", i + 1, j + 1);
                    return Err(at_line(
                        number,
                        format!("the diagonal entry {place} of a skew-symmetric matrix is not 0"),
                    ));
                }
                _ if i == j => {}
                Symmetry::Symmetric => entries.add(rows, (j, i), x),
                Symmetry::SkewSymmetric => entries.add(rows, (j, i), -x),
                Symmetry::Hermitian => entries.add(rows, (j, i), x.conj()),
            }
            Ok(())
        };
        if banner.is_sparse {
            sparse(&mut lines, &banner, (rows, columns, count), &mut place)?;
        } else {
            dense(&mut lines, &banner, rows, columns, &mut place)?;
        }
        if let Some((number, line)) = lines.next() {
            return Err(at_line(number, format!("`{}` follows the last entry", printable(line))));
        }
        let dtype = if banner.field == Field::Complex { DType::C64 } else { DType::F64 };
        Ok(Self { infos: [TensorInfo { name: name.into(), dtype, shape: vec![rows, columns] }], entries })
    }

    fn is_complex(&self) -> bool {
        self.infos[0].dtype == DType::C64
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

type Place<'a> = dyn FnMut(usize, usize, usize, Complex64) -> Result<()> + 'a;

fn sparse(
    lines: &mut Lines<'_>,
    banner: &Banner,
    (rows, columns, count): (usize, usize, usize),
    place: &mut Place<'_>,
) -> Result<()> {
    let mut seen = std::collections::HashSet::new();
    for k in 0..count {
        let (number, line) =
            lines.next().ok_or_else(|| Error::format(format!("is truncated: {count} entries announced, {k} found")))?;
        let mut words = line.split_whitespace();
        let mut index = |limit: usize, what: &str| {
            let word = words.next().unwrap_or("");
            match word.parse::<usize>() {
                Ok(x) if (1..=limit).contains(&x) => Ok(x - 1),
                _ => {
                    let word = printable(word);
                    Err(at_line(number, format!("the {what} index must be between 1 and {limit}, got `{word}`")))
                }
            }
        };
        let (i, j) = (index(rows, "row")?, index(columns, "column")?);
        if banner.symmetry != Symmetry::General && i < j {
            let message = format!("entry ({}, {}) of a symmetric matrix is above the diagonal", i + 1, j + 1);
            return Err(at_line(number, message));
        }
        // Duplicate entries are added in a general matrix; in a symmetric one they are an error.
        if banner.symmetry != Symmetry::General && !seen.insert((i, j)) {
            return Err(at_line(number, format!("duplicate entry ({}, {}) of a symmetric matrix", i + 1, j + 1)));
        }
        place(number, i, j, value(number, &mut words, banner.field)?)?;
    }
    Ok(())
}

fn dense(lines: &mut Lines<'_>, banner: &Banner, rows: usize, columns: usize, place: &mut Place<'_>) -> Result<()> {
    for j in 0..columns {
        let first = match banner.symmetry {
            Symmetry::General => 0,
            Symmetry::SkewSymmetric => j + 1,
            _ => j,
        };
        for i in first..rows {
            let (number, line) = lines
                .next()
                .ok_or_else(|| Error::format(format!("is truncated: it ends before entry ({}, {})", i + 1, j + 1)))?;
            place(number, i, j, value(number, &mut line.split_whitespace(), banner.field)?)?;
        }
    }
    Ok(())
}

/// The number or numbers at the end of a line.
fn value<'a>(number: usize, words: &mut impl Iterator<Item = &'a str>, field: Field) -> Result<Complex64> {
    let mut real = || {
        let word = words.next().unwrap_or("");
        // Fortran writes exponents with D.
        let parsed = word.parse::<f64>().or_else(|_| word.replace(['d', 'D'], "e").parse());
        parsed.map_err(|_| at_line(number, format!("`{}` is not a number", printable(word))))
    };
    let x = match field {
        Field::Pattern => Complex64::new(1.0, 0.0),
        Field::Real | Field::Integer => Complex64::new(real()?, 0.0),
        Field::Complex => Complex64::new(real()?, real()?),
    };
    match words.next() {
        None => Ok(x),
        // Some published pattern files have values; the banner says to ignore them.
        Some(extra) if field == Field::Pattern && extra.parse::<f64>().is_ok() => Ok(x),
        Some(extra) => Err(at_line(number, format!("unexpected `{}` after the entry", printable(extra)))),
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
        let (rows, columns) = (self.infos[0].shape[0], self.infos[0].shape[1]);
        let total = || {
            dense_size(rows, columns).ok_or_else(|| {
                Error::limit(format!("is a sparse {rows}×{columns} matrix, too large to store as a dense one"))
                    .of_tensor(name)
                    .with_hint(format!("the limit is {} entries", limits::DENSE_ENTRIES))
            })
        };
        let numbers = match &self.entries {
            Entries::Real(x) => Numbers::F64((&**x).into()),
            Entries::Complex(x) => Numbers::C64((&**x).into()),
            Entries::Sparse(x) if self.is_complex() => {
                let mut whole = vec![Complex64::default(); total()?];
                x.iter().for_each(|&(i, j, x)| whole[j * rows + i] += x);
                Numbers::C64(whole.into())
            }
            Entries::Sparse(x) => {
                let mut whole = vec![0.0; total()?];
                x.iter().for_each(|&(i, j, x)| whole[j * rows + i] += x.re);
                Numbers::F64(whole.into())
            }
        };
        Ok(Tensor { shape: self.infos[0].shape.clone(), order: Order::ColumnMajor, numbers })
    }

    fn triplets(&self, name: &str) -> Option<Triplets<'_>> {
        let shape = (self.infos[0].shape[0], self.infos[0].shape[1]);
        match &self.entries {
            Entries::Sparse(entries) if self.infos[0].name == name => {
                Some(Triplets { shape, entries, is_complex: self.is_complex() })
            }
            _ => None,
        }
    }

    fn is_single_matrix(&self) -> bool {
        true
    }
}
