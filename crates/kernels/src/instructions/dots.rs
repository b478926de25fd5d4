//! Sums of one row of values with the weights of four channels.

/// Channels that are computed at a time.
pub const CHANNELS: usize = 4;

/// Adds to each sum its weights times the values; nothing where weights are too few.
#[inline]
pub fn dots(values: &[i8], weights: [&[i8]; CHANNELS], sums: &mut [i32; CHANNELS]) {
    if values.is_empty() || weights.iter().any(|weights| weights.len() < values.len()) {
        return;
    }
    #[cfg(target_arch = "riscv32")]
    rv32(values, weights, sums);
    #[cfg(not(target_arch = "riscv32"))]
    for (sum, weights) in sums.iter_mut().zip(weights) {
        for (&value, &weight) in values.iter().zip(weights) {
            *sum = sum.wrapping_add(i32::from(value) * i32::from(weight));
        }
    }
}

#[cfg(target_arch = "riscv32")]
#[inline(never)]
fn rv32(values: &[i8], weights: [&[i8]; CHANNELS], sums: &mut [i32; CHANNELS]) {
    macro_rules! one {
        ($index:literal) => {
            concat!(
                "lb {x}, ",
                $index,
                "({values})\n",
                "lb {t}, ",
                $index,
                "({p})\n",
                "mul {t}, {t}, {x}\n",
                "add {a}, {a}, {t}\n",
                "lb {t}, ",
                $index,
                "({q})\n",
                "mul {t}, {t}, {x}\n",
                "add {b}, {b}, {t}\n",
                "lb {t}, ",
                $index,
                "({r})\n",
                "mul {t}, {t}, {x}\n",
                "add {c}, {c}, {t}\n",
                "lb {t}, ",
                $index,
                "({s})\n",
                "mul {t}, {t}, {x}\n",
                "add {d}, {d}, {t}\n",
            )
        };
    }
    macro_rules! advance {
        ($count:literal) => {
            concat!(
                "addi {values}, {values}, ",
                $count,
                "\n",
                "addi {p}, {p}, ",
                $count,
                "\n",
                "addi {q}, {q}, ",
                $count,
                "\n",
                "addi {r}, {r}, ",
                $count,
                "\n",
                "addi {s}, {s}, ",
                $count,
                "\n",
            )
        };
    }
    let fours = values.len() - values.len() % 4;
    let range = values.as_ptr_range();
    let [p, q, r, s] = weights.map(<[i8]>::as_ptr);
    let [a, b, c, d] = sums;
    // SAFETY: `dots` took care that there are as many weights as values; the loop takes four at a
    // time while there are four, then one.
    unsafe {
        core::arch::asm!(
            "beq {values}, {fours}, 3f",
            "2:",
            one!(0), one!(1), one!(2), one!(3),
            advance!(4),
            "bne {values}, {fours}, 2b",
            "3:",
            "beq {values}, {end}, 5f",
            "4:",
            one!(0),
            advance!(1),
            "bne {values}, {end}, 4b",
            "5:",
            fours = in(reg) range.start.wrapping_add(fours),
            end = in(reg) range.end,
            values = inout(reg) range.start => _,
            p = inout(reg) p => _,
            q = inout(reg) q => _,
            r = inout(reg) r => _,
            s = inout(reg) s => _,
            a = inout(reg) *a,
            b = inout(reg) *b,
            c = inout(reg) *c,
            d = inout(reg) *d,
            x = out(reg) _,
            t = out(reg) _,
            options(pure, readonly, nostack),
        );
    }
}
