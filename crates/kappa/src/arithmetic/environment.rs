//! Checks that the floating-point state of this process is the one that the error bounds assume.

use std::hint::black_box;

use crate::Evidence;
use crate::error::{Error, Result};

#[cfg(all(target_arch = "x86", not(target_feature = "sse2")))]
compile_error!("kappa needs SSE2: the x87 unit rounds twice");

/// Checks that this thread and every thread of the current pool round to nearest, ties to even, with gradual underflow.
///
/// The floating-point state belongs to each thread: a library built with `-ffast-math` may set flush-to-zero when it is
/// loaded, and a thread inherits the state of the thread that starts it. Every certified answer runs this check first.
/// It costs a few microseconds.
///
/// # Errors
///
/// When a thread flushes subnormal numbers to zero or does not round to nearest: [`crate::Error::is_unsupported`].
///
/// # Examples
///
/// ```
/// kappa::arithmetic::check_environment()?;
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn check_environment() -> Result<()> {
    match deviation_of_all() {
        None => Ok(()),
        Some(what) => Err(Error::unsupported(format!("certified bounds are not possible: this process {what}"))
            .with_hint(
                "a loaded library has changed the floating-point state (often one built with -ffast-math); \
                 run the computation in a new process",
            )),
    }
}

/// The evidence for an answer whose rounding errors are counted: `Rounding`, or an estimate where this thread (with
/// `is_shared`: any thread of the pool) has another floating-point state than the error bounds assume.
///
/// Costs a few nanoseconds without `is_shared`.
pub(crate) fn evidence(is_shared: bool) -> Evidence {
    match if is_shared { deviation_of_all() } else { deviation() } {
        None => Evidence::Rounding,
        Some(_) => Evidence::Estimate("rounding errors in an unsupported floating-point state"),
    }
}

/// The deviation of this thread, or of any thread of the pool.
///
/// A broadcast from inside the pool would wait for its busy threads. There, only this thread is checked: the threads of
/// the pool inherit the state of the thread that started them.
fn deviation_of_all() -> Option<&'static str> {
    let of_pool = || rayon::broadcast(|_| deviation()).into_iter().flatten().next();
    deviation().or_else(|| if rayon::current_thread_index().is_none() { of_pool() } else { None })
}

/// How the floating-point state of this thread deviates from the assumptions of the error bounds, if it does.
///
/// `black_box` hides the numbers from the optimiser, so that the operations run on the processor.
fn deviation() -> Option<&'static str> {
    let (one, u, tiny) = (black_box(1.0f64), black_box(f64::EPSILON / 2.0), black_box(f64::MIN_POSITIVE));
    let half_of_tiny = black_box(tiny * black_box(0.5));
    if half_of_tiny == 0.0 || half_of_tiny + black_box(0.0) == 0.0 || half_of_tiny * black_box(2.0) != tiny {
        return Some("flushes subnormal numbers to zero");
    }
    let to_nearest = black_box(one + u) == one
        && black_box(one + black_box(u.next_up())) > one
        && black_box(-one - u) == -one
        && black_box(-one - black_box(u.next_up())) < -one
        && black_box(one.next_up() + u) == one + black_box(4.0 * u);
    if to_nearest { None } else { Some("does not round to nearest") }
}

#[cfg(test)]
mod tests {
    #[test]
    fn an_ordinary_process_is_as_assumed() {
        super::check_environment().unwrap();
    }
}
