//! Requantization as the vector instructions have it.

use crate::mve_filters::MveRange;
use crate::requantize::{doubling_high, narrow};

/// The stored value of an accumulator; the shift is -1 or less.
///
/// `VQRDMULH` is the doubling high multiply. `VRSHL` rounds ties up; one less for a negative
/// accumulator makes them away from zero, as a shift of at least one bit leaves no other trace of
/// it. `VQDMLAH` subtracts it: twice the accumulator times 1, its upper half, is 0 or -1.
#[inline]
#[must_use]
pub fn stored(accumulator: i32, multiplier: i32, shift: i8, range: MveRange) -> i8 {
    let scaled = doubling_high(accumulator, multiplier) + (accumulator >> 31);
    let right = shift.unsigned_abs().clamp(1, 31);
    let half = 1_i64 << (right - 1);
    #[allow(clippy::cast_possible_truncation)] // of a number that fits before it is shifted
    let shifted = ((i64::from(scaled) + half) >> right) as i32;
    let value = shifted.saturating_add(range.zero_point);
    narrow(value.max(range.low).min(range.high))
}
