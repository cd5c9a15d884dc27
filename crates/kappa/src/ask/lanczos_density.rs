//! Sums of functions of the singular values, and the distribution of these values, from products alone.

use kappa_dense::{Matrix, Scalar, Shape, length, svd};

use super::sampling::subtract;

use crate::error::{Error, Result};
use crate::krylov::{norm_by_products, power_near};
use crate::operator::{AnyOperator, DENSE_LIMIT, LinearOperator, each};
use crate::random::Draws;
use crate::{Enclosure, Evidence, Lanczos};

/// The parameters of Lanczos quadrature: passed last, and usually left at their default.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StochasticLanczos {
    /// The number of random vectors.
    pub probes: usize,
    /// Steps from each random vector: the nodes of its quadrature.
    pub steps: usize,
    /// The probability with which the bounds may fail.
    pub failure: f64,
    /// The random seed. The answer depends on nothing else, and not on the number of threads.
    pub seed: u64,
}

impl Default for StochasticLanczos {
    fn default() -> Self {
        Self { probes: 20, steps: 40, failure: 1e-6, seed: 0 }
    }
}

/// The distribution of the singular values of a large operator, from products with random vectors.
///
/// For a random g, the mean of gᴴf(AᴴA)g is Σ f(σ²). The bidiagonalisation of Golub and Kahan from g gives the nodes
/// and weights of the Gauss quadrature of this form, and those of the Radau quadrature with a node at zero.
///
/// ```
/// # use kappa::ask::{LanczosDensity, StochasticLanczos};
/// # use kappa::operator::Diagonal;
/// let a = Diagonal::new((2000, 2000), (0..2000).map(|i| 1.0 + (i % 100) as f64 / 100.0).collect())?;
/// let spread = LanczosDensity::of(&a, &StochasticLanczos::default())?;
/// assert!(spread.schatten(1.0)?.contains(2000.0 * 1.495));
/// assert!((spread.share_below(1.5) - 0.5).abs() < 0.05);
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// Reference: Ubaru, Chen and Saad, SIAM J. Matrix Anal. Appl. 38 (2017) 1075–1099; Golub and Meurant, Matrices,
/// Moments and Quadrature, 2010, chapter 6.
#[derive(Clone, Debug, PartialEq)]
pub struct LanczosDensity {
    /// min(m, n), the number of singular values.
    count: usize,
    /// The factor for the nodes.
    scale: f64,
    probes: Vec<Probe>,
    /// σ₁, divided by the scale.
    first: Enclosure,
    how: StochasticLanczos,
    products: usize,
}

/// Quadratures from one random vector: nodes σ and weights that add up to ‖g‖².
#[derive(Clone, Debug, PartialEq)]
pub struct Probe {
    /// The nodes and weights of Gauss.
    pub gauss: Vec<(f64, f64)>,
    /// The nodes and weights of Radau, one node at zero.
    pub radau: Vec<(f64, f64)>,
    /// Whether Krylov's space ended: then Gauss's quadrature is exact.
    pub is_exact: bool,
}

/// Everything that a [`LanczosDensity`] holds, to be stored and restored without loss.
#[derive(Clone, Debug, PartialEq)]
pub struct LanczosDensityParts {
    /// min(m, n), the number of singular values.
    pub count: usize,
    /// The factor of all nodes.
    pub scale: f64,
    /// The quadratures.
    pub probes: Vec<Probe>,
    /// σ₁ over the scale.
    pub first: Enclosure,
    /// How they were found.
    pub how: StochasticLanczos,
    /// Products with one vector.
    pub products: usize,
}

impl Probe {
    /// Σ w·σ^p by Gauss and by Radau, the smaller first: by the signs of the derivatives of x^(p/2) the exact value
    /// lies between them.
    fn power(&self, p: f64) -> (f64, f64) {
        let of =
            |rule: &[(f64, f64)]| rule.iter().map(|(s, w)| w * if *s > 0.0 { s.powf(p) } else { 0.0 }).sum::<f64>();
        let gauss = of(&self.gauss);
        let radau = if self.is_exact { gauss } else { of(&self.radau) };
        (gauss.min(radau), gauss.max(radau))
    }
}

impl LanczosDensity {
    /// Everything that it holds.
    pub fn parts(&self) -> LanczosDensityParts {
        let Self { count, scale, probes, first, how, products } = self.clone();
        LanczosDensityParts { count, scale, probes, first, how, products }
    }

    /// The density that holds these parts.
    pub fn from_parts(parts: LanczosDensityParts) -> Self {
        let LanczosDensityParts { count, scale, probes, first, how, products } = parts;
        Self { count, scale, probes, first, how, products }
    }

    /// Of an operator that can multiply in both directions.
    ///
    /// 2·probes·steps products with a vector, all probes in one block, and some more for σ₁; memory for probes·steps
    /// vectors of each length, which are kept orthogonal.
    ///
    /// # Errors
    ///
    /// When a product fails or is not finite, when there is no probe, for fewer than 2 steps, when the failure
    /// probability is not between 0 and 1, and when probes·steps vectors are too many to store.
    pub fn of<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized), how: &StochasticLanczos) -> Result<Self> {
        if how.probes == 0 || how.steps < 2 || !(how.failure > 0.0 && how.failure < 1.0) {
            return Err(Error::syntax("quadrature needs `probes` ≥ 1, `steps` ≥ 2 and `failure` between 0 and 1"));
        }
        let (m, n) = a.shape();
        let kept = (m + n).saturating_mul(how.probes).saturating_mul(how.steps.min(m.min(n)));
        if kept > DENSE_LIMIT {
            return Err(Error::limit(format!(
                "{} probes with {} steps would store {kept} numbers",
                how.probes, how.steps
            ))
            .with_hint(format!("the limit is {DENSE_LIMIT}: use fewer probes or steps")));
        }
        // The side with fewer singular values, so that the other side adds no zeros to the distribution.
        let is_wide = m < n;
        let lanczos = Lanczos { tolerance: 0.02, failure: 0.5 * how.failure, seed: how.seed, ..Lanczos::default() };
        let norm = norm_by_products(a, &lanczos)?;
        let scale = power_near(norm.estimate());
        let first = norm.times_exactly(1.0 / scale);
        let products = how.probes * 2 * how.steps.min(m.min(n));
        let probes = if m.min(n) == 0 { Vec::new() } else { Walk::new(a, is_wide, scale, how).probes(how.steps)? };
        Ok(Self { count: m.min(n), scale, probes, first, how: *how, products })
    }

    /// The Schatten norm (Σσᵢ^p)^(1/p), for p ≥ 1 (1: nuclear, 2: Frobenius).
    ///
    /// The Gauss and Radau quadratures enclose gᴴf(AᴴA)g for each probe, up to rounding. With M = f(AᴴA) the mean over
    /// N probes lies in tr M − 2‖M‖_F√(x/N) … tr M + 2‖M‖_F√(x/N) + 2‖M‖₂x/N except with probability e^−x on each side,
    /// and ‖M‖_F² ≤ ‖M‖₂·tr M; this is solved for tr M (evidence: probability).
    ///
    /// # Errors
    ///
    /// When p is below 1 or not finite, and when p is at least four times the number of steps.
    ///
    /// Reference: Laurent and Massart, Ann. Statist. 28 (2000) 1302–1338, lemma 1.
    pub fn schatten(&self, p: f64) -> Result<Enclosure> {
        if !(p >= 1.0 && p.is_finite()) {
            return Err(Error::syntax(format!(
                "`p` of a Schatten norm from quadratures must be finite and ≥ 1, got {p}"
            )));
        }
        // Only beyond p/2 do successive derivatives of x^(p/2) alternate in sign, so that the quadratures lie on both
        // sides.
        if p >= 4.0 * self.how.steps as f64 {
            return Err(Error::unsupported(format!(
                "{} steps do not bound the Schatten norm with p = {p}",
                self.how.steps
            ))
            .with_hint(format!("use more than {} steps, or a smaller p", p / 4.0)));
        }
        let evidence = Evidence::Probability(self.how.failure);
        if self.probes.is_empty() || self.first.upper() == 0.0 {
            return Ok(Enclosure::exact(0.0).with_evidence(evidence));
        }
        let number = self.probes.len() as f64;
        let sums = self.probes.iter().map(|probe| probe.power(p));
        let (low, high) = sums.fold((0.0, 0.0), |(low, high), (l, h)| (low + l / number, high + h / number));
        // Half of the failure probability is for σ₁, a quarter for each end here.
        let x = (4.0 / self.how.failure).ln();
        let a = (self.first.upper().powf(p) * x / number).sqrt();
        let lower = ((low - a * a).max(0.0).sqrt() - a).max(0.0).powi(2).max(self.first.lower().powf(p));
        let upper = (a + (a * a + high).sqrt()).powi(2).min(self.count as f64 * self.first.upper().powf(p));
        let root = |x: f64| x.powf(1.0 / p) * self.scale;
        let rounding = 1e-10;
        // One step outward counts the rounding of subnormal numbers.
        let lower = (root(lower) * (1.0 - rounding)).next_down().max(0.0);
        let upper = (root(upper) * (1.0 + rounding)).next_up();
        // The ends may contradict each other where a bound failed, as a high probability of failure allows.
        Ok(Enclosure::new(lower, root(low.midpoint(high)), upper, evidence))
    }

    /// The approximate share of the singular values below x; no bound is known.
    pub fn share_below(&self, x: f64) -> f64 {
        self.nodes().filter(|(s, _)| *s < x).map(|(_, w)| w).sum()
    }

    /// The nodes σ and their shares, which add up to 1.
    pub fn nodes(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        let rules = self.probes.iter().map(|probe| &probe.gauss);
        let total: f64 = rules.clone().flatten().map(|(_, w)| w).sum();
        rules.flatten().map(move |(s, w)| (s * self.scale, w / total))
    }

    /// The approximate density of the eigenvalues σ² at x, smoothed by a normal distribution of this width; no bound is
    /// known.
    pub fn density(&self, x: f64, width: f64) -> f64 {
        let bell =
            |s: f64| (-0.5 * ((x - s * s) / width).powi(2)).exp() / (width * (2.0 * std::f64::consts::PI).sqrt());
        self.nodes().map(|(s, w)| w * bell(s)).sum()
    }

    /// Products of the operator or its adjoint with one vector, without those for σ₁.
    pub fn products(&self) -> usize {
        self.products
    }
}

/// Golub–Kahan bidiagonalisations of several start vectors, side by side.
struct Walk<'a, T: Scalar, A: ?Sized> {
    a: &'a A,
    is_adjoint: bool,
    scale: f64,
    length: usize,
    walkers: Vec<Walker<T>>,
}

/// One of them: A·P = Q·B with αⱼ on the diagonal of B and βⱼ beside it.
struct Walker<T> {
    /// ‖g‖².
    square: f64,
    p: Vec<Vec<T>>,
    q: Vec<Vec<T>>,
    alpha: Vec<f64>,
    beta: Vec<f64>,
    is_over: bool,
}

impl<'a, T: Scalar, A: LinearOperator<T> + ?Sized> Walk<'a, T, A> {
    fn new(a: &'a A, is_adjoint: bool, scale: f64, how: &StochasticLanczos) -> Self {
        let (m, n) = a.shape();
        let length = if is_adjoint { m } else { n };
        let walkers = (0..how.probes as u64).map(|k| Walker::new(length, how.seed ^ (k + 1).wrapping_mul(0x9e6c_63d0)));
        Self { a, is_adjoint, scale, length, walkers: walkers.collect() }
    }

    fn probes(mut self, steps: usize) -> Result<Vec<Probe>> {
        for _ in 0..steps.min(self.length) {
            let ahead = self.products(!self.is_adjoint, |walker| walker.p.last())?;
            self.walkers.iter_mut().zip(ahead).for_each(|(walker, y)| walker.forward(y));
            let back = self.products(self.is_adjoint, |walker| walker.q.last())?;
            self.walkers.iter_mut().zip(back).for_each(|(walker, y)| walker.back(y));
        }
        self.walkers.iter().map(Walker::probe).collect()
    }

    /// A or its adjoint times one vector of every bidiagonalisation that has not ended.
    fn products(&self, plain: bool, of: impl Fn(&Walker<T>) -> Option<&Vec<T>>) -> Result<Vec<Vec<T>>> {
        let (m, n) = self.a.shape();
        let rows = if plain { n } else { m };
        let nothing = vec![T::default(); rows];
        let block: Vec<T> = self
            .walkers
            .iter()
            .flat_map(|walker| of(walker).filter(|_| !walker.is_over).unwrap_or(&nothing))
            .copied()
            .collect();
        let block = Matrix::from_column_major(rows, self.walkers.len(), block)?;
        let image = if plain { self.a.apply(&block)? } else { self.a.apply_adjoint(&block)? };
        if image.as_slice().iter().any(|y| !y.is_finite()) {
            return Err(Error::unsupported("a product with a random vector is not finite")
                .with_hint("the operator has entries that are not finite, or too large to be multiplied"));
        }
        let scaled = |j: usize| image.column(j).iter().map(|y| y.scale(1.0 / self.scale)).collect::<Vec<T>>();
        Ok((0..self.walkers.len()).map(scaled).collect())
    }
}

impl<T: Scalar> Walker<T> {
    fn new(n: usize, seed: u64) -> Self {
        let mut draws = Draws(seed);
        // A complex normal number has half the variance in each part.
        let part = if T::IS_COMPLEX { 0.5f64.sqrt() } else { 1.0 };
        let g: Vec<T> = (0..n).map(|_| T::from_parts(part * draws.normal(), part * draws.normal())).collect();
        let size = length(&g);
        let p = vec![g.iter().map(|x| x.scale(1.0 / size)).collect()];
        Self { square: size * size, p, q: Vec::new(), alpha: Vec::new(), beta: Vec::new(), is_over: size == 0.0 }
    }

    /// αⱼqⱼ = A·pⱼ − βⱼ₋₁qⱼ₋₁.
    fn forward(&mut self, y: Vec<T>) {
        if self.is_over {
            return;
        }
        let (q, alpha) = beside(y, &self.q);
        self.alpha.push(alpha);
        match q {
            Some(q) => self.q.push(q),
            None => self.is_over = true,
        }
    }

    /// βⱼpⱼ₊₁ = Aᴴqⱼ − αⱼpⱼ.
    fn back(&mut self, y: Vec<T>) {
        if self.is_over {
            return;
        }
        let (p, beta) = beside(y, &self.p);
        self.beta.push(beta);
        match p {
            Some(p) => self.p.push(p),
            None => self.is_over = true,
        }
    }

    /// Singular values of B, k×k, for Gauss, and of [B, βₖeₖ], k×(k + 1), for Radau; weights from the first components
    /// of the right vectors.
    fn probe(&self) -> Result<Probe> {
        let k = self.alpha.len();
        let rule = |columns: usize| -> Result<Vec<(f64, f64)>> {
            let entry = |i: usize, j: usize| -> f64 {
                match j.checked_sub(i) {
                    Some(0) => self.alpha[i],
                    Some(1) => self.beta[i],
                    _ => 0.0,
                }
            };
            let b: Matrix<f64> = Matrix::from_fn(k, columns, entry);
            let f = svd(b.as_ref(), Shape::Thin)?;
            let weight = |j: usize| f.vectors.v[(0, j)].powi(2) * self.square;
            let mut nodes: Vec<(f64, f64)> = f.values.values.iter().enumerate().map(|(j, &s)| (s, weight(j))).collect();
            let rest = self.square - nodes.iter().map(|(_, w)| w).sum::<f64>();
            nodes.push((0.0, rest.max(0.0)));
            Ok(nodes)
        };
        // An early end means that the subspace is invariant.
        let is_exact = self.is_over;
        let radau = if is_exact { Vec::new() } else { rule(k + 1)? };
        Ok(Probe { gauss: rule(k)?, radau, is_exact })
    }
}

/// The component of y orthogonal to a basis, orthogonalized twice and of length 1, and its length; `None` if it
/// vanishes up to rounding.
fn beside<T: Scalar>(mut y: Vec<T>, basis: &[Vec<T>]) -> (Option<Vec<T>>, f64) {
    let before = length(&y);
    subtract(&mut y, basis);
    let size = length(&y);
    let least = T::EPSILON * 8.0;
    if size <= least * before || size <= least {
        return (None, size);
    }
    (Some(y.iter().map(|y| y.scale(1.0 / size)).collect()), size)
}

impl AnyOperator<'_> {
    /// [`LanczosDensity::of`](crate::ask::LanczosDensity::of) of this operator.
    ///
    /// # Errors
    ///
    /// As [`LanczosDensity::of`](crate::ask::LanczosDensity::of).
    pub fn lanczos_density(&self, how: &StochasticLanczos) -> Result<LanczosDensity> {
        each!(self, a => LanczosDensity::of(a, how))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::{Adjoint, Diagonal};
    use crate::{Norm, c64, norm, singular_values};

    fn falling(n: usize, power: f64) -> Diagonal<f64> {
        Diagonal::new((n, n), (0..n).map(|i| (1.0 + i as f64).powf(-power)).collect()).unwrap()
    }

    #[test]
    fn schatten_norms_lie_between_the_ends() {
        let how = StochasticLanczos { probes: 30, steps: 30, ..StochasticLanczos::default() };
        for (n, power) in [(1500, 0.3), (800, 1.0), (60, 0.0), (1, 1.0)] {
            let spread = LanczosDensity::of(&falling(n, power), &how).unwrap();
            for p in [1.0, 1.5, 2.0, 3.0, 5.0] {
                let truth = (0..n).map(|i| (1.0 + i as f64).powf(-power * p)).sum::<f64>().powf(1.0 / p);
                let found = spread.schatten(p).unwrap();
                assert!(found.contains(truth), "{n} {power} {p}: {found:?} {truth}");
            }
        }
        let even = LanczosDensity::of(&falling(1500, 0.3), &how).unwrap().schatten(1.0).unwrap();
        assert!(even.width() < 0.5 * even.estimate(), "{even:?}");
    }

    #[test]
    fn both_quadratures_enclose_what_they_integrate() {
        // One probe with a known value gᴴf(D)g.
        let d = falling(200, 0.7);
        let how = StochasticLanczos { probes: 3, steps: 6, ..StochasticLanczos::default() };
        let spread = LanczosDensity::of(&d, &how).unwrap();
        for (k, probe) in spread.probes.iter().enumerate() {
            let walker = Walker::<f64>::new(200, (k as u64 + 1).wrapping_mul(0x9e6c_63d0));
            for p in [0.5, 1.0, 1.7, 2.5, 3.3, 5.0] {
                let term = |i: usize| walker.p[0][i].powi(2) * ((1.0 + i as f64).powf(-0.7) / spread.scale).powf(p);
                let truth: f64 = (0..200).map(term).sum::<f64>() * walker.square;
                let (low, high) = probe.power(p);
                assert!(low <= truth * (1.0 + 1e-10) && truth <= high * (1.0 + 1e-10), "{p}: {low} {truth} {high}");
                assert!(p < 1.0 || high / low < 1.3, "{p}: {low} {high}");
            }
        }
    }

    #[test]
    fn the_side_and_the_type_do_not_matter() {
        let a = Matrix::from_fn(40, 15, |i, j| c64::new(((i * 7 + j * 3) % 11) as f64, ((i + j * j) % 5) as f64));
        let truth = norm(&a, Norm::nuclear()).unwrap().estimate();
        let how = StochasticLanczos { probes: 60, steps: 15, ..StochasticLanczos::default() };
        for found in [LanczosDensity::of(&a, &how).unwrap(), LanczosDensity::of(&Adjoint(&a), &how).unwrap()] {
            assert!(found.schatten(1.0).unwrap().contains(truth));
            let middle = singular_values(&a).unwrap().get(7).estimate();
            assert!((found.share_below(middle * 1.0001) - 8.0 / 15.0).abs() < 0.1);
            assert!((found.nodes().map(|(_, w)| w).sum::<f64>() - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn nasty_operators_have_an_answer_or_a_reason() {
        let how = StochasticLanczos { probes: 4, steps: 5, ..StochasticLanczos::default() };
        assert!(LanczosDensity::of(&Matrix::<f64>::zeros(6, 4), &how).unwrap().schatten(1.0).unwrap().upper() < 1e-150);
        assert_eq!(LanczosDensity::of(&Matrix::<f64>::zeros(0, 4), &how).unwrap().schatten(1.0).unwrap().upper(), 0.0);
        for scale in [1e-200, 1e200] {
            let a = Matrix::from_fn(30, 30, |i, j| if i == j { scale } else { 0.0 });
            let found = LanczosDensity::of(&a, &how).unwrap().schatten(1.0).unwrap();
            assert!(found.contains(30.0 * scale), "{found:?}");
        }
        let many = StochasticLanczos { probes: 1 << 40, ..how };
        assert!(LanczosDensity::of(&Matrix::<f64>::identity(3), &many).unwrap_err().is_limit());
        let broken = Matrix::from_fn(3, 3, |_, _| f64::NAN);
        assert!(LanczosDensity::of(&broken, &how).is_err());
        assert!(LanczosDensity::of(&broken, &StochasticLanczos { probes: 0, ..how }).is_err());
        let identity = LanczosDensity::of(&Matrix::<f64>::identity(3), &how).unwrap();
        assert!(identity.schatten(0.5).is_err() && identity.schatten(19.0).is_ok() && identity.schatten(20.0).is_err());
    }
}
