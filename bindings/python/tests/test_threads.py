"""Threads: a child that was forked computes, and `set_threads` holds everywhere."""

import os
import subprocess
import sys

import numpy as np
import pytest
from conftest import DIGITS

import kappa as kp

CHILD = """
import os, sys, numpy as np, kappa as kp
from pathlib import Path
folder = Path(sys.argv[1])
a = np.random.default_rng(0).standard_normal((1200, 700))
np.save(folder / "a.npy", a)
model = kp.open(folder / "a.npy")
# The parent has started its pools.
kp.norm(a, "spectral"), model.stream_svd(2), model.survey()
"""

CALLS = {
    "stream_svd": "model.stream_svd(2)",
    "survey": "model.survey()",
    "measure": "model.measure('a', 'norm:spectral')",
    "lipschitz": "model.lipschitz_product()",
    "svd": "kp.svd(a)",
    "perturb": "kp.perturb(a[:200, :100], a[:200, :100] + 1e-6)",
    "solve": "kp.solve(a[:700], a[0])",
    "woodbury": "kp.Woodbury(a[:700]).update(np.ones((700, 2)), np.ones((700, 2)))",
    "lab": "kp.stability_lab('classical-gram-schmidt')",
    "sketch": "kp.RowSketch(700).push(a)",
    "operator": "kp.lanczos_density(__import__('scipy.sparse.linalg').sparse.linalg.aslinearoperator(a), probes=2)",
}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="SKIPPED: this system has no fork")
@pytest.mark.parametrize("call", CALLS)
def test_a_forked_child_computes(call: str, tmp_path: str) -> None:
    program = CHILD + (
        "child = os.fork()\n"
        "if child == 0:\n"
        f"    {CALLS[call]}\n"
        "    os._exit(0)\n"
        "sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="SKIPPED: this system has no fork")
def test_multiprocessing_by_fork(tmp_path: str) -> None:
    program = CHILD + (
        "import multiprocessing as mp\n"
        "with mp.get_context('fork').Pool(2) as pool:\n"
        "    found = pool.map(kp.svd, [a[:100, :50], a[:60, :60]])\n"
        "assert [len(f.s) for f in found] == [50, 60] and found[0] == kp.svd(a[:100, :50])\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def busiest(program: str, folder: str) -> float:
    """Processor seconds over wall seconds of the last line."""
    timed = (
        "import time, sys, numpy as np, kappa as kp\nfrom pathlib import Path\nfolder = Path(sys.argv[1])\n"
        "kp.set_threads(1)\n"
        f"{program}\n"
    )
    done = subprocess.run([sys.executable, "-c", timed, folder], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return float(done.stdout)


@pytest.mark.parametrize("call", ["model.stream_svd(2)", "model.survey()"])
def test_one_thread_is_one_thread(call: str, tmp_path: str) -> None:
    program = (
        "np.save(folder / 'a.npy', np.random.default_rng(0).standard_normal((3000, 1100)))\n"
        "model = kp.open(folder / 'a.npy')\n"
        "wall, cpu = time.perf_counter(), time.process_time()\n"
        f"{call}\n"
        "print((time.process_time() - cpu) / (time.perf_counter() - wall))"
    )
    assert busiest(program, str(tmp_path)) < 1.3


def test_answers_do_not_depend_on_threads() -> None:
    before = kp.set_threads(1)
    try:
        one = kp.open(DIGITS).survey()
        kp.set_threads(2)
        assert kp.open(DIGITS).survey() == one
    finally:
        kp.set_threads(before)
    assert np.isfinite(one[0]["spectral"])
