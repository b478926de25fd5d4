//! AveragePool2d for cores with the DSP extension: four channels at a time.

use crate::average_pool2d::{mean, AveragePool2d};
use crate::pool_dsp::pool;
use crate::requantize::narrow;
use runtime::Claim;

/// Computes `[pixels, depth]` from `[height, width, depth]`; padding does not count.
///
/// There are at least four channels, and the filter has at most 256 taps.
pub fn average_pool2d_dsp(params: &AveragePool2d, claim: Claim<'_, (i8,), i8>) {
    pool(
        &params.window,
        params.depth,
        claim,
        |seen, taps, channel| {
            seen.sums(channel).map(|sum| {
                let mean = mean(i32::from(sum), taps);
                narrow(mean.max(params.low).min(params.high))
            })
        },
    );
}
