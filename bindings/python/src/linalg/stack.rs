//! Many matrices in one array, and the arrays that answers for them fill.

use std::any::Any;

use kappa::{Matrix, MatrixRef, Scalar};
use numpy::{Element, PyArrayDyn, PyArrayMethods, PyReadonlyArrayDyn, PyUntypedArrayMethods, ToPyArray};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use rayon::prelude::*;

use crate::compute::{compute, copied, interruptible};

/// From so many flops on, the work goes to another thread, so that Ctrl-C is heard.
const LONG: f64 = 2e9;
/// From so many flops on, a stack is worth a second thread.
const SHARED: f64 = 2e5;
/// From so many numbers on, copying them is.
const COPIED: usize = 1 << 16;

/// Entries of an array and of its answers.
pub(crate) trait Entry: Scalar + Element {}
impl<T: Scalar + Element> Entry for T {}

/// Matrices of one shape, one after another in memory.
struct Stack<'a, T> {
    entries: &'a [T],
    rows: usize,
    columns: usize,
    by_columns: bool,
}

impl<'a, T: Scalar> Stack<'a, T> {
    fn matrix(&self, i: usize) -> MatrixRef<'a, T> {
        let size = self.rows * self.columns;
        let entries = &self.entries[i * size..(i + 1) * size];
        let view = if self.by_columns { MatrixRef::column_major } else { MatrixRef::row_major };
        view(self.rows, self.columns, entries).unwrap_or_else(|_| unreachable!("a slice of rows times columns"))
    }
}

/// f of each number below `count`, about so many flops each, shared among threads where that is worth it.
fn each<R: Send>(count: usize, flops: f64, f: impl Fn(usize) -> R + Sync) -> Vec<R> {
    if count > 1 && flops * count as f64 > SHARED {
        let least = (SHARED / 2.0 / flops.max(1.0)).ceil() as usize;
        return (0..count).into_par_iter().with_min_len(least.max(1)).map(&f).collect();
    }
    (0..count).map(f).collect()
}

/// An array of matrices, held where it lies when that is row after row or column after column.
pub(crate) struct Stacked<'py, T: Entry> {
    held: PyReadonlyArrayDyn<'py, T>,
    by_columns: bool,
    /// The dimensions before the last two.
    pub(crate) outer: Vec<usize>,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
}

impl<'py, T: Entry> Stacked<'py, T> {
    pub(crate) fn of(array: &Bound<'py, PyArrayDyn<T>>) -> PyResult<Self> {
        let shape = array.shape();
        let [outer @ .., rows, columns] = shape else {
            return Err(PyValueError::new_err(format!("an array of shape {shape:?} holds no matrix")));
        };
        let (outer, rows, columns) = (outer.to_vec(), *rows, *columns);
        let (held, by_columns) = held(array)?;
        Ok(Self { held, by_columns, outer, rows, columns })
    }

    pub(crate) fn py(&self) -> Python<'py> {
        self.held.py()
    }

    /// The matrices of the stack.
    pub(crate) fn count(&self) -> usize {
        self.outer.iter().product()
    }

    /// f of each matrix, about so many flops each.
    pub(crate) fn map<R: Send + 'static>(
        &self,
        flops: f64,
        f: impl Fn(MatrixRef<'_, T>) -> R + Send + Sync + 'static,
    ) -> PyResult<Vec<R>> {
        let (rows, columns, by_columns, count) = (self.rows, self.columns, self.by_columns, self.count());
        let run = move |entries: &[T]| {
            let stack = Stack { entries, rows, columns, by_columns };
            each(count, flops, |i| f(stack.matrix(i)))
        };
        let (py, entries) = (self.py(), self.entries()?);
        if flops * count as f64 > LONG {
            let owned = copied(py, entries);
            return interruptible(py, move || run(&owned));
        }
        Ok(compute(py, || run(entries)))
    }

    fn entries(&self) -> PyResult<&[T]> {
        self.held.as_slice().map_err(|e| PyValueError::new_err(e.to_string()))
    }

    /// f of each matrix with its right-hand side, from a stack of the same outer shape.
    pub(crate) fn map_with<R: Send + 'static>(
        &self,
        right: &Self,
        flops: f64,
        f: impl Fn(MatrixRef<'_, T>, MatrixRef<'_, T>) -> R + Send + Sync + 'static,
    ) -> PyResult<Vec<R>> {
        let (a, b) = (self.entries()?, right.entries()?);
        let (rows, columns, by_columns, count) = (self.rows, self.columns, self.by_columns, self.count());
        let (b_rows, b_columns, b_by_columns) = (right.rows, right.columns, right.by_columns);
        let run = move |a: &[T], b: &[T]| {
            let a = Stack { entries: a, rows, columns, by_columns };
            let b = Stack { entries: b, rows: b_rows, columns: b_columns, by_columns: b_by_columns };
            each(count, flops, |i| f(a.matrix(i), b.matrix(i)))
        };
        let py = self.held.py();
        if flops * count as f64 > LONG {
            let (a, b) = (copied(py, a), copied(py, b));
            return interruptible(py, move || run(&a, &b));
        }
        Ok(compute(py, || run(a, b)))
    }
}

/// The array, its transpose, or a copy: whichever lies row after row first.
fn held<'py, T: Entry>(array: &Bound<'py, PyArrayDyn<T>>) -> PyResult<(PyReadonlyArrayDyn<'py, T>, bool)> {
    let by_rows = |array: &Bound<'py, PyArrayDyn<T>>| array.is_c_contiguous() && array.as_untyped().is_aligned();
    if by_rows(array) {
        return Ok((array.readonly(), false));
    }
    let turned = array.call_method1("swapaxes", (-1, -2))?.cast_into::<PyArrayDyn<T>>()?;
    if by_rows(&turned) {
        return Ok((turned.readonly(), true));
    }
    let copy = array.call_method1("copy", ("C",))?.cast_into::<PyArrayDyn<T>>()?;
    Ok((copy.readonly(), false))
}

/// Numbers in double precision as the entries that were given: rounded once, or moved as they are.
pub(crate) fn narrowed<T: Scalar, W: Scalar>(numbers: Vec<W>) -> Vec<T> {
    let mut same: Box<dyn Any> = Box::new(numbers);
    match same.downcast_mut::<Vec<T>>() {
        Some(numbers) => std::mem::take(numbers),
        None => {
            let numbers = same.downcast_ref::<Vec<W>>().map_or(&[][..], |x| x);
            numbers.iter().map(|x| T::from_parts(x.re(), x.im())).collect()
        }
    }
}

/// One array of numbers for each matrix as one array, its last dimensions `inner`.
pub(crate) fn joined<'py, T: Entry, W: Scalar>(
    py: Python<'py>,
    outer: &[usize],
    inner: &[usize],
    parts: Vec<Vec<W>>,
) -> PyResult<Bound<'py, PyAny>> {
    let numbers: Vec<T> = if parts.len() == 1 {
        parts.into_iter().next().map(narrowed).unwrap_or_default()
    } else {
        compute(py, || concatenated(&parts))
    };
    let shape: Vec<usize> = outer.iter().chain(inner).copied().collect();
    let flat = if numbers.len() < 64 { numbers.to_pyarray(py) } else { numpy::PyArray1::from_vec(py, numbers) };
    Ok(flat.reshape(shape)?.into_any())
}

/// Parts of one length after one another, rounded to the type of the entries.
fn concatenated<T: Scalar, W: Scalar>(parts: &[Vec<W>]) -> Vec<T> {
    let length = parts.first().map_or(0, Vec::len);
    let mut numbers = vec![T::default(); parts.len() * length];
    if length == 0 {
        return numbers;
    }
    let fill = |(to, from): (&mut [T], &Vec<W>)| {
        to.iter_mut().zip(from).for_each(|(to, x)| *to = T::from_parts(x.re(), x.im()));
    };
    if numbers.len() < COPIED {
        numbers.chunks_exact_mut(length).zip(parts).for_each(fill);
    } else {
        let least = (COPIED / 4).div_ceil(length);
        numbers.par_chunks_exact_mut(length).zip(parts).with_min_len(least).for_each(fill);
    }
    numbers
}

/// One matrix for each matrix, all of one shape, column after column in memory.
pub(crate) fn matrices<'py, T: Entry, W: Scalar>(
    py: Python<'py>,
    outer: &[usize],
    (rows, columns): (usize, usize),
    parts: Vec<Matrix<W>>,
) -> PyResult<Bound<'py, PyAny>> {
    let parts = parts.into_iter().map(Matrix::into_vec).collect();
    joined::<T, W>(py, outer, &[columns, rows], parts)?.call_method1("swapaxes", (-1, -2))
}

/// The first error, with the number of its matrix where there are several.
pub(crate) fn all_or_first<R>(found: Vec<kappa::Result<R>>) -> PyResult<Vec<R>> {
    let count = found.len();
    found
        .into_iter()
        .enumerate()
        .map(|(i, found)| {
            found.map_err(|e| {
                let error = crate::errors::refused(&e);
                if count == 1 { error(e.to_string()) } else { error(format!("matrix {} of {count}: {e}", i + 1)) }
            })
        })
        .collect()
}

pub(crate) fn no_entries(a: &Bound<'_, PyAny>) -> PyErr {
    PyTypeError::new_err(format!("{} holds no f4, f8, c8 or c16", a.get_type()))
}

/// Calls a generic function for the type of the entries of an array.
macro_rules! by_entry {
    ($a:expr, $stack:ident : $t:ident => $body:expr) => {{
        let a = $a;
        if let Ok(array) = a.cast::<numpy::PyArrayDyn<f64>>() {
            type $t = f64;
            let $stack = $crate::linalg::stack::Stacked::of(array)?;
            $body
        } else if let Ok(array) = a.cast::<numpy::PyArrayDyn<f32>>() {
            type $t = f32;
            let $stack = $crate::linalg::stack::Stacked::of(array)?;
            $body
        } else if let Ok(array) = a.cast::<numpy::PyArrayDyn<kappa::c64>>() {
            type $t = kappa::c64;
            let $stack = $crate::linalg::stack::Stacked::of(array)?;
            $body
        } else if let Ok(array) = a.cast::<numpy::PyArrayDyn<kappa::c32>>() {
            type $t = kappa::c32;
            let $stack = $crate::linalg::stack::Stacked::of(array)?;
            $body
        } else {
            Err($crate::linalg::stack::no_entries(a))
        }
    }};
}
pub(crate) use by_entry;
