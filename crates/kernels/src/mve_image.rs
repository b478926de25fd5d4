//! Copies of inputs with their padding, for cores with the vector extension MVE.

use crate::columns::Image;
use crate::instructions::mve::copy::{copy, fill, Rows};

/// The input, or the copy of it with its padding, and what is left of scratch.
pub fn padded<'c>(
    image: &Image,
    zero_point: i8,
    input: &'c [i8],
    scratch: &'c mut [i8],
) -> (&'c [i8], &'c mut [i8]) {
    if image.size == 0 {
        return (input, scratch);
    }
    let Some((padded, rest)) = scratch.split_at_mut_checked(image.size.into()) else {
        return (input, &mut []);
    };
    let (row, step) = (usize::from(image.row), usize::from(image.padded_row));
    let before = usize::from(image.before);
    let (length, behind) = if row == step {
        (input.len(), before + input.len())
    } else {
        (row, before)
    };
    let rows = Rows {
        count: input.len().checked_div(length).unwrap_or_default(),
        length,
        pitch: row,
        step,
    };
    // Where rows have padding on a side, everything is filled first.
    fill(padded.get_mut(..before).unwrap_or_default(), zero_point);
    fill(padded.get_mut(behind..).unwrap_or_default(), zero_point);
    copy(input, rows, padded.get_mut(before..).unwrap_or_default());
    (padded, rest)
}
