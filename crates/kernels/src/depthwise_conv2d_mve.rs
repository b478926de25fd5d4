//! DepthwiseConv2d for cores with the vector extension MVE: vectors of taps are multiplied.

use crate::instructions::mve::plane::{Filters, Plane, SCALES};
use crate::mve_filters::MveRange;
use crate::window::Window;
use runtime::Claim;

/// Parameters of [`depthwise_conv2d_mve`].
#[derive(Debug)]
pub struct DepthwiseConv2dMve {
    /// Where the filter lies; it is not dilated.
    pub window: Window,
    /// Input channels.
    pub depth: usize,
    /// Output channels of an input channel.
    pub multiplier: usize,
    /// Rows of a padded channel.
    pub height: usize,
    /// Elements of its rows.
    pub pitch: usize,
    /// Zero point of the input, in `[-128, 127]`, which padding has.
    pub input_zero_point: i8,
    /// Rows of the filter in a vector.
    pub rows: usize,
    /// For each output channel and row of the filter as many zeros as the stride, then its weights;
    /// further rows of 0 to whole vectors; at the end zeros again.
    pub weights: &'static [i8],
    /// For each channel: bias, which the input's zero point is folded into, multiplier, shift.
    pub scales: &'static [i32],
    /// From sums to outputs.
    pub range: MveRange,
}

/// Computes `[height, width, depth * multiplier]` from `[height, width, depth]`.
///
/// Scratch holds one channel of the input, padded, and where each pair of outputs is in it.
pub fn depthwise_conv2d_mve(params: &DepthwiseConv2dMve, claim: Claim<'_, (i8,), i8>) {
    each::<1>(params, claim);
}

/// The same for filters of several vectors.
pub fn depthwise_long_mve(params: &DepthwiseConv2dMve, claim: Claim<'_, (i8,), i8>) {
    each::<4>(params, claim);
}

/// Computes every channel, with filters of up to so many vectors.
fn each<const VECTORS: usize>(params: &DepthwiseConv2dMve, claim: Claim<'_, (i8,), i8>) {
    let input = claim.input().flat();
    let pixels = claim.output.pixels();
    let window = &params.window;
    let row = |pixel: usize| pixel.checked_div(window.output_width()).unwrap_or_default();
    // Outputs are cut by rows, so they are contiguous.
    let Ok((_, outputs)) = claim.output.flat() else {
        return;
    };
    let Some(mut plane) = Plane::<VECTORS>::new(
        window,
        (params.height, params.pitch, params.rows),
        (params.depth, params.depth.saturating_mul(params.multiplier)),
        row(pixels.start)..row(pixels.end),
        params.input_zero_point,
        params.range,
        (claim.scratch, outputs),
    ) else {
        return;
    };
    let rows = window.filter_height().next_multiple_of(params.rows.max(1));
    let lanes = rows * (window.filter_width() + window.stride_width());
    let each = params.multiplier.max(1);
    let mut weights = params.weights;
    for (source, scales) in params
        .scales
        .chunks(SCALES.saturating_mul(each))
        .enumerate()
    {
        plane.load(input, source);
        let filters = Filters { weights, scales };
        match VECTORS {
            1 => plane.compute(filters, source * each),
            _ => plane.compute_long(filters, source * each),
        }
        weights = weights
            .get(each.saturating_mul(lanes)..)
            .unwrap_or_default();
    }
}
