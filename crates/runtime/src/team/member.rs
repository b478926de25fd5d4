//! A core inside an inference.

use super::arena::Shared;
use super::control::PerCore;
use super::{Claim, Done, Port};
use crate::step::Shape;
use crate::{Element, Inputs, Step, Stopped};
use core::ops::Range;
use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};

/// A core inside an inference, lead or helper. The generated function takes one.
pub struct Member<'m, P: Port> {
    shared: Shared<'m>,
    port: P,
    index: usize,
    cores: usize,
    /// First epoch of the inference, its name.
    first: u32,
    /// Epoch of the step that is entered next, or of the one that is open.
    epoch: u32,
    /// The step whose units are being claimed.
    open: Option<&'static Shape>,
    /// The step completed before; the lead shows its output to the port's observer.
    last: Option<&'static Shape>,
}

impl<'m, P: Port> Member<'m, P> {
    pub(super) fn new(shared: Shared<'m>, port: P, index: usize, cores: usize, first: u32) -> Self {
        Self {
            shared,
            port,
            index,
            cores,
            first,
            epoch: first,
            open: None,
            last: None,
        }
    }

    pub(super) fn shared(&self) -> Shared<'m> {
        self.shared
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
        while let Some(units) = self.claim(step)? {
            kernel(params, units);
        }
        Ok(())
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
    pub fn claim<I: Inputs, O: Element>(
        &mut self,
        step: &'static Step<I, O>,
    ) -> Result<Option<Claim<'_, I, O>>, Stopped> {
        let Some(units) = self.next(&step.shape)? else {
            return Ok(None);
        };
        // SAFETY: `next` has entered this step, so the extents lie inside the arena and every
        // member works on this geometry; the units are this member's alone, and the claim borrows
        // the member until it ends. `StepBuilder` derived the types and extents from slots.
        Ok(Some(unsafe {
            Claim::new(self.shared, &step.shape.geometry, units, self.index)
        }))
    }

    /// Enters a step and returns this core's units, or closes the step if it is open.
    #[inline(never)]
    fn next(&mut self, step: &'static Shape) -> Result<Option<Range<u32>>, Stopped> {
        match self.open {
            None => {
                let units = self.enter(step)?;
                self.open = Some(step);
                if !units.is_empty() {
                    return Ok(Some(units));
                }
            }
            Some(open) if core::ptr::eq(open, step) => {}
            Some(_) => return Err(Stopped::Mismatch),
        }
        self.close(step);
        Ok(None)
    }

    /// Waits for the step's turn and returns this core's units of it.
    ///
    /// Not inlined: instruction counters take its address as the beginning of a step.
    #[inline(never)]
    fn enter(&mut self, step: &'static Shape) -> Result<Range<u32>, Stopped> {
        if !self.shared.reaches(step.end) {
            return Err(Stopped::Unplanned);
        }
        if self.index != 0 {
            return self.follow(step);
        }
        self.gather()?;
        if self.cores == 1 {
            return Ok(0..step.units);
        }
        self.publish(step)
    }

    /// Tells the team which step is next, and how its units are shared.
    fn publish(&mut self, step: &'static Shape) -> Result<Range<u32>, Stopped> {
        let shares = *step.shares.get(self.cores - 1).ok_or(Stopped::Unplanned)?;
        let control = self.shared.control;
        let mut start = 0;
        for (core, &share) in self.shared.cores.iter().zip(shares) {
            let end = start + u32::from(share);
            core.range.store(start | end << 16, Relaxed);
            start = end;
        }
        for (word, &value) in control.words.iter().zip(&step.words) {
            word.store(value, Relaxed);
        }
        if self.epoch == self.first {
            control.begun.store(self.first, Relaxed);
            for core in self.helpers() {
                core.invited.store(self.first, Relaxed);
            }
        }
        // Release: pairs with the acquire of the helpers' waits for `published`.
        control.published.store(self.epoch, Release);
        self.port.wake();
        Ok(0..shares.first().map_or(0, |&share| u32::from(share)))
    }

    /// Waits until the lead has published the step, and compares it with our own.
    fn follow(&mut self, step: &'static Shape) -> Result<Range<u32>, Stopped> {
        let control = self.shared.control;
        self.wait_until(&control.published, self.epoch, 0)?;
        // Relaxed: stored before `published`. The epoch can belong to a later inference, if this
        // core's function has more steps than the lead's; the range is then not this core's.
        if control.begun.load(Relaxed) != self.first {
            return Err(Stopped::Told);
        }
        let same = control
            .words
            .iter()
            .zip(&step.words)
            .all(|(a, &b)| a.load(Relaxed) == b);
        if !same {
            control.mismatch.store(self.first, Relaxed);
            return Err(Stopped::Mismatch);
        }
        let own = self.shared.cores.get(self.index);
        let range = own.map_or(0, |own| own.range.load(Relaxed));
        Ok(range & 0xffff..range >> 16)
    }

    /// This core has completed its units of the step.
    fn close(&mut self, step: &'static Shape) {
        self.open = None;
        self.last = Some(step);
        if self.index != 0 {
            if let Some(own) = self.shared.cores.get(self.index) {
                // Release: pairs with the acquire of the lead's `gather`.
                own.arrived.store(self.epoch, Release);
                self.port.wake();
            }
        }
        self.epoch = self.epoch.wrapping_add(1);
    }

    /// Waits on the lead until every helper has completed the last step, and shows its output.
    fn gather(&mut self) -> Result<(), Stopped> {
        let Some(last) = self.last else { return Ok(()) };
        for (index, core) in (1..).zip(self.helpers()) {
            self.wait_until(&core.arrived, self.epoch.wrapping_sub(1), index)?;
        }
        self.last = None;
        // SAFETY: inside the arena, as `enter` checked; every core has completed the step and
        // waits for the next one, so nobody writes.
        let output = unsafe { self.shared.read(last.geometry.output) };
        self.port.observe(last.number, output);
        Ok(())
    }

    /// The words of the helpers of this team.
    fn helpers(&self) -> &'m [PerCore] {
        self.shared.cores.get(1..self.cores).unwrap_or_default()
    }

    /// Waits until a word that core `core` writes has this value.
    ///
    /// Not inlined, nor is [`Self::wait_longer`]: instruction counters leave out what is in here.
    #[inline(never)]
    fn wait_until(&self, word: &AtomicU32, value: u32, core: usize) -> Result<(), Stopped> {
        // Acquire: pairs with the release of whoever stores the word, `publish` or `close`.
        if word.load(Acquire) == value {
            return Ok(());
        }
        self.wait_longer(word, value, core)
    }

    /// The rest of [`Self::wait_until`], apart so that a look that finds the value saves nothing.
    #[cold]
    #[inline(never)]
    fn wait_longer(&self, word: &AtomicU32, value: u32, core: usize) -> Result<(), Stopped> {
        let control = self.shared.control;
        let mut polls = 0;
        // Acquire: as in `wait_until`.
        while word.load(Acquire) != value {
            if self.index == 0 && control.mismatch.load(Relaxed) == self.first {
                return Err(Stopped::Mismatch);
            }
            // Acquire: pairs with the release of the lead's `clear`.
            if self.index != 0 && control.stopped.load(Acquire) == self.first {
                return Err(Stopped::Told);
            }
            if self.port.wait(polls).is_break() {
                return Err(Stopped::NoAnswer { core });
            }
            polls = polls.saturating_add(1);
        }
        Ok(())
    }

    /// Ends the inference on the lead: waits for every core's last step.
    ///
    /// # Errors
    ///
    /// [`Stopped::NoAnswer`], and [`Stopped::Mismatch`] on a helper, which has no outputs.
    pub fn finish(mut self) -> Result<Done<'m>, Stopped> {
        if self.index != 0 {
            return Err(Stopped::Mismatch);
        }
        if self.open.is_some() {
            return Err(Stopped::Unplanned);
        }
        self.gather()?;
        if self.is_published() {
            self.shared.control.finished.store(self.first, Relaxed);
        }
        Ok(Done::new(self.shared))
    }

    /// Whether the helpers of this inference know of it.
    fn is_published(&self) -> bool {
        self.shared.control.begun.load(Relaxed) == self.first
    }
}

impl<P: Port> Drop for Member<'_, P> {
    /// The core leaves the inference. A lead that has not finished it stops its helpers.
    fn drop(&mut self) {
        let control = self.shared.control;
        if self.index == 0 {
            if self.is_published() && control.finished.load(Relaxed) != self.first {
                // Release: pairs with the acquire of a helper's wait.
                control.stopped.store(self.first, Release);
                self.port.wake();
            }
        } else if let Some(own) = self.shared.cores.get(self.index) {
            // Release: pairs with the acquire of the lead's `clear`.
            own.left.store(self.first, Release);
            self.port.wake();
        }
    }
}
