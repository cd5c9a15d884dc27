//! Every singular value enclosed with every rounding error counted, from untrusted factors and trusted residuals.

use kappa_dense::jacobi::jacobi_svd;
use kappa_dense::{Matrix, MatrixRef, Normal, Real, Scalar, Shape, counted_gram, counted_product, svd};

use crate::arithmetic::dot;
use crate::enclosure::directed::{
    SMALLEST, UNIT_ROUNDOFF, add_down, add_up, div_down, div_up, gamma_up, max_or_nan, mul_down, mul_up, norm_up,
    sqrt_down, sqrt_up, times_power,
};
use crate::error::{Error, Result};
use crate::norm::{EntryNorms, Sums};
use crate::values::{Residual, SingularValues};
use crate::{Enclosure, Evidence};

/// Up to this m·n² the inner products of the relative certificate, in twice the precision, take less than a second.
const RELATIVE_LIMIT: usize = 1 << 24;
/// The relative width of the widest value below which a certificate is not improved.
const NARROW: f64 = 1e-11;

/// All singular values of a real matrix, each enclosed. `doubled`: each value occurs twice, as in the real form of a
/// complex matrix, and is returned once. `e` brings the largest entry near 1.
fn certified_values<P: Real>(
    a: MatrixRef<'_, P>,
    e: i32,
    shape: (usize, usize),
    doubled: bool,
) -> Option<SingularValues> {
    let tall = if a.rows() < a.columns() { a.transpose() } else { a };
    let scaled = Scaled::new(tall, e);
    let weyl = scaled.by_residual();
    let mut ends = match &weyl {
        Some(weyl) => weyl.ends(),
        None => vec![(0.0, f64::INFINITY); tall.columns()],
    };
    let is_wide = |&(lower, upper): &(f64, f64)| upper > lower * (1.0 + NARROW);
    let mut algorithm = "residual of a singular value decomposition";
    if ends.iter().any(is_wide) && tall.rows() * tall.columns() * tall.columns() <= RELATIVE_LIMIT {
        for relative in scaled.relative() {
            algorithm = "orthogonality of A·V, column by column";
            for (end, other) in ends.iter_mut().zip(relative) {
                *end = (end.0.max(other.0), end.1.min(other.1));
            }
        }
    }
    if ends.iter().any(|(lower, upper)| lower > upper) {
        // If two proofs contradict each other, an assumption does not hold: no answer rather than a wrong one.
        return None;
    }
    let lost = scaled.lost;
    let step = if doubled { 2 } else { 1 };
    let back = |&(lower, upper): &(f64, f64)| {
        let (lower, upper) = (add_down(lower, -lost).max(0.0), add_up(upper, lost));
        let (lower, upper) = (times_power(lower, e).0, times_power(upper, e).1);
        Enclosure::new(lower, 0.5 * lower + 0.5 * upper.min(f64::MAX), upper, Evidence::Rounding)
    };
    let mut enclosed: Vec<Enclosure> = ends.iter().map(back).collect();
    if doubled {
        // The two copies of each value: the intersection of both enclosures holds.
        enclosed = enclosed
            .chunks_exact(2)
            .map(|pair| {
                let (lower, upper) = (pair[0].lower().max(pair[1].lower()), pair[0].upper().min(pair[1].upper()));
                Enclosure::new(lower, pair[0].estimate(), upper.max(lower), Evidence::Rounding)
            })
            .collect();
    }
    let values = SingularValues::from_enclosures(shape, enclosed).by(algorithm);
    Some(match weyl {
        // Σσᵖ of the real form is twice that of the matrix, so that the triangle inequality applies to undoubled values
        // only.
        Some(weyl) if step == 1 => values.with_residual(weyl.residual(e, lost)),
        _ => values,
    })
}

/// Bounds of every singular value of A·2⁻ᵉ from the residual of a decomposition, for a certificate of ‖A‖₂ alone.
pub(crate) fn bounds<P: Real>(a: MatrixRef<'_, P>, e: i32) -> Option<Vec<(f64, f64)>> {
    let tall = if a.rows() < a.columns() { a.transpose() } else { a };
    Scaled::new(tall, e).by_residual().map(|weyl| weyl.ends())
}

/// A·2⁻ᵉ, tall, in double precision.
struct Scaled {
    a: Matrix<f64>,
    /// What scaling may have lost, in the Frobenius norm.
    lost: f64,
}

/// sᵢ·factor ± ε, and its components.
struct Weyl {
    values: Vec<f64>,
    lower_factor: f64,
    upper_factor: f64,
    /// ‖A − U·diag(s)·Vᵀ‖ in the 2-norm and the Frobenius norm.
    residual: f64,
    residual_frobenius: f64,
}

impl Weyl {
    fn ends(&self) -> Vec<(f64, f64)> {
        let end = |&s: &f64| {
            let lower = add_down(mul_down(s, self.lower_factor), -self.residual).max(0.0);
            (lower, add_up(mul_up(s, self.upper_factor), self.residual))
        };
        self.values.iter().map(end).collect()
    }

    /// For norms by the triangle inequality.
    fn residual(self, exponent: i32, lost: f64) -> Residual {
        let frobenius = add_up(self.residual_frobenius, lost);
        let Self { values, lower_factor, upper_factor, .. } = self;
        Residual { values, lower_factor, upper_factor, frobenius, exponent }
    }
}

impl Scaled {
    fn new<P: Real>(a: MatrixRef<'_, P>, e: i32) -> Self {
        let factor = times_power(1.0, -e).0;
        let scaled = Matrix::from_fn(a.rows(), a.columns(), |i, j| a.get(i, j).re() * factor);
        Self { a: scaled, lost: mul_up(sqrt_up(a.rows() as f64 * a.columns() as f64), SMALLEST) }
    }

    /// With A ≈ U·diag(s)·Vᵀ, α ≥ ‖UᵀU − I‖, β ≥ ‖VᵀV − I‖ and ε ≥ ‖A − U·diag(s)·Vᵀ‖:
    /// sᵢ√((1−α)(1−β)) − ε ≤ σᵢ ≤ sᵢ√((1+α)(1+β)) + ε (Rump, BIT 51 (2011) 367–384; Miyajima, JJIAM 31 (2014) 513–539).
    fn by_residual(&self) -> Option<Weyl> {
        let f = svd(self.a.as_ref(), Shape::Thin).ok()?;
        self.by_factors(f.vectors.u, f.values.values, f.vectors.v)
    }

    /// The same for any U, V and s: the factors of faer are untrusted. `None` unless s ≥ 0 is sorted and has the right
    /// length, because Weyl's inequality depends on the order.
    fn by_factors(&self, u: Matrix<f64>, values: Vec<f64>, mut v: Matrix<f64>) -> Option<Weyl> {
        let n = self.a.columns();
        let is_sorted = values.is_sorted_by(|x, y| x >= y) && values.last().is_none_or(|&s| s >= 0.0);
        let fits = values.len() == n && u.columns() == n && v.columns() == n && v.rows() == n;
        if !is_sorted || !fits || u.rows() != self.a.rows() {
            return None;
        }
        let (alpha, beta) = (defect(&u)?, defect(&v)?);
        let mut us = u;
        for (j, &s) in values.iter().enumerate() {
            us.column_mut(j).iter_mut().for_each(|x| *x *= s);
        }
        let back = counted_product(us.as_ref(), v.as_ref().transpose()).ok()?;
        let mut residual = self.a.clone();
        residual.as_mut_slice().iter_mut().zip(back.product.as_slice()).for_each(|(a, b)| *a -= b);
        drop(back.product);
        // Rounding errors of u·s, of the product, and of the difference, which is relative to the residual itself.
        let depth = gamma_up(back.depth + 2);
        let sums = Sums::of(&residual);
        let outer = nested(&mut us, &mut v);
        let k = values.len() as f64;
        let lost = mul_up(mul_up(self.a.rows() as f64, k), 8.0 * SMALLEST);
        let more =
            |x: f64, outer: f64| add_up(add_up(mul_up(x, 1.0 + 4.0 * UNIT_ROUNDOFF), mul_up(depth, outer)), lost);
        let weyl = Weyl {
            lower_factor: mul_down(sqrt_down(1.0 - alpha), sqrt_down(1.0 - beta)),
            upper_factor: mul_up(sqrt_up(1.0 + alpha), sqrt_up(1.0 + beta)).next_up(),
            residual: more(sums.spectral(), outer.0),
            residual_frobenius: more(sums.frobenius, outer.1),
            values,
        };
        (weyl.residual.is_finite() && weyl.residual_frobenius.is_finite()).then_some(weyl)
    }

    /// For V with β ≥ ‖VᵀV − I‖, W near A·V, positive d near its column norms, Z = W·diag(d)⁻¹, φ ≥ ‖ZᵀZ − I‖ and
    /// ω ≥ ‖A·V·diag(d)⁻¹ − Z‖: dᵢ(√(1−φ) − ω)/√(1+β) ≤ σᵢ ≤ dᵢ(√(1+φ) + ω)/√(1−β). The bounds are relative for *every*
    /// value, because multiplicative perturbations are (Ostrowski; Eisenstat and Ipsen, SINUM 32 (1995) 1972–1988;
    /// Drmač and Veselić 2008).
    fn relative(&self) -> Vec<Vec<(f64, f64)>> {
        let mut found = Vec::new();
        found.extend(self.relative_of(&self.a));
        if self.a.rows() == self.a.columns() {
            // For a matrix graded by rows: the adjoint has the same values.
            found.extend(self.relative_of(&self.a.adjoint()));
        }
        found
    }

    fn relative_of(&self, a: &Matrix<f64>) -> Option<Vec<(f64, f64)>> {
        let (_, _, v) = jacobi_svd(a)?;
        self.relative_by(a, &v, Enclosure::estimate)
    }

    /// The same for any V, with W from enclosures of the entries of A·V: `w` selects the untrusted approximation.
    fn relative_by(&self, a: &Matrix<f64>, v: &Matrix<f64>, w: impl Fn(&Enclosure) -> f64) -> Option<Vec<(f64, f64)>> {
        let (m, n) = (a.rows(), a.columns());
        let beta = defect(v)?;
        let at = a.adjoint();
        let (mut z, mut d) = (Matrix::zeros(m, n), vec![0.0; n]);
        let mut omega_squared = 0.0;
        for j in 0..n {
            let mut errors = vec![0.0; m];
            for i in 0..m {
                let x = dot(at.column(i), v.column(j)).ok()?.value;
                let taken = w(&x);
                z[(i, j)] = taken;
                errors[i] = add_up(x.upper(), -taken).max(add_up(taken, -x.lower()));
            }
            d[j] = norm_up(z.column(j));
            if d[j] == 0.0 {
                return None;
            }
            z.column_mut(j).iter_mut().for_each(|x| *x /= d[j]);
            // The errors of the products and the quotients, column by column.
            let quotients = add_up(mul_up(2.0 * UNIT_ROUNDOFF, norm_up(z.column(j))), mul_up(m as f64, SMALLEST));
            let own = add_up(div_up(norm_up(&errors), d[j]), quotients);
            omega_squared = add_up(omega_squared, mul_up(own, own));
        }
        let omega = sqrt_up(omega_squared);
        let phi = defect(&z)?;
        let lower_factor = div_down(add_down(sqrt_down(1.0 - phi), -omega).max(0.0), sqrt_up(1.0 + beta));
        let upper_factor = div_up(add_up(sqrt_up((1.0 + phi).next_up()), omega), sqrt_down((1.0 - beta).next_down()));
        d.sort_by(|x, y| y.total_cmp(x));
        Some(d.iter().map(|&d| (mul_down(d, lower_factor), mul_up(d, upper_factor))).collect())
    }
}

/// ‖QᵀQ − I‖₂ from above; `None` when it is not below 1.
pub(super) fn defect<W: Scalar>(q: &Matrix<W>) -> Option<f64> {
    let q = Matrix::from_fn(q.rows(), q.columns(), |i, j| q[(i, j)].re());
    let gram = counted_gram(q.as_ref(), 0);
    let size = Sums::of(&q).spectral();
    let counted = mul_up(gamma_up(gram.depth), mul_up(size, size));
    let mut rest = gram.product;
    for j in 0..rest.columns() {
        rest[(j, j)] -= 1.0;
    }
    let lost = mul_up(mul_up(q.rows() as f64, q.columns() as f64), SMALLEST);
    // The difference with 1 is exact near 1, and rounded once elsewhere.
    let all = add_up(add_up(mul_up(Sums::of_symmetric(&rest).spectral(), 1.0 + 4.0 * UNIT_ROUNDOFF), counted), lost);
    (all < 1.0).then_some(all)
}

/// ‖|U·diag(s)||V|ᵀ‖ from above in the 2-norm and the Frobenius norm: by row and column sums, and by Σ‖uⱼsⱼ‖‖vⱼ‖.
fn nested(us: &mut Matrix<f64>, v: &mut Matrix<f64>) -> (f64, f64) {
    let outer = (0..us.columns()).fold(0.0, |sum, j| add_up(sum, mul_up(norm_up(us.column(j)), norm_up(v.column(j)))));
    us.as_mut_slice().iter_mut().chain(v.as_mut_slice()).for_each(|x| *x = x.abs());
    let (rows, columns) = (largest_row_of_product(us, v), largest_row_of_product(v, us));
    let holder = sqrt_up(mul_up(rows, columns));
    (if holder < outer { holder } else { outer }, outer)
}

/// The largest row sum of X·Yᵀ for non-negative X and Y.
fn largest_row_of_product(x: &Matrix<f64>, y: &Matrix<f64>) -> f64 {
    use crate::enclosure::directed::sum_up;
    let mut sums = vec![0.0; x.rows()];
    for j in 0..x.columns() {
        let column: f64 = sum_up(y.column(j).iter().sum(), y.rows());
        sums.iter_mut().zip(x.column(j)).for_each(|(s, x)| *s += x * column);
    }
    sum_up(sums.into_iter().fold(0.0, max_or_nan), 2 * x.columns() + 2)
}

pub(crate) fn certified_values_of<T: Scalar>(a: MatrixRef<'_, T>, entries: &EntryNorms) -> Result<SingularValues> {
    if a.rows().min(a.columns()) <= 1 {
        return Ok(SingularValues::of_vector((a.rows(), a.columns()), entries.frobenius()));
    }
    let shape = (a.rows(), a.columns());
    if entries.max_abs_value() == 0.0 {
        return Ok(SingularValues::from_enclosures(shape, vec![Enclosure::exact(0.0); shape.0.min(shape.1)]));
    }
    let form = T::real_form(a);
    let e = Normal::new(form.view(), entries.max_abs_value()).exponent();
    let frobenius = entries.frobenius().upper();
    certified_values(form.view(), e, shape, form.is_doubled()).map(|values| values.at_most(frobenius)).ok_or_else(
        || {
            Error::unsupported("two certificates of the singular values contradict each other")
                .with_hint("the floating-point environment may be faulty: please report the matrix")
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Factors that multiply back to A but are 1 % too long: without the defects the ends would miss every value.
    #[test]
    fn without_the_defects_the_ends_would_be_wrong() {
        let a = Matrix::from_fn(4, 3, |i, j| if i == j { 4.0 - j as f64 } else { 0.0 });
        let stretch = 1.01;
        let u = Matrix::from_fn(4, 3, |i, j| if i == j { stretch } else { 0.0 });
        let v = Matrix::from_fn(3, 3, |i, j| if i == j { stretch } else { 0.0 });
        let values: Vec<f64> = (0..3).map(|j| (4.0 - j as f64) / (stretch * stretch)).collect();
        let scaled = Scaled { a, lost: 0.0 };
        let weyl = scaled.by_factors(u, values.clone(), v).unwrap();
        for (j, (lower, upper)) in weyl.ends().into_iter().enumerate() {
            let truth = 4.0 - j as f64;
            assert!(lower <= truth && truth <= upper, "σ{} = {truth} is not in [{lower}, {upper}]", j + 1);
            assert!(values[j] + weyl.residual < truth, "the defects are not needed here");
        }
    }

    /// Two equal left vectors reproduce a column twice: a small residual for each pair, but one singular value only.
    #[test]
    fn repeated_vectors_are_no_proof_of_two_values() {
        let a = Matrix::from_fn(3, 2, |i, _| if i == 0 { 1.0 } else { 0.0 });
        let u = Matrix::from_fn(3, 2, |i, _| if i == 0 { 1.0 } else { 0.0 });
        let v = Matrix::from_fn(2, 2, |i, j| f64::from(i == j));
        let scaled = Scaled { a, lost: 0.0 };
        // ‖UᵀU − I‖ = 1: no certificate.
        assert!(scaled.by_factors(u, vec![1.0, 1.0], v).is_none());
    }

    /// A product that is 0.1 % too long: without ω the relative ends would miss every value.
    #[test]
    fn without_the_error_of_the_product_the_relative_ends_would_be_wrong() {
        let a = Matrix::from_fn(4, 3, |i, j| if i == j { 10f64.powi(-5 * j as i32) } else { 0.0 });
        let scaled = Scaled { a, lost: 0.0 };
        let v = Matrix::identity(3);
        let ends = scaled.relative_by(&scaled.a, &v, |x| 1.001 * x.estimate()).unwrap();
        for (j, (lower, upper)) in ends.into_iter().enumerate() {
            let truth = 10f64.powi(-5 * j as i32);
            assert!(lower <= truth && truth <= upper, "σ{} = {truth:e} is not in [{lower:e}, {upper:e}]", j + 1);
        }
        let sharp = scaled.relative_by(&scaled.a, &v, Enclosure::estimate).unwrap();
        assert!(sharp.iter().all(|(lower, upper)| upper - lower < 1e-14 * upper));
    }

    /// Columns that are far from orthogonal, as for V = I: without φ the ends would be their lengths.
    #[test]
    fn without_the_angle_of_the_columns_the_relative_ends_would_be_wrong() {
        let a = Matrix::from_row_major(2, 2, vec![1.0, 0.5, 0.0, 1.0]).unwrap();
        let scaled = Scaled { a, lost: 0.0 };
        let ends = scaled.relative_by(&scaled.a, &Matrix::identity(2), Enclosure::estimate).unwrap();
        // σ² are the roots of x² − 2.25x + 1.
        let root = (2.25f64 * 2.25 - 4.0).sqrt();
        for ((lower, upper), truth) in ends.into_iter().zip([(2.25 + root) / 2.0, (2.25 - root) / 2.0].map(f64::sqrt)) {
            assert!(lower <= truth && truth <= upper, "{truth} is not in [{lower}, {upper}]");
        }
    }

    #[test]
    fn values_out_of_order_are_refused() {
        let a = Matrix::from_fn(3, 2, |i, j| if i == j { 1.0 + j as f64 } else { 0.0 });
        let scaled = Scaled { a, lost: 0.0 };
        let (u, v) = (Matrix::from_fn(3, 2, |i, j| f64::from(i == j)), Matrix::identity(2));
        // A = U·diag(1, 2)·Vᵀ without any residual, but σ₁ is 2.
        for values in [vec![1.0, 2.0], vec![1.0], vec![f64::NAN, 1.0], vec![1.0, -2.0]] {
            assert!(scaled.by_factors(u.clone(), values, v.clone()).is_none());
        }
    }

    #[test]
    fn no_factor_of_the_engine_is_believed() {
        let a = Matrix::from_fn(5, 4, |i, j| ((i * 3 + j * 7) % 5) as f64);
        let scaled = Scaled { a, lost: 0.0 };
        let f = svd(scaled.a.as_ref(), Shape::Thin).unwrap();
        let wrong: Vec<f64> = f.values.values.iter().map(|s| s * 1.1).collect();
        let weyl = scaled.by_factors(f.vectors.u, wrong, f.vectors.v).unwrap();
        let truth = f.values.values[0];
        let (lower, upper) = weyl.ends()[0];
        assert!(lower <= truth && truth <= upper && upper - lower > 0.1 * truth);
    }
}
