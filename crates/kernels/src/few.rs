//! Convolutions of few output channels, two of them in one multiplication: nothing is gathered.

use crate::columns::Columns;
use crate::instructions::join::Lines;
use crate::rolled::rolled;
use runtime::Claim;

/// A filter of few output channels, and where it lies.
#[derive(Debug)]
pub struct Few {
    /// What the filter sees: never padding, but of the copy of the input if there is one.
    pub columns: Columns,
    /// For each pair of channels a word for each tap: the weight of the first, and that of the
    /// second, 0 if it is missing, times `2^16`. No run overflows; see
    /// [`crate::instructions::few`].
    pub weights: &'static [u32],
    /// What is left of weights that were too large: channel, elements from the first tap, weight.
    pub corrections: &'static [i32],
    /// Output channels.
    pub channels: u16,
}

impl Few {
    /// Computes whole pixels of `[pixels, outputs]` from `[height, width, depth]`, `P` at a time.
    ///
    /// `sums` adds up what so many pixels see from their starts on for a pair of channels, and
    /// `stored` makes a result of a channel and its sum. Scratch holds a copy of the input with its
    /// padding.
    #[inline]
    pub fn compute<const P: usize>(
        &self,
        claim: Claim<'_, (i8,), i8>,
        sums: impl Fn(&[i8], [usize; P], &Lines, &[u32]) -> [[i32; 2]; P],
        stored: impl Fn(usize, i32) -> i8,
    ) {
        let input = claim.input().flat();
        let pixels = claim.output.pixels();
        // Outputs are cut by pixels, so they are contiguous.
        let Ok((_, outputs)) = claim.output.flat() else {
            return;
        };
        let (input, _) = self.columns.image(input, claim.scratch);
        let window = &self.columns.window;
        let lines = self.columns.lines();
        let channels = usize::from(self.channels).max(1);
        let mut place = window.place(pixels.start);
        for outputs in outputs.chunks_mut(P * channels) {
            // What is missing of the last pixels is the last one again.
            let mut starts = [0; P];
            for start in &mut starts {
                *start = self.columns.start(place.row, place.column);
                if place.pixel + 1 < pixels.end {
                    place = window.after(place);
                }
            }
            let pairs = self.weights.chunks_exact(lines.values().max(1));
            for (weights, first) in pairs.zip((0..).step_by(2)) {
                let mut found = sums(input, starts, &lines, weights);
                if !self.corrections.is_empty() {
                    self.correct(input, &starts, first, &mut found);
                }
                for (pixel, sums) in outputs.chunks_mut(channels).zip(found) {
                    let results = (first..).zip(pixel.iter_mut().skip(first));
                    for ((channel, output), sum) in results.zip(sums) {
                        *output = stored(channel, sum);
                        rolled();
                    }
                    rolled();
                }
            }
        }
    }

    /// Adds what weights of a pair of channels lack.
    #[inline]
    #[allow(clippy::cast_sign_loss)] // a channel, and a distance
    fn correct(&self, input: &[i8], starts: &[usize], first: usize, found: &mut [[i32; 2]]) {
        for correction in self.corrections.chunks_exact(3) {
            let &[channel, place, weight] = correction else {
                return;
            };
            let channel = (channel as usize).wrapping_sub(first);
            for (start, sums) in starts.iter().zip(&mut *found) {
                let value = input.get(start.wrapping_add(place as usize));
                if let (Some(sum), Some(&value)) = (sums.get_mut(channel), value) {
                    *sum = sum.wrapping_add(weight.wrapping_mul(value.into()));
                }
            }
            rolled();
        }
    }
}
