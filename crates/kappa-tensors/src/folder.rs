//! A folder: a sharded checkpoint with its index, the parts of a pipeline of diffusers, a cached download of Hugging
//! Face, or all supported files in it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::bytes::Bytes;
use crate::error::{Error, Result, printable};
use crate::sharded::{Sharded, is_plain_name, open_shard, read_index};
use crate::{Opening, Skipped, Source, limits};

/// Endings of supported files in order of preference: the first group that occurs in the folder is read.
const KINDS: [&[&str]; 8] = [
    &[".safetensors"],
    &[".gguf"],
    &[".pt", ".pth", ".bin", ".ckpt"],
    &[".onnx"],
    &[".keras", ".h5", ".hdf5"],
    &[".npz", ".npy"],
    &[".mtx", ".mtx.gz", ".csv", ".tsv", ".csv.gz", ".mat", ".rb", ".rsa", ".rua"],
    &[".png", ".jpg", ".jpeg", ".tif", ".tiff", ".pgm", ".ppm"],
];
/// Checkpoint formats that are not supported; such files are listed as skipped.
const STRANGERS: [&str; 1] = [".msgpack"];
/// Endings of the indices of sharded checkpoints, in order of preference.
const INDICES: [&str; 2] = [".safetensors.index.json", ".bin.index.json"];

pub(crate) fn open(path: &Path, opening: &Opening) -> Result<Box<dyn Source>> {
    if let Some(snapshot) = snapshot(path)? {
        return open(&snapshot, opening);
    }
    if path.join("model_index.json").is_file() {
        return parts(path, opening);
    }
    plain(path, opening)
}

/// The newest snapshot of a cached download: `refs/main` names it, or it is the only one.
fn snapshot(path: &Path) -> Result<Option<PathBuf>> {
    let all = path.join("snapshots");
    if !all.is_dir() {
        return Ok(None);
    }
    let named = std::fs::read_to_string(path.join("refs").join("main")).ok();
    let named = named.map(|name| name.trim().to_owned()).filter(|name| is_plain_name(name));
    if let Some(found) = named.map(|name| all.join(name)).filter(|folder| folder.is_dir()) {
        return Ok(Some(found));
    }
    let folders: Vec<PathBuf> = entries(&all)?.into_iter().filter(|entry| entry.is_dir()).collect();
    match &folders[..] {
        [one] => Ok(Some(one.clone())),
        [] => Err(Error::missing("is a cached download without a snapshot").in_file(path)),
        several => {
            let names: Vec<String> = several.iter().map(|folder| printable(&name(folder))).collect();
            Err(Error::unsupported(format!("is a cached download of {} snapshots", several.len()))
                .in_file(path)
                .with_hint(format!("name one: `snapshots/{}`", names.join("` or `snapshots/"))))
        }
    }
}

/// The parts of a pipeline of diffusers, each a folder; their names precede those of the tensors.
fn parts(path: &Path, opening: &Opening) -> Result<Box<dyn Source>> {
    let folders = entries(path)?.into_iter().filter(|entry| entry.is_dir());
    let (mut found, mut names, mut without) = (Vec::new(), Vec::new(), Vec::new());
    for folder in folders {
        match plain(&folder, opening) {
            Ok(source) => {
                names.push(name(&folder));
                found.push(source);
            }
            Err(error) => without.push(Skipped {
                name: name(&folder),
                reason: error.reason().into(),
                // A tokenizer and a scheduler have no weights.
                is_broken: !error.is_missing() && !error.is_unsupported(),
            }),
        }
    }
    if found.is_empty() {
        return Err(Error::missing("is a pipeline of diffusers without weights in its folders").in_file(path));
    }
    let mut all = Sharded::new(found, |k, tensor| format!("{}.{tensor}", names[k]));
    without.into_iter().for_each(|skipped| all.skip(skipped));
    Ok(Box::new(all))
}

/// The files of one folder.
fn plain(path: &Path, opening: &Opening) -> Result<Box<dyn Source>> {
    let files = files(path)?;
    if let Some(index) = INDICES.iter().find_map(|ending| named(&files, &[ending]).into_iter().next()) {
        return indexed(path, &files, index, opening);
    }
    let mut found = Found::of(&files, opening);
    if found.shards.is_empty() {
        return Err(if found.broken.is_empty() { nothing(path, &files) } else { found.broken.swap_remove(0).1 });
    }
    let twins = twins(&mut found.shards, &mut found.names);
    let Found { shards, names, chosen, broken } = found;
    let has_prefixes = shards.len() > 1 && share_names(&shards);
    let named = |k: usize, tensor: &str| {
        if has_prefixes { format!("{}:{tensor}", names[k]) } else { tensor.to_owned() }
    };
    let mut all = Sharded::new(shards, named);
    for (name, error) in broken {
        // A file of arguments of a training run ends like a checkpoint, and holds no tensor.
        all.skip(Skipped { name, reason: error.reason().into(), is_broken: !error.is_unsupported() });
    }
    twins.into_iter().for_each(|skipped| all.skip(skipped));
    let seen: Vec<String> = all.skipped().iter().map(|s| s.name.clone()).collect();
    let others = ignored(path, &files, &chosen)?.into_iter().filter(|s| !seen.contains(&s.name));
    others.for_each(|skipped| all.skip(skipped));
    Ok(Box::new(all))
}

/// The files with one of these endings.
fn named<'a>(files: &'a [PathBuf], endings: &[&str]) -> Vec<&'a PathBuf> {
    files.iter().filter(|file| endings.iter().any(|ending| lower(file).ends_with(ending))).collect()
}

/// The files of the first kind of which one can be read.
struct Found<'a> {
    shards: Vec<Box<dyn Source>>,
    names: Vec<String>,
    chosen: Vec<&'a PathBuf>,
    /// The names of files that cannot be read, and why.
    broken: Vec<(String, Error)>,
}

impl<'a> Found<'a> {
    fn of(files: &'a [PathBuf], opening: &Opening) -> Self {
        let mut found = Self { shards: Vec::new(), names: Vec::new(), chosen: Vec::new(), broken: Vec::new() };
        for kind in KINDS {
            found.chosen = named(files, kind);
            for file in &found.chosen {
                match open_shard(file, opening) {
                    Ok(shard) => {
                        found.names.push(name(file));
                        found.shards.push(shard);
                    }
                    Err(error) => found.broken.push((name(file), error)),
                }
            }
            if !found.shards.is_empty() {
                break;
            }
        }
        found
    }
}

/// Why a folder has no weights.
fn nothing(path: &Path, files: &[PathBuf]) -> Error {
    let stranger = files.iter().find(|file| STRANGERS.iter().any(|ending| lower(file).ends_with(ending)));
    let seen = match stranger {
        Some(first) => format!("; it holds `{}`, whose format is not supported", name(first)),
        None if files.len() == 1 => "; 1 file was checked".to_owned(),
        None => format!("; {} files were checked, and no folder below it", files.len()),
    };
    Error::missing(format!("is a folder without weights in a supported format{seen}"))
        .in_file(path)
        .with_hint(format!("supported files end in {}", KINDS.concat().join(", ")))
}

/// Takes out the files that hold the tensors of another file in a narrower type.
fn twins(shards: &mut Vec<Box<dyn Source>>, names: &mut Vec<String>) -> Vec<Skipped> {
    let of = |source: &dyn Source| -> (BTreeMap<String, Vec<usize>>, f64) {
        let infos = source.infos().iter();
        let width = infos.clone().map(|info| info.dtype.size() as f64 * info.len() as f64).sum();
        (infos.map(|info| (info.name.clone(), info.shape.clone())).collect(), width)
    };
    let all: Vec<_> = shards.iter().map(|shard| of(&**shard)).collect();
    let wider = |k: usize| {
        let others = (0..all.len()).filter(|&j| j != k && !all[k].0.is_empty() && all[j].0 == all[k].0);
        others.into_iter().find(|&j| all[j].1 > all[k].1)
    };
    let found: Vec<(usize, usize)> = (0..all.len()).filter_map(|k| Some((k, wider(k)?))).collect();
    let skipped = found.iter().map(|&(k, j)| Skipped {
        name: names[k].clone(),
        reason: format!("not read: it holds the tensors of `{}` in a narrower type", printable(&names[j])),
        is_broken: false,
    });
    let skipped = skipped.collect();
    for &(k, _) in found.iter().rev() {
        shards.remove(k);
        names.remove(k);
    }
    skipped
}

/// What a folder holds beside the files that are read: files of other formats, and folders.
fn ignored(path: &Path, files: &[PathBuf], chosen: &[&PathBuf]) -> Result<Vec<Skipped>> {
    let ends = |file: &PathBuf, endings: &[&str]| endings.iter().any(|ending| lower(file).ends_with(ending));
    let why = |file: &PathBuf| {
        let is_readable = KINDS.iter().any(|kind| ends(file, kind));
        match () {
            () if chosen.contains(&file) => None,
            () if is_readable => Some("not read: the folder is read by its files of another format".to_owned()),
            () if ends(file, &STRANGERS) => Some("its format is not supported".to_owned()),
            () => None,
        }
    };
    let skipped = |name: String, reason: String| Skipped { name, reason, is_broken: false };
    let of_files = files.iter().filter_map(|file| Some(skipped(name(file), why(file)?)));
    let folders = entries(path)?.into_iter().filter(|entry| entry.is_dir());
    let of_folders = folders.map(|folder| skipped(name(&folder), "a folder: its files are not read".into()));
    Ok(of_files.chain(of_folders).collect())
}

/// Whether tensors of different files share a name, so that the name of the file must distinguish them.
fn share_names(shards: &[Box<dyn Source>]) -> bool {
    let mut seen = std::collections::HashSet::new();
    shards.iter().flat_map(|s| s.infos()).any(|info| !seen.insert(info.name.as_str()))
}

/// A sharded checkpoint, with what else its folder holds.
fn indexed(path: &Path, files: &[PathBuf], index: &Path, opening: &Opening) -> Result<Box<dyn Source>> {
    let (mut all, shards) = read_index(index, &Bytes::open(index, opening.map)?, opening)?;
    let chosen: Vec<&PathBuf> = files.iter().filter(|file| shards.contains(&name(file))).collect();
    ignored(path, files, &chosen)?.into_iter().for_each(|skipped| all.skip(skipped));
    Ok(Box::new(all))
}

fn files(path: &Path) -> Result<Vec<PathBuf>> {
    Ok(entries(path)?.into_iter().filter(|entry| entry.is_file()).collect())
}

/// The files and folders in a folder, by name.
fn entries(path: &Path) -> Result<Vec<PathBuf>> {
    let here = |e: std::io::Error| Error::io(&e).in_file(path);
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path).map_err(here)? {
        files.push(entry.map_err(here)?.path());
        if files.len() > limits::FOLDER_FILES {
            let most = limits::FOLDER_FILES;
            return Err(
                Error::limit(format!("is a folder of more than {most} files and folders, the limit")).in_file(path)
            );
        }
    }
    // Sorted by name, because the order of the file system is arbitrary.
    files.sort();
    Ok(files)
}

fn name(path: &Path) -> String {
    path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default()
}

fn lower(path: &Path) -> String {
    name(path).to_lowercase()
}
