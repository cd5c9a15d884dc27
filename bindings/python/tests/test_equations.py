"""Systems, least squares, regression, nearest matrices and alignment against NumPy, SciPy and exact arithmetic."""

import json
from fractions import Fraction
from pathlib import Path

import jsonschema
from typing import Any

import numpy as np
import pandas
import polars
import pytest
import scipy.linalg as scipy_linalg
import scipy.sparse as sparse
import scipy.sparse.linalg as sparse_linalg
from conftest import ROOT, run

import kappa as kp

SCHEMA = json.loads((ROOT / "docs" / "json.schema.json").read_text())

RNG = np.random.default_rng(17)
DTYPES = [np.float32, np.float64, np.complex64, np.complex128]


def draw(shape: Any, dtype: Any = np.float64) -> Any:
    x = RNG.standard_normal(shape)
    if np.issubdtype(dtype, np.complexfloating):
        x = x + 1j * RNG.standard_normal(shape)
    return x.astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("order", ["C", "F", "strided"])
def test_solve_agrees_with_numpy(dtype: Any, order: Any) -> None:
    a = draw((24, 24), dtype)
    if order == "F":
        a = np.asfortranarray(a)
    if order == "strided":
        a = draw((48, 48), dtype)[::2, ::-2]
    for b in (draw(24, dtype), draw((24, 3), dtype)):
        s = kp.solve(a, b)
        expected = np.linalg.solve(a.astype(np.complex128), b)
        assert s.x.shape == b.shape
        assert np.abs(s.x - expected).max() <= float(s) * np.abs(expected).max() + 1e-13 * np.abs(expected).max()
        assert s.backward_error.upper < 1e-13 and s.method.startswith("LU")
        assert np.allclose(s.residual, b - a.astype(np.complex128) @ s.x, atol=1e-12)
        assert s.cond.estimate <= np.linalg.cond(a.astype(np.complex128), np.inf) * 1.01


def test_structure_is_seen() -> None:
    t = np.diag(np.full(20, 4.0)) - np.diag(np.ones(19), 1) - np.diag(np.ones(19), -1)
    b = draw(20)
    expected = np.linalg.solve(t, b)
    for a, name in [(t, "banded"), (np.triu(t), "back"), (np.tril(t), "forward"), (np.diag(np.diag(t)), "division")]:
        s = kp.solve(a, b)
        assert s.method.startswith(name), s.method
        assert np.allclose(s.x, np.linalg.solve(a, b), rtol=1e-13)
    g = draw((20, 20))
    assert kp.solve(g @ g.T + np.eye(20), b).method.startswith("Cholesky")
    for method in ("lu", "ldlt", "cholesky", "mixed"):
        assert np.allclose(kp.solve(t, b, method=method).x, expected, rtol=1e-12)
    with pytest.raises(ValueError, match="not symmetric"):
        kp.solve(g, b, method="cholesky")
    with pytest.raises(ValueError, match="singular"):
        kp.solve(np.ones((3, 3)), np.ones(3))
    with pytest.raises(ValueError, match="square"):
        kp.solve(np.ones((3, 2)), np.ones(3))


def test_factor_once_solve_many() -> None:
    a = draw((30, 30), np.complex128)
    solver = kp.Solver(a)
    for _ in range(3):
        b = draw((30, 2))
        assert np.allclose(solver.solve(b).x, np.linalg.solve(a, b), rtol=1e-10)
    assert "LU" in repr(solver) and solver.cond.estimate > 1


def test_sparse_systems() -> None:
    n = 900
    a = sparse.diags([-1.0, 4.1, -1.3], [-1, 0, 1], shape=(n, n), format="csr")
    b = draw(n)
    s = kp.solve(a, b)
    assert s.method.startswith("sparse LU")
    assert np.allclose(s.x, sparse_linalg.spsolve(a.tocsc(), b), rtol=1e-12)
    symmetric = a + a.T
    assert kp.Solver(symmetric).method.startswith("sparse Cholesky")
    assert kp.solve(a, b, certify=True).digits.min() > 20


def test_iterations_agree_with_scipy() -> None:
    n = 2500
    line = sparse.diags_array([-1.0, 2.01, -1.0], offsets=[-1, 0, 1], shape=(50, 50))
    a = (sparse.kron(line, sparse.eye_array(50)) + sparse.kron(sparse.eye_array(50), line)).tocsr()
    b = draw(n)
    expected = sparse_linalg.spsolve(a.tocsc(), b)
    for by in ("cg", "minres", "lsmr"):
        s = kp.solve_iteratively(a, b, by=by)
        assert s["has_converged"] and np.allclose(s["x"], expected, rtol=1e-7, atol=1e-9), by
    tall = sparse.random_array((300, 40), density=0.2, rng=1, format="csr")
    c = draw(300)
    s = kp.solve_iteratively(tall, c)
    assert np.allclose(s["x"], np.linalg.lstsq(tall.toarray(), c, rcond=None)[0], atol=1e-8)
    with pytest.raises(ValueError, match="iteration"):
        kp.solve_iteratively(a, b, by="magic")


def exact_solution(a: Any, b: Any) -> Any:
    """Rational elimination; None for a singular matrix."""
    n = len(b)
    m = [[Fraction(float(x)) for x in row] + [Fraction(float(y))] for row, y in zip(a, b)]
    for k in range(n):
        pivot = next((i for i in range(k, n) if m[i][k] != 0), None)
        if pivot is None:
            return None
        m[k], m[pivot] = m[pivot], m[k]
        for i in range(n):
            if i != k and m[i][k] != 0:
                f = m[i][k] / m[k][k]
                m[i] = [x - f * y for x, y in zip(m[i], m[k])]
    return [m[i][n] / m[i][i] for i in range(n)]


def test_certified_solutions_hold_rational_ones() -> None:
    for case in range(60):
        n = 1 + case % 6
        a = draw((n, n)) * 10.0 ** RNG.integers(-8, 8, (1, n))
        b = draw(n)
        s = kp.solve(a, b, certify=True)
        for i, x in enumerate(exact_solution(a, b)):
            assert Fraction(s.lower[i]) <= x <= Fraction(s.upper[i])
            assert abs(x - Fraction(s.x[i]) - Fraction(s.low[i])) <= Fraction(s.radius[i])
        assert s.entry(0).evidence == "rounding"


def refined(a: Any, b: Any) -> Any:
    """The solution of a sparse system to about 200 bits: doubles to correct by, residuals in multiples of 2^-1400."""
    from scipy.sparse.linalg import splu

    shift = 1400
    n = a.shape[0]
    coo = a.tocoo()
    rows, columns = coo.row.tolist(), coo.col.tolist()
    # Powers of two bring rows, then columns, near 1, so that doubles can correct.
    size = np.zeros(n)
    np.maximum.at(size, coo.row, np.abs(coo.data))
    r = np.exp2(-np.floor(np.log2(np.where(size > 0, size, 1))))
    size = np.zeros(n)
    np.maximum.at(size, coo.col, np.abs(coo.data) * r[coo.row])
    c = np.exp2(-np.floor(np.log2(np.where(size > 0, size, 1))))
    factors = splu((sparse.diags(r) @ a @ sparse.diags(c)).tocsc())
    ratios = [float(x).as_integer_ratio() for x in coo.data]
    x = [0] * n
    for _ in range(60):
        rest = [int(Fraction(float(y)) * (1 << shift)) for y in b]
        for i, j, (p, q) in zip(rows, columns, ratios):
            rest[i] -= p * x[j] // q
        largest = max(max(map(abs, rest)), 1)
        e = largest.bit_length()
        step = c * factors.solve(r * np.array([float(Fraction(v, 1 << e)) for v in rest]))
        if not np.isfinite(step).all():
            return None
        x = [v + int(Fraction(float(d)) * (1 << e)) for v, d in zip(x, step)]
        top = max(map(abs, x))
        change = int(np.abs(step).max() * 2.0**60) * (1 << e) >> 60
        if change <= top >> 200:
            return [Fraction(v, 1 << shift) for v in x]
    return None


MATRICES = (
    "494_bus GD06_theory LFAT5 adder_dcop_05 arc130 bcsstk01 bcsstk09 bfwa62 bp___200 fs_183_1 fs_183_3 impcol_a "
        "jpwh_991 "
    "lns_131 mcca rajat19 west0067 west0479"
).split()


@pytest.mark.parametrize("name", MATRICES)
def test_real_matrices_have_certified_solutions(shared: Path, name: Any) -> None:
    path = shared / "mtx" / f"{name}.mtx"
    from scipy.io import mmread

    a = sparse.csr_matrix(mmread(path)).astype(float)
    if a.shape[0] != a.shape[1]:
        pytest.skip(f"SKIPPED: {name} is not square")
    b = a @ np.ones(a.shape[0])
    try:
        s = kp.solve(a.toarray(), b, certify=True)
    except ValueError as error:
        # Nothing is solved that is singular.
        assert "singular" in str(error) or "ill-conditioned" in str(error)
        assert np.linalg.matrix_rank(a.toarray()) < a.shape[0]
        return
    truth = refined(a, b)
    if truth is None:
        pytest.skip(f"SKIPPED: {name} is too ill-conditioned for the reference")
    slack = Fraction(1, 1 << 190) * max(abs(x) for x in truth)
    misses = 0
    for i, x in enumerate(truth):
        misses += not (Fraction(s.lower[i]) - slack <= x <= Fraction(s.upper[i]) + slack)
        misses += abs(x - Fraction(s.x[i]) - Fraction(s.low[i])) > Fraction(s.radius[i]) + slack
    assert misses == 0
    assert s.digits.min() > 5


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(20, 6), (6, 20), (9, 9), (1, 4), (4, 1)])
def test_lstsq_agrees_with_numpy(dtype: Any, shape: Any) -> None:
    a, b = draw(shape, dtype), draw((shape[0], 2), dtype)
    wide = a.astype(np.complex128)
    expected, _, rank, _ = np.linalg.lstsq(wide, b, rcond=None)
    for method in (None, "qr", "cod", "svd"):
        s = kp.lstsq(a, b, method=method)
        assert np.allclose(s.x, expected, rtol=1e-9, atol=1e-10) and s.rank == rank
        assert np.allclose(s.residual_norms, np.linalg.norm(b - wide @ expected, axis=0), atol=1e-10)
    assert np.isclose(float(kp.lstsq(a, b).cond), np.linalg.cond(wide), rtol=1e-5)
    proved = kp.lstsq(a, b, certify=True)
    assert np.allclose(proved.x, expected, rtol=1e-9, atol=1e-10)


def test_lstsq_of_dependent_columns() -> None:
    a = draw((12, 3)) @ draw((3, 7))
    b = draw(12)
    expected = np.linalg.lstsq(a, b, rcond=1e-12)[0]
    for method in (None, "cod", "svd"):
        s = kp.lstsq(a, b, method=method)
        assert s.rank == 3 and np.allclose(s.x, expected, atol=1e-10)
    # Rounding made that matrix one of full rank; whole numbers keep theirs.
    whole = RNG.integers(-9, 9, (12, 2)) @ RNG.integers(-9, 9, (2, 5))
    with pytest.raises(ValueError, match="rank"):
        kp.lstsq(whole, b, certify=True)
    w = RNG.random(12) + 0.1
    narrow = a[:, :3]
    expected = np.linalg.lstsq(narrow * np.sqrt(w)[:, None], b * np.sqrt(w), rcond=None)[0]
    assert np.allclose(kp.lstsq(narrow, b, weights=w.tolist()).x, expected)


def test_constrained_total_and_generalized() -> None:
    a, b, c, d = draw((15, 5)), draw(15), draw((2, 5)), draw(2)
    s = kp.constrained_lstsq(a, b, c, d)
    kkt = np.block([[a.T @ a, c.T], [c, np.zeros((2, 2))]])
    expected = np.linalg.solve(kkt, np.concatenate([a.T @ b, d]))
    assert np.allclose(s["x"], expected[:5]) and np.allclose(s["multipliers"], expected[5:]) and s["is_unique"]
    assert np.allclose(kp.constrained_lstsq(a, b, c, d, multipliers=True)["x"], s["x"])
    total = kp.total_lstsq(a, b)
    v = np.linalg.svd(np.column_stack([a, b]))[2][-1]
    assert np.allclose(total["x"], -v[:5] / v[5]) and total["is_unique"] and float(total["gap"]) > 0
    factor = np.tril(draw((15, 15))) + 3 * np.eye(15)
    whitened = np.linalg.lstsq(np.linalg.solve(factor, a), np.linalg.solve(factor, b), rcond=None)[0]
    assert np.allclose(kp.generalized_lstsq(a, b, factor)["x"], whitened)
    p = kp.pinv(a)
    assert np.allclose(p["matrix"], np.linalg.pinv(a)) and p["penrose_residuals"].max() < 1e-13


def test_ridge_agrees_with_the_stacked_problem() -> None:
    a, b = draw((30, 8)), draw(30)
    ridge = kp.Ridge(a, b)
    for lam in (1e-4, 0.3, 11.0):
        stacked, right = np.vstack([a, np.sqrt(lam) * np.eye(8)]), np.concatenate([b, np.zeros(8)])
        expected = np.linalg.lstsq(stacked, right, rcond=None)[0]
        assert np.allclose(ridge.choose(lam)["x"], expected)
        assert np.allclose(ridge.solutions([lam, 1.0])[:, 0], expected)
    difference = np.diff(np.eye(8), axis=0)
    smooth = kp.Ridge(a, b, difference).choose(2.0)
    stacked, right = np.vstack([a, np.sqrt(2.0) * difference]), np.concatenate([b, np.zeros(7)])
    expected = np.linalg.lstsq(stacked, right, rcond=None)[0]
    assert np.allclose(smooth["x"], expected)
    path = ridge.path(50)
    best = ridge.choose("gcv")
    assert len(path) == 50
    assert min(p["gcv"] for p in path) >= best["residual_norm"] ** 2 / (30 - best["degrees"]) ** 2 * (1 - 1e-9)
    bounded = ridge.choose("norm:0.1")
    assert np.isclose(np.linalg.norm(bounded["x"]), 0.1)
    with pytest.raises(ValueError, match="λ"):
        ridge.choose("nonsense")


def test_updates() -> None:
    a = draw((25, 25)) + 8 * np.eye(25)
    w = kp.Woodbury(a)
    u, v, b = draw((25, 2)), draw((25, 2)), draw(25)
    w.update(u, v)
    assert np.allclose(w.solve(b), np.linalg.solve(a + u @ v.T, b)) and w.factorizations == 1
    g = draw((6, 6))
    f = kp.CholeskyUpdate(g @ g.T)
    x = draw(6)
    f.update(x)
    assert np.allclose(f.l, np.linalg.cholesky(g @ g.T + np.outer(x, x)))
    with pytest.raises(ValueError, match="positive definite"):
        f.downdate(100 * x)


def test_nearest_matrices() -> None:
    a = draw((7, 7))
    q = kp.nearest(a, "orthogonal")["matrix"]
    assert np.allclose(q, scipy_linalg.polar(a)[0])
    assert np.allclose(kp.nearest(a, "symmetric")["matrix"], (a + a.T) / 2)
    u, s, vh = np.linalg.svd(a)
    low = kp.nearest(a, "low-rank", rank=2, norm="spectral")
    assert np.allclose(low["matrix"], u[:, :2] * s[:2] @ vh[:2]) and np.isclose(float(low["distance"]), s[2])
    c = kp.nearest(np.array([[2.0, -1, 0, 0], [-1, 2, -1, 0], [0, -1, 2, -1], [0, 0, -1, 2]]), "correlation")["matrix"]
    # Higham (2002), section 4: the nearest correlation matrix of this one.
    assert np.allclose(c[0, 1], -0.8084, atol=1e-4) and np.allclose(c[0, 2], 0.1916, atol=1e-4)
    with pytest.raises(ValueError, match="kind"):
        kp.nearest(a, "nice")
    with pytest.raises(ValueError, match="rank"):
        kp.nearest(a, "low-rank")


def test_choices_that_would_be_ignored_are_refused() -> None:
    a = draw((4, 4))
    for kind, more in (
        ("symmetric", {"norm": "spectral"}),
        ("normal", {"rank": 2}),
        ("singular", {"least": 1.0}),
        ("low-rank", {"rank": -1}),
    ):
        with pytest.raises(ValueError, match="is for|0 or more"):
            kp.nearest(a, kind, **more)


def test_alignment_agrees_with_scipy() -> None:
    a, b = draw((40, 3)), draw((40, 3))
    r, _ = scipy_linalg.orthogonal_procrustes(a, b)
    assert np.allclose(kp.align(a, b)["rotation"], r)
    from scipy.spatial.transform import Rotation

    found = kp.align(a, b, rotation_only=True)
    expected, rssd = Rotation.align_vectors(b, a)
    assert np.allclose(found["rotation"].T, expected.as_matrix()) and np.isclose(found["error"], rssd / np.sqrt(40))
    holes = b.copy()
    holes[5, 1] = np.nan
    assert kp.align(a, holes)["rows"] == 39


def test_many_sets_meet_at_their_mean() -> None:
    shape = draw((12, 2))
    turn = lambda t: np.array([[np.cos(t), -np.sin(t)], [np.sin(t), np.cos(t)]])
    found = kp.align_all([shape @ turn(t) + t for t in (0.1, 1.0, 2.5)], translation=True)
    assert found["error"] < 1e-13 and len(found["rotations"]) == 3
    relative = found["rotations"][0].T @ found["rotations"][1]
    assert np.allclose(abs(relative), abs(turn(0.9)))


def test_the_motion_of_a_real_camera(shared: Path) -> None:
    data = np.load(shared / "points" / "pair_xyz_rgbdslam.npz")
    sets = [x for x in data.values() if x.ndim == 2 and x.shape[1] == 3]
    if len(sets) < 2 or sets[0].shape != sets[1].shape:
        pytest.skip("SKIPPED: the file does not hold two sets of points")
    found = kp.align(sets[0], sets[1], rotation_only=True, translation=True)
    assert found["error"] < found["error_before"] and found["determinant"] == 1.0 and found["error"] < 0.1


NIST = ROOT / "crates" / "kappa" / "tests" / "all" / "strd"


@pytest.mark.parametrize("name", sorted(p.stem for p in NIST.glob("*.csv")))
def test_nist_regressions(name: Any) -> None:
    lines = (NIST / f"{name}.csv").read_text().splitlines()
    said = {l[2:].split(" ")[0]: l[2:].split(" ")[1:] for l in lines if l.startswith("# ") and "NIST" not in l}
    fit = kp.regress(str(NIST / f"{name}.csv"), " ".join(said["formula:"]))
    for k, c in enumerate(fit.coefficients):
        exact = float(said[f"B{k}"][2])
        assert abs(float(c["estimate"]) - exact) <= 1e-14 * abs(exact) and c["certain_digits"] > 14
        assert c["estimate"].lower <= np.nextafter(exact, np.inf)
        assert np.nextafter(exact, -np.inf) <= c["estimate"].upper
    assert fit.r_squared is not None
    assert np.isclose(float(fit.r_squared), float(said["r_squared"][1]), rtol=1e-13)


def test_regression_with_categories_and_missing_values() -> None:
    data: dict[str, Any] = {
        "y": [1.0, 2.0, 4.0, 3.5, 6.0, 7.5, None, 9.0],
        "x": [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0],
        "g": ["a", "b", "a", "b", "a", "b", "a", None],
    }
    fit = kp.regress(data, "y ~ x + g")
    design = np.array([[1, x, g == "b"] for x, g in zip(data["x"][:6], data["g"][:6])], dtype=np.float64)
    expected = np.linalg.lstsq(design, np.array(data["y"][:6]), rcond=None)[0]
    assert np.allclose(fit.params, expected) and fit.rows == [0, 1, 2, 3, 4, 5]
    assert [c["name"] for c in fit.coefficients] == ["(Intercept)", "x", "g=b"]
    text = str(fit)
    assert "2 left out" in text and "g: reference level a" in text
    everything = fit.to_dict()
    assert everything["dropped_row_numbers"] == [7, 8] and json.dumps(everything)
    with pytest.raises(ValueError, match="unknown column"):
        kp.regress(data, "y ~ z")
    with pytest.raises(ValueError, match="combination"):
        kp.regress({"y": [1.0, 2, 3, 5], "x": [1.0, 2, 3, 4], "z": [2.0, 4, 6, 8]}, "y ~ x + z")


def test_regression_takes_tables_as_they_come() -> None:
    """Weights by name or by number, the missing values of pandas, polars, and what cannot be meant."""
    rng = np.random.default_rng(3)
    x, w = rng.normal(size=12), rng.uniform(0.5, 2, 12)
    y = 1 + 2 * x + rng.normal(size=12) / np.sqrt(w)
    data = {"y": y, "x": x, "w": w}
    by_name, by_number = kp.regress(data, "y ~ .", weights="w"), kp.regress(data, "y ~ x", weights=w)
    assert by_name.rows == by_number.rows and np.allclose(by_name.params, by_number.params, rtol=1e-14)
    root = np.sqrt(w)
    expected = np.linalg.lstsq(root[:, None] * np.column_stack([np.ones(12), x]), root * y, rcond=None)[0]
    assert np.allclose(by_name.params, expected, rtol=1e-12)
    holes = pandas.DataFrame({"y": y, "x": pandas.array([*x[:-1], None], dtype="Float64")})
    short = kp.regress({"y": y[:-1], "x": x[:-1]}, "y ~ x").params
    assert np.array_equal(kp.regress(holes, "y ~ x").params, short)
    assert np.array_equal(kp.regress(polars.DataFrame({"y": y[:-1], "x": x[:-1]}), "y ~ x").params, short)
    with pytest.raises(FileNotFoundError, match="none.csv"):
        kp.regress("none.csv", "y ~ x")
    with pytest.raises(TypeError, match="one value for each row"):
        kp.regress({"y": y, "x": np.ones((12, 2))}, "y ~ x")
    with pytest.raises(ValueError, match="must be positive"):
        kp.regress(data, "y ~ x", weights=-w)
    for more in ({"weights": w}, {"method": "qr"}, {"tolerance": 0.1}):
        with pytest.raises(ValueError, match="certify"):
            kp.lstsq(np.column_stack([np.ones(12), x]), y, certify=True, **more)


def test_regression_statistics_agree_with_their_definitions() -> None:
    n, p = 40, 3
    x = draw((n, p))
    y = x @ np.array([1.0, -2.0, 0.5]) + 3 + draw(n)
    data = {"y": y, **{f"x{k}": x[:, k] for k in range(p)}}
    fit = kp.regress(data, "y ~ .")
    a = np.column_stack([np.ones(n), x])
    beta = np.linalg.lstsq(a, y, rcond=None)[0]
    r = y - a @ beta
    s2 = r @ r / (n - p - 1)
    se = np.sqrt(s2 * np.diag(np.linalg.inv(a.T @ a)))
    assert np.allclose([float(c["standard_error"]) for c in fit.coefficients], se)
    assert np.allclose(fit.covariance, s2 * np.linalg.inv(a.T @ a))
    from scipy import stats

    t = beta / se
    assert np.allclose([c["p"] for c in fit.coefficients], 2 * stats.t.sf(np.abs(t), n - p - 1), rtol=1e-9)
    half = stats.t.ppf(0.975, n - p - 1) * se
    assert np.allclose(
        [c["interval"] for c in fit.coefficients], np.column_stack([beta - half, beta + half]), rtol=1e-7
    )
    hat = a @ np.linalg.inv(a.T @ a) @ a.T
    assert np.allclose(fit.leverages, np.diag(hat)) and np.allclose(fit.residuals, r)
    llf = -n / 2 * (np.log(2 * np.pi * (r @ r) / n) + 1)
    assert np.isclose(fit.aic, -2 * llf + 2 * (p + 2)) and np.isclose(fit.bic, -2 * llf + np.log(n) * (p + 2))
    details = fit.to_dict()
    # Externally studentized residuals and Cook's distances by leaving rows out.
    for k in (0, 17):
        keep = np.arange(n) != k
        other = np.linalg.lstsq(a[keep], y[keep], rcond=None)[0]
        s = np.sqrt(np.sum((y[keep] - a[keep] @ other) ** 2) / (n - p - 2))
        row = details["influence"][k]
        assert np.isclose(row["studentized"], r[k] / (s * np.sqrt(1 - hat[k, k])))
        move = a @ (beta - other)
        assert np.isclose(row["cook"], move @ move / ((p + 1) * s2))
        assert np.isclose(row["dffits"], (a[k] @ (beta - other)) / (s * np.sqrt(hat[k, k])))
    others = np.linalg.inv(np.corrcoef(x, rowvar=False))
    found = [c["variance_inflation"] for c in details["coefficients"]]
    assert found[0] is None and np.allclose([v["estimate"] for v in found[1:]], np.diag(others))
    weighted = kp.regress(data, "y ~ .", weights=np.arange(1, n + 1.0).tolist())
    w = np.sqrt(np.arange(1, n + 1.0))
    assert np.allclose(weighted.params, np.linalg.lstsq(a * w[:, None], y * w, rcond=None)[0])


def saved(folder: Path, **arrays: Any) -> Any:
    for name, a in arrays.items():
        np.save(folder / f"{name}.npy", a)
    return {name: folder / f"{name}.npy" for name in arrays}


def test_the_commands_keep_the_json_contract(tmp_path: Path) -> None:
    f = saved(
        tmp_path,
        a=draw((6, 6)),
        b=draw(6),
        z=draw((6, 6), np.complex128),
        t=draw((9, 4)),
        r=draw(9),
        c=draw((2, 4)),
        d=draw(2),
        w=RNG.random(9) + 0.1,
        k=np.eye(9),
        p=draw((9, 2)),
        q=draw((9, 2)),
    )
    (tmp_path / "s.mtx").write_text(
        "%%MatrixMarket matrix coordinate real general\n3 3 4\n1 1 2\n2 2 3\n3 3 4\n1 3 1\n"
    )
    sparse_, three = tmp_path / "s.mtx", saved(tmp_path, three=np.array([1.0, 2, 3]))["three"]
    table = NIST / "Longley.csv"
    for command in (
        ["solve", f["a"], f["b"]], ["solve", f["a"], f["b"], "--certify"], ["solve", f["z"], f["b"], "--certify"],
        ["solve", f["a"], f["b"], "--method", "mixed"], ["solve", f["a"], f["b"], "--refine", "extended"],
        ["solve", sparse_, three], ["solve", sparse_, three, "--iterate", "lsmr"],
        ["solve", f["a"], f["b"], "-o", tmp_path / "x.npy"],
        ["lstsq", f["t"], f["r"]], ["lstsq", f["t"], f["r"], "--certify"],
        ["lstsq", f["t"], f["r"], "--method", "normal-equations"],
        ["lstsq", f["t"], f["r"], "--weights", f["w"]], ["lstsq", f["t"], f["r"], "--equations", f["c"], f["d"]],
        ["lstsq", f["t"], f["r"], "--equations", f["c"], f["d"], "--multipliers"],
        ["lstsq", f["t"], f["r"], "--covariance", f["k"]],
        ["lstsq", f["t"], f["r"], "--total"], ["lstsq", f["t"], f["r"], "--total=matrix"],
        ["lstsq", f["t"], f["r"], "--total", "--scale", "2"],
        ["lstsq", f["t"], f["r"], "--total", "--exact-columns", "0,2"], ["lstsq", f["t"], f["r"], "--iterate", "lsmr"],
        ["ridge", f["t"], f["r"]], ["ridge", f["t"], f["r"], "--lambda", "0.1", "--differences", "2"],
        ["ridge", f["t"], f["r"], "--path", "5"], ["ridge", f["t"], f["r"], "--operator", f["t"]],
        ["ridge", f["t"], f["r"], "--l-curve", tmp_path / "l.svg", "--filters", tmp_path / "f.png"],
        ["regress", table, "--formula", "y ~ x1 + log(x2)"],
        ["regress", table, "--target", "y", "--residuals", tmp_path / "r.svg"],
        ["nearest", "orthogonal", f["a"]], ["nearest", "low-rank", f["z"], "--rank", "2"],
        ["nearest", "normal", f["a"]],
        ["nearest", "singular", f["a"], "--norm", "spectral"],
        ["align", f["p"], f["q"], "--scaling", "--translation", "--rotation-only"],
        ["align", f["p"], f["q"], f["p"], "--consensus", "--scaling"], ["pinv", f["t"]],
        ["pinv", f["z"], "-o", tmp_path / "pinv.npy"],
    ):
        done = run(*command, "--json")
        assert done.returncode == 0, (command, done.stderr)
        jsonschema.validate(json.loads(done.stdout), SCHEMA)
        plain = run(*command, "--explain")
        assert plain.returncode == 0 and "reference" in plain.stderr, (command, plain.stderr)
    assert np.allclose(np.load(tmp_path / "x.npy").ravel(), np.linalg.solve(np.load(f["a"]), np.load(f["b"])))
    assert np.allclose(np.load(tmp_path / "pinv.npy"), np.linalg.pinv(np.load(f["z"])))
    printed = run("solve", f["a"], f["b"]).stdout.split()
    assert np.allclose([float(x) for x in printed], np.linalg.solve(np.load(f["a"]), np.load(f["b"])))


def test_errors_teach(tmp_path: Path) -> None:
    f = saved(tmp_path, a=np.ones((3, 3)), b=np.ones(3), short=np.ones(2), t=np.ones((4, 2)))
    (tmp_path / "bad.csv").write_text("x,y\n1,2\n3\n")
    (tmp_path / "twice.csv").write_text("x,x\n1,2\n3,4\n")
    (tmp_path / "few.csv").write_text("x,z,y\n1,2,2\n3,4,1\n")
    (tmp_path / "text.csv").write_text("g,y\na,b\nc,d\ne,f\n")
    (tmp_path / "holes.csv").write_text("x,y\n1,NA\nNA,4\n")
    (tmp_path / "comma.csv").write_text("x;y\n1,5;2\n2,5;3\n4,5;5\n")
    (tmp_path / "dates.csv").write_text("date,x,y\n2020-01,1,1\n2020-02,2,3\n2020-03,3,2\n")
    (tmp_path / "mixed.csv").write_text("x,y\n1,1\ntwo,2\n3,4\n4,5\n")
    (tmp_path / "quote.csv").write_text('x,y\n"1,1\n2,2\n3,4\n')
    good = NIST / "Norris.csv"
    for command, words in (
        (["solve", f["a"], f["b"]], "lstsq"),
        (["solve", f["t"], f["b"]], "square"),
        (["solve", f["a"], f["short"]], "rows"),
        (["solve", f["a"], f["b"], "--certify"], "exactly singular"),
        (["solve", f["a"], f["b"], "--method", "magic"], "cholesky"),
        (["solve", f["a"], f["b"], "-o", f["a"]], "would be lost"),
        (["solve", f["a"], tmp_path / "none.npy"], "none.npy"),
        (["lstsq", f["t"], f["b"]], "rows"),
        (["lstsq", f["t"], np.nan, "--certify"], "nan"),
        (["ridge", f["a"], f["b"], "--lambda", "best"], "gcv"),
        (["ridge", f["a"], f["b"], "--lambda=-3"], "≥ 0"),
        (["ridge", f["a"], f["b"], "--l-curve", tmp_path / "l.gif"], ".svg"),
        (["regress", good], "--target"),
        (["regress", good, "--formula", "y ~ z"], "the columns are y, x"),
        (["regress", good, "--formula", "y ~ x +"], "column"),
        (["regress", tmp_path / "bad.csv", "--target", "y"], "line 3"),
        (["regress", tmp_path / "twice.csv", "--target", "x"], "two columns"),
        (["regress", tmp_path / "few.csv", "--target", "y"], "2 rows"),
        (["regress", tmp_path / "text.csv", "--target", "y"], "number is needed"),
        (["regress", tmp_path / "holes.csv", "--target", "y"], "none of the 2 rows"),
        (["regress", good, "--formula", "y ~ x", "--confidence", "200"], "confidence"),
        (["regress", tmp_path / "none.csv", "--target", "y"], "none.csv"),
        (["regress", tmp_path / "comma.csv", "--target", "y"], "decimal comma"),
        (["regress", tmp_path / "dates.csv", "--target", "y"], "3 categories in 3 rows"),
        (["regress", tmp_path / "mixed.csv", "--target", "y"], "the text `two` in row 2"),
        (["regress", tmp_path / "quote.csv", "--target", "y"], "quote"),
        (["regress", good, "--formula", "y ~ x", "--target", "x"], "two response variables"),
        (["regress", good, "--formula", "y ~ x", "--digits", "40"], "17"),
        (["lstsq", f["t"], f["t"], "--total", "--method", "qr"], "--method"),
        (["lstsq", f["t"], f["t"], "--certify", "--tolerance", "0.1"], "--tolerance"),
        (["nearest", "low-rank", f["a"]], "--rank"),
        (["nearest", "symmetric", f["a"], "--norm", "spectral"], "--norm is for"),
        (["nearest", "normal", f["a"], "--min-eigenvalue", "1"], "--min-eigenvalue is for"),
        (["pinv", f["a"], "-o", tmp_path / "p.csv"], ".npy"),
        (
            ["regress", good, "--target", "y", "--residuals", tmp_path / "p.svg", "--quantiles", tmp_path / "p.svg"],
            "same file",
        ),
        (["nearest", "symmetric", f["t"]], "square"),
        (["align", f["a"], f["t"]], "same rows"),
        (["align", f["a"], f["a"], f["a"]], "--consensus"),
    ):
        done = run(*command)
        assert done.returncode == 2 and words in done.stderr, (command, done.stderr)
        assert "panicked" not in done.stderr
