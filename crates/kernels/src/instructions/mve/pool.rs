//! The largest of what a pool's filter sees, for vectors of 16 channels.

use crate::instructions::reach::reach;

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
