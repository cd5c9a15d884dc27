//! The checker: integers of any length, without faer, floating point or the prover.

use num_bigint::{BigInt, Sign};

use super::{Claim, Dyadic, Quantity, Witness};
use crate::Matrix;
use crate::error::{Error, Result};

/// Checks in exact arithmetic that the witness proves the claim about this matrix.
///
/// About n³ products of integers for n = min(m, n), or m + n for induced norms; no rounding. The memory is bounded: a
/// shift or an entry of the witness beyond the range of doubles is an error, so that a hostile file cannot exhaust it.
///
/// # Errors
///
/// When the witness does not prove the claim (the message says where it fails), when it is of another kind or its parts
/// have wrong shapes, when a number is beyond the range of doubles or an order above 1024, and when an entry of A is
/// not finite.
///
/// # Examples
///
/// ```
/// # use kappa::{Matrix, proof};
/// let a = Matrix::from_row_major(2, 2, vec![2.0, 0.0, 0.0, 1.0])?;
/// // √5 ≤ 2.3: the entries alone prove it.
/// proof::verify(&a, &"norm:frobenius <= 2.3".parse()?, &proof::Witness::Entries)?;
/// assert!(proof::verify(&a, &"norm:frobenius <= 2.2".parse()?, &proof::Witness::Entries).is_err());
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn verify(a: &Matrix<f64>, claim: &Claim, witness: &Witness) -> Result<()> {
    for (_, part) in witness.parts() {
        // Numbers beyond the range of doubles prove nothing about doubles.
        if part.shift.unsigned_abs() > 2200 {
            return Err(Error::limit(format!(
                "the shift {} of the witness is beyond the range of doubles",
                part.shift
            )));
        }
    }
    check_shapes(a.rows(), a.columns(), claim, witness)?;
    let a = Exact::of(a)?;
    let c = Exact::number(claim.bound())?;
    // A zero vector satisfies every inequality of this kind, and is rejected below; so is t = 0.
    let holds = match (claim.quantity(), claim.is_upper(), witness) {
        (Quantity::Spectral, true, Witness::Above { factor }) => {
            let shifted = a.gram()?.minus_from(&c.times(&c)?)?;
            shifted.is_semidefinite_by(factor)?
        }
        (Quantity::Spectral, false, Witness::Vector { x }) => {
            let (image, x) = a.image(x)?;
            !x.is_zero() && c.times(&c)?.times(&x.sum_of_squares()?)?.is_at_most(&image.sum_of_squares()?)?
        }
        (Quantity::Least, false, Witness::Below { factor }) => {
            a.gram()?.less(&c.times(&c)?)?.is_semidefinite_by(factor)?
        }
        (Quantity::Least, true, Witness::Vector { x }) => {
            // The vector belongs to the shorter side: σₘᵢₙ is also the least stretch of the adjoint of the longer side.
            let tall = if a.rows() < a.columns() { a.transposed() } else { a };
            let (image, x) = tall.image(x)?;
            !x.is_zero() && image.sum_of_squares()?.is_at_most(&c.times(&c)?.times(&x.sum_of_squares()?)?)?
        }
        (Quantity::Cond, true, Witness::Between { middle, above, below }) => {
            let (t, g) = (Exact::number(*middle)?, a.gram()?);
            let square = t.times(&t)?;
            !t.is_zero()
                && g.minus_from(&square)?.is_semidefinite_by(above)?
                && g.scaled(&c.times(&c)?)?.less(&square)?.is_semidefinite_by(below)?
        }
        (Quantity::Cond, false, Witness::Pair { x, y }) => {
            let tall = if a.rows() < a.columns() { a.transposed() } else { a };
            let ((ax, x), (ay, y)) = (tall.image(x)?, tall.image(y)?);
            let left = c.times(&c)?.times(&ay.sum_of_squares()?)?.times(&x.sum_of_squares()?)?;
            !x.is_zero() && !y.is_zero() && left.is_at_most(&ax.sum_of_squares()?.times(&y.sum_of_squares()?)?)?
        }
        (Quantity::Nuclear, true, Witness::Factors { u, v }) => {
            let (u, v) = (Exact::witness(u, a.rows(), None)?, Exact::witness(v, a.columns(), None)?);
            // Row by row, so that a hostile shift does not lengthen every entry of A at once.
            let vt = v.transposed();
            let mut rest = Exact::number(0.0)?;
            for i in 0..a.rows() {
                rest = rest.plus(&a.row(i).minus(&u.row(i).times(&vt)?)?.sum_of_moduli())?;
            }
            let squares = u.sum_of_squares()?.plus(&v.sum_of_squares()?)?;
            squares.plus(&rest)?.plus(&rest)?.is_at_most(&c.plus(&c)?)?
        }
        (Quantity::Nuclear, false, Witness::Dual { y, factor }) => {
            let y = Exact::witness(y, a.rows(), Some(a.columns()))?;
            let along = y.inner(&a)?;
            let one = Exact::number(1.0)?;
            c.is_at_most(&along)? && y.gram()?.minus_from(&one)?.is_semidefinite_by(factor)?
        }
        (Quantity::Induced { from_infinity, to_one }, true, Witness::Weights { a: left, b: right, factor }) => {
            let (m, n) = (a.rows(), a.columns());
            let (left, right) = (Exact::witness(left, 1, Some(m))?, Exact::witness(right, 1, Some(n))?);
            let total = |x: &Exact, is_sum: bool| if is_sum { x.sum() } else { x.largest() };
            let sum = total(&left, to_one).plus(&total(&right, from_infinity))?;
            sum.is_at_most(&c.plus(&c)?)? && Exact::block(&left, &a, &right)?.is_semidefinite_by(factor)?
        }
        (Quantity::Induced { from_infinity, to_one }, false, Witness::Vector { x }) => {
            let (image, x) = a.image(x)?;
            // Both sides are squared where one of them is a 2-norm.
            let size = |v: &Exact, is_square: bool, modulus: Exact| {
                if is_square { v.sum_of_squares() } else { modulus.times(&modulus) }
            };
            let left = size(&x, !from_infinity, x.largest_modulus())?;
            let right = size(&image, !to_one, image.sum_of_moduli())?;
            !x.is_zero() && c.times(&c)?.times(&left)?.is_at_most(&right)?
        }
        (quantity, is_upper, Witness::Entries) => {
            let (value, bound) = match quantity {
                Quantity::MaxAbs => (a.largest_modulus(), c),
                Quantity::EntrySum => (a.sum_of_moduli(), c),
                Quantity::ColumnSum => (a.transposed().largest_row(), c),
                Quantity::RowSum => (a.largest_row(), c),
                Quantity::Frobenius => (a.sum_of_squares()?, c.times(&c)?),
                _ => return Err(mismatch(claim, witness)),
            };
            if is_upper { value.is_at_most(&bound)? } else { bound.is_at_most(&value)? }
        }
        _ => return Err(mismatch(claim, witness)),
    };
    if holds {
        return Ok(());
    }
    Err(Error::unsupported(format!("the witness does not prove `{claim}` for this matrix"))
        .with_hint("the claim may still be true: compute a new proof with `kappa prove`"))
}

/// The largest order of a factor in an untrusted file.
pub(super) const LARGEST: usize = 1024;

/// Fails, before anything is multiplied, for a witness whose parts do not have the shapes of an m×n matrix.
fn check_shapes(m: usize, n: usize, claim: &Claim, witness: &Witness) -> Result<()> {
    let short = m.min(n);
    if short == 0 && matches!(claim.quantity(), Quantity::Least | Quantity::Cond) {
        return Err(Error::shape(format!("a {m}×{n} matrix is empty: `{claim}` is not defined for it")));
    }
    let is_full = |part: &Dyadic, rows: usize, columns: usize| {
        part.rows.len() == rows && part.rows.iter().all(|row| row.len() == columns)
    };
    let is_triangle = |part: &Dyadic, order: usize| {
        part.rows.len() == order && part.rows.iter().enumerate().all(|(i, row)| row.len() == i + 1)
    };
    let order = if matches!(witness, Witness::Weights { .. }) { m.saturating_add(n) } else { short };
    let has_factor = witness.parts().iter().any(|(name, _)| matches!(*name, "factor" | "above" | "below" | "u"));
    if has_factor && order > LARGEST {
        return Err(Error::limit(format!("the witness needs a factor of order {order}, above the limit of {LARGEST}"))
            .with_hint(format!("proofs are limited to order {LARGEST}")));
    }
    let is_least = matches!(claim.quantity(), Quantity::Least | Quantity::Cond);
    let length = if is_least { short } else { n };
    let fits = match witness {
        Witness::Entries => true,
        Witness::Above { factor } | Witness::Below { factor } => is_triangle(factor, short),
        Witness::Between { above, below, .. } => is_triangle(above, short) && is_triangle(below, short),
        Witness::Vector { x } => is_full(x, 1, length),
        Witness::Pair { x, y } => is_full(x, 1, length) && is_full(y, 1, length),
        Witness::Weights { a, b, factor } => is_full(a, 1, m) && is_full(b, 1, n) && is_triangle(factor, m + n),
        Witness::Factors { u, v } => {
            let inner = u.rows.first().map_or(0, Vec::len);
            inner <= LARGEST && is_full(u, m, inner) && is_full(v, n, inner)
        }
        Witness::Dual { y, factor } => is_full(y, m, n) && is_triangle(factor, short),
    };
    if fits {
        return Ok(());
    }
    Err(Error::shape(format!("a part of the witness has the wrong shape for a {m}×{n} matrix")))
}

fn mismatch(claim: &Claim, witness: &Witness) -> Error {
    Error::unsupported(format!("a witness of the kind `{}` cannot prove `{claim}`", witness.method()))
}

/// A matrix of integers over 2^shift, exactly.
#[derive(Clone, Debug)]
struct Exact {
    shift: i64,
    rows: Vec<Vec<BigInt>>,
    columns: usize,
}

/// mantissa·2^exponent.
fn split(x: f64) -> (i64, i64) {
    let bits = x.to_bits();
    let (biased, fraction) = (((bits >> 52) & 0x7ff) as i64, (bits & ((1 << 52) - 1)) as i64);
    let (mantissa, exponent) = if biased == 0 { (fraction, -1074) } else { (fraction | 1 << 52, biased - 1075) };
    // Without trailing zeros, so that integers stay short.
    let zeros = if mantissa == 0 { 0 } else { mantissa.trailing_zeros() };
    (if x < 0.0 { -(mantissa >> zeros) } else { mantissa >> zeros }, exponent + i64::from(zeros))
}

impl Exact {
    fn of(a: &Matrix<f64>) -> Result<Self> {
        Error::check_matrix(a)?;
        let shift = a.as_slice().iter().filter(|x| **x != 0.0).map(|&x| -split(x).1).max().unwrap_or(0);
        let entry = |x: f64| {
            let (mantissa, exponent) = split(x);
            if mantissa == 0 { BigInt::ZERO } else { BigInt::from(mantissa) << (exponent + shift) as usize }
        };
        let rows = (0..a.rows()).map(|i| (0..a.columns()).map(|j| entry(a[(i, j)])).collect()).collect();
        Ok(Self { shift, rows, columns: a.columns() })
    }

    fn number(x: f64) -> Result<Self> {
        Self::of(&Matrix::from_fn(1, 1, |_, _| x))
    }

    /// A part of a witness, of this shape; the rows of a triangle keep their lengths.
    fn witness(part: &Dyadic, rows: usize, columns: Option<usize>) -> Result<Self> {
        let width = part.rows.first().map_or(0, Vec::len);
        let wanted = columns.unwrap_or(width);
        if part.rows.len() != rows || part.rows.iter().any(|row| row.len() != wanted) {
            return Err(Error::shape(format!("a part of the witness is not {rows}×{wanted}")));
        }
        let rows = part.rows.iter().map(|row| row.iter().map(|&x| x.into()).collect()).collect();
        Ok(Self { shift: i64::from(part.shift), rows, columns: wanted })
    }

    fn row(&self, i: usize) -> Self {
        Self { shift: self.shift, rows: vec![self.rows[i].clone()], columns: self.columns }
    }

    fn rows(&self) -> usize {
        self.rows.len()
    }

    fn columns(&self) -> usize {
        self.columns
    }

    fn is_zero(&self) -> bool {
        self.rows.iter().flatten().all(|x| x.sign() == Sign::NoSign)
    }

    fn transposed(&self) -> Self {
        let rows = (0..self.columns).map(|j| self.rows.iter().map(|row| row[j].clone()).collect()).collect();
        Self { shift: self.shift, rows, columns: self.rows() }
    }

    fn of_number(shift: i64, x: BigInt) -> Self {
        Self { shift, rows: vec![vec![x]], columns: 1 }
    }

    /// Both matrices over the larger power of two.
    fn aligned(&self, other: &Self) -> Result<(Self, Self)> {
        let shift = self.shift.max(other.shift);
        let raise = |x: &Self| {
            let by = (shift - x.shift) as usize;
            let rows = x.rows.iter().map(|row| row.iter().map(|x| x << by).collect()).collect();
            Self { shift, rows, columns: x.columns }
        };
        // Four times the range of doubles is enough for any product of two entries and a witness.
        if (self.shift - other.shift).abs() > 20_000 {
            return Err(Error::limit("the exponents of the witness and of the matrix differ by more than 20000"));
        }
        Ok((raise(self), raise(other)))
    }

    fn combined(&self, other: &Self, f: impl Fn(&BigInt, &BigInt) -> BigInt) -> Result<Self> {
        if (self.rows(), self.columns) != (other.rows(), other.columns) {
            return Err(Error::shape("parts of the proof have different shapes"));
        }
        let (x, y) = self.aligned(other)?;
        let rows = x.rows.iter().zip(&y.rows).map(|(x, y)| x.iter().zip(y).map(|(x, y)| f(x, y)).collect()).collect();
        Ok(Self { shift: x.shift, rows, columns: x.columns })
    }

    fn plus(&self, other: &Self) -> Result<Self> {
        self.combined(other, |x, y| x + y)
    }

    fn minus(&self, other: &Self) -> Result<Self> {
        self.combined(other, |x, y| x - y)
    }

    fn times(&self, other: &Self) -> Result<Self> {
        if self.columns != other.rows() {
            return Err(Error::shape("parts of the proof cannot be multiplied"));
        }
        let columns = other.transposed();
        let inner = |x: &[BigInt], y: &[BigInt]| -> BigInt { x.iter().zip(y).map(|(x, y)| x * y).sum() };
        let rows = self.rows.iter().map(|x| columns.rows.iter().map(|y| inner(x, y)).collect()).collect();
        Ok(Self { shift: self.shift + other.shift, rows, columns: other.columns })
    }

    /// AᵀA, or AAᵀ on the shorter side: only one triangle is computed.
    fn gram(&self) -> Result<Self> {
        let lines = if self.rows() < self.columns { self.clone() } else { self.transposed() };
        let n = lines.rows();
        let inner = |x: &[BigInt], y: &[BigInt]| -> BigInt { x.iter().zip(y).map(|(x, y)| x * y).sum() };
        let lower: Vec<Vec<BigInt>> =
            (0..n).map(|i| (0..=i).map(|j| inner(&lines.rows[i], &lines.rows[j])).collect()).collect();
        let rows = (0..n).map(|i| (0..n).map(|j| lower[i.max(j)][i.min(j)].clone()).collect()).collect();
        Ok(Self { shift: 2 * self.shift, rows, columns: n })
    }

    fn scaled(&self, factor: &Self) -> Result<Self> {
        let rows = self.rows.iter().map(|row| row.iter().map(|x| x * &factor.rows[0][0]).collect()).collect();
        Ok(Self { shift: self.shift + factor.shift, rows, columns: self.columns })
    }

    fn diagonal(n: usize, x: &Self) -> Self {
        let entry = |i, j| if i == j { x.rows[0][0].clone() } else { BigInt::ZERO };
        Self { shift: x.shift, rows: (0..n).map(|i| (0..n).map(|j| entry(i, j)).collect()).collect(), columns: n }
    }

    /// c·I − self.
    fn minus_from(&self, c: &Self) -> Result<Self> {
        Self::diagonal(self.rows(), c).minus(self)
    }

    /// self − c·I.
    fn less(&self, c: &Self) -> Result<Self> {
        self.minus(&Self::diagonal(self.rows(), c))
    }

    /// [[diag(a), A], [Aᵀ, diag(b)]].
    fn block(a: &Self, middle: &Self, b: &Self) -> Result<Self> {
        let shift = a.shift.max(b.shift).max(middle.shift);
        if [a, b, middle].iter().any(|x| (shift - x.shift).abs() > 20_000) {
            return Err(Error::limit("the exponents of the witness and of the matrix differ by more than 20000"));
        }
        let (m, n) = (middle.rows(), middle.columns);
        let raise = |x: &Self, value: &BigInt| value << (shift - x.shift) as usize;
        let entry = |i: usize, j: usize| match (i < m, j < m) {
            (true, true) if i == j => raise(a, &a.rows[0][i]),
            (false, false) if i == j => raise(b, &b.rows[0][i - m]),
            (true, false) => raise(middle, &middle.rows[i][j - m]),
            (false, true) => raise(middle, &middle.rows[j][i - m]),
            _ => BigInt::ZERO,
        };
        let rows = (0..m + n).map(|i| (0..m + n).map(|j| entry(i, j)).collect()).collect();
        Ok(Self { shift, rows, columns: m + n })
    }

    /// Whether self − LLᵀ is diagonally dominant with a non-negative diagonal: then self is positive semidefinite.
    fn is_semidefinite_by(&self, factor: &Dyadic) -> Result<bool> {
        let n = self.rows();
        let is_triangle = factor.rows.len() == n && factor.rows.iter().enumerate().all(|(i, row)| row.len() == i + 1);
        if !is_triangle {
            return Err(Error::shape(format!("the factor of the witness is not a lower triangle of order {n}")));
        }
        let rows: Vec<Vec<BigInt>> = factor.rows.iter().map(|row| row.iter().map(|&x| x.into()).collect()).collect();
        let shift = self.shift.max(2 * i64::from(factor.shift));
        if (shift - self.shift).max(shift - 2 * i64::from(factor.shift)) > 20_000 {
            return Err(Error::limit("the exponents of the witness and of the matrix differ by more than 20000"));
        }
        let (own, other) = ((shift - self.shift) as usize, (shift - 2 * i64::from(factor.shift)) as usize);
        let mut off = vec![BigInt::ZERO; n];
        let mut diagonal = Vec::with_capacity(n);
        for i in 0..n {
            for j in 0..=i {
                let square: BigInt = rows[i].iter().zip(&rows[j]).map(|(x, y)| x * y).sum();
                let rest = (&self.rows[i][j] << own) - (square << other);
                if i == j {
                    diagonal.push(rest);
                } else {
                    let size = BigInt::from(rest.magnitude().clone());
                    off[i] += &size;
                    off[j] += size;
                }
            }
        }
        Ok(diagonal.iter().zip(&off).all(|(d, o)| d >= o))
    }

    /// A·x for a witness x of one row, and x.
    fn image(&self, x: &Dyadic) -> Result<(Self, Self)> {
        let x = Self::witness(x, 1, Some(self.columns))?;
        Ok((self.times(&x.transposed())?, x))
    }

    fn fold(&self, shift: i64, f: impl Fn(&BigInt) -> BigInt) -> Self {
        Self::of_number(shift, self.rows.iter().flatten().map(f).sum())
    }

    fn sum_of_squares(&self) -> Result<Self> {
        Ok(self.fold(2 * self.shift, |x| x * x))
    }

    fn sum_of_moduli(&self) -> Self {
        self.fold(self.shift, |x| x.magnitude().clone().into())
    }

    fn sum(&self) -> Self {
        self.fold(self.shift, BigInt::clone)
    }

    fn largest(&self) -> Self {
        Self::of_number(self.shift, self.rows.iter().flatten().max().cloned().unwrap_or_default())
    }

    fn largest_modulus(&self) -> Self {
        let largest = self.rows.iter().flatten().map(|x| x.magnitude()).max().cloned().unwrap_or_default();
        Self::of_number(self.shift, largest.into())
    }

    fn largest_row(&self) -> Self {
        let sum = |row: &Vec<BigInt>| row.iter().map(|x| BigInt::from(x.magnitude().clone())).sum::<BigInt>();
        Self::of_number(self.shift, self.rows.iter().map(sum).max().unwrap_or_default())
    }

    fn inner(&self, other: &Self) -> Result<Self> {
        let products = self.rows.iter().flatten().zip(other.rows.iter().flatten()).map(|(x, y)| x * y);
        Ok(Self::of_number(self.shift + other.shift, products.sum()))
    }

    /// Whether one number is at most another.
    fn is_at_most(&self, other: &Self) -> Result<bool> {
        let (x, y) = self.aligned(other)?;
        Ok(x.rows[0][0] <= y.rows[0][0])
    }
}
