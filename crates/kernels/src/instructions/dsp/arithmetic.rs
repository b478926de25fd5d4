//! What the instructions compute, in plain Rust: the twins are made of these.

/// `SXTB16`: bytes 0 and 2 of a word as the halves of another.
#[inline]
#[must_use]
pub fn sxtb16(word: u32) -> u32 {
    let [low, _, high, _] = word.to_le_bytes().map(|byte| i8::from_le_bytes([byte]));
    halves(i16::from(low), i16::from(high))
}

/// `SMLAD`: adds the products of both halves.
#[inline]
#[must_use]
pub fn smlad(first: u32, second: u32, sum: i32) -> i32 {
    let low = i32::from(low(first)) * i32::from(low(second));
    let high = i32::from(high(first)) * i32::from(high(second));
    sum.wrapping_add(low).wrapping_add(high)
}

/// `SMMLAR`: adds the upper half of a product, rounded to nearest, ties towards infinity.
#[inline]
#[must_use]
#[allow(clippy::cast_possible_truncation)] // as the instruction
pub fn smmlar(first: i32, second: i32, sum: i32) -> i32 {
    let product = i64::from(first) * i64::from(second);
    let wide = (i64::from(sum) << 32).wrapping_add(product);
    (wide.wrapping_add(1 << 31) >> 32) as i32
}

/// `SMMLSR`: subtracts a product from the upper half of a sum, and rounds as [`smmlar`].
#[inline]
#[must_use]
#[allow(clippy::cast_possible_truncation)] // as the instruction
pub fn smmlsr(first: i32, second: i32, sum: i32) -> i32 {
    let product = i64::from(first) * i64::from(second);
    let wide = (i64::from(sum) << 32).wrapping_sub(product);
    (wide.wrapping_add(1 << 31) >> 32) as i32
}

/// A word of two halves.
#[inline]
#[must_use]
pub fn halves(low: i16, high: i16) -> u32 {
    let [a, b] = low.to_le_bytes();
    let [c, d] = high.to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

/// The lower half of a word.
#[inline]
#[must_use]
#[allow(clippy::cast_possible_truncation)] // half of it
#[allow(clippy::cast_possible_wrap)]
pub fn low(word: u32) -> i16 {
    word as i16
}

/// The upper half of a word.
#[inline]
#[must_use]
pub fn high(word: u32) -> i16 {
    low(word >> 16)
}

/// The stored value of an accumulator, from the constants of `dsp.py`.
///
/// The two multiplications are those of the double rounding. Below zero the second rounds ties
/// away from zero only if 1 is taken off first, which is left out where that is clamped anyway, or
/// the scale sees to it.
#[inline]
#[must_use]
#[allow(clippy::cast_possible_truncation)] // clamped
pub fn stored(accumulator: i32, multiplier: i32, scale: i32, zero_point: i32, signed: bool) -> i8 {
    let mut scaled = smmlar(accumulator, multiplier, accumulator);
    if signed {
        scaled = scaled.wrapping_add(scaled >> 31);
    }
    smmlsr(scaled, scale, zero_point).clamp(-128, 127) as i8
}
