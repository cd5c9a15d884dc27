//! A part of a tensor as a matrix.

use kappa_tensors::{Numbers, Order, Tensor};

use crate::Role;

/// The places along one side of a matrix, as counts and strides, the slowest first.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis(Vec<(usize, usize)>);

impl Axis {
    /// The places of these counts with these strides.
    pub fn new(steps: &[(usize, usize)]) -> Self {
        Self(steps.to_vec())
    }

    /// The number of places.
    pub fn len(&self) -> usize {
        self.0.iter().map(|(count, _)| count).product()
    }

    /// Whether there is no place.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The distances of the places from the first.
    fn places(&self) -> Vec<usize> {
        self.0.iter().fold(vec![0], |places, &(count, stride)| {
            places.iter().flat_map(|place| (0..count).map(move |k| place + k * stride)).collect()
        })
    }
}

/// A matrix that a network multiplies with: a tensor, or a part of one.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    /// The name of the tensor, with that of the part in brackets: `h.0.attn.c_attn.weight[q]`.
    pub name: String,
    /// What the part does.
    pub role: Role,
    pub(super) start: usize,
    pub(super) rows: Axis,
    pub(super) columns: Axis,
}

impl View {
    /// Rows and columns.
    pub fn shape(&self) -> (usize, usize) {
        (self.rows.len(), self.columns.len())
    }

    /// Whether the part is all of a tensor of this many numbers, in order.
    pub(crate) fn is_whole(&self, count: usize) -> bool {
        let (m, n) = self.shape();
        let in_order = |axis: &Axis, stride: usize| matches!(axis.0[..], [(_, found)] if found == stride);
        self.start == 0 && m * n == count && in_order(&self.rows, n) && in_order(&self.columns, 1)
    }

    /// The numbers of the part, by rows. A tensor of more than two dimensions is in row-major order.
    pub(crate) fn of(&self, tensor: &Tensor<'_>) -> Tensor<'static> {
        let numbers = match &tensor.numbers {
            Numbers::F32(x) => Numbers::F32(self.gathered(x, tensor).into()),
            Numbers::F64(x) => Numbers::F64(self.gathered(x, tensor).into()),
            Numbers::C32(x) => Numbers::C32(self.gathered(x, tensor).into()),
            Numbers::C64(x) => Numbers::C64(self.gathered(x, tensor).into()),
        };
        Tensor { shape: vec![self.rows.len(), self.columns.len()], order: Order::RowMajor, numbers }
    }

    fn gathered<T: Copy>(&self, numbers: &[T], tensor: &Tensor<'_>) -> Vec<T> {
        let (rows, columns) = (self.rows.places(), self.columns.places());
        let by_columns = match (tensor.order, &tensor.shape[..]) {
            (Order::ColumnMajor, &[m, n]) => Some((m, n)),
            _ => None,
        };
        let place = |k: usize| by_columns.map_or(k, |(m, n)| (k % n) * m + k / n);
        let mut found = Vec::with_capacity(rows.len() * columns.len());
        for row in rows {
            found.extend(columns.iter().map(|column| numbers[place(self.start + row + column)]));
        }
        found
    }
}
