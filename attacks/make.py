"""Makes the hostile files of this folder and `expected.tsv`, which says what each must produce.

    python attacks/make.py

The files are committed; this script says how each was made. Nothing here needs anything but Python.
"""

import io
import json
import pickle
import struct
import zipfile
import zlib
from pathlib import Path

HERE = Path(__file__).parent
CASES: list[tuple[str, str, str]] = []


def case(name: str, data: bytes | str, kind: str, message: str) -> None:
    """A file, the predicate of its error (or `broken`: the rest is read), and a part of the message."""
    path = HERE / "files" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    CASES.append((name, kind, message))


def safetensors(header: object, data: bytes = b"", length: int | None = None) -> bytes:
    text = header.encode() if isinstance(header, str) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def entry(dtype: str, shape: list, begin: int, end: int) -> dict:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def npy(header: str, data: bytes = b"", version: bytes = b"\x01\x00", length: int | None = None) -> bytes:
    text = header.encode() + b"\n"
    return b"\x93NUMPY" + version + struct.pack("<H", len(text) if length is None else length) + text + data


F4 = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }"


def safetensors_cases() -> None:
    good = entry("F32", [2, 2], 0, 16)
    case("header_length_2e63.safetensors", struct.pack("<Q", 1 << 63) + b"{}", "limit", "claims a header of")
    case("header_length_2e60.safetensors", struct.pack("<Q", 1 << 60) + b"{}", "limit", "claims a header of")
    case("header_truncated.safetensors", safetensors({"a": good}, length=5000), "format",
         "is truncated: the header needs")
    case("header_not_json.safetensors", safetensors("{not json}"), "format", "not the JSON of the format")
    case("header_deep.safetensors", safetensors('{"a":' + "[" * 5000 + "]" * 5000 + "}"), "broken",
         "recursion limit exceeded")
    case("header_trailing.safetensors", safetensors('{"a":1}{"b":2}'), "format", "not the JSON")
    case("duplicate_name.safetensors", safetensors('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},'
         '"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', b"\0" * 4), "format", "listed twice")
    case("overlap.safetensors", safetensors({"a": good, "b": entry("F32", [2, 2], 8, 24)}, b"\0" * 24), "format",
         "overlap")
    case("hole.safetensors", safetensors({"a": good, "b": entry("F32", [1], 32, 36)}, b"\0" * 36), "format",
         "leaves a hole")
    case("size_2e60.safetensors", safetensors({"a": entry("F32", [1 << 30, 1 << 30], 0, 16)}, b"\0" * 16), "broken",
         "has shape [1073741824, 1073741824]")
    case("size_overflow.safetensors", safetensors({"a": entry("F64", [1 << 62, 1 << 62], 0, 16)}, b"\0" * 16), "broken",
         "more bytes than fit 64 bits")
    case("size_negative.safetensors", safetensors({"a": entry("F32", [-1, 4], 0, 16)}, b"\0" * 16), "broken",
         "no shape of nonnegative integers")
    case("offsets_reversed.safetensors", safetensors({"a": entry("F32", [1], 4, 0)}, b"\0" * 4), "broken",
         "before it begins")
    case("offsets_2e64.safetensors",
         safetensors('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,18446744073709551615]}}'),
         "broken", "is truncated: it needs bytes")
    case("data_truncated.safetensors", safetensors({"a": good, "b": entry("F32", [2, 2], 16, 32)}, b"\0" * 20),
         "broken", "`b`|is truncated: it needs bytes 16 to 32")
    case("dtype_unknown.safetensors", safetensors({"a": entry("F31", [2, 2], 0, 16)}, b"\0" * 16), "broken",
         "has the unsupported dtype `F31`")
    case("dtype_control.safetensors", safetensors({"a\u001b[31m": entry("\u001b]0;x", [1], 0, 4)}, b"\0" * 4),
         "broken", "dtype")
    case("dimensions.safetensors", safetensors({"a": entry("F32", [1] * 500, 0, 4)}, b"\0" * 4), "broken",
         "500 dimensions")
    case("empty_huge.safetensors", safetensors({"a": entry("F32", [0, 1 << 62], 0, 0)}), "broken", "and no entries")
    case("pickle.safetensors", pickle.dumps({"a": [1.0]}, protocol=4), "unsupported", "never runs a pickle")
    case("empty.safetensors", b"", "format", "is empty")


def npy_cases() -> None:
    case("empty_huge.npy", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (0, 1000000000000000), }"), "limit",
         "has shape [0, 1000000000000000] and no entries")
    case("truncated.npy", npy(F4, b"\0" * 12), "format", "is truncated: shape [2, 2]")
    case("left_over.npy", npy(F4, b"\0" * 20), "format", "has surplus bytes")
    case("shape_2e60.npy", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1073741824, 1073741824), }"),
         "format", "truncated")
    case("shape_overflow.npy", npy("{'descr': '<f8', 'fortran_order': False, 'shape': (4611686018427387904, 64), }"),
         "limit", "whose number of entries overflows")
    case("shape_negative.npy", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (-2, 2), }"), "format",
         "has an invalid NumPy header")
    case("header_code.npy",
         npy("{'descr': __import__('os').system('true'), 'fortran_order': False, 'shape': (1,), }"), "format",
         "has an invalid NumPy header")
    case("header_deep.npy", npy("{'shape': " + "(" * 20000 + ")" * 20000 + "}"), "format",
         "has an invalid NumPy header")
    case("header_long.npy", b"\x93NUMPY\x02\x00" + struct.pack("<I", 1 << 31) + b"{", "limit", "has a header of")
    case("objects.npy", npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", pickle.dumps([1])),
         "unsupported", "Python objects")
    case("records.npy", npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", b"\0" * 4),
         "unsupported", "records")
    case("version_9.npy", npy(F4, b"\0" * 16, version=b"\x09\x00"), "unsupported", "format version 9; known")


def bomb() -> bytes:
    """A zip entry that claims to unpack to far more than its packed size allows."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", npy("{'descr': '|u1', 'fortran_order': False, 'shape': (4294960000,), }"))
    data = bytearray(buffer.getvalue())
    claimed = struct.pack("<I", 4294960000 + 80)
    for signature, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        start = data.index(signature)
        data[start + at : start + at + 4] = claimed
    return bytes(data)


def archive_cases() -> None:
    def archive(members: dict[str, bytes]) -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
            for name, data in members.items():
                file.writestr(zipfile.ZipInfo(name), data)
        return buffer.getvalue()

    good = npy(F4, b"\0" * 16)
    case("empty.npz", archive({}), "unsupported", "holds no arrays")
    case("bomb.npz", bomb(), "broken", "`a.npy`|")
    case("truncated.npz", archive({"a.npy": good})[:-30], "format", "not a readable zip archive")
    case("member_truncated.npz", archive({"a.npy": good, "b.npy": npy(F4, b"\0" * 3)}), "broken",
         "`b.npy`|is truncated")
    case("no_arrays.npz", archive({"readme.txt": b"hello"}), "unsupported", "without NumPy arrays")
    case("pytorch.npz", archive({"x/data.pkl": pickle.dumps(1)}), "unsupported", "holds no tensors")
    packed = bytearray(archive({"a.npy": good}))
    packed[40:44] = b"\xff\xff\xff\xff"
    case("deflate_damaged.npz", bytes(packed), "broken", "cannot be unpacked")


def scipy_cases() -> None:
    """Sparse matrices as `scipy.sparse.save_npz` writes them, with arrays that contradict each other."""
    def array(kind: str, *numbers: float) -> bytes:
        header = f"{{'descr': '<{kind}', 'fortran_order': False, 'shape': ({len(numbers)},), }}"
        return npy(header, struct.pack(f"<{len(numbers)}{dict(i8='q', f8='d')[kind]}", *numbers))

    def sparse(form: str, **changed: bytes) -> bytes:
        members = {"shape": array("i8", 2, 2), "data": array("f8", 1, 2), "indices": array("i8", 0, 1),
                   "indptr": array("i8", 0, 1, 2), "row": array("i8", 0, 1), "col": array("i8", 0, 1)} | changed
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as file:
            text = npy(f"{{'descr': '|S{len(form)}', 'fortran_order': False, 'shape': (), }}", form.encode())
            for name, data in ({"format": text} | members).items():
                file.writestr(zipfile.ZipInfo(f"{name}.npy"), data)
        return buffer.getvalue()

    case("scipy_index.npz", sparse("csr", indices=array("i8", 0, 7)), "format", "the index 7 in a line of 2 entries")
    case("scipy_negative.npz", sparse("csc", indices=array("i8", 0, -1)), "format", "has -1 at position 1 of `indices`")
    case("scipy_starts_fall.npz", sparse("csr", indptr=array("i8", 0, 2, 1)), "format", "do not fit together")
    case("scipy_starts_beyond.npz", sparse("csr", indptr=array("i8", 0, 1, 1 << 40)), "format", "do not fit together")
    case("scipy_starts_few.npz", sparse("csc", indptr=array("i8", 0, 2)), "format", "do not fit together")
    case("scipy_fraction.npz", sparse("csr", indices=array("f8", 0, 0.5)), "format", "0.5 at position 1 of `indices`")
    case("scipy_shape_huge.npz", sparse("coo", shape=array("i8", 1 << 50, 2)), "limit", "the limit is")
    case("scipy_shape_3d.npz", sparse("coo", shape=array("i8", 2, 2, 2)), "format", "3 dimensions, not a matrix")
    case("scipy_coo_long.npz", sparse("coo", row=array("i8", 0, 1, 1)), "format", "`row` has 3 numbers")
    case("scipy_coo_outside.npz", sparse("coo", col=array("i8", 0, 2)), "format", "an entry at index (1, 2)")
    case("scipy_dia_flat.npz", sparse("dia", offsets=array("i8", 0)), "format", "not an array of two dimensions")
    case("scipy_lil.npz", sparse("lil"), "unsupported", "in the format `lil`")
    case("scipy_bsr_flat.npz", sparse("bsr"), "format", "not an array of three dimensions")
    blocks = npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1, 0, 2), }", b"")
    case("scipy_bsr_empty.npz", sparse("bsr", data=blocks), "format", "has blocks of 0×2 in a 2×2 matrix")


def text_cases() -> None:
    general = "%%MatrixMarket matrix coordinate real general\n"
    case("outside.mtx", general + "2 2 1\n3 1 1.0\n", "format",
         "line 3: the row index must be between 1 and 2, got `3`")
    case("zero_index.mtx", general + "2 2 1\n0 1 1.0\n", "format",
         "line 3: the row index must be between 1 and 2, got `0`")
    case("size_2e60.mtx", general + "1073741824 1073741824 1\n1 1 1.0\n", "limit",
         "line 2: a sparse 1073741824×1073741824 matrix is too large")
    case("count_short.mtx", general + "2 2 3\n1 1 1.0\n", "format", "is truncated: 3 entries announced, 1 found")
    case("count_long.mtx", general + "2 2 1\n1 1 1.0\n2 2 2.0\n", "format", "line 4: `2 2 2.0` follows the last entry")
    case("not_a_number.mtx", general + "2 2 1\n1 1 one\n", "format", "line 3: `one` is not a number")
    case("symmetric_wide.mtx", "%%MatrixMarket matrix coordinate real symmetric\n2 3 1\n1 1 1\n", "format",
         "line 2: a symmetric matrix must be square, got 2×3")
    case("above_diagonal.mtx", "%%MatrixMarket matrix coordinate real symmetric\n2 2 1\n1 2 1\n", "format",
         "line 3: entry (1, 2) of a symmetric matrix is above the diagonal")
    case("no_size.mtx", general, "format", "ends after line 1, before the line with rows and columns")
    case("gzip_bomb.mtx.gz", gzip_bomb(), "format", "")
    case("gzip_truncated.mtx.gz", gzip(general.encode() * 100)[:-20], "format", "cannot be unpacked")
    case("ragged.csv", "a,b\n1,2\n3\n", "format", "line 3 has 1 cell, the first row has 2")
    case("only_text.csv", "a,b\nx,y\n", "format", "line 2, column 2: `y` is not a number")
    case("one_name.csv", "a\nx\ny\n", "format", "has no numeric column")
    array = "%%MatrixMarket matrix array integer general\n"
    case("zero_by_many.mtx", array + "0 7199254740993\n", "limit", "line 2: has shape [0, 7199254740993]")
    case("many_announced.mtx", array + "2 66666000\n1\n", "format", "line 2: is truncated: a 2×66666000 matrix has")
    case("many_symmetric.mtx", array.replace("general", "symmetric") + "16000 16000\n1\n", "format", "is truncated")
    case("few_entries.mtx", general + "134217728 134217728 1\n1 1 1\n", "limit",
         "line 2: is a sparse 134217728×134217728 matrix with 1 entries, too large")
    case("sparse_dense.mtx", general + "260000 1000 1\n1 1 1\n", "broken", "too large to store as a dense one")
    case("count_2e63.mtx", general + "2 2 9223372036854775807\n1 1 1\n", "format", "is truncated")
    case("overflow.mtx", general + "1 1 1\n1 1 -1e400\n", "format", "line 3: `-1e400` is beyond the largest double")
    case("underflow.mtx", general + "1 1 1\n1 1 1e-9999\n", "format", "line 3: `1e-9999` is not 0")
    case("sum_overflow.mtx", general + "1 1 2\n1 1 1e308\n1 1 1e308\n", "format", "duplicate entries at (1, 1)")
    hermitian = "%%MatrixMarket matrix coordinate complex hermitian\n"
    case("hermitian_diagonal.mtx", hermitian + "1 1 1\n1 1 1 5\n", "format",
         "line 3: the diagonal entry (1, 1) of a Hermitian matrix is not real: `1 5`")
    case("hermitian_array.mtx", hermitian.replace("coordinate", "array") + "1 1\n1 -0.5\n", "format",
         "line 3: the diagonal entry (1, 1)")
    case("skew_diagonal.mtx", general.replace("general", "skew-symmetric") + "1 1 1\n1 1 3\n", "format",
         "line 3: the diagonal entry (1, 1) of a skew-symmetric matrix is `3`, not 0")
    case("integer_fraction.mtx", array + "1 1\n0.5\n", "format", "line 3: `0.5` is not an integer")
    case("unsigned_negative.mtx", array.replace("integer", "unsigned-integer") + "1 1\n-1\n", "format",
         "line 3: `-1` is negative")
    case("one_percent.mtx", "%MatrixMarket matrix array real general\n1 1\n1\n", "format",
         "whose first line is not its banner: `%MatrixMarket matrix array real general`")
    case("no_percent.mtx", "MatrixMarket matrix array real general\n1 1\n1\n", "format", "is not its banner")
    case("overflow.csv", "1,2\n3,1e999\n", "format", "line 2, column 2: `1e999` is beyond the largest double")
    case("underflow.csv", "1,2\n1e-999,4\n", "format", "line 2, column 1: `1e-999` is not 0")
    case("typo.csv", "1,2\n3,x\n5,6\n", "format", "line 2, column 2: `x` is not a number")
    case("hole.csv", "1,2\n3,\n5,6\n", "format", "line 2, column 2: the cell is empty")
    case("hex.csv", "0x10,2\n3,4\n", "format", "line 1, column 1: `0x10` is not a number")
    case("decimal_comma.csv", "1;2,5\n3;4,5\n", "format", "line 1, column 2: `2,5` is not a number")
    case("thousands.csv", "1,000,7\n2,000,8\n", "format", "line 1, column 2: `1` and `000` may be one number")
    case("unknown.bin", bytes(range(256)), "unsupported", "not in a format that kappa recognises")


def gzip(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return packer.compress(data) + packer.flush()


def gzip_bomb() -> bytes:
    """64 MiB of line feeds in 64 kB: within the limits, and no matrix."""
    return gzip(b"\n" * (1 << 26))


def index_cases() -> None:
    def index(name: str, weight_map: object) -> str:
        return name, json.dumps({"metadata": {}, "weight_map": weight_map})

    for name, text, kind, message in [
        (*index("missing_shard.safetensors.index.json", {"a": "nowhere-00001-of-00002.safetensors"}), "missing",
         "which is missing"),
        (*index("way_up.safetensors.index.json", {"a": "../../../etc/passwd"}), "format",
         "is not a file name in the folder of the index"),
        (*index("absolute.safetensors.index.json", {"a": "/etc/passwd"}), "format",
         "is not a file name in the folder of the index"),
        (*index("not_text.safetensors.index.json", {"a": 7}), "format",
         "is not a file name in the folder of the index"),
        (*index("itself.safetensors.index.json", {"a": "itself.safetensors.index.json"}), "format",
         "is an index of shards where a shard is needed"),
        ("no_map.safetensors.index.json", '{"metadata": {}}', "format", "has no weight_map"),
    ]:
        case(name, text, kind, message)


def gguf(tensors: list[tuple], pairs: bytes = b"", count: int | None = None, keys: int = 0, data: bytes = b"",
         version: int = 3) -> bytes:
    """Name, dimensions, type and offset of each tensor."""
    head = b"GGUF" + struct.pack("<I", version)
    head += struct.pack("<QQ", len(tensors) if count is None else count, keys) + pairs
    for name, shape, kind, offset in tensors:
        head += struct.pack("<Q", len(name)) + name + struct.pack("<I", len(shape))
        head += b"".join(struct.pack("<Q", n) for n in shape) + struct.pack("<IQ", kind, offset)
    return head + b"\0" * (-len(head) % 32) + data


def pair(key: bytes, kind: int, value: bytes) -> bytes:
    return struct.pack("<Q", len(key)) + key + struct.pack("<I", kind) + value


def gguf_cases() -> None:
    good = (b"w", (4, 3), 0, 0)
    case("count_2e63.gguf", gguf([], count=1 << 63), "limit", "lists 9223372036854775808 tensors")
    case("count_1e6.gguf", gguf([], count=1_000_000), "format", "is truncated")
    case("keys_2e60.gguf", gguf([], keys=1 << 60), "format", "is truncated")
    case("key_2e60.gguf", gguf([], struct.pack("<Q", 1 << 60), keys=1), "format", "is truncated")
    case("array_2e60.gguf", gguf([], pair(b"k", 9, struct.pack("<IQ", 4, 1 << 60)), keys=1), "format", "is truncated")
    case("texts_2e60.gguf", gguf([], pair(b"k", 9, struct.pack("<IQ", 8, 1 << 60)), keys=1), "format", "is truncated")
    nested = b"".join(struct.pack("<IQ", 9, 1) for _ in range(9))
    case("nested_arrays.gguf", gguf([], pair(b"k", 9, nested), keys=1), "limit", "nests arrays")
    case("metadata_type.gguf", gguf([], pair(b"k", 77, b""), keys=1), "format", "unknown type 77")
    case("alignment_0.gguf", gguf([], pair(b"general.alignment", 4, b"\0" * 4), keys=1), "format", "an alignment of 0")
    case("version_99.gguf", gguf([], version=99), "unsupported", "version 99")
    case("big_endian.gguf", b"GGUF" + struct.pack(">IQQ", 3, 0, 0), "unsupported", "big-endian")
    case("dimensions_99.gguf", gguf([(b"w", (1,) * 99, 0, 0)]), "limit", "99 dimensions")
    case("size_overflow.gguf", gguf([(b"w", (1 << 40, 1 << 40), 0, 0)]), "broken", "overflows 64 bits")
    case("tensor_truncated.gguf", gguf([good], data=b"\0" * 47), "broken", "`w`: is truncated: it needs 48 bytes")
    case("offset_2e63.gguf", gguf([(b"w", (4, 3), 0, 1 << 63)], data=b"\0" * 48), "broken", "is truncated")
    case("half_block.gguf", gguf([(b"w", (33, 2), 2, 0)], data=b"\0" * 48), "broken", "q4_0 has blocks of 32")
    case("listed_twice.gguf", gguf([good, good], data=b"\0" * 48), "broken", "is a second tensor")
    case("empty_by_many.gguf", gguf([(b"w", (0, 1 << 50), 0, 0)]), "broken", "no entries")
    case("header_cut.gguf", gguf([good])[:40], "format", "is truncated")


STORAGE = b"(X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuK\x0ctQ"


def rebuilt(shape: bytes, strides: bytes, offset: bytes = b"K\0", storage: bytes = STORAGE) -> bytes:
    """A tensor of a storage of 12 numbers."""
    arguments = b"(" + storage + offset + shape + strides + b"\x89}t"
    return b"ctorch._utils\n_rebuild_tensor_v2\n" + arguments + b"R"


def torch_zip(pickle_: bytes, data: bytes | None = b"\0" * 48) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("a/data.pkl"), b"\x80\x02" + pickle_)
        if data is not None:
            archive.writestr(zipfile.ZipInfo("a/data/0"), data)
    return buffer.getvalue()


def torch_cases() -> None:
    def wrapped(tensor: bytes) -> bytes:
        return torch_zip(b"}X\x01\0\0\0w" + tensor + b"s.")

    case("system.pt", torch_zip(b"cos\nsystem\nX\x04\0\0\0true\x85R."), "unsupported",
         "holds no tensors: system is an object of the class `os.system`: not read, and never executed")
    case("stack_empty.pt", torch_zip(b"0."), "format", "do not fit its stack")
    case("no_mark.pt", torch_zip(b"t."), "format", "do not fit its stack")
    case("recall.pt", torch_zip(b"h\x07."), "format", "recalls 7 in vain")
    case("opcode.pt", torch_zip(b"\xff."), "format", "is no opcode")
    case("extension.pt", torch_zip(b"\x82\x01."), "unsupported", "refers to what is not in it")
    case("no_stop.pt", torch_zip(b"}"), "format", "is truncated")
    case("text_2e31.pt", torch_zip(b"X\xff\xff\xff\x7fabc."), "format", "is truncated")
    case("odd_pairs.pt", torch_zip(b"}(K\x01u."), "format", "do not fit its stack")
    laughs = b"]q\x00" + b"".join(b"](" + b"h" + bytes([k]) + b"h" + bytes([k]) + b"eq" + bytes([k + 1])
                                   for k in range(40)) + b"."  # fmt: skip
    case("laughs.pt", torch_zip(laughs), "limit", "more than 1000000 objects")
    case("cycle.pt", torch_zip(b"]q\x00h\x00a."), "broken", "is nested deeper than 100 containers")
    case("deep.pt", torch_zip(b"]" * 5000 + b"a" * 4999 + b"."), "broken", "is nested deeper than 100 containers")
    case("beyond.pt", wrapped(rebuilt(b"K\x04K\x04\x86", b"K\x04K\x01\x86")),
         "broken", "leave its storage of 12 numbers")
    case("offset.pt", wrapped(rebuilt(b"K\x01\x85", b"K\x01\x85", b"K\x0c")), "broken", "leave its storage")
    huge = b"\x8a\x05\0\0\0\0\x01"
    case("expanded.pt", wrapped(rebuilt(huge + huge + b"\x86", b"K\0K\0\x86")), "broken", "overflows 64 bits")
    case("expanded_once.pt", wrapped(rebuilt(huge + b"\x85", b"K\0\x85")), "broken", "in a storage of 12 numbers")
    case("stride_2e63.pt", wrapped(rebuilt(b"K\x02\x85", b"\x8a\x08" + b"\xff" * 7 + b"\x7f\x85")),
         "broken", "leave its storage")
    case("negative.pt", wrapped(rebuilt(b"J\xff\xff\xff\xff\x85", b"K\x01\x85")), "broken", "not those of a tensor")
    case("strides_fewer.pt", wrapped(rebuilt(b"K\x02K\x02\x86", b"K\x01\x85")), "broken", "2 dimensions and 1 strides")
    case("no_storage.pt", torch_zip(b"}X\x01\0\0\0w" + rebuilt(b"K\x02\x85", b"K\x01\x85") + b"s.", None), "broken",
         "its storage `0` is not in the file")
    case("storage_cut.pt", torch_zip(b"}X\x01\0\0\0w" + rebuilt(b"K\x0c\x85", b"K\x01\x85") + b"s.", b"\0" * 20),
         "broken",
         "leave its storage of 5 numbers")
    case("no_arguments.pt", wrapped(b"ctorch._utils\n_rebuild_tensor_v2\n)R"), "broken", "not those of a tensor")
    two = rebuilt(b"K\x02\x85", b"K\x01\x85")
    twice = b"}(X\x03\0\0\0a.b" + two + b"X\x01\0\0\0a}X\x01\0\0\0b" + two + b"su."
    case("name_twice.pt", torch_zip(twice), "broken", "is a second tensor of this name")
    many = io.BytesIO()
    with zipfile.ZipFile(many, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("a/data.pkl"), b"N" * 17_000_000 + b".", zipfile.ZIP_DEFLATED)
    case("values.pt", many.getvalue(), "limit", "a pickle of more than 16777216 values")
    magic = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
    case("legacy_cut.pt", magic + b"\x80\x02M\xe9\x03.", "format", "is truncated")
    case("legacy_version.pt", magic + b"\x80\x02K\x01.", "unsupported", "unknown version")
    legacy = magic + b"\x80\x02M\xe9\x03.\x80\x02}.\x80\x02}X\x01\0\0\0w" + rebuilt(b"K\x02\x85", b"K\x01\x85")
    legacy += b"s.\x80\x02]X\x01\0\0\x000a."
    case("legacy_no_data.pt", legacy, "format", "is truncated")
    case("legacy_count.pt", legacy + struct.pack("<Q", 1 << 62), "broken", "its storage `0` is not in the file")


def quantised_cases() -> None:
    def file(**tensors: tuple[str, list[int]]) -> bytes:
        sizes = {"I32": 4, "F16": 2, "U8": 1, "F32": 4, "F8_E4M3": 1, "I64": 8, "I8": 1}
        header, at = {}, 0
        for name, (dtype, shape) in tensors.items():
            length = sizes[dtype]
            for n in shape:
                length *= n
            header["w." + name] = entry(dtype, shape, at, at + length)
            at += length
        return safetensors(header, b"\x07" * at)

    words = {"qweight": ("I32", [8, 8]), "qzeros": ("I32", [2, 1]), "scales": ("F16", [2, 8])}
    case("gptq_groups.safetensors", file(**(words | {"g_idx": ("I32", [64])})),
         "broken", "has an input in group 117901063 of 2")
    case("gptq_scales.safetensors", file(**(words | {"scales": ("F16", [3, 8])})), "broken", "codes without scales")
    case("gptq_zeros.safetensors", file(**(words | {"qzeros": ("I32", [0, 1])})), "broken", "codes without scales")
    case("gptq_alone.safetensors", file(qweight=("I32", [8, 8])), "broken", "`qzeros` or `scales` is missing")
    case("fp8_blocks.safetensors", file(weight=("F8_E4M3", [4, 4]), weight_scale=("F32", [5, 1])), "broken",
         "codes without scales")
    case("fp8_no_scales.safetensors", file(weight=("F8_E4M3", [4, 4]), weight_scale=("F32", [0, 0])), "broken",
         "codes without scales")
    case("int4_shape.safetensors", file(weight_packed=("I32", [4, 1]), weight_scale=("F32", [4, 1]),
         weight_shape=("I64", [2])), "broken", "codes without scales")
    case("mxfp4_scales.safetensors", file(a_blocks=("U8", [2, 2, 16]), a_scales=("U8", [2, 3])), "broken",
         "codes without scales")
    case("mxfp4_alone.safetensors", file(a_blocks=("U8", [2, 2, 16])), "broken", "`_scales` are missing")
    header = {"w.weight": entry("U8", [8, 1], 0, 8), "w.weight.quant_state.bitsandbytes__nf4": entry("U8", [2], 8, 10),
              "w.weight.absmax": entry("F32", [1], 10, 14), "w.weight.quant_map": entry("F32", [16], 14, 78)}
    case("nf4_state.safetensors", safetensors(header, b"\0" * 8 + b"{}" + b"\0" * 68), "broken", "codes without scales")
    text = json.dumps({"shape": [1 << 40, 1 << 40], "blocksize": 64}).encode()
    header["w.weight.quant_state.bitsandbytes__nf4"] = entry("U8", [len(text)], 8, 8 + len(text))
    header["w.weight.absmax"] = entry("F32", [1], 8 + len(text), 12 + len(text))
    header["w.weight.quant_map"] = entry("F32", [16], 12 + len(text), 76 + len(text))
    case("nf4_shape.safetensors", safetensors(header, b"\0" * 8 + text + b"\0" * 68), "broken", "codes without scales")


def field(number: int, value: bytes | int) -> bytes:
    """A field of a message of Protocol Buffers."""
    if isinstance(value, int):
        return bytes([number << 3]) + varint(value)
    return bytes([number << 3 | 2]) + varint(len(value)) + value


def varint(x: int) -> bytes:
    out = b""
    while x >= 128:
        out, x = out + bytes([x & 127 | 128]), x >> 7
    return out + bytes([x])


def onnx_file(*tensors: bytes, nodes: bytes = b"") -> bytes:
    graph = nodes + b"".join(field(5, tensor) for tensor in tensors)
    return field(1, 8) + field(2, b"attack") + field(7, graph)


def onnx_cases() -> None:
    def tensor(shape: list[int], rest: bytes, kind: int = 1) -> bytes:
        return b"".join(field(1, n) for n in shape) + field(2, kind) + field(8, b"w") + rest

    raw = field(9, b"\0" * 48)
    case("cut.onnx", onnx_file(tensor([3, 4], raw))[:40], "format", "is truncated")
    case("length_2e60.onnx", field(1, 8) + field(2, b"x") + b"\x3a" + varint(1 << 60), "format", "is truncated")
    case("varint_11.onnx", field(1, 8) + field(2, b"x") + b"\x28" + b"\xff" * 11, "format", "more than 64 bits")
    case("wire_type_7.onnx", field(1, 8) + field(2, b"x") + b"\x0f", "format", "unknown wire type 7")
    case("no_graph.onnx", field(1, 8) + field(2, b"x"), "format", "it has no graph")
    case("raw_short.onnx", onnx_file(tensor([3, 5], raw)), "broken", "which needs 60 bytes; it has 48")
    case("raw_overflow.onnx", onnx_file(tensor([1 << 40, 1 << 40], raw)), "broken", "overflows 64 bits")
    case("negative.onnx", onnx_file(tensor([(1 << 64) - 1, 4], raw)), "broken", "a negative dimension")
    case("second.onnx", onnx_file(tensor([3, 4], raw), tensor([3, 4], raw)), "broken", "is a second tensor")
    case("dimensions_99.onnx", onnx_file(tensor([1] * 99, raw)), "broken", "99 dimensions")
    case("varints_few.onnx", onnx_file(tensor([1 << 30, 1 << 30], field(5, b"\1\2"), 6)), "broken", "at most 2 numbers")
    case("varints_less.onnx", onnx_file(tensor([4], field(5, b"\x81\1\2\3"), 6)), "broken", "and 3 numbers")

    case("complex_integers.onnx", onnx_file(tensor([1], field(5, b"\1"), 15)), "broken", "its numbers are integers")

    def external(*pairs: tuple[bytes, bytes]) -> bytes:
        texts = b"".join(field(13, field(1, key) + field(2, value)) for key, value in pairs)
        return onnx_file(tensor([3, 4], texts + field(14, 1)))

    case("outside.onnx", external((b"location", b"../secret.bin")), "broken", "is not in the folder of the model")
    case("absolute.onnx", external((b"location", b"/etc/passwd")), "broken", "is not in the folder of the model")
    case("unnamed.onnx", external((b"offset", b"0")), "broken", "which is not named")
    case("missing.onnx", external((b"location", b"none.bin")), "broken", "no such file")
    case("offset_text.onnx", external((b"location", b"none.bin"), (b"offset", b"-1")), "broken", "has the offset `-1`")
    deep = field(5, tensor([3, 4], raw))
    for _ in range(20):
        deep = field(1, field(3, b"n") + field(4, b"If") + field(5, field(1, b"g") + field(6, deep)))
    case("deep.onnx", field(1, 8) + field(2, b"x") + field(7, deep), "limit", "nests graphs")


def matlab(elements: bytes, mark: bytes = b"IM") -> bytes:
    return b"MATLAB 5.0 MAT-file, attack".ljust(124) + b"\x00\x01" + mark + elements


def element(kind: int, data: bytes, length: int | None = None) -> bytes:
    return struct.pack("<II", kind, len(data) if length is None else length) + data + b"\0" * (-len(data) % 8)


def mat_matrix(class_: int, shape: list[int], parts: bytes, flags: int = 0) -> bytes:
    head = element(6, struct.pack("<II", class_ | flags << 8, 0)) + element(5, struct.pack(f"<{len(shape)}I", *shape))
    return element(14, head + element(1, b"a") + parts)


def matlab_cases() -> None:
    good = mat_matrix(6, [2, 2], element(9, b"\0" * 32))
    case("byte_order.mat", matlab(good, b"XX"), "format", "the mark of its byte order")
    case("header_only.mat", matlab(b""), "unsupported", "without variables")
    case("header_cut.mat", matlab(b"")[:100], "format", "is truncated")
    case("element_cut.mat", matlab(good[:60]), "broken", "is truncated")
    case("element_2e31.mat", matlab(element(14, b"", (1 << 32) - 1)), "broken", "is truncated")
    case("shape.mat", matlab(mat_matrix(6, [2, 3], element(9, b"\0" * 32))), "broken", "has shape [2, 3] and 32 bytes")
    case("shape_overflow.mat", matlab(mat_matrix(6, [1 << 31] * 3, element(9, b""))), "broken", "overflows 64 bits")
    case("empty_by_many.mat", matlab(mat_matrix(6, [0, 1 << 31], element(9, b""))), "broken", "no entries")
    case("dimensions_99.mat", matlab(mat_matrix(6, [1] * 99, element(9, b"\0" * 8))), "broken", "99 dimensions")
    case("number_type.mat", matlab(mat_matrix(6, [2, 2], element(77, b"\0" * 32))), "broken", "numbers of type 77")
    case("no_flags.mat", matlab(element(14, element(9, b"\0" * 8))), "broken", "where integers are needed")
    case("second.mat", matlab(good + good), "broken", "is a second tensor")
    case("zlib.mat", matlab(element(15, b"not zlib")), "broken", "cannot be unpacked")
    bomb = zlib.compress(struct.pack("<II", 14, 1 << 31) + b"\0" * 4096)
    case("bomb.mat", matlab(element(15, bomb)), "broken", "claims to unpack")
    short = zlib.compress(struct.pack("<II", 14, 1 << 10) + b"\0" * 100)
    case("unpacked_short.mat", matlab(element(15, short)), "broken", "is truncated: it unpacks to")
    other = zlib.compress(element(9, b"\0" * 8))
    case("compressed_numbers.mat", matlab(element(15, other)), "broken", "which is no matrix")

    def sparse(rows: list[int], starts: list[int], count: int) -> bytes:
        lists = [element(5, struct.pack(f"<{len(x)}i", *x)) for x in (rows, starts)]
        indices = b"".join(lists)
        return matlab(mat_matrix(5, [3, 2], indices + element(9, b"\0" * 8 * count)))

    case("sparse_row.mat", sparse([0, 3], [0, 1, 2], 2), "broken", "an entry in row 4 of 3")
    case("sparse_starts.mat", sparse([0, 1], [0, 2, 1], 2), "broken", "a sparse matrix of 2 columns")
    case("sparse_negative.mat", sparse([0, 1], [0, -1, 2], 2), "broken", "a sparse matrix of 2 columns")
    case("sparse_many.mat", sparse([0, 1], [0, 1, 1 << 30], 2), "broken", "a sparse matrix of 2 columns")
    case("sparse_values.mat", sparse([0, 1], [0, 1, 2], 1), "broken", "without its 2 numbers")
    cells = good
    for _ in range(40):
        cells = mat_matrix(1, [1, 1], cells)
    case("cells_deep.mat", matlab(cells), "broken", "deeper than 32")
    case("cells_many.mat", matlab(mat_matrix(1, [1 << 16, 1 << 15], good)), "broken", "is truncated")
    case("cut_4.mat", struct.pack("<IIIII", 0, 3, 4, 0, 2) + b"a\0" + b"\0" * 90, "broken", "is truncated")
    table = struct.pack("<6d", 5, 2, 1, 2, 1.0, 0.0)
    case("sparse_4.mat", struct.pack("<IIIII", 2, 2, 3, 0, 2) + b"a\0" + table, "broken", "outside its 2×2 shape")


def harwell_cases() -> None:
    def file(kind: str = "RUA", sizes: str = "2 2 2 0", starts: str = "1 2 3", rows: str = "1 2",
             values: str = "1.0 2.0", formats: str = f"{'(3I2)':16}{'(2I2)':16}{'(2E4.1)':20}") -> str:  # fmt: skip
        def fields(text: str, width: int) -> str:
            return "".join(word.rjust(width) for word in text.split())

        body = [fields(starts, 2), fields(rows, 2), fields(values, 4)]
        return "\n".join(["title", "3 1 1 1 0", f"{kind:14}{sizes}", formats, *body]) + "\n"

    case("formats.rua", file(formats="(A4)            (2I2)           (2E4.1)"), "format",
         "the format of the column pointers")
    case("starts.rua", file(starts="1 4 3"), "format", "column pointers that do not rise")
    case("row.rua", file(rows="1 3"), "format", "has the row index 3, and 2 rows")
    case("row_text.rua", file(rows="1 x"), "format", "line 6: `x` is no index")
    case("value.rua", file(values="1.0 a"), "format", "line 7: `a`")
    case("value_missing.rua", file(values="1.0"), "format", "is truncated")
    case("many_entries.rua", file(sizes="2 2 9999999 0"), "format", "announced in")
    case("sides.rua", file(sizes="2 999999999999 2 0"), "limit", "too large")
    case("not_square.rsa", file("RSA", "3 2 2 0"), "format", "must be square")
    case("elements.rue", file("RUE"), "unsupported", "not assembled")
    case("sizes.rua", file(sizes="2 x 2"), "format", "where numbers are needed")


def picture_cases() -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    def png(width: int, height: int, data: bytes) -> bytes:
        head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
        return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")

    case("large.png", png(60000, 60000, zlib.compress(b"\0" * 1000)), "limit", "60000×60000")
    case("cut.png", png(10, 10, zlib.compress(b"\0" * 50)), "broken", "cannot be decoded")
    case("head.png", b"\x89PNG\r\n\x1a\n", "format", "cannot be decoded")
    case("large.pgm", "P5 60000 60000 255\n", "limit", "60000×60000")
    case("cut.pgm", "P5 10 10 255\nabc", "broken", "cannot be decoded")
    case("words.pgm", "P2 3 y z\n", "format", "cannot be decoded")
    case("head.jpg", b"\xff\xd8\xff\xe0", "format", "cannot be decoded")
    case("head.tif", b"II*\0\xff\xff\xff\x7f", "format", "cannot be decoded")


def hdf5_cases() -> None:
    magic = b"\x89HDF\r\n\x1a\n"
    case("head.h5", magic, "format", "cannot be read")
    case("zeros.h5", magic + b"\0" * 200, "format", "cannot be read")
    case("ones.h5", magic + b"\xff" * 200, "format", "cannot be read")
    case("empty73.mat", b"MATLAB 7.3 MAT-file".ljust(512), "format", "cannot be read")


def main() -> None:
    safetensors_cases()
    npy_cases()
    archive_cases()
    scipy_cases()
    text_cases()
    index_cases()
    gguf_cases()
    torch_cases()
    quantised_cases()
    onnx_cases()
    matlab_cases()
    harwell_cases()
    picture_cases()
    hdf5_cases()
    lines = ["\t".join(c) for c in sorted(CASES)]
    (HERE / "expected.tsv").write_text("# file\terror\tpart of the message\n" + "\n".join(lines) + "\n")
    print(f"{len(CASES)} files")


if __name__ == "__main__":
    main()
