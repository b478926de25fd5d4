//! Joins values of two pixels into words.

use crate::columns::PAIRS;
#[cfg(all(target_arch = "arm", target_os = "none"))]
use crate::instructions::thumb::join::joined;

/// Rows of taps: the same distance from each to the next, and as many of the same length.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Lines {
    /// Number of rows.
    pub count: usize,
    /// Values of a row.
    pub length: usize,
    /// Values from a row to the next.
    pub step: usize,
}

/// Joins the values of two pixels into words, `PAIRS` apart, row after row; nothing if a slice is
/// too short.
#[inline]
pub fn join(low: &[i8], high: &[i8], lines: Lines, words: &mut [u32]) {
    let Lines {
        count,
        length,
        step,
    } = lines;
    let last = count.saturating_sub(1);
    let seen = product(last, step).saturating_add(length);
    let written = product(product(count, length).saturating_sub(1), PAIRS);
    let is_short = seen > low.len().min(high.len()) || written >= words.len();
    if is_short || count == 0 || length == 0 {
        return;
    }
    #[cfg(target_arch = "riscv32")]
    rv32(low, high, lines, words);
    #[cfg(all(target_arch = "arm", target_os = "none"))]
    joined(low, high, lines, words);
    #[cfg(not(any(target_arch = "riscv32", all(target_arch = "arm", target_os = "none"))))]
    plain(low, high, lines, words);
}

/// `a * b`, or the largest number; some cores take long to see whether it fits.
#[inline]
fn product(a: usize, b: usize) -> usize {
    if cfg!(not(target_arch = "riscv32")) && (a | b) >> 16 == 0 {
        a.wrapping_mul(b)
    } else {
        a.saturating_mul(b)
    }
}

#[cfg(not(any(target_arch = "riscv32", all(target_arch = "arm", target_os = "none"))))]
#[allow(clippy::cast_sign_loss)] // a word
fn plain(low: &[i8], high: &[i8], lines: Lines, words: &mut [u32]) {
    let rows = low
        .chunks(lines.step.max(1))
        .zip(high.chunks(lines.step.max(1)));
    let values = rows
        .take(lines.count)
        .flat_map(|(low, high)| low.iter().zip(high).take(lines.length));
    for (word, (&low, &high)) in words.iter_mut().step_by(PAIRS).zip(values) {
        *word = (i32::from(low) + (i32::from(high) << 16)) as u32;
    }
}

#[cfg(target_arch = "riscv32")]
#[inline]
fn rv32(low: &[i8], high: &[i8], lines: Lines, words: &mut [u32]) {
    macro_rules! one {
        ($index:literal) => {
            concat!(
                "lb {x}, ",
                $index,
                "({low})\n",
                "lb {y}, ",
                $index,
                "({high})\n",
                "slli {y}, {y}, 16\n",
                "add {x}, {x}, {y}\n",
                "sw {x}, 12*",
                $index,
                "({words})\n",
            )
        };
    }
    // SAFETY: `join` took care that there are so many values in rows, and words with two between
    // them; every row takes four at a time while there are four, then one.
    unsafe {
        core::arch::asm!(
            "2:",
            "add {end}, {low}, {length}",
            "andi {x}, {length}, -4",
            "add {fours}, {low}, {x}",
            "beq {low}, {fours}, 4f",
            "3:",
            one!(0), one!(1), one!(2), one!(3),
            "addi {low}, {low}, 4",
            "addi {high}, {high}, 4",
            "addi {words}, {words}, 48",
            "bne {low}, {fours}, 3b",
            "4:",
            "beq {low}, {end}, 6f",
            "5:",
            one!(0),
            "addi {low}, {low}, 1",
            "addi {high}, {high}, 1",
            "addi {words}, {words}, 12",
            "bne {low}, {end}, 5b",
            "6:",
            "add {low}, {low}, {rest}",
            "add {high}, {high}, {rest}",
            "addi {count}, {count}, -1",
            "bnez {count}, 2b",
            count = inout(reg) lines.count => _,
            length = in(reg) lines.length,
            rest = in(reg) lines.step.wrapping_sub(lines.length),
            low = inout(reg) low.as_ptr() => _,
            high = inout(reg) high.as_ptr() => _,
            words = inout(reg) words.as_mut_ptr() => _,
            end = out(reg) _,
            fours = out(reg) _,
            x = out(reg) _,
            y = out(reg) _,
            options(nostack),
        );
    }
}
