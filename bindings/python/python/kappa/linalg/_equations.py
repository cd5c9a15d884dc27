"""What solves it: systems, least squares, inverses, determinants, powers."""

import math
import operator
from typing import Any, NamedTuple

import numpy as np
from numpy.linalg import LinAlgError

from .._kappa import linalg as native
from ._arrays import REAL, Array, adjoint, answered_type, as_array, computed, one_matrix, square, taken, wide
from ._factor import pinv_of, svd

__all__ = ["SlogdetResult", "det", "inv", "lstsq", "matrix_power", "pinv", "slogdet", "solve"]


class SlogdetResult(NamedTuple):
    """Sign or phase of a determinant, and the logarithm of its modulus."""

    sign: Any
    logabsdet: Any


def solve(a: Any, b: Any) -> Any:
    """The solution of a @ x = b for each matrix, as `numpy.linalg.solve`.

    Parameters
    ----------
    a : (..., M, M) array_like
    b : {(M,), (..., M, K)} array_like
        One vector for all matrices, or a block of right-hand sides for each.

    Returns
    -------
    {(..., M), (..., M, K)} ndarray

    Raises
    ------
    LinAlgError
        Where a matrix is not square, or a pivot is exactly zero.

    See Also
    --------
    kappa.solve : with residual, backward error, condition and forward error; every digit proved where asked.

    Examples
    --------
    >>> import kappa.linalg as la
    >>> la.solve([[2.0, 0.0], [0.0, 4.0]], [2.0, 2.0])
    array([1. , 0.5])
    """
    a = as_array(a)
    square(a)
    b, wrap = taken(b)
    dtype = answered_type(a, b)
    is_vector = b.ndim == 1
    a, b = computed(a, dtype), computed(b, dtype)
    if is_vector:
        b = b[:, None]
    if b.ndim < 2:
        raise ValueError("the right-hand side is a number, and a vector or a matrix is needed")
    n, k = a.shape[-1], b.shape[-1]
    if b.shape[-2] != n:
        raise ValueError(f"the matrix has {n} rows, and the right-hand side has {b.shape[-2]}")
    if a.ndim == 2 and b.ndim > 2 and b.size == 0:
        return wrap(np.empty(b.shape, dtype=dtype))
    if a.ndim == 2 and b.ndim > 2:
        # One matrix is factored once: all right-hand sides are columns of one block.
        block = np.moveaxis(b, -2, 0).reshape(n, math.prod(b.shape[:-2]) * k)
        x = native.solve(a, block).reshape(n, *b.shape[:-2], k)
        return wrap(np.moveaxis(x, 0, -2))
    if a.shape[:-2] != b.shape[:-2]:
        outer = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
        a, b = np.broadcast_to(a, (*outer, n, n)), np.broadcast_to(b, (*outer, n, k))
    x = native.solve(a, b)
    return wrap(x[..., 0] if is_vector else x)


def inv(a: Any) -> Any:
    """The inverse of each square matrix, as `numpy.linalg.inv`.

    Raises
    ------
    LinAlgError
        Where a matrix is not square, or a pivot is exactly zero.

    Examples
    --------
    >>> import kappa.linalg as la
    >>> la.inv([[2.0, 0.0], [0.0, 4.0]])
    array([[0.5 , 0.  ],
           [0.  , 0.25]])
    """
    a, wrap = taken(a)
    square(a)
    return wrap(native.inv(computed(a, answered_type(a)), True))


def inv_or_nan(a: Array) -> Array:
    """The inverses, NaN where there is none."""
    found: Array = native.inv(a, False)
    return found


def slogdet(a: Any) -> SlogdetResult:
    """Sign or phase and logarithm of the modulus of each determinant, as `numpy.linalg.slogdet`.

    Examples
    --------
    >>> import numpy as np, kappa.linalg as la
    >>> sign, log = la.slogdet(np.eye(400) * 1e-3)
    >>> float(sign), round(float(log / np.log(10)), 9)
    (1.0, -1200.0)
    """
    a = as_array(a)
    square(a)
    sign, log, _ = native.slogdet(computed(a, answered_type(a)))
    return SlogdetResult(sign[()], log[()])


def det(a: Any) -> Any:
    """The determinant of each square matrix, as `numpy.linalg.det`.

    Examples
    --------
    >>> import kappa.linalg as la
    >>> la.det([[1.0, 2.0], [3.0, 4.0]])
    np.float64(-2.0)
    """
    a = as_array(a)
    square(a)
    return native.slogdet(computed(a, answered_type(a)))[2][()]


def pinv(a: Any, rcond: Any = None, hermitian: bool = False, *, rtol: Any = np._NoValue) -> Any:
    """The pseudoinverse of each matrix, as `numpy.linalg.pinv`.

    Parameters
    ----------
    a : (..., M, N) array_like
    rcond : (...) array_like of float, optional
        Singular values up to this share of the largest count as zero; 1e-15 by default.
    hermitian : bool, optional
        Whether the matrices are Hermitian: faster, and one triangle is read.
    rtol : (...) array_like of float, optional
        The same as `rcond`; None is max(M, N) times the machine's precision.

    Returns
    -------
    (..., N, M) ndarray

    See Also
    --------
    kappa.pinv : with the residuals of Penrose's four equations.

    Examples
    --------
    >>> import kappa.linalg as la
    >>> la.pinv([[2.0, 0.0], [0.0, 0.0]])
    array([[0.5, 0. ],
           [0. , 0. ]])
    """
    a, wrap = taken(a)
    if rcond is not None and rtol is not np._NoValue:
        raise ValueError("`rtol` and `rcond` can't be both set.")
    dtype = answered_type(a)
    if rcond is None:
        rcond = 1e-15 if rtol is np._NoValue else rtol
    if rcond is None:
        rcond = max(a.shape[-2:]) * np.finfo(dtype).eps
    if a.size == 0 and a.ndim >= 2:
        return wrap(np.empty((*a.shape[:-2], a.shape[-1], a.shape[-2]), dtype=dtype))
    u, s, vh = svd(wide(a), full_matrices=False, hermitian=hermitian)
    cutoff = np.asarray(rcond)[..., None] * s.max(axis=-1, keepdims=True)
    return wrap(pinv_of(u, s, vh, cutoff).astype(dtype, copy=False))


def lstsq(a: Any, b: Any, rcond: float | None = None) -> tuple[Any, Any, Any, Any]:
    """Least squares by the singular value decomposition, as `numpy.linalg.lstsq`.

    Parameters
    ----------
    a : (M, N) array_like
    b : {(M,), (M, K)} array_like
    rcond : float, optional
        Singular values up to this share of the largest count as zero: max(M, N) times the machine's precision by
        default, and half of that precision for -1, as LAPACK has it.

    Returns
    -------
    x : {(N,), (N, K)} ndarray
        Of the least length where there are many.
    residuals : (K,) ndarray
        Sums of squares; empty where the rank is below N, or M <= N.
    rank : int
    s : (min(M, N),) ndarray

    Raises
    ------
    LinAlgError
        Where the shapes do not fit, or an entry is not finite.

    See Also
    --------
    kappa.lstsq : with backward error, condition and forward error; `kappa.regress` for statistics.

    Examples
    --------
    >>> import kappa.linalg as la
    >>> x, residuals, rank, s = la.lstsq([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]], [1.0, 3.0, 5.0])
    >>> x.round(12), int(rank)
    (array([1., 2.]), 2)
    """
    a = as_array(a)
    b, wrap = taken(b)
    one_matrix(a)
    is_vector = b.ndim == 1
    right = b[:, None] if is_vector else b
    one_matrix(right)
    if right.shape[0] != a.shape[0]:
        raise LinAlgError(f"Incompatible dimensions: {a.shape[0]} rows of a, and {right.shape[0]} of b")
    dtype = answered_type(a, right)
    a, right = wide(a), wide(right)
    m, n = a.shape
    real = REAL[dtype.char]
    # LAPACK's precision is half of NumPy's.
    precision = np.finfo(dtype).eps
    share = precision * max(m, n) if rcond is None else precision / 2 if rcond < 0 else rcond
    u, s, vh = svd(a, full_matrices=False)
    cutoff = share * s.max(initial=0)
    rank = int(np.count_nonzero(s > cutoff))
    x = adjoint(vh[:rank]) @ ((adjoint(u[:, :rank]) @ right) / s[:rank, None])
    residuals = np.empty(0, dtype=real)
    if rank == n and m > n:
        left = right - a @ x
        residuals = (left.real**2 + left.imag**2).sum(axis=0).astype(real, copy=False)
    x = x.astype(dtype, copy=False)
    return wrap(x[:, 0] if is_vector else x), wrap(residuals), np.int32(rank), s.astype(real, copy=False)


def matrix_power(a: Any, n: int) -> Any:
    """A whole power of each square matrix, as `numpy.linalg.matrix_power`; negative ones are powers of the inverse.

    Examples
    --------
    >>> import kappa.linalg as la
    >>> la.matrix_power([[1, 1], [1, 0]], 10)
    array([[89, 55],
           [55, 34]])
    """
    a = a if isinstance(a, np.ndarray) else as_array(a)
    square(a)
    try:
        n = operator.index(n)
    except TypeError as error:
        raise TypeError("exponent must be an integer") from error
    if a.dtype == object and a.ndim > 2:
        raise NotImplementedError("matrix_power not supported for stacks of object arrays")
    multiply = np.dot if a.dtype == object else np.matmul
    if n == 0:
        one = np.empty_like(a)
        one[...] = np.eye(a.shape[-2], dtype=a.dtype)
        return one
    if n < 0:
        a, n = inv(a), -n
    # The squares whose product is the power, by the binary digits of n.
    power, found = a, None
    while True:
        if n & 1:
            found = power if found is None else multiply(found, power)
        n >>= 1
        if n == 0:
            return found
        power = multiply(power, power)
