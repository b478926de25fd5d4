//! Conv2d with a filter of one tap for cores with the DSP extension: no pixel is looked for.

use crate::dsp_filters::{convolve, DspFilters, Source};
use crate::instructions::dsp::gather::{gather, Rows};
use crate::instructions::dsp::multiply::{Columns, Strip};
use runtime::Claim;

/// Parameters of [`pointwise_conv2d_dsp`].
#[derive(Debug)]
pub struct PointwiseConv2dDsp {
    /// Input channels, a multiple of 4.
    pub depth: u16,
    /// Weights with folded bias.
    pub filters: DspFilters,
}

/// Computes `[pixels, outputs]` from `[pixels, depth]`, three pixels at a time.
///
/// Scratch holds three columns: [`crate::instructions::dsp::gather::QUAD`] words for each four
/// taps.
pub fn pointwise_conv2d_dsp(params: &PointwiseConv2dDsp, claim: Claim<'_, (i8,), i8>) {
    let input = claim.input().flat();
    let depth = params.depth.into();
    let channels = claim.output.channels();
    if let Some(columns) = Columns::new(&params.filters, channels, claim.scratch) {
        convolve(&mut Pixels { input, depth }, columns, claim.output);
    }
}

struct Pixels<'i> {
    input: &'i [i8],
    depth: usize,
}

impl Pixels<'_> {
    #[inline]
    fn from(&self, pixel: usize) -> &[i8] {
        self.input.get(pixel * self.depth..).unwrap_or_default()
    }
}

impl Source for Pixels<'_> {
    fn strip(&self) -> Strip {
        Strip {
            step: self.depth,
            rows: Rows {
                count: 1,
                quads: self.depth / 4,
                pitch: self.depth,
                skipped: 0,
            },
        }
    }

    fn run(&mut self, pixel: usize) -> (usize, &[i8]) {
        (usize::MAX, self.from(pixel))
    }

    fn gather(&mut self, pixel: usize, column: &mut [u32]) {
        gather(self.from(pixel), self.strip().rows, column);
    }
}
