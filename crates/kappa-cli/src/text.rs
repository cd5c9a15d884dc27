//! Lines of text for people.

use kappa::{AnyMatrix, Enclosure, Evidence, c64};
use kappa_report::{aligned, number_text};

/// Digits printed of a number whose bounds allow that many.
pub(crate) const DIGITS: usize = 17;

/// A title and its value: a line of a table.
pub(crate) fn line(title: &str, text: impl Into<String>) -> Vec<String> {
    vec![title.to_owned(), text.into()]
}

/// Titles and values as an aligned table.
pub(crate) fn table(lines: &[Vec<String>]) -> String {
    aligned(lines, &[false, false])
}

/// The same for standard error, without the end of the last line.
pub(crate) fn note(lines: &[Vec<String>]) -> String {
    table(lines).trim_end().to_owned()
}

/// A row of titles.
pub(crate) fn titles<const N: usize>(titles: [&str; N]) -> Vec<String> {
    titles.map(str::to_owned).to_vec()
}

/// One value a line.
pub(crate) fn list<'a>(values: impl IntoIterator<Item = &'a Enclosure>) -> String {
    values.into_iter().map(|x| x.short(DIGITS) + "\n").collect()
}

/// A double in at most `digits` digits.
pub(crate) fn short(x: f64, digits: usize) -> String {
    if x.is_nan() { "not known".into() } else { Enclosure::exact(x).short(digits) }
}

/// A double in scientific notation, such as 1.5e-8; 0 and ∞ as they are.
pub(crate) fn scientific(x: f64, decimals: usize) -> String {
    if x == 0.0 || !x.is_finite() { number_text(x) } else { format!("{x:.decimals$e}") }
}

/// A bound in two digits, rounded up.
pub(crate) fn at_most(x: f64) -> String {
    match x {
        0.0 => "0".into(),
        _ if x.is_infinite() => "no bound".into(),
        _ => format!("at most {:.1e}", x * 1.05),
    }
}

/// A size that is estimated, in two digits.
pub(crate) fn about_size(x: f64) -> String {
    if x == 0.0 { "0".into() } else { format!("about {}", scientific(x, 1)) }
}

/// One row a line, blanks between columns.
pub(crate) fn matrix(x: &AnyMatrix) -> String {
    let number = |z: c64| {
        if x.is_complex() {
            format!("{:?}{}{:?}i", z.re, if z.im < 0.0 { "-" } else { "+" }, z.im.abs())
        } else {
            format!("{:?}", z.re)
        }
    };
    let (m, n) = x.shape();
    let rows: Vec<Vec<String>> = (0..m).map(|i| (0..n).map(|j| number(x.get(i, j))).collect()).collect();
    aligned(&rows, &vec![true; n])
}

/// One row a line, with the digits that an error relative to the largest entry of each column leaves.
pub(crate) fn certain_digits(x: &AnyMatrix, relative: f64) -> String {
    let (m, n) = x.shape();
    let size = |j: usize| (0..m).map(|i| x.get(i, j).norm()).fold(0.0, f64::max);
    let errors: Vec<f64> = (0..n).map(|j| size(j) * relative).collect();
    let part = |x: f64, error: f64| {
        let evidence = Evidence::Estimate("an estimated error");
        Enclosure::new((x - error).next_down(), x, (x + error).next_up(), evidence).short(DIGITS)
    };
    let number = |z: c64, error: f64| match x.is_complex() {
        true => format!("{}{}{}i", part(z.re, error), if z.im < 0.0 { "-" } else { "+" }, part(z.im.abs(), error)),
        false => part(z.re, error),
    };
    let row = |i: usize| (0..n).map(|j| number(x.get(i, j), errors[j])).collect();
    aligned(&(0..m).map(row).collect::<Vec<Vec<String>>>(), &vec![true; n])
}

/// A complex number with an absolute error of at most `radius`: the decimals that are certain; `not known` without any.
pub(crate) fn complex_within(z: c64, radius: f64) -> String {
    if radius == 0.0 {
        return complex(z, DIGITS - 1);
    }
    if radius >= 0.5 * z.norm() {
        return "not known".into();
    }
    // The place of the last certain decimal: half a unit of it is at least the radius.
    let last = (2.0 * radius).log10().ceil() as i32;
    let part = |x: f64| {
        let first = if x == 0.0 { last - 1 } else { x.abs().log10().floor() as i32 };
        let digits = (first - last + 1).min(DIGITS as i32 - 1);
        match digits {
            ..=0 => "0".to_owned(),
            _ if (-4..=6).contains(&first) => format!("{x:.0$}", (digits - 1 - first).max(0) as usize),
            _ => format!("{x:.0$e}", digits as usize - 1),
        }
    };
    match z.im {
        0.0 => part(z.re),
        im => format!("{} {} {}i", part(z.re), if im < 0.0 { '-' } else { '+' }, part(im.abs())),
    }
}

/// A complex number in at most `digits` digits; a real one without its imaginary part.
pub(crate) fn complex(z: c64, digits: usize) -> String {
    let part = |x: f64| {
        let size = x.abs();
        if x == 0.0 || (1e-4..1e6).contains(&size) {
            let places = (digits as i32 - 1 - if x == 0.0 { 0 } else { size.log10().floor() as i32 }).clamp(0, 17);
            let text = format!("{x:.0$}", places as usize);
            if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
        } else {
            scientific(x, digits.saturating_sub(1))
        }
    };
    if z.im == 0.0 {
        return part(z.re);
    }
    let sign = if z.im < 0.0 { '-' } else { '+' };
    format!("{} {sign} {}i", part(z.re), part(z.im.abs()))
}
