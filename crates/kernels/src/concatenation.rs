//! Concatenation: two tensors one behind the other, or a tensor and a constant.

use crate::instructions::copy::copy;
use runtime::{Claim, Output, View};

/// Parameters of [`concatenation`].
#[derive(Debug)]
pub struct Concatenation {
    /// Where the first input goes.
    pub first: Part,
    /// Where the second input goes, or the constant.
    pub second: Part,
    /// The second part where it is a constant, otherwise empty.
    pub constant: &'static [i8],
}

/// What one of them has of each pixel of the output.
#[derive(Debug)]
pub struct Part {
    /// Elements of the pixel before it.
    pub start: usize,
    /// Elements of it.
    pub length: usize,
}

/// Computes `[pixels, channels]`, where each pixel is a part of the first tensor and one of the
/// second.
pub fn concatenation(params: &Concatenation, claim: Claim<'_, (i8, i8), i8>) {
    let (first, second) = claim.inputs();
    join(params, first, second, claim.output);
}

/// As [`concatenation`], from one tensor and the constant; without a constant the tensor is both
/// parts.
pub fn concatenation_one(params: &Concatenation, claim: Claim<'_, (i8,), i8>) {
    let first = claim.input();
    let second = if params.constant.is_empty() {
        first
    } else {
        View::new(params.constant)
    };
    join(params, first, second, claim.output);
}

#[inline(always)]
fn join(params: &Concatenation, first: View<'_, i8>, second: View<'_, i8>, output: Output<'_, i8>) {
    let start = output.channels().start;
    for (pixel, outputs) in output.by_pixel() {
        params.first.copy(first, pixel, start, outputs);
        params.second.copy(second, pixel, start, outputs);
    }
}

impl Part {
    /// Copies what a run of a pixel's channels, which begins at `start`, has of this part.
    #[inline]
    fn copy(&self, source: View<'_, i8>, pixel: usize, start: usize, outputs: &mut [i8]) {
        // Channels before this part, and elements of the part before the run.
        let outside = self.start.saturating_sub(start);
        let skipped = start.saturating_sub(self.start);
        let values = source.row(pixel, self.length).get(skipped..);
        let inside = outputs.get_mut(outside..).unwrap_or_default();
        copy(values.unwrap_or_default(), inside);
    }
}
