//! What can be asked on the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Measures matrices, from a 3×3 in a paper to every weight of a large model, and says how far each answer can be trusted.
#[derive(Debug, Parser)]
#[command(name = "kappa", version, max_term_width = 100, after_help = AFTER)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const AFTER: &str = "\
Reads safetensors (also sharded, or a folder), .npy, .npz, Matrix Market and tables of numbers, by content.

Exit 0: answered. Exit 1: a requested check is false. Exit 2: could not answer.

Examples:
  kappa survey model.safetensors --html report.html
  kappa norm w.npy --norm nuclear
  kappa measure w.npy rank cond norm:nuclear
  kappa check w.npy \"cond < 1e8\"";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Measure every weight matrix of a checkpoint.
    Survey(SurveyArguments),
    /// How large: one norm of one matrix.
    Norm(NormArguments),
    /// How sensitive: the condition number.
    Cond(CondArguments),
    /// How far the nearest singular matrix is, and which it is.
    Distance(DistanceArguments),
    /// How many digits of a solution survive, in a sentence.
    Digits(DigitsArguments),
    /// How many directions: the numerical rank, or the exact one.
    Rank(RankArguments),
    /// Which values: the singular values, largest first.
    SingularValues(SingularValuesArguments),
    /// Several questions at once.
    Measure(MeasureArguments),
    /// Factor once, ask many: writes U, σ and Vᴴ as .npz.
    Svd(SvdArguments),
    /// Eigenvalues with discs that hold them, and how sensitive each is.
    Eig(EigArguments),
    /// Factor a matrix: writes the factors as .npz.
    Factor(FactorArguments),
    /// What a change may do: a theorem with numbers; without a name, all of them.
    Bound(BoundArguments),
    /// Every theorem about the change from one matrix to another, beside what actually happened.
    Perturb(PerturbArguments),
    /// How little the data must change for a computed answer to be exact.
    BackwardError(BackwardErrorArguments),
    /// Put textbook algorithms to the test: backward stable, mixed stable or unstable, from measured errors.
    Lab(LabArguments),
    /// Draw what a matrix does: Gershgorin discs, numerical range, pseudospectra, the image of the unit circle.
    Draw(DrawArguments),
    /// Is it so? Exit 0 when true, 1 when false, 2 when it cannot be told.
    Check(CheckArguments),
    /// Prove a claim, and print a witness that anyone can check.
    Prove(ProveArguments),
    /// Check a proof with exact arithmetic. Exit 0 when it holds, 1 when it does not.
    Verify(VerifyArguments),
    /// What a norm is: its dual, what it promises, how it compares with another one.
    AboutNorm(AboutNormArguments),
    /// The slope of a norm at a matrix, its proximal point, the nearest and the lowest point of its ball.
    Ball(BallArguments),
    /// Is one matrix smaller than another in every unitarily invariant norm? Exit 0 when true, 1 when false.
    Dominance(DominanceArguments),
    /// How large a vector is: p-norms, weighted norms, the distance of Mahalanobis.
    Vector(VectorArguments),
    /// The inner product of two vectors, and the inequalities it obeys, with their slack.
    Inner(InnerArguments),
    /// Add numbers up: the sum with its error bound, what plain addition makes of it, how much cancels; mean and variance.
    Sum(SumArguments),
    /// How much a chain of layers can stretch: the product of their certified spectral norms.
    Lipschitz(LipschitzArguments),
    /// The nuclear norm of a product from its two factors, without multiplying them out.
    Factors(FactorsArguments),
    /// Number formats, and what a number becomes in each.
    Formats(FormatsArguments),
    /// The roots of a polynomial: a·x² + b·x + c without cancellation, higher degrees with each root's condition number.
    Roots(RootsArguments),
    /// Print the completions of a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page.
    Man,
}

/// Which matrix, and how the answer is written.
#[derive(Args, Debug)]
pub(crate) struct Input {
    /// The file, folder, or index of a sharded checkpoint.
    pub(crate) file: PathBuf,
    /// The tensor, where the file holds more than one matrix.
    #[arg(long, short, value_name = "NAME")]
    pub(crate) tensor: Option<String>,
    /// Count every rounding error: the bounds hold for certain.
    #[arg(long)]
    pub(crate) certify: bool,
    #[command(flatten)]
    pub(crate) style: Style,
}

#[derive(Args, Debug)]
pub(crate) struct Style {
    /// Print one JSON object (see docs/json.md).
    #[arg(long)]
    pub(crate) json: bool,
    /// Say how the answer was found and why it may be believed.
    #[arg(long)]
    pub(crate) explain: bool,
    /// Read files instead of mapping them into memory; safe against files that are truncated meanwhile.
    #[arg(long)]
    pub(crate) no_mmap: bool,
}

#[derive(Args, Debug)]
pub(crate) struct SurveyArguments {
    /// The file, folder, or index of a sharded checkpoint.
    pub(crate) model: PathBuf,
    /// Only tensors whose name matches: a part of it, or `*` and `?`. May be given more than once.
    #[arg(long, value_name = "GLOB")]
    pub(crate) layers: Vec<String>,
    /// Only layers with a verdict that contains this, such as `finite`, `rank` or `duplicate`.
    #[arg(long, value_name = "VERDICT")]
    pub(crate) only: Option<String>,
    /// Threads; all processors by default. The digits do not depend on it.
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) threads: usize,
    /// Memory that may be in use at once, such as 4GiB; half of what is available by default.
    #[arg(long, value_name = "SIZE", value_parser = bytes)]
    pub(crate) memory: Option<u64>,
    /// Count every rounding error: the bounds hold for certain, and the survey takes several times as long.
    #[arg(long)]
    pub(crate) certify: bool,
    /// Print comma-separated values.
    #[arg(long, group = "format", conflicts_with = "json")]
    pub(crate) csv: bool,
    /// Print a Markdown table.
    #[arg(long, group = "format", conflicts_with = "json")]
    pub(crate) markdown: bool,
    /// Print every column, also on a narrow terminal.
    #[arg(long)]
    pub(crate) wide: bool,
    /// Also write a report as one HTML file.
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Whether to show progress.
    #[arg(long, value_enum, default_value_t = When::Auto)]
    pub(crate) progress: When,
    #[command(flatten)]
    pub(crate) style: Style,
}

#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub(crate) enum When {
    /// When standard error is a terminal.
    Auto,
    /// Never.
    Never,
}

#[derive(Args, Debug)]
pub(crate) struct NormArguments {
    #[command(flatten)]
    pub(crate) input: Input,
    /// frobenius, spectral, nuclear, max-abs, max-column-sum, max-row-sum, entrywise:p, induced:p,q, schatten:p, ky-fan:k,
    /// ky-fan:k,p, or dual:NORM.
    #[arg(long, short, value_name = "NORM", default_value = "frobenius")]
    pub(crate) norm: String,
    /// Stop at this relative width: the spectral norm only, such as 1e-6.
    #[arg(long, value_name = "WIDTH", allow_hyphen_values = true)]
    pub(crate) within: Option<f64>,
    /// Find the Frobenius norm from this many products with random vectors, as one would for an operator without entries.
    #[arg(long, value_name = "N", conflicts_with_all = ["within", "certify"])]
    pub(crate) samples: Option<usize>,
}

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

#[derive(Args, Debug)]
pub(crate) struct EigArguments {
    #[command(flatten)]
    pub(crate) input: Input,
    /// Print only the K largest.
    #[arg(long, value_name = "K")]
    pub(crate) top: Option<usize>,
    /// Also how sensitive each eigenvalue and its vector are, and how far the matrix is from a normal one.
    #[arg(long)]
    pub(crate) condition: bool,
    /// Also Gelfand's sequence ‖Aᵏ‖^(1/k) for k = 1, 2, 4, … up to this.
    #[arg(long, value_name = "K")]
    pub(crate) powers: Option<u64>,
    /// Write values, right and left eigenvectors.
    #[arg(long, short, value_name = "FILE.npz")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct FactorArguments {
    /// Which factorization.
    #[arg(value_enum)]
    pub(crate) kind: FactorKind,
    #[command(flatten)]
    pub(crate) input: Input,
    /// The rank for rank-revealing-qr.
    #[arg(long, value_name = "K")]
    pub(crate) rank: Option<usize>,
    /// Where the diagonal of R counts as zero for complete-orthogonal, relative to its first entry.
    #[arg(long, value_name = "SHARE", default_value_t = 1e-13)]
    pub(crate) tolerance: f64,
    /// The file to write.
    #[arg(long, short, value_name = "FILE.npz")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub(crate) enum FactorKind {
    /// A = QR.
    Qr,
    /// A[:, columns] = QR, the longest remaining column first.
    PivotedQr,
    /// The same with columns interchanged until the rank shows (Gu and Eisenstat).
    RankRevealingQr,
    /// A = U·T·Vᴴ with a triangular T of the order of the rank.
    CompleteOrthogonal,
    /// A[rows] = LU.
    Lu,
    /// A = LLᴴ.
    Cholesky,
    /// A[rows][:, rows] = LDLᴴ.
    Ldlt,
    /// A = UH, U with orthonormal columns, H semidefinite.
    Polar,
    /// A = QTQᴴ.
    Schur,
    /// Not computable: says why, and what to take instead.
    Jordan,
}

#[derive(Args, Debug)]
pub(crate) struct BoundArguments {
    /// The theorem, such as davis-kahan; all are listed without one.
    #[arg(value_name = "THEOREM")]
    pub(crate) theorem: Option<String>,
    /// The norm of the change.
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) change: Option<f64>,
    /// The gap in the spectrum.
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) gap: Option<f64>,
    /// A condition number.
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) cond: Option<f64>,
    /// The relative error of the matrix.
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) matrix_error: Option<f64>,
    /// The relative error of the right-hand side.
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) rhs_error: Option<f64>,
    /// The relative residual.
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) residual: Option<f64>,
    /// A sum of norms.
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) size: Option<f64>,
    /// The order of the matrix.
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) order: Option<f64>,
    /// The defect of the left factor.
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) left: Option<f64>,
    /// The defect of the right factor.
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) right: Option<f64>,
    #[command(flatten)]
    pub(crate) style: Style,
}

#[derive(Args, Debug)]
pub(crate) struct PerturbArguments {
    /// The matrix before.
    pub(crate) file: PathBuf,
    /// The matrix after.
    pub(crate) other: PathBuf,
    /// The tensor, where a file holds more than one matrix.
    #[arg(long, short, value_name = "NAME")]
    pub(crate) tensor: Option<String>,
    #[command(flatten)]
    pub(crate) style: Style,
}

#[derive(Args, Debug)]
pub(crate) struct BackwardErrorArguments {
    /// The matrix.
    pub(crate) file: PathBuf,
    /// The computed solution, or eigenvector.
    pub(crate) solution: PathBuf,
    /// The right-hand side; none for an eigenvector.
    pub(crate) rhs: Option<PathBuf>,
    /// Errors of each entry by itself (Oettli and Prager).
    #[arg(long, conflicts_with_all = ["least_squares", "eigenvalue"])]
    pub(crate) componentwise: bool,
    /// Of a least squares solution, for changes of the matrix alone.
    #[arg(long, conflicts_with = "eigenvalue")]
    pub(crate) least_squares: bool,
    /// The eigenvalue that goes with the vector; its imaginary part after a comma.
    #[arg(long, value_name = "RE[,IM]", value_parser = complex, allow_hyphen_values = true)]
    pub(crate) eigenvalue: Option<(f64, f64)>,
    /// Write a change of the matrix that makes the answer exact.
    #[arg(long, short, value_name = "FILE.npy")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) style: Style,
}

#[derive(Args, Debug)]
pub(crate) struct LabArguments {
    /// One experiment, with all its numbers; all of them, a line each, without one.
    #[arg(value_name = "EXPERIMENT")]
    pub(crate) experiment: Option<String>,
    #[command(flatten)]
    pub(crate) style: Style,
}

#[derive(Args, Debug)]
pub(crate) struct DrawArguments {
    /// What to draw.
    #[arg(value_enum)]
    pub(crate) picture: PictureKind,
    #[command(flatten)]
    pub(crate) input: Input,
    /// The picture to write, .svg or .png.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// Points in each direction for pseudospectra.
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) points: usize,
    /// The part of the plane for pseudospectra: from and to on the real axis, from and to on the imaginary one.
    #[arg(long, value_name = "A,B,C,D", value_parser = region, allow_hyphen_values = true)]
    pub(crate) region: Option<[f64; 4]>,
    /// Directions for the numerical range.
    #[arg(long, value_name = "N", default_value_t = 72)]
    pub(crate) directions: usize,
    /// The two singular vectors that span the plane of the ellipse, counted from 1.
    #[arg(long, value_name = "I,J", value_parser = plane, default_value = "1,2")]
    pub(crate) plane: (usize, usize),
}

#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub(crate) enum PictureKind {
    /// Discs of rows and columns that hold the eigenvalues.
    Gershgorin,
    /// Where xᴴAx goes for unit vectors.
    NumericalRange,
    /// Where the resolvent is large.
    Pseudospectrum,
    /// The image of the unit circle.
    Ellipse,
    /// The eigenvalues alone.
    Eigenvalues,
}

#[derive(Args, Debug)]
pub(crate) struct RankArguments {
    #[command(flatten)]
    pub(crate) input: Input,
    /// Count singular values above this share of the largest; max(rows, columns)·2⁻⁵² by default.
    #[arg(long, value_name = "SHARE", allow_hyphen_values = true)]
    pub(crate) tolerance: Option<f64>,
    /// Also the exact rank, without any tolerance: elimination in whole numbers.
    #[arg(long)]
    pub(crate) exact: bool,
}

#[derive(Args, Debug)]
pub(crate) struct SingularValuesArguments {
    #[command(flatten)]
    pub(crate) input: Input,
    /// Print only the K largest.
    #[arg(long, value_name = "K")]
    pub(crate) top: Option<usize>,
}

#[derive(Args, Debug)]
pub(crate) struct MeasureArguments {
    #[command(flatten)]
    pub(crate) input: Input,
    /// Such as rank, cond, stable_rank, effective_rank, energy_rank:95, singular_value:1, numerical_radius, log_norm:2, norm:nuclear; all when none is
    /// given.
    #[arg(value_name = "QUESTION")]
    pub(crate) questions: Vec<String>,
}

#[derive(Args, Debug)]
pub(crate) struct SvdArguments {
    #[command(flatten)]
    pub(crate) input: Input,
    /// The file to write: u (m×p), s (p) and vh (p×n), for numpy.load.
    #[arg(long, short, value_name = "FILE.npz")]
    pub(crate) output: PathBuf,
    /// Write all of U (m×m) and Vᴴ (n×n).
    #[arg(long)]
    pub(crate) full: bool,
}

#[derive(Args, Debug)]
pub(crate) struct CheckArguments {
    #[command(flatten)]
    pub(crate) input: Input,
    /// Such as "cond < 1e8" or "rank = 768"; all must hold, for the tensor or, without one, for every matrix in the file.
    #[arg(value_name = "CHECK", required = true)]
    pub(crate) checks: Vec<String>,
}

#[derive(Args, Debug)]
pub(crate) struct ProveArguments {
    /// The file, folder, or index of a sharded checkpoint.
    pub(crate) file: PathBuf,
    /// Such as "norm:spectral <= 3.2", "cond < 1e6", "least_singular_value >= 0.1".
    #[arg(value_name = "CLAIM")]
    pub(crate) claim: String,
    /// The tensor, where the file holds more than one matrix.
    #[arg(long, short, value_name = "NAME")]
    pub(crate) tensor: Option<String>,
    /// Write the proof here instead of printing it.
    #[arg(long, short, value_name = "FILE.json")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) style: Style,
}

#[derive(Args, Debug)]
pub(crate) struct VerifyArguments {
    /// The file, folder, or index of a sharded checkpoint.
    pub(crate) file: PathBuf,
    /// The proof that `kappa prove` made.
    #[arg(value_name = "PROOF.json")]
    pub(crate) proof: PathBuf,
    /// The tensor, where the file holds more than one matrix.
    #[arg(long, short, value_name = "NAME")]
    pub(crate) tensor: Option<String>,
    #[command(flatten)]
    pub(crate) style: Style,
}

#[derive(Args, Debug)]
pub(crate) struct AboutNormArguments {
    /// The norm, such as nuclear or induced:1,2.
    #[arg(value_name = "NORM")]
    pub(crate) norm: String,
    /// Compare with this norm: the largest ratio over all matrices of the shape and rank.
    #[arg(long, value_name = "NORM", requires = "shape")]
    pub(crate) against: Option<String>,
    /// Rows and columns, such as 9x4.
    #[arg(long, value_name = "MxN", value_parser = shape, requires = "against")]
    pub(crate) shape: Option<(usize, usize)>,
    /// The largest rank; min(M, N) by default.
    #[arg(long, value_name = "R")]
    pub(crate) rank: Option<usize>,
    #[command(flatten)]
    pub(crate) style: Style,
}

#[derive(Args, Debug)]
pub(crate) struct BallArguments {
    /// What to do.
    #[arg(value_enum)]
    pub(crate) action: Action,
    #[command(flatten)]
    pub(crate) input: Input,
    /// The norm.
    #[arg(long, short, value_name = "NORM")]
    pub(crate) norm: String,
    /// The radius of the ball, or the weight λ of the norm for prox.
    #[arg(long, short, value_name = "NUMBER", default_value_t = 1.0, allow_hyphen_values = true)]
    pub(crate) radius: f64,
    /// The file to write.
    #[arg(long, short, value_name = "FILE.npy")]
    pub(crate) output: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub(crate) enum Action {
    /// A subgradient: the slope of the norm.
    Subgradient,
    /// argmin ½‖X − A‖² + λ‖X‖.
    Prox,
    /// The nearest matrix in the ball.
    Project,
    /// argmin ⟨A, X⟩ over the ball.
    LinearMinimum,
}

#[derive(Args, Debug)]
pub(crate) struct DominanceArguments {
    /// The matrix that is to be the smaller one.
    pub(crate) file: PathBuf,
    /// The matrix that is to be the larger one.
    pub(crate) other: PathBuf,
    /// The tensor, where a file holds more than one matrix.
    #[arg(long, short, value_name = "NAME")]
    pub(crate) tensor: Option<String>,
    /// Count every rounding error: the bounds hold for certain.
    #[arg(long)]
    pub(crate) certify: bool,
    #[command(flatten)]
    pub(crate) style: Style,
}

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
pub(crate) struct LipschitzArguments {
    /// The file, folder, or index of a sharded checkpoint.
    pub(crate) model: PathBuf,
    /// Only tensors whose name matches: a part of it, or `*` and `?`. May be given more than once.
    #[arg(long, value_name = "GLOB")]
    pub(crate) layers: Vec<String>,
    #[command(flatten)]
    pub(crate) style: Style,
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

#[derive(Args, Debug)]
pub(crate) struct FormatsArguments {
    /// A number to be stored in each format.
    #[arg(value_name = "NUMBER", allow_hyphen_values = true)]
    pub(crate) number: Option<f64>,
    #[command(flatten)]
    pub(crate) style: Style,
}

#[derive(Args, Debug)]
pub(crate) struct RootsArguments {
    /// The coefficients, the highest power first: 1 -3 2 is x² − 3x + 2.
    #[arg(value_name = "COEFFICIENT", num_args = 2.., required = true, allow_negative_numbers = true)]
    pub(crate) coefficients: Vec<f64>,
    #[command(flatten)]
    pub(crate) style: Style,
}

/// A share: 0.001 or 0.1%.
fn share(text: &str) -> Result<f64, String> {
    let (number, factor) = match text.trim().strip_suffix('%') {
        Some(percent) => (percent, 0.01),
        None => (text.trim(), 1.0),
    };
    match number.trim().parse::<f64>() {
        Ok(x) if x >= 0.0 && x.is_finite() => Ok(x * factor),
        _ => Err(format!("`{text}` is not a share such as 0.001 or 0.1%")),
    }
}

/// A complex number: 1.5 or 1.5,-2.
fn complex(text: &str) -> Result<(f64, f64), String> {
    let numbers: Result<Vec<f64>, _> = text.split(',').map(|x| x.trim().parse::<f64>()).collect();
    match numbers.as_deref() {
        Ok([re]) => Ok((*re, 0.0)),
        Ok([re, im]) => Ok((*re, *im)),
        _ => Err(format!("`{text}` is not a number such as 1.5 or 1.5,-2")),
    }
}

/// Four numbers.
fn region(text: &str) -> Result<[f64; 4], String> {
    let numbers: Result<Vec<f64>, _> = text.split(',').map(|x| x.trim().parse::<f64>()).collect();
    let four = numbers.ok().and_then(|x| <[f64; 4]>::try_from(x).ok());
    four.ok_or_else(|| format!("`{text}` is not a region such as -1,3,-2,2"))
}

/// Two numbers from 1.
fn plane(text: &str) -> Result<(usize, usize), String> {
    let parts = text.split_once(',').and_then(|(i, j)| Some((i.trim().parse().ok()?, j.trim().parse().ok()?)));
    match parts {
        Some((i, j)) if i >= 1 && j >= 1 && i != j => Ok((i, j)),
        _ => Err(format!("`{text}` is not a pair of different numbers from 1 such as 1,2")),
    }
}

/// Rows and columns: 9x4 or 9×4.
fn shape(text: &str) -> Result<(usize, usize), String> {
    let parts =
        text.split_once(['x', '×', 'X']).and_then(|(m, n)| Some((m.trim().parse().ok()?, n.trim().parse().ok()?)));
    parts.ok_or_else(|| format!("`{text}` is not a shape such as 9x4"))
}

/// A number of bytes: 4GiB, 512MB, 1000000.
fn bytes(text: &str) -> Result<u64, String> {
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let factor = match unit.trim().to_lowercase().as_str() {
        "" | "b" => 1.0,
        "k" | "kib" => 1024.0,
        "kb" => 1e3,
        "m" | "mib" => 1048576.0,
        "mb" => 1e6,
        "g" | "gib" => 1073741824.0,
        "gb" => 1e9,
        "t" | "tib" => 1099511627776.0,
        "tb" => 1e12,
        other => return Err(format!("`{other}` is not a unit of memory; use KiB, MiB, GiB or TiB")),
    };
    let number: f64 = number.parse().map_err(|_| format!("`{text}` is not a size such as 4GiB"))?;
    Ok((number * factor) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_with_their_units() {
        assert_eq!(bytes("4GiB"), Ok(4 << 30));
        assert_eq!(bytes("1.5k"), Ok(1536));
        assert_eq!(bytes("2GB"), Ok(2_000_000_000));
        assert_eq!(bytes("77"), Ok(77));
        assert!(bytes("GiB").is_err() && bytes("4 parsecs").is_err() && bytes("-1").is_err());
    }
}
