"""What it hides and how it turns: null spaces, ranges, angles, and the rotation between two sets of points."""

from typing import Any

import numpy as np

from ._arrays import REAL, adjoint, answered_type, as_array, computed, over_stacks, plain, refuse_not_finite, wide
from ._factor import svd, svdvals

__all__ = ["null_space", "orth", "orthogonal_procrustes", "subspace_angles"]


def _cutoff(s: Any, shape: tuple[int, ...], rcond: Any) -> Any:
    share = np.finfo(s.dtype).eps * max(shape) if rcond is None else rcond
    return s.max(axis=-1, keepdims=True, initial=0) * share


@over_stacks(1)
def null_space(
    A: Any, rcond: Any = None, *, overwrite_a: bool = False, check_finite: bool = True, lapack_driver: str = "gesdd"
) -> Any:
    """An orthonormal basis of what A sends to zero, as `scipy.linalg.null_space`.

    Parameters
    ----------
    A : (M, N) array_like
    rcond : float, optional
        Singular values up to this share of the largest count as zero; max(M, N) times the machine's precision by
        default.
    overwrite_a, lapack_driver
        Accepted, and of no effect.
    check_finite : bool, optional
        Whether entries that are not finite raise ValueError; they raise LinAlgError otherwise.

    Returns
    -------
    (N, K) ndarray

    Examples
    --------
    >>> import kappa.linalg as la
    >>> abs(la.null_space([[1.0, 1.0], [1.0, 1.0]])).round(4)
    array([[0.7071],
           [0.7071]])
    """
    A = plain(as_array(A))
    if check_finite:
        refuse_not_finite(A)
    _, s, vh = svd(A, full_matrices=True)
    rank = int(np.count_nonzero(s > _cutoff(s, A.shape, rcond)))
    return adjoint(vh[rank:, :])


@over_stacks(1)
def orth(A: Any, rcond: Any = None) -> Any:
    """An orthonormal basis of the range of A, as `scipy.linalg.orth`.

    Examples
    --------
    >>> import kappa.linalg as la
    >>> abs(la.orth([[3.0, 0.0], [4.0, 0.0]])).round(12)
    array([[0.6],
           [0.8]])
    """
    A = plain(as_array(A))
    refuse_not_finite(A)
    u, s, _ = svd(A, full_matrices=False)
    return u[:, : int(np.count_nonzero(s > _cutoff(s, A.shape, rcond)))]


@over_stacks(2)
def subspace_angles(A: Any, B: Any) -> Any:
    """The angles between the ranges of A and B in radians, largest first, as `scipy.linalg.subspace_angles`.

    Cosines say little of small angles, and sines of large ones, so each angle is taken from the one that knows it
    (Knyazev and Argentati, SIAM J. Sci. Comput. 23 (2002) 2008-2040).

    Examples
    --------
    >>> import numpy as np, kappa.linalg as la
    >>> np.rad2deg(la.subspace_angles([[1.0], [0.0]], [[1.0], [1.0]])).round(12)
    array([45.])
    """
    A, B = plain(as_array(A)), plain(as_array(B))
    for name, x in (("A", A), ("B", B)):
        refuse_not_finite(x)
        if x.ndim != 2:
            raise ValueError(f"expected 2D array, got shape {x.shape} for {name}")
    if len(A) != len(B):
        raise ValueError(f"A and B must have the same number of rows, got {len(A)} and {len(B)}")
    dtype = answered_type(A, B)
    qa, qb = orth(computed(A, dtype)), orth(computed(B, dtype))
    cosines_matrix = adjoint(qa) @ qb
    cosines = svdvals(cosines_matrix)
    if qa.shape[1] >= qb.shape[1]:
        rest = qb - qa @ cosines_matrix
    else:
        rest = qa - qb @ adjoint(cosines_matrix)
    sines = np.clip(svdvals(rest), -1.0, 1.0)
    cosines = np.clip(cosines[::-1], -1.0, 1.0)
    return np.where(cosines**2 >= 0.5, np.arcsin(sines), np.arccos(cosines))


@over_stacks(2)
def orthogonal_procrustes(A: Any, B: Any, check_finite: bool = True) -> tuple[Any, Any]:
    """The orthogonal R that brings A @ R nearest to B, and the sum of the singular values of Aᴴ @ B, as
    `scipy.linalg.orthogonal_procrustes`.

    See Also
    --------
    kappa.align : also rotations alone, with scaling, translation and weights.

    Examples
    --------
    >>> import kappa.linalg as la
    >>> R, scale = la.orthogonal_procrustes([[2.0, 0.0], [0.0, 1.0]], [[0.0, 2.0], [1.0, 0.0]])
    >>> abs(R.round(12)), round(float(scale), 12)
    (array([[0., 1.],
           [1., 0.]]), 5.0)
    """
    A, B = as_array(A), as_array(B)
    if check_finite:
        refuse_not_finite(A)
        refuse_not_finite(B)
    if A.ndim != 2 or B.ndim != 2:
        raise ValueError(f"expected ndim to be 2, but observed {A.ndim}")
    if A.shape != B.shape:
        raise ValueError(f"the shapes of A and B differ ({A.shape} vs {B.shape})")
    dtype = answered_type(A, B)
    A, B = wide(A), wide(B)
    # Aᴴ B is the adjoint of Bᴴ A: U V^H of it is the nearest unitary matrix.
    u, s, vh = svd(adjoint(adjoint(B) @ A))
    return (u @ vh).astype(dtype, copy=False), s.sum().astype(REAL[dtype.char], copy=False)
