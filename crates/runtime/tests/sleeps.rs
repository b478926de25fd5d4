//! Cores that sleep until they are woken: nobody sleeps through what was stored for it to see.

#![allow(
    clippy::redundant_closure,
    reason = "a closure is for every lifetime of a port"
)]

use core::cell::Cell;
use core::ops::ControlFlow;
use runtime::{step, Claim, Joined, Member, Port, Schedule, Slice, Sliced, Slot, Static};
use runtime::{Steal, Step, Stopped, Team};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Condvar, Mutex};
use std::thread::{scope, sleep, yield_now};
use std::time::Duration;

const A: Slot<i8, 60> = Slot::at(0);
const B: Slot<i8, 60> = Slot::at(60);
const C: Slot<i8, 60> = Slot::at(120);

const SHARES: &[&[u16]] = &[&[60], &[30, 30], &[20, 20, 20]];

static FIRST: Step<(i8,), i8> = step(0)
    .reads(B)
    .writes(A)
    .by_channels(1, 60, 1)
    .claims(7, 1)
    .shares(SHARES);
static JOINED: Step<(i8,), i8> = step(1)
    .reads(A)
    .writes(C)
    .by_pixels(60, 1, 1)
    .shares(SHARES)
    .joins(&JOINER);
static JOINER: Step<(i8,), i8> = step(2)
    .reads(C)
    .writes(B)
    .by_pixels(60, 1, 1)
    .lends(1, 0)
    .shares(SHARES);
static LAST: Step<(i8,), i8> = step(3).reads(B).writes(A).by_pixels(60, 1, 60).alone();

/// Much longer than a core is asleep which somebody wakes, however busy the machine is.
const OVERSLEPT: Duration = Duration::from_secs(20);

/// What wakes the sleepers of a test.
#[derive(Default)]
struct Bell {
    rings: Mutex<u64>,
    rung: Condvar,
    time: AtomicU32,
    /// Whether sleepers shall give up.
    over: AtomicBool,
    /// Whether somebody has slept through what it waited for.
    overslept: AtomicBool,
}

impl Drop for Bell {
    fn drop(&mut self) {
        let overslept = *self.overslept.get_mut();
        assert!(!overslept || std::thread::panicking(), "overslept");
    }
}

std::thread_local! {
    /// The rings that this thread has heard.
    static HEARD: Cell<u64> = const { Cell::new(0) };
}

/// A port that looks once, and then sleeps until the bell rings. Its clock ticks with each look.
#[derive(Clone, Copy)]
struct Sleeper<'b>(&'b Bell);

// SAFETY: threads of one process see one coherent memory.
unsafe impl Port for Sleeper<'_> {
    fn wait(&self, _: u32) -> ControlFlow<()> {
        let rings = self.0.rings.lock().expect("no panic");
        let is_over = || self.0.over.load(Ordering::SeqCst);
        let is_silent = |rings: &mut u64| *rings == HEARD.get() && !is_over();
        let slept = self.0.rung.wait_timeout_while(rings, OVERSLEPT, is_silent);
        let (rings, slept) = slept.expect("no panic");
        HEARD.set(*rings);
        drop(rings);
        if slept.timed_out() {
            self.0.overslept.store(true, Ordering::SeqCst);
        }
        if slept.timed_out() || is_over() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }

    fn wake(&self) {
        *self.0.rings.lock().expect("no panic") += 1;
        self.0.rung.notify_all();
    }

    fn now(&self) -> u32 {
        self.0.time.fetch_add(1, Ordering::Relaxed)
    }
}

fn run<P: Port, M: Schedule>(member: &mut Member<'_, P, M>) -> Result<(), Stopped> {
    let kernel = |(): &(), claim: Claim<'_, (i8,), i8>| {
        for (_, output) in claim.output.by_pixel() {
            output.fill(1);
        }
    };
    for step in [&FIRST, &JOINED, &JOINER, &LAST] {
        member.step(step, kernel, &())?;
    }
    Ok(())
}

/// Many inferences on three cores, as `infer` runs them; some are dropped or forgotten half way.
fn sleepers<M: Schedule>(infer: impl Fn(&mut Member<'_, Sleeper<'_>, M>) -> Result<(), Stopped>) {
    let (team, bell) = (Team::<256, 3, M>::new(), Bell::default());
    scope(|threads| {
        for index in 1..3 {
            let (team, bell) = (&team, &bell);
            threads.spawn(move || {
                while !bell.over.load(Ordering::SeqCst) {
                    // Busy while the lead looks for those who have not left.
                    let Some(mut helper) = team.helper(Sleeper(bell), index) else {
                        continue;
                    };
                    for _ in 0..7 {
                        let _ = helper.join().map(|mut member| run(&mut member));
                    }
                }
            });
        }
        let mut lead = team.lead(Sleeper(&bell), 3).expect("free");
        for number in 0..100 {
            let mut member = lead.begin().expect("all leave").member();
            if number % 5 == 4 {
                let _ = member.claim(&FIRST).expect("first");
                if number % 2 == 0 {
                    core::mem::forget(member);
                }
                continue;
            }
            infer(&mut member).expect("all come");
            assert!(member.finish().is_ok());
        }
        bell.over.store(true, Ordering::SeqCst);
        Sleeper(&bell).wake();
    });
}

#[test]
fn nobody_sleeps_through_a_step() {
    sleepers::<Static>(|member| run(member));
}

#[test]
fn nobody_sleeps_through_a_group() {
    sleepers::<Joined<2>>(|member| run(member));
}

#[test]
fn nobody_sleeps_while_others_steal() {
    sleepers::<Steal>(|member| run(member));
}

#[test]
fn nobody_sleeps_through_a_slice() {
    sleepers::<Sliced>(|member| {
        while !member.slice(Slice::until(0), run)? {
            while !member.slice(Slice::steps(1), run)? {}
        }
        Ok(())
    });
}

#[test]
fn a_handle_that_is_dropped_wakes_the_lead() {
    let (team, bell) = (Team::<256, 3>::new(), Bell::default());
    let is_stopped = AtomicBool::new(false);
    let helper = team.helper(Sleeper(&bell), 1).expect("free");
    scope(|threads| {
        let is_stopped = &is_stopped;
        threads.spawn(move || {
            while !is_stopped.load(Ordering::SeqCst) {
                yield_now();
            }
            // Most likely the lead sleeps then.
            sleep(Duration::from_millis(100));
            drop(helper);
        });
        let mut lead = team.lead(Sleeper(&bell), 2).expect("free");
        let mut member = lead.begin().expect("idle").member();
        assert!(member.claim(&FIRST).expect("first").is_some());
        drop(member);
        is_stopped.store(true, Ordering::SeqCst);
        assert!(lead.begin().is_ok());
    });
}
