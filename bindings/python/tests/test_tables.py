"""Tables as text in the dialects that people have: decimal commas, titles, columns, missing values, encodings."""

import gzip
import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from conftest import answer, run

import kappa as kp


def table(path: Path, **options: object) -> np.ndarray:
    model = kp.open(path, **options)  # type: ignore[arg-type]
    found: np.ndarray = model[model.names[0]]
    return found


def test_decimal_commas_and_thousands(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("1.234,5;-0,25\n12;1.000.000\n")
    expected = np.array([[1234.5, -0.25], [12.0, 1e6]])
    assert np.array_equal(table(path, decimal=",", thousands="."), expected)
    done = run("norm", path)
    assert done.returncode == 2 and "--decimal ," in done.stderr
    done = run("norm", path, "--decimal", ",")
    assert done.returncode == 2 and "line 1, column 1: `1.234,5` is not a number" in done.stderr
    done = run("norm", path, "--decimal", ",", "--thousands", ".", "--norm", "max-abs")
    assert float(done.stdout) == 1e6
    path.write_text("1.23,5;2\n")
    done = run("norm", path, "--decimal", ",", "--thousands", ".")
    assert done.returncode == 2 and "is not a number" in done.stderr
    path.write_text('"1,000",2\n3,"4,000,000.5"\n')
    assert np.array_equal(table(path, thousands=","), np.array([[1000.0, 2.0], [3.0, 4000000.5]]))


def test_titles_and_columns(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("id,a,b,note\n1,2,3,x\n4,5,6,y\n")
    done = run("norm", path)
    assert done.returncode == 2 and "line 2, column 4" in done.stderr
    assert np.array_equal(table(path, columns=["a", "b"]), [[2, 3], [5, 6]])
    assert np.array_equal(table(path, columns="2-3"), [[2, 3], [5, 6]])
    assert np.array_equal(table(path, columns=["b", "1"]), [[3, 1], [6, 4]])
    with pytest.raises(ValueError, match="has no column `c`"):
        table(path, columns=["c"])
    found = json.loads(run("norm", path, "--columns", "a,b", "--json").stdout)
    assert any("chosen: 2" in remark["text"] for remark in found["remarks"]), found["remarks"]
    # A first line of years is titles only by declaration.
    path.write_text("2001,2002\n1,2\n3,4\n")
    assert table(path).shape == (3, 2)
    assert np.array_equal(table(path, header=True), [[1, 2], [3, 4]])
    assert np.array_equal(table(path, header=True, columns=["2002"]), [[2], [4]])
    path.write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match="`a` is not a number"):
        table(path, header=False)


def test_missing_values_have_a_number_or_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("1,NA\n,4\n")
    assert run("norm", path).returncode == 2
    assert np.array_equal(table(path, missing=0), [[1, 0], [0, 4]])
    assert np.array_equal(table(path, missing=float("nan")), [[1, np.nan], [np.nan, 4]], equal_nan=True)
    done = run("norm", path, "--missing", "-7", "--norm", "max-abs")
    assert float(done.stdout) == 7 and "missing values that are read as -7: 2" in done.stderr


@pytest.mark.parametrize("cell", ["1+2j", "1+2i", "(1+2j)", "1.0 + 2.0i", "1e0+2e0J", "+1+2*i"])
def test_complex_cells(cell: str, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f"{cell};3\n-i;2.5e-1j\n1e-3-2e+1i;j\n")
    assert np.array_equal(table(path), [[1 + 2j, 3], [-1j, 0.25j], [1e-3 - 20j, 1j]])


def test_encodings_and_packings(tmp_path: Path) -> None:
    text = "größe;b\n1;2\n"
    for encoding, options in [("utf-8", {}), ("utf-8-sig", {}), ("utf-16", {}), ("latin-1", {"encoding": "latin-1"})]:
        path = tmp_path / "t.csv"
        path.write_bytes(text.encode(encoding))
        assert np.array_equal(table(path, columns=["größe"], **options), [[1]]), encoding
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(text.encode()))
    assert np.array_equal(table(tmp_path / "t.csv.gz"), [[1, 2]])
    zstandard = pytest.importorskip("zstandard")
    (tmp_path / "t.csv.zst").write_bytes(zstandard.compress(text.encode()))
    assert np.array_equal(table(tmp_path / "t.csv.zst"), [[1, 2]])


def test_an_opened_table_is_pickled_with_its_dialect(tmp_path: Path) -> None:
    import pickle

    path = tmp_path / "t.csv"
    path.write_text("1,5;2,5\n")
    model = kp.open(path, decimal=",")
    again = pickle.loads(pickle.dumps(model))
    assert np.array_equal(again[again.names[0]], [[1.5, 2.5]])
    for options in ({"decimal": "x"}, {"encoding": "ebcdic"}):
        with pytest.raises(ValueError, match="decimals|encoding"):
            kp.open(path, **options)  # type: ignore[arg-type]


def test_regress_reads_tables_as_they_are_written(tmp_path: Path) -> None:
    plain, german = tmp_path / "plain.csv", tmp_path / "german.csv"
    plain.write_text("Ort,x,y\nA,1000.5,2.5\nB,2000.5,4.5\nC,3000.5,7.0\nD,4000.5,8.5\n")
    german.write_text("Höhe von Ort;x;y\nA;1.000,5;2,5\nB;2.000,5;4,5\nC;3.000,5;7,0\nD;4.000,5;8,5\n", "latin-1")
    expected = kp.regress(plain, "y ~ x")
    fit = kp.regress(german, "y ~ x", decimal=",", thousands=".", encoding="latin-1")
    assert list(fit.params) == list(expected.params)
    # New data are written as the old ones were, also after a journey.
    assert list(pickle.loads(pickle.dumps(fit)).predict(german)) == list(fit.predict(plain_columns(plain)))
    options = ("--decimal", ",", "--thousands", ".", "--encoding", "latin-1")
    found = [answer("regress", *how, "-f", "y ~ x")["result"]["coefficients"] for how in ((plain,), (german, *options))]
    assert found[0] == found[1]
    # Without the options the table is refused, with a hint to them.
    refused = run("regress", german, "-f", "y ~ x", "--encoding", "latin-1")
    assert refused.returncode == 2 and "`2,5`" in refused.stderr and "decimal" in refused.stderr
    with pytest.raises(TypeError, match="path of a table"):
        kp.regress({"x": [1.0, 2.0], "y": [1.0, 2.0]}, "y ~ x", decimal=",")


def plain_columns(path: Path) -> dict[str, list[float]]:
    rows = [line.split(",") for line in path.read_text().splitlines()[1:]]
    return {"x": [float(row[1]) for row in rows], "y": [float(row[2]) for row in rows]}


def test_regress_reads_headers_columns_and_missing_numbers(tmp_path: Path) -> None:
    path = tmp_path / "bare.csv"
    path.write_text("1,2\n2,4\n3,NA\n4,9\n")
    fit = kp.regress(path, target="2", header=False)
    assert fit.names == ["(Intercept)", "`1`"] and fit.nobs == 3
    assert kp.regress(path, target="2", header=False, missing=7.0).nobs == 4
    found = answer("regress", path, "--target", "2", "--header", "no", "--missing", "7")
    assert found["result"]["rows"] == 4


def test_placeholders_are_no_tables_of_data(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n")
    assert "pointer of Git LFS" in run("regress", path, "--target", "y").stderr
    path.write_text("<!DOCTYPE html><html><body>404, not found</body></html>")
    assert "page of HTML" in run("regress", path, "--target", "y").stderr


def test_files_of_columns_are_named(tmp_path: Path) -> None:
    for name, start in (("t.parquet", b"PAR1"), ("t.arrow", b"ARROW1\0\0")):
        (tmp_path / name).write_bytes(start + b"\0" * 64 + start)
        asked = run("regress", tmp_path / name, "--target", "y")
        assert asked.returncode == 2
        assert ("--features parquet" in asked.stderr) or ("cannot be read" in asked.stderr)


def test_word_vectors(tmp_path: Path) -> None:
    path = tmp_path / "vectors.txt"
    path.write_text("the 0.5 1\n, 0.25 2\n. -1 3\n# 9 9\n1990 7 4\nof 8 5\n\" 0 6\n1990s 3 7\n")
    found = answer("norm", path, "--norm", "max-abs")
    assert found["result"]["shape"] == [7, 2] and float(found["result"]["value"]["estimate"]) == 8
    said = " ".join(remark["text"] for remark in found["remarks"])
    assert "column 1 names the rows" in said and "line 4 begins with `#` and is no row" in said
    # Between separators every cell of the names is a word, and a missing value is none.
    path.write_text("a,1\nb,2\n3,4\n")
    assert "line 1, column 1: `a` is not a number" in run("norm", path).stderr
    path.write_text("? 1 2\n? 3 4\n5 6 7\n")
    assert "the value is missing: `?`" in run("norm", path).stderr
    # A word among numbers is a mistake.
    path.write_text("1 2\n3 4\nx 5\n")
    assert "line 3, column 1: `x` is not a number" in run("norm", path).stderr


def test_real_word_vectors(shared: Path) -> None:
    path = shared / "embeddings" / "glove.6B.100d.sample.txt.gz"
    lines = gzip.decompress(path.read_bytes()).decode().splitlines()
    expected = np.array([[float(x) for x in line.split()[1:]] for line in lines])
    assert np.array_equal(table(path), expected)
