//! Inferences that are taken in slices.

use super::{Member, Port, Schedule};
use crate::shape::Shape;
use crate::sync::Ordering::{Acquire, Relaxed, Release};
use crate::sync::{fault, ordering};
use crate::Stopped;
use core::ops::Range;

/// When a slice of an inference ends. It does at least some work, or some waiting, so that every
/// inference ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice {
    steps: u32,
    until: Option<u32>,
}

impl Slice {
    /// All that is left.
    pub const WHOLE: Self = Self::steps(u32::MAX);

    /// At most so many steps are begun; 0 is 1. Helpers are waited for, however long they need.
    #[must_use]
    pub const fn steps(steps: u32) -> Self {
        Self { steps, until: None }
    }

    /// Nothing is begun once [`Port::now`] has come to this time, which is less than 2^31 ahead, and
    /// no helper is waited for. A long step is begun in several pieces, if the plan was made for
    /// slices of some length.
    ///
    /// A slice whose time has come before it begins does one piece, or looks for a late helper
    /// twice: the port's patience counts the looks of all slices, so it ends as in one.
    #[must_use]
    pub const fn until(time: u32) -> Self {
        Self {
            steps: u32::MAX,
            until: Some(time),
        }
    }
}

/// Where a member is in an inference that is taken in slices.
#[derive(Clone, Debug)]
pub struct Place {
    /// Steps with a lower number are done. Wider than a number, for what follows the highest.
    from: u32,
    /// This member's units of the open step that it has not claimed.
    rest: Range<u32>,
    /// What is left of the slice.
    slice: Slice,
    /// Looks in earlier slices at the word that this member waits for.
    polls: u32,
    /// Whether something was claimed in this slice.
    has_claimed: bool,
    /// Whether helpers were sent home, and must be invited again.
    was_paused: bool,
}

impl Place {
    /// A member at the first step, in a slice without end.
    pub(super) const START: Self = Self {
        from: 0,
        rest: 0..0,
        slice: Slice::WHOLE,
        polls: 0,
        has_claimed: false,
        was_paused: false,
    };

    /// Whether the slice's time has come; not before something was claimed.
    fn is_late<P: Port>(&self, port: &P) -> bool {
        self.has_claimed && self.has_come(port)
    }

    /// Whether the slice's time has come.
    fn has_come<P: Port>(&self, port: &P) -> bool {
        let has_come = |until| port.now().wrapping_sub(until) < 1 << 31;
        self.slice.until.is_some_and(has_come)
    }
}

impl<P: Port, M: Schedule> Member<'_, P, M> {
    /// Runs a slice of the inference, on the lead: `run` is the function of all steps, the same
    /// one each time, and steps are numbered in its order. True when every step is done, on every
    /// core.
    ///
    /// When the slice ends, helpers leave the inference with [`Stopped::Told`] as soon as they have
    /// no units; they are invited again with the next step.
    ///
    /// # Errors
    ///
    /// Any [`Stopped`]. After [`Stopped::NoAnswer`] it may be called again, to wait longer.
    /// [`Stopped::Mismatch`] on a helper, whose `run` is not called, and if `run` has put a helper in
    /// this member's place: only a lead can pause the team.
    pub fn slice(
        &mut self,
        slice: Slice,
        run: impl FnOnce(&mut Self) -> Result<(), Stopped>,
    ) -> Result<bool, Stopped> {
        if !M::ALONE && self.index != 0 {
            return Err(Stopped::Mismatch);
        }
        let Some(place) = self.places.as_mut().first_mut() else {
            return run(self).map(|()| true);
        };
        place.slice = slice;
        place.slice.steps = slice.steps.max(1);
        place.has_claimed = false;
        let result = run(self);
        // Safe code may have swapped a helper in. Another lead in this place is one as good: all
        // that follows is its own.
        if !M::ALONE && self.index != 0 {
            return Err(Stopped::Mismatch);
        }
        let result = result.and_then(|()| self.gather());
        if let Some(place) = self.places.as_mut().first_mut() {
            place.slice = Slice::WHOLE;
        }
        match result {
            Ok(()) => Ok(true),
            Err(Stopped::Paused) => {
                self.pause();
                Ok(false)
            }
            Err(stopped) => Err(stopped),
        }
    }

    /// Sends the helpers home until the lead goes on.
    fn pause(&mut self) {
        if !self.is_published() && !fault("unpublished") {
            return;
        }
        let control = self.shared.control;
        // Release: pairs with the acquire of `is_told`. A helper that sees it also sees the last
        // step that was published, and does its units of that.
        control
            .stopped
            .store(self.first, ordering("pause", Release));
        self.shared.wake(&self.port, "pause sleeps");
        if let Some(place) = self.places.as_mut().first_mut() {
            place.was_paused = true;
        }
    }

    /// Whether the helpers that were sent home have not been invited again.
    pub(super) fn is_paused(&self) -> bool {
        let place = self.places.as_ref().first();
        place.is_some_and(|place| place.was_paused)
    }

    /// Looks at the awaited word in earlier slices, which this one goes on with.
    pub(super) fn earlier_polls(&mut self) -> u32 {
        let place = self.places.as_mut().first_mut();
        place.map_or(0, |place| core::mem::take(&mut place.polls))
    }

    /// Whether the time of the lead's slice comes while it waits; then it remembers for how long.
    pub(super) fn gives_way(&mut self, polls: u32) -> bool {
        let Some(place) = self.places.as_mut().first_mut() else {
            return false;
        };
        let has_come = place.has_come(&self.port);
        if has_come {
            place.polls = polls;
        }
        has_come
    }

    /// Whether a step was done before this member joined, or in an earlier slice.
    pub(super) fn has_done(&mut self, step: &Shape) -> Result<bool, Stopped> {
        let (control, cores) = (self.shared.control, self.shared.cores);
        if !M::ALONE && self.index != 0 && step.is_private() {
            return Ok(false);
        }
        if !M::ALONE && self.index != 0 && self.epoch == self.first && self.open.is_none() {
            self.wait_until(&control.published, self.epoch, 0)?;
            // Relaxed: stored before `published`, and not again before this core has arrived.
            let from = cores.first().map_or(0, |lead| lead.invited.load(Relaxed));
            if let Some(place) = self.places.as_mut().first_mut() {
                place.from = from;
            }
        }
        let place = self.places.as_ref().first();
        Ok(place.is_some_and(|place| u32::from(step.number) < place.from))
    }

    /// Counts a step that is about to be entered, or ends the slice.
    pub(super) fn count_step(&mut self) -> Result<(), Stopped> {
        if let Some(place) = self.places.as_mut().first_mut() {
            if place.slice.steps == 0 || place.is_late(&self.port) {
                return Err(Stopped::Paused);
            }
            place.slice.steps -= 1;
        }
        Ok(())
    }

    /// Remembers this member's units of the step that was entered.
    pub(super) fn keep(&mut self, units: Range<u32>, step: &Shape) {
        if let Some(place) = self.places.as_mut().first_mut() {
            place.rest = units;
            place.from = step.number.into();
        }
    }

    /// Some of the units that are left of the step: on the lead so many that a slice can end.
    pub(super) fn piece(&mut self, step: &Shape) -> Result<Option<Range<u32>>, Stopped> {
        let is_lead = M::ALONE || self.index == 0;
        let Some(place) = self.places.as_mut().first_mut() else {
            return Ok(None);
        };
        if place.rest.is_empty() {
            place.from = u32::from(step.number) + 1;
            return Ok(None);
        }
        let mut end = place.rest.end;
        if is_lead {
            if place.is_late(&self.port) {
                return Err(Stopped::Paused);
            }
            let longest = u32::from(step.grain);
            if longest > 0 {
                end = end.min(place.rest.start + longest);
            }
        }
        place.has_claimed = true;
        let start = core::mem::replace(&mut place.rest.start, end);
        Ok(Some(start..end))
    }

    /// Gives what follows a pause a name of its own, so that helpers are invited to it, and says
    /// with which step it begins.
    pub(super) fn rename(&mut self, step: &Shape) {
        if let Some(place) = self.places.as_mut().first_mut() {
            if core::mem::take(&mut place.was_paused) && !fault("rename") {
                self.first = self.epoch;
            }
        }
        if self.epoch == self.first {
            if let Some(lead) = self.shared.cores.first() {
                lead.invited.store(step.number.into(), Relaxed);
            }
        }
    }

    /// Whether the lead has told a helper to leave.
    #[inline(always)]
    pub(super) fn is_told(&self) -> bool {
        // Acquire: pairs with the release of `pause`. A lead that stops the inference does not wait
        // for what it has published.
        let order = if M::SLICED {
            ordering("told", Acquire)
        } else {
            Relaxed
        };
        self.shared.control.stopped.load(order) == self.first
    }
}
