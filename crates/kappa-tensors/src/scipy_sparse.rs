//! The sparse matrices that `scipy.sparse.save_npz` writes: an archive with the name of the format and its arrays.
//!
//! Source: SciPy, `scipy/sparse/_matrix_io.py`: `format`, `shape`, `data`, and `indices` with `indptr` (csr, csc, bsr),
//! `row` with `col` (coo), or `offsets` (dia).

use num_complex::Complex64;

use crate::error::{Error, Result};
use crate::npz::Npz;
use crate::rounded::{Tally, integers};
use crate::sparse_matrix::SparseMatrix;
use crate::triplets::{List, Sparse};
use crate::{DType, Numbers, Order, Source, Tensor, limits};

/// Row, column, and place in `data` of each entry.
type Places = Vec<(usize, usize, usize)>;

/// The matrix in an archive, or `None` where it holds something else.
pub(crate) fn of(archive: &Npz, name: &str) -> Result<Option<SparseMatrix>> {
    let Some(format) = archive.text("format.npy")? else { return Ok(None) };
    let has = |name: &str| archive.info(name).is_some();
    if !has("shape") || !has("data") {
        return Ok(None);
    }
    let read = Arrays { archive };
    let shape = read.indices("shape")?;
    let &[rows, columns] = shape.as_slice() else {
        return Err(Error::format(format!("is a sparse array of {} dimensions, not a matrix", shape.len())));
    };
    if rows.max(columns) > limits::SPARSE_SIDE {
        return Err(Error::limit(format!(
            "is a sparse {rows}×{columns} matrix; the limit is {} rows and columns",
            limits::SPARSE_SIDE
        )));
    }
    let places = match format.as_str() {
        "csr" => read.compressed(rows, columns, true)?,
        "csc" => read.compressed(columns, rows, false)?,
        "coo" => read.coordinates()?,
        "dia" => read.diagonals(rows, columns)?,
        "bsr" => read.blocks(rows, columns)?,
        other => {
            return Err(Error::unsupported(format!("is a SciPy matrix in the format `{}`", crate::printable(other)))
                .with_hint("known: csr, csc, coo, dia, bsr; convert it with `.tocsr()` before `save_npz`"));
        }
    };
    if let Some(&(i, j, _)) = places.iter().find(|&&(i, j, _)| i >= rows || j >= columns) {
        return Err(Error::format(format!("has an entry at index ({i}, {j}), outside its {rows}×{columns} shape")));
    }
    limits::check_sparse(rows, columns, places.len())?;
    let dtype = archive.info("data").map_or(DType::F64, |info| info.dtype);
    let (entries, tally) = read.entries(places)?;
    let matrix = Sparse::new(dtype, (rows, columns), entries, tally)?;
    Ok(Some(SparseMatrix::new(name, matrix, Vec::new())))
}

/// The arrays of an archive by name.
struct Arrays<'a> {
    archive: &'a Npz,
}

impl Arrays<'_> {
    fn complex(&self, name: &str) -> Result<(Vec<Complex64>, Vec<usize>, Order)> {
        let Tensor { numbers, shape, order } = self.archive.read(name)?;
        let real = |x: f64| Complex64::new(x, 0.0);
        let numbers = match numbers {
            Numbers::F32(x) => x.iter().map(|&x| real(x.into())).collect(),
            Numbers::F64(x) => x.iter().map(|&x| real(x)).collect(),
            Numbers::C32(x) => x.iter().map(|x| Complex64::new(x.re.into(), x.im.into())).collect(),
            Numbers::C64(x) => x.into_owned(),
        };
        Ok((numbers, shape, order))
    }

    /// The entries at their places, and what their doubles lost.
    fn entries(&self, places: Places) -> Result<(List, Tally)> {
        let (data, ..) = self.complex("data")?;
        let mut tally = Tally::default();
        if self.archive.info("data").is_some_and(|info| info.dtype.is_wider_than_double()) {
            let (header, bytes) = self.archive.unpacked("data")?;
            let whole: Vec<i128> =
                integers(header.dtype, &bytes[header.start..], header.big_endian).into_iter().flatten().collect();
            places.iter().for_each(|&(i, j, k)| tally.note_integer(&[i, j], whole[k], false));
        }
        Ok((places.into_iter().map(|(i, j, k)| (i, j, data[k])).collect(), tally))
    }

    fn integers(&self, name: &str) -> Result<Vec<i64>> {
        let (numbers, ..) = self.complex(name)?;
        numbers
            .iter()
            .enumerate()
            .map(|(k, x)| {
                let is_whole = x.im == 0.0 && x.re.fract() == 0.0 && x.re.abs() < 9.0e15;
                if is_whole {
                    Ok(x.re as i64)
                } else {
                    Err(Error::format(format!("has {} at position {k} of `{name}`, not an integer", x.re)))
                }
            })
            .collect()
    }

    fn indices(&self, name: &str) -> Result<Vec<usize>> {
        let wrong = |k: usize, x: i64| Error::format(format!("has {x} at position {k} of `{name}`, not an index"));
        self.integers(name)?.into_iter().enumerate().map(|(k, x)| usize::try_from(x).map_err(|_| wrong(k, x))).collect()
    }

    /// Where each line starts, and the places of its `count` items in a line of `width`.
    fn lines(&self, lines: usize, width: usize, count: usize) -> Result<(Vec<usize>, Vec<usize>)> {
        let (starts, places) = (self.indices("indptr")?, self.indices("indices")?);
        let is_rising = starts.windows(2).all(|pair| pair[0] <= pair[1]);
        let fits = starts.len() == lines + 1 && starts[0] == 0 && starts[lines] <= count && count == places.len();
        if !is_rising || !fits {
            return Err(Error::format(format!(
                "has {count} entries, {} indices and {} starts for {lines} lines, which do not fit together",
                places.len(),
                starts.len()
            )));
        }
        match places.iter().find(|&&place| place >= width) {
            Some(place) => Err(Error::format(format!("has the index {place} in a line of {width} entries"))),
            None => Ok((starts, places)),
        }
    }

    /// Rows one after the other (csr), or columns (csc).
    fn compressed(&self, lines: usize, width: usize, by_rows: bool) -> Result<Places> {
        let (data, ..) = self.complex("data")?;
        let (starts, places) = self.lines(lines, width, data.len())?;
        let line = |i: usize| (starts[i]..starts[i + 1]).map(move |k| (i, k));
        Ok((0..lines)
            .flat_map(line)
            .map(|(i, k)| if by_rows { (i, places[k], k) } else { (places[k], i, k) })
            .collect())
    }

    /// Dense blocks of one size, rows of them one after the other.
    fn blocks(&self, rows: usize, columns: usize) -> Result<Places> {
        let (data, shape, order) = self.complex("data")?;
        let &[count, height, width] = shape.as_slice() else {
            return Err(Error::format("has blocks that are not an array of three dimensions"));
        };
        let is_divided = |whole: usize, part: usize| part > 0 && whole.is_multiple_of(part);
        if !is_divided(rows, height) || !is_divided(columns, width) {
            return Err(Error::format(format!("has blocks of {height}×{width} in a {rows}×{columns} matrix")));
        }
        let (starts, places) = self.lines(rows / height, columns / width, count)?;
        let at = |k: usize, p: usize, q: usize| match order {
            Order::RowMajor => (k * height + p) * width + q,
            Order::ColumnMajor => (q * height + p) * count + k,
        };
        let mut entries = Vec::new();
        for (line, bounds) in starts.windows(2).enumerate() {
            for (k, &place) in places.iter().enumerate().take(bounds[1]).skip(bounds[0]) {
                for (p, q) in (0..height).flat_map(|p| (0..width).map(move |q| (p, q))) {
                    let x = at(k, p, q);
                    if data[x] != Complex64::default() {
                        entries.push((line * height + p, place * width + q, x));
                    }
                }
            }
        }
        Ok(entries)
    }

    fn coordinates(&self) -> Result<Places> {
        let (data, ..) = self.complex("data")?;
        let (rows, columns) = (self.indices("row")?, self.indices("col")?);
        if rows.len() != data.len() || columns.len() != data.len() {
            let (r, c, d) = (rows.len(), columns.len(), data.len());
            return Err(Error::format(format!(
                "has arrays that do not fit together: `row` has {r} numbers, `col` {c}, `data` {d}"
            )));
        }
        Ok(rows.into_iter().zip(columns).enumerate().map(|(k, (i, j))| (i, j, k)).collect())
    }

    /// Row k of `data` holds diagonal `offsets[k]`, its entry of column j at place j.
    fn diagonals(&self, rows: usize, columns: usize) -> Result<Places> {
        let (data, shape, order) = self.complex("data")?;
        let offsets = self.integers("offsets")?;
        let &[count, width] = shape.as_slice() else {
            return Err(Error::format("has diagonals that are not an array of two dimensions"));
        };
        if count != offsets.len() {
            return Err(Error::format(format!("has {count} diagonals with {} offsets", offsets.len())));
        }
        let at = |k: usize, j: usize| if order == Order::RowMajor { k * width + j } else { j * count + k };
        let mut entries = Vec::new();
        for (k, &offset) in offsets.iter().enumerate() {
            for j in 0..width.min(columns) {
                let i = j as i64 - offset;
                if (0..rows as i64).contains(&i) && data[at(k, j)] != Complex64::default() {
                    entries.push((i as usize, j, at(k, j)));
                }
            }
        }
        Ok(entries)
    }
}
