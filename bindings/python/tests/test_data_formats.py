"""Files of data and of other frameworks against other readers: ONNX, HDF5, Keras, MATLAB, Harwell-Boeing, images."""

import json
import struct
import zipfile
from pathlib import Path
from typing import Any

import h5py
import ml_dtypes
import numpy as np
import onnx
import pytest
import scipy.io
import scipy.sparse
from conftest import answer, run
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

import kappa as kp

RNG = np.random.default_rng(11)


def equal(found: Any, expected: Any) -> None:
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape, (found.shape, expected.shape)
    wide = complex if expected.dtype.kind == "c" else float
    assert np.array_equal(found.astype(wide), expected.astype(wide), equal_nan=expected.dtype.kind in "fc")


ONNX_TYPES = [
    "float32", "float64", "float16", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "bool",
    "complex64", "complex128",
]  # fmt: skip


def random(dtype: str, shape: tuple[int, ...]) -> np.ndarray:
    if dtype == "bool":
        return RNG.integers(0, 2, shape).astype(bool)
    kind = np.dtype(dtype).kind
    if kind in "iu":
        ends = np.iinfo(dtype)
        return RNG.integers(max(ends.min, -(2**50)), min(ends.max, 2**50), shape, endpoint=True).astype(dtype)
    a = RNG.standard_normal(shape)
    return (a + 1j * RNG.standard_normal(shape) if kind == "c" else a).astype(dtype)


def onnx_model(tensors: list[Any], nodes: list[Any]) -> Any:
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 4])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 3])
    return helper.make_model(helper.make_graph(nodes, "g", [x], [y], initializer=tensors))


def test_onnx_in_raw_and_typed_fields(tmp_path: Path) -> None:
    arrays, tensors = {}, []
    for dtype in ONNX_TYPES:
        a = random(dtype, (3, 4))
        arrays[f"raw.{dtype}"] = a
        tensors.append(numpy_helper.from_array(a, f"raw.{dtype}"))
        arrays[f"typed.{dtype}"] = a
        kind = helper.np_dtype_to_tensor_dtype(a.dtype)
        tensors.append(helper.make_tensor(f"typed.{dtype}", kind, a.shape, a.reshape(-1)))
    brain = RNG.standard_normal((2, 2)).astype(ml_dtypes.bfloat16)
    tensors.append(helper.make_tensor("brain", TensorProto.BFLOAT16, (2, 2), brain.astype(np.float32).reshape(-1)))
    weight = RNG.standard_normal((4, 3)).astype(np.float32)
    nodes = [
        helper.make_node("Constant", [], ["w"], value=numpy_helper.from_array(weight, "inner")),
        helper.make_node("Gemm", ["x", "w"], ["y"], name="fc", alpha=0.5, transB=1),
    ]
    onnx.save(onnx_model(tensors, nodes), tmp_path / "m.onnx")
    model = kp.open(tmp_path / "m.onnx")
    assert sorted(model.names) == sorted([*arrays, "brain", "w"])
    for name, expected in arrays.items():
        equal(model[name], expected)
    equal(model["brain"], brain)
    equal(model["w"], weight)


def test_onnx_with_external_data(tmp_path: Path) -> None:
    arrays = {f"w{k}": RNG.standard_normal((40, 50)).astype(np.float32) for k in range(3)}
    tensors = [numpy_helper.from_array(a, name) for name, a in arrays.items()]
    onnx.save(onnx_model(tensors, []), tmp_path / "m.onnx", save_as_external_data=True, location="weights.bin",
              size_threshold=0)  # fmt: skip
    model = kp.open(tmp_path / "m.onnx")
    for name, expected in arrays.items():
        equal(model[name], expected)
    (tmp_path / "weights.bin").write_bytes(b"\0" * 9000)
    done = run("list", tmp_path / "m.onnx")
    assert done.returncode == 1 and "is truncated" in done.stdout and "`weights.bin`" in done.stdout
    (tmp_path / "weights.bin").unlink()
    assert "no such file" in run("list", tmp_path / "m.onnx").stdout


def test_onnx_graphs_inside_of_nodes(tmp_path: Path) -> None:
    def branch(scale: float) -> Any:
        a = numpy_helper.from_array(scale * np.eye(2, dtype=np.float32), "w")
        return helper.make_graph([helper.make_node("Identity", ["w"], ["o"])], "b", [], [
            helper.make_tensor_value_info("o", TensorProto.FLOAT, [2, 2])], initializer=[a])  # fmt: skip

    node = helper.make_node("If", ["x"], ["y"], name="if", then_branch=branch(2), else_branch=branch(3))
    onnx.save(onnx_model([], [node]), tmp_path / "m.onnx")
    listed = json.loads(run("list", tmp_path / "m.onnx", "--json").stdout)["result"]
    assert [t["name"] for t in listed["tensors"]] == ["if.w"]
    # Both branches have a tensor of this name.
    assert "second tensor" in listed["skipped"][0]["reason"]


def test_hdf5(tmp_path: Path) -> None:
    path = tmp_path / "d.h5"
    arrays = {f"plain/{dtype}": random(dtype, (5, 7)) for dtype in ONNX_TYPES}
    big = RNG.standard_normal((40, 30))
    with h5py.File(path, "w") as f:
        for name, a in arrays.items():
            f[name] = a
        f["big"] = big.astype(">f8")
        f.create_dataset("packed", data=big, chunks=(16, 16), compression="gzip", shuffle=True)
        f.create_dataset("quick", data=big.astype("f4"), chunks=(7, 9), compression="lzf")
        f["text"] = "no numbers"
        f["scalar"] = 3.5
        f["loop"] = h5py.SoftLink("/")
        f["again"] = f["plain"]
    model = kp.open(path)
    for name, expected in {**arrays, "big": big, "packed": big, "quick": big.astype("f4"), "scalar": 3.5}.items():
        equal(model[name], expected)
    skipped = {s["name"]: s["reason"] for s in answer("list", path)["result"]["skipped"]}
    assert "unsupported type" in skipped["text"]
    with h5py.File(tmp_path / "new.h5", "w", libver="latest") as f:
        f.create_dataset("w", data=big, chunks=(8, 8), compression="gzip")
    equal(kp.open(tmp_path / "new.h5")["w"], big)


def test_keras_archives(tmp_path: Path) -> None:
    kernel = RNG.standard_normal((4, 6)).astype(np.float32)
    with h5py.File(tmp_path / "w.h5", "w") as f:
        f["layers/dense/vars/0"] = kernel
    with zipfile.ZipFile(tmp_path / "m.keras", "w") as archive:
        archive.writestr("config.json", "{}")
        archive.write(tmp_path / "w.h5", "model.weights.h5")
    equal(kp.open(tmp_path / "m.keras")["layers/dense/vars/0"], kernel)


@pytest.mark.parametrize(("version", "compressed"), [("4", False), ("5", False), ("5", True)])
def test_matlab(version: str, compressed: bool, tmp_path: Path) -> None:
    path = tmp_path / "v.mat"
    a = RNG.standard_normal((4, 3))
    sparse = scipy.sparse.random(30, 20, 0.1, random_state=1, format="csc")
    variables: dict[str, Any] = {
        "a": a, "z": a + 1j * a[::-1], "row": np.arange(5.0)[None], "s": sparse, "sz": sparse * (1 + 2j),
        "small": np.arange(6, dtype=np.uint8).reshape(2, 3), "text": "hello",
    }  # fmt: skip
    if version == "5":
        variables |= {
            "single": a.astype(np.float32), "flag": a > 0, "cube": RNG.standard_normal((2, 3, 4)),
            "whole": np.array([[2**53 + 1, 7]], dtype=np.int64), "empty": np.zeros((0, 3)),
            "Problem": {"A": sparse, "name": "p", "deep": {"b": a}}, "cells": np.array([a, "x", 2 * a], dtype=object),
        }  # fmt: skip
    scipy.io.savemat(path, variables, format=version, do_compression=compressed)
    model = kp.open(path)
    for name, expected in variables.items():
        if scipy.sparse.issparse(expected):
            equal(model[name], expected.toarray())
        elif isinstance(expected, np.ndarray) and expected.dtype != object and name != "whole":
            equal(model[name], expected)
    assert float(kp.norm(model["s"])) == pytest.approx(scipy.sparse.linalg.norm(sparse), rel=1e-12)
    if version == "5":
        equal(model["Problem.A"], sparse.toarray())
        equal(model["Problem.deep.b"], a)
        equal(model["cells.1"], a)
        equal(model["cells.3"], 2 * a)
        # An integer beyond 2^53 is said.
        assert "9007199254740993 was read as" in run("norm", path, "-t", "whole", "--norm", "max-abs").stderr
    names = {s["name"]: s["reason"] for s in answer("list", path)["result"]["skipped"]}
    assert "text" in names["text"]
    survey = kp.open(path).survey()
    assert all(layer["role"] == "matrix" for layer in survey)


def test_cells_and_structs_of_matlab_73(tmp_path: Path) -> None:
    path, a = tmp_path / "v.mat", RNG.standard_normal((4, 3))
    matlab73(path, a, scipy.sparse.random(9, 5, 0.3, random_state=2, format="csc"))
    with h5py.File(path, "r+") as f:
        members = f["#refs#"]
        members["c"] = 2 * a.T
        members["word"] = np.array([[104]], np.uint16)
        members["word"].attrs["MATLAB_class"] = np.bytes_("char")
        inner = members.create_group("inner")
        inner.attrs["MATLAB_class"] = np.bytes_("struct")
        inner["deep"] = 3 * a.T

        def cell(group: Any, name: str, names: list[str], kind: str = "cell") -> None:
            # A row of members.
            data = group.create_dataset(name, (len(names), 1), h5py.ref_dtype)
            data[:, 0] = [f[n].ref for n in names]
            if kind:
                data.attrs["MATLAB_class"] = np.bytes_(kind)

        cell(members, "nested", ["#refs#/c", "a"])
        cell(f, "cells", ["#refs#/b", "#refs#/word", "#refs#/inner", "#refs#/nested"])
        cell(members, "loop", ["#refs#/c"])
        members["loop"][0, 0] = members["loop"].ref
        cell(f, "endless", ["#refs#/loop"])
        one = f.create_group("one")
        one.attrs["MATLAB_class"] = np.bytes_("struct")
        one["b"] = a.T
        one.create_group("inner")["c"] = 5 * a.T
        many = f.create_group("many")
        many.attrs["MATLAB_class"] = np.bytes_("struct")
        cell(many, "b", ["#refs#/b", "#refs#/c"], "")
    model = kp.open(path)
    expected = {"cells.1": None, "cells.3.deep": 3 * a, "cells.4.1": 2 * a, "one.b": a, "one.inner.c": 5 * a}
    expected |= {"many.1.b": None, "many.2.b": 2 * a}
    assert set(expected) < set(model.names) and len(model.names) == len(expected) + 3
    for name, of in expected.items():
        # `b` was written by rows.
        equal(model[name], a.T if of is None else of)
    # The second one lies outside of the members of cells.
    listed = json.loads(run("list", path, "--json").stdout)
    assert {one["name"] for one in listed["result"]["skipped"]} == {"word", "cells.2", "cells.4.2"}


BIG = 2**53 + 1


@pytest.mark.parametrize("version", ["5", "7.3"])
def test_what_sparse_matrices_lose_is_said(version: str, tmp_path: Path) -> None:
    path = tmp_path / "v.mat"
    whole = scipy.sparse.csc_matrix(np.array([[BIG, 0], [7, 3]], dtype=np.int64))
    # Two entries at one place.
    twice = scipy.sparse.csc_matrix((np.array([2.0**53, 1.0, 5.0]), np.array([0, 0, 1]), np.array([0, 2, 3])), (2, 2))
    if version == "5":
        scipy.io.savemat(path, {"whole": whole, "twice": twice})
    else:
        matlab73(path, np.eye(2), whole)
        with h5py.File(path, "r+") as file:
            file.move("s", "whole")
            group = file.create_group("twice")
            group.attrs["MATLAB_sparse"] = np.uint64(2)
            group["data"], group["ir"], group["jc"] = twice.data, twice.indices.astype("u8"), twice.indptr.astype("u8")
    for name, number in (("whole", "9007199254740993"), ("twice", "9007199254740992 + 1")):
        found = answer("norm", path, "-t", name, "--norm", "max-abs", "--certify")
        (rounded,) = (remark for remark in found["remarks"] if remark["kind"] == "rounded")
        assert f"{number} was read as 9007199254740992" in rounded["text"]
        assert found["result"]["value"]["upper"] >= BIG


def test_complex_integers_of_matlab(tmp_path: Path) -> None:
    def element(kind: int, data: bytes) -> bytes:
        return struct.pack("<II", kind, len(data)) + data + b"\0" * (-len(data) % 8)

    parts = [np.array([BIG, 7]), np.array([5, -BIG])]
    head = element(6, struct.pack("<II", 14 | 0x800, 0)) + element(5, struct.pack("<ii", 1, 2)) + element(1, b"z")
    matrix = element(14, head + b"".join(element(12, part.tobytes()) for part in parts))
    path = tmp_path / "v.mat"
    path.write_bytes(b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM" + matrix)
    assert "9007199254740993" in run("norm", path, "--norm", "max-abs").stderr


def test_real_matlab_files(shared: Path) -> None:
    for name in ("AC", "burgers_shock"):
        path = shared / "fields" / f"{name}.mat"
        model, expected = kp.open(path), scipy.io.loadmat(path)
        for tensor in model.names:
            equal(model[tensor], expected[tensor])


def matlab73(path: Path, a: np.ndarray, sparse: Any) -> None:
    """As MATLAB writes it: a block of 512 bytes, transposed datasets, classes as attributes."""
    with h5py.File(path, "w", userblock_size=512) as f:
        f.create_dataset("a", data=a.T).attrs["MATLAB_class"] = np.bytes_("double")
        pair = np.empty(a.T.shape, np.dtype([("real", "f8"), ("imag", "f8")]))
        pair["real"], pair["imag"] = a.T, 2 * a.T
        f.create_dataset("z", data=pair).attrs["MATLAB_class"] = np.bytes_("double")
        f.create_dataset("word", data=np.array([[104], [105]], np.uint16)).attrs["MATLAB_class"] = np.bytes_("char")
        group = f.create_group("s")
        group.attrs["MATLAB_class"] = np.bytes_("double")
        group.attrs["MATLAB_sparse"] = np.uint64(sparse.shape[0])
        group["data"], group["ir"], group["jc"] = sparse.data, sparse.indices.astype("u8"), sparse.indptr.astype("u8")
        f["#refs#/b"] = a
    with path.open("r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\x00\x02IM")


def test_matlab_73(tmp_path: Path) -> None:
    a, sparse = RNG.standard_normal((4, 3)), scipy.sparse.random(9, 5, 0.3, random_state=2, format="csc")
    matlab73(tmp_path / "v.mat", a, sparse)
    model = kp.open(tmp_path / "v.mat")
    assert sorted(model.names) == ["a", "s", "z"]
    equal(model["a"], a)
    equal(model["z"], a + 2j * a)
    equal(model["s"], sparse.toarray())


def test_real_keras_files(shared: Path) -> None:
    for epoch in (100, 102):
        model = kp.open(shared / "weights" / f"fer_epoch{epoch}.hdf5")
        twin = kp.open(shared / "weights" / f"fer_epoch{epoch}.safetensors")
        for name in twin.names:
            (full,) = [n for n in model.names if n.endswith("/" + name)]
            equal(model[full], twin[name])


def test_real_onnx_files(shared: Path) -> None:
    for path in (shared / "weights").glob("*.onnx"):
        model, graph = kp.open(path), onnx.load(path).graph
        assert len(graph.initializer) + sum(n.op_type == "Constant" for n in graph.node) <= len(model) + 1
        for tensor in graph.initializer:
            equal(model[tensor.name], numpy_helper.to_array(tensor))


@pytest.mark.parametrize("kind", ["RUA", "RSA", "RZA", "PUA", "IUA", "CUA"])
def test_harwell_boeing(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "m.rb"
    a = scipy.sparse.random(12, 12, 0.2, random_state=3, format="csc")
    dense = a.toarray()
    if kind[1] in "SZ":
        lower = np.tril(dense, -1 if kind[1] == "Z" else 0)
        dense = lower + (lower.T - np.diag(np.diag(lower)) if kind[1] == "S" else -lower.T)
        stored = scipy.sparse.csc_matrix(lower)
    else:
        stored = a
    values = {"P": np.ones_like(stored.data), "I": np.round(9 * stored.data)}.get(kind[0], stored.data)
    if kind[0] == "C":
        values = values * (1 - 2j)
    full = stored.astype(values.dtype)
    full.data = values
    expected = full.toarray()
    if kind[1] == "S":
        expected = expected + expected.T - np.diag(np.diag(expected))
    if kind[1] == "Z":
        expected = expected - expected.T
    assert kind[0] in "PI" or kind[0] == "C" or np.array_equal(expected, dense)
    width, each = (10, 8) if kind[0] == "I" else (26, 3)
    numbers = [x for z in values for x in ((z.real, z.imag) if kind[0] == "C" else (z.real,))]
    texts = [f"{x:{width}.0f}" if kind[0] == "I" else f"{x:{width}.16E}".replace("E", "D") for x in numbers]

    def lines(fields: list[str], count: int) -> list[str]:
        return ["".join(fields[k : k + count]) for k in range(0, len(fields), count)]

    starts = lines([f"{k + 1:6d}" for k in full.indptr], 13)
    rows = lines([f"{k + 1:6d}" for k in full.indices], 13)
    data = [] if kind[0] == "P" else lines(texts, each)
    count = len(starts) + len(rows) + len(data)
    form = f"({each}I{width})" if kind[0] == "I" else f"(1P,{each}D{width}.16)"
    head = [
        f"{'A matrix':72}{'KEY':8}", f"{count:14d}{len(starts):14d}{len(rows):14d}{len(data):14d}",
        f"{kind:14}{12:14d}{12:14d}{full.nnz:14d}{0:14d}", f"{'(13I6)':16}{'(13I6)':16}{form:20}",
    ]  # fmt: skip
    path.write_text("\n".join([*head, *starts, *rows, *data]) + "\n")
    name = kp.open(path).names[0]
    equal(kp.open(path)[name], expected)
    if kind == "RUA":
        scipy.io.hb_write(tmp_path / "w.hb", full)
        equal(kp.open(tmp_path / "w.hb")["w"], expected)


def test_images(tmp_path: Path, shared: Path) -> None:
    grey = RNG.integers(0, 256, (11, 17), dtype=np.uint8)
    deep = RNG.integers(0, 65536, (11, 17), dtype=np.uint16)
    color = RNG.integers(0, 256, (5, 6, 3), dtype=np.uint8)
    files: list[tuple[str, Any]] = [
        ("grey.png", grey), ("grey.pgm", grey), ("grey.tif", grey), ("deep.png", deep), ("deep.tif", deep),
    ]  # fmt: skip
    for name, a in files:
        Image.fromarray(a).save(tmp_path / name)
        equal(kp.open(tmp_path / name)[name.split(".")[0]], a)
    for name in ("c.png", "c.ppm", "c.tif"):
        Image.fromarray(color).save(tmp_path / name)
        model = kp.open(tmp_path / name)
        assert model.names == ["c.red", "c.green", "c.blue"]
        for k, channel in enumerate(model.names):
            equal(model[channel], color[..., k])
    smooth = np.add.outer(np.arange(32), np.arange(48)).astype(np.uint8)
    Image.fromarray(smooth).save(tmp_path / "s.jpg", quality=95)
    # Decoders of JPEG differ by rounding.
    found = kp.open(tmp_path / "s.jpg")["s"].astype(int)
    assert np.abs(found - np.asarray(Image.open(tmp_path / "s.jpg")).astype(int)).max() <= 1
    found = answer("norm", tmp_path / "grey.png")["result"]["value"]["estimate"]
    assert found == pytest.approx(np.linalg.norm(grey.astype(float)))
    for path in (shared / "images").glob("*.png"):
        equal(kp.open(path)[path.stem], np.load(path.with_suffix(".npy")))
