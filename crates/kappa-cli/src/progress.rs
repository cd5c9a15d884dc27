//! The progress bar of long computations.

use std::time::Duration;

use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub(crate) enum When {
    /// When standard error is a terminal.
    Auto,
    /// Never.
    Never,
}

/// Steps of the bar: shares of the work, not numbers of layers, so that the remaining time is estimated well.
const STEPS: u64 = 10_000;
/// Work that takes less time shows no bar.
const SOON: Duration = Duration::from_millis(700);

/// A bar on standard error, shown only on a terminal and only for work that takes a while.
pub(crate) struct Bar {
    bar: ProgressBar,
    started: std::time::Instant,
}

impl Bar {
    pub(crate) fn new(when: When) -> Self {
        let bar = match when {
            When::Auto => ProgressBar::with_draw_target(Some(STEPS), ProgressDrawTarget::stderr()),
            When::Never => ProgressBar::hidden(),
        };
        let style = ProgressStyle::with_template("{percent:>3} % {wide_bar} {eta:>4} left  {msg:40!}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self { bar, started: std::time::Instant::now() }
    }

    pub(crate) fn advance(&self, name: &str, share: f64) {
        if self.started.elapsed() >= SOON {
            self.bar.set_message(kappa_model::printable(name));
            self.bar.set_position((share * STEPS as f64) as u64);
        }
    }

    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
