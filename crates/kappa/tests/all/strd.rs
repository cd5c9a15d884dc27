//! The eleven linear sets of the NIST Statistical Reference Datasets: NIST's certified values, and exact values to 32
//! digits.

use kappa::Enclosure;
use kappa::equations::regression::{Cell, Column, Design, Regression};

const SETS: [(&str, &str); 11] = [
    ("Norris", include_str!("strd/Norris.csv")),
    ("Pontius", include_str!("strd/Pontius.csv")),
    ("NoInt1", include_str!("strd/NoInt1.csv")),
    ("NoInt2", include_str!("strd/NoInt2.csv")),
    ("Filip", include_str!("strd/Filip.csv")),
    ("Longley", include_str!("strd/Longley.csv")),
    ("Wampler1", include_str!("strd/Wampler1.csv")),
    ("Wampler2", include_str!("strd/Wampler2.csv")),
    ("Wampler3", include_str!("strd/Wampler3.csv")),
    ("Wampler4", include_str!("strd/Wampler4.csv")),
    ("Wampler5", include_str!("strd/Wampler5.csv")),
];

/// The words after `# name` in the comments of a file.
fn said<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    let line = text.lines().find_map(|l| l.strip_prefix("# ")?.strip_prefix(name));
    line.map(|rest| rest.trim_start_matches(':').split_whitespace().collect()).unwrap_or_default()
}

fn fitted(text: &str) -> Regression {
    let mut lines = text.lines().filter(|l| !l.starts_with('#'));
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    let rows: Vec<Vec<&str>> = lines.map(|l| l.split(',').collect()).collect();
    let columns: Vec<Column> = (0..names.len())
        .map(|j| Column { name: names[j].into(), cells: rows.iter().map(|row| Cell::parse(row[j])).collect() })
        .collect();
    let formula = text.lines().find_map(|l| l.strip_prefix("# formula: ")).unwrap();
    Regression::new(Design::new(&columns, &formula.parse().unwrap(), None).unwrap()).unwrap()
}

/// The number of digits to which a value agrees with a reference; for a reference of 0, the error is absolute.
fn digits(value: f64, reference: &str) -> f64 {
    let reference: f64 = reference.parse().unwrap();
    let off = if reference == 0.0 { value.abs() } else { ((value - reference) / reference).abs() };
    if off == 0.0 { 16.0 } else { (-off.log10()).min(16.0) }
}

/// Whether the enclosure contains the exact value, whose 32 digits are rounded to a double here.
fn holds(e: Enclosure, exact: &str) -> bool {
    let exact: f64 = exact.parse().unwrap();
    e.lower() <= exact.next_up() && exact.next_down() <= e.upper()
}

#[test]
fn every_certified_value_is_met_to_twelve_digits_and_enclosed() {
    for (name, text) in SETS {
        let fit = fitted(text);
        let check = |what: &str, found: Enclosure, certified: &str, exact: &str| {
            let right = digits(found.estimate(), certified);
            assert!(right >= 12.0, "{name}: {what} {found:?} agrees with {certified} to {right:.1} digits");
            assert!(holds(found, exact), "{name}: {what} {found:?} misses {exact}");
        };
        for (j, c) in fit.coefficients().into_iter().enumerate() {
            let certified = said(text, &format!("B{j} "));
            check(&c.name, c.estimate, certified[0], certified[2]);
            // A standard error that is exactly 0 must be computed below 1e-20.
            if certified[1].parse::<f64>().unwrap() == 0.0 {
                assert!(c.standard_error.upper() < 1e-20, "{name}: {:?}", c.standard_error);
            } else {
                check("standard error", c.standard_error, certified[1], certified[3]);
            }
            assert!(c.digits > 14.0, "{name}: {} has {:.1} certain digits", c.name, c.digits);
            let width = c.estimate.width() / c.estimate.estimate().abs();
            assert!(width < 1e-12, "{name}: {:?}", c.estimate);
        }
        let (deviation, share, f) = (said(text, "residual_deviation "), said(text, "r_squared "), said(text, "f "));
        if deviation[0].parse::<f64>().unwrap() == 0.0 {
            assert!(fit.residual_deviation().upper() < 1e-20 && fit.r_squared().lower() > 1.0 - 1e-15);
            continue;
        }
        check("residual deviation", fit.residual_deviation(), deviation[0], deviation[1]);
        check("R²", fit.r_squared(), share[0], share[1]);
        check("F", fit.f().unwrap(), f[0], f[0]);
    }
}

/// Wampler1 contains the values of a polynomial: its residual is 0, and this is proved.
#[test]
fn a_residual_of_zero_is_proved() {
    let fit = fitted(SETS[6].1);
    assert_eq!(fit.residual_square(), Enclosure::exact(0.0));
    assert!(fit.coefficients().iter().all(|c| c.t.estimate() == f64::INFINITY && c.p == 0.0));
}

/// The collinearity diagnosis of Belsley, Kuh and Welsch.
#[test]
fn longley_is_told_to_be_collinear() {
    let fit = fitted(SETS[5].1);
    let found = fit.collinearity().unwrap();
    let worst = found.dependencies.last().unwrap();
    assert!((worst.index - 43275.0).abs() < 1.0, "{}", worst.index);
    assert!(worst.proportions[6] > 0.99 && worst.proportions[0] > 0.99);
    assert!(found.words()[0].contains("x6") && found.words()[0].contains("poorly determined"));
    // Published variance inflation factors: 135.5, 1788.5, 33.6, 3.59, 399.2, 759.0.
    for (j, vif) in [135.532, 1788.513, 33.619, 3.58893, 399.151, 758.981].into_iter().enumerate() {
        let e = found.inflation[j + 1].unwrap();
        assert!((e.estimate() / vif - 1.0).abs() < 1e-4 && e.width() < 1e-9 * vif, "{j}: {e:?}");
    }
    let total: f64 = fit.leverages().iter().map(Enclosure::estimate).sum();
    assert!((total - 7.0).abs() < 1e-9);
}
