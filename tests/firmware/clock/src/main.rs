//! Takes an inference in slices that end at times, and says with which status that ended.
#![no_std]
#![no_main]

use core::cell::Cell;
use core::hint::black_box;
use runtime::{step, AloneSliced, Member, Port, Slice, Slot, Step, Stopped, Team};

const STOPPED: u8 = 2;
const FAULT: u8 = 3;
const TOO_EARLY: u8 = 4;
const TOO_LATE: u8 = 5;
const COUNT: u8 = 6;
const OUTPUT: u8 = 7;

const UNITS: usize = 64;
const FROM: Slot<i8, UNITS> = Slot::at(0);
const TO: Slot<i8, UNITS> = Slot::at(64);
/// A slice can end after each unit.
static STEP: Step<(i8,), i8> =
    step(0).reads(FROM).writes(TO).by_pixels(64, 1, 1).grain(1).shares(&[&[64]]);
static TEAM: Team<128, 1, AloneSliced> = Team::new();

port::entry!(lead);
port::on_fault!(fault);

fn lead() -> ! {
    semihosting::exit(slices().unwrap_or(STOPPED))
}

fn fault() -> ! {
    semihosting::exit(FAULT)
}

/// What a unit takes.
fn compute() {
    for word in 0..2_000 {
        black_box(word);
    }
}

/// Computes units, and notes how long the longest claim took.
fn run(
    member: &mut Member<'_, port::Chip, AloneSliced>,
    longest: &Cell<u32>,
) -> Result<(), Stopped> {
    while let Some(claim) = member.claim(&STEP)? {
        let begun = port::Chip.now();
        compute();
        let input = claim.input();
        for (index, pixel) in claim.output.by_pixel() {
            pixel.copy_from_slice(input.row(index, 1));
            pixel.iter_mut().for_each(|value| *value += 1);
        }
        longest.set(longest.get().max(port::Chip.now().wrapping_sub(begun)));
    }
    Ok(())
}

/// Whether slices are neither shorter nor longer than their time and a claim.
fn slices() -> Result<u8, Stopped> {
    let begun = port::Chip.now();
    compute();
    let length = 10 * port::Chip.now().wrapping_sub(begun);

    let Some(mut lead) = TEAM.lead(port::Chip, 1) else { return Ok(1) };
    let mut begin = lead.begin()?;
    begin.store(FROM, &[41; UNITS])?;
    let mut member = begin.member();
    let longest = Cell::new(0);
    let (mut count, mut latest) = (0, 0);
    loop {
        let until = port::Chip.now().wrapping_add(length);
        let is_done = member.slice(Slice::until(until), |member| run(member, &longest))?;
        let late = port::Chip.now().wrapping_sub(until) as i32;
        count += 1;
        latest = latest.max(late);
        if is_done {
            break;
        }
        if late < 0 {
            return Ok(TOO_EARLY);
        }
    }
    let mut output = [0; UNITS];
    member.finish()?.load(TO, &mut output)?;
    // What claims and slices take besides what is computed is a small part of it.
    let allowed = longest.get() + longest.get() / 8;
    Ok(if output != [42; UNITS] {
        OUTPUT
    } else if !(5..=7).contains(&count) {
        COUNT
    } else if latest as u32 > allowed {
        TOO_LATE
    } else {
        0
    })
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    semihosting::exit(101)
}
