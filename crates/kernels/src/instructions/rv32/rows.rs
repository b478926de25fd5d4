//! Multiplies a row of values with rows of weights, four at a time, and stores the results.

#[cfg(not(target_arch = "riscv32"))]
use crate::instructions::rv32::stored::stored;
use crate::instructions::rv32::stored::Bounds;
use core::ops::Range;
use runtime::{Output, View};

/// Rows of weights that are multiplied together.
const ROWS: usize = 4;

/// Numbers of an output: bias, then multiplier, constant and shift.
const RECORD: usize = 4;

/// Rows of weights, one for each output, and how sums become outputs.
///
/// Four rows lie together, a weight of each after the other; those that are left follow row by
/// row.
#[derive(Debug)]
pub struct Quads {
    weights: &'static [i8],
    records: &'static [i32],
    outputs: usize,
    depth: usize,
    bounds: Bounds,
}

impl Quads {
    /// Checks that there are `depth` weights and `RECORD` numbers for each output.
    ///
    /// Results are in `[low, low + span]`; `is_signed` if some are below the zero point.
    ///
    /// # Panics
    ///
    /// When there are not. For a `static` that is an error of the compiler.
    #[must_use]
    pub const fn new(
        weights: &'static [i8],
        records: &'static [i32],
        depth: usize,
        is_signed: bool,
        low: i32,
        span: i32,
    ) -> Self {
        let outputs = records.len() / RECORD;
        assert!(depth > 0 && records.len() % RECORD == 0, "whole records");
        assert!(weights.len() / depth == outputs, "a row for each output");
        assert!(weights.len() % depth == 0, "whole rows");
        Self {
            weights,
            records,
            outputs,
            depth,
            bounds: Bounds {
                low,
                span,
                is_signed,
            },
        }
    }

    /// Stores `[rows, outputs]`: the sum of a row of weights times a row of `[rows, depth]`,
    /// requantized.
    ///
    /// A sum `acc` that begins with the bias, and is below `2^29` in size, becomes `clamp((acc *
    /// multiplier / 2^30 + constant) >> shift, 0, span) + low`, rounded down, with 2 less before
    /// the shift where `acc` is negative and results are signed. Nothing happens unless outputs
    /// are owned by whole groups of four, or with those that are left.
    #[inline]
    pub fn compute(&self, input: View<'_, i8>, output: Output<'_, i8>) {
        let Range { start, end } = output.channels();
        let is_whole = end == self.outputs || (end < self.outputs && end % ROWS == 0);
        if start % ROWS != 0 || !is_whole {
            return;
        }
        for (row, outputs) in output.by_pixel() {
            let values = input.row(row, self.depth);
            if values.len() == self.depth {
                self.some(values, start, outputs);
            }
        }
    }

    #[cfg(not(target_arch = "riscv32"))]
    fn some(&self, values: &[i8], first: usize, outputs: &mut [i8]) {
        let grouped = self.outputs - self.outputs % ROWS;
        for (number, output) in (first..).zip(outputs) {
            let (start, step) = if number < grouped {
                ((number - number % ROWS) * self.depth + number % ROWS, ROWS)
            } else {
                (number * self.depth, 1)
            };
            let weights = self.weights.get(start..).unwrap_or_default();
            let record = self.records.get(number * RECORD..).unwrap_or_default();
            let &[bias, multiplier, constant, shift, ..] = record else {
                return;
            };
            let products = values.iter().zip(weights.iter().step_by(step));
            let sum = products.fold(bias, |sum, (&value, &weight)| {
                sum.wrapping_add(i32::from(value) * i32::from(weight))
            });
            *output = stored(sum << 2, [multiplier, constant, shift], self.bounds);
        }
    }

    #[cfg(target_arch = "riscv32")]
    #[inline]
    fn some(&self, values: &[i8], first: usize, outputs: &mut [i8]) {
        /// Adds a value times a weight to a sum.
        macro_rules! product {
            ($sum:literal, $weight:expr) => {
                concat!(
                    "lb {t}, ",
                    $weight,
                    "({p})\n",
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
                    product!("{a}", concat!("4*", $index, "+0")),
                    product!("{b}", concat!("4*", $index, "+1")),
                    product!("{c}", concat!("4*", $index, "+2")),
                    product!("{d}", concat!("4*", $index, "+3")),
                )
            };
        }
        /// A value times its weight in one row.
        macro_rules! one {
            ($index:literal) => {
                concat!("lb {x}, ", $index, "({v})\n", product!("{a}", $index))
            };
        }
        /// Stores a result. One comparison is for both bounds: what is negative is large when it is
        /// compared without a sign.
        macro_rules! store {
            ($sum:literal, $to:literal) => {
                concat!(
                    "lw {x}, 16*",
                    $to,
                    "+4({record})\n",
                    "lw {t}, 16*",
                    $to,
                    "+8({record})\n",
                    "beqz {signed}, 30f\n",
                    "srai {v}, ",
                    $sum,
                    ", 31\n",
                    "slli {v}, {v}, 1\n",
                    "add {t}, {t}, {v}\n",
                    "30: slli ",
                    $sum,
                    ", ",
                    $sum,
                    ", 2\n",
                    "mulh ",
                    $sum,
                    ", ",
                    $sum,
                    ", {x}\n",
                    "lw {x}, 16*",
                    $to,
                    "+12({record})\n",
                    "add ",
                    $sum,
                    ", ",
                    $sum,
                    ", {t}\n",
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
                    "({output})\n",
                )
            };
        }
        let groups = outputs.len() - outputs.len() % ROWS;
        let places = outputs.as_mut_ptr_range();
        let range = values.as_ptr_range();
        // SAFETY: by `compute` there are `depth` values, and by `new` as many weights and four
        // numbers of each output, all of which are known. The loops read four rows while four
        // outputs are left, then one.
        unsafe {
            core::arch::asm!(
                "beq {output}, {groups}, 7f",
                // Four outputs.
                "2:",
                "lw {a}, 0({record})",
                "lw {b}, 16({record})",
                "lw {c}, 32({record})",
                "lw {d}, 48({record})",
                "mv {v}, {start}",
                "beq {v}, {fours}, 5f",
                "3:",
                four!(0), four!(1), four!(2), four!(3),
                "addi {v}, {v}, 4",
                "addi {p}, {p}, 16",
                "bne {v}, {fours}, 3b",
                "beq {v}, {end}, 6f",
                "5:",
                four!(0),
                "addi {v}, {v}, 1",
                "addi {p}, {p}, 4",
                "bne {v}, {end}, 5b",
                "6:",
                store!("{a}", 0),
                store!("{b}", 1),
                store!("{c}", 2),
                store!("{d}", 3),
                "addi {record}, {record}, 64",
                "addi {output}, {output}, 4",
                "bne {output}, {groups}, 2b",
                "7:",
                "beq {output}, {last}, 9f",
                // One output.
                "8:",
                "lw {a}, 0({record})",
                "mv {v}, {start}",
                "beq {v}, {fours}, 5f",
                "3:",
                one!(0), one!(1), one!(2), one!(3),
                "addi {v}, {v}, 4",
                "addi {p}, {p}, 4",
                "bne {v}, {fours}, 3b",
                "beq {v}, {end}, 6f",
                "5:",
                one!(0),
                "addi {v}, {v}, 1",
                "addi {p}, {p}, 1",
                "bne {v}, {end}, 5b",
                "6:",
                store!("{a}", 0),
                "addi {record}, {record}, 16",
                "addi {output}, {output}, 1",
                "bne {output}, {last}, 8b",
                "9:",
                output = inout(reg) places.start => _,
                groups = in(reg) places.start.wrapping_add(groups),
                last = in(reg) places.end,
                record = inout(reg) self.records.as_ptr().wrapping_add(first * RECORD) => _,
                p = inout(reg) self.weights.as_ptr().wrapping_add(first * self.depth) => _,
                start = in(reg) range.start,
                fours = in(reg) range.end.wrapping_sub(self.depth % 4),
                end = in(reg) range.end,
                signed = in(reg) u32::from(self.bounds.is_signed),
                low = in(reg) self.bounds.low,
                span = in(reg) self.bounds.span,
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
}
