"""Spectra of large matrices beside NumPy, SciPy, scikit-learn and WeightWatcher: the same data, the same threads.

Called by compare.py.

The table goes into docs/spectra.md, in place of the one that stands there.
"""

import os
import platform
import re
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from linalg import PAUSE, processor, seconds

DOCS = Path(__file__).resolve().parents[1] / "docs" / "spectra.md"
ROUNDS = 3
#: A call that takes longer than this is measured once.
LONG = 40.0


def in_turns(calls: list[Callable[[], Any]]) -> list[float]:
    """The median time of each call; the calls alternate."""
    times: list[list[float]] = [[] for _ in calls]
    for _ in range(ROUNDS):
        for call, found in zip(calls, times, strict=True):
            if not found or found[0] < LONG:
                time.sleep(PAUSE)
                found.append(seconds(call))
    return [statistics.median(found) for found in times]


def gemm_rate(n: int, dtype: Any) -> float:
    """Floating-point operations a second of a matrix product."""
    a = np.ones((n, n), dtype)
    a @ a
    return 2 * n**3 / min(seconds(lambda: a @ a) for _ in range(3))


def with_values(m: int, n: int, s: np.ndarray, seed: int = 0) -> np.ndarray:
    """A matrix with these singular values and random vectors."""
    rng = np.random.default_rng(seed)
    u = np.linalg.qr(rng.standard_normal((m, len(s))))[0]
    v = np.linalg.qr(rng.standard_normal((n, len(s))))[0]
    return (u * s) @ v.T


def values_only() -> list[str]:
    """Singular values without vectors."""
    import kappa as kp
    import kappa.linalg

    lines = [
        "| singular values of | NumPy s | kappa s | NumPy / kappa | share of the products' speed | kappa, enclosed s |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    rng = np.random.default_rng(0)
    for m, n in [(1024, 1024), (2048, 2048), (4096, 4096), (4096, 11008)]:
        for dtype in (np.float32, np.float64):
            if m != n and dtype == np.float64:
                continue
            a = rng.standard_normal((m, n)).astype(dtype)
            peer, ours, enclosed = in_turns(
                [
                    lambda a=a: np.linalg.svd(a, compute_uv=False),
                    lambda a=a: kappa.linalg.svdvals(a),
                    lambda a=a, dtype=dtype: kp.singular_values(a, floor=1e-6 if dtype == np.float32 else None),
                ]
            )
            short, long = min(m, n), max(m, n)
            flops = 4 * long * short**2 - 4 / 3 * short**3
            share = flops / ours / gemm_rate(min(short, 2048), dtype)
            lines.append(
                f"| {m}×{n} {np.dtype(dtype).name} | {peer:.3f} | {ours:.3f} | {peer / ours:.1f} | {share:.0%} "
                f"| {enclosed:.3f} |"
            )
            print(lines[-1], flush=True)
    return lines


def sketches() -> list[str]:
    """Random sketches, beside scikit-learn's with its defaults."""
    from sklearn.utils.extmath import randomized_svd

    import kappa as kp

    lines = [
        "| 4000×3000, σᵢ, k | scikit-learn s | kappa s | scikit-learn / kappa "
        "| error above the best: scikit-learn | kappa |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    whole = None
    i = np.arange(1, 3001)
    for name, s in (("1/i", 1 / i), ("exp(−i/20)", np.exp(-i / 20))):
        a = with_values(4000, 3000, s)
        if whole is None:
            whole = seconds(lambda a=a: np.linalg.svd(a, full_matrices=False))
        for k in (10, 50, 100):
            peer, ours = in_turns(
                [
                    lambda a=a, k=k: randomized_svd(a, k, random_state=0),
                    lambda a=a, k=k: kp.randomized_svd(a, k),
                ]
            )
            best = np.sqrt((s[k:] ** 2).sum())
            found = randomized_svd(a, k, random_state=0)[1], kp.randomized_svd(a, k).s
            excess = [np.sqrt(max((s**2).sum() - (x**2).sum(), 0)) / best - 1 for x in found]
            lines.append(
                f"| {name}, {k} | {peer:.3f} | {ours:.3f} | {peer / ours:.1f} | {excess[0]:.1e} | {excess[1]:.1e} |"
            )
            print(lines[-1], flush=True)
    lines += ["", f"NumPy's full decomposition of the same matrix takes {whole:.1f} s."]
    return lines


def sparse(m: int, n: int, entries: int) -> Any:
    """About `entries` entries at random places."""
    import scipy.sparse

    rng = np.random.default_rng(0)
    places = rng.integers(m, size=entries), rng.integers(n, size=entries)
    return scipy.sparse.csc_array((rng.uniform(size=entries), places), shape=(m, n))


def truncated() -> list[str]:
    """The largest triplets of a dense matrix, from the reduction that all values need."""
    import kappa as kp

    lines = [
        "| 2048×2048 float64, largest triplets | NumPy, all of them s | kappa s | NumPy / kappa |",
        "|---|---:|---:|---:|",
    ]
    a = np.random.default_rng(2).standard_normal((2048, 2048))
    counts = (1, 50, 200, 1000)
    peer, *ours = in_turns([lambda: np.linalg.svd(a), *(lambda k=k: kp.truncated_svd(a, k) for k in counts)])
    for k, time_ in zip(counts, ours, strict=True):
        lines.append(f"| {k} | {peer:.2f} | {time_:.2f} | {peer / time_:.1f} |")
        print(lines[-1], flush=True)
    return lines


def densities() -> list[str]:
    """Densities of singular values: exact counts and fits, and Lanczos from products alone."""
    import kappa as kp

    lines = [
        "| how squares of singular values are spread | NumPy s | kappa s | NumPy / kappa |",
        "|---|---:|---:|---:|",
    ]
    a = np.random.default_rng(3).standard_normal((2048, 2048))
    peer, ours = in_turns(
        [lambda: np.histogram(np.linalg.svd(a, compute_uv=False) ** 2, 50), lambda: kp.density(a, 50)]
    )
    lines.append(
        f"| 2048×2048 float64, histogram; kappa also noise and tail | {peer:.2f} | {ours:.2f} | {peer / ours:.1f} |"
    )
    print(lines[-1], flush=True)
    b = sparse(100000, 20000, 400_000)
    (ours,) = in_turns([lambda: kp.lanczos_density(b)])
    lines.append(f"| 100000×20000, {b.nnz} entries, by Lanczos with random vectors | – | {ours:.2f} | |")
    print(lines[-1], flush=True)
    return lines


def triplets() -> list[str]:
    """A few triplets of sparse matrices, beside SciPy's ARPACK."""
    import scipy.sparse.linalg

    import kappa as kp

    lines = ["| sparse, k | SciPy svds s | kappa s | SciPy / kappa |", "|---|---:|---:|---:|"]
    for m, n, entries in ((20000, 10000, 200_000), (100000, 20000, 400_000)):
        a = sparse(m, n, entries)
        for k in (6, 20):
            peer, ours = in_turns(
                [
                    lambda a=a, k=k: scipy.sparse.linalg.svds(a, k),
                    lambda a=a, k=k: kp.partial_svd(a, k, bound=None),
                ]
            )
            lines.append(f"| {m}×{n}, {a.nnz} entries, {k} | {peer:.2f} | {ours:.2f} | {peer / ours:.1f} |")
            print(lines[-1], flush=True)
    return lines


WEIGHTWATCHER = r"""
import sys, time
import weightwatcher
start = time.perf_counter()
weightwatcher.WeightWatcher(model=sys.argv[1]).analyze()
print(time.perf_counter() - start)
"""


def surveys(folder: Path, tools: Any) -> list[str]:
    """Every matrix of a GPT-2-small shaped checkpoint, beside WeightWatcher.

    WeightWatcher skips the embedding, and its imports are not counted.
    """
    lines = ["| survey of a GPT-2-small shape | s | peak MB |", "|---|---:|---:|"]
    model = folder / "gpt2"
    model.mkdir()
    path = model / "model.safetensors"
    tools.apart(tools.write_checkpoint, path)
    ours = [tools.once([tools.KAPPA, "survey", str(path), "--json"]) for _ in range(ROUNDS)]
    seconds_, memory = statistics.median(x[0] for x in ours), max(x[2] for x in ours)
    lines.append(
        f"| kappa, whole process, with the embedding, norms, ranks, tails and noise | {seconds_:.2f} | {memory:.0f} |"
    )
    print(lines[-1], flush=True)
    python = os.environ.get("KAPPA_WEIGHTWATCHER")
    if not python:
        print("skipped: WeightWatcher is not installed")
        return lines
    peers = []
    for _ in range(ROUNDS):
        done = subprocess.run([python, "-c", WEIGHTWATCHER, str(model)], capture_output=True, text=True, check=True)
        peers.append(float(done.stdout.split()[-1]))
    peer = statistics.median(peers)
    lines.append(f"| WeightWatcher's analyze() | {peer:.2f} | – |")
    lines.append(f"| ratio | {peer / seconds_:.1f} | |")
    print(lines[-1], flush=True)
    return lines


#: The shape of the matrix that is read from disk.
TALL = (200_000, 2000)


def write_tall(path: Path) -> None:
    """A tall matrix in single precision whose singular values decrease like 1/i."""
    rng, (m, n) = np.random.default_rng(0), TALL
    a = np.lib.format.open_memmap(path, "w+", np.float32, (m, n))
    right = ((np.linalg.qr(rng.standard_normal((n, n)))[0] / np.arange(1, n + 1)).T).astype(np.float32)
    for i in range(0, m, 10_000):
        a[i : i + 10_000] = rng.standard_normal((10_000, n), dtype=np.float32) @ right
    a.flush()


def streams(folder: Path, tools: Any) -> list[str]:
    """Fifty triplets of a matrix of 1.6 GB on disk, in one pass, and in two with the vectors of the long side."""
    path = folder / "tall.npy"
    tools.apart(write_tall, path)
    lines = ["| 50 triplets of 200000×2000 float32 on disk, --memory 1GiB | s | peak MB |", "|---|---:|---:|"]
    for name, more in (("values and right vectors, one pass", ["--one-pass"]), ("left vectors too, two passes", [])):
        out = str(folder / "out.npz")
        wall, _, memory = tools.once(
            [tools.KAPPA, "svd", str(path), "--top", "50", "--memory", "1GiB", "--output", out, *more]
        )
        lines.append(f"| {name} | {wall:.1f} | {memory:.0f} |")
        print(lines[-1], flush=True)
    path.unlink()
    return lines


def small() -> list[str]:
    """Small matrices, which must not become slower by algorithms for large ones."""
    import kappa.linalg

    lines = ["| order | NumPy µs | kappa µs | NumPy / kappa |", "|---|---:|---:|---:|"]
    rng = np.random.default_rng(1)
    for n in (4, 8, 16, 32, 64):
        many = [rng.standard_normal((n, n)) for _ in range(200)]
        peer, ours = in_turns(
            [
                lambda many=many: [np.linalg.svd(x, compute_uv=False) for x in many],
                lambda many=many: [kappa.linalg.svdvals(x) for x in many],
            ]
        )
        lines.append(f"| {n} | {peer * 5e3:.1f} | {ours * 5e3:.1f} | {peer / ours:.2f} |")
        print(lines[-1], flush=True)
    return lines


def spectra(threads: int, tools: Any) -> None:
    """All tables; `tools` is compare.py.

    Processes are measured first: the peak memory of a child includes that of this process at its start.
    """
    with tempfile.TemporaryDirectory() as name:
        from_disk = [*surveys(Path(name), tools), "", *streams(Path(name), tools)]
    import kappa

    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    last = (
        f"{threads} threads, {processor()}, NumPy {np.__version__} on {blas['name']} {blas['version']}, "
        f"Python {platform.python_version()}, kappa {kappa.__version__}; medians in one run."
    )
    parts = []
    for found in (values_only, small, truncated, sketches, triplets, densities):
        parts += [*found(), ""]
    block = "\n".join(["<!-- compare spectra -->", *parts, *from_disk, "", last, "<!-- end -->"])
    DOCS.write_text(re.sub(r"<!-- compare spectra -->.*?<!-- end -->", lambda _: block, DOCS.read_text(), flags=re.S))
