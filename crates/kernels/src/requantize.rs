//! Requantization: from accumulators to stored values.
//!
//! The arithmetic is that of `fixed_point.py`, gemmlowp's double rounding, as TensorFlow Lite
//! Micro has it.

use crate::wide::doubled;

/// How the accumulators of an operator become stored values, channel by channel.
#[derive(Debug)]
pub struct Requantize {
    /// Fixed-point multipliers in `[2^30, 2^31)` or 0, one for each output channel.
    pub multipliers: &'static [i32],
    /// Powers of two, one for each output channel; negative is a right shift.
    pub shifts: &'static [i8],
    /// Zero point of the output.
    pub zero_point: i32,
    /// Smallest stored value, in `[-128, 127]`.
    pub low: i32,
    /// Largest stored value, in `[low, 127]`.
    pub high: i32,
}

impl Requantize {
    /// The stored value of an accumulator of this channel.
    #[inline]
    #[must_use]
    pub fn apply(&self, accumulator: i32, channel: usize) -> i8 {
        let multiplier = self.multipliers.get(channel).copied().unwrap_or_default();
        let shift = self.shifts.get(channel).copied().unwrap_or_default();
        self.store(accumulator, multiplier, shift)
    }

    /// Stores the accumulators of a run of channels, of which the first is `channel`.
    #[inline]
    pub fn apply_run(&self, accumulators: &[i32], channel: usize, outputs: &mut [i8]) {
        let multipliers = self.multipliers.get(channel..).unwrap_or_default();
        let shifts = self.shifts.get(channel..).unwrap_or_default();
        let scales = multipliers.iter().zip(shifts);
        for ((output, &accumulator), (&multiplier, &shift)) in
            outputs.iter_mut().zip(accumulators).zip(scales)
        {
            *output = self.store(accumulator, multiplier, shift);
        }
    }

    #[inline]
    fn store(&self, accumulator: i32, multiplier: i32, shift: i8) -> i8 {
        let scaled = scale(accumulator, multiplier, shift).wrapping_add(self.zero_point);
        narrow(scaled.max(self.low).min(self.high))
    }
}

/// `value * multiplier * 2^(shift - 31)` with double rounding.
#[inline]
#[must_use]
pub fn scale(value: i32, multiplier: i32, shift: i8) -> i32 {
    let shift = i32::from(shift);
    let shifted = value.wrapping_shl(shift.max(0).unsigned_abs());
    rounding_shift(
        doubling_high(shifted, multiplier),
        (-shift).max(0).unsigned_abs(),
    )
}

/// `a * b / 2^31`, rounded to nearest, ties towards positive infinity; not both are `i32::MIN`.
#[inline]
#[must_use]
pub fn doubling_high(a: i32, b: i32) -> i32 {
    doubled(a, b)
}

/// `value / 2^right`, rounded to nearest, ties away from zero; `right` is in `[0, 31]`.
#[inline]
#[must_use]
#[allow(clippy::cast_possible_wrap)] // 31 bits at most
pub fn rounding_shift(value: i32, right: u32) -> i32 {
    let mask = (1_u32.wrapping_shl(right) - 1) as i32;
    let threshold = (mask >> 1) + i32::from(value < 0);
    value.wrapping_shr(right) + i32::from((value & mask) > threshold)
}

/// A value in `[-128, 127]` as `i8`.
#[inline]
#[must_use]
#[allow(clippy::cast_possible_truncation)] // in range by contract
pub const fn narrow(value: i32) -> i8 {
    value as i8
}
