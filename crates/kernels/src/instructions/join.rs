//! Joins values of two pixels into words.

use crate::columns::PAIRS;
use crate::instructions::reach::reach;
#[cfg(all(target_arch = "arm", target_os = "none"))]
use crate::instructions::thumb::join::joined;

/// Rows of taps: the same distance from each to the next, and as many of the same length.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Lines {
    pub(super) count: usize,
    pub(super) length: usize,
    pub(super) step: usize,
    /// Values from the first to the end of the last, and words to behind the last; no slice has as
    /// many where there are none.
    reach: usize,
    words: usize,
}

impl Lines {
    /// So many rows of so many values, and how many these are from a row to the next.
    #[inline]
    #[must_use]
    pub const fn new(count: usize, length: usize, step: usize) -> Self {
        // The last value; of none it is far behind all slices, too.
        let last = count.saturating_mul(length).wrapping_sub(1);
        let (reach, words) = match last >> (usize::BITS - 4) {
            0 => (reach(count - 1, step, length), last * PAIRS + 1),
            _ => (usize::MAX, usize::MAX),
        };
        Self {
            count,
            length,
            step,
            reach,
            words,
        }
    }

    /// The same values as one row.
    #[inline]
    #[must_use]
    pub const fn joined(&self) -> Self {
        let values = self.values();
        Self {
            count: 1,
            length: values,
            step: values,
            reach: values,
            words: self.words,
        }
    }

    /// Whether values have all rows from their first on.
    #[inline]
    #[must_use]
    pub const fn are_in(&self, values: &[i8]) -> bool {
        self.reach <= values.len()
    }

    /// The rows, of values that have them.
    pub fn rows<'v>(&self, values: &'v [i8]) -> impl Iterator<Item = &'v [i8]> {
        let Self { length, step, .. } = *self;
        let starts = (0..self.count).map(move |row| row * step);
        starts.map(move |start| values.get(start..start + length).unwrap_or_default())
    }

    /// Values of all rows, if they are not too many for any slice.
    #[inline]
    #[must_use]
    pub const fn values(&self) -> usize {
        self.count.wrapping_mul(self.length)
    }
}

/// Joins the values of two pixels into words, `PAIRS` apart, row after row; nothing if a slice is
/// too short.
#[inline]
pub fn join(low: &[i8], high: &[i8], lines: &Lines, words: &mut [u32]) {
    if !lines.are_in(low) || !lines.are_in(high) || lines.words > words.len() {
        return;
    }
    #[cfg(target_arch = "riscv32")]
    rv32(low, high, lines, words);
    #[cfg(all(target_arch = "arm", target_os = "none"))]
    joined(low, high, lines, words);
    #[cfg(not(any(target_arch = "riscv32", all(target_arch = "arm", target_os = "none"))))]
    plain(low, high, lines, words);
}

#[cfg(not(any(target_arch = "riscv32", all(target_arch = "arm", target_os = "none"))))]
#[allow(clippy::cast_sign_loss)] // a word
fn plain(low: &[i8], high: &[i8], lines: &Lines, words: &mut [u32]) {
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
fn rv32(low: &[i8], high: &[i8], lines: &Lines, words: &mut [u32]) {
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
