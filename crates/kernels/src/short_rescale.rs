//! The shortest requantization for cores with a high multiply.
//!
//! The compiler proves for each operator, over all accumulators that can occur, that it equals
//! [`crate::requantize::Requantize`].

/// How accumulators become stored values, channel by channel.
#[derive(Debug)]
pub struct ShortRescale {
    /// Fixed-point multipliers in `[2^30, 2^31)` or 0, one for each output channel.
    pub multipliers: &'static [i32],
    /// Shifts to the right in `[1, 20]`, one for each output channel.
    pub rights: &'static [i8],
    /// Whether values below the zero point are stored, so that their ties matter.
    pub is_signed: bool,
    /// Zero point of the output.
    pub zero_point: i32,
    /// Smallest stored value, in `[-128, 127]`.
    pub low: i32,
    /// Largest stored value, less the smallest.
    pub span: i32,
}

/// What one channel needs.
#[derive(Clone, Copy, Debug)]
pub struct Channel {
    multiplier: i32,
    constant: i32,
    right: u32,
}

impl ShortRescale {
    /// What a channel needs; anything for a channel that does not exist.
    #[inline]
    #[must_use]
    #[allow(clippy::cast_sign_loss)] // in [1, 20] by contract
    pub fn channel(&self, index: usize) -> Channel {
        let multiplier = self.multipliers.get(index).copied().unwrap_or_default();
        let right = self.rights.get(index).copied().unwrap_or_default();
        let half = 2 * (self.zero_point - self.low) + 1;
        Channel {
            multiplier,
            constant: half.wrapping_shl(right as u32) + 1,
            right: right as u32 + 1,
        }
    }

    /// The stored value of an accumulator below `2^29` in size.
    #[inline]
    #[must_use]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // high words, see below
    pub fn store(&self, accumulator: i32, channel: Channel) -> i8 {
        let product = i64::from(accumulator << 2) * i64::from(channel.multiplier);
        let mut sum = ((product >> 32) as i32).wrapping_add(channel.constant);
        if self.is_signed {
            sum += (accumulator >> 31) << 1;
        }
        let above = sum.wrapping_shr(channel.right);
        // One comparison for both bounds: what is negative is large when unsigned.
        let limited = if above as u32 > self.span as u32 {
            !(above >> 31) & self.span
        } else {
            above
        };
        (limited + self.low) as i8
    }
}
