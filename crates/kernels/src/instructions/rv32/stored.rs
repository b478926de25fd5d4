//! Requantization as the inner loops have it.

/// Bounds of what is stored.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Smallest stored value, in `[-128, 127]`.
    pub low: i32,
    /// Largest stored value, less the smallest.
    pub span: i32,
    /// Whether values below the zero point are stored, so that their ties matter.
    pub is_signed: bool,
}

/// The stored value of a sum, given four times, by multiplier, constant and shift: what the
/// assembly does, in plain Rust.
///
/// `clamp((four * multiplier / 2^32 + constant) >> shift, 0, span) + low`, rounded down, with 2
/// less before the shift where `four` is negative and results are signed. That fits 32 bits, as the
/// compiler proves.
#[inline]
#[must_use]
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // in range, as proved
pub fn stored(four: i32, [multiplier, constant, shift]: [i32; 3], bounds: Bounds) -> i8 {
    let product = ((i64::from(four) * i64::from(multiplier)) >> 32) as i32;
    let ties = if bounds.is_signed {
        (four >> 31) << 1
    } else {
        0
    };
    let above = product.wrapping_add(constant).wrapping_add(ties);
    let above = above.wrapping_shr(shift as u32);
    (above.clamp(0, bounds.span.max(0)) + bounds.low) as i8
}
