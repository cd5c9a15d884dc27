//! Files that are read and written.

use std::io::Write;
use std::process::Stdio;

use super::{Done, Folder, kappa, with_w};

#[test]
fn a_dash_reads_standard_input() {
    let folder = with_w();
    let bytes = std::fs::read(folder.path("w.npy")).unwrap();
    let done = folder.run_with(&["norm", "-"], &bytes);
    assert_eq!((done.code, done.number()), (0, 5.0), "{}", done.err);
    assert_eq!(folder.run_with(&["norm", "-", "--no-mmap"], &bytes).number(), 5.0);
    assert_eq!(folder.run_with(&["check", "-", "rank = 2"], &bytes).code, 0);
    let json = folder.run_with(&["norm", "-", "--json"], &bytes).out;
    assert!(json.contains("\"file\": \"-\"") && json.contains("\"tensor\": \"stdin\""), "{json}");
    assert!((folder.run_with(&["norm", "-"], b"1,2\n3,4\n").number() - 30f64.sqrt()).abs() < 1e-12);
    let table = b"x,y\n1,1.0\n2,2.1\n3,2.9\n4,4.2\n";
    assert_eq!(folder.run_with(&["regress", "-", "--target", "y"], table).code, 0);
    let empty = folder.run_with(&["norm", "-"], b"");
    assert!(empty.code == 2 && empty.err.contains("standard input is empty"), "{}", empty.err);
    assert_eq!(folder.run_with(&["vector", "w.npy", "--weights", "-"], &[]).code, 2);
}

#[test]
fn a_proof_is_read_from_standard_input() {
    let folder = with_w();
    let proof = folder.run(&["prove", "w.npy", "norm:spectral <= 5"]).out;
    assert_eq!(folder.run_with(&["verify", "w.npy", "-"], proof.as_bytes()).code, 0);
}

#[cfg(target_os = "linux")]
#[test]
fn a_pipe_is_read_as_process_substitution_gives_it() {
    let folder = with_w();
    let bytes = std::fs::read(folder.path("w.npy")).unwrap();
    // A pipe under its name among the files of the process, as `<(…)` gives it.
    let mut child =
        kappa(folder.0.path(), &["norm", "/dev/fd/0"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(&bytes).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(Done::from(output).number(), 5.0);
}

#[test]
fn a_closed_pipe_is_no_error() {
    let folder = with_w();
    let mut child = kappa(folder.0.path(), &["survey", "w.npy", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn output_files_are_whole() {
    let folder = with_w();
    assert_eq!(folder.run(&["svd", "w.npy", "-o", "f.npz"]).code, 0);
    let done = folder.run(&["singular-values", "f.npz", "--tensor", "u"]);
    assert_eq!(done.code, 0, "{}", done.err);
    let left: Vec<String> = std::fs::read_dir(folder.0.path())
        .unwrap()
        .map(|file| file.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name.contains(".part"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn complex_types_are_named_as_in_numpy() {
    let folder = Folder::new();
    let bytes = kappa_tensors::npy::encode_c64(&[1, 2], &[kappa::c64::new(3.0, 0.0), kappa::c64::new(0.0, 4.0)]);
    std::fs::write(folder.path("z.npy"), bytes).unwrap();
    assert!(folder.run(&["survey", "z.npy", "--json"]).out.contains("\"dtype\": \"c128\""));
    assert_eq!(folder.run(&["norm", "z.npy"]).number(), 5.0);
    assert!(folder.run(&["digits", "z.npy", "--data", "c64"]).out.contains("f32"));
}

/// What an output file replaces: the file that a link leads to, never the link; nothing that is read-only; and a named
/// pipe is written to.
#[cfg(unix)]
#[test]
fn links_pipes_and_files_that_are_read_only_stay_what_they_are() {
    use std::os::unix::fs::{FileTypeExt, symlink};

    let folder = with_w();
    folder.text("target.npz", "old");
    symlink(folder.path("target.npz"), folder.path("link.npz")).unwrap();
    assert_eq!(folder.run(&["svd", "w.npy", "-o", "link.npz"]).code, 0);
    assert!(folder.path("link.npz").symlink_metadata().unwrap().is_symlink());
    assert!(std::fs::read(folder.path("target.npz")).unwrap().starts_with(b"PK"));

    folder.text("kept.npz", "mine");
    let mut only = folder.path("kept.npz").metadata().unwrap().permissions();
    only.set_readonly(true);
    std::fs::set_permissions(folder.path("kept.npz"), only).unwrap();
    let refused = folder.run(&["svd", "w.npy", "-o", "kept.npz"]);
    assert!(refused.code == 2 && refused.err.contains("`kept.npz`: it is read-only"), "{}", refused.err);
    assert_eq!(std::fs::read(folder.path("kept.npz")).unwrap(), b"mine");

    assert!(std::process::Command::new("mkfifo").arg(folder.path("pipe.npz")).status().unwrap().success());
    let pipe = folder.path("pipe.npz");
    let reader = std::thread::spawn(move || std::fs::read(pipe).unwrap());
    assert_eq!(folder.run(&["svd", "w.npy", "-o", "pipe.npz"]).code, 0);
    assert!(reader.join().unwrap().starts_with(b"PK"));
    assert!(folder.path("pipe.npz").metadata().unwrap().file_type().is_fifo());
}

#[test]
fn options_that_would_be_ignored_are_refused() {
    let folder = with_w();
    for (arguments, words) in [
        (["bound", "weyl", "--change=0.5", "--gap=3"], "weyl has no number --gap"),
        (["singular-values", "w.npy", "--top", "0"], "not a whole number from 1 on"),
        (["eig", "w.npy", "--top", "0"], "not a whole number from 1 on"),
    ] {
        let done = folder.run(&arguments);
        assert!(done.code == 2 && done.err.contains(words), "{}", done.whole());
    }
    let none = folder.run(&["survey", "w.npy", "--only", "zebra"]);
    assert!(none.code == 0 && none.err.contains("is `zebra`"), "{}", none.whole());
}
