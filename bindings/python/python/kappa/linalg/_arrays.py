"""What counts as an array of matrices, in which type it is computed, and in which class the answer comes back."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.linalg import LinAlgError
from numpy.typing import NDArray

from .._input import as_array as as_array

Array = NDArray[Any]
Wrap = Callable[[Any], Any]

#: The type in which each type of entry is answered. Half precision is answered in single precision.
_ANSWERED: dict[str, np.dtype[Any]] = {
    "d": np.dtype("f8"),
    "D": np.dtype("c16"),
    "e": np.dtype("f4"),
    "f": np.dtype("f4"),
    "F": np.dtype("c8"),
    **dict.fromkeys("?bBhHiIlLqQpPnN", np.dtype("f8")),
}
#: Types that are answered as they are.
_OWN = tuple(np.dtype(name) for name in ("f4", "f8", "c8", "c16"))
#: The real type beside each type of answer.
REAL: dict[str, np.dtype[Any]] = {"f": np.dtype("f4"), "F": np.dtype("f4"), "d": np.dtype("f8"), "D": np.dtype("f8")}


def plain(a: Array) -> Array:
    """The same array as a plain `numpy.ndarray`."""
    return a if type(a) is np.ndarray else a.view(np.ndarray)


def taken(x: Any) -> tuple[Array, Wrap]:
    """The array, and what gives an answer its class: subclasses of `numpy.ndarray` stay what they are."""
    if type(x) is np.ndarray:
        return x, _as_it_is
    a = as_array(x)
    wrap = getattr(x, "__array_wrap__", None)
    # Only subclasses are kept: what is no array is answered with one.
    return a, wrap if wrap is not None and isinstance(x, np.ndarray) else _as_it_is


def _as_it_is(answer: Any) -> Any:
    return answer


def is_small_float(dtype: np.dtype[Any]) -> bool:
    """Whether it is one of the floats of ml_dtypes, whose characters may be those of other types."""
    return dtype.isbuiltin == 2 and "float" in dtype.name


def answered_type(*arrays: Array) -> np.dtype[Any]:
    """The type in which a function of these arrays is answered: f4, f8, c8 or c16; whole numbers count as f8."""
    first = arrays[0].dtype
    if first in _OWN and (len(arrays) == 1 or all(a.dtype == first for a in arrays)):
        return first
    types: list[np.dtype[Any]] = []
    for a in arrays:
        if is_small_float(a.dtype):
            types.append(np.dtype("f4"))
        elif a.dtype.isbuiltin != 2 and a.dtype.char in _ANSWERED:
            types.append(_ANSWERED[a.dtype.char])
        else:
            raise TypeError(f"array type {a.dtype.name} is unsupported in linalg")
    return np.result_type(*types)


def computed(a: Array, dtype: np.dtype[Any]) -> Array:
    """The array in the type of the answer, without a copy where it has that type already."""
    if a.dtype.kind == "c" and dtype.kind != "c":
        raise TypeError("a complex array cannot be answered with a real one")
    return plain(a) if a.dtype == dtype and a.dtype.isnative else plain(a).astype(dtype)


def wide(a: Array) -> Array:
    """The array in double precision, for what multiplies factors out and rounds once at the end."""
    return computed(a, np.dtype("c16") if a.dtype.kind == "c" else np.dtype("f8"))


def over_stacks(arrays: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Lets a function whose first arguments are single matrices take stacks: answers of one shape are stacked again."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        names = list(inspect.signature(function).parameters)[:arrays]

        @functools.wraps(function)
        def call(*arguments: Any, **options: Any) -> Any:
            rest = list(arguments[arrays:])
            given = list(arguments[:arrays])
            given += [options.pop(name) for name in names[len(given) :] if name in options]
            if len(given) < arrays:
                return function(*given, *rest, **options)
            stacks = [as_array(x) for x in given]
            if all(a.ndim <= 2 for a in stacks):
                return function(*stacks, *rest, **options)
            outer = np.broadcast_shapes(*(a.shape[:-2] for a in stacks))
            stacks = [np.broadcast_to(a, outer + a.shape[-2:]) for a in stacks]
            found = [function(*(a[i] for a in stacks), *rest, **options) for i in np.ndindex(outer)]
            if not found:
                raise ValueError(f"a stack of shape {outer} holds no matrix")
            if isinstance(found[0], tuple):
                return tuple(_restacked(outer, part) for part in zip(*found, strict=True))
            return _restacked(outer, found)

        return call

    return decorate


def _restacked(outer: tuple[int, ...], parts: Any) -> Array:
    joined = np.stack([np.asarray(part) for part in parts])
    return joined.reshape(outer + joined.shape[1:])


def stacked(a: Array) -> None:
    """Refuses what has fewer than two dimensions."""
    if a.ndim < 2:
        raise LinAlgError(
            f"{a.ndim}-dimensional array given. Array must be at least two-dimensional"
            "\n\nhint: a[:, None] makes a column of a vector"
        )


def square(a: Array) -> None:
    """Refuses matrices that are not square."""
    stacked(a)
    if a.shape[-1] != a.shape[-2]:
        raise LinAlgError(
            f"Last 2 dimensions of the array must be square, and they are {a.shape[-2]}×{a.shape[-1]}"
        )


def one_matrix(a: Array) -> None:
    """Refuses anything but one matrix."""
    if a.ndim != 2:
        raise LinAlgError(f"{a.ndim}-dimensional array given. Array must be two-dimensional")


def adjoint(a: Array) -> Array:
    """The conjugate transpose of each matrix."""
    turned = a.swapaxes(-1, -2)
    return turned.conj() if a.dtype.kind == "c" else turned


def refuse_not_finite(a: Array) -> None:
    """Refuses NaN and infinity, as SciPy does with `check_finite`."""
    if a.dtype.kind in "fc" and not np.isfinite(a).all():
        raise ValueError("array must not contain infs or NaNs")
