//! Tensors that a checkpoint stores as codes, with their scales in tensors of their own: decoded when they are read.
//!
//! What belongs to a tensor is found by name and shape, in whatever shard it lies. Parts of another tensor are not
//! listed.

mod groups;
mod scaled;
mod values;
mod words;

use std::collections::{HashMap, HashSet};

use crate::error::Result;
use crate::source::{Metadata, Stored, Triplets, positions};
use crate::{Graph, Numbers, Order, Rounded, Skipped, Source, Tensor, TensorInfo};
use groups::{Found, Group};

/// A source with its codes decoded.
struct Decoded {
    inner: Box<dyn Source>,
    infos: Vec<TensorInfo>,
    positions: HashMap<String, usize>,
    groups: HashMap<String, Group>,
    skipped: Vec<Skipped>,
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
    let mut hidden: HashSet<&str> = groups.iter().flat_map(|g| g.parts.iter().map(String::as_str)).collect();
    hidden.extend(misfits.iter().flat_map(|m| m.parts.iter().map(String::as_str)));
    // A decoded tensor stands where its codes stood.
    let mut at: HashMap<&str, &Group> = groups.iter().map(|g| (g.parts[0].as_str(), g)).collect();
    let infos: Vec<TensorInfo> = (inner.infos().iter())
        .filter_map(|info| match at.remove(info.name.as_str()) {
            Some(group) => Some(group.info.clone()),
            None => (!hidden.contains(info.name.as_str())).then(|| info.clone()),
        })
        .collect();
    let mut skipped = inner.skipped().to_vec();
    skipped.extend(misfits.into_iter().map(|misfit| Skipped {
        name: misfit.parts.into_iter().next().unwrap_or_default(),
        reason: misfit.reason,
        is_broken: true,
    }));
    let groups = groups.into_iter().map(|g| (g.info.name.clone(), g)).collect();
    Box::new(Decoded { positions: positions(&infos), infos, groups, skipped, inner })
}

impl Source for Decoded {
    fn infos(&self) -> &[TensorInfo] {
        &self.infos
    }

    fn info(&self, name: &str) -> Option<&TensorInfo> {
        self.positions.get(name).map(|&k| &self.infos[k])
    }

    fn read(&self, name: &str) -> Result<Tensor<'_>> {
        match self.groups.get(name) {
            Some(group) => {
                let numbers = group.read(&*self.inner).map_err(|e| e.of_tensor(name))?;
                Ok(Tensor { shape: group.info.shape.clone(), order: Order::RowMajor, numbers })
            }
            None => self.inner.read(name),
        }
    }

    fn bytes(&self, name: &str) -> Result<Option<Stored<'_>>> {
        if self.groups.contains_key(name) { Ok(None) } else { self.inner.bytes(name) }
    }

    fn read_part(&self, name: &str, start: usize, count: usize) -> Option<Result<Numbers<'_>>> {
        if self.groups.contains_key(name) { None } else { self.inner.read_part(name, start, count) }
    }

    fn forget_part(&self, name: &str, start: usize, count: usize) {
        self.inner.forget_part(name, start, count);
    }

    fn order(&self, name: &str) -> Order {
        if self.groups.contains_key(name) { Order::RowMajor } else { self.inner.order(name) }
    }

    fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    fn rounded(&self, name: &str) -> Result<Option<Rounded>> {
        if self.groups.contains_key(name) { Ok(None) } else { self.inner.rounded(name) }
    }

    fn metadata(&self) -> &Metadata {
        self.inner.metadata()
    }

    fn remarks(&self, name: &str) -> &[String] {
        self.inner.remarks(name)
    }

    fn graph(&self) -> Option<&Graph> {
        self.inner.graph()
    }

    fn decoding(&self, name: &str) -> Option<String> {
        self.groups.get(name).map(Group::words)
    }

    fn stored_bytes(&self, name: &str) -> usize {
        match self.groups.get(name) {
            Some(group) => group.parts.iter().map(|part| self.inner.stored_bytes(part)).sum(),
            None => self.inner.stored_bytes(name),
        }
    }

    fn parts(&self, name: &str) -> &[String] {
        self.groups.get(name).map_or(&[], |group| &group.parts)
    }

    fn triplets(&self, name: &str) -> Option<Triplets<'_>> {
        if self.groups.contains_key(name) { None } else { self.inner.triplets(name) }
    }

    fn forget(&self, name: &str) {
        match self.groups.get(name) {
            Some(group) => group.parts.iter().for_each(|part| self.inner.forget(part)),
            None => self.inner.forget(name),
        }
    }
}
