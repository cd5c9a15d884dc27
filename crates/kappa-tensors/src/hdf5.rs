//! HDF5: every numeric dataset, as Keras and h5py write them, and the variables of MATLAB 7.3.
//!
//! The container is decoded by a crate. MATLAB stores matrices by columns: HDF5 describes them as transposed. The
//! attribute `MATLAB_class` says what a dataset is.

use std::collections::HashSet;

use hdf5_reader::filters::FilterRegistry;
use hdf5_reader::group::Group;
use hdf5_reader::{Dataset, Datatype, Hdf5File, OpenOptions, VarLenKind};
use num_complex::{Complex32, Complex64};

use crate::bytes::Bytes;
use crate::contents::Contents;
use crate::cursor::Cursor;
use crate::error::{Error, Result, printable};
use crate::rounded::{Tally, integers, of_integers};
use crate::source::{Stored, Triplets, UNSUPPORTED};
use crate::triplets::{List, Sparse, doubles};
use crate::{DType, Numbers, Order, Rounded, Skipped, Source, Tensor, TensorInfo, limits};

pub(crate) const MAGIC: &[u8] = b"\x89HDF\r\n\x1a\n";
/// What a file of MATLAB 7.3 begins with, before the container.
pub(crate) const MATLAB: &[u8] = b"MATLAB 7.3 MAT-file";

/// The deepest nesting of groups.
const DEPTH: usize = 64;

/// Where the numbers of a tensor are.
enum Place {
    Dataset,
    /// A sparse matrix of MATLAB.
    Sparse(Sparse),
}

/// An HDF5 file.
pub(crate) struct Hdf5 {
    file: Hdf5File,
    contents: Contents<Place>,
    is_matlab: bool,
    /// The largest number of bytes that a dataset may unpack to.
    most: usize,
    /// Groups that were gone through.
    visits: usize,
}

/// Parses a file in memory; for fuzzing and tests.
///
/// # Errors
///
/// When the container is damaged, or a limit is exceeded. A dataset that cannot be read is skipped.
pub fn parse(bytes: &[u8]) -> Result<impl Source> {
    Hdf5::new(Bytes::Owned(bytes.into()))
}

fn damaged(error: &hdf5_reader::error::Error) -> Error {
    Error::format(format!("is an HDF5 file that cannot be read: {}", printable(error.to_string().trim())))
}

impl Hdf5 {
    pub(crate) fn new(bytes: Bytes) -> Result<Self> {
        let is_matlab = bytes.starts_with(MATLAB);
        // What unpacks to far more than the whole file is refused before it is reserved.
        let ratio = usize::try_from(limits::UNPACK_RATIO).unwrap_or(usize::MAX);
        let most = bytes.len().saturating_mul(ratio).saturating_add(1 << 20);
        let most = most.min(usize::try_from(limits::UNPACKED).unwrap_or(usize::MAX));
        let mut filters = FilterRegistry::new();
        filters.register(LZF, Box::new(|_, packed, _| lzf(packed).ok_or_else(broken_lzf)));
        let options = OpenOptions::default().with_max_read_bytes(most).with_max_chunk_bytes(most);
        let options = options.with_filter_registry(filters);
        let file = Hdf5File::from_owner(bytes, options).map_err(|e| damaged(&e))?;
        let root = file.root_group().map_err(|e| damaged(&e))?;
        let mut found = Self { file, contents: Contents::default(), is_matlab, most, visits: 0 };
        found.visit(&root, "", 0, &mut HashSet::new())?;
        Ok(found)
    }

    /// `seen` holds the groups around this one.
    fn visit(&mut self, group: &Group, path: &str, depth: usize, seen: &mut HashSet<u64>) -> Result<()> {
        // A group that contains itself has no end; links to other groups may make many of a few.
        if depth > DEPTH || !seen.insert(group.address()) {
            return Ok(());
        }
        self.visits += 1;
        if self.contents.len() + self.visits > limits::TENSORS {
            return Err(Error::limit(format!("holds more than {} datasets, the limit", limits::TENSORS)));
        }
        let (groups, datasets) = match group.members() {
            Ok(members) => members,
            Err(error) => {
                let name = if path.is_empty() { "the root group" } else { path };
                self.contents.skip(
                    name.into(),
                    &Error::format(format!("cannot be read: {}", printable(error.to_string().trim()))),
                );
                seen.remove(&group.address());
                return Ok(());
            }
        };
        let inside = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
        for dataset in &datasets {
            let name = inside(dataset.name());
            match self.other(dataset) {
                Some(what) => self.contents.skip(name, &Error::unsupported(format!("{UNSUPPORTED} {what}"))),
                None => self.contents.add(name, self.found(dataset)),
            }
        }
        for group in &groups {
            let name = inside(group.name());
            // MATLAB keeps the members of cells there.
            if self.is_matlab && group.name().starts_with('#') {
                continue;
            }
            if self.is_matlab
                && let Ok(rows) = group.attribute("MATLAB_sparse")
            {
                let rows = rows.read_as_f64().map_err(|e| damaged(&e));
                let found = rows.and_then(|rows| sparse(group, rows as usize));
                let found = found.map(|matrix| (matrix.dtype(), matrix.shape(), Place::Sparse(matrix)));
                self.contents.add(name, found);
                continue;
            }
            self.visit(group, &name, depth + 1, seen)?;
        }
        seen.remove(&group.address());
        Ok(())
    }

    /// What a dataset is that holds no numbers.
    fn other(&self, dataset: &Dataset) -> Option<String> {
        let is_text = match dataset.dtype() {
            Datatype::String { .. } => true,
            Datatype::VarLen { kind, .. } => matches!(kind, VarLenKind::String),
            _ => false,
        };
        if is_text {
            return Some("type: text".into());
        }
        match self.class(dataset).as_deref() {
            Some(class @ ("char" | "cell" | "function_handle" | "struct")) => Some(format!("class: {class}")),
            _ if self.is_matlab && dataset.attribute("MATLAB_empty").is_ok() => Some("class: an empty matrix".into()),
            _ => None,
        }
    }

    /// What MATLAB calls a dataset.
    fn class(&self, dataset: &Dataset) -> Option<String> {
        let class = self.is_matlab.then(|| dataset.attribute("MATLAB_class").ok())??;
        class.read_string().ok()
    }

    /// The type and shape of a dataset.
    fn found(&self, dataset: &Dataset) -> Result<(DType, Vec<usize>, Place)> {
        let dtype = dtype(dataset)?;
        let dtype = if self.class(dataset).as_deref() == Some("logical") { DType::Bool } else { dtype };
        if dataset.ndim() > limits::DIMENSIONS {
            return Err(Error::limit(format!(
                "has {} dimensions; the limit is {}",
                dataset.ndim(),
                limits::DIMENSIONS
            )));
        }
        let shape: Option<Vec<usize>> = dataset.shape().iter().map(|&n| usize::try_from(n).ok()).collect();
        let mut shape = shape.ok_or_else(|| Error::limit(format!("has shape {:?}", dataset.shape())))?;
        limits::check_empty(&shape)?;
        let size = dataset.raw_byte_len().map_err(|e| Error::limit(format!("has shape {shape:?}: {e}")))?;
        if size > self.most {
            let most = self.most;
            return Err(Error::limit(format!("has shape {shape:?}, which takes {size} bytes; the limit is {most}")));
        }
        if self.is_matlab {
            shape.reverse();
        }
        Ok((dtype, shape, Place::Dataset))
    }

    /// Fills these numbers with those of a dataset, which is as long.
    fn plain<T: bytemuck::Pod>(&self, name: &str, mut numbers: Vec<T>) -> Result<Vec<T>> {
        self.fill(name, bytemuck::cast_slice_mut(&mut numbers))?;
        Ok(numbers)
    }

    fn fill(&self, name: &str, to: &mut [u8]) -> Result<()> {
        let here = |e: hdf5_reader::error::Error| {
            Error::format(format!("cannot be read: {}", printable(e.to_string().trim()))).of_tensor(name)
        };
        self.file.dataset(name).and_then(|dataset| dataset.read_native_bytes_into(to)).map_err(here)
    }

    fn bytes_of(&self, info: &TensorInfo) -> Result<Vec<u8>> {
        self.plain(&info.name, vec![0; info.len() * info.dtype.size()])
    }
}

/// A sparse matrix of MATLAB: the values, the rows, and the starts of the columns.
fn sparse(group: &Group, rows: usize) -> Result<Sparse> {
    let read = |part: &str| -> Result<(DType, Vec<u8>)> {
        let dataset = group.dataset(part).map_err(|e| damaged(&e))?;
        Ok((dtype(&dataset)?, dataset.read_native_bytes().map_err(|e| damaged(&e))?))
    };
    let whole = |part: &str| -> Result<Vec<usize>> {
        match numbers(&read(part)?) {
            Numbers::F64(x) => Ok(x.iter().map(|&x| x as usize).collect()),
            _ => Err(Error::format(format!("has a sparse matrix whose `{part}` are no integers"))),
        }
    };
    let starts = whole("jc")?;
    // A matrix without entries has no values.
    let count = starts.last().copied().unwrap_or(0);
    let (of_row, stored) =
        if count == 0 { (Vec::new(), (DType::F64, Vec::new())) } else { (whole("ir")?, read("data")?) };
    let values = numbers(&stored);
    let columns = starts.len().saturating_sub(1);
    if starts.is_empty() || !starts.is_sorted() || of_row.len() != count || values.len() != count {
        return Err(Error::format("has a sparse matrix whose parts do not fit"));
    }
    limits::check_sparse(rows, columns, count)?;
    let value = |k: usize| match &values {
        Numbers::F32(x) => Complex64::new(f64::from(x[k]), 0.0),
        Numbers::F64(x) => Complex64::new(x[k], 0.0),
        Numbers::C32(x) => Complex64::new(f64::from(x[k].re), f64::from(x[k].im)),
        Numbers::C64(x) => x[k],
    };
    let exact: Option<Vec<i128>> = integers(stored.0, &stored.1, cfg!(target_endian = "big")).map(Iterator::collect);
    let (mut entries, mut tally) = (List::new(), Tally::default());
    for (j, ends) in starts.windows(2).enumerate() {
        for (k, &i) in of_row.iter().enumerate().take(ends[1]).skip(ends[0]) {
            if i >= rows {
                return Err(Error::format(format!("has an entry in row {} of {rows}", i + 1)));
            }
            entries.push((i, j, value(k)));
            exact.iter().for_each(|exact| tally.note_integer(&[i, j], exact[k], false));
        }
    }
    let is_complex = matches!(values, Numbers::C32(_) | Numbers::C64(_));
    Sparse::new(doubles(is_complex), (rows, columns), entries, tally)
}

/// The numbers in bytes of this machine.
fn numbers<'a>((dtype, bytes): &'a (DType, Vec<u8>)) -> Numbers<'a> {
    Numbers::from_bytes(*dtype, bytes, cfg!(target_endian = "big"))
}

/// The number of the LZF filter of h5py.
const LZF: u16 = 32000;

fn broken_lzf() -> hdf5_reader::error::Error {
    hdf5_reader::error::Error::InvalidData("a block of LZF is damaged".into())
}

/// Unpacks LZF (Lehmann): runs of literal bytes, and copies of at most 264 bytes from at most 8192 bytes before.
fn lzf(packed: &[u8]) -> Option<Vec<u8>> {
    let mut found: Vec<u8> = Vec::new();
    let mut cursor = Cursor::new(packed);
    while !cursor.is_at_end() {
        let control = usize::from(cursor.u8().ok()?);
        if control < 32 {
            found.extend_from_slice(cursor.take(control + 1).ok()?);
            continue;
        }
        let long = control >> 5;
        let length = 2 + if long == 7 { 7 + usize::from(cursor.u8().ok()?) } else { long };
        let back = ((control & 31) << 8 | usize::from(cursor.u8().ok()?)) + 1;
        let from = found.len().checked_sub(back)?;
        // A copy may read what it writes.
        for k in from..from + length {
            found.push(found[k]);
        }
    }
    Some(found)
}

/// The type of the numbers of a dataset.
fn dtype(dataset: &Dataset) -> Result<DType> {
    let unsupported = || Error::unsupported(format!("{UNSUPPORTED} type {:?}", dataset.dtype()));
    let of = |kind: &Datatype| match kind {
        Datatype::FixedPoint { size: 1, signed: true, .. } => Some(DType::I8),
        Datatype::FixedPoint { size: 1, .. } => Some(DType::U8),
        Datatype::FixedPoint { size: 2, signed: true, .. } => Some(DType::I16),
        Datatype::FixedPoint { size: 2, .. } => Some(DType::U16),
        Datatype::FixedPoint { size: 4, signed: true, .. } => Some(DType::I32),
        Datatype::FixedPoint { size: 4, .. } => Some(DType::U32),
        Datatype::FixedPoint { size: 8, signed: true, .. } => Some(DType::I64),
        Datatype::FixedPoint { size: 8, .. } => Some(DType::U64),
        Datatype::FloatingPoint { size: 4, .. } => Some(DType::F32),
        Datatype::FloatingPoint { size: 8, .. } => Some(DType::F64),
        _ => None,
    };
    match dataset.dtype() {
        Datatype::FloatingPoint { size: 2, .. } => {
            // Bit offset, precision, and where the exponent begins, before its size (III.D of the specification).
            let raw = dataset.raw_datatype().map_err(|e| damaged(&e))?;
            match raw.get(13) {
                Some(5) => Ok(DType::F16),
                Some(8) => Ok(DType::BF16),
                _ => Err(unsupported()),
            }
        }
        // Booleans of h5py.
        Datatype::Enum { base, members } if members.len() == 2 => match of(base) {
            Some(DType::I8 | DType::U8) => Ok(DType::Bool),
            _ => Err(unsupported()),
        },
        Datatype::Compound { size, fields } => match fields.as_slice() {
            [re, im] if re.byte_offset == 0 && is_part(&re.name, "r") && is_part(&im.name, "i") => {
                match (of(&re.datatype), of(&im.datatype), size, im.byte_offset) {
                    (Some(DType::F32), Some(DType::F32), 8, 4) => Ok(DType::C32),
                    (Some(DType::F64), Some(DType::F64), 16, 8) => Ok(DType::C64),
                    _ => Err(unsupported()),
                }
            }
            _ => Err(unsupported()),
        },
        kind => of(kind).ok_or_else(unsupported),
    }
}

/// The names of the parts of complex numbers: r and i in h5py, real and imag in MATLAB.
fn is_part(name: &str, short: &str) -> bool {
    name == short || name == if short == "r" { "real" } else { "imag" }
}

/// Whether the numbers are read as bytes. Those of a boolean may be others than 0 and 1.
fn has_bytes(info: &TensorInfo, place: &Place) -> bool {
    matches!(place, Place::Dataset) && info.dtype != DType::Bool && cfg!(target_endian = "little")
}

impl Source for Hdf5 {
    fn infos(&self) -> &[TensorInfo] {
        self.contents.infos()
    }

    fn info(&self, name: &str) -> Option<&TensorInfo> {
        self.contents.get(name).map(|(info, _)| info)
    }

    fn read(&self, name: &str) -> Result<Tensor<'_>> {
        let (info, place) = self.contents.find(name)?;
        if let Place::Sparse(matrix) = place {
            return matrix.read().map_err(|e| e.of_tensor(name));
        }
        let count = info.len();
        let numbers = match info.dtype {
            DType::F32 => Numbers::F32(self.plain(name, vec![0.0; count])?.into()),
            DType::F64 => Numbers::F64(self.plain(name, vec![0.0; count])?.into()),
            DType::C32 => Numbers::C32(self.plain(name, vec![Complex32::default(); count])?.into()),
            DType::C64 => Numbers::C64(self.plain(name, vec![Complex64::default(); count])?.into()),
            dtype => {
                let bytes = self.plain(name, vec![0u8; count * dtype.size()])?;
                numbers(&(dtype, bytes)).into_owned()
            }
        };
        Ok(Tensor { shape: info.shape.clone(), order: self.order(name), numbers })
    }

    fn bytes(&self, name: &str) -> Result<Option<Stored<'_>>> {
        let (info, place) = self.contents.find(name)?;
        Ok(if has_bytes(info, place) { Some((self.bytes_of(info)?.into(), self.order(name))) } else { None })
    }

    fn copy(&self, name: &str, to: &mut [u8]) -> Result<Option<Order>> {
        let (info, place) = self.contents.find(name)?;
        if !has_bytes(info, place) {
            return Ok(None);
        }
        self.fill(name, to)?;
        Ok(Some(self.order(name)))
    }

    fn order(&self, _: &str) -> Order {
        if self.is_matlab { Order::ColumnMajor } else { Order::RowMajor }
    }

    fn rounded(&self, name: &str) -> Result<Option<Rounded>> {
        let (info, place) = self.contents.find(name)?;
        if let Place::Sparse(matrix) = place {
            return Ok(matrix.rounded());
        }
        if !info.dtype.is_wider_than_double() {
            return Ok(None);
        }
        let bytes = self.bytes_of(info)?;
        Ok(of_integers(info.dtype, &bytes, cfg!(target_endian = "big"), &info.shape, self.order(name)))
    }

    fn triplets(&self, name: &str) -> Option<Triplets<'_>> {
        match self.contents.get(name)? {
            (_, Place::Sparse(matrix)) => Some(matrix.triplets()),
            _ => None,
        }
    }

    fn skipped(&self) -> &[Skipped] {
        self.contents.skipped()
    }

    fn is_data(&self) -> bool {
        self.is_matlab
    }
}
