//! Conv2d for cores without SIMD, two products in one multiplication.

use crate::columns::{Columns, PAIRS};
use crate::instructions::lanes::Lanes;
use crate::instructions::rv32::lanes::{Outputs, Row, Tile, CHANNELS, PIXELS, RECORD};
use core::ops::Range;
use runtime::{Claim, Output};

/// Parameters of [`conv2d_lanes`].
#[derive(Debug)]
pub struct Conv2dLanes {
    /// What the filter sees.
    pub columns: Columns,
    /// The filters.
    pub filters: LaneFilters,
}

/// Filters, and how their sums are stored.
#[derive(Debug)]
pub struct LaneFilters {
    /// Weights by groups of channels, taps in the order of a filter's elements.
    pub weights: Lanes,
    /// For each group what [`Outputs::compute`] says; the bias is less the zero point of the input
    /// times the sum of the weights.
    pub records: &'static [i32],
    /// Whether values below the zero point are stored.
    pub is_signed: bool,
    /// Smallest stored value.
    pub low: i8,
    /// Largest stored value, less the smallest.
    pub span: u8,
}

/// Computes `[pixels, outputs]` from `[height, width, depth]`.
///
/// Scratch: for each tap three words of pixel pairs; then as bytes a copy of the input with its
/// padding, or two pixels' values.
pub fn conv2d_lanes(params: &Conv2dLanes, claim: Claim<'_, (i8,), i8>) {
    let input = claim.input().flat();
    let taps = params.filters.weights.taps();
    let Some((columns, words)) = claim.scratch.split_at_mut_checked(taps * PAIRS) else {
        return;
    };
    let (input, bytes) = params.columns.image(input, words);
    let mut output = claim.output;
    let pixels = output.pixels();
    let window = &params.columns.window;
    let lines = params.columns.lines();
    let mut first = pixels.start;
    let mut place = window.place(first);
    while first < pixels.end {
        let count = block(pixels.end - first);
        for pair in 0..count.div_ceil(2) {
            // An odd pixel is paired with itself.
            let low = place;
            let after = window.after(low);
            let high = if 2 * pair + 1 < count { after } else { low };
            place = window.after(high);
            let words = columns.get_mut(pair..).unwrap_or_default();
            params
                .columns
                .gather(input, [low, high], &lines, bytes, words);
        }
        let tile = Row {
            first: first - pixels.start,
            count,
        };
        params.filters.compute(columns, &mut output, tile);
        first += count;
    }
}

/// How many pixels are computed next: six of those that are left, and the last few in pairs.
#[inline]
#[must_use]
pub fn block(left: usize) -> usize {
    left.min(if left > PIXELS - 2 { PIXELS } else { 2 })
}

impl LaneFilters {
    /// Computes all channels of a tile. Channels that are owned begin with a group; otherwise
    /// nothing is computed.
    #[inline(never)]
    pub fn compute(&self, columns: &[u32], output: &mut Output<'_, i8>, tile: impl Tile) {
        let Range { start, end } = output.channels();
        if start % CHANNELS != 0 {
            return;
        }
        let groups = start / CHANNELS..end / CHANNELS;
        if let Some(outputs) = Outputs::new(output, tile, self.bounds(), self.is_signed) {
            self.store(columns, groups, outputs);
        }
        if end % CHANNELS != 0 {
            self.last(columns, output, tile);
        }
    }

    /// The last group has a channel: it goes through a copy.
    #[inline(never)]
    fn last(&self, columns: &[u32], output: &mut Output<'_, i8>, tile: impl Tile) {
        let channels = output.channels();
        let group = channels.end / CHANNELS;
        let mut spare = [[0; CHANNELS]; PIXELS];
        let outputs = Outputs::of_group(&mut spare, tile.count(), self.bounds(), self.is_signed);
        if let Some(outputs) = outputs {
            self.store(columns, group..group + 1, outputs);
        }
        for (number, &[result, _]) in (0..tile.count()).zip(&spare) {
            if let Some(output) = output.run(tile.pixel(number)).last_mut() {
                *output = result;
            }
        }
    }

    /// Smallest stored value, and the largest less that.
    #[inline]
    fn bounds(&self) -> (i32, i32) {
        (i32::from(self.low), i32::from(self.span))
    }

    /// Computes groups of channels, of which the first goes to the first that is owned.
    #[inline(never)]
    fn store(&self, columns: &[u32], groups: Range<usize>, outputs: Outputs<'_>) {
        let records = self.records.get(groups.start * RECORD..);
        let groups = self.weights.groups(groups.start, groups.len(), CHANNELS);
        if let (Some(groups), Some(records)) = (groups, records) {
            outputs.compute(groups, records, columns);
        }
    }
}
