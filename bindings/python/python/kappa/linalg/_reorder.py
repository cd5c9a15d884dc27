"""The blocks of a Schur form in another order."""

from collections.abc import Callable

import numpy as np

from .._kappa import linalg as native
from ._arrays import Array, adjoint


def reordered(t: Array, z: Array, choose: Callable[[complex], bool]) -> tuple[Array, Array, int]:
    """The Schur form with the chosen eigenvalues first, each side in the order it had, and how many were chosen."""
    t, z = t.copy(), z.copy()
    sizes = _sizes(t)
    chosen = []
    at = 0
    for size in sizes:
        # A pair goes together, where either of it is chosen.
        values = _values(t[at : at + size, at : at + size])
        chosen.append(any(choose(x) for x in values))
        at += size
    # Blocks bubble up, one exchange of neighbours after the other.
    for end in range(len(sizes)):
        if not chosen[end]:
            continue
        k = end
        while k > 0 and not chosen[k - 1]:
            _exchange(t, z, sum(sizes[: k - 1]), sizes[k - 1], sizes[k])
            sizes[k - 1], sizes[k] = sizes[k], sizes[k - 1]
            chosen[k - 1], chosen[k] = True, False
            k -= 1
    return t, z, sum(size for size, wanted in zip(sizes, chosen, strict=True) if wanted)


def _sizes(t: Array) -> list[int]:
    """The orders of the blocks on the diagonal."""
    sizes = []
    n, at = t.shape[0], 0
    while at < n:
        size = 2 if at + 1 < n and t[at + 1, at] != 0 else 1
        sizes.append(size)
        at += size
    return sizes


def _values(block: Array) -> list[complex]:
    """Of a standard block: x on the diagonal, and entries of opposite sign beside it."""
    x = complex(block[0, 0])
    if block.shape[0] == 1:
        return [x]
    y = float(np.sqrt(abs(block[0, 1])) * np.sqrt(abs(block[1, 0])))
    return [x + 1j * y, x - 1j * y]


def _exchange(t: Array, z: Array, at: int, p: int, q: int) -> None:
    """Exchanges neighbours of order p and q, in place (Bai and Demmel, Linear Algebra Appl. 186 (1993) 73-95).

    With A X - X B = C the columns of [-X; I] span the invariant subspace that belongs to B in [A C; 0 B].
    """
    middle, end = at + p, at + p + q
    a, b, c = t[at:middle, at:middle], t[middle:end, middle:end], t[at:middle, middle:end]
    x = _sylvester(a, b, c)
    turn = np.asarray(native.qr(np.vstack([-x, np.eye(q, dtype=t.dtype)]), True, True)[0])
    _turn(t, z, at, end, turn)
    t[at + q : end, at : at + q] = 0
    for start, size in ((at, q), (at + q, p)):
        if size == 2:
            # The block as Schur forms have it, its diagonal entries equal.
            block = slice(start, start + 2)
            standard, turn = native.schur(np.ascontiguousarray(t[block, block]), False)
            _turn(t, z, start, start + 2, turn)
            t[block, block] = standard


def _sylvester(a: Array, b: Array, c: Array) -> Array:
    """X with A X - X B = C, written as one system of at most four equations."""
    p, q = c.shape
    system = np.kron(np.eye(q, dtype=a.dtype), a) - np.kron(b.T, np.eye(p, dtype=a.dtype))
    right = np.ascontiguousarray(c.T).reshape(p * q, 1)
    x: Array = native.solve(np.ascontiguousarray(system), right)
    return x.reshape(q, p).T


def _turn(t: Array, z: Array, start: int, end: int, turn: Array) -> None:
    rows = slice(start, end)
    t[:, rows] = t[:, rows] @ turn
    t[rows, :] = adjoint(turn) @ t[rows, :]
    z[:, rows] = z[:, rows] @ turn
