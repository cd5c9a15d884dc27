"""How large: norms of vectors and matrices, condition numbers, ranks."""

import math
from typing import Any

import numpy as np
from numpy.linalg import LinAlgError

from .._kappa import linalg as native
from ._arrays import Array, answered_type, as_array, computed, is_small_float, plain, square
from ._factor import svd, svdvals_or_nan
from ._equations import inv_or_nan

__all__ = ["cond", "matrix_norm", "matrix_rank", "norm", "vector_norm"]

_REAL_SCALAR = {"d": np.float64, "D": np.float64, "f": np.float32, "F": np.float32}


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """Norm of a vector or a matrix, or of each vector or matrix along axes, as `numpy.linalg.norm`.

    Parameters
    ----------
    x : array_like
        Of any number of dimensions; of one or two where neither `ord` nor `axis` is given otherwise.
    ord : {int, float, inf, -inf, 'fro', 'nuc'}, optional
        For matrices 'fro' (default), 'nuc', 1, -1, 2, -2, inf, -inf; for vectors any number, 2 by default.
    axis : int or pair of ints, optional
        Along which the vectors lie, or by which two the matrices do.
    keepdims : bool, optional
        Whether those axes stay, with length 1.

    Returns
    -------
    float or ndarray
        Of the real type that goes with the entries. Squares and powers neither overflow nor underflow on the way.

    Raises
    ------
    ValueError
        For an `ord` that is none, or axes that are not one or two.

    See Also
    --------
    kappa.norm : the same with an error bound, and for many more norms.

    Examples
    --------
    >>> import kappa.linalg as la
    >>> la.norm([[3.0, 0.0], [4.0, 0.0]])
    np.float64(5.0)
    >>> la.norm([1e200, -1e200, 1e200, 1e200])
    np.float64(2e+200)
    >>> la.norm([[1.0, 2.0], [-3.0, 4.0]], 1, axis=1)
    array([3., 7.])
    """
    if ord is None and axis is None and not keepdims and type(x) is np.ndarray:
        found = native.length(x)
        if found is not None:
            return _REAL_SCALAR[x.dtype.char](found)
    x = _numbers(x)
    if axis is None:
        whole = ord is None or (ord in ("f", "fro") and x.ndim == 2) or (ord == 2 and x.ndim == 1)
        if whole:
            # The array as one vector, in whichever order it lies.
            found = _lengths(x.ravel(order="K"), 0, False)
            return found.reshape((1,) * x.ndim) if keepdims else found
        axis = tuple(range(x.ndim))
    elif not isinstance(axis, tuple):
        try:
            axis = (int(axis),)
        except (TypeError, ValueError) as error:
            raise TypeError("'axis' must be None, an integer or a tuple of integers") from error
    if len(axis) == 1:
        return _of_vectors(x, ord, axis[0], keepdims)
    if len(axis) == 2:
        return _of_matrices(x, ord, axis, keepdims)
    raise ValueError(f"Improper number of dimensions to norm: {len(axis)}")


def _numbers(x: Any) -> Array:
    """A plain array in the machine's byte order: whole numbers as f8, the small floats of ml_dtypes as f4."""
    a: Array = plain(as_array(x))
    kind = a.dtype.newbyteorder("=")
    if is_small_float(a.dtype):
        kind = np.dtype(np.float32)
    elif not issubclass(a.dtype.type, np.inexact) and a.dtype.type is not np.object_:
        kind = np.dtype(float)
    found: Array = a.astype(kind, copy=False)
    return found


def _lengths(x: Array, axis: int, keepdims: bool) -> Any:
    """Euclidean lengths along an axis."""
    if x.dtype.char in "fdFD" and x.shape[axis] > 0:
        moved = np.ascontiguousarray(np.moveaxis(x, axis, -1))
        found: Any = native.lengths(moved if moved.flags.aligned else moved.copy())
    elif x.dtype.char == "e":
        # Half precision would overflow at 256.
        return np.asarray(_lengths(x.astype(np.float32), axis, keepdims)).astype(np.float16)[()]
    else:
        return np.sqrt(_squares(x).sum(axis=axis, keepdims=keepdims))
    return (np.expand_dims(found, axis) if keepdims else found)[()]


def _squares(x: Array) -> Array:
    return x.real**2 + x.imag**2 if issubclass(x.dtype.type, np.complexfloating) else abs(x) ** 2


def _of_vectors(x: Array, ord: Any, axis: int, keepdims: bool) -> Any:
    if isinstance(ord, str):
        raise ValueError(f"Invalid norm order '{ord}' for vectors")
    axis = np.lib.array_utils.normalize_axis_index(axis, x.ndim)
    if ord is None or ord == 2:
        return _lengths(x, axis, keepdims)
    kept: dict[str, Any] = {"axis": axis, "keepdims": keepdims}
    if ord == np.inf:
        return abs(x).max(**kept, initial=0)
    if ord == -np.inf:
        return abs(x).min(**kept)
    if ord == 0:
        # What is not zero, counted.
        return (x != 0).astype(x.real.dtype).sum(**kept)
    # Sums of numbers in single precision and below are taken in double precision.
    size = abs(x)
    kind = size.dtype
    if kind.char in "ef":
        size = size.astype(np.float64)
    found = size.sum(**kept) if ord == 1 else _powers(size, ord, kept)
    return np.asarray(found).astype(kind, copy=False)[()]


def _powers(size: Array, ord: Any, kept: dict[str, Any]) -> Any:
    """(Σ|xᵢ|ᵖ)^(1/p), again with what counts most brought to 1 where a power left the range."""
    with np.errstate(divide="ignore", over="ignore", under="ignore"):
        found = (size**ord).sum(**kept) ** np.reciprocal(ord, dtype=size.dtype)
    if size.size == 0 or size.dtype.kind != "f":
        return found
    top = size.max(axis=kept["axis"], keepdims=True) if ord > 0 else size.min(axis=kept["axis"], keepdims=True)
    usual = (found > 0) & np.isfinite(found)
    if usual.all() or not (np.isfinite(top) & (top > 0)).any() or (ord < 0 and (size == 0).any()):
        return found
    safe = np.where(np.isfinite(top) & (top > 0), top, 1)
    with np.errstate(divide="ignore", over="ignore", under="ignore"):
        again = ((size / safe) ** ord).sum(**kept) ** np.reciprocal(ord, dtype=size.dtype)
        again = again * (safe if kept["keepdims"] else safe.squeeze(kept["axis"]))
    return np.where(usual, found, again)[()]


def _of_matrices(x: Array, ord: Any, axis: tuple[int, int], keepdims: bool) -> Any:
    row, column = (np.lib.array_utils.normalize_axis_index(k, x.ndim) for k in axis)
    if row == column:
        raise ValueError("Duplicate axes given.")
    if ord in (2, -2, "nuc"):
        moved = np.moveaxis(x, (row, column), (-2, -1))
        if moved.size == 0 and moved.shape[-2:].count(0):
            found = np.zeros(moved.shape[:-2], dtype=moved.real.dtype)
            if ord == -2:
                raise ValueError("the smallest singular value of an empty matrix is not defined")
        else:
            kind = x.real.dtype
            values = svdvals_or_nan(moved)
            found = {2: lambda: values[..., 0], -2: lambda: values[..., -1], "nuc": lambda: values.sum(-1)}[ord]()
            found = found.astype(kind, copy=False)
    elif ord in (1, -1, np.inf, -np.inf):
        summed, other = (row, column) if abs(ord) == 1 else (column, row)
        size = abs(x)
        kind = size.dtype
        sums = size.sum(axis=summed, dtype=np.float64 if kind.char in "ef" else None).astype(kind, copy=False)
        other -= other > summed
        found = sums.max(axis=other, initial=0) if ord > 0 else sums.min(axis=other)
    elif ord in (None, "fro", "f"):
        moved = np.moveaxis(x, (row, column), (-2, -1))
        m, n = moved.shape[-2:]
        found = _lengths(moved.reshape(*moved.shape[:-2], m * n), -1, False)
    else:
        raise ValueError(f"Invalid norm order {ord!r} for matrices.")
    return np.expand_dims(found, (row, column)) if keepdims else found[()] if isinstance(found, np.ndarray) else found


def vector_norm(
    x: Any, /, *, axis: int | tuple[int, ...] | None = None, keepdims: bool = False, ord: float = 2
) -> Any:
    """Norm of vectors along one axis, several, or all, as `numpy.linalg.vector_norm`.

    Parameters
    ----------
    x : array_like
    axis : int or tuple of ints, optional
        Over which entries count as one vector; all by default.
    keepdims : bool, optional
    ord : number, optional
        2 by default.

    Returns
    -------
    float or ndarray

    Examples
    --------
    >>> import kappa.linalg as la
    >>> la.vector_norm([[1.0, 2.0], [2.0, 4.0]])
    np.float64(5.0)
    """
    x = plain(as_array(x))
    if axis is None:
        found = norm(x.ravel(), ord=ord, axis=0)
        return np.reshape(found, (1,) * x.ndim) if keepdims else found
    if not isinstance(axis, tuple):
        return norm(x, ord=ord, axis=axis, keepdims=keepdims)
    axes = np.lib.array_utils.normalize_axis_tuple(axis, x.ndim)
    rest = [k for k in range(x.ndim) if k not in axes]
    moved = x.transpose(*rest, *axes).reshape(*(x.shape[k] for k in rest), math.prod(x.shape[k] for k in axes))
    found = norm(moved, ord=ord, axis=-1)
    return np.reshape(found, [1 if k in axes else n for k, n in enumerate(x.shape)]) if keepdims else found


def matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    """Norm of each matrix in the last two dimensions, as `numpy.linalg.matrix_norm`.

    Examples
    --------
    >>> import numpy as np, kappa.linalg as la
    >>> la.matrix_norm(np.ones((2, 3, 3)), ord=1)
    array([3., 3.])
    """
    return norm(x, ord=ord, axis=(-2, -1), keepdims=keepdims)


def cond(x: Any, p: Any = None) -> Any:
    """Condition number of each matrix, as `numpy.linalg.cond`.

    Parameters
    ----------
    x : (..., M, N) array_like
        Square unless `p` is None, 2 or -2.
    p : {None, 2, -2, 1, -1, inf, -inf, 'fro', 'nuc'}, optional
        None is 2: the quotient of the largest and the smallest singular value.

    Returns
    -------
    float or ndarray
        Infinite for singular matrices, NaN for those with an entry that is none.

    Raises
    ------
    LinAlgError
        For empty matrices, and for those that are not square where the inverse is needed.

    See Also
    --------
    kappa.cond : the same with an error bound, rigorous where asked.

    Examples
    --------
    >>> import kappa.linalg as la
    >>> la.cond([[2.0, 0.0], [0.0, 0.5]])
    np.float64(4.0)
    """
    x = plain(as_array(x))
    if x.size == 0 and 0 in x.shape[-2:]:
        raise LinAlgError("cond is not defined on empty arrays")
    if p is None or p in (2, -2):
        values = svdvals_or_nan(x)
        largest, smallest = values[..., 0], values[..., -1]
        with np.errstate(all="ignore"):
            found = smallest / largest if p == -2 else largest / smallest
        with_nan = _with_nan(x)
    else:
        square(x)
        x = computed(x, answered_type(x))
        inverse = inv_or_nan(x)
        with np.errstate(all="ignore"):
            found = np.asarray(norm(x, p, axis=(-2, -1)) * norm(inverse, p, axis=(-2, -1)))
        with_nan = _with_nan(x)
    found = np.where(np.isnan(found) & ~with_nan, np.inf, found).astype(found.dtype, copy=False)
    return found[()]


def _with_nan(x: Array) -> Any:
    """Which matrices have an entry that is no number."""
    return np.isnan(x.astype(float) if x.dtype.kind not in "fc" else x).any(axis=(-2, -1))


def matrix_rank(A: Any, tol: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Any:
    """How many singular values exceed a tolerance, as `numpy.linalg.matrix_rank`.

    Parameters
    ----------
    A : {(M,), (..., M, N)} array_like
    tol : (...) array_like, optional
        The tolerance itself.
    hermitian : bool, optional
        Whether the matrices are Hermitian: eigenvalues are then used, and one triangle is read.
    rtol : (...) array_like, optional
        The tolerance as a share of the largest singular value; max(M, N) times the machine's precision by default.

    Returns
    -------
    int or ndarray

    See Also
    --------
    kappa.rank, kappa.exact_rank : with bounds, and in exact arithmetic.

    Examples
    --------
    >>> import numpy as np, kappa.linalg as la
    >>> int(la.matrix_rank(np.ones((3, 3))))
    1
    """
    if rtol is not None and tol is not None:
        raise ValueError("`tol` and `rtol` can't be both set.")
    A = as_array(A)
    if A.ndim < 2:
        return int(not np.all(A == 0))
    values = svd(A, compute_uv=False, hermitian=hermitian)
    if tol is None:
        share = max(A.shape[-2:]) * np.finfo(values.dtype).eps if rtol is None else np.asarray(rtol)[..., None]
        tol = values.max(axis=-1, keepdims=True, initial=0) * share
    else:
        tol = np.asarray(tol)[..., None]
    return np.count_nonzero(values > tol, axis=-1)


