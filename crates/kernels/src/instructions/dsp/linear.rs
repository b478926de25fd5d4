//! Sums of two rows of stored values, scaled.

use crate::instructions::assembly::dsp_functions;
use crate::linear_add::LinearAdd;

/// Computes as many outputs as there are. Does nothing where a row is shorter.
#[inline(never)]
pub fn linear(form: &LinearAdd, first: &[i8], second: &[i8], outputs: &mut [i8]) {
    let length = outputs.len();
    if first.len() < length || second.len() < length || length == 0 {
        return;
    }
    #[cfg(all(target_arch = "arm", target_os = "none"))]
    // SAFETY: both rows and the outputs have `length` elements, and it is not 0.
    unsafe {
        let work = Work {
            form,
            output: outputs.as_mut_ptr(),
            length,
        };
        ferrule_dsp_linear(first.as_ptr(), second.as_ptr(), &work);
    }
    #[cfg(not(all(target_arch = "arm", target_os = "none")))]
    form.add(first, second, outputs);
}

#[cfg(all(target_arch = "arm", target_os = "none"))]
#[repr(C)]
struct Work<'w> {
    form: &'w LinearAdd,
    output: *mut i8,
    length: usize,
}

#[cfg(all(target_arch = "arm", target_os = "none"))]
extern "C" {
    fn ferrule_dsp_linear(first: *const i8, second: *const i8, work: &Work<'_>);
}

// r0 and r1 rows, r2 outputs, r3 outputs that are left, r4 and r5 factors, r6 constant, r7 shift.
dsp_functions!(
    r#"
    .section .text.ferrule_dsp_linear,"ax",%progbits
    .global ferrule_dsp_linear
    .type ferrule_dsp_linear,%function
    .thumb_func
ferrule_dsp_linear:
    push {r4-r8, lr}
    ldr r4, [r2]
    ldrd r2, r3, [r2, #4]
    ldm r4, {r4-r7}
    // The first round of four may be shorter.
    rsb r12, r3, #0
    and r12, r12, #3
    add r3, r3, r12
    movs r8, #28
    mul r12, r12, r8
    adr.w r8, 1f
    add r8, r8, r12
    add r8, r8, #1
    bx r8
    .p2align 2
1:
    .rept 4
    ldrsb r12, [r0], #1
    ldrsb lr, [r1], #1
    mla r12, r12, r4, r6
    mla r12, lr, r5, r12
    asr.w r12, r12, r7
    ssat r12, #8, r12
    strb r12, [r2], #1
    .endr
    subs r3, r3, #4
    bne 1b
    pop {r4-r8, pc}
    .size ferrule_dsp_linear, . - ferrule_dsp_linear
"#
);
