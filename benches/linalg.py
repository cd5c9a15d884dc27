"""kappa.linalg beside numpy.linalg: one process, the same arrays, the same threads. Called by compare.py.

The table goes into docs/linalg.md, in place of the one that stands there.
"""

import math
import platform
import re
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

DOCS = Path(__file__).resolve().parents[1] / "docs" / "linalg.md"
#: OpenBLAS's threads spin for a while after their work, which would slow down the other library.
PAUSE = 0.1
ROUNDS = 5
#: Approximate seconds for which one library is measured in one round.
SHARE = 0.15


def seconds(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def side_by_side(first: Callable[[], Any], second: Callable[[], Any]) -> tuple[float, float]:
    """The median time of each call; the calls alternate."""
    times: tuple[list[float], list[float]] = ([], [])
    for call in (first, second):
        call()
    for _ in range(ROUNDS):
        for call, found in ((first, times[0]), (second, times[1])):
            time.sleep(PAUSE)
            once = seconds(call)
            count = max(1, min(200, int(SHARE / max(once, 1e-7))))
            found.extend(seconds(call) for _ in range(count))
    return statistics.median(times[0]), statistics.median(times[1])


def cases() -> list[tuple[str, str, Callable[[Any], Any]]]:
    """Function, shape of the matrix, and the call with either library."""
    rng = np.random.default_rng(0)
    found = []
    for shape in [(64, 64), (256, 256), (1024, 1024), (100, 32, 32)]:
        a = rng.standard_normal(shape)
        h = a + a.swapaxes(-1, -2)
        b = rng.standard_normal((*shape[:-1], 1))
        name = "×".join(map(str, shape))
        found += [
            ("svdvals", name, lambda la, a=a: la.svdvals(a)),
            ("svd", name, lambda la, a=a: la.svd(a)),
            ("eigh", name, lambda la, h=h: la.eigh(h)),
            ("qr", name, lambda la, a=a: la.qr(a)),
            ("solve", name, lambda la, a=a, b=b: la.solve(a, b)),
            ("norm", name, lambda la, a=a: la.norm(a) if a.ndim == 2 else la.norm(a, axis=(-2, -1))),
            ("cond", name, lambda la, a=a: la.cond(a)),
        ]
    return found


def linalg(threads: int) -> None:
    import kappa.linalg

    lines = ["| function | matrix | NumPy µs | kappa µs | NumPy / kappa |", "|---|---|---:|---:|---:|"]
    logs, worst = [], math.inf
    for what, shape, call in cases():
        kappa_time, numpy_time = side_by_side(lambda: call(kappa.linalg), lambda: call(np.linalg))
        ratio = numpy_time / kappa_time
        logs.append(math.log(ratio))
        worst = min(worst, ratio)
        lines.append(f"| `{what}` | {shape} | {1e6 * numpy_time:.1f} | {1e6 * kappa_time:.1f} | {ratio:.2f} |")
        print(lines[-1], flush=True)
    mean = math.exp(statistics.mean(logs))
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    lines += [
        "",
        f"Geometric mean of the ratios {mean:.2f}, smallest {worst:.2f}. {threads} threads, {processor()}, NumPy "
        f"{np.__version__} on {blas['name']} {blas['version']}, Python {platform.python_version()}, kappa "
        f"{kappa.__version__}; medians in one run.",
    ]
    print(lines[-1])
    block = "<!-- compare linalg -->\n" + "\n".join(lines) + "\n<!-- end -->"
    DOCS.write_text(re.sub(r"<!-- compare linalg -->.*?<!-- end -->", lambda _: block, DOCS.read_text(), flags=re.S))


def processor() -> str:
    """The name of the processor, where the system reports it."""
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor() or platform.machine()
    found = re.search(r"^model name\s*: (.+)$", text, re.M)
    return found.group(1) if found else platform.machine()
