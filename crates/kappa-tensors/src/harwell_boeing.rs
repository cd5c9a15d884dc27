//! The Harwell–Boeing and Rutherford–Boeing formats: a sparse matrix by columns, in lines of fields of fixed width.
//!
//! References: Duff, Grimes and Lewis, *Users' Guide for the Harwell–Boeing Sparse Matrix Collection*, 1992; Duff,
//! Grimes and Lewis, *The Rutherford–Boeing Sparse Matrix Collection*, 1997.

use num_complex::Complex64;

use crate::error::{Error, Result, printable};
use crate::number::{self, Kept, Number};
use crate::rounded::Tally;
use crate::sparse_matrix::SparseMatrix;
use crate::triplets::{List, Sparse, doubles};
use crate::{Source, limits};

/// Parses a file in memory; for fuzzing and tests.
///
/// # Errors
///
/// When a line breaks the rules of the format, or a limit is exceeded.
pub fn parse(bytes: &[u8]) -> Result<impl Source> {
    read(bytes, "matrix")
}

/// The lines of the header: a title, the numbers of lines, the kind and the sizes, the formats of the fields.
fn header(bytes: &[u8]) -> Option<[&str; 4]> {
    let mut lines = bytes.split(|&b| b == b'\n').map(|line| std::str::from_utf8(line).ok().map(str::trim_end));
    Some([lines.next()??, lines.next()??, lines.next()??, lines.next()??])
}

/// Whether the third line begins with the kind of a matrix, and the fourth one with a format.
pub(crate) fn is_likely(bytes: &[u8]) -> bool {
    let Some([_, counts, kind, formats]) = header(&bytes[..bytes.len().min(1 << 12)]) else { return false };
    let is_count = |word: &str| word.bytes().all(|b| b.is_ascii_digit());
    kind_of(kind).is_some() && formats.trim_start().starts_with('(') && counts.split_whitespace().all(is_count)
}

/// The letters of a kind: numbers, symmetry, and assembled or not.
fn kind_of(line: &str) -> Option<[u8; 3]> {
    let word = line.get(..3)?.to_ascii_uppercase();
    let &[numbers, symmetry, form] = word.as_bytes() else { return None };
    let fits = b"RCPIQ".contains(&numbers) && b"SUHZR".contains(&symmetry) && b"AE".contains(&form);
    (fits && line.as_bytes().get(3).is_none_or(|b| *b == b' ')).then_some([numbers, symmetry, form])
}

/// Fields of a line: how many, and how wide.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Fields {
    count: usize,
    width: usize,
}

impl Fields {
    /// A format of Fortran, such as (16I5), (1P,4D20.12) or (3(1X,E25.16)).
    fn parse(text: &str) -> Option<Self> {
        let inner = text.trim().strip_prefix('(')?.strip_suffix(')')?.to_ascii_uppercase();
        // A scale factor such as 1P changes how numbers are written, and not how they are read.
        let inner = match inner.split_once('P') {
            Some((scale, rest)) if scale.bytes().all(|b| b.is_ascii_digit() || b == b'-') => {
                rest.trim_start_matches(',').to_owned()
            }
            _ => inner,
        };
        let at = inner.find(['I', 'E', 'D', 'F', 'G'])?;
        let (count, rest) = (inner[..at].trim(), &inner[at + 1..]);
        let width = rest.split(['.', 'E']).next()?.trim();
        let count = if count.is_empty() { 1 } else { count.parse().ok()? };
        let width = width.parse().ok()?;
        (count > 0 && (1..=256).contains(&width)).then_some(Self { count, width })
    }
}

/// The lines that are left, with the number of the next one.
struct Lines<'a> {
    lines: std::str::Lines<'a>,
    number: usize,
}

impl<'a> Lines<'a> {
    fn next(&mut self) -> Result<&'a str> {
        self.number += 1;
        self.lines.next().ok_or_else(|| Error::format(format!("is truncated: it ends before line {}", self.number)))
    }

    /// `count` fields from the next lines on, with the numbers of their lines.
    fn fields(&mut self, count: usize, form: Fields) -> Result<Vec<(&'a str, usize)>> {
        let mut found = Vec::new();
        while found.len() < count {
            let line = self.next()?;
            let before = found.len();
            for k in 0..form.count.min(count - before) {
                let field = line.get(k * form.width..).map(|rest| rest.get(..form.width).unwrap_or(rest).trim());
                match field.filter(|field| !field.is_empty()) {
                    Some(field) => found.push((field, self.number)),
                    None => break,
                }
            }
            if found.len() == before {
                return Err(Error::format(format!("line {}: a number is missing", self.number)));
            }
        }
        Ok(found)
    }

    fn integers(&mut self, count: usize, form: Fields) -> Result<Vec<usize>> {
        let whole = |(field, line): (&str, usize)| {
            field.parse().map_err(|_| Error::format(format!("line {line}: `{}` is no index", printable(field))))
        };
        self.fields(count, form)?.into_iter().map(whole).collect()
    }
}

pub(crate) fn read(bytes: &[u8], name: &str) -> Result<SparseMatrix> {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = Lines { lines: text.lines(), number: 0 };
    lines.next()?;
    let counts = whole_words(lines.next()?, 2)?;
    let line = lines.next()?;
    let kind = kind_of(line).ok_or_else(|| Error::format("line 3: the kind of the matrix is unknown"))?;
    let [numbers, symmetry, form] = kind;
    if form == b'E' {
        return Err(Error::unsupported("is a matrix of elements that are not assembled"));
    }
    let sizes = whole_words(&line[3..], 3)?;
    let [rows, columns, count] = [sizes.first(), sizes.get(1), sizes.get(2)].map(|x| x.copied().unwrap_or(0));
    if symmetry != b'R' && symmetry != b'U' && rows != columns {
        return Err(Error::format(format!("line 3: a symmetric matrix must be square, got {rows}×{columns}")));
    }
    limits::check_sparse(rows, columns, count)?;
    // Every index takes a byte.
    if count.saturating_add(columns) > bytes.len() {
        return Err(Error::format(format!("is truncated: {count} entries announced in {} bytes", bytes.len())));
    }
    let formats = lines.next()?;
    let form = |from: usize, to: usize, what: &str| {
        let text = formats.get(from..to.min(formats.len())).unwrap_or_default();
        let found = Fields::parse(text);
        found.ok_or_else(|| Error::format(format!("line 4: the format of the {what} is `{}`", printable(text.trim()))))
    };
    let (of_starts, of_rows) = (form(0, 16, "column pointers")?, form(16, 32, "row indices")?);
    let has_right_sides = counts.get(4).is_some_and(|&n| n > 0);
    if has_right_sides {
        lines.next()?;
    }
    let starts = lines.integers(columns + 1, of_starts)?;
    let is_fine = starts.first() == Some(&1) && starts.last() == Some(&(count + 1)) && starts.is_sorted();
    if !is_fine {
        return Err(Error::format(format!("has column pointers that do not rise from 1 to {}", count + 1)));
    }
    let of_row = lines.integers(count, of_rows)?;
    if let Some(i) = of_row.iter().find(|i| !(1..=rows).contains(*i)) {
        return Err(Error::format(format!("has the row index {i}, and {rows} rows")));
    }
    let has_values = numbers != b'P' && numbers != b'Q' && counts.get(3).is_none_or(|&n| n > 0);
    let parts = if numbers == b'C' { 2 } else { 1 };
    let values = if has_values { lines.fields(parts * count, form(32, 52, "values")?)? } else { Vec::new() };
    let mut filled = Filled { entries: List::new(), tally: Tally::default(), symmetry };
    for (j, ends) in starts.windows(2).enumerate() {
        for k in ends[0] - 1..ends[1] - 1 {
            let value = if has_values { &values[parts * k..parts * (k + 1)] } else { &[] };
            filled.place((of_row[k] - 1, j), value)?;
        }
    }
    let Filled { entries, tally, .. } = filled;
    let matrix = Sparse::new(doubles(numbers == b'C'), (rows, columns), entries, tally)?;
    let mut remarks = Vec::new();
    if !has_values {
        remarks.push("only the places of the entries are given: each is 1".to_owned());
    }
    if has_right_sides {
        remarks.push("the right-hand sides are not read".to_owned());
    }
    Ok(SparseMatrix::new(name, matrix, remarks))
}

fn whole_words(line: &str, least: usize) -> Result<Vec<usize>> {
    let found: Option<Vec<usize>> = line.split_whitespace().map(|word| word.parse().ok()).collect();
    found.filter(|found| found.len() >= least).ok_or_else(|| {
        Error::format(format!("has a header with `{}` where numbers are needed", printable(line.trim())))
    })
}

/// The entries while they are read.
struct Filled {
    entries: List,
    tally: Tally,
    symmetry: u8,
}

impl Filled {
    /// Puts an entry at its place, and at the place that the symmetry gives it too.
    fn place(&mut self, (i, j): (usize, usize), value: &[(&str, usize)]) -> Result<()> {
        let numbers = value.iter().map(|&(field, line)| number_of(field, line)).collect::<Result<Vec<Number>>>()?;
        let part = |k: usize| numbers.get(k).map_or(0.0, |number| number.value);
        let x = if numbers.is_empty() { Complex64::new(1.0, 0.0) } else { Complex64::new(part(0), part(1)) };
        let mirror = match self.symmetry {
            _ if i == j => None,
            b'S' => Some((x, 1.0)),
            b'Z' => Some((-x, -1.0)),
            b'H' => Some((x.conj(), 1.0)),
            _ => None,
        };
        if i == j && self.symmetry == b'H' && x.im != 0.0 {
            return Err(Error::format(format!("diagonal entry ({0}, {0}) of a Hermitian matrix is not real", i + 1)));
        }
        self.entries.push((i, j, x));
        self.entries.extend(mirror.map(|(x, _)| (j, i, x)));
        for (number, (field, _)) in numbers.iter().zip(value).filter(|(number, _)| number.kept != Kept::All) {
            let text = || (*field).to_owned();
            match mirror {
                Some((_, sign)) => self.tally.note(&[(&[i, j], 1.0), (&[j, i], sign)], number, text),
                None => self.tally.note(&[(&[i, j], 1.0)], number, text),
            }
        }
        if numbers.len() > 1 {
            self.tally.forget_rest();
        }
        Ok(())
    }
}

/// A number of Fortran: with D for the exponent, or with a sign alone, as in 1.5-100.
fn number_of(field: &str, line: usize) -> Result<Number> {
    let mut text = field.replace(['D', 'd'], "e");
    // The sign of an exponent follows a digit or the point.
    let is_exponent = |&k: &usize| k > 0 && matches!(text.as_bytes()[k - 1], b'0'..=b'9' | b'.');
    let sign = text.rfind(['+', '-']).filter(is_exponent);
    if let Some(k) = sign {
        text.insert(k, 'e');
    }
    number::read(&text)
        .map_err(|fault| Error::format(format!("line {line}: `{}` {fault}", printable(field))).with_hint(fault.hint()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_of_fortran_are_read() {
        for (text, count, width) in [
            ("(16I5)", 16, 5),
            ("(1P,4D20.12)", 4, 20),
            ("(1P4E20.12)", 4, 20),
            ("(E25.16E3)", 1, 25),
            (" (10F7.1) ", 10, 7),
        ] {
            assert_eq!(Fields::parse(text), Some(Fields { count, width }), "{text}");
        }
        for text in ["", "()", "(A4)", "(0I5)", "(4I0)", "16I5", "(I99999999999999999999)"] {
            assert_eq!(Fields::parse(text), None, "{text}");
        }
    }

    #[test]
    fn exponents_need_no_letter() {
        for (text, value) in [("1.5D+02", 150.0), ("-1.5-3", -0.0015), ("2.+1", 20.0), ("7", 7.0), ("-3", -3.0)] {
            assert_eq!(number_of(text, 1).unwrap().value, value, "{text}");
        }
    }
}
