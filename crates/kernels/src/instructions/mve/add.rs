//! Adds elements of two tensors.

use crate::add_mve::AddMve;
#[cfg(not(all(target_arch = "arm", target_os = "none")))]
use crate::add_mve::MveOperand;
#[cfg(not(all(target_arch = "arm", target_os = "none")))]
use crate::requantize::{narrow, scale};

/// Adds two runs of elements. Does nothing where one is shorter than the outputs.
#[inline]
pub fn add(params: &AddMve, first: &[i8], second: &[i8], outputs: &mut [i8]) {
    let count = outputs.len();
    if count == 0 || first.len() < count || second.len() < count {
        return;
    }
    #[cfg(all(target_arch = "arm", target_os = "none"))]
    // SAFETY: reads and writes as many elements as there are outputs, as seen above, and reads
    // the constants, in whose order the registers are loaded. The stack serves to save registers
    // that cannot be named.
    //
    // r3 to r5 multiplier, shift, and 1 if ties matter of the first operand, r6 to r8 of the
    // second, r9 to r11 of the sum, r12 zero point. q4 and q5 zero points at the operands' scale,
    // q6 low, q7 high.
    unsafe {
        let constants = assembly::constants(params);
        core::arch::asm!(
            "push {{r6, r7}}",
            "ldrd r5, r8, [r3, #40]",
            "vdup.32 q4, r5",
            "vdup.32 q5, r8",
            "ldrd r5, r8, [r3, #48]",
            "vdup.32 q6, r5",
            "vdup.32 q7, r8",
            "dlstp.32 lr, r4",
            "ldm r3, {{r3-r12}}",
            "10:",
            "vldrb.s32 q0, [r0], #4",
            "vshl.i32 q0, q0, #20",
            "vldrb.s32 q1, [r1], #4",
            "vsub.i32 q0, q0, q4",
            "vshl.i32 q1, q1, #20",
            "vqrdmulh.s32 q2, q0, r3",
            "vsub.i32 q1, q1, q5",
            "vqdmlah.s32 q2, q0, r5",
            "vqrdmulh.s32 q3, q1, r6",
            "vrshl.s32 q2, r4",
            "vqdmlah.s32 q3, q1, r8",
            "vrshl.s32 q3, r7",
            "vadd.i32 q0, q2, q3",
            "vqrdmulh.s32 q1, q0, r9",
            "vqdmlah.s32 q1, q0, r11",
            "vrshl.s32 q1, r10",
            "vadd.i32 q1, q1, r12",
            "vmax.s32 q1, q1, q6",
            "vmin.s32 q1, q1, q7",
            "vstrb.32 q1, [r2], #4",
            "letp lr, 10b",
            "pop {{r6, r7}}",
            inout("r0") first.as_ptr() => _,
            inout("r1") second.as_ptr() => _,
            inout("r2") outputs.as_mut_ptr() => _,
            inout("r3") constants.as_ptr() => _,
            inout("r4") count => _,
            out("r5") _, out("r8") _, out("r9") _, out("r10") _, out("r11") _, out("r12") _,
            out("lr") _,
            out("d0") _, out("d1") _, out("d2") _, out("d3") _,
            out("d4") _, out("d5") _, out("d6") _, out("d7") _,
            out("d8") _, out("d9") _, out("d10") _, out("d11") _,
            out("d12") _, out("d13") _, out("d14") _, out("d15") _,
        );
    }
    #[cfg(not(all(target_arch = "arm", target_os = "none")))]
    for (output, (&first, &second)) in outputs.iter_mut().zip(first.iter().zip(second)) {
        let sum = scaled(params.first, first).wrapping_add(scaled(params.second, second));
        let sum = scale(sum, params.multiplier, narrow(params.shift));
        let sum = sum.wrapping_add(params.range.zero_point);
        *output = narrow(sum.max(params.range.low).min(params.range.high));
    }
}

/// An element at the scale of the sum.
#[cfg(not(all(target_arch = "arm", target_os = "none")))]
fn scaled(operand: MveOperand, value: i8) -> i32 {
    let value = i32::from(value).wrapping_sub(operand.zero_point) << 20;
    scale(value, operand.multiplier, narrow(operand.shift))
}

#[cfg(all(target_arch = "arm", target_os = "none"))]
mod assembly {
    use crate::add_mve::AddMve;

    /// The constants in the order in which they are loaded.
    #[inline]
    pub fn constants(params: &AddMve) -> [i32; 14] {
        let (first, second, range) = (params.first, params.second, params.range);
        // Without a shift there are no ties.
        let ties = |shift: i32| i32::from(shift < 0);
        [
            first.multiplier,
            first.shift,
            ties(first.shift),
            second.multiplier,
            second.shift,
            ties(second.shift),
            params.multiplier,
            params.shift,
            ties(params.shift),
            range.zero_point,
            first.zero_point << 20,
            second.zero_point << 20,
            range.low,
            range.high,
        ]
    }
}
