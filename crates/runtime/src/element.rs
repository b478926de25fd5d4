//! Types of tensor elements, and lists of them.

use crate::geometry::MAX_INPUTS;
use crate::slot::Extent;

/// A number that a tensor holds. Every bit pattern of it is a valid value.
pub trait Element: Copy + sealed::Sealed + 'static {}

/// The element types of a part's inputs, as a tuple: `(i8,)` or `(i8, i8)`.
pub trait Inputs: sealed::Sealed + 'static {
    /// Where each of them lies.
    #[doc(hidden)]
    type Extents: AsRef<[Extent]> + core::fmt::Debug + Send + Sync + 'static;

    /// Bytes of an element of each, 0 where there is none.
    const BYTES: [u32; MAX_INPUTS];
}

mod sealed {
    /// Only this crate names elements: the arena's soundness rests on their having no padding
    /// and no invalid bit pattern.
    pub trait Sealed {}
}

macro_rules! elements {
    ($($element:ty),*) => {$(
        impl sealed::Sealed for $element {}
        impl Element for $element {}
    )*};
}

#[allow(clippy::cast_possible_truncation)] // at most four
const fn bytes_of<A: Element>() -> u32 {
    size_of::<A>() as u32
}

elements!(i8, u8, i16, i32, u32, f32);

impl<A: Element> sealed::Sealed for (A,) {}
impl<A: Element> Inputs for (A,) {
    type Extents = [Extent; 1];
    const BYTES: [u32; MAX_INPUTS] = [bytes_of::<A>(), 0];
}

impl<A: Element, B: Element> sealed::Sealed for (A, B) {}
impl<A: Element, B: Element> Inputs for (A, B) {
    type Extents = [Extent; 2];
    const BYTES: [u32; MAX_INPUTS] = [bytes_of::<A>(), bytes_of::<B>()];
}
