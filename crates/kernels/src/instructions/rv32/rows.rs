//! Multiplies a row of values with rows of weights, four at a time, and stores the results.

#[cfg(not(target_arch = "riscv32"))]
use crate::instructions::rv32::stored::stored;
use crate::instructions::rv32::stored::Bounds;

/// Rows of weights that are multiplied together.
pub const ROWS: usize = 4;

/// Numbers of an output: bias, then multiplier, constant and shift.
pub const RECORD: usize = 4;

/// Stores for each output the sum of a row of weights times the values, requantized.
///
/// A sum `acc` that begins with the bias, and is below `2^29` in size, becomes `clamp((acc *
/// multiplier / 2^30 + constant) >> shift, 0, span) + low`, rounded down, with 2 less before the
/// shift where `acc` is negative and results are signed. Weights and records begin with the first
/// output's; nothing happens where there are too few, or no values.
pub fn rows(values: &[i8], weights: &[i8], records: &[i32], bounds: Bounds, outputs: &mut [i8]) {
    let (count, depth) = (outputs.len(), values.len());
    let has = |have: usize, each: usize| count.checked_mul(each).is_some_and(|need| need <= have);
    if depth == 0 || !has(weights.len(), depth) || !has(records.len(), RECORD) {
        return;
    }
    #[cfg(target_arch = "riscv32")]
    rv32(values, weights, records, bounds, outputs);
    #[cfg(not(target_arch = "riscv32"))]
    for ((output, weights), record) in outputs
        .iter_mut()
        .zip(weights.chunks_exact(depth))
        .zip(records.chunks_exact(RECORD))
    {
        let &[bias, multiplier, constant, shift] = record else {
            continue;
        };
        let products = values.iter().zip(weights);
        let sum = products.fold(bias, |sum, (&value, &weight)| {
            sum.wrapping_add(i32::from(value) * i32::from(weight))
        });
        *output = stored(sum << 2, [multiplier, constant, shift], bounds);
    }
}

#[cfg(target_arch = "riscv32")]
#[inline(never)]
fn rv32(values: &[i8], weights: &[i8], records: &[i32], bounds: Bounds, outputs: &mut [i8]) {
    /// Adds a value times its weight in one row, of which `weights` is the place, to a sum.
    macro_rules! product {
        ($sum:literal, $weights:literal, $index:literal) => {
            concat!(
                "lb {t}, ",
                $index,
                "(",
                $weights,
                ")\n",
                "mul {t}, {t}, {x}\n",
                "add ",
                $sum,
                ", ",
                $sum,
                ", {t}\n",
            )
        };
    }
    /// A value times its weights in four rows.
    macro_rules! four {
        ($index:literal) => {
            concat!(
                "lb {x}, ",
                $index,
                "({v})\n",
                product!("{a}", "{p}", $index),
                product!("{b}", "{q}", $index),
                product!("{c}", "{r}", $index),
                product!("{d}", "{s}", $index),
            )
        };
    }
    /// A value times its weight in one row.
    macro_rules! one {
        ($index:literal) => {
            concat!(
                "lb {x}, ",
                $index,
                "({v})\n",
                product!("{a}", "{p}", $index)
            )
        };
    }
    /// Moves on by some values.
    macro_rules! advance {
        ($count:literal, $($at:literal)*) => {
            concat!($("addi ", $at, ", ", $at, ", ", $count, "\n",)*)
        };
    }
    /// Stores a result. One comparison is for both bounds: what is negative is large when it is
    /// compared without a sign.
    macro_rules! store {
        ($sum:literal, $to:literal, $multiplier:literal, $constant:literal, $shift:literal) => {
            concat!(
                "lw {x}, ",
                $multiplier,
                "({record})\n",
                "lw {t}, ",
                $constant,
                "({record})\n",
                "srai {v}, ",
                $sum,
                ", 31\n",
                "and {v}, {v}, {ties}\n",
                "add {t}, {t}, {v}\n",
                "slli ",
                $sum,
                ", ",
                $sum,
                ", 2\n",
                "mulh ",
                $sum,
                ", ",
                $sum,
                ", {x}\n",
                "add ",
                $sum,
                ", ",
                $sum,
                ", {t}\n",
                "lw {t}, ",
                $shift,
                "({record})\n",
                "sra ",
                $sum,
                ", ",
                $sum,
                ", {t}\n",
                "bgeu {span}, ",
                $sum,
                ", 30f\n",
                "srai ",
                $sum,
                ", ",
                $sum,
                ", 31\n",
                "not ",
                $sum,
                ", ",
                $sum,
                "\n",
                "and ",
                $sum,
                ", ",
                $sum,
                ", {span}\n",
                "30: add ",
                $sum,
                ", ",
                $sum,
                ", {low}\n",
                "sb ",
                $sum,
                ", ",
                $to,
                "({output})\n",
            )
        };
    }
    let depth = values.len();
    let groups = outputs.len() - outputs.len() % ROWS;
    let places = outputs.as_mut_ptr_range();
    let end = values.as_ptr_range().end;
    // SAFETY: `rows` took care that there are as many weights and numbers as the outputs need; four
    // rows are read while four outputs are left, then one, and of each as many weights as values.
    unsafe {
        core::arch::asm!(
            "beq {output}, {groups}, 7f",
            // Four outputs.
            "2:",
            "lw {a}, 0({record})",
            "lw {b}, 16({record})",
            "lw {c}, 32({record})",
            "lw {d}, 48({record})",
            "add {q}, {p}, {depth}",
            "add {r}, {q}, {depth}",
            "add {s}, {r}, {depth}",
            "sub {v}, {end}, {depth}",
            "beq {v}, {fours}, 4f",
            "3:",
            four!(0), four!(1), four!(2), four!(3),
            advance!(4, "{v}" "{p}" "{q}" "{r}" "{s}"),
            "bne {v}, {fours}, 3b",
            "4:",
            "beq {v}, {end}, 6f",
            "5:",
            four!(0),
            advance!(1, "{v}" "{p}" "{q}" "{r}" "{s}"),
            "bne {v}, {end}, 5b",
            "6:",
            store!("{a}", 0, 4, 8, 12),
            store!("{b}", 1, 20, 24, 28),
            store!("{c}", 2, 36, 40, 44),
            store!("{d}", 3, 52, 56, 60),
            "addi {record}, {record}, 64",
            "addi {output}, {output}, 4",
            "mv {p}, {s}",
            "bne {output}, {groups}, 2b",
            "7:",
            "beq {output}, {last}, 9f",
            // One output.
            "8:",
            "lw {a}, 0({record})",
            "sub {v}, {end}, {depth}",
            "beq {v}, {fours}, 4f",
            "3:",
            one!(0), one!(1), one!(2), one!(3),
            advance!(4, "{v}" "{p}"),
            "bne {v}, {fours}, 3b",
            "4:",
            "beq {v}, {end}, 6f",
            "5:",
            one!(0),
            advance!(1, "{v}" "{p}"),
            "bne {v}, {end}, 5b",
            "6:",
            store!("{a}", 0, 4, 8, 12),
            "addi {record}, {record}, 16",
            "addi {output}, {output}, 1",
            "bne {output}, {last}, 8b",
            "9:",
            output = inout(reg) places.start => _,
            groups = in(reg) places.start.wrapping_add(groups),
            last = in(reg) places.end,
            record = inout(reg) records.as_ptr() => _,
            depth = in(reg) depth,
            end = in(reg) end,
            fours = in(reg) end.wrapping_sub(depth % 4),
            ties = in(reg) if bounds.is_signed { -2 } else { 0 },
            low = in(reg) bounds.low,
            span = in(reg) bounds.span,
            p = inout(reg) weights.as_ptr() => _,
            q = out(reg) _,
            r = out(reg) _,
            s = out(reg) _,
            v = out(reg) _,
            a = out(reg) _,
            b = out(reg) _,
            c = out(reg) _,
            d = out(reg) _,
            x = out(reg) _,
            t = out(reg) _,
            options(nostack),
        );
    }
}
