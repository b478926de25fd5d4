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
    let mut left = to;
    while let [first, second, rest @ ..] = left {
        *first = value;
        *second = value;
        left = rest;
        rolled();
    }
    if let [last] = left {
        *last = value;
    }
}

/// Makes all bytes a value.
#[inline(never)]
pub fn fill_bytes(to: &mut [i8], value: i8) {
    let mut quads = to.chunks_exact_mut(4);
    for quad in &mut quads {
        if cfg!(target_arch = "riscv32") {
            // A word of them would be taken apart again.
            for to in quad {
                *to = value;
            }
        } else {
            quad.copy_from_slice(&[value; 4]);
        }
        rolled();
    }
    for to in quads.into_remainder() {
        *to = value;
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
