//! Steps of a team that has one core.

use super::arena::Shared;
use super::claim::Run;
use super::{Alone, Claim, Member, Port};
use crate::whole::Task;
use crate::{Element, Inputs, Stopped, Whole};

impl<P: Port> Member<'_, P, Alone> {
    /// Runs a step: calls `kernel` with `params`.
    ///
    /// Not inlined, so that a function of many steps needs the stack of one.
    ///
    /// # Errors
    ///
    /// [`Stopped::Unplanned`] when a slot lies outside the arena.
    #[inline(never)]
    pub fn whole<I: Inputs, O: Element, K>(
        &mut self,
        step: &'static Whole<I, O>,
        kernel: impl Fn(&K, Claim<'_, I, O>),
        params: &K,
    ) -> Result<(), Stopped> {
        if !enter(&self.shared, &step.task) {
            return Err(Stopped::Unplanned);
        }
        // SAFETY: the step's extents lie inside the arena, and are apart and of these types as
        // `StepBuilder` checked; this is the only member, and its claim ends before the next.
        let claim = unsafe { Run::whole(self.shared, &step.task, step.inputs.as_ref()).typed() };
        kernel(params, claim);
        let output = step.output();
        // SAFETY: inside the arena, as `enter` checked; the claim is over.
        self.port
            .observe(self.place(), unsafe { self.shared.read(output) });
        self.epoch = self.epoch.wrapping_add(1);
        Ok(())
    }

    /// How many steps the inference has behind it; a team of one counts them as epochs.
    #[allow(clippy::cast_possible_truncation)] // a step has a number of 16 bits
    fn place(&self) -> u16 {
        self.epoch.wrapping_sub(self.first) as u16
    }
}

/// Whether a step lies inside the arena.
///
/// Not inlined: instruction counters take its address as the beginning of a step.
#[inline(never)]
fn enter(shared: &Shared<'_>, task: &Task) -> bool {
    shared.reaches(task.end)
}
