//! Products whose rounding errors can be counted: our own blocked loops, never the engine's.
//!
//! A proof must not rest on a product of the library that it checks (a release of the engine's kernels multiplied
//! wrongly, in silence). These loops are short, their order of summation is known, and they reach more than half of the
//! speed of the engine. Inner dimensions are cut into panels of [`PANEL`], each summed from zero and then added, so that
//! the error of an entry grows like k/128 + 128 and not like k.

use rayon::prelude::*;

use crate::power::scale_by_power;
use crate::{Error, Matrix, MatrixRef, Real};

/// A product, and how many roundings stand behind each of its entries.
#[derive(Clone, Debug, PartialEq)]
pub struct Counted {
    /// The computed product C.
    pub product: Matrix<f64>,
    /// |Ĉ − C| ≤ γ_depth·|A|·|B| + k·2⁻¹⁰⁷⁴ entrywise, γ_d = d·u/(1 − d·u), whatever the entries are, unless something
    /// overflows (Higham, *Accuracy and Stability*, 2nd ed., section 3.1: any order of summation).
    pub depth: usize,
}

/// Rows and columns of the tile that stays in registers: 12 accumulators of 4 lanes, 2 for A and 1 for B.
const TILE_ROWS: usize = 8;
const TILE_COLUMNS: usize = 6;
/// Terms that are summed before they are added to the rest.
const PANEL: usize = 128;
/// Rows of A that stay in the second cache.
const BLOCK: usize = 24 * TILE_ROWS;
/// Columns that one thread takes at a time: with them a part of C stays in the second cache while the panels go by.
const SHARE: usize = 4 * TILE_COLUMNS;
/// Behind a term: its own rounding where there is no fused multiply-add, the sums of its panel, and those of the panels.
fn depth(k: usize) -> usize {
    1 + k.min(PANEL) + k.div_ceil(PANEL)
}

/// What happens to the entries that are there.
#[derive(Clone, Copy, PartialEq)]
enum Mode {
    Replace,
    Add,
}

/// Which entries are wanted.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    All,
    Lower,
}

/// A·B with counted roundings: m×k times k×n, 2·m·n·k flops.
///
/// Fails when the inner dimensions differ. The result does not depend on the number of threads.
///
/// ```
/// # use kappa_dense::{Matrix, counted_product};
/// let a = Matrix::from_row_major(1, 2, vec![1.0, 2.0])?;
/// let b = Matrix::from_row_major(2, 1, vec![3.0, 4.0])?;
/// assert_eq!(counted_product(a.as_ref(), b.as_ref())?.product[(0, 0)], 11.0);
/// # Ok::<(), kappa_dense::Error>(())
/// ```
pub fn counted_product(a: MatrixRef<'_, f64>, b: MatrixRef<'_, f64>) -> Result<Counted, Error> {
    if a.columns() != b.rows() {
        let (m, k, l, n) = (a.rows(), a.columns(), b.rows(), b.columns());
        return Err(Error::shape(format!("a {m}×{k} matrix cannot be multiplied by a {l}×{n} matrix")));
    }
    let k = a.columns();
    let mut product = Matrix::zeros(a.rows(), b.columns());
    let b = b.transpose();
    accumulate(&mut product, k, Part::All, Mode::Replace, |start, end| Packed {
        left: packed::<f64, TILE_ROWS>(a, (start, end), 0, 1.0),
        right: packed::<f64, TILE_COLUMNS>(b, (start, end), 0, 1.0),
        first: 0,
    });
    Ok(Counted { product, depth: depth(k) })
}

/// The lower triangle of (2⁻ᵉA)ᵀ(2⁻ᵉA) for a real A, with counted roundings; zeros above. m·n² flops.
///
/// Entries are widened and scaled on the way, exactly unless they fall below the normal range.
pub fn counted_gram<T: Real>(a: MatrixRef<'_, T>, e: i32) -> Counted {
    let (m, n) = (a.rows(), a.columns());
    let factor = scale_by_power(1.0, -e);
    let mut product = Matrix::zeros(n, n);
    let rows = a.transpose();
    accumulate(&mut product, m, Part::Lower, Mode::Replace, |start, end| Packed {
        left: packed::<T, TILE_ROWS>(rows, (start, end), 0, factor),
        right: packed::<T, TILE_COLUMNS>(rows, (start, end), 0, factor),
        first: 0,
    });
    clear_above(&mut product);
    Counted { product, depth: depth(m) }
}

/// C + L·Lᵀ on and below the diagonal, in the place of C, for a lower triangular L; n³/3 flops and no memory for another
/// matrix. What C holds above the diagonal is lost.
///
/// Returns the depth d: the result is within γ_d·|L|·|L|ᵀ + γ_d·|result| + n·2⁻¹⁰⁷⁴ of the truth, entrywise. Each panel is
/// summed from zero, and adding it rounds once more, relative to at most |C| + |L||L|ᵀ ≤ 2|L||L|ᵀ + |result|. What stands
/// above the diagonal of L is not read as zero: it must be zero.
pub fn add_square(c: &mut Matrix<f64>, l: &Matrix<f64>) -> usize {
    let k = l.columns();
    accumulate(c, k, Part::Lower, Mode::Add, |start, end| Packed {
        left: packed::<f64, TILE_ROWS>(l.as_ref(), (start, end), start, 1.0),
        right: packed::<f64, TILE_COLUMNS>(l.as_ref(), (start, end), start, 1.0),
        // Columns from `start` on are zero above row `start`.
        first: start,
    });
    clear_above(c);
    depth(k) + k.div_ceil(PANEL) + 1
}

/// Tiles on the diagonal reach above it.
fn clear_above(a: &mut Matrix<f64>) {
    for j in 0..a.columns() {
        a.column_mut(j)[..j].fill(0.0);
    }
}

/// Columns `start..end` of A in strips of `WIDTH` rows, the entries of a strip that are multiplied together side by side;
/// strips that end before row `first` are left out.
fn packed<T: Real, const WIDTH: usize>(
    a: MatrixRef<'_, T>,
    (start, end): (usize, usize),
    first: usize,
    factor: f64,
) -> Vec<f64> {
    let depth = end - start;
    let skipped = first / WIDTH;
    let mut strips = vec![0.0; (a.rows().div_ceil(WIDTH) - skipped) * WIDTH * depth];
    let columns = a.transpose();
    strips.par_chunks_mut(WIDTH * depth).with_min_len(8).enumerate().for_each(|(s, strip)| {
        let rows = (skipped + s) * WIDTH..a.rows().min((skipped + s + 1) * WIDTH);
        if a.is_row_major() {
            for (r, i) in rows.enumerate() {
                let row = a.contiguous_row(i).map(|row| &row[start..end]).unwrap_or_default();
                for (to, x) in strip[r..].iter_mut().step_by(WIDTH).zip(row) {
                    *to = x.re() * factor;
                }
            }
        } else {
            for (k, to) in strip.chunks_exact_mut(WIDTH).enumerate() {
                let column = columns.contiguous_row(start + k).map(|column| &column[rows.clone()]).unwrap_or_default();
                to.iter_mut().zip(column).for_each(|(to, x)| *to = x.re() * factor);
            }
        }
    });
    strips
}

/// Terms `start..end` of every entry, in strips that are multiplied together.
struct Packed {
    left: Vec<f64>,
    right: Vec<f64>,
    /// Rows and columns of C before this one get nothing.
    first: usize,
}

/// C = Σ left·rightᵀ over the panels of k terms, or C plus that.
fn accumulate(c: &mut Matrix<f64>, k: usize, part: Part, mode: Mode, pack: impl Fn(usize, usize) -> Packed) {
    let m = c.rows();
    if m == 0 {
        return;
    }
    for start in (0..k).step_by(PANEL) {
        let Packed { left, right, first } = pack(start, k.min(start + PANEL));
        let depth = left.len() / ((m.div_ceil(TILE_ROWS) - first / TILE_ROWS) * TILE_ROWS);
        // Stored, not added to zeros: fresh memory that is read first is paid for twice.
        let is_stored = mode == Mode::Replace && start == 0;
        c.as_mut_slice().par_chunks_mut(m * SHARE).enumerate().for_each(|(s, columns)| {
            Share { columns, m, left: &left, right: &right, depth, first_column: s * SHARE, first, part, is_stored }
                .add();
        });
    }
}

/// The columns of C that one thread adds to.
struct Share<'a> {
    columns: &'a mut [f64],
    m: usize,
    left: &'a [f64],
    right: &'a [f64],
    depth: usize,
    first_column: usize,
    first: usize,
    part: Part,
    is_stored: bool,
}

impl Share<'_> {
    fn add(self) {
        #[cfg(target_arch = "x86_64")]
        if let Some(simd) = crate::instructions::avx2() {
            return simd.vectorize(Fused(self, simd));
        }
        self.add_tiles(tile_plain);
    }

    #[inline(always)]
    fn add_tiles(self, tile: impl Fn(&[f64], &[f64]) -> [[f64; TILE_ROWS]; TILE_COLUMNS]) {
        let Self { columns, m, left, right, depth, first_column, first, part, is_stored } = self;
        let count = columns.len() / m;
        for top in (0..m).step_by(BLOCK) {
            for j in (0..count).step_by(TILE_COLUMNS) {
                let column = first_column + j;
                if column + TILE_COLUMNS <= first {
                    continue;
                }
                let b = &right[(column - first / TILE_COLUMNS * TILE_COLUMNS) * depth..][..TILE_COLUMNS * depth];
                for i in (top..(top + BLOCK).min(m)).step_by(TILE_ROWS) {
                    let is_above = part == Part::Lower && i + TILE_ROWS <= column;
                    if is_above || i + TILE_ROWS <= first {
                        continue;
                    }
                    let a = &left[(i - first / TILE_ROWS * TILE_ROWS) * depth..][..TILE_ROWS * depth];
                    let sums = tile(a, b);
                    let height = TILE_ROWS.min(m - i);
                    for (k, sums) in sums.iter().take(count - j).enumerate() {
                        let to = &mut columns[(j + k) * m + i..][..height];
                        if is_stored {
                            to.copy_from_slice(&sums[..height]);
                        } else {
                            to.iter_mut().zip(sums).for_each(|(c, sum)| *c += sum);
                        }
                    }
                }
            }
        }
    }
}

/// One tile without fused multiply-add.
#[inline(always)]
fn tile_plain(a: &[f64], b: &[f64]) -> [[f64; TILE_ROWS]; TILE_COLUMNS] {
    let mut c = [[0.0; TILE_ROWS]; TILE_COLUMNS];
    for (a, b) in a.as_chunks::<TILE_ROWS>().0.iter().zip(b.as_chunks::<TILE_COLUMNS>().0) {
        for (c, b) in c.iter_mut().zip(b) {
            c.iter_mut().zip(a).for_each(|(c, a)| *c += a * b);
        }
    }
    c
}

/// The same with AVX2 and fused multiply-add, of which the compiler makes no use by itself.
#[cfg(target_arch = "x86_64")]
struct Fused<'a>(Share<'a>, pulp::x86::V3);

#[cfg(target_arch = "x86_64")]
impl pulp::NullaryFnOnce for Fused<'_> {
    type Output = ();
    #[inline(always)]
    fn call(self) {
        use pulp::{cast, f64x4};
        let Self(share, simd) = self;
        share.add_tiles(
            #[inline(always)]
            |a, b| {
                let mut c = [[simd.splat_f64x4(0.0); TILE_ROWS / 4]; TILE_COLUMNS];
                for (a, b) in a.as_chunks::<TILE_ROWS>().0.iter().zip(b.as_chunks::<TILE_COLUMNS>().0) {
                    let a: [f64x4; TILE_ROWS / 4] = cast(*a);
                    for (c, b) in c.iter_mut().zip(b) {
                        let b = simd.splat_f64x4(*b);
                        for (c, a) in c.iter_mut().zip(a) {
                            *c = simd.mul_add_f64x4(a, b, *c);
                        }
                    }
                }
                cast(c)
            },
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(m: usize, n: usize) -> Matrix<f64> {
        Matrix::from_fn(m, n, |i, j| ((i * 7 + j * 13) % 31) as f64 - 15.0)
    }

    fn naive(a: &Matrix<f64>, b: &Matrix<f64>) -> Matrix<f64> {
        Matrix::from_fn(a.rows(), b.columns(), |i, j| (0..a.columns()).map(|k| a[(i, k)] * b[(k, j)]).sum())
    }

    #[test]
    fn products_of_whole_numbers_are_exact_in_every_shape() {
        for (m, k, n) in [(0, 3, 2), (3, 0, 2), (1, 1, 1), (7, 5, 9), (8, 128, 6), (50, 300, 61), (193, 129, 97)] {
            let (a, b) = (whole(m, k), whole(k, n));
            let expected = naive(&a, &b);
            assert_eq!(counted_product(a.as_ref(), b.as_ref()).unwrap().product, expected, "{m}×{k}×{n}");
            let (at, bt) = (a.adjoint(), b.adjoint());
            let other = counted_product(at.as_ref().transpose(), bt.as_ref().transpose()).unwrap();
            assert_eq!(other.product, expected, "{m}×{k}×{n} by rows");
            let mut gram = naive(&a.adjoint(), &a);
            clear_above(&mut gram);
            assert_eq!(counted_gram(a.as_ref(), 0).product, gram);
            let narrow = Matrix::from_fn(m, k, |i, j| a[(i, j)] as f32 * 4.0);
            assert_eq!(counted_gram(narrow.as_ref(), 2).product, gram);
        }
        assert!(counted_product(whole(2, 3).as_ref(), whole(2, 3).as_ref()).unwrap_err().is_shape());
    }

    #[test]
    fn the_square_of_a_triangle_skips_only_zeros() {
        for n in [1, 5, 130, 301] {
            let mut l = whole(n, n);
            clear_above(&mut l);
            let square = naive(&l, &l.adjoint());
            let mut c = whole(n, n);
            let mut expected = Matrix::from_fn(n, n, |i, j| c[(i, j)] + square[(i, j)]);
            clear_above(&mut expected);
            assert!(add_square(&mut c, &l) > n.min(PANEL));
            assert_eq!(c, expected, "{n}");
        }
    }

    #[test]
    fn the_plain_tile_gives_what_the_fused_one_gives() {
        let a: Vec<f64> = (0..TILE_ROWS * 9).map(|k| (k % 17) as f64 - 8.0).collect();
        let b: Vec<f64> = (0..TILE_COLUMNS * 9).map(|k| (k % 13) as f64 - 6.0).collect();
        let plain = tile_plain(&a, &b);
        let a = Matrix::from_fn(TILE_ROWS, 9, |i, k| a[k * TILE_ROWS + i]);
        let b = Matrix::from_fn(9, TILE_COLUMNS, |k, j| b[k * TILE_COLUMNS + j]);
        let fused = counted_product(a.as_ref(), b.as_ref()).unwrap().product;
        assert_eq!(fused.as_slice(), plain.as_flattened());
    }

    /// The worst case of a sum: 1, then numbers that are each rounded away. The bound must hold for it, and half of the
    /// bound must not, so that the count is not a guess.
    #[test]
    fn the_count_holds_where_every_term_is_rounded_away() {
        let u = f64::EPSILON / 2.0;
        let k = PANEL;
        // Just above half an ulp of numbers in [1, 2) is rounded up each time.
        let grain = u * (1.0 + 2.0 * f64::EPSILON);
        let row = Matrix::from_fn(1, k, |_, j| if j == 0 { 1.0 } else { grain });
        let ones = Matrix::from_fn(k, 1, |_, _| 1.0);
        let counted = counted_product(row.as_ref(), ones.as_ref()).unwrap();
        let exact_excess = (k - 1) as f64 * grain;
        let error = ((counted.product[(0, 0)] - 1.0) - exact_excess).abs();
        let gamma = counted.depth as f64 * u / (1.0 - counted.depth as f64 * u);
        assert!(error <= gamma * (1.0 + exact_excess), "{error:e} is above the bound {gamma:e}");
        assert!(error > 0.9 * (k - 2) as f64 * u, "the case is not the worst: {error:e}");
    }

    /// A product by Strassen's rule would lose the ones beside 2⁶⁰.
    #[test]
    fn small_entries_beside_huge_ones_are_kept() {
        let n = 64;
        let a = Matrix::from_fn(n, n, |i, _| if i % 2 == 0 { 2f64.powi(60) } else { 1.0 });
        let b = Matrix::from_fn(n, n, |_, j| if j % 2 == 0 { 2f64.powi(60) } else { 1.0 });
        let c = counted_product(a.as_ref(), b.as_ref()).unwrap().product;
        assert_eq!((c[(1, 1)], c[(0, 1)], c[(0, 0)]), (64.0, 2f64.powi(66), 2f64.powi(126)));
    }
}
