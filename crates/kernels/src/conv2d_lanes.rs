//! Conv2d for cores without SIMD, two products in one multiplication.

use crate::columns::{Columns, PAIRS};
use crate::instructions::bytes::bytes;
use crate::instructions::lanes::Lanes;
use crate::instructions::rv32::lanes::{Outputs, CHANNELS, PIXELS, RECORD};
use core::ops::Range;
use runtime::Claim;

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
    let (input, bytes) = params.columns.image(input, bytes(words));
    let channels = claim.output.channels();
    let mut pixels = claim.output.by_pixel();
    loop {
        let mut outputs: [&mut [i8]; PIXELS] = Default::default();
        let mut numbers = [0; PIXELS];
        let mut count = 0;
        for (place, number) in outputs.iter_mut().zip(&mut numbers) {
            let Some((pixel, output)) = pixels.next() else {
                break;
            };
            (*place, *number) = (output, pixel);
            count += 1;
        }
        let Some(last) = numbers.get(..count).and_then(<[usize]>::last).copied() else {
            return;
        };
        // An odd pixel is paired with itself.
        if let Some(spare) = numbers.get_mut(count) {
            *spare = last;
        }
        for (pair, pixels) in numbers.chunks_exact(2).take(count.div_ceil(2)).enumerate() {
            let (Some(words), &[low, high]) = (columns.get_mut(pair..), pixels) else {
                return;
            };
            params.columns.gather(input, [low, high], bytes, words);
        }
        compute(params, columns, channels.clone(), &mut outputs, count);
    }
}

/// Computes all channels of a few pixels.
fn compute(
    params: &Conv2dLanes,
    columns: &[u32],
    channels: Range<usize>,
    rows: &mut [&mut [i8]; PIXELS],
    count: usize,
) {
    let inside = channels.start.div_ceil(CHANNELS)..channels.end / CHANNELS;
    let at = (inside.start * CHANNELS).saturating_sub(channels.start);
    store(params, columns, inside.clone(), rows, count, at);
    // A group at an end may be ours in part: it goes through a copy.
    for end in [channels.start, channels.end] {
        if end % CHANNELS == 0 {
            continue;
        }
        let number = end / CHANNELS;
        let first = number * CHANNELS;
        let mut spare = [[0; CHANNELS]; PIXELS];
        let mut places = spare.each_mut().map(<[i8; CHANNELS]>::as_mut_slice);
        store(params, columns, number..number + 1, &mut places, count, 0);
        for (row, results) in rows.iter_mut().zip(&spare) {
            for (channel, &result) in (first..).zip(results) {
                if let Some(output) = row.get_mut(channel.wrapping_sub(channels.start)) {
                    *output = result;
                }
            }
        }
    }
}

/// Computes groups of channels of a few pixels, of which the first goes to `at` of each row.
fn store(
    params: &Conv2dLanes,
    columns: &[u32],
    numbers: Range<usize>,
    rows: &mut [&mut [i8]; PIXELS],
    count: usize,
    at: usize,
) {
    let bounds = (params.low, params.span);
    let groups = params
        .weights
        .groups(numbers.start, numbers.len(), CHANNELS);
    let outputs = Outputs::new(rows, count, bounds, params.is_signed);
    let records = params.records.get(numbers.start * RECORD..);
    if let (Some(groups), Some(mut outputs), Some(records)) = (groups, outputs, records) {
        outputs.compute(groups, records, columns, at);
    }
}
