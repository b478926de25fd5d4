//! Steps: what is read, what is written, and how the output is cut.
//!
//! A builder in one file, half of which is documentation, with examples of what must not compile.

use crate::geometry::{Cut, Geometry, MAX_CORES};
use crate::shape::{Shape, MOST_RUN, RUN_BITS};
use crate::slot::Extent;
use crate::{Element, Inputs, Slot, Whole};
use core::marker::PhantomData;

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
/// Scratch for fewer cores than have shares:
///
/// ```compile_fail,E0080
/// use runtime::{step, Slot, Step};
/// const A: Slot<i8, 8> = Slot::at(0);
/// const B: Slot<i8, 8> = Slot::at(8);
/// const C: Slot<u32, 2> = Slot::at(16);
/// static S: Step<(i8,), i8> =
///     step(0).reads(A).writes(B).scratch(C, 1).by_pixels(8, 1, 1).shares(&[&[8], &[4, 4]]);
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
        geometry: Geometry::NOTHING,
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
        let output = output.extent();
        geometry.output = output.offset;
        assert!(
            !output.overlaps(geometry.inputs[0]) && !output.overlaps(geometry.inputs[1]),
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
        assert!(
            cores <= MAX_CORES && N % cores == 0,
            "every core gets the same scratch"
        );
        let scratch = slot.extent();
        let Self {
            elements, geometry, ..
        } = self;
        #[allow(clippy::cast_possible_truncation)] // `Slot::at` keeps it below 2^31
        let output = Extent {
            offset: geometry.output,
            bytes: elements * size_of::<O>() as u32,
        };
        assert!(
            !scratch.overlaps(output)
                && !scratch.overlaps(geometry.inputs[0])
                && !scratch.overlaps(geometry.inputs[1]),
            "scratch must be apart from what a step reads and writes"
        );
        self.typed(elements, geometry.with_scratch(scratch, cores as u32))
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
        assert!(self.elements > 0, "a step must have work");
        assert!(
            pixels as u64 * channels as u64 == self.elements as u64,
            "pixels x channels must be the output's elements"
        );
        #[allow(clippy::cast_possible_truncation)] // elements have at most four bytes
        let element = size_of::<O>() as u32;
        let geometry = self.geometry.cut(cut, [pixels, channels], unit, element);
        assert!(
            geometry.units() <= 65_535,
            "a step has at most 65,535 units"
        );
        CutBuilder {
            number: self.number,
            grain: 0,
            geometry,
            types: PhantomData,
        }
    }
}

impl<A: Element, O: Element> StepBuilder<(A,), O> {
    /// The step of a team that is [`Alone`](crate::Alone), which computes all of the output, seen as
    /// `[pixels, channels]`. To observers its number is its place in the inference.
    ///
    /// # Panics
    ///
    /// While compiling, when the output is empty, or is not `pixels` x `channels` elements.
    #[must_use]
    pub const fn whole(self, pixels: u32, channels: u32) -> Whole<(A,), O> {
        let geometry = self.by_pixels(pixels, channels, pixels).geometry;
        let [first, _] = geometry.inputs;
        Whole::of(&geometry, [first])
    }
}

impl<A: Element, B: Element, O: Element> StepBuilder<(A, B), O> {
    /// As for a step that reads one tensor.
    ///
    /// # Panics
    ///
    /// While compiling, when the output is empty, or is not `pixels` x `channels` elements.
    #[must_use]
    pub const fn whole(self, pixels: u32, channels: u32) -> Whole<(A, B), O> {
        let geometry = self.by_pixels(pixels, channels, pixels).geometry;
        Whole::of(&geometry, geometry.inputs)
    }
}

/// A step that lacks only its shares; see [`step`].
#[derive(Debug)]
pub struct CutBuilder<I, O> {
    number: u16,
    grain: u16,
    geometry: Geometry,
    types: PhantomData<fn(I) -> O>,
}

impl<I: Inputs, O: Element> CutBuilder<I, O> {
    /// Where an inference is taken in slices, lets one end after so many units.
    ///
    /// # Panics
    ///
    /// While compiling, after [`Self::claims`], as no schedule has both.
    #[must_use]
    pub const fn grain(mut self, units: u16) -> Self {
        assert!(self.grain == 0, "slices or claims of a run");
        self.grain = units;
        self
    }

    /// Where cores steal, lets them claim multiples of so many runs of so many units. A kernel that
    /// computes a run at a time takes nearly as long for fewer units, so shares are whole runs.
    ///
    /// # Panics
    ///
    /// While compiling, when the run is empty or longer than 4,095, the runs are no power of two, or
    /// after [`Self::grain`], as no schedule has both.
    #[must_use]
    pub const fn claims(mut self, run: u16, runs: u16) -> Self {
        assert!(self.grain == 0, "slices or claims of a run");
        assert!(0 < run && run <= MOST_RUN, "a run has 1 to 4,095 units");
        assert!(
            runs.is_power_of_two(),
            "the runs of a claim are a power of two"
        );
        #[allow(clippy::cast_possible_truncation)] // below 16
        let logarithm = runs.trailing_zeros() as u16;
        self.grain = run | logarithm << RUN_BITS;
        self
    }

    /// Says that a unit of the output is computed from so many elements of the first input, and so
    /// many of the second, one after the other: unit 0 from the first ones, and so on. 0 stands for
    /// all of that input.
    ///
    /// Where steps are [`Joined`](crate::Joined), a claim then lends of such an input only the
    /// elements of its own units, and its output begins at its own first pixel, so that a kernel
    /// sees a smaller problem: [`Output::pixels`](crate::Output::pixels) counts from 0. Where each
    /// step has its barrier, a claim lends all and counts as always.
    ///
    /// # Panics
    ///
    /// While compiling, when channels are cut, the units do not cover an input that is lent, each
    /// with some of it, or a unit is computed from more than 65,535 bytes of an input.
    #[must_use]
    pub const fn lends(mut self, first: u16, second: u16) -> Self {
        let [of_first, of_second] = I::BYTES;
        let bytes = [first as u32 * of_first, second as u32 * of_second];
        self.geometry = self.geometry.lending(bytes);
        self
    }

    /// Leaves the step to the lead, in a team of any size: the others are not told of it, and nobody
    /// waits for them after it.
    ///
    /// # Panics
    ///
    /// While compiling, when there is more than one unit.
    #[must_use]
    pub const fn alone(self) -> Step<I, O> {
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
    /// While compiling, when there is no row, or one does not cover every unit exactly once, or a
    /// core has no scratch.
    #[must_use]
    pub const fn shares(self, shares: &'static [&'static [u16]]) -> Step<I, O> {
        assert!(
            !shares.is_empty() && shares.len() <= MAX_CORES,
            "a team has one to eight cores"
        );
        assert!(
            shares.len() <= self.geometry.scratch_cores(),
            "every core needs scratch"
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
            number,
            grain,
            geometry,
            ..
        } = self;
        let shape = Shape {
            number,
            grain,
            geometry,
            end: geometry.end(),
            shares,
            next: None,
        };
        Step {
            shape,
            types: PhantomData,
        }
    }
}

impl<I: Inputs, O: Element> Step<I, O> {
    /// The step after this one goes on without a barrier, and both are published at once: they are
    /// in one group. So each step is described after the one that follows it in its group.
    ///
    /// Each core may be in another step of a group. So within a group nothing is written that an
    /// earlier step touches, and of what the group has written a core reads, by what its claim
    /// [lends](CutBuilder::lends), only what it has written itself.
    ///
    /// ```
    /// use runtime::{step, Slot, Step};
    /// const A: Slot<i8, 8> = Slot::at(0);
    /// const B: Slot<i8, 8> = Slot::at(8);
    /// const C: Slot<i8, 8> = Slot::at(16);
    /// const HALVES: &[&[u16]] = &[&[4], &[2, 2]];
    /// static NEXT: Step<(i8,), i8> =
    ///     step(1).reads(B).writes(C).by_pixels(4, 2, 1).lends(2, 0).shares(HALVES);
    /// static STEP: Step<(i8,), i8> =
    ///     step(0).reads(A).writes(B).by_pixels(8, 1, 2).shares(HALVES).joins(&NEXT);
    /// ```
    ///
    /// Such a step is sound in every team. Where cores steal, in slices, and where more steps
    /// follow than a team is [`Joined`](crate::Joined) for, it has a barrier of its own.
    ///
    /// # Panics
    ///
    /// While compiling, when two steps of the group are not so. A core that reads what another one
    /// writes, as nothing is lent:
    ///
    /// ```compile_fail,E0080
    /// # use runtime::{step, Slot, Step};
    /// # const A: Slot<i8, 8> = Slot::at(0);
    /// # const B: Slot<i8, 8> = Slot::at(8);
    /// # const C: Slot<i8, 8> = Slot::at(16);
    /// # const HALVES: &[&[u16]] = &[&[4], &[2, 2]];
    /// static NEXT: Step<(i8,), i8> =
    ///     step(1).reads(B).writes(C).by_pixels(4, 2, 1).shares(HALVES);
    /// static STEP: Step<(i8,), i8> =
    ///     step(0).reads(A).writes(B).by_pixels(8, 1, 2).shares(HALVES).joins(&NEXT);
    /// ```
    ///
    /// Or as the second step has other shares:
    ///
    /// ```compile_fail,E0080
    /// # use runtime::{step, Slot, Step};
    /// # const A: Slot<i8, 8> = Slot::at(0);
    /// # const B: Slot<i8, 8> = Slot::at(8);
    /// # const C: Slot<i8, 8> = Slot::at(16);
    /// # const HALVES: &[&[u16]] = &[&[4], &[2, 2]];
    /// static NEXT: Step<(i8,), i8> =
    ///     step(1).reads(B).writes(C).by_pixels(4, 2, 1).lends(2, 0).shares(&[&[4], &[3, 1]]);
    /// static STEP: Step<(i8,), i8> =
    ///     step(0).reads(A).writes(B).by_pixels(8, 1, 2).shares(HALVES).joins(&NEXT);
    /// ```
    ///
    /// Or as the first one is cut by channels, so that no core has written a whole pixel:
    ///
    /// ```compile_fail,E0080
    /// # use runtime::{step, Slot, Step};
    /// # const A: Slot<i8, 8> = Slot::at(0);
    /// # const B: Slot<i8, 8> = Slot::at(8);
    /// # const C: Slot<i8, 8> = Slot::at(16);
    /// # const HALVES: &[&[u16]] = &[&[4], &[2, 2]];
    /// static NEXT: Step<(i8,), i8> =
    ///     step(1).reads(B).writes(C).by_pixels(4, 2, 1).lends(2, 0).shares(HALVES);
    /// static STEP: Step<(i8,), i8> =
    ///     step(0).reads(A).writes(B).by_channels(2, 4, 1).shares(HALVES).joins(&NEXT);
    /// ```
    ///
    /// A step that writes where an earlier one reads, which another core may still do:
    ///
    /// ```compile_fail,E0080
    /// # use runtime::{step, Slot, Step};
    /// # const A: Slot<i8, 8> = Slot::at(0);
    /// # const B: Slot<i8, 8> = Slot::at(8);
    /// # const HALVES: &[&[u16]] = &[&[4], &[2, 2]];
    /// static NEXT: Step<(i8,), i8> =
    ///     step(1).reads(B).writes(A).by_pixels(4, 2, 1).lends(2, 0).shares(HALVES);
    /// static STEP: Step<(i8,), i8> =
    ///     step(0).reads(A).writes(B).by_pixels(8, 1, 2).shares(HALVES).joins(&NEXT);
    /// ```
    ///
    /// The same, but two steps later:
    ///
    /// ```compile_fail,E0080
    /// # use runtime::{step, Slot, Step};
    /// # const A: Slot<i8, 8> = Slot::at(0);
    /// # const B: Slot<i8, 8> = Slot::at(8);
    /// # const C: Slot<i8, 8> = Slot::at(16);
    /// # const HALVES: &[&[u16]] = &[&[4], &[2, 2]];
    /// static LAST: Step<(i8,), i8> =
    ///     step(2).reads(C).writes(A).by_pixels(4, 2, 1).lends(2, 0).shares(HALVES);
    /// static NEXT: Step<(i8,), i8> =
    ///     step(1).reads(B).writes(C).by_pixels(4, 2, 1).lends(2, 0).shares(HALVES).joins(&LAST);
    /// static STEP: Step<(i8,), i8> =
    ///     step(0).reads(A).writes(B).by_pixels(8, 1, 2).shares(HALVES).joins(&NEXT);
    /// ```
    ///
    /// Scratch that an earlier step reads from, or that a later one does:
    ///
    /// ```compile_fail,E0080
    /// # use runtime::{step, Slot, Step};
    /// # const A: Slot<i8, 8> = Slot::at(0);
    /// # const B: Slot<i8, 8> = Slot::at(8);
    /// # const C: Slot<i8, 8> = Slot::at(16);
    /// # const D: Slot<i8, 8> = Slot::at(24);
    /// # const HALVES: &[&[u16]] = &[&[4], &[2, 2]];
    /// const SCRATCH: Slot<u32, 2> = Slot::at(0);
    /// static NEXT: Step<(i8,), i8> =
    ///     step(1).reads(C).writes(D).scratch(SCRATCH, 2).by_pixels(8, 1, 2).shares(HALVES);
    /// static STEP: Step<(i8,), i8> =
    ///     step(0).reads(A).writes(B).by_pixels(8, 1, 2).shares(HALVES).joins(&NEXT);
    /// ```
    ///
    /// ```compile_fail,E0080
    /// # use runtime::{step, Slot, Step};
    /// # const A: Slot<i8, 8> = Slot::at(0);
    /// # const B: Slot<i8, 8> = Slot::at(8);
    /// # const C: Slot<i8, 8> = Slot::at(16);
    /// # const D: Slot<i8, 8> = Slot::at(24);
    /// # const HALVES: &[&[u16]] = &[&[4], &[2, 2]];
    /// const SCRATCH: Slot<u32, 2> = Slot::at(16);
    /// static NEXT: Step<(i8,), i8> =
    ///     step(1).reads(C).writes(D).by_pixels(8, 1, 2).shares(HALVES);
    /// static STEP: Step<(i8,), i8> =
    ///     step(0).reads(A).writes(B).scratch(SCRATCH, 2).by_pixels(8, 1, 2).shares(HALVES)
    ///         .joins(&NEXT);
    /// ```
    ///
    /// A step of the lead's alone, which nobody is told of:
    ///
    /// ```compile_fail,E0080
    /// # use runtime::{step, Slot, Step};
    /// # const A: Slot<i8, 8> = Slot::at(0);
    /// # const B: Slot<i8, 8> = Slot::at(8);
    /// # const C: Slot<i8, 8> = Slot::at(16);
    /// # const D: Slot<i8, 8> = Slot::at(24);
    /// # const HALVES: &[&[u16]] = &[&[4], &[2, 2]];
    /// static NEXT: Step<(i8,), i8> =
    ///     step(1).reads(C).writes(D).by_pixels(8, 1, 8).alone();
    /// static STEP: Step<(i8,), i8> =
    ///     step(0).reads(A).writes(B).by_pixels(8, 1, 2).shares(HALVES).joins(&NEXT);
    /// ```
    ///
    /// And [lends](CutBuilder::lends) that leave something out:
    ///
    /// ```compile_fail,E0080
    /// # use runtime::{step, Slot, Step};
    /// # const B: Slot<i8, 8> = Slot::at(8);
    /// # const C: Slot<i8, 8> = Slot::at(16);
    /// # const HALVES: &[&[u16]] = &[&[4], &[2, 2]];
    /// static NEXT: Step<(i8,), i8> =
    ///     step(1).reads(B).writes(C).by_pixels(4, 2, 1).lends(1, 0).shares(HALVES);
    /// ```
    #[must_use]
    pub const fn joins<J: Inputs, P: Element>(self, next: &'static Step<J, P>) -> Self {
        Self {
            shape: self.shape.joins(&next.shape),
            types: PhantomData,
        }
    }
}
