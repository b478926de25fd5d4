//! A core inside an inference.
//!
//! One file, in the order of the states that `mod.rs` draws: enter, publish or follow, claim, close,
//! gather, finish, leave.

use super::arena::Shared;
use super::claim::Run;
use super::control::PerCore;
use super::{Claim, Done, Port, Schedule, Static};
use crate::shape::Shape;
use crate::sync::Ordering::{Acquire, Relaxed, Release};
use crate::sync::{fault, ordering, rolled, AtomicU32};
use crate::{Element, Inputs, Step, Stopped};
use core::marker::PhantomData;
use core::ops::Range;

/// A core inside an inference, lead or helper. The generated function takes one.
pub struct Member<'m, P: Port, M: Schedule = Static> {
    pub(super) shared: Shared<'m>,
    pub(super) port: P,
    pub(super) index: usize,
    pub(super) cores: usize,
    /// First epoch of the inference, its name.
    pub(super) first: u32,
    /// Epoch of the step that is entered next, or of the one that is open.
    pub(super) epoch: u32,
    /// The step whose units are being claimed.
    pub(super) open: Option<&'static Shape>,
    /// What [`Self::enter`] found.
    entered: M::Entered,
    /// The step completed before; the lead shows its output to the port's observer.
    last: Option<&'static Shape>,
    /// Where it is if the inference is taken in slices.
    pub(super) places: M::Places,
    /// How fast cores have been: the handle's, which keeps it.
    pub(super) paces: M::Paces<'m>,
    /// The steps of the published group behind the first.
    pub(super) group: M::Group<'m>,
    schedule: PhantomData<M>,
}

impl<'m, P: Port, M: Schedule> Member<'m, P, M> {
    pub(super) fn new(
        shared: Shared<'m>,
        group: M::Group<'m>,
        port: P,
        index: usize,
        cores: usize,
        first: u32,
        paces: M::Paces<'m>,
    ) -> Self {
        Self {
            shared,
            port,
            index,
            cores,
            first,
            epoch: first,
            open: None,
            entered: M::late(),
            last: None,
            places: M::places(),
            paces,
            group,
            schedule: PhantomData,
        }
    }

    /// Runs a step: calls `kernel` with `params` for each run of units that this core claims.
    ///
    /// Not inlined, so that a function of many steps needs the stack of one.
    ///
    /// # Errors
    ///
    /// As [`Self::claim`].
    #[inline(never)]
    pub fn step<I: Inputs, O: Element, K>(
        &mut self,
        step: &'static Step<I, O>,
        kernel: impl Fn(&K, Claim<'_, I, O>),
        params: &K,
    ) -> Result<(), Stopped> {
        if M::GOES_ON && !M::SLICED {
            while self.part(step, &kernel, params)? {}
            return Ok(());
        }
        while let Some(claim) = self.claim(step)? {
            kernel(params, claim);
            if M::GOES_ON {
                continue;
            }
            self.close(&step.shape);
            break;
        }
        Ok(())
    }

    /// Runs the next part of a step; false if there is none.
    ///
    /// Not inlined where a lead learns, which needs stack: in a loop the compiler keeps two claims.
    #[inline(never)]
    fn part<I: Inputs, O: Element, K>(
        &mut self,
        step: &'static Step<I, O>,
        kernel: &impl Fn(&K, Claim<'_, I, O>),
        params: &K,
    ) -> Result<bool, Stopped> {
        let Some(claim) = self.claim(step)? else {
            return Ok(false);
        };
        kernel(params, claim);
        Ok(true)
    }

    /// Claims the next run of units of a step; `None` when this core has no more of them.
    ///
    /// The first claim of a step waits until every core has completed the step before. A claim
    /// borrows the member, so there is one at a time:
    ///
    /// ```compile_fail,E0499
    /// # use runtime::{Member, Port, Step, Stopped};
    /// fn two<P: Port>(team: &mut Member<P>, step: &'static Step<(i8,), i8>) -> Result<(), Stopped> {
    ///     let first = team.claim(step)?;
    ///     let second = team.claim(step)?;
    ///     drop((first, second));
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// Any [`Stopped`]. The inference is over for this core; nothing of the arena is touched.
    #[inline]
    pub fn claim<I: Inputs, O: Element>(
        &mut self,
        step: &'static Step<I, O>,
    ) -> Result<Option<Claim<'_, I, O>>, Stopped> {
        let Some(run) = self.next(&step.shape)? else {
            return Ok(None);
        };
        // SAFETY: `StepBuilder` derived the shape from slots of these types.
        Ok(Some(unsafe { run.typed() }))
    }

    /// Enters a step and claims this core's units, or goes on in the step that is open.
    #[inline(never)]
    fn next(&mut self, step: &'static Shape) -> Result<Option<Run<'_>>, Stopped> {
        let Some(units) = self.units(step)? else {
            return Ok(None);
        };
        let geometry = &step.geometry;
        let mut lent = None;
        if M::JOINED > 0 && geometry.is_lending() {
            let seat = self.group.as_mut().first_mut();
            lent = seat.map(|seat| seat.lend(geometry, &units));
        }
        // SAFETY: the step is entered, so the extents lie inside the arena and every member works
        // on this geometry, or on another of its group; the units are this member's alone, what is
        // lent is that of these units, and the run borrows the member until it ends.
        let run = unsafe { Run::new(self.shared, geometry, lent, units, self.index) };
        Ok(Some(run))
    }

    #[inline(always)]
    fn units(&mut self, step: &'static Shape) -> Result<Option<Range<u32>>, Stopped> {
        if M::SLICED && self.has_done(step)? {
            return Ok(None);
        }
        match self.open {
            None => {
                if M::SLICED && (M::ALONE || self.index == 0) {
                    self.count_step()?;
                }
                self.enter(step)?;
                if M::ALONE && !M::SLICED {
                    self.open = Some(step);
                    return Ok(Some(0..step.units()));
                }
                let Some(units) = M::entered(&self.entered) else {
                    self.pass(step);
                    return Ok(None);
                };
                self.open = Some(step);
                if M::SLICED {
                    self.keep(units, step);
                } else if !units.is_empty() {
                    M::count(&mut self.paces, &units);
                    return Ok(Some(units));
                }
            }
            Some(open) if core::ptr::eq(open, step) => {}
            Some(_) => return Err(Stopped::Mismatch),
        }
        let more = if M::SLICED {
            self.piece(step)?
        } else if self.publishes(step) {
            M::more(self, step)?
        } else {
            None
        };
        if let Some(units) = more {
            M::count(&mut self.paces, &units);
            return Ok(Some(units));
        }
        self.close(step);
        Ok(None)
    }

    /// Waits for the step's turn and finds this core's units of it; a helper has none of a private
    /// step and waits for nobody.
    ///
    /// Not inlined: instruction counters take its address as the beginning of a step.
    #[inline(never)]
    fn enter(&mut self, step: &'static Shape) -> Result<(), Stopped> {
        if !self.shared.reaches(step.end) {
            return Err(Stopped::Unplanned);
        }
        if M::JOINED > 0 {
            if let Some(units) = self.follow_on(step)? {
                self.entered = M::alone(units);
                return Ok(());
            }
        }
        if !M::ALONE && self.index != 0 {
            self.entered = if step.is_private() {
                M::late()
            } else {
                self.follow(step)?
            };
            return Ok(());
        }
        if !step.is_private() || !fault("private") {
            self.gather()?;
        }
        if self.publishes(step) {
            self.entered = self.publish(step)?;
        } else if !M::ALONE || M::SLICED {
            self.entered = M::alone(0..step.units());
        }
        Ok(())
    }

    /// Whether the step has an epoch: other cores have a say in it.
    #[inline(always)]
    fn publishes(&self, step: &Shape) -> bool {
        !M::ALONE && self.cores > 1 && !step.is_private()
    }

    /// Tells the team which step is next, and how its units are shared.
    fn publish(&mut self, step: &'static Shape) -> Result<M::Entered, Stopped> {
        let shares = *step.shares.get(self.cores - 1).ok_or(Stopped::Unplanned)?;
        let control = self.shared.control;
        let units = M::share(&mut self.paces, self.shared.cores, shares, step);
        for (word, value) in control.words.iter().zip(step.geometry.words()) {
            word.store(value, Relaxed);
        }
        if M::JOINED > 0 {
            self.share_group(step)?;
        }
        if M::SLICED {
            self.rename(step);
        }
        if self.epoch == self.first {
            control.begun.store(self.first, Relaxed);
            for core in self.helpers() {
                core.invited.store(self.first, Relaxed);
                rolled();
            }
        }
        // Release: pairs with the acquire of the helpers' waits for `published`.
        let release = ordering("publish", Release);
        control.published.store(self.epoch, release);
        self.shared.wake(&self.port, "publish sleeps");
        Ok(units)
    }

    /// Waits until the lead has published the step, and compares it with our own.
    fn follow(&mut self, step: &'static Shape) -> Result<M::Entered, Stopped> {
        let control = self.shared.control;
        self.wait_until(&control.published, self.epoch, 0)?;
        // Relaxed: stored before `published`. The epoch can belong to a later inference, if this
        // core's function has more steps than the lead's; the range is then not this core's.
        if control.begun.load(Relaxed) != self.first && !fault("begun") {
            return Err(Stopped::Told);
        }
        // Before anything is stored: with another schedule the lead's words mean something else.
        // Relaxed: stored before `published`, and not again while this core has its handle.
        let is_same_build = control.identity.load(Relaxed) == self.shared.identity;
        if !is_same_build && !fault("identity") {
            return Err(self.disagree());
        }
        let cores = self.shared.cores;
        let own = cores.get(self.index).ok_or(Stopped::Unplanned)?;
        if !M::sit(self, own) {
            return Ok(M::late());
        }
        let mut words = control.words.iter().zip(step.geometry.words());
        let same = words.all(|(word, value)| word.load(Relaxed) == value)
            && (M::JOINED == 0 || self.has_same_group(step));
        if !same && !fault("geometry") {
            return Err(self.disagree());
        }
        if M::JOINED > 0 {
            self.look_ahead(step);
        }
        Ok(M::own(own))
    }

    /// Tells the lead that this core does not execute its steps.
    #[cold]
    #[inline(never)]
    fn disagree(&self) -> Stopped {
        if !fault("disagree") {
            self.shared.control.mismatch.store(self.first, Relaxed);
        }
        Stopped::Mismatch
    }

    /// This core has completed its units of the step, and tells so after the last of a group.
    #[inline(never)]
    fn close(&mut self, step: &'static Shape) {
        self.open = None;
        // Of a group the first is remembered, which knows the others.
        if M::JOINED == 0 || self.last.is_none() {
            self.last = Some(step);
        }
        if !fault("report") {
            self.report(step);
        }
        let goes_on = M::JOINED > 0 && self.is_in_group();
        let arrives = !goes_on || fault("early");
        if !step.is_private() && !M::ALONE && self.index != 0 && arrives {
            if let Some(own) = self.shared.cores.get(self.index) {
                // Release: pairs with the acquire of the lead's `gather`.
                let release = ordering("close", Release);
                own.arrived.store(M::over(self.epoch), release);
                self.shared.wake(&self.port, "close sleeps");
            }
        }
        if fault("report") {
            self.report(step);
        }
        if !goes_on {
            self.pass(step);
        }
    }

    /// Says how many units this core has claimed, before it says that it has completed them.
    #[inline(always)]
    fn report(&mut self, step: &Shape) {
        if let Some(own) = self.shared.cores.get(self.index) {
            if self.publishes(step) {
                M::report(&mut self.paces, own, step, self.index);
            }
        }
    }

    /// Counts the step's epoch. A private step has none.
    #[inline(always)]
    fn pass(&mut self, step: &Shape) {
        if M::ALONE {
            return;
        }
        let epochs = u32::from(!step.is_private());
        self.epoch = self.epoch.wrapping_add(epochs);
    }

    /// Waits on the lead until every helper has completed the last step, if they know of it, and
    /// shows its output.
    pub(super) fn gather(&mut self) -> Result<(), Stopped> {
        let Some(last) = self.last else { return Ok(()) };
        if !last.is_private() {
            let epoch = self.epoch.wrapping_sub(1);
            for (index, core) in (1..).zip(self.helpers()) {
                if M::is_needed(core) && !fault("needed") || !M::shut(&self.port, core, epoch) {
                    self.wait_until(&core.arrived, M::over(epoch), index)?;
                }
            }
            if self.publishes(last) {
                let team = self.shared.cores.get(..self.cores).unwrap_or_default();
                M::learn(&mut self.paces, team, last);
            }
        }
        self.last = None;
        self.show(last);
        if M::JOINED > 0 && self.publishes(last) {
            let followers = core::iter::successors(last.next, |step| step.next);
            followers.take(M::JOINED).for_each(|step| self.show(step));
        }
        Ok(())
    }

    /// Shows a step's output to the port's observer, when the step is gathered.
    #[inline(always)]
    fn show(&self, step: &Shape) {
        let output = step.geometry.output();
        let _held = self.shared.control.watch.read(output);
        // SAFETY: inside the arena, as `enter` checked; every core has completed the step and
        // waits for the next one, so nobody writes.
        let output = unsafe { self.shared.read(output) };
        self.port.observe(step.number, output);
    }

    /// The words of the helpers of this team.
    fn helpers(&self) -> &'m [PerCore] {
        if M::ALONE {
            return &[];
        }
        self.shared.cores.get(1..self.cores).unwrap_or_default()
    }

    /// Waits until a word that core `core` writes has come to this value.
    ///
    /// Not inlined, nor is [`Self::wait_longer`]: instruction counters leave out what is in here.
    #[inline(never)]
    pub(super) fn wait_until(
        &mut self,
        word: &AtomicU32,
        value: u32,
        core: usize,
    ) -> Result<(), Stopped> {
        // Acquire: pairs with the release of whoever stores the word, `publish` or `close`.
        if M::reached(word.load(ordering("wait_until", Acquire)), value) {
            return Ok(());
        }
        self.wait_longer(word, value, core)
    }

    /// The rest of [`Self::wait_until`], apart so that a look that finds the value saves nothing.
    #[cold]
    #[inline(never)]
    fn wait_longer(&mut self, word: &AtomicU32, value: u32, core: usize) -> Result<(), Stopped> {
        // Patience counts the looks of all slices that wait for the same word.
        let earlier = if M::SLICED { self.earlier_polls() } else { 0 };
        let mut polls = earlier;
        // Acquire: as in `wait_until`.
        while !M::reached(word.load(ordering("wait_longer", Acquire)), value) {
            if self.index == 0 && self.has_refused(core) {
                return Err(Stopped::Mismatch);
            }
            if self.index != 0 && self.is_told() {
                // A lead that pauses waits for what it has published. Acquire: as in `wait_until`.
                let is_published = || M::reached(word.load(ordering("looks", Acquire)), value);
                if M::SLICED && is_published() && !fault("look") {
                    return Ok(());
                }
                return Err(Stopped::Told);
            }
            if M::SLICED && polls > earlier && self.gives_way(polls) {
                return Err(Stopped::Paused);
            }
            if self.port.wait(polls).is_break() {
                return Err(Stopped::NoAnswer { core });
            }
            polls = polls.saturating_add(1);
        }
        Ok(())
    }

    /// Whether a core has left the inference, in which some core disagrees: it will not answer. One
    /// that is not waited for may disagree, where others can take its units.
    fn has_refused(&self, core: usize) -> bool {
        let has_left = |core: &PerCore| core.left.load(Relaxed) == self.first || fault("awaited");
        self.shared.control.mismatch.load(Relaxed) == self.first
            && self.shared.cores.get(core).is_some_and(has_left)
    }

    /// Ends the inference on the lead: waits for every core's last step.
    ///
    /// # Errors
    ///
    /// [`Stopped::NoAnswer`], and [`Stopped::Mismatch`] on a helper, which has no outputs.
    pub fn finish(mut self) -> Result<Done<'m>, Stopped> {
        if !M::ALONE && self.index != 0 {
            return Err(Stopped::Mismatch);
        }
        if self.open.is_some() || M::JOINED > 0 && self.is_in_group() {
            return Err(Stopped::Unplanned);
        }
        self.gather()?;
        if self.is_published() {
            self.shared.control.finished.store(self.first, Relaxed);
            if M::SLICED && self.is_paused() {
                // Who has asked for a handle that another core has waits no longer.
                self.shared.wake(&self.port, "finish sleeps");
            }
        }
        Ok(Done::new(self.shared))
    }

    /// Whether the helpers of this inference know of it.
    pub(super) fn is_published(&self) -> bool {
        !M::ALONE && self.shared.control.begun.load(Relaxed) == self.first
    }
}

impl<P: Port, M: Schedule> Drop for Member<'_, P, M> {
    /// The core leaves the inference. A lead that has not finished it stops its helpers.
    fn drop(&mut self) {
        let control = self.shared.control;
        if M::ALONE || self.index == 0 {
            if self.is_published() && control.finished.load(Relaxed) != self.first {
                // Relaxed: a helper that sees it touches the arena no more, and says so with `left`.
                control.stopped.store(self.first, Relaxed);
                self.shared.wake(&self.port, "drop sleeps");
            }
        } else if let Some(own) = self.shared.cores.get(self.index) {
            // Release: pairs with the acquire of the lead's `clear`.
            own.left.store(self.first, ordering("leave", Release));
            self.shared.wake(&self.port, "leave sleeps");
        }
    }
}
