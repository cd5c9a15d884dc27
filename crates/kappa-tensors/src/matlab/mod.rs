//! MATLAB files, versions 4 and 5 (the formats of `save -v4`, `-v6` and `-v7`): numeric, logical and sparse matrices,
//! also in structs and cells. Version 7.3 is HDF5.
//!
//! Reference: "MAT-File Format", The MathWorks.

mod five;
mod four;

use num_complex::Complex64;

use crate::bytes::Bytes;
use crate::contents::Contents;
use crate::error::{Error, Result};
use crate::rounded::{Tally, indices, integers};
use crate::source::{Stored, Triplets};
use crate::tensor::little;
use crate::triplets::Sparse;
use crate::{DType, Numbers, Order, Rounded, Skipped, Source, Tensor, TensorInfo, limits};
use five::Content;
pub(crate) use four::is_version4;

/// What version 5 begins with.
pub(crate) const MAGIC: &[u8] = b"MATLAB 5.0 MAT-file";

/// Where the numbers of a matrix are.
#[derive(Debug)]
enum Place {
    /// An element of version 5, with the type of its numbers.
    Element(DType, Content),
    /// The parts of a matrix of version 4: the type of its numbers, the real part, and the imaginary one.
    Plain(DType, (usize, usize), Option<(usize, usize)>),
    Sparse(Sparse),
}

/// The type of stored numbers, and the bytes of the real and the imaginary part.
type Parts<'a> = (DType, &'a [u8], Option<&'a [u8]>);

/// A MATLAB file.
pub(crate) struct Matlab {
    bytes: Bytes,
    contents: Contents<Place>,
    is_big_endian: bool,
}

/// Parses a file in memory; for fuzzing and tests.
///
/// # Errors
///
/// When the file is truncated or breaks the rules of the format, and when a limit is exceeded. Other variables than
/// numeric matrices are skipped.
pub fn parse(bytes: &[u8]) -> Result<impl Source> {
    if bytes.starts_with(MAGIC) {
        Matlab::version5(Bytes::Owned(bytes.into()))
    } else {
        Matlab::version4(Bytes::Owned(bytes.into()))
    }
}

impl Matlab {
    fn empty(bytes: Bytes, is_big_endian: bool) -> Self {
        Self { bytes, contents: Contents::default(), is_big_endian }
    }

    fn finish(self) -> Result<Self> {
        if self.contents.len() == 0 {
            return Err(Error::unsupported("is a MATLAB file without variables"));
        }
        Ok(self)
    }

    /// Calls `read` with the parts of a dense matrix.
    fn with_parts<R>(&self, place: &Place, read: impl FnOnce(Parts<'_>) -> R) -> Result<R> {
        match place {
            Place::Element(_, content) => self.with_content(content, |bytes| Ok(read(self.parts(bytes)?))),
            Place::Plain(kind, re, im) => {
                let of = |&(start, length): &(usize, usize)| &self.bytes[start..start + length];
                Ok(read((*kind, of(re), im.as_ref().map(of))))
            }
            Place::Sparse(_) => Err(Error::unsupported("is a sparse matrix, not a dense one")),
        }
    }

    fn numbers(&self, (kind, re, im): Parts<'_>) -> Numbers<'static> {
        let of = |bytes: &[u8]| Numbers::from_bytes(kind, bytes, self.is_big_endian).into_owned();
        match im {
            None => of(re),
            Some(im) => {
                let (re, im) = (doubles(of(re)), doubles(of(im)));
                Numbers::C64(re.into_iter().zip(im).map(|(re, im)| Complex64::new(re, im)).collect())
            }
        }
    }
}

/// Whether numbers of this kind are those of a variable as they are; a class may be stored in a narrower type.
fn has_bytes(info: &TensorInfo, kind: DType) -> bool {
    kind == info.dtype || info.dtype == DType::Bool && kind == DType::U8
}

/// The number of entries of a matrix.
fn count(shape: &[usize]) -> Result<usize> {
    limits::check_empty(shape)?;
    let count = shape.iter().try_fold(1usize, |product, &n| product.checked_mul(n));
    count.ok_or_else(|| Error::limit(format!("has shape {shape:?}: its size overflows 64 bits")))
}

fn doubles(numbers: Numbers<'_>) -> Vec<f64> {
    match numbers {
        Numbers::F32(x) => x.iter().map(|&x| f64::from(x)).collect(),
        Numbers::F64(x) => x.into_owned(),
        Numbers::C32(x) => x.iter().map(|z| f64::from(z.re)).collect(),
        Numbers::C64(x) => x.iter().map(|z| z.re).collect(),
    }
}

impl Source for Matlab {
    fn infos(&self) -> &[TensorInfo] {
        self.contents.infos()
    }

    fn info(&self, name: &str) -> Option<&TensorInfo> {
        self.contents.get(name).map(|(info, _)| info)
    }

    fn read(&self, name: &str) -> Result<Tensor<'_>> {
        let (info, place) = self.contents.find(name)?;
        let here = |error: Error| error.of_tensor(name);
        let numbers = match place {
            Place::Sparse(matrix) => return matrix.read().map_err(here),
            // What lies in the file as it is needed is borrowed.
            Place::Element(_, Content::Plain(start, length)) => {
                match self.parts(&self.bytes[*start..start + length]).map_err(here)? {
                    (kind, re, None) => Numbers::from_bytes(kind, re, self.is_big_endian),
                    parts => self.numbers(parts),
                }
            }
            place => self.with_parts(place, |parts| self.numbers(parts)).map_err(here)?,
        };
        Ok(Tensor { shape: info.shape.clone(), order: Order::ColumnMajor, numbers })
    }

    fn bytes(&self, name: &str) -> Result<Option<Stored<'_>>> {
        let (info, place) = self.contents.find(name)?;
        if matches!(place, Place::Sparse(_)) {
            return Ok(None);
        }
        if let Place::Element(kind, Content::Plain(start, length)) = place
            && has_bytes(info, *kind)
            && !self.is_big_endian
        {
            let (_, re, im) = self.parts(&self.bytes[*start..start + length]).map_err(|e| e.of_tensor(name))?;
            return Ok(im.is_none().then(|| (re.into(), Order::ColumnMajor)));
        }
        let of = |(kind, re, im): Parts<'_>| {
            let bytes = || if self.is_big_endian { little(kind, re) } else { re.to_vec() };
            (im.is_none() && has_bytes(info, kind)).then(bytes)
        };
        let bytes = self.with_parts(place, of).map_err(|e| e.of_tensor(name))?;
        Ok(bytes.map(|bytes| (bytes.into(), Order::ColumnMajor)))
    }

    fn copy(&self, name: &str, to: &mut [u8]) -> Result<Option<Order>> {
        let (info, place) = self.contents.find(name)?;
        if matches!(place, Place::Sparse(_)) {
            return Ok(None);
        }
        let copied = |(kind, re, im): Parts<'_>| {
            let fits = im.is_none() && has_bytes(info, kind) && re.len() == to.len();
            match fits {
                true if self.is_big_endian => to.copy_from_slice(&little(kind, re)),
                true => to.copy_from_slice(re),
                false => {}
            }
            fits.then_some(Order::ColumnMajor)
        };
        self.with_parts(place, copied).map_err(|e| e.of_tensor(name))
    }

    fn order(&self, _: &str) -> Order {
        Order::ColumnMajor
    }

    fn rounded(&self, name: &str) -> Result<Option<Rounded>> {
        let (info, place) = self.contents.find(name)?;
        match place {
            Place::Sparse(matrix) => return Ok(matrix.rounded()),
            Place::Plain(kind, ..) | Place::Element(kind, _) if !kind.is_wider_than_double() => return Ok(None),
            _ => {}
        }
        let rounded = |(kind, re, im): Parts<'_>| {
            let mut tally = Tally::default();
            for (bytes, is_imaginary) in [(Some(re), false), (im, true)] {
                let all = bytes.and_then(|bytes| integers(kind, bytes, self.is_big_endian)).into_iter().flatten();
                for (k, n) in all.enumerate().filter(|(_, n)| n.unsigned_abs() > 1 << 53) {
                    tally.note_integer(&indices(k, &info.shape, Order::ColumnMajor), n, is_imaginary);
                }
            }
            tally.finish()
        };
        self.with_parts(place, rounded).map_err(|e| e.of_tensor(name))
    }

    fn triplets(&self, name: &str) -> Option<Triplets<'_>> {
        match self.contents.get(name)? {
            (_, Place::Sparse(matrix)) => Some(matrix.triplets()),
            _ => None,
        }
    }

    fn skipped(&self) -> &[Skipped] {
        self.contents.skipped()
    }

    fn is_data(&self) -> bool {
        true
    }
}
