//! Depthwise filters of any size: four channels at a time, as they lie in memory.

use crate::instructions::assembly::thumb_functions;
use crate::split_rescale::SplitRescale;
use crate::taps::Run;

/// Input channels that are computed together.
pub const GROUP: usize = 4;

/// Filters of groups of four channels, and how their sums are stored.
#[derive(Debug)]
pub struct ThumbTaps {
    /// For each of an input channel's outputs, and each group of input channels: a word of four
    /// weights for each tap. The last group ends with the last channel.
    pub weights: &'static [i32],
    /// How sums of weights times values as they are stored become results.
    pub rescale: SplitRescale,
}

impl ThumbTaps {
    /// Computes the outputs of some pixels.
    ///
    /// Does nothing where there are fewer than four channels, or places, filters and outputs are
    /// not as many as taps and channels say.
    #[inline(never)]
    pub fn compute(&self, run: &Run<'_>, multiplier: usize, outputs: &mut [i8]) {
        let depth = run.places.depth();
        let Some(list) = run.places.list() else {
            return;
        };
        if depth < GROUP || list.is_empty() || run.pixels > run.places.pixels(run.step) {
            return;
        }
        let pixels = outputs.chunks_exact_mut((depth * multiplier).max(1));
        for (pixel, outputs) in pixels.take(run.pixels).enumerate() {
            let mut weights = self.weights.chunks_exact(list.len());
            for pass in 0..multiplier {
                let mut first = 0;
                for weights in weights.by_ref() {
                    // The last group ends with the last channel.
                    let channel = first.min(depth - GROUP);
                    let behind = pixel * run.step + channel;
                    let sums = four(run, list, weights, behind);
                    for (sum, lane) in sums.into_iter().zip(channel..) {
                        let output = lane * multiplier + pass;
                        if let Some(place) = outputs.get_mut(output) {
                            *place = self.rescale.of_products(output, sum);
                        }
                    }
                    first += GROUP;
                    if first >= depth {
                        break;
                    }
                }
            }
        }
    }
}

/// Sums of products of four channels, so many elements behind the places of taps.
#[cfg(all(target_arch = "arm", target_os = "none"))]
#[inline]
fn four(_: &Run<'_>, list: &[u32], weights: &[i32], behind: usize) -> [i32; GROUP] {
    let mut sums = [0; GROUP];
    // SAFETY: places are addresses of as many values as the input has channels, and as many again
    // for each of the pixels; `compute` took care that the pixel is one of these and the four
    // channels are some of them, and that there are as many words of weights as places, and any.
    unsafe {
        ferrule_thumb_taps(
            list.as_ptr(),
            weights.as_ptr(),
            behind,
            list.len(),
            &mut sums,
        );
    }
    sums
}

#[cfg(not(all(target_arch = "arm", target_os = "none")))]
fn four(run: &Run<'_>, list: &[u32], weights: &[i32], behind: usize) -> [i32; GROUP] {
    let mut sums = [0_i32; GROUP];
    for (&place, weights) in list.iter().zip(weights) {
        let lanes = sums.iter_mut().zip(weights.to_le_bytes());
        for ((sum, weight), behind) in lanes.zip(behind..) {
            let weight = i32::from(i8::from_le_bytes([weight]));
            let value = run.places.value(place, behind);
            *sum = sum.wrapping_add(i32::from(value) * weight);
        }
    }
    sums
}

#[cfg(all(target_arch = "arm", target_os = "none"))]
extern "C" {
    fn ferrule_thumb_taps(
        list: *const u32,
        weights: *const i32,
        behind: usize,
        count: usize,
        sums: &mut [i32; GROUP],
    );
}

// r0 places, r1 weights, r2 from a place to the first channel, r3 taps that are left, r4 a place,
// r5 its weights, r6 a value, r7 a weight and a product; r8-r11 sums.
thumb_functions!(
    r#"
    .section .text.ferrule_thumb_taps,"ax",%progbits

    .macro ferrule_thumb_lane sum
    ldrsb r6, [r4, r2]
    muls r7, r6, r7
    add \sum, r7
    .endm

    .global ferrule_thumb_taps
    .type ferrule_thumb_taps,%function
    .thumb_func
ferrule_thumb_taps:
    push {r4-r7, lr}
    mov r4, r8
    mov r5, r9
    mov r6, r10
    mov r7, r11
    push {r4-r7}
    movs r7, #0
    mov r8, r7
    mov r9, r7
    mov r10, r7
    mov r11, r7
.Lferrule_thumb_taps_tap:
    ldmia r0!, {r4}
    ldmia r1!, {r5}
    sxtb r7, r5
    ferrule_thumb_lane r8
    adds r4, #1
    lsls r7, r5, #16
    asrs r7, r7, #24
    ferrule_thumb_lane r9
    adds r4, #1
    lsls r7, r5, #8
    asrs r7, r7, #24
    ferrule_thumb_lane r10
    adds r4, #1
    asrs r7, r5, #24
    ferrule_thumb_lane r11
    subs r3, #1
    bne .Lferrule_thumb_taps_tap
    ldr r0, [sp, #36]
    mov r4, r8
    mov r5, r9
    mov r6, r10
    mov r7, r11
    stmia r0!, {r4-r7}
    pop {r4-r7}
    mov r8, r4
    mov r9, r5
    mov r10, r6
    mov r11, r7
    pop {r4-r7, pc}
    .size ferrule_thumb_taps, . - ferrule_thumb_taps
"#
);
