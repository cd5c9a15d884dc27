//! LU in single precision, made good by refinement: about half the time, for matrices that are not too ill-conditioned.

use std::sync::OnceLock;

use kappa_engine::Double;

use crate::cut;
use crate::factorize::{Lu, lu};
use crate::guard::{prepared, square, unscaled};
use crate::multiply::multiply_into;
use crate::power::exponent;
use crate::scale::scaled;
use crate::wide;
use crate::{Error, Matrix, MatrixRef, Scalar};

/// Steps of refinement; each gains about 7 − log₁₀ κ digits.
const STEPS: usize = 40;

/// PA = LU in single precision, with A itself to refine by, and factors in double precision where that does not
/// converge.
#[derive(Debug)]
pub struct SingleLu<W: Scalar> {
    a: Matrix<W>,
    e: i32,
    factors: Vec<W::Single>,
    rows: Vec<usize>,
    double: OnceLock<Option<Lu<W>>>,
}

/// Factors a square matrix in single precision. ⅔n³ flops.
pub fn single_lu<T: Scalar>(a: MatrixRef<'_, T>) -> Result<SingleLu<T::Wide>, Error> {
    let n = square(a, "an LU factorization")?;
    let (a, e) = prepared(a)?;
    let (factors, rows) = T::Wide::single_lu(a.as_slice(), n, cut::for_lu(n));
    Ok(SingleLu { a, e, factors, rows, double: OnceLock::new() })
}

fn largest<W: Scalar>(x: &[W]) -> f64 {
    // Sums, because `max` would hide what is not a number.
    x.iter().map(|x| x.re().abs() + x.im().abs()).fold(0.0, |m, x| if x > m || x.is_nan() { x } else { m })
}

/// The largest row sum of moduli, about.
fn row_sum<W: Scalar>(a: &Matrix<W>) -> f64 {
    let mut sums = vec![0.0; a.rows()];
    for j in 0..a.columns() {
        sums.iter_mut().zip(a.column(j)).for_each(|(sum, x)| *sum += x.re().abs().max(x.im().abs()));
    }
    sums.into_iter().fold(0.0, f64::max)
}

impl<W: Scalar<Wide = W>> SingleLu<W> {
    /// Whether nothing can be solved, in double precision either.
    pub fn is_singular(&self) -> bool {
        let ones = Matrix::from_fn(self.rows.len(), 1, |_, _| W::from_parts(1.0, 0.0));
        self.refined(&ones, false).is_none() && self.double().is_none_or(Lu::is_singular)
    }

    fn double(&self) -> Option<&Lu<W>> {
        self.double.get_or_init(|| lu(self.a.as_ref()).ok()).as_ref()
    }

    /// A⁻¹B, or A⁻ᴴB, to double precision: refined until nothing is gained, by factors in double precision where it
    /// diverges.
    pub fn solve(&self, b: &Matrix<W>, adjoint: bool) -> Matrix<W> {
        let size = largest(b.as_slice());
        let eb = if size.is_finite() { exponent(size) } else { 0 };
        let b: Matrix<W> = scaled(b.as_ref(), eb);
        let x = self.refined(&b, adjoint).unwrap_or_else(|| match self.double() {
            Some(f) if adjoint => f.solve_adjoint(&b),
            Some(f) => f.solve(&b),
            None => b.clone(),
        });
        unscaled(x, eb - self.e)
    }

    /// `None` where the correction stops shrinking before it is a rounding error.
    fn refined(&self, b: &Matrix<W>, adjoint: bool) -> Option<Matrix<W>> {
        let n = self.rows.len();
        if n == 0 {
            return Some(b.clone());
        }
        let turned = if adjoint { Some(self.a.adjoint()) } else { None };
        let a = turned.as_ref().unwrap_or(&self.a);
        let cut = cut::for_shape(n, b.columns());
        let enough = row_sum(a) * f64::EPSILON * (n as f64).sqrt();
        let mut x = Matrix::zeros(n, b.columns());
        let (mut rest, mut last) = (b.clone(), f64::INFINITY);
        for _ in 0..STEPS {
            // Brought near 1, so that single precision holds it.
            let e = exponent(largest(rest.as_slice()));
            let mut step: Matrix<W> = scaled(rest.as_ref(), e);
            wide::single_lu_solve::<W>(&self.factors, &self.rows, step.as_mut_slice(), adjoint, cut);
            let step = unscaled(step, e);
            let moved = largest(step.as_slice());
            if !moved.is_finite() {
                return None;
            }
            x.as_mut_slice().iter_mut().zip(step.as_slice()).for_each(|(x, d)| *x += *d);
            if moved > 0.25 * last {
                return None;
            }
            last = moved;
            let mut product = Matrix::zeros(n, b.columns());
            multiply_into(product.view_mut(), a.view(), x.view(), cut::for_shape(n, n));
            rest = Matrix::from_fn(n, b.columns(), |i, j| b[(i, j)] - product[(i, j)]);
            // The criterion of LAPACK's DSGESV: a residual as small as rounding leaves it.
            if largest(rest.as_slice()) <= enough * largest(x.as_slice()) {
                return Some(x);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::multiply;

    #[test]
    fn single_factors_give_double_answers() {
        let n = 60;
        let a = Matrix::from_fn(n, n, |i, j| ((i * 37 + j * 91) % 101) as f64 / 50.0 + if i == j { 9.0 } else { 0.0 });
        let x = Matrix::from_fn(n, 2, |i, j| (i + j) as f64 / 3.0);
        let b = multiply(a.as_ref(), x.as_ref()).unwrap();
        let f = single_lu(a.as_ref()).unwrap();
        let error =
            |y: &Matrix<f64>| x.as_slice().iter().zip(y.as_slice()).map(|(x, y)| (x - y).abs()).fold(0.0, f64::max);
        assert!(error(&f.solve(&b, false)) < 1e-12 && f.double.get().is_none());
        let b = multiply(a.adjoint().as_ref(), x.as_ref()).unwrap();
        assert!(error(&f.solve(&b, true)) < 1e-12);
        // κ of order 1e10 is beyond single precision: the factors in double precision take over.
        let graded = Matrix::from_fn(8, 8, |i, j| 1.0 / (1.0 + i as f64 + j as f64));
        let f = single_lu(graded.as_ref()).unwrap();
        let x = Matrix::from_fn(8, 1, |_, _| 1.0);
        let y = f.solve(&multiply(graded.as_ref(), x.as_ref()).unwrap(), false);
        assert!(y.as_slice().iter().all(|y| (y - 1.0).abs() < 1e-5) && f.double.get().is_some());
        assert!(single_lu(Matrix::<f64>::zeros(3, 3).as_ref()).unwrap().is_singular());
    }
}
