//! Copies elements that are apart in memory.

/// Copies every `step`th element of `from`, as many as `to` has; nothing if there are too few.
#[inline(never)]
pub fn strided(from: &[i8], step: usize, to: &mut [i8]) {
    if to.is_empty() || (to.len() - 1).saturating_mul(step) >= from.len() {
        return;
    }
    let fours = to.len() - to.len() % 4;
    #[cfg(target_arch = "riscv32")]
    rv32(from, step, to, fours);
    #[cfg(not(target_arch = "riscv32"))]
    plain(from, step, to.get_mut(..fours).unwrap_or_default());
    let rest = from.get(fours * step..).unwrap_or_default();
    plain(rest, step, to.get_mut(fours..).unwrap_or_default());
}

#[inline]
fn plain(from: &[i8], step: usize, to: &mut [i8]) {
    for (to, from) in to.iter_mut().zip(from.chunks(step.max(1))) {
        *to = from.first().copied().unwrap_or_default();
    }
}

/// Copies the first `count` elements, a multiple of four.
#[cfg(target_arch = "riscv32")]
#[inline]
fn rv32(from: &[i8], step: usize, to: &mut [i8], count: usize) {
    // SAFETY: `strided` took care that both have `count` elements, the first with `step - 1`
    // between them; the loop takes four at a time and `count` is a multiple of that.
    unsafe {
        core::arch::asm!(
            "beq {to}, {end}, 3f",
            "2:",
            "lb {x}, 0({from})",
            "add {from}, {from}, {step}",
            "lb {y}, 0({from})",
            "add {from}, {from}, {step}",
            "sb {x}, 0({to})",
            "lb {x}, 0({from})",
            "add {from}, {from}, {step}",
            "sb {y}, 1({to})",
            "lb {y}, 0({from})",
            "add {from}, {from}, {step}",
            "sb {x}, 2({to})",
            "sb {y}, 3({to})",
            "addi {to}, {to}, 4",
            "bne {to}, {end}, 2b",
            "3:",
            end = in(reg) to.as_ptr().wrapping_add(count),
            to = inout(reg) to.as_mut_ptr() => _,
            from = inout(reg) from.as_ptr() => _,
            step = in(reg) step,
            x = out(reg) _,
            y = out(reg) _,
            options(nostack),
        );
    }
}
