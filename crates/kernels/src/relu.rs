//! Relu: negative values become 0.

use crate::requantize::{narrow, scale};
use runtime::Claim;

/// Parameters of [`relu`].
#[derive(Debug)]
pub struct Relu {
    /// Channels.
    pub depth: usize,
    /// Zero point of the input, in `[-128, 127]`.
    pub input_zero_point: i32,
    /// Fixed-point multiplier from input to output, in `[2^30, 2^31)` or 0.
    pub multiplier: i32,
    /// Power of two that goes with it, at most 23.
    pub shift: i8,
    /// Zero point of the output.
    pub zero_point: i32,
    /// Smallest stored value, the one of 0, in `[-128, 127]`.
    pub low: i32,
}

/// Computes each element from the one at the same place.
pub fn relu(params: &Relu, claim: Claim<'_, (i8,), i8>) {
    let input = claim.input();
    let channels = claim.output.channels();
    for (pixel, outputs) in claim.output.by_pixel() {
        let values = input
            .row(pixel, params.depth)
            .get(channels.clone())
            .unwrap_or_default();
        for (output, &value) in outputs.iter_mut().zip(values) {
            let distance = i32::from(value) - params.input_zero_point;
            let stored = scale(distance, params.multiplier, params.shift) + params.zero_point;
            *output = narrow(stored.max(params.low).min(127));
        }
    }
}
