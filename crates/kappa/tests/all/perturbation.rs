//! Every theorem on thousands of random pairs, and on the case where it is attained; backward errors with the changes
//! that show them; regions that hold what they promise.

use std::collections::BTreeMap;

use kappa::perturb::{
    BauerFike, ComponentwiseSystem, DavisKahan, EisenstatIpsen, Elsner, HoffmanWielandt, InversePerturbation,
    LeastSquaresPerturbation, LinearSystem, Mirsky, Theorem, Wedin, Weyl, backward_error_eigenpair,
    backward_error_least_squares, backward_error_of_triplet, backward_error_system, componentwise_backward_error,
    perturb, principal_angles, theorem, theorems,
};
use kappa::regions::{
    NumericalRange, Pseudospectrum, Region, ellipse, gelfand, gershgorin, normality, numerical_range, pseudospectrum,
    pseudospectrum_cells,
};
use kappa::{
    Guarantee, LinearOperator, Matrix, Norm, Scalar, c64, cond_by, eig, eigh, gallery, lu, norm_by, numerical_radius,
    singular_values, singular_values_by, svd,
};

use crate::draws::Draws;

fn product<W: Scalar>(a: &Matrix<W>, b: &Matrix<W>) -> Matrix<W> {
    a.apply(b).unwrap()
}

fn length(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum::<f64>().sqrt()
}

fn sum<W: Scalar>(a: &Matrix<W>, b: &Matrix<W>) -> Matrix<W> {
    Matrix::from_fn(a.rows(), a.columns(), |i, j| a[(i, j)] + b[(i, j)])
}

fn size(a: &Matrix<f64>) -> f64 {
    norm_by(a, Norm::spectral(), Guarantee::Certified).unwrap().upper()
}

/// A change of a random size, now and then none at all.
fn changed<T: Scalar>(draws: &mut Draws, a: &Matrix<T>, seed: u64) -> Matrix<T> {
    let e: Matrix<T> = draws.matrix(a.rows(), a.columns());
    let scale = [1e-12, 1e-6, 1e-3, 0.1, 1.0, 0.0][(seed % 6) as usize];
    Matrix::from_fn(a.rows(), a.columns(), |i, j| a[(i, j)] + e[(i, j)].scale(scale))
}

#[test]
fn no_theorem_is_violated_by_random_pairs() {
    let mut seen: BTreeMap<&'static str, (usize, f64)> = BTreeMap::new();
    let mut note = |found: Vec<kappa::perturb::Applied>, case: &str| {
        for t in found {
            assert!(!t.is_violated(), "{case}: {t:?}");
            let entry = seen.entry(t.theorem.name()).or_default();
            *entry = (entry.0 + 1, entry.1.max(t.ratio()));
        }
    };
    for seed in 0..2800u64 {
        let mut draws = Draws(seed);
        let n = 1 + (seed % 4) as usize;
        let a: Matrix<f64> = draws.matrix(n, n);
        note(perturb(&a, &changed(&mut draws, &a, seed)).unwrap(), "square");
        let symmetric = |x: &Matrix<f64>| Matrix::from_fn(n, n, |i, j| x[(i.min(j), i.max(j))]);
        let (h, k) = (symmetric(&a), symmetric(&changed(&mut draws, &a, seed)));
        note(perturb(&h, &k).unwrap(), "symmetric");
        let wide: Matrix<c64> = draws.matrix(n, n + 1);
        note(perturb(&wide, &changed(&mut draws, &wide, seed)).unwrap(), "wide");
    }
    for (name, least) in [
        ("weyl", 6000),
        ("mirsky", 6000),
        ("hoffman-wielandt", 2000),
        ("elsner", 2000),
        ("bauer-fike", 2000),
        ("davis-kahan", 1500),
        ("wedin", 2000),
        ("inverse", 2000),
    ] {
        let (count, ratio) = seen[name];
        assert!(count >= least, "{name} was tried {count} times only");
        // The best guesses, at changes of 1e-12 themselves only guesses; the certified ends were compared above.
        assert!(ratio > 0.3 && ratio <= 1.05, "{name}: {ratio}");
    }
}

#[test]
fn theorems_about_solutions_hold_for_random_systems() {
    let mut tried = 0;
    for seed in 0..2000u64 {
        let mut draws = Draws(seed ^ 0xabc);
        let n = 2 + (seed % 4) as usize;
        let core: Matrix<f64> = draws.matrix(n, n);
        let a = Matrix::from_fn(n, n, |i, j| core[(i, j)] + 1.5 * f64::from(i == j));
        let b = draws.vector(n);
        let e = 10f64.powi(-((seed % 8) as i32) - 1);
        // Relative changes of every entry, so that both kinds of theorems speak of them.
        let ea = Matrix::from_fn(n, n, |i, j| a[(i, j)] * e * draws.next());
        let fb: Vec<f64> = b.iter().map(|b| b * e * draws.next()).collect();
        let solve = |a: &Matrix<f64>, b: &[f64]| {
            let right = Matrix::from_column_major(b.len(), 1, b.to_vec()).unwrap();
            lu(a).unwrap().solve(&right).unwrap().into_vec()
        };
        let x = solve(&a, &b);
        let y = solve(&sum(&a, &ea), &b.iter().zip(&fb).map(|(b, f)| b + f).collect::<Vec<f64>>());
        let moved: Vec<f64> = x.iter().zip(&y).map(|(x, y)| x - y).collect();
        let cond = cond_by(&a, Norm::spectral(), Guarantee::Certified).unwrap().value.enclosure().upper();
        let norm = norm_by(&a, Norm::spectral(), Guarantee::Certified).unwrap().lower();
        let bound = LinearSystem::new(cond, size(&ea) / norm, length(&fb) / length(&b)).unwrap().bound().upper();
        assert!(length(&moved) / length(&x) <= bound * (1.0 + 1e-9) + 1e-13 * cond, "{seed}");
        let top = |x: &[f64]| x.iter().fold(0.0f64, |m, x| m.max(x.abs()));
        if let Ok(t) = ComponentwiseSystem::new(&a, &x, e) {
            tried += usize::from(t.bound().upper().is_finite());
            assert!(top(&moved) / top(&x) <= t.bound().upper() * (1.0 + 1e-9) + 1e-13 * t.cond(), "{seed}: {t:?}");
        }
        // Least squares with a few more rows.
        let m = n + 2;
        let tall: Matrix<f64> = draws.matrix(m, n);
        let right = draws.vector(m);
        let k = cond_by(&tall, Norm::spectral(), Guarantee::Certified).unwrap().value.enclosure();
        let (et, er): (Matrix<f64>, Vec<f64>) = (draws.matrix(m, n), draws.vector(m));
        let scale_a = e * norm_by(&tall, Norm::spectral(), Guarantee::Certified).unwrap().lower() / size(&et);
        let scale_b = e * length(&right) / length(&er);
        let nearby = Matrix::from_fn(m, n, |i, j| tall[(i, j)] + scale_a * et[(i, j)]);
        let moved_right: Vec<f64> = right.iter().zip(&er).map(|(b, f)| b + scale_b * f).collect();
        let (x, y) = (fit(&tall, &right), fit(&nearby, &moved_right));
        let residual: Vec<f64> = (0..m).map(|i| right[i] - (0..n).map(|j| tall[(i, j)] * x[j]).sum::<f64>()).collect();
        let share =
            length(&residual) / (norm_by(&tall, Norm::spectral(), Guarantee::Certified).unwrap().lower() * length(&x));
        let bound = LeastSquaresPerturbation::new(k.upper(), e * (1.0 + 1e-12), share).unwrap().bound().upper();
        let moved: Vec<f64> = x.iter().zip(&y).map(|(x, y)| x - y).collect();
        assert!(length(&moved) / length(&x) <= bound * (1.0 + 1e-9) + 1e-11 * k.upper().powi(2), "{seed}");
    }
    assert!(tried > 1000);
}

fn fit(a: &Matrix<f64>, b: &[f64]) -> Vec<f64> {
    let f = svd(a).unwrap();
    let along = product(&f.u().adjoint(), &Matrix::from_column_major(b.len(), 1, b.to_vec()).unwrap());
    let s = f.singular_values().estimates();
    product(f.v(), &Matrix::from_fn(s.len(), 1, |i, _| along[(i, 0)] / s[i])).into_vec()
}

#[test]
fn theorems_are_attained_where_the_books_say() {
    // Weyl, Mirsky, Hoffman–Wielandt: adding a multiple of the identity moves every value as far as it can.
    let a = Matrix::from_fn(3, 3, |i, j| if i == j { 1.0 + i as f64 } else { 0.0 });
    let b = Matrix::from_fn(3, 3, |i, j| if i == j { 1.5 + i as f64 } else { 0.0 });
    for t in perturb(&a, &b).unwrap() {
        if ["weyl", "mirsky", "hoffman-wielandt"].contains(&t.theorem.name()) {
            assert!(t.ratio() > 1.0 - 1e-9, "{t:?}");
        }
    }
    // Wedin and Davis–Kahan: rotations of a gap of 2: sin θ = ‖E‖/gap up to second order.
    let turn = |theta: f64| {
        let (s, c) = theta.sin_cos();
        Matrix::from_row_major(2, 2, vec![c * c - s * s, 2.0 * s * c, 2.0 * s * c, s * s - c * c]).unwrap()
    };
    let small = 1e-4;
    let found = perturb(&turn(0.0), &turn(small)).unwrap();
    let ratio = |name: &str| found.iter().find(|t| t.theorem.name() == name).unwrap().ratio();
    assert!(ratio("davis-kahan") > 0.999, "{found:?}");
    // A gap of singular values, 3 and 1.
    let d = |theta: f64| {
        let (s, c) = theta.sin_cos();
        product(
            &Matrix::from_row_major(2, 2, vec![c, -s, s, c]).unwrap(),
            &Matrix::from_row_major(2, 2, vec![3.0, 0.0, 0.0, 1.0]).unwrap(),
        )
    };
    assert!(perturb(&d(0.0), &d(small)).unwrap().iter().any(|t| t.theorem.name() == "wedin" && t.ratio() > 0.5));
    // Bauer–Fike for a normal matrix: κ(X) = 1.
    let n = Matrix::from_row_major(2, 2, vec![0.0, -1.0, 1.0, 0.0]).unwrap();
    let m = Matrix::from_row_major(2, 2, vec![0.25, -1.0, 1.0, 0.25]).unwrap();
    let found = perturb(&n, &m).unwrap();
    for name in ["bauer-fike", "hoffman-wielandt"] {
        assert!(found.iter().any(|t| t.theorem.name() == name && t.ratio() > 1.0 - 1e-4), "{name}: {found:?}");
    }
    // Elsner: a Jordan block and a shift of order 2 with ‖A‖ = ‖B‖ = 1: eigenvalue 0 against ±1 at ‖A − B‖ = 1, bound
    // √2·1.
    let j = Matrix::from_row_major(2, 2, vec![0.0, 1.0, 0.0, 0.0]).unwrap();
    let s = Matrix::from_row_major(2, 2, vec![0.0, 1.0, 1.0, 0.0]).unwrap();
    let found = perturb(&j, &s).unwrap();
    assert!(
        found.iter().any(|t| t.theorem.name() == "elsner" && (t.ratio() - 0.5f64.sqrt()).abs() < 1e-6),
        "{found:?}"
    );
    // The inverse and linear systems: scaling a matrix by 1 − ε, κ = 1: (1/(1 − ε) − 1) = ε/(1 − ε).
    let one = Matrix::from_fn(2, 2, |i, j| f64::from(i == j));
    let less = Matrix::from_fn(2, 2, |i, j| 0.75 * f64::from(i == j));
    let found = perturb(&one, &less).unwrap();
    assert!(found.iter().any(|t| t.theorem.name() == "inverse" && t.ratio() > 1.0 - 1e-6), "{found:?}");
    // Trap: first order alone, κ(ε_A + ε_b) = 0.25, is exceeded by what happens: 1/3.
    assert!(LinearSystem::new(1.0, 0.25, 0.0).unwrap().bound().upper() >= 1.0 / 3.0);
    assert!((LinearSystem::new(1.0, 0.25, 0.0).unwrap().bound().upper() - 1.0 / 3.0).abs() < 1e-12);
    // Componentwise: the same scaling.
    let t = ComponentwiseSystem::new(&one, &[1.0, 1.0], 0.25).unwrap();
    assert!((t.bound().upper() - 2.0 / 3.0).abs() < 1e-12);
    // Eisenstat–Ipsen: D = (1 + δ)I from both sides.
    let delta: f64 = 0.1;
    let defect = (1.0 + delta) * (1.0 + delta) - 1.0;
    let bound = EisenstatIpsen::new(defect, defect).unwrap().bound().upper();
    assert!((bound - defect).abs() < 1e-12, "σ grows by (1 + δ)²: {bound}");
    // Least squares: ε/(1 − ε)·2 for κ = 1 and no residual: A shrinks and b grows, (1 + ε)/(1 − ε) − 1.
    let bound = LeastSquaresPerturbation::new(1.0, 0.25, 0.0).unwrap().bound().upper();
    assert!((bound - (1.25f64 / 0.75 - 1.0)).abs() < 1e-12);
}

#[test]
fn relative_scaling_moves_singular_values_relatively() {
    for seed in 0..2000u64 {
        let mut draws = Draws(seed ^ 0x77);
        let n = 1 + (seed % 5) as usize;
        let core: Matrix<f64> = draws.matrix(n, n);
        // Graded, so that absolute bounds would say nothing of the small ones.
        let a = Matrix::from_fn(n, n, |i, j| core[(i, j)] * 10f64.powi(-(3 * j as i32)));
        let defect = |d: &[f64]| d.iter().map(|d| (d * d - 1.0).abs()).fold(0.0, f64::max);
        let scale = |draws: &mut Draws| (0..n).map(|_| 1.0 + 0.2 * draws.next()).collect::<Vec<f64>>();
        let (p, q) = (scale(&mut draws), scale(&mut draws));
        let b = Matrix::from_fn(n, n, |i, j| p[i] * a[(i, j)] * q[j]);
        let bound = EisenstatIpsen::new(defect(&p), defect(&q)).unwrap().bound().upper();
        let (s, t) = (
            singular_values_by(&a, Guarantee::Certified).unwrap(),
            singular_values_by(&b, Guarantee::Certified).unwrap(),
        );
        for (x, y) in s.iter().zip(t.iter()) {
            assert!(
                y.lower() <= x.upper() * (1.0 + bound) * (1.0 + 1e-9)
                    && y.upper() >= x.lower() * (1.0 - bound) * (1.0 - 1e-9)
            );
        }
    }
}

#[test]
fn theorems_have_names_and_check_their_hypotheses() {
    for info in theorems() {
        let numbers = vec![1.0; info.parameters.len()];
        let t = theorem(info.name, &numbers).unwrap();
        assert_eq!((t.name(), t.statement()), (info.name, info.statement));
        assert!(t.bound().upper() >= 0.0 && !t.statement().is_empty() && !t.reference().is_empty());
        assert!(t.bound().evidence().to_string().starts_with("theorem"), "{}", t.bound().evidence());
        assert!(theorem(info.name, &[]).unwrap_err().hint().is_some());
        assert_eq!(t.numbers().len(), numbers.len());
        assert!(theorem(info.name, &vec![f64::NAN; numbers.len()]).unwrap_err().is_argument());
        assert!(theorem(info.name, &vec![-1.0; numbers.len()]).unwrap_err().is_argument());
    }
    assert!(theorem("murphy", &[1.0]).unwrap_err().hint().unwrap().contains("weyl"));
    assert!(DavisKahan::new(0.0, 1.0).is_err() && Wedin::new(-1.0, 1.0).is_err() && Weyl::new(-1.0).is_err());
    assert!(
        BauerFike::new(0.5, 1.0).is_err()
            && BauerFike::new(1.0 - 1e-12, 1.0).unwrap().cond() == 1.0
            && Elsner::new(1.0, 0.0, 3.0).unwrap().bound().upper() == 0.0
    );
    assert!(HoffmanWielandt::new(f64::NAN).is_err() && Mirsky::new(f64::NAN).is_err());
    assert_eq!(InversePerturbation::new(1e3, 1e-3).unwrap().bound().upper(), f64::INFINITY);
}

#[test]
fn backward_errors_are_attained_by_the_changes_that_come_with_them() {
    for seed in 0..500u64 {
        let mut draws = Draws(seed ^ 0x55);
        let (m, n) = (1 + (seed % 5) as usize, 1 + (seed % 4) as usize);
        let a: Matrix<c64> = draws.matrix(m, n);
        let x: Vec<c64> = draws.matrix::<c64>(n, 1).into_vec();
        let b: Vec<c64> = draws.matrix::<c64>(m, 1).into_vec();
        let norm = |v: &[c64]| v.iter().map(|z| z.norm_sqr()).sum::<f64>().sqrt();
        let exact = |e: &Matrix<c64>, f: &[c64]| {
            let left = product(&sum(&a, e), &Matrix::from_column_major(n, 1, x.clone()).unwrap());
            norm(&(0..m).map(|i| left[(i, 0)] - b[i] - f[i]).collect::<Vec<c64>>())
        };
        let found = backward_error_system(&a, &x, &b).unwrap();
        assert!(exact(&found.matrix_change, &found.rhs_change) < 1e-13);
        let spectral = |e: &Matrix<c64>| norm_by(e, Norm::spectral(), Guarantee::Certified).unwrap().estimate();
        assert!((spectral(&found.matrix_change) / spectral(&a) - found.value.estimate()).abs() < 1e-12, "{found:?}");
        assert!((norm(&found.rhs_change) / norm(&b) - found.value.estimate()).abs() < 1e-12);
        let found = componentwise_backward_error(&a, &x, &b).unwrap();
        assert!(exact(&found.matrix_change, &found.rhs_change) < 1e-12);
        let omega = found.value.upper() * (1.0 + 1e-12);
        assert!((0..m).all(|i| found.rhs_change[i].norm() <= omega * b[i].norm()));
        assert!((0..m).all(|i| (0..n).all(|j| found.matrix_change[(i, j)].norm() <= omega * a[(i, j)].norm())));
        assert!(found.value.width() < 1e-12 * found.value.upper());
        let k = m.min(n);
        let s = Matrix::from_fn(k, k, |i, j| a[(i, j)]);
        let (value, vector) = (c64::new(draws.next(), draws.next()), &x[..k]);
        let found = backward_error_eigenpair(&s, value, vector).unwrap();
        let image = product(&sum(&s, &found.matrix_change), &Matrix::from_column_major(k, 1, vector.to_vec()).unwrap());
        assert!(norm(&(0..k).map(|i| image[(i, 0)] - value * vector[i]).collect::<Vec<c64>>()) < 1e-13);
    }
    // Exact answers have no backward error; what no matrix can give must come from b.
    let a = Matrix::from_row_major(2, 2, vec![2.0, 1.0, 0.0, 0.0]).unwrap();
    assert!(backward_error_system(&a, &[1.0, 1.0], &[3.0, 0.0]).unwrap().value.upper() < 1e-300);
    let zero = Matrix::<f64>::zeros(1, 1);
    assert!(componentwise_backward_error(&zero, &[1.0], &[1.0]).unwrap().value.contains(1.0));
    assert_eq!(componentwise_backward_error(&zero, &[1.0], &[0.0]).unwrap().value.upper(), 0.0);
    assert!(backward_error_system(&a, &[1.0], &[3.0, 0.0]).unwrap_err().is_shape());
    let f = svd(&gallery::hilbert(5)).unwrap();
    let s = f.singular_values().estimates();
    let e = backward_error_of_triplet(&gallery::hilbert(5), s[0], f.u().column(0), f.v().column(0)).unwrap();
    assert!(e.upper() < 1e-14);
    let e = backward_error_of_triplet(&gallery::hilbert(5), s[0] + 0.1, f.u().column(0), f.v().column(0)).unwrap();
    assert!((e.estimate() - 0.1 / s[0]).abs() < 1e-12);
    // Least squares: the solution of a slightly changed problem has at most that backward error, and little less.
    let mut draws = Draws(9);
    for _ in 0..50 {
        let (m, n) = (7, 3);
        let a: Matrix<f64> = draws.matrix(m, n);
        let b = draws.vector(m);
        let e = Matrix::from_fn(m, n, |_, _| 1e-6 * draws.next());
        let x = fit(&sum(&a, &e), &b);
        let frobenius = |x: &Matrix<f64>| length(x.as_slice());
        let found = backward_error_least_squares(&a, &x, &b).unwrap();
        assert!(found.estimate() <= frobenius(&e) / frobenius(&a) * 1.001 && found.estimate() > 0.0, "{found:?}");
        let exact = backward_error_least_squares(&a, &fit(&a, &b), &b).unwrap();
        assert!(exact.estimate() < 1e-14, "{exact:?}");
    }
}

#[test]
fn principal_angles_are_those_of_known_planes() {
    for theta in [1e-12, 1e-6, 0.3, 1.2, std::f64::consts::FRAC_PI_2] {
        let (s, c) = f64::sin_cos(theta);
        let x = Matrix::from_row_major(4, 2, vec![1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0]).unwrap();
        let y = Matrix::from_row_major(4, 2, vec![1.0, 0.0, 0.0, c, 0.0, s, 0.0, 0.0]).unwrap();
        let found = principal_angles(&x, &y).unwrap();
        assert!(
            (found[0].estimate() - theta).abs() <= 1e-15 + 1e-12 * theta && found[1].estimate() < 1e-7,
            "{theta} {found:?}"
        );
    }
    assert!(principal_angles(&Matrix::<f64>::zeros(2, 1), &Matrix::<f64>::zeros(3, 1)).is_err());
}

#[test]
fn regions_hold_every_eigenvalue() {
    for seed in 0..300u64 {
        let mut draws = Draws(seed ^ 0x99);
        let n = 1 + (seed % 6) as usize;
        let core: Matrix<c64> = draws.matrix(n, n);
        let spread = if seed % 2 == 0 { 4.0 } else { 0.0 };
        let a =
            Matrix::from_fn(n, n, |i, j| core[(i, j)] + c64::new(if i == j { spread * i as f64 } else { 0.0 }, 0.0));
        let g = gershgorin(&a).unwrap();
        let values = eig(&a).unwrap();
        let inside = |discs: &[kappa::regions::Disc], group: &[usize]| {
            let holds = |z: &&c64| group.iter().any(|&k| (**z - discs[k].center).norm() <= discs[k].radius + 1e-12);
            values.eigenvalues().estimates().iter().filter(holds).count()
        };
        for group in &g.row_groups {
            assert_eq!(inside(&g.rows, group), group.len(), "{g:?}");
        }
        for group in &g.column_groups {
            assert_eq!(inside(&g.columns, group), group.len(), "{g:?}");
        }
        let radius = values.eigenvalues().spectral_radius();
        assert!(g.spectral_radius().upper() >= radius.lower() && g.spectral_radius().lower() <= radius.upper());
        let w = numerical_range(&a, &NumericalRange { directions: 48 }).unwrap();
        let farthest = w.inside.iter().map(|z| z.norm()).fold(0.0, f64::max);
        let certified = numerical_radius(&a).unwrap();
        assert!(farthest <= certified.upper() * (1.0 + 1e-9) && farthest >= 0.99 * certified.lower());
        for z in values.eigenvalues().estimates() {
            // Inside the outer polygon: on the left of every side.
            let k = w.outside.len();
            let size = 1e-6 * (1.0 + farthest);
            assert!((0..k).all(|i| {
                let (p, q) = (w.outside[i], w.outside[(i + 1) % k]);
                ((q - p).conj() * (z - p)).im >= -size * (1.0 + (q - p).norm())
            }));
        }
        let nn = normality(&a).unwrap();
        let t = kappa::schur(&a).unwrap();
        let above = (0..n).flat_map(|j| (0..j).map(move |i| (i, j))).map(|at| t.t()[at].norm_sqr()).sum::<f64>().sqrt();
        assert!(nn.departure.lower() <= above + 1e-12 && above <= nn.departure.upper() + 1e-12, "{nn:?} {above}");
    }
    let rotation = Matrix::from_row_major(2, 2, vec![0.6, -0.8, 0.8, 0.6]).unwrap();
    let found = normality(&rotation).unwrap();
    assert!(found.departure.lower() == 0.0 && found.departure.upper() < 1e-6 && found.commutator.upper() < 1e-13);
    assert!(gershgorin(&Matrix::<f64>::zeros(2, 3)).unwrap_err().is_shape());
}

#[test]
fn gelfands_sequence_falls_to_the_spectral_radius() {
    let mut draws = Draws(3);
    for _ in 0..30 {
        let a: Matrix<f64> = draws.matrix(5, 5);
        let radius = eig(&a).unwrap().eigenvalues().spectral_radius();
        let g = gelfand(&a, 1 << 14).unwrap();
        assert!(g.iter().all(|(_, x)| x.upper() >= radius.lower()), "{g:?}");
        assert!(g.last().unwrap().1.estimate() <= radius.upper() * 1.01);
    }
    assert_eq!(gelfand(&Matrix::from_fn(2, 2, |i, j| f64::from(i < j)), 8).unwrap().last().unwrap().1.upper(), 0.0);
}

#[test]
fn pseudospectra_agree_with_singular_values_and_with_proof() {
    let n = 12;
    // Grcar's matrix: ones on the diagonal and three above, −1 below.
    let a = Matrix::from_fn(n, n, |i, j| if i == j + 1 { -1.0 } else { f64::from(j >= i && j <= i + 3) });
    let region = Region { re: (-1.0, 3.0), im: (-3.0, 3.0) };
    let g = pseudospectrum(&a, &Pseudospectrum { region: Some(region), points: 15 }).unwrap();
    for (k, &value) in g.values.iter().enumerate() {
        let z = c64::new(g.re[k % 15], g.im[k / 15]);
        let shifted = Matrix::from_fn(n, n, |i, j| c64::new(a[(i, j)], 0.0) - if i == j { z } else { c64::default() });
        let truth = singular_values(&shifted).unwrap().last().estimate();
        assert!((value / truth - 1.0).abs() < 5e-3, "{z}: {value} {truth}");
    }
    let small = Matrix::from_fn(4, 4, |i, j| if i + 1 == j { 1.0 } else { 0.0 });
    let cells = pseudospectrum_cells(&small, 0.05, Region { re: (-1.0, 1.0), im: (-1.0, 1.0) }, 5).unwrap();
    let (mut inside, mut outside) = (0, 0);
    for cell in &cells.cells {
        let shifted = Matrix::from_fn(4, 4, |i, j| {
            c64::new(small[(i, j)], 0.0) - if i == j { cell.center } else { c64::default() }
        });
        let value = singular_values(&shifted).unwrap().last().estimate();
        match cell.is_inside {
            Some(true) => {
                inside += 1;
                assert!(value < 0.05);
            }
            Some(false) => {
                outside += 1;
                assert!(value > 0.05);
            }
            None => {}
        }
    }
    assert!(inside > 20 && outside > 50, "{inside} {outside}");
    let total: f64 = cells.cells.iter().map(|c| 4.0 * c.half * c.half).sum();
    assert!((total - 4.0).abs() < 1e-9, "the squares cover the region: {total}");
    assert!(pseudospectrum(&Matrix::<f64>::zeros(0, 0), &Pseudospectrum::default()).is_err());
    assert!(pseudospectrum_cells(&small, -1.0, region, 1).is_err());
    assert!(
        pseudospectrum(&small, &Pseudospectrum { region: Some(Region { re: (1.0, 0.0), im: (0.0, 1.0) }), points: 5 })
            .is_err()
    );
}

#[test]
fn an_ellipse_has_the_singular_values_as_axes() {
    let a = Matrix::from_row_major(2, 2, vec![1.0, 2.0, 0.0, 1.0]).unwrap();
    let e = ellipse(&a, (0, 1)).unwrap();
    for k in 0..2 {
        let image = product(&a, &Matrix::from_fn(2, 1, |i, _| e.from[(i, k)]));
        assert!((0..2).all(|i| (image[(i, 0)] - e.to[(i, k)]).abs() < 1e-14));
    }
    assert!(e.axes[0].contains(1.0 + 2f64.sqrt()));
    let larger = ellipse(&gallery::hilbert(6), (0, 2)).unwrap();
    assert!(
        (larger.axes[1].estimate() - singular_values(&gallery::hilbert(6)).unwrap().get(2).estimate()).abs() < 1e-15
    );
    assert!(ellipse(&a, (0, 2)).unwrap_err().hint().is_some() && ellipse(&a, (0, 0)).is_err());
    assert!(eigh(&a).is_err());
}

#[test]
fn the_backward_error_of_a_triplet_counts_what_underflow_takes() {
    // σ = 3·2⁻¹⁰⁷⁴: σu = (1.8, 2.4)·2⁻¹⁰⁷⁴ is stored as (2, 2)·2⁻¹⁰⁷⁴, which is A. The residual is (0.2, −0.4)·2⁻¹⁰⁷⁴,
    // not 0.
    let least = f64::from_bits(1);
    let a = Matrix::from_row_major(2, 1, vec![2.0 * least, 2.0 * least]).unwrap();
    let value = backward_error_of_triplet(&a, 3.0 * least, &[0.6, 0.8], &[1.0]).unwrap();
    assert!(value.upper() >= 0.2f64.hypot(0.4) / 8f64.sqrt(), "{value:?}");
}

/// A bound that overflows is not attained: its ratio is 0, never ∞/∞. A difference that overflows
/// is refused, and the words say that it is the difference.
#[test]
fn a_bound_that_overflows_has_ratio_zero() {
    let a = Matrix::from_row_major(2, 2, vec![1e308; 4]).unwrap();
    let b = Matrix::from_row_major(2, 2, vec![-7e307, 7e307, 7e307, -7e307]).unwrap();
    let found = perturb(&a, &b).unwrap();
    assert!(found.iter().any(|t| t.bound.upper() == f64::INFINITY), "{found:?}");
    for t in &found {
        assert!((0.0..=1.0 + 1e-9).contains(&t.ratio()) && !t.is_violated(), "{t:?}");
    }
    let c = Matrix::from_row_major(2, 2, vec![-1e308; 4]).unwrap();
    let refused = perturb(&a, &c).unwrap_err();
    assert!(refused.is_not_finite() && refused.to_string().contains("difference of the two matrices"), "{refused}");
}
