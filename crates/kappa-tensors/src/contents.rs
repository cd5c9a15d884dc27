//! What a file holds: its tensors by name, and what is left out.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::error::{Error, Result};
use crate::source::no_such_tensor;
use crate::{DType, Skipped, TensorInfo};

/// The tensors of a file with the place of each, in file order, and what cannot be read.
#[derive(Debug)]
pub(crate) struct Contents<P> {
    infos: Vec<TensorInfo>,
    places: Vec<P>,
    /// Where each name is in these lists; `None` for one that is left out. A linear search for every name is quadratic
    /// in the number of tensors, which an untrusted file chooses.
    positions: HashMap<String, Option<usize>>,
    skipped: Vec<Skipped>,
}

impl<P> Default for Contents<P> {
    fn default() -> Self {
        Self { infos: Vec::new(), places: Vec::new(), positions: HashMap::new(), skipped: Vec::new() }
    }
}

impl<P> Contents<P> {
    /// Adds a tensor of this type and shape, or leaves it out: it is damaged, or of a type that is not read. Of two of
    /// one name the first is kept.
    pub(crate) fn add(&mut self, name: String, found: Result<(DType, Vec<usize>, P)>) {
        let position = found.is_ok().then_some(self.infos.len());
        let found = match self.positions.entry(name) {
            Entry::Occupied(entry) => {
                let error = Error::format("is a second tensor of this name; the first one is read");
                Err((entry.key().clone(), error))
            }
            Entry::Vacant(entry) => {
                let name = entry.key().clone();
                entry.insert(position);
                found.map(|found| (name.clone(), found)).map_err(|error| (name, error))
            }
        };
        match found {
            Ok((name, (dtype, shape, place))) => {
                self.infos.push(TensorInfo { name, dtype, shape });
                self.places.push(place);
            }
            Err((name, error)) => {
                self.leave_out(Skipped { name, reason: error.reason().into(), is_broken: true });
            }
        }
    }

    /// Leaves something out that may be no tensor.
    pub(crate) fn skip(&mut self, name: String, error: &Error) {
        self.leave_out(Skipped { name, reason: error.reason().into(), is_broken: !error.is_unsupported() });
    }

    pub(crate) fn leave_out(&mut self, skipped: Skipped) {
        self.skipped.push(skipped);
    }

    pub(crate) fn infos(&self) -> &[TensorInfo] {
        &self.infos
    }

    pub(crate) fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    /// The number of tensors and of what is left out.
    pub(crate) fn len(&self) -> usize {
        self.infos.len() + self.skipped.len()
    }

    pub(crate) fn get(&self, name: &str) -> Option<(&TensorInfo, &P)> {
        let k = (*self.positions.get(name)?)?;
        Some((&self.infos[k], &self.places[k]))
    }

    /// A tensor and its place.
    ///
    /// # Errors
    ///
    /// When there is no tensor of this name.
    pub(crate) fn find(&self, name: &str) -> Result<(&TensorInfo, &P)> {
        self.get(name).ok_or_else(|| no_such_tensor(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_tensors_of_one_name_the_first_is_kept() {
        let mut contents = Contents::default();
        contents.add("a".into(), Ok((DType::F64, vec![1], "first")));
        contents.add("a".into(), Ok((DType::F32, vec![2], "second")));
        let info = TensorInfo { name: "a".into(), dtype: DType::F64, shape: vec![1] };
        assert_eq!(contents.find("a").unwrap(), (&info, &"first"));
        assert!(contents.skipped()[0].is_broken && contents.skipped()[0].name == "a");
        // What is damaged is not replaced by another in silence.
        contents.add("b".into(), Err(Error::format("is damaged")));
        contents.add("b".into(), Ok((DType::F64, vec![3], "other")));
        assert!(contents.get("b").is_none() && contents.len() == 4);
    }
}
