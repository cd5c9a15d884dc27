//! No public question of an operator panics or runs on, whatever the shape, size and type of what it is given.

use std::panic::{AssertUnwindSafe, catch_unwind};

use kappa::ask::{Hutchinson, Induced, StochasticLanczos};
use kappa::certificate::SpectralCertificate;
use kappa::condition::SmallSample;
use kappa::equations::{Constrained, Errors};
use kappa::factor::{Arnoldi, GuEisenstat, RandomizedSvd, SingularTriplets, ThickRestart};
use kappa::krylov::{Iterate, Iteration, OneNorm};
use kappa::nearest::{AlternatingProjections, Procrustes};
use kappa::regions::{NumericalRange, Pseudospectrum, Region};
use kappa::{
    AnyMatrix, AnyOperator, Guarantee, Lanczos, LinearOperator, Lstsq, Matrix, Norm, Question, Solve, Sparse,
    Tolerance, c64,
};

type Call = fn(&AnyOperator<'_>, &AnyMatrix, &AnyOperator<'_>);

/// Each question with the method of [`AnyOperator`] that it calls.
macro_rules! calls {
    ($a:ident, $b:ident, $o:ident; $($name:ident $body:expr;)*) => {
        vec![$((stringify!($name), { let call: Call = |$a, $b, $o| {
            let _ = ($b, $o);
            let _found = $body;
        }; call })),*]
    };
}

const CERTIFIED: Guarantee = Guarantee::Certified;

fn calls() -> Vec<(&'static str, Call)> {
    calls! { a, b, o;
        project a.project(Norm::spectral(), 1.0);
        prox a.prox(Norm::nuclear(), 0.5);
        linear_minimum a.linear_minimum(Norm::frobenius(), 1.0);
        spectral_certificate a.spectral_certificate(&SpectralCertificate::default());
        singular_values_by a.singular_values_by(CERTIFIED);
        norm_by norms().map(|norm| a.norm_by(norm, CERTIFIED));
        norm norms().map(|norm| a.norm_by(norm, Guarantee::Usual));
        measure_by a.measure_by(&Question::standard(), CERTIFIED);
        measure a.measure_by(&Question::standard(), Guarantee::Usual);
        fan_dominance a.fan_dominance(o);
        exact_rank a.exact_rank();
        exact_rank_with a.exact_rank_with(&[]);
        nuclear_norm_of_factors a.nuclear_norm_of_factors(o);
        numerical_radius a.numerical_radius();
        log_norm [1.0, 2.0, f64::INFINITY, f64::NAN].map(|p| a.log_norm(p));
        lanczos_density a.lanczos_density(&StochasticLanczos::default()).map(|d| d.schatten(1.0));
        logdet_by (a.logdet_by(CERTIFIED), a.logdet_by(Guarantee::Usual));
        spectral_norm a.spectral_norm(&Lanczos::default());
        induced_norm a.induced_norm(f64::INFINITY, 1.0, &Induced::default());
        profile_by (a.profile_by(CERTIFIED), a.profile_by(Guarantee::Usual));
        rank a.rank(Tolerance::default());
        frobenius_by_sampling a.frobenius_by_sampling(&Hutchinson { samples: 5, ..Hutchinson::default() });
        subgradient norms().map(|norm| a.subgradient(norm));
        cond_with a.cond_with(Norm::spectral(), &[]);
        is_regular_within a.is_regular_within(1e-3, 0.0);
        skeel_cond a.skeel_cond();
        bauer_cond a.bauer_cond();
        best_scaling a.best_scaling();
        cond_by norms().map(|norm| (a.cond_by(norm, CERTIFIED), a.cond_by(norm, Guarantee::Usual)));
        distance_to_singularity [Norm::spectral(), Norm::max_row_sum()].map(|norm| a.distance_to_singularity(norm));
        eigenvalue_cond a.eigenvalue_cond();
        separation a.separation(o);
        cond_estimate a.cond_estimate(Norm::max_column_sum(), &OneNorm::default());
        least_squares_cond a.least_squares_cond(b);
        statistical_cond a.statistical_cond(b, &SmallSample::default());
        constrained_lstsq a.constrained_lstsq(b, b, b, Constrained::default());
        generalized_lstsq a.generalized_lstsq(b, b);
        weighted_lstsq a.weighted_lstsq(b, &[1.0, 2.0, 0.0], &Lstsq::default());
        lstsq_by (a.lstsq_by(b, &Lstsq::default()).map(|s| (s.forward_error(), s.cond())),
            a.lstsq_by(b, &Lstsq { guarantee: CERTIFIED, ..Lstsq::default() }));
        solve_by (a.solve_by(b, &Solve::default()).map(|s| (s.forward_error(), s.cond())),
            a.solve_by(b, &Solve { guarantee: CERTIFIED, ..Solve::default() }));
        solver a.solver(&Solve::default());
        pinv a.pinv(Tolerance::default());
        total_lstsq [Errors::Everywhere, Errors::Matrix, Errors::ExactColumns(vec![0])].map(|e| a.total_lstsq(b, &e));
        svd a.svd();
        svd_full a.svd_full();
        eig a.eig();
        eigh a.eigh();
        partial_eig a.partial_eig(2, &Arnoldi::default());
        polar a.polar();
        qr a.qr();
        pivoted_qr a.pivoted_qr();
        rank_revealing_qr a.rank_revealing_qr(1, &GuEisenstat::default());
        complete_orthogonal a.complete_orthogonal(1e-13);
        schur a.schur();
        singular_values a.singular_values();
        singular_values_above a.singular_values_above(1e-6);
        plan_above a.plan_above(1e-6);
        lu a.lu();
        cholesky a.cholesky();
        ldlt a.ldlt();
        triplets [
            SingularTriplets::Randomized(1, RandomizedSvd::default()),
            SingularTriplets::Within(0.1, RandomizedSvd::default()),
            SingularTriplets::Partial(2, ThickRestart::default()),
        ].map(|which| a.triplets(&which));
        top_singular_values a.top_singular_values(1);
        smallest_singular_values a.smallest_singular_values(1);
        is_written_out a.is_written_out();
        solve_iteratively [Iteration::ConjugateGradients, Iteration::Minres, Iteration::Lsmr]
            .map(|by| a.solve_iteratively(b, &Iterate { by, ..Iterate::default() }));
        align_all AnyOperator::align_all(&[*a, *o], &Procrustes::default());
        nearest_correlation a.nearest_correlation(&AlternatingProjections::default());
        nearest_low_rank a.nearest_low_rank(1, Norm::spectral());
        nearest_normal a.nearest_normal();
        nearest_orthogonal a.nearest_orthogonal();
        align a.align(o, &Procrustes::default());
        nearest_semidefinite a.nearest_semidefinite(0.0);
        nearest_singular [Norm::spectral(), Norm::max_row_sum()].map(|norm| a.nearest_singular(norm));
        nearest_symmetric a.nearest_symmetric();
        nearest_skew a.nearest_skew();
        to_matrix (a.to_matrix(), a.shape(), a.type_name(), a.is_complex(), a.is_dense(), a.is_sparse());
        principal_angles a.principal_angles(o);
        backward_error_system a.backward_error_system(b, b);
        componentwise_backward_error a.componentwise_backward_error(b, b);
        backward_error_least_squares a.backward_error_least_squares(b, b);
        backward_error_eigenpair a.backward_error_eigenpair(c64::new(1.0, 0.0), b);
        perturb a.perturb(o);
        ellipse a.ellipse((0, 1));
        gershgorin a.gershgorin();
        normality a.normality();
        gelfand a.gelfand(8);
        numerical_range a.numerical_range(&NumericalRange { directions: 6 });
        pseudospectrum a.pseudospectrum(&Pseudospectrum { points: 3, ..Pseudospectrum::default() });
        pseudospectrum_cells a.pseudospectrum_cells(0.1, Region { re: (-1.0, 2.0), im: (-1.0, 1.0) }, 2);
    }
}

fn norms() -> [Norm; 8] {
    [
        Norm::spectral(),
        Norm::frobenius(),
        Norm::nuclear(),
        Norm::max_abs(),
        Norm::max_row_sum(),
        Norm::induced(f64::INFINITY, 1.0).unwrap(),
        Norm::schatten(3.0).unwrap(),
        Norm::ky_fan(2).unwrap(),
    ]
}

fn matrices() -> Vec<Matrix<f64>> {
    let square = |f: fn(usize, usize) -> f64| Matrix::from_fn(4, 4, f);
    let plain = |i: usize, j: usize| ((i * 5 + j * 3) % 7) as f64 - 2.5;
    vec![
        Matrix::zeros(0, 0),
        Matrix::zeros(0, 3),
        Matrix::zeros(3, 0),
        Matrix::zeros(1, 1),
        Matrix::from_fn(1, 1, |_, _| -3.0),
        Matrix::from_fn(1, 4, plain),
        Matrix::from_fn(4, 1, plain),
        Matrix::from_fn(5, 3, plain),
        Matrix::from_fn(3, 5, plain),
        square(|_, _| 0.0),
        square(|_, _| 1.0),
        square(|i, j| f64::from(i == j)),
        square(|i, j| if j == i || j == i + 1 { 1.0 } else { 0.0 }),
        square(|i, j| if j == i + 1 { 1.0 } else { 0.0 }),
        square(|i, j| if (i, j) == (2, 1) { f64::NAN } else { 1.0 }),
        square(|_, _| f64::INFINITY),
        square(|_, _| f64::MAX),
        square(|i, j| if (i + j) % 2 == 0 { f64::MAX } else { -f64::MAX }),
        square(|_, _| 5e-324),
        square(|i, j| if i == j { [1e308, 1.0, 1e-308, 5e-324][i] } else { 0.0 }),
        square(|i, j| ((i + 2 * j) % 3) as f64 * 2f64.powi(-540)),
        square(|i, j| ((i * j) % 5) as f64 * 2f64.powi(900)),
        square(|i, j| 10f64.powi(9 * i as i32 - 12 * j as i32)),
        square(|i, j| 9007199254740993.0 + (i * j) as f64),
    ]
}

#[test]
fn no_question_panics_whatever_it_is_asked_of() {
    let calls = calls();
    let all = matrices();
    let vectors = |m: usize| -> Vec<AnyMatrix> {
        let column = |f: fn(usize) -> f64| AnyMatrix::Real(Matrix::from_fn(m, 1, |i, _| f(i)));
        vec![
            column(|i| i as f64 - 1.0),
            column(|_| 0.0),
            column(|_| f64::NAN),
            column(|_| 1e308),
            Matrix::<f64>::zeros(2, 2).into(),
        ]
    };
    let mut wrong = Vec::new();
    // What is printed by a panic would hide the list of all of them.
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    for (index, matrix) in all.iter().enumerate() {
        let (m, n) = (matrix.rows(), matrix.columns());
        let single = Matrix::from_fn(m, n, |i, j| matrix[(i, j)] as f32);
        let complex = Matrix::from_fn(m, n, |i, j| c64::new(matrix[(i, j)], -matrix[(j.min(m - 1), i.min(n - 1))]));
        let entries = (0..m).flat_map(|i| (0..n).map(move |j| (i, j))).map(|(i, j)| (i, j, matrix[(i, j)]));
        let sparse = Sparse::from_triplets((m, n), entries.filter(|x| x.2 != 0.0).collect()).ok();
        let products: &(dyn LinearOperator<f64> + Sync) = matrix;
        let mut forms = vec![AnyOperator::from(matrix), (&single).into(), (&complex).into(), products.into()];
        forms.extend(sparse.as_ref().map(AnyOperator::from));
        for (form, a) in forms.iter().enumerate() {
            // All right-hand sides for the plain form, one for the others.
            let count = if form == 0 { 5 } else { 1 };
            for (k, b) in vectors(m).iter().enumerate().take(count) {
                let other = AnyOperator::from(&all[(index * 7 + 3 * k + 11) % all.len()]);
                for (name, call) in &calls {
                    if k > 0 && !TAKES_B.contains(name) {
                        continue;
                    }
                    if catch_unwind(AssertUnwindSafe(|| call(a, b, &other))).is_err() {
                        wrong.push(format!("{name} of matrix {index}, form {form}, right-hand side {k}"));
                    }
                }
            }
        }
    }
    std::panic::set_hook(hook);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The questions with a right-hand side or another matrix.
const TAKES_B: &[&str] = &[
    "fan_dominance",
    "nuclear_norm_of_factors",
    "separation",
    "least_squares_cond",
    "statistical_cond",
    "constrained_lstsq",
    "generalized_lstsq",
    "lstsq_by",
    "solve_by",
    "total_lstsq",
    "solve_iteratively",
    "align_all",
    "align",
    "principal_angles",
    "backward_error_system",
    "componentwise_backward_error",
    "backward_error_least_squares",
    "backward_error_eigenpair",
    "perturb",
];

/// Every method of `AnyOperator` that answers a question is called above: the sources say which there are.
#[test]
fn every_method_of_an_operator_is_called() {
    let mut sources = vec![std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut missing = Vec::new();
    let called: Vec<&str> = calls().into_iter().map(|(name, _)| name).collect();
    let known = ["norm_by_gauge", "stored_with", "shape", "type_name", "is_complex", "is_dense", "is_sparse"];
    while let Some(path) = sources.pop() {
        if path.is_dir() {
            sources.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for block in text.split("\nimpl AnyOperator<'_> {").skip(1) {
            let block = block.split("\n}").next().unwrap();
            for method in block.split("\n    pub fn ").skip(1) {
                let name = method.split(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap();
                let is_called = called.contains(&name) || called.contains(&name.trim_end_matches("_by"));
                if !is_called && !known.contains(&name) {
                    missing.push(name.to_owned());
                }
            }
        }
    }
    assert!(missing.is_empty(), "{missing:?}");
}

/// ⟨G, A⟩ = ‖A‖ and dual norm 1, also for induced norms without a closed form, one row, one column and rank one.
#[test]
fn subgradients_of_hard_norms_attain_the_norm() {
    let cases = [
        Matrix::from_fn(3, 1, |_, _| 1.0),
        Matrix::from_fn(1, 3, |_, j| j as f64 - 3.5),
        Matrix::from_fn(4, 3, |i, j| (i as f64 - 1.5) * (j as f64 + 0.5)),
        Matrix::from_fn(4, 4, |i, j| ((i * 3 + j * 5) % 7) as f64 - 2.5),
    ];
    for a in &cases {
        for (p, q) in [(f64::INFINITY, 1.0), (2.0, 1.0), (f64::INFINITY, 2.0), (3.0, 1.5)] {
            for scale in [2f64.powi(-900), 1.0, 2f64.powi(900)] {
                let scaled = Matrix::from_fn(a.rows(), a.columns(), |i, j| scale * a[(i, j)]);
                let norm = Norm::induced(p, q).unwrap();
                let g = norm.subgradient(&scaled).unwrap().matrix;
                let along: f64 = g.as_slice().iter().zip(a.as_slice()).map(|(g, a)| g * a).sum();
                let truth = kappa::norm(a, norm).unwrap();
                assert!((along / truth.lower() - 1.0).abs() < 1e-8, "{p} {q} {scale:e}: {along} {truth:?}");
            }
        }
    }
}
