//! Every dependency has a licence that may be used.

use super::packages::Package;

/// Licences that may be used; an expression is allowed when one of its alternatives is.
const LICENCES: [&str; 12] = [
    "MIT",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Zlib",
    "Unlicense",
    "0BSD",
    "Unicode-3.0",
    "CC0-1.0",
    "MIT-0",
    "BSL-1.0",
];

pub(super) fn check(packages: &[Package]) -> Result<(), String> {
    if let Some(p) = packages.iter().filter(|p| !p.is_ours).find(|p| !is_allowed(&p.license)) {
        let (name, version, license) = (&p.name, &p.version, &p.license);
        return Err(format!(
            "{name} {version} has the licence `{license}`, which is not on the list of xtask/src/house/licences.rs"
        ));
    }
    println!("licences: {} packages, all allowed", packages.len());
    Ok(())
}

fn is_allowed(expression: &str) -> bool {
    expression.replace('/', " OR ").split(" OR ").any(|alternative| alternative.split(" AND ").all(is_listed))
}

fn is_listed(name: &str) -> bool {
    let name = name.trim_matches(|c: char| c == '(' || c == ')' || c.is_whitespace());
    LICENCES.contains(&name) || LICENCES.contains(&name.split(" WITH ").next().unwrap_or(""))
}

#[cfg(test)]
mod tests {
    use super::is_allowed;

    #[test]
    fn one_alternative_must_be_on_the_list() {
        assert!(is_allowed("MIT OR GPL-3.0") && is_allowed("Unlicense/MIT") && is_allowed("(MIT OR Zlib) AND ISC"));
        assert!(is_allowed("Apache-2.0 WITH LLVM-exception"));
        assert!(!is_allowed("GPL-3.0") && !is_allowed("MIT AND GPL-3.0") && !is_allowed(""));
    }
}
