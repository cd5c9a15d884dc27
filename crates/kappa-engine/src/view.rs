//! Matrices in memory: entries, a shape, and the distance between columns or rows.

use faer::{Conj, MatMut, MatRef};

/// Which entries lie side by side.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Order {
    Columns,
    Rows,
}

/// Where a matrix lies within a slice of entries: column after column, or row after row, `stride` entries apart.
#[derive(Clone, Copy, Debug)]
struct Layout {
    rows: usize,
    columns: usize,
    stride: usize,
    order: Order,
}

impl Layout {
    /// Panics unless the matrix fits into `length` entries.
    fn checked(self, length: usize) -> Self {
        let (inner, outer) = match self.order {
            Order::Columns => (self.rows, self.columns),
            Order::Rows => (self.columns, self.rows),
        };
        let needed = if inner == 0 { 0 } else { outer.checked_sub(1).map_or(0, |k| k * self.stride + inner) };
        assert!(needed <= length, "{}×{} entries, {} apart, in {length}", self.rows, self.columns, self.stride);
        self
    }

    fn transpose(self) -> Self {
        let order = if self.order == Order::Columns { Order::Rows } else { Order::Columns };
        Self { rows: self.columns, columns: self.rows, order, ..self }
    }

    /// The layout of a block, and where it begins.
    fn block(self, (row, column): (usize, usize), (rows, columns): (usize, usize)) -> (Self, usize) {
        assert!(
            row + rows <= self.rows && column + columns <= self.columns,
            "{rows}×{columns} entries from ({row}, {column}) on, of {}×{}",
            self.rows,
            self.columns
        );
        let start = match self.order {
            Order::Columns => row + column * self.stride,
            Order::Rows => row * self.stride + column,
        };
        (Self { rows, columns, ..self }, start)
    }

    /// Where a column begins whose entries lie side by side.
    fn column(self, j: usize) -> usize {
        assert!(self.order == Order::Columns && j < self.columns, "column {j} of {}", self.columns);
        j * self.stride
    }
}

/// A matrix to be read.
#[derive(Clone, Copy, Debug)]
pub struct View<'a, T> {
    entries: &'a [T],
    layout: Layout,
    is_conjugated: bool,
}

impl<'a, T: Copy> View<'a, T> {
    /// Columns that begin `stride` entries apart. Panics unless they fit.
    pub fn by_columns(entries: &'a [T], (rows, columns): (usize, usize), stride: usize) -> Self {
        let layout = Layout { rows, columns, stride, order: Order::Columns }.checked(entries.len());
        Self { entries, layout, is_conjugated: false }
    }

    /// Rows that begin `stride` entries apart. Panics unless they fit.
    pub fn by_rows(entries: &'a [T], (rows, columns): (usize, usize), stride: usize) -> Self {
        let layout = Layout { rows, columns, stride, order: Order::Rows }.checked(entries.len());
        Self { entries, layout, is_conjugated: false }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.layout.rows
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.layout.columns
    }

    /// The transpose.
    pub fn transpose(self) -> Self {
        Self { layout: self.layout.transpose(), ..self }
    }

    /// The conjugate transpose.
    pub fn adjoint(self) -> Self {
        Self { is_conjugated: !self.is_conjugated, ..self.transpose() }
    }

    /// The block of this shape whose first entry is at `start`, a row and a column.
    pub fn block(self, start: (usize, usize), shape: (usize, usize)) -> Self {
        let (layout, at) = self.layout.block(start, shape);
        Self { entries: self.entries.get(at..).unwrap_or_default(), layout, ..self }
    }

    /// `count` rows from `first` on.
    pub fn subrows(self, first: usize, count: usize) -> Self {
        self.block((first, 0), (count, self.layout.columns))
    }

    /// `count` columns from `first` on.
    pub fn subcolumns(self, first: usize, count: usize) -> Self {
        self.block((0, first), (self.layout.rows, count))
    }

    /// Column `j`. Panics unless its entries lie side by side.
    pub fn column(&self, j: usize) -> &'a [T] {
        let start = self.layout.column(j);
        &self.entries[start..start + self.layout.rows]
    }

    /// The same matrix for faer, and whether its conjugate is meant.
    pub(crate) fn faer(self) -> (MatRef<'a, T>, Conj) {
        let Layout { rows, columns, stride, order } = self.layout;
        let view = match order {
            Order::Columns => MatRef::from_column_major_slice_with_stride(self.entries, rows, columns, stride),
            Order::Rows => MatRef::from_row_major_slice_with_stride(self.entries, rows, columns, stride),
        };
        (view, if self.is_conjugated { Conj::Yes } else { Conj::No })
    }
}

/// A matrix to be written.
#[derive(Debug)]
pub struct ViewMut<'a, T> {
    entries: &'a mut [T],
    layout: Layout,
}

impl<'a, T> ViewMut<'a, T> {
    /// Columns that begin `stride` entries apart. Panics unless they fit.
    pub fn by_columns(entries: &'a mut [T], (rows, columns): (usize, usize), stride: usize) -> Self {
        let layout = Layout { rows, columns, stride, order: Order::Columns }.checked(entries.len());
        Self { entries, layout }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.layout.rows
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.layout.columns
    }

    /// The same matrix to be read.
    pub fn as_ref(&self) -> View<'_, T> {
        View { entries: self.entries, layout: self.layout, is_conjugated: false }
    }

    /// The same matrix for a shorter time.
    pub fn as_mut(&mut self) -> ViewMut<'_, T> {
        ViewMut { entries: self.entries, layout: self.layout }
    }

    /// The transpose.
    pub fn transpose(self) -> Self {
        Self { layout: self.layout.transpose(), ..self }
    }

    /// The block of this shape whose first entry is at `start`, a row and a column.
    pub fn block(self, start: (usize, usize), shape: (usize, usize)) -> Self {
        let (layout, at) = self.layout.block(start, shape);
        Self { entries: self.entries.get_mut(at..).unwrap_or_default(), layout }
    }

    /// `count` rows from `first` on.
    pub fn subrows(self, first: usize, count: usize) -> Self {
        let columns = self.layout.columns;
        self.block((first, 0), (count, columns))
    }

    /// Column `j`, to be written. Panics unless its entries lie side by side.
    pub fn column_mut(&mut self, j: usize) -> &mut [T] {
        let start = self.layout.column(j);
        &mut self.entries[start..start + self.layout.rows]
    }

    /// The first `count` columns, and the rest. Panics unless the entries of a column lie side by side.
    pub fn split_columns(self, count: usize) -> (Self, Self) {
        let Layout { columns, stride, order, .. } = self.layout;
        assert!(order == Order::Columns && count <= columns, "{count} columns of {columns}");
        let at = (count * stride).min(self.entries.len());
        let (left, right) = self.entries.split_at_mut(at);
        let layout = |columns| Layout { columns, ..self.layout };
        (Self { entries: left, layout: layout(count) }, Self { entries: right, layout: layout(columns - count) })
    }

    /// Pieces of `width` columns, the last one of what is left.
    pub fn column_pieces(self, width: usize) -> Vec<Self> {
        let mut pieces = Vec::with_capacity(self.layout.columns.div_ceil(width));
        let mut rest = self;
        while rest.layout.columns > 0 {
            let count = width.min(rest.layout.columns);
            let (piece, after) = rest.split_columns(count);
            pieces.push(piece);
            rest = after;
        }
        pieces
    }

    /// The same matrix for faer.
    pub(crate) fn faer(self) -> MatMut<'a, T> {
        let Layout { rows, columns, stride, order } = self.layout;
        match order {
            Order::Columns => MatMut::from_column_major_slice_with_stride_mut(self.entries, rows, columns, stride),
            // Not `from_row_major_slice_with_stride_mut`, which returns columns that lie beyond the slice (faer
            // 0.24.4).
            Order::Rows => {
                MatMut::from_column_major_slice_with_stride_mut(self.entries, columns, rows, stride).transpose_mut()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_begin_where_their_entries_lie() {
        let mut entries: Vec<f64> = (0..24).map(f64::from).collect();
        // Three rows and five columns, five entries apart; entry (i, j) is i + 5·j.
        let view = View::by_columns(&entries, (3, 4), 5);
        assert_eq!(view.block((1, 2), (2, 2)).column(1), [16.0, 17.0]);
        assert_eq!(view.transpose().block((2, 1), (2, 2)).transpose().column(0), [11.0, 12.0]);
        assert_eq!(View::by_rows(&entries, (4, 3), 5).transpose().column(3), [15.0, 16.0, 17.0]);
        assert_eq!((view.subrows(3, 0).rows(), view.subcolumns(4, 0).columns()), (0, 0));
        let mut pieces = ViewMut::by_columns(&mut entries, (3, 4), 5).column_pieces(3);
        assert_eq!(pieces.iter().map(ViewMut::columns).collect::<Vec<_>>(), [3, 1]);
        pieces[1].column_mut(0).fill(-1.0);
        assert_eq!(entries[14..19], [14.0, -1.0, -1.0, -1.0, 18.0]);
    }

    #[test]
    fn faer_sees_the_same_entries() {
        let mut entries: Vec<f64> = (0..24).map(f64::from).collect();
        for (i, j) in [(0, 0), (2, 1), (1, 3)] {
            let view = View::by_columns(&entries, (3, 4), 5);
            assert_eq!(view.faer().0[(i, j)], entries[i + 5 * j]);
            assert_eq!(view.transpose().faer().0[(j, i)], entries[i + 5 * j]);
            let expected = entries[i + 5 * j];
            assert_eq!(ViewMut::by_columns(&mut entries, (3, 4), 5).faer()[(i, j)], expected);
            assert_eq!(ViewMut::by_columns(&mut entries, (3, 4), 5).transpose().faer()[(j, i)], expected);
        }
    }

    #[test]
    #[should_panic(expected = "in 9")]
    fn a_matrix_that_does_not_fit_is_refused() {
        let _ = View::by_columns(&[0.0; 9], (2, 3), 4);
    }
}
