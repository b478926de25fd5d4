//! AveragePool2d: every output is the mean of what a filter sees of one input channel.

use crate::requantize::narrow;
use crate::window::{Taps, Window};
use core::num::NonZeroU32;
use runtime::Claim;

/// Parameters of [`average_pool2d`].
#[derive(Debug)]
pub struct AveragePool2d {
    /// Where the filter lies.
    pub window: Window,
    /// Channels.
    pub depth: usize,
    /// Smallest stored value, in `[-128, 127]`.
    pub low: i32,
    /// Largest stored value, in `[low, 127]`.
    pub high: i32,
}

/// Channels that are computed at a time.
const BLOCK: usize = 16;

/// Computes `[pixels, depth]` from `[height, width, depth]`; padding does not count.
pub fn average_pool2d(params: &AveragePool2d, claim: Claim<'_, (i8,), i8>) {
    let input = claim.input().flat();
    let first = claim.output.channels().start;
    for (pixel, outputs) in claim.output.by_pixel() {
        let (rows, columns) = params.window.inside(pixel);
        for (block, channel) in outputs.chunks_mut(BLOCK).zip((first..).step_by(BLOCK)) {
            let mut sums = [0; BLOCK];
            let sums = sums.get_mut(..block.len()).unwrap_or_default();
            accumulate(params, input, (rows, columns), channel, sums);
            for (output, &mut sum) in block.iter_mut().zip(sums) {
                let mean = mean(sum, rows.count * columns.count);
                *output = narrow(mean.max(params.low).min(params.high));
            }
        }
    }
}

/// Sums the taps of a block of channels from `channel` on.
#[inline]
fn accumulate(
    params: &AveragePool2d,
    input: &[i8],
    (rows, columns): (Taps, Taps),
    channel: usize,
    sums: &mut [i32],
) {
    for (_, row) in rows.iter() {
        for (_, column) in columns.iter() {
            let at = (row * params.window.input_width + column) * params.depth + channel;
            let values = input.get(at..at + sums.len()).unwrap_or_default();
            for (sum, &value) in sums.iter_mut().zip(values) {
                *sum += i32::from(value);
            }
        }
    }
}

/// `sum / count`, rounded to nearest, ties away from zero; 0 when there is nothing to count.
#[inline]
#[must_use]
#[allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap)] // a mean of i8 fits
pub fn mean(sum: i32, count: usize) -> i32 {
    let Some(count) = NonZeroU32::new(count as u32) else {
        return 0;
    };
    let size = ((sum.unsigned_abs() + count.get() / 2) / count) as i32;
    if sum < 0 {
        -size
    } else {
        size
    }
}
