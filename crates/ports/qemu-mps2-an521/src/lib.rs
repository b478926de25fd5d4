//! Runs a team on the two unequal Cortex-M33 of an Arm MPS2 AN521, as QEMU emulates it.
//!
//! Core 0 has neither DSP instructions nor a floating-point unit, core 1 has both, so each runs an
//! image of its own. After reset core 0 runs the function that its image names with [`entry!`]; it
//! starts core 1 with [`start`], which runs the function that the other image names. Link core 0's
//! image with `-Tlink.x` and core 1's with `-Tlink-1.x`.
//!
//! The cores share one `static`, in the section `.bss.team`; both scripts put it at one address.
//! Only the image whose core leads clears it.
#![no_std]
#![deny(unsafe_op_in_unsafe_fn, missing_docs)]

mod reset;
pub mod stack;

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

    /// In cycles of the board's clock, as its I/O system counts them from reset on: 20 million a
    /// second.
    #[inline(always)]
    fn now(&self) -> u32 {
        const COUNTER: *const u32 = 0x5030_2018 as *const u32;
        // SAFETY: a register of the board, which has no effect when it is read.
        unsafe { COUNTER.read_volatile() }
    }
}

/// The index of the core that calls.
#[must_use]
pub fn core_index() -> usize {
    const CPU_IDENTITY: *const u32 = 0x5001_F000 as *const u32;
    // SAFETY: a read-only register of the SSE-200, private to each core.
    unsafe { CPU_IDENTITY.read_volatile() as usize }
}

/// Names the function that this image's core runs after reset, a `fn() -> !`.
#[macro_export]
macro_rules! entry {
    ($path:path) => {
        #[unsafe(export_name = "_entry")]
        extern "C" fn __entry() -> ! {
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
