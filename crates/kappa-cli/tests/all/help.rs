use super::{Folder, snapshot};

/// A command as the help shows it.
pub(crate) struct Listed {
    pub(crate) name: String,
    /// Its name, and the other one where it has two.
    pub(crate) names: String,
    pub(crate) about: String,
    /// Command lines without `kappa `.
    pub(crate) examples: Vec<String>,
}

/// The commands that `kappa --help` lists, those for shells too.
pub(crate) fn commands(folder: &Folder) -> Vec<Listed> {
    let help = folder.run(&["--help"]).out;
    let after = help.split("\nMeasure:\n").nth(1).unwrap().split("\nReads ").next().unwrap().to_owned();
    let command = |line: &str| {
        let (names, about) = line.strip_prefix("  ")?.split_once("  ")?;
        let name = names.split(',').next().unwrap().to_owned();
        let examples = examples(&folder.run(&[&name, "--help"]).out);
        Some(Listed { name, names: names.to_owned(), about: about.trim().to_owned(), examples })
    };
    after.lines().filter_map(command).filter(|command| command.name != "help").collect()
}

/// The commands that answer a question.
pub(crate) fn verbs(folder: &Folder) -> Vec<Listed> {
    let mut commands = commands(folder);
    commands.retain(|command| !["completions", "man"].contains(&command.name.as_str()));
    commands
}

/// The examples of a help.
fn examples(help: &str) -> Vec<String> {
    let lines = help.split_once("\nExamples:\n").map_or("", |(_, lines)| lines);
    lines.lines().map_while(|line| line.strip_prefix("  kappa ")).map(str::to_owned).collect()
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
    let names: Vec<String> = commands(&folder).into_iter().map(|command| command.name).collect();
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
    let manual = folder.run(&["man"]).out;
    let examples = manual.split_once(".SH EXAMPLES\n").unwrap().1;
    assert!(manual.contains(".TH") && examples.contains("kappa norm w.npy\n"), "{examples}");
}
