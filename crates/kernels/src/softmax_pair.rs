//! Softmax of two classes: the difference of both values says what their shares are.

use runtime::Claim;

/// Parameters of [`softmax_pair`].
#[derive(Debug)]
pub struct SoftmaxPair {
    /// What is stored for the larger value and, in the high byte, for the smaller one, by their
    /// difference.
    pub shares: &'static [u16],
}

/// What is stored for differences beyond the table: 127 and -128.
const ALL: u16 = 0x807F;

/// Computes `[rows, 2]` from the same shape; a pixel of the claim is a row, never a part of it.
pub fn softmax_pair(params: &SoftmaxPair, claim: Claim<'_, (i8,), i8>) {
    let input = claim.input();
    for (row, outputs) in claim.output.by_pixel() {
        let &[first, second] = input.row(row, 2) else {
            continue;
        };
        let difference = usize::from(first.abs_diff(second));
        let shares = params.shares.get(difference).copied().unwrap_or(ALL);
        let [larger, smaller] = shares.to_le_bytes().map(|byte| i8::from_le_bytes([byte]));
        let shares = if first > second {
            [larger, smaller]
        } else {
            [smaller, larger]
        };
        for (output, share) in outputs.iter_mut().zip(shares) {
            *output = share;
        }
    }
}
