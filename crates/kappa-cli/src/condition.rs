//! `kappa cond`, `kappa distance` and `kappa digits`: how sensitive.

use std::path::{Path, PathBuf};

use clap::Args;
use kappa::{
    DataType, Enclosure, Extended, Norm, OneNorm, SmallSample, SolveAlgorithm, bauer_cond, best_scaling, cond_by,
    cond_estimate, distance_to_singularity, is_regular_within, least_squares_cond, skeel_cond, statistical_cond,
};
use kappa_model::{Model, Opening, WideMatrix, with_wide};
use kappa_report::{aligned, enclosure_json, number_json};
use kappa_tensors::limits::DENSE_ENTRIES;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::input::Input;
use crate::one::{DIGITS, about, answer, explain, inputs, opened, with_matrix};
use crate::parse::share;
use crate::{ANSWERED, FALSE, array, output};

#[derive(Args, Debug)]
pub(crate) struct CondArguments {
    #[command(flatten)]
    pub(crate) input: Input,
    /// Any norm that can be evaluated: spectral, frobenius, max-column-sum, induced:1,2, schatten:p, …
    #[arg(long, short, value_name = "NORM", default_value = "spectral")]
    pub(crate) norm: String,
    /// Estimate from one LU factorization (max-column-sum or max-row-sum): the lower end is proved.
    #[arg(long, conflicts_with_all = ["certify", "componentwise", "within"])]
    pub(crate) estimate: bool,
    /// For errors of each entry by itself: Skeel's and Bauer's numbers, and the best scaling by powers of two.
    #[arg(long, conflicts_with_all = ["certify", "norm"])]
    pub(crate) componentwise: bool,
    /// Is every matrix regular whose entries differ by at most this, such as 0.1%? Exit 0 when proved, 1 when not.
    #[arg(long, value_name = "SHARE", value_parser = share, conflicts_with_all = ["certify", "norm", "componentwise"])]
    pub(crate) within: Option<f64>,
    /// A right-hand side: how sensitive the solution of Ax = b, or of min ‖Ax − b‖, is.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["certify", "norm", "estimate", "componentwise", "within"])]
    pub(crate) rhs: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct DistanceArguments {
    #[command(flatten)]
    pub(crate) input: Input,
    /// spectral, frobenius, max-column-sum or max-row-sum.
    #[arg(long, short, value_name = "NORM", default_value = "spectral")]
    pub(crate) norm: String,
    /// Write the nearest singular matrix.
    #[arg(long, short, value_name = "FILE.npy")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct DigitsArguments {
    #[command(flatten)]
    pub(crate) input: Input,
    /// How the data are known: bf16, f16, f32, f64, or a relative error such as 1e-3 or 0.1%; the type in the file by default.
    #[arg(long, value_name = "DATA")]
    pub(crate) data: Option<String>,
    /// lu, cholesky, qr, normal-equations, or exact.
    #[arg(long, value_name = "NAME", default_value = "lu")]
    pub(crate) algorithm: String,
}

/// The matrix or vector of a file, in double precision.
pub(crate) fn wide(path: &Path, tensor: Option<&str>, map: bool) -> Result<(String, WideMatrix), Failure> {
    let model = Model::open_with(path, &Opening { map })?;
    let (name, matrix) = model.matrix(tensor)?;
    let wide = matrix.view()?.to_wide();
    Ok((name, wide))
}

pub(crate) fn cond(a: &CondArguments) -> Result<u8, Failure> {
    if a.componentwise {
        return componentwise(a);
    }
    if let Some(share) = a.within {
        return regular_within(a, share);
    }
    if let Some(rhs) = &a.rhs {
        return of_solution(a, rhs);
    }
    let norm: Norm = match (a.estimate, a.norm.as_str()) {
        (true, "spectral") => Norm::max_column_sum(),
        (_, name) => name.parse()?,
    };
    let model = opened(&a.input)?;
    if let Some(found) = sparse(a, &model, norm)? {
        return Ok(found);
    }
    let (name, matrix) = model.matrix(a.input.tensor.as_deref())?;
    let view = matrix.view()?;
    let (m, n) = view.shape();
    let (value, how) = if a.estimate {
        let found = with_wide!(view.to_wide(), a => cond_estimate(&a, norm, &OneNorm::default()));
        (found.map_err(about(&name))?.into(), "LU factorization and the block 1-norm estimator".to_owned())
    } else if a.input.certify {
        let found = view.certified_cond(norm).map_err(about(&name))?;
        (found.value, found.algorithm.to_owned())
    } else {
        let (value, how) = view.cond_by(norm).map_err(about(&name))?;
        (Extended::from(value), how)
    };
    print_cond(a, &name, (m, n), norm, &value, &how)
}

/// A large sparse matrix is never written out; `None` where it must be, and fits.
fn sparse(a: &CondArguments, model: &Model, norm: Norm) -> Result<Option<u8>, Failure> {
    let Some((name, matrix)) = model.sparse(a.input.tensor.as_deref())? else { return Ok(None) };
    let (m, n) = kappa::LinearOperator::shape(&matrix);
    if a.input.certify {
        return if m.saturating_mul(n) <= DENSE_ENTRIES { Ok(None) } else { Err(no_sparse_proof(&name, (m, n))) };
    }
    // What can only be answered by writing it out is answered that way, where it fits.
    let known = [Norm::spectral(), Norm::max_column_sum(), Norm::max_row_sum()].contains(&norm);
    if !known || m != n {
        return Ok(None);
    }
    let (value, how) = cond_by(&matrix, norm).map_err(about(&name))?;
    print_cond(a, &name, (m, n), norm, &value.into(), &how).map(Some)
}

fn no_sparse_proof(name: &str, (m, n): (usize, usize)) -> Failure {
    Failure::new(format!(
        "`{name}`: a proof needs the {m}×{n} matrix written out, and at most {DENSE_ENTRIES} entries are held"
    ))
    .with_hint("without --certify a sparse factorization estimates κ, with a checked lower end")
}

fn print_cond(
    a: &CondArguments,
    name: &str,
    (m, n): (usize, usize),
    norm: Norm,
    value: &Extended,
    how: &str,
) -> Result<u8, Failure> {
    let whole = value.enclosure();
    if a.input.style.explain {
        output::words(&explain((m, n), how, &whole));
    }
    if a.input.style.json {
        let result = json!({
            "tensor": name, "shape": [m, n], "norm": norm.to_string(), "value": enclosure_json(&whole),
            "log10": number_json(value.log10()), "algorithm": how,
        });
        return output::json("cond", inputs(&a.input), result);
    }
    output::data(&format!("{}\n", one_sided(value)))
}

/// Where only one end is known, that end.
fn one_sided(value: &Extended) -> String {
    let whole = value.enclosure();
    if whole.upper() == f64::INFINITY && whole.lower().is_finite() && value.mantissa().upper() == f64::INFINITY {
        let estimate = whole.estimate();
        let lower = format!("at least {}", Enclosure::exact(whole.lower()).short(4));
        return if estimate.is_finite() && estimate > whole.lower() * 1.001 {
            format!("{lower}, about {}", Enclosure::exact(estimate).short(3))
        } else {
            lower
        };
    }
    value.short(DIGITS)
}

fn componentwise(a: &CondArguments) -> Result<u8, Failure> {
    with_matrix(&a.input, |name, matrix| {
        let wide = matrix.view()?.to_wide();
        let (skeel, bauer, scaling) = with_wide!(&wide, x => {
            (skeel_cond(x).map_err(about(name))?, bauer_cond(x).map_err(about(name))?, best_scaling(x).map_err(about(name))?)
        });
        if a.input.style.explain {
            output::words(
                "Skeel: ‖|A⁻¹||A|‖_∞, for relative errors of each entry, whatever the scaling of the rows\nBauer: ρ(|A⁻¹||A|), the \
                 least κ_∞ that scaling of rows and columns can reach\nboth from an approximate inverse and its residual, every \
                 rounding error counted\nreference: Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., chapter 7",
            );
        }
        if a.input.style.json {
            let (m, n) = wide.shape();
            let one = |x: &Extended| enclosure_json(&x.enclosure());
            let result = json!({
                "tensor": name, "shape": [m, n], "skeel": one(&skeel), "bauer": one(&bauer),
                "scaling": {
                    "rows": scaling.rows, "columns": scaling.columns, "before": one(&scaling.before), "after": one(&scaling.after),
                },
            });
            return output::json("cond", inputs(&a.input), result);
        }
        let line = |title: &str, x: &Extended| vec![title.to_owned(), x.short(8)];
        output::data(&aligned(
            &[
                line("Skeel, each entry by itself", &skeel),
                line("Bauer, the best any scaling can do", &bauer),
                line("κ_∞ as it is", &scaling.before),
                line("κ_∞ after scaling by powers of two", &scaling.after),
            ],
            &[false, false],
        ))
    })
}

fn regular_within(a: &CondArguments, share: f64) -> Result<u8, Failure> {
    with_matrix(&a.input, |name, matrix| {
        let wide = matrix.view()?.to_wide();
        let holds = with_wide!(&wide, x => is_regular_within(x, share, 0.0)).map_err(about(name))?;
        if a.input.style.json {
            let result = json!({ "tensor": name, "within": share, "is_regular": holds });
            output::json("cond", inputs(&a.input), result)?;
        } else {
            let size = if share > 0.0 { format!("{}%", Enclosure::exact(100.0 * share).short(4)) } else { "0%".into() };
            let words = if holds {
                format!("proved: every matrix whose entries differ by at most {size} is regular")
            } else {
                format!("not proved: a matrix whose entries differ by at most {size} may be singular")
            };
            output::data(&format!("{words}\n"))?;
        }
        Ok(if holds { ANSWERED } else { FALSE })
    })
}

fn of_solution(a: &CondArguments, rhs: &Path) -> Result<u8, Failure> {
    let (_, b) = wide(rhs, None, !a.input.style.no_mmap)?;
    with_matrix(&a.input, |name, matrix| {
        let view = matrix.view()?.to_wide();
        let (m, n) = view.shape();
        let (found, small) = match (&view, b.into_vector()) {
            (WideMatrix::Real(x), WideMatrix::Real(b)) => {
                let small = (m == n).then(|| statistical_cond(x, b.as_slice(), &SmallSample::default()).ok()).flatten();
                (least_squares_cond(x, b.as_slice()), small)
            }
            (x, b) => (least_squares_cond(&x.complex(), b.complex().as_slice()), None),
        };
        let found = found.map_err(about(name))?;
        if a.input.style.json {
            let result = json!({
                "tensor": name, "shape": [m, n], "cond": number_json(found.cond), "rank": found.rank,
                "residual": number_json(found.residual), "stretch": number_json(found.stretch),
                "fitted_by_b": number_json(found.fitted_by_b), "solution_by_b": number_json(found.solution_by_b),
                "fitted_by_a": number_json(found.fitted_by_a), "solution_by_a": number_json(found.solution_by_a),
                "residual_by_both": number_json(found.residual_by_both),
                "entries": small.as_ref().map(|s| s.entries.iter().map(|&x| number_json(x)).collect::<Vec<Value>>()),
            });
            return output::json("cond", inputs(&a.input), result);
        }
        let number = |x: f64| Enclosure::exact(x).short(5);
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
        .map(|(title, x)| vec![title.to_owned(), number(x)])
        .collect();
        if let Some(small) = small {
            let worst = small.entries.iter().copied().fold(0.0, f64::max);
            lines.push(vec!["κ of the worst entry of x, componentwise (3 random samples)".into(), number(worst)]);
        }
        output::data(&aligned(&lines, &[false, false]))
    })
}

pub(crate) fn distance(a: &DistanceArguments) -> Result<u8, Failure> {
    let norm: Norm = a.norm.parse()?;
    array::check(a.output.as_deref(), [a.input.file.as_path()])?;
    with_matrix(&a.input, |name, matrix| {
        let wide = matrix.view()?.to_wide();
        let (value, relative, nearest) = with_wide!(&wide, x => {
            let d = distance_to_singularity(x, norm).map_err(about(name))?;
            (d.value, d.relative, WideMatrix::from(d.nearest))
        });
        array::write(a.output.as_deref(), &nearest)?;
        let (m, n) = wide.shape();
        let result = json!({
            "tensor": name, "shape": [m, n], "norm": norm.to_string(), "value": enclosure_json(&value),
            "relative": enclosure_json(&relative),
        });
        if !a.input.style.json && !a.input.style.explain {
            output::words(&format!("relative to the norm of the matrix: {}", relative.short(6)));
        }
        answer("distance", &a.input, result, &value, || {
            let how = "1/‖A⁻¹‖, attained by a change of rank one (Gastinel and Kahan)";
            format!("{}\nrelative to the norm of the matrix: {}", explain((m, n), how, &value), relative.short(6))
        })
    })
}

pub(crate) fn digits(a: &DigitsArguments) -> Result<u8, Failure> {
    let algorithm: SolveAlgorithm = a.algorithm.parse()?;
    let model = opened(&a.input)?;
    let (name, matrix) = model.matrix(a.input.tensor.as_deref())?;
    let dtype = model.tensors().iter().find(|t| t.name == name).map(|t| t.dtype.name().to_lowercase());
    let data: DataType = match &a.data {
        Some(text) => text.parse()?,
        // Whole numbers are exact; what is left is the format of the computation.
        None => dtype.and_then(|name| name.parse().ok()).unwrap_or(DataType::Format(kappa::arithmetic::F64)),
    };
    let view = matrix.view()?;
    let cond = if a.input.certify {
        view.certified_cond(Norm::spectral()).map(|c| c.value.enclosure())
    } else {
        view.cond_by(Norm::spectral()).map(|c| c.0)
    };
    let cond = cond.map_err(about(&name))?;
    let (m, n) = view.shape();
    let found = kappa::digits(cond, m.max(n), data, algorithm);
    if a.input.style.explain {
        output::words(&format!(
            "κ: {} … {} ({})\n‖Δx‖/‖x‖ ≤ κε/(1 − κε) = {:.2e} with ε of the data (twice, for A and b) and of the algorithm ({algorithm})\n\
             reference: Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., sections 7.1, 9.4, 20.4",
            cond.lower(),
            cond.upper(),
            cond.evidence(),
            found.error
        ));
    }
    if a.input.style.json {
        let result = json!({
            "tensor": name, "shape": [m, n], "cond": enclosure_json(&cond), "held": found.held, "lost": number_json(found.lost),
            "certain": found.certain, "error": number_json(found.error), "sentence": found.to_string(),
        });
        return output::json("digits", inputs(&a.input), result);
    }
    output::data(&format!("{found}\n"))
}
