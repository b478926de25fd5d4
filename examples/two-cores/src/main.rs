//! Reads a handwritten digit on one core of an emulated Arm Musca-B1, then on both.
#![no_std]
#![no_main]

use core::fmt::Write;
use core::panic::PanicInfo;
use lenet_int8::{assist, infer, Stopped, Team};
use port::Chip;
use semihosting::{exit, Console};

/// A seven, `[28, 28, 1]`: in flash, not on the stack.
static IMAGE: [i8; 784] = pixels(include_bytes!("../../../models/lenet/examples/7.npy"));

/// The memory that the cores share.
static TEAM: Team = Team::new();

port::entry!(lead);

/// What core 0 runs after reset.
fn lead() -> ! {
    assert!(port::start(1, help), "core 1 starts once");
    for cores in 1..=2 {
        match classify(cores) {
            Ok(scores) => report(cores, &scores),
            Err(stopped) => panic!("{stopped}"),
        }
    }
    exit(0)
}

/// What core 1 runs: it lends itself to one inference after the other.
fn help() -> ! {
    let mut helper = TEAM.helper(Chip, 1).expect("core 1 helps once");
    loop {
        // What stops an inference is the lead's to report.
        let _ = assist(&mut helper);
    }
}

/// Runs one inference with a team of `cores`.
fn classify(cores: usize) -> Result<[i8; 10], Stopped> {
    let mut lead = TEAM.lead(Chip, cores).expect("core 0 leads once at a time");
    let mut scores = [0; 10];
    infer(&mut lead, &IMAGE, &mut scores)?;
    Ok(scores)
}

fn report(cores: usize, scores: &[i8; 10]) {
    let best = scores.iter().enumerate().max_by_key(|(_, score)| **score);
    let class = best.map_or(0, |(class, _)| class);
    let _ = writeln!(Console, "team of {cores}: class {class}, scores {scores:?}");
}

/// The pixels behind the header of an `.npy` file.
const fn pixels(file: &[u8; 128 + 784]) -> [i8; 784] {
    let mut pixels = [0; 784];
    let mut index = 0;
    while index < pixels.len() {
        pixels[index] = file[128 + index] as i8;
        index += 1;
    }
    pixels
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    let _ = writeln!(Console, "{info}");
    exit(1)
}
