//! The team on host threads whose cores execute other steps: these are turned away.

mod doubled;
mod ports;

use doubled::{assist, double, infer, Pair, DOUBLE, DOUBLED, INPUT, REVERSE, SHORT};
use ports::{Until, LONG};
use runtime::{step, Alone, Schedule, Static, Steal, Step, Stopped, Team};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::scope;

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

/// Different bytes: where another image has words, they are no core's at rest.
const BYTES: [i8; 64] = {
    let mut bytes = [0; 64];
    let mut index = 0;
    while index < 64 {
        bytes[index] = index as i8 + 1;
        index += 1;
    }
    bytes
};

/// Images that lead one after the other: the arena of the second is where the words of the first are.
type Four<M = Static> = Team<128, 4, M, 1>;
type One = Team<128, 1, Static, 2>;

fn one_after_the_other<M: Schedule>() {
    let memory = Team::<256, 4>::new();
    let (four, one): (&Four<M>, &One) = (seen_as(&memory), seen_as(&memory));
    for _ in 0..3 {
        let over = AtomicBool::new(false);
        let mut lead = four.lead(LONG, 4).expect("free");
        // Nobody has a helper's handle yet.
        drop(lead.begin().expect("idle"));
        scope(|threads| {
            let helpers: [_; 3] = core::array::from_fn(|index| {
                let over = &over;
                threads.spawn(move || {
                    let mut helper = four.helper(LONG, index + 1).expect("free");
                    while !over.load(Ordering::Relaxed) {
                        assert_ne!(assist(&mut helper), Err(Stopped::Mismatch));
                    }
                })
            });
            for seed in 0..3 {
                infer(&mut lead, seed).expect("all come");
            }
            over.store(true, Ordering::Relaxed);
            // Sends home who waits for one more.
            drop(lead.begin().expect("idle").member().claim(&DOUBLE));
            for helper in helpers {
                helper.join().expect("no panic");
            }
        });
        drop(lead);
        let mut lead = one.lead(SHORT, 1).expect("free");
        let mut begin = lead.begin().expect("nobody is in the stopped one");
        begin.store(INPUT, &BYTES).expect("inside the arena");
        for index in 1..4 {
            let mut helper = four.helper(SHORT, index).expect("free");
            assert_eq!(assist(&mut helper), Ok(false));
        }
        let mut kept = [0; 64];
        let mut member = begin.member();
        while member.claim(&DOUBLE).expect("alone").is_some_and(|units| {
            kept.copy_from_slice(units.input().flat());
            true
        }) {}
        assert_eq!(kept, BYTES);
    }
}

#[test]
fn images_lead_one_after_the_other_and_nobody_takes_an_arena_for_words() {
    one_after_the_other::<Static>();
}

#[test]
fn images_that_steal_lead_one_after_the_other_too() {
    one_after_the_other::<Steal>();
}

#[test]
fn another_build_does_not_lead_while_a_helper_of_the_last_one_may_touch_its_words() {
    let memory = Team::<256, 4>::new();
    let (four, one): (&Four, &One) = (seen_as(&memory), seen_as(&memory));
    let mut helper = four.helper(SHORT, 3).expect("free");
    let mut lead = four.lead(SHORT, 4).expect("free");
    let mut member = lead.begin().expect("idle").member();
    assert!(member.claim(&DOUBLE).expect("first").is_some());
    let mut inside = helper.join().expect("invited");
    let claim = inside.claim(&DOUBLE).expect("same step").expect("units");
    drop(member);
    drop(lead);
    let mut lead = one.lead(SHORT, 1).expect("free");
    for _ in 0..2 {
        assert_eq!(lead.begin().err(), Some(Stopped::Busy { core: 3 }));
    }
    double(claim);
    drop(inside);
    // It could still join.
    assert_eq!(lead.begin().err(), Some(Stopped::Busy { core: 3 }));
    drop(helper);
    assert!(lead.begin().is_ok());
    // All have their handles again.
    let helpers = [1, 2, 3].map(|index| four.helper(SHORT, index).is_some());
    assert_eq!(helpers, [true; 3]);
}

#[test]
fn an_image_for_one_core_leads_only_where_no_other_has() {
    let memory = Team::<256, 4>::new();
    let (four, one): (&Four, &Team<128, 1, Alone, 2>) = (seen_as(&memory), seen_as(&memory));
    let mut lead = one.lead(SHORT, 1).expect("free");
    let mut begin = lead.begin().expect("idle");
    begin.store(INPUT, &BYTES).expect("inside the arena");
    let mut helper = four.helper(SHORT, 3).expect("free");
    assert_eq!(assist(&mut helper), Ok(false));
    drop((begin, helper));
    drop(lead);
    assert!(four.lead(SHORT, 1).expect("free").begin().is_ok());
    let mut lead = one.lead(SHORT, 1).expect("free");
    assert_eq!(lead.begin().err(), Some(Stopped::Mismatch));
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
