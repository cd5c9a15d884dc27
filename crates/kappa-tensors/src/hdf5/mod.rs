//! HDF5: every numeric dataset, as Keras and h5py write them, and the variables of MATLAB 7.3.
//!
//! The container is decoded by a crate. MATLAB stores matrices by columns: HDF5 describes them as transposed. The
//! attribute `MATLAB_class` says what a dataset is.

mod lzf;
mod matlab;

use std::collections::HashSet;

use hdf5_reader::filters::FilterRegistry;
use hdf5_reader::group::Group;
use hdf5_reader::{Dataset, Datatype, Hdf5File, OpenOptions, VarLenKind};
use num_complex::{Complex32, Complex64};

use crate::bytes::Bytes;
use crate::contents::Contents;
use crate::error::{Error, Result, printable};
use crate::rounded::of_integers;
use crate::source::{Stored, Triplets, UNSUPPORTED};
use crate::triplets::Sparse;
use crate::{DType, Numbers, Order, Rounded, Skipped, Source, Tensor, TensorInfo, limits};
use matlab::Members;

pub(crate) const MAGIC: &[u8] = b"\x89HDF\r\n\x1a\n";
/// What a file of MATLAB 7.3 begins with, before the container.
pub(crate) const MATLAB: &[u8] = b"MATLAB 7.3 MAT-file";

/// The deepest nesting of groups.
const DEPTH: usize = 64;

/// Where the numbers of a tensor are.
enum Place {
    /// The path of a dataset.
    Dataset(String),
    /// A sparse matrix of MATLAB.
    Sparse(Sparse),
}

/// An HDF5 file.
pub(crate) struct Hdf5 {
    file: Hdf5File,
    contents: Contents<Place>,
    members: Members,
    is_matlab: bool,
    /// The largest number of bytes that a dataset may unpack to.
    most: usize,
    /// Groups that were gone through.
    visits: usize,
}

/// Where a group or a dataset is.
#[derive(Default)]
struct At {
    path: String,
    /// The name that it has in the list of tensors.
    name: String,
    depth: usize,
}

impl At {
    fn inside(&self, name: &str, separator: char) -> Self {
        let join = |outer: &str, between: char| {
            if outer.is_empty() { name.to_owned() } else { format!("{outer}{between}{name}") }
        };
        Self { path: join(&self.path, '/'), name: join(&self.name, separator), depth: self.depth + 1 }
    }
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
        filters.register(lzf::LZF, Box::new(|_, packed, _| lzf::unpacked(packed).ok_or_else(lzf::broken)));
        let options = OpenOptions::default().with_max_read_bytes(most).with_max_chunk_bytes(most);
        let options = options.with_filter_registry(filters);
        let file = Hdf5File::from_owner(bytes, options).map_err(|e| damaged(&e))?;
        let root = file.root_group().map_err(|e| damaged(&e))?;
        let members = if is_matlab { Members::of(&root) } else { Members::default() };
        let mut found = Self { file, contents: Contents::default(), members, is_matlab, most, visits: 0 };
        found.visit(&root, &At::default(), &mut HashSet::new())?;
        Ok(found)
    }

    /// The datasets of a group and of those in it. `seen` holds the groups and cells around this one.
    fn visit(&mut self, group: &Group, at: &At, seen: &mut HashSet<u64>) -> Result<()> {
        // A group that contains itself has no end; links to other groups may make many of a few.
        if at.depth > DEPTH || !seen.insert(group.address()) {
            return Ok(());
        }
        self.count()?;
        let members = group.members();
        for dataset in members.as_ref().map_or(&[][..], |(_, datasets)| datasets) {
            self.visit_dataset(dataset, &at.inside(dataset.name(), self.separator()), seen)?;
        }
        for group in members.as_ref().map_or(&[][..], |(groups, _)| groups) {
            // The members of cells have the names of their cells.
            if self.is_matlab && group.name().starts_with('#') {
                continue;
            }
            self.visit_group(group, &at.inside(group.name(), self.separator()), seen)?;
        }
        if let Err(error) = members {
            let name = if at.path.is_empty() { "the root group" } else { &at.name };
            let error = Error::format(format!("cannot be read: {}", printable(error.to_string().trim())));
            self.contents.skip(name.into(), &error);
        }
        seen.remove(&group.address());
        Ok(())
    }

    /// What stands between the names of groups and datasets.
    fn separator(&self) -> char {
        if self.is_matlab { '.' } else { '/' }
    }

    fn count(&mut self) -> Result<()> {
        self.visits += 1;
        if self.contents.len() + self.visits > limits::TENSORS {
            return Err(Error::limit(format!("holds more than {} datasets, the limit", limits::TENSORS)));
        }
        Ok(())
    }

    fn visit_group(&mut self, group: &Group, at: &At, seen: &mut HashSet<u64>) -> Result<()> {
        match group.attribute("MATLAB_sparse") {
            Ok(rows) if self.is_matlab => {
                let rows = rows.read_as_f64().map_err(|e| damaged(&e));
                let rows = rows.and_then(|rows| match rows {
                    rows if (0.0..9e15).contains(&rows) && rows.fract() == 0.0 => Ok(rows as usize),
                    rows => Err(Error::format(format!("has a sparse matrix of {rows} rows"))),
                });
                let found = rows.and_then(|rows| matlab::sparse(group, rows));
                let found = found.map(|matrix| (matrix.dtype(), matrix.shape(), Place::Sparse(matrix)));
                self.contents.add(at.name.clone(), found);
                Ok(())
            }
            _ => self.visit(group, at, seen),
        }
    }

    fn visit_dataset(&mut self, dataset: &Dataset, at: &At, seen: &mut HashSet<u64>) -> Result<()> {
        if self.is_matlab
            && let Some(references) = matlab::references(dataset, self.file.superblock().offset_size)
        {
            return match references {
                Ok(addresses) => self.visit_members(dataset, &addresses, at, seen),
                Err(error) => {
                    self.contents.skip(at.name.clone(), &error);
                    Ok(())
                }
            };
        }
        match self.other(dataset) {
            Some(what) => self.contents.skip(at.name.clone(), &Error::unsupported(format!("{UNSUPPORTED} {what}"))),
            None => self.contents.add(at.name.clone(), self.found(dataset, &at.path)),
        }
        Ok(())
    }

    /// The members of a cell by their numbers from 1, and those of an array of structs by their numbers and fields.
    fn visit_members(&mut self, dataset: &Dataset, addresses: &[u64], at: &At, seen: &mut HashSet<u64>) -> Result<()> {
        if at.name.len() > limits::NAME {
            self.contents.skip("a cell".into(), &Error::limit(format!("has a name of {} bytes", at.name.len())));
            return Ok(());
        }
        if at.depth > DEPTH || !seen.insert(dataset.address()) {
            return Ok(());
        }
        let is_cell = matlab::class(dataset).as_deref() == Some("cell");
        for (k, address) in addresses.iter().enumerate() {
            self.count()?;
            let name = match at.name.rsplit_once('.').filter(|_| !is_cell) {
                Some((array, field)) => format!("{array}.{}.{field}", k + 1),
                None => format!("{}.{}", at.name, k + 1),
            };
            let member = |path: &String| At { path: path.clone(), name: name.clone(), depth: at.depth + 1 };
            if let Some(at) = self.members.datasets.get(address).map(member) {
                match self.file.dataset(&at.path) {
                    Ok(dataset) => self.visit_dataset(&dataset, &at, seen)?,
                    Err(error) => self.contents.skip(name, &damaged(&error)),
                }
            } else if let Some(at) = self.members.groups.get(address).map(member) {
                match self.file.group(&at.path) {
                    Ok(group) => self.visit_group(&group, &at, seen)?,
                    Err(error) => self.contents.skip(name, &damaged(&error)),
                }
            } else {
                self.contents.skip(name, &Error::format("refers to something else than a member of a cell"));
            }
        }
        seen.remove(&dataset.address());
        Ok(())
    }

    /// What a dataset is that holds no numbers.
    fn other(&self, dataset: &Dataset) -> Option<String> {
        let is_text = match dataset.dtype() {
            Datatype::String { .. } => true,
            Datatype::VarLen { kind, .. } => matches!(kind, VarLenKind::String),
            _ => false,
        };
        match is_text {
            true => Some("type: text".into()),
            false if self.is_matlab => matlab::other(dataset),
            false => None,
        }
    }

    /// The type and shape of a dataset.
    fn found(&self, dataset: &Dataset, path: &str) -> Result<(DType, Vec<usize>, Place)> {
        let dtype = dtype(dataset)?;
        let dtype =
            if self.is_matlab && matlab::class(dataset).as_deref() == Some("logical") { DType::Bool } else { dtype };
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
        Ok((dtype, shape, Place::Dataset(path.to_owned())))
    }

    /// Fills these numbers with those of a dataset, which is as long.
    fn plain<T: bytemuck::Pod>(&self, path: &str, mut numbers: Vec<T>) -> Result<Vec<T>> {
        self.fill(path, bytemuck::cast_slice_mut(&mut numbers))?;
        Ok(numbers)
    }

    fn fill(&self, path: &str, to: &mut [u8]) -> Result<()> {
        let read = self.file.dataset(path).and_then(|dataset| dataset.read_native_bytes_into(to));
        read.map_err(|e| Error::format(format!("cannot be read: {}", printable(e.to_string().trim()))))
    }

    /// The path of a dataset whose bytes are its numbers. Those of a boolean may be others than 0 and 1.
    fn path_of_bytes(&self, name: &str) -> Result<Option<(&TensorInfo, &str)>> {
        Ok(match self.contents.find(name)? {
            (info, Place::Dataset(path)) if info.dtype != DType::Bool && cfg!(target_endian = "little") => {
                Some((info, path))
            }
            _ => None,
        })
    }
}

/// The numbers in bytes of this machine.
fn numbers<'a>((dtype, bytes): &'a (DType, Vec<u8>)) -> Numbers<'a> {
    Numbers::from_bytes(*dtype, bytes, cfg!(target_endian = "big"))
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

impl Source for Hdf5 {
    fn infos(&self) -> &[TensorInfo] {
        self.contents.infos()
    }

    fn info(&self, name: &str) -> Option<&TensorInfo> {
        self.contents.get(name).map(|(info, _)| info)
    }

    fn read(&self, name: &str) -> Result<Tensor<'_>> {
        let (info, place) = self.contents.find(name)?;
        let here = |error: Error| error.of_tensor(name);
        let path = match place {
            Place::Sparse(matrix) => return matrix.read().map_err(here),
            Place::Dataset(path) => path,
        };
        let count = info.len();
        let numbers = match info.dtype {
            DType::F32 => self.plain(path, vec![0.0; count]).map(|x| Numbers::F32(x.into())),
            DType::F64 => self.plain(path, vec![0.0; count]).map(|x| Numbers::F64(x.into())),
            DType::C32 => self.plain(path, vec![Complex32::default(); count]).map(|x| Numbers::C32(x.into())),
            DType::C64 => self.plain(path, vec![Complex64::default(); count]).map(|x| Numbers::C64(x.into())),
            dtype => {
                let bytes = self.plain(path, vec![0u8; count * dtype.size()]);
                bytes.map(|bytes| numbers(&(dtype, bytes)).into_owned())
            }
        };
        Ok(Tensor { shape: info.shape.clone(), order: self.order(name), numbers: numbers.map_err(here)? })
    }

    fn bytes(&self, name: &str) -> Result<Option<Stored<'_>>> {
        let Some((info, path)) = self.path_of_bytes(name)? else { return Ok(None) };
        let bytes = self.plain(path, vec![0; info.len() * info.dtype.size()]).map_err(|e| e.of_tensor(name))?;
        Ok(Some((bytes.into(), self.order(name))))
    }

    fn copy(&self, name: &str, to: &mut [u8]) -> Result<Option<Order>> {
        let Some((_, path)) = self.path_of_bytes(name)? else { return Ok(None) };
        self.fill(path, to).map_err(|e| e.of_tensor(name))?;
        Ok(Some(self.order(name)))
    }

    fn order(&self, _: &str) -> Order {
        if self.is_matlab { Order::ColumnMajor } else { Order::RowMajor }
    }

    fn rounded(&self, name: &str) -> Result<Option<Rounded>> {
        let (info, place) = self.contents.find(name)?;
        let path = match place {
            Place::Sparse(matrix) => return Ok(matrix.rounded()),
            Place::Dataset(path) => path,
        };
        if !info.dtype.is_wider_than_double() {
            return Ok(None);
        }
        let bytes = self.plain(path, vec![0; info.len() * info.dtype.size()]).map_err(|e| e.of_tensor(name))?;
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
