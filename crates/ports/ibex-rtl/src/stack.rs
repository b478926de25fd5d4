//! How deep a core's stack gets.

use crate::core_index;
use core::arch::asm;

/// What unused stack is filled with.
const PAINT: u32 = 0xA5C3_5A3C;

/// A core's stack below one point of its program, painted.
#[derive(Debug)]
pub struct Painted {
    bottom: *const u32,
    /// The stack pointer when it was painted.
    from: *const u32,
}

/// Paints the calling hart's stack below the caller's frame.
#[inline(always)]
#[must_use]
pub fn paint() -> Painted {
    let bottom = bottom();
    let from: *const u32;
    // SAFETY: writes to this core's stack, from its bottom up to the stack pointer: no frame of
    // any function is there, as this code neither pushes nor calls.
    unsafe {
        asm!(
            "mv {from}, sp",
            "0: bgeu {word}, {from}, 1f",
            "sw {paint}, 0({word})",
            "addi {word}, {word}, 4",
            "j 0b",
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
    /// Bytes below the painting point that have been used since; to be called on the same core.
    #[must_use]
    pub fn depth(&self) -> usize {
        let mut word = self.bottom;
        // SAFETY: aligned words of this core's stack. Those below the present stack pointer
        // belong to nobody; the scan ends at the latest where the painting began.
        while word < self.from && unsafe { word.read_volatile() } == PAINT {
            word = word.wrapping_add(1);
        }
        self.from as usize - word as usize
    }
}

/// The lowest word of the calling hart's stack that is not guarded.
fn bottom() -> *const u32 {
    const GUARD: usize = 64;
    unsafe extern "C" {
        static _lead_stack_bottom: u8;
        static _helper_stacks_bottom: u8;
        static _helper_stack_bytes: u8;
    }
    let stack = match core_index() {
        0 => &raw const _lead_stack_bottom,
        hart => {
            let bytes = &raw const _helper_stack_bytes as usize;
            (&raw const _helper_stacks_bottom).wrapping_add((hart - 1) * bytes)
        }
    };
    stack.wrapping_add(GUARD).cast()
}
