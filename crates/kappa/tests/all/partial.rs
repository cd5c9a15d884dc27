//! Partial decompositions against closed forms and full decompositions, for difficult shapes and types too.

use std::cell::Cell;

use kappa::dense::{Leading, Precision};
use kappa::factor::{RandomizedSvd, ThickRestart, randomized_svd_to_error, singular_values_above};
use kappa::krylov::End;
use kappa::random::Sketch;
use kappa::{
    LinearOperator, Matrix, Norm, Plan, Scalar, Sparse, c32, c64, norm, partial_svd, randomized_svd, singular_values,
    svd, truncated_svd,
};

/// A matrix with these singular values, whose singular vectors are the columns of two fixed Householder reflections.
fn with_values<T: Scalar>(m: usize, n: usize, values: &[f64]) -> Matrix<T> {
    let reflect = |size: usize, by: usize| {
        let v: Vec<f64> = (0..size).map(|i| (((i * by + 7) % 97) as f64 - 48.0) / 50.0 + 0.01).collect();
        let square: f64 = v.iter().map(|v| v * v).sum();
        move |i: usize, j: usize| f64::from(i == j) - 2.0 * v[i] * v[j] / square
    };
    let (u, v) = (reflect(m, 31), reflect(n, 57));
    let k = values.len();
    Matrix::from_fn(m, n, |i, j| {
        let sum: f64 = (0..k).map(|l| u(i, l) * values[l] * v(j, l)).sum();
        T::from_parts(sum, 0.0)
    })
}

/// An operator that hides its entries and counts its products.
struct Hidden<'a, T: Scalar>(&'a Matrix<T>, Cell<usize>);

impl<T: Scalar> LinearOperator<T> for Hidden<'_, T> {
    fn shape(&self) -> (usize, usize) {
        (self.0.rows(), self.0.columns())
    }
    fn apply(&self, x: &Matrix<T>) -> kappa::Result<Matrix<T>> {
        self.1.set(self.1.get() + x.columns());
        self.0.apply(x)
    }
    fn apply_adjoint(&self, x: &Matrix<T>) -> kappa::Result<Matrix<T>> {
        self.1.set(self.1.get() + x.columns());
        self.0.apply_adjoint(x)
    }
}

const SKETCHES: [Sketch; 3] = [Sketch::Gaussian, Sketch::SparseSign, Sketch::Hadamard];

fn check_triplets<T: Scalar>(a: &Matrix<T>, f: &kappa::factor::PartialSvd<T::Wide>, unit: f64) {
    let wide = a.as_ref().to_wide();
    let k = f.estimates().len();
    let av = kappa::dense::multiply(wide.adjoint().as_ref(), f.u().as_ref()).unwrap();
    let first = f.estimates().first().copied().unwrap_or(0.0);
    let room = 200.0 * unit * first.max(f64::MIN_POSITIVE);
    for j in 0..k {
        for i in 0..a.columns() {
            let off = (av[(i, j)] - f.v()[(i, j)].scale(f.estimates()[j])).abs_squared().sqrt();
            assert!(off <= room, "Aᴴ·u is not σ·v: {off:e} with {room:e} allowed");
        }
        for l in 0..=j {
            let inner = |x: &Matrix<T::Wide>| {
                let sum = (0..x.rows()).fold(<T::Wide>::default(), |s, i| s + x[(i, l)].conj() * x[(i, j)]);
                (sum - <T::Wide>::from_parts(f64::from(l == j), 0.0)).abs_squared().sqrt()
            };
            assert!(inner(f.u()) < 1e-12 && inner(f.v()) < 1e-12, "vectors {l} and {j} are not orthonormal");
        }
    }
}

#[test]
fn slow_and_fast_decay_are_found_to_a_thousandth_of_the_best_error() {
    let slow: Vec<f64> = (1..=200).map(|i| 1.0 / f64::from(i)).collect();
    let fast: Vec<f64> = (1..=200).map(|i| (-f64::from(i) / 20.0).exp()).collect();
    for values in [slow, fast] {
        let a = with_values::<f64>(300, 200, &values);
        let exact = singular_values(&a).unwrap();
        for k in [1, 10, 50] {
            let best = values[k..].iter().map(|s| s * s).sum::<f64>().sqrt();
            for sketch in SKETCHES {
                let f = randomized_svd(&a, k, &RandomizedSvd { sketch, ..RandomizedSvd::default() }).unwrap();
                check_triplets(&a, &f, f64::EPSILON);
                let error = f.error().unwrap();
                assert!(error.lower() <= best * 1.001 && error.upper() >= best * (1.0 - 1e-9), "{error:?} {best}");
                assert!(error.estimate() <= best * 1.001, "{sketch:?}, {k}: {} beside {best}", error.estimate());
                // The error enclosure holds for the product of the factors.
                let product = f.low_rank().unwrap().to_dense().unwrap();
                let rest = Matrix::from_fn(300, 200, |i, j| a[(i, j)] - product[(i, j)]);
                let truth = norm(&rest, Norm::frobenius()).unwrap();
                assert!(error.lower() <= truth.upper() && truth.lower() <= error.upper(), "{error:?} {truth:?}");
                // The entries are rounded, so that the exact singular values differ slightly from the given ones.
                for (x, s) in f.values().iter().zip(exact.iter()) {
                    assert!(x.lower() <= s.upper() && s.lower() <= x.upper(), "{x:?} beside {s:?}");
                }
            }
        }
    }
}

#[test]
fn spaces_that_grow_in_single_precision_come_as_close() {
    let slow: Vec<f64> = (1..=450).map(|i| 1.0 / f64::from(i)).collect();
    let (large, single) = (with_values::<f64>(600, 450, &slow), with_values::<f32>(300, 200, &slow[..200]));
    let excess = |f: kappa::factor::PartialSvd<f64>, values: &[f64]| {
        let best = values[12..].iter().map(|s| s * s).sum::<f64>().sqrt();
        let left = values.iter().map(|s| s * s).sum::<f64>() - f.estimates().iter().map(|s| s * s).sum::<f64>();
        left.sqrt() / best - 1.0
    };
    let how = RandomizedSvd::default();
    for (found, values) in [
        (randomized_svd(&large, 12, &how).unwrap(), &slow[..]),
        (randomized_svd(&single, 12, &how).unwrap(), &slow[..200]),
    ] {
        let excess = excess(found, values);
        assert!(excess.abs() <= 1e-3, "{excess:e}");
    }
}

#[test]
fn shapes_and_types_that_might_be_trouble() {
    let cases: [(usize, usize, Vec<f64>); 9] = [
        (1, 1, vec![3.0]),
        (1, 9, vec![2.0]),
        (9, 1, vec![2.0]),
        (6, 6, vec![0.0; 6]),
        (40, 30, vec![1.0; 30]),
        (40, 30, vec![5.0, 1.0]),
        (30, 40, vec![1.0, 1.0, 1.0, 1e-9]),
        (50, 20, (0..20).map(|i| 1e200 / f64::from(1 + i)).collect()),
        (50, 20, (0..20).map(|i| 1e-200 / f64::from(1 + i)).collect()),
    ];
    for (m, n, values) in cases {
        let a = with_values::<f64>(m, n, &values);
        let wide = Matrix::from_fn(m, n, |i, j| c64::new(0.0, a[(i, j)]));
        for k in [1, 3, 6] {
            if k > m.min(n) {
                continue;
            }
            let random = randomized_svd(&a, k, &RandomizedSvd::default()).unwrap();
            let complex = randomized_svd(&wide, k, &RandomizedSvd::default()).unwrap();
            let lanczos = partial_svd(&a, k, &ThickRestart::default()).unwrap();
            let values_of = |i: usize| values.get(i).copied().unwrap_or(0.0);
            for (i, ((x, y), z)) in random.values().iter().zip(complex.values()).zip(lanczos.values()).enumerate() {
                let is_in = |x: &kappa::Enclosure| {
                    let room = 1e-14 * values_of(0);
                    x.lower() - room <= values_of(i) && values_of(i) <= x.upper() + room
                };
                assert!(is_in(x) && is_in(y), "{m}×{n}: {x:?} {y:?} {}", values_of(i));
                // A single starting vector does not determine the multiplicity of a value. Copies that are not found
                // yet count to the rest, which the upper end covers.
                assert!(z.upper() >= values_of(i) - 1e-14 * values_of(0), "{m}×{n}: {z:?} {}", values_of(i));
                assert!(z.lower() <= values_of(i) + 1e-14 * values_of(0), "{m}×{n}: {z:?} {}", values_of(i));
            }
        }
    }
    let single = with_values::<f32>(60, 50, &(1..=50).map(|i| 1.0 / f64::from(i * i)).collect::<Vec<_>>());
    let f = randomized_svd(&single, 5, &RandomizedSvd::default()).unwrap();
    check_triplets(&single, &f, f64::from(f32::EPSILON));
    let exact = singular_values(&single).unwrap();
    assert!(f.values().iter().zip(exact.iter()).all(|(x, s)| x.lower() <= s.upper() && s.lower() <= x.upper()));
    let complex = Matrix::from_fn(20, 20, |i, j| c32::new(1.0 / (1 + i + j) as f32, (i as f32 - j as f32) / 40.0));
    let (f, g) = (randomized_svd(&complex, 4, &RandomizedSvd::default()).unwrap(), svd(&complex).unwrap());
    for (x, s) in f.values().iter().zip(g.singular_values().iter()) {
        assert!(x.lower() <= s.upper() && s.lower() <= x.upper(), "{x:?} {s:?}");
    }
}

#[test]
fn the_rest_of_a_tiny_or_huge_matrix_is_bounded_too() {
    let values: Vec<f64> = (1..=60).map(|i| 1.0 / f64::from(i)).collect();
    for scale in [1e-200, 1e-120, 1.0, 1e120, 1e200] {
        let scaled: Vec<f64> = values.iter().map(|s| s * scale).collect();
        let a = with_values::<f64>(80, 60, &scaled);
        let hidden = Hidden(&a, Cell::new(0));
        let lanczos = partial_svd(&hidden, 2, &ThickRestart::default()).unwrap();
        let bound = ThickRestart::default().bound;
        let random = randomized_svd(&hidden, 2, &RandomizedSvd { bound, ..RandomizedSvd::default() }).unwrap();
        for f in [lanczos, random] {
            let rest = f.spectral_error();
            assert!(rest.upper() >= scaled[2] * (1.0 - 1e-12) && rest.upper() < 2.0 * scaled[2], "{scale:e}: {rest:?}");
            for (x, s) in f.values().iter().zip(&scaled) {
                let room = 1e-14 * scaled[0];
                assert!(x.lower() - room <= *s && *s <= x.upper() + room, "{scale:e}: {x:?} {s:e}");
            }
        }
    }
}

#[test]
fn complex_triplets_are_those_of_the_matrix() {
    let a = Matrix::from_fn(70, 50, |i, j| {
        let angle = ((i * 13 + j * 29 + i * j) % 101) as f64;
        c64::new(angle.cos(), (2.0 * angle).sin()).scale(0.9f64.powi((i + j) as i32))
    });
    let exact = singular_values(&a).unwrap();
    for k in [1, 4, 9] {
        let f = randomized_svd(&a, k, &RandomizedSvd { steps: 1, ..RandomizedSvd::default() }).unwrap();
        check_triplets(&a, &f, f64::EPSILON);
        assert!(f.values().iter().zip(exact.iter()).all(|(x, s)| x.lower() <= s.upper() && s.lower() <= x.upper()));
    }
}

#[test]
fn wrong_questions_are_refused() {
    let a = Matrix::<f64>::identity(4);
    for k in [0, 5] {
        assert!(randomized_svd(&a, k, &RandomizedSvd::default()).unwrap_err().is_shape());
        assert!(partial_svd(&a, k, &ThickRestart::default()).unwrap_err().is_shape());
    }
    for share in [0.0, -1.0, 1.0, 1e-12, f64::NAN] {
        assert!(randomized_svd_to_error(&a, share, &RandomizedSvd::default()).is_err());
    }
    let broken = Matrix::from_fn(3, 3, |i, _| if i == 1 { f64::NAN } else { 1.0 });
    assert!(randomized_svd(&broken, 1, &RandomizedSvd::default()).is_err());
    assert!(partial_svd(&broken, 1, &ThickRestart::default()).is_err());
    let hidden = Hidden(&a, Cell::new(0));
    assert!(randomized_svd_to_error(&hidden, 0.1, &RandomizedSvd::default()).unwrap_err().is_unsupported());
}

#[test]
fn precision_decides_the_rank() {
    let values: Vec<f64> = (0..60).map(|i| 0.7f64.powi(i)).collect();
    let a = with_values::<f64>(90, 70, &values);
    let whole = values.iter().map(|s| s * s).sum::<f64>().sqrt();
    for share in [0.5, 1e-2, 1e-4, 1e-6] {
        let f = randomized_svd_to_error(&a, share, &RandomizedSvd::default()).unwrap();
        let rest = |k: usize| values[k..].iter().map(|s| s * s).sum::<f64>().sqrt() / whole;
        let best = (0..60).find(|&k| rest(k) <= share).unwrap();
        let k = f.estimates().len();
        assert!(k >= best && k <= best + 1, "{share:e}: {k} triplets, {best} are enough");
        assert!(rest(k) <= share);
    }
}

#[test]
fn lanczos_finds_both_ends_of_a_sparse_matrix() {
    // The second difference matrix: λₖ = 4·sin²(kπ/(2(n + 1))).
    let n = 400;
    let entries = (0..n).flat_map(|i| {
        [(i, i, 2.0)].into_iter().chain((i > 0).then(|| (i, i - 1, -1.0))).chain((i + 1 < n).then(|| (i, i + 1, -1.0)))
    });
    let a = Sparse::from_triplets((n, n), entries.collect()).unwrap();
    let exact = |k: usize| 4.0 * (k as f64 * std::f64::consts::PI / (2 * (n + 1)) as f64).sin().powi(2);
    for block in [1, 3] {
        let how = ThickRestart { block, width: 60, ..ThickRestart::default() };
        let f = partial_svd(&a, 4, &how).unwrap();
        for (i, x) in f.values().iter().enumerate() {
            assert!(x.contains(exact(n - i)), "{x:?} {}", exact(n - i));
            assert!(x.width() < 0.2, "{x:?}");
        }
        let how = ThickRestart { end: End::Smallest, tolerance: 1e-9, restarts: 3000, ..how };
        let f = partial_svd(&a, 3, &how).unwrap();
        for (i, x) in f.values().iter().enumerate() {
            assert!(x.contains(exact(1 + i)), "{x:?} {}", exact(1 + i));
            assert!(x.width() < 1e-7, "not found, only enclosed: {x:?}");
        }
    }
}

#[test]
fn products_are_counted_and_unfinished_answers_are_wide_but_true() {
    let values: Vec<f64> = (1..=120).map(|i| 1.0 + 1.0 / f64::from(i)).collect();
    let a = with_values::<f64>(150, 120, &values);
    let hidden = Hidden(&a, Cell::new(0));
    let f = partial_svd(&hidden, 3, &ThickRestart { restarts: 0, bound: None, ..ThickRestart::default() }).unwrap();
    assert_eq!(f.products(), hidden.1.get());
    assert!(f.error().is_none());
    for (x, s) in f.values().iter().zip(&values) {
        assert!(x.lower() <= *s && x.upper() == f64::INFINITY);
    }
    let f = partial_svd(&hidden, 3, &ThickRestart { restarts: 1, ..ThickRestart::default() }).unwrap();
    assert!(f.values().iter().zip(&values).all(|(x, s)| x.contains(*s)), "{:?}", f.values());
    let random = randomized_svd(&hidden, 3, &RandomizedSvd::default()).unwrap();
    assert!(random.products() <= (3 + 10) * 8);
    assert!(f.algorithm().contains("Lanczos") && random.algorithm().contains("random"));
}

#[test]
fn values_above_a_floor_are_as_accurate_as_single_precision() {
    for (m, n) in [(300, 250), (250, 300), (900, 200), (260, 260)] {
        let values: Vec<f64> = (0..m.min(n)).map(|i| 1e-7f64.powf(i as f64 / m.min(n) as f64)).collect();
        let a = with_values::<f32>(m, n, &values);
        let exact = singular_values(&a).unwrap();
        for floor in [1e-6, 1e-9] {
            let found = singular_values_above(&a, floor).unwrap();
            for (i, (x, s)) in found.iter().zip(exact.iter()).enumerate() {
                assert!(x.lower() <= s.upper() && s.lower() <= x.upper(), "{m}×{n}, {floor}, {i}: {x:?} {s:?}");
                assert!(
                    (x.estimate() - s.estimate()).abs() <= 64.0 * f64::from(f32::EPSILON),
                    "{m}×{n} {i}: {x:?} {s:?}"
                );
            }
            assert!(!Plan::singular_values_above::<f32>((m, n), floor).why.is_empty());
        }
        let huge = Matrix::from_fn(m, n, |i, j| a[(i, j)] * 1e37);
        let tiny = Matrix::from_fn(m, n, |i, j| a[(i, j)] * 1e-30);
        let first = singular_values_above(&huge, 1e-6).unwrap().first();
        assert!((first.estimate() / 1e37 - 1.0).abs() < 1e-5, "{first:?}");
        let first = singular_values_above(&tiny, 1e-6).unwrap().first();
        assert!((first.estimate() / 1e-30 - 1.0).abs() < 1e-5, "{first:?}");
    }
    let zero = Matrix::<f32>::zeros(300, 300);
    assert!(singular_values_above(&zero, 1e-6).unwrap().iter().all(|x| x.upper() == 0.0));
    let broken = Matrix::from_fn(300, 300, |i, j| if i + j == 9 { f32::INFINITY } else { 1.0 });
    assert!(singular_values_above(&broken, 1e-6).unwrap_err().is_not_finite());
    for floor in [-1.0, 2.0, f64::NAN] {
        assert!(singular_values_above(&zero, floor).is_err());
    }
    // Rows graded over many powers of ten, for which the reduction in single precision fails its check: double
    // precision takes over.
    let graded = Matrix::from_fn(260, 200, |i, j| ((i * 7 + j * 3) % 11) as f32 * 10f32.powi(-((i % 60) as i32) / 2));
    let (found, exact) = (singular_values_above(&graded, 1e-6).unwrap(), singular_values(&graded).unwrap());
    assert!(found.iter().zip(exact.iter()).all(|(x, s)| x.lower() <= s.upper() && s.lower() <= x.upper()));
}

#[test]
fn truncated_decompositions_tell_what_they_leave_out() {
    let falling: Vec<f64> = (0..280).map(|i| 0.97f64.powi(i)).collect();
    let equal = vec![2.0; 280];
    // Pairs of equal values: the truncation separates two of them.
    let pairs: Vec<f64> = (0..280).map(|i| 1.0 / f64::from(1 + (i + 1) / 2)).collect();
    let few: Vec<f64> = (0..280).map(|i| if i < 5 { 1e120 } else { 0.0 }).collect();
    for (what, values) in [("falling", falling), ("equal", equal), ("pairs", pairs), ("five", few)] {
        for (m, n) in [(300, 280), (280, 610)] {
            let a = with_values::<f64>(m, n, &values);
            let exact = singular_values(&a).unwrap();
            for leading in [Leading::Count(1), Leading::Count(8), Leading::Above(values[8] * 0.99), Leading::Count(200)]
            {
                let f = truncated_svd(&a, leading, Precision::Double).unwrap();
                let k = f.estimates().len();
                // Singular vectors of the value 0 do not come from inverse iteration.
                let from_reduction = f.algorithm().contains("inverse iteration");
                assert!(what == "five" || from_reduction == (k < 200), "{what}, {k}: {}", f.algorithm());
                check_triplets(&a, &f, f64::EPSILON * 0.1 * (m.max(n) as f64).sqrt());
                for (x, s) in f.values().iter().zip(exact.iter()) {
                    assert!(x.lower() <= s.upper() && s.lower() <= x.upper(), "{what}: {x:?} beside {s:?}");
                }
                let product = f.low_rank().unwrap().to_dense().unwrap();
                let rest = Matrix::from_fn(m, n, |i, j| a[(i, j)] - product[(i, j)]);
                let first = exact.first().upper();
                for (said, norm_of_rest) in [
                    (f.error().unwrap(), norm(&rest, Norm::frobenius()).unwrap()),
                    (f.spectral_error(), singular_values(&rest).unwrap().first()),
                ] {
                    // The computed product has rounding errors itself.
                    let room = 1e-14 * first;
                    assert!(said.lower() <= norm_of_rest.upper() + room, "{what}, {k}: {said:?} {norm_of_rest:?}");
                    assert!(said.upper() >= norm_of_rest.lower() - room, "{what}, {k}: {said:?} {norm_of_rest:?}");
                    assert!(said.width() <= 1e-10 * first, "{what}, {k}: {said:?}");
                }
            }
        }
    }
    let a = with_values::<f64>(5, 4, &[3.0, 2.0, 1.0, 0.5]);
    assert!(truncated_svd(&a, Leading::Count(5), Precision::Double).unwrap_err().is_shape());
    assert!(truncated_svd(&a, Leading::Above(f64::NAN), Precision::Double).is_err());
    assert!(truncated_svd(&a, Leading::Above(-1.0), Precision::Double).is_err());
    let none = truncated_svd(&a, Leading::Above(9.0), Precision::Double).unwrap();
    assert!(none.estimates().is_empty() && none.spectral_error().contains(3.0));
    // All values are above 0: the decomposition is complete.
    let all = truncated_svd(&a, Leading::Above(0.0), Precision::Double).unwrap();
    assert!(all.estimates().len() == 4 && all.error().unwrap().upper() < 1e-13);
}

#[test]
fn truncated_decompositions_of_stored_single_precision_say_how_far_they_are_off() {
    let values: Vec<f64> = (0..300).map(|i| 1.0 / f64::from(1 + i)).collect();
    let a = with_values::<f32>(320, 300, &values);
    let exact = singular_values(&a).unwrap();
    for precision in [Precision::Stored, Precision::Double] {
        let f = truncated_svd(&a, Leading::Count(6), precision).unwrap();
        let unit = if precision == Precision::Stored { f64::from(f32::EPSILON) } else { f64::EPSILON };
        for (x, s) in f.values().iter().zip(exact.iter()) {
            assert!(x.lower() <= s.upper() && s.lower() <= x.upper() && x.width() < 200.0 * unit, "{x:?} {s:?}");
        }
        let best = exact.iter().skip(6).map(|s| s.estimate().powi(2)).sum::<f64>().sqrt();
        assert!(f.error().unwrap().width() < 1e4 * unit, "{:?}", f.error());
        assert!(f.error().unwrap().contains(best) && f.residuals().iter().all(|&r| r < 100.0 * unit), "{precision:?}");
    }
}
