//! What the members of a team may do to each other. Each model is a test for both schedules; loom
//! sees each access to the arena that is not ordered after those that it must follow.

use crate::team::{assist, explored, helper, infer, kernel, run};
use crate::team::{Locked, Patient, Sleepy, Team, AMID, BESIDE, BOTH, ENDLESS, MIDDLE, OPENED};
use crate::team::{Program, FIRST, FOREIGN, GROUP, INPUT, OTHER_GROUP, OUTPUT, PIECEWISE};
use crate::team::{SHORTER, SHORTER_GROUP, SIDE_BY_SIDE, WIDE, WIDE_INPUT, WIDE_OUTPUT};
use core::mem::forget;
use loom::sync::Arc;
use loom::thread::{spawn, yield_now};
use runtime::{Joined, Schedule, Slice, Sliced, Static, Steal, Stopped, Team as Memory};

/// A team in which nobody is missing computes what one core computes.
pub fn together<M: Schedule>(program: Program, cores: usize, port: Patient) {
    let team = Arc::new(Team::<M>::new());
    let helpers: Vec<_> = (1..cores)
        .map(|index| helper(&team, port, index, 1, program))
        .collect();
    let mut lead = team.lead(port, cores).expect("free");
    let result = infer(&mut lead, program, 1);
    assert!(result.is_ok() || port.0 < ENDLESS.0);
    drop(lead);
    for helper in helpers {
        helper.join().expect("no panic");
    }
}

/// The arena serves one inference after the other; the helper may be late, or miss some.
pub fn twice<M: Schedule>(program: Program, helps: usize) {
    let team = Arc::new(Team::<M>::new());
    let helper = helper(&team, Patient(helps as u32 - 1), 1, helps, program);
    let mut lead = team.lead(Patient(3), 2).expect("free");
    for seed in [1, 40] {
        let result = infer(&mut lead, program, seed);
        assert_ne!(result, Err(Stopped::Mismatch));
    }
    helper.join().expect("no panic");
}

/// A lead whose patience has ended does not touch what a late helper may still touch.
pub fn late<M: Schedule>() {
    let team = Arc::new(Team::<M>::new());
    let helper = helper(&team, ENDLESS, 1, 1, BOTH);
    let mut lead = team.lead(Patient(0), 2).expect("free");
    let mut results = [1, 40].map(|seed| infer(&mut lead, BOTH, seed)).into_iter();
    assert_ne!(results.next(), Some(Err(Stopped::Busy { core: 1 })));
    drop(lead);
    helper.join().expect("no panic");
}

/// Two steps of a unit, each on a core of its own: in one group nobody waits in between, and where
/// cores steal nobody takes it.
pub fn side_by_side<M: Schedule>() {
    let team = Arc::new(Team::<M>::new());
    let helper = helper(&team, ENDLESS, 1, 1, SIDE_BY_SIDE);
    let mut lead = team.lead(ENDLESS, 2).expect("free");
    let mut begin = lead.begin().expect("idle");
    begin.store(INPUT, &[1, 11, 21]).expect("fits");
    let mut member = begin.member();
    run(&mut member, SIDE_BY_SIDE).expect("the helper comes");
    let done = member.finish().expect("the helper comes");
    for slot in [MIDDLE, BESIDE] {
        let mut output = [0; 3];
        done.load(slot, &mut output).expect("fits");
        assert_eq!(output, [2, 12, 22], "wrong elements");
    }
    helper.join().expect("no panic");
}

/// What a core has stolen and not claimed is stolen from it, or it claims that itself.
pub fn stolen_in_turn() {
    let team = Arc::new(Team::<Steal>::new());
    let helper = helper(&team, ENDLESS, 1, 1, WIDE);
    let mut lead = team.lead(ENDLESS, 2).expect("free");
    let mut begin = lead.begin().expect("idle");
    let input = [1, 11, 21, 31, 41, 51, 61, 71];
    begin.store(WIDE_INPUT, &input).expect("fits");
    let mut member = begin.member();
    run(&mut member, WIDE).expect("nobody is needed");
    let mut output = [0; 8];
    let done = member.finish().expect("nobody is needed");
    done.load(WIDE_OUTPUT, &mut output).expect("fits");
    assert_eq!(output, [2, 12, 22, 32, 42, 52, 62, 72], "wrong elements");
    helper.join().expect("no panic");
}

/// A lead that leaves an inference sends its helpers home before it stores other inputs.
pub fn abandoned<M: Schedule>(program: Program) {
    let team = Arc::new(Team::<M>::new());
    let helper = helper(&team, Patient(2), 1, 1, program);
    let mut lead = team.lead(Patient(4), 2).expect("free");
    let mut begin = lead.begin().expect("idle");
    begin.store(INPUT, &[1, 2, 3]).expect("fits");
    let mut member = begin.member();
    assert!(member.claim(program[0]).expect("first").is_some());
    drop(member);
    if let Ok(mut begin) = lead.begin() {
        begin.store(INPUT, &[9; 3]).expect("fits");
    }
    helper.join().expect("no panic");
}

/// A helper that forgets its member has left when it joins again.
pub fn forgotten<M: Schedule>() {
    let team = Arc::new(Team::<M>::new());
    let other = team.clone();
    let helper = spawn(move || {
        let Some(mut helper) = other.helper(Patient(2), 1) else {
            return;
        };
        let Some(mut member) = helper.join() else {
            return;
        };
        if let Ok(Some(claim)) = member.claim(&FIRST) {
            kernel(claim);
        }
        forget(member);
        assert!(helper.join().is_none());
    });
    let mut lead = team.lead(Patient(4), 2).expect("free");
    let _ = infer(&mut lead, SHORTER, 1);
    if let Ok(mut begin) = lead.begin() {
        begin.store(INPUT, &[9; 3]).expect("fits");
    }
    helper.join().expect("no panic");
}

/// A core that stops in an inference is not waited for when that was said, and can come back.
pub fn reclaimed<M: Schedule>() {
    let team = Arc::new(Team::<M>::new());
    let other = team.clone();
    let stops = spawn(move || {
        let mut helper = other.helper(Patient(1), 1).expect("free");
        if let Some(mut member) = helper.join() {
            if let Ok(Some(claim)) = member.claim(&FIRST) {
                kernel(claim);
            }
            forget(member);
        }
        forget(helper);
    });
    let mut lead = team.lead(Patient(2), 2).expect("free");
    let _ = infer(&mut lead, SHORTER, 1);
    stops.join().expect("no panic");
    // SAFETY: the thread that had the handle has ended, and was joined.
    unsafe { lead.reclaim(1) };
    let back = helper(&team, Patient(2), 1, 1, SHORTER);
    let result = infer(&mut lead, SHORTER, 40);
    assert_ne!(result, Err(Stopped::Mismatch));
    back.join().expect("no panic");
}

/// A helper that falls asleep on the way to its seat has lost it when the lead has gone on.
pub fn asleep() {
    let team = Arc::new(Team::<Steal>::new());
    let helper = helper(&team, Sleepy, 1, 1, SHORTER);
    let mut lead = team.lead(Patient(3), 2).expect("free");
    let _ = infer(&mut lead, SHORTER, 1);
    if let Ok(mut begin) = lead.begin() {
        begin.store(INPUT, &[9; 3]).expect("fits");
        let mut member = begin.member();
        while let Ok(Some(claim)) = member.claim(&FIRST) {
            yield_now();
            kernel(claim);
        }
    }
    helper.join().expect("no panic");
}

/// An inference in slices is complete, whenever its helper sees that it was paused.
pub fn slices(program: Program, slice: Slice) {
    let team = Arc::new(Team::<Sliced>::new());
    let other = team.clone();
    let helper = spawn(move || {
        let mut helper = other.helper(ENDLESS, 1).expect("free");
        // The last step ends it.
        while assist(&mut helper, program) != Ok(true) {}
    });
    let mut lead = team.lead(ENDLESS, 2).expect("free");
    let mut begin = lead.begin().expect("idle");
    begin.store(INPUT, &[1, 11, 21]).expect("fits");
    let mut member = begin.member();
    while !member
        .slice(slice, |member| run(member, program))
        .expect("all come")
    {
        yield_now();
    }
    let mut output = [0; 3];
    let done = member.finish().expect("all come");
    let slot = [OUTPUT, MIDDLE][program.len() % 2];
    done.load(slot, &mut output).expect("fits");
    let result = 1 + program.len() as i8;
    assert_eq!(output, [result, result + 10, result + 20]);
    helper.join().expect("no panic");
}

/// A helper of another model touches nothing, and the lead learns of it.
pub fn mismatch<M: Schedule>(program: Program, foreign: Program) {
    let team = Arc::new(Team::<M>::new());
    let helper = helper(&team, Patient(4), 1, 1, foreign);
    let mut lead = team.lead(Patient(4), 2).expect("free");
    let _ = infer(&mut lead, program, 1);
    if let Ok(mut begin) = lead.begin() {
        begin.store(INPUT, &[9; 3]).expect("fits");
    }
    helper.join().expect("no panic");
}

/// A helper of another build touches nothing; the lead learns of it, or needs nobody.
pub fn foreign_build<M: Schedule, N: Schedule>() {
    let team = Arc::new(Memory::<12, 3, M, 1>::new());
    let other = team.clone();
    let helper = spawn(move || {
        // SAFETY: a team of the same words and bytes, which have no invalid values.
        let other: &Memory<12, 3, N, 2> = unsafe { &*Arc::as_ptr(&other).cast() };
        let Some(mut helper) = other.helper(Patient(4), 1) else {
            return;
        };
        for _ in 0..2 {
            let Some(mut member) = helper.join() else {
                continue;
            };
            while let Ok(Some(mut claim)) = member.claim(&FIRST) {
                claim.output.run(0).fill(100);
            }
        }
    });
    let mut lead = team.lead(Patient(4), 2).expect("free");
    for seed in [1, 40] {
        let _ = infer(&mut lead, SHORTER, seed);
    }
    helper.join().expect("no panic");
}

/// A helper of another build that nobody needs ends no inference in which others are.
pub fn not_needed() {
    let team = Arc::new(Memory::<12, 3, Steal, 1>::new());
    let (other, third) = (team.clone(), team.clone());
    let foreign = spawn(move || {
        // SAFETY: a team of the same words and bytes, which have no invalid values.
        let other: &Memory<12, 3, Static, 2> = unsafe { &*Arc::as_ptr(&other).cast() };
        let mut helper = other.helper(Patient(1), 1).expect("free");
        let _ = assist(&mut helper, SHORTER);
    });
    let helper = spawn(move || {
        let mut helper = third.helper(ENDLESS, 2).expect("free");
        assert_eq!(assist(&mut helper, SHORTER), Ok(true));
    });
    let mut lead = team.lead(ENDLESS, 3).expect("free");
    infer(&mut lead, SHORTER, 1).expect("its units are stolen");
    foreign.join().expect("no panic");
    helper.join().expect("no panic");
}

/// A helper with more steps than the lead is not in the next inference, which has its epoch.
pub fn surplus<M: Schedule>() {
    let team = Arc::new(Team::<M>::new());
    let other = team.clone();
    let late = spawn(move || {
        let mut helper = other.helper(Patient(3), 2).expect("free");
        let Some(mut member) = helper.join() else {
            return;
        };
        if run(&mut member, SHORTER).is_ok() {
            let more = member.claim(&FIRST);
            assert!(!matches!(more, Ok(Some(_))), "units of another inference");
        }
    });
    let mut early = team.helper(Patient(0), 1).expect("free");
    let mut lead = team.lead(Patient(3), 3).expect("free");
    let mut member = lead.begin().expect("idle").member();
    while member.claim(&FIRST).expect("first").is_some() {}
    assert!(assist(&mut early, SHORTER).is_ok());
    if member.finish().is_ok() {
        drop(lead);
        let mut lead = team.lead(Patient(0), 2).expect("free");
        let _ = infer(&mut lead, BOTH, 40);
    }
    late.join().expect("no panic");
}

/// Handles pass from thread to thread without any other word between them.
pub fn handed_over<M: Schedule>() {
    let team = Arc::new(Team::<M>::new());
    let other = team.clone();
    let work = |team: Arc<Team<M>>, seed| {
        if let Some(mut lead) = team.lead(ENDLESS, 1) {
            assert_eq!(infer(&mut lead, BOTH, seed), Ok(()));
        }
    };
    let first = spawn(move || work(other, 1));
    yield_now();
    work(team, 40);
    first.join().expect("no panic");
}

/// Of two who lock in different ways, one at most has a handle, even of different cores.
pub fn two_ways<M: Schedule>() {
    let team = Arc::new(Team::<M>::new());
    let other = team.clone();
    let helps = spawn(move || other.helper(Locked, 1).map(forget).is_some());
    let leads = team.lead(Patient(0), 2).map(forget).is_some();
    assert!(!(helps.join().expect("no panic") && leads), "two ways");
    let agrees = team.lead(Locked, 2).is_some() as u8 + team.helper(Patient(0), 1).is_some() as u8;
    assert!(agrees < 2, "two ways");
}

explored! {
    two_members: 4, together::<Static>(BOTH, 2, ENDLESS);
    two_members_that_steal: 2, together::<Steal>(BOTH, 2, ENDLESS);
    members_that_are_robbed_in_turn: 1, stolen_in_turn();
    three_members: 1, together::<Static>(SHORTER, 3, ENDLESS);
    three_members_that_steal: 0, together::<Steal>(SHORTER, 3, ENDLESS);
    two_inferences: 2, twice::<Static>(BOTH, 2);
    two_inferences_with_stealing: 2, twice::<Steal>(SHORTER, 1);
    a_late_helper: 3, late::<Static>();
    a_late_helper_that_steals: 1, late::<Steal>();
    an_abandoned_inference: 3, abandoned::<Static>(SHORTER);
    an_abandoned_inference_with_stealing: 3, abandoned::<Steal>(SHORTER);
    a_helper_that_sleeps: 3, asleep();
    a_helper_that_forgets: 3, forgotten::<Static>();
    a_helper_that_steals_and_forgets: 2, forgotten::<Steal>();
    a_core_that_is_reclaimed: 2, reclaimed::<Static>();
    a_core_that_is_reclaimed_and_steals: 1, reclaimed::<Steal>();
    an_inference_in_slices: 2, slices(PIECEWISE, Slice::steps(1));
    an_inference_in_pieces: 2, slices(PIECEWISE, Slice::until(0));
    a_private_step_in_slices: 2, slices(AMID, Slice::steps(1));
    a_private_step_before_others_in_slices: 2, slices(OPENED, Slice::steps(1));
    a_private_step: 3, together::<Static>(AMID, 2, ENDLESS);
    a_private_step_with_stealing: 1, together::<Steal>(AMID, 2, ENDLESS);
    a_private_step_and_a_late_helper: 2, twice::<Static>(AMID, 1);
    a_group: 3, together::<Joined<1>>(GROUP, 2, ENDLESS);
    a_group_of_three_members: 0, together::<Joined<1>>(GROUP, 3, ENDLESS);
    a_group_step_by_step: 2, together::<Static>(GROUP, 2, ENDLESS);
    a_group_and_a_late_helper: 2, twice::<Joined<1>>(GROUP, 1);
    an_abandoned_group: 3, abandoned::<Joined<1>>(GROUP);
    independent_steps: 3, side_by_side::<Joined<1>>();
    independent_steps_with_stealing: 2, side_by_side::<Steal>();
    another_group: 3, mismatch::<Joined<1>>(GROUP, OTHER_GROUP);
    a_shorter_group: 3, mismatch::<Joined<1>>(GROUP, SHORTER_GROUP);
    another_model: 3, mismatch::<Static>(BOTH, FOREIGN);
    another_model_that_steals: 3, mismatch::<Steal>(BOTH, FOREIGN);
    another_build: 2, foreign_build::<Static, Static>();
    another_build_that_steals: 2, foreign_build::<Static, Steal>();
    another_build_of_a_lead_that_steals: 1, foreign_build::<Steal, Static>();
    another_build_that_is_not_needed: 0, not_needed();
    surplus_steps: 2, surplus::<Static>();
    surplus_steps_with_stealing: 2, surplus::<Steal>();
    two_ways_to_lock: 3, two_ways::<Static>();
    a_handle_that_passes: 3, handed_over::<Static>();
}
