//! `kappa cond`, `kappa distance` and `kappa digits`: how sensitive.

use std::path::PathBuf;

use clap::Args;
use kappa::condition::{DataType, Extended, LeastSquaresCondition, SmallSample, SolveAlgorithm};
use kappa::krylov::OneNorm;
use kappa::serialize::Number;
use kappa::{AnyOperator, Enclosure, Guarantee, Norm};
use kappa_model::{nearest, widened_cond};
use schemars::JsonSchema;
use serde::Serialize;

use crate::answer::{Answer, Ask, Explanation, Files};
use crate::failure::Failure;
use crate::output::Contents;
use crate::output::Kind;
use crate::parse::{read, share};
use crate::session::{About, Input, Rounding, Session};
use crate::text::{DIGITS, line, scientific, short, table};

#[derive(Args, Debug, Serialize)]
pub(crate) struct CondArguments {
    #[command(flatten)]
    #[serde(flatten)]
    input: Input,
    /// Any norm that can be evaluated: spectral (2), frobenius (fro), max-column-sum (1), induced:1,2, schatten:p, …
    #[arg(long, short, value_name = "NORM", default_value = "spectral", value_parser = read::<Norm>)]
    norm: Norm,
    /// Estimate from one LU factorization (max-column-sum or max-row-sum): the lower end is proved.
    #[arg(long, conflicts_with_all = ["certify", "componentwise", "perturbation"])]
    estimate: bool,
    /// For relative errors of each entry: Skeel's and Bauer's numbers, and the best scaling by powers of two.
    #[arg(long, conflicts_with_all = ["certify", "norm"])]
    componentwise: bool,
    /// Whether all matrices are regular whose entries differ by at most this share, such as 0.1%. Exit 0 when proved,
    /// 1 when not.
    #[arg(long, value_name = "SHARE", value_parser = share, conflicts_with_all = ["certify", "norm", "componentwise"])]
    perturbation: Option<f64>,
    /// A right-hand side: the condition of the solution of Ax = b, or of min ‖Ax − b‖.
    #[arg(long, value_name = "FILE")]
    #[arg(conflicts_with_all = ["certify", "norm", "estimate", "componentwise", "perturbation"])]
    rhs: Option<PathBuf>,
    /// Count every rounding error: the bounds hold for certain, also beyond the range of doubles.
    #[arg(long)]
    certify: bool,
}

/// One of the condition numbers of a matrix, or of a solution.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum CondResult {
    Norm(CondInNorm),
    Componentwise(Componentwise),
    Perturbation(Regular),
    Solution(OfSolution),
}

/// ‖A‖·‖A⁺‖ in a norm.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct CondInNorm {
    tensor: String,
    shape: (usize, usize),
    norm: Norm,
    value: Enclosure,
    /// The decimal logarithm, for values beyond all doubles.
    log10: Number,
    algorithm: String,
}

/// Condition numbers for relative errors of each entry.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Componentwise {
    tensor: String,
    shape: (usize, usize),
    skeel: Extended,
    bauer: Extended,
    scaling: Scaling,
}

/// Powers of two for rows and columns, and κ_∞ before and after.
#[derive(Debug, Serialize, JsonSchema)]
struct Scaling {
    rows: Vec<i32>,
    columns: Vec<i32>,
    before: Extended,
    after: Extended,
}

/// Whether all matrices near by are regular.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Regular {
    tensor: String,
    perturbation: Number,
    is_regular: bool,
}

/// The condition of a solution.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct OfSolution {
    tensor: String,
    shape: (usize, usize),
    cond: Number,
    rank: usize,
    residual: Number,
    stretch: Number,
    fitted_by_b: Number,
    solution_by_b: Number,
    fitted_by_a: Number,
    solution_by_a: Number,
    residual_by_both: Number,
    /// Componentwise, for each entry of a real solution of a square system.
    entries: Option<Vec<Number>>,
}

impl Ask for CondArguments {
    type Result = CondResult;
    const ABOUT: &'static str = "The condition number, in any norm, of the matrix or of a solution";
    const EXAMPLES: &'static [&'static str] = &[
        "cond a.npy",
        "cond a.npy --certify --norm max-row-sum",
        "cond a.npy --estimate",
        "cond a.npy --componentwise",
        "cond a.npy --perturbation 0.001%",
        "cond a.npy --rhs rhs.npy",
    ];

    fn files(&self) -> Files<'_> {
        Files::reads(std::iter::once(&self.input.file).chain(&self.rhs))
    }

    fn answer(&self, session: &Session) -> Result<Answer<CondResult>, Failure> {
        let rhs = self.rhs.as_deref().map(|path| session.column(path)).transpose()?;
        let is_of_solution = self.componentwise || self.perturbation.is_some() || rhs.is_some();
        let rounding = if is_of_solution { Rounding::Ignored } else { Rounding::Allowed };
        let model = session.open(&self.input.file)?;
        let tensor = self.input.tensor.as_deref();
        session.with_tensor(&model, tensor, rounding, |about, a| match (self.perturbation, &rhs) {
            _ if self.componentwise => componentwise(about, a).map(|x| x.map(CondResult::Componentwise)),
            (Some(share), _) => regular(about, a, share).map(|x| x.map(CondResult::Perturbation)),
            (_, Some(b)) => of_solution(about, a, b).map(|x| x.map(CondResult::Solution)),
            _ => self.in_norm(about, a).map(|x| x.map(CondResult::Norm)),
        })
    }
}

const INVERSE: &str = "Rump, Acta Numerica 19 (2010) 287–449; Higham, Accuracy and Stability of Numerical \
    Algorithms, 2nd ed., chapter 15";
const ESTIMATOR: &str = "Higham and Tisseur, SIAM J. Matrix Anal. Appl. 21 (2000) 1185–1201";
const VALUES: &str = "Golub and Van Loan, Matrix Computations, 4th ed., sections 2.6 and 8.6";

impl CondArguments {
    fn in_norm(&self, about: &About<'_>, a: &AnyOperator<'_>) -> Result<Answer<CondInNorm>, Failure> {
        // The estimator knows sums of columns and rows; the default norm is not one of them.
        let is_default = self.estimate && self.norm == Norm::spectral();
        let norm = if is_default { Norm::max_column_sum() } else { self.norm };
        let (value, algorithm, reference) = self.value(a, norm).map_err(about.error())?;
        let value = self.for_file(about, a, norm, value).map_err(about.error())?;
        let whole = value.enclosure();
        let (m, n) = a.shape();
        let explanation = Explanation::plan(format!("{algorithm} ({m}×{n})")).bounds(&whole).reference(reference);
        let result = CondInNorm {
            tensor: about.name.to_owned(),
            shape: (m, n),
            norm,
            value: whole,
            log10: value.log10().into(),
            algorithm,
        };
        Ok(Answer::new(result, format!("{}\n", one_sided(&value))).explained(explanation))
    }

    /// The condition number of the matrix of the file, where its entries were rounded: with the exact rests of integers
    /// in many bits, otherwise what the size of the rounding proves.
    fn for_file(&self, about: &About<'_>, a: &AnyOperator<'_>, norm: Norm, value: Extended) -> kappa::Result<Extended> {
        let Some(rounded) = about.rounded else { return Ok(value) };
        let (m, n) = a.shape();
        // The error of decimals is within the model of an estimate.
        let is_wide = rounded.integers > 0 || self.certify || self.estimate;
        if !is_wide || (m != n && norm != Norm::spectral()) {
            return Ok(nearest(value.enclosure()).into());
        }
        if self.certify
            && let Some(rest) = rounded.rest()
            && let Ok(found) = a.cond_with(norm, rest)
        {
            return Ok(found.value);
        }
        let size = a.norm_by(norm, Guarantee::certified_if(self.certify))?;
        Ok(widened_cond(value.enclosure(), size, norm, rounded).into())
    }

    fn value(&self, a: &AnyOperator<'_>, norm: Norm) -> kappa::Result<(Extended, String, &'static str)> {
        if self.estimate {
            let found = a.cond_estimate(norm, &OneNorm::default())?;
            return Ok((found.into(), "LU factorization and the block 1-norm estimator".into(), ESTIMATOR));
        }
        let found = a.cond_by(norm, Guarantee::certified_if(self.certify))?;
        let reference = match () {
            () if self.certify => INVERSE,
            () if found.algorithm.contains("sparse") => ESTIMATOR,
            () if norm.is_unitarily_invariant() => VALUES,
            () => INVERSE,
        };
        Ok((found.value, found.algorithm.into_owned(), reference))
    }
}

/// Where only one end is known, that end.
fn one_sided(value: &Extended) -> String {
    let whole = value.enclosure();
    if whole.upper() == f64::INFINITY && whole.lower().is_finite() && value.mantissa().upper() == f64::INFINITY {
        let estimate = whole.estimate();
        let lower = format!("at least {}", short(whole.lower(), 4));
        return if estimate.is_finite() && estimate > whole.lower() * 1.001 {
            format!("{lower}, about {}", short(estimate, 3))
        } else {
            lower
        };
    }
    value.short(DIGITS)
}

fn componentwise(about: &About<'_>, a: &AnyOperator<'_>) -> Result<Answer<Componentwise>, Failure> {
    let skeel = a.skeel_cond().map_err(about.error())?;
    let bauer = a.bauer_cond().map_err(about.error())?;
    let scaling = a.best_scaling().map_err(about.error())?;
    let row = |title: &str, x: &Extended| line(title, x.short(8));
    let text = table(&[
        row("Skeel's number", &skeel),
        row("Bauer's number", &bauer),
        row("κ_∞", &scaling.before),
        row("κ_∞ after scaling by powers of two", &scaling.after),
    ]);
    let explanation = Explanation::plan("an approximate inverse and its residual, every rounding error counted")
        .line("Skeel", "‖|A⁻¹||A|‖_∞, for relative errors of each entry; it does not depend on the scaling of the rows")
        .line("Bauer", "ρ(|A⁻¹||A|), the least κ_∞ that scaling of rows and columns can reach")
        .line("evidence", skeel.enclosure().evidence().to_string())
        .reference("Skeel, J. ACM 26 (1979) 494–526; Bauer, Numer. Math. 5 (1963) 73–87");
    let result = Componentwise {
        tensor: about.name.to_owned(),
        shape: a.shape(),
        skeel,
        bauer,
        scaling: Scaling { rows: scaling.rows, columns: scaling.columns, before: scaling.before, after: scaling.after },
    };
    Ok(Answer::new(result, text).explained(explanation))
}

fn regular(about: &About<'_>, a: &AnyOperator<'_>, share: f64) -> Result<Answer<Regular>, Failure> {
    let holds = a.is_regular_within(share, 0.0).map_err(about.error())?;
    let size = short(100.0 * share, 4);
    let text = if holds {
        format!("proved: every matrix whose entries differ by at most {size}% is regular\n")
    } else {
        format!("not proved: a matrix whose entries differ by at most {size}% may be singular\n")
    };
    let explanation = Explanation::plan("‖I − RA‖ < 1 with an approximate inverse R, for all matrices that near")
        .line("evidence", "rounding: every rounding error of R·A is counted")
        .reference(INVERSE);
    let result = Regular { tensor: about.name.to_owned(), perturbation: share.into(), is_regular: holds };
    Ok(Answer::new(result, text).explained(explanation).holds(holds))
}

fn of_solution(about: &About<'_>, a: &AnyOperator<'_>, b: &kappa::AnyMatrix) -> Result<Answer<OfSolution>, Failure> {
    let (m, n) = a.shape();
    let found = a.least_squares_cond(b).map_err(about.error())?;
    let is_sampled = m == n && !a.is_complex() && !b.is_complex();
    let small = is_sampled.then(|| a.statistical_cond(b, &SmallSample::default()).ok()).flatten();
    let entries = small.map(|small| small.entries);
    let text = solution_text(&found, entries.as_deref());
    let explanation = Explanation::plan("singular value decomposition and the angle between b and the range of A")
        .line("entries", "derivatives in 3 random directions, for relative errors of each entry")
        .line("evidence", "estimate: first-order condition numbers, as doubles")
        .reference(
            "Trefethen and Bau, Numerical Linear Algebra, theorem 18.1; Kenney and Laub, SIAM J. Sci. \
            Comput. 15 (1994) 36–61",
        );
    let result = OfSolution {
        tensor: about.name.to_owned(),
        shape: (m, n),
        cond: found.cond.into(),
        rank: found.rank,
        residual: found.residual.into(),
        stretch: found.stretch.into(),
        fitted_by_b: found.fitted_by_b.into(),
        solution_by_b: found.solution_by_b.into(),
        fitted_by_a: found.fitted_by_a.into(),
        solution_by_a: found.solution_by_a.into(),
        residual_by_both: found.residual_by_both.into(),
        entries: entries.as_deref().map(Number::list),
    };
    Ok(Answer::new(result, text).explained(explanation))
}

fn solution_text(found: &LeastSquaresCondition, entries: Option<&[f64]>) -> String {
    let mut lines: Vec<Vec<String>> = [
        ("κ of the matrix", found.cond),
        ("numerical rank", found.rank as f64),
        ("‖b − Ax‖/‖b‖", found.residual),
        ("κ of the solution for changes of b", found.solution_by_b),
        ("κ of the solution for changes of A", found.solution_by_a),
        ("κ of the fitted values for changes of A", found.fitted_by_a),
        ("κ of the residual", found.residual_by_both),
    ]
    .into_iter()
    .map(|(title, x)| line(title, short(x, 5)))
    .collect();
    if let Some(entries) = entries {
        let worst = entries.iter().copied().fold(0.0, f64::max);
        lines.push(line("κ of the worst entry of x, componentwise (3 random samples)", short(worst, 5)));
    }
    table(&lines)
}

#[derive(Args, Debug, Serialize)]
pub(crate) struct DistanceArguments {
    #[command(flatten)]
    #[serde(flatten)]
    input: Input,
    /// spectral (2), frobenius (fro), max-column-sum (1) or max-row-sum (inf).
    #[arg(long, short, value_name = "NORM", default_value = "spectral", value_parser = read::<Norm>)]
    norm: Norm,
    /// Write the nearest singular matrix.
    #[arg(long, short, value_name = "FILE.npy")]
    output: Option<PathBuf>,
}

/// The distance to the nearest singular matrix.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct DistanceResult {
    tensor: String,
    shape: (usize, usize),
    norm: Norm,
    value: Enclosure,
    relative: Enclosure,
}

impl Ask for DistanceArguments {
    type Result = DistanceResult;
    const ABOUT: &'static str = "The distance to the nearest singular matrix";
    const EXAMPLES: &'static [&'static str] = &["distance a.npy -o near.npy"];

    fn files(&self) -> Files<'_> {
        Files::reads([&self.input.file]).writes(self.output.as_ref(), Kind::Array)
    }

    fn answer(&self, session: &Session) -> Result<Answer<DistanceResult>, Failure> {
        session.with_matrix(&self.input, |about, a| {
            let found = a.distance_to_singularity(self.norm).map_err(about.error())?;
            let nearest = found.nearest().to_matrix().map_err(about.error())?;
            let (value, relative) = (found.value(), found.relative());
            let (m, n) = a.shape();
            let plan = format!("1/‖A⁻¹‖, attained by a change of rank one (Gastinel and Kahan) ({m}×{n})");
            let explanation = Explanation::plan(plan).bounds(&value).reference(
                "Kahan, Canad. Math. Bull. 9 (1966) 757–801; Higham, Accuracy and Stability, 2nd ed., theorem 6.5",
            );
            let result =
                DistanceResult { tensor: about.name.to_owned(), shape: (m, n), norm: self.norm, value, relative };
            Ok(Answer::new(result, format!("{}\n", value.short(DIGITS)))
                .note(format!("relative to the norm of the matrix: {}", relative.short(6)))
                .file(self.output.as_ref(), || Contents::array(&nearest))
                .explained(explanation))
        })
    }
}

#[derive(Args, Debug, Serialize)]
pub(crate) struct DigitsArguments {
    #[command(flatten)]
    #[serde(flatten)]
    input: Input,
    /// Precision of the data: bf16, f16, f32, f64, c64, c128, or a relative error such as 1e-3 or 0.1%; the type in
    /// the file by default.
    #[arg(long, value_name = "DATA")]
    data: Option<String>,
    /// lu, cholesky, qr, normal-equations, or exact.
    #[arg(long, value_name = "NAME", default_value = "lu")]
    algorithm: String,
    /// Count every rounding error of the condition number.
    #[arg(long)]
    certify: bool,
}

/// How many digits of a solution survive.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct DigitsResult {
    tensor: String,
    shape: (usize, usize),
    cond: Enclosure,
    held: Number,
    lost: Number,
    certain: Number,
    error: Number,
    sentence: String,
}

impl Ask for DigitsArguments {
    type Result = DigitsResult;
    const ABOUT: &'static str = "How many digits of a solution survive, in a sentence";
    const EXAMPLES: &'static [&'static str] = &["digits a.npy --data bf16"];

    fn files(&self) -> Files<'_> {
        Files::reads([&self.input.file])
    }

    fn answer(&self, session: &Session) -> Result<Answer<DigitsResult>, Failure> {
        let algorithm: SolveAlgorithm = self.algorithm.parse()?;
        let model = session.open(&self.input.file)?;
        session.with_tensor(&model, self.input.tensor.as_deref(), Rounding::Ignored, |about, a| {
            let dtype = model.info(about.name).map(|t| t.dtype.name());
            let data: DataType = match &self.data {
                Some(text) => text.parse()?,
                // Integers are exact; what is left is the format of the computation.
                None => dtype.and_then(|name| name.parse().ok()).unwrap_or(DataType::Format(kappa::arithmetic::F64)),
            };
            let cond = a.cond_by(Norm::spectral(), Guarantee::certified_if(self.certify)).map_err(about.error())?;
            Ok(digits(about, a.shape(), cond.value.enclosure(), data, algorithm))
        })
    }
}

fn digits(
    about: &About<'_>,
    (m, n): (usize, usize),
    cond: Enclosure,
    data: DataType,
    algorithm: SolveAlgorithm,
) -> Answer<DigitsResult> {
    let found = kappa::digits(cond, m.max(n), data, algorithm);
    let explanation = Explanation::plan(format!(
        "‖Δx‖/‖x‖ ≤ κε/(1 − κε) = {} with ε of the data (twice, for A and b) and of the algorithm ({algorithm})",
        scientific(found.error, 2)
    ))
    .bounds(&cond)
    .reference("Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., sections 7.1, 9.4, 20.4");
    let result = DigitsResult {
        tensor: about.name.to_owned(),
        shape: (m, n),
        cond,
        held: found.held.into(),
        lost: found.lost.into(),
        certain: found.certain.into(),
        error: found.error.into(),
        sentence: found.to_string(),
    };
    Answer::new(result, format!("{found}\n")).explained(explanation)
}
