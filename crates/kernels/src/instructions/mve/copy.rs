//! Copies rows of an image into columns.

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
        || from.len() < more * rows.pitch + rows.length
        || to.len() < more * rows.step + rows.length
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
