//! Groups of steps behind one publication: the same bytes as with a barrier after each step, for
//! every team and schedule; and what members may do in the midst of one. All are about one graph of
//! seven steps, which takes the first third of the file.

mod ports;

use ports::{Patient, Until, LONG};
use runtime::{step, Claim, Helper, Joined, Lead, Member, Observed, Port, Schedule, Sliced};
use runtime::{Slot, Static, Steal, Step, Stopped, Team};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Mutex;
use std::thread::{scope, yield_now};

const A: Slot<i8, 58> = Slot::at(0);
const B: Slot<i8, 58> = Slot::at(58);
const C: Slot<i8, 58> = Slot::at(116);
const D: Slot<i8, 58> = Slot::at(174);
const E: Slot<i8, 58> = Slot::at(232);

type Tensor = [i8; 58];

/// Units of one element, of two and of four; the last one of four is short. In each team a core has
/// the same elements, whatever their unit.
const ONES: &[&[u16]] = &[
    &[58],
    &[32, 26],
    &[20, 20, 18],
    &[0, 40, 18, 0],
    &[12, 12, 12, 12, 10],
    &[12, 12, 12, 8, 8, 6],
    &[58, 0, 0, 0, 0, 0, 0],
    &[8, 8, 8, 8, 8, 8, 8, 2],
];
const TWOS: &[&[u16]] = &[
    &[29],
    &[16, 13],
    &[10, 10, 9],
    &[0, 20, 9, 0],
    &[6, 6, 6, 6, 5],
    &[6, 6, 6, 4, 4, 3],
    &[29, 0, 0, 0, 0, 0, 0],
    &[4, 4, 4, 4, 4, 4, 4, 1],
];
const FOURS: &[&[u16]] = &[
    &[15],
    &[8, 7],
    &[5, 5, 5],
    &[0, 10, 5, 0],
    &[3, 3, 3, 3, 3],
    &[3, 3, 3, 2, 2, 2],
    &[15, 0, 0, 0, 0, 0, 0],
    &[2, 2, 2, 2, 2, 2, 2, 1],
];
const ON_LEAD: &[&[u16]] = &[
    &[1],
    &[1, 0],
    &[1, 0, 0],
    &[1, 0, 0, 0],
    &[1, 0, 0, 0, 0],
    &[1, 0, 0, 0, 0, 0],
    &[1, 0, 0, 0, 0, 0, 0],
    &[1, 0, 0, 0, 0, 0, 0, 0],
];
const ON_LAST: &[&[u16]] = &[
    &[1],
    &[0, 1],
    &[0, 0, 1],
    &[0, 0, 0, 1],
    &[0, 0, 0, 0, 1],
    &[0, 0, 0, 0, 0, 1],
    &[0, 0, 0, 0, 0, 0, 1],
    &[0, 0, 0, 0, 0, 0, 0, 1],
];

/// Three steps of which each core needs what it has written itself: B and C, D of C, E of C and D.
static ONE_BY_ONE: Step<(i8,), i8> = step(1)
    .reads(B)
    .writes(C)
    .by_pixels(58, 1, 1)
    .lends(1, 0)
    .shares(ONES)
    .joins(&TWO_BY_TWO);
static TWO_BY_TWO: Step<(i8,), i8> = step(2)
    .reads(C)
    .writes(D)
    .by_pixels(58, 1, 2)
    .lends(2, 0)
    .shares(TWOS)
    .joins(&FOUR_BY_FOUR);
static FOUR_BY_FOUR: Step<(i8, i8), i8> = step(3)
    .reads(C)
    .also_reads(D)
    .writes(E)
    .by_pixels(58, 1, 4)
    .lends(4, 4)
    .shares(FOURS);
/// Needs an element of another core.
static MIRROR: Step<(i8,), i8> = step(0).reads(A).writes(B).by_pixels(58, 1, 2).shares(TWOS);
/// Two steps that have nothing to do with each other, each on one core.
static LEFT: Step<(i8,), i8> = step(4)
    .reads(E)
    .writes(B)
    .by_channels(1, 58, 58)
    .shares(ON_LEAD)
    .joins(&RIGHT);
static RIGHT: Step<(i8,), i8> = step(5)
    .reads(E)
    .writes(C)
    .by_pixels(58, 1, 58)
    .shares(ON_LAST);
static BOTH: Step<(i8, i8), i8> = step(6)
    .reads(B)
    .also_reads(C)
    .writes(A)
    .by_channels(29, 2, 1)
    .shares(ON_TWO);
const ON_TWO: &[&[u16]] = &[
    &[2],
    &[1, 1],
    &[0, 1, 1],
    &[2, 0, 0, 0],
    &[0, 0, 0, 0, 2],
    &[1, 0, 0, 0, 0, 1],
    &[0, 1, 1, 0, 0, 0, 0],
    &[0, 0, 0, 0, 0, 0, 1, 1],
];

const SHORT: Patient = Patient(2_000);

/// What each step makes of an element, or of two.
fn single(value: i8, number: u16) -> i8 {
    value.wrapping_mul(3).wrapping_add(number as i8)
}

fn sum(first: i8, second: i8) -> i8 {
    first.wrapping_mul(2).wrapping_sub(second)
}

/// The delays of a core, so that its steps take longer than those of others, or shorter.
#[derive(Clone, Copy)]
struct Pace(usize);

impl Pace {
    fn wait(self, pixel: usize) {
        if self.0 > 0 && pixel % self.0 == 0 {
            yield_now();
        }
    }
}

fn mirror(pace: &Pace, claim: Claim<'_, (i8,), i8>) {
    let input = claim.input();
    for (pixel, output) in claim.output.by_pixel() {
        output[0] = input.flat()[57 - pixel];
        pace.wait(pixel);
    }
}

/// Element by element; all that is lent if the output begins at its first pixel.
fn each((pace, number): &(Pace, u16), claim: Claim<'_, (i8,), i8>) {
    let input = claim.input();
    match claim.output.flat() {
        Ok((first, output)) => {
            for (value, from) in output.iter_mut().zip(&input.flat()[first..]) {
                *value = single(*from, *number);
                pace.wait(1);
            }
        }
        Err(_) => unreachable!("pixels are one run"),
    }
}

fn add(pace: &Pace, claim: Claim<'_, (i8, i8), i8>) {
    let (first, second) = claim.inputs();
    let (width, channels) = (claim.output.stride(), claim.output.channels());
    for (pixel, output) in claim.output.by_pixel() {
        let (first, second) = (first.row(pixel, width), second.row(pixel, width));
        for (channel, value) in channels.clone().zip(output) {
            *value = sum(first[channel], second[channel]);
        }
        pace.wait(pixel);
    }
}

fn run<P: Port, M: Schedule>(team: &mut Member<'_, P, M>, pace: Pace) -> Result<(), Stopped> {
    team.step(&MIRROR, mirror, &pace)?;
    team.step(&ONE_BY_ONE, each, &(pace, 1))?;
    team.step(&TWO_BY_TWO, each, &(pace, 2))?;
    team.step(&FOUR_BY_FOUR, add, &pace)?;
    team.step(&LEFT, each, &(pace, 4))?;
    team.step(&RIGHT, each, &(pace, 5))?;
    team.step(&BOTH, add, &pace)
}

/// The outputs of all steps.
fn expected(input: &Tensor) -> [Tensor; 7] {
    let b = core::array::from_fn(|index| input[57 - index]);
    let c = b.map(|value| single(value, 1));
    let d = c.map(|value| single(value, 2));
    let e = core::array::from_fn(|index| sum(c[index], d[index]));
    let (left, right) = (
        e.map(|value| single(value, 4)),
        e.map(|value| single(value, 5)),
    );
    let both = core::array::from_fn(|index| sum(left[index], right[index]));
    [b, c, d, e, left, right, both]
}

fn infer<P: Port, M: Schedule>(lead: &mut Lead<'_, P, M>, seed: i8) -> Result<(), Stopped> {
    let input = core::array::from_fn(|index| seed.wrapping_mul(index as i8).wrapping_add(7));
    let mut begin = lead.begin()?;
    begin.store(A, &input)?;
    let mut member = begin.member();
    run(&mut member, Pace(seed as usize % 5))?;
    let mut output = [0; 58];
    member.finish()?.load(A, &mut output)?;
    assert_eq!(output, expected(&input)[6]);
    Ok(())
}

fn assist<P: Port, M: Schedule>(
    helper: &mut Helper<'_, P, M>,
    pace: Pace,
) -> Result<bool, Stopped> {
    let Some(mut member) = helper.join() else {
        return Ok(false);
    };
    run(&mut member, pace)?;
    Ok(true)
}

/// Inferences on teams of every size.
fn every_team<M: Schedule>() {
    for cores in 1..=8 {
        let team = Team::<290, 8, M>::new();
        let over = AtomicBool::new(false);
        scope(|threads| {
            let mut helpers = Vec::new();
            for index in 1..cores {
                let (team, over) = (&team, &over);
                helpers.push(threads.spawn(move || {
                    let mut helper = team.helper(Until(over), index).expect("free");
                    while !over.load(Ordering::Relaxed) {
                        let result = assist(&mut helper, Pace(index * 3 % 7));
                        assert_ne!(result, Err(Stopped::Mismatch));
                    }
                }));
            }
            let mut lead = team.lead(LONG, cores).expect("free");
            for seed in 0..20 {
                infer(&mut lead, seed).expect("all helpers come");
            }
            over.store(true, Ordering::Relaxed);
            // Joined one by one: a thread sanitizer does not see the end of a scope.
            for helper in helpers {
                helper.join().expect("no panic");
            }
        });
    }
}

#[test]
fn every_team_computes_the_same_in_groups() {
    every_team::<Joined<2>>();
    every_team::<Joined<5>>();
}

#[test]
fn every_team_computes_the_same_in_groups_that_are_cut() {
    every_team::<Joined<1>>();
}

#[test]
fn every_team_computes_the_same_with_a_barrier_after_each_step() {
    every_team::<Static>();
    every_team::<Sliced>();
    every_team::<Steal>();
}

type Trio = Team<290, 3, Joined<2>>;

type Player<'m> = Member<'m, Patient, Joined<2>>;

/// Members of a team of two in the group of three, the lead after the first step.
fn in_the_midst<'l, 'h>(
    lead: &'l mut Lead<'_, Patient, Joined<2>>,
    helper: &'h mut Helper<'_, Patient, Joined<2>>,
) -> (Player<'l>, Player<'h>) {
    let mut member = lead.begin().expect("idle").member();
    member
        .step(&ONE_BY_ONE, each, &(Pace(0), 1))
        .expect("the first step");
    let other = helper.join().expect("invited");
    (member, other)
}

#[test]
fn nobody_waits_in_a_group() {
    let team = Trio::new();
    let mut lead = team.lead(SHORT, 2).expect("free");
    let mut helper = team.helper(SHORT, 1).expect("free");
    let (mut member, mut other) = in_the_midst(&mut lead, &mut helper);
    let claim = member.claim(&TWO_BY_TWO).expect("no wait").expect("units");
    assert_eq!(
        (claim.input().flat().len(), claim.output.pixels()),
        (32, 0..32)
    );
    assert!(member.claim(&TWO_BY_TWO).expect("open").is_none());
    let claim = member.claim(&FOUR_BY_FOUR).expect("no wait");
    assert_eq!(claim.expect("units").inputs().1.flat().len(), 32);
    assert!(member.claim(&FOUR_BY_FOUR).expect("open").is_none());
    // The helper has not entered its first step, so the lead may not leave the group.
    let missing = Some(Stopped::NoAnswer { core: 1 });
    assert_eq!(member.claim(&LEFT).err(), missing);
    let claim = other.claim(&ONE_BY_ONE).expect("open").expect("units");
    assert_eq!(
        (claim.input().flat().len(), claim.output.pixels()),
        (26, 0..26)
    );
    assert!(other.claim(&ONE_BY_ONE).expect("open").is_none());
    assert!(other.claim(&TWO_BY_TWO).expect("no wait").is_some());
    assert!(other.claim(&TWO_BY_TWO).expect("open").is_none());
    assert_eq!(member.claim(&LEFT).err(), missing);
    let claim = other.claim(&FOUR_BY_FOUR).expect("no wait").expect("units");
    // Seven units of four, of which the last has two.
    assert_eq!(
        (claim.inputs().0.flat().len(), claim.output.pixels()),
        (26, 0..26)
    );
    assert!(other.claim(&FOUR_BY_FOUR).expect("open").is_none());
    assert!(member.claim(&LEFT).expect("all have arrived").is_some());
}

#[test]
fn a_claim_lends_all_where_each_step_has_its_barrier() {
    let team = Team::<290, 2>::new();
    let mut lead = team.lead(SHORT, 2).expect("free");
    let mut member = lead.begin().expect("idle").member();
    let claim = member.claim(&ONE_BY_ONE).expect("first").expect("units");
    assert_eq!(
        (claim.input().flat().len(), claim.output.pixels()),
        (58, 0..32)
    );
}

#[test]
fn another_step_than_the_next_of_the_group_is_refused() {
    let team = Trio::new();
    let mut lead = team.lead(SHORT, 2).expect("free");
    let mut helper = team.helper(SHORT, 1).expect("free");
    let (mut member, mut other) = in_the_midst(&mut lead, &mut helper);
    assert!(other.claim(&ONE_BY_ONE).expect("open").is_some());
    assert!(other.claim(&ONE_BY_ONE).expect("open").is_none());
    for _ in 0..2 {
        assert_eq!(member.claim(&FOUR_BY_FOUR).err(), Some(Stopped::Mismatch));
        assert_eq!(member.claim(&MIRROR).err(), Some(Stopped::Mismatch));
        assert_eq!(other.claim(&ONE_BY_ONE).err(), Some(Stopped::Mismatch));
    }
    assert!(member.claim(&TWO_BY_TWO).expect("the next one").is_some());
}

#[test]
fn an_inference_is_not_finished_in_the_midst_of_a_group() {
    let team = Trio::new();
    let mut lead = team.lead(SHORT, 2).expect("free");
    let mut helper = team.helper(SHORT, 1).expect("free");
    let (member, mut other) = in_the_midst(&mut lead, &mut helper);
    assert_eq!(member.finish().err(), Some(Stopped::Unplanned));
    // The helper completes the group, and is then sent home.
    other.step(&ONE_BY_ONE, each, &(Pace(0), 1)).expect("open");
    other.step(&TWO_BY_TWO, each, &(Pace(0), 2)).expect("open");
    assert_eq!(lead.begin().err(), Some(Stopped::Busy { core: 1 }));
    other.step(&FOUR_BY_FOUR, add, &Pace(0)).expect("open");
    assert_eq!(other.claim(&LEFT).err(), Some(Stopped::Told));
    drop(other);
    assert!(lead.begin().is_ok());
}

#[test]
fn a_helper_that_leaves_in_the_midst_of_a_group_is_missed() {
    for is_forgotten in [false, true] {
        let team = Trio::new();
        let mut lead = team.lead(SHORT, 2).expect("free");
        let mut helper = team.helper(SHORT, 1).expect("free");
        let (mut member, mut other) = in_the_midst(&mut lead, &mut helper);
        other.step(&ONE_BY_ONE, each, &(Pace(0), 1)).expect("open");
        assert!(other.claim(&TWO_BY_TWO).expect("open").is_some());
        if is_forgotten {
            core::mem::forget(other);
        } else {
            drop(other);
        }
        member.step(&TWO_BY_TWO, each, &(Pace(0), 2)).expect("open");
        member.step(&FOUR_BY_FOUR, add, &Pace(0)).expect("open");
        assert_eq!(member.finish().err(), Some(Stopped::NoAnswer { core: 1 }));
        if is_forgotten {
            assert_eq!(lead.begin().err(), Some(Stopped::Busy { core: 1 }));
        }
        drop(helper);
        assert!(lead.begin().is_ok());
    }
}

/// A helper whose program begins with this step claims nothing of a group that is another one.
fn is_turned_away<I: runtime::Inputs>(first: &'static Step<I, i8>) {
    let team = Trio::new();
    let mut lead = team.lead(SHORT, 2).expect("free");
    let mut helper = team.helper(SHORT, 1).expect("free");
    let (mut member, mut other) = in_the_midst(&mut lead, &mut helper);
    assert_eq!(other.claim(first).err(), Some(Stopped::Mismatch));
    drop(other);
    member.step(&TWO_BY_TWO, each, &(Pace(0), 2)).expect("open");
    member.step(&FOUR_BY_FOUR, add, &Pace(0)).expect("open");
    assert_eq!(member.finish().err(), Some(Stopped::Mismatch));
    assert!(lead.begin().is_ok());
}

#[test]
fn a_helper_of_another_group_is_turned_away_before_its_first_step() {
    const F: Slot<i8, 58> = Slot::at(0);
    static OTHER_LAST: Step<(i8, i8), i8> = step(3)
        .reads(C)
        .also_reads(D)
        .writes(F)
        .by_pixels(58, 1, 4)
        .lends(4, 4)
        .shares(FOURS);
    static SAME_SECOND: Step<(i8,), i8> = step(2)
        .reads(C)
        .writes(D)
        .by_pixels(58, 1, 2)
        .lends(2, 0)
        .shares(TWOS)
        .joins(&OTHER_LAST);
    static SAME_FIRST: Step<(i8,), i8> = step(1)
        .reads(B)
        .writes(C)
        .by_pixels(58, 1, 1)
        .lends(1, 0)
        .shares(ONES)
        .joins(&SAME_SECOND);
    is_turned_away(&SAME_FIRST);
    static OTHER_SECOND: Step<(i8,), i8> = step(2)
        .reads(C)
        .writes(D)
        .by_pixels(58, 1, 1)
        .lends(1, 0)
        .shares(ONES)
        .joins(&FOUR_BY_FOUR);
    static FIRST_OF_OTHERS: Step<(i8,), i8> = step(1)
        .reads(B)
        .writes(C)
        .by_pixels(58, 1, 1)
        .lends(1, 0)
        .shares(ONES)
        .joins(&OTHER_SECOND);
    is_turned_away(&FIRST_OF_OTHERS);
    static LENDS_ALL: Step<(i8,), i8> = step(1)
        .reads(B)
        .writes(C)
        .by_pixels(58, 1, 1)
        .shares(ONES)
        .joins(&TWO_BY_TWO);
    is_turned_away(&LENDS_ALL);
}

#[test]
fn a_helper_of_a_shorter_group_is_turned_away() {
    static SHORTER_SECOND: Step<(i8,), i8> = step(2)
        .reads(C)
        .writes(D)
        .by_pixels(58, 1, 2)
        .lends(2, 0)
        .shares(TWOS);
    static SHORTER: Step<(i8,), i8> = step(1)
        .reads(B)
        .writes(C)
        .by_pixels(58, 1, 1)
        .lends(1, 0)
        .shares(ONES)
        .joins(&SHORTER_SECOND);
    static SINGLE: Step<(i8,), i8> = step(1)
        .reads(B)
        .writes(C)
        .by_pixels(58, 1, 1)
        .lends(1, 0)
        .shares(ONES);
    is_turned_away(&SHORTER);
    is_turned_away(&SINGLE);
}

#[test]
fn a_helper_of_a_longer_group_is_turned_away() {
    let team = Trio::new();
    let mut lead = team.lead(SHORT, 2).expect("free");
    let mut helper = team.helper(SHORT, 1).expect("free");
    static SINGLE: Step<(i8,), i8> = step(2)
        .reads(C)
        .writes(D)
        .by_pixels(58, 1, 2)
        .lends(2, 0)
        .shares(TWOS);
    let mut member = lead.begin().expect("idle").member();
    member.step(&SINGLE, each, &(Pace(0), 2)).expect("first");
    let mut other = helper.join().expect("invited");
    assert_eq!(other.claim(&TWO_BY_TWO).err(), Some(Stopped::Mismatch));
}

#[test]
fn a_helper_of_an_image_with_other_words_is_turned_away() {
    let memory = Team::<512, 3, Joined<2>>::new();
    assert_eq!(align_of_val(&memory), align_of::<Team<290, 3, Joined<1>>>());
    // SAFETY: a team that is no larger, of atomics and bytes, which have no invalid values.
    let others: &Team<290, 3, Joined<1>> = unsafe { &*core::ptr::from_ref(&memory).cast() };
    let mut lead = memory.lead(SHORT, 2).expect("free");
    let mut helper = others.helper(SHORT, 1).expect("free");
    let mut member = lead.begin().expect("idle").member();
    member.step(&LEFT, each, &(Pace(0), 4)).expect("first");
    let mut other = helper.join().expect("invited");
    assert_eq!(other.claim(&LEFT).err(), Some(Stopped::Mismatch));
    drop(other);
    member
        .step(&RIGHT, each, &(Pace(0), 5))
        .expect("the next one");
    assert_eq!(member.finish().err(), Some(Stopped::Mismatch));
}

#[test]
fn a_helper_that_never_comes_is_missed_after_the_group() {
    let team = Trio::new();
    let mut lead = team.lead(SHORT, 3).expect("free");
    assert_eq!(infer(&mut lead, 1), Err(Stopped::NoAnswer { core: 1 }));
    let _asleep = team.helper(SHORT, 1).expect("free");
    assert_eq!(infer(&mut lead, 1), Err(Stopped::Busy { core: 1 }));
}

/// The outputs of all steps are seen, in order, whatever their groups.
fn observes_groups<M: Schedule>(cores: usize) {
    let team = Team::<290, 3, M>::new();
    let (over, seen) = (AtomicBool::new(false), Mutex::new(Vec::new()));
    let show = |number: u16, output: &[u8]| {
        let output: Vec<i8> = output.iter().map(|&value| value as i8).collect();
        seen.lock().expect("no panic").push((number, output));
    };
    scope(|threads| {
        let mut helpers = Vec::new();
        for index in 1..cores {
            let (team, over) = (&team, &over);
            helpers.push(threads.spawn(move || {
                let mut helper = team.helper(Until(over), index).expect("free");
                while !over.load(Ordering::Relaxed) {
                    let _ = assist(&mut helper, Pace(2));
                }
            }));
        }
        let mut lead = team.lead(Observed::new(LONG, &show), cores).expect("free");
        for seed in 0..5 {
            infer(&mut lead, seed).expect("all helpers come");
            let input =
                core::array::from_fn(|index| seed.wrapping_mul(index as i8).wrapping_add(7));
            let outputs = (0..).zip(expected(&input).map(|output| output.to_vec()));
            let seen = core::mem::take(&mut *seen.lock().expect("no panic"));
            assert_eq!(seen, outputs.collect::<Vec<_>>());
        }
        over.store(true, Ordering::Relaxed);
        for helper in helpers {
            helper.join().expect("no panic");
        }
    });
}

#[test]
fn observers_see_every_step_of_a_group() {
    for cores in 1..=3 {
        observes_groups::<Joined<1>>(cores);
        observes_groups::<Joined<2>>(cores);
        observes_groups::<Static>(cores);
    }
}

#[test]
fn only_teams_with_groups_have_words_for_them() {
    let plain = size_of::<Team<64, 2>>();
    assert_eq!(size_of::<Team<64, 2, Joined<0>>>(), plain);
    // Eleven words of geometry and eight cores' units for each.
    let words = 4 * (11 + 8);
    let joined = size_of::<Team<64, 2, Joined<4>>>();
    assert!((plain + 4 * words - 16..=plain + 4 * words + 16).contains(&joined));
}
