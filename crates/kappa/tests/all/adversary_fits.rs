//! Certified least squares, regressions, sums and norms of vectors against exact rational arithmetic, as many cases as
//! [`crate::adversary`] has.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::adversary::{for_each_case, hard};
use crate::draws::Draws;
use crate::exact::{Ratio, shift_of, solve_whole, whole, wholes};
use kappa::arithmetic::{dot, mean_and_variance, sum};
use kappa::equations::EntryEnclosures;
use kappa::equations::regression::{Cell, Column, Design, Regression};
use kappa::norm::inner_product;
use kappa::{Guarantee, LinearOperator, Lstsq, Matrix, Sparse, VectorNorm, c64, lstsq_by};
use num_bigint::BigInt;

fn zero() -> BigInt {
    BigInt::from(0)
}

/// Σ xₖyₖ.
fn product<'a>(x: impl Iterator<Item = &'a BigInt>, y: impl Iterator<Item = &'a BigInt>) -> BigInt {
    x.zip(y).map(|(x, y)| x * y).sum()
}

/// The rows of the transpose.
fn transposed(rows: &[Vec<BigInt>], columns: usize) -> Vec<Vec<BigInt>> {
    (0..columns).map(|j| rows.iter().map(|row| row[j].clone()).collect()).collect()
}

/// WᵀW for the columns of W.
fn gram(columns: &[Vec<BigInt>]) -> Vec<Vec<BigInt>> {
    columns.iter().map(|x| columns.iter().map(|y| product(x.iter(), y.iter())).collect()).collect()
}

/// A least squares problem with its exact solution, and for m ≥ n the exact ‖b − Ax‖².
struct Problem {
    a: Matrix<f64>,
    b: Vec<f64>,
    /// `None` without full rank.
    truth: Option<(Vec<Ratio>, Ratio)>,
}

impl Problem {
    fn new(seed: u64) -> Self {
        let mut draws = Draws(seed ^ 0x7a11);
        let (m, n) = (1 + draws.below(5), 1 + draws.below(4));
        let square = hard(seed, m.max(n));
        let a = Matrix::from_fn(m, n, |i, j| square[(i, j)]);
        let power = |i: usize| if seed.is_multiple_of(7) { 10f64.powi(30 * (i as i32 % 3) - 30) } else { 1.0 };
        let b: Vec<f64> = (0..m).map(|i| draws.next() * power(i)).collect();
        let truth = exact(&a, &b);
        Self { a, b, truth }
    }
}

/// x of least norm among the minimisers of ‖b − Ax‖ for A of full rank, and the square of the residual.
fn exact(a: &Matrix<f64>, b: &[f64]) -> Option<(Vec<Ratio>, Ratio)> {
    let (m, n) = a.shape();
    let (sa, sb) = (shift_of(a.as_slice()), shift_of(b));
    let rows = wholes(a, sa);
    let right: Vec<BigInt> = b.iter().map(|&x| whole(x, sb)).collect();
    let (numerators, determinant) = if m >= n {
        // AᵀAx = Aᵀb.
        let columns = transposed(&rows, n);
        let moved = columns.iter().map(|c| product(c.iter(), right.iter())).collect();
        let solved = solve_whole(gram(&columns), moved)?;
        (solved.numerators, solved.determinant)
    } else {
        // x = Aᵀz with AAᵀz = b.
        let solved = solve_whole(gram(&rows), right.clone())?;
        let x = transposed(&rows, n).iter().map(|c| product(c.iter(), solved.numerators.iter())).collect();
        (x, solved.determinant)
    };
    // The whole numbers are A·2^sa and b·2^sb: r·2^sb·determinant is whole too.
    let rest = rows.iter().zip(&right).map(|(row, b)| b * &determinant - product(row.iter(), numerators.iter()));
    let square: BigInt = rest.map(|r: BigInt| &r * &r).sum();
    let residual = Ratio::new(square, &determinant * &determinant, -2 * sb);
    Some((numerators.into_iter().map(|x| Ratio::new(x, determinant.clone(), sa - sb)).collect(), residual))
}

fn hold(seed: u64, problem: &Problem, found: &EntryEnclosures) {
    let (x, residual) = problem.truth.as_ref().unwrap_or_else(|| panic!("{seed}: without full rank {:?}", problem.a));
    for (i, truth) in x.iter().enumerate() {
        let e = found.entry(i, 0);
        assert!(truth.is_in(&e), "{seed}: x{i} of {:?} and {:?} is not in {e:?}", problem.a, problem.b);
        assert!(found.imaginary(i, 0).contains(0.0), "{seed}: {:?}", found.imaginary(i, 0));
    }
    let norm = &found.residual_norms()[0];
    assert!(
        residual.root_is_in(norm),
        "{seed}: the residual of {:?} and {:?} is not in {norm:?}",
        problem.a,
        problem.b
    );
}

#[test]
fn no_certified_least_squares_solution_misses_the_exact_one() {
    let (proved, of_full_rank) = (AtomicUsize::new(0), AtomicUsize::new(0));
    for_each_case(|seed| {
        let problem = Problem::new(seed);
        let (m, n) = problem.a.shape();
        let how = Lstsq { guarantee: Guarantee::Certified, ..Lstsq::default() };
        let right = Matrix::from_fn(m, 1, |i, _| problem.b[i]);
        let at = (0..m).flat_map(|i| (0..n).map(move |j| (i, j)));
        let sparse = Sparse::from_triplets((m, n), at.map(|(i, j)| (i, j, problem.a[(i, j)])).collect()).unwrap();
        let turned = Matrix::from_fn(m, n, |i, j| c64::new(0.0, problem.a[(i, j)]));
        let turned_right = Matrix::from_fn(m, 1, |i, _| c64::new(0.0, problem.b[i]));
        let dense = lstsq_by(&problem.a, &right, &how).map(|s| s.enclosures().cloned());
        let others = [
            lstsq_by(&sparse, &right, &how).map(|s| s.enclosures().cloned()),
            // (iA)x = ib.
            lstsq_by(&turned, &turned_right, &how).map(|s| s.enclosures().cloned()),
        ];
        of_full_rank.fetch_add(usize::from(problem.truth.is_some()), Ordering::Relaxed);
        proved.fetch_add(usize::from(dense.is_ok()), Ordering::Relaxed);
        std::iter::once(dense).chain(others).flatten().for_each(|found| hold(seed, &problem, &found.unwrap()));
    });
    let (proved, all) = (proved.into_inner(), of_full_rank.into_inner());
    assert!(proved * 10 > all * 8, "{proved} of {all} are proved");
}

/// A decimal of a table: digits times a power of ten.
struct Decimals {
    digits: Vec<i64>,
    places: usize,
}

impl Decimals {
    fn new(draws: &mut Draws, m: usize, kind: usize) -> Self {
        let places = [0, 1, 3, 17, 0, 9][kind % 6];
        // The largest are integers beyond 2⁵³.
        let (base, spread) =
            [(0, 9), (0, 1000), (500_000, 300), (1_000_000_000, 50), (1 << 60, 1 << 20), (0, 1 << 62)][(kind / 6) % 6];
        let mut digit = || base + (draws.bits() % (2 * spread as u64 + 1)) as i64 - spread;
        Self { digits: (0..m).map(|_| digit()).collect(), places }
    }

    fn column(&self, name: &str) -> Column {
        let cell = |d: &i64| Cell::parse(&format!("{d}e-{}", self.places));
        Column { name: name.into(), cells: self.digits.iter().map(cell).collect() }
    }

    fn whole(&self) -> Vec<BigInt> {
        self.digits.iter().map(|&d| BigInt::from(d)).collect()
    }
}

fn ten(places: usize) -> BigInt {
    BigInt::from(10).pow(places as u32)
}

/// The table of one case: y and one or two predictors, with or without an intercept.
struct Table {
    y: Decimals,
    x: Vec<Decimals>,
    has_constant: bool,
}

impl Table {
    fn new(seed: u64) -> Self {
        let mut draws = Draws(seed ^ 0xf17);
        let m = 4 + draws.below(4);
        let (k, has_constant) = (1 + draws.below(2), seed % 4 != 3);
        let kind = draws.below(36);
        let mut x: Vec<Decimals> = (0..k).map(|_| Decimals::new(&mut draws, m, kind)).collect();
        let y = match seed % 9 {
            // An exact fit, or a constant response.
            0 => Decimals { digits: x[0].digits.iter().map(|d| d / 4 * 3 + 7).collect(), places: x[0].places },
            1 => Decimals { digits: vec![7; m], places: 1 },
            _ => {
                let kind = draws.below(36);
                Decimals::new(&mut draws, m, kind)
            }
        };
        if seed % 11 == 5 && k == 2 {
            // Collinear but for one digit, or exactly.
            let off = i64::from(seed.is_multiple_of(2));
            x[1] = Decimals { digits: x[0].digits.iter().map(|d| d / 2).collect(), places: x[0].places + 1 };
            x[1].digits[0] += off;
        }
        Self { y, x, has_constant }
    }

    fn fit(&self) -> kappa::Result<Regression> {
        let mut columns = vec![self.y.column("y")];
        columns.extend(self.x.iter().enumerate().map(|(j, x)| x.column(&format!("x{j}"))));
        let names: Vec<String> = (0..self.x.len()).map(|j| format!("x{j}")).collect();
        let formula = format!("y ~ {}{}", names.join(" + "), if self.has_constant { "" } else { " - 1" });
        Regression::new(Design::new(&columns, &formula.parse()?, None)?)
    }

    /// The columns of the design in whole numbers, each with its power of ten.
    fn design(&self) -> Vec<(Vec<BigInt>, usize)> {
        let constant = self.has_constant.then(|| (vec![BigInt::from(1); self.y.digits.len()], 0));
        constant.into_iter().chain(self.x.iter().map(|x| (x.whole(), x.places))).collect()
    }
}

#[test]
fn no_regression_misses_the_exact_one() {
    let (fitted, possible) = (AtomicUsize::new(0), AtomicUsize::new(0));
    for_each_case(|seed| {
        let table = Table::new(seed);
        let found = table.fit();
        let design = table.design();
        let columns: Vec<Vec<BigInt>> = design.iter().map(|(x, _)| x.clone()).collect();
        let y = table.y.whole();
        let right: Vec<BigInt> = columns.iter().map(|x| product(x.iter(), y.iter())).collect();
        let Some(solved) = solve_whole(gram(&columns), right) else {
            assert!(found.is_err(), "{seed}: collinear columns were fitted: {columns:?}");
            return;
        };
        possible.fetch_add(1, Ordering::Relaxed);
        let fit = match found {
            Ok(fit) => fit,
            // The relation holds to the last bits of the pairs of doubles that hold the columns.
            Err(error) => return assert!(error.to_string().contains("collinear"), "{seed}: {error} for {columns:?}"),
        };
        fitted.fetch_add(1, Ordering::Relaxed);
        judge(seed, &table, &fit, &columns, (&solved.numerators, &solved.determinant));
    });
    let (fitted, possible) = (fitted.into_inner(), possible.into_inner());
    assert!(fitted > 1000 && 100 * fitted > 99 * possible, "{fitted} of {possible} are fitted");
}

/// Holds β, the sums of squares, R², standard errors and t against their exact values; X·β = ŷ in whole numbers.
fn judge(seed: u64, table: &Table, fit: &Regression, columns: &[Vec<BigInt>], (numerators, d): (&[BigInt], &BigInt)) {
    let (y, m, k) = (table.y.whole(), table.y.digits.len(), columns.len());
    let y_unit = ten(table.y.places);
    let fitted = (0..m).map(|i| columns.iter().zip(numerators).map(|(x, b)| &x[i] * b).sum::<BigInt>());
    let residuals: Vec<BigInt> = y.iter().zip(fitted).map(|(y, fitted)| y * d - fitted).collect();
    let rss = product(residuals.iter(), residuals.iter());
    let (square_unit, d2) = (&y_unit * &y_unit, d * d);
    let in_units = |p: BigInt, q: BigInt| Ratio::new(p, q * &square_unit, 0);
    let about = || format!("{seed}: {columns:?}, {y:?}");
    let square = fit.residual_square();
    assert!(in_units(rss.clone(), d2.clone()).is_in(&square), "{} rss {square:?}", about());
    let sum: BigInt = y.iter().sum();
    let tss = product(y.iter(), y.iter()) * m - if table.has_constant { &sum * &sum } else { zero() };
    let total = fit.total_square();
    assert!(in_units(tss.clone(), m.into()).is_in(&total), "{} tss {total:?}", about());
    if tss != zero() {
        let r2 = Ratio::new(&tss * &d2 - &rss * m, &tss * &d2, 0);
        assert!(r2.is_in(&fit.r_squared()), "{} R² {:?}", about(), fit.r_squared());
    }
    for (i, e) in fit.residual_enclosures().iter().enumerate() {
        let truth = Ratio::new(residuals[i].clone(), d * &y_unit, 0);
        assert!(truth.is_in(e), "{} residual {i} {e:?}", about());
    }
    let degrees = m - k;
    for (j, c) in fit.coefficients().iter().enumerate() {
        let unit = ten(table.design()[j].1);
        let beta = Ratio::new(&numerators[j] * &unit, d * &y_unit, 0);
        assert!(beta.is_in(&c.estimate), "{} β{j} {:?}", about(), c.estimate);
        if degrees == 0 {
            continue;
        }
        // (XᵀX)⁻¹ⱼⱼ = g/d, from the column eⱼ.
        let unit_vector = (0..k).map(|i| BigInt::from(i32::from(i == j))).collect();
        let g = solve_whole(gram(columns), unit_vector).unwrap();
        assert_eq!(&g.determinant, d);
        let g = &g.numerators[j];
        let variance = (&rss * g, &d2 * d * degrees);
        let truth = Ratio::new(&variance.0 * &unit * &unit, &variance.1 * &square_unit, 0);
        assert!(truth.root_is_in(&c.standard_error), "{} standard error {j} {:?}", about(), c.standard_error);
        if rss != zero() {
            // t² = β²/variance, in the units of the whole numbers.
            let square = &numerators[j] * &numerators[j];
            let truth = Ratio::new(square * &variance.1, &d2 * &variance.0, 0);
            assert!(truth.root_is_in(&c.t.abs()), "{} t{j} {:?}", about(), c.t);
        }
    }
}

/// Numbers that are hard to add: graded, cancelling, huge, subnormal.
fn terms(seed: u64, draws: &mut Draws) -> Vec<f64> {
    let n = draws.below(12);
    let x = draws.vector(n);
    let power = |i: usize| 2f64.powi(((i * 7919 + seed as usize) % 2098) as i32 - 1074);
    let mut x: Vec<f64> = match seed % 7 {
        0 => x,
        1 => x.iter().enumerate().map(|(i, x)| x * power(i)).collect(),
        2 => x.iter().map(|x| x * 2f64.powi(1023)).collect(),
        3 => x.iter().map(|x| x * 2f64.powi(-1040)).collect(),
        4 => x.iter().map(|x| (x * 2f64.powi(62)).round()).collect(),
        5 => x.iter().enumerate().map(|(i, x)| x * 2f64.powi(60 * (i as i32 % 5))).collect(),
        _ => x.iter().map(|x| 1.0 + x * 2f64.powi(-40)).collect(),
    };
    if seed % 3 == 1 {
        // All but a rest cancels.
        let mirrored: Vec<f64> = x.iter().rev().map(|x| -x).collect();
        x.extend(mirrored);
        x.push(f64::from_bits(draws.bits() % (0x7fe << 52)));
    }
    x
}

#[test]
fn no_sum_product_norm_or_variance_misses_the_exact_one() {
    for_each_case(|seed| {
        let mut draws = Draws(seed ^ 0x5_0e);
        let x = terms(seed, &mut draws);
        let n = x.len();
        let y: Vec<f64> = match seed % 4 {
            // Orthogonal to x, but for an odd entry.
            0 => (0..n)
                .map(|i| {
                    if i + 1 < n || n.is_multiple_of(2) {
                        if i % 2 == 0 { x.get(i + 1).copied().unwrap() } else { -x[i - 1] }
                    } else {
                        1.0
                    }
                })
                .collect(),
            1 => terms(seed + 1, &mut draws).into_iter().chain(std::iter::repeat(0.5)).take(n).collect(),
            _ => draws.vector(n),
        };
        let (sx, sy) = (shift_of(&x), shift_of(&y));
        let wx: Vec<BigInt> = x.iter().map(|&x| whole(x, sx)).collect();
        let wy: Vec<BigInt> = y.iter().map(|&y| whole(y, sy)).collect();
        let one = || BigInt::from(1);
        let total: BigInt = wx.iter().sum();
        let found = sum(&x).unwrap().value;
        assert!(Ratio::new(total.clone(), one(), -sx).is_in(&found), "{seed}: Σ{x:?} is not in {found:?}");
        let truth = Ratio::new(product(wx.iter(), wy.iter()), one(), -sx - sy);
        let found = dot(&x, &y).unwrap().value;
        assert!(truth.is_in(&found), "{seed}: ⟨{x:?}, {y:?}⟩ is not in {found:?}");
        let found = inner_product(&x, &y).unwrap();
        assert!(truth.is_in(&found.re) && found.im.width() == 0.0, "{seed}: ⟨{x:?}, {y:?}⟩ is not in {found:?}");
        // ⟨x + iy, y + ix⟩ = 2⟨x, y⟩ + i(‖x‖² − ‖y‖²).
        let pair = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(&a, &b)| c64::new(a, b)).collect::<Vec<c64>>();
        let found = inner_product(&pair(&x, &y), &pair(&y, &x)).unwrap();
        let twice = Ratio::new(product(wx.iter(), wy.iter()), one(), 1 - sx - sy);
        let s = sx.max(sy);
        let square = |w: &[BigInt], by: i32| product(w.iter(), w.iter()) << (2 * by) as usize;
        let rest = Ratio::new(square(&wx, s - sx) - square(&wy, s - sy), one(), -2 * s);
        assert!(twice.is_in(&found.re) && rest.is_in(&found.im), "{seed}: {found:?} of {x:?} and {y:?}");
        let moduli: BigInt = wx.iter().map(|x| BigInt::from(x.magnitude().clone())).sum();
        let found = VectorNorm::p(1.0).unwrap().of(&x).unwrap();
        assert!(Ratio::new(moduli, one(), -sx).is_in(&found), "{seed}: ‖{x:?}‖₁ is not in {found:?}");
        let found = VectorNorm::p(2.0).unwrap().of(&x).unwrap();
        assert!(Ratio::new(square(&wx, 0), one(), -2 * sx).root_is_in(&found), "{seed}: ‖{x:?}‖₂ is not in {found:?}");
        if n > 1 {
            let found = mean_and_variance(&x).unwrap();
            let mean = Ratio::new(total.clone(), n.into(), -sx);
            let variance = Ratio::new(square(&wx, 0) * n - &total * &total, BigInt::from(n * (n - 1)), -2 * sx);
            assert!(mean.is_in(&found.mean), "{seed}: the mean of {x:?} is not in {found:?}");
            assert!(variance.is_in(&found.variance), "{seed}: the variance of {x:?} is not in {found:?}");
        }
    });
}
