"""Runs a peer's own tests, from its installed package, with kappa.linalg in place of its functions.

    python run.py numpy | scipy | sklearn

Deliberate differences are the rows of the table in docs/linalg.md: each must fail, and nothing else may; every name
must be called.
"""

import functools
import importlib
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import kappa.linalg

DOCS = Path(__file__).resolve().parents[3] / "docs" / "linalg.md"

#: For each peer: the modules in which functions are put, their names, and the tests that are run.
PEERS: dict[str, tuple[list[str], str, list[str]]] = {
    "numpy": (
        ["numpy.linalg"],
        "norm vector_norm matrix_norm cond matrix_rank svd svdvals pinv solve lstsq inv det slogdet qr eig eigh "
        "eigvals eigvalsh cholesky matrix_power",
        [
            "numpy.linalg.tests.test_linalg",
            "numpy.linalg.tests.test_regression",
            "numpy.linalg.tests.test_deprecations",
        ],
    ),
    "scipy": (
        ["scipy.linalg", "scipy.sparse.linalg"],
        "null_space orth subspace_angles orthogonal_procrustes polar schur lu onenormest",
        [
            "scipy.linalg.tests.test_decomp::TestSchur",
            "scipy.linalg.tests.test_decomp::TestNullSpace",
            "scipy.linalg.tests.test_decomp::test_orth",
            "scipy.linalg.tests.test_decomp::test_orth_empty",
            "scipy.linalg.tests.test_decomp::test_orth_memory_efficiency",
            "scipy.linalg.tests.test_decomp::test_subspace_angles",
            "scipy.linalg.tests.test_decomp_lu::TestLU",
            "scipy.linalg.tests.test_decomp_polar",
            "scipy.linalg.tests.test_procrustes",
            "scipy.linalg.tests.test_batch::TestBatch::test_null_space",
            "scipy.linalg.tests.test_batch::TestBatch::test_matmat",
            "scipy.linalg.tests.test_batch::TestBatch::test_polar_qr_rq",
            "scipy.linalg.tests.test_batch::TestBatch::test_schur_lu",
            "scipy.linalg.tests.test_batch::TestBatch::test_subspace_angles",
            "scipy.sparse.linalg.tests.test_onenormest::TestOnenormest",
        ],
    ),
    "sklearn": (["sklearn.utils.extmath"], "randomized_svd", ["sklearn.utils.tests.test_extmath"]),
}


class Peer:
    """A pytest plugin: counts calls, and holds the tests against the table of differences."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.calls: Counter[str] = Counter()
        self.differences = dict(re.findall(rf"^\| {name} \| `([^`]+)` \| (.+) \|$", DOCS.read_text(), re.M))
        self.matched: set[str] = set()

    def substitute(self) -> None:
        modules, names, _ = PEERS[self.name]
        for module in map(importlib.import_module, modules):
            for name in names.split():
                if hasattr(module, name):
                    new, old = self.counted(name), getattr(module, name)
                    setattr(module, name, new)
                    # SciPy's tests ask this table which array libraries a function takes.
                    table = getattr(sys.modules.get("scipy._lib._array_api"), "xp_capabilities_table", {})
                    if old in table:
                        table[new] = table[old]

    def counted(self, name: str) -> Any:
        function = getattr(kappa.linalg, name)

        @functools.wraps(function)
        def call(*arguments: Any, **options: Any) -> Any:
            self.calls[name] += 1
            return function(*arguments, **options)

        return call

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            for pattern, reason in self.differences.items():
                if item.nodeid.partition("::")[2].startswith(pattern):
                    self.matched.add(pattern)
                    item.add_marker(pytest.mark.xfail(reason=reason, strict=True))

    def report(self) -> bool:
        names = PEERS[self.name][1].split()
        print("calls:", ", ".join(f"{name} {self.calls[name]}" for name in names))
        unused = [name for name in names if not self.calls[name]]
        stale = set(self.differences) - self.matched
        if unused:
            print(f"never called by these tests: {', '.join(unused)}")
        if stale:
            print(f"the table names tests that do not exist: {', '.join(sorted(stale))}")
        return not stale and not unused


def located(test: str) -> str:
    """The file of a module, and what is chosen of it."""
    module, colons, chosen = test.partition("::")
    return f"{importlib.import_module(module).__file__}{colons}{chosen}"


def main() -> int:
    if len(sys.argv) < 2 or sys.argv[1] not in PEERS:
        print(__doc__)
        return 2
    peer = Peer(sys.argv[1])
    peer.substitute()
    tests = [located(test) for test in PEERS[peer.name][2]]
    # The peers' own fixtures, wherever this is called from.
    site = str(Path(pytest.__file__).resolve().parents[1])
    options = ["-q", "-rxX", "-p", "no:cacheprovider", "--rootdir", site, "--confcutdir", site]
    code = pytest.main([*options, *tests, *sys.argv[2:]], plugins=[peer])
    is_whole = peer.report()
    return int(code) or int(not is_whole)


if __name__ == "__main__":
    sys.exit(main())
