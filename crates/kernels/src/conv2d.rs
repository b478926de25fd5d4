//! Conv2d: every output is a weighted sum of what a filter sees of all input channels.

use crate::requantize::Requantize;
use crate::window::Window;
use runtime::{Claim, View};

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

/// Computes `[pixels, outputs]` from `[height, width, depth]`.
pub fn conv2d(params: &Conv2d, claim: Claim<'_, (i8,), i8>) {
    let window = &params.window;
    let depth = params.depth;
    let input = claim.input().flat();
    let weights = View::new(params.weights);
    let filter_row = window.filter_width * depth;
    let filter_length = window.filter_height * filter_row;
    let channels = claim.output.channels();
    for (pixel, outputs) in claim.output.by_pixel() {
        let (rows, columns) = window.inside(pixel);
        // Taps of a row are neighbours in memory, hence one run, unless the filter is dilated.
        let (runs, length) = match columns.dilation {
            1 => (1, columns.count * depth),
            _ => (columns.count, depth),
        };
        for (channel, output) in channels.clone().zip(outputs) {
            let filter = weights.row(channel, filter_length);
            let mut accumulator = params.bias.get(channel).copied().unwrap_or_default();
            for (tap, row) in rows.iter() {
                let mut from = (row * window.input_width + columns.start) * depth;
                let mut weight = tap * filter_row + columns.first * depth;
                for _ in 0..runs {
                    let values = input.get(from..from + length).unwrap_or_default();
                    let weights = filter.get(weight..weight + length).unwrap_or_default();
                    for (&value, &weight) in values.iter().zip(weights) {
                        accumulator +=
                            (i32::from(value) - params.input_zero_point) * i32::from(weight);
                    }
                    from += columns.dilation * depth;
                    weight += depth;
                }
            }
            *output = params.requantize.apply(accumulator, channel);
        }
    }
}
