//! Sums and maxima of four channels over what a pool's filter sees.

use crate::instructions::assembly::dsp_functions;

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

    /// Sums of four channels from this one on, or of the last four.
    #[inline]
    #[must_use]
    pub fn sums(&self, channel: usize) -> [i16; GROUP] {
        let values = self.from(channel);
        #[cfg(all(target_arch = "arm", target_os = "none"))]
        {
            // SAFETY: each pixel's four values lie inside, as `new` and `from` saw to.
            let lanes = unsafe { ferrule_dsp_sum(values.as_ptr(), &self.pixels) };
            let [a, b, c, d, e, f, g, h] = lanes.to_le_bytes();
            [[a, b], [e, f], [c, d], [g, h]].map(i16::from_le_bytes)
        }
        #[cfg(not(all(target_arch = "arm", target_os = "none")))]
        self.fold(values, [0; GROUP], |sum, value| sum + i16::from(value))
    }

    /// The largest values of four channels from this one on, or of the last four.
    #[inline]
    #[must_use]
    pub fn largest(&self, channel: usize) -> [i8; GROUP] {
        let values = self.from(channel);
        #[cfg(all(target_arch = "arm", target_os = "none"))]
        {
            // SAFETY: as of `sums`.
            let lanes = unsafe { ferrule_dsp_largest(values.as_ptr(), &self.pixels) };
            lanes.to_le_bytes().map(|byte| i8::from_le_bytes([byte]))
        }
        #[cfg(not(all(target_arch = "arm", target_os = "none")))]
        self.fold(values, [i8::MIN; GROUP], i8::max)
    }

    #[cfg(not(all(target_arch = "arm", target_os = "none")))]
    fn fold<T: Copy>(
        &self,
        values: &[i8],
        mut all: [T; GROUP],
        combine: impl Fn(T, i8) -> T,
    ) -> [T; GROUP] {
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
    fn ferrule_dsp_sum(values: *const i8, pixels: &Pixels) -> u64;
    fn ferrule_dsp_largest(values: *const i8, pixels: &Pixels) -> u32;
}

// r0 values, r1 and r2 sums of channels 0 and 2, and 1 and 3, r3 columns and r4 those that are
// left, r5 rows that are left, r6 step, r7 skipped elements.
dsp_functions!(
    r#"
    .section .text.ferrule_dsp_sum,"ax",%progbits
    .global ferrule_dsp_sum
    .type ferrule_dsp_sum,%function
    .thumb_func
ferrule_dsp_sum:
    push {r4-r7, lr}
    ldrd r3, r5, [r1]
    ldrd r6, r7, [r1, #8]
    movs r1, #0
    movs r2, #0
1:
    mov r4, r3
2:
    ldr r12, [r0]
    add r0, r0, r6
    sxtab16 r1, r1, r12
    sxtab16 r2, r2, r12, ror #8
    subs r4, r4, #1
    bne 2b
    add r0, r0, r7
    subs r5, r5, #1
    bne 1b
    mov r0, r1
    mov r1, r2
    pop {r4-r7, pc}
    .size ferrule_dsp_sum, . - ferrule_dsp_sum
"#
);

// r0 values, r1 the largest of four channels, r3 to r7 as above. `SEL` takes the bytes that `SSUB8`
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
