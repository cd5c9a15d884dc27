//! Inequalities with names: what a change of a matrix may do, one theorem a file.

mod angles;
mod assignment;
mod backward;
mod bauer_fike;
mod compare;
mod davis_kahan;
mod eisenstat_ipsen;
mod elsner;
mod hoffman_wielandt;
mod inverse;
mod least_squares;
mod linear_system;
mod mirsky;
mod oettli_prager;
mod wedin;
mod weyl;

pub use angles::principal_angles;
pub use backward::{
    AnyBackwardError, BackwardError, backward_error_eigenpair, backward_error_least_squares, backward_error_of_triplet,
    backward_error_system, componentwise_backward_error,
};
pub use bauer_fike::BauerFike;
pub use compare::{Applied, perturb};
pub use davis_kahan::DavisKahan;
pub use eisenstat_ipsen::EisenstatIpsen;
pub use elsner::Elsner;
pub use hoffman_wielandt::HoffmanWielandt;
pub use inverse::InversePerturbation;
pub use least_squares::LeastSquaresPerturbation;
pub use linear_system::LinearSystem;
pub use mirsky::Mirsky;
pub use oettli_prager::ComponentwiseSystem;
pub use wedin::Wedin;
pub use weyl::Weyl;

use crate::enclosure::directed::{add_up, div_up, mul_up};
use crate::error::{Error, Result};
use crate::{Enclosure, Evidence};

/// An inequality with an author: its hypotheses are checked when it is made, its bound is a number.
pub trait Theorem: std::fmt::Debug {
    /// The name, as it is written on the command line.
    fn name(&self) -> &'static str;
    /// What it says, in one line.
    fn statement(&self) -> &'static str;
    /// Where it is proved.
    fn reference(&self) -> &'static str;
    /// The bound, rounded up: [0, bound], with the theorem as evidence.
    fn bound(&self) -> Enclosure;
}

/// A theorem that can be asked by its name and numbers.
#[derive(Clone, Copy, Debug)]
pub struct TheoremInfo {
    /// Such as `davis-kahan`.
    pub name: &'static str,
    /// The numbers it needs, each with what it means.
    pub parameters: &'static [(&'static str, &'static str)],
    /// Makes it from those numbers, in that order.
    pub make: fn(&[f64]) -> Result<Box<dyn Theorem>>,
}

const CHANGE: (&str, &str) = ("change", "the norm of the change E");

/// Every theorem that numbers are enough for.
pub fn theorems() -> &'static [TheoremInfo] {
    macro_rules! make {
        ($type:ident, $count:literal) => {
            |x: &[f64]| {
                let x: [f64; $count] = given(x)?;
                Ok(Box::new($type::from(x)?))
            }
        };
    }
    const ALL: &[TheoremInfo] = &[
        TheoremInfo { name: "weyl", parameters: &[CHANGE], make: make!(Weyl, 1) },
        TheoremInfo { name: "mirsky", parameters: &[CHANGE], make: make!(Mirsky, 1) },
        TheoremInfo { name: "hoffman-wielandt", parameters: &[CHANGE], make: make!(HoffmanWielandt, 1) },
        TheoremInfo {
            name: "bauer-fike",
            parameters: &[("cond", "κ of the matrix of eigenvectors"), CHANGE],
            make: make!(BauerFike, 2),
        },
        TheoremInfo {
            name: "elsner",
            parameters: &[("size", "‖A‖₂ + ‖A + E‖₂"), CHANGE, ("order", "the order n")],
            make: make!(Elsner, 3),
        },
        TheoremInfo {
            name: "davis-kahan",
            parameters: &[("gap", "the gap between the eigenvalues kept and the others of the changed matrix"), CHANGE],
            make: make!(DavisKahan, 2),
        },
        TheoremInfo {
            name: "wedin",
            parameters: &[
                ("gap", "the gap between the singular values kept and the others of the changed matrix"),
                CHANGE,
            ],
            make: make!(Wedin, 2),
        },
        TheoremInfo {
            name: "eisenstat-ipsen",
            parameters: &[("left", "‖D₁D₁ᴴ − I‖"), ("right", "‖D₂ᴴD₂ − I‖")],
            make: make!(EisenstatIpsen, 2),
        },
        TheoremInfo {
            name: "inverse",
            parameters: &[("cond", "κ(A)"), ("matrix-error", "‖E‖/‖A‖")],
            make: make!(InversePerturbation, 2),
        },
        TheoremInfo {
            name: "linear-system",
            parameters: &[("cond", "κ(A)"), ("matrix-error", "‖E‖/‖A‖"), ("rhs-error", "‖f‖/‖b‖")],
            make: make!(LinearSystem, 3),
        },
        TheoremInfo {
            name: "least-squares",
            parameters: &[
                ("cond", "κ(A)"),
                ("matrix-error", "the relative error of A and b"),
                ("residual", "‖r‖/(‖A‖‖x‖)"),
            ],
            make: make!(LeastSquaresPerturbation, 3),
        },
    ];
    ALL
}

/// The theorem of this name from these numbers. Fails for an unknown name, a wrong count, and numbers that break a hypothesis.
///
/// ```
/// # use kappa::perturb::theorem;
/// let t = theorem("davis-kahan", &[0.3, 0.01])?;
/// assert!((t.bound().upper() - 1.0 / 30.0).abs() < 1e-15);
/// assert!(theorem("davis-kahan", &[0.0, 0.01]).is_err());
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn theorem(name: &str, numbers: &[f64]) -> Result<Box<dyn Theorem>> {
    let known = || theorems().iter().map(|t| t.name).collect::<Vec<_>>().join(", ");
    let plain = name.trim().to_lowercase().replace('_', "-");
    let info = theorems().iter().find(|t| t.name == plain).ok_or_else(|| {
        Error::syntax(format!("`{}` is no theorem that is known here", name.trim()))
            .with_hint(format!("ask for {}", known()))
    })?;
    if numbers.len() != info.parameters.len() {
        let wanted: Vec<&str> = info.parameters.iter().map(|p| p.0).collect();
        return Err(Error::syntax(format!("{plain} needs {} numbers, not {}", wanted.len(), numbers.len()))
            .with_hint(format!("they are: {}", wanted.join(", "))));
    }
    (info.make)(numbers)
}

fn given<const N: usize>(x: &[f64]) -> Result<[f64; N]> {
    x.try_into().map_err(|_| Error::syntax(format!("{N} numbers are needed, not {}", x.len())))
}

/// A number that must be at least 0 and no NaN.
fn size(what: &str, x: f64) -> Result<f64> {
    if x >= 0.0 {
        return Ok(x);
    }
    Err(Error::syntax(format!("{what} is at least 0, not {x}")))
}

/// A number that must be above 0.
fn positive(what: &str, x: f64) -> Result<f64> {
    if x > 0.0 {
        return Ok(x);
    }
    Err(Error::syntax(format!("{what} is {x}: the theorem needs it above 0"))
        .with_hint("without it nothing is said: a smaller change, or another part of the spectrum"))
}

/// [0, bound].
fn at_most(bound: f64, name: &'static str) -> Enclosure {
    Enclosure::new(0.0, bound, bound, Evidence::Theorem(name))
}

/// κε/(1 − κε), ∞ where κε ≥ 1, rounded up.
fn amplified(kappa: f64, epsilon: f64) -> f64 {
    let grown = mul_up(kappa, epsilon);
    if grown >= 1.0 { f64::INFINITY } else { div_up(grown, (1.0 - grown).next_down()) }
}

/// x + y rounded up.
fn sum(x: f64, y: f64) -> f64 {
    add_up(x, y)
}
