//! A checkpoint in several files, with an index that says which tensor is where.

use std::collections::BTreeMap;
use std::path::{Component, Path};

use serde_json::Value;

use crate::bytes::Bytes;
use crate::error::{Error, Result, printable};
use crate::source::{Triplets, no_such_tensor};
use crate::{Numbers, Opening, Order, Skipped, Source, Tensor, TensorInfo, limits, open};

/// Several sources as one.
pub(crate) struct Sharded {
    shards: Vec<Box<dyn Source>>,
    infos: Vec<TensorInfo>,
    /// For each tensor, its shard and its name there.
    places: std::collections::HashMap<String, (usize, String)>,
    skipped: Vec<Skipped>,
}

impl Sharded {
    /// All tensors of all shards, in order; `rename` gives a tensor's name from its shard's number and its own.
    pub(crate) fn new(shards: Vec<Box<dyn Source>>, rename: impl Fn(usize, &str) -> String) -> Self {
        let mut all = Self { shards: Vec::new(), infos: Vec::new(), places: Default::default(), skipped: Vec::new() };
        for (k, shard) in shards.iter().enumerate() {
            for info in shard.infos() {
                let name = rename(k, &info.name);
                if all.places.insert(name.clone(), (k, info.name.clone())).is_some() {
                    let reason = "a tensor of this name stands in an earlier file too".into();
                    all.skipped.push(Skipped { name: name.clone(), reason, is_broken: true });
                    all.infos.retain(|info| info.name != name);
                }
                all.infos.push(TensorInfo { name, ..info.clone() });
            }
            all.skipped.extend(shard.skipped().iter().cloned());
        }
        all.shards = shards;
        all
    }

    pub(crate) fn skip(&mut self, skipped: Skipped) {
        self.skipped.push(skipped);
    }

    /// Keeps the tensors that the index lists, and names those that are listed but not there.
    fn restrict(&mut self, listed: &BTreeMap<String, String>) {
        self.infos.retain(|info| listed.contains_key(&info.name));
        for (name, file) in listed {
            let is_there = self.places.contains_key(name) || self.skipped.iter().any(|s| s.name == *name);
            if !is_there {
                let reason = format!("the index puts it into `{}`, which does not hold it", printable(file));
                self.skipped.push(Skipped { name: name.clone(), reason, is_broken: true });
            }
        }
    }
}

impl Source for Sharded {
    fn infos(&self) -> &[TensorInfo] {
        &self.infos
    }

    fn read(&self, name: &str) -> Result<Tensor<'_>> {
        let (shard, inner) = self.places.get(name).ok_or_else(|| no_such_tensor(name))?;
        self.shards[*shard].read(inner)
    }

    fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    fn triplets(&self, name: &str) -> Option<Triplets<'_>> {
        let (shard, inner) = self.places.get(name)?;
        self.shards[*shard].triplets(inner)
    }

    fn read_part(&self, name: &str, start: usize, count: usize) -> Option<Result<Numbers<'_>>> {
        let (shard, inner) = self.places.get(name)?;
        self.shards[*shard].read_part(inner, start, count)
    }

    fn forget_part(&self, name: &str, start: usize, count: usize) {
        if let Some((shard, inner)) = self.places.get(name) {
            self.shards[*shard].forget_part(inner, start, count);
        }
    }

    fn order(&self, name: &str) -> Order {
        self.places.get(name).map_or(Order::RowMajor, |(shard, inner)| self.shards[*shard].order(inner))
    }

    fn forget(&self, name: &str) {
        if let Some((shard, inner)) = self.places.get(name) {
            self.shards[*shard].forget(inner);
        }
    }
}

/// Whether this is the index of a sharded checkpoint: a JSON object with a weight_map.
pub(crate) fn is_index(path: &Path, bytes: &[u8]) -> bool {
    let named = path.file_name().is_some_and(|name| name.to_string_lossy().ends_with(".index.json"));
    let start = &bytes[..bytes.len().min(1 << 16)];
    let has_map = start.windows(12).any(|w| w == b"\"weight_map\"");
    bytes.first().is_some_and(|b| matches!(b, b'{' | b' ' | b'\n')) && (named || has_map)
}

/// Opens every shard that the index names. Shards must lie beside the index.
pub(crate) fn open_index(path: &Path, bytes: &Bytes, opening: &Opening) -> Result<Box<dyn Source>> {
    let here = |error: Error| error.in_file(path);
    if bytes.len() as u64 > limits::INDEX {
        return Err(here(Error::limit(format!(
            "is an index of {} bytes; at most {} are read",
            bytes.len(),
            limits::INDEX
        ))));
    }
    let index: Value =
        serde_json::from_slice(bytes).map_err(|e| here(Error::format(format!("is not the JSON of an index: {e}"))))?;
    let map = index.get("weight_map").and_then(Value::as_object).ok_or_else(|| {
        here(Error::format("has no weight_map").with_hint("an index reads {\"weight_map\": {tensor: file}}"))
    })?;
    let mut listed = BTreeMap::new();
    let mut files: Vec<String> = Vec::new();
    for (tensor, file) in map {
        let file = file.as_str().filter(|f| is_plain_name(f)).ok_or_else(|| {
            here(Error::format(format!("names the shard {file}, which is not a file beside it")).of_tensor(tensor))
        })?;
        listed.insert(tensor.clone(), file.to_owned());
        if !files.iter().any(|f| f == file) {
            files.push(file.to_owned());
        }
    }
    files.sort();
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut shards = Vec::new();
    for file in &files {
        let shard = folder.join(file);
        if !shard.exists() {
            let count = listed.values().filter(|f| *f == file).count();
            return Err(here(
                Error::missing(format!(
                    "names the shard `{}`, which is missing, with {count} tensors",
                    printable(file)
                ))
                .with_hint("fetch the missing file into the same folder"),
            ));
        }
        shards.push(open(&shard, opening)?);
    }
    let mut all = Sharded::new(shards, |_, name| name.to_owned());
    all.restrict(&listed);
    Ok(Box::new(all))
}

/// A single file name: no folder, no way up.
fn is_plain_name(name: &str) -> bool {
    let mut parts = Path::new(name).components();
    matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None)) && !name.contains(['/', '\\'])
}
