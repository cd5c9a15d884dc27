use kappa_dense::{Scalar, c64};

use crate::enclosure::directed::{add_down, add_up};
use crate::error::{Error, Result};
use crate::norm::{modulus_enclosure, vector_norm};
use crate::operator::{AnyOperator, Entries, Form, LinearOperator, RealOrComplex, Sparse, wide};
use crate::values::connected;
use crate::{Enclosure, Evidence, Profile};

/// A disc of the complex plane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Disc {
    /// Its centre.
    pub center: c64,
    /// Its radius, rounded up.
    pub radius: f64,
}

/// Discs that contain all eigenvalues, in groups: each group contains as many eigenvalues as it has discs.
#[derive(Clone, Debug, PartialEq)]
pub struct Gershgorin {
    /// One disc for each row: the diagonal entry, and the sum of the moduli of the other entries.
    pub rows: Vec<Disc>,
    /// One disc for each column.
    pub columns: Vec<Disc>,
    /// Groups of connected row discs, by their indices.
    pub row_groups: Vec<Vec<usize>>,
    /// Groups of connected column discs.
    pub column_groups: Vec<Vec<usize>>,
}

/// Gershgorin discs by rows and by columns, rigorous: every eigenvalue lies in the union of the row discs and in that
/// of the column discs, and a connected group of k discs contains exactly k eigenvalues.
///
/// O(n²).
///
/// # Errors
///
/// When the matrix is not square, and when an entry is not finite.
///
/// # Examples
///
/// ```
/// # use kappa::{Matrix, regions::gershgorin};
/// let a = Matrix::from_row_major(3, 3, vec![10.0, 1.0, 0.0, 0.5, 1.0, 0.5, 0.0, 1.0, 2.0])?;
/// let g = gershgorin(&a)?;
/// assert_eq!(g.row_groups, [vec![0], vec![1, 2]]);
/// // One eigenvalue within 1 of 10, the largest modulus there is.
/// assert!(g.spectral_radius().lower() >= 9.0 && g.spectral_radius().upper() < 11.001);
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// Reference: Gerschgorin, Izv. Akad. Nauk SSSR 7 (1931) 749–754; Varga, *Geršgorin and His Circles*.
pub fn gershgorin<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized)) -> Result<Gershgorin> {
    let (m, n) = a.shape();
    if m != n {
        return Err(Error::shape(format!("a {m}×{n} matrix has no eigenvalues")).with_hint("give a square matrix"));
    }
    if let Form::Sparse(sparse) = a.form() {
        return of_sparse(sparse);
    }
    let entries = Entries::of(a)?;
    let view = entries.view();
    Profile::of_entries(view)?;
    let center = |i: usize| c64::new(view.get(i, i).re(), view.get(i, i).im());
    let disc = |i: usize, by_rows: bool| {
        let others = || (0..n).filter(move |&j| j != i).map(|j| if by_rows { view.get(i, j) } else { view.get(j, i) });
        Disc { center: center(i), radius: vector_norm(1.0, others).upper() }
    };
    let rows: Vec<Disc> = (0..n).map(|i| disc(i, true)).collect();
    let columns: Vec<Disc> = (0..n).map(|i| disc(i, false)).collect();
    Ok(Gershgorin { row_groups: groups(&rows), column_groups: groups(&columns), rows, columns })
}

/// The discs of a sparse matrix, from its stored entries.
fn of_sparse<T: Scalar>(a: &Sparse<T>) -> Result<Gershgorin> {
    a.check_finite()?;
    let discs = |a: &Sparse<T>| -> Vec<Disc> {
        let center = |j: usize| c64::new(a.entry(j, j).re(), a.entry(j, j).im());
        let others = |j: usize| a.column(j).filter(move |&(i, _)| i != j).map(|(_, x)| x);
        (0..a.shape().1).map(|j| Disc { center: center(j), radius: vector_norm(1.0, || others(j)).upper() }).collect()
    };
    let (rows, columns) = (discs(&a.transposed()), discs(a));
    Ok(Gershgorin { row_groups: groups(&rows), column_groups: groups(&columns), rows, columns })
}

/// The number of discs above which groups are found by their projections on the real axis.
const BY_SHADOWS: usize = 4096;

/// Groups of discs whose intervals on the real axis overlap: unions of the connected groups, for which the same theorem
/// holds.
fn groups_by_shadows(discs: &[Disc]) -> Vec<Vec<usize>> {
    let left = |k: usize| add_down(discs[k].center.re, -discs[k].radius);
    let right = |k: usize| add_up(discs[k].center.re, discs[k].radius);
    let mut order: Vec<usize> = (0..discs.len()).collect();
    order.sort_by(|&i, &j| left(i).total_cmp(&left(j)));
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut reach = f64::NEG_INFINITY;
    for k in order {
        match groups.last_mut() {
            Some(group) if left(k) <= reach => group.push(k),
            _ => groups.push(vec![k]),
        }
        reach = reach.max(right(k));
    }
    groups.iter_mut().for_each(|group| group.sort_unstable());
    groups.sort_by_key(|group| group[0]);
    groups
}

fn groups(discs: &[Disc]) -> Vec<Vec<usize>> {
    if discs.len() > BY_SHADOWS {
        return groups_by_shadows(discs);
    }
    let touch = |i: usize, j: usize| {
        // The difference of the centres is rounded: a relative error below 2u.
        let gap = modulus_enclosure(discs[i].center - discs[j].center).lower() * (1.0 - 4.0 * f64::EPSILON);
        gap <= add_up(discs[i].radius, discs[j].radius)
    };
    connected(discs.len(), touch)
}

impl Gershgorin {
    /// The largest modulus of an eigenvalue, from both kinds of discs.
    pub fn spectral_radius(&self) -> Enclosure {
        let far = |discs: &[Disc]| {
            discs.iter().map(|d| add_up(modulus_enclosure(d.center).upper(), d.radius)).fold(0.0, f64::max)
        };
        let near = |discs: &[Disc], groups: &[Vec<usize>]| {
            let least = |group: &Vec<usize>| {
                let reach = |&k: &usize| modulus_enclosure(discs[k].center).lower() - discs[k].radius;
                group.iter().map(reach).fold(f64::INFINITY, f64::min).next_down().max(0.0)
            };
            groups.iter().map(least).fold(0.0, f64::max)
        };
        let upper = far(&self.rows).min(far(&self.columns));
        let lower = near(&self.rows, &self.row_groups).max(near(&self.columns, &self.column_groups));
        Enclosure::new(lower, 0.5 * lower + 0.5 * upper, upper, Evidence::Theorem("Gershgorin"))
    }
}

impl AnyOperator<'_> {
    /// [`regions::gershgorin`](crate::regions::gershgorin) of this operator.
    ///
    /// # Errors
    ///
    /// As [`regions::gershgorin`](crate::regions::gershgorin).
    pub fn gershgorin(&self) -> Result<Gershgorin> {
        wide!(self, a => self::gershgorin(a)).map(RealOrComplex::into_inner)
    }
}
