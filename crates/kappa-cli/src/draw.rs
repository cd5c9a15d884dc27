//! `kappa draw`.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use kappa::regions::{NumericalRange, Pseudospectrum, Region, ellipse, gershgorin, numerical_range, pseudospectrum};
use kappa_model::{WideMatrix, with_wide};
use kappa_report::{
    Picture, draw_ellipse, draw_gershgorin, draw_numerical_range, draw_pseudospectrum, draw_scatter, enclosure_json,
};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::input::Input;
use crate::one::{about, inputs, with_matrix};
use crate::parse::{plane, region};
use crate::{ANSWERED, output};

#[derive(Args, Debug)]
pub(crate) struct DrawArguments {
    /// What to draw.
    #[arg(value_enum)]
    pub(crate) picture: PictureKind,
    #[command(flatten)]
    pub(crate) input: Input,
    /// The picture to write, .svg or .png.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// Points in each direction for pseudospectra.
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) points: usize,
    /// The part of the plane for pseudospectra: from and to on the real axis, from and to on the imaginary one.
    #[arg(long, value_name = "A,B,C,D", value_parser = region, allow_hyphen_values = true)]
    pub(crate) region: Option<[f64; 4]>,
    /// Directions for the numerical range.
    #[arg(long, value_name = "N", default_value_t = 72)]
    pub(crate) directions: usize,
    /// The two singular vectors that span the plane of the ellipse, counted from 1.
    #[arg(long, value_name = "I,J", value_parser = plane, default_value = "1,2")]
    pub(crate) plane: (usize, usize),
}

#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub(crate) enum PictureKind {
    /// Discs of rows and columns that hold the eigenvalues.
    Gershgorin,
    /// Where xᴴAx goes for unit vectors.
    NumericalRange,
    /// Where the resolvent is large.
    Pseudospectrum,
    /// The image of the unit circle.
    Ellipse,
    /// The eigenvalues alone.
    Eigenvalues,
}

pub(crate) fn run(a: &DrawArguments) -> Result<u8, Failure> {
    output::check_place_beside(&a.output, &a.input.file)?;
    let ending = a.output.extension().map(|e| e.to_string_lossy().to_lowercase());
    let is_png = match ending.as_deref() {
        Some("svg") => false,
        Some("png") => true,
        _ => {
            return Err(Failure::new(format!("`{}` is neither .svg nor .png", a.output.display()))
                .with_hint("the ending decides: --output picture.svg"));
        }
    };
    with_matrix(&a.input, |name, matrix| {
        let wide = matrix.view()?.to_wide();
        let (m, n) = wide.shape();
        let title = if name == "array" || name.is_empty() { file_name(a) } else { name.to_owned() };
        let title = format!("{title} ({m}×{n})");
        let (picture, data) = picture(a, &wide, &title).map_err(about(name))?;
        let bytes = if is_png { picture.png() } else { picture.svg().into_bytes() };
        output::file(&a.output, |file| file.write_all(&bytes))?;
        if a.input.style.json {
            return output::json("draw", inputs(&a.input), json!({ "tensor": name, "output": a.output, "data": data }));
        }
        output::words(&format!("wrote {}", a.output.display()));
        Ok(ANSWERED)
    })
}

fn file_name(a: &DrawArguments) -> String {
    a.input.file.file_stem().map_or_else(|| "matrix".into(), |name| name.to_string_lossy().into_owned())
}

/// Eigenvalues for a picture; none where they would take longer than the picture itself.
const EIGENVALUES_UP_TO: usize = 1200;

/// The picture, and the numbers it shows.
fn picture(a: &DrawArguments, wide: &WideMatrix, title: &str) -> kappa::Result<(Picture, Value)> {
    let eigenvalues = || -> kappa::Result<Vec<kappa::c64>> {
        if wide.shape().0 > EIGENVALUES_UP_TO {
            return Ok(Vec::new());
        }
        with_wide!(wide, x => kappa::eig(x)).map(|f| f.eigenvalues().estimates().to_vec())
    };
    let pairs = |z: &[kappa::c64]| z.iter().map(|z| json!([z.re, z.im])).collect::<Vec<Value>>();
    Ok(match a.picture {
        PictureKind::Gershgorin => {
            let g = with_wide!(wide, x => gershgorin(x))?;
            let disc = |d: &kappa::regions::Disc| json!([d.center.re, d.center.im, d.radius]);
            let data = json!({
                "rows": g.rows.iter().map(disc).collect::<Vec<Value>>(), "row_groups": g.row_groups,
                "columns": g.columns.iter().map(disc).collect::<Vec<Value>>(), "column_groups": g.column_groups,
            });
            (draw_gershgorin(title, &g, &eigenvalues()?), data)
        }
        PictureKind::NumericalRange => {
            let w = with_wide!(wide, x => numerical_range(x, &NumericalRange { directions: a.directions }))?;
            let data = json!({ "inside": pairs(&w.inside), "outside": pairs(&w.outside) });
            (draw_numerical_range(title, &w, &eigenvalues()?), data)
        }
        PictureKind::Pseudospectrum => {
            let region = a.region.map(|[p, q, r, s]| Region { re: (p, q), im: (r, s) });
            let g = with_wide!(wide, x => pseudospectrum(x, &Pseudospectrum { region, points: a.points }))?;
            let data = json!({ "re": g.re, "im": g.im, "values": g.values, "eigenvalues": pairs(&g.eigenvalues) });
            (draw_pseudospectrum(title, &g), data)
        }
        PictureKind::Ellipse => {
            let e = with_wide!(wide, x => ellipse(x, (a.plane.0 - 1, a.plane.1 - 1)))?;
            let data = json!({ "axes": e.axes.iter().map(enclosure_json).collect::<Vec<Value>>() });
            (draw_ellipse(title, &e), data)
        }
        PictureKind::Eigenvalues => {
            let values = with_wide!(wide, x => kappa::eig(x))?.eigenvalues().estimates().to_vec();
            (draw_scatter(title, &values), json!({ "eigenvalues": pairs(&values) }))
        }
    })
}
