//! The matrices that a network multiplies with: a tensor as it is, or the parts that are stored in it.

mod attention;
mod config;
mod convolution;
mod experts;
mod gates;
mod part;

use kappa_tensors::TensorInfo;

use crate::Role;
pub(crate) use config::Config;
pub use part::{Axis, View};

/// How a tensor is read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// In words: `8 × 256×512`, `q 2048 k 512 v 512`, `conv 64×(3·3·3)`; empty for a matrix as it is.
    pub words: String,
    /// The matrices; empty for a vector, a number, or an empty tensor.
    pub views: Vec<View>,
    /// What could not be told, such as the number of heads.
    pub doubt: Option<&'static str>,
}

impl Reading {
    /// In words, how a tensor is read: its parts, or the rows and columns of its only matrix.
    pub fn text(&self) -> String {
        match &self.views[..] {
            [view] if self.words.is_empty() => format!("{}×{}", view.shape().0, view.shape().1),
            _ => self.words.clone(),
        }
    }

    /// Rows and columns, where there is one matrix.
    pub fn shape(&self) -> Option<(usize, usize)> {
        match &self.views[..] {
            [view] => Some(view.shape()),
            _ => None,
        }
    }
}

/// A tensor whose parts are looked for.
pub(crate) struct Asked<'a> {
    pub(crate) info: &'a TensorInfo,
    pub(crate) role: Role,
    pub(crate) config: &'a Config,
    /// The shape of another tensor.
    pub(crate) shape_of: &'a dyn Fn(&str) -> Option<Vec<usize>>,
}

impl Asked<'_> {
    /// The name in small letters.
    fn name(&self) -> String {
        self.info.name.to_lowercase()
    }

    /// Whether Keras or Flax named it, which put the outputs last.
    fn is_kernel(&self) -> bool {
        crate::layer::is_keras_kernel(&self.info.name)
    }

    /// The shape of the tensor whose name has `to` where this one has `from`.
    fn sibling(&self, from: &str, to: &str) -> Option<Vec<usize>> {
        let at = self.info.name.find(from)?;
        let (before, after) = (&self.info.name[..at], &self.info.name[at + from.len()..]);
        (self.shape_of)(&format!("{before}{to}{after}"))
    }
}

/// What a rule finds: words, and parts with their labels.
pub(crate) struct Found {
    words: String,
    parts: Vec<Part>,
    doubt: Option<&'static str>,
}

/// A part of a tensor: what is written behind its name, what it does, and where it lies.
pub(crate) struct Part {
    label: String,
    role: Role,
    start: usize,
    rows: Axis,
    columns: Axis,
}

impl Part {
    /// Some rows and columns of a matrix with `width` columns.
    fn block(label: &str, role: Role, rows: (usize, usize), columns: (usize, usize), width: usize) -> Self {
        Self {
            label: label.to_owned(),
            role,
            start: rows.0 * width + columns.0,
            rows: Axis::new(&[(rows.1, width)]),
            columns: Axis::new(&[(columns.1, 1)]),
        }
    }
}

/// Reads a tensor.
pub(crate) fn reading(asked: &Asked<'_>) -> Reading {
    let shape = &asked.info.shape;
    // Dimensions of one entry before a matrix or a vector say nothing, but a convolution may have one output.
    let leading = if asked.role == Role::Conv { 0 } else { shape.iter().take_while(|&&n| n == 1).count() };
    let ones = leading.min(shape.len().saturating_sub(2));
    if matches!(asked.role, Role::Bias | Role::Vector)
        || shape.len() < 2
        || shape.contains(&0)
        || (shape[ones] == 1 && shape.len() == 2 + ones && ones > 0)
    {
        return Reading::default();
    }
    let found = match shape.len() - ones {
        2 => attention::parts(asked).or_else(|| gates::parts(asked)),
        _ => experts::parts(asked).or_else(|| attention::of_flax(asked)).or_else(|| convolution::parts(asked)),
    };
    match found {
        Some(Found { words, parts, doubt }) if !parts.is_empty() => {
            let views = parts.into_iter().map(|part| View {
                name: format!("{}{}", asked.info.name, part.label),
                role: part.role,
                start: part.start,
                rows: part.rows,
                columns: part.columns,
            });
            Reading { words, views: views.collect(), doubt }
        }
        other => {
            let (m, n) = crate::layer::matrix_of(&asked.info.name, &shape[ones..]);
            let whole = View {
                name: asked.info.name.clone(),
                role: asked.role,
                start: 0,
                rows: Axis::new(&[(m, n)]),
                columns: Axis::new(&[(n, 1)]),
            };
            Reading { words: String::new(), views: vec![whole], doubt: other.and_then(|found| found.doubt) }
        }
    }
}

/// Nothing but the reason why nothing could be told.
fn doubt(why: &'static str) -> Option<Found> {
    Some(Found { words: String::new(), parts: Vec::new(), doubt: Some(why) })
}
