//! Singular values and eigenvalues that occur more than once, and zeros: each as often as it occurs.

use kappa::factor::{Arnoldi, RandomizedSvd, ThickRestart, partial_eig};
use kappa::krylov::End;
use kappa::{LinearOperator, Matrix, Scalar, Sparse, c32, c64, partial_svd, randomized_svd, singular_values};

/// An operator that hides its entries.
struct Hidden<'a, T: Scalar>(&'a Matrix<T>);

impl<T: Scalar> LinearOperator<T> for Hidden<'_, T> {
    fn shape(&self) -> (usize, usize) {
        (self.0.rows(), self.0.columns())
    }
    fn apply(&self, x: &Matrix<T>) -> kappa::Result<Matrix<T>> {
        self.0.apply(x)
    }
    fn apply_adjoint(&self, x: &Matrix<T>) -> kappa::Result<Matrix<T>> {
        self.0.apply_adjoint(x)
    }
}

/// A reflection of order n, symmetric and orthogonal.
fn reflection(n: usize, seed: usize) -> Matrix<f64> {
    let v: Vec<f64> = (0..n).map(|i| ((i * 31 + seed * 17 + 7) % 97) as f64 - 47.5).collect();
    let square: f64 = v.iter().map(|x| x * x).sum();
    Matrix::from_fn(n, n, |i, j| f64::from(i == j) - 2.0 * v[i] * v[j] / square)
}

/// An m×n matrix with these singular values.
fn with_values(m: usize, n: usize, values: &[f64]) -> Matrix<f64> {
    let (u, v) = (reflection(m, 1), reflection(n, 2));
    Matrix::from_fn(m, n, |i, j| values.iter().enumerate().map(|(l, s)| u[(i, l)] * s * v[(l, j)]).sum())
}

fn kronecker(a: &Matrix<f64>, b: &Matrix<f64>) -> Matrix<f64> {
    let (p, q) = b.shape();
    Matrix::from_fn(a.rows() * p, a.columns() * q, |i, j| a[(i / p, j / q)] * b[(i % p, j % q)])
}

/// Matrices whose singular values are known, largest first.
fn cases() -> Vec<(&'static str, Matrix<f64>, Vec<f64>)> {
    let path = Matrix::from_row_major(
        4,
        4,
        vec![1.0, -1.0, 0.0, 0.0, -1.0, 2.0, -1.0, 0.0, 0.0, -1.0, 2.0, -1.0, 0.0, 0.0, -1.0, 1.0],
    )
    .unwrap();
    let root = std::f64::consts::SQRT_2;
    let pairs = Matrix::from_fn(6, 6, |i, j| match (i / 2 == j / 2, i % 2, j % 2) {
        (true, 0, 0) => 3.0,
        (true, 1, 1) => 1.0,
        _ => 0.0,
    });
    let many: Vec<f64> = (0..120).map(|i| if i < 30 { 5.0 } else { f64::from(i < 60) + 1.0 }).collect();
    vec![
        ("identity", Matrix::identity(5), vec![1.0; 5]),
        ("zero", Matrix::zeros(4, 6), vec![0.0; 4]),
        ("one and zero", Matrix::from_fn(2, 2, |i, j| f64::from(i * j == 1)), vec![1.0, 0.0]),
        ("path", path.clone(), vec![2.0 + root, 2.0, 2.0 - root, 0.0]),
        ("ones", Matrix::from_fn(9, 4, |_, _| 1.0), vec![6.0, 0.0, 0.0, 0.0]),
        ("wide ones", Matrix::from_fn(4, 9, |_, _| 1.0), vec![6.0, 0.0, 0.0, 0.0]),
        ("three pairs", pairs, vec![3.0, 3.0, 3.0, 1.0, 1.0, 1.0]),
        (
            "Kronecker",
            kronecker(&Matrix::identity(3), &path),
            [2.0 + root, 2.0, 2.0 - root, 0.0].into_iter().flat_map(|s| [s; 3]).collect(),
        ),
        ("three of forty", with_values(50, 40, &[4.0, 4.0, 4.0, 1.0, 1.0]), {
            let mut values = vec![4.0, 4.0, 4.0, 1.0, 1.0];
            values.resize(40, 0.0);
            values
        }),
        ("many", with_values(130, 120, &many), many),
    ]
}

/// Whether the vectors are orthonormal and the residuals are upper bounds.
fn check_vectors(name: &str, a: &Matrix<c64>, f: &kappa::factor::PartialSvd<c64>) {
    let k = f.estimates().len();
    let product = |x: &Matrix<c64>, y: &Matrix<c64>| kappa::dense::multiply(x.as_ref(), y.as_ref()).unwrap();
    for x in [f.u(), f.v()] {
        let gram = product(&x.adjoint(), x);
        let off = (0..k * k).map(|l| (gram[(l / k, l % k)] - f64::from(l / k == l % k)).norm()).fold(0.0, f64::max);
        assert!(off < 1e-11, "{name}: {off:e}");
    }
    let (right, left) = (product(a, f.v()), product(&a.adjoint(), f.u()));
    for j in 0..k {
        let off = |x: &Matrix<c64>, y: &Matrix<c64>| {
            let column = x.column(j).iter().zip(y.column(j));
            column.map(|(x, y)| (x - y * f.estimates()[j]).norm_sqr()).sum::<f64>().sqrt()
        };
        let (r, l) = (off(&right, f.u()), off(&left, f.v()));
        assert!(r.max(l) <= f.residuals()[j] * (1.0 + 1e-9), "{name}, {j}: {r:e} and {l:e} beside {:?}", f.residuals());
    }
}

#[test]
fn every_value_comes_as_often_as_it_occurs() {
    for (name, a, values) in cases() {
        let complex = Matrix::from_fn(a.rows(), a.columns(), |i, j| c64::new(0.0, a[(i, j)]));
        for end in [End::Largest, End::Smallest] {
            for k in [1, 2, 3, values.len()] {
                if k > values.len() {
                    continue;
                }
                let expected: Vec<f64> = match end {
                    End::Largest => values[..k].to_vec(),
                    End::Smallest => values.iter().rev().take(k).copied().collect(),
                };
                for seed in 0..3 {
                    let how = ThickRestart { end, seed, ..ThickRestart::default() };
                    let real = partial_svd(&a, k, &how).unwrap();
                    let f = partial_svd(&complex, k, &how).unwrap();
                    check_vectors(name, &complex, &f);
                    let hidden = partial_svd(&Hidden(&a), k, &how).unwrap();
                    assert!(real.has_converged() && f.has_converged() && hidden.has_converged());
                    for (found, what) in [(real.values(), "real"), (f.values(), "complex"), (hidden.values(), "hidden")]
                    {
                        assert_eq!(found.len(), k, "{name}, {what}");
                        for (x, &s) in found.iter().zip(&expected) {
                            let room = 2e-14 * values[0];
                            let case = format!("{name}, {what}, {end:?} {k}, seed {seed}: {x:?} beside {s}");
                            assert!((x.estimate() - s).abs() <= 1e-9 * values[0], "{case}");
                            assert!(x.lower() - room <= s && s <= x.upper() + room, "{case}");
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn multiple_values_of_a_large_sparse_matrix_are_found_and_zeros_are_not_missed() {
    // Too large for a decomposition of all entries: a triple value, and then a slow decay.
    let n = 1500;
    let value = |i: usize| if i % 500 == 7 { 2.0 } else { 1.5 / (1.0 + i as f64 / 40.0) };
    let a = Sparse::from_triplets((n, n), (0..n).map(|i| (i, (i * 7) % n, value(i))).collect()).unwrap();
    for seed in 0..2 {
        let f = partial_svd(&a, 4, &ThickRestart { seed, ..ThickRestart::default() }).unwrap();
        let expected = [2.0, 2.0, 2.0, 1.5];
        for (x, s) in f.values().iter().zip(expected) {
            assert!((x.estimate() - s).abs() < 1e-8 && x.lower() <= s && s <= x.upper(), "{x:?} beside {s}");
        }
        assert!(f.has_converged() && f.spectral_error().contains(1.5 / (1.0 + 1.0 / 40.0)), "{:?}", f.spectral_error());
    }
    // Two columns of zeros: no lower end above 0, whatever the iteration converged to.
    let holes = |i: usize| if i == 3 || i == 900 { 0.0 } else { 1.0 + i as f64 / n as f64 };
    let a = Sparse::from_triplets((n, n), (0..n).map(|i| (i, i, holes(i))).collect()).unwrap();
    let how = ThickRestart { end: End::Smallest, restarts: 20, ..ThickRestart::default() };
    let f = partial_svd(&a, 3, &how).unwrap();
    let smallest = [0.0, 0.0, 1.0];
    for (x, s) in f.values().iter().zip(smallest) {
        assert!(x.lower() <= s && s <= x.upper(), "{x:?} beside {s}");
    }
}

#[test]
fn single_precision_has_residuals_of_double_precision_and_ends() {
    let values: Vec<f64> = (0..30).map(|i| 3.0 / f64::from(1 + i / 2)).collect();
    let a = with_values(60, 30, &values);
    let single = Matrix::from_fn(60, 30, |i, j| a[(i, j)] as f32);
    let exact = singular_values(&single).unwrap();
    let f = partial_svd(&single, 4, &ThickRestart::default()).unwrap();
    let wide = Matrix::from_fn(60, 30, |i, j| c64::new(f64::from(single[(i, j)]), 0.0));
    let widen = |x: &Matrix<f64>| Matrix::from_fn(x.rows(), x.columns(), |i, j| c64::new(x[(i, j)], 0.0));
    let right = kappa::dense::multiply(wide.as_ref(), widen(f.v()).as_ref()).unwrap();
    for j in 0..4 {
        let off = (0..60).map(|i| (right[(i, j)].re - f.u()[(i, j)] * f.estimates()[j]).powi(2)).sum::<f64>().sqrt();
        assert!(off <= f.residuals()[j] && f.residuals()[j] < 1e-8, "{off:e} beside {:e}", f.residuals()[j]);
        assert!(f.values()[j].lower() <= exact.get(j).upper() && exact.get(j).lower() <= f.values()[j].upper());
    }
    // All values equal, and a tolerance that no precision reaches.
    let tall = Matrix::from_fn(20_000, 16, |i, j| if i % 16 == j { 0.3f32 } else { 0.0 });
    let f = partial_svd(&tall, 3, &ThickRestart { tolerance: 0.0, ..ThickRestart::default() }).unwrap();
    let expected = f64::from(0.3f32) * 1250f64.sqrt();
    assert!(f.values().iter().all(|x| (x.estimate() / expected - 1.0).abs() < 1e-12), "{:?}", f.values());
    // Known by products in single precision alone: the residuals say so.
    let small = Matrix::from_fn(80, 60, |i, j| 1.0f32 / (1.0 + i as f32 + j as f32));
    let f = partial_svd(&Hidden(&small), 2, &ThickRestart::default()).unwrap();
    assert!(f.has_converged() && f.residuals().iter().all(|&r| r > 1e-7 && r < 1e-4), "{:?}", f.residuals());
    let complex = Matrix::from_fn(20, 20, |i, j| c32::new(f32::from(u8::from(i == j)), 0.0));
    let f = partial_svd(&complex, 5, &ThickRestart::default()).unwrap();
    assert!(f.estimates().iter().all(|s| (s - 1.0).abs() < 1e-12));
}

#[test]
fn random_sketches_of_low_rank_have_all_their_vectors() {
    for rank in [0, 1, 3] {
        let a = with_values(30, 20, &[2.0, 2.0, 1.0][..rank]);
        let single = Matrix::from_fn(30, 20, |i, j| a[(i, j)] as f32);
        let complex = Matrix::from_fn(30, 20, |i, j| c64::new(a[(i, j)], 0.0));
        let f = randomized_svd(&complex, 6, &RandomizedSvd::default()).unwrap();
        check_vectors("sketch", &complex, &f);
        assert_eq!(f.estimates().len(), 6);
        assert_eq!(randomized_svd(&single, 6, &RandomizedSvd::default()).unwrap().estimates().len(), 6);
    }
}

#[test]
fn eigenvalues_of_largest_modulus_come_as_often_as_they_occur() {
    let q = reflection(60, 5);
    let symmetric = |values: &dyn Fn(usize) -> f64| {
        let a = Matrix::from_fn(60, 60, |i, j| (0..60).map(|l| q[(i, l)] * values(l) * q[(j, l)]).sum::<f64>());
        Matrix::from_fn(60, 60, |i, j| 0.5 * (a[(i, j)] + a[(j, i)]))
    };
    let triple = symmetric(&|l| if l < 3 { -3.0 } else { 1.0 / (1.0 + l as f64) });
    let turn = kronecker(&Matrix::identity(3), &Matrix::from_row_major(2, 2, vec![0.0, -2.0, 2.0, 0.0]).unwrap());
    let cases: [(&str, Matrix<f64>, Vec<f64>); 5] = [
        ("identity", Matrix::identity(6), vec![1.0; 4]),
        ("zero", Matrix::zeros(5, 5), vec![0.0; 4]),
        ("two, two, one", Matrix::from_fn(4, 4, |i, j| if i == j { [2.0, 2.0, 1.0, 0.0][i] } else { 0.0 }), {
            vec![2.0, 2.0, 1.0, 0.0]
        }),
        ("triple", triple, vec![3.0, 3.0, 3.0, 0.25]),
        ("quarter turns", turn, vec![2.0; 4]),
    ];
    for (name, a, moduli) in cases {
        for seed in 0..3 {
            let found = partial_eig(&a, 4, &Arnoldi { seed, ..Arnoldi::default() }).unwrap();
            let sizes: Vec<f64> = found.values.iter().map(|x| x.norm()).collect();
            assert!(sizes.iter().zip(&moduli).all(|(x, y)| (x - y).abs() < 1e-8), "{name}, {seed}: {sizes:?}");
            assert!(found.has_converged);
            if name != "quarter turns" {
                assert!(found.is_hermitian && found.radii().iter().all(|r| *r < 1e-8), "{name}: {:?}", found.radii());
            }
        }
    }
    // Beyond the memory of one space.
    let n = 800;
    let value = |i: usize| if i % 200 == 5 { 3.0 } else { 2.0 * (i as f64) / n as f64 };
    let a = Sparse::from_triplets((n, n), (0..n).map(|i| (i, i, value(i))).collect()).unwrap();
    let found = partial_eig(&a, 4, &Arnoldi::default()).unwrap();
    assert!(found.values.iter().all(|x| (x.re - 3.0).abs() < 1e-8), "{:?}", found.values);
}

#[test]
fn tolerances_that_are_no_tolerances_are_refused() {
    let a = Matrix::<f64>::identity(3);
    for tolerance in [-1.0, f64::NAN, f64::INFINITY] {
        assert!(partial_svd(&a, 1, &ThickRestart { tolerance, ..ThickRestart::default() }).unwrap_err().is_argument());
        assert!(partial_eig(&a, 1, &Arnoldi { tolerance, ..Arnoldi::default() }).unwrap_err().is_argument());
    }
}

#[test]
fn restarts_that_run_out_are_told() {
    let n = 1200;
    let a = Sparse::from_triplets((n, n), (0..n).map(|i| (i, i, 1.0 + 1e-6 * i as f64)).collect()).unwrap();
    let f = partial_svd(&a, 3, &ThickRestart { restarts: 1, ..ThickRestart::default() }).unwrap();
    assert!(!f.has_converged());
    for (i, x) in f.values().iter().enumerate() {
        let s = 1.0 + 1e-6 * (n - 1 - i) as f64;
        assert!(x.lower() <= s && s <= x.upper(), "{x:?} beside {s}");
    }
    assert!(!partial_eig(&a, 3, &Arnoldi { restarts: 1, ..Arnoldi::default() }).unwrap().has_converged);
}

#[test]
fn equal_values_of_a_tall_matrix_lie_in_their_enclosures() {
    // Clusters cost the eigenvalues of the Gram product digits.
    for (m, n, few, tail) in [(600, 400, 2, 1e-6), (600, 400, 100, 0.1), (240, 160, 2, 1e-6), (300, 200, 50, 0.01)] {
        let values: Vec<f64> = (0..n).map(|i| if i < few { 1.0 } else { tail }).collect();
        let (u, v) = (reflection(m, 3), reflection(n, 4));
        let a = Matrix::from_fn(m, n, |i, j| if i == j { values[j] } else { 0.0 });
        let a = kappa::dense::multiply(u.as_ref(), a.as_ref()).unwrap();
        let a = kappa::dense::multiply(a.as_ref(), v.as_ref()).unwrap();
        for x in singular_values(&a).unwrap().iter().zip(&values) {
            let room = 1e-14;
            assert!(x.0.lower() - room <= *x.1 && *x.1 <= x.0.upper() + room, "{m}×{n}: {x:?}");
        }
        let single = Matrix::from_fn(m, n, |i, j| a[(i, j)] as f32);
        let exact = kappa::svd(&single).unwrap();
        let found = kappa::factor::singular_values_above(&single, 1e-6).unwrap();
        for (x, s) in found.iter().zip(exact.singular_values().iter()) {
            assert!(x.lower() <= s.upper() && s.lower() <= x.upper(), "{m}×{n}: {x:?} beside {s:?}");
        }
    }
}
