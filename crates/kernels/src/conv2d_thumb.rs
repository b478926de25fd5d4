//! Conv2d for Arm cores without SIMD, two products in one multiplication.

use crate::columns::{Columns, PAIRS};
use crate::instructions::thumb::lanes::{ThumbFilters, PIXELS};
use crate::split_rescale::SplitRescale;
use runtime::Claim;

/// Parameters of [`conv2d_thumb`].
#[derive(Debug)]
pub struct Conv2dThumb {
    /// What the filter sees.
    pub columns: Columns,
    /// Weights, taps in the order of a filter's elements.
    pub filters: ThumbFilters,
    /// How sums of weights times values as they are stored become results.
    pub rescale: SplitRescale,
}

/// Computes `[pixels, outputs]` from `[height, width, depth]`, six pixels at a time.
///
/// Scratch: for each tap three words of pixel pairs; then as bytes a copy of the input with its
/// padding, or two pixels' values.
pub fn conv2d_thumb(params: &Conv2dThumb, claim: Claim<'_, (i8,), i8>) {
    let input = claim.input().flat();
    let split = params.filters.taps() * PAIRS;
    let Some((columns, words)) = claim.scratch.split_at_mut_checked(split) else {
        return;
    };
    let (input, bytes) = params.columns.image(input, words);
    let window = &params.columns.window;
    let channels = claim.output.channels();
    let mut next = window.place(claim.output.pixels().start);
    let mut outputs = claim.output.by_pixel();
    loop {
        let mut pixels: [&mut [i8]; PIXELS] = Default::default();
        for (pair, places) in pixels.chunks_exact_mut(2).enumerate() {
            let (Some((_, output)), [low, high]) = (outputs.next(), places) else {
                break;
            };
            *low = output;
            // An odd pixel is paired with itself.
            let mut seen = [next; 2];
            next = window.after(next);
            if let Some((_, output)) = outputs.next() {
                *high = output;
                seen = [seen[0], next];
                next = window.after(next);
            }
            let words = columns.get_mut(pair..).unwrap_or_default();
            params.columns.gather(input, seen, bytes, words);
        }
        let [first, ..] = &pixels;
        if first.is_empty() {
            return;
        }
        params
            .filters
            .compute(columns, channels.clone(), &params.rescale, &mut pixels);
    }
}
