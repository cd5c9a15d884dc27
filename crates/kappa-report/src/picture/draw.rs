//! What each picture is made of.

use kappa::c64;
use kappa::regions::{Ellipse, Gershgorin, Grid, Outline};

use super::{Ink, Picture, Shape};

fn place(z: c64) -> (f64, f64) {
    (z.re, z.im)
}

fn dots(points: &[c64], ink: Ink) -> impl Iterator<Item = Shape> + '_ {
    points.iter().map(move |&z| Shape::Dot { at: place(z), size: 3.0, ink })
}

/// The two ends of the head of an arrow, on paper.
pub(super) fn head((x1, y1): (f64, f64), (x2, y2): (f64, f64)) -> [(f64, f64); 2] {
    let angle = (y2 - y1).atan2(x2 - x1);
    [angle + 2.65, angle - 2.65].map(|a| (x2 + 9.0 * a.cos(), y2 + 9.0 * a.sin()))
}

/// Gershgorin's discs, rows in blue and columns in orange, with the eigenvalues where they are known.
pub fn draw_gershgorin(title: &str, g: &Gershgorin, eigenvalues: &[c64]) -> Picture {
    // Many discs would hide each other: fainter, the more there are, and in the end their borders alone.
    let count = g.rows.len();
    let alpha = if count > 60 { 0 } else { (30 / count.max(1)).clamp(2, 14) as u8 };
    let disc = |d: &kappa::regions::Disc, ink: Ink| Shape::Disc {
        center: place(d.center),
        radius: d.radius,
        fill: ink.faint(alpha),
        line: ink.faint(if count > 60 { 25 } else { 80 }),
    };
    let mut shapes: Vec<Shape> = g.columns.iter().map(|d| disc(d, Ink::ORANGE)).collect();
    shapes.extend(g.rows.iter().map(|d| disc(d, Ink::BLUE)));
    shapes.extend(dots(eigenvalues, Ink::TEXT));
    let groups = |groups: &[Vec<usize>]| match groups.len() {
        1 => "one group".to_owned(),
        n => format!("{n} groups, each with as many eigenvalues as discs"),
    };
    let picture = Picture::new(format!("Gershgorin discs of {title}"), ("real part", "imaginary part"), shapes)
        .with_legend(Ink::BLUE, format!("discs of the rows: {}", groups(&g.row_groups)))
        .with_legend(Ink::ORANGE, format!("discs of the columns: {}", groups(&g.column_groups)));
    if eigenvalues.is_empty() { picture } else { picture.with_legend(Ink::TEXT, "eigenvalues") }
}

/// The numerical range between its two polygons, with the eigenvalues.
pub fn draw_numerical_range(title: &str, w: &Outline, eigenvalues: &[c64]) -> Picture {
    let chain = |points: &[c64], line: Ink, fill: Option<Ink>| Shape::Chain {
        points: points.iter().map(|&z| place(z)).collect(),
        closed: true,
        line,
        width: 1.2,
        fill,
    };
    let mut shapes =
        vec![chain(&w.outside, Ink::GREEN.faint(70), None), chain(&w.inside, Ink::BLUE, Some(Ink::BLUE.faint(15)))];
    shapes.extend(dots(eigenvalues, Ink::TEXT));
    Picture::new(format!("numerical range of {title}"), ("real part", "imaginary part"), shapes)
        .with_legend(Ink::BLUE, "polygon of points of the range")
        .with_legend(Ink::GREEN, "supporting lines around it")
        .with_legend(Ink::TEXT, "eigenvalues")
}

/// Eigenvalues alone.
pub fn draw_scatter(title: &str, eigenvalues: &[c64]) -> Picture {
    Picture::new(
        format!("eigenvalues of {title}"),
        ("real part", "imaginary part"),
        dots(eigenvalues, Ink::BLUE).collect(),
    )
}

/// A dark to light scale, for contours from near to far.
fn shade(share: f64) -> Ink {
    let (dark, light) = ([23.0, 42.0, 107.0], [246.0, 176.0, 66.0]);
    let mix = |k: usize| (dark[k] + (light[k] - dark[k]) * share) as u8;
    Ink::new([mix(0), mix(1), mix(2)], 100)
}

/// The borders of the ε-pseudospectra for powers of ten, with the eigenvalues.
pub fn draw_pseudospectrum(title: &str, g: &Grid) -> Picture {
    let positive = || g.values.iter().copied().filter(|v| *v > 0.0);
    let (low, high) = (positive().fold(f64::INFINITY, f64::min), positive().fold(0.0, f64::max));
    // The last power below the largest value, and at most nine before it.
    let last = high.log10().floor() as i32;
    let first = if low.is_finite() { (low.log10().ceil() as i32).max(last - 9) } else { last };
    // Where the window is small against the values, steps of a half.
    let steps: Vec<f64> = if last - first >= 2 {
        (first..=last).map(f64::from).collect()
    } else {
        (2 * (last - 2)..=2 * last + 1).map(|k| f64::from(k) / 2.0).collect()
    };
    let below: Vec<f64> = steps.into_iter().filter(|s| 10f64.powf(*s) < high).collect();
    let finest = finest_level(g);
    let mut levels: Vec<f64> = below.iter().copied().filter(|s| 10f64.powf(*s) >= finest).collect();
    if levels.is_empty() {
        levels.extend(below.last());
    }
    let mut shapes = Vec::new();
    for (k, &level) in levels.iter().enumerate() {
        let ink = shade(k as f64 / levels.len().max(2).saturating_sub(1) as f64);
        for chain in contour(g, level) {
            shapes.push(Shape::Chain { points: chain, closed: false, line: ink, width: 1.6, fill: None });
        }
    }
    shapes.extend(dots(&g.eigenvalues, Ink::TEXT));
    let window = |x: &[f64]| (x.first().copied().unwrap_or(0.0), x.last().copied().unwrap_or(1.0));
    let mut picture = Picture::new(format!("pseudospectra of {title}"), ("real part", "imaginary part"), shapes)
        .with_window(window(&g.re), window(&g.im))
        .with_legend(Ink::TEXT, "eigenvalues");
    let name = |level: f64| {
        if level == level.round() { format!("1e{level}") } else { format!("{:.1e}", 10f64.powf(level)) }
    };
    for (k, &level) in levels.iter().enumerate() {
        let share = k as f64 / levels.len().max(2).saturating_sub(1) as f64;
        picture = picture.with_legend(shade(share), format!("ε = {}", name(level)));
    }
    picture
}

/// The smallest ε that the grid shows: an eigenvalue lies inside every border, so the corners around it must as well.
/// One in four
/// may be too sharp for the grid without taking the borders of the others with it.
fn finest_level(g: &Grid) -> f64 {
    let cell = |axis: &[f64], x: f64| axis.partition_point(|&a| a <= x).checked_sub(1).filter(|k| k + 1 < axis.len());
    let columns = g.re.len();
    let mut corners: Vec<f64> = (g.eigenvalues.iter())
        .filter_map(|z| Some((cell(&g.im, z.im)?, cell(&g.re, z.re)?)))
        .map(|(i, j)| {
            let at = |i: usize, j: usize| g.values[i * columns + j];
            at(i, j).max(at(i, j + 1)).max(at(i + 1, j)).max(at(i + 1, j + 1))
        })
        .collect();
    corners.sort_by(f64::total_cmp);
    corners.get((3 * corners.len()).div_ceil(4).saturating_sub(1)).copied().unwrap_or(0.0)
}

/// Chains of points where log₁₀ of the grid crosses a level: marching squares, pieces joined end to end.
///
/// σₘᵢₙ changes by no more than z does, which confines a crossing: where it grows as fast as that, as around an
/// eigenvalue of a normal matrix, the crossing is exact.
fn contour(g: &Grid, level: f64) -> Vec<Vec<(f64, f64)>> {
    let (columns, rows, epsilon) = (g.re.len(), g.im.len(), 10f64.powf(level));
    // Values of 0 lie far below every level.
    let height = |i: usize, j: usize| g.values[i * columns + j].max(1e-300).log10() - level;
    let mut pieces: Vec<[(f64, f64); 2]> = Vec::new();
    for i in 0..rows.saturating_sub(1) {
        for j in 0..columns.saturating_sub(1) {
            let corners = [(i, j), (i, j + 1), (i + 1, j + 1), (i + 1, j)];
            let h = corners.map(|(i, j)| height(i, j));
            let mut crossings = Vec::new();
            for k in 0..4 {
                // One order for both squares at an edge, so that their crossings are the same number.
                let (k, l) = if corners[k] < corners[(k + 1) % 4] { (k, (k + 1) % 4) } else { ((k + 1) % 4, k) };
                let (a, b) = (h[k], h[l]);
                if (a < 0.0) != (b < 0.0) {
                    let ((i0, j0), (i1, j1)) = (corners[k], corners[l]);
                    let length = (g.re[j1] - g.re[j0]).abs().max((g.im[i1] - g.im[i0]).abs());
                    let off = |i: usize, j: usize| (g.values[i * columns + j] - epsilon).abs() / length;
                    let (least, most) = (off(i0, j0).min(1.0), (1.0 - off(i1, j1)).max(0.0));
                    let t = (a / (a - b)).min(most).max(least).clamp(0.0, 1.0);
                    crossings.push((g.re[j0] + t * (g.re[j1] - g.re[j0]), g.im[i0] + t * (g.im[i1] - g.im[i0])));
                }
            }
            match crossings[..] {
                [p, q] => pieces.push([p, q]),
                // A saddle: the middle decides which corners belong together.
                [p, q, r, s] => {
                    let middle = h.iter().sum::<f64>() < 0.0;
                    let pairs = if middle == (h[0] < 0.0) { [[p, q], [r, s]] } else { [[p, s], [q, r]] };
                    pieces.extend(pairs);
                }
                _ => {}
            }
        }
    }
    joined(pieces)
}

/// Pieces that share an end become one chain.
fn joined(pieces: Vec<[(f64, f64); 2]>) -> Vec<Vec<(f64, f64)>> {
    use std::collections::HashMap;
    let key = |p: (f64, f64)| (p.0.to_bits(), p.1.to_bits());
    let mut ends: HashMap<(u64, u64), Vec<usize>> = HashMap::new();
    for (k, piece) in pieces.iter().enumerate() {
        piece.iter().for_each(|&p| ends.entry(key(p)).or_default().push(k));
    }
    let mut used = vec![false; pieces.len()];
    let mut chains = Vec::new();
    for start in 0..pieces.len() {
        if used[start] {
            continue;
        }
        used[start] = true;
        let mut chain = std::collections::VecDeque::from(pieces[start].to_vec());
        for forward in [true, false] {
            while let Some(&tip) = if forward { chain.back() } else { chain.front() } {
                let next = ends.get(&key(tip)).and_then(|all| all.iter().copied().find(|&k| !used[k]));
                let Some(k) = next else { break };
                used[k] = true;
                let other = if key(pieces[k][0]) == key(tip) { pieces[k][1] } else { pieces[k][0] };
                if forward { chain.push_back(other) } else { chain.push_front(other) }
            }
        }
        chains.push(chain.into());
    }
    chains
}

/// The unit circle with the directions that are stretched most and least, and their images on the ellipse.
pub fn draw_ellipse(title: &str, e: &Ellipse) -> Picture {
    let ring = |f: &dyn Fn(f64, f64) -> (f64, f64)| -> Vec<(f64, f64)> {
        (0..=180).map(|k| f64::from(k) * std::f64::consts::PI / 90.0).map(|t| f(t.cos(), t.sin())).collect()
    };
    let a = &e.matrix;
    let image = |x: f64, y: f64| (a[(0, 0)] * x + a[(0, 1)] * y, a[(1, 0)] * x + a[(1, 1)] * y);
    let chain = |points, line: Ink, fill| Shape::Chain { points, closed: true, line, width: 1.6, fill };
    let arrow =
        |m: &kappa::Matrix<f64>, k: usize, ink| Shape::Arrow { from: (0.0, 0.0), to: (m[(0, k)], m[(1, k)]), ink };
    let shapes = vec![
        chain(ring(&image), Ink::ORANGE, Some(Ink::ORANGE.faint(10))),
        chain(ring(&|x, y| (x, y)), Ink::BLUE, Some(Ink::BLUE.faint(10))),
        arrow(&e.to, 0, Ink::ORANGE),
        arrow(&e.to, 1, Ink::ORANGE),
        arrow(&e.from, 0, Ink::BLUE),
        arrow(&e.from, 1, Ink::BLUE),
    ];
    Picture::new(format!("what {title} does to the unit circle"), ("first coordinate", "second coordinate"), shapes)
        .with_legend(Ink::BLUE, "unit circle, right singular vectors")
        .with_legend(Ink::ORANGE, format!("image, half axes {} and {}", e.axes[0].short(6), e.axes[1].short(6)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_border_of_a_distance_is_a_circle() {
        let axis: Vec<f64> = (0..41).map(|k| -2.0 + 0.1 * f64::from(k)).collect();
        let values: Vec<f64> = axis.iter().flat_map(|y| axis.iter().map(move |x: &f64| x.hypot(*y))).collect();
        let (lower, upper) = (values.clone(), values.clone());
        let g = Grid { re: axis.clone(), im: axis, values, lower, upper, eigenvalues: vec![c64::default()] };
        let chains = contour(&g, 0.0);
        assert_eq!(chains.len(), 1, "one closed chain");
        assert_eq!(chains[0].first(), chains[0].last());
        assert!(chains[0].iter().all(|p| (p.0.hypot(p.1) - 1.0).abs() < 0.01));
        assert!((finest_level(&g) - 0.1f64.hypot(0.1)).abs() < 1e-12, "the corners around 0");
        let picture = draw_pseudospectrum("a <test>", &g);
        let svg = picture.svg();
        assert!(
            ["ε = 3.2e-1", "ε = 1e0"].iter().all(|level| svg.contains(level)),
            "every level is in the legend: {svg}"
        );
        assert!(svg.contains("a &lt;test&gt;") && svg.matches("<polyline").count() >= 2 && svg.ends_with("</svg>\n"));
        assert_eq!(&picture.png()[..8], b"\x89PNG\r\n\x1a\n");
    }
}
