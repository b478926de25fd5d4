//! The time: timer 0 of the SSE-200 counts all its 32 bits down, again and again.

const CONTROL: *mut u32 = 0x5000_0000 as *mut u32;
const VALUE: *const u32 = 0x5000_0004 as *const u32;
const RELOAD: *mut u32 = 0x5000_0008 as *mut u32;
const ENABLE: u32 = 1;

/// Cycles since the first call, which starts the timer.
#[inline(always)]
pub fn now() -> u32 {
    // SAFETY: registers of the timer, which touches no memory and sends no interrupt like this.
    unsafe {
        if CONTROL.read_volatile() & ENABLE == 0 {
            RELOAD.write_volatile(u32::MAX); // and the value
            CONTROL.write_volatile(ENABLE);
        }
        !VALUE.read_volatile()
    }
}
