//! Conv2d: every output is a weighted sum of what a filter sees of all input channels.

use crate::requantize::Requantize;
use crate::window::{Taps, Window};
use runtime::Claim;

/// Parameters of [`conv2d`].
#[derive(Debug)]
pub struct Conv2d {
    /// Where the filter lies.
    pub window: Window,
    /// Input channels.
    pub depth: usize,
    /// Zero point of the input, in `[-128, 127]`.
    pub input_zero_point: i32,
    /// Weights `[outputs, filter height, filter width, depth]`.
    pub weights: &'static [i8],
    /// Bias `[outputs]`.
    pub bias: &'static [i32],
    /// How accumulators become outputs.
    pub requantize: Requantize,
}

/// Channels that are computed at a time.
const BLOCK: usize = 16;

/// Computes `[pixels, outputs]` from `[height, width, depth]`.
pub fn conv2d(params: &Conv2d, claim: Claim<'_, (i8,), i8>) {
    let input = claim.input().flat();
    let first = claim.output.channels().start;
    for (pixel, outputs) in claim.output.by_pixel() {
        let taps = params.window.inside(pixel);
        for (block, channel) in outputs.chunks_mut(BLOCK).zip((first..).step_by(BLOCK)) {
            let mut sums = [0; BLOCK];
            let sums = sums.get_mut(..block.len()).unwrap_or_default();
            accumulate(params, input, taps, channel, sums);
            params.requantize.apply_run(sums, channel, block);
        }
    }
}

/// Sums the taps of a block of output channels from `channel` on.
#[inline]
fn accumulate(
    params: &Conv2d,
    input: &[i8],
    (rows, columns): (Taps, Taps),
    channel: usize,
    sums: &mut [i32],
) {
    let depth = params.depth;
    let filter_row = params.window.filter_width() * depth;
    let filter = params.window.filter_height() * filter_row;
    let bias = params.bias.get(channel..).unwrap_or_default();
    for (sum, &bias) in sums.iter_mut().zip(bias) {
        *sum = bias;
    }
    // Taps of a row are neighbours in memory, hence one run, unless the filter is dilated.
    let (runs, length) = match columns.dilation {
        1 => (1, columns.count * depth),
        _ => (columns.count, depth),
    };
    for (tap, row) in rows.iter() {
        let mut from = (row * params.window.input_width() + columns.start) * depth;
        let mut weight = channel * filter + tap * filter_row + columns.first * depth;
        for _ in 0..runs {
            let values = input.get(from..).unwrap_or_default();
            let values = values.get(..length).unwrap_or_default();
            let mut at = weight;
            for sum in sums.iter_mut() {
                let weights = params.weights.get(at..).unwrap_or_default();
                for (&value, &weight) in values.iter().zip(weights) {
                    *sum += (i32::from(value) - params.input_zero_point) * i32::from(weight);
                }
                at += filter;
            }
            from += columns.dilation * depth;
            weight += depth;
        }
    }
}
