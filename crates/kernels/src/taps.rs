//! Depthwise filters of any size, stride and dilation: how its kernels go through an output.

use crate::instructions::bytes::bytes;
use crate::instructions::places::Places;
use crate::rolled::{fill, repeated};
use crate::window::{Taps, Window};
use core::mem::take;
use runtime::Claim;

/// A depthwise filter over an input.
#[derive(Debug)]
pub struct Tapped {
    /// Where the filter lies.
    pub window: Window,
    /// Input channels.
    pub depth: u16,
    /// Output channels of an input channel.
    pub multiplier: u16,
    /// Zero point of the input, in `[-128, 127]`, which padding has.
    pub input_zero_point: i8,
}

/// Neighbouring pixels of an output, of which the first has these places.
#[derive(Debug)]
pub struct Run<'r> {
    /// Where the taps lie, in the order height, width; the last of an odd number comes with
    /// another place, for a weight of 0.
    pub places: &'r Places<'r>,
    /// Input elements from a pixel to the next.
    pub step: usize,
    /// Number of pixels, all of which can be read.
    pub pixels: usize,
}

impl Tapped {
    /// Computes whole pixels of `[pixels, depth * multiplier]` from `[height, width, depth]`.
    ///
    /// Scratch holds a word for each tap of a pixel, and padding, at least as much as a pixel has
    /// channels.
    #[inline(never)]
    pub fn walk(&self, claim: Claim<'_, (i8,), i8>, compute: &mut dyn FnMut(&Run<'_>, &mut [i8])) {
        let input = claim.input().flat();
        let window = &self.window;
        let depth = usize::from(self.depth);
        let channels = depth * usize::from(self.multiplier);
        let taps = (window.filter_height() * window.filter_width()).next_multiple_of(2);
        let step = window.stride_width() * depth;
        let mut pixel = claim.output.pixels().start;
        let Ok((_, mut outputs)) = claim.output.flat() else {
            return;
        };
        let Some((list, outside)) = claim.scratch.split_at_mut_checked(taps) else {
            return;
        };
        fill(outside, repeated(self.input_zero_point));
        let outside = bytes(outside);
        let Some(mut places) = Places::new(input, outside, depth, list) else {
            return;
        };
        while !outputs.is_empty() {
            let (rows, columns) = window.inside(pixel);
            self.list(rows, columns, &mut places);
            let left = outputs.len().checked_div(channels).unwrap_or_default();
            let pixels = self.run(columns).min(places.pixels(step)).min(left);
            let some = take(&mut outputs).split_at_mut_checked(pixels * channels);
            let Some((some, rest)) = some.filter(|_| pixels > 0) else {
                return;
            };
            let run = Run {
                places: &places,
                step,
                pixels,
            };
            compute(&run, some);
            outputs = rest;
            pixel += pixels;
        }
    }

    /// Lists the taps of a pixel: those inside the input, and the others.
    #[inline(never)]
    fn list(&self, rows: Taps, columns: Taps, places: &mut Places<'_>) {
        let window = &self.window;
        let width = window.filter_width();
        let depth = usize::from(self.depth);
        let line = window.input_width() * depth;
        let step = columns.dilation * depth;
        let after = width - (columns.first + columns.count);
        let mut start = rows.start * line + columns.start * depth;
        places.clear();
        places.outside(rows.first * width);
        for _ in 0..rows.count {
            places.outside(columns.first);
            places.inside(start, columns.count, step);
            places.outside(after);
            start += rows.dilation * line;
        }
        places.outside((window.filter_height() - (rows.first + rows.count)) * width);
        // The partner of an odd tap.
        places.inside(0, width * window.filter_height() % 2, 0);
    }

    /// How many pixels of a row, this one and those after it, have these columns of taps.
    fn run(&self, columns: Taps) -> usize {
        let window = &self.window;
        if columns.count < window.filter_width() {
            return 1;
        }
        let last = columns.start + (columns.count - 1) * columns.dilation;
        let more = window.input_width().saturating_sub(1 + last);
        1 + more.checked_div(window.stride_width()).unwrap_or_default()
    }
}
