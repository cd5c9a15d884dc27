//! The names of norms: one canonical name each, and accepted aliases.

use std::fmt;
use std::str::FromStr;

use super::{Family, Norm};
use crate::error::Error;

/// Names and aliases of the norms with a proper name; the first name of each norm is the canonical one.
const NAMES: &[(&str, Norm)] = &[
    ("frobenius", Norm::frobenius()),
    ("fro", Norm::frobenius()),
    ("spectral", Norm::spectral()),
    ("nuclear", Norm::nuclear()),
    ("nuc", Norm::nuclear()),
    ("max-abs", Norm::max_abs()),
    ("max-column-sum", Norm::max_column_sum()),
    ("max-row-sum", Norm::max_row_sum()),
    // As `numpy.linalg.norm` and MATLAB write them.
    ("1", Norm::max_column_sum()),
    ("2", Norm::spectral()),
    ("inf", Norm::max_row_sum()),
];

impl Norm {
    /// The proper names that are accepted besides `entrywise:p`, `induced:p,q`, `schatten:p` and `ky-fan:k`.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|(name, _)| *name)
    }
}

impl fmt::Display for Norm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((name, _)) = NAMES.iter().find(|(_, norm)| norm == self) {
            return f.pad(name);
        }
        let text = match self.0 {
            Family::Entrywise(p) => format!("entrywise:{p}"),
            Family::Induced(p, q) => format!("induced:{p},{q}"),
            Family::Schatten(p) => format!("schatten:{p}"),
            Family::KyFan(k, 1.0) => format!("ky-fan:{k}"),
            Family::KyFan(k, p) => format!("ky-fan:{k},{p}"),
            Family::MaxAbs => "max-abs".into(),
            Family::DualKyFan(..) | Family::DualInduced(..) => format!("dual:{}", self.dual()),
        };
        f.pad(&text)
    }
}

impl FromStr for Norm {
    type Err = Error;

    /// Parses a name. `_` and `-` are equivalent; case is ignored.
    fn from_str(text: &str) -> Result<Self, Error> {
        let name = text.trim().to_lowercase().replace('_', "-");
        if let Some((_, norm)) = NAMES.iter().find(|(known, _)| *known == name) {
            return Ok(*norm);
        }
        let unknown = || {
            Error::syntax(format!(
                "unknown norm `{text}`; known: frobenius, spectral, nuclear, max-abs, max-column-sum, max-row-sum"
            ))
            .with_hint("families: entrywise:p, induced:p,q, schatten:p, ky-fan:k, ky-fan:k,p, dual:NORM")
        };
        let (family, rest) = name.split_once(':').ok_or_else(unknown)?;
        let number = |text: &str| text.trim().parse::<f64>().map_err(|_| unknown());
        match family.trim() {
            "entrywise" => Self::entrywise(number(rest)?),
            "schatten" => Self::schatten(number(rest)?),
            "ky-fan" => {
                let (k, p) = rest.split_once(',').map_or(Ok((rest, 1.0)), |(k, p)| number(p).map(|p| (k, p)))?;
                Self::ky_fan_power(k.trim().parse().map_err(|_| unknown())?, p)
            }
            "dual" => Ok(rest.parse::<Self>()?.dual()),
            "induced" => {
                let (p, q) = rest.split_once(',').ok_or_else(unknown)?;
                Self::induced(number(p)?, number(q)?)
            }
            _ => Err(unknown()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_norm_reads_its_own_name() {
        let all =
            ["entrywise:1", "entrywise:1.5", "schatten:3", "ky-fan:5", "induced:2,1", "induced:1,2", "ky-fan:3,2"];
        let duals =
            ["dual:ky-fan:5", "dual:ky-fan:5,1.5", "dual:induced:1,2", "dual:max-row-sum", "dual:induced:inf,1"];
        for name in Norm::names().chain(all).chain(duals) {
            let norm: Norm = name.parse().unwrap();
            assert_eq!(norm.to_string().parse::<Norm>().unwrap(), norm, "{name}");
        }
    }

    #[test]
    fn equal_norms_are_equal() {
        for (one, other) in [
            ("schatten:2", "frobenius"),
            ("entrywise:2", "frobenius"),
            ("schatten:1", "nuclear"),
            ("schatten:inf", "spectral"),
            ("induced:2,2", "spectral"),
            ("ky-fan:1", "spectral"),
            ("induced:1,1", "max-column-sum"),
            ("induced:inf,inf", "max_row_sum"),
            ("induced:1,inf", "max-abs"),
            ("entrywise:inf", "Max-Abs"),
            ("ky-fan:4,inf", "spectral"),
            ("dual:nuclear", "spectral"),
            ("dual:dual:ky-fan:3", "ky-fan:3"),
            ("dual:max-abs", "entrywise:1"),
            ("1", "max-column-sum"),
            ("2", "spectral"),
            ("inf", "max-row-sum"),
            ("fro", "frobenius"),
            ("nuc", "nuclear"),
        ] {
            assert_eq!(one.parse::<Norm>(), other.parse::<Norm>());
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for name in
            ["", "l2", "schatten", "schatten:", "schatten:0.5", "ky-fan:0", "ky-fan:-1", "induced:1", "schatten:nan"]
        {
            assert!(name.parse::<Norm>().unwrap_err().is_syntax(), "{name}");
        }
    }
}
