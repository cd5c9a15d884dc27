//! Arithmetic modulo primes below 2³¹, for Gaussian elimination without rounding.

/// A prime p below 2³¹ with the precomputed reciprocal for Barrett reduction.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Prime {
    p: u64,
    /// ⌊2⁶⁴/p⌋.
    inverse: u64,
}

impl Prime {
    fn new(p: u64) -> Self {
        Self { p, inverse: u64::MAX / p }
    }

    pub(crate) fn value(self) -> u64 {
        self.p
    }

    /// x mod p for any x (Barrett).
    pub(crate) fn reduce(self, x: u64) -> u64 {
        let quotient = ((u128::from(x) * u128::from(self.inverse)) >> 64) as u64;
        let mut rest = x - quotient * self.p;
        while rest >= self.p {
            rest -= self.p;
        }
        rest
    }

    pub(crate) fn times(self, x: u64, y: u64) -> u64 {
        self.reduce(x * y)
    }

    pub(crate) fn power(self, mut x: u64, mut e: u64) -> u64 {
        let mut result = 1;
        while e > 0 {
            if e & 1 == 1 {
                result = self.times(result, x);
            }
            x = self.times(x, x);
            e >>= 1;
        }
        result
    }

    /// 1/x for x that p does not divide (Fermat).
    pub(crate) fn inverse(self, x: u64) -> u64 {
        self.power(x, self.p - 2)
    }
}

/// Primes downward from 2³¹.
pub(crate) fn primes() -> impl Iterator<Item = Prime> {
    (0..1u64 << 30).map(|k| (1 << 31) - 1 - 2 * k).filter(|&p| is_prime(p)).map(Prime::new)
}

/// Miller and Rabin with bases 2, 7 and 61, which is a proof below 4.7e9 (Jaeschke, Math. Comp. 61 (1993) 915–926).
fn is_prime(n: u64) -> bool {
    let small = [2, 3, 5, 7, 11, 13, 61];
    if let Some(&p) = small.iter().find(|&&p| n.is_multiple_of(p)) {
        return n == p;
    }
    let field = Prime::new(n);
    let twos = (n - 1).trailing_zeros();
    let odd = (n - 1) >> twos;
    [2, 7, 61].into_iter().all(|base| {
        let mut x = field.power(base, odd);
        (0..twos).any(|k| {
            let ends = x == n - 1 || k == 0 && x == 1;
            x = field.times(x, x);
            ends
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_primes_below_two_to_the_31_are_found() {
        let found: Vec<u64> = primes().take(5).map(Prime::value).collect();
        assert_eq!(found, [2147483647, 2147483629, 2147483587, 2147483579, 2147483563]);
        for n in 2..10_000u64 {
            let truth = (2..n).take_while(|d| d * d <= n).all(|d| !n.is_multiple_of(d));
            assert_eq!(is_prime(n), truth, "{n}");
        }
    }

    #[test]
    fn a_field_divides() {
        for p in primes().take(3) {
            for x in [1, 2, 12345, p.value() - 1, 1 << 30] {
                assert_eq!(p.times(x, p.inverse(x)), 1);
                assert_eq!(p.reduce(u64::MAX), u64::MAX % p.value());
                assert_eq!(p.reduce(x * x), x * x % p.value());
            }
        }
    }
}
