//! Multiplies what four pixels see of a channel with taps, for two output channels at a time.

#[cfg(not(all(target_arch = "arm", target_os = "none")))]
use crate::instructions::mve::stored::stored;
use crate::instructions::reach::reach;
use crate::mve_filters::MveRange;
#[cfg(not(all(target_arch = "arm", target_os = "none")))]
use crate::requantize::narrow;
use crate::window::Window;
use core::ops::Range;

/// Taps of a filter.
pub const TAPS: usize = 4;

/// Output channels that are computed at a time.
const PAIR: usize = 2;

/// Pixels that are computed at a time.
const QUAD: usize = 4;

/// Words of the table for four pixels: where they see the image, then places of their outputs.
const WORDS: usize = 2 * QUAD;

/// Words of an output channel: weights, bias, multiplier, shift.
const FILTER: usize = TAPS + 3;

/// Most elements of an output, whose places have 16 bits.
const MOST_OUTPUTS: usize = 1 << 16;

/// Computes `[pixels, depth * 2 * pairs]` from an image, of which a pixel has `depth` elements and
/// a row `pitch`.
///
/// `taps` are elements from the first that a pixel sees; `table` has eight words for each four
/// pixels; each output channel has seven words of `filters`. Does nothing where a slice is too
/// short.
pub fn multiply_pixels(
    filters: &[i32],
    (depth, pairs): (usize, usize),
    range: MveRange,
    (image, taps): (&[i8], [usize; TAPS]),
    (window, pitch, pixels): (&Window, usize, Range<usize>),
    table: &mut [u32],
    outputs: &mut [i8],
) {
    let channels = depth.saturating_mul(pairs).saturating_mul(PAIR);
    let count = pixels.len();
    let (Some(last), Some(table)) = (
        pixels.end.checked_sub(1),
        table.get_mut(..count.div_ceil(QUAD) * WORDS),
    ) else {
        return;
    };
    let Some(last) = last.checked_div(window.output_width()) else {
        return;
    };
    let (row, step) = (
        pitch.saturating_mul(window.stride_height()),
        depth.saturating_mul(window.stride_width()),
    );
    let farthest = taps.iter().fold(0, |most, &tap| tap.max(most));
    let seen = reach(window.output_width() - 1, step, depth).saturating_add(farthest);
    let elements = channels.saturating_mul(count);
    if count == 0
        || !(1..=MOST_OUTPUTS).contains(&elements)
        || elements > outputs.len()
        || reach(last, row, seen) > image.len()
        || filters.len() < channels * FILTER
    {
        return;
    }
    fill(table, window, (row, step), channels, &pixels);
    #[cfg(all(target_arch = "arm", target_os = "none"))]
    {
        let mut state = assembly::State::new(filters, image, taps, range, table, outputs);
        // SAFETY: each tap of each pixel that the table has is inside the image for `depth`
        // channels, and so are its outputs; neither number is 0, as seen above, and each output
        // channel has a filter.
        unsafe { assembly::run(state.of(depth, pairs)) }
    }
    #[cfg(not(all(target_arch = "arm", target_os = "none")))]
    for (channel, filter) in filters.chunks_exact(FILTER).take(channels).enumerate() {
        let &[ref weights @ .., bias, multiplier, shift] = filter else {
            return;
        };
        let source = channel / (PAIR * pairs);
        for words in table.chunks_exact(WORDS) {
            let (seen, places) = words.split_at(QUAD);
            for (&seen, &place) in seen.iter().zip(places) {
                let first = seen as usize + source;
                let values = taps.iter().map(|tap| image.get(first + tap).copied());
                let sum = values.zip(weights).fold(bias, |sum, (value, weight)| {
                    sum.wrapping_add(weight.wrapping_mul(value.unwrap_or_default().into()))
                });
                if let Some(output) = outputs.get_mut((place & 0xffff) as usize + channel) {
                    *output = stored(sum, multiplier, narrow(shift), range);
                }
            }
        }
    }
}

/// Lists what each four pixels see, and places of two outputs of each as halves of a word. The last
/// four end with the last pixel; of fewer it repeats.
#[inline(never)]
#[allow(clippy::cast_possible_truncation)] // elements of tensors; outputs have 16 bits
fn fill(
    table: &mut [u32],
    window: &Window,
    (row, step): (usize, usize),
    channels: usize,
    pixels: &Range<usize>,
) {
    let count = pixels.len();
    for (quad, words) in table.chunks_exact_mut(WORDS).enumerate() {
        let first = (quad * QUAD).min(count.saturating_sub(QUAD));
        let (seen, places) = words.split_at_mut(QUAD);
        for (index, (seen, place)) in seen.iter_mut().zip(places).enumerate() {
            let pixel = (first + index).min(count - 1);
            let at = window.place(pixels.start + pixel);
            *seen = (at.row * row + at.column * step) as u32;
            let output = pixel * channels;
            *place = (output | (output + 1) << 16) as u32;
        }
    }
}

#[cfg(all(target_arch = "arm", target_os = "none"))]
mod assembly {
    use super::{PAIR, QUAD, TAPS};
    use crate::mve_filters::MveRange;
    use core::arch::asm;
    use core::marker::PhantomData;

    /// What the assembly keeps in memory, at the offsets that it uses.
    #[repr(C)]
    pub struct State<'s> {
        taps: [*const i8; TAPS], // 0: what they see of a channel, for a pixel at the beginning
        filters: *const i32,     // 16: of the channel
        outputs: *mut i8,        // 20: of the channel
        pairs: usize,            // 24
        table: *const u32,       // 28
        end: *const u32,         // 32: of the table
        depth: usize,            // 36: channels left
        one: i32,                // 40
        zero_point: i32,         // 44
        high: [i16; PAIR * QUAD], // 48
        low: i32,                // 64
        slices: PhantomData<&'s mut [i8]>,
    }

    impl<'s> State<'s> {
        #[allow(clippy::cast_possible_truncation)] // in `[-128, 127]`
        pub fn new(
            filters: &'s [i32],
            image: &'s [i8],
            taps: [usize; TAPS],
            range: MveRange,
            table: &'s [u32],
            outputs: &'s mut [i8],
        ) -> Self {
            let ends = table.as_ptr_range();
            Self {
                taps: taps.map(|tap| image.as_ptr().wrapping_add(tap)),
                filters: filters.as_ptr(),
                outputs: outputs.as_mut_ptr(),
                pairs: 0,
                table: ends.start,
                end: ends.end,
                depth: 0,
                one: 1,
                zero_point: range.zero_point,
                high: [range.high as i16; PAIR * QUAD],
                low: range.low,
                slices: PhantomData,
            }
        }

        /// So many input channels, and pairs of output channels of each.
        pub fn of(&mut self, depth: usize, pairs: usize) -> &mut Self {
            (self.depth, self.pairs) = (depth, pairs);
            self
        }
    }

    /// Computes all outputs.
    ///
    /// # Safety
    ///
    /// Each tap and output of each pixel of the table, which has four or more, is there for
    /// `depth` channels and all pairs of outputs, and has a filter. Neither number is 0.
    #[inline(never)]
    pub unsafe fn run(state: &mut State<'_>) {
        // SAFETY: as the caller promises. The stack serves to save registers that cannot be named.
        //
        // q0 to q3 are what taps see, q4 sums or places, q5 and q6 what is stored, q7 low; r0 to r6
        // a filter, r7 one, r8 the table, r9 the zero point, r10 filters, r11 the state, r12
        // outputs, lr pairs left.
        unsafe {
            asm!(
                "push {{r6, r7}}",
                "mov r11, r0",
                "ldr r0, [r11, #64]",
                "vdup.16 q7, r0",
                "ldrd r7, r9, [r11, #40]",
                // A channel.
                "10:",
                "ldr r8, [r11, #28]",
                // Four pixels.
                "20:",
                "ldm r11, {{r0, r1, r2, r3, r10, r12, lr}}",
                "dls lr, lr",
                "vldrw.u32 q4, [r8], #16",
                "vldrb.s32 q0, [r0, q4]",
                "vldrb.s32 q1, [r1, q4]",
                "vldrb.s32 q2, [r2, q4]",
                "vldrb.s32 q3, [r3, q4]",
                // A pair of output channels.
                "30:",
                "ldm r10!, {{r0, r1, r2, r3, r4, r5, r6}}",
                "vmul.i32 q4, q0, r0",
                "vmla.s32 q4, q1, r1",
                "vmla.s32 q4, q2, r2",
                "vmla.s32 q4, q3, r3",
                "vadd.i32 q4, q4, r4",
                "vqrdmulh.s32 q5, q4, r5",
                "vqdmlah.s32 q5, q4, r7",
                "vrshl.s32 q5, r6",
                "ldm r10!, {{r0, r1, r2, r3, r4, r5, r6}}",
                "vqmovnb.s32 q5, q5",
                "vmul.i32 q4, q0, r0",
                "vmla.s32 q4, q1, r1",
                "vmla.s32 q4, q2, r2",
                "vmla.s32 q4, q3, r3",
                "vadd.i32 q4, q4, r4",
                "vqrdmulh.s32 q6, q4, r5",
                "vqdmlah.s32 q6, q4, r7",
                "vrshl.s32 q6, r6",
                "vldrw.u32 q4, [r11, #48]",
                "vqmovnt.s32 q5, q6",
                "vldrh.u16 q6, [r8]",
                "vqadd.s16 q5, q5, r9",
                "vmax.s16 q5, q5, q7",
                "vmin.s16 q5, q5, q4",
                "vstrb.16 q5, [r12, q6]",
                "add r12, #2",
                "le lr, 30b",
                "add r8, #16",
                "ldr r0, [r11, #32]",
                "cmp r8, r0",
                "bne 20b",
                // The next channel.
                "ldm r11, {{r0, r1, r2, r3}}",
                "adds r0, r0, #1",
                "adds r1, r1, #1",
                "adds r2, r2, #1",
                "adds r3, r3, #1",
                "stm r11, {{r0, r1, r2, r3, r10, r12}}",
                "ldr r0, [r11, #36]",
                "subs r0, r0, #1",
                "str r0, [r11, #36]",
                "bne 10b",
                "pop {{r6, r7}}",
                inout("r0") core::ptr::from_mut(state) => _,
                out("r1") _, out("r2") _, out("r3") _, out("r4") _, out("r5") _,
                out("r8") _, out("r9") _, out("r10") _, out("r11") _, out("r12") _, out("lr") _,
                out("d0") _, out("d1") _, out("d2") _, out("d3") _,
                out("d4") _, out("d5") _, out("d6") _, out("d7") _,
                out("d8") _, out("d9") _, out("d10") _, out("d11") _,
                out("d12") _, out("d13") _, out("d14") _, out("d15") _,
            );
        }
    }
}
