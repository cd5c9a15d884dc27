//! The inverse or pseudoinverse of a matrix that is too ill-conditioned for doubles: fixed-point numbers with as many
//! bits as its condition number takes. The approximate inverse is untrusted; the residual has no rounding error.

use kappa_dense::{Matrix, MatrixRef, Real, Scalar};

use super::inverse::{InverseEnclosure, RelativeErrors};
use crate::arithmetic::fixed_point::FixedPoint;
use crate::enclosure::directed::{add_up, div_up, max_or_nan, mul_up, norm_up, sqrt_up, sum_up, times_power};
use crate::enclosure::times_power_of_two;

/// The processor seconds that an inverse in many bits may take, by the counts of its operations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Effort(f64);

impl Effort {
    /// For an answer without a guarantee.
    pub(crate) const SMALL: Self = Self(0.25);
    /// For a certified answer: order 300 with the bits that a condition number of 1e60 takes.
    pub(crate) const LARGE: Self = Self(60.0);

    /// Whether the first attempt for an m×n matrix fits, m ≥ n.
    pub(crate) fn suffices(self, m: usize, n: usize) -> bool {
        self.fits(m, n, f64::from(FIRST_BITS), 106.0)
    }

    /// Whether an inverse of order n in this many bits fits; `rows` is the longer side of the matrix.
    fn fits(self, rows: usize, n: usize, bits: f64, given: f64) -> bool {
        let (m, n) = (rows as f64, n as f64);
        // The time of a product of two integers: an allocation, and a time for each product of two words.
        let product = |x: f64, y: f64| 4e-8 + 2e-9 * (x / 64.0).ceil() * (y / 64.0).ceil();
        let gram =
            if m > n { m * n * n * (product(given / 2.0, given / 2.0) + product(bits, given / 2.0)) } else { 0.0 };
        gram + n * n * n * (1.4 * product(bits, bits) + product(bits, given)) < self.0
    }
}

/// The residual ‖I − AR‖ below which the ends are close enough: the rounding of R to doubles is as large.
const SMALL_RESIDUAL: f64 = 1e-13;
/// The bits of the first attempt. Fewer would suffice for what doubles nearly reach, but cost nearly as much.
const FIRST_BITS: u32 = 192;

/// A⁻¹, or A⁺ for a matrix of full rank; `None` where the effort does not suffice, as for every matrix without full
/// rank.
///
/// With an m×n matrix A, m ≥ n, and W = A·D for powers of two D: X = D·R with R near W⁻¹ and F = I − WR for m = n, so
/// that A⁻¹ − X = A⁻¹F; otherwise X = D·RᵀWᵀ with R near (WᵀW)⁻¹ and F = I − WᵀWR, so that A⁺ − X = DFᵀD⁻¹A⁺.
pub(crate) fn inverse_in_many_bits<T: Scalar>(
    a: MatrixRef<'_, T>,
    effort: Effort,
) -> Option<InverseEnclosure<T::Wide>> {
    let wide = a.to_wide();
    let is_turned = is_turned(wide.as_ref());
    let upright = if is_turned { wide.adjoint() } else { wide };
    let form = <T::Wide>::real_form(upright.as_ref());
    let found = Approximation::new(form.view(), &[], effort)?;
    Some(finished(found, (upright.columns(), upright.rows()), is_turned))
}

/// The same for the real matrix A + R₁ + R₂ + …, whose entries need not be doubles.
pub(crate) fn inverse_of_sum(a: &Matrix<f64>, rests: &[Matrix<f64>], effort: Effort) -> Option<InverseEnclosure<f64>> {
    let is_turned = is_turned(a.as_ref());
    let upright = |x: &Matrix<f64>| if is_turned { x.adjoint() } else { x.clone() };
    let (a, rests) = (upright(a), rests.iter().map(upright).collect::<Vec<_>>());
    let found = Approximation::new(a.as_ref(), &rests, effort)?;
    Some(finished(found, (a.columns(), a.rows()), is_turned))
}

/// The n×m enclosure of the inverse, of whose adjoint the approximation is where the matrix was turned.
fn finished<W: Scalar>(found: Approximation, (n, m): (usize, usize), is_turned: bool) -> InverseEnclosure<W> {
    let whole = Found::new(found).enclosure(n, m);
    if is_turned { turned(whole) } else { whole }
}

/// Whether the adjoint is taken: where there are fewer rows than columns, or where the rows of a square matrix differ
/// in size more than its columns, because scaling of columns costs nothing here.
fn is_turned<W: Scalar>(a: MatrixRef<'_, W>) -> bool {
    let (m, n) = (a.rows(), a.columns());
    let size = |i: usize, j: usize| a.get(i, j).re().abs().max(a.get(i, j).im().abs());
    let spread = |sizes: Vec<f64>| {
        let logs = || sizes.iter().filter(|&&x| x > 0.0).map(|x| x.log2());
        logs().fold(f64::NEG_INFINITY, f64::max) - logs().fold(f64::INFINITY, f64::min)
    };
    let rows = || spread((0..m).map(|i| (0..n).map(|j| size(i, j)).fold(0.0, f64::max)).collect());
    let columns = || spread((0..n).map(|j| (0..m).map(|i| size(i, j)).fold(0.0, f64::max)).collect());
    m < n || m == n && rows() > columns()
}

fn turned<W: Scalar>(x: InverseEnclosure<W>) -> InverseEnclosure<W> {
    let RelativeErrors { columns, rows, spectral } = x.relative;
    InverseEnclosure {
        center: x.center.adjoint(),
        row: x.column,
        column: x.row,
        relative: RelativeErrors { columns: rows, rows: columns, spectral },
        ..x
    }
}

/// W = A·diag(2^−columnⱼ) without rounding, an approximate inverse R of W, or of WᵀW where A has more rows than
/// columns, and upper bounds of the entries of |I − WR|, or of |D(I − WᵀWR)ᵀD⁻¹|.
pub(super) struct Approximation {
    pub(super) w: FixedPoint,
    pub(super) r: FixedPoint,
    pub(super) columns: Vec<i32>,
    pub(super) rest: Matrix<f64>,
}

impl Approximation {
    /// For a square matrix.
    pub(super) fn of_square<P: Real>(a: MatrixRef<'_, P>, effort: Effort) -> Option<Self> {
        if a.rows() == a.columns() { Self::new(a, &[], effort) } else { None }
    }

    /// For a square matrix of numbers below 1, none of which need be a double.
    pub(super) fn of_numbers(w: FixedPoint, effort: Effort) -> Option<Self> {
        let columns = vec![0; w.columns()];
        Self::of_scaled(w, columns, effort)
    }

    /// For A + R₁ + R₂ + ….
    fn new<P: Real>(a: MatrixRef<'_, P>, rests: &[Matrix<f64>], effort: Effort) -> Option<Self> {
        let (m, n) = (a.rows(), a.columns());
        if n == 0 {
            return None;
        }
        let columns: Vec<i32> = (0..n)
            .map(|j| {
                let size = (0..m).map(|i| a.get(i, j).re().abs()).fold(0.0, f64::max);
                if size > 0.0 { size.log2().floor() as i32 + 1 } else { 0 }
            })
            .collect();
        let w = FixedPoint::scaled(a, &columns);
        let w = rests.iter().fold(w, |w, rest| w.plus(&FixedPoint::scaled(rest.as_ref(), &columns)));
        Self::of_scaled(w, columns, effort)
    }

    fn of_scaled(w: FixedPoint, columns: Vec<i32>, effort: Effort) -> Option<Self> {
        let (m, n) = (w.rows(), w.columns());
        let is_square = m == n;
        let given = if is_square { 1.0 } else { 2.0 } * w.longest() as f64;
        let mut bits = FIRST_BITS;
        if !effort.fits(m, n, f64::from(bits), given) {
            return None;
        }
        let gram = (!is_square).then(|| w.transpose().times(&w));
        let product = gram.as_ref().unwrap_or(&w);
        while effort.fits(m, n, f64::from(bits), given) {
            let mut more = bits;
            if let Some(r) = product.approximate_inverse(bits, bits / 2 + 64) {
                let f = product.times(&r).subtracted_from_identity();
                let rest = if is_square { moduli(&f, |_, _| 0) } else { unscaled(&f.transpose(), &columns) };
                let g = Bounds::of(&rest).relative().spectral;
                if g <= SMALL_RESIDUAL {
                    return Some(Self { w, r, columns, rest });
                }
                // The residual says how many bits are missing, unless it is no better than a guess.
                more = if g < 0.5 { 2 * (g / SMALL_RESIDUAL).log2().ceil() as u32 + 16 } else { bits };
            }
            bits += more;
        }
        None
    }
}

/// X of a real matrix with m ≥ n, and upper bounds of the entries of its residual.
struct Found {
    /// X without the powers of two of its rows.
    inverse: FixedPoint,
    /// Row i of X is row i of `inverse` times 2^−columns[i].
    columns: Vec<i32>,
    /// |F| for m = n; |DFᵀD⁻¹| otherwise.
    rest: Matrix<f64>,
    is_square: bool,
}

impl Found {
    fn new(Approximation { w, r, columns, rest }: Approximation) -> Self {
        let is_square = w.rows() == w.columns();
        let inverse = if is_square { r } else { r.transpose().times(&w.transpose()) };
        Self { inverse, columns, rest, is_square }
    }

    /// Back from the real form to an n×m matrix, with its largest entry near 1.
    fn enclosure<W: Scalar>(&self, n: usize, m: usize) -> InverseEnclosure<W> {
        let entry = |i: usize, j: usize| {
            let (mantissa, exponent) = self.inverse.entry(i, j);
            (mantissa, exponent - i64::from(self.columns[i]))
        };
        let (all_rows, all_columns) = (self.inverse.rows(), self.inverse.columns());
        let f = (0..all_rows)
            .flat_map(|i| (0..all_columns).map(move |j| (i, j)))
            .map(|(i, j)| entry(i, j))
            .filter(|x| x.0 != 0.0)
            .map(|x| x.1)
            .max()
            .unwrap_or(0);
        let value = |i: usize, j: usize| {
            let (mantissa, exponent) = entry(i, j);
            times_power_of_two(mantissa, clamped(exponent - f))
        };
        let center = Matrix::from_fn(n, m, |i, j| {
            let im = if all_rows > n { value(n + i, j) } else { 0.0 };
            W::from_parts(value(i, j), im)
        });
        let bounds = Bounds::of(&self.rest);
        let size = |i: usize, j: usize| {
            let (mantissa, exponent) = entry(i, j);
            times_power(mantissa.abs().next_up(), clamped(exponent - f)).1
        };
        let (row, column) = self.radii(&bounds, n, m, &size);
        // Each part of an entry of at most 1 was rounded to a double.
        InverseEnclosure {
            center,
            row,
            column,
            lost: 4.0 * f64::EPSILON,
            exponent: clamped(f),
            relative: bounds.relative(),
        }
    }

    /// |A⁺ − X| ≤ row·columnᵀ. From the right, |A⁻¹ − X| ≤ |A⁻¹||F| with ‖eᵢᵀA⁻¹‖∞ ≤ ‖eᵢᵀX‖∞/(1 − ‖F‖₁); from the left,
    /// |A⁺ − X| ≤ |E||A⁺| with ‖A⁺eⱼ‖∞ ≤ ‖Xeⱼ‖∞/(1 − ‖E‖∞).
    fn radii(&self, bounds: &Bounds, n: usize, m: usize, x: &dyn Fn(usize, usize) -> f64) -> (Vec<f64>, Vec<f64>) {
        let (rows, columns) = (self.inverse.rows(), self.inverse.columns());
        let largest = |values: &mut dyn Iterator<Item = f64>| values.fold(0.0, max_or_nan);
        let (row, column): (Vec<f64>, Vec<f64>) = if self.is_square {
            let room = (1.0 - bounds.most_of_column()).next_down();
            let row = (0..rows).map(|i| div_up(largest(&mut (0..columns).map(|j| x(i, j))), room)).collect();
            (row, bounds.columns.clone())
        } else {
            let room = (1.0 - bounds.most_of_row()).next_down();
            let column = (0..columns).map(|j| div_up(largest(&mut (0..rows).map(|i| x(i, j))), room)).collect();
            (bounds.rows.clone(), column)
        };
        // A complex entry has two parts, each with this bound.
        let both = |x: &[f64], k: usize, count: usize| {
            if x.len() > count { add_up(x[k], x[count + k]) } else { x[k] }
        };
        ((0..n).map(|i| both(&row, i, n)).collect(), (0..m).map(|j| both(&column, j, m)).collect())
    }
}

pub(super) fn clamped(exponent: i64) -> i32 {
    exponent.clamp(-1 << 20, 1 << 20) as i32
}

/// Upper bounds of |F|, entry (i, j) times 2^shift(i, j).
fn moduli(f: &FixedPoint, shift: impl Fn(usize, usize) -> i64) -> Matrix<f64> {
    Matrix::from_fn(f.rows(), f.columns(), |i, j| {
        let (mantissa, exponent) = f.entry(i, j);
        if mantissa == 0.0 { 0.0 } else { times_power(mantissa.abs().next_up(), clamped(exponent + shift(i, j))).1 }
    })
}

/// |D·E·D⁻¹| for D = diag(2^−columnᵢ).
fn unscaled(e: &FixedPoint, columns: &[i32]) -> Matrix<f64> {
    moduli(e, |i, j| i64::from(columns[j]) - i64::from(columns[i]))
}

/// Upper bounds of the row sums and column sums of a non-negative matrix, and of its norm.
struct Bounds {
    rows: Vec<f64>,
    columns: Vec<f64>,
    frobenius: f64,
}

impl Bounds {
    fn of(rest: &Matrix<f64>) -> Self {
        let n = rest.columns();
        let rows = (0..rest.rows()).map(|i| sum_up((0..n).map(|j| rest[(i, j)]).sum(), n)).collect();
        let columns = (0..n).map(|j| sum_up(rest.column(j).iter().sum(), rest.rows())).collect();
        Self { rows, columns, frobenius: norm_up(rest.as_slice()) }
    }

    fn most_of_row(&self) -> f64 {
        self.rows.iter().copied().fold(0.0, max_or_nan)
    }

    fn most_of_column(&self) -> f64 {
        self.columns.iter().copied().fold(0.0, max_or_nan)
    }

    fn relative(&self) -> RelativeErrors {
        let (rows, columns) = (self.most_of_row(), self.most_of_column());
        let spectral = sqrt_up(mul_up(rows, columns)).min(self.frobenius);
        let known = |g: f64| if g < 1.0 { g } else { f64::INFINITY };
        RelativeErrors { columns: known(columns), rows: known(rows), spectral: known(spectral) }
    }
}
