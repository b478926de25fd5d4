//! Depthwise filters of any size: four channels at a time, as they lie in memory.
//!
//! One file, as the loop, its checks and its twin are read side by side.

use crate::instructions::assembly::dsp_functions;
#[cfg(not(all(target_arch = "arm", target_os = "none")))]
use crate::instructions::dsp::arithmetic::{halves, high, low, smlad, stored};
#[cfg(not(all(target_arch = "arm", target_os = "none")))]
use crate::instructions::places::Places;
use crate::taps::Run;

/// Output channels that are computed together.
pub const GROUP: usize = 4;

/// As many where an input channel has five or six.
const SIX: usize = 6;

/// Filters of groups of channels, and how their sums are stored.
#[derive(Debug)]
pub struct DspTaps {
    /// For each group: biases, if taps are odd the first tap's weights as halves of words, for
    /// each two further taps a word of both for each channel, multipliers, and scales. Groups are
    /// in the order of [`Order`].
    pub words: &'static [i32],
    /// Zero point of the output.
    pub zero_point: i8,
    /// Whether ties below zero need an instruction of their own, as `dsp.py` says.
    pub signed: bool,
}

/// Which output channels are computed together.
///
/// If an input channel has at least four outputs, groups are its own, pass by pass an input
/// channel. Else there is a pass for each of an input channel's outputs, over groups of input
/// channels. The last group of a pass ends where the pass does; five outputs are six, of which the
/// last two are the same.
#[derive(Clone, Copy, Debug)]
struct Order {
    passes: usize,
    /// Groups of a pass.
    groups: usize,
    /// Channels of a group.
    lanes: usize,
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
        let lanes = match multiplier {
            5 | 6 => SIX,
            _ => GROUP,
        };
        Self {
            passes,
            groups: length.div_ceil(lanes),
            lanes,
            length,
            lane,
            has_one_input,
        }
    }

    /// Words of a group.
    fn words(&self, taps: usize) -> usize {
        self.lanes * (3 + taps / 2) + self.lanes / 2 * (taps % 2)
    }

    /// How many of these places are taps: all, or all but the partner of an odd one.
    fn taps(&self, places: usize, words: usize) -> Option<usize> {
        [places, places.saturating_sub(1)]
            .into_iter()
            .find(|&taps| (self.groups * self.passes).checked_mul(self.words(taps)) == Some(words))
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
        let fits = order.length >= GROUP
            && multiplier > 0
            && list.len() % 2 == 0
            && 0 < run.pixels
            && run.pixels <= run.places.pixels(run.step)
            && run.pixels.checked_mul(channels) == Some(outputs.len());
        let taps = order.taps(list.len(), self.words.len());
        if let (true, Some(list)) = (fits, taps.and_then(|taps| list.get(..taps))) {
            if !list.is_empty() {
                self.some(run, order, list, outputs);
            }
        }
    }
}

#[cfg(not(all(target_arch = "arm", target_os = "none")))]
impl DspTaps {
    fn some(&self, run: &Run<'_>, order: Order, list: &[u32], outputs: &mut [i8]) {
        let channels = order.passes * order.length;
        for pixel in 0..run.pixels {
            let groups = self.words.chunks_exact(order.words(list.len()));
            for (index, words) in groups.enumerate() {
                let (pass, group) = (index / order.groups, index % order.groups);
                let first = (group * GROUP).min(order.length - GROUP);
                for lane in 0..order.lanes.min(order.length) {
                    let (channel, start) = match order.has_one_input {
                        true => (pass, pass * order.length),
                        false => (first + lane, pass),
                    };
                    let first = if order.lanes == GROUP { first } else { 0 };
                    let behind = pixel * run.step + channel;
                    let value = self.one(run.places, list, words, (order.lanes, lane), behind);
                    let output = pixel * channels + start + (first + lane) * order.lane;
                    if let Some(output) = outputs.get_mut(output) {
                        *output = value;
                    }
                }
            }
        }
    }

    /// An output, from its group's words and what is so many elements behind the places.
    fn one(
        &self,
        places: &Places<'_>,
        list: &[u32],
        words: &[i32],
        (lanes, lane): (usize, usize),
        behind: usize,
    ) -> i8 {
        let word = |index: usize| words.get(index).copied().unwrap_or_default();
        let halves_of = |index: usize| u32::from_le_bytes(word(index).to_le_bytes());
        let value = |place: &u32| i16::from(places.value(*place, behind));
        let mut sum = word(lane);
        let (odd, pairs) = list.split_at(list.len() % 2);
        let mut next = lanes;
        for place in odd {
            let both = halves_of(next + lane / 2);
            let weight = if lane % 2 == 0 { low(both) } else { high(both) };
            sum += i32::from(weight) * i32::from(value(place));
            next += lanes / 2;
        }
        for pair in pairs.chunks_exact(2) {
            if let [first, second] = pair {
                sum = smlad(
                    halves_of(next + lane),
                    halves(value(first), value(second)),
                    sum,
                );
            }
            next += lanes;
        }
        let (multiplier, scale) = (word(next + lane), word(next + lanes + lane));
        stored(sum, multiplier, scale, self.zero_point.into(), self.signed)
    }
}

/// What the assembly is given; it copies this to its stack and changes it there.
#[cfg(all(target_arch = "arm", target_os = "none"))]
#[repr(C)]
struct Work {
    zero_point: i32,
    output: *mut i8,
    /// From a pass's first output to its last group, or to its end where six are together.
    last: usize,
    lane: usize,
    list: *const u32,
    list_end: *const u32,
    words: *const i32,
    passes: usize,
    /// Input elements from a group to the next, and those that the last one goes back.
    group: usize,
    shared: usize,
    /// 1 if a group has one input channel, 2 if six outputs are together, 4 if taps are odd, 8 if
    /// ties below zero need an instruction.
    form: usize,
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
        let form = usize::from(order.has_one_input)
            + 2 * usize::from(order.lanes == SIX)
            + 4 * (list.len() % 2)
            + 8 * usize::from(self.signed);
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
            zero_point: self.zero_point.into(),
            output: outputs.as_mut_ptr(),
            last: match order.lanes {
                SIX => length,
                _ => (length - GROUP) * lane,
            },
            lane,
            list: list.start,
            list_end: list.end,
            words: self.words.as_ptr(),
            passes,
            group: if has_one_input { 0 } else { GROUP },
            shared: if has_one_input {
                0
            } else {
                depth.wrapping_neg() % GROUP
            },
            form,
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

// r0-r3 sums of four channels, r4 and r5 of two more; r4-r10 values and weights; r11 what is added
// to places, r12 words to come, lr places to come. The stack has the fields of `Work` in order,
// `last` replaced by where the last group's outputs or the next pass's begin, and `form` by where
// sums begin; 64 passes that are left, 68 `last`, and where sums go on after biases and an odd tap
// (72), after a round (76), of six after biases (80), and where they are stored (84).
dsp_functions!(
    r#"
    .section .text.ferrule_dsp_taps,"ax",%progbits

    .macro ferrule_dsp_taps_scale multiplier0, multiplier1, multiplier2, multiplier3
    smmlar r0, r0, \multiplier0, r0
    smmlar r1, r1, \multiplier1, r1
    smmlar r2, r2, \multiplier2, r2
    smmlar r3, r3, \multiplier3, r3
    .endm

    .macro ferrule_dsp_taps_away
    add r0, r0, r0, asr #31
    add r1, r1, r1, asr #31
    add r2, r2, r2, asr #31
    add r3, r3, r3, asr #31
    .endm

    .global ferrule_dsp_taps
    .type ferrule_dsp_taps,%function
    .thumb_func
ferrule_dsp_taps:
    push {r4-r11, lr}
    sub sp, sp, #92
    mov r12, sp
    ldm r0!, {r1-r8}
    stm r12!, {r1-r8}
    str r3, [sp, #68]
    mov r11, r2
    // Four pairs of taps make a round; the first round may be shorter.
    subs r6, r6, r5
    asr lr, r6, #3
    ldm r0, {r2-r9}
    stm r12, {r2-r9}
    mov r10, r4
    movs r1, #56
    adr.w r2, .Lferrule_dsp_taps_sum
    adr.w r3, .Lferrule_dsp_taps_odd
    adr.w r5, .Lferrule_dsp_taps_rounds
    adr.w r6, .Lferrule_dsp_taps_store
    adr.w r7, .Lferrule_dsp_taps_away
    tst r10, #1
    beq .Lferrule_dsp_taps_common
    movs r1, #36
    adr.w r2, .Lferrule_dsp_taps_one
    adr.w r3, .Lferrule_dsp_taps_odd_one
    adr.w r5, .Lferrule_dsp_taps_rounds_one
    tst r10, #2
    beq .Lferrule_dsp_taps_common
    movs r1, #48
    adr.w r2, .Lferrule_dsp_taps_six
    adr.w r3, .Lferrule_dsp_taps_odd_six
    adr.w r5, .Lferrule_dsp_taps_rounds_six
    adr.w r6, .Lferrule_dsp_taps_store_six
    adr.w r7, .Lferrule_dsp_taps_away_six
.Lferrule_dsp_taps_common:
    tst r10, #8
    it ne
    movne r6, r7
    orr r6, r6, #1
    str r6, [sp, #84]
    rsb r7, lr, #0
    and r7, r7, #3
    mla r7, r7, r1, r2
    cmp lr, #4
    it ls
    movls r5, r6
    cmp lr, #0
    it eq
    moveq r7, r6
    tst r10, #4
    it eq
    moveq r3, r7
    orr r3, r3, #1
    orr r7, r7, #1
    orr r5, r5, #1
    strd r7, r5, [sp, #72]
    str r3, [sp, #80]
    tst r10, #2
    itt ne
    adrne.w r3, .Lferrule_dsp_taps_begin_six
    orrne r3, r3, #1
    str r3, [sp, #40]
    mov r8, r11
    movs r11, #0
.Lferrule_dsp_taps_pixel:
    ldrd r12, r9, [sp, #24]
.Lferrule_dsp_taps_pass:
    ldr r4, [sp, #68]
    str r9, [sp, #64]
    add r9, r8, r4
    strd r8, r9, [sp, #4]
.Lferrule_dsp_taps_group:
    ldm r12!, {r0-r3}
    ldr lr, [sp, #16]
    ldr pc, [sp, #40]
    .p2align 2
.Lferrule_dsp_taps_odd:
    ldr r4, [lr], #4
    ldr r4, [r4, r11]
    ldrd r8, r9, [r12], #8
    sxtb16 r5, r4
    sxtb16 r4, r4, ror #8
    smlabb r0, r5, r8, r0
    smlabt r1, r4, r8, r1
    smlatb r2, r5, r9, r2
    smlatt r3, r4, r9, r3
    ldr pc, [sp, #72]
    .p2align 2
.Lferrule_dsp_taps_sum:
    .rept 4
    ldrd r4, r5, [lr], #8
    ldr r4, [r4, r11]
    ldr r5, [r5, r11]
    ldm.w r12!, {r6-r9}
    pkhbt r10, r4, r5, lsl #16
    pkhtb r5, r5, r4, asr #16
    sxtb16 r4, r10
    sxtb16 r10, r10, ror #8
    smlad r0, r4, r6, r0
    smlad r1, r10, r7, r1
    sxtb16 r4, r5
    sxtb16 r5, r5, ror #8
    smlad r2, r4, r8, r2
    smlad r3, r5, r9, r3
    .endr
    ldr pc, [sp, #76]
    .p2align 2
.Lferrule_dsp_taps_rounds:
    ldr r10, [sp, #20]
    cmp lr, r10
    bne .Lferrule_dsp_taps_sum
    ldr pc, [sp, #84]
    .p2align 2
.Lferrule_dsp_taps_away:
    ldm r12!, {r4-r7}
    ferrule_dsp_taps_scale r4, r5, r6, r7
    ferrule_dsp_taps_away
    b .Lferrule_dsp_taps_scaled
    .p2align 2
.Lferrule_dsp_taps_store:
    ldm r12!, {r4-r7}
    ferrule_dsp_taps_scale r4, r5, r6, r7
.Lferrule_dsp_taps_scaled:
    ldm r12!, {r4-r7}
    ldm.w sp, {r8-r10, lr}
    smmlsr r0, r0, r4, r8
    smmlsr r1, r1, r5, r8
    smmlsr r2, r2, r6, r8
    smmlsr r3, r3, r7, r8
    ssat r0, #8, r0
    ssat r1, #8, r1
    ssat r2, #8, r2
    ssat r3, #8, r3
    add r7, r9, lr, lsl #1
    strb r0, [r9]
    strb r1, [r9, lr]
    strb r2, [r7]
    strb r3, [r7, lr]
    ldr r7, [sp, #32]
    add r8, r9, lr, lsl #2
    add r11, r11, r7
    str r8, [sp, #4]
    cmp r8, r10
    bls .Lferrule_dsp_taps_group
    sub r6, r8, r10
    cmp r6, lr, lsl #2
    beq .Lferrule_dsp_taps_passed
    ldr r5, [sp, #36]
    str r10, [sp, #4]
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
    add sp, sp, #92
    pop {r4-r11, pc}
    .p2align 2
.Lferrule_dsp_taps_odd_one:
    ldr r4, [lr], #4
    ldrsb r4, [r4, r11]
    ldrd r8, r9, [r12], #8
    smlabb r0, r4, r8, r0
    smlabt r1, r4, r8, r1
    smlabb r2, r4, r9, r2
    smlabt r3, r4, r9, r3
    ldr pc, [sp, #72]
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
    ldr pc, [sp, #76]
    .p2align 2
.Lferrule_dsp_taps_rounds_one:
    ldr r10, [sp, #20]
    cmp lr, r10
    bne .Lferrule_dsp_taps_one
    ldr pc, [sp, #84]
    .p2align 2
.Lferrule_dsp_taps_begin_six:
    ldrd r4, r5, [r12], #8
    ldr pc, [sp, #80]
    .p2align 2
.Lferrule_dsp_taps_odd_six:
    ldr r6, [lr], #4
    ldrsb r6, [r6, r11]
    ldm.w r12!, {r7-r9}
    smlabb r0, r6, r7, r0
    smlabt r1, r6, r7, r1
    smlabb r2, r6, r8, r2
    smlabt r3, r6, r8, r3
    smlabb r4, r6, r9, r4
    smlabt r5, r6, r9, r5
    ldr pc, [sp, #72]
    .p2align 2
.Lferrule_dsp_taps_six:
    .rept 4
    ldrd r6, r7, [lr], #8
    ldrsb r6, [r6, r11]
    ldrsb r7, [r7, r11]
    pkhbt r6, r6, r7, lsl #16
    ldm.w r12!, {r7-r10}
    smlad r0, r6, r7, r0
    smlad r1, r6, r8, r1
    smlad r2, r6, r9, r2
    smlad r3, r6, r10, r3
    ldrd r7, r8, [r12], #8
    smlad r4, r6, r7, r4
    smlad r5, r6, r8, r5
    .endr
    ldr pc, [sp, #76]
    .p2align 2
.Lferrule_dsp_taps_rounds_six:
    ldr r10, [sp, #20]
    cmp lr, r10
    bne .Lferrule_dsp_taps_six
    ldr pc, [sp, #84]
    .p2align 2
.Lferrule_dsp_taps_away_six:
    ldm.w r12!, {r6-r10, lr}
    ferrule_dsp_taps_scale r6, r7, r8, r9
    smmlar r4, r4, r10, r4
    smmlar r5, r5, lr, r5
    ferrule_dsp_taps_away
    add r4, r4, r4, asr #31
    add r5, r5, r5, asr #31
    b .Lferrule_dsp_taps_scaled_six
    .p2align 2
.Lferrule_dsp_taps_store_six:
    ldm.w r12!, {r6-r10, lr}
    ferrule_dsp_taps_scale r6, r7, r8, r9
    smmlar r4, r4, r10, r4
    smmlar r5, r5, lr, r5
.Lferrule_dsp_taps_scaled_six:
    ldm.w sp, {r8-r10}
    ldm.w r12!, {r6, r7, lr}
    smmlsr r0, r0, r6, r8
    smmlsr r1, r1, r7, r8
    smmlsr r2, r2, lr, r8
    ldm.w r12!, {r6, r7, lr}
    smmlsr r3, r3, r6, r8
    smmlsr r4, r4, r7, r8
    smmlsr r5, r5, lr, r8
    ssat r0, #8, r0
    ssat r1, #8, r1
    ssat r2, #8, r2
    ssat r3, #8, r3
    ssat r4, #8, r4
    ssat r5, #8, r5
    // The sixth of five is the fifth.
    strb r5, [r10, #-1]
    strb r4, [r9, #4]
    strb r3, [r9, #3]
    strb r2, [r9, #2]
    strb r1, [r9, #1]
    strb r0, [r9]
    mov r8, r10
    b .Lferrule_dsp_taps_passed
    .size ferrule_dsp_taps, . - ferrule_dsp_taps
"#
);
