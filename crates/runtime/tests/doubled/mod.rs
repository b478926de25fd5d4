//! A model of two steps, for tests of the team: an input doubled, and reversed.

#![allow(dead_code, reason = "each test uses some of it")]

use crate::ports::Patient;
use runtime::{step, Claim, Helper, Lead, Member, Port, Schedule, Slot, Step, Stopped, Team};

pub const INPUT: Slot<i8, 64> = Slot::at(0);
pub const DOUBLED: Slot<i8, 64> = Slot::at(64);
pub const REVERSED: Slot<i8, 64> = Slot::at(0);

pub const SHARES: &[&[u16]] = &[&[64], &[40, 24], &[1, 0, 63], &[16, 16, 16, 16]];

pub static DOUBLE: Step<(i8,), i8> = step(0)
    .reads(INPUT)
    .writes(DOUBLED)
    .by_pixels(64, 1, 1)
    .shares(SHARES);
// By channels, so that the cores' elements are interleaved.
pub static REVERSE: Step<(i8,), i8> = step(1)
    .reads(DOUBLED)
    .writes(REVERSED)
    .by_channels(1, 64, 1)
    .shares(SHARES);

pub const SHORT: Patient = Patient(2_000);

pub type Pair = Team<128, 4>;

pub fn double(claim: Claim<'_, (i8,), i8>) {
    let input = claim.input();
    for (pixel, output) in claim.output.by_pixel() {
        output[0] = input.row(pixel, 1)[0].wrapping_mul(2);
    }
}

pub fn reverse(claim: Claim<'_, (i8,), i8>) {
    let input = claim.input();
    let channels = claim.output.channels();
    for (_, output) in claim.output.by_pixel() {
        for (channel, value) in channels.clone().zip(output) {
            *value = input.flat()[63 - channel];
        }
    }
}

pub fn run<P: Port, M: Schedule>(team: &mut Member<'_, P, M>) -> Result<(), Stopped> {
    while let Some(units) = team.claim(&DOUBLE)? {
        double(units);
    }
    while let Some(units) = team.claim(&REVERSE)? {
        reverse(units);
    }
    Ok(())
}

pub fn infer<P: Port, M: Schedule>(lead: &mut Lead<'_, P, M>, seed: i8) -> Result<(), Stopped> {
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

pub fn assist<P: Port, M: Schedule>(helper: &mut Helper<'_, P, M>) -> Result<bool, Stopped> {
    let Some(mut member) = helper.join() else {
        return Ok(false);
    };
    run(&mut member)?;
    Ok(true)
}
