//! A square matrix, factored by the cheapest method that its entries allow, and kept for solves and condition
//! estimates.

use std::fmt;

use kappa_dense::{Matrix, MatrixRef, Scalar, Triangle, Triangular};

use rayon::prelude::*;

use super::band::{BandLu, Bandwidth};
use crate::Profile;
use crate::enclosure::times_power_of_two;
use crate::error::{Error, Result};
use crate::factor::SparseFactor;
use crate::operator::{LinearOperator, Sparse, check_hermitian, shown};
use crate::plan::with_prefix;

/// The method that solves a linear system.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Method {
    /// Division by the diagonal.
    Diagonal,
    /// Substitution from the first row down.
    LowerTriangular,
    /// Substitution from the last row up.
    UpperTriangular,
    /// LU with partial pivoting inside a band.
    Banded {
        /// The number of subdiagonals.
        lower: usize,
        /// The number of superdiagonals.
        upper: usize,
    },
    /// A = LLᴴ.
    Cholesky,
    /// PAPᵀ = LDLᴴ with Bunch–Kaufman pivoting.
    Ldlt,
    /// PA = LU with partial pivoting.
    Lu,
    /// PA = LU in single precision, refined in double precision.
    MixedLu,
    /// Sparse Cholesky factorization, with a fill-reducing ordering.
    SparseCholesky,
    /// Sparse LU factorization, with a fill-reducing column ordering.
    SparseLu,
    /// An approximate inverse and residuals in double-double: the method of a certified solution.
    ApproximateInverse,
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Diagonal => "division by the diagonal",
            Self::LowerTriangular => "forward substitution",
            Self::UpperTriangular => "back substitution",
            Self::Banded { lower, upper } => {
                return f.pad(&format!("banded LU ({lower} below, {upper} above the diagonal)"));
            }
            Self::Cholesky => "Cholesky factorization",
            Self::Ldlt => "LDLᴴ factorization",
            Self::Lu => "LU factorization",
            Self::MixedLu => "LU factorization in single precision, refined in double",
            Self::SparseCholesky => "sparse Cholesky factorization",
            Self::SparseLu => "sparse LU factorization",
            Self::ApproximateInverse => "approximate inverse, residuals in double-double",
        };
        f.pad(name)
    }
}

impl std::str::FromStr for Method {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        match text.trim().to_lowercase().replace(['-', '_'], "").as_str() {
            "diagonal" => Ok(Self::Diagonal),
            "lowertriangular" | "lower" => Ok(Self::LowerTriangular),
            "uppertriangular" | "upper" => Ok(Self::UpperTriangular),
            "cholesky" => Ok(Self::Cholesky),
            "ldlt" => Ok(Self::Ldlt),
            "lu" => Ok(Self::Lu),
            "mixedlu" | "mixed" => Ok(Self::MixedLu),
            _ => Err(Error::syntax(format!(
                "unknown method `{text}`; known: diagonal, lower, upper, cholesky, ldlt, lu, mixed"
            ))
            .with_hint("without a method the entries of the matrix decide; a band is then recognised")),
        }
    }
}

/// The method that was chosen for a system of a given order, and its cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SolvePlan {
    /// The choice.
    pub method: Method,
    /// The order of the matrix.
    pub order: usize,
}

impl SolvePlan {
    /// The approximate number of flops of the factorization; `None` for a sparse one, where it depends on the pattern.
    pub fn flops(&self) -> Option<f64> {
        let n = self.order as f64;
        let cube = n * n * n;
        Some(match self.method {
            Method::Diagonal => n,
            Method::LowerTriangular | Method::UpperTriangular => 0.0,
            Method::Banded { lower, upper } => 2.0 * n * lower as f64 * (lower + upper + 1) as f64,
            Method::Cholesky | Method::Ldlt => cube / 3.0,
            Method::Lu | Method::MixedLu => 2.0 / 3.0 * cube,
            Method::ApproximateInverse => 5.0 * cube,
            Method::SparseCholesky | Method::SparseLu => return None,
        })
    }
}

impl fmt::Display for SolvePlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.flops() {
            Some(flops) => write!(f, "{}, {}flop", self.method, with_prefix(flops)),
            None => write!(f, "{}", self.method),
        }
    }
}

/// The factors.
#[derive(Debug)]
enum Factor<W: Scalar> {
    Diagonal(Vec<W>),
    Triangle(Triangular<W>),
    Band(BandLu<W>),
    /// L, lower.
    Cholesky(Triangular<W>),
    Ldlt(kappa_dense::Ldlt<W>),
    Lu(kappa_dense::Lu<W>),
    Mixed(Box<kappa_dense::SingleLu<W>>),
    Sparse(Box<SparseFactor>),
    /// The real form of a sparse complex matrix, of twice the order.
    SparseRealForm(Box<SparseFactor>),
}

/// The factors of A·2⁻ᵉ.
#[derive(Debug)]
pub(super) struct Factored<W: Scalar> {
    factor: Factor<W>,
    e: i32,
    pub(super) plan: SolvePlan,
    /// ‖A‖_∞, to rounding.
    pub(super) size: f64,
}

/// A matrix whose entries were checked, ready to be factored.
pub(super) struct Checked<'a, T: Scalar> {
    view: MatrixRef<'a, T>,
    n: usize,
    e: i32,
    size: f64,
    largest: f64,
}

/// Number of rows that a thread takes at a time.
const ROWS: usize = 256;

/// Adds the moduli of the entries of the rows from `first` on to `sums`, and returns the largest modulus.
fn row_sums<T: Scalar>(a: MatrixRef<'_, T>, first: usize, sums: &mut [f64]) -> f64 {
    let modulus = |x: T| if T::IS_COMPLEX { crate::norm::modulus(x) } else { x.re().abs() };
    let mut largest = 0.0f64;
    if a.is_row_major() && a.columns() > 1 {
        // Eight independent sums: a single one is limited by the latency of the addition.
        let mut most = [0.0f64; 8];
        for (i, sum) in sums.iter_mut().enumerate() {
            let (whole, rest) = a.contiguous_row(first + i).unwrap_or_default().as_chunks::<8>();
            let mut lanes = [0.0f64; 8];
            for chunk in whole {
                for k in 0..8 {
                    let size = modulus(chunk[k]);
                    lanes[k] += size;
                    most[k] = if size > most[k] { size } else { most[k] };
                }
            }
            let last = rest.iter().map(|&x| modulus(x));
            largest = last.clone().fold(largest, f64::max);
            *sum = lanes.iter().sum::<f64>() + last.sum::<f64>();
        }
        return most.into_iter().fold(largest, f64::max);
    }
    let columns = a.transpose();
    for j in 0..a.columns() {
        let column = columns.contiguous_row(j).unwrap_or_default();
        for (sum, &x) in sums.iter_mut().zip(&column[first..]) {
            let size = modulus(x);
            *sum += size;
            largest = largest.max(size);
        }
    }
    largest
}

/// What one pass over a finite matrix computes.
struct Seen {
    /// The largest modulus of an entry.
    largest: f64,
    /// ‖A‖_∞, to rounding.
    size: f64,
}

impl Seen {
    fn of<T: Scalar>(a: MatrixRef<'_, T>) -> Result<Self> {
        let (m, n) = (a.rows(), a.columns());
        let mut sums = vec![0.0f64; m];
        let work = |(part, sums): (usize, &mut [f64])| row_sums(a, part * ROWS, sums);
        let largest = if m * n < 1 << 17 {
            sums.chunks_mut(ROWS).enumerate().map(work).fold(0.0, f64::max)
        } else {
            sums.par_chunks_mut(ROWS).enumerate().map(work).reduce(|| 0.0, f64::max)
        };
        let size = sums.iter().copied().fold(0.0, f64::max);
        // A sum that is not finite means an entry that is not, or overflow. The slow pass distinguishes the two.
        if sums.iter().any(|sum| !sum.is_finite()) {
            let profile = Profile::of_entries(a)?;
            let size = profile.norm(crate::Norm::max_row_sum())?.estimate();
            return Ok(Self { largest: profile.max_abs_value(), size });
        }
        Ok(Self { largest, size })
    }
}

impl<'a, T: Scalar> Checked<'a, T> {
    pub(super) fn new(view: MatrixRef<'a, T>) -> Result<Self> {
        let (m, n) = (view.rows(), view.columns());
        check_square(m, n)?;
        let Seen { largest, size } = Seen::of(view)?;
        // Scales the largest entry near 1, so that squares neither overflow nor underflow.
        let e = if largest > 0.0 && !(1e-100..1e100).contains(&largest) {
            crate::enclosure::exponent_of(largest)
        } else {
            0
        };
        Ok(Self { view, n, e, size, largest })
    }

    fn scaled(&self) -> Matrix<T::Wide> {
        if self.e == 0 {
            return self.view.to_wide();
        }
        Matrix::from_fn(self.n, self.n, |i, j| times_power_of_two(self.view.get(i, j).widen(), -self.e))
    }

    fn is_hermitian(&self) -> bool {
        // Tile by tile, so that both triangles stay in the cache; a general matrix usually fails in the first tile.
        const TILE: usize = 32;
        let n = self.n;
        let tiles = || (0..n).step_by(TILE);
        tiles().all(|left| {
            tiles().take_while(|top| *top <= left).all(|top| {
                (left..(left + TILE).min(n))
                    .all(|j| (top..(top + TILE).min(j + 1)).all(|i| self.view.get(i, j) == self.view.get(j, i).conj()))
            })
        })
    }

    /// The cheapest method that the entries allow, in this order: diagonal, triangular, band, Cholesky, LDLᴴ, LU.
    pub(super) fn factored(&self) -> Result<Factored<T::Wide>> {
        let width = Bandwidth::of(self.view);
        let Bandwidth { lower, upper } = width;
        let n = self.n;
        match (lower, upper) {
            (0, 0) => return self.factored_by(Method::Diagonal),
            (0, _) => return self.factored_by(Method::UpperTriangular),
            (_, 0) => return self.factored_by(Method::LowerTriangular),
            // A dense LU runs about sixty times as fast, in flops per second, as the plain loops of the band.
            _ if lower * (lower + upper) * 180 <= n * n => return self.factored_by(Method::Banded { lower, upper }),
            _ => {}
        }
        if self.is_hermitian() {
            let is_positive = (0..n).all(|i| self.view.get(i, i).re() > 0.0);
            if is_positive && let Ok(found) = self.factored_by(Method::Cholesky) {
                return Ok(found);
            }
            // Bunch–Kaufman is slower than LU in faer, so it is used only on request.
        }
        self.factored_by(Method::Lu)
    }

    /// The factors by a method that the caller chose, whose form the matrix must have.
    pub(super) fn requested(&self, method: Method) -> Result<Factored<T::Wide>> {
        self.check_form(method)?;
        self.factored_by(method)
    }

    /// Refuses entries that the method does not read.
    fn check_form(&self, method: Method) -> Result<()> {
        let everything = usize::MAX;
        let (lower, upper, form) = match method {
            Method::Diagonal => (0, 0, "diagonal"),
            Method::LowerTriangular => (everything, 0, "lower triangular"),
            Method::UpperTriangular => (0, everything, "upper triangular"),
            Method::Banded { lower, upper } => (lower, upper, "a band matrix of this width"),
            _ => return Ok(()),
        };
        let is_read = |i: usize, j: usize| if i > j { i - j <= lower } else { j - i <= upper };
        let (n, zero) = (self.n, T::default());
        let mut places = (0..n).flat_map(|i| (0..n).map(move |j| (i, j)));
        let Some((i, j)) = places.find(|&(i, j)| !is_read(i, j) && self.view.get(i, j) != zero) else { return Ok(()) };
        let x = shown(self.view.get(i, j));
        Err(Error::unsupported(format!("the matrix is not {form}: entry ({}, {}) is {x}", i + 1, j + 1))
            .with_hint("without a method the entries of the matrix decide; `np.tril(a)` is the lower triangle of a"))
    }

    fn factored_by(&self, method: Method) -> Result<Factored<T::Wide>> {
        let n = self.n;
        let refused =
            |why: String| Err(Error::unsupported(why).with_hint("without a method the entries of the matrix decide"));
        if matches!(method, Method::Cholesky | Method::Ldlt) {
            check_hermitian(
                self.view,
                0.0,
                "factors of this kind",
                "without a method the entries of the matrix decide",
            )?;
        }
        let triangle =
            |upper| Triangular::new(self.view, Triangle { upper, ..Triangle::default() }).map(Factor::Triangle);
        let factor = match method {
            Method::Diagonal => Factor::Diagonal((0..n).map(|i| self.view.get(i, i).widen()).collect()),
            Method::LowerTriangular => triangle(false)?,
            Method::UpperTriangular => triangle(true)?,
            Method::Banded { lower, upper } => {
                Factor::Band(BandLu::new(widened(self.view).view(), Bandwidth { lower, upper }, self.e))
            }
            Method::Cholesky => {
                let mut l = self.scaled();
                if !kappa_dense::cholesky(&mut l) {
                    return refused(format!("the {n}×{n} matrix is not positive definite to working precision"));
                }
                Factor::Cholesky(Triangular::owning(l, Triangle::default()))
            }
            Method::Ldlt => Factor::Ldlt(kappa_dense::ldlt(self.scaled().as_ref())?),
            Method::Lu => Factor::Lu(kappa_dense::lu_of_finite(self.view, self.largest)?),
            Method::MixedLu => Factor::Mixed(Box::new(kappa_dense::single_lu(self.view)?)),
            Method::SparseCholesky | Method::SparseLu => return refused(format!("{method} needs a sparse matrix")),
            Method::ApproximateInverse => return refused(format!("{method}: needs a certified guarantee")),
        };
        // Factors from `kappa_dense` scale internally, and divisions need no scaling.
        let scales = matches!(
            method,
            Method::Diagonal | Method::Lu | Method::MixedLu | Method::LowerTriangular | Method::UpperTriangular
        );
        let e = if scales { 0 } else { self.e };
        let found = Factored { factor, e, plan: SolvePlan { method, order: n }, size: self.size };
        if found.is_singular() {
            return Err(singular(n));
        }
        Ok(found)
    }
}

/// A copy of the entries in double precision.
fn widened<T: Scalar>(view: MatrixRef<'_, T>) -> crate::operator::Entries<'static, T::Wide> {
    crate::operator::Entries::Written(view.to_wide())
}

/// Refuses a system whose matrix is not square.
pub(super) fn check_square(m: usize, n: usize) -> Result<()> {
    if m == n {
        return Ok(());
    }
    Err(Error::shape(format!("the matrix of a linear system must be square, got {m}×{n}"))
        .with_hint("`lstsq` solves systems of any shape in the least squares sense"))
}

fn singular(n: usize) -> Error {
    Error::singular(format!("the {n}×{n} matrix is singular: a pivot is 0"))
        .with_hint("`lstsq` gives the least squares solution of least norm")
}

impl<W: Scalar<Wide = W>> Factored<W> {
    /// Factors a sparse matrix, a complex one in its real form.
    pub(super) fn sparse<T: Scalar<Wide = W>>(a: &Sparse<T>) -> Result<Self> {
        let (m, n) = a.shape();
        check_square(m, n)?;
        a.check_finite()?;
        let real = if T::IS_COMPLEX { sparse_real_form(a)? } else { Sparse::widened(a) };
        let factor = SparseFactor::new(&real)?.ok_or_else(|| singular(n))?;
        let method = match factor {
            SparseFactor::Cholesky(_) => Method::SparseCholesky,
            SparseFactor::Lu(_) => Method::SparseLu,
        };
        let plan = SolvePlan { method, order: n };
        let factor = Box::new(factor);
        let factor = if T::IS_COMPLEX { Factor::SparseRealForm(factor) } else { Factor::Sparse(factor) };
        Ok(Self { factor, e: 0, plan, size: a.largest_sum(true) })
    }

    fn is_singular(&self) -> bool {
        let zero = W::default();
        match &self.factor {
            Factor::Diagonal(d) => d.contains(&zero),
            Factor::Triangle(t) => t.is_singular(),
            Factor::Band(f) => f.is_singular(),
            Factor::Lu(f) => f.is_singular(),
            Factor::Mixed(f) => f.is_singular(),
            Factor::Ldlt(f) => super::block_diagonal::is_singular(f),
            Factor::Cholesky(_) | Factor::Sparse(_) | Factor::SparseRealForm(_) => false,
        }
    }

    /// A⁻¹B, or A⁻ᴴB: about n² to 2n² flops for each column.
    pub(super) fn solve(&self, b: &Matrix<W>, adjoint: bool) -> Result<Matrix<W>> {
        let x = match &self.factor {
            Factor::Diagonal(d) => {
                let d = |i: usize| if adjoint { d[i].conj() } else { d[i] };
                Matrix::from_fn(b.rows(), b.columns(), |i, j| b[(i, j)] / d(i))
            }
            Factor::Triangle(t) => t.solve(b, adjoint),
            Factor::Band(f) => {
                let mut x = b.clone();
                for j in 0..x.columns() {
                    if adjoint { f.solve_adjoint(x.column_mut(j)) } else { f.solve(x.column_mut(j)) }
                }
                x
            }
            Factor::Cholesky(l) => l.solve(&l.solve(b, false), true),
            Factor::Ldlt(f) => super::block_diagonal::solve(f, b)?,
            Factor::Lu(f) if adjoint => f.solve_adjoint(b),
            Factor::Lu(f) => f.solve(b),
            Factor::Mixed(f) => f.solve(b, adjoint),
            Factor::Sparse(f) => sparse_solve(f, b, adjoint),
            Factor::SparseRealForm(f) => real_form_solve(f, b, adjoint),
        };
        Ok(if self.e == 0 {
            x
        } else {
            Matrix::from_fn(x.rows(), x.columns(), |i, j| times_power_of_two(x[(i, j)], -self.e))
        })
    }
}

/// Each entry a + ib as the block [[a, −b], [b, a]]: the real and the imaginary part of an unknown stand side by side.
fn sparse_real_form<T: Scalar>(a: &Sparse<T>) -> Result<Sparse<f64>> {
    let (m, n) = a.shape();
    let block = |(i, j, x): (usize, usize, T)| {
        let (re, im) = (x.re(), x.im());
        let (i, j) = (2 * i, 2 * j);
        [(i, j, re), (i, j + 1, -im), (i + 1, j, im), (i + 1, j + 1, re)]
    };
    let entries = (0..n).flat_map(|j| a.column(j).map(move |(i, x)| (i, j, x)));
    Sparse::from_triplets((2 * m, 2 * n), entries.flat_map(block).filter(|(.., x)| *x != 0.0).collect())
}

/// The adjoint of a complex matrix has the transposed real form.
fn real_form_solve<W: Scalar>(f: &SparseFactor, b: &Matrix<W>, adjoint: bool) -> Matrix<W> {
    let mut x: Vec<f64> = b.as_slice().iter().flat_map(|x| [x.re(), x.im()]).collect();
    f.solve(&mut x, adjoint);
    let n = b.rows();
    Matrix::from_fn(n, b.columns(), |i, j| W::from_parts(x[2 * (j * n + i)], x[2 * (j * n + i) + 1]))
}

fn sparse_solve<W: Scalar>(f: &SparseFactor, b: &Matrix<W>, adjoint: bool) -> Matrix<W> {
    // A real factor solves for real and imaginary parts one after the other.
    let solved = |part: fn(W) -> f64| -> Vec<f64> {
        let mut x: Vec<f64> = b.as_slice().iter().map(|&x| part(x)).collect();
        f.solve(&mut x, adjoint);
        x
    };
    let re = solved(|x| x.re());
    let im = if W::IS_COMPLEX { solved(|x| x.im()) } else { vec![0.0; re.len()] };
    let n = b.rows();
    Matrix::from_fn(n, b.columns(), |i, j| W::from_parts(re[j * n + i], im[j * n + i]))
}
