//! A folder: a sharded checkpoint with its index, or all supported files in it.

use std::path::{Path, PathBuf};

use crate::bytes::Bytes;
use crate::detect::open_shard;
use crate::error::{Error, Result};
use crate::sharded::{Sharded, read_index};
use crate::{Opening, Skipped, Source, limits};

/// Endings of supported files in order of preference: the first group that occurs in the folder is read.
const KINDS: [&[&str]; 3] = [&[".safetensors"], &[".npz", ".npy"], &[".mtx", ".mtx.gz", ".csv", ".tsv", ".csv.gz"]];
/// Checkpoint formats that are not supported; such files are listed as skipped.
const STRANGERS: [&str; 8] = [".bin", ".pt", ".pth", ".ckpt", ".gguf", ".onnx", ".h5", ".hdf5"];

pub(crate) fn open(path: &Path, opening: &Opening) -> Result<Box<dyn Source>> {
    let files = files(path)?;
    let named = |endings: &[&str]| -> Vec<&PathBuf> {
        files.iter().filter(|f| endings.iter().any(|e| lower(f).ends_with(e))).collect()
    };
    if let Some(index) = named(&[".safetensors.index.json"]).first() {
        return indexed(path, &files, index, opening);
    }
    let chosen = KINDS.iter().map(|kind| named(kind)).find(|found| !found.is_empty()).unwrap_or_default();
    if chosen.is_empty() {
        let strangers = named(&STRANGERS);
        let seen = match strangers.first() {
            Some(first) => format!("; it holds `{}`, whose format is not supported", name(first)),
            None if files.len() == 1 => "; 1 file was checked".to_owned(),
            None => format!("; {} files were checked, and no folder below it", files.len()),
        };
        return Err(Error::missing(format!("is a folder without weights in a supported format{seen}"))
            .in_file(path)
            .with_hint("supported files end in .safetensors, .npz, .npy, .mtx, .mtx.gz, .csv, .csv.gz or .tsv"));
    }
    let (mut shards, mut names, mut broken) = (Vec::new(), Vec::new(), Vec::new());
    for file in &chosen {
        match open_shard(file, opening) {
            Ok(shard) => {
                names.push(name(file));
                shards.push(shard);
            }
            Err(error) => broken.push((name(file), error)),
        }
    }
    if shards.is_empty() {
        return Err(broken.swap_remove(0).1);
    }
    let several = shards.len() > 1;
    let prefixes = share_names(&shards);
    let mut all =
        Sharded::new(
            shards,
            |k, tensor| {
                if several && prefixes { format!("{}:{tensor}", names[k]) } else { tensor.to_owned() }
            },
        );
    for (name, error) in broken {
        all.skip(Skipped { name, reason: error.reason().into(), is_broken: true });
    }
    ignored(path, &files, &chosen)?.into_iter().for_each(|skipped| all.skip(skipped));
    Ok(Box::new(all))
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
