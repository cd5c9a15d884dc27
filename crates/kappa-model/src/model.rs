use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use kappa_tensors::limits::{DENSE_AN_ENTRY, EMPTY_SPARSE_SIDE};
use kappa_tensors::{Opening, Rounded, Skipped, Source, Tensor, TensorInfo, Triplets, open};

use crate::layer::{LayerMatrix, matrix_of, matrix_shape, row_major};
use crate::views::{self, Asked, Config, Reading, View};
use crate::{Error, Result, Role};

/// A checkpoint, or a file with a single matrix.
pub struct Model {
    path: PathBuf,
    source: Box<dyn Source>,
    config: OnceLock<Config>,
}

impl Model {
    /// Opens a file, a folder or the index of a sharded checkpoint; the format is recognized by content. Only headers
    /// are read.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or its format is unknown or invalid.
    pub fn open(path: &Path) -> Result<Self> {
        Self::open_with(path, &Opening::default())
    }

    /// [`Model::open`] with options for how files are read.
    ///
    /// # Errors
    ///
    /// As [`Model::open`].
    pub fn open_with(path: &Path, opening: &Opening) -> Result<Self> {
        Ok(Self { path: path.to_owned(), source: open(path, opening)?, config: OnceLock::new() })
    }

    /// The path that was opened.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Every tensor, in file order.
    pub fn tensors(&self) -> &[TensorInfo] {
        self.source.infos()
    }

    /// The names of the tensors that a survey measures.
    pub fn weights(&self) -> Vec<String> {
        self.tensors().iter().filter(|t| self.is_weight(t)).map(|t| t.name.clone()).collect()
    }

    fn is_weight(&self, info: &TensorInfo) -> bool {
        self.is_matrix(info) && (self.is_data() || !info.dtype.is_integer())
    }

    fn is_matrix(&self, info: &TensorInfo) -> bool {
        matrix_shape(&info.name, &info.shape).is_ok()
    }

    /// The contents that cannot be read or are left out, with the reasons.
    pub fn skipped(&self) -> &[Skipped] {
        self.source.skipped()
    }

    /// The tensors of two or more dimensions that are no weights, with the reasons: empty ones, and integers that may
    /// be codes.
    pub fn unmeasured(&self) -> Vec<Skipped> {
        let others = self.tensors().iter().filter(|t| t.shape.len() >= 2 && !self.is_weight(t));
        let skipped = |t: &TensorInfo| Skipped {
            name: t.name.clone(),
            reason: self.measured_as(t).err().unwrap_or_else(|| "not a matrix".into()),
            is_broken: true,
        };
        others.map(skipped).collect()
    }

    /// How a survey reads a tensor, or why it does not measure it, whatever its size.
    pub(crate) fn measured_as(&self, info: &TensorInfo) -> std::result::Result<Reading, String> {
        matrix_shape(&info.name, &info.shape)?;
        if info.dtype.is_integer() && !self.is_data() {
            let is_code = CODES.iter().any(|ending| info.name.ends_with(ending));
            let what = if is_code { "codes without scales" } else { "possibly quantization codes" };
            return Err(format!("whole numbers ({}), {what}: not measured", info.dtype));
        }
        let reading = self.views(&info.name);
        if reading.views.is_empty() {
            return Err(if self.role(info) == Role::Bias { "biases" } else { "a vector" }.into());
        }
        Ok(reading)
    }

    /// What of a tensor's file is no part of its matrix, such as a line of titles.
    pub fn remarks(&self, name: &str) -> &[String] {
        self.source.remarks(name)
    }

    /// What the file says about itself, by key: the architecture of a model, for example.
    pub fn metadata(&self) -> &kappa_tensors::Metadata {
        self.source.metadata()
    }

    /// How a tensor is read as a matrix where that is not plain: dimensions that are joined, scales that are applied.
    pub fn reading(&self, name: &str) -> Vec<String> {
        let Some(info) = self.source.info(name) else {
            return self.part(name).map_or_else(Vec::new, |(info, _)| self.reading_of_part(info));
        };
        let mut found = Vec::new();
        if info.shape.len() > 2 {
            let (m, n) = self.views(name).shape().unwrap_or_else(|| matrix_of(name, &info.shape));
            found.push(format!("the tensor of shape {:?} is read as a matrix of {m}×{n}", info.shape));
        }
        found.extend(self.source.decoding(name));
        found
    }

    /// The name of a tensor: the given one, or that of the only matrix.
    ///
    /// # Errors
    ///
    /// When there is no such tensor, or several and no name.
    pub fn chosen(&self, name: Option<&str>) -> Result<String> {
        match name.filter(|name| self.part(name).is_some()) {
            Some(part) => Ok(part.to_owned()),
            None => Ok(self.info_of(name)?.name.clone()),
        }
    }

    /// The entries of a tensor that double precision rounds, as decimals and integers beyond 2⁵³ are; `None` if all are
    /// exact.
    ///
    /// # Errors
    ///
    /// When there is no such tensor, and when its numbers cannot be read.
    pub fn rounded(&self, name: &str) -> Result<Option<Rounded>> {
        match self.part(name) {
            // What is known of the whole bounds its parts.
            Some((info, _)) => Ok(self.source.rounded(&info.name)?.map(Rounded::of_part)),
            None => Ok(self.source.rounded(name)?),
        }
    }

    /// What the network says about its tensors: the `config.json` beside them, or what their file says itself.
    fn config(&self) -> &Config {
        self.config.get_or_init(|| {
            let json = kappa_tensors::beside(&self.path, &["config.json"]);
            Config::of(if json.is_empty() { self.metadata() } else { &json })
        })
    }

    /// The matrices that the network multiplies with in this tensor: the tensor itself, or its parts. None for vectors
    /// and numbers, and where there is no such tensor.
    pub fn views(&self, name: &str) -> Reading {
        let Some(info) = self.info(name) else { return Reading::default() };
        let shape_of = |name: &str| self.info(name).map(|info| info.shape.clone());
        let role = self.role(info);
        views::reading(&Asked { info, role, config: self.config(), shape_of: &shape_of })
    }

    /// A part of a tensor by the name that a survey gives it, where no tensor has that name.
    fn part(&self, name: &str) -> Option<(&TensorInfo, View)> {
        if self.info(name).is_some() {
            return None;
        }
        name.match_indices('[').find_map(|(at, _)| {
            let info = self.info(&name[..at])?;
            let view = self.views(&info.name).views.into_iter().find(|view| view.name == name)?;
            Some((info, view))
        })
    }

    fn reading_of_part(&self, info: &TensorInfo) -> Vec<String> {
        let words = format!("a part of the tensor of shape {:?}: {}", info.shape, self.views(&info.name).words);
        std::iter::once(words).chain(self.source.decoding(&info.name)).collect()
    }

    /// What a tensor does in its network.
    pub(crate) fn role(&self, info: &TensorInfo) -> Role {
        match Role::of(&info.name, info.shape.len()) {
            _ if self.is_data() => Role::Matrix,
            // A vector with dimensions of one entry is no kernel, unless its name says so.
            Role::Conv if is_vector(&info.shape) && !info.name.to_lowercase().contains("conv") => Role::Vector,
            role => role,
        }
    }

    pub(crate) fn source(&self) -> &dyn Source {
        &*self.source
    }

    /// Whether the file holds one matrix that is not part of a network.
    pub fn is_data(&self) -> bool {
        self.source.is_data()
    }

    /// One tensor as a matrix, or a part of one by the name that a survey gives it: the named one, or the only one. A
    /// vector is a column. A sparse matrix of order above 1000 keeps its nonzero entries only.
    ///
    /// # Errors
    ///
    /// When there is no such tensor, or several and no name, and when the tensor cannot be read.
    pub fn matrix(&self, name: Option<&str>) -> Result<(String, LayerMatrix<'_>)> {
        if let Some((info, view)) = name.and_then(|name| self.part(name)) {
            let part = view.of(&row_major(self.source.read(&info.name)?));
            return Ok((view.name.clone(), LayerMatrix::new(part, view.shape(), info.dtype)));
        }
        let info = self.info_of(name)?;
        if let Some(found) = self.large_triplets(info) {
            return Ok((info.name.clone(), sparse(&found).map_err(|e| Error::about(&info.name, &e))?));
        }
        let tensor = row_major(self.source.read(&info.name)?);
        // A kernel whose numbers lie in another order.
        if let [view] = &self.views(&info.name).views[..]
            && !view.is_whole(info.len())
        {
            return Ok((info.name.clone(), LayerMatrix::new(view.of(&tensor), view.shape(), info.dtype)));
        }
        Ok((info.name.clone(), LayerMatrix::new(tensor, matrix_of(&info.name, &info.shape), info.dtype)))
    }

    /// One tensor by its name, whatever its dimensions.
    ///
    /// # Errors
    ///
    /// Where there is no such tensor, and where its numbers cannot be read.
    pub fn tensor(&self, name: &str) -> Result<Tensor<'_>> {
        let info = self.named(name)?;
        Ok(self.source.read(&info.name)?)
    }

    /// The bytes that [`Model::copy`] needs for a tensor; `None` for a sparse matrix, which has none.
    pub fn byte_length(&self, name: &str) -> Option<usize> {
        let info = self.info(name)?;
        if self.source.triplets(name).is_some() { None } else { info.len().checked_mul(info.dtype.size()) }
    }

    /// Writes the numbers of a tensor, as little-endian bytes in its type, to memory of their length, and gives their
    /// order; `None` where its file does not hold them so.
    ///
    /// # Errors
    ///
    /// As [`Model::tensor`], and when the memory has another length.
    pub fn copy(&self, name: &str, to: &mut [u8]) -> Result<Option<kappa_tensors::Order>> {
        let info = self.named(name)?;
        Ok(self.source.copy(&info.name, to)?)
    }

    /// The entries of a large sparse matrix. Dense methods are faster for smaller ones.
    fn large_triplets(&self, info: &TensorInfo) -> Option<Triplets<'_>> {
        let found = self.source.triplets(&info.name)?;
        let (m, n) = found.shape;
        // Of a few entries no large dense copy is made, see `kappa_tensors::limits::DENSE_AN_ENTRY`.
        let most = found.entries.len().saturating_mul(DENSE_AN_ENTRY).saturating_add(EMPTY_SPARSE_SIDE);
        (m.min(n) > SPARSE_FROM || m.saturating_mul(n) > most.min(kappa::operator::DENSE_LIMIT)).then_some(found)
    }

    /// Name, type and shape of one tensor.
    pub fn info(&self, name: &str) -> Option<&TensorInfo> {
        self.source.info(name)
    }

    /// The named tensor, or the only one.
    pub(crate) fn info_of(&self, name: Option<&str>) -> Result<&TensorInfo> {
        match name {
            Some(name) => self.named(name),
            None => self.only(),
        }
    }

    fn named(&self, name: &str) -> Result<&TensorInfo> {
        self.info(name).ok_or_else(|| {
            if let Some(skipped) = self.skipped().iter().find(|s| s.name == name) {
                return Error::filter(format!("`{}`: tensor `{name}` {}", self.path.display(), skipped.reason));
            }
            Error::filter(format!("`{}` has no tensor `{}`", self.path.display(), crate::printable(name)))
                .with_hint(self.some_names())
        })
    }

    fn only(&self) -> Result<&TensorInfo> {
        let matrices = || self.tensors().iter().filter(|t| self.is_matrix(t));
        let candidates: Vec<&TensorInfo> = match matrices().count() {
            0 => self.tensors().iter().collect(),
            _ => matrices().collect(),
        };
        match candidates[..] {
            [one] => Ok(one),
            [] => Err(match self.skipped().iter().find(|s| s.is_broken) {
                Some(s) => Error::filter(format!("`{}`: tensor `{}` {}", self.path.display(), s.name, s.reason)),
                None => Error::filter(format!("`{}` contains no tensor", self.path.display())),
            }),
            _ => Err(Error::filter(format!("`{}` holds {} matrices", self.path.display(), candidates.len()))
                .with_hint(format!("choose one with `--tensor NAME`; {}", self.some_names()))),
        }
    }

    fn some_names(&self) -> String {
        const SHOWN: usize = 5;
        let names = self.tensors().iter().take(SHOWN).map(|t| format!("`{}`", crate::printable(&t.name)));
        let names: Vec<String> = names.collect();
        let more = self.tensors().len().saturating_sub(SHOWN);
        let rest = if more > 0 { format!(" and {more} more (`kappa survey` lists them)") } else { String::new() };
        if names.is_empty() {
            "the file contains no tensor".into()
        } else {
            format!("the tensors are {}{rest}", names.join(", "))
        }
    }
}

/// Endings of the names of weights, which whole numbers stand for only as codes.
const CODES: [&str; 4] = ["weight", "qweight", "weight_packed", "_blocks"];

/// Sparse matrices whose smaller side is longer than this are not stored as dense matrices.
const SPARSE_FROM: usize = 1000;

/// Whether at most one dimension has more than one entry.
fn is_vector(shape: &[usize]) -> bool {
    shape.iter().filter(|&&n| n != 1).count() <= 1
}

fn sparse(found: &Triplets<'_>) -> kappa::Result<LayerMatrix<'static>> {
    let entries = found.entries.iter();
    if found.is_complex {
        return kappa::Sparse::from_triplets(found.shape, entries.copied().collect()).map(LayerMatrix::SparseComplex);
    }
    let triplets = entries.map(|&(i, j, x)| (i, j, x.re)).collect();
    kappa::Sparse::from_triplets(found.shape, triplets).map(LayerMatrix::Sparse)
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Model({}, {} tensors)", self.path.display(), self.tensors().len())
    }
}
