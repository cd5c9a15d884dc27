"""1. The stability lab: the same problem, a harder and harder one, solved by good and by bad algorithms.

    python examples/01_stability_lab/lab.py [OUTPUT.svg]

Prints a verdict for each algorithm and draws the relative error of the answer against the condition number of the
problem. A backward stable algorithm stays below the line condition × unit roundoff, which is what the data explain; an
unstable one leaves it. The same numbers: `kappa lab textbook-variance`.
"""

import math
import sys
from pathlib import Path

import kappa as kp

SHOWN = {
    "lu-with-pivoting": "#147c5c",
    "householder-qr": "#1f61ad",
    "two-pass-variance": "#6b7280",
    "normal-equations": "#d66014",
    "textbook-variance": "#b3261e",
    "textbook-quadratic": "#7a3ea8",
}
SIDE, LEFT, TOP = 420, 60, 30


def place(x: float, y: float) -> tuple[float, float]:
    """Condition 1 to 1e16 and error 1e-17 to 1e1, on paper."""
    return LEFT + SIDE * math.log10(min(max(x, 1.0), 1e16)) / 16, TOP + SIDE * (1 - math.log10(max(y, 1e-17))) / 18


def picture(results: dict) -> str:
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="760" height="{SIDE + 80}" font-family="system-ui, sans-serif" font-size="12">',
        "<title>Relative error against the condition of the problem</title>",
        f'<rect width="760" height="{SIDE + 80}" fill="#ffffff"/>',
    ]
    for k in range(0, 17, 4):
        (x, _), (_, y) = place(10.0**k, 1), place(1, 10.0 ** (-k))
        lines.append(f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{TOP + SIDE}" stroke="#d6dae2"/>')
        lines.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{LEFT + SIDE}" y2="{y:.1f}" stroke="#d6dae2"/>')
        lines.append(f'<text x="{x:.1f}" y="{TOP + SIDE + 17}" text-anchor="middle">1e{k}</text>')
        lines.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">1e{-k}</text>')
    (x0, y0), (x1, y1) = place(1, 1.1e-16), place(9e15, 1)
    ends = f'x1="{x0:.1f}" y1="{y0:.1f}" x2="{x1:.1f}" y2="{y1:.1f}"'
    lines.append(f'<line {ends} stroke="#22262e" stroke-dasharray="5 4"/>')
    for k, (name, colour) in enumerate(SHOWN.items()):
        verdict, trials = results[name]
        points = " ".join("{:.1f},{:.1f}".format(*place(cond, min(error, 10.0))) for cond, _, error in trials)
        lines.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        y = TOP + 14 + 20 * k
        lines.append(f'<rect x="{LEFT + SIDE + 20}" y="{y - 9}" width="12" height="10" fill="{colour}"/>')
        lines.append(f'<text x="{LEFT + SIDE + 38}" y="{y}">{name}: {verdict}</text>')
    y = TOP + 14 + 20 * len(SHOWN)
    lines.append(f'<text x="{LEFT + SIDE + 20}" y="{y}">- - what the data explain: condition × u</text>')
    lines.append(f'<text x="{LEFT + SIDE}" y="{TOP + SIDE + 38}" text-anchor="end">condition of the problem</text>')
    lines.append(f'<text x="{LEFT}" y="18">relative error of the answer</text></svg>')
    return "\n".join(lines) + "\n"


def main() -> None:
    results = kp.stability_lab()
    for name, (verdict, trials) in results.items():
        print(f"{name:24} {verdict:16} worst backward error {max(t[1] for t in trials):.1e}")
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("lab.svg")
    out.write_text(picture(results), encoding="utf-8")
    print(f"wrote {out}")


if __name__ == "__main__":
    main()
