//! FullyConnected for cores without SIMD, four channels at a time.

use crate::instructions::dots::{dots, CHANNELS};
use runtime::{Claim, View};

/// Parameters of [`fully_connected_quads`].
#[derive(Debug)]
pub struct FullyConnectedQuads {
    /// Elements of an input row.
    pub depth: usize,
    /// Weights `[outputs, depth]`, with a zero point of 0.
    pub weights: &'static [i8],
    /// For each output the bias, less the zero point of the input times the sum of the weights;
    /// then multiplier, constant and shift.
    pub records: &'static [i32],
    /// Whether values below the zero point are stored.
    pub is_signed: bool,
    /// Smallest stored value, in `[-128, 127]`.
    pub low: i32,
    /// Largest stored value, less the smallest.
    pub span: i32,
}

/// Numbers of an output.
const RECORD: usize = 4;

/// Computes `[rows, outputs]` from `[rows, depth]`; a pixel of the claim is a row.
pub fn fully_connected_quads(params: &FullyConnectedQuads, claim: Claim<'_, (i8,), i8>) {
    let input = claim.input();
    let first = claim.output.channels().start;
    for (row, outputs) in claim.output.by_pixel() {
        let values = input.row(row, params.depth);
        for (block, channel) in outputs
            .chunks_mut(CHANNELS)
            .zip((first..).step_by(CHANNELS))
        {
            compute(params, values, channel, block);
        }
    }
}

/// Computes up to four channels from `channel` on.
#[inline]
fn compute(params: &FullyConnectedQuads, values: &[i8], channel: usize, outputs: &mut [i8]) {
    let weights = View::new(params.weights);
    let records = params.records.get(channel * RECORD..).unwrap_or_default();
    let mut sums = [0; CHANNELS];
    let mut rows = [weights.row(channel, params.depth); CHANNELS];
    let places = sums
        .iter_mut()
        .zip(&mut rows)
        .zip(records.chunks_exact(RECORD));
    for (((sum, row), record), number) in places.zip(channel..).take(outputs.len()) {
        // Where there are fewer than four outputs the rest repeat the first.
        *row = weights.row(number, params.depth);
        *sum = record.first().copied().unwrap_or_default();
    }
    dots(values, rows, &mut sums);
    for ((output, &sum), record) in outputs
        .iter_mut()
        .zip(&sums)
        .zip(records.chunks_exact(RECORD))
    {
        *output = store(params, sum, record);
    }
}

/// The stored value of a sum below `2^29` in size.
#[inline]
#[allow(clippy::cast_possible_truncation)] // a high word, and a value in [-128, 127]
fn store(params: &FullyConnectedQuads, sum: i32, record: &[i32]) -> i8 {
    let &[_, multiplier, constant, shift] = record else {
        return 0;
    };
    let product = (i64::from(sum << 2) * i64::from(multiplier)) >> 32;
    // Below zero ties are rounded down.
    let ties = if params.is_signed {
        (sum >> 31) << 1
    } else {
        0
    };
    let above = (product as i32 + constant + ties).wrapping_shr(shift.unsigned_abs());
    (above.max(0).min(params.span) + params.low) as i8
}
