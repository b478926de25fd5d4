//! From reset to Rust, on either core.

use crate::{core_index, CORES};
use core::arch::global_asm;

// The image's core starts at `_start` with the image's vector table. It enables its floating-point
// unit, where there is one, and sets the limit of its stack, so that an overflow is a fault.
global_asm!(
    ".section .vectors, \"a\"",
    ".balign 128",
    ".word _stack_top",
    ".word _start",
    ".rept 14",
    ".word _fault",
    ".endr",
    ".section .text.reset, \"ax\"",
    ".thumb",
    ".global _start",
    ".type _start, %function",
    ".thumb_func",
    "_start:",
    "ldr r0, =0xE000ED88", // CPACR: access to coprocessors 10 and 11, ignored without a unit
    "ldr r1, [r0]",
    "orr r1, r1, #0xF00000",
    "str r1, [r0]",
    "dsb",
    "isb",
    "ldr r0, =_stack_bottom",
    "msr msplim, r0",
    "ldr r0, =_data_image",
    "ldr r1, =_data_start",
    "ldr r2, =_data_end",
    "0: cmp r1, r2",
    "bhs 1f",
    "ldr r3, [r0], #4",
    "str r3, [r1], #4",
    "b 0b",
    "1: ldr r1, =_bss_start",
    "ldr r2, =_bss_end",
    "bl _clear",
    "ldr r1, =_team_start",
    "ldr r2, =_team_cleared",
    "bl _clear",
    "bl _entry",
    "udf #0",
    // Fills memory from r1 up to r2 with zeros.
    ".type _clear, %function",
    ".thumb_func",
    "_clear:",
    "movs r3, #0",
    "2: cmp r1, r2",
    "bhs 3f",
    "str r3, [r1], #4",
    "b 2b",
    "3: bx lr",
    // Any fault: starts again at the top of the stack, as the fault may be an overflow.
    ".type _fault, %function",
    ".thumb_func",
    "_fault:",
    "movs r0, #0",
    "msr msplim, r0",
    "ldr r0, =_stack_top",
    "mov sp, r0",
    "bl fault",
    ".global _hang",
    ".type _hang, %function",
    ".thumb_func",
    "_hang:",
    "wfi",
    "b _hang",
    ".ltorg",
);

unsafe extern "C" {
    /// Core 1's vector table, in its own image: stack pointer, then where it starts.
    static _vectors_1: [u32; 2];
}

/// Starts core `core`; false when it is not core 1, when its image is not in flash, or when it has
/// been started before.
///
/// `_entry` is what the core would run in this image. It has an image of its own, so it runs what
/// that one names.
#[must_use]
pub fn start(core: usize, _entry: fn() -> !) -> bool {
    const INITIAL_VECTORS: *mut u32 = 0x5002_1114 as *mut u32;
    const CPU_WAIT: *mut u32 = 0x5002_1118 as *mut u32;
    if core_index() != 0 || core == 0 || core >= CORES {
        return false;
    }
    let vectors = &raw const _vectors_1;
    // SAFETY: flash, and registers of the SSE-200's system control: which cores wait after reset,
    // and where core 1 finds its vector table. Core 1 still waits if its bit is set, and only this
    // core clears it.
    unsafe {
        let [stack, entry] = vectors.read_volatile();
        let is_blank = |word: u32| word == 0 || word == u32::MAX;
        if is_blank(stack) || is_blank(entry) || CPU_WAIT.read_volatile() & 1 << core == 0 {
            return false;
        }
        INITIAL_VECTORS.write_volatile(vectors as u32);
        CPU_WAIT.write_volatile(0);
    }
    true
}
