//! The words that cores share.

use super::ways::Ways;
use crate::geometry::{GEOMETRY_WORDS, MAX_CORES};
use crate::sync::Ordering::Relaxed;
use crate::sync::{fault, AtomicBool, AtomicU32, Watch};
use core::ops::Range;

/// Words about one core of the team. See the module `team` for who writes what.
#[repr(C)]
pub struct PerCore {
    pub invited: AtomicU32,
    /// The core's units in the published step that nobody has claimed; see [`pack`].
    pub range: AtomicU32,
    pub joined: AtomicU32,
    /// How far the core has come: an epoch, or with [`Steal`](super::Steal) its seat.
    pub arrived: AtomicU32,
    pub left: AtomicU32,
}

impl PerCore {
    constant! {
        pub fn new() -> Self {
            Self {
                invited: AtomicU32::new(0),
                range: AtomicU32::new(0),
                joined: AtomicU32::new(0),
                arrived: AtomicU32::new(0),
                left: AtomicU32::new(0),
            }
        }
    }

    /// Words of a core that has no units and is in no inference, `last` being the last one. Called
    /// while nobody else has the core's handle.
    pub fn rest(&self, last: u32, arrived: u32) {
        self.range.store(0, Relaxed);
        self.arrived.store(arrived, Relaxed);
        for word in [&self.invited, &self.joined, &self.left] {
            word.store(last, Relaxed);
        }
    }
}

/// A run of units as one word: first in the low half, end in the high half.
#[inline(always)]
pub(super) const fn pack(units: &Range<u32>) -> u32 {
    units.start | units.end << 16
}

/// The run of units that a word holds.
#[inline(always)]
pub(super) const fn unpack(word: u32) -> Range<u32> {
    word & 0xffff..word >> 16
}

/// Low bits of the word `identity`: how many cores have words.
pub(super) const CORES_BITS: u32 = 4;

/// The bits above them: how many joined steps have words.
pub(super) const JOINED_BITS: u32 = 4;

/// The bits above those: what the image was built from.
pub(super) const BUILD_BITS: u32 = u32::BITS - JOINED_BITS - CORES_BITS;

/// Whether core `index` has words in the team that a lead with this `identity` was built for.
#[inline(always)]
pub(super) const fn has_words(identity: u32, index: usize) -> bool {
    index < (identity & ((1 << CORES_BITS) - 1)) as usize
}

/// Words of the team as a whole. See the module `team` for who writes what.
#[repr(C)]
pub(super) struct Control {
    /// Whether each core's handle is in use: also those of cores that the lead has no words for.
    pub taken: [AtomicBool; MAX_CORES],
    /// How the ports of those who asked for a handle lock.
    pub ways: Ways,
    pub published: AtomicU32,
    pub begun: AtomicU32,
    pub finished: AtomicU32,
    pub stopped: AtomicU32,
    pub mismatch: AtomicU32,
    /// What the image of the last lead that began was built from, and how many cores have words; 0
    /// if none has begun.
    pub identity: AtomicU32,
    pub words: [AtomicU32; GEOMETRY_WORDS],
    /// For a model checker: who touches the arena.
    pub watch: Watch,
}

impl Control {
    constant! {
        pub fn new() -> Self {
            Self {
                taken: words![AtomicBool::new(false); MAX_CORES],
                ways: Ways::new(),
                published: AtomicU32::new(0),
                begun: AtomicU32::new(0),
                finished: AtomicU32::new(0),
                stopped: AtomicU32::new(0),
                mismatch: AtomicU32::new(0),
                identity: AtomicU32::new(0),
                words: words![AtomicU32::new(0); GEOMETRY_WORDS],
                watch: Watch::new(),
            }
        }
    }

    /// Whether the last inference was stopped, and may still have helpers.
    pub fn is_stopped(&self) -> bool {
        let last = self.begun.load(Relaxed);
        let is_told = self.stopped.load(Relaxed) == last || fault("stopped");
        is_told && self.finished.load(Relaxed) != last
    }
}
