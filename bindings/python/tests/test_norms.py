"""Norms as values, vectors and numbers, against NumPy, SciPy and ml_dtypes."""

from fractions import Fraction
from pathlib import Path

import ml_dtypes
from typing import Any
import numpy as np
import pytest
from conftest import answer, run
from scipy import optimize

import kappa as kp

RNG = np.random.default_rng(7)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64, np.complex128])
def test_induced_norms_agree_with_a_search(dtype: type) -> None:
    a: Any = RNG.standard_normal((4, 3)).astype(dtype)
    if np.iscomplexobj(a):
        a = (a + 1j * RNG.standard_normal(a.shape)).astype(dtype)
    for p, q in [(1, 2), (2, np.inf), (2, 1), (np.inf, 1), (np.inf, 2), (3, 1.5), (1.5, 3), (3, 3)]:
        x = kp.norm(a, f"induced:{p},{q}")
        parts = 2 if np.iscomplexobj(a) else 1

        def ratio(z: np.ndarray) -> float:
            z = z[:3] + 1j * z[3:] if parts == 2 else z
            image = a.astype(complex if parts == 2 else float) @ z
            return -float(np.linalg.norm(image, q)) / max(float(np.linalg.norm(z, p)), 1e-300)

        found = max(
            -optimize.minimize(ratio, RNG.standard_normal(3 * parts), method="Nelder-Mead").fun for _ in range(8)
        )
        assert found <= x.upper * (1 + 1e-9), (p, q, x, found)
        assert x.lower >= 0.98 * found, (p, q, x, found)


def test_norm_objects() -> None:
    assert kp.Norm("schatten:2") == kp.Norm("frobenius") and len({kp.Norm("fro"), kp.Norm("frobenius")}) == 1
    assert kp.Norm("dual:ky-fan:3").dual == kp.Norm("ky-fan:3") and str(kp.Norm("nuclear").dual) == "spectral"
    assert kp.Norm("spectral").is_induced and not kp.Norm("max-abs").is_submultiplicative
    assert kp.Norm("nuclear").is_unitarily_invariant and not kp.Norm("nuclear").is_absolute
    a = RNG.standard_normal((6, 4))
    assert kp.norm(a, kp.Norm("nuclear")) == kp.norm(a, "nuclear")
    u, s, vh = np.linalg.svd(a, full_matrices=False)
    g, unique = kp.Norm("nuclear").subgradient(a)
    assert unique and np.allclose(g, u @ vh)
    g, unique = kp.Norm("spectral").subgradient(a)
    assert unique and np.allclose(g, np.outer(u[:, 0], vh[0]))
    assert np.allclose(kp.Norm("nuclear").prox(a, 0.5), (u * np.maximum(s - 0.5, 0)) @ vh)
    assert np.allclose(kp.Norm("spectral").project(a, 1.0), (u * np.minimum(s, 1.0)) @ vh)
    assert np.allclose(kp.Norm("entrywise:1").prox(a, 0.3), np.sign(a) * np.maximum(abs(a) - 0.3, 0))
    assert np.allclose(kp.Norm("spectral").linear_minimum(a, 2.0), -2 * u @ vh)
    c, matrix = kp.Norm("frobenius").constant("max-row-sum", (9, 4))
    assert matrix is not None
    assert 3.0 in c and np.linalg.norm(matrix) / abs(matrix).sum(1).max() == pytest.approx(3.0)
    z = a + 1j * a[::-1]
    assert np.iscomplexobj(kp.Norm("nuclear").prox(z, 0.1))
    with pytest.raises(ValueError, match="has no closed form"):
        kp.Norm("induced:3,2").project(a)
    with pytest.raises(ValueError, match="≥ 0"):
        kp.Norm("nuclear").prox(a, -1.0)


@pytest.mark.parametrize(
    "name",
    ["schatten:3", "ky-fan:2", "ky-fan:2,2", "dual:ky-fan:2", "induced:1,2", "dual:induced:1,2", "entrywise:1.5"],
)
def test_projections_agree_with_a_solver(name: str) -> None:
    a = RNG.standard_normal((3, 3))
    radius = 0.6 * float(kp.norm(a, name))
    p = kp.Norm(name).project(a, radius)
    constraint = {"type": "ineq", "fun": lambda x: radius - float(kp.norm(x.reshape(3, 3), name))}
    best = optimize.minimize(
        lambda x: ((x - a.ravel()) ** 2).sum(), 0.5 * a.ravel(), constraints=[constraint], method="SLSQP"
    )
    assert float(kp.norm(p, name)) <= radius * (1 + 1e-9)
    assert ((p - a) ** 2).sum() <= best.fun * (1 + 1e-4), name


def test_a_gauge_of_the_caller() -> None:
    a = RNG.standard_normal((5, 4))
    x = kp.norm_by_gauge(a, lambda s: float(np.sqrt((s**2).sum())))
    assert float(x) == pytest.approx(np.linalg.norm(a)) and "samples" in x.evidence
    with pytest.raises(ValueError, match="not a symmetric gauge"):
        kp.norm_by_gauge(a, lambda s: float(s[0] + 2 * s[-1]))
    with pytest.raises(ZeroDivisionError):
        kp.norm_by_gauge(a, lambda s: 1 / 0)


def test_majorization_and_dominance() -> None:
    assert kp.majorization([2, 2, 2], [3, 2, 1]) == {"weak": True, "strong": True, "fails_at": None}
    a = RNG.standard_normal((6, 5))
    assert kp.fan_dominance(a[:3], a)["weak"] is True
    assert kp.fan_dominance(2 * a, a, certify=True)["fails_at"] == 1


def test_vector_norms() -> None:
    x, y = RNG.standard_normal(9), RNG.standard_normal(9)
    for p in (1, 1.5, 2, 3, np.inf):
        v = kp.vector_norm(x, p)
        assert float(v) == pytest.approx(np.linalg.norm(x, p), rel=1e-14) and v.evidence == "rounding"
        d = kp.dual_vector(x, p)
        assert d @ x == pytest.approx(float(v)) and float(kp.vector_norm(d, p, dual=True)) == pytest.approx(1.0)
        assert kp.holder(x, y, p).slack.lower >= -1e-12
    assert int(kp.vector_norm([1.0, 0.0, 2.0], 0)) == 2
    weights = np.arange(1.0, 10.0)
    assert float(kp.vector_norm(x, 3, weights=weights)) == pytest.approx((weights * abs(x) ** 3).sum() ** (1 / 3))
    b = RNG.standard_normal((9, 9))
    m = b @ b.T + np.eye(9)
    m = (m + m.T) / 2
    assert float(kp.vector_norm(x, mahalanobis=m)) == pytest.approx(np.sqrt(x @ m @ x))
    assert float(kp.vector_norm(x, mahalanobis=m, dual=True)) == pytest.approx(np.sqrt(x @ np.linalg.solve(m, x)))
    with pytest.raises(ValueError, match="positive definite"):
        kp.vector_norm(x, mahalanobis=-m)
    constant, attained = kp.vector_constant(1, 2, 16)
    assert 4.0 in constant and np.linalg.norm(attained, 1) / np.linalg.norm(attained) == pytest.approx(4.0)
    q, _ = np.linalg.qr(RNG.standard_normal((9, 4)))
    assert kp.bessel(x, q).slack.lower > 0
    assert abs(float(kp.parallelogram(x, y).slack)) < 1e-12 < abs(float(kp.parallelogram(x, y, 1).slack))
    z = x + 1j * y
    re, im = kp.inner_product(z, z)
    assert float(re) == pytest.approx(np.linalg.norm(z) ** 2) and 0.0 in im
    # The sign is kept.
    assert float(kp.inner_product(x, -x)) == pytest.approx(-(np.linalg.norm(x) ** 2))


def test_sums_know_their_error() -> None:
    for seed in range(60):
        rng = np.random.default_rng(seed)
        x = rng.standard_normal(40) * 10.0 ** rng.integers(-20, 20, size=40)
        x = np.concatenate([x, -x[:20], rng.standard_normal(3)])
        rng.shuffle(x)
        exact = sum((Fraction(v) for v in x.tolist()), Fraction(0))
        s = kp.sum(x)
        assert Fraction(s.value.lower) <= exact <= Fraction(s.value.upper)
        assert s.value.upper - s.value.lower <= 1e-15 * abs(float(exact)) + 1e-300
        y = rng.permutation(x)
        inner = sum((Fraction(p) * Fraction(q) for p, q in zip(x.tolist(), y.tolist())), Fraction(0))
        d = kp.dot(x, y)
        assert Fraction(d.value.lower) <= inner <= Fraction(d.value.upper)
    mean, variance = kp.mean_and_variance([1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16])
    assert 30.0 in variance and 1e9 + 10 in mean


def test_formats_agree_with_ml_dtypes() -> None:
    types = {
        "f32": np.float32, "f16": np.float16, "bf16": ml_dtypes.bfloat16, "f8-e4m3": ml_dtypes.float8_e4m3fn,
        "f8-e5m2": ml_dtypes.float8_e5m2,
    }
    numbers = np.concatenate(
        [
            RNG.standard_normal(300) * 10.0 ** RNG.integers(-10, 6, size=300),
            [0.1, 448.0, 464.0, 480.0, 65504.0, 65520.0, 57344.0, 61440.0, 1e-3],
        ]
    )
    with np.errstate(over="ignore"):
        for x in numbers.tolist():
            table = kp.formats(x)
            for name, dtype in types.items():
                # Through float32 first would round twice: NumPy casts doubles to these types directly.
                expected = float(np.float64(x).astype(dtype))
                found = table[name]["becomes"]
                assert found == expected or (np.isnan(found) and np.isnan(expected)), (name, x, found, expected)
    for name, dtype in types.items():
        info = ml_dtypes.finfo(dtype)
        f = kp.formats()[name]
        assert (f["largest"], f["smallest_normal"], f["smallest"]) == (
            float(info.max),
            float(info.tiny),
            float(info.smallest_subnormal),
        )


def test_quadratics_and_squares() -> None:
    kind, (x, y) = kp.quadratic_roots(1.0, -1e9, 1.0)
    assert kind == "real" and float(x) == pytest.approx(1e-9, rel=1e-15) and float(y) == 1e9
    assert kp.quadratic_roots(1.0, 2.0, 5.0)[0] == "conjugate" and kp.quadratic_roots(0, 0, 1)[0] == "none"
    assert 200000001.0 in kp.difference_of_squares(1e8 + 1, 1e8) and 5e200 in kp.hypot(3e200, 4e200)


def test_sampling_a_matrix_free_operator() -> None:
    a = RNG.standard_normal((30, 200))
    x = kp.frobenius_by_sampling((30, 200), lambda v: a @ v, samples=2000)
    assert np.linalg.norm(a) in x and x.evidence.startswith("probability")
    assert kp.frobenius_by_sampling((30, 200), lambda v: a @ v, samples=64, seed=3) == kp.frobenius_by_sampling(
        (30, 200), lambda v: a @ v, samples=64, seed=3
    )
    low = np.outer(a[:, 0], a[0]) + 1e-3 * a
    sharp = kp.frobenius_by_sampling((30, 200), lambda v: low @ v, adjoint=lambda v: low.T @ v, sketch=4, samples=500)
    assert np.linalg.norm(low) in sharp and sharp.upper - sharp.lower < 1e-3 * sharp.upper
    with pytest.raises(ValueError, match="adjoint"):
        kp.frobenius_by_sampling((30, 200), lambda v: a @ v, sketch=4)
    with pytest.raises(ValueError, match="shape"):
        kp.frobenius_by_sampling((30, 200), lambda v: v)


def test_the_command_line_says_the_same(tmp_path: Path) -> None:
    a = RNG.standard_normal((6, 4))
    np.save(tmp_path / "a.npy", a)
    np.save(tmp_path / "x.npy", np.array([3.0, 4.0]))
    np.save(tmp_path / "y.npy", np.array([4.0, -3.0]))
    out = tmp_path / "out.npy"
    for action, expected in [
        ("prox", kp.Norm("nuclear").prox(a, 0.5)),
        ("project", kp.Norm("nuclear").project(a, 0.5)),
        ("linear-minimum", kp.Norm("nuclear").linear_minimum(a, 0.5)),
        ("subgradient", kp.Norm("nuclear").subgradient(a)[0]),
    ]:
        done = answer("ball", action, tmp_path / "a.npy", "--norm", "nuclear", "--radius", "0.5", "-o", out)
        assert np.allclose(np.load(out), expected) and done["result"]["is_unique"] in (None, True)
    assert run("dominance", tmp_path / "a.npy", tmp_path / "a.npy").returncode == 2
    np.save(tmp_path / "b.npy", 2 * a)
    assert run("dominance", tmp_path / "a.npy", tmp_path / "b.npy").returncode == 0
    assert answer("vector", tmp_path / "x.npy")["result"]["value"]["estimate"] == 5.0
    assert run("vector", tmp_path / "x.npy", "--p", "inf").stdout == "4\n"
    assert "triangle" in run("vector", tmp_path / "x.npy", "--p", "0.5").stderr
    inner = answer("inner", tmp_path / "x.npy", tmp_path / "y.npy")["result"]
    assert inner["modulus"]["estimate"] == 0.0 and set(inner["inequalities"]) == {"hölder", "parallelogram"}
    found = answer("about-norm", "max-row-sum", "--against", "frobenius", "--shape", "9x4")
    assert found["result"]["constant"]["is_attained"]
    assert run("roots", "1", "-3", "2").stdout.split()[0].startswith("1.0")
    assert run("about-norm", "nuclear", "--against", "spectral").returncode == 2
    sampled = answer("norm", tmp_path / "a.npy", "--samples", "400")["result"]["value"]
    assert sampled["lower"] <= np.linalg.norm(a) <= sampled["upper"] and sampled["evidence"].startswith("probability")
    assert run("norm", tmp_path / "a.npy", "--norm", "nuclear", "--samples", "4").returncode == 2


def test_products_of_norms(tmp_path: Path) -> None:
    from conftest import DIGITS, write_safetensors

    product, factors = kp.open(DIGITS).lipschitz_product(layers=["fc*"])
    assert product is not None
    assert list(factors) == ["fc1.weight", "fc2.weight", "fc3.weight"] and product.evidence == "rounding"
    assert float(product) == pytest.approx(np.prod([float(f) for f in factors.values()]))
    told = answer("lipschitz", DIGITS, "--layers", "fc*")["result"]["product"]
    assert told["upper"] == product.upper
    # A checkpoint does not say how its layers are connected.
    nothing, factors = kp.open(DIGITS).lipschitz_product()
    assert nothing is None and len(factors) == 3
    bare = run("lipschitz", DIGITS)
    assert bare.returncode == 2 and "no graph" in bare.stderr and "fc2.weight" in bare.stdout
    # A convolution as an operator stretches by at most its reshaped norm times √9: here on a 6×6 image with zeros
    # around.
    kernel = RNG.standard_normal((2, 1, 3, 3)).astype(np.float32)
    write_safetensors(tmp_path / "m.safetensors", {"conv.weight": ("F32", kernel)})
    product, _ = kp.open(tmp_path / "m.safetensors").lipschitz_product()
    assert product is not None
    side = 6
    operator = np.zeros((2 * side * side, side * side))
    for o in range(2):
        for i in range(side):
            for j in range(side):
                for di in range(3):
                    for dj in range(3):
                        if 0 <= i + di - 1 < side and 0 <= j + dj - 1 < side:
                            operator[(o * side + i) * side + j, (i + di - 1) * side + j + dj - 1] = kernel[o, 0, di, dj]
    assert product.lower == 0.0 and np.linalg.norm(operator, 2) <= product.upper
    b, a = RNG.standard_normal((6, 2)), RNG.standard_normal((2, 5))
    x = kp.nuclear_norm_of_factors(b, a)
    assert x.lower <= np.linalg.norm(b @ a, "nuc") <= x.upper and x.width < 1e-11 * x.upper
    np.save(tmp_path / "b.npy", b)
    np.save(tmp_path / "a.npy", a)
    assert answer("nuclear-of-product", tmp_path / "b.npy", tmp_path / "a.npy")["result"]["value"]["upper"] == x.upper
    assert run("lipschitz", DIGITS, "--layers", "nothing").returncode == 2


def test_numbers_are_the_norms_of_numpy() -> None:
    a = np.array([[1.0, -2.0], [3.0, 4.0]])
    for order in (1, 2, 2.0, np.int64(1), np.inf, "1", "2", "inf", "fro", "nuc"):
        expected = np.linalg.norm(a, {"1": 1, "2": 2, "inf": np.inf}.get(order, order))  # type: ignore[arg-type]
        assert np.isclose(float(kp.norm(a, order)), expected), order  # type: ignore[arg-type]
    assert np.isclose(float(kp.cond(a, 1)), np.linalg.cond(a, 1))
    assert np.isclose(float(kp.svd(a).norm(2)), np.linalg.norm(a, 2))
    wrongs: list[object] = [[2], True, {}]
    for wrong in wrongs:
        with pytest.raises(TypeError, match="`norm` is a name, 1, 2, inf or a kappa.Norm, not an object of the class"):
            kp.norm(a, wrong)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="unknown norm `3`"):
        kp.norm(a, 3)
