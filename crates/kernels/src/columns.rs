//! What a filter sees of pairs of pixels, as words that hold a value of both.

use crate::instructions::join::join;
use crate::window::{Taps, Window};

/// Words from one tap to the next: pairs of pixels that are computed at a time.
pub const PAIRS: usize = 3;

/// The taps of an output pixel, in the order of a filter's elements.
#[derive(Debug)]
pub struct Columns {
    /// Where the filter lies.
    pub window: Window,
    /// Input channels.
    pub depth: usize,
    /// Stored value of padding: the zero point of the input, in `[-128, 127]`.
    pub padding: i8,
}

impl Columns {
    /// Writes the words of a pair of pixels, one for each tap, `PAIRS` apart.
    ///
    /// `bytes` has room for the taps of both pixels.
    pub fn gather(&self, input: &[i8], pixels: &[usize], bytes: &mut [i8], words: &mut [u32]) {
        let &[first, second] = pixels else { return };
        let (first, second) = (self.window.inside(first), self.window.inside(second));
        let line = self.window.filter_width * self.depth;
        if self.is_inside(first) && self.is_inside(second) {
            let lines = words.chunks_mut((line * PAIRS).max(1));
            for ((words, (_, low)), (_, high)) in lines.zip(first.0.iter()).zip(second.0.iter()) {
                let low = self.line(input, low, first.1);
                let high = self.line(input, high, second.1);
                join(low, high, words);
            }
            return;
        }
        let Some((low, high)) = bytes.split_at_mut_checked(self.window.filter_height * line) else {
            return;
        };
        self.copy(input, first, low);
        self.copy(input, second, high);
        join(low, high, words);
    }

    /// Whether a filter lies inside the input, its rows each in one piece.
    #[inline]
    fn is_inside(&self, (rows, columns): (Taps, Taps)) -> bool {
        rows.count == self.window.filter_height
            && columns.count == self.window.filter_width
            && (columns.dilation == 1 || columns.count == 1)
    }

    /// A row of taps inside the input.
    #[inline]
    fn line<'c>(&self, input: &'c [i8], row: usize, columns: Taps) -> &'c [i8] {
        let first = (row * self.window.input_width + columns.start) * self.depth;
        let length = columns.count * self.depth;
        input.get(first..first + length).unwrap_or_default()
    }

    /// Copies what the filter sees of one pixel.
    #[inline(never)]
    fn copy(&self, input: &[i8], (rows, columns): (Taps, Taps), values: &mut [i8]) {
        let depth = self.depth;
        values.fill(self.padding);
        // Taps of a row are neighbours in memory, hence one run, unless the filter is dilated.
        let (runs, taps) = match columns.dilation {
            1 => (1, columns.count),
            _ => (columns.count, 1),
        };
        for (tap, row) in rows.iter() {
            let mut to = (tap * self.window.filter_width + columns.first) * depth;
            let mut from = (row * self.window.input_width + columns.start) * depth;
            for _ in 0..runs {
                let seen = input.get(from..from + taps * depth).unwrap_or_default();
                let places = values.get_mut(to..).unwrap_or_default();
                for (place, &value) in places.iter_mut().zip(seen) {
                    *place = value;
                }
                to += depth;
                from += columns.dilation * depth;
            }
        }
    }
}
