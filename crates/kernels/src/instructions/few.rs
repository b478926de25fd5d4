//! Sums of two channels in one multiplication, out of the input as it lies in memory.
//!
//! A word of weights holds that of one channel in its low half, and has that of another added to it
//! times `2^16`; times a value it is both products. Those of up to four taps are added up before
//! their halves are told apart, so the weights of such a run are small enough that no half leaves 16
//! bits. A row of taps begins with what is left of four.

use crate::instructions::join::Lines;

/// Sums of a pixel: of both halves, later of the low ones alone, and of the high halves.
pub type Sums = [i32; 2];

/// What the inner loops do, in plain Rust: adds up both halves, and the high ones, which are
/// rounded, because a low half borrows from it. Pixels have all rows, and each tap has weights.
#[allow(clippy::cast_possible_wrap)] // halves of words
pub fn twin<const P: usize>(
    pixels: [&[i8]; P],
    lines: &Lines,
    weights: &[u32],
    sums: &mut [Sums; P],
) {
    const RUN: usize = 4;
    for (pixel, [both, high]) in pixels.into_iter().zip(sums) {
        let mut weights = weights.iter();
        for row in lines.rows(pixel) {
            let mut run = 0i32;
            for (left, &value) in (0..row.len()).rev().zip(row) {
                let weight = weights.next().copied().unwrap_or_default() as i32;
                run = run.wrapping_add(weight.wrapping_mul(value.into()));
                if left % RUN == 0 {
                    *both = both.wrapping_add(run);
                    *high = high.wrapping_add((run >> 16) + ((run >> 15) & 1));
                    run = 0;
                }
            }
        }
    }
}
