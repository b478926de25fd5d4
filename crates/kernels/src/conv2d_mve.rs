//! Conv2d for cores with the vector extension MVE: 16 taps of a channel in one multiplication.

use crate::instructions::bytes::bytes;
use crate::instructions::mve::copy::{copy, Rows};
use crate::instructions::mve::multiply::multiply;
use crate::mve_filters::{MveFilters, VECTOR};
use crate::rolled::fill_bytes;
use crate::window::Window;
use runtime::Claim;

/// Parameters of [`conv2d_mve`].
#[derive(Debug)]
pub struct Conv2dMve {
    /// Where the filter lies; it is not dilated.
    pub window: Window,
    /// Input channels.
    pub depth: usize,
    /// Zero point of the input, in `[-128, 127]`, which padding has.
    pub input_zero_point: i8,
    /// Pixels whose columns fit into scratch; 0 where the input's pixels are columns.
    pub pixels: usize,
    /// Weights with folded bias. Taps are in the order height, width, depth.
    pub filters: MveFilters,
}

/// Computes `[pixels, outputs]` from `[height, width, depth]`.
///
/// Scratch holds the columns of some pixels: what the filter sees, to whole vectors. Where the
/// input's pixels are columns it holds the last ones.
pub fn conv2d_mve(params: &Conv2dMve, claim: Claim<'_, (i8,), i8>) {
    let input = claim.input().flat();
    let mut pixel = claim.output.pixels().start;
    // Outputs are cut by pixels, so they are contiguous.
    let Ok((_, outputs)) = claim.output.flat() else {
        return;
    };
    let filters = &params.filters;
    if params.pixels == 0 {
        let values = input.get(pixel * params.depth..).unwrap_or_default();
        filters.rows(values, params.depth, claim.scratch, outputs);
        return;
    }
    let columns = bytes(claim.scratch);
    let pitch = filters.vectors * VECTOR;
    for outputs in outputs.chunks_mut((params.pixels * filters.channels).max(1)) {
        let mut left = outputs
            .len()
            .checked_div(filters.channels)
            .unwrap_or_default();
        let mut to = 0;
        while left > 0 {
            let column = columns.get_mut(to..).unwrap_or_default();
            let count = gather(params, input, pixel, left, column);
            pixel += count;
            left -= count;
            to += count * pitch;
        }
        multiply(filters, columns, pitch, outputs);
    }
}

/// Fills columns from an output pixel on, at least one, and says how many.
#[inline]
fn gather(
    params: &Conv2dMve,
    input: &[i8],
    pixel: usize,
    most: usize,
    columns: &mut [i8],
) -> usize {
    let window = &params.window;
    let (depth, width) = (params.depth, window.input_width());
    let row = pixel.checked_div(window.output_width()).unwrap_or_default();
    let place = pixel - row * window.output_width();
    let (top, left) = (
        (row * window.stride_height()).wrapping_sub(window.padding_top()),
        (place * window.stride_width()).wrapping_sub(window.padding_left()),
    );
    // Where padding is seen, the subtractions wrapped, or the input ends.
    let is_inside = |left: usize| {
        top < window.input_height()
            && left < width
            && top + window.filter_height() <= window.input_height()
            && left + window.filter_width() <= width
    };
    let from = top
        .wrapping_mul(width)
        .wrapping_add(left)
        .wrapping_mul(depth);
    let seen = input.get(from..).unwrap_or_default();
    if window.filter_height() == 1 && window.filter_width() == 1 {
        // The pixels of a row are as far apart as the rows of a filter.
        let rows = Rows {
            count: most.min(window.output_width() - place),
            length: depth,
            pitch: window.stride_width() * depth,
            step: params.filters.vectors * VECTOR,
        };
        copy(seen, rows, columns);
        return rows.count;
    }
    let mut rows = Rows {
        count: window.filter_height(),
        length: window.filter_width() * depth,
        pitch: width * depth,
        step: window.filter_width() * depth,
    };
    if is_inside(left) {
        copy(seen, rows, columns);
        return 1;
    }
    let column = columns.get_mut(..rows.count * rows.step);
    fill_bytes(column.unwrap_or_default(), params.input_zero_point);
    let (inside, taps) = window.inside(pixel);
    rows.count = inside.count;
    rows.length = taps.count * depth;
    let from = (inside.start * width + taps.start) * depth;
    let to = (inside.first * window.filter_width() + taps.first) * depth;
    let column = columns.get_mut(to..).unwrap_or_default();
    copy(input.get(from..).unwrap_or_default(), rows, column);
    1
}
