"""kappa beside NumPy on arrays: values, types, layouts, errors."""

import doctest
import threading
import time
from typing import Any

import ml_dtypes
import numpy as np
import pytest

import kappa as kp

RNG = np.random.default_rng(1)
NUMPY_ORD: dict[str, Any] = {
    "frobenius": "fro",
    "spectral": 2,
    "nuclear": "nuc",
    "max-column-sum": 1,
    "max-row-sum": np.inf,
}


def arrays() -> list[np.ndarray]:
    a = RNG.standard_normal((60, 37))
    return [
        a,
        a.T,
        np.asfortranarray(a),
        a[::2, ::-1],
        a.astype(np.float32),
        a.astype(np.float16),
        a.astype(">f8"),
        a + 1j * RNG.standard_normal(a.shape),
        (a + 1j).astype(np.complex64),
        (a + 1j).astype(">c16"),
        RNG.integers(-5, 6, size=(9, 4)),
        RNG.integers(0, 2, size=(9, 4)).astype(bool),
        a[:1],
        a[:, :1],
        RNG.standard_normal((200, 150)),
        RNG.standard_normal((300, 40)),
    ]


@pytest.mark.parametrize("a", arrays(), ids=lambda a: f"{a.dtype.str}{a.shape}")
def test_values_agree_with_numpy(a: np.ndarray) -> None:
    wide = a.astype(complex if a.dtype.kind == "c" else float)
    s = np.linalg.svd(wide, compute_uv=False)
    found = np.asarray(kp.singular_values(a))
    assert np.abs(found - s).max() <= 1e-12 * s[0]
    for name, order in NUMPY_ORD.items():
        expected = np.linalg.norm(wide, order)
        assert abs(float(kp.norm(a, name)) - expected) <= 1e-12 * expected
    assert int(kp.rank(a)) == np.linalg.matrix_rank(wide)
    if s[-1] > 1e-10 * s[0]:
        assert float(kp.cond(a)) == pytest.approx(s[0] / s[-1], rel=1e-9)


@pytest.mark.parametrize("a", arrays(), ids=lambda a: f"{a.dtype.str}{a.shape}")
def test_svd_multiplies_back(a: np.ndarray) -> None:
    f = kp.svd(a)
    u, s, vh = f
    assert np.abs((u * s) @ vh - a).max() <= 1e-13 * s[0] * max(a.shape)
    assert np.abs(u.conj().T @ u - np.eye(len(s))).max() < 1e-12
    u, s, vh = kp.svd(a, full_matrices=True)
    assert u.shape == (a.shape[0],) * 2 and vh.shape == (a.shape[1],) * 2
    assert f.cond() is not None and int(f.rank()) == int(kp.rank(a))
    assert float(f.norm("nuclear")) == pytest.approx(s.sum())


def test_small_floats_of_ml_dtypes_are_widened_exactly() -> None:
    a = RNG.standard_normal((8, 5))
    for dtype in (ml_dtypes.bfloat16, ml_dtypes.float8_e4m3fn, ml_dtypes.float8_e5m2):
        small = a.astype(dtype)
        assert float(kp.norm(small)) == pytest.approx(np.linalg.norm(small.astype(float)), rel=1e-14)


def test_lists_and_vectors_are_matrices_too() -> None:
    assert float(kp.norm([[3.0, 4.0]])) == 5.0
    assert float(kp.norm([3.0, 4.0], "spectral")) == 5.0
    assert len(kp.singular_values(np.zeros((0, 3)))) == 0


def test_an_enclosure_is_a_number() -> None:
    x = kp.norm([[3.0, 4.0]])
    assert float(x) == x.estimate == 5.0 and 5.0 in x and 6.0 not in x
    assert x.lower <= x.estimate <= x.upper
    assert x == kp.norm([[3.0, 4.0]]) and len({x, kp.norm([[3.0, 4.0]])}) == 1
    assert "5.0" in repr(x) and int(x) == 5


def test_what_cannot_be_answered_is_an_error_with_a_hint() -> None:
    a = np.ones((9, 100))
    a[7, 90] = np.nan
    with pytest.raises(np.linalg.LinAlgError, match=r"1 entry that is not finite \(first at row 8, column 91\)"):
        kp.norm(a)
    with pytest.raises(kp.NotFiniteError):
        kp.svd(a)
    with pytest.raises(ValueError, match="unknown norm `l2`; known: frobenius"):
        kp.norm(np.eye(2), "l2")
    with pytest.raises(ValueError, match=r"shape \[2, 2, 2\] is not a matrix"):
        kp.norm(np.zeros((2, 2, 2)))
    with pytest.raises(ValueError, match="is empty"):
        kp.cond(np.zeros((0, 2)))
    with pytest.raises(TypeError, match="not a matrix of numbers"):
        kp.norm(np.array([["a"]]))
    with pytest.raises(ValueError, match="2\\^53"):
        kp.norm(np.array([[2**53 + 1]]))
    with pytest.raises(IndexError):
        kp.singular_values(np.eye(2))[2]


def test_the_examples_of_the_documentation_run() -> None:
    failed, tried = doctest.testmod(kp)
    assert tried >= 3 and failed == 0


@pytest.mark.parametrize(
    "name", [name for name in kp.__all__ if name not in ("__version__", "linalg", "NotFiniteError")]
)
def test_every_public_name_has_an_example_that_runs(name: str) -> None:
    text = getattr(kp, name).__doc__ or ""
    assert ">>>" in text, f"{name} has no example"
    example = doctest.DocTestParser().get_doctest(text, {}, name, None, None)
    assert doctest.DocTestRunner().run(example).failed == 0


def test_measure_and_check() -> None:
    a = np.diag([4.0, 2.0, 1.0])
    m = kp.measure(a, "rank", "cond", "norm:nuclear", "energy_rank:90")
    assert [float(x) for x in m.values()] == [3.0, 4.0, 7.0, 2.0]
    assert kp.check(a, "cond < 5") is True and kp.check(a, "cond < 3") is False
    assert kp.check(np.ones((2, 2)), "cond < 1e40") is False
    assert kp.check(np.diag([1.0, 2.0]), "cond = 2") is None
    assert set(kp.measure(a)) >= {"frobenius", "max_column_sum", "energy_rank_99"}


def test_the_interpreter_lock_is_released() -> None:
    a = RNG.standard_normal((700, 700))
    ticks = []
    done = threading.Event()

    def tick() -> None:
        while not done.is_set():
            ticks.append(time.perf_counter())
            time.sleep(0.001)

    thread = threading.Thread(target=tick)
    thread.start()
    start = time.perf_counter()
    kp.singular_values(a)
    end = time.perf_counter()
    done.set()
    thread.join()
    during = [t for t in ticks if start < t < end]
    assert len(during) >= 5, f"{len(during)} ticks of another thread in {end - start:.3f} s"
