//! `kappa density`.

use std::path::PathBuf;

use clap::Args;
use kappa::{Bins, Clauset, LanczosDensity, SingularValues, Steps, StochasticLanczos, Tail};
use kappa_report::{
    aligned, bulk_json, bulk_rows, draw_density, enclosure_json, histogram_json, histogram_rows, number_json,
    tail_json, tail_rows,
};
use serde_json::json;

use crate::failure::Failure;
use crate::input::Input;
use crate::one::{about, inputs, opened, with_matrix, with_matrix_of};
use crate::output;
use crate::regress::drawn;

#[derive(Args, Debug)]
pub(crate) struct DensityArguments {
    #[command(flatten)]
    pub(crate) input: Input,
    /// Intervals of the histogram; chosen by the spread of the values by default.
    #[arg(long, value_name = "N")]
    pub(crate) bins: Option<usize>,
    /// Intervals of one ratio instead of one width.
    #[arg(long)]
    pub(crate) logarithmic: bool,
    /// Where the tail begins, instead of the best place.
    #[arg(long, value_name = "X", conflicts_with = "lanczos")]
    pub(crate) x_min: Option<f64>,
    /// The fewest values in a tail.
    #[arg(long, value_name = "N", default_value_t = 2, conflicts_with = "lanczos")]
    pub(crate) least: usize,
    /// Look only at the lower ends of steps, as the program of Clauset, Shalizi and Newman does, and WeightWatcher.
    #[arg(long, conflicts_with = "lanczos")]
    pub(crate) lower_steps: bool,
    /// Say how often a power law would lie as far from so many replicates drawn from it: below 0.1 it is not believable.
    #[arg(long, value_name = "N", conflicts_with = "lanczos")]
    pub(crate) replicates: Option<usize>,
    /// From products with random vectors, for matrices whose singular values would take too long: a smoothed density and Schatten norms.
    #[arg(long, conflicts_with_all = ["certify", "picture"])]
    pub(crate) lanczos: bool,
    /// Random vectors for --lanczos.
    #[arg(long, value_name = "N", default_value_t = 20, requires = "lanczos")]
    pub(crate) probes: usize,
    /// Steps from each random vector for --lanczos.
    #[arg(long, value_name = "N", default_value_t = 40, requires = "lanczos")]
    pub(crate) steps: usize,
    /// Which random draws.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
    /// Draw the density with the law of the noise, as .svg or .png.
    #[arg(long, value_name = "FILE")]
    pub(crate) picture: Option<PathBuf>,
}

pub(crate) fn run(a: &DensityArguments) -> Result<u8, Failure> {
    if a.lanczos {
        return by_lanczos(a);
    }
    a.picture.as_deref().map_or(Ok(()), |path| output::check_place_beside(path, &a.input.file))?;
    with_matrix(&a.input, |name, matrix| {
        let view = matrix.view()?;
        let values = if a.input.certify { view.certified_singular_values() } else { view.singular_values() };
        exactly(a, name, &values.map_err(about(name))?)
    })
}

fn exactly(a: &DensityArguments, name: &str, values: &SingularValues) -> Result<u8, Failure> {
    let bins = match (a.bins, a.logarithmic) {
        (None, false) => Bins::Automatic,
        (Some(count), false) => Bins::Count(count),
        (count, true) => Bins::Logarithmic(count.unwrap_or(20)),
    };
    let histogram = values.density(&bins).map_err(about(name))?;
    let steps = if a.lower_steps { Steps::Lower } else { Steps::Both };
    let tail = values.tail(&Clauset { least: a.least, steps, x_min: a.x_min });
    // A tail that was asked for and is not there is an error; one that was not is not mentioned.
    let tail = if a.x_min.is_some() || a.replicates.is_some() { Some(tail.map_err(about(name))?) } else { tail.ok() };
    let p_value = match (&tail, a.replicates) {
        (Some(tail), Some(count)) => Some(tail.p_value(count, a.seed).map_err(about(name))?),
        _ => None,
    };
    let bulk = values.bulk();
    if let Some(path) = &a.picture {
        drawn(path, &draw_density(name, &histogram, bulk.as_ref().ok(), tail.as_ref()))?;
    }
    if a.input.style.explain {
        output::words(&format!(
            "eigenvalues λ = σ² of the smaller Gram product, from {}\nevidence: {}\n\
             tail: the beginning at which Kolmogorov and Smirnov's distance is least; likelihoods by Vuong's and Wilks's tests\n\
             noise: Marchenko and Pastur's law through the median of the values below Tracy and Widom's 99 % point\n\
             reference: Clauset, Shalizi and Newman, SIAM Rev. 51 (2009) 661–703; Marchenko and Pastur, Math. USSR Sbornik 1 (1967) \
             457–483; Johnstone, Ann. Statist. 29 (2001) 295–327",
            values.algorithm(),
            values.first().evidence()
        ));
    }
    if a.input.style.json {
        let (m, n) = values.shape();
        let result = json!({
            "tensor": name,
            "shape": [m, n],
            "histogram": histogram_json(&histogram),
            "tail": tail.as_ref().map(tail_json),
            "p_value": p_value,
            "bulk": bulk.as_ref().ok().map(bulk_json),
        });
        return output::json("density", inputs(&a.input), result);
    }
    let mut rows = vec![["from", "to", "eigenvalues"].map(str::to_owned).to_vec()];
    rows.extend(histogram_rows(&histogram));
    let mut text = aligned(&rows, &[true, true, true, false]);
    text += &in_words(tail.as_ref(), p_value);
    text += &match &bulk {
        Ok(bulk) => format!("\n{}", aligned(&bulk_rows(bulk), &[false, false])),
        Err(error) => format!("\nno noise: {error}\n"),
    };
    output::data(&text)
}

fn in_words(tail: Option<&Tail>, p_value: Option<f64>) -> String {
    let Some(tail) = tail else { return "\nno tail: fewer than two different eigenvalues above zero\n".into() };
    let mut rows = tail_rows(tail);
    if let Some(p) = p_value {
        let word = if p < 0.1 { "not believable" } else { "not refuted" };
        rows.push(vec!["  p-value of the power law".into(), format!("{p}: {word}")]);
    }
    format!("\n{}", aligned(&rows, &[false, false]))
}

/// Points at which a smoothed density is told.
const POINTS: usize = 40;

fn by_lanczos(a: &DensityArguments) -> Result<u8, Failure> {
    let how = StochasticLanczos { probes: a.probes, steps: a.steps, seed: a.seed, ..StochasticLanczos::default() };
    let model = opened(&a.input)?;
    let (name, density) = match model.sparse(a.input.tensor.as_deref())? {
        Some((name, sparse)) => {
            let found = LanczosDensity::of(&sparse, &how).map_err(about(&name))?;
            (name, found)
        }
        None => with_matrix_of(&model, &a.input, |name, matrix| {
            Ok((name.to_owned(), matrix.view()?.lanczos_density(&how).map_err(about(name))?))
        })?,
    };
    let norms = [("nuclear", 1.0), ("frobenius", 2.0), ("schatten:4", 4.0)];
    let norms = norms.map(|(norm, p)| density.schatten(p).map(|x| (norm, x)));
    let norms = norms.into_iter().collect::<Result<Vec<_>, _>>().map_err(about(&name))?;
    let most = density.nodes().map(|(s, _)| s * s).fold(0.0, f64::max);
    let width = most / POINTS as f64;
    let at = |k: usize| most * (k as f64 + 0.5) / POINTS as f64;
    let curve: Vec<(f64, f64)> = (0..POINTS).map(|k| (at(k), density.density(at(k), width))).collect();
    if a.input.style.explain {
        output::words(&format!(
            "Golub and Kahan's bidiagonalisation from {} random vectors, {} steps each: {} products\nSchatten norms lie between Gauss's and \
             Radau's quadratures, and within what chance allows (Laurent and Massart); no bound is known of the density\n\
             reference: Ubaru, Chen and Saad, SIAM J. Matrix Anal. Appl. 38 (2017) 1075–1099",
            how.probes,
            how.steps,
            density.products()
        ));
    }
    if a.input.style.json {
        let result = json!({
            "tensor": name,
            "norms": norms.iter().map(|(norm, x)| (norm.to_string(), enclosure_json(x))).collect::<serde_json::Map<_, _>>(),
            "density": curve.iter().map(|&(x, y)| json!([number_json(x), number_json(y)])).collect::<Vec<_>>(),
            "products": density.products(),
        });
        return output::json("density", inputs(&a.input), result);
    }
    let highest = curve.iter().map(|c| c.1).fold(0.0, f64::max);
    let bar = |y: f64| "█".repeat((40.0 * y / highest.max(f64::MIN_POSITIVE)).round() as usize);
    let mut rows = vec![["eigenvalue", "density"].map(str::to_owned).to_vec()];
    rows.extend(curve.iter().map(|&(x, y)| vec![format!("{x:.4e}"), format!("{y:.4e}"), bar(y)]));
    let text = aligned(&rows, &[true, true, false]);
    let rows: Vec<Vec<String>> = norms
        .iter()
        .map(|(norm, x)| vec![(*norm).to_owned(), format!("{:.5e} … {:.5e}", x.lower(), x.upper())])
        .collect();
    output::data(&format!("{text}\n{}", aligned(&rows, &[false, false])))
}
