//! Ports of host threads, for tests of the team.

#![allow(dead_code, reason = "each test uses some of them")]

use core::ops::ControlFlow;
use runtime::Port;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::yield_now;

/// A port that waits for so many looks.
#[derive(Clone, Copy)]
pub struct Patient(pub u32);

// SAFETY: threads of one process see one coherent memory.
unsafe impl Port for Patient {
    fn wait(&self, polls: u32) -> ControlFlow<()> {
        yield_now();
        if polls < self.0 {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    }
}

/// A port that waits until the test is over, however busy the machine is.
#[derive(Clone, Copy)]
pub struct Until<'o>(pub &'o AtomicBool);

// SAFETY: threads of one process see one coherent memory.
unsafe impl Port for Until<'_> {
    fn wait(&self, _: u32) -> ControlFlow<()> {
        yield_now();
        if self.0.load(Ordering::Relaxed) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}

/// Longer than any machine is busy.
pub const LONG: Patient = Patient(50_000_000);
