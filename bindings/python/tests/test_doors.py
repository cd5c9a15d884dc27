"""One door for matrices of every form: the same questions have the same answers, and every refusal has its kind."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sparse
import scipy.sparse.linalg as linear

import kappa as kp

RNG = np.random.default_rng(7)
N = 30
DENSE = RNG.standard_normal((N, N)) + 8.0 * np.eye(N)
DENSE[RNG.random((N, N)) < 0.6] = 0.0
DENSE += np.diag(np.arange(1.0, N + 1.0))
B = RNG.standard_normal(N)

FORMS: dict[str, Callable[[Any], Any]] = {
    "csr": sparse.csr_array,
    "csc": sparse.csc_matrix,
    "coo": sparse.coo_array,
    "lil": sparse.lil_array,
    "operator": linear.aslinearoperator,
}
QUESTIONS: dict[str, Callable[[Any], Any]] = {
    "norm": lambda a: kp.norm(a),
    "max-abs": lambda a: kp.norm(a, "max-abs"),
    "spectral": lambda a: kp.norm(a, "spectral"),
    "nuclear": lambda a: kp.norm(a, "nuclear"),
    "certified": lambda a: kp.norm(a, certify=True),
    "measure": lambda a: kp.measure(a, "rank", "cond")["cond"],
    "rank": lambda a: kp.rank(a),
    "exact_rank": lambda a: kp.exact_rank(a),
    "values": lambda a: np.asarray(kp.singular_values(a)),
    "top": lambda a: np.asarray(kp.singular_values(a, top=3)),
    "cond": lambda a: kp.cond(a),
    "svd": lambda a: kp.svd(a).s,
    "eig": lambda a: np.sort_complex(kp.eig(a).values),
    "gershgorin": lambda a: kp.gershgorin(a)["row_radii"],
    "density": lambda a: kp.density(a, bins=4).counts,
    "lanczos_density": lambda a: kp.lanczos_density(a, probes=3, steps=5).schatten(2.0),
    "solve": lambda a: kp.solve(a, B).x,
    "certified_solve": lambda a: kp.solve(a, B, certify=True).x,
    "lstsq": lambda a: kp.lstsq(a, B).x,
    "pinv": lambda a: kp.pinv(a)["matrix"],
    "skeel": lambda a: kp.skeel_cond(a),
    "log_norm": lambda a: kp.log_norm(a),
    "nearest": lambda a: kp.nearest(a, "symmetric")["matrix"],
    "factor": lambda a: kp.factor(a, "qr")["r"],
    "angles": lambda a: [float(x) for x in kp.principal_angles(a, DENSE[:, :2])],
    "backward": lambda a: kp.backward_error(a, B, B)[0],
    "prox": lambda a: kp.Norm("nuclear").prox(a, 0.5),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("question", QUESTIONS)
def test_every_form_gives_the_same_answer(form: str, question: str) -> None:
    expected, found = (QUESTIONS[question](a) for a in (DENSE, FORMS[form](DENSE)))
    if isinstance(expected, kp.Enclosure):
        expected, found = float(expected), float(found)
    assert np.allclose(found, expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("dtype", ["f4", "f8", "c8", "c16"])
@pytest.mark.parametrize("form", FORMS)
def test_every_type_of_entries_in_every_form(form: str, dtype: str) -> None:
    a = DENSE.astype(dtype)
    if a.dtype.kind == "c":
        a = a + (1j * DENSE.T).astype(dtype)
    given = FORMS[form](a)
    assert np.isclose(float(kp.norm(given)), np.linalg.norm(a.astype("c16")), rtol=1e-9)
    assert np.isclose(float(kp.norm(given, "spectral")), np.linalg.norm(a.astype("c16"), 2), rtol=1e-6)
    assert np.allclose(a @ kp.solve(given, B).x, B, atol=1e-3 if dtype in ("f4", "c8") else 1e-9)


def test_what_is_large_and_sparse_is_not_written_out() -> None:
    n = 60_000
    diagonal = np.full(n, 4.0)
    diagonal[[3, 50_000]] = 100.0, 50.0
    off = -np.ones(n - 1)
    a = sparse.diags_array([off, diagonal, off], offsets=[-1, 0, 1]).tocsr()
    assert np.isclose(float(kp.norm(a)), linear.norm(a))
    assert float(kp.norm(a, "max-column-sum")) == 102.0 and float(kp.norm(a, "max-abs")) == 100.0
    assert 102.0 > float(kp.norm(a, "spectral", width=1e-3)) > 100.0
    top = np.asarray(kp.singular_values(a, top=2))
    assert np.allclose(top, [100.02, 50.04], atol=0.02)
    assert np.allclose(a @ kp.solve(a, np.ones(n)).x, 1.0)
    assert kp.gershgorin(a)["row_radii"].max() == pytest.approx(2.0)
    assert kp.cond(a, "max-column-sum").lower > 20.0
    assert kp.lanczos_density(a, probes=2, steps=5).products == 20
    for refused in (lambda: kp.svd(a), lambda: kp.eig(a), lambda: kp.singular_values(a)):
        with pytest.raises(MemoryError, match="60000"):
            refused()


def test_operators_keep_their_own_exception() -> None:
    class Mine(Exception):
        pass

    def broken(x: Any) -> Any:
        raise Mine("no product")

    operator = linear.LinearOperator((5, 5), matvec=broken, rmatvec=broken, matmat=broken, dtype=float)
    for ask in (kp.norm, kp.svd, kp.cond, kp.gershgorin, lambda a: kp.solve(a, np.ones(5)), kp.lanczos_density):
        with pytest.raises(Mine, match="no product"):
            ask(operator)

    class OneWay:
        shape, dtype = (3, 3), np.dtype(float)

        def matmat(self, x: Any) -> Any:
            return 2.0 * x

    assert float(kp.norm(OneWay())) == pytest.approx(np.sqrt(12.0))
    with pytest.raises(ValueError, match="adjoint"):
        kp.partial_svd(OneWay(), 1)


def test_masked_arrays_are_refused_unless_nothing_is_masked() -> None:
    a = np.ma.masked_invalid(np.array([[1.0, np.nan], [0.0, 2.0]]))
    for ask in (kp.norm, kp.svd, kp.sum, lambda a: kp.solve(a, [1.0, 1.0]), lambda a: kp.solve(np.eye(2), a[0])):
        with pytest.raises(ValueError, match="1 entry is masked"):
            ask(a)
    assert float(kp.norm(np.ma.masked_invalid(np.diag([3.0, 4.0])))) == 5.0


def test_numbers_are_never_rounded_on_the_way() -> None:
    big = 2**53 + 1
    for ask in (
        lambda x: kp.sum(x),
        lambda x: kp.vector_norm(x),
        lambda x: kp.tail(x),
        lambda x: kp.norm(sparse.csr_array(np.array([x]))),
        lambda x: kp.solve(np.eye(2), np.array(x)),
    ):
        with pytest.raises(ValueError, match=f"integer {big} at position 1 is beyond 2\\^53"):
            ask(np.array([big, 1]))
    # Beyond 2^53, and a double.
    assert float(kp.norm(np.array([[2**60]]), "max-abs")) == 2.0**60
    assert float(kp.norm(np.array([[2**64 - 2**11]], dtype=np.uint64), "max-abs")) == 2.0**64 - 2.0**11
    with pytest.raises(TypeError, match="longdouble|float128"):
        kp.sum(np.ones(2, dtype=np.longdouble))


def test_integers_of_files_are_not_rounded_in_silence(tmp_path: Path) -> None:
    big = 2**53 + 1
    np.save(tmp_path / "big.npy", np.array([[big, 2**53], [1, 1]]))
    np.savetxt(tmp_path / "big.csv", [[big, 2**53], [1, 1]], fmt="%d", delimiter=",")
    for name in ("big.npy", "big.csv"):
        model = kp.open(tmp_path / name)
        if name == "big.npy":
            # As it is stored.
            assert model["big"].dtype == np.int64 and int(model["big"][0, 0]) == big
        else:
            with pytest.raises(ValueError, match=f"the integer {big} at \\[1, 1\\]"):
                model["big"]
        found = model.measure("big", "max-abs", "cond")
        assert found["max_abs"].lower < big < found["max_abs"].upper
        # det = 1, and the nearest doubles are singular.
        assert found["cond"].lower < 1.7e32 and found["cond"].upper == math.inf
        assert model.survey()[0]["max_abs_upper"] > big
    assert kp.open(tmp_path / "big.npy").survey().skipped == []


def test_errors_by_kind(tmp_path: Path) -> None:
    singular = np.ones((3, 3))
    for ask in (
        lambda: kp.solve(singular, np.ones(3)),
        lambda: kp.Solver(singular),
        lambda: kp.solve(sparse.csr_array(np.diag([1.0, 0.0, 2.0])), np.ones(3)),
        lambda: kp.factor(-np.eye(2), "cholesky"),
        lambda: kp.CholeskyUpdate(-np.eye(2)),
    ):
        with pytest.raises(np.linalg.LinAlgError):
            ask()
    assert issubclass(np.linalg.LinAlgError, ValueError)
    with pytest.raises(kp.NotFiniteError):
        kp.norm(np.array([[np.inf]]))
    with pytest.raises(kp.NotFiniteError):
        kp.norm(sparse.csr_array(np.array([[np.nan]])))
    with pytest.raises(FileNotFoundError):
        kp.open(tmp_path / "nothing.npy")
    with pytest.raises(FileNotFoundError):
        kp.regress(tmp_path / "nothing.csv", "y ~ x")
    with pytest.raises(ValueError):
        (tmp_path / "a.npy").write_bytes(b"\x93NUMPY\x09")
        kp.open(tmp_path / "a.npy")
    with pytest.raises(ValueError, match="known"):
        kp.partial_svd(np.eye(3), 1, which="middle")
