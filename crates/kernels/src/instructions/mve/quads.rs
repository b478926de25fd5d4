//! Multiplies pixels of few channels with filters: four pixels by four channels at a time.

#[cfg(not(all(target_arch = "arm", target_os = "none")))]
use crate::instructions::mve::stored::stored;
use crate::instructions::reach::reach;
use crate::mve_filters::{MveRange, BLOCK, VECTOR};
#[cfg(not(all(target_arch = "arm", target_os = "none")))]
use crate::requantize::narrow;

/// Pixels that are computed at a time.
#[cfg(all(target_arch = "arm", target_os = "none"))]
const QUAD: usize = 4;

/// Channels of which the places of a block in four pixels fit 8 bits.
const MOST_CHANNELS: usize = 84;

/// Input channels, of which those behind a vector are multiplied one by one.
const MOST_DEPTH: usize = 20;

/// Words of a block beside its weights: biases, multipliers and shifts.
const SCALES: usize = 3 * BLOCK;

/// Words of a vector.
const WORDS: usize = VECTOR / size_of::<i32>();

/// Weights, bias and requantization, four output channels at a time.
#[derive(Debug)]
pub struct MveQuads {
    /// Output channels, 1 to 84.
    pub channels: usize,
    /// Input channels, 1 to 20.
    pub depth: usize,
    /// For each block of channels: four biases, which the input's zero point is folded into; a
    /// multiplier and a shift, which is -1 or less, of each channel; a vector of weights of each; a
    /// word of each channel for each tap behind the vector. Taps and channels that are missing are
    /// 0, shifts of such channels -1.
    pub blocks: &'static [i32],
    /// From sums to outputs.
    pub range: MveRange,
}

impl MveQuads {
    /// Elements that are read of a pixel.
    #[inline]
    #[must_use]
    pub fn seen(&self) -> usize {
        self.depth.max(VECTOR)
    }
}

/// Computes `[pixels, channels]` from pixels of `depth` elements, which follow each other; the last
/// one has a vector or more.
///
/// The number of pixels follows from the outputs. Does nothing where a slice is too short.
pub fn multiply_quads(quads: &MveQuads, values: &[i8], outputs: &mut [i8]) {
    let (channels, depth) = (quads.channels, quads.depth);
    if !(1..=MOST_CHANNELS).contains(&channels) || !(1..=MOST_DEPTH).contains(&depth) {
        return;
    }
    let Some(last) = (outputs.len() / channels).checked_sub(1) else {
        return;
    };
    let tails = depth.saturating_sub(VECTOR);
    let words = SCALES + BLOCK * (WORDS + tails);
    if values.len() < reach(last, depth, quads.seen())
        || quads.blocks.len() < channels.div_ceil(BLOCK) * words
    {
        return;
    }
    let pixels = last + 1;
    #[cfg(all(target_arch = "arm", target_os = "none"))]
    let mut task = assembly::Task::new(quads, tails, pixels);
    for (block, words) in quads.blocks.chunks_exact(words).enumerate() {
        let channel = block * BLOCK;
        let Some(left) = channels.checked_sub(channel).filter(|&left| left > 0) else {
            return;
        };
        #[cfg(all(target_arch = "arm", target_os = "none"))]
        // SAFETY: each pixel has what is read of it, and outputs of `left` channels or of all four
        // from this one on; a block has so many words, as seen above.
        unsafe {
            let (from, to) = (values.as_ptr(), outputs.as_mut_ptr().add(channel));
            task.block(words.as_ptr(), left);
            if pixels < QUAD {
                for pixel in 0..pixels {
                    task.run(from.add(pixel * depth), to.add(pixel * channels), 1);
                }
            } else {
                task.run(from, to, pixels / QUAD);
                if pixels % QUAD > 0 {
                    let first = pixels - QUAD;
                    task.run(from.add(first * depth), to.add(first * channels), 1);
                }
            }
        }
        #[cfg(not(all(target_arch = "arm", target_os = "none")))]
        for (pixel, outputs) in outputs.chunks_exact_mut(channels).take(pixels).enumerate() {
            let seen = values.get(pixel * depth..).unwrap_or_default();
            for (lane, output) in outputs
                .iter_mut()
                .skip(channel)
                .take(BLOCK.min(left))
                .enumerate()
            {
                *output = twin(words, tails, lane, seen, quads.range);
            }
        }
    }
}

/// What the assembly does for one output, in plain Rust.
#[cfg(not(all(target_arch = "arm", target_os = "none")))]
fn twin(words: &[i32], tails: usize, lane: usize, seen: &[i8], range: MveRange) -> i8 {
    let word = |at: usize| words.get(at).copied().unwrap_or_default();
    let vector = words.iter().skip(SCALES + lane * WORDS).take(WORDS);
    let vector = vector.flat_map(|word| word.to_le_bytes());
    let vector = vector.map(|byte| i32::from(i8::from_le_bytes([byte])));
    let first = SCALES + BLOCK * WORDS + lane;
    let weights = vector.chain((0..tails).map(|tap| word(first + tap * BLOCK)));
    let sum = seen
        .iter()
        .zip(weights)
        .fold(word(lane), |sum, (&value, weight)| {
            sum.wrapping_add(weight.wrapping_mul(value.into()))
        });
    let scale = BLOCK + 2 * lane;
    stored(sum, word(scale), narrow(word(scale + 1)), range)
}

#[cfg(all(target_arch = "arm", target_os = "none"))]
mod assembly {
    use super::{MveQuads, BLOCK, QUAD, SCALES, VECTOR, WORDS};
    use core::arch::asm;

    /// What the assembly keeps in memory, at the offsets that it uses.
    #[repr(C)]
    pub struct Task {
        first_sums: [i32; 2 * QUAD],  // -32 of r11: of two channels
        first_bias: [i32; 2 * QUAD],  // 0 of r11
        second_sums: [i32; 2 * QUAD], // -32 of r1: of the other two
        second_bias: [i32; 2 * QUAD], // 0 of r1
        scales: [i32; 9],             // 0 of r9: multipliers and shifts, and a 1 between
        zero_point: i32,              // 36
        pitch: usize,                 // 40: from a pixel to the next
        step: usize,                  // 44: from outputs of four pixels to the next four
        end: *mut i8,                 // 48: of those outputs
        tails: usize,                 // 52: taps behind the vector
        back: usize,                  // 56, wraps: from behind four pixels to the first such tap
        weights: *const i32,          // 60: of those taps
        low: [i8; VECTOR],            // 64
        high: [i8; VECTOR],           // 80
        places: [u32; QUAD],          // 96: of four channels of each pixel, as bytes
        apart: [usize; QUAD],         // 112: the four pixels
        fourth: [i32; WORDS],         // 128: weights of the last channel
        vectors: *const i32,          // 144: weights of all
        mask: usize,                  // 148: of channels that are there
    }

    impl Task {
        /// Fewer than four pixels are computed one by one, each there four times.
        #[allow(clippy::cast_possible_truncation)] // in `[-128, 127]`, and of few channels
        pub fn new(quads: &MveQuads, tails: usize, pixels: usize) -> Self {
            let (pitch, second) = if pixels < QUAD {
                (0, 0)
            } else {
                (quads.depth, quads.channels)
            };
            Self {
                first_sums: [0; 2 * QUAD],
                first_bias: [0; 2 * QUAD],
                second_sums: [0; 2 * QUAD],
                second_bias: [0; 2 * QUAD],
                scales: [0; 9],
                zero_point: quads.range.zero_point,
                pitch,
                step: QUAD * quads.channels,
                end: core::ptr::null_mut(),
                tails,
                back: VECTOR.wrapping_sub(QUAD * pitch),
                weights: core::ptr::null(),
                low: [quads.range.low as i8; VECTOR],
                high: [quads.range.high as i8; VECTOR],
                places: [0, 1, 2, 3]
                    .map(|pixel| (pixel * second as u32) * 0x0101_0101 + 0x0302_0100),
                apart: [0, pitch, 2 * pitch, 3 * pitch],
                fourth: [0; WORDS],
                vectors: core::ptr::null(),
                mask: 0,
            }
        }

        /// Goes over to a block, of which so many channels are left, or more than four.
        ///
        /// # Safety
        ///
        /// A block has as many words as the number of taps says.
        pub unsafe fn block(&mut self, block: *const i32, left: usize) {
            // SAFETY: as the caller promises; these words are the first of a block.
            let &[a, b, c, d, m0, s0, m1, s1, m2, s2, m3, s3] =
                unsafe { &*block.cast::<[i32; SCALES]>() };
            let vectors = block.wrapping_add(SCALES);
            // SAFETY: as the caller promises; behind them are the four vectors.
            self.fourth = unsafe { *vectors.add((BLOCK - 1) * WORDS).cast() };
            self.first_bias = [a, a, a, a, b, b, b, b];
            self.second_bias = [c, c, c, c, d, d, d, d];
            self.scales = [m0, s0, m1, 1, s1, m2, s2, m3, s3];
            self.vectors = vectors;
            self.weights = vectors.wrapping_add(BLOCK * WORDS);
            self.mask = match left {
                1 => 0x1111,
                2 => 0x3333,
                3 => 0x7777,
                _ => 0xffff,
            };
        }

        /// Computes so many times four pixels, or one pixel if that is 1 and there are fewer.
        ///
        /// # Safety
        ///
        /// The pixels have what is read of each, and outputs of the channels that are left; there
        /// is a block.
        pub unsafe fn run(&mut self, values: *const i8, outputs: *mut i8, times: usize) {
            self.end = outputs.wrapping_add(self.step * times);
            // SAFETY: as the caller promises.
            unsafe { run(self, values, outputs) }
        }
    }

    /// Computes a block of channels of some times four pixels.
    ///
    /// # Safety
    ///
    /// Each pixel that the task describes has what is read of it, and outputs; the block is whole.
    #[inline(never)] // as it has predicates
    unsafe fn run(task: &mut Task, values: *const i8, outputs: *mut i8) {
        // SAFETY: as the caller promises. The stack serves to save registers that cannot be named.
        //
        // Even registers are sums of four pixels, up to r6 of one channel and from r8 on of the
        // next, then multipliers and shifts; r1, r9 and r11 places in the task, r3 pixels, r5 the
        // pitch or 1, r7 outputs. q0 to q3 pixels, then channels; q4 to q7 weights.
        unsafe {
            asm!(
                "push {{r6, r7}}",
                "mov r7, r2",
                "add r11, r0, #32",
                "add r1, r0, #96",
                "add r9, r0, #128",
                "ldrd r0, r2, [r9, #144]",
                "vmsr p0, r2",
                "ldr r5, [r9, #40]",
                "vldrw.u32 q4, [r0]",
                "vldrw.u32 q5, [r0, #16]",
                "vldrw.u32 q6, [r0, #32]",
                "vldrw.u32 q7, [r0, #48]",
                // Four pixels.
                "10:",
                "vldrb.u8 q0, [r3]",
                "add r3, r5",
                "vldrb.u8 q1, [r3]",
                "add r3, r5",
                "ldm r11, {{r0, r2, r4, r6, r8, r10, r12, lr}}",
                "vldrb.u8 q2, [r3]",
                "vmladava.s8 r0, q4, q0",
                "add r3, r5",
                "vmladava.s8 r2, q4, q1",
                "vldrb.u8 q3, [r3]",
                "vmladava.s8 r4, q4, q2",
                "add r3, r5",
                "vmladava.s8 r6, q4, q3",
                "vmladava.s8 r8, q5, q0",
                "vmladava.s8 r10, q5, q1",
                "vmladava.s8 r12, q5, q2",
                "vmladava.s8 lr, q5, q3",
                "stmdb r11, {{r0, r2, r4, r6, r8, r10, r12, lr}}",
                "ldm r1, {{r0, r2, r4, r6, r8, r10, r12, lr}}",
                "vmladava.s8 r0, q6, q0",
                "vmladava.s8 r2, q6, q1",
                "vmladava.s8 r4, q6, q2",
                "vmladava.s8 r6, q6, q3",
                "vmladava.s8 r8, q7, q0",
                "vmladava.s8 r10, q7, q1",
                "vmladava.s8 r12, q7, q2",
                "vmladava.s8 lr, q7, q3",
                "stmdb r1, {{r0, r2, r4, r6, r8, r10, r12, lr}}",
                "ldr r10, [r9, #52]",
                "vldrw.u32 q0, [r11, #-32]",
                "vldrw.u32 q1, [r11, #-16]",
                "vldrw.u32 q2, [r1, #-32]",
                "vldrw.u32 q3, [r1, #-16]",
                // Taps behind the vector.
                "wls lr, r10, 30f",
                "ldrd r8, r10, [r9, #56]",
                "add r8, r3",
                "vldrw.u32 q6, [r9, #112]",
                "20:",
                "ldm r10!, {{r0, r2, r4, r6}}",
                "vldrb.s32 q7, [r8, q6]",
                "add r8, r8, #1",
                "vmla.s32 q0, q7, r0",
                "vmla.s32 q1, q7, r2",
                "vmla.s32 q2, q7, r4",
                "vmla.s32 q3, q7, r6",
                "le lr, 20b",
                "ldr r8, [r9, #144]",
                "vldrw.u32 q6, [r8, #32]",
                "30:",
                "ldm r9, {{r0, r2, r4, r5, r6, r8, r10, r12, lr}}",
                "vqrdmulh.s32 q7, q0, r0",
                "vqdmlah.s32 q7, q0, r5",
                "vqrdmulh.s32 q0, q2, r8",
                "vrshl.s32 q7, r2",
                "vqdmlah.s32 q0, q2, r5",
                "vqmovnb.s32 q7, q7",
                "vqrdmulh.s32 q2, q1, r4",
                "vrshl.s32 q0, r10",
                "vqdmlah.s32 q2, q1, r5",
                "vqmovnt.s32 q7, q0",
                "vqrdmulh.s32 q1, q3, r12",
                "vrshl.s32 q2, r6",
                "vqdmlah.s32 q1, q3, r5",
                "vqmovnb.s32 q2, q2",
                "ldrd r0, r5, [r9, #36]",
                "vrshl.s32 q1, lr",
                "ldrd r2, r4, [r9, #44]",
                "vqmovnt.s32 q2, q1",
                "vqadd.s16 q7, q7, r0",
                "vldrw.u32 q0, [r9, #64]",
                "vqadd.s16 q2, q2, r0",
                "vldrw.u32 q1, [r9, #80]",
                "vqmovnb.s16 q7, q7",
                "vldrw.u32 q3, [r9, #96]",
                "vqmovnt.s16 q7, q2",
                "vmax.s8 q7, q7, q0",
                "vmin.s8 q7, q7, q1",
                "vpst",
                "vstrbt.8 q7, [r7, q3]",
                "vldrw.u32 q7, [r9, #128]",
                "add r7, r2",
                "cmp r7, r4",
                "bne 10b",
                "pop {{r6, r7}}",
                inout("r0") core::ptr::from_mut(task) => _,
                inout("r2") outputs => _,
                inout("r3") values => _,
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
