//! Eigenvalues, factorizations and regions, in Python.

use kappa::regions::{self, NumericalRange, Pseudospectrum, Region};
use kappa::{GuEisenstat, Matrix, Scalar, c64};
use kappa_model::{WideMatrix, with_wide};
use numpy::{PyArrayMethods, ToPyArray};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::answers;
use crate::array::with_matrix;
use crate::compute::{compute, interruptible};
use crate::condition::{out, wide};
use crate::enclosure::PyEnclosure;
use crate::errors::to_python;
use crate::factor::array;

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
#[pyclass(name = "Eig", module = "kappa", frozen)]
pub(crate) struct PyEig(kappa::Eig);

/// What stands in the dict and the table.
const EIG_FIELDS: [&str; 8] =
    ["values", "radii", "evidence", "right", "left", "spectral_radius", "spectral_abscissa", "groups"];

#[pymethods]
impl PyEig {
    /// The eigenvalues, largest modulus first.
    #[getter]
    fn values<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        self.0.eigenvalues().estimates().to_pyarray(py).into_any()
    }
    /// The radius of the disc around each; infinite where nothing could be shown.
    #[getter]
    fn radii<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
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
    fn right<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        array(py, self.0.right())
    }
    /// Left eigenvectors in columns.
    #[getter]
    fn left<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        array(py, self.0.left())
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
    /// The condition number of the matrix of right eigenvectors.
    fn vector_cond(&self) -> PyResult<PyEnclosure> {
        self.0.vector_cond().map(Into::into).map_err(to_python)
    }
    /// The parts of the answer by name.
    fn to_dict<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyDict>> {
        answers::dict(slf.as_any(), &EIG_FIELDS)
    }
    fn _repr_html_(slf: &Bound<'_, Self>) -> PyResult<String> {
        answers::html(slf.as_any(), &EIG_FIELDS)
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
    let matrix = wide(a)?;
    interruptible(a.py(), move || with_wide!(&matrix, x => kappa::eig(x)))?.map(PyEig).map_err(to_python)
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
pub(crate) fn eigh<'py>(py: Python<'py>, a: &Bound<'py, PyAny>) -> PyResult<(Vec<PyEnclosure>, Bound<'py, PyAny>)> {
    let matrix = wide(a)?;
    let found = compute(
        py,
        || with_wide!(&matrix, x => kappa::eigh(x).map(|f| (f.eigenvalues().to_vec(), WideMatrix::from(f.vectors().clone())))),
    );
    let (values, vectors) = found.map_err(to_python)?;
    Ok((values.into_iter().map(Into::into).collect(), out(py, &vectors)?))
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
    let matrix = wide(a)?;
    let found = interruptible(py, move || with_wide!(&matrix, x => kappa::eigenvalue_cond(x)))?.map_err(to_python)?;
    found
        .iter()
        .map(|c| {
            let dict = PyDict::new(py);
            dict.set_item("value", c.value)?;
            dict.set_item("condition", c.condition)?;
            dict.set_item("vector_condition", c.vector_condition)?;
            dict.set_item("distance", c.distance)?;
            Ok(dict)
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
pub(crate) fn separation(a: &Bound<'_, PyAny>, b: &Bound<'_, PyAny>) -> PyResult<PyEnclosure> {
    let (x, y) = (wide(a)?.complex(), wide(b)?.complex());
    interruptible(a.py(), move || kappa::separation(&x, &y))?.map(Into::into).map_err(to_python)
}

type Parts = Vec<(&'static str, WideMatrix, Option<Vec<usize>>)>;

fn parts<W>(kind: &str, x: &Matrix<W>, rank: Option<usize>, tolerance: f64) -> kappa::Result<Option<Parts>>
where
    W: Scalar<Wide = W>,
    WideMatrix: From<Matrix<W>>,
{
    let part = |name: &'static str, m: Matrix<W>| (name, WideMatrix::from(m), None);
    let order = |name: &'static str, rows: &[usize]| (name, WideMatrix::Real(Matrix::zeros(0, 0)), Some(rows.to_vec()));
    Ok(Some(match kind {
        "qr" => {
            let f = kappa::qr(x)?;
            vec![part("q", f.q().clone()), part("r", f.r().clone())]
        }
        "pivoted-qr" => {
            let f = kappa::pivoted_qr(x)?;
            vec![part("q", f.q().clone()), part("r", f.r().clone()), order("columns", f.columns())]
        }
        "rank-revealing-qr" => {
            let f = kappa::rank_revealing_qr(x, rank.unwrap_or(0), &GuEisenstat::default())?;
            vec![part("q", f.q().clone()), part("r", f.r().clone()), order("columns", f.columns())]
        }
        "complete-orthogonal" => {
            let f = kappa::complete_orthogonal(x, tolerance)?;
            vec![part("u", f.u), part("t", f.t), part("v", f.v)]
        }
        "lu" => {
            let f = kappa::lu(x)?;
            vec![part("l", f.l()), part("u", f.u()), order("rows", f.rows())]
        }
        "cholesky" => vec![part("l", kappa::cholesky(x)?)],
        "ldlt" => {
            let f = kappa::ldlt(x)?;
            vec![part("l", f.l().clone()), part("d", f.d()), order("rows", f.rows())]
        }
        "polar" => {
            let f = kappa::polar(x)?;
            vec![part("u", f.unitary), part("h", f.hermitian)]
        }
        "schur" => {
            let f = kappa::schur(x)?;
            vec![("q", WideMatrix::Complex(f.q().clone()), None), ("t", WideMatrix::Complex(f.t().clone()), None)]
        }
        "jordan" => return Err(kappa::jordan()),
        _ => return Ok(None),
    }))
}

/// A factorization by name, as a dict of arrays: qr, pivoted-qr, rank-revealing-qr (with `rank`), complete-orthogonal, lu,
/// cholesky, ldlt, polar, schur. Asking for jordan explains why not.
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
) -> PyResult<Bound<'py, PyDict>> {
    let matrix = wide(a)?;
    let plain = kind.trim().to_lowercase().replace('_', "-");
    let found =
        interruptible(py, move || with_wide!(&matrix, x => parts(&plain, x, rank, tolerance)))?.map_err(to_python)?;
    let Some(found) = found else {
        return Err(PyValueError::new_err(format!(
            "`{kind}` is no factorization that is known here\n\nhint: qr, pivoted-qr, rank-revealing-qr, complete-orthogonal, lu, \
             cholesky, ldlt, polar, schur"
        )));
    };
    let dict = PyDict::new(py);
    for (name, part, order) in found {
        match order {
            Some(order) => dict.set_item(name, order.to_pyarray(py))?,
            None => dict.set_item(name, out(py, &part)?)?,
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
    let matrix = wide(a)?;
    let found = interruptible(py, move || with_wide!(&matrix, x => regions::gershgorin(x)))?.map_err(to_python)?;
    let dict = PyDict::new(py);
    let centers: Vec<c64> = found.rows.iter().map(|d| d.center).collect();
    let radii = |discs: &[regions::Disc]| discs.iter().map(|d| d.radius).collect::<Vec<f64>>();
    dict.set_item("centers", centers.to_pyarray(py))?;
    dict.set_item("row_radii", radii(&found.rows).to_pyarray(py))?;
    dict.set_item("column_radii", radii(&found.columns).to_pyarray(py))?;
    dict.set_item("spectral_radius", PyEnclosure::from(found.spectral_radius()))?;
    dict.set_item("row_groups", found.row_groups)?;
    dict.set_item("column_groups", found.column_groups)?;
    Ok(dict)
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
) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
    let matrix = wide(a)?;
    let how = NumericalRange { directions };
    let found =
        interruptible(py, move || with_wide!(&matrix, x => regions::numerical_range(x, &how)))?.map_err(to_python)?;
    Ok((found.inside.to_pyarray(py).into_any(), found.outside.to_pyarray(py).into_any()))
}

/// The smallest singular value of z - A on a grid: real parts, imaginary parts, and a table with a row for each imaginary part.
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
) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>, Bound<'py, PyAny>)> {
    let matrix = wide(a)?;
    let region = region.map(|(p, q, r, s)| Region { re: (p, q), im: (r, s) });
    let how = Pseudospectrum { region, points };
    let g =
        interruptible(py, move || with_wide!(&matrix, x => regions::pseudospectrum(x, &how)))?.map_err(to_python)?;
    let table = g.values.to_pyarray(py).reshape([g.im.len(), g.re.len()])?;
    Ok((g.re.to_pyarray(py).into_any(), g.im.to_pyarray(py).into_any(), table.into_any()))
}

/// Squares of the plane that are proved to belong to the epsilon-pseudospectrum (True) or not (False), or left open (None):
/// tuples of centre, half side and that.
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
    let matrix = wide(a)?;
    let region = Region { re: (region.0, region.1), im: (region.2, region.3) };
    let depth = depth.min(12);
    let found = interruptible(
        a.py(),
        move || with_wide!(&matrix, x => regions::pseudospectrum_cells(x, epsilon, region, depth)),
    )?
    .map_err(to_python)?;
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
    let matrix = wide(a)?;
    let found = interruptible(a.py(), move || with_wide!(&matrix, x => regions::normality(x)))?.map_err(to_python)?;
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
    let matrix = wide(a)?;
    let found =
        interruptible(a.py(), move || with_wide!(&matrix, x => regions::gelfand(x, most)))?.map_err(to_python)?;
    Ok(found.into_iter().map(|(k, x)| (k, x.into())).collect())
}

/// The roots of a polynomial, the coefficient of the highest power first as in numpy.roots: dicts of value, condition,
/// backward_error, and distance to a polynomial with a double root there.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> sorted(round(r["value"].real, 12) for r in kp.polynomial_roots([1.0, -3.0, 2.0]))
/// [1.0, 2.0]
#[pyfunction]
pub(crate) fn polynomial_roots<'py>(
    py: Python<'py>,
    coefficients: &Bound<'py, PyAny>,
) -> PyResult<Vec<Bound<'py, PyDict>>> {
    let found = match wide(coefficients)?.into_vector() {
        WideMatrix::Real(c) => kappa::polynomial_roots(&c.as_slice().iter().rev().copied().collect::<Vec<f64>>()),
        WideMatrix::Complex(c) => kappa::polynomial_roots(&c.as_slice().iter().rev().copied().collect::<Vec<c64>>()),
    };
    found
        .map_err(to_python)?
        .iter()
        .map(|r| {
            let dict = PyDict::new(py);
            dict.set_item("value", r.value)?;
            dict.set_item("condition", r.condition)?;
            dict.set_item("backward_error", r.backward_error)?;
            dict.set_item("distance", r.distance)?;
            Ok(dict)
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
    let drawn = with_matrix(a, move |view| {
        let wide = view.to_wide();
        let values = || with_wide!(&wide, x => kappa::eig(x)).map(|f| f.eigenvalues().estimates().to_vec());
        Ok(Some(match plain.as_str() {
            "gershgorin" => {
                kappa_report::draw_gershgorin(&title, &with_wide!(&wide, x => regions::gershgorin(x))?, &values()?)
            }
            "numerical-range" => {
                let w = with_wide!(&wide, x => regions::numerical_range(x, &NumericalRange::default()))?;
                kappa_report::draw_numerical_range(&title, &w, &values()?)
            }
            "pseudospectrum" => {
                let g = with_wide!(&wide, x => regions::pseudospectrum(x, &Pseudospectrum::default()))?;
                kappa_report::draw_pseudospectrum(&title, &g)
            }
            "ellipse" => kappa_report::draw_ellipse(&title, &with_wide!(&wide, x => regions::ellipse(x, (0, 1)))?),
            "eigenvalues" => kappa_report::draw_scatter(&title, &values()?),
            _ => return Ok(None),
        }))
    })?;
    drawn.map(|p| p.svg()).ok_or_else(|| {
        PyValueError::new_err(format!(
            "`{picture}` is no picture\n\nhint: gershgorin, numerical-range, pseudospectrum, ellipse or eigenvalues"
        ))
    })
}
