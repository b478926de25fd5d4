//! Multiplies columns of pairs of pixels with filters: one channel by three pairs at a time.
//!
//! A word of a column holds a value of one pixel in its low half, and has that of another added to
//! it times `2^16`; a weight times the word is both products. Products of four taps are added up
//! before their halves are told apart, so the weights of every four taps are small enough that no
//! half leaves 16 bits: what is too much is taken from them, and comes later as a correction.
//!
//! One file, as the loop, its checks and its twin are read side by side.

use crate::columns::PAIRS;
use crate::instructions::assembly::thumb_functions;
use crate::split_rescale::SplitRescale;
use core::ops::Range;

/// Channels whose weights lie beside each other: as many as a tap of a column has bytes, so that
/// one register counts through both.
pub const BLOCK: usize = 4 * PAIRS;

/// Pixels that are computed at a time.
pub const PIXELS: usize = 2 * PAIRS;

/// Taps whose products are added up.
pub const RUN: usize = 4;

/// Weights of a convolution, and corrections of them.
///
/// The inner loop trusts this, so it is checked when one is made: while compiling, for a `static`.
#[derive(Debug)]
pub struct ThumbFilters {
    weights: &'static [i8],
    corrections: &'static [u32],
    /// Where those of the last block begin.
    last: u32,
    /// Blocks before the last.
    whole: u16,
    taps: u16,
    segment: u16,
    segments: u8,
}

impl ThumbFilters {
    /// Checks weights `[blocks, taps, BLOCK]` and corrections.
    ///
    /// The last block has few channels, so that their taps are cut into `segments` of `segment`
    /// taps, which lie beside each other: `[segment, segments, BLOCK / segments]`. A correction is
    /// a weight that is added, in the high half, and `BLOCK` times the tap, in the low half. Those
    /// of a channel end with 0, and `last` is where the last block's begin.
    ///
    /// # Panics
    ///
    /// When they are not as described. For a `static` that is an error of the compiler.
    #[must_use]
    #[allow(clippy::indexing_slicing, clippy::cast_possible_truncation)] // panics are meant
    pub const fn new(
        weights: &'static [i8],
        corrections: &'static [u32],
        last: u32,
        taps: u16,
        segments: u8,
        segment: u16,
    ) -> Self {
        let (of_all, of_one, count) = (taps as usize, segment as usize, segments as usize);
        assert!(
            of_all > 0 && of_one > 0 && of_all % RUN == 0 && of_one % RUN == 0,
            "taps are whole runs"
        );
        assert!(
            count > 0 && BLOCK % count == 0 && count * of_one >= of_all,
            "segments have all taps"
        );
        let whole = (weights.len() / BLOCK - of_one) / of_all;
        assert!(
            weights.len() == (whole * of_all + of_one) * BLOCK && whole <= u16::MAX as usize,
            "weights are whole blocks"
        );
        let (mut at, mut channel) = (0, 0);
        while channel < whole * BLOCK + BLOCK / count {
            assert!(
                channel != whole * BLOCK || last as usize == at,
                "the last block follows the others"
            );
            while corrections[at] != 0 {
                let place = (corrections[at] & 0xFFFF) as usize;
                assert!(
                    place % BLOCK == 0 && place / BLOCK < of_all,
                    "a correction is of a tap"
                );
                at += 1;
            }
            at += 1;
            channel += 1;
        }
        Self {
            weights,
            corrections,
            last,
            whole: whole as u16,
            taps,
            segment,
            segments,
        }
    }

    /// Taps of a column, those of all segments.
    #[inline]
    #[must_use]
    pub const fn taps(&self) -> usize {
        self.segments as usize * self.segment as usize
    }

    /// A run of channels, which has as many records; none if there are no such channels.
    #[must_use]
    pub fn select<'f>(
        &'f self,
        channels: Range<usize>,
        rescale: &'f SplitRescale,
    ) -> Option<Selected<'f>> {
        // The last block is a part of its own.
        let split = usize::from(self.whole) * BLOCK;
        let end = channels.end;
        let parts = [
            channels.start..end.min(split),
            channels.start.max(split)..end,
        ];
        // `new` checked that segments divide a block.
        let more = end.saturating_sub(split);
        let has_all = more <= BLOCK && more * usize::from(self.segments) <= BLOCK;
        let [whole, last] = parts.map(|part| {
            let at = part.start.saturating_sub(channels.start);
            self.part(part, at, split, rescale)
        });
        has_all.then_some(Selected {
            filters: self,
            rescale,
            parts: [whole?, last?],
            channels: channels.len(),
        })
    }

    #[inline(never)]
    fn part<'f>(
        &'f self,
        channels: Range<usize>,
        at: usize,
        split: usize,
        rescale: &'f SplitRescale,
    ) -> Option<Part<'f>> {
        let count = channels.len();
        let (block, inside) = (channels.start / BLOCK, channels.start % BLOCK);
        let is_last = channels.start >= split;
        let records = rescale.records(channels.start);
        // Compared first, because the product could wrap.
        let has_records = count <= records.len() && count * rescale.words() <= records.len();
        has_records.then_some(Part {
            weights: self
                .weights
                .get(block * usize::from(self.taps) * BLOCK + inside..)?,
            corrections: match is_last {
                true => after(self.corrections.get(self.last as usize..)?, inside)?,
                false => after(self.corrections, channels.start)?,
            },
            records,
            inside,
            at,
            count,
            segment: usize::from(if is_last { self.segment } else { self.taps }),
            segments: usize::from(if is_last { self.segments } else { 1 }),
        })
    }
}

/// Corrections after those of some channels.
fn after(corrections: &[u32], skipped: usize) -> Option<&[u32]> {
    let mut rest = corrections;
    for _ in 0..skipped {
        let end = rest.iter().position(|&word| word == 0)?;
        rest = rest.get(end + 1..)?;
    }
    Some(rest)
}

/// Channels of a convolution.
#[derive(Debug)]
pub struct Selected<'f> {
    filters: &'f ThumbFilters,
    rescale: &'f SplitRescale,
    parts: [Part<'f>; 2],
    channels: usize,
}

/// Channels of whole blocks, or of the last one.
#[derive(Debug)]
struct Part<'f> {
    /// From the first channel's first weight on.
    weights: &'f [i8],
    corrections: &'f [u32],
    records: &'f [u32],
    /// Channels of the block before the first.
    inside: usize,
    /// Index of the first in each pixel.
    at: usize,
    count: usize,
    segment: usize,
    segments: usize,
}

impl Selected<'_> {
    /// Computes the channels of up to six pixels; those that are missing are empty at the end.
    ///
    /// `columns` is `[taps, PAIRS]`, and an odd last pixel is in both halves of its words. Each
    /// pixel has these channels. Nothing happens where something is too short.
    pub fn compute(&self, columns: &[u32], pixels: &mut [&mut [i8]; PIXELS]) {
        let fits = |pixel: &&mut [i8]| pixel.is_empty() || pixel.len() == self.channels;
        let [first, ..] = pixels;
        if columns.len() < self.filters.taps() * PAIRS
            || first.is_empty()
            || !pixels.iter().all(fits)
        {
            return;
        }
        for part in &self.parts {
            if part.count > 0 {
                compute(part, columns, self.rescale, pixels);
            }
        }
    }
}

#[cfg(not(all(target_arch = "arm", target_os = "none")))]
#[allow(clippy::cast_possible_wrap)] // halves of words
fn compute(
    part: &Part<'_>,
    columns: &[u32],
    rescale: &SplitRescale,
    pixels: &mut [&mut [i8]; PIXELS],
) {
    let mut corrections = part.corrections.iter();
    let records = part.records.chunks_exact(rescale.words());
    for (channel, record) in records.take(part.count).enumerate() {
        let first = record.first().copied().unwrap_or_default() as i32;
        let mut both = [first.wrapping_add(first << 16); PAIRS];
        let mut high = [first; PAIRS];
        let mut add = |words: &[u32], weights: &[i32]| {
            for (pair, (both, high)) in both.iter_mut().zip(&mut high).enumerate() {
                let words = words.iter().skip(pair).step_by(PAIRS);
                let products = words
                    .zip(weights)
                    .map(|(&word, &weight)| weight.wrapping_mul(word as i32));
                let sum = products.fold(0, i32::wrapping_add);
                *both = both.wrapping_add(sum);
                *high = high.wrapping_add((sum >> 16) + ((sum >> 15) & 1));
            }
        };
        // The block of this channel begins so many weights after the first channel's.
        let place = part.inside + channel;
        let block = place / BLOCK * part.segment * BLOCK + place % BLOCK - part.inside;
        let runs = columns.chunks_exact(RUN * PAIRS).enumerate();
        for (number, words) in runs.take(part.segments * part.segment / RUN) {
            let mut run = [0; RUN];
            for (weight, tap) in run.iter_mut().zip(number * RUN..) {
                let (segment, tap) = (tap / part.segment, tap % part.segment);
                let at = block + tap * BLOCK + segment * (BLOCK / part.segments);
                *weight = i32::from(part.weights.get(at).copied().unwrap_or_default());
            }
            add(words, &run);
        }
        for &correction in corrections.by_ref().take_while(|&&word| word != 0) {
            let place = (correction & 0xFFFF) as usize / 4;
            let words = columns.get(place..place + PAIRS).unwrap_or_default();
            add(words, &[(correction as i32) >> 16]);
        }
        for (index, pixel) in pixels.iter_mut().enumerate() {
            let pair = (both.get(index / 2), high.get(index / 2));
            let (Some(&both), Some(&high), Some(place)) =
                (pair.0, pair.1, pixel.get_mut(part.at + channel))
            else {
                continue;
            };
            let sum = if index % 2 == 0 {
                both.wrapping_sub(high << 16)
            } else {
                high
            };
            *place = rescale.stored(record, sum);
        }
    }
}

/// What the assembly is given; it copies this to its stack and changes it there.
#[cfg(all(target_arch = "arm", target_os = "none"))]
#[repr(C)]
struct Work {
    columns: *const u32,
    /// Less the columns, because one register counts through both.
    weights: usize,
    /// Of the first segment.
    columns_end: *const u32,
    is_odd: usize,
    records: *const u32,
    corrections: *const u32,
    index: usize,
    end: usize,
    low: i32,
    high: i32,
    pixels: [*mut i8; PIXELS],
    is_signed: u32,
    unused: [u32; 2],
    /// Index of the channel that follows a block, and what then follows its last weights.
    block_end: usize,
    skipped: usize,
    /// End of the last segment.
    last_end: *const u32,
    /// From a segment to the next: bytes of columns, and of weights less the columns.
    segment: usize,
    step: usize,
}

#[cfg(all(target_arch = "arm", target_os = "none"))]
fn compute(
    part: &Part<'_>,
    columns: &[u32],
    rescale: &SplitRescale,
    pixels: &mut [&mut [i8]; PIXELS],
) {
    let [first, ..] = pixels;
    let first = first.as_mut_ptr();
    // What would be a missing pixel goes where the first is written after it.
    let mut places = [first; PIXELS];
    for (place, pixel) in places.iter_mut().zip(pixels) {
        if !pixel.is_empty() {
            *place = pixel.as_mut_ptr();
        }
    }
    let words = part.segment * PAIRS;
    let (start, bytes) = (columns.as_ptr(), part.segment * BLOCK);
    let width = match part.segments {
        1 => BLOCK,
        segments => BLOCK.checked_div(segments).unwrap_or_default(),
    };
    let end = part.at + part.count;
    let work = Work {
        columns: start,
        weights: (part.weights.as_ptr() as usize).wrapping_sub(start as usize),
        columns_end: start.wrapping_add(words),
        is_odd: part.segment / RUN % 2,
        records: part.records.as_ptr(),
        corrections: part.corrections.as_ptr(),
        index: part.at,
        end,
        low: rescale.low.into(),
        high: rescale.high.into(),
        pixels: places,
        is_signed: u32::from(rescale.is_signed),
        unused: [0; 2],
        block_end: end.min(part.at + BLOCK - part.inside),
        skipped: bytes - BLOCK,
        last_end: start.wrapping_add(part.segments * words),
        segment: bytes,
        step: width.wrapping_sub(bytes),
    };
    // SAFETY: the assembly reads `segments` times `segment` times three words of columns, as many
    // weights for each of `count` channels, and their records, and writes so many results of each
    // pixel from `at` on: `select` and `Selected::compute` saw to it that all of that is there.
    // Corrections are read up to a 0 for each channel, and the columns at their places:
    // `ThumbFilters::new` saw to it that every channel has that 0, and every place is one of
    // `taps`.
    unsafe { ferrule_thumb_lanes(&work) }
}

#[cfg(all(target_arch = "arm", target_os = "none"))]
extern "C" {
    fn ferrule_thumb_lanes(work: &Work);
}

// While products are added: r0 columns; r0 + r1 weights; r4 a weight; r5-r7 words of a tap, then
// products; r8-r10 products of a run; r11, r12 and lr sums of the products of three pairs; r2 and
// r3 sums of the high halves of two, whose third is on the stack with the end of the columns. A
// high half is rounded, because a low half borrows from it: the shift leaves half of it in the
// carry. When results are stored: if one product is enough, r5 the factor, r6 the constant, r7 the
// span, r4 index of the channel; else r5 and r6 the low and the high part of the factor, r7 the
// shift, r8 the constant, r9 the span, r4 index of the channel; or, if signed, r4 what is added
// below zero, r10 where zero is, and lr the index.
thumb_functions!(
    r#"
    .section .text.ferrule_thumb_lanes,"ax",%progbits

    .macro ferrule_thumb_products
    ldmia r0!, {r5, r6, r7}
    muls r5, r4, r5
    muls r6, r4, r6
    muls r7, r4, r7
    .endm

    .macro ferrule_thumb_split
    add r11, r5
    asrs r5, r5, #16
    adcs r2, r5
    add r12, r6
    asrs r6, r6, #16
    adcs r3, r6
    add lr, r7
    asrs r7, r7, #16
    pop {r4, r5}
    adcs r4, r7
    push {r4, r5}
    .endm

    .macro ferrule_thumb_run
    ldrsb r4, [r1, r0]
    ferrule_thumb_products
    mov r8, r5
    mov r9, r6
    mov r10, r7
    .rept 2
    ldrsb r4, [r1, r0]
    ferrule_thumb_products
    add r8, r5
    add r9, r6
    add r10, r7
    .endr
    ldrsb r4, [r1, r0]
    ferrule_thumb_products
    add r5, r8
    add r6, r9
    add r7, r10
    ferrule_thumb_split
    .endm

    .macro ferrule_thumb_low sum, high
    lsls r1, \high, #16
    mov r0, \sum
    subs r0, r0, r1
    .endm

    .macro ferrule_thumb_store sum, pixel
    cmp \sum, r9
    bhi .Lferrule_thumb_plain_clamp_\pixel
    movs r1, \sum
    muls r1, r5, r1
    lsrs r1, r7
    muls \sum, r6, \sum
    adds \sum, \sum, r1
    add \sum, r8
    lsrs \sum, \sum, #24
.Lferrule_thumb_plain_stored_\pixel:
    ldr r1, [sp, #40 + 4 * \pixel]
    strb \sum, [r1, r4]
    .endm

    .macro ferrule_thumb_short sum, pixel
    cmp \sum, r7
    bhi .Lferrule_thumb_short_clamp_\pixel
    muls \sum, r5, \sum
    adds \sum, \sum, r6
    lsrs \sum, \sum, #24
.Lferrule_thumb_short_stored_\pixel:
    ldr r1, [sp, #40 + 4 * \pixel]
    strb \sum, [r1, r4]
    .endm

    .macro ferrule_thumb_signed_store sum, pixel
    cmp \sum, r9
    bhi .Lferrule_thumb_signed_clamp_\pixel
    movs r1, \sum
    muls r1, r5, r1
    lsrs r1, r7
    add r1, r8
    cmp \sum, r10
    blo .Lferrule_thumb_signed_below_\pixel
.Lferrule_thumb_signed_above_\pixel:
    muls \sum, r6, \sum
    adds \sum, \sum, r1
    lsrs \sum, \sum, #24
.Lferrule_thumb_signed_stored_\pixel:
    ldr r1, [sp, #40 + 4 * \pixel]
    add r1, lr
    strb \sum, [r1]
    .endm

    .macro ferrule_thumb_below pixel
.Lferrule_thumb_signed_below_\pixel:
    adds r1, r1, r4
    b .Lferrule_thumb_signed_above_\pixel
    .endm

    .macro ferrule_thumb_clamp form, sum, pixel
.Lferrule_thumb_\form\()_clamp_\pixel:
    blt .Lferrule_thumb_\form\()_least_\pixel
    ldr \sum, [sp, #36]
    b .Lferrule_thumb_\form\()_stored_\pixel
.Lferrule_thumb_\form\()_least_\pixel:
    ldr \sum, [sp, #32]
    b .Lferrule_thumb_\form\()_stored_\pixel
    .endm

    .global ferrule_thumb_lanes
    .type ferrule_thumb_lanes,%function
    .thumb_func
ferrule_thumb_lanes:
    push {r4-r7, lr}
    mov r4, r8
    mov r5, r9
    mov r6, r10
    mov r7, r11
    push {r4-r7}
    sub sp, #96
    mov r1, sp
    .rept 4
    ldmia r0!, {r2-r7}
    stmia r1!, {r2-r7}
    .endr
.Lferrule_thumb_lanes_channel:
    ldr r0, [sp, #16]
    ldr r2, [r0]
    lsls r5, r2, #16
    adds r5, r5, r2
    mov r11, r5
    mov r12, r5
    mov lr, r5
    movs r3, r2
    movs r4, r2
    mov r7, sp
    ldmia r7!, {r0, r1, r5, r6}
    push {r4, r5}
    cmp r6, #0
    bne .Lferrule_thumb_lanes_odd
.Lferrule_thumb_lanes_even:
    ferrule_thumb_run
.Lferrule_thumb_lanes_odd:
    ferrule_thumb_run
    cmp r0, r5
    bne .Lferrule_thumb_lanes_even
    ldr r6, [sp, #8 + 84]
    cmp r0, r6
    bne .Lferrule_thumb_lanes_segment
    ldr r1, [sp, #8 + 20]
.Lferrule_thumb_lanes_more:
    ldmia r1!, {r4}
    cmp r4, #0
    bne .Lferrule_thumb_lanes_correct
    str r1, [sp, #8 + 20]
    pop {r4, r5}
    ldr r0, [sp, #16]
    ldmia r0!, {r1, r5-r7}
    lsls r1, r7, #27
    beq .Lferrule_thumb_lanes_short
    b .Lferrule_thumb_lanes_long
.Lferrule_thumb_lanes_segment:
    pop {r4, r5}
    ldr r6, [sp, #88]
    adds r5, r5, r6
    ldr r6, [sp, #92]
    adds r1, r1, r6
    push {r4, r5}
    ldr r6, [sp, #8 + 12]
    cmp r6, #0
    bne .Lferrule_thumb_lanes_odd
    b .Lferrule_thumb_lanes_even
.Lferrule_thumb_lanes_correct:
    ldr r0, [sp, #8 + 0]
    uxth r5, r4
    adds r0, r0, r5
    asrs r4, r4, #16
    ferrule_thumb_products
    ferrule_thumb_split
    b .Lferrule_thumb_lanes_more
.Lferrule_thumb_lanes_short:
    str r0, [sp, #16]
    lsrs r7, r7, #8
    ferrule_thumb_low lr, r4
    mov lr, r4
    ldr r4, [sp, #24]
    ferrule_thumb_short r0, 4
    mov r0, lr
    ferrule_thumb_short r0, 5
    ferrule_thumb_low r12, r3
    ferrule_thumb_short r0, 2
    ferrule_thumb_short r3, 3
    ferrule_thumb_low r11, r2
    ferrule_thumb_short r0, 0
    ferrule_thumb_short r2, 1
.Lferrule_thumb_lanes_next:
    ldr r1, [sp, #4]
    adds r1, #1
    adds r4, #1
    str r4, [sp, #24]
    ldr r0, [sp, #76]
    cmp r4, r0
    beq .Lferrule_thumb_lanes_block
.Lferrule_thumb_lanes_again:
    str r1, [sp, #4]
    b .Lferrule_thumb_lanes_channel
.Lferrule_thumb_lanes_block:
    ldr r0, [sp, #80]
    adds r1, r1, r0
    ldr r0, [sp, #28]
    cmp r4, r0
    beq .Lferrule_thumb_lanes_done
    adds r4, #12
    cmp r4, r0
    bls .Lferrule_thumb_lanes_whole
    movs r4, r0
.Lferrule_thumb_lanes_whole:
    str r4, [sp, #76]
    b .Lferrule_thumb_lanes_again
.Lferrule_thumb_lanes_done:
    add sp, #96
    pop {r4-r7}
    mov r8, r4
    mov r9, r5
    mov r10, r6
    mov r11, r7
    pop {r4-r7, pc}
    ferrule_thumb_clamp short, r0, 4
    ferrule_thumb_clamp short, r0, 5
    ferrule_thumb_clamp short, r0, 2
    ferrule_thumb_clamp short, r3, 3
    ferrule_thumb_clamp short, r0, 0
    ferrule_thumb_clamp short, r2, 1
.Lferrule_thumb_lanes_long:
    mov r10, r4
    mov r8, r6
    lsrs r6, r7, #8
    mov r9, r6
    movs r6, r5
    lsrs r6, r7
    movs r4, r6
    lsls r4, r7
    subs r5, r5, r4
    ldr r4, [sp, #64]
    cmp r4, #0
    beq .Lferrule_thumb_lanes_unsigned
    b .Lferrule_thumb_lanes_signed
.Lferrule_thumb_lanes_unsigned:
    str r0, [sp, #16]
    ldr r4, [sp, #24]
    mov r0, r10
    ferrule_thumb_low lr, r0
    ferrule_thumb_store r0, 4
    mov r0, r10
    ferrule_thumb_store r0, 5
    ferrule_thumb_low r12, r3
    ferrule_thumb_store r0, 2
    ferrule_thumb_store r3, 3
    ferrule_thumb_low r11, r2
    ferrule_thumb_store r0, 0
    ferrule_thumb_store r2, 1
    b .Lferrule_thumb_lanes_next
    ferrule_thumb_clamp plain, r0, 4
    ferrule_thumb_clamp plain, r0, 5
    ferrule_thumb_clamp plain, r0, 2
    ferrule_thumb_clamp plain, r3, 3
    ferrule_thumb_clamp plain, r0, 0
    ferrule_thumb_clamp plain, r2, 1
.Lferrule_thumb_lanes_signed:
    mov r4, r10
    str r4, [sp, #68]
    mov r4, lr
    str r4, [sp, #72]
    ldmia r0!, {r1, r4}
    mov r10, r1
    str r0, [sp, #16]
    ldr r1, [sp, #24]
    mov lr, r1
    ldr r1, [sp, #68]
    lsls r1, r1, #16
    ldr r0, [sp, #72]
    subs r0, r0, r1
    ferrule_thumb_signed_store r0, 4
    ldr r0, [sp, #68]
    ferrule_thumb_signed_store r0, 5
    ferrule_thumb_low r12, r3
    ferrule_thumb_signed_store r0, 2
    ferrule_thumb_signed_store r3, 3
    ferrule_thumb_low r11, r2
    ferrule_thumb_signed_store r0, 0
    ferrule_thumb_signed_store r2, 1
    mov r4, lr
    b .Lferrule_thumb_lanes_next
    ferrule_thumb_below 4
    ferrule_thumb_clamp signed, r0, 4
    ferrule_thumb_below 5
    ferrule_thumb_clamp signed, r0, 5
    ferrule_thumb_below 2
    ferrule_thumb_clamp signed, r0, 2
    ferrule_thumb_below 3
    ferrule_thumb_clamp signed, r3, 3
    ferrule_thumb_below 0
    ferrule_thumb_clamp signed, r0, 0
    ferrule_thumb_below 1
    ferrule_thumb_clamp signed, r2, 1
    .size ferrule_thumb_lanes, . - ferrule_thumb_lanes
"#
);
