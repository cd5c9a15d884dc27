use kappa_dense::{MatrixRef, Precision, Scalar, gram_singular_values};

use crate::Plan;
use crate::error::{Error, Result};
use crate::norm::EntryNorms;
use crate::operator::{AnyOperator, Entries, LinearOperator, Operand, each};
use crate::plan::Algorithm;
use crate::values::SingularValues;

/// All singular values of A, largest first, each enclosed.
///
/// σᵢ = √λᵢ(AᴴA), p = min(m, n) of them, in the units of the entries. The ends come from the error model of the
/// algorithm in the plan (evidence: estimate). About 4·m·n² − 4/3·n³ flops for m ≥ n, or m·n² + 4/3·n³ where m is much
/// larger than n and σₘᵢₙ is large enough for the Gram product; memory for two copies in double precision, or for n²
/// numbers.
///
/// # Errors
///
/// When an entry is not finite, and when the iteration does not converge.
///
/// # Examples
///
/// ```
/// # use kappa::{Matrix, singular_values};
/// let s = singular_values(&Matrix::<f64>::identity(3))?;
/// assert!(s.iter().all(|x| x.contains(1.0)));
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// Reference: Golub and Van Loan, *Matrix Computations*, 4th ed., sections 2.4 and 8.6.
pub fn singular_values<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized)) -> Result<SingularValues> {
    if let Some(known) = a.known_singular_values() {
        return Ok(known);
    }
    let entries = Entries::of(a)?;
    Ok(values_of(entries.view(), &EntryNorms::of(entries.view())?)?.stored_with(a.epsilon()))
}

/// All singular values, those above floor·σ₁ within about 2⁻²³·σ₁ if the entries are stored in 32 bits or fewer.
///
/// As accurate as a backward stable method in the precision of the entries, in half the time of [`singular_values`] for
/// a square matrix of order 4096 and less for a tall one: by a reduction whose products are computed in single
/// precision, or by the eigenvalues of AᴴA in double precision where their error bound lies below the floor
/// ([`Plan::singular_values_above`] gives the choice and its reason). Every value carries the error bound of its
/// algorithm. For matrices of doubles, small matrices, and operators with known singular values, the same as
/// [`singular_values`].
///
/// # Errors
///
/// When the floor is not in [0, 1], when an entry is not finite, and when the iteration does not converge.
///
/// # Examples
///
/// ```
/// # use kappa::factor::singular_values_above;
/// # use kappa::Matrix;
/// let a = Matrix::from_fn(300, 200, |i, j| if i == j { 2.0f32 } else { 0.0 });
/// let s = singular_values_above(&a, 1e-6)?;
/// assert!(s.iter().all(|x| x.contains(2.0) && x.upper() - x.lower() < 1e-4));
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn singular_values_above<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized), floor: f64) -> Result<SingularValues> {
    if !(0.0..=1.0).contains(&floor) {
        return Err(Error::argument(format!("`floor` must lie in [0, 1], got {floor}"))
            .with_hint("the floor is a share of the largest singular value, such as 1e-6"));
    }
    if let Some(known) = a.known_singular_values() {
        return Ok(known);
    }
    let entries = Entries::of(a)?;
    let norms = EntryNorms::of(entries.view())?;
    let plan = Plan::singular_values_above::<T>(a.shape(), floor);
    Ok(carry_out(plan, entries.view(), &norms)?.stored_with(a.epsilon()))
}

/// Executes the usual plan.
pub(crate) fn values_of<T: Scalar>(a: MatrixRef<'_, T>, entries: &EntryNorms) -> Result<SingularValues> {
    carry_out(Plan::singular_values((a.rows(), a.columns())), a, entries)
}

fn carry_out<T: Scalar>(plan: Plan, a: MatrixRef<'_, T>, entries: &EntryNorms) -> Result<SingularValues> {
    let shape = (a.rows(), a.columns());
    match plan.algorithm {
        Algorithm::Known | Algorithm::Length => return Ok(SingularValues::of_vector(shape, entries.frobenius())),
        Algorithm::Gram => {
            if let Some(values) = gram_singular_values(a, entries.max_abs_value(), false) {
                return Ok(SingularValues::from_gram(shape, values));
            }
        }
        Algorithm::GramForSingle => {
            if let Some(values) = gram_singular_values(a, entries.max_abs_value(), true) {
                return Ok(SingularValues::from_gram(shape, values));
            }
        }
        Algorithm::SinglePrecision => {
            let found = kappa_dense::singular_values_in(a, Precision::Stored)?;
            return Ok(SingularValues::from_svd(shape, found));
        }
        Algorithm::DoubleDouble | Algorithm::Bidiagonal | Algorithm::Certificate => {}
    }
    let found = kappa_dense::singular_values(a)?;
    Ok(SingularValues::from_svd(shape, found))
}

impl AnyOperator<'_> {
    /// [`singular_values`](crate::singular_values) of this operator.
    ///
    /// # Errors
    ///
    /// As [`singular_values`](crate::singular_values).
    pub fn singular_values(&self) -> Result<SingularValues> {
        each!(self, a => self::singular_values(a))
    }

    /// [`singular_values_above`](crate::factor::singular_values_above) of this operator.
    ///
    /// # Errors
    ///
    /// As [`singular_values_above`](crate::factor::singular_values_above).
    pub fn singular_values_above(&self, floor: f64) -> Result<SingularValues> {
        each!(self, a => self::singular_values_above(a, floor))
    }

    /// The plan of [`singular_values_above`](crate::factor::singular_values_above) for this operator.
    pub fn plan_above(&self, floor: f64) -> Plan {
        fn plan<T: Scalar>(_: &Operand<'_, T>, shape: (usize, usize), floor: f64) -> Plan {
            Plan::singular_values_above::<T>(shape, floor)
        }
        each!(self, a => plan(a, self.shape(), floor))
    }
}
