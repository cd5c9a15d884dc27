use super::{Folder, snapshot};

/// The commands that `kappa --help` lists.
pub(crate) fn commands(folder: &Folder) -> Vec<String> {
    let help = folder.run(&["--help"]).out;
    let name = |line: &str| line.strip_prefix("  ")?.split([' ', ',']).next().map(str::to_owned);
    let after = help.split("\nMeasure:\n").nth(1).unwrap().split("\nReads ").next().unwrap().to_owned();
    after.lines().filter_map(name).filter(|name| !name.is_empty() && name != "help").collect()
}

#[test]
fn the_commands_are_in_groups() {
    let folder = Folder::new();
    let done = folder.run(&["--help"]);
    assert_eq!(done.code, 0);
    snapshot("help", &done.out);
    let groups =
        ["Measure:", "Factor:", "Solve:", "Compare:", "Prove:", "Models:", "Draw and learn:", "Shell:", "Options:"];
    let places: Vec<usize> = groups.iter().map(|group| done.out.find(&format!("\n{group}\n")).unwrap()).collect();
    assert!(places.is_sorted(), "{places:?}");
    assert_eq!(folder.run(&[]).code, 2);
    assert!(folder.run(&["--version"]).out.starts_with("kappa 0."));
}

#[test]
fn the_help_of_each_command() {
    let folder = Folder::new();
    let names = commands(&folder);
    assert!(names.len() >= 40, "{names:?}");
    let mut all = String::new();
    for name in &names {
        let done = folder.run(&[name, "--help"]);
        assert_eq!(done.code, 0, "{name}: {}", done.err);
        all += &format!("==== kappa {name} --help\n{}\n", done.out);
        if ["completions", "man"].contains(&name.as_str()) {
            continue;
        }
        // What is common comes last, under its own heading.
        let (own, common) = done.out.split_once("\nCommon options:\n").unwrap();
        for flag in ["--json", "--explain", "--no-mmap"] {
            assert!(!own.contains(&format!("  {flag} ")), "{name} {flag}");
        }
        assert!(common.contains("--json") && common.contains("--explain") && common.contains("--help"), "{name}");
    }
    snapshot("help_of_commands", &all);
}

#[test]
fn completions_and_the_manual() {
    let folder = Folder::new();
    for shell in ["bash", "zsh", "fish"] {
        assert!(folder.run(&["completions", shell]).out.contains("singular-values"));
    }
    assert!(folder.run(&["man"]).out.contains(".TH"));
}
