//! Values as they are written on the command line.

/// Anything that kappa reads from text; the hint of its error stands below the message, as everywhere.
pub(crate) fn read<T: std::str::FromStr<Err = kappa::Error>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: kappa::Error| with_hint(&error, error.hint()))
}

fn with_hint(error: &impl std::fmt::Display, hint: Option<&str>) -> String {
    hint.map_or_else(|| error.to_string(), |hint| format!("{error}\n\nhint: {hint}"))
}

/// A number, which is refused if no double is near it.
pub(crate) fn number(text: &str) -> Result<f64, String> {
    kappa_tensors::number(text).map_err(|error| with_hint(&error, error.hint()))
}

/// A share: 0.001 or 0.1%.
pub(crate) fn share(text: &str) -> Result<f64, String> {
    let (number, factor) = match text.trim().strip_suffix('%') {
        Some(percent) => (percent, 0.01),
        None => (text.trim(), 1.0),
    };
    match self::number(number) {
        Ok(x) if x >= 0.0 && x.is_finite() => Ok(x * factor),
        _ => Err(format!("`{text}` is not a share such as 0.001 or 0.1%")),
    }
}

/// A count of at least 1.
pub(crate) fn count(text: &str) -> Result<usize, String> {
    match text.trim().parse() {
        Ok(count) if count >= 1 => Ok(count),
        _ => Err(format!("`{text}` is not a whole number from 1 on")),
    }
}

/// What singular values are compared with: 0 or a positive number.
pub(crate) fn threshold(text: &str) -> Result<f64, String> {
    match number(text) {
        Ok(x) if x >= 0.0 && x.is_finite() => Ok(x),
        _ => Err(format!("`{text}` is not 0 or a positive number such as 0.5")),
    }
}

/// A complex number: 1.5 or 1.5,-2.
pub(crate) fn complex(text: &str) -> Result<(f64, f64), String> {
    let numbers: Result<Vec<f64>, _> = text.split(',').map(number).collect();
    match numbers.as_deref() {
        Ok([re]) => Ok((*re, 0.0)),
        Ok([re, im]) => Ok((*re, *im)),
        _ => Err(format!("`{text}` is not a number such as 1.5 or 1.5,-2")),
    }
}

/// Four numbers.
pub(crate) fn region(text: &str) -> Result<[f64; 4], String> {
    let numbers: Result<Vec<f64>, _> = text.split(',').map(number).collect();
    let four = numbers.ok().and_then(|x| <[f64; 4]>::try_from(x).ok());
    four.ok_or_else(|| format!("`{text}` is not a region such as -1,3,-2,2"))
}

/// Two numbers from 1.
pub(crate) fn plane(text: &str) -> Result<(usize, usize), String> {
    let parts = text.split_once(',').and_then(|(i, j)| Some((i.trim().parse().ok()?, j.trim().parse().ok()?)));
    match parts {
        Some((i, j)) if i >= 1 && j >= 1 && i != j => Ok((i, j)),
        _ => Err(format!("`{text}` is not a pair of different numbers from 1 such as 1,2")),
    }
}

/// Rows and columns: 9x4 or 9×4.
pub(crate) fn shape(text: &str) -> Result<(usize, usize), String> {
    let parts =
        text.split_once(['x', '×', 'X']).and_then(|(m, n)| Some((m.trim().parse().ok()?, n.trim().parse().ok()?)));
    parts.ok_or_else(|| format!("`{text}` is not a shape such as 9x4"))
}

/// A number of bytes: 4GiB, 512MB, 1000000.
pub(crate) fn bytes(text: &str) -> Result<u64, String> {
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let factor = match unit.trim().to_lowercase().as_str() {
        "" | "b" => 1.0,
        "k" | "kib" => 1024.0,
        "kb" => 1e3,
        "m" | "mib" => 1048576.0,
        "mb" => 1e6,
        "g" | "gib" => 1073741824.0,
        "gb" => 1e9,
        "t" | "tib" => 1099511627776.0,
        "tb" => 1e12,
        other => return Err(format!("`{other}` is not a unit of memory; use KiB, MiB, GiB or TiB")),
    };
    let number: f64 = number.parse().map_err(|_| format!("`{text}` is not a size such as 4GiB"))?;
    Ok((number * factor) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_with_their_units() {
        assert_eq!(bytes("4GiB"), Ok(4 << 30));
        assert_eq!(bytes("1.5k"), Ok(1536));
        assert_eq!(bytes("2GB"), Ok(2_000_000_000));
        assert_eq!(bytes("77"), Ok(77));
        assert!(bytes("GiB").is_err() && bytes("4 parsecs").is_err() && bytes("-1").is_err());
    }
}
