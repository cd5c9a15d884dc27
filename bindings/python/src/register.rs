//! Everything that the module `_kappa` holds, in one table: `__all__` of the package and of the module follow from it.

use pyo3::prelude::*;

use crate::answers::{self, Answer, Kind, PyAnswer};
use crate::{
    certified, compute, condition, density, enclosure, errors, factor, linalg, lstsq, matrix, model, nearest, partial,
    proof, regress, ridge, ruler, sketch, solve, spectra, theory, update, vector,
};

/// The table: for each topic its answers and its functions.
macro_rules! table {
    ($($topic:literal: [$($answer:ty),* $(,)?] [$($function:path),* $(,)?];)*) => {
        /// The descriptions of all answers.
        const KINDS: &[&Kind] = &[$($(<$answer as Answer>::KIND,)*)*];

        /// Adds classes and functions, and gives their names.
        fn add(m: &Bound<'_, PyModule>) -> PyResult<Vec<String>> {
            let mut names = Vec::new();
            $(
                $(
                    m.add_class::<$answer>()?;
                    names.push(<$answer as Answer>::KIND.name.to_owned());
                )*
                $(
                    let function = wrap_pyfunction!($function, m)?;
                    names.push(function.getattr("__name__")?.extract()?);
                    m.add_function(function)?;
                )*
            )*
            Ok(names)
        }
    };
}

table! {
    "measure": [
        enclosure::PyEnclosure, enclosure::PySingularValues, factor::PySvd, ruler::PyNorm,
    ] [
        matrix::norm, matrix::rank, matrix::singular_values, matrix::numerical_radius, matrix::log_norm, matrix::svd,
        matrix::measure, matrix::check,
    ];
    "vectors and sums": [vector::PyInequality, vector::PySum] [
        vector::vector_norm, vector::dual_vector, vector::vector_constant, vector::inner_product,
        vector::nuclear_norm_of_factors, vector::holder, vector::bessel, vector::parallelogram, vector::sum,
        vector::dot, vector::mean_and_variance, vector::hypot, vector::difference_of_squares,
        vector::quadratic_roots, vector::formats, vector::majorization, vector::fan_dominance,
    ];
    "sensitivity": [] [
        condition::cond, condition::cond_log10, condition::cond_estimate, condition::skeel_cond,
        condition::bauer_cond, condition::best_scaling, condition::is_regular_within,
        condition::distance_to_singularity, condition::exact_rank, condition::logdet, condition::least_squares_cond,
        condition::statistical_cond, condition::digits,
    ];
    "spectra": [spectra::PyEig] [
        spectra::eig, spectra::eigh, spectra::partial_eig, spectra::eigenvalue_cond, spectra::separation, spectra::factor,
        spectra::gershgorin, spectra::numerical_range, spectra::pseudospectrum, spectra::pseudospectrum_cells,
        spectra::normality, spectra::gelfand, spectra::polynomial_roots, spectra::draw,
    ];
    "a few singular triplets": [partial::PyPartialSvd] [
        partial::randomized_svd, partial::partial_svd, partial::truncated_svd,
    ];
    "densities": [density::PyTail, density::PyBulk, density::PyDensity, density::PyLanczosDensity] [
        density::tail, density::density, density::lanczos_density,
    ];
    "solve": [
        solve::PySolution, certified::PyCertifiedSolution, solve::PySolver, lstsq::PyLstsqSolution,
        update::PyWoodbury, update::PyCholeskyUpdate, ridge::PyRidge, regress::PyRegression,
    ] [
        solve::solve, solve::solve_iteratively, lstsq::lstsq, lstsq::constrained, lstsq::generalized, lstsq::total,
        lstsq::pinv, regress::regress,
    ];
    "nearest": [] [nearest::nearest_matrix, nearest::align, nearest::align_all];
    "theorems": [theory::PyTheorem] [
        theory::perturbed, theory::principal_angles, theory::backward_error, theory::backward_error_eigenpair,
        theory::stability_lab,
    ];
    "proofs": [] [proof::prove, proof::verify, proof::frobenius_by_sampling, proof::norm_by_gauge];
    "models": [model::PyModel, model::PySurvey, sketch::PyRowSketch, sketch::PyTopRight, sketch::PyStreamedSvd] [
        model::open,
    ];
    "threads": [] [compute::set_threads, compute::threads];
    // Not for users, and so not in `__all__`.
    "internal": [] [compute::_after_fork, answers::_restore, crate::_main];
}

/// The descriptions of all answers.
pub(crate) fn kinds() -> impl Iterator<Item = &'static Kind> {
    KINDS.iter().chain(theory::THEOREMS).copied()
}

/// Fills the module.
pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("__version__", env!("CARGO_PKG_VERSION"))?;
    m.add("NotFiniteError", m.py().get_type::<errors::NotFiniteError>())?;
    m.add("linalg", linalg::module(m.py())?)?;
    m.add_class::<PyAnswer>()?;
    let mut names = add(m)?;
    names.extend(theory::add(m)?);
    names.extend(["__version__", "Answer", "NotFiniteError"].map(String::from));
    names.retain(|name| !name.starts_with('_') || name == "__version__");
    names.sort();
    m.add("__all__", names)
}
