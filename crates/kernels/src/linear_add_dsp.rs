//! Add as one linear form for cores with the DSP extension.

use crate::instructions::dsp::linear::linear;
use crate::linear_add::{runs, LinearAdd};
use runtime::Claim;

/// Computes `[pixels, channels]` from two of the same shape.
pub fn linear_add_dsp(params: &LinearAdd, claim: Claim<'_, (i8, i8), i8>) {
    runs(claim, |first, second, outputs| {
        linear(params, first, second, outputs);
    });
}
