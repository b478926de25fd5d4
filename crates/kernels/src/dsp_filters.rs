//! Convolutions for cores with the DSP extension: what they share.

use crate::instructions::dsp::multiply::{Columns, Strip};
use core::mem::take;
use runtime::Output;

/// Filters as the inner loop reads them: two output channels at a time.
#[derive(Debug)]
pub struct DspFilters {
    /// Taps of an output channel, divided by four; rows of taps are filled up to that.
    pub quads: u16,
    /// For each pair of channels and each four taps two words: bytes are taps 0 and 2, then
    /// taps 1 and 3, of the first and the second channel in turns.
    pub weights: &'static [i32],
    /// For each pair of channels: two biases, then a multiplier and a scale for each. The last of
    /// an odd number of channels is there twice.
    pub scales: &'static [i32],
    /// Zero point of the output.
    pub zero_point: i8,
    /// Whether ties below zero need an instruction of their own, as `dsp.py` says.
    pub signed: bool,
}

impl DspFilters {
    /// See the field `quads`.
    #[inline]
    #[must_use]
    pub fn quads(&self) -> usize {
        self.quads.into()
    }
}

/// Words of [`DspFilters::scales`] for a pair of channels.
pub const SCALES: usize = 6;

/// Where a convolution's columns come from.
pub trait Source {
    /// How neighbouring pixels lie in memory.
    fn strip(&self) -> Strip;

    /// How many pixels from this one on lie in memory as a strip says, and the first value.
    fn run(&mut self, pixel: usize) -> (usize, &[i8]);

    /// Fills the column of any pixel.
    fn gather(&mut self, pixel: usize, column: &mut [u32]);
}

/// Computes an output: strips where the source has them, and else three pixels one by one.
///
/// One copy serves all convolutions, which cost much more than the calls.
#[inline(never)]
pub fn convolve(source: &mut dyn Source, mut columns: Columns<'_>, output: Output<'_, i8>) {
    let mut pixel = output.pixels().start;
    let channels = output.channels().len();
    let strip = source.strip();
    match output.flat() {
        Ok((_, mut outputs)) => {
            while !outputs.is_empty() {
                let left = outputs.len().checked_div(channels).unwrap_or_default();
                let (run, values) = source.run(pixel);
                let run = run.min(left) / 3 * 3;
                let count = if run > 0 { run } else { left.min(3) };
                let (some, rest) = take(&mut outputs)
                    .split_at_mut_checked(count * channels)
                    .unwrap_or_default();
                if run > 0 {
                    columns.strip(&strip, values, some);
                } else {
                    let mut some = (pixel..).zip(some.chunks_mut(channels.max(1)));
                    three(source, &mut columns, &mut some);
                }
                pixel += count;
                outputs = rest;
            }
        }
        Err(output) => {
            let mut outputs = output.by_pixel();
            while three(source, &mut columns, &mut outputs) {}
        }
    }
}

/// Computes up to three pixels; whether there was one.
#[inline(never)]
fn three(
    source: &mut dyn Source,
    columns: &mut Columns<'_>,
    outputs: &mut dyn Iterator<Item = (usize, &mut [i8])>,
) -> bool {
    let mut places: [&mut [i8]; 3] = Default::default();
    for (index, place) in places.iter_mut().enumerate() {
        let Some((pixel, output)) = outputs.next() else {
            break;
        };
        source.gather(pixel, columns.column(index));
        *place = output;
    }
    let any = places.iter().any(|place| !place.is_empty());
    columns.multiply(places);
    any
}
