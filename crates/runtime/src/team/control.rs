//! The words that cores share.

use crate::step::GEOMETRY_WORDS;
use core::sync::atomic::{AtomicBool, AtomicU32};

/// Words about one core of the team. See the module `team` for who writes what.
#[repr(C)]
pub(super) struct PerCore {
    /// Whether this core's handle is in use.
    pub taken: AtomicBool,
    pub invited: AtomicU32,
    /// The core's units in the published step: first in the low half, end in the high half.
    pub range: AtomicU32,
    pub joined: AtomicU32,
    pub arrived: AtomicU32,
    pub left: AtomicU32,
}

impl PerCore {
    pub const fn new() -> Self {
        Self {
            taken: AtomicBool::new(false),
            invited: AtomicU32::new(0),
            range: AtomicU32::new(0),
            joined: AtomicU32::new(0),
            arrived: AtomicU32::new(0),
            left: AtomicU32::new(0),
        }
    }
}

/// Words of the team as a whole. See the module `team` for who writes what.
#[repr(C)]
pub(super) struct Control {
    pub published: AtomicU32,
    pub begun: AtomicU32,
    pub finished: AtomicU32,
    pub stopped: AtomicU32,
    pub mismatch: AtomicU32,
    pub words: [AtomicU32; GEOMETRY_WORDS],
}

impl Control {
    pub const fn new() -> Self {
        Self {
            published: AtomicU32::new(0),
            begun: AtomicU32::new(0),
            finished: AtomicU32::new(0),
            stopped: AtomicU32::new(0),
            mismatch: AtomicU32::new(0),
            words: [const { AtomicU32::new(0) }; GEOMETRY_WORDS],
        }
    }
}
