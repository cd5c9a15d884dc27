"""kappa beside NumPy and SciPy: one run, the same data, the same threads. Called by `cargo xtask compare`.

Every figure is the median of several runs in separate processes, so that neither program profits from a warm cache; the
file itself is in the page cache for both.
"""

import json
import multiprocessing
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

THREADS = int(os.environ.get("KAPPA_THREADS", "2"))
# Libraries read these variables when they are loaded: all programs get the same number of threads.
os.environ |= {name: str(THREADS) for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "RAYON_NUM_THREADS")}

import numpy as np

KAPPA = sys.argv[1] if len(sys.argv) > 1 else "kappa"
RUNS = int(os.environ.get("KAPPA_RUNS", "3"))
SHAPES = [
    ("attn.c_attn", (768, 2304)),
    ("attn.c_proj", (768, 768)),
    ("mlp.c_fc", (768, 3072)),
    ("mlp.c_proj", (3072, 768)),
]

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
        ("start of Python and NumPy", median([sys.executable, "-c", "import numpy"])),
        ("start of kappa", median([KAPPA, "--version"])),
    ]
    table(f"Norms of a memory-mapped 100000×4000 f32 matrix (1.6 GB), {THREADS} threads", rows)
    size = path.stat().st_size / 1e9
    read, own = rows[2][1][0] - rows[3][1][0], rows[0][1][0] - rows[4][1][0]
    share = 100 * read / own
    print(f"\nwithout start-up: kappa {size / own:.1f} GB/s, the machine {size / read:.1f} GB/s: {share:.0f} %")


def write_matrix(path: Path) -> None:
    np.save(path, np.random.default_rng(1).standard_normal((100_000, 4000), dtype=np.float32))


def apart(work, path: Path) -> None:
    """Runs work in a separate process: a process inherits the peak memory of the one that starts it."""
    process = multiprocessing.get_context("spawn").Process(target=work, args=(path,))
    process.start()
    process.join()


def in_turn(tasks: list[tuple[str, object]], runs: int) -> list[tuple[str, float]]:
    """Median seconds of each task; the tasks alternate, and a first round is not counted."""
    times: dict[str, list[float]] = {name: [] for name, _ in tasks}
    for k in range(runs + 1):
        for name, task in tasks:
            # Idle threads of a library spin for a while after its work: both libraries wait until they sleep.
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
        certified, quick = kp.norm(a, "spectral", certify=True), kp.norm(a, "spectral", width=1e-6)
        width = lambda x: f"relative width {(x.upper - x.lower) / x.upper:.1e}"
        m, n = max(shape), min(shape)
        rows = in_turn(
            [
                ("NumPy, singular values", lambda: np.linalg.svd(a, compute_uv=False)),
                ("NumPy, one matrix product in f64", lambda b=a.astype(float): b.T @ b),
                (f"kappa, ‖A‖₂ certified, {width(certified)}", lambda: kp.norm(a, "spectral", certify=True)),
                (f"kappa, ‖A‖₂ within 1e-6, {width(quick)}", lambda: kp.norm(a, "spectral", width=1e-6)),
                ("kappa, singular values", lambda: kp.singular_values(a)),
                ("kappa, singular values certified", lambda: kp.singular_values(a, certify=True)),
            ],
            RUNS,
        )
        work = (m * n * n + 2 / 3 * n**3) / 1e9
        name = np.dtype(dtype).name
        beside(f"{shape[0]}×{shape[1]} {name}: certifying ‖A‖₂ takes {work:.1f} Gflop at least", "NumPy", rows)


def beside(title: str, peer: str, rows: list[tuple[str, float]]) -> None:
    """Prints a table of seconds; the first row is that of the peer."""
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
    adjoint = lambda x: lu.solve(x, "T")
    solve = sla.LinearOperator(a.shape, matvec=lu.solve, rmatvec=adjoint, matmat=lu.solve, rmatmat=adjoint)
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
        cond_1 = lambda: kp.cond(a, "max-column-sum", certify=True)
        rows = in_turn(
            [
                ("NumPy, cond(A, 2), no bound", lambda: np.linalg.cond(a)),
                (f"kappa, κ₂ certified, {width(kp.cond(a, certify=True))}", lambda: kp.cond(a, certify=True)),
                ("NumPy, cond(A, 1), no bound", lambda: np.linalg.cond(a, 1)),
                (f"kappa, κ₁ certified, {width(cond_1())}", cond_1),
                ("kappa, κ₁ estimated from LU", lambda: kp.cond_estimate(a, "max-column-sum")),
            ],
            RUNS,
        )
        beside(f"condition of a random {n}×{n}", "NumPy", rows)
        tasks = [
            ("NumPy, eig", lambda: np.linalg.eig(a)),
            ("kappa, eig with both vectors, conditions, errors", lambda: kp.eig(a)),
        ]
        rows = in_turn(tasks, RUNS)
        beside(f"eigenvalues and vectors of a random {n}×{n}", "NumPy", rows)
    a = laplacian(320)
    tasks = [
        ("SciPy, splu and onenormest", lambda: scipy_cond_1(a)),
        ("kappa, κ₁ of the sparse matrix", lambda: kp.cond(a, "max-column-sum")),
    ]
    rows = in_turn(tasks, RUNS)
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


def convection(side: int) -> "scipy.sparse.csc_array":
    """Convection and diffusion on a square grid: not symmetric."""
    import scipy.sparse as sp

    wind = sp.diags_array([-0.6, 0.6], offsets=[-1, 1], shape=(side, side))
    return (laplacian(side) + sp.kron(wind, sp.eye_array(side))).tocsc()


def equations() -> None:
    """Systems, least squares, ridge and sparse systems beside NumPy, SciPy and scikit-learn, in this process."""
    import kappa as kp
    import scipy.linalg as sl
    import scipy.sparse.linalg as sla
    from sklearn.linear_model import RidgeCV

    rng = np.random.default_rng(3)
    for n in (200, 500, 1000, 2000, 4000):
        a, b = rng.standard_normal((n, n)), rng.standard_normal(n)
        s = a @ a.T + n * np.eye(n)
        # Calls for a third of a second: the time of one call after a pause depends on the scheduler, for all libraries.
        times = max(1, round(25e9 / n**3))
        many = lambda f: lambda: [f() for _ in range(times)]
        tasks = [
            ("NumPy, solve", lambda: np.linalg.solve(a, b)),
            ("SciPy, solve", lambda: sl.solve(a, b)),
            ("kappa, solve with residual and backward error", lambda: kp.solve(a, b).x),
            ("kappa, the same with κ and the forward error", lambda: float(kp.solve(a, b))),
            ("kappa, LU in single precision, refined", lambda: kp.solve(a, b, method="mixed").x),
            ('SciPy, solve with assume_a="pos"', lambda: sl.solve(s, b, assume_a="pos")),
            ("kappa, solve of the same definite matrix", lambda: kp.solve(s, b).x),
        ]
        if n <= 2000:
            tasks.append(("kappa, every digit certified", lambda: kp.solve(a, b, certify=True).x))
        rows = [(name, t / times) for name, t in in_turn([(name, many(f)) for name, f in tasks], RUNS)]
        beside(f"system of order {n}: {2 / 3 * n**3 / 1e9:.2f} Gflop", "NumPy", rows)
    for m, n in ((200, 200), (1000, 200), (1000, 1000), (4000, 1000), (4000, 4000)):
        a, b = rng.standard_normal((m, n)), rng.standard_normal(m)
        tasks = [
            ("NumPy, lstsq", lambda: np.linalg.lstsq(a, b)),
            ("SciPy, lstsq by gelsy (pivoted QR)", lambda: sl.lstsq(a, b, lapack_driver="gelsy")),
            ("kappa, lstsq", lambda: kp.lstsq(a, b).x),
            ("kappa, the same with κ and the forward error", lambda: float(kp.lstsq(a, b))),
        ]
        beside(f"least squares, {m}×{n}", "NumPy", in_turn(tasks, RUNS if n < 4000 else 1))
    for m, n in ((2000, 200), (2000, 1000)):
        a, b = rng.standard_normal((m, n)), rng.standard_normal(m)
        alphas = np.logspace(-3, 4, 100)

        def path():
            ridge = kp.Ridge(a, b)
            ridge.choose("gcv")
            return ridge.solutions(alphas)

        tasks = [
            ("scikit-learn, RidgeCV with 5 folds", lambda: RidgeCV(alphas=alphas, cv=5, fit_intercept=False).fit(a, b)),
            ("scikit-learn, RidgeCV without folds", lambda: RidgeCV(alphas=alphas, fit_intercept=False).fit(a, b)),
            ("kappa, 100 solutions, and λ by cross-validation", path),
            ("kappa, λ by leaving each row out", lambda: kp.Ridge(a, b).choose("leave-one-out")),
        ]
        beside(f"ridge path of 100 λ, {m}×{n}", "refits", in_turn(tasks, 1))
    for name, a in (("Laplacian of a square grid", laplacian(320)), ("the same with convection", convection(320))):
        b = rng.standard_normal(a.shape[0])
        tasks = [
            ("SciPy, SuperLU", lambda: sla.splu(a).solve(b)),
            ("SciPy, spsolve", lambda: sla.spsolve(a, b)),
            ("kappa, solve with residual and backward error", lambda: kp.solve(a, b).x),
        ]
        beside(f"{name}, {a.shape[0]} unknowns", "SuperLU", in_turn(tasks, RUNS))


def digits(value: float, exact: str) -> float:
    """Correct digits of a double, at most 16."""
    from decimal import Decimal

    reference = Decimal(exact)
    off = abs(Decimal(value) - reference)
    if reference != 0:
        off /= abs(reference)
    return 16.0 if off == 0 else min(16.0, max(0.0, -float(off.log10())))


def regression() -> None:
    """The eleven linear sets of NIST: the worst coefficient and standard error in correct digits."""
    import kappa as kp
    import statsmodels.api as sm

    folder = Path(__file__).parents[1] / "crates/kappa/tests/strd"
    by_r = {}
    if shutil.which("Rscript"):
        script = Path(__file__).with_name("nist.R")
        out = subprocess.run(["Rscript", script, folder], capture_output=True, text=True, check=True).stdout
        for line in out.splitlines():
            beta, errors_of = (part.split() for part in line.split("|"))
            numbers = lambda texts: [float(x.replace("NA", "nan")) for x in texts]
            by_r[beta[0]] = (numbers(beta[1:]), numbers(errors_of))
    order = ["Norris", "Pontius", "NoInt1", "NoInt2", "Filip", "Longley", *(f"Wampler{k}" for k in range(1, 6))]
    print("\nNIST StRD: correct digits of the worst coefficient | of the worst standard error\n")
    print(
        f"| {'set':10} | {'kappa':11} | {'statsmodels':11} | {'R lm':11} | {'NumPy lstsq':11} "
        f"| {'normal equations':16} |"
    )
    print("|---|---|---|---|---|---|")
    for name in order:
        lines = (folder / f"{name}.csv").read_text().splitlines()
        said = [line[2:].split() for line in lines if line.startswith("# ")]
        formula = " ".join(next(words for words in said if words[0] == "formula:")[1:])
        exact = [(words[3], words[4]) for words in said if words[0][0] == "B" and words[0][1:].isdigit()]
        rows = np.array([[float(x) for x in line.split(",")] for line in lines if line[0] in "-.0123456789"])
        y, x = rows[:, 0], rows[:, 1:]
        if "powers" in formula or formula == "y ~ x":
            x = np.vander(x[:, 0], len(exact), increasing=True)
        elif not formula.endswith("- 1"):
            x = np.column_stack([np.ones(len(y)), x])

        fit = kp.regress(str(folder / f"{name}.csv"), formula)
        ols = sm.OLS(y, x).fit()
        plain = np.linalg.lstsq(x, y, rcond=None)[0]
        try:
            normal = np.linalg.solve(x.T @ x, x.T @ y)
        except np.linalg.LinAlgError:
            normal = np.full(len(exact), np.nan)
        columns = [
            ([float(c["estimate"]) for c in fit.coefficients], [float(c["standard_error"]) for c in fit.coefficients]),
            (ols.params, ols.bse),
            by_r.get(name, ([np.nan], [np.nan])),
            (plain, None),
            (normal, None),
        ]

        def worst(values, which):
            if values is None or not np.isfinite(values).all():
                return "–"
            return f"{min(digits(float(v), e[which]) for v, e in zip(values, exact)):4.1f}"

        cells = [f"{worst(beta, 0)} | {worst(se, 1)}" if se is not None else worst(beta, 0) for beta, se in columns]
        print(f"| {name:10} | " + " | ".join(f"{cell.replace(' | ', ' / '):11}" for cell in cells) + " |")


def main() -> None:
    everything = ["survey", "norms", "certificates", "conditioning", "equations", "regression"]
    everything += ["linalg", "spectra", "formats"]
    what = sys.argv[2:] or everything
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
    if "equations" in what:
        equations()
    if "regression" in what:
        regression()
    if "linalg" in what:
        from linalg import linalg

        linalg(THREADS)
    if "spectra" in what:
        from spectra import spectra

        spectra(THREADS, sys.modules[__name__])
    if "formats" in what:
        from formats import formats

        formats(THREADS)


if __name__ == "__main__":
    main()
