//! Pictures of the complex plane and of what a matrix does to a circle, and charts, as SVG or PNG.
//!
//! One list of shapes and one layout, drawn by two pens: text of SVG elements, and pixels. Axes of a plane keep their
//! aspect, so that discs are round; those of a chart have scales of their own.

mod chart;
mod draw;
mod layout;
mod pixels;
mod svg;

pub use chart::{draw_density, draw_filters, draw_l_curve, draw_quantiles, draw_residuals};
pub use draw::{draw_ellipse, draw_gershgorin, draw_numerical_range, draw_pseudospectrum, draw_scatter};

/// A colour, opaque but for `alpha` in percent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Ink {
    pub(crate) rgb: [u8; 3],
    pub(crate) alpha: u8,
}

impl Ink {
    pub(crate) const fn new(rgb: [u8; 3], alpha: u8) -> Self {
        Self { rgb, alpha }
    }

    pub(crate) const TEXT: Self = Self::new([34, 38, 46], 100);
    pub(crate) const GRID: Self = Self::new([214, 218, 226], 100);
    pub(crate) const BLUE: Self = Self::new([31, 97, 173], 100);
    pub(crate) const ORANGE: Self = Self::new([214, 96, 20], 100);
    pub(crate) const GREEN: Self = Self::new([20, 128, 92], 100);

    pub(crate) fn faint(self, alpha: u8) -> Self {
        Self { alpha, ..self }
    }
}

/// Something to be drawn, in the coordinates of the plane.
#[derive(Clone, Debug)]
pub(crate) enum Shape {
    /// A disc, filled and outlined.
    Disc { center: (f64, f64), radius: f64, fill: Ink, line: Ink },
    /// A chain of points.
    Chain { points: Vec<(f64, f64)>, closed: bool, line: Ink, width: f64, fill: Option<Ink> },
    /// A dot of a size in pixels, whatever the scale.
    Dot { at: (f64, f64), size: f64, ink: Ink },
    /// An arrow.
    Arrow { from: (f64, f64), to: (f64, f64), ink: Ink },
}

/// A picture of a part of the plane.
#[derive(Clone, Debug)]
pub struct Picture {
    title: String,
    /// What stands beside the picture: a colour and what it means.
    legend: Vec<(Ink, String)>,
    labels: (String, String),
    shapes: Vec<Shape>,
    re: (f64, f64),
    im: (f64, f64),
    /// Whether both axes have one scale, so that discs are round.
    is_plane: bool,
}

pub(crate) const SIZE: f64 = 640.0;
pub(crate) const MARGIN: f64 = 56.0;

/// Where the plane lies on the paper.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    pub(crate) left: f64,
    pub(crate) top: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) scale: f64,
    /// The same upwards: another one in a chart.
    rise: f64,
    re: (f64, f64),
    im: (f64, f64),
}

impl Frame {
    pub(crate) fn at(&self, (x, y): (f64, f64)) -> (f64, f64) {
        (self.left + (x - self.re.0) * self.scale, self.top + (self.im.1 - y) * self.rise)
    }

    pub(crate) fn right(&self) -> f64 {
        self.left + self.width
    }

    pub(crate) fn bottom(&self) -> f64 {
        self.top + self.height
    }
}

impl Picture {
    pub(crate) fn new(title: String, labels: (&str, &str), shapes: Vec<Shape>) -> Self {
        let mut picture = Self {
            title,
            legend: Vec::new(),
            labels: (labels.0.into(), labels.1.into()),
            shapes,
            re: (0.0, 0.0),
            im: (0.0, 0.0),
            is_plane: true,
        };
        picture.fit();
        picture
    }

    pub(crate) fn with_legend(mut self, ink: Ink, text: impl Into<String>) -> Self {
        self.legend.push((ink, text.into()));
        self
    }

    /// Axes with scales of their own, three by two.
    pub(crate) fn into_chart(mut self) -> Self {
        self.is_plane = false;
        self.fit();
        self
    }

    pub(crate) fn with_window(mut self, re: (f64, f64), im: (f64, f64)) -> Self {
        (self.re, self.im) = (re, im);
        self
    }

    /// The window around all shapes, with some room.
    fn fit(&mut self) {
        let mut corners: Vec<(f64, f64)> = Vec::new();
        for shape in &self.shapes {
            match shape {
                Shape::Disc { center, radius, .. } => {
                    corners.push((center.0 - radius, center.1 - radius));
                    corners.push((center.0 + radius, center.1 + radius));
                }
                Shape::Chain { points, .. } => corners.extend(points),
                Shape::Dot { at, .. } => corners.push(*at),
                Shape::Arrow { from, to, .. } => corners.extend([*from, *to]),
            }
        }
        let range = |part: fn(&(f64, f64)) -> f64| {
            let finite = || corners.iter().map(part).filter(|x| x.is_finite());
            let (low, high) = (finite().fold(f64::INFINITY, f64::min), finite().fold(f64::NEG_INFINITY, f64::max));
            if low <= high { (low, high) } else { (-1.0, 1.0) }
        };
        let (re, im) = (range(|p| p.0), range(|p| p.1));
        let size = (re.1 - re.0).max(im.1 - im.0);
        let scale = re.0.abs().max(re.1.abs()).max(im.0.abs()).max(im.1.abs());
        let room = if size > 0.0 {
            0.06 * size
        } else if scale > 0.0 {
            0.5 * scale
        } else {
            1.0
        };
        if !self.is_plane {
            let own = |(low, high): (f64, f64)| {
                let room = if high > low { 0.05 * (high - low) } else { low.abs().max(1.0) * 0.5 };
                (low - room, high + room)
            };
            (self.re, self.im) = (own(re), own(im));
            return;
        }
        let widened = |(low, high): (f64, f64)| {
            // At least a third as wide as the other way.
            let more = (0.33 * size - (high - low)).max(0.0) / 2.0 + room;
            (low - more, high + more)
        };
        (self.re, self.im) = (widened(re), widened(im));
    }

    fn frame(&self) -> Frame {
        let (w, h) = (self.re.1 - self.re.0, self.im.1 - self.im.0);
        let (scale, rise) = if self.is_plane { (SIZE / w.max(h), SIZE / w.max(h)) } else { (SIZE / w, SIZE / 1.5 / h) };
        Frame {
            left: MARGIN,
            top: self.top_of_frame(),
            width: w * scale,
            height: h * rise,
            scale,
            rise,
            re: self.re,
            im: self.im,
        }
    }

    /// Width and height of the paper.
    fn paper(&self) -> (f64, f64) {
        let frame = self.frame();
        let words = self.legend.iter().map(|(_, text)| text.chars().count()).chain([self.title.chars().count()]).max();
        let wide = 9.0 * words.unwrap_or(0) as f64 + 2.0 * MARGIN;
        ((frame.width + 2.0 * MARGIN).max(wide.min(900.0)).ceil(), (frame.top + frame.height + MARGIN).ceil())
    }

    /// The picture as one SVG file.
    pub fn svg(&self) -> String {
        svg::draw(self)
    }

    /// The picture as one PNG file.
    pub fn png(&self) -> Vec<u8> {
        pixels::draw(self)
    }
}

/// Round numbers between two ends, about seven.
pub(crate) fn ticks((low, high): (f64, f64)) -> Vec<f64> {
    let rough = (high - low) / 7.0;
    if !(rough > 0.0 && rough.is_finite()) {
        return Vec::new();
    }
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * power).find(|s| *s >= rough).unwrap_or(10.0 * power);
    let (first, last) = ((low / step).ceil() as i64, (high / step).floor() as i64);
    (first..=last.min(first + 40)).map(|k| k as f64 * step).collect()
}

/// A tick as it is written.
pub(crate) fn tick_label(x: f64) -> String {
    if x == 0.0 {
        return "0".into();
    }
    let size = x.abs();
    if (1e-3..1e5).contains(&size) {
        let text = format!("{x:.6}");
        return text.trim_end_matches('0').trim_end_matches('.').to_owned();
    }
    format!("{x:.1e}").replace(".0e", "e")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_few() {
        for window in [(-1.0, 1.0), (0.0, 1e-9), (-3e7, 5e8), (0.1, 0.1001), (-2.5, 17.0)] {
            let found = ticks(window);
            assert!((3..=9).contains(&found.len()), "{window:?}: {found:?}");
            assert!(found.iter().all(|t| *t >= window.0 - 1e-12 && *t <= window.1 + 1e-9 * window.1.abs()));
        }
        assert!(ticks((1.0, 1.0)).is_empty());
        assert_eq!((tick_label(0.25), tick_label(-3.0), tick_label(2e-9)), ("0.25".into(), "-3".into(), "2e-9".into()));
    }
}
