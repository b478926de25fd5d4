//! Weights for cores without SIMD, where one multiplication serves two pixels.
//!
//! A word holds a value of one pixel in its low half, and has that of another added to it times
//! `2^16`. A weight times this word is both products, and sums of them can be told apart as long
//! as neither leaves 16 bits. Weights are known while compiling, so the compiler cuts the taps of
//! each group of channels into runs that cannot.

/// Bytes by which an inner loop jumps for each tap of a run.
const JUMP: usize = 12;

/// Taps of the longest run.
const LONGEST: usize = 8;

/// Weights of groups of channels, cut into runs of taps.
///
/// A run is `12 * length` with a length in `1..=8`, then the weights of the group's channels, tap
/// by tap. A group's runs cover all taps and end with a 0, and then comes the next group. The inner
/// loops trust this, so it is checked when one is made: while compiling, for a `static`.
#[derive(Debug)]
pub struct Lanes {
    runs: &'static [i8],
    starts: &'static [u32],
    taps: usize,
    group: usize,
}

/// The runs of a few groups of channels, one after the other; `runs` may be longer.
#[derive(Clone, Copy, Debug)]
pub struct Groups<'r> {
    pub(super) runs: &'r [i8],
    pub(super) taps: usize,
    pub(super) count: usize,
    pub(super) channels: usize,
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
        let mut at = 0;
        while number < starts.len() {
            assert!(starts[number] as usize == at, "groups follow each other");
            let mut left = taps;
            while left > 0 {
                let length = runs[at] as usize / JUMP;
                assert!(
                    runs[at] as usize == JUMP * length && 1 <= length && length <= LONGEST,
                    "a run has one to eight taps"
                );
                assert!(length <= left, "runs cover the taps");
                left -= length;
                at += 1 + length * group;
            }
            assert!(runs[at] == 0, "a group ends with 0");
            at += 1;
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

    /// The runs of `count` groups of `channels` channels from group `first` on, if they exist.
    #[inline]
    #[must_use]
    pub fn groups(&self, first: usize, count: usize, channels: usize) -> Option<Groups<'_>> {
        let starts = self.starts.get(first..)?.get(..count)?;
        let runs = self.runs.get(*starts.first()? as usize..)?;
        let taps = self.taps;
        (channels == self.group).then_some(Groups {
            runs,
            taps,
            count,
            channels,
        })
    }
}

/// What the inner loops do, in plain Rust: adds to the two words of each channel and pair the sum
/// of all products, and of their high halves.
///
/// `columns` is `[taps, P]`, of which the first `pairs` words of a tap are used. Returns what
/// follows the group.
#[must_use]
#[allow(clippy::cast_possible_wrap, clippy::cast_sign_loss)] // words and lengths
pub fn twin<'r, const C: usize, const P: usize>(
    mut runs: &'r [i8],
    columns: &[u32],
    pairs: usize,
    both: &mut [[i32; P]; C],
    high: &mut [[i32; P]; C],
) -> &'r [i8] {
    let mut columns = columns.chunks_exact(P);
    while let Some((&length, rest)) = runs.split_first().filter(|(&length, _)| length > 0) {
        let Some((weights, rest)) = rest.split_at_checked(length as usize / JUMP * C) else {
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
    runs.get(1..).unwrap_or_default()
}
