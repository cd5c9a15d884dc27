//! The rank up to the rounding of the type in which a matrix is stored.

use super::SingularValues;
use crate::Enclosure;
use crate::enclosure::directed::{add_down, add_up, div_down, div_up, mul_down, mul_up};

impl SingularValues {
    /// The stored rank: the least r with √(Σσᵢ² over i > r) ≤ u/(1 − u)·‖A‖_F, with u = ε/2 of the type in which the
    /// entries are stored. Up to rounding to that type, A cannot be told from a matrix of this rank.
    ///
    /// The ends differ where the singular values are not known well enough to decide it.
    ///
    /// # Examples
    ///
    /// ```
    /// # use kappa::{Matrix, singular_values};
    /// // A matrix of rank 1, rounded to single precision.
    /// let a = Matrix::from_fn(30, 30, |i, j| ((i + 1) as f64 / (j + 3) as f64) as f32);
    /// assert_eq!(singular_values(&a)?.stored_rank().upper(), 1.0);
    /// # Ok::<(), kappa::Error>(())
    /// ```
    pub fn stored_rank(&self) -> Enclosure {
        let scale = self.first().upper().min(f64::MAX);
        if scale == 0.0 {
            return Enclosure::exact(0.0);
        }
        let down = |x: f64| {
            let x = div_down(x, scale);
            mul_down(x, x).max(0.0)
        };
        let up = |x: f64| {
            let x = div_up(x, scale);
            mul_up(x, x)
        };
        // The sums of the k + 1 smallest squares over the largest one, from below, computed, and from above.
        let mut tails = Vec::with_capacity(self.len());
        let mut sum = (0.0, 0.0, 0.0);
        for i in (0..self.len()).rev() {
            let (s, x) = (self.get(i), self.estimates()[i] / scale);
            sum = (add_down(sum.0, down(s.lower())).max(0.0), sum.1 + x * x, add_up(sum.2, up(s.upper())));
            tails.push(sum);
        }
        let u = 0.5 * self.epsilon();
        let (least, most) = (div_down(u, 1.0 - u), div_up(u, (1.0 - u).next_down()));
        let limit_up = mul_up(mul_up(most, most), sum.2);
        let limit_down = mul_down(mul_down(least, least), sum.0).max(0.0);
        let rest = |fits: &dyn Fn(&(f64, f64, f64)) -> bool| tails.iter().take_while(|t| fits(t)).count();
        let rank = |count: usize| (self.len() - count) as f64;
        Enclosure::new(
            rank(rest(&|t| t.0 <= limit_up)),
            rank(rest(&|t| t.1 <= most * most * sum.1)),
            rank(rest(&|t| t.2 <= limit_down)),
            self.first().evidence(),
        )
    }
}
