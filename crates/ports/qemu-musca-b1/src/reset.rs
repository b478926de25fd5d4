//! From reset to Rust, on each core.

use crate::CORES;
use core::arch::global_asm;
use core::sync::atomic::AtomicPtr;
use core::sync::atomic::Ordering::{Acquire, Release};

// Core 0 starts at `_start` with the first vector table, core 1 at `_helper_start` with the
// second. Each enables its floating-point unit and sets the limit of its stack, so that an
// overflow is a fault. Only core 0 fills memory: by the time core 1 starts, the team is in use.
global_asm!(
    ".section .vectors.lead, \"a\"",
    ".balign 128",
    ".word _lead_stack_top",
    ".word _start",
    ".rept 14",
    ".word _fault",
    ".endr",
    ".section .vectors.helper, \"a\"",
    ".balign 128",
    ".global _helper_vectors",
    "_helper_vectors:",
    ".word _helper_stack_top",
    ".word _helper_start",
    ".rept 14",
    ".word _fault",
    ".endr",
    ".section .text.reset, \"ax\"",
    ".thumb",
    // Access to coprocessors 10 and 11 in CPACR.
    ".macro prepare limit",
    "ldr r0, =0xE000ED88",
    "ldr r1, [r0]",
    "orr r1, r1, #0xF00000",
    "str r1, [r0]",
    "dsb",
    "isb",
    "ldr r0, =\\limit",
    "msr msplim, r0",
    ".endm",
    ".global _start",
    ".type _start, %function",
    ".thumb_func",
    "_start:",
    "prepare _lead_stack_bottom",
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
    "movs r3, #0",
    "2: cmp r1, r2",
    "bhs 3f",
    "str r3, [r1], #4",
    "b 2b",
    "3: bl _lead",
    "udf #0",
    ".type _helper_start, %function",
    ".thumb_func",
    "_helper_start:",
    "prepare _helper_stack_bottom",
    "bl _helper",
    "udf #0",
    // Any fault: starts again at the top of this core's stack, as the fault may be an overflow.
    ".type _fault, %function",
    ".thumb_func",
    "_fault:",
    "movs r0, #0",
    "msr msplim, r0",
    "ldr r0, =0xE000ED08", // VTOR
    "ldr r0, [r0]",
    "ldr r0, [r0]",
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
    /// Core 1's vector table; only its address has a meaning.
    static _helper_vectors: u32;
    /// The number of helpers that have a stack, as the address of a symbol.
    static _helpers: u8;
}

/// What core 1 runs, a `fn() -> !`; null until it is started.
static ENTRY: AtomicPtr<()> = AtomicPtr::new(core::ptr::null_mut());

/// Lets core `core` run `entry` on its own stack; false when there is no such helper, or when it
/// has been started before.
#[must_use]
pub fn start(core: usize, entry: fn() -> !) -> bool {
    const INITIAL_VECTORS: *mut u32 = 0x5002_1114 as *mut u32;
    const CPU_WAIT: *mut u32 = 0x5002_1118 as *mut u32;
    let helpers = (&raw const _helpers as usize).min(CORES - 1);
    if core == 0 || core > helpers || !ENTRY.load(Acquire).is_null() {
        return false;
    }
    // Release: pairs with the acquire of `_helper`.
    ENTRY.store(entry as *mut (), Release);
    // SAFETY: registers of the SSE-200's system control: where core 1 finds its vector table, and
    // which cores wait after reset. Core 1 still waits, as nobody has started it.
    unsafe {
        INITIAL_VECTORS.write_volatile(&raw const _helper_vectors as u32);
        CPU_WAIT.write_volatile(0);
    }
    true
}

/// The first Rust function on core 1.
#[unsafe(export_name = "_helper")]
extern "C" fn helper() -> ! {
    // Acquire: pairs with the release of `start`.
    let entry = ENTRY.load(Acquire);
    // SAFETY: core 1 runs only after `start` has stored a `fn() -> !`.
    let entry: fn() -> ! = unsafe { core::mem::transmute(entry) };
    entry()
}
