"""Factors: singular values, QR, Cholesky, LU, the polar decomposition."""

import warnings
from typing import Any, NamedTuple

import numpy as np

from .._kappa import linalg as native
from ._arrays import (
    REAL,
    Array,
    adjoint,
    answered_type,
    as_array,
    computed,
    plain,
    refuse_not_finite,
    square,
    stacked,
    taken,
)
from ._eigen import eigh, eigvalsh

__all__ = ["QRResult", "SVDResult", "cholesky", "lu", "polar", "qr", "svd", "svdvals"]


class SVDResult(NamedTuple):
    """U, S and Vh of a singular value decomposition."""

    U: Any
    S: Any
    Vh: Any


class QRResult(NamedTuple):
    """Q and R of a QR factorization."""

    Q: Any
    R: Any


def svd(a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False) -> Any:
    """Singular value decomposition of each matrix, as `numpy.linalg.svd`.

    Parameters
    ----------
    a : (..., M, N) array_like
    full_matrices : bool, optional
        Whether U is (M, M) and Vh is (N, N), or both as narrow as they may be.
    compute_uv : bool, optional
        Whether U and Vh are wanted at all.
    hermitian : bool, optional
        Whether the matrices are Hermitian: faster, and one triangle is read.

    Returns
    -------
    SVDResult or ndarray
        (U, S, Vh), or S alone: a = U @ diag(S) @ Vh, S falling.

    Raises
    ------
    LinAlgError
        Where an entry is not finite, or nothing converges.

    See Also
    --------
    kappa.svd : kept, to be asked for ranks and norms with bounds.

    Examples
    --------
    >>> import numpy as np, kappa.linalg as la
    >>> U, S, Vh = la.svd(np.array([[3.0, 0.0], [0.0, -4.0]]))
    >>> S
    array([4., 3.])
    >>> bool(np.allclose(U * S @ Vh, [[3, 0], [0, -4]]))
    True
    """
    a, wrap = taken(a)
    if hermitian:
        return _hermitian_svd(a, wrap, compute_uv)
    stacked(a)
    dtype = answered_type(a)
    a = computed(a, dtype)
    if not compute_uv:
        return native.svdvals(a, True)
    u, s, vh = native.svd(a, bool(full_matrices))
    return SVDResult(wrap(u), s, wrap(vh))


def _hermitian_svd(a: Array, wrap: Any, compute_uv: bool) -> Any:
    """A = QΛQᴴ: the moduli of the eigenvalues, in falling order, and their signs in Vᴴ."""
    if not compute_uv:
        return np.sort(abs(eigvalsh(a)), axis=-1)[..., ::-1]
    values, q = eigh(a)
    values, q = np.asarray(values), np.asarray(q)
    order = np.argsort(abs(values), axis=-1)[..., ::-1]
    values = np.take_along_axis(values, order, axis=-1)
    q = np.take_along_axis(q, order[..., None, :], axis=-1)
    # The sign of a zero is 1: both sides stay unitary.
    sign = np.where(values < 0, values.dtype.type(-1), values.dtype.type(1))
    return SVDResult(wrap(q), abs(values), wrap(adjoint(q * sign[..., None, :])))


def svdvals(x: Any, /) -> Any:
    """Singular values of each matrix, largest first, as `numpy.linalg.svdvals`.

    Examples
    --------
    >>> import kappa.linalg as la
    >>> la.svdvals([[3.0, 0.0], [0.0, -4.0]])
    array([4., 3.])
    """
    if type(x) is np.ndarray and x.dtype.char in "df" and x.ndim > 1 and x.dtype.isnative:
        return native.svdvals(x, True)
    return svd(x, compute_uv=False)


def svdvals_or_nan(a: Array) -> Array:
    """Singular values, NaN for the matrices with entries that are not finite."""
    stacked(a)
    found: Array = native.svdvals(computed(a, answered_type(a)), False)
    return found


def qr(a: Any, mode: str = "reduced") -> Any:
    """QR factorization of each matrix, as `numpy.linalg.qr`.

    Parameters
    ----------
    a : (..., M, N) array_like
    mode : {'reduced', 'complete', 'r', 'raw'}, optional
        Q as narrow as it may be, Q of order M, R alone, or Householder vectors with their coefficients as LAPACK's
        geqrf leaves them, transposed.

    Returns
    -------
    QRResult, ndarray or tuple

    Raises
    ------
    ValueError
        For another mode.

    Examples
    --------
    >>> import numpy as np, kappa.linalg as la
    >>> Q, R = la.qr(np.array([[3.0, 1.0], [4.0, 2.0]]))
    >>> bool(np.allclose(Q @ R, [[3, 1], [4, 2]])), float(R[1, 0])
    (True, 0.0)
    """
    if mode not in ("reduced", "complete", "r", "raw"):
        if mode not in ("f", "full", "e", "economic"):
            raise ValueError(
                f"Unrecognized mode '{mode}'\n\nhint: 'reduced', 'complete', 'r' and 'raw' are the modes"
            )
        other = "reduced" if mode in ("f", "full") else "raw"
        warnings.warn(f"the mode '{mode}' is old: use '{other}'", DeprecationWarning, stacklevel=2)
        if other == "raw":
            return qr(a, "raw")[0].swapaxes(-1, -2)
        mode = other
    a, wrap = taken(a)
    stacked(a)
    a = computed(a, answered_type(a))
    if mode == "raw":
        h, tau = native.raw_qr(a)
        return wrap(h), tau
    q, r = native.qr(a, mode == "complete", mode != "r")
    return wrap(r) if mode == "r" else QRResult(wrap(q), wrap(r))


def cholesky(a: Any, /, *, upper: bool = False) -> Any:
    """Cholesky factor of each Hermitian positive definite matrix, as `numpy.linalg.cholesky`.

    Parameters
    ----------
    a : (..., M, M) array_like
        Of which one triangle is read.
    upper : bool, optional
        Whether U with a = Uᴴ @ U is wanted instead of L with a = L @ Lᴴ.

    Returns
    -------
    ndarray

    Raises
    ------
    LinAlgError
        Where a matrix is not positive definite to working precision.

    Examples
    --------
    >>> import kappa.linalg as la
    >>> la.cholesky([[4.0, 2.0], [2.0, 5.0]])
    array([[2., 0.],
           [1., 2.]])
    """
    a, wrap = taken(a)
    square(a)
    return wrap(native.cholesky(computed(a, answered_type(a)), bool(upper)))


def lu(
    a: Any, permute_l: bool = False, overwrite_a: bool = False, check_finite: bool = True, p_indices: bool = False
) -> tuple[Any, ...]:
    """LU factorization with partial pivoting of each matrix, as `scipy.linalg.lu`.

    Parameters
    ----------
    a : (..., M, N) array_like
    permute_l : bool, optional
        Whether P @ L is wanted in one piece.
    overwrite_a : bool, optional
        Accepted, and of no effect.
    check_finite : bool, optional
        Whether entries that are not finite raise ValueError; they raise LinAlgError otherwise.
    p_indices : bool, optional
        Whether P is wanted as row numbers: a = (L @ U)[p].

    Returns
    -------
    tuple
        (P, L, U), (p, L, U) or (P @ L, U).

    Examples
    --------
    >>> import numpy as np, kappa.linalg as la
    >>> P, L, U = la.lu([[0.0, 2.0], [1.0, 3.0]])
    >>> P @ L @ U
    array([[0., 2.],
           [1., 3.]])
    """
    a = as_array(a)
    if a.ndim < 2:
        raise ValueError("The input array must be at least two-dimensional.")
    a = computed(a, answered_type(a))
    if check_finite:
        refuse_not_finite(a)
    rows, lower, upper = native.lu(a)
    # Row i of LU is row rows[i] of A, so row i of A is row p[i] of LU.
    p = np.argsort(rows, axis=-1)
    if permute_l:
        return np.take_along_axis(lower, p[..., None], axis=-2), upper
    if p_indices:
        return p, lower, upper
    m = a.shape[-2]
    permutation = np.zeros((*a.shape[:-2], m, m), dtype=REAL[a.dtype.char])
    np.put_along_axis(permutation, p[..., None], 1, axis=-1)
    return permutation, lower, upper


def polar(a: Any, side: str = "right") -> tuple[Any, Any]:
    """Polar decomposition, as `scipy.linalg.polar`: a = u @ p, or a = p @ u, with p Hermitian and semidefinite.

    Parameters
    ----------
    a : (..., M, N) array_like
    side : {'right', 'left'}, optional

    Returns
    -------
    u, p : ndarray
        u has orthonormal columns or rows; p is of order N for the right side, of order M for the left one.

    Examples
    --------
    >>> import kappa.linalg as la
    >>> u, p = la.polar([[0.0, -2.0], [3.0, 0.0]])
    >>> abs(p.round(12))
    array([[3., 0.],
           [0., 2.]])
    """
    if side not in ("right", "left"):
        raise ValueError(f"`side` must be either 'right' or 'left', not {side!r}")
    a = plain(as_array(a))
    if a.ndim < 2:
        raise ValueError("`a` must be a 2-D array.")
    w, s, vh = svd(a, full_matrices=False)
    u = w @ vh
    p = adjoint(vh) * s[..., None, :] @ vh if side == "right" else w * s[..., None, :] @ adjoint(w)
    # The product of a matrix with its own adjoint is Hermitian but for rounding.
    return u, (p + adjoint(p)) / 2


def pinv_of(u: Array, s: Array, vh: Array, cutoff: Array) -> Array:
    """V Σ⁺ Uᴴ with the values up to a cutoff counted as zero."""
    large = s > cutoff
    inverse = np.divide(1, s, where=large, out=np.zeros_like(s))
    found: Array = adjoint(vh) @ (inverse[..., None] * adjoint(u))
    return found


