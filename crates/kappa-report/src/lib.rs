//! Results to text, JSON, CSV, Markdown and one-file HTML. Nothing is computed here.

mod columns;
mod csv;
mod html;
mod json;
mod markdown;
mod picture;
mod proof;
mod regression;
mod regression_text;
mod remark;
mod sparkline;
mod spread;
mod text;

pub use columns::shape_words;
pub use csv::survey_csv;
pub use html::survey_html;
pub use json::{Entries, Envelope, Named, SurveyResult, envelope, measure_key, survey_json};
pub use markdown::survey_markdown;
pub use picture::{
    Picture, draw_density, draw_ellipse, draw_filters, draw_gershgorin, draw_l_curve, draw_numerical_range,
    draw_pseudospectrum, draw_quantiles, draw_residuals, draw_scatter,
};
pub use proof::{ProofFile, ProofResult, digest};
pub use regression::{RegressionResult, regression_json};
pub use regression_text::{coefficient_table, regression_text, regression_text_of_all_rows};
pub use remark::{Remark, place};
pub use sparkline::sparkline;
pub use spread::{BulkResult, HistogramResult, TailResult, bulk_rows, histogram_rows, spread_numbers, tail_rows};
pub use text::{aligned, counted, ends, number_text, survey_text};
