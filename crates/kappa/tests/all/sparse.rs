//! Large sparse matrices are answered without a dense copy, and small ones as the same dense matrix.

use kappa::equations::Method;
use kappa::regions::gershgorin;
use kappa::{
    AnyOperator, ErrorKind, Guarantee, LinearOperator, Matrix, Norm, Question, Sparse, Tolerance, c64, cond,
    exact_rank, measure, norm, rank, solve,
};

use crate::draws::Draws;

const N: usize = 60_000;

/// tridiag(−1, 2, −1), whose singular values are 2 − 2·cos(kπ/(n + 1)).
fn second_difference(n: usize) -> Sparse<f64> {
    let beside = (1..n).flat_map(|i| [(i, i - 1, -1.0), (i - 1, i, -1.0)]);
    Sparse::from_triplets((n, n), (0..n).map(|i| (i, i, 2.0)).chain(beside).collect()).unwrap()
}

#[test]
fn every_norm_of_the_entries_or_products_of_a_large_sparse_matrix() {
    let a = second_difference(N);
    let n = N as f64;
    let squares = 4.0 * n + 2.0 * (n - 1.0);
    for (name, truth) in [
        ("frobenius", squares.sqrt()),
        ("max-abs", 2.0),
        ("max-column-sum", 4.0),
        ("max-row-sum", 4.0),
        ("entrywise:1", 4.0 * n - 2.0),
        ("entrywise:3", (8.0 * n + 2.0 * (n - 1.0)).cbrt()),
        ("induced:1,2", 6f64.sqrt()),
        ("induced:2,inf", 6f64.sqrt()),
        ("spectral", 2.0 - 2.0 * (n * std::f64::consts::PI / (n + 1.0)).cos()),
    ] {
        let found = norm(&a, name.parse::<Norm>().unwrap()).unwrap();
        assert!(found.contains(truth), "{name}: {truth} outside of {found:?}");
    }
    let (small, n) = (second_difference(2000), 2000.0f64);
    for (p, truth) in [(1.0, 2.0 * n), (4.0, (70.0 * n).powf(0.25))] {
        let found = norm(&small, Norm::schatten(p).unwrap()).unwrap();
        assert!(found.lower() <= truth * 1.001 && truth * 0.999 <= found.upper(), "{p}: {truth} outside of {found:?}");
    }
    let error = norm(&a, Norm::induced(f64::INFINITY, 1.0).unwrap()).unwrap_err();
    assert!(error.kind() == ErrorKind::Limit && error.to_string().contains("60000×60000"), "{error}");
}

#[test]
fn questions_that_need_all_singular_values_have_wide_and_true_answers() {
    let size = 3000;
    let a = second_difference(size);
    let questions: Vec<Question> =
        ["rank", "stable_rank", "nuclear_rank", "participation_ratio", "effective_rank", "energy_rank:90"]
            .map(|text| text.parse().unwrap())
            .to_vec();
    let n = size as f64;
    let truths = [n, 6.0 / 16.0 * n, 0.5 * n, 36.0 / 70.0 * n, 0.0, 0.0];
    for ((question, found), truth) in questions.iter().zip(measure(&a, &questions).unwrap()).zip(truths) {
        let is_inside = found.lower() <= truth * 1.001 && truth * 0.999 <= found.upper();
        assert!(truth == 0.0 || is_inside, "{question}: {truth} outside of {found:?}");
        assert!(found.lower() >= 1.0 && found.upper() <= n, "{question}: {found:?}");
    }
    assert_eq!(rank(&second_difference(N), Tolerance::default()).unwrap_err().kind(), ErrorKind::Limit);
}

#[test]
fn exact_ranks_by_sparse_elimination() {
    let full = exact_rank(&second_difference(N)).unwrap();
    assert_eq!((full.lower(), full.upper()), (N as f64, N as f64));
    // A row of zeros is seen; a dependent row only bounds the rank from below.
    let short = Sparse::from_triplets((N, N), (0..N - 1).map(|i| (i, i, 0.1)).collect()).unwrap();
    let found = exact_rank(&short).unwrap();
    assert_eq!((found.lower(), found.upper()), (N as f64 - 1.0, N as f64 - 1.0));
    let twice = (0..N).map(|i| (i, i / 2 * 2, 3.0)).collect();
    let found = exact_rank(&Sparse::from_triplets((N, N), twice).unwrap()).unwrap();
    assert_eq!(found.lower(), (N / 2) as f64);
}

#[test]
fn condition_numbers_and_discs_of_a_large_sparse_matrix() {
    let a = second_difference(3000);
    let angle = std::f64::consts::PI / 3001.0;
    let truth = (2.0 - 2.0 * (3000.0 * angle).cos()) / (2.0 - 2.0 * angle.cos());
    assert!((cond(&a).unwrap().estimate() / truth - 1.0).abs() < 1e-4);
    let discs = gershgorin(&second_difference(N)).unwrap();
    assert_eq!(discs.rows.len(), N);
    assert!((discs.spectral_radius().upper() - 4.0).abs() < 1e-12 && discs.row_groups.len() == 1);
}

#[test]
fn a_small_sparse_matrix_answers_as_the_same_dense_one() {
    let mut draws = Draws(3);
    for (m, n) in [(7, 7), (12, 5), (4, 9), (1, 6)] {
        let triplets: Vec<(usize, usize, c64)> = (0..3 * m)
            .map(|_| (draws.below(m as u64), draws.below(n as u64), c64::new(draws.next(), draws.next())))
            .collect();
        let sparse = Sparse::from_triplets((m, n), triplets).unwrap();
        let dense = Matrix::from_fn(m, n, |i, j| sparse.entry(i, j));
        for name in ["frobenius", "max-abs", "max-column-sum", "max-row-sum", "entrywise:2.5", "nuclear", "spectral"] {
            let norm: Norm = name.parse().unwrap();
            let of = |a: AnyOperator<'_>| a.norm_by(norm, Guarantee::Usual).unwrap();
            let (x, y) = (of((&sparse).into()), of((&dense).into()));
            assert!(x.lower() <= y.upper() && y.lower() <= x.upper(), "{name} {m}×{n}: {x:?} {y:?}");
        }
        if m == n {
            let (x, y) = (gershgorin(&sparse).unwrap(), gershgorin(&dense).unwrap());
            for (x, y) in x.rows.iter().zip(&y.rows) {
                assert!(x.center == y.center && (x.radius - y.radius).abs() < 1e-13);
            }
        }
    }
}

#[test]
fn an_entry_that_is_not_finite_is_named() {
    let a = Sparse::from_triplets((N, N), vec![(4, 7, f64::NAN), (3, 9, f64::INFINITY)]).unwrap();
    for error in [norm(&a, Norm::frobenius()).unwrap_err(), exact_rank(&a).unwrap_err()] {
        assert!(error.is_not_finite() && error.to_string().contains("row 5, column 8"), "{error}");
    }
}

#[test]
fn complex_sparse_systems_are_solved_in_their_real_form() {
    let mut draws = Draws(29);
    for (n, is_definite) in [(1, false), (6, false), (40, false), (40, true)] {
        let mut triplets: Vec<(usize, usize, c64)> = (0..n).map(|i| (i, i, c64::new(6.0, 0.0))).collect();
        for _ in 0..3 * n {
            let (i, j) = (draws.below(n as u64), draws.below(n as u64));
            let x = c64::new(draws.next(), draws.next()).scale(0.1);
            triplets.push((i, j, x));
            if is_definite {
                triplets.push((j, i, x.conj()));
            }
        }
        let a = Sparse::from_triplets((n, n), triplets).unwrap();
        let b = Matrix::from_fn(n, 2, |_, _| c64::new(draws.next(), draws.next()));
        let (sparse, dense) = (solve(&a, &b).unwrap(), solve(&a.to_dense().unwrap(), &b).unwrap());
        let expected = if is_definite { Method::SparseCholesky } else { Method::SparseLu };
        assert!(n == 1 || sparse.plan().method == expected, "{:?}", sparse.plan());
        let off = |x: &Matrix<c64>| (0..n).map(|i| (x[(i, 1)] - dense.x()[(i, 1)]).norm()).fold(0.0, f64::max);
        assert!(off(sparse.x()) < 1e-13 && sparse.backward_error().upper() < 1e-14, "{n}");
        // κ is estimated with adjoints as well.
        let share = sparse.cond().estimate() / dense.cond().estimate();
        assert!((0.3..3.1).contains(&share), "{share}");
    }
    let singular = Sparse::from_triplets((2, 2), vec![(0, 0, c64::new(0.0, 1.0))]).unwrap();
    assert!(solve(&singular, &Matrix::from_fn(2, 1, |_, _| c64::new(1.0, 0.0))).unwrap_err().is_singular());
}
