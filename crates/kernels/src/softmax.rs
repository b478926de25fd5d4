//! Softmax: every row becomes probabilities.
//!
//! Exponentials and their inverse sums have 31 fractional bits, sums have 19, as in gemmlowp.

use crate::requantize::{doubling_high, narrow};
use crate::rolled::rolled;
use crate::wide::product;
use core::hint::black_box;
use runtime::Claim;

/// Parameters of [`softmax`].
#[derive(Debug)]
pub struct Softmax {
    /// Elements of a row, at most 4,095.
    pub depth: usize,
    /// Exponentials of the differences 0, -1, -2... from a row's maximum; beyond them it is 0.
    pub exponentials: &'static [u32],
}

/// Computes `[rows, depth]` from the same shape; a pixel of the claim is a row, never a part of it.
#[allow(clippy::cast_possible_truncation)] // a word of two
pub fn softmax(params: &Softmax, claim: Claim<'_, (i8,), i8>) {
    let input = claim.input();
    for (row, outputs) in claim.output.by_pixel() {
        let values = input.row(row, params.depth);
        let mut largest = i32::from(i8::MIN);
        for &value in values {
            largest = largest.max(value.into());
            rolled();
        }
        let mut sum = 0_u32;
        for &value in values {
            // Rounded to nearest.
            let exponential = params.exponential(largest, value).wrapping_add(1 << 11);
            sum = sum.wrapping_add(exponential >> 12);
            rolled();
        }
        // The sum is `2^(12 - zeros)` times a number in [1, 2); the largest value adds 2^19.
        let mut zeros = 12;
        while zeros > 0 && sum.wrapping_shr(32 - zeros) != 0 {
            zeros -= 1;
            rolled();
        }
        let inverse = inverse((sum.wrapping_shl(zeros) >> 1) as i32);
        // Rounded twice: to 31 bits less, and then to 8. Beyond 31 every share is 0.
        let shift = 34_u32.wrapping_sub(zeros).min(31);
        let halves = (1 << 30) | i64::from(1_i32.wrapping_shl(shift.wrapping_sub(1))) << 32;
        for (output, &value) in outputs.iter_mut().zip(values) {
            let share = product(inverse, params.exponential(largest, value) as i32);
            let share = (((share + halves) >> 32) as i32).wrapping_shr(shift);
            *output = narrow((share - 128).min(127));
            rolled();
        }
    }
}

impl Softmax {
    /// The exponential of a value less the row's largest one.
    #[inline]
    fn exponential(&self, largest: i32, value: i8) -> u32 {
        let difference = (largest - i32::from(value)) as usize;
        let found = self.exponentials.get(difference);
        found.copied().unwrap_or_default()
    }
}

/// `1 / (2 * half)` for a half in `[1/2, 1)` with 31 fractional bits: Newton's method.
fn inverse(half: i32) -> i32 {
    // 48/17 - 32/17 * half, with 29 fractional bits.
    let mut x = 1_515_870_810 + doubling_high(half, -1_010_580_540);
    for _ in 0..black_box(3) {
        x += doubling_high(x, (1 << 29) - doubling_high(half, x)) << 2;
        rolled();
    }
    x.saturating_mul(2)
}
