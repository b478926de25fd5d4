//! From reset to Rust, on each hart.

use crate::CORES;
use core::arch::global_asm;
use core::sync::atomic::AtomicPtr;
use core::sync::atomic::Ordering::{Acquire, Release};

// Every hart starts at `_start` with its number in `mhartid`. Hart 0 fills memory; the others
// sleep until their software interrupt is pending, and touch no memory before. Interrupts only
// wake, none is ever taken: `mstatus.MIE` stays clear.
//
// Each hart locks a region of 64 bytes at the bottom of its stack against all access (physical
// memory protection, entry 0), so that an overflow is a fault.
global_asm!(
    ".section .text.reset, \"ax\"",
    ".option arch, +m", // inline assembly at this level does not know the target's features
    ".macro guard bottom",
    "srli t0, \\bottom, 2",
    "ori t0, t0, 7", // naturally aligned, 2^(3 + 3) bytes
    "csrw pmpaddr0, t0",
    "li t0, 0x98", // locked, naturally aligned, no access
    "csrw pmpcfg0, t0",
    ".endm",
    ".global _start",
    "_start:",
    "csrci mstatus, 8",
    "la t0, _fault",
    "csrw mtvec, t0",
    "csrr a0, mhartid",
    "bnez a0, 4f",
    "li t0, 0x80", // the timer wakes
    "csrw mie, t0",
    "la a1, _lead_stack_bottom",
    "guard a1",
    "la sp, _helper_stacks_bottom",
    "la t0, _data_image",
    "la t1, _data_start",
    "la t2, _data_end",
    "0: bgeu t1, t2, 1f",
    "lw t3, 0(t0)",
    "sw t3, 0(t1)",
    "addi t0, t0, 4",
    "addi t1, t1, 4",
    "j 0b",
    "1: la t1, _bss_start",
    "la t2, _bss_end",
    "2: bgeu t1, t2, 3f",
    "sw zero, 0(t1)",
    "addi t1, t1, 4",
    "j 2b",
    "3: call _lead",
    // A helper: hart 1 has the lowest of the helpers' stacks.
    "4: lui t1, %hi(_helpers)",
    "addi t1, t1, %lo(_helpers)",
    "bltu t1, a0, _hang",
    "lui t1, %hi(_helper_stack_bytes)",
    "addi t1, t1, %lo(_helper_stack_bytes)",
    "la a1, _helper_stacks_bottom",
    "addi t2, a0, -1",
    "mul t2, t2, t1",
    "add a1, a1, t2",
    "add sp, a1, t1",
    "guard a1",
    "li t0, 8", // the software interrupt wakes
    "csrw mie, t0",
    "5: wfi",
    "csrr t0, mip",
    "andi t0, t0, 8",
    "beqz t0, 5b",
    "li t0, 0x80", // from now on the timer wakes
    "csrw mie, t0",
    "call _helper",
    // Any fault: starts again at the top of the lead's stack, as the fault may be an overflow.
    ".balign 4",
    "_fault:",
    "la sp, _helper_stacks_bottom",
    "call fault",
    ".global _hang",
    "_hang:",
    "csrw mie, zero",
    "6: wfi",
    "j 6b",
);

unsafe extern "C" {
    /// The number of helpers that have a stack, as the address of a symbol.
    static _helpers: u8;
}

/// What each hart runs, a `fn() -> !`; null until it is started.
static ENTRIES: [AtomicPtr<()>; CORES] = [const { AtomicPtr::new(core::ptr::null_mut()) }; CORES];

/// Lets hart `core` run `entry` on its own stack; false when there is no such helper, or when it
/// has been started before.
#[must_use]
pub fn start(core: usize, entry: fn() -> !) -> bool {
    const SOFTWARE_INTERRUPTS: *mut u32 = 0x0200_0000 as *mut u32;
    let helpers = &raw const _helpers as usize;
    let Some(own) = ENTRIES.get(core) else {
        return false;
    };
    if core == 0 || core > helpers || !own.load(Acquire).is_null() {
        return false;
    }
    // Release: pairs with the acquire of `_helper`.
    own.store(entry as *mut (), Release);
    // SAFETY: a register of the core-local interruptor, one word for each hart; a hart that has
    // left its reset code does not react to it.
    unsafe { SOFTWARE_INTERRUPTS.add(core).write_volatile(1) };
    true
}

/// The first Rust function on a helper.
#[unsafe(export_name = "_helper")]
extern "C" fn helper(hart: usize) -> ! {
    // A hart beyond the array is never started; its own entry keeps panics out of the image.
    let own = ENTRIES.get(hart).unwrap_or(&ENTRIES[0]);
    // Acquire: pairs with the release of `start`.
    let entry = own.load(Acquire);
    // SAFETY: a hart leaves its reset code only after `start` has stored a `fn() -> !` for it.
    let entry: fn() -> ! = unsafe { core::mem::transmute(entry) };
    entry()
}
