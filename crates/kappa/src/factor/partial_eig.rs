//! A few eigenvalues of an operator that can only multiply.

use kappa_dense::{Matrix, Scalar, Shape, c64, eig_right, eigh, multiply, qr};

use crate::enclosure::directed::add_up;
use crate::error::{Error, Result};
use crate::krylov::{finite, inner, normalize};
use crate::norm::{length, modulus};
use crate::operator::{AnyOperator, Form, LinearOperator, each, is_known_hermitian};
use crate::random::Draws;

/// How eigenvalues of largest modulus are searched: passed last, and usually left at its default.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Arnoldi {
    /// Vectors kept before a restart; 0 takes three times as many as are wanted, and 20 more.
    pub width: usize,
    /// The maximum number of restarts.
    pub restarts: usize,
    /// Stop when every residual is below this share of the largest modulus found.
    pub tolerance: f64,
    /// Random seed of the start.
    pub seed: u64,
}

impl Default for Arnoldi {
    fn default() -> Self {
        Self { width: 0, restarts: 300, tolerance: 1e-10, seed: 0 }
    }
}

/// Eigenvalues of largest modulus with their right eigenvectors.
#[derive(Clone, Debug, PartialEq)]
pub struct PartialEig {
    /// The eigenvalues, largest modulus first.
    pub values: Vec<c64>,
    /// Right eigenvectors of length 1 in columns, n×k.
    pub vectors: Matrix<c64>,
    /// An upper bound of ‖Ax − λx‖₂ of each, computed anew, with a model of its rounding errors: λ is an eigenvalue of
    /// A + E for some E with ‖E‖₂ no larger, and of a Hermitian A some eigenvalue lies this near.
    pub residuals: Vec<f64>,
    /// Whether the stored entries of A, dense or sparse, show that it is Hermitian: then some eigenvalue lies within
    /// each residual.
    pub is_hermitian: bool,
    /// Products with one vector.
    pub products: usize,
    /// Whether every residual reached the tolerance.
    pub has_converged: bool,
}

/// The k eigenvalues of largest modulus of a square operator, with eigenvectors and residuals.
///
/// Arnoldi's iteration with full orthogonality and thick restarts from the Ritz vectors that are wanted: memory for
/// about 3k + 20 complex vectors, and no entries of A. One Krylov space contains a multiple eigenvalue once: the
/// complement of what was found is searched from a new random direction until nothing larger appears. What is found is
/// judged by its residual (see [`PartialEig::residuals`]); that no eigenvalue of larger modulus was missed is not
/// proved. Entries in single precision are widened, so that any tolerance can be reached.
///
/// # Errors
///
/// For an operator that is not square, for k = 0 or k > n, where a product fails or is not finite, and where the
/// tolerance is negative or not finite.
///
/// # Examples
///
/// ```
/// # use kappa::factor::{Arnoldi, partial_eig};
/// # use kappa::Sparse;
/// let value = |i: usize| if i == 3 { -5.0 } else { 1.0 / (1.0 + i as f64) };
/// let a = Sparse::from_triplets((900, 900), (0..900).map(|i| (i, i, value(i))).collect())?;
/// let found = partial_eig(&a, 2, &Arnoldi::default())?;
/// assert!((found.values[0].re + 5.0).abs() < 1e-9 && (found.values[1].re - 1.0).abs() < 1e-9);
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// Reference: Stewart, SIAM J. Matrix Anal. Appl. 23 (2001) 601–614; Wu and Simon, SIAM J. Matrix Anal. Appl. 22
/// (2000) 602–616.
pub fn partial_eig<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized), k: usize, how: &Arnoldi) -> Result<PartialEig> {
    let (m, n) = a.shape();
    if m != n {
        return Err(Error::shape(format!("a {m}×{n} operator has no eigenvalues")).with_hint("it needs a square one"));
    }
    if k == 0 || k > n {
        return Err(Error::argument(format!("the number of eigenvalues must be from 1 to {n}, got {k}")));
    }
    Error::check_tolerance(how.tolerance)?;
    match a.form() {
        Form::Dense(dense) if !T::IS_DOUBLE => searched(&dense.to_wide(), k, how),
        Form::Sparse(sparse) if !T::IS_DOUBLE => searched(&sparse.to_wide(), k, how),
        _ => searched(a, k, how),
    }
}

fn searched<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized), k: usize, how: &Arnoldi) -> Result<PartialEig> {
    let n = a.shape().0;
    let width = if how.width == 0 { 3 * k + 20 } else { how.width.max(k + 2) }.min(n);
    let share = how.tolerance.max(4.0 * T::EPSILON);
    let mut space = Space::new(n, how.seed);
    space.is_hermitian = is_known_hermitian(a);
    let (mut left, mut before) = (how.restarts, None::<Vec<f64>>);
    loop {
        while space.basis.len() < width {
            if space.is_closed {
                // The start had no share of what is left.
                space.open(n);
            }
            space.grow(a)?;
        }
        let ritz = space.ritz()?;
        let size = ritz.first().map_or(0.0, |r| modulus(r.value)).max(f64::MIN_POSITIVE);
        let limit = share * size;
        let has_converged = ritz.len() >= k && ritz[..k].iter().all(|r| r.residual <= limit);
        let is_same = before.as_ref().is_some_and(|before| is_same(before, &ritz, limit));
        let is_complete = space.basis.len() == n;
        if is_complete || left == 0 || has_converged && is_same && is_settled(&ritz, k, limit, size) {
            let found = judged(a, &space, &ritz[..k.min(ritz.len())], share)?;
            return Ok(PartialEig { has_converged: found.has_converged && (is_complete || has_converged), ..found });
        }
        left -= 1;
        if has_converged && !is_same {
            // What one space missed lies in the complement of what it found.
            before = Some(ritz[..k].iter().map(|r| modulus(r.value)).collect());
            space.restart(&ritz, k)?;
            space.open(n);
        } else {
            space.restart(&ritz, (k + (width - k) / 2).min(width - 1))?;
        }
    }
}

/// Whether these values are as large as those that were found before: a conjugate pair may come in either order.
fn is_same(before: &[f64], ritz: &[Ritz], limit: f64) -> bool {
    before.iter().zip(ritz).all(|(&size, r)| (size - modulus(r.value)).abs() <= 4.0 * limit)
}

/// Whether the next value beyond the first k is known well enough to lie beyond.
fn is_settled(ritz: &[Ritz], k: usize, limit: f64, size: f64) -> bool {
    ritz.get(k).is_some_and(|next| {
        let gap = modulus(ritz[k - 1].value) - modulus(next.value);
        next.residual <= limit.max(1e-5 * size).max(0.5 * gap)
    })
}

/// A Ritz pair: its vector in the basis, and what Arnoldi's relation leaves.
struct Ritz {
    value: c64,
    coordinates: Vec<c64>,
    residual: f64,
}

/// Orthonormal vectors V with A·V = V·H + v·rᴴ, and the next vector v.
struct Space {
    basis: Vec<Vec<c64>>,
    next: Vec<c64>,
    /// Column j of H and the entry of r that belongs to it.
    columns: Vec<(Vec<c64>, c64)>,
    is_closed: bool,
    is_hermitian: bool,
    products: usize,
    draws: Draws,
}

impl Space {
    fn new(n: usize, seed: u64) -> Self {
        let mut space = Self {
            basis: Vec::new(),
            next: Vec::new(),
            columns: Vec::new(),
            is_closed: false,
            is_hermitian: false,
            products: 0,
            draws: Draws(seed ^ 0x6172_6e6f),
        };
        space.open(n);
        space
    }

    /// A random next vector, orthogonal to the basis.
    fn open(&mut self, n: usize) {
        let mut x: Vec<c64> = (0..n).map(|_| c64::new(self.draws.normal(), 0.0)).collect();
        orthogonalize(&mut x, &self.basis);
        normalize(&mut x);
        self.next = x;
        self.is_closed = false;
        // What the vectors that were kept leave points to the vector that is replaced.
        let count = self.basis.len();
        self.columns.iter_mut().for_each(|(column, _)| column.truncate(count));
    }

    fn grow<T: Scalar>(&mut self, a: &(impl LinearOperator<T> + ?Sized)) -> Result<()> {
        let v = std::mem::take(&mut self.next);
        let mut w = product(a, &v)?;
        self.products += 1;
        let before = length(&w);
        self.basis.push(v);
        let column = orthogonalize(&mut w, &self.basis);
        let rest = normalize(&mut w);
        // What rounding leaves of an invariant space is no direction.
        self.is_closed = rest <= 1e-14 * before || self.basis.len() == w.len();
        let link = if self.is_closed { 0.0 } else { rest };
        self.columns.push((column, c64::new(link, 0.0)));
        self.next = w;
        Ok(())
    }

    fn projection(&self) -> Matrix<c64> {
        let k = self.basis.len();
        Matrix::from_fn(k, k, |i, j| {
            let column = &self.columns[j].0;
            if i < column.len() {
                column[i]
            } else if i == column.len() && j + 1 == i {
                self.columns[j].1
            } else {
                c64::new(0.0, 0.0)
            }
        })
    }

    /// Ritz pairs, largest modulus first.
    fn ritz(&self) -> Result<Vec<Ritz>> {
        let (values, right) = if self.is_hermitian {
            let h = self.projection();
            let half = Matrix::from_fn(h.rows(), h.rows(), |i, j| (h[(i, j)] + h[(j, i)].conj()).scale(0.5));
            let (values, vectors) = eigh(half.as_ref())?;
            (values.into_iter().map(|x| c64::new(x, 0.0)).collect(), vectors)
        } else {
            let parts = eig_right(self.projection().as_ref())?;
            (parts.values, parts.right)
        };
        let k = self.basis.len();
        let link = self.columns.last().map_or(c64::new(0.0, 0.0), |column| column.1);
        let mut found: Vec<Ritz> = (0..k)
            .map(|j| {
                let y = right.column(j);
                let size = length(y);
                let coordinates: Vec<c64> = y.iter().map(|x| x.scale(1.0 / size)).collect();
                let residual = modulus(link * coordinates[k - 1]);
                Ritz { value: values[j], coordinates, residual }
            })
            .collect();
        found.sort_by(|x, y| modulus(y.value).total_cmp(&modulus(x.value)));
        Ok(found)
    }

    /// Keeps the space of the first `count` Ritz vectors and the next vector: with H·Y = Y·Λ and Y = Q·R, A·VQ =
    /// VQ·(QᴴHQ) + v·rᴴQ.
    fn restart(&mut self, ritz: &[Ritz], count: usize) -> Result<()> {
        let k = self.basis.len();
        let y = Matrix::from_fn(k, count, |i, j| ritz[j].coordinates[i]);
        let q = qr(y.as_ref(), Shape::Thin)?.q;
        let h = multiply(q.adjoint().as_ref(), multiply(self.projection().as_ref(), q.as_ref())?.as_ref())?;
        let link = self.columns.last().map_or(c64::new(0.0, 0.0), |column| column.1);
        let basis = (0..count).map(|j| combination(&self.basis, q.column(j))).collect();
        let links: Vec<c64> = (0..count).map(|j| link * q[(k - 1, j)]).collect();
        self.basis = basis;
        // The next vector joins the basis in the next step, where its row of H is what links the kept ones to it.
        let columns = (0..count).map(|j| {
            let mut column = h.column(j).to_vec();
            column.push(links[j]);
            (column, c64::new(0.0, 0.0))
        });
        self.columns = columns.collect();
        Ok(())
    }
}

/// Residuals computed anew, with one product each.
fn judged<T: Scalar>(
    a: &(impl LinearOperator<T> + ?Sized),
    space: &Space,
    ritz: &[Ritz],
    tolerance: f64,
) -> Result<PartialEig> {
    let n = a.shape().0;
    let (mut vectors, mut residuals) = (Matrix::<c64>::zeros(n, ritz.len()), Vec::with_capacity(ritz.len()));
    for (j, pair) in ritz.iter().enumerate() {
        let mut x = combination(&space.basis, &pair.coordinates);
        normalize(&mut x);
        let rest: Vec<c64> = product(a, &x)?.iter().zip(&x).map(|(&y, &x)| y - pair.value * x).collect();
        residuals.push(length(&rest));
        vectors.column_mut(j).copy_from_slice(&x);
    }
    let values: Vec<c64> = ritz.iter().map(|r| r.value).collect();
    let size = values.first().map_or(0.0, |&x| modulus(x));
    // Rounding of products keeps a residual a little above what the recurrence reached.
    let limit = (tolerance * size).max(1e-13 * size);
    let has_converged = residuals.iter().all(|&r| r <= 4.0 * limit);
    // The rounding errors of a product and of the difference, by a model, so that a residual is an upper bound.
    let doubt = T::EPSILON * (4.0 + 2.0 * (n as f64).sqrt()) * size;
    residuals.iter_mut().for_each(|r| *r = add_up(*r, doubt));
    let is_hermitian = space.is_hermitian;
    let products = space.products + ritz.len();
    Ok(PartialEig { values, vectors, residuals, is_hermitian, products, has_converged })
}

/// A·x for a complex x; a real operator multiplies both parts.
fn product<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized), x: &[c64]) -> Result<Vec<c64>> {
    let n = x.len();
    let y: Vec<c64> = if T::IS_COMPLEX {
        let x = Matrix::from_fn(n, 1, |i, _| T::from_parts(x[i].re, x[i].im));
        a.apply(&x)?.as_slice().iter().map(|y| c64::new(y.re(), y.im())).collect()
    } else {
        let is_real = x.iter().all(|x| x.im == 0.0);
        let parts = if is_real { 1 } else { 2 };
        let x = Matrix::from_fn(n, parts, |i, j| T::from_parts(if j == 0 { x[i].re } else { x[i].im }, 0.0));
        let y = a.apply(&x)?;
        (0..n).map(|i| c64::new(y[(i, 0)].re(), if is_real { 0.0 } else { y[(i, 1)].re() })).collect()
    };
    finite::<c64, _>(y)
}

/// Subtracts the parts along an orthonormal basis, twice, and returns them.
fn orthogonalize(x: &mut [c64], basis: &[Vec<c64>]) -> Vec<c64> {
    let mut along = vec![c64::new(0.0, 0.0); basis.len()];
    for _ in 0..2 {
        for (q, total) in basis.iter().zip(&mut along) {
            let part = inner(q, x);
            x.iter_mut().zip(q).for_each(|(x, q)| *x -= part * q);
            *total += part;
        }
    }
    along
}

fn combination(basis: &[Vec<c64>], coordinates: &[c64]) -> Vec<c64> {
    let mut x = vec![c64::new(0.0, 0.0); basis.first().map_or(0, Vec::len)];
    for (q, &c) in basis.iter().zip(coordinates) {
        x.iter_mut().zip(q).for_each(|(x, q)| *x += c * q);
    }
    x
}

impl PartialEig {
    /// The radius of a disc around each value that holds an eigenvalue: its residual where A is known to be Hermitian,
    /// else ∞ (no bound).
    pub fn radii(&self) -> Vec<f64> {
        self.residuals.iter().map(|&r| if self.is_hermitian { r } else { f64::INFINITY }).collect()
    }
}

impl AnyOperator<'_> {
    /// [`partial_eig`] of this operator.
    ///
    /// # Errors
    ///
    /// As [`partial_eig`].
    pub fn partial_eig(&self, k: usize, how: &Arnoldi) -> Result<PartialEig> {
        each!(self, a => self::partial_eig(a, k, how))
    }
}
