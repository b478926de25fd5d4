//! Steps that are published together, without a barrier between them.

use super::control::unpack;
use super::schedule::store_shares;
use super::{Member, Port, Schedule};
use crate::geometry::{Geometry, CUTTING_WORD, GEOMETRY_WORDS, MAX_CORES, MAX_INPUTS};
use crate::shape::Shape;
use crate::slot::Extent;
use crate::sync::Ordering::Relaxed;
use crate::sync::{fault, AtomicU32};
use crate::Stopped;
use core::ops::Range;

/// Words of a step that is published with those before it. See the module `team` for who writes
/// what.
#[repr(C)]
pub struct Joint {
    /// Geometry of the step; without a unit if the group has fewer steps.
    words: [AtomicU32; GEOMETRY_WORDS],
    /// Units of each core.
    ranges: [AtomicU32; MAX_CORES],
}

impl Joint {
    constant! {
        pub(super) fn new() -> Self {
            Self {
                words: words![AtomicU32::new(0); GEOMETRY_WORDS],
                ranges: words![AtomicU32::new(0); MAX_CORES],
            }
        }
    }

    /// Says that the group has no such step.
    fn end(&self) {
        if let Some(word) = self.words.get(CUTTING_WORD) {
            word.store(0, Relaxed);
        }
    }

    /// Whether the group has no such step.
    fn is_end(&self) -> bool {
        let cutting = self.words.get(CUTTING_WORD);
        cutting.is_some_and(|word| word.load(Relaxed) == 0)
    }

    fn store(&self, shape: &Shape, shares: &[u16]) {
        for (word, value) in self.words.iter().zip(shape.geometry.words()) {
            word.store(value, Relaxed);
        }
        store_shares(self.ranges.iter(), shares);
    }

    fn equals(&self, shape: &Shape) -> bool {
        let mut words = self.words.iter().zip(shape.geometry.words());
        words.all(|(word, value)| word.load(Relaxed) == value)
    }
}

/// A step of a group behind the first, as a member sees it.
pub struct Seat<'t> {
    joint: &'t Joint,
    /// The step, while it is published and this member has not entered it.
    ahead: Option<&'static Shape>,
    /// What the member's claim lends of the inputs; of the first seat, for every step.
    lent: [Extent; MAX_INPUTS],
}

impl<'t> Seat<'t> {
    pub(super) const fn new(joint: &'t Joint) -> Self {
        Self {
            joint,
            ahead: None,
            lent: [Extent::NONE; MAX_INPUTS],
        }
    }

    /// A seat at the same joint, of a member that begins.
    pub(super) const fn again(&self) -> Self {
        Self::new(self.joint)
    }

    /// Remembers what a claim of some units lends.
    pub(super) fn lend(
        &mut self,
        geometry: &Geometry,
        units: &Range<u32>,
    ) -> &[Extent; MAX_INPUTS] {
        let more = u32::from(fault("lends"));
        self.lent = geometry.lent(&(units.start..units.end + more));
        &self.lent
    }
}

impl<P: Port, M: Schedule> Member<'_, P, M> {
    /// Stores the steps that follow in the group, before the first is published.
    #[inline(always)]
    pub(super) fn share_group(&mut self, first: &Shape) -> Result<(), Stopped> {
        let mut next = first.next;
        for seat in self.group.as_mut() {
            let Some(shape) = next.filter(|_| !fault("short")) else {
                seat.joint.end();
                break;
            };
            let row = shape.shares.get(self.cores - 1);
            seat.joint.store(shape, row.ok_or(Stopped::Unplanned)?);
            next = shape.next;
        }
        self.look_ahead(first);
        Ok(())
    }

    /// Whether the steps that were published behind the first are this core's too.
    #[inline(always)]
    pub(super) fn has_same_group(&self, first: &Shape) -> bool {
        let mut next = first.next;
        for seat in self.group.as_ref() {
            let Some(shape) = next else {
                return seat.joint.is_end() || fault("longer");
            };
            if !seat.joint.equals(shape) && !fault("joined") {
                return false;
            }
            next = shape.next;
        }
        true
    }

    /// Expects the steps that follow in the group.
    #[inline(always)]
    pub(super) fn look_ahead(&mut self, first: &Shape) {
        let mut next = first.next;
        for seat in self.group.as_mut() {
            seat.ahead = next;
            next = next.and_then(|shape| shape.next);
        }
    }

    /// Whether this core has steps of the published group before it.
    #[inline(always)]
    pub(super) fn is_in_group(&self) -> bool {
        let mut seats = self.group.as_ref().iter();
        seats.any(|seat| seat.ahead.is_some())
    }

    /// This core's units of the step, if it is in the published group and not the first: it must
    /// then be the next one.
    #[inline(always)]
    pub(super) fn follow_on(
        &mut self,
        step: &'static Shape,
    ) -> Result<Option<Range<u32>>, Stopped> {
        let mut seats = self.group.as_mut().iter_mut();
        let Some(seat) = seats.find(|seat| seat.ahead.is_some()) else {
            return Ok(None);
        };
        if !seat.ahead.is_some_and(|ahead| core::ptr::eq(ahead, step)) {
            return Err(Stopped::Mismatch);
        }
        let range = seat.joint.ranges.get(self.index);
        let range = range.ok_or(Stopped::Unplanned)?.load(Relaxed);
        seat.ahead = None;
        Ok(Some(unpack(range)))
    }
}
