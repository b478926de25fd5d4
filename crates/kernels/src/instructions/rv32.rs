//! Inner loops for RV32IM: two channels at up to three pairs of pixels.

use super::lanes::Group;

/// Sums of a group of channels: channel, pair, pixel.
pub type Sums = [[[i32; 2]; PAIRS]; CHANNELS];

/// Channels of a group.
pub const CHANNELS: usize = 2;

/// Pairs of pixels that are computed at a time.
pub const PAIRS: usize = 3;

/// Adds to the bias of each channel its weights times each pixel's values, for the first `pairs`
/// pairs of pixels.
///
/// `columns` is `[taps, PAIRS]`: for each tap a word of each pair. Where it is too short the result
/// is 0.
#[inline]
#[must_use]
pub fn sums(pairs: usize, group: Group<'_>, columns: &[u32], bias: [i32; CHANNELS]) -> Sums {
    if columns.len() < group.taps * PAIRS {
        return Sums::default();
    }
    // Of both sums in one word, and of high halves alone.
    let both = bias.map(|bias| [bias.wrapping_add(bias << 16); PAIRS]);
    let high = bias.map(|bias| [bias; PAIRS]);
    let (both, high) = match pairs {
        1 => one_pair(group, columns, both, high),
        2 => two_pairs(group, columns, both, high),
        _ => three_pairs(group, columns, both, high),
    };
    let mut sums = Sums::default();
    for ((sums, both), high) in sums.iter_mut().zip(both).zip(high) {
        for ((sum, both), high) in sums.iter_mut().zip(both).zip(high) {
            *sum = [both.wrapping_sub(high << 16), high];
        }
    }
    sums
}

/// Two words for each channel and pair: the sum of all products, and of their high halves.
type Words = [[i32; PAIRS]; CHANNELS];

/// Text of the inner loops. `w` is at a run, `c` at the column's words of its first tap; `t` is
/// free between taps.
#[cfg(target_arch = "riscv32")]
#[macro_use]
mod text {
    /// Loads the weights of a tap.
    macro_rules! weights {
        ($tap:literal) => {
            concat!(
                "lb {a}, 2*",
                $tap,
                "+1({w})\n",
                "lb {b}, 2*",
                $tap,
                "+2({w})\n"
            )
        };
    }

    /// Products of a run's first tap.
    macro_rules! first {
        ([$($pair:literal)*]) => {
            concat!($(
                "lw {x}, 4*", $pair, "({c})\n",
                "mul {p", $pair, "}, {a}, {x}\n",
                "mul {q", $pair, "}, {b}, {x}\n",
            )*)
        };
    }

    /// Adds the products of another tap.
    macro_rules! more {
        ($tap:literal, [$($pair:literal)*]) => {
            concat!($(
                "lw {x}, 12*", $tap, "+4*", $pair, "({c})\n",
                "mul {t}, {a}, {x}\n",
                "add {p", $pair, "}, {p", $pair, "}, {t}\n",
                "mul {x}, {b}, {x}\n",
                "add {q", $pair, "}, {q", $pair, "}, {x}\n",
            )*)
        };
    }

    /// Adds a run's products, and their high halves rounded, because a low half borrows from it.
    macro_rules! flush {
        ([$($pair:literal)*]) => {
            concat!($(
                "add {s", $pair, "}, {s", $pair, "}, {p", $pair, "}\n",
                "add {p", $pair, "}, {p", $pair, "}, {half}\n",
                "srai {p", $pair, "}, {p", $pair, "}, 16\n",
                "add {h", $pair, "}, {h", $pair, "}, {p", $pair, "}\n",
                "add {r", $pair, "}, {r", $pair, "}, {q", $pair, "}\n",
                "add {q", $pair, "}, {q", $pair, "}, {half}\n",
                "srai {q", $pair, "}, {q", $pair, "}, 16\n",
                "add {g", $pair, "}, {g", $pair, "}, {q", $pair, "}\n",
            )*)
        };
    }

    /// Code for runs of one length.
    macro_rules! run {
        ($label:literal, $length:literal, [$($tap:literal)*], $pairs:tt) => {
            concat!(
                $label, ":\n", weights!(0), first!($pairs),
                $(weights!($tap), more!($tap, $pairs),)*
                "lbu {t}, 2*", $length, "+1({w})\n",
                flush!($pairs),
                "addi {c}, {c}, 12*", $length, "\n",
                "addi {w}, {w}, 2*", $length, "+1\n",
                "add {t}, {t}, {base}\n",
                "jr {t}\n",
            )
        };
    }

    /// All of it: a jump to the code of the first run, and from each run to that of the next.
    macro_rules! runs {
        ($pairs:tt) => {
            concat!(
                "lla {base}, 20f\n",
                "lbu {t}, 0({w})\n",
                "add {t}, {t}, {base}\n",
                "jr {t}\n",
                ".option push\n.option norvc\n.option norelax\n",
                "20: j 27f\nj 21f\nj 22f\nj 23f\nj 24f\nj 25f\nj 26f\n",
                ".option pop\n",
                run!("21", 1, [], $pairs),
                run!("22", 2, [1], $pairs),
                run!("23", 3, [1 2], $pairs),
                run!("24", 4, [1 2 3], $pairs),
                run!("25", 5, [1 2 3 4], $pairs),
                run!("26", 6, [1 2 3 4 5], $pairs),
                "27:\n",
            )
        };
    }
}

/// Defines a function that goes through the runs for a number of pairs.
macro_rules! for_pairs {
    ($name:ident, $($pair:literal $p:ident $q:ident $s:ident $h:ident $r:ident $g:ident),*) => {
        #[cfg(target_arch = "riscv32")]
        #[inline(never)]
        fn $name(group: Group<'_>, columns: &[u32], both: Words, high: Words) -> (Words, Words) {
            let ([mut s, mut r], [mut h, mut g]) = (both, high);
            // SAFETY: jumps stay in this block because every run begins with a multiple of 4 up
            // to 24, and the last with 0; the runs cover `taps` taps, so all weights and words
            // that are read lie in the two slices. `Lanes::new` and the caller checked both.
            unsafe {
                core::arch::asm!(
                    runs!([$($pair)*]),
                    w = inout(reg) group.runs.as_ptr() => _,
                    c = inout(reg) columns.as_ptr() => _,
                    half = in(reg) 0x8000,
                    base = out(reg) _, t = out(reg) _, x = out(reg) _,
                    a = out(reg) _, b = out(reg) _,
                    $(
                        $p = out(reg) _, $q = out(reg) _,
                        $s = inout(reg) s[$pair], $h = inout(reg) h[$pair],
                        $r = inout(reg) r[$pair], $g = inout(reg) g[$pair],
                    )*
                    options(pure, readonly, nostack),
                );
            }
            ([s, r], [h, g])
        }

        #[cfg(not(target_arch = "riscv32"))]
        fn $name(group: Group<'_>, columns: &[u32], both: Words, high: Words) -> (Words, Words) {
            super::lanes::twin(group, columns, [$($pair),*].len(), both, high)
        }
    };
}

for_pairs!(one_pair, 0 p0 q0 s0 h0 r0 g0);
for_pairs!(two_pairs, 0 p0 q0 s0 h0 r0 g0, 1 p1 q1 s1 h1 r1 g1);
for_pairs!(three_pairs, 0 p0 q0 s0 h0 r0 g0, 1 p1 q1 s1 h1 r1 g1, 2 p2 q2 s2 h2 r2 g2);
