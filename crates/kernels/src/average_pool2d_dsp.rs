//! AveragePool2d for cores with the DSP extension: four channels at a time.

use crate::average_pool2d::{clamp, AveragePool2d};
use crate::instructions::dsp::pool::average;
use crate::pool_runs::by_runs;
use runtime::Claim;

/// Computes `[pixels, depth]` from `[height, width, depth]`; padding does not count.
///
/// There are at least four channels, also of a claim, and the filter has at most 256 taps.
pub fn average_pool2d_dsp(params: &AveragePool2d, mut claim: Claim<'_, (i8,), i8>) {
    let input = claim.input().flat();
    let pixels = claim.output.pixels();
    let mut first = 0;
    by_runs(&params.window, params.depth, pixels, |count, from, seen| {
        let values = input.get(from..).unwrap_or_default();
        average(values, seen, (first, count), &mut claim.output);
        first += count;
    });
    for (_, means) in claim.output.by_pixel() {
        clamp(params, means);
    }
}
