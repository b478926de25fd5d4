//! Copies elements that are apart in memory into words.

/// Copies every `step`th element of `from` into as many words as there are; nothing if there are
/// too few.
#[inline(never)]
pub fn widen(from: &[i8], step: usize, to: &mut [u32]) {
    if to.is_empty() || (to.len() - 1).saturating_mul(step) >= from.len() {
        return;
    }
    #[cfg(all(target_arch = "arm", target_os = "none"))]
    // SAFETY: there are so many elements, `step` apart, and words; the loop takes one at a time
    // until fours are left, then four.
    unsafe {
        ferrule_thumb_widen(from.as_ptr(), step, to.as_mut_ptr(), to.len());
    }
    #[cfg(not(all(target_arch = "arm", target_os = "none")))]
    for (to, from) in to.iter_mut().zip(from.chunks(step.max(1))) {
        *to = widened(from.first().copied().unwrap_or_default());
    }
}

/// A value as a word.
#[inline]
#[must_use]
#[allow(clippy::cast_sign_loss)] // a word
pub const fn widened(value: i8) -> u32 {
    value as i32 as u32
}

#[cfg(all(target_arch = "arm", target_os = "none"))]
extern "C" {
    fn ferrule_thumb_widen(from: *const i8, step: usize, to: *mut u32, count: usize);
}

// r0 elements, r1 step, r2 words, r3 how many are left, r4-r7 words.
#[cfg(all(target_arch = "arm", target_os = "none"))]
core::arch::global_asm!(
    r#"
    .section .text.ferrule_thumb_widen,"ax",%progbits
    .syntax unified
    .thumb
    .cpu cortex-m0plus
    .global ferrule_thumb_widen
    .type ferrule_thumb_widen,%function
    .thumb_func
ferrule_thumb_widen:
    push {r4-r7, lr}
.Lferrule_thumb_widen_one:
    lsls r4, r3, #30
    beq .Lferrule_thumb_widen_fours
    movs r4, #0
    ldrsb r4, [r0, r4]
    adds r0, r0, r1
    stmia r2!, {r4}
    subs r3, #1
    bne .Lferrule_thumb_widen_one
    pop {r4-r7, pc}
.Lferrule_thumb_widen_fours:
    movs r7, #0
    ldrsb r4, [r0, r7]
    ldrsb r5, [r0, r1]
    adds r0, r0, r1
    ldrsb r6, [r0, r1]
    adds r0, r0, r1
    ldrsb r7, [r0, r1]
    adds r0, r0, r1
    adds r0, r0, r1
    stmia r2!, {r4-r7}
    subs r3, #4
    bne .Lferrule_thumb_widen_fours
    pop {r4-r7, pc}
    .size ferrule_thumb_widen, . - ferrule_thumb_widen
"#,
    options(raw)
);
