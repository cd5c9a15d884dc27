"""A law of every public function: it is right at every scale, wherever a double holds its answer.

Every function of the package stands here, or in the list of those that have no matrix to scale, with the reason.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import kappa as kp

POWERS = [-900, -540, -300, 300, 540, 900]

rng = np.random.default_rng(7)
A = rng.standard_normal((5, 5)) + 3 * np.eye(5)
S = A @ A.T
T = rng.standard_normal((7, 3))
B = rng.standard_normal((5, 5)) + 3 * np.eye(5)
b = rng.standard_normal(5)
c = rng.standard_normal(7)
x = np.array([3.0, -1.0, 0.5, 2.0, -4.0])
y = np.array([1.0, 2.0, -0.5, 0.25, 3.0])

NORMS = [
    "spectral", "frobenius", "nuclear", "max-abs", "max-row-sum", "induced:inf,1", 
    "schatten:3", "ky-fan:2", "entrywise:3",
]
DISTANCES = ["spectral", "max-row-sum"]

# name: (function of the factor s = 2^k, degree of each quantity of the list that it returns)
LAWS: dict[str, Callable[[float], list[tuple[Any, int]]]] = {
    "norm": lambda s: [(kp.norm(s * A, n), 1) for n in NORMS],
    "rank": lambda s: [(kp.rank(s * A), 0), (kp.rank(s * A, certify=True), 0)],
    "singular_values": lambda s: [(kp.singular_values(s * A), 1), (kp.singular_values(s * A, certify=True), 1)],
    "numerical_radius": lambda s: [(kp.numerical_radius(s * A), 1)],
    "log_norm": lambda s: [(kp.log_norm(s * A, p), 1) for p in (1, 2, np.inf)],
    "svd": lambda s: [(kp.svd(s * A).s, 1), (np.abs(kp.svd(s * A).u), 0)],
    "measure": lambda s: [
        (list(kp.measure(s * A, "frobenius", "nuclear").values()), 1),
        (list(kp.measure(s * A, "cond", "rank", "stored_rank", "stable_rank", "effective_rank").values()), 0),
    ],
    "check": lambda s: [(float(kp.check(s * A, "rank = 5") is True), 0)],
    "vector_norm": lambda s: [(kp.vector_norm(s * x, p), 1) for p in (1, 2, 3, 0.5, np.inf)],
    "dual_vector": lambda s: [(kp.dual_vector(s * x, p), 0) for p in (1, 2, 3, np.inf)],
    "inner_product": lambda s: [(kp.inner_product(s * x, y), 1)],
    "nuclear_norm_of_factors": lambda s: [(kp.nuclear_norm_of_factors(s * A, B), 1)],
    "holder": lambda s: [(kp.holder(s * x, y).left, 1), (kp.holder(s * x, y).right, 1)],
    "bessel": lambda s: [(kp.bessel(s * x, np.eye(5)[:, :2]).left, 2)],
    "parallelogram": lambda s: [(kp.parallelogram(s * x, s * y).left, 2)],
    "sum": lambda s: [(kp.sum(s * x).value, 1)],
    "dot": lambda s: [(kp.dot(s * x, y).value, 1)],
    "mean_and_variance": lambda s: [(kp.mean_and_variance(s * x)[0], 1), (kp.mean_and_variance(s * x)[1], 2)],
    "hypot": lambda s: [(kp.hypot(3.0 * s, 4.0 * s), 1)],
    "difference_of_squares": lambda s: [(kp.difference_of_squares(3.0 * s, 2.0 * s), 2)],
    "quadratic_roots": lambda s: [(list(kp.quadratic_roots(s, -3.0 * s, 2.0 * s)[1]), 0)],
    "polynomial_roots": lambda s: [([r["value"] for r in kp.polynomial_roots(s * np.array([1.0, -6, 11, -6]))], 0)],
    "fan_dominance": lambda s: [(float(kp.fan_dominance(s * A, s * 3 * A)["weak"]), 0)],
    "cond": lambda s: [(kp.cond(s * A, n), 0) for n in ("spectral", "max-row-sum", "frobenius")]
    + [(kp.cond(s * A, certify=True), 0), (kp.cond(s * T), 0)],
    "cond_log10": lambda s: [(kp.cond_log10(s * A), 0)],
    "cond_estimate": lambda s: [(kp.cond_estimate(s * A), 0)],
    "skeel_cond": lambda s: [(kp.skeel_cond(s * A), 0)],
    "bauer_cond": lambda s: [(kp.bauer_cond(s * A), 0)],
    "best_scaling": lambda s: [(kp.best_scaling(s * A)["after"], 0)],
    "is_regular_within": lambda s: [(float(kp.is_regular_within(s * A, 1e-3)), 0)],
    "distance_to_singularity": lambda s: [(kp.distance_to_singularity(s * A, n)[0], 1) for n in DISTANCES],
    "exact_rank": lambda s: [(kp.exact_rank(s * A), 0)],
    "least_squares_cond": lambda s: [(list(kp.least_squares_cond(s * T, s * c).values()), 0)],
    "statistical_cond": lambda s: [(kp.statistical_cond(s * A, s * b)[0], 0)],
    "eig": lambda s: [(np.sort_complex(kp.eig(s * A).values), 1), (kp.eig(s * A).spectral_radius, 1)],
    "eigh": lambda s: [(kp.eigh(s * S)[0], 1)],
    "partial_eig": lambda s: [(np.abs(kp.partial_eig(s * S, 2)["values"]), 1)],
    "eigenvalue_cond": lambda s: [(sorted(e["condition"] for e in kp.eigenvalue_cond(s * A)), 0)],
    "separation": lambda s: [(kp.separation(s * A, s * (B + 9 * np.eye(5))), 1)],
    "factor": lambda s: [
        (np.abs(kp.factor(s * A, "qr")["r"]), 1),
        (np.abs(kp.factor(s * A, "pivoted-qr")["r"]), 1),
        (np.abs(kp.factor(s * A, "rank-revealing-qr", rank=3)["r"]), 1),
        (kp.factor(s * A, "lu")["u"], 1),
        (np.abs(kp.factor(s * A, "schur")["t"]).diagonal(), 1),
        (kp.factor(s * S, "cholesky")["l"] * 2.0 ** (-np.log2(s) / 2), 0),
        (kp.factor(s * S, "ldlt")["l"], 0),
        (kp.factor(s * A, "polar")["h"], 1),
    ],
    "gershgorin": lambda s: [(kp.gershgorin(s * A)["row_radii"], 1)],
    "numerical_range": lambda s: [(np.abs(kp.numerical_range(s * A, 8)[1]), 1)],
    "pseudospectrum": lambda s: [
        (kp.pseudospectrum(s * A, (-2 * s, 6 * s, -2 * s, 2 * s), 4)[2], 1)
    ],
    "pseudospectrum_cells": lambda s: [
        ([r for _, r, _ in kp.pseudospectrum_cells(s * A, 0.5 * s, (-2 * s, 6 * s, -2 * s, 2 * s), depth=3)], 1)
    ],
    "normality": lambda s: [(kp.normality(s * A)[0], 1), (kp.normality(s * A)[1], 2)],
    "gelfand": lambda s: [([v for _, v in kp.gelfand(s * A, 8)], 1)],
    "randomized_svd": lambda s: [(kp.randomized_svd(s * A, 2).s, 1)],
    "truncated_svd": lambda s: [(kp.truncated_svd(s * A, 2).s, 1)],
    "partial_svd": lambda s: [(kp.partial_svd(s * A, 2).s, 1)],
    "solve": lambda s: [
        (kp.solve(s * A, b).x, -1),
        (kp.solve(A, s * b).x, 1),
        (kp.solve(s * A, s * b).cond.upper > 1, 0),
        (kp.solve(s * A, s * b, certify=True).x, 0),
    ],
    "Solver": lambda s: [(kp.Solver(s * A).solve(b).x, -1)],
    "solve_iteratively": lambda s: [(kp.solve_iteratively(s * S, s * b)["x"], 0)],
    "lstsq": lambda s: [
        (kp.lstsq(s * T, c).x, -1),
        (kp.lstsq(s * T, s * c).cond, 0),
        (kp.lstsq(s * T, s * c, certify=True).x, 0),
    ],
    "constrained_lstsq": lambda s: [
        (kp.constrained_lstsq(s * T, s * c, s * np.ones((1, 3)), [s])["x"], 0)
    ],
    "generalized_lstsq": lambda s: [(kp.generalized_lstsq(s * T, s * c, np.eye(7))["x"], 0)],
    "total_lstsq": lambda s: [(kp.total_lstsq(s * T, s * c)["x"], 0)],
    "pinv": lambda s: [(kp.pinv(s * T)["matrix"], -1)],
    "nearest": lambda s: [
        (kp.nearest(s * A, "symmetric")["matrix"], 1),
        (kp.nearest(s * A, "orthogonal")["matrix"], 0),
        (kp.nearest(s * (S - 20 * np.eye(5)), "semidefinite")["matrix"], 1),
        (kp.nearest(s * A, "low-rank", rank=2)["matrix"], 1),
        (kp.nearest(s * A, "singular")["distance"], 1),
        (kp.nearest(s * A, "singular", norm="max-row-sum")["distance"], 1),
        (kp.nearest(s * A, "normal")["distance"], 1),
    ],
    "align": lambda s: [(kp.align(s * T, s * (T @ np.diag([1.0, 1.0, -1.0])))["rotation"], 0)],
    "align_all": lambda s: [(np.abs(kp.align_all([s * T, s * T[::-1]])["mean"]), 1)],
    "perturb": lambda s: [
        ([float(r["actual"]) for r in kp.perturb(s * A, s * (A + 1e-3 * B)) if isinstance(r["theorem"], kp.Weyl)], 1)
    ],
    "principal_angles": lambda s: [(kp.principal_angles(s * T[:, :2], s * T[:, 1:]), 0)],
    "backward_error": lambda s: [
        (kp.backward_error(s * A, x, s * b)[0], 0),
        (kp.backward_error(s * T, x[:3], s * c, least_squares=True)[0], 0),
    ],
    "backward_error_eigenpair": lambda s: [(kp.backward_error_eigenpair(s * A, 3.0 * s, b)[0], 0)],
    "frobenius_by_sampling": lambda s: [(kp.frobenius_by_sampling((5, 5), lambda v: s * (A @ v)), 1)],
    "norm_by_gauge": lambda s: [(kp.norm_by_gauge(s * A, lambda v: float(np.max(v))), 1)],
    "lanczos_density": lambda s: [(kp.lanczos_density(s * A).schatten(1.0), 1)],
    "density": lambda s: [(kp.density(s * T, 4).counts, 0)] if abs(np.log2(s)) < 500 else [(np.zeros(0), 0)],
    "tail": lambda s: [(kp.tail(s * np.arange(1.0, 60.0)).exponent, 0)],
    "Ridge": lambda s: [(kp.Ridge(s * T, s * c).choose("gcv")["x"], 0)],
    "logdet": lambda s: [(np.array(float(kp.logdet(s * A)[1])) - 5 * np.log(s), 0)],
}


def flat(value: Any) -> NDArray[Any]:
    """All numbers of an answer."""
    if isinstance(value, (list, tuple)) or hasattr(value, "__len__") and not isinstance(value, np.ndarray):
        return np.concatenate([flat(v) for v in value]) if len(value) else np.zeros(0)
    if isinstance(value, kp.Enclosure):
        return np.array([float(value)])
    return np.asarray(value).ravel().astype(complex)


@pytest.mark.parametrize("name", sorted(LAWS))
def test_every_function_is_right_at_every_scale(name: str) -> None:
    law = LAWS[name]
    plain = [(flat(v), d) for v, d in law(1.0)]
    for power in POWERS:
        s = 2.0**power
        for k, ((truth, d), (value, _)) in enumerate(zip(plain, law(s), strict=True)):
            found = flat(value)
            if not len(truth) or not len(found):
                continue
            exponent = d * power
            size = np.max(np.abs(truth)) or 1.0
            if not -1000 < exponent + np.log2(size) < 1000:
                continue
            assert found.shape == truth.shape, f"{name} {k} at 2^{power}: {found.shape}, {truth.shape}"
            half = exponent // 2
            gap = np.max(np.abs(found * 2.0 ** (-half) * 2.0 ** (half - exponent) - truth))
            assert gap <= 1e-6 * size, f"{name}, quantity {k}, at 2^{power}: {found} for {truth} times 2^{exponent}"
