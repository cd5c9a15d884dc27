//! Checkpoints of PyTorch: a zip archive of a pickle and its storages, or the older sequence of pickles.
//!
//! The pickle is read as a tree and never executed. Tensors are found at any depth; objects of other classes are named
//! and left out. Reference: `torch/serialization.py` and `torch/_utils.py` of PyTorch.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use crate::archive::{self, Archive, Place};
use crate::bytes::Bytes;
use crate::contents::Contents;
use crate::cursor::Cursor;
use crate::error::{Error, Result, printable};
use crate::pickle::{self, Id, Tree, Value};
use crate::rounded::of_integers;
use crate::source::{Stored, UNSUPPORTED};
use crate::tensor::little;
use crate::{DType, Numbers, Order, Rounded, Skipped, Source, Tensor, TensorInfo, limits};

/// What a checkpoint before PyTorch 1.6 begins with: the pickle of 0x1950a86a20f9469cfc6c.
pub(crate) const LEGACY_MAGIC: &[u8] = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.";

/// A tensor in a storage: its first number and its strides, in numbers.
#[derive(Clone, Debug)]
struct Strided {
    storage: String,
    offset: usize,
    strides: Vec<usize>,
}

/// A checkpoint of PyTorch.
pub(crate) struct Torch {
    bytes: Bytes,
    storages: HashMap<String, Place>,
    contents: Contents<Strided>,
    is_big_endian: bool,
    is_single: bool,
}

/// Parses a file in memory, an archive or one of the older format; for fuzzing and tests.
///
/// # Errors
///
/// When the pickle or the archive is damaged, or no tensor is in it.
pub fn parse(bytes: &[u8]) -> Result<impl Source> {
    let bytes = Bytes::Owned(bytes.into());
    if bytes.starts_with(LEGACY_MAGIC) {
        return Torch::legacy(bytes, "tensor", false);
    }
    let (archive, names) = archive::open(bytes.clone())?;
    Torch::of_archive(bytes, archive, &names, ("tensor", false))
}

/// Whether these are the names of an archive of PyTorch.
pub(crate) fn is_archive(names: &[String]) -> bool {
    names.iter().any(|name| is_pickle(name))
}

fn is_pickle(name: &str) -> bool {
    name == "data.pkl" || name.ends_with("/data.pkl")
}

impl Torch {
    /// A zip archive with these names: a pickle, and a file for each storage.
    pub(crate) fn of_archive(
        bytes: Bytes,
        mut archive: Archive,
        names: &[String],
        (name, strict): (&str, bool),
    ) -> Result<Self> {
        let Some(at) = names.iter().position(|name| is_pickle(name)) else {
            return Err(Error::format("is a PyTorch archive without a pickle"));
        };
        let root = names[at].strip_suffix("data.pkl").unwrap_or_default();
        let pickle = archive::unpacked(&mut archive, at)?;
        let tree = pickle::parse(&mut Cursor::new(&pickle))?;
        let order = names.iter().position(|name| name.strip_prefix(root) == Some("byteorder"));
        let order = order.map(|k| archive::unpacked(&mut archive, k)).transpose()?;
        let is_big_endian = order.is_some_and(|order| order.trim_ascii() == b"big");
        let used = sizes(&tree);
        let mut storages = HashMap::new();
        for (k, entry) in names.iter().enumerate() {
            let key = entry.strip_prefix(root).and_then(|rest| rest.split_once('/')).map(|(_, key)| key);
            if let Some(key) = key.filter(|key| used.contains_key(key)) {
                let place = match archive::place(&mut archive, k, bytes.len())? {
                    Place::Packed => Place::Unpacked(archive::unpacked(&mut archive, k)?.into()),
                    place => place,
                };
                storages.insert(key.to_owned(), place);
            }
        }
        Self::new(bytes, &tree, storages, is_big_endian, name, strict)
    }

    /// A sequence of pickles: a magic number, a version, facts about the writer, the object, the keys of the storages;
    /// then the storages, each after its length.
    pub(crate) fn legacy(bytes: Bytes, name: &str, strict: bool) -> Result<Self> {
        let owned = bytes.clone();
        let mut cursor = Cursor::new(&owned);
        cursor.take(LEGACY_MAGIC.len())?;
        let version = pickle::parse(&mut cursor)?;
        if version.int(version.root()) != Some(1001) {
            return Err(Error::unsupported("is a PyTorch checkpoint of an unknown version"));
        }
        let system = pickle::parse(&mut cursor)?;
        let is_big_endian = match system.get(system.root()) {
            Value::Dict(pairs) => pairs.iter().any(|&(key, value)| {
                system.text(key) == Some("little_endian") && *system.get(value) == Value::Bool(false)
            }),
            _ => false,
        };
        let tree = pickle::parse(&mut cursor)?;
        let keys = pickle::parse(&mut cursor)?;
        let keys = keys.members(keys.root()).unwrap_or_default().iter().filter_map(|&k| keys.text(k));
        let sizes = sizes(&tree);
        let mut storages = HashMap::new();
        for key in keys {
            let count = cursor.u64()?;
            let count = if is_big_endian { count.swap_bytes() } else { count };
            let size = sizes.get(key).copied().unwrap_or(1);
            let length = usize::try_from(count).ok().and_then(|count| count.checked_mul(size));
            let start = cursor.at();
            // A storage that is cut off is missing to its tensors, which say so.
            if cursor.take(length.unwrap_or(usize::MAX)).is_err() {
                break;
            }
            storages.insert(key.to_owned(), Place::Stored(start, cursor.at() - start));
        }
        Self::new(bytes, &tree, storages, is_big_endian, name, strict)
    }

    fn new(
        bytes: Bytes,
        tree: &Tree,
        storages: HashMap<String, Place>,
        is_big_endian: bool,
        name: &str,
        strict: bool,
    ) -> Result<Self> {
        let mut walk = Walk { tree, found: Vec::new(), foreign: BTreeMap::new(), skipped: Vec::new(), steps: 0 };
        walk.visit(tree.root(), "", 0)?;
        let Walk { found, foreign, skipped, .. } = walk;
        if strict && let Some((class, at)) = foreign.first_key_value() {
            let at = if at.is_empty() { "at its root".into() } else { format!("in `{}`", printable(at)) };
            return Err(Error::unsupported(format!("holds an object of the class `{}` {at}", printable(class)))
                .with_hint("without `--strict` it is left out, and nothing is executed"));
        }
        let foreign = foreign.into_iter().map(|(class, at)| Skipped {
            name: if at.is_empty() { name.to_owned() } else { at },
            reason: format!("an object of the class `{}`: not read, and never executed", printable(&class)),
            is_broken: false,
        });
        let is_single = matches!(&found[..], [(path, _)] if path.is_empty());
        let mut file = Self { bytes, storages, contents: Contents::default(), is_big_endian, is_single };
        skipped.into_iter().chain(foreign).for_each(|skipped| file.contents.leave_out(skipped));
        for (path, tensor) in found {
            let path = if path.is_empty() { name.to_owned() } else { path };
            let placed = tensor.and_then(|tensor| file.placed(tensor));
            file.contents.add(path, placed);
        }
        let skipped = file.contents.skipped();
        if file.contents.infos().is_empty() && skipped.iter().all(|s| !s.is_broken) {
            let other = skipped.first().map_or(String::new(), |s| format!(": {} is {}", s.name, s.reason));
            return Err(Error::unsupported(format!("is a PyTorch file that holds no tensors{other}"))
                .with_hint("save a state dict: `torch.save(model.state_dict(), path)`"));
        }
        Ok(file)
    }

    fn storage(&self, key: &str) -> Option<&[u8]> {
        match self.storages.get(key)? {
            Place::Stored(start, length) => self.bytes.get(*start..start + length),
            Place::Unpacked(bytes) => Some(bytes),
            Place::Packed => None,
        }
    }

    /// Checks that a tensor lies inside of its storage.
    fn placed(&self, tensor: Rebuilt) -> Result<(DType, Vec<usize>, Strided)> {
        let Rebuilt { dtype, shape, place } = tensor;
        let storage = self.storage(&place.storage).ok_or_else(|| {
            Error::format(format!("is truncated: its storage `{}` is not in the file", printable(&place.storage)))
        })?;
        if shape.len() > limits::DIMENSIONS || shape.len() != place.strides.len() {
            return Err(Error::format(format!("has {} dimensions and {} strides", shape.len(), place.strides.len())));
        }
        limits::check_empty(&shape)?;
        let count = shape.iter().try_fold(1usize, |product, &n| product.checked_mul(n));
        let there = storage.len() / dtype.size();
        let Some(count) = count else {
            return Err(Error::limit(format!("has shape {shape:?}: its size overflows 64 bits")));
        };
        // With strides of 0 a few bytes announce any size.
        if count > there.saturating_mul(limits::DENSE_AN_ENTRY).saturating_add(limits::EMPTY_SPARSE_SIDE) {
            return Err(Error::limit(format!("has shape {shape:?} in a storage of {there} numbers")));
        }
        let last = shape
            .iter()
            .zip(&place.strides)
            .try_fold(place.offset, |at, (&n, &stride)| at.checked_add(n.saturating_sub(1).checked_mul(stride)?));
        if count > 0 && last.is_none_or(|last| last >= there) {
            return Err(Error::format(format!(
                "is truncated: shape {shape:?}, strides {:?} and offset {} leave its storage of {there} numbers",
                place.strides, place.offset
            )));
        }
        Ok((dtype, shape, place))
    }

    /// The bytes of a tensor, in the order of storage.
    fn bytes_of(&self, info: &TensorInfo, place: &Strided) -> Cow<'_, [u8]> {
        let storage = self.storage(&place.storage).unwrap_or_default();
        let (size, count) = (info.dtype.size(), info.len());
        if count == 0 {
            return (&[][..]).into();
        }
        if order_of(info, place).is_some() {
            return storage[place.offset * size..(place.offset + count) * size].into();
        }
        let mut gathered = Vec::with_capacity(count * size);
        let mut index = vec![0; info.shape.len()];
        for _ in 0..count {
            let at = place.offset + index.iter().zip(&place.strides).map(|(i, stride)| i * stride).sum::<usize>();
            gathered.extend_from_slice(&storage[at * size..(at + 1) * size]);
            for (i, &n) in index.iter_mut().zip(&info.shape).rev() {
                *i += 1;
                if *i < n {
                    break;
                }
                *i = 0;
            }
        }
        gathered.into()
    }
}

/// The order in which the numbers lie without gaps; `None` for other strides.
fn order_of(info: &TensorInfo, place: &Strided) -> Option<Order> {
    let dimensions = || info.shape.iter().zip(&place.strides);
    if is_dense(dimensions().rev()) {
        return Some(Order::RowMajor);
    }
    is_dense(dimensions()).then_some(Order::ColumnMajor)
}

/// Whether the strides are those of numbers without gaps, the fastest dimension first.
fn is_dense<'a>(dimensions: impl Iterator<Item = (&'a usize, &'a usize)>) -> bool {
    let mut expected = 1;
    dimensions.filter(|(n, _)| **n != 1).all(|(n, stride)| {
        let fits = *stride == expected;
        expected *= n;
        fits
    })
}

/// A tensor as its pickle describes it.
struct Rebuilt {
    dtype: DType,
    shape: Vec<usize>,
    place: Strided,
}

/// A walk through the tree.
struct Walk<'a> {
    tree: &'a Tree,
    found: Vec<(String, Result<Rebuilt>)>,
    /// Classes that are not read, each with the first place where it occurs.
    foreign: BTreeMap<String, String>,
    skipped: Vec<Skipped>,
    steps: usize,
}

/// The deepest nesting of containers.
const DEPTH: usize = 100;

impl Walk<'_> {
    fn visit(&mut self, id: Id, path: &str, depth: usize) -> Result<()> {
        self.steps += 1;
        if self.steps > limits::TENSORS {
            return Err(Error::limit(format!("is a PyTorch file of more than {} objects", limits::TENSORS)));
        }
        if depth > DEPTH {
            self.skipped.push(Skipped {
                name: path.to_owned(),
                reason: format!("is nested deeper than {DEPTH} containers"),
                is_broken: true,
            });
            return Ok(());
        }
        let tree = self.tree;
        let inside = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        match tree.get(id) {
            Value::Dict(pairs) => {
                for &(key, value) in pairs {
                    let name = match tree.get(key) {
                        Value::Text(name) => name.clone(),
                        Value::Int(k) => k.to_string(),
                        _ => continue,
                    };
                    // The members of a module are its own.
                    let is_member = matches!(name.as_str(), "_parameters" | "_buffers" | "_modules");
                    let path = if is_member { path.to_owned() } else { inside(&name) };
                    self.visit(value, &path, depth + 1)?;
                }
            }
            Value::List(members) | Value::Tuple(members) => {
                for (k, &member) in members.iter().enumerate() {
                    self.visit(member, &inside(&k.to_string()), depth + 1)?;
                }
            }
            Value::Call { function, arguments, state } => {
                let function = tree.global(*function).unwrap_or("an unknown class");
                let arguments = tree.members(*arguments).unwrap_or_default();
                match rebuilt(tree, function, arguments) {
                    Some(tensor) => self.found.push((path.to_owned(), tensor)),
                    None if is_wrapper(function) => {
                        if let Some(&inner) = arguments.first() {
                            self.visit(inner, path, depth + 1)?;
                        }
                    }
                    None => {
                        self.foreign.entry(function.to_owned()).or_insert_with(|| path.to_owned());
                        if let Some(state) = state {
                            self.visit(*state, path, depth + 1)?;
                        }
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// Functions that give their first argument back.
fn is_wrapper(function: &str) -> bool {
    matches!(function, "torch._utils._rebuild_parameter" | "torch._utils._rebuild_parameter_with_state")
}

/// The tensor that a call makes; `None` if the function makes none.
fn rebuilt(tree: &Tree, function: &str, arguments: &[Id]) -> Option<Result<Rebuilt>> {
    match function {
        "torch._utils._rebuild_tensor" | "torch._utils._rebuild_tensor_v2" => Some(strided(tree, arguments, None)),
        "torch._utils._rebuild_tensor_v3" => Some(strided(tree, arguments, arguments.get(6).copied())),
        "torch._tensor._rebuild_from_type_v2" => {
            let inner = tree.global(*arguments.first()?)?;
            rebuilt(tree, inner, tree.members(*arguments.get(2)?)?)
        }
        "torch._utils._rebuild_sparse_tensor"
        | "torch._utils._rebuild_qtensor"
        | "torch._utils._rebuild_nested_tensor"
        | "torch._utils._rebuild_wrapper_subclass"
        | "torch._utils._rebuild_meta_tensor_no_storage"
        | "torch._utils._rebuild_device_tensor_from_numpy" => {
            let kind = function.rsplit('.').next().unwrap_or(function).trim_start_matches("_rebuild_");
            Some(Err(Error::unsupported(format!("{UNSUPPORTED} kind {kind}"))))
        }
        _ => None,
    }
}

/// A tensor of the arguments storage, offset, size and strides.
fn strided(tree: &Tree, arguments: &[Id], dtype: Option<Id>) -> Result<Rebuilt> {
    let malformed = || Error::format("is described by arguments that are not those of a tensor");
    let [storage, offset, size, strides, ..] = arguments else { return Err(malformed()) };
    let whole = |id: Id| tree.int(id).and_then(|x| usize::try_from(x).ok());
    let list = |id: Id| tree.members(id)?.iter().map(|&x| whole(x)).collect::<Option<Vec<usize>>>();
    let (Some(offset), Some(shape), Some(strides)) = (whole(*offset), list(*size), list(*strides)) else {
        return Err(malformed());
    };
    let (class, storage) = storage_of(tree, *storage).ok_or_else(malformed)?;
    let name = match dtype {
        Some(id) => tree.global(id).unwrap_or_default(),
        None => class,
    };
    let dtype = dtype_of(name).ok_or_else(|| {
        let name = name.rsplit('.').next().unwrap_or(name);
        Error::unsupported(format!("{UNSUPPORTED} type `{}`", printable(name)))
    })?;
    Ok(Rebuilt { dtype, shape, place: Strided { storage: storage.to_owned(), offset, strides } })
}

/// The class and the key of a storage: the persistent identifier ("storage", class, key, device, length).
fn storage_of(tree: &Tree, id: Id) -> Option<(&str, &str)> {
    let Value::Persistent(id) = tree.get(id) else { return None };
    match tree.members(*id)? {
        [kind, class, key, ..] if tree.text(*kind) == Some("storage") => Some((tree.global(*class)?, tree.text(*key)?)),
        _ => None,
    }
}

/// The size of a number in each storage of the tree, by key.
fn sizes(tree: &Tree) -> HashMap<&str, usize> {
    tree.ids()
        .filter_map(|id| {
            let (class, key) = storage_of(tree, id)?;
            Some((key, dtype_of(class).map_or(1, DType::size)))
        })
        .collect()
}

fn dtype_of(name: &str) -> Option<DType> {
    Some(match name.rsplit('.').next()? {
        "DoubleStorage" | "float64" => DType::F64,
        "FloatStorage" | "float32" => DType::F32,
        "HalfStorage" | "float16" => DType::F16,
        "BFloat16Storage" | "bfloat16" => DType::BF16,
        "Float8_e4m3fnStorage" | "float8_e4m3fn" => DType::F8E4M3,
        "Float8_e5m2Storage" | "float8_e5m2" => DType::F8E5M2,
        "LongStorage" | "int64" => DType::I64,
        "IntStorage" | "int32" => DType::I32,
        "ShortStorage" | "int16" => DType::I16,
        "CharStorage" | "int8" => DType::I8,
        "ByteStorage" | "uint8" => DType::U8,
        "BoolStorage" | "bool" => DType::Bool,
        "uint16" => DType::U16,
        "uint32" => DType::U32,
        "uint64" => DType::U64,
        "ComplexFloatStorage" | "complex64" => DType::C32,
        "ComplexDoubleStorage" | "complex128" => DType::C64,
        _ => return None,
    })
}

impl Source for Torch {
    fn infos(&self) -> &[TensorInfo] {
        self.contents.infos()
    }

    fn info(&self, name: &str) -> Option<&TensorInfo> {
        self.contents.get(name).map(|(info, _)| info)
    }

    fn read(&self, name: &str) -> Result<Tensor<'_>> {
        let (info, place) = self.contents.find(name)?;
        let numbers = Numbers::of_stored(info.dtype, &self.bytes_of(info, place), self.is_big_endian);
        Ok(Tensor { shape: info.shape.clone(), order: self.order(name), numbers })
    }

    fn bytes(&self, name: &str) -> Result<Option<Stored<'_>>> {
        let (info, place) = self.contents.find(name)?;
        let bytes = self.bytes_of(info, place);
        let bytes = if self.is_big_endian { little(info.dtype, &bytes).into() } else { bytes };
        Ok(Some((bytes, self.order(name))))
    }

    fn order(&self, name: &str) -> Order {
        self.contents.find(name).ok().and_then(|(info, place)| order_of(info, place)).unwrap_or(Order::RowMajor)
    }

    fn rounded(&self, name: &str) -> Result<Option<Rounded>> {
        let (info, place) = self.contents.find(name)?;
        if !info.dtype.is_wider_than_double() {
            return Ok(None);
        }
        let bytes = self.bytes_of(info, place);
        Ok(of_integers(info.dtype, &bytes, self.is_big_endian, &info.shape, self.order(name)))
    }

    fn skipped(&self) -> &[Skipped] {
        self.contents.skipped()
    }

    fn is_data(&self) -> bool {
        self.is_single
    }

    fn forget(&self, name: &str) {
        if let Ok((_, place)) = self.contents.find(name)
            && let Some(Place::Stored(start, length)) = self.storages.get(&place.storage)
        {
            self.bytes.forget(*start, *length);
        }
    }
}
