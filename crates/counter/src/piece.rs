//! A part of a translated block in which nothing happens after its first instruction.

use std::ffi::c_void;

use crate::marks::Marks;

/// What an instruction does besides being counted; several at one address are possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event(u8);

impl Event {
    pub const NONE: Self = Self(0);
    pub const BEGIN: Self = Self(1);
    pub const END: Self = Self(2);
    pub const STEP: Self = Self(4);
    pub const NOTE: Self = Self(8);

    /// Returns both events together.
    pub fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Tells whether this event includes another.
    pub fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// An event, and how many instructions follow up to the next one, its own included.
///
/// `cycles` are those of the working instructions, without refills, where they are estimated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    pub event: Event,
    pub working: u16,
    pub waiting: u16,
    pub cycles: u16,
}

impl Piece {
    const EMPTY: Self = Self {
        event: Event::NONE,
        working: 0,
        waiting: 0,
        cycles: 0,
    };

    /// Cuts a block before each address with an event; returns each piece with its start.
    ///
    /// QEMU's blocks have at most 512 instructions, and none takes more than 100 cycles, so the
    /// counts fit 16 bits.
    pub fn cut(addresses: impl Iterator<Item = u64>, marks: &Marks) -> Vec<(usize, Self)> {
        let mut pieces: Vec<(usize, Self)> = Vec::new();
        for (index, address) in addresses.enumerate() {
            let event = marks.event(address);
            if index == 0 || event != Event::NONE {
                pieces.push((
                    index,
                    Self {
                        event,
                        ..Self::EMPTY
                    },
                ));
            }
            if let Some((_, piece)) = pieces.last_mut() {
                if marks.waits(address) {
                    piece.waiting += 1;
                } else {
                    piece.working += 1;
                    piece.cycles += marks.timing(address).cycles;
                }
            }
        }
        pieces
    }

    /// Packs the piece into the pointer that QEMU hands back at each execution.
    pub fn packed(self) -> *mut c_void {
        let number = usize::from(self.cycles) << 40
            | usize::from(self.event.0) << 32
            | usize::from(self.waiting) << 16
            | usize::from(self.working);
        std::ptr::without_provenance_mut(number)
    }

    /// Undoes `packed`.
    #[allow(
        clippy::cast_possible_truncation,
        reason = "each field is cut out of the number"
    )]
    pub fn unpacked(packed: *mut c_void) -> Self {
        let number = packed.addr();
        Self {
            event: Event((number >> 32) as u8),
            waiting: (number >> 16) as u16,
            working: number as u16,
            cycles: (number >> 40) as u16,
        }
    }
}
