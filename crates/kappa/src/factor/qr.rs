use kappa_dense::{Matrix, Scalar, Shape, c64, multiply};

use crate::enclosure::times_power_of_two;
use crate::error::{Error, Result};
use crate::operator::{AnyOperator, Entries, LinearOperator, RealOrComplex, both, check_full_factor, near_one, wide};

/// A = QR with square unitary Q; it can be updated when rows and columns are inserted and deleted.
#[derive(Clone, Debug, PartialEq)]
pub struct Qr<W: Scalar> {
    q: Matrix<W>,
    r: Matrix<W>,
}

/// QR factorization by Householder reflections, Q m×m and R m×n.
///
/// # Errors
///
/// When an entry is not finite, and when Q has more than [`DENSE_LIMIT`](crate::operator::DENSE_LIMIT) entries.
///
/// # Examples
///
/// ```
/// # use kappa::{Matrix, qr};
/// let mut f = qr(&Matrix::from_row_major(3, 1, vec![1.0f64, 2.0, 2.0])?)?;
/// assert!((f.r()[(0, 0)].abs() - 3.0).abs() < 1e-15);
/// // Append the row (4).
/// f.insert_row(3, &[4.0])?;
/// assert!((f.r()[(0, 0)].abs() - 5.0).abs() < 1e-15);
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// Reference: Golub and Van Loan, *Matrix Computations*, 4th ed., sections 5.2 and 6.5.
pub fn qr<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized)) -> Result<Qr<T::Wide>> {
    check_full_factor(a.shape().0)?;
    let parts = kappa_dense::qr(Entries::of(a)?.view(), Shape::Full)?;
    Ok(Qr { q: parts.q, r: parts.r })
}

/// Q is recomputed when its departure from unitarity exceeds this.
const LOST: f64 = 1e-11;

/// A rotation [c s; −s̄ c] of two numbers.
#[derive(Clone, Copy)]
struct Givens<W> {
    c: f64,
    s: W,
}

impl<W: Scalar> Givens<W> {
    /// Takes (a, b) to (r, 0).
    fn new(a: W, b: W) -> Self {
        let (na, nb) = (crate::norm::modulus(a), crate::norm::modulus(b));
        if nb == 0.0 {
            return Self { c: 1.0, s: W::default() };
        }
        if na == 0.0 {
            return Self { c: 0.0, s: b.conj().scale(1.0 / nb) };
        }
        let r = na.hypot(nb);
        Self { c: na / r, s: a.scale(1.0 / na) * b.conj().scale(1.0 / r) }
    }

    /// Applies the rotation from the left to rows i and k of R.
    fn rows(self, r: &mut Matrix<W>, i: usize, k: usize) {
        for j in 0..r.columns() {
            let (x, y) = (r[(i, j)], r[(k, j)]);
            r[(i, j)] = x.scale(self.c) + self.s * y;
            r[(k, j)] = y.scale(self.c) - self.s.conj() * x;
        }
    }

    /// Applies the adjoint from the right to columns i and k of Q: QGᴴ·GR = QR.
    fn columns(self, q: &mut Matrix<W>, i: usize, k: usize) {
        for row in 0..q.rows() {
            let (x, y) = (q[(row, i)], q[(row, k)]);
            q[(row, i)] = x.scale(self.c) + self.s.conj() * y;
            q[(row, k)] = y.scale(self.c) - self.s * x;
        }
    }
}

impl<W: Scalar<Wide = W>> Qr<W> {
    /// Q, m×m.
    pub fn q(&self) -> &Matrix<W> {
        &self.q
    }

    /// R, m×n, zeros below the diagonal.
    pub fn r(&self) -> &Matrix<W> {
        &self.r
    }

    fn rotate(&mut self, i: usize, k: usize, (a, b): (W, W)) {
        let g = Givens::new(a, b);
        g.rows(&mut self.r, i, k);
        g.columns(&mut self.q, i, k);
    }

    /// The departure of Q from unitarity: ‖QQᴴe − e‖/‖e‖ for the vector of ones. O(m²).
    pub fn defect(&self) -> f64 {
        let m = self.q.rows();
        let ones = vec![W::from_parts(1.0, 0.0); m];
        let there = crate::norm::times_vector(&self.q.adjoint(), &ones);
        let back = crate::norm::times_vector(&self.q, &there);
        let rest = back.iter().zip(&ones).map(|(x, e)| (*x - *e).abs_squared()).sum::<f64>();
        if m == 0 { 0.0 } else { (rest / m as f64).sqrt() }
    }

    /// Refactors A when rounding errors of many updates have made Q depart too far from unitary.
    fn watch(&mut self) -> Result<()> {
        if self.defect() <= LOST {
            return Ok(());
        }
        let a = multiply(self.q.as_ref(), self.r.as_ref())?;
        let parts = kappa_dense::qr(a.as_ref(), Shape::Full)?;
        (self.q, self.r) = (parts.q, parts.r);
        Ok(())
    }

    /// The factors of A + u·vᴴ. O(m·n + m²).
    ///
    /// # Errors
    ///
    /// When a vector has the wrong length or an entry that is not finite.
    ///
    /// # Examples
    ///
    /// ```
    /// # use kappa::{Matrix, qr};
    /// let mut f = qr(&Matrix::<f64>::identity(2))?;
    /// f.update(&[0.0, 2.0], &[0.0, 1.0])?;
    /// assert!((f.r()[(1, 1)].abs() - 3.0).abs() < 1e-15);
    /// # Ok::<(), kappa::Error>(())
    /// ```
    pub fn update(&mut self, u: &[W], v: &[W]) -> Result<()> {
        let (m, n) = (self.q.rows(), self.r.columns());
        self.fits(u.len() == m, true, u)?;
        self.fits(true, v.len() == n, v)?;
        // w = Qᴴu is rotated into a multiple of e₁ from the bottom, which makes R upper Hessenberg; then e₁vᴴ is added,
        // and R is rotated back to triangular form.
        let mut w = crate::norm::times_vector(&self.q.adjoint(), u);
        for i in (1..m).rev() {
            let g = Givens::new(w[i - 1], w[i]);
            (w[i - 1], w[i]) = (w[i - 1].scale(g.c) + g.s * w[i], W::default());
            g.rows(&mut self.r, i - 1, i);
            g.columns(&mut self.q, i - 1, i);
        }
        if let Some(&first) = w.first() {
            v.iter().enumerate().for_each(|(j, v)| self.r[(0, j)] += first * v.conj());
        }
        for j in 0..n.min(m.saturating_sub(1)) {
            self.rotate(j, j + 1, (self.r[(j, j)], self.r[(j + 1, j)]));
        }
        self.clean();
        self.watch()
    }

    /// The factors after a row is inserted before row k (appended for k = m). O(m·n + m²).
    ///
    /// # Errors
    ///
    /// When k > m, and when the row has the wrong length or an entry that is not finite.
    pub fn insert_row(&mut self, k: usize, row: &[W]) -> Result<()> {
        let (m, n) = (self.q.rows(), self.r.columns());
        self.fits(k <= m, row.len() == n, row)?;
        let one = W::from_parts(1.0, 0.0);
        let zero = W::default();
        // [row; A] = [1 0; 0 Q]·[row; R]; then the first row of Q moves to position k.
        self.r = Matrix::from_fn(m + 1, n, |i, j| if i == 0 { row[j] } else { self.r[(i - 1, j)] });
        self.q = Matrix::from_fn(m + 1, m + 1, |i, j| match (i == k, j) {
            (true, 0) => one,
            (true, _) | (false, 0) => zero,
            (false, j) => self.q[(if i < k { i } else { i - 1 }, j - 1)],
        });
        for j in 0..n.min(m) {
            self.rotate(j, j + 1, (self.r[(j, j)], self.r[(j + 1, j)]));
            self.r[(j + 1, j)] = zero;
        }
        self.watch()
    }

    /// The factors after row k is deleted. O(m·n + m²).
    ///
    /// # Errors
    ///
    /// When there is no row k.
    pub fn delete_row(&mut self, k: usize) -> Result<()> {
        let (m, n) = (self.q.rows(), self.r.columns());
        self.fits(k < m, true, &[])?;
        // Row k of Q is rotated into a multiple of e₁, from the bottom; R becomes upper Hessenberg.
        for i in (1..m).rev() {
            // QGᴴ rotates the conjugated entries of the row of Q.
            let (a, b) = (self.q[(k, i - 1)].conj(), self.q[(k, i)].conj());
            self.rotate(i - 1, i, (a, b));
        }
        self.q = Matrix::from_fn(m - 1, m - 1, |i, j| self.q[(if i < k { i } else { i + 1 }, j + 1)]);
        self.r = Matrix::from_fn(m - 1, n, |i, j| if i <= j { self.r[(i + 1, j)] } else { W::default() });
        self.watch()
    }

    /// The factors after a column is inserted before column k (appended for k = n). O(m² + m·n).
    ///
    /// # Errors
    ///
    /// When k > n, and when the column has the wrong length or an entry that is not finite.
    pub fn insert_column(&mut self, k: usize, column: &[W]) -> Result<()> {
        let (m, n) = (self.q.rows(), self.r.columns());
        self.fits(k <= n, column.len() == m, column)?;
        let x = Matrix::from_column_major(m, 1, column.to_vec())?;
        let w = multiply(self.q.adjoint().as_ref(), x.as_ref())?;
        self.r = Matrix::from_fn(m, n + 1, |i, j| match j.cmp(&k) {
            std::cmp::Ordering::Less => self.r[(i, j)],
            std::cmp::Ordering::Equal => w[(i, 0)],
            std::cmp::Ordering::Greater => self.r[(i, j - 1)],
        });
        for i in (k + 1..m).rev() {
            self.rotate(i - 1, i, (self.r[(i - 1, k)], self.r[(i, k)]));
            self.r[(i, k)] = W::default();
        }
        self.clean();
        self.watch()
    }

    /// The factors after column k is deleted. O(m·n + m²).
    ///
    /// # Errors
    ///
    /// When there is no column k.
    pub fn delete_column(&mut self, k: usize) -> Result<()> {
        let (m, n) = (self.q.rows(), self.r.columns());
        self.fits(k < n, true, &[])?;
        self.r = Matrix::from_fn(m, n - 1, |i, j| self.r[(i, if j < k { j } else { j + 1 })]);
        for j in k..(n - 1).min(m.saturating_sub(1)) {
            self.rotate(j, j + 1, (self.r[(j, j)], self.r[(j + 1, j)]));
        }
        self.clean();
        self.watch()
    }

    fn clean(&mut self) {
        for j in 0..self.r.columns() {
            let m = self.r.rows();
            self.r.column_mut(j)[(j + 1).min(m)..].fill(W::default());
        }
    }

    fn fits(&self, is_place: bool, is_length: bool, entries: &[W]) -> Result<()> {
        let (m, n) = (self.q.rows(), self.r.columns());
        Error::check_vector(entries)?;
        if is_place && is_length {
            return Ok(());
        }
        Err(Error::shape(format!("the row, column or position does not fit a factorization of a {m}×{n} matrix")))
    }
}

/// A[:, columns] = QR by column pivoting, which reveals the numerical rank.
#[derive(Clone, Debug, PartialEq)]
pub struct PivotedQr<W: Scalar> {
    q: Matrix<W>,
    r: Matrix<W>,
    columns: Vec<usize>,
}

/// QR factorization with column pivoting (Businger and Golub): at each step the longest remaining column is taken, so
/// that |rᵢᵢ| decreases.
///
/// Q m×p, R p×n with p = min(m, n). It usually reveals the rank; Kahan's matrix is a counterexample (see
/// [`rank_revealing_qr`]). 4mnp flops.
///
/// # Errors
///
/// When an entry is not finite.
///
/// # Examples
///
/// ```
/// # use kappa::factor::pivoted_qr;
/// # use kappa::Matrix;
/// let f = pivoted_qr(&Matrix::from_row_major(2, 2, vec![1.0f64, 0.0, 0.0, 5.0])?)?;
/// // The longer column is taken first.
/// assert_eq!(f.columns(), [1, 0]);
/// assert!((f.r()[(0, 0)].abs() - 5.0).abs() < 1e-15);
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// Reference: Businger and Golub, Numer. Math. 7 (1965) 269–276.
pub fn pivoted_qr<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized)) -> Result<PivotedQr<T::Wide>> {
    let parts = kappa_dense::pivoted_qr(Entries::of(a)?.view(), Shape::Thin)?;
    Ok(PivotedQr { q: parts.q, r: parts.r, columns: parts.columns })
}

/// The parameters of a strong rank-revealing QR; passed last, and usually left at their default.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GuEisenstat {
    /// No interchange of columns may increase |det R₁₁| by more than this factor, which is above 1.
    pub factor: f64,
    /// The maximum number of interchanges.
    pub swaps: usize,
}

impl Default for GuEisenstat {
    fn default() -> Self {
        Self { factor: 2.0, swaps: 1000 }
    }
}

/// Strong rank-revealing QR at rank k: columns are interchanged until the entries of R₁₁⁻¹R₁₂ are bounded by f, and
/// with q = √(1 + f²k(n − k)) for all i: σᵢ(R₁₁) ≥ σᵢ(A)/q and σᵢ(R₂₂) ≤ σₖ₊ᵢ(A)·q.
///
/// One pivoted QR, and one QR for each interchange; few are needed.
///
/// # Errors
///
/// When k = 0 or k > min(m, n), when R₁₁ is singular, when the factor is below 1, when an entry is not finite, and when
/// the interchanges do not end within the given number.
///
/// # Examples
///
/// ```
/// # use kappa::factor::{GuEisenstat, pivoted_qr, rank_revealing_qr};
/// # use kappa::{Matrix, gallery, singular_values};
/// // Kahan's matrix with slightly shorter later columns: pivoting by length leaves |rₙₙ| far above σₙ.
/// let k = gallery::kahan(60, 1.2);
/// let a = Matrix::from_fn(60, 60, |i, j| k[(i, j)] * (1.0 - 1e-10 * j as f64));
/// let last = singular_values(&a)?.last().estimate();
/// assert!(pivoted_qr(&a)?.r()[(59, 59)].abs() > 1000.0 * last);
/// let f = rank_revealing_qr(&a, 59, &GuEisenstat::default())?;
/// assert!(f.r()[(59, 59)].abs() < 20.0 * last);
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// Reference: Gu and Eisenstat, SISC 17 (1996) 848–869.
pub fn rank_revealing_qr<T: Scalar>(
    a: &(impl LinearOperator<T> + ?Sized),
    k: usize,
    how: &GuEisenstat,
) -> Result<PivotedQr<T::Wide>> {
    let entries = Entries::of(a)?;
    let view = entries.view();
    let (m, n) = (view.rows(), view.columns());
    if k == 0 || k > m.min(n) {
        return Err(Error::shape(format!("a {m}×{n} matrix has no leading block of order {k}"))
            .with_hint("the rank must lie between 1 and the smaller dimension"));
    }
    if how.factor.is_nan() || how.factor < 1.0 {
        return Err(Error::syntax(format!("`factor` must be ≥ 1, got {}", how.factor)));
    }
    // Scaled to near 1, so that the squares and inverses that choose a swap neither overflow nor underflow.
    let (wide, e) = near_one(&view)?;
    let mut f = pivoted_qr(&wide)?;
    for _ in 0..=how.swaps {
        let Some((i, j)) = best_swap(&f.r, k, how.factor)? else {
            f.r.as_mut_slice().iter_mut().for_each(|x| *x = times_power_of_two(*x, e));
            return Ok(f);
        };
        f.columns.swap(i, k + j);
        let permuted = Matrix::from_fn(m, n, |row, column| wide[(row, f.columns[column])]);
        let parts = kappa_dense::qr(permuted.as_ref(), Shape::Thin)?;
        (f.q, f.r) = (parts.q, parts.r);
    }
    Err(Error::no_convergence(format!("rank-revealing QR: interchanges did not end after {}", how.swaps)))
}

/// The interchange that increases |det R₁₁| most, if by more than the factor: √((R₁₁⁻¹R₁₂)ᵢⱼ² + (‖R₂₂eⱼ‖·‖eᵢᵀR₁₁⁻¹‖)²).
fn best_swap<W: Scalar<Wide = W>>(r: &Matrix<W>, k: usize, factor: f64) -> Result<Option<(usize, usize)>> {
    let (p, n) = (r.rows(), r.columns());
    let mut inverse = Matrix::<W>::identity(k);
    for j in 0..k {
        for i in (0..=j).rev() {
            let sum = (i + 1..=j).fold(W::default(), |sum, l| sum + r[(i, l)] * inverse[(l, j)]);
            let rest = inverse[(i, j)] - sum;
            inverse[(i, j)] = divided(rest, r[(i, i)]);
        }
    }
    if !inverse.as_slice().iter().all(|x| x.is_finite()) {
        return Err(Error::singular(format!("the leading block of order {k} is singular"))
            .with_hint("the numerical rank is smaller: use a smaller rank"));
    }
    let length = |x: &mut dyn Iterator<Item = W>| x.map(|x| x.abs_squared()).sum::<f64>().sqrt();
    let rows: Vec<f64> = (0..k).map(|i| length(&mut (i..k).map(|j| inverse[(i, j)]))).collect();
    let columns: Vec<f64> = (k..n).map(|j| length(&mut (k..p).map(|i| r[(i, j)]))).collect();
    let mut best = (factor, None);
    for j in 0..n - k {
        for i in 0..k {
            let x = (i..k).fold(W::default(), |sum, l| sum + inverse[(i, l)] * r[(l, k + j)]);
            let gain = crate::norm::modulus(x).hypot(columns[j] * rows[i]);
            if gain > best.0 * (1.0 + 1e-10) {
                best = (gain, Some((i, j)));
            }
        }
    }
    Ok(best.1)
}

fn divided<W: Scalar>(x: W, y: W) -> W {
    if !W::IS_COMPLEX {
        return W::from_parts(x.re() / y.re(), 0.0);
    }
    let size = y.re().abs().max(y.im().abs());
    let y = y.scale(1.0 / size);
    (x * y.conj()).scale(1.0 / (y.abs_squared() * size))
}

impl<W: Scalar> PivotedQr<W> {
    /// Q, m×p with orthonormal columns.
    pub fn q(&self) -> &Matrix<W> {
        &self.q
    }

    /// R, p×n, upper triangular.
    pub fn r(&self) -> &Matrix<W> {
        &self.r
    }

    /// Column j of QR is column `columns()[j]` of A.
    pub fn columns(&self) -> &[usize] {
        &self.columns
    }

    /// The number of |rᵢᵢ| that exceed `share`·|r₁₁|: the numerical rank that pivoting reveals.
    pub fn rank(&self, share: f64) -> usize {
        let size = |i: usize| crate::norm::modulus(self.r[(i, i)]);
        let p = self.r.rows().min(self.r.columns());
        if p == 0 || size(0) == 0.0 {
            return 0;
        }
        (0..p).take_while(|&i| size(i) > share * size(0)).count()
    }
}

/// A ≈ U·T·Vᴴ with orthonormal columns in U (m×r) and V (n×r), and a triangular T of order r.
#[derive(Clone, Debug, PartialEq)]
pub struct CompleteOrthogonal<W: Scalar> {
    /// A basis of the range.
    pub u: Matrix<W>,
    /// Lower triangular, r×r.
    pub t: Matrix<W>,
    /// A basis of the range of the adjoint.
    pub v: Matrix<W>,
}

/// The complete orthogonal decomposition A ≈ U·T·Vᴴ at the rank where |rᵢᵢ| of a pivoted QR falls below `share`·|r₁₁|.
///
/// Two QR factorizations.
///
/// # Errors
///
/// When an entry is not finite, and when the share is negative.
///
/// # Examples
///
/// ```
/// # use kappa::factor::complete_orthogonal;
/// # use kappa::Matrix;
/// let f = complete_orthogonal(&Matrix::from_fn(4, 3, |i, j| (i + j) as f64), 1e-12)?;
/// assert_eq!((f.u.columns(), f.t.rows(), f.v.columns()), (2, 2, 2));
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn complete_orthogonal<T: Scalar>(
    a: &(impl LinearOperator<T> + ?Sized),
    share: f64,
) -> Result<CompleteOrthogonal<T::Wide>> {
    if share.is_nan() || share < 0.0 {
        return Err(Error::syntax(format!("`share` must be ≥ 0, got {share}")));
    }
    let f = pivoted_qr(a)?;
    let (r, n) = (f.rank(share), f.r.columns());
    let leading = Matrix::from_fn(n, r, |j, i| f.r[(i, j)].conj());
    // (R₁₁ R₁₂)ᴴ = ZS, so that (R₁₁ R₁₂) = SᴴZᴴ.
    let z = kappa_dense::qr(leading.as_ref(), Shape::Thin)?;
    let mut v = Matrix::zeros(n, r);
    for (place, &column) in f.columns.iter().enumerate() {
        (0..r).for_each(|j| v[(column, j)] = z.q[(place, j)]);
    }
    Ok(CompleteOrthogonal { u: f.q.first_columns(r), t: z.r.adjoint(), v })
}

impl AnyOperator<'_> {
    /// [`qr`](crate::qr) of this operator.
    ///
    /// # Errors
    ///
    /// As [`qr`](crate::qr).
    pub fn qr(&self) -> Result<RealOrComplex<Qr<f64>, Qr<c64>>> {
        wide!(self, a => self::qr(a))
    }

    /// [`pivoted_qr`](crate::factor::pivoted_qr) of this operator.
    ///
    /// # Errors
    ///
    /// As [`pivoted_qr`](crate::factor::pivoted_qr).
    pub fn pivoted_qr(&self) -> Result<RealOrComplex<PivotedQr<f64>, PivotedQr<c64>>> {
        wide!(self, a => self::pivoted_qr(a))
    }

    /// [`rank_revealing_qr`](crate::factor::rank_revealing_qr) of this operator.
    ///
    /// # Errors
    ///
    /// As [`rank_revealing_qr`](crate::factor::rank_revealing_qr).
    pub fn rank_revealing_qr(
        &self,
        k: usize,
        how: &GuEisenstat,
    ) -> Result<RealOrComplex<PivotedQr<f64>, PivotedQr<c64>>> {
        wide!(self, a => self::rank_revealing_qr(a, k, how))
    }

    /// [`complete_orthogonal`](crate::factor::complete_orthogonal) of this operator.
    ///
    /// # Errors
    ///
    /// As [`complete_orthogonal`](crate::factor::complete_orthogonal).
    pub fn complete_orthogonal(
        &self,
        share: f64,
    ) -> Result<RealOrComplex<CompleteOrthogonal<f64>, CompleteOrthogonal<c64>>> {
        wide!(self, a => self::complete_orthogonal(a, share))
    }
}

/// [`Qr`] of a real or of a complex matrix.
pub type AnyQr = RealOrComplex<Qr<f64>, Qr<c64>>;

impl AnyQr {
    /// Q.
    pub fn q(&self) -> AnyOperator<'_> {
        both!(self, f => f.q().into())
    }

    /// R.
    pub fn r(&self) -> AnyOperator<'_> {
        both!(self, f => f.r().into())
    }
}

/// [`PivotedQr`] of a real or of a complex matrix.
pub type AnyPivotedQr = RealOrComplex<PivotedQr<f64>, PivotedQr<c64>>;

impl AnyPivotedQr {
    /// Q.
    pub fn q(&self) -> AnyOperator<'_> {
        both!(self, f => f.q().into())
    }

    /// R.
    pub fn r(&self) -> AnyOperator<'_> {
        both!(self, f => f.r().into())
    }

    /// The order of the columns.
    pub fn columns(&self) -> &[usize] {
        both!(self, f => f.columns())
    }
}

/// [`CompleteOrthogonal`] of a real or of a complex matrix.
pub type AnyCompleteOrthogonal = RealOrComplex<CompleteOrthogonal<f64>, CompleteOrthogonal<c64>>;

impl AnyCompleteOrthogonal {
    /// U.
    pub fn u(&self) -> AnyOperator<'_> {
        both!(self, f => (&f.u).into())
    }

    /// T.
    pub fn t(&self) -> AnyOperator<'_> {
        both!(self, f => (&f.t).into())
    }

    /// V.
    pub fn v(&self) -> AnyOperator<'_> {
        both!(self, f => (&f.v).into())
    }
}
