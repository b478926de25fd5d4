//! The part of a step that does not depend on element types, and which steps can be in one group.

use crate::geometry::Geometry;
use core::ops::Range;

/// The part of a step that does not depend on element types, so that its code exists once.
#[derive(Debug)]
pub struct Shape {
    pub(crate) number: u16,
    /// Where an inference is taken in slices, claims of the lead have at most so many units; 0 stands
    /// for all. Where cores steal, see [`Self::run`] and [`Self::claim`]. Cores need not agree on it.
    pub(crate) grain: u16,
    pub(crate) geometry: Geometry,
    /// Bytes that the arena must have.
    pub(crate) end: u32,
    /// For each team size, from one core on, the units with which each core starts; no row at all
    /// if the lead does the step alone.
    pub(crate) shares: &'static [&'static [u16]],
    /// The step that follows in the same group, without a barrier between the two.
    pub(crate) next: Option<&'static Shape>,
}

/// Low bits of [`Shape::grain`] where cores steal: the run. Above is the binary logarithm of the runs
/// of a claim.
pub(crate) const RUN_BITS: u32 = 12;

/// The longest run.
pub(crate) const MOST_RUN: u16 = (1 << RUN_BITS) - 1;

/// Flash that each layer takes for it.
#[cfg(target_pointer_width = "32")]
const _: () = assert!(size_of::<Shape>() <= 64, "a step is small");

impl Shape {
    /// Whether the lead does the step alone, whatever the team's size: nobody else hears of it.
    #[inline(always)]
    pub(crate) const fn is_private(&self) -> bool {
        self.shares.is_empty()
    }

    /// Number of units; to divide for it takes long, and could panic in the compiler's eyes.
    #[inline(always)]
    pub(crate) fn units(&self) -> u32 {
        let of_one = self.shares.first().and_then(|row| row.first());
        of_one.map_or(1, |&units| u32::from(units))
    }

    /// Units that the kernel computes at a time, where cores steal.
    #[inline(always)]
    pub(crate) fn run(&self) -> u32 {
        u32::from(self.grain & MOST_RUN).max(1)
    }

    /// Least units of a claim where cores steal, and what all of them but the last are multiples of.
    #[inline(always)]
    pub(crate) fn claim(&self) -> u32 {
        self.run() << (self.grain >> RUN_BITS)
    }

    /// This step, with another that follows it in the same group.
    ///
    /// # Panics
    ///
    /// While compiling, when a core that is in one step of the group could touch what a core in
    /// another one writes.
    pub(crate) const fn joins(mut self, next: &'static Self) -> Self {
        let mut later = Some(next);
        while let Some(step) = later {
            self.assert_apart(step);
            self.assert_own(step, 0);
            self.assert_own(step, 1);
            later = step.next;
        }
        self.next = Some(next);
        self
    }

    /// Only reads of this step's output may meet what another core does in this step.
    const fn assert_apart(&self, later: &Self) {
        let (this, that) = (&self.geometry, &later.geometry);
        let (inputs, read) = (this.inputs, that.inputs);
        assert!(
            !self.is_private() && self.shares.len() == later.shares.len(),
            "the steps of a group must be shared, in teams of the same sizes"
        );
        let touched = [inputs[0], inputs[1], this.output(), this.scratch()];
        let mut index = 0;
        while index < touched.len() {
            assert!(
                !that.output().overlaps(touched[index]) && !that.scratch().overlaps(touched[index]),
                "a step of a group must not write what an earlier one touches"
            );
            index += 1;
        }
        assert!(
            !this.scratch().overlaps(read[0]) && !this.scratch().overlaps(read[1]),
            "a step of a group must not read an earlier one's scratch"
        );
    }

    /// Of this step's output, a core reads in the later step what it has written itself.
    const fn assert_own(&self, later: &Self, input: usize) {
        let output = self.geometry.output();
        if !later.geometry.inputs[input].overlaps(output) {
            return;
        }
        let mut team = 0;
        while team < self.shares.len() {
            let mut core = 0;
            while core <= team {
                let (own, next) = (self.units_of(team, core), later.units_of(team, core));
                let read = later.geometry.lent(&next)[input];
                assert!(
                    next.start == next.end || self.geometry.written(&own).contains(read),
                    "a core must have written itself what it reads in a group"
                );
                core += 1;
            }
            team += 1;
        }
    }

    /// The units of core `core` in the row `team` of the shares.
    const fn units_of(&self, team: usize, core: usize) -> Range<u32> {
        let row = self.shares[team];
        let (mut start, mut before) = (0, 0);
        while before < core {
            start += row[before] as u32;
            before += 1;
        }
        start..start + row[core] as u32
    }
}
