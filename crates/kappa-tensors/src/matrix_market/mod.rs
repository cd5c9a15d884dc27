//! Matrix Market exchange format: dense or sparse, general or symmetric, as text.
//!
//! Source: Boisvert, Pozo, Remington, "The Matrix Market exchange formats: initial design", NISTIR 5935 (1996). Indices
//! count from 1; the array format is column-major; symmetric files hold the lower triangle.

mod banner;
mod entry;

use num_complex::Complex64;
use rayon::prelude::*;

use crate::blocks::{Block, blocks};
use crate::error::{Error, Result, printable};
use crate::number::{self, Kept, trimmed};
use crate::rounded::{Rounded, Tally};
use crate::source::{Triplets, no_such_tensor};
use crate::triplets::{List, Sparse, doubles};
use crate::{Numbers, Order, Source, Tensor, TensorInfo, limits};
use banner::{Banner, Field, Symmetry, size};
use entry::{Entry, word};

pub(crate) const BANNER: &str = "%%MatrixMarket";

/// A matrix with its entries in the form of the file.
#[derive(Debug)]
pub(crate) struct MatrixMarket {
    infos: [TensorInfo; 1],
    entries: Entries,
}

/// All entries in column-major order, or the stored entries.
#[derive(Debug)]
enum Entries {
    Real(Vec<f64>, Option<Rounded>),
    Complex(Vec<Complex64>, Option<Rounded>),
    Sparse(Sparse),
}

/// Parses a file in memory.
///
/// # Errors
///
/// When a line breaks the rules of the format, or a limit is exceeded. The message gives the line number.
pub fn parse(bytes: &[u8]) -> Result<impl Source> {
    MatrixMarket::new(bytes, "matrix")
}

fn at_line(number: usize, message: impl std::fmt::Display) -> Error {
    Error::format(format!("line {number}: {message}"))
}

/// Whether a line is no comment and not blank.
fn is_content(line: &str) -> bool {
    match line.bytes().next() {
        Some(b'0'..=b'9' | b'-') => true,
        _ => !matches!(line.trim_start().bytes().next(), None | Some(b'%')),
    }
}

impl MatrixMarket {
    pub(crate) fn new(bytes: &[u8], name: &str) -> Result<Self> {
        let Head { banner, shape, count, number, rest } = Head::read(bytes)?;
        let here = |error: Error| error.at_line(number);
        limits::check_empty(&[shape.0, shape.1]).map_err(here)?;
        let count = if banner.is_sparse { count } else { dense_count(banner.symmetry, shape).map_err(here)? };
        check_count(&banner, shape, count, bytes.len()).map_err(here)?;
        let body = Body { banner, shape, count, blocks: blocks(rest, number + 1, is_content) };
        let entries = match (body.banner.is_sparse, body.banner.field) {
            (true, _) => Entries::Sparse(body.sparse(number)?),
            (false, Field::Complex) => {
                let (entries, rounded) = body.dense(
                    |entry| entry,
                    |x, symmetry| match symmetry {
                        Symmetry::Hermitian => x.conj(),
                        Symmetry::SkewSymmetric => -x,
                        _ => x,
                    },
                )?;
                Entries::Complex(entries, rounded)
            }
            (false, _) => {
                let mirrored = |x: f64, symmetry| if symmetry == Symmetry::SkewSymmetric { -x } else { x };
                let (entries, rounded) = body.dense(|entry| entry.re, mirrored)?;
                Entries::Real(entries, rounded)
            }
        };
        let dtype = doubles(body.banner.field == Field::Complex);
        let infos = [TensorInfo { name: name.into(), dtype, shape: vec![shape.0, shape.1] }];
        Ok(Self { infos, entries })
    }

    fn check(&self, name: &str) -> Result<()> {
        if self.infos[0].name == name { Ok(()) } else { Err(no_such_tensor(name)) }
    }
}

/// What precedes the entries.
struct Head<'a> {
    banner: Banner,
    shape: (usize, usize),
    /// The announced number of entries of a sparse matrix.
    count: usize,
    /// The number of the line with the sizes.
    number: usize,
    rest: &'a [u8],
}

impl<'a> Head<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self> {
        let (mut rest, mut number) = (bytes, 0);
        let mut next = || -> Option<(usize, std::borrow::Cow<'a, str>)> {
            if rest.is_empty() {
                return None;
            }
            let end = rest.iter().position(|&b| b == b'\n').map_or(rest.len(), |k| k + 1);
            let (line, after) = rest.split_at(end);
            (rest, number) = (after, number + 1);
            Some((number, String::from_utf8_lossy(line)))
        };
        let banner = Banner::parse(next().map_or_else(String::new, |(_, line)| line.into_owned()).trim_end())?;
        let sizes = loop {
            match next() {
                Some((number, line)) if is_content(&line) => break Some((number, line)),
                Some(_) => {}
                None => break None,
            }
        };
        let (number, line) = sizes.ok_or_else(|| {
            Error::format(format!("is truncated: it ends after line {number}, before the line with rows and columns"))
        })?;
        let (rows, columns, count) = size(number, line.trim(), &banner)?;
        Ok(Self { banner, shape: (rows, columns), count, number, rest })
    }
}

/// The number of entries of a dense matrix in the file.
fn dense_count(symmetry: Symmetry, (rows, columns): (usize, usize)) -> Result<usize> {
    let total = rows.checked_mul(columns).filter(|&n| n <= limits::DENSE_ENTRIES).ok_or_else(|| {
        Error::limit(format!("a dense {rows}×{columns} matrix is too large"))
            .with_hint(format!("the limit is {} entries", limits::DENSE_ENTRIES))
    })?;
    Ok(match symmetry {
        Symmetry::General => total,
        Symmetry::SkewSymmetric => total.saturating_sub(rows) / 2,
        _ => (total + rows) / 2,
    })
}

/// Checks that the announced number of entries fits the size of the file, which is not trusted.
fn check_count(banner: &Banner, (rows, columns): (usize, usize), count: usize, bytes: usize) -> Result<()> {
    if banner.is_sparse && rows.max(columns) > limits::SPARSE_SIDE {
        let limit = limits::SPARSE_SIDE;
        return Err(Error::limit(format!("a sparse {rows}×{columns} matrix is too large"))
            .with_hint(format!("the limit is {limit} rows and {limit} columns")));
    }
    // An entry has a digit and a line feed.
    if !banner.is_sparse && count > bytes / 2 + 1 {
        return Err(Error::format(format!(
            "is truncated: a {rows}×{columns} matrix has {count} entries here, more than fit {bytes} bytes"
        ))
        .with_hint("the download or copy may have stopped early; fetch the file again"));
    }
    Ok(())
}

/// The entries as text.
struct Body<'a> {
    banner: Banner,
    shape: (usize, usize),
    /// How many there must be.
    count: usize,
    blocks: Vec<Block<'a>>,
}

impl Body<'_> {
    /// How many lines there are.
    fn found(&self) -> usize {
        self.blocks.last().map_or(0, |block| block.first + block.count)
    }

    /// What `read` makes of each entry from its number from 0, its line number and its text; and what doubles lost.
    fn entries<T: Copy + Send>(
        &self,
        zero: T,
        read: impl Fn(usize, usize, &str, &mut Tally) -> Result<T> + Sync,
    ) -> Result<(Vec<T>, Tally)> {
        let mut entries = vec![zero; self.count.min(self.found())];
        let mut rest = entries.as_mut_slice();
        let mut parts = Vec::new();
        for block in &self.blocks {
            let (part, after) = rest.split_at_mut(block.count.min(rest.len()));
            parts.push((block, part));
            rest = after;
        }
        let tallies: Vec<Result<Tally>> = (parts.into_par_iter())
            .map(|(block, part)| {
                let mut tally = Tally::default();
                for (k, (entry, (number, line))) in part.iter_mut().zip(block.lines(is_content)).enumerate() {
                    *entry = read(block.first + k, number, trimmed(line), &mut tally)?;
                }
                Ok(tally)
            })
            .collect();
        let mut all = Tally::default();
        for tally in tallies {
            all.join(tally?);
        }
        if let Some((number, line)) = self.line(self.count) {
            return Err(at_line(number, format!("`{}` follows the last entry", printable(line.trim()))));
        }
        Ok((entries, all))
    }

    /// The line of an entry.
    fn line(&self, entry: usize) -> Option<(usize, &str)> {
        let block = self.blocks.iter().find(|block| block.first + block.count > entry)?;
        block.lines(is_content).nth(entry - block.first)
    }

    /// Notes what doubles lost of an entry, also at the place that the symmetry gives it.
    fn note(&self, (i, j): (usize, usize), entry: &Entry<'_>, tally: &mut Tally) {
        for number in entry.parts().filter(|number| number.kept != Kept::All) {
            let text = || entry.text.to_owned();
            let sign = if self.banner.symmetry == Symmetry::SkewSymmetric { -1.0 } else { 1.0 };
            if i == j || self.banner.symmetry == Symmetry::General {
                tally.note(&[(&[i, j], 1.0)], number, text);
            } else {
                tally.note(&[(&[i, j], 1.0), (&[j, i], sign)], number, text);
            }
            if entry.parts[1].is_some() {
                tally.forget_rest();
            }
        }
    }

    /// Checks an entry of the diagonal.
    fn check_diagonal(&self, number: usize, i: usize, entry: &Entry<'_>) -> Result<()> {
        let (x, i, text) = (entry.value(), i + 1, || printable(entry.text));
        match self.banner.symmetry {
            Symmetry::SkewSymmetric if x != Complex64::default() => Err(at_line(
                number,
                format!("the diagonal entry ({i}, {i}) of a skew-symmetric matrix is `{}`, not 0", text()),
            )),
            Symmetry::Hermitian if x.im != 0.0 => {
                let message = format!("the diagonal entry ({i}, {i}) of a Hermitian matrix is not real: `{}`", text());
                Err(at_line(number, message).with_hint(
                    "the diagonal of a Hermitian matrix has imaginary parts of 0; otherwise write `general`",
                ))
            }
            _ => Ok(()),
        }
    }

    fn dense<T: Copy + Default + Send>(
        &self,
        of: impl Fn(Complex64) -> T + Sync,
        mirrored: impl Fn(T, Symmetry) -> T,
    ) -> Result<(Vec<T>, Option<Rounded>)> {
        let (symmetry, (rows, columns)) = (self.banner.symmetry, self.shape);
        let starts = starts(symmetry, self.shape);
        let place = |k: usize| match symmetry {
            Symmetry::General => (k % rows, k / rows),
            _ => {
                let j = starts.partition_point(|&(start, _)| start <= k) - 1;
                (starts[j].1 + k - starts[j].0, j)
            }
        };
        let is_plain = symmetry == Symmetry::General && self.banner.field == Field::Real;
        let read = |k: usize, number: usize, line: &str, tally: &mut Tally| {
            // Most lines are one number, and most numbers are decimals.
            if is_plain
                && let Ok(number) = number::read(line)
                && tally.note_more(&number)
            {
                return Ok(of(number.value.into()));
            }
            let entry = Entry::read(number, line, self.banner.field)?;
            let (i, j) = place(k);
            if i == j {
                self.check_diagonal(number, i, &entry)?;
            }
            self.note((i, j), &entry, tally);
            Ok(of(entry.value()))
        };
        let (entries, tally) = self.entries(T::default(), read)?;
        if entries.len() < self.count {
            let (i, j) = place(entries.len());
            return Err(Error::format(format!("is truncated: it ends before entry ({}, {})", i + 1, j + 1)));
        }
        if symmetry == Symmetry::General {
            return Ok((entries, tally.finish()));
        }
        let mut whole = vec![T::default(); rows * columns];
        for (j, &(start, first)) in starts.iter().enumerate() {
            for i in first..rows {
                let x = entries[start + i - first];
                whole[j * rows + i] = x;
                if i != j {
                    whole[i * rows + j] = mirrored(x, symmetry);
                }
            }
        }
        Ok((whole, tally.finish()))
    }

    fn sparse(&self, sizes: usize) -> Result<Sparse> {
        let symmetry = self.banner.symmetry;
        let read = |_: usize, number: usize, line: &str, tally: &mut Tally| {
            let ((i, j), rest) = self.place(number, line)?;
            let entry = Entry::read(number, rest, self.banner.field)?;
            if i == j {
                self.check_diagonal(number, i, &entry)?;
            }
            self.note((i, j), &entry, tally);
            Ok((i, j, entry.value()))
        };
        let (mut entries, tally) = self.entries((0, 0, Complex64::default()), read)?;
        let found = entries.len();
        if found < self.count {
            return Err(Error::format(format!("is truncated: {} entries announced, {found} found", self.count)));
        }
        let (rows, columns) = self.shape;
        let dtype = doubles(self.banner.field == Field::Complex);
        let check = |entries: usize| limits::check_sparse(rows, columns, entries).map_err(|e| e.at_line(sizes));
        // Duplicate entries are added in a general matrix; in a symmetric one they are an error.
        if symmetry == Symmetry::General {
            check(found)?;
            return Sparse::new(dtype, self.shape, entries, tally);
        }
        if let Some(k) = duplicate(&entries) {
            let (i, j, _) = entries[k];
            let number = self.line(k).map_or(sizes, |(number, _)| number);
            return Err(at_line(number, format!("duplicate entry ({}, {}) of a symmetric matrix", i + 1, j + 1)));
        }
        let mirrored = |&(i, j, x): &(usize, usize, Complex64)| match symmetry {
            Symmetry::Hermitian => (j, i, x.conj()),
            Symmetry::SkewSymmetric => (j, i, -x),
            _ => (j, i, x),
        };
        let others: List = entries.iter().filter(|(i, j, _)| i != j).map(mirrored).collect();
        entries.extend(others);
        check(entries.len())?;
        Ok(Sparse::of_distinct(dtype, self.shape, entries, tally))
    }

    /// Row and column from 0 of an entry, and the text of its numbers.
    fn place<'a>(&self, number: usize, line: &'a str) -> Result<((usize, usize), &'a str)> {
        let (first, rest) = word(line);
        let (second, rest) = word(rest);
        let index = |word: &str, limit: usize, what: &str| match word.parse::<usize>() {
            Ok(x) if (1..=limit).contains(&x) => Ok(x - 1),
            _ => {
                let word = printable(word);
                Err(at_line(number, format!("the {what} index must be between 1 and {limit}, got `{word}`")))
            }
        };
        let (i, j) = (index(first, self.shape.0, "row")?, index(second, self.shape.1, "column")?);
        if self.banner.symmetry != Symmetry::General && i < j {
            let message = format!("entry ({}, {}) of a symmetric matrix is above the diagonal", i + 1, j + 1);
            return Err(at_line(number, message));
        }
        Ok(((i, j), rest))
    }
}

/// For each column of a symmetric matrix, the number of its first entry in the file, and its row.
fn starts(symmetry: Symmetry, (rows, columns): (usize, usize)) -> Vec<(usize, usize)> {
    if symmetry == Symmetry::General {
        return Vec::new();
    }
    let mut at = 0;
    let first_row = |j: usize| if symmetry == Symmetry::SkewSymmetric { j + 1 } else { j };
    let column = |j: usize| {
        let start = at;
        at += rows.saturating_sub(first_row(j));
        (start, first_row(j))
    };
    (0..columns).map(column).collect()
}

/// The first entry whose place an earlier one has.
fn duplicate(entries: &List) -> Option<usize> {
    let by_column = |&(i, j, _): &(usize, usize, Complex64)| (j, i);
    let by_row = |&(i, j, _): &(usize, usize, Complex64)| (i, j);
    // Most files are sorted.
    if entries.is_sorted_by(|a, b| by_column(a) < by_column(b)) || entries.is_sorted_by(|a, b| by_row(a) < by_row(b)) {
        return None;
    }
    let mut seen = std::collections::HashSet::with_capacity(entries.len());
    entries.iter().position(|entry| !seen.insert(by_column(entry)))
}

impl Source for MatrixMarket {
    fn infos(&self) -> &[TensorInfo] {
        &self.infos
    }

    fn read(&self, name: &str) -> Result<Tensor<'_>> {
        self.check(name)?;
        let numbers = match &self.entries {
            Entries::Real(x, _) => Numbers::F64((&**x).into()),
            Entries::Complex(x, _) => Numbers::C64((&**x).into()),
            Entries::Sparse(matrix) => return matrix.read().map_err(|error| error.of_tensor(name)),
        };
        Ok(Tensor { shape: self.infos[0].shape.clone(), order: Order::ColumnMajor, numbers })
    }

    fn order(&self, _: &str) -> Order {
        Order::ColumnMajor
    }

    fn rounded(&self, name: &str) -> Result<Option<Rounded>> {
        self.check(name)?;
        Ok(match &self.entries {
            Entries::Real(_, rounded) | Entries::Complex(_, rounded) => rounded.clone(),
            Entries::Sparse(matrix) => matrix.rounded(),
        })
    }

    fn triplets(&self, name: &str) -> Option<Triplets<'_>> {
        match &self.entries {
            Entries::Sparse(matrix) if self.check(name).is_ok() => Some(matrix.triplets()),
            _ => None,
        }
    }

    fn is_data(&self) -> bool {
        true
    }
}
