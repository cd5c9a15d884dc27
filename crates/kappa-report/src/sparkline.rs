//! A row of blocks for a row of numbers.

use kappa::SingularValues;

const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Decades from the lowest block to the highest: the same for every layer, so that layers can be compared.
const DECADES: f64 = 4.0;

/// Singular values on a logarithmic scale, largest first: a full block is σ₁, the lowest σ₁/10⁴ or less, a blank zero.
pub fn sparkline(values: &SingularValues, width: usize) -> String {
    let s = values.estimates();
    let first = s.first().copied().unwrap_or(0.0);
    if first == 0.0 || width == 0 {
        return String::new();
    }
    let width = width.min(s.len());
    let at = |k: usize| if width == 1 { 0 } else { k * (s.len() - 1) / (width - 1) };
    (0..width).map(|k| block(s[at(k)] / first)).collect()
}

fn block(share: f64) -> char {
    if share <= f64::EPSILON {
        return ' ';
    }
    let height = (1.0 + share.log10() / DECADES).clamp(0.0, 1.0);
    BLOCKS[(height * 7.0).round() as usize]
}

#[cfg(test)]
mod tests {
    use super::*;
    use kappa::LinearOperator;
    use kappa::operator::Diagonal;

    fn of(values: &[f64]) -> String {
        let n = values.len();
        let d = Diagonal::new((n, n), values.to_vec()).unwrap();
        sparkline(&d.known_singular_values().unwrap(), 4)
    }

    #[test]
    fn blocks_fall_with_the_logarithm() {
        assert_eq!(of(&[1.0, 1e-2, 1e-4, 0.0]), "█▅▁ ");
        assert_eq!(of(&[5.0]), "█");
        assert_eq!(of(&[0.0, 0.0]), "");
    }
}
