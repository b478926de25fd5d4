//! DepthwiseConv2d: every output is a weighted sum of what a filter sees of one input channel.

use crate::requantize::Requantize;
use crate::rolled::rolled;
use crate::window::{Taps, Window};
use core::mem::take;
use runtime::Claim;

/// Parameters of [`depthwise_conv2d`].
#[derive(Debug)]
pub struct DepthwiseConv2d {
    /// Where the filter lies.
    pub window: Window,
    /// Input channels.
    pub depth: usize,
    /// Output channels of an input channel.
    pub multiplier: usize,
    /// Zero point of the input, in `[-128, 127]`.
    pub input_zero_point: i32,
    /// Weights `[filter height, filter width, depth * multiplier]`.
    pub weights: &'static [i8],
    /// Bias `[depth * multiplier]`.
    pub bias: &'static [i32],
    /// How accumulators become outputs.
    pub requantize: Requantize,
}

/// Channels that are computed at a time.
const BLOCK: usize = 32;

/// Computes `[pixels, depth * multiplier]` from `[height, width, depth]`.
///
/// Neighbouring channels are neighbours in memory and so are their weights, so a block of them
/// goes through all taps together.
pub fn depthwise_conv2d(params: &DepthwiseConv2d, claim: Claim<'_, (i8,), i8>) {
    let input = claim.input().flat();
    let first = claim.output.channels().start;
    for (pixel, mut outputs) in claim.output.by_pixel() {
        let taps = params.window.inside(pixel);
        let mut channel = first;
        while !outputs.is_empty() {
            let source = channel.checked_div(params.multiplier).unwrap_or_default();
            // Unless each has an input channel of its own, a block shares one.
            let most = match params.multiplier {
                1 => BLOCK,
                multiplier => ((source + 1) * multiplier - channel).clamp(1, BLOCK),
            };
            let length = most.min(outputs.len());
            let Some((block, rest)) = take(&mut outputs).split_at_mut_checked(length) else {
                return;
            };
            let mut sums = [0; BLOCK];
            let sums = sums.get_mut(..length).unwrap_or_default();
            accumulate(params, input, taps, source, channel, sums);
            params.requantize.apply_run(sums, channel, block);
            outputs = rest;
            channel += length;
        }
    }
}

/// Sums the taps of a block of output channels from `channel` on, which read input channels from
/// `source` on.
#[inline]
fn accumulate(
    params: &DepthwiseConv2d,
    input: &[i8],
    (rows, columns): (Taps, Taps),
    source: usize,
    channel: usize,
    sums: &mut [i32],
) {
    let window = &params.window;
    let channels = params.depth * params.multiplier;
    let length = sums.len();
    let bias = params
        .bias
        .get(channel..channel + length)
        .unwrap_or_default();
    for (sum, &bias) in sums.iter_mut().zip(bias) {
        *sum = bias;
        rolled();
    }
    for (tap_row, row) in rows.iter() {
        for (tap, column) in columns.iter() {
            let at = (row * window.input_width() + column) * params.depth + source;
            let from = (tap_row * window.filter_width() + tap) * channels + channel;
            let weights = params.weights.get(from..from + length).unwrap_or_default();
            if params.multiplier == 1 {
                let values = input.get(at..at + length).unwrap_or_default();
                for ((sum, &value), &weight) in sums.iter_mut().zip(values).zip(weights) {
                    *sum += (i32::from(value) - params.input_zero_point) * i32::from(weight);
                }
            } else {
                let value = input.get(at).copied().unwrap_or_default();
                let value = i32::from(value) - params.input_zero_point;
                for (sum, &weight) in sums.iter_mut().zip(weights) {
                    *sum += value * i32::from(weight);
                }
            }
        }
    }
}
