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
/// assembly does, in plain Rust for its twins.
///
/// `clamp((four * multiplier / 2^32 + constant) >> shift, 0, span) + low`, rounded down, with 2
/// less before the shift where `four` is negative and results are signed.
#[cfg(not(target_arch = "riscv32"))]
#[must_use]
#[allow(clippy::cast_possible_truncation)] // in [-128, 127]
pub fn stored(four: i32, [multiplier, constant, shift]: [i32; 3], bounds: Bounds) -> i8 {
    let product = (i64::from(four) * i64::from(multiplier)) >> 32;
    let ties = i64::from(bounds.is_signed && four < 0) * -2;
    let above = (product + i64::from(constant) + ties) >> shift;
    (above.clamp(0, i64::from(bounds.span)) + i64::from(bounds.low)) as i8
}
