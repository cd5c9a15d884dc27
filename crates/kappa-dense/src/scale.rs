//! Scaling by powers of two, which is exact: the engine neither scales nor notices that it should.

use rayon::prelude::*;

use crate::{Error, Matrix, MatrixRef, Scalar};

/// 2ᵉ for −1022 ≤ e ≤ 1023.
fn power_of_two(e: i32) -> f64 {
    f64::from_bits(((i64::from(e) + 1023) as u64) << 52)
}

/// x·2ᵉ for every e, rounded only where the result leaves the normal range.
pub(crate) fn scale_by_power(x: f64, e: i32) -> f64 {
    let mut x = x;
    let mut left = e;
    while left != 0 {
        let step = left.clamp(-1000, 1000);
        x *= power_of_two(step);
        left -= step;
    }
    x
}

/// The same for an entry, part by part.
pub(crate) fn scale_entry<W: Scalar>(x: W, e: i32) -> W {
    W::from_parts(scale_by_power(x.re(), e), scale_by_power(x.im(), e))
}

/// The e with x·2⁻ᵉ in [1/2, 1); 0 for x = 0.
pub(crate) fn exponent(x: f64) -> i32 {
    if x == 0.0 {
        return 0;
    }
    let bits = |x: f64| ((x.to_bits() >> 52) & 0x7ff) as i32;
    match bits(x) {
        0 => bits(x * power_of_two(200)) - 1022 - 200,
        biased => biased - 1022,
    }
}

/// The exponent for a single factor 2⁻ᵉ that is a normal number itself: the subnormal are brought to 2⁻⁷⁴, not to 1.
pub(crate) fn exponent_of_one_factor(x: f64) -> i32 {
    exponent(x).clamp(-1000, 1000)
}

/// A·2⁻ᵉ in the type `W`, column after column.
pub(crate) fn scaled<T: Scalar, W: Scalar>(a: MatrixRef<'_, T>, e: i32) -> Matrix<W> {
    scaled_and(a, e, |x| x)
}

/// A·2⁻ᵉ with something done to each part.
fn scaled_and<T: Scalar, W: Scalar>(a: MatrixRef<'_, T>, e: i32, then: impl Fn(f64) -> f64 + Sync) -> Matrix<W> {
    copied(a, by_parts(e, then))
}

/// An entry times 2⁻ᵉ with something done to each part.
fn by_parts<T: Scalar, W: Scalar>(e: i32, then: impl Fn(f64) -> f64 + Sync) -> impl Fn(T) -> W + Sync {
    // Two factors, because 2⁻ᵉ alone may not be a normal number.
    let (first, second) = (-e / 2, -e - (-e / 2));
    let (first, second) = (power_of_two(first), power_of_two(second));
    let part = move |x: f64| then(x * first * second);
    move |x| W::from_parts(part(x.re()), part(x.im()))
}

/// A·2⁻ᵉ without entries below 2⁻³⁰⁰ when the largest is 1: squares that underflow cost the engine digits, and those entries move no
/// singular value by more than √(mn)·2⁻³⁰⁰.
pub(crate) fn scaled_without_specks<T: Scalar, W: Scalar>(a: MatrixRef<'_, T>, e: i32) -> Matrix<W> {
    scaled_and(a, e, without_specks::<W>())
}

/// A·2⁻ᵉ above B: an exact copy where no entry leaves the range, as fast as memory goes whichever way A lies.
pub fn stacked<T: Scalar, W: Scalar>(a: MatrixRef<'_, T>, e: i32, b: &Matrix<W>) -> Result<Matrix<W>, Error> {
    let (rows, n) = stack_shape(a, b)?;
    let mut entries = vec![W::default(); rows * n];
    write_stack(a, e, b, 0, rows.max(1), &mut entries);
    Ok(Matrix::owning(rows, n, entries))
}

/// The shape of A above B.
pub(crate) fn stack_shape<T: Scalar, W: Scalar>(a: MatrixRef<'_, T>, b: &Matrix<W>) -> Result<(usize, usize), Error> {
    if b.columns() != a.columns() {
        return Err(Error::shape(format!("{} columns cannot stand above {}", a.columns(), b.columns())));
    }
    Ok((a.rows() + b.rows(), a.columns()))
}

/// Some rows of A·2⁻ᵉ above B, from `first` on and as many as there is room for, into columns that begin `stride` entries apart.
pub(crate) fn write_stack<T: Scalar, W: Scalar>(
    a: MatrixRef<'_, T>,
    e: i32,
    b: &Matrix<W>,
    first: usize,
    stride: usize,
    to: &mut [W],
) {
    let (m, n) = (a.rows(), a.columns());
    let of_a = first.min(m)..(first + stride).min(m);
    if !of_a.is_empty() {
        copied_into(a.subrows(of_a.clone()), &mut to[..n * stride], stride, by_parts(e, |x| x));
    }
    let of_b = first.max(m) - m..(first + stride).max(m).min(m + b.rows()) - m;
    if !of_b.is_empty() {
        for (j, to) in to.chunks_exact_mut(stride).take(n).enumerate() {
            to[of_a.len()..of_a.len() + of_b.len()].copy_from_slice(&b.column(j)[of_b.clone()]);
        }
    }
}

/// Some rows of A·2⁻ᵉ without its specks, from `first` on and as many as there is room for, into columns that begin `stride` entries apart;
/// in single precision without entries below 2⁻⁶⁰.
pub(crate) fn write_rows_without_specks<T: Scalar, W: Scalar>(
    a: MatrixRef<'_, T>,
    e: i32,
    first: usize,
    stride: usize,
    to: &mut [W],
) {
    let rows = first.min(a.rows())..(first + stride).min(a.rows());
    if !rows.is_empty() {
        let to = &mut to[..a.columns() * stride];
        copied_into(a.subrows(rows), to, stride, by_parts(e, without_specks::<W>()));
    }
}

fn without_specks<W: Scalar>() -> impl Fn(f64) -> f64 {
    let speck = if W::IS_DOUBLE { power_of_two(-300) } else { power_of_two(-60) };
    move |x| if x.abs() < speck { 0.0 } else { x }
}

/// Columns that one thread copies at a time, and rows of a tile: both sides of a transposition stay in the first cache.
const TILE: usize = 64;
/// From so many entries on, waking another thread takes less time than it saves.
const SHARED: usize = 1 << 17;

/// The matrix with a function applied to each entry, column after column, as fast as memory goes whichever way it lies.
pub(crate) fn copied<T: Scalar, W: Scalar>(a: MatrixRef<'_, T>, f: impl Fn(T) -> W + Sync) -> Matrix<W> {
    let (m, n) = (a.rows(), a.columns());
    let mut entries = vec![W::default(); m * n];
    copied_into(a, &mut entries, m, f);
    Matrix::owning(m, n, entries)
}

/// The same into memory whose columns begin `stride` entries apart; what lies between them stays.
fn copied_into<T: Scalar, W: Scalar>(a: MatrixRef<'_, T>, to: &mut [W], stride: usize, f: impl Fn(T) -> W + Sync) {
    let (m, n) = (a.rows(), a.columns());
    if m * n >= SHARED {
        let parts = to.par_chunks_mut(stride * TILE).enumerate();
        parts.for_each(|(part, to)| copy_columns(a, part * TILE, to, stride, &f));
    } else if m * n > 0 {
        to.chunks_mut(stride * TILE).enumerate().for_each(|(part, to)| copy_columns(a, part * TILE, to, stride, &f));
    }
}

/// A few columns from `first` on.
fn copy_columns<T: Scalar, W>(a: MatrixRef<'_, T>, first: usize, to: &mut [W], stride: usize, f: impl Fn(T) -> W) {
    let m = a.rows();
    let columns = a.transpose();
    if a.is_row_major() && a.columns() > 1 {
        // Eight rows at a time: a line of the cache is written whole before another column, which may want its place, is begun.
        for i in (0..m).step_by(8) {
            let count = (m - i).min(8);
            let rows: [&[T]; 8] = std::array::from_fn(|k| match a.contiguous_row(i + k.min(count - 1)) {
                Some(row) => &row[first..],
                None => &[],
            });
            let columns = to.chunks_exact_mut(stride).enumerate();
            if count == 8 {
                // As many as are known where this is compiled.
                columns.filter_map(|(j, to)| Some((j, to[i..].first_chunk_mut::<8>()?))).for_each(|(j, to)| {
                    *to = std::array::from_fn(|k| f(rows[k][j]));
                });
            } else {
                columns
                    .for_each(|(j, to)| to[i..i + count].iter_mut().zip(&rows).for_each(|(to, row)| *to = f(row[j])));
            }
        }
        return;
    }
    for (j, to) in to.chunks_exact_mut(stride).enumerate() {
        let to = &mut to[..m];
        match columns.contiguous_row(first + j) {
            Some(column) => to.iter_mut().zip(column).for_each(|(to, &x)| *to = f(x)),
            None => to.iter_mut().enumerate().for_each(|(i, to)| *to = f(a.get(i, first + j))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_keep_every_entry_in_its_place() {
        for (m, n) in [(0, 3), (3, 0), (1, 1), (1, 40), (40, 1), (17, 33), (300, 90)] {
            let a = Matrix::from_fn(m, n, |i, j| (i * 1000 + j) as f64);
            assert_eq!(copied(a.as_ref(), |x| x), a);
            let turned = a.adjoint();
            assert_eq!(copied(turned.as_ref().transpose(), |x| x), a, "{m}×{n}");
        }
    }

    #[test]
    fn a_stack_has_both_parts_in_their_places() {
        for (m, k, n) in [(0, 3, 4), (3, 0, 4), (300, 17, 90), (1, 1, 1)] {
            let (a, b) =
                (Matrix::from_fn(m, n, |i, j| (i * 100 + j) as f32), Matrix::from_fn(k, n, |i, j| (i + j) as f64));
            let turned = a.adjoint();
            for view in [a.as_ref(), turned.as_ref().transpose()] {
                let found: Matrix<f64> = stacked(view, 3, &b).unwrap();
                let entry = |i: usize, j: usize| if i < m { f64::from(a[(i, j)]) / 8.0 } else { b[(i - m, j)] };
                assert_eq!(found, Matrix::from_fn(m + k, n, entry));
            }
        }
        assert!(stacked::<f32, f64>(Matrix::zeros(2, 2).as_ref(), 0, &Matrix::zeros(2, 3)).is_err());
    }

    #[test]
    fn exponents_put_every_number_into_the_upper_half_of_the_unit_interval() {
        for x in [1.0, 0.5, 3.0, f64::MAX, f64::MIN_POSITIVE, 5e-324, 1e-310, 1e300] {
            let scaled = scale_by_power(x, -exponent(x));
            assert!((0.5..1.0).contains(&scaled), "{x:e} became {scaled}");
            assert_eq!(scale_by_power(scaled, exponent(x)), x);
        }
    }
}
