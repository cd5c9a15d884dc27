//! The fit of a linear model by least squares.

use std::collections::BTreeMap;

use kappa_dense::pair::{PAIR_UNIT, Pair, PairMatrix};

use super::design::{Design, positive};
use super::exactness::{refine, spans_constant};
use super::rank::{collinear, drop_empty_cells, few_rows};
use crate::Enclosure;
use crate::arithmetic::check_environment;
use crate::certificate::{LeastSquaresCertificate, ScaledSolution, sum_of_squares};
use crate::enclosure::directed::{add_down, add_up, mul_up, times_power};
use crate::enclosure::{Pinned, pinned_enclosure, times_power_of_two};
use crate::error::{Error, Result};

/// A linear model fitted by least squares, with enclosures of all that statisticians print.
#[derive(Clone, Debug)]
pub struct Regression {
    pub(super) design: Design,
    /// The model matrix and the response multiplied by the roots of the weights, where there are weights.
    pub(super) weighted: Option<(PairMatrix, PairMatrix)>,
    /// Relative uncertainty of the columns that are fitted, and of the response.
    pub(super) doubts: Vec<f64>,
    pub(super) y_doubt: f64,
    pub(super) weights: Option<Vec<Pair>>,
    pub(super) beta: Pinned,
    /// The coefficients of the problem whose columns and response are scaled near 1, and (XᵀX)⁻¹ⱼⱼ of it.
    pub(super) scaled_beta: Vec<Enclosure>,
    pub(super) scaled_gram: Vec<Enclosure>,
    /// The exponents of the scales of the columns, and that of the response.
    pub(super) exponents: Vec<i32>,
    pub(super) exponent: i32,
    /// S of (XᵀX)⁻¹ = SSᵀ in the scaled problem.
    pub(super) inverse_triangle: PairMatrix,
    /// The residual and the total sum of squares in units of 4^exponent.
    pub(super) square: Enclosure,
    pub(super) total: Enclosure,
    pub(super) leverages: Vec<Enclosure>,
    /// The residuals multiplied by the roots of the weights.
    pub(super) residuals: Vec<Enclosure>,
    /// (1 − h)·(residual sum of squares without the row) in units of 4^exponent, where it may be 0 and is known.
    pub(super) deleted: BTreeMap<usize, Enclosure>,
    pub(super) is_exact: Option<bool>,
    /// Whether the columns of a model without a constant span one.
    pub(super) spans_constant: Option<bool>,
    /// Σ(y − ȳ)² of a model without a constant whose columns span one.
    pub(super) centred_total: Option<Enclosure>,
    pub(super) confidence: f64,
}

/// The level of confidence that a person means: 0.95 and 95 are the same.
///
/// A number between 0 and 1 is a fraction, one above 1 and below 100 a percentage.
///
/// # Errors
///
/// When the level is 1, 100 or more, or not positive.
///
/// # Examples
///
/// ```
/// # use kappa::equations::regression::confidence_level;
/// assert_eq!(confidence_level(95.0)?, 0.95);
/// assert_eq!(confidence_level(0.95)?, 0.95);
/// assert!(confidence_level(1.0).is_err() && confidence_level(100.0).is_err());
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn confidence_level(level: f64) -> Result<f64> {
    if level > 0.0 && level < 1.0 {
        Ok(level)
    } else if level > 1.0 && level < 100.0 {
        Ok(level / 100.0)
    } else {
        Err(Error::argument(format!("the confidence level lies strictly between 0 and 100 %, got {level}"))
            .with_hint("95 and 0.95 both mean 95 %"))
    }
}

impl Regression {
    /// Fits a linear model by least squares, with the weights of the design if it has any, and a confidence level of 95
    /// %.
    ///
    /// β minimises Σ wᵢ(yᵢ − xᵢᵀβ)² for the m×n design matrix.
    ///
    /// The design matrix is stored as pairs of doubles; a triangular factor and two residuals in 106 bits: every
    /// enclosure contains the number that exact arithmetic gives for the decimal numbers of the table. About 200mn²
    /// flops. Where an enclosure contains a number that decides (a residual sum of squares, a coefficient or a residual
    /// of 0, a leverage of 1), whole numbers decide it, if the table is not too large.
    ///
    /// Columns of an interaction whose coefficient is not determined because no row has a combination of categories are
    /// left out and listed in [`Design::undetermined`].
    ///
    /// # Errors
    ///
    /// - When there are fewer rows than columns.
    /// - When a column is a linear combination of others; the message names them.
    /// - When a value or a weight overflows or underflows double precision.
    /// - When the floating-point environment is not the one that the proofs assume.
    ///
    /// Reference: Belsley, Kuh and Welsch, *Regression Diagnostics* (1980); Rump, SIMAX 33 (2012) 130–148.
    pub fn new(design: Design) -> Result<Self> {
        Self::weighted(design, None)
    }

    /// As [`Regression::new`], with a weight for each row of the table, including the rows that the design left out: Σ
    /// wᵢrᵢ² is minimised.
    ///
    /// # Errors
    ///
    /// As [`Regression::new`], when the number of weights is not the number of rows, and when a weight is not positive
    /// and finite.
    pub fn weighted(mut design: Design, weights: Option<&[f64]>) -> Result<Self> {
        check_environment()?;
        drop_empty_cells(&mut design);
        let (m, n) = (design.matrix.rows(), design.matrix.columns());
        if m < n {
            return Err(few_rows(&design));
        }
        let weights = match weights {
            Some(weights) => Some((used_weights(&design, weights)?, 0.0)),
            None => design.weights.take(),
        };
        let weighted = weights.as_ref().map(|(w, _)| weigh(&design, w)).transpose()?;
        let (x, y) = weighted.as_ref().map_or((&design.matrix, &design.y), |(x, y)| (x, y));
        check_finite(x, y)?;
        // The relative error of the square root is below 10u², that of the product below 5u²; that of a weight halves.
        let more = weights.as_ref().map_or(0.0, |(_, doubt)| add_up(2e-30, *doubt));
        let doubts: Vec<f64> = design.doubts.iter().map(|d| add_up(*d, more)).collect();
        let y_doubt = add_up(design.y_doubt, more);
        let Some(certificate) = LeastSquaresCertificate::new(x, &doubts)? else {
            return Err(collinear(&design, &doubts));
        };
        let found = certificate.least_squares(y, y_doubt);
        let sum = |is_centred: bool| {
            let weights = weights.as_ref().map(|(w, _)| (w.as_slice(), more));
            total(&design, is_centred, (y, y_doubt), weights)
        };
        let total = sum(design.has_constant)?;
        let spans_constant = spans_constant(&design, &certificate, weights.as_ref().map(|(w, _)| w.as_slice()));
        let centred_total = if spans_constant == Some(true) { Some(sum(true)?) } else { None };
        let ScaledSolution { x: scaled, square, exponent } = found.scaled;
        let mut fit = Self {
            scaled_beta: (0..n).map(|j| scaled.enclosure(j)).collect(),
            scaled_gram: (0..n).map(|j| certificate.scaled_inverse_gram(j)).collect(),
            exponents: certificate.exponents().to_vec(),
            exponent,
            inverse_triangle: certificate.inverse_triangle().clone(),
            leverages: (0..m).map(|i| certificate.leverage(i)).collect(),
            beta: found.x,
            residuals: (0..m).map(|i| found.residual.enclosure(i)).collect(),
            square,
            total,
            deleted: BTreeMap::new(),
            is_exact: None,
            spans_constant,
            centred_total,
            doubts,
            y_doubt,
            weights: weights.map(|(w, _)| w),
            weighted,
            design,
            confidence: 0.95,
        };
        refine(&mut fit);
        Ok(fit)
    }

    /// Sets the confidence level of the intervals, 0 < level < 1.
    ///
    /// # Errors
    ///
    /// When the level is not between 0 and 1.
    pub fn with_confidence(mut self, level: f64) -> Result<Self> {
        if !(level > 0.0 && level < 1.0) {
            return Err(Error::argument(format!("the confidence level must be between 0 and 1, got {level}")));
        }
        self.confidence = level;
        Ok(self)
    }

    /// The design matrix, with the rows that are used.
    pub fn design(&self) -> &Design {
        &self.design
    }

    /// The confidence level of the intervals.
    pub fn confidence(&self) -> f64 {
        self.confidence
    }

    /// Rows that are used.
    pub fn observations(&self) -> usize {
        self.design.matrix.rows()
    }

    /// The number of coefficients, including the constant.
    pub fn parameters(&self) -> usize {
        self.design.matrix.columns()
    }

    /// The residual degrees of freedom: rows minus coefficients.
    pub fn degrees(&self) -> usize {
        self.observations() - self.parameters()
    }

    /// The columns that are fitted, multiplied by the roots of the weights.
    pub(super) fn fitted_columns(&self) -> &PairMatrix {
        self.weighted.as_ref().map_or(&self.design.matrix, |(x, _)| x)
    }

    fn fitted_response(&self) -> &PairMatrix {
        self.weighted.as_ref().map_or(&self.design.y, |(_, y)| y)
    }

    /// The residuals y − Xβ of the rows that are used, as doubles.
    pub fn residuals(&self) -> Vec<f64> {
        self.residual_enclosures().iter().map(Enclosure::estimate).collect()
    }

    /// The residuals y − Xβ of the rows that are used, enclosed.
    pub fn residual_enclosures(&self) -> Vec<Enclosure> {
        (0..self.observations()).map(|i| self.unweighted(i, self.residuals[i])).collect()
    }

    /// The fitted values Xβ of the rows that are used, as doubles.
    pub fn fitted(&self) -> Vec<f64> {
        self.fitted_enclosures().iter().map(Enclosure::estimate).collect()
    }

    /// The fitted values Xβ of the rows that are used, enclosed.
    pub fn fitted_enclosures(&self) -> Vec<Enclosure> {
        let y = self.fitted_response();
        let of = |i: usize| {
            let y = y.get(i, 0);
            let size = add_up(y.high.abs(), y.low.abs());
            // The response is a pair up to its doubt.
            let response = pinned_enclosure(y, mul_up(self.y_doubt, size));
            let r = self.residuals[i];
            let middle = (y - Pair::from(r.estimate())).high;
            let ends = response.minus(r);
            let own = mul_up(PAIR_UNIT, size);
            let found = Enclosure::new(
                add_down(ends.lower(), -own),
                middle,
                add_up(ends.upper(), own),
                crate::Evidence::Rounding,
            );
            self.unweighted(i, if r == Enclosure::exact(0.0) { response } else { found })
        };
        (0..self.observations()).map(of).collect()
    }

    /// x divided by the root of the weight of its row.
    pub(super) fn unweighted(&self, i: usize, x: Enclosure) -> Enclosure {
        match &self.weights {
            None => x,
            Some(_) if x == Enclosure::exact(0.0) => x,
            Some(weights) => {
                let w = weights[i].high;
                let root = Enclosure::new(w.next_down(), w, w.next_up(), crate::Evidence::Rounding).sqrt();
                x.over(root)
            }
        }
    }

    /// The leverages hᵢᵢ, the diagonal of the hat matrix, of the rows that are used, enclosed.
    pub fn leverages(&self) -> &[Enclosure] {
        &self.leverages
    }
}

/// x·2ᵉ, of any sign.
pub(super) fn moved(x: Enclosure, e: i32) -> Enclosure {
    let end = |x: f64, up: bool| {
        let (low, high) = times_power(x.abs(), e);
        if up == (x >= 0.0) { high.copysign(x) } else { low.copysign(x) }
    };
    Enclosure::new(end(x.lower(), false), times_power_of_two(x.estimate(), e), end(x.upper(), true), x.evidence())
}

/// The weights of the rows that are used.
fn used_weights(design: &Design, weights: &[f64]) -> Result<Vec<Pair>> {
    let count = design.rows.len() + design.dropped.len();
    if weights.len() != count {
        return Err(Error::shape(format!("{} weights for {count} rows of the table", weights.len())));
    }
    positive(&design.rows, design.rows.iter().map(|&row| Pair::from(weights[row])).collect())
}

/// Each row multiplied by √w, as a pair of doubles.
fn weigh(design: &Design, weights: &[Pair]) -> Result<(PairMatrix, PairMatrix)> {
    if let Some(w) = weights.iter().find(|w| !(1e-200..=1e200).contains(&w.high)) {
        return Err(Error::argument(format!("weights must be between 1e-200 and 1e200, got {:e}", w.high))
            .with_hint("multiply all weights by a common factor"));
    }
    let roots: Vec<Pair> = weights.iter().map(|w| w.sqrt()).collect();
    let (m, n) = (design.matrix.rows(), design.matrix.columns());
    let x = PairMatrix::from_fn(m, n, |i, j| weighed(design.matrix.get(i, j), roots[i]));
    Ok((x, PairMatrix::from_fn(m, 1, |i, _| weighed(design.y.get(i, 0), roots[i]))))
}

/// The product if it keeps its relative accuracy, NaN if it overflows or underflows.
fn weighed(x: Pair, root: Pair) -> Pair {
    let product = x * root;
    let is_kept = x.high == 0.0 || product.high.abs() >= 1e-250 && product.high.is_finite();
    if is_kept { product } else { Pair::from(f64::NAN) }
}

/// Fails if a value of the design is infinite or NaN.
fn check_finite(x: &PairMatrix, y: &PairMatrix) -> Result<()> {
    if x.is_finite() && y.is_finite() {
        return Ok(());
    }
    Err(Error::unsupported("a value of the design matrix is infinite, or overflows or underflows when it is weighted")
        .with_hint("scale the columns so that their entries are nearer to 1"))
}

/// Σ(y − ȳ)² or Σy² in the units of the residual sum of squares; the first as the residual of y regressed on the
/// constant.
fn total(
    design: &Design,
    is_centred: bool,
    (y, y_doubt): (&PairMatrix, f64),
    weights: Option<(&[Pair], f64)>,
) -> Result<Enclosure> {
    // Whatever the weights are.
    let is_zero = || y.high.as_slice().iter().all(|y| *y == 0.0);
    if is_zero() || is_centred && design.y_is_constant {
        return Ok(Enclosure::exact(0.0));
    }
    if !is_centred {
        return Ok(sum_of_squares(y, y_doubt).0);
    }
    let constant = PairMatrix::from_fn(y.rows(), 1, |i, _| match weights {
        None => Pair::from(1.0),
        Some((weights, _)) => weights[i].sqrt(),
    });
    match LeastSquaresCertificate::new(&constant, &[weights.map_or(0.0, |(_, doubt)| doubt)])? {
        Some(certificate) => Ok(certificate.least_squares(y, y_doubt).scaled.square),
        None => Err(Error::unsupported("the ratios of the weights are too large: the smallest ones count as 0")
            .with_hint("divide the largest weights, or leave out the rows with the smallest ones")),
    }
}
