//! Chains of steps at random: every team, schedule and delay gives the bytes of one core, or says
//! why it stopped. Nothing hangs.

mod ports;

use ports::{Patient, Until, LONG};
use runtime::{step, Claim, Helper, Joined, Lead, Member, Port, Schedule, Slice, Sliced, Slot};
use runtime::{Static, Steal, Step, StepBuilder, Stopped, Team};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{scope, yield_now};

const A: Slot<i8, 120> = Slot::at(0);
const B: Slot<i8, 120> = Slot::at(120);
/// What groups write in between.
const C: Slot<i8, 120> = Slot::at(240);
const D: Slot<i8, 120> = Slot::at(360);

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

type Unary = Step<(i8,), i8>;

/// Where a place of a chain reads, and where it writes.
const fn ends(place: u16) -> [Slot<i8, 120>; 2] {
    if place % 2 == 0 {
        [A, B]
    } else {
        [B, A]
    }
}

/// Numbers are in the order of places, as slices need them.
const fn begun(place: u16) -> StepBuilder<(i8,), i8> {
    let [from, to] = ends(place);
    step(3 * place).reads(from).writes(to)
}

/// Every way to cut, from A to B or back.
const fn rows(place: u16) -> [Unary; 4] {
    [
        begun(place)
            .by_pixels(120, 1, 1)
            .claims(7, 1)
            .shares(UNITS_120),
        begun(place).by_channels(15, 8, 1).shares(UNITS_8),
        begun(place).by_pixels(15, 8, 2).shares(UNITS_8),
        begun(place).by_pixels(15, 8, 15).alone(),
    ]
}

/// Three steps of a group: in the second and the third each core reads what it has written itself.
const fn first(place: u16, next: &'static Unary) -> Unary {
    let [from, _] = ends(place);
    let new = step(3 * place).reads(from).writes(C).by_pixels(120, 1, 1);
    new.shares(UNITS_120).joins(next)
}

const fn second(place: u16, next: &'static Unary) -> Unary {
    let new = step(3 * place + 1).reads(C).writes(D).by_pixels(120, 1, 1);
    new.lends(1, 0).shares(UNITS_120).joins(next)
}

const fn third(place: u16) -> Unary {
    let [_, to] = ends(place);
    let new = step(3 * place + 2).reads(D).writes(to).by_pixels(120, 1, 1);
    new.lends(1, 0).shares(UNITS_120)
}

static STEPS: [[Unary; 4]; 6] = [rows(0), rows(1), rows(2), rows(3), rows(4), rows(5)];
static THIRD: [Unary; 6] = [third(0), third(1), third(2), third(3), third(4), third(5)];
static SECOND: [Unary; 6] = [
    second(0, &THIRD[0]),
    second(1, &THIRD[1]),
    second(2, &THIRD[2]),
    second(3, &THIRD[3]),
    second(4, &THIRD[4]),
    second(5, &THIRD[5]),
];
static FIRST: [Unary; 6] = [
    first(0, &SECOND[0]),
    first(1, &SECOND[1]),
    first(2, &SECOND[2]),
    first(3, &SECOND[3]),
    first(4, &SECOND[4]),
    first(5, &SECOND[5]),
];

/// Rows of `STEPS`, or the group behind them, that a program runs one after the other.
type Chain<'c> = &'c [usize];

/// The row that nobody but the lead hears of.
const PRIVATE: usize = 3;
const GROUP: usize = 4;
/// Kinds of steps: the rows, and the three steps of a group.
const WIDTHS: [usize; 7] = [1, 8, 8, 8, 1, 1, 1];

/// The steps of a row at a place, each with its kind.
fn steps(place: usize, row: usize) -> Vec<(usize, &'static Unary)> {
    if row == GROUP {
        vec![
            (GROUP, &FIRST[place]),
            (GROUP + 1, &SECOND[place]),
            (GROUP + 2, &THIRD[place]),
        ]
    } else {
        vec![(row, &STEPS[place][row])]
    }
}

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

const SHORT: Patient = Patient(3_000);

/// An element of a step's output: it needs two of the input, one of another core's, unless the step
/// is joined to another.
fn element(input: &[i8], index: usize, kind: usize) -> i8 {
    let other = if kind > GROUP {
        0
    } else {
        input[input.len() - 1 - index]
    };
    input[index]
        .wrapping_mul(3)
        .wrapping_add(other)
        .wrapping_add(kind as i8)
}

fn kernel(claim: Claim<'_, (i8,), i8>, kind: usize, random: &mut Random) {
    let input = claim.input();
    let channels = claim.output.channels();
    for (pixel, output) in claim.output.by_pixel() {
        for (channel, value) in channels.clone().zip(output) {
            *value = element(input.flat(), pixel * WIDTHS[kind] + channel, kind);
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
    for (place, &row) in chain.iter().enumerate() {
        for (kind, step) in steps(place, row) {
            while let Some(claim) = team.claim(step)? {
                if claims == 0 {
                    return Err(Stopped::Told);
                }
                claims -= 1;
                kernel(claim, kind, random);
            }
        }
    }
    Ok(())
}

/// Some steps, or what is done before the first look at the time, or all.
fn slice(random: &mut Random) -> Slice {
    match random.below(4) {
        0 => Slice::WHOLE,
        1 => Slice::until(0),
        steps => Slice::steps(steps as u32 - 1),
    }
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
    // All in one where the schedule knows no slices.
    while !member.slice(slice(random), |member| run(member, chain, random, u64::MAX))? {
        if random.below(2) == 0 {
            yield_now();
        }
    }
    let mut output = [0; 120];
    let last = [A, B][chain.len() % 2];
    member.finish()?.load(last, &mut output)?;
    for (place, &row) in chain.iter().enumerate() {
        for (kind, _) in steps(place, row) {
            tensor = core::array::from_fn(|index| element(&tensor, index, kind));
        }
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
    let team = Team::<480, 8, M>::new();
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
            .map(|_| random.below(5) as usize)
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
        let hears = chain.iter().any(|&row| row != PRIVATE);
        let patience = |missing| if missing { SHORT } else { LONG };
        let port = patience(away || leaves);
        for results in [
            three::<Static>(&chain, &habits, case, port),
            three::<Joined<2>>(&chain, &habits, case, port),
            three::<Sliced>(&chain, &habits, case, port),
        ] {
            for result in results {
                assert!(result.is_ok() || away || leaves, "case {case}: {result:?}");
                let missed = away && hears;
                assert!(result.is_err() || !missed, "case {case}: nobody was missed");
            }
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
#[ignore = "takes two minutes; `make test-all` runs it"]
fn many_random_chains() {
    many(2_000);
}
