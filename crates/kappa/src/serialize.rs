//! How answers describe themselves: their JSON, and its schema, from one description of the fields (feature `serde`).
//!
//! ```
//! # use kappa::Enclosure;
//! let json = serde_json::to_string(&Enclosure::exact(f64::INFINITY))?;
//! assert_eq!(json, r#"{"lower":"inf","estimate":"inf","upper":"inf","evidence":"rounding"}"#);
//! # Ok::<(), serde_json::Error>(())
//! ```

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

use crate::condition::Extended;
use crate::equations::{LstsqMethod, Method, Refinement, RidgePoint};
use crate::krylov::Iteration;
use crate::lab::{Experiment, Trial, Verdict};
use crate::norm::Inequality;
use crate::proof::Claim;
use crate::{Check, Enclosure, Evidence, Norm, Question, Tolerance, c64};

/// A double: JSON has no infinities, so that they are the strings `"inf"` and `"-inf"`. NaN, where a value is missing,
/// is `null`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Number(pub f64);

impl Number {
    /// The numbers of a list.
    pub fn list(numbers: &[f64]) -> Vec<Self> {
        numbers.iter().copied().map(Self).collect()
    }
}

impl From<f64> for Number {
    fn from(x: f64) -> Self {
        Self(x)
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            f64::INFINITY => serializer.serialize_str("inf"),
            f64::NEG_INFINITY => serializer.serialize_str("-inf"),
            x => serializer.serialize_f64(x),
        }
    }
}

impl JsonSchema for Number {
    fn schema_name() -> Cow<'static, str> {
        "Number".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "type": "number" }, { "enum": ["inf", "-inf"] }] })
    }
}

/// A complex number as `[re, im]`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Complex(Number, Number);

impl From<c64> for Complex {
    fn from(z: c64) -> Self {
        Self(Number(z.re), Number(z.im))
    }
}

impl From<Complex> for c64 {
    fn from(z: Complex) -> Self {
        Self::new(z.0.0, z.1.0)
    }
}

impl Serialize for Evidence {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for Evidence {
    fn schema_name() -> Cow<'static, str> {
        "Evidence".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^(rounding|theorem: .+|residual|probability: .+|estimate: .+)$",
        })
    }
}

/// The JSON of a type is that of its fields, with numbers that may be infinite.
macro_rules! described {
    ($($(#[$meta:meta])* $type:ty as $name:ident { $($field:ident: $as:ty = $get:expr,)+ })+) => {$(
        $(#[$meta])*
        #[derive(Serialize, JsonSchema)]
        #[schemars(deny_unknown_fields)]
        struct $name { $($field: $as,)+ }

        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $name { $($field: $get(self).into(),)+ }.serialize(serializer)
            }
        }

        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                $name::schema_name().to_string().trim_end_matches("Fields").to_owned().into()
            }

            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                $name::json_schema(generator)
            }
        }
    )+};
}

described! {
    /// An answer with its error bound: `lower ≤ estimate ≤ upper`.
    Enclosure as EnclosureFields {
        lower: Number = Enclosure::lower,
        estimate: Number = Enclosure::estimate,
        upper: Number = Enclosure::upper,
        evidence: Evidence = Enclosure::evidence,
    }
    /// An inequality at work: both sides, and what is left between them.
    Inequality as InequalityFields {
        left: Enclosure = |x: &Inequality| x.left,
        right: Enclosure = |x: &Inequality| x.right,
        slack: Enclosure = |x: &Inequality| x.slack,
    }
    /// The curves of ridge regression at one λ.
    RidgePoint as RidgePointFields {
        lambda: Number = |x: &RidgePoint| x.lambda,
        residual_norm: Number = |x: &RidgePoint| x.residual_norm,
        solution_norm: Number = |x: &RidgePoint| x.solution_norm,
        degrees: Number = |x: &RidgePoint| x.degrees,
        gcv: Number = |x: &RidgePoint| x.gcv,
        curvature: Number = |x: &RidgePoint| x.curvature,
    }
    /// One run of an experiment.
    Trial as TrialFields {
        cond: Number = |x: &Trial| x.cond,
        backward: Number = |x: &Trial| x.backward,
        forward: Number = |x: &Trial| x.forward,
    }
}

/// As doubles: see [`Extended::enclosure`].
impl Serialize for Extended {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.enclosure().serialize(serializer)
    }
}

impl JsonSchema for Extended {
    fn schema_name() -> Cow<'static, str> {
        Enclosure::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Enclosure::json_schema(generator)
    }
}

/// A value that is written by its name.
macro_rules! by_name {
    ($($type:ty => $name:expr),+ $(,)?) => {$(
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(&$name(self))
            }
        }

        impl JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string" })
            }
        }
    )+};
}

by_name! {
    Check => ToString::to_string,
    Claim => ToString::to_string,
    Experiment => |x: &Experiment| x.name(),
    Iteration => ToString::to_string,
    LstsqMethod => ToString::to_string,
    Method => ToString::to_string,
    Norm => ToString::to_string,
    Question => ToString::to_string,
    Refinement => refinement,
    Tolerance => ToString::to_string,
    Verdict => ToString::to_string,
}

fn refinement(x: &Refinement) -> &'static str {
    match x {
        Refinement::Never => "never",
        Refinement::WhenNeeded => "when-needed",
        Refinement::Extended => "extended",
    }
}
