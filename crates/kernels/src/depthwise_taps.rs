//! DepthwiseConv2d for cores without SIMD: filters of any size, any number of channels from 4 on.

use crate::instructions::rv32::taps::Rv32Taps;
use crate::taps::{Run, Tapped};
use runtime::Claim;

/// Parameters of [`depthwise_taps`].
#[derive(Debug)]
pub struct DepthwiseTaps {
    /// The filter, over at least four input channels.
    pub tapped: Tapped,
    /// Its weights with folded bias.
    pub filters: Rv32Taps,
}

/// Computes `[pixels, depth * multiplier]` from `[height, width, depth]`.
///
/// Scratch is that of [`Tapped::walk`].
pub fn depthwise_taps(params: &DepthwiseTaps, claim: Claim<'_, (i8,), i8>) {
    let filters = &params.filters;
    let multiplier = params.tapped.multiplier.into();
    let mut compute = |run: &Run<'_>, outputs: &mut [i8]| filters.compute(run, multiplier, outputs);
    params.tapped.walk(claim, &mut compute);
}
