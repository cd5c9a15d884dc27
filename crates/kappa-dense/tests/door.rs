//! The checks of the public functions: every input gives a correct answer or an error.

use kappa_dense::jacobi::jacobi_svd;
use kappa_dense::{
    Matrix, MatrixRef, Precision, Scalar, Shape, add_square, c32, c64, cholesky, counted_gram, eigvalsh,
    gram_singular_values, multiply, scan, singular_values, singular_values_in, svd, triangle_of_stack,
};
use proptest::prelude::*;

/// Pseudorandom numbers in [−1, 1), determined by the seed (splitmix64).
struct Draws(u64);

impl Draws {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / 2f64.powi(52) - 1.0
    }

    fn matrix<T: Scalar>(&mut self, m: usize, n: usize) -> Matrix<T> {
        Matrix::from_fn(m, n, |_, _| T::from_parts(self.next(), self.next()))
    }
}

/// Columns scaled from 1 to 10^-decades, and a repeated column: matrices that are difficult to decompose.
fn nasty<T: Scalar>(m: usize, n: usize, seed: u64, kind: u8, scale: i32) -> Matrix<T> {
    let mut a: Matrix<T> = Draws(seed).matrix(m, n);
    let step = |j: usize| 10f64.powi(-(3 * j as i32) % 40);
    match kind {
        1 => (0..n).for_each(|j| a.column_mut(j).iter_mut().for_each(|x| *x = x.scale(step(j)))),
        2 if n > 1 => {
            let first = a.column(0).to_vec();
            a.column_mut(n - 1).copy_from_slice(&first);
        }
        3 => a = Matrix::from_fn(m, n, |_, _| T::from_parts(1.0, 0.0)),
        4 => a = Matrix::zeros(m, n),
        5 => a = Matrix::from_fn(m, n, |i, j| T::from_parts(f64::from(i == j), 0.0)),
        _ => {}
    }
    let factor = 2f64.powi(scale);
    a.as_mut_slice().iter_mut().for_each(|x| *x = x.scale(factor));
    a
}

fn oracle<T: Scalar>(a: &Matrix<T>) -> Vec<f64> {
    let wide = a.as_ref().to_wide();
    let tall = if wide.rows() < wide.columns() { wide.adjoint() } else { wide };
    let e = scan(tall.as_ref()).max_abs;
    if e == 0.0 {
        return vec![0.0; tall.columns()];
    }
    // A power of two near the largest entry.
    let e = 2f64.powi(e.log2().floor().clamp(-1000.0, 1000.0) as i32);
    let scaled = Matrix::from_fn(tall.rows(), tall.columns(), |i, j| tall[(i, j)].scale(1.0 / e));
    jacobi_svd(&scaled).expect("Jacobi converges").1.into_iter().map(|s| s * e).collect()
}

fn assert_close(found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    let first = expected.first().copied().unwrap_or(0.0);
    for (x, y) in found.iter().zip(expected) {
        assert!((x - y).abs() <= tolerance * first, "{x:e} beside {y:e}, σ₁ = {first:e}");
    }
}

fn check_all<T: Scalar>(a: &Matrix<T>) {
    let (m, n) = (a.rows(), a.columns());
    let expected = oracle(a);
    let tolerance = 1e-14 * (m.max(n) as f64).sqrt().max(1.0);
    let found = singular_values(a.as_ref()).expect("finite");
    assert_close(&found.values, &expected, tolerance);
    // The other layout is the same matrix.
    let other = a.adjoint();
    assert_close(&singular_values(other.as_ref().transpose()).expect("finite").values, &expected, tolerance);
    for shape in [Shape::Thin, Shape::Full] {
        let f = svd(a.as_ref(), shape).expect("finite");
        assert_close(&f.values.values, &expected, tolerance);
        assert_orthonormal(&f.vectors.u);
        assert_orthonormal(&f.vectors.v);
        let first = expected.first().copied().unwrap_or(0.0);
        for i in 0..m {
            for j in 0..n {
                let mut x = T::Wide::default();
                for (k, &s) in f.values.values.iter().enumerate() {
                    x += f.vectors.u[(i, k)].scale(s) * f.vectors.v[(j, k)].conj();
                }
                let error = (x - a[(i, j)].widen()).re().abs().max((x - a[(i, j)].widen()).im().abs());
                assert!(error <= 4.0 * tolerance * first, "({i}, {j}) is off by {error:e}, σ₁ = {first:e}");
            }
        }
    }
}

fn assert_orthonormal<T: Scalar>(q: &Matrix<T>) {
    for i in 0..q.columns() {
        for j in 0..=i {
            let dot = q.column(i).iter().zip(q.column(j)).fold(T::default(), |s, (&x, &y)| s + x.conj() * y);
            let error = (dot.re() - f64::from(i == j)).abs().max(dot.im().abs());
            assert!(error < 1e-13 * (q.rows() as f64).sqrt().max(1.0), "columns {i}, {j}: {error:e}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn every_type_agrees_with_jacobi(
        m in 0usize..24, n in 0usize..24, seed: u64, kind in 0u8..6, scale in -60i32..60, wild in -900i32..900,
    ) {
        check_all::<f32>(&nasty(m, n, seed, kind, scale));
        check_all::<c32>(&nasty(m, n, seed, kind, scale));
        check_all::<f64>(&nasty(m, n, seed, kind, wild));
        check_all::<c64>(&nasty(m, n, seed, kind, wild));
    }

    #[test]
    fn larger_ones_agree_with_jacobi(m in 1usize..160, n in 1usize..60, seed: u64, kind in 0u8..6) {
        let a: Matrix<f64> = nasty(m, n, seed, kind, 0);
        let expected = oracle(&a);
        assert_close(&singular_values(a.as_ref()).expect("finite").values, &expected, 1e-13);
        for view in [a.as_ref(), a.adjoint().as_ref().transpose()] {
            if let Some(values) = gram_singular_values(view, scan(view).max_abs, false) {
                assert_close(&values, &expected, 1e-12);
            }
        }
    }
}

#[test]
fn the_gram_product_refuses_what_it_would_lose() {
    let mut a: Matrix<f64> = Draws(1).matrix(64, 16);
    assert!(gram_singular_values(a.as_ref(), 1.0, false).is_some());
    a.column_mut(3).iter_mut().for_each(|x| *x *= 1e-5);
    assert!(gram_singular_values(a.as_ref(), 1.0, false).is_none());
    assert!(gram_singular_values(Matrix::<f64>::zeros(64, 16).as_ref(), 0.0, false).is_none());
}

#[test]
fn entries_at_both_ends_of_the_range_lose_nothing() {
    for factor in [1e-320, 1e-300, 1e-170, 1e154, 1e300] {
        let a = Matrix::from_fn(3, 2, |i, j| factor * [[3.0, 0.0], [0.0, 2.0], [0.0, 0.0]][i][j]);
        let found = singular_values(a.as_ref()).expect("finite").values;
        for (x, y) in found.iter().zip([3.0, 2.0]) {
            assert!((x / factor - y).abs() < 1e-3 * f64::from(u8::from(factor < 1e-300)) + 1e-15, "{factor:e}: {x:e}");
        }
    }
}

#[test]
fn a_position_is_named_for_what_is_not_finite() {
    let mut a = Matrix::<f64>::zeros(4, 3);
    a[(2, 1)] = f64::NAN;
    for error in [singular_values(a.as_ref()).unwrap_err(), svd(a.as_ref(), Shape::Thin).unwrap_err()] {
        assert!(error.is_not_finite());
        assert_eq!(error.to_string(), "the entry at row 3, column 2 is not finite");
    }
}

#[test]
fn shapes_that_do_not_fit_are_errors() {
    assert!(MatrixRef::row_major(2, 2, &[1.0f64]).unwrap_err().is_shape());
    assert!(MatrixRef::<f64>::row_major(usize::MAX, 2, &[]).unwrap_err().is_shape());
    let a = Matrix::<f64>::zeros(2, 3);
    assert!(multiply(a.as_ref(), a.as_ref()).unwrap_err().is_shape());
}

#[test]
fn digits_do_not_depend_on_the_number_of_threads() {
    let square: Matrix<f64> = Draws(3).matrix(1100, 1030);
    let tall: Matrix<f32> = Draws(4).matrix(9000, 64);
    let symmetric = Matrix::from_fn(800, 800, |i, j| square[(i.max(j), i.min(j))]);
    let single = Matrix::from_fn(700, 600, |i, j| square[(i, j)] as f32);
    let on = |threads: usize| {
        let pool = rayon_pool(threads);
        pool.install(|| {
            let tall_scan = scan(tall.as_ref());
            (
                singular_values(square.as_ref()).expect("finite"),
                gram_singular_values(tall.as_ref(), tall_scan.max_abs, false),
                tall_scan,
                singular_values_in(single.as_ref(), Precision::Stored).expect("finite"),
                eigvalsh(symmetric.as_ref()).expect("finite"),
                triangle_of_stack(tall.as_ref(), 0, &Matrix::<f64>::zeros(0, 64)).expect("finite").0,
            )
        })
    };
    let one = on(1);
    assert!(one.1.is_some());
    assert!(one == on(2) && one == on(5));
}

fn rayon_pool(threads: usize) -> rayon::ThreadPool {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool")
}

/// A release of faer's kernels (private-gemm-x86 0.1.20) returned wrong parallel products from n of about 5000 on,
/// without an error. Freivalds: A·(A·x) and (A·A)·x agree for a random x only if the product is right.
#[test]
fn a_large_product_is_right() {
    let n = 5018;
    let a: Matrix<f64> = Draws(5).matrix(n, n);
    let mut draws = Draws(6);
    let x: Vec<f64> = (0..n).map(|_| draws.next()).collect();
    let times = |a: &Matrix<f64>, x: &[f64]| {
        let mut y = vec![0.0; n];
        for (j, &xj) in x.iter().enumerate() {
            y.iter_mut().zip(a.column(j)).for_each(|(y, &aij)| *y += aij * xj);
        }
        y
    };
    let product = multiply(a.as_ref(), a.as_ref()).expect("shapes fit");
    let (one, two) = (times(&product, &x), times(&a, &times(&a, &x)));
    let worst = one.iter().zip(&two).map(|(p, q)| (p - q).abs()).fold(0.0, f64::max);
    let size = two.iter().fold(0.0, |m: f64, q| m.max(q.abs()));
    assert!(worst < 1e-11 * size, "off by {worst:e} of {size:e}");
}

#[test]
fn a_cholesky_factor_multiplies_back_or_is_refused() {
    for n in [0usize, 1, 2, 40, 1100] {
        let b: Matrix<f64> = Draws(7).matrix(n, n);
        let mut a = counted_gram(b.as_ref(), 0).product;
        (0..n).for_each(|j| a[(j, j)] += 1.0);
        let expected = a.clone();
        assert!(cholesky(&mut a), "order {n}");
        let mut rest = Matrix::from_fn(n, n, |i, j| -expected[(i, j)]);
        add_square(&mut rest, &a);
        let error = rest.as_slice().iter().map(|x| x.abs()).fold(0.0, f64::max);
        assert!(error <= 1e-13 * n.max(1) as f64, "order {n}: {error:e}");
    }
    let mut indefinite = Matrix::from_row_major(2, 2, vec![1.0, 0.0, 2.0, 1.0]).unwrap();
    assert!(!cholesky(&mut indefinite));
}

fn product<W: Scalar>(a: &Matrix<W>, b: &Matrix<W>) -> Matrix<W> {
    multiply(a.as_ref(), b.as_ref()).unwrap()
}

fn distance<W: Scalar>(a: &Matrix<W>, b: &Matrix<W>) -> f64 {
    assert_eq!((a.rows(), a.columns()), (b.rows(), b.columns()));
    a.as_slice().iter().zip(b.as_slice()).map(|(&a, &b)| (a - b).abs_squared().sqrt()).fold(0.0, f64::max)
}

fn size<W: Scalar>(a: &Matrix<W>) -> f64 {
    a.as_slice().iter().map(|x| x.abs_squared().sqrt()).fold(0.0, f64::max)
}

fn orthonormal<W: Scalar>(q: &Matrix<W>) -> bool {
    distance(&product(&q.adjoint(), q), &Matrix::identity(q.columns())) < 1e-12
}

fn factors_multiply_back<T: Scalar>(n: usize, seed: u64) {
    use kappa_dense::{eigh, ldlt, lu, pivoted_qr, qr, schur};
    fn all<W: Scalar<Wide = W>>(a: &Matrix<W>) {
        let n = a.rows();
        let close = 1e-13 * (n as f64 + 4.0) * size(a).max(f64::MIN_POSITIVE);
        let f = lu(a.as_ref()).unwrap();
        let pa = Matrix::from_fn(n, n, |i, j| a[(f.rows()[i], j)]);
        assert!(distance(&product(&f.l(), &f.u()), &pa) <= close);
        if !f.is_singular() && n > 0 && n < 40 {
            let b = Matrix::from_fn(n, 2, |i, j| W::from_parts((i + j) as f64, 1.0));
            let residual = |x: &Matrix<W>, a: &Matrix<W>| distance(&product(a, x), &b) / (size(a) * size(x));
            assert!(residual(&f.solve(&b), a) < 1e-13 * n as f64);
            assert!(residual(&f.solve_adjoint(&b), &a.adjoint()) < 1e-13 * n as f64);
            let r = f.inverse();
            assert!(distance(&product(&r, a), &Matrix::identity(n)) <= 1e-12 * size(a) * size(&r) * n as f64);
        }
        for shape in [Shape::Thin, Shape::Full] {
            let f = qr(a.as_ref(), shape).unwrap();
            assert!(orthonormal(&f.q) && distance(&product(&f.q, &f.r), a) <= close);
            let f = pivoted_qr(a.as_ref(), shape).unwrap();
            let ap = Matrix::from_fn(n, n, |i, j| a[(i, f.columns[j])]);
            assert!(orthonormal(&f.q) && distance(&product(&f.q, &f.r), &ap) <= close);
            let falls = (1..n)
                .all(|i| f.r[(i, i)].abs_squared().sqrt() <= f.r[(i - 1, i - 1)].abs_squared().sqrt() * (1.0 + 1e-12));
            assert!(falls);
        }
        let h = Matrix::from_fn(n, n, |i, j| (a[(i, j)] + a[(j, i)].conj()).scale(0.5));
        let (values, v) = eigh(h.as_ref()).unwrap();
        let vd = Matrix::from_fn(n, n, |i, j| v[(i, j)].scale(values[j]));
        assert!(orthonormal(&v) && distance(&product(&vd, &v.adjoint()), &h) <= 10.0 * close);
        let f = ldlt(h.as_ref()).unwrap();
        let d = Matrix::from_fn(n, n, |i, j| match (i.abs_diff(j), i > j) {
            (0, _) => W::from_parts(f.diagonal[i], 0.0),
            (1, true) => f.below[j],
            (1, false) => f.below[i].conj(),
            _ => W::default(),
        });
        let php = Matrix::from_fn(n, n, |i, j| h[(f.rows[i], f.rows[j])]);
        assert!(distance(&product(&product(&f.l, &d), &f.l.adjoint()), &php) <= 100.0 * close, "{n}");
        let f = schur(a.as_ref()).unwrap();
        let back = product(&product(&f.q, &f.t), &f.q.adjoint());
        let wide = Matrix::from_fn(n, n, |i, j| c64::new(a[(i, j)].re(), a[(i, j)].im()));
        assert!(orthonormal(&f.q) && distance(&back, &wide) <= 10.0 * close);
        assert!((0..n).all(|j| (j + 1..n).all(|i| f.t[(i, j)] == c64::default())));
    }
    let a: Matrix<T> = Draws(seed).matrix(n, n);
    all(&a.as_ref().to_wide());
}

#[test]
fn every_factorization_multiplies_back() {
    for n in [0, 1, 2, 3, 5, 17, 40, 130] {
        factors_multiply_back::<f32>(n, n as u64);
        factors_multiply_back::<f64>(n, 7 + n as u64);
        factors_multiply_back::<c64>(n, 19 + n as u64);
    }
    for scale in [1e-300, 1e300, 5e-324] {
        let a =
            Matrix::from_fn(4, 4, |i, j| scale * (1.0 + f64::from(i == j)) * if scale < 1e-310 { 8.0 } else { 1.0 });
        let f = kappa_dense::lu(a.as_ref()).unwrap();
        let b = product_of(&a, &[1.0, 2.0, 3.0, 4.0]);
        let x = f.solve(&b);
        assert!((0..4).all(|i| (x[(i, 0)] - (i + 1) as f64).abs() < 1e-12), "{scale:e} {x:?}");
        assert!((kappa_dense::eigh(a.as_ref()).unwrap().0[3] / a[(0, 1)] - 5.0).abs() < 1e-12);
        assert!(kappa_dense::schur(a.as_ref()).is_ok());
    }
    let nan = Matrix::from_fn(3, 3, |_, _| f64::NAN);
    assert!(kappa_dense::lu(nan.as_ref()).unwrap_err().is_not_finite());
    assert!(kappa_dense::eigh(nan.as_ref()).unwrap_err().is_not_finite());
    assert!(kappa_dense::schur(Matrix::<f64>::zeros(2, 3).as_ref()).unwrap_err().is_shape());
}

fn product_of(a: &Matrix<f64>, x: &[f64]) -> Matrix<f64> {
    Matrix::from_fn(a.rows(), 1, |i, _| (0..a.columns()).map(|j| a[(i, j)] * x[j]).sum())
}

#[test]
fn sparse_factors_solve() {
    use kappa_dense::{Columns, SparseCholesky, SparseLu};
    // The five-point Laplacian of a square grid, without and with convection.
    let side = 30usize;
    let n = side * side;
    for wind in [0.0, 0.7] {
        let (mut starts, mut rows, mut entries) = (vec![0], Vec::new(), Vec::new());
        for j in 0..n {
            let (r, c) = (j / side, j % side);
            let mut put = |i: usize, x: f64| {
                rows.push(i);
                entries.push(x);
            };
            if r > 0 {
                put(j - side, -1.0 - wind);
            }
            if c > 0 {
                put(j - 1, -1.0);
            }
            put(j, 4.0);
            if c + 1 < side {
                put(j + 1, -1.0);
            }
            if r + 1 < side {
                put(j + side, -1.0 + wind);
            }
            starts.push(rows.len());
        }
        let a = Columns { shape: (n, n), starts: &starts, rows: &rows, entries: &entries };
        let times = |x: &[f64], transposed: bool| {
            let mut y = vec![0.0; n];
            for j in 0..n {
                for k in starts[j]..starts[j + 1] {
                    if transposed { y[j] += entries[k] * x[rows[k]] } else { y[rows[k]] += entries[k] * x[j] }
                }
            }
            y
        };
        let truth: Vec<f64> = (0..n).map(|i| ((i * 7) % 11) as f64 - 5.0).collect();
        let check = |x: &[f64]| assert!(x.iter().zip(&truth).all(|(x, t)| (x - t).abs() < 1e-10));
        let lu = SparseLu::new(&a).unwrap().unwrap();
        for transposed in [false, true] {
            let mut b = times(&truth, transposed);
            lu.solve(&mut b, transposed);
            check(&b);
        }
        if wind == 0.0 {
            let mut b = times(&truth, false);
            SparseCholesky::new(&a).unwrap().unwrap().solve(&mut b);
            check(&b);
            let negative: Vec<f64> = entries.iter().map(|x| -x).collect();
            assert!(SparseCholesky::new(&Columns { entries: &negative, ..a }).unwrap().is_none());
        }
    }
}
