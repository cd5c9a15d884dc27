"""Partial decompositions with multiple values and zeros, and spectra of difficult matrices, against NumPy."""

import pickle
import time
from typing import Any

import numpy as np
import pytest
import scipy.linalg
from numpy.typing import NDArray

import kappa as kp
import kappa.linalg as la


def orthogonal(m: int, n: int, seed: int) -> np.ndarray:
    found: np.ndarray = np.linalg.qr(np.random.default_rng(seed).standard_normal((m, n)))[0]
    return found


def nasty(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    m, n = rng.integers(3, 40, 2)
    values = np.sort(rng.choice([1.3, 1.3, 0.7, 0.2, 0.0], min(m, n)))[::-1]
    found: np.ndarray = (orthogonal(m, min(m, n), seed) * values) @ orthogonal(n, min(m, n), seed + 1).T
    return found


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("which", ["largest", "smallest"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.complex128])
def test_values_come_as_often_as_they_occur(seed: int, which: str, dtype: type) -> None:
    a: NDArray[Any] = nasty(seed).astype(dtype)
    wide = a.astype(np.complex128)
    values = np.linalg.svd(wide, compute_uv=False)
    order = values if which == "largest" else values[::-1]
    for k in (1, 3, len(values)):
        f = kp.partial_svd(a, k, which=which, seed=seed)
        assert len(f) == k and f.has_converged
        assert abs(f.s - order[:k]).max() <= 1e-8 * values[0]
        room = 1e-13 * values[0]
        assert all(x.lower - room <= s <= x.upper + room for x, s in zip(f.values, order, strict=False))
        right = np.linalg.norm(wide @ f.vh.conj().T - f.u * f.s, axis=0)
        left = np.linalg.norm(wide.conj().T @ f.u - f.vh.conj().T * f.s, axis=0)
        assert (np.maximum(right, left) <= f.residuals * (1 + 1e-6)).all()
        assert np.linalg.norm(f.u.conj().T @ f.u - np.eye(k)) < 1e-10
    again = pickle.loads(pickle.dumps(f))
    assert again.has_converged and again == f


@pytest.mark.parametrize("tolerance", [-1.0, float("nan"), float("inf")])
def test_tolerances_that_are_none_are_refused(tolerance: float) -> None:
    with pytest.raises(ValueError, match="tolerance"):
        kp.partial_svd(np.eye(3), 1, tolerance=tolerance)
    with pytest.raises(ValueError, match="tolerance"):
        kp.partial_eig(np.eye(3), 1, tolerance=tolerance)


def test_a_tall_matrix_of_equal_values_in_single_precision_ends() -> None:
    a = orthogonal(40000, 24, 1).astype(np.float32)
    start = time.perf_counter()
    assert abs(kp.partial_svd(a, 3).s - 1).max() < 1e-5
    assert time.perf_counter() - start < 5


def test_partial_eigenvalues_of_a_symmetric_array_have_radii() -> None:
    q = orthogonal(60, 60, 2)
    a = (q * np.r_[[-3.0] * 3, np.linspace(1, 0, 57)]) @ q.T
    found = kp.partial_eig((a + a.T) / 2, 4)
    assert abs(abs(found["values"]) - [3, 3, 3, 1]).max() < 1e-8
    assert found["has_converged"] and (found["radii"] < 1e-8).all()
    single = kp.partial_eig(((a + a.T) / 2).astype(np.float32), 3)
    assert abs(abs(single["values"]) - 3).max() < 1e-5 and single["has_converged"]


def test_symmetric_factors_are_refused_where_the_matrix_is_not() -> None:
    for kind in ("cholesky", "ldlt"):
        with pytest.raises(Exception, match=r"entry \(2, 1\) is 2 and entry \(1, 2\) is 1"):
            kp.factor([[2.0, 1.0], [2.0, 3.0]], kind)
    # What NumPy and SciPy read one triangle of, kappa.linalg does too.
    a = np.array([[4.0, 9.0], [2.0, 5.0]])
    assert np.allclose(la.cholesky(a), np.linalg.cholesky(a))


def test_graded_matrices_have_a_schur_form() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        d, e = 10.0 ** rng.integers(-150, 1, (2, 4))
        a = rng.standard_normal((4, 4)) * np.outer(d, e)
        f = kp.factor(a, "schur")
        size = np.abs(a).max()
        assert np.abs(f["q"] @ (f["t"] / size) @ f["q"].conj().T - a / size).max() < 1e-14
        assert len(kp.eigenvalue_cond(a)) == 4
        la.schur(a, output="complex")


def test_conditions_of_eigenvectors_survive_a_pickle() -> None:
    jordan: Any = [[1.0, 1.0], [0.0, 1.0]]
    assert kp.eig(jordan).vector_cond().upper == float("inf")
    for a in (jordan, [[1.0, 1.0], [0.0, 2.0]], [[2.0, 1.0], [1.0, 2.0]], [[1.0, 2.0], [3.0, 4.0]]):
        f = kp.eig(a)
        again = pickle.loads(pickle.dumps(f))
        assert again == f and again.vector_cond() == f.vector_cond()
        assert again.spectral_radius == f.spectral_radius


@pytest.mark.parametrize("scale", [0, -300, 300, -540, 540])
def test_the_pseudospectrum_of_normal_matrices_is_a_distance(scale: int) -> None:
    rng = np.random.default_rng(4)
    q = orthogonal(30, 30, 5)
    values = rng.choice([1.0, 2.0, 3.0, -4.0], 30)
    for a, spectrum in ((np.diag([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 3.0])), ((q * values) @ q.T, values)):
        a = (a + a.T) / 2
        re, im, table = kp.pseudospectrum(a * 2.0**scale, points=15)
        z = (re[None, :] + 1j * im[:, None]) * 2.0**-scale
        exact = np.abs(z[..., None] - spectrum).min(axis=-1)
        assert np.abs(table * 2.0**-scale - exact).max() < 1e-12


def test_the_pseudospectrum_of_others_is_that_of_decompositions() -> None:
    rng = np.random.default_rng(6)
    grcar = scipy.linalg.toeplitz(np.r_[1.0, -1, np.zeros(14)], np.r_[np.ones(4), np.zeros(12)])
    for a in (rng.standard_normal((20, 20)), grcar):
        re, im, table = kp.pseudospectrum(a, points=11)
        for i, y in enumerate(im):
            for j, x in enumerate(re):
                exact = np.linalg.svd((x + 1j * y) * np.eye(len(a)) - a, compute_uv=False)[-1]
                assert abs(table[i, j] - exact) <= 2e-3 * exact + 1e-13


def test_cells_of_a_deep_division() -> None:
    cells = kp.pseudospectrum_cells([[1.0, 0.0], [0.0, 2.0]], 0.1, (-5.0, 5.0, -5.0, 5.0), depth=12)
    assert abs(sum(4 * half**2 for _, half, _ in cells) - 100) < 1e-6


def test_points_and_factors_that_were_not_numbers() -> None:
    inside, outside = kp.numerical_range([[1j]], 4)
    assert np.allclose(inside, 1j) and np.allclose(outside, 1j)
    assert (kp.factor(np.zeros((2, 2)), "pivoted-qr")["r"] == 0).all()
    a = np.random.default_rng(0).standard_normal((6, 6))
    expected = kp.factor(a, "rank-revealing-qr", rank=4)["r"]
    for power in (520, -520):
        found = kp.factor(a * 2.0**power, "rank-revealing-qr", rank=4)["r"]
        assert np.allclose(found * 2.0**-power, expected)


def test_angles_of_ill_conditioned_bases_are_wide_enough() -> None:
    rng = np.random.default_rng(7)
    for k in (4, 8, 11):
        x = rng.standard_normal((20, 3))
        y = rng.standard_normal((20, 3))
        # The same range, from nearly dependent columns of small integers: exact.
        x, y = np.round(8 * x), np.round(8 * y)
        mix = np.array([[1.0, 1.0, 0.0], [1.0, 1.0 + 2.0**-k, 0.0], [0.0, 0.0, 1.0]])
        for found, exact in zip(kp.principal_angles(x, y @ mix), kp.principal_angles(x, y), strict=True):
            assert found.lower <= exact.upper and exact.lower <= found.upper


def test_theorems_are_left_out_only_where_it_is_said() -> None:
    a = np.diag([1.0, 2.0]) + [[0.0, 1.0], [0.0, 0.0]]
    names = [type(t["theorem"]).__name__ for t in kp.perturb(a, a + 1e-6)]
    fewer = [type(t["theorem"]).__name__ for t in kp.perturb(a, a + 1e-6, eigenvalues=False)]
    assert set(fewer) < set(names)
