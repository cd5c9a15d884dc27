//! Eigenvalues and roots of polynomials against exact ones, as many cases as [`crate::adversary`] has.

use crate::adversary::{for_each_case, hard};
use crate::draws::Draws;
use crate::exact::{Ratio, shift_of, split, whole, wholes};
use kappa::equations::{PolynomialRoot, polynomial_roots};
use kappa::{Enclosure, Matrix, c64, eig, eigh};
use num_bigint::{BigInt, Sign};

type Rows = Vec<Vec<BigInt>>;

fn times(a: &Rows, b: &Rows) -> Rows {
    let entry = |row: &[BigInt], j: usize| row.iter().zip(b).map(|(x, b)| x * &b[j]).sum();
    a.iter().map(|row| (0..b[0].len()).map(|j| entry(row, j)).collect()).collect()
}

/// The coefficients of det(xI − W), the constant one first (Faddeev and LeVerrier).
fn characteristic(w: &Rows) -> Vec<BigInt> {
    let n = w.len();
    let mut c = vec![BigInt::from(0); n + 1];
    c[n] = BigInt::from(1);
    let mut m: Rows = vec![vec![BigInt::from(0); n]; n];
    for k in 1..=n {
        m = times(w, &m);
        (0..n).for_each(|i| m[i][i] += &c[n - k + 1]);
        let product = times(w, &m);
        c[n - k] = -(0..n).map(|i| product[i][i].clone()).sum::<BigInt>() / k;
    }
    c
}

/// The number of roots above (`is_above`) or below x·2^shift, for a polynomial of real roots only (Descartes, exact for
/// those).
fn count(p: &[BigInt], shift: i32, x: f64, is_above: bool) -> usize {
    if x.is_infinite() {
        return if (x > 0.0) == is_above { 0 } else { p.len() - 1 };
    }
    let n = p.len() - 1;
    // In units in which x is whole too.
    let more = (shift_of(&[x]) - shift).max(0);
    let at = whole(x, shift + more);
    let mut q: Vec<BigInt> = p.iter().enumerate().map(|(k, c)| c << (more as usize * (n - k))).collect();
    // q(y) = p(y + x) by Horner's rule.
    for i in 0..n {
        for k in (i..n).rev() {
            let step = &q[k + 1] * &at;
            q[k] += step;
        }
    }
    let sign = |k: usize, s: Sign| if is_above || k.is_multiple_of(2) { s } else { -s };
    let signs: Vec<Sign> =
        q.iter().enumerate().map(|(k, c)| sign(k, c.sign())).filter(|s| *s != Sign::NoSign).collect();
    signs.windows(2).filter(|pair| pair[0] != pair[1]).count()
}

fn judge_hermitian(seed: u64, values: &[Enclosure], (p, shift): (&[BigInt], i32), copies: usize, a: &Matrix<f64>) {
    let n = p.len() - 1;
    for (k, e) in values.iter().enumerate() {
        let (first, last) = (copies * k, copies * (k + 1) - 1);
        let holds = n - count(p, shift, e.lower(), false) > last && count(p, shift, e.upper(), true) <= first;
        assert!(holds, "{seed}: λ{k} of {a:?} is not in {e:?}");
    }
}

#[test]
fn no_eigenvalue_of_a_hermitian_matrix_misses_the_exact_one() {
    for_each_case(|seed| {
        let n = 1 + Draws(seed ^ 0xe16).below(5);
        let h = hard(seed, n);
        let a = Matrix::from_fn(n, n, |i, j| h[(i.min(j), i.max(j))]);
        let shift = shift_of(a.as_slice());
        let p = characteristic(&wholes(&a, shift));
        judge_hermitian(seed, eigh(&a).unwrap().eigenvalues(), (&p, shift), 1, &a);
        let found = eig(&a).unwrap();
        let radius = |k: usize| found.eigenvalues().radius(k);
        assert!((0..n).all(|k| found.eigenvalues().get(k).im == 0.0 && radius(k) >= 0.0), "{seed}: {a:?}");
        if n > 3 {
            return;
        }
        // S + iK: every eigenvalue twice in the real form [S −K; K S].
        let of = |i: usize, j: usize| {
            c64::new(
                a[(i, j)],
                if i == j {
                    0.0
                } else if i < j {
                    h[(j, i)]
                } else {
                    -h[(i, j)]
                },
            )
        };
        let complex = Matrix::from_fn(n, n, of);
        let real = Matrix::from_fn(2 * n, 2 * n, |i, j| {
            let z = of(i % n, j % n);
            if (i < n) == (j < n) {
                z.re
            } else if i < n {
                -z.im
            } else {
                z.im
            }
        });
        let shift = shift_of(real.as_slice());
        let p = characteristic(&wholes(&real, shift));
        judge_hermitian(seed, eigh(&complex).unwrap().eigenvalues(), (&p, shift), 2, &real);
    });
}

/// A number (re + i·im)·2^shift.
#[derive(Clone, Debug)]
struct Exact {
    re: i64,
    im: i64,
    shift: i32,
}

impl Exact {
    /// Whether |z − this number| ≤ radius.
    fn is_within(&self, z: c64, radius: f64) -> bool {
        if radius == f64::INFINITY {
            return true;
        }
        let least =
            [z.re, z.im, radius].into_iter().filter(|x| *x != 0.0).map(|x| split(x).1).fold(self.shift, i32::min);
        let part = |x: f64, exact: i64| whole(x, -least) - (BigInt::from(exact) << (self.shift - least) as usize);
        let (re, im, r) = (part(z.re, self.re), part(z.im, self.im), whole(radius, -least));
        &re * &re + &im * &im <= &r * &r
    }

    fn size(&self) -> i128 {
        i128::from(self.re) * i128::from(self.re) + i128::from(self.im) * i128::from(self.im)
    }
}

/// A real matrix of small whole numbers with known eigenvalues: blocks on the diagonal, transformed by elementary
/// matrices of determinant 1; multiplied by a power of two, and by a diagonal similarity of powers of two.
fn known(seed: u64) -> (Matrix<f64>, Vec<Exact>) {
    let mut draws = Draws(seed ^ 0x1dea);
    let n = 1 + draws.below(6);
    let scale = [0, 0, 900, -900, 40][seed as usize % 5];
    let mut a = vec![vec![0i64; n]; n];
    let mut values = Vec::new();
    let reach = [2, 10, 1000][draws.below(3)];
    let mut i = 0;
    while i < n {
        let x = draws.below(2 * reach + 1) as i64 - reach as i64;
        match draws.below(4) {
            // A conjugate pair.
            0 if i + 1 < n => {
                let y = 1 + draws.below(reach) as i64;
                (a[i][i], a[i + 1][i + 1], a[i][i + 1], a[i + 1][i]) = (x, x, -y, y);
                values.extend([(x, y), (x, -y)]);
                i += 2;
            }
            // A Jordan block.
            1 if i + 1 < n => {
                (a[i][i], a[i + 1][i + 1], a[i][i + 1]) = (x, x, 1);
                values.extend([(x, 0), (x, 0)]);
                i += 2;
            }
            _ => {
                a[i][i] = x;
                values.push((x, 0));
                i += 1;
            }
        }
    }
    for _ in 0..draws.below(3 * n as u64) {
        // A ← E A E⁻¹ with E = I + f·eᵢeⱼᵀ.
        let (i, j, f) = (draws.below(n as u64), draws.below(n as u64), draws.below(5) as i64 - 2);
        if i != j {
            (0..n).for_each(|k| a[i][k] += f * a[j][k]);
            a.iter_mut().for_each(|row| row[j] -= f * row[i]);
        }
    }
    let graded = seed.is_multiple_of(3);
    let power = |i: usize| if graded { 13 * i as i32 } else { 0 };
    assert!(a.iter().flatten().all(|x| x.abs() < 1 << 53), "{a:?}");
    let entry = |i: usize, j: usize| a[i][j] as f64 * 2f64.powi(scale + power(i) - power(j));
    (Matrix::from_fn(n, n, entry), values.into_iter().map(|(re, im)| Exact { re, im, shift: scale }).collect())
}

#[test]
fn no_eigenvalue_misses_its_discs() {
    for_each_case(|seed| {
        let (a, truth) = known(seed);
        let turned = Matrix::from_fn(a.rows(), a.rows(), |i, j| c64::new(0.0, a[(i, j)]));
        let of_turned = truth.iter().map(|z| Exact { re: -z.im, im: z.re, ..*z }).collect();
        for (found, truth) in [(eig(&a), truth), (eig(&turned), of_turned)] {
            let found = found.unwrap();
            let values = found.eigenvalues();
            for group in values.groups() {
                let is_in = |z: &&Exact| group.iter().any(|&k| z.is_within(values.get(k), values.radius(k)));
                let inside = truth.iter().filter(is_in).count();
                assert_eq!(inside, group.len(), "{seed}: {truth:?} of {a:?} are not in {values:?}");
            }
            let largest = truth.iter().max_by_key(|z| z.size()).unwrap();
            let radius = Ratio::new(largest.size().into(), 1.into(), 2 * largest.shift);
            assert!(radius.root_is_in(&values.spectral_radius()), "{seed}: {:?} of {a:?}", values.spectral_radius());
            let right = truth.iter().map(|z| z.re).max().unwrap();
            let abscissa = Ratio::new(right.into(), 1.into(), largest.shift);
            assert!(abscissa.is_in(&values.spectral_abscissa()), "{seed}: {:?} of {a:?}", values.spectral_abscissa());
        }
    });
}

/// A complex number of whole parts.
type Whole = (BigInt, BigInt);

/// p(x)·(x − z)·unit, where unit is 1 or 2ᵏ for z = (re + i·im)/2ᵏ.
fn with_root(p: &[Whole], z: &Whole, unit: usize) -> Vec<Whole> {
    let zero = (BigInt::from(0), BigInt::from(0));
    let mut q = vec![zero; p.len() + 1];
    for (k, c) in p.iter().enumerate() {
        q[k + 1].0 += &c.0 << unit;
        q[k + 1].1 += &c.1 << unit;
        q[k].0 -= &c.0 * &z.0 - &c.1 * &z.1;
        q[k].1 -= &c.0 * &z.1 + &c.1 * &z.0;
    }
    q
}

/// The double that the whole number times 2^e is, if it is one.
fn double(x: &BigInt, e: i32) -> Option<f64> {
    let zeros = x.trailing_zeros().unwrap_or(0);
    let odd: i64 = (x >> zeros).try_into().ok()?;
    let e = e + zeros as i32;
    let half = |k: i32| 2f64.powi(k / 2) * 2f64.powi(k - k / 2);
    let value = odd as f64 * half(e.clamp(-1500, 1500));
    (odd.abs() < 1 << 53
        && value.is_finite()
        && (odd == 0 || value != 0.0 && split(value).1 <= e + 64 && whole_back(value, odd, e)))
    .then_some(value)
}

/// Whether value = odd·2^e.
fn whole_back(value: f64, odd: i64, e: i32) -> bool {
    let (mantissa, exponent) = split(value);
    let zeros = mantissa.trailing_zeros();
    (mantissa >> zeros, exponent + zeros as i32) == (odd, e)
}

/// Whether the values can be matched with the exact roots, each within its radius.
fn is_matched(found: &[PolynomialRoot], truth: &[Exact], taken: &mut Vec<bool>) -> bool {
    let Some((first, rest)) = found.split_first() else { return true };
    (0..truth.len()).any(|k| {
        if taken[k] || !truth[k].is_within(first.value, first.radius) {
            return false;
        }
        taken[k] = true;
        let is_matched = is_matched(rest, truth, taken);
        taken[k] = is_matched;
        is_matched
    })
}

/// Coefficients that are doubles, with exact roots: whole numbers, Gaussian ones, powers of two far apart, multiple and
/// clustered ones; x and the polynomial are multiplied by powers of two.
fn polynomial(seed: u64) -> Option<(Vec<c64>, Vec<Exact>)> {
    let mut draws = Draws(seed ^ 0x9017);
    let n = 1 + draws.below(6);
    let (is_complex, far) = (seed % 5 == 2, if seed % 5 == 3 { 1 + draws.below(50) } else { 0 });
    let mut p = vec![(BigInt::from(1), BigInt::from(0))];
    let mut roots = Vec::new();
    let base = [0, 0, 40, 1000][draws.below(4)];
    let reach = [1, 4, 30][draws.below(3)];
    while roots.len() < n {
        let part = |draws: &mut Draws| draws.below(2 * reach + 1) as i64 - reach as i64;
        let (re, im) = (base + part(&mut draws), part(&mut draws));
        let unit = if far > 0 { far * draws.below(4) } else { 0 };
        let mut add = |re: i64, im: i64| {
            p = with_root(&p, &(re.into(), im.into()), unit);
            roots.push(Exact { re, im, shift: -(unit as i32) });
        };
        match draws.below(3) {
            _ if is_complex => add(re, im),
            0 if im != 0 => {
                add(re, im);
                add(re, -im);
            }
            1 => (0..1 + im.unsigned_abs() % 3).for_each(|_| add(re, 0)),
            _ => add(re, 0),
        }
    }
    // x = 2^by·y: the coefficient of yᵏ is that of xᵏ times 2^(k·by), up to a common factor.
    let (by, common) = ([0, 0, 7, -7, 150][draws.below(5)], [0, -300, 200, -1060][draws.below(4)]);
    let of = |k: usize| common - by * k as i32;
    let c: Option<Vec<c64>> =
        p.iter().enumerate().map(|(k, (re, im))| Some(c64::new(double(re, of(k))?, double(im, of(k))?))).collect();
    Some((c?, roots.into_iter().map(|z| Exact { shift: z.shift + by, ..z }).collect()))
}

#[test]
fn no_root_of_a_polynomial_misses_its_radius() {
    let held = std::sync::atomic::AtomicUsize::new(0);
    let all = std::sync::atomic::AtomicUsize::new(0);
    for_each_case(|seed| {
        all.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let Some((c, truth)) = polynomial(seed) else { return };
        held.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let real: Vec<f64> = c.iter().map(|z| z.re).collect();
        let is_real = c.iter().all(|z| z.im == 0.0);
        for found in is_real.then(|| polynomial_roots(&real)).into_iter().chain([polynomial_roots(&c)]) {
            let found = found.unwrap_or_else(|e| panic!("{seed}: {e}: {c:?}"));
            let is_matched = found.len() == truth.len() && is_matched(&found, &truth, &mut vec![false; truth.len()]);
            assert!(is_matched, "{seed}: {truth:?} of {c:?} are not within {found:?}");
        }
    });
    let (held, all) = (held.into_inner(), all.into_inner());
    assert!(2 * held > all, "{held} of {all} polynomials have coefficients that are doubles");
}

/// The sign of a polynomial of doubles at a double.
fn sign_at(c: &[f64], x: f64) -> Sign {
    let (shift, mut value) = (shift_of(c), BigInt::from(0));
    // Σ cₖxᵏ in units of 2^−(shift + n·sx): Horner's rule with a unit that grows.
    let sx = shift_of(&[x]).max(0);
    let at = whole(x, sx);
    for (steps, &c) in c.iter().rev().enumerate() {
        value = value * &at + (whole(c, shift) << (steps * sx as usize));
    }
    value.sign()
}

/// A disc that touches no other contains one root; where it is centred at a real number, the root is real, and the
/// polynomial changes its sign between the ends.
#[test]
fn a_polynomial_changes_its_sign_within_the_radius_of_a_single_real_root() {
    let signs = std::sync::atomic::AtomicUsize::new(0);
    for_each_case(|seed| {
        let n = 2 + Draws(seed ^ 0x5196).below(5);
        let c: Vec<f64> = hard(seed, n).as_slice()[..=n].to_vec();
        let Ok(found) = polynomial_roots(&c) else { return };
        for (k, r) in found.iter().enumerate() {
            let others = found.iter().enumerate().filter(|&(j, _)| j != k);
            let is_single = others
                .into_iter()
                .all(|(_, s)| (r.value - s.value).norm() * (1.0 - 1e-9) > 2.0 * (r.radius + s.radius));
            if !is_single || r.value.im != 0.0 {
                continue;
            }
            let (low, high) = ((r.value.re - r.radius).next_down(), (r.value.re + r.radius).next_up());
            signs.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            assert!(sign_at(&c, low) != sign_at(&c, high), "{seed}: root {k} of {c:?}: {r:?}");
        }
    });
    assert!(signs.into_inner() > 1000);
}
