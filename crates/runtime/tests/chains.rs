//! Chains of steps at random: every team, schedule and delay gives the bytes of one core, or says
//! why it stopped. Nothing hangs.

use core::ops::ControlFlow;
use runtime::{step, Claim, Helper, Lead, Member, Port, Schedule, Slot, Step, Stopped, Team};
use runtime::{Static, Steal};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{scope, yield_now};

const A: Slot<i8, 120> = Slot::at(0);
const B: Slot<i8, 120> = Slot::at(120);

const UNITS_120: &[&[u16]] = &[
    &[120],
    &[100, 20],
    &[40, 40, 40],
    &[0, 60, 30, 30],
    &[24, 24, 24, 24, 24],
    &[20, 20, 20, 20, 20, 20],
    &[120, 0, 0, 0, 0, 0, 0],
    &[15, 15, 15, 15, 15, 15, 15, 15],
];
const UNITS_8: &[&[u16]] = &[
    &[8],
    &[4, 4],
    &[3, 3, 2],
    &[2, 2, 2, 2],
    &[0, 0, 0, 0, 8],
    &[2, 2, 1, 1, 1, 1],
    &[2, 1, 1, 1, 1, 1, 1],
    &[1, 1, 1, 1, 1, 1, 1, 1],
];

/// Every way to cut, from A to B and back.
static STEPS: [[Step<(i8,), i8>; 2]; 4] = [
    [
        step(0)
            .reads(A)
            .writes(B)
            .by_pixels(120, 1, 1)
            .shares(UNITS_120),
        step(0)
            .reads(B)
            .writes(A)
            .by_pixels(120, 1, 1)
            .shares(UNITS_120),
    ],
    [
        step(1)
            .reads(A)
            .writes(B)
            .by_channels(15, 8, 1)
            .shares(UNITS_8),
        step(1)
            .reads(B)
            .writes(A)
            .by_channels(15, 8, 1)
            .shares(UNITS_8),
    ],
    [
        step(2)
            .reads(A)
            .writes(B)
            .by_pixels(15, 8, 2)
            .shares(UNITS_8),
        step(2)
            .reads(B)
            .writes(A)
            .by_pixels(15, 8, 2)
            .shares(UNITS_8),
    ],
    [
        step(3).reads(A).writes(B).by_pixels(15, 8, 15).alone(),
        step(3).reads(B).writes(A).by_pixels(15, 8, 15).alone(),
    ],
];

/// The rows of `STEPS` that a program runs one after the other, and its output.
type Chain<'c> = &'c [usize];

const WIDTHS: [usize; 4] = [1, 8, 8, 8];

/// A small generator of numbers: xorshift.
#[derive(Clone)]
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % limit
    }
}

#[derive(Clone, Copy)]
struct Patient(u32);

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
struct Until<'o>(&'o AtomicBool);

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

const LONG: Patient = Patient(50_000_000);
const SHORT: Patient = Patient(3_000);

/// An element of a step's output: it needs two of the input, one of another core's.
fn element(input: &[i8], index: usize, row: usize) -> i8 {
    let other = input[input.len() - 1 - index];
    input[index]
        .wrapping_mul(3)
        .wrapping_add(other)
        .wrapping_add(row as i8)
}

fn kernel(claim: Claim<'_, (i8,), i8>, row: usize, random: &mut Random) {
    let input = claim.input();
    let channels = claim.output.channels();
    for (pixel, output) in claim.output.by_pixel() {
        for (channel, value) in channels.clone().zip(output) {
            *value = element(input.flat(), pixel * WIDTHS[row] + channel, row);
        }
        if random.below(16) == 0 {
            yield_now();
        }
    }
}

/// Runs the chain; leaves it after so many claims.
fn run<P: Port, M: Schedule>(
    team: &mut Member<'_, P, M>,
    chain: Chain<'_>,
    random: &mut Random,
    mut claims: u64,
) -> Result<(), Stopped> {
    for (number, &row) in chain.iter().enumerate() {
        while let Some(claim) = team.claim(&STEPS[row][number % 2])? {
            if claims == 0 {
                return Err(Stopped::Told);
            }
            claims -= 1;
            kernel(claim, row, random);
        }
    }
    Ok(())
}

fn infer<M: Schedule>(
    lead: &mut Lead<'_, Patient, M>,
    chain: Chain<'_>,
    random: &mut Random,
) -> Result<(), Stopped> {
    let mut tensor: [i8; 120] = core::array::from_fn(|_| random.below(256) as i8);
    let mut begin = lead.begin()?;
    begin.store(A, &tensor)?;
    let mut member = begin.member();
    run(&mut member, chain, random, u64::MAX)?;
    let mut output = [0; 120];
    let last = [A, B][chain.len() % 2];
    member.finish()?.load(last, &mut output)?;
    for &row in chain {
        tensor = core::array::from_fn(|index| element(&tensor, index, row));
    }
    assert_eq!(output, tensor);
    Ok(())
}

/// What helpers do: come to every inference, come to none, or leave the second one in its midst,
/// with their member dropped or forgotten.
#[derive(Clone, Copy, PartialEq)]
enum Habit {
    Comes,
    StaysAway,
    Leaves(u64),
    Forgets(u64),
}

fn help<M: Schedule>(
    helper: &mut Helper<'_, Until<'_>, M>,
    chain: Chain<'_>,
    habit: Habit,
    mut random: Random,
    over: &AtomicBool,
) {
    let mut inferences = 0;
    while habit != Habit::StaysAway && !over.load(Ordering::Relaxed) {
        let Some(mut member) = helper.join() else {
            continue;
        };
        inferences += 1;
        let claims = match habit {
            Habit::Leaves(claims) | Habit::Forgets(claims) if inferences == 2 => claims,
            _ => u64::MAX,
        };
        let _ = run(&mut member, chain, &mut random, claims);
        if let Habit::Forgets(_) = habit {
            core::mem::forget(member);
        }
    }
}

/// Three inferences on a team with a lead that has this patience; their results.
fn three<M: Schedule>(
    chain: Chain<'_>,
    habits: &[Habit],
    seed: u64,
    port: Patient,
) -> [Result<(), Stopped>; 3] {
    let team = Team::<240, 8, M>::new();
    let over = AtomicBool::new(false);
    scope(|threads| {
        let mut helpers = Vec::new();
        for (index, &habit) in (1..).zip(habits) {
            let (team, over) = (&team, &over);
            helpers.push(threads.spawn(move || {
                let mut helper = team.helper(Until(over), index).expect("free");
                help(&mut helper, chain, habit, Random(seed + index as u64), over);
            }));
        }
        let mut lead = team.lead(port, 1 + habits.len()).expect("free");
        let mut random = Random(seed);
        let results = [(); 3].map(|()| infer(&mut lead, chain, &mut random));
        over.store(true, Ordering::Relaxed);
        // Joined one by one: a thread sanitizer does not see the end of a scope.
        for helper in helpers {
            helper.join().expect("no panic");
        }
        results
    })
}

fn many(cases: u64) {
    for case in 1..=cases {
        let mut random = Random(case.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let chain: Vec<usize> = (0..1 + random.below(6))
            .map(|_| random.below(4) as usize)
            .collect();
        let faithful = random.below(2) == 0;
        let habits: Vec<Habit> = (0..random.below(8))
            .map(|_| match random.below(7) {
                0 if !faithful => Habit::StaysAway,
                1 if !faithful => Habit::Leaves(random.below(8)),
                2 if !faithful => Habit::Forgets(random.below(8)),
                _ => Habit::Comes,
            })
            .collect();
        let leaves = habits
            .iter()
            .any(|habit| matches!(habit, Habit::Leaves(_) | Habit::Forgets(_)));
        let away = habits.contains(&Habit::StaysAway);
        let patience = |missing| if missing { SHORT } else { LONG };
        for result in three::<Static>(&chain, &habits, case, patience(away || leaves)) {
            assert!(result.is_ok() || away || leaves, "case {case}: {result:?}");
            assert!(result.is_err() || !away, "case {case}: nobody was missed");
        }
        for result in three::<Steal>(&chain, &habits, case, patience(leaves)) {
            assert!(result.is_ok() || leaves, "case {case}: {result:?}");
        }
    }
}

#[test]
fn random_chains() {
    many(60);
}

#[test]
#[ignore = "takes a minute"]
fn many_random_chains() {
    many(2_000);
}
