//! What one core has executed so far.
//!
//! Only the core's own thread writes. The thread that ends the emulator reads at any moment, so
//! the running counts are atomic, and the finished ones are behind a lock that is taken only at a
//! mark.

use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use crate::piece::{Event, Piece};

/// The end of a block: where the next instruction lies in memory, and the cycles of a refill if
/// another one is executed instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Branch {
    pub next: u32,
    pub refill: u16,
}

impl Branch {
    /// Packs it into a number.
    pub fn packed(self) -> u64 {
        u64::from(self.refill) << 32 | u64::from(self.next)
    }

    /// Undoes `packed`.
    #[allow(
        clippy::cast_possible_truncation,
        reason = "each field is cut out of the number"
    )]
    pub fn unpacked(packed: u64) -> Self {
        Self {
            next: packed as u32,
            refill: (packed >> 32) as u16,
        }
    }
}

/// The counts of one core. Aligned so that no two cores share a cache line of the host.
#[repr(align(128))]
pub struct Core {
    present: AtomicBool,
    counting: AtomicBool,
    working: AtomicU64,
    waiting: AtomicU64,
    cycles: AtomicU64,
    branch: AtomicU64,
    runs: Mutex<Vec<Run>>,
}

/// Instructions from a `begin` to an `end`: one bucket for each step, and those that waited.
/// `cycles` are estimated ones of each step, all 0 where nothing is known of them; `noted` says how
/// often each step came to a `note`.
#[derive(Clone, Debug, Default)]
struct Run {
    steps: Vec<u64>,
    cycles: Vec<u64>,
    noted: Vec<u64>,
    waiting: u64,
}

impl Core {
    /// Makes a core that nobody has seen yet.
    pub const fn new() -> Self {
        Self {
            present: AtomicBool::new(false),
            counting: AtomicBool::new(false),
            working: AtomicU64::new(0),
            waiting: AtomicU64::new(0),
            cycles: AtomicU64::new(0),
            branch: AtomicU64::new(0),
            runs: Mutex::new(Vec::new()),
        }
    }

    /// Notes that the emulated chip has this core.
    pub fn appear(&self) {
        self.present.store(true, Relaxed);
    }

    /// Adds the instructions of a piece, if the core is in a run.
    pub fn count(&self, piece: Piece) {
        if self.counting.load(Relaxed) {
            let working = self.working.load(Relaxed) + u64::from(piece.working);
            self.working.store(working, Relaxed);
            let waiting = self.waiting.load(Relaxed) + u64::from(piece.waiting);
            self.waiting.store(waiting, Relaxed);
            self.spend(piece.cycles.into());
        }
    }

    /// Notes that a block ends with an instruction that takes longer if `after` does not follow.
    pub fn leave(&self, after: Branch) {
        self.branch.store(after.packed(), Relaxed);
    }

    /// Adds what the last block's end took if this address does not follow it.
    pub fn arrive(&self, address: u32) {
        let last = Branch::unpacked(self.branch.swap(0, Relaxed));
        if last.next != address && self.counting.load(Relaxed) {
            self.spend(last.refill.into());
        }
    }

    fn spend(&self, cycles: u64) {
        let sum = self.cycles.load(Relaxed) + cycles;
        self.cycles.store(sum, Relaxed);
    }

    /// Ends, begins, subdivides or annotates a run, in this order where an address has several
    /// marks.
    pub fn mark(&self, event: Event) {
        let Ok(mut runs) = self.runs.lock() else {
            return;
        };
        let mut counting = self.counting.load(Relaxed);
        if event.has(Event::END) && counting {
            self.settle(&mut runs);
            counting = false;
        }
        if event.has(Event::BEGIN) && !counting {
            runs.push(Run {
                steps: vec![0],
                cycles: vec![0],
                noted: vec![0],
                waiting: 0,
            });
            counting = true;
        }
        if event.has(Event::STEP) && counting {
            self.settle(&mut runs);
            if let Some(run) = runs.last_mut() {
                run.steps.push(0);
                run.cycles.push(0);
                run.noted.push(0);
            }
        }
        if event.has(Event::NOTE) && counting {
            if let Some(step) = runs.last_mut().and_then(|run| run.noted.last_mut()) {
                *step += 1;
            }
        }
        self.counting.store(counting, Relaxed);
    }

    /// Moves the running counts into the last bucket of the last run.
    fn settle(&self, runs: &mut [Run]) {
        if let Some(run) = runs.last_mut() {
            if let Some(step) = run.steps.last_mut() {
                *step += self.working.swap(0, Relaxed);
            }
            if let Some(step) = run.cycles.last_mut() {
                *step += self.cycles.swap(0, Relaxed);
            }
            run.waiting += self.waiting.swap(0, Relaxed);
        }
    }

    /// Returns the runs as JSON objects, the unfinished one too; nothing if there is no such core.
    pub fn runs(&self) -> Option<String> {
        if !self.present.load(Relaxed) {
            return None;
        }
        let mut runs = self.runs.lock().ok()?;
        self.settle(&mut runs);
        let mut text = String::new();
        for run in runs.iter() {
            let separator = if text.is_empty() { "" } else { ", " };
            let list = |numbers: &[u64]| {
                let texts: Vec<String> = numbers.iter().map(u64::to_string).collect();
                texts.join(", ")
            };
            let (steps, estimated) = (list(&run.steps), list(&run.cycles));
            let (noted, waiting) = (list(&run.noted), run.waiting);
            let _ = write!(
                text,
                "{separator}{{\"steps\": [{steps}], \"estimated\": [{estimated}], \
                 \"noted\": [{noted}], \"waiting\": {waiting}}}"
            );
        }
        Some(text)
    }
}
