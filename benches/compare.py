"""kappa beside NumPy and SciPy: one run, the same data, the same threads. Called by `cargo xtask compare`.

Every figure is the median of several whole runs in processes of their own, so that nothing is warm for one and cold for
the other but the file itself, which both find in the page cache.
"""

import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

THREADS = int(os.environ.get("KAPPA_THREADS", "2"))
# Read when a library is loaded: both sides get as many threads.
os.environ |= {name: str(THREADS) for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "RAYON_NUM_THREADS")}

import numpy as np

KAPPA = sys.argv[1] if len(sys.argv) > 1 else "kappa"
RUNS = int(os.environ.get("KAPPA_RUNS", "3"))
SHAPES = [("attn.c_attn", (768, 2304)), ("attn.c_proj", (768, 768)), ("mlp.c_fc", (768, 3072)), ("mlp.c_proj", (3072, 768))]

NUMPY_SURVEY = r"""
import json, struct, sys
import numpy as np
path, kind = sys.argv[1:]
data = np.memmap(path, mode="r")
length = struct.unpack("<Q", data[:8].tobytes())[0]
header = json.loads(data[8 : 8 + length].tobytes())
for name, entry in header.items():
    begin, end = entry["data_offsets"]
    w = data[8 + length + begin : 8 + length + end].view("<f4").reshape(entry["shape"])
    w = w.astype(kind)
    s = np.linalg.svd(w, compute_uv=False)
    a = np.abs(w)
    p = s / s.sum()
    energy = np.cumsum(s**2) / (s**2).sum()
    print(name, np.linalg.norm(w), s[0], s.sum(), a.sum(0).max(), a.sum(1).max(), a.max(), s[0] / s[-1],
          (s > s[0] * max(w.shape) * 2.2e-16).sum(), (s**2).sum() / s[0] ** 2, np.exp(-(p * np.log(p)).sum()),
          np.searchsorted(energy, [0.9, 0.95, 0.99]) + 1)
"""

NUMPY_NORMS = r"""
import sys
import numpy as np
w = np.load(sys.argv[1], mmap_mode="r")
a = np.abs(w)
print(np.linalg.norm(w), a.max(), a.sum(0, dtype="f8").max())
"""

READ = r"""
import sys, threading
import numpy as np
w = np.load(sys.argv[1], mmap_mode="r").reshape(-1).view("u8")
parts = np.array_split(w, int(sys.argv[2]))
workers = [threading.Thread(target=lambda p=p: np.bitwise_or.reduce(p)) for p in parts]
[t.start() for t in workers]
[t.join() for t in workers]
"""


def write_checkpoint(path: Path) -> None:
    """A GPT-2-small shaped checkpoint of f32."""
    rng = np.random.default_rng(0)
    shapes = {"wte.weight": (50257, 768)}
    shapes |= {f"h.{k}.{name}.weight": shape for k in range(12) for name, shape in SHAPES}
    header, offset = {}, 0
    for name, shape in shapes.items():
        end = offset + 4 * shape[0] * shape[1]
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for shape in shapes.values():
            file.write((0.02 * rng.standard_normal(shape, dtype=np.float32)).astype(np.float32).tobytes())


def once(command: list[str]) -> tuple[float, float, float]:
    """Wall seconds, processor seconds and peak memory in MB of one process."""
    threads = str(THREADS)
    env = os.environ | {"OPENBLAS_NUM_THREADS": threads, "OMP_NUM_THREADS": threads, "RAYON_NUM_THREADS": threads}
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=env)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    if status:
        sys.exit(f"{command[0]} failed: {process.stderr.read().decode()}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def median(command: list[str], runs: int = RUNS) -> tuple[float, float, float]:
    once(command)
    return tuple(map(statistics.median, zip(*[once(command) for _ in range(runs)])))


def table(title: str, rows: list[tuple[str, tuple[float, float, float]]]) -> None:
    reference = rows[0][1][0]
    print(f"\n{title}\n")
    print(f"| {'program':34} | wall s | processor s | peak MB | × kappa's wall |")
    print("|---|---:|---:|---:|---:|")
    for name, (wall, cpu, memory) in rows:
        print(f"| {name:34} | {wall:6.3f} | {cpu:11.3f} | {memory:7.0f} | {wall / reference:14.2f} |")


def survey(folder: Path) -> None:
    path = folder / "gpt2.safetensors"
    apart(write_checkpoint, path)
    python = [sys.executable, "-c", NUMPY_SURVEY, str(path)]
    rows = [
        ("kappa survey (double precision)", median([KAPPA, "survey", str(path), "--threads", str(THREADS), "--json"])),
        ("NumPy, double precision", median([*python, "f8"], 1)),
        ("NumPy, single precision", median([*python, "f4"], 1)),
    ]
    table(f"Survey of a GPT-2-small shaped checkpoint (49 matrices, 494 MB of f32), {THREADS} threads", rows)
    tensor = 50257 * 768 * 8 / 1e6
    print(f"\nlargest tensor in f64: {tensor:.0f} MB; kappa's peak is {rows[0][1][2] * 1.048576 / tensor:.2f} of it")


def norms(folder: Path) -> None:
    path = folder / "w.npy"
    apart(write_matrix, path)
    questions = ["frobenius", "max_abs", "max_column_sum"]
    rows = [
        ("kappa measure, three norms", median([KAPPA, "measure", str(path), *questions])),
        ("NumPy, the same three norms", median([sys.executable, "-c", NUMPY_NORMS, str(path)])),
        ("read of every word, same threads", median([sys.executable, "-c", READ, str(path), str(THREADS)])),
        ("Python and NumPy started, no work", median([sys.executable, "-c", "import numpy"])),
        ("kappa started, no work", median([KAPPA, "--version"])),
    ]
    table(f"Norms of a memory-mapped 100000×4000 f32 matrix (1.6 GB), {THREADS} threads", rows)
    size = path.stat().st_size / 1e9
    read, own = rows[2][1][0] - rows[3][1][0], rows[0][1][0] - rows[4][1][0]
    print(f"\nwithout their starts: kappa {size / own:.1f} GB/s, the machine {size / read:.1f} GB/s: {100 * read / own:.0f} %")


def write_matrix(path: Path) -> None:
    np.save(path, np.random.default_rng(1).standard_normal((100_000, 4000), dtype=np.float32))


def apart(work, path: Path) -> None:
    """Runs work in a process of its own: a process inherits the peak memory of the one that starts it."""
    process = multiprocessing.get_context("spawn").Process(target=work, args=(path,))
    process.start()
    process.join()


def in_turn(tasks: list[tuple[str, object]], runs: int) -> list[tuple[str, float]]:
    """Median seconds of each, one after the other in every round, after one round that does not count."""
    times: dict[str, list[float]] = {name: [] for name, _ in tasks}
    for k in range(runs + 1):
        for name, task in tasks:
            # Idle threads of a library spin for a while after its work: let them fall asleep, for either side.
            time.sleep(0.2)
            start = time.perf_counter()
            task()
            if k > 0:
                times[name].append(time.perf_counter() - start)
    return [(name, statistics.median(spent)) for name, spent in times.items()]


def certificates() -> None:
    """Certified norms beside NumPy's uncertified ones, in this process."""
    import kappa as kp

    rng = np.random.default_rng(1)
    for shape, dtype in [((512, 512), np.float64), ((2048, 2048), np.float32), ((4096, 768), np.float32)]:
        a = rng.standard_normal(shape).astype(dtype)
        certified, quick = kp.norm(a, "spectral", certify=True), kp.norm(a, "spectral", within=1e-6)
        width = lambda x: f"relative width {(x.upper - x.lower) / x.upper:.1e}"
        m, n = max(shape), min(shape)
        rows = in_turn(
            [
                ("NumPy, singular values", lambda: np.linalg.svd(a, compute_uv=False)),
                ("NumPy, one matrix product in f64", lambda b=a.astype(float): b.T @ b),
                (f"kappa, ‖A‖₂ certified, {width(certified)}", lambda: kp.norm(a, "spectral", certify=True)),
                (f"kappa, ‖A‖₂ within 1e-6, {width(quick)}", lambda: kp.norm(a, "spectral", within=1e-6)),
                ("kappa, singular values", lambda: kp.singular_values(a)),
                ("kappa, singular values certified", lambda: kp.singular_values(a, certify=True)),
            ],
            RUNS,
        )
        title = f"{shape[0]}×{shape[1]} {np.dtype(dtype).name}: certifying ‖A‖₂ takes {(m * n * n + 2 / 3 * n**3) / 1e9:.1f} Gflop at least"
        beside(title, "NumPy", rows)


def beside(title: str, peer: str, rows: list[tuple[str, float]]) -> None:
    """A table of seconds; the first row is the peer's."""
    print(f"\n{title}\n")
    print(f"| {'':60} | {'seconds':>8} | {'of ' + peer:>8} |\n|{'-' * 62}|{'-' * 9}:|{'-' * 9}:|")
    for name, seconds in rows:
        print(f"| {name:60} | {seconds:8.3f} | {seconds / rows[0][1]:8.3f} |")


def laplacian(side: int) -> "scipy.sparse.csc_array":
    """The five-point Laplacian of a square grid."""
    import scipy.sparse as sp

    line = sp.diags_array([-1.0, 2.0, -1.0], offsets=[-1, 0, 1], shape=(side, side))
    return (sp.kron(line, sp.eye_array(side)) + sp.kron(sp.eye_array(side), line)).tocsc()


def scipy_cond_1(a: "scipy.sparse.csc_array") -> float:
    """κ₁ as SciPy's users compute it: sparse LU and the block estimator."""
    import scipy.sparse.linalg as sla

    lu = sla.splu(a)
    solve = sla.LinearOperator(a.shape, matvec=lu.solve, rmatvec=lambda x: lu.solve(x, "T"), matmat=lu.solve, rmatmat=lambda x: lu.solve(x, "T"))
    return sla.onenormest(a) * sla.onenormest(solve)


def numpy_pseudospectrum(a: np.ndarray, box: tuple[float, float, float, float], points: int) -> np.ndarray:
    """σ_min(zI − A) on a grid, one singular value decomposition a point."""
    x, y = np.linspace(*box[:2], points), np.linspace(*box[2:], points)
    eye = np.eye(len(a))
    return np.array([[np.linalg.svd((u + 1j * v) * eye - a, compute_uv=False)[-1] for u in x] for v in y])


def conditioning() -> None:
    """Condition numbers, spectra and regions beside NumPy and SciPy, in this process."""
    import kappa as kp

    rng = np.random.default_rng(2)
    for n in (500, 1000):
        a = rng.standard_normal((n, n))
        width = lambda x: f"relative width {(x.upper - x.lower) / x.upper:.1e}"
        rows = in_turn(
            [
                ("NumPy, cond(A, 2), no bound", lambda: np.linalg.cond(a)),
                (f"kappa, κ₂ certified, {width(kp.cond(a, certify=True))}", lambda: kp.cond(a, certify=True)),
                ("NumPy, cond(A, 1), no bound", lambda: np.linalg.cond(a, 1)),
                (f"kappa, κ₁ certified, {width(kp.cond(a, 'max-column-sum', certify=True))}", lambda: kp.cond(a, "max-column-sum", certify=True)),
                ("kappa, κ₁ estimated from LU", lambda: kp.cond_estimate(a, "max-column-sum")),
            ],
            RUNS,
        )
        beside(f"condition of a random {n}×{n}", "NumPy", rows)
        rows = in_turn([("NumPy, eig", lambda: np.linalg.eig(a)), ("kappa, eig with both vectors, conditions, errors", lambda: kp.eig(a))], RUNS)
        beside(f"eigenvalues and vectors of a random {n}×{n}", "NumPy", rows)
    a = laplacian(320)
    rows = in_turn([("SciPy, splu and onenormest", lambda: scipy_cond_1(a)), ("kappa, κ₁ of the sparse matrix", lambda: kp.cond(a, "max-column-sum"))], RUNS)
    beside(f"κ₁ of the Laplacian of {a.shape[0]} unknowns", "SciPy", rows)
    grcar = sum(np.eye(100, k=k) for k in (0, 1, 2, 3)) - np.eye(100, k=-1)
    box, points = (-1.0, 3.0, -3.5, 3.5), 40
    rows = in_turn(
        [
            ("NumPy, a decomposition a point", lambda: numpy_pseudospectrum(grcar, box, points)),
            ("kappa, Schur form and inverse Lanczos", lambda: kp.pseudospectrum(grcar, box, points)),
        ],
        RUNS,
    )
    beside(f"pseudospectrum of the Grcar matrix of order 100 on {points}×{points} points", "NumPy", rows)


def main() -> None:
    what = sys.argv[2:] or ["survey", "norms", "certificates", "conditioning"]
    print(f"NumPy {np.__version__}, {THREADS} threads, medians of {RUNS} runs")
    with tempfile.TemporaryDirectory() as name:
        if "survey" in what:
            survey(Path(name))
        if "norms" in what:
            norms(Path(name))
    if "certificates" in what:
        certificates()
    if "conditioning" in what:
        conditioning()


if __name__ == "__main__":
    main()
