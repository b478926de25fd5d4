//! A filter of 3x3 taps over a plane: one channel as words, with its padding.

use crate::instructions::assembly::thumb_functions;
use crate::instructions::thumb::widen::BITS;
use crate::split_rescale::SplitRescale;
use runtime::Output;

/// Taps of the filter.
pub const TAPS: usize = 9;

/// Results of a line that are computed at a time.
pub const RUN: usize = 6;

/// One channel's values with their padding, line after line.
#[derive(Clone, Copy, Debug)]
pub struct Plane<'p> {
    /// Values. At a stride of 2 a line's even ones come before its odd ones.
    pub values: &'p [u32],
    /// Words of a line.
    pub pitch: usize,
    /// Lines from a line of results to the next: 1 or 2.
    pub stride: usize,
}

/// Words of a line of a plane, for so many results.
#[inline]
#[must_use]
pub fn pitch(length: usize, stride: usize) -> usize {
    match stride {
        1 => length.max(RUN) + 2,
        _ => 2 * (length.max(RUN) + 1),
    }
}

/// Where the results of one channel go.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The channel, counted from the first that is owned.
    pub channel: usize,
    /// The first pixel, counted from the first that is owned.
    pub first: usize,
    /// Lines of results.
    pub lines: usize,
    /// Results of a line.
    pub length: usize,
    /// Pixels from a line of results to the next.
    pub line: usize,
    /// Pixels from a result of a line to the next.
    pub step: usize,
}

/// What the inner loop is given; it copies this to its stack and changes it there.
#[repr(C)]
struct Work {
    values: *const u32,
    line: usize,
    output: *mut i8,
    output_line: usize,
    output_step: usize,
    length: usize,
    lines: usize,
    /// Bytes to a line's third taps from behind the second, and to the next line from there.
    third: usize,
    next: usize,
    first: u32,
    high: u32,
    rest: u32,
    shift: u32,
    constant: u32,
    span: u32,
    least: i32,
    most: i32,
    weights: [i32; TAPS],
    /// From the first result of a run to its last.
    last: usize,
    /// Bytes of code for results that a line does not have.
    skipped: usize,
}

/// Stores lines of one channel: sums of 3x3 weights times values, requantized.
///
/// Weights are a line of taps after the other; at a stride of 2 the second and third of a line
/// have changed places. `rescale` is not signed. Nothing happens where something is too short,
/// or a number of more than 15 bits.
pub fn filter(
    plane: Plane<'_>,
    weights: &[i8; TAPS],
    record: &[u32],
    rescale: &SplitRescale,
    target: Target,
    output: &mut Output<'_, i8>,
) {
    let Plane { pitch, stride, .. } = plane;
    let Target { lines, length, .. } = target;
    let &[first, factor, constant, span, ..] = record else {
        return;
    };
    let sizes = lines | length | pitch | target.line | target.step;
    let is_owned = target.channel < output.channels().len();
    let is_known = sizes >> BITS == 0 && (1..=2).contains(&stride);
    if !is_known || lines == 0 || length == 0 || rescale.is_signed || !is_owned {
        return;
    }
    let seen = ((lines - 1) * stride + 3) * pitch;
    let written = (lines - 1) * target.line + (length - 1) * target.step;
    let written = target.first.saturating_add(written);
    if pitch < self::pitch(length, stride)
        || seen > plane.values.len()
        || written >= output.pixels().len()
    {
        return;
    }
    let third = if stride == 1 { 2 } else { pitch / 2 };
    let bytes = |words: usize| words.wrapping_mul(4);
    let pixel = output.stride();
    let high = factor.wrapping_shr(span);
    let at = output
        .as_mut_ptr()
        .wrapping_add(target.first * pixel + target.channel);
    let count = length.min(RUN);
    let work = Work {
        values: plane.values.as_ptr(),
        line: bytes(pitch * stride),
        output: at,
        output_line: target.line * pixel,
        output_step: target.step * pixel,
        length,
        lines,
        third: bytes(third.wrapping_sub(1 + RUN)),
        next: bytes(pitch.wrapping_sub(third + RUN)),
        first,
        high,
        rest: factor.wrapping_sub(high.wrapping_shl(span)),
        shift: span & 31,
        constant,
        span: span >> 8,
        least: rescale.low.into(),
        most: rescale.high.into(),
        weights: weights.map(i32::from),
        last: (count - 1) * target.step * pixel,
        skipped: (RUN - count) * 26,
    };
    #[cfg(all(target_arch = "arm", target_os = "none"))]
    // SAFETY: the last run of a line begins at its last six results, or at its first: a line has
    // place for what six results see, and all lines that are seen lie in the plane. Results are
    // written to as many pixels as a line has, of which the last of the last line is owned, as
    // the channel is.
    unsafe {
        ferrule_thumb_plane(&work);
    }
    #[cfg(not(all(target_arch = "arm", target_os = "none")))]
    twin(&work, plane, record, rescale);
}

#[cfg(not(all(target_arch = "arm", target_os = "none")))]
#[allow(clippy::cast_possible_wrap)] // where sums begin
fn twin(work: &Work, plane: Plane<'_>, record: &[u32], rescale: &SplitRescale) {
    let third = work.third.wrapping_add(4 * (1 + RUN)) / 4 % (1 << 28);
    for line in 0..work.lines {
        for index in 0..work.length {
            let mut sum = work.first as i32;
            for (tap, weight) in work.weights.iter().enumerate() {
                let column = [0, 1, third][tap % 3] + index;
                let at = (line * plane.stride + tap / 3) * plane.pitch + column;
                let value = plane.values.get(at).copied().unwrap_or_default();
                sum = sum.wrapping_add(weight.wrapping_mul(value as i32));
            }
            let at = line * work.output_line + index * work.output_step;
            // SAFETY: `filter` checked that the last of these is owned.
            unsafe { work.output.add(at).write(rescale.stored(record, sum)) };
        }
    }
}

#[cfg(all(target_arch = "arm", target_os = "none"))]
extern "C" {
    fn ferrule_thumb_plane(work: &Work);
}

// While products are added: r0 values; r1-r3 and r5-r7 six of them, then products; r4 a weight;
// r8-r12 and lr sums of six results. When they are stored, the last one first: r2 and r3 the high
// and the low part of the factor, r4 the shift, r5 the constant, r6 the span, r7 the result. The
// stack has the fields of `Work`, then what is left of a line, and where values and results of a
// run are.
thumb_functions!(
    r#"
    .section .text.ferrule_thumb_plane,"ax",%progbits

    .macro ferrule_thumb_tap weight
    ldr r4, [sp, #68 + 4 * (\weight)]
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
    .endm

    .macro ferrule_thumb_taps first
    ferrule_thumb_tap \first
    subs r0, #20
    ferrule_thumb_tap \first + 1
    ldr r4, [sp, #28]
    adds r0, r0, r4
    ferrule_thumb_tap \first + 2
    .endm

    .macro ferrule_thumb_result sum, index
    mov r0, \sum
    cmp r0, r6
    bhi .Lferrule_thumb_plane_clamp_\index
    movs r1, r0
    muls r1, r3, r1
    lsrs r1, r4
    muls r0, r2, r0
    adds r0, r0, r1
    adds r0, r0, r5
    lsrs r0, r0, #24
.Lferrule_thumb_plane_store_\index:
    strb r0, [r7]
    ldr r1, [sp, #16]
    subs r7, r7, r1
    .endm

    .macro ferrule_thumb_bound index
.Lferrule_thumb_plane_clamp_\index:
    cmp r0, #0
    blt .Lferrule_thumb_plane_least_\index
    ldr r0, [sp, #64]
    b .Lferrule_thumb_plane_store_\index
.Lferrule_thumb_plane_least_\index:
    ldr r0, [sp, #60]
    b .Lferrule_thumb_plane_store_\index
    .endm

    .global ferrule_thumb_plane
    .type ferrule_thumb_plane,%function
    .thumb_func
ferrule_thumb_plane:
    push {r4-r7, lr}
    mov r4, r8
    mov r5, r9
    mov r6, r10
    mov r7, r11
    push {r4-r7}
    sub sp, #128
    mov r1, sp
    .rept 4
    ldmia r0!, {r2-r7}
    stmia r1!, {r2-r7}
    .endr
    ldmia r0!, {r2-r5}
    stmia r1!, {r2-r5}
.Lferrule_thumb_plane_line:
    ldr r1, [sp, #20]
    ldr r0, [sp, #0]
    ldr r7, [sp, #8]
.Lferrule_thumb_plane_run:
    str r1, [sp, #112]
    str r0, [sp, #116]
    str r7, [sp, #120]
    ldr r4, [sp, #36]
    mov r8, r4
    mov r9, r4
    mov r10, r4
    mov r11, r4
    mov r12, r4
    mov lr, r4
    ferrule_thumb_taps 0
    ldr r4, [sp, #32]
    adds r0, r0, r4
    ferrule_thumb_taps 3
    ldr r4, [sp, #32]
    adds r0, r0, r4
    ferrule_thumb_taps 6
    ldr r7, [sp, #120]
    ldr r1, [sp, #104]
    adds r7, r7, r1
    add r1, sp, #40
    ldmia r1!, {r2-r6}
    ldr r1, [sp, #108]
    add pc, r1
    nop
    ferrule_thumb_result lr, 5
    ferrule_thumb_result r12, 4
    ferrule_thumb_result r11, 3
    ferrule_thumb_result r10, 2
    ferrule_thumb_result r9, 1
    ferrule_thumb_result r8, 0
    b .Lferrule_thumb_plane_next
    ferrule_thumb_bound 5
    ferrule_thumb_bound 4
    ferrule_thumb_bound 3
    ferrule_thumb_bound 2
    ferrule_thumb_bound 1
    ferrule_thumb_bound 0
.Lferrule_thumb_plane_next:
    ldr r2, [sp, #112]
    subs r2, r2, #6
    ble .Lferrule_thumb_plane_ended
    movs r3, #6
    movs r1, r2
    cmp r1, #6
    bge .Lferrule_thumb_plane_whole
    movs r3, r2
    movs r1, #6
.Lferrule_thumb_plane_whole:
    ldr r7, [sp, #16]
    muls r7, r3, r7
    ldr r0, [sp, #120]
    adds r7, r7, r0
    lsls r3, r3, #2
    ldr r0, [sp, #116]
    adds r0, r0, r3
    b .Lferrule_thumb_plane_run
.Lferrule_thumb_plane_ended:
    ldr r0, [sp, #0]
    ldr r1, [sp, #4]
    adds r0, r0, r1
    str r0, [sp, #0]
    ldr r0, [sp, #8]
    ldr r1, [sp, #12]
    adds r0, r0, r1
    str r0, [sp, #8]
    ldr r0, [sp, #24]
    subs r0, #1
    str r0, [sp, #24]
    beq .Lferrule_thumb_plane_done
    b .Lferrule_thumb_plane_line
.Lferrule_thumb_plane_done:
    add sp, #128
    pop {r4-r7}
    mov r8, r4
    mov r9, r5
    mov r10, r6
    mov r11, r7
    pop {r4-r7, pc}
    .size ferrule_thumb_plane, . - ferrule_thumb_plane
"#
);
