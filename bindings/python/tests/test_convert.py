"""Conversions: there and back without a change for every pair of formats, and the error of every narrower type."""

import json
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import scipy.io
import scipy.sparse
import torch_files as torch
from conftest import answer, run, write_safetensors
from PIL import Image
from safetensors.numpy import load_file

import kappa as kp

RNG = np.random.default_rng(13)
# What each format holds, by the name of NumPy.
FLOATS = ["float64", "float32", "float16"]
WHOLE = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "bool"]
COMPLEX = ["complex64", "complex128"]
HOLDS = {
    "safetensors": [*FLOATS, *WHOLE, "complex64"],
    "npz": [*FLOATS, *WHOLE, *COMPLEX],
    "mat": ["float64", "float32", *WHOLE, *COMPLEX],
}  # fmt: skip
NARROW = {"bf16": ml_dtypes.bfloat16, "f8_e4m3": ml_dtypes.float8_e4m3fn, "f8_e5m2": ml_dtypes.float8_e5m2}


def random(dtype: str, shape: tuple[int, ...]) -> np.ndarray:
    if dtype == "bool":
        return RNG.integers(0, 2, shape).astype(bool)
    kind = np.dtype(dtype).kind
    if kind in "iu":
        ends = np.iinfo(dtype)
        # All of their range: 64 bits are more than a double holds.
        return RNG.integers(ends.min, ends.max, shape, dtype=dtype, endpoint=True)
    size = 8 if kind == "c" else 1
    bits = RNG.integers(0, 256, (*shape, np.dtype(dtype).itemsize), dtype=np.uint8)
    a = bits.view(dtype).reshape(shape)
    # Any bits, but NaN: their payload is no number.
    parts = a.view(a.real.dtype)
    parts[~np.isfinite(parts)] = size
    return a


def same(found: Any, expected: np.ndarray) -> None:
    found = np.asarray(found)
    assert found.dtype == expected.dtype or expected.dtype.kind in "fcb", (found.dtype, expected.dtype)
    if expected.dtype.kind in "fc":
        # Widened exactly.
        wide = np.complex128 if expected.dtype.kind == "c" else np.float64
        assert found.astype(wide).tobytes() == expected.astype(wide).tobytes()
    else:
        assert np.array_equal(found, expected)


def load(path: Path) -> dict[str, np.ndarray]:
    """By the format's own reader, where there is one."""
    if path.suffix == ".npz":
        return dict(np.load(path))
    if path.suffix == ".mat":
        return {k: v for k, v in scipy.io.loadmat(path).items() if not k.startswith("__")}
    found: dict[str, np.ndarray] = load_file(path)
    return found


@pytest.mark.parametrize("first", HOLDS)
@pytest.mark.parametrize("second", HOLDS)
def test_there_and_back_for_every_pair_and_type(first: str, second: str, tmp_path: Path) -> None:
    types = [t for t in HOLDS[first] if t in HOLDS[second]]
    arrays: dict[str, Any] = {f"a_{t}": random(t, (3, 5)) for t in types}
    arrays |= {f"v_{t}": random(t, (1, 4)) for t in types}
    np.savez(tmp_path / "begin.npz", **arrays)
    kp.open(tmp_path / "begin.npz").convert(tmp_path / f"a.{first}")
    rows = kp.open(tmp_path / f"a.{first}").convert(tmp_path / f"b.{second}")
    assert all(row["relative_error"] == 0 and row["rounded"] == 0 and row["from"] == row["to"] for row in rows)
    kp.open(tmp_path / f"b.{second}").convert(tmp_path / f"c.{first}")
    for path in (tmp_path / f"a.{first}", tmp_path / f"b.{second}", tmp_path / f"c.{first}"):
        found = load(path)
        for name, expected in arrays.items():
            assert found[name].astype(expected.dtype).tobytes() == expected.tobytes(), (path, name)
    if first == "safetensors":
        assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "c.safetensors").read_bytes()


@pytest.mark.parametrize("dtype", [*FLOATS, *WHOLE, "complex128"])
@pytest.mark.parametrize("ending", ["npy", "mtx", "csv", "tsv", "txt", "mat"])
def test_one_matrix_as_text_and_back(dtype: str, ending: str, tmp_path: Path) -> None:
    a = random(dtype, (4, 3))
    np.save(tmp_path / "a.npy", a)
    path = tmp_path / f"b.{ending}"
    if ending in ("csv", "tsv", "txt") and dtype == "complex128" or ending == "mat" and dtype == "float16":
        with pytest.raises(ValueError, match="the format does not hold"):
            kp.open(tmp_path / "a.npy").convert(path)
        return
    kp.open(tmp_path / "a.npy").convert(path)
    model = kp.open(path)
    if dtype in ("int64", "uint64"):
        # Doubles do not hold them; the files do.
        if ending in ("npy", "mat"):
            found = np.load(path) if ending == "npy" else scipy.io.loadmat(path)["a"]
            assert np.array_equal(found, a)
        else:
            assert {str(x) for x in a.reshape(-1).tolist()} <= set(path.read_text().replace(",", " ").split())
        return
    wide = np.complex128 if dtype == "complex128" else np.float64
    (name,) = model.names
    assert np.asarray(model[name]).astype(wide).tobytes() == a.astype(wide).tobytes()
    if ending == "mtx":
        found = scipy.io.mmread(path)
        assert np.asarray(found).astype(wide).tobytes() == a.astype(wide).tobytes()


def test_sparse_matrices_stay_sparse(tmp_path: Path) -> None:
    for factor in (1.0, 1 + 2j):
        a = factor * scipy.sparse.random(200, 300, 0.01, random_state=5, format="csr")
        scipy.sparse.save_npz(tmp_path / "a.npz", a)
        chain = ["a.npz", "b.mtx", "c.mat", "d.npz"]
        for old, new in zip(chain, chain[1:]):
            kp.open(tmp_path / old).convert(tmp_path / new)
        assert (tmp_path / "b.mtx").read_text().startswith("%%MatrixMarket matrix coordinate")
        assert abs(scipy.io.mmread(tmp_path / "b.mtx") - a).max() == 0
        (inside,) = [v for k, v in scipy.io.loadmat(tmp_path / "c.mat").items() if not k.startswith("__")]
        assert scipy.sparse.issparse(inside) and abs(inside - a).max() == 0
        assert abs(scipy.sparse.load_npz(tmp_path / "d.npz") - a).max() == 0


@pytest.mark.parametrize("name", ["f32", "f16", "bf16", "f8_e4m3", "f8_e5m2"])
def test_narrower_types_round_as_others_do(name: str, tmp_path: Path) -> None:
    kind = {"f32": np.float32, "f16": np.float16, **NARROW}[name]
    a = np.concatenate([RNG.standard_normal(2000), 10.0 ** RNG.uniform(-9, 2, 2000), [0.0, -0.0]]).reshape(-1, 2)
    np.savez(tmp_path / "a.npz", a=a)
    (row,) = kp.open(tmp_path / "a.npz").convert(tmp_path / "a.safetensors", dtype=name)
    expected = a.astype(kind)
    raw = (tmp_path / "a.safetensors").read_bytes()[-expected.nbytes :]
    found = np.frombuffer(raw, kind).reshape(a.shape)
    wide = found.astype(float)
    # ml_dtypes rounds twice, by way of single precision: where both differ, ours is the nearer one.
    off = wide != expected.astype(float)
    assert np.all(np.abs(wide - a)[off] <= np.abs(expected.astype(float) - a)[off]) and off.mean() < 1e-3
    assert row["relative_error"] == pytest.approx(np.linalg.norm(wide - a) / np.linalg.norm(a), rel=1e-9)
    nonzero = a != 0
    assert row["largest_error"] == pytest.approx(np.max(np.abs((wide - a)[nonzero] / a[nonzero])), rel=1e-9)
    assert row["overflowed"] == 0


def test_what_is_beyond_a_type_is_said(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", a=np.array([[1.0, 1e6], [np.inf, np.nan]]))
    done = run("convert", tmp_path / "a.npz", "-o", tmp_path / "b.safetensors", "--dtype", "f16")
    assert done.returncode == 1 and "1 beyond f16" in done.stdout and "beyond the type" in done.stderr
    assert np.isinf(kp.open(tmp_path / "b.safetensors")["a"][0, 1])
    np.savez(tmp_path / "i.npz", a=np.array([[2**53 + 1]]))
    (row,) = kp.open(tmp_path / "i.npz").convert(tmp_path / "i.safetensors", dtype="f32")
    # Integers keep their type.
    assert row["to"] == "i64" and kp.open(tmp_path / "i.safetensors").listing()[0]["dtype"] == "i64"


def test_names_shards_and_metadata(tmp_path: Path) -> None:
    arrays = [RNG.standard_normal((8, 8)).astype(np.float32) for _ in range(5)]
    tensors: dict[str, Any] = {f"model.l.{k}.w": ("F32", a) for k, a in enumerate(arrays)}
    write_safetensors(tmp_path / "m.safetensors", tensors)
    done = run("convert", tmp_path / "m.safetensors", "-o", tmp_path / "out", "--shard-size", "600B", "--rename",
               "model.=", "--tensors", "*.l.?.w")  # fmt: skip
    assert done.returncode == 0, done.stderr
    files = sorted(p.name for p in (tmp_path / "out").iterdir())
    assert files == [f"model-0000{k}-of-00003.safetensors" for k in (1, 2, 3)] + ["model.safetensors.index.json"]
    model = kp.open(tmp_path / "out")
    assert model.names == [f"l.{k}.w" for k in range(5)]
    for k in range(5):
        assert np.array_equal(model[f"l.{k}.w"], tensors[f"model.l.{k}.w"][1])
    index = json.loads((tmp_path / "out" / "model.safetensors.index.json").read_text())
    assert index["metadata"]["total_size"] == 5 * 256
    done = run("convert", tmp_path / "m.safetensors", "-o", tmp_path / "x.npz", "--rename", ".0.=.1.")
    assert done.returncode == 2 and "two tensors would have the name `model.l.1.w`" in done.stderr
    assert not (tmp_path / "x.npz").exists()
    for arguments, words in [
        (("-o", tmp_path / "x.gguf"), "no format that is written"),
        (("-o", tmp_path / "x.mtx"), "5 are given"),
        (("-o", tmp_path / "x.mat"), "a name that MATLAB does not allow"),
        (("-o", tmp_path / "x.npz", "--tensors", "none"), "no tensor of"),
        (("-o", tmp_path / "x.npz", "--dtype", "i8"), "no type of floats"),
        (("-o", tmp_path / "m.safetensors"), "would be lost"),
    ]:
        done = run("convert", tmp_path / "m.safetensors", *arguments)
        assert done.returncode == 2 and words in done.stderr, (arguments, done.stderr)
    # The shards that are read are not replaced.
    done = run("convert", tmp_path / "out", "-o", tmp_path / "out", "--shard-size", "600B")
    assert done.returncode == 2 and "would be lost" in done.stderr
    with pytest.raises(ValueError, match="would be lost"):
        kp.open(tmp_path / "out").convert(tmp_path / "out", shard_size=600)
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".kappa")] == []


def test_models_of_other_frameworks_become_safetensors(tmp_path: Path) -> None:
    a = RNG.standard_normal((6, 4)).astype(np.float32)
    torch.save(tmp_path / "m.pt", {"w": torch.Tensor(torch.Storage(a), (4, 6), (1, 4)), "b": torch.tensor(a[0])})
    kp.open(tmp_path / "m.pt").convert(tmp_path / "m.safetensors")
    found = load_file(tmp_path / "m.safetensors")
    assert np.array_equal(found["w"], a.T) and np.array_equal(found["b"], a[0])
    # Codes become what they stand for.
    codes = RNG.integers(-127, 128, (4, 8)).astype(np.int8)
    scales = RNG.uniform(0.1, 2, (4, 1)).astype(np.float32)
    write_safetensors(tmp_path / "q.safetensors", {"w": ("I8", codes), "w_scale": ("F32", scales)})
    (row,) = kp.open(tmp_path / "q.safetensors").convert(tmp_path / "d.safetensors")
    assert (row["from"], row["to"]) == ("int8", "f32")
    assert np.array_equal(load_file(tmp_path / "d.safetensors")["w"], codes * scales)


def test_pictures(tmp_path: Path) -> None:
    color = RNG.integers(0, 256, (7, 9, 3), dtype=np.uint8)
    deep = RNG.integers(0, 65536, (7, 9), dtype=np.uint16)
    Image.fromarray(np.asarray(color)).save(tmp_path / "c.png")
    kp.open(tmp_path / "c.png").convert(tmp_path / "d.png")
    assert np.array_equal(np.asarray(Image.open(tmp_path / "d.png")), color)
    np.save(tmp_path / "deep.npy", deep)
    kp.open(tmp_path / "deep.npy").convert(tmp_path / "deep.png")
    assert np.array_equal(kp.open(tmp_path / "deep.png")["deep"], deep)
    np.savetxt(tmp_path / "t.csv", color[..., 0], fmt="%d", delimiter=",")
    kp.open(tmp_path / "t.csv").convert(tmp_path / "t.png")
    assert np.array_equal(np.asarray(Image.open(tmp_path / "t.png")), color[..., 0])
    np.save(tmp_path / "h.npy", np.full((2, 2), 0.5))
    with pytest.raises(ValueError, match="is no picture"):
        kp.open(tmp_path / "h.npy").convert(tmp_path / "h.png")


def test_every_real_file_becomes_safetensors(shared: Path, tmp_path: Path) -> None:
    others = [shared / "weights" / "mnist_burn.pt", shared / "images" / "page.png"]
    for path in [*(shared / "weights").glob("nnue*"), *others]:
        model = kp.open(path)
        model.convert(tmp_path / "o.safetensors")
        again = kp.open(tmp_path / "o.safetensors")
        for name in model.names:
            assert np.array_equal(np.asarray(model[name]), np.asarray(again[name]), equal_nan=True), (path, name)
    assert answer("list", tmp_path / "o.safetensors")["result"]["numbers"] > 0
