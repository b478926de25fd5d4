//! Steps of a team that has one core.

mod ports;

use ports::LONG;
use runtime::{step, Alone, Claim, Observed, Slot, Stopped, Team, Whole};
use std::cell::RefCell;

const FIRST: Slot<i8, 16> = Slot::at(0);
const SECOND: Slot<i8, 16> = Slot::at(16);
const SUM: Slot<i8, 16> = Slot::at(32);
const WORDS: Slot<u32, 4> = Slot::at(48);

static ADD: Whole<(i8, i8), i8> = step(0)
    .reads(FIRST)
    .also_reads(SECOND)
    .writes(SUM)
    .whole(16, 1);
static SCALE: Whole<(i8,), i8> = step(1)
    .reads(SUM)
    .writes(FIRST)
    .scratch(WORDS, 1)
    .whole(2, 8);

fn add(_: &(), claim: Claim<'_, (i8, i8), i8>) {
    let (first, second) = claim.inputs();
    assert!(claim.scratch.is_empty());
    for (pixel, output) in claim.output.by_pixel() {
        output[0] = first.flat()[pixel] + second.flat()[pixel];
    }
}

fn scale(factor: &i8, claim: Claim<'_, (i8,), i8>) {
    let input = claim.input();
    assert_eq!(claim.scratch.len(), 4);
    claim.scratch.fill(!0);
    for (pixel, output) in claim.output.by_pixel() {
        for (output, value) in output.iter_mut().zip(input.row(pixel, 8)) {
            *output = factor * value;
        }
    }
}

#[test]
fn each_is_computed_and_shown_in_its_turn() {
    let shown = RefCell::new(Vec::new());
    let show = |step: u16, output: &[u8]| shown.borrow_mut().push((step, output.to_vec()));
    let team = Team::<64, 1, Alone>::new();
    let mut lead = team.lead(Observed::new(LONG, &show), 1).expect("free");
    for _ in 0..2 {
        let mut begin = lead.begin().expect("idle");
        begin.store(FIRST, &[3; 16]).expect("inside the arena");
        begin.store(SECOND, &[4; 16]).expect("inside the arena");
        let mut member = begin.member();
        member.whole(&ADD, add, &()).expect("inside the arena");
        member.whole(&SCALE, scale, &2).expect("inside the arena");
        let mut output = [0; 16];
        let done = member.finish().expect("nobody to wait for");
        done.load(FIRST, &mut output).expect("inside the arena");
        assert_eq!(output, [14; 16]);
    }
    drop(lead);
    let steps = [(0, vec![7; 16]), (1, vec![14; 16])];
    assert_eq!(shown.into_inner(), [steps.clone(), steps].concat());
}

#[test]
fn none_goes_beyond_the_arena() {
    let team = Team::<48, 1, Alone>::new();
    let mut lead = team.lead(LONG, 1).expect("free");
    let mut member = lead.begin().expect("idle").member();
    member.whole(&ADD, add, &()).expect("inside the arena");
    let never = |_: &(), _: Claim<'_, (i8,), i8>| unreachable!();
    assert_eq!(member.whole(&SCALE, never, &()), Err(Stopped::Unplanned));
}
