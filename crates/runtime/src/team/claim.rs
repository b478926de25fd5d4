//! What a core may touch while it works on a step.

use super::arena::Shared;
use crate::geometry::{Geometry, MAX_INPUTS};
use crate::slot::Extent;
use crate::sync::Held;
use crate::whole::Task;
use crate::{Element, Inputs};
use core::marker::PhantomData;
use core::ops::Range;

/// A core's right to compute a run of units: views of the inputs, and of the output elements that
/// nobody else may touch.
pub struct Claim<'c, I, O> {
    /// The first byte of the arena.
    arena: *const u8,
    /// Where the inputs lie: as many as `I` has.
    inputs: *const Extent,
    types: PhantomData<I>,
    /// The output elements that this claim owns.
    pub output: Output<'c, O>,
    /// This core's temporary memory; it holds anything.
    pub scratch: &'c mut [u32],
    _held: Held,
}

/// A claim that does not know the types of its elements, so that its code exists once.
pub(super) struct Run<'c> {
    arena: *mut u8,
    /// Where the inputs lie, which live as long as this.
    inputs: *const Extent,
    /// First byte of the output.
    output: u32,
    /// Elements from a pixel of it to the next.
    stride: u32,
    /// Elements of the output before the first owned one.
    skipped: usize,
    pixels: Range<u32>,
    channels: Range<u32>,
    scratch: &'c mut [u32],
    held: Held,
}

impl<'c> Run<'c> {
    /// The claim to a run of units.
    ///
    /// # Safety
    ///
    /// The geometry's extents lie inside the arena, aligned; while the claim lives nobody writes
    /// to the inputs, or to what is lent of them, and nobody else touches the output elements of
    /// these units, or the scratch of core `index`. What is lent is of these units.
    #[inline(always)]
    pub unsafe fn new(
        shared: Shared<'c>,
        geometry: &'c Geometry,
        lent: Option<&'c [Extent; MAX_INPUTS]>,
        units: Range<u32>,
        index: usize,
    ) -> Self {
        let [pixels, channels] = geometry.of(&units);
        // SAFETY: by the caller's promise; the runs of pixels and channels are those of the units.
        unsafe { Self::of(shared, geometry, lent, pixels, channels, index) }
    }

    /// The claim to all of a step, for the only core.
    ///
    /// # Safety
    ///
    /// As for [`Self::new`]; these are the step's inputs.
    pub unsafe fn whole(shared: Shared<'c>, task: &Task, inputs: &'c [Extent]) -> Self {
        // SAFETY: by the caller's promise.
        let scratch = unsafe { words(shared, task.scratch) };
        Self {
            arena: shared.arena,
            inputs: inputs.as_ptr(),
            output: task.output,
            stride: task.channels,
            skipped: 0,
            pixels: 0..task.pixels,
            channels: 0..task.channels,
            scratch,
            // Nobody else is there to watch for.
            held: shared.control.watch.read(Extent::NONE),
        }
    }

    /// The claim to some channels of some pixels.
    ///
    /// # Safety
    ///
    /// As for [`Self::new`].
    #[inline(always)]
    unsafe fn of(
        shared: Shared<'c>,
        geometry: &'c Geometry,
        lent: Option<&'c [Extent; MAX_INPUTS]>,
        pixels: Range<u32>,
        channels: Range<u32>,
        index: usize,
    ) -> Self {
        #[allow(clippy::cast_possible_truncation)] // a team is small
        let own = geometry.scratch_of(index as u32);
        let watch = &shared.control.watch;
        let inputs = lent.unwrap_or(&geometry.inputs);
        let held = watch.claim(geometry, inputs, &pixels, &channels, own);
        // SAFETY: this core's share lies inside the scratch, which lies inside the arena and is
        // aligned for words, apart from inputs, output and other cores' shares: every core of the
        // team has one, as `CutBuilder::shares` checked; in a step made by `CutBuilder::alone`, the
        // lead, as `StepBuilder::scratch` gives a share to at least one core. Or it is empty.
        let scratch = unsafe { words(shared, own) };
        let stride = geometry.channels;
        Self {
            arena: shared.arena,
            inputs: inputs.as_ptr(),
            output: geometry.output,
            stride,
            skipped: (pixels.start * stride + channels.start) as usize,
            pixels: if lent.is_some() {
                0..pixels.end.wrapping_sub(pixels.start)
            } else {
                pixels
            },
            channels,
            scratch,
            held,
        }
    }

    /// The claim to elements of these types.
    ///
    /// # Safety
    ///
    /// The inputs of the geometry have elements as `I` says, and the output as `O` says.
    #[inline(always)]
    pub unsafe fn typed<I: Inputs, O: Element>(self) -> Claim<'c, I, O> {
        let Self {
            arena,
            inputs,
            output,
            stride,
            skipped,
            pixels,
            channels,
            scratch,
            held,
        } = self;
        // SAFETY: the first owned element lies inside the output, or one past it if the run is
        // empty; the output lies inside the arena, as `new` required.
        let start = unsafe {
            let output = arena.add(output as usize);
            output.cast::<O>().add(skipped)
        };
        Claim {
            arena,
            inputs,
            types: PhantomData,
            output: Output {
                start,
                stride: stride as usize,
                pixels: pixels.start as usize..pixels.end as usize,
                channels: channels.start as usize..channels.end as usize,
                elements: PhantomData,
            },
            scratch,
            _held: held,
        }
    }
}

/// The temporary memory in an extent.
///
/// # Safety
///
/// It lies inside the arena, aligned for words, and nobody else touches it in the lifetime; or it
/// is empty.
#[inline(always)]
unsafe fn words(shared: Shared<'_>, extent: Extent) -> &mut [u32] {
    // SAFETY: by the caller's promise. Words have no invalid values.
    unsafe {
        let first = shared.pointer(extent).cast::<u32>();
        core::slice::from_raw_parts_mut(first, extent.bytes as usize / size_of::<u32>())
    }
}

impl<'c, I: Inputs, O: Element> Claim<'c, I, O> {
    /// Input `index`.
    ///
    /// # Safety
    ///
    /// `I` has it, and `T` is its element.
    unsafe fn view<T: Element>(&self, index: usize) -> View<'c, T> {
        // SAFETY: `Run::new` requires that the extent lies inside the arena, aligned, and is not
        // written to while the claim lives; `Run::typed` that there are the inputs of `I`, of its
        // elements. Elements have no invalid values.
        let elements = unsafe {
            let extent = *self.inputs.add(index);
            let first = self.arena.add(extent.offset as usize).cast::<T>();
            core::slice::from_raw_parts(first, extent.bytes as usize / size_of::<T>())
        };
        View { elements }
    }
}

impl<'c, A: Element, O: Element> Claim<'c, (A,), O> {
    /// The input of a step that reads one tensor.
    #[must_use]
    pub fn input(&self) -> View<'c, A> {
        // SAFETY: `I` names the element of the only input.
        unsafe { self.view(0) }
    }
}

impl<'c, A: Element, B: Element, O: Element> Claim<'c, (A, B), O> {
    /// The inputs of a step that reads two tensors.
    #[must_use]
    pub fn inputs(&self) -> (View<'c, A>, View<'c, B>) {
        // SAFETY: `I` names the elements of both inputs.
        unsafe { (self.view(0), self.view(1)) }
    }
}

/// An input tensor, to be read by rows.
///
/// Its accessors do not panic: what lies outside the tensor is an empty slice.
#[derive(Clone, Copy)]
pub struct View<'c, T> {
    elements: &'c [T],
}

impl<'c, T: Element> View<'c, T> {
    /// A view of a whole tensor; for tests of kernels.
    #[must_use]
    pub const fn new(elements: &'c [T]) -> Self {
        Self { elements }
    }

    /// Row `index` of the tensor seen as `[rows, length]`.
    #[inline]
    #[must_use]
    pub fn row(&self, index: usize, length: usize) -> &'c [T] {
        let rest = self.elements.get(index * length..).unwrap_or_default();
        rest.get(..length).unwrap_or_default()
    }

    /// The whole tensor.
    #[inline]
    #[must_use]
    pub const fn flat(&self) -> &'c [T] {
        self.elements
    }
}

/// The elements of an output that a claim owns: a run of pixels by a run of channels.
pub struct Output<'c, T> {
    /// First owned element.
    start: *mut T,
    /// Elements from a pixel to the next.
    stride: usize,
    pixels: Range<usize>,
    channels: Range<usize>,
    elements: PhantomData<&'c mut [T]>,
}

impl<'c, T: Element> Output<'c, T> {
    /// Channels that are owned, the same of every pixel.
    #[inline]
    #[must_use]
    pub fn channels(&self) -> Range<usize> {
        self.channels.clone()
    }

    /// Pixels that are owned: their indices in the tensor, but counted from 0 where the step
    /// [lends](crate::CutBuilder::lends) only a part of an input.
    #[inline]
    #[must_use]
    pub fn pixels(&self) -> Range<usize> {
        self.pixels.clone()
    }

    /// The owned channels of an owned pixel, counted from the first; empty for any other.
    #[inline]
    #[must_use]
    pub fn run(&mut self, index: usize) -> &mut [T] {
        if index >= self.pixels.len() {
            return &mut [];
        }
        // SAFETY: the pixel's run of channels is owned by the claim that this view came from and
        // inside the output, and nothing else of it is borrowed.
        unsafe {
            let first = self.start.add(index * self.stride);
            core::slice::from_raw_parts_mut(first, self.channels.len())
        }
    }

    /// The first owned element, for kernels that step from pixel to pixel themselves.
    ///
    /// What may be written through it is the owned channels of each owned pixel, which are
    /// [`Self::stride`] elements apart, while the view is borrowed.
    #[inline]
    #[must_use]
    pub fn as_mut_ptr(&mut self) -> *mut T {
        self.start
    }

    /// Elements from a pixel to the next.
    #[inline]
    #[must_use]
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// The owned channels of each owned pixel, in order, with the pixel's index in the tensor.
    #[inline]
    pub fn by_pixel(self) -> impl Iterator<Item = (usize, &'c mut [T])> {
        let Self {
            start,
            stride,
            pixels,
            channels,
            ..
        } = self;
        let first = pixels.start;
        pixels.map(move |pixel| {
            // SAFETY: the pixel's run of channels is owned by the claim that this view came from
            // and inside the output; each pixel is visited once and runs of different pixels do
            // not overlap, because a run is at most `stride` long.
            let owned = unsafe {
                core::slice::from_raw_parts_mut(start.add((pixel - first) * stride), channels.len())
            };
            (pixel, owned)
        })
    }

    /// All owned elements as one slice with the index of its first element in the tensor, if they
    /// are contiguous; otherwise the view itself.
    ///
    /// # Errors
    ///
    /// The view, when its pixels are apart.
    #[inline]
    pub fn flat(self) -> Result<(usize, &'c mut [T]), Self> {
        if self.channels.len() != self.stride && self.pixels.len() > 1 {
            return Err(self);
        }
        let first = self.pixels.start * self.stride + self.channels.start;
        let length = self.pixels.len() * self.channels.len();
        // SAFETY: the pixels touch each other, or there is at most one, so the owned elements are
        // this run and nothing else. The view is consumed.
        Ok((first, unsafe {
            core::slice::from_raw_parts_mut(self.start, length)
        }))
    }
}
