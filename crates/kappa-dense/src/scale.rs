//! Matrices scaled by powers of two, which is exact: faer neither scales nor reports that it should have.

use crate::matrix::{copied, copied_into};
use crate::power::{power_of_two, scale_by_power};
use crate::{Error, Matrix, MatrixRef, Scalar};

/// x·2ᵉ for every e, part by part.
pub(crate) fn scale_entry<W: Scalar>(x: W, e: i32) -> W {
    W::from_parts(scale_by_power(x.re(), e), scale_by_power(x.im(), e))
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

/// A·2⁻ᵉ without entries below 2⁻³⁰⁰ when the largest is 1: squares that underflow cost the engine digits, and those
/// entries move no singular value by more than √(mn)·2⁻³⁰⁰.
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

/// Some rows of A·2⁻ᵉ above B, from `first` on and as many as there is room for, into columns that begin `stride`
/// entries apart.
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

/// Some rows of A·2⁻ᵉ without its specks, from `first` on and as many as there is room for, into columns that begin
/// `stride` entries apart; in single precision without entries below 2⁻⁶⁰.
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
