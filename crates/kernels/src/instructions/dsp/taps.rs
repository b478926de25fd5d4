//! Depthwise filters of any size: four channels at a time, as they lie in memory.

#[cfg(not(all(target_arch = "arm", target_os = "none")))]
use crate::instructions::dsp::arithmetic::{halves, smlad, stored};
#[cfg(not(all(target_arch = "arm", target_os = "none")))]
use crate::instructions::places::Places;
use crate::taps::Run;

/// Output channels that are computed together.
pub const GROUP: usize = 4;

/// Words of constants for a group: four biases, multipliers and scales.
const SCALES: usize = 12;

/// Filters of groups of four channels, and how their sums are stored.
#[derive(Debug)]
pub struct DspTaps {
    /// For each group: four biases, for each two taps a word of both for each channel, four
    /// multipliers, and four scales. Groups are in the order of [`Order`].
    pub words: &'static [i32],
    /// Zero point of the output.
    pub zero_point: i8,
}

/// Which output channels are computed together.
///
/// If an input channel has at least four outputs, groups are its own, pass by pass an input
/// channel. Else there is a pass for each of an input channel's outputs, over groups of input
/// channels. The last group of a pass ends where the pass does.
#[derive(Clone, Copy, Debug)]
struct Order {
    passes: usize,
    /// Groups of a pass.
    groups: usize,
    /// Outputs of a pass.
    length: usize,
    /// Outputs from one of a group to the next.
    lane: usize,
    has_one_input: bool,
}

impl Order {
    fn new(depth: usize, multiplier: usize) -> Self {
        let has_one_input = multiplier >= GROUP;
        let (passes, length, lane) = match has_one_input {
            true => (depth, multiplier, 1),
            false => (multiplier, depth, multiplier),
        };
        Self {
            passes,
            groups: length.div_ceil(GROUP),
            length,
            lane,
            has_one_input,
        }
    }
}

impl DspTaps {
    /// Computes the outputs of some pixels.
    ///
    /// Does nothing where there are fewer than four channels in any order, or places, filters and
    /// outputs are not as many as taps and channels say.
    #[inline(never)]
    pub fn compute(&self, run: &Run<'_>, multiplier: usize, outputs: &mut [i8]) {
        let depth = run.places.depth();
        let order = Order::new(depth, multiplier);
        let (Some(list), Some(channels)) = (run.places.list(), depth.checked_mul(multiplier))
        else {
            return;
        };
        let words = list.len() * GROUP / 2 + SCALES;
        let fits = order.length >= GROUP
            && !list.is_empty()
            && list.len() % 2 == 0
            && 0 < run.pixels
            && run.pixels <= run.places.pixels(run.step)
            && run.pixels.checked_mul(channels) == Some(outputs.len())
            && (order.groups * order.passes).checked_mul(words) == Some(self.words.len());
        if fits {
            self.some(run, order, list, outputs);
        }
    }
}

#[cfg(not(all(target_arch = "arm", target_os = "none")))]
impl DspTaps {
    fn some(&self, run: &Run<'_>, order: Order, list: &[u32], outputs: &mut [i8]) {
        let words = list.len() * GROUP / 2 + SCALES;
        let channels = order.passes * order.length;
        for pixel in 0..run.pixels {
            for (index, words) in self.words.chunks_exact(words).enumerate() {
                let (pass, group) = (index / order.groups, index % order.groups);
                let first = (group * GROUP).min(order.length - GROUP);
                for lane in 0..GROUP {
                    let (channel, start) = match order.has_one_input {
                        true => (pass, pass * order.length),
                        false => (first + lane, pass),
                    };
                    let words = words.iter().skip(lane).step_by(GROUP).copied();
                    let value = self.one(run.places, list, words, pixel * run.step + channel);
                    let output = pixel * channels + start + (first + lane) * order.lane;
                    if let Some(output) = outputs.get_mut(output) {
                        *output = value;
                    }
                }
            }
        }
    }

    /// An output, from its words and what is so many elements behind the places.
    fn one(
        &self,
        places: &Places<'_>,
        list: &[u32],
        mut words: impl Iterator<Item = i32>,
        behind: usize,
    ) -> i8 {
        let value = |place: &u32| i16::from(places.value(*place, behind));
        let mut next = || words.next().unwrap_or_default();
        let mut sum = next();
        for pair in list.chunks_exact(2) {
            if let [first, second] = pair {
                let weights = u32::from_le_bytes(next().to_le_bytes());
                sum = smlad(weights, halves(value(first), value(second)), sum);
            }
        }
        let (multiplier, scale) = (next(), next());
        stored(sum, multiplier, scale, self.zero_point.into(), true)
    }
}

/// What the assembly is given; it copies this to its stack and changes it there.
#[cfg(all(target_arch = "arm", target_os = "none"))]
#[repr(C)]
struct Work {
    list: *const u32,
    list_end: *const u32,
    output: *mut i8,
    /// From a pass's first output to its last group.
    last: usize,
    zero_point: i32,
    lane: usize,
    words: *const i32,
    passes: usize,
    /// Input elements from a group to the next, and those that the last one goes back.
    group: usize,
    shared: usize,
    has_one_input: u32,
    pixels: usize,
    /// Input and output elements from the end of a pass to the next one.
    pass: [usize; 2],
    /// Input and output elements from the end of a pixel's last pass to the next pixel.
    pixel: [usize; 2],
}

#[cfg(all(target_arch = "arm", target_os = "none"))]
impl DspTaps {
    #[inline]
    fn some(&self, run: &Run<'_>, order: Order, list: &[u32], outputs: &mut [i8]) {
        let list = list.as_ptr_range();
        let Order {
            passes,
            length,
            lane,
            has_one_input,
            ..
        } = order;
        let (depth, step) = (run.places.depth(), run.step);
        let work = Work {
            list: list.start,
            list_end: list.end,
            output: outputs.as_mut_ptr(),
            last: (length - GROUP) * lane,
            zero_point: self.zero_point.into(),
            lane,
            words: self.words.as_ptr(),
            passes,
            group: if has_one_input { 0 } else { GROUP },
            shared: if has_one_input {
                0
            } else {
                depth.wrapping_neg() % GROUP
            },
            has_one_input: u32::from(has_one_input),
            pixels: run.pixels,
            pass: match has_one_input {
                true => [1, 0],
                false => [depth.wrapping_neg(), 1_usize.wrapping_sub(length * lane)],
            },
            pixel: match has_one_input {
                true => [(step + 1).wrapping_sub(depth), 0],
                false => [step.wrapping_sub(depth), 1_usize.wrapping_sub(lane)],
            },
        };
        // SAFETY: the assembly reads `depth` values at each place, and of further pixels `step`
        // behind the last ones', which the places have by `compute`. For each pixel it reads all
        // words and writes `depth` times `multiplier` outputs, whose numbers `compute` compared.
        unsafe { ferrule_dsp_taps(&work) }
    }
}

#[cfg(all(target_arch = "arm", target_os = "none"))]
extern "C" {
    fn ferrule_dsp_taps(work: &Work);
}

// r0-r3 sums of four channels; r4-r7 values; r8, r9 weights; r10 end of the list, r11 what is added
// to its places, r12 words to come, lr places to come. The stack has the fields of `Work` in order,
// `last` and `has_one_input` replaced by where the last group's outputs and where the sums begin;
// 64 passes that are left. Taking 1 off sums below zero, which only matters where values below zero
// are stored, is cheaper than to know.
#[cfg(all(target_arch = "arm", target_os = "none"))]
core::arch::global_asm!(
    r#"
    .section .text.ferrule_dsp_taps,"ax",%progbits
    .syntax unified
    .thumb
    .cpu cortex-m4
    .global ferrule_dsp_taps
    .type ferrule_dsp_taps,%function
    .thumb_func
ferrule_dsp_taps:
    push {r4-r11, lr}
    sub sp, sp, #76
    mov r12, sp
    ldm r0!, {r1-r8}
    stm r12!, {r1-r8}
    str r4, [sp, #68]
    // Four pairs of taps make a round; the first round may be shorter.
    subs r1, r1, r2
    asrs r1, r1, #3
    and r1, r1, #3
    mov r11, r3
    ldm r0, {r2-r9}
    movs r10, #60
    adr.w r0, .Lferrule_dsp_taps_sum
    cmp r4, #0
    itt ne
    movne r10, #36
    adrne.w r0, .Lferrule_dsp_taps_one
    mla r4, r1, r10, r0
    adds r4, r4, #1
    stm r12, {r2-r9}
    mov r8, r11
    movs r11, #0
.Lferrule_dsp_taps_pixel:
    ldrd r12, r9, [sp, #24]
.Lferrule_dsp_taps_pass:
    ldr r4, [sp, #68]
    str r9, [sp, #64]
    add r9, r8, r4
    strd r8, r9, [sp, #8]
.Lferrule_dsp_taps_group:
    ldm r12!, {r0-r3}
    ldrd lr, r10, [sp]
    ldr pc, [sp, #40]
    .p2align 2
.Lferrule_dsp_taps_sum:
    .rept 4
    ldrd r4, r5, [lr], #8
    ldr r4, [r4, r11]
    ldr r5, [r5, r11]
    ldrd r8, r9, [r12], #8
    pkhbt r6, r4, r5, lsl #16
    pkhtb r7, r5, r4, asr #16
    sxtb16 r4, r6
    sxtb16 r6, r6, ror #8
    smlad r0, r4, r8, r0
    smlad r1, r6, r9, r1
    ldrd r8, r9, [r12], #8
    sxtb16 r4, r7
    sxtb16 r7, r7, ror #8
    smlad r2, r4, r8, r2
    smlad r3, r7, r9, r3
    .endr
    cmp lr, r10
    bne .Lferrule_dsp_taps_sum
.Lferrule_dsp_taps_store:
    ldm r12!, {r4-r7}
    smmlar r0, r0, r4, r0
    smmlar r1, r1, r5, r1
    smmlar r2, r2, r6, r2
    smmlar r3, r3, r7, r3
    ldm r12!, {r4-r7}
    add r0, r0, r0, asr #31
    add r1, r1, r1, asr #31
    add r2, r2, r2, asr #31
    add r3, r3, r3, asr #31
    ldrd r9, r10, [sp, #16]
    smmlsr r0, r0, r4, r9
    smmlsr r1, r1, r5, r9
    smmlsr r2, r2, r6, r9
    smmlsr r3, r3, r7, r9
    ldrd r8, r9, [sp, #8]
    ssat r0, #8, r0
    ssat r1, #8, r1
    ssat r2, #8, r2
    ssat r3, #8, r3
    add r7, r8, r10, lsl #1
    strb r0, [r8]
    strb r1, [r8, r10]
    strb r2, [r7]
    strb r3, [r7, r10]
    ldr r7, [sp, #32]
    add r8, r8, r10, lsl #2
    add r11, r11, r7
    str r8, [sp, #8]
    cmp r8, r9
    bls .Lferrule_dsp_taps_group
    sub r6, r8, r9
    cmp r6, r10, lsl #2
    beq .Lferrule_dsp_taps_passed
    ldr r5, [sp, #36]
    str r9, [sp, #8]
    sub r11, r11, r5
    b .Lferrule_dsp_taps_group
.Lferrule_dsp_taps_passed:
    ldr r9, [sp, #64]
    subs r9, r9, #1
    beq .Lferrule_dsp_taps_done
    ldrd r5, r6, [sp, #48]
    add r11, r11, r5
    add r8, r8, r6
    b .Lferrule_dsp_taps_pass
.Lferrule_dsp_taps_done:
    ldrd r5, r6, [sp, #56]
    ldr r7, [sp, #44]
    add r11, r11, r5
    add r8, r8, r6
    subs r7, r7, #1
    str r7, [sp, #44]
    bne .Lferrule_dsp_taps_pixel
    add sp, sp, #76
    pop {r4-r11, pc}
    .p2align 2
.Lferrule_dsp_taps_one:
    .rept 4
    ldrd r4, r5, [lr], #8
    ldrsb r4, [r4, r11]
    ldrsb r5, [r5, r11]
    ldm.w r12!, {r6-r9}
    pkhbt r4, r4, r5, lsl #16
    smlad r0, r4, r6, r0
    smlad r1, r4, r7, r1
    smlad r2, r4, r8, r2
    smlad r3, r4, r9, r3
    .endr
    cmp lr, r10
    bne .Lferrule_dsp_taps_one
    b .Lferrule_dsp_taps_store
    .size ferrule_dsp_taps, . - ferrule_dsp_taps
"#,
    options(raw)
);
