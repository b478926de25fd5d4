//! Add of two tensors of one shape as one linear form, which was compared with every sum.

#[cfg(target_arch = "riscv32")]
use crate::instructions::rv32::linear::linear;
// The only Arm microcontrollers without compare-and-swap are those of ARMv6-M.
#[cfg(all(target_arch = "arm", target_os = "none", not(target_has_atomic = "32")))]
use crate::instructions::thumb::linear::linear;
use crate::requantize::narrow;
use runtime::Claim;

/// Parameters of [`linear_add`]; no sum leaves 32 bits, also if it is counted from the least stored
/// value.
#[repr(C)]
#[derive(Debug)]
pub struct LinearAdd {
    /// Factor of the first input's stored values.
    pub first: i32,
    /// Factor of the second input's.
    pub second: i32,
    /// What is added: zero points and rounding.
    pub constant: i32,
    /// Bits that are shifted out, in `[0, 23]`.
    pub shift: u32,
}

/// Computes `[pixels, channels]` from two of the same shape.
pub fn linear_add(params: &LinearAdd, claim: Claim<'_, (i8, i8), i8>) {
    runs(claim, |first, second, outputs| {
        params.add(first, second, outputs);
    });
}

/// Calls a function for runs of elements of both inputs and the output, which are as long.
#[inline]
pub fn runs(claim: Claim<'_, (i8, i8), i8>, add: impl Fn(&[i8], &[i8], &mut [i8])) {
    let (first, second) = claim.inputs();
    let (first, second) = (first.flat(), second.flat());
    let stride = claim.output.stride();
    let channel = claim.output.channels().start;
    let run = |start: usize, outputs: &mut [i8]| {
        let end = start + outputs.len();
        if let (Some(first), Some(second)) = (first.get(start..end), second.get(start..end)) {
            add(first, second, outputs);
        }
    };
    match claim.output.flat() {
        Ok((start, outputs)) => run(start, outputs),
        Err(output) => {
            for (pixel, outputs) in output.by_pixel() {
                run(pixel * stride + channel, outputs);
            }
        }
    }
}

impl LinearAdd {
    /// Adds a run of elements.
    #[inline(never)]
    pub fn add(&self, first: &[i8], second: &[i8], outputs: &mut [i8]) {
        #[cfg(any(
            target_arch = "riscv32",
            all(target_arch = "arm", target_os = "none", not(target_has_atomic = "32"))
        ))]
        let (first, second, outputs) = {
            let done = linear(self, first, second, outputs);
            (
                first.get(done..).unwrap_or_default(),
                second.get(done..).unwrap_or_default(),
                outputs.get_mut(done..).unwrap_or_default(),
            )
        };
        for ((output, &a), &b) in outputs.iter_mut().zip(first).zip(second) {
            let sum = i32::from(a) * self.first + i32::from(b) * self.second + self.constant;
            *output = narrow((sum >> (self.shift & 31)).clamp(-128, 127));
        }
    }
}
