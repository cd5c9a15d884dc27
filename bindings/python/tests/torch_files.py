"""Files of PyTorch without PyTorch: its pickles name classes and functions, which stand-ins name as well."""

import io
import pickle
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

STORAGES = {
    "float64": "DoubleStorage", "float32": "FloatStorage", "float16": "HalfStorage", "bfloat16": "BFloat16Storage",
    "int64": "LongStorage", "int32": "IntStorage", "int16": "ShortStorage", "int8": "CharStorage",
    "uint8": "ByteStorage", "bool": "BoolStorage", "complex64": "ComplexFloatStorage",
    "complex128": "ComplexDoubleStorage",
}  # fmt: skip


class Global:
    """A class or a function by its name."""

    def __init__(self, module: str, name: str) -> None:
        self.module, self.name = module, name


class Storage:
    def __init__(self, array: np.ndarray, dtype: str | None = None) -> None:
        self.array, self.dtype = np.ascontiguousarray(array).reshape(-1), dtype or str(array.dtype)


class Tensor:
    """A view of a storage, in numbers."""

    def __init__(
        self, storage: Storage, shape: tuple[int, ...], strides: tuple[int, ...], offset: int = 0, version: int = 2
    ) -> None:
        self.storage, self.shape, self.strides, self.offset, self.version = storage, shape, strides, offset, version


class Call:
    """An object that a call makes, with its state."""

    def __init__(self, function: Global, arguments: tuple[Any, ...] = (), state: Any = None) -> None:
        self.function, self.arguments, self.state = function, arguments, state


def tensor(array: np.ndarray, dtype: str | None = None) -> Tensor:
    """A tensor of its own storage."""
    strides = tuple(int(np.prod(array.shape[k + 1 :])) for k in range(array.ndim))
    return Tensor(Storage(array, dtype), array.shape, strides)


# The pickler in Python, of which single steps can be replaced.
BASE: Any = getattr(pickle, "_Pickler")  # noqa: B009


class Pickler(BASE):  # type: ignore[misc]
    """Writes stand-ins as what they stand for."""

    def __init__(self, file: Any, legacy: bool) -> None:
        super().__init__(file, protocol=2)
        self.legacy = legacy
        self.storages: dict[str, Storage] = {}

    def persistent_id(self, obj: Any) -> Any:
        if not isinstance(obj, Storage):
            return None
        key = str(next((k for k, s in self.storages.items() if s is obj), len(self.storages)))
        self.storages[key] = obj
        kind = ("storage", Global("torch", STORAGES[obj.dtype]), key, "cpu", obj.array.size)
        return (*kind, None) if self.legacy else kind

    def save(self, obj: Any, save_persistent_id: bool = True) -> Any:
        if isinstance(obj, Global):
            self.write(pickle.GLOBAL + f"{obj.module}\n{obj.name}\n".encode())
        elif isinstance(obj, Tensor):
            arguments: tuple[Any, ...] = (obj.storage, obj.offset, obj.shape, obj.strides, False, {})
            self.save(Call(Global("torch._utils", f"_rebuild_tensor_v{obj.version}"), arguments))
        elif isinstance(obj, Call):
            self.save(obj.function)
            self.save(obj.arguments)
            self.write(pickle.REDUCE)
            if obj.state is not None:
                self.save(obj.state)
                self.write(pickle.BUILD)
        else:
            super().save(obj, save_persistent_id)


def save(path: Path, obj: Any, compressed: bool = False) -> None:
    """The archive of PyTorch since 1.6."""
    text = io.BytesIO()
    pickler = Pickler(text, legacy=False)
    pickler.dump(obj)
    method = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("archive/data.pkl", text.getvalue())
        archive.writestr("archive/byteorder", "little")
        for key, storage in pickler.storages.items():
            archive.writestr(f"archive/data/{key}", storage.array.tobytes())
        archive.writestr("archive/version", "3\n")


def save_legacy(path: Path, obj: Any) -> None:
    """The sequence of pickles before 1.6."""
    with path.open("wb") as file:
        system = {"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}
        for part in (0x1950A86A20F9469CFC6C, 1001, system):
            pickle.dump(part, file, protocol=2)
        pickler = Pickler(file, legacy=True)
        pickler.dump(obj)
        pickle.dump(list(pickler.storages), file, protocol=2)
        for storage in pickler.storages.values():
            file.write(struct.pack("<q", storage.array.size) + storage.array.tobytes())
