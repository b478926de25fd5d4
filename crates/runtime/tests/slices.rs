//! Inferences in slices: the same bytes as in one go, for every team and every length of slices.

use core::ops::ControlFlow;
use runtime::{step, AloneSliced, Claim, Helper, Lead, Member, Observed, Port, Schedule, Slice};
use runtime::{Sliced, Slot, Step, Stopped, Team};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::{scope, yield_now};

const A: Slot<i8, 64> = Slot::at(0);
const B: Slot<i8, 64> = Slot::at(64);

const EVEN: &[&[u16]] = &[&[64], &[32, 32], &[21, 21, 22], &[16, 16, 16, 16]];
const UNEVEN: &[&[u16]] = &[&[64], &[0, 64], &[60, 0, 4], &[1, 1, 61, 1]];

/// Numbered in order, as members go by the numbers. The first and the last are long: a slice can
/// end after each five units of theirs.
static STEPS: [Step<(i8,), i8>; 4] = [
    step(0)
        .reads(A)
        .writes(B)
        .by_pixels(64, 1, 1)
        .grain(5)
        .shares(EVEN),
    step(1)
        .reads(B)
        .writes(A)
        .by_pixels(64, 1, 1)
        .shares(UNEVEN),
    step(2).reads(A).writes(B).by_pixels(64, 1, 64).alone(),
    step(7)
        .reads(B)
        .writes(A)
        .by_channels(1, 64, 1)
        .grain(5)
        .shares(EVEN),
];

/// A port whose clock ticks with each look at it.
#[derive(Clone, Copy)]
struct Clock<'o> {
    over: &'o AtomicBool,
    time: &'o AtomicU32,
    patience: &'o AtomicU32,
}

// SAFETY: threads of one process see one coherent memory.
unsafe impl Port for Clock<'_> {
    fn wait(&self, polls: u32) -> ControlFlow<()> {
        yield_now();
        if polls > self.patience.load(Ordering::Relaxed) || self.over.load(Ordering::Relaxed) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }

    fn now(&self) -> u32 {
        self.time.fetch_add(1, Ordering::Relaxed)
    }
}

const LONG: u32 = 50_000_000;

/// What step `number` makes of a tensor.
fn computed(number: i8, input: &[i8]) -> Vec<i8> {
    let mirrored = input.iter().rev();
    input
        .iter()
        .zip(mirrored)
        .map(|(value, other)| {
            value
                .wrapping_mul(3)
                .wrapping_add(*other)
                .wrapping_add(number)
        })
        .collect()
}

fn kernel(claim: Claim<'_, (i8,), i8>, number: i8) {
    let expected = computed(number, claim.input().flat());
    let channels = claim.output.channels();
    for (pixel, output) in claim.output.by_pixel() {
        let start = pixel + channels.start;
        output.copy_from_slice(&expected[start..start + output.len()]);
    }
}

fn run<P: Port, M: Schedule>(team: &mut Member<'_, P, M>) -> Result<(), Stopped> {
    for (number, step) in (0..).zip(&STEPS) {
        while let Some(claim) = team.claim(step)? {
            kernel(claim, number);
        }
    }
    Ok(())
}

/// One inference in slices; how many there were.
fn infer<P: Port, M: Schedule>(
    lead: &mut Lead<'_, P, M>,
    seed: i8,
    mut slice: impl FnMut() -> Slice,
) -> Result<usize, Stopped> {
    let input: [i8; 64] = core::array::from_fn(|index| seed.wrapping_mul(index as i8));
    let mut begin = lead.begin()?;
    begin.store(A, &input)?;
    let mut member = begin.member();
    let mut slices = 1;
    while !member.slice(slice(), run)? {
        slices += 1;
        for _ in 0..seed % 7 {
            yield_now();
        }
    }
    let mut output = [0; 64];
    member.finish()?.load(A, &mut output)?;
    let expected = (0..4).fold(input.to_vec(), |tensor, number| computed(number, &tensor));
    assert_eq!(output, expected[..]);
    Ok(slices)
}

fn help<P: Port>(helper: &mut Helper<'_, P, Sliced>, over: &AtomicBool) {
    while !over.load(Ordering::Relaxed) {
        if let Some(mut member) = helper.join() {
            let result = run(&mut member);
            assert_ne!(result, Err(Stopped::Mismatch));
        }
    }
}

/// Runs some inferences on a team of this size; how many slices each took.
fn slices(cores: usize, slice: Slice) -> Vec<usize> {
    let team = Team::<128, 4, Sliced>::new();
    let (over, time) = (AtomicBool::new(false), AtomicU32::new(0));
    let port = Clock {
        over: &over,
        time: &time,
        patience: &AtomicU32::new(LONG),
    };
    scope(|threads| {
        let (team, over) = (&team, &over);
        let start =
            |index| threads.spawn(move || help(&mut team.helper(port, index).expect("free"), over));
        let helpers: Vec<_> = (1..cores).map(start).collect();
        let mut lead = team.lead(port, cores).expect("free");
        let counts = (0..20).map(|seed| infer(&mut lead, seed, || slice).expect("all come"));
        let counts = counts.collect();
        over.store(true, Ordering::Relaxed);
        // Joined one by one: a thread sanitizer does not see the end of a scope.
        for helper in helpers {
            helper.join().expect("no panic");
        }
        counts
    })
}

#[test]
fn every_number_of_steps_gives_the_same() {
    for cores in 1..=4 {
        for (steps, expected) in [(0, 4), (1, 4), (2, 2), (3, 2), (4, 1), (5, 1)] {
            assert_eq!(slices(cores, Slice::steps(steps)), [expected; 20]);
        }
        assert_eq!(slices(cores, Slice::WHOLE), [1; 20]);
    }
}

#[test]
fn the_highest_number_is_that_of_a_step_too() {
    static LAST: Step<(i8,), i8> = step(u16::MAX)
        .reads(A)
        .writes(B)
        .by_pixels(64, 1, 1)
        .shares(EVEN);
    let port = Clock {
        over: &AtomicBool::new(false),
        time: &AtomicU32::new(0),
        patience: &AtomicU32::new(0),
    };
    let team = Team::<128, 2, Sliced>::new();
    let mut lead = team.lead(port, 1).expect("free");
    let mut member = lead.begin().expect("idle").member();
    let mut claims = 0;
    for _ in 0..3 {
        let run = |member: &mut Member<'_, _, _>| {
            while member.claim(&LAST)?.is_some() {
                claims += 1;
            }
            Ok(())
        };
        assert_eq!(member.slice(Slice::steps(1), run), Ok(true));
    }
    assert_eq!(claims, 1);
}

#[test]
fn a_time_that_has_come_ends_a_slice_after_each_claim() {
    // Thirteen claims of a long step, one of each short one.
    assert_eq!(slices(1, Slice::until(0)), [13 + 1 + 1 + 13; 20]);
    // Seven of its share of a long one, none of the second; entering a step alone ends no slice.
    // There are more where it waits for others.
    for (cores, claims) in [(2, 7 + 1 + 7), (4, 4 + 1 + 1 + 4)] {
        let counts = slices(cores, Slice::until(0));
        assert!(counts.iter().all(|&count| count >= claims), "{counts:?}");
    }
}

#[test]
fn a_time_that_comes_while_the_lead_waits_ends_the_slice() {
    let team = Team::<128, 4, Sliced>::new();
    let (over, time) = (AtomicBool::new(false), AtomicU32::new(0));
    let patience = AtomicU32::new(20);
    let port = Clock {
        over: &over,
        time: &time,
        patience: &patience,
    };
    let mut helper = team.helper(port, 1).expect("free");
    let mut lead = team.lead(port, 2).expect("free");
    let mut begin = lead.begin().expect("idle");
    begin.store(A, &[1; 64]).expect("fits");
    let mut member = begin.member();
    let now = || time.load(Ordering::Relaxed);
    // Its seven claims of the first step, and then it waits.
    let first = Slice::until(now() + 12);
    assert_eq!(member.slice(first, run), Ok(false));
    assert!((12..=13).contains(&now()));
    // Patience counts the looks of all slices.
    let mut waits = 0;
    let missing = loop {
        match member.slice(Slice::until(now()), run) {
            Ok(is_done) => assert!(!is_done),
            Err(stopped) => break stopped,
        }
        waits += 1;
    };
    assert_eq!(missing, Stopped::NoAnswer { core: 1 });
    assert!((10..=20).contains(&waits), "{waits}");
    // The helper is late, but finds the step, and those after it when the lead goes on.
    patience.store(LONG, Ordering::Relaxed);
    scope(|threads| {
        let over = &over;
        let helper = threads.spawn(move || help(&mut helper, over));
        while !member
            .slice(Slice::until(now() + 9), run)
            .expect("it comes")
        {}
        over.store(true, Ordering::Relaxed);
        helper.join().expect("no panic");
    });
    // Nobody is needed any more.
    let mut output = [0; 64];
    let done = member.finish().expect("all is gathered");
    done.load(A, &mut output).expect("fits");
    let expected = (0..4).fold(vec![1; 64], |tensor, number| computed(number, &tensor));
    assert_eq!(output, expected[..]);
}

#[test]
fn a_time_ahead_ends_a_slice_when_it_comes() {
    let (over, time) = (AtomicBool::new(false), AtomicU32::new(u32::MAX - 40));
    let port = Clock {
        over: &over,
        time: &time,
        patience: &AtomicU32::new(0),
    };
    let team = Team::<128, 1, AloneSliced>::new();
    let mut lead = team.lead(port, 1).expect("free");
    let next = || Slice::until(time.load(Ordering::Relaxed).wrapping_add(9));
    // The clock is looked at before each of 28 claims and 4 steps, but the first of a slice.
    assert_eq!(infer(&mut lead, 3, next), Ok(4));
}

#[test]
fn a_paused_inference_that_is_dropped_sends_its_helpers_home() {
    let team = Team::<128, 4, Sliced>::new();
    let (over, time) = (AtomicBool::new(false), AtomicU32::new(0));
    let port = Clock {
        over: &over,
        time: &time,
        patience: &AtomicU32::new(LONG),
    };
    scope(|threads| {
        let (team, over) = (&team, &over);
        let helper = threads.spawn(move || help(&mut team.helper(port, 1).expect("free"), over));
        let mut lead = team.lead(port, 2).expect("free");
        for seed in 0..20 {
            let mut begin = lead.begin().expect("idle");
            begin.store(A, &[seed; 64]).expect("fits");
            let mut member = begin.member();
            assert_eq!(member.slice(Slice::until(0), run), Ok(false));
            drop(member);
            infer(&mut lead, seed, || Slice::steps(2)).expect("the helper comes back");
        }
        over.store(true, Ordering::Relaxed);
        helper.join().expect("no panic");
    });
}

#[test]
fn a_helper_that_is_late_for_a_slice_can_be_waited_for() {
    let team = Team::<128, 4, Sliced>::new();
    let (over, time) = (AtomicBool::new(false), AtomicU32::new(0));
    let patience = AtomicU32::new(10);
    let port = Clock {
        over: &over,
        time: &time,
        patience: &patience,
    };
    let mut lead = team.lead(port, 2).expect("free");
    let mut begin = lead.begin().expect("idle");
    begin.store(A, &[1; 64]).expect("fits");
    let mut member = begin.member();
    let missing = Err(Stopped::NoAnswer { core: 1 });
    assert_eq!(member.slice(Slice::WHOLE, run), missing);
    assert_eq!(member.slice(Slice::WHOLE, run), missing);
    patience.store(LONG, Ordering::Relaxed);
    let mut output = [0; 64];
    scope(|threads| {
        let (team, over) = (&team, &over);
        let helper = threads.spawn(move || help(&mut team.helper(port, 1).expect("free"), over));
        while member.slice(Slice::WHOLE, run) == missing {}
        while member.slice(Slice::WHOLE, run) != Ok(true) {}
        let finished = member
            .finish()
            .expect("patient enough")
            .load(A, &mut output);
        assert_eq!(finished, Ok(()));
        over.store(true, Ordering::Relaxed);
        helper.join().expect("no panic");
    });
    let expected = (0..4).fold(vec![1; 64], |tensor, number| computed(number, &tensor));
    assert_eq!(output, expected[..]);
}

#[test]
fn a_helper_takes_no_slices() {
    let team = Team::<128, 4, Sliced>::new();
    let port = Clock {
        over: &AtomicBool::new(false),
        time: &AtomicU32::new(0),
        patience: &AtomicU32::new(10),
    };
    let mut helpers = [1, 2].map(|index| team.helper(port, index).expect("free"));
    let mut lead = team.lead(port, 3).expect("free");
    let mut member = lead.begin().expect("idle").member();
    while member.claim(&STEPS[0]).expect("first").is_some() {}
    let [mut one, mut other] = helpers
        .each_mut()
        .map(|helper| helper.join().expect("invited"));
    let paused = one.slice(Slice::WHOLE, |_| Err(Stopped::Paused));
    assert_eq!(paused, Err(Stopped::Mismatch));
    while one.claim(&STEPS[0]).expect("same step").is_some() {}
    while other.claim(&STEPS[0]).expect("same step").is_some() {}
    // It waits for the lead, and has not been told to leave.
    let missing = Some(Stopped::NoAnswer { core: 0 });
    assert_eq!(other.claim(&STEPS[1]).err(), missing);
    assert!(member.finish().is_ok());
}

#[test]
fn a_helper_that_takes_the_lead_s_place_in_a_slice_shows_and_pauses_nothing() {
    let clock = Clock {
        over: &AtomicBool::new(false),
        time: &AtomicU32::new(0),
        patience: &AtomicU32::new(10),
    };
    let shown = AtomicU32::new(0);
    let port = Observed::new(clock, |_, _: &[u8]| {
        shown.fetch_add(1, Ordering::Relaxed);
    });
    for result in [Ok(()), Err(Stopped::Paused)] {
        let (team, own) = (Team::<128, 3, Sliced>::new(), Team::<128, 3, Sliced>::new());
        let mut helpers = [1, 2].map(|index| team.helper(port, index).expect("free"));
        let mut leads =
            [(&team, 3), (&own, 1)].map(|(team, cores)| team.lead(port, cores).expect("free"));
        let [mut member, mut elsewhere] = leads
            .each_mut()
            .map(|lead| lead.begin().expect("idle").member());
        assert!(member.claim(&STEPS[0]).expect("first").is_some());
        let [mut one, mut other] = helpers
            .each_mut()
            .map(|helper| helper.join().expect("invited"));
        while other.claim(&STEPS[0]).expect("same step").is_some() {}
        // The lead of the first team still writes, though the helpers have completed their parts.
        let swapped = elsewhere.slice(Slice::WHOLE, |place| {
            std::mem::swap(place, &mut one);
            while place.claim(&STEPS[0])?.is_some() {}
            result
        });
        assert_eq!(swapped, Err(Stopped::Mismatch));
        assert_eq!(shown.load(Ordering::Relaxed), 0);
        let missing = Some(Stopped::NoAnswer { core: 0 });
        assert_eq!(other.claim(&STEPS[1]).err(), missing);
    }
}

#[test]
fn leads_that_are_swapped_in_a_slice_lead_their_own_teams() {
    let port = Clock {
        over: &AtomicBool::new(false),
        time: &AtomicU32::new(0),
        patience: &AtomicU32::new(0),
    };
    let teams = [(); 2].map(|()| Team::<128, 4, Sliced>::new());
    let [mut first, mut second] = teams
        .each_ref()
        .map(|team| team.lead(port, 1).expect("free"));
    let [mut one, mut other] = [(&mut first, 1), (&mut second, 2)].map(|(lead, seed)| {
        let mut begin = lead.begin().expect("idle");
        begin.store(A, &[seed; 64]).expect("fits");
        begin.member()
    });
    let paused = one.slice(Slice::steps(2), |member| {
        run(member).expect_err("two steps only");
        std::mem::swap(member, &mut other);
        while let Some(claim) = member.claim(&STEPS[0])? {
            kernel(claim, 0);
        }
        Err(Stopped::Paused)
    });
    assert_eq!(paused, Ok(false));
    for (mut member, seed) in [(one, 2), (other, 1)] {
        while !member.slice(Slice::steps(1), run).expect("alone") {}
        let mut output = [0; 64];
        let done = member.finish().expect("alone");
        done.load(A, &mut output).expect("fits");
        let expected = (0..4).fold(vec![seed; 64], |tensor, number| computed(number, &tensor));
        assert_eq!(output, expected[..]);
    }
}
