//! The largest singular triplets of a matrix that is read block by block, below a memory ceiling.

use std::sync::atomic::Ordering;

use kappa::factor::{AnyRowSketch, AnyTopRight, RowSketch};
use kappa::{AnyMatrix, AnyOperator, Enclosure, c64};
use kappa_tensors::{Numbers, Order};

use crate::layer::{matrix_shape, numbers_as_matrix};
use crate::schedule::default_ceiling;
use crate::{Error, Model, Progress, Result};

/// Options for reading a matrix block by block.
#[derive(Clone, Debug, PartialEq)]
pub struct Streaming {
    /// The number of triplets.
    pub top: usize,
    /// Bytes that may be in use at the same time; half of the available memory when `None`.
    pub memory: Option<u64>,
    /// Maximum number of rows that the sketch keeps. When `None`: the number of columns, so that nothing is lost, if
    /// that fits.
    pub capacity: Option<usize>,
    /// Whether the vectors of the long side are computed too, which takes a second pass over the matrix.
    pub both: bool,
}

impl Streaming {
    /// `top` triplets, and the defaults for all other options.
    pub fn top(top: usize) -> Self {
        Self { top, memory: None, capacity: None, both: true }
    }
}

/// The result of a block-by-block decomposition.
#[derive(Clone, Debug)]
pub struct Streamed {
    /// The tensor's name.
    pub name: String,
    /// The singular values, enclosed, in decreasing order.
    pub values: Vec<Enclosure>,
    /// Left singular vectors in columns, if they were computed.
    pub u: Option<AnyMatrix>,
    /// Right singular vectors in columns, if they were computed.
    pub v: Option<AnyMatrix>,
    /// ‖A − UΣVᴴ‖_F.
    pub error: Enclosure,
    /// Rows and columns.
    pub shape: (usize, usize),
    /// The number of passes over the matrix.
    pub passes: usize,
    /// The number of rows (or columns) in a block.
    pub block: usize,
    /// The capacity of the sketch in rows.
    pub capacity: usize,
    /// Whether the sketch lost nothing, up to rounding.
    pub is_exact: bool,
}

/// A tensor as a matrix with at least as many rows as columns, divided into blocks of rows.
struct Long<'a> {
    model: &'a Model,
    name: String,
    /// The shape of the tensor's matrix.
    shape: (usize, usize),
    rows: usize,
    columns: usize,
    /// Whether it is row-major; otherwise column-major.
    by_rows: bool,
    /// Whether it is the transpose of the tensor's matrix.
    is_transposed: bool,
}

/// Maximum number of rows that a sketch keeps by default: exact values take too long beyond.
const MOST_KEPT: usize = 8192;
/// Rows in a block for each kept row: the reflections of the kept rows are then a small part of the work.
const ROWS_A_KEPT: usize = 4;

/// Copies of a matrix in memory while it is decomposed.
const COPIES: u64 = 5;

/// The division of memory between blocks and sketch.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Cut {
    capacity: usize,
    block: usize,
}

impl Cut {
    /// The division for a matrix of `rows` rows and `columns` columns, whose entries take `bytes` bytes in double
    /// precision.
    fn new(rows: usize, columns: usize, bytes: usize, how: &Streaming) -> Result<Self> {
        let ceiling = how.memory.unwrap_or_else(default_ceiling);
        let row = columns as u64 * bytes as u64;
        let vectors = if how.both { 2 * (rows as u64 + columns as u64) } else { columns as u64 };
        let outside = vectors * how.top as u64 * bytes as u64;
        // At most two copies of a block and of the kept rows while they are reduced; at the end, a decomposition of the
        // kept rows.
        let needs = |capacity: u64, block: u64| {
            let short = capacity.min(columns as u64);
            let at_the_end = (4 * short * short + 2 * columns as u64 * short) * bytes as u64;
            outside + (2 * (capacity + block) * row).max(at_the_end)
        };
        let capacity = match how.capacity {
            Some(capacity) => capacity.min(columns),
            None if columns <= MOST_KEPT && needs(columns as u64, columns as u64 / 4) <= ceiling => columns,
            None => {
                // As many as fit, up to a number at which Frequent Directions loses little.
                let wanted = (8 * how.top).max(256).min(columns);
                let least = (how.top + 1).min(columns);
                (least..=wanted).rev().find(|&k| needs(k as u64, k as u64) <= ceiling).unwrap_or(least)
            }
        };
        let most = if capacity < columns { capacity } else { ROWS_A_KEPT * capacity }.clamp(1, rows.max(1));
        let (mut low, mut high) = (1, most);
        while low < high {
            let middle = low.midpoint(high + 1);
            if needs(capacity as u64, middle as u64) <= ceiling { low = middle } else { high = middle - 1 }
        }
        let least = needs(capacity as u64, low as u64);
        if least > ceiling {
            let (needs, allowed) = (least.div_ceil(1 << 20), ceiling >> 20);
            return Err(Error::limit(format!(
                "{} triplets need {needs} MiB, above the memory ceiling of {allowed} MiB",
                how.top
            ))
            .with_hint("raise the memory ceiling, ask for fewer triplets, or for the vectors of the short side only"));
        }
        Ok(Self { capacity, block: low })
    }
}

impl Model {
    /// The largest singular triplets of a tensor that is read block by block.
    ///
    /// A ≈ UΣVᴴ with `how.top` triplets; every singular value has two ends. The first pass gives the values and the
    /// vectors of the short side: by the QR decomposition of tall matrices where its triangle fits in memory, otherwise
    /// by the sketch of Frequent Directions (see [`RowSketch`]). A second pass gives the vectors of the long side if
    /// `how.both`. For m×n with m ≥ n, about 2·m·n² flops for the first pass of an exact decomposition and 2·m·n·k for
    /// the second; memory as `how.memory` says.
    ///
    /// # Errors
    ///
    /// When `how.top` is 0 or exceeds min(m, n); when there is no such tensor; when the file format does not allow
    /// reading parts of the tensor; when the memory does not suffice; when an entry is not finite; and when `progress`
    /// cancels the work.
    pub fn stream_svd(&self, name: Option<&str>, how: &Streaming, progress: &Progress<'_>) -> Result<Streamed> {
        let long = self.long(name)?;
        if how.top == 0 || how.top > long.columns {
            let ((m, n), top) = (long.shape, how.top);
            return Err(Error::filter(format!(
                "`top` must be 1 to {} for this {m}×{n} matrix, got {top}",
                long.columns
            )));
        }
        long.streamed(how, progress)
    }

    /// Whether a tensor and four copies of it in double precision fit in half of the available memory, as a
    /// decomposition needs.
    ///
    /// # Errors
    ///
    /// When there is no such tensor, or several and no name.
    pub fn fits_in_memory(&self, name: Option<&str>) -> Result<bool> {
        let info = self.info_of(name)?;
        let entries = info.shape.iter().fold(1u64, |count, &length| count.saturating_mul(length as u64));
        let wide = if info.dtype.is_complex() { size_of::<kappa::c64>() } else { size_of::<f64>() };
        Ok(entries.saturating_mul(COPIES * wide as u64) <= default_ceiling())
    }

    /// The number of columns of a tensor's matrix.
    ///
    /// # Errors
    ///
    /// When there is no such tensor, or several and no name, and when it is not a matrix.
    pub fn columns(&self, name: Option<&str>) -> Result<usize> {
        Ok(self.long(name)?.shape.1)
    }

    /// Adds every row of a real tensor to a sketch, block by block. The cost is one pass over the file and that of
    /// [`RowSketch`].
    ///
    /// # Errors
    ///
    /// When there is no such tensor, when it is complex or not a matrix, when its parts cannot be read, when its number
    /// of columns is not that of the sketch, when an entry is not finite, and when `progress` cancels the work.
    pub fn sketch_rows(&self, name: Option<&str>, sketch: &mut RowSketch<f64>, progress: &Progress<'_>) -> Result<()> {
        let found = self.long(name)?;
        // Rows remain rows, even for a matrix with more columns than rows.
        let (m, n) = found.shape;
        let by_rows = found.by_rows != found.is_transposed;
        let all = Long { rows: m, columns: n, by_rows, is_transposed: false, ..found };
        let block = ROWS_A_KEPT.saturating_mul(sketch.parts().capacity).clamp(1, m);
        if all.is_complex()? {
            return Err(Error::filter(format!("`{}` is complex, and this row sketch is real", all.name)));
        }
        all.for_each_block(block, (0.0, 1.0), progress, |_, rows| sketch.push_any(&rows))
    }

    fn long(&self, name: Option<&str>) -> Result<Long<'_>> {
        let info = self.info_of(name)?;
        let (m, n) = matrix_shape(&info.name, &info.shape)
            .map_err(|why| Error::filter(format!("`{}` is {why}, not a matrix", crate::printable(&info.name))))?;
        if let Some(decoding) = self.source().decoding(&info.name) {
            let name = crate::printable(&info.name);
            return Err(Error::filter(format!("`{name}` cannot be read in blocks: {decoding}")));
        }
        let by_columns = self.source().order(&info.name) == Order::ColumnMajor;
        if by_columns && info.shape.len() > 2 {
            return Err(Error::filter(format!(
                "`{}` has more than two dimensions in column-major order: it cannot be read in blocks",
                info.name
            )));
        }
        let is_transposed = m < n;
        let (rows, columns) = if is_transposed { (n, m) } else { (m, n) };
        let by_rows = by_columns == is_transposed;
        let long = Long { model: self, name: info.name.clone(), shape: (m, n), rows, columns, by_rows, is_transposed };
        Ok(long)
    }
}

impl Long<'_> {
    fn read(&self, start: usize, count: usize) -> Result<Numbers<'_>> {
        let found = self.model.source().read_part(&self.name, start, count).ok_or_else(|| {
            Error::filter(format!(
                "`{}`: tensor `{}` cannot be read in parts",
                self.model.path().display(),
                crate::printable(&self.name)
            ))
            .with_hint("convert it to .npy or safetensors, which are stored uncompressed: `np.save(\"a.npy\", a)`")
        })?;
        Ok(found?)
    }

    /// Whether its entries are complex.
    fn is_complex(&self) -> Result<bool> {
        Ok(matches!(self.read(0, 1)?, Numbers::C32(_) | Numbers::C64(_)))
    }

    /// Calls `ask` with a block of rows.
    fn with_block<R>(
        &self,
        from: usize,
        to: usize,
        ask: impl FnOnce(AnyOperator<'_>) -> kappa::Result<R>,
    ) -> Result<R> {
        let about = |error: kappa::Error| Error::about(&self.name, &error);
        let height = to - from;
        let shape = (height, self.columns);
        if self.by_rows {
            let (start, count) = (from * self.columns, height * self.columns);
            let numbers = self.read(start, count)?;
            let answer = numbers_as_matrix(&numbers, Order::RowMajor, shape).and_then(ask).map_err(about);
            self.model.source().forget_part(&self.name, start, count);
            return answer;
        }
        let mut entries: Option<Numbers<'static>> = None;
        for column in 0..self.columns {
            let start = column * self.rows + from;
            let numbers = self.read(start, height)?;
            if !append(&mut entries, numbers) {
                return Err(Error::filter(format!("the data type of `{}` changed while the file was read", self.name)));
            }
            self.model.source().forget_part(&self.name, start, height);
        }
        let entries = entries.unwrap_or(Numbers::F64(Vec::new().into()));
        numbers_as_matrix(&entries, Order::ColumnMajor, shape).and_then(ask).map_err(about)
    }

    /// Calls `ask` with every block, and reports progress: `part` of the work, after the part `done`.
    fn for_each_block(
        &self,
        block: usize,
        (done, part): (f64, f64),
        progress: &Progress<'_>,
        mut ask: impl FnMut(usize, AnyOperator<'_>) -> kappa::Result<()>,
    ) -> Result<()> {
        for from in (0..self.rows).step_by(block) {
            if progress.cancelled.load(Ordering::Relaxed) {
                return Err(Error::cancelled());
            }
            let to = (from + block).min(self.rows);
            self.with_block(from, to, |a| ask(from, a))?;
            (progress.advanced)(&self.name, done + part * to as f64 / self.rows as f64);
        }
        Ok(())
    }

    fn streamed(&self, how: &Streaming, progress: &Progress<'_>) -> Result<Streamed> {
        let about = |error: kappa::Error| Error::about(&self.name, &error);
        let is_complex = self.is_complex()?;
        let cut = Cut::new(self.rows, self.columns, if is_complex { size_of::<c64>() } else { size_of::<f64>() }, how)?;
        let mut sketch = AnyRowSketch::new(self.columns, cut.capacity, is_complex).map_err(about)?;
        // The second pass multiplies by k vectors; the first one decomposes.
        let first = if how.both { 0.8 } else { 1.0 };
        self.for_each_block(cut.block, (0.0, first), progress, |_, rows| sketch.push(&rows))?;
        let is_exact = sketch.is_exact();
        let found = sketch.top(how.top).map_err(about)?;
        drop(sketch);
        let other = how.both.then(|| self.other_side(&found, cut.block, (first, 1.0 - first), progress)).transpose()?;
        let (values, error) = (found.values().to_vec(), found.error());
        let v = found.into_v();
        // A = X, or A = Xᵀ = conj(W)·Σ·Pᵀ for X = P·Σ·Wᴴ.
        let (u, v) =
            if self.is_transposed { (Some(v.conjugate()), other.map(AnyMatrix::conjugate)) } else { (other, Some(v)) };
        Ok(Streamed {
            name: self.name.clone(),
            values,
            u,
            v,
            error,
            shape: self.shape,
            passes: if how.both { 2 } else { 1 },
            block: cut.block,
            capacity: cut.capacity,
            is_exact,
        })
    }

    /// P of X = P·Σ·Wᴴ, in a second pass.
    fn other_side(
        &self,
        found: &AnyTopRight,
        block: usize,
        done: (f64, f64),
        progress: &Progress<'_>,
    ) -> Result<AnyMatrix> {
        let mut image = found.image(self.rows);
        self.for_each_block(block, done, progress, |from, a| image.push(from, &a))?;
        image.into_left_vectors().map_err(|e| Error::about(&self.name, &e))
    }
}

/// Appends numbers; `false` where they have another type.
fn append(all: &mut Option<Numbers<'static>>, more: Numbers<'_>) -> bool {
    match (all, more) {
        (all @ None, more) => *all = Some(more.into_owned()),
        (Some(Numbers::F32(all)), Numbers::F32(more)) => all.to_mut().extend_from_slice(&more),
        (Some(Numbers::F64(all)), Numbers::F64(more)) => all.to_mut().extend_from_slice(&more),
        (Some(Numbers::C32(all)), Numbers::C32(more)) => all.to_mut().extend_from_slice(&more),
        (Some(Numbers::C64(all)), Numbers::C64(more)) => all.to_mut().extend_from_slice(&more),
        _ => return false,
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(rows: usize, columns: usize, mib: u64, how: &Streaming) -> Result<Cut> {
        Cut::new(rows, columns, 8, &Streaming { memory: Some(mib << 20), ..how.clone() })
    }

    #[test]
    fn what_is_exact_and_how_high_a_block_is_follow_from_the_memory() {
        let how = Streaming::top(50);
        let exact = cut(200_000, 2000, 1024, &how).unwrap();
        assert!(exact.capacity == 2000 && exact.block >= 4000, "{exact:?}");
        let tight = cut(200_000, 2000, 300, &how).unwrap();
        assert!(tight.capacity <= 2000 && tight.block >= 1, "{tight:?}");
        let less = cut(1_000_000, 50_000, 4096, &Streaming { both: false, ..how.clone() }).unwrap();
        assert!(less.capacity >= 51 && less.capacity < 50_000, "{less:?}");
        assert!(cut(1_000_000, 50_000, 10, &how).unwrap_err().is_limit());
        assert_eq!(cut(3, 2, 1024, &Streaming::top(1)).unwrap(), Cut { capacity: 2, block: 3 });
    }
}
