//! Means by a reciprocal, for kernels that multiply where others divide.

use crate::requantize::narrow;

/// Divides the sums of a pixel's channels by the number of its taps.
///
/// A sum is multiplied by `2^24 / count + e`, so that the quotient is off by `sum * e / 2^24`, and
/// rounded by adding a half and shifting, which takes ties up. Ties are of even numbers of values;
/// with `0 < e <= 1` those below 0 are just below a tie, and go down. What is no tie is away from
/// one by `1 / count`, or by half of that for odd numbers, for which `e` is half as large at most.
#[derive(Clone, Copy, Debug)]
pub struct Mean {
    reciprocal: i32,
}

impl Mean {
    /// Most values of which there can be a mean: `128 * 362^2 < 2^24`.
    pub const MOST: usize = 362;

    /// The mean of `count` values of 8 bits, at most [`Self::MOST`]; of none it is 0.
    #[inline]
    #[must_use]
    #[allow(clippy::cast_possible_wrap)] // it is at most 2^24
    pub fn of(count: usize) -> Self {
        Self {
            reciprocal: reciprocal(1 << 24, count) as i32,
        }
    }

    /// What sums are multiplied by, with 24 bits behind the point.
    #[inline]
    #[must_use]
    pub fn reciprocal(&self) -> i32 {
        self.reciprocal
    }

    /// `sum / count`, rounded to nearest, ties away from zero; the sum is in `[-128, 127] * count`.
    ///
    /// A product below `-2^31` comes back when the half is added.
    #[inline]
    #[must_use]
    pub fn apply(&self, sum: i32) -> i8 {
        narrow(sum.wrapping_mul(self.reciprocal).wrapping_add(1 << 23) >> 24)
    }
}

/// `one / count + e`: of even numbers `e` is above 0 and at most 1, of odd ones at most a half on
/// either side. Of none it is 0.
#[inline]
#[must_use]
#[allow(clippy::cast_possible_truncation)] // taps of a filter fit
pub fn reciprocal(one: u32, count: usize) -> u32 {
    let count = count as u32;
    let more = if count % 2 == 0 { count } else { count / 2 };
    one.wrapping_add(more)
        .checked_div(count)
        .unwrap_or_default()
}
