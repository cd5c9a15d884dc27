//! The first line of a file, which says what the entries are, and the line with their numbers.

use super::at_line;
use crate::error::{Result, printable};

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Field {
    Real,
    Integer,
    Unsigned,
    Complex,
    Pattern,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Symmetry {
    General,
    Symmetric,
    SkewSymmetric,
    Hermitian,
}

pub(super) struct Banner {
    pub(super) is_sparse: bool,
    pub(super) field: Field,
    pub(super) symmetry: Symmetry,
}

impl Banner {
    pub(super) fn parse(line: &str) -> Result<Self> {
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

/// The numbers of rows, columns and entries.
pub(super) fn size(number: usize, line: &str, banner: &Banner) -> Result<(usize, usize, usize)> {
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
