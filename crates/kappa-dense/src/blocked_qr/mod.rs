//! Householder's QR by panels: each is reflected in the cache, and what lies right of it multiplied.
//!
//! Schreiber and Van Loan, SISSC 10 (1989) 53–57; the factor T⁻¹ from VᴴV as in Joffrain, Low, Quintana-Ortí, van de
//! Geijn and Van Zee, ACM Trans. Math. Software 32 (2006) 169–179. Pieces are cut by size alone, so that the digits do
//! not depend on the number of threads.

mod panel;
mod slabs;

use kappa_engine::{Reflected, View, ViewMut};
use num_complex::{Complex32, Complex64};

use crate::concrete;
use crate::pool::Pool;
use crate::{Matrix, Scalar};
pub(crate) use panel::{COLUMNS, Panel, multiply_by_parts, one, slivers, subtract_product, write_columns};

/// Writes some rows of a matrix, column after column: given the number of the first and the distance between columns.
pub(crate) type Fill<'a, T> = dyn Fn(usize, usize, &mut [T]) + Sync + 'a;

/// Columns of a panel of a matrix with this many columns.
fn panel_width(columns: usize) -> usize {
    if columns >= 1024 { 64 } else { 32 }
}

/// A becomes R above and on its diagonal, and vectors without their leading 1 below it. 2mn² − ⅔n³ flops for m ≥ n.
///
/// The coefficients of a panel are T, in the columns of that panel; infinite on its diagonal for a reflection that is
/// the identity.
pub(crate) fn reflections_in_place<W: Scalar<Wide = W>>(a: &mut Matrix<W>) -> Reflected<W> {
    let shape = (a.rows(), a.columns());
    let a = a.as_mut_slice();
    let coefficients = if W::IS_COMPLEX {
        concrete::value(reflect_complex(concrete::entries(a), shape))
    } else {
        concrete::value(reflect_real(concrete::entries(a), shape))
    };
    let block = panel_width(shape.1).min(shape.0.min(shape.1));
    Reflected { order: (0..shape.1).collect(), coefficients, block }
}

fn reflect_real(a: &mut [f64], shape: (usize, usize)) -> Vec<f64> {
    rayon::scope(|_| reflect(a, shape))
}

fn reflect_complex(a: &mut [Complex64], shape: (usize, usize)) -> Vec<Complex64> {
    rayon::scope(|_| reflect(a, shape))
}

/// `panel_width` coefficients for each of min(m, n) columns.
fn reflect<T: Scalar>(a: &mut [T], (m, n): (usize, usize)) -> Vec<T> {
    let size = m.min(n);
    let block = panel_width(n).min(size);
    let mut coefficients = vec![T::default(); block * size];
    let pool = Pool::default();
    for k in (0..size).step_by(block) {
        let b = block.min(size - k);
        let (left, right) = a.split_at_mut((k + b) * m);
        let columns = &mut left[k * m..];
        let (panel, r, tau) = Panel::of_view(View::by_columns(columns, (m, b), m).subrows(k, m - k), &pool);
        for (j, column) in columns.chunks_exact_mut(m).enumerate() {
            let done = (j + 1).min(m - k);
            column[k..k + done].copy_from_slice(&r.column(j)[..done]);
            column[k + done..].copy_from_slice(&panel.v().column(j)[done..]);
            for i in 0..b {
                coefficients[(k + j) * block + i] =
                    if i == j && !tau[j].is_finite() { tau[j] } else { panel.t[(i, j)] };
            }
        }
        panel.apply_adjoint(ViewMut::by_columns(right, (m, n - k - b), m).subrows(k, m - k));
    }
    coefficients
}

/// R, n×n and column after column, of an m×n matrix with m ≥ n, and how many times it was computed anew: once for a
/// complex matrix, and for a real one a few thousand rows at a time.
pub(crate) fn triangle<W: Scalar>(shape: (usize, usize), fill: &Fill<W>) -> (Vec<W>, usize) {
    match (W::IS_COMPLEX, W::IS_DOUBLE) {
        (false, false) => {
            let (r, rounds) = slabs::single(shape, &|first, stride, to| fill(first, stride, concrete::entries(to)));
            (concrete::value(r), rounds)
        }
        (false, true) => {
            let (r, rounds) = slabs::double(shape, &|first, stride, to| fill(first, stride, concrete::entries(to)));
            (concrete::value(r), rounds)
        }
        (true, false) => {
            let fill = |first: usize, stride: usize, to: &mut [Complex32]| fill(first, stride, concrete::entries(to));
            (concrete::value(single_complex_triangle(shape, &fill)), 1)
        }
        (true, true) => {
            let fill = |first: usize, stride: usize, to: &mut [Complex64]| fill(first, stride, concrete::entries(to));
            (concrete::value(complex_triangle(shape, &fill)), 1)
        }
    }
}

fn single_complex_triangle(shape: (usize, usize), fill: &Fill<Complex32>) -> Vec<Complex32> {
    rayon::scope(|_| triangle_at_once(shape, fill))
}

fn complex_triangle(shape: (usize, usize), fill: &Fill<Complex64>) -> Vec<Complex64> {
    rayon::scope(|_| triangle_at_once(shape, fill))
}

/// R from a copy of the whole matrix.
fn triangle_at_once<T: Scalar>((m, n): (usize, usize), fill: &Fill<T>) -> Vec<T> {
    let mut entries = vec![T::default(); m * n];
    fill(0, m, &mut entries);
    reflect(&mut entries, (m, n));
    let upper = |i: usize, j: usize| if i <= j { entries[i + j * m] } else { T::default() };
    (0..n).flat_map(|j| (0..n).map(move |i| (i, j))).map(|(i, j)| upper(i, j)).collect()
}

#[cfg(test)]
mod tests {
    use crate::testing::draw as random;
    use crate::{Matrix, Scalar, Shape, multiply, qr, singular_values};

    /// Columns that agree to twelve digits: what is left of each is far below 16·m·ε of its length, and is all that
    /// tells them apart.
    fn check<W: Scalar<Wide = W>>(m: usize, n: usize) {
        let mut seed = (m + n) as u64;
        let common: Vec<f64> = (0..m).map(|_| random(&mut seed)).collect();
        let a = Matrix::from_fn(m, n, |i, _| {
            W::from_parts(common[i] + 1e-12 * random(&mut seed), 1e-12 * random(&mut seed))
        });
        let f = qr(a.as_ref(), Shape::Thin).unwrap();
        let back = multiply(f.q.as_ref(), f.r.as_ref()).unwrap();
        for j in 0..n {
            let off = (0..m).map(|i| (a[(i, j)] - back[(i, j)]).abs_squared()).sum::<f64>().sqrt();
            let size = a.column(j).iter().map(|x| x.abs_squared()).sum::<f64>().sqrt();
            assert!(off <= 60.0 * f64::EPSILON * size, "{m}×{n}, column {j}: {off:e} of {size:e}");
        }
        let (of_a, of_r) = (singular_values(a.as_ref()).unwrap().values, singular_values(f.r.as_ref()).unwrap().values);
        for (x, y) in of_a.iter().zip(&of_r) {
            assert!((x - y).abs() <= 60.0 * f64::EPSILON * of_a[0], "{m}×{n}: {x:e} beside {y:e}");
        }
        assert!(of_r[n - 1] > 1e-13 * (m as f64).sqrt(), "{m}×{n}: {:e}", of_r[n - 1]);
    }

    #[test]
    fn nothing_of_a_column_is_left_out() {
        for (m, n) in [(150, 100), (400, 130), (1500, 70)] {
            check::<f64>(m, n);
            check::<num_complex::Complex64>(m, n);
        }
    }

    #[test]
    fn wide_and_idle_panels_come_back() {
        let mut seed = 7;
        for (m, n) in [(40, 1100), (1100, 1100), (130, 300)] {
            let a = Matrix::from_fn(m, n, |i, j| if j % 3 == 1 || i % 5 == 2 { 0.0 } else { random(&mut seed) });
            let f = qr(a.as_ref(), Shape::Thin).unwrap();
            let back = multiply(f.q.as_ref(), f.r.as_ref()).unwrap();
            let off = a.as_slice().iter().zip(back.as_slice()).map(|(x, y)| (x - y).abs()).fold(0.0, f64::max);
            assert!(off <= 1e-13 * (m as f64).sqrt(), "{m}×{n}: {off:e}");
            let gram = multiply(f.q.adjoint().as_ref(), f.q.as_ref()).unwrap();
            let off = (0..m.min(n)).flat_map(|i| (0..m.min(n)).map(move |j| (i, j)));
            let off = off.map(|(i, j)| (gram[(i, j)] - f64::from(i == j)).abs()).fold(0.0, f64::max);
            assert!(off <= 1e-13, "{m}×{n}: {off:e}");
        }
    }
}
