"""Certified answers against 200-bit arithmetic, proofs against the checker in Python, and the floating-point state."""

import ctypes
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest
from conftest import COMMAND, ROOT, answer, run

import kappa as kp

CHECKER = ROOT / "checker" / "check_proof.py"
mpmath.mp.prec = 200


def cases(count: int) -> list[np.ndarray]:
    found = []
    for seed in range(count):
        rng = np.random.default_rng(seed)
        m, n = rng.integers(1, 6, size=2)
        a = rng.standard_normal((m, n))
        kind = seed % 6
        if kind == 1:
            a = a * 10.0 ** (-4 * np.arange(n))
        elif kind == 2:
            a = np.outer(a[:, 0], rng.integers(1, 5, size=n))
        elif kind == 3:
            a = a * 2.0**900
        elif kind == 4:
            a = a * 2.0**-1050
        elif kind == 5:
            a = a + 1j * rng.standard_normal((m, n))
        found.append(a)
    return found


def exact_values(a: np.ndarray) -> list[mpmath.mpf]:
    m = mpmath.matrix(a.tolist())
    s = mpmath.svd_c(m, compute_uv=False) if np.iscomplexobj(a) else mpmath.svd_r(m, compute_uv=False)
    return sorted((mpmath.mpf(x) for x in s), reverse=True)


def inside(x: kp.Enclosure, value: mpmath.mpf, slack: mpmath.mpf) -> bool:
    return bool(mpmath.mpf(x.lower) - slack <= value <= mpmath.mpf(x.upper) + slack)


@pytest.mark.parametrize("a", cases(120), ids=lambda a: f"{a.dtype}{a.shape}")
def test_certified_norms_hold_the_200_bit_value(a: np.ndarray) -> None:
    s = exact_values(a)
    # What 200 bits may be off by, far below a unit in the last place of a double.
    slack = s[0] * mpmath.mpf(2) ** -150
    power = lambda p, v: (
        mpmath.nthroot(sum(x**p for x in v), p)
        if p == int(p)
        else sum(x ** mpmath.mpf(p) for x in v) ** (1 / mpmath.mpf(p))
    )
    values = {
        "spectral": s[0],
        "nuclear": sum(s),
        "schatten:3": power(3, s),
        "schatten:1.7": power(1.7, s),
        "ky-fan:2": sum(s[:2]),
        "ky-fan:2,3": power(3, s[:2]),
        "dual:ky-fan:2": max(s[0], sum(s) / 2),
    }
    moduli = [abs(mpmath.mpmathify(complex(x)) if np.iscomplexobj(a) else mpmath.mpf(float(x))) for x in a.ravel()]
    values["entrywise:1.3"] = power(1.3, moduli)
    values["induced:1,2.5"] = max(power(2.5, moduli[j :: a.shape[1]]) for j in range(a.shape[1]))
    for name, value in values.items():
        x = kp.norm(a, name, certify=True)
        assert x.evidence == "rounding" or x.evidence.startswith("theorem"), (name, x)
        assert inside(x, value, slack), (name, x, value)
        if 1e-290 < s[0] < 1e290 and s[0] > 0:
            assert x.upper - x.lower <= 1e-12 * x.upper, (name, x)
    certified = kp.singular_values(a, certify=True)
    for x, value in zip(certified, s, strict=True):
        assert inside(x, value, slack)
    p = [x / sum(s) for x in s]
    effective = mpmath.exp(-sum(x * mpmath.log(x) for x in p if x > mpmath.mpf(10) ** -60))
    measured = kp.measure(a, "effective_rank", "stable_rank", "cond", certify=True)
    assert inside(measured["effective_rank"], effective, mpmath.mpf(10) ** -40)
    assert inside(measured["stable_rank"], sum(x**2 for x in s) / s[0] ** 2, mpmath.mpf(10) ** -40)


def test_widths_at_order_500() -> None:
    a = np.random.default_rng(1).standard_normal((500, 500))
    x = kp.norm(a, "spectral", certify=True)
    assert x.upper - x.lower <= 1e-11 * x.upper and x.lower <= np.linalg.norm(a, 2) * (1 + 1e-12)
    y = kp.norm(a.astype(np.float32), "spectral", width=1e-6)
    assert y.upper - y.lower <= 1e-6 * y.upper and y.evidence.startswith("probability")
    assert kp.norm(a, "spectral", certify=True, width=1e-4).evidence == "rounding"


def test_numerical_radius_and_logarithmic_norm() -> None:
    jordan = np.eye(6, k=1)
    w = kp.numerical_radius(jordan)
    assert w.lower <= np.cos(np.pi / 7) + 1e-15 and np.cos(np.pi / 7) <= w.upper + 1e-15
    a = np.random.default_rng(2).standard_normal((7, 7)) - 4 * np.eye(7)
    expected = np.linalg.eigvalsh((a + a.T) / 2)[-1]
    assert abs(float(kp.log_norm(a)) - expected) < 1e-12 and float(kp.log_norm(a, np.inf)) == pytest.approx(
        max(a[i, i] + np.abs(a[i]).sum() - abs(a[i, i]) for i in range(7))
    )
    angles = np.linspace(0, 2 * np.pi, 2000)
    sampled = max(np.linalg.eigvalsh((np.exp(1j * t) * a + np.exp(-1j * t) * a.T) / 2)[-1] for t in angles)
    radius = kp.numerical_radius(a)
    assert radius.lower <= sampled * (1 + 1e-5) and sampled <= radius.upper


CLAIMS = [
    ("norm:spectral", 1.01, 0.99), ("least_singular_value", 1.01, 0.99), ("cond", 1.01, 0.99),
    ("norm:nuclear", 1.01, 0.99),
    ("norm:frobenius", 1.0001, 0.9999), ("norm:max-abs", 1.0001, 0.9999), ("norm:max-row-sum", 1.0001, 0.9999),
    ("norm:max-column-sum", 1.0001, 0.9999), ("norm:entrywise:1", 1.0001, 0.9999), ("norm:induced:inf,1", 1.3, 0.99),
    ("norm:induced:inf,2", 1.3, 0.99), ("norm:induced:2,1", 1.3, 0.99),
]


@pytest.mark.parametrize(("quantity", "above", "below"), CLAIMS, ids=lambda x: str(x))
def test_the_pure_python_checker_agrees(quantity: str, above: float, below: float, tmp_path: Path) -> None:
    a = np.random.default_rng(3).standard_normal((7, 5)).astype(np.float32)
    np.save(tmp_path / "a.npy", a)
    np.save(tmp_path / "wide.npy", np.asfortranarray(a.T.astype(float)))
    s = np.linalg.svd(a.astype(float), compute_uv=False)
    special = {"least_singular_value": s[-1], "cond": s[0] / s[-1]}
    value = special.get(quantity) or float(kp.norm(a, quantity.removeprefix("norm:")))
    for name in ("a.npy", "wide.npy"):
        matrix = np.load(tmp_path / name)
        if name == "wide.npy":
            value = special.get(quantity) or float(kp.norm(matrix, quantity.removeprefix("norm:")))
        for claim in (f"{quantity} <= {value * above!r}", f"{quantity} > {value * below!r}"):
            claim = claim.replace("np.float64(", "").replace(")", "")
            proof = tmp_path / "proof.json"
            made = run("prove", tmp_path / name, claim, "-o", proof)
            assert made.returncode == 0, made.stderr
            assert run("verify", tmp_path / name, proof).returncode == 0
            check = lambda *arguments: subprocess.run(
                [sys.executable, "-S", "-I", CHECKER, *map(str, arguments)], capture_output=True, text=True
            )
            done = check(tmp_path / name, proof)
            assert done.returncode == 0 and done.stdout.startswith("proved"), done.stdout + done.stderr
            assert kp.verify(matrix, proof.read_text()) and kp.verify(matrix, kp.prove(matrix, claim))
            other = tmp_path / "other.npy"
            np.save(other, matrix + 1)
            assert check(other, proof).returncode == 1 and run("verify", other, proof).returncode == 1
            # The same witness for a stronger claim, about the same matrix: both refuse.
            told = json.loads(proof.read_text())
            number = float(told["claim"].split()[-1])
            stronger = number * (0.5 if "<" in told["claim"] else 2.0)
            told["claim"] = " ".join(told["claim"].split()[:-1] + [repr(stronger)])
            proof.write_text(json.dumps(told))
            assert check(tmp_path / name, proof).returncode == 1, told["claim"]
            assert run("verify", tmp_path / name, proof).returncode == 1


def test_the_checker_is_short_and_stands_alone() -> None:
    text = CHECKER.read_text()
    assert len(text.splitlines()) <= 150
    imports = {line.split()[1] for line in text.splitlines() if line.startswith(("import ", "from "))}
    assert imports <= {"ast", "hashlib", "json", "math", "struct", "sys", "fractions"}


def test_false_claims_and_broken_proofs(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.diag([3.0, 1.0]))
    false = run("prove", tmp_path / "a.npy", "norm:spectral <= 2")
    assert false.returncode == 1 and "false" in false.stderr and false.stdout == ""
    sharp = run("prove", tmp_path / "a.npy", "norm:nuclear <= 4")
    assert sharp.returncode in (0, 2)
    for text, words in [("{", "is not JSON"), ('{"kappa_proof": 2}', "version 2"), ("{}", "is not a proof")]:
        (tmp_path / "p.json").write_text(text)
        done = run("verify", tmp_path / "a.npy", tmp_path / "p.json")
        assert done.returncode == 2 and words in done.stderr and "hint:" in done.stderr
    hostile = {
        "kappa_proof": 1, "claim": "spectral <= 4", "matrix": {"rows": 2, "columns": 2, "sha256": ""},
        "witness": {"method": "above", "factor": {"shift": 2**31 - 1, "rows": [[1], [1, 1]]}},
    }
    good = json.loads(kp.prove(np.diag([3.0, 1.0]), "norm:spectral <= 4"))
    hostile["matrix"] = good["matrix"]
    (tmp_path / "p.json").write_text(json.dumps(hostile))
    assert run("verify", tmp_path / "a.npy", tmp_path / "p.json").returncode == 1
    refused = run("prove", tmp_path / "a.npy", "effective_rank < 3")
    assert refused.returncode == 2
    assert "there is no proof method for" in refused.stderr
    assert "hint: proofs are for" in refused.stderr
    with pytest.raises(ValueError, match="complex"):
        kp.prove(np.eye(2) * 1j, "norm:spectral <= 2")


HOSTILE: dict[str, tuple[np.ndarray, str, dict[str, Any]]] = {
    "t = 0 for the zero matrix": (
        np.zeros((2, 2)),
        "cond <= 2",
        {"method": "between", "middle": 0.0, "above": [[0], [0, 0]], "below": [[0], [0, 0]]},
    ),
    "floats in a vector": (np.eye(2), "spectral >= 1e9", {"method": "vector", "x": [[1e200, 0]]}),
    "a vector of zeros": (np.eye(2), "spectral >= 1e9", {"method": "vector", "x": [[0, 0]]}),
    "a vector that is too long": (np.eye(2), "cond >= 1e6", {"method": "pair", "x": [[1, 0]], "y": [[1, 0, 10**6]]}),
    "ragged rows": (np.ones((2, 2)), "nuclear >= 900", {"method": "dual", "y": [[0, 1000], [0]], "factor": [[0]]}),
    "rows that are missing": (
        np.ones((2, 2)),
        "nuclear >= 900",
        {"method": "dual", "y": [[0, 1000]], "factor": [[0], [0, 0]]},
    ),
    "no such sign": (np.eye(2), "frobenius == 0.5", {"method": "entries"}),
    "another sign": (np.eye(2), "frobenius != 0.5", {"method": "entries"}),
    "a negative bound": (np.eye(2), "spectral <= -3", {"method": "above", "factor": [[2], [0, 2]]}),
    "an infinite bound": (np.eye(2), "spectral <= 1e400", {"method": "above", "factor": [[2], [0, 2]]}),
    "a huge exponent": (np.ones((1, 2)), "induced:1e17,inf >= 2", {"method": "entries"}),
    "a factor of floats": (np.eye(2), "spectral <= 0.5", {"method": "above", "factor": [[0.5], [0.0, 0.5]]}),
    "a double above its decimal": (np.array([[0.1]]), "max-abs <= 0.1", {"method": "entries"}),
    "a double below its decimal": (np.array([[0.3]]), "max-abs >= 0.3", {"method": "entries"}),
    "a decimal of many digits": (np.array([[0.1]]), "max-abs <= 0.09999999999999999999999", {"method": "entries"}),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_checker_believes_a_hostile_proof(name: str, tmp_path: Path) -> None:
    a, claim, witness = HOSTILE[name]
    proof = json.loads(kp.prove(a, "norm:frobenius <= 100"))
    parts = {key: {"shift": 0, "rows": value} if isinstance(value, list) else value for key, value in witness.items()}
    proof |= {"claim": claim, "witness": parts}
    np.save(tmp_path / "a.npy", a)
    (tmp_path / "p.json").write_text(json.dumps(proof))
    for command in ([sys.executable, "-I", CHECKER], [str(COMMAND), "verify"]):
        done = subprocess.run(
            [*map(str, command), tmp_path / "a.npy", tmp_path / "p.json"], capture_output=True, text=True
        )
        assert done.returncode in (1, 2) and not done.stdout.startswith("proved"), done.stdout


def test_claims_are_about_decimals(tmp_path: Path) -> None:
    # The double 0.1 is more than a tenth, the double 0.3 less than three of them.
    for x, claim in ((0.1, "max-abs > 0.1"), (0.3, "max-abs < 0.3"), (0.5, "max-abs <= 0.5")):
        np.save(tmp_path / "a.npy", np.array([[x]]))
        (tmp_path / "p.json").write_text(kp.prove(np.array([[x]]), claim))
        for command in ([sys.executable, "-I", str(CHECKER)], [str(COMMAND), "verify"]):
            done = subprocess.run([*command, tmp_path / "a.npy", tmp_path / "p.json"], capture_output=True, text=True)
            assert done.returncode == 0, (claim, done.stdout, done.stderr)


def test_no_checker_rounds_integers_or_joins_dimensions(tmp_path: Path) -> None:
    wide = np.ones((2, 2, 2))
    wide[1] = 9.0
    for a, doubles, claim in (
        (np.array([[2**53 + 1]]), np.array([[2.0**53]]), "max-abs <= 9007199254740992"),
        (wide, wide[0], "max-abs <= 1"),
    ):
        np.save(tmp_path / "a.npy", a)
        (tmp_path / "p.json").write_text(kp.prove(doubles, claim))
        for command in ([sys.executable, "-I", str(CHECKER)], [str(COMMAND), "verify"]):
            done = subprocess.run([*command, tmp_path / "a.npy", tmp_path / "p.json"], capture_output=True, text=True)
            assert done.returncode in (1, 2) and not done.stdout.startswith("proved"), done.stdout


def test_certify_on_every_measure(tmp_path: Path) -> None:
    a = np.random.default_rng(5).standard_normal((9, 6))
    np.save(tmp_path / "a.npy", a)
    file = tmp_path / "a.npy"
    for command in (
        ("norm", "--norm", "spectral"),
        ("norm", "--norm", "schatten:3"),
        ("cond",),
        ("rank",),
        ("cond", "--norm", "nuclear"),
    ):
        value = answer(command[0], file, *command[1:], "--certify")["result"]["value"]
        assert value["evidence"] == "rounding", command
    values = answer("singular-values", file, "--certify")["result"]["values"]
    assert len(values) == 6 and all(v["evidence"] == "rounding" for v in values)
    for measures in (
        answer("measure", file, "--certify")["result"]["measures"],
        answer("survey", file, "--certify")["result"]["layers"][0]["measures"],
    ):
        assert all(v["evidence"] == "rounding" for v in measures.values())
    assert run("check", file, "cond < 1e6", "--certify").returncode == 0
    svd = answer("svd", file, "-o", tmp_path / "f.npz", "--certify")["result"]["singular_values"]
    assert all(v["evidence"] == "rounding" for v in svd)
    assert kp.check(a, "cond < 1e6", certify=True) is True
    assert "counted products" in run("cond", file, "--certify", "--explain").stderr
    survey = kp.open(file).survey(certify=True)
    nuclear = survey.enclosure("a", "nuclear")
    assert nuclear is not None and nuclear.evidence == "rounding"


def test_flush_to_zero_is_noticed(tmp_path: Path) -> None:
    compiler = next((c for c in ("cc", "gcc", "clang") if shutil.which(c)), None)
    source = (
        "#include <xmmintrin.h>\nunsigned get(void) { return _mm_getcsr(); }\nvoid set(unsigned x) { _mm_setcsr(x); }\n"
    )
    (tmp_path / "state.c").write_text(source)
    library = tmp_path / "state.so"
    built = compiler and subprocess.run(
        [compiler, "-shared", "-fPIC", "-O1", "-o", library, tmp_path / "state.c"], capture_output=True
    )
    if not built or built.returncode:
        pytest.skip("SKIPPED: no C compiler for x86, so the floating-point state cannot be changed")
    state = ctypes.CDLL(str(library))
    before = state.get()
    a = np.eye(3)
    assert kp.norm(a, "spectral", certify=True).lower <= 1.0
    # Flush-to-zero, denormals-are-zero, and rounding upward.
    for bits in (0x8000, 0x0040, 0x4000):
        state.set(before | bits)
        try:
            with pytest.raises(ValueError, match="certified bounds are not possible"):
                kp.norm(a, "spectral", certify=True)
            with pytest.raises(ValueError, match="certified bounds are not possible"):
                kp.singular_values(a, certify=True)
            # What is not asked to be certain is answered, and claims no proof.
            for x in (kp.norm(a, "fro"), kp.norm(a, "max-abs"), kp.vector_norm(a[0], 1.5), kp.sum(a[0]).value):
                assert x.evidence.startswith("estimate"), x
        finally:
            state.set(before)
    assert kp.norm(a, "spectral", certify=True).evidence == "rounding"
