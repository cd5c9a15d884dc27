"""Regression: exact numbers of every type, what is refused by name, and enclosures against exact fractions."""

import datetime
import decimal
import pathlib
import random
import subprocess
import sys
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import kappa as kp

pandas = pytest.importorskip("pandas")
polars = pytest.importorskip("polars")

LARGE = [9007199254740993, 9007199254740995, 9007199254741000, 9007199254741002, 9007199254741012]
Y = [1.5, 2.5, 4.0, 5.5, 6.0]
SLOPE = 0.2359855334538879


def solved(
    x: list[list[Fraction]], y: list[Fraction], w: list[Fraction]
) -> tuple[list[Fraction], list[list[Fraction]]]:
    """The least squares coefficients and the inverse of the normal matrix."""
    n, zero = len(x[0]), Fraction(0)
    rows = [
        [sum((c * r[i] * r[j] for c, r in zip(w, x)), zero) for j in range(n)]
        + [Fraction(int(i == j)) for j in range(n)]
        + [sum((c * r[i] * v for c, r, v in zip(w, x, y)), zero)]
        for i in range(n)
    ]
    for k in range(n):
        pivot = next(i for i in range(k, n) if rows[i][k] != 0)
        rows[k], rows[pivot] = rows[pivot], rows[k]
        rows[k] = [v / rows[k][k] for v in rows[k]]
        for i in range(n):
            if i != k:
                rows[i] = [a - rows[i][k] * b for a, b in zip(rows[i], rows[k])]
    return [row[-1] for row in rows], [row[n:-1] for row in rows]


def inside(x: Any, truth: Fraction) -> bool:
    lower, upper = (x.lower, x.upper) if isinstance(x, kp.Enclosure) else (float(x[0]), float(x[1]))
    return (lower == -np.inf or Fraction(lower) <= truth) and (upper == np.inf or truth <= Fraction(upper))


@pytest.mark.parametrize("seed", range(40))
def test_enclosures_hold_the_exact_fractions(seed: int) -> None:
    draw = random.Random(seed)
    m, n = draw.randint(3, 8), draw.randint(1, 2)
    digits = draw.choice([0, 1, 3])

    def number() -> str:
        return str(decimal.Decimal(draw.randint(-6, 6)).scaleb(-digits))

    cells = [[number() for _ in range(m)] for _ in range(n)]
    beta = [Fraction(number()) for _ in range(n + 1)]
    table = [[Fraction(1)] + [Fraction(c[i]) for c in cells] for i in range(m)]
    exact = [sum((b * v for b, v in zip(beta, row)), Fraction(0)) for row in table]
    # Some tables are fitted exactly but for one row or for none.
    y = [str(decimal.Decimal(int(v * 10**6)).scaleb(-6)) for v in exact]
    for i in range(draw.choice([0, 1, m])):
        y[i] = number()
    weights = [str(draw.randint(1, 9)) for _ in range(m)] if seed % 3 == 0 else ["1"] * m
    data = {f"x{k}": [decimal.Decimal(c) for c in column] for k, column in enumerate(cells)}
    data["y"] = [decimal.Decimal(v) for v in y]
    options: Any = {"weights": [int(w) for w in weights]} if seed % 3 == 0 else {}
    target, w = [Fraction(v) for v in y], [Fraction(v) for v in weights]
    try:
        truth, inverse = solved(table, target, w)
    except StopIteration:
        with pytest.raises(ValueError, match="linear combination|constant|zero"):
            kp.regress(data, target="y", **options)
        return
    fit = kp.regress(data, target="y", **options)
    rest = [v - sum((b * a for b, a in zip(truth, row)), Fraction(0)) for v, row in zip(target, table)]
    square = sum((c * r * r for c, r in zip(w, rest)), Fraction(0))
    for c, b in zip(fit.coefficients, truth):
        assert inside(c["estimate"], b), (seed, c, b)
    assert fit.exact_fit == (square == 0)
    everything = fit.to_dict()
    for i, (row, r) in enumerate(zip(table, rest)):
        assert inside(fit.residual_bounds[i], r) and inside(fit.fitted_bounds[i], target[i] - r)
        pairs = [(j, k) for j in range(n + 1) for k in range(n + 1)]
        h = w[i] * sum((row[j] * inverse[j][k] * row[k] for j, k in pairs), Fraction(0))
        assert inside(fit.leverage_bounds[i], h)
        assert (fit.leverages[i] == 1) == (h == 1) and (square != 0 or fit.residuals[i] == 0)
        without = square * (1 - h) - w[i] * r * r
        studentized = everything["influence"][i]["studentized"]
        if h == 1 or square == 0 or fit.degrees < 2:
            assert studentized is None
        elif without == 0:
            assert studentized == ("inf" if r > 0 else "-inf")
        else:
            right = float(r) * np.sqrt(float(w[i] * (fit.degrees - 1) / without))
            assert np.isclose(studentized, right, rtol=1e-5, atol=1e-8), (seed, i)
    mean = sum((c * v for c, v in zip(w, target)), Fraction(0)) / sum(w, Fraction(0))
    total = sum((c * (v - mean) ** 2 for c, v in zip(w, target)), Fraction(0))
    if total == 0:
        assert fit.r_squared is None
    else:
        assert fit.r_squared is not None and inside(fit.r_squared, 1 - square / total)


@pytest.mark.parametrize(
    "x",
    [
        LARGE,
        np.array(LARGE),
        np.array(LARGE, np.uint64),
        pandas.Series(LARGE),
        pandas.array(LARGE, "Int64"),
        [decimal.Decimal(v) for v in LARGE],
        [Fraction(v) for v in LARGE],
        [str(v) for v in LARGE],
        np.array(LARGE).astype(np.longdouble),
    ],
)
def test_no_integer_is_rounded(x: Any) -> None:
    fit = kp.regress({"y": Y, "x": x}, "y ~ x")
    slope = fit.coefficients[1]["estimate"]
    assert abs(float(slope) - SLOPE) < 1e-15 and slope.lower <= SLOPE <= slope.upper
    again = kp.regress(polars.DataFrame({"y": Y, "x": LARGE}), "y ~ x")
    assert again.coefficients[1]["estimate"] == slope
    assert abs(kp.regress(pandas.DataFrame({"y": Y, "x": LARGE}), "y ~ x").params["x"] - SLOPE) < 1e-15
    # As response, and as weights.
    turned = kp.regress({"y": x, "x": Y}, "y ~ x").params["x"]
    assert fit.r_squared is not None
    assert np.isclose(turned * SLOPE, float(fit.r_squared), rtol=1e-14)
    weights = [2**60 + 1, 2**60 + 3, 1 << 60, 5 << 57, 3 << 58]
    truth, _ = solved([[Fraction(1), Fraction(v)] for v in LARGE], list(map(Fraction, Y)), list(map(Fraction, weights)))
    for given in (weights, np.array(weights), "w"):
        weighted = kp.regress({"y": Y, "x": x, "w": weights}, "y ~ x", weights=given)
        assert all(inside(c["estimate"], b) for c, b in zip(weighted.coefficients, truth))


def test_fractions_are_not_rounded_to_doubles() -> None:
    x = [Fraction(1, 3), Fraction(2, 3), Fraction(5, 3), Fraction(7, 3)]
    y = [Fraction(k, 7) for k in (1, 2, 4, 9)]
    truth, _ = solved([[Fraction(1), v] for v in x], y, [Fraction(1)] * 4)
    fit = kp.regress({"x": x, "y": y}, "y ~ x")
    assert all(inside(c["estimate"], b) and c["certain_digits"] > 25 for c, b in zip(fit.coefficients, truth))


REFUSED: list[tuple[Any, type[Exception], str]] = [
    ([1j, 2j, 3j, 5j, 1j], TypeError, "complex"),
    (np.array([1, 2, 3, 5, 1], complex), TypeError, "complex"),
    (pandas.date_range("2020-01-01", periods=5), TypeError, "date or time"),
    ([datetime.date(2020, 1, k) for k in range(1, 6)], TypeError, "date or time"),
    (np.arange(5).astype("datetime64[D]"), TypeError, "date or time"),
    (pandas.to_timedelta(range(5), unit="s"), TypeError, "date or time"),
    ([b"a", b"b", b"a", b"b", b"a"], TypeError, "bytes"),
    ([object()] * 5, TypeError, "type object"),
    ([1.0, float("inf"), 2.0, 3.0, 4.0], ValueError, "infinite"),
    ([decimal.Decimal("Infinity"), 1, 2, 3, 5], ValueError, "infinite"),
    ([10**400, 1, 2, 3, 5], ValueError, "overflows"),
    ([decimal.Decimal("1e-999"), 1, 2, 3, 5], ValueError, "underflows"),
    ([[1], [2], [3], [4], [6]], TypeError, "one value for each row"),
    ("abcde", TypeError, "one value for each row"),
    (np.float64(3.0), TypeError, "one value for each row"),
]


@pytest.mark.parametrize(("x", "exception", "words"), REFUSED)
def test_what_is_no_number_is_refused_by_name(x: Any, exception: type[Exception], words: str) -> None:
    with pytest.raises(exception, match=f"column `when`.*{words}"):
        kp.regress({"y": Y, "when": x}, "y ~ when")
    # A column that the formula does not use does no harm.
    assert kp.regress({"y": Y, "when": x, "x": [1.0, 2, 3, 5, 4]}, "y ~ x").nobs == 5


def test_missing_values_of_every_kind_are_left_out() -> None:
    y = [1.0, 2.0, 4.0, 3.0, 7.0, 5.0]
    for none in (None, float("nan"), pandas.NA, pandas.NaT, np.nan, np.ma.masked, "", "NA", "#N/A", "<NA>"):
        x: list[Any] = [1, 2, none, 5, 4, 6]
        assert kp.regress({"y": y, "x": x}, "y ~ x").rows == [0, 1, 3, 4, 5], none
    assert kp.regress({"y": y, "x": [1, 2, decimal.Decimal("nan"), 5, 4, 6]}, "y ~ x").rows == [0, 1, 3, 4, 5]
    nullable = pandas.DataFrame({"y": y, "x": pandas.array([1, 2, pandas.NA, 5, 4, 6], "Int64")})
    fit = kp.regress(nullable, "y ~ x")
    assert fit.rows == [0, 1, 3, 4, 5] and "(1 left out: a value is missing in row 3)" in str(fit)
    # A category that reads as a missing value does is one.
    named = pandas.Categorical(["None", "a", None, "a", "None", "a"], ["None", "a"])
    fit = kp.regress(pandas.DataFrame({"y": y, "g": named}), "y ~ g")
    assert fit.rows == [0, 1, 3, 4, 5] and fit.names == ["(Intercept)", "g=a"]


def test_a_title_of_a_file_is_left_out_aloud(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("Measurements, in metres\nx,y,z\n1,2,0\n2,3,0\n3,5,0\n")
    with pytest.warns(UserWarning, match="line 1 is left out: a title"):
        assert kp.regress(path, "y ~ x").nobs == 3


def test_booleans_are_numbers_and_an_index_is_no_column() -> None:
    frame = pandas.DataFrame({"y": Y, "b": [True, False, True, True, False]}, index=pandas.Index(range(5), name="id"))
    fit = kp.regress(frame, "y ~ .")
    assert fit.names == ["(Intercept)", "b"]
    same = kp.regress({"y": Y, "b": np.array(frame["b"])}, "y ~ b").params
    assert np.array_equal(fit.params, same)
    assert np.array_equal(fit.params, kp.regress({"y": Y, "b": [1, 0, 1, 1, 0]}, "y ~ b").params)
    with pytest.raises(TypeError, match="maps names to columns"):
        kp.regress(pandas.Series(Y), "y ~ x")


def test_categories_keep_their_order() -> None:
    values = ["high", "low", "mid", "low", "high", "mid", None]
    y = [1.0, 2.0, 4.0, 3.0, 7.0, 5.0, 6.0]
    frame = pandas.DataFrame({"y": y, "h": pandas.Categorical(values, ["low", "mid", "high", "never"], ordered=True)})
    fit = kp.regress(frame, "y ~ h")
    assert fit.names == ["(Intercept)", "h=mid", "h=high"] and "h: reference level low" in str(fit)
    assert fit.rows == list(range(6))
    assert np.allclose(fit.predict({"h": ["mid", "low"]}), [4.5, 2.5])
    assert np.allclose(fit.predict(pandas.DataFrame({"h": pandas.Categorical(["high"], ["high"])})), [4.0])
    with pytest.raises(ValueError, match="h=never.*does not occur"):
        fit.predict({"h": ["never"]})
    assert kp.regress(frame, "y ~ C(h, base=mid)").names == ["(Intercept)", "h=low", "h=high"]
    enum = polars.Series("h", values, dtype=polars.Enum(["low", "mid", "high"]))
    assert kp.regress(polars.DataFrame({"y": y, "h": enum}), "y ~ h").names == fit.names
    numbers = pandas.DataFrame({"y": y, "k": pandas.Categorical([3, 1, 2, 1, 3, 2, 1], [3, 1, 2])})
    assert kp.regress(numbers, "y ~ k").names == ["(Intercept)", "k=1", "k=2"]
    assert np.isfinite(kp.regress(numbers, "y ~ k").predict({"k": [2, 3]})).all()
    with pytest.raises(ValueError, match="no category `zz`"):
        kp.regress(frame, "y ~ C(h, base=zz)")


def test_undefined_numbers_are_none_and_labels_are_there() -> None:
    saturated = kp.regress({"x": [1736125199000, 1736125214000], "y": [1149, 1150]}, "y ~ x")
    assert abs(saturated.params["x"] - 1 / 15000) < 1e-19 and np.isnan(saturated.bse).all()
    assert saturated.residual_deviation is None and saturated.f is None and saturated.degrees == 0
    assert saturated.coefficients[0]["standard_error"] is None and saturated.aic == -np.inf
    assert "0 residual degrees of freedom" in str(saturated) and "undefined" in saturated._repr_html_()
    constant = kp.regress({"x": [0, 0.96, 2.18], "y": [2.8, 2.8, 2.8]}, "y ~ x")
    assert constant.r_squared is None and constant.exact_fit is True and constant.params["x"] == 0
    assert "R² undefined" in repr(constant) and (constant.residuals == 0).all()
    data = {"y": [10, 12, 11, 15, 20, 23], "g": list("aabbcc")}
    without = kp.regress(data, "y ~ g - 1")
    assert without.r_squared_kind == "uncentred" and "uncentred R²" in repr(without)
    assert "uncentred R²" in without._repr_html_() and "R² (uncentred)" in str(without)
    assert without.to_dict()["r_squared_kind"] == "uncentred" and len(without.names) == 3
    with_intercept = kp.regress(data, "y ~ g").r_squared
    assert without.centred_r_squared is not None and with_intercept is not None
    assert np.isclose(float(without.centred_r_squared), float(with_intercept))
    # No more digits than are proved.
    assert "999999999" not in without._repr_html_() and "00000000" not in without._repr_html_()


def test_an_empty_combination_has_no_prediction() -> None:
    data = {"y": [1, 2, 4, 5, 3, 2], "a": list("ppppqq"), "b": list("ssttss")}
    fit = kp.regress(data, "y ~ a*b")
    assert fit.undetermined == ["a=q:b=t"] and "a=q:b=t" not in fit.names
    assert np.allclose(fit.predict({"a": ["q", "p"], "b": ["s", "t"]}), [2.5, 4.5])
    with pytest.raises(ValueError, match="row 2 of the new data has no prediction.*`a=q:b=t`"):
        fit.predict({"a": ["p", "q"], "b": ["s", "t"]})
    # The empty combination is that of the references: the column that is left out is a combination of the others, and
    # every combination that the data have keeps its prediction.
    data = {"y": [4, 5, 3, 2, 7, 9], "a": list("ppqqqq"), "b": list("ttsstt")}
    fit = kp.regress(data, "y ~ a*b")
    assert fit.undetermined == ["a=q:b=t"]
    assert np.allclose(fit.predict({"a": ["p", "q", "q"], "b": list("tst")}), [4.5, 2.5, 8])
    with pytest.raises(ValueError, match="row 1 of the new data has no prediction"):
        fit.predict({"a": ["p"], "b": ["s"]})


def test_new_data_without_a_column_are_refused_by_name() -> None:
    fit = kp.regress({"y": Y, "x": [1.0, 2, 3, 5, 4], "z": [1.0, 0, 0, 1, 5]}, "y ~ x + z")
    with pytest.raises(ValueError, match="no column `z`, which the formula of the fit uses"):
        fit.predict({"x": [1.0]})
    with pytest.raises(ValueError, match="alpha lies strictly between 0 and 1, got 5"):
        fit.conf_int(alpha=5)
    assert np.array_equal(kp.regress({"y": Y, "x": Y}, "y ~ 1").predict({"x": [3, 4]}), [3.9, 3.9])


def test_confidence_is_a_fraction_or_a_percentage() -> None:
    data = {"y": Y, "x": [1.0, 2, 3, 5, 4]}
    ends = [kp.regress(data, "y ~ x", confidence=c).coefficients[1]["interval"] for c in (0.95, 95, 0.9, 90)]
    assert ends[0] == ends[1] != ends[2] == ends[3]
    for wrong in (0, 1, 100, -0.5, 200, float("nan")):
        with pytest.raises(ValueError, match="hint: 95 and 0.95"):
            kp.regress(data, "y ~ x", confidence=wrong)


def test_messages_do_not_speak_of_the_command_line() -> None:
    data = {"y": Y, "x": [1.0, 2, 3, 5, 4], "z": [2.0, 4, 6, 10, 8], "g": list("abcde")}
    for arguments, options in [
        (("y ~ x + z",), {}),
        ((), {}),
        (("y ~ g*x",), {}),
        (("y ~ nothing",), {}),
        (("y ~ x",), {"confidence": 1}),
        (("y ~ C(g, base=q)",), {}),
    ]:
        with pytest.raises(ValueError) as caught:
            kp.regress(data, *arguments, **options)  # type: ignore[arg-type]
        text = str(caught.value)
        assert "--" not in text and "kappa lstsq" not in text and "hint: " in text, text


def test_ctrl_c_surfaces_wherever_it_comes() -> None:
    program = """
import kappa as kp
class Number:
    def __float__(self): raise KeyboardInterrupt
class Numbers:
    def __iter__(self): yield from (1.0, 2.0); raise KeyboardInterrupt
for x in ([Number()] * 3, Numbers()):
    try: kp.regress({"y": [1.0, 2.0, 3.0], "x": x}, "y ~ x")
    except KeyboardInterrupt: print("interrupted")
import numpy as np, os, signal, threading
rng = np.random.default_rng(0)
data = {f"x{k}": rng.standard_normal(60000) for k in range(30)}
data["y"] = rng.standard_normal(60000)
threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
try: kp.regress(data, target="y")
except KeyboardInterrupt: print("interrupted", flush=True)
os._exit(0)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert done.stdout.split() == ["interrupted"] * 3, done.stdout + done.stderr
