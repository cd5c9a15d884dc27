//! What a checkpoint holds, without its numbers.

use std::collections::BTreeMap;

use kappa_tensors::{DType, TensorInfo};

use crate::order::ordered;
use crate::{Model, Reading, Role};

/// A tensor of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// The type of its numbers.
    pub dtype: DType,
    /// Its dimensions.
    pub shape: Vec<usize>,
    /// The bytes that it takes in its file, with those of its scales.
    pub bytes: usize,
    /// Its role in the network.
    pub role: Role,
    /// How it is measured: as one matrix, or as several parts; `None` for one that is not.
    pub reading: Option<Reading>,
    /// The stored tensors that it is decoded from, the codes first; empty for one that is stored as it is.
    pub parts: Vec<String>,
}

/// Tensors of one type and shape whose names differ by numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    /// The name, with the range of each number that differs in braces: `layers.{0-31}.weight`.
    pub name: String,
    /// The number of tensors.
    pub count: usize,
    /// The first of them.
    pub first: Listed,
    /// The bytes of all.
    pub bytes: usize,
}

impl Model {
    /// Every tensor with its type, shape, size and role, in the order of the file, or of the numbers in their names
    /// where the file is sorted letter by letter. Reads no numbers.
    pub fn listing(&self) -> Vec<Listed> {
        ordered(self.tensors()).into_iter().map(|info| self.listed(info)).collect()
    }

    fn listed(&self, info: &TensorInfo) -> Listed {
        Listed {
            name: info.name.clone(),
            dtype: info.dtype,
            shape: info.shape.clone(),
            bytes: self.source().stored_bytes(&info.name),
            role: self.role(info),
            reading: self.measured_as(info).ok(),
            parts: self.source().parts(&info.name).to_vec(),
        }
    }

    /// [`Model::listing`], with tensors of one type and shape together whose names differ by numbers; in the order of
    /// the first of each.
    ///
    /// # Examples
    ///
    /// ```
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("w.npz");
    /// # use kappa_tensors::{npy, npz};
    /// # let array = npy::encode_f64(&[2, 2], &[1.0, 0.0, 0.0, 1.0]);
    /// # let file = std::fs::File::create(&path)?;
    /// # npz::write(file, &[("layers.0.w", array.clone()), ("layers.1.w", array.clone()), ("head", array)])?;
    /// let patterns = kappa_model::Model::open(&path)?.patterns();
    /// assert_eq!((patterns[0].name.as_str(), patterns[0].count), ("layers.{0-1}.w", 2));
    /// assert_eq!((patterns[1].name.as_str(), patterns[1].count), ("head", 1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn patterns(&self) -> Vec<Pattern> {
        let mut found: Vec<(Pattern, Vec<Vec<u64>>)> = Vec::new();
        let mut places: BTreeMap<(String, &'static str, Vec<usize>), usize> = BTreeMap::new();
        for listed in self.listing() {
            let (key, numbers) = split(&listed.name);
            let place = *places.entry((key, listed.dtype.name(), listed.shape.clone())).or_insert(found.len());
            if place == found.len() {
                let pattern = Pattern { name: listed.name.clone(), count: 0, bytes: 0, first: listed.clone() };
                found.push((pattern, vec![Vec::new(); numbers.len()]));
            }
            let (pattern, seen) = &mut found[place];
            pattern.count += 1;
            pattern.bytes += listed.bytes;
            seen.iter_mut().zip(numbers).for_each(|(seen, number)| seen.push(number));
        }
        let named = |(pattern, numbers): (Pattern, Vec<Vec<u64>>)| Pattern {
            name: with_ranges(&pattern.name, numbers),
            ..pattern
        };
        found.into_iter().map(named).collect()
    }
}

/// The number that a part of a name is.
fn number(part: &str) -> Option<u64> {
    if part.bytes().all(|b| b.is_ascii_digit()) { part.parse().ok() } else { None }
}

/// A name with every part that is a number left open, and these numbers.
fn split(name: &str) -> (String, Vec<u64>) {
    let numbers = name.split('.').filter_map(number).collect();
    let open: Vec<&str> = name.split('.').map(|part| if number(part).is_some() { "{}" } else { part }).collect();
    (open.join("."), numbers)
}

/// The first name, with the numbers of all names where they differ.
fn with_ranges(first: &str, numbers: Vec<Vec<u64>>) -> String {
    let mut numbers = numbers.into_iter();
    let part = |part: &str| match number(part) {
        Some(_) => ranges(numbers.next().unwrap_or_default()),
        None => part.to_owned(),
    };
    first.split('.').map(part).collect::<Vec<_>>().join(".")
}

/// 0, 1, 2, 5 as {0-2,5}; one number as it is.
fn ranges(mut numbers: Vec<u64>) -> String {
    numbers.sort_unstable();
    numbers.dedup();
    let mut runs: Vec<(u64, u64)> = Vec::new();
    for n in numbers {
        match runs.last_mut() {
            Some((_, end)) if n - *end == 1 => *end = n,
            _ => runs.push((n, n)),
        }
    }
    let run = |&(a, b): &(u64, u64)| if a == b { a.to_string() } else { format!("{a}-{b}") };
    let text = runs.iter().map(run).collect::<Vec<_>>().join(",");
    if matches!(runs[..], [(a, b)] if a == b) { text } else { format!("{{{text}}}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_ranges() {
        for (numbers, text) in [(vec![3], "3"), (vec![2, 0, 1], "{0-2}"), (vec![0, 1, 5, 7, 8, 0], "{0-1,5,7-8}")] {
            assert_eq!(ranges(numbers), text);
        }
        assert_eq!(split("a.0.w1.12.b"), ("a.{}.w1.{}.b".into(), vec![0, 12]));
        assert_eq!(with_ranges("a.0.w1.12", vec![vec![0, 1], vec![12]]), "a.{0-1}.w1.12");
        // A number beyond 64 bits stays a part of the name.
        assert_eq!(split("a.99999999999999999999").1, Vec::<u64>::new());
    }
}
