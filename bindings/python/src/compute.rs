//! How anything is computed: without the interpreter lock, on as many threads as were asked for, and so that Ctrl-C
//! ends the wait.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::names::names;

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

// What follows takes closures of many types. The machinery of threads and pools is compiled once, for closures without
// an answer of their own: they leave it in a variable.

pub(crate) fn on_pool<R: Send>(f: impl FnOnce() -> R + Send) -> R {
    answer_of(f, |f| install(f))
}

/// Computes on this thread, the interpreter lock released.
pub(crate) fn compute<R: Send>(py: Python<'_>, f: impl FnOnce() -> R + Send) -> R {
    answer_of(f, |f| detached(py, f))
}

fn answer_of<R: Send>(f: impl FnOnce() -> R + Send, run: impl FnOnce(&mut (dyn FnMut() + Send))) -> R {
    let (mut f, mut found) = (Some(f), None);
    run(&mut || found = f.take().map(|f| f()));
    found.unwrap_or_else(|| unreachable!("what is run gives an answer or panics"))
}

fn install(f: &mut (dyn FnMut() + Send)) {
    match pool() {
        Some(pool) => pool.install(f),
        None => f(),
    }
}

fn detached(py: Python<'_>, f: &mut (dyn FnMut() + Send)) {
    py.detach(|| install(f));
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
    let slot = Slot::new();
    let filled = slot.shared();
    wait(py, Box::new(move || filled.fill(f())))?;
    slot.take()
}

/// Where a computation on another thread leaves its answer.
pub(crate) struct Slot<R>(Arc<Mutex<Option<R>>>);

impl<R> Slot<R> {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(None)))
    }

    /// The same slot once more.
    pub(crate) fn shared(&self) -> Self {
        Self(Arc::clone(&self.0))
    }

    pub(crate) fn fill(&self, found: R) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(found);
    }

    pub(crate) fn take(&self) -> PyResult<R> {
        let found = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        found.ok_or_else(|| PyRuntimeError::new_err("the computation ended without an answer"))
    }
}

fn wait(py: Python<'_>, f: Box<dyn FnOnce() + Send>) -> PyResult<()> {
    let (send, mut receive) = mpsc::sync_channel(1);
    let worker = std::thread::Builder::new().name("kappa".to_owned()).spawn(move || {
        on_pool(f);
        // After an interruption there is no receiver.
        send.send(()).ok();
    })?;
    loop {
        let (found, receiver) = py.detach(move || (receive.recv_timeout(LOOK), receive));
        receive = receiver;
        match found {
            Ok(()) => return Ok(()),
            Err(RecvTimeoutError::Timeout) => py.check_signals()?,
            Err(RecvTimeoutError::Disconnected) => {
                return worker.join().map_err(|panic| std::panic::resume_unwind(panic));
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
