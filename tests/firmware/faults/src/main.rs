//! Does what no firmware should, and says with which status it ended.
#![no_std]
#![no_main]

use core::hint::{black_box, spin_loop};
use runtime::{step, Slot, Step, Stopped, Team};

const FAULT: u8 = 3;
const NO_ANSWER: u8 = 4;

port::entry!(lead);
port::on_fault!(fault);

fn lead() -> ! {
    let mut buffer = [0; 64];
    match semihosting::command_line(&mut buffer).rsplit(' ').next() {
        Some("overflow-lead") => overflow(),
        Some("overflow-helper") => {
            let _ = port::start(1, overflow);
            sleep()
        }
        Some("start") => semihosting::exit(u8::from(starts_are_refused())),
        Some("lonely") => semihosting::exit(lonely()),
        _ => semihosting::exit(1),
    }
}

fn fault() -> ! {
    semihosting::exit(FAULT)
}

/// Needs more and more stack.
fn overflow() -> ! {
    black_box(descend(u32::MAX));
    sleep()
}

#[inline(never)]
fn descend(depth: u32) -> u32 {
    let frame = black_box([depth; 16]);
    if depth == 0 {
        return 0;
    }
    descend(depth - 1) + black_box(frame)[0]
}

/// Whether only helpers can be started, and each once.
fn starts_are_refused() -> bool {
    let first = port::start(1, sleep);
    first && !port::start(1, sleep) && !port::start(0, sleep) && !port::start(port::CORES, sleep)
}

/// Runs a step with a helper that nobody has started.
fn lonely() -> u8 {
    const INPUT: Slot<i8, 4> = Slot::at(0);
    const OUTPUT: Slot<i8, 4> = Slot::at(4);
    static STEP: Step<(i8,), i8> =
        step(0).reads(INPUT).writes(OUTPUT).by_pixels(4, 1, 1).shares(&[&[4], &[2, 2]]);
    static TEAM: Team<8, 2> = Team::new();

    let Some(mut lead) = TEAM.lead(port::Chip, 2) else { return 1 };
    let Ok(begin) = lead.begin() else { return 1 };
    let mut member = begin.member();
    while let Ok(Some(claim)) = member.claim(&STEP) {
        for (_, pixel) in claim.output.by_pixel() {
            pixel.fill(1);
        }
    }
    match member.finish() {
        Err(Stopped::NoAnswer { core: 1 }) => NO_ANSWER,
        _ => 1,
    }
}

fn sleep() -> ! {
    loop {
        spin_loop();
    }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    semihosting::exit(101)
}
