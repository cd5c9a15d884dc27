//! `kappa draw`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use kappa::regions::{Disc, NumericalRange, Pseudospectrum, Region};
use kappa::serialize::{Complex, Number};
use kappa::{AnyOperator, Enclosure, c64};
use kappa_report::{Picture, draw_ellipse, draw_gershgorin, draw_numerical_range, draw_pseudospectrum, draw_scatter};
use schemars::JsonSchema;
use serde::Serialize;

use crate::answer::{Answer, Ask, Explanation, Files};
use crate::failure::Failure;
use crate::output::Contents;
use crate::output::Kind;
use crate::parse::{plane, region};
use crate::session::{Input, Session};

#[derive(Args, Debug, Serialize)]
pub(crate) struct DrawArguments {
    /// What to draw.
    #[arg(value_enum)]
    picture: PictureKind,
    #[command(flatten)]
    #[serde(flatten)]
    input: Input,
    /// The picture to write, .svg or .png.
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
    /// Points in each direction for pseudospectra, at equal distances; by default up to 100, with further ones beside
    /// the eigenvalues.
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    points: usize,
    /// The part of the plane for pseudospectra: from and to on the real axis, from and to on the imaginary one.
    #[arg(long, value_name = "A,B,C,D", value_parser = region, allow_hyphen_values = true)]
    region: Option<[f64; 4]>,
    /// Number of directions for the numerical range.
    #[arg(long, value_name = "N", default_value_t = 72)]
    directions: usize,
    /// The two singular vectors that span the plane of the ellipse, counted from 1.
    #[arg(long, value_name = "I,J", value_parser = plane, default_value = "1,2")]
    plane: (usize, usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum PictureKind {
    /// Discs of rows and columns that hold the eigenvalues.
    Gershgorin,
    /// The values of xᴴAx for unit vectors x.
    NumericalRange,
    /// Where the resolvent is large.
    Pseudospectrum,
    /// The image of the unit circle.
    Ellipse,
    /// The eigenvalues alone.
    Eigenvalues,
}

/// A picture, and the numbers that it shows.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct DrawResult {
    tensor: String,
    output: PathBuf,
    data: DrawData,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
enum DrawData {
    Gershgorin {
        /// Centre and radius: real part, imaginary part, radius.
        rows: Vec<[Number; 3]>,
        /// Discs that touch, counted from 0.
        row_groups: Vec<Vec<usize>>,
        columns: Vec<[Number; 3]>,
        column_groups: Vec<Vec<usize>>,
    },
    NumericalRange {
        inside: Vec<Complex>,
        outside: Vec<Complex>,
    },
    Pseudospectrum {
        re: Vec<Number>,
        im: Vec<Number>,
        values: Vec<Number>,
        eigenvalues: Vec<Complex>,
    },
    Ellipse {
        axes: Vec<Enclosure>,
    },
    Eigenvalues {
        eigenvalues: Vec<Complex>,
    },
}

impl Ask for DrawArguments {
    type Result = DrawResult;
    const ABOUT: &'static str = "Gershgorin discs, numerical range, pseudospectra, unit circle";
    const EXAMPLES: &'static [&'static str] =
        &["draw gershgorin a.npy -o g.svg", "draw pseudospectrum a.npy --points 8 -o g.png"];

    fn files(&self) -> Files<'_> {
        Files::reads([&self.input.file]).writes(Some(&self.output), Kind::Picture)
    }

    fn answer(&self, session: &Session) -> Result<Answer<DrawResult>, Failure> {
        session.with_matrix(&self.input, |about, a| {
            let (m, n) = a.shape();
            let title =
                if about.name == "array" || about.name.is_empty() { self.stem() } else { about.name.to_owned() };
            let (picture, data) = self.picture(a, &format!("{title} ({m}×{n})")).map_err(about.error())?;
            let result = DrawResult { tensor: about.name.to_owned(), output: self.output.clone(), data };
            Ok(Answer::new(result, "")
                .file(Some(&self.output), || Contents::picture(&self.output, &picture))
                .explained(self.explanation()))
        })
    }
}

/// Eigenvalues in a picture of another kind: of larger matrices they would take longer than the picture itself.
const EIGENVALUES_UP_TO: usize = 1200;

fn eigenvalues(a: &AnyOperator<'_>) -> kappa::Result<Vec<c64>> {
    Ok(a.eig()?.eigenvalues().estimates().to_vec())
}

fn complex(z: &[c64]) -> Vec<Complex> {
    z.iter().map(|&z| z.into()).collect()
}

impl DrawArguments {
    fn stem(&self) -> String {
        self.input.file.file_stem().map_or_else(|| "matrix".into(), |name| name.to_string_lossy().into_owned())
    }

    /// The picture, and the numbers it shows.
    fn picture(&self, a: &AnyOperator<'_>, title: &str) -> kappa::Result<(Picture, DrawData)> {
        let known = || if a.shape().0 > EIGENVALUES_UP_TO { Ok(Vec::new()) } else { eigenvalues(a) };
        Ok(match self.picture {
            PictureKind::Gershgorin => {
                let g = a.gershgorin()?;
                let picture = draw_gershgorin(title, &g, &known()?);
                let disc = |d: &Disc| [d.center.re, d.center.im, d.radius].map(Number);
                let data = DrawData::Gershgorin {
                    rows: g.rows.iter().map(disc).collect(),
                    columns: g.columns.iter().map(disc).collect(),
                    row_groups: g.row_groups,
                    column_groups: g.column_groups,
                };
                (picture, data)
            }
            PictureKind::NumericalRange => {
                let w = a.numerical_range(&NumericalRange { directions: self.directions })?;
                let data = DrawData::NumericalRange { inside: complex(&w.inside), outside: complex(&w.outside) };
                (draw_numerical_range(title, &w, &known()?), data)
            }
            PictureKind::Pseudospectrum => {
                let region = self.region.map(|[p, q, r, s]| Region { re: (p, q), im: (r, s) });
                let g = a.pseudospectrum(&Pseudospectrum { region, points: self.points })?;
                let data = DrawData::Pseudospectrum {
                    re: Number::list(&g.re),
                    im: Number::list(&g.im),
                    values: Number::list(&g.values),
                    eigenvalues: complex(&g.eigenvalues),
                };
                (draw_pseudospectrum(title, &g), data)
            }
            PictureKind::Ellipse => {
                let e = a.ellipse((self.plane.0 - 1, self.plane.1 - 1))?;
                (draw_ellipse(title, &e), DrawData::Ellipse { axes: e.axes.to_vec() })
            }
            PictureKind::Eigenvalues => {
                let values = eigenvalues(a)?;
                (draw_scatter(title, &values), DrawData::Eigenvalues { eigenvalues: complex(&values) })
            }
        })
    }

    fn explanation(&self) -> Explanation {
        let (plan, evidence, reference) = match self.picture {
            PictureKind::Gershgorin => (
                "a disc around each diagonal entry, with the sum of the moduli beside it as radius",
                "rounding: every eigenvalue lies in a disc of the rows and in one of the columns; a group of k \
                    discs holds k of them",
                "Gerschgorin, Izv. Akad. Nauk SSSR 7 (1931) 749–754; Varga, Geršgorin and His Circles",
            ),
            PictureKind::NumericalRange => (
                "the largest eigenvalue of the Hermitian part of a rotated matrix, for each direction",
                "the range lies between the polygon of its points and the supporting lines, but for rounding",
                "Johnson, SIAM J. Numer. Anal. 15 (1978) 595–602",
            ),
            PictureKind::Pseudospectrum => (
                "the smallest singular value of zI − A on a grid, from a Schur form",
                "estimate: computed singular values, contours interpolated between grid points",
                "Trefethen, Acta Numerica 8 (1999) 247–295",
            ),
            PictureKind::Ellipse => (
                "singular value decomposition: half axes σᵢ along the left singular vectors",
                "the half axes are enclosed; see `kappa singular-values --explain`",
                "Golub and Van Loan, Matrix Computations, 4th ed., section 2.4",
            ),
            PictureKind::Eigenvalues => (
                "eigenvalues by QR steps",
                "estimate: no discs are drawn; see `kappa eig`",
                "Golub and Van Loan, Matrix Computations, 4th ed., chapter 7",
            ),
        };
        Explanation::plan(plan).line("evidence", evidence).reference(reference)
    }
}
