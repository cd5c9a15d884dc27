//! Eigenvalues and what depends on them, of matrices on which an unchecked hypothesis shows: defective, normal, graded,
//! triangular, not symmetric, very large and very small.

use kappa::condition::{eigenvalue_cond, separation};
use kappa::equations::Method;
use kappa::factor::{GuEisenstat, complete_orthogonal, ldlt, pivoted_qr, rank_revealing_qr};
use kappa::krylov::{Iterate, Iteration, solve_iteratively};
use kappa::perturb::{perturb, principal_angles};
use kappa::regions::{
    NumericalRange, Pseudospectrum, Region, normality, numerical_range, pseudospectrum, pseudospectrum_cells,
};
use kappa::{Matrix, Scalar, Solve, c64, cholesky, eig, eigh, schur, singular_values, solve_by};

fn matrix(n: usize, entries: &[f64]) -> Matrix<f64> {
    Matrix::from_row_major(n, n, entries.to_vec()).unwrap()
}

fn diagonal(values: &[f64]) -> Matrix<f64> {
    Matrix::from_fn(values.len(), values.len(), |i, j| if i == j { values[i] } else { 0.0 })
}

/// Numbers between −1 and 1 that look random.
fn mixed(m: usize, n: usize, seed: usize) -> Matrix<f64> {
    Matrix::from_fn(m, n, |i, j| (((i * 37 + j * 101 + seed * 53 + i * j * 7) % 211) as f64 - 105.0) / 105.0)
}

fn times(a: &Matrix<f64>, power: i32) -> Matrix<f64> {
    Matrix::from_fn(a.rows(), a.columns(), |i, j| a[(i, j)] * 2f64.powi(power))
}

#[test]
fn what_is_not_symmetric_has_no_symmetric_factors() {
    let a = matrix(3, &[4.0, 1.0, 0.0, 2.0, 5.0, 1.0, 0.0, 1.0, 6.0]);
    let message = |error: kappa::Error| error.to_string();
    for text in [
        message(cholesky(&a).unwrap_err()),
        message(ldlt(&a).unwrap_err()),
        message(eigh(&a).unwrap_err()),
        message(kappa::equations::CholeskyUpdate::new(&a).unwrap_err()),
    ] {
        assert!(text.contains("entry (2, 1) is 2 and entry (1, 2) is 1"), "{text}");
    }
    // The diagonal of a Hermitian matrix is real.
    let b = Matrix::from_fn(2, 2, |i, j| if i == j { c64::new(2.0, f64::from(i as u8)) } else { c64::default() });
    let text = message(cholesky(&b).unwrap_err());
    assert!(text.contains("diagonal entry (2, 2) is 2+1i"), "{text}");
    assert!(ldlt(&Matrix::from_fn(2, 3, |_, _| 1.0)).unwrap_err().is_shape());
    // An iteration for Hermitian operators reads the entries where there are any: b alone does not show the difference.
    for by in [Iteration::ConjugateGradients, Iteration::Minres] {
        let skewed = Matrix::from_fn(4, 4, |i, j| if i == j { 2.0 } else { f64::from(i == 2 && j == 3) });
        let how = Iterate { by, ..Iterate::default() };
        let text = message(solve_iteratively(&skewed, &[1.0, 0.0, 0.0, 0.0], &how).unwrap_err());
        assert!(text.contains("(3, 4)") || text.contains("(4, 3)"), "{text}");
    }
}

#[test]
fn a_method_for_one_form_refuses_entries_that_it_does_not_read() {
    let b = Matrix::from_fn(3, 1, |i, _| i as f64);
    let entries = [1.0, 0.0, 5.0, 2.0, 1.0, 0.0, 0.0, 3.0, 1.0];
    for (method, place) in [
        (Method::Diagonal, "entry (1, 3) is 5"),
        (Method::LowerTriangular, "entry (1, 3) is 5"),
        (Method::UpperTriangular, "entry (2, 1) is 2"),
        (Method::Banded { lower: 1, upper: 1 }, "entry (1, 3) is 5"),
    ] {
        let how = Solve { method: Some(method), ..Solve::default() };
        let error = solve_by(&matrix(3, &entries), &b, &how).unwrap_err();
        assert!(error.to_string().contains(place) && error.hint().is_some(), "{error}");
        let turned = Matrix::from_fn(3, 3, |i, j| c64::new(0.0, entries[3 * i + j]));
        let error = solve_by(&turned, &Matrix::from_fn(3, 1, |_, _| c64::new(1.0, 0.0)), &how).unwrap_err();
        assert!(error.to_string().contains("is not"), "{error}");
        assert!(solve_by(&diagonal(&[1.0, 2.0, 4.0]), &b, &how).is_ok());
    }
}

#[test]
fn lines_of_a_grid_are_closer_beside_few_eigenvalues() {
    let a = matrix(2, &[1.0, 1.0, 0.0, 3.0]);
    let even = pseudospectrum(&a, &Pseudospectrum { points: 100, ..Pseudospectrum::default() }).unwrap();
    let g = pseudospectrum(&a, &Pseudospectrum::default()).unwrap();
    assert_eq!((even.re.len(), even.im.len(), g.re.len(), g.im.len()), (100, 100, 108, 104));
    assert!(g.re.windows(2).chain(g.im.windows(2)).all(|pair| pair[0] < pair[1]));
    let step = even.re[1] - even.re[0];
    for x in [1.0, 3.0] {
        assert_eq!(
            g.re.iter().filter(|re| (**re - x).abs() < 0.3 * step).count(),
            4 + even.re.iter().filter(|re| (**re - x).abs() < 0.3 * step).count()
        );
    }
    // Each value is the smallest singular value there.
    for (k, &value) in g.values.iter().enumerate() {
        let z = c64::new(g.re[k % g.re.len()], g.im[k / g.re.len()]);
        let shifted = Matrix::from_fn(2, 2, |i, j| if i == j { z } else { c64::default() } - c64::new(a[(i, j)], 0.0));
        let truth = singular_values(&shifted).unwrap().last();
        assert!(truth.lower() <= g.upper[k] && g.lower[k] <= truth.upper() && (value - truth.estimate()).abs() < 1e-3);
    }
    // Of many eigenvalues the lines stay at equal distances.
    let many = diagonal(&(0..40).map(f64::from).collect::<Vec<f64>>());
    assert_eq!(pseudospectrum(&many, &Pseudospectrum::default()).unwrap().re.len(), 100);
}

#[test]
fn an_iteration_reports_the_backward_error_of_the_question() {
    // Singular and inconsistent: the least squares solution solves no system near by.
    let a = diagonal(&[1.0, 2.0, 0.0]);
    let b = [1.0, 2.0, 1.0];
    let system = solve_iteratively(&a, &b, &Iterate::default()).unwrap();
    assert!(!system.has_converged && system.backward_error.estimate() > 0.1, "{:?}", system.backward_error);
    let least = solve_iteratively(&a, &b, &Iterate { least_squares: true, ..Iterate::default() }).unwrap();
    assert!(least.has_converged && least.backward_error.upper() < 1e-12 && (least.residual_norm - 1.0).abs() < 1e-12);
    // What is not square is a least squares problem anyway.
    let tall = Matrix::from_fn(3, 1, |i, _| 1.0 + i as f64);
    assert!(solve_iteratively(&tall, &[1.0, 1.0, 0.0], &Iterate::default()).unwrap().has_converged);
    // Stopped early, conjugate gradients must not be judged by the gradient.
    let how = Iterate { by: Iteration::ConjugateGradients, steps: 2, ..Iterate::default() };
    let graded = diagonal(&[1.0, 1e-3, 1e-6, 1e-9, 1e-12]);
    let s = solve_iteratively(&graded, &[1.0; 5], &how).unwrap();
    let size = s.x.iter().map(|x| x * x).sum::<f64>().sqrt();
    let truth = s.residual_norm / (size + 5f64.sqrt());
    assert!(s.backward_error.upper() >= truth, "{:?} beside {truth:e}", s.backward_error);
}

#[test]
fn eigenvalues_of_triangular_matrices_are_their_diagonals() {
    for n in [1, 4, 29] {
        let upper = Matrix::from_fn(n, n, |i, j| if i <= j { ((i * 31 + j * 17) % 199) as f64 - 99.0 } else { 0.0 });
        let lower = upper.adjoint();
        // Triangular in another order of rows and columns.
        let order: Vec<usize> = (0..n).map(|i| (i * 5 + 2) % n).collect();
        let hidden = Matrix::from_fn(n, n, |i, j| upper[(order[i], order[j])]);
        let mut expected: Vec<f64> = (0..n).map(|i| upper[(i, i)]).collect();
        expected.sort_by(f64::total_cmp);
        for a in [&upper, &lower, &hidden] {
            if n == 29 && (0..n).collect::<std::collections::BTreeSet<_>>() != order.iter().copied().collect() {
                continue;
            }
            let f = eig(a).unwrap();
            let values = f.eigenvalues();
            let mut found: Vec<f64> = values.estimates().iter().map(|z| z.re).collect();
            found.sort_by(f64::total_cmp);
            assert_eq!(found, expected, "order {n}");
            assert!((0..n).all(|k| values.radius(k) == 0.0 && values.get(k).im == 0.0));
            let largest = expected.iter().map(|x| x.abs()).fold(0.0, f64::max);
            assert_eq!((values.spectral_radius().lower(), values.spectral_radius().upper()), (largest, largest));
            assert!(values.evidence().is_certified());
        }
    }
    // Not triangular, though nearly.
    let circle = matrix(3, &[1.0, 1.0, 0.0, 0.0, 2.0, 1.0, 1e-9, 0.0, 3.0]);
    assert!((0..3).all(|k| eig(&circle).unwrap().eigenvalues().radius(k) > 0.0));
}

#[test]
fn hermitian_matrices_have_real_eigenvalues_and_orthonormal_vectors() {
    let a = mixed(20, 20, 3);
    let a = Matrix::from_fn(20, 20, |i, j| a[(i, j)] + a[(j, i)]);
    let (f, g) = (eig(&a).unwrap(), eigh(&a).unwrap());
    let mut expected: Vec<f64> = g.eigenvalues().iter().map(|x| x.estimate()).collect();
    expected.sort_by(|x, y| y.abs().total_cmp(&x.abs()));
    for (k, x) in expected.iter().enumerate() {
        let z = f.eigenvalues().get(k);
        assert!(z.im == 0.0 && (z.re - x).abs() < 1e-13 && f.eigenvalues().radius(k) < 1e-12, "{z} beside {x}");
    }
    assert_eq!((f.left(), f.vector_cond().unwrap().upper()), (f.right(), 1.0));
    let wide = Matrix::from_fn(6, 6, |i, j| c64::new(a[(i, j)], if i < j { 1.0 } else { -f64::from(i > j) }));
    assert!(eig(&wide).unwrap().eigenvalues().estimates().iter().all(|z| z.im == 0.0));
}

#[test]
fn a_norm_bounds_the_spectral_radius_where_nothing_else_does() {
    // A Jordan block in another basis.
    let block = Matrix::from_fn(6, 6, |i, j| if i == j { 2.0 } else { f64::from(i + 1 == j) });
    let x = Matrix::from_fn(6, 6, |i, j| f64::from(i == j) + ((i * 3 + j * 5) % 4) as f64);
    let inverse = kappa::dense::lu(x.as_ref()).unwrap().inverse();
    let product = |a: &Matrix<f64>, b: &Matrix<f64>| kappa::dense::multiply(a.as_ref(), b.as_ref()).unwrap();
    let a = product(&product(&x, &block), &inverse);
    let values = eig(&a).unwrap().eigenvalues().clone();
    let radius = values.spectral_radius();
    assert!(radius.upper().is_finite() && radius.upper() >= 2.0 && radius.lower() >= 0.0, "{radius:?}");
    let abscissa = values.spectral_abscissa();
    assert!(abscissa.upper().is_finite() && abscissa.lower().is_finite() && abscissa.upper() >= 1.9, "{abscissa:?}");
}

#[test]
fn a_defective_matrix_has_no_finite_condition_of_its_eigenvectors() {
    // (λ − 1)(λ − 2)², the companion matrix.
    let a = matrix(3, &[5.0, -8.0, 4.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0]);
    assert_eq!(eig(&a).unwrap().vector_cond().unwrap().upper(), f64::INFINITY);
    let jordan = matrix(2, &[1.0, 1.0, 0.0, 1.0]);
    assert_eq!(eig(&jordan).unwrap().vector_cond().unwrap().upper(), f64::INFINITY);
    // A change of 2⁻¹⁰⁰ moves the double eigenvalue by its root: no bound of Bauer and Fike is below that.
    let mut b = a.clone();
    b[(2, 2)] = 2f64.powi(-100);
    for (a, b) in [(a, b), (jordan, matrix(2, &[1.0, 1.0, 2f64.powi(-80), 1.0]))] {
        for t in perturb(&a, &b).unwrap() {
            assert!(!t.is_violated());
            assert!(t.theorem.name() != "bauer-fike" || t.bound.upper() > 1e-15, "{:?}", t.bound);
        }
    }
    // κ of the eigenvectors (1, 0) and (1, 1)/√2: (√2 + 1).
    let c = eig(&matrix(2, &[1.0, 1.0, 0.0, 2.0])).unwrap().vector_cond().unwrap();
    assert!(c.contains(1.0 + std::f64::consts::SQRT_2) && c.width() < 1e-9, "{c:?}");
    let t = perturb(&matrix(2, &[1.0, 1.0, 0.0, 2.0]), &matrix(2, &[1.0, 1.0, 1e-6, 2.0])).unwrap();
    let bound = t.iter().find(|t| t.theorem.name() == "bauer-fike").unwrap().bound.upper();
    assert!(bound > 1e-6 && bound < 3e-6, "{bound:e}");
}

#[test]
fn angles_between_ill_conditioned_bases_say_how_well_they_are_known() {
    let x = Matrix::from_row_major(3, 2, vec![1.0, 0.0, 0.0, 1.0, 0.0, 0.0]).unwrap();
    let third = 1.0 / 3.0;
    for k in [20, 30, 40] {
        let y = Matrix::from_row_major(3, 2, vec![third, third, 0.7, 0.7, 0.1, 0.1 + 2f64.powi(-k)]).unwrap();
        let angle = principal_angles(&x, &y).unwrap()[0];
        assert!(angle.contains(std::f64::consts::FRAC_PI_2), "{k}: {angle:?}");
        assert!(k > 30 || angle.width() < 1e-3, "{k}: {angle:?}");
    }
    // The lengths of columns do not matter.
    let long = Matrix::from_row_major(3, 2, vec![1e6, 0.0, 0.0, 1e-6, 0.0, 0.0]).unwrap();
    assert!(principal_angles(&x, &long).unwrap().iter().all(|a| a.lower() == 0.0 && a.upper() < 1e-13));
}

/// σₘᵢₙ(zI − A) from a full decomposition.
fn reference(a: &Matrix<f64>, z: c64) -> f64 {
    let n = a.rows();
    let shifted = Matrix::from_fn(n, n, |i, j| if i == j { z } else { c64::default() } - a[(i, j)]);
    singular_values(&shifted).unwrap().last().estimate()
}

#[test]
fn pseudospectra_hold_at_every_point_of_the_grid() {
    let q = mixed(24, 24, 1);
    let q = kappa::polar(&q).unwrap().unitary;
    let values: Vec<f64> = (0..24).map(|i| 10f64.powf((i % 7) as f64 / 2.0 - 1.5)).collect();
    let symmetric = Matrix::from_fn(24, 24, |i, j| (0..24).map(|l| q[(i, l)] * values[l] * q[(j, l)]).sum::<f64>());
    let blocks = Matrix::from_fn(20, 20, |i, j| match (i / 2 == j / 2, i % 2, j % 2) {
        (true, 0, 1) => 5.0 * (i / 2 % 3) as f64,
        (true, 1, 1) => 0.5 + (i / 2) as f64,
        (true, 0, 0) => (i / 2) as f64,
        _ => 0.0,
    });
    let grcar = Matrix::from_fn(16, 16, |i, j| if j + 1 == i { -1.0 } else { f64::from(j >= i && j <= i + 3) });
    let cases = [
        ("1, 2, 3", diagonal(&[1.0, 2.0, 3.0])),
        ("orthogonal", q),
        ("symmetric", symmetric),
        ("blocks", blocks),
        ("Jordan", Matrix::from_fn(9, 9, |i, j| f64::from(i + 1 == j))),
        ("Grcar", grcar),
        ("mixed", mixed(15, 15, 9)),
    ];
    for (name, a) in cases {
        let g = pseudospectrum(&a, &Pseudospectrum { region: None, points: 13 }).unwrap();
        let size = singular_values(&a).unwrap().first().upper();
        for (i, &y) in g.im.iter().enumerate() {
            for (j, &x) in g.re.iter().enumerate() {
                let k = i * g.re.len() + j;
                let truth = reference(&a, c64::new(x, y));
                let room = 1e-13 * size;
                let case =
                    format!("{name} at {x} + {y}i: {} … {} … {} beside {truth}", g.lower[k], g.values[k], g.upper[k]);
                assert!(g.lower[k] - room <= truth && truth <= g.upper[k] + room, "{case}");
                assert!((g.values[k] - truth).abs() <= 2e-3 * truth + room, "{case}");
            }
        }
    }
}

#[test]
fn questions_about_spectra_are_scaled_with_the_matrix() {
    let a = matrix(3, &[1.0, 2.0, 0.5, -1.0, 3.0, 1.0, 0.25, 1.0, 4.0]);
    let b = diagonal(&[9.0, 11.0]);
    let points = Pseudospectrum { region: None, points: 6 };
    let range = NumericalRange { directions: 5 };
    let one = |a: &Matrix<f64>, b: &Matrix<f64>, e: i32| {
        let back = |x: f64| x * 2f64.powi(-e / 2) * 2f64.powi(-e / 2);
        let g = pseudospectrum(a, &points).unwrap();
        let w = numerical_range(a, &range).unwrap();
        let c = eigenvalue_cond(a).unwrap();
        let mut found: Vec<f64> = g.values.iter().chain(&g.re).chain(&g.upper).map(|&x| back(x)).collect();
        found.extend(w.inside.iter().chain(&w.outside).flat_map(|z| [back(z.re), back(z.im)]));
        found.extend(c.iter().flat_map(|c| [c.condition, back(c.value.re), back(c.distance)]));
        found.push(back(normality(a).unwrap().departure.estimate()));
        found.push(back(separation(a, b).unwrap().estimate()));
        found.push(back(rank_revealing_qr(a, 2, &GuEisenstat::default()).unwrap().r()[(0, 0)]));
        found
    };
    let expected = one(&a, &b, 0);
    assert!(expected.iter().all(|x| x.is_finite()));
    for e in [-900, -540, -258, -100, 100, 302, 520, 900] {
        let found = one(&times(&a, e), &times(&b, e), e);
        for (x, y) in found.iter().zip(&expected) {
            assert!((x - y).abs() <= 1e-9 * (1.0 + y.abs()), "2^{e}: {x} beside {y}");
        }
    }
    let commutator = normality(&times(&a, 300)).unwrap().commutator;
    let usual = normality(&a).unwrap().commutator.estimate();
    assert!((commutator.estimate() * 2f64.powi(-600) / usual - 1.0).abs() < 1e-9);
    assert!(normality(&times(&a, -900)).unwrap().commutator.lower() >= 0.0);
}

#[test]
fn a_range_that_is_a_point_is_that_point() {
    let i = Matrix::from_fn(1, 1, |_, _| c64::new(0.0, 1.0));
    for directions in [3, 4, 72] {
        let w = numerical_range(&i, &NumericalRange { directions }).unwrap();
        assert!(w.inside.iter().chain(&w.outside).all(|z| (z - c64::new(0.0, 1.0)).norm() < 1e-12), "{w:?}");
        let zero = numerical_range(&Matrix::<f64>::zeros(3, 3), &NumericalRange { directions }).unwrap();
        assert!(zero.inside.iter().chain(&zero.outside).all(|z| z.norm() == 0.0), "{zero:?}");
    }
}

#[test]
fn many_squares_need_no_deep_stack_and_have_a_limit() {
    let a = diagonal(&[1.0, 2.0]);
    let region = Region { re: (-5.0, 5.0), im: (-5.0, 5.0) };
    let small_stacks = |threads: usize, work: &(dyn Fn() + Sync)| {
        rayon::ThreadPoolBuilder::new().num_threads(threads).stack_size(512 << 10).build().unwrap().install(work);
    };
    for threads in [1, 2, 4] {
        small_stacks(threads, &|| {
            let found = pseudospectrum_cells(&a, 0.1, region, 9).unwrap();
            let area: f64 = found.cells.iter().map(|c| 4.0 * c.half * c.half).sum();
            assert!((area - 100.0).abs() < 1e-6, "{area}");
            let inside: f64 =
                found.cells.iter().filter(|c| c.is_inside == Some(true)).map(|c| 4.0 * c.half * c.half).sum();
            assert!(inside < 0.02 * std::f64::consts::PI && inside > 0.014 * std::f64::consts::PI, "{inside}");
        });
    }
}

#[test]
fn graded_matrices_have_a_schur_form() {
    for seed in 0..300 {
        let m = mixed(4, 4, seed);
        let power = |k: usize, by: usize| -(((k * 37 + seed * by + k * k * 11) % 150) as i32);
        let a = Matrix::from_fn(4, 4, |i, j| m[(i, j)] * 10f64.powi(power(i, 29)) * 10f64.powi(power(j, 41)));
        let f = schur(&a).unwrap();
        let size = a.as_slice().iter().map(|x| x.abs()).fold(0.0, f64::max);
        let product = |x: &Matrix<c64>, y: &Matrix<c64>| kappa::dense::multiply(x.as_ref(), y.as_ref()).unwrap();
        let scaled = Matrix::from_fn(4, 4, |i, j| f.t()[(i, j)] / size);
        let back = product(&product(f.q(), &scaled), &f.q().adjoint());
        let off = (0..16).map(|k| (back[(k % 4, k / 4)] - a[(k % 4, k / 4)] / size).norm()).fold(0.0, f64::max);
        assert!(off < 1e-14, "{seed}: {off:e}");
        assert!(eigenvalue_cond(&a).is_ok(), "{seed}");
    }
}

#[test]
fn factors_of_nothing_are_numbers() {
    for (m, n) in [(2, 2), (3, 2), (2, 5), (120, 100)] {
        fn check<T: Scalar>(m: usize, n: usize) {
            let f = pivoted_qr(&Matrix::<T>::zeros(m, n)).unwrap();
            assert!(f.r().as_slice().iter().all(|&x| x == <T::Wide>::default()), "{m}×{n}");
            assert!(f.q().as_slice().iter().all(|x| x.is_finite()));
            assert_eq!(f.rank(0.0), 0);
            assert_eq!(complete_orthogonal(&Matrix::<T>::zeros(m, n), 1e-13).unwrap().t.rows(), 0);
        }
        check::<f64>(m, n);
        check::<c64>(m, n);
        check::<f32>(m, n);
    }
}
