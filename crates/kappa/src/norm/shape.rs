//! The structure of a norm: the vectors that it takes from a matrix, and the functions that it applies to them.

use super::{Family, Gauge, Norm, conjugate};
use crate::{Enclosure, Evidence};

/// The structure of a norm as a function of the matrix.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Structure {
    /// A gauge function of the singular values.
    Singular(Gauge),
    /// A p-norm of all entries.
    Entries(f64),
    /// A p-norm of each column, then the largest of them or their sum.
    Columns(Mixed),
    /// A p-norm of each row, then the largest of them or their sum.
    Rows(Mixed),
    /// An induced norm without a closed form, or its dual.
    Hard(f64, f64),
}

/// The p-norm of each line (column or row), then the largest of these norms or their sum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Mixed {
    pub(crate) p: f64,
    pub(crate) outside: Outside,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Outside {
    Largest,
    Sum,
}

impl Mixed {
    pub(crate) fn dual(self) -> Self {
        let outside = match self.outside {
            Outside::Largest => Outside::Sum,
            Outside::Sum => Outside::Largest,
        };
        Self { p: conjugate(self.p), outside }
    }
}

impl Norm {
    /// A value computed with a rounded conjugate exponent s′, widened to contain the value for the exact s, for lines
    /// of `length` entries: |1/s − 1/s′| ≤ 3u, so that the two differ by a factor of at most
    /// length^(3u) ≤ 1 + 4u·ln(length).
    pub(crate) fn for_exact_conjugate(&self, length: usize, value: Enclosure) -> Enclosure {
        let p = match self.0 {
            Family::Induced(p, f64::INFINITY) | Family::DualInduced(1.0, p) => p,
            _ => return value,
        };
        if p == 1.0 || p == 2.0 || p == f64::INFINITY {
            return value;
        }
        let slack = 2.0 * f64::EPSILON * (2.0 + (length.max(1) as f64).ln());
        value.times(Enclosure::new(1.0 - slack, 1.0, 1.0 + slack, Evidence::Rounding))
    }

    /// The structure of this norm. The Frobenius norm, a function of entries and of singular values, counts as the
    /// former.
    pub(crate) fn structure(&self) -> Structure {
        let mixed = |p, outside| Mixed { p, outside };
        match self.0 {
            Family::Schatten(2.0) => Structure::Entries(2.0),
            Family::Entrywise(p) => Structure::Entries(p),
            Family::MaxAbs => Structure::Entries(f64::INFINITY),
            Family::Induced(1.0, q) => Structure::Columns(mixed(q, Outside::Largest)),
            Family::Induced(p, f64::INFINITY) => Structure::Rows(mixed(conjugate(p), Outside::Largest)),
            Family::DualInduced(1.0, q) => Structure::Columns(mixed(conjugate(q), Outside::Sum)),
            Family::DualInduced(p, f64::INFINITY) => Structure::Rows(mixed(p, Outside::Sum)),
            Family::Induced(p, q) | Family::DualInduced(p, q) => Structure::Hard(p, q),
            Family::Schatten(_) | Family::KyFan(..) | Family::DualKyFan(..) => match self.gauge() {
                Some(gauge) => Structure::Singular(gauge),
                None => Structure::Entries(2.0),
            },
        }
    }
}
