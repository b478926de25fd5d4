//! DepthwiseConv2d for Arm cores without SIMD: filters of any size, four channels or more.

use crate::instructions::thumb::taps::ThumbTaps;
use crate::taps::{Run, Tapped};
use runtime::Claim;

/// Parameters of [`depthwise_taps_thumb`].
#[derive(Debug)]
pub struct DepthwiseTapsThumb {
    /// The filter, over at least four input channels.
    pub tapped: Tapped,
    /// Its weights.
    pub filters: ThumbTaps,
}

/// Computes `[pixels, depth * multiplier]` from `[height, width, depth]`.
///
/// Scratch is that of [`Tapped::walk`].
pub fn depthwise_taps_thumb(params: &DepthwiseTapsThumb, claim: Claim<'_, (i8,), i8>) {
    let filters = &params.filters;
    let multiplier = params.tapped.multiplier.into();
    let mut compute = |run: &Run<'_>, outputs: &mut [i8]| filters.compute(run, multiplier, outputs);
    params.tapped.walk(claim, &mut compute);
}
