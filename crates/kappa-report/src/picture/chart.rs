//! Charts: regularization and regression.

use super::{Ink, Picture, Shape};

fn chain(points: Vec<(f64, f64)>, line: Ink) -> Shape {
    Shape::Chain { points, closed: false, line, width: 1.8, fill: None }
}

fn dot(at: (f64, f64), ink: Ink) -> Shape {
    Shape::Dot { at, size: 3.0, ink }
}

fn log(x: f64) -> f64 {
    x.max(f64::MIN_POSITIVE).log10()
}

/// The L-curve: log₁₀‖Lx‖ over log₁₀‖b − Ax‖, with the λ that was chosen.
pub fn draw_l_curve(
    title: &str,
    points: &[kappa::equations::RidgePoint],
    chosen: &kappa::equations::RidgePoint,
) -> Picture {
    let place = |p: &kappa::equations::RidgePoint| (log(p.residual_norm), log(p.solution_norm));
    let mut shapes = vec![chain(points.iter().map(place).collect(), Ink::BLUE)];
    shapes.push(Shape::Dot { at: place(chosen), size: 5.0, ink: Ink::ORANGE });
    Picture::new(format!("L-curve of {title}"), ("log10 of the residual norm", "log10 of the solution norm"), shapes)
        .into_chart()
        .with_legend(Ink::BLUE, "λ decreases from right to left")
        .with_legend(Ink::ORANGE, format!("chosen: λ = {:.4e}", chosen.lambda))
}

/// Filter factors over the number of the singular value, with the Picard plot: log₁₀ of σᵢ and of |uᵢᴴb|. What lies
/// below 1e-16 is left
/// out.
pub fn draw_filters(title: &str, singular_values: &[f64], coefficients: &[f64], filters: &[f64]) -> Picture {
    let largest = singular_values.iter().chain(coefficients).copied().fold(f64::MIN_POSITIVE, f64::max);
    let over = |x: &[f64], unit: f64| -> Vec<(f64, f64)> {
        let points = x.iter().enumerate().map(|(k, &x)| ((k + 1) as f64, log(x / unit)));
        points.filter(|(_, y)| *y >= -16.0).collect()
    };
    let mut shapes = vec![chain(over(singular_values, largest), Ink::BLUE), chain(over(filters, 1.0), Ink::ORANGE)];
    shapes.extend(over(coefficients, largest).into_iter().map(|at| dot(at, Ink::GREEN)));
    Picture::new(format!("filter factors of {title}"), ("index of the singular value", "log10"), shapes)
        .into_chart()
        .with_legend(Ink::ORANGE, "filter factors")
        .with_legend(Ink::BLUE, "σ (normalised)")
        .with_legend(Ink::GREEN, "right-hand side along the left singular vectors (normalised)")
}

/// Points of a law in a picture.
const CURVE: usize = 240;

/// The density of eigenvalues as a histogram, with the law of the noise, its threshold, and where the tail begins.
pub fn draw_density(
    title: &str,
    histogram: &kappa::values::Histogram,
    bulk: Option<&kappa::values::Bulk>,
    tail: Option<&kappa::values::Tail>,
) -> Picture {
    let mut outline = vec![(histogram.edges[0], 0.0)];
    for (ends, height) in histogram.edges.windows(2).zip(histogram.densities()) {
        outline.extend([(ends[0], height), (ends[1], height)]);
    }
    outline.extend(histogram.edges.last().map(|&x| (x, 0.0)));
    let top = outline.iter().map(|p| p.1).fold(0.0, f64::max);
    let post = |x: f64, height: f64, ink: Ink| chain(vec![(x, 0.0), (x, height * top)], ink);
    let mut shapes = vec![chain(outline, Ink::BLUE)];
    if let Some(bulk) = bulk {
        let (a, b) = bulk.law.edges();
        let share = histogram.total as f64;
        let at = |k: usize| a + (b - a) * (0.5 - 0.5 * (std::f64::consts::PI * k as f64 / CURVE as f64).cos());
        // Of all eigenvalues, the noise has those that are no spikes.
        let part = (share - bulk.spikes.estimate()) / share.max(1.0);
        let law = (0..=CURVE).map(|k| (at(k), (part * bulk.law.density(at(k))).min(2.0 * top))).collect();
        shapes.push(chain(law, Ink::ORANGE));
        shapes.push(post(bulk.law.threshold(), 0.25, Ink::ORANGE));
    }
    if let Some(tail) = tail {
        shapes.push(post(tail.x_min(), 0.5, Ink::GREEN));
    }
    let mut picture = Picture::new(format!("eigenvalues of {title}"), ("eigenvalue", "density"), shapes)
        .into_chart()
        .with_legend(Ink::BLUE, "histogram");
    if let Some(bulk) = bulk {
        let spikes = bulk.spikes.estimate();
        picture = picture.with_legend(Ink::ORANGE, format!("noise, and the threshold that {spikes} rise above"));
    }
    match tail {
        Some(tail) => picture.with_legend(Ink::GREEN, format!("the tail begins: alpha = {}", tail.exponent().short(4))),
        None => picture,
    }
}

/// Residuals over fitted values; those beyond three standard deviations in orange.
pub fn draw_residuals(title: &str, fitted: &[f64], residuals: &[f64], deviation: f64) -> Picture {
    let is_far = |r: f64| r.abs() > 3.0 * deviation;
    let ink = |r: f64| if is_far(r) { Ink::ORANGE } else { Ink::BLUE };
    let shapes = fitted.iter().zip(residuals).map(|(&x, &r)| dot((x, r), ink(r))).collect();
    let picture = Picture::new(format!("residuals of {title}"), ("fitted value", "residual"), shapes)
        .into_chart()
        .with_legend(Ink::BLUE, "observations");
    if residuals.iter().any(|&r| is_far(r)) {
        picture.with_legend(Ink::ORANGE, "beyond three residual standard errors")
    } else {
        picture
    }
}

/// Sorted studentized residuals over the quantiles of the normal distribution.
pub fn draw_quantiles(title: &str, residuals: &[f64], quantile: impl Fn(f64) -> f64) -> Picture {
    let mut sorted: Vec<f64> = residuals.iter().copied().filter(|r| r.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len() as f64;
    // Blom's plotting positions.
    let x: Vec<f64> = (0..sorted.len()).map(|k| quantile((k as f64 + 0.625) / (n + 0.25))).collect();
    let ends = (x.first().copied().unwrap_or(-1.0), x.last().copied().unwrap_or(1.0));
    let mut shapes = vec![chain(vec![(ends.0, ends.0), (ends.1, ends.1)], Ink::GREEN)];
    shapes.extend(x.into_iter().zip(sorted).map(|at| dot(at, Ink::BLUE)));
    Picture::new(
        format!("normal quantiles of {title}"),
        ("quantile of the normal distribution", "studentized residual"),
        shapes,
    )
    .into_chart()
    .with_legend(Ink::BLUE, "observations")
    .with_legend(Ink::GREEN, "normal reference line")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_fills_its_frame_whatever_the_units() {
        let fitted: Vec<f64> = (0..50).map(|k| 1e6 + f64::from(k)).collect();
        let residuals: Vec<f64> = (0..50).map(|k| 1e-9 * (f64::from(k) * 1.7).sin()).collect();
        let picture = draw_residuals("a table", &fitted, &residuals, 1e-10);
        let svg = picture.svg();
        assert!(svg.matches("<circle").count() == 50 && svg.contains("residuals of a table"));
        // Dots reach from the left to the right and from the top to the bottom.
        let centre = |name: &str| -> Vec<f64> {
            svg.split(&format!("{name}=\"")).skip(1).filter_map(|s| s.split('"').next()?.parse().ok()).collect()
        };
        let reach = |x: Vec<f64>| x.iter().copied().fold(0.0, f64::max) - x.iter().copied().fold(1e9, f64::min);
        assert!(reach(centre("cx")) > 500.0 && reach(centre("cy")) > 300.0);
        assert_eq!(&draw_quantiles("x", &residuals, |p| p).png()[..4], b"\x89PNG");
    }
}
