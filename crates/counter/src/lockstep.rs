//! Holds the cores in lock-step, so that the host's scheduler has no say in what they do.
//!
//! One core runs at a time: the one that has executed least, until it is a quantum ahead of the
//! slowest other. Waiting counts as time, as it does on a chip. A core can be slowed down: each of
//! its instructions then takes several units of time.
//!
//! A core takes part from its first instruction on, at the time of whoever runs then. When it falls
//! asleep, that takes a fixed time, however long the emulator's clock lets it sleep. It is left out
//! when it does not come back, from sleep or from where the emulator holds it: the emulator may be
//! waiting for the others, which wait here.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::CORES;

/// How long the others wait for the progress of the core whose turn it is.
const PATIENCE: Duration = Duration::from_millis(50);

/// What a sleep takes of a core's time.
const SLEEP: u64 = 1_000;

/// One core's time. Only the core itself advances it, except where it joins.
struct Clock {
    time: AtomicU64,
    /// At this time the core must look whose turn it is; 0 also while it does not take part.
    limit: AtomicU64,
    /// Wakes the core when its turn comes.
    turn: Condvar,
}

/// Who takes part, and who runs.
struct Turns {
    present: [bool; CORES],
    running: usize,
}

/// The clocks of all cores.
pub struct Lockstep {
    clocks: [Clock; CORES],
    turns: Mutex<Turns>,
}

impl Lockstep {
    /// No core takes part yet.
    pub const fn new() -> Self {
        Self {
            clocks: [const {
                Clock {
                    time: AtomicU64::new(0),
                    limit: AtomicU64::new(0),
                    turn: Condvar::new(),
                }
            }; CORES],
            turns: Mutex::new(Turns {
                present: [false; CORES],
                running: 0,
            }),
        }
    }

    /// Waits for the core's turn, then lets it execute for so long.
    pub fn pass(&self, core: usize, duration: u64, quantum: u64) {
        let Some(clock) = self.clocks.get(core) else {
            return;
        };
        if clock.time.load(Relaxed) >= clock.limit.load(Relaxed) {
            self.wait(core, clock, quantum);
        }
        clock.time.fetch_add(duration, Relaxed);
    }

    /// Lets the others go on while a core sleeps.
    pub fn sleep(&self, core: usize, quantum: u64) {
        let mut turns = self.lock();
        if let Some(true) = turns.present.get(core) {
            self.clocks[core].time.fetch_add(SLEEP, Relaxed);
            if turns.running == core {
                self.next(&mut turns, quantum);
            }
        }
    }

    /// Leaves a core out until it executes again.
    pub fn leave(&self, core: usize, quantum: u64) {
        if core >= CORES {
            return;
        }
        let mut turns = self.lock();
        self.exclude(&mut turns, core);
        if turns.running == core {
            self.next(&mut turns, quantum);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Turns> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn time(&self, core: usize) -> u64 {
        self.clocks[core].time.load(Relaxed)
    }

    fn exclude(&self, turns: &mut Turns, core: usize) {
        turns.present[core] = false;
        self.clocks[core].limit.store(0, Relaxed);
    }

    /// Gives the turn to the core that has executed least.
    fn next(&self, turns: &mut Turns, quantum: u64) {
        let mut order: Vec<usize> = (0..CORES).filter(|&core| turns.present[core]).collect();
        order.sort_by_key(|&core| (self.time(core), core));
        let Some(&first) = order.first() else { return };
        let ahead = order
            .get(1)
            .map_or(u64::MAX, |&other| self.time(other) + quantum);
        self.clocks[first].limit.store(ahead, Relaxed);
        turns.running = first;
        self.clocks[first].turn.notify_one();
    }

    fn wait(&self, core: usize, clock: &Clock, quantum: u64) {
        let mut turns = self.lock();
        if !turns.present[core] {
            let now = if turns.present[turns.running] {
                self.time(turns.running)
            } else {
                0
            };
            clock.time.fetch_max(now, Relaxed);
            turns.present[core] = true;
            // Whoever runs alone has no limit, and must look again.
            self.clocks[turns.running]
                .limit
                .fetch_min(now + quantum, Relaxed);
        }
        if turns.running == core || !turns.present[turns.running] {
            self.next(&mut turns, quantum);
        }
        while turns.running != core {
            let (running, before) = (turns.running, self.time(turns.running));
            let (mut woken, timeout) = clock
                .turn
                .wait_timeout(turns, PATIENCE)
                .unwrap_or_else(PoisonError::into_inner);
            let is_stuck = woken.running == running && self.time(running) == before;
            if timeout.timed_out() && is_stuck {
                self.exclude(&mut woken, running);
                self.next(&mut woken, quantum);
            }
            turns = woken;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Barrier;
    use std::thread;

    const QUANTUM: u64 = 100;

    /// Runs cores at once, each for so many pieces of a duration; returns the largest lead that a
    /// core had over another that had not finished, seen as it began a piece.
    fn race(durations: &[u64], pieces: u64) -> u64 {
        let lockstep = Lockstep::new();
        let ready = Barrier::new(durations.len());
        let apart = AtomicU64::new(0);
        thread::scope(|scope| {
            for (core, &duration) in durations.iter().enumerate() {
                let (lockstep, ready, apart) = (&lockstep, &ready, &apart);
                scope.spawn(move || {
                    lockstep.pass(core, duration, QUANTUM);
                    lockstep.leave(core, QUANTUM);
                    ready.wait();
                    for _ in 0..pieces {
                        lockstep.pass(core, duration, QUANTUM);
                        let slowest = lockstep.slowest();
                        let ahead = lockstep.time(core).saturating_sub(slowest);
                        apart.fetch_max(ahead, Relaxed);
                    }
                    lockstep.leave(core, QUANTUM);
                });
            }
        });
        apart.into_inner()
    }

    impl Lockstep {
        /// The time of the slowest core that takes part.
        fn slowest(&self) -> u64 {
            let turns = self.lock();
            let present = (0..CORES).filter(|&core| turns.present[core]);
            present.map(|core| self.time(core)).min().unwrap_or(0)
        }
    }

    #[test]
    fn no_core_is_more_than_a_quantum_and_a_piece_ahead() {
        for durations in [&[7, 7][..], &[5, 10], &[3, 90, 11, 1]] {
            let longest = durations.iter().max().expect("some");
            assert!(race(durations, 500) <= QUANTUM + longest, "{durations:?}");
        }
    }

    #[test]
    fn a_slow_core_executes_less_in_the_same_time() {
        let lockstep = Lockstep::new();
        let ready = Barrier::new(2);
        let [fast, slow] = thread::scope(|scope| {
            let race = |core, duration| {
                let (lockstep, ready) = (&lockstep, &ready);
                scope.spawn(move || {
                    ready.wait();
                    let mut pieces = 0_u64;
                    while lockstep.time(core) < 60_000 {
                        lockstep.pass(core, duration, QUANTUM);
                        pieces += 1;
                    }
                    lockstep.leave(core, QUANTUM);
                    pieces
                })
            };
            [race(0, 10), race(1, 30)].map(|core| core.join().expect("no panic"))
        });
        assert!(fast <= 6_000 && slow <= 2_000);
        // One of them may begin later, at the time of the other.
        assert!(fast == 6_000 || slow == 2_000, "{fast} and {slow} pieces");
    }

    #[test]
    fn sleep_takes_a_fixed_time() {
        let lockstep = Lockstep::new();
        lockstep.pass(0, 50, QUANTUM);
        lockstep.sleep(0, QUANTUM);
        assert_eq!(lockstep.time(0), 50 + SLEEP);
        // A core that has never executed, and one that nobody counts.
        lockstep.sleep(1, QUANTUM);
        lockstep.sleep(CORES, QUANTUM);
        assert_eq!(lockstep.time(1), 0);
    }

    #[test]
    fn a_core_that_is_alone_or_has_left_holds_nobody_up() {
        let lockstep = Lockstep::new();
        for _ in 0..1_000 {
            lockstep.pass(3, 50, QUANTUM);
        }
        lockstep.leave(3, QUANTUM);
        lockstep.leave(3, QUANTUM);
        lockstep.pass(5, 50, QUANTUM);
        assert_eq!(lockstep.time(3), 50_000);
        assert_eq!(
            lockstep.time(5),
            50,
            "nobody is there whose time it could take"
        );
        lockstep.pass(CORES, 50, QUANTUM);
    }

    #[test]
    fn a_core_begins_at_the_time_of_the_one_that_runs() {
        let lockstep = Lockstep::new();
        for _ in 0..1_000 {
            lockstep.pass(0, 50, QUANTUM);
        }
        thread::scope(|scope| {
            let late = scope.spawn(|| lockstep.pass(1, 50, QUANTUM));
            while !late.is_finished() {
                lockstep.pass(0, 50, QUANTUM);
            }
        });
        assert!(lockstep.time(1) >= 50_000);
    }

    #[test]
    fn a_core_that_does_not_come_back_is_left_out() {
        let lockstep = Lockstep::new();
        lockstep.pass(0, 1, QUANTUM);
        // Core 0 is where the emulator holds it; core 1 gets the turn after a while.
        lockstep.pass(1, 1, QUANTUM);
        for _ in 0..1_000 {
            lockstep.pass(1, 50, QUANTUM);
        }
        assert!(!lockstep.lock().present[0]);
        assert!(lockstep.time(1) > 50_000);
    }
}
