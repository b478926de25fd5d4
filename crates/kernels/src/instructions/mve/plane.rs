//! One channel of an image, apart from the others, and what a filter sees of it.
//!
//! One file, as the loop, its checks and its twin are read side by side.

use crate::instructions::bytes::bytes;
#[cfg(not(all(target_arch = "arm", target_os = "none")))]
use crate::instructions::mve::stored::stored;
use crate::instructions::reach::reach;
use crate::mve_filters::{MveRange, VECTOR};
#[cfg(not(all(target_arch = "arm", target_os = "none")))]
use crate::requantize::narrow;
use crate::rolled::{fill, repeated};
use crate::window::Window;

/// Words of the table for four pairs of outputs: where they see, then where they go.
const BLOCK: usize = 8;

/// Vectors of the longest filter.
const MOST: usize = 4;

/// Elements of the plane that a filter is over, whose offsets have 8 bits.
const MOST_SEEN: usize = 1 << 8;

/// Elements of the outputs, whose places have 16 bits.
const MOST_OUTPUTS: usize = 1 << 16;

/// Channels of the input, of which the offsets of eight elements have 16 bits.
const MOST_CHANNELS: usize = (1 << 13) - 1;

/// Words of [`Filters::scales`] for each channel.
pub const SCALES: usize = 3;

/// The filters of some output channels of one input channel.
#[derive(Clone, Copy, Debug)]
pub struct Filters<'f> {
    /// For each channel and row of the filter as many zeros as the stride, then its weights; then
    /// zeros again.
    ///
    /// The second output of a pair sees the taps that these begin with, the first those after the
    /// zeros.
    pub weights: &'f [i8],
    /// For each channel: bias, which the input's zero point is folded into, fixed-point
    /// multiplier, and the power of two that goes with it, -1 or less.
    pub scales: &'f [i32],
}

/// A padded channel in scratch, and a table of the outputs that are computed from it by filters of
/// up to so many vectors.
#[derive(Debug)]
pub struct Plane<'s, const VECTORS: usize> {
    /// Channels of the output.
    channels: usize,
    #[cfg_attr(all(target_arch = "arm", target_os = "none"), allow(dead_code))] // by address
    plane: &'s mut [i8],
    copied: Copied,
    /// Elements of the input.
    source: usize,
    outputs: &'s mut [i8],
    /// For each four pairs of outputs: the address of what each pair sees, in the plane, then
    /// the offsets of the eight outputs as halves of words, the second four in upper halves.
    table: &'s [u32],
    /// For each vector of taps, their offsets from that address; for the assembly room for the
    /// weights of a long filter, of the first output of a pair and of the second.
    parts: [[[u8; VECTOR]; 3]; VECTORS],
    /// Taps of a vector.
    lanes: usize,
    vectors: usize,
    /// Taps from what the second output of a pair sees to what the first does.
    more: usize,
    /// From sums to outputs.
    #[cfg(not(all(target_arch = "arm", target_os = "none")))]
    range: MveRange,
    #[cfg(all(target_arch = "arm", target_os = "none"))]
    state: assembly::State,
}

/// What is copied of an input, at the offsets that the assembly uses.
#[derive(Debug)]
#[repr(C)]
struct Copied {
    /// Where the first element goes in the plane: an address for the assembly.
    start: usize,
    /// Rows; one where rows of the plane are those of the input.
    height: usize,
    /// Elements of a row.
    width: usize,
    /// Elements of a row of the plane.
    pitch: usize,
    /// Channels of the input.
    depth: usize,
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
        window: &Window,
        (height, pitch, filter_rows): (usize, usize, usize),
        (depth, channels): (usize, usize),
        rows: core::ops::Range<usize>,
        padding: i8,
        range: MveRange,
        (scratch, outputs): (&'s mut [u32], &'s mut [i8]),
    ) -> Option<Self> {
        let width = window.output_width();
        let row = window.filter_width() + window.stride_width();
        let lanes = row.saturating_mul(filter_rows);
        let vectors = window.filter_height().div_ceil(filter_rows.max(1));
        let elements = rows.len().saturating_mul(width).saturating_mul(channels);
        let fits = VECTORS <= MOST
            && width >= 2
            && (1..=VECTOR).contains(&lanes)
            && (1..=VECTORS).contains(&vectors)
            && reach(window.filter_height() - 1, pitch, row) <= MOST_SEEN
            && window.padding_left() + window.input_width() <= pitch
            && window.padding_top() + window.input_height() <= height
            && (width - 1) * window.stride_width() + window.filter_width() <= pitch
            && reach(
                rows.end.checked_sub(1)?,
                window.stride_height(),
                window.filter_height(),
            ) <= height
            && (1..=MOST_OUTPUTS).contains(&elements)
            && outputs.len() >= elements
            && window.input_height() * window.input_width() > 0
            && (1..=MOST_CHANNELS).contains(&depth);
        if !fits {
            return None;
        }
        let blocks = (rows.len() * width.div_ceil(2)).div_ceil(4);
        let (table, plane) = scratch.split_at_mut_checked(blocks * BLOCK)?;
        fill(plane, repeated(padding));
        let plane = bytes(plane).get_mut(..height.saturating_mul(pitch))?;
        let mut parts = [[[0; VECTOR]; 3]; VECTORS];
        for (vector, [offsets, ..]) in parts.iter_mut().enumerate() {
            let tap_rows = vector * filter_rows..window.filter_height();
            for (to, tap_row) in offsets
                .chunks_mut(row.max(1))
                .zip(tap_rows)
                .take(filter_rows)
            {
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
        let (source_height, source_width) = (window.input_height(), window.input_width());
        let is_one_piece = source_width == pitch;
        Some(Self {
            channels,
            plane,
            copied: Copied {
                start: base + window.padding_top() * pitch + window.padding_left(),
                height: if is_one_piece { 1 } else { source_height },
                width: if is_one_piece {
                    pitch * source_height
                } else {
                    source_width
                },
                pitch,
                depth,
            },
            source: (source_height * source_width).saturating_mul(depth),
            outputs,
            table,
            parts,
            lanes,
            vectors,
            more: window.stride_width(),
            #[cfg(not(all(target_arch = "arm", target_os = "none")))]
            range,
            #[cfg(all(target_arch = "arm", target_os = "none"))]
            state: assembly::State::new(range, table, [window.stride_width(), lanes]),
        })
    }

    /// Copies a channel of an image into the plane.
    pub fn load(&mut self, input: &[i8], channel: usize) {
        if channel >= self.copied.depth || input.len() < self.source {
            return;
        }
        #[cfg(all(target_arch = "arm", target_os = "none"))]
        // SAFETY: element `channel` of each pixel is inside the input, and all rows are inside the
        // plane, as seen above and in `new`. No number is 0.
        unsafe {
            let from = input.as_ptr().add(channel);
            if self.copied.height > 1 && self.copied.width <= VECTOR {
                assembly::load_columns(from, &self.copied);
            } else {
                assembly::load_rows(from, &self.copied);
            }
        }
        #[cfg(not(all(target_arch = "arm", target_os = "none")))]
        {
            let copied = &self.copied;
            let mut values = input.iter().skip(channel).step_by(copied.depth);
            let rows = self.plane.get_mut(copied.start..).unwrap_or_default();
            let pitch = copied.pitch.max(copied.width);
            for row in rows.chunks_mut(pitch).take(copied.height) {
                for (to, &from) in row.iter_mut().zip(values.by_ref().take(copied.width)) {
                    *to = from;
                }
            }
        }
    }

    /// Computes the outputs of channels from one on, with filters of one vector.
    ///
    /// Does nothing where a slice is too short.
    pub fn compute(&mut self, filters: Filters<'_>, channel: usize) {
        if !self.fits(filters, channel) {
            return;
        }
        #[cfg(all(target_arch = "arm", target_os = "none"))]
        {
            self.state
                .begin(filters, self.outputs.get_mut(channel..).unwrap_or_default());
            // SAFETY: `new` made the table of addresses inside the plane, and of offsets of the
            // first channel's outputs, which are inside for all channels. Each channel, of which
            // there is one or more, has weights for both outputs.
            unsafe { assembly::run(&mut self.state, self.parts.as_ptr().cast()) }
        }
        #[cfg(not(all(target_arch = "arm", target_os = "none")))]
        self.twin(filters, channel);
    }

    /// The same with filters of one vector or more; the last may end with rows of zeros.
    pub fn compute_long(&mut self, filters: Filters<'_>, channel: usize) {
        if !self.fits(filters, channel) {
            return;
        }
        #[cfg(all(target_arch = "arm", target_os = "none"))]
        {
            self.state
                .begin(filters, self.outputs.get_mut(channel..).unwrap_or_default());
            // SAFETY: as in `compute`; there is room for the weights of each vector.
            unsafe { assembly::run_long(&mut self.state, self.parts.as_mut_ptr(), self.vectors) }
        }
        #[cfg(not(all(target_arch = "arm", target_os = "none")))]
        self.twin(filters, channel);
    }

    /// Whether there are such weights and channels.
    #[inline]
    fn fits(&self, filters: Filters<'_>, channel: usize) -> bool {
        let count = filters.scales.len() / SCALES;
        count > 0
            && count <= self.channels.saturating_sub(channel)
            && filters.weights.len() >= count * self.vectors * self.lanes + self.more
    }

    #[cfg(not(all(target_arch = "arm", target_os = "none")))]
    fn twin(&mut self, filters: Filters<'_>, channel: usize) {
        let taps = self.vectors * self.lanes;
        let parts = self.parts.iter().take(self.vectors);
        let weights = (0..).step_by(taps);
        let scales = filters.scales.chunks_exact(SCALES);
        for ((channel, scale), weights) in (channel..).zip(scales).zip(weights) {
            let &[bias, multiplier, shift] = scale else {
                return;
            };
            for block in self.table.chunks_exact(BLOCK) {
                let (seen, places) = block.split_at(BLOCK / 2);
                let low = places.iter().map(|word| word & 0xffff);
                let places = low.chain(places.iter().map(|word| word >> 16));
                let both = seen.iter().flat_map(|&from| [(from, self.more), (from, 0)]);
                for ((from, skipped), place) in both.zip(places) {
                    let mut weights = filters.weights.iter().skip(weights + skipped);
                    let mut sum = bias;
                    for [offsets, ..] in parts.clone() {
                        let weights = weights.by_ref().take(self.lanes);
                        for (&weight, &offset) in weights.zip(offsets) {
                            let value = self.plane.get(from as usize + usize::from(offset));
                            let value = value.copied().unwrap_or_default();
                            sum = sum.wrapping_add(i32::from(value) * i32::from(weight));
                        }
                    }
                    if let Some(output) = self.outputs.get_mut(place as usize + channel) {
                        *output = stored(sum, multiplier, narrow(shift), self.range);
                    }
                }
            }
        }
    }
}

#[cfg(all(target_arch = "arm", target_os = "none"))]
mod assembly {
    use super::{Copied, Filters, MOST, SCALES};
    use crate::mve_filters::{MveRange, VECTOR};
    use core::arch::asm;

    /// Offsets of a vector's taps, and weights of both outputs.
    pub type Part = [[u8; VECTOR]; 3];

    /// Bytes of the assembly for one of them.
    const STEP: usize = 60;

    /// What the assembly keeps in memory, at the offsets from `scale` that it uses.
    #[repr(C)]
    #[derive(Debug)]
    pub struct State {
        sums: [i32; 8],
        scale: [i32; SCALES], // 0: bias, multiplier, shift
        zero_point: i32,      // 12
        one: i32,             // 16
        output: *mut i8,      // 20
        end: *const u32,      // 24: of the table
        table: *const u32,    // 28
        weights: *const i8,   // 32
        scales: *const i32,   // 36
        more: usize,          // 40: taps from the second output's weights to the first's
        lanes: usize,         // 44: of a vector
        high: [i16; 8],       // 48
        low: i32,             // 64
        count: usize,         // 68: channels left
        parts: *mut Part,     // 72
        begin: usize,         // 76: address of the code for the second vector
        vectors: usize,       // 80
        seen: *const u32,     // 84: of the table, four pairs
    }

    impl State {
        #[allow(clippy::cast_possible_truncation)] // in `[-128, 127]`
        pub fn new(range: MveRange, table: &[u32], [more, lanes]: [usize; 2]) -> Self {
            let ends = table.as_ptr_range();
            Self {
                sums: [0; 8],
                scale: [0; SCALES],
                zero_point: range.zero_point,
                one: 1,
                output: core::ptr::null_mut(),
                end: ends.end,
                table: ends.start,
                weights: core::ptr::null(),
                scales: core::ptr::null(),
                more,
                lanes,
                high: [range.high as i16; 8],
                low: range.low,
                count: 0,
                parts: core::ptr::null_mut(),
                begin: 0,
                vectors: 0,
                seen: core::ptr::null(),
            }
        }

        /// Turns to some channels, one or more.
        pub fn begin(&mut self, filters: Filters<'_>, outputs: &mut [i8]) {
            self.output = outputs.as_mut_ptr();
            self.weights = filters.weights.as_ptr();
            self.scales = filters.scales.as_ptr();
            self.count = filters.scales.len() / SCALES;
        }
    }

    /// Copies a channel row by row, eight elements at a time.
    ///
    /// # Safety
    ///
    /// An element is at `from` and then every `depth` bytes for each that is copied, and the rows
    /// have room. No number is 0, and seven elements' offsets fit 16 bits.
    #[inline(never)]
    pub unsafe fn load_rows(from: *const i8, copied: &Copied) {
        // SAFETY: as the caller promises.
        unsafe {
            asm!(
                "ldm r1, {{r1, r2, r3, r4, r5}}",
                "movs r8, #0",
                "vidup.u16 q1, r8, #1",
                "vmul.i16 q1, q1, r5",
                "add r9, r3, #7",
                "bic r9, r9, #7",
                "subs r4, r4, r9", // from the end of a row's vectors to the next row
                "subs r9, r9, r3",
                "mul r9, r9, r5", // elements that a row's last vector does not have
                "lsls r5, r5, #3",
                "10:",
                "dlstp.16 lr, r3",
                "20:",
                "vldrb.u16 q0, [r0, q1]",
                "vstrb.16 q0, [r1], #8",
                "add r0, r5",
                "letp lr, 20b",
                "add r1, r4",
                "sub r0, r0, r9",
                "subs r2, r2, #1",
                "bne 10b",
                inout("r0") from => _,
                inout("r1") core::ptr::from_ref(copied) => _,
                out("r2") _, out("r3") _, out("r4") _, out("r5") _,
                out("r8") _, out("r9") _, out("lr") _,
                out("d0") _, out("d1") _, out("d2") _, out("d3") _,
                options(nostack),
            );
        }
    }

    /// The same for short rows: eight columns at a time, from the first row to the last.
    ///
    /// # Safety
    ///
    /// As of [`load_rows`].
    #[inline(never)]
    pub unsafe fn load_columns(from: *const i8, copied: &Copied) {
        // SAFETY: as the caller promises; predicates leave out what a row does not have.
        unsafe {
            asm!(
                "ldm r1, {{r1, r2, r3, r4, r5}}",
                "movs r8, #0",
                "vidup.u16 q1, r8, #1",
                "vmul.i16 q1, q1, r5",
                "mul r9, r3, r5", // a row of the input
                "lsls r5, r5, #3",
                "mov r10, r2",
                "10:",
                "vctp.16 r3",
                "mov r8, r0",
                "mov r2, r1",
                "dls lr, r10",
                "20:",
                "vpstt",
                "vldrbt.u16 q0, [r8, q1]",
                "vstrbt.16 q0, [r2]",
                "add r8, r9",
                "add r2, r4",
                "le lr, 20b",
                "add r0, r5",
                "adds r1, r1, #8",
                "subs r3, r3, #8",
                "bgt 10b",
                inout("r0") from => _,
                inout("r1") core::ptr::from_ref(copied) => _,
                out("r2") _, out("r3") _, out("r4") _, out("r5") _,
                out("r8") _, out("r9") _, out("r10") _, out("lr") _,
                out("d0") _, out("d1") _, out("d2") _, out("d3") _,
                options(nostack),
            );
        }
    }

    /// Computes all outputs of the table, of some channels.
    ///
    /// # Safety
    ///
    /// The table has a block or more; each pair sees elements at its address plus offsets, and
    /// each output is an element at its offset. Each channel, of which there is one or more, has
    /// `lanes` weights for both outputs, `more` apart. There is a vector of offsets.
    #[inline(never)]
    pub unsafe fn run(state: &mut State, offsets: *const u8) {
        // SAFETY: as the caller promises. The stack serves to save registers that cannot be named.
        //
        // Even registers are sums, then constants; r1, r3, r5, r7 are what pairs see, r9 the
        // table, r11 the state's scale. q4 low, q5 and q6 weights, q7 offsets of taps.
        unsafe {
            asm!(
                "push {{r6, r7}}",
                "add r11, r0, #32",
                "vldrb.u8 q7, [r1]",
                "ldr r0, [r11, #64]",
                "vdup.16 q4, r0",
                // A channel.
                "10:",
                "ldrd r1, r3, [r11, #32]",
                "ldrd r5, r4, [r11, #40]",
                "add r5, r1",
                "vctp.8 r4",
                "vpstt",
                "vldrbt.u8 q5, [r5]",
                "vldrbt.u8 q6, [r1]",
                "add r1, r4",
                "ldm r3!, {{r0, r2, r5}}",
                "strd r1, r3, [r11, #32]",
                "stm r11, {{r0, r2, r5}}",
                "ldr r9, [r11, #28]",
                // Four pairs.
                "20:",
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
                "stmdb r11, {{r0, r2, r4, r6, r8, r10, r12, lr}}",
                "vldrw.u32 q0, [r11, #-32]",
                "vldrw.u32 q1, [r11, #-16]",
                "ldm r11, {{r0, r2, r4, r6, r8, r10, r12}}",
                "vadd.i32 q0, q0, r0",
                "vadd.i32 q1, q1, r0",
                "vqrdmulh.s32 q2, q0, r2",
                "vqrdmulh.s32 q3, q1, r2",
                "vqdmlah.s32 q2, q0, r8",
                "vqdmlah.s32 q3, q1, r8",
                "vrshl.s32 q2, r4",
                "vrshl.s32 q3, r4",
                "vqmovnb.s32 q2, q2",
                "vqmovnt.s32 q2, q3",
                "vldrw.u32 q0, [r11, #48]",
                "vqadd.s16 q2, q2, r6",
                "vldrh.u16 q1, [r9], #16",
                "vmax.s16 q2, q2, q4",
                "vmin.s16 q2, q2, q0",
                "cmp r9, r12",
                "vstrb.16 q2, [r10, q1]",
                "bne 20b",
                // The next channel.
                "adds r10, r10, #1",
                "str r10, [r11, #20]",
                "ldr r0, [r11, #68]",
                "subs r0, r0, #1",
                "str r0, [r11, #68]",
                "bne 10b",
                "pop {{r6, r7}}",
                inout("r0") core::ptr::from_mut(state) => _,
                inout("r1") offsets => _,
                out("r2") _, out("r3") _, out("r4") _, out("r5") _,
                out("r8") _, out("r9") _, out("r10") _, out("r11") _, out("r12") _, out("lr") _,
                out("d0") _, out("d1") _, out("d2") _, out("d3") _,
                out("d4") _, out("d5") _, out("d6") _, out("d7") _,
                out("d8") _, out("d9") _, out("d10") _, out("d11") _,
                out("d12") _, out("d13") _, out("d14") _, out("d15") _,
            );
        }
    }

    /// The same with filters of so many vectors, 1 to [`MOST`], of which each has a part with
    /// offsets and room for weights, 0 where a vector has fewer taps.
    ///
    /// # Safety
    ///
    /// As of [`run`].
    #[inline(never)]
    pub unsafe fn run_long(state: &mut State, parts: *mut Part, vectors: usize) {
        state.parts = parts;
        // SAFETY: as the caller promises. The stack serves to save registers that cannot be named.
        //
        // Even registers are sums, then constants; r1, r3, r5, r7 are what pairs see, r9 the
        // table or parts, r11 the state's scale. q4 low, q5 and q6 weights, q7 offsets of taps.
        unsafe {
            asm!(
                "push {{r6, r7}}",
                "add r11, r0, #32",
                "adr.w r0, 40f",
                "add r0, r0, r3",
                "adds r0, r0, #1",
                "str r0, [r11, #76]",
                "ldr r0, [r11, #64]",
                "vdup.16 q4, r0",
                // A channel.
                "10:",
                "ldrd r1, r3, [r11, #32]",
                "ldrd r5, r4, [r11, #40]",
                "ldr r9, [r11, #72]",
                "vctp.8 r4",
                "mov r8, r2",
                "20:",
                "adds r0, r1, r5",
                "vpstt",
                "vldrbt.u8 q5, [r0]",
                "vldrbt.u8 q6, [r1]",
                "vstrw.32 q5, [r9, #16]",
                "vstrw.32 q6, [r9, #32]",
                "add r9, #48",
                "add r1, r4",
                "subs r8, r8, #1",
                "bne 20b",
                "ldm r3!, {{r0, r4, r5}}",
                "strd r1, r3, [r11, #32]",
                "stm r11, {{r0, r4, r5}}",
                "ldr r9, [r11, #28]",
                "str r2, [r11, #80]",
                "str r9, [r11, #84]",
                // Four pairs.
                "30:",
                "ldr r9, [r11, #84]",
                "ldm r9!, {{r1, r3, r5, r7}}",
                "str r9, [r11, #84]",
                "ldr r9, [r11, #72]",
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
                "ldr pc, [r11, #76]",
                ".p2align 2",
                "40:",
                ".rept 3",
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
                ".endr",
                "stmdb r11, {{r0, r2, r4, r6, r8, r10, r12, lr}}",
                "vldrw.u32 q0, [r11, #-32]",
                "vldrw.u32 q1, [r11, #-16]",
                "ldm r11, {{r0, r2, r4, r6, r8, r10, r12}}",
                "vadd.i32 q0, q0, r0",
                "vadd.i32 q1, q1, r0",
                "vqrdmulh.s32 q2, q0, r2",
                "vqrdmulh.s32 q3, q1, r2",
                "vqdmlah.s32 q2, q0, r8",
                "vqdmlah.s32 q3, q1, r8",
                "vrshl.s32 q2, r4",
                "vrshl.s32 q3, r4",
                "vqmovnb.s32 q2, q2",
                "vqmovnt.s32 q2, q3",
                "vldrw.u32 q0, [r11, #48]",
                "vqadd.s16 q2, q2, r6",
                "ldr r9, [r11, #84]",
                "vldrh.u16 q1, [r9], #16",
                "vmax.s16 q2, q2, q4",
                "str r9, [r11, #84]",
                "vmin.s16 q2, q2, q0",
                "cmp r9, r12",
                "vstrb.16 q2, [r10, q1]",
                "bne 30b",
                // The next channel.
                "ldr r2, [r11, #80]",
                "adds r10, r10, #1",
                "str r10, [r11, #20]",
                "ldr r0, [r11, #68]",
                "subs r0, r0, #1",
                "str r0, [r11, #68]",
                "bne 10b",
                "pop {{r6, r7}}",
                inout("r0") core::ptr::from_mut(state) => _,
                inout("r2") vectors => _,
                inout("r3") (MOST - vectors) * STEP => _,
                out("r1") _, out("r4") _, out("r5") _,
                out("r8") _, out("r9") _, out("r10") _, out("r11") _, out("r12") _, out("lr") _,
                out("d0") _, out("d1") _, out("d2") _, out("d3") _,
                out("d4") _, out("d5") _, out("d6") _, out("d7") _,
                out("d8") _, out("d9") _, out("d10") _, out("d11") _,
                out("d12") _, out("d13") _, out("d14") _, out("d15") _,
            );
        }
    }
}
