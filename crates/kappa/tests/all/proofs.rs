//! Proofs: found where the claim is true, checked exactly, and invalid for anything else.

use kappa::ask::induced_norm;
use kappa::proof::{Claim, Dyadic, Witness, prove, verify};
use kappa::{Guarantee, Matrix, Norm, norm, singular_values_by};

fn matrix(m: usize, n: usize, seed: u64) -> Matrix<f64> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    Matrix::from_fn(m, n, |_, _| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f64 / (1 << 23) as f64 - 1.0
    })
}

fn claim(text: &str) -> Claim {
    text.parse().unwrap()
}

/// For each quantity: a number that it is below, one that it is above.
fn true_values(a: &Matrix<f64>) -> Vec<(&'static str, f64, f64)> {
    let s = singular_values_by(a, Guarantee::Certified).unwrap();
    let of = |name: &str| norm(a, name.parse().unwrap()).unwrap();
    let mut all = vec![("norm:spectral", s.first()), ("least_singular_value", s.last()), ("cond", s.cond().unwrap())];
    let names = [
        "norm:nuclear",
        "norm:frobenius",
        "norm:max-abs",
        "norm:entrywise:1",
        "norm:max-column-sum",
        "norm:max-row-sum",
    ];
    all.extend(names.map(|name| (name, of(name.trim_start_matches("norm:")))));
    all.into_iter().map(|(name, x)| (name, x.upper(), x.lower())).collect()
}

#[test]
fn every_kind_of_claim_is_proved_from_both_sides_when_it_is_true() {
    for (m, n, seed) in [(6, 4, 1), (3, 8, 2), (5, 5, 3), (1, 4, 4), (24, 17, 5)] {
        let a = matrix(m, n, seed);
        for (name, upper, lower) in true_values(&a) {
            let above = claim(&format!("{name} <= {}", upper * 1.001));
            let below = claim(&format!("{name} >= {}", lower * 0.999));
            for c in [above, below] {
                let witness = prove(&a, &c).unwrap_or_else(|e| panic!("{m}×{n}: {c}: {e}"));
                verify(&a, &c, &witness).unwrap();
                // The witness is for this matrix only, where it needs one at all.
                let other = Matrix::from_fn(m, n, |i, j| if c.is_upper() { 1.5 * a[(i, j)] } else { 0.5 * a[(i, j)] });
                let is_ratio = name == "cond";
                assert!(is_ratio || verify(&other, &c, &witness).is_err(), "{c} of another matrix");
            }
            for c in [format!("{name} <= {}", lower * 0.999), format!("{name} >= {}", upper * 1.001)] {
                assert!(prove(&a, &claim(&c)).is_err(), "{m}×{n}: the false claim {c} was proved");
            }
        }
    }
}

#[test]
fn claims_are_proved_close_to_the_true_value() {
    let a = matrix(30, 20, 7);
    let s = singular_values_by(&a, Guarantee::Certified).unwrap();
    let c = claim(&format!("norm:spectral <= {}", s.first().upper() * (1.0 + 1e-9)));
    let sharp = prove(&a, &c).unwrap();
    let loose = prove(&a, &claim(&format!("norm:spectral < {}", s.first().upper() * 1.5))).unwrap();
    let size = |w: &Witness| w.parts().iter().flat_map(|(_, p)| &p.rows).flatten().map(|x| x.abs()).max().unwrap();
    assert!(size(&loose) < 1 << 13 && size(&sharp) > 1 << 20, "{} {}", size(&loose), size(&sharp));
}

#[test]
fn hard_induced_norms_are_proved_from_both_sides() {
    let a = matrix(6, 5, 9);
    for (p, q) in [(f64::INFINITY, 1.0), (f64::INFINITY, 2.0), (2.0, 1.0)] {
        let how = kappa::ask::Induced { signs: 0, ..Default::default() };
        let x = induced_norm(&a, p, q, &how).unwrap();
        let name = Norm::induced(p, q).unwrap().to_string();
        for c in [format!("norm:{name} <= {}", x.upper() * 1.1), format!("norm:{name} >= {}", x.lower() * 0.999)] {
            let c = claim(&c);
            verify(&a, &c, &prove(&a, &c).unwrap()).unwrap();
        }
        assert!(prove(&a, &claim(&format!("norm:{name} <= {}", x.lower() * 0.999))).is_err());
    }
}

#[test]
fn tampering_is_noticed() {
    let a = matrix(8, 8, 11);
    let first = singular_values_by(&a, Guarantee::Certified).unwrap().first();
    let c = claim(&format!("norm:spectral <= {}", first.upper() * 1.01));
    let witness = prove(&a, &c).unwrap();
    let Witness::Above { factor } = &witness else { panic!("{witness:?}") };
    let mut bent = factor.clone();
    bent.rows[5][2] += 1 << 6;
    assert!(verify(&a, &c, &Witness::Above { factor: bent }).is_err());
    let mut short = factor.clone();
    short.rows.pop();
    assert!(verify(&a, &c, &Witness::Above { factor: short }).unwrap_err().is_shape());
    let mut huge = factor.clone();
    huge.shift = 1 << 30;
    assert!(verify(&a, &c, &Witness::Above { factor: huge }).unwrap_err().is_limit());
    // A zero vector satisfies ‖Ax‖ ≥ c‖x‖ for every c.
    let zero = Dyadic { shift: 0, rows: vec![vec![0; 8]] };
    for text in ["norm:spectral >= 1e6", "least_singular_value <= 1e-6", "norm:induced:inf,1 >= 1e9"] {
        assert!(verify(&a, &claim(text), &Witness::Vector { x: zero.clone() }).is_err(), "{text}");
    }
    let pair = Witness::Pair { x: zero.clone(), y: zero };
    assert!(verify(&a, &claim("cond >= 1e9"), &pair).is_err());
    // t = 0 would show any condition number of the zero matrix.
    let nothing = Dyadic { shift: 0, rows: vec![vec![0], vec![0, 0]] };
    let between = Witness::Between { middle: 0.0, above: nothing.clone(), below: nothing.clone() };
    assert!(verify(&Matrix::zeros(2, 2), &claim("cond <= 2"), &between).is_err());
    let empty = Dyadic { shift: 0, rows: vec![] };
    let none = Witness::Below { factor: empty.clone() };
    assert!(verify(&Matrix::zeros(0, 0), &claim("least_singular_value >= 5"), &none).unwrap_err().is_shape());
    let between = Witness::Between { middle: 1.0, above: empty.clone(), below: empty };
    assert!(verify(&Matrix::zeros(0, 0), &claim("cond <= 2"), &between).unwrap_err().is_shape());
    let least = Witness::Above { factor: Dyadic { shift: i32::MIN, ..nothing } };
    assert!(verify(&Matrix::zeros(2, 2), &claim("norm:spectral <= 2"), &least).unwrap_err().is_limit());
    // Shapes are checked before any product of the size of the matrix.
    let large = Matrix::<f64>::zeros(3000, 3000);
    let tiny = Witness::Above { factor: Dyadic { shift: 0, rows: vec![vec![1]] } };
    assert!(verify(&large, &claim("norm:spectral <= 2"), &tiny).unwrap_err().is_limit());
    // A witness of another kind proves nothing.
    assert!(verify(&a, &claim("norm:nuclear <= 100"), &witness).is_err());
    assert!(verify(&a, &claim("norm:frobenius <= 1"), &Witness::Entries).is_err());
}

#[test]
fn claims_that_cannot_be_proved_are_named() {
    for text in [
        "effective_rank < 3",
        "norm:schatten:3 < 2",
        "cond = 3",
        "norm:spectral < -1",
        "norm:spectral <= inf",
        "norm:induced:1e17,inf >= 2",
        "rank >= 2",
    ] {
        let error = text.parse::<Claim>().unwrap_err();
        assert!(error.is_unsupported() && error.hint().is_some(), "{text}: {error}");
    }
    assert_eq!(claim("least_singular_value >= 0.5").to_string(), "least_singular_value >= 0.5");
    let big = Matrix::<f64>::zeros(1100, 1100);
    assert!(prove(&big, &claim("norm:spectral <= 1")).unwrap_err().is_limit());
    assert!(prove(&big, &claim("norm:max-abs <= 1")).is_ok());
}

#[test]
fn huge_tiny_and_mixed_scales_are_proved_too() {
    for scale in [2f64.powi(-1000), 1e-160, 1e160] {
        let a = Matrix::from_fn(4, 3, |i, j| matrix(4, 3, 13)[(i, j)] * scale);
        let s = singular_values_by(&a, Guarantee::Certified).unwrap();
        let c = claim(&format!("norm:frobenius <= {:e}", norm(&a, Norm::frobenius()).unwrap().upper()));
        verify(&a, &c, &prove(&a, &c).unwrap()).unwrap();
        let c = claim(&format!("norm:spectral >= {:e}", s.first().lower() * 0.99));
        verify(&a, &c, &prove(&a, &c).unwrap()).unwrap();
        let c = claim(&format!("norm:spectral <= {:e}", s.first().upper() * 1.01));
        verify(&a, &c, &prove(&a, &c).unwrap()).unwrap();
    }
}
