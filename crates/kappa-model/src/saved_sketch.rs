//! A row sketch as a file for numpy.load, and back.

use kappa::factor::{RowSketch, SketchParts};
use kappa::{Enclosure, Evidence, Matrix};
use kappa_tensors::{Numbers, Order, npy};

use crate::{Error, Model, Result};

/// The file format of a row sketch: an archive with the kept rows and nine numbers.
#[derive(Debug)]
pub struct SavedSketch;

/// The array of numbers: version, capacity, rows, exponent, lost, ‖A‖_F² (lower bound, estimate, upper bound), rounds.
const NUMBERS: &str = "kappa_sketch";
const ROWS: &str = "rows";
const VERSION: f64 = 1.0;
/// Integers up to this size are exact in double precision.
const EXACT: f64 = 9_007_199_254_740_992.0;

impl SavedSketch {
    /// The arrays of the file.
    pub fn encode(sketch: &RowSketch<f64>) -> Vec<(&'static str, Vec<u8>)> {
        let SketchParts { capacity, rows, exponent, ref kept, lost, squares, rounds } = *sketch.parts();
        let numbers = [
            VERSION,
            capacity as f64,
            rows as f64,
            f64::from(exponent),
            lost,
            squares.lower(),
            squares.estimate(),
            squares.upper(),
            rounds as f64,
        ];
        let entries: Vec<f64> = (0..kept.rows()).flat_map(|i| (0..kept.columns()).map(move |j| kept[(i, j)])).collect();
        vec![
            (NUMBERS, npy::encode_f64(&[numbers.len()], &numbers)),
            (ROWS, npy::encode_f64(&[kept.rows(), kept.columns()], &entries)),
        ]
    }

    /// The sketch in a file, or `None` where the file holds something else.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, and when the parts of the sketch contradict each other.
    pub fn read(model: &Model) -> Result<Option<RowSketch<f64>>> {
        let source = model.source();
        if source.info(NUMBERS).is_none() {
            return Ok(None);
        }
        let broken = |why: &str| {
            Error::filter(format!("`{}` is not a valid row sketch: {why}", model.path().display()))
                .with_hint("`kappa sketch a.npy --output rows.npz` writes a row sketch")
        };
        let doubles = |name: &str| -> Result<(Vec<f64>, Vec<usize>)> {
            let tensor = source.read(name)?;
            match (tensor.numbers, tensor.order) {
                (Numbers::F64(x), Order::RowMajor) => Ok((x.into_owned(), tensor.shape)),
                _ => Err(broken(&format!("the array `{name}` is not in row-major order and double precision"))),
            }
        };
        let (numbers, _) = doubles(NUMBERS)?;
        let &[version, capacity, rows, exponent, lost, lower, estimate, upper, rounds] = numbers.as_slice() else {
            return Err(broken(&format!("the array `{NUMBERS}` has {} entries, not 9", numbers.len())));
        };
        if version != VERSION {
            return Err(broken(&format!("its version is {version}; supported: {VERSION}")));
        }
        let is_whole = |x: f64| x.fract() == 0.0 && (0.0..=EXACT).contains(&x);
        if ![capacity, rows, rounds].into_iter().all(is_whole) || exponent.fract() != 0.0 || exponent.abs() > 1e4 {
            return Err(broken("capacity, rows, rounds or exponent is not a whole number in range"));
        }
        if !(lower <= estimate && estimate <= upper) {
            return Err(broken("the bounds of its sum of squares are not in order (lower ≤ estimate ≤ upper)"));
        }
        let (entries, shape) = doubles(ROWS)?;
        let &[held, columns] = shape.as_slice() else {
            return Err(broken("the array `rows` does not have two dimensions"));
        };
        let kept =
            Matrix::from_row_major(held, columns, entries).map_err(|e| broken(&kappa::Error::from(e).to_string()))?;
        let squares = Enclosure::new(lower, estimate, upper, Evidence::Rounding);
        let (capacity, rows, rounds) = (capacity as usize, rows as u64, rounds as u64);
        let parts = SketchParts { capacity, rows, exponent: exponent as i32, kept, lost, squares, rounds };
        RowSketch::from_parts(parts).map(Some).map_err(|e| broken(&e.to_string()))
    }
}
