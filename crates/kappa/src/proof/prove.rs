//! Finding witnesses in floating point, rounded to as few bits as the claim allows.

use kappa_dense::{Matrix, add_square, cholesky, counted_gram, svd};

use super::verify::LARGEST;
use super::{Claim, Dyadic, Quantity, Witness, verify};
use crate::ask::{Induced, grothendieck_weights, induced_maximiser};
use crate::error::{Error, Result};

/// A witness for the claim, checked before it is returned.
///
/// From a decomposition or a Cholesky factor in floating point, rounded to integers: about n²/2 of them for an upper
/// bound of a norm, n for a lower bound, none for sums of entries. The cost of a few decompositions, and of [`verify`]
/// for each attempt.
///
/// # Errors
///
/// When the claim is false, when it is so sharp that no rounded witness shows it, when a factor of order above 1024 is
/// needed, and when an entry is not finite.
///
/// # Examples
///
/// ```
/// # use kappa::{Matrix, proof};
/// let a = Matrix::from_row_major(2, 2, vec![2.0, 0.0, 0.0, 1.0])?;
/// let witness = proof::prove(&a, &"norm:max-abs <= 2".parse()?)?;
/// // The entries alone prove it.
/// assert_eq!(witness, proof::Witness::Entries);
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn prove(a: &Matrix<f64>, claim: &Claim) -> Result<Witness> {
    crate::Profile::of_entries(a.as_ref())?;
    let order = match claim.quantity() {
        Quantity::Induced { .. } if claim.is_upper() => a.rows() + a.columns(),
        _ => a.rows().min(a.columns()),
    };
    let needs_factor = !matches!(
        claim.quantity(),
        Quantity::MaxAbs | Quantity::EntrySum | Quantity::ColumnSum | Quantity::RowSum | Quantity::Frobenius
    );
    if needs_factor && order > LARGEST {
        return Err(Error::limit(format!("a proof of `{claim}` needs a factor of order {order}"))
            .with_hint(format!("proofs are limited to order {LARGEST}; `kappa norm --certify` has no such limit")));
    }
    // Computed for A·2⁻ᵉ with an even e, so that squares and square roots of the scale are in range.
    let largest = a.as_slice().iter().fold(0.0f64, |m, x| m.max(x.abs()));
    let e = if largest == 0.0 { 0 } else { largest.log2().floor() as i32 / 2 * 2 };
    let scaled = Matrix::from_fn(a.rows(), a.columns(), |i, j| power(a[(i, j)], -e));
    let mut tried = 0;
    for bits in [8, 12, 16, 20, 26, 32, 40, 48] {
        // A bound far above every norm of the scaled matrix would overflow, and is implied by this one.
        let far = 64.0 * (a.rows() as f64 + 1.0) * (a.columns() as f64 + 1.0);
        let bound =
            if matches!(claim.quantity(), Quantity::Cond) { claim.bound() } else { power(claim.bound(), -e).min(far) };
        let Some(witness) = find(&scaled, claim, bound, bits)? else { continue };
        let witness = back(witness, e);
        tried += 1;
        if verify(a, claim, &witness).is_ok() {
            return Ok(witness);
        }
        if matches!(witness, Witness::Entries) {
            break;
        }
    }
    let why = if tried == 0 { "no witness was found" } else { "no witness of up to 48 bits shows it" };
    Err(Error::unsupported(format!("`{claim}` cannot be proved: {why}"))
        .with_hint("the claim is false, or too close to the exact value: certified bounds of the quantity show which"))
}

/// x·2ᵉ in two steps, since 2ᵉ alone may overflow or underflow.
fn power(x: f64, e: i32) -> f64 {
    x * 2f64.powi(e / 2) * 2f64.powi(e - e / 2)
}

/// The witness for A from the witness for A·2⁻ᵉ.
fn back(witness: Witness, e: i32) -> Witness {
    let by = |part: Dyadic, e: i32| Dyadic { shift: part.shift - e, ..part };
    match witness {
        Witness::Above { factor } => Witness::Above { factor: by(factor, e) },
        Witness::Below { factor } => Witness::Below { factor: by(factor, e) },
        Witness::Between { middle, above, below } => {
            Witness::Between { middle: power(middle, e), above: by(above, e), below: by(below, e) }
        }
        Witness::Factors { u, v } => Witness::Factors { u: by(u, e / 2), v: by(v, e / 2) },
        Witness::Weights { a, b, factor } => Witness::Weights { a: by(a, e), b: by(b, e), factor: by(factor, e / 2) },
        Witness::Entries | Witness::Vector { .. } | Witness::Pair { .. } | Witness::Dual { .. } => witness,
    }
}

/// A witness rounded to about this many bits, not yet checked; `None` where floating point finds none.
fn find(a: &Matrix<f64>, claim: &Claim, c: f64, bits: i32) -> Result<Option<Witness>> {
    Ok(match (claim.quantity(), claim.is_upper()) {
        (Quantity::MaxAbs | Quantity::EntrySum | Quantity::ColumnSum | Quantity::RowSum | Quantity::Frobenius, _) => {
            Some(Witness::Entries)
        }
        (Quantity::Spectral, true) => factor_of(&gram(a), c * c, -1.0, bits).map(|factor| Witness::Above { factor }),
        (Quantity::Least, false) => factor_of(&gram(a), -c * c, 1.0, bits).map(|factor| Witness::Below { factor }),
        (Quantity::Spectral, false) => {
            let f = svd(a.as_ref(), kappa_dense::Shape::Thin)?;
            row(f.vectors.v.column(0), bits).map(|x| Witness::Vector { x })
        }
        (Quantity::Least, true) => {
            let vectors = tall_vectors(a)?;
            row(vectors.column(vectors.columns() - 1), bits).map(|x| Witness::Vector { x })
        }
        (Quantity::Cond, false) => {
            let vectors = tall_vectors(a)?;
            let (x, y) = (row(vectors.column(0), bits), row(vectors.column(vectors.columns() - 1), bits));
            x.zip(y).map(|(x, y)| Witness::Pair { x, y })
        }
        (Quantity::Cond, true) => {
            let values = kappa_dense::singular_values(a.as_ref())?.values;
            let (Some(&first), Some(&last)) = (values.first(), values.last()) else { return Ok(None) };
            // The midpoint, in the exponent, of the smallest and the largest admissible t.
            let middle = (first * (c * last)).sqrt();
            let g = gram(a);
            let above = factor_of(&g, middle * middle, -1.0, bits);
            let below = factor_of(&g, -middle * middle, c * c, bits);
            above.zip(below).map(|(above, below)| Witness::Between { middle, above, below })
        }
        (Quantity::Nuclear, true) => {
            let f = svd(a.as_ref(), kappa_dense::Shape::Thin)?;
            let half = |vectors: &Matrix<f64>| {
                let entry = |i, j: usize| vectors[(i, j)] * f.values.values[j].sqrt();
                let rows = (0..vectors.rows()).map(|i| (0..vectors.columns()).map(|j| entry(i, j)).collect());
                Dyadic::rounded(shift(f.values.values[0].sqrt(), bits), rows)
            };
            half(&f.vectors.u).zip(half(&f.vectors.v)).map(|(u, v)| Witness::Factors { u, v })
        }
        (Quantity::Nuclear, false) => dual(a, bits)?,
        (Quantity::Induced { from_infinity, to_one }, false) => {
            let (p, q) = exponents(from_infinity, to_one);
            row(&induced_maximiser(a, p, q, &Induced::default()), bits).map(|x| Witness::Vector { x })
        }
        (Quantity::Induced { from_infinity, to_one }, true) => weights(a, from_infinity, to_one, c, bits),
    })
}

fn exponents(from_infinity: bool, to_one: bool) -> (f64, f64) {
    (if from_infinity { f64::INFINITY } else { 2.0 }, if to_one { 1.0 } else { 2.0 })
}

/// Right singular vectors of A, or of Aᵀ where A is wide.
fn tall_vectors(a: &Matrix<f64>) -> Result<Matrix<f64>> {
    let f = svd(a.as_ref(), kappa_dense::Shape::Thin)?;
    let vectors = if a.rows() < a.columns() { f.vectors.u } else { f.vectors.v };
    if vectors.columns() == 0 {
        return Err(Error::shape("an empty matrix has no singular vectors"));
    }
    Ok(vectors)
}

/// The shift for which numbers up to `size` have this many bits.
fn shift(size: f64, bits: i32) -> i32 {
    let e = if size > 0.0 && size.is_finite() { size.log2().ceil() as i32 } else { 0 };
    (bits - e).clamp(-1000, 1000)
}

fn row(x: &[f64], bits: i32) -> Option<Dyadic> {
    let size = x.iter().fold(0.0f64, |m, x| m.max(x.abs()));
    Dyadic::rounded(shift(size, bits), [x.to_vec()])
}

/// The lower triangle of the Gram product on the shorter side.
fn gram(a: &Matrix<f64>) -> Matrix<f64> {
    let tall = if a.rows() < a.columns() { a.as_ref().transpose() } else { a.as_ref() };
    counted_gram(tall, 0).product
}

/// L with offset·I + factor·G ≈ LLᵀ + ε·I: half of the margin above the smallest eigenvalue is kept for the rounding of
/// L.
fn factor_of(g: &Matrix<f64>, offset: f64, factor: f64, bits: i32) -> Option<Dyadic> {
    let n = g.rows();
    let matrix = |margin: f64| {
        Matrix::from_fn(n, n, |i, j| {
            let diagonal = if i == j { offset - margin } else { 0.0 };
            if i >= j { factor * g[(i, j)] + diagonal } else { 0.0 }
        })
    };
    rounded_factor(matrix, offset.abs().max(factor.abs() * (0..n).map(|i| g[(i, i)]).fold(0.0, f64::max)), bits)
}

/// The factor of M − ε·I for half of the largest ε that leaves it positive definite, rounded.
fn rounded_factor(matrix: impl Fn(f64) -> Matrix<f64>, size: f64, bits: i32) -> Option<Dyadic> {
    let definite = |margin: f64| {
        let mut l = matrix(margin);
        cholesky(&mut l).then_some(l)
    };
    // The smallest eigenvalue to within a factor of two, by halving.
    let margin = (0..56).map(|k| size * 2f64.powi(-k)).find(|&margin| definite(margin).is_some())?;
    let l = definite(0.5 * margin)?;
    let largest = l.as_slice().iter().fold(0.0f64, |m, x| m.max(x.abs()));
    let rows = (0..l.rows()).map(|i| (0..=i).map(|j| l[(i, j)]).collect());
    let factor = Dyadic::rounded(shift(largest, bits), rows)?;
    is_dominant(matrix(0.0), &factor).then_some(factor)
}

/// Whether M − LLᵀ is diagonally dominant in floating point: otherwise the exact check is skipped.
fn is_dominant(mut m: Matrix<f64>, factor: &Dyadic) -> bool {
    let n = m.rows();
    let l = Matrix::from_fn(n, n, |i, j| if i >= j { factor.value(i, j) } else { 0.0 });
    m.as_mut_slice().iter_mut().for_each(|x| *x = -*x);
    add_square(&mut m, &l);
    let mut beside = vec![0.0; n];
    for j in 0..n {
        for i in j + 1..n {
            let size = m[(i, j)].abs();
            beside[i] += size;
            beside[j] += size;
        }
    }
    (0..n).all(|j| -m[(j, j)] >= beside[j])
}

/// Y near UVᵀ, scaled down slightly, with the factor of I − YᵀY.
fn dual(a: &Matrix<f64>, bits: i32) -> Result<Option<Witness>> {
    let f = svd(a.as_ref(), kappa_dense::Shape::Thin)?;
    let uv = kappa_dense::multiply(f.vectors.u.as_ref(), f.vectors.v.adjoint().as_ref())?;
    // About the margin that rounding to this many bits needs.
    let shrink = 1.0 - (2f64.powi(2 - bits) * (a.rows() * a.columns()) as f64).min(0.3);
    let rows = (0..a.rows()).map(|i| (0..a.columns()).map(|j| shrink * uv[(i, j)]).collect());
    let Some(y) = Dyadic::rounded(shift(1.0, bits), rows) else { return Ok(None) };
    let rounded = Matrix::from_fn(a.rows(), a.columns(), |i, j| y.value(i, j));
    Ok(factor_of(&gram(&rounded), 1.0, -1.0, bits + 4).map(|factor| Witness::Dual { y, factor }))
}

/// a and b from the weights of the factorisation bound, slightly enlarged, with the factor of the block.
fn weights(a: &Matrix<f64>, from_infinity: bool, to_one: bool, c: f64, bits: i32) -> Option<Witness> {
    let (p, q) = exponents(from_infinity, to_one);
    let (m, n) = (a.rows(), a.columns());
    let (alpha, beta) = grothendieck_weights(a, p, q);
    let scaled = Matrix::from_fn(m, n, |i, j| a[(i, j)] / (alpha[i] * beta[j]));
    let s = kappa_dense::singular_values(scaled.as_ref()).ok()?.values.first().copied()?;
    // [[s·α², A], [Aᵀ, s·β²]] is semidefinite; both totals are made equal, then enlarged by half of the margin below c.
    let total = |w: &[f64], is_sum: bool| if is_sum { w.iter().sum() } else { w.iter().copied().fold(0.0, f64::max) };
    let size = |w: &[f64], is_sum: bool| total(&w.iter().map(|w| w * w).collect::<Vec<f64>>(), is_sum);
    // Weights near 0 would need too many bits: each gets a share of the mean, a quarter of the margin below c.
    let spare = 0.25 * (c / (s * (size(&alpha, to_one) * size(&beta, from_infinity)).sqrt()) - 1.0).clamp(0.0, 0.4);
    let squares = |w: &[f64]| {
        let mean = w.iter().map(|w| w * w).sum::<f64>() / w.len() as f64;
        w.iter().map(|w| w * w + spare * mean).collect::<Vec<f64>>()
    };
    let (alpha, beta) = (squares(&alpha), squares(&beta));
    let (x, y) = (total(&alpha, to_one), total(&beta, from_infinity));
    let reached = s * (x * y).sqrt();
    if reached >= c || reached.is_nan() {
        return None;
    }
    let stretch = s * (0.5 * (1.0 + c / reached));
    let (left, right) = (stretch * (y / x).sqrt(), stretch * (x / y).sqrt());
    let weights = |w: &[f64], factor: f64| row(&w.iter().map(|w| w * factor).collect::<Vec<f64>>(), bits + 6);
    let (a_row, b_row) = (weights(&alpha, left)?, weights(&beta, right)?);
    let matrix = |margin: f64| {
        Matrix::from_fn(m + n, m + n, |i, j| match (i < m, j < m) {
            (true, true) if i == j => a_row.value(0, i) - margin,
            (false, false) if i == j => b_row.value(0, i - m) - margin,
            (false, true) => a[(j, i - m)],
            _ => 0.0,
        })
    };
    let size =
        a_row.rows[0].iter().chain(&b_row.rows[0]).copied().max()? as f64 * 2f64.powi(-a_row.shift.min(b_row.shift));
    let factor = rounded_factor(matrix, size, bits)?;
    Some(Witness::Weights { a: a_row, b: b_row, factor })
}
