//! `kappa svd`.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use clap::Args;
use kappa::Enclosure;
use kappa_model::{Decomposition, Model, Progress, SingularTriplets, Streamed, Streaming, with_partial, with_wide};
use kappa_report::enclosure_json;
use kappa_tensors::{npy, npz};
use serde_json::json;

use crate::failure::Failure;
use crate::input::Input;
use crate::one::{DIGITS, about, inputs, opened, with_matrix_of};
use crate::parse::bytes;
use crate::progress::{Bar, When};
use crate::triplets::{Found, NOT_TOP, TripletArguments};
use crate::{ANSWERED, array, output, triplets};

#[derive(Args, Debug)]
pub(crate) struct SvdArguments {
    #[command(flatten)]
    pub(crate) input: Input,
    /// The file to write: u (m×p), s (p) and vh (p×n), for numpy.load.
    #[arg(long, short, value_name = "FILE.npz", required_unless_present = "part")]
    pub(crate) output: Option<PathBuf>,
    /// Write all of U (m×m) and Vᴴ (n×n).
    #[arg(long, conflicts_with = "part")]
    pub(crate) full: bool,
    #[command(flatten)]
    pub(crate) triplets: TripletArguments,
    /// Memory that may be in use at once, such as 2GiB, by blocks of the file; half of what is available by default.
    #[arg(long, value_name = "SIZE", value_parser = bytes, requires = "top", conflicts_with_all = NOT_TOP)]
    pub(crate) memory: Option<u64>,
    /// Read the file once, by blocks: values and the vectors of the short side only.
    #[arg(long, requires = "top", conflicts_with_all = NOT_TOP)]
    pub(crate) one_pass: bool,
    /// Rows that are kept, by blocks, of all that were read; as many as the short side has, so that nothing is lost, where that fits.
    #[arg(long, value_name = "ROWS", requires = "top", conflicts_with_all = NOT_TOP)]
    pub(crate) capacity: Option<usize>,
    /// Whether to show progress.
    #[arg(long, value_enum, default_value_t = When::Auto)]
    pub(crate) progress: When,
}

pub(crate) fn run(a: &SvdArguments) -> Result<u8, Failure> {
    a.output.as_deref().map_or(Ok(()), |path| output::check_place_beside(path, &a.input.file))?;
    if a.triplets.top == Some(0) || a.triplets.smallest == Some(0) {
        return Err(Failure::new("0 singular triplets are no answer").with_hint("`--top 1`, or more"));
    }
    let model = opened(&a.input)?;
    match (a.triplets.which(model.sparse_shape(a.input.tensor.as_deref())?)?, a.triplets.top, &a.output) {
        (Some(which), Some(top), _) if is_by_blocks(a, &model, &which)? => by_blocks(a, &model, top),
        (Some(which), ..) => some(a, &triplets::found(&which, &a.input, &model)?),
        (None, _, Some(path)) => whole(a, &model, path),
        (None, _, None) => {
            Err(Failure::new("a decomposition is written to a file").with_hint("`--output factors.npz`"))
        }
    }
}

/// Whether that was asked for, or nothing was and the matrix is too large to be reduced in memory.
fn is_by_blocks(a: &SvdArguments, model: &Model, which: &SingularTriplets) -> Result<bool, Failure> {
    let is_asked = a.memory.is_some() || a.one_pass || a.capacity.is_some();
    let is_free = a.triplets.method.is_none() && matches!(which, SingularTriplets::Truncated(..));
    Ok(is_asked || is_free && !model.fits_in_memory(a.input.tensor.as_deref())?)
}

fn whole(a: &SvdArguments, model: &Model, path: &Path) -> Result<u8, Failure> {
    with_matrix_of(model, &a.input, |name, matrix| {
        let view = matrix.view()?;
        let f = view.svd(a.full).map_err(about(name))?;
        let (u, vh) = match &f {
            Decomposition::Real(f) => (array::encode(&f.u().clone().into()), array::encode(&f.v().adjoint().into())),
            Decomposition::Complex(f) => (array::encode(&f.u().clone().into()), array::encode(&f.v().adjoint().into())),
        };
        let certified = a.input.certify.then(|| view.certified_singular_values()).transpose().map_err(about(name))?;
        let values = certified.as_ref().unwrap_or(f.singular_values());
        write(path, values.estimates(), Some(u), Some(vh))?;
        if a.input.style.explain {
            let first = values.first();
            output::words(&format!("algorithm: {}\nevidence: {}", values.algorithm(), first.evidence()));
        }
        if !a.input.style.json {
            output::words(&format!("wrote {}", path.display()));
            return Ok(ANSWERED);
        }
        let (m, n) = view.shape();
        let result = json!({
            "tensor": name,
            "shape": [m, n],
            "output": path,
            "singular_values": values.iter().map(|s| enclosure_json(&s)).collect::<Vec<_>>(),
        });
        output::json("svd", inputs(&a.input), result)
    })
}

/// Some triplets of a matrix in memory.
fn some(a: &SvdArguments, found: &Found) -> Result<u8, Failure> {
    with_partial!(&found.triplets, f => {
        if let Some(path) = &a.output {
            let (u, vh) = (array::encode(&f.u().clone().into()), array::encode(&f.v().adjoint().into()));
            write(path, f.estimates(), Some(u), Some(vh))?;
        }
        if a.input.style.explain {
            output::words(&triplets::explanation(found));
        }
        let more = json!({
            "algorithm": f.algorithm(),
            "error": f.error().as_ref().map(enclosure_json),
            "spectral_error": enclosure_json(&f.spectral_error()),
        });
        tell(a, (&found.name, found.shape), f.values(), more)
    })
}

/// The largest triplets, block by block.
fn by_blocks(a: &SvdArguments, model: &Model, top: usize) -> Result<u8, Failure> {
    if a.input.style.no_mmap {
        return Err(Failure::new("blocks of a file are read from its map, and --no-mmap would read all of it")
            .with_hint("leave --no-mmap out"));
    }
    let tensor = a.input.tensor.as_deref();
    let both = a.output.is_some() && !a.one_pass;
    let how = Streaming { top, memory: a.memory, capacity: a.capacity, both };
    let bar = Bar::new(a.progress);
    let never = AtomicBool::new(false);
    let progress = Progress { advanced: &|name, share| bar.advance(name, share), cancelled: &never };
    let found = model.stream_svd(tensor, &how, &progress);
    bar.finish();
    let found = found?;
    if let Some(path) = &a.output {
        let estimates: Vec<f64> = found.values.iter().map(Enclosure::estimate).collect();
        let vh = found.v.as_ref().map(|v| with_wide!(v, v => array::encode(&v.adjoint().into())));
        write(path, &estimates, found.u.as_ref().map(array::encode), vh)?;
    }
    if a.input.style.explain {
        output::words(&explanation(&found));
    }
    let more = json!({
        "error": enclosure_json(&found.error),
        "passes": found.passes,
        "block": found.block,
        "capacity": found.capacity,
        "is_exact": found.is_exact,
    });
    tell(a, (&found.name, found.shape), &found.values, more)
}

/// The values and what else there is to say of them.
fn tell(
    a: &SvdArguments,
    (name, (m, n)): (&str, (usize, usize)),
    values: &[Enclosure],
    more: serde_json::Value,
) -> Result<u8, Failure> {
    if a.input.style.json {
        let mut result = json!({
            "tensor": name,
            "shape": [m, n],
            "output": a.output,
            "singular_values": values.iter().map(enclosure_json).collect::<Vec<_>>(),
        });
        if let (Some(result), serde_json::Value::Object(more)) = (result.as_object_mut(), more) {
            result.extend(more);
        }
        return output::json("svd", inputs(&a.input), result);
    }
    if let Some(path) = &a.output {
        output::words(&format!("wrote {}", path.display()));
    }
    output::data(&values.iter().map(|s| s.short(DIGITS) + "\n").collect::<String>())
}

fn explanation(found: &Streamed) -> String {
    let how = if found.is_exact {
        "QR of one block of rows after the other, and the singular values of R"
    } else {
        "Frequent Directions: σᵢ² of the matrix lies between that of the sketch and what it lost above"
    };
    let (m, n) = found.shape;
    let first = found.values.first().copied().unwrap_or(Enclosure::exact(0.0));
    let passes = if found.passes == 1 { "one pass" } else { "two passes" };
    format!(
        "plan: {how} ({m}×{n}, {} in a block, room for {}, {passes} over the file)\nevidence: {}\n\
         left out: ‖A − UΣVᴴ‖_F in {:e} … {:e}\n\
         reference: Demmel, Grigori, Hoemmen and Langou, SIAM J. Sci. Comput. 34 (2012) A206–A239; Ghashami, Liberty, Phillips and \
         Woodruff, SIAM J. Comput. 45 (2016) 1762–1792",
        found.block,
        found.capacity,
        first.evidence(),
        found.error.lower(),
        found.error.upper()
    )
}

/// The factors that are known.
fn write(path: &Path, s: &[f64], u: Option<Vec<u8>>, vh: Option<Vec<u8>>) -> Result<(), Failure> {
    let parts = [("u", u), ("s", Some(npy::encode_f64(&[s.len()], s))), ("vh", vh)];
    let parts: Vec<_> = parts.into_iter().filter_map(|(name, part)| Some((name, part?))).collect();
    output::file(path, |file| npz::write(file, &parts).map(drop))
}
