//! AveragePool2d for cores with the DSP extension: four channels at a time.

use crate::average_pool2d::{mean, AveragePool2d};
use crate::instructions::dsp::sum::{sum, Pixels};
use crate::requantize::narrow;
use crate::rolled::rolled;
use runtime::Claim;

/// Computes `[pixels, depth]` from `[height, width, depth]`; padding does not count.
///
/// The depth is a multiple of 4, and the filter has at most 256 taps.
pub fn average_pool2d_dsp(params: &AveragePool2d, claim: Claim<'_, (i8,), i8>) {
    let input = claim.input().flat();
    let first = claim.output.channels().start;
    for (pixel, outputs) in claim.output.by_pixel() {
        let (rows, columns) = params.window.inside(pixel);
        let pixels = Pixels {
            columns: columns.count,
            rows: rows.count,
            step: params.depth,
            skipped: (params.window.input_width - columns.count) * params.depth,
        };
        let from = (rows.start * params.window.input_width + columns.start) * params.depth;
        let mut from = from + first;
        for block in outputs.chunks_mut(4) {
            let values = input.get(from..).unwrap_or_default();
            for (output, sum) in block.iter_mut().zip(sum(values, pixels)) {
                let mean = mean(i32::from(sum), rows.count * columns.count);
                *output = narrow(mean.max(params.low).min(params.high));
                rolled();
            }
            from += 4;
        }
    }
}
