//! Matrices as files for numpy.load.

use std::io::Write;
use std::path::Path;

use kappa::{Matrix, Scalar};
use kappa_model::WideMatrix;
use kappa_tensors::npy;

use crate::failure::Failure;
use crate::output;

/// Fails early, before anything is computed, where the file cannot be written or one of those that are read would be lost.
pub(crate) fn check<'a>(path: Option<&Path>, reads: impl IntoIterator<Item = &'a Path>) -> Result<(), Failure> {
    let Some(path) = path else { return Ok(()) };
    if !path.extension().is_some_and(|e| e.eq_ignore_ascii_case("npy")) {
        return Err(Failure::new(format!(
            "`{}` would hold an array of NumPy, and does not end in .npy",
            path.display()
        ))
        .with_hint("name it with .npy; without an output the matrix is printed as text"));
    }
    reads.into_iter().try_for_each(|read| output::check_place_beside(path, read))
}

/// Writes the matrix where a file is asked for, and says so.
pub(crate) fn write(path: Option<&Path>, a: &WideMatrix) -> Result<(), Failure> {
    let Some(path) = path else { return Ok(()) };
    let bytes = encode(a);
    output::file(path, |file| file.write_all(&bytes))?;
    output::words(&format!("wrote {}", path.display()));
    Ok(())
}

/// The bytes of a `.npy` file.
pub(crate) fn encode(a: &WideMatrix) -> Vec<u8> {
    match a {
        WideMatrix::Real(a) => npy::encode_f64(&[a.rows(), a.columns()], &by_rows(a)),
        WideMatrix::Complex(a) => npy::encode_c64(&[a.rows(), a.columns()], &by_rows(a)),
    }
}

/// The entries row after row, as NumPy reads them.
fn by_rows<T: Scalar>(a: &Matrix<T>) -> Vec<T> {
    (0..a.rows()).flat_map(|i| (0..a.columns()).map(move |j| a[(i, j)])).collect()
}
