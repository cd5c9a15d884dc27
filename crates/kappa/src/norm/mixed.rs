//! Projections onto balls, proximal points and dual vectors for p-norms and related gauges, in double precision without
//! bounds. The vectors are moduli; the caller restores signs and phases.

use super::Gauge;
use super::shape::{Mixed, Outside};

/// The number of bisection steps for a multiplier; more than the 53 bits of a double.
const HALVINGS: usize = 70;

/// The point where a decreasing function crosses a level, by bisection between `low`, where f is above it, and `high`.
fn crossing(mut low: f64, mut high: f64, level: f64, f: impl Fn(f64) -> f64) -> f64 {
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        if f(middle) > level { low = middle } else { high = middle }
    }
    high
}

/// The gauge of non-negative numbers in any order.
pub(crate) fn gauge_of(gauge: Gauge, x: &[f64]) -> f64 {
    let mut sorted = x.to_vec();
    sorted.sort_by(|x, y| y.total_cmp(x));
    gauge.value(&sorted)
}

/// The nearest point of the ball {gauge ≤ r}, for non-negative x.
pub(crate) fn project(gauge: Gauge, x: &[f64], r: f64) -> Vec<f64> {
    if gauge_of(gauge, x) <= r {
        return x.to_vec();
    }
    if r <= 0.0 {
        return vec![0.0; x.len()];
    }
    match (gauge.p, gauge.is_dual) {
        (f64::INFINITY, false) => x.iter().map(|x| x.min(r)).collect(),
        (2.0, false) if gauge.k >= x.len() => {
            let size = gauge_of(gauge, x);
            x.iter().map(|x| x * (r / size)).collect()
        }
        (1.0, false) if gauge.k >= x.len() => project_on_simplex(x, r),
        (1.0, true) => {
            // The ball max(x₁, Σx/k) ≤ r is the intersection of a box and a simplex.
            let total = r * gauge.k as f64;
            let cut = |t: f64| x.iter().map(|x| (x - t).clamp(0.0, r)).collect::<Vec<f64>>();
            if cut(0.0).iter().sum::<f64>() <= total {
                return cut(0.0);
            }
            let top = x.iter().copied().fold(0.0, f64::max);
            cut(crossing(0.0, top, total, |t| cut(t).iter().sum()))
        }
        (_, true) => {
            // For x outside the ball of g, the nearest point is the proximal point of θ·g for the θ with g(prox) = r.
            let prox = |t: f64| proximal(gauge, x, t);
            let top = gauge_of(gauge.dual(), x);
            prox(crossing(0.0, top, r, |t| gauge_of(gauge, &prox(t))))
        }
        _ => project_on_powers(gauge, x, r),
    }
}

/// The nearest point (x − θ)₊ of the simplex Σz = r, z ≥ 0, with the θ for which Σ(x − θ)₊ = r.
///
/// Reference: Held, Wolfe, Crowder, 1974.
fn project_on_simplex(x: &[f64], r: f64) -> Vec<f64> {
    let mut sorted = x.to_vec();
    sorted.sort_by(|x, y| y.total_cmp(x));
    let (mut sum, mut theta) = (0.0, 0.0);
    for (k, &x) in sorted.iter().enumerate() {
        sum += x;
        let next = (sum - r) / (k + 1) as f64;
        // The largest number is always included, even when r is below its unit roundoff.
        if k > 0 && x <= next {
            break;
        }
        theta = next;
    }
    x.iter().map(|x| (x - theta).max(0.0)).collect()
}

/// The nearest point of the ball Σ_{k largest} zᵖ ≤ rᵖ, for 1 ≤ p < ∞.
///
/// For a multiplier μ the nearest z minimises ½‖z − x‖² + μ·Σ_{k largest} zᵖ. Since
/// Σ_{k largest} f = min_τ kτ + Σ(f − τ)₊, each zᵢ is xᵢ when that is below a threshold, the shrunk value of xᵢ when
/// that is above the threshold, and the threshold otherwise; the threshold is the one for which the weights sum to k.
fn project_on_powers(gauge: Gauge, x: &[f64], r: f64) -> Vec<f64> {
    let top = x.iter().copied().fold(0.0, f64::max);
    // The largest number is scaled to 1, so that powers do not overflow.
    let scaled: Vec<f64> = x.iter().map(|x| x / top).collect();
    let r = r / top;
    let at = |mu: f64| shrunk(gauge, &scaled, mu);
    let size = |z: &[f64]| gauge_of(gauge, z);
    let mut high = 1.0;
    while size(&at(high)) > r && high < 1e300 {
        high *= 8.0;
    }
    let mu = crossing(0.0, high, r, |mu| size(&at(mu)));
    at(mu).into_iter().map(|z| z * top).collect()
}

/// The minimiser of ½‖z − x‖² + μ·Σ_{k largest} zᵖ.
fn shrunk(gauge: Gauge, x: &[f64], mu: f64) -> Vec<f64> {
    let p = gauge.p;
    let low: Vec<f64> = x.iter().map(|&x| shrink(x, p, mu)).collect();
    if gauge.k >= x.len() || mu == 0.0 {
        return low;
    }
    let at = |t: f64| -> Vec<f64> { x.iter().zip(&low).map(|(&x, &s)| x.min(s.max(t))).collect() };
    let weight = |t: f64| -> f64 {
        let share = |(&x, z): (&f64, f64)| {
            let slope = mu * p * z.powf(p - 1.0);
            if slope > 0.0 { ((x - z) / slope).clamp(0.0, 1.0) } else { f64::from(x > z) }
        };
        x.iter().zip(at(t)).map(share).sum()
    };
    let k = gauge.k as f64;
    if weight(0.0) <= k {
        return low;
    }
    at(crossing(0.0, x.iter().copied().fold(0.0, f64::max), k, weight))
}

/// The z ≥ 0 with z + μ·p·zᵖ⁻¹ = x.
fn shrink(x: f64, p: f64, mu: f64) -> f64 {
    if p == 1.0 {
        return (x - mu).max(0.0);
    }
    if p == 2.0 {
        return x / (1.0 + 2.0 * mu);
    }
    if x == 0.0 || mu == 0.0 {
        return x;
    }
    // The left side increases with z: Newton steps where they stay inside the bracket, otherwise bisection.
    let (mut low, mut high) = (0.0, x);
    let mut z = 0.5 * x;
    for _ in 0..HALVINGS {
        let power = mu * p * z.powf(p - 2.0);
        let value = z + power * z - x;
        if value > 0.0 {
            high = z
        } else {
            low = z
        }
        let step = z - value / (1.0 + power * (p - 1.0));
        let next = if step > low && step < high { step } else { 0.5 * (low + high) };
        if (next - z).abs() <= 1e-16 * x || high - low <= 1e-17 * x {
            break;
        }
        z = next;
    }
    z
}

/// The proximal point argmin ½‖z − x‖² + λ·gauge(z) for non-negative x: x minus the nearest point of the dual ball of
/// radius λ (Moreau).
pub(crate) fn proximal(gauge: Gauge, x: &[f64], lambda: f64) -> Vec<f64> {
    let nearest = project(gauge.dual(), x, lambda);
    x.iter().zip(nearest).map(|(x, y)| (x - y).max(0.0)).collect()
}

/// A vector y with ⟨x, y⟩ = gauge(x) and dual gauge 1, for non-negative x; y = 0 for x = 0.
pub(crate) fn dual_vector(gauge: Gauge, x: &[f64]) -> Vec<f64> {
    let n = x.len();
    let top = x.iter().copied().fold(0.0, f64::max);
    if top == 0.0 {
        return vec![0.0; n];
    }
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&i, &j| x[j].total_cmp(&x[i]));
    let mut y = vec![0.0; n];
    if gauge.is_dual {
        let sorted: Vec<f64> = order.iter().map(|&i| x[i] / top).collect();
        let values = dual_gauge_vector(gauge, &sorted);
        order.iter().zip(values).for_each(|(&i, value)| y[i] = value);
        return y;
    }
    if gauge.p == f64::INFINITY {
        y[order[0]] = 1.0;
        return y;
    }
    // ∂(Σ xᵖ)^(1/p) = (x/‖x‖)^(p−1) on the k largest, 0 elsewhere.
    let head = &order[..gauge.k.min(n)];
    let size = gauge_of(gauge, x);
    head.iter().for_each(|&i| y[i] = if gauge.p == 1.0 { 1.0 } else { (x[i] / size).powf(gauge.p - 1.0) });
    y
}

/// The maximiser in the definition of the dual gauge: (xᵢ/‖·‖)^(q−1) on the head, a common value on the rest.
fn dual_gauge_vector(gauge: Gauge, x: &[f64]) -> Vec<f64> {
    let k = gauge.k.min(x.len());
    let mut rest: f64 = x[k..].iter().sum();
    for r in 0..k {
        let at = k - r - 1;
        rest += x[at];
        let mean = rest / (r + 1) as f64;
        let is_last = r + 1 == k;
        if is_last || (x[at - 1] > mean && mean >= x[at]) {
            if gauge.p == 1.0 {
                // e₁ when the largest number exceeds the mean, otherwise 1/k in every entry.
                return if x[0] > mean && at > 0 { unit(x.len()) } else { vec![1.0 / k as f64; x.len()] };
            }
            let q = super::conjugate(gauge.p);
            let sum: f64 = x[..at].iter().map(|x| x.powf(q)).sum::<f64>() + (r + 1) as f64 * mean.powf(q);
            let size = sum.powf(1.0 / q);
            let power = |x: f64| (x / size).powf(q - 1.0);
            return (0..x.len()).map(|i| power(if i < at { x[i] } else { mean })).collect();
        }
    }
    unit(x.len())
}

fn unit(n: usize) -> Vec<f64> {
    (0..n).map(|i| f64::from(i == 0)).collect()
}

/// Projection, proximal point and dual vector for a norm of norms; `lines` are the columns (or rows) of moduli.
impl Mixed {
    fn inner(self) -> Gauge {
        Gauge::lp(self.p)
    }

    pub(crate) fn project(self, lines: &[Vec<f64>], r: f64) -> Vec<Vec<f64>> {
        let inner = self.inner();
        if self.outside == Outside::Largest {
            return lines.iter().map(|x| project(inner, x, r)).collect();
        }
        let total = |lines: &[Vec<f64>]| lines.iter().map(|x| gauge_of(inner, x)).sum::<f64>();
        if total(lines) <= r {
            return lines.to_vec();
        }
        let prox = |t: f64| -> Vec<Vec<f64>> { lines.iter().map(|x| proximal(inner, x, t)).collect() };
        let top = lines.iter().map(|x| gauge_of(inner.dual(), x)).fold(0.0, f64::max);
        prox(crossing(0.0, top, r, |t| total(&prox(t))))
    }

    pub(crate) fn proximal(self, lines: &[Vec<f64>], lambda: f64) -> Vec<Vec<f64>> {
        let nearest = self.dual().project(lines, lambda);
        let less = |(x, y): (&Vec<f64>, Vec<f64>)| x.iter().zip(y).map(|(x, y)| (x - y).max(0.0)).collect();
        lines.iter().zip(nearest).map(less).collect()
    }

    pub(crate) fn dual_vector(self, lines: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let inner = self.inner();
        if self.outside == Outside::Sum {
            return lines.iter().map(|x| dual_vector(inner, x)).collect();
        }
        let sizes: Vec<f64> = lines.iter().map(|x| gauge_of(inner, x)).collect();
        let best = (0..lines.len()).max_by(|&i, &j| sizes[i].total_cmp(&sizes[j]).then(j.cmp(&i)));
        let at = |(k, x): (usize, &Vec<f64>)| if Some(k) == best { dual_vector(inner, x) } else { vec![0.0; x.len()] };
        lines.iter().enumerate().map(at).collect()
    }
}
