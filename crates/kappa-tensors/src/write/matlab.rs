//! MATLAB's format, version 5, without compression.

use std::io::Write;

use super::{Next, Payload, by_columns, dense, io, sides};
use crate::error::{Error, Result};
use crate::{DType, TensorInfo, Triplets};

/// The longest name of a variable.
const NAME: usize = 63;
/// The largest element in bytes.
const ELEMENT: usize = (1 << 31) - 1;

/// The class of a matrix, the type of its numbers, and whether it is logical.
fn class(dtype: DType) -> Option<(u8, u32, bool)> {
    Some(match dtype {
        DType::F64 | DType::C64 => (6, 9, false),
        DType::F32 | DType::C32 => (7, 7, false),
        DType::I8 => (8, 1, false),
        DType::U8 => (9, 2, false),
        DType::Bool => (9, 2, true),
        DType::I16 => (10, 3, false),
        DType::U16 => (11, 4, false),
        DType::I32 => (12, 5, false),
        DType::U32 => (13, 6, false),
        DType::I64 => (14, 12, false),
        DType::U64 => (15, 13, false),
        _ => return None,
    })
}

fn element(kind: u32, bytes: &[u8]) -> Vec<u8> {
    let mut found = [kind.to_le_bytes(), (bytes.len() as u32).to_le_bytes()].concat();
    found.extend_from_slice(bytes);
    found.resize(found.len().next_multiple_of(8), 0);
    found
}

/// The flags, the dimensions and the name of a matrix.
fn head(info: &TensorInfo, class: u8, flags: u8, entries: u32) -> Vec<u8> {
    let (m, n) = sides(&info.shape);
    let shape = if info.shape.len() > 2 { info.shape.clone() } else { vec![m, n] };
    let words = [u32::from(class) | u32::from(flags) << 8, entries];
    let words: Vec<u8> = words.iter().flat_map(|x| x.to_le_bytes()).collect();
    let shape: Vec<u8> = shape.iter().flat_map(|&n| (n as u32).to_le_bytes()).collect();
    [element(6, &words), element(5, &shape), element(1, info.name.as_bytes())].concat()
}

fn check(info: &TensorInfo) -> Result<()> {
    let letters = info.name.as_bytes();
    let fits = letters.first().is_some_and(u8::is_ascii_alphabetic)
        && letters.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
        && letters.len() <= NAME;
    if !fits {
        let error = Error::unsupported("has a name that MATLAB does not allow").of_tensor(&info.name);
        return Err(
            error.with_hint("a name has letters, digits and `_`, at most 63: `--rename .=_` replaces every point")
        );
    }
    if info.shape.iter().any(|&n| n > ELEMENT) {
        return Err(Error::limit(format!("has shape {:?}", info.shape)).of_tensor(&info.name));
    }
    Ok(())
}

pub(super) fn write(to: &mut impl Write, infos: &[TensorInfo], next: &mut Next<'_>) -> Result<()> {
    infos.iter().try_for_each(check)?;
    let mut header = b"MATLAB 5.0 MAT-file, written by kappa".to_vec();
    header.resize(124, b' ');
    header.extend_from_slice(b"\x00\x01IM");
    to.write_all(&header).map_err(|e| io(&e))?;
    for (k, info) in infos.iter().enumerate() {
        let content = match next(k)? {
            Payload::Sparse(triplets) => sparse(info, &triplets),
            payload => {
                let bytes = dense(payload, info)?;
                full(info, &bytes)?
            }
        };
        if content.len() > ELEMENT {
            return Err(Error::limit(format!("takes {} bytes; the format allows {ELEMENT}", content.len()))
                .of_tensor(&info.name)
                .with_hint("write .npz or .safetensors"));
        }
        to.write_all(&element(14, &content)).map_err(|e| io(&e))?;
    }
    Ok(())
}

fn full(info: &TensorInfo, bytes: &[u8]) -> Result<Vec<u8>> {
    let (class, kind, is_logical) =
        class(info.dtype).ok_or_else(|| Error::unsupported(format!("has no class for {}", info.dtype)))?;
    let is_complex = info.dtype.is_complex();
    let flags = if is_complex { 8 } else { 0 } | if is_logical { 2 } else { 0 };
    let mut content = head(info, class, flags, 0);
    let bytes = by_columns(bytes, info.dtype.size(), &info.shape);
    if !is_complex {
        content.extend(element(kind, &bytes));
        return Ok(content);
    }
    let half = info.dtype.size() / 2;
    for part in 0..2 {
        let numbers = bytes.chunks_exact(2 * half).flat_map(|z| &z[part * half..(part + 1) * half]).copied();
        content.extend(element(kind, &numbers.collect::<Vec<u8>>()));
    }
    Ok(content)
}

fn sparse(info: &TensorInfo, found: &Triplets<'_>) -> Vec<u8> {
    let mut entries = found.entries.to_vec();
    entries.sort_by_key(|&(i, j, _)| (j, i));
    let mut starts = vec![0u32; found.shape.1 + 1];
    entries.iter().for_each(|&(_, j, _)| starts[j + 1] += 1);
    (0..found.shape.1).for_each(|j| starts[j + 1] += starts[j]);
    let words = |x: &[u32]| x.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>();
    let rows: Vec<u32> = entries.iter().map(|&(i, ..)| i as u32).collect();
    // Room for at least one entry, as MATLAB reserves it.
    let mut content = head(info, 5, if found.is_complex { 8 } else { 0 }, (entries.len() as u32).max(1));
    content.extend(element(5, &words(&rows)));
    content.extend(element(5, &words(&starts)));
    let part = |of: fn(&num_complex::Complex64) -> f64| {
        element(9, &entries.iter().flat_map(|(.., z)| of(z).to_le_bytes()).collect::<Vec<u8>>())
    };
    content.extend(part(|z| z.re));
    if found.is_complex {
        content.extend(part(|z| z.im));
    }
    content
}
