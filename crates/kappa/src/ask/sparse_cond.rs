//! κ of a large sparse matrix, by a sparse factorization.

use kappa_dense::Matrix;

use crate::enclosure::{exponent_of, times_power_of_two};
use crate::error::{Error, Result};
use crate::factor::SparseFactor;
use crate::krylov::{Lanczos, OneNorm, Stop, largest_eigenvalue, one_norm_search};
use crate::operator::{LinearOperator, Sparse};
use crate::{Enclosure, Evidence, Norm};

/// κ₁, κ_∞ (estimated, from below) or κ₂ (Lanczos from both sides) of a square sparse matrix; and the plan, in words.
///
/// Evidence: estimate. The lower end of κ₁ is ‖A‖₁·‖z‖/‖Az‖ for the best z found.
pub(crate) fn sparse_cond(a: &Sparse<f64>, norm: Norm) -> Result<(Enclosure, String)> {
    let (m, n) = a.shape();
    if m != n {
        return Err(Error::unsupported(format!(
            "the condition number of a rectangular sparse {m}×{n} matrix needs it as a dense matrix"
        ))
        .with_hint("only square sparse matrices are factored in sparse form"));
    }
    a.check_finite()?;
    // κ does not change with the scale, and the squares of entries near 1 neither overflow nor underflow.
    let largest = a.entries_as_column()?.to_wide().as_slice().iter().fold(0.0f64, |m, x| m.max(x.abs()));
    let e = exponent_of(largest);
    let a = &a.map(|x| times_power_of_two(x, -e));
    let Some(factor) = SparseFactor::new(a)? else {
        let value = Enclosure::exact(f64::INFINITY).with_evidence(Evidence::Estimate("a pivot of 0"));
        return Ok((value, "sparse LU factorization: a pivot is 0".into()));
    };
    if norm == Norm::spectral() {
        return Ok((by_lanczos(a, &factor), format!("{}, Lanczos on AᵀA and on (AAᵀ)⁻¹", factor.name())));
    }
    let by_rows = match norm {
        x if x == Norm::max_column_sum() => false,
        x if x == Norm::max_row_sum() => true,
        other => {
            return Err(Error::unsupported(format!(
                "the condition number of a large sparse matrix in the {other} norm is not available"
            ))
            .with_hint("use spectral, max-column-sum or max-row-sum"));
        }
    };
    let value = by_search(a, &factor, by_rows)?;
    Ok((value, format!("{}, block 1-norm estimator of Higham and Tisseur", factor.name())))
}

fn by_search(a: &Sparse<f64>, factor: &SparseFactor, by_rows: bool) -> Result<Enclosure> {
    let n = a.shape().0;
    let solve = |x: &Matrix<f64>, transposed: bool| -> Result<Matrix<f64>> {
        let mut y = x.clone();
        factor.solve(y.as_mut_slice(), transposed);
        Ok(y)
    };
    let found = one_norm_search(n, &OneNorm::default(), |x| solve(x, by_rows), |x| solve(x, !by_rows))?;
    let z = Matrix::from_column_major(n, 1, found.image)?;
    let image = if by_rows { a.apply_adjoint(&z)? } else { a.apply(&z)? };
    let sum = |x: &[f64]| x.iter().map(|x| x.abs()).sum::<f64>();
    let size = a.largest_sum(by_rows);
    // A model, with a margin, of the rounding errors of sums of n terms.
    let slack = 1.0 - 1e-15 * (n as f64).sqrt().max(64.0);
    let error = f64::EPSILON * a.products_size(&z, by_rows);
    let lower = slack * size * sum(z.as_slice()) / (sum(image.as_slice()) + error);
    let value = size * found.value;
    Ok(Enclosure::new(
        lower.min(value).max(1.0),
        value.max(1.0),
        f64::INFINITY,
        Evidence::Estimate("Higham–Tisseur, from below"),
    ))
}

fn by_lanczos(a: &Sparse<f64>, factor: &SparseFactor) -> Enclosure {
    let n = a.shape().0;
    let column = |x: &[f64]| Matrix::from_fn(n, 1, |i, _| x[i]);
    let normal = |x: &[f64]| {
        let y = a.apply(&column(x)).and_then(|y| a.apply_adjoint(&y));
        y.map(Matrix::into_vec).unwrap_or_else(|_| vec![f64::NAN; n])
    };
    // (AAᵀ)⁻¹ = A⁻ᵀA⁻¹ has the largest eigenvalue 1/σₙ².
    let inverse = |x: &[f64]| {
        let mut y = x.to_vec();
        factor.solve(&mut y, false);
        factor.solve(&mut y, true);
        y
    };
    let how = Lanczos { tolerance: 1e-6, steps: 200, ..Lanczos::default() };
    let ends = |found: crate::krylov::Ritz<f64>| (found.value.max(0.0).sqrt(), found.upper.max(0.0).sqrt());
    let first = ends(largest_eigenvalue(n, &how, Stop::Enclosed, normal));
    let last = ends(largest_eigenvalue(n, &how, Stop::Enclosed, inverse));
    // The error of the solves: a backward error of a few units changes 1/σₙ by about that times κ.
    let value = first.0 * last.0;
    let slack = 64.0 * f64::EPSILON * (1.0 + value);
    Enclosure::new(
        (value / (1.0 + slack)).max(1.0),
        value.max(1.0),
        if slack < 0.5 { first.1 * last.1 * (1.0 + 2.0 * slack) } else { f64::INFINITY },
        Evidence::Estimate("Lanczos with a sparse factorization; fails with probability 2e-10 over its start"),
    )
}
