use kappa_dense::{Matrix, Scalar, c64};
use rayon::prelude::*;

use crate::ask::certified_singular_values;
use crate::condition::{solve_upper, solve_upper_adjoint};
use crate::error::{Error, Result};
use crate::operator::{AnyOperator, Entries, LinearOperator, RealOrComplex, wide};
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
    /// Points in each direction; 0 stands for 100, and for fewer from order 320: 32 at order 1000, and at least 24.
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
    /// The eigenvalues.
    pub eigenvalues: Vec<c64>,
}

/// The smallest singular value of zI − A on a grid of the complex plane, to about 0.1 %: its inverse is the norm of the
/// resolvent.
///
/// One Schur form, then a few steps of inverse Lanczos with its triangular factor at each point: about 10n² complex
/// flops. The result does not depend on the number of threads.
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
/// assert!((g.values[3] - 5f64.sqrt()).abs() < 1e-2);
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// Reference: Trefethen, Acta Numerica 8 (1999) 247–295; Trefethen and Embree, *Spectra and Pseudospectra*, chapter 39.
pub fn pseudospectrum<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized), how: &Pseudospectrum) -> Result<Grid> {
    let f = schur(a)?;
    let t = f.t();
    let n = t.rows();
    if n == 0 {
        return Err(Error::shape("an empty matrix has no pseudospectrum"));
    }
    let size = t.as_slice().iter().map(|x| x.norm_sqr()).sum::<f64>().sqrt();
    let eigenvalues = f.eigenvalues();
    let region = how.region.unwrap_or_else(|| Region::around(&eigenvalues, 0.05 * size / (n as f64).sqrt()));
    region.check()?;
    let count = match how.points {
        0 => (32_000 / n.max(1)).clamp(24, 100),
        count => count.clamp(2, 2000),
    };
    let axis = |(low, high): (f64, f64)| -> Vec<f64> {
        (0..count).map(|k| low + (high - low) * k as f64 / (count - 1) as f64).collect()
    };
    let (re, im) = (axis(region.re), axis(region.im));
    let row = |&y: &f64| -> Vec<f64> {
        // The vector found at one point is the start vector at the next.
        let mut start: Vec<c64> = (0..n).map(|k| c64::from_polar(1.0, k as f64 * 2.399_963)).collect();
        let mut shifted = t.clone();
        re.iter()
            .map(|&x| {
                let z = c64::new(x, y);
                (0..n).for_each(|i| shifted[(i, i)] = t[(i, i)] - z);
                least_singular_value(&shifted, &mut start, size)
            })
            .collect()
    };
    let values: Vec<f64> = im.par_iter().map(row).collect::<Vec<Vec<f64>>>().concat();
    Ok(Grid { re, im, values, eigenvalues })
}

/// σₘᵢₙ of an upper triangular matrix by Lanczos on (TᴴT)⁻¹ from the vector `start`, which is replaced by the vector
/// found.
fn least_singular_value(t: &Matrix<c64>, start: &mut [c64], size: f64) -> f64 {
    let n = t.rows();
    if (0..n).any(|i| t[(i, i)].norm() <= 1e-300_f64.max(1e-17 * size * f64::EPSILON)) {
        return 0.0;
    }
    let length = |x: &[c64]| x.iter().map(|x| x.norm_sqr()).sum::<f64>().sqrt();
    let unit = |x: &[c64], size: f64| x.iter().map(|x| x.scale(1.0 / size)).collect::<Vec<c64>>();
    let mut q = unit(start, length(start));
    let mut before = vec![c64::default(); n];
    let mut basis: Vec<Vec<c64>> = Vec::new();
    let (mut diagonal, mut beside) = (Vec::new(), Vec::new());
    let mut last = 0.0;
    for step in 0..60.min(4 * n + 8) {
        let mut w = solve_upper(t, &solve_upper_adjoint(t, &q));
        if !w.iter().all(|x| x.is_finite()) {
            return 0.0;
        }
        let b = beside.last().copied().unwrap_or(0.0);
        let a: f64 = q.iter().zip(&w).map(|(q, w)| (q.conj() * w).re).sum();
        for ((w, q), p) in w.iter_mut().zip(&q).zip(&before) {
            *w -= q.scale(a) + p.scale(b);
        }
        diagonal.push(a);
        basis.push(q.clone());
        let (value, vector) = top(&diagonal, &beside);
        let next = length(&w);
        let done = (value - last).abs() <= 1e-3 * value || next <= 1e-14 * value;
        if step > 0 && done || next == 0.0 || step + 1 == 60.min(4 * n + 8) {
            let mut found = vec![c64::default(); n];
            for (x, c) in basis.iter().zip(vector) {
                found.iter_mut().zip(x).for_each(|(f, x)| *f += x.scale(c));
            }
            start.copy_from_slice(&found);
            return if value > 0.0 { 1.0 / value.sqrt() } else { 0.0 };
        }
        last = value;
        beside.push(next);
        before = std::mem::replace(&mut q, unit(&w, next));
    }
    0.0
}

/// The largest eigenvalue of a symmetric tridiagonal matrix, and its vector: bisection, then the recurrence.
fn top(diagonal: &[f64], beside: &[f64]) -> (f64, Vec<f64>) {
    let k = diagonal.len();
    let side = |i: usize| if i < beside.len() { beside[i] } else { 0.0 };
    let bound = (0..k)
        .map(|i| diagonal[i] + if i > 0 { side(i - 1) } else { 0.0 } + if i + 1 < k { side(i) } else { 0.0 })
        .fold(0.0, f64::max);
    // Bisection on the number of negative pivots of T − x.
    let above = |x: f64| {
        let mut d = 1.0;
        (0..k).all(|i| {
            let off = if i > 0 { side(i - 1) } else { 0.0 };
            d = diagonal[i] - x - if i > 0 { off * off / d } else { 0.0 };
            d < 0.0
        })
    };
    let (mut low, mut high) = (diagonal.iter().copied().fold(0.0, f64::max), bound.max(f64::MIN_POSITIVE));
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high || high - low <= 1e-12 * high {
            break;
        }
        if above(middle) { high = middle } else { low = middle }
    }
    let value = 0.5 * (low + high);
    let mut x = vec![1.0f64; k];
    for i in 1..k {
        let previous = if i > 1 { side(i - 2) * x[i - 2] } else { 0.0 };
        x[i] = ((value - diagonal[i - 1]) * x[i - 1] - previous) / side(i - 1).max(f64::MIN_POSITIVE);
        if x[i].abs() > 1e100 {
            x[..=i].iter_mut().for_each(|x| *x *= 1e-100);
        }
    }
    let size = x.iter().map(|x| x * x).sum::<f64>().sqrt();
    x.iter_mut().for_each(|x| *x /= size);
    (value, x)
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

/// The ε-pseudospectrum with proof: squares that certainly belong to it, and squares that certainly do not.
///
/// σₘᵢₙ(zI − A) changes by no more than z does, so that its certified value at the centre decides a small enough
/// square; an undecided square is divided into four, up to `depth` times. One certified set of singular values for each
/// square: for small matrices.
///
/// # Errors
///
/// When the matrix is not square or empty, when ε is not above 0 or not finite, and when the region is empty or not
/// finite.
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
        let judged: Vec<Result<Cell>> =
            open.par_iter().map(|&(center, half)| judge(&wide, center, half, epsilon)).collect();
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
