//! Norms that the caller defines, as a gauge function of the singular values.

use kappa_dense::Scalar;

use crate::error::{Error, Result};
use crate::operator::{AnyOperator, LinearOperator};
use crate::random::Draws;
use crate::{Enclosure, Evidence, SingularValues, singular_values};

/// The number of samples on which a function is tested.
const SAMPLES: usize = 64;
const SLACK: f64 = 1e-10;

/// ‖A‖ = gauge(σ₁, …, σₚ) for a symmetric gauge function given by the caller.
///
/// The function is first tested on 64 random vectors: symmetry, homogeneity, monotonicity and the triangle inequality
/// (von Neumann: exactly these make a unitarily invariant norm). A monotone function maps enclosures end by end; the
/// evidence says that the function was only tested on samples. The cost of [`singular_values`] and 260 calls.
///
/// # Errors
///
/// When a test of the function fails, and as [`singular_values`].
///
/// # Examples
///
/// ```
/// # use kappa::ask::norm_by_gauge;
/// # use kappa::Matrix;
/// let a = Matrix::from_row_major(2, 2, vec![3.0, 0.0, 0.0, 1.0])?;
/// let sum = norm_by_gauge(&a, |s| s.iter().sum())?;
/// assert!(sum.contains(4.0));
/// // Not symmetric: an error with the numbers.
/// assert!(norm_by_gauge(&a, |s| s[0] + 2.0 * s[1]).is_err());
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn norm_by_gauge<T: Scalar>(
    a: &(impl LinearOperator<T> + ?Sized),
    gauge: impl Fn(&[f64]) -> f64,
) -> Result<Enclosure> {
    singular_values(a)?.norm_by_gauge(gauge)
}

impl SingularValues {
    /// [`norm_by_gauge`](crate::ask::norm_by_gauge) for known singular values.
    ///
    /// # Errors
    ///
    /// When a test of the function fails.
    pub fn norm_by_gauge(&self, gauge: impl Fn(&[f64]) -> f64) -> Result<Enclosure> {
        let n = self.len();
        if n == 0 {
            return Ok(Enclosure::exact(0.0));
        }
        check(n, &gauge)?;
        let of = |end: fn(&Enclosure) -> f64| gauge(&self.iter().map(|x| end(&x)).collect::<Vec<f64>>());
        let (lower, middle, upper) = (of(Enclosure::lower), of(Enclosure::estimate), of(Enclosure::upper));
        let evidence =
            Evidence::Estimate("a gauge function of the caller, tested on samples").and(self.first().evidence());
        let widened = |x: f64, sign: f64| x + sign * x.abs() * 8.0 * f64::EPSILON * n as f64;
        Ok(Enclosure::new(widened(lower, -1.0).max(0.0), middle, widened(upper, 1.0), evidence))
    }
}

fn check(n: usize, gauge: &impl Fn(&[f64]) -> f64) -> Result<()> {
    let mut draws = Draws(0x9a06e);
    let refuse = |law: &str, x: f64, y: f64| {
        Err(Error::syntax(format!("the function is not a symmetric gauge: {law}, {x} against {y}"))
            .with_hint("it must be a norm, not depend on the order, and not decrease when an entry grows"))
    };
    for _ in 0..SAMPLES {
        let x: Vec<f64> = (0..n).map(|_| draws.normal().abs()).collect();
        let mut y: Vec<f64> = (0..n).map(|_| draws.normal().abs()).collect();
        let at = gauge(&x);
        if !(at > 0.0 && at.is_finite()) {
            return refuse("it must be positive", at, 0.0);
        }
        let mut shuffled = x.clone();
        for i in (1..n).rev() {
            shuffled.swap(i, (draws.uniform() * (i + 1) as f64) as usize);
        }
        let other = gauge(&shuffled);
        if (other - at).abs() > SLACK * at {
            return refuse("it changes with the order", other, at);
        }
        let doubled = gauge(&x.iter().map(|x| 2.0 * x).collect::<Vec<f64>>());
        if (doubled - 2.0 * at).abs() > SLACK * at {
            return refuse("doubling x does not double it", doubled, 2.0 * at);
        }
        let sum = gauge(&x.iter().zip(&y).map(|(x, y)| x + y).collect::<Vec<f64>>());
        let most = at + gauge(&y);
        if sum > most * (1.0 + SLACK) {
            return refuse("the triangle inequality fails", sum, most);
        }
        y.iter_mut().zip(&x).for_each(|(y, x)| *y = x * draws.uniform());
        let less = gauge(&y);
        if less > at * (1.0 + SLACK) {
            return refuse("it grows when an entry shrinks", less, at);
        }
    }
    Ok(())
}

impl AnyOperator<'_> {
    /// [`norm_by_gauge`](crate::ask::norm_by_gauge) of this operator.
    ///
    /// # Errors
    ///
    /// As [`norm_by_gauge`](crate::ask::norm_by_gauge).
    pub fn norm_by_gauge(&self, gauge: impl Fn(&[f64]) -> f64) -> Result<Enclosure> {
        self.singular_values()?.norm_by_gauge(gauge)
    }
}
