//! The largest and the mean of what a pool's filter sees, for vectors of 16 channels.

use crate::instructions::reach::reach;
use crate::mean::reciprocal;
use crate::pool_runs as runs;

/// What the filter sees of pixels that lie side by side, and see as many taps.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    /// Rows of taps, and elements from one to the next.
    pub rows: (usize, usize),
    /// Taps of a row, and elements from one to the next.
    pub columns: (usize, usize),
    /// Elements from what a pixel sees first to what the next does.
    pub step: usize,
    /// Channels of a pixel.
    pub depth: usize,
}

/// Computes `[pixels, depth]`, each the largest that is seen, clamped to `[low, high]`.
///
/// `values` begin with the first tap of the first pixel; the number of pixels follows from the
/// outputs. Does nothing where there are no taps, or `values` are too short.
#[inline(never)] // as it has predicates
pub fn largest(values: &[i8], seen: Seen, (low, high): (i8, i8), outputs: &mut [i8]) {
    let (rows, columns) = (seen.rows, seen.columns);
    let pixels = outputs.len().checked_div(seen.depth).unwrap_or_default();
    let (Some(above), Some(before), Some(others)) = (
        rows.0.checked_sub(1),
        columns.0.checked_sub(1),
        pixels.checked_sub(1),
    ) else {
        return;
    };
    let one = reach(above, rows.1, reach(before, columns.1, seen.depth));
    if values.len() < reach(others, seen.step, one) {
        return;
    }
    #[cfg(all(target_arch = "arm", target_os = "none"))]
    {
        // Pixels that follow each other are as one of all their channels.
        let (pixels, depth) = if seen.step == seen.depth {
            (1, pixels * seen.depth)
        } else {
            (pixels, seen.depth)
        };
        let skipped = rows.1.wrapping_sub(columns.0.wrapping_mul(columns.1));
        let next = seen.step.wrapping_sub(depth.div_ceil(16) * 16);
        let pixel = [depth, next];
        // SAFETY: each tap of each pixel is inside for `depth` elements, and so are its outputs, as
        // seen above; predicates keep off what is behind them. Of rows, taps, pixels and elements
        // there is at least one.
        //
        // q0 is the largest, q1 a tap, q2 low, q3 high.
        unsafe {
            core::arch::asm!(
                "vdup.8 q2, {left}",
                "vdup.8 q3, {above}",
                "ldr {left}, [{pixel}]",
                // A vector of channels.
                "10:",
                "mov {tap}, {from}",
                "vmov q0, q2",
                "mov {above}, {rows}",
                "vctp.8 {left}",
                "cmp {left}, #16",
                "blo 40f",
                "20:",
                "dls lr, {columns}",
                "30:",
                "vldrb.u8 q1, [{tap}]",
                "add {tap}, {tap}, {column}",
                "vmax.s8 q0, q0, q1",
                "le lr, 30b",
                "add {tap}, {tap}, {skipped}",
                "subs {above}, {above}, #1",
                "bne 20b",
                "b 60f",
                // Those that are left.
                "40:",
                "dls lr, {columns}",
                "50:",
                "vpst",
                "vldrbt.u8 q1, [{tap}]",
                "add {tap}, {tap}, {column}",
                "vmax.s8 q0, q0, q1",
                "le lr, 50b",
                "add {tap}, {tap}, {skipped}",
                "subs {above}, {above}, #1",
                "bne 40b",
                "60:",
                "vmin.s8 q0, q0, q3",
                "vpst",
                "vstrbt.8 q0, [{to}], #16",
                "add {from}, {from}, #16",
                "subs {left}, {left}, #16",
                "bhi 10b",
                // The next pixel.
                "add {to}, {to}, {left}",
                "ldrd {left}, {tap}, [{pixel}]",
                "add {from}, {from}, {tap}",
                "subs {pixels}, {pixels}, #1",
                "bne 10b",
                from = inout(reg) values.as_ptr() => _,
                to = inout(reg) outputs.as_mut_ptr() => _,
                pixel = in(reg) &raw const pixel,
                pixels = inout(reg) pixels => _,
                rows = in(reg) rows.0,
                columns = in(reg) columns.0,
                column = in(reg) columns.1,
                skipped = in(reg) skipped,
                tap = out(reg) _,
                left = inout(reg) i32::from(low) => _,
                above = inout(reg) i32::from(high) => _,
                out("lr") _,
                out("d0") _, out("d1") _, out("d2") _, out("d3") _,
                out("d4") _, out("d5") _, out("d6") _, out("d7") _,
                options(nostack),
            );
        }
    }
    #[cfg(not(all(target_arch = "arm", target_os = "none")))]
    for (pixel, outputs) in outputs.chunks_exact_mut(seen.depth).enumerate() {
        for (channel, output) in outputs.iter_mut().enumerate() {
            let taps = (0..rows.0).flat_map(|row| {
                let first = pixel * seen.step + row * rows.1 + channel;
                (0..columns.0).map(move |column| first + column * columns.1)
            });
            let taps = taps.filter_map(|tap| values.get(tap).copied());
            *output = taps.fold(low, i8::max).min(high);
        }
    }
}

/// Most taps of which sums fit 16 bits.
const MOST: usize = 256;

/// The reciprocal of a number of taps. One of up to 16 has 15 bits behind the point, that of more
/// than 16 has 31: what is no tie is away from one by `1 / count`, and a sum is less than
/// `128 * count`.
#[derive(Clone, Copy, Debug)]
pub struct Reciprocal(i32);

impl Reciprocal {
    /// Most taps of one of 16 bits: `128 * 16^2 = 2^15`, and no tie is as far away as `-128`.
    const SHORT: usize = 16;

    /// The reciprocal of so many taps, at most 256.
    #[inline]
    #[must_use]
    #[allow(clippy::cast_possible_wrap)] // less than 2^31
    pub fn of(count: usize) -> Self {
        Self(match count {
            // As good as 1 for the smallest numbers.
            1 => i32::from(i16::MAX),
            ..=Self::SHORT => reciprocal(1 << 15, count) as i32,
            _ => reciprocal(1 << 31, count) as i32,
        })
    }

    /// What `VQRDMULH` makes of a sum: `sum / count` rounded to nearest, ties away from zero.
    #[inline]
    #[must_use]
    #[allow(clippy::cast_possible_truncation)] // a mean of i8 fits
    pub fn apply(self, sum: i32) -> i8 {
        let bits = if self.0 <= i32::from(i16::MAX) {
            15
        } else {
            31
        };
        ((i64::from(sum) * i64::from(self.0) + (1 << (bits - 1))) >> bits) as i8
    }
}

/// Computes `[pixels, depth]`, each the mean of what is seen.
///
/// `values` begin with the first tap of the first pixel; the number of pixels follows from the
/// outputs. Does nothing where there are no taps or more than 256, or `values` are too short.
#[inline(never)] // as it has predicates
pub fn average(values: &[i8], seen: runs::Seen, depth: usize, outputs: &mut [i8]) {
    let pixels = outputs.len().checked_div(depth).unwrap_or_default();
    let is_seen = |reach| reach <= values.len();
    if !seen.reach(pixels, depth).is_some_and(is_seen) || seen.taps() > MOST {
        return;
    }
    let reciprocal = Reciprocal::of(seen.taps());
    #[cfg(all(target_arch = "arm", target_os = "none"))]
    {
        let (rows, columns) = (seen.rows, seen.columns);
        // Pixels that follow each other are as one of all their channels.
        let (pixels, depth) = if seen.step == depth {
            (1, pixels * depth)
        } else {
            (pixels, depth)
        };
        let skipped = rows.1.wrapping_sub(columns.0.wrapping_mul(columns.1));
        let pixel = [depth, seen.step.wrapping_sub(depth), rows.0];
        // SAFETY: each tap of each pixel is inside for `depth` elements, and so are its outputs, as
        // seen above; while 16 are left vectors are full, and then predicates keep off what is
        // behind them. Of rows, taps, pixels and elements there is at least one.
        //
        // q0 and q1 are sums, q2 and q3 a tap, and what a sum is multiplied in. r0 is where a tap
        // is and r1 the outputs: vectors that widen or narrow want low registers.
        unsafe {
            core::arch::asm!(
                "b 70f",
                // Two vectors of channels.
                "10:",
                "vmov.i16 q0, #0",
                "vmov.i16 q1, #0",
                "ldr {above}, [{pixel}, #8]",
                "mov r0, {from}",
                "20:",
                "dls lr, {columns}",
                "30:",
                "vldrb.s16 q2, [r0]",
                "vldrb.s16 q3, [r0, #8]",
                "add r0, r0, {column}",
                "vadd.i16 q0, q0, q2",
                "vadd.i16 q1, q1, q3",
                "le lr, 30b",
                "add r0, r0, {skipped}",
                "subs {above}, {above}, #1",
                "bne 20b",
                "lsrs {above}, {reciprocal}, #16",
                "bne 40f",
                "vqrdmulh.s16 q0, q0, {reciprocal}",
                "vqrdmulh.s16 q1, q1, {reciprocal}",
                "vstrb.16 q0, [r1], #8",
                "vstrb.16 q1, [r1], #8",
                "add {from}, {from}, #16",
                "subs {left}, {left}, #16",
                "bhs 10b",
                "b 80f",
                "40:",
                "vmovlb.s16 q2, q0",
                "vmovlt.s16 q3, q0",
                "vqrdmulh.s32 q2, q2, {reciprocal}",
                "vqrdmulh.s32 q3, q3, {reciprocal}",
                "vmovnt.i32 q2, q3",
                "vstrb.16 q2, [r1], #8",
                "vmovlb.s16 q2, q1",
                "vmovlt.s16 q3, q1",
                "vqrdmulh.s32 q2, q2, {reciprocal}",
                "vqrdmulh.s32 q3, q3, {reciprocal}",
                "vmovnt.i32 q2, q3",
                "vstrb.16 q2, [r1], #8",
                "add {from}, {from}, #16",
                "subs {left}, {left}, #16",
                "bhs 10b",
                "b 80f",
                // Those that are left.
                "50:",
                "vctp.16 {left}",
                "vmov.i16 q0, #0",
                "ldr {above}, [{pixel}, #8]",
                "mov r0, {from}",
                "51:",
                "dls lr, {columns}",
                "52:",
                "vpst",
                "vldrbt.s16 q2, [r0]",
                "add r0, r0, {column}",
                "vadd.i16 q0, q0, q2",
                "le lr, 52b",
                "add r0, r0, {skipped}",
                "subs {above}, {above}, #1",
                "bne 51b",
                "lsrs {above}, {reciprocal}, #16",
                "bne 53f",
                "vqrdmulh.s16 q0, q0, {reciprocal}",
                "b 54f",
                "53:",
                "vmovlb.s16 q2, q0",
                "vmovlt.s16 q3, q0",
                "vqrdmulh.s32 q0, q2, {reciprocal}",
                "vqrdmulh.s32 q3, q3, {reciprocal}",
                "vmovnt.i32 q0, q3",
                "54:",
                "vpst",
                "vstrbt.16 q0, [r1]",
                "add {from}, {from}, #8",
                "add r1, r1, #8",
                "subs {left}, {left}, #8",
                "bhi 50b",
                // Back to behind the channels, and to the next pixel.
                "add {from}, {from}, {left}",
                "add r1, r1, {left}",
                "60:",
                "ldr r0, [{pixel}, #4]",
                "add {from}, {from}, r0",
                "subs {pixels}, {pixels}, #1",
                "beq 90f",
                "70:",
                "ldr {left}, [{pixel}]",
                "subs {left}, {left}, #16",
                "bhs 10b",
                "80:",
                "adds {left}, {left}, #16",
                "bne 50b",
                "b 60b",
                "90:",
                from = inout(reg) values.as_ptr() => _,
                pixel = in(reg) &raw const pixel,
                pixels = inout(reg) pixels => _,
                columns = in(reg) columns.0,
                column = in(reg) columns.1,
                skipped = in(reg) skipped,
                reciprocal = in(reg) reciprocal.0,
                out("r0") _,
                inout("r1") outputs.as_mut_ptr() => _,
                left = out(reg) _,
                above = out(reg) _,
                out("lr") _,
                out("d0") _, out("d1") _, out("d2") _, out("d3") _,
                out("d4") _, out("d5") _, out("d6") _, out("d7") _,
                options(nostack),
            );
        }
    }
    #[cfg(not(all(target_arch = "arm", target_os = "none")))]
    for (pixel, outputs) in outputs.chunks_exact_mut(depth).enumerate() {
        let values = values.get(pixel * seen.step..).unwrap_or_default();
        for (channel, output) in outputs.iter_mut().enumerate() {
            *output = reciprocal.apply(seen.sum(values, channel));
        }
    }
}
