use kappa_dense::{Matrix, MatrixRef, Scalar, c64};

use super::eig_form::{Form, diagonal};
use crate::certificate::{eigenvalue_radii, hermitian_eigenvalues};
use crate::enclosure::directed::{add_up, mul_up, times_power};
use crate::error::{Error, Result};
use crate::norm::EntryNorms;
use crate::operator::{AnyOperator, Entries, LinearOperator, RealOrComplex, both, check_hermitian, wide};
use crate::values::Eigenvalues;
use crate::{Enclosure, Evidence};

/// Eigenvalues with right and left eigenvectors.
#[derive(Clone, Debug, PartialEq)]
pub struct Eig {
    parts: EigParts,
}

/// The parts of [`Eig`], for storing and restoring it without loss.
#[derive(Clone, Debug, PartialEq)]
pub struct EigParts {
    /// The eigenvalues with their discs.
    pub values: Eigenvalues,
    /// Right eigenvectors in columns.
    pub right: Matrix<c64>,
    /// Left eigenvectors in columns.
    pub left: Matrix<c64>,
    /// Upper bounds of the row sums of |X⁻¹AX − diag(λ)| for the right eigenvectors X as they were computed; ∞ where
    /// none are known.
    pub defects: Vec<f64>,
    /// Whether A has an orthonormal basis of eigenvectors, as its entries show.
    pub is_normal: bool,
}

/// The eigenvalues of a square matrix, largest modulus first, each with a disc, and right and left eigenvectors of
/// length 1.
///
/// A·right = right·diag(λ), leftᴴ·A = diag(λ)·leftᴴ. A Hermitian matrix is decomposed as by [`eigh`]. The eigenvalues
/// of a matrix that is triangular, or becomes so in another order of its rows and columns, are its diagonal, exactly.
/// Of others the discs are rigorous (see [`Eigenvalues`]) where the eigenvectors are independent enough; where they are
/// not, as for a Jordan block, the radii are ∞, norms bound the spectral radius, and [`schur`](crate::schur) is the
/// form to use. About 30n³ flops, and 5 complex products for the discs.
///
/// # Errors
///
/// When the matrix is not square, when an entry is not finite, and when the QR iteration does not converge.
///
/// # Examples
///
/// ```
/// # use kappa::{Matrix, eig};
/// let a = Matrix::from_row_major(2, 2, vec![2.0, 1.0, 0.0, 3.0])?;
/// let f = eig(&a)?;
/// assert!(f.eigenvalues().get(0).re == 3.0 && f.eigenvalues().radius(0) == 0.0);
/// // The left vector of 3 is e₂, its right one (1, 1)/√2.
/// assert!((f.left()[(0, 0)].norm()) < 1e-15);
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// Reference: Miyajima, JCAM 233 (2010) for the discs; Golub and Van Loan, *Matrix Computations*, 4th ed., chapter 7.
pub fn eig<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized)) -> Result<Eig> {
    let entries = Entries::of(a)?;
    let view = entries.view();
    if view.rows() != view.columns() {
        let (m, n) = (view.rows(), view.columns());
        return Err(Error::shape(format!("a {m}×{n} matrix has no eigenvalues")).with_hint("give a square matrix"));
    }
    let profile = EntryNorms::of(view)?;
    let sums = profile.sums_at(0);
    let reach = sums.frobenius.min(sums.column).min(sums.row);
    let form = Form::of(view);
    let mut parts = match form {
        Form::Diagonal => of_diagonal(view),
        Form::Hermitian => of_hermitian(view)?,
        Form::Triangular | Form::General => of_general(view, &profile, form)?,
    };
    parts.values = parts.values.within(reach);
    Ok(Eig { parts })
}

/// The order of the eigenvalues: by modulus, then conjugate pairs with the positive imaginary part first.
fn by_size(values: &[c64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    let size = |k: usize| values[k].norm();
    order.sort_by(|&i, &j| {
        let close = (size(i) - size(j)).abs() <= 1e-14 * size(i);
        let by_size = if close { std::cmp::Ordering::Equal } else { size(j).total_cmp(&size(i)) };
        by_size.then(values[j].im.total_cmp(&values[i].im)).then(i.cmp(&j))
    });
    order.sort_by(|&i, &j| size(j).total_cmp(&size(i)));
    order
}

fn of_diagonal<T: Scalar>(view: MatrixRef<'_, T>) -> EigParts {
    let n = view.rows();
    let diagonal = diagonal(view);
    let order = by_size(&diagonal);
    let vectors = Matrix::from_fn(n, n, |i, j| c64::new(f64::from(i == order[j]), 0.0));
    let values = Eigenvalues::new(order.iter().map(|&k| diagonal[k]).collect(), vec![0.0; n], Evidence::Rounding);
    EigParts { values, right: vectors.clone(), left: vectors, defects: vec![0.0; n], is_normal: true }
}

fn of_hermitian<T: Scalar>(view: MatrixRef<'_, T>) -> Result<EigParts> {
    let f = eigh(&view)?;
    let n = view.rows();
    let found: Vec<c64> = f.values.iter().map(|x| c64::new(x.estimate(), 0.0)).collect();
    let order = by_size(&found);
    let evidence = f.values.iter().fold(Evidence::Rounding, |e, x| e.and(x.evidence()));
    let radius = |x: &Enclosure| add_up(x.upper(), -x.estimate()).max(add_up(x.estimate(), -x.lower()));
    let radii: Vec<f64> = order.iter().map(|&k| radius(&f.values[k])).collect();
    let vectors = Matrix::from_fn(n, n, |i, j| {
        let x = f.vectors[(i, order[j])];
        c64::new(x.re(), x.im())
    });
    let values = Eigenvalues::new(order.iter().map(|&k| found[k]).collect(), radii, evidence);
    Ok(EigParts { values, right: vectors.clone(), left: vectors, defects: vec![f64::INFINITY; n], is_normal: true })
}

fn of_general<T: Scalar>(view: MatrixRef<'_, T>, profile: &EntryNorms, form: Form) -> Result<EigParts> {
    let mut parts = kappa_dense::eig(view)?;
    let n = parts.values.len();
    if form == Form::Triangular {
        exactly(&mut parts.values, diagonal(view));
    }
    let order = by_size(&parts.values);
    let pick = |x: &Matrix<c64>| Matrix::from_fn(n, n, |i, j| x[(i, order[j])]);
    let (right, left) = (pick(&parts.right), pick(&parts.left));
    let values: Vec<c64> = order.iter().map(|&k| parts.values[k]).collect();
    let defects = radii(view, profile.max_abs_value(), &values, &right);
    let values = match &defects {
        _ if form == Form::Triangular => Eigenvalues::new(values, vec![0.0; n], Evidence::Rounding),
        Some(radii) => Eigenvalues::new(values, radii.clone(), crate::arithmetic::environment::evidence(true)),
        None => {
            let evidence = Evidence::Estimate("eigenvectors that are nearly dependent");
            Eigenvalues::new(values, vec![f64::INFINITY; n], evidence)
        }
    };
    let defects = defects.unwrap_or_else(|| vec![f64::INFINITY; n]);
    Ok(EigParts { values, right, left, defects, is_normal: false })
}

/// Replaces computed eigenvalues by the diagonal entries that they are, in the same order.
fn exactly(computed: &mut [c64], mut diagonal: Vec<c64>) {
    let before = |x: &c64, y: &c64| x.re.total_cmp(&y.re).then(x.im.total_cmp(&y.im));
    let mut order: Vec<usize> = (0..computed.len()).collect();
    order.sort_by(|&i, &j| before(&computed[i], &computed[j]));
    diagonal.sort_by(before);
    order.into_iter().zip(diagonal).for_each(|(k, x)| computed[k] = x);
}

/// The radii for A from those for A·2⁻ᵉ.
fn radii<T: Scalar>(a: MatrixRef<'_, T>, max: f64, values: &[c64], x: &Matrix<c64>) -> Option<Vec<f64>> {
    if max == 0.0 {
        return Some(vec![0.0; values.len()]);
    }
    let n = values.len();
    let e = (max.min(f64::MAX).log2().floor() as i32).clamp(-1000, 1000);
    let part = |x: f64| times_power(x.abs(), -e).0.copysign(x);
    let scaled = Matrix::from_fn(n, n, |i, j| c64::new(part(a.get(i, j).re()), part(a.get(i, j).im())));
    let small: Vec<c64> = values.iter().map(|z| c64::new(part(z.re), part(z.im))).collect();
    let found = eigenvalue_radii(&scaled, &small, x)?;
    // Scaling loses less than 2⁻¹⁰⁷³ in each of the n² entries, times the condition number of X, which is finite here:
    // 2⁻⁹⁰⁰ is more.
    let lost = mul_up(n as f64, 2f64.powi(-900));
    Some(found.into_iter().map(|r| times_power(add_up(r, lost), e).1).collect())
}

impl Eig {
    /// The parts that [`Eig::from_parts`] takes.
    pub fn parts(&self) -> &EigParts {
        &self.parts
    }

    /// The decomposition that holds these parts, for one that was stored.
    ///
    /// # Errors
    ///
    /// Where the vectors are not as many as the eigenvalues.
    pub fn from_parts(parts: EigParts) -> Result<Self> {
        let n = parts.values.len();
        if parts.defects.len() != n || parts.right.shape() != (n, n) || parts.left.shape() != (n, n) {
            return Err(Error::shape(format!("{n} eigenvalues need as many radii and vectors")));
        }
        Ok(Self { parts })
    }

    /// The eigenvalues, with their discs.
    pub fn eigenvalues(&self) -> &Eigenvalues {
        &self.parts.values
    }

    /// Right eigenvectors in columns, of length 1.
    pub fn right(&self) -> &Matrix<c64> {
        &self.parts.right
    }

    /// Left eigenvectors in columns, of length 1, in the same order.
    pub fn left(&self) -> &Matrix<c64> {
        &self.parts.left
    }
}

/// Eigenvalues and orthonormal eigenvectors of a Hermitian matrix.
#[derive(Clone, Debug, PartialEq)]
pub struct Eigh<W: Scalar> {
    values: Vec<Enclosure>,
    vectors: Matrix<W>,
}

/// The eigenvalues of a Hermitian matrix, largest first, each enclosed with every rounding error counted, and
/// orthonormal eigenvectors.
///
/// About 9n³ flops and 3 matrix products.
///
/// # Errors
///
/// When the matrix is not square or not exactly Hermitian, and when an entry is not finite.
///
/// # Examples
///
/// ```
/// # use kappa::{Matrix, eigh};
/// let a = Matrix::from_row_major(2, 2, vec![2.0, 1.0, 1.0, 2.0])?;
/// let f = eigh(&a)?;
/// assert!(f.eigenvalues()[0].contains(3.0) && f.eigenvalues()[1].contains(1.0));
/// assert!(f.eigenvalues()[0].width() < 1e-13 && f.eigenvalues()[0].evidence().is_certified());
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn eigh<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized)) -> Result<Eigh<T::Wide>> {
    let entries = Entries::of(a)?;
    let view = entries.view();
    let profile = EntryNorms::of(view)?;
    check_hermitian(view, 0.0, "eigenvalues", "take (A + Aᴴ)/2, or use `eig`, which needs no symmetry")?;
    let (mut values, vectors) = kappa_dense::eigh(view)?;
    values.reverse();
    let n = values.len();
    let vectors = Matrix::from_fn(n, n, |i, j| vectors[(i, n - 1 - j)]);
    let max = profile.max_abs_value();
    if max == 0.0 {
        return Ok(Eigh { values: vec![Enclosure::exact(0.0); n], vectors });
    }
    let e = (max.min(f64::MAX).log2().floor() as i32).clamp(-1000, 1000);
    let part = |x: f64| times_power(x.abs(), -e).0.copysign(x);
    let form = T::real_form(view);
    let real = form.view();
    let scaled = Matrix::from_fn(real.rows(), real.rows(), |i, j| part(real.get(i, j).re()));
    let real_vectors = <T::Wide>::real_form(vectors.as_ref());
    // Each eigenvalue occurs twice in the real form, with vectors (Re x, Im x) and (−Im x, Re x).
    let step = if form.is_doubled() { 2 } else { 1 };
    let order = |k: usize| k / step + if k % step == 1 { n } else { 0 };
    let x = real_vectors.view();
    let x = Matrix::from_fn(step * n, step * n, |i, k| x.get(i, order(k)).re());
    let d: Vec<f64> = (0..step * n).map(|k| part(values[k / step])).collect();
    let lost = mul_up((n * step) as f64, 2f64.powi(-1070));
    let evidence = crate::arithmetic::environment::evidence(true);
    let enclosed = match hermitian_eigenvalues(&scaled, &d, &x) {
        Some(found) => (0..n)
            .map(|k| {
                let both = &found[k * step..(k + 1) * step];
                let low = both.iter().map(Enclosure::lower).fold(f64::NEG_INFINITY, f64::max);
                let high = both.iter().map(Enclosure::upper).fold(f64::INFINITY, f64::min);
                unscaled(crate::enclosure::directed::add_down(low, -lost), values[k], add_up(high, lost), e, evidence)
            })
            .collect(),
        None => values
            .iter()
            .map(|&x| {
                Enclosure::new(
                    f64::NEG_INFINITY,
                    x,
                    f64::INFINITY,
                    Evidence::Estimate("vectors that are not orthogonal"),
                )
            })
            .collect(),
    };
    Ok(Eigh { values: enclosed, vectors })
}

fn unscaled(low: f64, middle: f64, high: f64, e: i32, evidence: Evidence) -> Enclosure {
    let end = |x: f64, up: bool| {
        let (small, large) = times_power(x.abs(), e);
        if up == (x >= 0.0) { large.copysign(x) } else { small.copysign(x) }
    };
    Enclosure::new(end(low, false), middle, end(high, true), evidence)
}

impl<W: Scalar> Eigh<W> {
    /// The eigenvalues, largest first.
    pub fn eigenvalues(&self) -> &[Enclosure] {
        &self.values
    }

    /// Orthonormal eigenvectors in columns, in the same order.
    pub fn vectors(&self) -> &Matrix<W> {
        &self.vectors
    }
}

/// An error that explains why the Jordan form is not computed: an arbitrarily small change of a matrix with a Jordan
/// block makes it diagonalizable, so that rounding errors change the form.
///
/// # Examples
///
/// ```
/// # use kappa::factor::jordan;
/// let refusal = jordan();
/// assert!(refusal.is_unsupported() && refusal.hint().unwrap().contains("schur"));
/// ```
///
/// Reference: Golub and Wilkinson, SIAM Review 18 (1976) 578–619.
pub fn jordan() -> Error {
    Error::unsupported(
        "the Jordan form cannot be computed in floating point: a rounding error, however small, splits a Jordan block \
         into distinct eigenvalues, so that the forms of the rounded matrix and of the given one differ",
    )
    .with_hint(
        "use `schur`, which is backward stable: A = QTQᴴ with unitary Q; `eigenvalue_cond` gives the sensitivity",
    )
}

impl AnyOperator<'_> {
    /// [`eig`](crate::eig) of this operator.
    ///
    /// # Errors
    ///
    /// As [`eig`](crate::eig).
    pub fn eig(&self) -> Result<Eig> {
        wide!(self, a => self::eig(a)).map(RealOrComplex::into_inner)
    }

    /// [`eigh`](crate::eigh) of this operator.
    ///
    /// # Errors
    ///
    /// As [`eigh`](crate::eigh).
    pub fn eigh(&self) -> Result<RealOrComplex<Eigh<f64>, Eigh<c64>>> {
        wide!(self, a => self::eigh(a))
    }
}

/// [`Eigh`] of a real or of a complex matrix.
pub type AnyEigh = RealOrComplex<Eigh<f64>, Eigh<c64>>;

impl AnyEigh {
    /// The eigenvalues, enclosed, largest first.
    pub fn eigenvalues(&self) -> &[Enclosure] {
        both!(self, f => f.eigenvalues())
    }

    /// The eigenvectors in columns.
    pub fn vectors(&self) -> AnyOperator<'_> {
        both!(self, f => f.vectors().into())
    }
}
