//! How a norm or singular values are found, with the reference of that algorithm.

use kappa::plan::Algorithm;
use kappa::{Enclosure, Evidence, Guarantee, Norm, Plan};

use crate::answer::Explanation;

/// The plan for all singular values of a dense matrix.
pub(crate) fn of_values(shape: (usize, usize), certify: bool) -> Plan {
    Plan::singular_values_by(shape, Guarantee::certified_if(certify))
}

/// What a plan says of itself, and where its algorithm is described.
pub(crate) fn explained(plan: Plan, (m, n): (usize, usize), x: &Enclosure) -> Explanation {
    Explanation::plan(format!("{plan}; {} ({m}×{n})", plan.why)).bounds(x).reference(reference(plan.algorithm))
}

/// Where an algorithm for singular values is described.
pub(crate) fn reference(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::Known | Algorithm::Length => {
            "Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., sections 3.1 and 27.8"
        }
        Algorithm::DoubleDouble => "Demmel and Veselić, SIAM J. Matrix Anal. Appl. 13 (1992) 1204–1245",
        Algorithm::Gram | Algorithm::GramForSingle => {
            "Golub and Van Loan, Matrix Computations, 4th ed., sections 8.3 and 8.6"
        }
        Algorithm::Bidiagonal => {
            "Golub and Kahan, SIAM J. Numer. Anal. 2 (1965) 205–224; Demmel and Kahan, SIAM J. Sci. Stat. \
                Comput. 11 (1990) 873–912"
        }
        Algorithm::SinglePrecision => "Lang, Parallel Comput. 25 (1999) 845–860",
        Algorithm::Certificate => {
            "Rump, BIT 51 (2011) 367–384; Miyajima, Japan J. Indust. Appl. Math. 31 (2014) 513–539"
        }
    }
}

/// How a norm of a matrix was found, by what the answer says of itself.
pub(crate) fn of_norm(norm: Norm, (m, n): (usize, usize), certify: bool, x: &Enclosure) -> Explanation {
    if norm.is_unitarily_invariant() && norm != Norm::frobenius() && !is_iterated(x) {
        return explained(of_values((m, n), certify), (m, n), x);
    }
    let (plan, reference) = match x.evidence() {
        Evidence::Theorem(name) => (
            format!("nonlinear power method from below, {name} from above"),
            "Higham, Numer. Math. 62 (1992) 539–555; Steinberg, Computation of matrix norms (2005)",
        ),
        Evidence::Probability(_) => ("Lanczos on AᴴA".into(), "Hochstenbach, J. Sci. Comput. 57 (2013) 464–476"),
        _ if norm.is_induced() && m > 1 && norm != Norm::max_abs() => (
            "a closed form, or all sign vectors; every rounding error counted".into(),
            "Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., section 6.3",
        ),
        _ => (
            "one pass over the entries, every rounding error counted".into(),
            "Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., sections 3.1 and 4.2",
        ),
    };
    Explanation::plan(format!("{plan} ({m}×{n})")).bounds(x).reference(reference)
}

fn is_iterated(x: &Enclosure) -> bool {
    matches!(x.evidence(), Evidence::Probability(_) | Evidence::Theorem(_))
}
