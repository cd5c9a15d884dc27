//! Square linear systems Ax = b.

use std::sync::{Arc, OnceLock};

use kappa_dense::pair::PairMatrix;
use kappa_dense::{Matrix, MatrixRef, Scalar, c64};

use super::certified::{EntryEnclosures, enclosed_solution};
use super::factored::{Checked, Factored, Method, SolvePlan, check_square};
use super::problem::check_right;
use super::residual::{Given, Rest, largest, real_form, size, stacked, unstacked};
use crate::error::{Error, Result};
use crate::krylov::{OneNorm, one_norm_search};
use crate::operator::{AnyMatrix, AnyOperator, Entries, LinearOperator, RealOrComplex, Sparse, both, wide, wide_with};
use crate::{Enclosure, Evidence, Guarantee, Norm, Profile};

/// Options of the solution of a linear system: passed last, and usually left at their defaults.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Solve {
    /// The factorization of A; by default the entries of A decide.
    pub method: Option<Method>,
    /// Whether the solution is refined iteratively.
    pub refinement: Refinement,
    /// Certified: every entry is enclosed, every rounding error counted ([`Solution::enclosures`]).
    pub guarantee: Guarantee,
}

/// When a solution is refined iteratively.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Refinement {
    /// If its backward error is above a few units roundoff.
    #[default]
    WhenNeeded,
    /// Never.
    Never,
    /// Always, with the residual in double-double: a relative error near the unit roundoff if κ is below about 1e15.
    Extended,
}

impl std::str::FromStr for Refinement {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        match text.trim().to_lowercase().replace('_', "-").as_str() {
            "when-needed" | "auto" => Ok(Self::WhenNeeded),
            "never" | "none" => Ok(Self::Never),
            "extended" | "double-double" => Ok(Self::Extended),
            _ => {
                Err(Error::syntax(format!("unknown kind of refinement `{text}`; known: when-needed, never, extended"))
                    .with_hint("`when-needed` is the default"))
            }
        }
    }
}

/// Refinement stops at a backward error below this.
const ENOUGH: f64 = 64.0 * f64::EPSILON;
const STEPS: usize = 10;

/// A factored matrix, kept for further right-hand sides.
///
/// # Examples
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

/// The solution of a linear system with its residual, condition number and error estimates.
#[derive(Clone, Debug)]
pub struct Solution<W: Scalar> {
    x: Matrix<W>,
    residual: Matrix<W>,
    backward_errors: Vec<Enclosure>,
    /// max over the columns of (|b − Ax| + (n + 1)u(|A||x| + |b|))/‖x‖_∞, row by row.
    slack: Vec<f64>,
    refined: usize,
    found: Found<W>,
    cond: OnceLock<Enclosure>,
    forward: OnceLock<Enclosure>,
}

/// How a solution was found.
#[derive(Clone, Debug)]
enum Found<W: Scalar> {
    /// κ and the forward error are estimated from the factors when they are first requested.
    Factored(Arc<Factored<W>>),
    /// The enclosures know the forward error; κ comes from the approximate inverse.
    Proved { enclosures: EntryEnclosures, cond: Enclosure },
}

/// Solves the linear system AX = B.
///
/// A is n×n, B and X are n×k.
///
/// The entries of A decide the method (see [`Method`]): diagonal, triangular, band, Cholesky if A is Hermitian and
/// proves to be definite, LU with partial pivoting otherwise; a sparse matrix stays sparse. Everything in double
/// precision, real or complex. The answer carries residuals, backward errors, κ_∞ and an estimate of the forward error;
/// the last two are estimated from the factors when they are first requested. ⅔n³ flops at most, and 2n² for each
/// column.
///
/// # Errors
///
/// - When the matrix is not square, or the shapes do not fit.
/// - When an entry is not finite.
/// - When a pivot is exactly 0, or the solution overflows double precision.
///
/// # Examples
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

/// [`solve`] with a given method, refinement or guarantee.
///
/// Definition, guarantee and cost as [`solve`] for the default options.
///
/// Certified, the exact solution of AX = B, for the A and B as they are stored, lies inside of
/// [`Solution::enclosures`]: an approximate inverse from faer, a solution of 106 bits, and its residual in 106 bits; an
/// M-matrix proves that the inverse is good enough, whatever the scaling of rows and columns. For κ below about 1e15
/// each entry is known to about the last bit of a double; up to order 600 an inverse of 106 bits takes over for κ up to
/// about 1e28. Complex systems are solved in their real form of twice the order. About 5n³ flops, and 60n² for each
/// column.
///
/// # Errors
///
/// - As [`solve`], and when the requested method does not suit the matrix.
/// - Certified, when the matrix is singular or so ill-conditioned that nothing can be proved (the message says which),
///   when a method or a refinement is given as well, and when the floating-point environment is not the one that the
///   proofs assume.
///
/// # Examples
///
/// ```
/// # use kappa::{Guarantee, Matrix, Solve, solve_by};
/// # use kappa::equations::Method;
/// let a = Matrix::from_row_major(2, 2, vec![2.0f64, 1.0, 1.0, 2.0])?;
/// let b = Matrix::from_row_major(2, 1, vec![4.0, 5.0])?;
/// // 2·1 + 1·2 = 4, 1·1 + 2·2 = 5.
/// let s = solve_by(&a, &b, &Solve { method: Some(Method::Cholesky), ..Solve::default() })?;
/// assert!((s.x()[(0, 0)] - 1.0).abs() < 1e-14 && (s.x()[(1, 0)] - 2.0).abs() < 1e-14);
///
/// let s = solve_by(&a, &b, &Solve { guarantee: Guarantee::Certified, ..Solve::default() })?;
/// assert!(s.enclosures().is_some_and(|x| x.entry(0, 0).contains(1.0) && x.entry(1, 0).contains(2.0)));
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// Reference: Rump, JCAM 242 (2013) 157–184; Minamihata, Ogita, Rump and Oishi, JCAM 369 (2020).
pub fn solve_by<T: Scalar>(
    a: &(impl LinearOperator<T> + ?Sized),
    b: &Matrix<T>,
    how: &Solve,
) -> Result<Solution<T::Wide>> {
    if how.guarantee == Guarantee::Certified {
        return proved(a, b, how);
    }
    let wide;
    let b = match as_wide(b) {
        Some(b) => b,
        None => {
            wide = b.as_ref().to_wide();
            &wide
        }
    };
    let (m, n) = a.shape();
    // The right-hand side is checked before the expensive factorization, which itself checks that A is square.
    if m == n {
        check_right(n, b)?;
    }
    if let Some(sparse) = a.form().sparse() {
        check_method(how)?;
        let factored = Arc::new(Factored::sparse(sparse)?);
        return answer(&Given::Sparse(sparse), &factored, b, how);
    }
    let entries = Entries::of(a)?;
    let factored = Arc::new(factored_dense(entries.view(), how)?);
    answer(&Given::Dense(entries.view()), &factored, b, how)
}

/// The solution with enclosures.
fn proved<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized), b: &Matrix<T>, how: &Solve) -> Result<Solution<T::Wide>> {
    if how.method.is_some() || how.refinement != Refinement::default() {
        return Err(Error::argument("a certified solution has a method and a refinement of its own")
            .with_hint("leave out the method and the refinement, or the guarantee (`certify`)"));
    }
    let (m, n) = a.shape();
    check_square(m, n)?;
    check_right(n, b)?;
    let entries = Entries::of(a)?;
    let view = entries.view();
    let size = Profile::of_entries(view)?.norm(Norm::max_row_sum())?.estimate();
    let (enclosures, inverse_norm) = enclosed_solution(view, b)?;
    let (x, b) = (enclosures.x::<T::Wide>(), b.as_ref().to_wide());
    let rest = Rest::new(&Given::Dense(view), &x, &b);
    let evidence = Evidence::Estimate("norm of the approximate inverse");
    let cond = Enclosure::new(1.0, (size * inverse_norm).max(1.0), f64::INFINITY, evidence);
    Ok(Solution {
        backward_errors: rest.backward_errors(size, &x, &b),
        residual: rest.residual,
        slack: Vec::new(),
        refined: 0,
        found: Found::Proved { enclosures, cond },
        cond: OnceLock::new(),
        forward: OnceLock::new(),
        x,
    })
}

/// B itself if its type is already double precision.
fn as_wide<T: Scalar>(b: &Matrix<T>) -> Option<&Matrix<T::Wide>> {
    (b as &dyn std::any::Any).downcast_ref()
}

fn check_method(how: &Solve) -> Result<()> {
    match how.method {
        None | Some(Method::SparseCholesky | Method::SparseLu) => Ok(()),
        Some(method) => Err(Error::unsupported(format!("{method} needs a dense matrix, the matrix is sparse"))
            .with_hint("leave the method out: a sparse matrix is solved by a sparse Cholesky or LU factorization")),
    }
}

fn factored_dense<T: Scalar>(view: MatrixRef<'_, T>, how: &Solve) -> Result<Factored<T::Wide>> {
    let checked = Checked::new(view)?;
    match how.method {
        None => checked.factored(),
        Some(method) => checked.requested(method),
    }
}

impl<W: Scalar<Wide = W>> Solver<W> {
    /// Factors a square matrix by the cheapest method that its entries allow.
    ///
    /// # Errors
    ///
    /// When the matrix is not square, an entry is not finite, or a pivot is exactly 0.
    pub fn new<T: Scalar<Wide = W>>(a: &(impl LinearOperator<T> + ?Sized)) -> Result<Self> {
        Self::by(a, &Solve::default())
    }

    /// Factors a square matrix by a given method.
    ///
    /// # Errors
    ///
    /// As [`Solver::new`], and when the requested method does not suit the matrix.
    pub fn by<T: Scalar<Wide = W>>(a: &(impl LinearOperator<T> + ?Sized), how: &Solve) -> Result<Self> {
        if how.guarantee == Guarantee::Certified {
            return Err(Error::unsupported("a kept factorization has no certified solutions")
                .with_hint("`solve_by` proves a solution; it takes several right-hand sides as columns"));
        }
        if let Some(sparse) = a.form().sparse() {
            check_method(how)?;
            let factored = Arc::new(Factored::sparse(sparse)?);
            let a = Arc::new(Stored::Sparse(sparse.to_wide()));
            return Ok(Self { a, factored, how: *how });
        }
        let entries = Entries::of(a)?;
        let factored = Arc::new(factored_dense(entries.view(), how)?);
        Ok(Self { a: Arc::new(Stored::Dense(entries.view().to_wide())), factored, how: *how })
    }

    /// Solves for another block of columns, n×k: about 2n² flops for each, and as many for its residual.
    ///
    /// # Errors
    ///
    /// When the number of rows does not fit, an entry is not finite, or the solution overflows double precision.
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

    /// κ_∞(A), estimated from the factors by the block algorithm of Higham and Tisseur: a lower bound, nearly always
    /// within a factor of 3.
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
        return Err(Error::unsupported("the solution of the linear system overflows double precision")
            .with_hint("the matrix may be singular to working precision: check it with `cond`, or use `lstsq`"));
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
        found: Found::Factored(Arc::clone(factored)),
        cond: OnceLock::new(),
        forward: OnceLock::new(),
    })
}

fn worst(errors: &[Enclosure]) -> f64 {
    errors.iter().map(Enclosure::estimate).fold(0.0, f64::max)
}

/// x ← x + A⁻¹(b − Ax) with the residual in double-double, until the correction no longer decreases.
fn refine_extended<T: Scalar>(
    a: &Given<'_, T>,
    factored: &Factored<T::Wide>,
    b: &Matrix<T::Wide>,
    x: &mut Matrix<T::Wide>,
) -> Result<usize> {
    let Given::Dense(view) = a else {
        return Err(Error::unsupported("the double-double residual needs a dense matrix, the matrix is sparse"));
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
        // x + low is a pair of doubles, so that corrections below the rounding of x are kept.
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

    /// The solution, n×k, by value.
    pub fn into_x(self) -> Matrix<W> {
        self.x
    }

    /// b − Ax in double precision, n×k.
    pub fn residual(&self) -> &Matrix<W> {
        &self.residual
    }

    /// How the system was solved.
    pub fn plan(&self) -> SolvePlan {
        match &self.found {
            Found::Factored(factored) => factored.plan,
            Found::Proved { .. } => SolvePlan { method: Method::ApproximateInverse, order: self.x.rows() },
        }
    }

    /// An enclosure of each entry, every rounding error counted, if [`Solve::guarantee`] asked for it.
    pub fn enclosures(&self) -> Option<&EntryEnclosures> {
        match &self.found {
            Found::Factored(_) => None,
            Found::Proved { enclosures, .. } => Some(enclosures),
        }
    }

    /// The number of refinement steps.
    pub fn refined(&self) -> usize {
        self.refined
    }

    /// The least η with (A + E)x = b + f, ‖E‖_∞ ≤ η‖A‖_∞, ‖f‖_∞ ≤ η‖b‖_∞ (Rigal and Gaches), for each column.
    pub fn backward_errors(&self) -> &[Enclosure] {
        &self.backward_errors
    }

    /// The largest backward error of a column; 0 if there is no column.
    pub fn backward_error(&self) -> Enclosure {
        let worst = self.backward_errors.iter().copied().max_by(|a, b| a.estimate().total_cmp(&b.estimate()));
        worst.unwrap_or(Enclosure::exact(0.0))
    }

    /// κ_∞(A), estimated from the factors: a lower bound, nearly always within a factor of 3. Of a certified solution,
    /// estimated from the approximate inverse.
    pub fn cond(&self) -> Enclosure {
        *self.cond.get_or_init(|| match &self.found {
            Found::Factored(factored) => cond(factored),
            Found::Proved { cond, .. } => *cond,
        })
    }

    /// The relative error of x by underflow: ∞ where x underflowed to 0.
    fn underflow(&self) -> f64 {
        let of = |k: usize| {
            let length = largest(self.x.column(k).iter().map(|&x| crate::norm::modulus(x)));
            match length {
                0.0 if self.residual.column(k).iter().any(|r| *r != W::default()) => f64::INFINITY,
                0.0 => 0.0,
                length if length < f64::MIN_POSITIVE => 4.0 * f64::from_bits(1) / length,
                _ => 0.0,
            }
        };
        (0..self.x.columns()).map(of).fold(0.0, f64::max)
    }

    /// An estimate of ‖x − A⁻¹b‖_∞/‖x‖_∞ over all columns: ‖|A⁻¹|(|b − Ax| + (n + 1)u(|A||x| + |b|))‖_∞/‖x‖_∞, as
    /// LAPACK computes it.
    ///
    /// The norm is estimated from the factors, from below and nearly always within a factor of 3, which the upper end
    /// allows for. With [`Solve::guarantee`] it is a proved bound.
    pub fn forward_error(&self) -> Enclosure {
        *self.forward.get_or_init(|| {
            let (n, slack) = (self.x.rows(), &self.slack);
            let f = match &self.found {
                Found::Factored(factored) => factored,
                Found::Proved { enclosures, .. } => return enclosures.forward_error(false),
            };
            let weighted = |x: &Matrix<W>| Matrix::from_fn(n, x.columns(), |i, j| x[(i, j)].scale(slack[i]));
            // ‖A⁻¹D‖_∞ = ‖D·A⁻ᴴ‖₁ for D = diag(slack).
            let found = one_norm_search(
                n,
                &OneNorm::default(),
                |x| Ok(weighted(&f.solve(x, true)?)),
                |x| f.solve(&weighted(x), false),
            );
            let value = if n == 0 { 0.0 } else { found.map_or(f64::INFINITY, |found| found.value) };
            let value = value + self.underflow();
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

    /// An enclosure of each entry, if a guarantee asked for it.
    pub fn enclosures(&self) -> Option<&EntryEnclosures> {
        both!(self, f => f.enclosures())
    }

    /// The method that was used.
    pub fn plan(&self) -> SolvePlan {
        both!(self, f => f.plan())
    }

    /// The number of refinement steps.
    pub fn refined(&self) -> usize {
        both!(self, f => f.refined())
    }

    /// The largest backward error of a column.
    pub fn backward_error(&self) -> Enclosure {
        both!(self, f => f.backward_error())
    }

    /// The backward error of each column.
    pub fn backward_errors(&self) -> &[Enclosure] {
        both!(self, f => f.backward_errors())
    }

    /// The condition number of A; computed at the first call.
    pub fn cond(&self) -> Enclosure {
        both!(self, f => f.cond())
    }

    /// An estimate of the relative error of x; computed at the first call.
    pub fn forward_error(&self) -> Enclosure {
        both!(self, f => f.forward_error())
    }
}

/// [`Solver`] of a real or of a complex matrix.
pub type AnySolver = RealOrComplex<Solver<f64>, Solver<c64>>;

impl AnySolver {
    /// The method that was used.
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
                Err(Error::unsupported("the factored matrix is real, the right-hand side is complex")
                    .with_hint("solve for the real and the imaginary part separately"))
            }
        }
    }
}
