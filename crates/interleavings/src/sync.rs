//! What stands in for the runtime's module `sync` under the model checker: loom's atomics, loom's
//! cells for the bytes of the arena, and faults that tests plant.

extern crate std;

use crate::geometry::Geometry;
use crate::slot::Extent;
use core::ops::Range;
use loom::cell::{ConstPtr, MutPtr, UnsafeCell};
pub use loom::sync::atomic::{fence, AtomicBool, AtomicU32, Ordering};
use std::cell::Cell;
use std::vec::Vec;

macro_rules! constant {
    ($(#[$about:meta])* $visible:vis fn new() -> Self $body:block) => {
        $(#[$about])* $visible fn new() -> Self $body
    };
}
macro_rules! words {
    ($value:expr; $count:expr) => {
        core::array::from_fn(|_| $value)
    };
}

macro_rules! made {
    ($(#[$about:meta])* $name:ident: $type:ty;) => {
        $(#[$about])* #[allow(non_snake_case)]
        fn $name() -> $type;
    };
    ($name:ident: $type:ty = $value:expr;) => {
        fn $name() -> $type { $value }
    };
    ($schedule:ident) => {
        $schedule::JOINTS()
    };
}

std::thread_local! {
    /// The place of the planted fault. Loom runs all threads of a model on one thread.
    static FAULT: Cell<&'static str> = const { Cell::new("") };
}

/// Runs a function while the runtime has a fault at one place.
pub fn with_fault<T>(place: &'static str, run: impl FnOnce() -> T) -> T {
    struct Mended;
    impl Drop for Mended {
        fn drop(&mut self) {
            FAULT.set("");
        }
    }
    FAULT.set(place);
    let _mended = Mended;
    run()
}

/// Nothing.
pub fn rolled() {}

/// Whether the fault of this place is planted.
pub fn fault(place: &str) -> bool {
    FAULT.get() == place
}

/// The ordering, or none where the fault of this place is planted.
pub fn ordering(place: &str, ordering: Ordering) -> Ordering {
    if fault(place) {
        Ordering::Relaxed
    } else {
        ordering
    }
}

/// Bytes at the start of an arena that are watched: models are small.
const WATCHED: usize = 24;

/// Who touches which bytes of the arena.
pub struct Watch([UnsafeCell<()>; WATCHED]);

/// Accesses to the arena that have not ended.
#[derive(Default)]
pub struct Held {
    _reads: Vec<ConstPtr<()>>,
    _writes: Vec<MutPtr<()>>,
}

impl Watch {
    pub fn new() -> Self {
        Self(core::array::from_fn(|_| UnsafeCell::new(())))
    }

    fn cells(&self, bytes: Extent) -> &[UnsafeCell<()>] {
        assert!(
            bytes.end() as usize <= WATCHED,
            "the model's arena is small"
        );
        &self.0[bytes.offset as usize..bytes.end() as usize]
    }

    pub fn read(&self, bytes: Extent) -> Held {
        Held {
            _reads: self.cells(bytes).iter().map(UnsafeCell::get).collect(),
            ..Held::default()
        }
    }

    pub fn write(&self, bytes: Extent) -> Held {
        Held {
            _writes: self.cells(bytes).iter().map(UnsafeCell::get_mut).collect(),
            ..Held::default()
        }
    }

    pub fn claim(
        &self,
        geometry: &Geometry,
        inputs: &[Extent],
        pixels: &Range<u32>,
        channels: &Range<u32>,
        scratch: Extent,
    ) -> Held {
        let mut held = self.write(scratch);
        for &input in inputs {
            held._reads.extend(self.read(input)._reads);
        }
        let size = geometry.element();
        for pixel in pixels.clone() {
            let run = Extent {
                offset: geometry.output + (pixel * geometry.channels + channels.start) * size,
                bytes: (channels.end - channels.start) * size,
            };
            held._writes.extend(self.write(run)._writes);
        }
        held
    }
}
