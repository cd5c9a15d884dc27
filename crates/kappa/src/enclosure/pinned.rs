//! Vectors known to about 106 bits: a pair of doubles and a radius for each entry.

use kappa_dense::pair::Pair;

use super::directed::{add_down, add_up, times_power};
use crate::{Enclosure, Evidence};

/// |xᵢ − (highᵢ + lowᵢ)| ≤ radiusᵢ.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Pinned {
    pub(crate) value: Vec<Pair>,
    pub(crate) radius: Vec<f64>,
}

impl Pinned {
    pub(crate) fn with_room(n: usize) -> Self {
        Self { value: Vec::with_capacity(n), radius: Vec::with_capacity(n) }
    }

    /// Appends the entry (x ± radius)·2ᵉ.
    pub(crate) fn push(&mut self, x: Pair, radius: f64, e: i32) {
        let mut radius = if radius.is_nan() { f64::INFINITY } else { times_power(radius, e).1 };
        let mut scaled = |part: f64| {
            let (low, high) = times_power(part.abs(), e);
            if low != high {
                radius = add_up(radius, add_up(high, -low));
            }
            low.copysign(part)
        };
        let value = Pair { high: scaled(x.high), low: scaled(x.low) };
        self.value.push(value);
        self.radius.push(radius);
    }

    /// Entry i, enclosed by two doubles.
    pub(crate) fn enclosure(&self, i: usize) -> Enclosure {
        enclosure(self.value[i], self.radius[i])
    }
}

/// The enclosure of `x` ± `radius` by two doubles.
pub(crate) fn enclosure(x: Pair, radius: f64) -> Enclosure {
    let (low, high) = (add_down(x.low, -radius), add_up(x.low, radius));
    Enclosure::new(add_down(x.high, low), x.high, add_up(x.high, high), Evidence::Rounding)
}
