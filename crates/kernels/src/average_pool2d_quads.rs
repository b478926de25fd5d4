//! AveragePool2d for cores without SIMD: four channels at a time, multiplied by a reciprocal.

use crate::average_pool2d::{clamp, AveragePool2d};
use crate::mean::Mean;
use crate::rolled::rolled;
use runtime::Claim;

/// Channels that are summed together.
const GROUP: usize = 4;

/// Computes `[pixels, depth]` from `[height, width, depth]`; padding does not count.
///
/// The filter has at most [`Mean::MOST`] taps.
pub fn average_pool2d_quads(params: &AveragePool2d, claim: Claim<'_, (i8,), i8>) {
    let input = claim.input().flat();
    let channels = claim.output.channels();
    let width = params.window.input_width();
    let mut place = params.window.place(claim.output.pixels().start);
    let (mut count, mut mean) = (0, Mean::of(0));
    for (_, outputs) in claim.output.by_pixel() {
        let (rows, columns) = params.window.inside_at(place);
        place = params.window.after(place);
        // Most pixels see as many taps as the one before: a division can be a call.
        let taps = rows.count * columns.count;
        if taps != count {
            (count, mean) = (taps, Mean::of(taps));
        }
        let seen = Seen {
            rows: rows.count,
            columns: columns.count,
            depth: params.depth,
            line: width * params.depth,
        };
        let mut at = (rows.start * width + columns.start) * params.depth + channels.start;
        let mut groups = outputs.chunks_exact_mut(GROUP);
        for group in &mut groups {
            let sums: [i32; GROUP] = seen.sums(input, at);
            for (output, sum) in group.iter_mut().zip(sums) {
                *output = mean.apply(sum);
            }
            at += GROUP;
        }
        for output in groups.into_remainder() {
            let [sum] = seen.sums(input, at);
            *output = mean.apply(sum);
            at += 1;
            rolled();
        }
        clamp(params, outputs);
    }
}

/// What lies inside the input under a filter.
struct Seen {
    rows: usize,
    columns: usize,
    /// Elements from a pixel to the next.
    depth: usize,
    /// Elements from a row to the next.
    line: usize,
}

impl Seen {
    /// Sums `N` channels, of which the first pixel's first one lies at `at`.
    #[inline]
    fn sums<const N: usize>(&self, input: &[i8], mut at: usize) -> [i32; N] {
        let mut sums = [0; N];
        for _ in 0..self.rows {
            let row = input.get(at..).unwrap_or_default();
            for pixel in row.chunks(self.depth.max(1)).take(self.columns) {
                for (sum, &value) in sums.iter_mut().zip(pixel.first_chunk().unwrap_or(&[0; N])) {
                    *sum += i32::from(value);
                }
                rolled();
            }
            at += self.line;
        }
        sums
    }
}
