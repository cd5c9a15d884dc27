//! Every regularized solution carries a bound of its error, and the bound holds against exact solutions.

use kappa::equations::{Choice, Ridge};
use kappa::{Matrix, c64, gallery};

/// Columns that are equal: x₁ = x₂ = aᵀb/(2aᵀa + λ).
#[test]
fn small_lambdas_on_dependent_columns_have_right_digits() {
    let column = [1.0, 2.0, -3.0, 4.0, 0.5];
    let b = [1.0, 0.0, 2.0, 5.0, -1.0];
    let (mut along, mut square) = (0.0, 0.0);
    for (x, y) in column.iter().zip(&b) {
        along += x * y;
        square += x * x;
    }
    let a = Matrix::from_fn(5, 2, |i, _| column[i]);
    let ridge = Ridge::new(&a, &b).unwrap();
    for lambda in [1.0, 1e-8, 1e-15, 1e-30, 1e-200] {
        let s = ridge.solution(lambda).unwrap();
        let truth = along / (2.0 * square + lambda);
        assert!(s.error.upper() < 1e-14, "{lambda:e}: {:?}", s.error);
        for x in &s.x {
            assert!((x / truth - 1.0).abs() < 1e-14, "{lambda:e}: {x} {truth}");
        }
    }
    // Without λ the columns determine only their sum.
    assert!(ridge.solution(0.0).unwrap().error.upper().is_infinite());
}

/// The bound holds where the exact solution is known: A = diag(d), x = d·b/(d² + λ).
#[test]
fn the_bound_holds_for_large_and_small_problems() {
    for n in [3, 40, 200] {
        let d: Vec<f64> = (0..n).map(|i| 2f64.powi(-((i % 30) as i32))).collect();
        let a = Matrix::from_fn(n, n, |i, j| if i == j { d[i] } else { 0.0 });
        let b: Vec<f64> = (0..n).map(|i| 1.0 + (i % 7) as f64).collect();
        let ridge = Ridge::new(&a, &b).unwrap();
        for lambda in [1e-3, 1e-9, 1e-14] {
            let s = ridge.solution(lambda).unwrap();
            let (mut gap, mut size) = (0.0, 0.0);
            for ((x, d), b) in s.x.iter().zip(&d).zip(&b) {
                let truth = d * b / (d * d + lambda);
                gap += (x - truth) * (x - truth);
                size += x * x;
            }
            assert!(gap.sqrt() <= (s.error.upper() + 1e-15) * size.sqrt(), "{n} {lambda:e}: {:?}", s.error);
            assert!(s.error.upper() < 1e-2, "{n} {lambda:e}: {:?}", s.error);
        }
    }
}

#[test]
fn complex_problems_and_other_operators_have_bounds_too() {
    let a = gallery::hilbert(12);
    let b: Vec<f64> = (0..12).map(|i| 1.0 / (1.0 + i as f64)).collect();
    let slopes = Matrix::from_fn(11, 12, |i, j| f64::from(j == i + 1) - f64::from(j == i));
    let plain = Ridge::with_operator(&a, &b, &slopes).unwrap().solution(1e-12).unwrap();
    assert!(plain.error.upper() < 1e-14, "{:?}", plain.error);
    // The residual of the normal equations is at the level of rounding.
    let ax = |x: &[f64], i: usize| (0..12).map(|j| a[(i, j)] * x[j]).sum::<f64>();
    let lx = |x: &[f64], i: usize| x[i + 1] - x[i];
    for j in 0..12 {
        let fit: f64 = (0..12).map(|i| a[(i, j)] * (b[i] - ax(&plain.x, i))).sum();
        let penalty: f64 = (0..11).map(|i| slopes[(i, j)] * lx(&plain.x, i)).sum();
        assert!((fit - 1e-12 * penalty).abs() < 1e-14, "{j}");
    }
    let turned = Matrix::from_fn(12, 12, |i, j| c64::new(0.0, 1.0) * c64::new(a[(i, j)], 0.0));
    let right: Vec<c64> = b.iter().map(|&b| c64::new(b, 0.0)).collect();
    let (x, y) = (Ridge::new(&a, &b).unwrap(), Ridge::new(&turned, &right).unwrap());
    let (x, y) = (x.solution(1e-14).unwrap(), y.solution(1e-14).unwrap());
    assert!(x.error.upper() < 1e-14 && y.error.upper() < 1e-14);
    for (x, y) in x.x.iter().zip(&y.x) {
        assert!((y.im + x).abs() < 1e-13 * x.abs() && y.re.abs() <= 1e-13 * x.abs(), "{x} {y}");
    }
}

#[test]
fn a_rule_that_ends_at_the_end_of_its_grid_says_so() {
    // b is orthogonal to the range: every λ up to ∞ is better than the smaller ones.
    let a = Matrix::from_fn(20, 2, |i, j| if i < 10 { f64::from(i % 2 == j) } else { 0.0 });
    let b: Vec<f64> = (0..20).map(|i| if i < 10 { 1e-3 * if i % 4 < 2 { 1.0 } else { -1.0 } } else { 1.0 }).collect();
    let ridge = Ridge::new(&a, &b).unwrap();
    assert!(ridge.choose(Choice::Gcv).unwrap().is_at_end);
    assert!(!ridge.choose(Choice::Value(1.0)).unwrap().is_at_end);
    let good: Vec<f64> =
        (0..20).map(|i| if i < 10 { f64::from(i % 2) + 1e-3 * (i as f64 - 5.0) } else { 1e-3 }).collect();
    assert!(!Ridge::new(&a, &good).unwrap().choose(Choice::Gcv).unwrap().is_at_end);
}
