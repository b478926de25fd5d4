//! Pools for cores with the DSP extension: four channels at a time.

use crate::instructions::dsp::pool::{Pixels, Seen, GROUP};
use crate::rolled::rolled;
use crate::window::Window;
use runtime::Claim;

/// Computes `[pixels, depth]` from `[height, width, depth]`, from what a filter sees, its number of
/// taps inside the input, and the first of four channels; padding does not count.
///
/// Where four channels are more than there are left, the last four are computed.
#[inline]
pub fn pool(
    window: &Window,
    depth: usize,
    claim: Claim<'_, (i8,), i8>,
    four: impl Fn(&Seen<'_>, usize, usize) -> [i8; GROUP],
) {
    let input = claim.input().flat();
    let channels = claim.output.channels();
    for (pixel, outputs) in claim.output.by_pixel() {
        let (rows, columns) = window.inside(pixel);
        let pixels = Pixels {
            columns: columns.count,
            rows: rows.count,
            step: depth,
            skipped: (window.input_width() - columns.count) * depth,
        };
        let from = (rows.start * window.input_width() + columns.start) * depth;
        let values = input.get(from..).unwrap_or_default();
        let Some(seen) = Seen::new(values, pixels, depth) else {
            return;
        };
        for channel in channels.clone().step_by(GROUP) {
            let first = channel.min(depth - GROUP).wrapping_sub(channels.start);
            let values = four(&seen, rows.count * columns.count, channel);
            if let Some(outputs) = outputs.get_mut(first..first.wrapping_add(GROUP)) {
                outputs.copy_from_slice(&values);
                continue;
            }
            for (lane, value) in values.into_iter().enumerate() {
                // Channels before those that are claimed come out again.
                if let Some(output) = outputs.get_mut(first.wrapping_add(lane)) {
                    *output = value;
                }
                rolled();
            }
        }
    }
}
