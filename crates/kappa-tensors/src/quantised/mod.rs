//! Tensors that a checkpoint stores as codes, with their scales in tensors of their own: decoded when they are read.
//!
//! What belongs to a tensor is found by name and shape, in whatever shard it lies. Parts of another tensor are not
//! listed.

mod groups;
mod scaled;
mod values;
mod words;

use std::collections::{HashMap, HashSet};

use crate::bytes::Bytes;
use crate::contents::Contents;
use crate::error::Result;
use crate::safetensors::SafeTensors;
use crate::source::Metadata;
use crate::{Graph, Order, Skipped, Source, Tensor, TensorInfo};
use groups::{Found, Group};

/// A source with its codes decoded.
struct Decoded {
    inner: Box<dyn Source>,
    /// The group that a tensor is decoded from; `None` for one that is stored as it is.
    contents: Contents<Option<Group>>,
}

/// Parses a safetensors file in memory, with its codes decoded; for fuzzing and tests.
///
/// # Errors
///
/// Those of the file; codes that do not fit their scales are skipped.
pub fn parse(bytes: &[u8]) -> Result<Box<dyn Source>> {
    Ok(decoded(Box::new(SafeTensors::new(Bytes::Owned(bytes.into()))?), &Metadata::new()))
}

/// The source with its codes decoded; the source itself where it has none. `config` is the `config.json` of the model.
pub(crate) fn decoded(inner: Box<dyn Source>, config: &Metadata) -> Box<dyn Source> {
    if inner.is_data() {
        return inner;
    }
    let Found { groups, misfits } = groups::find(&*inner, config);
    if groups.is_empty() && misfits.is_empty() {
        return inner;
    }
    let mut hidden: HashSet<String> = groups.iter().flat_map(|g| g.parts.iter().cloned()).collect();
    hidden.extend(misfits.iter().flat_map(|m| m.parts.iter().cloned()));
    let mut contents = Contents::default();
    inner.skipped().iter().for_each(|skipped| contents.leave_out(skipped.clone()));
    // A decoded tensor stands where its codes stood.
    let mut at: HashMap<String, Group> = groups.into_iter().map(|g| (g.parts[0].clone(), g)).collect();
    for info in inner.infos() {
        if let Some(group) = at.remove(&info.name) {
            let TensorInfo { name, dtype, shape } = group.info.clone();
            contents.add(name, Ok((dtype, shape, Some(group))));
        } else if !hidden.contains(&info.name) {
            contents.add(info.name.clone(), Ok((info.dtype, info.shape.clone(), None)));
        }
    }
    for misfit in misfits {
        let name = misfit.parts.into_iter().next().unwrap_or_default();
        contents.leave_out(Skipped { name, reason: misfit.reason, is_broken: true });
    }
    Box::new(Decoded { contents, inner })
}

impl Decoded {
    fn group(&self, name: &str) -> Option<&Group> {
        self.contents.get(name)?.1.as_ref()
    }
}

impl Source for Decoded {
    fn infos(&self) -> &[TensorInfo] {
        self.contents.infos()
    }

    fn info(&self, name: &str) -> Option<&TensorInfo> {
        self.contents.get(name).map(|(info, _)| info)
    }

    fn holder(&self, name: &str) -> Option<(&dyn Source, &str)> {
        match self.contents.get(name)? {
            (info, None) => Some((&*self.inner, &info.name)),
            (_, Some(_)) => None,
        }
    }

    fn read(&self, name: &str) -> Result<Tensor<'_>> {
        match self.contents.find(name)? {
            (info, Some(group)) => {
                let numbers = group.read(&*self.inner).map_err(|e| e.of_tensor(name))?;
                Ok(Tensor { shape: info.shape.clone(), order: Order::RowMajor, numbers })
            }
            _ => self.inner.read(name),
        }
    }

    fn skipped(&self) -> &[Skipped] {
        self.contents.skipped()
    }

    fn metadata(&self) -> &Metadata {
        self.inner.metadata()
    }

    fn graph(&self) -> Option<&Graph> {
        self.inner.graph()
    }

    fn decoding(&self, name: &str) -> Option<String> {
        self.group(name).map(Group::words)
    }

    fn stored_bytes(&self, name: &str) -> usize {
        match self.group(name) {
            Some(group) => group.parts.iter().map(|part| self.inner.stored_bytes(part)).sum(),
            None => self.inner.stored_bytes(name),
        }
    }

    fn parts(&self, name: &str) -> &[String] {
        self.group(name).map_or(&[], |group| &group.parts)
    }

    fn forget(&self, name: &str) {
        match self.group(name) {
            Some(group) => group.parts.iter().for_each(|part| self.inner.forget(part)),
            None => self.inner.forget(name),
        }
    }
}
