//! A core that lends itself to inferences.

use super::arena::Shared;
use super::control::{has_words, PerCore};
use super::{Member, Port, Schedule, Static};
use crate::sync::Ordering::{Relaxed, Release};
use crate::sync::{fault, ordering};
use core::marker::PhantomData;

/// The handle of a core that helps.
pub struct Helper<'t, P: Port, M: Schedule = Static> {
    shared: Shared<'t>,
    group: M::Group<'t>,
    port: P,
    index: usize,
    /// How fast this core has been, in earlier inferences too.
    speeds: M::Speeds,
    schedule: PhantomData<M>,
}

impl<'t, P: Port, M: Schedule> Helper<'t, P, M> {
    pub(super) fn new(shared: Shared<'t>, group: M::Group<'t>, port: P, index: usize) -> Self {
        Self {
            shared,
            group,
            port,
            index,
            speeds: M::SPEEDS,
            schedule: PhantomData,
        }
    }

    /// Waits for an inference to help with; `None` when the port's patience ends first. That the
    /// inference is over, or has been stopped, the member learns as it waits for a step.
    pub fn join(&mut self) -> Option<Member<'_, P, M>> {
        self.leave();
        let first = self.await_invitation()?;
        self.enter_inference(first);
        Some(Member::new(
            self.shared,
            M::regroup(&self.group),
            self.port,
            self.index,
            self.shared.cores.len(),
            first,
            M::paces(&mut self.speeds),
        ))
    }

    /// The name of the next inference that this helper is invited to.
    #[inline(never)]
    fn await_invitation(&self) -> Option<u32> {
        let mut polls = 0;
        loop {
            if let Some(own) = self.words() {
                let invited = own.invited.load(Relaxed);
                if invited != own.joined.load(Relaxed) {
                    return Some(invited);
                }
            }
            if self.port.wait(polls).is_break() {
                return None;
            }
            polls = polls.saturating_add(1);
        }
    }

    /// Remembers the inference, so that it is not joined twice.
    ///
    /// Not inlined: instruction counters take its address as the beginning of this core's work.
    #[inline(never)]
    fn enter_inference(&self, first: u32) {
        if let Some(own) = self.shared.cores.get(self.index) {
            own.joined.store(first, Relaxed);
        }
    }
}

impl<P: Port, M: Schedule> Helper<'_, P, M> {
    /// Leaves the inference whose member was forgotten, not dropped. It is gone, as it borrowed
    /// this handle, and so is every view of the arena that it gave.
    #[inline(never)]
    fn leave(&self) {
        let Some(own) = self.words() else { return };
        let joined = own.joined.load(Relaxed);
        if own.left.load(Relaxed) != joined {
            // Release: pairs with the acquire of the lead's `clear`.
            own.left.store(joined, ordering("forgotten", Release));
            self.shared.wake(&self.port, "forgotten sleeps");
        }
    }

    /// This core's words, if the lead's image has them: it may have been built for fewer cores,
    /// and the memory is then arena.
    fn words(&self) -> Option<&PerCore> {
        let identity = self.shared.control.identity.load(Relaxed);
        let own = self.shared.cores.get(self.index);
        own.filter(|_| has_words(identity, self.index))
    }
}

impl<P: Port, M: Schedule> Drop for Helper<'_, P, M> {
    fn drop(&mut self) {
        if !fault("drops") {
            self.leave();
        }
        self.shared.give(self.index);
        // The lead of a stopped inference may wait for it, or who has asked for it.
        self.shared.wake(&self.port, "given sleeps");
    }
}
