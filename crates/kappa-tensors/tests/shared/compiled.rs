//! Every file of a folder of tests is in their program.
//!
//! A macro takes the modules from the folder. Cargo knows the files that it found, but not that another one was added:
//! the program is compiled again only when a file changes that it knows. A test that is not compiled cannot fail.

use std::path::Path;
use std::process::Command;

#[test]
fn every_file_of_the_folder_is_in_this_program() {
    let list = Command::new(std::env::current_exe().unwrap()).arg("--list").output().unwrap();
    let tests = String::from_utf8(list.stdout).unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/all");
    for file in std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
        let module = file.file_stem().unwrap().to_string_lossy().into_owned();
        if module == "main" || file.extension().is_none_or(|ending| ending != "rs") {
            continue;
        }
        let has_tests = std::fs::read_to_string(&file).unwrap().contains("#[test]");
        let is_listed = tests.lines().any(|test| test.starts_with(&format!("{module}::")));
        let main = folder.join("main.rs");
        assert!(is_listed || !has_tests, "{module}.rs is new to cargo: `touch {}` and run again", main.display());
    }
}
