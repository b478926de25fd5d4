//! Conv2d for cores with the vector extension MVE: 16 taps of a channel in one multiplication.

use crate::columns::Image;
use crate::instructions::bytes::bytes;
use crate::instructions::mve::copy::{copy, fill, gather, Rows, Seen};
use crate::instructions::mve::multiply::multiply;
use crate::mve_filters::{MveFilters, VECTOR};
use crate::mve_image::padded;
use crate::window::{Place, Window};
use runtime::Claim;

/// Parameters of [`conv2d_mve`].
#[derive(Debug)]
pub struct Conv2dMve {
    /// Where the filter lies, over the image if there is one; it is not dilated.
    pub window: Window,
    /// Input channels.
    pub depth: usize,
    /// Zero point of the input, in `[-128, 127]`, which padding has.
    pub input_zero_point: i8,
    /// A copy of a small input with its padding, so that no filter meets a border.
    pub image: Image,
    /// Pixels whose columns fit into scratch; 0 where the input's pixels are columns.
    pub pixels: usize,
    /// Weights with folded bias. Taps are in the order height, width, depth.
    pub filters: MveFilters,
}

/// Computes `[pixels, outputs]` from `[height, width, depth]`.
///
/// Scratch holds the image, and the columns of some pixels: what the filter sees, to whole vectors.
/// Where the input's pixels are columns it holds the last ones.
pub fn conv2d_mve(params: &Conv2dMve, claim: Claim<'_, (i8,), i8>) {
    let input = claim.input().flat();
    let pixels = claim.output.pixels();
    // Outputs are cut by pixels, so they are contiguous.
    let Ok((_, outputs)) = claim.output.flat() else {
        return;
    };
    let filters = &params.filters;
    if params.pixels == 0 {
        let values = input.get(pixels.start * params.depth..).unwrap_or_default();
        filters.rows(values, params.depth, claim.scratch, outputs);
        return;
    }
    let (input, columns) = padded(
        &params.image,
        params.input_zero_point,
        input,
        bytes(claim.scratch),
    );
    let pitch = filters.vectors * VECTOR;
    let window = &params.window;
    let depth = params.depth;
    let rows = (
        window.filter_height(),
        window.filter_width() * depth,
        window.input_width() * depth,
    );
    let Some(runs) = Seen::new(rows, (window.stride_width() * depth, pitch)) else {
        return;
    };
    let inside = Inside {
        runs,
        tops: (window.input_height() + 1).saturating_sub(window.filter_height()),
        lefts: (window.input_width() + 1).saturating_sub(window.filter_width()),
    };
    let mut place = window.place(pixels.start);
    for outputs in outputs.chunks_mut((params.pixels * filters.channels).max(1)) {
        let mut left = outputs
            .len()
            .checked_div(filters.channels)
            .unwrap_or_default();
        let mut to = 0;
        while left > 0 {
            let column = columns.get_mut(to..).unwrap_or_default();
            let most = left.min(window.output_width() - place.column).max(1);
            let count = see(params, input, &inside, place, most, column);
            place.pixel += count;
            place.column += count;
            if place.column >= window.output_width() {
                (place.row, place.column) = (place.row + 1, 0);
            }
            left = left.saturating_sub(count);
            to += count * pitch;
        }
        multiply(filters, columns, pitch, outputs);
    }
}

/// What the filter sees of a pixel, and where that is inside the input.
struct Inside {
    runs: Seen,
    /// Rows of the input from which on all rows of taps are inside.
    tops: usize,
    /// Columns from which on all taps of a row are.
    lefts: usize,
}

/// Fills columns from an output pixel on, at least one and at most those of its row, and says how
/// many.
#[inline]
fn see(
    params: &Conv2dMve,
    input: &[i8],
    inside: &Inside,
    place: Place,
    most: usize,
    columns: &mut [i8],
) -> usize {
    let (window, rows) = (&params.window, inside.runs.rows());
    let (depth, stride) = (params.depth, window.stride_width());
    let top = (place.row * window.stride_height()).wrapping_sub(window.padding_top());
    let left = (place.column * stride).wrapping_sub(window.padding_left());
    let count = if params.image.size > 0 {
        most
    } else if top < inside.tops && left < inside.lefts {
        let more = (inside.lefts - 1 - left).checked_div(stride);
        most.min(more.unwrap_or_default() + 1)
    } else {
        // Padding is seen: the subtractions wrapped, or the input ends.
        see_border(params, input, rows, place, columns);
        return 1;
    };
    let from = input.get(top * rows.pitch + left * depth..);
    gather(from.unwrap_or_default(), &inside.runs, count, columns);
    count
}

/// Fills the column of a pixel that sees padding.
#[inline(never)]
fn see_border(params: &Conv2dMve, input: &[i8], mut rows: Rows, place: Place, columns: &mut [i8]) {
    let column = columns.get_mut(..rows.count * rows.step);
    fill(column.unwrap_or_default(), params.input_zero_point);
    let (inside, taps) = params.window.inside_at(place);
    rows.count = inside.count;
    rows.length = taps.count * params.depth;
    let from = inside.start * rows.pitch + taps.start * params.depth;
    let to = inside.first * rows.step + taps.first * params.depth;
    let column = columns.get_mut(to..).unwrap_or_default();
    copy(input.get(from..).unwrap_or_default(), rows, column);
}
