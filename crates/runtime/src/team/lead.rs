//! The core that runs inferences.

use super::arena::Shared;
use super::{Member, Port, Schedule, Static};
use crate::geometry::MAX_CORES;
use crate::sync::Ordering::{Acquire, Relaxed};
use crate::sync::{fault, ordering, rolled};
use crate::{Element, Slot, Stopped};
use core::marker::PhantomData;

/// The handle of the core that runs inferences.
pub struct Lead<'t, P: Port, M: Schedule = Static> {
    shared: Shared<'t>,
    group: M::Group<'t>,
    port: P,
    cores: usize,
    /// How fast cores have been, in earlier inferences too.
    speeds: M::Speeds,
    schedule: PhantomData<M>,
}

impl<'t, P: Port, M: Schedule> Lead<'t, P, M> {
    pub(super) fn new(shared: Shared<'t>, group: M::Group<'t>, port: P, cores: usize) -> Self {
        Self {
            shared,
            group,
            port,
            cores,
            speeds: M::SPEEDS,
            schedule: PhantomData,
        }
    }

    /// Begins an inference; its inputs can be stored.
    ///
    /// # Errors
    ///
    /// [`Stopped::Busy`] when the last inference was stopped and one of its helpers has not left
    /// it within the port's patience; also when another build has led this team, and somebody has
    /// had a helper's handle since. [`Stopped::Mismatch`] if another build has led and this one is
    /// for a single core: it does not know of helpers.
    pub fn begin(&mut self) -> Result<Begin<'_, P, M>, Stopped> {
        let control = self.shared.control;
        // Relaxed: only leads store it, and this one has acquired their handle.
        let identity = control.identity.load(Relaxed);
        if identity != self.shared.identity {
            self.identify(identity)?;
        }
        let last = control.begun.load(Relaxed);
        if !M::ALONE && control.finished.load(Relaxed) != last {
            self.clear(last)?;
        }
        let first = control.published.load(Relaxed).wrapping_add(1);
        let group = M::regroup(&self.group);
        let paces = M::paces(&mut self.speeds);
        let member = Member::new(self.shared, group, self.port, 0, self.cores, first, paces);
        Ok(Begin { member })
    }

    /// Takes the handle of helper `index` back from a core that was stopped or has restarted while
    /// it had it, perhaps inside an inference. Then [`Self::begin`] no longer waits for that core,
    /// and it can have its handle anew. Nothing happens if `index` is 0, and nobody has the handle of
    /// what is no core of a team.
    ///
    /// # Safety
    ///
    /// What had the handle, or a member or claim that came from it, executes no instruction any
    /// more and never will, and all that it wrote happens before this call. So the core was held in
    /// reset, or it began anew, and whoever did that, or the core itself, said so to the caller; and
    /// it has not got its handle anew. A core that is only late is not stopped: it would write to an
    /// arena that others have claimed.
    ///
    /// Its number on the chip is `index`, if the port has [`Port::unlock`].
    pub unsafe fn reclaim(&mut self, index: usize) {
        // Not while `clear` has the handle: `self` is borrowed. That is the reason for a lead.
        if index > 0 {
            // SAFETY: by the caller's promise. First: who takes the handle needs the lock.
            unsafe { self.port.unlock(index) };
            self.shared.give(index);
            self.shared.wake(&self.port, "reclaim sleeps");
        }
    }

    /// Says what this image was built from, before anything is stored in its arena: what is arena here
    /// may be words in the image of the lead before.
    #[cold]
    fn identify(&self, before: u32) -> Result<(), Stopped> {
        // Who asks now finds no words, or those of this image: no lead has used other memory.
        if before != 0 {
            if M::ALONE {
                return Err(Stopped::Mismatch);
            }
            return self.take_over();
        }
        let control = self.shared.control;
        control.identity.store(self.shared.identity, Relaxed);
        Ok(())
    }

    /// Follows a lead of another image, while nobody has a helper's handle: so nobody is in an
    /// inference, or touches words, of that image. Who takes a handle later acquires this.
    #[cold]
    #[inline(never)]
    fn take_over(&self) -> Result<(), Stopped> {
        let control = self.shared.control;
        let last = control.begun.load(Relaxed);
        // It counts as stopped: its helpers leave, and who asks for a handle meanwhile waits.
        control.finished.store(last.wrapping_sub(1), Relaxed);
        control.stopped.store(last, Relaxed);
        self.shared.wake(&self.port, "follow sleeps");
        let (mut free, mut polls) = (1, 0);
        while free < MAX_CORES {
            if self.shared.take(&self.port, free) {
                free += 1;
            } else if self.port.wait(polls).is_break() {
                break;
            } else {
                polls = polls.saturating_add(1);
            }
            rolled();
        }
        if free == MAX_CORES {
            let arrived = M::over(control.published.load(Relaxed));
            for core in self.shared.cores {
                core.rest(last, arrived);
                rolled();
            }
            control.identity.store(self.shared.identity, Relaxed);
            control.finished.store(last, Relaxed);
        }
        for index in 1..free {
            self.shared.give(index);
            rolled();
        }
        self.shared.wake(&self.port, "gives sleeps");
        if free < MAX_CORES {
            return Err(Stopped::Busy { core: free });
        }
        Ok(())
    }

    /// Tells the helpers of a stopped inference to leave it, and waits until they have.
    #[cold]
    fn clear(&mut self, last: u32) -> Result<(), Stopped> {
        let control = self.shared.control;
        // Relaxed: a helper that sees it touches the arena no more, and says so with `left`.
        control.stopped.store(last, Relaxed);
        self.shared.wake(&self.port, "clear sleeps");
        let epoch = control.published.load(Relaxed);
        for (index, core) in self.shared.cores.iter().enumerate().skip(1) {
            let is_invited = core.invited.load(Relaxed) == last || fault("uninvited");
            if !is_invited || M::shut(&self.port, core, epoch) {
                continue;
            }
            let mut polls = 0;
            // Acquire: pairs with the release of a helper's `Member::drop`; the helper's last
            // write to the arena happens before the next inference.
            while core.left.load(ordering("clear", Acquire)) != last && !self.expel(index, last) {
                if self.port.wait(polls).is_break() {
                    return Err(Stopped::Busy { core: index });
                }
                polls = polls.saturating_add(1);
            }
        }
        control.finished.store(last, Relaxed);
        // Who has asked for a handle that another core has waits no longer.
        self.shared.wake(&self.port, "cleared sleeps");
        Ok(())
    }

    /// Ends a stopped inference for a core whose handle nobody has, so that nobody can be in it.
    /// Who takes the handle later acquires this, and does not join that inference.
    #[cold]
    fn expel(&self, index: usize, last: u32) -> bool {
        let Some(core) = self.shared.cores.get(index) else {
            return false;
        };
        // Acquires what the last owner of the handle did in the arena. Nobody else has it until
        // it is given back, so this core writes the helper's words.
        if !self.shared.take(&self.port, index) {
            return false;
        }
        if !fault("expel") {
            core.joined.store(last, Relaxed);
        }
        core.left.store(last, Relaxed);
        self.shared.give(index);
        self.shared.wake(&self.port, "expel sleeps");
        true
    }
}

impl<P: Port, M: Schedule> Drop for Lead<'_, P, M> {
    fn drop(&mut self) {
        self.shared.give(0);
    }
}

/// An inference before its first step: no helper is working, inputs can be stored.
pub struct Begin<'l, P: Port, M: Schedule = Static> {
    member: Member<'l, P, M>,
}

impl<'l, P: Port, M: Schedule> Begin<'l, P, M> {
    /// Copies an input tensor into the arena.
    ///
    /// # Errors
    ///
    /// [`Stopped::Unplanned`] when the slot lies outside the arena.
    pub fn store<T: Element, const N: usize>(
        &mut self,
        slot: Slot<T, N>,
        values: &[T; N],
    ) -> Result<(), Stopped> {
        let extent = slot.extent();
        let shared = self.member.shared;
        if !shared.reaches(extent.end()) {
            return Err(Stopped::Unplanned);
        }
        let _held = shared.control.watch.write(extent);
        // SAFETY: inside the arena; no helper works between `begin` and the first published step,
        // and this core holds no view, because `self` is borrowed mutably.
        unsafe { shared.store(values, extent) };
        Ok(())
    }

    /// Inputs are complete: the steps can be run.
    #[must_use]
    pub fn member(self) -> Member<'l, P, M> {
        self.member
    }
}

/// An inference after its last step: every core has completed it, outputs can be read.
pub struct Done<'l> {
    shared: Shared<'l>,
}

impl<'l> Done<'l> {
    pub(super) fn new(shared: Shared<'l>) -> Self {
        Self { shared }
    }

    /// Copies an output tensor out of the arena.
    ///
    /// # Errors
    ///
    /// [`Stopped::Unplanned`] when the slot lies outside the arena.
    pub fn load<T: Element, const N: usize>(
        &self,
        slot: Slot<T, N>,
        values: &mut [T; N],
    ) -> Result<(), Stopped> {
        let extent = slot.extent();
        if !self.shared.reaches(extent.end()) {
            return Err(Stopped::Unplanned);
        }
        let _held = self.shared.control.watch.read(extent);
        // SAFETY: inside the arena and aligned, as `Slot::at` checked; nobody writes, because
        // every core has completed the inference and the lead stays borrowed.
        unsafe { self.shared.load(extent, values) };
        Ok(())
    }
}
