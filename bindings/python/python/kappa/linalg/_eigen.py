"""Eigenvalues and eigenvectors, and the Schur form."""

import inspect
from typing import Any, NamedTuple

import numpy as np


from .._kappa import linalg as native
from ._arrays import answered_type, as_array, computed, over_stacks, refuse_not_finite, square, taken, wide
from ._reorder import reordered

__all__ = ["EigResult", "EighResult", "eig", "eigh", "eigvals", "eigvalsh", "schur"]


class EigResult(NamedTuple):
    """Eigenvalues, and eigenvectors in columns."""

    eigenvalues: Any
    eigenvectors: Any


class EighResult(NamedTuple):
    """Eigenvalues in rising order, and orthonormal eigenvectors in columns."""

    eigenvalues: Any
    eigenvectors: Any


def _is_upper(UPLO: str) -> bool:
    if not isinstance(UPLO, str) or UPLO.upper() not in ("L", "U"):
        raise ValueError(f"UPLO argument must be 'L' or 'U', not {UPLO!r}")
    return UPLO.upper() == "U"


def eigh(a: Any, UPLO: str = "L") -> EighResult:
    """Eigenvalues and eigenvectors of each Hermitian matrix, as `numpy.linalg.eigh`.

    Parameters
    ----------
    a : (..., M, M) array_like
    UPLO : {'L', 'U'}, optional
        Which triangle is read.

    Returns
    -------
    EighResult
        Values in rising order, and unit vectors in columns.

    Raises
    ------
    LinAlgError
        Where an entry of that triangle is not finite, or nothing converges.

    See Also
    --------
    kappa.eigh : every value enclosed.

    Examples
    --------
    >>> import kappa.linalg as la
    >>> la.eigh([[2.0, 1.0], [1.0, 2.0]]).eigenvalues.round(14)
    array([1., 3.])
    """
    upper = _is_upper(UPLO)
    a, wrap = taken(a)
    square(a)
    values, vectors = native.eigh(computed(a, answered_type(a)), upper)
    return EighResult(values, wrap(vectors))


def eigvalsh(a: Any, UPLO: str = "L") -> Any:
    """Eigenvalues alone, in rising order, of each Hermitian matrix, as `numpy.linalg.eigvalsh`.

    Examples
    --------
    >>> import kappa.linalg as la
    >>> la.eigvalsh([[2.0, 1.0], [1.0, 2.0]]).round(14)
    array([1., 3.])
    """
    upper = _is_upper(UPLO)
    a = as_array(a)
    square(a)
    return native.eigvalsh(computed(a, answered_type(a)), upper)


def eig(a: Any) -> EigResult:
    """Eigenvalues and right eigenvectors of each square matrix, as `numpy.linalg.eig`.

    Parameters
    ----------
    a : (..., M, M) array_like

    Returns
    -------
    EigResult
        Values in no particular order, and vectors of length 1 in columns; real where every eigenvalue of a real array
        is.

    Raises
    ------
    LinAlgError
        Where an entry is not finite, or the QR steps do not converge.

    See Also
    --------
    kappa.eig : with condition numbers and bounds.

    Examples
    --------
    >>> import numpy as np, kappa.linalg as la
    >>> values, vectors = la.eig(np.array([[0.0, 1.0], [4.0, 0.0]]))
    >>> np.sort(values).round(14)
    array([-2.,  2.])
    """
    a, wrap = taken(a)
    square(a)
    values, vectors = native.eig(computed(a, answered_type(a)))
    return EigResult(values, wrap(vectors))


def eigvals(a: Any) -> Any:
    """Eigenvalues alone of each square matrix, as `numpy.linalg.eigvals`.

    Examples
    --------
    >>> import numpy as np, kappa.linalg as la
    >>> np.sort(la.eigvals([[0.0, 1.0], [4.0, 0.0]])).round(14)
    array([-2.,  2.])
    """
    a = as_array(a)
    square(a)
    return native.eigvals(computed(a, answered_type(a)))


def schur(
    a: Any,
    output: str = "real",
    lwork: Any = None,
    overwrite_a: bool = False,
    sort: Any = None,
    check_finite: bool = True,
) -> tuple[Any, ...]:
    """Schur form a = Z @ T @ Zᴴ, as `scipy.linalg.schur`.

    Parameters
    ----------
    a : (..., M, M) array_like
    output : {'real', 'complex'}, optional
        Whether a real matrix keeps blocks of order 2 for its conjugate pairs.
    lwork, overwrite_a
        Accepted, and of no effect.
    sort : {None, 'lhp', 'rhp', 'iuc', 'ouc', callable}, optional
        Which eigenvalues come first: those in the left or the right half-plane, inside or outside the unit circle, or
        those of which the callable is true. It takes one complex number, or the real and the imaginary part (or the
        real one alone) where `output` is 'real' and `a` is.
    check_finite : bool, optional
        Whether entries that are not finite raise ValueError; they raise LinAlgError otherwise.

    Returns
    -------
    T, Z : ndarray
        And with `sort` the number of eigenvalues that come first.

    Examples
    --------
    >>> import numpy as np, kappa.linalg as la
    >>> a = np.array([[0.0, 2.0], [-2.0, 0.0]])
    >>> T, Z = la.schur(a)
    >>> bool(np.allclose(Z @ T @ Z.T, a))
    True
    """
    if output not in ("real", "complex", "r", "c"):
        raise ValueError(f"argument must be 'real', or 'complex', not {output!r}")
    a = as_array(a)
    if check_finite:
        refuse_not_finite(a)
    if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
        raise ValueError(f"expected square matrix, not one of shape {a.shape}")
    dtype = answered_type(a)
    if sort is None:
        return native.schur(computed(a, dtype), output[0] == "c")
    # Exchanged in double precision, and rounded once.
    t, z = native.schur(wide(a), output[0] == "c")
    kind = np.result_type(dtype, np.complex64) if t.dtype.kind == "c" else dtype
    t, z, count = over_stacks(2)(reordered)(t, z, _chosen(sort, t.dtype.kind != "c"))
    return t.astype(kind, copy=False), z.astype(kind, copy=False), count


def _chosen(sort: Any, is_real: bool) -> Any:
    """The choice as a function of one complex number."""
    named = {
        "lhp": lambda x: x.real < 0,
        "rhp": lambda x: x.real >= 0,
        "iuc": lambda x: abs(x) <= 1,
        "ouc": lambda x: abs(x) > 1,
    }
    if callable(sort):
        if not is_real:
            return sort
        return (lambda x: sort(x.real, x.imag)) if _takes_two(sort) else (lambda x: sort(x.real))
    if not isinstance(sort, str) or sort not in named:
        raise ValueError("'sort' parameter must either be 'None', or a callable, or one of ('lhp','rhp','iuc','ouc')")
    return named[sort]




def _takes_two(function: Any) -> bool:
    """Whether a callable takes two positional arguments."""
    try:
        inspect.signature(function).bind(0.0, 0.0)
    except TypeError:
        return False
    return True
