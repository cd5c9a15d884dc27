//! Random numbers that depend on the seed alone, never on the number of threads.

use kappa_dense::Scalar;

/// A random unit vector, uniform on the sphere, determined by the seed.
pub(crate) fn random_unit<W: Scalar<Wide = W>>(n: usize, seed: u64) -> Vec<W> {
    let mut draws = Draws(seed ^ 0x6b61_7070_615f_6c7a);
    let x: Vec<W> = (0..n).map(|_| W::from_parts(draws.normal(), draws.normal())).collect();
    let size = x.iter().map(|x| x.abs_squared()).sum::<f64>().sqrt().max(f64::MIN_POSITIVE);
    x.iter().map(|x| x.scale(1.0 / size)).collect()
}

/// The generator splitmix64; the field is its state.
pub(crate) struct Draws(pub(crate) u64);

impl Draws {
    /// The increment of the state for each draw.
    const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
    /// The number of uniform draws for one normal number.
    pub(crate) const FOR_NORMAL: usize = 2;

    /// The generator after `count` further draws.
    pub(crate) fn after(&self, count: usize) -> Self {
        Self(self.0.wrapping_add(Self::STEP.wrapping_mul(count as u64)))
    }

    /// A number uniform in (0, 1).
    pub(crate) fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(Self::STEP);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 12) as f64 * 2f64.powi(-52) + 2f64.powi(-53)
    }

    /// A standard normal number (Box and Muller).
    pub(crate) fn normal(&mut self) -> f64 {
        let (u, v) = (self.uniform(), self.uniform());
        (-2.0 * u.ln()).sqrt() * (2.0 * std::f64::consts::PI * v).cos()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_can_be_left_out() {
        let mut one = Draws(5);
        let mut other = one.after(3 * Draws::FOR_NORMAL);
        (0..3).for_each(|_| assert!(one.normal().is_finite()));
        assert_eq!(one.normal(), other.normal());
    }

    #[test]
    fn draws_are_uniform_on_the_sphere_to_the_eye() {
        let x = random_unit::<f64>(10_000, 3);
        let (mean, square) = (x.iter().sum::<f64>(), x.iter().map(|x| x * x).sum::<f64>());
        assert!(mean.abs() < 4.0 && (square - 1.0).abs() < 1e-12);
        assert!(x == random_unit::<f64>(10_000, 3) && x != random_unit::<f64>(10_000, 4));
    }
}
