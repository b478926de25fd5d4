//! Sums of two rows of stored values, scaled, on cores that saturate by comparing.

use crate::instructions::assembly::thumb_functions;
use crate::linear_add::LinearAdd;

/// Values that are computed in a round.
const BLOCK: usize = 4;

/// What the assembly is given.
#[repr(C)]
struct Work {
    constant: i32,
    /// The largest sum that is not clamped.
    span: u32,
    half: i32,
    end: usize,
    /// Where the first row is, less its factor, which is added again when a value is loaded.
    first: usize,
    /// From there to the second row, and to the outputs.
    second: usize,
    output: usize,
    factors: [i32; 2],
    shift: u32,
}

/// Computes outputs by fours, and how many these are; none where a row is shorter.
#[inline(never)]
#[allow(clippy::cast_sign_loss)] // parts of addresses
pub fn linear(form: &LinearAdd, first: &[i8], second: &[i8], outputs: &mut [i8]) -> usize {
    let length = outputs.len() - outputs.len() % BLOCK;
    if length == 0 || first.len() < length || second.len() < length {
        return 0;
    }
    let shift = form.shift & 31;
    let half = 128_i32.wrapping_shl(shift);
    let start = (first.as_ptr() as usize).wrapping_sub(form.first as usize);
    let work = Work {
        constant: form.constant.wrapping_add(half),
        span: 256_u32.wrapping_shl(shift).wrapping_sub(1),
        half,
        end: start.wrapping_add(length),
        first: start,
        second: (second.as_ptr() as usize).wrapping_sub(start),
        output: (outputs.as_mut_ptr() as usize).wrapping_sub(start),
        factors: [form.first, form.second],
        shift,
    };
    // SAFETY: all three slices have `length` elements, a multiple of four and not 0.
    unsafe { ferrule_thumb_linear(&work) };
    length
}

extern "C" {
    fn ferrule_thumb_linear(work: &Work);
}

// r1 place in the first row, from which the offset of values is the factor r4, of the second row's
// r2, of outputs r3; r5 the other factor, r6 shift, r7 and r0 products; r8 constant, r9 largest
// sum, r12 end, lr what is added so that the low byte of a result is the stored value. A sum
// begins with 0 at the least stored value, so that one comparison finds all that are clamped.
thumb_functions!(
    r#"
    .section .text.ferrule_thumb_linear,"ax",%progbits

    .macro ferrule_thumb_linear_sum index
    ldrsb r7, [r1, r4]
    ldrsb r0, [r1, r2]
    muls r7, r4, r7
    muls r0, r5, r0
    add r7, r8
    adds r7, r7, r0
    cmp r7, r9
    bhi .Lferrule_thumb_linear_clamp_\index
    add r7, lr
    lsrs r7, r6
.Lferrule_thumb_linear_store_\index:
    strb r7, [r1, r3]
    adds r1, #1
    .endm

    .macro ferrule_thumb_linear_bound index
.Lferrule_thumb_linear_clamp_\index:
    bge .Lferrule_thumb_linear_most_\index
    movs r7, #128
    b .Lferrule_thumb_linear_store_\index
.Lferrule_thumb_linear_most_\index:
    movs r7, #127
    b .Lferrule_thumb_linear_store_\index
    .endm

    .global ferrule_thumb_linear
    .type ferrule_thumb_linear,%function
    .thumb_func
ferrule_thumb_linear:
    push {r4-r7, lr}
    mov r1, r8
    mov r2, r9
    push {r1, r2}
    ldmia r0!, {r1-r4}
    mov r8, r1
    mov r9, r2
    mov lr, r3
    mov r12, r4
    ldmia r0!, {r1-r6}
.Lferrule_thumb_linear_round:
    ferrule_thumb_linear_sum 0
    ferrule_thumb_linear_sum 1
    ferrule_thumb_linear_sum 2
    ferrule_thumb_linear_sum 3
    cmp r1, r12
    bne .Lferrule_thumb_linear_round
    pop {r1, r2}
    mov r8, r1
    mov r9, r2
    pop {r4-r7, pc}
    ferrule_thumb_linear_bound 0
    ferrule_thumb_linear_bound 1
    ferrule_thumb_linear_bound 2
    ferrule_thumb_linear_bound 3
    .size ferrule_thumb_linear, . - ferrule_thumb_linear
"#
);
