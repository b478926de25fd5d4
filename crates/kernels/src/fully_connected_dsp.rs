//! FullyConnected for cores with the DSP extension: four outputs at a time.

use crate::instructions::bytes::bytes;
use crate::instructions::dsp::dense::{Dense, GROUP, SCALES};
use crate::rolled::{copy, rolled};
use runtime::Claim;

/// Parameters of [`fully_connected_dsp`].
#[derive(Debug)]
pub struct FullyConnectedDsp {
    /// Elements of an input row.
    pub depth: usize,
    /// For each four outputs, for each four elements, a word of four weights of each output.
    /// What is missing at the end of either is 0.
    pub weights: &'static [i32],
    /// For each four outputs four biases, multipliers and scales.
    pub scales: &'static [i32],
    /// Zero point of the output.
    pub zero_point: i32,
    /// Whether values below the zero point are stored, so that their ties matter.
    pub signed: bool,
}

/// Computes `[rows, outputs]` from `[rows, depth]`; a pixel of the claim is a row.
///
/// Scratch holds a row where rows are not whole words.
pub fn fully_connected_dsp(params: &FullyConnectedDsp, claim: Claim<'_, (i8,), i8>) {
    let input = claim.input().flat();
    let first = claim.output.channels().start / GROUP;
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
    /// Computes outputs of a row, from group `first` on.
    #[inline(never)]
    fn row(&self, first: usize, values: &[i8], outputs: &mut [i8]) {
        let whole = outputs.len() / GROUP;
        let Some((most, rest)) = outputs.split_at_mut_checked(whole * GROUP) else {
            return;
        };
        if !most.is_empty() {
            self.groups(first, values, most);
        }
        if !rest.is_empty() {
            let mut last = [0; GROUP];
            self.groups(first + whole, values, &mut last);
            for (output, last) in rest.iter_mut().zip(last) {
                *output = last;
                rolled();
            }
        }
    }

    /// Computes whole groups of outputs from `first` on.
    #[inline(always)]
    fn groups(&self, first: usize, values: &[i8], outputs: &mut [i8]) {
        let weights = self.weights.get(first * values.len()..);
        let scales = self.scales.get(first * SCALES..);
        let (Some(weights), Some(scales)) = (weights, scales) else {
            return;
        };
        let dense = Dense {
            weights,
            scales,
            zero_point: self.zero_point,
            signed: self.signed,
        };
        dense.multiply(values, outputs);
    }
}
