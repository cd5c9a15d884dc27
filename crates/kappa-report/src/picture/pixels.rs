//! The pen that paints pixels, and packs them as PNG.

use tiny_skia::{Color, FillRule, LineCap, LineJoin, Mask, Paint, Path, PathBuilder, Pixmap, Rect, Stroke, Transform};

use super::layout::{Entry, Layout, Tick};
use super::{Frame, Ink, Picture, Shape};

/// Pixels for each unit of paper, so that lines are crisp.
const DENSITY: f32 = 2.0;

struct Canvas {
    pixels: Pixmap,
    clip: Option<Mask>,
}

fn paint(ink: Ink) -> Paint<'static> {
    let [r, g, b] = ink.rgb;
    let mut paint = Paint { anti_alias: true, ..Paint::default() };
    paint.set_color(Color::from_rgba8(r, g, b, (f32::from(ink.alpha) * 2.55) as u8));
    paint
}

/// What lies far outside is brought near, as the other pen does.
fn point((x, y): (f64, f64)) -> (f32, f32) {
    (x.clamp(-1e5, 1e5) as f32, y.clamp(-1e5, 1e5) as f32)
}

fn chain(points: &[(f64, f64)], closed: bool) -> Option<Path> {
    let mut builder = PathBuilder::new();
    let mut points = points.iter().map(|&p| point(p));
    let (x, y) = points.next()?;
    builder.move_to(x, y);
    points.for_each(|(x, y)| builder.line_to(x, y));
    if closed {
        builder.close();
    }
    builder.finish()
}

fn circle(center: (f64, f64), radius: f64) -> Option<Path> {
    let (x, y) = point(center);
    PathBuilder::from_circle(x, y, radius.clamp(0.01, 1e5) as f32)
}

impl Canvas {
    fn transform() -> Transform {
        Transform::from_scale(DENSITY, DENSITY)
    }

    fn fill(&mut self, path: Option<Path>, ink: Ink) {
        if let Some(path) = path {
            let clip = self.clip.as_ref();
            self.pixels.fill_path(&path, &paint(ink), FillRule::Winding, Self::transform(), clip);
        }
    }

    fn stroke(&mut self, path: Option<Path>, ink: Ink, width: f64) {
        if let Some(path) = path {
            let stroke = Stroke {
                width: width as f32,
                line_cap: LineCap::Round,
                line_join: LineJoin::Round,
                ..Stroke::default()
            };
            self.pixels.stroke_path(&path, &paint(ink), &stroke, Self::transform(), self.clip.as_ref());
        }
    }

    /// Text by strokes: `at` is the left end of the base line, shifted by a share of the width.
    fn text(&mut self, text: &str, (x, y): (f64, f64), size: f64, share: f64) {
        let unit = size / 6.0;
        let mut at = x - share * text.chars().count() as f64 * 5.0 * unit;
        for c in text.chars() {
            for stroke in glyph(c) {
                let points: Vec<(f64, f64)> =
                    stroke.iter().map(|&(gx, gy)| (at + f64::from(gx) * unit, y - f64::from(gy) * unit)).collect();
                self.stroke(chain(&points, false), Ink::TEXT, 1.1);
            }
            at += 5.0 * unit;
        }
    }
}

pub(super) fn draw(picture: &Picture) -> Vec<u8> {
    let layout = picture.layout();
    let side = |x: f64| (x * f64::from(DENSITY)).clamp(1.0, 4000.0) as u32;
    let Some(mut pixels) = Pixmap::new(side(layout.paper.0), side(layout.paper.1)) else { return Vec::new() };
    pixels.fill(Color::WHITE);
    let clip = Mask::new(pixels.width(), pixels.height());
    let mut canvas = Canvas { pixels, clip: None };
    paint_words(&mut canvas, picture, &layout);
    paint_grid(&mut canvas, &layout);
    paint_labels(&mut canvas, picture, &layout);
    let frame = &layout.frame;
    let window = Rect::from_xywh(frame.left as f32, frame.top as f32, frame.width as f32, frame.height as f32);
    if let (Some(mut clip), Some(window)) = (clip, window) {
        clip.fill_path(&PathBuilder::from_rect(window), FillRule::Winding, true, Canvas::transform());
        canvas.clip = Some(clip);
    }
    for shape in &picture.shapes {
        paint_shape(&mut canvas, shape, frame);
    }
    canvas.clip = None;
    canvas.stroke(rectangle((frame.left, frame.top), (frame.right(), frame.bottom())), Ink::TEXT, 1.0);
    canvas.pixels.encode_png().unwrap_or_default()
}

fn rectangle((left, top): (f64, f64), (right, bottom): (f64, f64)) -> Option<Path> {
    chain(&[(left, top), (right, top), (right, bottom), (left, bottom)], true)
}

/// The title and the legend.
fn paint_words(canvas: &mut Canvas, picture: &Picture, layout: &Layout<'_>) {
    canvas.text(&picture.title, layout.title, 9.0, 0.0);
    for entry in &layout.legend {
        let (left, top) = entry.square;
        let square = rectangle((left, top), (left + Entry::SIDE, top + Entry::SIDE));
        canvas.fill(square, entry.ink);
        canvas.text(entry.words, entry.text, 8.0, 0.0);
    }
}

/// The lines of the ticks, with what is written at them.
fn paint_grid(canvas: &mut Canvas, layout: &Layout<'_>) {
    let frame = &layout.frame;
    let ink = |tick: &Tick| if tick.is_axis { Ink::TEXT } else { Ink::GRID };
    for tick in &layout.columns {
        canvas.stroke(chain(&[(tick.at, frame.top), (tick.at, frame.bottom())], false), ink(tick), 0.8);
        canvas.text(&tick.text, (tick.at, tick.base), 8.0, 0.5);
    }
    for tick in &layout.rows {
        canvas.stroke(chain(&[(frame.left, tick.at), (frame.right(), tick.at)], false), ink(tick), 0.8);
        canvas.text(&tick.text, (frame.left - 5.0, tick.base), 8.0, 1.0);
    }
}

/// The labels of the axes; letters of strokes are not turned, so that of the vertical one stands above it.
fn paint_labels(canvas: &mut Canvas, picture: &Picture, layout: &Layout<'_>) {
    canvas.text(&picture.labels.0, layout.label, 8.0, 1.0);
    canvas.text(&picture.labels.1, (6.0, layout.frame.top - 8.0), 8.0, 0.0);
}

fn paint_shape(canvas: &mut Canvas, shape: &Shape, frame: &Frame) {
    match shape {
        Shape::Disc { center, radius, fill, line } => {
            let path = circle(frame.at(*center), radius * frame.scale);
            if fill.alpha > 0 {
                canvas.fill(path.clone(), *fill);
            }
            canvas.stroke(path, *line, 1.0);
        }
        Shape::Chain { points, closed, line, width, fill } => {
            let points: Vec<(f64, f64)> = points.iter().map(|&p| frame.at(p)).collect();
            let path = chain(&points, *closed);
            if let Some(fill) = fill {
                canvas.fill(path.clone(), *fill);
            }
            canvas.stroke(path, *line, *width);
        }
        Shape::Dot { at, size, ink } => canvas.fill(circle(frame.at(*at), *size), *ink),
        Shape::Arrow { from, to, ink } => {
            let (from, to) = (frame.at(*from), frame.at(*to));
            let [p, q] = super::draw::head(from, to);
            canvas.stroke(chain(&[from, to], false), *ink, 2.0);
            canvas.stroke(chain(&[p, to, q], false), *ink, 2.0);
        }
    }
}

type Strokes = Vec<Vec<(i8, i8)>>;

/// A letter as strokes on a grid of 4×6; unknown ones are small squares. Letters are drawn as capitals.
fn glyph(c: char) -> Strokes {
    let strokes: &[&[(i8, i8)]] = match c.to_ascii_uppercase() {
        ' ' => &[],
        '0' => &[&[(0, 1), (0, 5), (1, 6), (3, 6), (4, 5), (4, 1), (3, 0), (1, 0), (0, 1)]],
        '1' => &[&[(1, 5), (2, 6), (2, 0)], &[(1, 0), (3, 0)]],
        '2' => &[&[(0, 5), (1, 6), (3, 6), (4, 5), (4, 4), (0, 0), (4, 0)]],
        '3' => &[&[(0, 6), (4, 6), (2, 4), (4, 3), (4, 1), (3, 0), (1, 0), (0, 1)]],
        '4' => &[&[(3, 0), (3, 6), (0, 2), (4, 2)]],
        '5' => &[&[(4, 6), (0, 6), (0, 4), (3, 4), (4, 3), (4, 1), (3, 0), (1, 0), (0, 1)]],
        '6' => &[&[(4, 5), (3, 6), (1, 6), (0, 5), (0, 1), (1, 0), (3, 0), (4, 1), (4, 2), (3, 3), (0, 3)]],
        '7' => &[&[(0, 6), (4, 6), (1, 0)]],
        '8' => &[&[
            (1, 3),
            (0, 4),
            (0, 5),
            (1, 6),
            (3, 6),
            (4, 5),
            (4, 4),
            (3, 3),
            (1, 3),
            (0, 2),
            (0, 1),
            (1, 0),
            (3, 0),
            (4, 1),
            (4, 2),
            (3, 3),
        ]],
        '9' => &[&[(0, 1), (1, 0), (3, 0), (4, 1), (4, 5), (3, 6), (1, 6), (0, 5), (0, 4), (1, 3), (4, 3)]],
        '.' => &[&[(2, 0), (2, 0)]],
        ',' => &[&[(2, 0), (1, -1)]],
        ':' => &[&[(2, 1), (2, 1)], &[(2, 4), (2, 4)]],
        ';' => &[&[(2, 0), (1, -1)], &[(2, 4), (2, 4)]],
        '-' | '−' | '–' => &[&[(1, 3), (3, 3)]],
        '+' => &[&[(0, 3), (4, 3)], &[(2, 1), (2, 5)]],
        '=' => &[&[(0, 2), (4, 2)], &[(0, 4), (4, 4)]],
        '/' => &[&[(0, 0), (4, 6)]],
        '(' => &[&[(3, 6), (2, 4), (2, 2), (3, 0)]],
        ')' => &[&[(1, 6), (2, 4), (2, 2), (1, 0)]],
        '|' | '‖' => &[&[(2, 0), (2, 6)]],
        '×' => &[&[(0, 1), (4, 5)], &[(0, 5), (4, 1)]],
        '·' => &[&[(2, 3), (2, 3)]],
        '_' => &[&[(0, -1), (4, -1)]],
        '`' | '\'' => &[&[(2, 6), (2, 5)]],
        'A' => &[&[(0, 0), (2, 6), (4, 0)], &[(1, 2), (3, 2)]],
        'B' => &[&[(0, 0), (0, 6), (3, 6), (4, 5), (4, 4), (3, 3), (0, 3)], &[(3, 3), (4, 2), (4, 1), (3, 0), (0, 0)]],
        'C' => &[&[(4, 5), (3, 6), (1, 6), (0, 5), (0, 1), (1, 0), (3, 0), (4, 1)]],
        'D' => &[&[(0, 0), (0, 6), (3, 6), (4, 5), (4, 1), (3, 0), (0, 0)]],
        'E' => &[&[(4, 6), (0, 6), (0, 0), (4, 0)], &[(0, 3), (3, 3)]],
        'F' => &[&[(4, 6), (0, 6), (0, 0)], &[(0, 3), (3, 3)]],
        'G' => &[&[(4, 5), (3, 6), (1, 6), (0, 5), (0, 1), (1, 0), (3, 0), (4, 1), (4, 3), (2, 3)]],
        'H' => &[&[(0, 0), (0, 6)], &[(4, 0), (4, 6)], &[(0, 3), (4, 3)]],
        'I' => &[&[(2, 0), (2, 6)], &[(1, 0), (3, 0)], &[(1, 6), (3, 6)]],
        'J' => &[&[(4, 6), (4, 1), (3, 0), (1, 0), (0, 1)]],
        'K' => &[&[(0, 0), (0, 6)], &[(4, 6), (0, 3), (4, 0)]],
        'L' => &[&[(0, 6), (0, 0), (4, 0)]],
        'M' => &[&[(0, 0), (0, 6), (2, 3), (4, 6), (4, 0)]],
        'N' => &[&[(0, 0), (0, 6), (4, 0), (4, 6)]],
        'O' => &[&[(0, 1), (0, 5), (1, 6), (3, 6), (4, 5), (4, 1), (3, 0), (1, 0), (0, 1)]],
        'P' => &[&[(0, 0), (0, 6), (3, 6), (4, 5), (4, 4), (3, 3), (0, 3)]],
        'Q' => &[&[(0, 1), (0, 5), (1, 6), (3, 6), (4, 5), (4, 1), (3, 0), (1, 0), (0, 1)], &[(3, 1), (4, 0)]],
        'R' => &[&[(0, 0), (0, 6), (3, 6), (4, 5), (4, 4), (3, 3), (0, 3)], &[(2, 3), (4, 0)]],
        'S' => &[&[(4, 5), (3, 6), (1, 6), (0, 5), (0, 4), (1, 3), (3, 3), (4, 2), (4, 1), (3, 0), (1, 0), (0, 1)]],
        'T' => &[&[(0, 6), (4, 6)], &[(2, 6), (2, 0)]],
        'U' => &[&[(0, 6), (0, 1), (1, 0), (3, 0), (4, 1), (4, 6)]],
        'V' => &[&[(0, 6), (2, 0), (4, 6)]],
        'W' => &[&[(0, 6), (1, 0), (2, 3), (3, 0), (4, 6)]],
        'X' => &[&[(0, 0), (4, 6)], &[(0, 6), (4, 0)]],
        'Y' => &[&[(0, 6), (2, 3), (4, 6)], &[(2, 3), (2, 0)]],
        'Z' => &[&[(0, 6), (4, 6), (0, 0), (4, 0)]],
        'σ' => &[&[(4, 4), (1, 4), (0, 3), (0, 1), (1, 0), (2, 0), (3, 1), (3, 3), (2, 4)]],
        'ε' => &[&[(4, 4), (1, 4), (0, 3), (1, 2), (3, 2)], &[(1, 2), (0, 1), (1, 0), (4, 0)]],
        'λ' => &[&[(0, 6), (1, 6), (4, 0)], &[(2, 3), (0, 0)]],
        '₁' => &[&[(1, 1), (2, 2), (2, -1)]],
        '₂' => &[&[(1, 2), (3, 2), (3, 1), (1, -1), (3, -1)]],
        _ => &[&[(1, 1), (3, 1), (3, 4), (1, 4), (1, 1)]],
    };
    strokes.iter().map(|s| s.to_vec()).collect()
}
