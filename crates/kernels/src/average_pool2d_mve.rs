//! AveragePool2d for cores with the vector extension MVE: 16 channels at a time.

use crate::average_pool2d::{clamp, AveragePool2d};
use crate::instructions::mve::pool::average;
use crate::pool_runs::by_runs;
use runtime::Claim;

/// Computes `[pixels, depth]` from `[height, width, depth]`; padding does not count.
///
/// The filter has at most 256 taps.
pub fn average_pool2d_mve(params: &AveragePool2d, claim: Claim<'_, (i8,), i8>) {
    let input = claim.input().flat();
    let pixels = claim.output.pixels();
    // Outputs are cut by pixels, so they are contiguous.
    let Ok((_, outputs)) = claim.output.flat() else {
        return;
    };
    let (depth, mut at) = (params.depth, 0);
    by_runs(&params.window, depth, pixels, |count, from, seen| {
        let end = count.saturating_mul(depth).saturating_add(at);
        let values = input.get(from..).unwrap_or_default();
        average(
            values,
            seen,
            depth,
            outputs.get_mut(at..end).unwrap_or_default(),
        );
        at = end;
    });
    clamp(params, outputs);
}
