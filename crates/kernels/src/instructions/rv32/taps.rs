//! Depthwise filters of any size: four channels at a time, as they lie in memory.

#[cfg(not(target_arch = "riscv32"))]
use crate::instructions::places::Places;
#[cfg(not(target_arch = "riscv32"))]
use crate::instructions::rv32::stored::{stored, Bounds};
use crate::taps::Run;

/// Input channels that are computed together.
pub const GROUP: usize = 4;

/// Words of a group that are not weights: four biases, then multiplier, constant and shift of each.
const RECORDS: usize = 16;

/// Filters of groups of four channels, and how their sums are stored.
#[derive(Debug)]
pub struct Rv32Taps {
    /// For each of an input channel's outputs, and each group of input channels: four biases, a
    /// word of four weights for each tap, and four times multiplier, constant and shift. The last
    /// group ends with the last channel.
    pub words: &'static [i32],
    /// Whether values below the zero point are stored, so that their ties matter.
    pub signed: bool,
    /// Smallest stored value, in `[-128, 127]`.
    pub low: i32,
    /// Largest stored value, less the smallest.
    pub span: i32,
}

/// What the inner loop is given, and what it keeps.
#[cfg(target_arch = "riscv32")]
#[repr(C)]
struct Frame {
    list: *const u32,
    words: *const i32,
    output: *mut i8,
    /// Bytes from a pass's first output to its last group.
    last: usize,
    passes: usize,
    depth: usize,
    /// Channels that the last group has in common with the one before.
    shared: usize,
    /// Elements from behind a pixel's last channel to the next pixel.
    skipped: usize,
    pixels: usize,
    /// Passes that are left, and where the last group's outputs begin.
    state: [usize; 2],
    /// Bytes of a pass's words.
    pass: usize,
}

impl Rv32Taps {
    /// Computes the outputs of some pixels.
    ///
    /// A sum `acc` becomes `clamp((4 * acc * multiplier / 2^32 + constant) >> shift, 0, span) +
    /// low`, rounded down; of a sum below zero 2 is taken off the constant if these matter. Does
    /// nothing where there are fewer than four channels, or places, filters and outputs are not as
    /// many as taps and channels say.
    #[inline(never)]
    pub fn compute(&self, run: &Run<'_>, multiplier: usize, outputs: &mut [i8]) {
        let depth = run.places.depth();
        let (Some(list), Some(channels)) = (run.places.list(), depth.checked_mul(multiplier))
        else {
            return;
        };
        let groups = depth.div_ceil(GROUP).checked_mul(multiplier);
        let words = groups.and_then(|groups| groups.checked_mul(list.len() + RECORDS));
        let fits = depth >= GROUP
            && multiplier > 0
            && !list.is_empty()
            && list.len() % 2 == 0
            && 0 < run.pixels
            && run.pixels <= run.places.pixels(run.step)
            && run.pixels.checked_mul(channels) == Some(outputs.len())
            && words == Some(self.words.len());
        if fits {
            self.some(run, multiplier, list, outputs);
        }
    }

    #[cfg(not(target_arch = "riscv32"))]
    fn some(&self, run: &Run<'_>, multiplier: usize, list: &[u32], outputs: &mut [i8]) {
        let depth = run.places.depth();
        let groups = depth.div_ceil(GROUP);
        for pixel in 0..run.pixels {
            let words = self.words.chunks_exact(list.len() + RECORDS);
            for (index, words) in words.enumerate() {
                let (pass, group) = (index / groups, index % groups);
                let first = (group * GROUP).min(depth - GROUP);
                for lane in 0..GROUP {
                    let behind = pixel * run.step + first + lane;
                    let value = self.one(run.places, list, words, lane, behind);
                    let output = (pixel * depth + first + lane) * multiplier + pass;
                    if let Some(output) = outputs.get_mut(output) {
                        *output = value;
                    }
                }
            }
        }
    }

    /// An output, from its words and what is so many elements behind the places.
    #[cfg(not(target_arch = "riscv32"))]
    fn one(
        &self,
        places: &Places<'_>,
        list: &[u32],
        words: &[i32],
        lane: usize,
        behind: usize,
    ) -> i8 {
        let (biases, rest) = words.split_at(GROUP);
        let (weights, records) = rest.split_at(list.len());
        let mut sum = biases.get(lane).copied().unwrap_or_default();
        for (&place, weights) in list.iter().zip(weights) {
            let weight = weights.to_le_bytes().get(lane).copied().unwrap_or_default();
            let weight = i32::from(i8::from_le_bytes([weight]));
            sum = sum.wrapping_add(i32::from(places.value(place, behind)) * weight);
        }
        let mut record = records.iter().skip(3 * lane).copied();
        let scale = [(); 3].map(|()| record.next().unwrap_or_default());
        let bounds = Bounds {
            low: self.low,
            span: self.span,
            is_signed: self.signed,
        };
        stored(sum << 2, scale, bounds)
    }

    #[cfg(target_arch = "riscv32")]
    #[inline]
    fn some(&self, run: &Run<'_>, multiplier: usize, list: &[u32], outputs: &mut [i8]) {
        let depth = run.places.depth();
        let mut frame = Frame {
            list: list.as_ptr(),
            words: self.words.as_ptr(),
            output: outputs.as_mut_ptr(),
            last: (depth - GROUP) * multiplier,
            passes: multiplier,
            depth,
            shared: depth.wrapping_neg() % GROUP,
            skipped: run.step.wrapping_sub(depth),
            pixels: run.pixels,
            state: [0; 2],
            pass: depth.div_ceil(GROUP) * (list.len() + RECORDS) * size_of::<i32>(),
        };
        /// Adds a tap of four channels, for one of their outputs or for two.
        macro_rules! tap {
            ($list:literal, $weights:literal, $($sums:tt)*) => {
                concat!(
                    "lw {p}, ",
                    $list,
                    "({list})\n",
                    "add {p}, {p}, {behind}\n",
                    $(tap!($weights, $sums),)*
                )
            };
            ($weights:literal, [$lane:literal $sum:literal]) => {
                concat!(
                    tap!(load $lane),
                    tap!(product "{x}", $weights, $lane, $sum, "{words}"),
                )
            };
            ($weights:literal, [$lane:literal $sum:literal $other:literal]) => {
                concat!(
                    tap!(load $lane),
                    tap!(product "{y}", $weights, $lane, $sum, "{words}"),
                    tap!(product "{y}", $weights, $lane, $other, "{next}"),
                )
            };
            (load $lane:literal) => {
                concat!("lb {x}, ", $lane, "({p})\n")
            };
            (product $to:literal, $weights:literal, $lane:literal, $sum:literal, $at:literal) => {
                concat!(
                    "lb {y}, ", $weights, "+", $lane, "(", $at, ")\n",
                    "mul ", $to, ", {x}, {y}\n",
                    "add ", $sum, ", ", $sum, ", ", $to, "\n",
                )
            };
        }
        // One comparison is for both bounds: what is negative is large without a sign. A product
        // has the sign of its sum.
        macro_rules! store {
            ($sum:literal, $record:literal) => {
                concat!(
                    store!($sum, $record, "{words}", "0"),
                    "add {out}, {out}, {lane}\n"
                )
            };
            ($sum:literal, $other:literal, $record:literal) => {
                concat!(
                    store!($sum, $record, "{words}", "0"),
                    store!($other, $record, "{next}", "1"),
                    "add {out}, {out}, {lane}\n",
                )
            };
            ($sum:literal, $record:literal, $at:literal, $to:literal) => {
                concat!(
                    "lw {x}, ",
                    $record,
                    "(",
                    $at,
                    ")\n",
                    "slli ",
                    $sum,
                    ", ",
                    $sum,
                    ", 2\n",
                    "lw {y}, ",
                    $record,
                    "+4(",
                    $at,
                    ")\n",
                    "mulh ",
                    $sum,
                    ", ",
                    $sum,
                    ", {x}\n",
                    "lw {x}, ",
                    $record,
                    "+8(",
                    $at,
                    ")\n",
                    "beqz {ties}, 31f\n",
                    "srai {p}, ",
                    $sum,
                    ", 31\n",
                    "and {p}, {p}, {ties}\n",
                    "add ",
                    $sum,
                    ", ",
                    $sum,
                    ", {p}\n",
                    "31: add ",
                    $sum,
                    ", ",
                    $sum,
                    ", {y}\n",
                    "sra ",
                    $sum,
                    ", ",
                    $sum,
                    ", {x}\n",
                    clamp!($sum, "{span}", "{low}"),
                    "sb ",
                    $sum,
                    ", ",
                    $to,
                    "({out})\n",
                )
            };
        }
        /// Goes on with the next group, unless that was the last one, or the one before, which the
        /// last one meets.
        macro_rules! group {
            ($from:literal) => {
                concat!(
                    "addi {behind}, {behind}, 4\n",
                    "lw {t}, 40({frame})\n",
                    "bgeu {t}, {out}, ",
                    $from,
                    "b\n",
                    "sub {x}, {out}, {t}\n",
                    "slli {y}, {lane}, 2\n",
                    "beq {x}, {y}, 24f\n",
                    "mv {out}, {t}\n",
                    "lw {x}, 24({frame})\n",
                    "sub {behind}, {behind}, {x}\n",
                    "j ",
                    $from,
                    "b\n",
                    "24:\n",
                )
            };
        }
        // SAFETY: the loops read `depth` values at each place, and of further pixels `step` behind
        // the last ones', which the places have by `compute`. For each pixel they read all words,
        // those of two passes side by side while two are left, and write `depth` times `multiplier`
        // outputs, whose numbers `compute` compared. The frame is only changed here.
        unsafe {
            core::arch::asm!(
                "lw {out}, 8({frame})",
                "20:",
                "lw {words}, 4({frame})",
                "mv {t}, {lane}",
                "21:",
                "sw {t}, 36({frame})",
                "lw {x}, 12({frame})",
                "add {x}, {x}, {out}",
                "sw {x}, 40({frame})",
                "addi {t}, {t}, -1",
                "beqz {t}, 25f",
                // Two passes.
                "lw {next}, 44({frame})",
                "add {next}, {next}, {words}",
                "22:",
                "lw {a}, 0({words})",
                "lw {b}, 4({words})",
                "lw {c}, 8({words})",
                "lw {d}, 12({words})",
                "lw {e}, 0({next})",
                "lw {f}, 4({next})",
                "lw {g}, 8({next})",
                "lw {h}, 12({next})",
                "lw {list}, 0({frame})",
                "23:",
                tap!("0", "16", ["0" "{a}" "{e}"] ["1" "{b}" "{f}"] ["2" "{c}" "{g}"] ["3" "{d}" "{h}"]),
                tap!("4", "20", ["0" "{a}" "{e}"] ["1" "{b}" "{f}"] ["2" "{c}" "{g}"] ["3" "{d}" "{h}"]),
                "addi {list}, {list}, 8",
                "addi {words}, {words}, 8",
                "addi {next}, {next}, 8",
                "bne {list}, {end}, 23b",
                store!("{a}", "{e}", "16"),
                store!("{b}", "{f}", "28"),
                store!("{c}", "{g}", "40"),
                store!("{d}", "{h}", "52"),
                "addi {words}, {words}, 64",
                "addi {next}, {next}, 64",
                group!("22"),
                "mv {words}, {next}",
                "li {p}, 2",
                "j 27f",
                // One pass.
                "25:",
                "lw {a}, 0({words})",
                "lw {b}, 4({words})",
                "lw {c}, 8({words})",
                "lw {d}, 12({words})",
                "lw {list}, 0({frame})",
                "26:",
                tap!("0", "16", ["0" "{a}"] ["1" "{b}"] ["2" "{c}"] ["3" "{d}"]),
                tap!("4", "20", ["0" "{a}"] ["1" "{b}"] ["2" "{c}"] ["3" "{d}"]),
                "addi {list}, {list}, 8",
                "addi {words}, {words}, 8",
                "bne {list}, {end}, 26b",
                store!("{a}", "16"),
                store!("{b}", "28"),
                store!("{c}", "40"),
                store!("{d}", "52"),
                "addi {words}, {words}, 64",
                group!("25"),
                "li {p}, 1",
                "27:",
                "lw {t}, 36({frame})",
                "sub {t}, {t}, {p}",
                "add {out}, {out}, {p}",
                "beqz {t}, 28f",
                "lw {x}, 20({frame})",
                "sub {behind}, {behind}, {x}",
                "mul {x}, {x}, {lane}",
                "sub {out}, {out}, {x}",
                "j 21b",
                "28:",
                "sub {out}, {out}, {lane}",
                "lw {x}, 28({frame})",
                "add {behind}, {behind}, {x}",
                "lw {t}, 32({frame})",
                "addi {t}, {t}, -1",
                "sw {t}, 32({frame})",
                "bnez {t}, 20b",
                frame = in(reg) core::ptr::from_mut(&mut frame),
                end = in(reg) list.as_ptr_range().end,
                lane = in(reg) multiplier,
                ties = in(reg) if self.signed { -2 } else { 0 },
                span = in(reg) self.span,
                low = in(reg) self.low,
                behind = inout(reg) 0 => _,
                list = out(reg) _,
                words = out(reg) _,
                out = out(reg) _,
                a = out(reg) _,
                b = out(reg) _,
                c = out(reg) _,
                d = out(reg) _,
                e = out(reg) _,
                f = out(reg) _,
                g = out(reg) _,
                h = out(reg) _,
                next = out(reg) _,
                p = out(reg) _,
                t = out(reg) _,
                x = out(reg) _,
                y = out(reg) _,
                options(nostack),
            );
        }
    }
}
