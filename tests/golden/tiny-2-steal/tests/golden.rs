//! Replays golden vectors with teams of every size: outputs must be equal, every element.

use port_host::Host;

use tiny::{assist, infer, Lead, Team, CORES};

/// Input tensors of each inference, one after the other.
static INPUTS: &[u8] = include_bytes!("golden/inputs.bin");
/// Output tensors of each inference, one after the other.
static OUTPUTS: &[u8] = include_bytes!("golden/outputs.bin");

const INPUT_BYTES: usize = 8;
const OUTPUT_BYTES: usize = 2;

#[test]
fn golden_vectors_replay_on_every_team_size() {
    for cores in 1..=CORES {
        let team: &'static Team = Box::leak(Box::default());
        for index in 1..cores {
            let mut helper = team.helper(Host, index).expect("the handle is free");
            // Not joined: one that misses an inference is not missed, as others take its units.
            std::thread::spawn(move || loop {
                let _ = assist(&mut helper);
            });
        }
        let mut lead = team.lead(Host, cores).expect("the handle is free");
        for (inputs, outputs) in INPUTS.chunks(INPUT_BYTES).zip(OUTPUTS.chunks(OUTPUT_BYTES)) {
            replay(&mut lead, inputs, outputs);
        }
    }
}

/// Runs one inference and compares its outputs.
fn replay(lead: &mut Lead<'_, Host>, inputs: &[u8], outputs: &[u8]) {
    let fn_ = int8(inputs, 0);
    let mut lead_2 = [0; 2];
    let result = infer(lead, &fn_, &mut lead_2);
    assert_eq!(result, Ok(()));
    assert_eq!(lead_2, int8(outputs, 0));
}

/// `N` int8 values from `offset` on.
fn int8<const N: usize>(bytes: &[u8], offset: usize) -> [i8; N] {
    core::array::from_fn(|index| i8::from_ne_bytes([bytes[offset + index]]))
}
