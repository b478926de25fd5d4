//! Steps: what is read, what is written, and how the output is cut.

use crate::slot::Extent;
use crate::{Element, Inputs, Slot};
use core::marker::PhantomData;

/// Most cores of a team.
pub(crate) const MAX_CORES: usize = 8;

/// Most inputs that one part can read.
pub(crate) const MAX_INPUTS: usize = 2;

/// The axis along which an output, seen as `[pixels, channels]`, is cut into units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Cut {
    /// A unit is a run of pixels with all their channels: contiguous memory.
    Pixels,
    /// A unit is a run of channels of every pixel: strided memory unless there is one pixel.
    Channels,
}

/// What every core must agree on before it touches the arena.
///
/// Two cores whose geometries are equal cut the same bytes in the same way, whichever image they
/// were built into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Geometry {
    pub inputs: [Extent; MAX_INPUTS],
    pub output: Extent,
    pub pixels: u32,
    pub channels: u32,
    /// Pixels or channels in a unit; the last unit may have fewer.
    pub unit: u32,
    pub cut: Cut,
    /// Bytes of an element of the output.
    pub element: u8,
    /// Claims are multiples of so many units where cores steal; 0 stands for 1. Where an inference
    /// is taken in slices, claims of the lead have at most so many; 0 stands for all. Cores need
    /// not agree on it.
    pub grain: u16,
    /// Temporary memory of all cores, one after the other.
    pub scratch: Extent,
    /// Bytes of it for each core.
    pub scratch_share: u32,
}

impl Geometry {
    /// Length of the axis that is cut.
    pub const fn axis(&self) -> u32 {
        match self.cut {
            Cut::Pixels => self.pixels,
            Cut::Channels => self.channels,
        }
    }

    /// Number of units.
    pub const fn units(&self) -> u32 {
        self.axis().div_ceil(self.unit)
    }

    /// The same facts as numbers, for the control block.
    pub const fn words(&self) -> [u32; GEOMETRY_WORDS] {
        [
            self.inputs[0].offset,
            self.inputs[0].bytes,
            self.inputs[1].offset,
            self.inputs[1].bytes,
            self.output.offset,
            self.output.bytes,
            self.pixels,
            self.channels,
            match self.cut {
                Cut::Pixels => self.unit,
                Cut::Channels => self.unit | 1 << 31,
            },
            self.scratch.offset,
            self.scratch.bytes,
            self.scratch_share,
        ]
    }
}

/// Length of [`Geometry::words`].
pub(crate) const GEOMETRY_WORDS: usize = 12;

/// The part of a step that does not depend on element types, so that its code exists once.
#[derive(Debug)]
pub struct Shape {
    pub(crate) number: u16,
    /// Units of the geometry, here because to divide again could panic in the compiler's eyes.
    pub(crate) units: u16,
    pub(crate) geometry: Geometry,
    /// Bytes that the arena must have.
    pub(crate) end: u32,
    /// For each team size, from one core on, the units with which each core starts; no row at all
    /// if the lead does the step alone.
    pub(crate) shares: &'static [&'static [u16]],
}

impl Shape {
    /// Whether the lead does the step alone, whatever the team's size: nobody else hears of it.
    #[inline(always)]
    pub(crate) const fn is_private(&self) -> bool {
        self.shares.is_empty()
    }
}

/// One operator's output, cut into units that the cores share. `I` and `O` are the element types
/// of its inputs and its output.
///
/// ```
/// use runtime::{step, Slot, Step};
/// const A: Slot<i8, 8> = Slot::at(0);
/// const B: Slot<i8, 8> = Slot::at(8);
/// static S: Step<(i8,), i8> = step(0).reads(A).writes(B).by_pixels(8, 1, 1).shares(&[&[8], &[4, 4]]);
/// ```
///
/// A plan that is wrong does not compile. A step that writes what it reads:
///
/// ```compile_fail,E0080
/// use runtime::{step, Slot, Step};
/// const A: Slot<i8, 8> = Slot::at(0);
/// const B: Slot<i8, 8> = Slot::at(4);
/// static S: Step<(i8,), i8> = step(0).reads(A).writes(B).by_pixels(8, 1, 1).shares(&[&[8], &[4, 4]]);
/// ```
///
/// Shares that leave a unit out:
///
/// ```compile_fail,E0080
/// use runtime::{step, Slot, Step};
/// const A: Slot<i8, 8> = Slot::at(0);
/// const B: Slot<i8, 8> = Slot::at(8);
/// static S: Step<(i8,), i8> = step(0).reads(A).writes(B).by_pixels(8, 1, 1).shares(&[&[8], &[4, 3]]);
/// ```
///
/// A slot that is not aligned for its elements:
///
/// ```compile_fail,E0080
/// const A: runtime::Slot<i32, 8> = runtime::Slot::at(2);
/// static B: runtime::Slot<i32, 8> = A;
/// ```
#[derive(Debug)]
pub struct Step<I, O> {
    pub(crate) shape: Shape,
    types: PhantomData<fn(I) -> O>,
}

/// A step that is being described; see [`step`].
#[derive(Debug)]
pub struct StepBuilder<I, O> {
    number: u16,
    elements: u32,
    geometry: Geometry,
    types: PhantomData<fn(I) -> O>,
}

/// Begins the description of the step with this number; it names the step to observers.
#[must_use]
pub const fn step(number: u16) -> StepBuilder<(), ()> {
    StepBuilder {
        number,
        elements: 0,
        geometry: Geometry {
            inputs: [Extent::NONE; MAX_INPUTS],
            output: Extent::NONE,
            pixels: 0,
            channels: 0,
            unit: 1,
            cut: Cut::Pixels,
            element: 1,
            grain: 0,
            scratch: Extent::NONE,
            scratch_share: 0,
        },
        types: PhantomData,
    }
}

impl<I, O> StepBuilder<I, O> {
    const fn typed<J, P>(self, elements: u32, geometry: Geometry) -> StepBuilder<J, P> {
        let Self { number, .. } = self;
        StepBuilder {
            number,
            elements,
            geometry,
            types: PhantomData,
        }
    }
}

impl StepBuilder<(), ()> {
    /// The step reads one tensor.
    #[must_use]
    pub const fn reads<A: Element, const N: usize>(
        self,
        input: Slot<A, N>,
    ) -> StepBuilder<(A,), ()> {
        let mut geometry = self.geometry;
        geometry.inputs[0] = input.extent();
        self.typed(0, geometry)
    }
}

impl<A: Element> StepBuilder<(A,), ()> {
    /// The step reads a second tensor.
    #[must_use]
    pub const fn also_reads<B: Element, const N: usize>(
        self,
        input: Slot<B, N>,
    ) -> StepBuilder<(A, B), ()> {
        let mut geometry = self.geometry;
        geometry.inputs[1] = input.extent();
        self.typed(0, geometry)
    }
}

impl<I: Inputs> StepBuilder<I, ()> {
    /// The step writes one tensor, all of it.
    ///
    /// # Panics
    ///
    /// While compiling, when the tensor shares a byte with an input of the step.
    #[must_use]
    pub const fn writes<O: Element, const N: usize>(self, output: Slot<O, N>) -> StepBuilder<I, O> {
        let mut geometry = self.geometry;
        geometry.output = output.extent();
        #[allow(clippy::cast_possible_truncation)] // elements have at most four bytes
        let element = size_of::<O>() as u8;
        geometry.element = element;
        assert!(
            !geometry.output.overlaps(geometry.inputs[0])
                && !geometry.output.overlaps(geometry.inputs[1]),
            "a step must not write what it reads"
        );
        #[allow(clippy::cast_possible_truncation)] // `Slot::at` keeps it below 2^31
        self.typed(N as u32, geometry)
    }
}

impl<I: Inputs, O: Element> StepBuilder<I, O> {
    /// The step needs temporary memory: `N / cores` words for each core of a team of `cores`.
    ///
    /// # Panics
    ///
    /// While compiling, when the slot does not divide by `cores`, or shares a byte with an input
    /// or the output of the step.
    #[must_use]
    pub const fn scratch<const N: usize>(self, slot: Slot<u32, N>, cores: usize) -> Self {
        assert!(N % cores == 0, "every core gets the same scratch");
        let mut geometry = self.geometry;
        geometry.scratch = slot.extent();
        geometry.scratch_share = geometry.scratch.bytes / cores as u32;
        assert!(
            !geometry.scratch.overlaps(geometry.output)
                && !geometry.scratch.overlaps(geometry.inputs[0])
                && !geometry.scratch.overlaps(geometry.inputs[1]),
            "scratch must be apart from what a step reads and writes"
        );
        let elements = self.elements;
        self.typed(elements, geometry)
    }

    /// Cuts the output, seen as `[pixels, channels]`, into units of `unit` pixels.
    ///
    /// # Panics
    ///
    /// As [`Self::cut`].
    #[must_use]
    pub const fn by_pixels(self, pixels: u32, channels: u32, unit: u32) -> CutBuilder<I, O> {
        self.cut(Cut::Pixels, pixels, channels, unit)
    }

    /// Cuts the output, seen as `[pixels, channels]`, into units of `unit` channels.
    ///
    /// # Panics
    ///
    /// As [`Self::cut`].
    #[must_use]
    pub const fn by_channels(self, pixels: u32, channels: u32, unit: u32) -> CutBuilder<I, O> {
        self.cut(Cut::Channels, pixels, channels, unit)
    }

    /// Cuts the output, seen as `[pixels, channels]`, into units along an axis.
    ///
    /// # Panics
    ///
    /// While compiling, when the output is empty, is not `pixels` x `channels` elements, or has
    /// more than 65,535 units.
    #[must_use]
    pub const fn cut(self, cut: Cut, pixels: u32, channels: u32, unit: u32) -> CutBuilder<I, O> {
        assert!(
            self.elements > 0 && unit > 0 && unit < 1 << 31,
            "a step must have work"
        );
        assert!(
            pixels as u64 * channels as u64 == self.elements as u64,
            "pixels x channels must be the output's elements"
        );
        let mut geometry = self.geometry;
        geometry.pixels = pixels;
        geometry.channels = channels;
        geometry.cut = cut;
        geometry.unit = unit;
        assert!(
            geometry.units() <= 65_535,
            "a step has at most 65,535 units"
        );
        CutBuilder {
            number: self.number,
            geometry,
            types: PhantomData,
        }
    }
}

/// A step that lacks only its shares; see [`step`].
#[derive(Debug)]
pub struct CutBuilder<I, O> {
    number: u16,
    geometry: Geometry,
    types: PhantomData<fn(I) -> O>,
}

impl<I: Inputs, O: Element> CutBuilder<I, O> {
    /// Where cores steal, lets them claim multiples of so many units: a kernel that computes more
    /// than a unit at a time takes nearly as long for fewer. Where an inference is taken in slices,
    /// one can end after so many units.
    #[must_use]
    pub const fn grain(mut self, units: u16) -> Self {
        self.geometry.grain = units;
        self
    }

    /// Leaves the step to the lead, in a team of any size up to `cores`: the others are not told of
    /// it, and nobody waits for them after it.
    ///
    /// # Panics
    ///
    /// While compiling, when there is more than one unit, or `cores` is more than 8.
    #[must_use]
    pub const fn alone(self, cores: usize) -> Step<I, O> {
        assert!(cores <= MAX_CORES, "a team has at most eight cores");
        assert!(
            self.geometry.units() == 1,
            "what the lead does alone is one unit"
        );
        self.step(&[])
    }

    /// Gives each core of a team units to start with; `shares` holds a row for each team size,
    /// from one core on.
    ///
    /// # Panics
    ///
    /// While compiling, when there is no row, or one does not cover every unit exactly once.
    #[must_use]
    pub const fn shares(self, shares: &'static [&'static [u16]]) -> Step<I, O> {
        assert!(
            !shares.is_empty() && shares.len() <= MAX_CORES,
            "a team has one to eight cores"
        );
        let mut team = 0;
        while team < shares.len() {
            assert!(
                shares[team].len() == team + 1,
                "a share for each core of the team"
            );
            let mut core = 0;
            let mut covered = 0;
            while core < shares[team].len() {
                covered += shares[team][core] as u32;
                core += 1;
            }
            assert!(
                covered == self.geometry.units(),
                "shares must cover every unit exactly once"
            );
            team += 1;
        }
        self.step(shares)
    }

    const fn step(self, shares: &'static [&'static [u16]]) -> Step<I, O> {
        let Self {
            number, geometry, ..
        } = self;
        let mut end = geometry.output.end();
        if geometry.scratch.end() > end {
            end = geometry.scratch.end();
        }
        let mut index = 0;
        while index < MAX_INPUTS {
            let input = geometry.inputs[index].end();
            end = if input > end { input } else { end };
            index += 1;
        }
        #[allow(clippy::cast_possible_truncation)] // `cut` keeps it below 2^16
        let units = geometry.units() as u16;
        let shape = Shape {
            number,
            units,
            geometry,
            end,
            shares,
        };
        Step {
            shape,
            types: PhantomData,
        }
    }
}
