"""Answers as objects of Python: pickled, copied, compared, hashed, formatted, and calculated with."""

import copy
import math
import operator
import pickle
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sparse
from conftest import DIGITS

import kappa as kp

A = np.array([[2.0, 1.0, 0.0], [1.0, 3.0, 1.0], [0.0, 1.0, 4.0]])
B = np.array([1.0, 2.0, 3.0])
C = A + 1j * A.T
NOISE = np.random.default_rng(3).standard_normal((60, 30))
TABLE: dict[str, Any] = {"x": [1.0, 2.0, 3.0, 4.0, 5.0], "y": [1.0, 2.0, 2.9, 4.2, 4.8], "g": ["a", "b", "a", "b", "a"]}


def sketch() -> kp.RowSketch:
    found = kp.RowSketch(3)
    found.push(A)
    return found


def updated() -> kp.Woodbury:
    found = kp.Woodbury(A)
    found.update(np.ones((3, 1)), np.ones((3, 1)))
    return found


ANSWERS: dict[str, Callable[[], Any]] = {
    "norm": lambda: kp.norm(A),
    "certified norm": lambda: kp.norm(A, "spectral", certify=True),
    "rank": lambda: kp.rank(A),
    "values": lambda: kp.singular_values(A),
    "top values": lambda: kp.singular_values(A, top=2),
    "certified values": lambda: kp.singular_values(NOISE, certify=True),
    "Gram values": lambda: kp.singular_values(np.random.default_rng(0).standard_normal((900, 20))),
    "svd": lambda: kp.svd(A),
    "complex svd": lambda: kp.svd(C),
    "partial svd": lambda: kp.randomized_svd(NOISE, 3),
    "solution": lambda: kp.solve(A, B),
    "complex solution": lambda: kp.solve(C, np.stack([B, B], 1)),
    "certified solution": lambda: kp.solve(A, B, certify=True),
    "complex certified solution": lambda: kp.solve(C, B, certify=True),
    "solver": lambda: kp.Solver(A, method="lu"),
    "sparse solver": lambda: kp.Solver(sparse.csr_array(A)),
    "lstsq": lambda: kp.lstsq(A[:, :2], B),
    "eig": lambda: kp.eig(A),
    "ridge": lambda: kp.Ridge(A, B),
    "woodbury": updated,
    "cholesky": lambda: kp.CholeskyUpdate(A),
    "regression": lambda: kp.regress(TABLE, "y ~ x + g"),
    "theorem": lambda: kp.Theorem("wedin", gap=0.5, change=0.1),
    "Davis-Kahan": lambda: kp.DavisKahan(0.5, 0.1),
    "inequality": lambda: kp.holder([1.0, 2.0], [3.0, 4.0]),
    "sum": lambda: kp.sum([1.0, 1e16, -1e16]),
    "Norm": lambda: kp.Norm("nuclear"),
    "density": lambda: kp.density(NOISE),
    "tail": lambda: kp.tail(np.arange(1.0, 50.0)),
    "bulk": lambda: kp.density(NOISE).bulk,
    "lanczos density": lambda: kp.lanczos_density(NOISE, probes=3, steps=5),
    "sketch": sketch,
    "top right": lambda: sketch().top(2),
    "model": lambda: kp.open(DIGITS),
    "survey": lambda: kp.open(DIGITS).survey(),
}
MUTABLE = {"woodbury", "cholesky", "sketch"}


def equal(x: Any, y: Any) -> bool:
    """Equal in every number, and not only by `==`."""
    if isinstance(x, dict):
        return isinstance(y, dict) and x.keys() == y.keys() and all(equal(x[k], y[k]) for k in x)
    if isinstance(x, list | tuple):
        return len(x) == len(y) and all(equal(a, b) for a, b in zip(x, y, strict=True))
    if isinstance(x, float | np.ndarray):
        return bool(np.array_equal(np.asarray(x), np.asarray(y), equal_nan=True))
    return bool(x == y)


@pytest.mark.parametrize("name", ANSWERS)
def test_answers_are_pickled_copied_and_compared(name: str) -> None:
    answer = ANSWERS[name]()
    assert isinstance(answer, kp.Answer)
    again = pickle.loads(pickle.dumps(answer))
    for other in (again, copy.copy(answer), copy.deepcopy(answer)):
        assert type(other) is type(answer) and other == answer and not other != answer
        assert equal(other.to_dict(), answer.to_dict())
    assert repr(again).split(",")[0] == repr(answer).split(",")[0]
    assert answer != "something else" and answer is not None
    if name in MUTABLE:
        with pytest.raises(TypeError, match="unhashable"):
            hash(answer)
    else:
        assert hash(again) == hash(answer) and len({answer, again}) == 1


def test_restored_answers_answer_as_before() -> None:
    f, g = kp.svd(NOISE), pickle.loads(pickle.dumps(kp.svd(NOISE)))
    assert f.rank() == g.rank() and f.cond().to_dict() == g.cond().to_dict()
    assert f.norm("schatten:3").to_dict() == g.norm(kp.Norm("schatten:3")).to_dict()
    s, t = kp.density(NOISE), pickle.loads(pickle.dumps(kp.density(NOISE)))
    assert s.tail is not None and s.tail.p_value(20) == t.tail.p_value(20)
    assert s.bulk is not None and s.bulk.density(3.0) == t.bulk.density(3.0)
    x, y = kp.lanczos_density(NOISE), pickle.loads(pickle.dumps(kp.lanczos_density(NOISE)))
    assert x.schatten(1.0).to_dict() == y.schatten(1.0).to_dict() and x.share_below(5.0) == y.share_below(5.0)
    solver = pickle.loads(pickle.dumps(kp.Solver(A)))
    assert np.array_equal(solver.solve(B).x, kp.solve(A, B).x)
    woodbury = pickle.loads(pickle.dumps(updated()))
    assert np.allclose((A + np.ones((3, 3))) @ woodbury.solve(B), B)
    ridge = pickle.loads(pickle.dumps(kp.Ridge(A, B)))
    assert equal(ridge.choose(0.1), kp.Ridge(A, B).choose(0.1))
    assert kp.svd(A) != kp.svd(A + 1.0) and kp.solve(A, B) != kp.solve(A, 2 * B)


def test_a_solver_is_pickled_as_the_matrix_that_it_factored() -> None:
    a = A.copy()
    solver = kp.Solver(a)
    a[:] = 0.0
    assert np.allclose(A @ pickle.loads(pickle.dumps(solver)).solve(B).x, B)


def test_comparisons_by_what_is_certain() -> None:
    rank, cond = kp.rank(A), kp.cond(A)
    assert rank == 3 and rank == 3.0 and not rank == 2 and rank != 2 and 3 == rank and rank == np.int64(3)
    assert cond < 1e8 and not cond > 1e8 and cond <= 1e8 and cond >= 1 and 1 < cond and 1e8 > cond
    assert hash(rank) == hash(3) and rank in {3: "three"}
    wide = kp.Enclosure(1.0, 3.0, estimate=1.5)
    # The doubt decides: the estimates are compared, and the three-valued questions say so.
    assert wide < 2 and not wide > 2 and wide == 1.5 and wide != 2.0
    assert wide.is_less_than(2) is None and wide.is_at_most(3) is True and wide.is_less_than(1) is False
    assert kp.Enclosure(1.0, 2.0) < kp.Enclosure(3.0, 4.0) and not kp.Enclosure(3.0, 4.0) <= kp.Enclosure(1.0, 2.0)
    assert kp.Enclosure(2.0) <= 2 and not kp.Enclosure(2.0) < 2 and kp.Enclosure(2.0) >= 2
    assert not wide < math.nan and not wide > math.nan and wide != math.nan
    assert kp.Enclosure(0.0) == kp.Enclosure(-0.0) and hash(kp.Enclosure(0.0)) == hash(kp.Enclosure(-0.0))
    assert rank != "3" and rank is not None
    with pytest.raises(TypeError):
        rank < "3"  # type: ignore[operator]
    assert sorted([kp.Enclosure(3.0), kp.Enclosure(1.0), kp.Enclosure(2.0)]) == [1, 2, 3]


def test_enclosures_are_numbers() -> None:
    x = kp.Enclosure(7.9, 8.1, estimate=8.0)
    assert f"{x:.3g}" == "8" and f"{x:8.2f}" == "    8.00" and f"{x}" == str(x)
    assert int(x) == 8 and round(x) == 8 and round(kp.Enclosure(2.345), 1) == 2.3 and isinstance(round(x), int)
    assert bool(x) and not kp.Enclosure(0.0)
    assert math.sqrt(x) == math.sqrt(8.0) and float(np.float64(2.0) * x) == 16.0
    assert int(kp.Enclosure(2.0**80)) == 2**80


OPERATIONS: dict[str, tuple[Callable[[Any, Any], Any], bool]] = {
    "+": (operator.add, True),
    "-": (operator.sub, True),
    "*": (operator.mul, True),
    "/": (operator.truediv, False),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_arithmetic_encloses_every_result(name: str) -> None:
    operation, _ = OPERATIONS[name]
    rng = np.random.default_rng(11)
    for _ in range(300):
        ends = np.sort(rng.standard_normal((2, 2)) * 10.0 ** rng.integers(-8, 9, size=(2, 1)), axis=1)
        x, y = (kp.Enclosure(low, high) for low, high in ends.tolist())
        if name == "/" and 0.0 in y:
            continue
        found = operation(x, y)
        for s in (0.0, 0.3, 1.0):
            for t in (0.0, 0.7, 1.0):
                # Points of both, exactly.
                p, q = (
                    Fraction(low) + (Fraction(high) - Fraction(low)) * Fraction(share)
                    for (low, high), share in zip(ends.tolist(), (s, t), strict=True)
                )
                exact = operation(p, q)
                assert Fraction(found.lower) <= exact <= Fraction(found.upper)
        assert found.lower <= float(found) <= found.upper


def test_arithmetic_with_numbers_and_powers() -> None:
    x = kp.Enclosure(-2.0, 1.0)
    assert (x**2).lower == 0.0 and (x**2).upper >= 4.0 and (x**3).lower <= -8.0 and 1.0 in x**3
    assert abs(x).lower == 0.0 and abs(x).upper == 2.0 and (-x).upper == 2.0 and +x == x
    assert 5.0 in 3 + x * 2 and -1.0 in 3 - 2 * kp.Enclosure(2.0) and 0.5 in 1 / kp.Enclosure(2.0)
    assert (1 / x).lower == -math.inf and (1 / x).upper == math.inf
    assert 0.25 in kp.Enclosure(2.0) ** -2 and math.sqrt(2.0) in kp.Enclosure(2.0) ** 0.5
    # What a double cannot hold is enclosed as well.
    third = kp.Enclosure(1.0) * Fraction(1, 3)
    assert Fraction(third.lower) < Fraction(1, 3) < Fraction(third.upper)
    assert Fraction((kp.Enclosure(0.0) + (2**53 + 1)).upper) >= 2**53 + 1
    with pytest.raises(ZeroDivisionError):
        kp.Enclosure(1.0) / 0
    with pytest.raises(ValueError, match="negative"):
        kp.Enclosure(-2.0, -1.0).sqrt()
    with pytest.raises(TypeError):
        kp.Enclosure(1.0) + "1"  # type: ignore[operator]
    weak = kp.norm(A, "spectral") + kp.norm(A, certify=True)
    assert weak.evidence.startswith("estimate")


def test_singular_values_are_a_sequence() -> None:
    s = kp.singular_values(A)
    expected = np.linalg.svdvals(A)
    assert isinstance(s, Sequence) and len(s) == 3 and np.allclose(np.asarray(s), expected)
    assert np.allclose([float(x) for x in s], expected) and float(s[-1]) == s.estimates[-1]
    assert s[:2] == [s[0], s[1]] and s[::-1] == list(reversed(s)) and s.index(s[1]) == 1 and s.count(s[0]) == 1
    assert np.allclose(np.sqrt(s), np.sqrt(expected)) and np.isclose(np.max(s), expected[0])
    with pytest.raises(IndexError):
        s[3]


def test_solutions_are_their_x() -> None:
    for s in (kp.solve(A, B), kp.solve(A, B, certify=True), kp.lstsq(A, B)):
        assert np.array_equal(np.asarray(s), s.x) and np.allclose(A @ np.asarray(s), B)
        assert np.asarray(s, dtype=np.float32).dtype == np.float32


def test_regressions_speak_as_statsmodels_does() -> None:
    pandas = pytest.importorskip("pandas")
    fit = kp.regress(TABLE, "y ~ x + g")
    assert list(fit.params.index) == fit.names and fit.params["x"] == fit.coefficients[1]["estimate"]
    assert (fit.bse > 0).all() and ((fit.pvalues >= 0) & (fit.pvalues <= 1)).all() and fit.nobs == 5
    assert np.allclose(fit.tvalues, fit.params / fit.bse)
    interval = fit.conf_int(alpha=0.1)
    assert list(interval.index) == fit.names and (interval[0] < fit.params).all() and (fit.params < interval[1]).all()
    assert (fit.conf_int()[0] < interval[0]).all()
    # By hand, with Student's quantile.
    stats = pytest.importorskip("scipy.stats")
    reach = stats.t.ppf(0.95, fit.degrees)
    assert np.allclose(interval[1] - fit.params, reach * fit.bse)

    x = np.column_stack([np.ones(5), TABLE["x"], [g == "b" for g in TABLE["g"]]]).astype(float)
    new = {"x": [2.5, 7.0], "g": ["b", "a"]}
    design = np.array([[1.0, 2.5, 1.0], [1.0, 7.0, 0.0]])
    mean = design @ fit.params.to_numpy()
    assert np.allclose(fit.predict(new), mean)
    assert np.allclose(fit.predict(pandas.DataFrame(new)), mean) and np.allclose(fit.predict(TABLE), fit.fitted)
    assert fit.residual_deviation is not None
    variance = float(fit.residual_deviation) ** 2
    spread = np.diag(design @ np.linalg.inv(x.T @ x) @ design.T) * variance
    for kind, own in (("confidence", 0.0), ("prediction", variance)):
        found = fit.predict(new, interval=kind, alpha=0.1)  # type: ignore[arg-type]
        half = reach * np.sqrt(spread + own)
        assert np.allclose(found, np.column_stack([mean, mean - half, mean + half]))
    assert np.isnan(fit.predict({"x": [None, 1.0], "g": ["a", "a"]})).tolist() == [True, False]
    with pytest.raises(ValueError, match="does not occur"):
        fit.predict({"x": [1.0], "g": ["c"]})
    with pytest.raises(ValueError, match="x"):
        fit.predict({"g": ["a"]})
    with pytest.raises(ValueError, match="known: confidence, prediction"):
        fit.predict(new, interval="both")  # type: ignore[arg-type]


def test_models_are_mappings_to_arrays(tmp_path: Path) -> None:
    arrays: dict[str, Any] = {
        "double": np.arange(6.0).reshape(2, 3),
        "single": np.array([[1.5]], "f4"),
        "half": np.array([0.1, 2.0], "f2"),
        "bytes": np.array([[1, 255]], "u1"),
        "long": np.array([2**53 - 1, -5], "i8"),
        "complex": np.array([[1 + 2j]]),
        "truth": np.array([True, False]),
        "columns": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "cube": np.arange(24.0).reshape(2, 3, 4),
        "scalar": np.array(3.0),
    }
    np.savez(tmp_path / "all.npz", **arrays)
    model = kp.open(tmp_path / "all.npz")
    assert list(model) == model.keys() == model.names and len(model) == len(arrays)
    assert "double" in model and "nothing" not in model and 3 not in model
    for name, expected in arrays.items():
        found = model[name]
        assert found.dtype == expected.dtype and np.array_equal(found, expected), name
    with pytest.raises(KeyError, match="nothing"):
        model["nothing"]
    assert np.array_equal(pickle.loads(pickle.dumps(model))["double"], arrays["double"])
