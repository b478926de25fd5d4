//! Conv2d of one tap and few input channels for cores with the vector extension MVE.

use crate::instructions::bytes::bytes;
use crate::instructions::mve::copy::{copy, Rows};
use crate::instructions::mve::quads::{multiply_quads, MveQuads};
use runtime::Claim;

/// Parameters of [`pointwise_mve`].
#[derive(Debug)]
pub struct PointwiseMve {
    /// Weights with folded bias.
    pub quads: MveQuads,
}

/// Computes `[pixels, outputs]` from `[pixels, depth]`.
///
/// Scratch holds the last pixels, behind which less than a vector is left.
pub fn pointwise_mve(params: &PointwiseMve, claim: Claim<'_, (i8,), i8>) {
    let input = claim.input().flat();
    let start = claim.output.pixels().start;
    // Outputs are cut by pixels, so they are contiguous.
    let Ok((_, outputs)) = claim.output.flat() else {
        return;
    };
    let (quads, depth) = (&params.quads, params.quads.depth);
    let values = input.get(start * depth..).unwrap_or_default();
    let pixels = outputs.len().checked_div(quads.channels).unwrap_or(0);
    let more = values.len().checked_sub(quads.seen());
    let inside = more.and_then(|more| more.checked_div(depth));
    let inside = inside.map_or(0, |last| last + 1).min(pixels);
    let Some((here, rest)) = outputs.split_at_mut_checked(inside * quads.channels) else {
        return; // never: there are no more pixels inside than pixels
    };
    multiply_quads(quads, values, here);
    if inside < pixels {
        let run = Rows {
            count: 1,
            length: (pixels - inside) * depth,
            pitch: 0,
            step: 0,
        };
        let copied = bytes(claim.scratch);
        copy(
            values.get(inside * depth..).unwrap_or_default(),
            run,
            copied,
        );
        multiply_quads(quads, copied, rest);
    }
}
