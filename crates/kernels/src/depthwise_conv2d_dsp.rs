//! DepthwiseConv2d with filters of 3 x 3 for cores with the DSP extension, four channels at a time.

use crate::instructions::dsp::depthwise::{
    last_to_first, make, Band, Outputs, Row, Shape, Size, GROUP,
};
use crate::rolled::fill;
use crate::window::Window;
use core::ops::Range;
use runtime::Claim;

/// Parameters of [`depthwise_conv2d_dsp`].
#[derive(Debug)]
pub struct DepthwiseConv2dDsp {
    /// Where the filter lies: 3 x 3 taps, not dilated, at a stride of 1 or 2 in both directions.
    pub window: Window,
    /// Channels, a multiple of 4.
    pub depth: u16,
    /// Zero point of the input, in `[-128, 127]`, which padding has.
    pub input_zero_point: i8,
    /// Rows of outputs.
    pub output_height: u16,
    /// Pairs of input rows that scratch has place for, at least 2.
    pub pairs: u16,
    /// Filters, with folded bias.
    pub filters: DepthwiseFilters,
}

/// Filters of all channels, and how their sums are stored.
#[derive(Debug)]
pub struct DepthwiseFilters {
    /// For each channel a word for each column of taps, whose bytes are taps 0, 1, 1 and 2; then
    /// multiplier, scale and folded bias.
    pub words: &'static [i32],
    /// Zero point of the output.
    pub zero_point: i8,
    /// Whether ties below zero need an instruction of their own, as `dsp.py` says.
    pub signed: bool,
}

/// Computes all pixels of runs of four channels from `[height, width, depth]`.
///
/// Scratch holds pairs of input rows with padding, of four channels, as 16-bit halves. A step
/// needs two pairs, and computes two rows of outputs at a stride of 1, or one row at 2. As many
/// steps as scratch has pairs for are computed together, and the last pair is the next one's first.
pub fn depthwise_conv2d_dsp(params: &DepthwiseConv2dDsp, mut claim: Claim<'_, (i8,), i8>) {
    let input = claim.input().flat();
    let channels = claim.output.channels();
    let window = &params.window;
    let (width, stride) = (window.output_width(), window.stride_width());
    let pitch = params.pitch();
    let rows = if stride == 1 { 2 } else { 1 };
    let height = usize::from(params.output_height);
    let places = usize::from(params.pairs);
    let steps = height.div_ceil(rows);
    let Some(pairs) = claim.scratch.get_mut(..places * pitch) else {
        return;
    };
    let size = Size {
        pitch,
        width,
        stride,
    };
    let Some(mut outputs) = Outputs::new(&mut claim.output, &params.filters, size) else {
        return;
    };
    params.pad(pairs, pitch);
    for first in channels.clone().step_by(GROUP) {
        let mut step = 0;
        let mut made = 0;
        while step < steps {
            let count = (steps - step).min(places.saturating_sub(1)).max(1);
            // The last pair is the next first one.
            if let Some(words) = pairs.get_mut(..(made + 1) * pitch) {
                last_to_first(words, pitch);
            }
            let have = usize::from(made > 0);
            if let Some(words) = pairs.get_mut(have * pitch..) {
                params.make(input, first, step + have..step + count + 1, words);
            }
            let band = Band {
                row: step * rows,
                rows: (count * rows).min(height - step * rows),
                channel: first - channels.start,
                first,
            };
            outputs.compute(pairs, band);
            step += count;
            made = count;
        }
    }
}

impl DepthwiseConv2dDsp {
    /// Fills what lies left and right of the input.
    fn pad(&self, pairs: &mut [u32], pitch: usize) {
        let [byte] = self.input_zero_point.to_le_bytes();
        let [sign] = (self.input_zero_point >> 7).to_le_bytes();
        let outside = u32::from_le_bytes([byte, sign, byte, sign]);
        for pair in pairs.chunks_exact_mut(pitch.max(1)) {
            let left = self.window.padding_left() * GROUP;
            let right = left + self.window.input_width() * GROUP;
            for side in [0..left, right..pitch] {
                if let Some(words) = pair.get_mut(side) {
                    fill(words, outside);
                }
            }
        }
    }

    /// Makes pairs of padded rows, of four channels from `first` on.
    fn make(&self, input: &[i8], first: usize, pairs: Range<usize>, words: &mut [u32]) {
        let window = &self.window;
        let pitch = self.pitch();
        let depth = usize::from(self.depth);
        let length = window.input_width() * depth;
        let outside = [self.input_zero_point; GROUP];
        let row = |index: usize| match index.wrapping_sub(window.padding_top()) {
            row if row < window.input_height() => Row {
                values: input.get(row * length + first..).unwrap_or_default(),
                step: depth,
            },
            _ => Row {
                values: &outside,
                step: 0,
            },
        };
        // Pairs of which both rows are inside are neighbours.
        let inside =
            window.padding_top().div_ceil(2)..(window.padding_top() + window.input_height()) / 2;
        let left = window.padding_left() * GROUP;
        let mut pair = pairs.start;
        while pair < pairs.end {
            let count = match inside.contains(&pair) {
                true => inside.end.min(pairs.end) - pair,
                false => 1,
            };
            let shape = Shape {
                pixels: window.input_width().min((pitch - left.min(pitch)) / GROUP),
                pitch,
                pairs: count,
                next: 2 * length,
            };
            let start = (pair - pairs.start) * pitch + left;
            let words = words.get_mut(start..).unwrap_or_default();
            make(row(2 * pair), row(2 * pair + 1), shape, words);
            pair += count;
        }
    }

    /// Words of a pair of rows: four for each pixel that outputs see.
    #[inline]
    fn pitch(&self) -> usize {
        let stride = self.window.stride_width();
        (self.window.output_width() * stride + 3 - stride.min(3)) * GROUP
    }
}
