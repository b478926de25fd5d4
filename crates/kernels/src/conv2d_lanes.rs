//! Conv2d for cores without SIMD, two products in one multiplication.

use crate::columns::{Columns, PAIRS};
use crate::instructions::lanes::Lanes;
use crate::instructions::rv32::lanes::{Outputs, CHANNELS, PIXELS, RECORD};
use core::ops::Range;
use runtime::{Claim, Output};

/// Parameters of [`conv2d_lanes`].
#[derive(Debug)]
pub struct Conv2dLanes {
    /// What the filter sees.
    pub columns: Columns,
    /// Weights by groups of channels, taps in the order of a filter's elements.
    pub weights: Lanes,
    /// For each group what [`Outputs::compute`] says; the bias is less the zero point of the input
    /// times the sum of the weights.
    pub records: &'static [i32],
    /// Whether values below the zero point are stored.
    pub is_signed: bool,
    /// Smallest stored value, in `[-128, 127]`.
    pub low: i32,
    /// Largest stored value, less the smallest.
    pub span: i32,
}

/// Computes `[pixels, outputs]` from `[height, width, depth]`.
///
/// Scratch: for each tap three words of pixel pairs; then as bytes a copy of the input with its
/// padding, or two pixels' values.
pub fn conv2d_lanes(params: &Conv2dLanes, claim: Claim<'_, (i8,), i8>) {
    let input = claim.input().flat();
    let taps = params.weights.taps();
    let Some((columns, words)) = claim.scratch.split_at_mut_checked(taps * PAIRS) else {
        return;
    };
    let (input, bytes) = params.columns.image(input, words);
    let mut output = claim.output;
    let pixels = output.pixels();
    let window = &params.columns.window;
    let mut first = pixels.start;
    let mut place = window.place(first);
    while first < pixels.end {
        let left = pixels.end - first;
        // The last few in pairs.
        let count = left.min(if left > PIXELS - 2 { PIXELS } else { 2 });
        for pair in 0..count.div_ceil(2) {
            // An odd pixel is paired with itself.
            let low = place;
            let after = window.after(low);
            let high = if 2 * pair + 1 < count { after } else { low };
            place = window.after(high);
            let words = columns.get_mut(pair..).unwrap_or_default();
            params.columns.gather(input, [low, high], bytes, words);
        }
        compute(params, columns, &mut output, first - pixels.start, count);
        first += count;
    }
}

/// Computes all channels of `count` owned pixels from `first` on.
#[inline(never)]
fn compute(
    params: &Conv2dLanes,
    columns: &[u32],
    output: &mut Output<'_, i8>,
    first: usize,
    count: usize,
) {
    let bounds = (params.low, params.span);
    let channels = output.channels();
    let inside = channels.start.div_ceil(CHANNELS)..channels.end / CHANNELS;
    let at = (inside.start * CHANNELS).saturating_sub(channels.start);
    let mut outputs = Outputs::new(output, first, count, bounds, params.is_signed);
    store(params, columns, inside, outputs.as_mut(), at);
    // A group at an end may be ours in part: it goes through a copy.
    for end in [channels.start, channels.end] {
        if end % CHANNELS == 0 {
            continue;
        }
        let group = end / CHANNELS;
        let mut spare = [[0; CHANNELS]; PIXELS];
        let mut outputs = Outputs::of_group(&mut spare, count, bounds, params.is_signed);
        store(params, columns, group..group + 1, outputs.as_mut(), 0);
        for (pixel, results) in (first..first + count).zip(&spare) {
            let owned = output.run(pixel);
            for (channel, &result) in (group * CHANNELS..).zip(results) {
                if let Some(output) = owned.get_mut(channel.wrapping_sub(channels.start)) {
                    *output = result;
                }
            }
        }
    }
}

/// Computes groups of channels, of which the first goes to `at` of each pixel.
fn store(
    params: &Conv2dLanes,
    columns: &[u32],
    groups: Range<usize>,
    outputs: Option<&mut Outputs<'_>>,
    at: usize,
) {
    let records = params.records.get(groups.start * RECORD..);
    let groups = params.weights.groups(groups.start, groups.len(), CHANNELS);
    if let (Some(groups), Some(outputs), Some(records)) = (groups, outputs, records) {
        outputs.compute(groups, records, columns, at);
    }
}
