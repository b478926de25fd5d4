//! Places of tensors in the arena.

use crate::Element;
use core::marker::PhantomData;

/// Bytes of the largest arena: offsets and lengths then fit 31 bits.
const LARGEST: u32 = (1 << 31) - 1;

/// A tensor's place in the arena: `N` elements of type `T` at a fixed offset.
#[derive(Debug)]
pub struct Slot<T, const N: usize> {
    offset: u32,
    element: PhantomData<T>,
}

impl<T, const N: usize> Clone for Slot<T, N> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, const N: usize> Copy for Slot<T, N> {}

impl<T: Element, const N: usize> Slot<T, N> {
    /// A slot `offset` bytes from the start of the arena.
    ///
    /// # Panics
    ///
    /// While compiling, when the offset is not a multiple of the element's alignment or the slot
    /// ends beyond the largest arena, 2 GiB.
    #[must_use]
    pub const fn at(offset: u32) -> Self {
        assert!(
            offset as usize % align_of::<T>() == 0,
            "a slot must be aligned for its elements"
        );
        // In u128, because arithmetic wraps while compiling without overflow checks.
        assert!(
            offset as u128 + N as u128 * size_of::<T>() as u128 <= LARGEST as u128,
            "a slot must end below 2 GiB"
        );
        Self {
            offset,
            element: PhantomData,
        }
    }

    /// The bytes of the arena that the slot covers.
    pub(crate) const fn extent(self) -> Extent {
        #[allow(clippy::cast_possible_truncation)] // `at` keeps the end below 2 GiB
        Extent {
            offset: self.offset,
            bytes: (N * size_of::<T>()) as u32,
        }
    }
}

/// A run of bytes of the arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// First byte, counted from the start of the arena.
    pub offset: u32,
    /// Length.
    pub bytes: u32,
}

impl Extent {
    /// No bytes at all.
    pub const NONE: Self = Self {
        offset: 0,
        bytes: 0,
    };

    /// One past the last byte.
    pub const fn end(self) -> u32 {
        self.offset + self.bytes
    }

    /// Whether the other's bytes are all among these; no bytes are.
    pub const fn contains(self, other: Self) -> bool {
        other.bytes == 0 || self.offset <= other.offset && other.end() <= self.end()
    }

    /// Whether the two share a byte.
    pub const fn overlaps(self, other: Self) -> bool {
        self.offset < other.end() && other.offset < self.end()
    }
}
