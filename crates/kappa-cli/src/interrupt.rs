//! On Ctrl-C, half-written files are removed before the process ends.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};

static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// What a shell reports for a process that was interrupted.
const INTERRUPTED: i32 = 130;

fn unfinished() -> MutexGuard<'static, Vec<PathBuf>> {
    UNFINISHED.lock().unwrap_or_else(|e| e.into_inner())
}

/// Removes unfinished files and ends the process on Ctrl-C.
pub(crate) fn install() {
    // A second call in one process, as from Python, keeps the first handler.
    drop(ctrlc::try_set_handler(|| {
        // The lock is kept, so that no other thread begins or finishes a file any more.
        for path in unfinished().iter() {
            drop(std::fs::remove_file(path));
        }
        std::process::exit(INTERRUPTED);
    }));
}

/// Marks a file as unfinished until `finish` was called with it.
pub(crate) fn begin(path: &Path) {
    unfinished().push(path.to_owned());
}

/// Runs the step that finishes a file, and forgets it. Ctrl-C waits for that step.
pub(crate) fn finish<R>(path: &Path, step: impl FnOnce() -> R) -> R {
    let mut files = unfinished();
    files.retain(|file| file != path);
    step()
}
