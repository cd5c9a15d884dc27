"""How eigenvalues are spread, their tails, and matrices that are read block by block.

Against SciPy, NumPy and published values.
"""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import scipy.integrate
import scipy.optimize
import scipy.sparse
import scipy.sparse.linalg
import scipy.stats
from conftest import answer, run

import kappa as kp


def power_law(size: int, alpha: float, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(size=size) ** (-1 / (alpha - 1))


def plain_tail(x: np.ndarray, steps: str) -> tuple[int, float, float]:
    """Every beginning and every value, as the definition says."""
    x = np.sort(x[x > 0])
    best = (0, 0.0, np.inf)
    for i in range(len(x) - 1):
        if i and x[i] == x[i - 1] or x[i] == x[-1]:
            continue
        tail = x[i:]
        n = len(tail)
        alpha = 1 + n / np.log(tail / tail[0]).sum()
        model = 1 - (tail / tail[0]) ** (1 - alpha)
        distance = abs(model - np.arange(n) / n).max()
        if steps == "both":
            distance = max(distance, abs(model - np.arange(1, n + 1) / n).max())
        if distance < best[2]:
            best = (n, alpha, distance)
    return best


@pytest.mark.parametrize("steps", ["both", "lower"])
@pytest.mark.parametrize("kind", ["power", "lognormal", "exponential", "ties", "mixed"])
def test_tails_are_those_of_the_definition(kind: str, steps: str) -> None:
    rng = np.random.default_rng(5)
    x = {
        "power": power_law(700, 2.5, 1),
        "lognormal": rng.lognormal(size=600),
        "exponential": rng.exponential(size=500),
        "ties": rng.integers(1, 12, 300).astype(float),
        "mixed": np.concatenate([rng.uniform(0, 1, 400), power_law(300, 3.0, 2)]),
    }[kind]
    count, alpha, distance = plain_tail(x, steps)
    found = kp.tail(rng.permutation(x), steps=steps)
    assert found.count == count
    assert float(found.exponent) == pytest.approx(alpha, rel=1e-12)
    assert found.exponent.lower <= alpha * (1 + 1e-13) and alpha * (1 - 1e-13) <= found.exponent.upper
    assert found.distance == pytest.approx(distance, abs=1e-12)
    assert found.standard_error == pytest.approx((alpha - 1) / np.sqrt(count), rel=1e-12)


def truncated_log_likelihood(x: np.ndarray, x_min: float, alpha: float, rate: float) -> float:
    """With the normalising integral by SciPy's adaptive quadrature."""
    total = scipy.integrate.quad(lambda u: np.exp((1 - alpha) * u - rate * x_min * np.expm1(u)), 0, 60, limit=500)[0]
    return float((-alpha * np.log(x / x_min) - rate * (x - x_min)).sum() - len(x) * np.log(total * x_min))


def test_laws_are_the_most_likely_ones() -> None:
    rng = np.random.default_rng(3)
    z = power_law(20000, 1.6, 4)
    x = 2.0 * z[rng.uniform(size=len(z)) < np.exp(-0.05 * (z - 1))][:1500]
    tail = kp.tail(x, x_min=2.0)
    x = np.sort(x[x >= tail.x_min])
    assert tail.truncated is not None and tail.against_truncated is not None
    exponent, rate = tail.truncated
    found = truncated_log_likelihood(x, tail.x_min, exponent, rate)
    best = scipy.optimize.minimize(
        lambda p: -truncated_log_likelihood(x, tail.x_min, p[0], np.exp(p[1])),
        [2.0, -3.0],
        method="Nelder-Mead",
        options={"xatol": 1e-7, "fatol": 1e-9},
    )
    assert found >= -best.fun - 1e-6
    assert (exponent, rate) == pytest.approx((best.x[0], np.exp(best.x[1])), rel=1e-3)
    assert tail.exponential == pytest.approx(1 / (x.mean() - tail.x_min), rel=1e-12)
    alpha = float(tail.exponent)
    power = np.log((alpha - 1) / tail.x_min) - alpha * np.log(x / tail.x_min)
    exponential = np.log(tail.exponential) - tail.exponential * (x - tail.x_min)
    # Vuong's test, and Wilks's.
    difference = power - exponential
    ratio, p = tail.against_exponential
    assert ratio == pytest.approx(difference.sum(), rel=1e-9)
    assert p == pytest.approx(2 * scipy.stats.norm.sf(abs(ratio) / (difference.std() * np.sqrt(len(x)))), rel=1e-6)
    ratio, p = tail.against_truncated
    assert ratio == pytest.approx(power.sum() - found, rel=1e-6)
    assert p == pytest.approx(scipy.stats.chi2.sf(-2 * ratio, 1), rel=1e-3)


def test_p_values_tell_a_power_law_from_none() -> None:
    assert kp.tail(power_law(400, 2.2, 8)).p_value(200) > 0.1
    two = np.tile([1.0, 2.0], 200) + np.linspace(0, 1e-3, 400)
    assert kp.tail(two, x_min=1.0).p_value(100) < 0.05
    with pytest.raises(ValueError, match="at least one replicate"):
        kp.tail(two).p_value(0)


def test_weightwatchers_exponents_are_found_again(shared: Path) -> None:
    folder = shared / "weightwatcher"
    rows = {
        row["matrix"]: row
        for row in csv.DictReader((folder / "analyze_all_configs.csv").open())
        if row["config"] == "default"
    }
    for name in ("pareto_200x100", "lowrank8_noise_256x128"):
        expected = rows[name]
        eigenvalues = np.array(
            [float(row.split(",")[-1]) for row in (folder / f"esd_{name}.csv").read_text().split()[1:]]
        )
        found = kp.tail(eigenvalues, steps="lower")
        curve = list(csv.DictReader((folder / f"plcurve_{name}.csv").open()))
        at = min(curve, key=lambda row: float(row["D"]))
        assert float(found.exponent) == pytest.approx(float(at["alpha"]), rel=1e-9)
        assert found.distance == pytest.approx(float(expected["D"]), rel=1e-6)
        direct = kp.density(np.load(folder / f"{name}.npy"), steps="lower").tail
        assert direct is not None and float(direct.exponent) == pytest.approx(float(expected["alpha"]), rel=1e-6)


@pytest.mark.parametrize(("m", "n"), [(600, 200), (150, 400), (250, 250)])
def test_noise_and_spikes_are_told_apart(m: int, n: int) -> None:
    rng = np.random.default_rng(m)
    a = 0.3 * rng.standard_normal((m, n))
    found = kp.density(a).bulk
    assert found is not None
    assert found.variance == pytest.approx(0.09, rel=0.05) and found.distance < 0.05 and int(found.spikes) <= 1
    # The law's distribution is the integral of its density.
    low, high = found.edges
    for x in np.linspace(low, high, 7)[1:-1]:
        assert found.cumulative(x) == pytest.approx(scipy.integrate.quad(found.density, low, x, limit=200)[0], abs=1e-6)
    edge = np.sqrt(high)
    u, v = np.linalg.qr(rng.standard_normal((m, 4)))[0], np.linalg.qr(rng.standard_normal((n, 4)))[0]
    spiked = kp.density(a + (u * (edge * np.array([2.0, 2.5, 3.0, 5.0]))) @ v.T).bulk
    assert spiked is not None and int(spiked.spikes) == 4


def test_histograms_are_those_of_numpy() -> None:
    a = np.random.default_rng(2).standard_normal((80, 50))
    eigenvalues = np.linalg.svd(a, compute_uv=False) ** 2
    edges = [0.0, 20.0, 50.0, 300.0]
    found = kp.density(a, edges)
    assert (found.counts == np.histogram(eigenvalues, edges)[0]).all()
    assert found.densities == pytest.approx(np.histogram(eigenvalues, edges)[0] / 50 / np.diff(edges))
    for bins in (1, 7, 40):
        even = kp.density(a, bins)
        assert even.counts.sum() == 50 == even.total and len(even.edges) == bins + 1
    assert kp.density(a, logarithmic=True).counts.sum() == 50
    with pytest.raises(ValueError, match="increasing"):
        kp.density(a, [1.0, 1.0])
    assert kp.density(np.eye(3)).bulk is None
    assert kp.density(np.zeros((4, 4))).tail is None


@pytest.mark.parametrize("p", [1.0, 1.5, 2.0, 4.0])
def test_schatten_norms_from_products_hold_the_truth(p: float) -> None:
    rng = np.random.default_rng(1)
    s = np.linspace(1, 3, 300)
    u, v = np.linalg.qr(rng.standard_normal((500, 300)))[0], np.linalg.qr(rng.standard_normal((300, 300)))[0]
    a = (u * s) @ v.T
    truth = (s**p).sum() ** (1 / p)
    for matrix in (a, a.T, scipy.sparse.csr_array(a), scipy.sparse.linalg.aslinearoperator(a)):
        found = kp.lanczos_density(matrix, probes=30, steps=20)
        norm = found.schatten(p)
        assert norm.lower <= truth <= norm.upper and norm.upper < 2 * norm.lower
        assert found.share_below(2.0) == pytest.approx(0.5, abs=0.05)
    assert kp.lanczos_density(a, seed=3).nodes[0] == pytest.approx(kp.lanczos_density(a, seed=3).nodes[0])


@pytest.fixture
def tall(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    np.save(tmp_path / "tall.npy", (rng.standard_normal((3000, 40)) * 0.9 ** np.arange(40)).astype("f4"))
    return tmp_path / "tall.npy"


@pytest.mark.parametrize("layout", ["rows", "columns", "wide", "f8", "f2", "complex"])
@pytest.mark.parametrize("capacity", [None, 12])
def test_blocks_give_the_triplets_of_the_whole(tall: Path, layout: str, capacity: int | None) -> None:
    a = np.load(tall)
    a = {
        "wide": a.T.copy(),
        "f8": a.astype("f8"),
        "f2": a.astype("f2"),
        "columns": np.asfortranarray(a),
        "rows": a,
        "complex": (a + 1j * a[::-1]).astype("c8"),
    }[layout]
    path = tall.with_name("a.npy")
    np.save(path, a)
    found = kp.open(path).stream_svd(5, memory=3 << 20, capacity=capacity)
    wide = a.astype(complex if layout == "complex" else float)
    s = np.linalg.svd(wide, compute_uv=False)
    for x, exact in zip(found.values, s, strict=False):
        assert x.lower <= exact <= x.upper
    assert found.is_exact == (capacity is None) and found.u is not None and found.vh is not None
    assert abs(found.u.conj().T @ found.u - np.eye(5)).max() < 1e-12
    assert abs(found.vh @ found.vh.conj().T - np.eye(5)).max() < 1e-12
    short = found.u.conj().T @ wide if layout == "wide" else wide @ found.vh.conj().T
    left = np.sqrt(max((abs(wide) ** 2).sum() - (abs(short) ** 2).sum(), 0))
    assert found.error.lower <= left * (1 + 1e-9) and left <= found.error.upper * (1 + 1e-9)
    if capacity is None:
        assert abs(found.s - s[:5]).max() < 1e-12 * s[0]
        assert abs(wide - (found.u * found.s) @ found.vh).max() <= s[5] * 1.01
    once = kp.open(path).stream_svd(5, memory=3 << 20, capacity=capacity, one_pass=True)
    assert (once.passes, found.passes) == (1, 2) and (once.vh is None) == (layout == "wide")
    assert (once.s == found.s).all()


def test_sketches_merge_and_come_back_from_files(tall: Path, tmp_path: Path) -> None:
    a = np.load(tall).astype(float)
    s = np.linalg.svd(a, compute_uv=False)
    for capacity in (None, 10):
        whole, other = kp.RowSketch(40, capacity), kp.RowSketch(40, capacity)
        for part in np.array_split(a[:1700], 7):
            whole.push(part)
        other.push(a[1700:].astype("f4"))
        other.save(tmp_path / "other.npz")
        whole.merge(kp.RowSketch.load(tmp_path / "other.npz"))
        top = whole.top(4)
        assert whole.rows == 3000 and whole.is_exact == (capacity is None)
        assert all(x.lower <= exact <= x.upper for x, exact in zip(top.values, s, strict=False))
        assert float(whole.frobenius) == pytest.approx(np.linalg.norm(a), rel=1e-12)
        gram, kept = a.T @ a, whole.kept
        gap = np.linalg.eigvalsh(gram - kept.T @ kept)
        assert gap.min() >= -1e-9 * s[0] ** 2 and gap.max() <= whole.lost * (1 + 1e-9) + 1e-9 * s[0] ** 2
    with pytest.raises(ValueError, match="length 40"):
        whole.push(np.ones((2, 3)))
    with pytest.raises(ValueError, match="complex"):
        whole.push(np.ones((2, 40)) * 1j)
    with pytest.raises(ValueError, match="row sketch"):
        kp.RowSketch.load(tall)


def test_hostile_sketches_are_refused(tmp_path: Path) -> None:
    sketch = kp.RowSketch(3)
    sketch.push(np.eye(3))
    sketch.save(tmp_path / "good.npz")
    good = dict(np.load(tmp_path / "good.npz"))
    changes = {
        "version": lambda f: f["kappa_sketch"].__setitem__(0, 2),
        "room": lambda f: f["kappa_sketch"].__setitem__(1, 1),
        "fraction": lambda f: f["kappa_sketch"].__setitem__(2, 2.5),
        "exponent": lambda f: f["kappa_sketch"].__setitem__(3, 1e9),
        "negative": lambda f: f["kappa_sketch"].__setitem__(4, -1),
        "order": lambda f: f["kappa_sketch"].__setitem__(7, 0),
        "nan": lambda f: f["rows"].__setitem__((0, 0), np.nan),
        "short": lambda f: f.__setitem__("kappa_sketch", f["kappa_sketch"][:5]),
        "flat": lambda f: f.__setitem__("rows", f["rows"].ravel()),
    }
    for name, change in changes.items():
        parts = {key: x.copy() for key, x in good.items()}
        change(parts)
        np.savez(tmp_path / f"{name}.npz", **parts)
        with pytest.raises(Exception, match="not a valid row sketch"):
            kp.RowSketch.load(tmp_path / f"{name}.npz")
        done = run("sketch", tmp_path / f"{name}.npz", "--top", 1)
        assert done.returncode == 2 and "not a valid row sketch" in done.stderr, name


def test_the_command_line_streams_sketches_and_draws(tall: Path, tmp_path: Path) -> None:
    a = np.load(tall).astype(float)
    s = np.linalg.svd(a, compute_uv=False)
    out = tmp_path / "f.npz"
    found = answer("svd", tall, "--top", 3, "--memory", "4MiB", "--output", out)["result"]
    assert [x["estimate"] for x in found["singular_values"]] == pytest.approx(s[:3], rel=1e-12)
    assert found["passes"] == 2 and found["is_exact"] is True
    parts = np.load(out)
    assert abs(a @ parts["vh"].T - parts["u"] * parts["s"]).max() < 1e-10
    assert answer("svd", tall, "--top", 3, "--one-pass")["result"]["passes"] == 1
    tight = run("svd", tall, "--top", 3, "--memory", "1KiB")
    assert tight.returncode == 2 and "memory ceiling" in tight.stderr and "hint" in tight.stderr
    assert run("svd", tall).returncode == 2
    # In memory, where it fits.
    found = answer("svd", tall, "--top", 3, "--output", out)["result"]
    assert [x["estimate"] for x in found["singular_values"]] == pytest.approx(s[:3], rel=1e-12)
    assert "passes" not in found
    assert found["error"]["estimate"] == pytest.approx(np.sqrt((s[3:] ** 2).sum()))
    assert found["spectral_error"]["estimate"] == pytest.approx(s[3])
    parts = np.load(out)
    assert abs(a @ parts["vh"].T - parts["u"] * parts["s"]).max() < 1e-10
    explained = run("svd", tall, "--top", 3, "--explain")
    assert "algorithm: " in explained.stdout + explained.stderr
    assert "‖A − UΣVᴴ‖₂ in" in explained.stdout + explained.stderr
    middle = (s[4] + s[5]) / 2
    assert len(run("svd", tall, "--above", middle).stdout.split()) == 5
    assert run("svd", tall, "--above", 2 * s[0]).stdout == ""
    for wrong, word in (
        (("--above", "nan"), "positive number"),
        (("--above", "1", "--top", "2"), "cannot be used"),
        (("--above", "1", "--one-pass"), "cannot be used"),
        (("--top", "99999"), "triplets"),
    ):
        done = run("svd", tall, *wrong)
        assert done.returncode == 2 and word in done.stderr, done.stderr
    halves = [tmp_path / "upper.npy", tmp_path / "lower.npy"]
    np.save(halves[0], a[:1000])
    np.save(halves[1], a[1000:])
    answer("sketch", halves[0], "--output", tmp_path / "upper.npz")
    merged = answer("sketch", tmp_path / "upper.npz", halves[1], "--top", 2)["result"]
    assert merged["rows"] == 3000 and merged["singular_values"][1]["estimate"] == pytest.approx(s[1], rel=1e-12)
    nothing = run("sketch", tall)
    assert nothing.returncode == 2 and "--output" in nothing.stderr
    spread = answer("density", tall, "--bins", 6, "--picture", tmp_path / "d.svg", "--replicates", 20)["result"]
    assert sum(x["estimate"] for x in spread["histogram"]["counts"]) == 40 and 0 <= spread["p_value"] <= 1
    assert (tmp_path / "d.svg").read_text().startswith("<svg")
    words = run("density", tall)
    assert words.returncode == 0 and "power law" in words.stdout and "noise" in words.stdout
    lanczos = answer("density", tall, "--lanczos")["result"]
    assert lanczos["norms"]["frobenius"]["lower"] <= np.linalg.norm(a) <= lanczos["norms"]["frobenius"]["upper"]


def test_a_survey_has_tails_and_noise(tmp_path: Path) -> None:
    a = np.random.default_rng(0).standard_normal((120, 60))
    np.save(tmp_path / "w.npy", a)
    survey = kp.open(tmp_path / "w.npy").survey()
    layer, direct = survey[0], kp.density(a)
    assert direct.tail is not None and direct.bulk is not None
    assert layer["alpha"] == float(direct.tail.exponent) and layer["tail_count"] == direct.tail.count
    assert layer["spikes"] == float(direct.bulk.spikes)
    s = np.linalg.svd(a, compute_uv=False)
    assert layer["nuclear_rank"] == pytest.approx(s.sum() / s[0], rel=1e-12)
    assert layer["participation_ratio"] == pytest.approx((s**2).sum() ** 2 / (s**4).sum(), rel=1e-12)
    inside = json.loads(survey.to_json())["result"]["layers"][0]
    assert inside["tail"]["exponent"]["estimate"] == layer["alpha"] and inside["bulk"]["distance"] < 0.1
    assert "alpha" in survey.to_csv().splitlines()[0] and "nuclear rank" in survey.to_html()
