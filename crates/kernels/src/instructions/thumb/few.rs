//! Sums of two channels at two pixels, out of the input as it lies in memory.

use crate::instructions::assembly::thumb_functions;
use crate::instructions::few::Sums;
use crate::instructions::join::Lines;

/// Pixels that are computed at a time.
pub const PIXELS: usize = 2;

/// Sums of a pair of channels for two pixels, which see rows from their starts on.
///
/// `weights` has a word for each tap. Sums are 0 where a slice is too short.
#[inline]
#[must_use]
pub fn sums(
    input: &[i8],
    starts: [usize; PIXELS],
    lines: &Lines,
    weights: &[u32],
) -> [Sums; PIXELS] {
    let mut sums = [[0; 2]; PIXELS];
    if let [Some(one), Some(other)] = starts.map(|start| input.get(start..)) {
        if lines.are_in(one) && lines.are_in(other) && weights.len() >= lines.values() {
            add([one, other], lines, weights, &mut sums);
        }
    }
    for [low, high] in &mut sums {
        *low = low.wrapping_sub(*high << 16);
    }
    sums
}

#[cfg(not(all(target_arch = "arm", target_os = "none")))]
use crate::instructions::few::twin as add;

#[cfg(all(target_arch = "arm", target_os = "none"))]
#[inline]
fn add(pixels: [&[i8]; PIXELS], lines: &Lines, weights: &[u32], sums: &mut [Sums; PIXELS]) {
    let pixels = pixels.map(<[i8]>::as_ptr);
    // SAFETY: the assembly reads rows of values, of which there is at least one, none empty, from
    // each pixel on, and a word of weights for each of their taps; `sums` saw to it that all of that
    // is there. It writes four words.
    unsafe { ferrule_thumb_few(&pixels, weights.as_ptr(), lines, sums) }
}

#[cfg(all(target_arch = "arm", target_os = "none"))]
extern "C" {
    fn ferrule_thumb_few(
        pixels: &[*const i8; PIXELS],
        weights: *const u32,
        lines: &Lines,
        sums: &mut [Sums; PIXELS],
    );
}

// r0 from the end of a row to the value, negative; r1 and r2 ends of a row; r3 weights; r4 two of
// them; r5 and r6 values, then products; r8 and r9 products of a run; r10 and r11 sums of the
// products of both pixels; r7 and r12 sums of their high halves, which are rounded, because a low
// half borrows from it: the shift leaves half of it in the carry. The stack has where a row begins,
// its length, the step from its end to the end of the next, and rows that are left.
thumb_functions!(
    r#"
    .section .text.ferrule_thumb_few,"ax",%progbits

    .macro ferrule_thumb_few_products
    ldmia r3!, {r4}
    ldrsb r5, [r1, r0]
    ldrsb r6, [r2, r0]
    muls r5, r4, r5
    muls r6, r4, r6
    .endm

    .macro ferrule_thumb_few_first
    ferrule_thumb_few_products
    mov r8, r5
    mov r9, r6
    adds r0, #1
    .endm

    .macro ferrule_thumb_few_next
    ferrule_thumb_few_products
    add r8, r5
    add r9, r6
    adds r0, #1
    .endm

    .p2align 2
    .global ferrule_thumb_few
    .type ferrule_thumb_few,%function
    .thumb_func
ferrule_thumb_few:
    push {r3-r7, lr}
    mov r4, r8
    mov r5, r9
    mov r6, r10
    mov r7, r11
    push {r4-r7}
    ldmia r2!, {r4, r5, r6}
    movs r3, r1
    ldmia r0!, {r1, r2}
    adds r1, r1, r5
    adds r2, r2, r5
    lsls r0, r5, #30
    lsrs r0, r0, #29
    adr r7, .Lferrule_thumb_few_places
    ldrh r0, [r7, r0]
    adds r0, r0, r7
    rsbs r5, r5, #0
    sub sp, #16
    str r0, [sp, #0]
    str r5, [sp, #4]
    str r6, [sp, #8]
    str r4, [sp, #12]
    movs r7, #0
    mov r12, r7
    mov r10, r7
    mov r11, r7
.Lferrule_thumb_few_row:
    ldr r4, [sp, #0]
    ldr r0, [sp, #4]
    mov pc, r4
    .p2align 2
.Lferrule_thumb_few_places:
    .irp count, 4, 1, 2, 3
    .hword .Lferrule_thumb_few_\count - .Lferrule_thumb_few_places
    .endr
.Lferrule_thumb_few_3:
    ferrule_thumb_few_first
    b .Lferrule_thumb_few_left_2
.Lferrule_thumb_few_2:
    ferrule_thumb_few_first
    b .Lferrule_thumb_few_left_1
.Lferrule_thumb_few_1:
    ferrule_thumb_few_products
    b .Lferrule_thumb_few_left_0
.Lferrule_thumb_few_4:
    ferrule_thumb_few_first
    ferrule_thumb_few_next
.Lferrule_thumb_few_left_2:
    ferrule_thumb_few_next
.Lferrule_thumb_few_left_1:
    ferrule_thumb_few_products
    add r5, r8
    add r6, r9
.Lferrule_thumb_few_left_0:
    add r10, r5
    asrs r5, r5, #16
    adcs r7, r5
    add r11, r6
    mov r4, r12
    asrs r6, r6, #16
    adcs r4, r6
    mov r12, r4
    adds r0, #1
    bne .Lferrule_thumb_few_4
    ldr r4, [sp, #8]
    adds r1, r1, r4
    adds r2, r2, r4
    ldr r4, [sp, #12]
    subs r4, #1
    str r4, [sp, #12]
    bne .Lferrule_thumb_few_row
    add sp, #16
    ldr r0, [sp, #16]
    mov r2, r10
    mov r3, r7
    mov r4, r11
    mov r5, r12
    stmia r0!, {r2, r3, r4, r5}
    pop {r4-r7}
    mov r8, r4
    mov r9, r5
    mov r10, r6
    mov r11, r7
    pop {r3-r7, pc}
    .size ferrule_thumb_few, . - ferrule_thumb_few
"#
);
