//! How deep the stack of this image's core gets.

use core::arch::asm;

/// What unused stack is filled with.
const PAINT: u32 = 0xA5C3_5A3C;

/// The stack below one point of the program, painted.
#[derive(Debug)]
pub struct Painted {
    bottom: *const u32,
    /// The stack pointer when it was painted.
    from: *const u32,
}

/// Paints the stack below the caller's frame.
#[inline(always)]
#[must_use]
pub fn paint() -> Painted {
    unsafe extern "C" {
        static _stack_bottom: u32;
    }
    let bottom = &raw const _stack_bottom;
    let from: *const u32;
    // SAFETY: writes to the stack, from its bottom up to the stack pointer: no frame of any
    // function is there, as this code neither pushes nor calls.
    unsafe {
        asm!(
            "mov {from}, sp",
            "0: cmp {word}, {from}",
            "bhs 1f",
            "str {paint}, [{word}]",
            "adds {word}, {word}, #4",
            "b 0b",
            "1:",
            word = inout(reg) bottom => _,
            from = out(reg) from,
            paint = in(reg) PAINT,
            options(nostack),
        );
    }
    Painted { bottom, from }
}

impl Painted {
    /// Bytes below the painting point that have been used since.
    #[must_use]
    pub fn depth(&self) -> usize {
        let mut word = self.bottom;
        // SAFETY: aligned words of the stack. Those below the present stack pointer belong to
        // nobody; the scan ends at the latest where the painting began.
        while word < self.from && unsafe { word.read_volatile() } == PAINT {
            word = word.wrapping_add(1);
        }
        self.from as usize - word as usize
    }
}
