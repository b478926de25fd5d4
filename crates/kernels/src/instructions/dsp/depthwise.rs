//! Depthwise filters of 3 x 3: pairs of rows as 16-bit halves, four channels at a time.
//!
//! A word of a pair of rows holds a value of the upper row and the one below it. Two pairs are the
//! rows that two rows of outputs see at a stride of 1, or one row at a stride of 2.
//!
//! One file, as the loop, its checks and its twin are read side by side.

use crate::depthwise_conv2d_dsp::DepthwiseFilters;
use crate::instructions::assembly::dsp_functions;
#[cfg(not(all(target_arch = "arm", target_os = "none")))]
use crate::instructions::dsp::arithmetic::{halves, high, low, smlad, stored, sxtb16};
use runtime::Output;

/// Channels that are computed together.
pub const GROUP: usize = 4;

/// Words of filters for each channel.
pub const WORDS: usize = 6;

/// Where input values of a pair of rows lie.
#[derive(Clone, Copy, Debug)]
pub struct Row<'r> {
    /// From the first pixel's first channel on.
    pub values: &'r [i8],
    /// Elements from a pixel to the next; 0 where they are all the same.
    pub step: usize,
}

/// How many pairs of rows are made, and how they lie.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Pixels of a row.
    pub pixels: usize,
    /// Words from a pair to the next.
    pub pitch: usize,
    /// Pairs.
    pub pairs: usize,
    /// Elements from a pair's row to the next pair's.
    pub next: usize,
}

impl Shape {
    /// Whether rows have four values wherever they are read, and there is place for the words.
    #[inline]
    fn fits(&self, rows: [Row<'_>; 2], words: &[u32]) -> bool {
        let (Some(more), Some(last)) = (self.pairs.checked_sub(1), self.pixels.checked_sub(1))
        else {
            return false;
        };
        let (Some(skipped), Some(start), Some(length)) = (
            more.checked_mul(self.next),
            more.checked_mul(self.pitch),
            self.pixels.checked_mul(GROUP),
        ) else {
            return false;
        };
        words.len().saturating_sub(start) >= length
            && rows.iter().all(|row| {
                let values = row.values.len().saturating_sub(skipped);
                last.checked_mul(row.step)
                    .is_some_and(|last| values.saturating_sub(last) >= GROUP)
            })
    }
}

/// Makes pairs of rows: four words for each pixel.
///
/// Does nothing where a row is too short, or there is no place.
#[inline(never)]
pub fn make(upper: Row<'_>, lower: Row<'_>, shape: Shape, words: &mut [u32]) {
    if shape.fits([upper, lower], words) {
        pairs(upper, lower, shape, words);
    }
}

#[cfg(not(all(target_arch = "arm", target_os = "none")))]
fn pairs(upper: Row<'_>, lower: Row<'_>, shape: Shape, words: &mut [u32]) {
    for pair in 0..shape.pairs {
        for pixel in 0..shape.pixels {
            for channel in 0..GROUP {
                let of = |row: Row<'_>| {
                    let at = pair * shape.next + pixel * row.step + channel;
                    i16::from(row.values.get(at).copied().unwrap_or_default())
                };
                let at = pair * shape.pitch + pixel * GROUP + channel;
                if let Some(word) = words.get_mut(at) {
                    *word = halves(of(upper), of(lower));
                }
            }
        }
    }
}

#[cfg(all(target_arch = "arm", target_os = "none"))]
#[inline]
fn pairs(upper: Row<'_>, lower: Row<'_>, shape: Shape, words: &mut [u32]) {
    let skipped = |row: Row<'_>| shape.next.wrapping_sub(shape.pixels * row.step);
    let work = [
        upper.step,
        lower.step,
        shape.pixels,
        shape.pairs,
        skipped(upper),
        skipped(lower),
        shape
            .pitch
            .wrapping_sub(shape.pixels * GROUP)
            .wrapping_mul(4),
    ];
    // SAFETY: `fits` saw to it that both rows have four values at every step of every pair, and
    // that there is place for four words for each.
    unsafe {
        ferrule_dsp_pairs(
            words.as_mut_ptr(),
            upper.values.as_ptr(),
            lower.values.as_ptr(),
            &work,
        );
    }
}

/// Moves the last of some pairs of rows, each `pitch` words, to the place of the first.
#[inline]
pub fn last_to_first(words: &mut [u32], pitch: usize) {
    let last = words.len().saturating_sub(pitch);
    let Some((first, last)) = words.split_at_mut_checked(last) else {
        return;
    };
    if pitch % GROUP != 0 || pitch == 0 || first.len() < pitch || last.len() < pitch {
        return;
    }
    #[cfg(all(target_arch = "arm", target_os = "none"))]
    // SAFETY: both hold `pitch` words, a multiple of four and not 0, and are apart.
    unsafe {
        ferrule_dsp_copy(first.as_mut_ptr(), last.as_ptr(), pitch);
    }
    #[cfg(not(all(target_arch = "arm", target_os = "none")))]
    if let (Some(first), Some(last)) = (first.get_mut(..pitch), last.get(..pitch)) {
        first.copy_from_slice(last);
    }
}

/// Outputs that bands of rows are computed into, four channels at a time.
pub struct Outputs<'o, 'c> {
    output: &'o mut Output<'c, i8>,
    filters: &'o DepthwiseFilters,
    size: Size,
    /// Rows, and channels, that the output owns.
    owned: (usize, usize),
}

/// How outputs and the pairs of rows that they see lie.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Words of a pair of rows: four for each pixel that outputs see.
    pub pitch: usize,
    /// Outputs of a row.
    pub width: usize,
    /// Stride in both directions: 1 or 2.
    pub stride: usize,
}

impl Size {
    /// Whether a pair is as long as what a row of outputs sees.
    fn fits(&self) -> bool {
        let seen = self
            .width
            .checked_mul(self.stride)
            .and_then(|seen| seen.checked_add(3_usize.checked_sub(self.stride)?))
            .and_then(|seen| seen.checked_mul(GROUP));
        (self.stride == 1 || self.stride == 2) && self.width > 0 && seen == Some(self.pitch)
    }
}

/// Rows of outputs of four channels.
#[derive(Clone, Copy, Debug)]
pub struct Band {
    /// First row, counted from the first that the output owns.
    pub row: usize,
    /// Rows. From a pair of rows to the next is a step of two at a stride of 1, of which the last
    /// may be missing, or of one.
    pub rows: usize,
    /// First channel, counted from the first that the output owns.
    pub channel: usize,
    /// The same channel in the filters.
    pub first: usize,
}

impl<'o, 'c> Outputs<'o, 'c> {
    /// Whole rows that are owned. `None` where numbers do not fit.
    pub fn new(
        output: &'o mut Output<'c, i8>,
        filters: &'o DepthwiseFilters,
        size: Size,
    ) -> Option<Self> {
        let owned = (
            output.pixels().len().checked_div(size.width)?,
            output.channels().len(),
        );
        // So many words can be counted.
        owned.0.checked_add(1)?.checked_mul(size.pitch)?;
        size.fits().then_some(Self {
            output,
            filters,
            size,
            owned,
        })
    }

    /// Computes a band from pairs of rows, each `pitch` words. Does nothing where it does not fit.
    #[inline(never)]
    pub fn compute(&mut self, pairs: &[u32], band: Band) {
        let (rows, channels) = self.owned;
        let first = band.first.saturating_mul(WORDS);
        let words = self.filters.words.get(first..).unwrap_or_default();
        let Some(words) = words.get(..GROUP * WORDS) else {
            return;
        };
        let steps = match self.size.stride {
            1 => band.rows.div_ceil(2),
            _ => band.rows,
        };
        if band.rows > 0
            && band.rows <= rows.saturating_sub(band.row)
            && GROUP <= channels.saturating_sub(band.channel)
            && (steps + 1) * self.size.pitch <= pairs.len()
        {
            self.four(words, pairs, band);
        }
    }
}

#[cfg(not(all(target_arch = "arm", target_os = "none")))]
impl Outputs<'_, '_> {
    fn four(&mut self, words: &[i32], pairs: &[u32], band: Band) {
        let width = self.size.width;
        for (channel, words) in words.chunks_exact(WORDS).enumerate() {
            for place in 0..band.rows * width {
                let (row, column) = (place / width, place % width);
                let sum = self.size.sum(words, pairs, channel, (row, column));
                let &[_, _, _, multiplier, scale, _] = words else {
                    return;
                };
                let (zero_point, signed) = (self.filters.zero_point.into(), self.filters.signed);
                let pixel = self.output.run(band.row * width + place);
                if let Some(value) = pixel.get_mut(band.channel + channel) {
                    *value = stored(sum, multiplier, scale, zero_point, signed);
                }
            }
        }
    }
}

#[cfg(not(all(target_arch = "arm", target_os = "none")))]
impl Size {
    fn sum(&self, words: &[i32], pairs: &[u32], channel: usize, at: (usize, usize)) -> i32 {
        let (row, column) = at;
        let (step, is_second) = match self.stride {
            1 => (row / 2, row % 2 == 1),
            _ => (row, false),
        };
        let mut sum = words.last().copied().unwrap_or_default();
        for (tap, &word) in words.iter().take(3).enumerate() {
            let at = step * self.pitch + (column * self.stride + tap) * GROUP + channel;
            let upper = pairs.get(at).copied().unwrap_or_default();
            let lower = pairs.get(at + self.pitch).copied().unwrap_or_default();
            let word = u32::from_le_bytes(word.to_le_bytes());
            let (first, second) = (sxtb16(word), sxtb16(word.rotate_right(8)));
            let seen = match is_second {
                false => [
                    (upper, first),
                    (halves(low(lower), 0), halves(high(second), 0)),
                ],
                true => [
                    (halves(high(upper), 0), halves(low(first), 0)),
                    (lower, second),
                ],
            };
            for (values, weights) in seen {
                sum = smlad(weights, values, sum);
            }
        }
        sum
    }
}

/// What the assembly is given; it copies this to its stack and changes it there.
#[cfg(all(target_arch = "arm", target_os = "none"))]
#[repr(C)]
struct Work {
    zero_point: i32,
    /// Bytes from an output to the next.
    step: usize,
    /// Bytes from a row of outputs to the second one, 0 where that is missing.
    second: usize,
    filters: *const i32,
    output: *mut i8,
    pairs: *const u32,
    /// Bytes of a pair of rows.
    pitch: usize,
    /// Bytes from the pairs to the end of the last step's blocks of two outputs.
    last: usize,
    /// Bytes that blocks of two outputs begin at.
    blocks: usize,
    /// Whether a step follows that has only a first row.
    is_short: u32,
    signed: u32,
    is_odd: u32,
}

#[cfg(all(target_arch = "arm", target_os = "none"))]
impl Outputs<'_, '_> {
    #[inline]
    fn four(&mut self, words: &[i32], pairs: &[u32], band: Band) {
        let Size {
            pitch,
            width,
            stride,
        } = self.size;
        let step = self.output.stride();
        let pitch = 4 * pitch;
        let blocks = width / 2 * 2 * 16 * stride;
        // Steps that have all their rows.
        let full = if stride == 1 {
            band.rows / 2
        } else {
            band.rows
        };
        let row = width * step;
        let work = Work {
            zero_point: self.filters.zero_point.into(),
            step,
            second: if stride == 1 && full > 0 { row } else { 0 },
            filters: words.as_ptr(),
            output: self
                .output
                .as_mut_ptr()
                .wrapping_add(band.row * row + band.channel),
            pairs: pairs.as_ptr(),
            pitch,
            last: blocks + full.saturating_sub(1) * pitch,
            blocks,
            is_short: u32::from(stride == 1 && band.rows % 2 == 1),
            signed: u32::from(self.filters.signed),
            is_odd: u32::from(width % 2 == 1),
        };
        // SAFETY: `compute` saw to it that each step reads inside two pairs of rows, and that the
        // outputs it writes, four channels of rows of `width` pixels, are owned. Where a second
        // row is missing, it is written where the first one is after it.
        unsafe {
            match stride {
                1 => ferrule_dsp_depthwise_1(&work),
                _ => ferrule_dsp_depthwise_2(&work),
            }
        }
    }
}

#[cfg(all(target_arch = "arm", target_os = "none"))]
extern "C" {
    fn ferrule_dsp_pairs(words: *mut u32, upper: *const i8, lower: *const i8, work: &[usize; 7]);
    fn ferrule_dsp_copy(to: *mut u32, from: *const u32, words: usize);
    fn ferrule_dsp_depthwise_1(work: &Work);
    fn ferrule_dsp_depthwise_2(work: &Work);
}

dsp_functions!(
    r#"
    .section .text.ferrule_dsp_copy,"ax",%progbits
    .global ferrule_dsp_copy
    .type ferrule_dsp_copy,%function
    .thumb_func
ferrule_dsp_copy:
    push {r4-r6, lr}
1:
    ldm r1!, {r3-r6}
    stm r0!, {r3-r6}
    subs r2, r2, #4
    bne 1b
    pop {r4-r6, pc}
    .size ferrule_dsp_copy, . - ferrule_dsp_copy
"#
);

// r0 words, r1 and r2 rows, r4 and r5 steps, r10 pairs that are left, r11 pixels, r12 those that
// are left, lr skipped words.
dsp_functions!(
    r#"
    .section .text.ferrule_dsp_pairs,"ax",%progbits
    .global ferrule_dsp_pairs
    .type ferrule_dsp_pairs,%function
    .thumb_func
ferrule_dsp_pairs:
    push {r4-r11, lr}
    ldrd r4, r5, [r3]
    ldrd r11, r10, [r3, #8]
    ldr lr, [r3, #24]
1:
    mov r12, r11
2:
    ldr r6, [r1]
    ldr r7, [r2]
    add r1, r1, r4
    add r2, r2, r5
    pkhbt r8, r6, r7, lsl #16
    pkhtb r9, r7, r6, asr #16
    sxtb16 r6, r8
    sxtb16 r7, r8, ror #8
    sxtb16 r8, r9
    sxtb16 r9, r9, ror #8
    stm r0!, {r6-r9}
    subs r12, r12, #1
    bne 2b
    ldrd r6, r7, [r3, #16]
    add r1, r1, r6
    add r2, r2, r7
    add r0, r0, lr
    subs r10, r10, #1
    bne 1b
    pop {r4-r11, pc}
    .size ferrule_dsp_pairs, . - ferrule_dsp_pairs
"#
);

// r0 and r1 are sums of two neighbours in the first row of outputs, r2 and r3 below them; r4, r6,
// r8 taps 0 and 1 of three columns, r5, r7, r9 taps 1 and 2; r10 a word of a pair; r11 pairs, r12
// from one to the next; lr the bias. The stack has multiplier, scale, 8 zero point, 12 step, 16
// from an output to the one below it, 20 outputs, 24 end of the blocks, 28 weights and bias, 56
// where sums go on after the first multiplication, in blocks and 60 at the end of a row, 64 where a
// row begins, 68 where it goes on after its blocks, 72 end of the last step's blocks, 76 channels
// that are left, 80 second row, 84 filters, 88 first output, 92 pairs, 96 pitch, 100 bytes from
// pairs to the end of the last step's blocks, 104 bytes of blocks, 108 whether a first row follows.
dsp_functions!(
    r#"
    // A word of the lower pair, then of the upper one, for outputs a and, below it, b.
    .macro ferrule_dsp_low stride, a, b, taps, sum_a, sum_b
    smlabt \a, r10, \taps, \sum_a
    .if \stride == 1
    smlad \b, r10, \taps, \sum_b
    .endif
    .endm
    .macro ferrule_dsp_high stride, a, b, taps
    smlad \a, r10, \taps, \a
    .if \stride == 1
    smlatb \b, r10, \taps, \b
    .endif
    .endm
    .macro ferrule_dsp_depthwise stride
    .section .text.ferrule_dsp_depthwise_\stride,"ax",%progbits
    .global ferrule_dsp_depthwise_\stride
    .type ferrule_dsp_depthwise_\stride,%function
    .thumb_func
ferrule_dsp_depthwise_\stride:
    push {r4-r11, lr}
    sub sp, sp, #116
    ldm r0!, {r1-r9}
    ldm r0, {r10-r12}
    add r0, sp, #8
    stm r0, {r1-r2}
    add r0, sp, #80
    stm r0!, {r3-r10}
    // A row begins with its blocks, and ends with one more output where their number is odd.
    adr.w r0, .Lferrule_dsp_block_\stride
    adr.w r1, .Lferrule_dsp_tail_\stride
    adr.w r2, .Lferrule_dsp_row_done_\stride
    cmp r9, #0
    it eq
    moveq r0, r1
    cmp r12, #0
    it eq
    moveq r1, r2
    adds r0, r0, #1
    adds r1, r1, #1
    strd r0, r1, [sp, #64]
    cmp r11, #0
    adr.w r0, .Lferrule_dsp_block_up_\stride
    adr.w r1, .Lferrule_dsp_tail_up_\stride
    itt ne
    adrne.w r0, .Lferrule_dsp_block_away_\stride
    adrne.w r1, .Lferrule_dsp_tail_away_\stride
    adds r0, r0, #1
    adds r1, r1, #1
    strd r0, r1, [sp, #56]
    movs r0, #4
    str r0, [sp, #76]
    // Each of four channels: its filters and constants, its column of outputs and of pairs.
.Lferrule_dsp_channel_\stride:
    ldrd r2, r0, [sp, #80]
    ldm r0!, {r1, r3, r10, r11, r12, lr}
    strd r11, r12, [sp]
    sxtb16 r4, r1
    sxtb16 r5, r1, ror #8
    sxtb16 r6, r3
    sxtb16 r7, r3, ror #8
    sxtb16 r8, r10
    sxtb16 r9, r10, ror #8
    add r10, sp, #28
    stm r10, {r4-r9, lr}
    ldrd r3, r11, [sp, #88]
    strd r2, r3, [sp, #16]
    adds r3, r3, #1
    add r1, r11, #4
    str r0, [sp, #84]
    strd r3, r1, [sp, #88]
    ldrd r12, r0, [sp, #96]
    ldr r1, [sp, #104]
    add r0, r0, r11
    add r1, r1, r11
    str r0, [sp, #72]
    str r1, [sp, #24]
    ldr pc, [sp, #64]
    .p2align 2
.Lferrule_dsp_block_\stride:
    ldr r10, [r11, r12]
    ferrule_dsp_low \stride, r0, r2, r5, lr, lr
    ldr r10, [r11], #16
    ferrule_dsp_high \stride, r0, r2, r4
    ldr r10, [r11, r12]
    ferrule_dsp_low \stride, r0, r2, r7, r0, r2
    .if \stride == 1
    ferrule_dsp_low \stride, r1, r3, r5, lr, lr
    .endif
    ldr r10, [r11], #16
    ferrule_dsp_high \stride, r0, r2, r6
    .if \stride == 1
    ferrule_dsp_high \stride, r1, r3, r4
    .endif
    ldr r10, [r11, r12]
    ferrule_dsp_low \stride, r0, r2, r9, r0, r2
    .if \stride == 1
    ferrule_dsp_low \stride, r1, r3, r7, r1, r3
    .else
    ferrule_dsp_low \stride, r1, r3, r5, lr, lr
    .endif
    ldr r10, [r11], #16
    ferrule_dsp_high \stride, r0, r2, r8
    .if \stride == 1
    ferrule_dsp_high \stride, r1, r3, r6
    ldr r10, [r11, r12]
    ferrule_dsp_low \stride, r1, r3, r9, r1, r3
    ldr r10, [r11], #-16
    ferrule_dsp_high \stride, r1, r3, r8
    .else
    ferrule_dsp_high \stride, r1, r3, r4
    ldr r10, [r11, r12]
    ferrule_dsp_low \stride, r1, r3, r7, r1, r3
    ldr r10, [r11], #16
    ferrule_dsp_high \stride, r1, r3, r6
    ldr r10, [r11, r12]
    ferrule_dsp_low \stride, r1, r3, r9, r1, r3
    ldr r10, [r11]
    ferrule_dsp_high \stride, r1, r3, r8
    .endif
    ldm sp, {r4-r10}
    smmlar r0, r0, r4, r0
    smmlar r1, r1, r4, r1
    .if \stride == 1
    smmlar r2, r2, r4, r2
    smmlar r3, r3, r4, r3
    .endif
    ldr pc, [sp, #56]
    .p2align 2
.Lferrule_dsp_block_away_\stride:
    add r0, r0, r0, asr #31
    add r1, r1, r1, asr #31
    .if \stride == 1
    add r2, r2, r2, asr #31
    add r3, r3, r3, asr #31
    .endif
    .p2align 2
.Lferrule_dsp_block_up_\stride:
    smmlsr r0, r0, r5, r6
    smmlsr r1, r1, r5, r6
    ssat r0, #8, r0
    ssat r1, #8, r1
    add lr, r9, r7
    .if \stride == 1
    smmlsr r2, r2, r5, r6
    smmlsr r3, r3, r5, r6
    ssat r2, #8, r2
    ssat r3, #8, r3
    strb r3, [lr, r8]
    strb r2, [r9, r8]
    .endif
    strb r1, [lr]
    strb r0, [r9]
    add r9, lr, r7
    str r9, [sp, #20]
    cmp r11, r10
    add r10, sp, #28
    ldm r10, {r4-r9, lr}
    bne .Lferrule_dsp_block_\stride
    ldr pc, [sp, #68]
    .p2align 2
.Lferrule_dsp_tail_\stride:
    ldr r10, [r11, r12]
    ferrule_dsp_low \stride, r0, r2, r5, lr, lr
    ldr r10, [r11], #16
    ferrule_dsp_high \stride, r0, r2, r4
    ldr r10, [r11, r12]
    ferrule_dsp_low \stride, r0, r2, r7, r0, r2
    ldr r10, [r11], #16
    ferrule_dsp_high \stride, r0, r2, r6
    ldr r10, [r11, r12]
    ferrule_dsp_low \stride, r0, r2, r9, r0, r2
    ldr r10, [r11], #16
    ferrule_dsp_high \stride, r0, r2, r8
    ldm sp, {r4-r10}
    smmlar r0, r0, r4, r0
    .if \stride == 1
    smmlar r2, r2, r4, r2
    .endif
    ldr pc, [sp, #60]
    .p2align 2
.Lferrule_dsp_tail_away_\stride:
    add r0, r0, r0, asr #31
    .if \stride == 1
    add r2, r2, r2, asr #31
    .endif
    .p2align 2
.Lferrule_dsp_tail_up_\stride:
    smmlsr r0, r0, r5, r6
    ssat r0, #8, r0
    .if \stride == 1
    smmlsr r2, r2, r5, r6
    ssat r2, #8, r2
    strb r2, [r9, r8]
    .endif
    strb r0, [r9]
    add r9, r9, r7
.Lferrule_dsp_row_\stride:
    ldr r0, [sp, #72]
    .if \stride == 1
    add r9, r9, r8
    .endif
    cmp r10, r0
    beq .Lferrule_dsp_rows_done_\stride
.Lferrule_dsp_next_\stride:
    add r10, r10, r12
    strd r9, r10, [sp, #20]
    add r10, sp, #28
    ldm r10, {r4-r9, lr}
    ldr pc, [sp, #64]
    // Without one more output: to the end of the pair.
    .p2align 2
.Lferrule_dsp_row_done_\stride:
    .if \stride == 1
    add r11, r11, #32
    .else
    add r11, r11, #16
    .endif
    ldm sp, {r4-r10}
    b .Lferrule_dsp_row_\stride
.Lferrule_dsp_rows_done_\stride:
    .if \stride == 1
    // One more row is written where the missing one below it was before.
    ldr r0, [sp, #108]
    cmp r8, #0
    it ne
    cmpne r0, #0
    beq .Lferrule_dsp_channel_done_\stride
    movs r1, #0
    add r0, r10, r12
    str r1, [sp, #16]
    str r0, [sp, #72]
    b .Lferrule_dsp_next_\stride
.Lferrule_dsp_channel_done_\stride:
    .endif
    ldr r0, [sp, #76]
    subs r0, r0, #1
    str r0, [sp, #76]
    bne .Lferrule_dsp_channel_\stride
    add sp, sp, #116
    pop {r4-r11, pc}
    .size ferrule_dsp_depthwise_\stride, . - ferrule_dsp_depthwise_\stride
    .endm
    ferrule_dsp_depthwise 1
    ferrule_dsp_depthwise 2
    .purgem ferrule_dsp_depthwise
    .purgem ferrule_dsp_low
    .purgem ferrule_dsp_high
"#
);
