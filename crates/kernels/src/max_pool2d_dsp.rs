//! MaxPool2d for cores with the DSP extension: four channels at a time.

use crate::max_pool2d::MaxPool2d;
use crate::pool_dsp::pool;
use crate::requantize::narrow;
use runtime::Claim;

/// Computes `[pixels, depth]` from `[height, width, depth]`; padding does not count.
///
/// There are at least four channels, and the filter has at most 256 taps.
pub fn max_pool2d_dsp(params: &MaxPool2d, claim: Claim<'_, (i8,), i8>) {
    let (low, high) = (narrow(params.low), narrow(params.high));
    pool(&params.window, params.depth, claim, |seen, _, channel| {
        seen.largest(channel).map(|value| value.max(low).min(high))
    });
}
