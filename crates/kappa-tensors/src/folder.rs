//! A folder: a sharded checkpoint with its index, or all supported files in it.

use std::path::{Path, PathBuf};

use crate::bytes::Bytes;
use crate::error::{Error, Result};
use crate::sharded::{Sharded, open_index};
use crate::{Opening, Skipped, Source, limits, open as open_file};

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
        return open_index(index, &Bytes::open(index, opening.map)?, opening);
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
        match open_file(file, opening) {
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
    for stranger in named(&STRANGERS) {
        let reason = "its format is not supported".into();
        all.skip(Skipped { name: name(stranger), reason, is_broken: false });
    }
    Ok(Box::new(all))
}

/// Whether tensors of different files share a name, so that the name of the file must distinguish them.
fn share_names(shards: &[Box<dyn Source>]) -> bool {
    let mut seen = std::collections::HashSet::new();
    shards.iter().flat_map(|s| s.infos()).any(|info| !seen.insert(info.name.as_str()))
}

fn files(path: &Path) -> Result<Vec<PathBuf>> {
    let here = |e: std::io::Error| Error::io(&e).in_file(path);
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path).map_err(here)? {
        let file = entry.map_err(here)?.path();
        if file.is_file() {
            files.push(file);
        }
        if files.len() > limits::FOLDER_FILES {
            let most = limits::FOLDER_FILES;
            return Err(Error::limit(format!("is a folder of more than {most} files, the limit")).in_file(path));
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
