//! How the units of a step find their cores.

use super::control::{pack, unpack, PerCore, JOINED_BITS};
use super::group::{Joint, Seat};
use super::slice::Place;
use super::{Member, Port};
use crate::shape::Shape;
use crate::sync::Ordering::Relaxed;
use crate::sync::{fault, rolled, AtomicU32};
use crate::Stopped;
use core::ops::Range;

/// How the units of a step find their cores: [`Static`], [`Joined`], [`Steal`](super::Steal) or
/// [`Alone`]; and [`Sliced`] or [`AloneSliced`], where an inference can be taken in slices.
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

/// As [`Static`], and a step can be published with at most `N` that [join](crate::Step::joins) it.
/// The team has words for them.
pub type Joined<const N: usize> = Exact<false, 0, N>;

/// Each core computes exactly its share, `ALONE` or not: [`Static`] and [`Alone`]. A member holds
/// `PLACES` places in an inference: one if that can be taken in slices, or none. At most `JOINED`
/// steps are published with another; of these two numbers one is 0.
#[derive(Clone, Copy, Debug)]
pub enum Exact<const ALONE: bool, const PLACES: usize = 0, const JOINED: usize = 0> {}

impl<const ALONE: bool, const PLACES: usize, const JOINED: usize> Schedule
    for Exact<ALONE, PLACES, JOINED>
{
}

/// Stores each core's units of a step.
#[inline(always)]
pub(super) fn store_shares<'w>(ranges: impl Iterator<Item = &'w AtomicU32>, shares: &[u16]) {
    let mut start = 0;
    for (range, &share) in ranges.zip(shares) {
        let end = start + u32::from(share);
        let early = u32::from(fault("share")).min(start);
        range.store(pack(&(start - early..end)), Relaxed);
        start = end;
        rolled();
    }
}

pub(super) mod protocol {
    use super::{Member, PerCore, Place, Port, Range, Schedule, Seat, Shape, Stopped};

    /// What differs between schedules. See the module `team` for the states.
    pub trait Protocol: Sized + 'static {
        /// What [`Member::enter`] finds: a core's first units; with [`super::super::Steal`]
        /// nothing if the step went on without this core.
        type Entered;

        /// Where a member is in an inference that is taken in slices: one place, or none.
        type Places: AsRef<[Place]> + AsMut<[Place]>;

        /// Words of the steps that are published with another, in the team: `JOINED` of them.
        type Joints: 'static;

        /// The same, as a member sees them.
        type Group<'t>: AsRef<[Seat<'t>]> + AsMut<[Seat<'t>]>;

        /// How many steps can be published with another.
        const JOINED: usize;

        made! {
            /// The words of a team at rest.
            JOINTS: Self::Joints;
        }

        /// What a handle knows of the speeds of cores.
        type Speeds;

        /// What it knows when it is new.
        const SPEEDS: Self::Speeds;

        /// The same, as a member sees and learns it.
        type Paces<'m>;

        /// What the member of a handle knows.
        fn paces(speeds: &mut Self::Speeds) -> Self::Paces<'_>;

        /// A view of the words.
        fn group(joints: &Self::Joints) -> Self::Group<'_>;

        /// The group of a member that begins, from the one of its handle.
        fn regroup<'m, 't: 'm>(group: &Self::Group<'t>) -> Self::Group<'m>;

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

        /// Stores each core's units, before the step is published, and begins to count the lead's;
        /// returns its first ones.
        fn share(
            paces: &mut Self::Paces<'_>,
            cores: &[PerCore],
            shares: &[u16],
            step: &Shape,
        ) -> Self::Entered;

        /// Counts units that this core has claimed in a step.
        fn count(paces: &mut Self::Paces<'_>, units: &Range<u32>);

        /// Says how many units of a step this core has claimed, when it has completed them and there
        /// are no others; then begins to count anew.
        fn report(paces: &mut Self::Paces<'_>, own: &PerCore, step: &Shape, index: usize);

        /// Learns what the cores of a team have reported of a step.
        fn learn(paces: &mut Self::Paces<'_>, cores: &[PerCore], step: &Shape);

        /// Lets a helper into the published step; false if the lead goes on without it.
        fn sit<P: Port>(member: &Member<'_, P, Self>, own: &PerCore) -> bool
        where
            Self: Schedule;

        /// A helper's first units.
        fn own(own: &PerCore) -> Self::Entered;

        /// More units of the open step.
        fn more<P: Port>(
            member: &Member<'_, P, Self>,
            step: &Shape,
        ) -> Result<Option<Range<u32>>, Stopped>
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

impl<const ALONE: bool, const PLACES: usize, const JOINED: usize> protocol::Protocol
    for Exact<ALONE, PLACES, JOINED>
{
    type Entered = Range<u32>;
    type Places = [Place; PLACES];
    type Joints = [Joint; JOINED];
    type Group<'t> = [Seat<'t>; JOINED];

    const JOINED: usize = JOINED;

    made! {
        JOINTS: [Joint; JOINED] = {
            assert!(JOINED < 1 << JOINED_BITS, "a group has at most 16 steps");
            assert!(JOINED == 0 || PLACES == 0 && !ALONE, "no slices, and a team");
            words![Joint::new(); JOINED]
        };
    }

    type Speeds = ();

    const SPEEDS: () = ();

    type Paces<'m> = ();

    #[inline(always)]
    fn paces((): &mut ()) {}

    #[inline(always)]
    fn group(joints: &Self::Joints) -> Self::Group<'_> {
        joints.each_ref().map(Seat::new)
    }

    #[inline(always)]
    fn regroup<'m, 't: 'm>(group: &Self::Group<'t>) -> Self::Group<'m> {
        group.each_ref().map(Seat::again)
    }

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
    fn share((): &mut (), cores: &[PerCore], shares: &[u16], _: &Shape) -> Range<u32> {
        store_shares(cores.iter().map(|core| &core.range), shares);
        0..shares.first().map_or(0, |&share| u32::from(share))
    }

    #[inline(always)]
    fn count((): &mut (), _: &Range<u32>) {}

    #[inline(always)]
    fn report((): &mut (), _: &PerCore, _: &Shape, _: usize) {}

    #[inline(always)]
    fn learn((): &mut (), _: &[PerCore], _: &Shape) {}

    #[inline(always)]
    fn sit<P: Port>(_: &Member<'_, P, Self>, _: &PerCore) -> bool {
        true
    }

    #[inline(always)]
    fn own(own: &PerCore) -> Range<u32> {
        unpack(own.range.load(Relaxed))
    }

    #[inline(always)]
    fn more<P: Port>(_: &Member<'_, P, Self>, _: &Shape) -> Result<Option<Range<u32>>, Stopped> {
        Ok(None)
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
