"""The command line: the JSON contract, exit codes, messages, files that are whole or not there, progress."""

import json
import os
import pty
import signal
import subprocess
import time
from pathlib import Path

import jsonschema
from typing import Any
import numpy as np
import pytest
from conftest import COMMAND, DIGITS, INSTALLED, ROOT, answer, run, write_safetensors

SCHEMA = json.loads((ROOT / "docs" / "json.schema.json").read_text())


@pytest.fixture
def w(tmp_path: Path) -> Path:
    np.save(tmp_path / "w.npy", np.array([[3.0, 0.0], [0.0, 4.0], [0.0, 0.0]]))
    return tmp_path / "w.npy"


def test_every_command_keeps_the_contract(w: Path) -> None:
    commands = [
        ("survey", w), ("survey", DIGITS), ("norm", w), ("cond", w), ("rank", w), ("singular-values", w),
        ("measure", w),
        ("svd", w, "--output", w.with_suffix(".npz")), ("check", w, "rank = 2"), ("prove", w, "norm:spectral <= 5"),
        ("about-norm", "nuclear", "--against", "frobenius", "--shape", "3x2"), ("formats", "0.1"),
        ("roots", "1", "2", "1"),
        ("ball", "subgradient", w, "--norm", "spectral", "--output", w.with_suffix(".out.npy")), ("sum", w),
        ("vector", w),
        ("inner", w, w), ("norm", w, "--norm", "induced:inf,1"), ("norm", w, "--certify"), ("survey", w, "--certify"),
        ("density", w), ("density", DIGITS, "--tensor", "fc1.weight", "--replicates", 5), ("density", w, "--lanczos"),
        ("svd", w, "--top", 1), ("svd", w, "--top", 1, "--one-pass"), ("svd", w, "--above", 3.5),
        ("svd", w, "--top", 1, "--method", "randomized"), ("svd", w, "--error", 0.7), ("svd", w, "--smallest", 1),
        ("sketch", w, "--top", 2), ("sketch", w, "--output", w.with_suffix(".rows.npz")),
    ]
    for command in commands:
        jsonschema.validate(answer(*command), SCHEMA)
    np.save(w, np.ones((2, 2)))
    cond = answer("cond", w)["result"]["value"]
    assert cond["upper"] == "inf"
    jsonschema.validate(answer("cond", w), SCHEMA)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"kappa": "0.2.0", "command": "norm", "inputs": {}, "result": {"value": 3}}, SCHEMA)


def test_answers_are_right(w: Path) -> None:
    assert float(run("norm", w).stdout) == 5.0
    assert float(run("norm", w, "--norm", "nuclear").stdout) == 7.0
    assert float(run("cond", w).stdout) == pytest.approx(4 / 3)
    assert run("rank", w).stdout == "2\n"
    assert run("rank", w, "--tolerance", "0.8").stdout == "1\n"
    assert [float(x) for x in run("singular-values", w, "--top", "1").stdout.split()] == [4.0]
    assert [line.split()[0] for line in run("measure", w, "rank", "cond").stdout.splitlines()] == ["rank", "cond"]
    out = w.with_name("f.npz")
    assert run("svd", w, "-o", out).returncode == 0
    f = np.load(out)
    assert np.allclose((f["u"] * f["s"]) @ f["vh"], np.load(w))
    umask = os.umask(0)
    os.umask(umask)
    assert out.stat().st_mode & 0o777 == 0o666 & ~umask


def test_checks_have_three_outcomes(w: Path) -> None:
    assert run("check", w, "cond < 2", "rank = 2").returncode == 0
    assert run("check", w, "cond < 1").returncode == 1
    np.save(w, np.ones((2, 2)))
    assert run("check", w, "cond < 1e40").returncode == 1, "singular: the condition number is infinite"
    np.save(w, np.diag([1.0, 2.0]))
    undecided = run("check", w, "cond = 2")
    assert undecided.returncode == 2 and "undecided" in undecided.stderr and "hint:" in undecided.stderr
    whole = run("check", DIGITS, "cond < 10")
    assert whole.returncode == 1 and whole.stdout.count("cond < 10") == 3


def test_explanations_go_to_standard_error(w: Path) -> None:
    done = run("norm", w, "--norm", "spectral", "--explain")
    assert "plan:" in done.stderr and "evidence:" in done.stderr and "reference:" in done.stderr
    assert done.stdout == run("norm", w, "--norm", "spectral").stdout
    assert "planned:" in run("survey", DIGITS, "--explain").stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("survey", "nowhere"), ["`nowhere`", "no such file"]),
        (("survey", "EMPTY"), ["without weights", "hint:"]),
        (("norm", DIGITS), ["holds 3 matrices", "--tensor NAME", "fc1.weight"]),
        (("norm", DIGITS, "--tensor", "fc9"), ["no tensor `fc9`", "fc1.weight"]),
        (("norm", "W", "--norm", "l2"), ["unknown norm `l2`; known: frobenius", "hint: families"]),
        (("norm", "NAN"), ["`nan` has 1 entry that is not finite (first at row 2, column 1)", "hint:"]),
        (("survey", "NAN"), ["not finite (first at row 2, column 1)", "hint:"]),
        (("norm", "W", "--norm", "dual:induced:inf,1"), ["cannot be evaluated", "hint:"]),
        (("norm", "W", "--width", "1e-3"), ["--width is for the spectral norm", "hint:"]),
        (("measure", "W", "numerical_radius"), ["square matrix", "hint:"]),
        (("prove", "W", "norm:l2 < 3"), ["unknown norm `l2`", "hint:"]),
        (("ball", "project", "W", "--norm", "induced:3,2", "-o", "x.npy"), ["has no closed form", "hint:"]),
        (("vector", "W", "--p", "-1"), ["p-norm", "hint:"]),
        (("svd", "W", "-o", "W"), ["would be lost", "hint:"]),
        (("prove", "W", "norm:spectral <= 9", "-o", "W"), ["would be lost", "hint:"]),
        (("norm", "W", "--norm", "spectral", "--width", "-1"), ["above 0", "hint:"]),
        (("about-norm", "spectral", "--against", "max-abs", "--shape", "4294967296x4294967296"), ["overflows"]),
        (("cond", "W", "--norm", "dual:induced:3,2"), ["cannot be evaluated", "hint:"]),
        (("check", "W", "cond"), ["has no comparison sign", "hint:"]),
        (("survey", DIGITS, "--layers", "nothing"), ["matches `nothing`", "hint:"]),
        (("svd", "W", "-o", "/nowhere/f.npz"), ["cannot write `/nowhere/f.npz`", "hint:"]),
        (("svd", "W", "--smallest", "0"), ["--smallest must be at least 1"]),
        (("svd", "W", "--top", "3"), ["3 singular triplets of a 3×2 matrix"]),
        (("svd", "W", "--top", "1", "--method", "guessed"), ["guessed", "truncated, randomized, partial"]),
        (("svd", "W", "--top", "1", "--method", "partial", "--one-pass"), ["--method", "--one-pass"]),
        (("svd", "W", "--above", "1", "--method", "partial"), ["--method", "cannot be used"]),
        (("svd", "W", "--error", "0.5", "--capacity", "3"), ["--capacity", "cannot be used"]),
        (("svd", "W", "--top", "1", "--method", "partial", "--bound", "-1"), ["relative width of a bound", "hint:"]),
        (("svd", "W", "--top", "1", "--sketch", "fourier"), ["unknown sketch `fourier`", "gaussian"]),
        (("svd", "W", "--top", "1", "--sketch", "gaussian"), ["--sketch does not apply to", "hint:"]),
        (("svd", "W", "--smallest", "1", "--bound", "0.1"), ["--bound does not apply to", "hint:"]),
        (("svd", "W", "--error", "1e-12"), ["must lie in", "hint:"]),
        (("survey", "W", "--memory", "4 parsecs"), ["parsecs"]),
        (("frobnicate",), ["frobnicate"]),
    ],
)
def test_what_cannot_be_answered_says_why(arguments: tuple[Any, ...], words: list[str], w: Path) -> None:
    (w.parent / "empty").mkdir()
    np.save(w.parent / "nan.npy", np.array([[1.0], [np.nan]]))
    names = {"EMPTY": w.parent / "empty", "W": w, "NAN": w.parent / "nan.npy"}
    done = run(*[names.get(a, a) for a in arguments])
    assert done.returncode == 2
    for word in words:
        assert word in done.stderr, done.stderr


def test_hostile_files_exit_with_2() -> None:
    for line in (ROOT / "attacks" / "expected.tsv").read_text().splitlines()[1:]:
        name, kind, _ = line.split("\t")
        done = run("survey", ROOT / "attacks" / "files" / name)
        # Where something besides the broken tensor is measured, the exit code is 1; a type not read is no fault.
        if done.returncode in (0, 1):
            assert kind == "broken" and "not measured" in done.stdout, name
        else:
            assert done.returncode == 2, done.stderr
            assert done.stderr.startswith("kappa: "), done.stderr
            assert "panicked" not in done.stderr, done.stderr


def test_a_broken_tensor_does_not_stop_the_rest(tmp_path: Path) -> None:
    good = np.eye(3, dtype=np.float32)
    write_safetensors(tmp_path / "m.safetensors", {"good": ("F32", good), "odd": ("F31", good)})
    done = run("survey", tmp_path / "m.safetensors")
    assert done.returncode == 0 and "good" in done.stdout and "dtype `F31`" in done.stdout


def test_formats_of_a_survey() -> None:
    assert run("survey", DIGITS, "--csv").stdout.startswith(
        "name,tensor,as,shape,rows,columns,dtype,role,frobenius,frobenius_lower"
    )
    assert run("survey", DIGITS, "--markdown").stdout.startswith("| layer")
    text = run("survey", DIGITS).stdout.splitlines()
    assert text[0].split()[0] == "layer" and "█" in text[1]
    assert "nuclear" in run("survey", DIGITS, "--wide").stdout
    assert run("survey", DIGITS, "--csv", "--markdown").returncode == 2


def test_the_installed_command_says_what_the_program_says(w: Path) -> None:
    out = w.with_name("f.npz")
    for arguments in (
        ["norm", w], ["norm", w, "--json"], ["check", w, "cond < 1"], ["norm", "none.npy"], ["norm"], ["--version"],
        ["survey", DIGITS, "--json"], ["singular-values", "-"], ["svd", w, "-o", out],
    ):
        one, other = (
            run(*arguments, command=command, input="0 2\n3 0\n") for command in (INSTALLED, COMMAND)
        )
        assert (one.returncode, one.stdout, one.stderr) == (other.returncode, other.stdout, other.stderr), arguments
    assert out.exists()


def test_completions_manual_and_version() -> None:
    for shell in ("bash", "zsh", "fish"):
        assert "singular-values" in run("completions", shell).stdout
    assert ".TH" in run("man").stdout and run("--version").stdout.startswith("kappa 0.")
    assert run("--help").returncode == 0 and run().returncode == 2


def test_a_closed_pipe_is_no_error() -> None:
    done = subprocess.run(
        f"'{INSTALLED}' survey '{DIGITS}' --json | head -c 1", shell=True, capture_output=True, text=True
    )
    assert done.stderr == ""


def many(path: Path, layers: int, order: int) -> Path:
    rng = np.random.default_rng(3)
    write_safetensors(
        path,
        {f"layers.{k}.weight": ("F32", rng.standard_normal((order, order)).astype(np.float32)) for k in range(layers)},
    )
    return path


def test_an_interrupt_leaves_no_partial_file(tmp_path: Path) -> None:
    np.save(tmp_path / "big.npy", np.random.default_rng(4).standard_normal((500, 500)))
    model = many(tmp_path / "m.safetensors", 40, 128)
    kept = {"big.npy", "m.safetensors"}
    start = time.perf_counter()
    assert run("svd", tmp_path / "big.npy", "-o", tmp_path / "warm.npz", command=INSTALLED).returncode == 0
    whole = time.perf_counter() - start
    (tmp_path / "warm.npz").unlink()
    outcomes = set()
    for k in range(14):
        arguments = (
            ["svd", tmp_path / "big.npy", "-o", tmp_path / "out.npz"]
            if k % 2
            else ["survey", model, "--html", tmp_path / "r.html"]
        )
        process = subprocess.Popen(
            [INSTALLED, *map(str, arguments)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(whole * (k + 1) / 13)
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)
        outcomes.add(process.returncode)
        left = {f.name for f in tmp_path.iterdir()} - kept
        for name in left:
            assert name in ("out.npz", "r.html"), f"{name} was left behind"
            path = tmp_path / name
            assert (
                set(np.load(path).files) == {"u", "s", "vh"}
                if name == "out.npz"
                else path.read_text().rstrip().endswith("</html>")
            )
            path.unlink()
    assert outcomes - {0}, "no run was interrupted in time"


def test_a_long_survey_shows_progress_with_an_estimate(tmp_path: Path) -> None:
    model = many(tmp_path / "m.safetensors", 300, 320)
    parent, child = pty.openpty()
    command = [str(INSTALLED), "survey", str(model), "--threads", "1"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=child)
    os.close(child)
    assert process.stdout is not None
    rows = process.stdout.read().decode()
    process.wait(timeout=300)
    shown = b""
    os.set_blocking(parent, False)
    try:
        while chunk := os.read(parent, 1 << 16):
            shown += chunk
    except OSError:
        pass
    assert rows.count("layers.") >= 300
    text = shown.decode(errors="replace")
    assert " % " in text and "left" in text, text[:500]
    assert "left" not in run("survey", DIGITS).stderr
