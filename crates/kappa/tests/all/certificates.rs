//! Certified bounds against exact arithmetic: every enclosure must contain the exact value, and none may be too wide.

use crate::draws::Draws;
use crate::exact::{Gram, compare_sum, shift_of, whole, wholes};
use kappa::ask::{induced_norm, log_norm};
use kappa::certificate::{SpectralCertificate, SpectralMethod};
use kappa::{Enclosure, Guarantee, Matrix, Norm, c64, gallery, norm, norm_by, numerical_radius, singular_values_by};
use num_bigint::BigInt;

/// The number of kinds of matrices that are difficult for error bounds.
const KINDS: usize = 10;

fn case(seed: u64) -> Matrix<f64> {
    let mut draws = Draws(seed);
    let (m, n) = (1 + draws.below(6), 1 + draws.below(6));
    let a: Matrix<f64> = draws.matrix(m, n);
    let scale = |a: &Matrix<f64>, f: &dyn Fn(usize, usize) -> f64| Matrix::from_fn(m, n, |i, j| a[(i, j)] * f(i, j));
    match seed as usize % KINDS {
        0 => a,
        1 => scale(&a, &|_, j| 10f64.powi(-7 * j as i32)),
        2 => scale(&a, &|i, j| 10f64.powi(3 * i as i32 - 5 * j as i32)),
        // Rank exactly one or two: small integers.
        3 => Matrix::from_fn(m, n, |i, j| ((i + 1) * (j + 2)) as f64 + if n > 2 { (i * i) as f64 } else { 0.0 }),
        4 => scale(&a, &|_, _| 2f64.powi(1018)),
        5 => scale(&a, &|_, _| 2f64.powi(-1010)),
        // Subnormal entries only, and subnormal beside normal entries.
        6 => scale(&a, &|_, _| 2f64.powi(-1022) * 2f64.powi(-30)),
        7 => scale(&a, &|i, j| if (i + j) % 2 == 0 { 1.0 } else { 2f64.powi(-1060) }),
        8 => Matrix::from_fn(m, n, |i, j| if (i + 2 * j) % 3 == 0 { a[(i, j)] } else { 0.0 }),
        // Repeated singular values: parts of permutation matrices.
        _ => Matrix::from_fn(m, n, |i, j| if i == (j + seed as usize / 16) % m { 1.0 } else { 0.0 }),
    }
}

#[test]
fn no_enclosure_misses_in_ten_thousand_cases() {
    let check = |seed: u64| {
        let a = case(seed);
        let gram = Gram::of(&a);
        let values = singular_values_by(&a, Guarantee::Certified).unwrap();
        for (k, s) in values.iter().enumerate() {
            assert!(s.evidence().is_certified());
            assert!(gram.holds(k, s.lower(), s.upper()), "case {seed}: σ{} of {a:?} is not in {s:?}", k + 1);
        }
        let spectral = norm_by(&a, Norm::spectral(), Guarantee::Certified).unwrap();
        assert!(gram.holds(0, spectral.lower(), spectral.upper()), "case {seed}: ‖A‖₂ of {a:?} is not in {spectral:?}");
        let frobenius = norm_by(&a, Norm::frobenius(), Guarantee::Certified).unwrap();
        assert!(frobenius_holds(&a, frobenius), "case {seed}: ‖A‖_F of {a:?} is not in {frobenius:?}");
        for (which, sums) in [(Norm::max_column_sum(), columns(&a)), (Norm::max_row_sum(), columns(&a.adjoint()))] {
            assert!(
                largest_holds(&sums, norm_by(&a, which, Guarantee::Certified).unwrap()),
                "case {seed}: {which} of {a:?}"
            );
        }
    };
    let (cases, workers) = (10_000, 2);
    std::thread::scope(|scope| {
        for worker in 0..workers {
            scope.spawn(move || (0..cases).filter(|seed| seed % workers == worker).for_each(check));
        }
    });
}

fn columns(a: &Matrix<f64>) -> Vec<Vec<f64>> {
    (0..a.columns()).map(|j| a.column(j).iter().map(|x| x.abs()).collect()).collect()
}

/// Whether x contains the largest of the exact sums.
fn largest_holds(sums: &[Vec<f64>], x: Enclosure) -> bool {
    let at_least = |bound: f64| sums.iter().any(|s| compare_sum(s, bound).is_ge());
    let above = |bound: f64| sums.iter().any(|s| compare_sum(s, bound).is_gt());
    at_least(x.lower()) && (x.upper().is_infinite() || !above(x.upper()))
}

/// Whether lower² ≤ Σa² ≤ upper².
fn frobenius_holds(a: &Matrix<f64>, x: Enclosure) -> bool {
    let mut all = a.as_slice().to_vec();
    all.extend([x.lower(), x.upper()].into_iter().filter(|x| x.is_finite()));
    let shift = shift_of(&all);
    let square = |x: f64| whole(x, shift).pow(2);
    let sum: BigInt = a.as_slice().iter().map(|&x| square(x)).sum();
    square(x.lower()) <= sum && (x.upper().is_infinite() || sum <= square(x.upper()))
}

/// Whether x contains the exact maximum of ‖As‖₁ (q = 1) or ‖As‖₂ (q = 2) over sign vectors s.
fn signs_hold(a: &Matrix<f64>, q: u32, x: Enclosure) -> bool {
    let mut all = a.as_slice().to_vec();
    all.extend([x.lower(), x.upper()]);
    let shift = shift_of(&all);
    let rows = wholes(a, shift);
    let best = (0..1u32 << a.columns())
        .map(|bits| {
            let entry = |row: &Vec<BigInt>| -> BigInt {
                row.iter().enumerate().map(|(j, x)| if bits >> j & 1 == 1 { -x } else { x.clone() }).sum()
            };
            rows.iter().map(|row| BigInt::from(entry(row).magnitude().clone()).pow(q)).sum::<BigInt>()
        })
        .max()
        .unwrap_or_default();
    whole(x.lower(), shift).pow(q) <= best && best <= whole(x.upper(), shift).pow(q)
}

#[test]
fn hard_induced_norms_hold_the_exact_maximum_over_signs() {
    for seed in 0..400 {
        let a = case(seed);
        // With `signs` = 0 nothing is enumerated: the lower end comes from a vector and the upper end from a theorem.
        for signs in [0, 20] {
            let how = kappa::ask::Induced { signs, ..Default::default() };
            for (q, power) in [(1.0, 1), (2.0, 2)] {
                let x = induced_norm(&a, f64::INFINITY, q, &how).unwrap();
                if x.upper().is_finite() {
                    assert!(signs_hold(&a, power, x), "case {seed}: ∞→{q} of {a:?} is not in {x:?}");
                }
            }
            let x = induced_norm(&a, 2.0, 1.0, &how).unwrap();
            if x.upper().is_finite() {
                assert!(signs_hold(&a.adjoint(), 2, x), "case {seed}: 2→1 of {a:?} is not in {x:?}");
            }
        }
    }
}

#[test]
fn hard_induced_norms_are_close_from_both_sides() {
    let mut draws = Draws(5);
    for n in [4, 8, 12, 30, 60] {
        let a: Matrix<f64> = draws.matrix(n, n);
        for signs in [0, 14] {
            let how = kappa::ask::Induced { signs, ..Default::default() };
            for (p, q, most) in [(f64::INFINITY, 1.0, 1.8), (f64::INFINITY, 2.0, 1.26), (2.0, 1.0, 1.26)] {
                let x = induced_norm(&a, p, q, &how).unwrap();
                assert!(x.upper() <= most * x.lower(), "{p}→{q} of order {n}: {x:?}");
                if n <= signs {
                    assert!(x.width() <= 1e-14 * x.upper(), "{p}→{q} of order {n}: {x:?}");
                }
            }
        }
    }
    // ‖A‖₂ ≤ ‖A‖_{2→1} ≤ √m‖A‖₂ (trap N4).
    let a: Matrix<f64> = draws.matrix(7, 5);
    let (two, hard) = (norm(&a, Norm::spectral()).unwrap(), norm(&a, Norm::induced(2.0, 1.0).unwrap()).unwrap());
    assert!(two.lower() <= hard.upper() && hard.lower() <= 7f64.sqrt() * two.upper());
    assert!(induced_norm(&gallery::hadamard(2), f64::INFINITY, 1.0, &Default::default()).unwrap().contains(8.0));
}

#[test]
fn exact_cases_of_induced_norms_are_exact_to_rounding() {
    let mut draws = Draws(6);
    let positive = Matrix::from_fn(40, 30, |_, _| draws.next().abs());
    for (p, q) in
        [(2.0, 1.0), (3.0, 2.0), (4.0, 4.0), (f64::INFINITY, 1.0), (f64::INFINITY, 3.0), (3.5, 1.5), (2.0, 2.0)]
    {
        let x = induced_norm(&positive, p, q, &Default::default()).unwrap();
        assert!(x.width() <= 1e-14 * x.upper(), "{p}→{q} of a positive matrix: {x:?}");
    }
    let signed: Matrix<f64> = draws.matrix(40, 30);
    for (p, q) in [(1.0, 2.0), (1.0, 1.5), (1.5, f64::INFINITY), (2.0, f64::INFINITY), (1.0, 7.0)] {
        let x = induced_norm(&signed, p, q, &Default::default()).unwrap();
        assert!(x.width() <= 1e-14 * x.upper(), "{p}→{q}: {x:?}");
    }
    let diagonal = Matrix::from_fn(5, 5, |i, j| if i == j { (i + 1) as f64 } else { 0.0 });
    assert!(induced_norm(&diagonal, 2.0, 3.0, &Default::default()).unwrap().contains(5.0));
    // p > q: ‖d‖ᵣ with 1/r = 1/q − 1/p; for 2→1 that is r = 2.
    assert!(induced_norm(&diagonal, 2.0, 1.0, &Default::default()).unwrap().contains(55f64.sqrt()));
    let outer = Matrix::from_fn(4, 3, |i, j| ((i + 1) * (j + 2)) as f64);
    let (u, v) = (Matrix::from_fn(4, 1, |i, _| (i + 1) as f64), Matrix::from_fn(3, 1, |j, _| (j + 2) as f64));
    let x = induced_norm(&outer, 3.0, 1.5, &Default::default()).unwrap();
    let expected =
        norm(&u, Norm::entrywise(1.5).unwrap()).unwrap().times(norm(&v, Norm::entrywise(1.5).unwrap()).unwrap());
    assert!(x.lower() <= expected.upper() && expected.lower() <= x.upper() && x.width() <= 1e-14 * x.upper());
}

#[test]
fn every_method_holds_and_the_plan_is_narrow_at_order_500() {
    use SpectralMethod::{Cholesky, Entries, GramIteration, SvdResidual, Weights};
    let mut draws = Draws(7);
    let random: Matrix<f64> = draws.matrix(500, 500);
    let best = norm_by(&random, Norm::spectral(), Guarantee::Certified).unwrap();
    assert!(best.width() <= 1e-11 * best.upper(), "{best:?}");
    for (method, most) in
        [(Entries, 30.0), (Weights, 30.0), (Cholesky, 1e-11), (GramIteration, 2e-3), (SvdResidual, 2e-11)]
    {
        let how = SpectralCertificate { method: Some(method), ..Default::default() };
        let (x, by) = how.norm(&random).unwrap();
        assert!(x.lower() <= best.upper() && best.lower() <= x.upper(), "{method:?}: {x:?} beside {best:?}");
        assert!(x.width() <= most * x.upper(), "{method:?}: {x:?}");
        assert!(by == method || by == Entries);
    }
    let orthogonal = kappa::svd(&random).unwrap().u().clone();
    let x = norm_by(&orthogonal, Norm::spectral(), Guarantee::Certified).unwrap();
    assert!(x.contains(1.0) && x.width() <= 1e-11, "{x:?}");
    let positive = Matrix::from_fn(500, 300, |i, j| 1.0 + random[(i, j)]);
    let (x, by) = SpectralCertificate::default().norm(&positive).unwrap();
    assert!(by == Weights && x.width() <= 1e-12 * x.upper(), "{by:?} {x:?}");
    let (x, by) = (SpectralCertificate { width: 100.0, ..Default::default() }).norm(&random).unwrap();
    assert!(by == Entries && x.upper() > best.upper());
}

#[test]
fn graded_columns_are_enclosed_relatively() {
    let mut draws = Draws(8);
    let b: Matrix<f64> = draws.matrix(20, 12);
    let a = Matrix::from_fn(20, 12, |i, j| b[(i, j)] * 10f64.powi(-2 * j as i32));
    for a in [a.clone(), a.adjoint()] {
        let values = singular_values_by(&a, Guarantee::Certified).unwrap();
        assert!(values.last().upper() < 1e-20);
        for s in values.iter() {
            assert!(s.width() <= 1e-10 * s.upper(), "{s:?}");
        }
    }
}

#[test]
fn nuclear_and_schatten_norms_use_the_triangle_inequality() {
    let mut draws = Draws(9);
    let a: Matrix<f64> = draws.matrix(120, 80);
    let values = singular_values_by(&a, Guarantee::Certified).unwrap();
    for name in ["nuclear", "schatten:3", "schatten:1.5", "ky-fan:10", "ky-fan:10,2", "dual:ky-fan:10"] {
        let which: Norm = name.parse().unwrap();
        let (x, estimate) = (norm_by(&a, which, Guarantee::Certified).unwrap(), norm(&a, which).unwrap());
        assert!(x.lower() <= estimate.upper() && estimate.lower() <= x.upper(), "{name}: {x:?} {estimate:?}");
        assert!(x.evidence().is_certified() && x.width() <= 1e-11 * x.upper(), "{name}: {x:?}");
    }
    let sum: f64 = values.iter().map(|s| s.width()).sum();
    let nuclear = values.norm(Norm::nuclear()).unwrap();
    assert!(nuclear.width() < 0.9 * sum, "{} is no better than the sum {sum}", nuclear.width());
}

#[test]
fn complex_matrices_are_certified_through_their_real_form() {
    let mut draws = Draws(10);
    let z = Matrix::from_fn(9, 7, |_, _| c64::new(draws.next(), draws.next()));
    let (values, expected) =
        (singular_values_by(&z, Guarantee::Certified).unwrap(), kappa::singular_values(&z).unwrap());
    assert_eq!(values.len(), 7);
    for (x, y) in values.iter().zip(expected.iter()) {
        assert!(x.lower() <= y.upper() && y.lower() <= x.upper() && x.width() < 1e-12);
    }
    let x = norm_by(&z, Norm::spectral(), Guarantee::Certified).unwrap();
    assert!(
        x.lower() <= values.first().upper() && values.first().lower() <= x.upper() && x.width() < 1e-12 * x.upper()
    );
    for name in ["frobenius", "nuclear", "induced:1,2", "entrywise:3"] {
        assert!(norm_by(&z, name.parse().unwrap(), Guarantee::Certified).unwrap().evidence().is_certified());
    }
}

#[test]
fn numerical_radius_and_logarithmic_norms_have_their_closed_forms() {
    for n in [2usize, 5, 10] {
        let jordan = Matrix::from_fn(n, n, |i, j| f64::from(j == i + 1));
        let expected = (std::f64::consts::PI / (n + 1) as f64).cos();
        let w = numerical_radius(&jordan).unwrap();
        assert!(w.lower() <= expected + 1e-15 && expected - 1e-15 <= w.upper() && w.width() < 1e-3, "{w:?} {expected}");
        // μ₂ of the Jordan block is the same number: its symmetric part is half the sum of two shifts.
        let mu = log_norm(&jordan, 2.0).unwrap();
        assert!(mu.lower() <= expected + 1e-15 && expected - 1e-15 <= mu.upper() && mu.width() < 1e-12, "{mu:?}");
    }
    // For a normal matrix, here i·diag(1, 2), the numerical radius is the spectral radius.
    let normal = Matrix::from_fn(2, 2, |i, j| if i == j { c64::new(0.0, (i + 1) as f64) } else { c64::default() });
    let w = numerical_radius(&normal).unwrap();
    assert!(w.contains(2.0) && w.width() < 1e-7, "{w:?}");
    assert!(log_norm(&normal, 2.0).unwrap().contains(0.0));
    let stable = Matrix::from_row_major(2, 2, vec![-5.0, 1.0, 2.0, -7.0]).unwrap();
    assert!(log_norm(&stable, 1.0).unwrap().contains(-3.0) && log_norm(&stable, f64::INFINITY).unwrap().contains(-4.0));
    assert!(log_norm(&stable, 2.0).unwrap().upper() < -4.0);
    assert!(log_norm(&stable, 3.0).unwrap_err().is_unsupported());
    assert!(numerical_radius(&Matrix::<f64>::zeros(2, 3)).unwrap_err().is_shape());
    assert!(numerical_radius(&Matrix::<f64>::zeros(3, 3)).unwrap().contains(0.0));
    let huge = Matrix::from_fn(3, 3, |i, j| ((i * 3 + j) as f64 - 4.0) * 1e300);
    assert!(numerical_radius(&huge).unwrap().upper().is_finite() && log_norm(&huge, 2.0).unwrap().lower() > 0.0);
}

#[test]
fn metamorphic_relations_hold_for_certified_values() {
    let mut draws = Draws(11);
    let a: Matrix<f64> = draws.matrix(9, 6);
    let base = SpectralCertificate::default().norm(&a).map(|found| found.0).unwrap();
    let overlap = |x: Enclosure| x.lower() <= base.upper() && base.lower() <= x.upper();
    let permuted = Matrix::from_fn(9, 6, |i, j| a[((i * 4 + 1) % 9, (j * 5) % 6)]);
    let flipped = Matrix::from_fn(9, 6, |i, j| if i % 2 == j % 2 { a[(i, j)] } else { -a[(i, j)] });
    for b in [a.adjoint(), permuted, flipped] {
        assert!(overlap(SpectralCertificate::default().norm(&b).map(|found| found.0).unwrap()));
    }
    let scaled = Matrix::from_fn(9, 6, |i, j| a[(i, j)] * 2f64.powi(-700));
    let x = SpectralCertificate::default().norm(&scaled).map(|found| found.0).unwrap();
    assert!(overlap(x.times_exactly(2f64.powi(700))));
}

#[test]
fn empty_zero_and_single_entries_are_certified_too() {
    for (m, n) in [(0, 0), (0, 4), (4, 0), (1, 1), (1, 5), (3, 2)] {
        let zero = Matrix::<f64>::zeros(m, n);
        for name in ["spectral", "nuclear", "frobenius", "induced:inf,1", "schatten:3"] {
            let x = norm_by(&zero, name.parse().unwrap(), Guarantee::Certified).unwrap();
            assert_eq!((x.lower(), x.upper()), (0.0, 0.0), "{name} of {m}×{n}");
        }
        assert_eq!(singular_values_by(&zero, Guarantee::Certified).unwrap().len(), m.min(n));
    }
    let one = Matrix::from_fn(1, 1, |_, _| -7.0);
    assert!(norm_by(&one, Norm::spectral(), Guarantee::Certified).unwrap().contains(7.0));
    assert!(norm_by(&one, Norm::nuclear(), Guarantee::Certified).unwrap().contains(7.0));
    let mut bad = Matrix::<f64>::zeros(2, 2);
    bad[(1, 0)] = f64::NAN;
    assert!(norm_by(&bad, Norm::spectral(), Guarantee::Certified).unwrap_err().is_not_finite());
}
