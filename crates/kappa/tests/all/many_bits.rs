//! Matrices that are too ill-conditioned for doubles: their condition numbers, smallest singular values and solutions
//! are certified in as many bits as they take.

use kappa::condition::inverse_norm;
use kappa::{
    Guarantee, Matrix, Norm, Question, Solve, c64, cond, cond_by, cond_in, distance_to_singularity, gallery,
    measure_by, singular_values_by, skeel_cond, solve_by,
};
use num_bigint::BigInt;

fn pascal(n: usize) -> Matrix<f64> {
    let mut a = Matrix::from_fn(n, n, |_, _| 1.0);
    for i in 1..n {
        for j in 1..n {
            a[(i, j)] = a[(i - 1, j)] + a[(i, j - 1)];
        }
    }
    a
}

/// log₁₀ of ‖A⁻¹‖_∞ of a symmetric Pascal matrix: A = LLᵀ with binomial L, and L⁻¹ is L with alternating signs.
fn pascal_inverse_row_sum(n: usize) -> f64 {
    let mut l = vec![vec![BigInt::ZERO; n]; n];
    for i in 0..n {
        for j in 0..=i {
            l[i][j] = if j == 0 { BigInt::from(1) } else { &l[i - 1][j - 1] + &l[i - 1][j] };
        }
    }
    // The signs of A⁻¹ are a checkerboard, so that |A⁻¹| = LᵀL.
    let entry = |i: usize, j: usize| (0..n).map(|k| &l[k][i] * &l[k][j]).sum::<BigInt>();
    let sum = |i: usize| (0..n).map(|j| entry(i, j)).sum::<BigInt>();
    (0..n).map(sum).max().unwrap().to_string().parse::<f64>().unwrap()
}

#[test]
fn pascal_matrices_have_the_condition_of_their_integer_inverses() {
    for n in [15, 20, 27] {
        let a = pascal(n);
        let size = (0..n).map(|i| (0..n).map(|j| a[(i, j)]).sum::<f64>()).fold(0.0, f64::max);
        let truth = size * pascal_inverse_row_sum(n);
        for found in [
            cond_by(&a, Norm::max_row_sum(), Guarantee::Certified).unwrap().value.enclosure(),
            cond_in(&a, Norm::max_row_sum()).unwrap(),
        ] {
            assert!((found.estimate() / truth - 1.0).abs() < 1e-8, "{n}: {found:?} {truth:e}");
            assert!(found.width() < 1e-6 * found.upper() && found.evidence().is_certified());
        }
    }
}

/// The matrix is its own mirror image: σ₁·σₙ = 1.
#[test]
fn the_smallest_singular_value_of_a_pascal_matrix_is_one_over_the_largest() {
    for n in [13, 20, 27] {
        let a = pascal(n);
        let values = singular_values_by(&a, Guarantee::Certified).unwrap();
        let product = values.first().times(values.last());
        assert!(product.contains(1.0) && product.width() < 1e-7, "{n}: {product:?}");
        assert!(values.iter().all(|x| x.lower() > 0.0), "{values:?}");
        assert!(distance_to_singularity(&a, Norm::spectral()).unwrap().value.contains(values.last().estimate()));
        let k = values.first().times(values.first());
        for found in [
            cond(&a).unwrap(),
            cond_by(&a, Norm::spectral(), Guarantee::Certified).unwrap().value.enclosure(),
            measure_by(&a, &[Question::Cond], Guarantee::Certified).unwrap()[0],
            measure_by(&a, &[Question::Cond], Guarantee::Usual).unwrap()[0],
        ] {
            assert!(found.upper().is_finite() || n == 13, "{n}: {found:?}");
            assert!(found.lower() <= k.upper() && k.lower() <= found.upper(), "{n}: {found:?} {k:?}");
        }
    }
}

#[test]
fn what_is_exactly_singular_has_an_infinite_condition_number_at_every_door() {
    let counting = Matrix::from_fn(3, 3, |i, j| (3 * i + j + 1) as f64);
    let complex = Matrix::from_fn(3, 3, |i, j| c64::new((i + j) as f64, (i + 2 * j) as f64));
    let tall = Matrix::from_fn(5, 3, |i, j| (i * (j % 2)) as f64 + if j == 0 { 1.0 } else { 0.0 } + (j / 2) as f64);
    let with_zero_column =
        Matrix::from_fn(30, 30, |i, j| if j == 7 { 0.0 } else { 1e-300_f64.powf((i * j % 7) as f64 / 7.0) });
    let norms = [Norm::spectral(), Norm::frobenius(), Norm::max_row_sum(), Norm::nuclear()];
    for norm in norms {
        for guarantee in [Guarantee::Usual, Guarantee::Certified] {
            let found = [
                cond_by(&counting, norm, guarantee).unwrap().value,
                cond_by(&complex, norm, guarantee).unwrap().value,
                cond_by(&tall, norm, guarantee).unwrap().value,
                cond_by(&with_zero_column, norm, guarantee).unwrap().value,
            ];
            for (k, x) in found.into_iter().enumerate() {
                assert_eq!(x.enclosure().lower(), f64::INFINITY, "{k} {norm} {guarantee:?}: {x:?}");
            }
        }
    }
    let found =
        measure_by(&counting, &["cond".parse().unwrap(), "rank".parse().unwrap()], Guarantee::Certified).unwrap();
    assert_eq!((found[0].lower(), found[1].lower(), found[1].upper()), (f64::INFINITY, 2.0, 2.0));
    let values = singular_values_by(&counting, Guarantee::Certified).unwrap();
    assert_eq!((values.last().lower(), values.last().upper()), (0.0, 0.0));
    assert_eq!(distance_to_singularity(&counting, Norm::max_row_sum()).unwrap().value.upper(), 0.0);
    assert!(inverse_norm(&counting, Norm::spectral()).unwrap().is_none());
    assert!(skeel_cond(&counting).unwrap_err().is_singular());
}

/// Triangular with 1 on the diagonal and −1 or −x above: A⁻¹ is known in closed form, whatever the condition.
#[test]
fn triangles_of_any_condition_and_scale_are_certified_in_every_norm() {
    for (n, x) in [(60, 1.0_f64), (40, 8.0), (12, 1e6)] {
        let a = Matrix::from_fn(n, n, |i, j| {
            if i == j {
                1.0
            } else if j == i + 1 {
                -x
            } else {
                0.0
            }
        });
        // (A⁻¹)ᵢⱼ = x^(j − i): the largest row sum is (xⁿ − 1)/(x − 1).
        let log = if x == 1.0 { (n as f64).log10() } else { n as f64 * x.log10() - (x - 1.0).log10() };
        let truth = log + (1.0 + x).log10();
        for scale in [-900, 0, 900] {
            let scaled = Matrix::from_fn(n, n, |i, j| a[(i, j)] * 2f64.powi(scale));
            for norm in [Norm::max_row_sum(), Norm::max_column_sum(), Norm::spectral(), Norm::frobenius()] {
                let found = cond_by(&scaled, norm, Guarantee::Certified).unwrap().value;
                let m = found.mantissa();
                assert!(m.width() < 1e-6 * m.upper(), "{n} {x} {scale} {norm}: {found:?}");
                if norm == Norm::max_row_sum() || norm == Norm::max_column_sum() {
                    assert!((found.log10() - truth).abs() < 1e-6, "{n} {x} {scale} {norm}: {} {truth}", found.log10());
                }
            }
        }
    }
}

#[test]
fn rectangular_and_complex_matrices_are_certified_too() {
    // Columns of sizes 1, 10⁻⁵, … with one common direction: κ far above 10¹⁶.
    let tall = Matrix::from_fn(9, 5, |i, j| 1.0 + ((i * i + 3 * j) % 7) as f64 * 10f64.powi(-5 * j as i32));
    let wide = Matrix::from_fn(5, 9, |i, j| tall[(j, i)]);
    let turned = Matrix::from_fn(9, 5, |i, j| c64::new(0.6, 0.8) * c64::new(tall[(i, j)], 0.0));
    for norm in [Norm::spectral(), Norm::frobenius(), Norm::nuclear(), Norm::max_row_sum(), Norm::max_column_sum()] {
        let partner = match norm {
            _ if norm == Norm::max_row_sum() => Norm::max_column_sum(),
            _ if norm == Norm::max_column_sum() => Norm::max_row_sum(),
            _ => norm,
        };
        let x = cond_by(&tall, norm, Guarantee::Certified).unwrap().value.enclosure();
        let y = cond_by(&wide, partner, Guarantee::Certified).unwrap().value.enclosure();
        assert!(x.lower() > 1e15 && x.width() < 1e-6 * x.upper(), "{norm}: {x:?}");
        assert!(
            x.lower() <= y.upper() && y.lower() <= x.upper() && y.width() < 1e-6 * y.upper(),
            "{norm}: {x:?} {y:?}"
        );
        let z = cond_by(&turned, norm, Guarantee::Certified).unwrap().value.enclosure();
        // 0.6 and 0.8 are rounded, and so are the products: entries change by 1e-16, which such a κ does not forgive.
        assert!(z.width() < 1e-6 * z.upper(), "{norm}: {z:?}");
    }
}

/// A = [[b, b − 1], [b + 1, b]] has the determinant 1 for every b, here far beyond doubles: its rests are carried.
#[test]
fn integers_beyond_doubles_keep_their_condition_number() {
    let b = 2f64.powi(100);
    let a = Matrix::from_fn(2, 2, |_, _| b);
    let rest = [(0, 1, -1.0), (1, 0, 0.5), (1, 0, 0.5)];
    let found = kappa::AnyOperator::from(&a).cond_with(Norm::max_row_sum(), &rest).unwrap().value;
    // ‖A‖_∞ = 2b + 1 = ‖A⁻¹‖_∞.
    assert!((found.log10() - 2.0 * (2.0 * b).log10()).abs() < 1e-9 && found.mantissa().width() < 1e-9, "{found:?}");
    let singular = kappa::AnyOperator::from(&a).cond_with(Norm::spectral(), &[(0, 0, 0.0)]).unwrap().value;
    assert_eq!(singular.enclosure().lower(), f64::INFINITY);
}

#[test]
fn solutions_beyond_pairs_of_doubles_are_enclosed() {
    let how = Solve { guarantee: Guarantee::Certified, ..Solve::default() };
    let n = 28;
    let a = pascal(n);
    // The columns of the inverse have integer entries; the first is ± n choose (i + 1).
    let b = Matrix::from_fn(n, 1, |i, _| f64::from(i == 0));
    let found = solve_by(&a, &b, &how).unwrap();
    let x = found.enclosures().unwrap();
    let mut binomial = n as f64;
    for i in 0..n {
        let truth = if i % 2 == 0 { binomial } else { -binomial };
        assert!(x.entry(i, 0).contains(truth) && x.entry(i, 0).width() <= 1e-15 * binomial, "{i}: {:?}", x.entry(i, 0));
        binomial = binomial * (n - 1 - i) as f64 / (i + 2) as f64;
    }
    // A matrix of a hundred orders beyond doubles.
    let steep = Matrix::from_fn(40, 40, |i, j| {
        if i == j {
            1.0
        } else if j == i + 1 {
            -1024.0
        } else {
            0.0
        }
    });
    let last = Matrix::from_fn(40, 1, |i, _| f64::from(i == 39));
    let found = solve_by(&steep, &last, &how).unwrap();
    for i in 0..40 {
        assert!(found.enclosures().unwrap().entry(i, 0).contains(2f64.powi(10 * (39 - i as i32))), "{i}");
    }
    let singular = solve_by(&gallery::second_difference(3), &Matrix::zeros(3, 1), &how);
    assert!(singular.unwrap().enclosures().unwrap().entry(1, 0).contains(0.0));
}
