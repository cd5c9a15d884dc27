use kappa_dense::{Matrix, Scalar, c64};

use super::assignment::assignment;
use super::{
    BauerFike, DavisKahan, Elsner, HoffmanWielandt, InversePerturbation, Mirsky, Theorem, Wedin, Weyl, principal_angles,
};
use crate::ask::{certified_norm, certified_singular_values};
use crate::condition::certified_cond;
use crate::enclosure::directed::{add_down, add_up, div_up, mul_up, norm_down, norm_up, sqrt_up};
use crate::error::{Error, Result};
use crate::factor::Eig;
use crate::operator::{AnyOperator, Entries, LinearOperator, RealOrComplex, wide_pair};
use crate::regions::normality;
use crate::{Enclosure, Evidence, Norm, Profile, SingularValues, eig, eigh, svd};

/// A theorem applied to two matrices: its bound beside the actual quantity.
#[derive(Debug)]
pub struct Applied {
    /// The theorem with its numbers.
    pub theorem: Box<dyn Theorem>,
    /// The quantity that is bounded.
    pub quantity: String,
    /// The bound.
    pub bound: Enclosure,
    /// The actual value of the quantity.
    pub actual: Enclosure,
}

impl Applied {
    fn new(theorem: impl Theorem + 'static, quantity: impl Into<String>, actual: Enclosure) -> Self {
        Self { bound: theorem.bound(), theorem: Box::new(theorem), quantity: quantity.into(), actual }
    }

    /// actual/bound: 1 if the theorem is attained; 0 if the quantity is 0 or the bound is infinite.
    pub fn ratio(&self) -> f64 {
        let bound = self.bound.upper();
        let nothing = self.actual.estimate() == 0.0 || bound == 0.0 && self.actual.lower() == 0.0;
        if nothing || bound == f64::INFINITY { 0.0 } else { self.actual.estimate() / bound }
    }

    /// Whether the actual value is certainly above the bound, which only a violated hypothesis can cause.
    pub fn is_violated(&self) -> bool {
        self.actual.lower() > self.bound.upper()
    }
}

/// Every theorem that applies to the change from A to B, each beside the actual change.
///
/// A and B are m×n. Singular values: Weyl, Mirsky in the Frobenius and the nuclear norm, Wedin for the leading
/// subspaces at the largest gap. Square matrices besides: Elsner, Bauer–Fike if discs prove that A can be diagonalized,
/// Hoffman–Wielandt if both are normal, the inverse if A is nonsingular and κε < 1. Hermitian matrices besides: Weyl
/// for eigenvalues, and Davis–Kahan. About ten decompositions; [`perturb_by`] leaves the slow ones out.
///
/// # Errors
///
/// When the shapes differ, the matrices are empty, or an entry is not finite.
///
/// # Examples
///
/// ```
/// # use kappa::{Matrix, perturb::perturb};
/// let a = Matrix::from_row_major(2, 2, vec![2.0, 0.0, 0.0, 1.0])?;
/// let b = Matrix::from_row_major(2, 2, vec![2.0, 0.1, 0.1, 1.0])?;
/// let found = perturb(&a, &b)?;
/// assert!(found.len() >= 8 && found.iter().all(|t| !t.is_violated()));
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn perturb<T: Scalar>(
    a: &(impl LinearOperator<T> + ?Sized),
    b: &(impl LinearOperator<T> + ?Sized),
) -> Result<Vec<Applied>> {
    perturb_by(a, b, true)
}

/// The order up to which the eigenvalue theorems take seconds.
pub const QUICK_EIGENVALUES: usize = 250;

/// As [`perturb`], with the theorems for eigenvalues and for the inverse of square matrices only where they are asked
/// for: they take minutes from an order of about 1000 on, the others seconds.
///
/// # Errors
///
/// As [`perturb`].
///
/// # Examples
///
/// ```
/// # use kappa::{Matrix, perturb::perturb_by};
/// let a = Matrix::from_row_major(2, 2, vec![2.0, 1.0, 0.0, 1.0])?;
/// let b = Matrix::from_row_major(2, 2, vec![2.0, 1.0, 0.1, 1.0])?;
/// assert!(perturb_by(&a, &b, false)?.iter().all(|t| t.theorem.name() != "elsner"));
/// assert!(perturb_by(&a, &b, true)?.iter().any(|t| t.theorem.name() == "elsner"));
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn perturb_by<T: Scalar>(
    a: &(impl LinearOperator<T> + ?Sized),
    b: &(impl LinearOperator<T> + ?Sized),
    with_eigenvalues: bool,
) -> Result<Vec<Applied>> {
    let (a, b) = (Entries::of(a)?, Entries::of(b)?);
    let (m, n) = (a.view().rows(), a.view().columns());
    if (b.view().rows(), b.view().columns()) != (m, n) {
        let (p, q) = (b.view().rows(), b.view().columns());
        return Err(Error::shape(format!("the two matrices have different shapes: {m}×{n} and {p}×{q}"))
            .with_hint("compare two matrices of the same shape"));
    }
    if m == 0 || n == 0 {
        return Err(Error::shape(format!("the matrices are empty: {m}×{n}")));
    }
    Profile::of_entries(a.view())?;
    Profile::of_entries(b.view())?;
    let (a, b) = (a.view().to_wide(), b.view().to_wide());
    let change = Change::new(&a, &b)?;
    let mut found = singular(&a, &b, &change)?;
    if m == n && with_eigenvalues {
        found.extend(square(&a, &b, &change)?);
    }
    Ok(found)
}

/// Norms of E = B − A; the rounding of the difference is counted.
struct Change {
    spectral: f64,
    frobenius: f64,
    nuclear: f64,
}

impl Change {
    fn new<W: Scalar<Wide = W>>(a: &Matrix<W>, b: &Matrix<W>) -> Result<Self> {
        let (m, n) = (a.rows(), a.columns());
        let e = Matrix::from_fn(m, n, |i, j| b[(i, j)] - a[(i, j)]);
        Error::check_matrix(&e).map_err(|error| {
            error.of("the difference of the two matrices").with_hint("divide both matrices by the same power of 2")
        })?;
        let upper = |norm: Norm| Ok::<f64, Error>(certified_norm(&e, norm)?.upper());
        let frobenius = upper(Norm::frobenius())?;
        // Each entry of the difference is rounded once: u·‖E‖_F, √min(m, n) times that in the nuclear norm.
        let lost = f64::EPSILON * frobenius;
        let root = (m.min(n) as f64).sqrt();
        Ok(Self {
            spectral: add_up(upper(Norm::spectral())?, lost),
            frobenius: add_up(frobenius, lost),
            nuclear: add_up(upper(Norm::nuclear())?, lost * root * 2.0),
        })
    }
}

/// |x − y|, enclosed.
fn distance(x: Enclosure, y: Enclosure) -> Enclosure {
    let low = add_down(x.lower(), -y.upper()).max(add_down(y.lower(), -x.upper())).max(0.0);
    let high = add_up(x.upper(), -y.lower()).max(add_up(y.upper(), -x.lower()));
    Enclosure::new(low, (x.estimate() - y.estimate()).abs(), high, x.evidence().and(y.evidence()))
}

fn largest(x: &[Enclosure]) -> Enclosure {
    x.iter().copied().reduce(crate::norm::larger).unwrap_or(Enclosure::exact(0.0))
}

fn length(x: &[Enclosure]) -> Enclosure {
    let ends = |end: fn(&Enclosure) -> f64| x.iter().map(end).collect::<Vec<f64>>();
    let middle = ends(Enclosure::estimate).iter().map(|x| x * x).sum::<f64>().sqrt();
    let evidence = x.iter().fold(Evidence::Rounding, |e, x| e.and(x.evidence()));
    Enclosure::new(norm_down(&ends(Enclosure::lower)), middle, norm_up(&ends(Enclosure::upper)), evidence)
}

fn singular<W: Scalar<Wide = W>>(a: &Matrix<W>, b: &Matrix<W>, change: &Change) -> Result<Vec<Applied>> {
    let (s, t) = (certified_singular_values(a)?, certified_singular_values(b)?);
    let moved: Vec<Enclosure> = s.iter().zip(t.iter()).map(|(x, y)| distance(x, y)).collect();
    let mut found = vec![
        Applied::new(Weyl::new(change.spectral)?, "the largest change of a singular value", largest(&moved)),
        Applied::new(Mirsky::new(change.frobenius)?, "all changes of singular values, in the 2-norm", length(&moved)),
        Applied::new(
            Mirsky::new(change.nuclear)?,
            "the sum of all changes of singular values",
            moved.iter().copied().fold(Enclosure::exact(0.0), Enclosure::plus),
        ),
    ];
    found.extend(wedin(a, b, (&s, &t), change)?);
    Ok(found)
}

/// Wedin's theorem for the leading subspaces at the largest gap between σₖ(A) and σₖ₊₁(B).
fn wedin<W: Scalar<Wide = W>>(
    a: &Matrix<W>,
    b: &Matrix<W>,
    (s, t): (&SingularValues, &SingularValues),
    change: &Change,
) -> Result<Option<Applied>> {
    let p = s.len();
    let gap = |k: usize| add_down(s.get(k - 1).lower(), -t.get(k).upper());
    let best = (1..p).filter(|&k| gap(k) > 0.0).max_by(|&i, &j| gap(i).total_cmp(&gap(j)));
    let Some(k) = best else { return Ok(None) };
    let (f, g) = (svd(a)?, svd(b)?);
    // Computed vectors are those of a matrix near by, which turns their span by its distance over the gap.
    let turned =
        turned(&s.iter().collect::<Vec<_>>(), k, a.rows()) + turned(&t.iter().collect::<Vec<_>>(), k, a.rows());
    let actual = crate::norm::larger(
        sine(&f.u().first_columns(k), &g.u().first_columns(k), turned)?,
        sine(&f.v().first_columns(k), &g.v().first_columns(k), turned)?,
    );
    let what = format!("sine of the angle between the leading singular subspaces of dimension {k}");
    Ok(Some(Applied::new(Wedin::new(gap(k), change.spectral)?, what, actual)))
}

/// The sine of the angle by which rounding errors turn the computed vectors of the k largest values at most, by a
/// model.
fn turned(values: &[Enclosure], k: usize, n: usize) -> f64 {
    let size = values.iter().map(|x| x.upper().abs().max(x.lower().abs())).fold(0.0, f64::max);
    let gap = values[k - 1].lower() - values.get(k).map_or(0.0, Enclosure::upper);
    let error = f64::EPSILON * (8.0 + 8.0 * (n as f64).sqrt()) * size;
    if gap > 2.0 * error { error / gap } else { 1.0 }
}

/// The sine of the largest angle between two ranges that are known up to a turn with this sine.
fn sine<W: Scalar<Wide = W>>(x: &Matrix<W>, y: &Matrix<W>, turned: f64) -> Result<Enclosure> {
    let angle = principal_angles(x, y)?[0];
    let turn = turned.min(1.0).asin();
    let end = |angle: f64| angle.clamp(0.0, std::f64::consts::FRAC_PI_2).sin();
    let (lower, upper) = (end(angle.lower() - turn), end(angle.upper() + turn));
    Ok(Enclosure::new(lower, end(angle.estimate()), upper, angle.evidence()))
}

fn square<W: Scalar<Wide = W>>(a: &Matrix<W>, b: &Matrix<W>, change: &Change) -> Result<Vec<Applied>> {
    let mut found = Vec::new();
    let n = a.rows();
    let is_hermitian = |x: &Matrix<W>| (0..n).all(|j| (0..=j).all(|i| x[(i, j)] == x[(j, i)].conj()));
    if is_hermitian(a) && is_hermitian(b) {
        found.extend(hermitian(a, b, change)?);
    } else {
        found.extend(general(a, b, change)?);
    }
    let condition = certified_cond(a, Norm::spectral())?.value.enclosure().upper();
    let size = certified_norm(a, Norm::spectral())?.lower();
    let relative = crate::enclosure::directed::div_up(change.spectral, size);
    if condition * relative < 1.0 {
        let inverse = |x: &Matrix<W>| kappa_dense::lu(x.as_ref()).map(|f| f.inverse());
        let (x, y) = (inverse(a)?, inverse(b)?);
        let moved = Matrix::from_fn(n, n, |i, j| y[(i, j)] - x[(i, j)]);
        let (moved, before) =
            (crate::norm(&moved, Norm::spectral())?.estimate(), crate::norm(&x, Norm::spectral())?.estimate());
        let lost = 16.0 * f64::EPSILON * condition * (n as f64).sqrt();
        let actual = Enclosure::around(moved / before, lost, Evidence::Estimate("two inverses"));
        found.push(Applied::new(
            InversePerturbation::new(condition, relative)?,
            "the relative change of the inverse",
            actual,
        ));
    }
    Ok(found)
}

fn hermitian<W: Scalar<Wide = W>>(a: &Matrix<W>, b: &Matrix<W>, change: &Change) -> Result<Vec<Applied>> {
    let (f, g) = (eigh(a)?, eigh(b)?);
    let moved: Vec<Enclosure> = f.eigenvalues().iter().zip(g.eigenvalues()).map(|(&x, &y)| distance(x, y)).collect();
    let mut found = vec![
        Applied::new(Weyl::new(change.spectral)?, "the largest change of an eigenvalue", largest(&moved)),
        Applied::new(
            HoffmanWielandt::new(change.frobenius)?,
            "all changes of eigenvalues, in the 2-norm",
            length(&moved),
        ),
    ];
    let gap = |k: usize| add_down(f.eigenvalues()[k - 1].lower(), -g.eigenvalues()[k].upper());
    let best = (1..a.rows()).filter(|&k| gap(k) > 0.0).max_by(|&i, &j| gap(i).total_cmp(&gap(j)));
    if let Some(k) = best {
        let turned = turned(f.eigenvalues(), k, a.rows()) + turned(g.eigenvalues(), k, a.rows());
        let actual = sine(&f.vectors().first_columns(k), &g.vectors().first_columns(k), turned)?;
        let what = format!("sine of the angle between the invariant subspaces of the {k} largest eigenvalues");
        found.push(Applied::new(DavisKahan::new(gap(k), change.spectral)?, what, actual));
    }
    Ok(found)
}

fn general<W: Scalar<Wide = W>>(a: &Matrix<W>, b: &Matrix<W>, change: &Change) -> Result<Vec<Applied>> {
    let n = a.rows();
    let (f, g) = (eig(a)?, eig(b)?);
    let (x, y) = (f.eigenvalues(), g.eigenvalues());
    // The distance between two estimates, each with its own error radius.
    let apart = |i: usize, j: usize| {
        let size = (x.get(i) - y.get(j)).norm();
        let doubt = x.radius(i).min(1e300) + y.radius(j).min(1e300);
        Enclosure::new((size - doubt).max(0.0), size, size + doubt, x.evidence().and(y.evidence()))
    };
    // The distance of each eigenvalue of B from the nearest one of A.
    let nearest: Vec<Enclosure> = (0..n)
        .map(|j| {
            let all = (0..n).map(|i| apart(i, j));
            all.reduce(|p, q| {
                Enclosure::new(
                    p.lower().min(q.lower()),
                    p.estimate().min(q.estimate()),
                    p.upper().min(q.upper()),
                    p.evidence().and(q.evidence()),
                )
            })
            .unwrap_or(Enclosure::exact(0.0))
        })
        .collect();
    let actual = largest(&nearest);
    let what = "the largest distance of an eigenvalue of the second matrix from the nearest one of the first";
    let size = certified_norm(a, Norm::spectral())?.upper() + certified_norm(b, Norm::spectral())?.upper();
    let mut found = vec![Applied::new(Elsner::new(size, change.spectral, n as f64)?, what, actual)];
    if let Some(theorem) = bauer_fike(&f, change)? {
        found.push(Applied::new(theorem, what, actual));
    }
    // With A = QTQᴴ the normal matrix Q·diag(T)·Qᴴ has the eigenvalues of A, and its distance from A is the departure
    // from normality: the theorem holds for any two matrices if their departures are added to the change.
    let apart_from_normal = normality(a)?.departure.upper() + normality(b)?.departure.upper();
    if apart_from_normal <= 0.01 * change.frobenius {
        let square = |z: c64| z.norm_sqr();
        let order = assignment(n, |i, j| square(x.get(i) - y.get(j)));
        let moved: Vec<Enclosure> = order.iter().enumerate().map(|(i, &j)| apart(i, j)).collect();
        let what = "the 2-norm of the distances of the eigenvalues in their best pairing";
        let theorem = HoffmanWielandt::new(add_up(change.frobenius, apart_from_normal))?;
        found.push(Applied::new(theorem, what, length(&moved)));
    }
    Ok(found)
}

/// The theorem of Bauer and Fike for the eigenvectors X as they were computed; `None` where nothing proves that they
/// belong to n eigenvalues.
///
/// X⁻¹AX = D + F, where discs bound the row sums of F, so that every eigenvalue of B lies within ‖F‖ + κ(X)·‖E‖ of an
/// entry of D; and some eigenvalue of A lies in the group of discs around each of these. Both count as a larger change.
fn bauer_fike(f: &Eig, change: &Change) -> Result<Option<BauerFike>> {
    let (values, n) = (f.eigenvalues(), f.eigenvalues().len());
    if f.parts().is_normal && (0..n).all(|k| values.radius(k).is_finite()) {
        return Ok(Some(BauerFike::new(1.0, change.spectral)?));
    }
    let row_sum = f.parts().defects.iter().copied().fold(0.0, f64::max);
    let condition = certified_cond(f.right(), Norm::spectral())?.value.enclosure().upper();
    if !(row_sum.is_finite() && condition.is_finite()) {
        return Ok(None);
    }
    let across = |group: &Vec<usize>| group.iter().fold(0.0, |sum, &k| add_up(sum, mul_up(2.0, values.radius(k))));
    let apart = values.groups().iter().map(across).fold(0.0, f64::max);
    // ‖F‖₂ ≤ √n·‖F‖_∞.
    let off = add_up(mul_up(sqrt_up(n as f64), row_sum), apart);
    let change = add_up(change.spectral, div_up(off, condition.max(1.0)));
    if change.is_finite() { BauerFike::new(condition, change).map(Some) } else { Ok(None) }
}

impl AnyOperator<'_> {
    /// [`perturb::perturb_by`](crate::perturb::perturb_by) of this operator.
    ///
    /// # Errors
    ///
    /// As [`perturb::perturb`](crate::perturb::perturb).
    pub fn perturb_by(&self, other: &AnyOperator<'_>, with_eigenvalues: bool) -> Result<Vec<Applied>> {
        wide_pair!((self, other), (a, b) => self::perturb_by(a, b, with_eigenvalues)).map(RealOrComplex::into_inner)
    }

    /// [`perturb::perturb`](crate::perturb::perturb) of this operator.
    ///
    /// # Errors
    ///
    /// As [`perturb::perturb`](crate::perturb::perturb).
    pub fn perturb(&self, other: &AnyOperator<'_>) -> Result<Vec<Applied>> {
        wide_pair!((self, other), (a, b) => self::perturb(a, b)).map(RealOrComplex::into_inner)
    }
}
