//! Multiplies a row of values with rows of weights, four at a time.

use crate::instructions::assembly::thumb_functions;
use crate::split_rescale::SplitRescale;

/// Rows of weights that are multiplied together.
pub const ROWS: usize = 4;

/// What the assembly is given; it copies this to its stack and changes it there.
#[cfg(all(target_arch = "arm", target_os = "none"))]
#[repr(C)]
struct Work {
    end: *const i8,
    depth: usize,
    weights: *const i8,
    records: *const u32,
    low: i32,
    high: i32,
    /// Bytes of a record after the first four words.
    signed: usize,
    outputs: *mut i8,
    outputs_end: *mut i8,
}

/// Bits of the numbers of values and of whole groups' outputs: their product fits 32.
const BITS: u32 = 16;

/// Stores for each output the sum of a row of weights times the values.
///
/// Weights are whole groups of [`ROWS`] rows, from the first output's on, and records are from
/// there on too. Nothing happens where there are too few, or no values, or more than 65,532 values
/// or outputs.
pub fn rows(
    values: &[i8],
    weights: &[i8],
    records: &[u32],
    rescale: &SplitRescale,
    outputs: &mut [i8],
) {
    let whole = outputs.len().next_multiple_of(ROWS);
    if (whole | values.len()) >> BITS != 0
        || whole * values.len() > weights.len()
        || outputs.len() * rescale.words() > records.len()
        || outputs.is_empty()
        || values.is_empty()
    {
        return;
    }
    #[cfg(all(target_arch = "arm", target_os = "none"))]
    {
        let range = outputs.as_mut_ptr_range();
        let work = Work {
            end: values.as_ptr_range().end,
            depth: values.len(),
            weights: weights.as_ptr(),
            records: records.as_ptr(),
            low: rescale.low.into(),
            high: rescale.high.into(),
            signed: if rescale.is_signed { 8 } else { 0 },
            outputs: range.start,
            outputs_end: range.end,
        };
        // SAFETY: the assembly reads all values, four rows of as many weights for every four
        // outputs or less, and a record for each output; they are there, and outputs are ours.
        unsafe { ferrule_thumb_rows(&work) }
    }
    #[cfg(not(all(target_arch = "arm", target_os = "none")))]
    for ((output, weights), record) in outputs
        .iter_mut()
        .zip(weights.chunks_exact(values.len()))
        .zip(records.chunks_exact(rescale.words()))
    {
        let first = i32::from_ne_bytes(record.first().copied().unwrap_or_default().to_ne_bytes());
        let products = values.iter().zip(weights);
        let sum = products.fold(first, |sum, (&value, &weight)| {
            sum.wrapping_add(i32::from(value) * i32::from(weight))
        });
        *output = rescale.stored(record, sum);
    }
}

#[cfg(all(target_arch = "arm", target_os = "none"))]
extern "C" {
    fn ferrule_thumb_rows(work: &Work);
}

// While products are added: r0 end of the values, r1-r4 ends of rows of weights; r5 from there to
// the next one, negative; r6 a value; r7 a product; r8-r11 sums. When they are stored: r0 the sum,
// r2 and r6 the high and the low part of the factor, r3 the constant, r4 the shift, r5 and r7
// where the sums and the records are; r12 and lr the next output and the end of all. The stack has
// the other fields of `Work`, then four sums.
thumb_functions!(
    r#"
    .section .text.ferrule_thumb_rows,"ax",%progbits

    .macro ferrule_thumb_dot weights, sum
    ldrsb r7, [\weights, r5]
    muls r7, r6, r7
    add \sum, r7
    .endm

    .global ferrule_thumb_rows
    .type ferrule_thumb_rows,%function
    .thumb_func
ferrule_thumb_rows:
    push {r4-r7, lr}
    mov r4, r8
    mov r5, r9
    mov r6, r10
    mov r7, r11
    push {r4-r7}
    sub sp, #44
    mov r1, sp
    ldmia r0!, {r2-r7}
    stmia r1!, {r2-r7}
    ldmia r0!, {r2-r4}
    str r2, [r1]
    mov r12, r3
    mov lr, r4
.Lferrule_thumb_rows_group:
    movs r7, #0
    mov r8, r7
    mov r9, r7
    mov r10, r7
    mov r11, r7
    ldr r0, [sp, #0]
    ldr r5, [sp, #4]
    ldr r1, [sp, #8]
    adds r1, r1, r5
    adds r2, r1, r5
    adds r3, r2, r5
    adds r4, r3, r5
    str r4, [sp, #8]
    rsbs r5, r5, #0
.Lferrule_thumb_rows_value:
    ldrsb r6, [r0, r5]
    ferrule_thumb_dot r1, r8
    ferrule_thumb_dot r2, r9
    ferrule_thumb_dot r3, r10
    ferrule_thumb_dot r4, r11
    adds r5, #1
    bne .Lferrule_thumb_rows_value
    mov r4, r8
    mov r5, r9
    mov r6, r10
    mov r7, r11
    add r0, sp, #28
    stmia r0!, {r4-r7}
    mov r8, r0
    add r5, sp, #28
    ldr r7, [sp, #12]
.Lferrule_thumb_rows_result:
    ldmia r5!, {r1}
    ldmia r7!, {r0, r2, r3, r4}
    adds r0, r0, r1
    lsrs r1, r4, #8
    cmp r0, r1
    bhi .Lferrule_thumb_rows_clamp
    movs r6, r2
    lsrs r2, r4
    movs r1, r2
    lsls r1, r4
    subs r6, r6, r1
    muls r6, r0, r6
    lsrs r6, r4
    adds r3, r3, r6
    muls r2, r0, r2
    adds r3, r3, r2
    ldr r6, [sp, #24]
    cmp r6, #0
    beq .Lferrule_thumb_rows_above
    ldmia r7!, {r1, r2}
    cmp r0, r1
    bhs .Lferrule_thumb_rows_above
    adds r3, r3, r2
.Lferrule_thumb_rows_above:
    lsrs r3, r3, #24
.Lferrule_thumb_rows_store:
    mov r1, r12
    strb r3, [r1]
    adds r1, #1
    mov r12, r1
    cmp r1, lr
    beq .Lferrule_thumb_rows_done
    cmp r5, r8
    bne .Lferrule_thumb_rows_result
    str r7, [sp, #12]
    b .Lferrule_thumb_rows_group
.Lferrule_thumb_rows_clamp:
    ldr r6, [sp, #24]
    adds r7, r7, r6
    ldr r3, [sp, #20]
    cmp r0, #0
    bge .Lferrule_thumb_rows_store
    ldr r3, [sp, #16]
    b .Lferrule_thumb_rows_store
.Lferrule_thumb_rows_done:
    add sp, #44
    pop {r4-r7}
    mov r8, r4
    mov r9, r5
    mov r10, r6
    mov r11, r7
    pop {r4-r7, pc}
    .size ferrule_thumb_rows, . - ferrule_thumb_rows
"#
);
