//! Runs the model on every set of inputs as a product would, and measures it.
//!
//! `outputs.bin` gets the outputs of each inference, `stacks.bin` the bytes of stack that an
//! inference needed on each core, as little-endian words. An instruction counter finds the lead's
//! work between `counted_inference` and `counted_end`, and a helper's from where the runtime
//! enters an inference to `counted_end`.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::hint::black_box;
use core::sync::atomic::AtomicUsize;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use firmware::{chip, core_index, entry, open, stack, start_helpers, team_size, OrFail, Tensors};
use model::{assist, Lead, Port, Stopped, Team, CORES};

/// What the cores share, at one address in every image.
#[repr(C)]
struct Shared {
    /// How often each helper was ready for an inference, and the deepest stack in one. Only that
    /// core writes its own words, as not every target can add to a word in memory at once.
    ready: [AtomicUsize; CORES],
    depth: [AtomicUsize; CORES],
    team: Team,
}

#[cfg_attr(target_os = "none", unsafe(link_section = ".bss.team"))]
static SHARED: Shared = Shared {
    ready: [const { AtomicUsize::new(0) }; CORES],
    depth: [const { AtomicUsize::new(0) }; CORES],
    team: Team::new(),
};

entry!(bench, help);

fn bench() -> ! {
    let cores = team_size();
    start_helpers(cores, help);
    let inputs = open(c"inputs.bin", false);
    let outputs = open(c"outputs.bin", true);
    let mut lead = SHARED.team.lead(chip(), cores).or_fail();
    // SAFETY: called once: only this core comes here.
    let tensors = unsafe { Tensors::only() };
    let tensors = black_box(tensors); // as a product's, wherever they lie
    // In memory, so that what is counted does not depend on the registers that are free.
    let mut result = Ok(());
    black_box(&mut result);
    let mut inferences = 0;
    await_helpers(cores, 1);
    while tensors.read(&inputs) {
        let painted = stack::paint();
        result = counted_inference(tensors, &mut lead);
        counted_end();
        deepen(0, painted.depth());
        result.or_fail();
        inferences += 1;
        if Tensors::IS_SHARED {
            await_helpers(cores, inferences + 1);
        }
        tensors.write(&outputs).or_fail();
    }
    let stacks = open(c"stacks.bin", true);
    for depth in SHARED.depth.iter().take(cores) {
        stacks
            .write(&(depth.load(Relaxed) as u32).to_le_bytes())
            .or_fail();
    }
    firmware::exit(0)
}

/// Waits until every helper is ready once more: a helper may still be on its way out of an
/// inference, and its count must not depend on when we stop.
fn await_helpers(cores: usize, times: usize) {
    for ready in SHARED.ready.iter().take(cores).skip(1) {
        // Acquire: pairs with the release of `help`.
        while ready.load(Acquire) != times {
            // A loop that only looks could keep the helper from memory.
            let _ = chip().wait(0);
        }
    }
}

fn help() -> ! {
    let core = core_index();
    let mut helper = SHARED.team.helper(chip(), core).or_fail();
    get_ready(core);
    loop {
        let painted = stack::paint();
        let helped = assist(&mut helper);
        counted_end();
        if helped == Ok(true) {
            deepen(core, painted.depth());
            get_ready(core);
        }
    }
}

/// Says that a helper is ready once more.
fn get_ready(core: usize) {
    let ready = &SHARED.ready[core];
    // Release: pairs with the acquire of `await_helpers`; the lead then reads the depth.
    ready.store(ready.load(Relaxed) + 1, Release);
    chip().wake();
}

/// Remembers a depth of this core's stack, if it is the deepest.
fn deepen(core: usize, depth: usize) {
    let deepest = &SHARED.depth[core];
    deepest.store(deepest.load(Relaxed).max(depth), Relaxed);
}

/// One inference, under a name that an instruction counter finds.
#[inline(never)]
fn counted_inference<P: Port>(
    tensors: &mut Tensors,
    lead: &mut Lead<'_, P>,
) -> Result<(), Stopped> {
    tensors.infer(lead)
}

/// The end of a core's work, under a name that an instruction counter finds.
#[inline(never)]
fn counted_end() {
    black_box(0);
}
