//! The laws for random shapes, types, gradings and scales; and the closed forms of the gallery.

use kappa::factor::svd_full;
use kappa::operator::{Adjoint, Diagonal, Product, Scaled, Sum};
use kappa::{
    LinearOperator, LowRank, Matrix, Norm, Profile, Question, Scalar, Sparse, Tolerance, c64, cond, cond_in, gallery,
    laws, measure, norm, rank, singular_values, svd,
};
use proptest::prelude::*;

use crate::draws::Draws;

/// A random matrix: unstructured, graded by columns, of rank one, sparse, or zero.
fn of_kind<T: Scalar>(draws: &mut Draws, m: usize, n: usize, kind: u8) -> Matrix<T> {
    let a: Matrix<T> = draws.matrix(m, n);
    Matrix::from_fn(m, n, |i, j| match kind {
        1 => a[(i, j)].scale(10f64.powi(-2 * j as i32)),
        2 => a[(i, 0)],
        3 if (i + j) % 3 > 0 => T::default(),
        4 => T::default(),
        _ => a[(i, j)],
    })
}

fn norms() -> Vec<Norm> {
    let named = Norm::names().map(|name| name.parse().unwrap());
    let more = [
        "entrywise:1",
        "entrywise:1.5",
        "entrywise:3",
        "schatten:1.5",
        "schatten:4",
        "ky-fan:2",
        "ky-fan:3",
        "ky-fan:2,3",
    ];
    let induced = [
        "induced:1,2",
        "induced:2,inf",
        "induced:1,3",
        "induced:1.5,inf",
        "dual:induced:1,2",
        "dual:max-row-sum",
        "dual:induced:1.5,inf",
        "dual:ky-fan:2",
        "dual:ky-fan:3,2",
        "dual:ky-fan:2,1.5",
    ];
    named.chain(more.into_iter().chain(induced).map(|name| name.parse().unwrap())).collect()
}

fn all_laws<T: Scalar<Wide = T>>(m: usize, n: usize, seed: u64, kind: u8) -> laws::Law {
    let mut draws = Draws(seed);
    let (a, b): (Matrix<T>, Matrix<T>) = (of_kind(&mut draws, m, n, kind), of_kind(&mut draws, m, n, kind % 2));
    let orthogonal = |draws: &mut Draws, n: usize| svd_full(&draws.matrix::<T>(n, n)).unwrap().u().clone();
    let (u, v) = (orthogonal(&mut draws, m), orthogonal(&mut draws, n));
    for (k, which) in norms().into_iter().enumerate() {
        laws::norm_axioms(which, &a, &b)?;
        laws::unitary_invariance(which, &a, &u, &v)?;
        // Nested searches are expensive: each case tests a fifth of the norms, and all cases together test each norm
        // often.
        if !(k as u64).wrapping_add(seed).is_multiple_of(5) {
            continue;
        }
        laws::slope_of(which, &a, &b)?;
        laws::prox_of(which, &a, &b, 0.3)?;
        laws::ball_of(which, &a, &b, 0.7)?;
    }
    let (x, y): (Matrix<T>, Matrix<T>) = (draws.matrix(n, 3), draws.matrix(m, 3));
    laws::operator(&a, &x, &y)?;
    laws::operator(&a.as_ref(), &x, &y)?;
    laws::operator(&Adjoint(&a), &y, &x)?;
    let triplets = (0..m).flat_map(|i| (0..n).map(move |j| (i, j))).map(|(i, j)| (i, j, a[(i, j)])).collect();
    laws::operator(&Sparse::from_triplets((m, n), triplets).unwrap(), &x, &y)?;
    let diagonal = (0..m.min(n)).map(|k| a[(k, k)]).collect();
    laws::operator(&Diagonal::new((m, n), diagonal).unwrap(), &x, &y)?;
    let scaled = Scaled { factor: T::from_parts(-2.0, 1.0), operator: b.clone() };
    laws::operator(&Sum::new(a.clone(), scaled).unwrap(), &x, &y)?;
    laws::operator(&Product::new(a.clone(), Adjoint(b.clone())).unwrap(), &y, &y)?;
    laws::operator(&LowRank::new(a.clone(), b.adjoint()).unwrap(), &y, &y)?;
    for f in [svd(&a).unwrap(), svd_full(&a).unwrap()] {
        laws::svd_of(&f, &a)?;
        laws::operator(&f, &x, &y)?;
    }
    Ok(())
}

/// An operator that hides that it is a dense matrix.
struct Borrowed<'a, T: Scalar>(&'a Matrix<T>);
impl<T: Scalar> LinearOperator<T> for Borrowed<'_, T> {
    fn shape(&self) -> (usize, usize) {
        self.0.shape()
    }
    fn apply(&self, x: &Matrix<T>) -> kappa::Result<Matrix<T>> {
        self.0.apply(x)
    }
    fn apply_adjoint(&self, x: &Matrix<T>) -> kappa::Result<Matrix<T>> {
        self.0.apply_adjoint(x)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn laws_hold(m in 1usize..9, n in 1usize..9, seed: u64, kind in 0u8..5) {
        prop_assert_eq!(all_laws::<f64>(m, n, seed, kind), Ok(()));
        prop_assert_eq!(all_laws::<c64>(m, n, seed, kind), Ok(()));
    }

    #[test]
    fn power_of_two_scaling_transposition_and_signs_change_nothing(
        m in 1usize..9, n in 1usize..9, seed: u64, kind in 0u8..4, e in -900i32..900,
    ) {
        let a: Matrix<f64> = of_kind(&mut Draws(seed), m, n, kind);
        let scaled = Matrix::from_fn(m, n, |i, j| a[(i, j)] * 2f64.powi(e));
        for which in norms() {
            let (x, y) = (norm(&a, which).unwrap(), norm(&scaled, which).unwrap().times_exactly(2f64.powi(-e)));
            prop_assert!(x.lower() <= y.upper() && y.lower() <= x.upper(), "{} at 2^{}: {:?} {:?}", which, e, x, y);
        }
        let flipped = Matrix::from_fn(n, m, |i, j| -a[(j, i)]);
        let (rows, columns) = (norm(&a, Norm::max_row_sum()).unwrap(), norm(&flipped, Norm::max_column_sum()).unwrap());
        prop_assert!(rows.lower() <= columns.upper() && columns.lower() <= rows.upper());
        let (s, t) = (singular_values(&a).unwrap(), singular_values(&flipped).unwrap());
        for (x, y) in s.iter().zip(t.iter()) {
            prop_assert!(x.lower() <= y.upper() && y.lower() <= x.upper());
        }
    }
}

#[test]
fn norms_break_submultiplicativity_exactly_where_they_do_not_claim_it() {
    let hard = ["induced:2,1", "induced:inf,1", "induced:1.5,3", "induced:3,3"].map(|name| name.parse().unwrap());
    for which in norms().into_iter().chain(hard) {
        laws::counterexample(which).unwrap();
    }
}

#[test]
fn constants_between_all_pairs_hold_and_are_attained() {
    let names = [
        "frobenius",
        "spectral",
        "nuclear",
        "max-abs",
        "max-column-sum",
        "max-row-sum",
        "entrywise:1",
        "entrywise:3",
        "schatten:3",
        "ky-fan:2",
        "induced:1,2",
        "induced:2,inf",
        "induced:2,1",
        "induced:inf,1",
        "dual:ky-fan:2",
    ];
    let all: Vec<Norm> = names.map(|name| name.parse().unwrap()).into();
    let mut draws = Draws(12);
    let mut attained = 0;
    for (m, n, r) in [(4, 4, 4), (5, 3, 3), (3, 6, 2), (1, 4, 1), (8, 8, 3)] {
        for &which in &all {
            for &other in &all {
                for kind in 0..4 {
                    let x: Matrix<f64> = of_kind(&mut draws, m, r, kind);
                    let y: Matrix<f64> = of_kind(&mut draws, r, n, 0);
                    let a = x.apply(&y).unwrap();
                    laws::constant_between(which, other, &a, r).unwrap();
                }
                let c = which.constant(&other, m, n, r).unwrap();
                attained += usize::from(c.attained_by.is_some());
            }
        }
    }
    // The other constants are upper bounds: matrices that attain them are not known (for one, Hadamard matrices of
    // every order).
    assert!(attained >= 850, "only {attained} of 1125 constants are attained");
    // Lecture notes often exchange √m and √n in these two (trap N9).
    let (f, inf) = (Norm::frobenius(), Norm::max_row_sum());
    assert!(f.constant(&inf, 9, 4, 4).unwrap().value.contains(3.0));
    assert!(inf.constant(&f, 9, 4, 4).unwrap().value.contains(2.0));
    assert!(f.constant(&inf, 3, 3, 4).unwrap_err().is_shape());
}

#[test]
fn slopes_are_unique_where_they_should_be() {
    let i = Matrix::<f64>::identity(3);
    let unique = |norm: Norm, a: &Matrix<f64>| norm.subgradient(a).unwrap().is_unique;
    // The nuclear norm is differentiable at repeated singular values and not at rank-deficient matrices; for the
    // spectral norm it is the other way round (trap N7).
    let deficient = Matrix::from_fn(3, 3, |i, j| if i == j && i < 2 { (i + 1) as f64 } else { 0.0 });
    assert!(unique(Norm::nuclear(), &i) && !unique(Norm::nuclear(), &deficient));
    assert!(!unique(Norm::spectral(), &i) && unique(Norm::spectral(), &deficient));
    let ky_fan = Norm::ky_fan(2).unwrap();
    assert!(!unique(ky_fan, &i) && unique(ky_fan, &deficient));
    assert!(unique(Norm::schatten(3.0).unwrap(), &i) && unique(Norm::frobenius(), &deficient));
    let zero = Matrix::<f64>::zeros(2, 2);
    for which in norms() {
        let g = which.subgradient(&zero).unwrap();
        assert!(!g.is_unique && g.matrix.as_slice().iter().all(|x| *x == 0.0), "{which}");
    }
    // ½‖·‖_F² has the gradient A, so ∂‖A‖_F² = 2A = 2‖A‖_F·(A/‖A‖_F).
    let g = Norm::frobenius().subgradient(&deficient).unwrap().matrix;
    assert!((g[(1, 1)] - 2.0 / 5f64.sqrt()).abs() < 1e-15);
}

#[test]
fn fan_dominance_names_the_first_norm_that_fails() {
    let a: Matrix<f64> = Draws(3).matrix(6, 4);
    let twice = Matrix::from_fn(6, 4, |i, j| 2.0 * a[(i, j)]);
    assert_eq!(kappa::ask::fan_dominance(&a, &twice).unwrap().weak, Some(true));
    assert_eq!(kappa::ask::fan_dominance(&twice, &a).unwrap().fails_at, Some(1));
    // A submatrix has a smaller norm than the matrix in every unitarily invariant norm.
    let part = Matrix::from_fn(3, 2, |i, j| a[(i, j)]);
    assert_eq!(kappa::ask::fan_dominance(&part, &a).unwrap().weak, Some(true));
    assert_eq!(kappa::values::majorization(&[1.0, 1.0], &[1.5, 0.5]).unwrap().strong, Some(true));
    assert_eq!(kappa::values::majorization(&[1.0, 1.0], &[2.0, 0.5]).unwrap().strong, Some(false));
    assert!(kappa::values::majorization(&[1.0], &[1.0, 2.0]).unwrap_err().is_shape());
}

#[test]
fn closed_forms_lie_inside() {
    let cases = [
        (gallery::second_difference(40), gallery::second_difference_singular_values(40)),
        (gallery::min_ij(40), gallery::min_ij_singular_values(40)),
        (gallery::lauchli(30, 2f64.powi(-30)), gallery::lauchli_singular_values(30, 2f64.powi(-30))),
        (gallery::hadamard(5), vec![32f64.sqrt(); 32]),
    ];
    for (a, expected) in cases {
        let s = singular_values(&a).unwrap();
        for (found, x) in s.iter().zip(&expected) {
            // The closed forms have rounding errors of a few units roundoff themselves.
            assert!(found.lower() <= x * (1.0 + 1e-14) && x * (1.0 - 1e-14) <= found.upper(), "{found:?} beside {x}");
            assert!(found.width() < 1e-13 * expected[0]);
        }
    }
}

#[test]
fn a_small_singular_value_survives_where_the_gram_product_would_lose_it() {
    // AᵀA of this matrix rounds to 11ᵀ, so that its eigenvalues give rank 1 (trap S2).
    let a = gallery::lauchli(12, 2f64.powi(-28));
    let s = singular_values(&a).unwrap();
    assert_eq!(s.rank(Tolerance::default()).lower(), 12.0);
    assert!((s.last().estimate() / 2f64.powi(-28) - 1.0).abs() < 1e-6);
}

#[test]
fn cond_in_any_norm_has_its_closed_form() {
    let a = Matrix::from_row_major(2, 2, vec![4.0, 0.0, 0.0, 0.5]).unwrap();
    assert!(cond(&a).unwrap().contains(8.0));
    assert!(cond_in(&a, Norm::frobenius()).unwrap().contains((16.25f64 * 4.0625).sqrt()));
    assert!(cond_in(&a, Norm::nuclear()).unwrap().contains(4.5 * 2.25));
    assert!(cond_in(&a, Norm::max_row_sum()).unwrap().contains(8.0));
    let singular = Matrix::from_fn(2, 2, |_, _| 1.0);
    assert_eq!(cond_in(&singular, Norm::nuclear()).unwrap().upper(), f64::INFINITY);
}

#[test]
fn the_max_entry_norm_is_not_submultiplicative() {
    // A = B = 11ᵀ gives ‖AB‖ = n (trap N9).
    let ones = Matrix::from_fn(5, 5, |_, _| 1.0);
    let square = ones.apply(&ones).unwrap();
    assert_eq!(norm(&square, Norm::max_abs()).unwrap().estimate(), 5.0);
    assert!(!Norm::max_abs().is_submultiplicative());
}

#[test]
fn easy_induced_norms_have_their_closed_forms() {
    let a = Matrix::from_row_major(2, 2, vec![3.0, 0.0, 4.0, 1.0]).unwrap();
    // 1→2 is the largest column 2-norm (trap N4).
    assert!(norm(&a, "induced:1,2".parse().unwrap()).unwrap().contains(5.0));
    assert!(norm(&a, "induced:2,inf".parse().unwrap()).unwrap().contains(17f64.sqrt()));
    let hard = norm(&a, Norm::induced(2.0, 1.0).unwrap().dual()).unwrap_err();
    assert!(hard.is_unsupported() && hard.hint().is_some());
}

#[test]
fn empty_zero_and_one_by_one() {
    for (m, n) in [(0, 0), (0, 3), (3, 0)] {
        let a = Matrix::<f64>::zeros(m, n);
        for which in norms() {
            assert_eq!(norm(&a, which).unwrap().upper(), 0.0, "{which} of {m}×{n}");
        }
        assert!(singular_values(&a).unwrap().is_empty());
        assert_eq!(rank(&a, Tolerance::default()).unwrap().upper(), 0.0);
        assert!(cond(&a).unwrap_err().is_shape());
        assert!(svd(&a).unwrap().singular_values().is_empty());
    }
    let zero = Matrix::<f64>::zeros(3, 2);
    assert_eq!(cond(&zero).unwrap().lower(), f64::INFINITY);
    let one = Matrix::from_fn(1, 1, |_, _| -7.0);
    assert_eq!(norm(&one, Norm::spectral()).unwrap().short(4), "7.000");
    assert!(cond(&one).unwrap().contains(1.0));
}

#[test]
fn the_first_entry_that_is_not_finite_is_named() {
    let mut a = Matrix::<f64>::zeros(9, 100);
    a[(7, 90)] = f64::NAN;
    a[(8, 3)] = f64::INFINITY;
    let errors = [
        norm(&a, Norm::frobenius()).unwrap_err(),
        norm(&a, Norm::entrywise(1.5).unwrap()).unwrap_err(),
        norm(&a, Norm::induced(1.0, 2.0).unwrap()).unwrap_err(),
        cond(&a).unwrap_err(),
        rank(&a, Tolerance::default()).unwrap_err(),
    ];
    for error in errors {
        assert!(error.is_not_finite());
        assert_eq!(error.to_string(), "the matrix has 2 entries that are not finite (first at row 8, column 91)");
    }
}

#[test]
fn large_operators_are_refused_by_name_not_by_memory() {
    struct Huge;
    impl LinearOperator<f64> for Huge {
        fn shape(&self) -> (usize, usize) {
            (1 << 40, 1 << 40)
        }
        fn apply(&self, x: &Matrix<f64>) -> kappa::Result<Matrix<f64>> {
            Ok(x.clone())
        }
        fn apply_adjoint(&self, x: &Matrix<f64>) -> kappa::Result<Matrix<f64>> {
            Ok(x.clone())
        }
    }
    assert!(norm(&Huge, Norm::spectral()).unwrap_err().is_limit());
}

#[test]
fn one_profile_answers_what_the_verbs_answer() {
    let a: Matrix<f64> = Draws(4).matrix(12, 30);
    let questions = Question::standard();
    let (p, all) = (Profile::of(&a).unwrap(), measure(&a, &questions).unwrap());
    for (question, answer) in questions.iter().zip(&all) {
        assert_eq!(p.answer(question).unwrap(), *answer, "{question}");
    }
    let written = measure(&Borrowed(&a), &questions).unwrap();
    assert_eq!(written, all);
    assert!(p.answer(&Question::SingularValue(13)).unwrap_err().is_shape());
    assert!(
        (p.stable_rank().unwrap().estimate() - {
            let (f, s) = (norm(&a, Norm::frobenius()).unwrap(), norm(&a, Norm::spectral()).unwrap());
            (f.estimate() / s.estimate()).powi(2)
        })
        .abs()
            < 1e-12
    );
}

#[test]
fn a_truncated_decomposition_errs_by_the_next_singular_value() {
    let a: Matrix<f64> = Draws(5).matrix(8, 6);
    let (approximation, error) = svd(&a).unwrap().low_rank(2).unwrap();
    let difference = Sum::new(a.clone(), Scaled { factor: -1.0, operator: approximation }).unwrap();
    let found = norm(&difference, Norm::spectral()).unwrap();
    assert!((found.estimate() - error.estimate()).abs() < 1e-13);
}
