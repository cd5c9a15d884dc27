//! The limits of the range of doubles and of the exponents of norms, where an error analysis easily misses a case.

use kappa::arithmetic::{quadratic_roots, root};
use kappa::ask::{Induced, induced_norm, log_norm};
use kappa::krylov::{Iterate, solve_iteratively};
use kappa::norm::{holder, parallelogram};
use kappa::{
    Guarantee, Matrix, Norm, Question, Solve, VectorNorm, c64, lstsq, measure_by, norm, norm_by, solve, solve_by,
};

/// The smallest positive number, 2⁻¹⁰⁷⁴.
const UNIT: f64 = 5e-324;

/// x as a multiple of the smallest positive number.
fn units(x: f64) -> f64 {
    assert!(x.is_finite() && x < f64::MIN_POSITIVE * 8.0);
    x * 2f64.powi(537) * 2f64.powi(537)
}

#[test]
fn moduli_of_complex_subnormals_are_enclosed() {
    for (re, im) in [(2.0, 2.0), (1.0, 1.0), (1.0, 2.0), (3.0, 1.0), (7.0, 24.0)] {
        let z = c64::new(re * UNIT, im * UNIT);
        let x = vec![z; 1000];
        let size = (re * re + im * im).sqrt();
        for (p, expected) in [
            (0.5, 1e6 * size),
            (1.0, 1e3 * size),
            (2.0, 1000f64.sqrt() * size),
            (3.0, 10.0 * size),
            (f64::INFINITY, size),
        ] {
            let slack = 1e-12 * expected;
            let mut norms = vec![(VectorNorm::p(p).unwrap(), 3.0 + 1e-9 * expected)];
            if p >= 1.0 {
                // Each of a thousand weighted terms is rounded twice to a multiple of the smallest number.
                norms.push((VectorNorm::weighted(p, vec![1.0; 1000]).unwrap(), 5000.0));
            }
            for (norm, width) in norms {
                let found = norm.of(&x).unwrap();
                let (low, high) = (units(found.lower()), units(found.upper()));
                assert!(low <= expected + slack && expected - slack <= high, "{p}: {low} {expected} {high}");
                assert!(high - low <= width, "{norm:?}: {low} {high}");
            }
        }
        // The same numbers in matrices: columns of length 1000, and a Gershgorin row for the logarithmic norm.
        let a = Matrix::from_fn(1000, 2, |_, _| z);
        for (norm, expected) in [
            (Norm::max_abs(), size),
            (Norm::max_column_sum(), 1e3 * size),
            (Norm::entrywise(3.0).unwrap(), 2000f64.cbrt() * size),
            (Norm::induced(1.0, 3.0).unwrap(), 10.0 * size),
            (Norm::induced(3.0, 1.5).unwrap(), 0.0),
        ] {
            let found = norm_by(&a, norm, Guarantee::Certified).unwrap();
            let slack = 1e-12 * expected;
            assert!(units(found.lower()) <= expected + slack || expected == 0.0, "{norm}: {found:?} {expected}");
            assert!(units(found.upper()) >= expected - slack, "{norm}: {found:?} {expected}");
        }
        let square = Matrix::from_fn(3, 3, |i, j| if i == j { c64::default() } else { z });
        let mu = log_norm(&square, 1.0).unwrap();
        assert!(units(mu.lower()) <= 2.0 * size && 2.0 * size <= units(mu.upper()), "{mu:?}");
    }
}

#[test]
fn moduli_beyond_the_largest_number_are_infinite_and_quick() {
    let z = c64::new(1.5e308, 1.5e308);
    for p in [0.5, 1.0, 1.7, 2.0, 7.3, f64::INFINITY] {
        let found = VectorNorm::p(p).unwrap().of(&[z, z]).unwrap();
        assert!(found.lower() >= 1.7e308 && found.upper() == f64::INFINITY, "{p}: {found:?}");
    }
    let a = Matrix::from_fn(2, 2, |_, _| z);
    for name in
        ["max-abs", "fro", "entrywise:1.5", "induced:1,1.5", "induced:inf,1", "induced:3,1.5", "schatten:3", "nuc"]
    {
        let found = norm_by(&a, name.parse().unwrap(), Guarantee::Certified).unwrap();
        assert_eq!(found.upper(), f64::INFINITY, "{name}: {found:?}");
    }
}

#[test]
fn effective_rank_is_open_where_a_value_overflows() {
    // 9e307·11ᵀ + 2.25e307·hhᵀ: σ₁ = 3.6e308 overflows, σ₂ = 9e307.
    let h = [1.0, 1.0, -1.0, -1.0];
    let a = Matrix::from_fn(4, 4, |i, j| 9e307 + 2.25e307 * h[i] * h[j]);
    let p: f64 = 0.2;
    let truth = (-p * p.ln() - (1.0 - p) * (1.0 - p).ln()).exp();
    let found = measure_by(&a, &[Question::EffectiveRank, Question::EnergyRank(99.0)], Guarantee::Certified).unwrap();
    assert!(found[0].contains(truth), "{:?} against {truth}", found[0]);
    assert!(found[1].contains(2.0), "{:?}", found[1]);
}

#[test]
fn logarithmic_norms_keep_what_is_small_beside_the_huge() {
    for p in [1.0, f64::INFINITY] {
        let a = Matrix::from_fn(2, 2, |i, j| if i != j { 0.0 } else { [1e-60, -1e300][i] });
        let found = log_norm(&a, p).unwrap();
        assert!(found.contains(1e-60) && found.width() <= 1e-75, "{found:?}");
    }
    let a = Matrix::from_fn(2, 2, |i, j| if i != j { 0.0 } else { [1e-60, -1e300][i] });
    assert!(log_norm(&a, 2.0).unwrap().contains(1e-60));
    let huge = Matrix::from_fn(3, 3, |_, _| 1.7e308);
    assert_eq!(log_norm(&huge, 1.0).unwrap().upper(), f64::INFINITY);
}

#[test]
fn constants_tell_exponents_apart_that_their_inverses_do_not() {
    // Two neighbouring exponents, and pairs whose 1/p and 1/q are below the unit roundoff: the matrix of ones attains
    // d^(1/p − 1/q) > 1.
    for (p, q) in [(2.881762940735184, 2.8817629407351837), (1e300, 1e16), (f64::INFINITY, 1e300), (1e16, 1e15)] {
        let (small, large) = (p.min(q), p.max(q));
        let d: f64 = 1e12;
        // ln d·(1/p − 1/q) = ln d·(q − p)/p/q.
        let excess = if large.is_infinite() { d.ln() / small } else { d.ln() * ((large - small) / small) / large };
        let x = Norm::entrywise(small).unwrap();
        let y = Norm::entrywise(large).unwrap();
        let c = x.constant(&y, 1_000_000, 1_000_000, 1_000_000).unwrap().value;
        assert!(c.upper() - 1.0 >= 0.99 * excess, "{small} {large}: {c:?} misses 1 + {excess:e}");
        assert!(c.upper() > 1.0 && c.upper() <= (1.0 + 2.0 * excess) * (1.0 + 1e-12), "{c:?}");
        // In the other direction the constant is 1.
        let back = y.constant(&x, 1_000_000, 1_000_000, 1_000_000).unwrap().value;
        assert_eq!(back.upper(), 1.0);
    }
    // The conjugate exponent of 1.53… rounds to q: the two are equal as doubles, but not exactly.
    let p = 1.5314157829271353;
    let q = p / (p - 1.0);
    let c = Norm::induced(p, f64::INFINITY).unwrap().constant(&Norm::entrywise(q).unwrap(), 4, 1 << 40, 4).unwrap();
    assert!(c.value.upper() > 1.0 + 1e-15, "{c:?}");
}

#[test]
fn counts_beyond_doubles_are_rounded_up() {
    let odd = (1usize << 53) + 1;
    for (x, y, m, n, truth) in [
        ("entrywise:1", "max-abs", 94906267, 94906267, 94906267u128 * 94906267),
        ("max-row-sum", "max-abs", 1, odd, odd as u128),
        ("max-column-sum", "max-abs", odd, 2, odd as u128),
        ("dual:induced:1,2", "induced:1,2", 2, odd, odd as u128),
    ] {
        let (x, y): (Norm, Norm) = (x.parse().unwrap(), y.parse().unwrap());
        let upper = x.constant(&y, m, n, m.min(n)).unwrap().value.upper();
        assert!(upper as u128 >= truth && upper <= truth as f64 * (1.0 + 1e-15), "{x} {y}: {upper} {truth}");
    }
}

#[test]
fn exponents_near_the_largest_number_say_nothing_false() {
    for (p, x, weights, truth) in [
        (1.35e300, vec![1.0], vec![2.0], 1.0),
        (1e301, vec![1.0, 2.0], vec![2.0, 3.0], 2.0),
        (1.7e308, vec![3.0], vec![5.0], 3.0),
    ] {
        for norm in [VectorNorm::weighted(p, weights).unwrap(), VectorNorm::p(p).unwrap()] {
            let found = norm.of(&x).unwrap();
            assert!(found.contains(truth) && found.width() < 1e-14, "{p:e}: {found:?}");
            let dual = norm.dual().unwrap().of(&x).unwrap();
            assert!(dual.lower() <= x.iter().sum::<f64>() && dual.upper() >= truth / 2.0, "{p:e}: {dual:?}");
        }
    }
    for (x, y) in [("ky-fan:2,1e301", "spectral"), ("dual:spectral", "dual:ky-fan:2,1e301")] {
        let (x, y): (Norm, Norm) = (x.parse().unwrap(), y.parse().unwrap());
        assert!(x.constant(&y, 3, 3, 3).unwrap().value.upper() > 1.0);
    }
    let (p, q) = (2f64.powf(499.5), 2f64.powi(500));
    let c = VectorNorm::p(p).unwrap().constant(&VectorNorm::p(q).unwrap(), 7).unwrap().value;
    assert!(c.contains(1.0) || c.lower() >= 1.0 && c.width() < 1e-15, "{c:?}");
}

#[test]
fn the_parallelogram_law_holds_in_an_ill_conditioned_inner_product() {
    // x + y is rounded in the direction of the eigenvalue 2⁴¹ of M; x − y is exact.
    let k = 2f64.powi(40);
    let m = Matrix::from_fn(2, 2, |i, j| if i == j { k + 1.0 } else { -k });
    let norm = VectorNorm::mahalanobis(m).unwrap();
    let (x, y) = ([1.0, 1.0 - 2f64.powi(-20)], [2f64.powi(-53), 0.0]);
    let law = parallelogram(&x, &y, &norm).unwrap();
    assert!(law.slack.contains(0.0), "{law:?}");
    assert!(law.slack.width() < 1e-8, "{law:?}");
    assert!(parallelogram(&x, &y, &VectorNorm::p(0.5).unwrap()).unwrap_err().is_unsupported());
}

#[test]
fn the_dual_of_a_p_norm_takes_the_exact_conjugate() {
    // ‖1‖ in the dual of the p-norm is n/n^(1/p). For p = 3e15 the conjugate exponent 1 + 3.3e-16 is not a double.
    let n = 65536usize;
    for p in [3e15, 4.0, 1.1, 1.0 + 1e-15, 7e15] {
        let dual = VectorNorm::p(p).unwrap().dual().unwrap();
        let expected = kappa::Enclosure::exact(n as f64).over(root(n as f64, p));
        let found = dual.of(&vec![1.0; n]).unwrap();
        assert!(found.lower() <= expected.upper() && expected.lower() <= found.upper(), "{p}: {found:?} {expected:?}");
        assert!(found.width() <= 1e-14 * found.upper(), "{p}: {found:?}");
        assert_eq!(dual.dual().unwrap(), VectorNorm::p(p).unwrap());
        let h = holder(&vec![1.0; n], &vec![1.0; n], &VectorNorm::p(p).unwrap()).unwrap();
        assert!(h.may_be_equality(), "{p}: {h:?}");
    }
    assert_eq!(VectorNorm::p(3.0).unwrap().dual().unwrap(), VectorNorm::p(1.5).unwrap());
}

#[test]
fn sizes_that_no_machine_holds_are_refused() {
    let (one, two) = (VectorNorm::p(1.0).unwrap(), VectorNorm::p(2.0).unwrap());
    assert!(one.constant(&two, usize::MAX).unwrap_err().is_limit());
    assert!(two.constant(&one, usize::MAX).unwrap_err().is_limit());
    // `signs` exceeds the bits of an integer: the enumeration is limited, and the enclosure still holds.
    let a = Matrix::from_fn(70, 70, |i, j| f64::from(i == j));
    let how = Induced { signs: 200, ..Induced::default() };
    let b = Matrix::from_fn(70, 70, |i, j| a[(i, j)] + 0.01);
    let found = induced_norm(&b, f64::INFINITY, 1.0, &how).unwrap();
    assert!(found.lower() <= 119.0 * (1.0 + 1e-12) && 119.0 <= found.upper() * (1.0 + 1e-12), "{found:?}");
}

#[test]
fn an_undecided_discriminant_gives_no_wrong_kind() {
    use kappa::arithmetic::QuadraticRoots;
    // b² − 4ac < 0 by less than 2⁻¹⁰⁵.
    let found = quadratic_roots(1.0, 2.408501411999088, 1.4502197629004001).unwrap();
    assert!(matches!(found, QuadraticRoots::Conjugate(..)), "{found:?}");
}

#[test]
fn messages_about_entries_that_are_not_finite_have_a_subject() {
    let (a, bad) = (kappa::gallery::hilbert(2), Matrix::from_fn(2, 2, |i, j| if i == j { f64::NAN } else { 1.0 }));
    let b = Matrix::from_fn(2, 1, |i, _| if i == 1 { f64::INFINITY } else { 1.0 });
    let of_matrix = norm(&bad, Norm::frobenius()).unwrap_err();
    assert_eq!(of_matrix.to_string(), "the matrix has 2 entries that are not finite (first at row 1, column 1)");
    assert_eq!(of_matrix.named("w"), "`w` has 2 entries that are not finite (first at row 1, column 1)");
    let of_vector = kappa::arithmetic::sum(&[1.0, f64::NAN]).unwrap_err();
    assert_eq!(of_vector.to_string(), "the vector has 1 entry that is not finite (first at entry 2)");
    assert_eq!(of_vector.reason(), "has 1 entry that is not finite (first at entry 2)");
    let certified = Solve { guarantee: Guarantee::Certified, ..Solve::default() };
    for error in [
        solve(&a, &b).unwrap_err(),
        solve_by(&a, &b, &certified).unwrap_err(),
        lstsq(&a, &b).unwrap_err(),
        solve_iteratively(&a, b.as_slice(), &Iterate::default()).unwrap_err(),
    ] {
        let words = "the right-hand side has 1 entry that is not finite (first at ";
        assert!(error.is_not_finite() && error.to_string().starts_with(words), "{error}");
        // A name for the matrix does not replace the subject.
        assert!(error.named("a").starts_with(&format!("`a`: {words}")), "{}", error.named("a"));
    }
    let other = solve(&Matrix::<f64>::zeros(2, 2), &Matrix::from_fn(2, 1, |_, _| 1.0)).unwrap_err();
    assert_eq!(other.named("a"), format!("`a`: {other}"));
}
