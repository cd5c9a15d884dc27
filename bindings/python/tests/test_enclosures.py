"""Enclosures hold the true value, by 200-bit arithmetic, for random, graded, rank-deficient and scaled matrices."""

from fractions import Fraction

import mpmath
import numpy as np
import pytest

import kappa as kp

BITS = 200
CASES = 200


def matrix(seed: int) -> np.ndarray:
    """Case number `seed`: its kind, shape and scale follow from the number."""
    rng = np.random.default_rng(seed)
    m, n = rng.integers(1, 11, size=2)
    kind = seed % 5
    if seed % 10 == 0:
        # Too large for double-double: the Gram product, and bisection.
        m, n = [(45, 28), (36, 34), (34, 36), (28, 45)][seed // 10 % 4]
        kind = seed // 40 % 5
    a = rng.standard_normal((m, n))
    match kind:
        case 1:
            a = a * 10.0 ** (-2.0 * np.arange(n))
        case 2:
            k = max(1, min(m, n) // 2)
            a = rng.integers(-9, 10, size=(m, k)).astype(float) @ rng.integers(-9, 10, size=(k, n)).astype(float)
        case 3:
            a = a.astype(np.float32).astype(float) * 2.0 ** rng.integers(-1000, 900)
        case 4:
            q, _ = np.linalg.qr(rng.standard_normal((m, m)))
            r, _ = np.linalg.qr(rng.standard_normal((n, n)))
            a = (q[:, : min(m, n)] * np.logspace(0, -18, min(m, n))) @ r[: min(m, n)]
    return a


class Truth:
    """Every standard measure of a matrix to 200 bits."""

    def __init__(self, a: np.ndarray) -> None:
        m, n = a.shape
        # 18 + 300 decades of grading need more working bits than the answer.
        with mpmath.workprec(BITS + 400):
            exact = mpmath.matrix([[mpmath.mpf(float(x)) for x in row] for row in a])
            tall = exact if m >= n else exact.T
            values = sorted(mpmath.svd_r(tall, compute_uv=False), reverse=True)
            self.values = [abs(x) for x in values]
            size = self.values[0] if self.values else mpmath.mpf(0)
            # What the arithmetic itself cannot tell from zero.
            self.values = [x if x > size * mpmath.mpf(2) ** -BITS else mpmath.mpf(0) for x in self.values]
            moduli = [[abs(exact[i, j]) for j in range(n)] for i in range(m)]
            squares = mpmath.fsum(x * x for row in moduli for x in row)
            total = mpmath.fsum(self.values)
            self.measures = {
                "frobenius": mpmath.sqrt(squares),
                "spectral": size,
                "nuclear": total,
                "max_column_sum": max(mpmath.fsum(row[j] for row in moduli) for j in range(n)),
                "max_row_sum": max(mpmath.fsum(row) for row in moduli),
                "max_abs": max(max(row) for row in moduli),
                "rank": sum(x > max(m, n) * mpmath.mpf(2) ** -52 * size for x in self.values),
            }
            last = self.values[-1]
            self.measures["cond"] = size / last if last > 0 else mpmath.inf
            # Stored as doubles: u = 2^-53.
            limit, rest, stored = mpmath.mpf(2) ** -53 / (1 - mpmath.mpf(2) ** -53), mpmath.mpf(0), len(self.values)
            while stored > 0 and mpmath.sqrt(rest + self.values[stored - 1] ** 2) <= limit * mpmath.sqrt(squares):
                stored, rest = stored - 1, rest + self.values[stored - 1] ** 2
            self.measures["stored_rank"] = mpmath.mpf(stored)
            zero = (
                "effective_rank",
                "stable_rank",
                "nuclear_rank",
                "participation_ratio",
                "energy_rank_90",
                "energy_rank_95",
                "energy_rank_99",
            )
            self.measures |= dict.fromkeys(zero, mpmath.mpf(0))
            if size > 0:
                shares = [x / total for x in self.values]
                entropy = -mpmath.fsum(p * mpmath.log(p) for p in shares if p > 0)
                self.measures["effective_rank"] = mpmath.exp(entropy)
                self.measures["stable_rank"] = squares / size**2
                self.measures["nuclear_rank"] = total / size
                self.measures["participation_ratio"] = squares**2 / mpmath.fsum(x**4 for x in self.values)
                for percent in (90, 95, 99):
                    head, k = mpmath.mpf(0), 0
                    while head < squares * percent / 100 and k < len(self.values):
                        head, k = head + self.values[k] ** 2, k + 1
                    self.measures[f"energy_rank_{percent}"] = k


def holds(answer: kp.Enclosure, true: mpmath.mpf) -> bool:
    """Whether the truth, known to 200 bits, lies between the ends."""
    if true == mpmath.inf:
        # What 200 bits cannot tell from infinity may be known better.
        return answer.upper == np.inf or answer.lower > 1e55
    with mpmath.workprec(2 * BITS):
        slack = true * mpmath.mpf(2) ** (10 - BITS)
        return bool(mpmath.mpf(answer.lower) - slack <= true <= mpmath.mpf(answer.upper) + slack)


@pytest.mark.parametrize("start", range(0, CASES, 20))
def test_every_true_value_lies_inside(start: int) -> None:
    for seed in range(start, start + 20):
        a = matrix(seed)
        truth = Truth(a)
        for key, answer in kp.measure(a).items():
            true = truth.measures[key]
            assert holds(answer, true), f"case {seed}, {a.shape}: {key} = {mpmath.nstr(true, 20)} is not in {answer!r}"
        for k, (answer, true) in enumerate(zip(kp.singular_values(a), truth.values, strict=True)):
            assert holds(answer, true), (
                f"case {seed}, {a.shape}: σ{k + 1} = {mpmath.nstr(true, 20)} is not in {answer!r}"
            )
        f = kp.svd(a)
        for answer, true in zip(f.singular_values, truth.values, strict=True):
            assert holds(answer, true), f"case {seed}: svd"


def test_sums_that_lose_every_small_term() -> None:
    """The worst case of a sum: one large term, and many that each vanish beside it."""
    for tiny, question in ((2.0**-53, "max-row-sum"), (2.0**-53, "max-column-sum"), (2.0**-27, "frobenius")):
        a = np.full(20_001, tiny)
        a[0] = 1.0
        power = 2 if question == "frobenius" else 1
        true = 1 + 20_000 * Fraction(tiny) ** power
        for matrix in (a.reshape(1, -1), a.reshape(-1, 1), a.reshape(1, -1).astype(np.float32)):
            across = matrix.shape[0] == 1
            if (question, across) in (("max-row-sum", False), ("max-column-sum", True)):
                continue
            answer = kp.norm(matrix, question)
            assert Fraction(answer.lower) ** power <= true <= Fraction(answer.upper) ** power, (question, matrix.shape)


def test_enclosures_are_narrow() -> None:
    """A bound that always holds can still be useless."""
    for seed in (0, 5, 10, 15, 20):
        a = matrix(seed)
        largest = kp.norm(a, "spectral")
        assert largest.upper - largest.lower <= 1e-13 * largest.upper
        for name in ("frobenius", "max-column-sum", "max-row-sum"):
            x = kp.norm(a, name)
            assert x.upper - x.lower <= 1e-13 * x.upper, name
            assert x.evidence == "rounding"


def test_rank_of_an_exactly_dependent_matrix_is_certain() -> None:
    a = np.arange(1.0, 10.0).reshape(3, 3)
    r = kp.rank(a)
    assert (r.lower, r.upper) == (2.0, 2.0)
    assert kp.cond(a).lower > 1e25 and kp.cond(a).upper == np.inf
    wide = np.outer(np.arange(1.0, 101.0), np.ones(150))
    r = kp.rank(wide)
    assert (r.lower, r.upper) == (1.0, 1.0)
