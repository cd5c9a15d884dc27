//! One pass over the entries: everything about a matrix that is a maximum or a sum.

use rayon::prelude::*;

use crate::scale::{exponent_of_one_factor, scale_by_power};
use crate::{MatrixRef, Scalar};

/// What one pass over a matrix says.
///
/// The sums are of |aᵢⱼ|·2⁻ᵉ, where e is [`Scan::exponent`] and is 0 unless squares would overflow or underflow.
/// Each was added from at most [`Scan::depth`] partial sums one after the other, so that its relative error is at most
/// (depth + 4)·u, u = 2⁻⁵³; entries below 2⁻¹⁰⁷⁴ after the scaling add at most that much each.
#[derive(Clone, Debug, PartialEq)]
pub struct Scan {
    /// The largest modulus; exact for real entries, within a relative 4·u for complex ones.
    pub max_abs: f64,
    /// Σ|aᵢⱼ|² · 2⁻²ᵉ.
    pub sum_of_squares: f64,
    /// For each row, Σⱼ|aᵢⱼ| · 2⁻ᵉ.
    pub row_sums: Vec<f64>,
    /// For each column, Σᵢ|aᵢⱼ| · 2⁻ᵉ.
    pub column_sums: Vec<f64>,
    /// The scaling e.
    pub exponent: i32,
    /// The longest chain of additions behind any sum.
    pub depth: usize,
    /// The entries that are NaN or infinite, if any; then the sums mean nothing.
    pub not_finite: Option<NonFinite>,
}

/// Entries that are NaN or infinite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NonFinite {
    /// How many.
    pub count: usize,
    /// Row of the first, row after row, counted from 0.
    pub row: usize,
    /// Column of the first, counted from 0.
    pub column: usize,
}

/// Entries a block of rows holds at least; small enough that a thread is never idle for long.
const BLOCK: usize = 1 << 17;
/// The most blocks a matrix is cut into; a constant, so that sums do not depend on the number of threads.
const BLOCKS: usize = 64;
const LANES: usize = 8;

/// Reads the matrix once (twice in double precision, to find the scaling) and returns its maxima and sums.
///
/// Memory-bound: about one byte of memory traffic per byte of the matrix. Uses the threads of the current pool on
/// matrices of more than 2¹⁷ entries; the result does not depend on their number.
///
/// ```
/// # use kappa_dense::{MatrixRef, scan};
/// let s = scan(MatrixRef::row_major(2, 2, &[1.0f32, -2.0, 3.0, 4.0])?);
/// assert_eq!(s.row_sums, [3.0, 7.0]);
/// assert_eq!(s.sum_of_squares, 30.0);
/// # Ok::<(), kappa_dense::Error>(())
/// ```
pub fn scan<T: Scalar>(a: MatrixRef<'_, T>) -> Scan {
    if a.is_row_major() {
        return scan_rows(a);
    }
    let mut s = scan_rows(a.transpose());
    std::mem::swap(&mut s.row_sums, &mut s.column_sums);
    if let Some(found) = &mut s.not_finite {
        // The pass went down the columns; the first position is promised row after row.
        (found.row, found.column) = first_not_finite(a).unwrap_or((found.column, found.row));
    }
    s
}

fn first_not_finite<T: Scalar>(a: MatrixRef<'_, T>) -> Option<(usize, usize)> {
    (0..a.rows()).find_map(|i| (0..a.columns()).find(|&j| !a.get(i, j).is_finite()).map(|j| (i, j)))
}

fn scan_rows<T: Scalar>(a: MatrixRef<'_, T>) -> Scan {
    let (m, n) = (a.rows(), a.columns());
    let height = m.div_ceil(BLOCKS).max(BLOCK.div_ceil(n.max(1))).clamp(1, m.max(1));
    let starts: Vec<usize> = (0..m).step_by(height).collect();
    let blocks = |factor: f64| -> Vec<Block> {
        let one = |&start: &usize| Block::of(a, start, (start + height).min(m), factor);
        if starts.len() > 1 { starts.par_iter().map(one).collect() } else { starts.iter().map(one).collect() }
    };
    // Squares of f32 fit into f64 whatever their size; those of f64 may need a scaling, found from the largest entry.
    let e = if T::IS_DOUBLE { needed_scaling(a, &starts, height) } else { 0 };
    let mut total = Scan {
        max_abs: 0.0,
        sum_of_squares: 0.0,
        row_sums: Vec::with_capacity(m),
        column_sums: vec![0.0; n],
        exponent: e,
        depth: n.div_ceil(LANES) + LANES + height + starts.len(),
        not_finite: None,
    };
    for block in blocks(scale_by_power(1.0, -e)) {
        total.add(block);
    }
    total.max_abs = scale_by_power(total.max_abs, e);
    total
}

/// 0 when squares and sums are safe as they are, else the exponent of the largest modulus.
fn needed_scaling<T: Scalar>(a: MatrixRef<'_, T>, starts: &[usize], height: usize) -> i32 {
    let largest_of = |&start: &usize| {
        let rows = start..(start + height).min(a.rows());
        rows.filter_map(|i| a.contiguous_row(i)).map(largest_part).fold(0.0, f64::max)
    };
    let largest: f64 = if starts.len() > 1 {
        starts.par_iter().map(largest_of).reduce(|| 0.0, f64::max)
    } else {
        starts.iter().map(largest_of).fold(0.0, f64::max)
    };
    // 2^±400 leaves room for the squares and for sums of 2^200 of them.
    if largest == 0.0 || (1e-120..1e120).contains(&largest) { 0 } else { exponent_of_one_factor(largest) }
}

/// The largest finite |re| or |im| of a row.
fn largest_part<T: Scalar>(row: &[T]) -> f64 {
    pulp::Arch::new().dispatch(
        #[inline(always)]
        || {
            let mut largest = [0.0f64; LANES];
            let mut keep = |l: usize, x: f64| {
                if x > largest[l] && x < f64::INFINITY {
                    largest[l] = x;
                }
            };
            for chunk in row.chunks(LANES) {
                for (l, x) in chunk.iter().enumerate() {
                    keep(l, x.re().abs());
                    if T::IS_COMPLEX {
                        keep(l, x.im().abs());
                    }
                }
            }
            largest.into_iter().fold(0.0, f64::max)
        },
    )
}

struct Block {
    max_abs: f64,
    sum_of_squares: f64,
    row_sums: Vec<f64>,
    column_sums: Vec<f64>,
    not_finite: Option<NonFinite>,
}

/// What one row contributes besides its column sums.
struct Row {
    max_abs: f64,
    sum: f64,
    sum_of_squares: f64,
}

impl Block {
    fn of<T: Scalar>(a: MatrixRef<'_, T>, start: usize, end: usize, factor: f64) -> Self {
        let mut block = Self {
            max_abs: 0.0,
            sum_of_squares: 0.0,
            row_sums: Vec::with_capacity(end - start),
            column_sums: vec![0.0; a.columns()],
            not_finite: None,
        };
        for i in start..end {
            let row = a.contiguous_row(i).unwrap_or_default();
            let part = add_row(row, factor, &mut block.column_sums);
            // After the scaling no finite row can have a sum that is not finite.
            if !part.sum.is_finite() {
                block.note_not_finite(i, row);
            }
            block.max_abs = block.max_abs.max(part.max_abs);
            block.sum_of_squares += part.sum_of_squares;
            block.row_sums.push(part.sum);
        }
        block
    }

    fn note_not_finite<T: Scalar>(&mut self, i: usize, row: &[T]) {
        let count = row.iter().filter(|x| !x.is_finite()).count();
        let column = row.iter().position(|x| !x.is_finite()).unwrap_or(0);
        self.not_finite = merge(self.not_finite, Some(NonFinite { count, row: i, column }));
    }
}

fn merge(first: Option<NonFinite>, second: Option<NonFinite>) -> Option<NonFinite> {
    match (first, second) {
        (Some(a), Some(b)) => Some(NonFinite { count: a.count + b.count, ..a }),
        (a, b) => a.or(b),
    }
}

impl Scan {
    fn add(&mut self, block: Block) {
        self.max_abs = self.max_abs.max(block.max_abs);
        self.sum_of_squares += block.sum_of_squares;
        self.row_sums.extend(block.row_sums);
        for (total, part) in self.column_sums.iter_mut().zip(block.column_sums) {
            *total += part;
        }
        self.not_finite = merge(self.not_finite, block.not_finite);
    }
}

/// Adds |xⱼ|·factor to the column sums and returns the row's own sums, in lanes so that it vectorises.
fn add_row<T: Scalar>(row: &[T], factor: f64, columns: &mut [f64]) -> Row {
    pulp::Arch::new().dispatch(
        #[inline(always)]
        || {
            let (mut sum, mut squares, mut largest) = ([0.0f64; LANES], [0.0f64; LANES], [0.0f64; LANES]);
            let mut add = |l: usize, x: T, column: &mut f64| {
                let (modulus, square) = modulus_and_square(x, factor);
                *column += modulus;
                sum[l] += modulus;
                squares[l] += square;
                largest[l] = if modulus > largest[l] { modulus } else { largest[l] };
            };
            let mut xs = row.chunks_exact(LANES);
            let mut cs = columns.chunks_exact_mut(LANES);
            for (x, c) in (&mut xs).zip(&mut cs) {
                for l in 0..LANES {
                    add(l, x[l], &mut c[l]);
                }
            }
            for (l, (&x, c)) in xs.remainder().iter().zip(cs.into_remainder()).enumerate() {
                add(l, x, c);
            }
            Row {
                max_abs: largest.into_iter().fold(0.0, f64::max),
                sum: sum.into_iter().sum(),
                sum_of_squares: squares.into_iter().sum(),
            }
        },
    )
}

#[inline(always)]
fn modulus_and_square<T: Scalar>(x: T, factor: f64) -> (f64, f64) {
    if T::IS_COMPLEX {
        let (re, im) = (x.re() * factor, x.im() * factor);
        let square = re * re + im * im;
        // Where the square underflows, the larger part is the modulus to within that underflow.
        let modulus = if square > 1e-290 { square.sqrt() } else { tiny_modulus(re, im) };
        (modulus, square)
    } else {
        let modulus = (x.re() * factor).abs();
        (modulus, modulus * modulus)
    }
}

#[cold]
fn tiny_modulus(re: f64, im: f64) -> f64 {
    let (re, im) = (scale_by_power(re, 600), scale_by_power(im, 600));
    scale_by_power((re * re + im * im).sqrt(), -600)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Matrix, c64};

    /// The same numbers by two loops and no care.
    fn naive(a: &Matrix<f64>) -> (f64, f64, Vec<f64>, Vec<f64>) {
        let rows = (0..a.rows()).map(|i| (0..a.columns()).map(|j| a[(i, j)].abs()).sum()).collect();
        let columns = (0..a.columns()).map(|j| a.column(j).iter().map(|x| x.abs()).sum()).collect();
        let squares = a.as_slice().iter().map(|x| x * x).sum();
        (a.as_slice().iter().fold(0.0, |m, x| x.abs().max(m)), squares, rows, columns)
    }

    #[test]
    fn agrees_with_two_loops_in_both_layouts_and_across_blocks() {
        for (m, n) in [(0, 3), (3, 0), (1, 1), (5, 17), (700, 400), (3, 100_000), (100_000, 3)] {
            let a = Matrix::from_fn(m, n, |i, j| ((i * 31 + j * 17) % 101) as f64 - 50.0);
            let (max, squares, rows, columns) = naive(&a);
            for s in [scan(a.as_ref()), scan(a.adjoint().as_ref().transpose())] {
                assert_eq!((s.max_abs, s.sum_of_squares), (max, squares), "{m}×{n}");
                assert_eq!((s.row_sums, s.column_sums), (rows.clone(), columns.clone()), "{m}×{n}");
            }
        }
    }

    #[test]
    fn scales_what_would_overflow_or_underflow() {
        for x in [1e300, 1e-300, 5e-324, f64::MAX] {
            let a = Matrix::from_fn(4, 4, |_, _| x);
            let s = scan(a.as_ref());
            assert_eq!(s.max_abs, x);
            let frobenius = scale_by_power(s.sum_of_squares.sqrt() / 4.0, s.exponent);
            assert!((frobenius / x - 1.0).abs() < 1e-15, "{x:e}");
        }
        let z = Matrix::from_fn(2, 2, |_, _| c64::new(3e-200, 4e-200));
        let s = scan(z.as_ref());
        assert!((s.max_abs / 5e-200 - 1.0).abs() < 1e-15);
    }

    #[test]
    fn names_the_first_entry_that_is_not_finite_row_after_row() {
        let mut a = Matrix::from_fn(300, 900, |_, _| 1.0f32);
        a[(7, 90)] = f32::NAN;
        a[(8, 2)] = f32::INFINITY;
        let expected = Some(NonFinite { count: 2, row: 7, column: 90 });
        assert_eq!(scan(a.as_ref()).not_finite, expected);
        assert_eq!(scan(a.adjoint().as_ref().transpose()).not_finite, expected);
    }
}
