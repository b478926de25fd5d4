//! Runs a team on the threads of a host, or on one thread.

use core::ops::ControlFlow;
use runtime::Port;
use std::sync::OnceLock;
use std::time::Instant;

/// Polls before a thread is taken for lost. Of 64 one yields to the operating system, so this is a
/// second or more, and longer where other threads have work.
const PATIENCE: u32 = 40_000_000;

/// Host threads: they wait by yielding, so that more members than processors make progress.
#[derive(Clone, Copy, Debug, Default)]
pub struct Host;

// SAFETY: threads of one process see one coherent memory.
unsafe impl Port for Host {
    fn wait(&self, polls: u32) -> ControlFlow<()> {
        if polls >= PATIENCE {
            return ControlFlow::Break(());
        }
        if polls % 64 == 63 {
            std::thread::yield_now();
        } else {
            core::hint::spin_loop();
        }
        ControlFlow::Continue(())
    }

    /// In microseconds since the first call.
    #[allow(clippy::cast_possible_truncation)] // it wraps
    fn now(&self) -> u32 {
        static START: OnceLock<Instant> = OnceLock::new();
        START.get_or_init(Instant::now).elapsed().as_micros() as u32
    }
}
