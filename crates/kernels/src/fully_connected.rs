//! FullyConnected: every output is a weighted sum of a whole input row.

use crate::requantize::Requantize;
use runtime::{Claim, View};

/// Parameters of [`fully_connected`].
#[derive(Debug)]
pub struct FullyConnected {
    /// Elements of an input row.
    pub depth: usize,
    /// Zero point of the input, in `[-128, 127]`.
    pub input_zero_point: i32,
    /// Zero point of the weights, in `[-128, 127]`.
    pub weights_zero_point: i32,
    /// Weights `[outputs, depth]`.
    pub weights: &'static [i8],
    /// Bias `[outputs]`.
    pub bias: &'static [i32],
    /// How accumulators become outputs.
    pub requantize: Requantize,
}

/// Computes `[rows, outputs]` from `[rows, depth]`; a pixel of the claim is a row.
pub fn fully_connected(params: &FullyConnected, claim: Claim<'_, (i8,), i8>) {
    let input = claim.input();
    let weights = View::new(params.weights);
    let channels = claim.output.channels();
    for (row, outputs) in claim.output.by_pixel() {
        let values = input.row(row, params.depth);
        for (channel, output) in channels.clone().zip(outputs) {
            let mut accumulator = params.bias.get(channel).copied().unwrap_or_default();
            for (&value, &weight) in values.iter().zip(weights.row(channel, params.depth)) {
                accumulator += (i32::from(value) - params.input_zero_point)
                    * (i32::from(weight) - params.weights_zero_point);
            }
            *output = params.requantize.apply(accumulator, channel);
        }
    }
}
