#!/usr/bin/env python3
"""Checks a proof that `kappa prove` made, in exact integers: no floating point, no NumPy, no code of kappa.

    python3 check_proof.py MATRIX.npy PROOF.json

Exit 0: proved for this matrix. Exit 1: not proved. Exit 2: a file could not be read. A part of a witness holds integers
over 2**shift. "M is semidefinite by L": each diagonal entry of M - L L^T is at least the sum of the moduli beside it,
exactly, so that M = L L^T + a semidefinite matrix (Gershgorin). A lower bound of a norm is proved by a vector; and

  sigma_max <= c   c^2 I - G is semidefinite by L (sigma_min >= c: G - c^2 I); G is A^T A, or A A^T if smaller
  nuclear <= c     half of |U|^2 + |V|^2, plus the sum of the moduli of A - U V^T, is at most c
  nuclear >= c     <Y, A> >= c, and I - Y^T Y is semidefinite by L
  inf->1, ... <= c [[diag(a), A], [A^T, diag(b)]] is semidefinite by L, and half of the totals of a and b is at most c
"""

import ast
import hashlib
import json
import math
import struct
import sys
from fractions import Fraction


def read_npy(path):
    """Rows of doubles from a little-endian .npy file of floats or integers; a vector is a column."""
    data = open(path, "rb").read()
    end = (start := 12 if data[6] >= 2 else 10) + int.from_bytes(data[8:start], "little")
    header = ast.literal_eval(data[start:end].decode("latin1"))
    order, kind = header["descr"][0].replace("|", "<"), header["descr"][1:]
    codes = dict(b1="?", i1="b", u1="B", i2="h", u2="H", i4="i", u4="I", i8="q", u8="Q", f2="e", f4="f", f8="d")
    rows, columns = header["shape"] if len(header["shape"]) > 1 else (*header["shape"], 1)
    flat = struct.unpack_from(f"{order}{rows * columns}{codes[kind]}", data, end)
    assert all(float(x) == x for x in flat), "the integers are not doubles, or there is NaN"
    at = (lambda i, j: i + j * rows) if header["fortran_order"] else (lambda i, j: i * columns + j)
    return [[float(flat[at(i, j)]) for j in range(columns)] for i in range(rows)]


def transposed(a):
    return [list(column) for column in zip(*a, strict=True)]


def dot(x, y):
    return sum(p * q for p, q in zip(x, y, strict=True))


def gram(a):
    lines = a if len(a) < len(a[0]) else transposed(a)
    return [[dot(x, y) for y in lines] for x in lines]


def unit(part):
    whole = [part["shift"], *(x for row in part["rows"] for x in row)]
    if abs(part["shift"]) > 2200 or not all(type(x) is int and abs(x) < 2**63 for x in whole):
        raise ValueError("a witness must hold 64-bit integers and a shift of at most 2200")
    return Fraction(2) ** -part["shift"]


def semidefinite(m, factor):
    n, rows, scale = len(m), factor["rows"], unit(factor) ** 2
    if len(rows) != n or any(len(row) != i + 1 for i, row in enumerate(rows)):
        return False
    rest = [[m[i][j] - scale * dot(rows[i][: j + 1], rows[j]) for j in range(i + 1)] for i in range(n)]
    beside = [sum(abs(x) for x in rest[i][:i]) + sum(abs(rest[k][i]) for k in range(i + 1, n)) for i in range(n)]
    return all(rest[i][i] >= beside[i] for i in range(n))


def shifted(m, factor, offset):
    return [[factor * x + (offset if i == j else 0) for j, x in enumerate(row)] for i, row in enumerate(m)]


def part(witness, name):
    return [[unit(witness[name]) * x for x in row] for row in witness[name]["rows"]]


def squares(rows):
    return sum(x * x for row in rows for x in row)


def holds(a, claim, w):
    quantity, sign, number = claim.split()
    b, d = float(number), Fraction(number if 0 < float(number) < math.inf else "nan")  # d is claimed, not b
    to = {"<": (0.0, b)[b < d], "<=": (0.0, b)[b <= d], ">": (math.inf, b)[b > d], ">=": (math.inf, b)[b >= d]}[sign]
    c, upper, name = Fraction(math.nextafter(b, to)), sign in ("<", "<="), quantity.replace("_", "-")
    tall = transposed(a) if len(a) < len(a[0]) else a
    times = lambda m, x: [dot(row, x) for row in m]
    method, largest = w["method"], ("spectral", "singular-value:1")
    if method == "vector" and any(part(w, "x")[0]):  # zeros would show anything
        (x,) = part(w, "x")
        if name == "least-singular-value":
            return upper and squares([times(tall, x)]) <= c * c * squares([x])
        y = times(a, x)
        if name in largest:
            return not upper and squares([y]) >= c * c * squares([x])
        infinity, one = max(map(abs, x)) ** 2, sum(map(abs, y)) ** 2
        size = {"induced:inf,1": (infinity, one), "induced:inf,2": (infinity, squares([y])),
                "induced:2,1": (squares([x]), one)}
        return not upper and size[name][1] >= c * c * size[name][0]
    if method == "above":
        return name in largest and upper and semidefinite(shifted(gram(a), -1, c * c), w["factor"])
    if method == "below":
        return name == "least-singular-value" and not upper and semidefinite(shifted(gram(a), 1, -c * c), w["factor"])
    if method == "between":
        t, g = Fraction(w["middle"]), gram(a)
        return (name == "cond" and upper and t > 0 and semidefinite(shifted(g, -1, t * t), w["above"])
                and semidefinite(shifted(g, c * c, -t * t), w["below"]))
    if method == "pair":
        (x,), (y,) = part(w, "x"), part(w, "y")
        large, small = (squares([times(tall, z)]) * squares([other]) for z, other in ((x, y), (y, x)))
        return name == "cond" and not upper and any(x) and any(y) and large >= c * c * small
    if method == "factors":
        u, v = part(w, "u"), part(w, "v")
        rest = sum(abs(x - dot(u[i], v[j])) for i, row in enumerate(a) for j, x in enumerate(row))
        return name == "nuclear" and upper and (squares(u) + squares(v)) / 2 + rest <= c
    if method == "dual":
        y = part(w, "y")
        return (name == "nuclear" and not upper and sum(map(dot, y, a)) >= c and len(y) == len(a)
                and semidefinite(shifted(gram(y), -1, 1), w["factor"]))
    if method == "weights":
        (p,), (q,) = part(w, "a"), part(w, "b")
        s, t = sum(p), sum(q)
        total = {"induced:inf,1": s + t, "induced:inf,2": max(p) + t, "induced:2,1": s + max(q)}[name]
        block = [[x if i == j else 0 for j in range(len(p))] + a[i] for i, x in enumerate(p)]
        block += [[row[i] for row in a] + [x if i == j else 0 for j in range(len(q))] for i, x in enumerate(q)]
        return upper and (len(p), len(q)) == (len(a), len(a[0])) and total <= 2 * c and semidefinite(block, w["factor"])
    rows, columns = [sum(map(abs, row)) for row in a], [sum(map(abs, row)) for row in transposed(a)]
    value = {"max-abs": max(abs(x) for row in a for x in row), "entrywise:1": sum(rows), "max-row-sum": max(rows),
             "max-column-sum": max(columns), "frobenius": squares(a)}[name]
    bound = c * c if name == "frobenius" else c
    return method == "entries" and (value <= bound if upper else value >= bound)


def main():
    try:
        a, proof = read_npy(sys.argv[1]), json.load(open(sys.argv[2]))
        claim, matrix, shape = proof["claim"], proof["matrix"], (len(a), len(a[0]))
        digest = hashlib.sha256(b"".join(struct.pack("<d", x) for row in a for x in row)).hexdigest()
        same = digest == matrix["sha256"] and shape == (matrix["rows"], matrix["columns"])
        if proof["kappa_proof"] != 1:
            raise ValueError("not a proof of version 1")
        proved = same and holds([[Fraction(x) for x in row] for row in a], claim, proof["witness"])
    except Exception as error:  # the files are untrusted: any error means "cannot check"
        print(f"cannot check: {error!r}\nusage: check_proof.py MATRIX.npy PROOF.json", file=sys.stderr)
        return 2
    print(("proved" if proved else "not proved" if same else "another matrix") + f": {claim}")
    return 0 if proved else 1


if __name__ == "__main__":
    sys.exit(main())
