//! Codes packed into words of 32 bits: GPTQ, AWQ and compressed-tensors.

use crate::error::{Error, Result, printable};
use crate::{Numbers, Source};

use super::values::{doubles, singles, words};

/// The column of each of the eight codes in a word of AWQ, lowest bits first.
const AWQ_COLUMNS: [usize; 8] = [0, 2, 4, 6, 1, 3, 5, 7];

/// GPTQ: codes packed along the inputs, zero points along the outputs.
#[derive(Clone, Debug)]
pub(super) struct Gptq {
    pub(super) bits: usize,
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    pub(super) groups: usize,
    /// 1 for the first version of the format, which stores zero points less one; 0 for the second.
    pub(super) lift: u32,
    pub(super) codes: String,
    pub(super) zeros: String,
    pub(super) scales: String,
    /// The group of each input, for codes in the order of activations.
    pub(super) order: Option<String>,
}

/// Code `k` of a stream of words, lowest bits first; a code may begin in one word and end in the next.
fn code(words: impl Fn(usize) -> u32, bits: usize, k: usize) -> u32 {
    let (word, shift) = (k * bits / 32, k * bits % 32);
    let low = words(word) >> shift;
    let rest = 32 - shift;
    let all = if rest < bits { low | words(word + 1) << rest } else { low };
    all & (u32::MAX >> (32 - bits))
}

impl Gptq {
    /// W[o, i] = s[g, o]·(q[i, o] − z[g, o] − lift) for the group g of input i.
    pub(super) fn read(&self, source: &dyn Source) -> Result<Numbers<'static>> {
        let (inputs, outputs) = (self.inputs, self.outputs);
        let packed = words(source, &self.codes)?;
        let packed_zeros = words(source, &self.zeros)?;
        let scales = singles(source, &self.scales)?;
        let groups = groups_of_inputs(source, self.order.as_ref(), (inputs, self.groups))?;
        let width = packed_zeros.len() / self.groups;
        let zero = |g: usize, o: usize| code(|w| packed_zeros[g * width + w], self.bits, o) + self.lift;
        let zeros: Vec<f32> =
            (0..self.groups).flat_map(|g| (0..outputs).map(move |o| (g, o))).map(|(g, o)| zero(g, o) as f32).collect();
        let mut numbers = Vec::with_capacity(inputs * outputs);
        for o in 0..outputs {
            for (i, &g) in groups.iter().enumerate() {
                let q = code(|w| packed[w * outputs + o], self.bits, i) as f32;
                numbers.push((q - zeros[g * outputs + o]) * scales[g * outputs + o]);
            }
        }
        Ok(Numbers::F32(numbers.into()))
    }
}

/// The group of each input: as `order` says, or as many to each.
fn groups_of_inputs(
    source: &dyn Source,
    order: Option<&String>,
    (inputs, groups): (usize, usize),
) -> Result<Vec<usize>> {
    let Some(order) = order else {
        let size = inputs.div_ceil(groups);
        return Ok((0..inputs).map(|i| i / size).collect());
    };
    let found = doubles(source, order)?;
    if let Some(g) = found.iter().find(|g| !(0.0..groups as f64).contains(*g)) {
        return Err(Error::format(format!("has an input in group {g} of {groups}: `{}`", printable(order))));
    }
    Ok(found.into_iter().map(|g| g as usize).collect())
}

/// AWQ: codes of four bits packed along the outputs, eight in a word, out of order.
#[derive(Clone, Debug)]
pub(super) struct Awq {
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    pub(super) groups: usize,
    pub(super) codes: String,
    pub(super) zeros: String,
    pub(super) scales: String,
}

impl Awq {
    /// W[o, i] = s[g, o]·(q[i, o] − z[g, o]).
    pub(super) fn read(&self, source: &dyn Source) -> Result<Numbers<'static>> {
        let (inputs, outputs) = (self.inputs, self.outputs);
        let (packed, zeros) = (words(source, &self.codes)?, words(source, &self.zeros)?);
        let scales = singles(source, &self.scales)?;
        let mut shifts = [0; 8];
        AWQ_COLUMNS.into_iter().zip(0..).for_each(|(column, k)| shifts[column] = 4 * k);
        let at = |words: &[u32], row: usize, o: usize| (words[(row * outputs + o) / 8] >> shifts[o % 8] & 15) as f32;
        let size = inputs.div_ceil(self.groups);
        let mut numbers = Vec::with_capacity(inputs * outputs);
        for o in 0..outputs {
            for i in 0..inputs {
                let g = i / size;
                numbers.push((at(&packed, i, o) - at(&zeros, g, o)) * scales[g * outputs + o]);
            }
        }
        Ok(Numbers::F32(numbers.into()))
    }
}

/// compressed-tensors: codes packed along the inputs of each output, as differences from the middle of their range.
#[derive(Clone, Debug)]
pub(super) struct Compressed {
    pub(super) bits: usize,
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    pub(super) groups: usize,
    pub(super) codes: String,
    pub(super) scales: String,
    /// Zero points, packed along the outputs.
    pub(super) zeros: Option<String>,
    pub(super) order: Option<String>,
}

impl Compressed {
    /// W[o, i] = s[o, g]·(q[o, i] − z[o, g]), where the middle of the range is subtracted from q and z.
    pub(super) fn read(&self, source: &dyn Source) -> Result<Numbers<'static>> {
        let (inputs, outputs, bits) = (self.inputs, self.outputs, self.bits);
        let packed = words(source, &self.codes)?;
        let scales = singles(source, &self.scales)?;
        let middle = (1u32 << (bits - 1)) as f32;
        let zeros = self.zeros.as_ref().map(|zeros| words(source, zeros)).transpose()?;
        let zero = |o: usize, g: usize| match &zeros {
            Some(zeros) => code(|w| zeros[w * self.groups + g], bits, o) as f32,
            None => middle,
        };
        let places = groups_of_inputs(source, self.order.as_ref(), (inputs, self.groups))?;
        let width = packed.len() / outputs;
        let mut numbers = Vec::with_capacity(inputs * outputs);
        for o in 0..outputs {
            for (i, &g) in places.iter().enumerate() {
                let q = code(|w| packed[o * width + w], bits, i) as f32;
                numbers.push((q - zero(o, g)) * scales[o * self.groups + g]);
            }
        }
        Ok(Numbers::F32(numbers.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_three_bits_cross_words() {
        // The codes 0, 1, …, 7, 0, 1, … from bit 0 on.
        let mut words = [0u32; 3];
        for k in 0..32usize {
            for bit in 0..3 {
                let at = 3 * k + bit;
                words[at / 32] |= ((k % 8) as u32 >> bit & 1) << (at % 32);
            }
        }
        assert!((0..32).all(|k| code(|w| words[w], 3, k) == (k % 8) as u32));
    }
}
