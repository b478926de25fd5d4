//! A port that shows what each step computes.

use super::Port;
use crate::sync::{AtomicBool, AtomicU32};
use core::ops::ControlFlow;

/// A port whose steps' outputs are shown to a function, on the lead: number of the step, bytes.
///
/// For tests and for looking into a model; an inference takes as much longer as the function does.
#[derive(Clone, Copy, Debug)]
pub struct Observed<P, F> {
    port: P,
    show: F,
}

impl<P: Port, F: Fn(u16, &[u8]) + Copy> Observed<P, F> {
    /// The port `port`, with the outputs shown to `show`.
    #[must_use]
    pub const fn new(port: P, show: F) -> Self {
        Self { port, show }
    }
}

// SAFETY: as for the port inside, which does the waiting, the waking and the taking.
unsafe impl<P: Port, F: Fn(u16, &[u8]) + Copy> Port for Observed<P, F> {
    const WAY: usize = P::WAY;

    #[inline(always)]
    fn wait(&self, polls: u32) -> ControlFlow<()> {
        self.port.wait(polls)
    }

    #[inline(always)]
    fn wake(&self) {
        self.port.wake();
    }

    #[inline(always)]
    fn take(&self, flag: &AtomicBool) -> bool {
        self.port.take(flag)
    }

    #[inline(always)]
    fn exchange(&self, word: &AtomicU32, current: u32, new: u32) -> Option<u32> {
        self.port.exchange(word, current, new)
    }

    unsafe fn unlock(&self, core: usize) {
        // SAFETY: by the caller's promise.
        unsafe { self.port.unlock(core) };
    }

    fn now(&self) -> u32 {
        self.port.now()
    }

    fn observe(&self, step: u16, output: &[u8]) {
        (self.show)(step, output);
    }
}
