"""From products alone: the 1-norm of an operator, and the singular value decomposition of its largest part."""

import warnings
from typing import Any

import numpy as np

from ._arrays import Array, adjoint, as_array, plain
from ._factor import lu, qr, svd

__all__ = ["onenormest", "randomized_svd"]


class _Operator:
    """Products with an array, a sparse matrix or a LinearOperator, and with its adjoint."""

    def __init__(self, a: Any) -> None:
        if not hasattr(a, "toarray") and not hasattr(a, "matmat"):
            a = plain(as_array(a))
        if len(a.shape) != 2:
            raise ValueError(f"an operator has two dimensions, and this one has {len(a.shape)}")
        self.shape: tuple[int, ...] = tuple(a.shape)
        self.a = a
        # A LinearOperator multiplies by matmat; sparse matrices and arrays by @.
        self.by_method = hasattr(a, "matmat") and hasattr(a, "rmatmat")

    def apply(self, x: Array) -> Array:
        return np.asarray(self.a.matmat(x) if self.by_method else self.a @ x)

    def apply_adjoint(self, x: Array) -> Array:
        if self.by_method:
            return np.asarray(self.a.rmatmat(x))
        turned = self.a.conj().T if np.dtype(self.a.dtype).kind == "c" else self.a.T
        return np.asarray(turned @ x)


def onenormest(
    A: Any, t: int = 2, itmax: int = 5, compute_v: bool = False, compute_w: bool = False, *, seed: Any = None
) -> Any:
    """A lower bound of the largest column sum, from a few products, as `scipy.sparse.linalg.onenormest`.

    Parameters
    ----------
    A : (N, N) array_like, sparse matrix or LinearOperator
    t : int, optional
        Columns that are tried at a time; more of them are more accurate.
    itmax : int, optional
        Steps at most.
    compute_v, compute_w : bool, optional
        Whether v and w = A @ v, with the norm of w the estimate, are wanted.
    seed : optional
        Of the random signs, for `numpy.random.default_rng`; 0 by default, so that the answer is always the same.

    Returns
    -------
    float or tuple
        The estimate, then v, then w. Almost always within a factor of 3, and often exact: for proofs see `kappa.norm`.

    Raises
    ------
    ValueError
        For what is not square.

    References
    ----------
    Higham and Tisseur, SIAM J. Matrix Anal. Appl. 21 (2000) 1185-1201, algorithm 2.4.

    Examples
    --------
    >>> import numpy as np, kappa.linalg as la
    >>> float(la.onenormest(np.array([[1.0, -2.0], [3.0, 4.0]])))
    6.0
    """
    operator = _Operator(A)
    n = operator.shape[0]
    if len(operator.shape) != 2 or operator.shape[1] != n:
        raise ValueError(f"expected the operator to act like a square matrix, not like one of shape {operator.shape}")
    if t < 1 or itmax < 2:
        raise ValueError(f"at least one column and two iterations are required, not {t} and {itmax}")
    if n <= 4 * t:
        # As a dense array it costs no more than the estimate.
        columns = operator.apply(np.eye(n))
        sums = abs(columns).sum(axis=0)
        best = int(np.argmax(sums)) if n else 0
        found = _Found(sums[best] if n else np.float64(0), _unit(n, best), columns[:, best] if n else np.zeros(0))
    else:
        found = _block_power(operator, t, itmax, np.random.default_rng(0 if seed is None else seed))
    if not (compute_v or compute_w):
        return found.estimate
    wanted = [found.estimate] + [found.v] * compute_v + [found.w] * compute_w
    return tuple(wanted)


class _Found:
    def __init__(self, estimate: Any, v: Array, w: Array) -> None:
        self.estimate, self.v, self.w = estimate, v, w


def _unit(n: int, i: int) -> Array:
    e = np.zeros(n)
    e[i : i + 1] = 1
    return e


def _signs(y: Array) -> Array:
    """y / |y|, and 1 for zero."""
    size = abs(y)
    safe = np.where(size == 0, 1, size)
    return np.where(size == 0, 1, y / safe)


def _block_power(operator: _Operator, t: int, itmax: int, rng: np.random.Generator) -> _Found:
    n = operator.shape[0]
    x = np.ones((n, t))
    x[:, 1:] = rng.choice([-1.0, 1.0], size=(n, t - 1))
    x = _without_parallel(x, np.zeros((n, 0)), rng) / n
    # Which unit vector each column of x is; the columns of the first step are none.
    which = np.full(t, -1)
    seen: set[int] = set()
    best = _Found(np.float64(-1), x[:, 0], x[:, 0])
    old_signs = np.zeros((n, 0))
    best_at = -1
    for step in range(1, itmax + 1):
        y = operator.apply(x)
        sums = abs(y).sum(axis=0)
        j = int(np.argmax(sums))
        if not sums[j] > best.estimate and step > 1:
            break
        best, best_at = _Found(sums[j], x[:, j].copy(), y[:, j].copy()), int(which[j])
        if step == itmax:
            break
        signs = _signs(y)
        if not np.iscomplexobj(signs):
            if old_signs.shape[1] and _all_parallel(signs, old_signs):
                break
            signs = _without_parallel(signs, old_signs, rng)
        z = operator.apply_adjoint(signs)
        old_signs = signs
        h = abs(z).max(axis=1)
        if step > 1 and best_at >= 0 and h.max() == h[best_at]:
            break
        order = np.argsort(-h, kind="stable")
        fresh = [int(i) for i in order[: t + len(seen)] if int(i) not in seen][:t]
        if not fresh or seen.issuperset(int(i) for i in order[:t]):
            break
        which = np.array(fresh)
        seen.update(fresh)
        x = np.zeros((n, len(fresh)))
        x[which, np.arange(len(fresh))] = 1
    return best


def _all_parallel(signs: Array, old: Array) -> bool:
    return bool((abs(old.T @ signs).max(axis=0) == len(signs)).all())


def _without_parallel(signs: Array, old: Array, rng: np.random.Generator) -> Array:
    """Columns of signs, those parallel to an earlier one drawn again."""
    n, t = signs.shape
    signs = signs.copy()
    for j in range(t):
        for _ in range(16):
            others = np.hstack([signs[:, :j], old])
            if not (abs(others.T @ signs[:, j]) == n).any():
                break
            signs[:, j] = rng.choice([-1.0, 1.0], size=n)
    return signs


def randomized_svd(
    M: Any,
    n_components: int,
    *,
    n_oversamples: int = 10,
    n_iter: int | str = "auto",
    power_iteration_normalizer: str = "auto",
    transpose: bool | str = "auto",
    flip_sign: bool = True,
    random_state: Any = None,
    svd_lapack_driver: str = "gesdd",
) -> tuple[Any, Any, Any]:
    """The largest singular values and their vectors from a random sketch, as scikit-learn's `randomized_svd`.

    Parameters
    ----------
    M : (M, N) array_like, sparse matrix or LinearOperator
    n_components : int
        How many are wanted.
    n_oversamples : int, optional
        How many more columns the sketch has.
    n_iter : int or 'auto', optional
        Power iterations: 7 where few components are wanted, 4 otherwise.
    power_iteration_normalizer : {'auto', 'QR', 'LU', 'none'}, optional
        How they are kept from collapsing: LU for more than two, nothing otherwise.
    transpose : bool or 'auto', optional
        Whether the sketch is one of the adjoint: where there are fewer rows than columns.
    flip_sign : bool, optional
        Whether the largest entry of each left vector is made positive.
    random_state : int, Generator, RandomState or None, optional
        The seed of the sketch, drawn as scikit-learn draws it; 0 for None, so that the answer is always the same.
    svd_lapack_driver
        Accepted, and of no effect.

    Returns
    -------
    U, s, Vh : ndarray

    References
    ----------
    Halko, Martinsson and Tropp, SIAM Rev. 53 (2011) 217-288, algorithms 4.3 and 5.1.

    Examples
    --------
    >>> import numpy as np, kappa.linalg as la
    >>> U, s, Vh = la.randomized_svd(np.diag([5.0, 3.0, 1e-3, 1e-4]), 2)
    >>> s.round(12)
    array([5., 3.])
    """
    operator = _Operator(M)
    m, n = operator.shape
    if n_components < 1:
        raise ValueError(f"at least one component is wanted, not {n_components}")
    _warn_of_slow_format(M)
    turned = m < n if transpose == "auto" else bool(transpose)
    apply, back = (operator.apply_adjoint, operator.apply) if turned else (operator.apply, operator.apply_adjoint)
    columns = m if turned else n
    dtype = np.dtype(getattr(operator.a, "dtype", None) or np.float64)
    sketch = _gaussian(random_state, (columns, n_components + n_oversamples))
    if dtype.kind == "f":
        sketch = sketch.astype(dtype, copy=False)
    steps = (7 if n_components < 0.1 * min(m, n) else 4) if n_iter == "auto" else int(n_iter)
    normalized = _normalizer(power_iteration_normalizer, steps)
    for _ in range(steps):
        sketch = normalized(back(normalized(apply(sketch))))
    q = qr(apply(sketch))[0]
    # B = Qᴴ A is small one way.
    b = adjoint(back(q))
    small, s, vh = svd(b, full_matrices=False)
    u = q @ small
    u, s, vh = u[:, :n_components], s[:n_components], vh[:n_components]
    if turned:
        u, vh = adjoint(vh), adjoint(u)
    if flip_sign:
        # The largest entry of each left vector is made real and positive.
        signs = _signs(u[np.argmax(abs(u), axis=0), np.arange(u.shape[1])])
        u, vh = u * signs.conj(), vh * signs[:, None]
    return u, s, vh


def _warn_of_slow_format(a: Any) -> None:
    if getattr(a, "format", None) in ("lil", "dok"):
        from scipy.sparse import SparseEfficiencyWarning

        message = f"Calculating SVD of a {type(a).__name__} is expensive. CSR format is more efficient."
        warnings.warn(message, SparseEfficiencyWarning, stacklevel=3)


def _gaussian(random_state: Any, shape: tuple[int, int]) -> Array:
    if isinstance(random_state, np.random.Generator):
        return random_state.standard_normal(shape)
    if hasattr(random_state, "normal"):
        return np.asarray(random_state.normal(size=shape))
    return np.random.RandomState(0 if random_state is None else random_state).normal(size=shape)


def _normalizer(name: str, steps: int) -> Any:
    if name not in ("auto", "QR", "LU", "none"):
        raise ValueError(f"power_iteration_normalizer is 'auto', 'QR', 'LU' or 'none', not {name!r}")
    if name == "none" or (name == "auto" and steps <= 2):
        return lambda x: x
    if name == "QR":
        return lambda x: qr(x)[0]
    return lambda x: lu(x, permute_l=True, check_finite=False)[0]
