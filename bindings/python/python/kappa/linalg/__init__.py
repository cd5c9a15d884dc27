"""NumPy's linear algebra names with NumPy's semantics: `import kappa.linalg as la` in place of `numpy.linalg`.

Everything takes stacks of matrices, releases the interpreter lock and runs on all cores (`kappa.set_threads`). Answers
are plain arrays; those with error bounds are one level up, in `kappa`. What is computed here is computed in double
precision, whatever the entries are, and rounded to their type. From SciPy come `null_space`, `orth`, `subspace_angles`,
`orthogonal_procrustes`, `polar`, `schur`, `lu` and `onenormest`, from scikit-learn `randomized_svd`; what only
multiplies is NumPy's own. The differences from NumPy, each with its reason, are in `docs/linalg.md`.

>>> import kappa.linalg as la
>>> la.solve([[3.0, 1.0], [1.0, 2.0]], [9.0, 8.0]).round(14)
array([2., 3.])
"""

from numpy.linalg import (
    LinAlgError,
    cross,
    diagonal,
    matmul,
    matrix_transpose,
    multi_dot,
    outer,
    tensordot,
    tensorinv,
    tensorsolve,
    trace,
    vecdot,
)

from ._eigen import EighResult, EigResult, eig, eigh, eigvals, eigvalsh, schur
from ._equations import SlogdetResult, det, inv, lstsq, matrix_power, pinv, slogdet, solve
from ._estimate import onenormest, randomized_svd
from ._factor import QRResult, SVDResult, cholesky, lu, polar, qr, svd, svdvals
from ._norms import cond, matrix_norm, matrix_rank, norm, vector_norm
from ._subspaces import null_space, orth, orthogonal_procrustes, subspace_angles

__all__ = [
    "EigResult",
    "EighResult",
    "LinAlgError",
    "QRResult",
    "SVDResult",
    "SlogdetResult",
    "cholesky",
    "cond",
    "cross",
    "det",
    "diagonal",
    "eig",
    "eigh",
    "eigvals",
    "eigvalsh",
    "inv",
    "lstsq",
    "lu",
    "matmul",
    "matrix_norm",
    "matrix_power",
    "matrix_rank",
    "matrix_transpose",
    "multi_dot",
    "norm",
    "null_space",
    "onenormest",
    "orth",
    "orthogonal_procrustes",
    "outer",
    "pinv",
    "polar",
    "qr",
    "randomized_svd",
    "schur",
    "slogdet",
    "solve",
    "subspace_angles",
    "svd",
    "svdvals",
    "tensordot",
    "tensorinv",
    "tensorsolve",
    "trace",
    "vecdot",
    "vector_norm",
]
