//! Collinearity diagnostics: coefficients that the data determine badly, and the near dependencies that cause it.

use kappa_dense::Matrix;

use super::fit::Regression;
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
}

/// Above this the condition index is only a lower bound: the columns were rounded to doubles.
const KNOWN: f64 = 1e15;
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
        let a = &self.design().matrix.high;
        let (m, n) = (a.rows(), a.columns());
        let length = |j: usize| crate::norm::vector_norm(2.0, || a.column(j).iter().copied()).estimate();
        let lengths: Vec<f64> = (0..n).map(length).collect();
        let f = svd(&Matrix::from_fn(m, n, |i, j| a[(i, j)] / lengths[j]))?;
        let s = f.singular_values().estimates();
        let share = |j: usize, k: usize| (f.v()[(j, k)] / s[k]).powi(2);
        let totals: Vec<f64> = (0..n).map(|j| (0..n).map(|k| share(j, k)).sum()).collect();
        let of = |k: usize| Dependency {
            index: s[0] / s[k],
            proportions: (0..n).map(|j| share(j, k) / totals[j]).collect(),
        };
        let inflation = (0..n).map(|j| self.inflation(j)).collect();
        Ok(Collinearity { dependencies: (0..n).map(of).collect(), inflation, names: self.design().names.clone() })
    }

    /// (XᵀX)⁻¹ⱼⱼ·Σ(xᵢⱼ − x̄ⱼ)².
    fn inflation(&self, j: usize) -> Option<Enclosure> {
        if !self.design().has_constant || j == 0 || self.is_weighted() {
            return None;
        }
        let a = &self.design().matrix;
        let column = kappa_dense::pair::PairMatrix::from_fn(a.rows(), 1, |i, _| a.get(i, j));
        let ones = kappa_dense::pair::PairMatrix::from_fn(a.rows(), 1, |_, _| 1.0.into());
        let certificate = crate::certificate::LeastSquaresCertificate::new(&ones, &[0.0]).ok()??;
        let spread = certificate.least_squares(&column, self.design().doubts[j]).square;
        Some(self.inverse_gram()[j].times(spread))
    }
}

impl Collinearity {
    /// The harmful dependencies, worst first, with the columns that take part: a condition index of 30 or more, and a
    /// variance proportion above one half.
    pub fn harmful(&self) -> impl Iterator<Item = (&Dependency, Vec<&str>)> {
        self.dependencies.iter().rev().filter(|d| d.index >= HARMFUL).map(|d| {
            let involved = d.proportions.iter().zip(&self.names).filter(|(p, _)| **p > INVOLVED);
            (d, involved.map(|(_, name)| name.as_str()).collect::<Vec<_>>())
        })
    }

    /// The harmful dependencies in sentences; empty if there is none.
    pub fn words(&self) -> Vec<String> {
        let sentence = |(d, names): (&Dependency, Vec<&str>)| match names.as_slice() {
            _ if d.index > KNOWN => Some(format!(
                "condition index above {KNOWN:.0e}: the columns are linearly dependent to double precision, so that \
                 the ones that take part are not determined"
            )),
            [] => None,
            [one] => Some(format!("condition index {:.0}: {one} is nearly constant", d.index)),
            [first @ .., last] => Some(format!(
                "condition index {:.0}: {} and {last} are nearly collinear; their coefficients are poorly determined",
                d.index,
                first.join(", ")
            )),
        };
        self.harmful().filter_map(sentence).collect()
    }
}
