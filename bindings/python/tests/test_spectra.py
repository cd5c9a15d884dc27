"""Spectra of large matrices against NumPy, SciPy and scikit-learn: reductions, a few triplets, random sketches."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.io
import scipy.sparse
import scipy.sparse.linalg
from conftest import answer, run

import kappa as kp
import kappa.linalg as la


def with_values(m: int, n: int, s: np.ndarray, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    u = np.linalg.qr(rng.standard_normal((m, len(s))))[0]
    v = np.linalg.qr(rng.standard_normal((n, len(s))))[0]
    found: np.ndarray = (u * s) @ v.T
    return found


NASTY = {
    "falling": lambda k: 0.9 ** np.arange(k),
    "clustered": lambda k: np.repeat([3.0, 1.0], [k // 2, k - k // 2]),
    "rank deficient": lambda k: np.r_[np.ones(k // 3), np.zeros(k - k // 3)],
    "one": lambda k: np.r_[1.0, np.full(k - 1, 1e-12)],
}


@pytest.mark.parametrize("name", NASTY)
@pytest.mark.parametrize(("m", "n"), [(300, 300), (420, 280), (280, 700)])
@pytest.mark.parametrize("scale", [1.0, 1e-30, 1e30])
def test_values_by_two_stages_are_those_of_numpy(name: str, m: int, n: int, scale: float) -> None:
    a = with_values(m, n, NASTY[name](min(m, n))) * scale
    expected = np.linalg.svd(a, compute_uv=False)
    assert abs(la.svdvals(a) - expected).max() <= 30 * np.finfo(float).eps * expected[0]
    single = a.astype(np.float32)
    found = la.svdvals(single)
    assert found.dtype == np.float32
    exact = np.linalg.svd(single.astype(float), compute_uv=False)
    assert abs(found - exact).max() <= 30 * np.finfo(np.float32).eps * exact[0]
    for floor in (1e-6, 1e-9):
        enclosed = kp.singular_values(single, floor=floor)
        assert all(x.lower <= y * (1 + 1e-12) + 1e-13 * exact[0] and y * (1 - 1e-12) - 1e-13 * exact[0] <= x.upper
                   for x, y in zip(enclosed, exact, strict=True))


@pytest.mark.parametrize("n", [300, 800])
def test_eigenvalues_by_two_stages_are_those_of_numpy(n: int) -> None:
    rng = np.random.default_rng(n)
    a = rng.standard_normal((n, n))
    a += a.T
    for matrix in (a, a @ a, np.diag(np.arange(n) - 100.0) + 1e-9 * a, np.ones((n, n)), np.zeros((n, n))):
        expected = np.linalg.eigvalsh(matrix)
        assert abs(la.eigvalsh(matrix) - expected).max() <= 100 * np.finfo(float).eps * max(abs(expected).max(), 1e-300)


def test_a_floor_is_a_share_and_excludes_a_proof() -> None:
    a = np.ones((3, 3), np.float32)
    with pytest.raises(ValueError, match="share"):
        kp.singular_values(a, floor=2.0)
    with pytest.raises(ValueError, match="floor"):
        kp.singular_values(a, floor=1e-6, certify=True)


@pytest.mark.parametrize("form", ["dense", "rows", "single", "sparse", "operator"])
@pytest.mark.parametrize("sketch", ["gaussian", "sparse-sign", "hadamard"])
def test_random_sketches_come_close_to_the_best_error(form: str, sketch: str) -> None:
    s = 1.0 / np.arange(1, 401)
    a = with_values(700, 400, s)
    given: dict[str, Any] = {
        "dense": np.asfortranarray(a),
        "rows": a,
        "single": a.astype(np.float32),
        "sparse": scipy.sparse.csr_matrix(a),
        "operator": scipy.sparse.linalg.aslinearoperator(a),
    }
    k = 12
    f = kp.randomized_svd(given[form], k, sketch=sketch)
    u, values, vh = f
    assert u.shape == (700, k) and vh.shape == (k, 400) and len(f) == k
    best = np.sqrt((s[k:] ** 2).sum())
    assert np.linalg.norm(a - (u * values) @ vh) <= best * 1.001
    assert abs(u.T @ u - np.eye(k)).max() < 1e-12 and abs(vh @ vh.T - np.eye(k)).max() < 1e-12
    if form == "operator":
        assert f.error is None
    else:
        assert f.error is not None
        assert abs(float(f.error) / best - 1) < 1e-3
        room = 1e-6 if form == "single" else 1e-13
        assert all(x.lower <= y + room and y - room <= x.upper for x, y in zip(f.values, s, strict=False))
    again = kp.randomized_svd(given[form], k, sketch=sketch)
    assert np.array_equal(again.s, values)
    before = kp.set_threads(1)
    alone = kp.randomized_svd(given[form], k, sketch=sketch)
    kp.set_threads(before)
    assert np.array_equal(alone.s, values) and np.array_equal(alone.u, u)


def test_bounds_of_the_rest_narrow_the_values() -> None:
    a = with_values(500, 300, np.r_[5.0, 4.0, 3.0, np.full(297, 0.1)])
    wide, narrow = kp.randomized_svd(a, 3), kp.randomized_svd(a, 3, bound=0.05)
    assert all(
        x.lower <= y * (1 + 1e-14) and y * (1 - 1e-14) <= x.upper
        for x, y in zip(narrow.values, [5.0, 4.0, 3.0], strict=True)
    )
    assert narrow.values[0].upper - narrow.values[0].lower < 2e-3 < wide.values[0].upper - wide.values[0].lower
    assert float(narrow.spectral_error) <= narrow.spectral_error.upper < 0.11


def test_precision_finds_the_rank() -> None:
    s = 0.8 ** np.arange(80)
    a = with_values(300, 200, s)
    for share in (1e-1, 1e-3, 1e-5):
        f = kp.randomized_svd(a, error=share)
        rest = np.sqrt([(s[k:] ** 2).sum() for k in range(81)]) / np.linalg.norm(s)
        assert abs(len(f) - int(np.argmax(rest <= share))) <= 1
    for wrong in (
        {},
        {"k": 2, "error": 0.1},
        {"error": 1e-12},
        {"k": 2, "sketch": "fourier"},
        {"k": 2, "bound": -1.0},
        {"k": 0},
    ):
        with pytest.raises(ValueError):
            kp.randomized_svd(a, **wrong)


@pytest.mark.parametrize("block", [1, 4])
def test_lanczos_agrees_with_scipy(block: int) -> None:
    a = scipy.sparse.random(1500, 900, density=0.01, random_state=3, format="csr")
    expected = np.sort(scipy.sparse.linalg.svds(a, k=6, return_singular_vectors=False, random_state=0))[::-1]
    for given in (a, scipy.sparse.linalg.aslinearoperator(a)):
        f = kp.partial_svd(given, 6, block=block)
        assert abs(f.s - expected).max() < 1e-9 * expected[0]
        assert abs(a @ f.vh.T - f.u * f.s).max() < 1e-12 * expected[0]
        assert f.residuals.max() < 1e-9 * expected[0]
        assert all(x.lower <= y * (1 + 1e-12) and y <= x.upper for x, y in zip(f.values, expected, strict=True))
    dense = a.toarray()[:300, :200] + np.eye(300, 200)
    smallest = np.linalg.svd(dense, compute_uv=False)[::-1][:2]
    f = kp.partial_svd(dense, 2, which="smallest", restarts=2000)
    assert abs(f.s - smallest).max() < 1e-7
    with pytest.raises(ValueError, match="largest, smallest"):
        kp.partial_svd(dense, 2, which="middle")
    with pytest.raises(ValueError, match="triplets"):
        kp.partial_svd(dense, 201)


@pytest.mark.parametrize("name", NASTY)
@pytest.mark.parametrize(("m", "n"), [(300, 300), (700, 280), (280, 400), (30, 20)])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.complex128])
def test_truncated_decompositions_are_those_of_numpy(name: str, m: int, n: int, dtype: Any) -> None:
    a = with_values(m, n, NASTY[name](min(m, n))).astype(dtype)
    if dtype == np.complex128:
        a = a * np.exp(0.3j)
    wide = a.astype(np.complex128 if dtype == np.complex128 else np.float64)
    expected = np.linalg.svd(wide, compute_uv=False)
    for k in (1, 7, min(m, n)):
        f = kp.truncated_svd(a, k)
        u, s, vh = f
        assert abs(s - expected[:k]).max() < 1e-13 * 3
        assert abs(u.conj().T @ u - np.eye(k)).max() < 1e-13 and abs(vh @ vh.conj().T - np.eye(k)).max() < 1e-13
        assert abs(wide @ vh.conj().T - u * s).max() < 1e-13 and abs(u.conj().T @ wide - (vh.T * s).T).max() < 1e-13
        rest = wide - (u * s) @ vh
        assert f.error is not None
        for said, truth in ((f.error, np.linalg.norm(rest)), (f.spectral_error, np.linalg.norm(rest, 2))):
            assert said.lower <= truth + 1e-12 and truth - 1e-12 <= said.upper and said.upper - said.lower < 1e-10
    above = kp.truncated_svd(a, above=0.95)
    assert len(above) == (expected > 0.95).sum() and all(x.upper > 0.95 for x in above.values)
    before = kp.set_threads(1)
    alone = kp.truncated_svd(a, 7)
    kp.set_threads(before)
    if (m, n) != (30, 20) and dtype != np.complex128:
        assert np.array_equal(alone.u, kp.truncated_svd(a, 7).u)


def test_what_a_truncated_decomposition_is_asked_for() -> None:
    a = with_values(320, 300, 1.0 / np.arange(1, 301)).astype(np.float32)
    single = kp.truncated_svd(a, 5, precision="stored")
    assert single.error is not None
    assert single.values[0].evidence.startswith("estimate: errors of a bidiagonal reduction in single")
    assert all(x.lower <= y <= x.upper for x, y in zip(single.values, 1.0 / np.arange(1, 6), strict=True))
    assert single.residuals.max() < 1e-5 and kp.truncated_svd(a, 5).residuals.max() < 1e-13
    operator = kp.truncated_svd(scipy.sparse.csr_matrix(a.astype(float)), 5)
    assert abs(operator.s - kp.truncated_svd(a.astype(float), 5).s).max() < 1e-15
    for wrong in (
        {},
        {"k": 3, "above": 0.5},
        {"k": 301},
        {"above": float("nan")},
        {"above": -1.0},
        {"k": 3, "precision": "half"},
    ):
        with pytest.raises(ValueError, match="hint|triplets|known"):
            kp.truncated_svd(a, **wrong)


def test_what_an_operator_raises_comes_back() -> None:
    def broken(_: Any) -> Any:
        raise KeyError("mine")

    operator = scipy.sparse.linalg.LinearOperator(
        (5, 4), matvec=broken, matmat=broken, rmatmat=broken, rmatvec=broken, dtype=float
    )
    for f in (kp.randomized_svd, kp.partial_svd):
        with pytest.raises(KeyError, match="mine"):
            f(operator, 2)


def test_the_command_finds_triplets_by_every_method(tmp_path: Path) -> None:
    s = 0.7 ** np.arange(60)
    a = with_values(120, 60, s)
    np.save(tmp_path / "a.npy", a)
    file, out = tmp_path / "a.npy", tmp_path / "f.npz"
    for method in ("truncated", "randomized", "partial"):
        done = answer("svd", file, "--top", 3, "--method", method, "-o", out)["result"]
        assert all(
            x["lower"] <= y * (1 + 1e-14) and y * (1 - 1e-14) <= x["upper"]
            for x, y in zip(done["singular_values"], s, strict=False)
        )
        f = np.load(out)
        assert f["u"].shape == (120, 3) and f["vh"].shape == (3, 60)
        assert np.linalg.norm(a - (f["u"] * f["s"]) @ f["vh"], 2) == pytest.approx(s[3], rel=1e-5)
        said = run("svd", file, "--top", 3, "--method", method, "--explain").stderr
        assert {"truncated": "Ipsen", "randomized": "Halko", "partial": "Baglama"}[method] in said
    for kind in ("gaussian", "sparse-sign", "hadamard"):
        # The draws are those of the verb in Python.
        found = answer("svd", file, "--top", 3, "--method", "randomized", "--sketch", kind, "--seed", 5)["result"]
        assert [x["estimate"] for x in found["singular_values"]] == list(kp.randomized_svd(a, 3, sketch=kind, seed=5).s)
    assert len(run("svd", file, "--error", "1e-3").stdout.splitlines()) == len(kp.randomized_svd(a, error=1e-3))
    kp_smallest = kp.partial_svd(np.diag(np.arange(1.0, 51.0)), 2, which="smallest")
    np.save(file, np.diag(np.arange(1.0, 51.0)))
    assert (
        [float(x) for x in run("svd", file, "--smallest", 2).stdout.split()]
        == pytest.approx(list(kp_smallest.s))
        == [1.0, 2.0]
    )


def test_a_large_sparse_file_is_only_multiplied(tmp_path: Path) -> None:
    a = scipy.sparse.random(3000, 2000, density=0.002, random_state=8, format="coo")
    file = tmp_path / "a.mtx"
    scipy.io.mmwrite(file, a)
    expected = np.linalg.svd(a.toarray(), compute_uv=False)
    found = answer("svd", file, "--top", 4)["result"]
    assert found["algorithm"] == "Lanczos with thick restarts" and found["shape"] == [3000, 2000]
    assert all(
        x["lower"] <= y * (1 + 1e-12) and y <= x["upper"]
        for x, y in zip(found["singular_values"], expected, strict=False)
    )
    # More than a tenth of them is quicker found by a reduction.
    found = answer("svd", file, "--top", 201)["result"]
    assert "Lanczos" not in found["algorithm"]
    assert [x["estimate"] for x in found["singular_values"]] == pytest.approx(list(expected[:201]))
