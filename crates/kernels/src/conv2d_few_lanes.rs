//! Conv2d of few output channels for cores without SIMD, two channels in one multiplication.

use crate::few::Few;
use crate::instructions::rv32::few::sums;
use crate::instructions::rv32::lanes::{CHANNELS, RECORD};
use crate::instructions::rv32::stored::{stored, Bounds};
use runtime::Claim;

/// Parameters of [`conv2d_few_lanes`].
#[derive(Debug)]
pub struct Conv2dFewLanes {
    /// The filter.
    pub few: Few,
    /// For each pair of channels what [`crate::conv2d_lanes::LaneFilters::records`] has.
    pub records: &'static [i32],
    /// Whether values below the zero point are stored.
    pub is_signed: bool,
    /// Smallest stored value.
    pub low: i8,
    /// Largest stored value, less the smallest.
    pub span: u8,
}

/// Computes `[pixels, outputs]` from `[height, width, depth]`, three pixels at a time.
///
/// Scratch is that of [`Few::compute`].
pub fn conv2d_few_lanes(params: &Conv2dFewLanes, claim: Claim<'_, (i8,), i8>) {
    let result = |channel, sum| params.result(channel, sum);
    params.few.compute(claim, sums, result);
}

impl Conv2dFewLanes {
    /// The stored value of a channel's sum that began with 0.
    #[inline(never)]
    fn result(&self, channel: usize, sum: i32) -> i8 {
        let (group, place) = (channel / CHANNELS * RECORD, channel % CHANNELS);
        let bias = self.records.get(group + place);
        let scales = self.records.get(group + CHANNELS + 3 * place..);
        let (Some(bias), Some(&[multiplier, constant, shift, ..])) = (bias, scales) else {
            return 0;
        };
        let bounds = Bounds {
            low: self.low.into(),
            span: self.span.into(),
            is_signed: self.is_signed,
        };
        let four = bias.wrapping_add(sum) << 2;
        stored(four, [multiplier, constant, shift], bounds)
    }
}
