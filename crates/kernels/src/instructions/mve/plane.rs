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

/// A padded channel in scratch, and a table of the outputs that are computed from it by filters of
/// up to so many vectors.
#[derive(Debug)]
pub struct Plane<'s, const VECTORS: usize> {
    window: &'s Window,
    /// Channels of the input.
    depth: usize,
    /// Channels of the output.
    channels: usize,
    plane: &'s mut [i8],
    pitch: usize,
    /// Elements of the outputs.
    elements: usize,
    /// For each four pairs of outputs: the address of what each pair sees, in the plane, then
    /// the offsets of the eight outputs as halves of words, the second four in upper halves.
    table: &'s [u32],
    /// For each vector of taps, their offsets from that address.
    offsets: [[u8; VECTOR]; VECTORS],
    /// Taps of a vector.
    lanes: usize,
    vectors: usize,
}

impl<'s, const VECTORS: usize> Plane<'s, VECTORS> {
    /// A plane of rows of `pitch` elements that are `padding`, for whole rows of outputs.
    ///
    /// So many rows of a filter are a vector, together with those that are zeros.
    ///
    /// `None` where the geometry or the scratch does not allow it.
    #[must_use]
    #[allow(clippy::cast_possible_truncation)] // offsets and addresses fit, as seen first
    pub fn new(
        window: &'s Window,
        (height, pitch, filter_rows): (usize, usize, usize),
        (depth, channels): (usize, usize),
        rows: core::ops::Range<usize>,
        padding: i8,
        scratch: &'s mut [u32],
    ) -> Option<Self> {
        let width = window.output_width();
        let row = window.filter_width() + window.stride_width();
        let lanes = row * filter_rows;
        let vectors = window.filter_height().div_ceil(filter_rows.max(1));
        let elements = rows.len() * width * channels;
        let fits = width >= 2
            && (1..=VECTOR).contains(&lanes)
            && vectors <= VECTORS
            && (window.filter_height() - 1) * pitch + row <= 256
            && window.padding_left() + window.input_width() <= pitch
            && window.padding_top() + window.input_height() <= height
            && (width - 1) * window.stride_width() + window.filter_width() <= pitch
            && rows.end.checked_sub(1)? * window.stride_height() + window.filter_height() <= height
            && (1..=1 << 16).contains(&elements);
        if !fits {
            return None;
        }
        let blocks = (rows.len() * width.div_ceil(2)).div_ceil(4);
        let (table, plane) = scratch.split_at_mut_checked(blocks * BLOCK)?;
        fill(plane, repeated(padding));
        let plane = bytes(plane).get_mut(..height * pitch)?;
        let mut offsets = [[0; VECTOR]; VECTORS];
        for (vector, offsets) in offsets.iter_mut().enumerate() {
            let tap_rows = vector * filter_rows..window.filter_height();
            for (to, tap_row) in offsets.chunks_mut(row).zip(tap_rows).take(filter_rows) {
                for (offset, from) in to.iter_mut().zip(tap_row * pitch..) {
                    *offset = from as u8;
                }
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
                    let seen = (rows.start + index) * window.stride_height() * pitch;
                    *address = (base + seen + first * window.stride_width()) as u32;
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
            depth,
            channels,
            plane,
            pitch,
            elements,
            table,
            offsets,
            lanes,
            vectors,
        })
    }

    /// Copies a channel of an image into the plane.
    pub fn load(&mut self, input: &[i8], channel: usize) {
        let (height, width) = (self.window.input_height(), self.window.input_width());
        let channels = self.depth;
        let start = self.window.padding_top() * self.pitch + self.window.padding_left();
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

    /// Computes a channel's outputs, of which the first is `outputs[channel]`, with a filter of one
    /// vector.
    ///
    /// Does nothing where a slice is too short.
    pub fn compute(&self, filter: Filter<'_>, range: MveRange, channel: usize, outputs: &mut [i8]) {
        if self.vectors != 1 || !self.fits(filter, channel, outputs) {
            return;
        }
        #[cfg(all(target_arch = "arm", target_os = "none"))]
        {
            let more = self.window.stride_width();
            let output = outputs.get_mut(channel..).unwrap_or_default();
            let mut state = assembly::State::new(filter, range, output, self.table);
            let weights = filter.weights.as_ptr();
            let Some(offsets) = self.offsets.first() else {
                return;
            };
            // SAFETY: `new` made the table of addresses inside the plane, and of offsets of the
            // first channel's outputs, which are inside for all channels. Weights for both
            // outputs are there.
            unsafe {
                assembly::run(
                    &mut state,
                    [weights.add(more), weights],
                    offsets,
                    self.lanes,
                );
            }
        }
        #[cfg(not(all(target_arch = "arm", target_os = "none")))]
        self.twin(filter, range, channel, outputs);
    }

    /// The same with a filter of one vector or more, of which the last may end with rows of zeros.
    pub fn compute_long(
        &self,
        filter: Filter<'_>,
        range: MveRange,
        channel: usize,
        outputs: &mut [i8],
    ) {
        if !self.fits(filter, channel, outputs) {
            return;
        }
        #[cfg(all(target_arch = "arm", target_os = "none"))]
        {
            let output = outputs.get_mut(channel..).unwrap_or_default();
            let state = assembly::State::new(filter, range, output, self.table);
            // Offsets, and weights of the first output of a pair and of the second.
            let mut vectors = [[[0; VECTOR]; 3]; VECTORS];
            let from = filter.weights.chunks(self.lanes);
            let shifted = filter.weights.get(self.window.stride_width()..);
            let shifted = shifted.unwrap_or_default().chunks(self.lanes);
            let (some, _) = vectors.split_at_mut(self.vectors);
            let weights = shifted.zip(from);
            for ((vector, offsets), (first, second)) in
                some.iter_mut().zip(&self.offsets).zip(weights)
            {
                let [to_offsets, to_first, to_second] = vector;
                *to_offsets = *offsets;
                for (to, from) in [(to_first, first), (to_second, second)] {
                    for (to, &from) in to.iter_mut().zip(from) {
                        [*to] = from.to_le_bytes();
                    }
                }
            }
            let ends = some.as_ptr_range();
            // SAFETY: as in `compute`; there is a vector or more, each of 48 bytes.
            unsafe { assembly::run_long(&state, ends.start.cast(), ends.end.cast()) }
        }
        #[cfg(not(all(target_arch = "arm", target_os = "none")))]
        self.twin(filter, range, channel, outputs);
    }

    /// Whether there are such weights and outputs.
    fn fits(&self, filter: Filter<'_>, channel: usize, outputs: &[i8]) -> bool {
        let more = self.window.stride_width();
        outputs.len() >= self.elements
            && channel < self.channels
            && filter.weights.len() >= self.vectors * self.lanes + more
    }

    #[cfg(not(all(target_arch = "arm", target_os = "none")))]
    fn twin(&self, filter: Filter<'_>, range: MveRange, channel: usize, outputs: &mut [i8]) {
        let more = self.window.stride_width();
        let offsets = self.offsets.iter().take(self.vectors);
        for block in self.table.chunks_exact(BLOCK) {
            let (seen, places) = block.split_at(BLOCK / 2);
            let low = places.iter().map(|word| word & 0xffff);
            let places = low.chain(places.iter().map(|word| word >> 16));
            let both = seen.iter().flat_map(|&from| [(from, more), (from, 0)]);
            for ((from, skipped), place) in both.zip(places) {
                let mut weights = filter.weights.iter().skip(skipped);
                let mut sum = filter.bias;
                for offsets in offsets.clone() {
                    let weights = weights.by_ref().take(self.lanes);
                    for (&weight, &offset) in weights.zip(offsets) {
                        let value = self.plane.get(from as usize + usize::from(offset));
                        sum += i32::from(value.copied().unwrap_or_default()) * i32::from(weight);
                    }
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
        sums: [i32; 8],     // 0
        bias: i32,          // 32
        multiplier: i32,    // 36
        shift: i32,         // 40
        zero_point: i32,    // 44
        one: i32,           // 48
        output: *mut i8,    // 52
        high: [i16; 8],     // 56
        low: i32,           // 72
        end: *const u32,    // 76: of the table
        table: *const u32,  // 80
        vectors: *const i8, // 84: of offsets and weights
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
                vectors: core::ptr::null(),
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

    /// The same with filters of several vectors, from `vectors` up to `end`: 16 offsets, and as
    /// many weights for each output of a pair, 0 where a vector has fewer taps.
    ///
    /// # Safety
    ///
    /// As of [`run`].
    #[inline(never)]
    pub unsafe fn run_long(state: &State, vectors: *const i8, end: *const i8) {
        // SAFETY: as the caller promises. The stack serves to save registers that cannot be named,
        // and has a copy of the state.
        //
        // Even registers are sums, then constants; r1, r3, r5, r7 are what pairs see, r9 the
        // table or vectors, r11 their end. q4 low, q5 and q6 weights, q7 offsets of taps.
        unsafe {
            asm!(
                "push {{r6, r7}}",
                "sub sp, sp, #88",
                "mov r12, sp",
                "mov r9, r1",
                "ldm r0!, {{r1-r8}}",
                "stm r12!, {{r1-r8}}",
                "ldm r0!, {{r1-r8}}",
                "stm r12!, {{r1-r8}}",
                "ldm r0!, {{r1-r5}}",
                "stm r12!, {{r1-r5}}",
                "str r9, [sp, #84]",
                "vdup.16 q4, r3",
                "10:",
                "ldrd r10, r12, [sp, #80]",
                "ldm r10!, {{r1, r3, r5, r7}}",
                "str r10, [sp, #80]",
                "mov r9, r12",
                "vldrb.u8 q7, [r9], #16",
                "vldrb.u8 q5, [r9], #16",
                "vldrb.u8 q6, [r9], #16",
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
                "cmp r9, r11",
                "beq 30f",
                "20:",
                "vldrb.u8 q7, [r9], #16",
                "vldrb.u8 q5, [r9], #16",
                "vldrb.u8 q6, [r9], #16",
                "vldrb.u8 q0, [r1, q7]",
                "vmladava.s8 r0, q0, q5",
                "vldrb.u8 q1, [r3, q7]",
                "vmladava.s8 r2, q0, q6",
                "vmladava.s8 r4, q1, q5",
                "vldrb.u8 q2, [r5, q7]",
                "vmladava.s8 r6, q1, q6",
                "vmladava.s8 r8, q2, q5",
                "vldrb.u8 q3, [r7, q7]",
                "vmladava.s8 r10, q2, q6",
                "vmladava.s8 r12, q3, q5",
                "vmladava.s8 lr, q3, q6",
                "cmp r9, r11",
                "bne 20b",
                "30:",
                "stm sp, {{r0, r2, r4, r6, r8, r10, r12, lr}}",
                "ldrd r0, r2, [sp, #32]",
                "vldrw.u32 q0, [sp]",
                "vldrw.u32 q1, [sp, #16]",
                "vadd.i32 q0, q0, r0",
                "vadd.i32 q1, q1, r0",
                "ldrd r4, r6, [sp, #40]",
                "vqrdmulh.s32 q2, q0, r2",
                "vqrdmulh.s32 q3, q1, r2",
                "ldrd r8, r10, [sp, #48]",
                "vqdmlah.s32 q2, q0, r8",
                "vqdmlah.s32 q3, q1, r8",
                "vrshl.s32 q2, r4",
                "vrshl.s32 q3, r4",
                "vqmovnb.s32 q2, q2",
                "vqmovnt.s32 q2, q3",
                "vldrw.u32 q0, [sp, #56]",
                "vqadd.s16 q2, q2, r6",
                "ldr r9, [sp, #80]",
                "vldrh.u16 q1, [r9], #16",
                "vmax.s16 q2, q2, q4",
                "ldr r12, [sp, #76]",
                "vmin.s16 q2, q2, q0",
                "str r9, [sp, #80]",
                "cmp r9, r12",
                "vstrb.16 q2, [r10, q1]",
                "bne 10b",
                "add sp, sp, #88",
                "pop {{r6, r7}}",
                inout("r0") core::ptr::from_ref(state) => _,
                inout("r1") vectors => _,
                in("r11") end,
                out("r2") _, out("r3") _, out("r4") _, out("r5") _,
                out("r8") _, out("r9") _, out("r10") _, out("r12") _, out("lr") _,
                out("d0") _, out("d1") _, out("d2") _, out("d3") _,
                out("d4") _, out("d5") _, out("d6") _, out("d7") _,
                out("d8") _, out("d9") _, out("d10") _, out("d11") _,
                out("d12") _, out("d13") _, out("d14") _, out("d15") _,
            );
        }
    }
}
