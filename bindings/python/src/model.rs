//! Checkpoints and their surveys, in Python.

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use kappa::{Guarantee, Question};
use kappa_model::{
    Convert, Converted, DType, Layer, Listed, Model, Opening, Progress, Reading, Report, Role, Skipped, Streaming,
    Survey, Verdict, measure_rounded,
};
use kappa_report::{envelope, measure_key, spread_numbers, survey_csv, survey_html, survey_json, survey_markdown};
use kappa_tensors::{Numbers, Order};
use numpy::{PyArray1, PyArrayMethods};
use pyo3::IntoPyObjectExt;
use pyo3::exceptions::{PyIndexError, PyKeyError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyIterator, PyList, PyTuple};

use crate::answers::{self, Answer, PyAnswer, answer, dict, initializer};
use crate::compute::{compute, on_pool};
use crate::density::{PyBulk, PyTail};
use crate::dialect::{self, Keywords};
use crate::enclosure::{PyEnclosure, PySingularValues};
use crate::errors::{model_to_python, to_python};
use crate::matrix::{answers_dict, questions_of};
use crate::names::names;
use crate::sketch::PyStreamedSvd;
use crate::types::{Array, EnclosureDict, Patterns, Renaming, Sign};

names! { [PyModel, PySurvey] [open] }

/// Opens a checkpoint: a file, a folder, or the index of a sharded one, by content. Reads headers only.
///
/// With `strict`, a PyTorch file that names classes other than those of tensors is refused; by default these are left
/// out. Nothing in a file is ever executed.
///
/// The other arguments say how a table as text is written: whether its first line holds titles, the columns that are
/// read (by title, by number from 1, or as a range such as "2-5"), the signs before decimals and between thousands, the
/// number that stands for a missing one, and the encoding, "utf-8" or "latin-1".
///
/// Examples
/// --------
/// >>> import pathlib, tempfile, numpy as np, kappa as kp
/// >>> path = pathlib.Path(tempfile.mkdtemp()) / "w.npy"
/// >>> np.save(path, np.eye(3))
/// >>> kp.open(path).names
/// ['w']
#[pyfunction]
#[pyo3(signature = (
    path, *, mmap = true, strict = false, header = None, columns = None, decimal = '.', thousands = None,
    missing = None, encoding = "utf-8",
))]
#[expect(clippy::too_many_arguments, reason = "keywords of Python")]
pub(crate) fn open(
    py: Python<'_>,
    path: PathBuf,
    mmap: bool,
    strict: bool,
    header: Option<bool>,
    columns: Option<Patterns>,
    decimal: Sign,
    thousands: Option<Sign>,
    missing: Option<f64>,
    encoding: &str,
) -> PyResult<PyModel> {
    let table = Keywords { header, columns, decimal, thousands, missing, encoding }.dialect()?;
    PyModel::opened(py, path, Opening { map: mmap, strict, table })
}

/// A checkpoint, or a file with a single matrix: a mapping from names to tensors.
///
/// `model[name]` is the tensor as an array, in the type that it is stored in where NumPy has that type. It is pickled
/// as its path.
///
/// Examples
/// --------
/// >>> import pathlib, tempfile, numpy as np, kappa as kp
/// >>> path = pathlib.Path(tempfile.mkdtemp()) / "w.npy"
/// >>> np.save(path, np.eye(3))
/// >>> model = kp.open(path)
/// >>> round(float(model.measure("w", "norm:nuclear")["nuclear"]), 12)
/// 3.0
/// >>> "w" in model, list(model), len(model), model["w"].shape
/// (True, ['w'], 1, (3, 3))
#[pyclass(name = "Model", module = "kappa", frozen, extends = PyAnswer)]
pub(crate) struct PyModel {
    model: Model,
    path: PathBuf,
    opening: Opening,
}

impl PyModel {
    fn opened(py: Python<'_>, path: PathBuf, opening: Opening) -> PyResult<Self> {
        let model = compute(py, || Model::open_with(&path, &opening)).map_err(model_to_python)?;
        Ok(Self { model, path, opening })
    }

    fn has(&self, name: &str) -> bool {
        self.model.info(name).is_some()
    }
}

answer!(PyModel);

impl Answer for PyModel {
    const FIELDS: &'static [&'static str] = &["names"];

    initializer!();

    fn state<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let Opening { map, strict, table } = self.opening.clone();
        (std::path::absolute(&self.path)?, map, strict, dialect::state(&table)).into_bound_py_any(py)
    }

    fn restored(state: &Bound<'_, PyAny>) -> PyResult<Self> {
        let (path, map, strict, table): (PathBuf, bool, bool, dialect::State) = state.extract()?;
        let table = dialect::of_state(table);
        Self::opened(state.py(), path, Opening { map, strict, table })
    }
}

/// How often a running survey looks whether Ctrl-C was pressed.
const GLANCE: Duration = Duration::from_millis(50);

#[pymethods]
impl PyModel {
    /// The names of the tensors, in file order.
    #[getter]
    fn names(&self) -> Vec<String> {
        self.model.tensors().iter().map(|t| t.name.clone()).collect()
    }

    /// Measures every weight matrix. `layers` are patterns for names; `memory` is a ceiling in bytes;
    /// `certify` counts every rounding error.
    #[pyo3(signature = (*, layers = None, threads = 0, memory = None, certify = false))]
    fn survey(
        &self,
        py: Python<'_>,
        layers: Option<Patterns>,
        threads: usize,
        memory: Option<u64>,
        certify: bool,
    ) -> PyResult<PySurvey> {
        let how = Survey { layers: Patterns::all(layers), threads, memory, certify };
        watched(py, |progress| self.model.survey_with(&how, progress)).map(PySurvey)
    }

    /// The `top` largest singular triplets of a tensor that is read block by block, within `memory` bytes.
    ///
    /// One pass for the values and the vectors of the short side, a second for those of the long side unless
    /// `one_pass`. `capacity` is how many rows the sketch keeps: as many as the short side has where that fits, and
    /// then nothing is lost but to rounding.
    #[pyo3(signature = (top, *, name = None, memory = None, capacity = None, one_pass = false))]
    fn stream_svd(
        &self,
        py: Python<'_>,
        top: usize,
        name: Option<&str>,
        memory: Option<u64>,
        capacity: Option<usize>,
        one_pass: bool,
    ) -> PyResult<PyStreamedSvd> {
        let how = Streaming { top, memory, capacity, both: !one_pass };
        watched(py, |progress| self.model.stream_svd(name, &how, progress)).map(PyStreamedSvd)
    }

    /// How much a chain of layers can stretch: the product of their certified spectral norms, and each factor by name.
    /// The product is None for a checkpoint whose layers were not chosen: it does not say how they are connected.
    #[pyo3(signature = (*, layers = None))]
    fn lipschitz_product<'py>(
        &self,
        py: Python<'py>,
        layers: Option<Patterns>,
    ) -> PyResult<(Option<PyEnclosure>, EnclosureDict<'py>)> {
        let found = compute(py, || self.model.lipschitz_product(&Patterns::all(layers))).map_err(model_to_python)?;
        let factors = PyDict::new(py);
        for (name, factor) in found.layers {
            factors.set_item(name, PyEnclosure::from(factor))?;
        }
        Ok((found.product.map(Into::into), factors))
    }

    /// Questions about one tensor: `model.measure("fc.weight", "cond", "rank")`; all without a question.
    #[pyo3(signature = (name, *questions))]
    fn measure<'py>(&self, py: Python<'py>, name: &str, questions: Vec<String>) -> PyResult<EnclosureDict<'py>> {
        let questions = questions_of(&questions)?;
        let answers = compute(py, || {
            let (name, matrix) = self.model.matrix(Some(name))?;
            let rounded = self.model.rounded(&name)?;
            let answers = measure_rounded(&matrix.operator()?, &questions, Guarantee::Usual, rounded.as_ref());
            answers.map_err(|e| kappa_model::Error::about(&name, &e))
        });
        answers_dict(py, &questions, answers.map_err(model_to_python)?)
    }

    /// What the file holds, without its numbers: for each tensor its name, type, shape, bytes in the file, role, the
    /// matrix as which it is measured, and the stored tensors that it is decoded from.
    ///
    /// Examples
    /// --------
    /// >>> import pathlib, tempfile, numpy as np, kappa as kp
    /// >>> path = pathlib.Path(tempfile.mkdtemp()) / "w.npy"
    /// >>> np.save(path, np.eye(3))
    /// >>> row = kp.open(path).listing()[0]
    /// >>> row["name"], row["dtype"], row["shape"], row["bytes"]
    /// ('w', 'f64', (3, 3), 72)
    fn listing<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyDict>>> {
        let row = |t: Listed| -> PyResult<Bound<'py, PyDict>> {
            Ok(dict!(py, {
                "name": t.name,
                "dtype": t.dtype.name(),
                "shape": PyTuple::new(py, t.shape)?,
                "bytes": t.bytes,
                "role": t.role.to_string(),
                "matrix": t.reading.as_ref().and_then(Reading::shape),
                "as": t.reading.as_ref().map(Reading::text),
                "parts": t.parts,
            }))
        };
        self.model.listing().into_iter().map(row).collect()
    }

    /// Writes the model in another format, which the ending of the name chooses, and gives what became of each tensor.
    ///
    /// `dtype` is the type of floats, by default the own one of each; integers keep theirs. `tensors` are patterns of
    /// names, `rename` maps parts of names to new ones. With `shard_size` in bytes, `path` is a folder of shards. A
    /// file is replaced when the new one is whole.
    ///
    /// Examples
    /// --------
    /// >>> import pathlib, tempfile, numpy as np, kappa as kp
    /// >>> folder = pathlib.Path(tempfile.mkdtemp())
    /// >>> np.savez(folder / "m.npz", w=np.array([[1.0, 0.1]]))
    /// >>> row = kp.open(folder / "m.npz").convert(folder / "m.safetensors", dtype="f32")[0]
    /// >>> row["from"], row["to"], row["relative_error"] < 1e-8
    /// ('f64', 'f32', True)
    #[pyo3(signature = (path, *, dtype = None, tensors = None, rename = None, shard_size = None))]
    fn convert<'py>(
        &self,
        py: Python<'py>,
        path: PathBuf,
        dtype: Option<&str>,
        tensors: Option<Patterns>,
        rename: Option<Renaming>,
        shard_size: Option<u64>,
    ) -> PyResult<Vec<Bound<'py, PyDict>>> {
        let dtype = dtype.map(|name| {
            let known = DType::named(name)
                .filter(|dtype| !dtype.is_integer() && !matches!(dtype, DType::Packed(_) | DType::C32 | DType::C64));
            known.ok_or_else(|| PyValueError::new_err(format!("`{name}` is no type of floats: f64, f32, f16, bf16, …")))
        });
        let how = Convert {
            dtype: dtype.transpose()?,
            tensors: Patterns::all(tensors),
            rename: rename.into_iter().flatten().collect(),
            shard_bytes: shard_size,
        };
        let done = compute(py, || self.model.conversion(&path, &how)?.save(&path)).map_err(model_to_python)?;
        let row = |t: Converted| -> PyResult<Bound<'py, PyDict>> {
            Ok(dict!(py, {
                "name": t.name,
                "from": t.dtypes.0.name(),
                "to": t.dtypes.1.name(),
                "shape": PyTuple::new(py, t.shape)?,
                "relative_error": t.relative,
                "largest_error": t.largest,
                "overflowed": t.overflowed,
                "rounded": t.rounded,
            }))
        };
        done.into_iter().map(row).collect()
    }

    /// The names of the tensors, in file order.
    fn keys(&self) -> Vec<String> {
        self.names()
    }

    fn __len__(&self) -> usize {
        self.model.tensors().len()
    }

    // stub: def __contains__(self, name: object, /) -> bool: ...
    fn __contains__(&self, name: &Bound<'_, PyAny>) -> bool {
        name.extract::<String>().is_ok_and(|name| self.has(&name))
    }

    // stub: -> Iterator[str]
    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyIterator>> {
        PyList::new(py, self.names())?.try_iter()
    }

    fn __getitem__<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Array<'py>> {
        let Some(info) = self.model.info(name) else {
            return Err(PyKeyError::new_err(name.to_owned()));
        };
        let keywords = |order: Order| -> PyResult<Bound<'py, PyDict>> {
            let keywords = PyDict::new(py);
            keywords.set_item("order", if order == Order::ColumnMajor { "F" } else { "C" })?;
            Ok(keywords)
        };
        // As they are stored, where NumPy has the type.
        if let Some(dtype) = numpy_type(info.dtype)
            && cfg!(target_endian = "little")
            && let Some(size) = self.model.byte_length(name)
        {
            // NumPy has the memory of large arrays in large pages; every byte is written below.
            let flat = py.import("numpy")?.call_method1("empty", (size, "uint8"))?.cast_into::<PyArray1<u8>>()?;
            let order = {
                let mut flat = flat.readwrite();
                let to = flat.as_slice_mut()?;
                compute(py, || self.model.copy(name, to)).map_err(model_to_python)?
            };
            if let Some(order) = order {
                let typed = flat.call_method1("view", (dtype,))?;
                let shape = PyTuple::new(py, &info.shape)?;
                return typed.call_method("reshape", (shape,), Some(&keywords(order)?));
            }
        }
        let rounded = compute(py, || self.model.rounded(name)).map_err(model_to_python)?;
        if let Some(rounded) = rounded.filter(|rounded| rounded.integers > 0) {
            let place: Vec<usize> = rounded.first.iter().map(|k| k + 1).collect();
            return Err(PyValueError::new_err(format!(
                "`{}`: the integer {} at {place:?}, counted from 1, is beyond 2^53, and float64 cannot hold it\n\n\
                 hint: numpy.load reads integers of NumPy files as they are",
                kappa_model::printable(name),
                rounded.text
            )));
        }
        let tensor = compute(py, || self.model.tensor(name)).map_err(model_to_python)?;
        let order = tensor.order;
        let flat = match tensor.numbers {
            Numbers::F32(x) => array_of(py, x),
            Numbers::F64(x) => array_of(py, x),
            Numbers::C32(x) => array_of(py, x),
            Numbers::C64(x) => array_of(py, x),
        };
        let array = flat.call_method("reshape", (tensor.shape,), Some(&keywords(order)?))?;
        // Integers were widened exactly, and half precision too: back to what is stored, where NumPy has it.
        match numpy_type(info.dtype) {
            Some(dtype) => {
                let options = PyDict::new(py);
                options.set_item("copy", false)?;
                array.call_method("astype", (dtype,), Some(&options))
            }
            None => Ok(array),
        }
    }

    fn __repr__(&self) -> String {
        format!("{:?}", self.model)
    }
}

/// Numbers as an array: a copy where a file holds them, and without one where they were decoded.
fn array_of<'py, T: numpy::Element + Copy>(py: Python<'py>, numbers: Cow<'_, [T]>) -> Array<'py> {
    match numbers {
        Cow::Borrowed(numbers) => PyArray1::from_slice(py, numbers).into_any(),
        Cow::Owned(numbers) => PyArray1::from_vec(py, numbers).into_any(),
    }
}

/// The type of NumPy in which numbers are stored, where it has that.
fn numpy_type(dtype: DType) -> Option<&'static str> {
    Some(match dtype {
        DType::Bool => "bool",
        DType::U8 => "uint8",
        DType::I8 => "int8",
        DType::U16 => "uint16",
        DType::I16 => "int16",
        DType::U32 => "uint32",
        DType::I32 => "int32",
        DType::U64 => "uint64",
        DType::I64 => "int64",
        DType::F16 => "float16",
        DType::F32 => "float32",
        DType::F64 => "float64",
        DType::C32 => "complex64",
        DType::C64 => "complex128",
        _ => return None,
    })
}

/// Works on a thread of its own within the package's pool; Ctrl-C stops it.
fn watched<R: Send>(py: Python<'_>, work: impl FnOnce(&Progress<'_>) -> kappa_model::Result<R> + Send) -> PyResult<R> {
    let cancelled = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let worker = scope.spawn(|| on_pool(|| work(&Progress { advanced: &|_, _| {}, cancelled: &cancelled })));
        while !worker.is_finished() {
            py.detach(|| std::thread::sleep(GLANCE));
            if let Err(signal) = py.check_signals() {
                cancelled.store(true, Ordering::Relaxed);
                py.detach(|| drop(worker.join()));
                return Err(signal);
            }
        }
        let found = worker.join().map_err(|_| PyRuntimeError::new_err("the work panicked; please report it"))?;
        found.map_err(model_to_python)
    })
}

/// A survey: a sequence of flat dictionaries, one a layer, that pandas.DataFrame and polars.DataFrame take as they are.
///
/// Examples
/// --------
/// >>> import pathlib, tempfile, numpy as np, kappa as kp
/// >>> path = pathlib.Path(tempfile.mkdtemp()) / "w.npy"
/// >>> np.save(path, np.eye(3))
/// >>> survey = kp.open(path).survey()
/// >>> len(survey), survey[0]["name"]
/// (1, 'w')
#[pyclass(name = "Survey", module = "kappa", frozen, extends = PyAnswer)]
pub(crate) struct PySurvey(Report);

answer!(PySurvey);

type LayerHead = (String, String, String, Vec<usize>, (usize, usize), String, String);
type LayerBody = (Vec<(String, PyEnclosure)>, Option<PySingularValues>, Option<PyTail>, Option<PyBulk>);
type VerdictState = (String, String, usize, usize);

impl Answer for PySurvey {
    const FIELDS: &'static [&'static str] = &[];

    initializer!();

    fn state<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let layer = |l: &Layer| -> (LayerHead, LayerBody, Vec<VerdictState>) {
            let (dtype, role) = (l.dtype.name().to_owned(), l.role.to_string());
            let head = (l.name.clone(), l.tensor.clone(), l.reading.clone(), l.shape.clone(), l.matrix, dtype, role);
            let measures = l.measures.iter().map(|(q, x)| (q.to_string(), (*x).into())).collect();
            let values = l.singular_values.clone().map(|values| PySingularValues::new(values, None));
            let body = (measures, values, l.tail.clone().map(Into::into), l.bulk.map(PyBulk));
            (head, body, l.verdicts.iter().map(verdict_state).collect())
        };
        let layers: Vec<_> = self.0.layers.iter().map(layer).collect();
        let skipped: Vec<_> = self.0.skipped.iter().map(|s| (s.name.clone(), s.reason.clone(), s.is_broken)).collect();
        (layers, skipped).into_bound_py_any(py)
    }

    fn restored(state: &Bound<'_, PyAny>) -> PyResult<Self> {
        type Whole = (Vec<(LayerHead, LayerBody, Vec<VerdictState>)>, Vec<(String, String, bool)>);
        let (layers, skipped): Whole = state.extract()?;
        let layer = |(head, body, verdicts): (LayerHead, LayerBody, Vec<VerdictState>)| -> PyResult<Layer> {
            let (name, tensor, reading, shape, matrix, dtype, role) = head;
            let (measures, values, tail, bulk) = body;
            let measure = |(question, x): (String, PyEnclosure)| Ok((question.parse().map_err(to_python)?, x.into()));
            let unknown = |what: &str| PyValueError::new_err(format!("unknown {what} in a pickled survey"));
            Ok(Layer {
                name,
                tensor,
                reading,
                shape,
                matrix,
                dtype: DType::named(&dtype).ok_or_else(|| unknown("type of numbers"))?,
                role: Role::named(&role).ok_or_else(|| unknown("role"))?,
                measures: measures.into_iter().map(measure).collect::<PyResult<_>>()?,
                singular_values: values.map(|values| values.inner().clone()),
                tail: tail.map(|tail| tail.inner().clone()),
                bulk: bulk.map(|bulk| bulk.0),
                verdicts: verdicts.into_iter().map(verdict).collect::<PyResult<_>>()?,
            })
        };
        let skipped = skipped.into_iter().map(|(name, reason, is_broken)| Skipped { name, reason, is_broken });
        let layers = layers.into_iter().map(layer).collect::<PyResult<_>>()?;
        Ok(Self(Report { layers, skipped: skipped.collect(), unreached: Vec::new(), doubts: Vec::new() }))
    }
}

/// A verdict by its name, with the text and the numbers that belong to it.
fn verdict_state(verdict: &Verdict) -> VerdictState {
    let (text, one, other) = match verdict {
        Verdict::NotFinite { message } => (message.clone(), 0, 0),
        Verdict::RankDeficient { rank, full } => (String::new(), *rank, *full),
        Verdict::DeadRows(count) | Verdict::DeadColumns(count) => (String::new(), *count, 0),
        Verdict::DuplicateOf(name) => (name.clone(), 0, 0),
        Verdict::Zero | Verdict::NearSingular | Verdict::OneDirectionDominates => (String::new(), 0, 0),
    };
    (verdict.name().to_owned(), text, one, other)
}

fn verdict((name, text, one, other): VerdictState) -> PyResult<Verdict> {
    let all = [
        Verdict::NotFinite { message: text.clone() },
        Verdict::Zero,
        Verdict::RankDeficient { rank: one, full: other },
        Verdict::NearSingular,
        Verdict::OneDirectionDominates,
        Verdict::DeadRows(one),
        Verdict::DeadColumns(one),
        Verdict::DuplicateOf(text),
    ];
    let found = all.into_iter().find(|verdict| verdict.name() == name);
    found.ok_or_else(|| PyValueError::new_err(format!("unknown verdict `{name}`")))
}

impl PySurvey {
    fn layer(&self, name: &str) -> PyResult<&Layer> {
        let found = self.0.layers.iter().find(|layer| layer.name == name);
        found.ok_or_else(|| PyKeyError::new_err(format!("no layer `{name}` was measured")))
    }
}

/// One layer as a flat dictionary: each measure by its estimate, with `_lower` and `_upper`; None where there is none.
fn row<'py>(py: Python<'py>, layer: &Layer) -> PyResult<Bound<'py, PyDict>> {
    let dict = dict!(py, {
        "name": &layer.name,
        "tensor": &layer.tensor,
        "as": &layer.reading,
        "shape": &layer.shape,
        "rows": layer.matrix.0,
        "columns": layer.matrix.1,
        "dtype": layer.dtype.name(),
        "role": layer.role.to_string(),
    });
    for question in Question::standard() {
        let (key, answer) = (measure_key(&question), layer.measure(&question));
        dict.set_item(&key, answer.map(|x| x.estimate()))?;
        dict.set_item(format!("{key}_lower"), answer.map(|x| x.lower()))?;
        dict.set_item(format!("{key}_upper"), answer.map(|x| x.upper()))?;
    }
    for (key, x) in spread_numbers(layer.tail.as_ref(), layer.bulk.as_ref()) {
        dict.set_item(key, x)?;
    }
    dict.set_item("verdicts", layer.verdicts.iter().map(ToString::to_string).collect::<Vec<_>>())?;
    Ok(dict)
}

#[pymethods]
impl PySurvey {
    /// The measured layers as flat dictionaries.
    // stub: -> list[dict[str, Any]]
    #[getter]
    fn layers<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let rows = self.0.layers.iter().map(|layer| row(py, layer)).collect::<PyResult<Vec<_>>>()?;
        PyList::new(py, rows)
    }

    /// What was not measured: dictionaries with name and reason.
    // stub: -> list[dict[str, str]]
    #[getter]
    fn skipped<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyDict>>> {
        let entry = |s: &kappa_model::Skipped| {
            Ok(dict!(py, {
                "name": &s.name,
                "reason": &s.reason,
            }))
        };
        self.0.skipped.iter().map(entry).collect()
    }

    /// A measure of a layer with its bounds; None where the layer's entries are not finite.
    fn enclosure(&self, layer: &str, measure: &str) -> PyResult<Option<PyEnclosure>> {
        let question = Question::standard().into_iter().find(|q| measure_key(q) == measure);
        let question = question.map_or_else(|| measure.parse().map_err(to_python), Ok)?;
        Ok(self.layer(layer)?.measure(&question).map(Into::into))
    }

    /// The singular values of a layer; None where its entries are not finite.
    fn singular_values(&self, layer: &str) -> PyResult<Option<PySingularValues>> {
        Ok(self.layer(layer)?.singular_values.clone().map(|values| PySingularValues::new(values, None)))
    }

    /// The JSON object that the command line prints.
    fn to_json(&self) -> String {
        envelope("survey", serde_json::json!({}), survey_json(&self.0)).to_string()
    }

    /// Comma-separated values.
    fn to_csv(&self) -> String {
        survey_csv(&self.0)
    }

    /// A Markdown table.
    fn to_markdown(&self) -> String {
        survey_markdown(&self.0)
    }

    /// The one-file HTML report, as text.
    #[pyo3(signature = (title = "survey"))]
    fn to_html(&self, title: &str) -> String {
        survey_html(&self.0, title)
    }

    fn __len__(&self) -> usize {
        self.0.layers.len()
    }

    // stub: -> Iterator[dict[str, Any]]
    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyIterator>> {
        self.layers(py)?.try_iter()
    }

    fn __getitem__<'py>(&self, py: Python<'py>, i: isize) -> PyResult<Bound<'py, PyDict>> {
        let count = self.0.layers.len();
        let at = if i < 0 { i + count as isize } else { i };
        match usize::try_from(at).ok().and_then(|at| self.0.layers.get(at)) {
            Some(layer) => row(py, layer),
            None => Err(PyIndexError::new_err(format!("index {i} is out of range for {count} layers"))),
        }
    }

    /// The whole survey, as `to_json` has it.
    // stub: -> dict[str, Any]
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        py.import("json")?.call_method1("loads", (self.to_json(),))
    }
    fn _repr_html_(slf: &Bound<'_, Self>) -> PyResult<String> {
        let rows = slf.getattr("layers")?.cast_into::<PyList>()?;
        answers::rows_html(&slf.repr()?.to_string(), &rows)
    }
    fn __repr__(&self) -> String {
        format!("Survey({} layers, {} not measured)", self.0.layers.len(), self.0.skipped.len())
    }
}
