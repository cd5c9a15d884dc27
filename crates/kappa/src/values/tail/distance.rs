//! The distance between a power law and the values that it was fitted to.

use super::Steps;

/// Logarithms y₁ ≤ … ≤ y_N of the values, and the ends of the steps of their distribution that are compared.
pub(super) struct Logarithms<'a> {
    pub(super) y: &'a [f64],
    /// The logarithm of the beginning of the law where it is given, and is not the first value of the tail.
    pub(super) base: Option<f64>,
    pub(super) steps: Steps,
}

/// The Kolmogorov–Smirnov distance, and the index of the value at which it is attained.
#[derive(Clone, Copy)]
pub(super) struct Distance {
    pub(super) size: f64,
    pub(super) at: usize,
}

impl Logarithms<'_> {
    /// The logarithm of the beginning of a tail from index i on.
    pub(super) fn start(&self, i: usize) -> f64 {
        self.base.unwrap_or(self.y[i])
    }

    /// The distance maxⱼ |S(yⱼ) − e^{−β(yⱼ − yᵢ)}| over j ≥ i, where S is the share of the values from i on that are
    /// ≥ yⱼ, and the share that are > yⱼ.
    ///
    /// Branch and bound: both functions decrease, so that in an interval each lies between its values at the ends.
    /// Returns the index at which the distance reaches `enough` as an error, as soon as there is one. The index `first`
    /// is evaluated before all others, because neighbouring i are often far from their laws at the same j.
    pub(super) fn distance(&self, i: usize, beta: f64, enough: f64, first: usize) -> Result<Distance, usize> {
        let y = self.y;
        let (last, count) = (y.len() - 1, (y.len() - i) as f64);
        let start = self.start(i);
        // A value that counts as equal to the beginning may lie a rounding error below it.
        let model = |j: usize| (-beta * (y[j] - start).max(0.0)).exp();
        let above = |j: usize| (y.len() - j) as f64 / count;
        // The lower end of a step is compared as well when both ends are.
        let beyond = if self.steps == Steps::Both { 1 } else { 0 };
        let mut best = Distance { size: 0.0, at: i };
        let mut look = |j: usize| {
            let share = model(j);
            let size = (above(j) - share).abs().max((above(j + beyond) - share).abs());
            if size > best.size {
                best = Distance { size, at: j };
            }
            (share, best.size)
        };
        let first = first.clamp(i, last);
        if look(first).1 >= enough {
            return Err(first);
        }
        let mut open = vec![((i, look(i).0), (last, look(last).0))];
        while let Some(((from, high), (to, low))) = open.pop() {
            let bound = (above(from) - low).max(high - above(to + beyond));
            if to - from < 2 || bound <= look(from).1 {
                continue;
            }
            let middle = from.midpoint(to);
            let (share, size) = look(middle);
            if size >= enough {
                return Err(middle);
            }
            open.push(((from, high), (middle, share)));
            open.push(((middle, share), (to, low)));
        }
        if best.size < enough { Ok(best) } else { Err(best.at) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Draws;

    /// The distance by evaluation at every value.
    fn plain(y: &[f64], i: usize, beta: f64, steps: Steps) -> f64 {
        let count = (y.len() - i) as f64;
        let sizes = (i..y.len()).flat_map(|j| {
            let model = 1.0 - (-beta * (y[j] - y[i])).exp();
            let (before, after) = ((j - i) as f64 / count, (j - i + 1) as f64 / count);
            [(model - before).abs(), if steps == Steps::Both { (model - after).abs() } else { 0.0 }]
        });
        sizes.fold(0.0, f64::max)
    }

    #[test]
    fn branch_and_bound_finds_what_looking_at_every_value_finds() {
        let mut draws = Draws(3);
        for size in [1, 2, 3, 17, 400] {
            for kind in 0..3 {
                let mut y: Vec<f64> = (0..size)
                    .map(|k| match kind {
                        0 => -draws.uniform().ln(),
                        1 => draws.normal(),
                        // Values with many ties.
                        _ => (k % 7) as f64,
                    })
                    .collect();
                y.sort_by(f64::total_cmp);
                for steps in [Steps::Both, Steps::Lower] {
                    let logarithms = Logarithms { y: &y, base: None, steps };
                    for (i, first) in [(0, 0), (size / 3, size), (size - 1, 0)] {
                        for beta in [0.0, 0.3, 1.0, 50.0] {
                            let expected = plain(&y, i, beta, steps);
                            let found = logarithms.distance(i, beta, f64::INFINITY, first).unwrap();
                            assert!((found.size - expected).abs() < 1e-14, "{size} {kind} {i} {beta}");
                            let stopped = logarithms.distance(i, beta, 0.5 * expected, first);
                            assert!(stopped.is_err());
                        }
                    }
                }
            }
        }
    }
}
