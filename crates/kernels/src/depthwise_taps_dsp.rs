//! DepthwiseConv2d for cores with the DSP extension: filters of any size, any number of channels.

use crate::instructions::bytes::bytes;
use crate::instructions::dsp::taps::{TapFilters, Taps};
use crate::window::{Taps as Inside, Window};
use core::mem::take;
use runtime::Claim;

/// Parameters of [`depthwise_taps_dsp`].
#[derive(Debug)]
pub struct DepthwiseTapsDsp {
    /// Where the filter lies.
    pub window: Window,
    /// Input channels; at least 4, unless they have as many outputs each.
    pub depth: usize,
    /// Zero point of the input, in `[-128, 127]`, which padding has.
    pub input_zero_point: i8,
    /// Filters with folded bias. Taps are in the order height, width; the last of an odd number
    /// is followed by one of weight 0.
    pub filters: TapFilters,
}

/// Computes `[pixels, depth * multiplier]` from `[height, width, depth]`.
///
/// Scratch holds a word for each tap of a pixel, and as much padding as a pixel has channels.
pub fn depthwise_taps_dsp(params: &DepthwiseTapsDsp, claim: Claim<'_, (i8,), i8>) {
    let input = claim.input().flat();
    let window = &params.window;
    let channels = params.depth * params.filters.multiplier;
    let taps = (window.filter_height * window.filter_width).next_multiple_of(2);
    let mut pixel = claim.output.pixels().start;
    let Ok((_, mut outputs)) = claim.output.flat() else {
        return;
    };
    let Some((list, outside)) = claim.scratch.split_at_mut_checked(taps) else {
        return;
    };
    let outside = bytes(outside);
    outside.fill(params.input_zero_point);
    let filters = &params.filters;
    let Some(mut taps) = Taps::new(filters, input, outside, params.depth, list) else {
        return;
    };
    while !outputs.is_empty() {
        let (rows, columns) = window.inside(pixel);
        params.list(rows, columns, &mut taps);
        let most = params.run(columns) * channels;
        let length = outputs.len().min(most);
        let done = taps.compute(
            window.stride_width * params.depth,
            outputs.get_mut(..length).unwrap_or_default(),
        );
        let Some((_, rest)) = take(&mut outputs).split_at_mut_checked(done.max(1)) else {
            return;
        };
        outputs = rest;
        pixel += done.checked_div(channels).unwrap_or_default();
    }
}

impl DepthwiseTapsDsp {
    /// Lists the taps of a pixel: those inside the input, and the others.
    #[inline(never)]
    fn list(&self, rows: Inside, columns: Inside, taps: &mut Taps<'_>) {
        let window = &self.window;
        let width = window.filter_width;
        let line = window.input_width * self.depth;
        let step = columns.dilation * self.depth;
        let after = width - (columns.first + columns.count);
        let mut start = rows.start * line + columns.start * self.depth;
        taps.clear();
        taps.outside(rows.first * width);
        for _ in 0..rows.count {
            taps.outside(columns.first);
            taps.inside(start, columns.count, step);
            taps.outside(after);
            start += rows.dilation * line;
        }
        taps.outside((window.filter_height - (rows.first + rows.count)) * width);
        // The partner of an odd tap.
        taps.inside(0, width * window.filter_height % 2, 0);
    }

    /// How many pixels of a row, this one and those after it, have these columns of taps.
    fn run(&self, columns: Inside) -> usize {
        let window = &self.window;
        if columns.count < window.filter_width {
            return 1;
        }
        let last = columns.start + (columns.count - 1) * columns.dilation;
        let more = window.input_width.saturating_sub(1 + last);
        1 + more.checked_div(window.stride_width).unwrap_or_default()
    }
}
