//! DepthwiseConv2d for cores with the vector extension MVE: all taps in one multiplication.

use crate::instructions::mve::plane::{Filter, Plane};
use crate::mve_filters::MveRange;
use crate::window::Window;
use runtime::Claim;

/// Parameters of [`depthwise_conv2d_mve`].
#[derive(Debug)]
pub struct DepthwiseConv2dMve {
    /// Where the filter lies; it is not dilated.
    pub window: Window,
    /// Channels.
    pub channels: usize,
    /// Rows of a padded channel.
    pub height: usize,
    /// Elements of its rows.
    pub pitch: usize,
    /// Zero point of the input, in `[-128, 127]`, which padding has.
    pub input_zero_point: i8,
    /// For each channel and row of the filter as many zeros as the stride, then its weights; at the
    /// end zeros again.
    pub weights: &'static [i8],
    /// For each channel: bias, which the input's zero point is folded into, multiplier, shift.
    pub scales: &'static [i32],
    /// From sums to outputs.
    pub range: MveRange,
}

/// Computes `[height, width, channels]` from the same number of channels.
///
/// Scratch holds one channel of the input, padded, and where each pair of outputs is in it.
pub fn depthwise_conv2d_mve(params: &DepthwiseConv2dMve, claim: Claim<'_, (i8,), i8>) {
    let input = claim.input().flat();
    let pixels = claim.output.pixels();
    let window = &params.window;
    let row = |pixel: usize| pixel.checked_div(window.output_width).unwrap_or_default();
    // Outputs are cut by rows, so they are contiguous.
    let Ok((_, outputs)) = claim.output.flat() else {
        return;
    };
    let Some(mut plane) = Plane::new(
        window,
        (params.height, params.pitch),
        params.channels,
        row(pixels.start)..row(pixels.end),
        params.input_zero_point,
        claim.scratch,
    ) else {
        return;
    };
    let lanes = window.filter_height * (window.filter_width + window.stride_width);
    let mut weights = params.weights;
    for (channel, scales) in params.scales.chunks_exact(3).enumerate() {
        let &[bias, multiplier, shift] = scales else {
            return;
        };
        let filter = Filter {
            bias,
            multiplier,
            shift,
            weights,
        };
        plane.load(input, channel);
        plane.compute(filter, params.range, channel, outputs);
        weights = weights.get(lanes..).unwrap_or_default();
    }
}
