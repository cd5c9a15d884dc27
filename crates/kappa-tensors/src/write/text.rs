//! Text: Matrix Market and tables. Every number is written so that it is read again exactly.

use std::io::Write;

use num_complex::Complex64;

use super::{Next, Payload, dense, io, sides};
use crate::error::Result;
use crate::{DType, Numbers, TensorInfo};

/// The numbers of a dense tensor as texts.
struct Texts<'a> {
    numbers: Numbers<'a>,
    dtype: DType,
    bytes: &'a [u8],
}

impl<'a> Texts<'a> {
    fn new(dtype: DType, bytes: &'a [u8]) -> Self {
        Self { numbers: Numbers::from_bytes(dtype, bytes, false), dtype, bytes }
    }

    fn is_complex(&self) -> bool {
        self.dtype.is_complex()
    }

    fn complex(&self, k: usize) -> Complex64 {
        match &self.numbers {
            Numbers::F32(x) => Complex64::new(f64::from(x[k]), 0.0),
            Numbers::F64(x) => Complex64::new(x[k], 0.0),
            Numbers::C32(x) => Complex64::new(f64::from(x[k].re), f64::from(x[k].im)),
            Numbers::C64(x) => x[k],
        }
    }

    /// A number; whole numbers of 64 bits as they are, not as doubles.
    fn text(&self, k: usize) -> String {
        let whole = |k: usize| self.bytes[8 * k..8 * k + 8].try_into().unwrap_or([0; 8]);
        match self.dtype {
            DType::I64 => i64::from_le_bytes(whole(k)).to_string(),
            DType::U64 => u64::from_le_bytes(whole(k)).to_string(),
            dtype if dtype.is_integer() => format!("{}", self.complex(k).re),
            _ if self.is_complex() => both(self.complex(k)),
            _ => real(self.complex(k).re),
        }
    }
}

/// The shortest decimal that is this double.
fn real(x: f64) -> String {
    if x.is_finite() { format!("{x:?}") } else { format!("{x}").to_lowercase() }
}

fn both(z: Complex64) -> String {
    format!("{} {}", real(z.re), real(z.im))
}

pub(super) fn write_matrix_market(to: &mut impl Write, info: &TensorInfo, next: &mut Next<'_>) -> Result<()> {
    let (m, n) = sides(&info.shape);
    let mut put = |text: String| to.write_all(text.as_bytes()).map_err(|e| io(&e));
    let field = match info.dtype {
        dtype if dtype.is_complex() => "complex",
        dtype if dtype.is_integer() => "integer",
        _ => "real",
    };
    match next(0)? {
        Payload::Sparse(found) => {
            put(format!("%%MatrixMarket matrix coordinate {field} general\n{m} {n} {}\n", found.entries.len()))?;
            for &(i, j, z) in found.entries {
                let value = match field {
                    "complex" => both(z),
                    "integer" => format!("{}", z.re),
                    _ => real(z.re),
                };
                put(format!("{} {} {value}\n", i + 1, j + 1))?;
            }
        }
        payload => {
            let bytes = dense(payload, info)?;
            let texts = Texts::new(info.dtype, &bytes);
            put(format!("%%MatrixMarket matrix array {field} general\n{m} {n}\n"))?;
            for j in 0..n {
                for i in 0..m {
                    put(texts.text(i * n + j) + "\n")?;
                }
            }
        }
    }
    Ok(())
}

pub(super) fn write_table(to: &mut impl Write, info: &TensorInfo, separator: char, next: &mut Next<'_>) -> Result<()> {
    let (m, n) = sides(&info.shape);
    let bytes = dense(next(0)?, info)?;
    let texts = Texts::new(info.dtype, &bytes);
    for i in 0..m {
        let row: Vec<String> = (0..n).map(|j| texts.text(i * n + j)).collect();
        writeln!(to, "{}", row.join(&separator.to_string())).map_err(|e| io(&e))?;
    }
    Ok(())
}
