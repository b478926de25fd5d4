//! MaxPool2d for cores with the vector extension MVE: 16 channels at a time.

use crate::instructions::mve::pool::{largest, Seen};
use crate::instructions::reach::reach;
use crate::max_pool2d::MaxPool2d;
use crate::requantize::narrow;
use crate::window::{Taps, Window};
use runtime::Claim;

/// Computes `[pixels, depth]` from `[height, width, depth]`; padding does not count.
pub fn max_pool2d_mve(params: &MaxPool2d, claim: Claim<'_, (i8,), i8>) {
    let input = claim.input().flat();
    let pixels = claim.output.pixels();
    // Outputs are cut by pixels, so they are contiguous.
    let Ok((_, mut outputs)) = claim.output.flat() else {
        return;
    };
    let (window, depth) = (&params.window, params.depth);
    let range = (narrow(params.low), narrow(params.high));
    let pitch = window.input_width().saturating_mul(depth);
    let mut place = window.place(pixels.start);
    while !outputs.is_empty() {
        let (rows, columns) = window.inside_at(place);
        let count = alike(window, columns).min(window.output_width() - place.column);
        let length = count.saturating_mul(depth).clamp(1, outputs.len());
        let Some((now, rest)) = outputs.split_at_mut_checked(length) else {
            return; // never: it is at most their length
        };
        let seen = Seen {
            rows: (rows.count, pitch),
            columns: (columns.count, depth),
            step: window.stride_width().saturating_mul(depth),
            depth,
        };
        let from = reach(rows.start, pitch, columns.start.saturating_mul(depth));
        largest(input.get(from..).unwrap_or_default(), seen, range, now);
        outputs = rest;
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
