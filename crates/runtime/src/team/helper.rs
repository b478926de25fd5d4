//! A core that lends itself to inferences.

use super::arena::Shared;
use super::control::has_words;
use super::{Member, Port, Schedule, Static};
use crate::sync::Ordering::Relaxed;
use core::marker::PhantomData;

/// The handle of a core that helps.
pub struct Helper<'t, P: Port, M = Static> {
    shared: Shared<'t>,
    port: P,
    index: usize,
    schedule: PhantomData<M>,
}

impl<'t, P: Port, M: Schedule> Helper<'t, P, M> {
    pub(super) fn new(shared: Shared<'t>, port: P, index: usize) -> Self {
        Self {
            shared,
            port,
            index,
            schedule: PhantomData,
        }
    }

    /// Waits for an inference to help with; `None` when the port's patience ends first, or when
    /// the inference that this helper was invited to has been stopped.
    pub fn join(&mut self) -> Option<Member<'_, P, M>> {
        let first = self.await_invitation()?;
        self.enter_inference(first);
        Some(Member::new(
            self.shared,
            self.port,
            self.index,
            self.shared.cores.len(),
            first,
        ))
    }

    /// The name of the next inference that this helper is invited to.
    #[inline(never)]
    fn await_invitation(&self) -> Option<u32> {
        let own = self.shared.cores.get(self.index)?;
        let identity = &self.shared.control.identity;
        let mut polls = 0;
        loop {
            // The lead's image may have been built for fewer cores: this memory is then arena.
            if has_words(identity.load(Relaxed), self.index) {
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

impl<P: Port, M> Drop for Helper<'_, P, M> {
    fn drop(&mut self) {
        self.shared.give(self.index);
    }
}
