"""The small files about which the help of the commands and docs/commands.md ask.

    python examples/small/make.py

Writes them anew, beside itself.
"""

from pathlib import Path

import numpy as np

HERE = Path(__file__).parent

k = np.arange(25)
a = ((k * 37 + 11) % 19 - 9.0 + np.where(k % 6 == 0, 20.0, 0.0)).reshape(5, 5)

ARRAYS = {
    # Singular values 4 and 3.
    "w": [[3, 0], [0, 4], [0, 0]],
    # Two matrices that differ by 0.001 everywhere, and a right-hand side.
    "a": a,
    "b": a + 1e-3,
    "rhs": np.ones(5),
    # The eigenvalues are one real number and a conjugate pair.
    "m": [[2, 1, 0], [-1, 2, 1], [0, 1, 4]],
    # A straight line through six points, a constraint on it, and a covariance of the points.
    "t": [[1, x] for x in range(1, 7)],
    "r": [1.0, 2.5, 2.9, 4.2, 5.0, 6.1],
    "c": [[1, 1]],
    "d": [1],
    "k": np.eye(6),
    # Two vectors of three entries, and one of two.
    "x": [3.0, -4.0, 0.5],
    "y": [1, 2, 2],
    "two": [1, 2],
    # Four points, and the same after a turn by a right angle with some noise.
    "p": [[0, 0], [1, 0], [0, 2], [3, 1]],
    "q": [[0.0, 0.1], [0, 1], [-2, 0], [-1.0, 3.1]],
}

TEXTS = {
    "table.csv": "x,z,y\n1,2,1.1\n2,1,2.3\n3,5,2.9\n4,3,4.2\n5,4,5.1\n6,8,6.4\n",
    "s.mtx": "%%MatrixMarket matrix coordinate real general\n3 3 4\n1 1 2\n2 2 3\n3 3 4\n1 3 1\n",
    "z.mtx": "%%MatrixMarket matrix array complex general\n2 2\n1 1\n0 2\n1 0\n3 -1\n",
}

for name, entries in ARRAYS.items():
    np.save(HERE / f"{name}.npy", np.asarray(entries, dtype=float))
for name, text in TEXTS.items():
    (HERE / name).write_text(text, newline="\n")
