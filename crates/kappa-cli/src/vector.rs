//! `kappa vector`, `kappa inner` and `kappa sum`: questions about vectors.

use std::path::{Path, PathBuf};

use clap::Args;
use kappa::arithmetic::{mean_and_variance, sum};
use kappa::{
    Enclosure, Inequality, Matrix, VectorNorm, bessel, c64, holder, inner_product, nuclear_norm_of_factors,
    parallelogram,
};
use kappa_model::{MatrixView, Model, Opening, WideMatrix};
use kappa_report::{aligned, enclosure_json, number_json};
use serde_json::json;

use crate::failure::Failure;
use crate::input::{Input, Style};
use crate::one::{about, answer, inputs, with_matrix};
use crate::{array, output};

#[derive(Args, Debug)]
pub(crate) struct VectorArguments {
    #[command(flatten)]
    pub(crate) input: Input,
    /// 0 counts non-zeros, below 1 is a quasi-norm, `inf` is the largest modulus.
    #[arg(long, value_name = "P", default_value = "2", allow_hyphen_values = true)]
    pub(crate) p: f64,
    /// Weights above 0, one for each entry: (Σ w|x|ᵖ)^(1/p).
    #[arg(long, value_name = "FILE")]
    pub(crate) weights: Option<PathBuf>,
    /// A symmetric positive definite matrix M: √(xᵀMx).
    #[arg(long, value_name = "FILE", conflicts_with_all = ["weights", "p"])]
    pub(crate) mahalanobis: Option<PathBuf>,
    /// Measure in the dual norm.
    #[arg(long)]
    pub(crate) dual: bool,
    /// Write the dual vector: dual norm 1, and inner product ‖x‖ with x.
    #[arg(long, value_name = "FILE.npy")]
    pub(crate) dual_vector: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct InnerArguments {
    /// The first vector, which is conjugated.
    pub(crate) file: PathBuf,
    /// The second vector.
    pub(crate) other: PathBuf,
    /// The norm of Hölder's inequality and of the parallelogram law; 2 is Cauchy and Schwarz.
    #[arg(long, value_name = "P", default_value = "2", allow_hyphen_values = true)]
    pub(crate) p: f64,
    /// Orthonormal columns for Bessel's inequality of the first vector.
    #[arg(long, value_name = "FILE")]
    pub(crate) basis: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) style: Style,
}

#[derive(Args, Debug)]
pub(crate) struct SumArguments {
    #[command(flatten)]
    pub(crate) input: Input,
}

#[derive(Args, Debug)]
pub(crate) struct FactorsArguments {
    /// The left factor, m×r.
    pub(crate) file: PathBuf,
    /// The right factor, r×n.
    pub(crate) other: PathBuf,
    #[command(flatten)]
    pub(crate) style: Style,
}

/// A vector, real or complex.
enum Entries {
    Real(Vec<f64>),
    Complex(Vec<c64>),
}

fn entries(view: &MatrixView<'_>) -> Entries {
    match view.real_entries() {
        Some(x) => Entries::Real(x),
        None => Entries::Complex(view.complex_entries()),
    }
}

/// All numbers of a file, row after row, with its shape.
fn read(path: &Path, map: bool) -> Result<(Entries, (usize, usize)), Failure> {
    let model = Model::open_with(path, &Opening { map })?;
    let (_, matrix) = model.matrix(None)?;
    let view = matrix.view()?;
    Ok((entries(&view), view.shape()))
}

fn real(path: &Path, map: bool) -> Result<(Vec<f64>, (usize, usize)), Failure> {
    match read(path, map)? {
        (Entries::Real(x), shape) => Ok((x, shape)),
        (Entries::Complex(_), _) => {
            Err(Failure::new(format!("`{}` holds complex numbers", path.display()))
                .with_hint("real ones are needed here"))
        }
    }
}

pub(crate) fn run(a: &VectorArguments) -> Result<u8, Failure> {
    array::check(a.dual_vector.as_deref(), [a.input.file.as_path()])?;
    let map = !a.input.style.no_mmap;
    let norm = match (&a.weights, &a.mahalanobis) {
        (Some(path), _) => VectorNorm::weighted(a.p, real(path, map)?.0)?,
        (_, Some(path)) => {
            let (entries, (m, n)) = real(path, map)?;
            VectorNorm::mahalanobis(Matrix::from_row_major(m, n, entries).map_err(kappa::Error::from)?)?
        }
        _ => VectorNorm::p(a.p)?,
    };
    let measured = if a.dual { norm.dual()? } else { norm };
    with_matrix(&a.input, |name, matrix| {
        let x = entries(&matrix.view()?);
        let (value, length) = match &x {
            Entries::Real(x) => (measured.of(x), x.len()),
            Entries::Complex(x) => (measured.of(x), x.len()),
        };
        let value = value.map_err(about(name))?;
        if let Some(path) = &a.dual_vector {
            let dual = match &x {
                Entries::Real(x) => measured.dual_vector(x).map(|y| column(y).map(WideMatrix::Real)),
                Entries::Complex(x) => measured.dual_vector(x).map(|y| column(y).map(WideMatrix::Complex)),
            };
            array::write(Some(path), &dual.map_err(about(name))??)?;
        }
        let result = json!({
            "tensor": name, "shape": [length, 1], "is_norm": measured.is_norm(), "value": enclosure_json(&value),
        });
        let explanation = || {
            let kind = if measured.is_norm() { "a norm" } else { "no norm: the triangle inequality fails below p = 1" };
            format!("{kind}\nbounds: {} … {}\nevidence: {}", value.lower(), value.upper(), value.evidence())
        };
        if !measured.is_norm() && !a.input.style.json {
            output::words("note: for p < 1 this is a quasi-norm; the triangle inequality fails");
        }
        answer("vector", &a.input, result, &value, explanation)
    })
}

fn column<T: kappa::Scalar>(y: Vec<T>) -> Result<Matrix<T>, Failure> {
    let n = y.len();
    Matrix::from_column_major(n, 1, y).map_err(|e| kappa::Error::from(e).into())
}

pub(crate) fn inner(a: &InnerArguments) -> Result<u8, Failure> {
    let map = !a.style.no_mmap;
    let ((x, _), (y, _)) = (read(&a.file, map)?, read(&a.other, map)?);
    let norm = VectorNorm::p(a.p)?;
    let basis = a.basis.as_deref().map(|path| real(path, map)).transpose()?;
    let (product, laws) = match (&x, &y) {
        (Entries::Real(x), Entries::Real(y)) => {
            let mut laws = laws_of(x, y, &norm)?;
            if let Some((entries, (m, n))) = basis {
                let e = Matrix::from_row_major(m, n, entries).map_err(kappa::Error::from)?;
                laws.push(("Bessel", bessel(x, &e)?));
            }
            (inner_product(x, y)?, laws)
        }
        _ => {
            let (x, y) = (wide(&x), wide(&y));
            (inner_product(&x, &y)?, laws_of(&x, &y, &norm)?)
        }
    };
    if a.style.json {
        let side = |l: &Inequality| json!({ "left": enclosure_json(&l.left), "right": enclosure_json(&l.right), "slack": enclosure_json(&l.slack) });
        let laws: serde_json::Map<String, _> =
            laws.iter().map(|(name, law)| (name.to_lowercase(), side(law))).collect();
        let result = json!({ "modulus": enclosure_json(&product), "inequalities": laws });
        return output::json("inner", json!({ "file": a.file, "other": a.other }), result);
    }
    let show = |x: &Enclosure| if x.lower() < 0.0 && x.upper() > 0.0 { "0 (to rounding)".into() } else { x.short(12) };
    let title = |name: &str| match name {
        "parallelogram" => "parallelogram (an equality, for p = 2 only)".to_owned(),
        name => name.to_owned(),
    };
    let mut lines = vec![vec!["|⟨x, y⟩|".to_owned(), product.short(17), String::new(), String::new()]];
    lines.push(["inequality", "left", "right", "slack"].map(String::from).into());
    lines.extend(laws.iter().map(|(name, l)| vec![title(name), l.left.short(12), l.right.short(12), show(&l.slack)]));
    output::data(&aligned(&lines, &[false; 4]))
}

fn laws_of<T: kappa::Scalar>(x: &[T], y: &[T], norm: &VectorNorm) -> Result<Vec<(&'static str, Inequality)>, Failure> {
    Ok(vec![("Hölder", holder(x, y, norm)?), ("parallelogram", parallelogram(x, y, norm)?)])
}

pub(crate) fn factors(a: &FactorsArguments) -> Result<u8, Failure> {
    let map = !a.style.no_mmap;
    let ((x, (m, r)), (y, (s, n))) = (read(&a.file, map)?, read(&a.other, map)?);
    let value = match (&x, &y) {
        (Entries::Real(x), Entries::Real(y)) => nuclear_norm_of_factors(&by_rows(m, r, x)?, &by_rows(s, n, y)?),
        _ => nuclear_norm_of_factors(&by_rows(m, r, &wide(&x))?, &by_rows(s, n, &wide(&y))?),
    }?;
    if a.style.explain {
        output::words(&format!(
            "from above ‖B‖_F·‖A‖_F, from below ‖BA‖_F by Gram products; the product is not formed\nbounds: {} … {}\nevidence: {}",
            value.lower(),
            value.upper(),
            value.evidence()
        ));
    }
    if a.style.json {
        let result = json!({ "shape": [m, n], "inner": r, "value": enclosure_json(&value) });
        return output::json("factors", json!({ "file": a.file, "other": a.other }), result);
    }
    output::data(&format!("{}\n", value.short(12)))
}

fn by_rows<T: kappa::Scalar>(m: usize, n: usize, entries: &[T]) -> Result<Matrix<T>, Failure> {
    Matrix::from_row_major(m, n, entries.to_vec()).map_err(|e| kappa::Error::from(e).into())
}

/// As complex numbers.
fn wide(x: &Entries) -> Vec<c64> {
    match x {
        Entries::Real(x) => x.iter().map(|&x| c64::new(x, 0.0)).collect(),
        Entries::Complex(x) => x.clone(),
    }
}

pub(crate) fn total(a: &SumArguments) -> Result<u8, Failure> {
    with_matrix(&a.input, |name, matrix| {
        let x = match entries(&matrix.view()?) {
            Entries::Real(x) => x,
            Entries::Complex(_) => {
                return Err(Failure::new(format!("`{name}` holds complex numbers"))
                    .with_hint("sums are for real numbers; add the parts up one by one"));
            }
        };
        let found = sum(&x).map_err(about(name))?;
        let moments = if x.len() > 1 { Some(mean_and_variance(&x).map_err(about(name))?) } else { None };
        if a.input.style.json {
            let result = json!({
                "tensor": name,
                "count": x.len(),
                "value": enclosure_json(&found.value),
                "naive": number_json(found.naive),
                "condition": enclosure_json(&found.condition),
                "digits_lost": number_json(found.digits_lost()),
                "naive_digits": number_json(found.naive_digits()),
                "mean": moments.map(|m| enclosure_json(&m.mean)),
                "variance": moments.map(|m| enclosure_json(&m.variance)),
            });
            return output::json("sum", inputs(&a.input), result);
        }
        let mut lines = vec![
            vec!["sum".to_owned(), found.value.short(17)],
            vec!["added from left to right".into(), format!("{:?}", found.naive)],
            vec!["digits of that which are right".into(), format!("{:.0}", found.naive_digits())],
            vec!["condition Σ|x|/|Σx|".into(), found.condition.short(4)],
            vec!["digits that cancel".into(), format!("{:.1}", found.digits_lost())],
        ];
        if let Some(m) = moments {
            lines.push(vec!["mean".into(), m.mean.short(17)]);
            lines.push(vec!["variance".into(), m.variance.short(17)]);
        }
        output::data(&aligned(&lines, &[false, false]))
    })
}
