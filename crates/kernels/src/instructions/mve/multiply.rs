//! Multiplies columns with filters: four channels by two pixels at a time.

#[cfg(not(all(target_arch = "arm", target_os = "none")))]
use crate::instructions::mve::stored::stored;
use crate::instructions::reach::behind;
use crate::mve_filters::{MveFilters, BLOCK, VECTOR};

/// Channels of which the places of a block in two pixels fit 16 bits.
const MOST_CHANNELS: usize = (1 << 16) - BLOCK;

/// Vectors of which all blocks of so many channels have words that can be counted.
const MOST_VECTORS: usize = 1 << 12;

/// Computes `[pixels, channels]` from columns, which begin every `pitch` elements and have
/// `filters.vectors` vectors each.
///
/// The number of pixels follows from the outputs. Does nothing where a slice is too short.
#[inline]
pub fn multiply(filters: &MveFilters, columns: &[i8], pitch: usize, outputs: &mut [i8]) {
    let channels = filters.channels;
    let pixels = outputs.len().checked_div(channels).unwrap_or_default();
    let Some(last) = pixels.checked_sub(1) else {
        return;
    };
    if !(1..=MOST_VECTORS).contains(&filters.vectors)
        || channels > MOST_CHANNELS
        || behind(columns.len(), last, pitch, filters.vectors * VECTOR).is_none()
        || filters.blocks.len() < channels.div_ceil(BLOCK) * filters.block_words()
    {
        return;
    }
    #[cfg(all(target_arch = "arm", target_os = "none"))]
    {
        let (pairs, alone) = (pixels / 2, pixels % 2);
        // SAFETY: columns, blocks and outputs are long enough for this number of pixels, as seen
        // above; the last of an odd number is a pair of itself.
        unsafe {
            if pairs > 0 {
                assembly::multiply(
                    filters,
                    columns.as_ptr(),
                    pitch,
                    outputs.as_mut_ptr(),
                    pairs,
                );
            }
            if alone > 0 {
                let column = columns.as_ptr().add(last * pitch);
                assembly::multiply_one(filters, column, outputs.as_mut_ptr().add(last * channels));
            }
        }
    }
    #[cfg(not(all(target_arch = "arm", target_os = "none")))]
    twin(filters, columns, pitch, outputs);
}

/// What the assembly does, in plain Rust.
#[cfg(not(all(target_arch = "arm", target_os = "none")))]
fn twin(filters: &MveFilters, columns: &[i8], pitch: usize, outputs: &mut [i8]) {
    let taps = filters.vectors * VECTOR;
    let pixels = outputs.chunks_exact_mut(filters.channels);
    for (index, pixel) in pixels.enumerate() {
        let from = index * pitch;
        let column = columns.get(from..from + taps).unwrap_or_default();
        let blocks = filters.blocks.chunks_exact(filters.block_words());
        for (outputs, block) in pixel.chunks_mut(BLOCK).zip(blocks) {
            let (bias, rest) = block.split_at(BLOCK);
            let (weights, rest) = rest.split_at(taps * BLOCK / size_of::<i32>());
            let (multipliers, shifts) = rest.split_at(BLOCK);
            let shifts = shifts.iter().flat_map(|word| word.to_le_bytes());
            let scales = bias.iter().zip(multipliers).zip(shifts).enumerate();
            for (output, (channel, ((&bias, &multiplier), shift))) in outputs.iter_mut().zip(scales)
            {
                let words = weights.chunks_exact(VECTOR / size_of::<i32>());
                let weights = words.skip(channel).step_by(BLOCK).flatten();
                let weights = weights.flat_map(|word| word.to_le_bytes());
                let sum = column
                    .iter()
                    .zip(weights)
                    .fold(bias, |sum, (&value, weight)| {
                        let weight = i32::from(i8::from_le_bytes([weight]));
                        sum.wrapping_add(weight * i32::from(value))
                    });
                let shift = i8::from_le_bytes([shift]);
                *output = stored(sum, multiplier, shift, filters.range);
            }
        }
    }
}

#[cfg(all(target_arch = "arm", target_os = "none"))]
mod assembly {
    use crate::mve_filters::{MveFilters, BLOCK, VECTOR};
    use core::arch::asm;

    /// Vectors that the assembly sums between two looks at its counter.
    const ROUND: usize = 4;
    /// Bytes of the assembly for one of them.
    const STEP: usize = 56;

    /// What the assembly keeps in memory, at the offsets from `zero_point` that it uses.
    #[repr(C)]
    struct State {
        sums: [i32; 8],
        zero_point: i32,         // 0
        one: i32,                // 4
        column_step: usize,      // 8, wraps: from the end of a pair's columns to the next pair's
        output_step: usize,      // 12: from a pair to the next
        end: *mut i8,            // 16: of the block's outputs
        block: *const i32,       // 20
        rounds: usize,           // 24
        begin: usize,            // 28: bytes of the first round that are not run, then an address
        columns: [*const i8; 2], // 32: of the first pair
        start: *mut i8,          // 40: of the first pair's outputs of the block
        channels: usize,         // 44: left
        scales: usize,           // 48: bytes of a block before its multipliers
        low: i32,                // 52
        high: i32,               // 56
        places: [u16; 8],        // 60: of a pair's outputs: both of a channel, then of the next
    }

    /// Computes pairs of pixels.
    ///
    /// # Safety
    ///
    /// `2 * pairs` columns and outputs are there, `pairs` is not 0, and the filters are whole.
    pub unsafe fn multiply(
        filters: &MveFilters,
        columns: *const i8,
        pitch: usize,
        outputs: *mut i8,
        pairs: usize,
    ) {
        let channels = filters.channels;
        let mut state = State::new(filters, columns, pitch, outputs, channels);
        state.column_step = (2 * pitch).wrapping_sub(filters.vectors * VECTOR);
        state.output_step = 2 * channels;
        // SAFETY: as the caller promises, the outputs go that far.
        state.end = unsafe { outputs.add(pairs * state.output_step) };
        // SAFETY: as the caller promises.
        unsafe { run(&mut state) }
    }

    /// Computes one pixel.
    ///
    /// # Safety
    ///
    /// One column and one pixel's outputs are there, and the filters are whole.
    pub unsafe fn multiply_one(filters: &MveFilters, column: *const i8, outputs: *mut i8) {
        // SAFETY: as the caller promises; both pixels of the pair are the same.
        unsafe { run(&mut State::new(filters, column, 0, outputs, 0)) }
    }

    impl State {
        /// One pair, of which the second column and outputs are so far from the first.
        #[allow(clippy::cast_possible_truncation)] // channels have fewer bits
        fn new(
            filters: &MveFilters,
            columns: *const i8,
            pitch: usize,
            outputs: *mut i8,
            second: usize,
        ) -> Self {
            let vectors = filters.vectors;
            let second = second as u16;
            Self {
                sums: [0; 8],
                zero_point: filters.range.zero_point,
                one: 1,
                column_step: 0,
                output_step: 1,
                end: outputs.wrapping_add(1),
                block: filters.blocks.as_ptr(),
                rounds: vectors.div_ceil(ROUND),
                begin: vectors.wrapping_neg() % ROUND * STEP,
                columns: [columns, columns.wrapping_add(pitch)],
                start: outputs,
                channels: filters.channels,
                scales: BLOCK * size_of::<i32>() + vectors * BLOCK * VECTOR,
                low: filters.range.low,
                high: filters.range.high,
                places: [0, second, 1, second + 1, 2, second + 2, 3, second + 3],
            }
        }
    }

    /// Runs over all blocks, and in each over all pairs.
    ///
    /// # Safety
    ///
    /// Each pair that the state describes has columns and outputs, and each block is whole.
    #[inline(never)]
    unsafe fn run(state: &mut State) {
        // SAFETY: reads what the state says and writes four outputs, or what is left of them, of
        // each pixel for each block. The stack serves to save registers that cannot be named.
        //
        // Even registers are sums, of the first pixel up to r6 and of the second from r8 on, then
        // constants; r1 weights, r3 and r5 columns, r7 outputs, r9 rounds left, r11 the state's
        // zero point. q4 multipliers, q5 shifts, q6 low, q7 high.
        unsafe {
            asm!(
                "push {{r6, r7}}",
                "add r11, r0, #32",
                "ldr r0, [r11, #28]",
                "adr.w r9, 30f",
                "add r9, r9, r0",
                "adds r9, r9, #1",
                "str r9, [r11, #28]",
                "ldrd r0, r2, [r11, #52]",
                "vdup.16 q6, r0",
                "vdup.16 q7, r2",
                // A block.
                "10:",
                "ldr r1, [r11, #20]",
                "ldrd r0, r2, [r11, #44]",
                "add r1, r2",
                "vldrw.u32 q4, [r1]",
                "vldrb.s32 q5, [r1, #16]",
                "lsls r0, r0, #1",
                "vctp.16 r0",
                "ldrd r3, r5, [r11, #32]",
                "ldr r7, [r11, #40]",
                // A pair of pixels.
                "20:",
                "ldrd r1, r9, [r11, #20]",
                "ldm r1, {{r0, r2, r4, r6}}",
                "ldm r1!, {{r8, r10, r12, lr}}",
                "ldr pc, [r11, #28]",
                ".p2align 2",
                "30:",
                ".rept 4",
                "vldrb.u8 q2, [r3], #16",
                "vldrb.u8 q0, [r1], #16",
                "vmladava.s8 r0, q0, q2",
                "vldrb.u8 q3, [r5], #16",
                "vmladava.s8 r8, q0, q3",
                "vldrb.u8 q1, [r1], #16",
                "vmladava.s8 r2, q1, q2",
                "vldrb.u8 q0, [r1], #16",
                "vmladava.s8 r10, q1, q3",
                "vmladava.s8 r4, q0, q2",
                "vldrb.u8 q1, [r1], #16",
                "vmladava.s8 r12, q0, q3",
                "vmladava.s8 r6, q1, q2",
                "vmladava.s8 lr, q1, q3",
                ".endr",
                "subs r9, r9, #1",
                "bne 30b",
                "stmdb r11, {{r0, r2, r4, r6, r8, r10, r12, lr}}",
                "vldrw.u32 q0, [r11, #-32]",
                "vldrw.u32 q1, [r11, #-16]",
                "ldm r11, {{r0, r1, r2, r4, r6}}",
                "vqrdmulh.s32 q2, q0, q4",
                "vqrdmulh.s32 q3, q1, q4",
                "vqdmlah.s32 q2, q0, r1",
                "vqdmlah.s32 q3, q1, r1",
                "vrshl.s32 q2, q2, q5",
                "vrshl.s32 q3, q3, q5",
                "vqmovnb.s32 q2, q2",
                "vldrh.u16 q0, [r11, #60]",
                "vqmovnt.s32 q2, q3",
                "add r3, r2",
                "vqadd.s16 q2, q2, r0",
                "add r5, r2",
                "vmax.s16 q2, q2, q6",
                "vmin.s16 q2, q2, q7",
                "vpst",
                "vstrbt.16 q2, [r7, q0]",
                "add r7, r4",
                "cmp r7, r6",
                "bne 20b",
                // The next block.
                "ldr r0, [r11, #40]",
                "adds r0, r0, #4",
                "str r0, [r11, #40]",
                "adds r6, r6, #4",
                "str r6, [r11, #16]",
                "ldrd r0, r2, [r11, #44]",
                "ldr r1, [r11, #20]",
                "add r1, r2",
                "adds r1, r1, #20",
                "str r1, [r11, #20]",
                "subs r0, r0, #4",
                "str r0, [r11, #44]",
                "bgt 10b",
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
