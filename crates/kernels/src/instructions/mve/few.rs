//! Multiplies pixels of at most eight channels with filters: four pixels by four channels at a
//! time, in lanes of 16 bits.

use crate::mve_filters::BLOCK;
#[cfg(not(all(target_arch = "arm", target_os = "none")))]
use crate::requantize::doubling_high;

/// Pixels that are computed at a time.
const QUAD: usize = 4;

/// Lanes of a vector, each for an input channel.
const LANES: usize = 8;

/// Channels of which the places of all outputs of four pixels fit 8 bits.
const MOST_CHANNELS: usize = 64;

/// Words of the weights of a block.
const WEIGHTS: usize = BLOCK * LANES / 2;

/// Words of starts that are loaded at once, for two channels.
const STARTS: usize = 2 * QUAD;

/// Where the first two channels' words have starts, and where multipliers of all four channels:
/// in the order of the registers that they are loaded into.
const FIRST: [usize; STARTS] = [0, 1, 3, 4, 6, 8, 10, 11];
const MULTIPLIERS: [usize; BLOCK] = [2, 5, 7, 9];

/// Words before the starts of a block's last two channels.
const SECOND: usize = WEIGHTS + STARTS + BLOCK;

/// Words before the places of a block, which are its last.
const PLACES: usize = SECOND + STARTS;

/// Words of a block.
const WORDS: usize = PLACES + QUAD;

/// The word of a block that is odd if no other follows: the multiplier of the last channel.
const LAST: usize = WEIGHTS + MULTIPLIERS[BLOCK - 1];

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
    /// Checks numbers of output channels, 4 to 64, and of input channels, 1 to 8, and blocks.
    ///
    /// A block is four channels; the last one ends with the last channel, so it may have channels
    /// of the one before it. Its words are:
    ///
    /// - weights: eight of each channel, of 16 bits, 0 for inputs that are missing;
    /// - starts and multipliers. A start is what the sum of a channel begins with, four times, as
    ///   for each pixel; the multipliers, one for each channel and not negative, are the third, the
    ///   sixth, the eighth and the tenth of these words. Only in the last block is the multiplier
    ///   of the last channel odd, by which the inner loop knows it;
    /// - places: of 16 outputs, four of each pixel, counted from the first pixel's first, as bytes.
    ///
    /// The shift of a sum is that of inputs, 8, and one that its weights have.
    ///
    /// ```
    /// # use kernels::instructions::mve::few::MveFew;
    /// const BLOCK: [i32; 40] = {
    ///     let mut block = [0; 40];
    ///     [block[36], block[37], block[38], block[39]] =
    ///         [0x0302_0100, 0x0706_0504, 0x0b0a_0908, 0x0f0e_0d0c];
    ///     block[25] = 1;
    ///     block
    /// };
    /// static FEW: MveFew = MveFew::new(4, 1, &BLOCK);
    /// # assert_eq!(FEW.depth(), 1);
    /// ```
    ///
    /// Blocks without an end do not compile:
    ///
    /// ```compile_fail,E0080
    /// # use kernels::instructions::mve::few::MveFew;
    /// const BLOCK: [i32; 40] = {
    ///     let mut block = [0; 40];
    ///     [block[36], block[37], block[38], block[39]] =
    ///         [0x0302_0100, 0x0706_0504, 0x0b0a_0908, 0x0f0e_0d0c];
    ///     block
    /// };
    /// static FEW: MveFew = MveFew::new(4, 1, &BLOCK);
    /// # assert_eq!(FEW.depth(), 1);
    /// ```
    ///
    /// Neither do places that are others:
    ///
    /// ```compile_fail,E0080
    /// # use kernels::instructions::mve::few::MveFew;
    /// static FEW: MveFew = MveFew::new(4, 1, &[1; 40]);
    /// # assert_eq!(FEW.depth(), 1);
    /// ```
    ///
    /// # Panics
    ///
    /// When numbers, the length, the end or places are not as described. For a `static` that is an
    /// error of the compiler.
    #[must_use]
    #[allow(clippy::indexing_slicing)] // panics are meant
    #[allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap)] // of few channels
    pub const fn new(channels: usize, depth: usize, blocks: &'static [i32]) -> Self {
        assert!(
            channels >= BLOCK && channels <= MOST_CHANNELS,
            "places fit 8 bits"
        );
        assert!(depth > 0 && depth <= LANES, "inputs fit a vector");
        assert!(
            blocks.len() == channels.div_ceil(BLOCK) * WORDS,
            "blocks have all channels"
        );
        let last = channels - BLOCK;
        let mut first = 0;
        while first < blocks.len() {
            let is_last = first + WORDS == blocks.len();
            assert!(
                (blocks[first + LAST] & 1 == 1) == is_last,
                "the last block is the last"
            );
            let channel = if is_last { last } else { first / WORDS * BLOCK };
            let mut pixel = 0;
            while pixel < QUAD {
                let place = (pixel * channels + channel) as u32;
                assert!(
                    blocks[first + PLACES + pixel] == (place * 0x0101_0101 + 0x0302_0100) as i32,
                    "places are those of the block"
                );
                pixel += 1;
            }
            first += WORDS;
        }
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
    // SAFETY: so many pixels are there, and outputs of all channels of each, as seen above; where
    // four pixels are the same one, only its own elements are read, and `spare` takes four.
    unsafe {
        let (from, to) = (values.as_ptr(), outputs.as_mut_ptr());
        if pixels < QUAD {
            let mut spare = [0; QUAD * MOST_CHANNELS];
            for (pixel, outputs) in outputs.chunks_exact_mut(channels).enumerate() {
                assembly::run(few, from.add(pixel * depth), 0, spare.as_mut_ptr(), 1);
                for (output, &spare) in outputs.iter_mut().zip(&spare) {
                    *output = spare;
                }
            }
        } else {
            assembly::run(few, from, depth, to, pixels / QUAD);
            if pixels % QUAD > 0 {
                let first = pixels - QUAD;
                let (from, to) = (from.add(first * depth), to.add(first * channels));
                assembly::run(few, from, depth, to, 1);
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
    let number = |at: &[usize], index: usize| at.get(index).copied().unwrap_or_default();
    let start = match lane.checked_sub(BLOCK / 2) {
        Some(lane) => word(SECOND + QUAD * lane),
        None => word(WEIGHTS + number(&FIRST, QUAD * lane)),
    };
    let sum = values
        .iter()
        .zip(weights)
        .fold(start, |sum, (&value, weight)| {
            sum.wrapping_add(i32::from(weight).wrapping_mul(i32::from(value) << LEFT))
        });
    let multiplier = word(WEIGHTS + number(&MULTIPLIERS, lane));
    let scaled = doubling_high(sum, multiplier) >> DROPPED;
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

    /// Computes all channels of so many times four pixels, which follow each other by `pitch`.
    ///
    /// # Safety
    ///
    /// The pixels are there, and outputs of all channels of each.
    #[inline(never)] // as it has predicates
    pub unsafe fn run(
        few: &MveFew,
        values: *const i8,
        pitch: usize,
        outputs: *mut i8,
        times: usize,
    ) {
        let step = QUAD * few.channels;
        // SAFETY: as the caller promises; of a pixel only its own elements are read. Whoever made
        // `few` has seen that blocks are whole, that the last one ends the loop, and that places are
        // those of all channels of four pixels; other words only change what is stored. The stack
        // serves to save registers that cannot be named, and for what has no register: the address
        // of pixels, blocks, pitch, step, and the end of outputs. Sums are below that.
        //
        // Even registers are sums of four pixels, up to r6 of one channel and from r8 on of the
        // next. Odd ones from r7 on and r3 are multipliers, r1 blocks, r5 outputs. q0 to q3 pixels,
        // q4 to q7 weights, then channels. The predicate stays what it is.
        unsafe {
            asm!(
                "push {{r6, r7}}",
                "push {{r0-r4}}",
                "vctp.16 r8",
                // Four pixels.
                "10:",
                "ldm sp, {{r0, r1, r2}}",
                "add r4, r0, r2",
                "add r6, r4, r2",
                "add r7, r6, r2",
                "vpstttt",
                "vldrbt.s16 q0, [r0]",
                "vldrbt.s16 q1, [r4]",
                "vldrbt.s16 q2, [r6]",
                "vldrbt.s16 q3, [r7]",
                "add r7, r2",
                "str r7, [sp]",
                "vshl.i16 q0, q0, #8",
                "vshl.i16 q1, q1, #8",
                "vshl.i16 q2, q2, #8",
                "vshl.i16 q3, q3, #8",
                // Four channels.
                "20:",
                "vldmia r1!, {{d8-d15}}",
                "ldm r1!, {{r0, r2, r3, r4, r6, r7, r8, r9, r10, r11, r12, lr}}",
                "vmladava.s16 r0, q4, q0",
                "vmladava.s16 r2, q4, q1",
                "vmladava.s16 r4, q4, q2",
                "vmladava.s16 r6, q4, q3",
                "vmladava.s16 r8, q5, q0",
                "vmladava.s16 r10, q5, q1",
                "vmladava.s16 r12, q5, q2",
                "vmladava.s16 lr, q5, q3",
                "push {{r0, r2, r4, r6, r8, r10, r12, lr}}",
                "ldm r1!, {{r0, r2, r4, r6, r8, r10, r12, lr}}",
                "vmladava.s16 r0, q6, q0",
                "vmladava.s16 r2, q6, q1",
                "vmladava.s16 r4, q6, q2",
                "vmladava.s16 r6, q6, q3",
                "vmladava.s16 r8, q7, q0",
                "vmladava.s16 r10, q7, q1",
                "vmladava.s16 r12, q7, q2",
                "vmladava.s16 lr, q7, q3",
                "push {{r0, r2, r4, r6, r8, r10, r12, lr}}",
                // Requantization. Each sum is scaled, and 16 bits are kept, of which the high 8 are
                // stored: of channels 0 and 2 in q6, 1 and 3 in q7, beside each other for each
                // pixel. VSRI puts the former below the latter, so q7 has the four channels of each
                // pixel in order, as places are.
                "vpop {{d8-d15}}",
                "vqrdmulh.s32 q6, q6, r3",
                "vqrdmulh.s32 q4, q4, r9",
                "vqrdmulh.s32 q7, q7, r7",
                "vqrdmulh.s32 q5, q5, r11",
                "vqshrnb.s32 q6, q6, #10",
                "vqshrnt.s32 q6, q4, #10",
                "vldrw.u32 q4, [r1], #16",
                "vqshrnb.s32 q7, q7, #10",
                "vqshrnt.s32 q7, q5, #10",
                "vsri.16 q7, q6, #8",
                "vstrb.8 q7, [r5, q4]",
                "lsrs r11, r11, #1",
                "bcc 20b",
                "ldrd r0, r2, [sp, #12]",
                "add r5, r0",
                "cmp r5, r2",
                "bne 10b",
                "add sp, #20",
                "pop {{r6, r7}}",
                inout("r0") values => _,
                inout("r1") few.blocks.as_ptr() => _,
                inout("r2") pitch => _,
                inout("r3") step => _,
                inout("r4") outputs.wrapping_add(step * times) => _,
                inout("r5") outputs => _,
                inout("r8") few.depth => _,
                out("r9") _, out("r10") _, out("r11") _, out("r12") _, out("lr") _,
                out("d0") _, out("d1") _, out("d2") _, out("d3") _,
                out("d4") _, out("d5") _, out("d6") _, out("d7") _,
                out("d8") _, out("d9") _, out("d10") _, out("d11") _,
                out("d12") _, out("d13") _, out("d14") _, out("d15") _,
            );
        }
    }
}
