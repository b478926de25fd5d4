//! Conv2d for cores without SIMD, where output rows share what they see of the input.

use crate::columns::{Columns, PAIRS};
use crate::conv2d_lanes::{block, LaneFilters};
use crate::instructions::rv32::lanes::{Tile, PIXELS};
use crate::window::Place;
use core::ops::Range;
use runtime::{Claim, Output};

/// Parameters of [`conv2d_strips`].
#[derive(Debug)]
pub struct Conv2dStrips {
    /// What the filter sees: never padding, but of the copy of the input if there is one.
    pub columns: Columns,
    /// The filters.
    pub filters: LaneFilters,
    /// Rows of taps that scratch has words for; at least those of a filter.
    pub room: u16,
}

/// Computes `[pixels, outputs]` from `[height, width, depth]`.
///
/// Goes down strips of the output, six pixels wide and narrower ones at the right. Of the taps of a
/// tile it gathers those that the tile above it has not seen, and puts them behind the others.
///
/// Scratch: `room` rows of taps, three words of pixel pairs for each; then a copy of the input with
/// its padding.
pub fn conv2d_strips(params: &Conv2dStrips, claim: Claim<'_, (i8,), i8>) {
    let input = claim.input().flat();
    let window = &params.columns.window;
    let width = window.output_width();
    let room = usize::from(params.room) * params.line();
    let Some((words, rest)) = claim.scratch.split_at_mut_checked(room) else {
        return;
    };
    let (input, _) = params.columns.image(input, rest);
    let mut output = claim.output;
    let pixels = output.pixels();
    let end = window.place(pixels.end);
    let Place {
        mut row,
        mut column,
        ..
    } = window.place(pixels.start);
    // What is left of a row, whole rows, what is owned of a row.
    while (row, column) < (end.row, end.column) {
        let (rows, columns) = if row == end.row {
            (1, column..end.column)
        } else if column > 0 {
            (1, column..width)
        } else {
            (end.row - row, 0..width)
        };
        params.rectangle(input, words, &mut output, row..row + rows, columns);
        (row, column) = (row + rows, 0);
    }
}

impl Conv2dStrips {
    /// Words of a row of taps.
    #[inline]
    fn line(&self) -> usize {
        self.columns.window.filter_width() * usize::from(self.columns.depth) * PAIRS
    }

    /// Computes output pixels of some rows and columns, all of which are owned.
    #[inline]
    fn rectangle(
        &self,
        input: &[i8],
        words: &mut [u32],
        output: &mut Output<'_, i8>,
        rows: Range<usize>,
        columns: Range<usize>,
    ) {
        let mut column = columns.start;
        while column < columns.end {
            let strip = Strip::of(columns.end - column, &self.columns);
            self.strip(input, words, output, rows.clone(), column, strip);
            column += strip.width;
        }
    }

    /// Computes a strip of these rows, from a column on.
    #[inline]
    fn strip(
        &self,
        input: &[i8],
        words: &mut [u32],
        output: &mut Output<'_, i8>,
        rows: Range<usize>,
        column: usize,
        strip: Strip,
    ) {
        let window = &self.columns.window;
        let (height, line) = (window.filter_height(), self.line());
        let owned = output.pixels().start;
        let down = self.columns.down();
        let mut pixel = rows.start * window.output_width() + column;
        let mut input_start = self.columns.start(rows.start, column);
        // Where a tile's rows of taps begin, and how many of the last are to be gathered.
        let (mut start, mut missing) = (0, height);
        let mut left = rows.len();
        while left > 0 {
            let count = strip.pixels(left);
            let seen = height - missing..height;
            let mut low = input_start;
            for pair in 0..count.div_ceil(2) {
                // An odd pixel is paired with itself.
                let is_odd = 2 * pair + 1 == count;
                let high = if is_odd { low } else { low + strip.second };
                let words = words.get_mut((start + seen.start) * line + pair..);
                let words = words.unwrap_or_default();
                self.columns
                    .gather_rows(input, [low, high], seen.clone(), words);
                low += strip.next;
            }
            let tile = Part {
                first: pixel - owned,
                count,
                strip,
            };
            let columns = words.get(start * line..).unwrap_or_default();
            self.filters.compute(columns, output, tile);
            let below = strip.rows(count);
            let step = below * window.stride_height();
            let is_seen = step < height && start + step + height <= self.room.into();
            // One column's last pixel can be paired with itself, where that above it was not.
            (start, missing) = if is_seen && strip.width > 1 {
                (start + step, step)
            } else {
                (0, height)
            };
            input_start += below * down;
            pixel += below * window.output_width();
            left -= below;
        }
    }
}

/// A strip of the output, and which of its pixels are computed together.
#[derive(Clone, Copy)]
struct Strip {
    /// Its columns.
    width: usize,
    /// Input elements from what the first pixel of a pair sees to what the second does.
    second: usize,
    /// Input elements from what the first pixel of a pair sees to what that of the next does.
    next: usize,
    /// As `steps` of a [`Tile`].
    across: u16,
    onward: u16,
}

impl Strip {
    /// The widest strip of so many columns that are left.
    #[inline]
    fn of(left: usize, columns: &Columns) -> Self {
        let width = columns.window.output_width;
        let right = columns.window.stride_width() * usize::from(columns.depth);
        let down = columns.down();
        let (columns, (second, next), (across, onward)) = match left {
            0..=1 => (1, (down, 2 * down), (width, width)),
            2..=4 => (2, (right, down), (1, width - 1)),
            _ => (left.min(PIXELS), (right, 2 * right), (1, 1)),
        };
        Self {
            width: columns,
            second,
            next,
            across,
            onward,
        }
    }

    /// How many pixels are computed next where so many rows are left.
    #[inline]
    fn pixels(&self, rows: usize) -> usize {
        match self.width {
            1 | 2 => block(rows * self.width),
            _ => self.width,
        }
    }

    /// How many rows so many pixels are.
    #[inline]
    fn rows(&self, pixels: usize) -> usize {
        match self.width {
            1 => pixels,
            2 => pixels / 2,
            _ => 1,
        }
    }
}

/// Pixels of a strip that are computed together.
#[derive(Clone, Copy)]
struct Part {
    /// The first of them, among those that are owned.
    first: usize,
    count: usize,
    strip: Strip,
}

impl Tile for Part {
    #[inline]
    fn count(self) -> usize {
        self.count
    }

    #[inline]
    fn pixel(self, number: usize) -> usize {
        let (across, onward) = self.steps();
        let pairs = number / 2 * (usize::from(across) + usize::from(onward));
        self.first + pairs + number % 2 * usize::from(across)
    }

    #[inline]
    fn steps(self) -> (u16, u16) {
        (self.strip.across, self.strip.onward)
    }
}
