//! Copies bytes in a short loop, by words where the instructions for it are given.

#[cfg(not(target_arch = "riscv32"))]
use crate::rolled::rolled;

/// Copies as many bytes as both have.
#[inline(never)]
pub fn copy(from: &[i8], to: &mut [i8]) {
    let length = from.len().min(to.len());
    let (Some(from), Some(to)) = (from.get(..length), to.get_mut(..length)) else {
        return;
    };
    copied(from, to);
}

/// `to` is as long as `from`.
#[cfg(not(target_arch = "riscv32"))]
#[inline]
fn copied(from: &[i8], to: &mut [i8]) {
    let (mut quads, froms) = (to.chunks_exact_mut(4), from.chunks_exact(4));
    let last = froms.remainder();
    for (to, from) in (&mut quads).zip(froms) {
        to.copy_from_slice(from);
        rolled();
    }
    for (to, &from) in quads.into_remainder().iter_mut().zip(last) {
        *to = from;
        rolled();
    }
}

/// The same, by words where source and destination are aligned alike.
#[cfg(target_arch = "riscv32")]
#[inline]
fn copied(from: &[i8], to: &mut [i8]) {
    // SAFETY: reads and writes as many bytes of each slice as `to` has: four at a time while four
    // are left, if both are aligned alike after single ones that align them, then one by one.
    unsafe {
        core::arch::asm!(
            "xor {skew}, {from}, {to}",
            "andi {skew}, {skew}, 3",
            "j 3f",
            "2:",
            "lb {x}, 0({from})",
            "addi {from}, {from}, 1",
            "sb {x}, 0({to})",
            "addi {to}, {to}, 1",
            "3:",
            "beq {to}, {end}, 6f",
            "sub {x}, {end}, {to}",
            "bltu {x}, {four}, 2b",
            "bnez {skew}, 5f",
            "andi {x}, {to}, 3",
            "bnez {x}, 2b",
            "4:",
            "lw {x}, 0({from})",
            "addi {from}, {from}, 4",
            "sw {x}, 0({to})",
            "addi {to}, {to}, 4",
            "sub {x}, {end}, {to}",
            "bgeu {x}, {four}, 4b",
            "j 3b",
            "5:",
            "lb {x}, 0({from})",
            "lb {y}, 1({from})",
            "sb {x}, 0({to})",
            "lb {x}, 2({from})",
            "sb {y}, 1({to})",
            "lb {y}, 3({from})",
            "sb {x}, 2({to})",
            "addi {from}, {from}, 4",
            "sb {y}, 3({to})",
            "addi {to}, {to}, 4",
            "sub {x}, {end}, {to}",
            "bgeu {x}, {four}, 5b",
            "j 3b",
            "6:",
            from = inout(reg) from.as_ptr() => _,
            end = in(reg) to.as_ptr_range().end,
            to = inout(reg) to.as_mut_ptr() => _,
            four = in(reg) 4,
            skew = out(reg) _,
            x = out(reg) _,
            y = out(reg) _,
            options(nostack),
        );
    }
}
