//! Runs a team on the two Cortex-M33 of an Arm Musca-B1, as QEMU emulates it.
//!
//! Core 0 is the lead. After reset it runs the function that the final crate names with
//! [`entry!`]; it starts core 1 with [`start`]. Link with `-Tlink.x`.
#![no_std]
#![deny(unsafe_op_in_unsafe_fn, missing_docs)]

mod reset;
pub mod stack;
mod timer;

pub use reset::start;

use core::arch::asm;
use core::ops::ControlFlow;
use runtime::Port;

/// Cores of the chip.
pub const CORES: usize = 2;

/// Polls before a core is taken for lost: about ten seconds, if QEMU has a processor for each
/// core.
const PATIENCE: u32 = 2_000_000_000;

/// The two cores: they sleep until an event, and send one after each word that the other awaits.
#[derive(Clone, Copy, Debug, Default)]
pub struct Chip;

// SAFETY: both cores see one memory, without caches, and the SSE-200 has a global monitor for it.
unsafe impl Port for Chip {
    /// QEMU's WFE returns at once. Silicon would need a timer's event for patience to end.
    #[inline(always)]
    fn wait(&self, polls: u32) -> ControlFlow<()> {
        if polls >= PATIENCE {
            return ControlFlow::Break(());
        }
        // SAFETY: sleeps until an event or an interrupt; touches neither memory nor registers.
        unsafe { asm!("wfe", options(nomem, nostack, preserves_flags)) };
        ControlFlow::Continue(())
    }

    #[inline(always)]
    fn wake(&self) {
        // SAFETY: completes earlier stores, then sends an event; changes no memory or registers.
        // Without the barrier the event could overtake the store that it announces.
        unsafe { asm!("dsb", "sev", options(nostack, preserves_flags)) };
    }

    /// In cycles of the chip's clock, 40 million a second, since the first call. That starts timer
    /// 0 of the SSE-200, without its interrupt; a program that needs this timer must not call it.
    #[inline(always)]
    fn now(&self) -> u32 {
        timer::now()
    }
}

/// The index of the core that calls.
#[must_use]
pub fn core_index() -> usize {
    const CPU_IDENTITY: *const u32 = 0x5001_F000 as *const u32;
    // SAFETY: a read-only register of the SSE-200, private to each core.
    unsafe { CPU_IDENTITY.read_volatile() as usize }
}

/// Names the function that core 0 runs after reset, a `fn() -> !`.
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

/// Names the function that a core runs after a fault, a `fn() -> !`: an access or an instruction
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
