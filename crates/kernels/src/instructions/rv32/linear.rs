//! Sums of two rows of stored values, scaled.

use crate::linear_add::LinearAdd;

/// Values that are computed at a time.
const BLOCK: usize = 4;

/// Computes outputs by fours, and how many these are; none where a row is shorter.
#[inline(never)]
pub fn linear(form: &LinearAdd, first: &[i8], second: &[i8], outputs: &mut [i8]) -> usize {
    let length = outputs.len() - outputs.len() % BLOCK;
    if length == 0 || first.len() < length || second.len() < length {
        return 0;
    }
    macro_rules! one {
        ($at:literal) => {
            concat!(
                "lb {x}, ",
                $at,
                "({p})\n",
                "lb {y}, ",
                $at,
                "({q})\n",
                "mul {x}, {x}, {first}\n",
                "mul {y}, {y}, {second}\n",
                "add {x}, {x}, {constant}\n",
                "add {x}, {x}, {y}\n",
                "sra {x}, {x}, {shift}\n",
                "addi {y}, {x}, 128\n",
                "bltu {y}, {bytes}, 30f\n",
                "srai {x}, {x}, 31\n",
                "xori {x}, {x}, 127\n",
                "30: sb {x}, ",
                $at,
                "({out})\n",
            )
        };
    }
    // SAFETY: all three slices have `length` elements, a multiple of four and not 0.
    unsafe {
        core::arch::asm!(
            "2:",
            one!("0"),
            one!("1"),
            one!("2"),
            one!("3"),
            "addi {p}, {p}, 4",
            "addi {q}, {q}, 4",
            "addi {out}, {out}, 4",
            "bne {out}, {end}, 2b",
            p = inout(reg) first.as_ptr() => _,
            q = inout(reg) second.as_ptr() => _,
            out = inout(reg) outputs.as_mut_ptr() => _,
            end = in(reg) outputs.as_ptr().wrapping_add(length),
            first = in(reg) form.first,
            second = in(reg) form.second,
            constant = in(reg) form.constant,
            shift = in(reg) form.shift,
            bytes = in(reg) 256,
            x = out(reg) _,
            y = out(reg) _,
            options(nostack),
        );
    }
    length
}
