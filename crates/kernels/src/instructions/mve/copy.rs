//! Copies rows of an image into columns.

use crate::instructions::reach::reach;

/// Runs of elements, in an image and in a column.
#[derive(Clone, Copy, Debug)]
pub struct Rows {
    /// Number of runs.
    pub count: usize,
    /// Elements of a run.
    pub length: usize,
    /// Elements from a run to the next in the image.
    pub pitch: usize,
    /// Elements from a run to the next in the column.
    pub step: usize,
}

/// Copies runs of `from` to `to`. Does nothing where either slice is too short.
#[inline]
pub fn copy(from: &[i8], rows: Rows, to: &mut [i8]) {
    let Some(more) = rows.count.checked_sub(1) else {
        return;
    };
    if rows.length == 0
        || from.len() < reach(more, rows.pitch, rows.length)
        || to.len() < reach(more, rows.step, rows.length)
    {
        return;
    }
    #[cfg(all(target_arch = "arm", target_os = "none"))]
    // SAFETY: reads and writes `length` elements of each of `count` runs, which are inside both
    // slices, as seen above. Neither number is 0.
    unsafe {
        core::arch::asm!(
            "10:",
            "mov {read}, {from}",
            "mov {write}, {to}",
            "dlstp.8 lr, {length}",
            "20:",
            "vldrb.u8 q0, [{read}], #16",
            "vstrb.8 q0, [{write}], #16",
            "letp lr, 20b",
            "add {from}, {from}, {pitch}",
            "add {to}, {to}, {step}",
            "subs {count}, {count}, #1",
            "bne 10b",
            from = inout(reg) from.as_ptr() => _,
            to = inout(reg) to.as_mut_ptr() => _,
            count = inout(reg) rows.count => _,
            length = in(reg) rows.length,
            pitch = in(reg) rows.pitch,
            step = in(reg) rows.step,
            read = out(reg) _,
            write = out(reg) _,
            out("lr") _,
            out("d0") _,
            out("d1") _,
            options(nostack),
        );
    }
    #[cfg(not(all(target_arch = "arm", target_os = "none")))]
    for run in 0..rows.count {
        let from = from.iter().skip(run * rows.pitch).take(rows.length);
        for (to, &from) in to.iter_mut().skip(run * rows.step).zip(from) {
            *to = from;
        }
    }
}

/// Most elements from a pixel to the next, and most pixels but one that are copied at once: their
/// product and what one pixel sees fit 32 bits.
const MOST_APART: usize = 1 << 16;
const MOST_OTHERS: usize = (1 << 15) - 1;
const MOST_SEEN: usize = 1 << 31;

/// The runs that a pixel sees, one after another in its column.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    rows: Rows,
    /// Elements from what a pixel sees to what the next does.
    pitch: usize,
    /// Elements from a column to the next.
    step: usize,
    /// Elements of the image from the first that is seen to behind the last.
    seen: usize,
    /// Elements of a column.
    copied: usize,
}

impl Seen {
    /// So many runs of so many elements, `row` apart in the image, of pixels that are `pitch` apart
    /// and whose columns are `step` apart; none if there are no elements, or too many.
    #[must_use]
    pub fn new(
        (count, length, row): (usize, usize, usize),
        (pitch, step): (usize, usize),
    ) -> Option<Self> {
        let more = count.checked_sub(1)?;
        let rows = Rows {
            count,
            length,
            pitch: row,
            step: length,
        };
        let (seen, copied) = (reach(more, row, length), reach(more, length, length));
        let is_near = pitch.max(step) <= MOST_APART && seen.max(copied) <= MOST_SEEN;
        (length > 0 && is_near).then_some(Self {
            rows,
            pitch,
            step,
            seen,
            copied,
        })
    }

    /// The runs.
    #[must_use]
    pub fn rows(&self) -> Rows {
        self.rows
    }
}

/// Copies what each of `count` pixels of a row sees into a column. Does nothing where either slice
/// is too short.
#[inline(never)] // as it has predicates
#[cfg_attr(
    not(all(target_arch = "arm", target_os = "none")),
    allow(unused_variables)
)]
pub fn gather(from: &[i8], runs: &Seen, count: usize, to: &mut [i8]) {
    let others = count.wrapping_sub(1);
    if others > MOST_OTHERS {
        return;
    }
    let (Some(unseen), Some(unwritten)) = (
        from.len().checked_sub(others * runs.pitch + runs.seen),
        to.len().checked_sub(others * runs.step + runs.copied),
    ) else {
        return;
    };
    let rows = runs.rows;
    #[cfg(all(target_arch = "arm", target_os = "none"))]
    {
        // What is left to add behind a row's last vector, and behind a pixel's last row.
        let vectors = match rows.length {
            0..=16 => 0,
            length => length.next_multiple_of(16),
        };
        let next = runs.pitch.wrapping_sub(rows.count.wrapping_mul(rows.pitch));
        // Whether whole vectors may be copied where runs are not longer: what is too much is
        // written over, or behind all.
        let is_whole = unseen.min(unwritten) >= 16_usize.saturating_sub(rows.length);
        // SAFETY: reads and writes the runs of each pixel, and whole vectors only where they are
        // inside both slices too, as seen above. No number is 0.
        unsafe {
            core::arch::asm!(
                "cmp {length}, #16",
                "bhi 30f",
                "cmp {left}, #0",
                "beq 10f",
                "70:",
                "dls lr, {rows}",
                "80:",
                "vldrb.u8 q0, [{from}]",
                "vstrb.8 q0, [{to}]",
                "add {from}, {from}, {pitch}",
                "add {to}, {to}, {back}",
                "le lr, 80b",
                "add {from}, {from}, {next}",
                "add {to}, {to}, {rest}",
                "subs {count}, {count}, #1",
                "bne 70b",
                "b 60f",
                "10:",
                "vctp.8 {length}",
                "15:",
                "dls lr, {rows}",
                "20:",
                "vpstt",
                "vldrbt.u8 q0, [{from}]",
                "vstrbt.8 q0, [{to}]",
                "add {from}, {from}, {pitch}",
                "add {to}, {to}, {back}",
                "le lr, 20b",
                "add {from}, {from}, {next}",
                "add {to}, {to}, {rest}",
                "subs {count}, {count}, #1",
                "bne 15b",
                "b 60f",
                "30:",
                "mov {left}, {rows}",
                "40:",
                "dlstp.8 lr, {length}",
                "50:",
                "vldrb.u8 q0, [{from}], #16",
                "vstrb.8 q0, [{to}], #16",
                "letp lr, 50b",
                "add {from}, {from}, {pitch}",
                "add {to}, {to}, {back}",
                "subs {left}, {left}, #1",
                "bne 40b",
                "add {from}, {from}, {next}",
                "add {to}, {to}, {rest}",
                "subs {count}, {count}, #1",
                "bne 30b",
                "60:",
                from = inout(reg) from.as_ptr() => _,
                to = inout(reg) to.as_mut_ptr() => _,
                count = inout(reg) count => _,
                rows = in(reg) rows.count,
                length = in(reg) rows.length,
                pitch = in(reg) rows.pitch.wrapping_sub(vectors),
                back = in(reg) rows.length.wrapping_sub(vectors),
                next = in(reg) next,
                rest = in(reg) runs.step.wrapping_sub(runs.copied),
                left = inout(reg) usize::from(is_whole) => _,
                out("lr") _,
                out("d0") _,
                out("d1") _,
                options(nostack),
            );
        }
    }
    #[cfg(not(all(target_arch = "arm", target_os = "none")))]
    for pixel in 0..count {
        let from = from.get(pixel * runs.pitch..).unwrap_or_default();
        let to = to.get_mut(pixel * runs.step..).unwrap_or_default();
        copy(from, rows, to);
    }
}

/// Fills a slice.
#[inline]
pub fn fill(to: &mut [i8], value: i8) {
    #[cfg(all(target_arch = "arm", target_os = "none"))]
    if !to.is_empty() {
        // SAFETY: writes the elements of the slice.
        unsafe {
            core::arch::asm!(
                "vdup.8 q0, {value}",
                "dlstp.8 lr, {length}",
                "10:",
                "vstrb.8 q0, [{to}], #16",
                "letp lr, 10b",
                to = inout(reg) to.as_mut_ptr() => _,
                length = in(reg) to.len(),
                value = in(reg) i32::from(value),
                out("lr") _,
                out("d0") _,
                out("d1") _,
                options(nostack),
            );
        }
    }
    #[cfg(not(all(target_arch = "arm", target_os = "none")))]
    to.fill(value);
}
