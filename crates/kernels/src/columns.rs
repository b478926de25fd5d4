//! What a filter sees of pairs of pixels, as words that hold a value of both.

use crate::instructions::bytes::bytes;
use crate::instructions::copy::copy;
use crate::instructions::join::{join, Lines};
use crate::rolled::{fill, fill_bytes, repeated, rolled};
use crate::window::{Place, Window};
use core::ops::Range;

/// Words from one tap to the next: pairs of pixels that are computed at a time.
pub const PAIRS: usize = 3;

/// The taps of an output pixel, in the order of a filter's elements.
#[derive(Debug)]
pub struct Columns {
    /// Where the filter lies; over the image, if there is one, then without padding.
    pub window: Window,
    /// Input channels.
    pub depth: u16,
    /// Stored value of padding: the zero point of the input, in `[-128, 127]`.
    pub padding: i8,
    /// Whether an output pixel sees the input pixel of the same number and nothing else.
    pub is_pointwise: bool,
    /// Output pixels whose taps lie inside the input, those of a row in one piece.
    pub whole: Whole,
    /// A copy of a small input with its padding, so that no filter meets a border.
    pub image: Image,
}

/// A rectangle of output pixels.
#[derive(Debug)]
pub struct Whole {
    /// First row.
    pub first_row: u16,
    /// One past the last row.
    pub end_row: u16,
    /// First column.
    pub first_column: u16,
    /// One past the last column.
    pub end_column: u16,
}

impl Whole {
    /// Whether a pixel is one of them.
    #[inline]
    fn has(&self, Place { row, column, .. }: Place) -> bool {
        let rows = usize::from(self.first_row)..usize::from(self.end_row);
        let columns = usize::from(self.first_column)..usize::from(self.end_column);
        rows.contains(&row) && columns.contains(&column)
    }
}

/// A copy of an input with its padding; of size 0 where none is made.
#[derive(Debug)]
pub struct Image {
    /// Values of all of it.
    pub size: u16,
    /// Values of a row of the input.
    pub row: u16,
    /// Values of a row of the copy.
    pub padded_row: u16,
    /// Values of the copy before the input's first.
    pub before: u16,
}

impl Columns {
    /// The input, or the copy of it in `words`, and what is left of `words`.
    #[inline(never)]
    pub fn image<'c>(&self, input: &'c [i8], words: &'c mut [u32]) -> (&'c [i8], &'c mut [i8]) {
        if self.image.size == 0 {
            return (input, bytes(words));
        }
        fill(words, repeated(self.padding));
        let Some((image, rest)) = bytes(words).split_at_mut_checked(self.image.size.into()) else {
            return (input, &mut []);
        };
        let mut at = usize::from(self.image.before);
        for row in input.chunks(self.image.row.max(1).into()) {
            copy(row, image.get_mut(at..).unwrap_or_default());
            at += usize::from(self.image.padded_row);
            rolled();
        }
        (image, rest)
    }

    /// Writes the words of a pair of pixels, one for each tap, `PAIRS` apart.
    ///
    /// `lines` are [`Self::lines`], and `bytes` has room for the taps of both pixels.
    #[inline]
    pub fn gather(
        &self,
        input: &[i8],
        pixels: [Place; 2],
        lines: &Lines,
        bytes: &mut [i8],
        words: &mut [u32],
    ) {
        let [first, second] = pixels;
        let mut lines = *lines;
        let [low, high] = if self.is_pointwise {
            pixels.map(|place| input.get(place.pixel * usize::from(self.depth)..))
        } else if self.whole.has(first) && self.whole.has(second) {
            pixels.map(|place| input.get(self.start(place.row, place.column)..))
        } else {
            let Some((low, high)) = bytes.split_at_mut_checked(lines.values()) else {
                return;
            };
            self.copy(input, first, low);
            self.copy(input, second, high);
            lines = lines.joined();
            [Some(&*low), Some(&*high)]
        };
        if let (Some(low), Some(high)) = (low, high) {
            join(low, high, &lines, words);
        }
    }

    /// The rows of taps of a pixel.
    #[inline]
    #[must_use]
    pub fn lines(&self) -> Lines {
        let (window, depth) = (&self.window, usize::from(self.depth));
        Lines::new(
            window.filter_height(),
            window.filter_width() * depth,
            window.input_width() * window.dilation_height() * depth,
        )
    }

    /// Writes the words of some rows of taps, for two pixels that see the input from so many
    /// elements on and no padding.
    #[inline]
    pub fn gather_rows(
        &self,
        input: &[i8],
        pixels: [usize; 2],
        rows: Range<usize>,
        words: &mut [u32],
    ) {
        let window = &self.window;
        let step = window.input_width() * usize::from(self.depth);
        let length = window.filter_width() * usize::from(self.depth);
        let lines = Lines::new(rows.len(), length, step);
        let [low, high] = pixels.map(|start| input.get(start.wrapping_add(rows.start * step)..));
        if let (Some(low), Some(high)) = (low, high) {
            join(low, high, &lines, words);
        }
    }

    /// From where on a pixel sees the input, if it sees no padding.
    #[inline]
    #[must_use]
    pub fn start(&self, row: usize, column: usize) -> usize {
        let window = &self.window;
        let row = (row * window.stride_height()).wrapping_sub(window.padding_top());
        let column = (column * window.stride_width()).wrapping_sub(window.padding_left());
        (row * window.input_width() + column) * usize::from(self.depth)
    }

    /// Input elements from what a pixel sees to what the one below it does.
    #[inline]
    #[must_use]
    pub fn down(&self) -> usize {
        self.window.stride_height() * self.window.input_width() * usize::from(self.depth)
    }

    /// Copies what the filter sees of one pixel.
    #[inline(never)]
    fn copy(&self, input: &[i8], place: Place, values: &mut [i8]) {
        let (rows, columns) = self.window.inside_at(place);
        let depth = usize::from(self.depth);
        fill_bytes(values, self.padding);
        // Taps of a row are neighbours in memory, hence one run, unless the filter is dilated.
        let (runs, taps) = match columns.dilation {
            1 => (1, columns.count),
            _ => (columns.count, 1),
        };
        let length = taps * depth;
        for (tap, row) in rows.iter() {
            let mut to = (tap * self.window.filter_width() + columns.first) * depth;
            let mut from = (row * self.window.input_width() + columns.start) * depth;
            for _ in 0..runs {
                let seen = input.get(from..).unwrap_or_default();
                let places = values.get_mut(to..).unwrap_or_default();
                let length = length.min(places.len());
                copy(seen, places.get_mut(..length).unwrap_or_default());
                to += depth;
                from += columns.dilation * depth;
                rolled();
            }
            rolled();
        }
    }
}
