//! Pad: the input with constant elements around it.

use crate::grid::Grid;
use runtime::Claim;

/// Parameters of [`pad`].
#[derive(Debug)]
pub struct Pad {
    /// Height and width of the output.
    pub grid: Grid,
    /// Batches of the input.
    pub input_batch: usize,
    /// Rows of the input.
    pub input_height: usize,
    /// Pixels of an input row.
    pub input_width: usize,
    /// Input channels.
    pub depth: usize,
    /// Batches of the output before the input's first.
    pub before_batch: usize,
    /// Rows of the output before the input's first.
    pub before_height: usize,
    /// Pixels of an output row before the input's first.
    pub before_width: usize,
    /// Output channels before the input's first.
    pub before_depth: usize,
    /// Stored value of elements outside the input.
    pub value: i8,
}

/// Computes `[batch, height, width, channels]` from the smaller input.
pub fn pad(params: &Pad, claim: Claim<'_, (i8,), i8>) {
    let input = claim.input();
    let first = claim.output.channels().start;
    // Channels before the input's first, and input channels before the first that is owned.
    let outside = params.before_depth.saturating_sub(first);
    let skipped = first.saturating_sub(params.before_depth);
    for (pixel, outputs) in claim.output.by_pixel() {
        outputs.fill(params.value);
        if let Some(source) = source(params, pixel) {
            let values = input
                .row(source, params.depth)
                .get(skipped..)
                .unwrap_or_default();
            let inside = outputs.get_mut(outside..).unwrap_or_default();
            for (output, &value) in inside.iter_mut().zip(values) {
                *output = value;
            }
        }
    }
}

/// The input pixel that an output pixel copies, if it copies one.
fn source(params: &Pad, pixel: usize) -> Option<usize> {
    let (batch, row, column) = params.grid.position(pixel);
    let batch = batch.checked_sub(params.before_batch)?;
    let row = row.checked_sub(params.before_height)?;
    let column = column.checked_sub(params.before_width)?;
    (batch < params.input_batch && row < params.input_height && column < params.input_width)
        .then_some((batch * params.input_height + row) * params.input_width + column)
}
