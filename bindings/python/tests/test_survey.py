"""Surveys: of the checkpoint in the repository, of files made here, and of real data where it is there."""

import csv
import json
import math
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pandas as pd
import polars as pl
import pytest
from conftest import DIGITS, run, write_safetensors
from safetensors.numpy import load_file, save_file

import kappa as kp

RNG = np.random.default_rng(2)


def check_layer(layer: dict[str, Any], a: np.ndarray) -> None:
    """Every measure of a layer against NumPy in double precision."""
    s = np.linalg.svd(a, compute_uv=False)
    moduli = np.abs(a)
    for key, expected in {
        "frobenius": np.linalg.norm(a),
        "spectral": s[0],
        "nuclear": s.sum(),
        "max_column_sum": moduli.sum(axis=0).max(),
        "max_row_sum": moduli.sum(axis=1).max(),
        "max_abs": moduli.max(),
        "stable_rank": (s**2).sum() / s[0] ** 2,
    }.items():
        assert layer[key] == pytest.approx(expected, rel=1e-12), key
    p = s[s > 0] / s.sum()
    assert layer["effective_rank"] == pytest.approx(np.exp(-(p * np.log(p)).sum()), rel=1e-10)
    assert layer["nuclear_rank"] == pytest.approx(s.sum() / s[0], rel=1e-12)
    assert layer["participation_ratio"] == pytest.approx((s**2).sum() ** 2 / (s**4).sum(), rel=1e-12)
    energy = np.cumsum(s**2) / (s**2).sum()
    for percent in (90, 95, 99):
        expected = int(np.searchsorted(energy, percent / 100) + 1)
        assert layer[f"energy_rank_{percent}_lower"] <= expected <= layer[f"energy_rank_{percent}_upper"]
    tolerance = s[0] * {
        "f32": max(a.shape) * 2.0**-23, "c64": max(a.shape) * 2.0**-23, "f16": 2.0**-11, "bf16": 2.0**-8,
        "f8_e4m3": 2.0**-4, "f8_e5m2": 2.0**-3,
    }.get(layer["dtype"], max(a.shape) * 2.0**-52)
    assert layer["rank_lower"] <= (s > tolerance).sum() <= layer["rank_upper"]
    if s[-1] > 1e3 * tolerance:
        assert layer["cond"] == pytest.approx(s[0] / s[-1], rel=1e-12 * s[0] / s[-1] + 1e-12)


def matrix_of(name: str, a: np.ndarray) -> np.ndarray:
    a = a.astype(complex if a.dtype.kind == "c" else float)
    return a.reshape(-1, a.shape[-1]) if "kernel" in name and a.ndim > 2 else a.reshape(a.shape[0], -1)


def test_the_example_agrees_with_numpy() -> None:
    survey, tensors = kp.open(DIGITS).survey(), load_file(DIGITS)
    assert [layer["name"] for layer in survey] == ["fc1.weight", "fc2.weight", "fc3.weight"]
    assert [s["reason"] for s in survey.skipped] == ["a vector"] * 3
    for layer in survey:
        check_layer(layer, matrix_of(layer["name"], tensors[layer["name"]]))
        values = np.asarray(survey.singular_values(layer["name"]))
        expected = np.linalg.svd(tensors[layer["name"]].astype(float), compute_uv=False)
        assert np.abs(values - expected).max() <= 1e-12 * expected[0]
        spectral = survey.enclosure(layer["name"], "spectral")
        assert spectral is not None
        assert spectral.lower <= expected[0] * (1 + 1e-14) and expected[0] * (1 - 1e-14) <= spectral.upper
    frobenius = survey.enclosure("fc1.weight", "frobenius")
    assert frobenius is not None and frobenius.evidence == "rounding"


def test_a_survey_is_a_data_frame() -> None:
    survey = kp.open(DIGITS).survey()
    frame = pd.DataFrame(list(survey))
    assert frame["frobenius"].dtype == float and len(frame) == len(survey) == 3
    assert pl.DataFrame(survey.layers)["cond"].dtype == pl.Float64
    assert survey[-1]["name"] == "fc3.weight"
    assert json.loads(survey.to_json())["command"] == "survey"
    assert list(csv.DictReader(survey.to_csv().splitlines()))[0]["name"] == "fc1.weight"
    assert survey.to_markdown().startswith("| layer") and "<!doctype html>" in survey.to_html()


def test_every_storage_type_is_widened_exactly(tmp_path: Path) -> None:
    a = RNG.standard_normal((20, 12))
    types = {
        "F64": np.float64, "F32": np.float32, "F16": np.float16, "BF16": ml_dtypes.bfloat16,
        "F8_E4M3": ml_dtypes.float8_e4m3fn, "F8_E5M2": ml_dtypes.float8_e5m2, "C64": np.complex64,
    }
    tensors = {name: (name, a.astype(dtype)) for name, dtype in types.items()}
    tensors["codes"] = ("I8", RNG.integers(-100, 100, size=(4, 4)).astype(np.int8))
    write_safetensors(tmp_path / "types.safetensors", tensors)
    survey = kp.open(tmp_path / "types.safetensors").survey()
    assert [layer["name"] for layer in survey] == list(types)
    for layer in survey:
        stored = tensors[layer["name"]][1]
        check_layer(layer, stored.astype(complex if layer["name"] == "C64" else float))
    assert "whole numbers (i8)" in survey.skipped[0]["reason"]


def test_numpy_files_in_both_orders_and_all_types(tmp_path: Path) -> None:
    a = RNG.standard_normal((9, 14))
    for dtype in ("<f2", "<f4", "<f8", ">f4", ">f8", "<c8", "<c16", ">c16", "<i4", "|u1"):
        for order in "CF":
            stored: Any = np.asarray(
                a * 50 if dtype[1] in "iu" else a, dtype=np.dtype(dtype), order="C" if order == "C" else "F"
            )
            np.save(tmp_path / "w.npy", stored)
            check_layer(kp.open(tmp_path / "w.npy").survey()[0], matrix_of("w", stored))
    tensors = {
        "x": a,
        "deep": RNG.standard_normal((3, 4, 5)),
        "back": np.asfortranarray(RNG.standard_normal((3, 4, 5))),
    }
    savers: tuple[Any, ...] = (np.savez, np.savez_compressed)
    for save in savers:
        save(tmp_path / "all.npz", **tensors)
        survey = kp.open(tmp_path / "all.npz").survey()
        for layer in survey:
            check_layer(layer, matrix_of(layer["name"], tensors[layer["name"]]))
        assert len(survey) == 3


def test_a_sharded_checkpoint_is_one_model(tmp_path: Path) -> None:
    parts = [{"a.weight": np.eye(3, dtype=np.float32)}, {"b.weight": np.ones((2, 4), dtype=np.float32)}]
    weight_map: dict[str, str] = {}
    for k, part in enumerate(parts, start=1):
        file = f"model-{k:05}-of-00002.safetensors"
        save_file(part, tmp_path / file)
        weight_map |= dict.fromkeys(part, file)
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": weight_map}))
    for path in (tmp_path, tmp_path / "model.safetensors.index.json"):
        assert [layer["name"] for layer in kp.open(path).survey()] == ["a.weight", "b.weight"]
    (tmp_path / "model-00002-of-00002.safetensors").unlink()
    with pytest.raises(FileNotFoundError, match="model-00002-of-00002.safetensors`, which is missing"):
        kp.open(tmp_path)


def test_verdicts_say_what_to_look_at(tmp_path: Path) -> None:
    rank_one = np.outer(np.arange(1.0, 7.0), np.ones(5)).astype(np.float32)
    dead = RNG.standard_normal((6, 5)).astype(np.float32)
    dead[2], dead[:, 3] = 0, 0
    steep = np.diag(10.0 ** -np.arange(0, 12, 3)).astype(np.float32)
    bad = np.ones((8, 91), dtype=np.float32)
    bad[7, 90], bad[2, 3] = np.nan, np.inf
    tensors = {
        "one": rank_one, "zero": np.zeros((3, 3), np.float32), "dead": dead, "steep": steep, "bad": bad,
        "copy": dead.copy(), "good": RNG.standard_normal((6, 5)).astype(np.float32),
        "none": np.zeros((0, 5), np.float32),
    }
    write_safetensors(tmp_path / "m.safetensors", {k: ("F32", v) for k, v in tensors.items()})
    survey = kp.open(tmp_path / "m.safetensors").survey()
    verdicts = {layer["name"]: layer["verdicts"] for layer in survey}
    assert verdicts["one"] == ["rank deficient: 1 of 5", "one direction dominates"]
    assert verdicts["zero"] == ["zero"]
    assert verdicts["dead"] == ["rank deficient: 4 of 5", "dead rows: 1", "dead columns: 1"]
    assert verdicts["steep"] == ["rank deficient: 3 of 4", "one direction dominates"]
    assert verdicts["bad"] == ["not finite: has 2 entries that are not finite (first at row 3, column 4)"]
    assert verdicts["copy"][-1] == "duplicate of dead" and verdicts["good"] == []
    assert survey[4]["frobenius"] is None and {"name": "none", "reason": "an empty tensor"} in survey.skipped


def test_filters_threads_and_memory_change_no_digit(tmp_path: Path) -> None:
    tensors = {f"layers.{k}.fc.weight": RNG.standard_normal((80, 60 + k)).astype(np.float32) for k in range(12)}
    save_file(tensors, tmp_path / "m.safetensors")
    model = kp.open(tmp_path / "m.safetensors")
    one = model.survey(threads=1).to_json()
    assert all(model.survey(threads=k).to_json() == one for k in (2, 3, 7))
    assert model.survey(memory=100_000).to_json() == one
    assert len(model.survey(layers=["layers.1*"])) == 3 and len(model.survey(layers=["s.3.f"])) == 1
    with pytest.raises(ValueError, match="no tensor of .* matches `nothing`"):
        model.survey(layers=["nothing"])
    tight = model.survey(memory=1)
    assert len(tight) == 0 and "above the memory ceiling" in tight.skipped[0]["reason"]
    assert float(model.measure("layers.0.fc.weight", "frobenius")["frobenius"]) > 0


def facts(shared: Path) -> list[dict[str, Any]]:
    lines = [line for line in (shared / "FACTS.tsv").read_text().splitlines() if not line.startswith("#")]
    return list(csv.DictReader(lines, delimiter="\t"))


READ = (".safetensors", ".npy", ".npz", ".mtx")


def test_reference_values_of_real_data(shared: Path) -> None:
    """FACTS.tsv, printed to 12 digits: norms, singular values, rank of every tensor in a format that is read."""
    surveys: dict[str, kp.Survey] = {}
    checked = 0
    for fact in facts(shared):
        if not fact["file"].endswith(READ):
            continue
        survey = surveys.setdefault(fact["file"], kp.open(shared / fact["file"]).survey())
        parts = [layer for layer in survey if layer["tensor"] == fact["tensor"]]
        if len(parts) > 1:
            # Parts that a network multiplies with one by one make up the whole.
            whole = math.hypot(*(layer["frobenius"] for layer in parts))
            assert whole == pytest.approx(float(fact["fro"]), rel=5.1e-12), fact
            continue
        layer = parts[0] if parts else survey[0]
        first = float(fact["sigma_1"])
        digits = 5.1e-12  # half a unit of the twelfth digit
        for key, column in {"frobenius": "fro", "spectral": "sigma_1", "nuclear": "nuclear", "max_column_sum": "norm_1",
                            "max_row_sum": "norm_inf", "stable_rank": "stable_rank"}.items():
            assert layer[key] == pytest.approx(float(fact[column]), rel=digits), (fact["file"], fact["tensor"], key)
        values = survey.singular_values(layer["name"])
        assert values is not None
        assert abs(values.estimates[-1] - float(fact["sigma_min"])) <= digits * first, fact
        assert abs(values.estimates[1] - float(fact["sigma_2"])) <= digits * first, fact
        # The facts count with the precision of doubles.
        if layer["dtype"] not in ("f32", "f16", "bf16", "c64"):
            assert layer["rank_lower"] <= int(fact["rank"]) <= layer["rank_upper"], fact
        checked += 1
    assert checked > 90


def test_reference_singular_values_of_matrix_market_files(shared: Path) -> None:
    """25-digit references lie inside every enclosure."""
    reference = json.loads((shared / "mtx" / "reference_singular_values.json").read_text())
    checked = 0
    for name, entry in reference.items():
        path = shared / "mtx" / f"{name}.mtx"
        if not path.exists() or not entry.get("singular_values"):
            continue
        values = kp.open(path).survey().singular_values(name)
        assert values is not None
        for answer, true in zip(values, entry["singular_values"]):
            if true is not None:
                # The reference is rounded to double here: half a unit in the last place.
                assert answer.lower * (1 - 1e-15) <= float(true) <= answer.upper * (1 + 1e-15), (name, answer, true)
                checked += 1
    assert checked > 1000


# Tables with columns of text are no matrices.
WITH_TEXT = ("food_world_cup.csv", "iris.csv", "grunfeld.csv", "analyze_all_configs.csv", "analyze_powerlaw15.csv",
             "delta_base_model.csv")


def test_every_file_of_the_kinds_that_are_read_is_surveyed(shared: Path) -> None:
    """Broken ones with a message; everything else with an answer."""
    files = [f for f in sorted(shared.rglob("*")) if f.name.endswith((*READ, ".csv", ".csv.gz"))]
    assert len(files) > 60
    for file in files:
        done = run("survey", file, "--json")
        # A type that is not read leaves nothing measured: the answer says so, and the exit code too.
        is_unread = file.name == "fnuz.safetensors"
        if done.returncode != 2 or is_unread:
            result = json.loads(done.stdout)["result"]
            # Nothing is measured in a file of vectors or of codes alone.
            assert done.returncode == (2 if is_unread else 0 if result["layers"] else 1), file
            assert result.keys() == {"layers", "skipped"}
        else:
            expected = file.name.startswith("mangled") or file.name in ("food_world_cup_ratings.npy", *WITH_TEXT)
            assert expected and done.returncode == 2 and done.stderr.startswith("kappa: "), (file, done.stderr)


def test_one_pattern_may_stand_alone() -> None:
    model = kp.open(DIGITS)
    one, several = model.survey(layers="fc1*"), model.survey(layers=["fc1*"])
    assert [layer["name"] for layer in one.layers] == [layer["name"] for layer in several.layers] == ["fc1.weight"]
    assert model.lipschitz_product(layers="fc1*") == model.lipschitz_product(layers=["fc1*"])
