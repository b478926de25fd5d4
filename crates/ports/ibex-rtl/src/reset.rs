//! From reset to Rust, on each hart, and what happens at a fault or a breakpoint.

use crate::devices::{CALL, ENTRIES, EVENT, GUARD};
use core::arch::global_asm;

// Ibex starts 128 bytes after the beginning of the flash, and its trap handler is the flash's
// first instruction. Every hart starts, with its number in `mhartid`. Hart 0 fills memory; the
// others sleep until they have an entry, and touch no memory before. Interrupts only wake, none
// is ever taken: `mstatus.MIE` stays clear.
//
// A breakpoint is a call of the simulator (semihosting): its operation is in a0, the address of
// its parameters in a1; the result goes to a0. The instructions around the breakpoint do nothing.
//
// Each hart puts the bottom of its stack out of bounds, so that an overflow is a fault.
global_asm!(
    ".section .text.reset, \"ax\"",
    ".option push",
    ".option arch, +m", // inline assembly at this level does not know the target's features
    ".option norvc",
    ".balign 256",
    "_trap:",
    "csrw mscratch, t0",
    "csrr t0, mcause",
    "addi t0, t0, -3", // a breakpoint
    "bnez t0, _fault",
    "csrr t0, mepc",
    "addi t0, t0, 4",
    "csrw mepc, t0",
    "li t0, {call}",
    "sw a0, 0(t0)",
    "sw a1, 4(t0)",
    "lw a0, 8(t0)",
    "csrr t0, mscratch",
    "mret",
    // Any fault: starts again at the top of the lead's stack, as the fault may be an overflow.
    "_fault:",
    "la sp, _helper_stacks_bottom",
    "call fault",
    ".global _hang",
    "_hang:",
    "csrw mie, zero",
    "0: wfi",
    "j 0b",
    ".org _trap + 128",
    ".global _start",
    "_start:",
    "li t0, 8", // the software interrupt wakes
    "csrw mie, t0",
    "csrr a0, mhartid",
    "li a2, {guard}",
    "bnez a0, 4f",
    "la a1, _lead_stack_bottom",
    "sw a1, 0(a2)",
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
    "sw a1, 0(a2)",
    "slli t2, a0, 2",
    "li t1, {entries}",
    "add t1, t1, t2",
    "li t2, {event}",
    "5: wfi",
    "sw zero, 0(t2)",
    "lw t0, 0(t1)",
    "beqz t0, 5b",
    "jalr t0",
    ".option pop",
    call = const CALL,
    guard = const GUARD,
    entries = const ENTRIES,
    event = const EVENT,
);
