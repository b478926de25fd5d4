//! Multiplies columns of pairs of pixels with filters: one channel by three pairs at a time.
//!
//! A word of a column holds a value of one pixel in its low half, and has that of another added to
//! it times `2^16`; a weight times the word is both products. Products of a run of taps are added up
//! before their halves are told apart, so the weights of every run are small enough that no half
//! leaves 16 bits: what is too much is taken from them, and comes later as a correction. Runs have
//! four taps, but the first has those that are left over.
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

/// Most taps whose products are added up.
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
    /// Blocks whose taps are not cut.
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
        assert!(of_all > 0 && of_one > 0, "there are taps");
        assert!(
            count > 0 && BLOCK % count == 0 && count * of_one >= of_all,
            "segments have all taps"
        );
        assert!(count > 1 || of_one == of_all, "one segment has no others");
        let whole = (weights.len() / BLOCK - of_one) / of_all;
        assert!(
            weights.len() == (whole * of_all + of_one) * BLOCK && whole < u16::MAX as usize,
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
            whole: if count == 1 { whole + 1 } else { whole } as u16,
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
        // The last block is a part of its own, if its taps are cut.
        let split = usize::from(self.whole) * BLOCK;
        let end = channels.end;
        let parts = [
            channels.start..end.min(split),
            channels.start.max(split)..end,
        ];
        let more = end.saturating_sub(split);
        let most = match self.segments {
            1 => 0,
            segments => BLOCK.checked_div(segments.into()).unwrap_or_default(),
        };
        let [whole, last] = parts.map(|part| {
            let at = part.start.saturating_sub(channels.start);
            self.part(part, at, split, rescale)
        });
        (more <= most).then_some(Selected {
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
    /// `columns` is `[taps, PAIRS]`, and an odd last pixel is in both halves of its words. Pixels
    /// without these channels are missing, and nothing happens where something is too short.
    pub fn compute(&self, columns: &[u32], pixels: &mut [&mut [i8]; PIXELS]) {
        let [first, ..] = pixels;
        let is_short = columns.len() < self.filters.taps() * PAIRS;
        if is_short || first.is_empty() || first.len() != self.channels {
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
    let [first, ..] = pixels;
    let channels = first.len();
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
        let mut first = 0;
        while first < part.segments * part.segment {
            let left = part.segment - first % part.segment;
            let mut run = [0; RUN];
            let run = run.get_mut(..(left - 1) % RUN + 1).unwrap_or_default();
            for (weight, tap) in run.iter_mut().zip(first..) {
                let (segment, tap) = (tap / part.segment, tap % part.segment);
                let at = block + tap * BLOCK + segment * (BLOCK / part.segments);
                *weight = i32::from(part.weights.get(at).copied().unwrap_or_default());
            }
            add(columns.get(first * PAIRS..).unwrap_or_default(), run);
            first += run.len();
        }
        for &correction in corrections.by_ref().take_while(|&&word| word != 0) {
            let place = (correction & 0xFFFF) as usize / 4;
            let words = columns.get(place..place + PAIRS).unwrap_or_default();
            add(words, &[(correction as i32) >> 16]);
        }
        for (index, pixel) in pixels.iter_mut().enumerate() {
            if pixel.len() != channels {
                continue;
            }
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
    high: i32,
    /// Of the first segment.
    columns_end: *const u32,
    columns: *const u32,
    /// Less the columns and the index, because one register counts through both.
    weights: usize,
    /// What becomes addresses: of a segment's first run, and of what follows a segment.
    entry: usize,
    exit: usize,
    records: *const u32,
    corrections: *const u32,
    index: usize,
    /// Index of the channel that follows a block, and of the one that follows all.
    block_end: usize,
    end: usize,
    lowest: i32,
    highest: i32,
    pixels: [*mut i8; PIXELS],
    is_signed: u32,
    sum: i32,
    /// What follows the last weights of a block.
    skipped: usize,
    /// End of the last segment.
    last_end: *const u32,
    /// From a segment to the next: bytes of columns, and of weights less the columns.
    segment: usize,
    step: usize,
}

#[cfg(all(target_arch = "arm", target_os = "none"))]
#[inline(never)]
fn compute(
    part: &Part<'_>,
    columns: &[u32],
    rescale: &SplitRescale,
    pixels: &mut [&mut [i8]; PIXELS],
) {
    let [first, ..] = pixels;
    let (first, channels) = (first.as_mut_ptr(), first.len());
    // What would be a missing pixel goes where the first is written after it.
    let mut places = [first; PIXELS];
    for (place, pixel) in places.iter_mut().zip(pixels) {
        if pixel.len() == channels {
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
    let weights = (part.weights.as_ptr() as usize).wrapping_sub(start as usize);
    let is_odd = (part.segment + RUN - 1) / RUN % 2;
    let work = Work {
        high: 0,
        columns_end: start.wrapping_add(words),
        columns: start,
        weights: weights.wrapping_sub(part.at),
        // Places in a table of 16 bits.
        entry: part.segment % RUN * 4 + is_odd * 2,
        exit: RUN * 4 + usize::from(part.segments > 1) * 2,
        records: part.records.as_ptr(),
        corrections: part.corrections.as_ptr(),
        index: part.at,
        block_end: end.min(part.at + BLOCK - part.inside),
        end,
        lowest: rescale.low.into(),
        highest: rescale.high.into(),
        pixels: places,
        is_signed: u32::from(rescale.is_signed),
        sum: 0,
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

    .macro ferrule_thumb_first
    ldrsb r4, [r1, r0]
    ferrule_thumb_products
    mov r8, r5
    mov r9, r6
    mov r10, r7
    .endm

    .macro ferrule_thumb_next
    ldrsb r4, [r1, r0]
    ferrule_thumb_products
    add r8, r5
    add r9, r6
    add r10, r7
    .endm

    .macro ferrule_thumb_run which
.Lferrule_thumb_run_4_\which:
    ferrule_thumb_first
    ferrule_thumb_next
.Lferrule_thumb_left_2_\which:
    ferrule_thumb_next
.Lferrule_thumb_left_1_\which:
    ldrsb r4, [r1, r0]
    ferrule_thumb_products
    add r5, r8
    add r6, r9
    add r7, r10
.Lferrule_thumb_left_0_\which:
    ferrule_thumb_split
    .endm

    .macro ferrule_thumb_short_run which
.Lferrule_thumb_run_3_\which:
    ferrule_thumb_first
    b .Lferrule_thumb_left_2_\which
.Lferrule_thumb_run_2_\which:
    ferrule_thumb_first
    b .Lferrule_thumb_left_1_\which
.Lferrule_thumb_run_1_\which:
    ldrsb r4, [r1, r0]
    ferrule_thumb_products
    b .Lferrule_thumb_left_0_\which
    .endm

    .macro ferrule_thumb_low sum, high
    lsls r1, \high, #16
    mov r0, \sum
    subs r0, r0, r1
    .endm

    .macro ferrule_thumb_low_third sum
    ldr r1, [sp, #0]
    ferrule_thumb_low \sum, r1
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
    ldr r1, [sp, #52 + 4 * \pixel]
    strb \sum, [r1, r4]
    .endm

    .macro ferrule_thumb_short sum, pixel
    cmp \sum, r7
    bhi .Lferrule_thumb_short_clamp_\pixel
    muls \sum, r5, \sum
    adds \sum, \sum, r6
    lsrs \sum, \sum, #24
.Lferrule_thumb_short_stored_\pixel:
    ldr r1, [sp, #52 + 4 * \pixel]
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
    ldr r1, [sp, #52 + 4 * \pixel]
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
    ldr \sum, [sp, #48]
    b .Lferrule_thumb_\form\()_stored_\pixel
.Lferrule_thumb_\form\()_least_\pixel:
    ldr \sum, [sp, #44]
    b .Lferrule_thumb_\form\()_stored_\pixel
    .endm

    .p2align 2
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
    sub sp, #100
    mov r1, sp
    .rept 5
    ldmia r0!, {r2-r6}
    stmia r1!, {r2-r6}
    .endr
    adr r2, .Lferrule_thumb_lanes_places
    add r3, sp, #16
    .rept 2
    ldr r0, [r3]
    ldrsh r0, [r2, r0]
    adds r0, r0, r2
    stmia r3!, {r0}
    .endr
    ldr r4, [sp, #32]
    b .Lferrule_thumb_lanes_channel
    ferrule_thumb_run even
    ferrule_thumb_run odd
    cmp r0, r5
    bne .Lferrule_thumb_run_4_even
    ldr r6, [sp, #20]
    mov pc, r6
.Lferrule_thumb_lanes_segment:
    ldr r6, [sp, #88]
    cmp r0, r6
    beq .Lferrule_thumb_lanes_last
    ldr r6, [sp, #92]
    adds r5, r5, r6
    str r5, [sp, #4]
    ldr r6, [sp, #96]
    adds r1, r1, r6
    ldr r6, [sp, #16]
    mov pc, r6
.Lferrule_thumb_lanes_last:
    ldr r0, [sp, #8]
    ldr r6, [sp, #92]
    adds r0, r0, r6
    str r0, [sp, #4]
.Lferrule_thumb_lanes_corrections:
    ldr r1, [sp, #28]
.Lferrule_thumb_lanes_more:
    ldmia r1!, {r4}
    cmp r4, #0
    bne .Lferrule_thumb_lanes_correct
    str r1, [sp, #28]
    ldr r0, [sp, #24]
    ldmia r0!, {r1, r5-r7}
    ldr r4, [sp, #32]
    lsls r1, r7, #27
    beq .Lferrule_thumb_lanes_short
    b .Lferrule_thumb_lanes_long
.Lferrule_thumb_lanes_correct:
    ldr r0, [sp, #8]
    uxth r5, r4
    adds r0, r0, r5
    asrs r4, r4, #16
    ferrule_thumb_products
    ferrule_thumb_split
    b .Lferrule_thumb_lanes_more
.Lferrule_thumb_lanes_short:
    str r0, [sp, #24]
    lsrs r7, r7, #8
    ferrule_thumb_low_third lr
    ferrule_thumb_short r0, 4
    ldr r0, [sp, #0]
    ferrule_thumb_short r0, 5
    ferrule_thumb_low r12, r3
    ferrule_thumb_short r0, 2
    ferrule_thumb_short r3, 3
    ferrule_thumb_low r11, r2
    ferrule_thumb_short r0, 0
    ferrule_thumb_short r2, 1
.Lferrule_thumb_lanes_next:
    adds r4, #1
    str r4, [sp, #32]
    ldr r0, [sp, #36]
    cmp r4, r0
    beq .Lferrule_thumb_lanes_block
.Lferrule_thumb_lanes_channel:
    ldr r0, [sp, #24]
    ldr r2, [r0]
    lsls r5, r2, #16
    adds r5, r5, r2
    mov r11, r5
    mov r12, r5
    mov lr, r5
    movs r3, r2
    str r2, [sp, #0]
    add r7, sp, #8
    ldmia r7!, {r0, r1, r6}
    adds r1, r1, r4
    mov pc, r6
.Lferrule_thumb_lanes_block:
    ldr r0, [sp, #40]
    cmp r4, r0
    beq .Lferrule_thumb_lanes_done
    movs r1, r4
    adds r1, #12
    cmp r1, r0
    bls .Lferrule_thumb_lanes_whole
    movs r1, r0
.Lferrule_thumb_lanes_whole:
    str r1, [sp, #36]
    ldr r0, [sp, #12]
    ldr r1, [sp, #84]
    adds r0, r0, r1
    str r0, [sp, #12]
    b .Lferrule_thumb_lanes_channel
.Lferrule_thumb_lanes_done:
    add sp, #100
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
    .p2align 2
.Lferrule_thumb_lanes_places:
    .irp count, 4, 1, 2, 3
    .hword .Lferrule_thumb_run_\count\()_even - .Lferrule_thumb_lanes_places
    .hword .Lferrule_thumb_run_\count\()_odd - .Lferrule_thumb_lanes_places
    .endr
    .hword .Lferrule_thumb_lanes_corrections - .Lferrule_thumb_lanes_places
    .hword .Lferrule_thumb_lanes_segment - .Lferrule_thumb_lanes_places
    ferrule_thumb_short_run even
    ferrule_thumb_short_run odd
.Lferrule_thumb_lanes_long:
    mov r8, r6
    lsrs r6, r7, #8
    mov r9, r6
    movs r6, r5
    lsrs r6, r7
    movs r1, r6
    lsls r1, r7
    subs r5, r5, r1
    ldr r1, [sp, #76]
    cmp r1, #0
    beq .Lferrule_thumb_lanes_unsigned
    b .Lferrule_thumb_lanes_signed
.Lferrule_thumb_lanes_unsigned:
    str r0, [sp, #24]
    ferrule_thumb_low_third lr
    ferrule_thumb_store r0, 4
    ldr r0, [sp, #0]
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
    mov r1, lr
    str r1, [sp, #80]
    mov lr, r4
    ldmia r0!, {r1, r4}
    mov r10, r1
    str r0, [sp, #24]
    ldr r0, [sp, #80]
    ldr r1, [sp, #0]
    lsls r1, r1, #16
    subs r0, r0, r1
    ferrule_thumb_signed_store r0, 4
    ldr r0, [sp, #0]
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
