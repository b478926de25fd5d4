//! Runs the model once on the full team, and nothing else: how large is a product?
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::hint::{black_box, spin_loop};
use firmware::{bare_entry, chip, core_index, start, Tensors};
use model::{assist, Team, CORES};

#[cfg_attr(target_os = "none", unsafe(link_section = ".bss.team"))]
static TEAM: Team = Team::new();

bare_entry!(size, help);

fn size() -> ! {
    for core in 1..CORES {
        let _ = start(core, help);
    }
    // SAFETY: called once: only this core comes here, and once.
    let tensors = unsafe { Tensors::only() };
    black_box(&mut *tensors);
    if let Some(mut lead) = TEAM.lead(chip(), CORES) {
        let _ = tensors.infer(&mut lead);
    }
    black_box(tensors);
    loop {
        spin_loop();
    }
}

fn help() -> ! {
    if let Some(mut helper) = TEAM.helper(chip(), core_index()) {
        loop {
            let _ = assist(&mut helper);
        }
    }
    loop {
        spin_loop();
    }
}
