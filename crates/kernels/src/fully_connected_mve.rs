//! FullyConnected for cores with the vector extension MVE: 16 elements of a row at a time.

use crate::instructions::bytes::bytes;
use crate::instructions::mve::copy::{copy, Rows};
use crate::instructions::mve::multiply::multiply;
use crate::mve_filters::{MveFilters, VECTOR};
use runtime::Claim;

/// Parameters of [`fully_connected_mve`].
#[derive(Debug)]
pub struct FullyConnectedMve {
    /// Elements of an input row.
    pub depth: usize,
    /// Rows that are copied to scratch together; 0 where they are whole vectors.
    pub rows: usize,
    /// Weights with folded bias.
    pub filters: MveFilters,
}

/// Computes `[rows, outputs]` from `[rows, depth]`; a pixel of the claim is a row.
///
/// Scratch holds some rows, each filled up to whole vectors.
pub fn fully_connected_mve(params: &FullyConnectedMve, claim: Claim<'_, (i8,), i8>) {
    let input = claim.input().flat();
    let first = claim.output.pixels().start;
    // Outputs are cut by rows, so they are contiguous.
    let Ok((_, outputs)) = claim.output.flat() else {
        return;
    };
    let (filters, depth) = (&params.filters, params.depth);
    let mut values = input.get(first * depth..).unwrap_or_default();
    if params.rows == 0 {
        multiply(filters, values, depth, outputs);
        return;
    }
    let filled = bytes(claim.scratch);
    let rows = Rows {
        count: params.rows,
        length: depth,
        pitch: depth,
        step: filters.vectors * VECTOR,
    };
    for outputs in outputs.chunks_mut((params.rows * filters.channels).max(1)) {
        let count = outputs.len().checked_div(filters.channels);
        let count = count.unwrap_or_default();
        copy(values, Rows { count, ..rows }, filled);
        multiply(filters, filled, rows.step, outputs);
        values = values.get(count * depth..).unwrap_or_default();
    }
}
