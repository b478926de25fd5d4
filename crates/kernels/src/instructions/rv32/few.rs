//! Sums of two channels at three pixels, out of the input as it lies in memory.

use crate::instructions::few::Sums;
use crate::instructions::join::Lines;

/// Pixels that are computed at a time.
pub const PIXELS: usize = 3;

/// Sums of a pair of channels for three pixels, which see rows from their starts on.
///
/// `weights` has a word for each tap. Sums are 0 where a slice is too short.
#[inline]
#[must_use]
pub fn sums(
    input: &[i8],
    starts: [usize; PIXELS],
    lines: &Lines,
    weights: &[u32],
) -> [Sums; PIXELS] {
    let mut sums = [[0; 2]; PIXELS];
    if let [Some(one), Some(two), Some(three)] = starts.map(|start| input.get(start..)) {
        let pixels = [one, two, three];
        if pixels.iter().all(|pixel| lines.are_in(pixel)) && weights.len() >= lines.values() {
            add(pixels, lines, weights, &mut sums);
        }
    }
    for [low, high] in &mut sums {
        *low = low.wrapping_sub(*high << 16);
    }
    sums
}

#[cfg(not(target_arch = "riscv32"))]
use crate::instructions::few::twin as add;

#[cfg(target_arch = "riscv32")]
macro_rules! products {
    ($tap:literal) => {
        concat!(
            "lw {a}, 4*",
            $tap,
            "({w})\n",
            "lb {v}, ",
            $tap,
            "({p0})\n",
            "lb {x}, ",
            $tap,
            "({p1})\n",
            "mul {v}, {v}, {a}\n",
            "mul {x}, {x}, {a}\n",
            "add {r0}, {r0}, {v}\n",
            "lb {v}, ",
            $tap,
            "({p2})\n",
            "add {r1}, {r1}, {x}\n",
            "mul {v}, {v}, {a}\n",
            "add {r2}, {r2}, {v}\n",
        )
    };
}

#[cfg(target_arch = "riscv32")]
macro_rules! split {
    () => {
        concat!(
            "add {s0}, {s0}, {r0}\n",
            "add {s1}, {s1}, {r1}\n",
            "add {s2}, {s2}, {r2}\n",
            "add {r0}, {r0}, {half}\n",
            "add {r1}, {r1}, {half}\n",
            "add {r2}, {r2}, {half}\n",
            "srai {r0}, {r0}, 16\n",
            "srai {r1}, {r1}, 16\n",
            "srai {r2}, {r2}, 16\n",
            "add {h0}, {h0}, {r0}\n",
            "add {h1}, {h1}, {r1}\n",
            "add {h2}, {h2}, {r2}\n",
        )
    };
}

#[cfg(target_arch = "riscv32")]
#[inline(never)]
#[rustfmt::skip]
fn add(pixels: [&[i8]; PIXELS], lines: &Lines, weights: &[u32], sums: &mut [Sums; PIXELS]) {
    let [p0, p1, p2] = pixels.map(<[i8]>::as_ptr);
    let [[s0, h0], [s1, h1], [s2, h2]] = sums;
    // SAFETY: `sums` took care that each pixel has all rows, of which there is at least one, none
    // empty, and that each of their taps has a word of weights. A row is read by ones until fours
    // are left, then by fours.
    unsafe {
        core::arch::asm!(
            "2:",
            "add {end}, {p0}, {length}",
            "andi {x}, {length}, 3",
            "beqz {x}, 4f",
            "add {fours}, {p0}, {x}",
            "mv {r0}, zero", "mv {r1}, zero", "mv {r2}, zero",
            "3:",
            products!(0),
            "addi {w}, {w}, 4",
            "addi {p0}, {p0}, 1", "addi {p1}, {p1}, 1", "addi {p2}, {p2}, 1",
            "bne {p0}, {fours}, 3b",
            split!(),
            "beq {p0}, {end}, 5f",
            "4:",
            "lw {a}, 0({w})",
            "lb {r0}, 0({p0})", "lb {r1}, 0({p1})", "lb {r2}, 0({p2})",
            "mul {r0}, {r0}, {a}", "mul {r1}, {r1}, {a}", "mul {r2}, {r2}, {a}",
            products!(1), products!(2), products!(3),
            "addi {w}, {w}, 16",
            "addi {p0}, {p0}, 4", "addi {p1}, {p1}, 4", "addi {p2}, {p2}, 4",
            split!(),
            "bne {p0}, {end}, 4b",
            "5:",
            "add {p0}, {p0}, {rest}", "add {p1}, {p1}, {rest}", "add {p2}, {p2}, {rest}",
            "addi {count}, {count}, -1",
            "bnez {count}, 2b",
            p0 = inout(reg) p0 => _, p1 = inout(reg) p1 => _, p2 = inout(reg) p2 => _,
            w = inout(reg) weights.as_ptr() => _,
            s0 = inout(reg) *s0, s1 = inout(reg) *s1, s2 = inout(reg) *s2,
            h0 = inout(reg) *h0, h1 = inout(reg) *h1, h2 = inout(reg) *h2,
            r0 = out(reg) _, r1 = out(reg) _, r2 = out(reg) _,
            count = inout(reg) lines.count => _,
            length = in(reg) lines.length,
            rest = in(reg) lines.step.wrapping_sub(lines.length),
            half = in(reg) 0x8000,
            end = out(reg) _, fours = out(reg) _,
            a = out(reg) _, v = out(reg) _, x = out(reg) _,
            options(nostack, readonly),
        );
    }
}
