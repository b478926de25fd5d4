//! Conv2d to few channels for cores with the vector extension MVE, which gathers no columns.

use crate::columns::Image;
use crate::instructions::bytes::bytes;
use crate::instructions::mve::runs::{multiply_runs, MvePairs, Walk};
use crate::mve_image::padded;
use crate::window::Window;
use runtime::Claim;

/// Parameters of [`conv2d_direct_mve`].
#[derive(Debug)]
pub struct Conv2dDirectMve {
    /// Where the filter lies over the image, without padding; it is not dilated.
    pub window: Window,
    /// Input channels.
    pub depth: usize,
    /// Zero point of the input, in `[-128, 127]`, which padding has.
    pub input_zero_point: i8,
    /// A copy of the input with its padding, of whole words, and a vector less one element behind.
    pub image: Image,
    /// Weights with folded bias. Taps are in the order height, width, depth.
    pub pairs: MvePairs,
}

/// Computes `[pixels, outputs]` from `[height, width, depth]`.
///
/// Scratch holds the image, and where each four pixels see it.
pub fn conv2d_direct_mve(params: &Conv2dDirectMve, claim: Claim<'_, (i8,), i8>) {
    let input = claim.input().flat();
    let pixels = claim.output.pixels();
    // Outputs are cut by pixels, so they are contiguous.
    let Ok((_, outputs)) = claim.output.flat() else {
        return;
    };
    let words = usize::from(params.image.size) / size_of::<u32>();
    let Some((words, table)) = claim.scratch.split_at_mut_checked(words) else {
        return;
    };
    let zero_point = params.input_zero_point;
    let (image, _) = padded(&params.image, zero_point, input, bytes(words));
    let (window, depth) = (&params.window, params.depth);
    let pitch = window.input_width().saturating_mul(depth);
    let walk = Walk {
        first: pixels.start,
        width: window.output_width(),
        row: pitch.saturating_mul(window.stride_height()),
        step: depth.saturating_mul(window.stride_width()),
        pitch,
    };
    multiply_runs(&params.pairs, &walk, image, table, outputs);
}
