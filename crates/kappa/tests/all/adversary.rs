//! Certified answers against exact rational arithmetic, on matrices that are hard for error bounds: 2000 cases by
//! default, `KAPPA_CASES` of them where that is set.

use crate::draws::Draws;
use crate::exact::{Ratio, Solved, shift_of, solve, whole, wholes};
use kappa::ask::logdet_by;
use kappa::condition::{Extended, inverse_norm};
use kappa::{
    AnyOperator, Guarantee, Matrix, Norm, Solve, Sparse, c64, cond_by, distance_to_singularity, exact_rank, solve_by,
};
use num_bigint::{BigInt, Sign};

fn cases() -> u64 {
    std::env::var("KAPPA_CASES").ok().and_then(|count| count.parse().ok()).unwrap_or(2000)
}

/// Calls `check` for each case, in two threads.
pub(crate) fn for_each_case(check: impl Fn(u64) + Sync) {
    let (cases, workers, check) = (cases(), 2, &check);
    std::thread::scope(|scope| {
        for worker in 0..workers {
            scope.spawn(move || (0..cases).filter(|seed| seed % workers == worker).for_each(check));
        }
    });
}

/// The number of kinds of matrices.
const KINDS: u64 = 14;

/// A square matrix of order 1 to 5.
fn case(seed: u64) -> Matrix<f64> {
    let n = 1 + Draws(seed.wrapping_mul(0x9e37_79b9).wrapping_add(17)).below(5);
    hard(seed, n)
}

/// A hard square matrix of order n.
pub(crate) fn hard(seed: u64, n: usize) -> Matrix<f64> {
    let a: Matrix<f64> = Draws(seed.wrapping_mul(0x9e37_79b9).wrapping_add(17)).matrix(n, n);
    let scaled = |f: &dyn Fn(usize, usize) -> f64| Matrix::from_fn(n, n, |i, j| a[(i, j)] * f(i, j));
    let small = |i: usize, j: usize| ((i * 7 + j * 3 + seed as usize) % 11) as f64 - 5.0;
    match seed % KINDS {
        0 => a,
        1 => scaled(&|_, j| 10f64.powi(-9 * j as i32)),
        2 => scaled(&|i, j| 10f64.powi(11 * i as i32 - 8 * j as i32)),
        // Exactly singular for n > 2.
        3 => Matrix::from_fn(n, n, |i, j| ((i + 1) * (j + 2)) as f64 + (i * i) as f64),
        4 => scaled(&|_, _| 2f64.powi(1018)),
        5 => scaled(&|_, _| 2f64.powi(-1010)),
        6 => scaled(&|_, _| 2f64.powi(-1052)),
        7 => scaled(&|i, j| if (i + j) % 2 == 0 { 1.0 } else { 2f64.powi(-1060) }),
        8 => Matrix::from_fn(n, n, |i, j| if (i + 2 * j) % 3 == 0 { a[(i, j)] } else { 0.0 }),
        9 => Matrix::from_fn(n, n, |i, j| f64::from(i == (j + seed as usize / 16) % n)),
        // Clustered, and nearly singular in the last bit.
        10 => Matrix::from_fn(n, n, |i, j| f64::from(i == j) + 2f64.powi(-50) * small(i, j)),
        11 => Matrix::from_fn(n, n, |i, j| 1.0 + 2f64.powi(-52) * small(i, j)),
        // Integers beyond 2⁵³.
        12 => Matrix::from_fn(n, n, |i, j| {
            (2f64.powi(60) + 1024.0 * small(i, j)) * if (i + j) % 3 == 0 { -1.0 } else { 1.0 }
        }),
        _ => Matrix::from_fn(n, n, |i, j| 1.0 / (1 + i + j) as f64),
    }
}

/// A⁻¹ in integers over the determinant: column j solves A·x = eⱼ. `None` for a singular matrix.
fn inverse(a: &Matrix<f64>) -> Option<Vec<Solved>> {
    let n = a.rows();
    (0..n).map(|j| solve(a, &(0..n).map(|i| f64::from(i == j)).collect::<Vec<_>>())).collect()
}

fn modulus(x: &BigInt) -> BigInt {
    if x.sign() == Sign::Minus { -x } else { x.clone() }
}

fn holds(x: &Extended, truth: &Ratio) -> bool {
    let (m, e) = (x.mantissa(), x.exponent());
    truth.compare(m.lower(), e).is_le() && truth.compare(m.upper(), e).is_ge()
}

fn check(seed: u64) {
    let a = case(seed);
    let n = a.rows();
    let shift = shift_of(a.as_slice());
    let entries = wholes(&a, shift);
    let size: BigInt = entries.iter().map(|row| row.iter().map(modulus).sum::<BigInt>()).max().unwrap();
    let norm = Norm::max_row_sum();
    let sparse = Sparse::from_triplets(
        (n, n),
        (0..n).flat_map(|i| (0..n).map(move |j| (i, j))).map(|(i, j)| (i, j, a[(i, j)])).collect(),
    )
    .unwrap();
    let turned = Matrix::from_fn(n, n, |i, j| c64::new(0.0, a[(i, j)]));
    let found = [
        cond_by(&a, norm, Guarantee::Certified),
        cond_by(&sparse, norm, Guarantee::Certified),
        cond_by(&turned, norm, Guarantee::Certified),
    ]
    .map(|found| found.unwrap().value);
    let rank = exact_rank(&a).unwrap();
    let exact = inverse(&a);
    let Some(columns) = exact else {
        // Exactly singular.
        assert!(rank.upper() < n as f64, "{seed}: {rank:?} of {a:?}");
        assert!(found.iter().all(|k| k.enclosure().upper() == f64::INFINITY), "{seed}: {found:?} of {a:?}");
        let how = Solve { guarantee: Guarantee::Certified, ..Solve::default() };
        assert!(solve_by(&a, &Matrix::from_fn(n, 1, |_, _| 1.0), &how).is_err(), "{seed}: {a:?}");
        let d = logdet_by(&a, Guarantee::Certified).unwrap();
        assert!(d.log_abs.lower() == f64::NEG_INFINITY, "{seed}: {d:?} of {a:?}");
        assert_eq!(distance_to_singularity(&a, norm).unwrap().value.lower(), 0.0, "{seed}: {a:?}");
        return;
    };
    assert_eq!((rank.lower(), rank.upper()), (n as f64, n as f64), "{seed}: {a:?}");
    let determinant = modulus(&columns[0].determinant);
    let rows = |i: usize| columns.iter().map(|c| modulus(&c.numerators[i])).sum::<BigInt>();
    let inverse_size: BigInt = (0..n).map(rows).max().unwrap();
    // ‖A‖ = size·2^−shift, and ‖A⁻¹‖ = inverse_size/determinant times a power of two.
    for k in &found {
        assert!(
            holds(k, &Ratio::new(&size * &inverse_size, determinant.clone(), columns[0].shift - shift)),
            "{seed}: κ of {a:?} is not in {k:?}"
        );
        assert!(k.mantissa().evidence().is_certified());
    }
    let inverse_norm = inverse_norm(&a, norm).unwrap().expect("a nonsingular matrix of small order");
    let truth = Ratio::new(inverse_size.clone(), determinant.clone(), columns[0].shift);
    assert!(holds(&inverse_norm, &truth), "{seed}: {inverse_norm:?} of {a:?}");
    let distance = distance_to_singularity(&a, norm).unwrap().value;
    assert!(Ratio::new(determinant, inverse_size, -columns[0].shift).is_in(&distance), "{seed}: {distance:?} of {a:?}");
    systems(seed, &a, &turned);
    determinants(seed, &a, &columns[0].determinant, shift);
}

/// Every entry of a certified solution.
fn systems(seed: u64, a: &Matrix<f64>, turned: &Matrix<c64>) {
    let n = a.rows();
    let mut draws = Draws(seed ^ 0x51);
    let b: Vec<f64> = (0..n)
        .map(|i| draws.next() * if seed.is_multiple_of(5) { 10f64.powi(40 * (i as i32 % 3) - 40) } else { 1.0 })
        .collect();
    let truth = solve(a, &b).unwrap();
    let how = Solve { guarantee: Guarantee::Certified, ..Solve::default() };
    // Solutions beyond the doubles are refused.
    if let Ok(found) = solve_by(a, &Matrix::from_fn(n, 1, |i, _| b[i]), &how) {
        let x = found.enclosures().unwrap();
        for i in 0..n {
            let entry = x.entry(i, 0);
            assert!(
                truth.holds(i, entry.lower(), entry.upper()),
                "{seed}: x{i} of {a:?} and {b:?} is not in {entry:?}"
            );
        }
    }
    // (iA)x = ib.
    if let Ok(found) = solve_by(turned, &Matrix::from_fn(n, 1, |i, _| c64::new(0.0, b[i])), &how) {
        let x = found.enclosures().unwrap();
        for i in 0..n {
            let entry = x.entry(i, 0);
            assert!(truth.holds(i, entry.lower(), entry.upper()), "{seed}: complex x{i} of {a:?} is not in {entry:?}");
            assert!(x.imaginary(i, 0).contains(0.0), "{seed}: {:?}", x.imaginary(i, 0));
        }
    }
}

/// The sign and the logarithm of the determinant; `whole` is det(A·2^shift), up to its sign for an odd number of swaps.
fn determinants(seed: u64, a: &Matrix<f64>, whole_determinant: &BigInt, shift: i32) {
    let d = logdet_by(a, Guarantee::Certified).unwrap();
    assert!(d.is_sign_known(), "{seed}: {d:?} of {a:?}");
    let sign = if whole_determinant.sign() == Sign::Minus { -1.0 } else { 1.0 };
    assert_eq!(d.sign.re, sign, "{seed}: the sign of the determinant of {a:?}");
    let length = whole_determinant.bits();
    let cut = length.saturating_sub(60);
    let head = (modulus(whole_determinant) >> cut).to_string().parse::<f64>().unwrap();
    let power = cut as f64 - a.rows() as f64 * f64::from(shift);
    let truth = head.ln() + power * std::f64::consts::LN_2;
    let room = 1e-12 * (1.0 + power.abs());
    assert!(d.log_abs.lower() <= truth + room && truth - room <= d.log_abs.upper(), "{seed}: {truth} is not in {d:?}");
}

#[test]
fn no_certified_answer_misses_the_exact_one() {
    for_each_case(check);
}

#[test]
fn empty_matrices_have_answers_or_are_refused() {
    for (m, n) in [(0, 0), (0, 3), (3, 0)] {
        let a = Matrix::<f64>::zeros(m, n);
        assert!(cond_by(&a, Norm::max_row_sum(), Guarantee::Certified).unwrap_err().is_shape());
        assert_eq!(exact_rank(&a).unwrap().upper(), 0.0);
        assert!(distance_to_singularity(&a, Norm::spectral()).is_err());
        assert!(AnyOperator::from(&a).cond_with(Norm::spectral(), &[]).is_err());
    }
    assert_eq!(logdet_by(&Matrix::<f64>::zeros(0, 0), Guarantee::Certified).unwrap().log_abs.upper(), 0.0);
    assert_eq!(whole(0.0, 0), BigInt::from(0));
}
