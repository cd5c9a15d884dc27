//! The Python environment of the tests: made once under `target/`, with the wheel built and installed.

use std::path::{Path, PathBuf};

use crate::run::{program, root};

/// What the tests and the comparison need.
const PACKAGES: [&str; 13] = [
    "numpy",
    "scipy",
    "mpmath",
    "pytest",
    "hypothesis",
    "mypy",
    "pandas",
    "polars",
    "safetensors",
    "ml_dtypes",
    "jsonschema",
    "playwright",
    "maturin>=1.16,<2",
];

/// Peers that only the comparison needs.
const PEERS: [&str; 2] = ["scikit-learn", "statsmodels"];

/// Installs the peers of the comparison.
pub(crate) fn peers(python: &Path) -> Result<(), String> {
    let mut arguments = vec!["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    arguments.extend(PEERS);
    program(python, &arguments)
}

/// A Python of its own with WeightWatcher and what it needs, which is large; `None` where it cannot be had.
pub(crate) fn weightwatcher() -> Option<PathBuf> {
    let folder = root().join("target/weightwatcher");
    let python = folder.join("bin/python");
    let marker = folder.join("is-complete");
    if !marker.exists() {
        let system = ["python3.11", "python3"].into_iter().find(|name| exists(name))?;
        program(Path::new(system), &["-m", "venv", &folder.display().to_string()]).ok()?;
        let install =
            ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "weightwatcher==0.7.7", "torch"];
        program(&python, &install).ok()?;
        std::fs::write(&marker, "").ok()?;
    }
    Some(python)
}

/// A Python in which `import kappa` gives this checkout's build.
pub(crate) fn environment(profile: &str) -> Result<PathBuf, String> {
    let folder = root().join("target/python");
    let python = folder.join("bin/python");
    if !python.exists() {
        let system =
            ["python3.11", "python3"].into_iter().find(|name| exists(name)).ok_or("Python 3.11 is not installed")?;
        program(Path::new(system), &["-m", "venv", &folder.display().to_string()])?;
    }
    let marker = folder.join("kappa-packages");
    let wanted = PACKAGES.join("\n");
    if std::fs::read_to_string(&marker).ok().as_deref() != Some(&wanted) {
        let mut arguments = vec!["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
        arguments.extend(PACKAGES);
        program(&python, &arguments)?;
        std::fs::write(&marker, wanted).map_err(|e| e.to_string())?;
    }
    let wheels = root().join("target/wheels");
    // An old wheel must not be installed in place of a new one.
    drop(std::fs::remove_dir_all(&wheels));
    let out = wheels.display().to_string();
    let manifest = "bindings/python/Cargo.toml";
    let build = ["build", "--profile", profile, "--manifest-path", manifest, "--out", &out];
    program(&folder.join("bin/maturin"), &build)?;
    let wheel = std::fs::read_dir(&wheels).map_err(|e| e.to_string())?.flatten().map(|f| f.path()).next();
    let wheel = wheel.ok_or("maturin built no wheel")?.display().to_string();
    program(
        &python,
        &["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--force-reinstall", "--no-deps", &wheel],
    )?;
    Ok(python)
}

fn exists(program: &str) -> bool {
    std::process::Command::new(program).arg("--version").output().is_ok_and(|out| out.status.success())
}

/// Chromium for the browser tests: found, or installed by the system's package manager when we may.
pub(crate) fn chromium() -> Option<&'static str> {
    let found = || ["chromium", "chromium-browser", "google-chrome"].into_iter().find(|name| exists(name));
    if found().is_none() && exists("apt-get") {
        eprintln!("\nChromium is missing: trying to install it for the browser tests");
        drop(program(Path::new("apt-get"), &["update", "-qq"]));
        drop(program(Path::new("apt-get"), &["install", "-y", "-qq", "--no-install-recommends", "chromium"]));
    }
    found()
}
