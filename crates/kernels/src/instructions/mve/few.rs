//! Multiplies pixels of at most eight channels with filters: four pixels by four channels at a
//! time, in lanes of 16 bits.

use crate::mve_filters::BLOCK;
#[cfg(not(all(target_arch = "arm", target_os = "none")))]
use crate::requantize::doubling_high;

/// Pixels that are computed at a time.
const QUAD: usize = 4;

/// Lanes of a vector, each for an input channel.
const LANES: usize = 8;

/// Channels of which the places of a block in four pixels fit 8 bits.
const MOST_CHANNELS: usize = 84;

/// Words of the weights of a block.
const WEIGHTS: usize = BLOCK * LANES / 2;

/// Words before the multipliers of a block: weights and starts.
const MULTIPLIERS: usize = WEIGHTS + QUAD * BLOCK;

/// Words before the step of a block, which is its last.
const STEP: usize = MULTIPLIERS + BLOCK;

/// Words of a block.
const WORDS: usize = STEP + 1;

/// Bits of a scaled sum below what is stored that are dropped first; eight more are left.
#[cfg(not(all(target_arch = "arm", target_os = "none")))]
const DROPPED: u32 = 10;

/// Bits that inputs are shifted to the left.
#[cfg(not(all(target_arch = "arm", target_os = "none")))]
const LEFT: u32 = 8;

/// Weights, bias and requantization, four output channels at a time.
///
/// A sum is shifted to the left, so that its start can hold a fraction, the output's zero point
/// among the rest: then a multiplication is all of the requantization. What is stored are the
/// highest bits, and saturation is the clamp.
///
/// The inner loop trusts this, so it is checked when one is made: while compiling, for a `static`.
#[derive(Debug)]
pub struct MveFew {
    channels: usize,
    depth: usize,
    blocks: &'static [i32],
}

impl MveFew {
    /// Checks numbers of output channels, 4 to 84, and of input channels, 1 to 8, and blocks.
    ///
    /// A block is four channels; the last one ends with the last channel, so it may have channels
    /// of the one before it. Its words are:
    ///
    /// - weights: eight of each channel, of 16 bits, 0 for inputs that are missing;
    /// - starts: what the sum of each channel begins with, four times, as for each pixel;
    /// - multipliers: one for each channel, not negative;
    /// - a step: how many channels the next block is before this one, which is less than 0; for the
    ///   last block, how many the first is before it.
    ///
    /// The shift of a sum is that of inputs, 8, and one that its weights have.
    ///
    /// ```
    /// # use kernels::instructions::mve::few::MveFew;
    /// static FEW: MveFew = MveFew::new(4, 1, &[0; 37]);
    /// # assert_eq!(FEW.depth(), 1);
    /// ```
    ///
    /// A step that leads elsewhere does not compile:
    ///
    /// ```compile_fail,E0080
    /// # use kernels::instructions::mve::few::MveFew;
    /// static FEW: MveFew = MveFew::new(4, 1, &[1; 37]);
    /// # assert_eq!(FEW.depth(), 1);
    /// ```
    ///
    /// Neither does one that leads from the first of two blocks anywhere but to the other:
    ///
    /// ```compile_fail,E0080
    /// # use kernels::instructions::mve::few::MveFew;
    /// static FEW: MveFew = MveFew::new(8, 1, &[4; 74]);
    /// # assert_eq!(FEW.depth(), 1);
    /// ```
    ///
    /// # Panics
    ///
    /// When numbers, the length or steps are not as described. For a `static` that is an error of
    /// the compiler.
    #[must_use]
    #[allow(clippy::indexing_slicing)] // panics are meant
    #[allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap)] // of few channels
    pub const fn new(channels: usize, depth: usize, blocks: &'static [i32]) -> Self {
        assert!(
            channels >= BLOCK && channels <= MOST_CHANNELS,
            "places of a block fit 8 bits"
        );
        assert!(depth > 0 && depth <= LANES, "inputs fit a vector");
        assert!(
            blocks.len() == channels.div_ceil(BLOCK) * WORDS,
            "blocks have all channels"
        );
        let last = channels - BLOCK;
        let (mut channel, mut at) = (0, STEP);
        while channel < last {
            let next = if last - channel < BLOCK {
                last
            } else {
                channel + BLOCK
            };
            assert!(
                blocks[at] == channel as i32 - next as i32,
                "a step leads to the next block"
            );
            (channel, at) = (next, at + WORDS);
        }
        assert!(
            blocks[at] == last as i32,
            "the last step leads to the first block"
        );
        Self {
            channels,
            depth,
            blocks,
        }
    }

    /// Input channels, 1 to 8.
    #[inline]
    #[must_use]
    pub const fn depth(&self) -> usize {
        self.depth
    }
}

/// Computes `[pixels, channels]` from pixels of `depth` elements, which follow each other.
///
/// The number of pixels follows from the outputs. Does nothing where a slice is too short.
pub fn multiply_few(few: &MveFew, values: &[i8], outputs: &mut [i8]) {
    let (channels, depth) = (few.channels, few.depth);
    let pixels = outputs.len().checked_div(channels).unwrap_or_default();
    if pixels == 0 || values.len() < pixels.saturating_mul(depth) {
        return;
    }
    #[cfg(all(target_arch = "arm", target_os = "none"))]
    // SAFETY: so many pixels are there, and outputs of all channels of each, as seen above. Whoever
    // made `few` has seen that blocks are whole, that steps lead through all of them and back, and
    // that a block's outputs end with the last channel. Other words only change what is stored.
    unsafe {
        let mut task = assembly::Task::new(few, pixels);
        let (from, to) = (values.as_ptr(), outputs.as_mut_ptr());
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
    for (values, outputs) in values
        .chunks_exact(depth)
        .zip(outputs.chunks_exact_mut(channels))
        .take(pixels)
    {
        for (block, words) in few.blocks.chunks_exact(WORDS).enumerate() {
            let channel = (block * BLOCK).min(channels - BLOCK);
            for (lane, output) in outputs.iter_mut().skip(channel).take(BLOCK).enumerate() {
                *output = twin(words, lane, values);
            }
        }
    }
}

/// What the assembly does for one output, in plain Rust.
#[cfg(not(all(target_arch = "arm", target_os = "none")))]
fn twin(words: &[i32], lane: usize, values: &[i8]) -> i8 {
    let word = |at: usize| words.get(at).copied().unwrap_or_default();
    let vector = words.iter().skip(lane * LANES / 2).take(LANES / 2);
    let weights = vector.flat_map(|word| {
        let [a, b, c, d] = word.to_le_bytes();
        [i16::from_le_bytes([a, b]), i16::from_le_bytes([c, d])]
    });
    let start = word(WEIGHTS + QUAD * lane);
    let sum = values
        .iter()
        .zip(weights)
        .fold(start, |sum, (&value, weight)| {
            sum.wrapping_add(i32::from(weight).wrapping_mul(i32::from(value) << LEFT))
        });
    let scaled = doubling_high(sum, word(MULTIPLIERS + lane)) >> DROPPED;
    let [_, stored] = saturated(scaled).to_le_bytes();
    i8::from_le_bytes([stored])
}

/// Limits a number to 16 bits.
#[cfg(not(all(target_arch = "arm", target_os = "none")))]
#[allow(clippy::cast_possible_truncation)] // limited before
fn saturated(value: i32) -> i16 {
    value.clamp(i16::MIN.into(), i16::MAX.into()) as i16
}

#[cfg(all(target_arch = "arm", target_os = "none"))]
mod assembly {
    use super::{MveFew, QUAD};
    use core::arch::asm;

    /// What the assembly keeps in memory, at the offsets that it uses.
    #[repr(C)]
    pub struct Task {
        sums: [i32; QUAD * QUAD], // 0 of r11, 32 also of r9: of four channels
        places: [u32; QUAD],      // 64: of four channels of each pixel, as bytes
        depth: usize,             // 80
        pitch: usize,             // 84: from a pixel to the next
        blocks: *const i32,       // 88
        step: usize,              // 92: from outputs of four pixels to the next four
        end: *mut i8,             // 96: of those outputs
    }

    impl Task {
        /// Fewer than four pixels are computed one by one, each there four times.
        #[allow(clippy::cast_possible_truncation)] // of few channels
        pub fn new(few: &MveFew, pixels: usize) -> Self {
            let (pitch, second) = if pixels < QUAD {
                (0, 0)
            } else {
                (few.depth, few.channels)
            };
            Self {
                sums: [0; QUAD * QUAD],
                places: [0, 1, 2, 3]
                    .map(|pixel| (pixel * second as u32) * 0x0101_0101 + 0x0302_0100),
                depth: few.depth,
                pitch,
                blocks: few.blocks.as_ptr(),
                step: QUAD * few.channels,
                end: core::ptr::null_mut(),
            }
        }

        /// Computes so many times four pixels, or one pixel if that is 1 and there are fewer.
        ///
        /// # Safety
        ///
        /// The pixels are there, and outputs of all channels of each; blocks are as
        /// [`MveFew::new`] checks them.
        pub unsafe fn run(&mut self, values: *const i8, outputs: *mut i8, times: usize) {
            self.end = outputs.wrapping_add(self.step * times);
            // SAFETY: as the caller promises.
            unsafe { run(self, values, outputs) }
        }
    }

    /// Computes all channels of some times four pixels.
    ///
    /// # Safety
    ///
    /// As [`Task::run`].
    #[inline(never)] // as it has predicates
    unsafe fn run(task: &mut Task, values: *const i8, outputs: *mut i8) {
        // SAFETY: as the caller promises; of a pixel only its own elements are read. The stack
        // serves to save registers that cannot be named.
        //
        // Even registers are sums of four pixels, up to r6 of one channel and from r8 on of the
        // next, then multipliers; r1 blocks, r5 outputs, r7 pixels, r9 and r11 the task. q0 to q3
        // pixels, q4 to q7 weights, then channels.
        unsafe {
            asm!(
                "push {{r6, r7}}",
                "mov r11, r0",
                "add r9, r0, #32",
                "mov r5, r2",
                "mov r7, r3",
                // Four pixels.
                "10:",
                "ldrd r0, r2, [r11, #80]",
                "ldr r1, [r11, #88]",
                "vctp.16 r0",
                "add r0, r7, r2",
                "add r6, r0, r2",
                "add r3, r6, r2",
                "vpstttt",
                "vldrbt.s16 q0, [r7]",
                "vldrbt.s16 q1, [r0]",
                "vldrbt.s16 q2, [r6]",
                "vldrbt.s16 q3, [r3]",
                "add r7, r3, r2",
                "vshl.i16 q0, q0, #8",
                "vshl.i16 q1, q1, #8",
                "vshl.i16 q2, q2, #8",
                "vshl.i16 q3, q3, #8",
                // Four channels.
                "20:",
                "vldrh.u16 q4, [r1], #16",
                "vldrh.u16 q5, [r1], #16",
                "vldrh.u16 q6, [r1], #16",
                "vldrh.u16 q7, [r1], #16",
                "ldm r1!, {{r0, r2, r4, r6, r8, r10, r12, lr}}",
                "vmladava.s16 r0, q4, q0",
                "vmladava.s16 r2, q4, q1",
                "vmladava.s16 r4, q4, q2",
                "vmladava.s16 r6, q4, q3",
                "vmladava.s16 r8, q5, q0",
                "vmladava.s16 r10, q5, q1",
                "vmladava.s16 r12, q5, q2",
                "vmladava.s16 lr, q5, q3",
                "stm r11, {{r0, r2, r4, r6, r8, r10, r12, lr}}",
                "ldm r1!, {{r0, r2, r4, r6, r8, r10, r12, lr}}",
                "vmladava.s16 r0, q6, q0",
                "vmladava.s16 r2, q6, q1",
                "vmladava.s16 r4, q6, q2",
                "vmladava.s16 r6, q6, q3",
                "vmladava.s16 r8, q7, q0",
                "vmladava.s16 r10, q7, q1",
                "vmladava.s16 r12, q7, q2",
                "vmladava.s16 lr, q7, q3",
                "stm r9, {{r0, r2, r4, r6, r8, r10, r12, lr}}",
                // Requantization: multipliers of four channels and the step. Each sum is scaled,
                // and 16 bits are kept, of which the high 8 are stored: of channels 0 and 2 in q4,
                // 1 and 3 in q5, beside each other for each pixel. VSRI puts the former below the
                // latter, so q5 has the four channels of each pixel in order, as `places` has.
                "ldm r1!, {{r0, r2, r4, r6, r8}}",
                "vldrw.u32 q4, [r11]",
                "vldrw.u32 q6, [r9]",
                "vqrdmulh.s32 q4, q4, r0",
                "vldrw.u32 q5, [r11, #16]",
                "vqrdmulh.s32 q6, q6, r4",
                "vldrw.u32 q7, [r9, #16]",
                "vqrdmulh.s32 q5, q5, r2",
                "vqshrnb.s32 q4, q4, #10",
                "vqrdmulh.s32 q7, q7, r6",
                "vqshrnt.s32 q4, q6, #10",
                "vldrw.u32 q6, [r9, #32]",
                "vqshrnb.s32 q5, q5, #10",
                "vqshrnt.s32 q5, q7, #10",
                "vsri.16 q5, q4, #8",
                "vstrb.8 q5, [r5, q6]",
                // The step to the next block is negative, so it borrows; that of the last block is
                // not, as no output lies before address 0. It leads to the first channel, and
                // `step` of the task from there to the next four pixels.
                "subs r5, r5, r8",
                "bcc 20b",
                "ldrd r2, r4, [r11, #92]",
                "add r5, r2",
                "cmp r5, r4",
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
