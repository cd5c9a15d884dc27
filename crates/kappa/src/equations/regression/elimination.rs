//! Gauss–Jordan elimination in whole numbers: which columns are combinations of others, and the fit in exact fractions.

use num_bigint::{BigInt, Sign};

use super::whole::{Fraction, WholeColumn};
use crate::arithmetic::modular::{Prime, primes};
use crate::arithmetic::whole_matrix;

/// A column that is a combination of earlier ones.
#[derive(Clone, Debug)]
pub(super) struct Relation {
    pub(super) column: usize,
    /// The other columns with their coefficients, none of which is 0; empty for a column of zeros.
    pub(super) of: Vec<(usize, Fraction)>,
}

/// The most operations on words that an elimination may take, about a second or two.
const MOST: f64 = 2e9;

/// The positive semidefinite XᵀX with further columns, reduced: a multiple of the unit matrix in the pivot rows.
struct Reduced {
    rows: Vec<Vec<BigInt>>,
    pivots: Vec<usize>,
    /// The number on the diagonal: the determinant of the pivot rows and columns.
    determinant: BigInt,
}

/// Gauss–Jordan elimination without fractions (Bareiss, Math. Comp. 22 (1968) 565–578). A pivot of a semidefinite
/// matrix that is 0 has a row of zeros: its column is a combination of the earlier ones.
fn reduced(mut rows: Vec<Vec<BigInt>>) -> Reduced {
    let (mut pivots, mut last) = (Vec::new(), BigInt::from(1));
    for k in 0..rows.len() {
        if rows[k][k].sign() == Sign::NoSign {
            continue;
        }
        let own = std::mem::take(&mut rows[k]);
        for (_, row) in rows.iter_mut().enumerate().filter(|(i, _)| *i != k) {
            let factor = row[k].clone();
            for (x, y) in row.iter_mut().zip(&own) {
                *x = (&*x * &own[k] - &factor * y) / &last;
            }
        }
        last = own[k].clone();
        rows[k] = own;
        pivots.push(k);
    }
    Reduced { rows, pivots, determinant: last }
}

fn gram(columns: &[&WholeColumn]) -> Vec<Vec<BigInt>> {
    let n = columns.len();
    let mut gram = vec![vec![BigInt::default(); n]; n];
    for i in 0..n {
        for j in 0..=i {
            gram[i][j] = columns[i].dot(columns[j]);
            gram[j][i] = gram[i][j].clone();
        }
    }
    gram
}

/// Whether the elimination of an n×(n + more) matrix stays below the limit.
fn is_feasible(gram: &[Vec<BigInt>], more: usize) -> bool {
    let n = gram.len() as f64;
    let bits = gram.iter().flatten().map(BigInt::bits).max().unwrap_or(0) as f64;
    let words = (n * bits / 64.0).max(1.0);
    n * n * (n + more as f64) * (10.0 + words.powf(1.6)) <= MOST
}

/// The cost of the products of all pairs of columns, in operations.
fn is_short(columns: &[&WholeColumn]) -> bool {
    let (m, n) = (columns.first().map_or(0, |c| c.len()) as f64, columns.len() as f64);
    m * n * n <= 1e8
}

/// The rank modulo a prime: at most the rank.
fn rank_modulo(gram: &[Vec<BigInt>], p: Prime) -> usize {
    let modulus = BigInt::from(p.value());
    let residue = |x: &BigInt| {
        let rest = ((x % &modulus) + &modulus) % &modulus;
        u64::try_from(rest).unwrap_or(0)
    };
    let rows = gram.iter().map(|row| row.iter().map(residue).collect()).collect();
    whole_matrix::rank_modulo(rows, gram.len(), p)
}

/// The columns that are combinations of earlier ones; `None` where finding them takes too long.
pub(super) fn relations(columns: &[&WholeColumn]) -> Option<Vec<Relation>> {
    if !is_short(columns) {
        return None;
    }
    let gram = gram(columns);
    if primes().next().is_some_and(|p| rank_modulo(&gram, p) == gram.len()) {
        return Some(Vec::new());
    }
    if !is_feasible(&gram, 0) {
        return None;
    }
    let Reduced { rows, pivots, determinant } = reduced(gram);
    let of = |d: usize| {
        let part = |&k: &usize| Fraction {
            numerator: rows[k][d].clone(),
            denominator: determinant.clone(),
            tens: columns[d].tens - columns[k].tens,
            twos: columns[d].twos - columns[k].twos,
        };
        let there = pivots.iter().filter(|k| rows[**k][d].sign() != Sign::NoSign);
        Relation { column: d, of: there.map(|k| (*k, part(k))).collect() }
    };
    Some((0..columns.len()).filter(|d| !pivots.contains(d)).map(of).collect())
}

/// The fit of independent columns without weights, in fractions.
pub(super) struct ExactFit<'a> {
    columns: Vec<&'a WholeColumn>,
    y: &'a WholeColumn,
    /// det·(XᵀX)⁻¹ and det·(XᵀX)⁻¹Xᵀy.
    adjugate: Vec<Vec<BigInt>>,
    solution: Vec<BigInt>,
    determinant: BigInt,
    /// det·(yᵀy − yᵀX(XᵀX)⁻¹Xᵀy).
    square: BigInt,
}

impl<'a> ExactFit<'a> {
    /// `None` where it takes too long, or the columns are dependent.
    pub(super) fn new(columns: Vec<&'a WholeColumn>, y: &'a WholeColumn) -> Option<Self> {
        let n = columns.len();
        if !is_short(&columns) {
            return None;
        }
        let mut rows = gram(&columns);
        if !is_feasible(&rows, n + 1) {
            return None;
        }
        let right: Vec<BigInt> = columns.iter().map(|c| c.dot(y)).collect();
        for (k, row) in rows.iter_mut().enumerate() {
            row.push(right[k].clone());
            row.extend((0..n).map(|j| BigInt::from(u8::from(j == k))));
        }
        let Reduced { rows, pivots, determinant } = reduced(rows);
        if pivots.len() < n {
            return None;
        }
        let solution: Vec<BigInt> = rows.iter().map(|row| row[n].clone()).collect();
        let adjugate = rows.into_iter().map(|row| row[n + 1..].to_vec()).collect();
        let explained: BigInt = solution.iter().zip(&right).map(|(x, c)| x * c).sum();
        let square = y.dot(y) * &determinant - explained;
        Some(Self { columns, y, adjugate, solution, determinant, square })
    }

    fn fraction(&self, numerator: BigInt, denominator: BigInt, units: i32) -> Fraction {
        Fraction { numerator, denominator, tens: units * self.y.tens, twos: units * self.y.twos }
    }

    pub(super) fn coefficient(&self, j: usize) -> Fraction {
        let x = self.fraction(self.solution[j].clone(), self.determinant.clone(), 1);
        Fraction { tens: x.tens - self.columns[j].tens, twos: x.twos - self.columns[j].twos, ..x }
    }

    /// The residual sum of squares.
    pub(super) fn square(&self) -> Fraction {
        self.fraction(self.square.clone(), self.determinant.clone(), 2)
    }

    fn row(&self, i: usize) -> Vec<BigInt> {
        self.columns.iter().map(|c| c.get(i)).collect()
    }

    /// det·rᵢ.
    fn rest(&self, i: usize) -> BigInt {
        let fitted: BigInt = self.row(i).iter().zip(&self.solution).map(|(x, b)| x * b).sum();
        self.y.get(i) * &self.determinant - fitted
    }

    /// The residual of a row.
    pub(super) fn residual(&self, i: usize) -> Fraction {
        self.fraction(self.rest(i), self.determinant.clone(), 1)
    }

    /// det·(1 − hᵢ).
    fn freedom(&self, i: usize) -> BigInt {
        let x = self.row(i);
        let form: BigInt = self
            .adjugate
            .iter()
            .zip(&x)
            .map(|(row, xi)| xi * row.iter().zip(&x).map(|(a, xj)| a * xj).sum::<BigInt>())
            .sum();
        &self.determinant - form
    }

    /// The leverage of a row.
    pub(super) fn leverage(&self, i: usize) -> Fraction {
        self.fraction(&self.determinant - self.freedom(i), self.determinant.clone(), 0)
    }

    /// (1 − hᵢ)·(the residual sum of squares without the row).
    pub(super) fn deleted(&self, i: usize) -> Fraction {
        let rest = self.rest(i);
        let numerator = &self.square * self.freedom(i) - &rest * &rest;
        self.fraction(numerator, &self.determinant * &self.determinant, 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kappa_dense::Matrix;
    use kappa_dense::pair::PairMatrix;

    fn whole(x: &[f64]) -> WholeColumn {
        let column = PairMatrix::from(Matrix::from_column_major(x.len(), 1, x.to_vec()).unwrap());
        WholeColumn::new(&column, 0, 0.0, None).unwrap()
    }

    #[test]
    fn relations_are_found_with_their_coefficients() {
        let (one, x, z) = (whole(&[1.0; 4]), whole(&[0.5, 1.0, 2.0, -3.0]), whole(&[0.0, 0.0, 0.0, 0.0]));
        let both = whole(&[1.5, 3.0, 6.0, -9.0]);
        let shifted = whole(&[2.5, 3.0, 4.0, -1.0]);
        let found = relations(&[&one, &x, &z, &both, &shifted]).unwrap();
        let shown: Vec<String> = found
            .iter()
            .map(|r| format!("{}:{}", r.column, r.of.iter().map(|(k, c)| format!("{c}·{k}")).collect::<String>()))
            .collect();
        assert_eq!(shown, ["2:", "3:3·1", "4:2·01·1"]);
        assert!(relations(&[&one, &x]).unwrap().is_empty());
    }

    #[test]
    fn a_line_is_fitted_in_fractions() {
        // (0, 0), (1, 1), (2, 1): slope 1/2, intercept 1/6, residuals −1/6, 1/3, −1/6, leverages 5/6, 1/3, 5/6.
        let (one, x, y) = (whole(&[1.0; 3]), whole(&[0.0, 1.0, 2.0]), whole(&[0.0, 1.0, 1.0]));
        let fit = ExactFit::new(vec![&one, &x], &y).unwrap();
        assert_eq!([fit.coefficient(0), fit.coefficient(1)].map(|x| x.to_string()), ["1/6", "1/2"]);
        assert_eq!([fit.residual(1), fit.leverage(0), fit.square()].map(|x| x.to_string()), ["1/3", "5/6", "1/6"]);
        // Two points lie on a line.
        assert_eq!(fit.deleted(0).enclosure(), crate::Enclosure::exact(0.0));
        let third = fit.residual(1).enclosure();
        assert!(third.contains(1.0 / 3.0) && third.width() < 1e-15 && fit.residual(0).enclosure().upper() < 0.0);
    }
}
