//! The team on host threads: what helpers may do to a lead, and what they may not.

mod ports;

use ports::{Patient, Until, LONG};
use runtime::{step, Alone, Claim, Helper, Lead, Member, Observed, Port, Schedule, Sliced, Slot};
use runtime::{Static, Steal, Step, Stopped, Team};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Mutex;
use std::thread::{scope, yield_now};

const INPUT: Slot<i8, 64> = Slot::at(0);
const DOUBLED: Slot<i8, 64> = Slot::at(64);
const REVERSED: Slot<i8, 64> = Slot::at(0);

const SHARES: &[&[u16]] = &[&[64], &[40, 24], &[1, 0, 63], &[16, 16, 16, 16]];

static DOUBLE: Step<(i8,), i8> = step(0)
    .reads(INPUT)
    .writes(DOUBLED)
    .by_pixels(64, 1, 1)
    .shares(SHARES);
// By channels, so that the cores' elements are interleaved.
static REVERSE: Step<(i8,), i8> = step(1)
    .reads(DOUBLED)
    .writes(REVERSED)
    .by_channels(1, 64, 1)
    .shares(SHARES);

const SHORT: Patient = Patient(2_000);

type Pair = Team<128, 4>;

fn double(claim: Claim<'_, (i8,), i8>) {
    let input = claim.input();
    for (pixel, output) in claim.output.by_pixel() {
        output[0] = input.row(pixel, 1)[0].wrapping_mul(2);
    }
}

fn reverse(claim: Claim<'_, (i8,), i8>) {
    let input = claim.input();
    let channels = claim.output.channels();
    for (_, output) in claim.output.by_pixel() {
        for (channel, value) in channels.clone().zip(output) {
            *value = input.flat()[63 - channel];
        }
    }
}

fn run<P: Port, M: Schedule>(team: &mut Member<'_, P, M>) -> Result<(), Stopped> {
    while let Some(units) = team.claim(&DOUBLE)? {
        double(units);
    }
    while let Some(units) = team.claim(&REVERSE)? {
        reverse(units);
    }
    Ok(())
}

fn infer<P: Port, M: Schedule>(lead: &mut Lead<'_, P, M>, seed: i8) -> Result<(), Stopped> {
    let input: [i8; 64] = core::array::from_fn(|index| seed.wrapping_add(index as i8));
    let mut begin = lead.begin()?;
    begin.store(INPUT, &input)?;
    let mut member = begin.member();
    run(&mut member)?;
    let mut output = [0; 64];
    member.finish()?.load(REVERSED, &mut output)?;
    let expected: [i8; 64] = core::array::from_fn(|index| input[63 - index].wrapping_mul(2));
    assert_eq!(output, expected);
    Ok(())
}

fn assist<P: Port, M: Schedule>(helper: &mut Helper<'_, P, M>) -> Result<bool, Stopped> {
    let Some(mut member) = helper.join() else {
        return Ok(false);
    };
    run(&mut member)?;
    Ok(true)
}

#[test]
fn claims_of_a_team_that_steals_are_multiples_of_the_grain() {
    static COARSE: Step<(i8,), i8> = step(0)
        .reads(INPUT)
        .writes(DOUBLED)
        .by_pixels(64, 1, 1)
        .grain(6)
        .shares(&[&[64], &[40, 24]]);
    let team = Team::<128, 2, Steal>::new();
    let mut lead = team.lead(SHORT, 2).expect("free");
    let mut member = lead.begin().expect("idle").member();
    let mut claimed = Vec::new();
    while let Some(claim) = member.claim(&COARSE).expect("no helper is needed") {
        claimed.push(claim.output.pixels());
    }
    let whole = claimed.iter().filter(|units| units.len() % 6 == 0).count();
    assert!(
        claimed.len() > 4 && whole + 2 >= claimed.len(),
        "{claimed:?}"
    );
    claimed.sort_by_key(|units| units.start);
    assert_eq!((claimed[0].start, claimed[claimed.len() - 1].end), (0, 64));
    assert!(claimed.windows(2).all(|pair| pair[0].end == pair[1].start));
}

#[test]
fn every_team_size_computes_the_same() {
    for cores in 1..=4 {
        let team = Pair::new();
        let over = AtomicBool::new(false);
        scope(|threads| {
            let mut helpers = Vec::new();
            for index in 1..cores {
                let (team, over) = (&team, &over);
                helpers.push(threads.spawn(move || {
                    let mut helper = team.helper(Until(over), index).expect("free");
                    while !over.load(Ordering::Relaxed) {
                        assert_ne!(assist(&mut helper), Err(Stopped::Mismatch));
                    }
                }));
            }
            let mut lead = team.lead(LONG, cores).expect("free");
            for seed in 0..100 {
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
fn every_core_has_scratch_of_its_own() {
    const SCRATCH: Slot<u32, 8> = Slot::at(128);
    static STEP: Step<(i8,), i8> = step(0)
        .reads(INPUT)
        .writes(DOUBLED)
        .scratch(SCRATCH, 4)
        .by_pixels(64, 1, 1)
        .shares(SHARES);
    let team = Team::<160, 4>::new();
    let own = |claim: Claim<'_, (i8,), i8>, mark: u32| {
        assert_eq!(claim.scratch.len(), 2);
        claim.scratch.fill(mark);
        for _ in 0..100 {
            yield_now();
        }
        assert_eq!(claim.scratch, [mark; 2]);
    };
    scope(|threads| {
        let mut helpers = Vec::new();
        for index in 1..4 {
            let team = &team;
            helpers.push(threads.spawn(move || {
                let mut helper = team.helper(LONG, index).expect("free");
                let mut member = helper.join().expect("invited");
                while let Some(claim) = member.claim(&STEP).expect("same step") {
                    own(claim, index as u32);
                }
            }));
        }
        let mut lead = team.lead(LONG, 4).expect("free");
        let mut member = lead.begin().expect("idle").member();
        while let Some(claim) = member.claim(&STEP).expect("same step") {
            own(claim, 0);
        }
        member.finish().expect("all helpers come");
        for helper in helpers {
            helper.join().expect("no panic");
        }
    });
}

#[test]
fn a_handle_exists_once() {
    let team = Pair::new();
    let lead = team.lead(LONG, 2);
    assert!(lead.is_some());
    assert!(team.lead(LONG, 2).is_none());
    drop(lead);
    assert!(team.lead(LONG, 2).is_some());
    assert!(team.lead(LONG, 0).is_none());
    assert!(team.lead(LONG, 5).is_none());
    assert!(team.helper(LONG, 0).is_none());
    assert!(team.helper(LONG, 4).is_none());
}

#[test]
fn a_helper_that_never_comes_does_not_hang_the_lead() {
    let team = Pair::new();
    let mut lead = team.lead(SHORT, 2).expect("free");
    // Nobody has its handle, so nobody is on the way to the arena.
    for _ in 0..2 {
        assert_eq!(infer(&mut lead, 1), Err(Stopped::NoAnswer { core: 1 }));
    }
    let asleep = team.helper(LONG, 1).expect("free");
    // Now somebody may be, so the team refuses work until it has shown up.
    for _ in 0..2 {
        assert_eq!(infer(&mut lead, 1), Err(Stopped::Busy { core: 1 }));
    }
    drop((lead, asleep));
    let over = AtomicBool::new(false);
    scope(|threads| {
        let (team, over) = (&team, &over);
        let helper = threads.spawn(move || {
            let mut helper = team.helper(Until(over), 1).expect("free");
            while !over.load(Ordering::Relaxed) {
                let _ = assist(&mut helper);
            }
        });
        let mut lead = team.lead(LONG, 2).expect("free");
        infer(&mut lead, 3).expect("the helper has left the stopped inference");
        over.store(true, Ordering::Relaxed);
        helper.join().expect("no panic");
    });
}

#[test]
fn a_team_of_one_works_while_helpers_are_lost() {
    let team = Pair::new();
    let mut lead = team.lead(LONG, 1).expect("free");
    infer(&mut lead, 5).expect("nobody is needed");
    drop(lead);
    let mut lead = team.lead(SHORT, 3).expect("free");
    assert_eq!(infer(&mut lead, 5), Err(Stopped::NoAnswer { core: 1 }));
    drop(lead);
    let mut lead = team.lead(SHORT, 1).expect("free");
    infer(&mut lead, 5).expect("nobody is needed, nor in the arena");
    drop(lead);
    let lost = [1, 2].map(|index| team.helper(SHORT, index).expect("free"));
    let mut lead = team.lead(SHORT, 3).expect("free");
    assert_eq!(infer(&mut lead, 5), Err(Stopped::NoAnswer { core: 1 }));
    drop(lead);
    // Core 1 might still write to the arena, then core 2 might.
    let mut lead = team.lead(SHORT, 1).expect("free");
    for (core, lost) in (1..).zip(lost) {
        assert_eq!(infer(&mut lead, 5), Err(Stopped::Busy { core }));
        drop(lost);
    }
    infer(&mut lead, 5).expect("both are gone");
}

#[test]
fn a_helper_that_begins_after_a_stopped_inference_is_not_in_it() {
    let team = Pair::new();
    let mut lead = team.lead(SHORT, 2).expect("free");
    let mut member = lead.begin().expect("idle").member();
    while member.claim(&DOUBLE).expect("first").is_some() {}
    assert_eq!(member.finish().err(), Some(Stopped::NoAnswer { core: 1 }));
    let begin = lead.begin().expect("nobody has the handle");
    let mut helper = team.helper(SHORT, 1).expect("given back");
    assert!(helper.join().is_none(), "the arena is the lead's");
    drop(begin);
}

#[test]
fn a_helper_of_another_model_is_turned_away() {
    static OTHER: Step<(i8,), i8> = step(0)
        .reads(INPUT)
        .writes(DOUBLED)
        .by_pixels(64, 1, 2)
        .shares(&[&[32], &[16, 16]]);
    let team = Pair::new();
    scope(|threads| {
        let team = &team;
        let other = threads.spawn(move || {
            let mut helper = team.helper(LONG, 1).expect("free");
            let mut member = helper.join().expect("invited");
            member.claim(&OTHER).map(|claim| claim.is_some())
        });
        let mut lead = team.lead(LONG, 2).expect("free");
        assert_eq!(infer(&mut lead, 0), Err(Stopped::Mismatch));
        assert_eq!(other.join().expect("no panic"), Err(Stopped::Mismatch));
        // The helper has left, so the team is free again.
        assert!(lead.begin().is_ok());
    });
}

/// The same memory as an image that was built otherwise sees it.
fn seen_as<T>(team: &Team<256, 4>) -> &T {
    assert!(size_of::<T>() <= size_of_val(team) && align_of::<T>() <= align_of_val(team));
    // SAFETY: `T` is a team that is no larger, of atomics and bytes, which have no invalid values.
    unsafe { &*core::ptr::from_ref(team).cast() }
}

#[test]
fn a_helper_of_the_same_steps_but_another_build_is_turned_away() {
    let memory = Team::<256, 4>::new();
    // They differ in the first bits.
    let team: &Team<128, 4, Static, 0x12_3456> = seen_as(&memory);
    let others: &Team<240, 4, Static, 0xf2_3456> = seen_as(&memory);
    scope(|threads| {
        let helper = threads.spawn(|| assist(&mut others.helper(LONG, 1).expect("free")));
        let mut lead = team.lead(LONG, 2).expect("free");
        assert_eq!(infer(&mut lead, 0), Err(Stopped::Mismatch));
        assert_eq!(helper.join().expect("no panic"), Err(Stopped::Mismatch));
        assert!(lead.begin().is_ok());
    });
}

#[test]
fn a_helper_that_steals_is_turned_away_by_a_lead_that_does_not() {
    let memory = Team::<256, 4>::new();
    let team: &Team<128, 4, Static, 1> = seen_as(&memory);
    let others: &Team<128, 4, Steal, 2> = seen_as(&memory);
    scope(|threads| {
        let helper = threads.spawn(|| {
            let mut helper = others.helper(LONG, 1).expect("free");
            [(); 3].map(|()| assist(&mut helper))
        });
        let mut lead = team.lead(LONG, 2).expect("free");
        for seed in 0..3 {
            assert_eq!(infer(&mut lead, seed), Err(Stopped::Mismatch));
        }
        let refused = [Err(Stopped::Mismatch); 3];
        assert_eq!(helper.join().expect("no panic"), refused);
    });
}

#[test]
fn a_lead_that_steals_goes_on_without_a_helper_of_another_build() {
    let memory = Team::<256, 4>::new();
    let team: &Team<128, 4, Steal, 1> = seen_as(&memory);
    let others: &Team<128, 4, Static, 2> = seen_as(&memory);
    let over = AtomicBool::new(false);
    scope(|threads| {
        let helper = threads.spawn(|| {
            let mut helper = others.helper(Until(&over), 1).expect("free");
            while !over.load(Ordering::Relaxed) {
                assert_ne!(assist(&mut helper), Ok(true));
            }
        });
        let mut lead = team.lead(LONG, 2).expect("free");
        for seed in 0..100 {
            infer(&mut lead, seed).expect("nobody is needed");
        }
        over.store(true, Ordering::Relaxed);
        helper.join().expect("no panic");
    });
}

#[test]
fn a_helper_of_another_build_matters_only_if_it_is_needed() {
    static PINNED: Step<(i8,), i8> = step(0)
        .reads(INPUT)
        .writes(DOUBLED)
        .by_pixels(64, 1, 64)
        .shares(&[&[1], &[0, 1], &[0, 1, 0]]);
    let memory = Team::<256, 4>::new();
    let team: &Team<128, 4, Steal, 1> = seen_as(&memory);
    let others: &Team<128, 4, Steal, 2> = seen_as(&memory);
    let mut foreign = others.helper(SHORT, 1).expect("free");
    let mut helper = team.helper(SHORT, 2).expect("free");
    let mut lead = team.lead(SHORT, 3).expect("free");
    let mut member = lead.begin().expect("idle").member();
    assert!(member.claim(&DOUBLE).expect("first").is_some());
    let mut slow = helper.join().expect("invited");
    assert!(slow.claim(&DOUBLE).expect("same step").is_some());
    while member.claim(&DOUBLE).expect("open").is_some() {}
    assert_eq!(assist(&mut foreign), Err(Stopped::Mismatch));
    let missing = Some(Stopped::NoAnswer { core: 2 });
    assert_eq!(member.claim(&REVERSE).err(), missing);
    while slow.claim(&DOUBLE).expect("open").is_some() {}
    while member.claim(&REVERSE).expect("nobody else").is_some() {}
    assert!(member.finish().is_ok());
    drop(slow);
    // Nobody else does its only unit.
    let mut member = lead.begin().expect("idle").member();
    assert!(member.claim(&PINNED).expect("first").is_none());
    assert_eq!(assist(&mut foreign), Err(Stopped::Mismatch));
    assert_eq!(member.finish().err(), Some(Stopped::Mismatch));
}

#[test]
fn a_helper_without_words_in_the_lead_s_build_touches_nothing() {
    let memory = Team::<256, 4>::new();
    let team: &Team<128, 1> = seen_as(&memory);
    let others: &Team<128, 4> = seen_as(&memory);
    let mut lead = team.lead(SHORT, 1).expect("free");
    let mut helper = others.helper(SHORT, 3).expect("free");
    let mut begin = lead.begin().expect("idle");
    begin.store(INPUT, &[-1; 64]).expect("inside the arena");
    assert_eq!(assist(&mut helper), Ok(false));
    drop(helper);
    let mut kept = [0; 64];
    let mut member = begin.member();
    while member.claim(&DOUBLE).expect("alone").is_some_and(|units| {
        kept.copy_from_slice(units.input().flat());
        true
    }) {}
    assert_eq!(kept, [-1; 64]);
}

#[test]
fn a_helper_with_more_steps_than_the_lead_has_no_units_in_the_next_inference() {
    let team = Team::<128, 3>::new();
    let mut helpers = [1, 2].map(|index| team.helper(SHORT, index).expect("free"));
    let mut lead = team.lead(SHORT, 3).expect("free");
    let mut member = lead.begin().expect("idle").member();
    assert!(member.claim(&DOUBLE).expect("first").is_some());
    assert!(member.claim(&DOUBLE).expect("closes").is_none());
    let [mut early, mut late] = helpers
        .each_mut()
        .map(|helper| helper.join().expect("invited"));
    while early.claim(&DOUBLE).expect("same step").is_some() {}
    while late.claim(&DOUBLE).expect("same step").is_some() {}
    assert!(member.finish().is_ok());
    drop(lead);
    // The next inference has the epoch that the late helper would go on with, but not this helper.
    let mut lead = team.lead(SHORT, 2).expect("free");
    let mut member = lead.begin().expect("idle").member();
    assert!(member.claim(&DOUBLE).expect("first").is_some());
    assert_eq!(late.claim(&DOUBLE).err(), Some(Stopped::Told));
}

#[test]
fn a_single_unit_is_not_stolen() {
    static PINNED: Step<(i8,), i8> = step(0)
        .reads(INPUT)
        .writes(DOUBLED)
        .by_pixels(64, 1, 64)
        .shares(&[&[1], &[0, 1]]);
    let team = Team::<128, 2, Steal>::new();
    let mut lead = team.lead(SHORT, 2).expect("free");
    let mut helper = team.helper(SHORT, 1).expect("free");
    let mut member = lead.begin().expect("idle").member();
    assert!(member.claim(&PINNED).expect("first").is_none());
    let mut other = helper.join().expect("invited");
    assert!(other.claim(&PINNED).expect("same step").is_some());
    assert!(other.claim(&PINNED).expect("same step").is_none());
    assert!(member.finish().is_ok());
    drop(other);
    // Nobody else does it, so without that core there is no result.
    let mut member = lead.begin().expect("idle").member();
    assert!(member.claim(&PINNED).expect("first").is_none());
    assert_eq!(member.finish().err(), Some(Stopped::NoAnswer { core: 1 }));
}

#[test]
fn an_abandoned_inference_sends_its_helpers_home() {
    let team = Pair::new();
    scope(|threads| {
        let team = &team;
        let helper = threads.spawn(move || {
            let mut helper = team.helper(LONG, 1).expect("free");
            assist(&mut helper)
        });
        let mut lead = team.lead(LONG, 2).expect("free");
        let mut member = lead.begin().expect("idle").member();
        while let Some(units) = member.claim(&DOUBLE).expect("the helper comes") {
            double(units);
        }
        drop(member);
        assert_eq!(helper.join().expect("no panic"), Err(Stopped::Told));
        assert!(lead.begin().is_ok());
    });
}

#[test]
fn a_forgotten_member_is_not_joined_twice() {
    let team = Pair::new();
    scope(|threads| {
        let team = &team;
        let helper = threads.spawn(move || {
            let mut helper = team.helper(SHORT, 1).expect("free");
            let member = loop {
                if let Some(member) = helper.join() {
                    break member;
                }
            };
            core::mem::forget(member);
            let again = helper.join();
            again.is_none()
        });
        let mut lead = team.lead(SHORT, 2).expect("free");
        assert_eq!(infer(&mut lead, 0), Err(Stopped::NoAnswer { core: 1 }));
        assert!(helper.join().expect("no panic"));
    });
}

#[test]
fn a_helper_that_forgets_its_member_does_not_lock_the_team() {
    for is_handle_dropped in [false, true] {
        let team = Pair::new();
        let mut lead = team.lead(SHORT, 2).expect("free");
        let mut helper = team.helper(SHORT, 1).expect("free");
        let mut begun = lead.begin().expect("idle").member();
        while begun.claim(&DOUBLE).expect("first").is_some() {}
        let mut member = helper.join().expect("invited");
        assert!(member.claim(&DOUBLE).expect("same step").is_some());
        core::mem::forget(member);
        assert_eq!(begun.finish().err(), Some(Stopped::NoAnswer { core: 1 }));
        assert_eq!(infer(&mut lead, 1), Err(Stopped::Busy { core: 1 }));
        if is_handle_dropped {
            drop(helper);
        } else {
            assert!(helper.join().is_none());
        }
        assert!(lead.begin().is_ok());
    }
}

/// A helper that stops inside a claim keeps the arena to itself until it goes on.
fn stops_inside_a_claim<M: Schedule>() {
    let team = Team::<128, 4, M>::new();
    let (over, released) = (AtomicBool::new(false), AtomicBool::new(false));
    let compute = |member: &mut Member<'_, Until<'_>, M>| -> Result<(), Stopped> {
        while let Some(claim) = member.claim(&DOUBLE)? {
            while !released.load(Ordering::Relaxed) {
                yield_now();
            }
            double(claim);
        }
        Ok(())
    };
    let infer = |lead: &mut Lead<'_, Patient, M>, value: i8| -> Result<(), Stopped> {
        let mut begin = lead.begin()?;
        begin.store(INPUT, &[value; 64])?;
        let mut member = begin.member();
        while let Some(claim) = member.claim(&DOUBLE)? {
            // A helper that steals has units before the lead has computed them all.
            for _ in 0..100 {
                yield_now();
            }
            double(claim);
        }
        let mut output = [0; 64];
        member.finish()?.load(DOUBLED, &mut output)?;
        assert_eq!(output, [value * 2; 64]);
        Ok(())
    };
    scope(|threads| {
        let (team, over, released) = (&team, &over, &released);
        let helper = threads.spawn(move || {
            let mut helper = team.helper(Until(over), 1).expect("free");
            while !over.load(Ordering::Relaxed) {
                if let Some(mut member) = helper.join() {
                    let _ = compute(&mut member);
                }
            }
        });
        let mut lead = team.lead(SHORT, 2).expect("free");
        // Where cores steal, a helper that has not begun is not missed.
        while infer(&mut lead, 1).is_ok() {}
        for _ in 0..3 {
            assert_eq!(infer(&mut lead, 2), Err(Stopped::Busy { core: 1 }));
        }
        released.store(true, Ordering::Relaxed);
        drop(lead);
        let mut lead = team.lead(LONG, 2).expect("free");
        infer(&mut lead, 3).expect("the helper has gone on");
        over.store(true, Ordering::Relaxed);
        helper.join().expect("no panic");
    });
}

#[test]
fn a_helper_that_stops_inside_a_claim_neither_hangs_nor_corrupts() {
    stops_inside_a_claim::<Static>();
    stops_inside_a_claim::<Steal>();
}

/// A core that is stopped inside a claim is in nobody's way once it is said to be stopped.
fn is_stopped_inside_a_claim<M: Schedule>(is_back_early: bool) {
    let team = Team::<128, 4, M>::new();
    let mut lead = team.lead(SHORT, 2).expect("free");
    let mut member = lead.begin().expect("idle").member();
    assert!(member.claim(&DOUBLE).expect("first").is_some());
    let team = &team;
    scope(|threads| {
        let stopped = threads.spawn(move || {
            let mut helper = team.helper(SHORT, 1).expect("free");
            let mut member = helper.join().expect("invited");
            let claim = member.claim(&DOUBLE).expect("same step").expect("has some");
            core::mem::forget(claim);
            core::mem::forget(member);
            core::mem::forget(helper);
        });
        stopped.join().expect("no panic");
    });
    while member.claim(&DOUBLE).expect("open").is_some() {}
    assert_eq!(member.finish().err(), Some(Stopped::NoAnswer { core: 1 }));
    assert_eq!(infer(&mut lead, 1), Err(Stopped::Busy { core: 1 }));
    assert!(team.helper(SHORT, 1).is_none());
    // SAFETY: the thread that had the handle has ended, and was joined.
    unsafe { lead.reclaim(1) };
    if !is_back_early {
        assert!(lead.begin().is_ok());
    }
    drop(lead);
    let (over, is_back) = (AtomicBool::new(false), AtomicBool::new(false));
    scope(|threads| {
        let (over, is_back) = (&over, &is_back);
        let helper = threads.spawn(move || {
            let mut helper = team.helper(Until(over), 1).expect("free again");
            is_back.store(true, Ordering::Relaxed);
            while !over.load(Ordering::Relaxed) {
                let _ = assist(&mut helper);
            }
        });
        while is_back_early && !is_back.load(Ordering::Relaxed) {
            yield_now();
        }
        let mut lead = team.lead(LONG, 2).expect("free");
        for seed in 0..10 {
            infer(&mut lead, seed).expect("the core is back");
        }
        over.store(true, Ordering::Relaxed);
        helper.join().expect("no panic");
    });
}

#[test]
fn a_core_that_is_stopped_inside_a_claim_can_come_back() {
    for is_back_early in [false, true] {
        is_stopped_inside_a_claim::<Static>(is_back_early);
        is_stopped_inside_a_claim::<Steal>(is_back_early);
    }
}

#[test]
fn a_handle_that_is_not_a_helper_s_is_not_reclaimed() {
    let team = Pair::new();
    let mut lead = team.lead(SHORT, 2).expect("free");
    for index in [0, 4, usize::MAX] {
        // SAFETY: none of them is a handle that somebody has, but the lead's own.
        unsafe { lead.reclaim(index) };
    }
    assert!(team.lead(SHORT, 2).is_none());
}

#[test]
fn a_lead_that_forgets_its_member_begins_again() {
    let team = Pair::new();
    let over = AtomicBool::new(false);
    scope(|threads| {
        let (team, over) = (&team, &over);
        let helper = threads.spawn(move || {
            let mut helper = team.helper(Until(over), 1).expect("free");
            while !over.load(Ordering::Relaxed) {
                let _ = assist(&mut helper);
            }
        });
        let mut lead = team.lead(LONG, 2).expect("free");
        let mut member = lead.begin().expect("idle").member();
        assert!(member.claim(&DOUBLE).expect("first").is_some());
        core::mem::forget(member);
        infer(&mut lead, 7).expect("the helper is sent home and comes back");
        over.store(true, Ordering::Relaxed);
        helper.join().expect("no panic");
    });
}

#[test]
fn an_arena_that_is_too_small_is_not_touched() {
    let team = Team::<127, 1>::new();
    let mut lead = team.lead(LONG, 1).expect("free");
    assert_eq!(infer(&mut lead, 0), Err(Stopped::Unplanned));
}

#[test]
fn a_team_without_shares_is_refused() {
    static FOR_ONE: Step<(i8,), i8> = step(0)
        .reads(INPUT)
        .writes(DOUBLED)
        .by_pixels(64, 1, 1)
        .shares(&[&[64]]);
    let team = Pair::new();
    let mut lead = team.lead(LONG, 2).expect("free");
    let mut member = lead.begin().expect("idle").member();
    assert_eq!(member.claim(&FOR_ONE).err(), Some(Stopped::Unplanned));
}

static ALONE_AT_FIRST: Step<(i8,), i8> = step(0)
    .reads(INPUT)
    .writes(DOUBLED)
    .by_pixels(64, 1, 64)
    .alone();
static ALONE_AT_LAST: Step<(i8,), i8> = step(2)
    .reads(REVERSED)
    .writes(DOUBLED)
    .by_channels(1, 64, 64)
    .alone();

/// Private steps around one that is shared, if `is_shared`: the input, twice doubled.
fn run_private<P: Port, M: Schedule>(
    team: &mut Member<'_, P, M>,
    is_shared: bool,
) -> Result<(), Stopped> {
    while let Some(claim) = team.claim(&ALONE_AT_FIRST)? {
        double(claim);
    }
    if is_shared {
        while let Some(claim) = team.claim(&REVERSE)? {
            reverse(claim);
        }
    }
    team.step(&ALONE_AT_LAST, |(), claim| reverse(claim), &())
}

#[test]
fn an_inference_of_private_steps_invites_nobody() {
    let team = Pair::new();
    let mut helper = team.helper(SHORT, 1).expect("free");
    let mut lead = team.lead(SHORT, 4).expect("free");
    for seed in 1..4 {
        let mut begin = lead.begin().expect("nobody is in the last one");
        begin.store(INPUT, &[seed; 64]).expect("inside the arena");
        let mut member = begin.member();
        run_private(&mut member, false).expect("nobody is needed");
        assert!(helper.join().is_none());
        if seed == 2 {
            // It stops nobody, and the next one has nobody to wait for.
            drop(member);
            continue;
        }
        let done = member.finish().expect("nobody is needed");
        let mut output = [0; 64];
        done.load(DOUBLED, &mut output).expect("inside the arena");
        assert_eq!(output, [seed; 64]);
    }
}

#[test]
fn a_helper_claims_nothing_of_a_private_step_and_waits_for_nobody() {
    let team = Pair::new();
    let mut helper = team.helper(SHORT, 1).expect("free");
    let mut lead = team.lead(SHORT, 2).expect("free");
    let mut member = lead.begin().expect("idle").member();
    assert!(member.claim(&ALONE_AT_FIRST).expect("first").is_some());
    assert!(member.claim(&ALONE_AT_FIRST).expect("open").is_none());
    assert!(member.claim(&REVERSE).expect("next").is_some());
    assert!(member.claim(&REVERSE).expect("open").is_none());
    let mut other = helper.join().expect("invited");
    for _ in 0..3 {
        assert!(other.claim(&ALONE_AT_FIRST).expect("no wait").is_none());
    }
    assert!(other.claim(&REVERSE).expect("published").is_some());
    // The helper has not completed its units, so the lead may not go on alone.
    let missing = Some(Stopped::NoAnswer { core: 1 });
    assert_eq!(member.claim(&ALONE_AT_LAST).err(), missing);
    assert!(other.claim(&REVERSE).expect("open").is_none());
    assert!(other.claim(&ALONE_AT_LAST).expect("no wait").is_none());
    assert!(member.claim(&ALONE_AT_LAST).expect("gathered").is_some());
    assert!(member.claim(&ALONE_AT_LAST).expect("open").is_none());
    assert!(member.finish().is_ok());
}

/// The outputs of private steps are seen, in order.
fn observes_private_steps<M: Schedule>() {
    let team = Team::<128, 4, M>::new();
    let (over, seen) = (AtomicBool::new(false), Mutex::new(Vec::new()));
    let show = |number, output: &[u8]| seen.lock().expect("no panic").push((number, output[0]));
    scope(|threads| {
        let (team, over) = (&team, &over);
        let helper = threads.spawn(move || {
            let mut helper = team.helper(Until(over), 1).expect("free");
            while !over.load(Ordering::Relaxed) {
                if let Some(mut member) = helper.join() {
                    run_private(&mut member, true).expect("the same steps");
                }
            }
        });
        let mut lead = team.lead(Observed::new(LONG, &show), 2).expect("free");
        for seed in 0..20 {
            let input: [i8; 64] = core::array::from_fn(|index| seed + index as i8);
            let mut begin = lead.begin().expect("idle");
            begin.store(INPUT, &input).expect("inside the arena");
            let mut member = begin.member();
            run_private(&mut member, true).expect("the helper comes");
            member.finish().expect("the helper comes");
            let first = 2 * seed as u8;
            let expected = [(0, first), (1, first + 2 * 63), (2, first)];
            assert_eq!(
                core::mem::take(&mut *seen.lock().expect("no panic")),
                expected
            );
        }
        over.store(true, Ordering::Relaxed);
        helper.join().expect("no panic");
    });
}

#[test]
fn observers_see_private_steps() {
    observes_private_steps::<Static>();
    observes_private_steps::<Steal>();
    observes_private_steps::<Sliced>();
}

#[test]
fn a_step_that_is_open_cannot_be_left_for_another() {
    let team = Pair::new();
    let mut lead = team.lead(LONG, 1).expect("free");
    let mut member = lead.begin().expect("idle").member();
    assert!(member.claim(&DOUBLE).expect("first").is_some());
    assert_eq!(member.claim(&REVERSE).err(), Some(Stopped::Mismatch));
    assert!(member.finish().is_err());
}

#[test]
fn a_team_of_one_for_ever_needs_no_protocol() {
    let team = Team::<128, 4, Alone>::new();
    assert!(team.lead(LONG, 2).is_none());
    assert!(team.helper(LONG, 1).is_none());
    let mut lead = team.lead(LONG, 1).expect("free");
    assert!(team.lead(LONG, 1).is_none());
    for seed in 0..3 {
        let input: [i8; 64] = core::array::from_fn(|index| seed + index as i8);
        let mut begin = lead.begin().expect("nobody is in the last one");
        begin.store(INPUT, &input).expect("inside the arena");
        let mut member = begin.member();
        member
            .step(&DOUBLE, |(), claim| double(claim), &())
            .expect("nobody to wait for");
        while let Some(claim) = member.claim(&REVERSE).expect("nobody to wait for") {
            reverse(claim);
        }
        let mut output = [0; 64];
        let done = member.finish().expect("nobody to wait for");
        done.load(REVERSED, &mut output).expect("inside the arena");
        assert!((0..64).all(|index| output[index] == input[63 - index].wrapping_mul(2)));
        drop(lead.begin().expect("abandoned at once"));
    }
}
