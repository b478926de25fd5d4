//! Copies elements that are apart in memory into words.

use crate::instructions::assembly::thumb_functions;

/// Lines of elements, and of words.
#[derive(Clone, Copy, Debug)]
pub struct Lines {
    /// Lines.
    pub count: usize,
    /// Elements of a line.
    pub length: usize,
    /// From an element to the next.
    pub step: usize,
    /// From a line of elements to the next.
    pub line: usize,
    /// From a line of words to the next.
    pub pitch: usize,
}

/// Bits of the numbers that loops over planes are given: products of two fit 32.
pub(super) const BITS: u32 = 15;

/// What the assembly is given: `skipped` follow the last element of a line, and its word.
#[cfg(all(target_arch = "arm", target_os = "none"))]
#[repr(C)]
struct Work {
    count: usize,
    length: usize,
    step: usize,
    skipped: usize,
    skipped_words: usize,
}

/// Copies lines of elements to lines of words; nothing if there are too few, or numbers of more
/// than 15 bits.
#[inline(never)]
pub fn widen(from: &[i8], lines: Lines, to: &mut [u32]) {
    let Lines {
        count,
        length,
        step,
        line,
        pitch,
    } = lines;
    if (count | length | step | line | pitch) >> BITS != 0 || count == 0 || length == 0 {
        return;
    }
    let read = (count - 1) * line + (length - 1) * step;
    let written = (count - 1) * pitch + length - 1;
    if read >= from.len() || written >= to.len() || length > pitch {
        return;
    }
    #[cfg(all(target_arch = "arm", target_os = "none"))]
    {
        let work = Work {
            count,
            length,
            step,
            skipped: line.wrapping_sub(length * step),
            skipped_words: 4 * (pitch - length),
        };
        // SAFETY: there are so many elements and words, as the last of both are; the loop takes
        // one at a time until fours of a line are left, then four.
        unsafe { ferrule_thumb_widen(from.as_ptr(), to.as_mut_ptr(), &work) }
    }
    #[cfg(not(all(target_arch = "arm", target_os = "none")))]
    for (number, words) in to.chunks_mut(pitch).take(count).enumerate() {
        for (index, word) in words.iter_mut().take(length).enumerate() {
            let at = number * line + index * step;
            *word = widened(from.get(at).copied().unwrap_or_default());
        }
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
    fn ferrule_thumb_widen(from: *const i8, to: *mut u32, work: &Work);
}

// r0 elements, r1 step, r2 words, r3 how many of a line are left, r4-r7 words, lr lines that are
// left; the stack has the length, and what is skipped of elements and words.
thumb_functions!(
    r#"
    .section .text.ferrule_thumb_widen,"ax",%progbits
    .global ferrule_thumb_widen
    .type ferrule_thumb_widen,%function
    .thumb_func
ferrule_thumb_widen:
    push {r4-r7, lr}
    ldmia r2!, {r3-r7}
    push {r4, r6, r7}
    mov lr, r3
    mov r2, r1
    mov r1, r5
.Lferrule_thumb_widen_line:
    ldr r3, [sp, #0]
.Lferrule_thumb_widen_one:
    lsls r4, r3, #30
    beq .Lferrule_thumb_widen_fours
    movs r4, #0
    ldrsb r4, [r0, r4]
    adds r0, r0, r1
    stmia r2!, {r4}
    subs r3, #1
    bne .Lferrule_thumb_widen_one
    b .Lferrule_thumb_widen_next
.Lferrule_thumb_widen_fours:
    movs r4, #0
    ldrsb r4, [r0, r4]
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
.Lferrule_thumb_widen_next:
    ldr r4, [sp, #4]
    adds r0, r0, r4
    ldr r4, [sp, #8]
    adds r2, r2, r4
    mov r4, lr
    subs r4, #1
    mov lr, r4
    bne .Lferrule_thumb_widen_line
    add sp, #12
    pop {r4-r7, pc}
    .size ferrule_thumb_widen, . - ferrule_thumb_widen
"#
);
