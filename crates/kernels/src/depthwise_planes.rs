//! DepthwiseConv2d of 3x3 taps for cores without SIMD, channel by channel.

use crate::instructions::bytes::bytes;
use crate::instructions::rv32::planes::{filter, Plane, Target, RECORD, TAPS};
use crate::instructions::strided::{strided, Lines};
use crate::rolled::{fill, repeated};
use crate::window::Window;
use runtime::Claim;

/// Parameters of [`depthwise_planes`].
#[derive(Debug)]
pub struct DepthwisePlanes {
    /// Where the filter lies: 3x3 taps, not dilated, both strides the same.
    pub window: Window,
    /// Input channels.
    pub depth: usize,
    /// Output channels of an input channel.
    pub multiplier: usize,
    /// Stored value of padding: the zero point of the input, in `[-128, 127]`.
    pub padding: i8,
    /// Whether the lines of a plane are columns, which is better where they are longer than rows.
    pub by_columns: bool,
    /// Weights `[depth * multiplier, 9]`, a line of taps after the other.
    pub weights: &'static [i8],
    /// For each output channel four times the bias, less the zero point of the input times the sum
    /// of the weights; then multiplier, constant and shift.
    pub records: &'static [i32],
    /// Smallest stored value, in `[-128, 127]`.
    pub low: i32,
    /// Largest stored value, less the smallest.
    pub span: i32,
}

/// Computes channels of `[pixels, depth * multiplier]` from `[height, width, depth]`; a claim has
/// all pixels.
///
/// Scratch: a plane as bytes, padding included.
pub fn depthwise_planes(params: &DepthwisePlanes, claim: Claim<'_, (i8,), i8>) {
    planes::<false>(params, claim);
}

/// As [`depthwise_planes`]; a claim has whole rows.
pub fn depthwise_rows(params: &DepthwisePlanes, claim: Claim<'_, (i8,), i8>) {
    planes::<true>(params, claim);
}

/// Computes all rows, or some of them.
#[inline(always)]
fn planes<const SOME: bool>(params: &DepthwisePlanes, claim: Claim<'_, (i8,), i8>) {
    let input = claim.input().flat();
    let mut output = claim.output;
    let window = &params.window;
    let width = window.output_width();
    let pixels = output.pixels();
    let height = pixels.len().checked_div(width).unwrap_or_default();
    let stride = window.stride_height();
    let (lines, length, line, step) = if params.by_columns {
        (width, height, 1, width)
    } else {
        (height, width, width, 1)
    };
    let pitch = length.saturating_sub(1) * stride + 3;
    let deep = lines.saturating_sub(1) * stride + 3;
    let (mut scratch, mut top) = (claim.scratch, 0);
    if SOME {
        let words = (pitch * deep).div_ceil(size_of::<u32>());
        scratch = scratch.get_mut(..words).unwrap_or_default();
        top = pixels.start.checked_div(width).unwrap_or_default() * stride;
    }
    fill(scratch, repeated(params.padding));
    let plane = bytes(scratch).get_mut(..pitch * deep).unwrap_or_default();
    let (skipped, inside, start) = inside(params, top, pitch, deep);
    let input = input.get(skipped..).unwrap_or_default();
    let channels = output.channels();
    let mut source = channels
        .start
        .checked_div(params.multiplier)
        .unwrap_or_default();
    let mut next = channels.start;
    for (channel, index) in channels.enumerate() {
        if index == next {
            // Padding stays as it is.
            let values = input.get(source..).unwrap_or_default();
            strided(values, inside, plane.get_mut(start..).unwrap_or_default());
            source += 1;
            next = source * params.multiplier;
        }
        let weights = params.weights.get(index * TAPS..);
        let record = params.records.get(index * RECORD..);
        let (Some(weights), Some(record)) = (
            weights.and_then(<[i8]>::first_chunk),
            record.and_then(<[i32]>::first_chunk),
        ) else {
            return;
        };
        let values = Plane {
            values: plane,
            pitch,
            stride,
        };
        let target = Target {
            channel,
            lines,
            length,
            line,
            step,
        };
        filter(
            values,
            weights,
            record,
            (params.low, params.span),
            target,
            &mut output,
        );
    }
}

/// Where a channel's values lie in the input: so many elements behind its first as lines of a plane
/// of `deep` lines, and where in that they begin. The plane begins `top` rows below the padding's
/// first.
fn inside(
    params: &DepthwisePlanes,
    top: usize,
    pitch: usize,
    deep: usize,
) -> (usize, Lines, usize) {
    let window = &params.window;
    let (depth, row) = (params.depth, params.depth * window.input_width());
    let above = top.saturating_sub(window.padding_top());
    let count = window.input_height().saturating_sub(above);
    let length = window.input_width();
    let before = window.padding_top().saturating_sub(top);
    let first = window.padding_left();
    let (count, length, before, first, line, step) = if params.by_columns {
        (length, count, first, before, depth, row)
    } else {
        (count, length, before, first, row, depth)
    };
    let lines = Lines {
        // Filters with a stride may not see all of it.
        count: count.min(deep.saturating_sub(before)),
        length: length.min(pitch.saturating_sub(first)),
        line,
        step,
        pitch,
    };
    (above * row, lines, before * pitch + first)
}
