//! Joins values of two pixels into words: what [`crate::instructions::join`] does on Arm.

use crate::instructions::assembly::thumb_functions;
use crate::instructions::join::Lines;

extern "C" {
    fn ferrule_thumb_join(low: *const i8, high: *const i8, words: *mut u32, lines: &Lines);
}

/// Joins rows of values, of which there are at least one, none empty, and as many words.
#[inline]
pub(in crate::instructions) fn joined(low: &[i8], high: &[i8], lines: &Lines, words: &mut [u32]) {
    // SAFETY: the caller took care that there are so many values in rows, and words with two
    // between them; every row takes one at a time until fours are left, then four.
    unsafe { ferrule_thumb_join(low.as_ptr(), high.as_ptr(), words.as_mut_ptr(), lines) }
}

// r0 and r1 ends of a row; r2 words; r3 from the end of a row to the value, negative; r4 and r5
// values; r6 length of a row; r7 values that come before fours; r12 step; lr rows that are left.
thumb_functions!(
    r#"
    .section .text.ferrule_thumb_join,"ax",%progbits

    .macro ferrule_thumb_joined place
    ldrsb r4, [r0, r3]
    ldrsb r5, [r1, r3]
    lsls r5, r5, #16
    adds r4, r4, r5
    str r4, [r2, #\place]
    .endm

    .global ferrule_thumb_join
    .type ferrule_thumb_join,%function
    .thumb_func
ferrule_thumb_join:
    push {r4-r7, lr}
    ldmia r3!, {r5, r6, r7}
    mov lr, r5
    mov r12, r7
    adds r0, r0, r6
    adds r1, r1, r6
.Lferrule_thumb_join_row:
    rsbs r3, r6, #0
    lsls r7, r6, #30
    beq .Lferrule_thumb_join_fours
    lsrs r7, r7, #30
.Lferrule_thumb_join_one:
    ferrule_thumb_joined 0
    adds r2, #12
    adds r3, #1
    subs r7, #1
    bne .Lferrule_thumb_join_one
    cmp r3, #0
    beq .Lferrule_thumb_join_next
.Lferrule_thumb_join_fours:
    ferrule_thumb_joined 0
    adds r3, #1
    ferrule_thumb_joined 12
    adds r3, #1
    ferrule_thumb_joined 24
    adds r3, #1
    ferrule_thumb_joined 36
    adds r2, #48
    adds r3, #1
    bne .Lferrule_thumb_join_fours
.Lferrule_thumb_join_next:
    add r0, r12
    add r1, r12
    mov r7, lr
    subs r7, #1
    mov lr, r7
    bne .Lferrule_thumb_join_row
    pop {r4-r7, pc}
    .size ferrule_thumb_join, . - ferrule_thumb_join
"#
);
