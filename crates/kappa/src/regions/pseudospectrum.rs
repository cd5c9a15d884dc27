use kappa_dense::{Matrix, Scalar, c64};
use rayon::prelude::*;

use super::resolvent::{Point, Resolvent};
use crate::ask::certified_singular_values;
use crate::enclosure::times_power_of_two;
use crate::error::{Error, Result};
use crate::operator::{AnyOperator, Entries, LinearOperator, RealOrComplex, near_one, wide};
use crate::schur;

/// A rectangle of the complex plane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Region {
    /// The interval of real parts.
    pub re: (f64, f64),
    /// The interval of imaginary parts.
    pub im: (f64, f64),
}

impl Region {
    /// The bounding rectangle of these points with a margin: a third of its size on every side, and at least `least`.
    pub fn around(points: &[c64], least: f64) -> Self {
        let range = |part: fn(&c64) -> f64| {
            let low = points.iter().map(part).fold(f64::INFINITY, f64::min);
            let high = points.iter().map(part).fold(f64::NEG_INFINITY, f64::max);
            if low.is_finite() && high.is_finite() { (low, high) } else { (0.0, 0.0) }
        };
        let (re, im) = (range(|z| z.re), range(|z| z.im));
        let size = (re.1 - re.0).max(im.1 - im.0);
        let room = (size / 3.0).max(least);
        let widened = |(low, high): (f64, f64)| (low - room, high + room);
        Self { re: widened(re), im: widened(im) }
    }

    fn check(&self) -> Result<()> {
        let ends = [self.re.0, self.re.1, self.im.0, self.im.1];
        if ends.iter().all(|x| x.is_finite()) && self.re.0 < self.re.1 && self.im.0 < self.im.1 {
            return Ok(());
        }
        Err(Error::syntax("the region of the complex plane is empty or not finite")
            .with_hint("give each interval from the smaller to the larger number, such as -1 to 2"))
    }
}

/// The parameters of a pseudospectrum; passed last, and usually left at their default.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pseudospectrum {
    /// The part of the plane; `None` stands for a rectangle around the eigenvalues.
    pub region: Option<Region>,
    /// Points in each direction, at equal distances. 0 stands for 100, and for fewer from order 320 (32 at order 1000,
    /// and at least 24), with four further lines beside each eigenvalue where these are at most half as many again: at
    /// 1/4 and 1/16 of the distance of two lines on either side.
    pub points: usize,
}

/// σₘᵢₙ(zI − A) on a grid: the ε-pseudospectrum is where it is at most ε.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    /// Real parts.
    pub re: Vec<f64>,
    /// Imaginary parts.
    pub im: Vec<f64>,
    /// σₘᵢₙ at `(re[j], im[i])`, one row for each imaginary part.
    pub values: Vec<f64>,
    /// A lower bound of each, which fails with a probability of at most 1e-8 over the random start of the iteration.
    pub lower: Vec<f64>,
    /// An upper bound of each: ‖(zI − A)x‖ of a vector that was found.
    pub upper: Vec<f64>,
    /// The eigenvalues.
    pub eigenvalues: Vec<c64>,
}

/// The smallest singular value of zI − A on a grid of the complex plane, usually to about 0.1 %, between a lower and an
/// upper bound: its inverse is the norm of the resolvent.
///
/// One Schur form. Of a normal matrix it gives the distances from the eigenvalues; of others a few steps of inverse
/// Lanczos with its triangular factor follow at each point, about 20n² complex flops. They start from the sum of
/// the singular vector of the neighbour and a random vector of the same length: the first alone may be a singular
/// vector here too, and then no other is found; the random one has a component along the vector sought, whose likely
/// size bounds what was missed. A bound also carries over from point to point, as σₘᵢₙ changes by no more than z does.
/// The bounds count rounding by a model. The result does not depend on the number of threads,
/// and is scaled as the matrix is.
///
/// # Errors
///
/// When the matrix is not square or empty, when the region is empty or not finite, and as [`schur`].
///
/// # Examples
///
/// ```
/// # use kappa::{Matrix, regions::{Pseudospectrum, Region, pseudospectrum}};
/// let a = Matrix::from_row_major(2, 2, vec![1.0, 0.0, 0.0, -1.0])?;
/// let region = Region { re: (0.0, 3.0), im: (-1.0, 1.0) };
/// let g = pseudospectrum(&a, &Pseudospectrum { region: Some(region), points: 4 })?;
/// // The distance from 3 − i to the nearest eigenvalue.
/// assert!((g.values[3] - 5f64.sqrt()).abs() < 1e-14 && g.lower[3] <= 5f64.sqrt() && 5f64.sqrt() <= g.upper[3]);
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// Reference: Trefethen, Acta Numerica 8 (1999) 247–295; Trefethen and Embree, *Spectra and Pseudospectra*, chapter 39.
pub fn pseudospectrum<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized), how: &Pseudospectrum) -> Result<Grid> {
    let (a, e) = near_one(a)?;
    let f = schur(&a)?;
    let n = a.rows();
    if n == 0 {
        return Err(Error::shape("an empty matrix has no pseudospectrum"));
    }
    let resolvent = Resolvent::new(f.t());
    let eigenvalues: Vec<c64> = f.eigenvalues().iter().map(|&z| times_power_of_two(z, e)).collect();
    let size = times_power_of_two(resolvent.size(), e);
    let region = how.region.unwrap_or_else(|| Region::around(&eigenvalues, 0.05 * size / (n as f64).sqrt()));
    region.check()?;
    let count = match how.points {
        0 => (32_000 / n.max(1)).clamp(24, 100),
        count => count.clamp(2, 2000),
    };
    let is_refined = how.points == 0;
    let axis = |ends: (f64, f64), part: fn(&c64) -> f64| {
        let near: Vec<f64> = if is_refined { eigenvalues.iter().map(part).collect() } else { Vec::new() };
        lines(ends, count, near)
    };
    let (re, im) = (axis(region.re, |z| z.re), axis(region.im, |z| z.im));
    let row = |&y: &f64| -> Vec<Point> {
        let points: Vec<c64> = re.iter().map(|&x| times_power_of_two(c64::new(x, y), -e)).collect();
        resolvent.row(&points, y.to_bits())
    };
    let points: Vec<Point> = im.par_iter().map(row).collect::<Vec<_>>().concat();
    let part = |of: fn(&Point) -> f64| points.iter().map(|p| times_power_of_two(of(p), e)).collect::<Vec<f64>>();
    let (values, lower, upper) = (part(|p| p.value), part(|p| p.lower), part(|p| p.upper));
    Ok(Grid { re, im, values, lower, upper, eigenvalues })
}

/// `count` numbers at equal distances, and closer ones beside those of `near`, where the resolvent is steep.
fn lines((low, high): (f64, f64), count: usize, mut near: Vec<f64>) -> Vec<f64> {
    let share = |k: usize| k as f64 / (count - 1) as f64;
    let mut found: Vec<f64> = (0..count).map(|k| low * (1.0 - share(k)) + high * share(k)).collect();
    let step = high / (count - 1) as f64 - low / (count - 1) as f64;
    near.sort_by(f64::total_cmp);
    near.dedup_by(|x, y| *x - *y <= 0.5 * step);
    if 8 * near.len() <= count {
        let beside = near.iter().flat_map(|x| [-0.25, -0.0625, 0.0625, 0.25].map(|part| x + part * step));
        found.extend(beside.filter(|x| low < *x && *x < high));
        found.sort_by(f64::total_cmp);
        found.dedup();
    }
    found
}

/// The result for one square of the plane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cell {
    /// Its centre.
    pub center: c64,
    /// Half of its side length.
    pub half: f64,
    /// `Some(true)`: the whole square belongs to the ε-pseudospectrum. `Some(false)`: no point does. `None`: not
    /// decided.
    pub is_inside: Option<bool>,
}

/// A region covered by squares, each proved to lie inside or outside, or undecided.
#[derive(Clone, Debug, PartialEq)]
pub struct Cells {
    /// The squares; they cover the region.
    pub cells: Vec<Cell>,
    /// ε.
    pub epsilon: f64,
}

/// The most squares that are kept.
const MOST_CELLS: usize = 1 << 20;

/// The tasks into which the squares of a level are divided.
const TASKS: usize = 32;

/// The ε-pseudospectrum with proof: squares that certainly belong to it, and squares that certainly do not.
///
/// σₘᵢₙ(zI − A) changes by no more than z does, so that its certified value at the centre decides a small enough
/// square; an undecided square is divided into four, up to `depth` times. One certified set of singular values for each
/// square: for small matrices.
///
/// # Errors
///
/// When the matrix is not square or empty, when ε is not above 0 or not finite, when the region is empty or not finite,
/// and when the border of the ε-pseudospectrum takes more than a million squares.
///
/// # Examples
///
/// ```
/// # use kappa::{Matrix, regions::{Cell, Region, pseudospectrum_cells}};
/// let a = Matrix::from_row_major(2, 2, vec![0.0, 1.0, 0.0, 0.0])?;
/// let found = pseudospectrum_cells(&a, 0.1, Region { re: (-1.0, 1.0), im: (-1.0, 1.0) }, 6)?;
/// let is_at = |c: &&Cell| (c.center.re - 0.01).abs() <= c.half && c.center.im.abs() <= c.half;
/// assert_eq!(found.cells.iter().find(is_at).unwrap().is_inside, Some(true));
/// assert_eq!(found.cells.iter().find(|c| c.center.re < -0.7 && c.center.im < -0.7).unwrap().is_inside, Some(false));
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn pseudospectrum_cells<T: Scalar>(
    a: &(impl LinearOperator<T> + ?Sized),
    epsilon: f64,
    region: Region,
    depth: u32,
) -> Result<Cells> {
    let entries = Entries::of(a)?;
    let view = entries.view();
    let n = view.rows();
    if n == 0 || view.columns() != n {
        return Err(Error::shape(format!(
            "a {n}×{} matrix has no pseudospectrum: it must be square and not empty",
            view.columns()
        )));
    }
    if !(epsilon > 0.0 && epsilon.is_finite()) {
        return Err(Error::argument(format!("`epsilon` must be finite and > 0, got {epsilon}")));
    }
    region.check()?;
    let wide = Matrix::from_fn(n, n, |i, j| c64::new(view.get(i, j).re(), view.get(i, j).im()));
    let side = (region.re.1 - region.re.0).max(region.im.1 - region.im.0);
    let middle = |(low, high): (f64, f64)| 0.5 * low + 0.5 * high;
    let mut open = vec![(c64::new(middle(region.re), middle(region.im)), 0.5 * side * (1.0 + 4.0 * f64::EPSILON))];
    let mut cells = Vec::new();
    for level in 0..=depth {
        if cells.len() + open.len() > MOST_CELLS {
            return Err(Error::limit(format!(
                "squares of level {level} of {depth} are {}, and no more than {MOST_CELLS} are kept",
                cells.len() + open.len()
            ))
            .with_hint(format!("ask for `depth` {}, or for a smaller region", level.saturating_sub(1))));
        }
        // A square is judged by parallel products. A thread that waits for one starts another task on the same stack;
        // the number of tasks is limited so that nested ones do not overflow it.
        let share = open.len().div_ceil(TASKS).max(1);
        let judge_all = |part: &[(c64, f64)]| -> Vec<Result<Cell>> {
            part.iter().map(|&(center, half)| judge(&wide, center, half, epsilon)).collect()
        };
        let judged: Vec<Result<Cell>> =
            open.par_chunks(share).map(judge_all).collect::<Vec<_>>().into_iter().flatten().collect();
        let mut next = Vec::new();
        for cell in judged {
            let cell = cell?;
            if cell.is_inside.is_some() || level == depth {
                cells.push(cell);
                continue;
            }
            let h = 0.5 * cell.half;
            for (x, y) in [(-h, -h), (h, -h), (-h, h), (h, h)] {
                next.push((cell.center + c64::new(x, y), h));
            }
        }
        open = next;
    }
    Ok(Cells { cells, epsilon })
}

fn judge(a: &Matrix<c64>, center: c64, half: f64, epsilon: f64) -> Result<Cell> {
    let n = a.rows();
    let shifted = Matrix::from_fn(n, n, |i, j| if i == j { a[(i, j)] - center } else { a[(i, j)] });
    let value = certified_singular_values(&shifted)?.last();
    // The half diagonal of the square, and the rounding of the shift.
    let size = center.norm() + (0..n).map(|i| a[(i, i)].norm()).fold(0.0, f64::max);
    let reach = half * std::f64::consts::SQRT_2 * (1.0 + 1e-12) + 4.0 * f64::EPSILON * size;
    let is_inside = if value.upper() + reach <= epsilon * (1.0 - 1e-15) {
        Some(true)
    } else if value.lower() - reach > epsilon * (1.0 + 1e-15) {
        Some(false)
    } else {
        None
    };
    Ok(Cell { center, half, is_inside })
}

impl AnyOperator<'_> {
    /// [`regions::pseudospectrum`](crate::regions::pseudospectrum) of this operator.
    ///
    /// # Errors
    ///
    /// As [`regions::pseudospectrum`](crate::regions::pseudospectrum).
    pub fn pseudospectrum(&self, how: &Pseudospectrum) -> Result<Grid> {
        wide!(self, a => self::pseudospectrum(a, how)).map(RealOrComplex::into_inner)
    }

    /// [`regions::pseudospectrum_cells`](crate::regions::pseudospectrum_cells) of this operator.
    ///
    /// # Errors
    ///
    /// As [`regions::pseudospectrum_cells`](crate::regions::pseudospectrum_cells).
    pub fn pseudospectrum_cells(&self, epsilon: f64, region: Region, depth: u32) -> Result<Cells> {
        wide!(self, a => self::pseudospectrum_cells(a, epsilon, region, depth)).map(RealOrComplex::into_inner)
    }
}
