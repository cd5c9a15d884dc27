//! Factorizations that follow low-rank changes of a matrix, with checks of their accuracy.

use kappa_dense::{Matrix, Scalar, c64, multiply};

use super::linear::Solver;
use crate::Profile;
use crate::error::{Error, Result};
use crate::norm::length;
use crate::operator::{AnyMatrix, AnyOperator, Entries, LinearOperator, RealOrComplex, both, wide};

/// A Cholesky factor with a relative residual above this is computed anew.
const LOST: f64 = 1e-10;
/// If the relative residual of a column is above this, the result of the Woodbury formula is rejected.
const DOUBTED: f64 = 1e-13;

/// Solves systems with A + UVᴴ by the factors of A: the Sherman–Morrison–Woodbury formula, with checked residuals.
///
/// (A + UVᴴ)⁻¹b = y − A⁻¹U(I + VᴴA⁻¹U)⁻¹Vᴴy with y = A⁻¹b. The formula loses accuracy if A is worse conditioned than A
/// + UVᴴ. The residual of every solution is therefore computed; refinement is tried, and if the residual stays large, A
/// + UVᴴ is factored.
///
/// # Examples
///
/// ```
/// # use kappa::equations::Woodbury;
/// # use kappa::Matrix;
/// let a = Matrix::from_row_major(2, 2, vec![2.0_f64, 0.0, 0.0, 4.0])?;
/// let one = Matrix::from_fn(2, 1, |_, _| 1.0);
/// let mut w = Woodbury::new(&a)?;
/// w.update(&one, &one)?;
/// // [3 1; 1 5]x = (5, 11): x = (1, 2).
/// let x = w.solve(&Matrix::from_row_major(2, 1, vec![5.0, 11.0])?)?;
/// assert!((x[(0, 0)] - 1.0).abs() < 1e-15 && (x[(1, 0)] - 2.0).abs() < 1e-15 && w.factorizations() == 1);
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// Reference: Hager, SIAM Review 31 (1989) 221–239; Yip, SISSC 7 (1986) 507–513 on its stability.
#[derive(Clone, Debug)]
pub struct Woodbury<W: Scalar> {
    /// The current matrix A + UVᴴ.
    matrix: Matrix<W>,
    solver: Solver<W>,
    u: Matrix<W>,
    v: Matrix<W>,
    /// A⁻¹U.
    solved: Matrix<W>,
    factorizations: usize,
}

impl<W: Scalar<Wide = W>> Woodbury<W> {
    /// Factors a square matrix. ⅔n³ flops.
    ///
    /// # Errors
    ///
    /// As [`solve`](crate::solve).
    pub fn new<T: Scalar<Wide = W>>(a: &(impl LinearOperator<T> + ?Sized)) -> Result<Self> {
        let entries = Entries::of(a)?;
        let matrix = entries.view().to_wide();
        let n = matrix.rows();
        let solver = Solver::new(&matrix)?;
        let none = Matrix::zeros(n, 0);
        Ok(Self { matrix, solver, u: none.clone(), v: none.clone(), solved: none, factorizations: 1 })
    }

    /// The current matrix.
    pub fn matrix(&self) -> &Matrix<W> {
        &self.matrix
    }

    /// The number of factorizations so far: 1 as long as the formula suffices.
    pub fn factorizations(&self) -> usize {
        self.factorizations
    }

    /// Replaces the matrix by A + UVᴴ, for n×k blocks U and V: 2n²k flops. If the accumulated rank exceeds n/4 (and 2),
    /// the matrix is factored again.
    ///
    /// # Errors
    ///
    /// - When the shapes do not fit, or an entry is not finite.
    /// - When the new matrix is factored and a pivot is exactly 0.
    pub fn update(&mut self, u: &Matrix<W>, v: &Matrix<W>) -> Result<()> {
        let n = self.matrix.rows();
        if u.rows() != n || v.rows() != n || u.columns() != v.columns() {
            return Err(Error::shape(format!(
                "a change UVᴴ of a {n}×{n} matrix needs U and V of one shape with {n} rows, got {}×{} and {}×{}",
                u.rows(),
                u.columns(),
                v.rows(),
                v.columns()
            )));
        }
        Profile::of_entries(u.as_ref())?;
        Profile::of_entries(v.as_ref())?;
        let change = multiply(u.as_ref(), v.adjoint().as_ref())?;
        let matrix = Matrix::from_fn(n, n, |i, j| self.matrix[(i, j)] + change[(i, j)]);
        let rank = self.u.columns() + u.columns();
        if 4 * rank > n.max(8) {
            let solver = Solver::new(&matrix)?;
            self.matrix = matrix;
            self.start_again(solver);
            return Ok(());
        }
        let solved = self.solver.solve(u)?.into_x();
        self.matrix = matrix;
        self.u = beside(&self.u, u);
        self.v = beside(&self.v, v);
        self.solved = beside(&self.solved, &solved);
        Ok(())
    }

    fn start_again(&mut self, solver: Solver<W>) {
        let none = Matrix::zeros(self.matrix.rows(), 0);
        (self.solver, self.u, self.v, self.solved) = (solver, none.clone(), none.clone(), none);
        self.factorizations += 1;
    }

    /// The solution X of (A + UVᴴ)X = B, n×k. About 4n² flops for each column, and ⅔n³ if the formula is not accurate
    /// enough.
    ///
    /// # Errors
    ///
    /// - When the number of rows does not fit, or an entry is not finite.
    /// - When the matrix is singular.
    pub fn solve(&mut self, b: &Matrix<W>) -> Result<Matrix<W>> {
        if self.u.columns() == 0 {
            return Ok(self.solver.solve(b)?.into_x());
        }
        let mut x = self.by_formula(b)?;
        for _ in 0..2 {
            let rest = self.rest(b, &x)?;
            if self.is_small(&rest, b, &x) {
                return Ok(x);
            }
            let step = self.by_formula(&rest)?;
            x = Matrix::from_fn(x.rows(), x.columns(), |i, j| x[(i, j)] + step[(i, j)]);
        }
        let rest = self.rest(b, &x)?;
        if self.is_small(&rest, b, &x) {
            return Ok(x);
        }
        let solver = Solver::new(&self.matrix)?;
        self.start_again(solver);
        Ok(self.solver.solve(b)?.into_x())
    }

    fn by_formula(&self, b: &Matrix<W>) -> Result<Matrix<W>> {
        let y = self.solver.solve(b)?.into_x();
        let k = self.u.columns();
        let adjoint = self.v.adjoint();
        let inner = multiply(adjoint.as_ref(), self.solved.as_ref())?;
        let capacitance =
            Matrix::from_fn(k, k, |i, j| if i == j { inner[(i, j)] + W::from_parts(1.0, 0.0) } else { inner[(i, j)] });
        let right = multiply(adjoint.as_ref(), y.as_ref())?;
        let Ok(middle) = crate::solve(&capacitance, &right) else {
            // A singular capacitance matrix: y without the correction is returned, and its residual leads to a
            // factorization.
            return Ok(y);
        };
        let change = multiply(self.solved.as_ref(), middle.into_x().as_ref())?;
        Ok(Matrix::from_fn(y.rows(), y.columns(), |i, j| y[(i, j)] - change[(i, j)]))
    }

    fn rest(&self, b: &Matrix<W>, x: &Matrix<W>) -> Result<Matrix<W>> {
        let product = multiply(self.matrix.as_ref(), x.as_ref())?;
        Ok(Matrix::from_fn(b.rows(), b.columns(), |i, j| b[(i, j)] - product[(i, j)]))
    }

    fn is_small(&self, rest: &Matrix<W>, b: &Matrix<W>, x: &Matrix<W>) -> bool {
        let size = length(self.matrix.as_slice());
        let scale = |k: usize| size * length(x.column(k)) + length(b.column(k));
        (0..b.columns()).all(|k| length(rest.column(k)) <= DOUBTED * scale(k))
    }
}

/// [A B].
fn beside<W: Scalar>(a: &Matrix<W>, b: &Matrix<W>) -> Matrix<W> {
    let n = a.columns();
    Matrix::from_fn(a.rows(), n + b.columns(), |i, j| if j < n { a[(i, j)] } else { b[(i, j - n)] })
}

/// A = LLᴴ, updated to A ± xxᴴ in O(n²) flops, with checks of its accuracy.
///
/// Updates by rotations are backward stable; the error of a downdate grows as the matrix approaches singularity
/// (Saunders; Stewart, J. Inst. Math. Appl. 23 (1979) 203–213). After each step the product LLᴴe, e the vector of ones,
/// is compared with Ae. If they differ by more than 1e-10 relative to ‖A‖‖e‖, the stored A is factored again.
///
/// # Examples
///
/// ```
/// # use kappa::equations::CholeskyUpdate;
/// # use kappa::Matrix;
/// let mut f = CholeskyUpdate::new(&Matrix::from_row_major(2, 2, vec![4.0f64, 2.0, 2.0, 3.0])?)?;
/// f.update(&[0.0, 1.0])?;
/// assert!((f.l()[(1, 1)] - 3f64.sqrt()).abs() < 1e-15);
/// f.downdate(&[0.0, 1.0])?;
/// assert!((f.l()[(1, 1)] - 2f64.sqrt()).abs() < 1e-15);
/// assert!(f.downdate(&[2.0, 0.0]).is_err());
/// # Ok::<(), kappa::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct CholeskyUpdate<W: Scalar> {
    matrix: Matrix<W>,
    l: Matrix<W>,
    factorizations: usize,
}

impl<W: Scalar<Wide = W>> CholeskyUpdate<W> {
    /// Factors a Hermitian positive definite matrix. n³/3 flops.
    ///
    /// # Errors
    ///
    /// As [`cholesky`](crate::cholesky).
    pub fn new<T: Scalar<Wide = W>>(a: &(impl LinearOperator<T> + ?Sized)) -> Result<Self> {
        let l = crate::cholesky(a)?;
        let entries = Entries::of(a)?;
        let wide = entries.view().to_wide();
        // Exactly Hermitian, where its entries were rounded.
        let matrix = Matrix::from_fn(l.rows(), l.rows(), |i, j| match i.cmp(&j) {
            std::cmp::Ordering::Less => wide[(j, i)].conj(),
            std::cmp::Ordering::Equal => W::from_parts(wide[(i, i)].re(), 0.0),
            std::cmp::Ordering::Greater => wide[(i, j)],
        });
        Ok(Self { matrix, l, factorizations: 1 })
    }

    /// L, lower triangular.
    pub fn l(&self) -> &Matrix<W> {
        &self.l
    }

    /// The current matrix.
    pub fn matrix(&self) -> &Matrix<W> {
        &self.matrix
    }

    /// The number of factorizations so far: 1 as long as the updates stay accurate.
    pub fn factorizations(&self) -> usize {
        self.factorizations
    }

    /// Replaces A by A + xxᴴ.
    ///
    /// # Errors
    ///
    /// When x does not have length n, or an entry is not finite.
    pub fn update(&mut self, x: &[W]) -> Result<()> {
        self.change(x, 1.0)
    }

    /// Replaces A by A − xxᴴ.
    ///
    /// # Errors
    ///
    /// As [`CholeskyUpdate::update`], and when A − xxᴴ is not positive definite to working precision. The factors then
    /// keep their values.
    pub fn downdate(&mut self, x: &[W]) -> Result<()> {
        self.change(x, -1.0)
    }

    fn change(&mut self, x: &[W], sign: f64) -> Result<()> {
        let n = self.l.rows();
        if x.len() != n {
            return Err(Error::shape(format!(
                "a change xxᴴ of a {n}×{n} matrix needs a vector x of length {n}, got {}",
                x.len()
            )));
        }
        Error::check_vector(x)?;
        let matrix = Matrix::from_fn(n, n, |i, j| self.matrix[(i, j)] + (x[i] * x[j].conj()).scale(sign));
        let changed = rotated(&self.l, x, sign).filter(|l| drift(l, &matrix) <= LOST);
        let l = match changed {
            Some(l) => l,
            None => {
                let l = crate::cholesky(&matrix).map_err(|_| {
                    Error::singular("the matrix A − xxᴴ is not positive definite to working precision")
                        .with_hint("the downdate was not applied; the factors still belong to A")
                })?;
                self.factorizations += 1;
                l
            }
        };
        (self.matrix, self.l) = (matrix, l);
        Ok(())
    }
}

/// The factor of LLᴴ ± xxᴴ by rotations, or by hyperbolic rotations in their mixed, stable form; `None` if a pivot is
/// not positive.
fn rotated<W: Scalar<Wide = W>>(l: &Matrix<W>, x: &[W], sign: f64) -> Option<Matrix<W>> {
    let n = x.len();
    let (mut l, mut x) = (l.clone(), x.to_vec());
    for k in 0..n {
        let d = l[(k, k)].re();
        let square = d * d + sign * x[k].abs_squared();
        if !(square > 0.0 && square.is_finite()) {
            return None;
        }
        let r = square.sqrt();
        let (c, s) = (r / d, x[k].scale(1.0 / d));
        l[(k, k)] = W::from_parts(r, 0.0);
        for i in k + 1..n {
            l[(i, k)] = (l[(i, k)] + (s.conj() * x[i]).scale(sign)).scale(1.0 / c);
            x[i] = x[i].scale(c) - s * l[(i, k)];
        }
    }
    Some(l)
}

/// ‖LLᴴe − Ae‖/‖A‖‖e‖ for the vector of ones.
fn drift<W: Scalar<Wide = W>>(l: &Matrix<W>, a: &Matrix<W>) -> f64 {
    use crate::norm::times_vector;
    let n = l.rows();
    let ones = vec![W::from_parts(1.0, 0.0); n];
    let size = |x: &[W]| crate::norm::vector_norm(2.0, || x.iter().copied()).estimate();
    let image = times_vector(l, &times_vector(&l.adjoint(), &ones));
    let rest: Vec<W> = image.iter().zip(times_vector(a, &ones)).map(|(x, y)| *x - y).collect();
    size(&rest) / (size(a.as_slice()) * (n as f64).sqrt()).max(f64::MIN_POSITIVE)
}

/// [`Woodbury`] of a real or of a complex matrix.
pub type AnyWoodbury = RealOrComplex<Woodbury<f64>, Woodbury<c64>>;

impl AnyWoodbury {
    /// Factors A.
    ///
    /// # Errors
    ///
    /// As [`Woodbury`].
    pub fn new(a: &AnyOperator<'_>) -> Result<Self> {
        wide!(a, a => Woodbury::new(a))
    }

    /// A becomes A + UVᴴ.
    ///
    /// # Errors
    ///
    /// As [`Woodbury`].
    pub fn update(&mut self, u: &AnyMatrix, v: &AnyMatrix) -> Result<()> {
        match (self, u, v) {
            (Self::Real(w), AnyMatrix::Real(u), AnyMatrix::Real(v)) => w.update(u, v),
            (Self::Complex(w), u, v) => w.update(&u.to_complex(), &v.to_complex()),
            (Self::Real(_), ..) => Err(Error::unsupported("the matrix is real, the change UVᴴ is complex")),
        }
    }

    /// Solves AX = B.
    ///
    /// # Errors
    ///
    /// As [`Woodbury`].
    pub fn solve(&mut self, b: &AnyMatrix) -> Result<AnyMatrix> {
        match (self, b) {
            (Self::Real(w), AnyMatrix::Real(b)) => w.solve(b).map(AnyMatrix::Real),
            (Self::Complex(w), b) => w.solve(&b.to_complex()).map(AnyMatrix::Complex),
            (Self::Real(_), AnyMatrix::Complex(_)) => {
                Err(Error::unsupported("the matrix is real, the right-hand side is complex"))
            }
        }
    }

    /// The number of factorizations so far.
    pub fn factorizations(&self) -> usize {
        both!(self, f => f.factorizations())
    }

    /// The current matrix.
    pub fn matrix(&self) -> AnyOperator<'_> {
        both!(self, f => f.matrix().into())
    }
}

fn complex_change() -> Error {
    Error::unsupported("the matrix is real, the vector x of the change xxᴴ is complex")
}

/// [`CholeskyUpdate`] of a real or of a complex matrix.
pub type AnyCholeskyUpdate = RealOrComplex<CholeskyUpdate<f64>, CholeskyUpdate<c64>>;

impl AnyCholeskyUpdate {
    /// Factors A.
    ///
    /// # Errors
    ///
    /// As [`CholeskyUpdate`].
    pub fn new(a: &AnyOperator<'_>) -> Result<Self> {
        wide!(a, a => CholeskyUpdate::new(a))
    }

    /// A becomes A + xxᴴ.
    ///
    /// # Errors
    ///
    /// As [`CholeskyUpdate`].
    pub fn update(&mut self, x: &AnyMatrix) -> Result<()> {
        match (self, x) {
            (Self::Real(f), AnyMatrix::Real(x)) => f.update(x.as_slice()),
            (Self::Complex(f), x) => f.update(x.to_complex().as_slice()),
            (Self::Real(_), AnyMatrix::Complex(_)) => Err(complex_change()),
        }
    }

    /// A becomes A − xxᴴ.
    ///
    /// # Errors
    ///
    /// As [`CholeskyUpdate`].
    pub fn downdate(&mut self, x: &AnyMatrix) -> Result<()> {
        match (self, x) {
            (Self::Real(f), AnyMatrix::Real(x)) => f.downdate(x.as_slice()),
            (Self::Complex(f), x) => f.downdate(x.to_complex().as_slice()),
            (Self::Real(_), AnyMatrix::Complex(_)) => Err(complex_change()),
        }
    }

    /// The number of factorizations so far.
    pub fn factorizations(&self) -> usize {
        both!(self, f => f.factorizations())
    }

    /// The matrix as it is now.
    pub fn matrix(&self) -> AnyOperator<'_> {
        both!(self, f => f.matrix().into())
    }

    /// The lower triangular factor.
    pub fn l(&self) -> AnyOperator<'_> {
        both!(self, f => f.l().into())
    }
}
