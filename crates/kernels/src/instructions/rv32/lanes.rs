//! Weights in lanes: two channels at one pair or three pairs of pixels.
//!
//! One file, as the loop, its checks and its twin are read side by side.

use crate::columns::PAIRS;
use crate::instructions::lanes::Groups;
#[cfg(not(target_arch = "riscv32"))]
use crate::instructions::rv32::stored::{stored, Bounds};
use core::marker::PhantomData;
use runtime::Output;

/// Channels of a group.
pub const CHANNELS: usize = 2;

/// Pixels that are computed at a time.
pub const PIXELS: usize = 2 * PAIRS;

/// Bias of both channels, then multiplier, constant and shift of each: see [`Outputs::compute`].
pub const RECORD: usize = 8;

/// Pixels that are computed together, in pairs: 1, 2, 5 or `PIXELS`.
pub trait Tile: Copy {
    /// How many they are.
    fn count(self) -> usize;

    /// Which pixel one of them is, among those that are owned; none before it is a later one.
    fn pixel(self, number: usize) -> usize;

    /// Pixels from the first of a pair to the second, and from there to the first of the next.
    fn steps(self) -> (u16, u16);
}

/// Pixels that follow each other.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The first of them, among those that are owned.
    pub first: usize,
    /// How many they are.
    pub count: usize,
}

impl Tile for Row {
    #[inline]
    fn count(self) -> usize {
        self.count
    }

    #[inline]
    fn pixel(self, number: usize) -> usize {
        self.first.saturating_add(number)
    }

    #[inline]
    fn steps(self) -> (u16, u16) {
        (1, 1)
    }
}

/// Where the results of a tile go, and their bounds.
#[derive(Debug)]
#[repr(C)]
pub struct Outputs<'o> {
    first: *mut i8,
    /// Bytes from the first pixel of a pair to the second.
    across: usize,
    /// From the first pixel of the last pair to the second: 0 if it is the same.
    last: usize,
    records: *const i32,
    /// Bytes from the second pixel of a pair to the first of the next.
    onward: usize,
    span: i32,
    low: i32,
    is_signed: u32,
    left: usize,
    runs: *const i8,
    columns: *const u32,
    pairs: usize,
    channels: usize,
    borrowed: PhantomData<&'o mut [i8]>,
}

impl<'o> Outputs<'o> {
    /// The pixels of a tile; nothing unless they are owned.
    ///
    /// Results are in `[low, low + span]`; `is_signed` if some are below the zero point.
    #[inline]
    #[must_use]
    pub fn new(
        output: &'o mut Output<'_, i8>,
        tile: impl Tile,
        bounds: (i32, i32),
        is_signed: bool,
    ) -> Option<Self> {
        let (count, (across, onward)) = (tile.count(), tile.steps());
        if !matches!(count, 1 | 2 | 5 | PIXELS) {
            return None;
        }
        let (across, onward) = (usize::from(across), usize::from(onward));
        let pairs = (count - 1) / 2 * (across + onward);
        let first = tile.pixel(0);
        let last = first.saturating_add(pairs + (count - 1) % 2 * across);
        let (stride, channels) = (output.stride(), output.channels().len());
        (last < output.pixels().len()).then(|| {
            let start = output.as_mut_ptr().wrapping_add(first * stride);
            let strides = (across * stride, onward * stride);
            Self::at(start, count, strides, channels, bounds, is_signed)
        })
    }

    /// As many pixels of one group.
    #[inline]
    #[must_use]
    pub fn of_group(
        group: &'o mut [[i8; CHANNELS]; PIXELS],
        count: usize,
        bounds: (i32, i32),
        is_signed: bool,
    ) -> Option<Self> {
        let (start, strides) = (group.as_mut_ptr().cast(), (CHANNELS, CHANNELS));
        matches!(count, 1 | 2 | 5 | PIXELS)
            .then(|| Self::at(start, count, strides, CHANNELS, bounds, is_signed))
    }

    /// `count` pixels of `channels` elements each, of which the first is at `first`.
    #[inline]
    fn at(
        first: *mut i8,
        count: usize,
        (across, onward): (usize, usize),
        channels: usize,
        (low, span): (i32, i32),
        is_signed: bool,
    ) -> Self {
        Self {
            first,
            across,
            last: if count % 2 == 0 { across } else { 0 },
            records: core::ptr::null(),
            onward,
            span,
            low,
            is_signed: u32::from(is_signed),
            left: 0,
            runs: core::ptr::null(),
            columns: core::ptr::null(),
            pairs: count.div_ceil(2),
            channels,
            borrowed: PhantomData,
        }
    }

    /// Stores the channels of some groups, of every pixel from its first on: sums of weights times
    /// values, requantized.
    ///
    /// `columns` is `[taps, PAIRS]`: for each tap a word of each pair; an odd pixel is in both
    /// halves of its word. `records` has `RECORD` numbers for each group. A sum `acc` that begins
    /// with the bias becomes `clamp((acc * multiplier / 2^30 + constant) >> shift, 0, span) + low`,
    /// rounded down, with 2 less before the shift where `acc` is negative and results are signed.
    /// Nothing happens where a slice is too short.
    #[inline]
    pub fn compute(mut self, groups: Groups<'_>, records: &[i32], columns: &[u32]) {
        // Divided, because a product could wrap.
        if groups.channels != CHANNELS
            || groups.count == 0
            || groups.count > records.len() / RECORD
            || groups.taps > columns.len() / PAIRS
            || groups.count > self.channels / CHANNELS
        {
            return;
        }
        self.records = records.as_ptr();
        self.left = groups.count;
        self.runs = groups.runs.as_ptr();
        self.columns = columns.as_ptr();
        match self.pairs {
            1 => one_pair(&mut self, groups, columns),
            _ => three_pairs(&mut self, groups, columns),
        }
    }
}

/// Text of the inner loops. `w` is at a run, `c` at the column's words of its first tap; behind a
/// jump both are at the end of the run. For each pair, `p` and `q` sum a run's products of the two
/// channels; `s` and `r` sum all of them, `h` and `g` their high halves. What is loaded is used two
/// instructions later, because some cores wait for it.
#[cfg(target_arch = "riscv32")]
#[macro_use]
mod text {
    /// Begins the sums with the bias, both halves of a word and its high half; `x` is at the
    /// group's record.
    macro_rules! begin {
        ([$($pair:tt)*]) => {
            concat!(
                "lw {w}, 36({t})\n", "lw {c}, 40({t})\n",
                "lw {a}, 0({x})\n", "lw {b}, 4({x})\n",
                "slli {t}, {a}, 16\n", "add {t}, {t}, {a}\n",
                "slli {x}, {b}, 16\n", "add {x}, {x}, {b}\n",
                "lui {half}, 8\n", "lla {base}, 21f - 12\n",
                $(
                    "mv {s", $pair, "}, {t}\n", "mv {h", $pair, "}, {a}\n",
                    "mv {r", $pair, "}, {x}\n", "mv {g", $pair, "}, {b}\n",
                )*
            )
        };
    }

    /// Products of a run's first tap.
    macro_rules! first {
        ([$($pair:tt)*]) => {
            concat!(
                $("lw {p", $pair, "}, 4*", $pair, "({c})\n",)*
                "lb {b}, 2({w})\n", "lb {a}, 1({w})\n",
                $(
                    "mul {q", $pair, "}, {b}, {p", $pair, "}\n",
                    "mul {p", $pair, "}, {a}, {p", $pair, "}\n",
                )*
            )
        };
    }

    /// Adds the products of another tap, so many before the end of the run.
    macro_rules! more {
        ($left:literal, [0]) => {
            concat!(
                more!(load $left), more!(products "{x}", "{t}", 0, ""),
            )
        };
        ($left:literal, [0 1 2]) => {
            concat!(
                more!(load $left),
                more!(products "{x}", "{t}", 0, concat!("lw {t}, -12*", $left, "+4({c})\n")),
                more!(products "{t}", "{x}", 1, concat!("lw {x}, -12*", $left, "+8({c})\n")),
                more!(products "{x}", "{t}", 2, ""),
            )
        };
        (load $left:literal) => {
            concat!(
                "lw {x}, -12*", $left, "({c})\n",
                "lb {a}, -2*", $left, "({w})\n",
                "lb {b}, -2*", $left, "+1({w})\n",
            )
        };
        (products $word:literal, $free:literal, $pair:tt, $next:expr) => {
            concat!(
                "mul ", $free, ", {a}, ", $word, "\n",
                "add {p", $pair, "}, {p", $pair, "}, ", $free, "\n",
                "mul ", $word, ", {b}, ", $word, "\n",
                $next,
                "add {q", $pair, "}, {q", $pair, "}, ", $word, "\n",
            )
        };
    }

    /// Adds a run's products, and their high halves rounded, because a low half borrows from it.
    macro_rules! flush {
        ([$($pair:tt)*]) => {
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

    /// Goes to the end of a run of so many taps.
    macro_rules! advance {
        ($length:literal) => {
            concat!(
                "addi {c}, {c}, 12*",
                $length,
                "\n",
                "addi {w}, {w}, 2*",
                $length,
                "+1\n"
            )
        };
    }

    /// Sums of all runs: a jump for each run to where `c` and `w` advance, and from there to its
    /// second tap. All that is jumped to lies in one word, because fetching two takes some cores a
    /// cycle more.
    macro_rules! runs {
        ($pairs:tt) => {
            concat!(
                "lbu {t}, 0({w})\n",
                "20:\n",
                first!($pairs),
                "add {t}, {t}, {base}\n",
                "jr {t}\n",
                ".option push\n.option norvc\n.option norelax\n",
                ".balign 4\n21:\n",
                advance!(1),
                "j 40f\n",
                advance!(2),
                "j 41f\n",
                advance!(3),
                "j 42f\n",
                advance!(4),
                "j 43f\n",
                advance!(5),
                "j 44f\n",
                advance!(6),
                "j 45f\n",
                advance!(7),
                "j 46f\n",
                advance!(8),
                ".option pop\n",
                more!(7, $pairs),
                "46:\n",
                more!(6, $pairs),
                "45:\n",
                more!(5, $pairs),
                "44:\n",
                more!(4, $pairs),
                "43:\n",
                more!(3, $pairs),
                "42:\n",
                more!(2, $pairs),
                "41:\n",
                more!(1, $pairs),
                "40:\n",
                "lbu {t}, 0({w})\n",
                flush!($pairs),
                "bnez {t}, 20b\n",
            )
        };
    }

    /// Stores one result. One comparison is for both bounds: what is negative is large when it is
    /// compared without a sign.
    macro_rules! store {
        (signed, $sum:expr, $multiplier:literal, $constant:literal, $shift:literal, $to:literal) => {
            concat!(
                "srai {x}, ",
                $sum,
                ", 31\n",
                "slli {x}, {x}, 1\n",
                "add {x}, {x}, ",
                $constant,
                "\n",
                store!(unsigned, $sum, $multiplier, "{x}", $shift, $to),
            )
        };
        (unsigned, $sum:expr, $multiplier:literal, $constant:literal, $shift:literal, $to:literal) => {
            concat!(
                "slli ",
                $sum,
                ", ",
                $sum,
                ", 2\n",
                "mulh ",
                $sum,
                ", ",
                $sum,
                ", ",
                $multiplier,
                "\n",
                "add ",
                $sum,
                ", ",
                $sum,
                ", ",
                $constant,
                "\n",
                "sra ",
                $sum,
                ", ",
                $sum,
                ", ",
                $shift,
                "\n",
                clamp!($sum, "{half}", "{q2}"),
                "sb ",
                $sum,
                ", ",
                $to,
                "\n",
            )
        };
    }

    /// Stores the results of a pair, to `w` and `q0`.
    macro_rules! store_pair {
        ($kind:ident, $pair:tt) => {
            concat!(
                "slli {t}, {h",
                $pair,
                "}, 16\n",
                "sub {s",
                $pair,
                "}, {s",
                $pair,
                "}, {t}\n",
                "slli {t}, {g",
                $pair,
                "}, 16\n",
                "sub {r",
                $pair,
                "}, {r",
                $pair,
                "}, {t}\n",
                store!(
                    $kind,
                    concat!("{s", $pair, "}"),
                    "{a}",
                    "{b}",
                    "{base}",
                    "0({w})"
                ),
                store!(
                    $kind,
                    concat!("{r", $pair, "}"),
                    "{p1}",
                    "{q1}",
                    "{p2}",
                    "1({w})"
                ),
                store!(
                    $kind,
                    concat!("{h", $pair, "}"),
                    "{a}",
                    "{b}",
                    "{base}",
                    "0({q0})"
                ),
                store!(
                    $kind,
                    concat!("{g", $pair, "}"),
                    "{p1}",
                    "{q1}",
                    "{p2}",
                    "1({q0})"
                ),
            )
        };
    }

    /// Stores all results. The pixels of a pair are `c` apart, but for the last pair's; the next
    /// pair is `p0` after them.
    macro_rules! stores {
        (unsigned, [$($pair:tt)*] $last:tt) => {
            concat!(
                $(
                    "add {q0}, {w}, {c}\n",
                    store_pair!(unsigned, $pair),
                    "add {w}, {q0}, {p0}\n",
                )*
                "lw {t}, 0(sp)\n", "lw {t}, 8({t})\n", "add {q0}, {w}, {t}\n",
                store_pair!(unsigned, $last),
            )
        };
        (signed, [] $last:tt) => {
            concat!(
                "lw {t}, 0(sp)\n", "lw {t}, 8({t})\n", "add {q0}, {w}, {t}\n",
                store_pair!(signed, $last),
            )
        };
        // In turn, because few layers have such results.
        (signed, [0 1] 2) => {
            concat!(
                "li {p0}, 2\n",
                "31: add {q0}, {w}, {c}\n",
                "bnez {p0}, 32f\n",
                "lw {t}, 0(sp)\n", "lw {t}, 8({t})\n", "add {q0}, {w}, {t}\n",
                "32:\n",
                store_pair!(signed, 0),
                "lw {t}, 0(sp)\n", "lw {t}, 16({t})\n", "add {w}, {q0}, {t}\n",
                "mv {s0}, {s1}\n", "mv {h0}, {h1}\n", "mv {r0}, {r1}\n", "mv {g0}, {g1}\n",
                "mv {s1}, {s2}\n", "mv {h1}, {h2}\n", "mv {r1}, {r2}\n", "mv {g1}, {g2}\n",
                "addi {p0}, {p0}, -1\n",
                "bgez {p0}, 31b\n",
            )
        };
    }

    /// Loads the way to the next pair, where there is one.
    macro_rules! onward {
        ([]) => {
            ""
        };
        ($others:tt) => {
            "lw {p0}, 16({t})\n"
        };
    }

    /// All of it, group by group.
    macro_rules! block {
        ($pairs:tt, $others:tt $last:tt) => {
            concat!(
                "addi sp, sp, -16\n", "sw {t}, 0(sp)\n",
                "lw {x}, 12({t})\n",
                "19:\n",
                begin!($pairs),
                runs!($pairs),
                "lw {t}, 0(sp)\n",
                "addi {w}, {w}, 1\n", "sw {w}, 36({t})\n",
                "lw {w}, 0({t})\n", "lw {c}, 4({t})\n",
                "lw {x}, 12({t})\n",
                "lw {half}, 20({t})\n", "lw {q2}, 24({t})\n",
                onward!($others), "lw {t}, 28({t})\n",
                "lw {a}, 8({x})\n", "lw {b}, 12({x})\n", "lw {base}, 16({x})\n",
                "lw {p1}, 20({x})\n", "lw {q1}, 24({x})\n", "lw {p2}, 28({x})\n",
                "bnez {t}, 28f\n",
                stores!(unsigned, $others $last),
                "j 29f\n",
                "28:\n",
                stores!(signed, $others $last),
                "29: lw {t}, 0(sp)\n",
                "lw {x}, 12({t})\n", "addi {x}, {x}, 4*8\n", "sw {x}, 12({t})\n",
                "lw {a}, 0({t})\n", "addi {a}, {a}, 2\n", "sw {a}, 0({t})\n",
                "lw {b}, 32({t})\n", "addi {b}, {b}, -1\n", "sw {b}, 32({t})\n",
                "bnez {b}, 19b\n",
                "addi sp, sp, 16\n",
            )
        };
    }
}

/// Defines a function that computes a number of pairs.
macro_rules! for_pairs {
    ($name:ident, [$($pair:tt)*] $last:tt, $($sum:ident)*) => {
        #[cfg(target_arch = "riscv32")]
        #[inline(never)]
        fn $name(outputs: &mut Outputs<'_>, _: Groups<'_>, _: &[u32]) {
            // SAFETY: jumps stay in this block because every run begins with a multiple of 12 up
            // to 96, and 0 is not jumped by; the runs cover `taps` taps, and groups follow each
            // other, so all weights and words that are read lie in their slices: `Lanes::new` and
            // `compute` checked both, and the records. The pixels are borrowed for as long as
            // `outputs` lives, and have so many channels. The stack is as it was.
            unsafe {
                core::arch::asm!(
                    block!([$($pair)* $last], [$($pair)*] $last),
                    w = out(reg) _, c = out(reg) _,
                    t = inout(reg) core::ptr::from_mut(outputs) => _,
                    half = out(reg) _, base = out(reg) _, x = out(reg) _,
                    a = out(reg) _, b = out(reg) _,
                    p0 = out(reg) _, p1 = out(reg) _, p2 = out(reg) _,
                    q0 = out(reg) _, q1 = out(reg) _, q2 = out(reg) _,
                    $($sum = out(reg) _,)*
                );
            }
        }

        #[cfg(not(target_arch = "riscv32"))]
        fn $name(outputs: &mut Outputs<'_>, groups: Groups<'_>, columns: &[u32]) {
            twin(outputs, groups, columns, 1 + <[u8]>::len(&[$($pair),*]));
        }
    };
}

for_pairs!(one_pair, [] 0, s0 h0 r0 g0);
for_pairs!(three_pairs, [0 1] 2, s0 h0 r0 g0 s1 h1 r1 g1 s2 h2 r2 g2);

/// The same in plain Rust.
#[cfg(not(target_arch = "riscv32"))]
fn twin(outputs: &mut Outputs<'_>, groups: Groups<'_>, columns: &[u32], pairs: usize) {
    // SAFETY: `compute` set it to as many records, which live until this returns.
    let records = unsafe { core::slice::from_raw_parts(outputs.records, groups.count * RECORD) };
    let mut runs = groups.runs;
    let bounds = Bounds {
        low: outputs.low,
        span: outputs.span,
        is_signed: outputs.is_signed != 0,
    };
    for (record, group) in records.chunks_exact(RECORD).zip(0..) {
        let &[first, second, ref scales @ ..] = record else {
            return;
        };
        let mut both = [first, second].map(|bias| [bias.wrapping_add(bias << 16); PAIRS]);
        let mut high = [first, second].map(|bias| [bias; PAIRS]);
        runs = crate::instructions::lanes::twin(runs, columns, pairs, &mut both, &mut high);
        for (channel, scale) in scales.chunks_exact(3).enumerate() {
            let &[multiplier, constant, shift] = scale else {
                return;
            };
            for pixel in 0..2 * pairs {
                let (both, high) = (both[channel][pixel / 2], high[channel][pixel / 2]);
                let sum = if pixel % 2 == 0 {
                    both.wrapping_sub(high << 16)
                } else {
                    high
                };
                let stored = stored(sum << 2, [multiplier, constant, shift], bounds);
                let before = pixel / 2 * (outputs.across + outputs.onward);
                let inside = match pixel % 2 {
                    0 => 0,
                    _ if pixel + 1 == 2 * pairs => outputs.last,
                    _ => outputs.across,
                };
                let to = before + inside + group * CHANNELS + channel;
                let to = outputs.first.wrapping_add(to);
                // SAFETY: the pixels are borrowed by `outputs` and have so many channels.
                unsafe { to.write(stored) };
            }
        }
    }
}
