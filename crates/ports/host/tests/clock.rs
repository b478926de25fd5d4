//! Slices of an inference that end at times of the host's clock.

use port_host::Host;
use runtime::{step, AloneSliced, Member, Port, Slice, Slot, Step, Stopped, Team};
use std::thread::sleep;
use std::time::Duration;

const UNITS: usize = 64;
const FROM: Slot<i8, UNITS> = Slot::at(0);
const TO: Slot<i8, UNITS> = Slot::at(64);
static STEP: Step<(i8,), i8> = step(0)
    .reads(FROM)
    .writes(TO)
    .by_pixels(64, 1, 1)
    .grain(1)
    .shares(&[&[64]]);

/// Adds one to each unit, and takes a millisecond or more for that; counts the claims.
fn run(member: &mut Member<'_, Host, AloneSliced>, claims: &mut usize) -> Result<(), Stopped> {
    while let Some(claim) = member.claim(&STEP)? {
        *claims += 1;
        sleep(Duration::from_millis(1));
        let input = claim.input();
        for (index, pixel) in claim.output.by_pixel() {
            pixel.copy_from_slice(input.row(index, 1));
            pixel.iter_mut().for_each(|value| *value += 1);
        }
    }
    Ok(())
}

#[test]
fn now_is_in_microseconds() {
    let begun = Host.now();
    sleep(Duration::from_millis(20));
    assert!(Host.now().wrapping_sub(begun) >= 20_000);
}

#[test]
fn slices_end_at_their_time() {
    let team = Team::<128, 1, AloneSliced>::new();
    let mut lead = team.lead(Host, 1).expect("free");
    let mut begin = lead.begin().expect("idle");
    begin.store(FROM, &[41; UNITS]).expect("fits");
    let mut member = begin.member();
    let mut slices = 1;
    loop {
        let until = Host.now().wrapping_add(10_000);
        let mut claims = 0;
        let is_done = member.slice(Slice::until(until), |member| run(member, &mut claims));
        // No claim is begun after ten milliseconds, however busy the host is.
        assert!(claims <= 10);
        if is_done.expect("alone") {
            break;
        }
        assert!(Host.now().wrapping_sub(until) < 1 << 31);
        slices += 1;
    }
    assert!(slices > 6);
    let mut output = [0; UNITS];
    let finished = member.finish().expect("done").load(TO, &mut output);
    assert_eq!(finished, Ok(()));
    assert_eq!(output, [42; UNITS]);
}
