//! Conv2d of one tap and at most eight input channels for cores with the vector extension MVE.

use crate::instructions::mve::few::{multiply_few, MveFew};
use runtime::Claim;

/// Parameters of [`pointwise_few_mve`].
#[derive(Debug)]
pub struct PointwiseFewMve {
    /// Weights with folded bias.
    pub few: MveFew,
}

/// Computes `[pixels, outputs]` from `[pixels, depth]`.
pub fn pointwise_few_mve(params: &PointwiseFewMve, claim: Claim<'_, (i8,), i8>) {
    let input = claim.input().flat();
    let start = claim.output.pixels().start;
    // Outputs are cut by pixels, so they are contiguous.
    if let Ok((_, outputs)) = claim.output.flat() {
        let values = input.get(start * params.few.depth()..).unwrap_or_default();
        multiply_few(&params.few, values, outputs);
    }
}
