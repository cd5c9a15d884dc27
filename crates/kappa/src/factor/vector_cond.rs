//! The condition of a basis of eigenvectors.

use crate::enclosure::directed::{add_up, div_down, div_up, mul_up, norm_up, sqrt_up};
use crate::error::Result;
use crate::factor::Eig;
use crate::norm::modulus_enclosure;
use crate::{Enclosure, Evidence, SingularValues, singular_values};

impl Eig {
    /// κ₂ of the matrix of right eigenvectors of length 1, the factor of the perturbation in the theorem of Bauer and
    /// Fike; ∞ for defective matrices.
    ///
    /// The value concerns the exact eigenvectors of A; computed ones are independent even for a defective matrix. So
    /// the upper end is ∞ unless the discs prove that A has n independent eigenvectors. 1 where the entries show that
    /// A is normal.
    ///
    /// # Errors
    ///
    /// As [`cond`](crate::cond).
    pub fn vector_cond(&self) -> Result<Enclosure> {
        if self.parts().is_normal && !self.eigenvalues().is_empty() {
            return Ok(Enclosure::exact(1.0));
        }
        let found = singular_values(self.right())?.cond()?;
        let Some(off) = self.vector_error() else {
            let evidence = Evidence::Estimate("eigenvectors that may be dependent");
            return Ok(Enclosure::new(1.0, found.estimate(), f64::INFINITY, evidence));
        };
        // The eigenvectors are X(I + Δ)S, where S brings the columns to length 1. Those of X have it up to rounding, so
        // that the columns of X(I + Δ) are off by at most ‖X‖·‖Δ‖.
        let size = mul_up(off, sqrt_up(self.eigenvalues().len() as f64)) + 1e-12;
        let spread = |x: f64| if x < 1.0 { div_up(1.0 + x, (1.0 - x).next_down()) } else { f64::INFINITY };
        let factor = mul_up(spread(off), spread(size));
        let (lower, upper) = (div_down(found.lower(), factor).max(1.0), mul_up(found.upper(), factor));
        Ok(Enclosure::new(lower, found.estimate(), upper, found.evidence().and(self.eigenvalues().evidence())))
    }

    /// An upper bound of ‖Δ‖_F, where the columns of X(I + Δ) are eigenvectors of A for the computed X; `None` where
    /// two discs touch, so that eigenvalues may be multiple.
    ///
    /// With X⁻¹AX = D + F an eigenvector z of D + F for the disc j satisfies |zᵢ| ≤ (|F|e)ᵢ/|λ − dᵢ|, where its largest
    /// component is 1. That is below 1 for every i ≠ j, so that the largest is the j-th.
    fn vector_error(&self) -> Option<f64> {
        let (values, radii) = (self.eigenvalues(), &self.parts().defects);
        let n = values.len();
        let mut parts = Vec::with_capacity(n * n);
        for j in 0..n {
            for i in (0..n).filter(|&i| i != j) {
                let apart = modulus_enclosure(values.get(i) - values.get(j)).lower() * (1.0 - 4.0 * f64::EPSILON);
                let gap = (apart - radii[j]).next_down();
                if !(gap > radii[i] && radii[i].is_finite()) {
                    return None;
                }
                parts.push(div_up(radii[i], gap));
            }
        }
        Some(add_up(norm_up(&parts), 0.0))
    }

    /// The singular values of the matrix of right eigenvectors, as they were computed.
    ///
    /// # Errors
    ///
    /// As [`singular_values`](crate::singular_values).
    pub fn vector_singular_values(&self) -> Result<SingularValues> {
        singular_values(self.right())
    }
}
