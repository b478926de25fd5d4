//! Runs a team of one on the Cortex-M of an Arm MPS2 or MPS3 board, as QEMU emulates it.
//!
//! | target | board | core |
//! |---|---|---|
//! | `thumbv6m-none-eabi` | MPS2 AN385 | Cortex-M3, whose program is for a Cortex-M0+ |
//! | `thumbv7m-none-eabi` | MPS2 AN385 | Cortex-M3 |
//! | `thumbv7em-none-eabihf` | MPS2 AN386, AN500 | Cortex-M4, Cortex-M7 |
//! | `thumbv8m.main-none-eabihf` | MPS3 AN547 | Cortex-M55 |
//!
//! After reset the core runs the function that the final crate names with [`entry!`]. Link with
//! `-Tlink.x`.
#![no_std]
#![deny(unsafe_op_in_unsafe_fn, missing_docs)]

mod reset;
pub mod stack;

use core::ops::ControlFlow;
use runtime::Port;

/// Cores of the chip.
pub const CORES: usize = 1;

/// The core. It never waits: there is nobody to wait for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Chip;

// SAFETY: one core sees its own memory in order. `take` is one action, see there.
unsafe impl Port for Chip {
    /// Where the core cannot swap, interrupts are off.
    const WAY: usize = if cfg!(target_has_atomic = "8") { 0 } else { 1 };

    #[inline(always)]
    fn wait(&self, _: u32) -> ControlFlow<()> {
        ControlFlow::Break(())
    }

    /// In cycles of the board's clock, as its I/O system counts them from reset on: 25 million a
    /// second on an MPS2, 32 million on the MPS3.
    #[inline(always)]
    fn now(&self) -> u32 {
        const COUNTER: *const u32 =
            if cfg!(mps2) { 0x4002_8018 } else { 0x5930_2018 } as *const u32;
        // SAFETY: a register of the board, which has no effect when it is read.
        unsafe { COUNTER.read_volatile() }
    }

    /// ARMv6-M cannot swap, so interrupts are off meanwhile. Those that cannot be off are faults
    /// here, and a fault never returns to what it interrupted.
    #[cfg(not(target_has_atomic = "8"))]
    fn take(&self, flag: &core::sync::atomic::AtomicBool) -> bool {
        use core::arch::asm;
        use core::sync::atomic::Ordering::{Acquire, Relaxed};

        let masked: u32;
        // SAFETY: remembers whether interrupts are off, and turns them off. No access to memory
        // is moved across it, as it may itself access any.
        unsafe {
            asm!("mrs {}, PRIMASK", "cpsid i", out(reg) masked, options(nostack, preserves_flags));
        }
        // Acquire: as the runtime's own `take`.
        let free = !flag.load(Acquire);
        if free {
            flag.store(true, Relaxed);
        }
        // SAFETY: turns interrupts on again if they were.
        unsafe { asm!("msr PRIMASK, {}", in(reg) masked, options(nostack, preserves_flags)) };
        free
    }
}

/// The index of the core that calls.
#[must_use]
pub const fn core_index() -> usize {
    0
}

/// Starts no helper, as there is none: always false.
#[must_use]
pub fn start(_: usize, _: fn() -> !) -> bool {
    false
}

/// Names the function that the core runs after reset, a `fn() -> !`.
#[macro_export]
macro_rules! entry {
    ($path:path) => {
        #[unsafe(export_name = "_lead")]
        extern "C" fn __lead() -> ! {
            let entry: fn() -> ! = $path;
            entry()
        }
    };
}

/// Names the function that the core runs after a fault, a `fn() -> !`: an access or an instruction
/// that the hardware refuses, or a stack that is full. Without it the core sleeps for ever.
#[macro_export]
macro_rules! on_fault {
    ($path:path) => {
        #[unsafe(export_name = "fault")]
        extern "C" fn __fault() -> ! {
            let handler: fn() -> ! = $path;
            handler()
        }
    };
}
