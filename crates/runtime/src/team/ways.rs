//! That all handles of a team lock in one way.

use super::Port;
use crate::sync::Ordering::{Relaxed, SeqCst};
use crate::sync::{fault, fence, AtomicBool};

/// Ways to lock that a team tells apart: [`Port::WAY`] is below.
const WAYS: usize = 4;

/// The ways to lock of those who asked for a handle: never more than one of them got any.
#[repr(C)]
pub(super) struct Ways([AtomicBool; WAYS]);

impl Ways {
    constant! {
        pub fn new() -> Self {
            Self(words![AtomicBool::new(false); WAYS])
        }
    }

    /// Says that somebody locks as this port does; false if somebody else may lock in another way.
    pub fn agree<P: Port>(&self) -> bool {
        const { assert!(P::WAY < WAYS, "a port's way to lock is below 4") };
        if self.has_other::<P>() {
            return false;
        }
        if let Some(own) = self.0.get(P::WAY) {
            own.store(true, Relaxed);
        }
        if !fault("ways") {
            // SeqCst: pairs with itself. Of two cores with different ways, the one whose fence comes
            // second sees what the other has stored. No lock is needed, which they do not share.
            fence(SeqCst);
        }
        !self.has_other::<P>()
    }

    /// Whether somebody has said another way.
    fn has_other<P: Port>(&self) -> bool {
        let mut ways = self.0.iter().enumerate();
        ways.any(|(way, is_said)| way != P::WAY && is_said.load(Relaxed))
    }
}
