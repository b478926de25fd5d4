//! Products of 64 bits, also on cores that multiply 32 bits by 32 and keep the low 32.
//!
//! ARMv6-M is such a core. Rust has no name for it in `cfg`, but it is also the only Arm
//! microcontroller without compare-and-swap.

/// `a * b`.
#[cfg(not(all(target_arch = "arm", not(target_has_atomic = "32"))))]
#[inline]
#[must_use]
pub fn product(a: i32, b: i32) -> i64 {
    i64::from(a) * i64::from(b)
}

/// `a * b`; the compiler's own takes a product of 64 bits by 64, three times as long.
#[cfg(all(target_arch = "arm", not(target_has_atomic = "32")))]
#[inline(never)]
#[must_use]
pub fn product(a: i32, b: i32) -> i64 {
    by_halves(a, b)
}

/// The doubling high product of `requantize.rs`.
#[cfg(not(all(target_arch = "arm", not(target_has_atomic = "32"))))]
#[inline]
#[must_use]
#[allow(clippy::cast_possible_truncation)] // the product of two i32 shifted by 31 fits
pub fn doubled(a: i32, b: i32) -> i32 {
    ((product(a, b) + (1 << 30)) >> 31) as i32
}

/// The doubling high product of `requantize.rs`.
#[cfg(all(target_arch = "arm", not(target_has_atomic = "32")))]
#[inline(never)]
#[must_use]
pub fn doubled(a: i32, b: i32) -> i32 {
    doubled_by_words(a, b)
}

/// `a * b / 2^31` from both words of the product.
#[inline]
#[must_use]
pub fn doubled_by_words(a: i32, b: i32) -> i32 {
    let (high, low) = words(a, b);
    (high << 1).wrapping_add((((low >> 30) + 1) >> 1) as i32)
}

/// `a * b` from products of 32 bits.
#[inline]
#[must_use]
pub fn by_halves(a: i32, b: i32) -> i64 {
    let (high, low) = words(a, b);
    i64::from(high) << 32 | i64::from(low)
}

/// The high and the low word of a product: four products of halves, and the low word's.
#[inline]
#[allow(clippy::cast_sign_loss, clippy::cast_possible_wrap)] // words
fn words(a: i32, b: i32) -> (i32, u32) {
    let ((low_a, high_a), (low_b, high_b)) = (halves(a), halves(b));
    let lowest = (low_a.wrapping_mul(low_b) as u32 >> 16) as i32;
    // Neither sum leaves 32 bits: a half times a half is at most 2^31 - 2^16.
    let first = high_a.wrapping_mul(low_b).wrapping_add(lowest);
    let second = low_a.wrapping_mul(high_b).wrapping_add(first & 0xFFFF);
    let high = high_a
        .wrapping_mul(high_b)
        .wrapping_add(first >> 16)
        .wrapping_add(second >> 16);
    (high, a.wrapping_mul(b) as u32)
}

/// The low half, and the high one with the sign.
#[inline]
const fn halves(value: i32) -> (i32, i32) {
    (value & 0xFFFF, value >> 16)
}
