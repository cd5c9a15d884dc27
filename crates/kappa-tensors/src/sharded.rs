//! A checkpoint in several files, with an index that assigns each tensor to a file.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Component, Path, PathBuf};

use serde_json::Value;

use crate::bytes::Bytes;
use crate::contents::Contents;
use crate::error::{Error, Result, printable};
use crate::source::{Metadata, no_metadata};
use crate::{Graph, Opening, Skipped, Source, TensorInfo, file, limits};

/// Several sources as one.
pub(crate) struct Sharded {
    shards: Vec<Box<dyn Source>>,
    /// The shard of each tensor, and its name there.
    contents: Contents<(usize, String)>,
}

impl Sharded {
    /// All tensors of all shards, in order; `rename` gives a tensor's name from its shard's number and its own.
    pub(crate) fn new(shards: Vec<Box<dyn Source>>, rename: impl Fn(usize, &str) -> String) -> Self {
        Self::chosen(shards, |k, name| Ok(rename(k, name)))
    }

    /// The tensors that `choose` gives a name.
    fn chosen(
        shards: Vec<Box<dyn Source>>,
        choose: impl Fn(usize, &str) -> std::result::Result<String, Skipped>,
    ) -> Self {
        let mut contents = Contents::default();
        for (k, shard) in shards.iter().enumerate() {
            for info in shard.infos() {
                match choose(k, &info.name) {
                    Ok(name) => contents.add(name, Ok((info.dtype, info.shape.clone(), (k, info.name.clone())))),
                    Err(skipped) => contents.leave_out(skipped),
                }
            }
            shard.skipped().iter().for_each(|skipped| contents.leave_out(skipped.clone()));
        }
        Self { shards, contents }
    }

    pub(crate) fn skip(&mut self, skipped: Skipped) {
        self.contents.leave_out(skipped);
    }

    /// The tensors that the index lists, each from the file that it names. What lies elsewhere is reported.
    fn indexed(shards: Vec<Box<dyn Source>>, listed: &BTreeMap<String, String>, files: &BTreeSet<String>) -> Self {
        let files: Vec<&String> = files.iter().collect();
        let mut holders: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (k, shard) in shards.iter().enumerate() {
            shard.infos().iter().for_each(|info| holders.entry(info.name.clone()).or_default().push(k));
        }
        let choose = |k: usize, name: &str| {
            let reason = match listed.get(name) {
                None => format!("`{}` holds it, and the index does not list it", printable(files[k])),
                Some(file) if file == files[k] => return Ok(name.to_owned()),
                Some(file) if holders[name].iter().any(|&k| files[k] == file) => {
                    format!("`{}` holds it too, and the index assigns it to `{}`", printable(files[k]), printable(file))
                }
                Some(_) => return Ok(name.to_owned()),
            };
            Err(Skipped { name: name.to_owned(), reason, is_broken: true })
        };
        let mut all = Self::chosen(shards, choose);
        let skipped: HashSet<String> = all.skipped().iter().map(|s| s.name.clone()).collect();
        for (name, file) in listed.iter().filter(|(name, _)| !skipped.contains(*name)) {
            let file = printable(file);
            let reason = match holders.get(name).and_then(|holders| holders.first()) {
                None => format!("the index assigns it to `{file}`, which does not hold it"),
                Some(_) if holders[name].iter().any(|&k| files[k] == &listed[name]) => continue,
                Some(&k) => {
                    format!(
                        "it is read from `{}`; the index assigns it to `{file}`, which does not hold it",
                        printable(files[k])
                    )
                }
            };
            all.skip(Skipped { name: name.clone(), reason, is_broken: true });
        }
        all
    }
}

impl Source for Sharded {
    fn infos(&self) -> &[TensorInfo] {
        self.contents.infos()
    }

    fn info(&self, name: &str) -> Option<&TensorInfo> {
        self.contents.get(name).map(|(info, _)| info)
    }

    fn holder(&self, name: &str) -> Option<(&dyn Source, &str)> {
        let (_, (shard, inner)) = self.contents.get(name)?;
        Some((&*self.shards[*shard], inner))
    }

    fn skipped(&self) -> &[Skipped] {
        self.contents.skipped()
    }

    /// Those of the first file, as a split checkpoint has them.
    fn metadata(&self) -> &Metadata {
        match self.shards.first() {
            Some(shard) => shard.metadata(),
            None => no_metadata(),
        }
    }

    fn graph(&self) -> Option<&Graph> {
        match &self.shards[..] {
            [shard] => shard.graph(),
            _ => None,
        }
    }

    fn is_data(&self) -> bool {
        !self.shards.is_empty() && self.shards.iter().all(|shard| shard.is_data())
    }
}

/// Whether the bytes are the index of a sharded checkpoint: a JSON object with a weight_map.
pub(crate) fn is_index(path: &Path, bytes: &[u8]) -> bool {
    let named = path.file_name().is_some_and(|name| name.to_string_lossy().ends_with(".index.json"));
    let start = &bytes[..bytes.len().min(1 << 16)];
    let has_map = start.windows(12).any(|w| w == b"\"weight_map\"");
    bytes.first().is_some_and(|b| matches!(b, b'{' | b' ' | b'\n')) && (named || has_map)
}

/// Opens a file that is itself no folder and no index, such as a shard: an index that names itself has no end.
pub(crate) fn open_shard(path: &Path, opening: &Opening) -> Result<Box<dyn Source>> {
    let bytes = Bytes::open(path, opening.map)?;
    if is_index(path, &bytes) {
        return Err(Error::format("is an index of shards where a shard is needed")
            .in_file(path)
            .with_hint("an index assigns tensors to files that hold numbers"));
    }
    file::open(bytes, path, opening)
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
    Ok((Sharded::indexed(shards, &listed, &files), files))
}

/// Whether the name is a plain file name, without a folder or `..`.
pub(crate) fn is_plain_name(name: &str) -> bool {
    let mut parts = Path::new(name).components();
    matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None)) && !name.contains(['/', '\\'])
}
