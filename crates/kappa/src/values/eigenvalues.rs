use kappa_dense::c64;

use crate::enclosure::directed::{add_down, add_up, sqrt_up};
use crate::norm::modulus_enclosure;
use crate::{Enclosure, Evidence};

/// Eigenvalues of a square matrix, largest modulus first, with discs that contain them.
///
/// The union of the discs contains every eigenvalue. A group of k discs that touch no other disc contains exactly k
/// eigenvalues.
///
/// # Examples
///
/// ```
/// # use kappa::{Matrix, eig};
/// let a = Matrix::from_row_major(2, 2, vec![0.0, -4.0, 1.0, 0.0])?;
/// let values = eig(&a)?.eigenvalues().clone();
/// assert!((values.get(0).im.abs() - 2.0).abs() < 1e-15 && values.radius(0) < 1e-13);
/// assert!(values.spectral_radius().contains(2.0));
/// # Ok::<(), kappa::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Eigenvalues {
    values: Vec<c64>,
    radii: Vec<f64>,
    evidence: Evidence,
    reach: f64,
}

impl Eigenvalues {
    /// Eigenvalues with a disc around each, for those that were stored: the union of the discs contains all
    /// eigenvalues, and a group of k discs that touch no other exactly k.
    pub fn new(values: Vec<c64>, radii: Vec<f64>, evidence: Evidence) -> Self {
        Self { values, radii, evidence, reach: f64::INFINITY }
    }

    /// The same with an upper bound of all moduli, such as a norm of the matrix.
    pub fn within(self, reach: f64) -> Self {
        Self { reach: self.reach.min(reach), ..self }
    }

    /// An upper bound of all moduli that does not come from the discs: a norm of the matrix; ∞ where none is known.
    pub fn reach(&self) -> f64 {
        self.reach
    }

    /// The evidence for a bound of the largest modulus or real part: where there are no discs, a norm bounds it.
    fn evidence_of_extremes(&self) -> Evidence {
        let is_bounded = self.radii.iter().all(|r| r.is_finite());
        if is_bounded { self.evidence } else { Evidence::Theorem("no eigenvalue is larger than a norm") }
    }

    /// The number of eigenvalues: the order of the matrix.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether the matrix is empty.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The estimates, which are the centres of the discs, largest modulus first.
    pub fn estimates(&self) -> &[c64] {
        &self.values
    }

    /// The estimate with index k, counted from 0. Panics when k is out of range.
    pub fn get(&self, k: usize) -> c64 {
        self.values[k]
    }

    /// The radius of the disc with index k; ∞ when no bound is known. Panics when k is out of range.
    pub fn radius(&self, k: usize) -> f64 {
        self.radii[k]
    }

    /// The evidence for the discs.
    pub fn evidence(&self) -> Evidence {
        self.evidence
    }

    /// Groups of discs that touch, as lists of indices. A group of k discs contains exactly k eigenvalues.
    pub fn groups(&self) -> Vec<Vec<usize>> {
        let touches = |i: usize, j: usize| {
            let gap = modulus_enclosure(self.values[i] - self.values[j]).lower() * (1.0 - 4.0 * f64::EPSILON);
            gap <= add_up(self.radii[i], self.radii[j])
        };
        connected(self.len(), touches)
    }

    /// The spectral radius ρ(A) = max |λ|, enclosed by the discs and a norm; 0 for an empty matrix.
    ///
    /// ρ(A) ≤ ‖A‖ in every induced norm, and ρ(A) = lim ‖Aᵏ‖^(1/k) (Gelfand).
    pub fn spectral_radius(&self) -> Enclosure {
        self.extreme(|z| {
            let size = modulus_enclosure(z);
            (size.lower(), size.estimate(), size.upper())
        })
    }

    /// The spectral abscissa max Re λ, enclosed by the discs and a norm; −∞ for an empty matrix.
    ///
    /// The solutions of x′ = Ax decay if and only if it is negative.
    pub fn spectral_abscissa(&self) -> Enclosure {
        if self.is_empty() {
            return Enclosure::exact(f64::NEG_INFINITY);
        }
        let most = (0..self.len()).map(|k| add_up(self.values[k].re, self.radii[k])).fold(f64::NEG_INFINITY, f64::max);
        let groups = self.groups();
        let least = groups.iter().map(|group| {
            group.iter().map(|&k| add_down(self.values[k].re, -self.radii[k])).fold(f64::INFINITY, f64::min)
        });
        let middle = self.values.iter().map(|z| z.re).fold(f64::NEG_INFINITY, f64::max);
        let least = least.fold(-self.reach, f64::max);
        Enclosure::new(least, middle, most.min(self.reach), self.evidence_of_extremes())
    }

    fn extreme(&self, size: impl Fn(c64) -> (f64, f64, f64)) -> Enclosure {
        if self.is_empty() {
            return Enclosure::exact(0.0);
        }
        let upper = (0..self.len()).map(|k| add_up(size(self.values[k]).2, self.radii[k])).fold(0.0, f64::max);
        // A group contains at least one eigenvalue, whose size is at least the smallest size in the discs of the group.
        let groups = self.groups();
        let least = groups.iter().map(|group| {
            let low = |&k: &usize| add_down(size(self.values[k]).0, -self.radii[k]).max(0.0);
            group.iter().map(low).fold(f64::INFINITY, f64::min)
        });
        let middle = self.values.iter().map(|&z| size(z).1).fold(0.0, f64::max);
        Enclosure::new(least.fold(0.0, f64::max), middle, upper.min(self.reach), self.evidence_of_extremes())
    }

    /// √Σ|λ|². It is at most ‖A‖_F, with equality if and only if A is normal.
    pub(crate) fn length(&self) -> Enclosure {
        let ends = |k: usize| {
            let size = modulus_enclosure(self.values[k]);
            (add_down(size.lower(), -self.radii[k]).max(0.0), size.estimate(), add_up(size.upper(), self.radii[k]))
        };
        let (mut low, mut middle, mut high) = (Vec::new(), 0.0, Vec::new());
        // The eigenvalues of a group may lie in any of its discs: each gets the smallest and the largest size in the
        // group.
        for group in self.groups() {
            let least = group.iter().map(|&k| ends(k).0).fold(f64::INFINITY, f64::min);
            let most = group.iter().map(|&k| ends(k).2).fold(0.0, f64::max);
            for &k in &group {
                low.push(least);
                high.push(most);
                middle += ends(k).1 * ends(k).1;
            }
        }
        let upper = if high.iter().any(|x| x.is_infinite()) {
            f64::INFINITY
        } else {
            crate::enclosure::directed::norm_up(&high)
        };
        Enclosure::new(
            crate::enclosure::directed::norm_down(&low),
            middle.sqrt(),
            sqrt_up(upper * upper).max(upper),
            self.evidence,
        )
    }
}

/// Connected components of a symmetric relation.
pub(crate) fn connected(n: usize, touches: impl Fn(usize, usize) -> bool) -> Vec<Vec<usize>> {
    let mut group = vec![usize::MAX; n];
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for start in 0..n {
        if group[start] != usize::MAX {
            continue;
        }
        let name = groups.len();
        let (mut members, mut front) = (Vec::new(), vec![start]);
        group[start] = name;
        while let Some(i) = front.pop() {
            members.push(i);
            for (j, group) in group.iter_mut().enumerate() {
                if *group == usize::MAX && touches(i, j) {
                    *group = name;
                    front.push(j);
                }
            }
        }
        members.sort_unstable();
        groups.push(members);
    }
    groups
}
