//! From reset to Rust.

use core::arch::global_asm;

/// Configuration and control register: an access that is not aligned is a fault.
///
/// For ARMv6-M, which has no such access, while the emulated core is a Cortex-M3, which has. Of
/// these targets it alone has no compare-and-swap. Other programs may contain such accesses.
const UNALIGNED_IS_A_FAULT: u32 = if cfg!(target_has_atomic = "8") {
    0
} else {
    1 << 3
};

/// Control register of the memory protection unit: enabled, with the default map elsewhere.
///
/// The MPS2 says nothing when it is written to where it has no memory, so the 256 MiB below the
/// stack are closed: an overflow is a fault. The MPS3 has a fault there without help.
const PROTECTED: u32 = if cfg!(mps2) { 0b101 } else { 0 };

// The core starts at `_start`, with the stack pointer of the vector table. All instructions are
// ARMv6-M's. Access to coprocessors 10 and 11 enables floating point, and on a Cortex-M55 the
// vector extension; where there is neither, the register ignores it. Vector instructions need
// nothing else: FPSCR.LTPSIZE resets to 4, no tail predication, and loops work without their cache.
global_asm!(
    ".section .vectors, \"a\"",
    ".balign 128",
    ".word _lead_stack_top",
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
    "ldr r0, =0xE000ED88", // CPACR
    "ldr r1, [r0]",
    "ldr r2, =0xF00000",
    "orrs r1, r2",
    "str r1, [r0]",
    "ldr r0, =0xE000ED14", // CCR
    "ldr r1, [r0]",
    "movs r2, #{unaligned}",
    "orrs r1, r2",
    "str r1, [r0]",
    "ldr r0, =0xE000ED94", // MPU: control, number of the region, its base, its attributes
    "movs r1, #0",
    "str r1, [r0, #4]",
    "ldr r1, =0x10000000",
    "str r1, [r0, #8]",
    "movs r1, #0x37", // enabled, 2^(27 + 1) bytes, no access
    "str r1, [r0, #12]",
    "movs r1, #{protected}",
    "str r1, [r0]",
    "dsb",
    "isb",
    "ldr r0, =_data_image",
    "ldr r1, =_data_start",
    "ldr r2, =_data_end",
    "0: cmp r1, r2",
    "bhs 1f",
    "ldm r0!, {{r3}}",
    "stm r1!, {{r3}}",
    "b 0b",
    "1: ldr r1, =_bss_start",
    "ldr r2, =_bss_end",
    "movs r3, #0",
    "2: cmp r1, r2",
    "bhs 3f",
    "stm r1!, {{r3}}",
    "b 2b",
    "3: bl _lead",
    "udf #0",
    // Any fault: starts again at the top of the stack, as the fault may be an overflow.
    ".type _fault, %function",
    ".thumb_func",
    "_fault:",
    "ldr r0, =_lead_stack_top",
    "mov sp, r0",
    "bl fault",
    ".global _hang",
    ".type _hang, %function",
    ".thumb_func",
    "_hang:",
    "wfi",
    "b _hang",
    ".ltorg",
    unaligned = const UNALIGNED_IS_A_FAULT,
    protected = const PROTECTED,
);
