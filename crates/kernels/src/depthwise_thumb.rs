//! DepthwiseConv2d of 3x3 taps for Arm cores without SIMD, channel by channel.

use crate::instructions::thumb::plane::{filter, pitch, Plane, Target, TAPS};
use crate::instructions::thumb::widen::{self, widen, widened};
use crate::split_rescale::SplitRescale;
use crate::window::Window;
use core::ops::Range;
use runtime::Claim;

/// Parameters of [`depthwise_thumb`].
#[derive(Debug)]
pub struct DepthwiseThumb {
    /// Where the filter lies: 3x3 taps, not dilated, both strides the same.
    pub window: Window,
    /// Input channels.
    pub depth: u16,
    /// Output channels of an input channel.
    pub multiplier: u16,
    /// Stored value of padding: the zero point of the input, in `[-128, 127]`.
    pub padding: i8,
    /// Whether the lines of a plane are columns, which is better where they are longer than rows.
    pub by_columns: bool,
    /// Lines of results that scratch has place for.
    pub band: u16,
    /// Weights `[depth * multiplier, 9]` as [`filter`] takes them.
    pub weights: &'static [i8],
    /// How sums of weights times values as they are stored become results.
    pub rescale: SplitRescale,
}

/// Lines of an image or of results, and how far apart they are.
#[derive(Clone, Copy)]
struct Lines {
    count: usize,
    length: usize,
    line: usize,
    step: usize,
}

impl Lines {
    fn new(height: usize, width: usize, by_columns: bool) -> Self {
        let (count, length, line, step) = if by_columns {
            (width, height, 1, width)
        } else {
            (height, width, width, 1)
        };
        Self {
            count,
            length,
            line,
            step,
        }
    }
}

/// Computes channels of `[pixels, depth * multiplier]` from `[height, width, depth]`; a claim has
/// all pixels.
///
/// Scratch: lines of a channel as words, padding included, as many as a band of results sees.
pub fn depthwise_thumb(params: &DepthwiseThumb, claim: Claim<'_, (i8,), i8>) {
    let input = claim.input().flat();
    let mut output = claim.output;
    let window = &params.window;
    let stride = window.stride_height();
    let height = output.pixels().len().checked_div(window.output_width());
    let results = Lines::new(
        height.unwrap_or_default(),
        window.output_width(),
        params.by_columns,
    );
    let plane = claim.scratch;
    let padding = widened(params.padding);
    plane.fill(padding);
    let is_whole = usize::from(params.band) >= results.count;
    let mut gathered = None;
    for (channel, index) in output.channels().enumerate() {
        let source = match params.multiplier {
            1 => index,
            multiplier => index.checked_div(multiplier.into()).unwrap_or_default(),
        };
        let record = params.rescale.records(index);
        let weights = params.weights.get(index * TAPS..);
        let Some(weights) = weights.and_then(<[i8]>::first_chunk) else {
            return;
        };
        let mut first = 0;
        while first < results.count {
            let lines = usize::from(params.band).max(1).min(results.count - first);
            if !is_whole {
                plane.fill(padding);
            }
            if gathered != Some(source) || !is_whole {
                let seen = first * stride..(first + lines - 1) * stride + 3;
                params.gather(input, source, seen, results.length, plane);
                gathered = Some(source);
            }
            let target = Target {
                channel,
                first: first * results.line,
                lines,
                length: results.length,
                line: results.line,
                step: results.step,
            };
            let values = Plane {
                values: plane,
                pitch: pitch(results.length, stride),
                stride,
            };
            filter(
                values,
                weights,
                record,
                &params.rescale,
                target,
                &mut output,
            );
            first += lines;
        }
    }
}

impl DepthwiseThumb {
    /// Copies lines of a channel, which are counted from the padding on; padding stays as it is.
    #[inline(never)]
    fn gather(
        &self,
        input: &[i8],
        channel: usize,
        seen: Range<usize>,
        length: usize,
        plane: &mut [u32],
    ) {
        let window = &self.window;
        let depth = usize::from(self.depth);
        let image = Lines::new(window.input_height(), window.input_width(), self.by_columns);
        let (before, left) = if self.by_columns {
            (window.padding_left(), window.padding_top())
        } else {
            (window.padding_top(), window.padding_left())
        };
        let more = window.stride_height().saturating_sub(1) & 1;
        let pitch = pitch(length, more + 1);
        let first = seen.start.max(before);
        let count = seen.end.min(before + image.count).saturating_sub(first);
        // What a line of results sees of a line.
        let end = (((length.max(1) - 1) << more) + 3).min(left + image.length);
        for phase in 0..=more {
            // The first place of this phase inside. A stride is 1 or 2.
            let start = left + ((left ^ phase) & more);
            let from = (first - before) * image.line + (start - left) * image.step;
            let to = (first - seen.start) * pitch + phase * (pitch / 2) + (start >> more);
            let lines = widen::Lines {
                count,
                length: (end + more).saturating_sub(start) >> more,
                step: (image.step * depth) << more,
                line: image.line * depth,
                pitch,
            };
            widen(
                input.get(from * depth + channel..).unwrap_or_default(),
                lines,
                plane.get_mut(to..).unwrap_or_default(),
            );
        }
    }
}
