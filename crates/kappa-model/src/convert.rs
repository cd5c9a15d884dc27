//! A checkpoint in another format, with the error of every conversion.

use std::borrow::Cow;
use std::io::{Seek, Write};
use std::path::{Path, PathBuf};

use kappa_tensors::write::{Format, Payload, index, reordered};
use kappa_tensors::{DType, Metadata, Numbers, Order, TensorInfo, encoded, printable};

use crate::survey::pattern;
use crate::{Error, Model, Result};

/// What is converted, and to what.
#[derive(Clone, Debug, Default)]
pub struct Convert {
    /// The type of floats, and for complex numbers the one with parts of it; each keeps its own when `None`. Integers
    /// keep theirs.
    pub dtype: Option<DType>,
    /// Only tensors whose name matches one of these patterns; all when empty.
    pub tensors: Vec<String>,
    /// Parts of names that are replaced, in this order: the old part and the new one.
    pub rename: Vec<(String, String)>,
    /// The largest number of bytes of a file; larger checkpoints are written in shards, into a folder.
    pub shard_bytes: Option<u64>,
}

/// A tensor that was converted, with the error of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Converted {
    /// Its name in the new file.
    pub name: String,
    /// The type that it had, and that it has.
    pub dtypes: (DType, DType),
    /// Its dimensions.
    pub shape: Vec<usize>,
    /// ‖Δ‖_F/‖W‖_F over the finite numbers, about; 0 where every number is kept.
    pub relative: f64,
    /// The largest relative error of a number, about; 1 where a number other than 0 becomes 0.
    pub largest: f64,
    /// Finite numbers that became infinite, or NaN.
    pub overflowed: usize,
    /// Numbers that no double held on the way, such as integers beyond 2⁵³ that became floats.
    pub rounded: usize,
}

impl Converted {
    /// Whether every number is the same as before.
    pub fn is_exact(&self) -> bool {
        self.relative == 0.0 && self.largest == 0.0 && self.overflowed == 0 && self.rounded == 0
    }
}

/// A conversion that is planned: which tensors go into which file.
#[derive(Debug)]
pub struct Conversion<'a> {
    model: &'a Model,
    format: Format,
    /// The names in the model, and what becomes of them.
    tensors: Vec<(String, TensorInfo)>,
    /// The tensors of each file.
    shards: Vec<std::ops::Range<usize>>,
}

impl Model {
    /// Plans the conversion of the model into a file, whose ending names its format, or with `how.shard_bytes` into a
    /// folder of safetensors.
    ///
    /// A tensor whose type is not converted keeps its bytes. A tensor that is decoded from codes becomes f32, unless
    /// `how.dtype` says otherwise.
    ///
    /// # Errors
    ///
    /// When the ending names no format that is written, when no tensor matches, when two tensors get one name, and when
    /// the format does not hold them.
    pub fn conversion(&self, to: &Path, how: &Convert) -> Result<Conversion<'_>> {
        let format = if how.shard_bytes.is_some() { Format::Safetensors } else { Format::of(to)? };
        let patterns = how.tensors.iter().map(|text| pattern(text)).collect::<Result<Vec<_>>>()?;
        let is_wanted = |info: &&TensorInfo| patterns.is_empty() || patterns.iter().any(|p| p.matches(&info.name));
        let mut tensors = Vec::new();
        for info in self.tensors().iter().filter(is_wanted) {
            let name = how.rename.iter().fold(info.name.clone(), |name, (old, new)| name.replace(old, new));
            // What is decoded from codes has other numbers than its type.
            let is_decoded = !self.source().parts(&info.name).is_empty();
            let before = if is_decoded && !info.dtype.is_integer() { DType::F32 } else { info.dtype };
            let dtype = match target(before, how.dtype) {
                // Tables have no types: whole numbers of a picture are doubles in them.
                dtype if format == Format::Png && !format.holds(dtype) => self.pixels(info)?,
                dtype => dtype,
            };
            tensors.push((info.name.clone(), TensorInfo { name, dtype, shape: info.shape.clone() }));
        }
        if tensors.is_empty() {
            return Err(Error::filter(format!("no tensor of `{}` is to be converted", self.path().display()))
                .with_hint("`kappa list` shows the names of the tensors"));
        }
        let mut seen = std::collections::HashSet::new();
        if let Some((_, info)) = tensors.iter().find(|(_, info)| !seen.insert(info.name.clone())) {
            return Err(Error::filter(format!("two tensors would have the name `{}`", printable(&info.name)))
                .with_hint("choose other names with `--rename OLD=NEW`"));
        }
        let shards = shards(&tensors, how.shard_bytes);
        Ok(Conversion { model: self, format, tensors, shards })
    }
}

impl Model {
    /// The type of the pixels of a matrix of whole numbers.
    fn pixels(&self, info: &TensorInfo) -> Result<DType> {
        let numbers = parts(&self.source().read(&info.name)?.numbers);
        let fits = |most: f64| numbers.iter().all(|x| x.fract() == 0.0 && (0.0..=most).contains(x));
        match () {
            () if info.dtype.is_complex() => {}
            () if fits(255.0) => return Ok(DType::U8),
            () if fits(65535.0) => return Ok(DType::U16),
            () => {}
        }
        let name = printable(&info.name);
        Err(Error::filter(format!("`{name}` is no picture: its numbers are not all whole and from 0 to 65535"))
            .with_hint("scale and round it to that range"))
    }
}

/// The type of a tensor in the new file.
fn target(dtype: DType, wanted: Option<DType>) -> DType {
    match (dtype, wanted) {
        (dtype, _) if dtype.is_integer() => dtype,
        (DType::C32 | DType::C64, Some(DType::F32 | DType::C32)) => DType::C32,
        (DType::C32 | DType::C64, Some(DType::F64 | DType::C64)) => DType::C64,
        (dtype, _) if dtype.is_complex() => dtype,
        (_, Some(wanted)) => wanted,
        // What is decoded from codes.
        (DType::Packed(_), None) => DType::F32,
        (dtype, None) => dtype,
    }
}

fn shards(tensors: &[(String, TensorInfo)], most: Option<u64>) -> Vec<std::ops::Range<usize>> {
    let Some(most) = most else { return std::iter::once(0..tensors.len()).collect() };
    let mut found = Vec::new();
    let (mut from, mut bytes) = (0, 0u64);
    for (k, (_, info)) in tensors.iter().enumerate() {
        let size = bytes_of(info) as u64;
        if k > from && bytes.saturating_add(size) > most {
            found.push(from..k);
            (from, bytes) = (k, 0);
        }
        bytes = bytes.saturating_add(size);
    }
    found.push(from..tensors.len());
    found
}

fn bytes_of(info: &TensorInfo) -> usize {
    info.len().saturating_mul(info.dtype.size())
}

impl Conversion<'_> {
    /// The names of the files in the order of their tensors: the given one, or those in the given folder.
    pub fn files(&self, to: &Path) -> Vec<PathBuf> {
        match self.shards.len() {
            1 if self.format != Format::Safetensors || to.extension().is_some() => vec![to.to_owned()],
            1 => vec![to.join("model.safetensors")],
            count => (1..=count).map(|k| to.join(format!("model-{k:05}-of-{count:05}.safetensors"))).collect(),
        }
    }

    /// The index of a checkpoint in several files, with its name; `None` for a single file.
    pub fn index(&self) -> Option<(&'static str, Vec<u8>)> {
        let names = self.files(Path::new(""));
        let of = |range: &std::ops::Range<usize>| self.tensors[range.clone()].iter().map(|(_, t)| t.name.clone());
        let shards: Vec<(String, Vec<String>)> = (names.iter().zip(&self.shards))
            .map(|(file, range)| (file.display().to_string(), of(range).collect()))
            .collect();
        let total = self.tensors.iter().map(|(_, info)| bytes_of(info)).sum();
        (shards.len() > 1).then(|| ("model.safetensors.index.json", index(&shards, total)))
    }

    /// Writes the file with this number, from 0, and gives what became of its tensors. One tensor is in memory at a
    /// time.
    ///
    /// # Errors
    ///
    /// When a tensor cannot be read or is not held by the format, and when writing fails.
    pub fn write(&self, file: usize, to: impl Write + Seek) -> Result<Vec<Converted>> {
        let range = self.shards[file].clone();
        let infos: Vec<TensorInfo> = self.tensors[range.clone()].iter().map(|(_, info)| info.clone()).collect();
        let mut done = Vec::new();
        let mut next = |k: usize| {
            let (name, info) = &self.tensors[range.start + k];
            let (payload, converted) = self.tensor(name, info)?;
            done.push(converted);
            Ok(payload)
        };
        let metadata = self.metadata();
        self.format.write(to, &infos, &metadata, &mut next)?;
        Ok(done)
    }

    /// Writes all files: each is replaced when the new one is whole, and a folder is made where it is missing.
    ///
    /// # Errors
    ///
    /// As [`Conversion::write`], and when a file is the one that is read.
    pub fn save(&self, to: &Path) -> Result<Vec<Converted>> {
        let failed = |path: &Path, e: &std::io::Error| Error::filter(format!("cannot write `{}`: {e}", path.display()));
        if self.shards.len() > 1 || self.files(to)[0] != to {
            std::fs::create_dir_all(to).map_err(|e| failed(to, &e))?;
        }
        let mut done = Vec::new();
        for (k, path) in self.files(to).iter().enumerate() {
            self.check_not_lost(path)?;
            let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let mut file = tempfile::Builder::new()
                .prefix(".kappa-")
                .suffix(".part")
                .tempfile_in(folder)
                .map_err(|e| failed(path, &e))?;
            done.extend(self.write(k, file.as_file_mut())?);
            file.persist(path).map_err(|e| failed(path, &e.error))?;
        }
        if let Some((name, bytes)) = self.index() {
            std::fs::write(to.join(name), bytes).map_err(|e| failed(to, &e))?;
        }
        Ok(done)
    }

    /// Fails where a file would replace the one that is read, or one in the folder that is read.
    ///
    /// # Errors
    ///
    /// When it would.
    pub fn check_not_lost(&self, to: &Path) -> Result<()> {
        let whole = |path: &Path| path.canonicalize().ok();
        let Some(target) = whole(to) else { return Ok(()) };
        let source = whole(self.model.path());
        let is_source = source.as_deref() == Some(&target) || target.parent() == source.as_deref();
        match is_source {
            true => Err(Error::filter(format!("`{}` is a file that is read, and would be lost", to.display()))
                .with_hint("name another file or folder to write")),
            false => Ok(()),
        }
    }

    fn metadata(&self) -> Cow<'_, Metadata> {
        Cow::Borrowed(self.model.metadata())
    }

    /// A tensor in its new type. Numbers of a type that is kept keep their bytes.
    fn tensor(&self, name: &str, info: &TensorInfo) -> kappa_tensors::Result<(Payload<'_>, Converted)> {
        let source = self.model.source();
        let before = source.info(name).map_or(info.dtype, |info| info.dtype);
        let mut converted = Converted {
            name: info.name.clone(),
            dtypes: (before, info.dtype),
            shape: info.shape.clone(),
            relative: 0.0,
            largest: 0.0,
            overflowed: 0,
            rounded: 0,
        };
        if let Some(triplets) = source.triplets(name).filter(|_| self.format.is_sparse() && !info.dtype.is_integer()) {
            return Ok((Payload::Sparse(triplets), converted));
        }
        let size = info.dtype.size();
        if before == info.dtype
            && source.parts(name).is_empty()
            && let Some((bytes, order)) = source.bytes(name)?
        {
            return Ok((Payload::Dense(in_rows(bytes, size, &info.shape, order)), converted));
        }
        let tensor = source.read(name)?;
        let bytes = encoded(&tensor.numbers, info.dtype).or_else(|| whole(&tensor.numbers, info.dtype));
        let bytes = bytes.ok_or_else(|| kappa_tensors::Error::unconvertible(&info.name, before, info.dtype))?;
        differ(&tensor.numbers, &Numbers::from_bytes(info.dtype, &bytes, false), &mut converted);
        converted.rounded = source.rounded(name)?.map_or(0, |rounded| rounded.count);
        let bytes = in_rows(bytes.into(), size, &info.shape, tensor.order).into_owned();
        source.forget(name);
        Ok((Payload::Dense(bytes.into()), converted))
    }
}

/// Whole numbers as bytes of an integer type.
fn whole(numbers: &Numbers<'_>, dtype: DType) -> Option<Vec<u8>> {
    let Numbers::F64(x) = numbers else { return None };
    let size = dtype.size();
    dtype.is_integer().then(|| x.iter().flat_map(|&x| (x as i128).to_le_bytes().into_iter().take(size)).collect())
}

/// The bytes with the last index fastest.
fn in_rows<'a>(bytes: Cow<'a, [u8]>, size: usize, shape: &[usize], order: Order) -> Cow<'a, [u8]> {
    match order {
        Order::ColumnMajor if shape.len() > 1 => reordered(&bytes, size, shape).into(),
        _ => bytes,
    }
}

/// The errors of the finite numbers.
fn differ(before: &Numbers<'_>, after: &Numbers<'_>, to: &mut Converted) {
    let (before, after) = (parts(before), parts(after));
    let scale = before.iter().filter(|x| x.is_finite()).fold(0.0f64, |m, x| m.max(x.abs()));
    let unit = if scale > 0.0 { scale } else { 1.0 };
    let (mut error, mut size) = (0.0, 0.0);
    for (&x, &y) in before.iter().zip(&after) {
        if !x.is_finite() {
            continue;
        }
        if !y.is_finite() {
            to.overflowed += 1;
            continue;
        }
        let off = (x / unit - y / unit).abs();
        error += off * off;
        size += (x / unit) * (x / unit);
        if x != y {
            to.largest = to.largest.max(((x - y) / x).abs());
        }
    }
    to.relative = if size > 0.0 { (error / size).sqrt() } else { 0.0 };
}

fn parts(numbers: &Numbers<'_>) -> Vec<f64> {
    match numbers {
        Numbers::F32(x) => x.iter().map(|&x| f64::from(x)).collect(),
        Numbers::F64(x) => x.to_vec(),
        Numbers::C32(x) => x.iter().flat_map(|z| [f64::from(z.re), f64::from(z.im)]).collect(),
        Numbers::C64(x) => x.iter().flat_map(|z| [z.re, z.im]).collect(),
    }
}
