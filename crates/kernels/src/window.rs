//! A filter that moves over an input: the geometry of convolutions and pools.

/// Where a filter lies for each output pixel; heights come before widths.
///
/// Numbers are of 16 bits because every layer has them in flash; methods of their names widen them.
#[derive(Debug)]
pub struct Window {
    /// Rows of the input.
    pub input_height: u16,
    /// Pixels of an input row.
    pub input_width: u16,
    /// Pixels of an output row.
    pub output_width: u16,
    /// Rows of taps.
    pub filter_height: u16,
    /// Taps of a row.
    pub filter_width: u16,
    /// Input rows from an output row to the next.
    pub stride_height: u16,
    /// Input pixels from an output pixel to the next.
    pub stride_width: u16,
    /// Input rows from a row of taps to the next.
    pub dilation_height: u16,
    /// Input pixels from a tap to the next.
    pub dilation_width: u16,
    /// Rows above the input.
    pub padding_top: u16,
    /// Pixels left of the input.
    pub padding_left: u16,
}

/// The taps that lie inside the input, along one axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taps {
    /// First tap inside.
    pub first: usize,
    /// Number of taps inside.
    pub count: usize,
    /// Input row or column under the first of them.
    pub start: usize,
    /// Input rows or columns from a tap to the next.
    pub dilation: usize,
}

/// An output pixel.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// Its number.
    pub pixel: usize,
    /// Its row.
    pub row: usize,
    /// Its column.
    pub column: usize,
}

/// A method for each number, as `usize`.
macro_rules! widened {
    ($($name:ident)*) => {
        impl Window {
            $(
                #[doc = concat!("See the field `", stringify!($name), "`.")]
                #[inline]
                #[must_use]
                pub fn $name(&self) -> usize {
                    usize::from(self.$name)
                }
            )*
        }
    };
}

widened! {
    input_height input_width output_width filter_height filter_width stride_height stride_width
    dilation_height dilation_width padding_top padding_left
}

impl Window {
    /// Where a pixel lies. This divides; [`Self::after`] does not.
    #[inline]
    #[must_use]
    pub fn place(&self, pixel: usize) -> Place {
        let row = pixel.checked_div(self.output_width()).unwrap_or_default();
        let column = pixel - row * self.output_width();
        Place { pixel, row, column }
    }

    /// The pixel after another.
    #[inline]
    #[must_use]
    pub fn after(&self, place: Place) -> Place {
        let Place { pixel, row, column } = place;
        let pixel = pixel + 1;
        if column + 1 == self.output_width() {
            let (row, column) = (row + 1, 0);
            return Place { pixel, row, column };
        }
        let column = column + 1;
        Place { pixel, row, column }
    }

    /// Rows and columns of taps that lie inside the input for an output pixel.
    #[inline]
    #[must_use]
    pub fn inside(&self, pixel: usize) -> (Taps, Taps) {
        self.inside_at(self.place(pixel))
    }

    /// The same of a pixel whose place is known.
    #[inline(never)]
    #[must_use]
    pub fn inside_at(&self, Place { row, column, .. }: Place) -> (Taps, Taps) {
        let rows = Taps::inside(
            row * self.stride_height(),
            self.padding_top(),
            self.filter_height(),
            self.dilation_height(),
            self.input_height(),
        );
        let columns = Taps::inside(
            column * self.stride_width(),
            self.padding_left(),
            self.filter_width(),
            self.dilation_width(),
            self.input_width(),
        );
        (rows, columns)
    }
}

impl Taps {
    /// Keeps the taps inside `length`; `at` is the first tap's position from the padding on.
    ///
    /// Without a hint, so that firmware made for size has it once.
    fn inside(at: usize, padding: usize, taps: usize, dilation: usize, length: usize) -> Self {
        let first = steps(padding.saturating_sub(at), dilation).min(taps);
        let start = (at + first * dilation).saturating_sub(padding);
        let count = (taps - first).min(steps(length.saturating_sub(start), dilation));
        Self {
            first,
            count,
            start,
            dilation,
        }
    }

    /// The number of each tap inside, and the input row or column under it.
    #[inline]
    pub fn iter(self) -> impl Iterator<Item = (usize, usize)> {
        (0..self.count).map(move |tap| (self.first + tap, self.start + tap * self.dilation))
    }
}

/// Steps of this size that it takes to go a distance or farther.
fn steps(distance: usize, size: usize) -> usize {
    match size {
        1 => distance,
        _ => (distance + size - 1).checked_div(size).unwrap_or_default(),
    }
}
