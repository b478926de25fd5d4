//! Runs a team on one to four Ibex cores that are simulated cycle by cycle.
//!
//! Hart 0 is the lead. After reset it runs the function that the final crate names with
//! [`entry!`]; it starts the others with [`start`]. Link with `-Tlink.x`.
//!
//! Ibex has no instruction that reads and writes memory in one step; loads and stores of a word
//! are in order and the same for all harts.
#![no_std]
#![deny(unsafe_op_in_unsafe_fn, missing_docs)]

mod devices;
mod reset;
pub mod stack;

use core::arch::asm;
use core::ops::ControlFlow;
use core::sync::atomic::Ordering::{Acquire, Relaxed};
use core::sync::atomic::{AtomicBool, AtomicU32};
use runtime::Port;

/// Harts of the chip.
pub const CORES: usize = 4;

/// Sleeps after which a hart is taken for lost: up to 67 million cycles, as the chip ends each
/// sleep after at most 65 536.
const SLEEPS: u32 = 1024;

/// The harts: they sleep until another one rings.
#[derive(Clone, Copy, Debug, Default)]
pub struct Chip;

// SAFETY: all harts see one memory, without caches and in the order of the program, and one of
// them at a time takes a flag or exchanges a word.
unsafe impl Port for Chip {
    /// The lock of the chip.
    const WAY: usize = 1;

    #[inline(always)]
    fn wait(&self, polls: u32) -> ControlFlow<()> {
        if polls >= SLEEPS {
            return ControlFlow::Break(());
        }
        devices::sleep();
        ControlFlow::Continue(())
    }

    #[inline(always)]
    fn wake(&self) {
        devices::write(devices::RING, 0);
    }

    /// In cycles of the chip's clock, sleep included.
    #[inline(always)]
    fn now(&self) -> u32 {
        devices::read(devices::TIME)
    }

    #[inline(always)]
    fn take(&self, flag: &AtomicBool) -> bool {
        let is_taken = devices::alone(|| {
            // Acquire: pairs with the release by which the runtime clears the flag.
            let is_clear = !flag.load(Acquire);
            if is_clear {
                flag.store(true, Relaxed);
            }
            is_clear
        });
        is_taken.unwrap_or(false)
    }

    #[inline(always)]
    fn exchange(&self, word: &AtomicU32, current: u32, new: u32) -> Option<u32> {
        devices::alone(|| {
            // Relaxed: what the cores decide with it is published by other words.
            let held = word.load(Relaxed);
            if held == current {
                word.store(new, Relaxed);
            }
            held
        })
    }

    unsafe fn unlock(&self, core: usize) {
        devices::write(devices::UNLOCK, core as u32);
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

/// Lets hart `core` run `entry` on its own stack; false when there is no such helper, or when it
/// has been started before.
#[must_use]
pub fn start(core: usize, entry: fn() -> !) -> bool {
    unsafe extern "C" {
        /// The number of helpers that have a stack, as the address of a symbol.
        static _helpers: u8;
    }
    let helpers = &raw const _helpers as usize;
    if core == 0 || core >= CORES || core > helpers {
        return false;
    }
    let own = devices::ENTRIES + 4 * core as u32;
    let is_new = devices::read(own) == 0;
    if is_new {
        devices::write(own, entry as usize as u32);
    }
    is_new
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
