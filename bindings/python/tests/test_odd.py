"""A law of every public function: no panic, abort, NaN, endless loop or gigabytes for any input of any shape and size.

Each function runs in a process of its own with a limit of memory and time; what it was given last is named by the test.
"""

import inspect
import json
import os
import resource
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

import kappa as kp

SEED = np.random.default_rng(5)
SQUARE = SEED.standard_normal((4, 4)) + 4 * np.eye(4)
TALL = SEED.standard_normal((6, 3))
VECTOR = np.array([3.0, -1.0, 0.5, 2.0])
LONG = np.arange(1.0, 7.0)

# Inputs of every public function that are as they should be; functions without a matrix or vector are in `WITHOUT`.
GOOD: dict[str, tuple[Any, ...]] = {
    "norm": (SQUARE,), "rank": (SQUARE,), "singular_values": (SQUARE,), "numerical_radius": (SQUARE,),
    "log_norm": (SQUARE,), "svd": (SQUARE,), "measure": (SQUARE,), "check": (SQUARE, "rank = 4"),
    "vector_norm": (VECTOR,), "dual_vector": (VECTOR,), "vector_constant": (1, 2, 4),
    "inner_product": (VECTOR, VECTOR), "nuclear_norm_of_factors": (TALL, TALL.T),
    "holder": (VECTOR, VECTOR), "bessel": (VECTOR, np.eye(4)), "parallelogram": (VECTOR, VECTOR),
    "sum": (VECTOR,), "dot": (VECTOR, VECTOR), "mean_and_variance": (VECTOR,), "hypot": (3.0, 4.0),
    "difference_of_squares": (3.0, 2.0), "quadratic_roots": (1.0, -3.0, 2.0), "formats": (0.1,),
    "majorization": (VECTOR, VECTOR), "fan_dominance": (SQUARE, SQUARE), "cond": (SQUARE,),
    "cond_log10": (SQUARE,), "cond_estimate": (SQUARE,), "skeel_cond": (SQUARE,), "bauer_cond": (SQUARE,),
    "best_scaling": (SQUARE,), "is_regular_within": (SQUARE, 1e-3), "distance_to_singularity": (SQUARE,),
    "logdet": (SQUARE,), "exact_rank": (SQUARE,), "least_squares_cond": (TALL, LONG),
    "statistical_cond": (SQUARE, VECTOR), "digits": (1e5,), "eig": (SQUARE,), "eigh": (SQUARE + SQUARE.T,),
    "partial_eig": (SQUARE, 2), "eigenvalue_cond": (SQUARE,), "separation": (SQUARE, SQUARE + 20 * np.eye(4)),
    "factor": (SQUARE, "qr"), "gershgorin": (SQUARE,), "numerical_range": (SQUARE,), "pseudospectrum": (SQUARE,),
    "pseudospectrum_cells": (SQUARE, 0.1, (0.0, 8.0, -2.0, 2.0)), "normality": (SQUARE,), "gelfand": (SQUARE,),
    "polynomial_roots": (VECTOR,), "draw": (SQUARE, "gershgorin"), "randomized_svd": (SQUARE, 2),
    "truncated_svd": (SQUARE, 2), "partial_svd": (SQUARE, 2), "tail": (LONG,), "density": (TALL,),
    "lanczos_density": (SQUARE,), "solve": (SQUARE, VECTOR), "Solver": (SQUARE,),
    "solve_iteratively": (SQUARE, VECTOR), "lstsq": (TALL, LONG),
    "constrained_lstsq": (TALL, LONG, np.ones((1, 3)), [1.0]), "generalized_lstsq": (TALL, LONG, np.eye(6)),
    "total_lstsq": (TALL, LONG), "pinv": (TALL,), "Woodbury": (SQUARE, np.ones((4, 1)), np.ones((4, 1))),
    "CholeskyUpdate": (SQUARE @ SQUARE.T,), "Ridge": (TALL, LONG), "nearest": (SQUARE, "symmetric"),
    "align": (TALL, TALL), "align_all": ([TALL, TALL[::-1]],), "perturb": (SQUARE, SQUARE + 1e-3),
    "principal_angles": (TALL[:, :2], TALL[:, 1:]), "backward_error": (SQUARE, VECTOR, VECTOR),
    "backward_error_eigenpair": (SQUARE, 4.0, VECTOR), "prove": (SQUARE, "norm:frobenius <= 100"),
    "frobenius_by_sampling": ((4, 4), lambda x: x), "norm_by_gauge": (SQUARE, lambda s: float(np.sum(s))),
    "RowSketch": (4, 2),
    "Weyl": (0.1,), "Mirsky": (0.1,), "HoffmanWielandt": (0.1,), "BauerFike": (1.0, 0.1), "Elsner": (1.0, 0.1, 3),
    "DavisKahan": (0.1, 0.5), "Wedin": (0.1, 0.5), "EisenstatIpsen": (0.1,), "InversePerturbation": (10.0, 1e-3),
    "LinearSystem": (10.0, 1e-3, 1e-3), "LeastSquaresPerturbation": (10.0, 1e-3, 1e-3, 0.1),
    "Norm": ("spectral",), "Enclosure": (1.0, 1.0, 1.0),
}
WITHOUT = {
    "open": "reads a file", "verify": "reads a proof", "stability_lab": "has no input", "set_threads": "starts threads",
    "threads": "has no input", "regress": "takes a table; see the tests of regression", "linalg": "a module",
    "ComponentwiseSystem": "is made of an inverse", "__version__": "a text", "NotFiniteError": "an exception",
}
ANSWERS = [
    "Answer", "Svd", "SingularValues", "Eig", "PartialSvd", "Tail", "Bulk", "Density", "LanczosDensity", "Solution",
    "CertifiedSolution", "LstsqSolution", "Regression", "Theorem", "Model", "Survey", "TopRight", "StreamedSvd",
    "Inequality", "Sum",
]

JORDAN = np.diag([1.0] * 4) + np.diag([1.0] * 3, 1)
ODD_ARRAYS: list[Any] = [
    np.zeros((0, 0)), np.zeros((0, 3)), np.zeros((3, 0)), np.zeros(0), np.zeros((1, 1)), np.ones((1, 1)),
    np.zeros((4, 4)), np.ones((4, 4)), np.ones((1, 4)), np.ones((4, 1)), np.ones((2, 2, 2)), np.float64(3.0),
    np.full((4, 4), np.nan), np.full((4, 4), np.inf), np.full((4, 4), 1e308), np.full((4, 4), 5e-324),
    np.diag([1e308, 1.0, 1e-308, 5e-324]), JORDAN, JORDAN * 1e-300, np.diag([0.0, 0.0, 1.0, 1.0]),
    np.full((4, 4), 2**53 + 1), np.full((4, 4), 2**64 - 1, dtype=np.uint64), np.eye(4, dtype=bool),
    SQUARE * 1j, SQUARE.astype("f2"), SQUARE.astype("f4")[::-1, ::-1], np.asfortranarray(SQUARE)[:, ::2],
    SQUARE.astype(object), np.array([["a", "b"], ["c", "d"]]), np.array([None, None]), None, "text", 3, [], [[]],
    [[1.0], [2.0, 3.0]], {}, sp.csr_array(np.eye(4)), sp.csr_array((4, 4)), sp.coo_array((0, 4)),
    np.ma.masked_array(np.eye(4), mask=np.eye(4, dtype=bool)), np.tri(4) * 2.0**-540, VECTOR, VECTOR * 1e-320,
    [10**400],
]
ODD_NUMBERS: list[Any] = [
    0, -1, 1, 2, 10**6, 10**12, 10**30, -(10**30), float("nan"), float("inf"), -float("inf"), 1e308, 5e-324, -0.5, 0.5,
    "x", "", None, True, 1j, [], (1, 2), np.float32(0.5), np.int64(3),
]
FINE = (ValueError, TypeError, KeyError, IndexError, OverflowError, NotImplementedError, ArithmeticError, MemoryError)


def odd_calls(name: str) -> Iterator[tuple[list[Any], dict[str, Any]]]:
    """The function with each of its arguments replaced by something odd, one at a time, and the first two together."""
    good = list(GOOD[name])
    for k in range(len(good)):
        is_number = isinstance(good[k], (int, float, str, tuple)) or callable(good[k])
        for odd in ODD_NUMBERS if is_number else ODD_ARRAYS:
            yield [*good[:k], odd, *good[k + 1 :]], {}
    if len(good) >= 2 and not isinstance(good[1], (int, float, str)):
        for odd in ODD_ARRAYS:
            yield [odd, odd, *good[2:]], {}
    try:
        parameters = list(inspect.signature(getattr(kp, name)).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    for parameter in parameters[len(good) :]:
        if parameter.kind in (parameter.KEYWORD_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            for odd in ODD_NUMBERS:
                yield good, {parameter.name: odd}
            for odd in ODD_ARRAYS[::6]:
                yield good, {parameter.name: odd}


def numbers(value: Any, depth: int = 0) -> Iterator[float]:
    """The numbers of an answer, where they are easy to reach."""
    if isinstance(value, kp.Enclosure):
        yield from (value.lower, value.upper, value.estimate)
    elif isinstance(value, (float, complex, np.floating, np.complexfloating)):
        yield from (complex(value).real, complex(value).imag)
    elif isinstance(value, np.ndarray) and value.dtype.kind in "fc" and value.size < 10**5:
        yield from np.abs(value.ravel()).tolist()
    elif isinstance(value, dict) and depth < 3:
        for item in value.values():
            yield from numbers(item, depth + 1)
    elif isinstance(value, (list, tuple)) and depth < 3:
        for item in value[:100]:
            yield from numbers(item, depth + 1)


def is_plain(arguments: list[Any], options: dict[str, Any]) -> bool:
    """Whether everything given is a finite number, so that no NaN may come back."""
    for x in [*arguments, *options.values()]:
        if isinstance(x, (str, dict)) or callable(x) or x is None:
            continue
        try:
            if not np.all(np.isfinite(np.asarray(x, dtype=complex))):
                return False
        except (TypeError, ValueError, OverflowError):
            return False
    return True


def main(names: list[str]) -> None:
    """Calls the functions with everything odd; a line before each call, so that the last one is known after a crash."""
    resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))
    warnings.simplefilter("ignore")
    for name in names:
        function: Callable[..., Any] = getattr(kp, name)
        for arguments, options in odd_calls(name):
            shown = repr((name, arguments, options)).replace("\n", " ")[:300]
            print(json.dumps({"call": shown}), flush=True)
            try:
                answer = function(*arguments, **options)
                repr(answer)
            except FINE as error:
                message = str(error)
                if not message or "panicked" in message:
                    print(json.dumps({"wrong": f"{shown}: {type(error).__name__} {message!r}"}), flush=True)
                continue
            except BaseException as error:
                print(json.dumps({"wrong": f"{shown}: {type(error).__name__} {error}"}), flush=True)
                continue
            # Formats without infinity overflow to NaN.
            if name != "formats" and is_plain(arguments, options) and any(np.isnan(x) for x in numbers(answer)):
                print(json.dumps({"wrong": f"{shown}: NaN in {answer!r}"[:600]}), flush=True)


def test_every_public_function_is_here_or_has_a_reason() -> None:
    names = set(kp.__all__)
    assert names == set(GOOD) | set(WITHOUT) | set(ANSWERS), names ^ (set(GOOD) | set(WITHOUT) | set(ANSWERS))


GROUPS = [sorted(GOOD)[k : k + 8] for k in range(0, len(GOOD), 8)]


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: f"{group[0]}…{group[-1]}")
def test_nothing_odd_crashes_hangs_or_gives_nan(group: list[str]) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    run = [sys.executable, __file__, *group]
    try:
        done = subprocess.run(run, capture_output=True, text=True, timeout=120, env=environment, check=False)
    except subprocess.TimeoutExpired as expired:
        called = (expired.stdout or b"").decode().splitlines()
        pytest.fail(f"did not end: {called[-1] if called else group}")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    last = lines[-1] if lines else group
    assert done.returncode == 0, f"died with {done.returncode} in {last}: {done.stderr[-2000:]}"
    wrong = [line["wrong"] for line in lines if "wrong" in line]
    assert not wrong, "\n".join(wrong)


if __name__ == "__main__":
    main(sys.argv[1:])
