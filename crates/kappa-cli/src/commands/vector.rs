//! `kappa vector`, `kappa inner`, `kappa sum` and `kappa nuclear-of-product`.

use std::path::PathBuf;

use clap::Args;
use kappa::arithmetic::{mean_and_variance, sum};
use kappa::norm::Inequality;
use kappa::serialize::Number;
use kappa::{AnyMatrix, Enclosure, VectorNorm};
use kappa_model::{Rounded, nearest, widened_by};
use kappa_report::{Named, aligned, number_text};
use schemars::JsonSchema;
use serde::Serialize;

use crate::answer::{Answer, Ask, Explanation, Files};
use crate::failure::Failure;
use crate::output::Contents;
use crate::output::Kind;
use crate::parse::number;
use crate::session::{Input, Session, file_name};
use crate::text::{DIGITS, line, table, titles};

const SUMS: &str = "Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., sections 3.1 and 4.2";

#[derive(Args, Debug, Serialize)]
pub(crate) struct VectorArguments {
    #[command(flatten)]
    #[serde(flatten)]
    input: Input,
    /// Any p ≥ 0: 0 counts the nonzeros, below 1 it is a quasi-norm, inf is the largest modulus.
    #[arg(long, value_name = "P", default_value = "2", allow_hyphen_values = true, value_parser = number)]
    #[serde(serialize_with = "as_number")]
    p: f64,
    /// Weights above 0, one for each entry: (Σ w|x|ᵖ)^(1/p).
    #[arg(long, value_name = "FILE")]
    weights: Option<PathBuf>,
    /// A symmetric positive definite matrix M: √(xᵀMx).
    #[arg(long, value_name = "FILE", conflicts_with_all = ["weights", "p"])]
    mahalanobis: Option<PathBuf>,
    /// Measure in the dual norm.
    #[arg(long)]
    dual: bool,
    /// Write the dual vector: dual norm 1, and inner product ‖x‖ with x.
    #[arg(long, value_name = "FILE.npy")]
    dual_vector: Option<PathBuf>,
}

fn as_number<S: serde::Serializer>(x: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    Number(*x).serialize(serializer)
}

/// The norm of a vector.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct VectorResult {
    tensor: String,
    shape: (usize, usize),
    /// False for p < 1, where the triangle inequality fails.
    is_norm: bool,
    value: Enclosure,
}

impl Ask for VectorArguments {
    type Result = VectorResult;
    const ABOUT: &'static str = "p-norms, weighted norms and Mahalanobis distance of a vector";
    const EXAMPLES: &'static [&'static str] = &["vector x.npy --p inf --dual-vector dual.npy"];

    fn files(&self) -> Files<'_> {
        let reads = std::iter::once(&self.input.file).chain(&self.weights).chain(&self.mahalanobis);
        Files::reads(reads).writes(self.dual_vector.as_ref(), Kind::Array)
    }

    fn answer(&self, session: &Session) -> Result<Answer<VectorResult>, Failure> {
        let norm = match (&self.weights, &self.mahalanobis) {
            (Some(path), _) => VectorNorm::weighted(self.p, session.real_vector(path)?)?,
            (_, Some(path)) => VectorNorm::mahalanobis(session.real_matrix(path, None)?)?,
            _ => VectorNorm::p(self.p)?,
        };
        let norm = if self.dual { norm.dual()? } else { norm };
        session.with_rounded(&self.input, |about, a| {
            let x = a.to_matrix().map_err(about.error())?.into_column();
            let value = norm.of_any(&x).map_err(about.error())?;
            // A unit vector has p-norm 1.
            let is_plain = self.p >= 1.0 && self.weights.is_none() && self.mahalanobis.is_none();
            let value = match about.rounded {
                Some(rounded) if is_plain => widened_by(value, rounded.sum(), false),
                _ if session.has_rounded() => nearest(value),
                _ => value,
            };
            let dual =
                self.dual_vector.as_ref().map(|_| norm.dual_vector_any(&x)).transpose().map_err(about.error())?;
            let result =
                VectorResult { tensor: about.name.to_owned(), shape: (x.shape().0, 1), is_norm: norm.is_norm(), value };
            let mut answer = Answer::new(result, format!("{}\n", value.short(DIGITS)))
                .explained(Explanation::plan(self.plan()).bounds(&value).reference(SUMS));
            if !norm.is_norm() {
                answer = answer.note("note: for p < 1 this is a quasi-norm; the triangle inequality fails");
            }
            if let Some(dual) = &dual {
                answer = answer.file(self.dual_vector.as_ref(), || Contents::array(dual));
            }
            Ok(answer)
        })
    }
}

impl VectorArguments {
    fn plan(&self) -> String {
        let dual = if self.dual { "the dual of " } else { "" };
        let p = number_text(self.p);
        match (&self.weights, &self.mahalanobis) {
            (Some(_), _) => format!("{dual}the weighted {p}-norm, by one pass over the entries"),
            (_, Some(_)) => format!("{dual}√(xᴴMx), with a Cholesky factor of M"),
            _ if self.p < 1.0 => format!("{dual}the {p}-quasi-norm, by one pass over the entries"),
            _ => format!("{dual}the {p}-norm, by one pass over the entries"),
        }
    }
}

#[derive(Args, Debug, Serialize)]
pub(crate) struct InnerArguments {
    /// The first vector, which is conjugated.
    file: PathBuf,
    /// The second vector.
    other: PathBuf,
    /// The norm of Hölder's inequality and of the parallelogram law; 2 gives the inequality of Cauchy and Schwarz.
    #[arg(long, value_name = "P", default_value = "2", allow_hyphen_values = true, value_parser = number)]
    #[serde(serialize_with = "as_number")]
    p: f64,
    /// Orthonormal columns for Bessel's inequality of the first vector.
    #[arg(long, value_name = "FILE")]
    basis: Option<PathBuf>,
}

/// A real number, or the parts of a complex one; `im` is 0 for real vectors.
#[derive(Debug, Serialize, JsonSchema)]
struct Value {
    re: Enclosure,
    im: Enclosure,
}

/// An inner product, and inequalities that it satisfies.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct InnerResult {
    value: Value,
    modulus: Enclosure,
    inequalities: Named<Inequality>,
}

impl Ask for InnerArguments {
    type Result = InnerResult;
    const ABOUT: &'static str = "The inner product of two vectors, and its inequalities";
    const EXAMPLES: &'static [&'static str] = &["inner x.npy y.npy"];

    fn files(&self) -> Files<'_> {
        Files::reads([&self.file, &self.other].into_iter().chain(&self.basis))
    }

    fn answer(&self, session: &Session) -> Result<Answer<InnerResult>, Failure> {
        let (x, y) = (session.column(&self.file)?, session.column(&self.other)?);
        let norm = VectorNorm::p(self.p)?;
        let basis = self.basis.as_deref().map(|path| session.matrix(path, None)).transpose()?;
        let about = |error: kappa::Error| Failure::from(error).within(&file_name(&self.file));
        let product = x.inner_product(&y).map_err(about)?;
        let whole = |x: Enclosure| if session.has_rounded() { nearest(x) } else { x };
        let modulus = whole(product.modulus());
        let value = Value { re: whole(product.re), im: whole(product.im) };
        let mut laws = vec![
            ("Hölder", x.holder(&y, &norm).map_err(about)?),
            ("parallelogram", x.parallelogram(&y, &norm).map_err(about)?),
        ];
        if let Some((_, e)) = &basis {
            laws.push(("Bessel", x.bessel(e).map_err(about)?));
        }
        for (_, law) in &mut laws {
            *law = Inequality { left: whole(law.left), right: whole(law.right), slack: whole(law.slack) };
        }
        let text = inner_text(&value, &laws);
        let explanation = Explanation::plan("one pass over the entries, sums in twice the working precision")
            .bounds(&modulus)
            .line("Hölder", "|⟨x, y⟩| ≤ ‖x‖ₚ‖y‖_q with 1/p + 1/q = 1")
            .line("parallelogram", "‖x + y‖² + ‖x − y‖² compared with 2‖x‖² + 2‖y‖²")
            .reference(
                "Ogita, Rump and Oishi, SIAM J. Sci. Comput. 26 (2005) 1955–1988; Horn and Johnson, \
                Matrix Analysis, chapter 5",
            );
        let inequalities = Named(laws.into_iter().map(|(name, law)| (name.to_lowercase(), law)).collect());
        Ok(Answer::new(InnerResult { value, modulus, inequalities }, text).explained(explanation))
    }
}

fn inner_text(value: &Value, laws: &[(&str, Inequality)]) -> String {
    let slack = |x: &Enclosure| if x.lower() < 0.0 && x.upper() > 0.0 { "0 (to rounding)".into() } else { x.short(12) };
    let title = |name: &str| match name {
        "parallelogram" => "parallelogram (an equality for p = 2 only)".to_owned(),
        name => name.to_owned(),
    };
    let is_real = value.im.lower() == 0.0 && value.im.upper() == 0.0;
    let mut lines = if is_real {
        vec![vec!["⟨x, y⟩".to_owned(), value.re.short(17), String::new(), String::new()]]
    } else {
        [("Re ⟨x, y⟩", value.re), ("Im ⟨x, y⟩", value.im)]
            .map(|(title, part)| vec![title.to_owned(), part.short(17), String::new(), String::new()])
            .to_vec()
    };
    lines.push(titles(["inequality", "left", "right", "slack"]));
    lines.extend(laws.iter().map(|(name, l)| vec![title(name), l.left.short(12), l.right.short(12), slack(&l.slack)]));
    aligned(&lines, &[false; 4])
}

#[derive(Args, Debug, Serialize)]
pub(crate) struct SumArguments {
    #[command(flatten)]
    #[serde(flatten)]
    input: Input,
}

/// A sum with its error bound, and what plain addition gives.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct SumResult {
    tensor: String,
    count: usize,
    value: Enclosure,
    naive: Number,
    condition: Enclosure,
    digits_lost: Number,
    naive_digits: Number,
    mean: Option<Enclosure>,
    variance: Option<Enclosure>,
}

impl Ask for SumArguments {
    type Result = SumResult;
    const ABOUT: &'static str = "Sum with an error bound, digits lost to cancellation, mean and variance";
    const EXAMPLES: &'static [&'static str] = &["sum x.npy"];

    fn files(&self) -> Files<'_> {
        Files::reads([&self.input.file])
    }

    fn answer(&self, session: &Session) -> Result<Answer<SumResult>, Failure> {
        session.with_rounded(&self.input, |about, a| {
            let AnyMatrix::Real(x) = a.to_matrix().map_err(about.error())?.into_column() else {
                return Err(Failure::new(format!("{}: `{}` holds complex numbers", file_name(about.file), about.name))
                    .with_hint("sums are for real numbers; add real and imaginary parts separately"));
            };
            let x = x.as_slice();
            let found = sum(x).map_err(about.error())?;
            let moments = if x.len() > 1 { Some(mean_and_variance(x).map_err(about.error())?) } else { None };
            let lost = about.rounded.map_or(0.0, Rounded::sum);
            let by = |x, lost| if about.rounded.is_some() { widened_by(x, lost, true) } else { x };
            let whole = |x| if about.rounded.is_some() { nearest(x) } else { x };
            let (value, condition) = (by(found.value, lost), whole(found.condition));
            let mean = moments.as_ref().map(|m| by(m.mean, (lost / x.len() as f64).next_up()));
            let variance = moments.as_ref().map(|m| whole(m.variance));
            let mut lines = vec![
                line("sum", value.short(DIGITS)),
                line("added from left to right", number_text(found.naive)),
                line("correct digits of the naive sum", format!("{:.0}", found.naive_digits())),
                line("condition Σ|x|/|Σx|", condition.short(4)),
                line("digits lost to cancellation", format!("{:.1}", found.digits_lost())),
            ];
            lines.extend(mean.map(|x| line("mean", x.short(DIGITS))));
            lines.extend(variance.map(|x| line("variance", x.short(DIGITS))));
            let explanation = Explanation::plan(
                "error-free transformations: the rounding error of every \
                addition is added as well",
            )
            .bounds(&value)
            .reference(
                "Ogita, Rump and Oishi, SIAM J. Sci. Comput. 26 (2005) 1955–1988; Chan, Golub and \
                    LeVeque, Amer. Statist. 37 (1983) 242–247",
            );
            let result = SumResult {
                tensor: about.name.to_owned(),
                count: x.len(),
                value,
                naive: found.naive.into(),
                condition,
                digits_lost: found.digits_lost().into(),
                naive_digits: found.naive_digits().into(),
                mean,
                variance,
            };
            Ok(Answer::new(result, table(&lines)).explained(explanation))
        })
    }
}

#[derive(Args, Debug, Serialize)]
pub(crate) struct NuclearOfProductArguments {
    /// The left factor, m×r.
    file: PathBuf,
    /// The right factor, r×n.
    other: PathBuf,
}

/// The nuclear norm of a product.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct NuclearOfProductResult {
    shape: (usize, usize),
    inner: usize,
    value: Enclosure,
}

impl Ask for NuclearOfProductArguments {
    type Result = NuclearOfProductResult;
    const ABOUT: &'static str = "The nuclear norm of a product from its factors, without multiplying them";
    const EXAMPLES: &'static [&'static str] = &["nuclear-of-product a.npy b.npy"];

    fn files(&self) -> Files<'_> {
        Files::reads([&self.file, &self.other])
    }

    fn answer(&self, session: &Session) -> Result<Answer<NuclearOfProductResult>, Failure> {
        let (_, right) = session.matrix(&self.other, None)?;
        session.with_file(&self.file, |about, left| {
            let value = left.nuclear_norm_of_factors(&(&right).into()).map_err(about.error())?;
            let explanation = Explanation::plan(
                "from above ‖B‖_F·‖A‖_F, from below ‖BA‖_F by Gram products; the product is not formed",
            )
            .bounds(&value)
            .reference("Recht, Fazel and Parrilo, SIAM Rev. 52 (2010) 471–501, section 2");
            let ((m, inner), (_, n)) = (left.shape(), right.shape());
            let result = NuclearOfProductResult { shape: (m, n), inner, value };
            Ok(Answer::new(result, format!("{}\n", value.short(12))).explained(explanation))
        })
    }
}
