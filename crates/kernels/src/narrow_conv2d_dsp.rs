//! Conv2d for cores with the DSP extension, where an input pixel is not whole words: first layers.

use crate::dsp_filters::{convolve, DspFilters, Source};
use crate::instructions::bytes::bytes;
use crate::instructions::copy::copy;
use crate::instructions::dsp::gather::{gather, Rows, QUAD};
use crate::instructions::dsp::multiply::{Columns, Strip};
use crate::rolled::{fill, fill_bytes, repeated};
use crate::window::Window;
use runtime::Claim;

/// Parameters of [`narrow_conv2d_dsp`].
#[derive(Debug)]
pub struct NarrowConv2dDsp {
    /// Where the filter lies; it is not dilated.
    pub window: Window,
    /// Input channels.
    pub depth: u16,
    /// Zero point of the input, in `[-128, 127]`, which padding has.
    pub input_zero_point: i8,
    /// Bytes of a row of padded input, a multiple of 4.
    pub pitch: usize,
    /// Weights with folded bias. Taps are in the order height, width, depth; each row of taps is
    /// filled up to whole words with weights of 0.
    pub filters: DspFilters,
}

/// Computes `[pixels, outputs]` from `[height, width, depth]`, three pixels at a time.
///
/// Scratch holds three columns, [`QUAD`] words for each four taps, then the input rows that a row
/// of outputs sees, with padding and filled up to `pitch`.
pub fn narrow_conv2d_dsp(params: &NarrowConv2dDsp, claim: Claim<'_, (i8,), i8>) {
    let input = claim.input().flat();
    let channels = claim.output.channels();
    let split = params.filters.quads() * QUAD;
    let Some((columns, rest)) = claim.scratch.split_at_mut_checked(split) else {
        return;
    };
    // Another kind of core may need more scratch.
    let rows = params.window.filter_height() * params.pitch;
    let Some(padded) = rest.get_mut(..rows / 4) else {
        return;
    };
    fill(padded, repeated(params.input_zero_point));
    let padded = bytes(padded);
    if let Some(columns) = Columns::new(&params.filters, channels, columns) {
        let mut source = Padded {
            params,
            input,
            padded,
            row: usize::MAX,
        };
        convolve(&mut source, columns, claim.output);
    }
}

struct Padded<'p> {
    params: &'p NarrowConv2dDsp,
    input: &'p [i8],
    padded: &'p mut [i8],
    /// The row of outputs that sees what is in `padded`.
    row: usize,
}

impl Padded<'_> {
    #[inline]
    fn depth(&self) -> usize {
        self.params.depth.into()
    }

    /// The padded rows from the first tap of an output on, and the column of the output.
    #[inline(never)]
    fn seen(&mut self, pixel: usize) -> (usize, &[i8]) {
        let window = &self.params.window;
        let row = pixel.checked_div(window.output_width()).unwrap_or_default();
        let column = pixel - row * window.output_width();
        if row != self.row {
            self.row = row;
            self.pad();
        }
        let from = column * window.stride_width() * self.depth();
        (column, self.padded.get(from..).unwrap_or_default())
    }

    /// Copies the input rows that a row of outputs sees between their padding.
    fn pad(&mut self) {
        let window = &self.params.window;
        let length = window.input_width() * self.depth();
        let top = (self.row * window.stride_height()).wrapping_sub(window.padding_top());
        let start = window.padding_left() * self.depth();
        for (tap, to) in (0..).zip(self.padded.chunks_mut(self.params.pitch.max(1))) {
            let row = top.wrapping_add(tap);
            let from = row.wrapping_mul(length);
            let to = to.get_mut(start..start + length).unwrap_or_default();
            match self.input.get(from..from.wrapping_add(length)) {
                Some(from) if row < window.input_height() => copy(from, to),
                _ => fill_bytes(to, self.params.input_zero_point),
            }
        }
    }
}

impl Source for Padded<'_> {
    fn strip(&self) -> Strip {
        let window = &self.params.window;
        Strip {
            step: window.stride_width() * self.depth(),
            rows: Rows {
                count: window.filter_height(),
                quads: (window.filter_width() * self.depth()).div_ceil(4),
                pitch: self.params.pitch,
                skipped: 0,
            },
        }
    }

    fn run(&mut self, pixel: usize) -> (usize, &[i8]) {
        let width = self.params.window.output_width();
        let (column, seen) = self.seen(pixel);
        (width - column, seen)
    }

    fn gather(&mut self, pixel: usize, column: &mut [u32]) {
        let rows = self.strip().rows;
        let (_, seen) = self.seen(pixel);
        gather(seen, rows, column);
    }
}
