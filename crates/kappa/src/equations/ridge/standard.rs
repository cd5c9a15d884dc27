//! The regularized problem of a matrix and a right-hand side near 1 in size, in standard form.

use kappa_dense::{Matrix, Scalar, multiply, reflections};

use super::RidgePoint;
use crate::equations::problem::length;
use crate::equations::standard_form::Back;
use crate::error::Result;
use crate::norm::times_vector;
use crate::svd;

/// A regularized least squares problem, decomposed. λ, and all sizes, are those of the scaled problem.
#[derive(Clone, Debug)]
pub(super) struct Standard<W: Scalar> {
    pub(super) shape: (usize, usize),
    /// Singular values of the problem in standard form, largest first.
    pub(super) s: Vec<f64>,
    /// uᵢᴴb.
    pub(super) beta: Vec<W>,
    pub(super) v: Matrix<W>,
    /// ‖b‖² of the part of b that is orthogonal to the range.
    pub(super) beyond: f64,
    pub(super) size: f64,
    /// The transformation from standard form to x.
    pub(super) back: Option<Back<W>>,
    /// A and b in standard form, from which the hat matrix is computed on request: U, and the columns in the null space
    /// of L.
    pub(super) a: Matrix<W>,
    pub(super) b: Vec<W>,
    /// L; the identity by default.
    pub(super) operator: Option<Matrix<W>>,
}

impl<W: Scalar<Wide = W>> Standard<W> {
    /// Decomposes min ‖Ax − b‖² + λ‖x‖².
    pub(super) fn new(a: &Matrix<W>, b: &[W]) -> Result<Self> {
        Self::decomposed(a, b, None)
    }

    /// Decomposes min ‖Ax − b‖² + λ‖Lx‖².
    pub(super) fn with_operator(a: Matrix<W>, b: Vec<W>, l: Matrix<W>) -> Result<Self> {
        let (back, rest) = Back::new(&a, &b, l.as_ref())?;
        let standard = back.standard.clone();
        let mut found = Self::decomposed(&standard, &rest, Some(back))?;
        (found.shape, found.a, found.b, found.operator) = ((a.rows(), a.columns()), a, b, Some(l));
        Ok(found)
    }

    fn decomposed(a: &Matrix<W>, b: &[W], back: Option<Back<W>>) -> Result<Self> {
        let (m, n) = (a.rows(), a.columns());
        let column = Matrix::from_column_major(m, 1, b.to_vec())?;
        let (f, along) = if m > n {
            let factors = reflections(a.as_ref())?;
            let mut turned = column;
            factors.apply(&mut turned, true);
            (svd(&factors.r())?, Matrix::from_fn(n, 1, |i, _| turned[(i, 0)]))
        } else {
            (svd(a)?, column)
        };
        let beta = multiply(f.u().adjoint().as_ref(), along.as_ref())?.into_vec();
        Ok(Self {
            shape: (m, n),
            s: f.singular_values().estimates().to_vec(),
            v: f.v().clone(),
            beyond: beyond(a, b, &f, &beta),
            beta,
            size: length(b),
            back,
            a: a.clone(),
            b: b.to_vec(),
            operator: None,
        })
    }

    /// The size below which a singular value counts as zero: max(m, n)·2⁻⁵²·σ₁.
    pub(super) fn limit(&self) -> f64 {
        self.shape.0.max(self.shape.1) as f64 * f64::EPSILON * self.s.first().copied().unwrap_or(0.0)
    }

    /// fᵢ = σᵢ²/(σᵢ² + λ). For λ = 0 those of the solution of least norm: 0 if σᵢ ≤ max(m, n)·2⁻⁵²·σ₁.
    pub(super) fn filter_factors(&self, lambda: f64) -> Vec<f64> {
        let limit = self.limit();
        let of = |s: f64| if lambda == 0.0 { f64::from(s > limit) } else { 1.0 / (1.0 + (lambda / s) / s) };
        self.s.iter().map(|&s| if s == 0.0 { 0.0 } else { of(s) }).collect()
    }

    /// The dimension of the null space of L.
    fn free(&self) -> usize {
        self.back.as_ref().map_or(0, |b| b.fixed.columns())
    }

    /// ‖b − Ax‖² and ‖Lx‖² at λ.
    pub(super) fn squares(&self, lambda: f64) -> (f64, f64) {
        let f = self.filter_factors(lambda);
        let mut found = (self.beyond, 0.0);
        for ((f, beta), s) in f.iter().zip(&self.beta).zip(&self.s) {
            let square = beta.abs_squared();
            let left = if lambda == 0.0 { 1.0 - f } else { lambda / (lambda + s * s) };
            found.0 += left * left * square;
            if *f > 0.0 {
                found.1 += (f / s) * (f / s) * square;
            }
        }
        found
    }

    /// The residual, the norm of the solution and the criteria at one λ.
    pub(super) fn point(&self, lambda: f64) -> RidgePoint {
        let (rest, norm) = self.squares(lambda);
        let degrees = self.filter_factors(lambda).iter().sum::<f64>() + self.free() as f64;
        let room = self.shape.0 as f64 - degrees;
        RidgePoint {
            lambda,
            residual_norm: rest.sqrt(),
            solution_norm: norm.sqrt(),
            degrees,
            gcv: if room > 0.0 { rest / (room * room) } else { f64::INFINITY },
            curvature: self.curvature(lambda, rest, norm),
        }
    }

    /// The curvature of (log‖r‖, log‖Lx‖) as a function of λ. With ρ = ‖r‖², η = ‖Lx‖² and ρ' = −λη' it is
    /// 2η²ρ²/|η'|·(1 + λη'/η + λ²η'/ρ)/(λ²η² + ρ²)^(3/2), positive at the corner (as Hansen 1998, section 7.5, in
    /// another form).
    fn curvature(&self, lambda: f64, rho: f64, eta: f64) -> f64 {
        // η' = −2Σσ²|β|²/(σ² + λ)³.
        let slope = self.norm_slope(lambda);
        let bracket = 1.0 + lambda * slope / eta + lambda * lambda * slope / rho;
        // The order of the factors avoids overflow.
        let length = (lambda * eta).hypot(rho);
        let value = 2.0 * (eta * rho / length) * (eta * rho / length) / slope.abs() / length * bracket;
        if value.is_finite() { value } else { f64::NEG_INFINITY }
    }

    /// d‖Lx‖²/dλ.
    pub(super) fn norm_slope(&self, lambda: f64) -> f64 {
        let terms = self.beta.iter().zip(&self.s).filter(|(_, s)| **s > 0.0).map(|(b, s)| {
            let d = s * s + lambda;
            -2.0 * (s / d) * (s / d) * b.abs_squared() / d
        });
        terms.sum()
    }

    /// The range of λ of the path: from a tenth of the square of the smallest singular value above 16ε·σ₁, and 10⁻⁸σ₁²
    /// at most, to σ₁².
    pub(super) fn range(&self) -> (f64, f64) {
        let first = self.s[0];
        let limit = 16.0 * f64::EPSILON * first;
        let low = self.s.iter().copied().filter(|s| *s > limit).fold(first, f64::min);
        ((0.1 * low * low).min(1e-8 * first * first), first * first)
    }

    /// `count` values of λ, evenly spaced on a logarithmic scale over the squares of the singular values, largest
    /// first.
    pub(super) fn lambdas(&self, count: usize) -> Vec<f64> {
        if self.s.first().is_none_or(|s| *s == 0.0) {
            return vec![0.0; count];
        }
        let (low, high) = self.range();
        logarithms(low, high, count).into_iter().rev().map(f64::exp).collect()
    }

    /// The solutions for several λ, n×k, by one matrix product.
    pub(super) fn solutions(&self, lambdas: &[f64]) -> Result<Matrix<W>> {
        let filters: Vec<Vec<f64>> = lambdas.iter().map(|&l| self.filter_factors(l)).collect();
        let along = Matrix::from_fn(self.s.len(), lambdas.len(), |i, k| {
            if filters[k][i] == 0.0 { W::default() } else { self.beta[i].scale(filters[k][i] / self.s[i]) }
        });
        let x = multiply(self.v.as_ref(), along.as_ref())?;
        let Some(back) = &self.back else { return Ok(x) };
        let mut x = multiply(back.map.as_ref(), x.as_ref())?;
        for k in 0..x.columns() {
            x.column_mut(k).iter_mut().zip(&back.free).for_each(|(x, f)| *x += *f);
        }
        Ok(x)
    }
}

/// The logarithms of `count` numbers from `low` to `high`, evenly spaced.
pub(super) fn logarithms(low: f64, high: f64, count: usize) -> Vec<f64> {
    let (a, b) = (low.ln(), high.ln());
    (0..count).map(|k| if count == 1 { b } else { a + (b - a) * k as f64 / (count - 1) as f64 }).collect()
}

/// ‖b − UUᴴb‖², from the residual at λ = 0: the difference ‖b‖² − ‖Uᴴb‖² would cancel.
fn beyond<W: Scalar<Wide = W>>(a: &Matrix<W>, b: &[W], f: &crate::Svd<W>, beta: &[W]) -> f64 {
    let s = f.singular_values().estimates();
    // Singular values below the tolerance belong to the range of A as stored, but their directions are determined by
    // rounding errors.
    let limit = 16.0 * f64::EPSILON * s[0];
    let part = |(b, s): (&W, &f64)| if *s > limit { b.scale(1.0 / s) } else { W::default() };
    let along: Vec<W> = beta.iter().zip(s).map(part).collect();
    let x = times_vector(f.v(), &along);
    let fitted = times_vector(a, &x);
    let rest: Vec<W> = b.iter().zip(fitted).map(|(b, p)| *b - p).collect();
    let lost: f64 = beta.iter().zip(s).filter(|(_, s)| **s <= limit).map(|(b, _)| b.abs_squared()).sum();
    let size = length(&rest);
    (size * size - lost).max(0.0)
}
