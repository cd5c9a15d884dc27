//! The pen that writes SVG.

use super::layout::{Entry, Layout, Tick};
use super::{Frame, Ink, Picture, Shape};

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
    let layout = picture.layout();
    let (width, height) = layout.paper;
    let frame = &layout.frame;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         font-family=\"system-ui, sans-serif\" font-size=\"12\">\n<title>{}</title>\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n",
        escaped(&picture.title)
    );
    words(&mut out, picture, &layout);
    grid(&mut out, &layout);
    labels(&mut out, picture, &layout);
    out += "<g clip-path=\"url(#plane)\">\n";
    for shape in &picture.shapes {
        out += &element(shape, frame);
        out.push('\n');
    }
    out += &format!(
        "</g>\n<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"1\"/>\n\
         </svg>\n",
        frame.left,
        frame.top,
        number(frame.width),
        number(frame.height),
        colour(Ink::TEXT)
    );
    out
}

/// The title, the legend, and the window for the shapes.
fn words(out: &mut String, picture: &Picture, layout: &Layout<'_>) {
    let text = colour(Ink::TEXT);
    let (x, y) = layout.title;
    *out += &format!("<text x=\"{x}\" y=\"{y}\" font-size=\"15\" fill=\"{text}\">{}</text>\n", escaped(&picture.title));
    for entry in &layout.legend {
        let (left, top) = entry.square;
        let (x, y) = entry.text;
        *out += &format!(
            "<rect x=\"{left}\" y=\"{top}\" width=\"{0}\" height=\"{0}\" fill=\"{1}\" fill-opacity=\"{2}\"/>\
             <text x=\"{x}\" y=\"{y}\" fill=\"{text}\">{3}</text>\n",
            Entry::SIDE,
            colour(entry.ink),
            opacity(entry.ink),
            escaped(entry.words)
        );
    }
    let frame = &layout.frame;
    *out += &format!(
        "<clipPath id=\"plane\"><rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/></clipPath>\n",
        frame.left,
        frame.top,
        number(frame.width),
        number(frame.height)
    );
}

/// The lines of the ticks, with what is written at them.
fn grid(out: &mut String, layout: &Layout<'_>) {
    let (frame, text) = (&layout.frame, colour(Ink::TEXT));
    let stroke = |tick: &Tick| if tick.is_axis { (colour(Ink::TEXT), "0.8") } else { (colour(Ink::GRID), "1") };
    for tick in &layout.columns {
        let (at, (stroke, weight)) = (number(tick.at), stroke(tick));
        *out += &format!(
            "<line x1=\"{at}\" y1=\"{}\" x2=\"{at}\" y2=\"{}\" stroke=\"{stroke}\" stroke-width=\"{weight}\"/>\
             <text x=\"{at}\" y=\"{}\" text-anchor=\"middle\" fill=\"{text}\">{}</text>\n",
            frame.top,
            number(frame.bottom()),
            number(tick.base),
            tick.text
        );
    }
    for tick in &layout.rows {
        let (at, (stroke, weight)) = (number(tick.at), stroke(tick));
        *out += &format!(
            "<line x1=\"{}\" y1=\"{at}\" x2=\"{}\" y2=\"{at}\" stroke=\"{stroke}\" stroke-width=\"{weight}\"/>\
             <text x=\"{}\" y=\"{}\" text-anchor=\"end\" fill=\"{text}\">{}</text>\n",
            frame.left,
            number(frame.right()),
            frame.left - 6.0,
            number(tick.base),
            tick.text
        );
    }
}

/// The labels of the axes; that of the vertical one is turned.
fn labels(out: &mut String, picture: &Picture, layout: &Layout<'_>) {
    let (text, (x, y)) = (colour(Ink::TEXT), layout.label);
    *out += &format!(
        "<text x=\"{}\" y=\"{}\" text-anchor=\"end\" fill=\"{text}\">{}</text>\n\
         <text x=\"14\" y=\"{3}\" fill=\"{text}\" transform=\"rotate(-90 14 {3})\">{4}</text>\n",
        number(x),
        number(y),
        escaped(&picture.labels.0),
        number(layout.frame.top + 0.5 * layout.frame.height),
        escaped(&picture.labels.1)
    );
}

fn element(shape: &Shape, frame: &Frame) -> String {
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
