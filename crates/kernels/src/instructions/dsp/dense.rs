//! Multiplies a row of values with filters: four channels at a time.

use crate::instructions::assembly::dsp_functions;
#[cfg(not(all(target_arch = "arm", target_os = "none")))]
use crate::instructions::dsp::arithmetic::{smlad, stored, sxtb16};

/// Channels that are computed together.
pub const GROUP: usize = 4;

/// Words of constants for a group: four biases, multipliers and scales.
pub const SCALES: usize = 12;

/// Filters of groups of four channels, and how their sums are stored.
#[derive(Debug)]
pub struct Dense<'f> {
    /// For each group, for each four taps, a word of four weights of each channel. There may be
    /// more groups than are computed.
    pub weights: &'f [i32],
    /// For each group [`SCALES`] words.
    pub scales: &'f [i32],
    /// Zero point of the output.
    pub zero_point: i32,
    /// Whether ties below zero need an instruction of their own, as `dsp.py` says.
    pub signed: bool,
}

impl Dense<'_> {
    /// Computes groups of four outputs from values, of which every four meet a word.
    ///
    /// Does nothing unless outputs are whole groups, values are whole words, and there are filters
    /// for all of them.
    #[inline]
    pub fn multiply(&self, values: &[i8], outputs: &mut [i8]) {
        let groups = outputs.len() / GROUP;
        if groups > 0
            && !values.is_empty()
            && outputs.len() % GROUP == 0
            && values.len() % 4 == 0
            // Divided, because a product could wrap; then that of so few groups cannot.
            && groups <= self.weights.len() / values.len()
            && groups * SCALES <= self.scales.len()
        {
            self.groups(values, outputs, groups);
        }
    }

    #[cfg(all(target_arch = "arm", target_os = "none"))]
    #[inline]
    fn groups(&self, values: &[i8], outputs: &mut [i8], groups: usize) {
        let work = Work {
            output: outputs.as_mut_ptr(),
            scales: self.scales.as_ptr(),
            end: self.scales.as_ptr().wrapping_add(groups * SCALES),
            zero_point: self.zero_point,
            values: values.as_ptr(),
            length: values.len(),
            signed: u32::from(self.signed),
            weights: self.weights.as_ptr(),
        };
        // SAFETY: for each twelve words of scales the assembly reads all values and four words of
        // weights for each four of them, and writes four outputs; `multiply` compared their
        // lengths. Slices of words are aligned.
        unsafe { ferrule_dsp_dense(&work) }
    }

    #[cfg(not(all(target_arch = "arm", target_os = "none")))]
    fn groups(&self, values: &[i8], outputs: &mut [i8], _: usize) {
        let groups = self.weights.chunks_exact(values.len());
        let constants = self.scales.chunks_exact(SCALES);
        for ((outputs, weights), scales) in
            outputs.chunks_exact_mut(GROUP).zip(groups).zip(constants)
        {
            for (channel, output) in outputs.iter_mut().enumerate() {
                let mut of = scales.iter().skip(channel).step_by(GROUP).copied();
                let mut next = || of.next().unwrap_or_default();
                let (mut sum, multiplier, scale) = (next(), next(), next());
                let weights = weights.iter().skip(channel).step_by(GROUP);
                for (values, weights) in values.chunks_exact(4).zip(weights) {
                    let mut bytes = [0; 4];
                    for (byte, value) in bytes.iter_mut().zip(values) {
                        [*byte] = value.to_le_bytes();
                    }
                    let (a, b) = (u32::from_le_bytes(bytes), weights.to_le_bytes());
                    let b = u32::from_le_bytes(b);
                    sum = smlad(sxtb16(a), sxtb16(b), sum);
                    sum = smlad(sxtb16(a.rotate_right(8)), sxtb16(b.rotate_right(8)), sum);
                }
                *output = stored(sum, multiplier, scale, self.zero_point, self.signed);
            }
        }
    }
}

/// What the assembly is given; it copies the first fields to its stack and changes them there.
#[cfg(all(target_arch = "arm", target_os = "none"))]
#[repr(C)]
struct Work {
    output: *mut i8,
    scales: *const i32,
    end: *const i32,
    zero_point: i32,
    values: *const i8,
    length: usize,
    signed: u32,
    weights: *const i32,
}

#[cfg(all(target_arch = "arm", target_os = "none"))]
extern "C" {
    fn ferrule_dsp_dense(work: &Work);
}

// r0-r3 sums of four channels; r4, r5 values as halves; r6-r9 weights; r10 weights as halves; r11
// values and r12 weights to come, lr bytes of values that are left. When they are stored: r4 the
// output, r6 the end of scales, r7 the zero point. The stack has the fields of `Work` up to the
// length, and then where sums go on after the first multiplication.
dsp_functions!(
    r#"
    .section .text.ferrule_dsp_dense,"ax",%progbits
    .global ferrule_dsp_dense
    .type ferrule_dsp_dense,%function
    .thumb_func
ferrule_dsp_dense:
    push {r4-r11, lr}
    ldm r0, {r1-r7, r12}
    cmp r7, #0
    adr.w r7, .Lferrule_dsp_dense_up + 1
    it ne
    adrne.w r7, .Lferrule_dsp_dense_away + 1
    push {r1-r7}
    mov r10, r2
.Lferrule_dsp_dense_group:
    ldm r10!, {r0-r3}
    str r10, [sp, #4]
    ldrd r11, lr, [sp, #16]
.Lferrule_dsp_dense_quad:
    ldr r5, [r11], #4
    ldm r12!, {r6-r9}
    sxtb16 r4, r5
    sxtb16 r5, r5, ror #8
    sxtb16 r10, r6
    smlad r0, r10, r4, r0
    sxtb16 r6, r6, ror #8
    smlad r0, r6, r5, r0
    sxtb16 r10, r7
    smlad r1, r10, r4, r1
    sxtb16 r7, r7, ror #8
    smlad r1, r7, r5, r1
    sxtb16 r10, r8
    smlad r2, r10, r4, r2
    sxtb16 r8, r8, ror #8
    smlad r2, r8, r5, r2
    sxtb16 r10, r9
    smlad r3, r10, r4, r3
    sxtb16 r9, r9, ror #8
    smlad r3, r9, r5, r3
    subs lr, lr, #4
    bne .Lferrule_dsp_dense_quad
    ldr r10, [sp, #4]
    ldm r10!, {r4-r9, r11, lr}
    smmlar r0, r0, r4, r0
    smmlar r1, r1, r5, r1
    smmlar r2, r2, r6, r2
    smmlar r3, r3, r7, r3
    ldm sp, {r4-r7}
    ldr pc, [sp, #24]
    .p2align 2
.Lferrule_dsp_dense_away:
    add r0, r0, r0, asr #31
    add r1, r1, r1, asr #31
    add r2, r2, r2, asr #31
    add r3, r3, r3, asr #31
    .p2align 2
.Lferrule_dsp_dense_up:
    smmlsr r0, r0, r8, r7
    smmlsr r1, r1, r9, r7
    smmlsr r2, r2, r11, r7
    smmlsr r3, r3, lr, r7
    ssat r0, #8, r0
    ssat r1, #8, r1
    ssat r2, #8, r2
    ssat r3, #8, r3
    strb r1, [r4, #1]
    strb r2, [r4, #2]
    strb r3, [r4, #3]
    strb r0, [r4], #4
    str r4, [sp]
    cmp r10, r6
    bne .Lferrule_dsp_dense_group
    add sp, sp, #28
    pop {r4-r11, pc}
    .size ferrule_dsp_dense, . - ferrule_dsp_dense
"#
);
