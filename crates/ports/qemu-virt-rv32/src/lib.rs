//! Runs a team on one to eight RV32IMAC harts of the virtual machine of QEMU.
//!
//! Hart 0 is the lead. After reset it runs the function that the final crate names with
//! [`entry!`]; it starts the others with [`start`]. Link with `-Tlink.x`.
#![no_std]
#![deny(unsafe_op_in_unsafe_fn, missing_docs)]

mod reset;
pub mod stack;
mod timer;

pub use reset::start;

use core::arch::asm;
use core::hint::spin_loop;
use core::ops::ControlFlow;
use runtime::Port;

/// Harts of the chip.
pub const CORES: usize = 8;

/// Polls with a `pause` between them, before a hart takes naps.
const SPINS: u32 = 1_000;

/// Naps before a hart is taken for lost: ten seconds or more.
const NAPS: u32 = 50_000;

/// The harts: they poll for a moment, then between naps, so that nobody has to wake them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Chip;

// SAFETY: all harts see one memory, without caches.
unsafe impl Port for Chip {
    #[inline(always)]
    fn wait(&self, polls: u32) -> ControlFlow<()> {
        if polls >= SPINS + NAPS {
            return ControlFlow::Break(());
        }
        if polls < SPINS {
            spin_loop();
        } else {
            timer::nap();
        }
        ControlFlow::Continue(())
    }

    /// In ticks of the machine's timer, ten million a second.
    #[inline(always)]
    fn now(&self) -> u32 {
        timer::now()
    }
}

/// The index of the hart that calls.
#[inline(always)]
#[must_use]
pub fn core_index() -> usize {
    let hart: usize;
    // SAFETY: reads a register that never changes.
    unsafe { asm!("csrr {}, mhartid", out(reg) hart, options(pure, nomem, nostack)) };
    hart
}

/// Names the function that hart 0 runs after reset, a `fn() -> !`.
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
