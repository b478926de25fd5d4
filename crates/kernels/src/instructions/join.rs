//! Joins values of two pixels into words.

use crate::columns::PAIRS;

/// Joins the values of two pixels into words, `PAIRS` apart, as many as all three have.
#[inline(never)]
pub fn join(low: &[i8], high: &[i8], words: &mut [u32]) {
    let room = words.len().div_ceil(PAIRS);
    let count = low.len().min(high.len()).min(room);
    let fours = count - count % 4;
    #[cfg(target_arch = "riscv32")]
    rv32(low, high, words, fours);
    #[cfg(not(target_arch = "riscv32"))]
    plain(low, high, words, 0..fours);
    plain(low, high, words, fours..count);
}

/// Joins a range of them.
#[inline]
#[allow(clippy::cast_sign_loss)] // a word
fn plain(low: &[i8], high: &[i8], words: &mut [u32], range: core::ops::Range<usize>) {
    let words = words.get_mut(range.start * PAIRS..).unwrap_or_default();
    let low = low.get(range.clone()).unwrap_or_default();
    let high = high.get(range).unwrap_or_default();
    for ((word, &low), &high) in words.iter_mut().step_by(PAIRS).zip(low).zip(high) {
        *word = (i32::from(low) + (i32::from(high) << 16)) as u32;
    }
}

/// Joins the first `count`, a multiple of four.
#[cfg(target_arch = "riscv32")]
#[inline]
fn rv32(low: &[i8], high: &[i8], words: &mut [u32], count: usize) {
    macro_rules! one {
        ($index:literal, $x:literal, $y:literal) => {
            concat!(
                "lb ",
                $x,
                ", ",
                $index,
                "({low})\n",
                "lb ",
                $y,
                ", ",
                $index,
                "({high})\n",
                "slli ",
                $y,
                ", ",
                $y,
                ", 16\n",
                "add ",
                $x,
                ", ",
                $x,
                ", ",
                $y,
                "\n",
                "sw ",
                $x,
                ", 12*",
                $index,
                "({words})\n",
            )
        };
    }
    // SAFETY: the caller's `join` took care that all three have `count` elements, the words with
    // two between them; the loop takes four at a time and `count` is a multiple of that.
    unsafe {
        core::arch::asm!(
            "beq {low}, {end}, 3f",
            "2:",
            one!(0, "{x}", "{y}"), one!(1, "{x}", "{y}"),
            one!(2, "{x}", "{y}"), one!(3, "{x}", "{y}"),
            "addi {low}, {low}, 4",
            "addi {high}, {high}, 4",
            "addi {words}, {words}, 48",
            "bne {low}, {end}, 2b",
            "3:",
            end = in(reg) low.as_ptr().add(count),
            low = inout(reg) low.as_ptr() => _,
            high = inout(reg) high.as_ptr() => _,
            words = inout(reg) words.as_mut_ptr() => _,
            x = out(reg) _,
            y = out(reg) _,
            options(nostack),
        );
    }
}
