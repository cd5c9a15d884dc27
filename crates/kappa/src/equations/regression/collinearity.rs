//! Collinearity diagnostics: coefficients that the data determine badly, and the near dependencies that cause it.

use kappa_dense::Matrix;
use kappa_dense::pair::{Pair, PairMatrix};

use super::fit::{Regression, moved};
use crate::certificate::LeastSquaresCertificate;
use crate::enclosure::{pair_times_power_of_two, times_power_of_two};
use crate::error::Result;
use crate::{Enclosure, svd};

/// A near dependency among the columns of the model.
#[derive(Clone, Debug, PartialEq)]
pub struct Dependency {
    /// The condition index μ₁/μₖ of the columns scaled to length 1.
    pub index: f64,
    /// The proportion of each coefficient's variance that is due to this dependency, in the order of the columns.
    pub proportions: Vec<f64>,
}

/// The collinearity diagnostics of Belsley, Kuh and Welsch.
#[derive(Clone, Debug, PartialEq)]
pub struct Collinearity {
    /// One for each singular value of the scaled columns, in increasing order of the condition index.
    pub dependencies: Vec<Dependency>,
    /// Variance inflation factors 1/(1 − R²ⱼ), where R²ⱼ is that of column j regressed on the others, enclosed; `None`
    /// for the constant and for models without one.
    pub inflation: Vec<Option<Enclosure>>,
    names: Vec<String>,
    /// Whether a relative change of the entries by 2⁻⁵³ makes the dependency exact.
    is_within_rounding: Vec<bool>,
}

/// Up to this index a dependency is taken from the singular values of the columns, rounded to doubles; above from those
/// of the inverse of their triangular factor, which has the large indices to full relative accuracy.
const DIRECT: f64 = 1e7;
/// Condition indices from which a dependency is harmful.
const HARMFUL: f64 = 30.0;
/// A column takes part in a dependency if its variance proportion is above this.
const INVOLVED: f64 = 0.5;

impl Regression {
    /// Condition indices, variance-decomposition proportions and variance inflation factors.
    ///
    /// One singular value decomposition of the m×n columns, and a regression for each column.
    ///
    /// # Errors
    ///
    /// As [`svd`](crate::svd).
    ///
    /// Reference: Belsley, Kuh and Welsch, *Regression Diagnostics* (1980), chapter 3.
    pub fn collinearity(&self) -> Result<Collinearity> {
        let a = &self.fitted_columns().high;
        let (m, n) = (a.rows(), a.columns());
        let length = |j: usize| crate::norm::vector_norm(2.0, || a.column(j).iter().copied()).estimate();
        let lengths: Vec<f64> = (0..n).map(length).collect();
        let direct = svd(&Matrix::from_fn(m, n, |i, j| a[(i, j)] / lengths[j]))?;
        let s = direct.singular_values().estimates();
        // S of the columns of length 1: their singular values are the inverses of its own.
        let inverse = svd(&Matrix::from_fn(n, n, |i, j| {
            times_power_of_two(lengths[i], -self.exponents[i]) * self.inverse_triangle.high[(i, j)]
        }))?;
        let t = inverse.singular_values().estimates();
        // Component j of the right singular vector k, divided by its singular value.
        let is_direct = |k: usize| s[0] < DIRECT * s[k];
        let part = |j: usize, k: usize| match is_direct(k) {
            true => direct.v()[(j, k)] / s[k],
            false => inverse.u()[(j, n - 1 - k)] * t[n - 1 - k],
        };
        let totals: Vec<f64> = (0..n).map(|j| (0..n).map(|k| part(j, k).powi(2)).sum()).collect();
        let of = |k: usize| Dependency {
            index: if is_direct(k) { s[0] / s[k] } else { s[0] * t[n - 1 - k] },
            proportions: (0..n).map(|j| part(j, k).powi(2) / totals[j]).collect(),
        };
        let within = |k: usize| {
            let largest = (0..n).max_by(|&i, &j| part(i, k).abs().total_cmp(&part(j, k).abs()));
            !is_direct(k) && largest.is_some_and(|j| self.is_within_rounding(j))
        };
        Ok(Collinearity {
            dependencies: (0..n).map(of).collect(),
            inflation: (0..n).map(|j| self.inflation(j)).collect(),
            names: self.design().names.clone(),
            is_within_rounding: (0..n).map(within).collect(),
        })
    }

    /// Whether column j is a combination of the others after a relative change of each entry by 2⁻⁵³ at most: what the
    /// regression on the others leaves is at most that share of the sum of the moduli in each row (Oettli and Prager,
    /// Numer. Math. 6 (1964)).
    fn is_within_rounding(&self, j: usize) -> bool {
        let (x, s) = (self.fitted_columns(), &self.inverse_triangle);
        let n = x.columns();
        // (XᵀX)⁻¹eⱼ of the scaled columns, with a component of 1 for column j.
        let raw = s.times(&PairMatrix::from_fn(n, 1, |k, _| s.get(j, k)));
        let c: Vec<Pair> = (0..n).map(|k| raw.get(k, 0) / raw.get(j, 0)).collect();
        (0..x.rows()).all(|i| {
            let term = |k: usize| c[k] * pair_times_power_of_two(x.get(i, k), -self.exponents[k]);
            let sum = (0..n).fold(Pair::default(), |sum, k| sum + term(k));
            let moduli: f64 = (0..n).map(|k| term(k).high.abs()).sum();
            sum.high.abs() <= f64::EPSILON * moduli
        })
    }

    /// (XᵀX)⁻¹ⱼⱼ·Σ(xᵢⱼ − x̄ⱼ)², with the weights where there are some.
    fn inflation(&self, j: usize) -> Option<Enclosure> {
        if !self.design().has_constant || j == 0 {
            return None;
        }
        let a = self.fitted_columns();
        let column = |j: usize| PairMatrix::from_fn(a.rows(), 1, |i, _| a.get(i, j));
        let certificate = LeastSquaresCertificate::new(&column(0), &[self.doubts[0]]).ok()??;
        let spread = certificate.least_squares(&column(j), self.doubts[j]).scaled;
        // Both are scaled by the largest entry of the column.
        Some(moved(self.scaled_gram[j].times(spread.square), 2 * (spread.exponent - self.exponents[j])))
    }
}

impl Collinearity {
    /// The harmful dependencies, worst first, with the columns that take part: a condition index of 30 or more, and a
    /// variance proportion above one half.
    pub fn harmful(&self) -> impl Iterator<Item = (&Dependency, Vec<&str>)> {
        self.dependencies.iter().rev().filter(|d| d.index >= HARMFUL).map(|d| (d, self.involved(d)))
    }

    fn involved(&self, d: &Dependency) -> Vec<&str> {
        let involved = d.proportions.iter().zip(&self.names).filter(|(p, _)| **p > INVOLVED);
        involved.map(|(_, name)| name.as_str()).collect()
    }

    /// The harmful dependencies in sentences; empty if there is none.
    pub fn words(&self) -> Vec<String> {
        let sentence = |(d, is_within): (&Dependency, &bool)| {
            let index = if d.index < 1e6 { format!("{:.0}", d.index) } else { format!("{:.1e}", d.index) };
            match self.involved(d).as_slice() {
                [] => None,
                [one] if *is_within => Some(format!(
                    "condition index {index}: {one} is constant up to rounding: a relative change of {ROUNDING} in \
                     the numbers makes it so exactly"
                )),
                [one] => Some(format!("condition index {index}: {one} is nearly constant")),
                [first @ .., last] => {
                    let names = format!("{} and {last}", first.join(", "));
                    Some(match is_within {
                        true => format!(
                            "condition index {index}: {names} are collinear up to rounding: a relative change of \
                             {ROUNDING} in the numbers makes them so exactly, and no coefficient is then determined"
                        ),
                        false => format!(
                            "condition index {index}: {names} are nearly collinear; their coefficients are poorly \
                             determined"
                        ),
                    })
                }
            }
        };
        let harmful = self.dependencies.iter().zip(&self.is_within_rounding).rev().filter(|(d, _)| d.index >= HARMFUL);
        harmful.filter_map(sentence).collect()
    }
}

/// The relative error of a number that is rounded to a double, in words.
const ROUNDING: &str = "1.1e-16";
