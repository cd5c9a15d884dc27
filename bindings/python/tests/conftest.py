"""What the tests share: the command, the checkpoint in the repository, and outside data where it is there."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[3]
DIGITS = ROOT / "examples" / "digits" / "digits.safetensors"
SHARED = Path(os.environ.get("KAPPA_SHARED", ROOT.parent / "shared")) / "data"


# `kappa` as the wheel installs it: a script that starts Python and imports the package.
INSTALLED = Path(sys.executable).parent / "kappa"
# The same command as a program, which starts at once; `cargo xtask test` names it.
COMMAND = Path(os.environ.get("KAPPA_COMMAND", INSTALLED))


def run(*arguments: object, command: Path = COMMAND, **options: Any) -> subprocess.CompletedProcess[str]:
    """Runs `kappa`."""
    done: subprocess.CompletedProcess[str] = subprocess.run(
        [str(command), *map(str, arguments)], capture_output=True, text=True, timeout=300, **options
    )
    return done


def answer(*arguments: object) -> dict[str, Any]:
    """The result of a command with --json, which must succeed."""
    done = run(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def number(x: Any) -> float:
    """A number of the JSON contract."""
    return float(x)


@pytest.fixture
def shared() -> Path:
    if not SHARED.is_dir():
        pytest.skip(f"SKIPPED: there is no data under {SHARED}")
    return SHARED


def write_safetensors(path: Path, tensors: dict[str, tuple[str, np.ndarray]]) -> None:
    """Writes tensors by name, storage type and array."""
    header, offset = {}, 0
    for name, (dtype, array) in tensors.items():
        end = offset + array.nbytes
        header[name] = {"dtype": dtype, "shape": list(array.shape), "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    body = b"".join(array.tobytes() for _, array in tensors.values())
    path.write_bytes(len(text).to_bytes(8, "little") + text + body)
