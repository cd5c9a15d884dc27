//! Eigenvalues, factorizations and regions, in Python.

use kappa::factor::{Arnoldi, GuEisenstat};
use kappa::regions::{self, NumericalRange, Pseudospectrum, Region};
use kappa::{AnyMatrix, AnyOperator, c64};
use numpy::{PyArrayMethods, ToPyArray};
use pyo3::IntoPyObjectExt;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::answers::{Answer, Kept, Numbers, PyAnswer, answer, dict, evidence, evidence_state, initializer};
use crate::array::{matrix, numbers, out, view, with_matrix};
use crate::compute::compute;
use crate::enclosure::{PyEnclosure, enclosures};
use crate::errors::to_python;
use crate::names::names;
use crate::types::{Array, ArrayDict, ArrayLike, Complexes, Floats};

names! {
    [PyEig]
    [
        eig, eigh, partial_eig, eigenvalue_cond, separation, factor, gershgorin, numerical_range, pseudospectrum,
        pseudospectrum_cells, normality, gelfand, polynomial_roots, draw,
    ]
}

/// Eigenvalues with discs that hold them, and right and left eigenvectors.
///
/// Examples
/// --------
/// >>> import numpy as np, kappa as kp
/// >>> f = kp.eig([[2.0, 1.0], [0.0, 3.0]])
/// >>> np.sort(f.values.real)
/// array([2., 3.])
/// >>> round(float(f.spectral_radius), 12)
/// 3.0
#[pyclass(name = "Eig", module = "kappa", frozen, extends = PyAnswer)]
pub(crate) struct PyEig(kappa::factor::Eig);

answer!(PyEig);

impl Answer for PyEig {
    const FIELDS: &'static [&'static str] =
        &["values", "radii", "evidence", "right", "left", "spectral_radius", "spectral_abscissa", "groups"];

    initializer!();

    fn state<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let (values, parts) = (self.0.eigenvalues(), self.0.parts());
        let radii = (0..values.len()).map(|k| values.radius(k)).collect();
        let kept = |a: &kappa::Matrix<c64>| Kept(a.clone().into());
        let vectors = (kept(self.0.right()), kept(self.0.left()));
        let all = values.estimates().to_pyarray(py);
        let more = (Numbers(parts.defects.clone()), parts.is_normal, values.reach());
        (all, Numbers(radii), evidence_state(values.evidence()), vectors, more).into_bound_py_any(py)
    }

    fn restored(state: &Bound<'_, PyAny>) -> PyResult<Self> {
        type More = (Numbers, bool, f64);
        type Whole<'py> = (Bound<'py, PyAny>, Numbers, (String, String, f64), (Kept, Kept), More);
        let (values, radii, why, (right, left), (defects, is_normal, reach)): Whole<'_> = state.extract()?;
        let values = numbers(&values)?.to_complex().into_vec();
        if values.len() != radii.0.len() {
            return Err(PyValueError::new_err("an Eig was stored with other numbers of eigenvalues and radii"));
        }
        let values = kappa::values::Eigenvalues::new(values, radii.0, evidence(why)?).within(reach);
        let (right, left) = (right.0.to_complex(), left.0.to_complex());
        let parts = kappa::factor::EigParts { values, right, left, defects: defects.0, is_normal };
        kappa::factor::Eig::from_parts(parts).map(Self).map_err(to_python)
    }
}

#[pymethods]
impl PyEig {
    /// The eigenvalues, largest modulus first.
    #[getter]
    fn values<'py>(&self, py: Python<'py>) -> Complexes<'py> {
        self.0.eigenvalues().estimates().to_pyarray(py).into_any()
    }
    /// The radius of the disc around each; infinite where nothing could be shown.
    #[getter]
    fn radii<'py>(&self, py: Python<'py>) -> Floats<'py> {
        let values = self.0.eigenvalues();
        (0..values.len()).map(|k| values.radius(k)).collect::<Vec<f64>>().to_pyarray(py).into_any()
    }
    /// Why the discs may be believed.
    #[getter]
    fn evidence(&self) -> String {
        self.0.eigenvalues().evidence().to_string()
    }
    /// Right eigenvectors in columns.
    #[getter]
    fn right<'py>(&self, py: Python<'py>) -> PyResult<Complexes<'py>> {
        out(py, self.0.right().clone().into())
    }
    /// Left eigenvectors in columns.
    #[getter]
    fn left<'py>(&self, py: Python<'py>) -> PyResult<Complexes<'py>> {
        out(py, self.0.left().clone().into())
    }
    /// max |lambda|.
    #[getter]
    fn spectral_radius(&self) -> PyEnclosure {
        self.0.eigenvalues().spectral_radius().into()
    }
    /// max Re lambda.
    #[getter]
    fn spectral_abscissa(&self) -> PyEnclosure {
        self.0.eigenvalues().spectral_abscissa().into()
    }
    /// Groups of discs that touch: a group of k holds exactly k eigenvalues.
    #[getter]
    fn groups(&self) -> Vec<Vec<usize>> {
        self.0.eigenvalues().groups()
    }
    /// The condition number of the eigenvectors of the matrix: 1 for a Hermitian one, without an upper end where it may
    /// be defective.
    fn vector_cond(&self, py: Python<'_>) -> PyResult<PyEnclosure> {
        compute(py, || self.0.vector_cond()).map(Into::into).map_err(to_python)
    }
    fn __repr__(&self) -> String {
        let values = self.0.eigenvalues();
        format!("Eig({} eigenvalues, spectral radius {})", values.len(), values.spectral_radius().short(8))
    }
}

/// Eigenvalues with discs, and right and left eigenvectors, of a square matrix.
///
/// Examples
/// --------
/// >>> import numpy as np, kappa as kp
/// >>> np.sort(kp.eig([[2.0, 1.0], [0.0, 3.0]]).values.real)
/// array([2., 3.])
#[pyfunction]
pub(crate) fn eig(a: &Bound<'_, PyAny>) -> PyResult<PyEig> {
    with_matrix(a, |a| a.eig()).map(PyEig)
}

/// The eigenvalues of a Hermitian matrix, largest first, each enclosed, and orthonormal eigenvectors.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> values, vectors = kp.eigh([[2.0, 1.0], [1.0, 2.0]])
/// >>> [round(float(x), 12) for x in values]
/// [3.0, 1.0]
#[pyfunction]
pub(crate) fn eigh<'py>(py: Python<'py>, a: &Bound<'py, PyAny>) -> PyResult<(Vec<PyEnclosure>, Array<'py>)> {
    let found = with_matrix(a, |a| a.eigh())?;
    Ok((enclosures(found.eigenvalues()), view(py, &found.vectors())?))
}

/// The k eigenvalues of largest modulus of a large sparse matrix or operator, by products alone: a dict with values,
/// vectors, residuals (the norms of A x - lambda x), radii (inf where the matrix is not known to be Hermitian),
/// products and has_converged.
///
/// Examples
/// --------
/// >>> import numpy as np, kappa as kp
/// >>> found = kp.partial_eig(np.diag([1.0, -5.0, 2.0]), 2)
/// >>> found["values"].real.round(9)
/// array([-5.,  2.])
#[pyfunction]
#[pyo3(signature = (a, k, *, tolerance = 1e-10, restarts = 300, seed = 0))]
pub(crate) fn partial_eig<'py>(
    py: Python<'py>,
    a: &ArrayLike<'py>,
    k: usize,
    tolerance: f64,
    restarts: usize,
    seed: u64,
) -> PyResult<Bound<'py, PyDict>> {
    let how = Arnoldi { tolerance, restarts, seed, ..Arnoldi::default() };
    let found = with_matrix(a, move |a| a.partial_eig(k, &how))?;
    Ok(dict!(py, {
        "values": found.values.to_pyarray(py),
        "vectors": view(py, &(&found.vectors).into())?,
        "residuals": found.residuals.to_pyarray(py),
        "radii": found.radii().to_pyarray(py),
        "products": found.products,
        "has_converged": found.has_converged,
    }))
}

/// The condition of every eigenvalue, 1/|y* x|, and of its vector, 1/sep; largest modulus first.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> [round(float(x["condition"]), 6) for x in kp.eigenvalue_cond([[1.0, 0.0], [0.0, 2.0]])]
/// [1.0, 1.0]
#[pyfunction]
pub(crate) fn eigenvalue_cond<'py>(py: Python<'py>, a: &Bound<'py, PyAny>) -> PyResult<Vec<Bound<'py, PyDict>>> {
    with_matrix(a, |a| a.eigenvalue_cond())?
        .iter()
        .map(|c| {
            Ok(dict!(py, {
                "value": c.value,
                "condition": c.condition,
                "vector_condition": c.vector_condition,
                "distance": c.distance,
            }))
        })
        .collect()
}

/// sep(A, B) = min |A X - X B| over |X| = 1, Frobenius; an estimate from above.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> round(float(kp.separation([[1.0]], [[3.0]])), 12)
/// 2.0
#[pyfunction]
pub(crate) fn separation(a: &Bound<'_, PyAny>, b: &ArrayLike<'_>) -> PyResult<PyEnclosure> {
    let b = matrix(b)?;
    with_matrix(a, move |a| a.separation(&(&b).into())).map(Into::into)
}

/// A part of a factorization.
enum Part {
    Matrix(AnyMatrix),
    Order(Vec<usize>),
}

type Parts = Vec<(&'static str, Part)>;

fn parts(kind: &str, a: &AnyOperator<'_>, rank: Option<usize>, tolerance: f64) -> kappa::Result<Option<Parts>> {
    let part = |name: &'static str, m: AnyOperator<'_>| Ok::<_, kappa::Error>((name, Part::Matrix(m.to_matrix()?)));
    let own = |name: &'static str, m: AnyMatrix| (name, Part::Matrix(m));
    let order = |name: &'static str, rows: &[usize]| (name, Part::Order(rows.to_vec()));
    Ok(Some(match kind {
        "qr" => {
            let f = a.qr()?;
            vec![part("q", f.q())?, part("r", f.r())?]
        }
        "pivoted-qr" => {
            let f = a.pivoted_qr()?;
            vec![part("q", f.q())?, part("r", f.r())?, order("columns", f.columns())]
        }
        "rank-revealing-qr" => {
            let f = a.rank_revealing_qr(rank.unwrap_or(0), &GuEisenstat::default())?;
            vec![part("q", f.q())?, part("r", f.r())?, order("columns", f.columns())]
        }
        "complete-orthogonal" => {
            let f = a.complete_orthogonal(tolerance)?;
            vec![part("u", f.u())?, part("t", f.t())?, part("v", f.v())?]
        }
        "lu" => {
            let f = a.lu()?;
            vec![own("l", f.l()), own("u", f.u()), order("rows", f.rows())]
        }
        "cholesky" => vec![own("l", a.cholesky()?)],
        "ldlt" => {
            let f = a.ldlt()?;
            vec![part("l", f.l())?, own("d", f.d()), order("rows", f.rows())]
        }
        "polar" => {
            let f = a.polar()?;
            vec![part("u", f.unitary())?, part("h", f.hermitian())?]
        }
        "schur" => {
            let f = a.schur()?;
            vec![own("q", f.q().clone().into()), own("t", f.t().clone().into())]
        }
        "jordan" => return Err(kappa::factor::jordan()),
        _ => return Ok(None),
    }))
}

/// A factorization by name, as a dict of arrays: qr, pivoted-qr, rank-revealing-qr (with `rank`), complete-orthogonal,
/// lu, cholesky, ldlt, polar, schur. Asking for jordan explains why not.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> kp.factor([[4.0, 2.0], [2.0, 5.0]], "cholesky")["l"]
/// array([[2., 0.],
///        [1., 2.]])
#[pyfunction]
#[pyo3(signature = (a, kind, *, rank = None, tolerance = 1e-13))]
pub(crate) fn factor<'py>(
    py: Python<'py>,
    a: &Bound<'py, PyAny>,
    kind: &str,
    rank: Option<usize>,
    tolerance: f64,
) -> PyResult<ArrayDict<'py>> {
    let plain = kind.trim().to_lowercase().replace('_', "-");
    let Some(found) = with_matrix(a, move |a| parts(&plain, &a, rank, tolerance))? else {
        return Err(PyValueError::new_err(format!(
            "unknown factorization `{kind}`; known: qr, pivoted-qr, rank-revealing-qr, complete-orthogonal, lu, \
             cholesky, ldlt, polar, schur"
        )));
    };
    let dict = PyDict::new(py);
    for (name, part) in found {
        match part {
            Part::Order(order) => dict.set_item(name, order.to_pyarray(py))?,
            Part::Matrix(part) => dict.set_item(name, out(py, part)?)?,
        }
    }
    Ok(dict)
}

/// Gershgorin's discs as arrays of centre and radius, by rows and by columns, with the groups that touch.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> kp.gershgorin([[2.0, 1.0], [0.0, 3.0]])["row_radii"]
/// array([1., 0.])
#[pyfunction]
pub(crate) fn gershgorin<'py>(py: Python<'py>, a: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyDict>> {
    let found = with_matrix(a, |a| a.gershgorin())?;
    let centers: Vec<c64> = found.rows.iter().map(|d| d.center).collect();
    let radii = |discs: &[regions::Disc]| discs.iter().map(|d| d.radius).collect::<Vec<f64>>();
    Ok(dict!(py, {
        "centers": centers.to_pyarray(py),
        "row_radii": radii(&found.rows).to_pyarray(py),
        "column_radii": radii(&found.columns).to_pyarray(py),
        "spectral_radius": PyEnclosure::from(found.spectral_radius()),
        "row_groups": found.row_groups,
        "column_groups": found.column_groups,
    }))
}

/// The numerical range between two polygons: corners inside, corners around.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> inside, outside = kp.numerical_range([[1.0, 0.0], [0.0, 2.0]], directions=8)
/// >>> len(inside), len(outside)
/// (8, 8)
#[pyfunction]
#[pyo3(signature = (a, directions = 72))]
pub(crate) fn numerical_range<'py>(
    py: Python<'py>,
    a: &Bound<'py, PyAny>,
    directions: usize,
) -> PyResult<(Complexes<'py>, Complexes<'py>)> {
    let found = with_matrix(a, move |a| a.numerical_range(&NumericalRange { directions }))?;
    Ok((found.inside.to_pyarray(py).into_any(), found.outside.to_pyarray(py).into_any()))
}

/// The smallest singular value of z - A on a grid: real parts, imaginary parts, and a table with a row for each
/// imaginary part.
///
/// With `points` the grid has as many equidistant lines in each direction; by default up to 100, and closer ones beside
/// the eigenvalues.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> re, im, smallest = kp.pseudospectrum([[1.0, 1.0], [0.0, 1.0]], points=8)
/// >>> smallest.shape == (len(im), len(re))
/// True
#[pyfunction]
#[pyo3(signature = (a, region = None, points = 0))]
pub(crate) fn pseudospectrum<'py>(
    py: Python<'py>,
    a: &Bound<'py, PyAny>,
    region: Option<(f64, f64, f64, f64)>,
    points: usize,
) -> PyResult<(Floats<'py>, Floats<'py>, Floats<'py>)> {
    let region = region.map(|(p, q, r, s)| Region { re: (p, q), im: (r, s) });
    let how = Pseudospectrum { region, points };
    let g = with_matrix(a, move |a| a.pseudospectrum(&how))?;
    let table = g.values.to_pyarray(py).reshape([g.im.len(), g.re.len()])?;
    Ok((g.re.to_pyarray(py).into_any(), g.im.to_pyarray(py).into_any(), table.into_any()))
}

/// Squares of the plane that are proved to belong to the epsilon-pseudospectrum (True) or not (False), or left open
/// (None): tuples of centre, half side and that.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> cells = kp.pseudospectrum_cells([[1.0, 0.0], [0.0, 2.0]], 0.5, (0.0, 3.0, -1.0, 1.0), depth=2)
/// >>> {inside for _, _, inside in cells} <= {True, False, None}
/// True
#[pyfunction]
#[pyo3(signature = (a, epsilon, region, depth = 5))]
pub(crate) fn pseudospectrum_cells(
    a: &Bound<'_, PyAny>,
    epsilon: f64,
    region: (f64, f64, f64, f64),
    depth: u32,
) -> PyResult<Vec<(c64, f64, Option<bool>)>> {
    let region = Region { re: (region.0, region.1), im: (region.2, region.3) };
    let depth = depth.min(12);
    let found = with_matrix(a, move |a| a.pseudospectrum_cells(epsilon, region, depth))?;
    Ok(found.cells.into_iter().map(|c| (c.center, c.half, c.is_inside)).collect())
}

/// Henrici's departure from normality, and the norm of A* A - A A*.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> departure, commutator = kp.normality([[2.0, 0.0], [0.0, 3.0]])
/// >>> float(departure), float(commutator)
/// (0.0, 0.0)
#[pyfunction]
pub(crate) fn normality(a: &Bound<'_, PyAny>) -> PyResult<(PyEnclosure, PyEnclosure)> {
    let found = with_matrix(a, |a| a.normality())?;
    Ok((found.departure.into(), found.commutator.into()))
}

/// |A^k|^(1/k) for k = 1, 2, 4, ... up to `most`: Gelfand's sequence, falling to the spectral radius.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> [(k, round(float(x), 3)) for k, x in kp.gelfand([[0.0, 4.0], [1.0, 0.0]], most=4)]
/// [(1, 4.0), (2, 2.0), (4, 2.0)]
#[pyfunction]
#[pyo3(signature = (a, most = 64))]
pub(crate) fn gelfand(a: &Bound<'_, PyAny>, most: u64) -> PyResult<Vec<(u64, PyEnclosure)>> {
    let found = with_matrix(a, move |a| a.gelfand(most))?;
    Ok(found.into_iter().map(|(k, x)| (k, x.into())).collect())
}

/// The roots of a polynomial, the coefficient of the highest power first as in numpy.roots: dicts of value, radius (a
/// proved bound of its error), condition, backward_error, and distance to a polynomial with a double root there.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> sorted(round(r["value"].real, 12) for r in kp.polynomial_roots([1.0, -3.0, 2.0]))
/// [1.0, 2.0]
#[pyfunction]
pub(crate) fn polynomial_roots<'py>(
    py: Python<'py>,
    coefficients: &ArrayLike<'py>,
) -> PyResult<Vec<Bound<'py, PyDict>>> {
    let powers = match numbers(coefficients)? {
        AnyMatrix::Real(x) => AnyMatrix::Real(kappa::Matrix::from_fn(x.rows(), 1, |i, _| x[(x.rows() - 1 - i, 0)])),
        AnyMatrix::Complex(x) => {
            AnyMatrix::Complex(kappa::Matrix::from_fn(x.rows(), 1, |i, _| x[(x.rows() - 1 - i, 0)]))
        }
    };
    compute(py, || powers.polynomial_roots())
        .map_err(to_python)?
        .iter()
        .map(|r| {
            Ok(dict!(py, {
                "value": r.value,
                "radius": r.radius,
                "condition": r.condition,
                "backward_error": r.backward_error,
                "distance": r.distance,
            }))
        })
        .collect()
}

/// A picture as SVG text: gershgorin, numerical-range, pseudospectrum, ellipse or eigenvalues.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> kp.draw([[2.0, 1.0], [0.0, 3.0]], "gershgorin").startswith("<svg")
/// True
#[pyfunction]
#[pyo3(signature = (a, picture, title = "A"))]
pub(crate) fn draw(a: &Bound<'_, PyAny>, picture: &str, title: &str) -> PyResult<String> {
    let (plain, title) = (picture.trim().to_lowercase().replace('_', "-"), title.to_owned());
    let drawn = with_matrix(a, move |a| {
        let values = || a.eig().map(|f| f.eigenvalues().estimates().to_vec());
        Ok(Some(match plain.as_str() {
            "gershgorin" => kappa_report::draw_gershgorin(&title, &a.gershgorin()?, &values()?),
            "numerical-range" => {
                kappa_report::draw_numerical_range(&title, &a.numerical_range(&NumericalRange::default())?, &values()?)
            }
            "pseudospectrum" => {
                kappa_report::draw_pseudospectrum(&title, &a.pseudospectrum(&Pseudospectrum::default())?)
            }
            "ellipse" => kappa_report::draw_ellipse(&title, &a.ellipse((0, 1))?),
            "eigenvalues" => kappa_report::draw_scatter(&title, &values()?),
            _ => return Ok(None),
        }))
    })?;
    drawn.map(|p| p.svg()).ok_or_else(|| {
        PyValueError::new_err(format!(
            "unknown picture `{picture}`; known: gershgorin, numerical-range, pseudospectrum, ellipse, eigenvalues"
        ))
    })
}
