"""Whatever holds a matrix of numbers, as a NumPy array."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

#: The largest number of entries of a dense array that is made of a sparse one, as in Rust's `DENSE_LIMIT`.
_MOST = 1 << 28


def as_array(x: Any) -> NDArray[Any]:
    """The object as an array, without a copy where it lies in memory that NumPy can see.

    Takes whatever `numpy.asarray` takes, and what hands its memory over by DLPack. Tensors of PyTorch may want
    gradients, and may be of bfloat16, which neither way can express: those are widened to float32, exactly. Masked
    arrays are taken where nothing is masked. SciPy's sparse matrices and LinearOperators become dense arrays,
    up to 2^28 entries, for `kappa.linalg`; `kappa` itself takes them as they are.
    """
    if isinstance(x, np.ndarray):
        return _unmasked(x) if isinstance(x, np.ma.MaskedArray) else x
    if type(x).__module__.partition(".")[0] == "torch":
        x = x.detach()
        x = x.cpu() if x.device.type != "cpu" else x
        if str(x.dtype) == "torch.bfloat16":
            x = x.float()
        return np.asarray(x.numpy())
    if hasattr(x, "toarray") or (hasattr(x, "matmat") and not hasattr(x, "__array__")):
        return _written_out(x)
    if hasattr(x, "__dlpack__") and not hasattr(x, "__array__"):
        return np.from_dlpack(x)
    return np.asarray(x)


def _written_out(x: Any) -> NDArray[Any]:
    m, n = x.shape
    if m * n > _MOST:
        raise MemoryError(f"a {m}×{n} operator is too large to store as a dense matrix (limit {_MOST} entries)")
    return np.asarray(x.toarray() if hasattr(x, "toarray") else x.matmat(np.eye(n)))


def _unmasked(x: np.ma.MaskedArray[Any, Any]) -> NDArray[Any]:
    if np.ma.is_masked(x):
        count = int(np.ma.count_masked(x))
        raise ValueError(
            f"{count} {'entry is' if count == 1 else 'entries are'} masked, and a matrix needs all of its entries"
            "\n\nhint: fill them with .filled(value), or drop their rows with numpy.ma.compress_rows"
        )
    return np.asarray(x.data)
