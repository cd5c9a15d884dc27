//! ln|det A| and its sign against exact arithmetic and closed forms.

use kappa::ask::{logdet, logdet_by};
use kappa::{ErrorKind, Guarantee, LowRank, Matrix, Scalar, Sparse, c64, gallery};
use num_bigint::{BigInt, Sign};

use crate::draws::Draws;
use crate::exact::split;

/// det A = x·2ᵏ exactly, by elimination without fractions (Bareiss).
fn exact(a: &Matrix<f64>) -> (BigInt, i64) {
    let n = a.rows();
    let least = a.as_slice().iter().filter(|x| **x != 0.0).map(|&x| split(x).1).min().unwrap_or(0);
    let whole = |x: f64| {
        let (m, e) = split(x);
        if m == 0 { BigInt::from(0) } else { BigInt::from(m) << (e - least) as u64 }
    };
    let mut rows: Vec<Vec<BigInt>> = (0..n).map(|i| (0..n).map(|j| whole(a[(i, j)])).collect()).collect();
    let (mut last, mut sign) = (BigInt::from(1), 1);
    for j in 0..n {
        let Some(pivot) = (j..n).find(|&i| rows[i][j].sign() != Sign::NoSign) else { return (BigInt::from(0), 0) };
        if pivot != j {
            rows.swap(j, pivot);
            sign = -sign;
        }
        let top = rows[j].clone();
        for row in &mut rows[j + 1..] {
            let head = row[j].clone();
            for (x, y) in row.iter_mut().zip(&top) {
                *x = (&*x * &top[j] - &head * y) / &last;
            }
        }
        last = top[j].clone();
    }
    (last * sign, i64::from(least) * n as i64)
}

/// ln of a number of any size, to about 1e-15 relatively.
fn log_of(x: &BigInt, power: i64) -> f64 {
    let shift = (x.bits() as i64 - 60).max(0);
    let leading = (x >> shift as u64).to_u64_digits().1.first().copied().unwrap_or(0) as f64;
    leading.ln() + (shift + power) as f64 * std::f64::consts::LN_2
}

fn random(n: usize, seed: u64) -> Matrix<f64> {
    let mut draws = Draws(seed);
    Matrix::from_fn(n, n, |_, _| draws.next())
}

fn check(a: &Matrix<f64>, what: &str) {
    let (x, power) = exact(a);
    for guarantee in [Guarantee::Usual, Guarantee::Certified] {
        let found = logdet_by(a, guarantee).unwrap();
        if x.sign() == Sign::NoSign {
            assert_eq!((found.log_abs.upper(), found.sign.re), (f64::NEG_INFINITY, 0.0), "{what}: {found:?}");
            continue;
        }
        let truth = log_of(&x, power);
        let slack = 4e-15 * truth.abs().max(1.0);
        let log = found.log_abs;
        assert!(log.lower() - slack <= truth && truth <= log.upper() + slack, "{what}: {truth} outside of {found:?}");
        if guarantee == Guarantee::Certified {
            assert!(log.evidence().is_certified(), "{what}: {found:?}");
        }
        if found.is_sign_known() {
            let sign = if x.sign() == Sign::Minus { -1.0 } else { 1.0 };
            assert_eq!((found.sign.re, found.sign.im), (sign, 0.0), "{what}: {found:?}");
        }
    }
}

#[test]
fn random_and_graded_matrices_against_whole_numbers() {
    for n in [1, 2, 3, 5, 8, 13, 30] {
        for seed in 0..6 {
            let a = random(n, seed + 10 * n as u64);
            check(&a, &format!("random {n}"));
            let graded = Matrix::from_fn(n, n, |i, j| a[(i, j)] * 2f64.powi(20 * i as i32 - 33 * j as i32));
            check(&graded, &format!("graded {n}"));
            let whole = Matrix::from_fn(n, n, |i, j| (3.0 * a[(i, j)]).round());
            check(&whole, &format!("whole numbers {n}"));
        }
    }
}

#[test]
fn nearly_singular_matrices_keep_all_their_digits_where_they_are_small() {
    for n in [4, 8, 12, 14] {
        let a = gallery::hilbert(n);
        check(&a, &format!("Hilbert {n}"));
        let found = logdet_by(&a, Guarantee::Certified).unwrap();
        assert!(
            found.is_sign_known() && found.log_abs.width() < 1e-6 * found.log_abs.estimate().abs(),
            "{n}: {found:?}"
        );
    }
    // 1 and 1 + ε: the determinant is ε, which rounding of a product would lose.
    let tiny = Matrix::from_row_major(2, 2, vec![1.0 + f64::EPSILON, 1.0, 1.0, 1.0]).unwrap();
    check(&tiny, "ε");
}

#[test]
fn singular_matrices_have_no_logarithm_but_minus_infinity() {
    let rank_one = Matrix::from_fn(6, 6, |i, j| ((i + 1) * (j + 2)) as f64);
    let zero_row = Matrix::from_fn(5, 5, |i, j| if i == 3 { 0.0 } else { ((i * 7 + j * j) % 5) as f64 });
    for (a, what) in [(Matrix::zeros(3, 3), "zero"), (rank_one, "rank one"), (zero_row, "a row of zeros")] {
        check(&a, what);
        let found = logdet(&a).unwrap();
        assert_eq!((found.log_abs.to_string().as_str(), found.sign_error), ("-∞", 0.0), "{what}");
    }
    // Order 500 is beyond exact elimination: nothing is claimed of the sign, and nothing false of the size.
    let large = LowRank::new(random_block(500, 3, 1), random_block(500, 3, 2).adjoint()).unwrap();
    for guarantee in [Guarantee::Usual, Guarantee::Certified] {
        let found = logdet_by(&large, guarantee).unwrap();
        assert_eq!(found.log_abs.lower(), f64::NEG_INFINITY);
        assert!(found.log_abs.upper() == f64::NEG_INFINITY || !found.is_sign_known(), "{found:?}");
    }
}

fn random_block(m: usize, n: usize, seed: u64) -> Matrix<f64> {
    let mut draws = Draws(seed);
    Matrix::from_fn(m, n, |_, _| draws.next())
}

#[test]
fn what_leaves_the_range_of_doubles_does_not_leave_that_of_logarithms() {
    let huge = Matrix::from_fn(40, 40, |i, j| if i == j { 1e300 } else { 0.0 });
    let found = logdet_by(&huge, Guarantee::Certified).unwrap();
    assert!(found.log_abs.contains(40.0 * 1e300f64.ln()) && found.sign.re == 1.0);
    let full = Matrix::from_fn(20, 20, |i, j| random(20, 3)[(i, j)] * 1e-290);
    check(&full, "tiny");
    check(&Matrix::from_fn(3, 3, |i, j| if i + j == 2 { 5e-324 } else { 0.0 }), "subnormal");
    let empty = logdet(&Matrix::<f64>::zeros(0, 0)).unwrap();
    assert_eq!((empty.log_abs.estimate(), empty.sign.re), (0.0, 1.0));
}

#[test]
fn permutations_have_their_parity() {
    let mut draws = Draws(5);
    for n in [2, 3, 7, 20, 60] {
        let mut order: Vec<usize> = (0..n).collect();
        let mut sign = 1.0;
        for i in (1..n).rev() {
            let j = draws.below(i as u64 + 1);
            if i != j {
                order.swap(i, j);
                sign = -sign;
            }
        }
        let a = Matrix::from_fn(n, n, |i, j| if order[i] == j { 2.0 } else { 0.0 });
        let found = logdet(&a).unwrap();
        assert_eq!(found.sign.re, sign, "{n}");
        assert!(found.log_abs.contains(n as f64 * 2f64.ln()));
        // The same as a sparse matrix, large enough to be factored as one.
        let (copies, size) = (500usize.div_ceil(n), n * 500usize.div_ceil(n));
        let entries = (0..size).map(|k| (k, k / n * n + order[k % n], 2.0)).collect();
        let sparse = logdet(&Sparse::from_triplets((size, size), entries).unwrap()).unwrap();
        assert_eq!(sparse.sign.re, if copies % 2 == 1 { sign } else { 1.0 }, "{n}");
        assert!((sparse.log_abs.estimate() - size as f64 * 2f64.ln()).abs() < 1e-9);
    }
}

#[test]
fn a_sparse_matrix_of_order_60000_is_not_written_out() {
    // det of tridiag(−1, 2, −1) of order n is n + 1.
    let n = 60_000;
    let entries = (0..n)
        .flat_map(|i| {
            [(i, i, 2.0)]
                .into_iter()
                .chain((i + 1 < n).then_some([(i, i + 1, -1.0), (i + 1, i, -1.0)]).into_iter().flatten())
        })
        .collect();
    let a = Sparse::from_triplets((n, n), entries).unwrap();
    let found = logdet(&a).unwrap();
    // κ is about 1.5e9, so that n·ε·κ leaves some digits.
    assert!(found.log_abs.contains(((n + 1) as f64).ln()), "{found:?}");
    let shifted = (0..n).map(|i| (i, i, if i % 2 == 0 { -3.0 } else { 0.5 })).chain((1..n).map(|i| (i, i - 1, 1.0)));
    let triangular =
        logdet_by(&Sparse::from_triplets((n, n), shifted.collect()).unwrap(), Guarantee::Certified).unwrap();
    assert!(triangular.log_abs.contains(30_000.0 * (3f64.ln() - 2f64.ln())) && triangular.sign.re == 1.0);
    assert!(triangular.log_abs.evidence().is_certified());
}

#[test]
fn complex_determinants_have_a_phase() {
    let mut draws = Draws(11);
    for n in [1, 2, 6, 25] {
        let b = Matrix::from_fn(n, n, |_, _| c64::new(draws.next(), draws.next()));
        let found = logdet_by(&b, Guarantee::Certified).unwrap();
        // |det B|² is the determinant of the real form, and det(iB) = iⁿ·det B.
        let real = Matrix::from_fn(2 * n, 2 * n, |i, j| {
            let x = b[(i % n, j % n)];
            match (i < n, j < n) {
                (true, false) => -x.im,
                (false, true) => x.im,
                _ => x.re,
            }
        });
        let square = logdet_by(&real, Guarantee::Certified).unwrap();
        assert!((2.0 * found.log_abs.estimate() - square.log_abs.estimate()).abs() < 1e-9, "{n}");
        assert!((found.sign.norm() - 1.0).abs() < 1e-12 && found.sign_error < 1e-9, "{n}: {found:?}");
        let turned = Matrix::from_fn(n, n, |i, j| c64::new(0.0, 1.0) * b[(i, j)]);
        let other = logdet(&turned).unwrap();
        let expected = found.sign * c64::new(0.0, 1.0).powi(n as i32);
        assert!((other.sign - expected).norm() <= found.sign_error + other.sign_error + 1e-12, "{n}");
    }
}

#[test]
fn single_precision_and_large_orders_agree_with_the_product_of_eigenvalues() {
    // Orthogonal similarity leaves the determinant: a circulant matrix, whose eigenvalues are known.
    let n = 600;
    let a = Matrix::from_fn(n, n, |i, j| match (i + n - j) % n {
        0 => 3.0f32,
        1 => 1.0,
        _ => 0.0,
    });
    // det = 3ⁿ − (−1)ⁿ.
    let truth = n as f64 * 3f64.ln();
    for guarantee in [Guarantee::Usual, Guarantee::Certified] {
        let found = logdet_by(&a, guarantee).unwrap();
        assert!(found.log_abs.contains(truth) && found.log_abs.width() < 1e-6 && found.sign.re == 1.0, "{found:?}");
    }
    assert_eq!(a.as_slice()[0].widen(), 3.0);
}

#[test]
fn what_has_no_determinant_says_so() {
    assert_eq!(logdet(&Matrix::<f64>::zeros(2, 3)).unwrap_err().kind(), ErrorKind::Shape);
    let bad = Matrix::from_row_major(2, 2, vec![1.0, f64::NAN, 0.0, 1.0]).unwrap();
    assert!(logdet(&bad).unwrap_err().is_not_finite());
    let sparse = Sparse::from_triplets((2, 2), vec![(0, 0, f64::INFINITY)]).unwrap();
    assert!(logdet(&sparse).unwrap_err().is_not_finite());
}
