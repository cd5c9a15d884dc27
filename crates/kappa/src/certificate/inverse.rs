//! The inverse of a square matrix enclosed entry by entry: an untrusted approximate inverse from faer, and the residual
//! I − RA, in which every rounding error is counted.

use kappa_dense::{Matrix, MatrixRef, Scalar, lu};

use super::product::{CountedProduct, counted, moduli, times, times_transposed};
use crate::enclosure::directed::max_or_nan;
use crate::enclosure::directed::{
    SMALLEST, UNIT_ROUNDOFF, add_up, div_up, mul_up, norm_up, sqrt_up, sum_up, times_power,
};
use crate::error::Result;

/// |(2⁻ᶠA⁻¹ − R)ᵢⱼ| ≤ rowᵢ·columnⱼ + lost for every i and j, which proves that A is nonsingular; A⁺ for a rectangular
/// A, which has full rank.
#[derive(Clone, Debug)]
pub(crate) struct InverseEnclosure<W: Scalar> {
    /// R, its largest entry near 1.
    pub(crate) center: Matrix<W>,
    pub(crate) row: Vec<f64>,
    pub(crate) column: Vec<f64>,
    pub(crate) lost: f64,
    /// f.
    pub(crate) exponent: i32,
    /// ‖A⁻¹ − 2ᶠR‖ ≤ g·‖A⁻¹‖ for these g; ∞ where no g below 1 is known.
    pub(crate) relative: RelativeErrors,
}

/// Upper bounds of ‖I − RA‖ in three operator norms.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RelativeErrors {
    /// In the largest column sum.
    pub(crate) columns: f64,
    /// In the largest row sum.
    pub(crate) rows: f64,
    /// In the spectral norm, which holds for every unitarily invariant norm.
    pub(crate) spectral: f64,
}

impl<W: Scalar> InverseEnclosure<W> {
    /// The radius of entry (i, j).
    #[cfg(test)]
    pub(crate) fn radius(&self, i: usize, j: usize) -> f64 {
        add_up(mul_up(self.row[i], self.column[j]), self.lost)
    }

    /// ‖2⁻ᶠA⁻¹ − R‖_F from above.
    pub(crate) fn frobenius_radius(&self) -> f64 {
        let n = self.row.len().max(self.column.len()) as f64;
        add_up(mul_up(norm_up(&self.row), norm_up(&self.column)), mul_up(n, self.lost))
    }

    /// The largest absolute column sum and row sum of that difference, from above.
    pub(crate) fn sum_radii(&self) -> (f64, f64) {
        let n = self.row.len().max(self.column.len());
        let total = |x: &[f64]| sum_up(x.iter().sum(), n);
        let largest = |x: &[f64]| x.iter().copied().fold(0.0, max_or_nan);
        let lost = mul_up(n as f64, self.lost);
        (
            add_up(mul_up(total(&self.row), largest(&self.column)), lost),
            add_up(mul_up(largest(&self.row), total(&self.column)), lost),
        )
    }
}

/// The uncertainty of the entries of A: |ΔA| ≤ relative·|A| + absolute, entry by entry.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Doubt {
    pub(crate) relative: f64,
    pub(crate) absolute: f64,
}

/// The inverse of A, or `None` where A cannot be shown to be nonsingular.
pub(crate) fn enclose_inverse<T: Scalar>(a: MatrixRef<'_, T>) -> Result<Option<InverseEnclosure<T::Wide>>> {
    Ok(Residual::new(a)?.and_then(|residual| residual.inverse(Doubt::default())))
}

/// Whether every matrix within the uncertainty of A is shown to be nonsingular: then the spectral bound g < 1, else
/// `None`.
pub(crate) fn regular_within<T: Scalar>(a: MatrixRef<'_, T>, doubt: Doubt) -> Result<Option<f64>> {
    Ok(Residual::new(a)?.and_then(|residual| residual.weights(doubt)).map(|(_, _, g)| g))
}

/// R, |R|, |A| and |I − RA| for the matrix with rows and columns scaled to size 1 by powers of two.
pub(crate) struct Residual<W: Scalar> {
    pub(super) r: Matrix<W>,
    pub(super) r_moduli: Matrix<f64>,
    pub(super) a_moduli: Matrix<f64>,
    /// |fl(I − RA)|, rounded up.
    pub(super) rest: Matrix<f64>,
    pub(super) gamma: f64,
    pub(super) rows: Vec<i32>,
    pub(super) columns: Vec<i32>,
}

impl<W: Scalar<Wide = W>> Residual<W> {
    /// `None` where the approximate inverse is not finite.
    pub(crate) fn new<T: Scalar<Wide = W>>(a: MatrixRef<'_, T>) -> Result<Option<Self>> {
        let Equilibrated { scaled, rows, columns } = Equilibrated::new(a);
        let factors = lu(scaled.as_ref())?;
        if factors.is_singular() {
            return Ok(None);
        }
        let r = factors.inverse();
        if !r.as_slice().iter().all(|x| x.is_finite()) {
            return Ok(None);
        }
        let (rest, gamma) = rest(&r, &scaled);
        let (r_moduli, a_moduli) = (moduli(&r), moduli(&scaled));
        Ok(Some(Self { r, r_moduli, a_moduli, rest, gamma, rows, columns }))
    }

    /// An upper bound of Gv for G ≥ |I − R(A + ΔA)|, v ≥ 0.
    pub(super) fn apply(&self, v: &[f64], doubt: Doubt) -> Vec<f64> {
        let n = v.len();
        let total = sum_up(v.iter().sum(), n);
        let av = times(&self.a_moduli, v);
        // γ|R||A|v for rounding, and |R|(relative·|A|v) for relative uncertainty; underflow in scaling and products;
        // absolute uncertainty of the entries as given, row by row and column by column.
        let shares: Vec<f64> = v.iter().zip(&self.columns).map(|(v, &c)| times_power(*v, -c).1).collect();
        let weighted = if doubt.absolute > 0.0 { sum_up(shares.iter().sum(), n) } else { 0.0 };
        let inner: Vec<f64> = (0..n)
            .map(|i| {
                let own = mul_up(add_up(self.gamma, doubt.relative), av[i]);
                let absolute = times_power(mul_up(doubt.absolute, weighted), -self.rows[i]).1;
                add_up(add_up(own, absolute), mul_up(total, 4.0 * SMALLEST))
            })
            .collect();
        let outer = times(&self.r_moduli, &inner);
        let rest = times(&self.rest, v);
        let lost = mul_up(total, 4.0 * n as f64 * SMALLEST);
        (0..n).map(|i| add_up(add_up(rest[i], outer[i]), lost)).collect()
    }

    /// An upper bound of Gᵀw for G ≥ |I − RA|, w ≥ 0.
    fn apply_transposed(&self, w: &[f64]) -> Vec<f64> {
        let n = w.len();
        let total = sum_up(w.iter().sum(), n);
        let inner: Vec<f64> = times_transposed(&self.r_moduli, w).into_iter().map(|x| mul_up(self.gamma, x)).collect();
        let outer = times_transposed(&self.a_moduli, &inner);
        let rest = times_transposed(&self.rest, w);
        // Scaling lost less than 2⁻¹⁰⁷⁴ in each entry of A, and products as little: |R|ᵀw times that, for each column.
        let size = sum_up(times_transposed(&self.r_moduli, w).iter().sum(), n);
        let lost = mul_up(add_up(size, total), 4.0 * n as f64 * SMALLEST);
        (0..n).map(|i| add_up(add_up(rest[i], outer[i]), lost)).collect()
    }

    /// ‖I − RA‖ for the matrix as given: D₂GD₂⁻¹ with D₂ = diag(2^−columnᵢ). The spectral norm by the Schur test with
    /// weights from a few steps of the power method.
    fn relative(&self) -> RelativeErrors {
        let n = self.rows.len();
        let scaled = |x: Vec<f64>, sign: i32| -> Vec<f64> {
            x.into_iter().zip(&self.columns).map(|(x, &c)| times_power(x, sign * c).1).collect()
        };
        let forward = |p: &[f64]| scaled(self.apply(&scaled(p.to_vec(), 1), Doubt::default()), -1);
        let backward = |w: &[f64]| scaled(self.apply_transposed(&scaled(w.to_vec(), -1)), 1);
        let largest = |x: &[f64]| x.iter().copied().fold(0.0, max_or_nan);
        let ones = vec![1.0; n];
        let (rows, columns) = (largest(&forward(&ones)), largest(&backward(&ones)));
        let mut spectral = sqrt_up(mul_up(rows, columns));
        let mut p = ones;
        for _ in 0..5 {
            let q = backward(&forward(&p));
            let bound = sqrt_up(q.iter().zip(&p).map(|(q, p)| div_up(*q, *p)).fold(0.0, max_or_nan));
            if bound < spectral || spectral.is_nan() {
                spectral = bound;
            }
            let top = largest(&q);
            if !(top > 0.0 && top.is_finite()) {
                break;
            }
            p = q.iter().map(|q| (q / top).max(1e-200)).collect();
        }
        let known = |g: f64| if g < 1.0 { g } else { f64::INFINITY };
        RelativeErrors { columns: known(columns), rows: known(rows), spectral: known(spectral) }
    }

    /// Gv, ‖Reⱼ‖/(1 − g) for every column, and g = max (Gv)ᵢ/vᵢ < 1, in the norm max|xᵢ|/vᵢ. v comes from a few steps
    /// of the power method, which finds small g whatever the scaling of the rows; the v with the smallest radii is
    /// kept. `None` where g is not below 1.
    fn weights(&self, doubt: Doubt) -> Option<(Vec<f64>, Vec<f64>, f64)> {
        let n = self.rows.len();
        let mut v = vec![1.0; n];
        let mut best: Option<(Vec<f64>, Vec<f64>, f64)> = None;
        let mut least = f64::INFINITY;
        for _ in 0..6 {
            let gv = self.apply(&v, doubt);
            let g = gv.iter().zip(&v).map(|(g, v)| div_up(*g, *v)).fold(0.0, max_or_nan);
            if g < 1.0 {
                let columns = self.column_sizes(&v, (1.0 - g).next_down());
                let radius = mul_up(norm_up(&gv), norm_up(&columns));
                if best.is_none() || radius < least {
                    (least, best) = (radius, Some((gv.clone(), columns, g)));
                }
            }
            let top = gv.iter().copied().fold(0.0, max_or_nan);
            if !(top > 0.0 && top.is_finite()) {
                break;
            }
            v = gv.iter().map(|x| (x / top).max(1e-200)).collect();
        }
        best
    }

    /// max|rᵢⱼ|/vᵢ over 1 − g, column by column.
    fn column_sizes(&self, v: &[f64], room: f64) -> Vec<f64> {
        let size = |j: usize| {
            let column = self.r_moduli.column(j);
            div_up(column.iter().zip(v).map(|(r, v)| div_up(*r, *v)).fold(0.0, max_or_nan), room)
        };
        (0..v.len()).map(size).collect()
    }

    /// From RA = I − E, |E| ≤ G: |A⁻¹ − R| ≤ G|A⁻¹|, and with Gv ≤ g·v a column x of A⁻¹ has ‖x‖ ≤ ‖Reⱼ‖/(1 − g) in the
    /// norm max|xᵢ|/vᵢ, so that |A⁻¹ − R|ᵢⱼ ≤ (Gv)ᵢ·‖Reⱼ‖/(1 − g).
    pub(crate) fn inverse(self, doubt: Doubt) -> Option<InverseEnclosure<W>> {
        let n = self.rows.len();
        let (gv, columns, _) = self.weights(doubt)?;
        // A⁻¹ = D₂A'⁻¹D₁ with D = diag(2⁻ᵉ): the largest entry determines the common exponent.
        let exponents = |i: usize, j: usize| -self.columns[i] - self.rows[j];
        let mut f = i32::MIN;
        for j in 0..n {
            for (i, &x) in self.r_moduli.column(j).iter().enumerate() {
                if x > 0.0 {
                    f = f.max(x.log2().floor() as i32 + exponents(i, j));
                }
            }
        }
        let center = Matrix::from_fn(n, n, |i, j| {
            let x = self.r[(i, j)];
            let part = |x: f64| times_power(x.abs(), exponents(i, j) - f).0.copysign(x);
            W::from_parts(part(x.re()), part(x.im()))
        });
        // The exponent is split evenly between the two factors, so that neither overflows or underflows first.
        let (row_mean, half) = (mean(&self.columns), f / 2);
        let row: Vec<f64> = (0..n).map(|i| times_power(gv[i], -self.columns[i] + row_mean - half).1).collect();
        let column = (0..n).map(|j| times_power(columns[j], -self.rows[j] - row_mean - (f - half)).1).collect();
        let relative = self.relative();
        Some(InverseEnclosure { center, row, column, lost: 2.0 * SMALLEST, exponent: f, relative })
    }
}

fn mean(x: &[i32]) -> i32 {
    (x.iter().map(|&x| i64::from(x)).sum::<i64>() / x.len().max(1) as i64) as i32
}

/// 2^−rowᵢ·aᵢⱼ·2^−columnⱼ, exact except for underflow: less than 2·2⁻¹⁰⁷⁴ an entry.
pub(super) struct Equilibrated<W: Scalar> {
    pub(super) scaled: Matrix<W>,
    pub(super) rows: Vec<i32>,
    pub(super) columns: Vec<i32>,
}

impl<W: Scalar<Wide = W>> Equilibrated<W> {
    pub(super) fn new<T: Scalar<Wide = W>>(a: MatrixRef<'_, T>) -> Self {
        let n = a.rows();
        let (rows, columns) = equilibration(a);
        let scaled = Matrix::from_fn(n, n, |i, j| {
            let x = a.get(i, j);
            let part = |x: f64| times_power(x.abs(), -rows[i] - columns[j]).0.copysign(x);
            W::from_parts(part(x.re()), part(x.im()))
        });
        Self { scaled, rows, columns }
    }
}

/// Exponents that bring the largest part of each row, then of each column, near 1.
fn equilibration<T: Scalar>(a: MatrixRef<'_, T>) -> (Vec<i32>, Vec<i32>) {
    let n = a.rows();
    let size = |x: T| x.re().abs().max(x.im().abs());
    let exponent = |x: f64| if x > 0.0 { x.log2().floor() as i32 } else { 0 };
    let rows: Vec<i32> = (0..n).map(|i| exponent((0..n).map(|j| size(a.get(i, j))).fold(0.0, f64::max))).collect();
    let column = |j: usize| {
        let largest = (0..n).filter(|&i| size(a.get(i, j)) > 0.0).map(|i| exponent(size(a.get(i, j))) - rows[i]).max();
        largest.unwrap_or(0)
    };
    let columns = (0..n).map(column).collect();
    (rows, columns)
}

/// |fl(I − RA)| rounded up, and the γ with which γ|R||A| bounds its rounding errors.
fn rest<W: Scalar>(r: &Matrix<W>, a: &Matrix<W>) -> (Matrix<f64>, f64) {
    let CountedProduct { product, gamma } = counted(r, a);
    let one = W::from_parts(1.0, 0.0);
    let rest = Matrix::from_fn(r.rows(), r.rows(), |i, j| {
        let p = product[(i, j)];
        let whole = crate::norm::modulus_enclosure(if i == j { p - one } else { p }).upper();
        // The difference with 1 is rounded once.
        mul_up(whole, 1.0 + 4.0 * UNIT_ROUNDOFF)
    });
    (rest, gamma)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gallery;

    /// An error of 0.1 % in the approximate inverse must widen the radii.
    #[test]
    fn the_residual_is_what_is_believed() {
        let a = gallery::second_difference(6);
        let mut residual = Residual::<f64>::new(a.as_ref()).unwrap().unwrap();
        let wrong = Matrix::from_fn(6, 6, |i, j| residual.r[(i, j)] * 1.001);
        let scaled = Matrix::from_fn(6, 6, |i, j| {
            times_power(a[(i, j)].abs(), -residual.rows[i] - residual.columns[j]).0.copysign(a[(i, j)])
        });
        (residual.rest, residual.gamma) = rest(&wrong, &scaled);
        residual.r_moduli = Matrix::from_fn(6, 6, |i, j| wrong[(i, j)].abs());
        residual.r = wrong;
        let found = residual.inverse(Doubt::default()).unwrap();
        let unit = 2f64.powi(found.exponent);
        for i in 0..6 {
            for j in 0..6 {
                // min(i, j)·(n + 1 − max(i, j))/(n + 1).
                let truth = ((i.min(j) + 1) * (6 - i.max(j))) as f64 / 7.0;
                let (center, radius) = (found.center[(i, j)] * unit, found.radius(i, j) * unit);
                assert!((center - truth).abs() <= radius, "{i} {j}: {center} ± {radius} misses {truth}");
                assert!((center - truth).abs() > 1e-4 * truth);
            }
        }
    }

    /// The largest rounding error of a sum of products: without γ the radius would be below the error.
    #[test]
    fn the_rounding_of_the_product_is_counted() {
        let n = 64;
        let u = UNIT_ROUNDOFF;
        // The first row of RA is a sum of 1 and many terms just below u, each of which is lost.
        let a = Matrix::from_fn(n, n, |i, j| f64::from(i == j) + if j == 0 && i > 0 { 0.999 } else { 0.0 });
        let r = Matrix::from_fn(n, n, |i, j| f64::from(i == j) + if i == 0 && j > 0 { u } else { 0.0 });
        let (rest, gamma) = rest(&r, &a);
        let truth = (n - 1) as f64 * 0.999 * u;
        assert!(rest[(0, 0)] < 0.9 * truth, "{:e} {truth:e}", rest[(0, 0)]);
        let size = 1.0 + truth;
        assert!(rest[(0, 0)] + gamma * size >= truth, "{:e} + {:e} misses {truth:e}", rest[(0, 0)], gamma * size);
        assert!(rest[(0, 0)] + 0.4 * gamma * size < truth, "less than half of γ would do: the case is too mild");
    }

    #[test]
    fn doubt_of_the_entries_is_told_from_certainty() {
        let a = Matrix::from_row_major(2, 2, vec![1.0, 0.0, 0.0, 1.0]).unwrap();
        assert!(regular_within(a.as_ref(), Doubt { relative: 0.49, absolute: 0.0 }).unwrap().is_some());
        assert!(regular_within(a.as_ref(), Doubt { relative: 1.0, absolute: 0.0 }).unwrap().is_none());
        assert!(regular_within(a.as_ref(), Doubt { relative: 0.0, absolute: 0.49 }).unwrap().is_some());
        // [[1, ½], [½, 1]] ± ½ holds the singular matrix of ones.
        assert!(regular_within(a.as_ref(), Doubt { relative: 0.0, absolute: 0.5 }).unwrap().is_none());
        let singular = Matrix::from_row_major(2, 2, vec![1.0, 2.0, 2.0, 4.0]).unwrap();
        assert!(enclose_inverse(singular.as_ref()).unwrap().is_none());
    }
}
