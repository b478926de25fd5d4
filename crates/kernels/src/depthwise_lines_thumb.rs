//! DepthwiseConv2d of any filter for Arm cores without SIMD, channel by channel.

use crate::instructions::thumb::lines::{filter, Taps, Target, LISTED};
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
    /// Words of a plane from a line to the next.
    pub pitch: u16,
    /// Lines of a plane from where a line of results begins to where the next does.
    pub step: u16,
    /// Words of a plane for the values of each phase of columns: those a stride apart.
    pub part: u16,
    /// Phases of rows that are apart in the plane.
    pub row_phases: u16,
    /// Words of a plane for each phase of rows.
    pub row_part: u16,
    /// For each phase of columns: places in its part before the first value, its column in the
    /// input, and the number of values.
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
    let Some(mut listed) = Taps::new(params.places, list) else {
        return;
    };
    let padding = widened(params.padding);
    plane.fill(padding);
    let band = usize::from(params.band).max(1);
    let line = usize::from(params.pitch) * usize::from(params.step);
    let multiplier = usize::from(params.multiplier).max(1);
    let first = output.channels().start;
    let mut source = first.checked_div(multiplier).unwrap_or_default();
    // Channels that are left of the input channel.
    let mut left = multiplier.wrapping_sub(first.wrapping_sub(source * multiplier));
    let mut gathered = (usize::MAX, 0);
    for (channel, index) in output.channels().enumerate() {
        if left == 0 {
            (source, left) = (source + 1, multiplier);
        }
        left -= 1;
        let weights = params.weights.get(index * taps..).unwrap_or_default();
        listed.weigh(weights);
        let record = params.rescale.records(index);
        let mut first = 0;
        while first < rows {
            let lines = band.min(rows - first);
            if gathered != (source, first) {
                if band < rows {
                    plane.fill(padding);
                }
                params.gather(input, source, first..first + lines, plane);
                gathered = (source, first);
            }
            // Lines that follow each other are one.
            let (lines_of, length_of) = match line == length {
                true => (1, lines * length),
                false => (lines, length),
            };
            let target = Target {
                channel,
                first: first * length,
                lines: lines_of,
                length: length_of,
                line,
            };
            filter(plane, &listed, record, &params.rescale, target, &mut output);
            first += lines;
        }
    }
}

impl DepthwiseLinesThumb {
    /// Copies what rows of results see of a channel; padding stays as it is.
    #[inline(never)]
    fn gather(&self, input: &[i8], channel: usize, rows: Range<usize>, plane: &mut [u32]) {
        let window = &self.window;
        let top = rows.start * window.stride_height();
        let last = rows.end.saturating_sub(1) * window.stride_height();
        let seen = window.filter_height().saturating_sub(1) * window.dilation_height() + 1;
        let start = top.max(window.padding_top());
        let end = (last + seen).min(window.padding_top() + window.input_height());
        let (depth, pitch) = (usize::from(self.depth), usize::from(self.pitch));
        let line = window.input_width() * depth;
        let row_phases = usize::from(self.row_phases).max(1);
        for row_phase in 0..row_phases {
            let (mut first, mut place) = (row_phase, row_phase * usize::from(self.row_part));
            while first < start - top {
                (first, place) = (first + row_phases, place + pitch);
            }
            let mut count = 0;
            let mut next = top + first;
            while next < end {
                (count, next) = (count + 1, next + row_phases);
            }
            if count == 0 {
                continue;
            }
            let from = (top + first - window.padding_top()) * line + channel;
            for numbers in self.phases.chunks_exact(PHASE) {
                let &[before, column, length] = numbers else {
                    return;
                };
                let lines = Lines {
                    count,
                    length: length.into(),
                    step: window.stride_width() * depth,
                    line: line * row_phases,
                    pitch,
                };
                widen(
                    input
                        .get(from + usize::from(column) * depth..)
                        .unwrap_or_default(),
                    lines,
                    plane
                        .get_mut(place + usize::from(before)..)
                        .unwrap_or_default(),
                );
                place += usize::from(self.part);
            }
        }
    }
}
