//! Multiplies columns of three pixels with filters: two channels by three pixels at a time.
//!
//! One file, as the loop, its checks and its twin are read side by side.

use crate::dsp_filters::{DspFilters, SCALES};
use crate::instructions::assembly::dsp_functions;
#[cfg(not(all(target_arch = "arm", target_os = "none")))]
use crate::instructions::dsp::arithmetic::{smlad, stored, sxtb16};
#[cfg(not(all(target_arch = "arm", target_os = "none")))]
use crate::instructions::dsp::gather::gather;
use crate::instructions::dsp::gather::{Rows, QUAD};
use core::ops::Range;

/// Words of weights for a pair of channels and four taps.
const WEIGHTS: usize = 2;

/// How neighbouring pixels lie in memory.
#[derive(Clone, Copy, Debug)]
pub struct Strip {
    /// Elements from a pixel's first to the next one's.
    pub step: usize,
    /// What a pixel sees; its rows skip nothing in a column.
    pub rows: Rows,
}

/// Three columns, and the filters of a run of channels that they are multiplied with.
#[derive(Debug)]
pub struct Columns<'c> {
    filters: &'c DspFilters,
    weights: &'c [i32],
    scales: &'c [i32],
    columns: &'c mut [u32],
    /// Channels of an output: as many as filters, or one less.
    channels: usize,
}

impl<'c> Columns<'c> {
    /// Columns in scratch, for channels of which the first is even.
    ///
    /// None where there are no such filters, or not enough scratch.
    #[inline(never)]
    #[must_use]
    pub fn new(
        filters: &'c DspFilters,
        channels: Range<usize>,
        scratch: &'c mut [u32],
    ) -> Option<Self> {
        let words = filters.quads() * WEIGHTS;
        let (start, end) = (channels.start / 2, channels.end.div_ceil(2));
        let is_even = channels.start % 2 == 0;
        let of = |each: usize| Some(start.checked_mul(each)?..end.checked_mul(each)?);
        let weights = filters.weights.get(of(words)?)?;
        let scales = filters.scales.get(of(SCALES)?)?;
        let columns = scratch.get_mut(..filters.quads() * QUAD)?;
        (is_even && !weights.is_empty() && weights.len() == scales.len() / SCALES * words)
            .then_some(Self {
                filters,
                weights,
                scales,
                columns,
                channels: channels.len(),
            })
    }

    /// The words from the first of a column on; its others are three apart.
    #[inline]
    pub fn column(&mut self, index: usize) -> &mut [u32] {
        self.columns.get_mut(index..).unwrap_or_default()
    }

    /// Computes up to three pixels from their columns; those that are missing are empty slices at
    /// the end.
    ///
    /// Does nothing where an output has not as many channels as there are filters.
    #[inline(never)]
    pub fn multiply(&mut self, pixels: [&mut [i8]; 3]) {
        let channels = self.channels;
        let [first, second, third] = &pixels;
        let fits = |pixel: &[i8]| pixel.len() == channels || pixel.is_empty();
        if first.len() == channels && fits(second) && fits(third) {
            self.three(pixels);
        }
    }

    /// Fills the columns from a strip of pixels and computes these, three by three.
    ///
    /// Does nothing where values are missing, or the outputs are not a multiple of three pixels.
    #[inline(never)]
    pub fn strip(&mut self, strip: &Strip, values: &[i8], outputs: &mut [i8]) {
        let three = 3 * self.channels;
        let blocks = outputs.len().checked_div(three).unwrap_or_default();
        let fits = (3 * blocks)
            .checked_sub(1)
            .and_then(|more| more.checked_mul(strip.step))
            .is_some_and(|last| {
                strip
                    .rows
                    .fit(values.len().saturating_sub(last), usize::MAX)
            })
            && strip.rows.count.checked_mul(strip.rows.quads) == Some(self.filters.quads());
        if fits && blocks * three == outputs.len() {
            self.blocks(strip, values, outputs, blocks);
        }
    }
}

#[cfg(not(all(target_arch = "arm", target_os = "none")))]
impl Columns<'_> {
    fn blocks(&mut self, strip: &Strip, values: &[i8], outputs: &mut [i8], _: usize) {
        let channels = self.channels;
        let mut start = 0;
        for pixels in outputs.chunks_exact_mut(3 * channels) {
            for index in 0..3 {
                let seen = values.get(start..).unwrap_or_default();
                gather(seen, strip.rows, self.column(index));
                start += strip.step;
            }
            let (first, rest) = pixels.split_at_mut(channels);
            let (second, third) = rest.split_at_mut(channels);
            self.three([first, second, third]);
        }
    }

    fn three(&mut self, pixels: [&mut [i8]; 3]) {
        let filters = self.filters;
        for (index, pixel) in pixels.into_iter().enumerate() {
            let column = self.columns.iter().skip(index).step_by(3);
            let weights = self.weights.chunks_exact(filters.quads() * WEIGHTS);
            let pairs = weights.zip(self.scales.chunks_exact(SCALES));
            for (outputs, (weights, scales)) in pixel.chunks_mut(2).zip(pairs) {
                let &[mut first, mut second, m_first, s_first, m_second, s_second] = scales else {
                    return;
                };
                for (&values, &weights) in column.clone().zip(weights) {
                    let weights = u32::from_le_bytes(weights.to_le_bytes());
                    first = smlad(sxtb16(weights), values, first);
                    second = smlad(sxtb16(weights.rotate_right(8)), values, second);
                }
                let (zero_point, signed) = (filters.zero_point.into(), filters.signed);
                let both = [(first, m_first, s_first), (second, m_second, s_second)];
                for (output, (sum, multiplier, scale)) in outputs.iter_mut().zip(both) {
                    *output = stored(sum, multiplier, scale, zero_point, signed);
                }
            }
        }
    }
}

/// What the assembly is given; it copies this to its stack and changes it there.
#[cfg(all(target_arch = "arm", target_os = "none"))]
#[repr(C)]
struct Work {
    outputs: [*mut i8; 3],
    scales: *const i32,
    zero_point: i32,
    /// Where the scales end; one byte before if the last pair's second channel is stored too.
    scales_end: *const u8,
    columns: *const u32,
    columns_end: *const u32,
    quads: usize,
    signed: u32,
    weights: *const i32,
    blocks: usize,
    /// Null where the columns are filled already.
    values: *const i8,
    step: usize,
    rows: usize,
    row_quads: usize,
    row_skip: usize,
    channels: usize,
}

#[cfg(all(target_arch = "arm", target_os = "none"))]
impl Columns<'_> {
    #[inline]
    fn blocks(&mut self, strip: &Strip, values: &[i8], outputs: &mut [i8], blocks: usize) {
        let channels = self.channels;
        let first = outputs.as_mut_ptr();
        let work = Work {
            outputs: [
                first,
                first.wrapping_add(channels),
                first.wrapping_add(2 * channels),
            ],
            blocks,
            values: values.as_ptr(),
            step: strip.step,
            rows: strip.rows.count,
            row_quads: strip.rows.quads,
            row_skip: strip.rows.pitch.wrapping_sub(4 * strip.rows.quads),
            ..self.work()
        };
        // SAFETY: as below; and `strip` saw to it that each of `blocks` times three pixels can be
        // read, fills exactly the columns, and has outputs, which are neighbours.
        unsafe { ferrule_dsp_multiply(&work) }
    }

    #[inline]
    fn three(&mut self, pixels: [&mut [i8]; 3]) {
        let [first, second, third] = pixels;
        let first = first.as_mut_ptr();
        // What would be a missing pixel goes where the first is written after it.
        let or_first = |pixel: &mut [i8]| match pixel.is_empty() {
            true => first,
            false => pixel.as_mut_ptr(),
        };
        let work = Work {
            outputs: [first, or_first(second), or_first(third)],
            ..self.work()
        };
        // SAFETY: for each six words of scales the assembly reads `quads` times two words of
        // weights and all of the columns, and writes two bytes of each pixel, or one at the end of
        // an odd number. `new` and `multiply` saw to it that all of these are there. Slices of
        // words are aligned.
        unsafe { ferrule_dsp_multiply(&work) }
    }

    #[inline]
    fn work(&mut self) -> Work {
        let scales = self.scales.as_ptr_range();
        let is_even = usize::from(self.channels % 2 == 0);
        let columns = self.columns.as_mut_ptr_range();
        Work {
            outputs: [core::ptr::null_mut(); 3],
            scales: scales.start,
            scales_end: scales.end.cast::<u8>().wrapping_sub(is_even),
            columns: columns.start,
            columns_end: columns.end,
            quads: self.filters.quads(),
            zero_point: self.filters.zero_point.into(),
            signed: u32::from(self.filters.signed),
            weights: self.weights.as_ptr(),
            blocks: 1,
            values: core::ptr::null(),
            // Not read where values are null; zeros would be cleared by a function of their own.
            step: self.channels,
            rows: self.channels,
            row_quads: self.channels,
            row_skip: self.channels,
            channels: self.channels,
        }
    }
}

#[cfg(all(target_arch = "arm", target_os = "none"))]
extern "C" {
    fn ferrule_dsp_multiply(work: &Work);
}

// In the sums r0-r2 are accumulators of the first channel, r3-r5 of the second; r6-r8 a word of
// each column; r9, lr weights; r10 the weights as halves; r11 columns; r12 weights to come. The
// stack has the fields of `Work` in order, with `quads` replaced by where the sums go on after four
// taps and `signed` by where they do after a round; 72 the first scales, 76 how sums are stored.
dsp_functions!(
    r#"
    .section .text.ferrule_dsp_multiply,"ax",%progbits

    .macro ferrule_dsp_multiply_scale first, second
    smmlar r0, r0, \first, r0
    smmlar r1, r1, \first, r1
    smmlar r2, r2, \first, r2
    smmlar r3, r3, \second, r3
    smmlar r4, r4, \second, r4
    smmlar r5, r5, \second, r5
    .endm

    .global ferrule_dsp_multiply
    .type ferrule_dsp_multiply,%function
    .thumb_func
ferrule_dsp_multiply:
    push {r4-r11, lr}
    sub sp, sp, #84
    mov r12, sp
    ldm r0!, {r1-r9}
    stm r12!, {r1-r9}
    str r4, [sp, #72]
    // After four taps, eight times four make a round; the first round may be shorter or missing.
    sub r11, r9, #1
    rsb r10, r11, #0
    and r10, r10, #7
    mov.w lr, #76
    mul r10, r10, lr
    adr.w lr, .Lferrule_dsp_multiply_sum
    add r10, r10, lr
    ldm r0!, {r1-r9}
    stm r12, {r1-r9}
    cmp r1, #0
    adr.w r1, .Lferrule_dsp_multiply_up
    it ne
    adrne.w r1, .Lferrule_dsp_multiply_away
    adr.w r2, .Lferrule_dsp_multiply_rounds
    cmp r11, #8
    it ls
    movls r2, r1
    cmp r11, #0
    it eq
    moveq r10, r1
    orr r10, r10, #1
    orr r2, r2, #1
    orr r1, r1, #1
    strd r10, r2, [sp, #32]
    str r1, [sp, #76]
.Lferrule_dsp_multiply_block:
    ldr r0, [sp, #48]
    ldr r9, [sp, #72]
    cbz r0, .Lferrule_dsp_multiply_filled
    // Three pixels go to the columns: r0-r2 values, r3 rows, r4 quads of a row, r5 what is skipped.
    ldr r1, [sp, #52]
    ldrd r3, r4, [sp, #56]
    ldr r5, [sp, #64]
    ldr r11, [sp, #24]
    add r2, r0, r1, lsl #1
    add r6, r2, r1
    str r6, [sp, #48]
    add r1, r1, r0
.Lferrule_dsp_multiply_row:
    mov r12, r4
.Lferrule_dsp_multiply_quad:
    ldr r6, [r0], #4
    ldr r7, [r1], #4
    ldr r8, [r2], #4
    sxtb16 r9, r6, ror #8
    sxtb16 r10, r7, ror #8
    sxtb16 lr, r8, ror #8
    sxtb16 r6, r6
    sxtb16 r7, r7
    sxtb16 r8, r8
    stm r11!, {r6-r10, lr}
    subs r12, r12, #1
    bne .Lferrule_dsp_multiply_quad
    add r0, r0, r5
    add r1, r1, r5
    add r2, r2, r5
    subs r3, r3, #1
    bne .Lferrule_dsp_multiply_row
    ldr r9, [sp, #72]
.Lferrule_dsp_multiply_filled:
    ldr r12, [sp, #40]
.Lferrule_dsp_multiply_pair:
    ldrd r0, r3, [r9], #8
    str r9, [sp, #12]
    ldr r11, [sp, #24]
    // The first four taps are added to the biases.
    ldrd r9, lr, [r12], #8
    ldm.w r11!, {r6-r8}
    sxtb16 r10, r9
    smlad r1, r10, r7, r0
    smlad r2, r10, r8, r0
    smlad r0, r10, r6, r0
    sxtb16 r9, r9, ror #8
    smlad r4, r9, r7, r3
    smlad r5, r9, r8, r3
    smlad r3, r9, r6, r3
    ldm.w r11!, {r6-r8}
    sxtb16 r10, lr
    smlad r0, r10, r6, r0
    smlad r1, r10, r7, r1
    smlad r2, r10, r8, r2
    sxtb16 lr, lr, ror #8
    smlad r3, lr, r6, r3
    smlad r4, lr, r7, r4
    smlad r5, lr, r8, r5
    ldr pc, [sp, #32]
    .p2align 2
.Lferrule_dsp_multiply_sum:
    .rept 8
    ldrd r9, lr, [r12], #8
    ldm.w r11!, {r6-r8}
    sxtb16 r10, r9
    smlad r0, r10, r6, r0
    smlad r1, r10, r7, r1
    smlad r2, r10, r8, r2
    sxtb16 r9, r9, ror #8
    smlad r3, r9, r6, r3
    smlad r4, r9, r7, r4
    smlad r5, r9, r8, r5
    ldm.w r11!, {r6-r8}
    sxtb16 r10, lr
    smlad r0, r10, r6, r0
    smlad r1, r10, r7, r1
    smlad r2, r10, r8, r2
    sxtb16 lr, lr, ror #8
    smlad r3, lr, r6, r3
    smlad r4, lr, r7, r4
    smlad r5, lr, r8, r5
    .endr
    ldr pc, [sp, #36]
    .p2align 2
.Lferrule_dsp_multiply_rounds:
    ldr r10, [sp, #28]
    cmp r11, r10
    bne .Lferrule_dsp_multiply_sum
    ldr pc, [sp, #76]
    .p2align 2
.Lferrule_dsp_multiply_away:
    ldrd r9, r10, [sp, #12]
    ldm r9!, {r6-r8, lr}
    ferrule_dsp_multiply_scale r6, r8
    add r0, r0, r0, asr #31
    add r1, r1, r1, asr #31
    add r2, r2, r2, asr #31
    add r3, r3, r3, asr #31
    add r4, r4, r4, asr #31
    add r5, r5, r5, asr #31
    b .Lferrule_dsp_multiply_scaled
    .p2align 2
.Lferrule_dsp_multiply_up:
    ldrd r9, r10, [sp, #12]
    ldm r9!, {r6-r8, lr}
    ferrule_dsp_multiply_scale r6, r8
.Lferrule_dsp_multiply_scaled:
    smmlsr r0, r0, r7, r10
    smmlsr r1, r1, r7, r10
    smmlsr r2, r2, r7, r10
    smmlsr r3, r3, lr, r10
    smmlsr r4, r4, lr, r10
    smmlsr r5, r5, lr, r10
    ssat r0, #8, r0
    ssat r1, #8, r1
    ssat r2, #8, r2
    ssat r3, #8, r3
    ssat r4, #8, r4
    ssat r5, #8, r5
    ldm sp, {r6-r8}
    ldr r10, [sp, #20]
    cmp r10, r9
    // The first pixel last: pixels that are missing write where it does.
    strb r2, [r8], #1
    strb r1, [r7], #1
    strb r0, [r6], #1
    // The last of an odd number of channels is alone.
    ittt ne
    strbne r5, [r8], #1
    strbne r4, [r7], #1
    strbne r3, [r6], #1
    stm sp, {r6-r8}
    bhi .Lferrule_dsp_multiply_pair
    ldr r10, [sp, #44]
    subs r10, r10, #1
    str r10, [sp, #44]
    beq .Lferrule_dsp_multiply_done
    // Each output goes on two pixels later than where it ended.
    ldr r9, [sp, #68]
    add r6, r6, r9, lsl #1
    add r7, r7, r9, lsl #1
    add r8, r8, r9, lsl #1
    stm sp, {r6-r8}
    b .Lferrule_dsp_multiply_block
.Lferrule_dsp_multiply_done:
    add sp, sp, #84
    pop {r4-r11, pc}
    .size ferrule_dsp_multiply, . - ferrule_dsp_multiply
"#
);
