//! Ranks follow the precision of the type in which the entries are stored, whatever they are widened to.

use kappa::{
    AnyOperator, Guarantee, Lstsq, Matrix, Profile, Question, Tolerance, lstsq_by, measure, pinv, rank,
    singular_values, singular_values_by, svd,
};

/// A product of rank r whose entries are rounded by `round`.
fn product(n: usize, r: usize, round: fn(f64) -> f64) -> Matrix<f64> {
    let factor = |i: usize, k: usize| ((i * i * 7 + 13 * k + i * k * k + 3) % 31) as f64 / 31.0 - 0.5;
    Matrix::from_fn(n, n, |i, j| round((0..r).map(|k| factor(i, k) * factor(j + 5, k + 2)).sum()))
}

fn single(a: &Matrix<f64>) -> Matrix<f32> {
    Matrix::from_fn(a.rows(), a.columns(), |i, j| a[(i, j)] as f32)
}

#[test]
fn a_product_rounded_to_single_precision_has_its_rank_at_every_door() {
    let a = single(&product(40, 3, |x| x));
    assert_eq!(rank(&a, Tolerance::default()).unwrap().upper(), 3.0);
    assert_eq!(svd(&a).unwrap().rank(Tolerance::default()).upper(), 3.0);
    assert_eq!(pinv(&a, Tolerance::default()).unwrap().rank, 3);
    assert_eq!(Profile::of(&a).unwrap().answer(&"rank".parse().unwrap()).unwrap().upper(), 3.0);
    for guarantee in [Guarantee::Usual, Guarantee::Certified] {
        let values = singular_values_by(&a, guarantee).unwrap();
        assert_eq!((values.rank(Tolerance::default()).upper(), values.stored_rank().upper()), (3.0, 3.0));
    }
    let found = measure(&a, &[Question::Rank(Tolerance::default()), Question::StoredRank]).unwrap();
    assert_eq!((found[0].upper(), found[1].upper()), (3.0, 3.0));
    let b = Matrix::from_fn(40, 1, |i, _| i as f32);
    let s = lstsq_by(&a, &b, &Lstsq::default()).unwrap();
    assert_eq!(s.rank(), 3);
    assert!(s.x().as_slice().iter().all(|x| x.abs() < 1e4), "the solution of least norm is small");
    // The same entries stored as doubles have the rank that rounding gave them.
    let wide = Matrix::from_fn(40, 40, |i, j| f64::from(a[(i, j)]));
    assert!(rank(&wide, Tolerance::default()).unwrap().lower() > 20.0);
    assert_eq!(rank(&wide, Tolerance::of_type(f64::from(f32::EPSILON))).unwrap().upper(), 3.0);
}

/// bf16 keeps 8 bits: the leading 16 of f32, rounded to even.
fn bf16(x: f64) -> f64 {
    let bits = (x as f32).to_bits();
    f64::from(f32::from_bits((bits + 0x7fff + (bits >> 16 & 1)) & 0xffff_0000))
}

fn f16(x: f64) -> f64 {
    kappa::arithmetic::F16.round(x)
}

#[test]
fn narrow_types_are_declared_by_those_who_widen_them() {
    for (round, epsilon) in [(bf16 as fn(f64) -> f64, 2f64.powi(-7)), (f16, 2f64.powi(-10))] {
        for r in [1, 4, 16] {
            let a = single(&product(128, r, round));
            let any = AnyOperator::from(&a).stored_with(epsilon);
            let values = any.singular_values().unwrap();
            assert_eq!(values.stored_rank().upper(), r as f64, "{epsilon}");
            assert_eq!(any.rank(Tolerance::default()).unwrap().upper(), values.rank(Tolerance::default()).upper());
            assert_eq!(values.rank(Tolerance::default()).upper(), r as f64, "{epsilon}");
            assert!(values.stored_rank().lower() >= 1.0);
            // Questions in double precision keep what the operator knows.
            assert_eq!(
                any.pinv(Tolerance::default()).unwrap().rank(),
                values.rank(Tolerance::default()).upper() as usize
            );
        }
    }
    // A single number of the coarsest type is not zero.
    let one = Matrix::from_fn(300, 300, |i, j| if i == j { 1.0f32 } else { 0.0 });
    assert!(AnyOperator::from(&one).stored_with(0.125).rank(Tolerance::default()).unwrap().lower() >= 1.0);
}

/// The least r by the definition, in plain arithmetic.
#[test]
fn the_stored_rank_is_the_least_rank_within_rounding() {
    for scale in [2f64.powi(-900), 1.0, 2f64.powi(900)] {
        let a = Matrix::from_fn(12, 12, |i, j| if i == j { scale * 2f64.powi(-6 * i as i32) } else { 0.0 });
        for epsilon in [0.25, 2f64.powi(-7), 2f64.powi(-10), 2f64.powi(-23), 2f64.powi(-52)] {
            let found = singular_values(&a).unwrap().stored_with(epsilon).stored_rank();
            let u = epsilon / 2.0;
            let total: f64 = (0..12).map(|i| 2f64.powi(-12 * i)).sum();
            let truth = (0..=12).find(|&r| {
                let rest: f64 = (r..12).map(|i| 2f64.powi(-12 * i)).sum();
                rest.sqrt() <= u / (1.0 - u) * total.sqrt()
            });
            assert_eq!((found.lower(), found.upper()), (truth.unwrap() as f64, truth.unwrap() as f64), "{epsilon}");
        }
    }
    assert_eq!(singular_values(&Matrix::<f64>::zeros(3, 2)).unwrap().stored_rank().upper(), 0.0);
    assert_eq!(singular_values(&Matrix::<f64>::zeros(0, 2)).unwrap().stored_rank().upper(), 0.0);
}
