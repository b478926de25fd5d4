//! Steps of a team that has one core, always: no units, no shares, and less flash.

use crate::geometry::Geometry;
use crate::slot::Extent;
use crate::{Element, Inputs};
use core::marker::PhantomData;

/// A step that one core computes, in a team that is [`Alone`](crate::Alone).
///
/// ```
/// use runtime::{step, Slot, Whole};
/// const A: Slot<i8, 8> = Slot::at(0);
/// const B: Slot<i8, 8> = Slot::at(8);
/// static S: Whole<(i8,), i8> = step(0).reads(A).writes(B).whole(8, 1);
/// ```
///
/// It is checked while compiling, as a [`Step`](crate::Step) is:
///
/// ```compile_fail,E0080
/// use runtime::{step, Slot, Whole};
/// const A: Slot<i8, 8> = Slot::at(0);
/// const B: Slot<i8, 8> = Slot::at(4);
/// static S: Whole<(i8,), i8> = step(0).reads(A).writes(B).whole(8, 1);
/// ```
///
/// ```compile_fail,E0080
/// use runtime::{step, Slot, Whole};
/// const A: Slot<i8, 8> = Slot::at(0);
/// const B: Slot<i8, 8> = Slot::at(8);
/// static S: Whole<(i8,), i8> = step(0).reads(A).writes(B).whole(9, 1);
/// ```
#[derive(Debug)]
pub struct Whole<I: Inputs, O> {
    pub(crate) task: Task,
    pub(crate) inputs: I::Extents,
    types: PhantomData<fn(I) -> O>,
}

/// The part of it that does not depend on element types, so that its code exists once.
#[derive(Debug)]
pub(crate) struct Task {
    /// First byte of the output.
    pub output: u32,
    pub pixels: u32,
    pub channels: u32,
    /// Temporary memory.
    pub scratch: Extent,
    /// Bytes that the arena must have.
    pub end: u32,
}

/// Flash that each layer takes for it.
#[cfg(target_pointer_width = "32")]
const _: () = assert!(size_of::<Whole<(i8,), i8>>() <= 32, "a step is small");

impl<I: Inputs, O: Element> Whole<I, O> {
    /// All of a geometry, whose inputs these are.
    pub(crate) const fn of(geometry: &Geometry, inputs: I::Extents) -> Self {
        Self {
            task: Task {
                output: geometry.output,
                pixels: geometry.pixels,
                channels: geometry.channels,
                scratch: geometry.scratch(),
                end: geometry.end(),
            },
            inputs,
            types: PhantomData,
        }
    }

    /// The bytes of the output.
    #[inline(always)]
    pub(crate) const fn output(&self) -> Extent {
        let Task {
            output,
            pixels,
            channels,
            ..
        } = self.task;
        #[allow(clippy::cast_possible_truncation)] // elements have at most four bytes
        Extent {
            offset: output,
            bytes: pixels * channels * size_of::<O>() as u32,
        }
    }
}
