//! The Python environment of the tests, made once under `target/python`, and the package `kappa` laid out for it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::run::{exists, output, program, root};

/// What the tests and the comparison need.
const PACKAGES: [&str; 18] = [
    "numpy",
    "scipy",
    "mpmath",
    "pytest",
    "pytest-xdist",
    "hypothesis",
    "mypy",
    "pandas",
    "polars",
    "safetensors",
    "ml_dtypes",
    "gguf",
    "h5py",
    "onnx",
    "pillow",
    "zstandard",
    "jsonschema",
    "playwright",
];

/// Peers that only the comparison needs.
const PEERS: [&str; 2] = ["scikit-learn", "statsmodels"];

/// What builds the wheel.
const MATURIN: &str = "maturin>=1.16,<2";

/// The folder that stands in Python's path, and in it the package.
const PACKAGE: &str = "target/python-package";

/// The command, as pip writes it: a line that starts Python has a limited length, and no spaces in its path, so the
/// shell starts it.
const COMMAND: &str = "\
#!/bin/sh
'''exec' \"PYTHON\" \"$0\" \"$@\"
' '''
import sys

from kappa.__main__ import main

sys.exit(main())
";

/// A Python with the packages of the tests.
pub(crate) fn environment() -> Result<PathBuf, String> {
    let folder = root().join("target/python");
    let python = folder.join("bin/python");
    if !python.exists() {
        new_environment(&folder)?;
    }
    let marker = folder.join("kappa-packages");
    let wanted = PACKAGES.join("\n");
    if fs::read_to_string(&marker).ok().as_deref() != Some(&wanted) {
        install(&python, &PACKAGES)?;
        written(&marker, &wanted)?;
    }
    Ok(python)
}

fn new_environment(folder: &Path) -> Result<(), String> {
    let system = ["python3.11", "python3"].into_iter().find(|name| exists(name));
    let system = system.ok_or("Python 3.11 is not installed")?;
    program(Path::new(system), &["-m", "venv", &folder.display().to_string()])
}

fn install(python: &Path, packages: &[&str]) -> Result<(), String> {
    let mut arguments = vec!["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    arguments.extend(packages);
    program(python, &arguments)
}

/// Installs the peers of the comparison.
pub(crate) fn peers(python: &Path) -> Result<(), String> {
    install(python, &PEERS)
}

/// A Python of its own with WeightWatcher and what it needs, which is large; `None` if it cannot be installed.
pub(crate) fn weightwatcher() -> Option<PathBuf> {
    let folder = root().join("target/weightwatcher");
    let python = folder.join("bin/python");
    let marker = folder.join("is-complete");
    if !marker.exists() {
        new_environment(&folder).ok()?;
        install(&python, &["weightwatcher==0.7.7", "torch"]).ok()?;
        written(&marker, "").ok()?;
    }
    Some(python)
}

/// Makes `import kappa` and the command `kappa` of this Python give this checkout: the sources as links, so that
/// they can be edited, beside a copy of the native `module`.
pub(crate) fn lay_out(python: &Path, module: &Path) -> Result<(), String> {
    let sites = output(python, &["-c", "import sysconfig; print(sysconfig.get_path('purelib'))"])?;
    let sites = Path::new(sites.trim());
    // A wheel that was installed into the environment would be imported in place of the folder.
    if sites.join("kappa").exists() {
        program(python, &["-m", "pip", "uninstall", "--quiet", "--yes", "kappa"])?;
    }
    let parent = root().join(PACKAGE);
    package(&root().join("bindings/python/python/kappa"), &parent.join("kappa"), module)?;
    written(&sites.join("kappa.pth"), &format!("{}\n", parent.display()))?;
    let command = python.with_file_name("kappa");
    written(&command, &COMMAND.replace("PYTHON", &python.display().to_string()))?;
    executable(&command)
}

/// The package: links to its `sources` and a copy of the native `module`, which cargo may write again at any time.
fn package(sources: &Path, folder: &Path, module: &Path) -> Result<(), String> {
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(|e| cannot_write(folder, &e))?;
    }
    links(sources, folder)?;
    let copy = folder.join("_kappa.abi3.so");
    fs::copy(module, &copy).map_err(|e| cannot_write(&copy, &e))?;
    Ok(())
}

/// A folder with links to the files of another. Its folders are not links: Python writes what it compiled into them.
fn links(from: &Path, to: &Path) -> Result<(), String> {
    fs::create_dir_all(to).map_err(|e| cannot_write(to, &e))?;
    let entries = fs::read_dir(from).map_err(|e| format!("cannot read {}: {e}", from.display()))?;
    for source in entries.flatten().map(|entry| entry.path()) {
        let Some(name) = source.file_name().filter(|name| *name != "__pycache__") else { continue };
        let link = to.join(name);
        if source.is_dir() {
            links(&source, &link)?;
        } else {
            linked(&source, &link).map_err(|e| cannot_write(&link, &e))?;
        }
    }
    Ok(())
}

#[cfg(unix)]
fn linked(source: &Path, link: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(source, link)
}

#[cfg(not(unix))]
fn linked(source: &Path, link: &Path) -> std::io::Result<()> {
    fs::copy(source, link).map(drop)
}

#[cfg(unix)]
fn executable(path: &Path) -> Result<(), String> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).map_err(|e| cannot_write(path, &e))
}

#[cfg(not(unix))]
fn executable(_: &Path) -> Result<(), String> {
    Ok(())
}

fn written(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|e| cannot_write(path, &e))
}

fn cannot_write(path: &Path, error: &std::io::Error) -> String {
    format!("cannot write {}: {error}", path.display())
}

/// Builds the wheel in `target/wheels`.
pub(crate) fn wheel() -> Result<(), String> {
    let python = environment()?;
    install(&python, &[MATURIN])?;
    let out = root().join("target/wheels").display().to_string();
    let manifest = "bindings/python/Cargo.toml";
    program(&python.with_file_name("maturin"), &["build", "--release", "--manifest-path", manifest, "--out", &out])
}

/// Chromium for the browser tests, if it is on this machine.
pub(crate) fn chromium() -> Option<&'static str> {
    ["chromium", "chromium-browser", "google-chrome"].into_iter().find(|name| exists(name))
}

/// Installs Chromium with the system's package manager, if it is missing.
pub(crate) fn install_chromium() -> Result<(), String> {
    if chromium().is_some() {
        return Ok(());
    }
    program(Path::new("apt-get"), &["update", "-qq"])?;
    program(Path::new("apt-get"), &["install", "-y", "-qq", "--no-install-recommends", "chromium"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_its_sources_and_the_module() {
        let folder = std::env::temp_dir().join(format!("xtask-package-{}", std::process::id()));
        let (sources, package_folder, module) = (folder.join("sources"), folder.join("package"), folder.join("lib.so"));
        fs::create_dir_all(sources.join("inner/__pycache__")).expect("a folder");
        fs::write(sources.join("inner/a.py"), "1").expect("a file");
        fs::write(&module, "native").expect("a file");
        fs::create_dir_all(&package_folder).expect("a folder");
        fs::write(package_folder.join("old.py"), "").expect("a file");
        package(&sources, &package_folder, &module).expect("a package");
        assert_eq!(fs::read_to_string(package_folder.join("inner/a.py")).expect("a link"), "1");
        assert_eq!(fs::read_to_string(package_folder.join("_kappa.abi3.so")).expect("a copy"), "native");
        assert!(!package_folder.join("inner/__pycache__").exists() && !package_folder.join("old.py").exists());
        fs::remove_dir_all(&folder).expect("it was there");
    }
}
