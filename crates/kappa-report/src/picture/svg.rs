//! The pen that writes SVG.

use super::{Ink, LINE, MARGIN, Picture, Shape, tick_label, ticks};

fn colour(ink: Ink) -> String {
    let [r, g, b] = ink.rgb;
    format!("#{r:02x}{g:02x}{b:02x}")
}

fn opacity(ink: Ink) -> f64 {
    f64::from(ink.alpha) / 100.0
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Coordinates of paper, to a hundredth of a pixel; what lies far outside is brought near, so that no viewer chokes on
/// it.
fn number(x: f64) -> String {
    let text = format!("{:.2}", x.clamp(-1e5, 1e5));
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

pub(super) fn draw(picture: &Picture) -> String {
    let (width, height) = picture.paper();
    let frame = picture.frame();
    let mut out = String::new();
    let mut line = |text: String| {
        out += &text;
        out.push('\n');
    };
    line(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         font-family=\"system-ui, sans-serif\" font-size=\"12\">"
    ));
    line(format!("<title>{}</title>", escaped(&picture.title)));
    line(format!("<rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>"));
    let text = colour(Ink::TEXT);
    line(format!("<text x=\"{MARGIN}\" y=\"24\" font-size=\"15\" fill=\"{text}\">{}</text>", escaped(&picture.title)));
    for (k, (ink, words)) in picture.legend.iter().enumerate() {
        let y = 42.0 + LINE * k as f64;
        line(format!(
            "<rect x=\"{MARGIN}\" y=\"{}\" width=\"11\" height=\"11\" fill=\"{}\" fill-opacity=\"{}\"/>\
             <text x=\"{}\" y=\"{y}\" fill=\"{text}\">{}</text>",
            y - 10.0,
            colour(*ink),
            opacity(*ink).max(0.35),
            MARGIN + 18.0,
            escaped(words)
        ));
    }
    let (left, top) = (frame.left, frame.top);
    let (right, bottom) = (left + frame.width, top + frame.height);
    line(format!(
        "<clipPath id=\"plane\"><rect x=\"{left}\" y=\"{top}\" width=\"{}\" height=\"{}\"/></clipPath>",
        number(frame.width),
        number(frame.height)
    ));
    let grid = colour(Ink::GRID);
    for x in ticks(picture.re) {
        let at = number(frame.at((x, 0.0)).0);
        let (stroke, weight) = if x == 0.0 { (text.as_str(), "0.8") } else { (grid.as_str(), "1") };
        line(format!(
            "<line x1=\"{at}\" y1=\"{top}\" x2=\"{at}\" y2=\"{}\" stroke=\"{stroke}\" stroke-width=\"{weight}\"/>\
             <text x=\"{at}\" y=\"{}\" text-anchor=\"middle\" fill=\"{text}\">{}</text>",
            number(bottom),
            number(bottom + 17.0),
            tick_label(x)
        ));
    }
    for y in ticks(picture.im) {
        let at = frame.at((0.0, y)).1;
        let (stroke, weight) = if y == 0.0 { (text.as_str(), "0.8") } else { (grid.as_str(), "1") };
        line(format!(
            "<line x1=\"{left}\" y1=\"{0}\" x2=\"{1}\" y2=\"{0}\" stroke=\"{stroke}\" stroke-width=\"{weight}\"/>\
             <text x=\"{2}\" y=\"{3}\" text-anchor=\"end\" fill=\"{text}\">{4}</text>",
            number(at),
            number(right),
            left - 6.0,
            number(at + 4.0),
            tick_label(y)
        ));
    }
    line(format!(
        "<text x=\"{}\" y=\"{}\" text-anchor=\"end\" fill=\"{text}\">{}</text>",
        number(right),
        number(bottom + 36.0),
        escaped(&picture.labels.0)
    ));
    line(format!(
        "<text x=\"14\" y=\"{}\" fill=\"{text}\" transform=\"rotate(-90 14 {0})\">{}</text>",
        number(top + 0.5 * frame.height),
        escaped(&picture.labels.1)
    ));
    line("<g clip-path=\"url(#plane)\">".into());
    for shape in &picture.shapes {
        line(element(shape, picture));
    }
    line("</g>".into());
    line(format!(
        "<rect x=\"{left}\" y=\"{top}\" width=\"{}\" height=\"{}\" fill=\"none\" stroke=\"{text}\" \
         stroke-width=\"1\"/>",
        number(frame.width),
        number(frame.height)
    ));
    line("</svg>".into());
    out
}

fn element(shape: &Shape, picture: &Picture) -> String {
    let frame = picture.frame();
    let place = |p: (f64, f64)| {
        let (x, y) = frame.at(p);
        (number(x), number(y))
    };
    match shape {
        Shape::Disc { center, radius, fill, line } => {
            let (x, y) = place(*center);
            format!(
                "<circle cx=\"{x}\" cy=\"{y}\" r=\"{}\" fill=\"{}\" fill-opacity=\"{}\" stroke=\"{}\" \
                 stroke-width=\"1\"/>",
                number(radius * frame.scale),
                colour(*fill),
                opacity(*fill),
                colour(*line)
            )
        }
        Shape::Chain { points, closed, line, width, fill } => {
            let path: Vec<String> = points.iter().map(|&p| place(p)).map(|(x, y)| format!("{x},{y}")).collect();
            let tag = if *closed { "polygon" } else { "polyline" };
            let fill = fill.map_or("none\"".to_owned(), |f| format!("{}\" fill-opacity=\"{}\"", colour(f), opacity(f)));
            format!(
                "<{tag} points=\"{}\" fill=\"{fill} stroke=\"{}\" stroke-opacity=\"{}\" stroke-width=\"{width}\" \
                 stroke-linejoin=\"round\"/>",
                path.join(" "),
                colour(*line),
                opacity(*line)
            )
        }
        Shape::Dot { at, size, ink } => {
            let (x, y) = place(*at);
            format!(
                "<circle cx=\"{x}\" cy=\"{y}\" r=\"{size}\" fill=\"{}\" fill-opacity=\"{}\"/>",
                colour(*ink),
                opacity(*ink)
            )
        }
        Shape::Arrow { from, to, ink } => {
            let ((x1, y1), (x2, y2)) = (frame.at(*from), frame.at(*to));
            let [p, q] = super::draw::head((x1, y1), (x2, y2));
            format!(
                "<path d=\"M{} {} L{} {} M{} {} L{} {} L{} {}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\" \
                 stroke-linecap=\"round\"/>",
                number(x1),
                number(y1),
                number(x2),
                number(y2),
                number(p.0),
                number(p.1),
                number(x2),
                number(y2),
                number(q.0),
                number(q.1),
                colour(*ink)
            )
        }
    }
}
