//! Conv2d of one tap for cores without SIMD, two products in one multiplication.

use crate::columns::PAIRS;
use crate::conv2d_lanes::{block, LaneFilters};
use crate::instructions::join::{join, Lines};
use crate::instructions::rv32::lanes::Row;
use runtime::Claim;

/// Parameters of [`pointwise_lanes`].
#[derive(Debug)]
pub struct PointwiseLanes {
    /// The filters, which see the input pixel with the number of the output's.
    pub filters: LaneFilters,
}

/// Computes `[pixels, outputs]` from `[pixels, depth]`.
///
/// Scratch: for each input channel three words of pixel pairs.
pub fn pointwise_lanes(params: &PointwiseLanes, claim: Claim<'_, (i8,), i8>) {
    let input = claim.input().flat();
    let depth = params.filters.weights.taps();
    let lines = Lines::new(1, depth, depth);
    let columns = claim.scratch;
    let mut output = claim.output;
    let pixels = output.pixels();
    let mut first = pixels.start;
    while first < pixels.end {
        let count = block(pixels.end - first);
        let last = first + count - 1;
        for pair in 0..PAIRS.min(count.div_ceil(2)) {
            let low = first + 2 * pair;
            // An odd pixel is paired with itself.
            let [low, high] = [low, last.min(low + 1)].map(|pixel| input.get(pixel * depth..));
            let words = columns.get_mut(pair..).unwrap_or_default();
            if let (Some(low), Some(high)) = (low, high) {
                join(low, high, &lines, words);
            }
        }
        let tile = Row {
            first: first - pixels.start,
            count,
        };
        params.filters.compute(columns, &mut output, tile);
        first += count;
    }
}
