"""Files of models: GGUF, PyTorch, codes with scales, and checkpoints as they lie on disk, against other readers."""

import collections
import json
import struct
from pathlib import Path
from typing import Any

import gguf
import ml_dtypes
import numpy as np
import pytest
import torch_files as torch
from conftest import answer, run, write_safetensors
from gguf import GGMLQuantizationType as Kind
from safetensors.numpy import load_file

import kappa as kp

RNG = np.random.default_rng(9)


def same(found: Any, expected: Any) -> None:
    """Bit for bit, as single precision."""
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape, (found.shape, expected.shape)
    assert np.array_equal(found.astype(np.float32).view(np.uint32), expected.astype(np.float32).view(np.uint32))


BLOCKS = [
    "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "TQ1_0", "TQ2_0", "MXFP4",
    "IQ2_XXS", "IQ2_XS", "IQ2_S", "IQ3_XXS", "IQ3_S", "IQ1_S", "IQ1_M", "IQ4_NL", "IQ4_XS",
]  # fmt: skip


def write_gguf(path: Path, tensors: list[tuple[str, tuple[int, ...], int, bytes]], version: int = 3) -> None:
    """A file by hand: the dimensions in the order of the format, the fastest first."""
    size = "<I" if version == 1 else "<Q"

    def text(word: str) -> bytes:
        return struct.pack(size, len(word)) + word.encode()

    pairs = text("general.architecture") + struct.pack("<I", 8) + text("llama")
    pairs += text("llama.block_count") + struct.pack("<II", 4, 2)
    pairs += text("llama.tokens") + struct.pack("<II", 9, 8) + struct.pack(size, 2) + text("a") + text("b")
    head = b"GGUF" + struct.pack("<I", version) + struct.pack(size, len(tensors)) + struct.pack(size, 3) + pairs
    body = b""
    for name, shape, kind, data in tensors:
        head += text(name) + struct.pack("<I", len(shape)) + b"".join(struct.pack(size, n) for n in shape)
        head += struct.pack("<IQ", kind, len(body))
        body += data + b"\0" * (-len(data) % 32)
    path.write_bytes(head + b"\0" * (-len(head) % 32) + body)


@pytest.mark.parametrize("name", BLOCKS)
def test_blocks_of_gguf_are_those_of_its_own_reader(name: str, tmp_path: Path) -> None:
    kind = Kind[name]
    numbers, size = gguf.GGML_QUANT_SIZES[kind]
    data = RNG.integers(0, 256, (6, 2 * size), dtype=np.uint8)
    with np.errstate(all="ignore"):
        expected = gguf.quants.dequantize(data, kind)
    finite = np.isfinite(expected)
    write_gguf(tmp_path / "w.gguf", [("w", (2 * numbers, 6), int(kind), data.tobytes())])
    found = kp.open(tmp_path / "w.gguf")["w"]
    assert found.shape == (6, 2 * numbers) == expected.shape
    assert np.array_equal(np.isfinite(found), finite)
    assert np.array_equal(found[finite].view(np.uint32), expected[finite].view(np.uint32))


@pytest.mark.parametrize("version", [1, 2, 3])
def test_plain_types_metadata_and_unknown_kinds(version: int, tmp_path: Path) -> None:
    a = RNG.standard_normal((3, 4)).astype(np.float32)
    half, brain = a.astype(np.float16), a.astype(ml_dtypes.bfloat16)
    write_gguf(tmp_path / "m.gguf", [
        ("a", (4, 3), 0, a.tobytes()), ("half", (4, 3), 1, half.tobytes()), ("brain", (4, 3), 30, brain.tobytes()),
        ("double", (4, 3), 28, a.astype(float).tobytes()), ("odd", (4, 3), 33, b"\0" * 64),
        ("short", (5,), 0, b""),
    ], version)  # fmt: skip
    model = kp.open(tmp_path / "m.gguf")
    for name, expected in [("a", a), ("half", half), ("brain", brain), ("double", a)]:
        same(model[name], expected)
    done = run("list", tmp_path / "m.gguf", "--json")
    # The truncated tensor is damage.
    assert done.returncode == 1
    listed = json.loads(done.stdout)["result"]
    assert listed["metadata"] == {"general.architecture": "llama", "llama.block_count": 2}
    reasons = {s["name"]: s["reason"] for s in listed["skipped"]}
    assert "unsupported type number 33" in reasons["odd"] and "is truncated" in reasons["short"]
    assert [t["dtype"] for t in listed["tensors"]] == ["f32", "f16", "bf16", "f64"]


def test_blocks_of_nvfp4_have_a_scale_for_the_whole(tmp_path: Path) -> None:
    kind = Kind.NVFP4
    numbers, size = gguf.GGML_QUANT_SIZES[kind]
    data = RNG.integers(0, 256, (3, 2 * size), dtype=np.uint8)
    data.reshape(3, 2, size)[:, :, :4] = 0x38 + RNG.integers(0, 8, (3, 2, 4))
    plain = gguf.quants.dequantize(data, kind)
    whole = np.array([0.375], np.float32)
    tensors = [("b.weight", (2 * numbers, 3), int(kind), data.tobytes()), ("b.scale", (1,), 0, whole.tobytes())]
    write_gguf(tmp_path / "w.gguf", tensors)
    model = kp.open(tmp_path / "w.gguf")
    assert model.names == ["b.weight"]
    assert np.array_equal(model["b.weight"], plain.astype(float) * 0.375)


def test_a_split_checkpoint_is_read_from_any_of_its_files(tmp_path: Path) -> None:
    a = np.eye(2, dtype=np.float32)
    for k in (1, 2):
        write_gguf(tmp_path / f"m-0000{k}-of-00002.gguf", [(f"w{k}", (2, 2), 0, (k * a).tobytes())])
    for path in (tmp_path / "m-00002-of-00002.gguf", tmp_path):
        assert sorted(kp.open(path).names) == ["w1", "w2"]
    (tmp_path / "m-00001-of-00002.gguf").unlink()
    done = run("list", tmp_path / "m-00002-of-00002.gguf")
    assert done.returncode == 2 and "`m-00001-of-00002.gguf` is missing" in done.stderr


STATE = {
    f"{name}.{dtype}": RNG.integers(0, 2, shape).astype(dtype)
    if dtype in ("bool", "uint8")
    else (100 * RNG.standard_normal(shape)).astype(dtype)
    for dtype in torch.STORAGES
    if dtype != "bfloat16"
    for name, shape in (("matrix", (3, 5)), ("vector", (4,)))
}


@pytest.mark.parametrize("save", [torch.save, lambda p, o: torch.save(p, o, True), torch.save_legacy])
def test_every_type_of_torch_is_read(save: Any, tmp_path: Path) -> None:
    path = tmp_path / "w.pt"
    brain = RNG.standard_normal((2, 3)).astype(ml_dtypes.bfloat16)
    state = {name: torch.tensor(a) for name, a in STATE.items()}
    state["brain"] = torch.tensor(brain.view(np.uint16), "bfloat16")
    nested = {"epoch": 3, "model": collections.OrderedDict(state), "list": [torch.tensor(np.eye(2)), "text", None, 1.5]}
    save(path, nested)
    model = kp.open(path)
    assert len(model) == len(STATE) + 2
    for name, expected in STATE.items():
        found = model[f"model.{name}"]
        assert np.array_equal(found, expected), name
        assert found.dtype == expected.dtype or expected.dtype.kind == "c"
    same(model["model.brain"], brain)
    assert np.array_equal(model["list.0"], np.eye(2))


def test_strides_offsets_and_shared_storages(tmp_path: Path) -> None:
    base = RNG.standard_normal((6, 8)).astype(np.float32)
    storage = torch.Storage(base)
    views = {
        "whole": (torch.Tensor(storage, (6, 8), (8, 1)), base),
        "transposed": (torch.Tensor(storage, (8, 6), (1, 8)), base.T),
        "part": (torch.Tensor(storage, (2, 3), (16, 2), 9), base[1::2, 1::2][:2, :3]),
        "row": (torch.Tensor(storage, (8,), (1,), 16), base[2]),
        "repeated": (torch.Tensor(storage, (4, 8), (0, 1)), np.broadcast_to(base[0], (4, 8))),
        "cube": (torch.Tensor(storage, (2, 4, 6), (4, 1, 8)), base.reshape(6, 2, 4).transpose(1, 2, 0)),
        "number": (torch.Tensor(storage, (), (), 5), base.reshape(-1)[5]),
        "empty": (torch.Tensor(storage, (0, 4), (4, 1)), np.zeros((0, 4), np.float32)),
    }
    for save in (torch.save, torch.save_legacy):
        save(tmp_path / "v.pt", {name: view for name, (view, _) in views.items()})
        model = kp.open(tmp_path / "v.pt")
        for name, (_, expected) in views.items():
            assert np.array_equal(model[name], expected), name
        nuclear = np.linalg.svd(base.astype(float), compute_uv=False).sum()
        assert float(model.measure("transposed", "norm:nuclear")["nuclear"]) == pytest.approx(nuclear, rel=1e-12)
    # Beyond the storage, and a few bytes that claim to be gigabytes.
    bad = {"beyond": torch.Tensor(storage, (7, 8), (8, 1)), "huge": torch.Tensor(storage, (1 << 20, 1 << 20), (0, 0))}
    torch.save(tmp_path / "b.pt", bad)
    listed = json.loads(run("list", tmp_path / "b.pt", "--json").stdout)["result"]
    reasons = {s["name"]: s["reason"] for s in listed["skipped"]}
    assert "leave its storage of 48 numbers" in reasons["beyond"] and "in a storage of 48 numbers" in reasons["huge"]


def test_foreign_classes_are_named_and_nothing_runs(tmp_path: Path) -> None:
    path = tmp_path / "f.pt"
    flag = tmp_path / "flag"
    evil = torch.Call(torch.Global("os", "system"), (f"touch {flag}",))
    module = torch.Call(torch.Global("my.net", "Net"), (), {
        "training": True,
        "_parameters": collections.OrderedDict(weight=torch.Call(
            torch.Global("torch._utils", "_rebuild_parameter"), (torch.tensor(np.eye(3)), True, {}))),
        "_modules": collections.OrderedDict(inner=torch.Call(torch.Global("torch.nn", "Linear"), (), {
            "_parameters": collections.OrderedDict(weight=torch.tensor(2 * np.eye(2))),
            "_buffers": {}, "_modules": {}})),
    })  # fmt: skip
    torch.save(path, {"net": module, "evil": evil, "w": torch.tensor(np.ones((2, 2)))})
    model = kp.open(path)
    assert sorted(model.names) == ["net.inner.weight", "net.weight", "w"]
    assert np.array_equal(model["net.inner.weight"], 2 * np.eye(2))
    listed = answer("list", path)["result"]
    reasons = " ".join(s["reason"] for s in listed["skipped"])
    assert all(word in reasons for word in ("`os.system`", "`my.net.Net`", "never executed"))
    assert not flag.exists()
    done = run("list", path, "--strict")
    assert done.returncode == 2 and "--strict" in done.stderr and not flag.exists()
    with pytest.raises(ValueError, match="object of the class"):
        kp.open(path, strict=True)


def gptq(inputs: int, outputs: int, groups: int, bits: int, order: bool) -> tuple[dict[str, Any], np.ndarray]:
    """Tensors of GPTQ, and the weight that its first version means, by loops over bits."""
    codes = RNG.integers(0, 1 << bits, (inputs, outputs))
    zeros = RNG.integers(0, 1 << bits, (groups, outputs))
    scales = RNG.uniform(0.01, 0.1, (groups, outputs)).astype(np.float16)
    index = np.arange(inputs) // (inputs // groups)
    if order:
        index = RNG.permutation(index)
    packed = np.zeros((inputs * bits // 32, outputs), np.uint32)
    for i in range(inputs):
        for b in range(bits):
            at = i * bits + b
            packed[at // 32] |= ((codes[i] >> b & 1) << (at % 32)).astype(np.uint32)
    packed_zeros = np.zeros((groups, outputs * bits // 32), np.uint32)
    for o in range(outputs):
        for b in range(bits):
            at = o * bits + b
            packed_zeros[:, at // 32] |= ((zeros[:, o] >> b & 1) << (at % 32)).astype(np.uint32)
    weight = (codes - zeros[index] - 1) * scales[index].astype(np.float32)
    tensors = {"qweight": ("I32", packed), "qzeros": ("I32", packed_zeros), "scales": ("F16", scales)}
    if order:
        tensors["g_idx"] = ("I32", index.astype(np.int32))
    return {f"m.q_proj.{name}": part for name, part in tensors.items()}, weight.T


@pytest.mark.parametrize("bits", [2, 3, 4, 8])
@pytest.mark.parametrize("order", [False, True])
def test_gptq(bits: int, order: bool, tmp_path: Path) -> None:
    tensors, expected = gptq(64, 32, 4, bits, order)
    path = tmp_path / "w.safetensors"
    write_safetensors(path, tensors)
    model = kp.open(path)
    assert model.names == ["m.q_proj.weight"]
    same(model["m.q_proj.weight"], expected)
    row = model.listing()[0]
    assert row["dtype"] == "gptq" and row["role"] == "attention-q" and row["parts"][0] == "m.q_proj.qweight"
    # The second version stores zero points as they are.
    (tmp_path / "config.json").write_text('{"quantization_config": {"checkpoint_format": "gptq_v2"}}')
    scales = tensors["m.q_proj.scales"][1].astype(np.float32)
    index = tensors["m.q_proj.g_idx"][1] if order else np.arange(64) // 16
    assert np.allclose(kp.open(path)["m.q_proj.weight"], expected + scales[index].T, rtol=1e-5, atol=1e-6)


def test_awq(tmp_path: Path) -> None:
    inputs, outputs, groups = 32, 24, 4
    codes, zeros = RNG.integers(0, 16, (inputs, outputs)), RNG.integers(0, 16, (groups, outputs))
    scales = RNG.uniform(0.01, 0.1, (groups, outputs)).astype(np.float16)

    def pack(a: np.ndarray) -> np.ndarray:
        words = np.zeros((a.shape[0], a.shape[1] // 8), np.uint32)
        for k, column in enumerate((0, 2, 4, 6, 1, 3, 5, 7)):
            words |= (a[:, column::8] << 4 * k).astype(np.uint32)
        return words

    tensors = {"w.qweight": ("I32", pack(codes)), "w.qzeros": ("I32", pack(zeros)), "w.scales": ("F16", scales)}
    write_safetensors(tmp_path / "w.safetensors", tensors)
    index = np.arange(inputs) // (inputs // groups)
    same(kp.open(tmp_path / "w.safetensors")["w.weight"], ((codes - zeros[index]) * scales[index].astype(np.float32)).T)


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("kind", ["nf4", "fp4"])
def test_bitsandbytes_in_four_bits(kind: str, nested: bool, tmp_path: Path) -> None:
    m, n, block = 12, 32, 64
    codes = RNG.integers(0, 16, m * n)
    table = np.sort(RNG.uniform(-1, 1, 16)).astype(np.float32)
    state: dict[str, Any] = {"quant_type": kind, "blocksize": block, "dtype": "bfloat16", "shape": [m, n]}
    maxima = RNG.uniform(0.1, 2, m * n // block).astype(np.float32)
    tensors: dict[str, Any] = {
        "l.weight": ("U8", (codes[::2] << 4 | codes[1::2]).astype(np.uint8).reshape(-1, 1)),
        "l.weight.quant_map": ("F32", table),
        "l.weight.absmax": ("F32", maxima),
    }
    if nested:
        inner, values = RNG.integers(0, 256, maxima.size).astype(np.uint8), RNG.uniform(-1, 1, 256).astype(np.float32)
        outer = RNG.uniform(1, 2, -(-maxima.size // 4)).astype(np.float32)
        state |= {"nested_blocksize": 4, "nested_offset": 0.25, "nested_dtype": "float32"}
        maxima = values[inner] * np.repeat(outer, 4)[: maxima.size] + np.float32(0.25)
        tensors["l.weight.absmax"] = ("U8", inner)
        tensors["l.weight.nested_absmax"] = ("F32", outer)
        tensors["l.weight.nested_quant_map"] = ("F32", values)
    text = np.frombuffer(json.dumps(state).encode(), np.uint8)
    tensors[f"l.weight.quant_state.bitsandbytes__{kind}"] = ("U8", text)
    write_safetensors(tmp_path / "w.safetensors", tensors)
    model = kp.open(tmp_path / "w.safetensors")
    assert model.names == ["l.weight"]
    same(model["l.weight"], (table[codes] * np.repeat(maxima, block)).reshape(m, n))


def test_bytes_with_scales(tmp_path: Path) -> None:
    codes = RNG.integers(-127, 128, (6, 300)).astype(np.int8)
    rows = RNG.uniform(0.1, 2, 6).astype(np.float32)
    floats = RNG.standard_normal((300, 200)).astype(ml_dtypes.float8_e4m3fn)
    blocks = RNG.uniform(0.1, 2, (3, 2)).astype(np.float32)
    one = np.array([0.5], ml_dtypes.bfloat16)
    write_safetensors(tmp_path / "w.safetensors", {
        "a.weight": ("I8", codes), "a.SCB": ("F32", rows), "b.weight": ("I8", codes),
        "b.weight_scale": ("F32", rows.reshape(6, 1)), "c.weight": ("F8_E4M3", floats),
        "c.weight_scale_inv": ("F32", blocks), "d.weight": ("F8_E4M3", floats), "d.weight_scale": ("BF16", one),
        "e.weight": ("F8_E4M3", floats), "f.weight": ("I8", codes),
    })  # fmt: skip
    model = kp.open(tmp_path / "w.safetensors")
    assert model.names == [f"{name}.weight" for name in "abcdef"]
    assert np.array_equal(model["a.weight"], codes * rows[:, None].astype(float) / 127)
    assert np.array_equal(model["b.weight"], codes * rows[:, None].astype(float))
    spread = np.repeat(np.repeat(blocks, 128, 0), 128, 1)[:300, :200].astype(float)
    assert np.array_equal(model["c.weight"], floats.astype(float) * spread)
    assert np.array_equal(model["d.weight"], floats.astype(float) / 2)
    same(model["e.weight"], floats)
    survey = json.loads(run("survey", tmp_path / "w.safetensors", "--json").stdout)["result"]
    assert {s["name"]: s["reason"] for s in survey["skipped"]} == {
        "f.weight": "whole numbers (i8), codes without scales: not measured"
    }


E2M1 = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6], np.float32)
E2M1 = np.concatenate([E2M1, -E2M1])


def test_microscaling(tmp_path: Path) -> None:
    blocks = RNG.integers(0, 256, (2, 3, 4, 16), dtype=np.uint8)
    scales = RNG.integers(100, 140, (2, 3, 4), dtype=np.uint8)
    codes = np.stack([blocks & 15, blocks >> 4], -1).reshape(2, 3, 4, 32)
    expected = (E2M1[codes] * 2.0 ** (scales.astype(int) - 127)[..., None]).reshape(2, 3, 128)
    packed = RNG.integers(0, 256, (4, 16), dtype=np.uint8)
    small = RNG.uniform(0.5, 4, (4, 2)).astype(ml_dtypes.float8_e4m3fn)
    whole = np.array([0.37], np.float32)
    nibbles = E2M1[np.stack([packed & 15, packed >> 4], -1).reshape(4, 32)].astype(float)
    spread = np.repeat(small.astype(float), 16, 1)
    write_safetensors(tmp_path / "w.safetensors", {
        "x.gate_up_proj_blocks": ("U8", blocks), "x.gate_up_proj_scales": ("U8", scales),
        "a.weight_packed": ("U8", packed), "a.weight_scale": ("F8_E4M3", small),
        "a.weight_global_scale": ("F32", whole),
        "b.weight": ("U8", packed), "b.weight_scale": ("F8_E4M3", small), "b.weight_scale_2": ("F32", whole),
    })  # fmt: skip
    model = kp.open(tmp_path / "w.safetensors")
    assert model.names == ["x.gate_up_proj", "a.weight", "b.weight"]
    assert np.array_equal(model["x.gate_up_proj"], expected)
    assert np.array_equal(model["a.weight"], nibbles * (spread / float(whole[0])))
    assert np.array_equal(model["b.weight"], nibbles * (spread * float(whole[0])))


def test_compressed_tensors(tmp_path: Path) -> None:
    m, n, groups = 16, 48, 3
    codes, zeros = RNG.integers(0, 16, (m, n)), RNG.integers(0, 16, (m, groups))
    scales = RNG.uniform(0.01, 0.1, (m, groups)).astype(ml_dtypes.bfloat16)

    def pack(a: np.ndarray) -> np.ndarray:
        words = np.zeros((a.shape[0], a.shape[1] // 8), np.uint32)
        for k in range(8):
            words |= (a[:, k::8] << 4 * k).astype(np.uint32)
        return words

    base = {
        "s.weight_packed": ("I32", pack(codes)), "s.weight_scale": ("BF16", scales),
        "s.weight_shape": ("I64", np.array([m, n])),
    }  # fmt: skip
    write_safetensors(tmp_path / "w.safetensors", base)
    spread = np.repeat(scales.astype(np.float32), n // groups, 1)
    same(kp.open(tmp_path / "w.safetensors")["s.weight"], (codes - 8) * spread)
    base["s.weight_zero_point"] = ("I32", pack(zeros.T).T.copy())
    write_safetensors(tmp_path / "w.safetensors", base)
    same(kp.open(tmp_path / "w.safetensors")["s.weight"], (codes - np.repeat(zeros, n // groups, 1)) * spread)


def test_parts_that_do_not_fit_are_named(tmp_path: Path) -> None:
    tensors, _ = gptq(64, 32, 4, 4, False)
    path = tmp_path / "w.safetensors"
    for missing, words in [("m.q_proj.qzeros", "is missing"), ("m.q_proj.scales", "is missing")]:
        write_safetensors(path, {name: part for name, part in tensors.items() if name != missing})
        done = run("survey", path)
        assert done.returncode in (1, 2) and "codes without scales" in done.stdout and words in done.stdout
    write_safetensors(path, tensors | {"m.q_proj.scales": ("F16", np.ones((5, 32), np.float16))})
    done = run("survey", path)
    assert done.returncode in (1, 2) and "codes without scales: [8, 32]" in done.stdout


def test_the_shared_quantised_files(shared: Path) -> None:
    folder = shared / "quantised"
    found = kp.open(folder / "fp8_block.safetensors")["model.layers.0.mlp.down_proj.weight"]
    truth = np.load(folder / "fp8_block_truth.npy")
    # The codes are a rounding of it to 4 bits.
    assert np.linalg.norm(found - truth) < 0.04 * np.linalg.norm(truth)
    tensors = load_file(folder / "gptq.safetensors")
    words = tensors["model.layers.0.mlp.down_proj.qweight"].view(np.uint32)
    zeros = tensors["model.layers.0.mlp.down_proj.qzeros"].view(np.uint32)
    scales = tensors["model.layers.0.mlp.down_proj.scales"].astype(np.float32)
    index = tensors["model.layers.0.mlp.down_proj.g_idx"]
    codes = np.stack([words >> 4 * k & 15 for k in range(8)], 1).reshape(512, 256).astype(int)
    points = np.stack([zeros >> 4 * k & 15 for k in range(8)], 2).reshape(4, 256).astype(int) + 1
    same(kp.open(folder / "gptq.safetensors")["model.layers.0.mlp.down_proj.weight"],
         ((codes - points[index]) * scales[index]).T)  # fmt: skip
    for name in ("bnb_int8", "ct_w4a16", "mxfp4", "gptq", "fp8_block"):
        survey = kp.open(folder / f"{name}.safetensors").survey()
        assert survey[0]["dtype"] in ("bnb_int8", "int4", "mxfp4", "gptq", "f8_e4m3"), name
        # Four experts, and their biases.
        assert len(survey) == (4 if name == "mxfp4" else 1), name
        assert [one["reason"] for one in survey.skipped] == (["biases"] if name == "mxfp4" else []), name


@pytest.mark.parametrize("name", ["Q4_0", "Q4K", "Q6K", "Q8_0", "F16", "BF16", "F32"])
def test_real_files_of_gguf(name: str, shared: Path) -> None:
    path = shared / "weights" / f"nnue_6b2c863-{name}.gguf"
    model = kp.open(path)
    for tensor in gguf.GGUFReader(path).tensors:
        expected = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
        same(model[tensor.name], expected.reshape([int(n) for n in tensor.shape[::-1]]))


def test_a_file_without_tensors_says_so(tmp_path: Path) -> None:
    write_gguf(tmp_path / "vocabulary.gguf", [])
    done = run("survey", tmp_path / "vocabulary.gguf")
    assert done.returncode == 2 and "holds no tensors" in done.stderr
    done = run("list", tmp_path / "vocabulary.gguf")
    assert done.returncode == 0 and done.stdout == "0 tensors, 0 numbers, 0 B\n"


def test_real_files_of_torch(shared: Path) -> None:
    model = kp.open(shared / "weights" / "mnist_burn.pt")
    twin = kp.open(shared / "weights" / "mnist_burn.safetensors")
    assert sorted(model.names) == sorted(twin.names)
    assert all(model[name].shape == twin[name].shape for name in twin.names)
    for path in sorted((shared / "weights" / "pt_fixtures").glob("*.pt")):
        done = run("list", path)
        assert done.returncode == (2 if path.stem == "broken" else 0), (path, done.stderr)


def test_checkpoints_as_they_lie_on_disk(tmp_path: Path) -> None:
    w = {"w": ("F32", np.eye(2, dtype=np.float32))}
    # A cached download of Hugging Face.
    snapshot = tmp_path / "models--a--b" / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    write_safetensors(snapshot / "model.safetensors", w)
    assert kp.open(tmp_path / "models--a--b").names == ["w"]
    (tmp_path / "models--a--b" / "snapshots" / "def").mkdir()
    done = run("list", tmp_path / "models--a--b")
    assert done.returncode == 2 and "2 snapshots" in done.stderr
    (tmp_path / "models--a--b" / "refs").mkdir()
    (tmp_path / "models--a--b" / "refs" / "main").write_text("abc")
    assert kp.open(tmp_path / "models--a--b").names == ["w"]
    # A pipeline of diffusers; one part in two types.
    pipe = tmp_path / "pipe"
    for part in ("unet", "vae", "scheduler"):
        (pipe / part).mkdir(parents=True)
    (pipe / "model_index.json").write_text("{}")
    write_safetensors(pipe / "unet" / "diffusion_pytorch_model.safetensors", w)
    narrow = {"w": ("F16", np.eye(2, dtype=np.float16))}
    write_safetensors(pipe / "unet" / "diffusion_pytorch_model.fp16.safetensors", narrow)
    write_safetensors(pipe / "vae" / "model.safetensors", w)
    listed = answer("list", pipe)["result"]
    assert [(t["name"], t["dtype"]) for t in listed["tensors"]] == [("unet.w", "f32"), ("vae.w", "f32")]
    assert any("in a narrower type" in s["reason"] for s in listed["skipped"])
    # A sharded checkpoint of PyTorch.
    sharded = tmp_path / "sharded"
    sharded.mkdir()
    torch.save(sharded / "pytorch_model-00001-of-00001.bin", {"w": torch.tensor(np.eye(3))})
    index = {"weight_map": {"w": "pytorch_model-00001-of-00001.bin"}}
    (sharded / "pytorch_model.bin.index.json").write_text(json.dumps(index))
    assert kp.open(sharded)["w"].shape == (3, 3)
    # What lies where a download should be.
    for name, text, words in [
        ("model.safetensors", "version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 42\n", "Git LFS"),
        ("model.gguf", "<!DOCTYPE html><html><body>404</body></html>", "page of HTML"),
        ("model.bin", "<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "page of HTML or XML"),
    ]:
        (tmp_path / name).write_text(text)
        done = run("norm", tmp_path / name)
        assert done.returncode == 2 and words in done.stderr and "hint: " in done.stderr, done.stderr


def test_lists_and_patterns(tmp_path: Path) -> None:
    eye = np.eye(2, dtype=np.float32)
    names = [f"model.layers.{k}.self_attn.{p}_proj.weight" for k in (0, 1, 2, 5) for p in "qk"]
    write_safetensors(tmp_path / "m.safetensors", {name: ("F32", eye) for name in [*names, "head.bias"]})
    done = run("list", tmp_path / "m.safetensors", "--patterns")
    assert "model.layers.{0-2,5}.self_attn.q_proj.weight" in done.stdout and done.returncode == 0
    found = answer("list", tmp_path / "m.safetensors", "--patterns")["result"]
    assert [t["count"] for t in found["tensors"]] == [4, 4, 1]
    assert found["bytes"] == 9 * 16 and found["numbers"] == 36
    assert [row["name"] for row in kp.open(tmp_path / "m.safetensors").listing()] == [*names, "head.bias"]
