//! How the units of a step find their cores.

use super::control::{pack, unpack, PerCore};
use super::slice::Place;
use super::{Member, Port};
use crate::shape::Shape;
use crate::sync::Ordering::Relaxed;
use crate::sync::{fault, rolled};
use core::ops::Range;

/// How the units of a step find their cores: [`Static`], [`Steal`](super::Steal) or [`Alone`].
///
/// All handles of a team have the team's. It is a type, so that a program holds the code of one.
pub trait Schedule: protocol::Protocol {}

/// Each core computes exactly its share: the same timing every time.
pub type Static = Exact<false>;

/// The only core computes everything: the program has no code for other cores.
pub type Alone = Exact<true>;

/// As [`Static`], and an inference can be taken in slices.
pub type Sliced = Exact<false, 1>;

/// As [`Alone`], and an inference can be taken in slices.
pub type AloneSliced = Exact<true, 1>;

/// Each core computes exactly its share, `ALONE` or not: [`Static`] and [`Alone`]. A member holds
/// `PLACES` places in an inference: one if that can be taken in slices, or none.
#[derive(Clone, Copy, Debug)]
pub enum Exact<const ALONE: bool, const PLACES: usize = 0> {}

impl<const ALONE: bool, const PLACES: usize> Schedule for Exact<ALONE, PLACES> {}

pub(super) mod protocol {
    use super::{Member, PerCore, Place, Port, Range, Schedule, Shape};

    /// What differs between schedules. See the module `team` for the states.
    pub trait Protocol: Sized + 'static {
        /// What [`Member::enter`] finds: a core's first units; with [`super::super::Steal`]
        /// nothing if the step went on without this core.
        type Entered;

        /// Where a member is in an inference that is taken in slices: one place, or none.
        type Places: AsRef<[Place]> + AsMut<[Place]>;

        /// Whether a team has one core, always.
        const ALONE: bool;

        /// Whether an inference can be taken in slices.
        const SLICED: bool;

        /// The place of a member that begins.
        fn places() -> Self::Places;

        /// Whether a core that has computed its units may claim more of them.
        const GOES_ON: bool;

        /// The units of a member that entered.
        fn entered(entered: &Self::Entered) -> Option<Range<u32>>;

        /// All units, for a team of one.
        fn alone(units: Range<u32>) -> Self::Entered;

        /// A step that is over for this core.
        fn late() -> Self::Entered;

        /// Stores each core's units, before the step is published; returns the lead's first ones.
        fn share(cores: &[PerCore], shares: &[u16], step: &Shape) -> Self::Entered;

        /// Lets a helper into the published step; false if the lead goes on without it.
        fn sit<P: Port>(member: &Member<'_, P, Self>, own: &PerCore) -> bool
        where
            Self: Schedule;

        /// A helper's first units.
        fn own(own: &PerCore) -> Self::Entered;

        /// More units of the open step.
        fn more<P: Port>(member: &Member<'_, P, Self>, step: &Shape) -> Option<Range<u32>>
        where
            Self: Schedule;

        /// Ends a step for a helper that is not in it; false if it is, or must be waited for.
        fn shut<P: Port>(port: &P, core: &PerCore, epoch: u32) -> bool;

        /// Whether a helper has units in this step that nobody else can claim.
        fn is_needed(core: &PerCore) -> bool;

        /// The value of `arrived` of a helper for whom this step is over.
        fn over(epoch: u32) -> u32;

        /// Whether a word that counts up has come to a value.
        fn reached(word: u32, value: u32) -> bool;
    }
}

impl<const ALONE: bool, const PLACES: usize> protocol::Protocol for Exact<ALONE, PLACES> {
    type Entered = Range<u32>;
    type Places = [Place; PLACES];

    const ALONE: bool = ALONE;
    const GOES_ON: bool = Self::SLICED;
    const SLICED: bool = PLACES > 0;

    #[inline(always)]
    fn places() -> [Place; PLACES] {
        [const { Place::START }; PLACES]
    }

    #[inline(always)]
    fn entered(units: &Range<u32>) -> Option<Range<u32>> {
        Some(units.clone())
    }

    #[inline(always)]
    fn alone(units: Range<u32>) -> Range<u32> {
        units
    }

    #[inline(always)]
    fn late() -> Range<u32> {
        0..0
    }

    #[inline(always)]
    fn share(cores: &[PerCore], shares: &[u16], _: &Shape) -> Range<u32> {
        let mut start = 0;
        for (core, &share) in cores.iter().zip(shares) {
            let end = start + u32::from(share);
            let early = u32::from(fault("share")).min(start);
            core.range.store(pack(&(start - early..end)), Relaxed);
            start = end;
            rolled();
        }
        0..shares.first().map_or(0, |&share| u32::from(share))
    }

    #[inline(always)]
    fn sit<P: Port>(_: &Member<'_, P, Self>, _: &PerCore) -> bool {
        true
    }

    #[inline(always)]
    fn own(own: &PerCore) -> Range<u32> {
        unpack(own.range.load(Relaxed))
    }

    #[inline(always)]
    fn more<P: Port>(_: &Member<'_, P, Self>, _: &Shape) -> Option<Range<u32>> {
        None
    }

    #[inline(always)]
    fn shut<P: Port>(_: &P, _: &PerCore, _: u32) -> bool {
        false
    }

    #[inline(always)]
    fn is_needed(_: &PerCore) -> bool {
        true
    }

    #[inline(always)]
    fn over(epoch: u32) -> u32 {
        epoch
    }

    #[inline(always)]
    fn reached(word: u32, value: u32) -> bool {
        word == value
    }
}
