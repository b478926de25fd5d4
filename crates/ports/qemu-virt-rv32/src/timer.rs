//! The time, and naps: a hart sleeps until its timer ends the sleep.

use crate::core_index;
use core::arch::asm;

/// Ticks of a nap: 0.2 ms at 10 MHz.
const NAP: u64 = 2_000;

/// The machine's time, its low and its high word.
const NOW: *const [u32; 2] = 0x0200_BFF8 as *const [u32; 2];

/// The low word of the time, which wraps after seven minutes.
#[inline(always)]
pub fn now() -> u32 {
    // SAFETY: a register of the core-local interruptor, which has no effect when it is read.
    unsafe { (&raw const (*NOW)[0]).read_volatile() }
}

/// Sleeps for 0.2 ms. The reset code has enabled the timer as a source of wake-ups, and no
/// interrupt is ever taken.
#[inline(always)]
pub fn nap() {
    const COMPARE: *mut [u32; 2] = 0x0200_4000 as *mut [u32; 2];
    // SAFETY: registers of the core-local interruptor: the time, and the calling hart's own
    // comparator. The comparator never holds a time in the past between its two writes. WFI
    // touches neither memory nor registers.
    unsafe {
        let low = (&raw const (*NOW)[0]).read_volatile();
        let high = (&raw const (*NOW)[1]).read_volatile();
        // A carry between the two reads makes one nap too short or too long by seven minutes, so
        // naps are not taken near one.
        if low > u32::MAX - 0x1_0000 {
            return;
        }
        let end = (u64::from(high) << 32 | u64::from(low)) + NAP;
        let own = COMPARE.wrapping_add(core_index());
        (&raw mut (*own)[1]).write_volatile(u32::MAX);
        (&raw mut (*own)[0]).write_volatile(end as u32);
        (&raw mut (*own)[1]).write_volatile((end >> 32) as u32);
        asm!("wfi", options(nomem, nostack, preserves_flags));
    }
}
