//! Square systems Ax = b.

use std::sync::{Arc, OnceLock};

use kappa_dense::pair::PairMatrix;
use kappa_dense::{Matrix, MatrixRef, Scalar, c64};

use super::factored::{Checked, Factored, Method, SolvePlan};
use super::residual::{Given, Rest, largest, real_form, size, stacked, unstacked};
use crate::error::{Error, Result};
use crate::krylov::one_norm_search;
use crate::operator::{AnyMatrix, AnyOperator, Entries, LinearOperator, RealOrComplex, Sparse, both, wide, wide_with};
use crate::{Enclosure, Evidence, OneNorm};

/// How a system is solved: passed last, and usually left at its default.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Solve {
    /// How A is factored; its entries decide where nothing is asked for.
    pub method: Option<Method>,
    /// Whether the solution is refined.
    pub refinement: Refinement,
}

/// When a solution is refined by its residual.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Refinement {
    /// Where its backward error is above a few units roundoff.
    #[default]
    WhenNeeded,
    /// Never.
    Never,
    /// Always, with the residual in double-double: a relative error near the unit roundoff where κ is below about 1e15.
    Extended,
}

impl std::str::FromStr for Refinement {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        match text.trim().to_lowercase().replace('_', "-").as_str() {
            "when-needed" | "auto" => Ok(Self::WhenNeeded),
            "never" | "none" => Ok(Self::Never),
            "extended" | "double-double" => Ok(Self::Extended),
            _ => Err(Error::syntax(format!("`{text}` is no kind of refinement"))
                .with_hint("when-needed, never and extended are known")),
        }
    }
}

/// A backward error above this is refined away.
const ENOUGH: f64 = 64.0 * f64::EPSILON;
const STEPS: usize = 10;

/// A factored matrix, kept to be solved with again and again.
///
/// ```
/// # use kappa::{Matrix, Solver};
/// let a = Matrix::from_row_major(2, 2, vec![4.0_f64, 1.0, 1.0, 3.0])?;
/// let solver = Solver::new(&a)?;
/// assert_eq!(solver.plan().to_string(), "Cholesky factorization, 3 flop");
/// let x = solver.solve(&Matrix::from_row_major(2, 1, vec![1.0, 2.0])?)?;
/// assert!((x.x()[(0, 0)] - 1.0 / 11.0).abs() < 1e-16 && x.forward_error().upper() < 1e-14);
/// # Ok::<(), kappa::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Solver<W: Scalar> {
    a: Arc<Stored<W>>,
    factored: Arc<Factored<W>>,
    how: Solve,
}

#[derive(Debug)]
enum Stored<W: Scalar> {
    Dense(Matrix<W>),
    Sparse(Sparse<W>),
}

/// x with Ax ≈ b, and how far it can be trusted.
#[derive(Clone, Debug)]
pub struct Solution<W: Scalar> {
    x: Matrix<W>,
    residual: Matrix<W>,
    backward_errors: Vec<Enclosure>,
    /// max over the columns of (|b − Ax| + (n + 1)u(|A||x| + |b|))/‖x‖_∞, row by row.
    slack: Vec<f64>,
    refined: usize,
    factored: Arc<Factored<W>>,
    cond: OnceLock<Enclosure>,
    forward: OnceLock<Enclosure>,
}

/// Solves AX = B: n×n times n×k.
///
/// The entries of A decide how (see [`Method`]): a diagonal, a triangle, a band, Cholesky where A is Hermitian and turns out to be
/// definite, LU with partial pivoting otherwise; a sparse matrix is never written out. Everything in double precision, real or
/// complex. The answer carries residuals, backward errors, κ_∞ and a bound of the forward error, the last two estimated from the
/// factors when they are asked for. ⅔n³ flops at most, and 2n² for each column.
///
/// Fails for a matrix that is not square or has a pivot of 0, when the shapes do not fit, and when something is not finite.
///
/// ```
/// # use kappa::{gallery, Matrix, solve};
/// let a = gallery::hilbert(6);
/// let b = Matrix::from_fn(6, 1, |i, _| (0..6).map(|j| a[(i, j)]).sum());
/// let s = solve(&a, &b)?;
/// // κ is about 3e7: eight digits are lost, and the bound says so.
/// let error = (0..6).map(|i| (s.x()[(i, 0)] - 1.0).abs()).fold(0.0, f64::max);
/// assert!(error <= s.forward_error().upper() && s.forward_error().upper() < 1e-7);
/// assert!(s.backward_error().upper() < 1e-14 && s.cond().estimate() > 1e7);
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// Reference: Higham, *Accuracy and Stability of Numerical Algorithms*, 2nd ed., chapters 7, 9, 10, 12 and 15.
pub fn solve<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized), b: &Matrix<T>) -> Result<Solution<T::Wide>> {
    solve_by(a, b, &Solve::default())
}

/// As [`solve`], in the way that is asked for.
pub fn solve_by<T: Scalar>(
    a: &(impl LinearOperator<T> + ?Sized),
    b: &Matrix<T>,
    how: &Solve,
) -> Result<Solution<T::Wide>> {
    let wide;
    let b = match as_wide(b) {
        Some(b) => b,
        None => {
            wide = b.as_ref().to_wide();
            &wide
        }
    };
    let (m, n) = a.shape();
    // Before anything is factored in vain; what is not square is told by the factorization.
    if m == n {
        check_right(n, b)?;
    }
    if let Some(sparse) = a.form().sparse() {
        check_method(how)?;
        let factored = Arc::new(factored_sparse(sparse)?);
        return answer(&Given::Sparse(sparse), &factored, b, how);
    }
    let entries = Entries::of(a)?;
    let factored = Arc::new(factored_dense(entries.view(), how)?);
    answer(&Given::Dense(entries.view()), &factored, b, how)
}

/// The matrix itself where it is one in double precision.
fn as_wide<T: Scalar>(b: &Matrix<T>) -> Option<&Matrix<T::Wide>> {
    (b as &dyn std::any::Any).downcast_ref()
}

fn check_method(how: &Solve) -> Result<()> {
    match how.method {
        None | Some(Method::SparseCholesky | Method::SparseLu) => Ok(()),
        Some(method) => Err(Error::unsupported(format!("{method} is for matrices that are written out"))
            .with_hint("a sparse matrix is factored by a sparse Cholesky or LU factorization")),
    }
}

fn factored_dense<T: Scalar>(view: MatrixRef<'_, T>, how: &Solve) -> Result<Factored<T::Wide>> {
    let checked = Checked::new(view)?;
    match how.method {
        None => checked.factored(),
        Some(method) => checked.factored_by(method),
    }
}

fn factored_sparse<T: Scalar>(a: &Sparse<T>) -> Result<Factored<T::Wide>> {
    if T::IS_COMPLEX {
        return Err(Error::unsupported("sparse factorizations are known for real matrices only")
            .with_hint("a dense matrix may be complex"));
    }
    Factored::sparse(&Sparse::widened(a))
}

impl<W: Scalar<Wide = W>> Solver<W> {
    /// Factors a square matrix, the cheapest way that its entries allow. As [`solve`] it fails.
    pub fn new<T: Scalar<Wide = W>>(a: &(impl LinearOperator<T> + ?Sized)) -> Result<Self> {
        Self::by(a, &Solve::default())
    }

    /// Factors a square matrix in the way that is asked for.
    pub fn by<T: Scalar<Wide = W>>(a: &(impl LinearOperator<T> + ?Sized), how: &Solve) -> Result<Self> {
        if let Some(sparse) = a.form().sparse() {
            check_method(how)?;
            let factored = Arc::new(factored_sparse(sparse)?);
            let a = Arc::new(Stored::Sparse(sparse.to_wide()));
            return Ok(Self { a, factored, how: *how });
        }
        let entries = Entries::of(a)?;
        let factored = Arc::new(factored_dense(entries.view(), how)?);
        Ok(Self { a: Arc::new(Stored::Dense(entries.view().to_wide())), factored, how: *how })
    }

    /// Solves for one more block of columns: about 2n² flops each, and as many for the residual.
    pub fn solve(&self, b: &Matrix<W>) -> Result<Solution<W>> {
        let given = match &*self.a {
            Stored::Dense(a) => Given::Dense(a.as_ref()),
            Stored::Sparse(a) => Given::Sparse(a),
        };
        answer(&given, &self.factored, b, &self.how)
    }

    /// How A was factored.
    pub fn plan(&self) -> SolvePlan {
        self.factored.plan
    }

    /// κ_∞(A), estimated from the factors by the block algorithm of Higham and Tisseur: a lower bound, nearly always within a
    /// factor of 3.
    pub fn cond(&self) -> Enclosure {
        cond(&self.factored)
    }
}

fn cond<W: Scalar<Wide = W>>(f: &Factored<W>) -> Enclosure {
    let n = f.plan.order;
    if n == 0 {
        return Enclosure::new(1.0, 1.0, 1.0, MODEL);
    }
    // ‖A⁻¹‖_∞ = ‖A⁻ᴴ‖₁.
    let found = one_norm_search(n, &OneNorm::default(), |x| f.solve(x, true), |x| f.solve(x, false));
    let value = found.map_or(f64::INFINITY, |found| (f.size * found.value).max(1.0));
    Enclosure::new(1.0, value, f64::INFINITY, MODEL)
}

const MODEL: Evidence = Evidence::Estimate("Higham–Tisseur, from below");

fn answer<T: Scalar>(
    a: &Given<'_, T>,
    factored: &Arc<Factored<T::Wide>>,
    b: &Matrix<T::Wide>,
    how: &Solve,
) -> Result<Solution<T::Wide>> {
    let n = factored.plan.order;
    check_right(n, b)?;
    let mut x = factored.solve(b, false)?;
    if !x.as_slice().iter().all(|x| x.is_finite()) {
        return Err(Error::unsupported("the solution leaves the range of double precision")
            .with_hint("the matrix may be singular to working precision: ask `kappa cond`, or use `lstsq`"));
    }
    let mut refined = 0;
    if how.refinement == Refinement::Extended {
        refined = refine_extended(a, factored, b, &mut x)?;
    }
    let mut rest = Rest::new(a, &x, b);
    let mut errors = rest.backward_errors(factored.size, &x, b);
    while how.refinement == Refinement::WhenNeeded && refined < STEPS && worst(&errors) > ENOUGH {
        let step = factored.solve(&rest.residual, false)?;
        let moved = Matrix::from_fn(n, x.columns(), |i, j| x[(i, j)] + step[(i, j)]);
        let next = Rest::new(a, &moved, b);
        let found = next.backward_errors(factored.size, &moved, b);
        if !found.iter().all(|e| e.estimate().is_finite()) || worst(&found) > 0.5 * worst(&errors) {
            break;
        }
        (x, rest, errors, refined) = (moved, next, found, refined + 1);
    }
    let slack = rest.slack(&x, b);
    Ok(Solution {
        x,
        residual: rest.residual,
        backward_errors: errors,
        slack,
        refined,
        factored: Arc::clone(factored),
        cond: OnceLock::new(),
        forward: OnceLock::new(),
    })
}

fn check_right<W: Scalar>(n: usize, b: &Matrix<W>) -> Result<()> {
    if b.rows() != n {
        return Err(Error::shape(format!("the right-hand side has {} rows, and the matrix {n}", b.rows()))
            .with_hint("b has an entry for each row of A"));
    }
    let count = b.as_slice().iter().filter(|x| !x.is_finite()).count();
    match b.as_slice().iter().position(|x| !x.is_finite()) {
        Some(k) => Err(Error::not_finite(k % n, k / n, count)),
        None => Ok(()),
    }
}

fn worst(errors: &[Enclosure]) -> f64 {
    errors.iter().map(Enclosure::estimate).fold(0.0, f64::max)
}

/// x += A⁻¹(b − Ax) with the residual in double-double, until nothing is gained.
fn refine_extended<T: Scalar>(
    a: &Given<'_, T>,
    factored: &Factored<T::Wide>,
    b: &Matrix<T::Wide>,
    x: &mut Matrix<T::Wide>,
) -> Result<usize> {
    let Given::Dense(view) = a else {
        return Err(Error::unsupported("the double-double residual is known for matrices that are written out"));
    };
    let wide = PairMatrix::from(real_form(&view.to_wide()));
    let target = PairMatrix::from(stacked(b));
    let mut low = Matrix::<f64>::zeros(target.rows(), target.columns());
    let mut last = f64::INFINITY;
    for step in 0..STEPS {
        let minus = |x: &Matrix<f64>| Matrix::from_fn(x.rows(), x.columns(), |i, j| -x[(i, j)]);
        let mut rest = target.clone();
        rest.add_product(&wide, &PairMatrix { high: minus(&stacked(x)), low: minus(&low) });
        let change = factored.solve(&unstacked(&rest.high), false)?;
        let size = largest(change.as_slice().iter().map(|x| size(*x)));
        if !size.is_finite() || size > 0.5 * last {
            return Ok(step);
        }
        last = size;
        // x + low as a pair, so that small corrections are not lost.
        let (old, change) = (stacked(x), stacked(&change));
        let pair = PairMatrix::from_fn(old.rows(), old.columns(), |i, j| {
            kappa_dense::pair::Pair { high: old[(i, j)], low: low[(i, j)] } + change[(i, j)].into()
        });
        (*x, low) = (unstacked(&pair.high), pair.low);
        if size <= 1e-20 * largest(x.as_slice().iter().map(|x| self::size(*x))) {
            return Ok(step + 1);
        }
    }
    Ok(STEPS)
}

impl<W: Scalar<Wide = W>> Solution<W> {
    /// The solution, n×k.
    pub fn x(&self) -> &Matrix<W> {
        &self.x
    }

    /// The solution, n×k.
    pub fn into_x(self) -> Matrix<W> {
        self.x
    }

    /// b − Ax in double precision, n×k.
    pub fn residual(&self) -> &Matrix<W> {
        &self.residual
    }

    /// How A was factored.
    pub fn plan(&self) -> SolvePlan {
        self.factored.plan
    }

    /// Steps of refinement that were taken.
    pub fn refined(&self) -> usize {
        self.refined
    }

    /// The least η with (A + E)x = b + f, ‖E‖_∞ ≤ η‖A‖_∞, ‖f‖_∞ ≤ η‖b‖_∞ (Rigal and Gaches), column by column.
    pub fn backward_errors(&self) -> &[Enclosure] {
        &self.backward_errors
    }

    /// The largest of them; 0 where there is no column.
    pub fn backward_error(&self) -> Enclosure {
        let worst = self.backward_errors.iter().copied().max_by(|a, b| a.estimate().total_cmp(&b.estimate()));
        worst.unwrap_or(Enclosure::exact(0.0))
    }

    /// κ_∞(A), estimated from the factors: a lower bound, nearly always within a factor of 3.
    pub fn cond(&self) -> Enclosure {
        *self.cond.get_or_init(|| cond(&self.factored))
    }

    /// ‖x − A⁻¹b‖_∞/‖x‖_∞ over all columns, bounded by ‖|A⁻¹|(|b − Ax| + (n + 1)u(|A||x| + |b|))‖_∞/‖x‖_∞ as LAPACK does it.
    ///
    /// The norm is estimated from the factors, from below and nearly always within a factor of 3, which the upper end allows for: for a
    /// bound that is proved see [`certified_solve`](crate::certified_solve).
    pub fn forward_error(&self) -> Enclosure {
        *self.forward.get_or_init(|| {
            let (n, f, slack) = (self.x.rows(), &self.factored, &self.slack);
            let weighted = |x: &Matrix<W>| Matrix::from_fn(n, x.columns(), |i, j| x[(i, j)].scale(slack[i]));
            // ‖A⁻¹D‖_∞ = ‖D·A⁻ᴴ‖₁ for D = diag(slack).
            let found = one_norm_search(
                n,
                &OneNorm::default(),
                |x| Ok(weighted(&f.solve(x, true)?)),
                |x| f.solve(&weighted(x), false),
            );
            let value = if n == 0 { 0.0 } else { found.map_or(f64::INFINITY, |found| found.value) };
            Enclosure::new(
                0.0,
                value,
                3.0 * value,
                Evidence::Estimate("|A⁻¹| times the residual and its rounding, by Higham–Tisseur and a factor of 3"),
            )
        })
    }
}

impl AnyOperator<'_> {
    /// [`solve_by`](crate::solve_by) of this operator.
    ///
    /// # Errors
    ///
    /// As [`solve_by`](crate::solve_by).
    pub fn solve_by(&self, b: &AnyMatrix, how: &Solve) -> Result<RealOrComplex<Solution<f64>, Solution<c64>>> {
        wide_with!((self, b), (a, b) => self::solve_by(a, b, how))
    }

    /// [`Solver::by`](crate::Solver::by) of this operator.
    ///
    /// # Errors
    ///
    /// As [`Solver::by`](crate::Solver::by).
    pub fn solver(&self, how: &Solve) -> Result<RealOrComplex<Solver<f64>, Solver<c64>>> {
        wide!(self, a => Solver::by(a, how))
    }
}

/// [`Solution`] of a real or of a complex matrix.
pub type AnySolution = RealOrComplex<Solution<f64>, Solution<c64>>;

impl AnySolution {
    /// The solution.
    pub fn x(&self) -> AnyOperator<'_> {
        both!(self, f => f.x().into())
    }

    /// b − Ax.
    pub fn residual(&self) -> AnyOperator<'_> {
        both!(self, f => f.residual().into())
    }

    /// How it was solved.
    pub fn plan(&self) -> SolvePlan {
        both!(self, f => f.plan())
    }

    /// Steps of refinement.
    pub fn refined(&self) -> usize {
        both!(self, f => f.refined())
    }

    /// The largest backward error of a column.
    pub fn backward_error(&self) -> Enclosure {
        both!(self, f => f.backward_error())
    }

    /// The condition number of A; computed at the first call.
    pub fn cond(&self) -> Enclosure {
        both!(self, f => f.cond())
    }

    /// The relative error of x to expect; computed at the first call.
    pub fn forward_error(&self) -> Enclosure {
        both!(self, f => f.forward_error())
    }
}

/// [`Solver`] of a real or of a complex matrix.
pub type AnySolver = RealOrComplex<Solver<f64>, Solver<c64>>;

impl AnySolver {
    /// How it solves.
    pub fn plan(&self) -> SolvePlan {
        both!(self, f => f.plan())
    }

    /// The condition number of A.
    pub fn cond(&self) -> Enclosure {
        both!(self, f => f.cond())
    }

    /// Solves AX = B. A real matrix takes a real right-hand side.
    ///
    /// # Errors
    ///
    /// As [`Solver`].
    pub fn solve(&self, b: &AnyMatrix) -> Result<AnySolution> {
        match (self, b) {
            (Self::Real(s), AnyMatrix::Real(b)) => s.solve(b).map(AnySolution::Real),
            (Self::Complex(s), b) => s.solve(&b.to_complex()).map(AnySolution::Complex),
            (Self::Real(_), AnyMatrix::Complex(_)) => {
                Err(Error::unsupported("a real matrix was factored, and the right-hand side is complex")
                    .with_hint("solve for its real and its imaginary part"))
            }
        }
    }
}
