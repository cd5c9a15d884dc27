"""Measure matrices and say how far each answer can be trusted.

>>> import numpy as np, kappa as kp
>>> kp.norm(np.array([[3.0, 0.0], [0.0, 4.0]]), "spectral")
Enclosure(4.00000000000000, evidence='estimate: errors of Jacobi rotations in double-double')
>>> float(kp.cond(np.diag([2.0, 0.5])))
4.0
"""

from ._kappa import (
    Enclosure,
    Model,
    NotFiniteError,
    SingularValues,
    Survey,
    Svd,
    __version__,
    check,
    cond,
    measure,
    norm,
    open,
    rank,
    singular_values,
    svd,
)

__all__ = [
    "Enclosure",
    "Model",
    "NotFiniteError",
    "SingularValues",
    "Survey",
    "Svd",
    "__version__",
    "check",
    "cond",
    "measure",
    "norm",
    "open",
    "rank",
    "singular_values",
    "svd",
]
