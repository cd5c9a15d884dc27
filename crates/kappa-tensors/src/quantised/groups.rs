//! Which tensors belong together, by their names and shapes.

use serde_json::Value;

use super::scaled::{Micro, Nested, Scale, Scaled, Table4, block_of};
use super::words::{Awq, Compressed, Gptq};
use crate::error::{Error, Result, printable};
use crate::source::Metadata;
use crate::{DType, Numbers, Packed, Source, TensorInfo};

/// A tensor that is decoded from several stored ones.
pub(super) struct Group {
    pub(super) info: TensorInfo,
    /// The stored tensors, the codes first.
    pub(super) parts: Vec<String>,
    how: How,
}

enum How {
    Scaled(Scaled),
    Gptq(Gptq),
    Awq(Awq),
    Compressed(Compressed),
    Table4(Table4),
    Micro(Micro),
}

/// Tensors that belong together by their names, and do not fit.
pub(super) struct Misfit {
    pub(super) parts: Vec<String>,
    pub(super) reason: String,
}

pub(super) struct Found {
    pub(super) groups: Vec<Group>,
    pub(super) misfits: Vec<Misfit>,
}

impl Group {
    pub(super) fn read(&self, source: &dyn Source) -> Result<Numbers<'static>> {
        match &self.how {
            How::Scaled(scheme) => scheme.read(source),
            How::Gptq(scheme) => scheme.read(source),
            How::Awq(scheme) => scheme.read(source),
            How::Compressed(scheme) => scheme.read(source),
            How::Table4(scheme) => scheme.read(source),
            How::Micro(scheme) => scheme.read(source),
        }
    }

    /// How the tensor is read.
    pub(super) fn words(&self) -> String {
        let short = |name: &String| format!("`{}`", printable(name.rsplit('.').next().unwrap_or(name)));
        let parts: Vec<String> = self.parts.iter().map(short).collect();
        match &self.how {
            How::Scaled(_) => format!("the scales in `{}` are applied", printable(&self.parts[1])),
            _ => format!("decoded from {}", parts.join(", ")),
        }
    }
}

/// Where the names of one module are looked up.
struct Module<'a> {
    source: &'a dyn Source,
    /// The name up to the last dot, with it.
    stem: &'a str,
}

impl<'a> Module<'a> {
    fn get(&self, last: &str) -> Option<&'a TensorInfo> {
        self.source.info(&format!("{}{last}", self.stem))
    }
}

pub(super) fn find(source: &dyn Source, config: &Metadata) -> Found {
    let mut found = Found { groups: Vec::new(), misfits: Vec::new() };
    for info in source.infos() {
        let (stem, last) = info.name.rfind('.').map_or(("", info.name.as_str()), |k| info.name.split_at(k + 1));
        let module = Module { source, stem };
        let group = match last {
            "qweight" => words(info, &module, config),
            "weight_packed" => compressed(info, &module),
            _ if last.ends_with("_blocks") => microscaled(info, source),
            _ if info.dtype == DType::U8 => four_bits(info, &module),
            "weight" if info.dtype == packed("nvfp4_block") => scaled_blocks(info, &module),
            _ => scaled(info, &module),
        };
        match group {
            // The file holds the decoded tensor as well.
            Some(Ok(group)) if group.info.name != group.parts[0] && source.info(&group.info.name).is_some() => {}
            Some(Ok(group)) => found.groups.push(group),
            Some(Err(misfit)) => found.misfits.push(misfit),
            None => {}
        }
    }
    found
}

type Matched = Option<std::result::Result<Group, Misfit>>;

fn packed(name: &str) -> DType {
    Packed::named(name).map_or(DType::U8, DType::Packed)
}

fn misfit(parts: &[&TensorInfo]) -> Misfit {
    let (codes, rest) = (parts[0], &parts[1..]);
    let others: Vec<String> =
        rest.iter().map(|p| format!("`{}` has shape {:?} of {}", printable(&p.name), p.shape, p.dtype)).collect();
    Misfit {
        parts: parts.iter().map(|p| p.name.clone()).collect(),
        reason: format!("holds codes without scales: {:?}, and {}", codes.shape, others.join(", ")),
    }
}

fn names(parts: &[&TensorInfo]) -> Vec<String> {
    parts.iter().map(|p| p.name.clone()).collect()
}

/// Rows and columns of scales: one number, a vector with a number for each row, or a matrix.
fn matrix(shape: &[usize]) -> Option<(usize, usize)> {
    match *shape {
        [] => Some((1, 1)),
        [m] => Some((m, 1)),
        [m, n] => Some((m, n)),
        _ => None,
    }
}

/// 8-bit floats and integers whose scales have the name of the tensor and an ending.
fn scaled(info: &TensorInfo, module: &Module<'_>) -> Matched {
    let is_float = matches!(info.dtype, DType::F8E4M3 | DType::F8E5M2);
    if !is_float && info.dtype != DType::I8 || info.shape.is_empty() {
        return None;
    }
    let last = &info.name[module.stem.len()..];
    let endings = [format!("{last}_scale_inv"), format!("{last}_scale"), "scale_weight".into()];
    let of_bitsandbytes = module.get("SCB").filter(|_| info.dtype == DType::I8 && last == "weight");
    let scales = of_bitsandbytes.or_else(|| {
        let named = endings.iter().filter_map(|ending| module.get(ending));
        named.into_iter().find(|scales| !scales.dtype.is_integer() && scales.dtype.size() > 1)
    })?;
    let parts = [info, scales];
    let fits = || {
        let shape = match *info.shape.as_slice() {
            [n] => (1, n),
            [m, n] => (m, n),
            // Of more dimensions, one number for all.
            _ => (1, info.len()),
        };
        let scale = matrix(&scales.shape).filter(|scale| info.shape.len() == 2 || *scale == (1, 1))?;
        let block = block_of(shape, scale)?;
        // The products of a code and a double are no doubles.
        if matches!(scales.dtype, DType::F64 | DType::C32 | DType::C64) {
            return None;
        }
        let divisor = if of_bitsandbytes.is_some() { 127.0 } else { 1.0 };
        Some(Scaled { codes: info.name.clone(), scales: scales.name.clone(), shape, block, divisor })
    };
    let Some(how) = fits() else { return Some(Err(misfit(&parts))) };
    let dtype = match info.dtype {
        DType::I8 => packed(if of_bitsandbytes.is_some() { "bnb_int8" } else { "int8" }),
        dtype => dtype,
    };
    let info = TensorInfo { dtype, ..info.clone() };
    Some(Ok(Group { info, parts: names(&parts), how: How::Scaled(how) }))
}

/// Blocks of NVFP4 in GGUF, whose scale for the whole tensor, or for each expert, is a tensor of its own.
fn scaled_blocks(info: &TensorInfo, module: &Module<'_>) -> Matched {
    let scales = module.get("scale").filter(|scales| scales.dtype == DType::F32)?;
    let experts = info.shape.first().copied().filter(|_| info.shape.len() > 2).unwrap_or(1);
    let parts = [info, scales];
    if scales.len() != 1 && scales.len() != experts || info.is_empty() {
        return Some(Err(misfit(&parts)));
    }
    let count = scales.len();
    let width = info.len() / count;
    let how = Scaled {
        codes: info.name.clone(),
        scales: scales.name.clone(),
        shape: (count, width),
        block: (1, width),
        divisor: 1.0,
    };
    Some(Ok(Group { info: info.clone(), parts: names(&parts), how: How::Scaled(how) }))
}

/// GPTQ and AWQ, which have the same names: codes of GPTQ have a column for each output, those of AWQ one for eight.
fn words(info: &TensorInfo, module: &Module<'_>, config: &Metadata) -> Matched {
    let (Some(zeros), Some(scales)) = (module.get("qzeros"), module.get("scales")) else {
        let reason = "holds codes without scales: `qzeros` or `scales` is missing".to_owned();
        return Some(Err(Misfit { parts: vec![info.name.clone()], reason }));
    };
    let order = module.get("g_idx");
    let mut parts = vec![info, zeros, scales];
    parts.extend(order);
    let how = gptq((info, zeros, scales, order), config).map(How::Gptq);
    let Some(how) = how.or_else(|| awq(info, zeros, scales).map(How::Awq)) else { return Some(Err(misfit(&parts))) };
    let (name, shape) = match &how {
        How::Gptq(scheme) => ("gptq", vec![scheme.outputs, scheme.inputs]),
        How::Awq(scheme) => ("awq", vec![scheme.outputs, scheme.inputs]),
        _ => return None,
    };
    let info = TensorInfo { name: format!("{}weight", module.stem), dtype: packed(name), shape };
    Some(Ok(Group { info, parts: names(&parts), how }))
}

fn gptq(
    (codes, zeros, scales, order): (&TensorInfo, &TensorInfo, &TensorInfo, Option<&TensorInfo>),
    config: &Metadata,
) -> Option<Gptq> {
    let (&[rows, outputs], &[groups, width], &[groups_of_scales, columns]) =
        (codes.shape.as_slice(), zeros.shape.as_slice(), scales.shape.as_slice())
    else {
        return None;
    };
    if groups == 0 || groups != groups_of_scales || outputs == 0 || outputs != columns {
        return None;
    }
    // The width of the zero points tells the bits: outputs·bits = 32·width.
    let bits = width.checked_mul(32)?.checked_div(outputs)?;
    if !matches!(bits, 2 | 3 | 4 | 8) || outputs * bits != 32 * width || !(rows * 32).is_multiple_of(bits) {
        return None;
    }
    let inputs = rows * 32 / bits;
    if groups > inputs || order.is_some_and(|order| order.shape != [inputs]) {
        return None;
    }
    let quantization = config.get("quantization_config").and_then(Value::as_object).unwrap_or(config);
    let format = quantization.get("checkpoint_format").and_then(Value::as_str);
    let lift = u32::from(format != Some("gptq_v2"));
    Some(Gptq {
        bits,
        inputs,
        outputs,
        groups,
        lift,
        codes: codes.name.clone(),
        zeros: zeros.name.clone(),
        scales: scales.name.clone(),
        order: order.map(|order| order.name.clone()),
    })
}

fn awq(codes: &TensorInfo, zeros: &TensorInfo, scales: &TensorInfo) -> Option<Awq> {
    let (&[inputs, width], &[groups, zeros_width], &[groups_of_scales, outputs]) =
        (codes.shape.as_slice(), zeros.shape.as_slice(), scales.shape.as_slice())
    else {
        return None;
    };
    let fits = width * 8 == outputs && width == zeros_width && groups == groups_of_scales;
    (fits && groups > 0 && groups <= inputs && outputs > 0).then(|| Awq {
        inputs,
        outputs,
        groups,
        codes: codes.name.clone(),
        zeros: zeros.name.clone(),
        scales: scales.name.clone(),
    })
}

/// compressed-tensors: integers packed into words, or NVFP4 packed into bytes.
fn compressed(info: &TensorInfo, module: &Module<'_>) -> Matched {
    let Some(scales) = module.get("weight_scale") else {
        let reason = "holds codes without scales: `weight_scale` is missing".to_owned();
        return Some(Err(Misfit { parts: vec![info.name.clone()], reason }));
    };
    if info.dtype == DType::U8 {
        return Some(nvfp4((info, scales), module, "weight_global_scale", Scale::Over));
    }
    let (shape, zeros, order) =
        (module.get("weight_shape"), module.get("weight_zero_point"), module.get("weight_g_idx"));
    let mut parts = vec![info, scales];
    parts.extend(shape.into_iter().chain(zeros).chain(order));
    let fits = || {
        let &[outputs, width] = info.shape.as_slice() else { return None };
        let (rows, groups) = matrix(&scales.shape)?;
        let known = super::values::doubles(module.source, &shape?.name).ok()?;
        let &[m, n] = known.as_slice() else { return None };
        let inputs = n as usize;
        if m as usize != outputs || rows != outputs || groups == 0 || groups > inputs {
            return None;
        }
        // A word holds 32/bits codes of a row; the last one may be filled up.
        let bits = [4, 8, 2].into_iter().find(|bits| inputs.div_ceil(32 / bits) == width)?;
        let zeros_fit = |zeros: &TensorInfo| zeros.shape == [outputs.div_ceil(32 / bits), groups];
        let order_fits = |order: &TensorInfo| order.shape == [inputs];
        (zeros.is_none_or(zeros_fit) && order.is_none_or(order_fits)).then(|| Compressed {
            bits,
            inputs,
            outputs,
            groups,
            codes: info.name.clone(),
            scales: scales.name.clone(),
            zeros: zeros.map(|zeros| zeros.name.clone()),
            order: order.map(|order| order.name.clone()),
        })
    };
    let Some(how) = fits() else { return Some(Err(misfit(&parts))) };
    let dtype = packed(if how.bits == 8 { "int8" } else { "int4" });
    let info = TensorInfo { name: format!("{}weight", module.stem), dtype, shape: vec![how.outputs, how.inputs] };
    Some(Ok(Group { info, parts: names(&parts), how: How::Compressed(how) }))
}

/// The blocks of 32 of gpt-oss: a dimension of blocks, and one of 16 bytes.
fn microscaled(info: &TensorInfo, source: &dyn Source) -> Matched {
    let name = info.name.strip_suffix("_blocks").filter(|_| info.dtype == DType::U8)?;
    let Some(scales) = source.info(&format!("{name}_scales")) else {
        let reason = "holds codes without scales: its `_scales` are missing".to_owned();
        return Some(Err(Misfit { parts: vec![info.name.clone()], reason }));
    };
    let parts = [info, scales];
    let [front @ .., 16] = info.shape.as_slice() else { return Some(Err(misfit(&parts))) };
    if scales.shape != front || scales.dtype != DType::U8 || front.is_empty() {
        return Some(Err(misfit(&parts)));
    }
    let mut shape = front.to_vec();
    if let Some(last) = shape.last_mut() {
        *last *= 32;
    }
    let codes = (info.name.clone(), scales.name.clone());
    let how = Micro { codes: codes.0, scales: codes.1, count: 2 * info.len(), block: 32, kind: Scale::PowerOfTwo };
    let info = TensorInfo { name: name.to_owned(), dtype: packed("mxfp4"), shape };
    Some(Ok(Group { info, parts: names(&parts), how: How::Micro(how) }))
}

/// Blocks of 16 codes of E2M1 with scales of 8 bits, and one scale for all.
fn nvfp4(
    (info, scales): (&TensorInfo, &TensorInfo),
    module: &Module<'_>,
    whole: &str,
    kind: fn(String) -> Scale,
) -> std::result::Result<Group, Misfit> {
    let Some(whole) = module.get(whole) else { return Err(misfit(&[info, scales])) };
    let parts = [info, scales, whole];
    match (info.shape.as_slice(), scales.shape.as_slice()) {
        (&[m, width], &[rows, blocks]) if m == rows && width == 8 * blocks && whole.len() == 1 => {
            let how = Micro {
                codes: info.name.clone(),
                scales: scales.name.clone(),
                count: 2 * info.len(),
                block: 16,
                kind: kind(whole.name.clone()),
            };
            let name = format!("{}weight", module.stem);
            let info = TensorInfo { name, dtype: packed("nvfp4"), shape: vec![m, 2 * width] };
            Ok(Group { info, parts: names(&parts), how: How::Micro(how) })
        }
        _ => Err(misfit(&parts)),
    }
}

/// Bytes with two codes: bitsandbytes, or NVFP4 as ModelOpt writes it.
fn four_bits(info: &TensorInfo, module: &Module<'_>) -> Matched {
    let last = &info.name[module.stem.len()..];
    if last == "weight"
        && let (Some(scales), Some(_)) = (module.get("weight_scale"), module.get("weight_scale_2"))
    {
        return Some(nvfp4((info, scales), module, "weight_scale_2", Scale::Times));
    }
    let of = |ending: &str| module.source.info(&format!("{}.{ending}", info.name));
    let state =
        ["nf4", "fp4"].into_iter().find_map(|kind| Some((kind, of(&format!("quant_state.bitsandbytes__{kind}"))?)));
    let (kind, state) = state?;
    let mut parts = vec![info, state];
    let members = ["absmax", "quant_map", "nested_absmax", "nested_quant_map"];
    parts.extend(members.iter().filter_map(|member| of(member)));
    let how = table(info, state, module.source, &of);
    let Some((how, shape)) = how.ok().flatten() else { return Some(Err(misfit(&parts))) };
    let info = TensorInfo { dtype: packed(kind), shape, ..info.clone() };
    Some(Ok(Group { info, parts: names(&parts), how: How::Table4(how) }))
}

/// What the state of bitsandbytes says, in JSON: the shape and the sizes of blocks.
fn table<'a>(
    info: &TensorInfo,
    state: &TensorInfo,
    source: &dyn Source,
    of: &impl Fn(&str) -> Option<&'a TensorInfo>,
) -> Result<Option<(Table4, Vec<usize>)>> {
    if state.len() > 1 << 16 {
        return Err(Error::limit("is described by more than 64 KiB"));
    }
    let state = super::values::bytes(source, &state.name)?;
    let Ok(Value::Object(state)) = serde_json::from_slice(&state) else { return Ok(None) };
    let whole = |key: &str| state.get(key).and_then(Value::as_u64).and_then(|x| usize::try_from(x).ok());
    let shape = state.get("shape").and_then(Value::as_array);
    let shape: Option<Vec<usize>> = shape.and_then(|s| s.iter().map(|x| x.as_u64().map(|x| x as usize)).collect());
    let (Some(shape), Some(block)) = (shape, whole("blocksize").filter(|b| *b > 0)) else { return Ok(None) };
    let Some(count) = shape.iter().try_fold(1usize, |product, &n| product.checked_mul(n)) else { return Ok(None) };
    let (Some(largest), Some(values)) = (of("absmax"), of("quant_map")) else { return Ok(None) };
    let blocks = count.div_ceil(block);
    if count.div_ceil(2) != info.len() || largest.len() != blocks || values.len() < 16 {
        return Ok(None);
    }
    let nested = match (of("nested_absmax"), of("nested_quant_map"), whole("nested_blocksize").filter(|b| *b > 0)) {
        (Some(maxima), Some(values), Some(block)) => {
            if values.len() < 256 || maxima.len() != blocks.div_ceil(block) || largest.dtype != DType::U8 {
                return Ok(None);
            }
            let offset = state.get("nested_offset").and_then(Value::as_f64).unwrap_or(0.0) as f32;
            Some(Nested { table: values.name.clone(), largest: maxima.name.clone(), block, offset })
        }
        _ if largest.dtype == DType::U8 => return Ok(None),
        _ => None,
    };
    let (codes, table, largest) = (info.name.clone(), values.name.clone(), largest.name.clone());
    Ok(Some((Table4 { codes, table, largest, nested, count, block }, shape)))
}
