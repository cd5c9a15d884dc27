use kappa_dense::Accuracy;
use kappa_dense::pair::Pair;

use crate::arithmetic::power::{exponential_ends, logarithm_ends};
use crate::enclosure::directed::{
    SMALLEST, add_down, add_up, div_down, div_up, mul_down, mul_up, sqrt_up, times_power,
};
use crate::error::{Error, Result};
use crate::norm::Gauge;
use crate::{Enclosure, Evidence, Norm, Tolerance};

/// Singular values σ₁ ≥ σ₂ ≥ … ≥ σₚ ≥ 0, p = min(m, n), each enclosed, and the quantities that follow from them alone.
///
/// # Examples
///
/// ```
/// # use kappa::{Matrix, Tolerance, singular_values};
/// let a = Matrix::from_row_major(3, 2, vec![3.0, 0.0, 0.0, 4.0, 0.0, 0.0])?;
/// let s = singular_values(&a)?;
/// assert!(s.first().contains(4.0));
/// assert_eq!(s.rank(Tolerance::default()).estimate(), 2.0);
/// # Ok::<(), kappa::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct SingularValues {
    shape: (usize, usize),
    values: Vec<f64>,
    doubt: Doubt,
    algorithm: &'static str,
    residual: Option<Residual>,
    epsilon: f64,
}

/// A decomposition with a residual: A·2⁻ᵉ = U·diag(s)·Vᴴ + E with ‖UᴴU − I‖ ≤ α and ‖VᴴV − I‖ ≤ β.
///
/// A norm of the singular values then lies in factor·‖s‖ ± ‖E‖, which is far narrower than the sum of their own radii.
#[derive(Clone, Debug, PartialEq)]
pub struct Residual {
    /// The numbers s, largest first.
    pub values: Vec<f64>,
    /// A lower bound of √((1 − α)(1 − β)).
    pub lower_factor: f64,
    /// An upper bound of √((1 + α)(1 + β)).
    pub upper_factor: f64,
    /// An upper bound of ‖E‖_F.
    pub frobenius: f64,
    /// The exponent e.
    pub exponent: i32,
}

/// The error bounds of the values.
#[derive(Clone, Debug, PartialEq)]
pub enum Doubt {
    /// An enclosure of each value.
    Each(Vec<Enclosure>),
    /// One absolute error bound for all values: |σ̂ − σ| ≤ radius.
    Absolute {
        /// The radius.
        radius: f64,
        /// The evidence for the bound.
        evidence: Evidence,
    },
    /// One error bound for all squares, relative to σ₁: |σ̂² − σ²| ≤ radius·σ₁.
    Squares {
        /// The radius.
        radius: f64,
        /// The evidence for the bound.
        evidence: Evidence,
    },
}

/// The parts of [`SingularValues`], for storing and restoring them without loss.
#[derive(Clone, Debug, PartialEq)]
pub struct SingularValuesParts {
    /// The shape (m, n) of the matrix.
    pub shape: (usize, usize),
    /// The estimates, largest first.
    pub estimates: Vec<f64>,
    /// The error bounds of the values.
    pub doubt: Doubt,
    /// The name of the algorithm that computed them.
    pub algorithm: &'static str,
    /// The residual of the decomposition, when it is known.
    pub residual: Option<Residual>,
    /// The ε of the type in which the entries of the matrix are stored.
    pub epsilon: f64,
}

/// A model of the errors of a computation: |σ̂ᵢ − σᵢ| ≤ c·ε·σ₁ with c = offset + slope·√max(m, n).
///
/// The proved constants (Golub and Van Loan, section 8.6) grow like m·n and are far above observed errors. These are
/// about twice the largest errors observed over random, graded, sparse and rank-deficient matrices up to order 500
/// against LAPACK. They stay below the default tolerance max(m, n)·ε·σ₁, so that an exactly rank-deficient matrix is
/// recognised as such. The bound is a model, not a theorem; the evidence is therefore an estimate.
struct Model {
    offset: f64,
    slope: f64,
    name: &'static str,
}

impl Model {
    /// Values without vectors, by reduction to a bidiagonal matrix and bisection.
    const BISECTION: Self =
        Self { offset: 3.0, slope: 2.0, name: "errors of a bidiagonal reduction in double precision" };
    /// Values with vectors, by divide and conquer or Jacobi rotations.
    const ROTATIONS: Self = Self { offset: 3.0, slope: 8.0, name: "errors of an SVD with vectors in double precision" };
    /// Values without vectors, by a reduction in single precision.
    const SINGLE: Self = Self { offset: 3.0, slope: 3.0, name: "errors of a bidiagonal reduction in single precision" };
    /// Squares of the values, by the eigenvalues of AᴴA. Where many values are equal, those of the tridiagonal matrix
    /// are four times as far off as elsewhere; twice the worst that was observed.
    const GRAM: Self = Self { offset: 48.0, slope: 18.0, name: "errors of a Gram product in double precision" };
    /// The same where the values are spread, which decides whether the product is worth a try.
    const GRAM_USUALLY: Self = Self { offset: 8.0, slope: 3.0, ..Self::GRAM };

    fn constant(&self, (m, n): (usize, usize)) -> f64 {
        self.offset + self.slope * (m.max(n) as f64).sqrt()
    }
}

/// The error of a singular value in double-double relative to max(m, n)·σ₁: 100 times the largest observed error.
const PAIR_ERROR: f64 = 1e-29;

impl SingularValues {
    /// Values from a backward stable decomposition.
    pub(crate) fn from_svd(shape: (usize, usize), found: kappa_dense::Values) -> Self {
        let unit = found.unit();
        let kappa_dense::Values { values, algorithm, accuracy } = found;
        let model = match accuracy {
            Accuracy::Pair => return Self::from_pairs(shape, values, algorithm),
            Accuracy::Bisection => &Model::BISECTION,
            Accuracy::Rotations => &Model::ROTATIONS,
            Accuracy::Single => &Model::SINGLE,
        };
        let constant = model.constant(shape).min(0.9 * shape.0.max(shape.1) as f64);
        let radius = match values.first() {
            None | Some(0.0) => 0.0,
            Some(first) => add_up(mul_up(*first, constant * unit), SMALLEST),
        };
        Self {
            shape,
            values,
            doubt: Doubt::Absolute { radius, evidence: Evidence::Estimate(model.name) },
            algorithm,
            residual: None,
            epsilon: f64::EPSILON,
        }
    }

    /// Values computed in 106 bits and then rounded to double precision.
    fn from_pairs(shape: (usize, usize), values: Vec<f64>, algorithm: &'static str) -> Self {
        let first = values.first().copied().unwrap_or(0.0);
        let common = mul_up(first, PAIR_ERROR * (shape.0.max(shape.1) as f64));
        let radius = |s: f64| add_up(add_up(mul_up(s, f64::EPSILON), common), SMALLEST);
        let evidence = Evidence::Estimate("errors of Jacobi rotations in double-double");
        let enclose = |&s: &f64| Enclosure::around(s, if first == 0.0 { 0.0 } else { radius(s) }, evidence);
        let mut enclosed = Self::from_enclosures(shape, values.iter().map(enclose).collect());
        enclosed.algorithm = algorithm;
        enclosed
    }

    /// Values from the eigenvalues of the Gram product: |σ̂ᵢ² − σᵢ²| ≤ c·ε·σ₁².
    pub(crate) fn from_gram(shape: (usize, usize), values: Vec<f64>) -> Self {
        let first = values.first().copied().unwrap_or(0.0);
        // The bound is divided by σ₁, because σ₁² may overflow.
        let radius = mul_up(first, Model::GRAM.constant(shape) * f64::EPSILON);
        let evidence = Evidence::Estimate(Model::GRAM.name);
        Self {
            shape,
            values,
            doubt: Doubt::Squares { radius, evidence },
            algorithm: "eigenvalues of the Gram product",
            residual: None,
            epsilon: f64::EPSILON,
        }
    }

    /// The smallest σ/σ₁ for which the eigenvalues of the Gram product give σ within 2⁻²³·σ₁.
    ///
    /// The errors are usually at most c·ε·σ₁²/(2σ), with the constant c of the model.
    pub(crate) fn floor_of_gram(shape: (usize, usize)) -> f64 {
        Model::GRAM_USUALLY.constant(shape) * f64::EPSILON / (2.0 * f64::from(f32::EPSILON))
    }

    /// The singular values of a matrix with at most one row or column: its length, or none.
    pub(crate) fn of_vector(shape: (usize, usize), length: Enclosure) -> Self {
        Self::from_enclosures(shape, vec![length; shape.0.min(shape.1)])
    }

    /// Values from enclosures in any order.
    pub(crate) fn from_enclosures(shape: (usize, usize), enclosures: Vec<Enclosure>) -> Self {
        // The k-th largest value lies between the k-th largest lower and the k-th largest upper end.
        let sorted = |end: fn(&Enclosure) -> f64| {
            let mut ends: Vec<f64> = enclosures.iter().map(end).collect();
            ends.sort_by(|x, y| y.total_cmp(x));
            ends
        };
        let (lower, values, upper) = (sorted(Enclosure::lower), sorted(Enclosure::estimate), sorted(Enclosure::upper));
        let evidence = enclosures.iter().fold(Evidence::Rounding, |e, x| e.and(x.evidence()));
        let each = (0..values.len()).map(|i| Enclosure::new(lower[i], values[i], upper[i], evidence)).collect();
        let doubt = Doubt::Each(each);
        Self { shape, values, doubt, algorithm: "read off", residual: None, epsilon: f64::EPSILON }
    }

    /// The same values with this name of the algorithm.
    pub(crate) fn by(mut self, algorithm: &'static str) -> Self {
        self.algorithm = algorithm;
        self
    }

    /// The same values of a matrix whose entries are stored in a type with this ε: the default tolerance of
    /// [`SingularValues::rank`] and [`SingularValues::stored_rank`] follow it.
    pub fn stored_with(mut self, epsilon: f64) -> Self {
        self.epsilon = epsilon;
        self
    }

    /// The ε of the type in which the entries of the matrix are stored; 2⁻⁵² if nothing else is known.
    pub fn epsilon(&self) -> f64 {
        self.epsilon
    }

    /// The same values with upper ends at most `bound`, an upper bound of σ₁ that is known from elsewhere.
    pub(crate) fn at_most(mut self, bound: f64) -> Self {
        if let Doubt::Each(each) = &mut self.doubt {
            let cut = |x: &Enclosure| Enclosure::new(x.lower(), x.estimate(), x.upper().min(bound), x.evidence());
            *each = each.iter().map(cut).collect();
            self.values = each.iter().map(Enclosure::estimate).collect();
        }
        self
    }

    pub(crate) fn with_residual(mut self, residual: Residual) -> Self {
        self.residual = Some(residual);
        self
    }

    pub(crate) fn residual(&self) -> Option<&Residual> {
        self.residual.as_ref()
    }

    pub(crate) fn transposed(mut self) -> Self {
        self.shape = (self.shape.1, self.shape.0);
        self
    }

    /// The parts that [`SingularValues::from_parts`] takes.
    pub fn parts(&self) -> SingularValuesParts {
        SingularValuesParts {
            shape: self.shape,
            estimates: self.values.clone(),
            doubt: self.doubt.clone(),
            algorithm: self.algorithm,
            residual: self.residual.clone(),
            epsilon: self.epsilon,
        }
    }

    /// The singular values with these parts.
    ///
    /// # Errors
    ///
    /// When the number of enclosures is not that of the estimates.
    pub fn from_parts(parts: SingularValuesParts) -> Result<Self> {
        let SingularValuesParts { shape, estimates: values, doubt, algorithm, residual, epsilon } = parts;
        match &doubt {
            Doubt::Each(each) if each.len() != values.len() => {
                let (enclosures, estimates) = (each.len(), values.len());
                Err(Error::shape(format!("{enclosures} enclosures do not match {estimates} singular values")))
            }
            _ => Ok(Self { shape, values, doubt, algorithm, residual, epsilon }),
        }
    }

    /// The shape (m, n) of the matrix.
    pub fn shape(&self) -> (usize, usize) {
        self.shape
    }

    /// The number of singular values: min(m, n).
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether the matrix is empty and has no singular values.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The estimates, largest first.
    pub fn estimates(&self) -> &[f64] {
        &self.values
    }

    /// The name of the algorithm that computed them, a noun phrase.
    pub fn algorithm(&self) -> &'static str {
        self.algorithm
    }

    /// The enclosure of σᵢ₊₁: `get(0)` is the largest. Panics when i is out of range.
    pub fn get(&self, i: usize) -> Enclosure {
        let value = self.values[i];
        match &self.doubt {
            Doubt::Each(each) => each[i],
            Doubt::Absolute { radius, evidence } => Enclosure::around(value, *radius, *evidence),
            Doubt::Squares { radius, evidence } => {
                // |σ̂ − σ| ≤ c·ε·σ₁²/(σ̂ + σ) ≤ (c·ε·σ₁)·(σ₁/σ̂), and |σ̂ − σ|² ≤ |σ̂² − σ²|.
                let by_quotient = mul_up(*radius, div_up(self.values[0], value));
                let own = by_quotient.min(mul_up(sqrt_up(*radius), sqrt_up(self.values[0])));
                Enclosure::around(value, add_up(own, SMALLEST), *evidence)
            }
        }
    }

    /// The enclosures of all singular values, largest first.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Enclosure> + '_ {
        (0..self.len()).map(|i| self.get(i))
    }

    /// The largest singular value, which is the spectral norm; 0 for an empty matrix.
    pub fn first(&self) -> Enclosure {
        if self.is_empty() { Enclosure::exact(0.0) } else { self.get(0) }
    }

    /// The smallest singular value; 0 for an empty matrix.
    pub fn last(&self) -> Enclosure {
        if self.is_empty() { Enclosure::exact(0.0) } else { self.get(self.len() - 1) }
    }

    /// A unitarily invariant norm, which is a function of the singular values.
    ///
    /// # Errors
    ///
    /// When the norm is not unitarily invariant.
    pub fn norm(&self, norm: Norm) -> Result<Enclosure> {
        match norm.gauge() {
            Some(gauge) => Ok(gauge.of_values(self)),
            None => Err(Error::unsupported(format!("the norm {norm} is not a function of the singular values"))
                .with_hint("compute it from the matrix: norm(&a, …)")),
        }
    }

    /// The condition number σ₁/σₚ in the spectral norm. The upper end is ∞ when σₚ may be 0.
    ///
    /// # Errors
    ///
    /// When the matrix is empty.
    pub fn cond(&self) -> Result<Enclosure> {
        if self.is_empty() {
            let (m, n) = self.shape;
            return Err(Error::shape(format!("a {m}×{n} matrix is empty and has no condition number")));
        }
        let (first, last) = (self.first(), self.last());
        if last.estimate() == 0.0 && first.estimate() == 0.0 && last.upper() == 0.0 {
            return Ok(Enclosure::exact(f64::INFINITY));
        }
        let ratio = first.over(last);
        let lower = ratio.lower().max(1.0);
        // A quotient by a value that may be 0 is rounding error.
        let estimate = if ratio.upper().is_infinite() { lower } else { ratio.estimate().max(1.0) };
        Ok(Enclosure::new(lower, estimate, ratio.upper(), ratio.evidence()))
    }

    /// The singular values 1/σₚ ≥ … ≥ 1/σ₁ of the pseudoinverse of a full-rank matrix.
    pub(crate) fn inverted(&self) -> Self {
        let one = Enclosure::exact(1.0);
        Self::from_enclosures((self.shape.1, self.shape.0), self.iter().map(|s| one.over(s)).collect())
    }

    /// The numerical rank: the number of singular values above the tolerance.
    ///
    /// The ends differ when the enclosure of a singular value contains the tolerance.
    pub fn rank(&self, tolerance: Tolerance) -> Enclosure {
        let size = tolerance.size(self.shape, self.epsilon, self.first());
        let count = |exceeds: &dyn Fn(Enclosure) -> bool| self.iter().filter(|&s| exceeds(s)).count() as f64;
        Enclosure::new(
            count(&|s| s.lower() > size.upper()),
            count(&|s| s.estimate() > size.estimate()),
            count(&|s| s.upper() > size.lower()),
            self.first().evidence(),
        )
    }

    /// The effective rank exp(−Σ pᵢ ln pᵢ) with pᵢ = σᵢ/Σσⱼ, between 1 and min(m, n); 0 for the zero matrix.
    ///
    /// Reference: Roy and Vetterli, "The effective rank", EUSIPCO 2007.
    pub fn effective_rank(&self) -> Enclosure {
        if self.first().upper() == 0.0 {
            return Enclosure::exact(0.0);
        }
        // The values are scaled by 1/σ₁, so that the sum cannot overflow.
        let scale = self.first().estimate().min(f64::MAX);
        let ends: Vec<(f64, f64)> =
            self.iter().map(|s| (div_down(s.lower(), scale), div_up(s.upper(), scale))).collect();
        let total_lower = ends.iter().fold(0.0, |sum, e| add_down(sum, e.0).max(0.0));
        let total_upper = ends.iter().fold(0.0, |sum, e| add_up(sum, e.1));
        if !total_upper.is_finite() {
            return self.any_count();
        }
        let (mut lower, mut upper) = (0.0, 0.0);
        for &(lo, hi) in &ends {
            // σ/(σ + rest) is increasing in σ and decreasing in the rest.
            let rest_upper = add_up(total_upper, -hi).max(0.0);
            let rest_lower = add_down(total_lower, -lo).max(0.0);
            let share = (div_down(lo, add_up(lo, rest_upper)), div_up(hi, add_down(hi, rest_lower)).min(1.0));
            let (least, most) = entropy_term(share.0, share.1);
            lower = add_down(lower, least).max(0.0);
            upper = add_up(upper, most);
        }
        let total: f64 = self.values.iter().map(|s| s / scale).sum();
        let entropy: f64 = self.values.iter().map(|s| -x_ln_x(s / scale / total)).sum();
        Enclosure::new(
            exponential_ends(lower).0.max(1.0),
            entropy.exp(),
            exponential_ends(upper).1.min(self.len() as f64),
            self.first().evidence(),
        )
    }

    /// The nuclear rank ‖A‖_*/‖A‖₂ = Σσᵢ/σ₁, between 1 and min(m, n); 0 for the zero matrix.
    ///
    /// # Errors
    ///
    /// Never: the nuclear norm is a function of the singular values.
    pub fn nuclear_rank(&self) -> Result<Enclosure> {
        let first = self.first();
        self.count_of(|| Ok(self.norm(Norm::nuclear())?.over(first)))
    }

    /// The participation ratio (Σσᵢ²)²/Σσᵢ⁴, between 1 and min(m, n); 0 for the zero matrix.
    ///
    /// # Errors
    ///
    /// Never: its norms are functions of the singular values.
    ///
    /// Reference: Bell and Dean, Discuss. Faraday Soc. 50 (1970) 55–61.
    pub fn participation_ratio(&self) -> Result<Enclosure> {
        self.count_of(|| {
            let ratio = self.norm(Norm::frobenius())?.over(self.norm(Norm::schatten(4.0)?)?);
            let square = ratio.times(ratio);
            Ok(square.times(square))
        })
    }

    /// A rank that need not be an integer, clamped to [1, min(m, n)]; 0 for the zero matrix.
    fn count_of(&self, count: impl FnOnce() -> Result<Enclosure>) -> Result<Enclosure> {
        if self.first().upper() == 0.0 {
            return Ok(Enclosure::exact(0.0));
        }
        let found = count()?;
        // When an end is NaN (0/0, or ∞/∞ after overflow), the bound 1 or min(m, n) remains.
        let within = |x: f64, else_: f64| if x.is_nan() { else_ } else { x.clamp(1.0, self.len() as f64) };
        let (lower, upper) = (within(found.lower(), 1.0), within(found.upper(), self.len() as f64));
        Ok(Enclosure::new(lower, within(found.estimate(), upper), upper, found.evidence()))
    }

    /// The energy rank: the smallest k with σ₁² + … + σₖ² ≥ `share`·Σσᵢ², for 0 < share ≤ 1; 0 for the zero matrix.
    ///
    /// # Errors
    ///
    /// When the share is not > 0 and ≤ 1.
    pub fn energy_rank(&self, share: f64) -> Result<Enclosure> {
        if !(share > 0.0 && share <= 1.0) {
            return Err(Error::syntax(format!("the share of the energy must be > 0 and ≤ 1, got {share}")));
        }
        if self.first().upper() == 0.0 {
            return Ok(Enclosure::exact(0.0));
        }
        let scale = self.first().estimate().min(f64::MAX);
        if scale == 0.0 || self.first().upper() == f64::INFINITY {
            return Ok(self.any_count());
        }
        let least: Vec<f64> = self.iter().map(|s| div_down(s.lower(), scale)).map(|x| mul_down(x, x)).collect();
        let most: Vec<f64> = self.iter().map(|s| div_up(s.upper(), scale)).map(|x| mul_up(x, x)).collect();
        let middle: Vec<f64> = self.values.iter().map(|s| (s / scale) * (s / scale)).collect();
        // head ≥ share·(head + rest) ⇔ (1 − share)·head ≥ share·rest. A k is certainly large enough when this holds for
        // the smallest head and the largest rest; it is certainly too small when it fails for the largest head and the
        // smallest rest.
        let rest = 1.0 - share;
        let (rest_down, rest_up) = if rest == 0.0 { (0.0, 0.0) } else { (rest.next_down(), rest.next_up()) };
        Ok(Enclosure::new(
            first_head(&most, &least, |head, tail| mul_up(rest_up, above(head)) >= mul_down(share, below(tail))),
            first_head(&middle, &middle, |head, tail| head >= share * (head + tail)),
            first_head(&least, &most, |head, tail| mul_down(rest_down, below(head)) >= mul_up(share, above(tail))),
            self.first().evidence(),
        ))
    }

    /// The trivial enclosure [1, min(m, n)] of a rank, for values that overflow.
    fn any_count(&self) -> Enclosure {
        let most = self.len() as f64;
        Enclosure::new(1.0, most, most, self.first().evidence())
    }
}

/// The smallest k for which `enough(heads[0] + … + heads[k − 1], tails[k] + …)` holds; the length when there is none.
///
/// The sums of non-negative numbers are pairs with a relative error of n²u²; `enough` gets the nearest double.
fn first_head(heads: &[f64], tails: &[f64], enough: impl Fn(f64, f64) -> bool) -> f64 {
    let sum = |x: Pair, y: f64| x + Pair::from(y);
    let mut rest = vec![Pair::default(); tails.len() + 1];
    for i in (0..tails.len()).rev() {
        rest[i] = sum(rest[i + 1], tails[i]);
    }
    let mut head = Pair::default();
    for (k, &x) in heads.iter().enumerate() {
        head = sum(head, x);
        if enough(head.high, rest[k + 1].high) {
            return (k + 1) as f64;
        }
    }
    heads.len() as f64
}

/// An upper bound of the sum whose nearest double is `sum`; a sum of zeros is exactly 0.
fn above(sum: f64) -> f64 {
    if sum == 0.0 { 0.0 } else { sum.next_up() }
}

/// A lower bound of the sum whose nearest double is `sum`.
fn below(sum: f64) -> f64 {
    if sum == 0.0 { 0.0 } else { sum.next_down() }
}

fn x_ln_x(x: f64) -> f64 {
    if x <= 0.0 { 0.0 } else { x * x.ln() }
}

/// A lower and an upper bound of −x·ln x over [lower, upper] ⊂ [0, 1]. It increases up to 1/e and then decreases.
fn entropy_term(lower: f64, upper: f64) -> (f64, f64) {
    const PEAK: f64 = 0.367_879_441_171_442_34;
    let ends = |x: f64| {
        if x <= 0.0 || x >= 1.0 {
            return (0.0, 0.0);
        }
        let (low, high) = logarithm_ends(x);
        (mul_down(x, -high).max(0.0), mul_up(x, -low))
    };
    let (at_lower, at_upper) = (ends(lower), ends(upper));
    let holds_peak = lower <= PEAK.next_up() && PEAK.next_down() <= upper;
    let most = if holds_peak { PEAK.next_up() } else { at_lower.1.max(at_upper.1) };
    (at_lower.0.min(at_upper.0), most)
}

impl Gauge {
    /// The gauge of enclosed singular values; where a decomposition with its residual is known, intersected with the
    /// bounds factor·‖s‖ ± ‖E‖ of the triangle inequality.
    pub(crate) fn of_values(self, values: &SingularValues) -> Enclosure {
        let ends = |end: fn(&Enclosure) -> f64| values.iter().map(|x| end(&x)).collect::<Vec<f64>>();
        let evidence = values.iter().fold(Evidence::Rounding, |e, x| e.and(x.evidence()));
        let lower = self.bounds(&ends(Enclosure::lower)).0;
        let upper = self.bounds(&ends(Enclosure::upper)).1;
        let estimate = self.value(values.estimates());
        let by_value = Enclosure::new(lower, estimate, upper, evidence);
        let Some(residual) = values.residual().filter(|_| !self.is_dual) else { return by_value };
        // ‖E‖ ≤ k^(1/p − 1/2)‖E‖_F for p ≤ 2, and ‖E‖ ≤ ‖E‖_F for p ≥ 2.
        let k = self.k.min(values.len()) as f64;
        let share = if self.p == 1.0 {
            sqrt_up(k)
        } else if self.p < 2.0 {
            k
        } else {
            1.0
        };
        let radius = mul_up(share, residual.frobenius);
        let (low, high) = self.bounds(&residual.values);
        let low = add_down(mul_down(low, residual.lower_factor), -radius).max(0.0);
        let high = add_up(mul_up(high, residual.upper_factor), radius);
        let (low, high) = (times_power(low, residual.exponent).0, times_power(high, residual.exponent).1);
        Enclosure::new(by_value.lower().max(low), estimate, by_value.upper().min(high), evidence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[f64]) -> SingularValues {
        let each = values.iter().map(|&x| Enclosure::exact(x)).collect();
        SingularValues::from_enclosures((values.len(), values.len()), each)
    }

    #[test]
    fn equal_values_have_full_effective_rank() {
        let s = of(&[2.0; 8]);
        assert!(s.effective_rank().contains(8.0));
        assert!((s.effective_rank().estimate() - 8.0).abs() < 1e-14);
        assert_eq!(s.energy_rank(0.5).unwrap().estimate(), 4.0);
        assert_eq!(s.energy_rank(1.0).unwrap().upper(), 8.0);
    }

    #[test]
    fn one_direction_has_effective_rank_one() {
        let s = of(&[5.0, 0.0, 0.0]);
        assert!(s.effective_rank().contains(1.0));
        assert_eq!(s.energy_rank(0.99).unwrap(), Enclosure::exact(1.0));
        assert_eq!(s.cond().unwrap().upper(), f64::INFINITY);
    }

    #[test]
    fn zero_and_empty_are_what_they_should_be() {
        let zero = of(&[0.0, 0.0]);
        assert_eq!(zero.effective_rank(), Enclosure::exact(0.0));
        assert_eq!(zero.cond().unwrap(), Enclosure::exact(f64::INFINITY));
        assert_eq!(zero.rank(Tolerance::default()).upper(), 0.0);
        assert!(of(&[]).cond().unwrap_err().is_shape());
    }

    #[test]
    fn a_value_at_the_tolerance_leaves_the_rank_open() {
        let wide = |x: f64| Enclosure::around(x, 0.1, Evidence::Residual);
        let s = SingularValues::from_enclosures((3, 3), vec![wide(1.05), wide(3.0), wide(0.2)]);
        let rank = s.rank(Tolerance::absolute(1.0).unwrap());
        assert_eq!((rank.lower(), rank.estimate(), rank.upper()), (1.0, 2.0, 2.0));
    }
}
