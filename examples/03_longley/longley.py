"""3. Longley's data: a regression that broke the programs of 1967, with its digits counted.

    python examples/03_longley/longley.py [OUTPUT.svg]

Prints the table of a statistician, says which columns cannot be told apart, shows what the rounding of the table itself
does to the coefficients, and draws the residuals.
"""

import csv
import subprocess
import sys
from pathlib import Path

import numpy as np

import kappa as kp

DATA = Path(__file__).parents[2] / "crates" / "kappa" / "tests" / "all" / "strd" / "Longley.csv"
MODEL = "y ~ x1 + x2 + x3 + x4 + x5 + x6"


def main() -> None:
    fit = kp.regress(str(DATA), MODEL)
    print(fit.summary(12))
    # Every coefficient is proved to sixteen digits of the table as printed. But the table is rounded itself.
    with DATA.open() as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    columns = {name: np.array([float(row[name]) for row in rows]) for name in rows[0]}
    rng = np.random.default_rng(0)
    draws = []
    for _ in range(200):
        # x1 is printed to a tenth, x2 to x5 to a unit; y and the year x6 are taken as they are.
        half = {"x1": 0.05, "x2": 0.5, "x3": 0.5, "x4": 0.5, "x5": 0.5}
        moved = {name: x + half.get(name, 0) * rng.uniform(-1, 1, len(x)) for name, x in columns.items()}
        draws.append(kp.regress(moved, MODEL).params)
    spread = np.std(draws, axis=0) / np.abs(fit.params)
    print("\nhalf a unit in each cell of x1 to x5 moves the coefficients by")
    for c, s in zip(fit.coefficients, spread):
        print(f"  {c['name']:11} {100 * s:8.3f} %")
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("longley.svg")
    command = [sys.executable, "-m", "kappa", "regress", DATA, "--formula", MODEL, "--residuals", out]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    print(f"wrote {out}")


if __name__ == "__main__":
    main()
