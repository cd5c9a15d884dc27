"""What the tests share: the command, the checkpoint in the repository, and outside data where it is there."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[3]
DIGITS = ROOT / "examples" / "digits" / "digits.safetensors"
SHARED = Path(os.environ.get("KAPPA_SHARED", ROOT.parent / "shared")) / "data"


def run(*arguments: object, **options: object) -> subprocess.CompletedProcess:
    """Runs `kappa` as the wheel installed it."""
    command = [str(Path(sys.executable).parent / "kappa"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, **options)


def answer(*arguments: object) -> dict:
    """The result of a command with --json, which must succeed."""
    done = run(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def number(x: object) -> float:
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
