//! Widens what a filter sees to 16 bits and puts it into one of three columns.

use crate::instructions::assembly::dsp_functions;
#[cfg(not(all(target_arch = "arm", target_os = "none")))]
use crate::instructions::dsp::arithmetic::sxtb16;

/// Words of four values from three pixels in the columns of [`super::multiply`].
pub const QUAD: usize = 6;

/// Rows of words of four values, in an image and in a column.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Rows {
    /// Rows.
    pub count: usize,
    /// Words of a row, at least 1.
    pub quads: usize,
    /// Elements from a row to the next, at least four times `quads`.
    pub pitch: usize,
    /// Words of four values that a column skips from a row to the next.
    pub skipped: usize,
}

impl Rows {
    /// Whether there are any, and they lie inside so many values and quads of a column.
    #[inline]
    pub(super) fn fit(&self, values: usize, quads: usize) -> bool {
        let Some(more) = self.count.checked_sub(1) else {
            return false;
        };
        let read = more.checked_mul(self.pitch);
        let written = more.checked_mul(self.quads.saturating_add(self.skipped));
        let (Some(read), Some(written)) = (read, written) else {
            return false;
        };
        let reads = values.saturating_sub(read) / 4;
        self.quads > 0 && self.quads <= reads && self.quads <= quads.saturating_sub(written)
    }
}

/// Widens rows that begin at `values` into the column that begins with `column`.
///
/// A column's words are three apart. Values 0 and 2 of four share a word, and values 1 and 3 the
/// next. Does nothing where either slice is too short.
#[inline(never)]
pub fn gather(values: &[i8], rows: Rows, column: &mut [u32]) {
    if !rows.fit(values.len(), (column.len() + 2) / QUAD) {
        return;
    }
    #[cfg(all(target_arch = "arm", target_os = "none"))]
    // SAFETY: the loop reads `quads` words of each row and writes two words for each of them, 0
    // and 3 of six; the last row's are inside both slices, and the others come before it.
    unsafe {
        ferrule_dsp_gather(values.as_ptr(), column.as_mut_ptr(), &rows);
    }
    #[cfg(not(all(target_arch = "arm", target_os = "none")))]
    twin(values, rows, column);
}

#[cfg(not(all(target_arch = "arm", target_os = "none")))]
pub(super) fn twin(values: &[i8], rows: Rows, column: &mut [u32]) {
    let steps = rows.quads.saturating_add(rows.skipped).saturating_mul(QUAD);
    for (row, column) in column.chunks_mut(steps).take(rows.count).enumerate() {
        let values = values.get(row * rows.pitch..).unwrap_or_default();
        let quads = values.chunks_exact(4).take(rows.quads);
        for (quad, words) in quads.zip(column.chunks_mut(QUAD)) {
            let mut bytes = [0; 4];
            for (byte, value) in bytes.iter_mut().zip(quad) {
                [*byte] = value.to_le_bytes();
            }
            let word = u32::from_le_bytes(bytes);
            let halves = [sxtb16(word), sxtb16(word.rotate_right(8))];
            for (word, value) in words.iter_mut().step_by(3).zip(halves) {
                *word = value;
            }
        }
    }
}

#[cfg(all(target_arch = "arm", target_os = "none"))]
extern "C" {
    fn ferrule_dsp_gather(values: *const i8, column: *mut u32, rows: &Rows);
}

// r0 values, r1 column, r2 quads of a row, r3 rows that are left, r4 and r5 what both skip after
// a row in bytes, r6 quads that are left.
dsp_functions!(
    r#"
    .section .text.ferrule_dsp_gather,"ax",%progbits
    .global ferrule_dsp_gather
    .type ferrule_dsp_gather,%function
    .thumb_func
ferrule_dsp_gather:
    push {r4-r7, lr}
    ldm r2, {r3-r6}
    mov r2, r4
    sub r4, r5, r2, lsl #2
    movs r5, #24
    muls r5, r6, r5
.Lferrule_dsp_gather_row:
    subs r6, r2, #4
    blo .Lferrule_dsp_gather_rest
.Lferrule_dsp_gather_four:
    .rept 4
    ldr r7, [r0], #4
    sxtb16 r12, r7
    sxtb16 r7, r7, ror #8
    str r12, [r1], #12
    str r7, [r1], #12
    .endr
    subs r6, r6, #4
    bhs .Lferrule_dsp_gather_four
.Lferrule_dsp_gather_rest:
    adds r6, r6, #4
    beq .Lferrule_dsp_gather_next
.Lferrule_dsp_gather_one:
    ldr r7, [r0], #4
    sxtb16 r12, r7
    sxtb16 r7, r7, ror #8
    str r12, [r1], #12
    str r7, [r1], #12
    subs r6, r6, #1
    bne .Lferrule_dsp_gather_one
.Lferrule_dsp_gather_next:
    add r0, r0, r4
    add r1, r1, r5
    subs r3, r3, #1
    bne .Lferrule_dsp_gather_row
    pop {r4-r7, pc}
    .size ferrule_dsp_gather, . - ferrule_dsp_gather
"#
);
