//! Systems, least squares and related problems where rounding defeats a correct formula: far from 1, near a rank
//! decision, in rare branches.

use kappa::equations::regression::{Cell, Column, Design, Regression};
use kappa::equations::{
    Choice, Constrained, Errors, LstsqMethod, Method, Ridge, Woodbury, constrained_lstsq, total_lstsq, weighted_lstsq,
};
use kappa::krylov::{Iterate, Iteration, solve_iteratively};
use kappa::nearest::{self, AlternatingProjections, Procrustes};
use kappa::{Guarantee, Lstsq, Matrix, Norm, Solve, Tolerance, lstsq, lstsq_by, pinv, solve, solve_by};

use crate::draws::Draws;

fn rows(m: usize, n: usize, entries: &[f64]) -> Matrix<f64> {
    Matrix::from_row_major(m, n, entries.to_vec()).unwrap()
}

fn column(x: &[f64]) -> Matrix<f64> {
    rows(x.len(), 1, x)
}

fn scaled(a: &Matrix<f64>, by: f64) -> Matrix<f64> {
    Matrix::from_fn(a.rows(), a.columns(), |i, j| a[(i, j)] * by)
}

#[test]
fn least_squares_answers_do_not_depend_on_the_scale() {
    let mut draws = Draws(41);
    let a: Matrix<f64> = draws.matrix(9, 4);
    // Columns that are nearly equal: κ is about 1e5.
    let a = Matrix::from_fn(9, 4, |i, j| if j == 3 { a[(i, 0)] + 1e-5 * a[(i, 3)] } else { a[(i, j)] });
    let b: Matrix<f64> = draws.matrix(9, 1);
    let near = lstsq(&a, &b).unwrap();
    assert!(near.cond().estimate() > 1e4);
    for (by, of_b) in [(1e-200, 1.0), (1e-170, 1e-170), (1e160, 1e10), (1e200, 1e200), (1.0, 1e200), (1.0, 1e-200)] {
        let far = lstsq(&scaled(&a, by), &scaled(&b, of_b)).unwrap();
        let ratio = |x: f64, y: f64| (x / y - 1.0).abs();
        assert!(ratio(far.cond().estimate(), near.cond().estimate()) < 1e-3, "{by:e}");
        assert!(ratio(far.solution_cond().estimate(), near.solution_cond().estimate()) < 1e-3, "{by:e}");
        assert!(far.backward_error().estimate() < 1e-15 && far.backward_error().estimate() > 0.0);
        assert!(ratio(far.x()[(0, 0)] * (by / of_b), near.x()[(0, 0)]) < 1e-9, "{by:e} {of_b:e}");
        // Rounding A once more changes the residual by u·|A|·|x|, and ‖x‖ is large.
        let moved =
            4.0 * f64::EPSILON * near.x().column(0).iter().map(|x| x.abs()).sum::<f64>() / near.residual_norms()[0];
        let off = ratio(far.residual_norms()[0] / of_b, near.residual_norms()[0]);
        assert!(off < moved, "{by:e} {of_b:e}: {off:e} beside {moved:e}");
    }
}

#[test]
fn forward_errors_hold_where_nearly_all_of_b_is_residual() {
    let mut draws = Draws(42);
    for size in [1e-6, 1e-9, 1e-12] {
        let a: Matrix<f64> = draws.matrix(10, 3);
        let x = [1.0, 1.0, 1.0];
        let r = lstsq(&a, &draws.matrix(10, 1)).unwrap().residual().clone();
        let b = Matrix::from_fn(10, 1, |i, _| r[(i, 0)] + size * (0..3).map(|j| a[(i, j)] * x[j]).sum::<f64>());
        let exact = lstsq_by(&a, &b, &Lstsq { guarantee: Guarantee::Certified, ..Lstsq::default() }).unwrap();
        let s = lstsq(&a, &b).unwrap();
        let length = |x: &[f64]| x.iter().map(|x| x * x).sum::<f64>().sqrt();
        let off: Vec<f64> = (0..3).map(|i| s.x()[(i, 0)] - exact.x()[(i, 0)]).collect();
        assert!(length(&off) <= s.forward_error().upper() * length(s.x().as_slice()), "{size:e}");
    }
}

#[test]
fn deficient_least_squares_solutions_have_small_backward_errors() {
    for method in [None, Some(LstsqMethod::Svd), Some(LstsqMethod::Cod)] {
        let how = Lstsq { method, ..Lstsq::default() };
        let s = lstsq_by(&rows(3, 2, &[1.0; 6]), &column(&[1.0, 2.0, 4.0]), &how).unwrap();
        assert!(s.rank() == 1 && s.backward_error().upper() < 1e-14 && s.forward_error().upper() < 1e-13, "{method:?}");
        // A complete orthogonal decomposition of full rank also has its own coordinates.
        let full = lstsq_by(&rows(3, 2, &[1.0, 2.0, 0.0, 1.0, 5.0, -1.0]), &column(&[1.0, 2.0, 4.0]), &how).unwrap();
        assert!(full.rank() == 2 && full.backward_error().upper() < 1e-14, "{method:?}");
    }
    let parallel = rows(3, 2, &[0.1, 0.3, 0.2, 0.6, 0.7, 2.1]);
    let by_qr = Lstsq { method: Some(LstsqMethod::Qr), ..Lstsq::default() };
    assert!(lstsq_by(&parallel, &column(&[1.0, 2.0, 4.0]), &by_qr).is_err());
    // A tolerance is compared with singular values, whatever the method.
    let wide = Lstsq { tolerance: Tolerance::relative(0.9).unwrap(), ..Lstsq::default() };
    assert_eq!(lstsq_by(&rows(2, 2, &[1.0, 0.0, 0.0, 0.5]), &column(&[1.0, 1.0]), &wide).unwrap().rank(), 1);
    let zero =
        Lstsq { method: Some(LstsqMethod::Cod), tolerance: Tolerance::relative(1e-3).unwrap(), ..Lstsq::default() };
    assert_eq!(lstsq_by(&rows(2, 1, &[0.0, 0.0]), &column(&[1.0, 1.0]), &zero).unwrap().rank(), 0);
}

#[test]
fn weighted_residuals_are_those_of_the_rows() {
    let a = column(&[1.0, 1.0]);
    let s = weighted_lstsq(&a, &[0.0, 1.0], &[1.0, 9.0], &Lstsq::default()).unwrap();
    assert!((s.x()[(0, 0)] - 0.9).abs() < 1e-15);
    assert!((s.residual()[(0, 0)] + 0.9).abs() < 1e-15 && (s.residual()[(1, 0)] - 0.1).abs() < 1e-15);
    assert!((s.residual_norms()[0] - 0.9f64.sqrt()).abs() < 1e-15);
}

#[test]
fn equations_do_not_depend_on_the_scale_of_their_rows() {
    let one = Matrix::<f64>::identity(3);
    let c = rows(2, 3, &[1e17, 0.0, 0.0, 0.0, 1.0, 0.0]);
    for how in [Constrained::NullSpace, Constrained::Multipliers] {
        let s = constrained_lstsq(&one, &[1.0, 1.0, 1.0], &c, &[3e17, 4.0], how).unwrap();
        assert!((s.x[0] - 3.0).abs() < 1e-14 && (s.x[1] - 4.0).abs() < 1e-14 && s.is_unique);
        // Aᴴ(b − Ax) = Cᴴλ.
        assert!((s.multipliers[0] * 1e17 + 2.0).abs() < 1e-12 && (s.multipliers[1] + 3.0).abs() < 1e-12);
    }
    let tiny = scaled(&Matrix::identity(2), 1e-17);
    assert!(
        constrained_lstsq(&tiny, &[1.0, 0.0], &rows(1, 2, &[1.0, 1.0]), &[1.0], Constrained::NullSpace)
            .unwrap()
            .is_unique
    );
    let twice = rows(2, 2, &[1.0, 1.0, 2.0, 2.0]);
    assert!(constrained_lstsq(&Matrix::identity(2), &[1.0, 0.0], &twice, &[1.0, 3.0], Constrained::NullSpace).is_err());
}

#[test]
fn woodbury_checks_every_column() {
    let mut w = Woodbury::new(&rows(2, 2, &[1e-16, 0.0, 0.0, 1.0])).unwrap();
    let e = column(&[1.0, 0.0]);
    w.update(&e, &e).unwrap();
    let x = w.solve(&rows(2, 2, &[0.0, 1.0, 1e20, 1.0])).unwrap();
    assert!((x[(0, 1)] - 1.0).abs() < 1e-12 && (x[(1, 1)] - 1.0).abs() < 1e-12);
}

#[test]
fn data_least_squares_finds_solutions_in_a_space_of_singular_vectors() {
    for a in [rows(3, 2, &[1.0, 0.0, 1.0, 0.0, 0.0, 1.0]), rows(3, 2, &[0.0, 1.0, 0.0, 1.0, 1.0, 0.0])] {
        let s = total_lstsq(&a, &[1.0, 0.0, 0.0], &Errors::Matrix).unwrap();
        assert!((s.correction_norm - 1.0).abs() < 1e-14 || (s.correction_norm - 0.5f64.sqrt()).abs() < 1e-14);
        assert!(s.x.iter().any(|x| x.abs() > 0.5));
    }
}

#[test]
fn pseudoinverses_leave_the_range_aloud() {
    let tiny = rows(2, 2, &[1e-310, 0.0, 0.0, 2e-310]);
    assert!(pinv(&tiny, Tolerance::default()).is_err());
    let small = pinv(&rows(2, 2, &[1e-305, 0.0, 0.0, 2e-305]), Tolerance::default()).unwrap();
    assert!((small.matrix[(0, 0)] / 1e305 - 1.0).abs() < 1e-14 && small.residuals.iter().all(|r| *r < 1e-14));
}

#[test]
fn systems_at_the_ends_of_the_range_are_solved() {
    let s = solve(&rows(2, 2, &[1e-200, 0.0, 0.0, 1e200]), &column(&[1.0, 1.0])).unwrap();
    assert_eq!(s.x().as_slice(), [1e200, 1e-200]);
    let a = rows(3, 3, &[1.0, 0.0, 0.0, 0.0, 0.0, 1e-170, 0.0, 1e-170, 0.0]);
    let how = Solve { method: Some(Method::Ldlt), ..Solve::default() };
    let x = solve_by(&a, &column(&[1.0, 2e-170, 3e-170]), &how).unwrap().into_x();
    assert!((x[(1, 0)] - 3.0).abs() < 1e-14 && (x[(2, 0)] - 2.0).abs() < 1e-14);
}

#[test]
fn iterations_converge_to_what_is_there_or_say_no() {
    let a = rows(2, 2, &[2.0, 1.0, 1.0, 3.0]);
    let all = [Iteration::ConjugateGradients, Iteration::Minres, Iteration::Lsmr];
    for by in all {
        let how = Iterate { by, ..Iterate::default() };
        for (size, of_b) in [(1e160, 1.0), (1e-160, 1.0), (1.0, 1e200), (1.0, 1e-170), (1e150, 1e-150)] {
            let s = solve_iteratively(&scaled(&a, size), &[3.0 * of_b, 4.0 * of_b], &how).unwrap();
            let x = s.x.iter().map(|x| x * size / of_b);
            assert!(s.has_converged && x.into_iter().all(|x| (x - 1.0).abs() < 1e-9), "{by} {size:e} {of_b:e} {s:?}");
        }
        let broken = rows(2, 2, &[f64::NAN, 1.0, 1.0, 1.0]);
        assert!(solve_iteratively(&broken, &[1.0, 1.0], &how).is_err(), "{by}");
        assert!(solve_iteratively(&a, &[1.0, 1.0], &Iterate { tolerance: f64::NAN, ..how }).is_err());
    }
    let skewed = rows(2, 2, &[1.0, 2.0, 0.0, 1.0]);
    for by in [Iteration::ConjugateGradients, Iteration::Minres] {
        let error = solve_iteratively(&skewed, &[1.0, 1.0], &Iterate { by, ..Iterate::default() }).unwrap_err();
        assert!(error.to_string().contains("Hermitian"), "{error}");
    }
}

/// Allen's PRESS statistic, by one fit for each row that is left out.
fn left_out(a: &Matrix<f64>, b: &[f64], lambda: f64) -> f64 {
    let (m, n) = (a.rows(), a.columns());
    let one = |out: usize| {
        let kept: Vec<usize> = (0..m).filter(|i| *i != out).collect();
        let root = lambda.sqrt();
        let whole = Matrix::from_fn(m - 1 + n, n, |i, j| match i.checked_sub(m - 1) {
            None => a[(kept[i], j)],
            Some(i) => {
                if i == j {
                    root
                } else {
                    0.0
                }
            }
        });
        let right = Matrix::from_fn(m - 1 + n, 1, |i, _| if i + 1 < m { b[kept[i]] } else { 0.0 });
        let x = lstsq(&whole, &right).unwrap().into_x();
        let fitted: f64 = (0..n).map(|j| a[(out, j)] * x[(j, 0)]).sum();
        (b[out] - fitted) * (b[out] - fitted)
    };
    (0..m).map(one).sum::<f64>() / m as f64
}

#[test]
fn leaving_one_out_counts_rows_that_decide_alone() {
    let b = [1.0, 1.3, 0.7, 0.2];
    for size in [3.0, 1e3, 1e9] {
        let a = rows(4, 2, &[size, 0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0]);
        let found = Ridge::new(&a, &b).unwrap().choose(Choice::LeaveOneOut).unwrap().lambda;
        let own = left_out(&a, &b, found);
        for other in [0.25, 0.5, 0.695, 1.0, 2.0, 8.0] {
            assert!(own <= left_out(&a, &b, other) * (1.0 + 1e-9), "{size}: {found} against {other}");
        }
    }
}

#[test]
fn criteria_look_far_enough() {
    // Orthonormal columns and much noise: the minimum lies above σ₁² = 1.
    let mut draws = Draws(5);
    let a = kappa::svd(&draws.matrix::<f64>(50, 5)).unwrap().u().clone();
    let b: Vec<f64> = (0..50).map(|i| 0.5 * (0..5).map(|j| a[(i, j)]).sum::<f64>() + draws.next()).collect();
    let ridge = Ridge::new(&a, &b).unwrap();
    let found = ridge.choose(Choice::Gcv).unwrap();
    // And little noise: far below σ₅².
    let little: Vec<f64> = (0..50).map(|i| (0..5).map(|j| a[(i, j)]).sum::<f64>() + 1e-3 * draws.next()).collect();
    let fine = Ridge::new(&a, &little).unwrap();
    let small = fine.choose(Choice::Gcv).unwrap();
    for exponent in -40..=20 {
        let lambda = 10f64.powf(f64::from(exponent) / 5.0);
        assert!(
            ridge.point(found.lambda).unwrap().gcv <= ridge.point(lambda).unwrap().gcv * (1.0 + 1e-9),
            "{lambda} beats {}",
            found.lambda
        );
        assert!(
            fine.point(small.lambda).unwrap().gcv <= fine.point(lambda).unwrap().gcv * (1.0 + 1e-9),
            "{lambda} beats {}",
            small.lambda
        );
    }
    assert!(small.lambda < 1e-2);
}

#[test]
fn ridge_without_regularization_is_least_squares() {
    let mut draws = Draws(6);
    let a: Matrix<f64> = draws.matrix(4, 4);
    let b: Vec<f64> = (0..4).map(|_| draws.next()).collect();
    assert!(Ridge::new(&a, &b).unwrap().solution(0.0).unwrap().residual_norm < 1e-14);
    let parallel = rows(3, 2, &[0.1, 0.3, 0.2, 0.6, 0.7, 2.1]);
    let s = Ridge::new(&parallel, &[1.0, 2.0, 4.0]).unwrap().solution(0.0).unwrap();
    assert!(s.solution_norm < 10.0, "{s:?}");
    let zero = Ridge::new(&rows(2, 1, &[0.0, 0.0]), &[1.0, 2.0]).unwrap();
    assert!(zero.choose(Choice::Value(-3.0)).is_err());
    let s = zero.choose(Choice::Value(3.0)).unwrap();
    assert!(s.lambda == 3.0 && s.cond == 1.0 && zero.choose(Choice::Gcv).unwrap().cond == f64::INFINITY);
    // Sizes far from 1 are scaled.
    let plain = Ridge::new(&a, &b).unwrap().solution(0.0).unwrap().x;
    let far = Ridge::new(&scaled(&a, 2f64.powi(560)), &b).unwrap().solution(0.0).unwrap().x;
    let near = |x: f64, y: f64| (x * 2f64.powi(560) / y - 1.0).abs() < 1e-14;
    assert!(far.iter().zip(&plain).all(|(x, y)| near(*x, *y)), "{far:?} {plain:?}");
}

#[test]
fn nearest_correlations_are_certain_of_both_sets() {
    let a = rows(3, 3, &[1.0, 1e3, -300.0, 1e3, 1.0, 200.0, -300.0, 200.0, 1.0]);
    let distance = |x: &Matrix<f64>| {
        (0..3).flat_map(|i| (0..3).map(move |j| (i, j))).map(|p| (a[p] - x[p]).powi(2)).sum::<f64>().sqrt()
    };
    // No other of the four sign patterns, and not the identity, is nearer.
    let is_nearest = |c: &Matrix<f64>, memory: usize| {
        assert!((c[(0, 1)] - 1.0).abs() < 1e-6, "{memory}: {c:?}");
        let own = distance(c);
        assert!(own <= distance(&Matrix::identity(3)));
        for signs in [[1.0, 1.0, 1.0], [1.0, 1.0, -1.0], [1.0, -1.0, 1.0], [-1.0, 1.0, 1.0]] {
            assert!(own <= distance(&Matrix::from_fn(3, 3, |i, j| signs[i] * signs[j])) * (1.0 + 1e-9));
        }
    };
    for memory in [0, 2, 5] {
        let how =
            AlternatingProjections { memory, steps: 20_000, tolerance: 1e-8, ..AlternatingProjections::default() };
        is_nearest(&nearest::correlation(&a, &how).unwrap().matrix, memory);
    }
    // Whether the default's 2000 steps converge to 1e-12 depends on the last digits of eigenvalues: the answer is
    // right, or an error reports that they did not.
    match nearest::correlation(&a, &AlternatingProjections::default()) {
        Ok(c) => is_nearest(&c.matrix, AlternatingProjections::default().memory),
        Err(error) => assert!(error.is_no_convergence(), "{error}"),
    }
    let few = AlternatingProjections { steps: 5, ..AlternatingProjections::default() };
    assert!(nearest::correlation(&a, &few).unwrap_err().is_no_convergence());
}

#[test]
fn nearest_matrices_of_low_rank_are_unique_only_where_they_are() {
    let a = rows(2, 2, &[3.0, 0.0, 0.0, 1.0]);
    assert_eq!(nearest::low_rank(&a, 1, Norm::frobenius()).unwrap().is_unique, Some(true));
    // diag(2.5, 0) is as near as diag(3, 0).
    assert_eq!(nearest::low_rank(&a, 1, Norm::spectral()).unwrap().is_unique, None);
    let parallel = rows(2, 2, &[1.0, 2.0, 2.0, 4.0]);
    let own = nearest::low_rank(&parallel, 1, Norm::frobenius()).unwrap();
    assert!(own.is_unique == Some(true) && own.distance.upper() < 1e-14);
    let huge = rows(2, 2, &[1.5e308, 1.5e308, 1.5e308, 1.5e308]);
    assert_eq!(nearest::symmetric(&huge).unwrap().matrix, huge);
}

#[test]
fn alignment_does_not_depend_on_the_scale_or_the_place() {
    let mut draws = Draws(8);
    let a: Matrix<f64> = draws.matrix(6, 2);
    let (c, s) = (0.6, 0.8);
    let turned =
        Matrix::from_fn(
            6,
            2,
            |i, j| if j == 0 { c * a[(i, 0)] - s * a[(i, 1)] } else { s * a[(i, 0)] + c * a[(i, 1)] },
        );
    for size in [1e-170, 1.0, 1e170] {
        let found = nearest::align(&scaled(&a, size), &scaled(&turned, size), &Procrustes::default()).unwrap();
        assert!((found.rotation[(0, 0)] - c).abs() < 1e-14 && found.error / size < 1e-14, "{size:e}");
    }
    let noisy = |draws: &mut Draws, by: f64| -> Vec<Matrix<f64>> {
        (0..4).map(|_| Matrix::from_fn(6, 2, |i, j| a[(i, j)] + 0.1 * draws.next() + by)).collect()
    };
    let how = Procrustes { scaling: true, translation: true, ..Procrustes::default() };
    let near = nearest::align_all(&noisy(&mut Draws(9), 0.0), &how).unwrap();
    let far = nearest::align_all(&noisy(&mut Draws(9), 100.0), &how).unwrap();
    assert!((near.error - far.error).abs() < 1e-9, "{} {}", near.error, far.error);
}

fn table(columns: &[(&str, &[&str])]) -> Vec<Column> {
    let cells = |x: &[&str]| x.iter().map(|c| Cell::parse(c)).collect();
    columns.iter().map(|(name, x)| Column { name: (*name).into(), cells: cells(x) }).collect()
}

#[test]
fn categories_are_coded_by_what_the_model_has_already() {
    let g = ["a", "b", "c", "a", "b", "c", "a", "b", "c", "a", "b", "c"];
    let h = ["u", "u", "u", "v", "v", "v", "u", "v", "u", "v", "u", "v"];
    let x = ["1", "2", "4", "3", "7", "5", "8", "6", "9", "2", "1", "3"];
    let y = ["3", "1", "4", "1", "5", "9", "2", "6", "5", "3", "5", "8"];
    let data = table(&[("g", &g), ("h", &h), ("x", &x), ("y", &y)]);
    let names = |formula: &str| {
        let design = Design::new(&data, &formula.parse().unwrap(), None).unwrap();
        let names = design.names.clone();
        // No column is a combination of the others.
        Regression::new(design).unwrap_or_else(|e| panic!("{formula}: {e}"));
        names
    };
    assert_eq!(names("y ~ g:h - 1").len(), 6);
    assert_eq!(names("y ~ g:h").len(), 6);
    assert_eq!(names("y ~ g*h").len(), 6);
    assert_eq!(names("y ~ g + h - 1"), ["g=a", "g=b", "g=c", "h=v"]);
    assert_eq!(names("y ~ g:x"), ["(Intercept)", "g=a:x", "g=b:x", "g=c:x"]);
    assert_eq!(names("y ~ g:x + h - 1").len(), 5);
    assert_eq!(names("y ~ g:x + x"), ["(Intercept)", "x", "g=b:x", "g=c:x"]);
    assert_eq!(names("y ~ h + h:x"), ["(Intercept)", "h=v", "h=u:x", "h=v:x"]);
}

#[test]
fn categories_have_an_order_and_numbers_are_not_taken_for_them() {
    // 9 < 10 as numbers, "10" < "1a" < "9" as text: numbers come first.
    let labels: Vec<String> =
        (0..300).map(|k| if k % 2 == 0 { format!("{}a", k * 7 % 90) } else { (k * 13 % 95).to_string() }).collect();
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    let y: Vec<String> = (0..300).map(|k| (k * 37 % 101).to_string()).collect();
    let y: Vec<&str> = y.iter().map(String::as_str).collect();
    let data = table(&[("g", &labels), ("y", &y)]);
    let error = Design::new(&data, &"y ~ g".parse().unwrap(), None).unwrap_err();
    assert!(error.to_string().contains("150 numbers and the text"), "{error}");
    let design = Design::new(&data, &"y ~ C(g)".parse().unwrap(), None).unwrap();
    let mut seen = design.names.clone();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), design.names.len());
    let infinite = table(&[("g", &["inf", "1e999", "x", "inf", "1e999", "x"]), ("y", &["1", "2", "3", "4", "5", "7"])]);
    assert_eq!(Design::new(&infinite, &"y ~ g".parse().unwrap(), None).unwrap().names.len(), 3);
    let comma = table(&[("x", &["1,5", "2,5", "1,234"]), ("y", &["1", "2", "3"])]);
    assert!(Design::new(&comma, &"y ~ x".parse().unwrap(), None).unwrap_err().to_string().contains("in row 1: `1,5`"));
}

#[test]
fn weights_are_a_column_of_their_own() {
    let data = table(&[
        ("x", &["1", "2", "3", "4", "5"]),
        ("w", &["1", "2", "NA", "1", "3"]),
        ("y", &["1", "2", "9", "5", "4"]),
    ]);
    let all = "y ~ .".parse().unwrap();
    let design = Design::with_weights(&data, &all, None, "w").unwrap();
    assert!(design.names == ["(Intercept)", "x"] && design.dropped == [2]);
    let fit = Regression::new(design).unwrap();
    let without = table(&[("x", &["1", "2", "4", "5"]), ("y", &["1", "2", "5", "4"])]);
    let plain = Design::new(&without, &"y ~ x".parse().unwrap(), None).unwrap();
    let given = Regression::weighted(plain, Some(&[1.0, 2.0, 1.0, 3.0])).unwrap();
    assert_eq!(fit.coefficients()[1].estimate, given.coefficients()[1].estimate);
    assert!(Design::new(&data, &"x ~ y".parse().unwrap(), Some("y")).is_err());
}

#[test]
fn what_is_not_known_is_not_called_significant() {
    let flat = table(&[("x", &["1", "2", "3", "4"]), ("y", &["5", "5", "5", "5"])]);
    let fit = Regression::new(Design::new(&flat, &"y ~ x".parse().unwrap(), None).unwrap()).unwrap();
    assert!(fit.coefficients()[1].p.is_nan() && fit.p_of_f().unwrap().is_nan());
    assert!(fit.influence().iter().all(|i| i.cook.is_nan()));
    // If any of three rows is left out, a line fits the others exactly.
    let three = table(&[("x", &["1", "3", "4"]), ("y", &["2", "3", "5"])]);
    let fit = Regression::new(Design::new(&three, &"y ~ x".parse().unwrap(), None).unwrap()).unwrap();
    assert!(fit.influence().iter().all(|i| i.studentized.is_nan() && i.standardized.is_finite()));
    // The last row alone determines its coefficient.
    let alone = table(&[("x", &["0", "0", "0", "0", "1"]), ("y", &["5", "6", "4", "7", "9"])]);
    let fit = Regression::new(Design::new(&alone, &"y ~ x".parse().unwrap(), None).unwrap()).unwrap();
    assert!(fit.influence()[4].standardized.is_nan() && fit.influence()[0].standardized.is_finite());
}

#[test]
fn a_forward_error_turns_the_share_of_the_frobenius_norm_into_one_of_the_spectral_norm() {
    // Equal singular values: ‖A‖_F = √n·‖A‖₂, and the factor matters unless the backward error is far below u.
    let mut draws = Draws(5);
    let mut seen = 0;
    for n in [16usize, 64, 100] {
        let random = Matrix::from_fn(3 * n, n, |_, _| draws.next());
        let a = kappa::dense::qr(random.as_ref(), kappa::dense::Shape::Thin).unwrap().q;
        let b = Matrix::from_fn(3 * n, 1, |_, _| draws.next());
        let s = lstsq(&a, &b).unwrap();
        let backward = s.backward_error().upper() * (n as f64).sqrt();
        let ratio = s.forward_error().estimate() / s.solution_cond().estimate();
        assert!((ratio / backward.max(f64::EPSILON) - 1.0).abs() <= 1e-12, "{n}: {ratio:e} beside {backward:e}");
        seen += usize::from(backward > f64::EPSILON);
    }
    assert!(seen > 0, "no backward error is large enough to be seen");
}
