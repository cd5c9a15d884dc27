//! Perturbation theorems as values: bounds for the effect of a change of a matrix, one theorem for each file.

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
pub use compare::{Applied, QUICK_EIGENVALUES, perturb, perturb_by};
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

/// A named inequality: its constructor checks the hypotheses, its bound is a number.
pub trait Theorem: std::fmt::Debug {
    /// The name, as it is written on the command line.
    fn name(&self) -> &'static str;
    /// The statement, in one line.
    fn statement(&self) -> &'static str;
    /// The reference for its proof.
    fn reference(&self) -> &'static str;
    /// The numbers that it was made from, in the order of [`TheoremInfo::parameters`].
    fn numbers(&self) -> Vec<f64>;
    /// The bound, rounded up: [0, bound], with the theorem as evidence.
    fn bound(&self) -> Enclosure;
}

/// A theorem that is determined by its name and numbers.
#[derive(Clone, Copy, Debug)]
pub struct TheoremInfo {
    /// The name, such as `davis-kahan`.
    pub name: &'static str,
    /// The statement, in one line.
    pub statement: &'static str,
    /// The numbers that it needs, each with its meaning.
    pub parameters: &'static [(&'static str, &'static str)],
    /// Makes the theorem from those numbers, in that order.
    pub make: fn(&[f64]) -> Result<Box<dyn Theorem>>,
}

const CHANGE: (&str, &str) = ("change", "the norm of the change E");

/// All theorems whose bound needs numbers only.
///
/// Name, parameters and constructor of each; [`theorem`] makes one by name.
///
/// # Examples
///
/// ```
/// # use kappa::perturb::theorems;
/// let weyl = theorems().iter().find(|t| t.name == "weyl").unwrap();
/// assert_eq!(weyl.parameters.len(), 1);
/// assert!(((weyl.make)(&[0.25])?.bound().upper() - 0.25).abs() < 1e-15);
/// # Ok::<(), kappa::Error>(())
/// ```
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
        TheoremInfo { name: "weyl", statement: Weyl::STATEMENT, parameters: &[CHANGE], make: make!(Weyl, 1) },
        TheoremInfo { name: "mirsky", statement: Mirsky::STATEMENT, parameters: &[CHANGE], make: make!(Mirsky, 1) },
        TheoremInfo {
            name: "hoffman-wielandt",
            statement: HoffmanWielandt::STATEMENT,
            parameters: &[CHANGE],
            make: make!(HoffmanWielandt, 1),
        },
        TheoremInfo {
            name: "bauer-fike",
            statement: BauerFike::STATEMENT,
            parameters: &[("cond", "κ of the matrix of eigenvectors"), CHANGE],
            make: make!(BauerFike, 2),
        },
        TheoremInfo {
            name: "elsner",
            statement: Elsner::STATEMENT,
            parameters: &[("size", "‖A‖₂ + ‖A + E‖₂"), CHANGE, ("order", "the order n")],
            make: make!(Elsner, 3),
        },
        TheoremInfo {
            name: "davis-kahan",
            statement: DavisKahan::STATEMENT,
            parameters: &[("gap", "the gap between the eigenvalues kept and the others of the changed matrix"), CHANGE],
            make: make!(DavisKahan, 2),
        },
        TheoremInfo {
            name: "wedin",
            statement: Wedin::STATEMENT,
            parameters: &[
                ("gap", "the gap between the singular values kept and the others of the changed matrix"),
                CHANGE,
            ],
            make: make!(Wedin, 2),
        },
        TheoremInfo {
            name: "eisenstat-ipsen",
            statement: EisenstatIpsen::STATEMENT,
            parameters: &[("left", "‖D₁D₁ᴴ − I‖"), ("right", "‖D₂ᴴD₂ − I‖")],
            make: make!(EisenstatIpsen, 2),
        },
        TheoremInfo {
            name: "inverse",
            statement: InversePerturbation::STATEMENT,
            parameters: &[("cond", "κ(A)"), ("matrix-error", "‖E‖/‖A‖")],
            make: make!(InversePerturbation, 2),
        },
        TheoremInfo {
            name: "linear-system",
            statement: LinearSystem::STATEMENT,
            parameters: &[("cond", "κ(A)"), ("matrix-error", "‖E‖/‖A‖"), ("rhs-error", "‖f‖/‖b‖")],
            make: make!(LinearSystem, 3),
        },
        TheoremInfo {
            name: "least-squares",
            statement: LeastSquaresPerturbation::STATEMENT,
            parameters: &[
                ("cond", "κ(A)"),
                ("matrix-error", "the relative error of A and b"),
                ("residual", "‖r‖/(‖A‖‖x‖)"),
            ],
            make: make!(LeastSquaresPerturbation, 3),
        },
        TheoremInfo {
            name: "componentwise-system",
            statement: ComponentwiseSystem::STATEMENT,
            parameters: &[
                ("cond", "‖|A⁻¹||A|‖_∞, Skeel's condition number"),
                ("cond-at", "‖|A⁻¹||A||x|‖_∞/‖x‖_∞, Skeel's condition number at the solution"),
                ("error", "the relative error of every entry of A and b"),
            ],
            make: make!(ComponentwiseSystem, 3),
        },
    ];
    ALL
}

/// The theorem with the given name, made from its numbers.
///
/// The numbers are the parameters of [`theorems`], in their order. Upper and lower case and `_` for `-` are accepted.
///
/// # Errors
///
/// When the name is unknown, the count of the numbers is wrong, or they violate a hypothesis.
///
/// # Examples
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
        Error::syntax(format!("unknown theorem `{}`", name.trim())).with_hint(format!("known: {}", known()))
    })?;
    if numbers.len() != info.parameters.len() {
        let wanted: Vec<&str> = info.parameters.iter().map(|p| p.0).collect();
        return Err(Error::syntax(format!(
            "the theorem {plain} needs {} numbers, got {}",
            wanted.len(),
            numbers.len()
        ))
        .with_hint(format!("its numbers are: {}", wanted.join(", "))));
    }
    (info.make)(numbers)
}

fn given<const N: usize>(x: &[f64]) -> Result<[f64; N]> {
    x.try_into().map_err(|_| Error::syntax(format!("the theorem needs {N} numbers, got {}", x.len())))
}

/// Fails unless x is ≥ 0 and not NaN.
fn size(what: &str, x: f64) -> Result<f64> {
    if x >= 0.0 {
        return Ok(x);
    }
    Err(Error::argument(format!("{what} must be at least 0, not {x}")))
}

/// Fails unless x is > 0.
fn positive(what: &str, x: f64) -> Result<f64> {
    if x > 0.0 {
        return Ok(x);
    }
    Err(Error::argument(format!("{what} must be above 0, not {x}"))
        .with_hint("the theorem gives no bound otherwise: try a smaller change, or another part of the spectrum"))
}

/// A condition number, which is at least 1 but for the rounding of its computation.
fn condition(what: &str, x: f64) -> Result<f64> {
    if x >= 1.0 - 1e-9 {
        return Ok(x.max(1.0));
    }
    Err(Error::argument(format!("{what} must be at least 1, not {x}"))
        .with_hint("κ = ‖A‖·‖A⁻¹‖ is never below 1; 1 stands for a multiple of a unitary matrix"))
}

/// A whole number from 1 on.
fn whole(what: &str, x: f64) -> Result<f64> {
    if x >= 1.0 && x.fract() == 0.0 {
        return Ok(x);
    }
    Err(Error::argument(format!("{what} must be a whole number from 1 on, not {x}"))
        .with_hint("the order is the number of rows of the matrix"))
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
