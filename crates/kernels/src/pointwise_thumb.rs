//! Conv2d of one tap for Arm cores without SIMD, two products in one multiplication.

use crate::instructions::join::{join, Lines};
use crate::instructions::thumb::lanes::{ThumbFilters, PIXELS};
use crate::split_rescale::SplitRescale;
use runtime::Claim;

/// Parameters of [`pointwise_thumb`].
#[derive(Debug)]
pub struct PointwiseThumb {
    /// Input channels.
    pub depth: u16,
    /// The filters, which see the input pixel with the number of the output's.
    pub filters: ThumbFilters,
    /// How sums of weights times values as they are stored become results.
    pub rescale: SplitRescale,
}

/// Computes `[pixels, outputs]` from `[pixels, depth]`, six pixels at a time.
///
/// Scratch: for each input channel three words of pixel pairs.
pub fn pointwise_thumb(params: &PointwiseThumb, claim: Claim<'_, (i8,), i8>) {
    let input = claim.input().flat();
    let depth = usize::from(params.depth);
    let lines = Lines::new(1, depth, depth);
    let columns = claim.scratch;
    let channels = claim.output.channels();
    let Some(selected) = params.filters.select(channels, &params.rescale) else {
        return;
    };
    let mut outputs = claim.output.by_pixel();
    loop {
        let mut pixels: [&mut [i8]; PIXELS] = Default::default();
        for (pair, places) in pixels.chunks_exact_mut(2).enumerate() {
            // An odd pixel is paired with itself.
            let mut seen = [None; 2];
            for (place, (pixel, output)) in places.iter_mut().zip(&mut outputs) {
                *place = output;
                seen = [seen[0].or(Some(pixel)), Some(pixel)];
            }
            let [Some(low), Some(high)] = seen.map(|pixel| input.get(pixel? * depth..)) else {
                break;
            };
            join(
                low,
                high,
                &lines,
                columns.get_mut(pair..).unwrap_or_default(),
            );
        }
        let [first, ..] = &pixels;
        if first.is_empty() {
            return;
        }
        selected.compute(columns, &mut pixels);
    }
}
