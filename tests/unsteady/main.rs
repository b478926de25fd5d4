//! Infers with helpers that hesitate wherever they wait, and may leave in the midst of an inference.
//!
//! Arguments: `hesitate` or `leave`, and the size of the team. `outputs.bin` gets the outputs for
//! each set of inputs. Where helpers leave, an inference is tried until it is not stopped, and all sets
//! come again until helpers have left often enough. Prints how often they left, and how many inferences
//! were stopped.

use core::ops::ControlFlow;
use firmware::{core_index, entry, exit, fail, open, start_helpers, team_size, OrFail, Tensors};
use model::{assist, Port, Stopped, Team};
use std::cell::Cell;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::thread::{sleep, yield_now};
use std::time::Duration;

static TEAM: Team = Team::new();

/// Inferences that may be stopped before one is not.
const TRIES: u32 = 2_000;

/// How often helpers have to leave before the program ends.
const LEAVES: u32 = 10;

/// How often a helper left an inference.
static LEFT: AtomicU32 = AtomicU32::new(0);

thread_local! {
    static STATE: Cell<u64> = const { Cell::new(0) };
}

/// A random number below a limit: xorshift, of another seed on each core.
fn below(limit: u64) -> u64 {
    STATE.with(|state| {
        let seed = 0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(core_index() as u64 + 1);
        let mut next = if state.get() == 0 { seed } else { state.get() };
        next ^= next << 13;
        next ^= next >> 7;
        next ^= next << 17;
        state.set(next);
        (next >> 11) % limit
    })
}

/// A port with delays at random, that gives up at one of so many polls.
#[derive(Clone, Copy)]
struct Unsteady {
    gives_up: u64,
}

// SAFETY: threads of one process see one coherent memory; waiting may end at any time.
unsafe impl Port for Unsteady {
    fn wait(&self, _: u32) -> ControlFlow<()> {
        if below(self.gives_up) == 0 {
            return ControlFlow::Break(());
        }
        match below(64) {
            0 => sleep(Duration::from_micros(below(50))),
            _ => yield_now(),
        }
        ControlFlow::Continue(())
    }
}

fn leaves() -> bool {
    std::env::args().any(|word| word == "leave")
}

entry!(infer, help);

fn infer() -> ! {
    let cores = team_size();
    start_helpers(cores, help);
    let outputs = open(c"outputs.bin", true);
    // A lead whose helpers may be gone has to give up some time; another one never does.
    let gives_up = if leaves() { 5_000 } else { u64::MAX };
    let mut lead = TEAM.lead(Unsteady { gives_up }, cores).or_fail();
    // SAFETY: called once: only this thread comes here.
    let tensors = unsafe { Tensors::only() };
    let mut stopped = 0;
    loop {
        let inputs = open(c"inputs.bin", false);
        while tensors.read(&inputs) {
            let mut tries = 0;
            while let Err(why) = tensors.infer(&mut lead) {
                tries += 1;
                if !leaves() || tries > TRIES || matches!(why, Stopped::Mismatch { .. }) {
                    fail(format_args!("{why}, after {tries} tries"));
                }
                sleep(Duration::from_micros(below(500)));
            }
            stopped += tries;
            tensors.write(&outputs).or_fail();
        }
        if !leaves() || LEFT.load(Relaxed) >= LEAVES {
            break;
        }
    }
    println!("{} {stopped}", LEFT.load(Relaxed));
    exit(0)
}

fn help() -> ! {
    let gives_up = if leaves() { 800 * team_size() as u64 } else { u64::MAX };
    loop {
        let mut helper = TEAM.helper(Unsteady { gives_up }, core_index()).or_fail();
        for _ in 0..below(4) {
            // One that came too late, for units that others had stolen, is only told so.
            if let Err(Stopped::NoAnswer { .. }) = assist(&mut helper) {
                LEFT.fetch_add(1, Relaxed);
            }
        }
        drop(helper);
        sleep(Duration::from_micros(below(500)));
    }
}
