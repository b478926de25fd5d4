//! DepthwiseConv2d for cores with the DSP extension: filters of any size, any number of channels.

use crate::instructions::dsp::taps::DspTaps;
use crate::taps::{Run, Tapped};
use runtime::Claim;

/// Parameters of [`depthwise_taps_dsp`].
#[derive(Debug)]
pub struct DepthwiseTapsDsp {
    /// The filter; with fewer than four input channels, these have at least four outputs each.
    pub tapped: Tapped,
    /// Its weights with folded bias.
    pub filters: DspTaps,
}

/// Computes `[pixels, depth * multiplier]` from `[height, width, depth]`.
///
/// Scratch is that of [`Tapped::walk`].
pub fn depthwise_taps_dsp(params: &DepthwiseTapsDsp, claim: Claim<'_, (i8,), i8>) {
    let filters = &params.filters;
    let multiplier = params.tapped.multiplier.into();
    let mut compute = |run: &Run<'_>, outputs: &mut [i8]| filters.compute(run, multiplier, outputs);
    params.tapped.walk(claim, &mut compute);
}
