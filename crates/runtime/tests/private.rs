//! The team on host threads, with steps that only the lead executes.

mod doubled;
mod ports;

use doubled::{double, reverse, Pair, DOUBLED, INPUT, REVERSE, REVERSED, SHORT};
use ports::{Until, LONG};
use runtime::{step, Member, Observed, Port, Schedule, Sliced, Static, Steal, Step, Stopped, Team};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Mutex;
use std::thread::scope;

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
                    // A lead that steals finishes without a helper that is late.
                    let done = run_private(&mut member, true);
                    assert!(matches!(done, Ok(()) | Err(Stopped::Told)), "{done:?}");
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
