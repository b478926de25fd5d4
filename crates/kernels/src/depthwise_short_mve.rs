//! DepthwiseConv2d with few taps for cores with the vector extension MVE: vectors of pixels.

use crate::columns::Image;
use crate::instructions::bytes::bytes;
use crate::instructions::mve::pixels::{multiply_pixels, TAPS};
use crate::mve_filters::MveRange;
use crate::mve_image::padded;
use crate::window::Window;
use runtime::Claim;

/// Parameters of [`depthwise_short_mve`].
#[derive(Debug)]
pub struct DepthwiseShortMve {
    /// Where the filter lies over the image, without padding; it is not dilated, and has at most
    /// four taps.
    pub window: Window,
    /// Input channels.
    pub depth: usize,
    /// Pairs of output channels of an input channel.
    pub pairs: usize,
    /// Zero point of the input, in `[-128, 127]`, which padding has.
    pub input_zero_point: i8,
    /// A copy of the input with its padding.
    pub image: Image,
    /// For each output channel: weights of four taps, bias, which the input's zero point is folded
    /// into, multiplier, and shift, which is -1 or less.
    pub filters: &'static [i32],
    /// From sums to outputs.
    pub range: MveRange,
}

/// Computes `[height, width, depth * 2 * pairs]` from `[height, width, depth]`.
///
/// Scratch holds the image, and where each four pixels see it.
pub fn depthwise_short_mve(params: &DepthwiseShortMve, claim: Claim<'_, (i8,), i8>) {
    let input = claim.input().flat();
    let pixels = claim.output.pixels();
    // Outputs are cut by pixels, so they are contiguous.
    let Ok((_, outputs)) = claim.output.flat() else {
        return;
    };
    let words = usize::from(params.image.size).div_ceil(size_of::<u32>());
    let Some((words, table)) = claim.scratch.split_at_mut_checked(words) else {
        return;
    };
    let zero_point = params.input_zero_point;
    let (image, _) = padded(&params.image, zero_point, input, bytes(words));
    let (window, depth) = (&params.window, params.depth);
    let width = window.filter_width();
    if window.filter_height().saturating_mul(width) > TAPS {
        return;
    }
    let pitch = window.input_width().saturating_mul(depth);
    let mut taps = [0; TAPS];
    for (row, taps) in taps.chunks_mut(width.max(1)).enumerate() {
        for (column, tap) in taps.iter_mut().enumerate() {
            // Taps that are missing have weights of 0, and see what the first one does.
            if row < window.filter_height() {
                let before = column.saturating_mul(depth);
                *tap = row.saturating_mul(pitch).saturating_add(before);
            }
        }
    }
    multiply_pixels(
        params.filters,
        (depth, params.pairs),
        params.range,
        (image, taps),
        (window, pitch, pixels),
        table,
        outputs,
    );
}
