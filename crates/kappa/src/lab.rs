//! A stability lab: algorithms run on problems of increasing condition, their errors measured against double-double
//! arithmetic, and a verdict on their stability.
//!
//! ```
//! use kappa::lab::{Experiment, Verdict, run};
//!
//! assert_eq!(run(Experiment::HouseholderQr)?.verdict, Verdict::BackwardStable);
//! assert_eq!(run(Experiment::TextbookVariance)?.verdict, Verdict::Unstable);
//! # Ok::<(), kappa::Error>(())
//! ```

use std::fmt;
use std::str::FromStr;

use kappa_dense::pair::Pair;
use kappa_dense::{Matrix, Shape};

use crate::arithmetic::{QuadraticRoots, mean_and_variance, quadratic_roots};
use crate::error::{Error, Result};
use crate::random::Draws;

/// An algorithm under test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Experiment {
    /// Least squares by AᵀAx = Aᵀb.
    NormalEquations,
    /// Orthogonalization by classical Gram–Schmidt: each column against the given ones, all at once.
    ClassicalGramSchmidt,
    /// Orthogonalization by modified Gram–Schmidt: one column after another.
    ModifiedGramSchmidt,
    /// Orthogonalization by Householder reflections.
    HouseholderQr,
    /// Elimination without pivoting.
    LuWithoutPivoting,
    /// Elimination with partial pivoting.
    LuWithPivoting,
    /// Σx² − n·mean², the textbook formula of the variance.
    TextbookVariance,
    /// The variance in two passes.
    TwoPassVariance,
    /// (−b ± √(b² − 4ac))/2a, the textbook formula.
    TextbookQuadratic,
    /// −½(b + sign(b)√…) and c divided by it.
    StableQuadratic,
}

impl Experiment {
    /// All experiments.
    pub const ALL: [Self; 10] = [
        Self::NormalEquations,
        Self::ClassicalGramSchmidt,
        Self::ModifiedGramSchmidt,
        Self::HouseholderQr,
        Self::LuWithoutPivoting,
        Self::LuWithPivoting,
        Self::TextbookVariance,
        Self::TwoPassVariance,
        Self::TextbookQuadratic,
        Self::StableQuadratic,
    ];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::NormalEquations => "normal-equations",
            Self::ClassicalGramSchmidt => "classical-gram-schmidt",
            Self::ModifiedGramSchmidt => "modified-gram-schmidt",
            Self::HouseholderQr => "householder-qr",
            Self::LuWithoutPivoting => "lu-without-pivoting",
            Self::LuWithPivoting => "lu-with-pivoting",
            Self::TextbookVariance => "textbook-variance",
            Self::TwoPassVariance => "two-pass-variance",
            Self::TextbookQuadratic => "textbook-quadratic",
            Self::StableQuadratic => "stable-quadratic",
        }
    }

    /// The definition of its backward error.
    pub fn measure(self) -> &'static str {
        match self {
            Self::NormalEquations => "Aᵀ(b − Ax) over ‖A‖(‖A‖‖x‖ + ‖b‖)",
            Self::ClassicalGramSchmidt | Self::ModifiedGramSchmidt | Self::HouseholderQr => {
                "the larger of ‖A − QR‖/‖A‖ and ‖QᵀQ − I‖"
            }
            Self::LuWithoutPivoting | Self::LuWithPivoting => "‖b − Ax‖/(‖A‖‖x‖ + ‖b‖)",
            _ => "the least relative change of the data that explains the answer",
        }
    }
}

impl fmt::Display for Experiment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Experiment {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let name = text.trim().to_lowercase().replace('_', "-");
        Self::ALL.into_iter().find(|e| e.name() == name).ok_or_else(|| {
            let known: Vec<&str> = Self::ALL.iter().map(|e| e.name()).collect();
            Error::syntax(format!("unknown experiment `{}`", text.trim()))
                .with_hint(format!("known: {}", known.join(", ")))
        })
    }
}

/// The stability that the measured errors show.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    /// Every answer is the exact one for data changed by a few units roundoff.
    BackwardStable,
    /// Not backward stable, but the errors are no larger than such a change would cause.
    Mixed,
    /// Errors larger than such a change would cause.
    Unstable,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::BackwardStable => "backward stable",
            Self::Mixed => "mixed stable",
            Self::Unstable => "unstable",
        })
    }
}

/// One run: the condition of the problem, and the errors.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trial {
    /// The condition of the problem for these data.
    pub cond: f64,
    /// The backward error.
    pub backward: f64,
    /// The relative error of the answer, against double-double arithmetic.
    pub forward: f64,
}

/// The runs of an experiment, and the verdict.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The experiment.
    pub experiment: Experiment,
    /// In order of increasing condition.
    pub trials: Vec<Trial>,
    /// The verdict.
    pub verdict: Verdict,
}

/// A few units roundoff for problems of this size.
const FEW: f64 = 1e3 * f64::EPSILON;

/// Runs an experiment on 8 problems whose condition grows from about 10 to 1e14. Deterministic.
///
/// The errors are relative, measured against double-double arithmetic.
///
/// # Errors
///
/// When a decomposition of faer does not converge.
///
/// # Examples
///
/// ```
/// # use kappa::lab::{Experiment, Verdict, run};
/// let outcome = run(Experiment::HouseholderQr)?;
/// assert_eq!((outcome.trials.len(), outcome.verdict), (8, Verdict::BackwardStable));
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn run(experiment: Experiment) -> Result<Outcome> {
    let trials: Vec<Trial> = (0..8)
        .map(|k| 10f64.powi(2 * k))
        .map(|hardness| match experiment {
            Experiment::NormalEquations => normal_equations(hardness),
            Experiment::ClassicalGramSchmidt | Experiment::ModifiedGramSchmidt | Experiment::HouseholderQr => {
                orthogonalization(experiment, hardness)
            }
            Experiment::LuWithoutPivoting | Experiment::LuWithPivoting => {
                elimination(experiment == Experiment::LuWithPivoting, hardness)
            }
            Experiment::TextbookVariance | Experiment::TwoPassVariance => {
                variance(experiment == Experiment::TextbookVariance, hardness)
            }
            Experiment::TextbookQuadratic | Experiment::StableQuadratic => {
                quadratic(experiment == Experiment::TextbookQuadratic, hardness)
            }
        })
        .collect::<Result<_>>()?;
    let is_backward = trials.iter().all(|t| t.backward <= FEW);
    let is_forward = trials.iter().all(|t| t.forward <= FEW * t.cond || t.forward <= FEW);
    let verdict = match (is_backward, is_forward) {
        (true, _) => Verdict::BackwardStable,
        (false, true) => Verdict::Mixed,
        (false, false) => Verdict::Unstable,
    };
    Ok(Outcome { experiment, trials, verdict })
}

const ROWS: usize = 12;
const COLUMNS: usize = 6;

/// A matrix with singular values from 1 to 1/κ, evenly graded: orthogonal factors of random ones.
fn graded(m: usize, n: usize, cond: f64, seed: u64) -> Result<Matrix<f64>> {
    let mut draws = Draws(seed);
    let mut random = |m: usize, n: usize| Matrix::from_fn(m, n, |_, _| draws.normal());
    let (u, v) = (random(m, n), random(n, n));
    let (u, v) = (kappa_dense::qr(u.as_ref(), Shape::Thin)?.q, kappa_dense::qr(v.as_ref(), Shape::Thin)?.q);
    let s = |k: usize| cond.powf(-(k as f64) / (n - 1).max(1) as f64);
    Ok(Matrix::from_fn(m, n, |i, j| (0..n).map(|k| u[(i, k)] * s(k) * v[(j, k)]).sum()))
}

fn length(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum::<f64>().sqrt()
}

/// Solves a square system in double-double by elimination with partial pivoting.
fn solve_in_pairs(a: &Matrix<f64>, b: &[Pair]) -> Vec<Pair> {
    let n = a.rows();
    let mut a: Vec<Vec<Pair>> = (0..n).map(|i| (0..n).map(|j| Pair::from(a[(i, j)])).collect()).collect();
    let mut b = b.to_vec();
    solve_pairs(&mut a, &mut b)
}

fn solve_pairs(a: &mut [Vec<Pair>], b: &mut [Pair]) -> Vec<Pair> {
    let n = b.len();
    for j in 0..n {
        let pivot = (j..n).max_by(|&i, &k| a[i][j].high.abs().total_cmp(&a[k][j].high.abs())).unwrap_or(j);
        a.swap(j, pivot);
        b.swap(j, pivot);
        for i in j + 1..n {
            let f = a[i][j] / a[j][j];
            let (above, below) = a.split_at_mut(i);
            below[0].iter_mut().zip(&above[j]).skip(j).for_each(|(x, &y)| *x = *x - f * y);
            b[i] = b[i] - f * b[j];
        }
    }
    for i in (0..n).rev() {
        for k in i + 1..n {
            b[i] = b[i] - a[i][k] * b[k];
        }
        b[i] = b[i] / a[i][i];
    }
    b.to_vec()
}

fn error_of(x: &[f64], truth: &[Pair]) -> f64 {
    let difference: Vec<f64> = x.iter().zip(truth).map(|(&x, &t)| (Pair::from(x) - t).high).collect();
    length(&difference) / length(&truth.iter().map(|t| t.high).collect::<Vec<f64>>())
}

fn normal_equations(cond: f64) -> Result<Trial> {
    let a = graded(ROWS, COLUMNS, cond, 3)?;
    let b: Vec<f64> = (0..ROWS).map(|i| ((i * 5 + 2) % 7) as f64 - 3.0).collect();
    let gram = |i: usize, j: usize| (0..ROWS).map(|k| a[(k, i)] * a[(k, j)]).sum::<f64>();
    let mut l = Matrix::from_fn(COLUMNS, COLUMNS, gram);
    let right: Vec<f64> = (0..COLUMNS).map(|i| (0..ROWS).map(|k| a[(k, i)] * b[k]).sum()).collect();
    // A Gram matrix that is numerically indefinite is solved by LU, as a user of the normal equations would do.
    let x = if kappa_dense::cholesky(&mut l.clone()) {
        kappa_dense::cholesky(&mut l);
        back(&l, &right)
    } else {
        kappa_dense::lu(Matrix::from_fn(COLUMNS, COLUMNS, gram).as_ref())?
            .solve(&Matrix::from_fn(COLUMNS, 1, |i, _| right[i]))
            .into_vec()
    };
    // In double-double the same equations have an error of κ²·2⁻¹⁰⁴, negligible for κ up to 1e14.
    let sum = |terms: &mut dyn Iterator<Item = Pair>| terms.fold(Pair::default(), |s, x| s + x);
    let pair = |i: usize, j: usize| Pair::from(a[(i, j)]);
    let mut exact: Vec<Vec<Pair>> = (0..COLUMNS)
        .map(|i| (0..COLUMNS).map(|j| sum(&mut (0..ROWS).map(|k| pair(k, i) * pair(k, j)))).collect())
        .collect();
    let mut rhs: Vec<Pair> = (0..COLUMNS).map(|i| sum(&mut (0..ROWS).map(|k| pair(k, i) * Pair::from(b[k])))).collect();
    let truth = solve_pairs(&mut exact, &mut rhs);
    let residual: Vec<f64> = (0..ROWS)
        .map(|i| (Pair::from(b[i]) - sum(&mut (0..COLUMNS).map(|j| pair(i, j) * Pair::from(x[j])))).high)
        .collect();
    let backward = least_squares_backward(&a, &x, &residual)?;
    // κ of the least squares problem, for a residual that is not small: κ².
    Ok(Trial {
        cond: cond + cond * cond * length(&residual) / length(&x).max(f64::MIN_POSITIVE),
        backward,
        forward: error_of(&x, &truth),
    })
}

/// Karlson and Waldén's estimate ‖(AᵀA + η²I)^(−1/2)Aᵀr‖/‖x‖ of the backward error of a least squares solution.
fn least_squares_backward(a: &Matrix<f64>, x: &[f64], r: &[f64]) -> Result<f64> {
    let f = kappa_dense::svd(a.as_ref(), Shape::Thin)?;
    let eta = length(r) / length(x);
    let terms: Vec<f64> = f
        .values
        .values
        .iter()
        .enumerate()
        .map(|(k, &s)| {
            let along: f64 = f.vectors.u.column(k).iter().zip(r).map(|(u, r)| u * r).sum();
            s * along / (s * s + eta * eta).sqrt()
        })
        .collect();
    Ok(length(&terms) / length(x) / f.values.values[0])
}

fn back(l: &Matrix<f64>, b: &[f64]) -> Vec<f64> {
    let n = b.len();
    let mut x = b.to_vec();
    for i in 0..n {
        let sum: f64 = (0..i).map(|j| l[(i, j)] * x[j]).sum();
        x[i] = (x[i] - sum) / l[(i, i)];
    }
    for i in (0..n).rev() {
        let sum: f64 = (i + 1..n).map(|j| l[(j, i)] * x[j]).sum();
        x[i] = (x[i] - sum) / l[(i, i)];
    }
    x
}

fn orthogonalization(experiment: Experiment, cond: f64) -> Result<Trial> {
    let a = graded(ROWS, COLUMNS, cond, 5)?;
    let (q, r) = match experiment {
        Experiment::HouseholderQr => {
            let f = kappa_dense::qr(a.as_ref(), Shape::Thin)?;
            (f.q, f.r)
        }
        _ => gram_schmidt(&a, experiment == Experiment::ModifiedGramSchmidt),
    };
    let size = length(a.as_slice());
    let rest = Matrix::from_fn(ROWS, COLUMNS, |i, j| {
        let sum = (0..COLUMNS).fold(Pair::from(a[(i, j)]), |s, k| s - Pair::from(q[(i, k)]) * Pair::from(r[(k, j)]));
        sum.high
    });
    let defect = Matrix::from_fn(COLUMNS, COLUMNS, |i, j| {
        let sum =
            (0..ROWS).fold(Pair::from(-f64::from(i == j)), |s, k| s + Pair::from(q[(k, i)]) * Pair::from(q[(k, j)]));
        sum.high
    });
    let (residual, defect) = (length(rest.as_slice()) / size, length(defect.as_slice()));
    Ok(Trial { cond, backward: residual.max(defect), forward: defect })
}

fn gram_schmidt(a: &Matrix<f64>, is_modified: bool) -> (Matrix<f64>, Matrix<f64>) {
    let (m, n) = (a.rows(), a.columns());
    let (mut q, mut r) = (a.clone(), Matrix::zeros(n, n));
    for j in 0..n {
        let given = a.column(j).to_vec();
        for k in 0..j {
            let from = if is_modified { q.column(j).to_vec() } else { given.clone() };
            r[(k, j)] = q.column(k).iter().zip(&from).map(|(q, x)| q * x).sum();
            for i in 0..m {
                q[(i, j)] -= r[(k, j)] * q[(i, k)];
            }
        }
        r[(j, j)] = length(q.column(j));
        let size = r[(j, j)];
        q.column_mut(j).iter_mut().for_each(|x| *x /= size);
    }
    (q, r)
}

/// A well-conditioned matrix whose first pivot is 1/hardness.
fn elimination(is_pivoted: bool, hardness: f64) -> Result<Trial> {
    let n = COLUMNS;
    let mut a = graded(n, n, 10.0, 7)?;
    a[(0, 0)] = 0.1 / hardness;
    let b: Vec<f64> = (0..n).map(|i| ((i * 3 + 1) % 5) as f64 - 2.0).collect();
    let x = if is_pivoted {
        kappa_dense::lu(a.as_ref())?.solve(&Matrix::from_fn(n, 1, |i, _| b[i])).into_vec()
    } else {
        without_pivots(&a, &b)
    };
    let truth = solve_in_pairs(&a, &b.iter().map(|&b| Pair::from(b)).collect::<Vec<Pair>>());
    let residual: Vec<f64> = (0..n)
        .map(|i| (0..n).fold(Pair::from(b[i]), |s, j| s - Pair::from(a[(i, j)]) * Pair::from(x[j])).high)
        .collect();
    let values = kappa_dense::singular_values(a.as_ref())?.values;
    let backward = length(&residual) / (values[0] * length(&x) + length(&b));
    Ok(Trial { cond: values[0] / values[n - 1], backward, forward: error_of(&x, &truth) })
}

fn without_pivots(a: &Matrix<f64>, b: &[f64]) -> Vec<f64> {
    let n = b.len();
    let (mut a, mut x) = (a.clone(), b.to_vec());
    for j in 0..n {
        for i in j + 1..n {
            let f = a[(i, j)] / a[(j, j)];
            for k in j..n {
                a[(i, k)] -= f * a[(j, k)];
            }
            x[i] -= f * x[j];
        }
    }
    for i in (0..n).rev() {
        let sum: f64 = (i + 1..n).map(|k| a[(i, k)] * x[k]).sum();
        x[i] = (x[i] - sum) / a[(i, i)];
    }
    x
}

/// Data whose mean is `hardness` times their spread: the condition of the variance.
fn variance(is_textbook: bool, hardness: f64) -> Result<Trial> {
    let x: Vec<f64> = [4.0, 7.0, 13.0, 16.0, 10.0, 9.0].iter().map(|d| 5.0 * hardness + d).collect();
    let n = x.len() as f64;
    let exact = mean_and_variance(&x)?;
    let truth = exact.variance.estimate();
    let found = if is_textbook {
        let (sum, squares) = (x.iter().sum::<f64>(), x.iter().map(|x| x * x).sum::<f64>());
        (squares - sum * sum / n) / (n - 1.0)
    } else {
        let mean = x.iter().sum::<f64>() / n;
        x.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - 1.0)
    };
    let forward = (found - truth).abs() / truth;
    // κ = 2·‖x‖/√((n − 1)·variance) for relative changes of x.
    let cond = 2.0 * length(&x) / ((n - 1.0) * truth).sqrt();
    Ok(Trial { cond, backward: forward / cond, forward })
}

/// x² − (r + 1/r)x + 1 with roots r and 1/r: both are well conditioned.
fn quadratic(is_textbook: bool, hardness: f64) -> Result<Trial> {
    let b = -(3.0 * hardness + 1.0 / (3.0 * hardness));
    let exact = match quadratic_roots(1.0, b, 1.0)? {
        QuadraticRoots::Real(x, _) => x.estimate(),
        other => return Err(Error::unsupported(format!("the roots of the experiment are real, not {other:?}"))),
    };
    let root = (b * b - 4.0).sqrt();
    let found = if is_textbook { (-b - root) / 2.0 } else { 1.0 / (0.5 * (-b + root)) };
    let forward = (found - exact).abs() / exact;
    // |b| over √(b² − 4), and the same for c: about 1 each.
    let cond = (b.abs() * exact + 1.0) / (exact * root);
    Ok(Trial { cond, backward: forward / cond, forward })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_algorithm_is_what_the_books_say() {
        use Verdict::{BackwardStable, Unstable};
        for (experiment, verdict) in [
            (Experiment::NormalEquations, Unstable),
            (Experiment::ClassicalGramSchmidt, Unstable),
            (Experiment::HouseholderQr, BackwardStable),
            (Experiment::LuWithoutPivoting, Unstable),
            (Experiment::LuWithPivoting, BackwardStable),
            (Experiment::TextbookVariance, Unstable),
            (Experiment::TwoPassVariance, BackwardStable),
            (Experiment::TextbookQuadratic, Unstable),
            (Experiment::StableQuadratic, BackwardStable),
        ] {
            let found = run(experiment).unwrap();
            assert_eq!(found.verdict, verdict, "{experiment}: {:#?}", found.trials);
        }
        // Modified Gram–Schmidt loses orthogonality like κu: no more than a change of the data explains, but Q is not
        // backward stable.
        assert_eq!(run(Experiment::ModifiedGramSchmidt).unwrap().verdict, Verdict::Mixed);
        for experiment in Experiment::ALL {
            assert_eq!(experiment.name().parse::<Experiment>().unwrap(), experiment);
        }
        assert!("bogo".parse::<Experiment>().unwrap_err().hint().is_some());
    }
}
