//! Conv2d for cores with the DSP extension, where an input pixel is whole words.

use crate::dsp_filters::{convolve, DspFilters, Source};
use crate::instructions::dsp::gather::{gather, Rows, QUAD};
use crate::instructions::dsp::multiply::{Columns, Strip};
use crate::window::Window;
use core::ops::Range;
use runtime::Claim;

/// Parameters of [`conv2d_dsp`].
#[derive(Debug)]
pub struct Conv2dDsp {
    /// Where the filter lies; it is not dilated.
    pub window: Window,
    /// Input channels, a multiple of 4.
    pub depth: u16,
    /// Zero point of the input, in `[-128, 127]`, which padding has.
    pub input_zero_point: i8,
    /// First output row of which the whole filter lies inside the input.
    pub first_row: u16,
    /// One past the last such row.
    pub end_row: u16,
    /// First output column of which the whole filter lies inside the input.
    pub first_column: u16,
    /// One past the last such column.
    pub end_column: u16,
    /// Weights with folded bias. Taps are in the order height, width, depth.
    pub filters: DspFilters,
}

/// Computes `[pixels, outputs]` from `[height, width, depth]`, three pixels at a time.
///
/// Scratch holds three columns: [`QUAD`] words for each four taps.
pub fn conv2d_dsp(params: &Conv2dDsp, claim: Claim<'_, (i8,), i8>) {
    let input = claim.input().flat();
    let channels = claim.output.channels();
    if let Some(columns) = Columns::new(&params.filters, channels, claim.scratch) {
        convolve(&mut Image { params, input }, columns, claim.output);
    }
}

struct Image<'i> {
    params: &'i Conv2dDsp,
    input: &'i [i8],
}

impl Image<'_> {
    #[inline]
    fn depth(&self) -> usize {
        self.params.depth.into()
    }

    /// Row and column of an output, and whether the whole filter lies inside there.
    #[inline]
    fn place(&self, pixel: usize) -> (usize, usize, bool) {
        let width = self.params.window.output_width();
        let row = pixel.checked_div(width).unwrap_or_default();
        let column = pixel - row * width;
        let is_whole = is_in(row, self.params.first_row..self.params.end_row)
            && is_in(column, self.params.first_column..self.params.end_column);
        (row, column, is_whole)
    }

    /// The input from the first tap of a whole filter on.
    #[inline]
    fn seen(&self, row: usize, column: usize) -> &[i8] {
        let window = &self.params.window;
        let row = (row * window.stride_height()).wrapping_sub(window.padding_top());
        let column = (column * window.stride_width()).wrapping_sub(window.padding_left());
        let at = row * window.input_width() + column;
        self.input.get(at * self.depth()..).unwrap_or_default()
    }
}

impl Source for Image<'_> {
    fn strip(&self) -> Strip {
        let window = &self.params.window;
        Strip {
            step: window.stride_width() * self.depth(),
            rows: Rows {
                count: window.filter_height(),
                quads: window.filter_width() * (self.depth() / 4),
                pitch: window.input_width() * self.depth(),
                skipped: 0,
            },
        }
    }

    fn run(&mut self, pixel: usize) -> (usize, &[i8]) {
        match self.place(pixel) {
            (row, column, true) => (
                usize::from(self.params.end_column) - column,
                self.seen(row, column),
            ),
            _ => (0, &[]),
        }
    }

    fn gather(&mut self, pixel: usize, column: &mut [u32]) {
        let mut rows = self.strip().rows;
        if let (row, place, true) = self.place(pixel) {
            gather(self.seen(row, place), rows, column);
            return;
        }
        let [byte] = self.params.input_zero_point.to_le_bytes();
        let [sign] = (self.params.input_zero_point >> 7).to_le_bytes();
        let outside = u32::from_le_bytes([byte, sign, byte, sign]);
        for word in column.iter_mut().step_by(3) {
            *word = outside;
        }
        let (inside, columns) = self.params.window.inside(pixel);
        let quads = self.depth() / 4;
        let to = inside.first * rows.quads + columns.first * quads;
        rows.count = inside.count;
        rows.skipped = rows.quads - columns.count * quads;
        rows.quads = columns.count * quads;
        let from = inside.start * rows.pitch + columns.start * self.depth();
        let column = column.get_mut(to * QUAD..).unwrap_or_default();
        gather(self.input.get(from..).unwrap_or_default(), rows, column);
    }
}

#[inline]
fn is_in(index: usize, range: Range<u16>) -> bool {
    (range.start.into()..range.end.into()).contains(&index)
}
