//! The team on host threads that helpers leave, come to late, or never: no hang, and no wrong byte.

mod doubled;
mod ports;

use doubled::{assist, double, infer, Pair, DOUBLE, DOUBLED, INPUT, SHORT};
use ports::{Patient, Until, LONG};
use runtime::{step, Lead, Member, Schedule, Static, Steal, Step, Stopped, Team};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{scope, yield_now};

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

/// Its share is one that the lead would leave to it, if it were at work.
#[test]
fn a_quicker_helper_that_never_comes_is_replaced_where_units_are_stolen() {
    static UNEQUAL: Step<(i8,), i8> = step(0)
        .reads(INPUT)
        .writes(DOUBLED)
        .by_pixels(64, 1, 1)
        .shares(&[&[64], &[2, 62], &[1, 40, 23]]);
    for cores in [2, 3] {
        let team: Team<192, 3, Steal> = Team::new();
        let mut lead = team.lead(SHORT, cores).expect("free");
        let mut begin = lead.begin().expect("nobody is in the last one");
        begin.store(INPUT, &[3; 64]).expect("inside the arena");
        let mut member = begin.member();
        while let Some(claim) = member.claim(&UNEQUAL).expect("nobody is needed") {
            double(claim);
        }
        let done = member.finish().expect("nobody is needed");
        let mut output = [0; 64];
        done.load(DOUBLED, &mut output).expect("inside the arena");
        assert_eq!(output, [6; 64]);
    }
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
            assert!(member.claim(&DOUBLE).expect("same step").is_some());
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
