//! Products of matrices, real or complex, with counted rounding errors.

use kappa_dense::{Matrix, Scalar, counted_product};

use crate::enclosure::directed::{SMALLEST, add_up, gamma_up, mul_up, sum_up};

/// An approximation of A·B; |fl(AB) − AB| ≤ `gamma`·|A||B| + 4k·2⁻¹⁰⁷⁴ for k terms, modulus by modulus.
pub(crate) struct CountedProduct<W> {
    pub(crate) product: Matrix<W>,
    pub(crate) gamma: f64,
}

/// The product through real products: a complex product takes four.
pub(crate) fn counted<W: Scalar>(a: &Matrix<W>, b: &Matrix<W>) -> CountedProduct<W> {
    let (m, k, n) = (a.rows(), a.columns(), b.columns());
    assert_eq!(k, b.rows(), "inner dimensions agree");
    let real = |x: &Matrix<W>| Matrix::from_fn(x.rows(), x.columns(), |i, j| x[(i, j)].re());
    let (left, right) = if W::IS_COMPLEX {
        let left = Matrix::from_fn(2 * m, 2 * k, |i, j| {
            let x = a[(i % m, j % k)];
            match (i < m, j < k) {
                (true, false) => -x.im(),
                (false, true) => x.im(),
                _ => x.re(),
            }
        });
        let right = Matrix::from_fn(2 * k, n, |i, j| if i < k { b[(i, j)].re() } else { b[(i - k, j)].im() });
        (left, right)
    } else {
        (real(a), real(b))
    };
    let Ok(counted) = counted_product(left.as_ref(), right.as_ref()) else {
        unreachable!("the inner dimensions were compared")
    };
    let p = counted.product;
    let gamma = gamma_up(counted.depth);
    CountedProduct {
        product: Matrix::from_fn(m, n, |i, j| {
            W::from_parts(p[(i, j)], if W::IS_COMPLEX { p[(m + i, j)] } else { 0.0 })
        }),
        // Both parts of a complex entry have errors up to γ|A||B|: √2 times that together.
        gamma: if W::IS_COMPLEX { mul_up(std::f64::consts::SQRT_2.next_up(), gamma) } else { gamma },
    }
}

/// Upper bounds of the moduli.
pub(crate) fn moduli<W: Scalar>(a: &Matrix<W>) -> Matrix<f64> {
    Matrix::from_fn(a.rows(), a.columns(), |i, j| crate::norm::modulus_enclosure(a[(i, j)]).upper())
}

/// An upper bound of Bv for B, v ≥ 0.
pub(crate) fn times(b: &Matrix<f64>, v: &[f64]) -> Vec<f64> {
    let (m, n) = (b.rows(), b.columns());
    let mut y = vec![0.0; m];
    for (j, &v) in v.iter().enumerate().take(n) {
        y.iter_mut().zip(b.column(j)).for_each(|(y, b)| *y += b * v);
    }
    let lost = mul_up(n as f64, SMALLEST);
    y.into_iter().map(|y| add_up(sum_up(y, n + 1), lost)).collect()
}

/// An upper bound of Bᵀw for B, w ≥ 0.
pub(crate) fn times_transposed(b: &Matrix<f64>, w: &[f64]) -> Vec<f64> {
    let m = b.rows();
    let lost = mul_up(m as f64, SMALLEST);
    let of = |j: usize| b.column(j).iter().zip(w).map(|(b, w)| b * w).sum::<f64>();
    (0..b.columns()).map(|j| add_up(sum_up(of(j), m + 1), lost)).collect()
}
