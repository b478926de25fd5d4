//! MaxPool2d: every output is the largest of what a filter sees of one input channel.

use crate::requantize::narrow;
use crate::window::Window;
use runtime::Claim;

/// Parameters of [`max_pool2d`].
#[derive(Debug)]
pub struct MaxPool2d {
    /// Where the filter lies.
    pub window: Window,
    /// Channels.
    pub depth: usize,
    /// Smallest stored value, in `[-128, 127]`.
    pub low: i32,
    /// Largest stored value, in `[low, 127]`.
    pub high: i32,
}

/// Computes `[pixels, depth]` from `[height, width, depth]`; padding does not count.
pub fn max_pool2d(params: &MaxPool2d, claim: Claim<'_, (i8,), i8>) {
    let input = claim.input().flat();
    let channels = claim.output.channels();
    let (low, high) = (narrow(params.low), narrow(params.high));
    for (pixel, outputs) in claim.output.by_pixel() {
        let (rows, columns) = params.window.inside(pixel);
        outputs.fill(low);
        for (_, row) in rows.iter() {
            for (_, column) in columns.iter() {
                let at = (row * params.window.input_width() + column) * params.depth;
                let seen = at + channels.start..at + channels.end;
                let values = input.get(seen).unwrap_or_default();
                for (output, &value) in outputs.iter_mut().zip(values) {
                    *output = value.max(*output);
                }
            }
        }
        for output in outputs {
            *output = high.min(*output);
        }
    }
}
