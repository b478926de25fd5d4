//! Add as one linear form, which the compiler has compared with the operator on all pairs of
//! values.

use crate::instructions::linear::sum;
use runtime::Claim;

/// Parameters of [`add_linear`].
#[derive(Debug)]
pub struct AddLinear {
    /// Factor of the first input.
    pub first: i32,
    /// Factor of the second input.
    pub second: i32,
    /// Added to both products; no sum leaves 32 bits.
    pub constant: i32,
    /// Shift to the right of the sum, in `[1, 31]`.
    pub shift: u32,
    /// Smallest stored value, in `[-128, 127]`.
    pub low: i32,
    /// Largest stored value, less the smallest.
    pub span: i32,
}

/// Computes a tensor from two of its shape, element by element.
pub fn add_linear(params: &AddLinear, claim: Claim<'_, (i8, i8), i8>) {
    let (first, second) = claim.inputs();
    let (first, second) = (first.flat(), second.flat());
    match claim.output.flat() {
        Ok((start, outputs)) => run(params, first, second, start, outputs),
        Err(output) => {
            let pixel = output.stride();
            let channel = output.channels().start;
            for (number, outputs) in output.by_pixel() {
                run(params, first, second, number * pixel + channel, outputs);
            }
        }
    }
}

/// Computes a run of elements from `start` on.
fn run(params: &AddLinear, first: &[i8], second: &[i8], start: usize, outputs: &mut [i8]) {
    if let (Some(first), Some(second)) = (first.get(start..), second.get(start..)) {
        sum(params, first, second, outputs);
    }
}
