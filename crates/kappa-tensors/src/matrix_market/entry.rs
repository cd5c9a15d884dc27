//! The number or numbers of an entry.

use num_complex::Complex64;

use super::at_line;
use super::banner::Field;
use crate::error::{Result, printable};
use crate::number::{self, Fault, Kept, Number, trimmed};

/// The first word, and the text behind it.
pub(super) fn word(line: &str) -> (&str, &str) {
    // Few lines have other letters than those of ASCII.
    let (start, end) = match line.bytes().position(|b| !b.is_ascii_graphic()) {
        None => (line, line.len()),
        Some(end) if end > 0 && line.as_bytes()[end].is_ascii() => (line, end),
        Some(_) => {
            let line = line.trim_start();
            (line, line.find(char::is_whitespace).unwrap_or(line.len()))
        }
    };
    start.split_at(end)
}

/// The number or numbers at the end of a line.
pub(super) struct Entry<'a> {
    pub(super) text: &'a str,
    pub(super) parts: [Option<Number>; 2],
}

impl<'a> Entry<'a> {
    pub(super) fn read(line: usize, text: &'a str, field: Field) -> Result<Self> {
        let text = trimmed(text);
        let mut rest = text;
        let mut next = || {
            let (first, behind) = word(rest);
            rest = trimmed(behind);
            first
        };
        let parts = match field {
            Field::Pattern => [None, None],
            Field::Complex => [Some(part(line, next(), field)?), Some(part(line, next(), field)?)],
            _ => [Some(part(line, next(), field)?), None],
        };
        match next() {
            "" => Ok(Self { text, parts }),
            // Some published pattern files have values; the banner says to ignore them.
            extra if field == Field::Pattern && extra.parse::<f64>().is_ok() => Ok(Self { text, parts }),
            extra => Err(at_line(line, format!("unexpected `{}` after the entry", printable(extra)))),
        }
    }

    pub(super) fn parts(&self) -> impl Iterator<Item = &Number> {
        self.parts.iter().flatten()
    }

    /// The entry; 1 in a pattern.
    pub(super) fn value(&self) -> Complex64 {
        let part = |k: usize| self.parts[k].as_ref().map(|x| x.value);
        Complex64::new(part(0).unwrap_or(1.0), part(1).unwrap_or(0.0))
    }
}

fn part(line: usize, word: &str, field: Field) -> Result<Number> {
    // Fortran writes exponents with D.
    let found = number::read(word).or_else(|fault| match fault {
        Fault::NotANumber => number::read(&word.replace(['d', 'D'], "e")),
        other => Err(other),
    });
    let refused = |why: &str| at_line(line, format!("`{}` {why}", printable(word)));
    let number = found.map_err(|fault| refused(&fault.to_string()).with_hint(fault.hint()))?;
    let is_whole = || number.value.fract() == 0.0 && number.kept != Kept::Decimal;
    match field {
        Field::Integer | Field::Unsigned if !is_whole() => {
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
