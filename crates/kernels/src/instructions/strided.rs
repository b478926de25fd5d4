//! Copies elements that are apart in memory.

/// Lines of elements: as many of the same length, at the same distances.
#[derive(Clone, Copy, Debug)]
pub struct Lines {
    /// Number of lines.
    pub count: usize,
    /// Elements of a line.
    pub length: usize,
    /// Elements from a line to the next where they come from.
    pub line: usize,
    /// Elements from one of a line to the next there.
    pub step: usize,
    /// Elements from a line to the next where they go, side by side.
    pub pitch: usize,
}

/// Copies lines of elements; nothing if there are too few on either side, or they are not apart.
#[inline]
pub fn strided(from: &[i8], lines: Lines, to: &mut [i8]) {
    let Lines {
        count,
        length,
        line,
        step,
        pitch,
    } = lines;
    let last = |number: usize, each: usize| number.saturating_sub(1).saturating_mul(each);
    let read = last(count, line).saturating_add(last(length, step));
    let written = last(count, pitch).saturating_add(length);
    if count == 0 || length == 0 || step == 0 || read >= from.len() || written > to.len() {
        return;
    }
    #[cfg(target_arch = "riscv32")]
    rv32(from, lines, to);
    #[cfg(not(target_arch = "riscv32"))]
    for number in 0..count {
        let from = from.get(number * line..).unwrap_or_default();
        let to = to.get_mut(number * pitch..).unwrap_or_default();
        for (to, from) in to.iter_mut().zip(from.chunks(step)).take(length) {
            *to = from.first().copied().unwrap_or_default();
        }
    }
}

/// Copies lines four elements at a time, then one by one.
#[cfg(target_arch = "riscv32")]
#[inline]
fn rv32(from: &[i8], lines: Lines, to: &mut [i8]) {
    // SAFETY: `strided` took care that both have so many elements, at these distances, and that
    // there is one at least.
    unsafe {
        core::arch::asm!(
            "2:",
            "mv {p}, {from}",
            "add {end}, {to}, {length}",
            "sub {fours}, {end}, {rest}",
            "beq {to}, {fours}, 4f",
            "3:",
            "lb {x}, 0({p})",
            "add {p}, {p}, {step}",
            "lb {y}, 0({p})",
            "add {p}, {p}, {step}",
            "sb {x}, 0({to})",
            "lb {x}, 0({p})",
            "add {p}, {p}, {step}",
            "sb {y}, 1({to})",
            "lb {y}, 0({p})",
            "add {p}, {p}, {step}",
            "sb {x}, 2({to})",
            "sb {y}, 3({to})",
            "addi {to}, {to}, 4",
            "bne {to}, {fours}, 3b",
            "4:",
            "beq {to}, {end}, 6f",
            "5:",
            "lb {x}, 0({p})",
            "add {p}, {p}, {step}",
            "addi {to}, {to}, 1",
            "sb {x}, -1({to})",
            "bne {to}, {end}, 5b",
            "6:",
            "add {from}, {from}, {line}",
            "add {to}, {to}, {gap}",
            "addi {count}, {count}, -1",
            "bnez {count}, 2b",
            count = inout(reg) lines.count => _,
            length = in(reg) lines.length,
            rest = in(reg) lines.length % 4,
            line = in(reg) lines.line,
            step = in(reg) lines.step,
            gap = in(reg) lines.pitch.wrapping_sub(lines.length),
            from = inout(reg) from.as_ptr() => _,
            to = inout(reg) to.as_mut_ptr() => _,
            p = out(reg) _,
            end = out(reg) _,
            fours = out(reg) _,
            x = out(reg) _,
            y = out(reg) _,
            options(nostack),
        );
    }
}
