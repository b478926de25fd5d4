//! FullyConnected for cores with the DSP extension: four outputs at a time.

use crate::instructions::bytes::bytes;
use crate::instructions::copy::copy;
use crate::instructions::dsp::arithmetic::stored;
use crate::instructions::dsp::dense::{Dense, GROUP, SCALES};
use crate::rolled::rolled;
use runtime::Claim;

/// Parameters of [`fully_connected_dsp`].
#[derive(Debug)]
pub struct FullyConnectedDsp {
    /// Elements of an input row.
    pub depth: usize,
    /// For each four outputs, for each four elements, a word of four weights of each output.
    /// Rows are filled up with 0; outputs that are left follow row by row.
    pub weights: &'static [i32],
    /// For each four outputs four biases, multipliers and scales; one each for those left.
    pub scales: &'static [i32],
    /// Zero point of the output.
    pub zero_point: i32,
    /// Whether ties below zero need an instruction of their own, as `dsp.py` says.
    pub signed: bool,
}

/// Computes `[rows, outputs]` from `[rows, depth]`; a pixel of the claim is a row.
///
/// Scratch holds a row where rows are not whole words.
pub fn fully_connected_dsp(params: &FullyConnectedDsp, claim: Claim<'_, (i8,), i8>) {
    let input = claim.input().flat();
    let first = claim.output.channels().start;
    let filled = bytes(claim.scratch);
    for (row, outputs) in claim.output.by_pixel() {
        let rows = input.get(row * params.depth..);
        let Some(mut values) = rows.and_then(|rows| rows.get(..params.depth)) else {
            return;
        };
        if values.len() % 4 != 0 {
            copy(values, filled);
            values = filled;
        }
        params.row(first, values, outputs);
    }
}

impl FullyConnectedDsp {
    /// Computes outputs of a row from one on, whose number is a multiple of four.
    #[inline(never)]
    fn row(&self, first: usize, values: &[i8], outputs: &mut [i8]) {
        let whole = outputs.len() / GROUP * GROUP;
        let Some((most, rest)) = outputs.split_at_mut_checked(whole) else {
            return;
        };
        if let (false, Some((weights, scales))) = (most.is_empty(), self.from(first, values)) {
            let dense = Dense {
                weights,
                scales,
                zero_point: self.zero_point,
                signed: self.signed,
            };
            dense.multiply(values, most);
        }
        for (number, output) in (first + whole..).zip(rest) {
            *output = self.alone(number, values).unwrap_or_default();
        }
    }

    /// Computes an output that is left after groups of four.
    #[inline(never)]
    fn alone(&self, output: usize, values: &[i8]) -> Option<i8> {
        let (weights, scales) = self.from(output, values)?;
        let &[mut sum, multiplier, scale, ..] = scales else {
            return None;
        };
        for (values, weights) in values.chunks_exact(4).zip(weights) {
            for (&value, weight) in values.iter().zip(weights.to_le_bytes()) {
                sum += i32::from(value) * i32::from(i8::from_le_bytes([weight]));
            }
            rolled();
        }
        Some(stored(sum, multiplier, scale, self.zero_point, self.signed))
    }

    /// The weights and scales of an output and those after it.
    #[inline(always)]
    fn from(&self, output: usize, values: &[i8]) -> Option<(&[i32], &[i32])> {
        let weights = self.weights.get(output * (values.len() / 4)..)?;
        let scales = self.scales.get(output * (SCALES / GROUP)..)?;
        Some((weights, scales))
    }
}
