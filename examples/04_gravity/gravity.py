"""4. Looking underground: a problem in which a solution to sixteen digits is worthless, and a regularized one is not.

    python examples/04_gravity/gravity.py [OUTPUT.svg]

Gravity is measured on the surface, and the mass at depth 1/4 is sought. Solves with and without regularization, by four
rules for lambda, and draws the filter factors with the Picard plot.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

import kappa as kp


def main() -> None:
    n, depth = 64, 0.25
    t = (np.arange(n) + 0.5) / n
    a = depth / n / (depth**2 + (t[:, None] - t[None, :]) ** 2) ** 1.5
    mass = np.sin(np.pi * t) + 0.5 * np.sin(2 * np.pi * t)
    clean = a @ mass
    noise = np.random.default_rng(4).standard_normal(n)
    noise *= 1e-3 * np.linalg.norm(clean) / np.linalg.norm(noise)
    b = clean + noise
    error = lambda x: np.linalg.norm(x - mass) / np.linalg.norm(mass)
    proved = kp.solve(a, b, certify=True)
    print(f"condition number            {float(kp.cond(a)):9.2e}")
    digits, wrong = min(proved.digits), error(proved.x)
    print(f"certified solution of Ax=b  {digits:9.1f} digits certain, error against the mass {wrong:.1e}")
    ridge = kp.Ridge(a, b)
    print("\nrule              lambda      error against the mass")
    for rule in ("gcv", "l-curve", "leave-one-out", f"discrepancy:{np.linalg.norm(noise)}"):
        s = ridge.choose(rule)
        print(f"{rule.split(':')[0]:15} {s['lambda']:9.2e}  {100 * error(s['x']):9.2f} %")
    smooth = kp.Ridge(a, b, np.diff(np.eye(n), 2, axis=0)).choose("gcv")
    print(f"{'gcv, curvature':15} {smooth['lambda']:9.2e}  {100 * error(smooth['x']):9.2f} %")
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("gravity.svg")
    with tempfile.TemporaryDirectory() as folder:
        np.save(Path(folder) / "gravity.npy", a)
        np.save(Path(folder) / "b.npy", b)
        arguments = ["ridge", "gravity.npy", "b.npy", "--filters", out.resolve(), "-o", "x.npy"]
        command = [sys.executable, "-m", "kappa", *arguments]
        subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    print(f"wrote {out}")


if __name__ == "__main__":
    main()
