//! DepthwiseConv2d of any filter for Arm cores without SIMD, channel by channel.

use crate::instructions::thumb::lines::{filter, Filter, Target, LISTED};
use crate::instructions::thumb::widen::{widen, widened, Lines};
use crate::split_rescale::SplitRescale;
use crate::window::Window;
use core::ops::Range;
use runtime::Claim;

/// Parameters of [`depthwise_lines_thumb`].
#[derive(Debug)]
pub struct DepthwiseLinesThumb {
    /// Where the filter lies.
    pub window: Window,
    /// Input channels.
    pub depth: u16,
    /// Output channels of an input channel.
    pub multiplier: u16,
    /// Stored value of padding: the zero point of the input, in `[-128, 127]`.
    pub padding: i8,
    /// Lines of results that scratch has place for, at least 1.
    pub band: u16,
    /// Words of a line of the plane for the values of each phase: those a stride apart.
    pub part: u16,
    /// For each phase: places in its part before the first value, its column in the input, and
    /// the number of values.
    pub phases: &'static [u16],
    /// Words of a plane from where a line of results begins to each tap.
    pub places: &'static [u16],
    /// Weights `[depth * multiplier, taps]`.
    pub weights: &'static [i8],
    /// How sums of weights times values as they are stored become results.
    pub rescale: SplitRescale,
}

/// Numbers of a phase.
const PHASE: usize = 3;

/// Computes channels of `[pixels, depth * multiplier]` from `[height, width, depth]`; a claim has
/// all pixels.
///
/// Scratch: a list of the taps, then lines of a channel as words, padding included, as many as a
/// band of results sees.
pub fn depthwise_lines_thumb(params: &DepthwiseLinesThumb, claim: Claim<'_, (i8,), i8>) {
    let input = claim.input().flat();
    let mut output = claim.output;
    let window = &params.window;
    let taps = params.places.len();
    let length = window.output_width();
    let rows = output.pixels().len().checked_div(length);
    let rows = rows.unwrap_or_default();
    let Some((list, plane)) = claim.scratch.split_at_mut_checked(LISTED * taps) else {
        return;
    };
    plane.fill(widened(params.padding));
    let band = usize::from(params.band).max(1);
    let mut gathered = (usize::MAX, 0);
    for (channel, index) in output.channels().enumerate() {
        let source = match params.multiplier {
            1 => index,
            multiplier => index.checked_div(multiplier.into()).unwrap_or_default(),
        };
        let weights = params.weights.get(index * taps..);
        let mut filters = Filter {
            places: params.places,
            weights: weights.unwrap_or_default().get(..taps).unwrap_or_default(),
            list: &mut *list,
        };
        let mut first = 0;
        while first < rows {
            let lines = band.min(rows - first);
            if gathered != (source, first) {
                if band < rows {
                    plane.fill(widened(params.padding));
                }
                params.gather(input, source, first..first + lines, plane);
                gathered = (source, first);
            }
            let target = Target {
                channel,
                first: first * length,
                lines,
                length,
                line: params.pitch() * window.stride_height(),
            };
            filter(
                plane,
                &mut filters,
                params.rescale.records(index),
                &params.rescale,
                target,
                &mut output,
            );
            first += lines;
        }
    }
}

impl DepthwiseLinesThumb {
    /// Words of a line of the plane.
    #[inline]
    fn pitch(&self) -> usize {
        usize::from(self.part) * self.window.stride_width()
    }

    /// Copies what rows of results see of a channel; padding stays as it is.
    #[inline(never)]
    fn gather(&self, input: &[i8], channel: usize, rows: Range<usize>, plane: &mut [u32]) {
        let window = &self.window;
        let top = rows.start * window.stride_height();
        let last = rows.end.saturating_sub(1) * window.stride_height();
        let seen = window.filter_height().saturating_sub(1) * window.dilation_height() + 1;
        let start = top.max(window.padding_top());
        let end = (last + seen).min(window.padding_top() + window.input_height());
        let (depth, part) = (usize::from(self.depth), usize::from(self.part));
        let line = window.input_width() * depth;
        for (phase, numbers) in self.phases.chunks_exact(PHASE).enumerate() {
            let &[before, column, length] = numbers else {
                return;
            };
            let lines = Lines {
                count: end.saturating_sub(start),
                length: length.into(),
                step: window.stride_width() * depth,
                line,
                pitch: self.pitch(),
            };
            let from = (start - window.padding_top()) * line + usize::from(column) * depth;
            let to = (start - top) * self.pitch() + phase * part + usize::from(before);
            widen(
                input.get(from + channel..).unwrap_or_default(),
                lines,
                plane.get_mut(to..).unwrap_or_default(),
            );
        }
    }
}
