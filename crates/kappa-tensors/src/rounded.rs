//! What was lost when the numbers of a tensor became doubles.

use crate::number::{Kept, Number};
use crate::{DType, Order};

/// The entries of a tensor that no double holds.
///
/// Let A be the matrix as the file has it, and Â the matrix of doubles: E = A − Â is bounded by [`Rounded::sum`] and
/// [`Rounded::length`], and is known exactly where [`Rounded::rest`] is.
#[derive(Clone, Debug, PartialEq)]
pub struct Rounded {
    /// How many entries were rounded.
    pub count: usize,
    /// How many of them are integers, not decimals.
    pub integers: usize,
    /// The indices, from 0, of the first of them: of the first integer, if there is one.
    pub first: Vec<usize>,
    /// That entry as the file has it.
    pub text: String,
    /// The double that was read for it.
    pub double: f64,
    sum: f64,
    squares: f64,
    /// How many terms the sums have.
    terms: f64,
    rest: Option<Vec<(usize, usize, f64)>>,
}

/// The most parts of a rest that are kept in memory.
const MOST: usize = 1 << 20;

impl Rounded {
    /// An upper bound of Σ|eᵢⱼ|. By the triangle inequality it bounds every norm of E in which a matrix with one entry
    /// 1 and zeros elsewhere has norm 1.
    pub fn sum(&self) -> f64 {
        self.sum
    }

    /// An upper bound of ‖E‖_F, and so of ‖E‖₂.
    pub fn length(&self) -> f64 {
        // The square of a small number underflows, the sum does not.
        let root = self.squares.sqrt().next_up();
        if self.squares < f64::MIN_POSITIVE { self.sum } else { root.min(self.sum) }
    }

    /// What is known of a part of the tensor: the bounds, and not the places.
    #[must_use]
    pub fn of_part(self) -> Self {
        Self { rest: None, ..self }
    }

    /// E as row, column and number, from 0, where it is known exactly; entries of one place are added.
    pub fn rest(&self) -> Option<&[(usize, usize, f64)]> {
        self.rest.as_deref()
    }
}

/// Counts the entries that are rounded while a tensor is read. The sums are rounded to nearest until it is finished.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    found: Option<Rounded>,
    /// Whether entries of one place were added, so that an entry of E is a sum of what was noted.
    has_sums: bool,
}

impl Tally {
    /// Notes an entry at all of these places, with its sign there.
    pub(crate) fn note(&mut self, places: &[(&[usize], f64)], number: &Number, text: impl Fn() -> String) {
        if number.kept == Kept::All {
            return;
        }
        let Some((first, _)) = places.first() else { return };
        let found = self.count(first, matches!(number.kept, Kept::Integer(_)), number.value, text);
        let (error, parts) = (number.error(), number.rest());
        for (place, sign) in places {
            found.lose(error);
            found.keep(place, parts.as_ref().map(|parts| parts.iter().map(|x| sign * x)));
        }
    }

    /// Notes a decimal after others, whose place and text say nothing more; `false` where [`Tally::note`] is needed.
    pub(crate) fn note_more(&mut self, number: &Number) -> bool {
        match &mut self.found {
            Some(found) if number.kept == Kept::Decimal && found.rest.is_none() => {
                found.count += 1;
                found.lose(number.error());
                true
            }
            _ => number.kept == Kept::All,
        }
    }

    /// Notes an integer of up to 64 bits, which is the part of an entry that this says.
    pub(crate) fn note_integer(&mut self, place: &[usize], n: i128, is_imaginary: bool) {
        // Most integers are small.
        if n.unsigned_abs() > 1 << 53 {
            self.note(&[(place, 1.0)], &Number::of_integer(n), || n.to_string());
            if is_imaginary {
                self.forget_rest();
            }
        }
    }

    /// Notes that two entries of one place are added.
    pub(crate) fn add_places(&mut self) {
        self.has_sums = true;
    }

    /// Notes what a sum of two entries of the same place lost: it is itself a double.
    pub(crate) fn note_sum(&mut self, place: (usize, usize), double: f64, lost: f64, text: impl Fn() -> String) {
        if lost == 0.0 {
            return;
        }
        let place = vec![place.0, place.1];
        let is_integer = lost.fract() == 0.0;
        let found = self.count(&place, is_integer, double, text);
        found.lose(lost.abs());
        found.keep(&place, Some(std::iter::once(lost)));
    }

    fn count(&mut self, place: &[usize], is_integer: bool, double: f64, text: impl Fn() -> String) -> &mut Rounded {
        let found = self.found.get_or_insert_with(|| Rounded {
            count: 0,
            integers: 0,
            first: place.to_vec(),
            text: text(),
            double,
            sum: 0.0,
            squares: 0.0,
            terms: 0.0,
            rest: Some(Vec::new()),
        });
        if is_integer && found.integers == 0 {
            (found.first, found.text, found.double) = (place.to_vec(), text(), double);
        }
        found.count += 1;
        found.integers += usize::from(is_integer);
        found
    }

    /// Adds what was noted of later entries.
    pub(crate) fn join(&mut self, later: Self) {
        self.has_sums |= later.has_sums;
        let Some(later) = later.found else { return };
        let Some(found) = &mut self.found else {
            self.found = Some(later);
            return;
        };
        if found.integers == 0 && later.integers > 0 {
            (found.first, found.text, found.double) = (later.first, later.text, later.double);
        }
        found.count += later.count;
        found.integers += later.integers;
        found.sum += later.sum;
        found.squares += later.squares;
        found.terms += later.terms + 1.0;
        found.rest = match (found.rest.take(), later.rest) {
            (Some(mut rest), Some(more)) if rest.len() + more.len() <= MOST => {
                rest.extend(more);
                Some(rest)
            }
            _ => None,
        };
    }

    /// An entry whose rest has no place in a real matrix, such as an imaginary part.
    pub(crate) fn forget_rest(&mut self) {
        if let Some(found) = &mut self.found {
            found.rest = None;
        }
    }

    pub(crate) fn finish(self) -> Option<Rounded> {
        let mut found = self.found?;
        // n + 1 roundings to nearest of sums of positive terms lose at most the factor 1 − (n + 1) u, of which this is
        // more than the inverse (Higham, Accuracy and Stability of Numerical Algorithms, section 3.1); a square that
        // underflows loses at most the smallest double.
        let factor = 1.0 + 2.0 * f64::EPSILON * (found.terms + 1.0);
        found.sum = (found.sum * factor).next_up();
        found.squares = ((found.squares + found.terms * f64::from_bits(1)).next_up() * factor).next_up();
        if self.has_sums {
            // The errors of one place add up, so that their squares bound nothing.
            found.squares = f64::INFINITY;
        }
        Some(found)
    }
}

impl Rounded {
    fn lose(&mut self, error: f64) {
        self.sum += error;
        self.squares += error * error;
        self.terms += 1.0;
    }

    fn keep(&mut self, place: &[usize], parts: Option<impl Iterator<Item = f64>>) {
        let at = match *place {
            [i] => Some((i, 0)),
            [i, j] => Some((i, j)),
            _ => None,
        };
        let room = self.rest.as_ref().is_some_and(|rest| rest.len() < MOST);
        match (at.filter(|_| room), parts, &mut self.rest) {
            (Some((i, j)), Some(parts), Some(rest)) => rest.extend(parts.map(|x| (i, j, x))),
            _ => self.rest = None,
        }
    }
}

/// The integers of a tensor that double precision rounds; only those of 64 bits can be.
pub(crate) fn of_integers(
    dtype: DType,
    bytes: &[u8],
    big_endian: bool,
    shape: &[usize],
    order: Order,
) -> Option<Rounded> {
    let mut tally = Tally::default();
    for (k, n) in integers(dtype, bytes, big_endian)?.enumerate() {
        if n.unsigned_abs() > 1 << 53 {
            tally.note_integer(&indices(k, shape, order), n, false);
        }
    }
    tally.finish()
}

/// The integers in these bytes; `None` for a type whose numbers doubles hold.
pub(crate) fn integers(dtype: DType, bytes: &[u8], big_endian: bool) -> Option<impl Iterator<Item = i128> + '_> {
    let is_signed = match dtype {
        DType::I64 => true,
        DType::U64 => false,
        _ => return None,
    };
    let (words, _) = bytes.as_chunks::<8>();
    Some(words.iter().map(move |&word| {
        let bits = if big_endian { u64::from_be_bytes(word) } else { u64::from_le_bytes(word) };
        if is_signed { i128::from(bits.cast_signed()) } else { i128::from(bits) }
    }))
}

/// The indices of the k-th stored entry.
pub(crate) fn indices(k: usize, shape: &[usize], order: Order) -> Vec<usize> {
    let mut rest = k;
    let mut found = vec![0; shape.len()];
    let places: Vec<usize> = match order {
        Order::RowMajor => (0..shape.len()).rev().collect(),
        Order::ColumnMajor => (0..shape.len()).collect(),
    };
    for place in places {
        (found[place], rest) = (rest % shape[place].max(1), rest / shape[place].max(1));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_of_64_bits_are_counted_where_doubles_round_them() {
        let numbers = [1i64 << 60, -(1 << 53) - 1, 7, i64::MAX];
        let bytes: Vec<u8> = numbers.iter().flat_map(|n| n.to_be_bytes()).collect();
        let found = of_integers(DType::I64, &bytes, true, &[2, 2], Order::ColumnMajor).unwrap();
        assert_eq!((found.count, found.integers, found.first.as_slice()), (2, 2, [1, 0].as_slice()));
        assert_eq!((found.text.as_str(), found.double), ("-9007199254740993", -9007199254740992.0));
        assert_eq!(found.rest(), Some([(1, 0, -1.0), (1, 1, -1.0)].as_slice()));
        assert!(found.sum() >= 2.0 && found.length() >= 2f64.sqrt() && found.length() < 1.5);
        assert!(of_integers(DType::U64, &u64::MAX.to_le_bytes(), false, &[1], Order::RowMajor).is_some());
        assert!(of_integers(DType::I32, &bytes, false, &[8], Order::RowMajor).is_none());
    }

    #[test]
    fn indices_follow_the_order_of_storage() {
        assert_eq!(indices(5, &[2, 3], Order::RowMajor), [1, 2]);
        assert_eq!(indices(5, &[2, 3], Order::ColumnMajor), [1, 2]);
        assert_eq!(indices(1, &[2, 3], Order::ColumnMajor), [1, 0]);
        assert_eq!(indices(7, &[2, 2, 2], Order::RowMajor), [1, 1, 1]);
    }
}
