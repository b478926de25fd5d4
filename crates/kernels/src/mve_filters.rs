//! Filters as the inner loops for the vector extension MVE read them.

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
        BLOCK + self.vectors * BLOCK * (VECTOR / size_of::<i32>()) + BLOCK + 1
    }
}
