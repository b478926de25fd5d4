//! FullyConnected for cores with the vector extension MVE: 16 elements of a row at a time.

use crate::mve_filters::MveFilters;
use runtime::Claim;

/// Parameters of [`fully_connected_mve`].
#[derive(Debug)]
pub struct FullyConnectedMve {
    /// Elements of an input row.
    pub depth: usize,
    /// Weights with folded bias.
    pub filters: MveFilters,
}

/// Computes `[rows, outputs]` from `[rows, depth]`; a pixel of the claim is a row.
///
/// Scratch holds the last rows, filled up to whole vectors.
pub fn fully_connected_mve(params: &FullyConnectedMve, claim: Claim<'_, (i8,), i8>) {
    let input = claim.input().flat();
    let first = claim.output.pixels().start;
    // Outputs are cut by rows, so they are contiguous.
    let Ok((_, outputs)) = claim.output.flat() else {
        return;
    };
    let values = input.get(first * params.depth..).unwrap_or_default();
    params
        .filters
        .rows(values, params.depth, claim.scratch, outputs);
}
