//! Add of two tensors of one shape, for cores with the vector extension MVE: four elements at once.

use crate::instructions::mve::add::add;
use crate::mve_filters::MveRange;
use runtime::Claim;

/// Parameters of [`add_mve`].
#[derive(Debug)]
pub struct AddMve {
    /// The first input.
    pub first: MveOperand,
    /// The second input.
    pub second: MveOperand,
    /// Fixed-point multiplier from the sum to the output, in `[2^30, 2^31)` or 0.
    pub multiplier: i32,
    /// Power of two that goes with it, -1 or less.
    pub shift: i32,
    /// From the sum to the output.
    pub range: MveRange,
}

/// How an operand comes to the scale of the sum.
#[derive(Clone, Copy, Debug)]
pub struct MveOperand {
    /// Zero point, in `[-128, 127]`.
    pub zero_point: i32,
    /// Fixed-point multiplier, in `[2^30, 2^31)` or 0.
    pub multiplier: i32,
    /// Power of two that goes with it, at most 0.
    pub shift: i32,
}

/// Computes `[pixels, channels]` from two tensors of the same shape.
pub fn add_mve(params: &AddMve, claim: Claim<'_, (i8, i8), i8>) {
    let (first, second) = claim.inputs();
    // Outputs are cut by pixels, so they are contiguous.
    let Ok((start, outputs)) = claim.output.flat() else {
        return;
    };
    let first = first.flat().get(start..).unwrap_or_default();
    let second = second.flat().get(start..).unwrap_or_default();
    add(params, first, second, outputs);
}
