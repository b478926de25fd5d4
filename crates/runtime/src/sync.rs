//! What a model checker replaces: atomics, how they are made, and a record of who touches the
//! arena. Ferrule's own sources have another file with loom's of the same names.

use crate::geometry::Geometry;
use crate::slot::Extent;
use core::ops::Range;
pub use core::sync::atomic::{fence, AtomicBool, AtomicU32, Ordering};

/// A constructor that is `const`, but not where atomics are made at run time.
macro_rules! constant {
    ($(#[$about:meta])* $visible:vis fn new() -> Self $body:block) => {
        $(#[$about])* $visible const fn new() -> Self $body
    };
}
/// An array of new words.
macro_rules! words {
    ($value:expr; $count:expr) => {
        [const { $value }; $count]
    };
}

/// What the words of an associated type begin with: a constant, but a function where atomics are
/// made at run time.
macro_rules! made {
    ($(#[$about:meta])* $name:ident: $type:ty;) => {
        $(#[$about])* #[allow(clippy::declare_interior_mutable_const)]
        const $name: $type;
    };
    ($name:ident: $type:ty = $value:expr;) => {
        const $name: $type = $value;
    };
    ($schedule:ident) => {
        $schedule::JOINTS
    };
}

/// Keeps the loop that it stands in from being unrolled: it has few turns, and flash is small.
#[inline(always)]
pub fn rolled() {
    core::hint::black_box(());
}

/// A memory ordering; the model checker's tests weaken it at one place at a time, by its name.
#[inline(always)]
pub const fn ordering(_place: &str, ordering: Ordering) -> Ordering {
    ordering
}

/// Whether a test of the model checker plants a fault at this place.
#[inline(always)]
pub const fn fault(_place: &str) -> bool {
    false
}

/// Who touches which bytes of the arena: not recorded.
pub struct Watch;

/// Accesses to the arena that have not ended.
pub struct Held;

impl Watch {
    pub const fn new() -> Self {
        Self
    }

    #[inline(always)]
    pub const fn read(&self, _bytes: Extent) -> Held {
        Held
    }

    #[inline(always)]
    pub const fn write(&self, _bytes: Extent) -> Held {
        Held
    }

    /// Reads what is lent of the inputs, writes these elements of the output, and scratch.
    #[inline(always)]
    pub const fn claim(
        &self,
        _geometry: &Geometry,
        _inputs: &[Extent],
        _pixels: &Range<u32>,
        _channels: &Range<u32>,
        _scratch: Extent,
    ) -> Held {
        Held
    }
}
