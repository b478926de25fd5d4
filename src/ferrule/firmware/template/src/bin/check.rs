//! Runs the model on every set of inputs and writes what each step computed.
//!
//! `outputs.bin` gets, for each step of each inference: number of the step and length of what
//! follows, as two little-endian words, and the step's output. Then, with the number
//! `0xffff_ffff`, the outputs of the model.
#![cfg_attr(target_os = "none", no_std, no_main)]

use firmware::{chip, core_index, entry, open, start_helpers, team_size, File, OrFail, Tensors};
use model::Team;
use runtime::Observed;

#[cfg_attr(target_os = "none", unsafe(link_section = ".bss.team"))]
static TEAM: Team = Team::new();

const OUTPUTS: u32 = u32::MAX;

entry!(check, help);

fn check() -> ! {
    let cores = team_size();
    start_helpers(cores, help);
    let inputs = open(c"inputs.bin", false);
    let outputs = open(c"outputs.bin", true);
    let port = Observed::new(chip(), |step, bytes: &[u8]| {
        head(&outputs, u32::from(step), bytes.len());
        outputs.write(bytes).or_fail();
    });
    let mut lead = TEAM.lead(port, cores).or_fail();
    // SAFETY: called once: only this core comes here.
    let tensors = unsafe { Tensors::only() };
    let mut number = 0;
    while tensors.read(&inputs) {
        tensors.infer_in_slices(&mut lead, number).or_fail();
        number += 1;
        head(&outputs, OUTPUTS, Tensors::OUTPUT_BYTES);
        tensors.write(&outputs).or_fail();
    }
    firmware::exit(0)
}

fn head(file: &File, number: u32, length: usize) {
    let mut words = [0; 8];
    words[..4].copy_from_slice(&number.to_le_bytes());
    words[4..].copy_from_slice(&(length as u32).to_le_bytes());
    file.write(&words).or_fail();
}

fn help() -> ! {
    firmware::help_for_ever(&mut TEAM.helper(chip(), core_index()).or_fail())
}
