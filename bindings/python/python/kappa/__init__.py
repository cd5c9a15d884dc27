"""Measure matrices and say how far each answer can be trusted.

>>> import numpy as np, kappa as kp
>>> kp.norm(np.array([[3.0, 0.0], [0.0, 4.0]]), "spectral")
Enclosure(4.00000000000000, evidence='estimate: errors of Jacobi rotations in double-double')
>>> float(kp.cond(np.diag([2.0, 0.5])))
4.0
>>> kp.norm(np.ones((3, 4)), "nuclear", certify=True).evidence
'rounding'
>>> kp.Norm("nuclear").dual
Norm('spectral')
"""

import os as _os

from . import linalg
from ._kappa import (
    Bulk,
    CertifiedSolution,
    CholeskyUpdate,
    Density,
    Eig,
    Enclosure,
    Inequality,
    LanczosDensity,
    LstsqSolution,
    Model,
    Norm,
    NotFiniteError,
    PartialSvd,
    Regression,
    Ridge,
    RowSketch,
    SingularValues,
    Solution,
    Solver,
    StreamedSvd,
    Sum,
    Survey,
    Svd,
    Tail,
    Theorem,
    TopRight,
    Woodbury,
    __version__,
    _after_fork,
    align,
    align_all,
    backward_error,
    backward_error_eigenpair,
    bauer_cond,
    bessel,
    best_scaling,
    check,
    cond,
    cond_estimate,
    cond_log10,
    constrained_lstsq,
    density,
    difference_of_squares,
    digits,
    distance_to_singularity,
    dot,
    draw,
    dual_vector,
    eig,
    eigenvalue_cond,
    eigh,
    exact_rank,
    factor,
    fan_dominance,
    formats,
    frobenius_by_sampling,
    gelfand,
    generalized_lstsq,
    gershgorin,
    holder,
    hypot,
    inner_product,
    is_regular_within,
    lanczos_density,
    least_squares_cond,
    log_norm,
    lstsq,
    majorization,
    mean_and_variance,
    measure,
    nearest,
    norm,
    norm_by_gauge,
    normality,
    nuclear_norm_of_factors,
    numerical_radius,
    numerical_range,
    open,
    parallelogram,
    partial_svd,
    perturb,
    pinv,
    polynomial_roots,
    principal_angles,
    prove,
    pseudospectrum,
    pseudospectrum_cells,
    quadratic_roots,
    randomized_svd,
    rank,
    regress,
    separation,
    set_threads,
    singular_values,
    skeel_cond,
    solve,
    solve_iteratively,
    stability_lab,
    statistical_cond,
    sum,
    svd,
    tail,
    threads,
    total_lstsq,
    truncated_svd,
    vector_constant,
    vector_norm,
    verify,
)


if hasattr(_os, "register_at_fork"):
    _os.register_at_fork(after_in_child=_after_fork)


def DavisKahan(gap: float, change: float) -> Theorem:
    """Davis and Kahan: an invariant subspace of a Hermitian matrix turns by sin <= change/gap.

    >>> import kappa as kp
    >>> round(kp.DavisKahan(0.5, 0.1).bound().upper, 12)
    0.2
    """
    return Theorem("davis-kahan", gap=gap, change=change)


def Wedin(gap: float, change: float) -> Theorem:
    """Wedin: singular subspaces turn by sin <= change/gap.

    >>> import kappa as kp
    >>> round(kp.Wedin(0.5, 0.1).bound().upper, 12)
    0.2
    """
    return Theorem("wedin", gap=gap, change=change)


def Weyl(change: float) -> Theorem:
    """Weyl: no singular value moves by more than the change.

    >>> import kappa as kp
    >>> kp.Weyl(0.1).bound().upper
    0.1
    """
    return Theorem("weyl", change=change)


def BauerFike(cond: float, change: float) -> Theorem:
    """Bauer and Fike: eigenvalues move by at most cond(X) times the change.

    >>> import kappa as kp
    >>> round(kp.BauerFike(3.0, 0.1).bound().upper, 12)
    0.3
    """
    return Theorem("bauer-fike", cond=cond, change=change)


def LinearSystem(cond: float, matrix_error: float, rhs_error: float = 0.0) -> Theorem:
    """The relative change of the solution of A x = b.

    >>> import kappa as kp
    >>> round(kp.LinearSystem(10.0, 1e-6).bound().upper, 8)
    1e-05
    """
    return Theorem("linear-system", cond=cond, matrix_error=matrix_error, rhs_error=rhs_error)


__all__ = [
    "BauerFike",
    "Bulk",
    "CertifiedSolution",
    "CholeskyUpdate",
    "DavisKahan",
    "Density",
    "Eig",
    "Enclosure",
    "Inequality",
    "LanczosDensity",
    "LinearSystem",
    "LstsqSolution",
    "Model",
    "Norm",
    "NotFiniteError",
    "PartialSvd",
    "Regression",
    "Ridge",
    "RowSketch",
    "SingularValues",
    "Solution",
    "Solver",
    "StreamedSvd",
    "Sum",
    "Survey",
    "Svd",
    "Tail",
    "Theorem",
    "TopRight",
    "Wedin",
    "Weyl",
    "Woodbury",
    "__version__",
    "align",
    "align_all",
    "backward_error",
    "backward_error_eigenpair",
    "bauer_cond",
    "bessel",
    "best_scaling",
    "check",
    "cond",
    "cond_estimate",
    "cond_log10",
    "constrained_lstsq",
    "density",
    "difference_of_squares",
    "digits",
    "distance_to_singularity",
    "dot",
    "draw",
    "dual_vector",
    "eig",
    "eigenvalue_cond",
    "eigh",
    "exact_rank",
    "factor",
    "fan_dominance",
    "formats",
    "frobenius_by_sampling",
    "gelfand",
    "generalized_lstsq",
    "gershgorin",
    "holder",
    "hypot",
    "inner_product",
    "is_regular_within",
    "lanczos_density",
    "least_squares_cond",
    "linalg",
    "log_norm",
    "lstsq",
    "majorization",
    "mean_and_variance",
    "measure",
    "nearest",
    "norm",
    "norm_by_gauge",
    "normality",
    "nuclear_norm_of_factors",
    "numerical_radius",
    "numerical_range",
    "open",
    "parallelogram",
    "partial_svd",
    "perturb",
    "pinv",
    "polynomial_roots",
    "principal_angles",
    "prove",
    "pseudospectrum",
    "pseudospectrum_cells",
    "quadratic_roots",
    "randomized_svd",
    "rank",
    "regress",
    "separation",
    "set_threads",
    "singular_values",
    "skeel_cond",
    "solve",
    "solve_iteratively",
    "stability_lab",
    "statistical_cond",
    "sum",
    "svd",
    "tail",
    "threads",
    "total_lstsq",
    "truncated_svd",
    "vector_constant",
    "vector_norm",
    "verify",
]
