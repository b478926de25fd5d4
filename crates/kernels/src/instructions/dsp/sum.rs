//! Sums of four channels over what a pool's filter sees.

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

/// Sums of four neighbouring channels of all pixels, of which `values` begins with the first.
///
/// All 0 where there are no pixels, more than 256, or fewer values than that.
#[inline]
#[must_use]
pub fn sum(values: &[i8], pixels: Pixels) -> [i16; 4] {
    let Pixels {
        columns,
        rows,
        step,
        skipped,
    } = pixels;
    let seen = columns.checked_mul(step).and_then(|row| {
        let all = row.checked_add(skipped)?.checked_mul(rows)?;
        all.checked_sub(skipped + step)
    });
    let fits = columns.checked_mul(rows).is_some_and(|count| count <= MOST)
        && columns > 0
        && rows > 0
        && seen.is_some_and(|seen| values.len().saturating_sub(seen) >= 4);
    if !fits {
        return [0; 4];
    }
    #[cfg(all(target_arch = "arm", target_os = "none"))]
    {
        // SAFETY: each pixel's four values lie inside, the last one's as `fits` says.
        let lanes = unsafe { ferrule_dsp_sum(values.as_ptr(), &pixels) };
        let [a, b, c, d, e, f, g, h] = lanes.to_le_bytes();
        [[a, b], [e, f], [c, d], [g, h]].map(i16::from_le_bytes)
    }
    #[cfg(not(all(target_arch = "arm", target_os = "none")))]
    {
        let mut sums = [0; 4];
        let places = (0..rows).flat_map(|row| {
            (0..columns).map(move |column| row * (columns * step + skipped) + column * step)
        });
        for at in places {
            let four = values.get(at..at + 4).unwrap_or_default();
            for (sum, &value) in sums.iter_mut().zip(four) {
                *sum += i16::from(value);
            }
        }
        sums
    }
}

#[cfg(all(target_arch = "arm", target_os = "none"))]
extern "C" {
    fn ferrule_dsp_sum(values: *const i8, pixels: &Pixels) -> u64;
}

// r0 values, r1 and r2 sums of channels 0 and 2, and 1 and 3, r3 columns and r4 those that are
// left, r5 rows that are left, r6 step, r7 skipped elements.
#[cfg(all(target_arch = "arm", target_os = "none"))]
core::arch::global_asm!(
    r#"
    .section .text.ferrule_dsp_sum,"ax",%progbits
    .syntax unified
    .thumb
    .cpu cortex-m4
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
"#,
    options(raw)
);
