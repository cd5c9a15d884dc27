//! The fit of a linear model: coefficients, their uncertainty, and the statistics of the fit.

use kappa_dense::pair::{Pair, PairMatrix};
use kappa_dense::{Matrix, pivoted_qr};
use statrs::distribution::{ContinuousCDF, FisherSnedecor, StudentsT};

use super::design::Design;
use crate::Enclosure;
use crate::arithmetic::check_environment;
use crate::certificate::{LeastSquaresCertificate, sum_of_squares};
use crate::enclosure::Pinned;
use crate::enclosure::directed::{add_down, add_up};
use crate::error::{Error, Result};

/// A coefficient with its uncertainty.
#[derive(Clone, Debug, PartialEq)]
pub struct Coefficient {
    /// The name of the column.
    pub name: String,
    /// β, enclosed: the exact least squares coefficient of the decimal numbers in the table lies inside.
    pub estimate: Enclosure,
    /// Its standard error s·√((XᵀX)⁻¹ⱼⱼ), enclosed.
    pub standard_error: Enclosure,
    /// The t statistic, β divided by its standard error, enclosed.
    pub t: Enclosure,
    /// The p value P(|T| ≥ |t|) for Student's distribution, as a double.
    pub p: f64,
    /// The ends of the confidence interval, as doubles.
    pub interval: (f64, f64),
    /// The number of certain decimal digits of β, at most 31: those of the pair of doubles that holds it.
    pub digits: f64,
}

impl Coefficient {
    /// The number of certain decimal digits of the enclosure, at most 16.
    pub fn estimate_digits(&self) -> f64 {
        let (size, width) = (self.estimate.estimate().abs(), self.estimate.width());
        if width == 0.0 { 16.0 } else { (2.0 * size / width).log10().clamp(0.0, 16.0) }
    }
}

/// The quantile of the standard normal distribution at p, 0 < p < 1.
///
/// The x with Φ(x) = p for the distribution function Φ: −∞ at p = 0, ∞ at p = 1. Evidence: estimate, about double
/// precision.
///
/// # Examples
///
/// ```
/// # use kappa::equations::regression::normal_quantile;
/// assert!(normal_quantile(0.5).abs() < 1e-15);
/// // The 97.5 % quantile of the two-sided 95 % interval.
/// assert!((normal_quantile(0.975) - 1.959964).abs() < 1e-6);
/// ```
pub fn normal_quantile(p: f64) -> f64 {
    statrs::distribution::Normal::standard().inverse_cdf(p)
}

/// A linear model fitted by least squares, with enclosures of all that statisticians print.
#[derive(Clone, Debug)]
pub struct Regression {
    design: Design,
    beta: Pinned,
    inverse_gram: Vec<Enclosure>,
    /// (XᵀX)⁻¹ as computed, without enclosure.
    unscaled_covariance: Matrix<f64>,
    leverages: Vec<Enclosure>,
    residuals: Vec<f64>,
    residual_square: Enclosure,
    total_square: Enclosure,
    weights: Option<Vec<f64>>,
    confidence: f64,
}

impl Regression {
    /// Fits a linear model by least squares, with the weights of the design if it has any, and a confidence level of 95
    /// %.
    ///
    /// β minimises Σ wᵢ(yᵢ − xᵢᵀβ)² for the m×n design matrix.
    ///
    /// The design matrix is stored as pairs of doubles; a triangular factor and two residuals in 106 bits: every
    /// enclosure contains the number that exact arithmetic gives for the decimal numbers of the table. About 200mn²
    /// flops.
    ///
    /// # Errors
    ///
    /// - When there are not more rows than columns.
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
        let (m, n) = (design.matrix.rows(), design.matrix.columns());
        if m <= n {
            return Err(Error::shape(format!(
                "{m} rows are too few for {n} coefficients: no residual degrees of freedom"
            ))
            .with_hint(few_rows(&design)));
        }
        let weights = match weights {
            Some(weights) => Some(used_weights(&design, weights)?),
            None => design.weights.take(),
        };
        if let Some(weights) = &weights {
            weigh(&mut design, weights)?;
        }
        check_finite(&design)?;
        let Some(certificate) = LeastSquaresCertificate::new(&design.matrix, &design.doubts)? else {
            return Err(collinear(&design));
        };
        let found = certificate.least_squares(&design.y, design.y_doubt);
        let total_square = total(&design, weights.as_deref())?;
        Ok(Self {
            inverse_gram: (0..n).map(|j| certificate.inverse_gram(j)).collect(),
            unscaled_covariance: Matrix::from_fn(n, n, |i, j| certificate.inverse_gram_about(i, j)),
            leverages: (0..m).map(|i| certificate.leverage(i)).collect(),
            beta: found.x,
            residuals: found.residual,
            residual_square: found.square,
            total_square,
            design,
            weights,
            confidence: 0.95,
        })
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

    /// The quantile of Student's distribution that a confidence interval reaches: so many standard errors to each side.
    pub fn quantile(&self) -> f64 {
        // Degrees are at least 1, so that the distribution exists.
        let student = StudentsT::new(0.0, 1.0, self.degrees() as f64).ok();
        student.map_or(f64::NAN, |d| d.inverse_cdf(0.5 + 0.5 * self.confidence))
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

    /// The degrees of freedom of the model: coefficients without the constant.
    pub fn model_degrees(&self) -> usize {
        self.parameters() - usize::from(self.design.has_constant)
    }

    /// The residual sum of squares.
    pub fn residual_square(&self) -> Enclosure {
        self.residual_square
    }

    /// The total sum of squares Σ(y − ȳ)²; Σy² for a model without a constant.
    pub fn total_square(&self) -> Enclosure {
        self.total_square
    }

    /// The model sum of squares: the total minus the residual one.
    pub fn model_square(&self) -> Enclosure {
        let (t, r) = (self.total_square, self.residual_square);
        let lower = add_down(t.lower(), -r.upper()).max(0.0);
        let upper = add_up(t.upper(), -r.lower());
        Enclosure::new(lower, t.estimate() - r.estimate(), upper, t.evidence().and(r.evidence()))
    }

    /// The residual standard error s = √(residual sum of squares / residual degrees of freedom).
    pub fn residual_deviation(&self) -> Enclosure {
        self.residual_square.over(Enclosure::exact(self.degrees() as f64)).sqrt()
    }

    /// R² = 1 − residual/total sum of squares; any number up to 1 if the total sum of squares is 0.
    pub fn r_squared(&self) -> Enclosure {
        if self.total_square.upper() == 0.0 {
            return Enclosure::new(f64::NEG_INFINITY, 0.0, 1.0, self.total_square.evidence());
        }
        one_minus(self.residual_square.over(self.total_square))
    }

    /// Adjusted R²: 1 − (1 − R²)(m − c)/degrees, c = 1 with a constant and 0 without.
    pub fn adjusted_r_squared(&self) -> Enclosure {
        let whole = (self.observations() - usize::from(self.design.has_constant)) as f64;
        let share = self.residual_square.over(self.total_square);
        one_minus(share.times_exactly(whole).over(Enclosure::exact(self.degrees() as f64)))
    }

    /// The F statistic (model sum of squares/model degrees)/(residual sum of squares/degrees); `None` for a model of a
    /// constant alone.
    pub fn f(&self) -> Option<Enclosure> {
        let k = self.model_degrees();
        let each = |x: Enclosure, degrees: usize| x.over(Enclosure::exact(degrees as f64));
        (k > 0).then(|| each(self.model_square(), k).over(each(self.residual_square, self.degrees())))
    }

    /// The p value P(F ≥ f) for Fisher's distribution, as a double.
    pub fn p_of_f(&self) -> Option<f64> {
        let f = self.f()?.estimate();
        if self.total_square.lower() == 0.0 {
            // Both sums of squares may be 0: f is undefined.
            return Some(f64::NAN);
        }
        let distribution = FisherSnedecor::new(self.model_degrees() as f64, self.degrees() as f64).ok()?;
        Some(if f.is_finite() { distribution.sf(f) } else { 0.0 })
    }

    /// The log-likelihood at the fit for normal errors: −m/2·(log(2π·residual sum of squares/m) + 1) + ½Σ log wᵢ.
    pub fn log_likelihood(&self) -> f64 {
        let m = self.observations() as f64;
        let weights = self.weights.as_ref().map_or(0.0, |w| w.iter().map(|w| w.ln()).sum::<f64>());
        0.5 * weights - 0.5 * m * ((2.0 * std::f64::consts::PI * self.residual_square.estimate() / m).ln() + 1.0)
    }

    /// Akaike's information criterion −2·log L + 2(n + 1), with the variance counted as a parameter, as R does.
    pub fn aic(&self) -> f64 {
        2.0 * (self.parameters() + 1) as f64 - 2.0 * self.log_likelihood()
    }

    /// Schwarz's Bayesian information criterion −2·log L + log(m)·(n + 1), with the variance counted as a parameter, as
    /// R does.
    pub fn bic(&self) -> f64 {
        (self.observations() as f64).ln() * (self.parameters() + 1) as f64 - 2.0 * self.log_likelihood()
    }

    /// The coefficients, in the order of the columns.
    pub fn coefficients(&self) -> Vec<Coefficient> {
        let degrees = self.degrees() as f64;
        // There is at least one degree of freedom, so that the distribution exists.
        let student = StudentsT::new(0.0, 1.0, degrees).ok();
        let reach = self.quantile();
        let deviation = self.residual_deviation();
        let of = |j: usize| {
            let estimate = self.beta.enclosure(j);
            let standard_error = deviation.times(self.inverse_gram[j].sqrt());
            let t = quotient(estimate, standard_error);
            let size = t.estimate().abs();
            let p = match size {
                // Coefficient and standard error may both be 0: t is undefined.
                _ if estimate.contains(0.0) && standard_error.lower() == 0.0 => f64::NAN,
                size if size.is_finite() => student.map_or(f64::NAN, |d| 2.0 * d.sf(size)),
                _ => 0.0,
            };
            let half = reach * standard_error.estimate();
            let (value, radius) = (self.beta.value[j].high.abs(), self.beta.radius[j]);
            let digits = if radius == 0.0 { 31.0 } else { (value / radius).log10().clamp(0.0, 31.0) };
            Coefficient {
                name: self.design.names[j].clone(),
                estimate,
                standard_error,
                t,
                p,
                interval: (estimate.estimate() - half, estimate.estimate() + half),
                digits,
            }
        };
        (0..self.parameters()).map(of).collect()
    }

    /// The covariance matrix of the coefficients, s²(XᵀX)⁻¹, as doubles.
    pub fn covariance(&self) -> Matrix<f64> {
        let n = self.parameters();
        let square = self.residual_square.estimate() / self.degrees() as f64;
        Matrix::from_fn(n, n, |i, j| square * self.unscaled_covariance[(i, j)])
    }

    /// The residuals y − Xβ of the rows that are used.
    pub fn residuals(&self) -> Vec<f64> {
        self.unweighted(&self.residuals)
    }

    /// The fitted values Xβ of the rows that are used.
    pub fn fitted(&self) -> Vec<f64> {
        let fitted: Vec<f64> = self.residuals.iter().enumerate().map(|(i, r)| self.design.y.high[(i, 0)] - r).collect();
        self.unweighted(&fitted)
    }

    fn unweighted(&self, x: &[f64]) -> Vec<f64> {
        match &self.weights {
            None => x.to_vec(),
            Some(weights) => x.iter().zip(weights).map(|(x, w)| x / w.sqrt()).collect(),
        }
    }

    /// The residuals multiplied by the roots of their weights.
    pub(super) fn weighted_residuals(&self) -> &[f64] {
        &self.residuals
    }

    /// The leverages hᵢᵢ, the diagonal of the hat matrix, of the rows that are used, enclosed.
    pub fn leverages(&self) -> &[Enclosure] {
        &self.leverages
    }

    pub(super) fn inverse_gram(&self) -> &[Enclosure] {
        &self.inverse_gram
    }

    pub(super) fn is_weighted(&self) -> bool {
        self.weights.is_some()
    }
}

fn one_minus(x: Enclosure) -> Enclosure {
    Enclosure::new(add_down(1.0, -x.upper()), 1.0 - x.estimate(), add_up(1.0, -x.lower()), x.evidence())
}

/// x/y for y ≥ 0.
fn quotient(x: Enclosure, y: Enclosure) -> Enclosure {
    let negated = |e: Enclosure| Enclosure::new(-e.upper(), -e.estimate(), -e.lower(), e.evidence());
    if x.lower() >= 0.0 {
        x.over(y)
    } else if x.upper() <= 0.0 {
        negated(negated(x).over(y))
    } else {
        let reach = |end: f64| Enclosure::exact(end.abs()).over(y).upper();
        let middle = if y.estimate() == 0.0 { 0.0 } else { x.estimate() / y.estimate() };
        Enclosure::new(-reach(x.lower()), middle, reach(x.upper()), x.evidence().and(y.evidence()))
    }
}

/// The weights of the rows that are used.
fn used_weights(design: &Design, weights: &[f64]) -> Result<Vec<f64>> {
    let count = design.rows.len() + design.dropped.len();
    if weights.len() != count {
        return Err(Error::shape(format!("{} weights for {count} rows of the table", weights.len())));
    }
    super::design::positive(&design.rows, design.rows.iter().map(|&row| weights[row]).collect())
}

/// Multiplies each row by √w, as a pair of doubles.
fn weigh(design: &mut Design, weights: &[f64]) -> Result<()> {
    if let Some(w) = weights.iter().find(|w| !(1e-200..=1e200).contains(*w)) {
        return Err(Error::argument(format!("weights must be between 1e-200 and 1e200, got {w:e}"))
            .with_hint("multiply all weights by a common factor"));
    }
    let roots: Vec<Pair> = weights.iter().map(|&w| Pair::from(w).sqrt()).collect();
    let (m, n) = (design.matrix.rows(), design.matrix.columns());
    design.matrix = PairMatrix::from_fn(m, n, |i, j| weighed(design.matrix.get(i, j), roots[i]));
    design.y = PairMatrix::from_fn(m, 1, |i, _| weighed(design.y.get(i, 0), roots[i]));
    // The relative error of the square root is below 10u², that of the product below 5u².
    let more = |doubt: &mut f64| *doubt = add_up(*doubt, 2e-30);
    design.doubts.iter_mut().for_each(more);
    more(&mut design.y_doubt);
    Ok(())
}

/// The product if it keeps its relative accuracy, NaN if it overflows or underflows.
fn weighed(x: Pair, root: Pair) -> Pair {
    let product = x * root;
    let is_kept = x.high == 0.0 || product.high.abs() >= 1e-250 && product.high.is_finite();
    if is_kept { product } else { Pair::from(f64::NAN) }
}

/// Fails if a value of the design is infinite or NaN.
fn check_finite(design: &Design) -> Result<()> {
    if design.matrix.is_finite() && design.y.is_finite() {
        return Ok(());
    }
    Err(Error::unsupported("a value of the design matrix is infinite, or overflows or underflows when it is weighted")
        .with_hint("scale the columns so that their entries are nearer to 1"))
}

/// Σ(y − ȳ)², as the residual of y regressed on the constant; Σy² without a constant.
fn total(design: &Design, weights: Option<&[f64]>) -> Result<Enclosure> {
    let m = design.y.rows();
    if !design.has_constant {
        return Ok(sum_of_squares(&design.y, design.y_doubt));
    }
    let constant = PairMatrix::from_fn(m, 1, |i, _| match weights {
        None => Pair::from(1.0),
        Some(weights) => Pair::from(weights[i]).sqrt(),
    });
    let doubt = if weights.is_some() { 2e-30 } else { 0.0 };
    match LeastSquaresCertificate::new(&constant, &[doubt])? {
        Some(certificate) => Ok(certificate.least_squares(&design.y, design.y_doubt).square),
        None => Err(Error::unsupported("the ratios of the weights are too large: the smallest ones count as 0")),
    }
}

/// The hint for too few rows: the categorical column that causes it, if there is one.
fn few_rows(design: &Design) -> String {
    let levels = |name: &str| design.names.iter().filter(|n| n.starts_with(&format!("{name}="))).count() + 1;
    match design.references.iter().map(|(name, _)| (levels(name), name)).max() {
        Some((count, name)) if 2 * count > design.rows.len() => {
            format!("column `{name}` has {count} categories in {} rows: leave it out", design.rows.len())
        }
        _ => "use more rows or fewer terms".into(),
    }
}

/// The error that names the linearly dependent columns, by a QR factorization with column pivoting.
fn collinear(design: &Design) -> Error {
    let (m, n) = (design.matrix.rows(), design.matrix.columns());
    let sizes: Vec<f64> = (0..n)
        .map(|j| crate::norm::vector_norm(2.0, || design.matrix.high.column(j).iter().copied()).estimate())
        .collect();
    if let Some(j) = sizes.iter().position(|s| *s == 0.0) {
        return Error::unsupported(format!("column `{}` is zero: its coefficient is not determined", design.names[j]))
            .with_hint("leave it out");
    }
    let scaled = Matrix::from_fn(m, n, |i, j| design.matrix.high[(i, j)] / sizes[j]);
    let names =
        |columns: &[usize]| columns.iter().map(|&j| format!("`{}`", design.names[j])).collect::<Vec<_>>().join(", ");
    let dependent: Vec<usize> = match pivoted_qr(scaled.as_ref(), kappa_dense::Shape::Thin) {
        Ok(f) => {
            let rank = (0..n).take_while(|&k| f.r[(k, k)].abs() > 1e-12).count().min(n - 1);
            f.columns[rank..].to_vec()
        }
        Err(_) => (0..n).collect(),
    };
    let is_or_are = if dependent.len() == 1 { "is a linear combination" } else { "are linear combinations" };
    Error::unsupported(format!("{} {is_or_are} of other columns (perfect collinearity)", names(&dependent))).with_hint(
        "leave it out, or add rows in which it varies independently; `kappa lstsq` gives the solution of least norm",
    )
}
