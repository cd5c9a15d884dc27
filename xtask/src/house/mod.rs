//! The rules of the house that the compiler does not know, one file each.

mod advisories;
mod arrows;
mod documentation;
mod engine;
mod exports;
mod features;
mod licences;
mod packages;
mod rooms;
mod root;
mod source;
mod stubs;
mod vendored;

pub(crate) use source::File;
pub(crate) use stubs::write as write_stubs;

/// Checks every rule and returns all that they found. With `show_all` no list of findings is cut short.
pub(crate) fn check(show_all: bool) -> Result<(), String> {
    let packages = packages::read()?;
    let outcomes = [
        arrows::check(&packages),
        engine::check(&packages),
        licences::check(&packages),
        features::check(),
        advisories::check(),
        vendored::check(),
        rooms::check(show_all),
        root::check(),
        documentation::check(show_all),
        stubs::check(),
    ];
    let errors: Vec<String> = outcomes.into_iter().filter_map(Result::err).collect();
    if errors.is_empty() { Ok(()) } else { Err(errors.join("\n\n")) }
}

/// How many findings a rule lists if not all are asked for.
const LISTED: usize = 20;

/// The findings, one a line; the first ones only, unless all are asked for.
fn listed(findings: &[String], show_all: bool) -> String {
    let count = if show_all { findings.len() } else { findings.len().min(LISTED) };
    let mut text: String = findings[..count].iter().map(|finding| format!("  {finding}\n")).collect();
    if count < findings.len() {
        text += &format!("  and {} more: `cargo xtask lint --all` lists them\n", findings.len() - count);
    }
    text
}
