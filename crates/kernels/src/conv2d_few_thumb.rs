//! Conv2d of few output channels for Arm cores without SIMD, two channels in one multiplication.

use crate::few::Few;
use crate::instructions::thumb::few::sums;
use crate::split_rescale::SplitRescale;
use runtime::Claim;

/// Parameters of [`conv2d_few_thumb`].
#[derive(Debug)]
pub struct Conv2dFewThumb {
    /// The filter.
    pub few: Few,
    /// How sums of weights times values as they are stored become results.
    pub rescale: SplitRescale,
}

/// Computes `[pixels, outputs]` from `[height, width, depth]`, two pixels at a time.
///
/// Scratch is that of [`Few::compute`].
pub fn conv2d_few_thumb(params: &Conv2dFewThumb, claim: Claim<'_, (i8,), i8>) {
    let stored = |channel, sum| params.rescale.of_products(channel, sum);
    params.few.compute(claim, sums, stored);
}
