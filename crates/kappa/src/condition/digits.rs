//! The number of correct digits of a solution.

use std::fmt;
use std::str::FromStr;

use crate::Enclosure;
use crate::error::{Error, Result};

/// The accuracy of the data.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum DataType {
    /// Rounded to a format.
    Format(crate::arithmetic::Format),
    /// Known to a relative error: measurements.
    Relative(f64),
}

impl DataType {
    /// The relative error of an entry.
    pub fn error(&self) -> f64 {
        match self {
            Self::Format(format) => format.unit_roundoff(),
            Self::Relative(error) => *error,
        }
    }
}

impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Format(format) => f.pad(format.name()),
            Self::Relative(error) => write!(f, "data known to {error:e}"),
        }
    }
}

impl FromStr for DataType {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let name = text.trim().to_lowercase().replace('-', "_");
        // Complex numbers of two doubles or singles, as NumPy names them, are known as well as their parts.
        let real = match name.as_str() {
            "c64" => "f32",
            "c128" => "f64",
            other => other,
        };
        if let Some(format) = crate::arithmetic::Format::named(real) {
            return Ok(Self::Format(format));
        }
        let (number, factor) = match name.strip_suffix('%') {
            Some(percent) => (percent, 0.01),
            None => (name.as_str(), 1.0),
        };
        match number.trim().replace('_', "-").parse::<f64>() {
            Ok(x) if x > 0.0 && x < 1.0 / factor => Ok(Self::Relative(x * factor)),
            _ => Err(Error::syntax(format!("`{text}` is neither a data type nor a relative error"))
                .with_hint("known: bf16, f16, f32, f64, f8_e4m3, f8_e5m2; or a relative error such as 1e-3 or 0.1%")),
        }
    }
}

/// The algorithm that solves the problem, and its backward error.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum SolveAlgorithm {
    /// LU with partial pivoting: backward error about n·u, if the growth factor is below 100.
    #[default]
    Lu,
    /// Cholesky: about n·u.
    Cholesky,
    /// Householder QR: about √n·u·√n.
    Qr,
    /// The normal equations, which square κ.
    NormalEquations,
    /// An exact algorithm: only the errors of the data count.
    Exact,
}

impl FromStr for SolveAlgorithm {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Ok(match text.trim().to_lowercase().replace('_', "-").as_str() {
            "lu" => Self::Lu,
            "cholesky" => Self::Cholesky,
            "qr" => Self::Qr,
            "normal-equations" => Self::NormalEquations,
            "exact" => Self::Exact,
            _ => {
                return Err(Error::syntax(format!("unknown algorithm `{text}`"))
                    .with_hint("known: lu, cholesky, qr, normal-equations, exact"));
            }
        })
    }
}

impl fmt::Display for SolveAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Lu => "lu",
            Self::Cholesky => "cholesky",
            Self::Qr => "qr",
            Self::NormalEquations => "normal-equations",
            Self::Exact => "exact",
        })
    }
}

/// The number of correct decimal digits of a solution, and its reasons.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Digits {
    /// Digits of the data: −log₁₀ of their relative error.
    pub held: f64,
    /// Digits lost to the condition: log₁₀ κ, twice that for the normal equations.
    pub lost: f64,
    /// Digits that are correct for every change of that size, at least 0: from κε/(1 − κε).
    pub certain: f64,
    /// An upper bound of ‖Δx‖/‖x‖, ∞ where κε ≥ 1 or κ is not bounded.
    pub error: f64,
    /// The condition number κ: the upper end where it is finite, the lower end otherwise.
    pub cond: f64,
    /// Whether κ has a finite upper end, or is known to be infinite.
    pub is_bounded: bool,
    /// The data.
    pub data: DataType,
    /// The algorithm.
    pub algorithm: SolveAlgorithm,
}

/// The number of correct digits of the solution of Ax = b, for a condition number κ(A) in any induced norm, the order
/// n, the accuracy of the data, and the algorithm, computing in double precision.
///
/// With ε = 2·(error of the data) for A and b together and the backward error of the algorithm: ‖Δx‖/‖x‖ ≤ κε/(1 − κε)
/// where κε < 1; otherwise no digit is certain. κ is the upper end of `cond`; where that is infinite no digit is
/// certain, and the lower end says how many are lost at least.
///
/// # Examples
///
/// ```
/// # use kappa::condition::SolveAlgorithm;
/// # use kappa::{Enclosure, digits};
/// let d = digits(Enclosure::exact(1e4), 100, "f32".parse()?, SolveAlgorithm::Lu);
/// assert_eq!(d.to_string(), "about 2 of the 7 digits of f32 data survive: a condition number of 1e4 costs 4");
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// Reference: Higham, *Accuracy and Stability*, 2nd ed., sections 7.1, 9.4, 20.4.
pub fn digits(cond: Enclosure, n: usize, data: DataType, algorithm: SolveAlgorithm) -> Digits {
    let u = f64::EPSILON / 2.0;
    let is_bounded = cond.upper().is_finite() || cond.lower() == f64::INFINITY;
    let kappa = if is_bounded { cond.upper() } else { cond.lower() };
    let kappa = kappa.max(1.0);
    let own = match algorithm {
        SolveAlgorithm::Exact => 0.0,
        SolveAlgorithm::NormalEquations => (n as f64 + 4.0) * u * kappa,
        _ => (n as f64 + 4.0) * u,
    };
    let epsilon = 2.0 * data.error() + own;
    let grown = kappa * epsilon;
    let error = if grown < 1.0 && is_bounded { grown / (1.0 - grown) } else { f64::INFINITY };
    let lost = kappa.log10() * if algorithm == SolveAlgorithm::NormalEquations { 2.0 } else { 1.0 };
    Digits {
        held: -data.error().log10(),
        lost,
        certain: if error > 0.0 { (-error.log10()).clamp(0.0, 17.0) } else { 17.0 },
        error,
        cond: kappa,
        is_bounded,
        data,
        algorithm,
    }
}

impl fmt::Display for Digits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exponent = self.cond.log10().round();
        let cond = match exponent {
            e if e.is_infinite() => "infinity".to_owned(),
            e if e < 4.0 => format!("{:.0}", self.cond),
            e => format!("1e{e}"),
        };
        let (held, certain) = (self.held.round(), self.certain.floor());
        let of = match self.data {
            DataType::Format(format) => format!("of the {held:.0} digits of {format} data"),
            DataType::Relative(_) => format!("of the {held:.0} digits of {}", self.data),
        };
        let least = if self.is_bounded { "" } else { "at least " };
        let lost = if self.lost.is_finite() { format!("{least}{:.0}", self.lost.round()) } else { "all".into() };
        let cost = format!("a condition number of {least}{cond} costs {lost}");
        if certain >= 1.0 {
            let digits = if certain == 1.0 { "1 survives".into() } else { format!("{certain:.0}") };
            return match certain {
                1.0 => write!(f, "about 1 {of} survives: {cost}"),
                _ => write!(f, "about {digits} {of} survive: {cost}"),
            };
        }
        write!(f, "none {of} is certain to survive: {cost}")
    }
}
