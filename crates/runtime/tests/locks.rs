//! Teams that steal by a lock: a core that is stopped while it holds it hangs nobody.

mod doubled;
mod ports;

use core::ops::ControlFlow;
use doubled::{assist, infer};
use runtime::{Port, Steal, Stopped, Team};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::{park, scope, spawn, yield_now};

type Pair = Team<128, 4, Steal>;

/// Looks for a word or the lock before a core is taken for lost.
const PATIENCE: u32 = 100;

/// Where a core is stopped in its exchange.
#[derive(Clone, Copy)]
enum Stop {
    Before,
    After,
}

/// A lock that knows who holds it, and where core 1 is stopped while it does.
struct Lock {
    holder: AtomicU32,
    /// Exchanges that core 1 still completes.
    left: AtomicU32,
    stop: Stop,
    is_stopped: AtomicBool,
    is_over: AtomicBool,
}

impl Lock {
    fn new(left: u32, stop: Stop) -> Self {
        Self {
            holder: AtomicU32::new(FREE),
            left: AtomicU32::new(left),
            stop,
            is_stopped: AtomicBool::new(false),
            is_over: AtomicBool::new(false),
        }
    }
}

const FREE: u32 = u32::MAX;

/// A core of a chip that has nothing but the lock.
#[derive(Clone, Copy)]
struct Core {
    lock: &'static Lock,
    index: u32,
}

impl Core {
    fn alone<T>(&self, act: impl FnOnce() -> T) -> Option<T> {
        let holder = &self.lock.holder;
        let mut looks = 0;
        while holder
            .compare_exchange(FREE, self.index, Ordering::Acquire, Ordering::Relaxed)
            .is_err()
        {
            if looks == PATIENCE {
                return None;
            }
            looks += 1;
            yield_now();
        }
        let result = act();
        holder.store(FREE, Ordering::Release);
        Some(result)
    }

    /// Executes nothing any more.
    fn stop(&self) -> ! {
        self.lock.is_stopped.store(true, Ordering::Release);
        loop {
            park();
        }
    }
}

// SAFETY: threads of one process see one coherent memory, and one of them has the lock.
unsafe impl Port for Core {
    const WAY: usize = 1;

    fn wait(&self, polls: u32) -> ControlFlow<()> {
        yield_now();
        if polls < PATIENCE {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    }

    fn take(&self, flag: &AtomicBool) -> bool {
        let taken = self.alone(|| !flag.swap(true, Ordering::Acquire));
        taken.unwrap_or(false)
    }

    fn exchange(&self, word: &AtomicU32, current: u32, new: u32) -> Option<u32> {
        self.alone(|| {
            let stops = self.index == 1 && self.lock.left.fetch_sub(1, Ordering::Relaxed) == 0;
            if stops && matches!(self.lock.stop, Stop::Before) {
                self.stop();
            }
            let held = word.load(Ordering::Relaxed);
            if held == current {
                word.store(new, Ordering::Relaxed);
            }
            if stops {
                self.stop();
            }
            held
        })
    }

    unsafe fn unlock(&self, core: usize) {
        let core = u32::try_from(core).expect("a core");
        let holder = &self.lock.holder;
        let _ = holder.compare_exchange(core, FREE, Ordering::Relaxed, Ordering::Relaxed);
    }
}

/// Helps until the test is over, or until the core is stopped.
fn help(team: &'static Pair, port: Core) {
    spawn(move || {
        // The port gives up where the machine is busy.
        let mut helper = loop {
            if let Some(helper) = team.helper(port, 1) {
                break helper;
            }
        };
        while !port.lock.is_over.load(Ordering::Relaxed) {
            let _ = assist(&mut helper);
        }
    });
}

#[test]
fn a_core_that_is_stopped_with_the_lock_hangs_nobody() {
    for (left, stop) in (0..6).flat_map(|left| [(left, Stop::Before), (left, Stop::After)]) {
        let lock: &Lock = Box::leak(Box::new(Lock::new(left, stop)));
        let team: &Pair = Box::leak(Box::new(Team::new()));
        let mut lead = team.lead(Core { lock, index: 0 }, 2).expect("free");
        help(team, Core { lock, index: 1 });
        while !lock.is_stopped.load(Ordering::Acquire) {
            let _ = infer(&mut lead, 1);
        }
        // One more may find that all is done but the last barrier; then the arena is not free.
        let first = infer(&mut lead, 2);
        assert!(matches!(
            first,
            Err(Stopped::NoAnswer { .. } | Stopped::Busy { .. })
        ));
        for _ in 0..2 {
            assert_eq!(infer(&mut lead, 2), Err(Stopped::Busy { core: 1 }));
        }
        // SAFETY: the core has said that it executes nothing any more.
        unsafe { lead.reclaim(1) };
        help(team, Core { lock, index: 2 });
        while infer(&mut lead, 3).is_err() {}
        let mut complete = 0;
        for seed in 0..100 {
            complete += u32::from(infer(&mut lead, seed).is_ok());
        }
        assert!(complete > 0);
        lock.is_over.store(true, Ordering::Relaxed);
    }
}

/// A port that fails one of so many exchanges.
#[derive(Clone, Copy)]
struct Unlucky<'c> {
    exchanges: &'c AtomicU32,
    every: u32,
    is_over: &'c AtomicBool,
}

// SAFETY: as host threads; an exchange that fails stores nothing.
unsafe impl Port for Unlucky<'_> {
    fn wait(&self, polls: u32) -> ControlFlow<()> {
        yield_now();
        if polls > PATIENCE || self.is_over.load(Ordering::Relaxed) {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }

    fn exchange(&self, word: &AtomicU32, current: u32, new: u32) -> Option<u32> {
        let number = self.exchanges.fetch_add(1, Ordering::Relaxed);
        if (number.wrapping_mul(0x9E37_79B9) >> 16) % self.every == 0 {
            return None;
        }
        let order = Ordering::Relaxed;
        match word.compare_exchange(current, new, order, order) {
            Ok(held) | Err(held) => Some(held),
        }
    }
}

#[test]
fn whichever_exchange_fails_no_unit_is_lost() {
    for every in [1, 30, 100] {
        let (exchanges, is_over) = (AtomicU32::new(0), AtomicBool::new(false));
        let port = Unlucky {
            exchanges: &exchanges,
            every,
            is_over: &is_over,
        };
        let team = Pair::new();
        scope(|threads| {
            let helpers = [1, 2].map(|index| {
                let mut helper = team.helper(port, index).expect("free");
                let is_over = &is_over;
                threads.spawn(move || {
                    while !is_over.load(Ordering::Relaxed) {
                        let _ = assist(&mut helper);
                    }
                })
            });
            let mut lead = team.lead(port, 3).expect("free");
            // Those that are complete are right, which `infer` asserts.
            if every == 1 {
                assert!((0..20).all(|seed| infer(&mut lead, seed).is_err()));
            } else {
                let complete = (0..=i8::MAX).cycle();
                let complete = complete.filter(|&seed| infer(&mut lead, seed).is_ok());
                assert_eq!(complete.take(50).count(), 50);
            }
            is_over.store(true, Ordering::Relaxed);
            // The sanitizer sees how a thread is joined, not how a scope waits for it.
            for helper in helpers {
                helper.join().expect("no panic");
            }
        });
    }
}
