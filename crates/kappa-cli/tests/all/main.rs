//! The command as people run it: the binary, its output, its exit codes, its files.

automod::dir!("tests/all");

#[path = "../../../kappa-tensors/tests/shared/compiled.rs"]
mod compiled;

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use kappa_tensors::npy;

/// A folder with the files that the tests ask about.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A folder with copies of the files about which the examples of the commands ask.
    fn with_examples() -> Self {
        let folder = Self::new();
        let files = std::fs::read_dir(root().join("examples/small")).unwrap().map(|entry| entry.unwrap().path());
        for file in files.filter(|path| path.is_file()) {
            std::fs::copy(&file, folder.path(&file.file_name().unwrap().to_string_lossy())).unwrap();
        }
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn text(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    fn array(&self, name: &str, shape: &[usize], numbers: &[f64]) {
        std::fs::write(self.path(name), npy::encode_f64(shape, numbers)).unwrap();
    }

    /// Runs the command in this folder.
    fn run(&self, arguments: &[&str]) -> Done {
        self.run_with(arguments, &[])
    }

    /// The same with bytes on standard input.
    fn run_with(&self, arguments: &[&str], input: &[u8]) -> Done {
        let mut command = kappa(self.0.path(), arguments);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // A command that does not read closes the pipe: not what is tested here.
        drop(child.stdin.take().unwrap().write_all(input));
        Done::from(child.wait_with_output().unwrap())
    }
}

/// The folder of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn kappa(folder: &Path, arguments: &[impl AsRef<OsStr>]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kappa"));
    command.current_dir(folder).env_remove("COLUMNS").args(arguments);
    command
}

/// What a command printed, and its exit code.
struct Done {
    code: i32,
    out: String,
    err: String,
}

impl From<Output> for Done {
    fn from(output: Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { code: output.status.code().unwrap_or(-1), out: text(&output.stdout), err: text(&output.stderr) }
    }
}

impl Done {
    /// The one number that was printed.
    fn number(&self) -> f64 {
        self.out.trim().parse().unwrap_or_else(|_| panic!("{}", self.whole()))
    }

    /// Everything that was printed, for a snapshot.
    fn whole(&self) -> String {
        format!("exit {}\n--- stdout\n{}--- stderr\n{}", self.code, self.out, self.err)
    }
}

/// Compares with the file of this name beside the tests; `KAPPA_UPDATE_SNAPSHOTS=1` writes it instead.
fn snapshot(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots").join(format!("{name}.txt"));
    if std::env::var_os("KAPPA_UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&path, text).unwrap();
        return;
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert_same(&kept, text, &path);
}

/// Fails with the first line in which a file is not what it should be.
fn assert_same(kept: &str, text: &str, path: &Path) {
    let line = kept.lines().zip(text.lines()).take_while(|(kept, line)| kept == line).count();
    let of = |text: &str| text.lines().nth(line).unwrap_or("").to_owned();
    let (path, kept_line, new_line) = (path.display(), of(kept), of(text));
    let hint = "KAPPA_UPDATE_SNAPSHOTS=1 writes it anew";
    assert!(kept == text, "{path}:{}: `{kept_line}` should be `{new_line}`; {hint}", line + 1);
}

/// A 3×2 matrix with the singular values 4 and 3.
fn with_w() -> Folder {
    let folder = Folder::new();
    folder.array("w.npy", &[3, 2], &[3.0, 0.0, 0.0, 4.0, 0.0, 0.0]);
    folder
}
