//! One file: its format by its content.

use std::path::Path;

use crate::bytes::Bytes;
use crate::error::{Error, Result, printable};
use crate::gguf::{self, Gguf};
use crate::hdf5::{self, Hdf5};
use crate::matlab::{self, Matlab};
use crate::matrix_market::{BANNER, MatrixMarket};
use crate::npy::{self, Npy};
use crate::npz::Npz;
use crate::onnx::{self, Onnx};
use crate::picture::{self, Picture};
use crate::safetensors::{self, SafeTensors};
use crate::strangers::{self, FORMATS};
use crate::table::matrix::Table;
use crate::torch::{self, Torch};
use crate::{Dialect, Opening, Source, archive, gzip, harwell_boeing, scipy_sparse, table};

/// The tensors in the bytes of a file that is no index of others.
pub(crate) fn open(bytes: Bytes, path: &Path, opening: &Opening) -> Result<Box<dyn Source>> {
    from_bytes(bytes, path, opening).map_err(|error| error.in_file(path))
}

/// The file's name up to its first dot: the name of the single matrix in it.
fn stem(path: &Path) -> String {
    if path.as_os_str() == "-" {
        return "stdin".into();
    }
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let short = name.split('.').find(|part| !part.is_empty());
    short.unwrap_or("matrix").to_owned()
}

fn from_bytes(bytes: Bytes, path: &Path, opening: &Opening) -> Result<Box<dyn Source>> {
    let name = &*stem(path);
    if bytes.is_empty() {
        return Err(Error::format("is empty").with_hint("the download or copy may have failed; fetch the file again"));
    }
    if bytes.starts_with(npy::MAGIC) {
        return Ok(Box::new(Npy::new(bytes, name)?));
    }
    if bytes.starts_with(archive::MAGIC) || bytes.starts_with(archive::EMPTY_MAGIC) {
        return from_archive(bytes, name, opening);
    }
    if bytes.starts_with(hdf5::MAGIC) || bytes.starts_with(hdf5::MATLAB) {
        return Ok(Box::new(Hdf5::new(bytes)?));
    }
    if picture::is_likely(&bytes) {
        return Ok(Box::new(Picture::new(bytes, name)?));
    }
    if bytes.starts_with(matlab::MAGIC) {
        return Ok(Box::new(Matlab::version5(bytes)?));
    }
    if matlab::is_version4(&bytes) {
        return Ok(Box::new(Matlab::version4(bytes)?));
    }
    if bytes.starts_with(torch::LEGACY_MAGIC) {
        return Ok(Box::new(Torch::legacy(bytes, name, opening.strict)?));
    }
    if bytes.starts_with(gguf::MAGIC) {
        return Ok(Box::new(Gguf::new(bytes)?));
    }
    if bytes.starts_with(gzip::ZSTANDARD) {
        return from_text(&gzip::unpack_zstandard(&bytes)?, name, &opening.table);
    }
    if bytes.starts_with(gzip::MAGIC) {
        return from_text(&gzip::unpack(&bytes)?, name, &opening.table);
    }
    if let Some(error) = strangers::recognised(&bytes) {
        return Err(error);
    }
    if safetensors::is_likely(&bytes) {
        return Ok(Box::new(SafeTensors::new(bytes)?));
    }
    if onnx::is_likely(&bytes) {
        let folder = path.parent().filter(|_| path.is_file()).map(|folder| (folder, opening.map));
        return Ok(Box::new(Onnx::new(bytes, folder)?));
    }
    from_text(&bytes, name, &opening.table)
}

/// A zip archive: of PyTorch, of a sparse matrix of SciPy, or of arrays.
fn from_archive(bytes: Bytes, name: &str, opening: &Opening) -> Result<Box<dyn Source>> {
    let (archive, names) = archive::open(bytes.clone())?;
    if torch::is_archive(&names) {
        return Ok(Box::new(Torch::of_archive(bytes, archive, &names, (name, opening.strict))?));
    }
    // A model of Keras 3.
    if let Some(weights) = names.iter().position(|name| name == "model.weights.h5") {
        let mut archive = archive;
        return Ok(Box::new(Hdf5::new(Bytes::Owned(archive::unpacked(&mut archive, weights)?.into()))?));
    }
    let arrays = Npz::of(bytes, archive, names)?;
    Ok(match scipy_sparse::of(&arrays, name)? {
        Some(sparse) => Box::new(sparse),
        None => Box::new(arrays),
    })
}

fn from_text(bytes: &[u8], name: &str, dialect: &Dialect) -> Result<Box<dyn Source>> {
    let bytes = &*dialect.decoded(bytes)?;
    let banner = bytes.get(..BANNER.len()).unwrap_or_default();
    if banner.eq_ignore_ascii_case(BANNER.as_bytes()) {
        return Ok(Box::new(MatrixMarket::new(bytes, name)?));
    }
    // The banner with one `%`, or with none.
    let line = bytes.split(|&b| b == b'\n').next().unwrap_or_default().trim_ascii();
    let word = line.strip_prefix(b"%").unwrap_or(line);
    let is_banner = word.get(..BANNER.len() - 2).is_some_and(|w| w.eq_ignore_ascii_case(&BANNER.as_bytes()[2..]));
    if is_banner || line.starts_with(b"%") {
        let what = "looks like a Matrix Market file whose first line is not its banner";
        return Err(Error::format(format!("{what}: `{}`", printable(&String::from_utf8_lossy(line))))
            .with_hint("the first line reads, for example, `%%MatrixMarket matrix coordinate real general`"));
    }
    if harwell_boeing::is_likely(bytes) {
        return Ok(Box::new(harwell_boeing::read(bytes, name)?));
    }
    if table::is_likely(bytes) {
        return Ok(Box::new(Table::new(bytes, name, dialect)?));
    }
    Err(Error::unsupported("is not in a format that kappa recognises").with_hint(FORMATS))
}
