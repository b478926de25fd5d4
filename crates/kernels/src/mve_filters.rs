//! Filters as the inner loops for the vector extension MVE read them.

use crate::instructions::bytes::bytes;
use crate::instructions::mve::copy::{copy, Rows};
use crate::instructions::mve::multiply::multiply;
use crate::instructions::reach::reach;

/// Elements of a vector.
pub const VECTOR: usize = 16;

/// Channels that are computed at a time.
pub const BLOCK: usize = 4;

/// Weights, bias and requantization, four output channels at a time.
#[derive(Debug)]
pub struct MveFilters {
    /// Output channels, at least 1.
    pub channels: usize,
    /// Vectors of an output channel's taps, at least 1; taps that are missing have weights of 0.
    pub vectors: usize,
    /// For each block of channels: four biases, which the input's zero point is folded into; for
    /// each vector of taps a vector of weights of each channel; four multipliers; four shifts,
    /// which are -1 or less, as bytes of one word. Channels that are missing are 0, their shifts
    /// -1.
    pub blocks: &'static [i32],
    /// From sums to outputs.
    pub range: MveRange,
}

/// How what has been scaled becomes a stored value.
#[derive(Clone, Copy, Debug)]
pub struct MveRange {
    /// Zero point of the output, in `[-128, 127]`.
    pub zero_point: i32,
    /// Smallest stored value, in `[-128, 127]`.
    pub low: i32,
    /// Largest stored value, in `[low, 127]`.
    pub high: i32,
}

impl MveFilters {
    /// Words of a block.
    #[inline]
    #[must_use]
    pub const fn block_words(&self) -> usize {
        reach(
            self.vectors,
            BLOCK * (VECTOR / size_of::<i32>()),
            BLOCK + BLOCK + 1,
        )
    }

    /// Computes outputs from rows of `depth` elements, which follow each other.
    ///
    /// What a row's last vector has of the next row meets weights of 0. Rows without enough
    /// elements behind them are copied to scratch.
    #[inline]
    pub fn rows(&self, values: &[i8], depth: usize, scratch: &mut [u32], outputs: &mut [i8]) {
        let taps = self.vectors.saturating_mul(VECTOR);
        if depth == taps {
            multiply(self, values, depth, outputs);
            return;
        }
        let rows = outputs.len().checked_div(self.channels).unwrap_or_default();
        let more = values.len().checked_sub(taps);
        let inside = more.and_then(|more| more.checked_div(depth));
        let inside = inside.map_or(0, |last| last + 1);
        // Rows are computed in pairs.
        let inside = if inside < rows { inside & !1 } else { rows };
        let Some((here, rest)) = outputs.split_at_mut_checked(inside * self.channels) else {
            return; // never: there are no more rows inside than rows
        };
        multiply(self, values, depth, here);
        if inside < rows {
            let run = Rows {
                count: 1,
                length: (rows - inside).saturating_mul(depth),
                pitch: 0,
                step: 0,
            };
            let copied = bytes(scratch);
            copy(
                values.get(inside * depth..).unwrap_or_default(),
                run,
                copied,
            );
            multiply(self, copied, depth, rest);
        }
    }
}
