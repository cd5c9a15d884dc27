//! `kappa solve`, `kappa lstsq` and `kappa pinv`: what solves it.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use kappa::{
    CertifiedSolution, Constrained, Enclosure, Errors, Iterate, Iterated, Iteration, Lstsq, LstsqMethod, Matrix,
    Method, Refinement, Scalar, Solve, Tolerance, WideEngine, c64, certified_lstsq, certified_solve, constrained_lstsq,
    generalized_lstsq, lstsq_by, pinv, solve_by, solve_iteratively, total_lstsq, weighted_lstsq,
};
use kappa_model::{Model, Opening, WideMatrix, with_wide};
use kappa_report::{aligned, enclosure_json, number_json};
use serde_json::{Map, Value, json};

use crate::condition::wide;
use crate::failure::Failure;
use crate::input::{Input, Style};
use crate::one::{about, inputs, with_matrix};
use crate::{ANSWERED, output, svd};

/// A matrix, a right-hand side, and where the solution goes.
#[derive(Args, Debug)]
pub(crate) struct Problem {
    /// The matrix A.
    pub(crate) file: PathBuf,
    /// The right-hand side b: a vector, or a matrix with a column for each problem.
    pub(crate) rhs: PathBuf,
    /// The tensor, where the file of the matrix holds more than one.
    #[arg(long, short, value_name = "NAME")]
    pub(crate) tensor: Option<String>,
    /// Write the solution for numpy.load, instead of printing it.
    #[arg(long, short, value_name = "FILE.npy")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) style: Style,
}

/// An iteration that needs products alone.
#[derive(Args, Debug)]
pub(crate) struct Iterating {
    /// By products alone, never writing a sparse matrix out: cg (definite), minres (symmetric), lsmr (any).
    #[arg(long, value_name = "NAME", value_parser = |s: &str| s.parse::<Iteration>().map_err(|e| e.to_string()), conflicts_with_all = ["certify", "method"])]
    pub(crate) iterate: Option<Iteration>,
    /// Stop at this backward error.
    #[arg(long, value_name = "SIZE", requires = "iterate", default_value_t = 1e-12)]
    pub(crate) within: f64,
    /// The most steps; twice the number of unknowns by default.
    #[arg(long, value_name = "N", requires = "iterate", default_value_t = 0, hide_default_value = true)]
    pub(crate) steps: usize,
}

impl Iterating {
    /// Runs the iteration, where one is asked for.
    fn run(&self, command: &str, problem: &Problem) -> Result<Option<u8>, Failure> {
        let Some(by) = self.iterate else { return Ok(None) };
        let how = Iterate { by, tolerance: self.within, steps: self.steps };
        let model = Model::open_with(&problem.file, &Opening { map: problem.map() })?;
        if let Some((name, matrix)) = model.sparse(problem.tensor.as_deref())? {
            let WideMatrix::Real(b) = problem.right(kappa::LinearOperator::shape(&matrix).0)? else {
                return Err(Failure::new("a sparse problem needs a real right-hand side"));
            };
            return iterated(
                command,
                problem,
                solve_iteratively(&matrix, single(&b)?, &how).map_err(about(&name))?,
                &how,
            )
            .map(Some);
        }
        let (name, both) = problem.read()?;
        with_both!(&both, (m, b) => {
            iterated(command, problem, solve_iteratively(m, single(b)?, &how).map_err(about(&name))?, &how).map(Some)
        })
    }
}

fn iterated<W: Scalar>(command: &str, problem: &Problem, s: Iterated<W>, how: &Iterate) -> Result<u8, Failure>
where
    WideMatrix: From<Matrix<W>>,
{
    let mut lines = vec![
        line("solved by", format!("{}, {} steps", how.by, s.steps)),
        line("residual norm", Enclosure::exact(s.residual_norm).short(6)),
        line("backward error", at_most(s.backward_error.upper())),
    ];
    if !s.has_converged {
        lines.push(line(
            "beware",
            "the steps ran out before the tolerance was reached: allow more, or scale the problem",
        ));
    }
    let json = json!({
        "method": how.by.to_string(), "steps": s.steps, "has_converged": s.has_converged, "residual_norm": number_json(s.residual_norm),
        "gradient_norm": number_json(s.gradient_norm), "backward_error": enclosure_json(&s.backward_error),
    });
    let explanation = format!(
        "{}, by products alone; the residual was computed anew at the end\nreference: Paige and Saunders, SINUM 12 (1975); Fong and \
         Saunders, SISC 33 (2011) 2950–2971",
        how.by
    );
    let x = Matrix::from_fn(s.x.len(), 1, |i, _| s.x[i]);
    problem.answer(command, &x.into(), Told { lines, json: object(json), explanation, text: None })
}

impl Problem {
    fn map(&self) -> bool {
        !self.style.no_mmap
    }

    /// Fails before anything is computed where the solution cannot be written.
    pub(crate) fn check_output(&self) -> Result<(), Failure> {
        let Some(path) = &self.output else { return Ok(()) };
        [&self.file, &self.rhs].into_iter().try_for_each(|read| output::check_place_beside(path, read))
    }

    /// A and b, both real or both complex; a vector stands upright whichever way it lies in its file.
    pub(crate) fn read(&self) -> Result<(String, Both), Failure> {
        let (name, a) = wide(&self.file, self.tensor.as_deref(), self.map())?;
        let b = self.right(a.shape().0)?;
        Ok((name, Both::new(a, b)))
    }

    fn right(&self, m: usize) -> Result<WideMatrix, Failure> {
        let (_, b) = wide(&self.rhs, None, self.map())?;
        let (rows, columns) = b.shape();
        Ok(if rows != m && rows.min(columns) == 1 { b.into_vector() } else { b })
    }

    fn inputs(&self) -> Value {
        json!({ "file": self.file, "tensor": self.tensor, "rhs": self.rhs })
    }

    /// Writes or prints X, with words beside it and one JSON object instead of both.
    pub(crate) fn answer(&self, command: &str, x: &WideMatrix, told: Told) -> Result<u8, Failure> {
        if let Some(path) = &self.output {
            let bytes = svd::npy(x);
            output::file(path, |file| file.write_all(&bytes))?;
            output::words(&format!("wrote {}", path.display()));
        }
        if self.style.explain {
            output::words(&told.explanation);
        }
        if self.style.json {
            let mut result = told.json;
            if self.output.is_none() {
                result.insert("x".into(), entries_json(x));
            }
            return output::json(command, self.inputs(), Value::Object(result));
        }
        output::words(aligned(&told.lines, &[false, false]).trim_end());
        if self.output.is_some() { Ok(ANSWERED) } else { output::data(&told.text.unwrap_or_else(|| text(x))) }
    }
}

/// What is said beside a solution.
pub(crate) struct Told {
    pub(crate) lines: Vec<Vec<String>>,
    pub(crate) json: Map<String, Value>,
    pub(crate) explanation: String,
    /// The solution as it is printed, where its digits are not all to be shown.
    pub(crate) text: Option<String>,
}

/// A matrix and a right-hand side with entries of one type.
pub(crate) enum Both {
    Real(Matrix<f64>, Matrix<f64>),
    Complex(Matrix<c64>, Matrix<c64>),
}

impl Both {
    pub(crate) fn new(a: WideMatrix, b: WideMatrix) -> Self {
        match (a, b) {
            (WideMatrix::Real(a), WideMatrix::Real(b)) => Self::Real(a, b),
            (a, b) => Self::Complex(a.complex(), b.complex()),
        }
    }
}

/// Does the same for real and complex problems.
macro_rules! with_both {
    ($both:expr, ($a:ident, $b:ident) => $body:expr) => {
        match $both {
            Both::Real($a, $b) => $body,
            Both::Complex($a, $b) => $body,
        }
    };
}
pub(crate) use with_both;

/// One row a line, blanks between columns.
pub(crate) fn text(x: &WideMatrix) -> String {
    let number = |re: f64, im: f64, complex: bool| {
        if complex { format!("{re:?}{}{:?}i", if im < 0.0 { "-" } else { "+" }, im.abs()) } else { format!("{re:?}") }
    };
    let complex = matches!(x, WideMatrix::Complex(_));
    let rows: Vec<Vec<String>> = with_wide!(x, x => (0..x.rows())
        .map(|i| (0..x.columns()).map(|j| number(x[(i, j)].re(), x[(i, j)].im(), complex)).collect())
        .collect());
    let width = rows.first().map_or(0, Vec::len);
    aligned(&rows, &vec![true; width])
}

/// Rows of numbers; complex ones as pairs.
pub(crate) fn entries_json(x: &WideMatrix) -> Value {
    let complex = matches!(x, WideMatrix::Complex(_));
    let number = |re: f64, im: f64| {
        if complex { json!([number_json(re), number_json(im)]) } else { number_json(re) }
    };
    with_wide!(x, x => (0..x.rows())
        .map(|i| (0..x.columns()).map(|j| number(x[(i, j)].re(), x[(i, j)].im())).collect::<Vec<Value>>())
        .collect::<Vec<_>>())
    .into()
}

pub(crate) fn line(title: &str, text: impl Into<String>) -> Vec<String> {
    vec![title.to_owned(), text.into()]
}

/// A bound in three digits, rounded up.
fn at_most(x: f64) -> String {
    if x == 0.0 { "0".into() } else { format!("at most {:.1e}", x * 1.05) }
}

#[derive(Args, Debug)]
pub(crate) struct SolveArguments {
    #[command(flatten)]
    pub(crate) problem: Problem,
    #[command(flatten)]
    pub(crate) iterating: Iterating,
    /// Prove every digit: an enclosure of each entry, every rounding error counted.
    #[arg(long, conflicts_with_all = ["method", "refine"])]
    pub(crate) certify: bool,
    /// diagonal, lower, upper, cholesky, ldlt, lu or mixed (single precision, refined); the entries decide by default.
    #[arg(long, value_name = "NAME", value_parser = |s: &str| s.parse::<Method>().map_err(|e| e.to_string()))]
    pub(crate) method: Option<Method>,
    /// when-needed, never, or extended (residuals in double-double).
    #[arg(long, value_name = "WHEN", default_value = "when-needed", value_parser = |s: &str| s.parse::<Refinement>().map_err(|e| e.to_string()))]
    pub(crate) refine: Refinement,
}

pub(crate) fn solve(a: &SolveArguments) -> Result<u8, Failure> {
    a.problem.check_output()?;
    if let Some(code) = a.iterating.run("solve", &a.problem)? {
        return Ok(code);
    }
    let how = Solve { method: a.method, refinement: a.refine };
    if !a.certify && a.method.is_none() && a.refine != Refinement::Extended {
        let model = Model::open_with(&a.problem.file, &Opening { map: a.problem.map() })?;
        if let Some((name, matrix)) = model.sparse(a.problem.tensor.as_deref())? {
            let b = a.problem.right(kappa::LinearOperator::shape(&matrix).0)?;
            let WideMatrix::Real(b) = b else {
                return Err(Failure::new("a sparse system needs a real right-hand side")
                    .with_hint("solve for its real and its imaginary part"));
            };
            let s = solve_by(&matrix, &b, &how).map_err(about(&name))?;
            return solved(a, s);
        }
    }
    let (name, both) = a.problem.read()?;
    if a.certify {
        return with_both!(&both, (m, b) => certified(&a.problem, "solve", certified_solve(m, b).map_err(about(&name))?));
    }
    with_both!(&both, (m, b) => solved(a, solve_by(m, b, &how).map_err(about(&name))?))
}

fn solved<W: Scalar<Wide = W> + WideEngine>(a: &SolveArguments, s: kappa::Solution<W>) -> Result<u8, Failure>
where
    WideMatrix: From<Matrix<W>>,
{
    let (backward, cond, forward) = (s.backward_error(), s.cond(), s.forward_error());
    let lines = vec![
        line("solved by", s.plan().to_string()),
        line("backward error", at_most(backward.upper())),
        line("condition κ_∞", format!("about {}", Enclosure::exact(cond.estimate()).short(3))),
        line("relative error", at_most(forward.upper())),
    ];
    let json = json!({
        "method": s.plan().method.to_string(), "order": s.plan().order, "refined": s.refined(),
        "backward_error": enclosure_json(&backward), "cond": enclosure_json(&cond), "forward_error": enclosure_json(&forward),
        "backward_errors": s.backward_errors().iter().map(enclosure_json).collect::<Vec<_>>(),
    });
    let explanation = format!(
        "plan: {} (order {}), {} steps of refinement\nbackward error: {}\nrelative error: {}\nreference: Higham, Accuracy and \
         Stability of Numerical Algorithms, 2nd ed., chapters 7, 9, 12 and 15",
        s.plan(),
        s.plan().order,
        s.refined(),
        backward.evidence(),
        forward.evidence()
    );
    let told = Told { lines, json: object(json), explanation, text: None };
    a.problem.answer("solve", &s.into_x().into(), told)
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// Prints the digits that are certain.
fn certified<W: Scalar>(problem: &Problem, command: &str, s: CertifiedSolution<W>) -> Result<u8, Failure>
where
    WideMatrix: From<Matrix<W>>,
{
    let (n, k) = (s.x().rows(), s.x().columns());
    let part = |e: Enclosure| e.short(17);
    let cell = |i: usize, j: usize| {
        let re = part(s.entry(i, j));
        if !W::IS_COMPLEX {
            return re;
        }
        let im = part(s.imaginary(i, j));
        if im.starts_with('-') { format!("{re}{im}i") } else { format!("{re}+{im}i") }
    };
    let rows: Vec<Vec<String>> = (0..n).map(|i| (0..k).map(|j| cell(i, j)).collect()).collect();
    let digits = (0..n).flat_map(|i| (0..k).map(move |j| (i, j))).map(|(i, j)| s.digits(i, j)).fold(31.0, f64::min);
    let both = |i: usize, j: usize| {
        let re = enclosure_json(&s.entry(i, j));
        if W::IS_COMPLEX { json!([re, enclosure_json(&s.imaginary(i, j))]) } else { re }
    };
    let enclosures: Vec<Vec<Value>> = (0..n).map(|i| (0..k).map(|j| both(i, j)).collect()).collect();
    let mut lines = vec![
        line("proved by", s.algorithm()),
        line(
            "certain digits",
            format!(
                "{:.0} of each entry at least{}",
                digits.floor(),
                if digits > 16.0 { ", so that all of its double are" } else { "" }
            ),
        ),
    ];
    let is_exact = s.residual_norms().iter().all(|r| r.upper() == 0.0);
    if !is_exact {
        let norms: Vec<String> = s.residual_norms().iter().map(|r| r.short(12)).collect();
        lines.push(line("residual norm", norms.join(", ")));
    }
    let json = json!({
        "algorithm": s.algorithm(), "enclosures": enclosures, "certain_digits": digits,
        "residual_norms": s.residual_norms().iter().map(enclosure_json).collect::<Vec<_>>(),
    });
    let explanation = format!(
        "certificate: {}\nevidence: {}\nreference: Rump, JCAM 242 (2013) 157–184 and SIMAX 33 (2012) 130–148",
        s.algorithm(),
        if n * k > 0 { s.entry(0, 0).evidence().to_string() } else { "nothing to prove".into() }
    );
    let told = Told { lines, json: object(json), explanation, text: Some(aligned(&rows, &vec![true; k])) };
    problem.answer(command, &s.x().clone().into(), told)
}

#[derive(Args, Debug)]
pub(crate) struct LstsqArguments {
    #[command(flatten)]
    pub(crate) problem: Problem,
    #[command(flatten)]
    pub(crate) iterating: Iterating,
    /// Prove every digit: an enclosure of each entry, every rounding error counted.
    #[arg(long, conflicts_with_all = ["method", "tolerance", "weights", "equations", "covariance", "total"])]
    pub(crate) certify: bool,
    /// qr, cod, svd, or normal-equations (which squares the condition number).
    #[arg(long, value_name = "NAME", value_parser = |s: &str| s.parse::<LstsqMethod>().map_err(|e| e.to_string()))]
    pub(crate) method: Option<LstsqMethod>,
    /// Singular values below this share of the largest count as zero; max(rows, columns)·2⁻⁵² by default.
    #[arg(long, value_name = "SHARE")]
    pub(crate) tolerance: Option<f64>,
    /// A positive weight for each row.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["equations", "covariance", "total"])]
    pub(crate) weights: Option<PathBuf>,
    /// Equations that must hold: the matrix C and the vector d of Cx = d.
    #[arg(long, value_names = ["C", "D"], num_args = 2, conflicts_with_all = ["covariance", "total"])]
    pub(crate) equations: Option<Vec<PathBuf>>,
    /// Meet the equations by multipliers instead of in their null space.
    #[arg(long, requires = "equations")]
    pub(crate) multipliers: bool,
    /// A factor B of the covariance BBᵀ of the errors.
    #[arg(long, value_name = "FILE", conflicts_with = "total")]
    pub(crate) covariance: Option<PathBuf>,
    /// Errors in the matrix as well: everywhere, in the matrix alone, or everywhere but in --exact-columns.
    #[arg(long, value_enum, value_name = "WHERE", num_args = 0..=1, default_missing_value = "everywhere", require_equals = true)]
    pub(crate) total: Option<Where>,
    /// Weigh the errors of b by this factor against those of the matrix.
    #[arg(long, value_name = "GAMMA", requires = "total")]
    pub(crate) scale: Option<f64>,
    /// Columns without errors, counted from 0.
    #[arg(long, value_name = "J,…", value_delimiter = ',', requires = "total")]
    pub(crate) exact_columns: Vec<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub(crate) enum Where {
    /// In the matrix and in b.
    Everywhere,
    /// In the matrix alone.
    Matrix,
}

pub(crate) fn lstsq(a: &LstsqArguments) -> Result<u8, Failure> {
    a.problem.check_output()?;
    if let Some(code) = a.iterating.run("lstsq", &a.problem)? {
        return Ok(code);
    }
    let (name, both) = a.problem.read()?;
    if a.certify {
        return with_both!(&both, (m, b) => certified(&a.problem, "lstsq", certified_lstsq(m, b).map_err(about(&name))?));
    }
    if let Some(total) = a.total {
        let errors = match (total, a.scale, a.exact_columns.as_slice()) {
            (Where::Matrix, None, []) => Errors::Matrix,
            (Where::Everywhere, None, []) => Errors::Everywhere,
            (Where::Everywhere, Some(gamma), []) => Errors::Scaled(gamma),
            (Where::Everywhere, None, columns) => Errors::ExactColumns(columns.to_vec()),
            _ => {
                return Err(Failure::new("--scale, --exact-columns and --total=matrix exclude each other")
                    .with_hint("choose one of them"));
            }
        };
        return with_both!(&both, (m, b) => {
            let b = single(b)?;
            let s = total_lstsq(m, b, &errors).map_err(about(&name))?;
            let lines = vec![
                line("least correction", Enclosure::exact(s.correction_norm).short(6)),
                line("gap σₙ − σₙ₊₁", Enclosure::exact(s.gap.estimate()).short(4)),
                line("unique", if s.is_unique { "yes" } else { "no: the shortest of many" }),
            ];
            let json = json!({ "correction_norm": number_json(s.correction_norm), "gap": enclosure_json(&s.gap), "is_unique": s.is_unique });
            let explanation = "the last singular vector of [A b]\nreference: Van Huffel and Vandewalle, The Total Least Squares Problem (1991)";
            finish(a, s.x, lines, json, explanation)
        });
    }
    if let Some(files) = &a.equations {
        return constrained(a, &name, both, files);
    }
    if let Some(file) = &a.covariance {
        return generalized(a, &name, both, file);
    }
    let weights = a.weights.as_deref().map(|path| real_vector(path, a.problem.map())).transpose()?;
    let how =
        Lstsq { method: a.method, tolerance: a.tolerance.map(Tolerance::relative).transpose()?.unwrap_or_default() };
    with_both!(&both, (m, b) => {
        let s = match &weights {
            Some(w) => weighted_lstsq(m, single(b)?, w),
            None => lstsq_by(m, b, &how),
        };
        plain(a, s.map_err(about(&name))?)
    })
}

fn plain<W: Scalar<Wide = W> + WideEngine>(a: &LstsqArguments, s: kappa::LstsqSolution<W>) -> Result<u8, Failure>
where
    WideMatrix: From<Matrix<W>>,
{
    let (cond, backward, forward) = (s.cond(), s.backward_error(), s.forward_error());
    let norms: Vec<String> = s.residual_norms().iter().map(|&r| Enclosure::exact(r).short(6)).collect();
    let mut lines = vec![
        line("solved by", s.method().to_string()),
        line("rank", format!("{} of {}", s.rank(), s.x().rows())),
        line("residual norm", norms.join(", ")),
        line("condition κ₂", format!("about {}", Enclosure::exact(cond.estimate()).short(3))),
        line("relative error", at_most(forward.upper())),
    ];
    if s.method() == LstsqMethod::NormalEquations {
        lines.push(line("beware", "the normal equations square the condition number; `--method qr` does not"));
    }
    let json = json!({
        "method": s.method().to_string(), "rank": s.rank(), "residual_norms": s.residual_norms(), "cond": enclosure_json(&cond),
        "backward_error": enclosure_json(&backward), "forward_error": enclosure_json(&forward),
    });
    let explanation = format!(
        "plan: {}\nbackward error: {} ({})\nrelative error: {}\nreference: Björck, Numerical Methods for Least Squares Problems; \
         Higham, Accuracy and Stability, 2nd ed., chapter 20",
        s.method(),
        backward.estimate(),
        backward.evidence(),
        forward.evidence()
    );
    let told = Told { lines, json: object(json), explanation, text: None };
    a.problem.answer("lstsq", &s.into_x().into(), told)
}

fn constrained(a: &LstsqArguments, name: &str, both: Both, files: &[PathBuf]) -> Result<u8, Failure> {
    let [c, d] = files else { return Err(Failure::new("--equations needs a matrix and a vector")) };
    let how = if a.multipliers { Constrained::Multipliers } else { Constrained::NullSpace };
    let (_, c) = wide(c, None, a.problem.map())?;
    let d = wide(d, None, a.problem.map())?.1.into_vector();
    let tell = |residual: f64, constraint: f64, is_unique: bool| {
        let lines = vec![
            line("residual norm", Enclosure::exact(residual).short(6)),
            line("‖d − Cx‖", format!("{constraint:.1e}")),
            line("unique", if is_unique { "yes" } else { "no: the shortest of many" }),
        ];
        (lines, json!({ "residual_norm": residual, "constraint_norm": constraint, "is_unique": is_unique }))
    };
    const EXPLANATION: &str = "QR factorizations of the equations and of what they leave\nreference: Björck, Numerical Methods for Least \
                               Squares Problems, section 5.1";
    match (both, Both::new(c, d)) {
        (Both::Real(m, b), Both::Real(c, d)) => {
            let s = constrained_lstsq(&m, single(&b)?, &c, d.as_slice(), how).map_err(about(name))?;
            let (lines, mut json) = tell(s.residual_norm, s.constraint_norm, s.is_unique);
            json["multipliers"] = json!(s.multipliers);
            finish(a, s.x, lines, json, EXPLANATION)
        }
        (both, other) => {
            let ((m, b), (c, d)) = (complex(both), complex(other));
            let s = constrained_lstsq(&m, single(&b)?, &c, d.as_slice(), how).map_err(about(name))?;
            let (lines, json) = tell(s.residual_norm, s.constraint_norm, s.is_unique);
            finish(a, s.x, lines, json, EXPLANATION)
        }
    }
}

fn complex(both: Both) -> (Matrix<c64>, Matrix<c64>) {
    match both {
        Both::Real(a, b) => (WideMatrix::Real(a).complex(), WideMatrix::Real(b).complex()),
        Both::Complex(a, b) => (a, b),
    }
}

fn generalized(a: &LstsqArguments, name: &str, both: Both, file: &Path) -> Result<u8, Failure> {
    let (_, factor) = wide(file, None, a.problem.map())?;
    let Both::Real(m, b) = both else {
        return Err(Failure::new("a covariance is known for real problems on the command line"));
    };
    let WideMatrix::Real(factor) = factor else {
        return Err(Failure::new(format!("`{}` is complex, and a covariance of real errors is real", file.display())));
    };
    let s = generalized_lstsq(&m, single(&b)?, &factor).map_err(about(name))?;
    let lines = vec![
        line("size of the errors", Enclosure::exact(s.error_norm).short(6)),
        line("unique", if s.is_unique { "yes" } else { "no: the shortest of many" }),
    ];
    let json = json!({ "error_norm": s.error_norm, "errors": s.errors, "is_unique": s.is_unique });
    finish(
        a,
        s.x,
        lines,
        json,
        "the general Gauss–Markov model, by orthogonal factors\nreference: Paige, Math. Comp. 33 (1979) 171–183",
    )
}

fn finish<W: Scalar>(
    a: &LstsqArguments,
    x: Vec<W>,
    lines: Vec<Vec<String>>,
    json: Value,
    explanation: &str,
) -> Result<u8, Failure>
where
    WideMatrix: From<Matrix<W>>,
{
    let x = Matrix::from_fn(x.len(), 1, |i, _| x[i]);
    let told = Told { lines, json: object(json), explanation: explanation.to_owned(), text: None };
    a.problem.answer("lstsq", &x.into(), told)
}

/// The one column of a right-hand side.
pub(crate) fn single<T: Scalar>(b: &Matrix<T>) -> Result<&[T], Failure> {
    match b.columns() {
        1 => Ok(b.as_slice()),
        k => Err(Failure::new(format!("the right-hand side has {k} columns, and this problem takes one"))
            .with_hint("give one vector at a time")),
    }
}

/// A file with real numbers as one vector.
pub(crate) fn real_vector(path: &Path, map: bool) -> Result<Vec<f64>, Failure> {
    match wide(path, None, map)?.1.into_vector() {
        WideMatrix::Real(x) => Ok(x.into_vec()),
        WideMatrix::Complex(_) => {
            Err(Failure::new(format!("`{}` holds complex numbers where real ones are needed", path.display())))
        }
    }
}

#[derive(Args, Debug)]
pub(crate) struct PinvArguments {
    #[command(flatten)]
    pub(crate) input: Input,
    /// Singular values below this share of the largest count as zero; max(rows, columns)·2⁻⁵² by default.
    #[arg(long, value_name = "SHARE")]
    pub(crate) tolerance: Option<f64>,
    /// Write the pseudoinverse for numpy.load, instead of printing it.
    #[arg(long, short, value_name = "FILE.npy")]
    pub(crate) output: Option<PathBuf>,
}

pub(crate) fn pseudoinverse(a: &PinvArguments) -> Result<u8, Failure> {
    if let Some(path) = &a.output {
        output::check_place_beside(path, &a.input.file)?;
    }
    if a.input.certify {
        return Err(Failure::new("a pseudoinverse is not certified entry by entry")
            .with_hint("its four Penrose residuals are printed; `kappa lstsq --certify` proves a solution"));
    }
    let tolerance = a.tolerance.map(Tolerance::relative).transpose()?.unwrap_or_default();
    with_matrix(&a.input, |name, matrix| {
        let wide = matrix.view()?.to_wide();
        let (x, rank, residuals): (WideMatrix, usize, [f64; 4]) = with_wide!(&wide, m => {
            let p = pinv(m, tolerance).map_err(about(name))?;
            (p.matrix.into(), p.rank, p.residuals)
        });
        if let Some(path) = &a.output {
            let bytes = svd::npy(&x);
            output::file(path, |file| file.write_all(&bytes))?;
            output::words(&format!("wrote {}", path.display()));
        }
        let names = ["AXA = A", "XAX = X", "AX Hermitian", "XA Hermitian"];
        if a.input.style.explain {
            output::words(
                "singular value decomposition\nreference: Penrose, Proc. Cambridge Phil. Soc. 51 (1955) 406–413",
            );
        }
        if a.input.style.json {
            let mut result = json!({ "tensor": name, "rank": rank, "penrose_residuals": residuals });
            if a.output.is_none() {
                result["matrix"] = entries_json(&x);
            }
            return output::json("pinv", inputs(&a.input), result);
        }
        let mut lines = vec![line("rank", rank.to_string())];
        lines.extend(names.iter().zip(residuals).map(|(name, r)| line(name, format!("to {r:.1e}"))));
        output::words(aligned(&lines, &[false, false]).trim_end());
        if a.output.is_some() { Ok(ANSWERED) } else { output::data(&text(&x)) }
    })
}
