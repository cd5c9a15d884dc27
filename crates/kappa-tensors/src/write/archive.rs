//! NumPy's formats, and the sparse matrices of SciPy in them.

use std::io::{Seek, Write};

use zip::write::SimpleFileOptions;

use super::{Next, Payload, dense, io};
use crate::error::{Error, Result};
use crate::{DType, TensorInfo, Triplets, npy};

fn description(dtype: DType) -> Result<&'static str> {
    Ok(match dtype {
        DType::Bool => "|b1",
        DType::U8 => "|u1",
        DType::I8 => "|i1",
        DType::U16 => "<u2",
        DType::I16 => "<i2",
        DType::U32 => "<u4",
        DType::I32 => "<i4",
        DType::U64 => "<u8",
        DType::I64 => "<i8",
        DType::F16 => "<f2",
        DType::F32 => "<f4",
        DType::F64 => "<f8",
        DType::C32 => "<c8",
        DType::C64 => "<c16",
        other => return Err(Error::unsupported(format!("has no type for {other} in NumPy"))),
    })
}

pub(super) fn write_npy(to: &mut impl Write, info: &TensorInfo, next: &mut Next<'_>) -> Result<()> {
    let bytes = dense(next(0)?, info)?;
    array(to, description(info.dtype)?, &info.shape, &bytes)
}

fn array(to: &mut impl Write, description: &str, shape: &[usize], bytes: &[u8]) -> Result<()> {
    to.write_all(&npy::head(description, shape)).and_then(|()| to.write_all(bytes)).map_err(|e| io(&e))
}

pub(super) fn write<W: Write + Seek>(to: &mut W, infos: &[TensorInfo], next: &mut Next<'_>) -> Result<()> {
    let mut archive = zip::ZipWriter::new(to);
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored).large_file(true);
    let failed = |e: zip::result::ZipError| Error::format(format!("cannot be written: {e}"));
    for (k, info) in infos.iter().enumerate() {
        let payload = next(k)?;
        if let Payload::Sparse(triplets) = payload {
            if infos.len() > 1 {
                let error = Error::unsupported("is sparse, and an archive holds one sparse matrix or dense ones");
                return Err(error.of_tensor(&info.name).with_hint("choose one with `--tensors NAME`"));
            }
            for (name, description, shape, bytes) in csr(&triplets) {
                archive.start_file(format!("{name}.npy"), options).map_err(failed)?;
                array(&mut archive, description, &shape, &bytes)?;
            }
            continue;
        }
        let bytes = dense(payload, info)?;
        archive.start_file(format!("{}.npy", info.name), options).map_err(failed)?;
        array(&mut archive, description(info.dtype)?, &info.shape, &bytes)?;
    }
    archive.finish().map_err(failed)?;
    Ok(())
}

/// The arrays of `scipy.sparse.save_npz` for a matrix by rows.
fn csr(found: &Triplets<'_>) -> Vec<(&'static str, &'static str, Vec<usize>, Vec<u8>)> {
    let (m, n) = found.shape;
    let mut entries = found.entries.to_vec();
    entries.sort_by_key(|&(i, j, _)| (i, j));
    let mut starts = vec![0i64; m + 1];
    entries.iter().for_each(|&(i, ..)| starts[i + 1] += 1);
    (0..m).for_each(|i| starts[i + 1] += starts[i]);
    let whole = |x: &[i64]| x.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>();
    let columns: Vec<i64> = entries.iter().map(|&(_, j, _)| j as i64).collect();
    let parts = |z: num_complex::Complex64| if found.is_complex { vec![z.re, z.im] } else { vec![z.re] };
    let data = entries.iter().flat_map(|&(.., z)| parts(z)).flat_map(f64::to_le_bytes).collect();
    let description = if found.is_complex { "<c16" } else { "<f8" };
    vec![
        ("indices", "<i8", vec![columns.len()], whole(&columns)),
        ("indptr", "<i8", vec![m + 1], whole(&starts)),
        ("format", "|S3", vec![], b"csr".to_vec()),
        ("shape", "<i8", vec![2], whole(&[m as i64, n as i64])),
        ("data", description, vec![entries.len()], data),
    ]
}
