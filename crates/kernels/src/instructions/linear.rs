//! A linear form of two tensors, element by element.

use crate::add_linear::AddLinear;

/// `clamp((first * a + second * b + constant) >> shift, 0, span) + low` for each output; nothing
/// if an input is too short.
pub fn sum(form: &AddLinear, first: &[i8], second: &[i8], outputs: &mut [i8]) {
    if outputs.is_empty() || first.len().min(second.len()) < outputs.len() {
        return;
    }
    #[cfg(target_arch = "riscv32")]
    rv32(form, first, second, outputs);
    #[cfg(not(target_arch = "riscv32"))]
    plain(form, first, second, outputs);
}

#[cfg(not(target_arch = "riscv32"))]
#[allow(clippy::cast_possible_truncation)] // in [-128, 127]
fn plain(form: &AddLinear, first: &[i8], second: &[i8], outputs: &mut [i8]) {
    for ((output, &a), &b) in outputs.iter_mut().zip(first).zip(second) {
        let products = form.first * i32::from(a) + form.second * i32::from(b);
        let above = products.wrapping_add(form.constant) >> form.shift;
        *output = (above.max(0).min(form.span) + form.low) as i8;
    }
}

#[cfg(target_arch = "riscv32")]
fn rv32(form: &AddLinear, first: &[i8], second: &[i8], outputs: &mut [i8]) {
    macro_rules! one {
        ($index:literal) => {
            concat!(
                "lb {x}, ",
                $index,
                "({first})\n",
                "lb {y}, ",
                $index,
                "({second})\n",
                "mul {x}, {x}, {a}\n",
                "mul {y}, {y}, {b}\n",
                "add {x}, {x}, {constant}\n",
                "add {x}, {x}, {y}\n",
                "sra {x}, {x}, {shift}\n",
                // One comparison for both bounds: what is negative is large without a sign.
                "bgeu {span}, {x}, 9f\n",
                "srai {x}, {x}, 31\n",
                "not {x}, {x}\n",
                "and {x}, {x}, {span}\n",
                "9: add {x}, {x}, {low}\n",
                "sb {x}, ",
                $index,
                "({to})\n",
            )
        };
    }
    let fours = outputs.len() - outputs.len() % 4;
    let range = outputs.as_mut_ptr_range();
    // SAFETY: `sum` took care that the inputs are as long as the outputs; the loop takes four at
    // a time while there are four, then one.
    unsafe {
        core::arch::asm!(
            "beq {to}, {fours}, 3f",
            "2:",
            one!(0), one!(1), one!(2), one!(3),
            "addi {first}, {first}, 4",
            "addi {second}, {second}, 4",
            "addi {to}, {to}, 4",
            "bne {to}, {fours}, 2b",
            "3:",
            "beq {to}, {end}, 5f",
            "4:",
            one!(0),
            "addi {first}, {first}, 1",
            "addi {second}, {second}, 1",
            "addi {to}, {to}, 1",
            "bne {to}, {end}, 4b",
            "5:",
            a = in(reg) form.first,
            b = in(reg) form.second,
            constant = in(reg) form.constant,
            shift = in(reg) form.shift,
            low = in(reg) form.low,
            span = in(reg) form.span,
            fours = in(reg) range.start.wrapping_add(fours),
            end = in(reg) range.end,
            first = inout(reg) first.as_ptr() => _,
            second = inout(reg) second.as_ptr() => _,
            to = inout(reg) range.start => _,
            x = out(reg) _,
            y = out(reg) _,
            options(nostack),
        );
    }
}
