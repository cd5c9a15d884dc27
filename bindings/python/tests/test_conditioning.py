"""Conditioning, perturbation, spectra and regions; the commands and the pictures.

Against NumPy, SciPy and 25-digit references.
"""

import json
import math
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
import scipy.io
import scipy.linalg
import scipy.sparse
from conftest import ROOT, answer, run

import kappa as kp

SCHEMA = json.loads((ROOT / "docs" / "json.schema.json").read_text())


def random(m: int, n: int, seed: int = 0, complex_: bool = False) -> np.ndarray:
    rng = np.random.default_rng(seed)
    a = rng.standard_normal((m, n))
    return a + 1j * rng.standard_normal((m, n)) if complex_ else a


@pytest.mark.parametrize("complex_", [False, True])
@pytest.mark.parametrize(
    ("name", "order"), [("spectral", 2), ("frobenius", "fro"), ("max-column-sum", 1), ("max-row-sum", np.inf)]
)
def test_condition_numbers_agree_with_numpy(name: str, order: Any, complex_: bool) -> None:
    for seed in range(20):
        a = random(6, 6, seed, complex_)
        expected = np.linalg.cond(a, order)
        for certify in (False, True):
            x = kp.cond(a, name, certify=certify)
            assert abs(float(x) / expected - 1) < 1e-11
            assert x.lower <= expected * (1 + 1e-12)
            assert expected * (1 - 1e-12) <= x.upper
        assert kp.cond(a, name, certify=True).evidence == "rounding"
    tall = random(7, 3, 1, complex_)
    pinv = np.linalg.pinv(tall)
    expected = np.linalg.norm(tall, order) * np.linalg.norm(pinv, order)
    assert abs(float(kp.cond(tall, name, certify=True)) / expected - 1) < 1e-10


def test_condition_numbers_of_real_matrices(shared: Path) -> None:
    references = json.loads((shared / "mtx" / "reference_singular_values.json").read_text())
    seen, narrow = 0, 0
    for name, reference in references.items():
        file = shared / "mtx" / f"{name.removesuffix('.mtx')}.mtx"
        if not isinstance(reference, dict) or not file.exists():
            continue
        values = reference.get("singular_values") or [reference.get("sigma_max"), reference.get("sigma_min")]
        if not values or values[0] is None or values[-1] is None:
            continue
        a = scipy.io.mmread(file)
        a = np.asarray(a.todense() if scipy.sparse.issparse(a) else a, dtype=float)
        if a.shape[0] * a.shape[1] > 1900**2 or min(a.shape) != a.shape[0] and min(a.shape) != a.shape[1]:
            continue
        first, last = float(values[0]), float(values[-1])
        x = kp.cond(a, certify=True)
        seen += 1
        if last == 0.0:
            assert x.upper == np.inf, (name, x)
            continue
        truth = first / last
        assert x.lower <= truth * (1 + 1e-12) and truth * (1 - 1e-12) <= x.upper, (name, x, truth)
        if truth < 1e15:
            narrow += 1
            assert x.upper - x.lower <= 1e-5 * truth, (name, x)
    assert seen >= 20 and narrow >= 12, (seen, narrow)


def test_exact_rank_of_real_matrices(shared: Path) -> None:
    references = json.loads((shared / "mtx" / "reference_singular_values.json").read_text())
    seen = 0
    for name, reference in references.items():
        file = shared / "mtx" / f"{name.removesuffix('.mtx')}.mtx"
        rank = reference.get("exact_rank", reference.get("rank")) if isinstance(reference, dict) else None
        if rank is None or not file.exists():
            continue
        a = scipy.io.mmread(file)
        a = np.asarray(a.todense() if scipy.sparse.issparse(a) else a, dtype=float)
        if max(a.shape) > 120:
            continue
        x = kp.exact_rank(a)
        seen += 1
        assert x.lower == rank and x.upper >= rank, (name, x, rank)
    assert seen >= 8, seen


def test_estimators_scaling_and_boxes() -> None:
    a = random(30, 30, 3)
    for name, order in (("max-column-sum", 1), ("max-row-sum", np.inf)):
        x = kp.cond_estimate(a, name)
        assert x.lower <= np.linalg.cond(a, order) * (1 + 1e-12) and float(x) > 0.3 * np.linalg.cond(a, order)
    skeel = np.abs(np.linalg.inv(a)) @ np.abs(a)
    assert abs(float(kp.skeel_cond(a)) / skeel.sum(axis=1).max() - 1) < 1e-10
    assert abs(float(kp.bauer_cond(a)) / np.abs(np.linalg.eigvals(skeel)).max() - 1) < 1e-6
    scaled = kp.best_scaling(a * 10.0 ** np.arange(30)[:, None])
    assert scaled["after"].lower <= 4.5 * scaled["least"].upper and float(scaled["before"]) > 1e20
    assert kp.is_regular_within(np.eye(3), 0.3) and not kp.is_regular_within(np.ones((3, 3)), 0.0)
    assert float(kp.cond_log10(np.diag([1e200, 1e-236]))) == pytest.approx(436)
    assert kp.cond_log10(np.diag([1e200, 1e-236])).upper < 436.0001
    value, relative, singular = kp.distance_to_singularity(a)
    s = np.linalg.svd(a, compute_uv=False)
    assert s[-1] * (1 - 1e-12) in value or abs(float(value) / s[-1] - 1) < 1e-11
    assert abs(float(relative) * s[0] / s[-1] - 1) < 1e-10 and np.linalg.svd(singular, compute_uv=False)[-1] < 1e-13
    with pytest.raises(ValueError, match="hint"):
        kp.cond_estimate(a, "nuclear")


def test_sparse_matrices_are_taken_from_scipy() -> None:
    n = 1600
    a = scipy.sparse.diags([np.full(n - 1, -1.0), np.full(n, 2.0), np.full(n - 1, -1.0)], [-1, 0, 1]).tocsc()
    truth = np.tan(np.pi / (2 * (n + 1))) ** -2
    x = kp.cond(a)
    assert x.lower <= truth * (1 + 1e-6) and truth * (1 - 1e-6) <= x.upper and x.evidence.startswith("estimate")
    one = kp.cond(a, "max-column-sum")
    assert abs(float(one) / (4 * (n * (n + 2) / 8)) - 1) < 1e-9 and one.upper == np.inf
    assert float(kp.cond(scipy.sparse.eye(5, format="csr"))) == 1.0


def test_large_sparse_files_are_not_written_out(tmp_path: Path) -> None:
    n = 40000
    lines = ["%%MatrixMarket matrix coordinate real symmetric", f"{n} {n} {2 * n - 1}"]
    lines += [f"{k} {k} 2.5" for k in range(1, n + 1)] + [f"{k + 1} {k} -1" for k in range(1, n)]
    (tmp_path / "chain.mtx").write_text("\n".join(lines) + "\n")
    value = answer("cond", tmp_path / "chain.mtx", "--norm", "max-row-sum")["result"]["value"]
    # Row sums of the inverse tend to 1/(2.5 − 2).
    assert value["estimate"] == pytest.approx(4.5 * 2, rel=1e-9) and value["upper"] == "inf"
    value = answer("cond", tmp_path / "chain.mtx")["result"]["value"]
    assert float(value["lower"]) <= 9.0 <= float(value["upper"]) * (1 + 1e-6)
    value = answer("norm", tmp_path / "chain.mtx", "--norm", "max-row-sum")["result"]["value"]
    assert value["estimate"] == 4.5
    refused = run("cond", tmp_path / "chain.mtx", "--certify")
    assert refused.returncode == 2 and "too large to store as a dense matrix" in refused.stderr


def test_least_squares_and_small_samples() -> None:
    a, b = random(9, 4, 5), random(9, 1, 6)[:, 0]
    c = kp.least_squares_cond(a, b)
    assert c["cond"] == pytest.approx(np.linalg.cond(a)) and c["rank"] == 4
    x, *_ = np.linalg.lstsq(a, b)
    assert c["residual"] == pytest.approx(np.linalg.norm(b - a @ x) / np.linalg.norm(b))
    entries, whole = kp.statistical_cond(scipy.linalg.hilbert(5), np.ones(5))
    assert entries.shape == (5,) and 1e3 < whole < 1e7
    d = kp.digits(1e4, 50, "f32")
    assert d["sentence"].startswith("about 2 of the 7 digits")


def test_eigenvalues_and_their_conditions() -> None:
    for complex_ in (False, True):
        a = random(8, 8, 7, complex_)
        f = kp.eig(a)
        expected, left = scipy.linalg.eig(a, left=True, right=False)
        for value, radius in zip(f.values, f.radii, strict=True):
            assert np.abs(expected - value).min() <= radius + 1e-12
        assert np.abs(a @ f.right - f.right * f.values).max() < 1e-12
        assert np.abs(f.left.conj().T @ a - f.values[:, None] * f.left.conj().T).max() < 1e-12
        assert np.abs(expected).max() * (1 - 1e-13) <= f.spectral_radius.upper and f.evidence == "rounding"
        assert float(f.vector_cond()) == pytest.approx(np.linalg.cond(f.right), rel=1e-9)
        conditions = kp.eigenvalue_cond(a)
        for k, c in enumerate(conditions):
            y, x = f.left[:, k], f.right[:, k]
            assert c["condition"] == pytest.approx(1 / abs(np.vdot(y, x)), rel=1e-8)
    s = random(6, 6, 8)
    values, vectors = kp.eigh(s + s.T)
    assert np.allclose([float(x) for x in values], np.linalg.eigvalsh(s + s.T)[::-1], atol=1e-13)
    assert all(
        w in x or abs(w - float(x)) < 1e-14 for x, w in zip(values, np.linalg.eigvalsh(s + s.T)[::-1], strict=True)
    )
    with pytest.raises(ValueError, match="not symmetric"):
        kp.eigh(s)
    sep = np.linalg.svd(np.kron(np.eye(3), s[:4, :4]) - np.kron((s[3:, 3:]).T, np.eye(4)), compute_uv=False)[-1]
    assert float(kp.separation(s[:4, :4], s[3:, 3:])) == pytest.approx(sep, rel=1e-2)
    departure, _ = kp.normality(s)
    t = scipy.linalg.schur(s.astype(complex))[0]
    assert np.linalg.norm(np.triu(t, 1)) == pytest.approx(float(departure), rel=1e-6)
    assert float(kp.gelfand(s, 1024)[-1][1]) == pytest.approx(np.abs(np.linalg.eigvals(s)).max(), rel=1e-2)


def test_factorizations_multiply_back() -> None:
    a = random(5, 5, 9, True)
    f = kp.factor(a, "qr")
    assert np.allclose(f["q"] @ f["r"], a)
    f = kp.factor(a, "pivoted-qr")
    assert np.allclose(f["q"] @ f["r"], a[:, f["columns"].astype(int)])
    f = kp.factor(a, "lu")
    assert np.allclose(f["l"] @ f["u"], a[f["rows"].astype(int)])
    f = kp.factor(a, "schur")
    assert np.allclose(f["q"] @ f["t"] @ f["q"].conj().T, a)
    f = kp.factor(a, "polar")
    assert np.allclose(f["u"] @ f["h"], a) and np.allclose(scipy.linalg.polar(a)[0], f["u"])
    h = a @ a.conj().T
    assert np.allclose(kp.factor(h, "cholesky")["l"], np.linalg.cholesky(h))
    f = kp.factor(np.diag([1.0, -2.0]) + 0.5, "ldlt")
    rows = f["rows"].astype(int)
    assert np.allclose(f["l"] @ f["d"] @ f["l"].T, (np.diag([1.0, -2.0]) + 0.5)[np.ix_(rows, rows)])
    low = random(6, 2, 1) @ random(2, 5, 2)
    f = kp.factor(low, "complete-orthogonal")
    assert f["t"].shape == (2, 2) and np.allclose(f["u"] @ f["t"] @ f["v"].T, low)
    f = kp.factor(low, "rank-revealing-qr", rank=2)
    assert np.abs(f["r"][2:]).max() < 1e-13
    with pytest.raises(ValueError, match="schur"):
        kp.factor(a, "jordan")
    with pytest.raises(ValueError, match="known: qr"):
        kp.factor(a, "qrr")


THEOREMS: dict[Any, tuple[float, ...]] = {
    kp.Weyl: (0.1,),
    kp.Mirsky: (0.1,),
    kp.HoffmanWielandt: (0.1,),
    kp.BauerFike: (3.0, 0.1),
    kp.Elsner: (2.0, 0.1, 5),
    kp.DavisKahan: (0.5, 0.1),
    kp.Wedin: (0.5, 0.1),
    kp.EisenstatIpsen: (0.01, 0.02),
    kp.InversePerturbation: (10.0, 0.05),
    kp.LinearSystem: (10.0, 0.05, 0.01),
    kp.LeastSquaresPerturbation: (2.0, 0.25, 0.1),
    kp.ComponentwiseSystem: (2.0, 1.5, 1e-6),
}


def test_theorems_and_perturbations() -> None:
    t = kp.DavisKahan(0.3, 0.01)
    assert float(t) == pytest.approx(1 / 30) and t.bound().evidence.startswith("theorem") and "sin" in t.statement
    assert float(kp.LinearSystem(10.0, 0.05)) >= 1.0 and float(kp.BauerFike(3.0, 0.1)) >= 0.3
    with pytest.raises(TypeError, match="gap"):
        kp.Theorem("davis-kahan", change=1.0)
    with pytest.raises(ValueError, match="must be above 0"):
        kp.Theorem("wedin", gap=0.0, change=1.0)
    for class_, numbers in THEOREMS.items():
        t = class_(*numbers)
        assert isinstance(t, kp.Theorem) and list(t.parameters.values()) == [float(x) for x in numbers]
        assert all(getattr(t, name) == x for name, x in t.parameters.items()) and t.reference and t.statement
        assert t.bound().lower == 0.0 and t.bound().upper == float(t) and t.bound().evidence.startswith("theorem")
        assert t.bound().upper == kp.Theorem(t.name, **t.parameters).bound().upper
        with pytest.raises(ValueError, match="must be"):
            class_(*(-x for x in numbers))
        with pytest.raises(ValueError, match="must be"):
            class_(*(float("nan") for _ in numbers))
    assert {class_.__name__ for class_ in THEOREMS} == {class_.__name__ for class_ in kp.Theorem.__subclasses__()}
    a = random(6, 6, 10)
    b = a + 1e-3 * random(6, 6, 11)
    found = {(t["theorem"].name, t["quantity"]): t for t in kp.perturb(a, b)}
    assert {name for name, _ in found} >= {"weyl", "mirsky", "elsner", "bauer-fike", "inverse"}
    assert {type(t["theorem"]) for t in found.values()} <= set(THEOREMS)
    moved = np.abs(np.linalg.svd(a, compute_uv=False) - np.linalg.svd(b, compute_uv=False))
    weyl = next(t for (name, _), t in found.items() if name == "weyl")
    assert float(weyl["actual"]) == pytest.approx(moved.max())
    assert weyl["bound"].upper == pytest.approx(np.linalg.norm(b - a, 2))
    assert all(t["ratio"] <= 1 for t in found.values())
    expected = scipy.linalg.subspace_angles(a[:, :2], b[:, :2])
    assert np.allclose([float(x) for x in kp.principal_angles(a[:, :2], b[:, :2])], expected, atol=1e-12)
    x, rhs = np.linalg.solve(a, np.ones(6)), np.ones(6)
    x[0] += 1e-6
    eta, change = kp.backward_error(a, x, rhs)
    r = np.linalg.norm(rhs - a @ x)
    assert float(eta) == pytest.approx(r / (np.linalg.norm(a, 2) * np.linalg.norm(x) + np.linalg.norm(rhs)))
    omega, change = kp.backward_error(a, x, rhs, componentwise=True)
    assert float(omega) == pytest.approx(np.max(np.abs(rhs - a @ x) / (np.abs(a) @ np.abs(x) + np.abs(rhs))))
    assert kp.backward_error(a, np.linalg.solve(a, rhs), rhs, least_squares=True)[1] is None
    value, vectors = np.linalg.eig(a)
    eta, change = kp.backward_error_eigenpair(a, value[0], vectors[:, 0])
    assert float(eta) < 1e-14
    lab = kp.stability_lab()
    assert lab["householder-qr"][0] == "backward stable" and lab["textbook-quadratic"][0] == "unstable"


def test_regions() -> None:
    a = random(5, 5, 12, True) + np.diag(10.0 * np.arange(5))
    g = kp.gershgorin(a)
    assert np.allclose(g["row_radii"], np.abs(a).sum(axis=1) - np.abs(np.diag(a)))
    assert np.allclose(g["column_radii"], np.abs(a).sum(axis=0) - np.abs(np.diag(a)))
    assert sum(len(group) for group in g["row_groups"]) == 5
    inside, outside = kp.numerical_range(a, 36)
    assert len(inside) == len(outside) == 36 and np.abs(inside).max() <= kp.numerical_radius(a).upper * (1 + 1e-9)
    re, im, values = kp.pseudospectrum(a, (-5.0, 45.0, -5.0, 5.0), 7)
    for i, y in enumerate(im):
        for j, x in enumerate(re):
            expected = np.linalg.svd(a - (x + 1j * y) * np.eye(5), compute_uv=False)[-1]
            assert values[i, j] == pytest.approx(expected, rel=5e-3)
    cells = kp.pseudospectrum_cells(np.array([[0.0, 1.0], [0.0, 0.0]]), 0.1, (-1.0, 1.0, -1.0, 1.0), 5)
    for center, half, is_inside in cells:
        s = np.linalg.svd(np.array([[-center, 1], [0, -center]]), compute_uv=False)[-1]
        assert is_inside is None or is_inside == (s <= 0.1), (center, half, is_inside, s)
    roots = kp.polynomial_roots(np.poly([1.0, 2.0, 3.0]))
    assert np.allclose([r["value"].real for r in roots], [3, 2, 1]) and roots[0]["condition"] > 1


@pytest.mark.parametrize("picture", ["gershgorin", "numerical-range", "pseudospectrum", "ellipse", "eigenvalues"])
def test_pictures_are_whole(picture: str, tmp_path: Path) -> None:
    a = random(6, 6, 13)
    np.save(tmp_path / "a.npy", a)
    for ending, start in ((".svg", b"<svg"), (".png", b"\x89PNG")):
        out = tmp_path / f"picture{ending}"
        done = run("draw", picture, tmp_path / "a.npy", "-o", out)
        assert done.returncode == 0, done.stderr
        assert out.read_bytes().startswith(start)
    ElementTree.fromstring((tmp_path / "picture.svg").read_text())
    assert ElementTree.fromstring(kp.draw(a, picture, "a & <b>")).tag.endswith("svg")
    assert run("draw", picture, tmp_path / "a.npy", "-o", tmp_path / "a.gif").returncode == 2
    assert run("draw", picture, tmp_path / "a.npy", "-o", tmp_path / "a.npy").returncode == 2


def test_the_commands_keep_the_json_contract(tmp_path: Path) -> None:
    a = random(5, 5, 14)
    np.save(tmp_path / "a.npy", a)
    np.save(tmp_path / "b.npy", a + 1e-3)
    np.save(tmp_path / "x.npy", np.linalg.solve(a, np.ones(5)))
    np.save(tmp_path / "rhs.npy", np.ones(5))
    w, other, x, rhs = (tmp_path / f"{name}.npy" for name in ("a", "b", "x", "rhs"))
    for command in (
        ["cond", w, "--certify", "--norm", "max-row-sum"], ["cond", w, "--estimate"], ["cond", w, "--componentwise"],
        ["cond", w, "--perturbation", "0.1%"], ["cond", w, "--rhs", rhs], ["distance", w],
        ["digits", w, "--data", "bf16"],
        ["rank", w, "--exact"], ["eig", w, "--condition", "--powers", "8"],
        ["factor", "lu", w, "-o", tmp_path / "f.npz"],
        ["bound"], ["bound", "weyl", "--change", "0.5"], ["perturb", w, other], ["backward-error", w, x, rhs],
        ["backward-error", w, x, rhs, "--componentwise"], ["lab"], ["lab", "householder-qr"],
        ["draw", "ellipse", w, "-o", tmp_path / "e.svg"], ["roots", "1", "-6", "11", "-6"], ["roots", "1", "-3", "2"],
    ):
        envelope = json.loads(run(*command, "--json").stdout)
        jsonschema.validate(envelope, SCHEMA)
        plain = run(*command, "--explain")
        assert plain.returncode == 0, (command, plain.stderr)
    assert run("cond", w, "--perturbation", "300%").returncode == 1
    for wrong, words in (
        (["bound", "murphy"], "weyl"), (["bound", "wedin", "--gap", "1"], "--change"),
        (["factor", "jordan", w], "schur"),
        (["factor", "rank-revealing-qr", w, "-o", tmp_path / "f.npz"], "--rank"), (["lab", "bogo"], "householder-qr"),
        (["backward-error", w, x], "right-hand side"), (["perturb", w, x], "same shape"),
        (["roots", "1", "0", "0", "nan"], "finite"),
        (["eig", x], "square"), (["digits", w, "--data", "soft"], "bf16"),
    ):
        done = run(*wrong)
        assert done.returncode == 2 and words in done.stderr, (wrong, done.stderr)


@pytest.mark.parametrize(
    "example",
    ["01_stability_lab/lab.py", "02_wilkinson/wilkinson.py", "03_longley/longley.py", "04_gravity/gravity.py"],
)
def test_the_examples_run_and_draw_what_is_kept(example: str, tmp_path: Path) -> None:
    out = tmp_path / "picture.svg"
    script = ROOT / "examples" / example
    done = subprocess.run([sys.executable, script, out], capture_output=True, text=True, check=True)
    assert "wrote" in done.stdout
    kept = script.with_suffix(".svg")
    assert ElementTree.parse(out).getroot().tag.endswith("svg")
    # Other processors may round otherwise: the same shapes, not the same digits.
    assert [e.tag for e in ElementTree.parse(out).iter()] == [e.tag for e in ElementTree.parse(kept).iter()]


def test_logdet_like_slogdet_with_an_enclosure() -> None:
    rng = np.random.default_rng(4)
    for n in (1, 2, 5, 30, 450):
        a = rng.standard_normal((n, n))
        sign, log_abs = kp.logdet(a)
        expected = np.linalg.slogdet(a)
        assert sign == expected.sign
        assert log_abs.lower - 1e-9 <= expected.logabsdet <= log_abs.upper + 1e-9
    phase, _ = kp.logdet(np.diag([1j, 2.0]))
    assert abs(phase - 1j) < 1e-14
    assert kp.logdet([[1.0, 2.0], [2.0, 4.0]], certify=True)[0] == 0.0
    large = scipy.sparse.diags([np.full(59_999, -1.0), np.full(60_000, 4.0)], [1, 0], format="csr")
    sign, log_abs = kp.logdet(large, certify=True)
    assert sign == 1.0 and log_abs.evidence == "rounding"
    assert log_abs.lower <= 60_000 * math.log(4.0) <= log_abs.upper
    with pytest.raises(ValueError, match="square"):
        kp.logdet(np.ones((2, 3)))
