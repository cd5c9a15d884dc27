//! Answers taken apart and put together again, and questions to operators whose type is known at run time only.

use kappa::ask::{LanczosDensity, StochasticLanczos};
use kappa::factor::{Eig, EigParts};
use kappa::values::{Clauset, Doubt, Tail};
use kappa::{
    AnyOperator, Guarantee, Matrix, Norm, SingularValues, Sparse, Tolerance, eig, singular_values, singular_values_by,
};

fn hilbert(m: usize, n: usize) -> Matrix<f64> {
    Matrix::from_fn(m, n, |i, j| 1.0 / (1.0 + i as f64 + j as f64))
}

#[test]
fn singular_values_survive_being_taken_apart() {
    // Values in double-double, by a Gram product, by a bidiagonal reduction, and certified.
    let all = [
        singular_values(&hilbert(4, 3)).unwrap(),
        singular_values(&hilbert(900, 20)).unwrap(),
        singular_values(&hilbert(80, 70)).unwrap(),
        singular_values_by(&hilbert(6, 6), Guarantee::Certified).unwrap(),
    ];
    for values in all {
        let again = SingularValues::from_parts(values.parts()).unwrap();
        assert_eq!(again, values);
        assert_eq!(again.norm(Norm::nuclear()).unwrap(), values.norm(Norm::nuclear()).unwrap());
        assert_eq!(again.rank(Tolerance::default()), values.rank(Tolerance::default()));
    }
    let mut parts = singular_values(&hilbert(4, 3)).unwrap().parts();
    parts.doubt = Doubt::Each(Vec::new());
    assert!(SingularValues::from_parts(parts).unwrap_err().is_shape());
}

#[test]
fn tails_densities_and_eigenvalues_survive_being_taken_apart() {
    let numbers: Vec<f64> = (1..200).map(|k| (k as f64 / 200.0).powf(-0.5)).collect();
    let tail = Tail::of(&numbers, &Clauset::default()).unwrap();
    let again = Tail::from_parts(tail.parts()).unwrap();
    assert_eq!((again.parts(), again.laws()), (tail.parts(), tail.laws()));
    assert_eq!(again.p_value(20, 1).unwrap(), tail.p_value(20, 1).unwrap());
    let mut parts = tail.parts();
    parts.from = parts.values.len();
    assert!(Tail::from_parts(parts).unwrap_err().is_argument());

    let density = LanczosDensity::of(&hilbert(40, 30), &StochasticLanczos { probes: 3, ..Default::default() }).unwrap();
    assert_eq!(LanczosDensity::from_parts(density.parts()), density);

    let skewed = Matrix::from_fn(5, 5, |i, j| (i * i + 3 * j) as f64 / (1 + i + j) as f64);
    for a in [hilbert(5, 5), skewed] {
        let f = eig(&a).unwrap();
        let again = Eig::from_parts(f.parts().clone()).unwrap();
        assert_eq!(again, f);
        assert_eq!(again.vector_cond().unwrap(), f.vector_cond().unwrap());
        let fewer = EigParts { defects: Vec::new(), ..f.parts().clone() };
        assert!(Eig::from_parts(fewer).unwrap_err().is_shape());
    }
}

#[test]
fn the_largest_values_of_a_large_sparse_matrix_need_no_dense_one() {
    let n = 60_000;
    let diagonal = (0..n).map(|i| (i, i, if i == 7 { 5.0 } else { 1.0 + i as f64 / n as f64 })).collect();
    let a = Sparse::from_triplets((n, n), diagonal).unwrap();
    let a = AnyOperator::from(&a);
    let top = a.top_singular_values(1).unwrap();
    assert_eq!((top.len(), top.shape()), (1, (n, n)));
    assert!(top.first().contains(5.0) && top.algorithm().contains("Lanczos"), "{top:?}");
    assert!(a.singular_values().unwrap_err().is_limit());
    // What is stored in full is decomposed.
    let small = hilbert(5, 4);
    assert_eq!(AnyOperator::from(&small).top_singular_values(2).unwrap(), singular_values(&small).unwrap());
}
