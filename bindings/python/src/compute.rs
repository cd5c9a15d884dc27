//! How anything is computed: without the interpreter lock, on as many threads as were asked for, and so that Ctrl-C
//! ends the wait.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::register::names;

names! { [] [set_threads, threads, _after_fork] }

/// The threads that were asked for; all of them where nothing was.
static POOL: RwLock<Option<Arc<ThreadPool>>> = RwLock::new(None);
/// More threads than any machine of today has use for.
const MOST: i64 = 1024;
/// How often a wait looks for Ctrl-C.
const LOOK: Duration = Duration::from_millis(50);

fn pool() -> Option<Arc<ThreadPool>> {
    POOL.read().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Called in a child process that `fork` made: it has none of the threads of its parent, and a wait for them would
/// never end.
#[pyfunction]
pub(crate) fn _after_fork() -> PyResult<()> {
    let count = i64::try_from(threads()).ok().map(|n| n.clamp(1, MOST));
    // The old pool is not dropped: that would wait for its threads.
    let old = POOL.write().unwrap_or_else(PoisonError::into_inner).take();
    std::mem::forget(old);
    set_threads(count).map(drop)
}

pub(crate) fn on_pool<R: Send>(f: impl FnOnce() -> R + Send) -> R {
    match pool() {
        Some(pool) => pool.install(f),
        None => f(),
    }
}

/// Computes on this thread, the interpreter lock released.
pub(crate) fn compute<R: Send>(py: Python<'_>, f: impl FnOnce() -> R + Send) -> R {
    py.detach(|| on_pool(f))
}

/// A copy, by all threads: what is large comes in pages that are made while they are written.
pub(crate) fn copied<T: Copy + Default + Send + Sync>(py: Python<'_>, entries: &[T]) -> Vec<T> {
    const PIECE: usize = 1 << 16;
    compute(py, || {
        let mut copy = vec![T::default(); entries.len()];
        copy.par_chunks_mut(PIECE).zip(entries.par_chunks(PIECE)).for_each(|(to, from)| to.copy_from_slice(from));
        copy
    })
}

/// Computes on a thread of its own: Ctrl-C raises KeyboardInterrupt at once; the computation finishes in the background
/// and is discarded.
///
/// It must own its data, as it may outlive the call.
pub(crate) fn interruptible<R: Send + 'static>(py: Python<'_>, f: impl FnOnce() -> R + Send + 'static) -> PyResult<R> {
    let (send, mut receive) = mpsc::sync_channel(1);
    let worker = std::thread::Builder::new().name("kappa".to_owned()).spawn(move || {
        // After an interruption there is no receiver.
        drop(send.send(on_pool(f)));
    })?;
    loop {
        let (found, receiver) = py.detach(move || (receive.recv_timeout(LOOK), receive));
        receive = receiver;
        match found {
            Ok(found) => return Ok(found),
            Err(RecvTimeoutError::Timeout) => py.check_signals()?,
            Err(RecvTimeoutError::Disconnected) => {
                return match worker.join() {
                    Err(panic) => std::panic::resume_unwind(panic),
                    Ok(()) => Err(PyRuntimeError::new_err("the computation ended without an answer")),
                };
            }
        }
    }
}

/// Sets how many threads compute, up to 1024, all of them for None; returns how many it was before. Answers do not
/// depend on it.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> before = kp.set_threads(1)
/// >>> kp.set_threads(before)
/// 1
#[pyfunction]
#[pyo3(signature = (count = None))]
pub(crate) fn set_threads(count: Option<i64>) -> PyResult<usize> {
    if let Some(n) = count.filter(|n| !(1..=MOST).contains(n)) {
        let message =
            format!("the number of threads must be from 1 to {MOST}, not {n}\n\nhint: None uses all processors");
        return Err(PyValueError::new_err(message));
    }
    let build = |n: i64| ThreadPoolBuilder::new().num_threads(n as usize).build().map(Arc::new);
    let wanted = count.map(build).transpose().map_err(|e| PyRuntimeError::new_err(e.to_string()))?;
    let before = threads();
    *POOL.write().unwrap_or_else(PoisonError::into_inner) = wanted;
    Ok(before)
}

/// How many threads compute.
///
/// Examples
/// --------
/// >>> import kappa as kp
/// >>> kp.threads() >= 1
/// True
#[pyfunction]
pub(crate) fn threads() -> usize {
    pool().map_or_else(rayon::current_num_threads, |pool| pool.current_num_threads())
}
