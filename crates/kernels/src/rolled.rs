//! Loops that stay short. The compiler unrolls loops, peels their first turns, and replaces those
//! that fill or copy by calls of `memset` and `memcpy`, which take two kilobytes of flash on Arm.

use core::hint::black_box;

/// Keeps the loop that it stands in as it is written, for loops that cost little beside others.
#[inline(always)]
pub fn rolled() {
    black_box(());
}

/// Makes all words a value.
#[inline(never)]
pub fn fill(to: &mut [u32], value: u32) {
    for to in to {
        *to = value;
        rolled();
    }
}

/// Makes all bytes a value.
#[inline(never)]
pub fn fill_bytes(to: &mut [i8], value: i8) {
    let mut quads = to.chunks_exact_mut(4);
    for quad in &mut quads {
        quad.copy_from_slice(&[value; 4]);
        rolled();
    }
    for to in quads.into_remainder() {
        *to = value;
        rolled();
    }
}

/// Copies as many bytes as both have.
#[inline(never)]
pub fn copy(from: &[i8], to: &mut [i8]) {
    let length = from.len().min(to.len());
    let (Some(from), Some(to)) = (from.get(..length), to.get_mut(..length)) else {
        return;
    };
    let (mut quads, froms) = (to.chunks_exact_mut(4), from.chunks_exact(4));
    let last = froms.remainder();
    for (to, from) in (&mut quads).zip(froms) {
        to.copy_from_slice(from);
        rolled();
    }
    for (to, &from) in quads.into_remainder().iter_mut().zip(last) {
        *to = from;
        rolled();
    }
}

/// A word of four equal bytes.
#[inline]
#[must_use]
pub fn repeated(byte: i8) -> u32 {
    let [byte] = byte.to_le_bytes();
    u32::from_ne_bytes([byte; 4])
}
