//! How eigenvalues are spread, in Python.

use kappa::ask::{LanczosDensity, LanczosDensityParts, Probe, StochasticLanczos};
use kappa::values::{
    Bins, Bulk, Clauset, Histogram, LikelihoodRatio, MarchenkoPastur, Steps, Tail, TailLaw, TailLaws, TailParts,
};
use numpy::{PyArray1, ToPyArray};
use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;

use crate::answers::{Answer, Numbers, PyAnswer, answer, initializer};
use crate::array::{real_numbers, with_matrix_of_work};
use crate::compute::{compute, interruptible};
use crate::enclosure::{PyEnclosure, enclosures};
use crate::errors::{named, to_python};
use crate::matrix::values_of;
use crate::names::names;
use crate::types::ArrayLike;

/// How many bins, or their edges.
// stub: int | Sequence[float] | NDArray[np.float64]
type BinsLike<'py> = Bound<'py, PyAny>;

names! { [PyTail, PyBulk, PyDensity, PyLanczosDensity] [tail, density, lanczos_density] }

fn clauset(x_min: Option<f64>, least: usize, steps: &str) -> PyResult<Clauset> {
    let steps = named(steps, "end of a step", &[("both", Steps::Both), ("lower", Steps::Lower)])?;
    Ok(Clauset { least, steps, x_min })
}

/// Where values begin to fall like a power: p(x) ∝ x**-exponent from x_min on, and other laws for the same values.
///
/// Examples
/// --------
/// >>> import kappa as kp, numpy as np
/// >>> tail = kp.tail((1.0 - (np.arange(700) + 0.5) / 700) ** -0.5)
/// >>> round(float(tail.exponent), 1), tail.count > 600
/// (3.0, True)
#[pyclass(name = "Tail", module = "kappa", frozen, extends = PyAnswer, from_py_object)]
#[derive(Clone)]
pub(crate) struct PyTail {
    tail: Tail,
    laws: TailLaws,
}

answer!(PyTail);

impl Answer for PyTail {
    const FIELDS: &'static [&'static str] = &[
        "exponent",
        "standard_error",
        "x_min",
        "count",
        "distance",
        "truncated",
        "exponential",
        "against_truncated",
        "against_exponential",
    ];

    initializer!();

    fn state<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let TailParts { values, from, exponent, distance, how } = self.tail.parts();
        let how = (how.least, how.steps == Steps::Both, how.x_min);
        (Numbers(values), from, PyEnclosure::from(exponent), distance, how).into_bound_py_any(py)
    }

    fn restored(state: &Bound<'_, PyAny>) -> PyResult<Self> {
        type Whole = (Numbers, usize, PyEnclosure, f64, (usize, bool, Option<f64>));
        let (values, from, exponent, distance, (least, both, x_min)): Whole = state.extract()?;
        let how = Clauset { least, steps: if both { Steps::Both } else { Steps::Lower }, x_min };
        let parts = TailParts { values: values.0, from, exponent: exponent.into(), distance, how };
        Tail::from_parts(parts).map(Into::into).map_err(to_python)
    }
}

impl PyTail {
    pub(crate) fn inner(&self) -> &Tail {
        &self.tail
    }
}

impl From<Tail> for PyTail {
    fn from(tail: Tail) -> Self {
        let laws = tail.laws();
        Self { tail, laws }
    }
}

fn ratio(x: LikelihoodRatio) -> (f64, f64) {
    (x.log_ratio, x.p_value)
}

#[pymethods]
impl PyTail {
    /// The exponent; its ends are what rounding and the bounds of the values leave open.
    #[getter]
    fn exponent(&self) -> PyEnclosure {
        self.tail.exponent().into()
    }
    /// The standard error of the exponent over many draws.
    #[getter]
    fn standard_error(&self) -> f64 {
        self.tail.standard_error()
    }
    /// Where the tail begins.
    #[getter]
    fn x_min(&self) -> f64 {
        self.tail.x_min()
    }
    /// The number of values in the tail.
    #[getter]
    fn count(&self) -> usize {
        self.tail.len()
    }
    /// Kolmogorov and Smirnov's distance between the values of the tail and the law.
    #[getter]
    fn distance(&self) -> f64 {
        self.tail.distance()
    }
    /// (exponent, rate) of the most likely x**-exponent * exp(-rate * x); None where the tail holds none.
    #[getter]
    fn truncated(&self) -> Option<(f64, f64)> {
        match self.laws.truncated {
            Some(TailLaw::Truncated { exponent, rate }) => Some((exponent, rate)),
            _ => None,
        }
    }
    /// The rate of the most likely exponential.
    #[getter]
    fn exponential(&self) -> f64 {
        match self.laws.exponential {
            TailLaw::Exponential { rate } => rate,
            _ => f64::NAN,
        }
    }
    /// (log ratio of likelihoods, p-value) of the power law against the truncated one: Wilks's test.
    #[getter]
    fn against_truncated(&self) -> Option<(f64, f64)> {
        self.laws.against_truncated.map(ratio)
    }
    /// (log ratio of likelihoods, p-value) of the power law against the exponential: Vuong's test, above zero for the
    /// power law.
    #[getter]
    fn against_exponential(&self) -> (f64, f64) {
        ratio(self.laws.against_exponential)
    }
    /// How often values drawn from this law, on top of a body like this one, lie as far from their own best law: below
    /// 0.1 the power law is not believable.
    #[pyo3(signature = (replicates = 1000, *, seed = 0))]
    fn p_value(&self, py: Python<'_>, replicates: usize, seed: u64) -> PyResult<f64> {
        let tail = self.tail.clone();
        interruptible(py, move || tail.p_value(replicates, seed))?.map_err(to_python)
    }
    /// The values of the tail, from the smallest on.
    #[getter]
    fn values<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.tail.values().to_pyarray(py)
    }
    fn __float__(&self) -> f64 {
        self.tail.exponent().estimate()
    }
    fn __repr__(&self) -> String {
        let (alpha, count) = (self.tail.exponent().short(5), self.tail.len());
        format!("Tail(exponent {alpha} ± {:.2}, {count} values from {:e})", self.standard_error(), self.tail.x_min())
    }
}

/// The power law of the largest of some numbers, in any order; those that are not above zero are left out.
///
/// The tail begins where Kolmogorov and Smirnov's distance is least, or at `x_min`. `steps="lower"` looks at the lower
/// ends of steps only, as the program of Clauset, Shalizi and Newman does.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> kp.tail([1.0, 1.0, 2.0, 4.0, 8.0, 16.0], x_min=1.0).count
/// 6
#[pyfunction]
#[pyo3(signature = (x, *, x_min = None, least = 2, steps = "both"))]
pub(crate) fn tail(x: &ArrayLike<'_>, x_min: Option<f64>, least: usize, steps: &str) -> PyResult<PyTail> {
    let py = x.py();
    let how = clauset(x_min, least, steps)?;
    let numbers = real_numbers(x)?;
    compute(py, || Tail::of(&numbers, &how)).map(Into::into).map_err(to_python)
}

/// The noise in a matrix: the law of Marchenko and Pastur that fits the bulk of its eigenvalues, and what rises above
/// it.
///
/// Examples
/// --------
/// >>> import kappa as kp, numpy as np
/// >>> noise = np.random.default_rng(0).standard_normal((200, 60))
/// >>> bulk = kp.density(noise + np.outer(np.ones(200), np.ones(60))).bulk
/// >>> int(bulk.spikes), round(bulk.variance, 1)
/// (1, 1.0)
#[pyclass(name = "Bulk", module = "kappa", frozen, extends = PyAnswer, from_py_object)]
#[derive(Clone, Copy)]
pub(crate) struct PyBulk(pub(crate) Bulk);

answer!(PyBulk);

impl Answer for PyBulk {
    const FIELDS: &'static [&'static str] =
        &["variance", "edges", "threshold", "spikes", "distance", "fits", "soft_rank"];

    initializer!();

    fn state<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let Bulk { law, spikes, distance, count, soft_rank } = self.0;
        (law.shape(), law.variance(), PyEnclosure::from(spikes), distance, count, soft_rank).into_bound_py_any(py)
    }

    fn restored(state: &Bound<'_, PyAny>) -> PyResult<Self> {
        type Whole = ((usize, usize), f64, PyEnclosure, f64, usize, f64);
        let (shape, variance, spikes, distance, count, soft_rank): Whole = state.extract()?;
        let law = MarchenkoPastur::new(shape, variance).map_err(to_python)?;
        Ok(Self(Bulk { law, spikes: spikes.into(), distance, count, soft_rank }))
    }
}

#[pymethods]
impl PyBulk {
    /// The variance of the entries of the noise.
    #[getter]
    fn variance(&self) -> f64 {
        self.0.law.variance()
    }
    /// Where the eigenvalues of the noise begin and end.
    #[getter]
    fn edges(&self) -> (f64, f64) {
        self.0.law.edges()
    }
    /// Above which the largest eigenvalue of pure noise lies once in a hundred times.
    #[getter]
    fn threshold(&self) -> f64 {
        self.0.law.threshold()
    }
    /// Whether the other eigenvalues are those of noise of one variance; if not, `spikes` means nothing.
    #[getter]
    fn fits(&self) -> bool {
        self.0.fits()
    }
    /// How many eigenvalues rise above the threshold.
    #[getter]
    fn spikes(&self) -> PyEnclosure {
        self.0.spikes.into()
    }
    /// Kolmogorov and Smirnov's distance between the other eigenvalues and the law; `fits` judges it.
    #[getter]
    fn distance(&self) -> f64 {
        self.0.distance
    }
    /// The upper edge over the largest eigenvalue, at most 1.
    #[getter]
    fn soft_rank(&self) -> f64 {
        self.0.soft_rank
    }
    /// The density of the law at x.
    fn density(&self, x: f64) -> f64 {
        self.0.law.density(x)
    }
    /// The share of the law below x.
    fn cumulative(&self, x: f64) -> f64 {
        self.0.law.cumulative(x)
    }
    fn __repr__(&self) -> String {
        let (_, edge) = self.0.law.edges();
        if !self.0.fits() {
            return format!("Bulk(noise of one variance does not fit, distance {:.3})", self.0.distance);
        }
        format!("Bulk({} spikes above {:.5e}, distance {:.3})", self.0.spikes.short(6), edge, self.0.distance)
    }
}

/// How the eigenvalues of a.T @ a are spread.
///
/// Examples
/// --------
/// >>> import kappa as kp, numpy as np
/// >>> found = kp.density(np.diag([1.0, 2.0, 3.0]), bins=[0.0, 5.0, 10.0])
/// >>> found.counts
/// array([2., 1.])
#[pyclass(name = "Density", module = "kappa", frozen, extends = PyAnswer)]
pub(crate) struct PyDensity {
    histogram: Histogram,
    tail: Option<Tail>,
    bulk: Option<Bulk>,
}

answer!(PyDensity);

impl Answer for PyDensity {
    const FIELDS: &'static [&'static str] = &["edges", "counts", "densities", "total", "tail", "bulk"];

    initializer!();

    fn state<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let Histogram { edges, counts, total } = &self.histogram;
        (Numbers(edges.clone()), enclosures(counts), *total, self.tail(), self.bulk()).into_bound_py_any(py)
    }

    fn restored(state: &Bound<'_, PyAny>) -> PyResult<Self> {
        type Whole = (Numbers, Vec<PyEnclosure>, usize, Option<PyTail>, Option<PyBulk>);
        let (edges, counts, total, tail, bulk): Whole = state.extract()?;
        let histogram = Histogram { edges: edges.0, counts: counts.into_iter().map(Into::into).collect(), total };
        Ok(Self { histogram, tail: tail.map(|t| t.tail), bulk: bulk.map(|b| b.0) })
    }
}

#[pymethods]
impl PyDensity {
    /// The ends of the intervals.
    #[getter]
    fn edges<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.histogram.edges.to_pyarray(py)
    }
    /// How many eigenvalues lie in each.
    #[getter]
    fn counts<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.histogram.counts.iter().map(kappa::Enclosure::estimate).collect::<Vec<_>>().to_pyarray(py)
    }
    /// The same, enclosed: the ends differ where a value cannot be told from an edge.
    #[getter]
    fn enclosed_counts(&self) -> Vec<PyEnclosure> {
        enclosures(&self.histogram.counts)
    }
    /// The share of all in each interval over its width.
    #[getter]
    fn densities<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.histogram.densities().to_pyarray(py)
    }
    /// How many eigenvalues there are.
    #[getter]
    fn total(&self) -> usize {
        self.histogram.total
    }
    /// Their tail; None for fewer than two different ones above zero.
    #[getter]
    fn tail(&self) -> Option<PyTail> {
        self.tail.clone().map(Into::into)
    }
    /// The noise; None for fewer than ten above zero.
    #[getter]
    fn bulk(&self) -> Option<PyBulk> {
        self.bulk.map(PyBulk)
    }
    fn __repr__(&self) -> String {
        format!("Density({} eigenvalues in {} intervals)", self.histogram.total, self.histogram.counts.len())
    }
}

/// How the eigenvalues of a.T @ a (or a @ a.T, whichever is smaller) are spread: exact counts, their tail, and the
/// noise.
///
/// `bins` is a number of intervals, their edges, or None for as many as the values suggest; `logarithmic` makes them of
/// one ratio. `x_min`, `least` and `steps` are those of `tail`. `certify=True` counts every rounding error.
///
/// Examples
/// --------
/// >>> import kappa as kp, numpy as np
/// >>> a = np.random.default_rng(1).standard_normal((300, 100))
/// >>> found = kp.density(a)
/// >>> int(found.counts.sum()), found.bulk.distance < 0.1
/// (100, True)
#[pyfunction]
#[pyo3(signature = (a, bins = None, *, logarithmic = false, x_min = None, least = 2, steps = "both", certify = false))]
pub(crate) fn density(
    a: &Bound<'_, PyAny>,
    bins: Option<&BinsLike<'_>>,
    logarithmic: bool,
    x_min: Option<f64>,
    least: usize,
    steps: &str,
    certify: bool,
) -> PyResult<PyDensity> {
    let how = clauset(x_min, least, steps)?;
    let bins = match bins {
        None if logarithmic => Bins::Logarithmic(20),
        None => Bins::Automatic,
        Some(bins) => match bins.extract::<usize>() {
            Ok(count) if logarithmic => Bins::Logarithmic(count),
            Ok(count) => Bins::Count(count),
            Err(_) => Bins::Edges(bins.extract()?),
        },
    };
    let values = values_of(a, certify)?;
    compute(a.py(), || {
        let histogram = values.density(&bins)?;
        let tail = match values.tail(&how) {
            Err(error) if x_min.is_some() => return Err(error),
            found => found.ok(),
        };
        Ok(PyDensity { histogram, tail, bulk: values.bulk().ok() })
    })
    .map_err(to_python)
}

/// How the singular values of a large matrix or operator are spread, from products with random vectors.
///
/// Examples
/// --------
/// >>> import kappa as kp, numpy as np
/// >>> found = kp.lanczos_density(np.diag(np.linspace(1.0, 2.0, 500)))
/// >>> norm = found.schatten(1.0)
/// >>> bool(norm.lower <= 750.0 <= norm.upper)
/// True
#[pyclass(name = "LanczosDensity", module = "kappa", frozen, extends = PyAnswer)]
pub(crate) struct PyLanczosDensity(LanczosDensity);

answer!(PyLanczosDensity);

impl Answer for PyLanczosDensity {
    const FIELDS: &'static [&'static str] = &["nodes", "products"];

    initializer!();

    fn state<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let LanczosDensityParts { count, scale, probes, first, how, products } = self.0.parts();
        let probes: Vec<_> = probes.into_iter().map(|p| (p.gauss, p.radau, p.is_exact)).collect();
        let how = (how.probes, how.steps, how.failure, how.seed);
        (count, scale, probes, PyEnclosure::from(first), how, products).into_bound_py_any(py)
    }

    fn restored(state: &Bound<'_, PyAny>) -> PyResult<Self> {
        type Rule = Vec<(f64, f64)>;
        type How = (usize, usize, f64, u64);
        type Whole = (usize, f64, Vec<(Rule, Rule, bool)>, PyEnclosure, How, usize);
        let (count, scale, probes, first, (number, steps, failure, seed), products): Whole = state.extract()?;
        let probe = |(gauss, radau, is_exact)| Probe { gauss, radau, is_exact };
        let probes = probes.into_iter().map(probe).collect();
        let how = StochasticLanczos { probes: number, steps, failure, seed };
        let first = first.into();
        Ok(Self(LanczosDensity::from_parts(LanczosDensityParts { count, scale, probes, first, how, products })))
    }
}

#[pymethods]
impl PyLanczosDensity {
    /// The Schatten norm for p of at least 1, but for the stated probability.
    fn schatten(&self, p: f64) -> PyResult<PyEnclosure> {
        self.0.schatten(p).map(Into::into).map_err(to_python)
    }
    /// About which share of the singular values lies below x.
    fn share_below(&self, x: f64) -> f64 {
        self.0.share_below(x)
    }
    /// About how dense the eigenvalues of a.T @ a are at x, smoothed over this width.
    fn density(&self, x: f64, width: f64) -> f64 {
        self.0.density(x, width)
    }
    /// Singular values, and the shares that they stand for.
    #[getter]
    fn nodes<'py>(&self, py: Python<'py>) -> (Bound<'py, PyArray1<f64>>, Bound<'py, PyArray1<f64>>) {
        let (nodes, weights): (Vec<f64>, Vec<f64>) = self.0.nodes().unzip();
        (nodes.to_pyarray(py), weights.to_pyarray(py))
    }
    /// Products of the matrix or its adjoint with one vector.
    #[getter]
    fn products(&self) -> usize {
        self.0.products()
    }
    fn __repr__(&self) -> String {
        format!("LanczosDensity({} nodes, {} products)", self.0.nodes().count(), self.0.products())
    }
}

/// How the singular values of a large matrix are spread, by stochastic Lanczos quadrature: an array, a sparse matrix or
/// a LinearOperator.
///
/// `probes` random vectors, `steps` steps from each; Schatten norms hold but for the probability `failure`. The answer
/// depends on the seed alone.
///
/// Examples
/// --------
/// >>> import kappa as kp, numpy as np
/// >>> kp.lanczos_density(np.eye(300), probes=5, steps=8).products
/// 80
#[pyfunction]
#[pyo3(signature = (a, *, probes = 20, steps = 40, failure = 1e-6, seed = 0))]
pub(crate) fn lanczos_density(
    a: &Bound<'_, PyAny>,
    probes: usize,
    steps: usize,
    failure: f64,
    seed: u64,
) -> PyResult<PyLanczosDensity> {
    let how = StochasticLanczos { probes, steps, failure, seed };
    let work = move |m: usize, n: usize| m.saturating_mul(n).saturating_mul(2 * probes * steps) / 8192;
    with_matrix_of_work(a, work, move |a| a.lanczos_density(&how)).map(PyLanczosDensity)
}
