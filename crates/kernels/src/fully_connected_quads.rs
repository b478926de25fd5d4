//! FullyConnected for cores without SIMD, four channels at a time.

use crate::instructions::rv32::rows::Quads;
use runtime::Claim;

/// Parameters of [`fully_connected_quads`].
#[derive(Debug)]
pub struct FullyConnectedQuads {
    /// Of each output a row of weights, with a zero point of 0; the bias, less the zero point of
    /// the input times the sum of the weights; then multiplier, constant and shift.
    pub rows: Quads,
}

/// Computes `[rows, outputs]` from `[rows, depth]`; a pixel of the claim is a row.
pub fn fully_connected_quads(params: &FullyConnectedQuads, claim: Claim<'_, (i8,), i8>) {
    params.rows.compute(claim.input(), claim.output);
}
