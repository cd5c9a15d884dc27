"""kappa.linalg beside numpy.linalg: shapes, strides, types, stacks, and what either refuses."""

import doctest
import importlib
import os
import pkgutil
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import kappa as kp
import kappa.linalg as la

Array = NDArray[Any]
DTYPES = ["f4", "f8", "c8", "c16", "i4", "u1", "?", ">f8", ">c16"]
LAYOUTS = ["C", "F", "reversed", "every second", "read-only", "transposed"]

settings.register_profile("house", max_examples=60, deadline=None, derandomize=True)
settings.load_profile("house")


def laid_out(a: Array, layout: str) -> Array:
    """The same numbers, otherwise in memory."""
    if layout == "F":
        return np.asfortranarray(a)
    if layout == "reversed":
        return np.ascontiguousarray(a[..., ::-1, ::-1])[..., ::-1, ::-1]
    if layout == "every second":
        wide = np.zeros((*a.shape[:-1], 2 * a.shape[-1]), dtype=a.dtype)
        wide[..., ::2] = a
        return wide[..., ::2]
    if layout == "transposed":
        return np.ascontiguousarray(a.swapaxes(-1, -2)).swapaxes(-1, -2)
    if layout == "read-only":
        a = a.copy()
        a.flags.writeable = False
    return a


@st.composite
def stacks(draw: Any, square: bool = False, empty: bool = True, dtypes: list[str] = DTYPES) -> Array:
    """A stack of matrices: small whole numbers times a scale, of some type and layout."""
    least = 0 if empty else 1
    outer = draw(st.lists(st.integers(least, 3), max_size=2))
    m = draw(st.integers(least, 7))
    n = m if square else draw(st.integers(least, 7))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    dtype = np.dtype(draw(st.sampled_from(dtypes)))
    a = rng.integers(-4 if dtype.kind in "fic" else 0, 5, size=(*outer, m, n)).astype(float)
    if dtype.kind in "fc":
        a = (a + rng.standard_normal(a.shape)) * 2.0 ** draw(st.integers(-20, 20))
    b = a + 1j * rng.standard_normal(a.shape) if dtype.kind == "c" else a
    return laid_out(b.astype(dtype), draw(st.sampled_from(LAYOUTS)))


def precision(a: Array) -> float:
    return float(np.finfo(np.result_type(a.dtype, np.float32) if a.dtype.kind in "fc" else np.float64).eps)


def outcome(call: Callable[[], Any]) -> Any:
    """What a call gives, or the kind of its refusal."""
    try:
        return call()
    except (ValueError, np.linalg.LinAlgError, TypeError, IndexError) as error:
        return type(error)


def same_kind(mine: Any, theirs: Any) -> bool:
    """Whether both refused, each in its own words, or neither."""
    mine_refused, theirs_refused = isinstance(mine, type), isinstance(theirs, type)
    assert mine_refused == theirs_refused, (mine, theirs)
    if mine_refused:
        assert issubclass(mine, theirs) or issubclass(theirs, mine), (mine, theirs)
    return not mine_refused


def close(mine: Any, theirs: Any, scale: float, eps: float, room: float = 100.0) -> None:
    """Equal in shape and type, and in numbers to some precisions of a scale."""
    mine, theirs = np.asarray(mine), np.asarray(theirs)
    assert mine.shape == theirs.shape and mine.dtype == theirs.dtype, (mine, theirs)
    if mine.size:
        assert np.abs(mine - theirs).max() <= room * eps * scale, (mine, theirs)


def size_of(a: Array) -> float:
    return float(np.abs(a.astype(complex)).max(initial=0)) * max(a.shape[-2:], default=1) + 1e-300


@given(stacks())
def test_singular_values_and_vectors(a: Array) -> None:
    mine, theirs = outcome(lambda: la.svdvals(a)), outcome(lambda: np.linalg.svdvals(a))
    if same_kind(mine, theirs):
        close(mine, theirs, size_of(a), precision(a))
    for full in (False, True):
        u, s, vh = la.svd(a, full_matrices=full)
        nu, ns, nvh = np.linalg.svd(a, full_matrices=full)
        assert u.shape == nu.shape and vh.shape == nvh.shape and u.dtype == nu.dtype
        close(s, ns, size_of(a), precision(a))
        k = s.shape[-1]
        back = (u[..., :k] * s[..., None, :]) @ vh[..., :k, :]
        assert np.abs(back - a).max(initial=0) <= 100 * precision(a) * size_of(a)
        for q in (u, vh.conj().swapaxes(-1, -2)):
            assert np.abs(q.conj().swapaxes(-1, -2) @ q - np.eye(q.shape[-1])).max(initial=0) <= 100 * precision(a)


@given(stacks(square=True), st.sampled_from("LU"))
def test_hermitian_eigenvalues(a: Array, triangle: Any) -> None:
    values, vectors = la.eigh(a, triangle)
    theirs = np.linalg.eigh(a, triangle)
    close(values, theirs.eigenvalues, size_of(a), precision(a))
    close(la.eigvalsh(a, triangle), theirs.eigenvalues, size_of(a), precision(a))
    half = (np.tril(a, -1) if triangle == "L" else np.triu(a, 1)).astype(vectors.dtype)
    whole = half + half.conj().swapaxes(-1, -2)
    diagonal = np.einsum("...ii->...i", whole)
    diagonal[...] = np.einsum("...ii->...i", a).real
    assert vectors.dtype == theirs.eigenvectors.dtype and vectors.shape == theirs.eigenvectors.shape
    assert np.abs(whole @ vectors - vectors * values[..., None, :]).max(initial=0) <= 100 * precision(a) * size_of(a)


@given(stacks(square=True))
def test_eigenvalues(a: Array) -> None:
    values, vectors = la.eig(a)
    theirs = np.linalg.eig(a)
    assert values.shape == theirs.eigenvalues.shape and vectors.shape == theirs.eigenvectors.shape
    # Which of two nearly equal real values turns into a pair is a matter of the last bit.
    assert values.dtype.itemsize in (theirs.eigenvalues.dtype.itemsize, 2 * theirs.eigenvalues.dtype.itemsize)
    residual = a.astype(vectors.dtype) @ vectors - vectors * values[..., None, :]
    assert np.abs(residual).max(initial=0) <= 200 * precision(a) * size_of(a)
    lengths = np.sqrt((np.abs(vectors) ** 2).sum(axis=-2))
    assert np.abs(lengths - 1).max(initial=0) <= 10 * precision(a)
    trace = np.einsum("...ii->...", a.astype(complex))
    assert np.abs(la.eigvals(a).sum(axis=-1) - trace).max(initial=0) <= 200 * precision(a) * size_of(a)


@given(stacks(), st.sampled_from(["reduced", "complete", "r", "raw"]))
def test_qr(a: Array, mode: Any) -> None:
    mine, theirs = la.qr(a, mode), np.linalg.qr(a, mode)
    for x, y in zip(mine if isinstance(mine, tuple) else (mine,), theirs if isinstance(theirs, tuple) else (theirs,)):
        assert x.shape == y.shape and x.dtype == y.dtype
    if mode in ("reduced", "complete"):
        assert np.abs(mine.Q @ mine.R - a).max(initial=0) <= 100 * precision(a) * size_of(a)
        defect = np.abs(mine.Q.conj().swapaxes(-1, -2) @ mine.Q - np.eye(mine.Q.shape[-1]))
        assert defect.max(initial=0) <= 100 * precision(a)
        assert (np.tril(mine.R, -1) == 0).all()
    if mode == "raw" and a.size:
        # Q = H₁H₂…, Hⱼ = I - τ v vᴴ, gives back A.
        h, tau = mine
        factors = h.swapaxes(-1, -2)
        m, n = factors.shape[-2:]
        back = np.triu(factors).astype(np.result_type(factors, np.float64))
        for j in reversed(range(min(m, n))):
            v = np.concatenate(
                [np.zeros((*a.shape[:-2], j)), np.ones((*a.shape[:-2], 1)), factors[..., j + 1 :, j]], axis=-1
            )
            along = (v.conj()[..., None, :] @ back) * tau[..., j, None, None]
            back = back - v[..., :, None] * along
        assert np.abs(back - a).max() <= 100 * precision(a) * size_of(a)


@given(stacks(square=True), st.data())
def test_solutions_inverses_and_determinants(a: Array, data: st.DataObject) -> None:
    n = a.shape[-1]
    kind = data.draw(st.sampled_from(["vector", "block", "stack", "one for all"]))
    shape = {"vector": (n,), "block": (n, 2), "stack": (*a.shape[:-2], n, 3), "one for all": (1, n, 1)}[kind]
    b = np.random.default_rng(n).standard_normal(shape)
    mine, theirs = outcome(lambda: la.solve(a, b)), outcome(lambda: np.linalg.solve(a, b))
    regular = a.size > 0 and (np.linalg.cond(a.astype(complex)) < 1 / (1e3 * precision(a))).all()
    if a.size == 0 or regular:
        if same_kind(mine, theirs):
            assert mine.shape == theirs.shape and mine.dtype == theirs.dtype
    if regular:
        worst = float(np.max(np.linalg.cond(a.astype(complex))))
        close(mine, theirs, worst * float(np.abs(theirs).max(initial=0)) * n + 1e-300, precision(theirs))
        close(la.inv(a), np.linalg.inv(a), worst * float(np.abs(np.linalg.inv(a)).max()) * n, precision(a))
        ours, its = la.slogdet(a), np.linalg.slogdet(a)
        close(ours.logabsdet, its.logabsdet, worst * n * (1 + float(np.abs(its.logabsdet).max())), precision(a))
        close(ours.sign, its.sign, worst * n, precision(a))
        product = np.prod(np.linalg.svdvals(a.astype(complex)), axis=-1)
        assert np.abs(np.abs(la.det(a)) - product).max() <= 100 * precision(a) * worst * n * product.max()


@given(stacks(), st.sampled_from([None, "fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf]), st.booleans())
def test_norms_of_matrices(a: Array, order: Any, keepdims: bool) -> None:
    mine = outcome(lambda: la.norm(a, order, axis=(-2, -1), keepdims=keepdims))
    theirs = outcome(lambda: np.linalg.norm(a, order, axis=(-2, -1), keepdims=keepdims))
    if same_kind(mine, theirs):
        close(mine, theirs, size_of(a) * max(a.shape[-2:], default=1), precision(a))
    if order not in (None, "nuc"):
        mine = outcome(lambda: la.matrix_norm(a, ord=order, keepdims=keepdims))
        assert isinstance(mine, type) == isinstance(theirs, type)


@given(
    stacks(),
    st.sampled_from([None, 0, 1, -1, 2, -2, 3, 0.5, np.inf, -np.inf]),
    st.sampled_from([None, 0, -1, 9]),
    st.booleans(),
)
def test_norms_of_vectors(a: Array, order: Any, axis: Any, keepdims: bool) -> None:
    assume(axis is not None or order is None)
    with np.errstate(all="ignore"):
        mine = outcome(lambda: la.norm(a, order, axis=axis, keepdims=keepdims))
        theirs = outcome(lambda: np.linalg.norm(a, order, axis=axis, keepdims=keepdims))
    if same_kind(mine, theirs):
        mine, theirs = np.asarray(mine), np.asarray(theirs)
        assert mine.shape == theirs.shape and mine.dtype == theirs.dtype
        usual = np.isfinite(theirs)
        assert np.allclose(mine[usual], theirs[usual], rtol=200 * precision(a), atol=0)
        if order is not None:
            both = la.vector_norm(a, axis=axis, ord=order), np.linalg.vector_norm(a, axis=axis, ord=order)
            assert np.shape(both[0]) == np.shape(both[1])


@given(stacks(empty=False), st.sampled_from([None, 2, -2, 1, -1, np.inf, -np.inf, "fro"]))
def test_condition_numbers(a: Array, order: Any) -> None:
    mine, theirs = outcome(lambda: la.cond(a, order)), outcome(lambda: np.linalg.cond(a, order))
    if same_kind(mine, theirs):
        mine, theirs = np.asarray(mine), np.asarray(theirs)
        assert mine.shape == theirs.shape and mine.dtype == theirs.dtype
        tame = np.isfinite(theirs) & (theirs < 1 / (1e4 * precision(a))) & (theirs > 1e4 * precision(a))
        assert np.allclose(mine[tame], theirs[tame], rtol=1e-2)


@given(stacks(empty=False))
def test_ranks_and_pseudoinverses(a: Array) -> None:
    assert np.array_equal(la.matrix_rank(a), np.linalg.matrix_rank(a))
    # NumPy knows no precision of whole numbers.
    their_pinv: Any = np.linalg.pinv
    mine, theirs = la.pinv(a, rtol=None), their_pinv(a if a.dtype.kind in "fc" else a.astype(float), rtol=None)
    assert mine.shape == theirs.shape and mine.dtype == theirs.dtype
    back = a.astype(complex) @ mine.astype(complex) @ a.astype(complex)
    assert np.abs(back - a).max() <= 1e4 * precision(a) * size_of(a)


@given(stacks(dtypes=["f4", "f8", "c8", "c16", "i4"]), st.sampled_from([None, -1, 1e-3]), st.booleans())
def test_least_squares(a: Array, rcond: Any, is_vector: bool) -> None:
    a = a.reshape(-1, a.shape[-1]) if a.ndim != 2 and a.shape[-1] else a
    assume(a.ndim == 2)
    b = np.random.default_rng(0).standard_normal(a.shape[0] if is_vector else (a.shape[0], 2))
    x, residuals, rank, s = la.lstsq(a, b, rcond=rcond)
    nx, nresiduals, nrank, ns = np.linalg.lstsq(a, b, rcond=rcond)
    assert x.shape == nx.shape and x.dtype == nx.dtype and s.dtype == ns.dtype
    close(s, ns, size_of(a), precision(a))
    if rank == nrank:
        assert residuals.shape == nresiduals.shape
    # No better than theirs means no longer residual.
    mine, theirs = a @ x - b, a @ nx - b
    assert np.linalg.norm(mine) <= np.linalg.norm(theirs) * (1 + 1e-3) + 1e-3 if rank == nrank else True


@given(stacks(square=True, empty=False, dtypes=["f4", "f8", "c8", "c16"]), st.booleans())
def test_cholesky(a: Array, upper: bool) -> None:
    a = a / max(size_of(a), 1e-30)
    definite = (a @ a.conj().swapaxes(-1, -2) + np.eye(a.shape[-1])).astype(a.dtype)
    factor = la.cholesky(definite, upper=upper)
    close(factor, np.linalg.cholesky(definite, upper=upper), 1.0, precision(a))
    with pytest.raises(np.linalg.LinAlgError):
        la.cholesky(-definite)


@given(stacks(square=True, empty=False), st.integers(-3, 9))
def test_powers(a: Array, power: int) -> None:
    a = (a / a.dtype.type(max(1, round(size_of(a))))).astype(a.dtype) if a.dtype.kind in "fc" else a
    mine, theirs = outcome(lambda: la.matrix_power(a, power)), outcome(lambda: np.linalg.matrix_power(a, power))
    if power >= 0 or not (isinstance(mine, type) or isinstance(theirs, type)):
        if same_kind(mine, theirs):
            assert mine.shape == theirs.shape and mine.dtype == theirs.dtype
            if power >= 0:
                assert np.allclose(mine, theirs, rtol=1e-3, atol=1e-5)


@given(
    stacks(square=True, empty=False, dtypes=["f4", "f8", "c8", "c16"]),
    st.sampled_from([None, "lhp", "rhp", "iuc", "ouc"]),
)
def test_schur_forms(a: Array, sort: Any) -> None:
    a = a.reshape(-1, *a.shape[-2:])[:1].reshape(a.shape[-2:]) if a.size else a
    for output in ("real", "complex"):
        t, z, *count = la.schur(a, output, sort=sort)
        scale = size_of(a)
        assert np.abs(z @ t @ z.conj().T - a).max() <= 500 * precision(a) * scale
        assert np.abs(z.conj().T @ z - np.eye(len(z))).max() <= 100 * precision(a)
        assert (np.tril(t, -1 if output == "complex" or a.dtype.kind == "c" else -2) == 0).all()
        if sort is not None:
            values = np.linalg.eigvals(t[: count[0], : count[0]].astype(complex))
            room = 1e3 * np.sqrt(precision(a)) * scale
            inside = {
                "lhp": values.real <= room,
                "rhp": values.real >= -room,
                "iuc": np.abs(values) <= 1 + room,
                "ouc": np.abs(values) >= 1 - room,
            }
            assert inside[sort].all()


@given(stacks(empty=False, dtypes=["f4", "f8", "c8", "c16"]))
def test_lu_and_polar(a: Array) -> None:
    p, lower, upper = la.lu(a)
    assert np.abs(p @ lower @ upper - a).max() <= 100 * precision(a) * size_of(a)
    rows, lower, upper = la.lu(a, p_indices=True)
    product = np.take_along_axis(lower @ upper, rows[..., None], axis=-2)
    assert np.abs(product - a).max() <= 100 * precision(a) * size_of(a)
    assert np.abs(lower).max() <= 1 + precision(a) if a.dtype.kind == "f" else True
    for side in ("right", "left"):
        u, h = la.polar(a, side)
        back = u @ h if side == "right" else h @ u
        assert np.abs(back - a).max() <= 100 * precision(a) * size_of(a)
        assert np.array_equal(h, h.conj().swapaxes(-1, -2))


@pytest.mark.parametrize("dtype", ["float16", ml_dtypes.bfloat16, ml_dtypes.float8_e4m3fn])
def test_small_floats_are_answered_in_single_precision(dtype: Any) -> None:
    a = np.array([[3.0, 1.0], [1.0, 2.0]]).astype(dtype)
    assert la.svdvals(a).dtype == np.float32
    assert np.allclose(la.solve(a, a), np.eye(2), atol=1e-6)


class Tensor:
    """Something that hands its memory over by DLPack, and in no other way."""

    def __init__(self, array: Array) -> None:
        self.array = array

    def __dlpack__(self, **options: Any) -> Any:
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self.array.__dlpack_device__()


def test_tensors_are_taken_by_dlpack() -> None:
    a = np.random.default_rng(0).standard_normal((4, 4))
    tensor = Tensor(a)
    assert np.array_equal(la.inv(tensor), la.inv(a))
    as_any: Any = tensor
    assert float(kp.norm(as_any)) == float(kp.norm(a))


def test_longdouble_is_refused_as_numpy_refuses_it() -> None:
    with pytest.raises(TypeError, match="unsupported in linalg"):
        la.svd(np.eye(2, dtype=np.longdouble))


def test_lengths_neither_overflow_nor_underflow() -> None:
    assert la.norm(np.full(4, 1e200)) == 2e200
    assert la.norm(np.full((2, 2), 1e-200)) == 2e-200
    assert la.norm([1e200, 1e200], 3) == pytest.approx(2 ** (1 / 3) * 1e200)
    assert la.norm(np.full(9, 300, dtype=np.float16)) == 900
    sign, log = la.slogdet(np.diag([1e-300] * 3))
    assert (sign, log) == (1, pytest.approx(-900 * np.log(10)))
    assert la.det(np.diag([1e-200, 1e200, -2.0])) == pytest.approx(-2)


def test_entries_that_are_not_finite() -> None:
    a = np.stack([np.eye(3), np.full((3, 3), 2.0), np.eye(3)])
    a[1, 2, 0] = np.nan
    for refused in (la.svd, la.svdvals, la.eigh, la.eig, la.eigvals):
        with pytest.raises(np.linalg.LinAlgError, match="matrix 2 of 3.*row 3, column 1"):
            refused(a)
    for answered in (
        la.det,
        la.cond,
        lambda x: la.inv(x)[:, 0, 0],
        lambda x: la.solve(x, np.ones(3))[:, 0],
        lambda x: la.qr(x).R[:, 0, 0],
    ):
        assert np.isnan(answered(a)).tolist() == [False, True, False]
    # What stands in the other triangle is not read.
    upper = np.triu(np.full((3, 3), np.nan), 1) + np.eye(3)
    assert la.eigvalsh(upper).tolist() == [1, 1, 1]
    assert la.cholesky(upper).tolist() == np.eye(3).tolist()


def test_singular_matrices_in_a_stack_are_named() -> None:
    a = np.stack([np.eye(2), np.ones((2, 2))])
    with pytest.raises(np.linalg.LinAlgError, match="Singular matrix: number 2 of 2"):
        la.inv(a)
    assert la.cond(a, 1)[1] == np.inf
    assert la.det(a).tolist() == [1, 0]


def test_subclasses_stay_what_they_are() -> None:
    class Kept(np.ndarray):
        pass

    a = np.eye(3).view(Kept)
    for answer in (la.inv(a), la.svd(a).U, la.qr(a).Q, la.eigh(a).eigenvectors, la.cholesky(a), la.pinv(a)):
        assert type(answer) is Kept
    assert type(la.svdvals(a)) is np.ndarray


def test_answers_are_the_same_on_any_number_of_threads() -> None:
    a = np.random.default_rng(0).standard_normal((7, 300, 200))
    before = kp.threads()
    found = []
    for count in (1, 2, 5):
        kp.set_threads(count)
        assert kp.threads() == count
        found.append([la.norm(a), la.svdvals(a), *la.svd(a[0])])
    kp.set_threads(None)
    assert kp.threads() == before
    for other in found[1:]:
        assert all(np.array_equal(x, y) for x, y in zip(found[0], other))
    for refused in (0, -1, 5000):
        with pytest.raises(ValueError, match="hint"):
            kp.set_threads(refused)


@pytest.mark.parametrize(
    "module", [name for _, name, _ in pkgutil.iter_modules(la.__path__, "kappa.linalg.")] + ["kappa.linalg"]
)
def test_documentation_examples_run(module: str) -> None:
    outcome = doctest.testmod(importlib.import_module(module))
    assert outcome.failed == 0


def test_every_public_function_has_an_example() -> None:
    for name in la.__all__:
        function = getattr(la, name)
        if getattr(function, "__module__", "").startswith("kappa") and not isinstance(function, type):
            assert ">>>" in (function.__doc__ or ""), name


def test_operators_are_multiplied_and_not_written_out() -> None:
    sparse = pytest.importorskip("scipy.sparse")
    linear = pytest.importorskip("scipy.sparse.linalg")
    a = sparse.random_array((300, 300), density=0.02, rng=np.random.default_rng(0), format="csr")
    for operator in (a, linear.aslinearoperator(a)):
        exact = abs(a).sum(axis=0).max()
        estimate, v, w = la.onenormest(operator, compute_v=True, compute_w=True)
        assert exact / 3 <= estimate <= exact * (1 + 1e-12)
        assert np.allclose(a @ v, w) and np.abs(w).sum() == pytest.approx(estimate * np.abs(v).sum())
        u, s, vh = la.randomized_svd(operator, 5, n_oversamples=60, n_iter=8)
        assert np.allclose(s, np.linalg.svdvals(a.toarray())[:5], rtol=1e-4)
        assert np.abs(u.T @ u - np.eye(5)).max() < 1e-10 and vh.shape == (5, 300)


def test_the_1_norm_is_estimated_from_below() -> None:
    for seed in range(30):
        rng = np.random.default_rng(seed)
        a = rng.standard_normal((40, 40)) * (rng.random((40, 40)) < 0.2)
        if seed % 2:
            a = a + 1j * rng.standard_normal((40, 40))
        exact = np.linalg.norm(a, 1)
        assert exact / 3 <= la.onenormest(a) <= exact * (1 + 1e-12)


def test_subspaces() -> None:
    rng = np.random.default_rng(0)
    a = rng.standard_normal((6, 3)) @ rng.standard_normal((3, 5))
    assert la.null_space(a).shape == (5, 2) and np.abs(a @ la.null_space(a)).max() < 1e-13
    assert la.orth(a).shape == (6, 3)
    assert np.abs(la.subspace_angles(a, la.orth(a))).max() < 1e-14
    small = 1e-9
    turned = np.array([[np.cos(small)], [np.sin(small)]])
    assert la.subspace_angles([[1.0], [0.0]], turned)[0] == pytest.approx(small, rel=1e-6)
    q = np.linalg.qr(rng.standard_normal((5, 5))).Q
    r, scale = la.orthogonal_procrustes(a, a @ q)
    assert np.abs(a @ r - a @ q).max() < 1e-13 and scale == pytest.approx(np.linalg.norm(a) ** 2)


def test_defective_triangular_and_scaled_matrices_have_their_eigenvalues() -> None:
    for n in (23, 30, 60):
        block = np.diag(np.ones(n - 1), 1) + 2 * np.eye(n)
        for a in (block, block.T, np.tril(np.ones((n, n))) + np.eye(n), block + 0j):
            values, vectors = la.eig(a)
            assert np.array_equal(values, np.full(n, 2)) and np.array_equal(la.eigvals(a), values)
            assert np.abs(a @ vectors - vectors * values).max() < 1e-13
            assert np.array_equal(np.diag(la.schur(a, "complex")[0]), values)
    # Eigenvalues that are nearly equal: the residuals of their vectors are still small.
    near = np.eye(20) + 1e-8 * np.random.default_rng(1).normal(size=(20, 20))
    values, vectors = la.eig(near)
    assert np.linalg.norm(near @ vectors - vectors * values) < 1e-12
    rng = np.random.default_rng(0)
    a = rng.standard_normal((6, 6))
    scale = 10.0 ** np.arange(-9, 9, 3)
    order = np.random.default_rng(1).permutation(6)
    hidden = (scale[:, None] * a / scale)[order][:, order]
    expected, found = np.sort_complex(np.linalg.eigvals(a)), np.sort_complex(la.eigvals(hidden))
    assert np.abs(found - expected).max() < 1e-10


def test_rows_and_columns_of_any_size() -> None:
    assert la.solve([[1e-309, 1], [0, 2.0]], [1, 2.0]).tolist() == [0, 1]
    assert la.det([[1e-310, 1], [0, 2.0]]) == 2e-310 and la.det([[1e-310, 1], [1e-310, 2]]) == 1e-310
    apart = np.diag([1e300, 1e-300])
    assert la.det(apart) == pytest.approx(1) and la.slogdet(apart).sign == 1
    assert np.diag(la.inv(apart)).tolist() == pytest.approx([1e-300, 1e300])
    both = [[1e300, 1e-300], [1e300, 1e-300]]
    assert la.solve(np.eye(2), both).tolist() == both
    rng = np.random.default_rng(0)
    for rows in (20, 300):
        a = rng.standard_normal((rows, 12))
        for graded in (a * 10.0 ** rng.uniform(-200, 0, (rows, 1)), a * 10.0 ** rng.uniform(-100, 100, 12)):
            u, s, vh = la.svd(graded, full_matrices=False)
            assert np.abs((u * s) @ vh - graded).max() <= 1e-13 * s[0]
            assert np.abs(la.svdvals(graded) - s).max() <= 1e-13 * s[0]
        graded = a * 10.0 ** rng.uniform(-100, 100, 12)
        q, r = la.qr(graded)
        assert (np.abs(q @ r - graded).max(axis=0) <= 1e-13 * np.abs(graded).max(axis=0)).all()


def test_signs_of_real_determinants_are_exact() -> None:
    a = np.random.default_rng(0).standard_normal((500, 4, 4))
    assert set(la.slogdet(a).sign.tolist()) == {-1.0, 1.0} and la.slogdet([[49.0]]).sign == 1


def test_matrices_and_masked_arrays_are_plain_arrays_to_norms() -> None:
    with pytest.warns(PendingDeprecationWarning):
        m = np.matrix([[1.0, 2.0], [3.0, 4.0]])
    for order in (None, "fro", 1, -1, 2, -2, np.inf, -np.inf, "nuc"):
        assert type(la.norm(m, order)) is type(np.linalg.norm(m, order))
        assert la.norm(m, order) == pytest.approx(np.linalg.norm(m, order))
    assert type(la.norm(m, 1, axis=0)) is np.ndarray
    assert la.polar(m)[0].shape == (2, 2)
    assert type(la.orth(m)) is np.ndarray
    assert la.norm(np.ma.array([3.0, 4.0]), 1) == 7


def test_unaligned_arrays_are_copied() -> None:
    packed = np.zeros(3, dtype="u1,(2,2)f8")["f1"]
    packed[0] = [[3.0, 0.0], [0.0, 4.0]]
    a = packed[0]
    assert not a.flags.aligned
    assert la.norm(a) == 5 and la.norm(a, axis=0).tolist() == [3, 4] and float(kp.norm(a)) == 5
    assert la.svdvals(a).tolist() == [4, 3] and kp.solve(a, [3.0, 4.0]).x.tolist() == [1, 1]


def test_edges_of_shapes() -> None:
    with pytest.raises(ValueError):
        la.solve(np.eye(2), 5.0)
    assert la.solve(np.ones((2, 2)), np.zeros((0, 2, 1))).shape == (0, 2, 1)
    assert la.vector_norm(np.zeros((0, 3, 2)), axis=(1, 2)).shape == (0,)
    with pytest.raises(np.exceptions.AxisError):
        la.norm(np.array(0.0), 1, axis=-1, keepdims=True)
    r, scale = la.orthogonal_procrustes(np.ones((2, 3, 3)), np.ones((2, 3, 3)))
    assert r.shape == (2, 3, 3) and scale.shape == (2,)


def test_sums_of_single_precision_are_not_taken_in_it() -> None:
    a = np.full((1 << 20, 2), 0.1, dtype=np.float32)
    assert la.norm(a, 1) == pytest.approx(float(np.float32(0.1)) * (1 << 20), rel=1e-7)
    assert la.norm(a[:, 0], 3) == pytest.approx(float(np.float32(0.1)) * (1 << 20) ** (1 / 3), rel=1e-7)
    assert la.norm(np.array([1e200] * 4, dtype=">f8")) == 2e200
    assert la.norm([1e-200, 1e200], -3) == pytest.approx(1e-200)


@pytest.mark.parametrize("dtype", [ml_dtypes.float8_e5m2, ml_dtypes.float8_e4m3b11fnuz, ml_dtypes.bfloat16])
def test_small_floats_are_known_by_their_names(dtype: Any) -> None:
    a = np.eye(2).astype(dtype)
    assert la.svdvals(a).dtype == np.float32 and la.norm(a).dtype == np.float32


@pytest.mark.skipif(not hasattr(os, "fork"), reason="SKIPPED: this system has no fork")
def test_a_forked_child_computes() -> None:
    program = (
        "import os, numpy as np, kappa as kp, kappa.linalg as la\n"
        "a = np.random.default_rng(0).standard_normal((600, 600))\n"
        "la.solve(a, a); kp.cond(a)\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    la.solve(a, a); la.svd(np.ones((100, 32, 32))); kp.cond(a); os._exit(7)\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True, timeout=120)
    assert done.stdout == "7\n", done.stderr


def test_complex_operators_are_multiplied() -> None:
    linear = pytest.importorskip("scipy.sparse.linalg")
    a = np.array([[2, 1j], [-1j, 3]])
    found = kp.solve_iteratively(linear.aslinearoperator(a), [1.0, 2.0], by="cg")
    assert np.allclose(a @ found["x"], [1.0, 2.0])
    declared_real = linear.LinearOperator((2, 2), matvec=lambda x: a @ x, matmat=lambda x: a @ x, dtype=float)
    with pytest.raises(TypeError, match="declared real"):
        kp.solve_iteratively(declared_real, [1.0, 2.0], by="cg")
