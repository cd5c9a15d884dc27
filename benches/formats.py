"""The time and memory to open and to read each format beside its own reader. Called by compare.py.

Every figure is the median of runs in processes of their own; the files are in the page cache. The table goes into
docs/formats.md, in place of the one that stands there.
"""

import json
import platform
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs" / "formats.md"
RUNS = 5
SIDE = 2048
COUNT = 4

# What each program runs: `open_` once, then `read`, which gives all numbers. `touch` makes sure that they were read.
MEASURE = """
import sys, time
import numpy as np
path = sys.argv[1]
{imports}
def peak():
    # The most that this process had in memory, in MiB; the file that is mapped counts.
    lines = open("/proc/self/status").read().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024
def touch(a):
    # A number of every page in the order of storage, so that all was read; the sum does not depend on the order.
    np.ravel(a, order="K")[:: 1024].max()
    return float(np.asarray(a)[:: 32, :: 32].astype(float).sum())
# The threads of NumPy's products wait actively for a while after it is loaded.
time.sleep(0.3)
before, start = peak(), time.perf_counter()
{open}
opened = time.perf_counter()
total = 0.0
{read}
print(opened - start, time.perf_counter() - opened, peak() - before, total)
"""
KAPPA = {
    "imports": "import kappa as kp",
    "open": "model = kp.open(path)",
    "read": "for name in model: total += touch(model[name])",
}
LOADMAT = "for name, a in scipy.io.loadmat(path).items(): total += touch(a) if name[0] == 'w' else 0"
SAFETENSORS = ("safetensors", {
    "imports": "from safetensors import safe_open", "open": "f = safe_open(path, 'np')",
    "read": "for name in f.keys(): total += touch(f.get_tensor(name))"})  # fmt: skip
GGUF = ("gguf", {
    "imports": "import gguf", "open": "f = gguf.GGUFReader(path)",
    "read": "for t in f.tensors: total += touch(gguf.quants.dequantize(t.data, t.tensor_type))"})  # fmt: skip
NPZ = ("NumPy", {"imports": "", "open": "f = np.load(path)", "read": "for name in f: total += touch(f[name])"})
HDF5 = ("h5py", {
    "imports": "import h5py", "open": "f = h5py.File(path)",
    "read": "for name in f: total += touch(f[name][()])"})  # fmt: skip
MATLAB = ("SciPy", {"imports": "import scipy.io", "open": "f = scipy.io.whosmat(path)", "read": LOADMAT})
PEERS = {
    "safetensors f32": SAFETENSORS,
    "safetensors f16": SAFETENSORS,
    "GGUF Q4_0": GGUF,
    "GGUF Q6_K": GGUF,
    "ONNX": ("onnx", {
        "imports": "import onnx; from onnx import numpy_helper", "open": "f = onnx.load(path)",
        "read": "for t in f.graph.initializer: total += touch(numpy_helper.to_array(t))"}),
    "npz": NPZ,
    "npz, packed": NPZ,
    "HDF5": HDF5,
    "HDF5, gzip": HDF5,
    "MATLAB 5": MATLAB,
    "MATLAB 5, packed": MATLAB,
    "Matrix Market": ("SciPy", {
        "imports": "import scipy.io", "open": "f = scipy.io.mmread(path)", "read": "total = touch(f)"}),
    "CSV": ("pandas", {
        "imports": "import pandas", "open": "f = pandas.read_csv(path, header=None).to_numpy()",
        "read": "total = touch(f)"}),
    "PNG": ("Pillow", {
        "imports": "from PIL import Image", "open": "f = Image.open(path)", "read": "total = touch(np.asarray(f))"}),
}  # fmt: skip


def write_all(folder: Path) -> dict[str, Path]:
    """A file of each format, of about 64 MiB as numbers of 32 bits, where it is a format of many tensors."""
    import gguf
    import h5py
    import onnx
    import scipy.io
    from onnx import helper, numpy_helper
    from PIL import Image
    from safetensors.numpy import save_file

    rng = np.random.default_rng(0)
    arrays: dict[str, Any] = {
        f"w{k}": (rng.standard_normal((SIDE, SIDE)) * 100).round().astype(np.float32) / 100 for k in range(COUNT)
    }
    paths = {name: folder / f"{k}.bin" for k, name in enumerate(PEERS)}
    save_file(arrays, paths["safetensors f32"])
    save_file({name: a.astype(np.float16) for name, a in arrays.items()}, paths["safetensors f16"])
    for kind in ("Q4_0", "Q6_K"):
        writer = gguf.GGUFWriter(paths[f"GGUF {kind}"], "llama")
        number = gguf.GGMLQuantizationType[kind]
        for name, a in arrays.items():
            if kind == "Q4_0":
                packed = gguf.quants.quantize(a, number)
            else:
                block, size = gguf.GGML_QUANT_SIZES[number]
                packed = rng.integers(0, 120, (SIDE, SIDE // block * size), dtype=np.uint8)
            writer.add_tensor(name, packed, raw_dtype=number)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
    tensors = [numpy_helper.from_array(a, name) for name, a in arrays.items()]
    onnx.save(helper.make_model(helper.make_graph([], "g", [], [], initializer=tensors)), paths["ONNX"])
    with paths["npz"].open("wb") as f:
        np.savez(f, **arrays)
    with paths["npz, packed"].open("wb") as f:
        np.savez_compressed(f, **arrays)
    for name, options in (("HDF5", {}), ("HDF5, gzip", {"compression": "gzip", "shuffle": True})):
        with h5py.File(paths[name], "w") as f:
            for key, a in arrays.items():
                f.create_dataset(key, data=a, **options)
    for name, packed in (("MATLAB 5", False), ("MATLAB 5, packed", True)):
        with paths[name].open("wb") as f:
            scipy.io.savemat(f, arrays, do_compression=packed)
    small = arrays["w0"].astype(float)[:1024, :1024]
    paths["Matrix Market"] = folder / "m.mtx"
    scipy.io.mmwrite(paths["Matrix Market"], small)
    np.savetxt(paths["CSV"], small, delimiter=",", fmt="%.10g")
    Image.fromarray((arrays["w0"] * 20 % 256).astype(np.uint8)).save(paths["PNG"], format="png")
    return paths


def measured(program: dict[str, str], path: Path) -> tuple[float, float, float, float]:
    """Seconds to open and to read, MiB at most beside those of the interpreter, and a sum over some numbers."""
    found = []
    for _ in range(RUNS):
        command = [sys.executable, "-c", MEASURE.format(**program), str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found.append([float(x) for x in done.stdout.split()])
    a, b, c, d = (statistics.median(column) for column in zip(*found))
    return a, b, c, d


def formats(threads: int) -> None:
    lines = [
        "| format | reader | opens ms | kappa ms | opens and reads ms | kappa ms | ratio | MiB | kappa MiB |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    print("\n".join(lines), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        paths = write_all(Path(folder))
        for name, (peer, program) in PEERS.items():
            its, ours = measured(program, paths[name]), measured(KAPPA, paths[name])
            if not np.isclose(its[3], ours[3], rtol=1e-6, atol=1e-3):
                raise SystemExit(f"{name}: the numbers differ: {its[3]} and {ours[3]}")
            whole = its[0] + its[1], ours[0] + ours[1]
            lines.append(
                f"| {name} | {peer} | {1e3 * its[0]:.1f} | {1e3 * ours[0]:.1f} | {1e3 * whole[0]:.0f} "
                f"| {1e3 * whole[1]:.0f} | {whole[0] / whole[1]:.1f} | {its[2]:.0f} | {ours[2]:.0f} |"
            )
            print(lines[-1], flush=True)
    lines += [
        "",
        f"Medians of {RUNS} processes, {threads} threads, {platform.machine()}, Python {platform.python_version()}; "
        "ratio: the reader's time over kappa's. Text is parsed when it is opened.",
    ]
    block = "<!-- compare formats -->\n" + "\n".join(lines) + "\n<!-- end -->"
    text = DOCS.read_text()
    DOCS.write_text(re.sub(r"<!-- compare formats -->.*?<!-- end -->", lambda _: block, text, flags=re.S))
    print(json.dumps({"lines": len(lines)}), file=sys.stderr)
