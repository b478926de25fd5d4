//! Measures single instructions with the core's own cycle counter, and writes the results.
#![no_std]
#![no_main]
#![allow(named_asm_labels)] // the driver looks for them, and each is in the program once

use core::arch::asm;
use semihosting::{File, Mode};

port::entry!(lead);

/// Cycles of 100 rounds of a loop around some instructions, which may use t1, t2 and t3.
macro_rules! rounds {
    ($($instruction:literal),*) => {
        rounds!(between "", ""; $($instruction),*)
    };
    (between $first:literal, $last:literal; $($instruction:literal),*) => {{
        let (before, after): (u32, u32);
        // SAFETY: changes nothing but the registers that are named, and a word of the stack to
        // what it is.
        unsafe {
            asm!(
                ".option push",
                ".option arch, +m", // inline assembly at this level does not know the features
                ".option norvc",
                "addi sp, sp, -16",
                "li t0, 100",
                "li t1, 12345",
                "li t2, 7",
                ".balign 4",
                $first,
                "csrr {before}, mcycle",
                "2:",
                $($instruction,)*
                "addi t0, t0, -1",
                "bnez t0, 2b",
                $last,
                "csrr {after}, mcycle",
                "addi sp, sp, 16",
                ".option pop",
                before = out(reg) before,
                after = out(reg) after,
                out("t0") _,
                out("t1") _,
                out("t2") _,
                out("t3") _,
            );
        }
        after - before
    }};
}

fn lead() -> ! {
    let cycles = [
        rounds!(between "first:", "last:";),
        rounds!("addi t3, t1, 1"),
        rounds!("mul t3, t1, t2"),
        rounds!("mulh t3, t1, t2"),
        rounds!("div t3, t1, t2"),
        rounds!("lw t3, 0(sp)", "addi t2, t2, 1"),
        rounds!("lw t3, 0(sp)", "addi t3, t3, 1"),
        rounds!("sw t1, 0(sp)"),
        rounds!("beqz t1, 3f", "3:"),
        rounds!("bnez t1, 3f", "3:"),
        rounds!("j 3f", "3:"),
        // The same jump, to an instruction that lies across two words.
        rounds!(
            "j 3f",
            ".option rvc",
            "c.nop",
            ".option norvc",
            "3: addi t3, t1, 1",
            ".option rvc",
            "c.nop",
            ".option norvc"
        ),
    ];
    if let Some(file) = File::open(c"cycles.bin", Mode::Write) {
        for number in cycles {
            let _ = file.write(&number.to_le_bytes());
        }
    }
    semihosting::exit(0)
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    semihosting::exit(101)
}
