"""The stubs against the module, and the types of the package and of these tests, in mypy's strict mode."""

import subprocess
import sys

import pytest
from conftest import ROOT

FOLDER = ROOT / "bindings" / "python"


def mypy(*arguments: str) -> str:
    pytest.importorskip("mypy")
    command = [sys.executable, "-m", *arguments]
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=600)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_the_package_and_its_tests_are_typed() -> None:
    found = mypy("mypy", "--cache-dir", "../../target/mypy", "python/kappa", "tests", "peers")
    assert not found, found


def test_the_stubs_are_those_of_the_native_module() -> None:
    found = mypy(
        "mypy.stubtest", "kappa._kappa", "--concise", "--ignore-missing-stub", "--mypy-config-file", "pyproject.toml"
    )
    assert not found, found
