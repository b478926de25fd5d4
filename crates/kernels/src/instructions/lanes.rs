//! Weights for cores without SIMD, where one multiplication serves two pixels.
//!
//! A word holds a value of one pixel in its low half, and has that of another added to it times
//! `2^16`. A weight times this word is both products, and sums of them can be told apart as long
//! as neither leaves 16 bits. Weights are known while compiling, so the compiler cuts the taps of
//! each group of channels into runs that cannot.

/// Weights of groups of channels, cut into runs of taps.
///
/// A run is `4 * length` with a length in `1..=6`, then the weights of the group's channels, tap
/// by tap. A group's runs cover all taps and end with a 0. The inner loops trust this, so it is
/// checked when one is made: while compiling, for a `static`.
#[derive(Debug)]
pub struct Lanes {
    runs: &'static [i8],
    starts: &'static [u32],
    taps: usize,
    group: usize,
}

/// The runs of one group of channels: as [`Lanes`] says, to the end of the slice or farther.
#[derive(Clone, Copy, Debug)]
pub struct Group<'r> {
    pub(super) runs: &'r [i8],
    pub(super) taps: usize,
}

impl Lanes {
    /// Checks weights for `group` channels at a time; each start is where a group's runs begin.
    ///
    /// # Panics
    ///
    /// When the runs are not as described. For a `static` that is an error of the compiler.
    #[must_use]
    #[allow(clippy::cast_sign_loss, clippy::indexing_slicing)] // panics are meant
    pub const fn new(
        runs: &'static [i8],
        starts: &'static [u32],
        taps: usize,
        group: usize,
    ) -> Self {
        assert!(taps > 0 && group > 0 && group <= 2, "one or two channels");
        let mut number = 0;
        while number < starts.len() {
            let mut at = starts[number] as usize;
            let mut left = taps;
            while left > 0 {
                let length = runs[at] as usize / 4;
                assert!(
                    runs[at] % 4 == 0 && 1 <= length && length <= 6 && length <= left,
                    "a run has one to six taps"
                );
                left -= length;
                at += 1 + length * group;
            }
            assert!(runs[at] == 0, "a group ends with 0");
            number += 1;
        }
        Self {
            runs,
            starts,
            taps,
            group,
        }
    }

    /// Taps of a channel.
    #[must_use]
    pub const fn taps(&self) -> usize {
        self.taps
    }

    /// The runs of a group of `channels` channels; nothing where there is none.
    #[inline]
    #[must_use]
    pub fn group(&self, number: usize, channels: usize) -> Option<Group<'_>> {
        let start = *self.starts.get(number)? as usize;
        let runs = self.runs.get(start..)?;
        let taps = self.taps;
        (channels == self.group).then_some(Group { runs, taps })
    }
}

/// What the inner loops do, in plain Rust: adds to the two words of each channel and pair the sum
/// of all products, and of their high halves.
///
/// `columns` is `[taps, P]`, of which the first `pairs` words of a tap are used.
#[must_use]
#[allow(clippy::cast_possible_wrap, clippy::cast_sign_loss)] // words and lengths
pub fn twin<const C: usize, const P: usize>(
    group: Group<'_>,
    columns: &[u32],
    pairs: usize,
    mut both: [[i32; P]; C],
    mut high: [[i32; P]; C],
) -> ([[i32; P]; C], [[i32; P]; C]) {
    let mut runs = group.runs;
    let mut columns = columns.chunks_exact(P);
    while let Some((&length, rest)) = runs.split_first().filter(|(&length, _)| length > 0) {
        let Some((weights, rest)) = rest.split_at_checked(length as usize / 4 * C) else {
            break;
        };
        let mut products = [[0_i32; P]; C];
        for (weights, words) in weights.chunks_exact(C).zip(&mut columns) {
            for (products, &weight) in products.iter_mut().zip(weights) {
                for (product, &word) in products.iter_mut().zip(words).take(pairs) {
                    let added = i32::from(weight).wrapping_mul(word as i32);
                    *product = product.wrapping_add(added);
                }
            }
        }
        let sums = both.iter_mut().flatten().zip(high.iter_mut().flatten());
        for (&product, (both, high)) in products.iter().flatten().zip(sums) {
            *both = both.wrapping_add(product);
            *high += product.wrapping_add(0x8000) >> 16;
        }
        runs = rest;
    }
    (both, high)
}

/// A core's temporary words as bytes.
#[must_use]
pub fn as_bytes(words: &mut [u32]) -> &mut [i8] {
    // SAFETY: every word is four bytes, and neither type has invalid values.
    let (_, bytes, _) = unsafe { words.align_to_mut::<i8>() };
    bytes
}
