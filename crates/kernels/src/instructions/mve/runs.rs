//! Multiplies what pixels see, where it lies in an image, with filters: two channels by four
//! pixels at a time.
//!
//! One file, as the loop, its checks and its twin are read side by side.

#[cfg(not(all(target_arch = "arm", target_os = "none")))]
use crate::instructions::mve::stored::stored;
use crate::instructions::reach::reach;
use crate::mve_filters::{MveRange, VECTOR};
#[cfg(not(all(target_arch = "arm", target_os = "none")))]
use crate::requantize::narrow;

/// Channels that are computed at a time.
const PAIR: usize = 2;

/// Pixels that are computed at a time.
const QUAD: usize = 4;

/// Words of the table for four pixels: where they see the image, then the first one's outputs.
const WORDS: usize = QUAD + 1;

/// Words of a block beside its weights.
const SCALES: usize = PAIR * QUAD + PAIR + PAIR;

/// Channels of which the places of a block in four pixels fit 16 bits.
const MOST_CHANNELS: usize = 1 << 14;

/// Runs and vectors of a filter of which the words of a block can be counted.
const MOST_VECTORS: usize = 1 << 12;

/// Weights, bias and requantization, two output channels at a time.
#[derive(Debug)]
pub struct MvePairs {
    /// Output channels, at least 1.
    pub channels: usize,
    /// Runs of taps that lie beside each other in the image, at least 1.
    pub runs: usize,
    /// Vectors of a run, at least 1; taps that are missing have weights of 0.
    pub vectors: usize,
    /// For each two channels, of which the last two are the last ones that there are: four times
    /// the bias of each, which the input's zero point is folded into; for each vector of taps one
    /// of weights of each channel; two multipliers; two shifts, which are -1 or less. A single
    /// channel is there twice.
    pub blocks: &'static [i32],
    /// From sums to outputs.
    pub range: MveRange,
}

/// Where pixels see an image.
#[derive(Debug)]
pub struct Walk {
    /// Number of the first pixel.
    pub first: usize,
    /// Pixels of a row.
    pub width: usize,
    /// Elements from what a row of pixels sees to what the next does.
    pub row: usize,
    /// Elements from what a pixel sees to what the next one of its row does.
    pub step: usize,
    /// Elements from a run of taps to the next.
    pub pitch: usize,
}

impl MvePairs {
    /// Words of a block; 0 if they cannot be counted.
    fn block_words(&self) -> usize {
        let is_known = (1..=MOST_VECTORS).contains(&self.runs)
            && (1..=MOST_VECTORS).contains(&self.vectors)
            && (1..=MOST_CHANNELS).contains(&self.channels);
        let words = PAIR * (VECTOR / size_of::<i32>());
        match self.runs.saturating_mul(self.vectors) {
            vectors @ 1..=MOST_VECTORS if is_known => vectors * words + SCALES,
            _ => 0,
        }
    }
}

/// Computes `[pixels, channels]` from an image; `table` has five words for each four pixels.
///
/// The number of pixels follows from the outputs. Does nothing where a slice is too short.
pub fn multiply_runs(
    pairs: &MvePairs,
    walk: &Walk,
    image: &[i8],
    table: &mut [u32],
    outputs: &mut [i8],
) {
    let channels = pairs.channels;
    let pixels = outputs.len().checked_div(channels).unwrap_or_default();
    let block_words = pairs.block_words();
    let Some(more) = pixels.checked_sub(1) else {
        return;
    };
    let last = walk.first.saturating_add(more).checked_div(walk.width);
    let (Some(last), Some(table)) = (last, table.get_mut(..pixels.div_ceil(QUAD) * WORDS)) else {
        return;
    };
    let run = pairs.vectors.saturating_mul(VECTOR);
    let seen = reach(pairs.runs.saturating_sub(1), walk.pitch, run);
    let seen = reach(walk.width.saturating_sub(1), walk.step, seen);
    if block_words == 0
        || reach(last, walk.row, seen) > image.len()
        || pairs.blocks.len() < channels.div_ceil(PAIR) * block_words
    {
        return;
    }
    fill(table, walk, pixels, channels, image);
    let mut task = Task::new(pairs, walk, image, pixels, table);
    for (block, words) in pairs.blocks.chunks_exact(block_words).enumerate() {
        let channel = (block * PAIR).min(channels.saturating_sub(PAIR));
        if let Some(outputs) = outputs.get_mut(channel..).filter(|_| channel < channels) {
            task.run(words, outputs);
        }
    }
}

/// Lists where each four pixels see the image, and the outputs of the first one from the image's
/// or channel's first on. The last four end with the last pixel, where there are so many.
#[allow(clippy::cast_possible_truncation)] // addresses have 32 bits, and tensors are smaller
fn fill(table: &mut [u32], walk: &Walk, pixels: usize, channels: usize, image: &[i8]) {
    let mut next = 0;
    let mut place = Seen::new(walk, 0, image);
    for words in table.chunks_exact_mut(WORDS) {
        let first = next.min(pixels.saturating_sub(QUAD));
        if first < next {
            place = Seen::new(walk, first, image);
        }
        next = first;
        let Some((output, addresses)) = words.split_last_mut() else {
            return; // never: there are some words
        };
        *output = (first * channels) as u32;
        for address in addresses {
            *address = place.at as u32;
            next += 1;
            // Of fewer than four the last one repeats.
            if next < pixels {
                place.advance(walk);
            }
        }
    }
}

/// What a pixel sees.
struct Seen {
    /// Where it is: an address for the assembly.
    at: usize,
    /// Where that of the row's first pixel is.
    row: usize,
    /// Pixels of the row from this one on.
    left: usize,
}

impl Seen {
    /// What the pixel behind so many sees.
    #[cfg_attr(
        not(all(target_arch = "arm", target_os = "none")),
        allow(unused_variables)
    )]
    fn new(walk: &Walk, behind: usize, image: &[i8]) -> Self {
        #[cfg(all(target_arch = "arm", target_os = "none"))]
        let base = image.as_ptr().expose_provenance();
        #[cfg(not(all(target_arch = "arm", target_os = "none")))]
        let base = 0;
        let pixel = walk.first.saturating_add(behind);
        let row = pixel.checked_div(walk.width).unwrap_or_default();
        let column = pixel - row * walk.width;
        let row = base + row * walk.row;
        Self {
            at: row + column * walk.step,
            row,
            left: walk.width - column,
        }
    }

    /// Goes on to the next pixel.
    #[inline]
    fn advance(&mut self, walk: &Walk) {
        self.at = self.at.wrapping_add(walk.step);
        self.left -= 1;
        if self.left == 0 {
            self.row += walk.row;
            self.at = self.row;
            self.left = walk.width;
        }
    }
}

#[cfg(all(target_arch = "arm", target_os = "none"))]
use assembly::State as Task;

/// What the assembly does, in plain Rust.
#[cfg(not(all(target_arch = "arm", target_os = "none")))]
struct Task<'t> {
    pairs: &'t MvePairs,
    pitch: usize,
    image: &'t [i8],
    pixels: usize,
    table: &'t [u32],
}

#[cfg(not(all(target_arch = "arm", target_os = "none")))]
impl<'t> Task<'t> {
    fn new(
        pairs: &'t MvePairs,
        walk: &Walk,
        image: &'t [i8],
        pixels: usize,
        table: &'t [u32],
    ) -> Self {
        Self {
            pairs,
            pitch: walk.pitch,
            image,
            pixels,
            table,
        }
    }

    fn run(&mut self, block: &[i32], outputs: &mut [i8]) {
        let pairs = self.pairs;
        let (biases, rest) = block.split_at(PAIR * QUAD);
        let (weights, scales) = rest.split_at(rest.len() - 2 * PAIR);
        let (multipliers, shifts) = scales.split_at(PAIR);
        for words in self.table.chunks_exact(WORDS) {
            let Some((&output, addresses)) = words.split_last() else {
                return;
            };
            for (pixel, &address) in addresses.iter().enumerate() {
                let place = output as usize + pixel.min(self.pixels - 1) * pairs.channels;
                for channel in 0..PAIR {
                    let vectors = weights.chunks_exact(VECTOR / size_of::<i32>());
                    let own = vectors.skip(channel).step_by(PAIR).flatten();
                    let own = own.flat_map(|word| word.to_le_bytes());
                    let seen = (0..pairs.runs).flat_map(|run| {
                        let from = address as usize + run * self.pitch;
                        let to = from + pairs.vectors * VECTOR;
                        self.image.get(from..to).unwrap_or_default()
                    });
                    let bias = biases.get(channel * QUAD).copied().unwrap_or_default();
                    let sum = seen.zip(own).fold(bias, |sum, (&value, weight)| {
                        let weight = i32::from(i8::from_le_bytes([weight]));
                        sum.wrapping_add(weight * i32::from(value))
                    });
                    let of = |values: &[i32]| values.get(channel).copied().unwrap_or_default();
                    let value = stored(sum, of(multipliers), narrow(of(shifts)), pairs.range);
                    let to = place + channel.min(pairs.channels - 1);
                    if let Some(output) = outputs.get_mut(to) {
                        *output = value;
                    }
                }
            }
        }
    }
}

#[cfg(all(target_arch = "arm", target_os = "none"))]
mod assembly {
    use super::{MvePairs, Walk, PAIR, QUAD};
    use crate::mve_filters::VECTOR;
    use core::arch::asm;
    use core::marker::PhantomData;

    /// Vectors that the assembly sums between two looks at its counter.
    const ROUND: usize = 4;
    /// Bytes of the assembly for one of them.
    const STEP: usize = 56;

    /// What the assembly keeps in memory, at the offsets from `one` that it uses.
    #[repr(C)]
    pub struct State<'t> {
        sums: [i32; PAIR * QUAD],
        one: i32,                   // 0
        zero_point: i32,            // 4
        seen: *const u32,           // 8: of the table
        output: *mut i8,            // 12: of the block's first channel
        end: *const u32,            // 16: of the table
        block: *const i32,          // 20
        rounds: usize,              // 24
        begin: usize,               // 28: bytes of the first round that are not run
        step: usize,                // 32, wraps: from behind a run's vectors to the next run
        scales: *const i32,         // 36: of the block, behind its weights
        low: i32,                   // 40
        high: i32,                  // 44
        places: [u16; PAIR * QUAD], // 48: of each pixel's outputs
        table: &'t [u32],
        image: PhantomData<&'t [i8]>,
    }

    impl<'t> State<'t> {
        /// Four pixels each that the table lists, so many in all, one or more.
        #[allow(clippy::cast_possible_truncation)] // channels have fewer bits
        pub fn new(
            pairs: &'t MvePairs,
            walk: &Walk,
            _: &'t [i8],
            pixels: usize,
            table: &'t [u32],
        ) -> Self {
            let mut places = [0; PAIR * QUAD];
            for (pixel, places) in places.chunks_exact_mut(PAIR).enumerate() {
                for (channel, place) in places.iter_mut().enumerate() {
                    let pixel = pixel.min(pixels - 1) * pairs.channels;
                    *place = (pixel + channel.min(pairs.channels - 1)) as u16;
                }
            }
            Self {
                sums: [0; PAIR * QUAD],
                one: 1,
                zero_point: pairs.range.zero_point,
                seen: core::ptr::null(),
                output: core::ptr::null_mut(),
                end: table.as_ptr_range().end,
                block: core::ptr::null(),
                rounds: pairs.vectors.div_ceil(ROUND),
                begin: pairs.vectors.wrapping_neg() % ROUND * STEP,
                step: walk.pitch.wrapping_sub(pairs.vectors * VECTOR),
                scales: core::ptr::null(),
                low: pairs.range.low,
                high: pairs.range.high,
                places,
                table,
                image: PhantomData,
            }
        }

        /// Computes two channels with a block; outputs are those from the first of them on.
        pub fn run(&mut self, block: &[i32], outputs: &mut [i8]) {
            let weights = block.len().saturating_sub(2 * PAIR);
            self.seen = self.table.as_ptr();
            self.output = outputs.as_mut_ptr();
            self.block = block.as_ptr();
            self.scales = block.as_ptr().wrapping_add(weights);
            // SAFETY: the caller has seen that at the table's addresses the image has all that a
            // filter sees, that the block is whole, and that its places are outputs.
            unsafe { run(self) }
        }
    }

    /// Runs over the table.
    ///
    /// # Safety
    ///
    /// The table has four pixels or more, the image all that they see, and the block all that the
    /// state says; each place is an output.
    #[inline(never)]
    unsafe fn run(state: &mut State<'_>) {
        // SAFETY: as the caller promises. The stack serves to save registers that cannot be named,
        // and holds rounds, the address where they begin, the step, the scales and the state.
        //
        // Even registers are sums, of the first channel up to r6 and of the second from r8 on, then
        // constants; r1, r3, r5 and r7 are what pixels see, r9 weights, r11 rounds left or the
        // state's one. q5 places, q6 low, q7 high.
        unsafe {
            asm!(
                "push {{r6, r7}}",
                "add r11, r0, #32",
                "ldrd r1, r2, [r11, #24]",
                "ldrd r3, r4, [r11, #32]",
                "adr.w r0, 30f",
                "add r2, r0",
                "adds r2, r2, #1",
                "push {{r1, r2, r3, r4, r11}}",
                "ldrd r0, r2, [r11, #40]",
                "vdup.16 q6, r0",
                "vdup.16 q7, r2",
                "vldrh.u16 q5, [r11, #48]",
                // Four pixels.
                "10:",
                "ldr r9, [r11, #8]",
                "ldm r9!, {{r1, r3, r5, r7}}",
                "add r9, #4",
                "str r9, [r11, #8]",
                "ldr r9, [r11, #20]",
                "ldm r9!, {{r0, r2, r4, r6, r8, r10, r12, lr}}",
                // A run.
                "20:",
                "ldr r11, [sp]",
                "ldr pc, [sp, #4]",
                ".p2align 2",
                "30:",
                ".rept 4",
                "vldrb.u8 q0, [r1], #16",
                "vldrb.u8 q1, [r9], #16",
                "vmladava.s8 r0, q0, q1",
                "vldrb.u8 q2, [r9], #16",
                "vmladava.s8 r8, q0, q2",
                "vldrb.u8 q3, [r3], #16",
                "vmladava.s8 r2, q3, q1",
                "vmladava.s8 r10, q3, q2",
                "vldrb.u8 q0, [r5], #16",
                "vmladava.s8 r4, q0, q1",
                "vmladava.s8 r12, q0, q2",
                "vldrb.u8 q3, [r7], #16",
                "vmladava.s8 r6, q3, q1",
                "vmladava.s8 lr, q3, q2",
                ".endr",
                "subs r11, r11, #1",
                "bne 30b",
                "ldr r11, [sp, #8]",
                "add r1, r11",
                "add r3, r11",
                "add r5, r11",
                "add r7, r11",
                "ldr r11, [sp, #12]",
                "cmp r9, r11",
                "bne 20b",
                "ldr r11, [sp, #16]",
                "stmdb r11, {{r0, r2, r4, r6, r8, r10, r12, lr}}",
                "vldrw.u32 q0, [r11, #-32]",
                "vldrw.u32 q1, [r11, #-16]",
                "ldm r9, {{r0, r2, r4, r6}}",
                "ldm r11, {{r1, r3, r5, r7, r8}}",
                "vqrdmulh.s32 q2, q0, r0",
                "vqrdmulh.s32 q3, q1, r2",
                "vqdmlah.s32 q2, q0, r1",
                "vqdmlah.s32 q3, q1, r1",
                "vrshl.s32 q2, r4",
                "vrshl.s32 q3, r6",
                "vqmovnb.s32 q2, q2",
                "ldr r0, [r5, #-4]",
                "vqmovnt.s32 q2, q3",
                "add r0, r7",
                "vqadd.s16 q2, q2, r3",
                "vmax.s16 q2, q2, q6",
                "vmin.s16 q2, q2, q7",
                "cmp r5, r8",
                "vstrb.16 q2, [r0, q5]",
                "bne 10b",
                "add sp, #20",
                "pop {{r6, r7}}",
                inout("r0") core::ptr::from_mut(state) => _,
                out("r1") _, out("r2") _, out("r3") _, out("r4") _, out("r5") _,
                out("r8") _, out("r9") _, out("r10") _, out("r11") _, out("r12") _, out("lr") _,
                out("d0") _, out("d1") _, out("d2") _, out("d3") _,
                out("d4") _, out("d5") _, out("d6") _, out("d7") _,
                out("d10") _, out("d11") _,
                out("d12") _, out("d13") _, out("d14") _, out("d15") _,
            );
        }
    }
}
