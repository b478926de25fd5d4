//! FullyConnected for cores without SIMD, four channels at a time.

use crate::instructions::rv32::rows::{rows, RECORD};
use crate::instructions::rv32::stored::Bounds;
use runtime::Claim;

/// Parameters of [`fully_connected_quads`].
#[derive(Debug)]
pub struct FullyConnectedQuads {
    /// Elements of an input row.
    pub depth: usize,
    /// Weights `[outputs, depth]`, with a zero point of 0.
    pub weights: &'static [i8],
    /// For each output the bias, less the zero point of the input times the sum of the weights;
    /// then multiplier, constant and shift.
    pub records: &'static [i32],
    /// Whether values below the zero point are stored.
    pub is_signed: bool,
    /// Smallest stored value, in `[-128, 127]`.
    pub low: i32,
    /// Largest stored value, less the smallest.
    pub span: i32,
}

/// Computes `[rows, outputs]` from `[rows, depth]`; a pixel of the claim is a row.
pub fn fully_connected_quads(params: &FullyConnectedQuads, claim: Claim<'_, (i8,), i8>) {
    let input = claim.input();
    let first = claim.output.channels().start;
    let weights = params.weights.get(first * params.depth..);
    let records = params.records.get(first * RECORD..);
    let bounds = Bounds {
        low: params.low,
        span: params.span,
        is_signed: params.is_signed,
    };
    for (row, outputs) in claim.output.by_pixel() {
        rows(
            input.row(row, params.depth),
            weights.unwrap_or_default(),
            records.unwrap_or_default(),
            bounds,
            outputs,
        );
    }
}
