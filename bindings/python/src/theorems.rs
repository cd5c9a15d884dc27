//! A class for each theorem about what a change may do.

use kappa::perturb::Theorem;
use pyo3::prelude::*;

use crate::answers::{Answer, PyAnswer};
use crate::names::{Kind, names};
use crate::theory::PyTheorem;

/// A class for each theorem, on top of [`PyTheorem`]: its name in Rust, in Python and on the command line, and its
/// numbers.
macro_rules! theorem_classes {
    ($($(#[$doc:meta])* $class:ident, $python:literal, $name:literal, $signature:tt, [$($number:ident),*];)*) => {
        $(
            $(#[$doc])*
            #[pyclass(name = $python, module = "kappa", frozen, extends = PyTheorem)]
            pub(crate) struct $class;

            #[pymethods]
            impl $class {
                #[new]
                #[pyo3(signature = $signature)]
                fn new($($number: f64),*) -> PyResult<PyClassInitializer<Self>> {
                    Self::on(PyTheorem::named($name, &[$($number),*])?)
                }
                $(
                    #[doc = concat!("The number `", stringify!($number), "`.")]
                    #[getter]
                    fn $number(slf: PyRef<'_, Self>) -> f64 {
                        slf.into_super().number(stringify!($number))
                    }
                )*
            }

            impl $class {
                pub(crate) const KIND: &'static Kind = &Kind::of(
                    $python,
                    <PyTheorem as Answer>::FIELDS,
                    |answer| answer.cast::<PyTheorem>()?.get().state(answer.py()),
                    |state| {
                        let found = Self::on(PyTheorem::restored(state)?)?;
                        Ok(Bound::new(state.py(), found)?.into_any())
                    },
                );

                fn on(theorem: PyTheorem) -> PyResult<PyClassInitializer<Self>> {
                    let base = PyClassInitializer::from(PyAnswer::of_kind(Self::KIND));
                    Ok(base.add_subclass(theorem).add_subclass(Self))
                }
            }
        )*

        names! { [$($class),*] [] }

        /// A theorem as an object of its own class.
        pub(crate) fn object<'py>(py: Python<'py>, t: &dyn Theorem) -> PyResult<Bound<'py, PyAny>> {
            let theorem = PyTheorem::of(t);
            match t.name() {
                $($name => Ok(Bound::new(py, $class::on(theorem)?)?.into_any()),)*
                _ => Ok(Bound::new(py, theorem.initializer())?.into_any()),
            }
        }
    };
}

theorem_classes! {
    /// Weyl: no singular value moves by more than the change.
    ///
    /// Examples
    /// --------
    /// >>> import kappa as kp
    /// >>> kp.Weyl(0.1).bound().upper
    /// 0.1
    PyWeyl, "Weyl", "weyl", (change), [change];
    /// Mirsky: all changes of singular values together are at most the change, in every unitarily invariant norm.
    ///
    /// Examples
    /// --------
    /// >>> import kappa as kp
    /// >>> kp.Mirsky(0.1).bound().upper
    /// 0.1
    PyMirsky, "Mirsky", "mirsky", (change), [change];
    /// Hoffman and Wielandt: the eigenvalues of two normal matrices can be paired at distances of at most the change
    /// together.
    ///
    /// Examples
    /// --------
    /// >>> import kappa as kp
    /// >>> kp.HoffmanWielandt(0.1).bound().upper
    /// 0.1
    PyHoffmanWielandt, "HoffmanWielandt", "hoffman-wielandt", (change), [change];
    /// Bauer and Fike: eigenvalues move by at most cond(X) times the change.
    ///
    /// Examples
    /// --------
    /// >>> import kappa as kp
    /// >>> round(kp.BauerFike(3.0, 0.1).bound().upper, 12)
    /// 0.3
    PyBauerFike, "BauerFike", "bauer-fike", (cond, change), [cond, change];
    /// Elsner: every eigenvalue of B is near one of A, like the n-th root of the change; `size` is the sum of both
    /// norms.
    ///
    /// Examples
    /// --------
    /// >>> import kappa as kp
    /// >>> round(kp.Elsner(2.0, 2.0, 5).bound().upper, 12)
    /// 2.0
    PyElsner, "Elsner", "elsner", (size, change, order), [size, change, order];
    /// Davis and Kahan: an invariant subspace of a Hermitian matrix turns by sin <= change/gap.
    ///
    /// Examples
    /// --------
    /// >>> import kappa as kp
    /// >>> t = kp.DavisKahan(0.5, 0.1)
    /// >>> round(t.bound().upper, 12), t.gap
    /// (0.2, 0.5)
    PyDavisKahan, "DavisKahan", "davis-kahan", (gap, change), [gap, change];
    /// Wedin: singular subspaces turn by sin <= change/gap.
    ///
    /// Examples
    /// --------
    /// >>> import kappa as kp
    /// >>> round(kp.Wedin(0.5, 0.1).bound().upper, 12)
    /// 0.2
    PyWedin, "Wedin", "wedin", (gap, change), [gap, change];
    /// Eisenstat and Ipsen: scaling from both sides moves every singular value relatively, by the defects of the two
    /// factors.
    ///
    /// Examples
    /// --------
    /// >>> import kappa as kp
    /// >>> kp.EisenstatIpsen(0.01, 0.0).bound() < 0.00505
    /// True
    PyEisenstatIpsen, "EisenstatIpsen", "eisenstat-ipsen", (left, right), [left, right];
    /// The relative change of the inverse.
    ///
    /// Examples
    /// --------
    /// >>> import kappa as kp
    /// >>> round(kp.InversePerturbation(10.0, 0.05).bound().upper, 12)
    /// 1.0
    PyInversePerturbation, "InversePerturbation", "inverse", (cond, matrix_error), [cond, matrix_error];
    /// The relative change of the solution of A x = b.
    ///
    /// Examples
    /// --------
    /// >>> import kappa as kp
    /// >>> round(kp.LinearSystem(10.0, 1e-6).bound().upper, 8)
    /// 1e-05
    PyLinearSystem, "LinearSystem", "linear-system", (cond, matrix_error, rhs_error = 0.0),
        [cond, matrix_error, rhs_error];
    /// The relative change of the solution of a least squares problem of full rank; `residual` is |r|/(|A| |x|).
    ///
    /// Examples
    /// --------
    /// >>> import kappa as kp
    /// >>> round(kp.LeastSquaresPerturbation(2.0, 0.25).bound().upper, 12)
    /// 2.0
    PyLeastSquaresPerturbation, "LeastSquaresPerturbation", "least-squares", (cond, matrix_error, residual = 0.0),
        [cond, matrix_error, residual];
    /// The relative change of the solution of A x = b when every entry has the relative error `error`, by Skeel's
    /// condition numbers.
    ///
    /// Examples
    /// --------
    /// >>> import kappa as kp
    /// >>> round(kp.ComponentwiseSystem(1.0, 1.0, 1e-6).bound().upper, 9)
    /// 2e-06
    PyComponentwiseSystem, "ComponentwiseSystem", "componentwise-system", (cond, cond_at, error),
        [cond, cond_at, error];
}
