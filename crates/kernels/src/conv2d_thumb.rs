//! Conv2d for Arm cores without SIMD, two products in one multiplication.

use crate::columns::{Columns, PAIRS};
use crate::instructions::join::Lines;
use crate::instructions::thumb::lanes::{ThumbFilters, PIXELS};
use crate::split_rescale::SplitRescale;
use crate::window::Place;
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
    let channels = claim.output.channels();
    let Some(selected) = params.filters.select(channels, &params.rescale) else {
        return;
    };
    let mut pairs = Pairs {
        columns: &params.columns,
        lines: params.columns.lines(),
        input,
        bytes,
        next: params.columns.window.place(claim.output.pixels().start),
        outputs: claim.output.by_pixel(),
    };
    loop {
        let mut pixels: [&mut [i8]; PIXELS] = Default::default();
        for (pair, places) in pixels.chunks_exact_mut(2).enumerate() {
            pairs.gather(columns.get_mut(pair..).unwrap_or_default(), places);
        }
        let [first, ..] = &pixels;
        if first.is_empty() {
            return;
        }
        selected.compute(columns, &mut pixels);
    }
}

/// Pixels that are to come, and what they see.
struct Pairs<'p, O> {
    columns: &'p Columns,
    lines: Lines,
    input: &'p [i8],
    bytes: &'p mut [i8],
    next: Place,
    outputs: O,
}

impl<'o, O: Iterator<Item = (usize, &'o mut [i8])>> Pairs<'_, O> {
    /// Takes the outputs of up to two pixels and gathers what they see.
    #[inline(never)]
    fn gather(&mut self, words: &mut [u32], places: &mut [&'o mut [i8]]) {
        // An odd pixel is paired with itself.
        let first = self.next;
        let mut seen = [first; 2];
        let mut count = 0;
        for (place, (_, output)) in places.iter_mut().zip(&mut self.outputs) {
            *place = output;
            seen = [first, self.next];
            self.next = self.columns.window.after(self.next);
            count += 1;
        }
        if count > 0 {
            self.columns
                .gather(self.input, seen, &self.lines, self.bytes, words);
        }
    }
}
