//! A checkpoint in several files, with an index that assigns each tensor to a file.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Component, Path, PathBuf};

use serde_json::Value;

use crate::bytes::Bytes;
use crate::detect::open_shard;
use crate::error::{Error, Result, printable};
use crate::source::{Metadata, Stored, Triplets, no_metadata, no_such_tensor, positions};
use crate::{Numbers, Opening, Order, Rounded, Skipped, Source, Tensor, TensorInfo, limits};

/// Several sources as one.
pub(crate) struct Sharded {
    shards: Vec<Box<dyn Source>>,
    infos: Vec<TensorInfo>,
    positions: HashMap<String, usize>,
    /// For each tensor, its shard and its name there.
    places: HashMap<String, (usize, String)>,
    skipped: Vec<Skipped>,
}

impl Sharded {
    /// All tensors of all shards, in order; `rename` gives a tensor's name from its shard's number and its own.
    pub(crate) fn new(shards: Vec<Box<dyn Source>>, rename: impl Fn(usize, &str) -> String) -> Self {
        let mut all = Self {
            shards: Vec::new(),
            infos: Vec::new(),
            positions: HashMap::new(),
            places: HashMap::new(),
            skipped: Vec::new(),
        };
        for (k, shard) in shards.iter().enumerate() {
            for info in shard.infos() {
                let name = rename(k, &info.name);
                if all.places.insert(name.clone(), (k, info.name.clone())).is_some() {
                    let reason = "an earlier file holds a tensor of the same name".into();
                    all.skipped.push(Skipped { name: name.clone(), reason, is_broken: true });
                }
                all.infos.push(TensorInfo { name, ..info.clone() });
            }
            all.skipped.extend(shard.skipped().iter().cloned());
        }
        // Of the tensors of one name the last is kept.
        let mut later = HashSet::new();
        all.infos.reverse();
        all.infos.retain(|info| later.insert(info.name.clone()));
        all.infos.reverse();
        all.positions = positions(&all.infos);
        all.shards = shards;
        all
    }

    pub(crate) fn skip(&mut self, skipped: Skipped) {
        self.skipped.push(skipped);
    }

    /// Keeps the tensors that the index lists, and reports those that are listed but missing, and the reverse.
    fn restrict(&mut self, listed: &BTreeMap<String, String>, files: &[&String]) {
        for info in self.infos.iter().filter(|info| !listed.contains_key(&info.name)) {
            let file = self.places.get(&info.name).map_or("", |(shard, _)| files[*shard].as_str());
            let reason = format!("`{}` holds it, and the index does not list it", printable(file));
            self.skipped.push(Skipped { name: info.name.clone(), reason, is_broken: true });
        }
        self.infos.retain(|info| listed.contains_key(&info.name));
        self.positions = positions(&self.infos);
        let skipped: HashSet<String> = self.skipped.iter().map(|s| s.name.clone()).collect();
        for (name, file) in listed {
            if !self.places.contains_key(name) && !skipped.contains(name) {
                let reason = format!("the index assigns it to `{}`, which does not hold it", printable(file));
                self.skipped.push(Skipped { name: name.clone(), reason, is_broken: true });
            }
        }
    }
}

impl Source for Sharded {
    fn infos(&self) -> &[TensorInfo] {
        &self.infos
    }

    fn info(&self, name: &str) -> Option<&TensorInfo> {
        self.positions.get(name).map(|&k| &self.infos[k])
    }

    fn read(&self, name: &str) -> Result<Tensor<'_>> {
        let (shard, inner) = self.places.get(name).ok_or_else(|| no_such_tensor(name))?;
        self.shards[*shard].read(inner)
    }

    fn bytes(&self, name: &str) -> Result<Option<Stored<'_>>> {
        let (shard, inner) = self.places.get(name).ok_or_else(|| no_such_tensor(name))?;
        self.shards[*shard].bytes(inner)
    }

    fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    fn rounded(&self, name: &str) -> Result<Option<Rounded>> {
        let (shard, inner) = self.places.get(name).ok_or_else(|| no_such_tensor(name))?;
        self.shards[*shard].rounded(inner)
    }

    fn remarks(&self, name: &str) -> &[String] {
        self.places.get(name).map_or(&[], |(shard, inner)| self.shards[*shard].remarks(inner))
    }

    /// Those of the first file, as a split checkpoint has them.
    fn metadata(&self) -> &Metadata {
        match self.shards.first() {
            Some(shard) => shard.metadata(),
            None => no_metadata(),
        }
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

/// Whether the bytes are the index of a sharded checkpoint: a JSON object with a weight_map.
pub(crate) fn is_index(path: &Path, bytes: &[u8]) -> bool {
    let named = path.file_name().is_some_and(|name| name.to_string_lossy().ends_with(".index.json"));
    let start = &bytes[..bytes.len().min(1 << 16)];
    let has_map = start.windows(12).any(|w| w == b"\"weight_map\"");
    bytes.first().is_some_and(|b| matches!(b, b'{' | b' ' | b'\n')) && (named || has_map)
}

/// The files of a checkpoint that llama.cpp split, in order: `name-00001-of-00003.gguf` names the others. `None` for
/// other names.
fn splits(path: &Path) -> Option<Vec<PathBuf>> {
    let name = path.file_name()?.to_str()?;
    let (stem, ending) = (name.strip_suffix(".gguf")?, ".gguf");
    let (front, count) = stem.rsplit_once("-of-")?;
    let (front, number) = front.rsplit_once('-')?;
    let digits = |text: &str| (text.len() == 5).then(|| text.parse::<usize>().ok()).flatten();
    let (_, count) = (digits(number)?, digits(count)?);
    let all = (1..=count).map(|k| path.with_file_name(format!("{front}-{k:05}-of-{count:05}{ending}")));
    (count > 1).then(|| all.collect())
}

/// A checkpoint that llama.cpp split, from any of its files; `None` for other files.
///
/// # Errors
///
/// When one of the files is missing or cannot be read.
pub(crate) fn open_split(path: &Path, opening: &Opening) -> Result<Option<Box<dyn Source>>> {
    let Some(files) = splits(path).filter(|_| path.is_file()) else { return Ok(None) };
    let mut shards = Vec::new();
    for file in &files {
        if !file.is_file() {
            let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            return Err(Error::missing(format!(
                "is one of {} files, of which `{}` is missing",
                files.len(),
                printable(&name)
            ))
            .in_file(path)
            .with_hint("fetch the missing file into the same folder"));
        }
        shards.push(open_shard(file, opening)?);
    }
    Ok(Some(Box::new(Sharded::new(shards, |_, name| name.to_owned()))))
}

/// Opens every shard that the index names. The shards must be in the folder of the index.
pub(crate) fn open_index(path: &Path, bytes: &Bytes, opening: &Opening) -> Result<Box<dyn Source>> {
    Ok(Box::new(read_index(path, bytes, opening)?.0))
}

/// The checkpoint of an index, and the names of its shards.
pub(crate) fn read_index(path: &Path, bytes: &Bytes, opening: &Opening) -> Result<(Sharded, BTreeSet<String>)> {
    let here = |error: Error| error.in_file(path);
    if bytes.len() as u64 > limits::INDEX {
        return Err(here(Error::limit(format!(
            "is an index of {} bytes; the limit is {}",
            bytes.len(),
            limits::INDEX
        ))));
    }
    let index: Value =
        serde_json::from_slice(bytes).map_err(|e| here(Error::format(format!("is an index of invalid JSON: {e}"))))?;
    let map = index.get("weight_map").and_then(Value::as_object).ok_or_else(|| {
        here(Error::format("has no weight_map").with_hint("an index has the form {\"weight_map\": {tensor: file}}"))
    })?;
    let mut listed = BTreeMap::new();
    let mut files = BTreeSet::new();
    for (tensor, file) in map {
        let file = file.as_str().filter(|f| is_plain_name(f)).ok_or_else(|| {
            let message = format!("is assigned to {file}, which is not a file name in the folder of the index");
            here(Error::format(message).of_tensor(tensor))
        })?;
        listed.insert(tensor.clone(), file.to_owned());
        files.insert(file.to_owned());
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut shards = Vec::new();
    for file in &files {
        let shard = folder.join(file);
        if !shard.exists() {
            let count = listed.values().filter(|f| *f == file).count();
            return Err(here(
                Error::missing(format!("names the shard `{}`, which is missing (tensors: {count})", printable(file)))
                    .with_hint("fetch the missing file into the same folder"),
            ));
        }
        shards.push(open_shard(&shard, opening)?);
    }
    let mut all = Sharded::new(shards, |_, name| name.to_owned());
    all.restrict(&listed, &files.iter().collect::<Vec<_>>());
    Ok((all, files))
}

/// Whether the name is a plain file name, without a folder or `..`.
pub(crate) fn is_plain_name(name: &str) -> bool {
    let mut parts = Path::new(name).components();
    matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None)) && !name.contains(['/', '\\'])
}
