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

from ._kappa import (
    Eig,
    Enclosure,
    Inequality,
    Model,
    Norm,
    NotFiniteError,
    SingularValues,
    Sum,
    Survey,
    Svd,
    Theorem,
    __version__,
    backward_error,
    backward_error_eigenpair,
    bauer_cond,
    bessel,
    best_scaling,
    check,
    cond,
    cond_estimate,
    cond_log10,
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
    gershgorin,
    holder,
    hypot,
    inner_product,
    is_regular_within,
    least_squares_cond,
    log_norm,
    majorization,
    mean_and_variance,
    measure,
    norm,
    norm_by_gauge,
    normality,
    nuclear_norm_of_factors,
    numerical_radius,
    numerical_range,
    open,
    parallelogram,
    perturb,
    polynomial_roots,
    principal_angles,
    prove,
    pseudospectrum,
    pseudospectrum_cells,
    quadratic_roots,
    rank,
    separation,
    singular_values,
    skeel_cond,
    stability_lab,
    statistical_cond,
    sum,
    svd,
    vector_constant,
    vector_norm,
    verify,
)


def DavisKahan(gap: float, change: float) -> Theorem:
    """Davis and Kahan: an invariant subspace of a Hermitian matrix turns by sin <= change/gap."""
    return Theorem("davis-kahan", gap=gap, change=change)


def Wedin(gap: float, change: float) -> Theorem:
    """Wedin: singular subspaces turn by sin <= change/gap."""
    return Theorem("wedin", gap=gap, change=change)


def Weyl(change: float) -> Theorem:
    """Weyl: no singular value moves by more than the change."""
    return Theorem("weyl", change=change)


def BauerFike(cond: float, change: float) -> Theorem:
    """Bauer and Fike: eigenvalues move by at most cond(X) times the change."""
    return Theorem("bauer-fike", cond=cond, change=change)


def LinearSystem(cond: float, matrix_error: float, rhs_error: float = 0.0) -> Theorem:
    """The relative change of the solution of A x = b."""
    return Theorem("linear-system", cond=cond, matrix_error=matrix_error, rhs_error=rhs_error)


__all__ = [
    "BauerFike",
    "DavisKahan",
    "Eig",
    "Enclosure",
    "Inequality",
    "LinearSystem",
    "Model",
    "Norm",
    "NotFiniteError",
    "SingularValues",
    "Sum",
    "Survey",
    "Svd",
    "Theorem",
    "Wedin",
    "Weyl",
    "__version__",
    "backward_error",
    "backward_error_eigenpair",
    "bauer_cond",
    "bessel",
    "best_scaling",
    "check",
    "cond",
    "cond_estimate",
    "cond_log10",
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
    "gershgorin",
    "holder",
    "hypot",
    "inner_product",
    "is_regular_within",
    "least_squares_cond",
    "log_norm",
    "majorization",
    "mean_and_variance",
    "measure",
    "norm",
    "norm_by_gauge",
    "normality",
    "nuclear_norm_of_factors",
    "numerical_radius",
    "numerical_range",
    "open",
    "parallelogram",
    "perturb",
    "polynomial_roots",
    "principal_angles",
    "prove",
    "pseudospectrum",
    "pseudospectrum_cells",
    "quadratic_roots",
    "rank",
    "separation",
    "singular_values",
    "skeel_cond",
    "stability_lab",
    "statistical_cond",
    "sum",
    "svd",
    "vector_constant",
    "vector_norm",
    "verify",
]
