"""2. Wilkinson's polynomial (x - 1)(x - 2)...(x - 20): roots that look harmless, and are not.

    python examples/02_wilkinson/wilkinson.py [OUTPUT.svg]

Prints each root with its condition number, changes the coefficient of x^19 by 2^-23 as Wilkinson did, and draws where
the roots go.
"""

import sys
from pathlib import Path

import numpy as np

import kappa as kp


def main() -> None:
    coefficients = np.poly(np.arange(1.0, 21.0))
    roots = kp.polynomial_roots(coefficients)
    print("root           condition    good digits")
    for r in roots:
        digits = -np.log10(max(r["condition"] * max(r["backward_error"], 2.0**-53), 1e-17))
        print(f"{r['value'].real:13.9f}  {r['condition']:9.2e}  {max(digits, 0):6.1f}")
    changed = coefficients.copy()
    changed[1] -= 2.0**-23
    moved = [r["value"] for r in kp.polynomial_roots(changed)]
    pairs = sum(abs(z.imag) > 0.1 for z in moved)
    print(f"a change of 2^-23 in -210 x^19 makes {pairs} of the 20 roots complex")
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("wilkinson.svg")
    # The picture shows the eigenvalues of a matrix that has the moved roots.
    blocks = np.zeros((20, 20))
    k = 0
    for z in moved:
        if z.imag > 0.1:
            blocks[k : k + 2, k : k + 2] = [[z.real, -z.imag], [z.imag, z.real]]
            k += 2
        elif abs(z.imag) <= 0.1:
            blocks[k, k] = z.real
            k += 1
    out.write_text(kp.draw(blocks, "eigenvalues", "Wilkinson's polynomial after a change of 2^-23"), encoding="utf-8")
    print(f"wrote {out}")


if __name__ == "__main__":
    main()
