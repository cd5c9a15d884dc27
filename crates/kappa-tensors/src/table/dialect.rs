//! How a table as text is written: its encoding, its separators, its titles, what is missing.

use std::borrow::Cow;

use crate::error::{Error, Result, printable};
use crate::number::trimmed;

/// The encoding of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, or UTF-16 where the text begins with its mark.
    #[default]
    Utf8,
    /// ISO 8859-1: one byte a letter.
    Latin1,
}

/// How a table is read; the default takes what most programs write.
#[derive(Clone, Debug, PartialEq)]
pub struct Dialect {
    /// Whether the first line holds titles; `None` where it does if it has words only.
    pub header: Option<bool>,
    /// The columns that are read, by title, by number from 1, or as a range of numbers such as 2-5; all when empty.
    pub columns: Vec<String>,
    /// The sign before the decimals: a point or a comma.
    pub decimal: char,
    /// The sign between groups of three digits.
    pub thousands: Option<char>,
    /// The number that stands for a missing one; without it a missing one is refused.
    pub missing: Option<f64>,
    /// The encoding.
    pub encoding: Encoding,
}

impl Default for Dialect {
    fn default() -> Self {
        Self {
            header: None,
            columns: Vec::new(),
            decimal: '.',
            thousands: None,
            missing: None,
            encoding: Encoding::Utf8,
        }
    }
}

impl Dialect {
    /// The text as UTF-8, without a mark at its beginning.
    pub(crate) fn decoded<'a>(&self, bytes: &'a [u8]) -> Result<Cow<'a, [u8]>> {
        let wide = |of: fn([u8; 2]) -> u16| -> Result<Cow<'a, [u8]>> {
            let (pairs, rest) = bytes[2..].as_chunks::<2>();
            let letters: std::result::Result<String, _> = char::decode_utf16(pairs.iter().map(|&x| of(x))).collect();
            match letters {
                Ok(text) if rest.is_empty() => Ok(text.into_bytes().into()),
                _ => Err(Error::format("begins with the mark of UTF-16 and is not UTF-16")),
            }
        };
        match bytes {
            [0xff, 0xfe, ..] => wide(u16::from_le_bytes),
            [0xfe, 0xff, ..] => wide(u16::from_be_bytes),
            [0xef, 0xbb, 0xbf, rest @ ..] => Ok(rest.into()),
            bytes if self.encoding == Encoding::Latin1 => {
                Ok(bytes.iter().map(|&b| char::from(b)).collect::<String>().into_bytes().into())
            }
            bytes => Ok(bytes.into()),
        }
    }

    /// The digits of a cell as this program writes them: a point before the decimals, nothing between groups. A cell
    /// that breaks the rules of the dialect is left as it is, and is then no number.
    pub(crate) fn cleaned<'a>(&self, cell: &'a str) -> Cow<'a, str> {
        let cell = trimmed(cell);
        let mut text: Cow<'_, str> = cell.into();
        if let Some(sign) = self.thousands
            && text.contains(sign)
        {
            let Some(joined) = joined(&text, sign, self.decimal) else { return format!("{cell}\u{0}").into() };
            text = joined.into();
        }
        if self.decimal == '.' {
            return text;
        }
        // With a decimal comma a point has no place.
        if text.contains('.') { format!("{cell}\u{0}").into() } else { text.replace(self.decimal, ".").into() }
    }

    /// The numbers from 0 of the columns that are read, of a table with these titles or this many columns.
    pub(crate) fn chosen(&self, titles: Option<&[String]>, width: usize) -> Result<Vec<usize>> {
        let mut found = Vec::new();
        for wanted in &self.columns {
            let titled = titles.and_then(|titles| titles.iter().position(|title| title.trim() == wanted.trim()));
            let range = || -> Option<std::ops::RangeInclusive<usize>> {
                let (from, to) = wanted.split_once('-').unwrap_or((wanted, wanted));
                let (from, to) = (from.trim().parse::<usize>().ok()?, to.trim().parse::<usize>().ok()?);
                (1 <= from && from <= to && to <= width).then(|| from - 1..=to - 1)
            };
            match (titled, range()) {
                (Some(k), _) => found.push(k),
                (None, Some(range)) => found.extend(range),
                (None, None) => {
                    let known = titles.map_or_else(String::new, |titles| {
                        let some: Vec<String> = titles.iter().take(8).map(|t| format!("`{}`", printable(t))).collect();
                        format!(", titled {}", some.join(", "))
                    });
                    return Err(Error::format(format!("has no column `{}`", printable(wanted)))
                        .with_hint(format!("the columns are 1 to {width}{known}")));
                }
            }
        }
        Ok(found)
    }
}

/// A number without the signs between its groups of three digits; `None` where they stand elsewhere.
fn joined(text: &str, sign: char, decimal: char) -> Option<String> {
    let (start, rest) = match text.strip_prefix(['+', '-']) {
        Some(rest) => (&text[..1], rest),
        None => ("", text),
    };
    let end = rest.find([decimal, 'e', 'E']).unwrap_or(rest.len());
    let (whole, rest) = rest.split_at(end);
    let groups: Vec<&str> = whole.split(sign).collect();
    let is_group = |(k, group): (usize, &&str)| {
        let length = group.len();
        group.bytes().all(|b| b.is_ascii_digit()) && if k == 0 { (1..=3).contains(&length) } else { length == 3 }
    };
    let fits = groups.iter().enumerate().all(is_group) && !rest.contains(sign);
    fits.then(|| [start, &groups.concat(), rest].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_between_digits_have_their_places() {
        let german = Dialect { decimal: ',', thousands: Some('.'), ..Dialect::default() };
        for (cell, number) in [("1.234,5", "1234.5"), ("-12.345.678", "-12345678"), ("0,5", "0.5"), ("7", "7")] {
            assert_eq!(german.cleaned(cell), number);
        }
        for cell in ["1.23,5", "1.2345", "12345.678", "1,5.0", ".123"] {
            assert!(german.cleaned(cell).parse::<f64>().is_err(), "{cell}");
        }
        let english = Dialect { thousands: Some(','), ..Dialect::default() };
        assert_eq!(english.cleaned("1,000.25e3"), "1000.25e3");
        assert!(english.cleaned("1,00").parse::<f64>().is_err());
        assert_eq!(Dialect::default().cleaned(" 1.5 "), "1.5");
    }

    #[test]
    fn columns_are_chosen_by_title_number_and_range() {
        let titles: Vec<String> = ["a", "b", "2"].map(Into::into).to_vec();
        let of = |columns: &[&str]| {
            let columns = columns.iter().map(|c| (*c).into()).collect();
            Dialect { columns, ..Dialect::default() }.chosen(Some(&titles), 3)
        };
        assert_eq!(of(&["b", "1-2", "3"]).unwrap(), [1, 0, 1, 2]);
        // A title before a number.
        assert_eq!(of(&["2"]).unwrap(), [2]);
        for wrong in ["c", "4", "0", "2-9", "3-1"] {
            assert!(of(&[wrong]).unwrap_err().hint().unwrap().contains("titled `a`, `b`, `2`"), "{wrong}");
        }
    }

    #[test]
    fn texts_of_sixteen_bits_and_of_eight_are_decoded() {
        let wide: Vec<u8> = "é;1".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let mut bytes = vec![0xff, 0xfe];
        bytes.extend(&wide);
        assert_eq!(&*Dialect::default().decoded(&bytes).unwrap(), "é;1".as_bytes());
        assert!(Dialect::default().decoded(&bytes[..bytes.len() - 1]).is_err());
        let latin = Dialect { encoding: Encoding::Latin1, ..Dialect::default() };
        assert_eq!(&*latin.decoded(b"\xe9;1").unwrap(), "é;1".as_bytes());
        assert_eq!(&*latin.decoded(b"\xef\xbb\xbfa").unwrap(), b"a");
    }
}
