//! AveragePool2d for cores without SIMD: four channels at a time, multiplied by a reciprocal.

use crate::average_pool2d::AveragePool2d;
use crate::requantize::narrow;
use crate::rolled::rolled;
use runtime::Claim;

/// Channels that are summed together.
const GROUP: usize = 4;

/// Computes `[pixels, depth]` from `[height, width, depth]`; padding does not count.
///
/// The filter has at most [`Mean::MOST`] taps.
pub fn average_pool2d_quads(params: &AveragePool2d, claim: Claim<'_, (i8,), i8>) {
    let input = claim.input().flat();
    let first = claim.output.channels().start;
    for (pixel, outputs) in claim.output.by_pixel() {
        let (rows, columns) = params.window.inside(pixel);
        let mean = Mean::of(rows.count * columns.count);
        let width = params.window.input_width();
        let seen = Seen {
            rows: rows.count,
            columns: columns.count,
            depth: params.depth,
            line: width * params.depth,
        };
        let store = |sum| narrow(mean.apply(sum).max(params.low).min(params.high));
        let mut at = (rows.start * width + columns.start) * params.depth + first;
        let mut groups = outputs.chunks_exact_mut(GROUP);
        for group in &mut groups {
            let sums: [i32; GROUP] = seen.sums(input, at);
            for (output, sum) in group.iter_mut().zip(sums) {
                *output = store(sum);
            }
            at += GROUP;
        }
        for output in groups.into_remainder() {
            let [sum] = seen.sums(input, at);
            *output = store(sum);
            at += 1;
        }
    }
}

/// What lies inside the input under a filter.
struct Seen {
    rows: usize,
    columns: usize,
    /// Elements from a pixel to the next.
    depth: usize,
    /// Elements from a row to the next.
    line: usize,
}

impl Seen {
    /// Sums `N` channels, of which the first pixel's first one lies at `at`.
    #[inline]
    fn sums<const N: usize>(&self, input: &[i8], mut at: usize) -> [i32; N] {
        let mut sums = [0; N];
        for _ in 0..self.rows {
            let row = input.get(at..).unwrap_or_default();
            for pixel in row.chunks(self.depth.max(1)).take(self.columns) {
                for (sum, &value) in sums.iter_mut().zip(pixel.first_chunk().unwrap_or(&[0; N])) {
                    *sum += i32::from(value);
                }
                rolled();
            }
            at += self.line;
        }
        sums
    }
}

/// Divides the sums of a pixel's channels by the number of its taps.
///
/// `sum * (2^24 / count + e) / 2^24` with `0 < e <= 1` is too large by less than `1 / count` where
/// `sum * count < 2^24`, and a rounded sum is less than `128.5 * count`.
#[derive(Clone, Copy, Debug)]
pub struct Mean {
    half: u32,
    reciprocal: u32,
}

impl Mean {
    /// Most values of which there can be a mean: `128.5 * 361^2 < 2^24`.
    pub const MOST: usize = 361;
    const ONE: u32 = 1 << 24;

    /// The mean of `count` values of 8 bits, at most [`Self::MOST`]; of none it is 0.
    #[inline]
    #[must_use]
    #[allow(clippy::cast_possible_truncation)] // by contract
    pub fn of(count: usize) -> Self {
        let count = count as u32;
        Self {
            half: count / 2,
            reciprocal: Self::ONE.checked_div(count).unwrap_or_default() + 1,
        }
    }

    /// `sum / count`, rounded to nearest, ties away from zero; the sum is in `[-128, 127] * count`.
    #[inline]
    #[must_use]
    #[allow(clippy::cast_possible_wrap)] // a mean of i8 fits
    pub fn apply(&self, sum: i32) -> i32 {
        let rounded = sum.unsigned_abs() + self.half;
        let size = (rounded.wrapping_mul(self.reciprocal) / Self::ONE) as i32;
        if sum < 0 {
            -size
        } else {
            size
        }
    }
}
