//! ONNX: the initialisers of a graph and the tensors of its constants, and the graph itself.
//!
//! Read field by field from the mapped file, so that no tensor is copied to open it. Reference: `onnx.proto` and
//! `docs/ExternalData.md` of ONNX.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::{Component, Path};

use crate::bytes::Bytes;
use crate::contents::Contents;
use crate::cursor::Cursor;
use crate::error::{Error, Result, printable};
use crate::graph::{Attribute, Graph, Node};
use crate::protobuf::{Field, fields, varint, varints};
use crate::rounded::of_integers;
use crate::source::{Metadata, Stored, UNSUPPORTED};
use crate::tensor::byte_length;
use crate::{DType, Numbers, Order, Rounded, Skipped, Source, Tensor, TensorInfo, limits};

/// Where the numbers of a tensor are.
#[derive(Clone, Debug)]
enum Place {
    /// As bytes in the file: start and length.
    Raw(usize, usize),
    /// As parts of packed numbers of fixed length: start and length of each.
    Parts(Vec<(usize, usize)>),
    /// As parts of packed varints, each of which is a number or its bits.
    Varints(Vec<(usize, usize)>),
    /// In another file, with start and length.
    External(usize, usize, usize),
}

/// An ONNX file.
pub(crate) struct Onnx {
    bytes: Bytes,
    /// Files with external data.
    files: Vec<Bytes>,
    contents: Contents<Place>,
    metadata: Metadata,
    graph: Graph,
}

/// Parses a file in memory, without external data; for fuzzing and tests.
///
/// # Errors
///
/// When a message is truncated or has a field of an unknown kind, and when a limit is exceeded. A tensor that breaks
/// the rules of the format is skipped.
pub fn parse(bytes: &[u8]) -> Result<impl Source> {
    Onnx::new(Bytes::Owned(bytes.into()), None)
}

/// Whether the bytes may be an ONNX file: a version of the representation, then another field of a model.
pub(crate) fn is_likely(bytes: &[u8]) -> bool {
    // The keys of the fields 2 to 8, 14 and 20 of a model.
    const KEYS: [u8; 9] = [0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42, 0x72, 0xa2];
    matches!(bytes, [0x08, 1..=64, key, ..] if KEYS.contains(key))
}

/// The deepest nesting of graphs.
const DEPTH: usize = 16;

/// A tensor as it is described.
#[derive(Default)]
struct Described {
    name: String,
    shape: Vec<u64>,
    kind: u64,
    raw: Option<(usize, usize)>,
    parts: Vec<(usize, usize)>,
    varints: Vec<(usize, usize)>,
    external: Vec<(String, String)>,
    is_external: bool,
}

impl Onnx {
    pub(crate) fn new(bytes: Bytes, folder: Option<(&Path, bool)>) -> Result<Self> {
        let owned = bytes.clone();
        let mut found = Found {
            tensors: Vec::new(),
            graph: Graph::default(),
            metadata: Metadata::new(),
            sparse: Vec::new(),
            names: 0,
        };
        for field in fields(&owned, 0) {
            let (number, field) = field?;
            match (number, field) {
                (7, Field::Bytes(graph, at)) => found.graph(graph, at, "", 0)?,
                (14, Field::Bytes(pair, at)) => {
                    let (key, value) = self::pair(pair, at)?;
                    found.metadata.insert(key, value.into());
                }
                (2, field) => {
                    let producer = field.text().unwrap_or_default();
                    found.metadata.insert("producer_name".into(), producer.into());
                }
                _ => {}
            }
        }
        let mut file = Self {
            bytes,
            files: Vec::new(),
            contents: Contents::default(),
            metadata: found.metadata,
            graph: found.graph,
        };
        if found.tensors.is_empty() && file.graph.nodes.is_empty() {
            return Err(Error::format("is no ONNX model: it has no graph"));
        }
        found.sparse.into_iter().for_each(|skipped| file.contents.leave_out(skipped));
        let mut opened = HashMap::new();
        for tensor in found.tensors {
            let name = tensor.name.clone();
            let placed = file.placed(tensor, folder, &mut opened);
            file.contents.add(name, placed);
        }
        Ok(file)
    }

    fn placed(
        &mut self,
        tensor: Described,
        folder: Option<(&Path, bool)>,
        opened: &mut HashMap<String, usize>,
    ) -> Result<(DType, Vec<usize>, Place)> {
        let dtype = dtype(tensor.kind)
            .ok_or_else(|| Error::unsupported(format!("{UNSUPPORTED} type number {} of ONNX", tensor.kind)))?;
        if tensor.shape.len() > limits::DIMENSIONS {
            let count = tensor.shape.len();
            return Err(Error::limit(format!("has {count} dimensions; the limit is {}", limits::DIMENSIONS)));
        }
        let shape = tensor.shape.iter().map(|&n| usize::try_from(n as i64)).collect::<std::result::Result<Vec<_>, _>>();
        let shape = shape.map_err(|_| Error::format(format!("has a negative dimension: {:?}", tensor.shape)))?;
        limits::check_empty(&shape)?;
        let length = byte_length(dtype, &shape)
            .ok_or_else(|| Error::limit(format!("has shape {shape:?}: its size overflows 64 bits")))?;
        let fits = |found: usize| match found == length {
            true => Ok(()),
            false => {
                let needs = format!("has shape {shape:?} of {dtype}, which needs {length} bytes; it has {found}");
                Err(Error::format(needs))
            }
        };
        let place = if tensor.is_external {
            let (file, start, length) = self.external(&tensor, length, folder, opened)?;
            fits(length)?;
            Place::External(file, start, length)
        } else if let Some((start, length)) = tensor.raw {
            fits(length)?;
            Place::Raw(start, length)
        } else if !tensor.varints.is_empty() {
            // A varint takes at least a byte.
            let bytes: usize = tensor.varints.iter().map(|(_, length)| length).sum();
            let count = length / dtype.size().max(1);
            let has_bits = dtype.is_integer() || dtype.size() <= 2;
            if !has_bits {
                return Err(Error::format(format!("is of the type {dtype}, and its numbers are integers")));
            }
            if count > bytes {
                return Err(Error::format(format!("has shape {shape:?} and at most {bytes} numbers")));
            }
            Place::Varints(tensor.varints)
        } else {
            fits(tensor.parts.iter().map(|(_, length)| length).sum())?;
            Place::Parts(tensor.parts)
        };
        Ok((dtype, shape, place))
    }

    /// The file with the data of a tensor, and their place in it.
    fn external(
        &mut self,
        tensor: &Described,
        needed: usize,
        folder: Option<(&Path, bool)>,
        opened: &mut HashMap<String, usize>,
    ) -> Result<(usize, usize, usize)> {
        let get = |key: &str| tensor.external.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str());
        let location = get("location").ok_or_else(|| Error::format("is in another file, which is not named"))?;
        let is_inside = Path::new(location).components().all(|part| matches!(part, Component::Normal(_)));
        if !is_inside || location.is_empty() || location.contains('\\') {
            let name = printable(location);
            return Err(Error::format(format!("is in `{name}`, which is not in the folder of the model")));
        }
        let whole = |key: &str| match get(key) {
            Some(text) => {
                text.parse().map(Some).map_err(|_| Error::format(format!("has the {key} `{}`", printable(text))))
            }
            None => Ok(None),
        };
        let (start, length): (Option<usize>, Option<usize>) = (whole("offset")?, whole("length")?);
        let (start, length) = (start.unwrap_or(0), length.unwrap_or(needed));
        let Some((folder, map)) = folder else {
            return Err(Error::missing(format!("is in `{}`, and this model has no folder", printable(location))));
        };
        let file = match opened.get(location) {
            Some(&file) => file,
            None => {
                let bytes = Bytes::open(&folder.join(location), map)
                    .map_err(|e| Error::missing(format!("is in `{}`: {}", printable(location), e.reason())))?;
                self.files.push(bytes);
                opened.insert(location.to_owned(), self.files.len() - 1);
                self.files.len() - 1
            }
        };
        let there = self.files[file].len();
        if start.checked_add(length).is_none_or(|end| end > there) {
            return Err(Error::format(format!(
                "is truncated: it needs {length} bytes from byte {start} of `{}` on, which ends at {there}",
                printable(location)
            )));
        }
        Ok((file, start, length))
    }

    /// The bytes of a tensor as raw data hold them.
    fn bytes_of(&self, info: &TensorInfo, place: &Place) -> Result<Cow<'_, [u8]>> {
        Ok(match place {
            Place::Raw(start, length) => self.bytes[*start..start + length].into(),
            Place::External(file, start, length) => self.files[*file][*start..start + length].into(),
            Place::Parts(parts) => match parts[..] {
                [(start, length)] => self.bytes[start..start + length].into(),
                _ => parts.iter().flat_map(|&(start, length)| &self.bytes[start..start + length]).copied().collect(),
            },
            Place::Varints(parts) => {
                let (size, count) = (info.dtype.size(), info.len());
                let mut bytes = Vec::new();
                for &(start, length) in parts {
                    let mut cursor = Cursor::new(&self.bytes[start..start + length]);
                    while !cursor.is_at_end() {
                        bytes.extend_from_slice(&varint(&mut cursor)?.to_le_bytes()[..size]);
                    }
                }
                if bytes.len() != count * size {
                    let (shape, found) = (&info.shape, bytes.len() / size);
                    return Err(Error::format(format!("has shape {shape:?} and {found} numbers")));
                }
                bytes.into()
            }
        })
    }
}

/// What is found in the messages.
struct Found {
    tensors: Vec<Described>,
    graph: Graph,
    metadata: Metadata,
    sparse: Vec<Skipped>,
    /// Nodes and names so far.
    names: usize,
}

impl Found {
    /// The fields of a graph; the names of one inside of a node begin with that of the node.
    fn graph(&mut self, message: &[u8], start: usize, prefix: &str, depth: usize) -> Result<()> {
        if depth > DEPTH {
            return Err(Error::limit(format!("nests graphs deeper than {DEPTH}")));
        }
        for field in fields(message, start) {
            let (number, field) = field?;
            let Some((bytes, at)) = field.bytes() else { continue };
            match number {
                1 => self.node(bytes, at, prefix, depth)?,
                5 => {
                    let tensor = described(bytes, at)?;
                    self.add(Described { name: format!("{prefix}{}", tensor.name), ..tensor })?;
                }
                11 if depth == 0 && self.graph.inputs.len() < limits::KEPT_VALUES => {
                    self.graph.inputs.push(input(bytes, at)?);
                }
                12 if depth == 0 && self.graph.outputs.len() < limits::KEPT_VALUES => {
                    self.graph.outputs.push(input(bytes, at)?.0);
                }
                15 => self.sparse.push(Skipped {
                    name: format!("{prefix}sparse initialiser"),
                    reason: format!("{UNSUPPORTED} kind: a sparse initialiser"),
                    is_broken: false,
                }),
                _ => {}
            }
        }
        Ok(())
    }

    fn add(&mut self, tensor: Described) -> Result<()> {
        if self.tensors.len() >= limits::TENSORS {
            return Err(Error::limit(format!("lists more than {} tensors, the limit", limits::TENSORS)));
        }
        self.tensors.push(tensor);
        Ok(())
    }

    fn node(&mut self, message: &[u8], start: usize, prefix: &str, depth: usize) -> Result<()> {
        self.names += 1;
        if self.names > limits::KEPT_VALUES {
            return Err(Error::limit(format!("has a graph of more than {} names", limits::KEPT_VALUES)));
        }
        let mut node = Node::default();
        let mut attributes = Vec::new();
        for field in fields(message, start) {
            let (number, field) = field?;
            match number {
                1 | 2 => {
                    self.names += 1;
                    let names = if number == 1 { &mut node.inputs } else { &mut node.outputs };
                    names.push(field.text().unwrap_or_default());
                }
                3 => node.name = field.text().unwrap_or_default(),
                4 => node.kind = field.text().unwrap_or_default(),
                5 => attributes.extend(field.bytes()),
                _ => {}
            }
        }
        if node.inputs.len().max(node.outputs.len()).max(attributes.len()) > limits::KEPT_VALUES {
            return Err(Error::limit(format!("has a node of more than {} names", limits::KEPT_VALUES)));
        }
        let name = node.name.clone();
        for (bytes, at) in attributes {
            self.attribute(&mut node, (bytes, at), &format!("{prefix}{name}."), depth)?;
        }
        if depth == 0 {
            self.graph.nodes.push(node);
        }
        Ok(())
    }

    fn attribute(&mut self, node: &mut Node, (bytes, at): (&[u8], usize), prefix: &str, depth: usize) -> Result<()> {
        let (mut name, mut value) = (String::new(), None);
        let (mut ints, mut floats) = (Vec::new(), Vec::new());
        for field in fields(bytes, at) {
            let (number, field) = field?;
            match (number, field) {
                (1, field) => name = field.text().unwrap_or_default(),
                (2, Field::Fixed(x, _)) => value = single(x).map(Attribute::Float),
                (3, Field::Varint(x)) => value = Some(Attribute::Int(x as i64)),
                (4, field) => value = field.text().map(Attribute::Text),
                (5, Field::Bytes(tensor, at)) if node.kind == "Constant" => {
                    let tensor = described(tensor, at)?;
                    let output = node.outputs.first().cloned().unwrap_or_default();
                    let outer = &prefix[..prefix.len() - node.name.len() - 1];
                    self.add(Described { name: format!("{outer}{output}"), ..tensor })?;
                }
                (6, Field::Bytes(graph, at)) => self.graph(graph, at, prefix, depth + 1)?,
                (7, Field::Bytes(x, _)) => floats.extend(x.chunks_exact(4).filter_map(single)),
                (7, Field::Fixed(x, _)) => floats.extend(single(x)),
                (8, field) => ints.extend(varints(field)?.into_iter().map(|x| x as i64)),
                _ => {}
            }
        }
        let lists = [
            (!ints.is_empty()).then_some(Attribute::Ints(ints)),
            (!floats.is_empty()).then_some(Attribute::Floats(floats)),
        ];
        let value = value.or_else(|| lists.into_iter().flatten().next());
        node.attributes.extend(value.map(|value| (name, value)));
        Ok(())
    }
}

fn single(bytes: &[u8]) -> Option<f32> {
    bytes.try_into().ok().map(f32::from_le_bytes)
}

/// A key and a value.
fn pair(message: &[u8], start: usize) -> Result<(String, String)> {
    let (mut key, mut value) = (String::new(), String::new());
    for field in fields(message, start) {
        match field? {
            (1, field) => key = field.text().unwrap_or_default(),
            (2, field) => value = field.text().unwrap_or_default(),
            _ => {}
        }
    }
    Ok((key, value))
}

/// The name of an input, and its dimensions where it is a tensor.
fn input(message: &[u8], start: usize) -> Result<(String, Vec<Option<usize>>)> {
    let (mut name, mut dimensions) = (String::new(), Vec::new());
    for field in fields(message, start) {
        match field? {
            (1, field) => name = field.text().unwrap_or_default(),
            // type, tensor_type, shape, dim, dim_value.
            (2, Field::Bytes(kind, at)) => {
                for (tensor, at) in messages(kind, at, 1)? {
                    for (shape, at) in messages(tensor, at, 2)? {
                        for (dimension, at) in messages(shape, at, 1)? {
                            let values = fields(dimension, at).collect::<Result<Vec<_>>>()?;
                            let value = values.iter().find(|(number, _)| *number == 1).and_then(|(_, f)| f.varint());
                            dimensions.push(value.and_then(|n| usize::try_from(n).ok()));
                        }
                    }
                }
            }
            _ => {}
        }
    }
    Ok((name, dimensions))
}

/// The messages in a field.
fn messages(message: &[u8], start: usize, wanted: u64) -> Result<Vec<(&[u8], usize)>> {
    let mut found = Vec::new();
    for field in fields(message, start) {
        let (number, field) = field?;
        found.extend(field.bytes().filter(|_| number == wanted));
    }
    Ok(found)
}

fn described(message: &[u8], start: usize) -> Result<Described> {
    let mut tensor = Described::default();
    for field in fields(message, start) {
        let (number, field) = field?;
        match (number, field) {
            (1, field) => tensor.shape.extend(varints(field)?),
            (2, Field::Varint(kind)) => tensor.kind = kind,
            (8, field) => tensor.name = field.text().unwrap_or_default(),
            (9, Field::Bytes(bytes, at)) => tensor.raw = Some((at, bytes.len())),
            (4 | 10, Field::Bytes(bytes, at) | Field::Fixed(bytes, at)) => tensor.parts.push((at, bytes.len())),
            (5 | 7 | 11, Field::Bytes(bytes, at)) => tensor.varints.push((at, bytes.len())),
            (5 | 7 | 11, Field::Varint(_)) => {
                return Err(Error::unsupported("has integers that are not packed, which no writer of ONNX makes"));
            }
            (13, Field::Bytes(bytes, at)) => tensor.external.push(pair(bytes, at)?),
            (14, Field::Varint(location)) => tensor.is_external = location == 1,
            _ => {}
        }
    }
    Ok(tensor)
}

/// The type with this number in `TensorProto.DataType`.
fn dtype(kind: u64) -> Option<DType> {
    Some(match kind {
        1 => DType::F32,
        2 => DType::U8,
        3 => DType::I8,
        4 => DType::U16,
        5 => DType::I16,
        6 => DType::I32,
        7 => DType::I64,
        9 => DType::Bool,
        10 => DType::F16,
        11 => DType::F64,
        12 => DType::U32,
        13 => DType::U64,
        14 => DType::C32,
        15 => DType::C64,
        16 => DType::BF16,
        17 => DType::F8E4M3,
        19 => DType::F8E5M2,
        _ => return None,
    })
}

impl Source for Onnx {
    fn infos(&self) -> &[TensorInfo] {
        self.contents.infos()
    }

    fn info(&self, name: &str) -> Option<&TensorInfo> {
        self.contents.get(name).map(|(info, _)| info)
    }

    fn read(&self, name: &str) -> Result<Tensor<'_>> {
        let (info, place) = self.contents.find(name)?;
        let bytes = self.bytes_of(info, place).map_err(|e| e.of_tensor(name))?;
        let numbers = Numbers::of_stored(info.dtype, &bytes, false);
        Ok(Tensor { shape: info.shape.clone(), order: Order::RowMajor, numbers })
    }

    fn bytes(&self, name: &str) -> Result<Option<Stored<'_>>> {
        let (info, place) = self.contents.find(name)?;
        let bytes = self.bytes_of(info, place).map_err(|e| e.of_tensor(name))?;
        Ok(Some((bytes, Order::RowMajor)))
    }

    fn rounded(&self, name: &str) -> Result<Option<Rounded>> {
        let (info, place) = self.contents.find(name)?;
        if !info.dtype.is_wider_than_double() {
            return Ok(None);
        }
        let bytes = self.bytes_of(info, place).map_err(|e| e.of_tensor(name))?;
        Ok(of_integers(info.dtype, &bytes, false, &info.shape, Order::RowMajor))
    }

    fn skipped(&self) -> &[Skipped] {
        self.contents.skipped()
    }

    fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    fn graph(&self) -> Option<&Graph> {
        Some(&self.graph)
    }

    fn forget(&self, name: &str) {
        match self.contents.find(name) {
            Ok((_, Place::Raw(start, length))) => self.bytes.forget(*start, *length),
            Ok((_, Place::External(file, start, length))) => self.files[*file].forget(*start, *length),
            _ => {}
        }
    }
}
