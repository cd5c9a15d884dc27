//! Whether this process computes as the proofs assume.

use std::hint::black_box;

use crate::Evidence;
use crate::error::{Error, Result};

#[cfg(all(target_arch = "x86", not(target_feature = "sse2")))]
compile_error!("kappa needs SSE2: the x87 unit rounds twice");

/// Fails unless this thread and every thread of the current pool round to nearest, ties to even, with gradual underflow.
///
/// The state belongs to each thread: a library built for speed may set flush-to-zero when it is loaded, and threads take
/// the state of whoever starts them. Every certified answer asks first; the cost is a few microseconds.
pub fn check_environment() -> Result<()> {
    match deviation_of_all() {
        None => Ok(()),
        Some(what) => Err(Error::unsupported(format!("nothing can be certified: this process {what}")).with_hint(
            "a library loaded into it has changed the floating-point state (often one built with -ffast-math); \
             ask in a fresh process",
        )),
    }
}

/// What an answer that counts its rounding errors may claim here: `Rounding`, or an estimate where this thread, or with
/// `is_shared` another one of the pool, does not compute as the proofs assume. A few nanoseconds where it is not shared.
pub(crate) fn evidence(is_shared: bool) -> Evidence {
    // The threads of the pool have the state of whoever started them; one that is busy must not be waited for from inside.
    let asks_all = is_shared && rayon::current_thread_index().is_none();
    match if asks_all { deviation_of_all() } else { deviation() } {
        None => Evidence::Rounding,
        Some(_) => Evidence::Estimate("errors of a floating-point state that no proof covers"),
    }
}

fn deviation_of_all() -> Option<&'static str> {
    deviation().or_else(|| rayon::broadcast(|_| deviation()).into_iter().flatten().next())
}

/// What this thread does that the proofs do not allow. The optimiser must not know the numbers.
fn deviation() -> Option<&'static str> {
    let (one, u, tiny) = (black_box(1.0f64), black_box(f64::EPSILON / 2.0), black_box(f64::MIN_POSITIVE));
    let half_of_tiny = black_box(tiny * black_box(0.5));
    if half_of_tiny == 0.0 || half_of_tiny + black_box(0.0) == 0.0 || half_of_tiny * black_box(2.0) != tiny {
        return Some("flushes small numbers to zero");
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
