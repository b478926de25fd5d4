//! Means and maxima of four channels over what a pool's filter sees.

use crate::instructions::assembly::dsp_functions;
use crate::mean::Mean;
use crate::pool_runs as runs;
use runtime::Output;

/// Channels that are computed together.
pub const GROUP: usize = 4;

/// Where the pixels under a filter lie.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Pixels {
    /// Pixels of a row.
    pub columns: usize,
    /// Rows.
    pub rows: usize,
    /// Elements from a pixel to the next, at least 4.
    pub step: usize,
    /// Elements from the end of a row's pixels to the next row's first.
    pub skipped: usize,
}

/// Most pixels of which sums fit 16 bits.
const MOST: usize = 256;

/// What a filter sees of an input.
#[derive(Debug)]
pub struct Seen<'s> {
    values: &'s [i8],
    pixels: Pixels,
    /// Channels of each pixel.
    depth: usize,
}

impl<'s> Seen<'s> {
    /// Pixels of which `values` begins with the first.
    ///
    /// None where there are no pixels, more than 256, fewer than four channels, or too few values.
    #[inline]
    #[must_use]
    pub fn new(values: &'s [i8], pixels: Pixels, depth: usize) -> Option<Self> {
        let Pixels {
            columns,
            rows,
            step,
            skipped,
        } = pixels;
        let row = columns.checked_mul(step)?.checked_add(skipped)?;
        let seen = row
            .checked_mul(rows)?
            .checked_sub(skipped)?
            .checked_sub(step)?;
        let fits = depth >= GROUP
            && columns > 0
            && rows > 0
            && columns.checked_mul(rows)? <= MOST
            && values.len() >= seen.checked_add(depth)?;
        fits.then_some(Self {
            values,
            pixels,
            depth,
        })
    }

    /// The values from a channel on, which is moved so that there are four.
    #[inline]
    fn from(&self, channel: usize) -> &[i8] {
        let channel = channel.min(self.depth - GROUP);
        self.values.get(channel..).unwrap_or_default()
    }

    /// The largest values of four channels from this one on, or of the last four.
    #[inline]
    #[must_use]
    pub fn largest(&self, channel: usize) -> [i8; GROUP] {
        let values = self.from(channel);
        #[cfg(all(target_arch = "arm", target_os = "none"))]
        {
            // SAFETY: each pixel's four values lie inside, as `new` and `from` saw to.
            let lanes = unsafe { ferrule_dsp_largest(values.as_ptr(), &self.pixels) };
            lanes.to_le_bytes().map(|byte| i8::from_le_bytes([byte]))
        }
        #[cfg(not(all(target_arch = "arm", target_os = "none")))]
        self.fold(values, [i8::MIN; GROUP], i8::max)
    }

    #[cfg(not(all(target_arch = "arm", target_os = "none")))]
    fn fold(
        &self,
        values: &[i8],
        mut all: [i8; GROUP],
        combine: impl Fn(i8, i8) -> i8,
    ) -> [i8; GROUP] {
        let pixels = &self.pixels;
        for row in 0..pixels.rows {
            for column in 0..pixels.columns {
                let line = pixels.columns * pixels.step + pixels.skipped;
                let values = values.iter().skip(row * line + column * pixels.step);
                for (one, &value) in all.iter_mut().zip(values) {
                    *one = combine(*one, value);
                }
            }
        }
        all
    }
}

#[cfg(all(target_arch = "arm", target_os = "none"))]
extern "C" {
    fn ferrule_dsp_average(values: *const i8, output: *mut i8, work: &mut Work);
    fn ferrule_dsp_largest(values: *const i8, pixels: &Pixels) -> u32;
}

/// Computes the means of a run of pixels, for the channels that `output` has.
///
/// `values` begin with the first channel of the first tap of the first pixel, which is `first` of
/// `output`. Does nothing where there are no taps or more than 256, or fewer than four channels, or
/// values or outputs are too few.
#[inline(never)]
pub fn average(
    values: &[i8],
    seen: runs::Seen,
    (first, pixels): (usize, usize),
    output: &mut Output<'_, i8>,
) {
    let channels = output.channels();
    let length = channels.len();
    let values = values.get(channels.start..).unwrap_or_default();
    let is_seen = |reach| reach <= values.len();
    let is_owned = first.saturating_add(pixels) <= output.pixels().len();
    let taps = seen.taps();
    if !seen.reach(pixels, length).is_some_and(is_seen) || !is_owned || taps > MOST {
        return;
    }
    let Some(others) = length.checked_sub(GROUP) else {
        return;
    };
    let mean = Mean::of(taps);
    #[cfg(all(target_arch = "arm", target_os = "none"))]
    {
        let (rows, pitch) = seen.rows;
        let (columns, column) = seen.columns;
        let step = output.stride();
        let mut work = Work {
            column,
            skipped: pitch.wrapping_sub(columns.wrapping_mul(column)),
            reciprocal: mean.reciprocal(),
            back: rows.wrapping_mul(pitch).wrapping_sub(GROUP),
            columns,
            rows,
            others,
            next: seen.step.wrapping_sub(length),
            next_output: step.wrapping_sub(length),
            pixels,
        };
        let to = output.as_mut_ptr().wrapping_add(first * step);
        // SAFETY: all that is seen of four channels or more lies inside, as above, of one tap and
        // pixel at least; so many pixels are owned, with so many channels.
        unsafe { ferrule_dsp_average(values.as_ptr(), to, &mut work) };
    }
    #[cfg(not(all(target_arch = "arm", target_os = "none")))]
    for pixel in 0..pixels {
        let values = values.get(pixel * seen.step..).unwrap_or_default();
        let outputs = output.run(first + pixel).iter_mut();
        for (channel, output) in outputs.take(others + GROUP).enumerate() {
            *output = mean.apply(seen.sum(values, channel));
        }
    }
}

#[cfg(all(target_arch = "arm", target_os = "none"))]
#[repr(C)]
struct Work {
    /// Elements from a tap to the next.
    column: usize,
    /// Elements from behind a row's taps to the next row.
    skipped: usize,
    reciprocal: i32,
    /// Elements from behind the taps of four channels back to those of the next four.
    back: usize,
    columns: usize,
    rows: usize,
    /// Channels of a pixel beside the first four.
    others: usize,
    /// Elements from behind a pixel's channels to the next pixel.
    next: usize,
    next_output: usize,
    pixels: usize,
}

// r0 values, r1 and r2 sums of channels 0 and 2, and 1 and 3, r3 work, r4 columns and r5 rows that
// are left, r6 column, r7 skipped, r8 reciprocal, r9 channels that are left less the four that are
// computed, r10 back, r11 outputs, lr a half.
//
// A product with the reciprocal has 8 bits behind the point when its lower 16 are gone. `SEL` takes
// the odd channels from one word and the even ones from the other, as `USUB8` told it; nothing else
// changes what it told. What is left over of the channels is computed with those before it.
dsp_functions!(
    r#"
    .section .text.ferrule_dsp_average,"ax",%progbits
    .global ferrule_dsp_average
    .type ferrule_dsp_average,%function
    .thumb_func
ferrule_dsp_average:
    push {r4-r11, lr}
    mov r3, r2
    mov r11, r1
    mov r4, #0xff00ff00
    mov r5, #0x00ff00ff
    usub8 r4, r4, r5
    mov lr, #128
    ldrd r6, r7, [r3]
    ldrd r8, r10, [r3, #8]
1:
    ldr r9, [r3, #24]
2:
    ldr r5, [r3, #20]
    movs r1, #0
    movs r2, #0
3:
    ldr r4, [r3, #16]
4:
    ldr r12, [r0]
    add r0, r0, r6
    sxtab16 r1, r1, r12
    sxtab16 r2, r2, r12, ror #8
    subs r4, r4, #1
    bne 4b
    add r0, r0, r7
    subs r5, r5, #1
    bne 3b
    smlawb r4, r8, r1, lr
    smlawt r5, r8, r1, lr
    smlawb r1, r8, r2, lr
    smlawt r2, r8, r2, lr
    pkhbt r4, r4, r5, lsl #16
    pkhbt r1, r1, r2, lsl #16
    ror r4, r4, #8
    sel r4, r1, r4
    str r4, [r11], #4
    sub r0, r0, r10
    subs r9, r9, #4
    bge 2b
    adds r4, r9, #4
    beq 5f
    add r0, r0, r9
    add r11, r11, r9
    movs r9, #0
    b 2b
5:
    ldrd r4, r5, [r3, #28]
    add r0, r0, r4
    add r11, r11, r5
    ldr r4, [r3, #36]
    subs r4, r4, #1
    str r4, [r3, #36]
    bne 1b
    pop {r4-r11, pc}
    .size ferrule_dsp_average, . - ferrule_dsp_average
"#
);

// r0 values, r1 the largest of four channels, r3 columns and r4 those that are left, r5 rows that
// are left, r6 step, r7 skipped elements. `SEL` takes the bytes that `SSUB8`
// found to be larger.
dsp_functions!(
    r#"
    .section .text.ferrule_dsp_largest,"ax",%progbits
    .global ferrule_dsp_largest
    .type ferrule_dsp_largest,%function
    .thumb_func
ferrule_dsp_largest:
    push {r4-r7, lr}
    ldrd r3, r5, [r1]
    ldrd r6, r7, [r1, #8]
    mov r1, #0x80808080
1:
    mov r4, r3
2:
    ldr r12, [r0]
    add r0, r0, r6
    ssub8 r2, r1, r12
    sel r1, r1, r12
    subs r4, r4, #1
    bne 2b
    add r0, r0, r7
    subs r5, r5, #1
    bne 1b
    mov r0, r1
    pop {r4-r7, pc}
    .size ferrule_dsp_largest, . - ferrule_dsp_largest
"#
);
