//! The registers of the simulated chip, a word each. Some are there once for each hart, which
//! sees only its own.

use core::arch::asm;

/// Own: the operation of the next call of the simulator; `reset.rs` has the call.
pub const CALL: u32 = 0x4000_0000;
/// Own: the 64 bytes from here on are out of bounds for this hart.
pub const GUARD: u32 = 0x4000_000C;
/// A write sets the event of every other hart.
pub const RING: u32 = 0x4000_0010;
/// Own: the event, which is this hart's software interrupt; a write clears it.
pub const EVENT: u32 = 0x4000_0014;
/// Cycles since reset, the same for all harts; it wraps.
pub const TIME: u32 = 0x4000_0018;
/// The number of a hart, written: frees the locks that it holds.
pub const UNLOCK: u32 = 0x4000_001C;
/// Where each hart starts: 0 until it is written, which sets the hart's event.
pub const ENTRIES: u32 = 0x4000_0040;
/// The first of 64 locks: a read returns 1 and takes the lock, or returns 0; a write frees it.
const LOCK: u32 = 0x4000_0100;

/// Looks at a lock after which the hart that holds it is taken for lost: at least 40,000 cycles, where
/// who holds it needs some 30.
const LOOKS: u32 = 1024;

/// Reads a register.
#[inline(always)]
pub fn read(register: u32) -> u32 {
    let word;
    // SAFETY: no register of the chip has an effect on memory when it is read. The compiler moves
    // no access across the load, because it may touch any memory as far as the compiler knows.
    unsafe { asm!("lw {}, 0({})", out(reg) word, in(reg) register, options(nostack)) };
    word
}

/// Writes one of the registers above, except the one for calls; what is stored before is in
/// memory before.
#[inline(always)]
pub fn write(register: u32, word: u32) {
    // SAFETY: the registers affect no memory, and the compiler moves no access across the store,
    // because it may touch any memory as far as the compiler knows.
    unsafe { asm!("sw {}, 0({})", in(reg) word, in(reg) register, options(nostack)) };
}

/// Sleeps until the event is set, and clears it. Several events may be one.
#[inline(always)]
pub fn sleep() {
    // SAFETY: WFI touches neither memory nor registers; see `write` for the store. An event that
    // is set after the store ends the next sleep, so none is lost.
    unsafe { asm!("wfi", "sw zero, 0({})", in(reg) EVENT, options(nostack)) };
}

/// Runs a function while this hart alone holds the chip's first lock, with interrupts off; `None` if
/// another hart does not free the lock.
#[inline(always)]
pub fn alone<T>(act: impl FnOnce() -> T) -> Option<T> {
    const ENABLED: u32 = 8;
    let status: u32;
    // SAFETY: clears the bit that lets interrupts be taken.
    unsafe { asm!("csrrci {}, mstatus, 8", out(reg) status, options(nostack)) };
    // SAFETY: sets the bit again if it was set.
    let restore = || unsafe { asm!("csrs mstatus, {}", in(reg) status & ENABLED, options(nostack)) };
    let mut looks = 0;
    // A read takes a lock that is free, and then returns 1.
    while read(LOCK) == 0 {
        if looks == LOOKS {
            restore();
            return None;
        }
        looks += 1;
        // The longest instruction, 37 cycles: harts that only read and fetch could keep the one
        // that holds the lock from memory for ever, where the arbiter serves them first.
        // SAFETY: a division touches no memory.
        unsafe { asm!("div {0}, {0}, {0}", inout(reg) 1 => _, options(nomem, nostack)) };
    }
    let result = act();
    write(LOCK, 0);
    restore();
    Some(result)
}
