//! A filter of any size over a plane: one channel as words, with its padding.

use crate::instructions::assembly::thumb_functions;
use crate::instructions::thumb::widen::BITS;
use crate::rolled::rolled;
use crate::split_rescale::SplitRescale;
use runtime::Output;

/// Results of a line that are computed at a time.
pub const RUN: usize = 6;

/// Words of a list for each tap: its weight; and twice the bytes from behind the values of the one
/// before, plus 1 for the last.
pub const LISTED: usize = 2;

/// The taps of a filter, as places from where a line of results begins; their weights follow.
#[derive(Debug)]
pub struct Taps<'l> {
    list: &'l mut [u32],
    furthest: usize,
}

impl<'l> Taps<'l> {
    /// Taps so many words from where a line begins, of which there is one; `list` is room for
    /// [`LISTED`] words of each. None if these are not as many.
    #[must_use]
    #[allow(clippy::cast_possible_truncation)] // words
    pub fn new(places: &[u16], list: &'l mut [u32]) -> Option<Self> {
        if places.is_empty() || list.len() != LISTED * places.len() {
            return None;
        }
        let (mut furthest, mut behind) = (0, 0);
        for (&place, words) in places.iter().zip(list.chunks_exact_mut(LISTED)) {
            let place = usize::from(place);
            furthest = furthest.max(place);
            if let [_, second] = words {
                *second = (8 * place).wrapping_sub(behind) as u32;
            }
            behind = 8 * (place + RUN);
        }
        if let Some(last) = list.last_mut() {
            *last |= 1;
        }
        Some(Self { list, furthest })
    }

    /// Takes the weights of a channel.
    #[allow(clippy::cast_sign_loss)] // words
    pub fn weigh(&mut self, weights: &[i8]) {
        for (words, &weight) in self.list.chunks_exact_mut(LISTED).zip(weights) {
            if let [first, _] = words {
                *first = i32::from(weight) as u32;
            }
            rolled();
        }
    }
}

/// Where the results of one channel go, and the values that they are computed from lie.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The channel, counted from the first that is owned.
    pub channel: usize,
    /// The first pixel, counted from the first that is owned.
    pub first: usize,
    /// Lines of results, which follow each other.
    pub lines: usize,
    /// Results of a line.
    pub length: usize,
    /// Words of the plane from a line of results to the next.
    pub line: usize,
}

/// What the inner loop is given; it copies this to its stack and changes it there.
#[repr(C)]
struct Work {
    taps: *const u32,
    values: *const u32,
    line: usize,
    output: *mut i8,
    output_line: usize,
    output_step: usize,
    length: usize,
    lines: usize,
    first: u32,
    high: u32,
    rest: u32,
    shift: u32,
    constant: u32,
    span: u32,
    least: i32,
    most: i32,
    /// From the first result of a run to its last.
    last: usize,
    /// Bytes of code for results that a line does not have, from behind the next instruction.
    skipped: usize,
    /// From a run to the next.
    six: usize,
}

/// Stores lines of one channel: sums of weights times values, requantized.
///
/// A line of results has place for what [`RUN`] results see, as every run has as many. `rescale`
/// is not signed. Nothing happens where something is too short, or a number of more than 15 bits.
pub fn filter(
    plane: &[u32],
    taps: &Taps<'_>,
    record: &[u32],
    rescale: &SplitRescale,
    target: Target,
    output: &mut Output<'_, i8>,
) {
    let Target { lines, length, .. } = target;
    let &[first, factor, constant, span, ..] = record else {
        return;
    };
    let sizes = lines | length | target.line;
    let is_owned = target.channel < output.channels().len();
    if sizes >> BITS != 0 || lines == 0 || length == 0 || rescale.is_signed || !is_owned {
        return;
    }
    let seen = (lines - 1) * target.line + taps.furthest + length.max(RUN);
    let written = target.first.saturating_add(lines * length);
    if seen > plane.len() || written > output.pixels().len() {
        return;
    }
    let step = output.stride();
    let high = factor.wrapping_shr(span);
    let rest = factor.wrapping_sub(high.wrapping_shl(span));
    let at = output
        .as_mut_ptr()
        .wrapping_add(target.first * step + target.channel);
    let count = length.min(RUN);
    let work = Work {
        taps: taps.list.as_ptr(),
        values: plane.as_ptr(),
        line: target.line * 4,
        output: at,
        output_line: length * step,
        output_step: step,
        length,
        lines,
        first,
        high,
        rest,
        shift: span & 31,
        constant,
        span: span >> 8,
        least: rescale.low.into(),
        most: rescale.high.into(),
        last: (count - 1) * step,
        skipped: ((RUN - count) * if rest == 0 { 16 } else { 26 }).wrapping_sub(2),
        six: RUN * step,
    };
    #[cfg(all(target_arch = "arm", target_os = "none"))]
    // SAFETY: the list has two words of each of its taps, and any. The last run of a line begins
    // at its last six results, or at its first, and the furthest tap of the last line's lies in
    // the plane. Results are written to the pixels of all lines, of which the last is owned, as
    // the channel is.
    unsafe {
        ferrule_thumb_lines(&work);
    }
    #[cfg(not(all(target_arch = "arm", target_os = "none")))]
    twin(&work, plane, taps, record, rescale);
}

#[cfg(not(all(target_arch = "arm", target_os = "none")))]
#[allow(clippy::cast_possible_wrap)] // where sums begin
fn twin(work: &Work, plane: &[u32], taps: &Taps<'_>, record: &[u32], rescale: &SplitRescale) {
    for line in 0..work.lines {
        for index in 0..work.length {
            let mut sum = work.first as i32;
            let mut at = line * work.line / 4 + index;
            for words in taps.list.chunks_exact(LISTED) {
                let &[weight, behind] = words else { continue };
                at = at.wrapping_add_signed((behind as i32 >> 3) as isize);
                let value = plane.get(at).copied().unwrap_or_default() as i32;
                sum = sum.wrapping_add((weight as i32).wrapping_mul(value));
                at += RUN;
            }
            let at = line * work.output_line + index * work.output_step;
            // SAFETY: `filter` checked that the last of these is owned.
            unsafe { work.output.add(at).write(rescale.stored(record, sum)) };
        }
    }
}

#[cfg(all(target_arch = "arm", target_os = "none"))]
extern "C" {
    fn ferrule_thumb_lines(work: &Work);
}

// While products are added: r0 values; r1-r3 and r5-r7 six of them, then products; r4 a weight;
// r8-r12 and lr sums of six results; between taps r4 is where the list goes on, and no carry says
// that it does: neither products nor additions to high registers change it. When they are stored,
// the last one first: r2 and r3 the high and the low part of the factor, r4 the shift, r5 the
// constant, r6 the span, r7 the result; where the low part is 0, r1 is how far results are apart,
// and the low part's product is left out. The stack has the fields of `Work`, then what is left of
// a line, where values and results of a run are, and the next tap.
thumb_functions!(
    r#"
    .section .text.ferrule_thumb_lines,"ax",%progbits

    .macro ferrule_thumb_lines_result sum, index
    mov r0, \sum
    cmp r0, r6
    bhi .Lferrule_thumb_lines_clamp_\index
    movs r1, r0
    muls r1, r3, r1
    lsrs r1, r4
    muls r0, r2, r0
    adds r0, r0, r1
    adds r0, r0, r5
    lsrs r0, r0, #24
.Lferrule_thumb_lines_store_\index:
    strb r0, [r7]
    ldr r1, [sp, #20]
    subs r7, r7, r1
    .endm

    .macro ferrule_thumb_lines_short sum, index
    mov r0, \sum
    cmp r0, r6
    bhi .Lferrule_thumb_lines_clamp_\index
    muls r0, r2, r0
    adds r0, r0, r5
    lsrs r0, r0, #24
.Lferrule_thumb_lines_store_\index:
    strb r0, [r7]
    subs r7, r7, r1
    .endm

    .macro ferrule_thumb_lines_bound index
.Lferrule_thumb_lines_clamp_\index:
    blt .Lferrule_thumb_lines_least_\index
    ldr r0, [sp, #60]
    b .Lferrule_thumb_lines_store_\index
.Lferrule_thumb_lines_least_\index:
    ldr r0, [sp, #56]
    b .Lferrule_thumb_lines_store_\index
    .endm

    .global ferrule_thumb_lines
    .type ferrule_thumb_lines,%function
    .thumb_func
ferrule_thumb_lines:
    push {r4-r7, lr}
    mov r4, r8
    mov r5, r9
    mov r6, r10
    mov r7, r11
    push {r4-r7}
    sub sp, #104
    mov r1, sp
    .rept 3
    ldmia r0!, {r2-r7}
    stmia r1!, {r2-r7}
    .endr
    ldmia r0!, {r2}
    stmia r1!, {r2}
.Lferrule_thumb_lines_line:
    ldr r1, [sp, #24]
    ldr r0, [sp, #4]
    ldr r7, [sp, #12]
.Lferrule_thumb_lines_run:
    str r1, [sp, #84]
    str r0, [sp, #88]
    str r7, [sp, #92]
    ldr r4, [sp, #32]
    mov r8, r4
    mov r9, r4
    mov r10, r4
    mov r11, r4
    mov r12, r4
    mov lr, r4
    ldr r4, [sp, #0]
.Lferrule_thumb_lines_tap:
    ldmia r4!, {r1, r2}
    str r4, [sp, #96]
    asrs r2, r2, #1
    add r0, r2
    mov r4, r1
    ldmia r0!, {r1, r2, r3, r5, r6, r7}
    muls r1, r4, r1
    add r8, r1
    muls r2, r4, r2
    add r9, r2
    muls r3, r4, r3
    add r10, r3
    muls r5, r4, r5
    add r11, r5
    muls r6, r4, r6
    add r12, r6
    muls r7, r4, r7
    add lr, r7
    ldr r4, [sp, #96]
    bcc .Lferrule_thumb_lines_tap
    ldr r7, [sp, #92]
    ldr r1, [sp, #64]
    adds r7, r7, r1
    add r1, sp, #36
    ldmia r1!, {r2-r6}
    ldr r0, [sp, #68]
    cmp r3, #0
    beq .Lferrule_thumb_lines_shorts
    add pc, r0
    ferrule_thumb_lines_result lr, 5
    ferrule_thumb_lines_result r12, 4
    ferrule_thumb_lines_result r11, 3
    ferrule_thumb_lines_result r10, 2
    ferrule_thumb_lines_result r9, 1
    ferrule_thumb_lines_result r8, 0
    b .Lferrule_thumb_lines_next
    ferrule_thumb_lines_bound 5
    ferrule_thumb_lines_bound 4
    ferrule_thumb_lines_bound 3
    ferrule_thumb_lines_bound 2
    ferrule_thumb_lines_bound 1
    ferrule_thumb_lines_bound 0
.Lferrule_thumb_lines_shorts:
    ldr r1, [sp, #20]
    add pc, r0
    ferrule_thumb_lines_short lr, 6
    ferrule_thumb_lines_short r12, 7
    ferrule_thumb_lines_short r11, 8
    ferrule_thumb_lines_short r10, 9
    ferrule_thumb_lines_short r9, 10
    ferrule_thumb_lines_short r8, 11
.Lferrule_thumb_lines_next:
    ldr r1, [sp, #84]
    subs r1, r1, #6
    ble .Lferrule_thumb_lines_ended
    ldr r0, [sp, #88]
    ldr r7, [sp, #92]
    cmp r1, #6
    blt .Lferrule_thumb_lines_part
    adds r0, #24
    ldr r2, [sp, #72]
    adds r7, r7, r2
    b .Lferrule_thumb_lines_run
.Lferrule_thumb_lines_part:
    lsls r2, r1, #2
    adds r0, r0, r2
    ldr r2, [sp, #20]
    muls r1, r2, r1
    adds r7, r7, r1
    movs r1, #6
    b .Lferrule_thumb_lines_run
.Lferrule_thumb_lines_ended:
    ldr r0, [sp, #4]
    ldr r1, [sp, #8]
    adds r0, r0, r1
    str r0, [sp, #4]
    ldr r0, [sp, #12]
    ldr r1, [sp, #16]
    adds r0, r0, r1
    str r0, [sp, #12]
    ldr r0, [sp, #28]
    subs r0, #1
    str r0, [sp, #28]
    beq .Lferrule_thumb_lines_done
    b .Lferrule_thumb_lines_line
.Lferrule_thumb_lines_done:
    add sp, #104
    pop {r4-r7}
    mov r8, r4
    mov r9, r5
    mov r10, r6
    mov r11, r7
    pop {r4-r7, pc}
    ferrule_thumb_lines_bound 6
    ferrule_thumb_lines_bound 7
    ferrule_thumb_lines_bound 8
    ferrule_thumb_lines_bound 9
    ferrule_thumb_lines_bound 10
    ferrule_thumb_lines_bound 11
    .size ferrule_thumb_lines, . - ferrule_thumb_lines
"#
);
