//! The part of a step that does not depend on element types.

use crate::geometry::Geometry;

/// The part of a step that does not depend on element types, so that its code exists once.
#[derive(Debug)]
pub struct Shape {
    pub(crate) number: u16,
    /// Claims are multiples of so many units where cores steal; 0 stands for 1. Where an inference
    /// is taken in slices, claims of the lead have at most so many; 0 stands for all. Cores need
    /// not agree on it.
    pub(crate) grain: u16,
    pub(crate) geometry: Geometry,
    /// Bytes that the arena must have.
    pub(crate) end: u32,
    /// For each team size, from one core on, the units with which each core starts; no row at all
    /// if the lead does the step alone.
    pub(crate) shares: &'static [&'static [u16]],
}

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
}
