//! QEMU's musca-b1: two Cortex-M33; the second starts when the first lets it.

use core::arch::{asm, global_asm};
use core::ptr::{read_volatile, write_volatile};

global_asm!(
    ".section .vectors, \"a\"",
    ".word stack_top, reset",
    ".space 56",
    "second_vectors:",
    ".word stack_top - 0x4000, reset",
    ".text",
    ".global reset, counted, begin_mark, step_mark, wait_low, wait_high, end_mark",
    ".thumb_func",
    "reset: bl main",
    ".thumb_func",
    "counted:",
    "begin_mark: nop",
    "1: subs r0, #1",
    "bne 1b",
    "step_mark: movs r1, #10",
    "wait_low:",
    "2: subs r1, #1",
    "bne 2b",
    "wait_high: nop",
    "end_mark: bx lr",
);

unsafe extern "C" {
    static second_vectors: u32;
}

/// Returns the number of the core that runs this.
pub fn core_number() -> u32 {
    // SAFETY: the machine has its core identity register there.
    unsafe { read_volatile(0x5001_f000 as *const u32) }
}

/// Starts the other core.
pub fn start_second() {
    // SAFETY: the machine's INITSVTOR1 and CPUWAIT registers; the second core has its own stack.
    unsafe {
        write_volatile(0x5002_1114 as *mut u32, &raw const second_vectors as u32);
        write_volatile(0x5002_1118 as *mut u32, 0);
    }
}

/// Ends the emulator with a status, by semihosting.
pub fn exit(status: u32) -> ! {
    let block = [0x2_0026, status];
    // SAFETY: operation 0x20 reads the two words of the block.
    unsafe { asm!("bkpt 0xab", in("r0") 0x20, in("r1") block.as_ptr()) };
    loop {}
}
