//! What is read and written by a step, and how its output is cut.

use crate::slot::Extent;
use core::ops::Range;

/// Most cores of a team.
pub(crate) const MAX_CORES: usize = 8;

/// Most inputs that one part can read.
pub(crate) const MAX_INPUTS: usize = 2;

/// The axis along which an output, seen as `[pixels, channels]`, is cut into units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// A unit is a run of pixels with all their channels: contiguous memory.
    Pixels,
    /// A unit is a run of channels of every pixel: strided memory unless there is one pixel.
    Channels,
}

/// What every core must agree on before it touches the arena.
///
/// Two cores whose geometries are equal cut the same bytes in the same way, whichever image they
/// were built into. Each layer has one in flash, and each barrier compares it, so it is small.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Geometry {
    pub inputs: [Extent; MAX_INPUTS],
    /// First byte of the output.
    pub output: u32,
    pub pixels: u32,
    pub channels: u32,
    /// Pixels or channels in a unit; the last unit may have fewer. The highest bit says which, the
    /// two below are the binary logarithm of the bytes of an element of the output.
    cutting: u32,
    /// First byte of the temporary memory of all cores, one after the other.
    scratch: u32,
    /// Words of it for each core, above the number of cores.
    scratch_share: u32,
    /// Bytes of each input that a unit is computed from, the first input's in the low half; 0
    /// stands for all of them.
    lends: u32,
}

/// Bits of [`Geometry::cutting`] for the length of a unit.
const UNIT_BITS: u32 = 29;

/// Bits of [`Geometry::scratch_share`] for the number of cores.
const SCRATCH_CORES_BITS: u32 = 4;

impl Geometry {
    /// Nothing is read or written yet.
    pub const NOTHING: Self = Self {
        inputs: [Extent::NONE; MAX_INPUTS],
        output: 0,
        pixels: 0,
        channels: 0,
        cutting: 0,
        scratch: 0,
        scratch_share: 0,
        lends: 0,
    };

    /// The same with an output of elements of so many bytes, cut in this way.
    ///
    /// # Panics
    ///
    /// While compiling, when a unit is empty, or not below 2^29 pixels or channels.
    pub const fn cut(
        self,
        cut: Cut,
        [pixels, channels]: [u32; 2],
        unit: u32,
        element: u32,
    ) -> Self {
        assert!(unit > 0 && unit < 1 << UNIT_BITS, "a step must have work");
        let is_by_channels = matches!(cut, Cut::Channels) as u32;
        Self {
            pixels,
            channels,
            cutting: unit | element.trailing_zeros() << UNIT_BITS | is_by_channels << 31,
            ..self
        }
    }

    /// The same with scratch for so many cores.
    pub const fn with_scratch(self, scratch: Extent, cores: u32) -> Self {
        Self {
            scratch: scratch.offset,
            scratch_share: (scratch.bytes / 4 / cores) << SCRATCH_CORES_BITS | cores,
            ..self
        }
    }

    /// The same where a unit is computed from so many bytes of each input; 0 stands for all.
    ///
    /// # Panics
    ///
    /// While compiling, when channels are cut, or the units do not cover an input.
    pub const fn lending(self, bytes: [u32; MAX_INPUTS]) -> Self {
        let (units, [first, second]) = (self.units(), bytes);
        assert!(
            matches!(self.axis(), Cut::Pixels),
            "a run of channels needs all of an input"
        );
        assert!(
            is_cut(self.inputs[0].bytes, first, units)
                && is_cut(self.inputs[1].bytes, second, units),
            "the units must cover the input that is lent, each with some of it"
        );
        Self {
            lends: first | second << 16,
            ..self
        }
    }

    /// Whether a claim lends less than all of an input.
    #[inline(always)]
    pub const fn is_lending(&self) -> bool {
        self.lends != 0
    }

    /// What is lent of each input to a claim of some units.
    #[inline(always)]
    pub const fn lent(&self, units: &Range<u32>) -> [Extent; MAX_INPUTS] {
        let [first, second] = self.inputs;
        [
            loan(first, self.lends & 0xffff, units),
            loan(second, self.lends >> 16, units),
        ]
    }

    /// What of the output a core with these units writes, if that is one run of bytes.
    pub const fn written(&self, units: &Range<u32>) -> Extent {
        let [pixels, channels] = self.of(units);
        let (high, wide) = (pixels.end - pixels.start, channels.end - channels.start);
        if wide != self.channels && high != 1 {
            return Extent::NONE;
        }
        Extent {
            offset: self.output + (pixels.start * self.channels + channels.start) * self.element(),
            bytes: high * wide * self.element(),
        }
    }

    /// The axis that is cut.
    #[inline(always)]
    pub const fn axis(&self) -> Cut {
        if self.cutting >> 31 == 0 {
            Cut::Pixels
        } else {
            Cut::Channels
        }
    }

    /// Pixels or channels in a unit.
    #[inline(always)]
    pub const fn unit(&self) -> u32 {
        self.cutting & ((1 << UNIT_BITS) - 1)
    }

    /// Bytes of an element of the output.
    pub const fn element(&self) -> u32 {
        1 << (self.cutting >> UNIT_BITS & 3)
    }

    /// Number of units.
    pub const fn units(&self) -> u32 {
        let axis = match self.axis() {
            Cut::Pixels => self.pixels,
            Cut::Channels => self.channels,
        };
        axis.div_ceil(self.unit())
    }

    /// The pixels and the channels of some units of this geometry.
    #[inline(always)]
    pub const fn of(&self, units: &Range<u32>) -> [Range<u32>; 2] {
        // No product wraps: an axis is below 2^31, and the units before the last are within it.
        let (from, to) = (
            units.start.wrapping_mul(self.unit()),
            units.end.wrapping_mul(self.unit()),
        );
        match self.axis() {
            Cut::Pixels => [
                least(from, self.pixels)..least(to, self.pixels),
                0..self.channels,
            ],
            Cut::Channels => [
                0..self.pixels,
                least(from, self.channels)..least(to, self.channels),
            ],
        }
    }

    /// The bytes of the output.
    pub const fn output(&self) -> Extent {
        Extent {
            offset: self.output,
            bytes: self.pixels * self.channels * self.element(),
        }
    }

    /// Scratch of all cores.
    pub const fn scratch(&self) -> Extent {
        let cores = self.scratch_share & ((1 << SCRATCH_CORES_BITS) - 1);
        Extent {
            offset: self.scratch,
            bytes: (self.scratch_share >> SCRATCH_CORES_BITS) * 4 * cores,
        }
    }

    /// How many cores have scratch; any number of them where there is none.
    pub const fn scratch_cores(&self) -> usize {
        if self.scratch_share >> SCRATCH_CORES_BITS == 0 {
            return MAX_CORES;
        }
        (self.scratch_share & ((1 << SCRATCH_CORES_BITS) - 1)) as usize
    }

    /// Scratch of one of the cores that have some.
    #[inline(always)]
    pub const fn scratch_of(&self, core: u32) -> Extent {
        let bytes = (self.scratch_share >> SCRATCH_CORES_BITS) * 4;
        Extent {
            offset: self.scratch.wrapping_add(bytes.wrapping_mul(core)),
            bytes,
        }
    }

    /// Bytes that the arena must have.
    pub const fn end(&self) -> u32 {
        let [first, second] = self.inputs;
        let inputs = greatest(first.end(), second.end());
        greatest(inputs, greatest(self.output().end(), self.scratch().end()))
    }

    /// The same facts as numbers, for the control block.
    #[inline(always)]
    pub const fn words(&self) -> [u32; GEOMETRY_WORDS] {
        [
            self.inputs[0].offset,
            self.inputs[0].bytes,
            self.inputs[1].offset,
            self.inputs[1].bytes,
            self.output,
            self.pixels,
            self.channels,
            self.cutting,
            self.scratch,
            self.scratch_share,
            self.lends,
        ]
    }
}

/// Length of [`Geometry::words`].
pub(crate) const GEOMETRY_WORDS: usize = 11;

/// The one of [`Geometry::words`] that is never 0.
pub(crate) const CUTTING_WORD: usize = 7;

/// Whether so many units of so many bytes are all of an input, the last one perhaps shorter.
const fn is_cut(input: u32, bytes: u32, units: u32) -> bool {
    let (input, bytes, units) = (input as u64, bytes as u64, units as u64);
    bytes == 0 || bytes < 1 << 16 && (units - 1) * bytes < input && input <= units * bytes
}

/// So many bytes of an input for each unit; all of it if there are none.
#[inline(always)]
const fn loan(input: Extent, bytes: u32, units: &Range<u32>) -> Extent {
    if bytes == 0 {
        return input;
    }
    // Neither product wraps: both factors are below 2^16.
    let (from, to) = (
        least(units.start.wrapping_mul(bytes), input.bytes),
        least(units.end.wrapping_mul(bytes), input.bytes),
    );
    Extent {
        offset: input.offset + from,
        bytes: to.saturating_sub(from),
    }
}

#[inline(always)]
const fn least(first: u32, second: u32) -> u32 {
    if first < second {
        first
    } else {
        second
    }
}

const fn greatest(first: u32, second: u32) -> u32 {
    if first > second {
        first
    } else {
        second
    }
}
