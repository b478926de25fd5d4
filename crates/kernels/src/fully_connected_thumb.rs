//! FullyConnected for Arm cores without SIMD, four channels at a time.

use crate::instructions::thumb::rows::rows;
use crate::split_rescale::SplitRescale;
use runtime::Claim;

/// Parameters of [`fully_connected_thumb`].
#[derive(Debug)]
pub struct FullyConnectedThumb {
    /// Elements of an input row.
    pub depth: usize,
    /// Weights `[outputs, depth]`, with a zero point of 0, and rows of 0 up to a multiple of four.
    pub weights: &'static [i8],
    /// How sums of weights times values as they are stored become results.
    pub rescale: SplitRescale,
}

/// Computes `[rows, outputs]` from `[rows, depth]`; a pixel of the claim is a row.
///
/// Channels of the claim begin with a multiple of four.
pub fn fully_connected_thumb(params: &FullyConnectedThumb, claim: Claim<'_, (i8,), i8>) {
    let input = claim.input();
    let first = claim.output.channels().start;
    let weights = params.weights.get(first * params.depth..);
    let weights = weights.unwrap_or_default();
    let records = params.rescale.records(first);
    for (row, outputs) in claim.output.by_pixel() {
        let values = input.row(row, params.depth);
        rows(values, weights, records, &params.rescale, outputs);
    }
}
