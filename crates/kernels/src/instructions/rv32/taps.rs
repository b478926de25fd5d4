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
        };
        macro_rules! tap {
            ($list:literal, $weights:literal) => {
                concat!(
                    "lw {p}, ",
                    $list,
                    "({list})\n",
                    "add {p}, {p}, {behind}\n",
                    tap!("{a}", "0({p})", $weights, "0"),
                    tap!("{b}", "1({p})", $weights, "1"),
                    tap!("{c}", "2({p})", $weights, "2"),
                    tap!("{d}", "3({p})", $weights, "3"),
                )
            };
            ($sum:literal, $value:literal, $weights:literal, $lane:literal) => {
                concat!(
                    "lb {x}, ",
                    $value,
                    "\n",
                    "lb {y}, ",
                    $weights,
                    "+",
                    $lane,
                    "({words})\n",
                    "mul {x}, {x}, {y}\n",
                    "add ",
                    $sum,
                    ", ",
                    $sum,
                    ", {x}\n",
                )
            };
        }
        // One comparison is for both bounds: what is negative is large without a sign.
        macro_rules! store {
            ($sum:literal, $record:literal) => {
                concat!(
                    "slli ",
                    $sum,
                    ", ",
                    $sum,
                    ", 2\n",
                    "lw {x}, ",
                    $record,
                    "({words})\n",
                    "srai {y}, ",
                    $sum,
                    ", 31\n",
                    "and {y}, {y}, {ties}\n",
                    "mulh ",
                    $sum,
                    ", ",
                    $sum,
                    ", {x}\n",
                    "lw {x}, ",
                    $record,
                    "+4({words})\n",
                    "add ",
                    $sum,
                    ", ",
                    $sum,
                    ", {y}\n",
                    "lw {y}, ",
                    $record,
                    "+8({words})\n",
                    "add ",
                    $sum,
                    ", ",
                    $sum,
                    ", {x}\n",
                    "sra ",
                    $sum,
                    ", ",
                    $sum,
                    ", {y}\n",
                    clamp!($sum, "{span}", "{low}"),
                    "sb ",
                    $sum,
                    ", 0({out})\n",
                    "add {out}, {out}, {lane}\n",
                )
            };
        }
        // SAFETY: the loops read `depth` values at each place, and of further pixels `step` behind
        // the last ones', which the places have by `compute`. For each pixel they read all words
        // and write `depth` times `multiplier` outputs, whose numbers `compute` compared. The
        // frame is only changed here.
        unsafe {
            core::arch::asm!(
                "lw {out}, 8({frame})",
                "20:",
                "lw {words}, 4({frame})",
                "mv {t}, {lane}",
                "21:",
                "sw {t}, 36({frame})",
                "lw {t}, 12({frame})",
                "add {t}, {t}, {out}",
                "sw {t}, 40({frame})",
                "22:",
                "lw {a}, 0({words})",
                "lw {b}, 4({words})",
                "lw {c}, 8({words})",
                "lw {d}, 12({words})",
                "lw {list}, 0({frame})",
                "23:",
                tap!("0", "16"),
                tap!("4", "20"),
                "addi {list}, {list}, 8",
                "addi {words}, {words}, 8",
                "bne {list}, {end}, 23b",
                store!("{a}", "16"),
                store!("{b}", "28"),
                store!("{c}", "40"),
                store!("{d}", "52"),
                "addi {words}, {words}, 64",
                "addi {behind}, {behind}, 4",
                "lw {t}, 40({frame})",
                "bgeu {t}, {out}, 22b",
                // That was the last group, or the one before, which the last one meets.
                "sub {x}, {out}, {t}",
                "slli {y}, {lane}, 2",
                "beq {x}, {y}, 24f",
                "mv {out}, {t}",
                "lw {x}, 24({frame})",
                "sub {behind}, {behind}, {x}",
                "j 22b",
                "24:",
                "lw {t}, 36({frame})",
                "addi {t}, {t}, -1",
                "beqz {t}, 25f",
                "lw {x}, 20({frame})",
                "sub {behind}, {behind}, {x}",
                "mul {x}, {x}, {lane}",
                "sub {out}, {out}, {x}",
                "addi {out}, {out}, 1",
                "j 21b",
                "25:",
                "sub {out}, {out}, {lane}",
                "addi {out}, {out}, 1",
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
                p = out(reg) _,
                t = out(reg) _,
                x = out(reg) _,
                y = out(reg) _,
                options(nostack),
            );
        }
    }
}
