//! Where everything around the shapes stands on the paper: computed once, drawn by both pens.

use super::{Frame, Ink, MARGIN, Picture, tick_label, ticks};

/// Room for the title and the legend.
const TOP: f64 = 44.0;
/// From one line of the legend to the next.
const LINE: f64 = 18.0;

/// The parts of a picture around its shapes. Texts stand at the left, right or middle of their base line.
pub(super) struct Layout<'a> {
    /// Width and height of the paper.
    pub(super) paper: (f64, f64),
    pub(super) frame: Frame,
    pub(super) title: (f64, f64),
    pub(super) legend: Vec<Entry<'a>>,
    /// Ticks of the horizontal axis, with upright lines; the text stands in the middle below them.
    pub(super) columns: Vec<Tick>,
    /// Ticks of the vertical axis, with level lines; the text ends in front of them.
    pub(super) rows: Vec<Tick>,
    /// The right end of the label of the horizontal axis.
    pub(super) label: (f64, f64),
}

/// A line of the legend.
pub(super) struct Entry<'a> {
    pub(super) ink: Ink,
    pub(super) words: &'a str,
    /// The upper left corner of its square.
    pub(super) square: (f64, f64),
    pub(super) text: (f64, f64),
}

impl<'a> Entry<'a> {
    /// The side of the square.
    pub(super) const SIDE: f64 = 11.0;

    fn new(line: usize, ink: Ink, words: &'a str) -> Self {
        let y = 42.0 + LINE * line as f64;
        // A faint colour could not be told from the paper.
        let ink = ink.faint(ink.alpha.max(35));
        Self { ink, words, square: (MARGIN, y - 10.0), text: (MARGIN + 18.0, y) }
    }
}

/// A line through the frame, and what is written at its end.
pub(super) struct Tick {
    /// Its place on the paper: from the left in columns, from the top in rows.
    pub(super) at: f64,
    /// The base line of its text.
    pub(super) base: f64,
    pub(super) text: String,
    /// Whether it is the axis itself, at zero.
    pub(super) is_axis: bool,
}

impl Picture {
    /// The label of the vertical axis stands between legend and frame.
    pub(super) fn top_of_frame(&self) -> f64 {
        TOP + LINE * self.legend.len() as f64 + 8.0
    }

    pub(super) fn layout(&self) -> Layout<'_> {
        let frame = self.frame();
        let (right, bottom) = (frame.right(), frame.bottom());
        let column = |x: f64| {
            let at = frame.at((x, 0.0)).0;
            Tick { at, base: bottom + 17.0, text: tick_label(x), is_axis: x == 0.0 }
        };
        let row = |y: f64| {
            let at = frame.at((0.0, y)).1;
            Tick { at, base: at + 4.0, text: tick_label(y), is_axis: y == 0.0 }
        };
        Layout {
            paper: self.paper(),
            frame,
            title: (MARGIN, 24.0),
            legend: self.legend.iter().enumerate().map(|(k, (ink, words))| Entry::new(k, *ink, words)).collect(),
            columns: ticks(self.re).into_iter().map(column).collect(),
            rows: ticks(self.im).into_iter().map(row).collect(),
            label: (right, bottom + 36.0),
        }
    }
}
