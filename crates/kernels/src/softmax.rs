//! Softmax: every row becomes probabilities.
//!
//! Exponentials and their inverse sums have 31 fractional bits, sums have 19, as in gemmlowp.

use crate::requantize::{self, narrow};
use crate::rolled::rolled;
use core::hint::black_box;
use runtime::Claim;

/// Parameters of [`softmax`].
#[derive(Debug)]
pub struct Softmax {
    /// Elements of a row, at most 4,095.
    pub depth: usize,
    /// Exponentials of the differences 0, -1, -2... from a row's maximum; beyond them it is 0.
    pub exponentials: &'static [i32],
}

/// Bits that are shifted out first, because the whole shift can be more than 31.
const SPLIT: u32 = 16;

/// Computes `[rows, depth]` from the same shape; a pixel of the claim is a row, never a part of it.
pub fn softmax(params: &Softmax, claim: Claim<'_, (i8,), i8>) {
    let input = claim.input();
    for (row, outputs) in claim.output.by_pixel() {
        let values = input.row(row, params.depth);
        let mut largest = i8::MIN;
        for &value in values {
            largest = largest.max(value);
            rolled();
        }
        let mut sum = 0;
        for &value in values {
            sum += rounded(params.exponential(largest, value), 12);
            rolled();
        }
        // The sum is `2^(12 - zeros)` times a number in [1, 2).
        let zeros = sum.leading_zeros();
        let inverse = inverse(sum.wrapping_shl(zeros) & i32::MAX);
        // The largest value's own share of the sum is 2^19, so there are at most 12 zeros.
        let shift = 35_u32.saturating_sub(zeros).saturating_sub(SPLIT);
        for (output, &value) in outputs.iter_mut().zip(values) {
            let share = doubling_high(inverse, params.exponential(largest, value));
            let share = rounded(share >> SPLIT, shift);
            *output = narrow((share - 128).min(127));
            rolled();
        }
    }
}

impl Softmax {
    /// The exponential of a value less the row's largest one.
    #[inline]
    fn exponential(&self, largest: i8, value: i8) -> i32 {
        let difference = usize::from(largest.abs_diff(value));
        self.exponentials
            .get(difference)
            .copied()
            .unwrap_or_default()
    }
}

/// `value / 2^right`, rounded to nearest, of a value that is not negative; `right` is 1 to 31.
#[inline]
fn rounded(value: i32, right: u32) -> i32 {
    // One bit is left for the rounding, which cannot leave 32 bits so.
    (value.wrapping_shr(right - 1) + 1) >> 1
}

/// [`requantize::doubling_high`]; one copy, because some cores need many instructions for it.
#[inline(never)]
fn doubling_high(a: i32, b: i32) -> i32 {
    requantize::doubling_high(a, b)
}

/// `1 / (1 + value)` for a value in `[0, 1)`: Newton's method on half of it.
fn inverse(value: i32) -> i32 {
    let half = (value >> 1) + (1 << 30);
    // 48/17 - 32/17 * half, with 29 fractional bits.
    let mut x = 1_515_870_810 + doubling_high(half, -1_010_580_540);
    for _ in 0..black_box(3) {
        x += doubling_high(x, (1 << 29) - doubling_high(half, x)) << 2;
    }
    x.saturating_mul(2)
}
