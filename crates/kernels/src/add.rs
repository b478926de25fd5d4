//! Add: the sum of two tensors, or of a tensor and a constant.

use crate::grid::Grid;
use crate::requantize::{narrow, scale};
use runtime::{Claim, Output};

/// Parameters of [`add`].
#[derive(Debug)]
pub struct Add {
    /// Height and width of the output.
    pub grid: Grid,
    /// The first input.
    pub first: Operand,
    /// The second input, or the constant.
    pub second: Operand,
    /// The second operand where it is a constant, otherwise empty.
    pub constant: &'static [i8],
    /// Fixed-point multiplier from the sum to the output, in `[2^30, 2^31)` or 0.
    pub multiplier: i32,
    /// Power of two that goes with it, at most 0.
    pub shift: i8,
    /// Zero point of the output.
    pub zero_point: i32,
    /// Smallest stored value, in `[-128, 127]`.
    pub low: i32,
    /// Largest stored value, in `[low, 127]`.
    pub high: i32,
}

/// How one operand is read: the steps between its elements are 0 along axes that are broadcast.
#[derive(Debug)]
pub struct Operand {
    /// Elements from a batch to the next.
    pub batch: usize,
    /// Elements from a row to the next.
    pub row: usize,
    /// Elements from a pixel to the next.
    pub pixel: usize,
    /// Elements from a channel to the next: 1 or 0.
    pub channel: usize,
    /// Zero point, in `[-128, 127]`.
    pub zero_point: i32,
    /// Fixed-point multiplier to the scale of the sum, in `[2^30, 2^31)` or 0.
    pub multiplier: i32,
    /// Power of two that goes with it, at most 0.
    pub shift: i8,
}

/// Computes `[batch, height, width, channels]` from two tensors that broadcast to it.
pub fn add(params: &Add, claim: Claim<'_, (i8, i8), i8>) {
    let (first, second) = claim.inputs();
    sum(params, first.flat(), second.flat(), claim.output);
}

/// As [`add`], from one tensor and the constant; without a constant the tensor is both operands.
pub fn add_one(params: &Add, claim: Claim<'_, (i8,), i8>) {
    let first = claim.input().flat();
    let second = if params.constant.is_empty() {
        first
    } else {
        params.constant
    };
    sum(params, first, second, claim.output);
}

fn sum(params: &Add, first: &[i8], second: &[i8], output: Output<'_, i8>) {
    let channels = output.channels();
    for (pixel, outputs) in output.by_pixel() {
        let position = params.grid.position(pixel);
        let length = outputs.len();
        let firsts = params.first.run(first, position, channels.start, length);
        let seconds = params.second.run(second, position, channels.start, length);
        // A run that is broadcast has one element, which repeats.
        let pairs = firsts.iter().cycle().zip(seconds.iter().cycle());
        for (output, (&first, &second)) in outputs.iter_mut().zip(pairs) {
            let sum = params.first.scale(first) + params.second.scale(second);
            let stored = scale(sum, params.multiplier, params.shift) + params.zero_point;
            *output = narrow(stored.max(params.low).min(params.high));
        }
    }
}

impl Operand {
    /// The channels of a pixel that meet a run of output channels.
    #[inline]
    fn run<'c>(
        &self,
        values: &'c [i8],
        (batch, row, column): (usize, usize, usize),
        channel: usize,
        length: usize,
    ) -> &'c [i8] {
        let pixel = batch * self.batch + row * self.row + column * self.pixel;
        let start = pixel + channel * self.channel;
        let length = if self.channel == 0 { 1 } else { length };
        values.get(start..start + length).unwrap_or_default()
    }

    /// An element at the scale of the sum.
    #[inline]
    fn scale(&self, value: i8) -> i32 {
        scale(
            (i32::from(value) - self.zero_point) << 20,
            self.multiplier,
            self.shift,
        )
    }
}
