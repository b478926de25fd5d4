//! AveragePool2d: every output is the mean of what a filter sees of one input channel.

use crate::requantize::narrow;
use crate::rolled::rolled;
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

/// Computes `[pixels, depth]` from `[height, width, depth]`; padding does not count.
pub fn average_pool2d(params: &AveragePool2d, claim: Claim<'_, (i8,), i8>) {
    let input = claim.input().flat();
    let first = claim.output.channels().start;
    for (pixel, outputs) in claim.output.by_pixel() {
        let taps = params.window.inside(pixel);
        let (rows, columns) = taps;
        for (output, channel) in outputs.iter_mut().zip(first..) {
            let mean = mean(
                sum(params, input, taps, channel),
                rows.count * columns.count,
            );
            *output = narrow(mean.max(params.low).min(params.high));
            rolled();
        }
    }
}

/// Sums the taps of a channel.
#[inline]
fn sum(params: &AveragePool2d, input: &[i8], (rows, columns): (Taps, Taps), channel: usize) -> i32 {
    let width = params.window.input_width();
    let mut sum = 0;
    for row in rows.start..rows.start + rows.count {
        let mut at = (row * width + columns.start) * params.depth + channel;
        for _ in 0..columns.count {
            sum += i32::from(input.get(at).copied().unwrap_or_default());
            at += params.depth;
            rolled();
        }
    }
    sum
}

/// `sum / count`, rounded to nearest, ties away from zero; 0 when there is nothing to count.
// One copy where a division is a call.
#[cfg_attr(all(target_arch = "arm", not(target_has_atomic = "32")), inline(never))]
#[cfg_attr(not(all(target_arch = "arm", not(target_has_atomic = "32"))), inline)]
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

/// Clamps means to what is stored: most pools have no activation function, and store everything.
#[inline]
pub fn clamp(params: &AveragePool2d, means: &mut [i8]) {
    let (low, high) = (narrow(params.low), narrow(params.high));
    if low == i8::MIN && high == i8::MAX {
        return;
    }
    for mean in means {
        *mean = (*mean).max(low).min(high);
        rolled();
    }
}
