//! Requantization for cores without a high multiply: two products that fit 32 bits.

/// How the sums of an operator become stored values, channel by channel.
#[derive(Debug)]
pub struct SplitRescale {
    /// For each channel [`WORDS`] numbers, or [`SIGNED_WORDS`]: where sums begin; a factor; a
    /// constant; the largest sum that is not clamped, times 256, plus the shift. A shift of 0 says
    /// that one product is enough; there is none if there are two more numbers: the sums below
    /// which the accumulator is negative, and what is added to the constant there.
    pub records: &'static [u32],
    /// Whether there are the last two.
    pub is_signed: bool,
    /// Smallest stored value, in `[-128, 127]`.
    pub low: i8,
    /// Largest stored value, in `[low, 127]`.
    pub high: i8,
}

/// Numbers of a channel.
pub const WORDS: usize = 4;

/// Numbers of a channel whose ties are rounded otherwise below zero than above.
pub const SIGNED_WORDS: usize = 6;

impl SplitRescale {
    /// Numbers of each channel.
    #[inline]
    #[must_use]
    pub const fn words(&self) -> usize {
        if self.is_signed {
            SIGNED_WORDS
        } else {
            WORDS
        }
    }

    /// The numbers of channels from this one on.
    #[inline]
    #[must_use]
    pub fn records(&self, channel: usize) -> &[u32] {
        let first = channel.wrapping_mul(self.words());
        self.records.get(first..).unwrap_or_default()
    }

    /// The stored value of a channel's sum that began with 0.
    #[inline]
    #[must_use]
    #[allow(clippy::cast_possible_wrap)] // a word
    pub fn of_products(&self, channel: usize, sum: i32) -> i8 {
        let record = self.records(channel).get(..self.words());
        let record = record.unwrap_or_default();
        let first = record.first().copied().unwrap_or_default() as i32;
        self.stored(record, first.wrapping_add(sum))
    }

    /// The stored value of a sum, by the numbers of its channel.
    #[inline(never)]
    #[must_use]
    #[allow(clippy::cast_possible_wrap, clippy::cast_sign_loss)] // words
    #[allow(clippy::cast_possible_truncation)] // a byte
    pub fn stored(&self, record: &[u32], sum: i32) -> i8 {
        let &[_, factor, constant, span, ref signed @ ..] = record else {
            return 0;
        };
        let sum = sum as u32;
        if sum > span >> 8 {
            let is_below = (sum as i32) < 0;
            return if is_below { self.low } else { self.high };
        }
        // A shift has 5 bits, and takes the lowest of a number.
        let high = factor.wrapping_shr(span);
        let rest = factor.wrapping_sub(high.wrapping_shl(span));
        let mut total = sum.wrapping_mul(rest).wrapping_shr(span);
        total = total.wrapping_add(constant);
        if let (true, &[zero, below, ..]) = (self.is_signed, signed) {
            if sum < zero {
                total = total.wrapping_add(below);
            }
        }
        (total.wrapping_add(sum.wrapping_mul(high)) >> 24) as i8
    }
}
