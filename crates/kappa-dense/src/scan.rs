//! One pass over the entries: everything about a matrix that is a maximum or a sum.

use rayon::prelude::*;

use crate::instructions::instructions;
use crate::power::{exponent_of_one_factor, scale_by_power};
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
        // A lane or a ragged row of a tile; then lanes, tiles, rows and blocks.
        depth: TILE.min(n) + 2 * LANES + n.div_ceil(TILE) + height + starts.len(),
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
    struct LargestPart<'a, T>(&'a [T]);
    impl<T: Scalar> pulp::WithSimd for LargestPart<'_, T> {
        type Output = f64;
        #[inline(always)]
        fn with_simd<S: pulp::Simd>(self, _: S) -> f64 {
            let row = self.0;
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
        }
    }
    instructions().dispatch(LargestPart(row))
}

struct Block {
    max_abs: f64,
    sum_of_squares: f64,
    row_sums: Vec<f64>,
    column_sums: Vec<f64>,
    not_finite: Option<NonFinite>,
}

/// Rows that are read together, so that a column sum is loaded and stored once for all of them.
const GROUP: usize = 4;
/// Columns that are read together: their sums stay in the nearest cache, and no lane adds more than this many entries.
const TILE: usize = 1024;

/// What a group of rows contributes besides its column sums.
#[derive(Clone, Copy, Default)]
struct Group {
    max_abs: f64,
    sums: [f64; GROUP],
    sum_of_squares: f64,
}

impl Group {
    #[inline(always)]
    fn add(&mut self, part: Self) {
        self.max_abs = if part.max_abs > self.max_abs { part.max_abs } else { self.max_abs };
        self.sum_of_squares += part.sum_of_squares;
        for (sum, more) in self.sums.iter_mut().zip(part.sums) {
            *sum += more;
        }
    }
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
        for top in (start..end).step_by(GROUP) {
            let count = GROUP.min(end - top);
            // Rows that are missing from the last group are read as empty ones.
            let rows: [&[T]; GROUP] =
                std::array::from_fn(|r| if r < count { a.contiguous_row(top + r).unwrap_or_default() } else { &[] });
            let group = add_group(rows, factor, &mut block.column_sums);
            for (r, &sum) in group.sums[..count].iter().enumerate() {
                // After the scaling no finite row can have a sum that is not finite.
                if !sum.is_finite() {
                    block.note_not_finite(top + r, rows[r]);
                }
                block.row_sums.push(sum);
            }
            block.max_abs = block.max_abs.max(group.max_abs);
            block.sum_of_squares += group.sum_of_squares;
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

/// Adds |aᵢⱼ|·factor to the column sums and returns the rows' own sums, tile after tile.
fn add_group<T: Scalar>(rows: [&[T]; GROUP], factor: f64, columns: &mut [f64]) -> Group {
    #[cfg(target_arch = "x86_64")]
    if let Some(group) = wide::add_group(rows.map(T::as_f32), factor, columns) {
        return group;
    }
    struct AddGroup<'a, T>([&'a [T]; GROUP], f64, &'a mut [f64]);
    // A closure would not do: its call is not inlined into the function that may use the wide registers.
    impl<T: Scalar> pulp::WithSimd for AddGroup<'_, T> {
        type Output = Group;
        #[inline(always)]
        fn with_simd<S: pulp::Simd>(self, _: S) -> Group {
            let Self(rows, factor, columns) = self;
            let mut total = Group::default();
            let whole = rows.iter().all(|row| row.len() == columns.len());
            for (k, tile) in columns.chunks_mut(TILE).enumerate() {
                let (start, end) = (k * TILE, k * TILE + tile.len());
                let part = match (whole, factor == 1.0) {
                    (true, true) => add_tile::<T, false>(rows.map(|row| &row[start..end]), factor, tile),
                    (true, false) => add_tile::<T, true>(rows.map(|row| &row[start..end]), factor, tile),
                    _ => add_ragged(rows.map(|row| row.get(start..end).unwrap_or_default()), factor, tile),
                };
                total.add(part);
            }
            total
        }
    }
    instructions().dispatch(AddGroup(rows, factor, columns))
}

/// The loop over checkpoints in f32, written out for AVX2 and FMA: the compiler keeps only half of it in registers.
#[cfg(target_arch = "x86_64")]
mod wide {
    use pulp::x86::V3;
    use pulp::{NullaryFnOnce, cast, f64x4};

    use super::{GROUP, Group, TILE, add_ragged};

    const WIDTH: usize = 4;

    struct AddGroup<'a>(V3, [&'a [f32]; GROUP], &'a mut [f64]);

    /// `None` where the rows are not f32, not all there, or scaled, or the processor lacks what is needed.
    pub(super) fn add_group(rows: [Option<&[f32]>; GROUP], factor: f64, columns: &mut [f64]) -> Option<Group> {
        let simd = crate::instructions::avx2().filter(|_| factor == 1.0)?;
        let [Some(a), Some(b), Some(c), Some(d)] = rows else { return None };
        let rows = [a, b, c, d];
        let is_whole = rows.iter().all(|row| row.len() == columns.len());
        is_whole.then(|| simd.vectorize(AddGroup(simd, rows, columns)))
    }

    impl NullaryFnOnce for AddGroup<'_> {
        type Output = Group;

        #[inline(always)]
        fn call(self) -> Group {
            let Self(simd, rows, columns) = self;
            let mut total = Group::default();
            for (k, tile) in columns.chunks_mut(TILE).enumerate() {
                let (start, end) = (k * TILE, k * TILE + tile.len());
                total.add(add_tile(simd, rows.map(|row| &row[start..end]), tile));
            }
            total
        }
    }

    #[inline(always)]
    fn add_tile(simd: V3, rows: [&[f32]; GROUP], columns: &mut [f64]) -> Group {
        let zero = simd.splat_f64x4(0.0);
        let (mut sums, mut squares, mut largest) = ([zero; GROUP], [zero; GROUP], [zero; GROUP]);
        let (chunks, rest) = columns.as_chunks_mut::<WIDTH>();
        let at = chunks.len() * WIDTH;
        let lanes = rows.map(|row| &row.as_chunks::<WIDTH>().0[..chunks.len()]);
        for (k, column) in chunks.iter_mut().enumerate() {
            let mut added: f64x4 = cast(*column);
            for r in 0..GROUP {
                let modulus = simd.abs_f64x4(simd.convert_f32x4_to_f64x4(cast(lanes[r][k])));
                added = simd.add_f64x4(added, modulus);
                sums[r] = simd.add_f64x4(sums[r], modulus);
                squares[r] = simd.mul_add_f64x4(modulus, modulus, squares[r]);
                // The second operand is kept where the first is NaN; such a row is found by its sum.
                largest[r] = simd.max_f64x4(modulus, largest[r]);
            }
            *column = cast(added);
        }
        let mut group = add_ragged(rows.map(|row| &row[at..]), 1.0, rest);
        for r in 0..GROUP {
            let lane = |x: f64x4| -> [f64; WIDTH] { cast(x) };
            group.sums[r] += lane(sums[r]).into_iter().sum::<f64>();
            group.sum_of_squares += lane(squares[r]).into_iter().sum::<f64>();
            group.max_abs = lane(largest[r]).into_iter().fold(group.max_abs, f64::max);
        }
        group
    }
}

/// Whole rows, in lanes so that it vectorises.
#[inline(always)]
fn add_tile<T: Scalar, const SCALED: bool>(rows: [&[T]; GROUP], factor: f64, columns: &mut [f64]) -> Group {
    let mut sums = [[0.0f64; LANES]; GROUP];
    let (mut squares, mut largest) = ([0.0f64; LANES], [0.0f64; LANES]);
    let (chunks, rest) = columns.as_chunks_mut::<LANES>();
    let lanes = rows.map(|row| row.as_chunks::<LANES>().0);
    for (k, column) in chunks.iter_mut().enumerate() {
        let mut added = [0.0f64; LANES];
        for r in 0..GROUP {
            let x = &lanes[r][k];
            for l in 0..LANES {
                let (modulus, square) = modulus_and_square(x[l], if SCALED { factor } else { 1.0 });
                added[l] += modulus;
                sums[r][l] += modulus;
                squares[l] += square;
                largest[l] = if modulus > largest[l] { modulus } else { largest[l] };
            }
        }
        for l in 0..LANES {
            column[l] += added[l];
        }
    }
    let at = chunks.len() * LANES;
    let tail = add_ragged(rows.map(|row| &row[at..]), factor, rest);
    Group {
        max_abs: largest.into_iter().fold(tail.max_abs, f64::max),
        sums: std::array::from_fn(|r| sums[r].into_iter().sum::<f64>() + tail.sums[r]),
        sum_of_squares: squares.into_iter().sum::<f64>() + tail.sum_of_squares,
    }
}

/// What is left over: a few columns, or fewer rows than a group has.
#[inline(always)]
fn add_ragged<T: Scalar>(rows: [&[T]; GROUP], factor: f64, columns: &mut [f64]) -> Group {
    let mut group = Group::default();
    for (row, sum) in rows.iter().zip(&mut group.sums) {
        let mut squares = 0.0;
        for (&x, column) in row.iter().zip(columns.iter_mut()) {
            let (modulus, square) = modulus_and_square(x, factor);
            *column += modulus;
            *sum += modulus;
            squares += square;
            group.max_abs = if modulus > group.max_abs { modulus } else { group.max_abs };
        }
        group.sum_of_squares += squares;
    }
    group
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
        for (m, n) in [(0, 3), (3, 0), (1, 1), (5, 17), (6, 1030), (700, 400), (3, 100_000), (100_000, 3)] {
            let a = Matrix::from_fn(m, n, |i, j| ((i * 31 + j * 17) % 101) as f64 - 50.0);
            let (max, squares, rows, columns) = naive(&a);
            for s in [scan(a.as_ref()), scan(a.adjoint().as_ref().transpose())] {
                assert_eq!((s.max_abs, s.sum_of_squares), (max, squares), "{m}×{n}");
                assert_eq!((s.row_sums, s.column_sums), (rows.clone(), columns.clone()), "{m}×{n}");
            }
            // The entries are whole, so f32 holds them and every sum is exact: its own loop must give the same.
            let narrow = Matrix::from_fn(m, n, |i, j| a[(i, j)] as f32);
            for s in [scan(narrow.as_ref()), scan(narrow.adjoint().as_ref().transpose())] {
                assert_eq!((s.max_abs, s.sum_of_squares), (max, squares), "{m}×{n} of f32");
                assert_eq!((s.row_sums, s.column_sums), (rows.clone(), columns.clone()), "{m}×{n} of f32");
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
