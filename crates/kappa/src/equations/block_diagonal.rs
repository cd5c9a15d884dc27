//! Solving with PAPᵀ = LDLᴴ, D with blocks of order 1 and 2.

use kappa_dense::{Ldlt, Matrix, Scalar, Triangle, triangular_solve};

use crate::error::Result;

/// The blocks of D: the first row of each, and whether it has two.
fn blocks<W: Scalar>(f: &Ldlt<W>) -> Vec<(usize, bool)> {
    let (mut found, mut i) = (Vec::new(), 0);
    while i < f.diagonal.len() {
        let is_pair = i + 1 < f.diagonal.len() && f.below.get(i).is_some_and(|&b| b != W::default());
        found.push((i, is_pair));
        i += if is_pair { 2 } else { 1 };
    }
    found
}

/// [[a, c̄], [c, d]] over its largest entry, which does not vanish when it is squared.
struct Block<W> {
    size: f64,
    a: f64,
    c: W,
    d: f64,
}

impl<W: Scalar> Block<W> {
    fn of(f: &Ldlt<W>, i: usize) -> Self {
        let (a, d, c) = (f.diagonal[i], f.diagonal[i + 1], f.below[i]);
        let size = a.abs().max(d.abs()).max(c.re().abs()).max(c.im().abs());
        Self { size, a: a / size, c: c.scale(1.0 / size), d: d / size }
    }

    fn determinant(&self) -> f64 {
        self.a * self.d - self.c.abs_squared()
    }
}

pub(super) fn is_singular<W: Scalar>(f: &Ldlt<W>) -> bool {
    blocks(f)
        .into_iter()
        .any(|(i, is_pair)| if is_pair { Block::of(f, i).determinant() == 0.0 } else { f.diagonal[i] == 0.0 })
}

/// A⁻¹B, which is A⁻ᴴB.
pub(super) fn solve<W: Scalar<Wide = W>>(f: &Ldlt<W>, b: &Matrix<W>) -> Result<Matrix<W>> {
    let (n, count) = (b.rows(), b.columns());
    let unit = Triangle { unit: true, ..Triangle::default() };
    let y = Matrix::from_fn(n, count, |i, j| b[(f.rows[i], j)]);
    let mut y = triangular_solve(f.l.as_ref(), unit, &y)?;
    for (i, is_pair) in blocks(f) {
        for j in 0..count {
            if is_pair {
                let block = Block::of(f, i);
                let (p, q, c, one) = (y[(i, j)], y[(i + 1, j)], block.c, 1.0 / block.determinant());
                y[(i, j)] = (p.scale(block.d) - c.conj() * q).scale(one).scale(1.0 / block.size);
                y[(i + 1, j)] = (q.scale(block.a) - c * p).scale(one).scale(1.0 / block.size);
            } else {
                y[(i, j)] = y[(i, j)].scale(1.0 / f.diagonal[i]);
            }
        }
    }
    let y = triangular_solve(f.l.as_ref(), Triangle { adjoint: true, ..unit }, &y)?;
    let mut x = Matrix::zeros(n, count);
    for j in 0..count {
        (0..n).for_each(|i| x[(f.rows[i], j)] = y[(i, j)]);
    }
    Ok(x)
}
