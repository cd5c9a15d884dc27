//! Proofs, in Python.

use kappa::ask::Hutchinson;
use kappa::proof::Claim;
use kappa_report::ProofFile;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::array::real_matrix;
use crate::compute::compute;
use crate::enclosure::PyEnclosure;
use crate::errors::to_python;
use crate::names::names;
use crate::operator::{PyOperator, question};

/// The product with the columns of an array.
// stub: Callable[[NDArray[np.float64]], ArrayLike]
type Product = Py<PyAny>;

/// A norm of the singular values.
// stub: Callable[[NDArray[np.float64]], float]
type Gauge<'py> = Bound<'py, PyAny>;

names! { [] [prove, verify, frobenius_by_sampling, norm_by_gauge] }

/// A proof of a claim such as "norm:spectral <= 3.2", as the text of a proof file; LinAlgError or ValueError where
/// there is none.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> proof = kp.prove([[3.0, 0.0], [0.0, 4.0]], "norm:spectral <= 4.1")
/// >>> kp.verify([[3.0, 0.0], [0.0, 4.0]], proof)
/// True
#[pyfunction]
pub(crate) fn prove(a: &Bound<'_, PyAny>, claim: &str) -> PyResult<String> {
    let claim: Claim = claim.parse().map_err(to_python)?;
    let matrix = real_matrix(a, "the matrix of a proof")?;
    let proof = compute(a.py(), || {
        let witness = kappa::proof::prove(&matrix, &claim)?;
        Ok(ProofFile::new(&matrix, claim, witness).to_json().to_string())
    });
    proof.map_err(to_python)
}

/// Whether a proof, as the text of its file, holds for this matrix: checked with whole numbers, exactly.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> proof = kp.prove([[1.0, 0.0], [0.0, 2.0]], "norm:frobenius <= 3")
/// >>> kp.verify([[1.0, 0.0], [0.0, 2.0]], proof), kp.verify([[9.0, 0.0], [0.0, 2.0]], proof)
/// (True, False)
#[pyfunction]
pub(crate) fn verify(a: &Bound<'_, PyAny>, proof: &str) -> PyResult<bool> {
    let proof = ProofFile::from_json(proof).map_err(|reason| PyValueError::new_err(format!("the proof {reason}")))?;
    let matrix = real_matrix(a, "the matrix of a proof")?;
    let holds = || proof.is_about(&matrix) && kappa::proof::verify(&matrix, &proof.claim, &proof.witness).is_ok();
    Ok(compute(a.py(), holds))
}

/// The Frobenius norm of an operator that can only multiply: `apply` takes an array of shape (n, k) and returns (m, k).
///
/// Random vectors by seed; the bounds fail with at most the given probability. `sketch` columns are found exactly
/// (Hutch++), for which `adjoint` multiplies by the transpose.
///
/// Examples
/// --------
/// >>> import numpy as np, kappa as kp
/// >>> a = np.diag([3.0, 4.0])
/// >>> x = kp.frobenius_by_sampling((2, 2), lambda v: a @ v)
/// >>> 5 in x
/// True
#[pyfunction]
#[pyo3(signature = (shape, apply, *, adjoint = None, samples = 1000, sketch = 0, failure = 1e-6, seed = 0))]
#[expect(clippy::too_many_arguments, reason = "keywords in Python")]
pub(crate) fn frobenius_by_sampling(
    py: Python<'_>,
    shape: (usize, usize),
    apply: Product,
    adjoint: Option<Product>,
    samples: usize,
    sketch: usize,
    failure: f64,
    seed: u64,
) -> PyResult<PyEnclosure> {
    let how = Hutchinson { samples, sketch, failure, seed };
    let (ask, answer) = question(move |a| a.frobenius_by_sampling(&how));
    PyOperator::new(shape, apply, adjoint).asked(py, ask)?;
    answer.take().map(Into::into)
}

/// The norm that a symmetric gauge function of the singular values defines; the function takes an array and returns a
/// number.
///
/// It is tried on random vectors first: symmetry, homogeneity, monotonicity, triangle inequality.
///
/// Examples
/// --------
/// >>> import numpy as np, kappa as kp
/// >>> round(float(kp.norm_by_gauge(np.diag([3.0, 4.0]), lambda s: s.sum())), 12)
/// 7.0
#[pyfunction]
pub(crate) fn norm_by_gauge(a: &Bound<'_, PyAny>, gauge: &Gauge<'_>) -> PyResult<PyEnclosure> {
    let values = crate::matrix::values_of(a, false)?;
    let failed = std::cell::RefCell::new(None);
    let call = |x: &[f64]| -> f64 {
        let value = gauge.call1((crate::ruler::vector(a.py(), x),)).and_then(|y| y.extract::<f64>());
        value.unwrap_or_else(|error| {
            failed.borrow_mut().get_or_insert(error);
            f64::NAN
        })
    };
    let found = values.norm_by_gauge(call);
    match failed.take() {
        Some(error) => Err(error),
        None => found.map(Into::into).map_err(to_python),
    }
}
