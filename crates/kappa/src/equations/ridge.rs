//! Ridge regression and Tikhonov regularization: min ‖Ax − b‖² + λ‖Lx‖².

use kappa_dense::{Matrix, Scalar, c64, multiply, reflections};

use super::problem::{Problem, length};
use super::standard_form::Back;
use crate::error::{Error, Result};
use crate::norm::times_vector;
use crate::operator::{AnyMatrix, AnyOperator, Entries, LinearOperator, RealOrComplex, both};
use crate::{Profile, svd};

/// A regularized least squares problem min ‖Ax − b‖² + λ‖Lx‖², decomposed once for all λ.
///
/// With L the problem is transformed to standard form by orthogonal factors (Eldén, BIT 17 (1977) 134–145), then A =
/// UΣVᴴ; for a tall A the singular value decomposition is that of its factor R. AᴴA is never formed. Filter factors fᵢ
/// = σᵢ²/(σᵢ² + λ).
///
/// # Examples
///
/// ```
/// # use kappa::equations::{Choice, Ridge};
/// # use kappa::{Matrix, gallery};
/// let a = gallery::hilbert(8);
/// let b: Vec<f64> = (0..8).map(|i| (0..8).map(|j| a[(i, j)]).sum::<f64>() + 1e-4 * (i % 2) as f64).collect();
/// let ridge = Ridge::new(&a, &b)?;
/// let x = ridge.choose(Choice::Discrepancy(2e-4))?;
/// println!("{x:?} {:?}", ridge.solution(0.0)?);
/// assert!((x.residual_norm - 2e-4).abs() < 1e-12 && x.x.iter().all(|x| (x - 1.0).abs() < 0.5));
/// // Without regularization the noise is all there is.
/// assert!(ridge.solution(0.0)?.solution_norm > 100.0);
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// Reference: Hansen, *Rank-Deficient and Discrete Ill-Posed Problems* (1998), chapters 4, 5 and 7.
#[derive(Clone, Debug)]
pub struct Ridge<W: Scalar> {
    shape: (usize, usize),
    /// Singular values of the problem in standard form, largest first.
    s: Vec<f64>,
    /// uᵢᴴb.
    beta: Vec<W>,
    v: Matrix<W>,
    /// ‖b‖² of the part of b that is orthogonal to the range.
    beyond: f64,
    size: f64,
    /// The transformation from standard form to x.
    back: Option<Back<W>>,
    /// A and b in standard form, from which the hat matrix is computed on request: U, and the columns in the null space
    /// of L.
    a: Matrix<W>,
    b: Vec<W>,
}

/// The rule that chooses λ.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Choice {
    /// A given λ ≥ 0.
    Value(f64),
    /// The minimum of generalized cross-validation ‖r‖²/(m − Σf)² (Golub, Heath and Wahba, Technometrics 21 (1979)
    /// 215–223).
    #[default]
    Gcv,
    /// The corner of the L-curve: the largest curvature of log‖r‖ against log‖Lx‖ (Hansen and O'Leary, SISC 14 (1993)
    /// 1487–1503). For smooth solutions this λ is too small, √λ by a factor of up to 10 (Hanke, BIT 36 (1996) 287–301).
    LCurve,
    /// The discrepancy principle ‖b − Ax‖ = δ for the norm δ of the noise in b (Morozov).
    Discrepancy(f64),
    /// The minimum of the mean square leave-one-out prediction error (PRESS).
    LeaveOneOut,
    /// ‖Lx‖ ≤ α: λ = 0 if the unregularized solution satisfies it, otherwise the root of 1/‖Lx‖ = 1/α by Newton's
    /// method (Reinsch 1971).
    Norm(f64),
}

/// A regularized solution.
#[derive(Clone, Debug, PartialEq)]
pub struct RidgeSolution<W> {
    /// The solution, of length n.
    pub x: Vec<W>,
    /// λ ≥ 0 of ‖Ax − b‖² + λ‖Lx‖²; some books write λ² for it.
    pub lambda: f64,
    /// ‖b − Ax‖₂.
    pub residual_norm: f64,
    /// ‖Lx‖₂; ‖x‖₂ without L.
    pub solution_norm: f64,
    /// Σfᵢ plus the dimension of the null space of L: the effective degrees of freedom.
    pub degrees: f64,
    /// The condition number (σ₁² + λ)/(σₙ² + λ) of the problem in standard form.
    pub cond: f64,
}

/// The criteria for the choice of λ, at one λ.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RidgePoint {
    /// λ.
    pub lambda: f64,
    /// ‖b − Ax‖₂.
    pub residual_norm: f64,
    /// ‖Lx‖₂.
    pub solution_norm: f64,
    /// Σfᵢ plus the dimension of the null space of L.
    pub degrees: f64,
    /// The value of generalized cross-validation.
    pub gcv: f64,
    /// The curvature of the L-curve.
    pub curvature: f64,
}

/// The data of leave-one-out cross-validation.
struct Hat<W: Scalar> {
    /// Orthonormal columns: U, then a basis of the image of the null space of L.
    u: Matrix<W>,
    /// Uᴴb.
    beta: Vec<W>,
    /// 1 − Σ|uᵢₖ|².
    room: Vec<f64>,
    /// b − UUᴴb.
    rest: Vec<W>,
    /// The number of columns of U to which filter factors apply.
    count: usize,
}

/// Number of grid points on which a criterion is evaluated before its best value is refined.
const GRID: usize = 200;

impl<W: Scalar<Wide = W>> Ridge<W> {
    /// Decomposes the problem min ‖Ax − b‖² + λ‖x‖².
    ///
    /// A is m×n, b of length m. 2mn² + 20n³ flops, then n² for each λ.
    ///
    /// # Errors
    ///
    /// - When the shapes do not fit, or A is empty.
    /// - When an entry is not finite, or the largest entry of A or b is outside 1e-60 to 1e60.
    pub fn new<T: Scalar<Wide = W>>(a: &(impl LinearOperator<T> + ?Sized), b: &[T]) -> Result<Self> {
        let Problem { a, b } = checked(a, b)?;
        Self::standard(&a, &b, None)
    }

    /// Decomposes the problem min ‖Ax − b‖² + λ‖Lx‖², for example with differences L.
    ///
    /// L is p×n with full row rank, or full column rank if p > n. Otherwise as [`Ridge::new`].
    ///
    /// # Errors
    ///
    /// As [`Ridge::new`], when L does not have full rank or the wrong number of columns, and when A and L have a null
    /// vector in common, so that x is not unique.
    pub fn with_operator<T: Scalar<Wide = W>>(
        a: &(impl LinearOperator<T> + ?Sized),
        b: &[T],
        l: &(impl LinearOperator<T> + ?Sized),
    ) -> Result<Self> {
        let Problem { a, b } = checked(a, b)?;
        let entries = Entries::of(l)?;
        Profile::of_entries(entries.view())?;
        check_size("L", entries.view().to_wide().as_slice())?;
        if entries.view().columns() != a.columns() {
            return Err(Error::shape(format!(
                "the operator L has {} columns, the matrix has {}",
                entries.view().columns(),
                a.columns()
            )));
        }
        let (back, rest) = Back::new(&a, &b, entries.view())?;
        let standard = back.standard.clone();
        let mut ridge = Self::standard(&standard, &rest, Some(back))?;
        (ridge.shape, ridge.a, ridge.b) = ((a.rows(), a.columns()), a, b);
        Ok(ridge)
    }

    fn standard(a: &Matrix<W>, b: &[W], back: Option<Back<W>>) -> Result<Self> {
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
        })
    }

    /// The singular values of the problem in standard form; without L those of A.
    pub fn singular_values(&self) -> &[f64] {
        &self.s
    }

    /// The moduli |uᵢᴴb|. The discrete Picard condition requires that they decay faster than the singular values until
    /// the noise dominates.
    pub fn coefficients(&self) -> Vec<f64> {
        self.beta.iter().map(|&x| crate::norm::modulus(x)).collect()
    }

    /// fᵢ = σᵢ²/(σᵢ² + λ). For λ = 0 those of the solution of least norm: 0 if σᵢ ≤ max(m, n)·2⁻⁵²·σ₁.
    pub fn filter_factors(&self, lambda: f64) -> Vec<f64> {
        let limit = self.shape.0.max(self.shape.1) as f64 * f64::EPSILON * self.s.first().copied().unwrap_or(0.0);
        let of = |s: f64| if lambda == 0.0 { f64::from(s > limit) } else { 1.0 / (1.0 + (lambda / s) / s) };
        self.s.iter().map(|&s| if s == 0.0 { 0.0 } else { of(s) }).collect()
    }

    /// The dimension of the null space of L.
    fn free(&self) -> usize {
        self.back.as_ref().map_or(0, |b| b.fixed.columns())
    }

    /// ‖b − Ax‖² and ‖Lx‖² at λ.
    fn squares(&self, lambda: f64) -> (f64, f64) {
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
    pub fn point(&self, lambda: f64) -> RidgePoint {
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
    fn norm_slope(&self, lambda: f64) -> f64 {
        let terms = self.beta.iter().zip(&self.s).filter(|(_, s)| **s > 0.0).map(|(b, s)| {
            let d = s * s + lambda;
            -2.0 * (s / d) * (s / d) * b.abs_squared() / d
        });
        terms.sum()
    }

    /// The range of λ of the path: from a tenth of the square of the smallest singular value above 16ε·σ₁, and 10⁻⁸σ₁²
    /// at most, to σ₁².
    fn range(&self) -> (f64, f64) {
        let first = self.s[0];
        let limit = 16.0 * f64::EPSILON * first;
        let low = self.s.iter().copied().filter(|s| *s > limit).fold(first, f64::min);
        ((0.1 * low * low).min(1e-8 * first * first), first * first)
    }

    /// The criteria at `count` values of λ, as [`Ridge::lambdas`].
    pub fn path(&self, count: usize) -> Vec<RidgePoint> {
        self.lambdas(count).into_iter().map(|lambda| self.point(lambda)).collect()
    }

    /// `count` values of λ, evenly spaced on a logarithmic scale over the squares of the singular values, largest
    /// first.
    pub fn lambdas(&self, count: usize) -> Vec<f64> {
        if self.s.first().is_none_or(|s| *s == 0.0) {
            return vec![0.0; count];
        }
        let (low, high) = self.range();
        logarithms(low, high, count).into_iter().rev().map(f64::exp).collect()
    }

    /// The solutions for several λ, n×k, by one matrix product.
    ///
    /// # Errors
    ///
    /// When a λ is negative or not finite.
    pub fn solutions(&self, lambdas: &[f64]) -> Result<Matrix<W>> {
        if let Some(lambda) = lambdas.iter().find(|l| !(**l >= 0.0 && l.is_finite())) {
            return Err(wrong_lambda(*lambda));
        }
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

    /// The solution at λ ≥ 0.
    ///
    /// # Errors
    ///
    /// When λ is negative or not finite.
    pub fn solution(&self, lambda: f64) -> Result<RidgeSolution<W>> {
        let x = self.solutions(&[lambda])?.into_vec();
        let point = self.point(lambda);
        let (first, last) = (self.s.first().copied().unwrap_or(0.0), self.s.last().copied().unwrap_or(0.0));
        let last = if self.s.len() < self.v.rows() { 0.0 } else { last };
        Ok(RidgeSolution {
            x,
            lambda,
            residual_norm: point.residual_norm,
            solution_norm: point.solution_norm,
            degrees: point.degrees,
            cond: if last * last + lambda > 0.0 {
                (first * first + lambda) / (last * last + lambda)
            } else {
                f64::INFINITY
            },
        })
    }

    /// The solution at the λ that a rule chooses.
    ///
    /// # Errors
    ///
    /// As [`Ridge::lambda`].
    pub fn choose(&self, choice: Choice) -> Result<RidgeSolution<W>> {
        self.solution(self.lambda(choice)?)
    }

    /// The λ that a rule chooses.
    ///
    /// # Errors
    ///
    /// - When the λ, δ or α of the rule is negative or not finite, or α is 0.
    /// - When no λ attains the residual norm δ; the message gives both ends of its range.
    pub fn lambda(&self, choice: Choice) -> Result<f64> {
        // If A is zero, every λ gives the same solution.
        let is_zero = self.s.first().is_none_or(|s| *s == 0.0);
        match choice {
            Choice::Gcv | Choice::LCurve | Choice::LeaveOneOut if is_zero => Ok(0.0),
            Choice::Value(lambda) if lambda >= 0.0 && lambda.is_finite() => Ok(lambda),
            Choice::Value(lambda) => Err(wrong_lambda(lambda)),
            Choice::Gcv => Ok(self.minimise(|lambda| self.point(lambda).gcv)),
            Choice::LCurve => Ok(self.corner()),
            Choice::LeaveOneOut => {
                let hat = self.hat()?;
                Ok(self.minimise(|lambda| self.left_out(&hat, lambda)))
            }
            Choice::Discrepancy(delta) => self.discrepancy(delta),
            Choice::Norm(alpha) => self.norm_constrained(alpha),
        }
    }

    /// Of the local maxima of the curvature, the one nearest to the lower left corner of the bounding box of the
    /// L-curve: noise causes further maxima at tiny λ, where ‖Lx‖ is large.
    fn corner(&self) -> f64 {
        let (low, high) = self.range();
        let grid = logarithms(low, high, GRID);
        let points: Vec<RidgePoint> = grid.iter().map(|t| self.point(t.exp())).collect();
        let largest = points.iter().map(|p| p.curvature).fold(0.0, f64::max);
        let is_peak = |k: &usize| {
            let own = points[*k].curvature;
            let near = [k.wrapping_sub(1), k + 1];
            own > 0.05 * largest && near.iter().all(|&i| points.get(i).is_none_or(|p| p.curvature <= own))
        };
        let place = |of: fn(&RidgePoint) -> f64| -> Vec<f64> {
            let logs: Vec<f64> = points.iter().map(|p| of(p).max(f64::MIN_POSITIVE).ln()).collect();
            let (low, high) = (
                logs.iter().copied().fold(f64::INFINITY, f64::min),
                logs.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            );
            logs.into_iter().map(|x| (x - low) / (high - low).max(f64::MIN_POSITIVE)).collect()
        };
        let (x, y) = (place(|p| p.residual_norm), place(|p| p.solution_norm));
        let best = (0..points.len()).filter(is_peak).min_by(|&i, &j| x[i].hypot(y[i]).total_cmp(&x[j].hypot(y[j])));
        refined(&grid, best.unwrap_or(0), |lambda| -self.point(lambda).curvature)
    }

    /// The minimiser on a logarithmic grid up to 10⁴σ₁², refined between its neighbours; 0 if the value at 0 is not
    /// larger.
    fn minimise(&self, f: impl Fn(f64) -> f64) -> f64 {
        let f = |lambda: f64| Some(f(lambda)).filter(|x| !x.is_nan()).unwrap_or(f64::INFINITY);
        let (low, high) = self.range();
        let grid = logarithms(low, 1e4 * high, GRID + GRID / 4);
        let values: Vec<f64> = grid.iter().map(|t| f(t.exp())).collect();
        // Among equal values the largest λ: the smoother solution.
        let best = (0..grid.len()).rev().min_by(|&i, &j| values[i].total_cmp(&values[j])).unwrap_or(0);
        if best == 0 && f(0.0) <= values[0] {
            return 0.0;
        }
        refined(&grid, best, f)
    }

    /// The λ with ‖r(λ)‖ = δ. ‖r(λ)‖ increases with λ: bisection on a logarithmic scale.
    fn discrepancy(&self, delta: f64) -> Result<f64> {
        let (least, most) = (self.squares(0.0).0.sqrt(), self.squares(f64::MAX.sqrt()).0.sqrt());
        if !(delta >= 0.0 && delta.is_finite()) {
            return Err(Error::argument(format!("the noise norm δ must be finite and ≥ 0, got {delta}")));
        }
        if delta < least || delta > most {
            return Err(Error::unsupported(format!(
                "no λ gives the residual norm δ = {delta:e}: it ranges from {least:e} at λ = 0 to {most:e} at λ = ∞"
            ))
            .with_hint("δ is the 2-norm of the noise in b, about σ·√m for m entries with standard deviation σ"));
        }
        let (mut low, mut high) = (-1400.0f64, 1400.0f64);
        for _ in 0..200 {
            let middle = 0.5 * (low + high);
            if self.squares(middle.exp()).0.sqrt() < delta { low = middle } else { high = middle }
        }
        Ok(if high <= -1399.0 { 0.0 } else { high.exp() })
    }

    /// The unique λ ≥ 0 with ‖Lx‖ = α: Newton's method for 1/‖x(λ)‖, which is concave and nearly linear, from the left.
    fn norm_constrained(&self, alpha: f64) -> Result<f64> {
        if !(alpha > 0.0 && alpha.is_finite()) {
            return Err(Error::argument(format!("the norm bound α must be positive and finite, got {alpha}")));
        }
        if self.squares(0.0).1.sqrt() <= alpha {
            return Ok(0.0);
        }
        let norm = |lambda: f64| self.squares(lambda).1.sqrt();
        // The root is bracketed; a step outside the bracket is replaced by a bisection.
        let (mut low, mut high) = (0.0, self.s[0] * length(&self.beta) / alpha);
        let mut lambda = (low + high) / 2.0;
        for _ in 0..200 {
            let size = norm(lambda);
            if size > alpha {
                low = lambda
            } else {
                high = lambda
            }
            let derivative = -0.5 * self.norm_slope(lambda) / (size * size * size);
            let step = (1.0 / alpha - 1.0 / size) / derivative;
            let next = lambda + step;
            let next = if next > low && next < high { next } else { 0.5 * (low + high) };
            if (next - lambda).abs() <= 4.0 * f64::EPSILON * lambda {
                return Ok(next);
            }
            lambda = next;
        }
        Ok(lambda)
    }

    /// U of the problem in standard form, the image of the null space of L, and the part of each row outside both.
    fn hat(&self) -> Result<Hat<W>> {
        let standard = self.back.as_ref().map_or(&self.a, |b| &b.standard);
        let image = multiply(standard.as_ref(), self.v.as_ref())?;
        let limit = 16.0 * f64::EPSILON * self.s[0];
        let count = self.s.iter().filter(|s| **s > limit).count();
        let mut u = Matrix::from_fn(image.rows(), count, |i, k| image[(i, k)].scale(1.0 / self.s[k]));
        if let Some(back) = &self.back {
            let fixed = &back.fixed;
            u = Matrix::from_fn(u.rows(), count + fixed.columns(), |i, k| {
                if k < count { u[(i, k)] } else { fixed[(i, k - count)] }
            });
        }
        let beta =
            multiply(u.adjoint().as_ref(), Matrix::from_column_major(self.b.len(), 1, self.b.clone())?.as_ref())?;
        let inside = times_vector(&u, beta.as_slice());
        let reach = |i: usize| (0..u.columns()).map(|k| u[(i, k)].abs_squared()).sum::<f64>();
        let mut room: Vec<f64> = (0..u.rows()).map(|i| (1.0 - reach(i)).max(0.0)).collect();
        let mut rest: Vec<W> = self.b.iter().zip(inside).map(|(b, p)| *b - p).collect();
        // A row of b that lies in the range has a residual of rounding errors only; its quotient 0/0 must not affect
        // the criterion.
        for (room, rest) in room.iter_mut().zip(&mut rest).filter(|(room, _)| **room <= 64.0 * f64::EPSILON) {
            (*room, *rest) = (0.0, W::default());
        }
        Ok(Hat { u, beta: beta.into_vec(), room, rest, count })
    }

    /// The mean square of rᵢ/(1 − hᵢᵢ), the prediction errors of rows that were left out (Allen 1974). r and 1 − h are
    /// computed from 1 − fₖ = λ/(λ + σₖ²), so that no digits are lost if hᵢᵢ is nearly 1.
    fn left_out(&self, hat: &Hat<W>, lambda: f64) -> f64 {
        let (mut rest, mut room) = (hat.rest.clone(), hat.room.clone());
        for k in 0..hat.count {
            let left = if lambda == 0.0 { 0.0 } else { lambda / (lambda + self.s[k] * self.s[k]) };
            let part = hat.beta[k].scale(left);
            rest.iter_mut().zip(hat.u.column(k)).for_each(|(r, u)| *r += *u * part);
            room.iter_mut().zip(hat.u.column(k)).for_each(|(r, u)| *r += u.abs_squared() * left);
        }
        let of = |(rest, room): (&W, &f64)| crate::norm::modulus(*rest) / room;
        rest.iter().zip(&room).map(of).map(|e| e * e).sum::<f64>() / rest.len() as f64
    }

    /// ‖b‖₂ of the problem in standard form.
    pub fn size(&self) -> f64 {
        self.size
    }
}

impl std::str::FromStr for Choice {
    type Err = Error;

    /// `gcv`, `l-curve`, `leave-one-out`, `discrepancy:0.1`, `norm:2`, or a number.
    fn from_str(text: &str) -> Result<Self> {
        let name = text.trim().to_lowercase().replace('_', "-");
        let (rule, number) = match name.split_once(':') {
            Some((rule, number)) => (rule, number.trim().parse::<f64>().ok()),
            None => (name.as_str(), None),
        };
        match (rule, number) {
            ("gcv", None) => Ok(Self::Gcv),
            ("l-curve", None) => Ok(Self::LCurve),
            ("leave-one-out" | "loo", None) => Ok(Self::LeaveOneOut),
            ("discrepancy", Some(delta)) => Ok(Self::Discrepancy(delta)),
            ("norm", Some(alpha)) => Ok(Self::Norm(alpha)),
            (number, None) => number.parse().map(Self::Value).map_err(|_| unknown_rule(text)),
            _ => Err(unknown_rule(text)),
        }
    }
}

/// The logarithms of `count` numbers from `low` to `high`, evenly spaced.
fn logarithms(low: f64, high: f64, count: usize) -> Vec<f64> {
    let (a, b) = (low.ln(), high.ln());
    (0..count).map(|k| if count == 1 { b } else { a + (b - a) * k as f64 / (count - 1) as f64 }).collect()
}

/// The minimiser between the neighbours of a point of a logarithmic grid, by golden section search.
fn refined(grid: &[f64], best: usize, f: impl Fn(f64) -> f64) -> f64 {
    let (mut p, mut q) = (grid[best.saturating_sub(1)], grid[(best + 1).min(grid.len() - 1)]);
    let golden = 0.618_033_988_749_894_9;
    for _ in 0..60 {
        let (x, y) = (q - golden * (q - p), p + golden * (q - p));
        if f(x.exp()) < f(y.exp()) { q = y } else { p = x }
    }
    (0.5 * (p + q)).exp()
}

fn unknown_rule(text: &str) -> Error {
    Error::syntax(format!("unknown rule for λ `{text}`; known: gcv, l-curve, leave-one-out, discrepancy:δ, norm:α, λ"))
        .with_hint("λ is a number ≥ 0, δ the 2-norm of the noise in b, α the bound of ‖Lx‖")
}

fn wrong_lambda(lambda: f64) -> Error {
    Error::argument(format!("λ must be finite and ≥ 0, got {lambda}"))
        .with_hint("λ = 0 is ordinary least squares; `gcv` chooses λ from the data")
}

/// A checked problem whose matrix is not empty.
fn checked<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized), b: &[T]) -> Result<Problem<T::Wide>> {
    let (m, n) = a.shape();
    if m == 0 || n == 0 {
        return Err(Error::shape(format!("the {m}×{n} matrix is empty")));
    }
    let found = Problem::new(a, b)?;
    check_size("the matrix", found.a.as_slice())?;
    check_size("the right-hand side", &found.b)?;
    Ok(found)
}

/// λ is of the size of σ², and curvatures are products of four such numbers: entries far from 1 would overflow or
/// underflow.
fn check_size<W: Scalar>(what: &str, entries: &[W]) -> Result<()> {
    let largest = entries.iter().map(|x| x.re().abs().max(x.im().abs())).fold(0.0, f64::max);
    if largest == 0.0 || (1e-60..1e60).contains(&largest) {
        return Ok(());
    }
    Err(Error::unsupported(format!(
        "the largest entry of {what} is {largest:e}, outside 1e-60 to 1e60: its powers overflow or underflow"
    ))
    .with_hint(format!("multiply {what} by a power of ten, and scale x and λ accordingly")))
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

/// [`Ridge`] of a real or of a complex matrix.
pub type AnyRidge = RealOrComplex<Ridge<f64>, Ridge<c64>>;

impl AnyRidge {
    /// Decomposes the problem with A, b and the operator L of λ‖Lx‖²; without L the identity.
    ///
    /// # Errors
    ///
    /// As [`Ridge`].
    pub fn new(a: &AnyOperator<'_>, b: &AnyMatrix, l: Option<&AnyMatrix>) -> Result<Self> {
        match (a.widened()?, b, l) {
            (RealOrComplex::Real(a), AnyMatrix::Real(b), None) => {
                Ridge::new(&a.operand(), b.as_slice()).map(Self::Real)
            }
            (RealOrComplex::Real(a), AnyMatrix::Real(b), Some(AnyMatrix::Real(l))) => {
                Ridge::with_operator(&a.operand(), b.as_slice(), l).map(Self::Real)
            }
            (a, b, l) => {
                let (a, b) = (a.into_complex()?, b.to_complex());
                match l.map(AnyMatrix::to_complex) {
                    None => Ridge::new(&a.operand(), b.as_slice()),
                    Some(l) => Ridge::with_operator(&a.operand(), b.as_slice(), &l),
                }
                .map(Self::Complex)
            }
        }
    }

    /// The singular values of the problem in standard form.
    pub fn singular_values(&self) -> &[f64] {
        both!(self, f => f.singular_values())
    }

    /// |uᵢᴴb|, for the Picard condition.
    pub fn coefficients(&self) -> Vec<f64> {
        both!(self, f => f.coefficients())
    }

    /// σ²/(σ² + λ).
    pub fn filter_factors(&self, lambda: f64) -> Vec<f64> {
        both!(self, f => f.filter_factors(lambda))
    }

    /// The criteria at one λ.
    pub fn point(&self, lambda: f64) -> RidgePoint {
        both!(self, f => f.point(lambda))
    }

    /// The criteria at `count` values of λ.
    pub fn path(&self, count: usize) -> Vec<RidgePoint> {
        both!(self, f => f.path(count))
    }

    /// `count` values of λ from the largest to the smallest of the path.
    pub fn lambdas(&self, count: usize) -> Vec<f64> {
        both!(self, f => f.lambdas(count))
    }

    /// The solutions for several λ, one column each.
    ///
    /// # Errors
    ///
    /// As [`Ridge`].
    pub fn solutions(&self, lambdas: &[f64]) -> Result<AnyMatrix> {
        both!(self, f => f.solutions(lambdas).map(AnyMatrix::from))
    }

    /// The λ that a rule chooses.
    ///
    /// # Errors
    ///
    /// As [`Ridge`].
    pub fn lambda(&self, choice: Choice) -> Result<f64> {
        both!(self, f => f.lambda(choice))
    }

    /// The solution for one λ.
    ///
    /// # Errors
    ///
    /// As [`Ridge`].
    pub fn solution(&self, lambda: f64) -> Result<AnyRidgeSolution> {
        match self {
            Self::Real(f) => f.solution(lambda).map(AnyRidgeSolution::Real),
            Self::Complex(f) => f.solution(lambda).map(AnyRidgeSolution::Complex),
        }
    }

    /// The solution at the λ that a rule chooses.
    ///
    /// # Errors
    ///
    /// As [`Ridge`].
    pub fn choose(&self, choice: Choice) -> Result<AnyRidgeSolution> {
        match self {
            Self::Real(f) => f.choose(choice).map(AnyRidgeSolution::Real),
            Self::Complex(f) => f.choose(choice).map(AnyRidgeSolution::Complex),
        }
    }
}

/// [`RidgeSolution`] of a real or of a complex matrix.
pub type AnyRidgeSolution = RealOrComplex<RidgeSolution<f64>, RidgeSolution<c64>>;

impl AnyRidgeSolution {
    /// The solution as a column.
    pub fn x(&self) -> AnyMatrix {
        both!(self, f => AnyMatrix::column(&f.x))
    }

    /// λ.
    pub fn lambda(&self) -> f64 {
        both!(self, f => f.lambda)
    }

    /// ‖b − Ax‖₂.
    pub fn residual_norm(&self) -> f64 {
        both!(self, f => f.residual_norm)
    }

    /// ‖Lx‖₂.
    pub fn solution_norm(&self) -> f64 {
        both!(self, f => f.solution_norm)
    }

    /// The effective degrees of freedom.
    pub fn degrees(&self) -> f64 {
        both!(self, f => f.degrees)
    }

    /// The condition number of the regularized problem.
    pub fn cond(&self) -> f64 {
        both!(self, f => f.cond)
    }
}
