//! Rules that choose λ: cross-validation, the L-curve, the discrepancy principle, a bound of the norm.

use kappa_dense::{Matrix, Scalar, multiply};

use super::standard::{Standard, logarithms};
use super::{Ridge, RidgePoint, RidgeSolution, wrong_lambda};
use crate::enclosure::times_power_of_two;
use crate::equations::problem::length;
use crate::error::{Error, Result};
use crate::norm::times_vector;

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
    /// The solution at the λ that a rule chooses.
    ///
    /// # Errors
    ///
    /// As [`Ridge::lambda`].
    pub fn choose(&self, choice: Choice) -> Result<RidgeSolution<W>> {
        let (lambda, is_at_end) = self.chosen(choice)?;
        let found = self.inner_solution(lambda)?;
        // A given λ is returned as it was given.
        let lambda = if let Choice::Value(given) = choice { given } else { found.lambda };
        Ok(RidgeSolution { is_at_end, lambda, ..found })
    }

    /// The λ that a rule chooses.
    ///
    /// # Errors
    ///
    /// - When the λ, δ or α of the rule is negative or not finite, or α is 0.
    /// - When no λ attains the residual norm δ; the message gives both ends of its range.
    pub fn lambda(&self, choice: Choice) -> Result<f64> {
        self.chosen(choice).map(|(lambda, _)| self.scale.outward(lambda))
    }

    /// λ of the scaled problem, and whether it is an end of the range that was searched.
    fn chosen(&self, choice: Choice) -> Result<(f64, bool)> {
        let scale = self.scale;
        self.inner.chosen(
            match choice {
                Choice::Value(lambda) => Choice::Value(scale.inward(lambda)?),
                Choice::Discrepancy(delta) => Choice::Discrepancy(times_power_of_two(delta, -scale.b)),
                Choice::Norm(alpha) => Choice::Norm(times_power_of_two(alpha, -scale.l - scale.x())),
                rule => rule,
            },
            scale.b,
        )
    }
}

impl<W: Scalar<Wide = W>> Standard<W> {
    /// λ, and whether it is an end of the range that was searched; b is 2^unit times the scaled one.
    fn chosen(&self, choice: Choice, unit: i32) -> Result<(f64, bool)> {
        let known = |lambda: f64| Ok((lambda, false));
        // If A is zero, every λ gives the same solution.
        let is_zero = self.s.first().is_none_or(|s| *s == 0.0);
        match choice {
            Choice::Gcv | Choice::LCurve | Choice::LeaveOneOut if is_zero => known(0.0),
            Choice::Value(lambda) if lambda >= 0.0 && lambda.is_finite() => known(lambda),
            Choice::Value(lambda) => Err(wrong_lambda(lambda)),
            Choice::Gcv => Ok(self.minimise(|lambda| self.point(lambda).gcv)),
            Choice::LCurve => Ok(self.corner()),
            Choice::LeaveOneOut => {
                let hat = self.hat()?;
                Ok(self.minimise(|lambda| self.left_out(&hat, lambda)))
            }
            Choice::Discrepancy(delta) => self.discrepancy(delta, unit).and_then(known),
            Choice::Norm(alpha) => self.norm_constrained(alpha).and_then(known),
        }
    }

    /// Of the local maxima of the curvature, the one nearest to the lower left corner of the bounding box of the
    /// L-curve: noise causes further maxima at tiny λ, where ‖Lx‖ is large.
    fn corner(&self) -> (f64, bool) {
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
        let best = best.unwrap_or(0);
        let is_at_end = best == 0 || best + 1 == grid.len();
        (refined(&grid, best, |lambda| -self.point(lambda).curvature), is_at_end)
    }

    /// The minimiser on a logarithmic grid up to 10⁴σ₁², refined between its neighbours; 0 if the value at 0 is not
    /// larger.
    fn minimise(&self, f: impl Fn(f64) -> f64) -> (f64, bool) {
        let f = |lambda: f64| Some(f(lambda)).filter(|x| !x.is_nan()).unwrap_or(f64::INFINITY);
        let (low, high) = self.range();
        let grid = logarithms(low, 1e4 * high, GRID + GRID / 4);
        let values: Vec<f64> = grid.iter().map(|t| f(t.exp())).collect();
        // Among equal values the largest λ: the smoother solution.
        let best = (0..grid.len()).rev().min_by(|&i, &j| values[i].total_cmp(&values[j])).unwrap_or(0);
        if best == 0 && f(0.0) <= values[0] {
            return (0.0, false);
        }
        (refined(&grid, best, f), best + 1 == grid.len())
    }

    /// The λ with ‖r(λ)‖ = δ. ‖r(λ)‖ increases with λ: bisection on a logarithmic scale.
    fn discrepancy(&self, delta: f64, unit: i32) -> Result<f64> {
        let (least, most) = (self.squares(0.0).0.sqrt(), self.squares(f64::MAX.sqrt()).0.sqrt());
        if !(delta >= 0.0 && delta.is_finite()) {
            return Err(Error::argument(format!("the noise norm δ must be finite and ≥ 0, got {delta}")));
        }
        if delta < least || delta > most {
            let [delta, least, most] = [delta, least, most].map(|x| times_power_of_two(x, unit));
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
