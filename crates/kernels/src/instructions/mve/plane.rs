//! One channel of an image, apart from the others, and what a filter sees of it.

use crate::instructions::bytes::bytes;
#[cfg(not(all(target_arch = "arm", target_os = "none")))]
use crate::instructions::mve::stored::stored;
use crate::mve_filters::{MveRange, VECTOR};
#[cfg(not(all(target_arch = "arm", target_os = "none")))]
use crate::requantize::narrow;
use crate::rolled::{fill, repeated};
use crate::window::Window;

/// Words of the table for four pairs of outputs: where they see, then where they go.
const BLOCK: usize = 8;

/// The filter of one channel.
#[derive(Clone, Copy, Debug)]
pub struct Filter<'f> {
    /// Bias, which the input's zero point is folded into.
    pub bias: i32,
    /// Fixed-point multiplier.
    pub multiplier: i32,
    /// Power of two that goes with it, -1 or less.
    pub shift: i32,
    /// For each row of the filter as many zeros as the stride, then its weights; then zeros again.
    ///
    /// The second output of a pair sees the taps that these begin with, the first those after the
    /// zeros.
    pub weights: &'f [i8],
}

/// A padded channel in scratch, and a table of the outputs that are computed from it.
#[derive(Debug)]
pub struct Plane<'s> {
    window: &'s Window,
    channels: usize,
    plane: &'s mut [i8],
    pitch: usize,
    /// Elements of the outputs.
    elements: usize,
    /// For each four pairs of outputs: the address of what each pair sees, in the plane, then
    /// the offsets of the eight outputs as halves of words, the second four in upper halves.
    table: &'s [u32],
    /// Offsets of taps from that address, and how many there are.
    offsets: [u8; VECTOR],
    lanes: usize,
}

impl<'s> Plane<'s> {
    /// A plane of rows of `pitch` elements that are `padding`, for whole rows of outputs.
    ///
    /// `None` where the geometry or the scratch does not allow it.
    #[must_use]
    #[allow(clippy::cast_possible_truncation)] // offsets and addresses fit, as seen first
    pub fn new(
        window: &'s Window,
        (height, pitch): (usize, usize),
        channels: usize,
        rows: core::ops::Range<usize>,
        padding: i8,
        scratch: &'s mut [u32],
    ) -> Option<Self> {
        let width = window.output_width;
        let row = window.filter_width + window.stride_width;
        let lanes = row * window.filter_height;
        let elements = rows.len() * width * channels;
        let fits = width >= 2
            && 1 <= lanes
            && lanes <= VECTOR
            && (window.filter_height - 1) * pitch + row <= 256
            && window.padding_left + window.input_width <= pitch
            && window.padding_top + window.input_height <= height
            && (width - 1) * window.stride_width + window.filter_width <= pitch
            && rows.end.checked_sub(1)? * window.stride_height + window.filter_height <= height
            && 1 <= elements
            && elements <= 1 << 16;
        if !fits {
            return None;
        }
        let blocks = (rows.len() * width.div_ceil(2)).div_ceil(4);
        let (table, plane) = scratch.split_at_mut_checked(blocks * BLOCK)?;
        fill(plane, repeated(padding));
        let plane = bytes(plane).get_mut(..height * pitch)?;
        let mut offsets = [0; VECTOR];
        for (to, tap_row) in offsets.chunks_mut(row).zip(0..window.filter_height) {
            for (offset, from) in to.iter_mut().zip(tap_row * pitch..) {
                *offset = from as u8;
            }
        }
        #[cfg(all(target_arch = "arm", target_os = "none"))]
        let base = plane.as_mut_ptr().expose_provenance();
        #[cfg(not(all(target_arch = "arm", target_os = "none")))]
        let base = 0;
        let (mut index, mut place) = (0, 0);
        for words in table.chunks_exact_mut(BLOCK) {
            let (addresses, outputs) = words.split_at_mut(BLOCK / 2);
            let mut half = 0;
            for pairs in addresses.chunks_exact_mut(2) {
                for (address, outputs) in pairs.iter_mut().zip(outputs.chunks_exact_mut(2)) {
                    // The last of an odd row is computed with the one before it, so again.
                    let first = place.min(width - 2);
                    let seen = (rows.start + index) * window.stride_height * pitch;
                    *address = (base + seen + first * window.stride_width) as u32;
                    let output = (index * width + first) * channels;
                    for (word, output) in outputs.iter_mut().zip([output, output + channels]) {
                        *word = if half == 0 { 0 } else { *word } | (output as u32) << half;
                    }
                    // Where all are there, the last pair repeats.
                    place += 2;
                    if place >= width && index + 1 < rows.len() {
                        (index, place) = (index + 1, 0);
                    }
                }
                half = 16;
            }
        }
        Some(Self {
            window,
            channels,
            plane,
            pitch,
            elements,
            table,
            offsets,
            lanes,
        })
    }

    /// Copies a channel of an image into the plane.
    pub fn load(&mut self, input: &[i8], channel: usize) {
        let (height, width) = (self.window.input_height, self.window.input_width);
        let channels = self.channels;
        let start = self.window.padding_top * self.pitch + self.window.padding_left;
        let fits = channel < channels
            && input.len() >= height * width * channels
            && self.plane.len() >= (height.wrapping_sub(1)) * self.pitch + start + width
            && width > 0
            && channels < 1 << 13;
        if !fits {
            return;
        }
        #[cfg(all(target_arch = "arm", target_os = "none"))]
        // SAFETY: reads element `channel` of each pixel and writes `height` rows of `width`
        // elements; both are inside, as seen above. Seven pixels' offsets fit 16 bits.
        unsafe {
            core::arch::asm!(
                "movs r4, #0",
                "vidup.u16 q1, r4, #1",
                "vmul.i16 q1, q1, {channels}",
                "10:",
                "mov r4, {to}",
                "dlstp.16 lr, {width}",
                "20:",
                "vldrb.u16 q0, [{from}, q1]",
                "vstrb.16 q0, [r4], #8",
                "add {from}, {from}, {eight}",
                "letp lr, 20b",
                "add {to}, {to}, {pitch}",
                "sub {from}, {from}, {back}",
                "subs {height}, {height}, #1",
                "bne 10b",
                from = inout(reg) input.as_ptr().add(channel) => _,
                to = inout(reg) self.plane.as_mut_ptr().add(start) => _,
                height = inout(reg) height => _,
                width = in(reg) width,
                pitch = in(reg) self.pitch,
                channels = in(reg) channels,
                eight = in(reg) 8 * channels,
                back = in(reg) (width.next_multiple_of(8) - width) * channels,
                out("r4") _,
                out("lr") _,
                out("d0") _,
                out("d1") _,
                out("d2") _,
                out("d3") _,
                options(nostack),
            );
        }
        #[cfg(not(all(target_arch = "arm", target_os = "none")))]
        {
            let mut values = input.iter().skip(channel).step_by(channels);
            let rows = self.plane.get_mut(start..).unwrap_or_default();
            for row in rows.chunks_mut(self.pitch).take(height) {
                for (to, &from) in row.iter_mut().zip(values.by_ref().take(width)) {
                    *to = from;
                }
            }
        }
    }

    /// Computes the channel's outputs, of which the first is `outputs[channel]`.
    ///
    /// Does nothing where a slice is too short.
    pub fn compute(&self, filter: Filter<'_>, range: MveRange, channel: usize, outputs: &mut [i8]) {
        let more = self.window.stride_width;
        if outputs.len() < self.elements
            || channel >= self.channels
            || filter.weights.len() < self.lanes + more
        {
            return;
        }
        #[cfg(all(target_arch = "arm", target_os = "none"))]
        {
            let output = outputs.get_mut(channel..).unwrap_or_default();
            let mut state = assembly::State::new(filter, range, output, self.table);
            let weights = filter.weights.as_ptr();
            // SAFETY: `new` made the table of addresses inside the plane, and of offsets of the
            // first channel's outputs, which are inside for all channels. Weights for both
            // outputs are there.
            unsafe {
                assembly::run(
                    &mut state,
                    [weights.add(more), weights],
                    &self.offsets,
                    self.lanes,
                );
            }
        }
        #[cfg(not(all(target_arch = "arm", target_os = "none")))]
        for block in self.table.chunks_exact(BLOCK) {
            let (seen, places) = block.split_at(BLOCK / 2);
            let low = places.iter().map(|word| word & 0xffff);
            let places = low.chain(places.iter().map(|word| word >> 16));
            let both = seen.iter().flat_map(|&from| [(from, more), (from, 0)]);
            for ((from, skipped), place) in both.zip(places) {
                let weights = filter.weights.iter().skip(skipped).take(self.lanes);
                let mut sum = filter.bias;
                for (&offset, &weight) in self.offsets.iter().zip(weights) {
                    let value = self.plane.get(from as usize + usize::from(offset));
                    sum += i32::from(value.copied().unwrap_or_default()) * i32::from(weight);
                }
                if let Some(output) = outputs.get_mut(place as usize + channel) {
                    *output = stored(sum, filter.multiplier, narrow(filter.shift), range);
                }
            }
        }
    }
}

#[cfg(all(target_arch = "arm", target_os = "none"))]
mod assembly {
    use super::Filter;
    use crate::mve_filters::{MveRange, VECTOR};
    use core::arch::asm;

    /// What the assembly keeps in memory, at the offsets that it uses.
    #[repr(C)]
    pub struct State {
        sums: [i32; 8],    // 0
        bias: i32,         // 32
        multiplier: i32,   // 36
        shift: i32,        // 40
        zero_point: i32,   // 44
        one: i32,          // 48
        output: *mut i8,   // 52
        high: [i16; 8],    // 56
        low: i32,          // 72
        end: *const u32,   // 76: of the table
        table: *const u32, // 80
    }

    impl State {
        #[allow(clippy::cast_possible_truncation)] // in `[-128, 127]`
        pub fn new(filter: Filter<'_>, range: MveRange, outputs: &mut [i8], table: &[u32]) -> Self {
            let ends = table.as_ptr_range();
            Self {
                sums: [0; 8],
                bias: filter.bias,
                multiplier: filter.multiplier,
                shift: filter.shift,
                zero_point: range.zero_point,
                one: 1,
                output: outputs.as_mut_ptr(),
                high: [range.high as i16; 8],
                low: range.low,
                end: ends.end,
                table: ends.start,
            }
        }
    }

    /// Computes all outputs of the table.
    ///
    /// # Safety
    ///
    /// The table has a block or more; each pair sees elements at its address plus offsets, and
    /// each output is an element at its offset. `lanes` weights are there for both outputs.
    #[inline(never)]
    pub unsafe fn run(
        state: &mut State,
        [first, second]: [*const i8; 2],
        offsets: &[u8; VECTOR],
        lanes: usize,
    ) {
        // SAFETY: as the caller promises. The stack serves to save registers that cannot be named.
        //
        // Even registers are sums, then constants; r1, r3, r5, r7 are what pairs see, r9 the
        // table, r11 the state. q4 low, q5 and q6 weights, q7 offsets of taps.
        unsafe {
            asm!(
                "push {{r6, r7}}",
                "mov r11, r0",
                "vldrb.u8 q7, [r2]",
                "vctp.8 r4",
                "vpstt",
                "vldrbt.u8 q5, [r1]",
                "vldrbt.u8 q6, [r3]",
                "ldrd r0, r2, [r11, #72]",
                "vdup.16 q4, r0",
                "ldr r9, [r11, #80]",
                "10:",
                "ldm r9!, {{r1, r3, r5, r7}}",
                "vldrb.u8 q0, [r1, q7]",
                "vmladav.s8 r0, q0, q5",
                "vldrb.u8 q1, [r3, q7]",
                "vmladav.s8 r2, q0, q6",
                "vmladav.s8 r4, q1, q5",
                "vldrb.u8 q2, [r5, q7]",
                "vmladav.s8 r6, q1, q6",
                "vmladav.s8 r8, q2, q5",
                "vldrb.u8 q3, [r7, q7]",
                "vmladav.s8 r10, q2, q6",
                "vmladav.s8 r12, q3, q5",
                "vmladav.s8 lr, q3, q6",
                "stm r11, {{r0, r2, r4, r6, r8, r10, r12, lr}}",
                "ldrd r0, r2, [r11, #32]",
                "vldrw.u32 q0, [r11]",
                "vldrw.u32 q1, [r11, #16]",
                "vadd.i32 q0, q0, r0",
                "vadd.i32 q1, q1, r0",
                "ldrd r4, r6, [r11, #40]",
                "vqrdmulh.s32 q2, q0, r2",
                "vqrdmulh.s32 q3, q1, r2",
                "ldrd r8, r10, [r11, #48]",
                "vqdmlah.s32 q2, q0, r8",
                "vqdmlah.s32 q3, q1, r8",
                "vrshl.s32 q2, r4",
                "vrshl.s32 q3, r4",
                "vqmovnb.s32 q2, q2",
                "vqmovnt.s32 q2, q3",
                "vldrw.u32 q0, [r11, #56]",
                "vqadd.s16 q2, q2, r6",
                "vldrh.u16 q1, [r9], #16",
                "vmax.s16 q2, q2, q4",
                "ldr r12, [r11, #76]",
                "vmin.s16 q2, q2, q0",
                "cmp r9, r12",
                "vstrb.16 q2, [r10, q1]",
                "bne 10b",
                "pop {{r6, r7}}",
                inout("r0") core::ptr::from_mut(state) => _,
                inout("r1") first => _,
                inout("r2") offsets.as_ptr() => _,
                inout("r3") second => _,
                inout("r4") lanes => _,
                out("r5") _,
                out("r8") _, out("r9") _, out("r10") _, out("r11") _, out("r12") _, out("lr") _,
                out("d0") _, out("d1") _, out("d2") _, out("d3") _,
                out("d4") _, out("d5") _, out("d6") _, out("d7") _,
                out("d8") _, out("d9") _, out("d10") _, out("d11") _,
                out("d12") _, out("d13") _, out("d14") _, out("d15") _,
            );
        }
    }
}
