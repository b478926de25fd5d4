//! Pools that are computed by runs of pixels that lie side by side and see as many taps.

use crate::instructions::reach::reach;
use crate::window::{Taps, Window};
use core::ops::Range;

/// What the filter sees of pixels of a run.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    /// Rows of taps, and elements from one to the next.
    pub rows: (usize, usize),
    /// Taps of a row, and elements from one to the next.
    pub columns: (usize, usize),
    /// Elements from what a pixel sees first to what the next does.
    pub step: usize,
}

impl Seen {
    /// Elements from the first one that `pixels` of so many channels see to the end of the last.
    #[inline]
    #[must_use]
    pub fn reach(&self, pixels: usize, channels: usize) -> Option<usize> {
        let last = |(count, _): (usize, usize)| count.checked_sub(1);
        let row = reach(last(self.columns)?, self.columns.1, channels);
        let one = reach(last(self.rows)?, self.rows.1, row);
        Some(reach(pixels.checked_sub(1)?, self.step, one))
    }

    /// The sum of a channel of the pixel that `values` begin with.
    #[must_use]
    pub fn sum(&self, values: &[i8], channel: usize) -> i32 {
        let taps = (0..self.rows.0).flat_map(|row| {
            let first = row * self.rows.1 + channel;
            (0..self.columns.0).map(move |column| first + column * self.columns.1)
        });
        taps.filter_map(|tap| values.get(tap))
            .copied()
            .map(i32::from)
            .sum()
    }

    /// Taps that each pixel sees.
    #[inline]
    #[must_use]
    pub fn taps(&self) -> usize {
        self.rows.0.saturating_mul(self.columns.0)
    }
}

/// Goes over the pixels of an output by runs: how many, the first element of the input that the
/// first one sees, and what it sees.
#[inline]
pub fn by_runs(
    window: &Window,
    depth: usize,
    pixels: Range<usize>,
    mut run: impl FnMut(usize, usize, Seen),
) {
    // What wraps is not in the input.
    let pitch = window.input_width().wrapping_mul(depth);
    let mut place = window.place(pixels.start);
    let mut left = pixels.len();
    while left > 0 {
        let (rows, columns) = window.inside_at(place);
        let count = alike(window, columns).min(window.output_width().saturating_sub(place.column));
        let count = count.clamp(1, left);
        let from = rows.start.wrapping_mul(window.input_width());
        let from = from.wrapping_add(columns.start).wrapping_mul(depth);
        // One column of taps is as good as a row, and takes no loop over rows.
        let (rows, columns) = if columns.count == 1 {
            ((1, 0), (rows.count, pitch))
        } else {
            ((rows.count, pitch), (columns.count, depth))
        };
        let step = window.stride_width().wrapping_mul(depth);
        run(
            count,
            from,
            Seen {
                rows,
                columns,
                step,
            },
        );
        left -= count;
        place.column += count;
        if place.column >= window.output_width() {
            (place.row, place.column) = (place.row + 1, 0);
        }
    }
}

/// How many pixels from one on see as many taps of a row, if the row of outputs does not end.
#[inline]
fn alike(window: &Window, columns: Taps) -> usize {
    if columns.count < window.filter_width() {
        return 1;
    }
    let behind = window.input_width() - columns.start - columns.count;
    behind.checked_div(window.stride_width()).unwrap_or(0) + 1
}
