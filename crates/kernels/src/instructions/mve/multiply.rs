//! Multiplies columns with filters: four channels by two pixels at a time.

#[cfg(not(all(target_arch = "arm", target_os = "none")))]
use crate::instructions::mve::stored::stored;
#[cfg(not(all(target_arch = "arm", target_os = "none")))]
use crate::mve_filters::BLOCK;
use crate::mve_filters::{MveFilters, VECTOR};

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
    let blocks = channels.div_ceil(4);
    if filters.vectors == 0
        || columns.len() < last * pitch + filters.vectors * VECTOR
        || filters.blocks.len() < blocks * filters.block_words()
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
    for (pixel, from) in pixels.zip((0..).step_by(pitch)) {
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
                        sum + i32::from(value) * i32::from(i8::from_le_bytes([weight]))
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

    /// What the assembly keeps in memory, at the offsets that it uses.
    #[repr(C)]
    struct State {
        outputs: [*mut i8; 2],   // 0: of the pair and block to come
        pairs: usize,            // 8: left, of the block
        output_step: usize,      // 12: from a pair to the next
        zero_point: i32,         // 16
        column_step: usize,      // 20, wraps: from the end of a pair's columns to the next pair's
        block: *const i32,       // 24
        rounds: usize,           // 28
        sums: [i32; 8],          // 32
        columns: [*const i8; 2], // 64: of the first pair
        starts: [*mut i8; 2],    // 72: of the first pair's outputs of the block
        count: usize,            // 80: pairs
        channels: usize,         // 84: left
        scales: usize,           // 88: bytes of a block before its multipliers
        skipped: usize,          // 92: bytes of the first round that are not run
        low: i32,                // 96
        high: i32,               // 100
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
        // SAFETY: both are those of the second pixel.
        let (column, output) = unsafe { (columns.add(pitch), outputs.add(channels)) };
        let state = State::new(filters, [columns, column], [outputs, output], pairs);
        // SAFETY: as the caller promises.
        unsafe { run(state.stepping(pitch, channels)) }
    }

    /// Computes one pixel.
    ///
    /// # Safety
    ///
    /// One column and one pixel's outputs are there, and the filters are whole.
    pub unsafe fn multiply_one(filters: &MveFilters, column: *const i8, outputs: *mut i8) {
        // SAFETY: as the caller promises; both pixels of the pair are the same.
        unsafe { run(State::new(filters, [column; 2], [outputs; 2], 1)) }
    }

    impl State {
        fn new(
            filters: &MveFilters,
            columns: [*const i8; 2],
            outputs: [*mut i8; 2],
            pairs: usize,
        ) -> Self {
            let vectors = filters.vectors;
            Self {
                outputs,
                pairs,
                output_step: 0,
                zero_point: filters.range.zero_point,
                column_step: 0,
                block: filters.blocks.as_ptr(),
                rounds: vectors.div_ceil(ROUND),
                sums: [0; 8],
                columns,
                starts: outputs,
                count: pairs,
                channels: filters.channels,
                scales: BLOCK * size_of::<i32>() + vectors * BLOCK * VECTOR,
                skipped: vectors.wrapping_neg() % ROUND * STEP,
                low: filters.range.low,
                high: filters.range.high,
            }
        }

        fn stepping(mut self, pitch: usize, channels: usize) -> Self {
            let taps = (self.scales - BLOCK * size_of::<i32>()) / BLOCK;
            self.output_step = 2 * channels;
            self.column_step = (2 * pitch).wrapping_sub(taps);
            self
        }
    }

    /// Runs over all blocks, and in each over all pairs.
    ///
    /// # Safety
    ///
    /// Each pair that the state describes has columns and outputs, and each block is whole.
    #[inline(never)]
    unsafe fn run(mut state: State) {
        // SAFETY: reads what the state says and writes four outputs, or what is left of them, of
        // each pixel for each block. The stack serves to save registers that cannot be named.
        //
        // Even registers are sums, of the first pixel up to r6 and of the second from r8 on; r1
        // weights, r3 and r5 columns, r7 rounds left, r9 where the first round begins, r11 state.
        // q4 multipliers, q5 shifts, q6 low, q7 high; r1 is 1 while outputs are scaled.
        unsafe {
            asm!(
                "push {{r6, r7}}",
                "mov r11, r0",
                "ldr r0, [r11, #92]",
                "adr.w r9, 30f",
                "add r9, r9, r0",
                "adds r9, r9, #1",
                "ldrd r0, r2, [r11, #96]",
                "vdup.16 q6, r0",
                "vdup.16 q7, r2",
                // A block.
                "10:",
                "ldr r1, [r11, #24]",
                "ldrd r0, r2, [r11, #84]",
                "add r1, r2",
                "vldrw.u32 q4, [r1]",
                "vldrb.s32 q5, [r1, #16]",
                "vctp.32 r0",
                "ldrd r3, r5, [r11, #64]",
                // A pair of pixels.
                "20:",
                "ldrd r1, r7, [r11, #24]",
                "ldm r1, {{r0, r2, r4, r6}}",
                "ldm r1!, {{r8, r10, r12, lr}}",
                "bx r9",
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
                "subs r7, r7, #1",
                "bne 30b",
                "add r1, r11, #32",
                "stm r1, {{r0, r2, r4, r6, r8, r10, r12, lr}}",
                "vldrw.u32 q0, [r1]",
                "vldrw.u32 q1, [r1, #16]",
                "movs r1, #1",
                "vqrdmulh.s32 q2, q0, q4",
                "vqrdmulh.s32 q3, q1, q4",
                "vqdmlah.s32 q2, q0, r1",
                "vqdmlah.s32 q3, q1, r1",
                "vrshl.s32 q2, q2, q5",
                "vrshl.s32 q3, q3, q5",
                "vqmovnb.s32 q2, q2",
                "vqmovnt.s32 q2, q3",
                "ldm r11, {{r0, r2, r4, r6, r8, r10}}",
                "vqadd.s16 q2, q2, r8",
                "vmax.s16 q2, q2, q6",
                "vmin.s16 q2, q2, q7",
                "vshr.u32 q3, q2, #16",
                "vpstt",
                "vstrbt.32 q2, [r0]",
                "vstrbt.32 q3, [r2]",
                "add r0, r6",
                "add r2, r6",
                "add r3, r10",
                "add r5, r10",
                "subs r4, r4, #1",
                "stm r11, {{r0, r2, r4}}",
                "bne 20b",
                // The next block.
                "ldrd r0, r2, [r11, #72]",
                "ldrd r4, r6, [r11, #80]",
                "adds r0, r0, #4",
                "adds r2, r2, #4",
                "strd r0, r2, [r11, #72]",
                "stm r11, {{r0, r2, r4}}",
                "ldrd r0, r2, [r11, #24]",
                "ldr r1, [r11, #88]",
                "add r0, r1",
                "adds r0, r0, #20",
                "str r0, [r11, #24]",
                "subs r6, r6, #4",
                "str r6, [r11, #84]",
                "bgt 10b",
                "pop {{r6, r7}}",
                inout("r0") &raw mut state => _,
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
