//! Systems and least squares problems against exact rational arithmetic and closed forms.

use kappa::equations::{EntryEnclosures, LstsqMethod, Method, Refinement, weighted_lstsq};
use kappa::{
    Guarantee, Lstsq, Matrix, Norm, Scalar, Solve, Solver, Sparse, Tolerance, c32, c64, cond_by, gallery, lstsq,
    lstsq_by, solve, solve_by,
};

use crate::draws::Draws;

const CERTIFIED: Guarantee = Guarantee::Certified;

/// A certified solution: x, and an enclosure of each entry.
#[derive(Debug)]
struct Enclosed<W: Scalar>(Matrix<W>, EntryEnclosures);

impl<W: Scalar> Enclosed<W> {
    fn x(&self) -> &Matrix<W> {
        &self.0
    }
}

impl<W: Scalar> std::ops::Deref for Enclosed<W> {
    type Target = EntryEnclosures;
    fn deref(&self) -> &EntryEnclosures {
        &self.1
    }
}

fn enclosed_solution<T: Scalar>(a: &Matrix<T>, b: &Matrix<T>) -> kappa::Result<Enclosed<T::Wide>> {
    let s = solve_by(a, b, &Solve { guarantee: CERTIFIED, ..Solve::default() })?;
    Ok(Enclosed(s.x().clone(), s.enclosures().unwrap().clone()))
}

fn enclosed_minimiser<T: Scalar>(a: &Matrix<T>, b: &Matrix<T>) -> kappa::Result<Enclosed<T::Wide>> {
    let s = lstsq_by(a, b, &Lstsq { guarantee: CERTIFIED, ..Lstsq::default() })?;
    Ok(Enclosed(s.x().clone(), s.enclosures().unwrap().clone()))
}

fn column(b: &[f64]) -> Matrix<f64> {
    Matrix::from_column_major(b.len(), 1, b.to_vec()).unwrap()
}

/// A matrix of a numerically difficult kind: graded, badly scaled, nearly singular, repeated, huge, tiny.
fn nasty(draws: &mut Draws, n: usize, kind: usize) -> Matrix<f64> {
    let a: Matrix<f64> = draws.matrix(n, n);
    let power = |k: i32| 2f64.powi(k);
    match kind % 9 {
        0 => a,
        1 => Matrix::from_fn(n, n, |i, j| a[(i, j)] * power(-(7 * i as i32))),
        2 => Matrix::from_fn(n, n, |i, j| a[(i, j)] * power(40 * (j as i32) - 17 * i as i32)),
        // Rank n − 1 but for a perturbation of 2⁻³⁰, 2⁻⁴⁵, …
        3 => {
            let small = power(-30 - 15 * draws.below(4) as i32);
            Matrix::from_fn(n, n, |i, j| if j + 1 < n || n == 1 { a[(i, j)] } else { a[(i, 0)] + small * a[(i, j)] })
        }
        4 => Matrix::from_fn(n, n, |i, j| 1.0 / (1.0 + i as f64 + j as f64)),
        5 => Matrix::from_fn(n, n, |i, j| a[(i, j)] * power(300)),
        6 => Matrix::from_fn(n, n, |i, j| a[(i, j)] * power(-480)),
        7 => Matrix::from_fn(n, n, |i, j| (a[(i, j)] * 8.0).round()),
        _ => Matrix::from_fn(n, n, |i, j| if i == j { 1.0 + a[(i, j)] * power(-20) } else { a[(i, j)] * power(-50) }),
    }
}

#[test]
fn certified_solutions_hold_the_exact_rational_ones() {
    let mut draws = Draws(5);
    let (mut proved, mut sharp, mut entries, mut singular) = (0, 0, 0, 0);
    for case in 0..1200 {
        let n = 1 + draws.below(9);
        let a = nasty(&mut draws, n, case);
        let b = draws.vector(n);
        let Some(truth) = crate::exact::solve(&a, &b) else {
            assert!(enclosed_solution(&a, &column(&b)).is_err(), "case {case}: a singular matrix was solved");
            singular += 1;
            continue;
        };
        let Ok(found) = enclosed_solution(&a, &column(&b)) else { continue };
        proved += 1;
        for i in 0..n {
            let e = found.entry(i, 0);
            assert!(truth.holds(i, e.lower(), e.upper()), "case {case}, entry {i} of {n}: {e:?}");
            entries += 1;
            sharp += usize::from(e.width() <= 4.0 * f64::EPSILON * e.estimate().abs());
        }
    }
    assert!(proved > 1150 - singular, "{proved} of 1200 were proved, {singular} are singular");
    // Beyond κ of 1e16 even 106 bits do not reach the last bit of a double.
    assert!(sharp as f64 > 0.96 * entries as f64, "{sharp} of {entries} are sharp");
}

#[test]
fn certified_least_squares_hold_the_exact_rational_ones() {
    let mut draws = Draws(6);
    let mut proved = 0;
    for case in 0..300 {
        let n = 1 + draws.below(4);
        let m = n + 1 + draws.below(4);
        let square = nasty(&mut draws, m, [0, 1, 3, 4, 7, 8][case % 6]);
        let a = Matrix::from_fn(m, n, |i, j| square[(i, j)]);
        let b = draws.vector(m);
        // AᵀAx = Aᵀb in integers.
        let (sa, sb) = (crate::exact::shift_of(a.as_slice()), crate::exact::shift_of(&b));
        let w = crate::exact::wholes(&a, sa);
        let gram = (0..n).map(|i| (0..n).map(|j| (0..m).map(|k| &w[k][i] * &w[k][j]).sum()).collect()).collect();
        let right = (0..n).map(|i| (0..m).map(|k| &w[k][i] * crate::exact::whole(b[k], sb)).sum()).collect();
        let Some(mut truth) = crate::exact::solve_whole(gram, right) else { continue };
        truth.shift = sa - sb;
        let Ok(found) = enclosed_minimiser(&a, &column(&b)) else { continue };
        proved += 1;
        for i in 0..n {
            let e = found.entry(i, 0);
            assert!(truth.holds(i, e.lower(), e.upper()), "case {case}, entry {i} of {m}×{n}: {e:?}");
        }
        // The least-norm solution of Aᵀy = c is y = A(AᵀA)⁻¹c: the exact one of the transpose, here for c = AᵀAe.
        let wide = a.adjoint();
        let c: Vec<f64> = draws.vector(n);
        let least = enclosed_minimiser(&wide, &column(&c)).unwrap();
        let residual = exact_residual(&wide, &least, &c);
        assert!(residual < 1e-12, "case {case}: {residual:e}");
    }
    assert!(proved > 280, "{proved} of 300 were proved");
}

/// ‖c − Ay‖/‖c‖ to rounding, for y as a pair of doubles.
fn exact_residual(a: &Matrix<f64>, y: &EntryEnclosures, c: &[f64]) -> f64 {
    let row = |i: usize| {
        let of = |j: usize| a[(i, j)] * y.entry(j, 0).estimate() + a[(i, j)] * y.low(j, 0);
        (0..a.columns()).map(of).sum::<f64>() - c[i]
    };
    let scale = c.iter().fold(0.0f64, |m, x| m.max(x.abs()));
    let size = (0..a.columns()).map(|j| y.entry(j, 0).estimate().abs()).fold(scale, f64::max);
    (0..a.rows()).map(|i| row(i).abs()).fold(0.0, f64::max) / size
}

#[test]
fn the_least_norm_is_least() {
    // x + y + z = 3 and x − z = 2: (2, 1, 0) is of least norm, as it is orthogonal to the null vector (1, −2, 1).
    let a = Matrix::from_row_major(2, 3, vec![1.0, 1.0, 1.0, 1.0, 0.0, -1.0]).unwrap();
    let found = enclosed_minimiser(&a, &column(&[3.0, 2.0])).unwrap();
    for (i, truth) in [2.0, 1.0, 0.0].into_iter().enumerate() {
        assert!(found.entry(i, 0).contains(truth), "{:?}", found.entry(i, 0));
    }
    let plain = lstsq(&a, &column(&[3.0, 2.0])).unwrap();
    assert!((plain.x()[(0, 0)] - 2.0).abs() < 1e-14 && plain.method() == LstsqMethod::Qr);
}

#[test]
fn complex_systems_are_enclosed_part_by_part() {
    let mut draws = Draws(7);
    for n in [1, 2, 5, 11] {
        let a: Matrix<c64> = draws.matrix(n, n);
        let x: Matrix<c64> = Matrix::from_fn(n, 2, |i, j| c64::new(i as f64 - 1.0, j as f64 + 0.5));
        // Products of few bits, so that b is exact.
        let a = Matrix::from_fn(n, n, |i, j| c64::new((a[(i, j)].re * 512.0).round(), (a[(i, j)].im * 512.0).round()));
        let b = Matrix::from_fn(n, 2, |i, k| (0..n).fold(c64::new(0.0, 0.0), |sum, j| sum + a[(i, j)] * x[(j, k)]));
        let found = enclosed_solution(&a, &b).unwrap();
        for k in 0..2 {
            for i in 0..n {
                assert!(found.entry(i, k).contains(x[(i, k)].re) && found.imaginary(i, k).contains(x[(i, k)].im));
                assert!(found.entry(i, k).width() < 1e-14);
            }
        }
    }
    let a: Matrix<c32> = draws.matrix(4, 2);
    let b: Matrix<c32> = draws.matrix(4, 1);
    let (sharp, plain) = (enclosed_minimiser(&a, &b).unwrap(), lstsq(&a, &b).unwrap());
    assert!((0..2).all(|i| (sharp.x()[(i, 0)] - plain.x()[(i, 0)]).norm() < 1e-13));
}

/// Every method that suits a matrix gives the same solution, within its stated bound.
fn methods_agree<T: Scalar>(a: &Matrix<T>, expected: Method, others: &[Method], seed: u64) {
    let n = a.rows();
    let b: Matrix<T> = Draws(seed).matrix(n, 3);
    let reference = enclosed_solution(a, &b).unwrap();
    let first = solve(a, &b).unwrap();
    assert_eq!(first.plan().method, expected);
    let all = others.iter().map(|&method| Solve { method: Some(method), ..Solve::default() });
    for how in all.chain([Solve { refinement: Refinement::Extended, ..Solve::default() }]) {
        let found = solve_by(a, &b, &how).unwrap();
        for k in 0..3 {
            let size = |m: &Matrix<T::Wide>| m.column(k).iter().map(|x| x.abs_squared().sqrt()).fold(0.0, f64::max);
            let off = Matrix::from_fn(n, 3, |i, k| found.x()[(i, k)] - reference.x()[(i, k)]);
            let bound = found.forward_error().upper();
            assert!(size(&off) <= bound * size(reference.x()) * 1.01 + 1e-300, "{how:?}: {:e} > {bound:e}", size(&off));
            assert!(found.backward_error().upper() < 1e-12);
            if how.refinement == Refinement::Extended {
                assert!(size(&off) <= 4.0 * f64::EPSILON * size(reference.x()), "{:e}", size(&off));
            }
        }
    }
    let again = Solver::new(a).unwrap().solve(&Matrix::from_fn(n, 3, |i, j| b[(i, j)].widen())).unwrap();
    assert_eq!(again.x().as_slice(), first.x().as_slice());
}

fn shapes_of_matrices<T: Scalar>() {
    let mut draws = Draws(8);
    let n = 30;
    let a: Matrix<T> = draws.matrix(n, n);
    let one = T::from_parts(1.0, 0.0);
    let masked = |keep: &dyn Fn(usize, usize) -> bool, diagonal: f64| {
        Matrix::from_fn(n, n, |i, j| match (i == j, keep(i, j)) {
            (true, _) => a[(i, j)] + T::from_parts(diagonal, 0.0),
            (_, true) => a[(i, j)],
            _ => T::default(),
        })
    };
    methods_agree(&masked(&|_, _| false, 3.0), Method::Diagonal, &[Method::Lu, Method::UpperTriangular], 1);
    methods_agree(&masked(&|i, j| i < j, 9.0), Method::UpperTriangular, &[Method::Lu, Method::MixedLu], 2);
    methods_agree(&masked(&|i, j| i > j, 9.0), Method::LowerTriangular, &[Method::Lu], 3);
    let band = Method::Banded { lower: 1, upper: 1 };
    methods_agree(&masked(&|i, j| i.abs_diff(j) == 1, 0.0), band, &[Method::Lu], 4);
    let wide_band = Method::Banded { lower: 1, upper: 4 };
    methods_agree(&masked(&|i, j| i < j + 2 && j < i + 5, 0.0), wide_band, &[Method::Lu], 5);
    methods_agree(&a, Method::Lu, &[Method::MixedLu], 6);
    let hermitian = |shift: f64| {
        Matrix::from_fn(n, n, |i, j| match i.cmp(&j) {
            std::cmp::Ordering::Equal => T::from_parts(a[(i, i)].re() + shift, 0.0),
            std::cmp::Ordering::Less => a[(i, j)],
            std::cmp::Ordering::Greater => a[(j, i)].conj(),
        })
    };
    methods_agree(&hermitian(40.0), Method::Cholesky, &[Method::Ldlt, Method::Lu, Method::MixedLu], 7);
    methods_agree(&hermitian(0.0), Method::Lu, &[Method::Ldlt], 8);
    let huge = Matrix::from_fn(n, n, |i, j| hermitian(40.0)[(i, j)] * T::from_parts(2f64.powi(30), 0.0) * one);
    methods_agree(&huge, Method::Cholesky, &[Method::Ldlt, Method::Lu], 9);
}

#[test]
fn every_factorization_solves_what_it_suits() {
    shapes_of_matrices::<f64>();
    shapes_of_matrices::<c64>();
    shapes_of_matrices::<f32>();
}

#[test]
fn adjoints_of_the_band_are_solved_too() {
    // κ of a banded matrix needs A⁻ᴴ: it agrees with that of the dense factors.
    let mut draws = Draws(9);
    let a: Matrix<c64> = draws.matrix(40, 40);
    let a = Matrix::from_fn(40, 40, |i, j| if i < j + 2 && j < i + 3 { a[(i, j)] } else { c64::new(0.0, 0.0) });
    let b: Matrix<c64> = draws.matrix(40, 1);
    let band = solve(&a, &b).unwrap();
    assert!(matches!(band.plan().method, Method::Banded { lower: 1, upper: 2 }));
    let dense = solve_by(&a, &b, &Solve { method: Some(Method::Lu), ..Solve::default() }).unwrap();
    assert!((band.cond().estimate() / dense.cond().estimate() - 1.0).abs() < 1e-9);
}

#[test]
fn sparse_systems_are_never_written_out() {
    let n = 40_000usize;
    let grid = 200;
    let mut triplets = Vec::new();
    for k in 0..n {
        triplets.push((k, k, 4.0));
        for (near, other) in [(k % grid > 0, k.wrapping_sub(1)), (k % grid + 1 < grid, k + 1)] {
            if near {
                triplets.push((k, other, -1.0));
            }
        }
        for other in [k.checked_sub(grid), Some(k + grid).filter(|&k| k < n)].into_iter().flatten() {
            triplets.push((k, other, -1.0));
        }
    }
    let a = Sparse::from_triplets((n, n), triplets).unwrap();
    let ones = Matrix::from_fn(n, 1, |i, _| (i % 7) as f64);
    let b = kappa::LinearOperator::apply(&a, &ones).unwrap();
    let s = solve(&a, &b).unwrap();
    assert_eq!(s.plan().method, Method::SparseCholesky);
    let error = s.x().as_slice().iter().zip(ones.as_slice()).map(|(x, y)| (x - y).abs()).fold(0.0, f64::max);
    assert!(error <= 6.0 * s.forward_error().upper() && s.forward_error().upper() < 1e-10, "{error:e}");
    let turned = Sparse::from_triplets((2, 2), vec![(0, 1, 2.0), (1, 0, 3.0f32)]).unwrap();
    let s = solve(&turned, &Matrix::from_fn(2, 1, |i, _| 6.0 * (i + 1) as f32)).unwrap();
    assert_eq!((s.plan().method, s.x().as_slice()), (Method::SparseLu, [4.0, 3.0].as_slice()));
}

#[test]
fn what_has_no_solution_says_why() {
    let singular = Matrix::from_row_major(2, 2, vec![1.0, 2.0, 2.0, 4.0]).unwrap();
    let b = column(&[1.0, 1.0]);
    let error = solve(&singular, &b).unwrap_err();
    assert!(error.to_string().contains("singular") && error.hint().is_some());
    assert!(enclosed_solution(&singular, &b).unwrap_err().to_string().contains("exactly singular"));
    assert!(enclosed_solution(&gallery::hilbert(3), &b).unwrap_err().is_shape());
    assert!(solve(&Matrix::<f64>::zeros(2, 3), &b).unwrap_err().is_shape());
    assert!(solve(&gallery::hilbert(2), &column(&[1.0, f64::NAN])).unwrap_err().is_not_finite());
    assert!(solve(&Matrix::from_fn(2, 2, |_, _| f64::INFINITY), &b).unwrap_err().is_not_finite());
    let chosen = Solve { method: Some(Method::Cholesky), ..Solve::default() };
    assert!(solve_by(&Matrix::from_row_major(2, 2, vec![1.0, 2.0, 3.0, 4.0]).unwrap(), &b, &chosen).is_err());
    let error = enclosed_minimiser(&Matrix::from_fn(4, 2, |_, _| 1.0), &Matrix::from_fn(4, 1, |_, _| 1.0)).unwrap_err();
    assert!(error.to_string().contains("rank"), "{error}");
    // Empty problems are solved.
    let none = solve(&Matrix::<f64>::zeros(0, 0), &Matrix::zeros(0, 2)).unwrap();
    assert_eq!((none.x().rows(), none.x().columns()), (0, 2));
    assert_eq!(none.forward_error().upper(), 0.0);
    assert_eq!(enclosed_solution(&Matrix::<f64>::zeros(0, 0), &Matrix::zeros(0, 1)).unwrap().x().rows(), 0);
    assert_eq!(lstsq(&Matrix::<f64>::zeros(0, 3), &Matrix::zeros(0, 1)).unwrap().x().as_slice(), [0.0; 3]);
    assert_eq!(enclosed_minimiser(&Matrix::<f64>::zeros(2, 0), &b).unwrap().residual_norms().len(), 1);
}

#[test]
fn every_least_squares_method_finds_the_minimum() {
    let mut draws = Draws(10);
    for (m, n) in [(7, 3), (3, 7), (5, 5), (1, 4), (4, 1), (40, 12)] {
        let a: Matrix<c64> = draws.matrix(m, n);
        let b: Matrix<c64> = draws.matrix(m, 2);
        let truth = enclosed_minimiser(&a, &b).unwrap();
        let methods = [None, Some(LstsqMethod::Qr), Some(LstsqMethod::Cod), Some(LstsqMethod::Svd)];
        let normal = (m >= n).then_some(Some(LstsqMethod::NormalEquations));
        for method in methods.into_iter().chain(normal) {
            let s = lstsq_by(&a, &b, &Lstsq { method, ..Lstsq::default() }).unwrap();
            let size = |f: &dyn Fn(usize, usize) -> c64| {
                (0..n).flat_map(|i| (0..2).map(move |k| (i, k))).map(|(i, k)| f(i, k).norm_sqr()).sum::<f64>().sqrt()
            };
            let error = size(&|i, k| s.x()[(i, k)] - truth.x()[(i, k)]);
            let bound = s.forward_error().upper() * size(&|i, k| truth.x()[(i, k)]);
            assert!(error <= bound && bound < 1e-9, "{m}×{n} {method:?}: {error:e} {bound:e}");
            assert_eq!(s.rank(), m.min(n));
            assert!(s.backward_error().estimate() < 1e-14, "{m}×{n} {method:?}: {:?}", s.backward_error());
            for k in 0..2 {
                assert!((s.residual_norms()[k] - truth.residual_norms()[k].estimate()).abs() < 1e-12);
            }
        }
    }
}

#[test]
fn dependent_columns_give_the_solution_of_least_norm() {
    let mut draws = Draws(11);
    let (left, right): (Matrix<f64>, Matrix<f64>) = (draws.matrix(9, 3), draws.matrix(3, 6));
    let a = kappa::LinearOperator::to_dense(&kappa::operator::Product::new(left, right).unwrap()).unwrap();
    let b = draws.matrix(9, 1);
    let reference = lstsq_by(&a, &b, &Lstsq { method: Some(LstsqMethod::Svd), ..Lstsq::default() }).unwrap();
    assert_eq!(reference.rank(), 3);
    for method in [None, Some(LstsqMethod::Cod)] {
        for (a, b) in [(a.clone(), b.clone()), (a.adjoint(), Matrix::from_fn(6, 1, |i, _| b[(i, 0)]))] {
            let reference = lstsq_by(&a, &b, &Lstsq { method: Some(LstsqMethod::Svd), ..Lstsq::default() }).unwrap();
            let s = lstsq_by(&a, &b, &Lstsq { method, ..Lstsq::default() }).unwrap();
            assert_eq!(s.rank(), 3);
            let pairs = s.x().as_slice().iter().zip(reference.x().as_slice());
            assert!(pairs.map(|(x, y)| (x - y).abs()).fold(0.0, f64::max) < 1e-12, "{method:?}");
        }
    }
    // A tolerance that discards the small singular values.
    let diagonal = Matrix::from_fn(3, 3, |i, j| if i == j { 10f64.powi(-(4 * i as i32)) } else { 0.0 });
    let tolerance = Tolerance::relative(1e-6).unwrap();
    for method in [LstsqMethod::Svd, LstsqMethod::Cod] {
        let s = lstsq_by(&diagonal, &column(&[1.0; 3]), &Lstsq { method: Some(method), tolerance, ..Lstsq::default() })
            .unwrap();
        assert_eq!((s.rank(), s.x()[(2, 0)]), (2, 0.0));
    }
}

#[test]
fn a_small_backward_error_is_no_small_forward_error() {
    // Hilbert 12: κ about 1e16. The forward error of the plain solution is about 1; the certified one has all digits.
    let a = gallery::hilbert(12);
    let b = column(&[1.0; 12]);
    let plain = solve(&a, &b).unwrap();
    assert!(plain.backward_error().upper() < 1e-13 && plain.forward_error().upper() > 1e-3);
    let sharp = enclosed_solution(&a, &b).unwrap();
    assert!((0..12).all(|i| sharp.entry(i, 0).width() < 1e-12 * sharp.entry(i, 0).estimate().abs()));
}

/// Each iteration against the direct solution, on operators of its kind.
#[test]
fn iterations_reach_the_direct_solution() {
    use kappa::krylov::{Iterate, Iteration, solve_iteratively};
    let mut draws = Draws(12);
    let n = 40;
    let g: Matrix<c64> = draws.matrix(n, n);
    let hermitian = |shift: f64| {
        Matrix::from_fn(n, n, |i, j| {
            (g[(i, j)] + g[(j, i)].conj()) * 0.5 + if i == j { c64::new(shift, 0.0) } else { c64::default() }
        })
    };
    let b: Matrix<c64> = draws.matrix(n, 1);
    let how = |by| Iterate { by, ..Iterate::default() };
    let off = |x: &[c64], y: &Matrix<c64>| {
        let size = y.as_slice().iter().map(|y| y.norm_sqr()).sum::<f64>().sqrt();
        x.iter().zip(y.as_slice()).map(|(x, y)| (x - y).norm_sqr()).sum::<f64>().sqrt() / size
    };
    for (a, by) in [
        (hermitian(30.0), Iteration::ConjugateGradients),
        (hermitian(30.0), Iteration::Minres),
        (hermitian(0.0), Iteration::Minres),
        (g.clone(), Iteration::Lsmr),
    ] {
        let s = solve_iteratively(&a, b.as_slice(), &Iterate { steps: 2000, ..how(by) }).unwrap();
        let direct = solve(&a, &b).unwrap();
        assert!(s.has_converged, "{by}: {s:?}");
        assert!(off(&s.x, direct.x()) < 1e-8, "{by}: {:e}", off(&s.x, direct.x()));
    }
    let error = solve_iteratively(&hermitian(0.0), b.as_slice(), &how(Iteration::ConjugateGradients)).unwrap_err();
    assert!(error.to_string().contains("not positive definite"));
    for (m, n) in [(30, 8), (8, 30)] {
        let (a, b): (Matrix<f64>, Matrix<f64>) = (draws.matrix(m, n), draws.matrix(m, 1));
        let s = solve_iteratively(&a, b.as_slice(), &Iterate::default()).unwrap();
        let direct = lstsq(&a, &b).unwrap();
        let distance = s.x.iter().zip(direct.x().as_slice()).map(|(x, y)| (x - y).abs()).fold(0.0, f64::max);
        assert!(s.has_converged && distance < 1e-9, "{m}×{n}: {distance:e} {s:?}");
        assert!((s.residual_norm - direct.residual_norms()[0]).abs() < 1e-9);
    }
    let zero = solve_iteratively(&gallery::second_difference(4), &[0.0; 4], &Iterate::default()).unwrap();
    assert!(zero.x == [0.0; 4] && zero.has_converged && zero.steps == 0);
    let short = Iterate { steps: 2, ..how(Iteration::ConjugateGradients) };
    let unfinished = solve_iteratively(&gallery::second_difference(60), &[1.0; 60], &short).unwrap();
    assert!(!unfinished.has_converged && unfinished.steps == 2 && unfinished.residual_norm > 0.1);
    assert!(solve_iteratively(&Matrix::<f64>::zeros(3, 2), &[1.0; 3], &how(Iteration::Minres)).unwrap_err().is_shape());
}

/// Both ends of the range of doubles: defects of the certificates that a review found.
#[test]
fn certificates_hold_at_the_ends_of_the_range() {
    // The least-norm solution of 1e-300(x + y) = 1e300 overflows.
    let wide = Matrix::from_row_major(1, 2, vec![1e-300, 1e-300]).unwrap();
    let found = enclosed_minimiser(&wide, &column(&[1e300])).unwrap();
    assert_eq!(found.entry(0, 0).upper(), f64::INFINITY);
    // A small right-hand side of large equations: the same as at size 1, times a power of two.
    let shape = [1.0, 1.0, 0.0, 1.0, 1.0 + 2f64.powi(-20), 0.0];
    let b = [1.2345, 1.0];
    let plain = enclosed_minimiser(&Matrix::from_row_major(2, 3, shape.to_vec()).unwrap(), &column(&b)).unwrap();
    let large = Matrix::from_row_major(2, 3, shape.map(|x| x * 2f64.powi(500)).to_vec()).unwrap();
    let small = enclosed_minimiser(&large, &column(&b.map(|x| x * 2f64.powi(-520)))).unwrap();
    for i in 0..3 {
        let truth = plain.x()[(i, 0)] * 2f64.powi(-1020);
        let e = small.entry(i, 0);
        assert!(e.lower() <= truth.next_up() && truth.next_down() <= e.upper(), "{i}: {e:?} {truth:e}");
    }
    // A residual that underflows when it is scaled is not 0.
    let a = Matrix::from_row_major(2, 1, vec![1.0, 0.0]).unwrap();
    let found = enclosed_minimiser(&a, &column(&[1e308, 1e-16])).unwrap();
    assert!(found.residual_norms()[0].upper() >= 1e-16, "{:?}", found.residual_norms());
}

#[test]
fn regressions_hold_at_the_ends_of_the_range() {
    use kappa::equations::regression::{Cell, Column, Design, Regression};
    let fit = |x: &[f64], y: &[f64], formula: &str, weights: Option<&[f64]>| {
        let column =
            |name: &str, x: &[f64]| Column { name: name.into(), cells: x.iter().map(|&x| Cell::from(x)).collect() };
        let design = Design::new(&[column("x", x), column("y", y)], &formula.parse().unwrap(), None)?;
        Regression::weighted(design, weights)
    };
    let large = fit(&[1.0, 0.0, 0.0], &[1e154, 1e154, 0.0], "y ~ x - 1", None).unwrap();
    assert!(large.total_square().lower().is_finite() && large.r_squared().contains(0.5), "{:?}", large.r_squared());
    assert!(fit(&[1.0, 2.0, 3.0, 4.5], &[1.0, 2.5, 2.0, 5.0], "y ~ x - 1", Some(&[1e-300; 4])).is_err());
    let tiny: Vec<f64> = [1.0, 2.0, 3.0, 4.5].iter().map(|x| x * 1e-170).collect();
    assert!(fit(&tiny, &[1.0, 2.5, 2.0, 5.0], "y ~ x - 1", Some(&[1e-180; 4])).is_err());
    assert!(fit(&[1.0, 2.0, 3.0], &[f64::INFINITY, 1.0, 2.0], "y ~ x - 1", None).is_err());
    // y = 2x exactly: the residual and the constant are 0.
    let line = fit(&[1.0, 2.0, 3.0, 4.0], &[2.0, 4.0, 6.0, 8.0], "y ~ x", None).unwrap();
    let found = line.coefficients();
    assert!(
        found[0].estimate == kappa::Enclosure::exact(0.0) && found[1].estimate == kappa::Enclosure::exact(2.0),
        "{found:?}"
    );
    assert_eq!(line.residual_square(), kappa::Enclosure::exact(0.0));
    // A square that underflows is not exactly 0.
    assert!(fit(&[1e-200, 1.0, 2.0, 3.0], &[0.0, 1.0, 4.0, 9.0], "y ~ x^2 - 1", None).is_err());
    // Roots of subnormal numbers: the slope for √x is 2^k times that for √(x·4^k).
    let base: Vec<f64> = (0..5).map(|k| 2f64.powi(40) + f64::from(k)).collect();
    let small: Vec<f64> = base.iter().map(|x| x * f64::from_bits(1)).collect();
    let y = [1.0, 3.0, 2.0, 5.0, 4.0];
    let (one, two) = (fit(&base, &y, "y ~ sqrt(x)", None).unwrap(), fit(&small, &y, "y ~ sqrt(x)", None).unwrap());
    let (one, two) = (one.coefficients()[1].estimate, two.coefficients()[1].estimate);
    let power = 2f64.powi(537);
    assert!(two.lower() <= one.upper() * power && one.lower() * power <= two.upper(), "{one:?} {two:?}");
}

#[test]
fn a_certified_solution_bounds_its_error_and_knows_its_factors() {
    let mut draws = Draws(11);
    for case in 0..200 {
        let n = 1 + draws.below(7);
        let a = nasty(&mut draws, n, case);
        let b = column(&draws.vector(n));
        let how = Solve { guarantee: CERTIFIED, ..Solve::default() };
        let Ok(s) = solve_by(&a, &b, &how) else { continue };
        let least = lstsq_by(&a, &b, &Lstsq { guarantee: CERTIFIED, ..Lstsq::default() }).unwrap();
        assert!(s.plan().method == Method::ApproximateInverse && least.rank() == n);
        let entries = s.enclosures().unwrap();
        let size = s.x().as_slice().iter().fold(0.0f64, |m, x| m.max(x.abs()));
        let away =
            |i: usize| (entries.entry(i, 0).upper() - s.x()[(i, 0)]).max(s.x()[(i, 0)] - entries.entry(i, 0).lower());
        let error = (0..n).map(away).fold(0.0, f64::max);
        for found in [s.forward_error(), least.forward_error()] {
            assert!(found.evidence().is_certified() && found.upper() * size * n as f64 >= error, "{case}: {found:?}");
            assert!(found.upper() * size <= 2.0 * error * n as f64, "{case}: {found:?} for {error:e} of {size:e}");
        }
        // A residual and its backward error are those of x.
        assert!(s.backward_error().upper() < 1e-12, "{case}: {:?}", s.backward_error());
        let truth = cond_by(&a, Norm::max_row_sum(), CERTIFIED).unwrap().value.enclosure();
        if truth.upper() < 1e12 {
            let share = s.cond().estimate() / truth.estimate();
            assert!((share - 1.0).abs() < 1e-3, "{case}: {:?} for {truth:?}", s.cond());
        }
        assert!(s.cond().upper() >= s.cond().estimate() && least.cond().upper() >= 1.0);
    }
}

#[test]
fn a_certified_solution_has_a_method_of_its_own() {
    let (a, b) = (gallery::hilbert(3), Matrix::from_fn(3, 1, |_, _| 1.0));
    let how = Solve { method: Some(Method::Lu), guarantee: CERTIFIED, ..Solve::default() };
    assert_eq!(solve_by(&a, &b, &how).unwrap_err().kind(), kappa::ErrorKind::Argument);
    let how = Lstsq { tolerance: Tolerance::relative(1e-3).unwrap(), guarantee: CERTIFIED, ..Lstsq::default() };
    assert_eq!(lstsq_by(&a, &b, &how).unwrap_err().kind(), kappa::ErrorKind::Argument);
    let how = Solve { method: Some(Method::ApproximateInverse), ..Solve::default() };
    assert!(solve_by(&a, &b, &how).unwrap_err().is_unsupported());
    // What cannot be proved is refused, never answered without a proof.
    let how = Lstsq { guarantee: CERTIFIED, ..Lstsq::default() };
    assert!(weighted_lstsq(&a, b.as_slice(), &[1.0, 2.0, 3.0], &how).unwrap_err().is_unsupported());
    let how = Solve { guarantee: CERTIFIED, ..Solve::default() };
    assert!(Solver::by(&a, &how).unwrap_err().is_unsupported());
    assert!(solve(&a, &b).unwrap().enclosures().is_none() && lstsq(&a, &b).unwrap().enclosures().is_none());
}

#[test]
fn the_condition_of_a_certified_complex_system_is_that_of_the_complex_matrix() {
    let mut draws = Draws(31);
    for n in [1, 4, 9] {
        let a = Matrix::from_fn(n, n, |_, _| c64::new(draws.next(), draws.next()));
        let b = Matrix::from_fn(n, 2, |_, _| c64::new(draws.next(), draws.next()));
        let s = solve_by(&a, &b, &Solve { guarantee: CERTIFIED, ..Solve::default() }).unwrap();
        let truth = cond_by(&a, Norm::max_row_sum(), CERTIFIED).unwrap().value.enclosure();
        assert!((s.cond().estimate() / truth.estimate() - 1.0).abs() < 1e-6, "{n}: {:?} for {truth:?}", s.cond());
    }
}
