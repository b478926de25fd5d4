//! The team on host threads: every size computes the same, and what is refused.

mod doubled;
mod ports;

use doubled::{
    assist, double, infer, reverse, Pair, DOUBLE, DOUBLED, INPUT, REVERSE, REVERSED, SHARES, SHORT,
};
use ports::{Until, LONG};
use runtime::{step, Alone, Claim, Slot, Steal, Step, Stopped, Team};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{scope, yield_now};

#[test]
fn claims_of_a_team_that_steals_are_multiples_of_the_grain() {
    static COARSE: Step<(i8,), i8> = step(0)
        .reads(INPUT)
        .writes(DOUBLED)
        .by_pixels(64, 1, 1)
        .claims(6, 1)
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

#[test]
fn a_step_that_is_open_cannot_be_left_for_another() {
    let team = Pair::new();
    let mut lead = team.lead(LONG, 1).expect("free");
    let mut member = lead.begin().expect("idle").member();
    assert!(member.claim(&DOUBLE).expect("first").is_some());
    assert_eq!(member.claim(&REVERSE).err(), Some(Stopped::Mismatch));
    assert!(member.finish().is_err());
}
