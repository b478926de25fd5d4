//! Units that move to cores which have nothing to do.

use super::control::{pack, unpack, PerCore};
use super::group::{Joint, Seat};
use super::paces::Paces;
use super::schedule::protocol::Protocol;
use super::slice::Place;
use super::{Member, Port, Schedule};
use crate::shape::Shape;
use crate::sync::fault;
use crate::sync::ordering;
use crate::sync::Ordering::{Acquire, Relaxed};
use crate::Stopped;
use core::ops::Range;

/// Each core starts with its share, and takes from the others when it is done: slow cores, and
/// helpers that are away, cost the team no more than what they do not contribute.
#[derive(Clone, Copy, Debug)]
pub enum Steal {}

impl Schedule for Steal {}

/// The value of `arrived` of a helper that works on a step.
const fn inside(epoch: u32) -> u32 {
    epoch << 1
}

/// How many of a core's remaining units it claims at once: a third of them, so that claims are few
/// but a core that turns out to be slow has not claimed too many.
fn bite(rest: u32, step: &Shape) -> u32 {
    whole(rest / 3, rest, step)
}

/// So many of the remaining units, rounded to a multiple of the least claim; one at least.
fn whole(units: u32, rest: u32, step: &Shape) -> u32 {
    let claim = step.claim();
    ((units / claim).max(1) * claim).min(rest)
}

impl Protocol for Steal {
    type Entered = Option<Range<u32>>;

    type Places = [Place; 0];

    type Speeds = Paces;

    const SPEEDS: Paces = Paces::PLANNED;

    type Paces<'m> = &'m mut Paces;

    fn paces(speeds: &mut Paces) -> &mut Paces {
        // Of a step that was left.
        speeds.claimed = 0;
        speeds
    }

    type Joints = [Joint; 0];

    type Group<'t> = [Seat<'t>; 0];

    const JOINED: usize = 0;

    made! {
        JOINTS: [Joint; 0] = [];
    }

    fn group(_: &[Joint; 0]) -> [Seat<'_>; 0] {
        []
    }

    fn regroup<'m, 't: 'm>(_: &[Seat<'t>; 0]) -> [Seat<'m>; 0] {
        []
    }

    const ALONE: bool = false;
    const GOES_ON: bool = true;
    const SLICED: bool = false;

    fn places() -> [Place; 0] {
        []
    }

    fn entered(units: &Option<Range<u32>>) -> Option<Range<u32>> {
        units.clone()
    }

    fn alone(units: Range<u32>) -> Option<Range<u32>> {
        Some(units)
    }

    fn late() -> Option<Range<u32>> {
        None
    }

    /// The lead's first claim is made here, before anybody else can: a single unit stays with it.
    fn share(
        paces: &mut &mut Paces,
        cores: &[PerCore],
        shares: &[u16],
        step: &Shape,
    ) -> Option<Range<u32>> {
        // Steps that only the lead executes do not count.
        paces.claimed = 0;
        let shares = paces.share(shares, step.run());
        let [own, ..] = shares;
        let first = bite(u32::from(own), step);
        let (mut start, mut claimed) = (0, first);
        // Cores beyond the team have no share, and nothing that could be stolen.
        for (core, share) in cores.iter().zip(shares) {
            let end = start + u32::from(share);
            core.range.store(pack(&(start + claimed..end)), Relaxed);
            (start, claimed) = (end, 0);
        }
        Some(0..first)
    }

    fn count(paces: &mut &mut Paces, units: &Range<u32>) {
        paces.claimed = paces.claimed.wrapping_add(units.end - units.start);
    }

    /// Relaxed: the lead reads it when it has acquired `arrived`. Nobody else stores the word now: it
    /// holds no units, before and after.
    fn report(paces: &mut &mut Paces, own: &PerCore, step: &Shape, index: usize) {
        own.range.store(reported(paces.claimed), Relaxed);
        paces.remember(planned(step, index));
        paces.claimed = 0;
    }

    fn learn(paces: &mut &mut Paces, cores: &[PerCore], step: &Shape) {
        let Some(shares) = step.shares.get(cores.len() - 1) else {
            return;
        };
        let claimed = cores.iter().map(|core| report_of(core.range.load(Relaxed)));
        paces.learn(shares, step.claim(), claimed);
    }

    /// Takes the helper's seat, unless the lead has shut it.
    fn sit<P: Port>(member: &Member<'_, P, Self>, own: &PerCore) -> bool {
        let epoch = member.epoch;
        // Relaxed: this core wrote it, or the lead did, which tells nothing but that it is shut.
        let seat = own.arrived.load(Relaxed);
        let sits = !Self::reached(seat, Self::over(epoch))
            && member.port.exchange(&own.arrived, seat, inside(epoch)) == Some(seat);
        sits || fault("seat")
    }

    fn own(_: &PerCore) -> Option<Range<u32>> {
        Some(0..0)
    }

    /// Claims from the front of this core's own range, then from what it can steal. A step's only
    /// unit is not stolen: the plan gave it to a core for a reason.
    ///
    /// An error if the port cannot: a core that has units left does not close the step.
    fn more<P: Port>(
        member: &Member<'_, P, Self>,
        step: &Shape,
    ) -> Result<Option<Range<u32>>, Stopped> {
        let (port, core) = (&member.port, member.index);
        let own = member.shared.cores.get(core);
        let own = own.ok_or(Stopped::Unplanned)?;
        let mut held = own.range.load(Relaxed);
        loop {
            let rest = unpack(held);
            if rest.is_empty() {
                let is_stolen = step.units() > 1;
                return Ok(is_stolen.then(|| steal(member, step)).flatten());
            }
            let middle = rest.start + bite(rest.end - rest.start, step);
            let left = pack(&(middle..rest.end));
            match port.exchange(&own.range, held, left) {
                Some(found) if found == held => return Ok(Some(rest.start..middle)),
                Some(found) => held = found,
                None => return Err(Stopped::NoAnswer { core }),
            }
        }
    }

    /// Either the helper has taken its seat, or the lead shuts it: one compare-and-swap decides.
    fn shut<P: Port>(port: &P, core: &PerCore, epoch: u32) -> bool {
        // Acquire: pairs with the release of `Member::close`.
        let seat = core.arrived.load(ordering("shut", Acquire));
        Self::reached(seat, Self::over(epoch))
            || (seat != inside(epoch) || fault("inside"))
                && port.exchange(&core.arrived, seat, Self::over(epoch)) == Some(seat)
    }

    /// Relaxed: an empty range gets units again from its own core only, which is inside then, or from
    /// the lead with the next step.
    fn is_needed(core: &PerCore) -> bool {
        !unpack(core.range.load(Relaxed)).is_empty()
    }

    fn over(epoch: u32) -> u32 {
        inside(epoch) | 1
    }

    /// A helper may look late, when the lead has gone on.
    fn reached(word: u32, value: u32) -> bool {
        word.wrapping_sub(value) < 1 << 31
    }
}

/// What a core stores as its range when it has arrived: a run that ends at 0, which nobody takes for
/// units. It begins with how many the core has claimed.
const fn reported(claimed: u32) -> u32 {
    pack(&(claimed & MOST_UNITS..0))
}

/// A step has no more units, as a range has 16 bits for each of its ends.
const MOST_UNITS: u32 = u16::MAX as u32;

/// How many units a core says it has claimed; 0 if others have emptied its range, and it has not been
/// in the step. A range that had units ends behind 0.
const fn report_of(range: u32) -> u32 {
    let units = unpack(range);
    if units.end == 0 {
        units.start
    } else {
        0
    }
}

/// Takes a part of the fullest range from its back, claims some of it and keeps the rest, where
/// others can steal it in turn. The part is half, or as much less as the plan expects this core to
/// be slower, or as it has claimed less of the step than planned; a core that has claimed none yet goes
/// by the step before.
///
/// Takes none from a core that works on the step and would have done all that is left of it in half
/// the time that this one needs for the part, and none if the port cannot have its lock: then the
/// lead waits for the victim.
#[inline(never)]
fn steal<P: Port>(member: &Member<'_, P, Steal>, step: &Shape) -> Option<Range<u32>> {
    let (cores, thief) = (member.shared.cores, member.index);
    let own = cores.get(thief)?;
    let own_speed = member.paces.own_speed(planned(step, thief));
    loop {
        // This core's own range is empty, so it is not chosen.
        let ranges = cores.iter().map(|core| core.range.load(Relaxed));
        let rest = |held: u32| {
            let units = unpack(held);
            units.end.saturating_sub(units.start)
        };
        let (core, held) = ranges.enumerate().max_by_key(|&(_, held)| rest(held))?;
        let victim = cores.get(core)?;
        let (units, rest) = (unpack(held), rest(held));
        let speed = planned(step, core);
        // At most 65,535 units in all, and as many shares.
        let part = whole(rest * own_speed / (own_speed + speed), rest, step);
        let is_quicker = part * speed / 2 >= rest * own_speed;
        if part == 0 || is_quicker && (core == 0 || is_at_work(victim, member)) {
            return None;
        }
        let from = units.end - part;
        let left = units.start..from + u32::from(fault("split"));
        if member.port.exchange(&victim.range, held, pack(&left))? == held {
            return Some(stolen(own, from..units.end, step));
        }
    }
}

/// The share of a core in the plan for the largest team, at least 1: a helper does not know how large
/// its team is.
fn planned(step: &Shape, core: usize) -> u32 {
    let share = step.shares.last().and_then(|shares| shares.get(core));
    share.map_or(1, |&share| u32::from(share).max(1))
}

/// Whether a helper is inside this member's step, and has not left it unfinished. Relaxed: who is
/// told wrong takes units that another would have computed sooner, or waits for them.
fn is_at_work<P: Port>(core: &PerCore, member: &Member<'_, P, Steal>) -> bool {
    core.arrived.load(Relaxed) == inside(member.epoch) && core.left.load(Relaxed) != member.first
}

/// Claims some of the units that this core has taken from another, and keeps the rest.
///
/// Never inlined: tools count thefts by the calls of it.
#[inline(never)]
fn stolen(own: &PerCore, units: Range<u32>, step: &Shape) -> Range<u32> {
    let middle = units.start + bite(units.end - units.start, step);
    // Nobody else stores while it is empty: an exchange expects units.
    if !fault("rest") {
        own.range.store(pack(&(middle..units.end)), Relaxed);
    }
    units.start..middle
}

#[cfg(test)]
mod tests {
    use super::{report_of, reported, unpack, Protocol, Steal};
    use crate::{step, Slot, Step};

    #[test]
    fn nobody_takes_a_report_for_units() {
        for claimed in [0, 1, 65_535, 65_536, 65_536 * 8 + 3, u32::MAX] {
            assert!(unpack(reported(claimed)).is_empty(), "{claimed}");
        }
        assert_eq!(report_of(reported(65_535)), 65_535);
    }

    #[test]
    fn private_steps_do_not_count() {
        static STEP: Step<(i8,), i8> = step(0)
            .reads(Slot::<i8, 8>::at(0))
            .writes(Slot::<i8, 8>::at(8))
            .by_pixels(8, 1, 1)
            .shares(&[&[8]]);
        let mut speeds = Steal::SPEEDS;
        let mut paces = Steal::paces(&mut speeds);
        Steal::count(&mut paces, &(0..8));
        let first = Steal::share(&mut paces, &[], &[8], &STEP.shape);
        assert_eq!((first, paces.claimed), (Some(0..2), 0));
    }
}
