//! A filter of 3x3 taps over a plane: one channel with its padding, line after line.

use crate::instructions::reach::reach;
#[cfg(not(target_arch = "riscv32"))]
use crate::instructions::rv32::stored::{stored, Bounds};
use runtime::Output;

/// Numbers of a channel: four times the bias, then multiplier, constant and shift.
pub const RECORD: usize = 4;

/// Taps of the filter.
pub const TAPS: usize = 9;

/// One channel's values, and its padding.
#[derive(Clone, Copy, Debug)]
pub struct Plane<'p> {
    /// Lines, one after the other.
    pub values: &'p [i8],
    /// Values of a line.
    pub pitch: usize,
    /// Lines and values from a result to the next: 1 or 2.
    pub stride: usize,
}

/// Where the results of one channel go.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The channel, counted from the first that is owned.
    pub channel: usize,
    /// Lines of results.
    pub lines: usize,
    /// Results of a line.
    pub length: usize,
    /// Pixels from a line of results to the next.
    pub line: usize,
    /// Pixels from a result of a line to the next.
    pub step: usize,
}

/// What the inner loop is given, and what it keeps for the next line.
#[repr(C)]
struct Frame {
    values: *const i8,
    pitch: usize,
    next: usize,
    output: *mut i8,
    step: usize,
    line: usize,
    length: usize,
    lines: usize,
    weights: *const i8,
    record: *const i32,
    span: i32,
    low: i32,
}

/// Stores one channel: sums of 3x3 weights times values, requantized to `[low, low + span]`.
///
/// A sum `acc` that begins with the bias becomes `clamp((acc * multiplier / 2^30 + constant) >>
/// shift, 0, span) + low`, rounded down. Nothing happens where something is too short.
pub fn filter(
    plane: Plane<'_>,
    weights: &[i8; TAPS],
    record: &[i32; RECORD],
    (low, span): (i32, i32),
    target: Target,
    output: &mut Output<'_, i8>,
) {
    let Plane {
        values,
        pitch,
        stride,
    } = plane;
    let Target {
        channel,
        lines,
        length,
        line,
        step,
    } = target;
    let last = |count: usize, each: usize| (count - 1).saturating_mul(each);
    if lines == 0 || length == 0 || !(1..=2).contains(&stride) {
        return;
    }
    let behind = last(length, stride).saturating_add(3);
    let seen = reach(last(lines, stride).saturating_add(2), pitch, behind);
    let written = last(lines, line).saturating_add(last(length, step));
    if seen > values.len() || channel >= output.channels().len() || written >= output.pixels().len()
    {
        return;
    }
    let (first, pixel) = (output.as_mut_ptr(), output.stride());
    let mut frame = Frame {
        values: values.as_ptr(),
        pitch,
        next: pitch * stride,
        output: first.wrapping_add(channel),
        step: step * pixel,
        line: line * pixel,
        length: length * step * pixel,
        lines,
        weights: weights.as_ptr(),
        record: record.as_ptr(),
        span,
        low,
    };
    #[cfg(target_arch = "riscv32")]
    match stride {
        1 => stride_1(&mut frame),
        _ => stride_2(&mut frame),
    }
    #[cfg(not(target_arch = "riscv32"))]
    twin(&mut frame, stride);
}

/// Text of the inner loops. `p0` to `p2` are at three lines, `w0` to `w8` are the weights times
/// four; `a` is the result that is completed next, `b` and `c` are those after it. What is loaded
/// is not used by the next instruction, because some cores wait for it.
#[cfg(target_arch = "riscv32")]
#[macro_use]
mod text {
    /// Loads a value of a line.
    macro_rules! load {
        ($to:literal, $at:expr, $line:literal) => {
            concat!("lb ", $to, ", ", $at, "({p", $line, "})\n")
        };
    }

    /// Adds to a sum a weight times a value; the product is in a register that may be the value's.
    macro_rules! add {
        ($sum:literal, $from:literal, $weight:literal, $value:literal, $product:literal) => {
            concat!(
                "mul ", $product, ", ", $value, ", {w", $weight, "}\n", "add ", $sum, ", ", $from,
                ", ", $product, "\n",
            )
        };
    }

    /// A value of each line, times the first weight of a line.
    macro_rules! begin {
        ($at:literal, $sum:literal) => {
            concat!(
                load!("{x}", $at, 0),
                load!("{t}", $at, 1),
                add!($sum, "{bias}", 0, "{x}", "{x}"),
                load!("{x}", $at, 2),
                add!($sum, $sum, 3, "{t}", "{t}"),
                add!($sum, $sum, 6, "{x}", "{x}"),
            )
        };
    }

    /// A value of each line, times the second weight for one sum, and the first for the next.
    macro_rules! second {
        ($at:literal, $sum:literal, $next:literal) => {
            concat!(
                load!("{x}", $at, 0),
                load!("{t}", $at, 1),
                add!($sum, $sum, 1, "{x}", $next),
                add!($next, "{bias}", 0, "{x}", "{x}"),
                add!($sum, $sum, 4, "{t}", "{x}"),
                load!("{x}", $at, 2),
                add!($next, $next, 3, "{t}", "{t}"),
                add!($sum, $sum, 7, "{x}", "{t}"),
                add!($next, $next, 6, "{x}", "{x}"),
            )
        };
    }

    /// A value of each line, for three sums.
    macro_rules! third {
        ($at:literal, $sum:literal, $next:literal, $new:literal) => {
            concat!(
                load!("{x}", $at, 0),
                load!("{t}", $at, 1),
                add!($sum, $sum, 2, "{x}", $new),
                add!($next, $next, 1, "{x}", $new),
                add!($new, "{bias}", 0, "{x}", "{x}"),
                add!($sum, $sum, 5, "{t}", "{x}"),
                add!($next, $next, 4, "{t}", "{x}"),
                load!("{x}", $at, 2),
                add!($new, $new, 3, "{t}", "{t}"),
                add!($sum, $sum, 8, "{x}", "{t}"),
                add!($next, $next, 7, "{x}", "{t}"),
                add!($new, $new, 6, "{x}", "{x}"),
            )
        };
    }

    /// Two values of each line: the first for one sum, the second also for the next.
    macro_rules! two {
        ($at:literal, $sum:literal, $new:literal) => {
            concat!(
                load!("{x}", $at, 0),
                load!("{t}", $at, 1),
                load!($new, $at, 2),
                add!($sum, $sum, 1, "{x}", "{x}"),
                load!("{x}", concat!($at, "+1"), 0),
                add!($sum, $sum, 4, "{t}", "{t}"),
                add!($sum, $sum, 7, $new, $new),
                add!($sum, $sum, 2, "{x}", "{t}"),
                load!("{t}", concat!($at, "+1"), 1),
                add!($new, "{bias}", 0, "{x}", "{x}"),
                add!($sum, $sum, 5, "{t}", "{x}"),
                load!("{x}", concat!($at, "+1"), 2),
                add!($new, $new, 3, "{t}", "{t}"),
                add!($sum, $sum, 8, "{x}", "{t}"),
                add!($new, $new, 6, "{x}", "{x}"),
            )
        };
    }

    /// Stores a result, and leaves after the last one of a line. One comparison is for both
    /// bounds: what is negative is large when it is compared without a sign.
    macro_rules! store {
        ($sum:literal) => {
            concat!(
                "mulh ",
                $sum,
                ", ",
                $sum,
                ", {m}\n",
                "add ",
                $sum,
                ", ",
                $sum,
                ", {k}\n",
                "sra ",
                $sum,
                ", ",
                $sum,
                ", {shift}\n",
                clamp!($sum, "{span}", "{low}"),
                "sb ",
                $sum,
                ", 0({out})\n",
                "add {out}, {out}, {step}\n",
                "beq {out}, {end}, 29f\n",
            )
        };
    }

    /// Moves on by a number of values.
    macro_rules! advance {
        ($count:literal) => {
            concat!(
                "addi {p0}, {p0}, ",
                $count,
                "\n",
                "addi {p1}, {p1}, ",
                $count,
                "\n",
                "addi {p2}, {p2}, ",
                $count,
                "\n",
            )
        };
    }

    /// A weight, times four.
    macro_rules! weights {
        ($($weight:literal)*) => {
            concat!($(
                "lb {w", $weight, "}, ", $weight, "({x})\n",
                "slli {w", $weight, "}, {w", $weight, "}, 2\n",
            )*)
        };
    }

    /// The whole: `$body` is a loop over a line that leaves to `29`. It begins in one word, because
    /// fetching two takes some cores a cycle more.
    macro_rules! lines {
        ($body:expr) => {
            concat!(
                "addi sp, sp, -16\n", "sw {t}, 0(sp)\n",
                "lw {x}, 32({t})\n", weights!(0 1 2 3 4 5 6 7 8),
                "lw {x}, 36({t})\n", "lw {bias}, 0({x})\n", "lw {m}, 4({x})\n",
                "lw {k}, 8({x})\n", "lw {shift}, 12({x})\n",
                "lw {span}, 40({t})\n", "lw {low}, 44({t})\n", "lw {step}, 16({t})\n",
                "27:\n",
                "lw {p0}, 0({t})\n", "lw {x}, 4({t})\n",
                "add {p1}, {p0}, {x}\n", "add {p2}, {p1}, {x}\n",
                "lw {x}, 8({t})\n", "add {x}, {x}, {p0}\n", "sw {x}, 0({t})\n",
                "lw {out}, 12({t})\n",
                "lw {x}, 20({t})\n", "add {x}, {x}, {out}\n", "sw {x}, 12({t})\n",
                "lw {end}, 24({t})\n", "add {end}, {end}, {out}\n",
                $body,
                "29: lw {t}, 0(sp)\n",
                "lw {x}, 28({t})\n", "addi {x}, {x}, -1\n", "sw {x}, 28({t})\n",
                "bnez {x}, 27b\n",
                "addi sp, sp, 16\n",
            )
        };
    }
}

/// Defines a function that goes through all lines.
#[cfg(target_arch = "riscv32")]
macro_rules! for_stride {
    ($name:ident, [$($new:ident)*], $body:expr) => {
        #[inline(never)]
        fn $name(frame: &mut Frame) {
            // SAFETY: `filter` took care that all values that are read lie in the plane, and all
            // results in the output, at pixels and a channel that are owned. The stack is as it
            // was.
            unsafe {
                core::arch::asm!(
                    lines!($body),
                    t = inout(reg) core::ptr::from_mut(frame) => _,
                    x = out(reg) _, a = out(reg) _, b = out(reg) _,
                    $($new = out(reg) _,)*
                    p0 = out(reg) _, p1 = out(reg) _, p2 = out(reg) _,
                    w0 = out(reg) _, w1 = out(reg) _, w2 = out(reg) _,
                    w3 = out(reg) _, w4 = out(reg) _, w5 = out(reg) _,
                    w6 = out(reg) _, w7 = out(reg) _, w8 = out(reg) _,
                    bias = out(reg) _, m = out(reg) _, k = out(reg) _, shift = out(reg) _,
                    span = out(reg) _, low = out(reg) _,
                    out = out(reg) _, step = out(reg) _, end = out(reg) _,
                );
            }
        }
    };
}

#[cfg(target_arch = "riscv32")]
for_stride!(
    stride_1,
    [c],
    concat!(
        begin!(0, "{a}"),
        second!(1, "{a}", "{b}"),
        ".balign 4\n28:\n",
        third!(2, "{a}", "{b}", "{c}"),
        store!("{a}"),
        third!(3, "{b}", "{c}", "{a}"),
        store!("{b}"),
        third!(4, "{c}", "{a}", "{b}"),
        store!("{c}"),
        advance!(3),
        "j 28b\n",
    )
);

#[cfg(target_arch = "riscv32")]
for_stride!(
    stride_2,
    [],
    concat!(
        begin!(0, "{a}"),
        ".balign 4\n28:\n",
        two!(1, "{a}", "{b}"),
        store!("{a}"),
        two!(3, "{b}", "{a}"),
        store!("{b}"),
        advance!(4),
        "j 28b\n",
    )
);

/// The same in plain Rust.
#[cfg(not(target_arch = "riscv32"))]
fn twin(frame: &mut Frame, stride: usize) {
    // SAFETY: `filter` made the frame from references to so many.
    let (weights, &[bias, multiplier, constant, shift]) = unsafe {
        let weights = &*frame.weights.cast::<[i8; TAPS]>();
        (weights, &*frame.record.cast::<[i32; RECORD]>())
    };
    let bounds = Bounds {
        low: frame.low,
        span: frame.span,
        is_signed: false,
    };
    for line in 0..frame.lines {
        for index in 0..frame.length / frame.step.max(1) {
            let mut sum = bias;
            for (tap, &weight) in weights.iter().enumerate() {
                let at = (line * stride + tap / 3) * frame.pitch + index * stride + tap % 3;
                // SAFETY: `filter` checked that the last of these lies in the plane.
                let value = unsafe { *frame.values.add(at) };
                sum = sum.wrapping_add(4 * i32::from(weight) * i32::from(value));
            }
            let stored = stored(sum, [multiplier, constant, shift], bounds);
            let at = line * frame.line + index * frame.step;
            // SAFETY: `filter` checked that the last of these is owned.
            unsafe { frame.output.add(at).write(stored) };
        }
    }
}
