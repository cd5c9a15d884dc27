//! `kappa density`.

use std::path::PathBuf;

use clap::Args;
use kappa::ask::{LanczosDensity, StochasticLanczos};
use kappa::serialize::Number;
use kappa::values::{Bins, Clauset, Steps, Tail};
use kappa::{Enclosure, Guarantee, SingularValues};
use kappa_report::{
    BulkResult, HistogramResult, Named, TailResult, aligned, bulk_rows, draw_density, ends, histogram_rows, tail_rows,
};
use schemars::JsonSchema;
use serde::Serialize;

use crate::answer::{Answer, Ask, Explanation, Files};
use crate::failure::Failure;
use crate::output::Contents;
use crate::output::Kind;
use crate::parse::number;
use crate::session::{About, Input, Session};
use crate::text::{line, scientific, table, titles};

#[derive(Args, Debug, Serialize)]
pub(crate) struct DensityArguments {
    #[command(flatten)]
    #[serde(flatten)]
    input: Input,
    /// Number of intervals of the histogram; chosen from the values by default.
    #[arg(long, value_name = "N")]
    bins: Option<usize>,
    /// Intervals with equal ratios of their ends instead of equal widths.
    #[arg(long)]
    logarithmic: bool,
    /// The smallest eigenvalue of the tail, instead of the best one.
    #[arg(long, value_name = "X", conflicts_with = "lanczos", value_parser = number)]
    x_min: Option<f64>,
    /// Minimum number of values in a tail.
    #[arg(long, value_name = "N", default_value_t = 2, conflicts_with = "lanczos")]
    min_count: usize,
    /// Compute the Kolmogorov–Smirnov distance at the lower ends of steps only, as WeightWatcher and powerlaw do.
    #[arg(long, conflicts_with = "lanczos")]
    lower_steps: bool,
    /// Test the power law with N bootstrap replicates: a p-value below 0.1 refutes it.
    #[arg(long, value_name = "N", conflicts_with = "lanczos")]
    replicates: Option<usize>,
    /// From products with random vectors, for large matrices: a smoothed density and Schatten norms.
    #[arg(long, conflicts_with_all = ["certify", "picture"])]
    lanczos: bool,
    /// Number of random vectors for --lanczos.
    #[arg(long, value_name = "N", default_value_t = 20, requires = "lanczos")]
    probes: usize,
    /// Steps from each random vector for --lanczos.
    #[arg(long, value_name = "N", default_value_t = 40, requires = "lanczos")]
    steps: usize,
    /// Random seed, for --replicates and --lanczos.
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Draw the density with the fitted noise, as .svg or .png.
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,
    /// Count every rounding error of the singular values.
    #[arg(long)]
    certify: bool,
}

/// The distribution of the eigenvalues of AᵀA.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum DensityResult {
    Values(Box<OfValues>),
    Lanczos(OfProducts),
}

/// From all singular values.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct OfValues {
    tensor: String,
    shape: (usize, usize),
    histogram: HistogramResult,
    tail: Option<TailResult>,
    p_value: Option<f64>,
    bulk: Option<BulkResult>,
}

/// From products with random vectors.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct OfProducts {
    tensor: String,
    norms: Named<Enclosure>,
    /// Pairs of an eigenvalue and the density there.
    density: Vec<(Number, Number)>,
    products: usize,
}

impl Ask for DensityArguments {
    type Result = DensityResult;
    const ABOUT: &'static str = "Distribution of the eigenvalues of AᵀA: histogram, noise, power-law tail";
    const EXAMPLES: &'static [&'static str] = &["density a.npy", "density a.npy --lanczos --probes 3 --steps 4"];

    fn files(&self) -> Files<'_> {
        Files::reads([&self.input.file]).writes(self.picture.as_ref(), Kind::Picture)
    }

    fn answer(&self, session: &Session) -> Result<Answer<DensityResult>, Failure> {
        session.with_matrix(&self.input, |about, a| {
            if self.lanczos {
                let how = self.stochastic();
                let found = a.lanczos_density(&how).map_err(about.error())?;
                return Ok(by_lanczos(about, &how, &found)?.map(DensityResult::Lanczos));
            }
            let values = a.singular_values_by(Guarantee::certified_if(self.certify));
            let answer = self.exactly(about, &values.map_err(about.error())?)?;
            Ok(answer.map(|x| DensityResult::Values(Box::new(x))))
        })
    }
}

impl DensityArguments {
    fn stochastic(&self) -> StochasticLanczos {
        StochasticLanczos { probes: self.probes, steps: self.steps, seed: self.seed, ..StochasticLanczos::default() }
    }

    fn bins(&self) -> Bins {
        match (self.bins, self.logarithmic) {
            (None, false) => Bins::Automatic,
            (Some(count), false) => Bins::Count(count),
            (count, true) => Bins::Logarithmic(count.unwrap_or(20)),
        }
    }

    /// A tail that was asked for and is not there is an error; one that was not is not mentioned.
    fn tail(&self, values: &SingularValues) -> kappa::Result<Option<Tail>> {
        let steps = if self.lower_steps { Steps::Lower } else { Steps::Both };
        let tail = values.tail(&Clauset { least: self.min_count, steps, x_min: self.x_min });
        if self.x_min.is_some() || self.replicates.is_some() { tail.map(Some) } else { Ok(tail.ok()) }
    }

    fn exactly(&self, about: &About<'_>, values: &SingularValues) -> Result<Answer<OfValues>, Failure> {
        let histogram = values.density(&self.bins()).map_err(about.error())?;
        let tail = self.tail(values).map_err(about.error())?;
        let p_value = match (&tail, self.replicates) {
            (Some(tail), Some(count)) => Some(tail.p_value(count, self.seed).map_err(about.error())?),
            _ => None,
        };
        let bulk = values.bulk();
        let mut rows = vec![titles(["from", "to", "eigenvalues"])];
        rows.extend(histogram_rows(&histogram));
        let mut text = aligned(&rows, &[true, true, true, false]);
        text += &tail_text(tail.as_ref(), p_value);
        text += &match &bulk {
            Ok(bulk) => format!("\n{}", table(&bulk_rows(bulk))),
            Err(error) => format!("\nno noise fitted: {error}\n"),
        };
        let result = OfValues {
            tensor: about.name.to_owned(),
            shape: values.shape(),
            histogram: HistogramResult::from(&histogram),
            tail: tail.as_ref().map(TailResult::from),
            p_value,
            bulk: bulk.as_ref().ok().map(BulkResult::from),
        };
        let drawn = |path: &PathBuf| {
            let picture = draw_density(about.name, &histogram, bulk.as_ref().ok(), tail.as_ref());
            Contents::picture(path, &picture)
        };
        let mut answer = Answer::new(result, text).explained(explanation(values));
        answer.files.extend(self.picture.as_ref().map(|path| (path.clone(), drawn(path))));
        Ok(answer)
    }
}

fn explanation(values: &SingularValues) -> Explanation {
    Explanation::plan(format!("eigenvalues λ = σ² of the smaller Gram product, from {}", values.algorithm()))
        .line("evidence", values.first().evidence().to_string())
        .line(
            "tail",
            "x_min minimises the Kolmogorov–Smirnov distance; likelihood ratios by the tests of Vuong \
            and of Wilks",
        )
        .line(
            "noise",
            "Marchenko and Pastur's law through the median of the values below the 99 % point of \
            Tracy and Widom",
        )
        .reference(
            "Clauset, Shalizi and Newman, SIAM Rev. 51 (2009) 661–703; Marchenko and Pastur, Math. USSR Sbornik \
                1 (1967) 457–483; \
             Johnstone, Ann. Statist. 29 (2001) 295–327",
        )
}

fn tail_text(tail: Option<&Tail>, p_value: Option<f64>) -> String {
    let Some(tail) = tail else { return "\nno tail: fewer than two different eigenvalues above zero\n".into() };
    let mut rows = tail_rows(tail);
    if let Some(p) = p_value {
        let word = if p < 0.1 { "refuted" } else { "not refuted" };
        rows.push(line("  p-value", format!("{p}: the power law is {word}")));
    }
    format!("\n{}", table(&rows))
}

/// Points of a smoothed density that are printed.
const POINTS: usize = 40;

fn by_lanczos(
    about: &About<'_>,
    how: &StochasticLanczos,
    density: &LanczosDensity,
) -> Result<Answer<OfProducts>, Failure> {
    let norms = [("nuclear", 1.0), ("frobenius", 2.0), ("schatten:4", 4.0)];
    let norms = norms.map(|(norm, p)| density.schatten(p).map(|x| (norm.to_owned(), x)));
    let norms = norms.into_iter().collect::<Result<Vec<_>, _>>().map_err(about.error())?;
    let largest = density.nodes().map(|(s, _)| s * s).fold(0.0, f64::max);
    let width = largest / POINTS as f64;
    let at = |k: usize| largest * (k as f64 + 0.5) / POINTS as f64;
    let curve: Vec<(f64, f64)> = (0..POINTS).map(|k| (at(k), density.density(at(k), width))).collect();
    let highest = curve.iter().map(|c| c.1).fold(0.0, f64::max);
    let bar = |y: f64| "█".repeat((40.0 * y / highest.max(f64::MIN_POSITIVE)).round() as usize);
    let mut rows = vec![titles(["eigenvalue", "density"])];
    rows.extend(curve.iter().map(|&(x, y)| vec![scientific(x, 4), scientific(y, 4), bar(y)]));
    let ends_of = |x: &Enclosure| format!("{} … {}", scientific(x.lower(), 5), scientific(x.upper(), 5));
    let sizes: Vec<Vec<String>> = norms.iter().map(|(norm, x)| line(norm, ends_of(x))).collect();
    let text = format!("{}\n{}", aligned(&rows, &[true, true, false]), table(&sizes));
    let plan = format!(
        "Golub–Kahan bidiagonalization from {} random vectors, {} steps each: {} products",
        how.probes,
        how.steps,
        density.products()
    );
    let mut explanation = Explanation::plan(plan)
        .line(
            "norms",
            "between the quadratures of Gauss and of Radau, and within the bound of Laurent and \
            Massart for random vectors",
        )
        .line("density", "smoothed; no bound is known");
    if let Some((_, x)) = norms.first() {
        explanation = explanation.line("nuclear norm", ends(x)).line("evidence", x.evidence().to_string());
    }
    let explanation = explanation.reference("Ubaru, Chen and Saad, SIAM J. Matrix Anal. Appl. 38 (2017) 1075–1099");
    let result = OfProducts {
        tensor: about.name.to_owned(),
        norms: Named(norms),
        density: curve.iter().map(|&(x, y)| (x.into(), y.into())).collect(),
        products: density.products(),
    };
    Ok(Answer::new(result, text).explained(explanation))
}
