"""What every answer can do: a number, a dict, a table, an interrupted wait."""

import json
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from typing import Any

import numpy as np
import pytest
from conftest import DIGITS

import kappa as kp

A = np.array([[2.0, 1.0, 0.0], [1.0, 3.0, 1.0], [0.0, 1.0, 4.0]])
B = np.array([1.0, 2.0, 3.0])


def answers() -> dict[str, Any]:
    return {
        "Enclosure": kp.norm(A),
        "SingularValues": kp.singular_values(A),
        "Svd": kp.svd(A),
        "Solution": kp.solve(A, B),
        "CertifiedSolution": kp.solve(A, B, certify=True),
        "Solver": kp.Solver(A),
        "LstsqSolution": kp.lstsq(A[:, :2], B),
        "Eig": kp.eig(A),
        "Ridge": kp.Ridge(A, B),
        "Regression": kp.regress({"x": [1.0, 2.0, 3.0, 4.0], "y": [1.0, 2.0, 2.9, 4.2]}, "y ~ x"),
        "Theorem": kp.Theorem("davis-kahan", gap=0.5, change=0.1),
        "DavisKahan": kp.DavisKahan(0.5, 0.1),
        "Woodbury": kp.Woodbury(A),
        "CholeskyUpdate": kp.CholeskyUpdate(A),
        "Inequality": kp.holder([1.0, 2.0], [3.0, 4.0]),
        "Sum": kp.sum([1.0, 1e16, -1e16]),
        "Norm": kp.Norm("nuclear"),
        "Survey": kp.open(DIGITS).survey(),
    }


@pytest.mark.parametrize("name", answers())
def test_answers_become_dicts_and_tables(name: str) -> None:
    answer = answers()[name]
    assert type(answer).__name__ == name and name in repr(answer)
    found = answer.to_dict()
    assert found and all(isinstance(key, str) for key in found)
    # What is in it is plain: numbers, texts, arrays, lists and dicts of them.
    text = json.dumps(found, default=lambda x: np.asarray(x).astype(str).tolist())
    assert len(text) > 10 and "object at 0x" not in text
    table = ElementTree.fromstring(answer._repr_html_())
    assert table.tag == "table" and name in "".join(table.itertext())
    assert len(list(table.iter("tr"))) >= 2


def test_dicts_hold_the_numbers() -> None:
    found = kp.solve(A, B).to_dict()
    assert np.allclose(A @ found["x"], B) and found["method"] == kp.solve(A, B).method
    assert found["backward_error"]["upper"] == kp.solve(A, B).backward_error.upper
    x = kp.norm(A)
    assert x.to_dict() == {"lower": x.lower, "estimate": float(x), "upper": x.upper, "evidence": x.evidence}


def test_names_in_tables_are_escaped() -> None:
    fit = kp.regress({"<b>": [1.0, 2.0, 3.0, 4.0], "y": [1.0, 2.0, 2.9, 4.2]}, target="y")
    assert "<b>" not in fit._repr_html_() and "&lt;b&gt;" in fit._repr_html_()


@pytest.mark.parametrize("call", ["la.svd(a)", "kp.cond(a)", "kp.solve(a, a)", "kp.singular_values(a, certify=True)"])
def test_ctrl_c_ends_a_wait(call: str) -> None:
    program = (
        "import numpy as np, kappa as kp, kappa.linalg as la\n"
        "a = np.random.default_rng(0).standard_normal((4000, 4000))\n"
        "print('ready', flush=True)\n"
        f"try: {call}\n"
        "except KeyboardInterrupt: print('interrupted', flush=True)\n"
        # What was begun ends unseen, and the process need not wait for it.
        "import os; os._exit(0)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    time.sleep(0.5)
    start = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert process.stdout.readline() == "interrupted\n"
    assert time.monotonic() - start < 5
    assert process.wait(timeout=60) == 0


def test_operators_that_only_multiply() -> None:
    sparse = pytest.importorskip("scipy.sparse")
    linear = pytest.importorskip("scipy.sparse.linalg")
    n = 200
    a = sparse.diags_array([-1.0, 4.0, -1.0], offsets=[-1, 0, 1], shape=(n, n)).tocsr()
    b = np.ones(n)
    for operator in (a, linear.aslinearoperator(a)):
        found = kp.solve_iteratively(operator, b, by="cg")
        assert found["has_converged"] and np.allclose(a @ found["x"], b)
        assert float(kp.norm(operator, "max-row-sum")) == 6
        assert np.allclose(np.asarray(kp.singular_values(operator)), np.linalg.svdvals(a.toarray()))

    def broken(x: Any) -> Any:
        raise RuntimeError("no product today")

    with pytest.raises(RuntimeError, match="no product today"):
        kp.solve_iteratively(linear.LinearOperator((n, n), matvec=broken, rmatvec=broken, matmat=broken), b)
    with pytest.raises(MemoryError, match="1000000"):
        kp.svd(sparse.eye_array(10**6))
