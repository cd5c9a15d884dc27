//! Columns of numbers without rounding: whole numbers times powers of ten and of two.

use kappa_dense::pair::{Pair, PairMatrix};
use num_bigint::{BigInt, Sign};

use crate::arithmetic::{Decimal, pair_whole};
use crate::enclosure::directed::times_power;
use crate::{Enclosure, Evidence};

/// digits·10^tens·2^twos.
#[derive(Clone, Debug)]
pub(super) struct Exact {
    digits: BigInt,
    tens: i32,
    twos: i32,
}

/// Up to this many rows, numbers that a pair does not hold are kept with all their digits.
pub(super) const EXACT_ROWS: usize = 100_000;
/// The bits of a whole number beyond which a column is not written as whole numbers.
const BITS: i32 = 6000;

impl Exact {
    pub(super) fn of_pair(x: Pair) -> Self {
        let (digits, twos) = pair_whole(x);
        Self { digits, tens: 0, twos }
    }

    pub(super) fn of(x: &Decimal) -> Option<Self> {
        let (digits, tens, twos) = x.whole()?;
        Some(Self { digits, tens, twos })
    }

    pub(super) fn times(&self, other: &Self) -> Self {
        Self { digits: &self.digits * &other.digits, tens: self.tens + other.tens, twos: self.twos + other.twos }
    }

    pub(super) fn power(&self, k: u32) -> Self {
        Self { digits: self.digits.pow(k), tens: self.tens * k as i32, twos: self.twos * k as i32 }
    }

    fn is_zero(&self) -> bool {
        self.digits.sign() == Sign::NoSign
    }
}

/// A column of whole numbers times 10^tens·2^twos.
#[derive(Clone, Debug)]
pub(super) struct WholeColumn {
    numbers: Numbers,
    /// log₂ of the largest size, rounded up.
    bits: u64,
    pub(super) tens: i32,
    pub(super) twos: i32,
}

#[derive(Clone, Debug)]
enum Numbers {
    Small(Vec<i64>),
    Large(Vec<BigInt>),
}

/// Whole numbers of doubles up to this size are held as they are.
const SMALL: f64 = 9_007_199_254_740_992.0;

impl WholeColumn {
    /// Column j of a matrix, whose entries are those of `exact` where the pairs are not exact. `None` where they are
    /// not known, or too long.
    pub(super) fn new(matrix: &PairMatrix, j: usize, doubt: f64, exact: Option<&[Exact]>) -> Option<Self> {
        let high = matrix.high.column(j);
        let is_small = |i: usize| high[i].trunc() == high[i] && high[i].abs() < SMALL && matrix.low[(i, j)] == 0.0;
        match exact {
            None if doubt > 0.0 => None,
            None if (0..high.len()).all(is_small) => {
                Some(Self::with(Numbers::Small(high.iter().map(|x| *x as i64).collect()), 0, 0))
            }
            None if high.len() > EXACT_ROWS => None,
            None => Self::of(&(0..high.len()).map(|i| Exact::of_pair(matrix.get(i, j))).collect::<Vec<_>>()),
            Some(exact) => Self::of(exact),
        }
    }

    fn of(column: &[Exact]) -> Option<Self> {
        let there = || column.iter().filter(|x| !x.is_zero());
        let tens = there().map(|x| x.tens).min().unwrap_or(0);
        let twos = there().map(|x| x.twos).min().unwrap_or(0);
        let reach = there().map(|x| 4 * (x.tens - tens) + x.twos - twos + x.digits.bits() as i32).max().unwrap_or(0);
        if reach > BITS {
            return None;
        }
        let whole = |x: &Exact| match x.is_zero() {
            true => BigInt::default(),
            false => (&x.digits * BigInt::from(10).pow((x.tens - tens) as u32)) << (x.twos - twos) as usize,
        };
        let large: Vec<BigInt> = column.iter().map(whole).collect();
        let small: Option<Vec<i64>> = large.iter().map(|x| i64::try_from(x).ok()).collect();
        Some(Self::with(small.map_or(Numbers::Large(large), Numbers::Small), tens, twos))
    }

    fn with(numbers: Numbers, tens: i32, twos: i32) -> Self {
        let bits = match &numbers {
            Numbers::Small(x) => x.iter().map(|x| u64::from(64 - x.unsigned_abs().leading_zeros())).max(),
            Numbers::Large(x) => x.iter().map(BigInt::bits).max(),
        };
        Self { numbers, bits: bits.unwrap_or(0), tens, twos }
    }

    pub(super) fn get(&self, i: usize) -> BigInt {
        match &self.numbers {
            Numbers::Small(x) => x[i].into(),
            Numbers::Large(x) => x[i].clone(),
        }
    }

    pub(super) fn len(&self) -> usize {
        match &self.numbers {
            Numbers::Small(x) => x.len(),
            Numbers::Large(x) => x.len(),
        }
    }

    /// Σ xᵢyᵢ of the whole numbers.
    pub(super) fn dot(&self, other: &Self) -> BigInt {
        if let (Numbers::Small(x), Numbers::Small(y)) = (&self.numbers, &other.numbers)
            && self.bits + other.bits + u64::from(usize::BITS - x.len().leading_zeros()) < 126
        {
            return x.iter().zip(y).map(|(x, y)| i128::from(*x) * i128::from(*y)).sum::<i128>().into();
        }
        (0..self.len()).map(|i| self.get(i) * other.get(i)).sum()
    }
}

/// (numerator/denominator)·10^tens·2^twos, with a positive denominator.
#[derive(Clone, Debug)]
pub(super) struct Fraction {
    pub(super) numerator: BigInt,
    pub(super) denominator: BigInt,
    pub(super) tens: i32,
    pub(super) twos: i32,
}

impl Fraction {
    /// The double next to the number on each side; an exact enclosure where the number is a double.
    pub(super) fn enclosure(&self) -> Enclosure {
        let is_negative = self.numerator.sign() == Sign::Minus;
        let ten = |t: i32| BigInt::from(10).pow(t.max(0) as u32);
        let p = BigInt::from(self.numerator.magnitude().clone()) * ten(self.tens);
        let q = &self.denominator * ten(-self.tens);
        if p.sign() == Sign::NoSign {
            return Enclosure::exact(0.0);
        }
        // A whole quotient of 54 to 56 bits.
        let shift = 55 + q.bits() as i64 - p.bits() as i64;
        let (p, q) = if shift >= 0 { (p << shift as usize, q) } else { (p, q << (-shift) as usize) };
        let whole = &p / &q;
        let is_exact = &whole * &q == p;
        let digits = u64::try_from(whole).unwrap_or(u64::MAX);
        let near = digits as f64;
        let is_exact = is_exact && near as u64 == digits;
        let e = (i64::from(self.twos) - shift).clamp(-5000, 5000) as i32;
        let (low, high) = if is_exact { (near, near) } else { (near.next_down(), near.next_up()) };
        let ends = (times_power(low, e).0, times_power(high, e).1);
        let found = Enclosure::new(ends.0, times_power(near, e).0, ends.1, Evidence::Rounding);
        if is_negative { found.negated() } else { found }
    }
}

impl std::fmt::Display for Fraction {
    /// `2`, `-1/3`, `0.1`: a ratio in lowest terms, or six digits of it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let value = self.enclosure().estimate();
        let short = |d: u32| {
            let x = value * f64::from(d);
            (x.abs() < 1e6 && x.round() == x && self.is(x as i64, d)).then_some((x as i64, d))
        };
        match (1..=100).find_map(short) {
            Some((p, 1)) => write!(f, "{p}"),
            Some((p, q)) => write!(f, "{p}/{q}"),
            None => write!(f, "{}", (value * 1e6).round() / 1e6),
        }
    }
}

impl Fraction {
    /// Whether the number is p/q.
    fn is(&self, p: i64, q: u32) -> bool {
        let power = |b: u32, e: i32| BigInt::from(b).pow(e.clamp(0, BITS) as u32);
        let left = &self.numerator * q * power(10, self.tens) * power(2, self.twos);
        left == &self.denominator * p * power(10, -self.tens) * power(2, -self.twos)
    }
}
