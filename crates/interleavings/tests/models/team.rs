//! Small teams, and a port for the model checker.

use core::ops::ControlFlow;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use loom::sync::{atomic::AtomicU32, Arc};
use loom::thread::{spawn, yield_now, JoinHandle};
use runtime::{
    step, Claim, Helper, Lead, Member, Port, Schedule, Slot, Step, Stopped, Team as Memory,
};

/// Bytes of each tensor; the output takes the input's place.
pub const BYTES: usize = 3;
pub const INPUT: Slot<i8, BYTES> = Slot::at(0);
pub const MIDDLE: Slot<i8, BYTES> = Slot::at(4);
pub const OUTPUT: Slot<i8, BYTES> = Slot::at(0);

/// One element more than the others.
pub const WIDE_INPUT: Slot<i8, 8> = Slot::at(0);
pub const WIDE_OUTPUT: Slot<i8, 8> = Slot::at(8);

/// Where a step of a group writes.
pub const BESIDE: Slot<i8, BYTES> = Slot::at(8);

pub type Team<M> = Memory<16, 3, M>;
pub type Program = &'static [&'static Step<(i8,), i8>];

const SHARES: &[&[u16]] = &[&[3], &[1, 2], &[1, 1, 1]];

pub static FIRST: Step<(i8,), i8> = step(0)
    .reads(INPUT)
    .writes(MIDDLE)
    .by_pixels(3, 1, 1)
    .shares(SHARES);
/// Writes where the first reads, so that a core that is late would be seen.
static SECOND: Step<(i8,), i8> = step(1)
    .reads(MIDDLE)
    .writes(OUTPUT)
    .by_channels(1, 3, 1)
    .shares(SHARES);
/// The lead does it alone, and nobody else is told.
static ALONE: Step<(i8,), i8> = step(1)
    .reads(MIDDLE)
    .writes(OUTPUT)
    .by_channels(1, 3, 3)
    .alone();
/// Writes what the step before reads.
static THIRD: Step<(i8,), i8> = step(2)
    .reads(OUTPUT)
    .writes(MIDDLE)
    .by_pixels(3, 1, 1)
    .shares(SHARES);
/// Two steps of a group: each core reads in the second what it has written in the first.
static JOINED: Step<(i8,), i8> = step(0)
    .reads(INPUT)
    .writes(MIDDLE)
    .by_pixels(3, 1, 1)
    .shares(SHARES)
    .joins(&JOINER);
static JOINER: Step<(i8,), i8> = step(1)
    .reads(MIDDLE)
    .writes(BESIDE)
    .by_pixels(3, 1, 1)
    .lends(1, 0)
    .shares(SHARES);
/// The same, but the second step writes a byte further on than it should.
static SAME_FIRST: Step<(i8,), i8> = step(0)
    .reads(INPUT)
    .writes(MIDDLE)
    .by_pixels(3, 1, 1)
    .shares(SHARES)
    .joins(&OTHER_JOINER);
static OTHER_JOINER: Step<(i8,), i8> = step(1)
    .reads(MIDDLE)
    .writes(Slot::<i8, BYTES>::at(7))
    .by_pixels(3, 1, 1)
    .lends(1, 0)
    .shares(SHARES);
/// Writes what the first step of the group wrote, and reads what all cores wrote in the second.
static AFTER: Step<(i8,), i8> = step(2)
    .reads(BESIDE)
    .writes(MIDDLE)
    .by_channels(1, 3, 1)
    .shares(SHARES);
/// Two steps of a group that have nothing to do with each other, each on one core.
static LEFT: Step<(i8,), i8> = step(0)
    .reads(INPUT)
    .writes(MIDDLE)
    .by_pixels(3, 1, 3)
    .shares(&[&[1], &[1, 0], &[1, 0, 0]])
    .joins(&RIGHT);
static RIGHT: Step<(i8,), i8> = step(1)
    .reads(INPUT)
    .writes(BESIDE)
    .by_channels(1, 3, 3)
    .shares(&[&[1], &[0, 1], &[0, 0, 1]]);
/// The lead has two units of it, one after the other.
pub static PIECES: Step<(i8,), i8> = step(0)
    .reads(INPUT)
    .writes(MIDDLE)
    .by_pixels(3, 1, 1)
    .grain(1)
    .shares(&[&[3], &[2, 1]]);
/// So many units of a helper's that who takes half of them can be robbed in turn.
static MANY: Step<(i8,), i8> = step(0)
    .reads(WIDE_INPUT)
    .writes(WIDE_OUTPUT)
    .by_pixels(8, 1, 1)
    .shares(&[&[8], &[4, 4]]);
/// The lead does it before anybody else is told of the inference.
static OPENING: Step<(i8,), i8> = step(0)
    .reads(INPUT)
    .writes(MIDDLE)
    .by_channels(1, 3, 3)
    .alone();
/// A port that gives up after so many polls; loom runs another thread at each.
#[derive(Clone, Copy)]
pub struct Patient(pub u32);

// SAFETY: loom models one coherent memory.
unsafe impl Port for Patient {
    fn wait(&self, polls: u32) -> ControlFlow<()> {
        if polls >= self.0 {
            return ControlFlow::Break(());
        }
        yield_now();
        ControlFlow::Continue(())
    }
}

/// A port that sleeps before each exchange, once.
#[derive(Clone, Copy)]
pub struct Sleepy;

// SAFETY: loom models one coherent memory, and the exchange is loom's.
unsafe impl Port for Sleepy {
    fn wait(&self, polls: u32) -> ControlFlow<()> {
        Patient(0).wait(polls)
    }

    fn exchange(&self, word: &AtomicU32, current: u32, new: u32) -> Option<u32> {
        yield_now();
        Patient(0).exchange(word, current, new)
    }
}

/// A port that locks in another way.
#[derive(Clone, Copy)]
pub struct Locked;

// SAFETY: loom models one coherent memory; the lock is loom's.
unsafe impl Port for Locked {
    const WAY: usize = 1;

    fn wait(&self, polls: u32) -> ControlFlow<()> {
        Patient(0).wait(polls)
    }
}

pub const ENDLESS: Patient = Patient(u32::MAX);

/// Adds one to each element. One of pixels and channels is 1, so their sum is the index.
pub fn kernel(claim: Claim<'_, (i8,), i8>) {
    let input = claim.input();
    let channels = claim.output.channels();
    for (pixel, output) in claim.output.by_pixel() {
        for (channel, value) in channels.clone().zip(output) {
            *value = input.flat()[pixel + channel] + 1;
        }
    }
}

/// What every core runs: these steps.
pub fn run<P: Port, M: Schedule>(
    team: &mut Member<'_, P, M>,
    program: Program,
) -> Result<(), Stopped> {
    for step in program {
        while let Some(claim) = team.claim(step)? {
            kernel(claim);
        }
    }
    Ok(())
}

/// The program that leads and helpers run, if a model says nothing else.
pub const BOTH: Program = &[&FIRST, &SECOND];
/// Two steps of which the first can be cut by the end of a slice.
pub const PIECEWISE: Program = &[&PIECES, &SECOND];
/// The first of them alone: the end of a slice cuts the last step of the inference.
pub const LAST: Program = &[&PIECES];
/// A step of the lead's between two that are shared.
pub const AMID: Program = &[&FIRST, &ALONE, &THIRD];
/// A step of the lead's, then one that is shared.
pub const OPENED: Program = &[&OPENING, &SECOND];
/// A step of eight units.
pub const WIDE: Program = &[&MANY];
/// A group of two steps, and a step behind it.
pub const GROUP: Program = &[&JOINED, &JOINER, &AFTER];
/// A group of which only the first step is that of [`GROUP`].
pub const OTHER_GROUP: Program = &[&SAME_FIRST, &OTHER_JOINER, &AFTER];
/// Steps of [`GROUP`] without the one that joins the first.
pub const SHORTER_GROUP: Program = &[&FIRST, &AFTER];
/// A group of independent steps.
pub const SIDE_BY_SIDE: Program = &[&LEFT, &RIGHT];
/// Programs that disagree with [`BOTH`].
pub const SHORTER: Program = &[&FIRST];
pub const FOREIGN: Program = &[&SECOND];

/// One inference on the lead; its result must be right.
pub fn infer<P: Port, M: Schedule>(
    lead: &mut Lead<'_, P, M>,
    program: Program,
    seed: i8,
) -> Result<(), Stopped> {
    let mut begin = lead.begin()?;
    begin.store(INPUT, &[seed, seed + 10, seed + 20])?;
    let mut member = begin.member();
    run(&mut member, program)?;
    let mut output = [0; BYTES];
    let slot = [OUTPUT, MIDDLE][program.len() % 2];
    member.finish()?.load(slot, &mut output)?;
    let result = seed + program.len() as i8;
    assert_eq!(output, [result, result + 10, result + 20], "wrong elements");
    Ok(())
}

/// Helps with one inference, if one comes.
pub fn assist<P: Port, M: Schedule>(
    helper: &mut Helper<'_, P, M>,
    program: Program,
) -> Result<bool, Stopped> {
    let Some(mut member) = helper.join() else {
        return Ok(false);
    };
    run(&mut member, program)?;
    Ok(true)
}

/// A helper on a thread of its own, that assists so many times.
pub fn helper<P: Port + Send + 'static, M: Schedule>(
    team: &Arc<Team<M>>,
    port: P,
    index: usize,
    times: usize,
    program: Program,
) -> JoinHandle<()> {
    let team = team.clone();
    spawn(move || {
        // The lead of a stopped inference may have it, and the port may have no patience.
        let Some(mut helper) = team.helper(port, index) else {
            return;
        };
        for _ in 0..times {
            let _ = assist(&mut helper, program);
        }
    })
}

/// Tests that [`explore`] models, each with its number of preemptions.
macro_rules! explored {
    ($($name:ident: $preemptions:expr, $model:expr;)*) => {$(
        #[test]
        fn $name() {
            $crate::team::explore($preemptions, || $model);
        }
    )*};
}
pub(crate) use explored;

/// Explores every interleaving with at most so many switches that no thread asked for.
///
/// `FERRULE_PREEMPTIONS` adds to them, for a longer exploration.
pub fn explore(preemptions: usize, model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    let more = std::env::var("FERRULE_PREEMPTIONS")
        .map_or(0, |text| text.parse::<isize>().expect("a number"));
    builder.preemption_bound = Some(preemptions.saturating_add_signed(more));
    builder.max_branches = 100_000;
    let count = std::sync::Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    builder.check(move || {
        counted.fetch_add(1, Relaxed);
        model();
    });
    println!("{} executions", count.load(Relaxed));
}
